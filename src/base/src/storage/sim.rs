//! A simulated disk: deterministic, in memory, with a page cache that a power cut takes away.
//!
//! - Writes and truncations of a file are lost at [`SimStorage::crash`] unless the file was synced since: each file keeps
//!   a random prefix of them, a prefix with a torn last write, or an arbitrary subset of their sectors.
//! - Creations, renames and removals in a directory are lost unless the directory was synced since; a random prefix of
//!   them stays, in order, as on a journaling file system. A synced file whose creation is lost is lost.
//! - [`SimStorage::kill`] ends the process only: the page cache stays.
//! - Operations that change something are counted; a test stops the world at the n-th ([`SimStorage::stop_at`]) for all
//!   n, or has the n-th fail ([`SimStorage::fail_at`]). The disk can be made small, and bits can be flipped.
//!
//! Shared by its clones. Handles that were opened before a crash or kill fail afterwards.

use super::{DirEntry, File, OpenMode, Storage};
use crate::rng::Rng;
use std::collections::{BTreeMap, BTreeSet};
use std::io::{self, IoSlice};
use std::path::{Component, Path};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

const SECTOR: usize = 512;
const ROOT: u64 = 0;

/// A handle on a simulated disk.
#[derive(Clone, Debug)]
pub struct SimStorage {
    disk: Arc<Mutex<Disk>>,
}

#[derive(Clone, Debug)]
enum FileOp {
    Write { offset: u64, data: Vec<u8> },
    SetLen(u64),
}

#[derive(Clone, Debug, Default)]
struct FileNode {
    content: Vec<u8>,
    durable: Vec<u8>,
    pending: Vec<FileOp>,
    modified_ms: i64,
}

#[derive(Clone, Debug)]
enum DirOp {
    Link(String, u64),
    Unlink(String),
    Rename(String, String, u64),
}

#[derive(Clone, Debug, Default)]
struct DirNode {
    entries: BTreeMap<String, u64>,
    durable: BTreeMap<String, u64>,
    pending: Vec<DirOp>,
}

#[derive(Clone, Debug)]
enum Node {
    File(FileNode),
    Dir(DirNode),
}

#[derive(Clone, Debug)]
struct Disk {
    nodes: BTreeMap<u64, Node>,
    next_node: u64,
    generation: u64,
    ops: u64,
    stop_at: Option<u64>,
    stopped: bool,
    fail_at: BTreeMap<u64, io::ErrorKind>,
    capacity: Option<u64>,
    clock_ms: i64,
}

fn apply_write(content: &mut Vec<u8>, offset: u64, data: &[u8]) {
    let start = offset as usize;
    let end = start + data.len();
    if content.len() < end {
        content.resize(end, 0);
    }
    content[start..end].copy_from_slice(data);
}

fn apply_dir_op(entries: &mut BTreeMap<String, u64>, op: &DirOp) {
    match op {
        DirOp::Link(name, node) => {
            entries.insert(name.clone(), *node);
        }
        DirOp::Unlink(name) => {
            entries.remove(name);
        }
        DirOp::Rename(from, to, node) => {
            entries.remove(from);
            entries.insert(to.clone(), *node);
        }
    }
}

/// What to do with an operation that changes something.
enum Fate {
    Go,
    /// The world stops in the middle of it.
    Stop,
}

impl Disk {
    fn node_of(&self, path: &Path) -> io::Result<u64> {
        let mut at = ROOT;
        for part in path.components() {
            if let Component::Normal(name) = part {
                let Some(Node::Dir(dir)) = self.nodes.get(&at) else { return Err(io::ErrorKind::NotADirectory.into()) };
                at = *dir.entries.get(&*name.to_string_lossy()).ok_or(io::ErrorKind::NotFound)?;
            }
        }
        Ok(at)
    }

    fn parent_of(&self, path: &Path) -> io::Result<(u64, String)> {
        let parent = self.node_of(path.parent().unwrap_or(Path::new("")))?;
        let name = path.file_name().ok_or(io::ErrorKind::InvalidInput)?.to_string_lossy().into_owned();
        Ok((parent, name))
    }

    fn dir(&mut self, node: u64) -> io::Result<&mut DirNode> {
        match self.nodes.get_mut(&node) {
            Some(Node::Dir(dir)) => Ok(dir),
            Some(Node::File(_)) => Err(io::ErrorKind::NotADirectory.into()),
            None => Err(io::ErrorKind::NotFound.into()),
        }
    }

    fn file(&mut self, node: u64) -> io::Result<&mut FileNode> {
        match self.nodes.get_mut(&node) {
            Some(Node::File(file)) => Ok(file),
            Some(Node::Dir(_)) => Err(io::ErrorKind::IsADirectory.into()),
            None => Err(io::ErrorKind::NotFound.into()),
        }
    }

    fn change_dir(&mut self, node: u64, op: DirOp) -> io::Result<()> {
        let dir = self.dir(node)?;
        apply_dir_op(&mut dir.entries, &op);
        dir.pending.push(op);
        Ok(())
    }

    fn add(&mut self, node: Node) -> u64 {
        let id = self.next_node;
        self.next_node += 1;
        self.nodes.insert(id, node);
        id
    }

    fn check_running(&self) -> io::Result<()> {
        if self.stopped { Err(stopped()) } else { Ok(()) }
    }

    /// Counts an operation that changes something.
    fn step(&mut self) -> io::Result<Fate> {
        self.check_running()?;
        let op = self.ops;
        self.ops += 1;
        if self.stop_at == Some(op) {
            self.stopped = true;
            return Ok(Fate::Stop);
        }
        match self.fail_at.remove(&op) {
            Some(kind) => Err(kind.into()),
            None => Ok(Fate::Go),
        }
    }

    /// For operations that happen or do not: the one that the world stops at does not.
    fn step_whole(&mut self) -> io::Result<()> {
        match self.step()? {
            Fate::Go => Ok(()),
            Fate::Stop => Err(stopped()),
        }
    }

    fn used(&self) -> u64 {
        self.nodes.values().map(|n| if let Node::File(f) = n { f.content.len() as u64 } else { 0 }).sum()
    }

    fn drop_unreachable(&mut self) {
        let (mut live, mut queue) = (BTreeSet::from([ROOT]), vec![ROOT]);
        while let Some(id) = queue.pop() {
            if let Some(Node::Dir(dir)) = self.nodes.get(&id) {
                // A power cut may bring back what is on the medium, and what was done since in part.
                let pending = dir.pending.iter().filter_map(|op| match op {
                    DirOp::Link(_, node) | DirOp::Rename(_, _, node) => Some(node),
                    DirOp::Unlink(_) => None,
                });
                for child in dir.entries.values().chain(dir.durable.values()).chain(pending) {
                    if live.insert(*child) {
                        queue.push(*child);
                    }
                }
            }
        }
        self.nodes.retain(|id, _| live.contains(id));
    }

    fn restart(&mut self) {
        self.generation += 1;
        self.stopped = false;
        self.stop_at = None;
        self.fail_at.clear();
    }
}

fn stopped() -> io::Error {
    io::Error::other("the simulated machine has stopped")
}

impl Default for SimStorage {
    fn default() -> Self {
        SimStorage::new()
    }
}

impl SimStorage {
    /// An empty disk.
    pub fn new() -> SimStorage {
        let disk = Disk {
            nodes: BTreeMap::from([(ROOT, Node::Dir(DirNode::default()))]),
            next_node: 1,
            generation: 0,
            ops: 0,
            stop_at: None,
            stopped: false,
            fail_at: BTreeMap::new(),
            capacity: None,
            clock_ms: 0,
        };
        SimStorage { disk: Arc::new(Mutex::new(disk)) }
    }

    fn lock(&self) -> MutexGuard<'_, Disk> {
        self.disk.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A second disk that holds what this one holds, cached and on the medium, and goes its own way from here on.
    pub fn fork(&self) -> SimStorage {
        SimStorage { disk: Arc::new(Mutex::new(self.lock().clone())) }
    }

    /// How many operations have changed something.
    pub fn ops(&self) -> u64 {
        self.lock().ops
    }

    /// The operation with this number (see [`Self::ops`]) happens in part, if it is a write, or not at all; it and
    /// everything after it fails until [`Self::crash`] or [`Self::kill`].
    pub fn stop_at(&self, op: u64) {
        self.lock().stop_at = Some(op);
    }

    /// Whether the world has stopped.
    pub fn is_stopped(&self) -> bool {
        self.lock().stopped
    }

    /// The operation with this number fails and changes nothing.
    pub fn fail_at(&self, op: u64, kind: io::ErrorKind) {
        self.lock().fail_at.insert(op, kind);
    }

    /// Nothing that was arranged with [`Self::stop_at`], [`Self::fail_at`] or [`Self::set_capacity`] will happen.
    pub fn calm(&self) {
        let mut disk = self.lock();
        disk.stop_at = None;
        disk.fail_at.clear();
        disk.capacity = None;
    }

    /// Bytes that all files together may have; a write beyond happens as far as it fits and fails. `None`: no bound.
    pub fn set_capacity(&self, bytes: Option<u64>) {
        self.lock().capacity = bytes;
    }

    /// Bytes of all files.
    pub fn used(&self) -> u64 {
        self.lock().used()
    }

    /// What files written from now on have as modification time.
    pub fn set_clock_ms(&self, wall_ms: i64) {
        self.lock().clock_ms = wall_ms;
    }

    /// The process ends; what it wrote stays.
    pub fn kill(&self) {
        let mut disk = self.lock();
        disk.restart();
        disk.drop_unreachable();
    }

    /// The power fails: what was not synced is lost, in part or as a whole, as `rng` says.
    pub fn crash(&self, rng: &mut Rng) {
        let mut disk = self.lock();
        disk.restart();
        for node in disk.nodes.values_mut() {
            match node {
                Node::Dir(dir) => {
                    let keep = rng.below(dir.pending.len() as u64 + 1) as usize;
                    for op in dir.pending.drain(..).take(keep) {
                        apply_dir_op(&mut dir.durable, &op);
                    }
                    dir.entries = dir.durable.clone();
                }
                Node::File(file) => {
                    let pending = std::mem::take(&mut file.pending);
                    lose(&mut file.durable, pending, rng);
                    file.content = file.durable.clone();
                }
            }
        }
        disk.drop_unreachable();
    }

    /// Flips one bit of a file, on the medium too.
    pub fn flip_bit(&self, path: &Path, byte: u64, bit: u8) -> io::Result<()> {
        let mut disk = self.lock();
        let node = disk.node_of(path)?;
        let file = disk.file(node)?;
        let mask = 1u8 << (bit & 7);
        let at = byte as usize;
        *file.content.get_mut(at).ok_or(io::ErrorKind::UnexpectedEof)? ^= mask;
        if let Some(b) = file.durable.get_mut(at) {
            *b ^= mask;
        }
        Ok(())
    }

    fn run<T>(&self, action: impl FnOnce(&mut Disk) -> io::Result<T>) -> io::Result<T> {
        let mut disk = self.lock();
        disk.check_running()?;
        action(&mut disk)
    }
}

/// Applies what a power cut leaves of `pending`.
fn lose(durable: &mut Vec<u8>, pending: Vec<FileOp>, rng: &mut Rng) {
    let apply = |durable: &mut Vec<u8>, op: &FileOp| match op {
        FileOp::Write { offset, data } => apply_write(durable, *offset, data),
        FileOp::SetLen(len) => durable.resize(*len as usize, 0),
    };
    match rng.below(4) {
        0 => {}
        1 => pending.iter().for_each(|op| apply(durable, op)),
        2 => {
            let keep = rng.below(pending.len() as u64 + 1) as usize;
            pending.iter().take(keep).for_each(|op| apply(durable, op));
            if let Some(FileOp::Write { offset, data }) = pending.get(keep) {
                let torn = rng.below(data.len() as u64 + 1) as usize;
                apply_write(durable, *offset, &data[..torn]);
            }
        }
        _ => {
            for op in &pending {
                match op {
                    FileOp::SetLen(_) if rng.one_in(2) => apply(durable, op),
                    FileOp::SetLen(_) => {}
                    FileOp::Write { offset, data } => {
                        let mut done = 0;
                        while done < data.len() {
                            let at = *offset as usize + done;
                            let len = (SECTOR - at % SECTOR).min(data.len() - done);
                            if rng.one_in(2) {
                                apply_write(durable, at as u64, &data[done..done + len]);
                            }
                            done += len;
                        }
                    }
                }
            }
        }
    }
}

#[derive(Debug)]
struct SimFile {
    disk: SimStorage,
    node: u64,
    generation: u64,
    writable: bool,
}

impl SimFile {
    fn run<T>(&self, action: impl FnOnce(&mut Disk) -> io::Result<T>) -> io::Result<T> {
        self.disk.run(|disk| {
            if disk.generation != self.generation {
                return Err(io::Error::other("a handle from before the crash"));
            }
            action(disk)
        })
    }
}

impl File for SimFile {
    fn read_at(&self, buf: &mut [u8], offset: u64) -> io::Result<usize> {
        self.run(|disk| {
            let content = &disk.file(self.node)?.content;
            let rest = usize::try_from(offset).ok().and_then(|o| content.get(o..)).unwrap_or(&[]);
            let n = rest.len().min(buf.len());
            buf[..n].copy_from_slice(&rest[..n]);
            Ok(n)
        })
    }

    fn write_vectored_at(&self, parts: &[IoSlice<'_>], offset: u64) -> io::Result<()> {
        if !self.writable {
            return Err(io::ErrorKind::PermissionDenied.into());
        }
        self.run(|disk| {
            let mut data: Vec<u8> = parts.iter().flat_map(|p| p.iter().copied()).collect();
            let mut outcome = Ok(());
            if let Fate::Stop = disk.step()? {
                // Any part of it, but always the same one for the same operation.
                let part = disk.ops.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 32;
                data.truncate((part % (data.len() as u64 + 1)) as usize);
                outcome = Err(stopped());
            }
            let now = disk.clock_ms;
            let capacity = disk.capacity;
            let used = if capacity.is_some() { disk.used() } else { 0 };
            let file = disk.file(self.node)?;
            if let Some(capacity) = capacity {
                let fits = file.content.len() as u64 + capacity.saturating_sub(used);
                let room = fits.saturating_sub(offset);
                if (data.len() as u64) > room {
                    data.truncate(room as usize);
                    outcome = outcome.and(Err(io::ErrorKind::StorageFull.into()));
                }
            }
            if !data.is_empty() {
                apply_write(&mut file.content, offset, &data);
                file.pending.push(FileOp::Write { offset, data });
                file.modified_ms = now;
            }
            outcome
        })
    }

    fn len(&self) -> io::Result<u64> {
        self.run(|disk| Ok(disk.file(self.node)?.content.len() as u64))
    }

    fn set_len(&self, len: u64) -> io::Result<()> {
        self.run(|disk| {
            disk.step_whole()?;
            let now = disk.clock_ms;
            let file = disk.file(self.node)?;
            file.content.resize(len as usize, 0);
            file.pending.push(FileOp::SetLen(len));
            file.modified_ms = now;
            Ok(())
        })
    }

    fn sync(&self) -> io::Result<()> {
        self.run(|disk| {
            disk.step_whole()?;
            let file = disk.file(self.node)?;
            file.durable = file.content.clone();
            file.pending.clear();
            Ok(())
        })
    }
}

impl Storage for SimStorage {
    fn open(&self, path: &Path, mode: OpenMode) -> io::Result<Arc<dyn File>> {
        self.run(|disk| {
            let node = match (disk.node_of(path), mode) {
                (Ok(_), OpenMode::CreateNew) => return Err(io::ErrorKind::AlreadyExists.into()),
                (Ok(node), _) => node,
                (Err(e), OpenMode::Create | OpenMode::CreateNew) if e.kind() == io::ErrorKind::NotFound => {
                    let (parent, name) = disk.parent_of(path)?;
                    disk.step_whole()?;
                    let modified_ms = disk.clock_ms;
                    let node = disk.add(Node::File(FileNode { modified_ms, ..FileNode::default() }));
                    disk.change_dir(parent, DirOp::Link(name, node))?;
                    node
                }
                (Err(e), _) => return Err(e),
            };
            disk.file(node)?;
            let writable = mode != OpenMode::Read;
            Ok(Arc::new(SimFile { disk: self.clone(), node, generation: disk.generation, writable }) as Arc<dyn File>)
        })
    }

    fn read_dir(&self, path: &Path) -> io::Result<Vec<DirEntry>> {
        self.run(|disk| {
            let node = disk.node_of(path)?;
            let entries = disk.dir(node)?.entries.clone();
            let entry = |(name, node): (String, u64)| match disk.nodes.get(&node) {
                Some(Node::File(f)) => {
                    DirEntry { name, is_dir: false, len: f.content.len() as u64, modified_ms: f.modified_ms }
                }
                _ => DirEntry { name, is_dir: true, len: 0, modified_ms: 0 },
            };
            Ok(entries.into_iter().map(entry).collect())
        })
    }

    fn create_dir_all(&self, path: &Path) -> io::Result<()> {
        self.run(|disk| {
            let mut at = ROOT;
            for part in path.components() {
                let Component::Normal(name) = part else { continue };
                let name = name.to_string_lossy().into_owned();
                at = match disk.dir(at)?.entries.get(&name) {
                    Some(node) => *node,
                    None => {
                        disk.step_whole()?;
                        let node = disk.add(Node::Dir(DirNode::default()));
                        disk.change_dir(at, DirOp::Link(name, node))?;
                        node
                    }
                };
            }
            disk.dir(at).map(|_| ())
        })
    }

    fn remove_file(&self, path: &Path) -> io::Result<()> {
        self.run(|disk| {
            let node = disk.node_of(path)?;
            disk.file(node)?;
            let (parent, name) = disk.parent_of(path)?;
            disk.step_whole()?;
            disk.change_dir(parent, DirOp::Unlink(name))
        })
    }

    fn remove_dir_all(&self, path: &Path) -> io::Result<()> {
        self.run(|disk| {
            let node = disk.node_of(path)?;
            disk.dir(node)?;
            let (parent, name) = disk.parent_of(path)?;
            disk.step_whole()?;
            disk.change_dir(parent, DirOp::Unlink(name))
        })
    }

    fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        self.run(|disk| {
            let node = disk.node_of(from)?;
            let ((parent, old), (new_parent, new)) = (disk.parent_of(from)?, disk.parent_of(to)?);
            disk.dir(new_parent)?;
            disk.step_whole()?;
            if parent == new_parent {
                return disk.change_dir(parent, DirOp::Rename(old, new, node));
            }
            disk.change_dir(new_parent, DirOp::Link(new, node))?;
            disk.change_dir(parent, DirOp::Unlink(old))
        })
    }

    fn sync_dir(&self, path: &Path) -> io::Result<()> {
        self.run(|disk| {
            let node = disk.node_of(path)?;
            disk.step_whole()?;
            let dir = disk.dir(node)?;
            dir.durable = dir.entries.clone();
            dir.pending.clear();
            Ok(())
        })
    }

    fn exists(&self, path: &Path) -> bool {
        self.run(|disk| disk.node_of(path)).is_ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file(disk: &SimStorage, path: &str) -> Arc<dyn File> {
        disk.open(Path::new(path), OpenMode::Create).unwrap()
    }

    #[test]
    fn a_power_cut_takes_what_was_not_synced_and_leaves_what_was() {
        let (mut lost, mut torn, mut kept, mut vanished) = (0, 0, 0, 0);
        for seed in 0..300 {
            let disk = SimStorage::new();
            disk.create_dir_all(Path::new("/d")).unwrap();
            disk.sync_dir(Path::new("/")).unwrap();
            let f = file(&disk, "/d/f");
            f.write_all_at(b"synced", 0).unwrap();
            f.sync().unwrap();
            let g = file(&disk, "/d/g");
            disk.sync_dir(Path::new("/d")).unwrap();
            f.write_all_at(b"more", 6).unwrap();
            g.write_all_at(&[7; 2000], 0).unwrap();
            file(&disk, "/d/h").sync().unwrap();
            disk.crash(&mut Rng::from_seed(seed));
            assert!(f.len().is_err(), "old handles are dead");
            let got = disk.read(Path::new("/d/f")).unwrap();
            assert!(got.starts_with(b"synced"));
            match got.len() {
                6 => lost += 1,
                10 => kept += 1,
                _ => torn += 1,
            }
            assert!(disk.read(Path::new("/d/g")).unwrap().iter().all(|b| [0, 7].contains(b)));
            vanished += u32::from(!disk.exists(Path::new("/d/h")));
        }
        assert!(lost > 20 && torn > 20 && kept > 20 && vanished > 20, "{lost} {torn} {kept} {vanished}");
    }

    #[test]
    fn a_killed_process_loses_nothing_but_the_write_in_flight() {
        let disk = SimStorage::new();
        let f = file(&disk, "/f");
        f.write_all_at(b"one", 0).unwrap();
        disk.stop_at(disk.ops());
        assert!(f.write_all_at(&[9; 100], 3).is_err());
        assert!(disk.is_stopped() && f.len().is_err() && disk.read(Path::new("/f")).is_err());
        disk.kill();
        let got = disk.read(Path::new("/f")).unwrap();
        assert!(got.starts_with(b"one") && got.len() <= 103);
    }

    #[test]
    fn renames_replace_atomically_and_survive_once_the_directory_is_synced() {
        for seed in 0..50 {
            let disk = SimStorage::new();
            disk.write_atomically(Path::new("/c"), b"old").unwrap();
            disk.write_atomically(Path::new("/c"), b"new").unwrap();
            disk.crash(&mut Rng::from_seed(seed));
            assert_eq!(disk.read(Path::new("/c")).unwrap(), b"new");
        }
        // Stopped anywhere, it is the old or the new content.
        for stop in 0..20 {
            let disk = SimStorage::new();
            disk.write_atomically(Path::new("/c"), b"old").unwrap();
            disk.stop_at(disk.ops() + stop);
            let _ = disk.write_atomically(Path::new("/c"), b"new");
            disk.crash(&mut Rng::from_seed(stop));
            let got = disk.read(Path::new("/c")).unwrap();
            assert!(got == b"old" || got == b"new", "{got:?}");
        }
    }

    #[test]
    fn a_full_disk_takes_what_fits_and_says_so() {
        let disk = SimStorage::new();
        let f = file(&disk, "/f");
        disk.set_capacity(Some(10));
        f.write_all_at(&[1; 8], 0).unwrap();
        assert_eq!(f.write_all_at(&[2; 8], 8).unwrap_err().kind(), io::ErrorKind::StorageFull);
        assert_eq!(f.len().unwrap(), 10);
        f.write_all_at(&[3; 8], 0).unwrap();
        disk.set_capacity(None);
        f.write_all_at(&[2; 8], 8).unwrap();
        disk.fail_at(disk.ops(), io::ErrorKind::Other);
        assert!(f.sync().is_err());
        f.sync().unwrap();
        disk.flip_bit(Path::new("/f"), 0, 0).unwrap();
        assert_eq!(disk.read(Path::new("/f")).unwrap()[0], 2);
    }

    #[test]
    fn a_kill_before_a_power_cut_changes_nothing_about_what_comes_back() {
        let disk = SimStorage::new();
        disk.write_atomically(Path::new("/c"), b"old").unwrap();
        file(&disk, "/t").write_all_at(b"new", 0).unwrap();
        disk.rename(Path::new("/t"), Path::new("/c")).unwrap();
        disk.kill();
        disk.crash(&mut Rng::from_seed(1));
        assert!(
            disk.read_dir(Path::new("/")).unwrap().iter().all(|e| disk.read(&Path::new("/").join(&e.name)).is_ok())
        );
        assert!(disk.exists(Path::new("/c")));
    }

    #[test]
    fn a_fork_goes_its_own_way() {
        let disk = SimStorage::new();
        let f = file(&disk, "/f");
        f.write_all_at(b"one", 0).unwrap();
        let fork = disk.fork();
        f.write_all_at(b"two", 0).unwrap();
        fork.crash(&mut Rng::from_seed(2));
        assert_ne!(fork.read(Path::new("/f")).unwrap_or_default(), b"two");
        assert_eq!(disk.read(Path::new("/f")).unwrap(), b"two");
    }

    #[test]
    fn directories_move_with_what_is_in_them() {
        let disk = SimStorage::new();
        disk.create_dir_all(Path::new("/d/topic-0")).unwrap();
        let f = file(&disk, "/d/topic-0/f");
        disk.rename(Path::new("/d/topic-0"), Path::new("/d/topic-0.x-delete")).unwrap();
        f.write_all_at(b"x", 0).unwrap();
        assert_eq!(disk.read(Path::new("/d/topic-0.x-delete/f")).unwrap(), b"x");
        disk.remove_dir_all(Path::new("/d/topic-0.x-delete")).unwrap();
        assert!(disk.read_dir(Path::new("/d")).unwrap().is_empty());
        assert_eq!(f.len().unwrap(), 1, "an open file outlives its name");
    }
}
