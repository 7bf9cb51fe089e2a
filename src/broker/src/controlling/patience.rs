//! The controller's disk, which waits for room instead of failing.
//!
//! Elsewhere a full disk refuses what it has no room for; the metadata quorum cannot refuse what it has decided, and a
//! controller that cannot write its log must not go on. So its thread, and nobody else, waits here until there is room, and
//! the node serves on with the metadata that it has. Any other error is passed on, and is fatal there.
//!
//! Invariants: a write is repeated as a whole, at its own position; a failed sync is never repeated. Patience begins when the
//! controller runs (a start on a full disk fails, and says why), and ends when the node stops.

use ottla_base::storage::{DirEntry, File, OpenMode, Storage};
use std::io::{self, IoSlice};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;
use tracing::{error, info};

/// Between two attempts.
const PAUSE: Duration = Duration::from_millis(250);

/// Whether to wait. Shared with whoever starts and stops the controller.
#[derive(Clone, Debug, Default)]
pub struct Patience(Arc<AtomicBool>);

impl Patience {
    /// From here on (not) to wait.
    pub fn set(&self, patient: bool) {
        self.0.store(patient, Ordering::Release);
    }

    /// Whether to wait.
    pub fn is_set(&self) -> bool {
        self.0.load(Ordering::Acquire)
    }

    /// Carries out `attempt` until it does not fail for lack of room.
    fn wait_for_room<T>(&self, path: &Path, mut attempt: impl FnMut() -> io::Result<T>) -> io::Result<T> {
        let mut waited = false;
        loop {
            match attempt() {
                Err(error) if is_full(&error) && self.is_set() => {
                    if !waited {
                        waited = true;
                        error!(
                            target: "kafka.server.ControllerServer",
                            "No room for metadata in {}: the controller waits, and decides nothing, until there is ({error})",
                            path.display()
                        );
                    }
                    std::thread::sleep(PAUSE);
                }
                result => {
                    if waited && result.is_ok() {
                        info!(target: "kafka.server.ControllerServer", "There is room for metadata again: the controller goes on");
                    }
                    return result;
                }
            }
        }
    }
}

fn is_full(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded)
}

/// See the module.
#[derive(Debug)]
pub struct PatientStorage {
    disk: Arc<dyn Storage>,
    patience: Patience,
}

impl PatientStorage {
    /// `disk`, with patience as `patience` says.
    pub fn new(disk: Arc<dyn Storage>, patience: Patience) -> PatientStorage {
        PatientStorage { disk, patience }
    }
}

#[derive(Debug)]
struct PatientFile {
    file: Arc<dyn File>,
    path: Box<Path>,
    patience: Patience,
}

impl File for PatientFile {
    fn read_at(&self, buf: &mut [u8], offset: u64) -> io::Result<usize> {
        self.file.read_at(buf, offset)
    }

    fn write_vectored_at(&self, parts: &[IoSlice<'_>], offset: u64) -> io::Result<()> {
        self.patience.wait_for_room(&self.path, || self.file.write_vectored_at(parts, offset))
    }

    fn len(&self) -> io::Result<u64> {
        self.file.len()
    }

    fn set_len(&self, len: u64) -> io::Result<()> {
        self.patience.wait_for_room(&self.path, || self.file.set_len(len))
    }

    fn sync(&self) -> io::Result<()> {
        self.file.sync()
    }

    fn as_std(&self) -> Option<&std::fs::File> {
        self.file.as_std()
    }
}

impl Storage for PatientStorage {
    fn open(&self, path: &Path, mode: OpenMode) -> io::Result<Arc<dyn File>> {
        let file = self.patience.wait_for_room(path, || self.disk.open(path, mode))?;
        Ok(Arc::new(PatientFile { file, path: path.into(), patience: self.patience.clone() }))
    }

    fn read_dir(&self, path: &Path) -> io::Result<Vec<DirEntry>> {
        self.disk.read_dir(path)
    }

    fn create_dir_all(&self, path: &Path) -> io::Result<()> {
        self.patience.wait_for_room(path, || self.disk.create_dir_all(path))
    }

    fn remove_file(&self, path: &Path) -> io::Result<()> {
        self.disk.remove_file(path)
    }

    fn remove_dir_all(&self, path: &Path) -> io::Result<()> {
        self.disk.remove_dir_all(path)
    }

    fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        self.patience.wait_for_room(to, || self.disk.rename(from, to))
    }

    fn sync_dir(&self, path: &Path) -> io::Result<()> {
        self.disk.sync_dir(path)
    }

    fn exists(&self, path: &Path) -> bool {
        self.disk.exists(path)
    }

    fn read(&self, path: &Path) -> io::Result<Vec<u8>> {
        self.disk.read(path)
    }
}
