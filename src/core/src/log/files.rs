//! Names of the files of one partition (`LogFileUtils`) and where they are.

use super::error::StorageError;
use ottla_base::storage::{File, OpenMode, Storage};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock};

pub(crate) const LOG_SUFFIX: &str = ".log";
pub(crate) const INDEX_SUFFIX: &str = ".index";
pub(crate) const TIME_INDEX_SUFFIX: &str = ".timeindex";
pub(crate) const TXN_INDEX_SUFFIX: &str = ".txnindex";
pub(crate) const SNAPSHOT_SUFFIX: &str = ".snapshot";
pub(crate) const DELETED_SUFFIX: &str = ".deleted";
pub(crate) const CLEANED_SUFFIX: &str = ".cleaned";
pub(crate) const SWAP_SUFFIX: &str = ".swap";
pub(crate) const LEADER_EPOCH_CHECKPOINT: &str = "leader-epoch-checkpoint";
pub(crate) const PARTITION_METADATA: &str = "partition.metadata";

/// `00000000000000000042.log` and the like.
pub fn file_name(offset: i64, suffix: &str) -> String {
    format!("{offset:020}{suffix}")
}

/// The offset that a file name starts with; `None` when it does not.
pub fn offset_of_name(name: &str) -> Option<i64> {
    let digits = name.split('.').next()?;
    if digits.is_empty() || digits.len() == name.len() || !digits.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    digits.parse().ok()
}

/// A lock whose holder never leaves half a change behind, so poison is no reason to stop.
pub(crate) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Where a partition's files are; shared by its segments, so that renaming the directory moves them all.
#[derive(Debug)]
pub(crate) struct LogFiles {
    pub storage: Arc<dyn Storage>,
    dir: RwLock<PathBuf>,
}

impl LogFiles {
    pub fn new(storage: Arc<dyn Storage>, dir: PathBuf) -> LogFiles {
        LogFiles { storage, dir: RwLock::new(dir) }
    }

    pub fn dir(&self) -> PathBuf {
        self.dir.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    pub fn set_dir(&self, dir: PathBuf) {
        *self.dir.write().unwrap_or_else(PoisonError::into_inner) = dir;
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.dir.read().unwrap_or_else(PoisonError::into_inner).join(name)
    }

    pub fn open(&self, name: &str, mode: OpenMode) -> io::Result<Arc<dyn File>> {
        self.storage.open(&self.path(name), mode)
    }

    /// Name of the directory for messages.
    pub fn label(&self) -> String {
        let dir = self.dir();
        dir.file_name().map_or_else(|| dir.display().to_string(), |n| n.to_string_lossy().into_owned())
    }

    pub fn error(&self, name: &str, source: io::Error) -> StorageError {
        StorageError::new(self.path(name), source)
    }

    /// Replaces a small file without waiting for the medium; a later flush makes it durable. A crash of the machine may
    /// leave an empty or cut file, which every reader of such files must survive.
    pub fn replace(&self, name: &str, content: &[u8]) -> Result<(), StorageError> {
        let path = self.path(name);
        let tmp = self.path(&format!("{name}.tmp"));
        let write = || -> io::Result<()> {
            let file = self.storage.open(&tmp, OpenMode::Create)?;
            file.set_len(0)?;
            file.write_all_at(content, 0)?;
            drop(file);
            self.storage.rename(&tmp, &path)
        };
        write().map_err(|e| StorageError::new(&path, e))
    }
}

/// Removes a file; one that is gone already is fine.
pub(crate) fn remove_if_exists(storage: &dyn Storage, path: &Path) -> io::Result<()> {
    match storage.remove_file(path) {
        Err(e) if e.kind() == io::ErrorKind::NotFound => Ok(()),
        other => other,
    }
}

/// Renames a file; one that is gone already is fine.
pub(crate) fn rename_if_exists(storage: &dyn Storage, from: &Path, to: &Path) -> io::Result<bool> {
    match storage.rename(from, to) {
        Ok(()) => Ok(true),
        Err(e) if e.kind() == io::ErrorKind::NotFound => Ok(false),
        Err(e) => Err(e),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_have_twenty_digits() {
        assert_eq!(file_name(42, LOG_SUFFIX), "00000000000000000042.log");
        assert_eq!(file_name(i64::MAX, TIME_INDEX_SUFFIX), "09223372036854775807.timeindex");
        assert_eq!(offset_of_name("00000000000000000042.log"), Some(42));
        assert_eq!(offset_of_name("00000000000000000042.log.swap"), Some(42));
        assert_eq!(offset_of_name("leader-epoch-checkpoint"), None);
        assert_eq!(offset_of_name("partition.metadata"), None);
        assert_eq!(offset_of_name("00000000000000000042"), None);
    }
}
