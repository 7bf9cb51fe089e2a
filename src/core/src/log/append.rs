//! Appending: offsets and epochs are stamped into copied headers, producers are checked, and everything that fits the
//! segment goes out in one vectored write.

use super::epochs::EpochCache;
use super::error::{AppendError, StorageError};
use super::producers::{AppendOrigin, Check, Checked, CompletedTxn, Pending};
use super::segment::Segment;
use super::tail::TailBatch;
use super::txn_index::AbortedTxn;
use super::{Log, LogEffect};
use bytes::{Bytes, BytesMut};
use ottla_base::clock::Now;
use ottla_record::batch::{
    BatchHeader, NO_PARTITION_LEADER_EPOCH, RECORD_BATCH_OVERHEAD, RECORDS_OFFSET, TimestampType, verify_crc,
};
use std::io::IoSlice;
use std::sync::Arc;

/// A validated batch to be appended: its header (timestamps, codec and CRC final; offset and epoch are set here) and the
/// untouched bytes after the header.
#[derive(Clone, Debug)]
pub struct AppendBatch {
    /// Of the batch.
    pub header: BatchHeader,
    /// What follows the header.
    pub records: Bytes,
    /// Bytes of memory that keeping `records` keeps alive: the whole frame that it is a slice of.
    pub pinned: usize,
}

impl AppendBatch {
    /// Splits a whole batch. The caller has validated it.
    pub fn new(batch: &Bytes) -> Result<AppendBatch, ottla_record::batch::BatchError> {
        let header = BatchHeader::parse(batch)?;
        let records = batch.slice(RECORDS_OFFSET..header.size_in_bytes().min(batch.len()));
        Ok(AppendBatch { header, pinned: records.len(), records })
    }

    fn size(&self) -> u64 {
        (RECORD_BATCH_OVERHEAD + self.records.len()) as u64
    }
}

/// Batches that succeed or fail together.
#[derive(Clone, Debug)]
pub struct AppendRequest<'a> {
    /// At least one.
    pub batches: &'a [AppendBatch],
    /// Who appends.
    pub origin: AppendOrigin,
    /// For transaction markers: the transaction protocol (KIP-890); else 0.
    pub transaction_version: i16,
}

/// Where an append ended up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AppendInfo {
    /// Offset of the first record.
    pub first_offset: i64,
    /// Offset of the last record.
    pub last_offset: i64,
    /// Largest timestamp of its batches.
    pub max_timestamp: i64,
    /// -1 unless the topic stamps the time of append (or the batch is a duplicate: then its timestamp, as in Kafka).
    pub log_append_time: i64,
    /// Where the log starts.
    pub log_start_offset: i64,
    /// Nothing was written: the batch is in the log already.
    pub duplicate: bool,
}

#[derive(Debug)]
struct StagedBatch {
    header: BatchHeader,
    /// Either the payload after the header, or, with `whole`, the batch.
    bytes: Bytes,
    whole: bool,
    pinned: usize,
}

/// Appends that wait for one write.
#[derive(Debug, Default)]
struct Stage {
    batches: Vec<StagedBatch>,
    bytes: u64,
    end_offset: i64,
    pending: Pending,
    /// Which requests are in it.
    requests: Vec<usize>,
}

impl Log {
    /// Appends `batches` as the leader of `leader_epoch`; they get the next offsets.
    pub fn append_as_leader(
        &mut self,
        batches: &[AppendBatch],
        origin: AppendOrigin,
        leader_epoch: i32,
        now: Now,
    ) -> Result<AppendInfo, AppendError> {
        let request = AppendRequest { batches, origin, transaction_version: 0 };
        let mut results = self.append_group(&[request], leader_epoch, now);
        results.pop().unwrap_or_else(|| Err(StorageError::Offline { path: self.files.dir() }.into()))
    }

    /// Appends several requests, in order, with as few writes as possible. One result for each, in order; a refused one
    /// leaves no trace and does not hinder the others, unless the disk refused it: then what follows it is refused too.
    pub fn append_group(
        &mut self,
        requests: &[AppendRequest<'_>],
        leader_epoch: i32,
        now: Now,
    ) -> Vec<Result<AppendInfo, AppendError>> {
        let mut results = Vec::with_capacity(requests.len());
        let mut stage = self.new_stage();
        for (index, request) in requests.iter().enumerate() {
            // What follows an append that the disk refused must not overtake it: a log that knows nothing of a producer
            // yet takes any first sequence.
            let staged = match results.last() {
                Some(Err(AppendError::Storage(error))) => Err(error.duplicate().into()),
                _ => self.stage_request(&mut stage, index, request, leader_epoch, now, &mut results),
            };
            results.push(staged);
        }
        // Whoever is concerned has the error in its result.
        let _ = self.write_stage(stage, now, &mut results);
        results
    }

    /// Appends what a leader (or the metadata quorum) has already given offsets. Batches above `leader_epoch` and a cut
    /// batch at the end are left out. `None` when nothing was left to append.
    pub fn append_as_follower(
        &mut self,
        bytes: &Bytes,
        leader_epoch: i32,
        now: Now,
    ) -> Result<Option<AppendInfo>, AppendError> {
        self.check_online()?;
        let mut stage = self.new_stage();
        let mut at = 0;
        let mut last_offset = -1;
        let mut max_timestamp = -1;
        while let Some(rest) = bytes.get(at..).filter(|rest| rest.len() >= RECORD_BATCH_OVERHEAD) {
            let header = BatchHeader::parse(rest).map_err(|e| self.damaged(&e.to_string()))?;
            let size = header.size_in_bytes();
            if size > rest.len() {
                break;
            }
            if header.partition_leader_epoch != NO_PARTITION_LEADER_EPOCH
                && header.partition_leader_epoch > leader_epoch
            {
                break;
            }
            verify_crc(rest).map_err(|e| self.damaged(&e.to_string()))?;
            if header.base_offset < 0 || header.last_offset_delta < 0 || header.last_offset() < header.base_offset {
                return Err(self.damaged("offsets are not valid"));
            }
            if header.base_offset <= last_offset {
                return Err(AppendError::OffsetsOutOfOrder {
                    dir: self.label.clone(),
                    previous: last_offset,
                    next: header.last_offset(),
                });
            }
            last_offset = header.last_offset();
            max_timestamp = header.max_timestamp.max(max_timestamp);
            stage.bytes += size as u64;
            stage.batches.push(StagedBatch { header, bytes: bytes.slice(at..at + size), whole: true, pinned: size });
            at += size;
        }
        let Some(first) = stage.batches.first().map(|b| b.header.base_offset) else { return Ok(None) };
        if first < self.log_end_offset {
            return Err(AppendError::UnexpectedAppendOffset {
                dir: self.label.clone(),
                first_offset: first,
                last_offset,
                log_end_offset: self.log_end_offset,
            });
        }
        self.check_segment_size(stage.bytes)?;
        if self.should_roll(stage.bytes, 0, max_timestamp, last_offset, now)? {
            self.roll(Some(first), now)?;
        }
        let base = Pending::default();
        let check = Check { origin: AppendOrigin::Replication, transaction_version: 0, partition: &self.label };
        for batch in stage.batches.iter().filter(|b| b.header.has_producer_id()) {
            let payload = batch.bytes.get(RECORDS_OFFSET..).unwrap_or(&[]);
            self.producers.analyze(&base, &mut stage.pending, &batch.header, payload, check)?;
        }
        stage.end_offset = last_offset + 1;
        let info = AppendInfo {
            first_offset: first,
            last_offset,
            max_timestamp,
            log_append_time: -1,
            log_start_offset: self.log_start_offset,
            duplicate: false,
        };
        self.write_stage(stage, now, &mut [])?;
        Ok(Some(info))
    }

    fn damaged(&self, reason: &str) -> AppendError {
        AppendError::Corrupt(format!("{reason} in topic partition {}.", self.label))
    }

    fn new_stage(&self) -> Stage {
        Stage { end_offset: self.log_end_offset, ..Stage::default() }
    }

    fn check_segment_size(&self, size: u64) -> Result<(), AppendError> {
        let limit = u64::from(self.config.segment_bytes);
        if size > limit {
            return Err(AppendError::RecordBatchTooLarge { dir: self.label.clone(), size, limit });
        }
        Ok(())
    }

    fn stage_request(
        &mut self,
        stage: &mut Stage,
        index: usize,
        request: &AppendRequest<'_>,
        leader_epoch: i32,
        now: Now,
        results: &mut [Result<AppendInfo, AppendError>],
    ) -> Result<AppendInfo, AppendError> {
        self.check_online()?;
        let size: u64 = request.batches.iter().map(AppendBatch::size).sum();
        self.check_segment_size(size)?;
        let first_offset = stage.end_offset;
        let mut next_offset = first_offset;
        let mut max_timestamp = -1;
        let mut log_append_time = -1;
        for batch in request.batches {
            if batch.header.last_offset_delta < 0 || batch.header.size_in_bytes() as u64 != batch.size() {
                return Err(self.damaged("a batch's header does not match its size or offsets"));
            }
            next_offset += i64::from(batch.header.last_offset_delta) + 1;
            max_timestamp = batch.header.max_timestamp.max(max_timestamp);
            if batch.header.timestamp_type() == TimestampType::LogAppendTime {
                log_append_time = batch.header.max_timestamp;
            }
        }
        if next_offset == first_offset {
            return Err(self.damaged("nothing to append"));
        }
        let last_offset = next_offset - 1;
        if self.should_roll(size, stage.bytes, max_timestamp, last_offset, now)? {
            let full = std::mem::replace(stage, self.new_stage());
            let written = self.write_stage(full, now, results);
            *stage = self.new_stage();
            written?;
            self.roll(Some(first_offset), now)?;
        }
        let mut work = Pending::default();
        let check =
            Check { origin: request.origin, transaction_version: request.transaction_version, partition: &self.label };
        let staged_before = stage.batches.len();
        let mut offset = first_offset;
        for batch in request.batches {
            let mut header = batch.header;
            header.base_offset = offset;
            header.partition_leader_epoch = leader_epoch;
            offset = header.next_offset();
            if header.has_producer_id() {
                let checked = self.producers.analyze(&stage.pending, &mut work, &header, &batch.records, check);
                match checked {
                    Ok(Checked::New) => {}
                    Ok(Checked::Duplicate(duplicate)) => {
                        stage.batches.truncate(staged_before);
                        // If it is a duplicate of something that waits for the same write, it shares that one's fate.
                        stage.requests.push(index);
                        return Ok(AppendInfo {
                            first_offset: duplicate.first_offset(),
                            last_offset: duplicate.last_offset,
                            max_timestamp: duplicate.timestamp,
                            log_append_time: duplicate.timestamp,
                            log_start_offset: self.log_start_offset,
                            duplicate: true,
                        });
                    }
                    Err(error) => {
                        stage.batches.truncate(staged_before);
                        return Err(error);
                    }
                }
            }
            stage.batches.push(StagedBatch {
                header,
                bytes: batch.records.clone(),
                whole: false,
                pinned: batch.pinned,
            });
        }
        stage.pending.merge(work);
        stage.bytes += size;
        stage.end_offset = next_offset;
        stage.requests.push(index);
        Ok(AppendInfo {
            first_offset,
            last_offset,
            max_timestamp,
            log_append_time,
            log_start_offset: self.log_start_offset,
            duplicate: false,
        })
    }

    /// Writes what is staged and takes it into the state. On failure the requests in it get the error and the log is as
    /// before.
    fn write_stage(
        &mut self,
        mut stage: Stage,
        now: Now,
        results: &mut [Result<AppendInfo, AppendError>],
    ) -> Result<(), StorageError> {
        if stage.batches.is_empty() {
            return Ok(());
        }
        let requests = std::mem::take(&mut stage.requests);
        let written = self.try_write_stage(stage, now);
        if let Err(error) = &written {
            for index in requests {
                if let Some(slot) = results.get_mut(index) {
                    *slot = Err(AppendError::Storage(error.duplicate()));
                }
            }
        }
        written
    }

    fn try_write_stage(&mut self, stage: Stage, now: Now) -> Result<(), StorageError> {
        let file = self.active_file()?;
        let segment = self.active_segment()?;
        // Before the data, as in Kafka: an epoch without data is harmless, data without its epoch is not.
        self.assign_epochs(stage.batches.iter().map(|b| &b.header))?;
        let start = self.active.size;
        let heads = stage.batches.iter().filter(|b| !b.whole).count();
        let mut headers = BytesMut::with_capacity(heads * RECORD_BATCH_OVERHEAD);
        for batch in stage.batches.iter().filter(|b| !b.whole) {
            headers.extend_from_slice(&batch.header.to_bytes());
        }
        let headers = headers.freeze();
        let written = {
            let mut heads = headers.chunks_exact(RECORD_BATCH_OVERHEAD);
            let mut parts = Vec::with_capacity(stage.batches.len() + heads.len());
            for batch in &stage.batches {
                if !batch.whole {
                    parts.push(IoSlice::new(heads.next().unwrap_or(&[])));
                }
                parts.push(IoSlice::new(&batch.bytes));
            }
            file.write_vectored_at(&parts, start)
        };
        if let Err(source) = written {
            let mut error = segment.error(source);
            // What was written of it must not be taken for batches by a later start.
            if error.is_disk_full()
                && let Err(source) = file.set_len(start)
            {
                error = segment.error(source);
            }
            self.offline |= !error.is_disk_full();
            return Err(error);
        }
        let base = segment.base_offset;
        let interval = u64::from(self.config.index_interval_bytes);
        let mut position = start;
        let mut since = self.active.bytes_since_last_index_entry;
        let indexed = segment.with_indexes(|indexes, files| {
            for batch in &stage.batches {
                let header = &batch.header;
                indexes.observe(files, base, header)?;
                if since > interval {
                    indexes.add(files, base, header.last_offset(), position)?;
                    since = 0;
                }
                let size = header.size_in_bytes() as u64;
                position += size;
                since += size;
            }
            Ok(())
        });
        if let Err(error) = indexed {
            // The index could not even be read. The batches are written; a restart rebuilds it.
            self.offline = true;
            return Err(error);
        }
        self.active.bytes_since_last_index_entry = since;
        if self.active.rolling_based_timestamp.is_none() && start == 0 {
            self.active.rolling_based_timestamp = stage.batches.first().map(|b| b.header.max_timestamp);
        }
        let end = start + stage.bytes;
        self.active.size = end;
        segment.set_size(end);
        segment.set_modified_ms(now.wall_ms);
        let mut at = start;
        let mut head = 0;
        for batch in stage.batches {
            let header = batch.header;
            let size = header.size_in_bytes() as u64;
            let bytes = if batch.whole {
                [batch.bytes, Bytes::new()]
            } else {
                let front = headers.slice(head..head + RECORD_BATCH_OVERHEAD);
                head += RECORD_BATCH_OVERHEAD;
                [front, batch.bytes]
            };
            let offsets = (header.base_offset, header.last_offset());
            let kept = TailBatch::new(offsets, base, at, u32::try_from(size).unwrap_or(u32::MAX), bytes);
            self.tail.push(&self.cache, kept, batch.pinned);
            at += size;
        }
        self.log_end_offset = stage.end_offset;
        self.snapshot = None;
        for (txn, last_stable_offset) in self.producers.commit(stage.pending, stage.end_offset) {
            if let Err(error) = index_aborted(&segment, txn, last_stable_offset) {
                // Readers would take aborted data for committed: nothing more until a restart has rebuilt the index.
                self.offline = true;
                return Err(error);
            }
        }
        if self.log_end_offset.saturating_sub(self.recovery_point) >= self.config.flush_messages {
            self.request_flush();
        }
        Ok(())
    }

    fn assign_epochs<'a>(&mut self, headers: impl Iterator<Item = &'a BatchHeader>) -> Result<(), StorageError> {
        let mut changed = false;
        for header in headers {
            let epoch = header.partition_leader_epoch;
            if epoch >= 0 && self.epochs.latest_epoch() != Some(epoch) {
                changed |= Arc::make_mut(&mut self.epochs).assign(epoch, header.base_offset);
            }
        }
        if changed || self.epochs_unwritten { self.write_epochs() } else { Ok(()) }
    }

    /// A leader of `epoch` begins at `start_offset` (`assignEpochStartOffset`).
    pub fn assign_epoch_start_offset(&mut self, epoch: i32, start_offset: i64) -> Result<(), StorageError> {
        self.check_online()?;
        if Arc::make_mut(&mut self.epochs).assign(epoch, start_offset) {
            self.snapshot = None;
            self.write_epochs_if_room()?;
        }
        Ok(())
    }

    pub(super) fn write_epochs(&mut self) -> Result<(), StorageError> {
        let text = EpochCache::encode(&self.epochs);
        self.epochs_unwritten = true;
        self.replace_file(super::files::LEADER_EPOCH_CHECKPOINT, text.as_bytes())?;
        self.epochs_unwritten = false;
        Ok(())
    }

    /// Where no data depends on it yet: on a full disk the next append, or a clean stop, writes the file.
    pub(super) fn write_epochs_if_room(&mut self) -> Result<(), StorageError> {
        match self.write_epochs() {
            Err(error) if error.is_disk_full() => Ok(()),
            other => other,
        }
    }

    pub(super) fn request_flush(&mut self) {
        match self.flush_request(self.log_end_offset) {
            Ok(Some(request)) => self.effects.push(LogEffect::Flush(request)),
            Ok(None) => {}
            Err(error) => {
                tracing::error!("{}: cannot prepare a flush: {error}", self.label);
                // Somebody may wait for it.
                self.offline = true;
            }
        }
    }
}

/// Notes an aborted transaction in the index of the segment that holds its marker.
pub(super) fn index_aborted(segment: &Segment, txn: CompletedTxn, last_stable_offset: i64) -> Result<(), StorageError> {
    if !txn.aborted {
        return Ok(());
    }
    let entry = AbortedTxn {
        producer_id: txn.producer_id,
        first_offset: txn.first_offset,
        last_offset: txn.last_offset,
        last_stable_offset,
    };
    segment.with_indexes(|indexes, files| indexes.txn.append(files, entry))
}
