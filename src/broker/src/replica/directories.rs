//! The log directories while the node runs: in service, full, or offline (`LogDirFailureChannel`, KIP-112).
//!
//! Owner: the replica manager; told of errors from wherever a disk said no, asked from everywhere. What follows from a change
//! is carried out by others: the manager takes replicas out of service, heartbeats tell the controller, the node stops when
//! nothing is left.
//!
//! Invariants
//! - A full directory refuses appends only; it is back in service when a probe could write as much as one large request.
//! - An offline directory stays offline for the life of the process, and nothing more is written to it.

use super::manager::LogDir;
use ottla_base::ids::Uuid;
use ottla_base::storage::{OpenMode, Storage};
use ottla_core::log::{Damage, StorageError};
use ottla_core::log_dirs::{DirState, LogDirs};
use parking_lot::Mutex;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use tokio::sync::watch;
use tracing::{error, info};

/// What a probe must be able to write before a full directory takes appends again.
const PROBE_BYTES: usize = 1 << 20;
/// The file that a probe writes and removes. Kafka ignores files that it does not know.
const PROBE_FILE: &str = ".ottla-room";

/// See the module.
#[derive(Debug)]
pub struct Directories {
    dirs: Vec<LogDir>,
    /// Of each directory: appends are refused. Shared with the partitions that lie in it.
    full: Vec<Arc<AtomicBool>>,
    state: Mutex<LogDirs>,
    metadata_dir: PathBuf,
    /// Counts changes of any directory's state.
    changes: watch::Sender<u64>,
}

/// What became of a directory that an error was reported of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// Nothing that was not known.
    AsBefore,
    /// This error concerns one log only: its replica must leave service.
    ReplicaFailed,
    /// It has just gone offline: its replicas must leave service.
    WentOffline,
}

impl Directories {
    /// All in service.
    pub fn new(dirs: Vec<LogDir>, metadata_dir: PathBuf) -> Directories {
        let state = LogDirs::new(dirs.iter().map(|d| (d.scan.path.clone(), Some(d.id))));
        Directories {
            full: dirs.iter().map(|_| Arc::default()).collect(),
            dirs,
            state: Mutex::new(state),
            metadata_dir,
            changes: watch::Sender::new(0),
        }
    }

    /// As they were found at start, in the order of the configuration.
    pub fn all(&self) -> &[LogDir] {
        &self.dirs
    }

    /// Path of a directory.
    pub fn path(&self, directory: usize) -> &Path {
        &self.dirs[directory].scan.path
    }

    /// Which directory has this id; the first if none has, which cannot be.
    pub fn index_of(&self, id: Uuid) -> usize {
        self.dirs.iter().position(|d| d.id == id).unwrap_or(0)
    }

    /// Whether appends to a directory are refused.
    pub fn full_flag(&self, directory: usize) -> Arc<AtomicBool> {
        Arc::clone(&self.full[directory])
    }

    /// Whether a directory is out of service.
    pub fn is_offline(&self, directory: usize) -> bool {
        self.state.lock().get(self.path(directory)).is_some_and(|d| d.is_offline())
    }

    /// Ids of the directories that are out of service.
    pub fn offline_ids(&self) -> Vec<Uuid> {
        self.state.lock().iter().filter(|d| d.is_offline()).filter_map(|d| d.id).collect()
    }

    /// Where a new partition goes. When no directory is in service it is one that is at least not offline.
    pub fn choose(&self, partitions_in: &[usize]) -> usize {
        let state = self.state.lock();
        let count = |path: &Path| {
            let index = self.dirs.iter().position(|d| d.scan.path == path);
            index.and_then(|i| partitions_in.get(i)).copied().unwrap_or(0)
        };
        let online = state.choose(count).map(|d| d.path.clone());
        let usable = || state.iter().find(|d| !d.is_offline()).map(|d| d.path.clone());
        let path = online.or_else(usable);
        path.and_then(|path| self.dirs.iter().position(|d| d.scan.path == path)).unwrap_or(0)
    }

    /// A disk said no below a directory.
    pub fn report(&self, directory: usize, failure: &StorageError) -> Outcome {
        let path = self.path(directory);
        match failure.damage() {
            Damage::None => return Outcome::AsBefore,
            Damage::Log => return Outcome::ReplicaFailed,
            Damage::Full | Damage::Directory => {}
        }
        if !self.state.lock().on_error(path, failure) {
            return Outcome::AsBefore;
        }
        self.full[directory].store(failure.is_disk_full(), Ordering::Release);
        let outcome = if failure.is_disk_full() {
            error!(
                target: "kafka.server.LogDirFailureChannel",
                "Log directory {} is full: its partitions are read-only until there is room ({failure})",
                path.display()
            );
            Outcome::AsBefore
        } else {
            error!(
                target: "kafka.server.LogDirFailureChannel",
                "Stopping serving replicas in dir {} with uuid {} because the log directory has failed: {failure}",
                path.display(),
                ottla_base::ids::uuid_to_text(self.dirs[directory].id)
            );
            Outcome::WentOffline
        };
        self.changes.send_modify(|n| *n += 1);
        outcome
    }

    /// Whether some directory waits for room.
    pub fn any_full(&self) -> bool {
        self.full.iter().any(|full| full.load(Ordering::Acquire))
    }

    /// Looks whether full directories have room again. True when one has. Blocks.
    pub fn probe(&self, storage: &dyn Storage) -> bool {
        let mut found = false;
        for (directory, full) in self.full.iter().enumerate() {
            if !full.load(Ordering::Acquire) {
                continue;
            }
            let path = self.path(directory);
            match has_room(storage, &path.join(PROBE_FILE)) {
                Ok(()) => {
                    if self.state.lock().on_room(path) {
                        full.store(false, Ordering::Release);
                        info!(
                            target: "kafka.server.LogDirFailureChannel",
                            "Log directory {} has room again: its partitions take appends",
                            path.display()
                        );
                        self.changes.send_modify(|n| *n += 1);
                        found = true;
                    }
                }
                Err(error) => tracing::debug!(path = %path.display(), %error, "no room yet"),
            }
        }
        found
    }

    /// Follows changes of state.
    pub fn subscribe(&self) -> watch::Receiver<u64> {
        self.changes.subscribe()
    }

    /// Why the node must stop, if it must, in Kafka's words.
    pub fn fatal(&self) -> Option<String> {
        let state = self.state.lock();
        if state.all_offline() {
            let dirs: Vec<String> = self.dirs.iter().map(|d| d.scan.path.display().to_string()).collect();
            return Some(format!("Shutdown broker because all log dirs in {} have failed", dirs.join(", ")));
        }
        match state.get(&self.metadata_dir).map(|d| &d.state) {
            Some(DirState::Offline(_)) => {
                let dir = self.metadata_dir.display();
                Some(format!("Shutdown broker because the metadata log dir {dir} has failed"))
            }
            _ => None,
        }
    }
}

fn has_room(storage: &dyn Storage, path: &Path) -> std::io::Result<()> {
    let written = storage.open(path, OpenMode::Create).and_then(|file| file.write_all_at(&vec![0; PROBE_BYTES], 0));
    // Also what was written in part must not stay.
    let removed = storage.remove_file(path);
    written.and(removed)
}
