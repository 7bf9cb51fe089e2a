//! The index of aborted transactions (`.txnindex`) of one segment. The file exists only once a transaction aborted.
//!
//! Owned by the segment's mutex. Entries are read into memory on first use; aborted transactions are few.

use super::files::LogFiles;
use ottla_base::storage::{File, OpenMode};
use std::io;
use std::sync::Arc;

/// Bytes of an entry.
pub(crate) const ABORTED_TXN_SIZE: usize = 34;

/// A transaction that was aborted (`AbortedTxn`).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct AbortedTxn {
    /// Whose it was.
    pub producer_id: i64,
    /// Of its first batch.
    pub first_offset: i64,
    /// Of its abort marker.
    pub last_offset: i64,
    /// What the last stable offset became when it was aborted.
    pub last_stable_offset: i64,
}

impl AbortedTxn {
    /// The entry's bytes, version 0.
    pub(crate) fn encode(&self) -> [u8; ABORTED_TXN_SIZE] {
        let mut out = [0; ABORTED_TXN_SIZE];
        out[2..10].copy_from_slice(&self.producer_id.to_be_bytes());
        out[10..18].copy_from_slice(&self.first_offset.to_be_bytes());
        out[18..26].copy_from_slice(&self.last_offset.to_be_bytes());
        out[26..34].copy_from_slice(&self.last_stable_offset.to_be_bytes());
        out
    }

    /// `None` for a version above 0.
    pub(crate) fn decode(bytes: &[u8; ABORTED_TXN_SIZE]) -> Option<AbortedTxn> {
        let long = |at: usize| {
            let mut out = [0; 8];
            out.copy_from_slice(&bytes[at..at + 8]);
            i64::from_be_bytes(out)
        };
        if i16::from_be_bytes([bytes[0], bytes[1]]) > 0 {
            return None;
        }
        Some(AbortedTxn {
            producer_id: long(2),
            first_offset: long(10),
            last_offset: long(18),
            last_stable_offset: long(26),
        })
    }
}

/// The index of one segment.
#[derive(Debug)]
pub(crate) struct TxnIndex {
    name: String,
    exists: bool,
    file: Option<Arc<dyn File>>,
    loaded: Option<Arc<Vec<AbortedTxn>>>,
}

impl TxnIndex {
    pub fn new(name: String, exists: bool) -> TxnIndex {
        TxnIndex { name, exists, file: None, loaded: None }
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

    pub fn file_to_sync(&mut self, files: &LogFiles) -> io::Result<Option<Arc<dyn File>>> {
        if self.exists { self.open(files).map(Some) } else { Ok(None) }
    }

    pub fn close(&mut self) {
        self.file = None;
        self.loaded = None;
    }

    /// All entries. `InvalidData` when the file holds something else.
    pub fn entries(&mut self, files: &LogFiles) -> io::Result<Arc<Vec<AbortedTxn>>> {
        if let Some(loaded) = &self.loaded {
            return Ok(loaded.clone());
        }
        if !self.exists {
            return Ok(Arc::default());
        }
        let file = files.open(&self.name, OpenMode::ReadWrite)?;
        let len = usize::try_from(file.len()?).map_err(|_| io::ErrorKind::FileTooLarge)?;
        let mut bytes = vec![0; len - len % ABORTED_TXN_SIZE];
        file.read_exact_at(&mut bytes, 0)?;
        let (chunks, _) = bytes.as_chunks::<ABORTED_TXN_SIZE>();
        let entries: Option<Vec<AbortedTxn>> = chunks.iter().map(AbortedTxn::decode).collect();
        let entries = Arc::new(entries.ok_or(io::ErrorKind::InvalidData)?);
        self.loaded = Some(entries.clone());
        Ok(entries)
    }

    pub fn append(&mut self, files: &LogFiles, txn: AbortedTxn) -> io::Result<()> {
        let mut entries = self.entries(files)?;
        let file = self.open(files)?;
        file.write_all_at(&txn.encode(), (entries.len() * ABORTED_TXN_SIZE) as u64)?;
        self.loaded = None;
        Arc::make_mut(&mut entries).push(txn);
        self.loaded = Some(entries);
        Ok(())
    }

    /// Keeps transactions that ended below `offset`.
    pub fn truncate_to(&mut self, files: &LogFiles, offset: i64) -> io::Result<()> {
        if !self.exists {
            return Ok(());
        }
        let mut entries = self.entries(files)?;
        let keep = entries.iter().position(|txn| txn.last_offset >= offset).unwrap_or(entries.len());
        if keep < entries.len() {
            self.loaded = None;
            self.open(files)?.set_len((keep * ABORTED_TXN_SIZE) as u64)?;
            Arc::make_mut(&mut entries).truncate(keep);
            self.loaded = Some(entries);
        }
        Ok(())
    }

    /// Empties it, whatever it holds.
    pub fn reset(&mut self, files: &LogFiles) -> io::Result<()> {
        if self.exists {
            self.open(files)?.set_len(0)?;
            self.loaded = Some(Arc::default());
        }
        Ok(())
    }

    /// Whether its content can belong to a segment that starts at `base_offset`.
    pub fn is_sane(&mut self, files: &LogFiles, base_offset: i64) -> bool {
        self.entries(files).is_ok_and(|entries| entries.iter().all(|txn| txn.last_offset >= base_offset))
    }
}
