//! What readers see of a log: an immutable view that its owner publishes after each change. Reading takes no lock of
//! the writer; a view stays usable (files and all) after segments of it were deleted.
//!
//! A read yields a *plan*: bytes that are in memory, or a range of a file, to be sent by whoever answers.

use super::epochs::{EpochCache, OffsetAndEpoch};
use super::error::{ReadError, StorageError};
use super::segment::Segment;
use super::tail::Tail;
use super::txn_index::AbortedTxn;
use bytes::{Bytes, BytesMut};
use ottla_base::storage::File;
use ottla_record::batch::record::records;
use ottla_record::batch::{BatchError, BatchHeader, RECORDS_OFFSET};
use ottla_record::compression::{CompressionType, decompress};
use smallvec::SmallVec;
use std::borrow::Cow;
use std::sync::Arc;

/// Most that a batch may take decompressed when its records are looked at for their timestamps.
const MAX_DECOMPRESSED_BYTES: usize = 256 << 20;

/// A published view of a log.
#[derive(Clone, Debug)]
pub struct LogSnapshot {
    pub(crate) segments: Arc<Vec<Arc<Segment>>>,
    pub(crate) active_size: u64,
    pub(crate) tail: Arc<Tail>,
    /// First offset that may be read.
    pub log_start_offset: i64,
    /// One past the last offset.
    pub log_end_offset: i64,
    /// What consumers may read up to.
    pub high_watermark: i64,
    /// What read_committed consumers may read up to.
    pub last_stable_offset: i64,
    /// Leader epochs.
    pub epochs: Arc<EpochCache>,
}

/// A piece of a fetch.
#[derive(Clone, Debug)]
pub enum PlanPart {
    /// In memory.
    Bytes(Bytes),
    /// To be read or sent from a file.
    FileRange {
        /// An open file.
        file: Arc<dyn File>,
        /// First byte.
        position: u64,
        /// Bytes.
        len: u64,
    },
}

/// What a read returns. Starts with the batch that holds the fetch offset; the last batch may be cut.
#[derive(Clone, Debug, Default)]
pub struct FetchPlan {
    /// In order.
    pub parts: SmallVec<[PlanPart; 4]>,
    /// Bytes of all parts.
    pub size: u64,
    /// Offset of the first batch's first record; the fetch offset when there is nothing.
    pub base_offset: i64,
    /// Base offset of the segment that was read, and where in it the plan starts.
    pub segment_base_offset: i64,
    /// See `segment_base_offset`.
    pub position: u64,
    /// The size limit cut even the first batch.
    pub first_entry_incomplete: bool,
}

impl FetchPlan {
    /// The bytes of the plan, files read.
    pub fn read_all(&self) -> Result<Bytes, StorageError> {
        if let [PlanPart::Bytes(bytes)] = self.parts.as_slice() {
            return Ok(bytes.clone());
        }
        let mut out = BytesMut::with_capacity(usize::try_from(self.size).unwrap_or(0));
        for part in &self.parts {
            match part {
                PlanPart::Bytes(bytes) => out.extend_from_slice(bytes),
                PlanPart::FileRange { file, position, len } => {
                    let at = out.len();
                    out.resize(at + usize::try_from(*len).unwrap_or(0), 0);
                    let target = out.get_mut(at..).unwrap_or(&mut []);
                    file.read_exact_at(target, *position).map_err(|e| StorageError::new("segment", e))?;
                }
            }
        }
        Ok(out.freeze())
    }
}

/// An offset that was looked up by its time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TimestampAndOffset {
    /// Of the record; -1 where Kafka gives none.
    pub timestamp: i64,
    /// Of the record.
    pub offset: i64,
    /// The epoch of its batch, if known.
    pub leader_epoch: Option<i32>,
}

impl LogSnapshot {
    /// Plans a read of at most `max_bytes` from the batch that holds `fetch_offset` on, of batches that start below
    /// `upper_bound`. With `min_one_message` the first batch is returned whole however large it is. An offset at or
    /// above `upper_bound`, but not past the log's end, gives an empty plan.
    pub fn read(
        &self,
        fetch_offset: i64,
        max_bytes: u32,
        upper_bound: i64,
        min_one_message: bool,
    ) -> Result<FetchPlan, ReadError> {
        if fetch_offset < self.log_start_offset || fetch_offset > self.log_end_offset {
            return Err(ReadError::OutOfRange {
                offset: fetch_offset,
                log_start_offset: self.log_start_offset,
                log_end_offset: self.log_end_offset,
            });
        }
        let upper_bound = upper_bound.min(self.log_end_offset);
        if fetch_offset >= upper_bound {
            return Ok(FetchPlan { base_offset: fetch_offset, ..FetchPlan::default() });
        }
        if let Some(plan) = self.read_tail(fetch_offset, max_bytes, upper_bound, min_one_message) {
            return Ok(plan);
        }
        let first = self.segments.partition_point(|s| s.base_offset <= fetch_offset).saturating_sub(1);
        for index in first..self.segments.len() {
            let Some(segment) = self.segments.get(index) else { break };
            if segment.base_offset >= upper_bound && index > first {
                break;
            }
            let size = self.size_of(index);
            let Some(batch) = segment.locate(fetch_offset, size)? else { continue };
            let end = self.position_of_bound(index, upper_bound, size)?;
            let first_size = batch.header.size_in_bytes() as u64;
            let wanted = if min_one_message { u64::from(max_bytes).max(first_size) } else { u64::from(max_bytes) };
            let len = wanted.min(end.saturating_sub(batch.position));
            return self.file_plan(segment, batch.header.base_offset, batch.position, len, wanted < first_size);
        }
        Ok(FetchPlan { base_offset: fetch_offset, ..FetchPlan::default() })
    }

    fn file_plan(
        &self,
        segment: &Segment,
        base_offset: i64,
        position: u64,
        len: u64,
        first_entry_incomplete: bool,
    ) -> Result<FetchPlan, ReadError> {
        let mut plan = FetchPlan {
            base_offset,
            segment_base_offset: segment.base_offset,
            position,
            first_entry_incomplete,
            ..FetchPlan::default()
        };
        if len > 0 {
            let file = segment.log_file().map_err(|e| segment.error(e))?;
            plan.parts.push(PlanPart::FileRange { file, position, len });
            plan.size = len;
        }
        Ok(plan)
    }

    fn read_tail(&self, fetch_offset: i64, max_bytes: u32, upper_bound: i64, min_one: bool) -> Option<FetchPlan> {
        let hit = self.tail.find(fetch_offset, upper_bound, max_bytes as usize)?;
        let wanted = if min_one { max_bytes.max(hit.size) } else { max_bytes };
        // The view may be older than the tail, and its log may have been truncated since: what lies beyond is not ours.
        if hit.last_offset >= upper_bound || hit.base_offset > fetch_offset {
            return None;
        }
        if !hit.parts.is_empty() && wanted >= hit.size {
            return Some(FetchPlan {
                parts: hit.parts.into_iter().map(PlanPart::Bytes).collect(),
                size: hit.len as u64,
                base_offset: hit.base_offset,
                segment_base_offset: hit.segment,
                position: hit.position,
                first_entry_incomplete: false,
            });
        }
        let index = self.segments.binary_search_by_key(&hit.segment, |s| s.base_offset).ok()?;
        let segment = self.segments.get(index)?;
        let end = self.position_of_bound(index, upper_bound, self.size_of(index)).ok()?;
        let len = u64::from(wanted).min(end.saturating_sub(hit.position));
        self.file_plan(segment, hit.base_offset, hit.position, len, wanted < hit.size).ok()
    }

    pub(crate) fn size_of(&self, index: usize) -> u64 {
        match self.segments.get(index) {
            Some(_) if index + 1 == self.segments.len() => self.active_size,
            Some(segment) => segment.size(),
            None => 0,
        }
    }

    /// Where in segment `index` (of `size` bytes) the first batch at or above `bound` starts.
    fn position_of_bound(&self, index: usize, bound: i64, size: u64) -> Result<u64, ReadError> {
        if bound >= self.log_end_offset || self.segments.get(index + 1).is_some_and(|next| bound >= next.base_offset) {
            return Ok(size);
        }
        let Some(segment) = self.segments.get(index) else { return Ok(size) };
        if let Some((base, position)) = self.tail.position_of(bound)
            && base == segment.base_offset
        {
            return Ok(position.min(size));
        }
        Ok(segment.locate(bound, size)?.map_or(size, |batch| batch.position))
    }

    /// Bytes between two offsets, counted as Kafka counts for a parked fetch: both on the same segment, else `None`.
    pub fn bytes_between(&self, from: i64, to: i64) -> Result<Option<u64>, ReadError> {
        let segment = |offset: i64| self.segments.partition_point(|s| s.base_offset <= offset).saturating_sub(1);
        if from >= to {
            return Ok(Some(0));
        }
        let (a, b) = (segment(from), if to >= self.log_end_offset { self.segments.len() - 1 } else { segment(to) });
        if a != b {
            return Ok(None);
        }
        let size = self.size_of(a);
        Ok(Some(self.position_of_bound(a, to, size)?.saturating_sub(self.position_of_bound(a, from, size)?)))
    }

    /// Base offset of the segment that holds `offset`.
    pub fn segment_base_offset(&self, offset: i64) -> i64 {
        let index = self.segments.partition_point(|s| s.base_offset <= offset).saturating_sub(1);
        self.segments.get(index).map_or(0, |s| s.base_offset)
    }

    /// Bytes of all segments.
    pub fn size(&self) -> u64 {
        (0..self.segments.len()).map(|i| self.size_of(i)).sum()
    }

    /// How many segments there are.
    pub fn segment_count(&self) -> usize {
        self.segments.len()
    }

    /// Transactions that were aborted and overlap `[from, to)`.
    pub fn aborted_transactions(&self, from: i64, to: i64) -> Result<Vec<AbortedTxn>, ReadError> {
        let first = self.segments.partition_point(|s| s.base_offset <= from).saturating_sub(1);
        let mut out = Vec::new();
        for segment in self.segments.iter().skip(first) {
            for txn in segment.aborted()?.iter() {
                if txn.last_offset >= from && txn.first_offset < to {
                    out.push(*txn);
                }
                if txn.last_stable_offset >= to {
                    return Ok(out);
                }
            }
        }
        Ok(out)
    }

    /// The upper end of what `plan` holds, for [`Self::aborted_transactions`]: the next index entry's offset, else the
    /// end of its segment (`LocalLog.addAbortedTransactions`). May be higher than what is really there, never lower.
    pub fn upper_bound_of(&self, plan: &FetchPlan) -> i64 {
        let next = self.segments.partition_point(|s| s.base_offset <= plan.segment_base_offset);
        let end = self.segments.get(next).map_or(self.log_end_offset, |s| s.base_offset);
        let segment = next.checked_sub(1).and_then(|i| self.segments.get(i));
        let indexed = segment.and_then(|s| s.offset_at_or_after(plan.position + plan.size).ok().flatten());
        indexed.unwrap_or(end)
    }

    /// Where `epoch` ends; see [`EpochCache::end_offset_for`].
    pub fn end_offset_for_epoch(&self, epoch: i32) -> Option<OffsetAndEpoch> {
        self.epochs.end_offset_for(epoch, self.log_end_offset)
    }

    /// ListOffsets -2: where the log starts.
    pub fn earliest(&self) -> TimestampAndOffset {
        let epoch = self.epochs.earliest().filter(|e| e.start_offset <= self.log_start_offset).map(|e| e.epoch);
        TimestampAndOffset { timestamp: -1, offset: self.log_start_offset, leader_epoch: epoch }
    }

    /// ListOffsets -1, for a follower: where the log ends.
    pub fn latest(&self) -> TimestampAndOffset {
        TimestampAndOffset { timestamp: -1, offset: self.log_end_offset, leader_epoch: self.epochs.latest_epoch() }
    }

    /// The first record at or after `timestamp` (ListOffsets with a time). `None` when there is none.
    pub fn offset_for_timestamp(&self, timestamp: i64) -> Result<Option<TimestampAndOffset>, ReadError> {
        for (index, segment) in self.segments.iter().enumerate() {
            // A segment without batches would be taken for one of the time at which its file was made.
            let size = self.size_of(index);
            if size == 0 || segment.largest_timestamp()? < timestamp {
                continue;
            }
            let start = segment.position_for_timestamp(timestamp, self.log_start_offset)?;
            return self.find_record(
                segment,
                start,
                size,
                |header| header.max_timestamp >= timestamp,
                |offset, time| time >= timestamp && offset >= self.log_start_offset,
            );
        }
        Ok(None)
    }

    /// The first record with the largest timestamp (ListOffsets -3). `None` for a log without timestamps.
    pub fn max_timestamp_offset(&self) -> Result<Option<TimestampAndOffset>, ReadError> {
        let mut best: Option<(usize, i64, i64)> = None;
        for (index, segment) in self.segments.iter().enumerate() {
            let max = segment.max_timestamp()?;
            if best.is_none_or(|(_, timestamp, _)| max.timestamp > timestamp) {
                best = Some((index, max.timestamp, max.offset));
            }
        }
        let Some((index, timestamp, offset)) = best else { return Ok(None) };
        let (Some(segment), size) = (self.segments.get(index), self.size_of(index)) else { return Ok(None) };
        if size == 0 {
            return Ok(None);
        }
        let start = segment.locate(offset, size)?.map_or(0, |b| b.position);
        self.find_record(segment, start, size, |h| h.max_timestamp == timestamp, |_, time| time == timestamp)
    }

    fn find_record(
        &self,
        segment: &Segment,
        start: u64,
        size: u64,
        batch_matches: impl Fn(&BatchHeader) -> bool,
        record_matches: impl Fn(i64, i64) -> bool,
    ) -> Result<Option<TimestampAndOffset>, ReadError> {
        let mut scan = segment.scan(start, size)?;
        while let Some(batch) = scan.next()? {
            if !batch_matches(&batch.header) {
                continue;
            }
            let mut bytes = vec![0; batch.header.size_in_bytes()];
            let file = segment.log_file().map_err(|e| segment.error(e))?;
            file.read_exact_at(&mut bytes, batch.position).map_err(|e| segment.error(e))?;
            let corrupt = |e: BatchError| segment.corrupt(batch.position, e.to_string());
            let payload = bytes.get(RECORDS_OFFSET..).unwrap_or(&[]);
            let payload = match batch.header.compression().map_err(corrupt)? {
                CompressionType::None => Cow::Borrowed(payload),
                codec => Cow::Owned(
                    decompress(codec, payload, MAX_DECOMPRESSED_BYTES)
                        .map_err(|e| segment.corrupt(batch.position, e.to_string()))?,
                ),
            };
            for record in records(&batch.header, &payload) {
                let record = record.map_err(corrupt)?;
                let offset = batch.header.record_offset(record.offset_delta);
                let timestamp = batch.header.record_timestamp(record.timestamp_delta);
                if record_matches(offset, timestamp) {
                    let epoch = batch.header.partition_leader_epoch;
                    let leader_epoch = (epoch >= 0).then_some(epoch);
                    return Ok(Some(TimestampAndOffset { timestamp, offset, leader_epoch }));
                }
            }
        }
        Ok(None)
    }
}
