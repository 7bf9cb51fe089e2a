//! The offset index (`.index`) and time index (`.timeindex`) of one segment.
//!
//! Entries that the writer adds stay in memory until [`WRITE_BEHIND_BYTES`] of them have gathered, a roll or a clean
//! close; then one write puts them at the file's end. An index is derived from the log: after an unclean stop the
//! segments above the recovery point get theirs rebuilt, so an index that is short by its tail is no loss. Unlike Kafka
//! we do not extend the files ahead of their content while a segment is active; after a roll or a clean stop they are
//! byte for byte Kafka's.
//!
//! Owned by the segment's mutex; searches in the part that is on disk happen after it has been released.

use super::files::LogFiles;
use ottla_base::storage::{File, OpenMode};
use std::io;
use std::sync::Arc;

/// Entries are written once they fill this much.
const WRITE_BEHIND_BYTES: usize = 4096;

/// An index file with entries of `N` bytes, of which the first `on_disk` are in the file and the rest in memory.
#[derive(Debug)]
pub(crate) struct IndexFile<const N: usize> {
    name: String,
    on_disk: u32,
    pending: Vec<u8>,
    file: Option<Arc<dyn File>>,
    /// Whether the file is known to exist.
    exists: bool,
    /// Whether the file has bytes after its last whole entry.
    ragged: bool,
}

impl<const N: usize> IndexFile<N> {
    /// `len` is the file's length in bytes, `None` when there is none yet.
    pub fn new(name: String, len: Option<u64>) -> IndexFile<N> {
        let on_disk = u32::try_from(len.unwrap_or(0) / N as u64).unwrap_or(u32::MAX);
        IndexFile {
            name,
            on_disk,
            pending: Vec::new(),
            file: None,
            exists: len.is_some(),
            ragged: len.is_some_and(|len| len % N as u64 != 0),
        }
    }

    pub fn entries(&self) -> u32 {
        self.on_disk + self.pending_entries()
    }

    fn pending_entries(&self) -> u32 {
        (self.pending.len() / N) as u32
    }

    pub fn exists(&self) -> bool {
        self.exists
    }

    /// Whether there are bytes that are not an entry.
    pub fn is_ragged(&self) -> bool {
        self.ragged
    }

    fn open(&mut self, files: &LogFiles) -> io::Result<Arc<dyn File>> {
        if let Some(file) = &self.file {
            return Ok(file.clone());
        }
        let file = files.open(&self.name, OpenMode::Create)?;
        self.exists = true;
        self.file = Some(file.clone());
        Ok(file)
    }

    /// The handle for a sync, if there is anything to sync.
    pub fn file_to_sync(&mut self, files: &LogFiles) -> io::Result<Option<Arc<dyn File>>> {
        if self.exists { self.open(files).map(Some) } else { Ok(None) }
    }

    pub fn close(&mut self) {
        self.file = None;
        self.pending.shrink_to_fit();
    }

    /// Adds an entry in memory. True when enough have gathered to be written.
    pub fn push(&mut self, entry: [u8; N]) -> bool {
        self.pending.extend_from_slice(&entry);
        self.pending.len() >= WRITE_BEHIND_BYTES
    }

    /// Writes what is pending. The file exists afterwards, even when it is empty.
    pub fn write_out(&mut self, files: &LogFiles) -> io::Result<()> {
        if self.pending.is_empty() && self.exists {
            return Ok(());
        }
        let file = self.open(files)?;
        if !self.pending.is_empty() {
            let written = file.write_all_at(&self.pending, u64::from(self.on_disk) * N as u64);
            // A write that failed may have left a part of an entry.
            self.ragged |= written.is_err();
            written?;
            self.on_disk += self.pending_entries();
            self.pending.clear();
        }
        Ok(())
    }

    /// Cuts the file to whole entries, so that a stray rest of an earlier life is not taken for entries.
    pub fn trim(&mut self, files: &LogFiles) -> io::Result<()> {
        self.write_out(files)?;
        if self.ragged {
            self.open(files)?.set_len(u64::from(self.on_disk) * N as u64)?;
            self.ragged = false;
        }
        Ok(())
    }

    /// Keeps the first `entries`.
    pub fn truncate(&mut self, files: &LogFiles, entries: u32) -> io::Result<()> {
        if entries >= self.on_disk {
            self.pending.truncate((entries - self.on_disk) as usize * N);
            return Ok(());
        }
        self.pending.clear();
        let file = self.open(files)?;
        file.set_len(u64::from(entries) * N as u64)?;
        self.ragged = false;
        self.on_disk = entries;
        Ok(())
    }

    /// The `n`th entry; precondition `n < entries()`. Leaves no file open: sealed segments are many.
    pub fn entry(&mut self, files: &LogFiles, n: u32) -> io::Result<[u8; N]> {
        let mut out = [0; N];
        if n >= self.on_disk {
            let at = (n - self.on_disk) as usize * N;
            let slot = self.pending.get(at..at + N).ok_or(io::ErrorKind::UnexpectedEof)?;
            out.copy_from_slice(slot);
        } else {
            let was_open = self.file.is_some();
            self.open(files)?.read_exact_at(&mut out, u64::from(n) * N as u64)?;
            if !was_open {
                self.file = None;
            }
        }
        Ok(out)
    }

    /// All entries, read at once.
    pub fn all(&mut self, files: &LogFiles) -> io::Result<Vec<[u8; N]>> {
        let mut bytes = vec![0; self.on_disk as usize * N];
        if self.on_disk > 0 {
            self.open(files)?.read_exact_at(&mut bytes, 0)?;
        }
        bytes.extend_from_slice(&self.pending);
        Ok(bytes.as_chunks::<N>().0.to_vec())
    }

    /// The number of entries for which `before` holds; they come first.
    pub fn partition_point(&mut self, files: &LogFiles, mut before: impl FnMut(&[u8; N]) -> bool) -> io::Result<u32> {
        if self.on_disk > 0 {
            self.open(files)?;
        }
        let (mut low, mut high) = (0, self.entries());
        while low < high {
            let middle = low + (high - low) / 2;
            if before(&self.entry(files, middle)?) {
                low = middle + 1;
            } else {
                high = middle;
            }
        }
        Ok(low)
    }

    /// What is needed to search without the lock: the largest pending entry for which `before` holds, or else the file
    /// and how many entries it has.
    pub fn search(&mut self, files: &LogFiles, mut before: impl FnMut(&[u8; N]) -> bool) -> io::Result<Search<N>> {
        let (pending, _) = self.pending.as_chunks::<N>();
        let count = pending.partition_point(|entry| before(entry));
        if let Some(entry) = count.checked_sub(1).and_then(|i| pending.get(i)) {
            return Ok(Search::Found(*entry));
        }
        if self.on_disk == 0 {
            return Ok(Search::Nothing);
        }
        Ok(Search::InFile(self.open(files)?, self.on_disk))
    }
}

/// Outcome of [`IndexFile::search`].
#[derive(Debug)]
pub(crate) enum Search<const N: usize> {
    /// In memory.
    Found([u8; N]),
    /// No entry qualifies.
    Nothing,
    /// Look in the file's first so many entries.
    InFile(Arc<dyn File>, u32),
}

impl<const N: usize> Search<N> {
    /// The largest entry for which `before` holds.
    pub fn finish(self, mut before: impl FnMut(&[u8; N]) -> bool) -> io::Result<Option<[u8; N]>> {
        let (file, entries) = match self {
            Search::Found(entry) => return Ok(Some(entry)),
            Search::Nothing => return Ok(None),
            Search::InFile(file, entries) => (file, entries),
        };
        let (mut low, mut high, mut best) = (0, entries, None);
        while low < high {
            let middle = low + (high - low) / 2;
            let mut entry = [0; N];
            file.read_exact_at(&mut entry, u64::from(middle) * N as u64)?;
            if before(&entry) {
                best = Some(entry);
                low = middle + 1;
            } else {
                high = middle;
            }
        }
        Ok(best)
    }
}

/// An entry of the offset index: the last offset of a batch, relative to the segment, and where the batch starts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct OffsetEntry {
    pub relative_offset: i32,
    pub position: i32,
}

impl OffsetEntry {
    pub fn encode(self) -> [u8; 8] {
        let mut out = [0; 8];
        out[..4].copy_from_slice(&self.relative_offset.to_be_bytes());
        out[4..].copy_from_slice(&self.position.to_be_bytes());
        out
    }

    pub fn decode(bytes: &[u8; 8]) -> OffsetEntry {
        let [a, b, c, d, e, f, g, h] = *bytes;
        OffsetEntry { relative_offset: i32::from_be_bytes([a, b, c, d]), position: i32::from_be_bytes([e, f, g, h]) }
    }
}

/// An entry of the time index: the largest timestamp so far and the last offset of the batch that has it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct TimeEntry {
    pub timestamp: i64,
    pub relative_offset: i32,
}

impl TimeEntry {
    pub fn encode(self) -> [u8; 12] {
        let mut out = [0; 12];
        out[..8].copy_from_slice(&self.timestamp.to_be_bytes());
        out[8..].copy_from_slice(&self.relative_offset.to_be_bytes());
        out
    }

    pub fn decode(bytes: &[u8; 12]) -> TimeEntry {
        let (mut timestamp, mut relative) = ([0; 8], [0; 4]);
        timestamp.copy_from_slice(&bytes[..8]);
        relative.copy_from_slice(&bytes[8..]);
        TimeEntry { timestamp: i64::from_be_bytes(timestamp), relative_offset: i32::from_be_bytes(relative) }
    }
}
