//! The lock on a log directory (`.lock`): one process, one node. Real disks only.
//!
//! Java's `FileChannel.tryLock` is a POSIX record lock (fcntl), Rust's `File::try_lock` is flock; on Linux neither sees
//! the other. Both are taken: the first keeps Apache Kafka out, the second a second node. A record lock falls as soon as
//! *any* descriptor of the file is closed in this process, so the list of what this process holds is asked before the file
//! is opened.

use rustix::fs::{FlockOperation, fcntl_lock};
use std::collections::BTreeSet;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};
use thiserror::Error;

/// Name of the lock file.
pub const LOCK_FILE: &str = ".lock";

static HELD: Mutex<BTreeSet<PathBuf>> = Mutex::new(BTreeSet::new());

/// Why a directory was not locked.
#[derive(Debug, Error)]
pub enum LockError {
    /// Somebody else has it.
    #[error(
        "Failed to acquire lock on file .lock in {dir}. A Kafka instance in another process or thread is using this directory."
    )]
    Held {
        /// The directory.
        dir: PathBuf,
    },
    /// The lock file could not be made or locked.
    #[error("Disk error while locking directory {dir}: {source}")]
    Io {
        /// The directory.
        dir: PathBuf,
        /// What the system said.
        source: io::Error,
    },
}

/// Holds a directory until it is dropped.
#[derive(Debug)]
pub struct DirLock {
    key: PathBuf,
    // Closing it releases both locks.
    _file: fs::File,
}

impl DirLock {
    /// Locks `dir`, which must exist, without waiting.
    pub fn acquire(dir: &Path) -> Result<DirLock, LockError> {
        let error = |source: io::Error| LockError::Io { dir: dir.into(), source };
        let held = || LockError::Held { dir: dir.into() };
        let key = dir.canonicalize().map_err(error)?;
        let mut all = HELD.lock().unwrap_or_else(PoisonError::into_inner);
        if all.contains(&key) {
            return Err(held());
        }
        let open = fs::OpenOptions::new().read(true).write(true).create(true).truncate(false).open(dir.join(LOCK_FILE));
        let file = open.map_err(error)?;
        match file.try_lock() {
            Ok(()) => {}
            Err(fs::TryLockError::WouldBlock) => return Err(held()),
            Err(fs::TryLockError::Error(source)) => return Err(error(source)),
        }
        match fcntl_lock(&file, FlockOperation::NonBlockingLockExclusive) {
            Ok(()) => {}
            Err(rustix::io::Errno::AGAIN | rustix::io::Errno::ACCESS) => return Err(held()),
            Err(errno) => return Err(error(errno.into())),
        }
        all.insert(key.clone());
        Ok(DirLock { key, _file: file })
    }
}

impl Drop for DirLock {
    fn drop(&mut self) {
        HELD.lock().unwrap_or_else(PoisonError::into_inner).remove(&self.key);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_directory_is_held_once_and_free_after_drop() {
        let dir = tempfile::tempdir().unwrap();
        let lock = DirLock::acquire(dir.path()).unwrap();
        let refused = DirLock::acquire(&dir.path().join(".")).unwrap_err();
        assert!(refused.to_string().starts_with("Failed to acquire lock on file .lock in "));
        drop(lock);
        DirLock::acquire(dir.path()).unwrap();
    }
}
