//! Which log directories are in service. A full disk is not a broken one: it refuses appends, serves reads and deletes,
//! and returns to service when there is room. Any other error takes a directory out until the next start.

use crate::log::StorageError;
use ottla_base::ids::Uuid;
use std::path::{Path, PathBuf};

/// Of one directory.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum DirState {
    /// In service.
    Online,
    /// Reads and deletes only, until there is room.
    Full,
    /// Out of service; why.
    Offline(String),
}

/// One directory of `log.dirs`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LogDir {
    /// As configured.
    pub path: PathBuf,
    /// From its `meta.properties`; none if that could not be read.
    pub id: Option<Uuid>,
    /// Where it stands.
    pub state: DirState,
}

/// All of them, in the order of the configuration.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LogDirs {
    dirs: Vec<LogDir>,
}

impl LogDirs {
    /// Paths with their ids, in service.
    pub fn new(dirs: impl IntoIterator<Item = (PathBuf, Option<Uuid>)>) -> LogDirs {
        let dirs = dirs.into_iter().map(|(path, id)| LogDir { path, id, state: DirState::Online }).collect();
        LogDirs { dirs }
    }

    /// All directories.
    pub fn iter(&self) -> impl Iterator<Item = &LogDir> {
        self.dirs.iter()
    }

    /// The directory at `path`.
    pub fn get(&self, path: &Path) -> Option<&LogDir> {
        self.dirs.iter().find(|d| d.path == path)
    }

    /// The directory with this id.
    pub fn by_id(&self, id: Uuid) -> Option<&LogDir> {
        self.dirs.iter().find(|d| d.id == Some(id))
    }

    /// Ids of directories that are not offline, sorted: what a broker registers.
    pub fn online_ids(&self) -> Vec<Uuid> {
        let mut ids: Vec<Uuid> = self.dirs.iter().filter(|d| !d.is_offline()).filter_map(|d| d.id).collect();
        ids.sort();
        ids
    }

    /// Whether nothing is left: the node stops.
    pub fn all_offline(&self) -> bool {
        self.dirs.iter().all(LogDir::is_offline)
    }

    /// Takes note of a disk error under `path`. True when the directory's state changed.
    pub fn on_error(&mut self, path: &Path, error: &StorageError) -> bool {
        let state = if error.is_disk_full() { DirState::Full } else { DirState::Offline(error.to_string()) };
        let Some(dir) = self.dirs.iter_mut().find(|d| path.starts_with(&d.path)) else { return false };
        // Offline is final.
        if dir.is_offline() || dir.state == state {
            return false;
        }
        dir.state = state;
        true
    }

    /// A probe found room again. True when the directory was full.
    pub fn on_room(&mut self, path: &Path) -> bool {
        match self.dirs.iter_mut().find(|d| d.path == path) {
            Some(dir) if dir.state == DirState::Full => {
                dir.state = DirState::Online;
                true
            }
            _ => false,
        }
    }

    /// Where a new partition goes: of the directories in service the one with the fewest (`LogManager.nextLogDirs`).
    pub fn choose(&self, partitions_in: impl Fn(&Path) -> usize) -> Option<&LogDir> {
        self.dirs.iter().filter(|d| d.state == DirState::Online).min_by_key(|d| partitions_in(&d.path))
    }
}

impl LogDir {
    /// Whether it is out of service.
    pub fn is_offline(&self) -> bool {
        matches!(self.state, DirState::Offline(_))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io;

    #[test]
    fn a_full_directory_returns_and_a_broken_one_does_not() {
        let (a, b) = (PathBuf::from("/a"), PathBuf::from("/b"));
        let mut dirs = LogDirs::new([(a.clone(), Some(Uuid::from_u128(200))), (b.clone(), Some(Uuid::from_u128(100)))]);
        let full = StorageError::DiskFull { path: "/a/t-0/x.log".into() };
        let broken = StorageError::new("/b/t-0/x.log", io::Error::other("bad sector"));
        assert!(dirs.on_error(Path::new("/a/t-0"), &full));
        assert!(!dirs.on_error(Path::new("/a/t-0"), &full));
        assert_eq!(dirs.choose(|_| 0).unwrap().path, b);
        assert_eq!(dirs.online_ids().len(), 2, "a full directory is still registered");
        assert!(dirs.on_room(&a));
        assert_eq!(dirs.choose(|p| usize::from(p == a)).unwrap().path, b);
        assert!(dirs.on_error(Path::new("/b/t-0/x.log"), &broken));
        assert!(!dirs.on_room(&b) && !dirs.on_error(&b, &full));
        assert_eq!(dirs.online_ids(), [Uuid::from_u128(200)]);
        assert!(!dirs.all_offline());
    }
}
