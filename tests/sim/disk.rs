//! The disk that the simulated node sees: a [`SimStorage`] with failing reads, and with the lies of planted bugs.

use super::bugs::Bug;
use ottla_base::storage::sim::SimStorage;
use ottla_base::storage::{DirEntry, File, OpenMode, Storage};
use std::io::{self, IoSlice};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// A handle; clones share the disk.
#[derive(Clone, Debug)]
pub struct Disk {
    /// Where the files are, and what crashes.
    pub sim: SimStorage,
    state: Arc<Mutex<State>>,
    print: bool,
}

#[derive(Debug)]
struct State {
    bug: Option<Bug>,
    booting: bool,
    /// So many reads from now one fails.
    fail_read_in: Option<u64>,
    failed_reads: u64,
}

impl Disk {
    pub fn new(sim: SimStorage, bug: Option<Bug>) -> Disk {
        let state = State { bug, booting: false, fail_read_in: None, failed_reads: 0 };
        let print = std::env::var("OTTLA_SIM_TRACE").is_ok_and(|what| what == "disk");
        Disk { sim, state: Arc::new(Mutex::new(state)), print }
    }

    /// A copy that goes its own way, without faults.
    pub fn fork(&self) -> Disk {
        Disk::new(self.sim.fork(), None)
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Tells whether a node is starting.
    pub fn set_booting(&self, booting: bool) {
        self.state().booting = booting;
    }

    /// Has the `n`th read from now fail; `None` takes it back.
    pub fn fail_read_in(&self, n: Option<u64>) {
        self.state().fail_read_in = n;
    }

    /// How many reads have been made to fail.
    pub fn failed_reads(&self) -> u64 {
        self.state().failed_reads
    }

    fn note(&self, what: impl FnOnce() -> String) {
        if self.print {
            println!("      {}", what());
        }
    }

    fn has(&self, bug: Bug) -> bool {
        self.state().bug == Some(bug)
    }

    fn booting(&self) -> bool {
        self.state().booting
    }

    fn count_read(&self) -> io::Result<()> {
        let mut state = self.state();
        match state.fail_read_in {
            Some(0) => {
                state.fail_read_in = None;
                state.failed_reads += 1;
                Err(io::Error::other("a simulated bad sector"))
            }
            Some(n) => {
                state.fail_read_in = Some(n - 1);
                Ok(())
            }
            None => Ok(()),
        }
    }
}

fn has_suffix(path: &Path, suffixes: &[&str]) -> bool {
    path.to_str().is_some_and(|path| suffixes.iter().any(|suffix| path.ends_with(suffix)))
}

fn is_metadata(path: &Path) -> bool {
    path.to_str().is_some_and(|path| path.contains("__cluster_metadata"))
}

#[derive(Debug)]
struct DiskFile {
    inner: Arc<dyn File>,
    path: PathBuf,
    disk: Disk,
}

impl File for DiskFile {
    fn read_at(&self, buf: &mut [u8], offset: u64) -> io::Result<usize> {
        self.disk.count_read()?;
        self.inner.read_at(buf, offset)
    }

    fn write_vectored_at(&self, parts: &[IoSlice<'_>], offset: u64) -> io::Result<()> {
        let size: usize = parts.iter().map(|part| part.len()).sum();
        let result = self.inner.write_vectored_at(parts, offset);
        self.disk.note(|| format!("write {} {offset} +{size} {result:?}", self.path.display()));
        result
    }

    fn len(&self) -> io::Result<u64> {
        self.inner.len()
    }

    fn set_len(&self, len: u64) -> io::Result<()> {
        self.disk.note(|| format!("set_len {} {len}", self.path.display()));
        let torn_tail = self.disk.booting() && has_suffix(&self.path, &[".log"]) && !is_metadata(&self.path);
        let kept = (torn_tail && self.disk.has(Bug::TornTailKept))
            || (has_suffix(&self.path, &["index"]) && self.disk.has(Bug::StaleIndex));
        if kept && len < self.inner.len()? { Ok(()) } else { self.inner.set_len(len) }
    }

    fn sync(&self) -> io::Result<()> {
        self.disk.note(|| format!("sync {}", self.path.display()));
        if is_metadata(&self.path) && self.disk.has(Bug::MetadataNotSynced) { Ok(()) } else { self.inner.sync() }
    }
}

impl Storage for Disk {
    fn open(&self, path: &Path, mode: OpenMode) -> io::Result<Arc<dyn File>> {
        let inner = self.sim.open(path, mode);
        self.note(|| format!("open {} {mode:?} {:?}", path.display(), inner.as_ref().err()));
        let inner = inner?;
        Ok(Arc::new(DiskFile { inner, path: path.to_path_buf(), disk: self.clone() }))
    }

    fn read_dir(&self, path: &Path) -> io::Result<Vec<DirEntry>> {
        self.sim.read_dir(path)
    }

    fn create_dir_all(&self, path: &Path) -> io::Result<()> {
        self.sim.create_dir_all(path)
    }

    fn remove_file(&self, path: &Path) -> io::Result<()> {
        if has_suffix(path, &[".kafka_cleanshutdown"]) && self.has(Bug::CleanShutdownKept) {
            return Ok(());
        }
        self.sim.remove_file(path)
    }

    fn remove_dir_all(&self, path: &Path) -> io::Result<()> {
        self.sim.remove_dir_all(path)
    }

    fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        self.note(|| format!("rename {} {}", from.display(), to.display()));
        self.sim.rename(from, to)
    }

    fn sync_dir(&self, path: &Path) -> io::Result<()> {
        if self.has(Bug::DirectoryNotSynced) && !is_metadata(path) {
            return Ok(());
        }
        self.sim.sync_dir(path)
    }

    fn exists(&self, path: &Path) -> bool {
        self.sim.exists(path)
    }

    fn read(&self, path: &Path) -> io::Result<Vec<u8>> {
        if has_suffix(path, &[".snapshot"]) && self.has(Bug::ProducerStateLost) {
            // Version 1, the CRC-32C of what follows, no producers.
            return Ok(vec![0, 1, 0x48, 0x67, 0x4b, 0xc7, 0, 0, 0, 0]);
        }
        let file = self.open(path, OpenMode::Read)?;
        let mut out = vec![0; usize::try_from(file.len()?).map_err(|_| io::ErrorKind::FileTooLarge)?];
        file.read_exact_at(&mut out, 0)?;
        Ok(out)
    }
}
