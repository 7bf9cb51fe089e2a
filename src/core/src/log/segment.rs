//! One segment: its log file, its indexes, and how to find a batch in it.
//!
//! Shared by the log's owner, who writes, and by readers. Files are opened when they are needed and can be closed at
//! any time; a reader that holds a handle goes on reading. The owner alone changes sizes.

use super::error::{ReadError, StorageError};
use super::files::{
    DELETED_SUFFIX, INDEX_SUFFIX, LOG_SUFFIX, LogFiles, TIME_INDEX_SUFFIX, TXN_INDEX_SUFFIX, file_name, lock,
};
use super::index::{IndexFile, OffsetEntry, TimeEntry};
use super::txn_index::{AbortedTxn, TxnIndex};
use ottla_base::storage::{File, OpenMode};
use ottla_record::batch::{BatchHeader, RECORD_BATCH_OVERHEAD};
use std::io;
use std::sync::atomic::{AtomicBool, AtomicI64, AtomicU64, Ordering};
use std::sync::{Arc, Mutex};

/// A timestamp and the last offset of the batch that has it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct TimestampOffset {
    pub timestamp: i64,
    pub offset: i64,
}

/// Where a batch is.
#[derive(Clone, Copy, Debug)]
pub(crate) struct BatchPosition {
    pub header: BatchHeader,
    pub position: u64,
}

#[derive(Debug)]
pub(crate) struct Indexes {
    pub offset: IndexFile<8>,
    pub time: IndexFile<12>,
    pub txn: TxnIndex,
    /// Largest timestamp of the segment, once known.
    max_timestamp: Option<TimestampOffset>,
    /// The last entries, once known.
    last_offset: Option<i64>,
    last_time: Option<TimestampOffset>,
}

/// One segment of a log.
#[derive(Debug)]
pub(crate) struct Segment {
    pub base_offset: i64,
    pub files: Arc<LogFiles>,
    size: AtomicU64,
    modified_ms: AtomicI64,
    deleted: AtomicBool,
    log: Mutex<Option<Arc<dyn File>>>,
    indexes: Mutex<Indexes>,
}

/// What the directory listing says about a segment's files: lengths, `None` where there is none.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct SegmentFiles {
    pub log_len: u64,
    pub modified_ms: i64,
    pub index_len: Option<u64>,
    pub time_index_len: Option<u64>,
    pub has_txn_index: bool,
}

impl Segment {
    pub fn new(files: Arc<LogFiles>, base_offset: i64, found: SegmentFiles) -> Segment {
        Segment {
            base_offset,
            files,
            size: AtomicU64::new(found.log_len),
            modified_ms: AtomicI64::new(found.modified_ms),
            deleted: AtomicBool::new(false),
            log: Mutex::new(None),
            indexes: Mutex::new(Indexes {
                offset: IndexFile::new(file_name(base_offset, INDEX_SUFFIX), found.index_len),
                time: IndexFile::new(file_name(base_offset, TIME_INDEX_SUFFIX), found.time_index_len),
                txn: TxnIndex::new(file_name(base_offset, TXN_INDEX_SUFFIX), found.has_txn_index),
                max_timestamp: None,
                last_offset: None,
                last_time: None,
            }),
        }
    }

    /// Creates the log file of a new segment. Its indexes come into being when they are first written.
    pub fn create(files: Arc<LogFiles>, base_offset: i64, modified_ms: i64) -> Result<Segment, StorageError> {
        let segment = Segment::new(files, base_offset, SegmentFiles { modified_ms, ..SegmentFiles::default() });
        let name = segment.log_name();
        let file = segment.files.open(&name, OpenMode::Create).map_err(|e| segment.files.error(&name, e))?;
        *lock(&segment.log) = Some(file);
        Ok(segment)
    }

    pub fn log_name(&self) -> String {
        file_name(self.base_offset, LOG_SUFFIX)
    }

    pub fn size(&self) -> u64 {
        self.size.load(Ordering::Acquire)
    }

    pub fn set_size(&self, size: u64) {
        self.size.store(size, Ordering::Release);
    }

    pub fn set_modified_ms(&self, ms: i64) {
        self.modified_ms.store(ms, Ordering::Relaxed);
    }

    pub fn mark_deleted(&self) {
        self.deleted.store(true, Ordering::Release);
    }

    /// The log file, opened now if it was closed.
    pub fn log_file(&self) -> io::Result<Arc<dyn File>> {
        let mut slot = lock(&self.log);
        if let Some(file) = &*slot {
            return Ok(file.clone());
        }
        let mut name = self.log_name();
        if self.deleted.load(Ordering::Acquire) {
            name.push_str(DELETED_SUFFIX);
        }
        let file = self.files.open(&name, OpenMode::ReadWrite)?;
        *slot = Some(file.clone());
        Ok(file)
    }

    /// Closes every file that is open. Pending index entries stay in memory.
    pub fn close_files(&self) {
        *lock(&self.log) = None;
        let mut indexes = lock(&self.indexes);
        indexes.offset.close();
        indexes.time.close();
        indexes.txn.close();
    }

    pub fn error(&self, source: io::Error) -> StorageError {
        self.files.error(&self.log_name(), source)
    }

    pub fn with_indexes<T>(
        &self,
        change: impl FnOnce(&mut Indexes, &LogFiles) -> io::Result<T>,
    ) -> Result<T, StorageError> {
        let mut indexes = lock(&self.indexes);
        change(&mut indexes, &self.files).map_err(|e| self.files.error(&file_name(self.base_offset, INDEX_SUFFIX), e))
    }

    fn relative(&self, offset: i64) -> Option<i32> {
        i32::try_from(offset.checked_sub(self.base_offset)?).ok().filter(|r| *r >= 0)
    }

    /// Whether `offset` can be expressed relative to this segment.
    pub fn can_hold(&self, offset: i64) -> bool {
        self.relative(offset).is_some()
    }

    /// The file position from which to look for the batch that holds `offset`. Never past it if the index is sound.
    fn index_position(&self, offset: i64) -> io::Result<u64> {
        let before = |e: &[u8; 8]| self.base_offset + i64::from(OffsetEntry::decode(e).relative_offset) <= offset;
        let search = lock(&self.indexes).offset.search(&self.files, before)?;
        let entry = search.finish(before)?.map(|e| OffsetEntry::decode(&e));
        Ok(entry.and_then(|e| u64::try_from(e.position).ok()).unwrap_or(0))
    }

    /// The offset of the first index entry at or behind `position`: an upper bound for what lies before it. `None` when
    /// the index ends earlier.
    pub fn offset_at_or_after(&self, position: u64) -> io::Result<Option<i64>> {
        let mut indexes = lock(&self.indexes);
        let at = |e: &[u8; 8]| OffsetEntry::decode(e);
        let n = indexes
            .offset
            .partition_point(&self.files, |e| u64::try_from(at(e).position).is_ok_and(|p| p < position))?;
        if n >= indexes.offset.entries() {
            return Ok(None);
        }
        Ok(Some(self.base_offset + i64::from(at(&indexes.offset.entry(&self.files, n)?).relative_offset)))
    }

    /// The first batch that reaches `offset`, within the first `limit` bytes; `None` when all of it lies below.
    pub fn locate(&self, offset: i64, limit: u64) -> Result<Option<BatchPosition>, ReadError> {
        let start = match self.index_position(offset) {
            Ok(position) if position < limit => position,
            // An index that cannot be read or lies costs a scan, not the read.
            _ => 0,
        };
        match self.scan_for(offset, start, limit) {
            Ok(found) if start == 0 || found.is_some_and(|f| f.header.base_offset <= offset || f.position > start) => {
                Ok(found)
            }
            _ => self.scan_for(offset, 0, limit),
        }
    }

    fn scan_for(&self, offset: i64, start: u64, limit: u64) -> Result<Option<BatchPosition>, ReadError> {
        let mut scan = self.scan(start, limit)?;
        while let Some(batch) = scan.next()? {
            if batch.header.last_offset() >= offset {
                return Ok(Some(batch));
            }
        }
        Ok(None)
    }

    /// Walks batch headers from `start`, which must be the start of a batch, within the first `limit` bytes.
    pub fn scan(&self, start: u64, limit: u64) -> Result<HeaderScan<'_>, ReadError> {
        let file = self.log_file().map_err(|e| self.error(e))?;
        Ok(HeaderScan { segment: self, file, position: start, limit, buffer: Vec::new(), buffer_start: start })
    }

    /// The offset after the last batch, found from the last index entry on.
    pub fn read_next_offset(&self) -> Result<i64, ReadError> {
        let size = self.size();
        let start = self.with_indexes(|ix, files| {
            let n = ix.offset.entries();
            if n == 0 {
                Ok(0)
            } else {
                Ok(u64::try_from(OffsetEntry::decode(&ix.offset.entry(files, n - 1)?).position).unwrap_or(0))
            }
        });
        let from = |start: u64| -> Result<Option<i64>, ReadError> {
            let mut scan = self.scan(start, size)?;
            let mut next = None;
            while let Some(batch) = scan.next()? {
                next = Some(batch.header.next_offset());
            }
            Ok(next)
        };
        let start = start.unwrap_or(0).min(size);
        let next = match from(start) {
            Ok(Some(next)) => Some(next),
            _ if start > 0 => from(0)?,
            other => other?,
        };
        Ok(next.unwrap_or(self.base_offset).max(self.base_offset))
    }

    /// Largest timestamp and its offset; timestamp -1 when there is none (`readMaxTimestampAndOffsetSoFar`).
    pub fn max_timestamp(&self) -> Result<TimestampOffset, StorageError> {
        self.with_indexes(|ix, files| ix.load_max_timestamp(files, self.base_offset))
    }

    /// After a truncation: the largest timestamp of what is left, which may lie behind the last index entry.
    pub fn recompute_max_timestamp(&self) -> Result<(), ReadError> {
        let mut max = self.max_timestamp()?;
        let start = if max.timestamp < 0 { 0 } else { self.locate(max.offset, self.size())?.map_or(0, |b| b.position) };
        let mut scan = self.scan(start, self.size())?;
        while let Some(batch) = scan.next()? {
            if batch.header.max_timestamp > max.timestamp {
                max = TimestampOffset { timestamp: batch.header.max_timestamp, offset: batch.header.last_offset() };
            }
        }
        lock(&self.indexes).max_timestamp = Some(max);
        Ok(())
    }

    /// For retention: the largest record timestamp, else when the file was last written.
    pub fn largest_timestamp(&self) -> Result<i64, StorageError> {
        let max = self.max_timestamp()?.timestamp;
        Ok(if max >= 0 { max } else { self.modified_ms.load(Ordering::Relaxed) })
    }

    /// Where to start looking for records at or after `timestamp`.
    pub fn position_for_timestamp(&self, timestamp: i64, starting_offset: i64) -> Result<u64, StorageError> {
        let before = |e: &[u8; 12]| TimeEntry::decode(e).timestamp <= timestamp;
        let find = || -> io::Result<u64> {
            let search = lock(&self.indexes).time.search(&self.files, before)?;
            let entry = search.finish(before)?.map(|e| TimeEntry::decode(&e));
            let offset = entry.map_or(self.base_offset, |e| self.base_offset + i64::from(e.relative_offset));
            self.index_position(offset.max(starting_offset))
        };
        find().map_err(|e| self.error(e))
    }

    /// Aborted transactions of this segment.
    pub fn aborted(&self) -> Result<Arc<Vec<AbortedTxn>>, StorageError> {
        self.with_indexes(|ix, files| ix.txn.entries(files))
    }
}

impl Indexes {
    fn load_max_timestamp(&mut self, files: &LogFiles, base_offset: i64) -> io::Result<TimestampOffset> {
        if let Some(max) = self.max_timestamp {
            return Ok(max);
        }
        let last = self.load_last_time(files, base_offset)?;
        self.max_timestamp = Some(last);
        Ok(last)
    }

    fn load_last_time(&mut self, files: &LogFiles, base_offset: i64) -> io::Result<TimestampOffset> {
        if let Some(last) = self.last_time {
            return Ok(last);
        }
        let n = self.time.entries();
        let last = if n == 0 {
            TimestampOffset { timestamp: -1, offset: base_offset }
        } else {
            let entry = TimeEntry::decode(&self.time.entry(files, n - 1)?);
            TimestampOffset { timestamp: entry.timestamp, offset: base_offset + i64::from(entry.relative_offset) }
        };
        self.last_time = Some(last);
        Ok(last)
    }

    fn load_last_offset(&mut self, files: &LogFiles, base_offset: i64) -> io::Result<i64> {
        if let Some(last) = self.last_offset {
            return Ok(last);
        }
        let n = self.offset.entries();
        let last = if n == 0 {
            base_offset
        } else {
            base_offset + i64::from(OffsetEntry::decode(&self.offset.entry(files, n - 1)?).relative_offset)
        };
        self.last_offset = Some(last);
        Ok(last)
    }

    /// Takes note of a batch's timestamp.
    pub fn observe(&mut self, files: &LogFiles, base_offset: i64, header: &BatchHeader) -> io::Result<()> {
        if header.max_timestamp > self.load_max_timestamp(files, base_offset)?.timestamp {
            self.max_timestamp =
                Some(TimestampOffset { timestamp: header.max_timestamp, offset: header.last_offset() });
        }
        Ok(())
    }

    /// Adds an entry for the batch that ends at `last_offset` and starts at `position`, to both indexes.
    pub fn add(&mut self, files: &LogFiles, base_offset: i64, last_offset: i64, position: u64) -> io::Result<()> {
        let (Ok(relative_offset), Ok(position)) = (i32::try_from(last_offset - base_offset), i32::try_from(position))
        else {
            return Ok(());
        };
        if self.offset.entries() > 0 && last_offset <= self.load_last_offset(files, base_offset)? {
            return Ok(());
        }
        let full = self.offset.push(OffsetEntry { relative_offset, position }.encode());
        self.last_offset = Some(last_offset);
        let time_full = self.add_time(files, base_offset)?;
        // Pending entries that cannot be written stay pending; a roll or a clean stop tries again.
        if full {
            let _ = self.offset.write_out(files);
        }
        if time_full {
            let _ = self.time.write_out(files);
        }
        Ok(())
    }

    /// Adds the largest timestamp to the time index if it is news (`TimeIndex.maybeAppend`).
    pub fn add_time(&mut self, files: &LogFiles, base_offset: i64) -> io::Result<bool> {
        let max = self.load_max_timestamp(files, base_offset)?;
        let last = self.load_last_time(files, base_offset)?;
        if max.timestamp <= last.timestamp {
            return Ok(false);
        }
        let Ok(relative_offset) = i32::try_from(max.offset - base_offset) else { return Ok(false) };
        self.last_time = Some(max);
        Ok(self.time.push(TimeEntry { timestamp: max.timestamp, relative_offset }.encode()))
    }

    /// What a roll or a clean close does: the largest timestamp gets its entry, and the files are whole
    /// (`onBecomeInactiveSegment`).
    pub fn seal(&mut self, files: &LogFiles, base_offset: i64) -> io::Result<()> {
        self.add_time(files, base_offset)?;
        self.offset.trim(files)?;
        self.time.trim(files)
    }

    /// Forgets all entries, to rebuild them.
    pub fn reset(&mut self, files: &LogFiles) -> io::Result<()> {
        self.max_timestamp = None;
        self.last_offset = None;
        self.last_time = None;
        self.offset.truncate(files, 0)?;
        self.time.truncate(files, 0)?;
        // Also drops bytes beyond whole entries and, after Kafka, space that was allocated ahead.
        self.offset.trim(files)?;
        self.time.trim(files)?;
        self.txn.reset(files)
    }

    /// Drops entries at or above `offset` (`truncateTo` of the three indexes). The caller sets the largest timestamp.
    pub fn truncate_to(&mut self, files: &LogFiles, base_offset: i64, offset: i64) -> io::Result<()> {
        let keep = self
            .offset
            .partition_point(files, |e| base_offset + i64::from(OffsetEntry::decode(e).relative_offset) < offset)?;
        self.offset.truncate(files, keep)?;
        let keep = self
            .time
            .partition_point(files, |e| base_offset + i64::from(TimeEntry::decode(e).relative_offset) < offset)?;
        self.time.truncate(files, keep)?;
        self.txn.truncate_to(files, offset)?;
        self.max_timestamp = None;
        self.last_offset = None;
        self.last_time = None;
        Ok(())
    }
}

/// Walks the headers of a segment's batches, reading a few KiB at a time.
#[derive(Debug)]
pub(crate) struct HeaderScan<'a> {
    segment: &'a Segment,
    file: Arc<dyn File>,
    position: u64,
    limit: u64,
    buffer: Vec<u8>,
    buffer_start: u64,
}

const SCAN_BYTES: usize = 4096;

impl HeaderScan<'_> {
    /// The next batch; `None` at the limit or where the last batch is cut by it.
    pub fn next(&mut self) -> Result<Option<BatchPosition>, ReadError> {
        if self.limit.saturating_sub(self.position) < RECORD_BATCH_OVERHEAD as u64 {
            return Ok(None);
        }
        let header = self.header_at(self.position)?;
        let position = self.position;
        let end = position + header.size_in_bytes() as u64;
        if end > self.limit {
            return Ok(None);
        }
        self.position = end;
        Ok(Some(BatchPosition { header, position }))
    }

    fn header_at(&mut self, position: u64) -> Result<BatchHeader, ReadError> {
        let parse = |buffer: &[u8], start: u64| {
            let at = usize::try_from(position.checked_sub(start)?).ok()?;
            buffer.get(at..).filter(|b| b.len() >= RECORD_BATCH_OVERHEAD).map(BatchHeader::parse)
        };
        let parsed = match parse(&self.buffer, self.buffer_start) {
            Some(parsed) => parsed,
            None => {
                let want = SCAN_BYTES.min(usize::try_from(self.limit - position).unwrap_or(SCAN_BYTES));
                self.buffer.resize(want, 0);
                self.buffer_start = position;
                let mut filled = 0;
                while filled < RECORD_BATCH_OVERHEAD {
                    let rest = self.buffer.get_mut(filled..).unwrap_or(&mut []);
                    match self.file.read_at(rest, position + filled as u64).map_err(|e| self.segment.error(e))? {
                        0 => break,
                        n => filled += n,
                    }
                }
                self.buffer.truncate(filled);
                BatchHeader::parse(&self.buffer)
            }
        };
        parsed.map_err(|e| self.segment.corrupt(position, e.to_string()))
    }
}

impl Segment {
    pub fn corrupt(&self, position: u64, reason: String) -> ReadError {
        ReadError::Corrupt { path: self.files.path(&self.log_name()), position, reason }
    }
}
