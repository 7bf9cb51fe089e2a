//! What a partition knows about the producers that write to it (`ProducerStateManager`, `ProducerAppendInfo`):
//! sequences of the last five batches of each, open transactions, and the producer snapshots (`.snapshot`).
//!
//! Owned by the log. An append first works on copies ([`Pending`]) which are put in place after the bytes have been
//! written, so a failed write changes nothing.
//!
//! Not here yet: verification guards (KIP-890); they come with transactions.

use super::error::AppendError;
use super::files::{LogFiles, SNAPSHOT_SUFFIX, file_name, offset_of_name, remove_if_exists, rename_if_exists};
use ottla_base::storage::OpenMode;
use ottla_base::wire::Reader;
use ottla_record::batch::{BatchHeader, NO_PRODUCER_EPOCH, NO_SEQUENCE, decrement_sequence};
use smallvec::SmallVec;
use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::path::PathBuf;

/// Batches per producer among which duplicates are found.
pub const NUM_BATCHES_TO_RETAIN: usize = 5;

/// Who appends. Decides what is checked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AppendOrigin {
    /// A client's Produce: sequences and epochs are checked.
    Client,
    /// A coordinator: epochs are checked.
    Coordinator,
    /// A follower taking over what its leader accepted.
    Replication,
    /// The metadata quorum.
    RaftLeader,
}

/// One batch of a producer (`BatchMetadata`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BatchMetadata {
    /// Sequence of its last record.
    pub last_seq: i32,
    /// Offset of its last record.
    pub last_offset: i64,
    /// Last offset minus first offset.
    pub offset_delta: i32,
    /// Its maximal timestamp.
    pub timestamp: i64,
}

impl BatchMetadata {
    /// Sequence of its first record.
    pub fn first_seq(&self) -> i32 {
        decrement_sequence(self.last_seq, self.offset_delta)
    }

    /// Offset of its first record.
    pub fn first_offset(&self) -> i64 {
        self.last_offset - i64::from(self.offset_delta)
    }
}

/// State of one producer (`ProducerStateEntry`).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProducerStateEntry {
    /// The producer.
    pub producer_id: i64,
    /// Its last epoch; -1 before the first batch.
    pub producer_epoch: i16,
    /// Of the coordinator that wrote the last marker; -1 if none.
    pub coordinator_epoch: i32,
    /// Of its last batch or marker.
    pub last_timestamp: i64,
    /// Where its open transaction starts.
    pub current_txn_first_offset: Option<i64>,
    batches: SmallVec<[BatchMetadata; NUM_BATCHES_TO_RETAIN]>,
}

impl ProducerStateEntry {
    fn empty(producer_id: i64) -> ProducerStateEntry {
        ProducerStateEntry {
            producer_id,
            producer_epoch: NO_PRODUCER_EPOCH,
            coordinator_epoch: -1,
            last_timestamp: -1,
            current_txn_first_offset: None,
            batches: SmallVec::new(),
        }
    }

    /// The batches that duplicates are looked for in, oldest first.
    pub fn batches(&self) -> &[BatchMetadata] {
        &self.batches
    }

    /// Sequence of the last record; -1 if none is known.
    pub fn last_seq(&self) -> i32 {
        self.batches.last().map_or(NO_SEQUENCE, |b| b.last_seq)
    }

    /// Offset of the last record; -1 if none is known.
    pub fn last_data_offset(&self) -> i64 {
        self.batches.last().map_or(-1, |b| b.last_offset)
    }

    fn set_epoch(&mut self, epoch: i16) {
        if self.producer_epoch != epoch {
            self.batches.clear();
            self.producer_epoch = epoch;
        }
    }

    fn add_batch(&mut self, epoch: i16, batch: BatchMetadata) {
        self.set_epoch(epoch);
        if self.batches.len() == NUM_BATCHES_TO_RETAIN {
            self.batches.remove(0);
        }
        self.batches.push(batch);
        self.last_timestamp = batch.timestamp;
    }

    /// Fewer batches than duplicates may be looked for in, although there have been older ones.
    fn is_short(&self) -> bool {
        self.batches.len() < NUM_BATCHES_TO_RETAIN && self.batches.first().is_some_and(|b| b.first_seq() != 0)
    }

    fn find_duplicate(&self, header: &BatchHeader) -> Option<BatchMetadata> {
        if header.producer_epoch != self.producer_epoch {
            return None;
        }
        let last_seq = header.last_sequence();
        self.batches.iter().find(|b| b.first_seq() == header.base_sequence && b.last_seq == last_seq).copied()
    }
}

/// The marker that ends a transaction, read from a control batch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct EndTxnMarker {
    /// Abort, not commit.
    pub abort: bool,
    /// Of the coordinator that wrote it.
    pub coordinator_epoch: i32,
    /// Of its record.
    pub timestamp: i64,
}

impl EndTxnMarker {
    /// Reads the first record of a control batch. `Ok(None)` for an empty batch (all of the transaction was compacted
    /// away) and for control records of other kinds.
    pub fn read(header: &BatchHeader, records: &[u8]) -> Result<Option<EndTxnMarker>, AppendError> {
        if header.record_count == 0 {
            return Ok(None);
        }
        let parse = || -> Result<Option<EndTxnMarker>, ottla_base::wire::WireError> {
            let mut r = Reader::new(records);
            r.varint()?;
            r.i8()?;
            let timestamp_delta = r.varlong()?;
            r.varint()?;
            let key_len = usize::try_from(r.varint()?).unwrap_or(0);
            let mut key = Reader::new(r.take(key_len)?);
            key.i16()?;
            let kind = key.i16()?;
            if kind != 0 && kind != 1 {
                return Ok(None);
            }
            let value_len = usize::try_from(r.varint()?).unwrap_or(0);
            let mut value = Reader::new(r.take(value_len)?);
            value.i16()?;
            let coordinator_epoch = value.i32()?;
            let timestamp = header.record_timestamp(timestamp_delta);
            Ok(Some(EndTxnMarker { abort: kind == 0, coordinator_epoch, timestamp }))
        };
        parse().map_err(|e| AppendError::Corrupt(format!("control record at offset {}: {e}", header.base_offset)))
    }
}

/// A transaction that a marker has ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CompletedTxn {
    /// Whose.
    pub producer_id: i64,
    /// Of its first batch.
    pub first_offset: i64,
    /// Of its marker.
    pub last_offset: i64,
    /// Aborted, not committed.
    pub aborted: bool,
}

/// Copies of producers that appends in progress have changed.
#[derive(Debug, Default)]
pub(crate) struct Pending {
    producers: SmallVec<[ProducerStateEntry; 2]>,
    started: SmallVec<[(i64, i64); 2]>,
    pub completed: SmallVec<[CompletedTxn; 1]>,
}

impl Pending {
    fn find(&self, producer_id: i64) -> Option<&ProducerStateEntry> {
        self.producers.iter().find(|p| p.producer_id == producer_id)
    }

    fn put(&mut self, entry: ProducerStateEntry) {
        match self.producers.iter_mut().find(|p| p.producer_id == entry.producer_id) {
            Some(slot) => *slot = entry,
            None => self.producers.push(entry),
        }
    }

    /// Takes over what a later append has worked out on top of this.
    pub fn merge(&mut self, later: Pending) {
        for entry in later.producers {
            self.put(entry);
        }
        self.started.extend(later.started);
        self.completed.extend(later.completed);
    }
}

/// How strictly and on whose behalf batches are checked.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Check<'a> {
    pub origin: AppendOrigin,
    /// The transaction protocol of a marker; 2 and above: its epoch must be above the last one.
    pub transaction_version: i16,
    /// For messages.
    pub partition: &'a str,
}

/// What an append of one batch with a producer id comes to.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Checked {
    /// It may be written.
    New,
    /// It is in the log already.
    Duplicate(BatchMetadata),
}

/// All producers of a partition.
#[derive(Debug, Default)]
pub(crate) struct ProducerStateManager {
    producers: BTreeMap<i64, ProducerStateEntry>,
    /// Open transactions: first offset → producer.
    ongoing: BTreeMap<i64, i64>,
    /// Ended transactions whose marker the high watermark has not passed: first offset → last offset.
    unreplicated: BTreeMap<i64, i64>,
    /// Offsets of snapshot files.
    snapshots: BTreeSet<i64>,
    last_map_offset: i64,
    last_snap_offset: i64,
    expiration_ms: i64,
}

impl ProducerStateManager {
    /// Knows nobody. `snapshots` are the offsets of the snapshot files in the directory.
    pub fn new(snapshots: BTreeSet<i64>, expiration_ms: i64) -> ProducerStateManager {
        ProducerStateManager { snapshots, expiration_ms, ..ProducerStateManager::default() }
    }

    pub fn set_expiration_ms(&mut self, expiration_ms: i64) {
        self.expiration_ms = expiration_ms;
    }

    pub fn producers(&self) -> impl Iterator<Item = &ProducerStateEntry> {
        self.producers.values()
    }

    pub fn get(&self, producer_id: i64) -> Option<&ProducerStateEntry> {
        self.producers.get(&producer_id)
    }

    pub fn is_empty(&self) -> bool {
        self.producers.is_empty() && self.unreplicated.is_empty()
    }

    pub fn map_end_offset(&self) -> i64 {
        self.last_map_offset
    }

    pub fn set_map_end_offset(&mut self, offset: i64) {
        self.last_map_offset = offset;
    }

    pub fn latest_snapshot_offset(&self) -> Option<i64> {
        self.snapshots.last().copied()
    }

    /// The first offset that a read_committed reader must not pass.
    pub fn first_unstable_offset(&self) -> Option<i64> {
        let ongoing = self.ongoing.first_key_value().map(|(offset, _)| *offset);
        let unreplicated = self.unreplicated.first_key_value().map(|(offset, _)| *offset);
        match (ongoing, unreplicated) {
            (Some(a), Some(b)) => Some(a.min(b)),
            (a, b) => a.or(b),
        }
    }

    pub fn on_high_watermark(&mut self, high_watermark: i64) {
        if !self.unreplicated.is_empty() {
            self.unreplicated.retain(|_, last| *last >= high_watermark);
        }
    }

    pub fn on_log_start_incremented(&mut self, log_start_offset: i64) {
        self.unreplicated.retain(|_, last| *last >= log_start_offset);
        self.last_map_offset = self.last_map_offset.max(log_start_offset);
        self.last_snap_offset = self.latest_snapshot_offset().unwrap_or(log_start_offset);
    }

    fn is_expired(&self, entry: &ProducerStateEntry, now_ms: i64) -> bool {
        entry.current_txn_first_offset.is_none() && now_ms.saturating_sub(entry.last_timestamp) >= self.expiration_ms
    }

    /// Forgets producers that have been silent for `producer.id.expiration.ms`, never one with an open transaction.
    pub fn remove_expired(&mut self, now_ms: i64) {
        let expired: Vec<i64> =
            self.producers.values().filter(|e| self.is_expired(e, now_ms)).map(|e| e.producer_id).collect();
        for id in expired {
            self.producers.remove(&id);
        }
    }

    /// Works out what the batch does to its producer, on copies in `work` over `base` over the committed state.
    /// Precondition: the batch has a producer id. `records` is its payload, needed for control batches only.
    pub fn analyze(
        &self,
        base: &Pending,
        work: &mut Pending,
        header: &BatchHeader,
        records: &[u8],
        check: Check<'_>,
    ) -> Result<Checked, AppendError> {
        let id = header.producer_id;
        let committed = base.find(id).or_else(|| self.producers.get(&id));
        if check.origin == AppendOrigin::Client
            && let Some(duplicate) = committed.and_then(|e| e.find_duplicate(header))
        {
            return Ok(Checked::Duplicate(duplicate));
        }
        let original_epoch = committed.map_or(NO_PRODUCER_EPOCH, |e| e.producer_epoch);
        let mut entry = work.find(id).or(committed).cloned().unwrap_or_else(|| ProducerStateEntry::empty(id));
        if header.is_control() {
            if let Some(marker) = EndTxnMarker::read(header, records)? {
                let completed = end_txn(&mut entry, header, marker, check)?;
                work.completed.extend(completed);
            }
        } else {
            check_epoch(&entry, header.producer_epoch, header.base_offset, check, 0)?;
            if check.origin == AppendOrigin::Client {
                check_sequence(&entry, original_epoch, header, check)?;
            }
            entry.add_batch(
                header.producer_epoch,
                BatchMetadata {
                    last_seq: header.last_sequence(),
                    last_offset: header.last_offset(),
                    offset_delta: header.last_offset_delta,
                    timestamp: header.max_timestamp,
                },
            );
            match (entry.current_txn_first_offset, header.is_transactional()) {
                (Some(_), false) => {
                    return Err(AppendError::InvalidTxnState(format!(
                        "Expected transactional write from producer {id} at offset {} in partition {}",
                        header.base_offset, check.partition
                    )));
                }
                (None, true) => {
                    entry.current_txn_first_offset = Some(header.base_offset);
                    work.started.push((header.base_offset, id));
                }
                _ => {}
            }
        }
        work.put(entry);
        Ok(Checked::New)
    }

    /// Puts in place what appends worked out; call after their bytes have been written. Returns ended transactions
    /// with the last stable offset that each brought; the caller indexes the aborted ones.
    pub fn commit(&mut self, pending: Pending, end_offset: i64) -> SmallVec<[(CompletedTxn, i64); 1]> {
        for entry in pending.producers {
            self.producers.insert(entry.producer_id, entry);
        }
        self.ongoing.extend(pending.started);
        let mut ended = SmallVec::new();
        for txn in pending.completed {
            let next = self.ongoing.iter().find(|(_, producer)| **producer != txn.producer_id);
            let last_stable_offset = next.map_or(txn.last_offset + 1, |(first, _)| *first);
            self.ongoing.remove(&txn.first_offset);
            self.unreplicated.insert(txn.first_offset, txn.last_offset);
            ended.push((txn, last_stable_offset));
        }
        self.last_map_offset = end_offset;
        ended
    }

    /// Replays one batch of the log, without objections. Precondition: it has a producer id.
    pub fn replay(
        &mut self,
        header: &BatchHeader,
        records: &[u8],
        partition: &str,
    ) -> Result<Option<(CompletedTxn, i64)>, AppendError> {
        let check = Check { origin: AppendOrigin::Replication, transaction_version: 0, partition };
        let mut work = Pending::default();
        self.analyze(&Pending::default(), &mut work, header, records, check)?;
        Ok(self.commit(work, header.next_offset()).into_iter().next())
    }

    /// Whether some producer's window has room for a batch older than those that it holds.
    pub fn has_short_window(&self) -> bool {
        self.producers.values().any(ProducerStateEntry::is_short)
    }

    /// Puts a batch that was read from the log below the batches that its producer's window holds, if it belongs there.
    /// Batches come newest first.
    pub fn add_older(&mut self, header: &BatchHeader) {
        if !header.has_producer_id() || header.is_control() {
            return;
        }
        let Some(entry) = self.producers.get_mut(&header.producer_id) else { return };
        let below = entry.batches.first().is_some_and(|b| header.last_offset() < b.first_offset());
        if below && entry.is_short() && entry.producer_epoch == header.producer_epoch {
            let batch = BatchMetadata {
                last_seq: header.last_sequence(),
                last_offset: header.last_offset(),
                offset_delta: header.last_offset_delta,
                timestamp: header.max_timestamp,
            };
            entry.batches.insert(0, batch);
        }
    }

    fn clear(&mut self) {
        self.producers.clear();
        self.ongoing.clear();
        self.unreplicated.clear();
    }

    /// Forgets everybody and every snapshot; the log starts anew at `offset`.
    pub fn truncate_fully_and_start_at(&mut self, files: &LogFiles, offset: i64) -> io::Result<()> {
        self.clear();
        for snapshot in std::mem::take(&mut self.snapshots) {
            remove_snapshot(files, snapshot)?;
        }
        self.last_snap_offset = 0;
        self.last_map_offset = offset;
        Ok(())
    }

    /// Drops snapshots outside the log and reloads from the newest that is left, unless the state is already that of
    /// `log_end_offset`. The caller replays the log from [`Self::map_end_offset`].
    pub fn truncate_and_reload(
        &mut self,
        files: &LogFiles,
        log_start_offset: i64,
        log_end_offset: i64,
        now_ms: i64,
    ) -> io::Result<()> {
        let outside: Vec<i64> =
            self.snapshots.iter().copied().filter(|s| *s > log_end_offset || *s <= log_start_offset).collect();
        for snapshot in outside {
            self.snapshots.remove(&snapshot);
            remove_snapshot(files, snapshot)?;
        }
        if log_end_offset == self.last_map_offset {
            self.on_log_start_incremented(log_start_offset);
            return Ok(());
        }
        self.clear();
        while let Some(offset) = self.latest_snapshot_offset() {
            let bytes = files.storage.read(&files.path(&file_name(offset, SNAPSHOT_SUFFIX)));
            if let Some(entries) = bytes.ok().and_then(|b| decode_snapshot(&b)) {
                for entry in entries {
                    if !self.is_expired(&entry, now_ms) {
                        if let Some(first) = entry.current_txn_first_offset {
                            self.ongoing.insert(first, entry.producer_id);
                        }
                        self.producers.insert(entry.producer_id, entry);
                    }
                }
                self.last_snap_offset = offset;
                self.last_map_offset = offset;
                return Ok(());
            }
            tracing::warn!(
                "Failed to load producer snapshot from '{}'; it is rebuilt",
                files.path(&file_name(offset, SNAPSHOT_SUFFIX)).display()
            );
            self.snapshots.remove(&offset);
            remove_snapshot(files, offset)?;
        }
        self.last_snap_offset = log_start_offset;
        self.last_map_offset = log_start_offset;
        Ok(())
    }

    /// Keeps the snapshots at segment starts and the newest one above them (`removeStraySnapshots`).
    pub fn remove_stray_snapshots(&mut self, files: &LogFiles, base_offsets: &[i64]) -> io::Result<()> {
        let strays: Vec<i64> = self.snapshots.iter().copied().filter(|s| !base_offsets.contains(s)).collect();
        let max_base = base_offsets.last().copied();
        let keep = strays.last().copied().filter(|s| max_base.is_none_or(|base| *s >= base));
        for stray in strays {
            if Some(stray) != keep {
                self.snapshots.remove(&stray);
                remove_snapshot(files, stray)?;
            }
        }
        Ok(())
    }

    /// Writes a snapshot of the state at [`Self::map_end_offset`], unless there is one. Not synced; returns the file's
    /// name.
    pub fn take_snapshot(&mut self, files: &LogFiles) -> io::Result<Option<String>> {
        if self.last_map_offset <= self.last_snap_offset {
            return Ok(None);
        }
        let name = file_name(self.last_map_offset, SNAPSHOT_SUFFIX);
        let bytes = encode_snapshot(self.producers.values());
        let file = files.open(&name, OpenMode::Create)?;
        file.set_len(0)?;
        file.write_all_at(&bytes, 0)?;
        self.snapshots.insert(self.last_map_offset);
        self.last_snap_offset = self.last_map_offset;
        Ok(Some(name))
    }

    /// Marks the snapshot at `offset` for deletion; returns the file to remove later.
    pub fn mark_snapshot_deleted(&mut self, files: &LogFiles, offset: i64) -> io::Result<Option<PathBuf>> {
        if !self.snapshots.remove(&offset) {
            return Ok(None);
        }
        let from = files.path(&file_name(offset, SNAPSHOT_SUFFIX));
        let to = files.path(&file_name(offset, ".snapshot.deleted"));
        Ok(rename_if_exists(files.storage.as_ref(), &from, &to)?.then_some(to))
    }
}

fn remove_snapshot(files: &LogFiles, offset: i64) -> io::Result<()> {
    remove_if_exists(files.storage.as_ref(), &files.path(&file_name(offset, SNAPSHOT_SUFFIX)))
}

/// Offsets of the snapshot files among `names`.
pub(crate) fn snapshot_offsets<'a>(names: impl Iterator<Item = &'a str>) -> BTreeSet<i64> {
    names.filter(|n| n.ends_with(SNAPSHOT_SUFFIX)).filter_map(offset_of_name).collect()
}

fn check_epoch(
    entry: &ProducerStateEntry,
    epoch: i16,
    offset: i64,
    check: Check<'_>,
    transaction_version: i16,
) -> Result<(), AppendError> {
    let current = entry.producer_epoch;
    let strict = transaction_version >= 2;
    if if strict { epoch > current } else { epoch >= current } {
        return Ok(());
    }
    // KAFKA-19999: a marker that is written again after the transaction ended is let through.
    if strict && epoch == current && (entry.current_txn_first_offset.is_none() || epoch == i16::MAX) {
        return Ok(());
    }
    let message = format!(
        "Epoch of producer {} at offset {offset} in {} is {epoch}, which is {} the last seen epoch {current} (TV{transaction_version})",
        entry.producer_id,
        check.partition,
        if strict { "<=" } else { "<" },
    );
    if check.origin == AppendOrigin::Replication {
        tracing::warn!("{message}");
        return Ok(());
    }
    Err(AppendError::InvalidProducerEpoch(message))
}

fn check_sequence(
    entry: &ProducerStateEntry,
    original_epoch: i16,
    header: &BatchHeader,
    check: Check<'_>,
) -> Result<(), AppendError> {
    let first_seq = header.base_sequence;
    if header.producer_epoch != entry.producer_epoch {
        if first_seq != 0 && entry.producer_epoch != NO_PRODUCER_EPOCH {
            return Err(AppendError::OutOfOrderSequence(format!(
                "Invalid sequence number for new epoch of producer {}at offset {} in partition {}: {} (request epoch), {} \
                 (seq. number), {} (current producer epoch)",
                entry.producer_id,
                header.base_offset,
                check.partition,
                header.producer_epoch,
                first_seq,
                entry.producer_epoch
            )));
        }
        return Ok(());
    }
    let last_seq = entry.last_seq();
    let in_sequence = i64::from(first_seq) == i64::from(last_seq) + 1 || (first_seq == 0 && last_seq == i32::MAX);
    // Nothing is known (retention or DeleteRecords took it): any sequence is welcome.
    if original_epoch == NO_PRODUCER_EPOCH || in_sequence {
        return Ok(());
    }
    Err(AppendError::OutOfOrderSequence(format!(
        "Out of order sequence number for producer {} at offset {} in partition {}: {first_seq} (incoming seq. number), \
         {last_seq} (current end sequence number)",
        entry.producer_id, header.base_offset, check.partition
    )))
}

fn end_txn(
    entry: &mut ProducerStateEntry,
    header: &BatchHeader,
    marker: EndTxnMarker,
    check: Check<'_>,
) -> Result<Option<CompletedTxn>, AppendError> {
    let version = if check.origin == AppendOrigin::Replication { 0 } else { check.transaction_version };
    check_epoch(entry, header.producer_epoch, header.base_offset, check, version)?;
    if entry.coordinator_epoch > marker.coordinator_epoch && check.origin != AppendOrigin::Replication {
        return Err(AppendError::TransactionCoordinatorFenced(format!(
            "Invalid coordinator epoch for producerId {} at offset {} in partition {}: {} (zombie), {} (current)",
            entry.producer_id, header.base_offset, check.partition, marker.coordinator_epoch, entry.coordinator_epoch
        )));
    }
    let completed = entry.current_txn_first_offset.map(|first_offset| CompletedTxn {
        producer_id: entry.producer_id,
        first_offset,
        last_offset: header.base_offset,
        aborted: marker.abort,
    });
    entry.set_epoch(header.producer_epoch);
    entry.coordinator_epoch = marker.coordinator_epoch;
    entry.current_txn_first_offset = None;
    entry.last_timestamp = marker.timestamp;
    Ok(completed)
}

const SNAPSHOT_VERSION: i16 = 1;
const SNAPSHOT_ENTRY_SIZE: usize = 46;

/// A snapshot file's bytes.
pub(crate) fn encode_snapshot<'a>(entries: impl ExactSizeIterator<Item = &'a ProducerStateEntry>) -> Vec<u8> {
    let mut out = Vec::with_capacity(10 + entries.len() * SNAPSHOT_ENTRY_SIZE);
    out.extend_from_slice(&SNAPSHOT_VERSION.to_be_bytes());
    out.extend_from_slice(&[0; 4]);
    out.extend_from_slice(&(entries.len() as i32).to_be_bytes());
    for e in entries {
        out.extend_from_slice(&e.producer_id.to_be_bytes());
        out.extend_from_slice(&e.producer_epoch.to_be_bytes());
        out.extend_from_slice(&e.last_seq().to_be_bytes());
        out.extend_from_slice(&e.last_data_offset().to_be_bytes());
        out.extend_from_slice(&e.batches.last().map_or(0, |b| b.offset_delta).to_be_bytes());
        out.extend_from_slice(&e.last_timestamp.to_be_bytes());
        out.extend_from_slice(&e.coordinator_epoch.to_be_bytes());
        out.extend_from_slice(&e.current_txn_first_offset.unwrap_or(-1).to_be_bytes());
    }
    let crc = crc32c::crc32c(&out[6..]);
    out[2..6].copy_from_slice(&crc.to_be_bytes());
    out
}

/// The producers of a snapshot file; `None` when it is damaged.
pub(crate) fn decode_snapshot(bytes: &[u8]) -> Option<Vec<ProducerStateEntry>> {
    let mut r = Reader::new(bytes);
    if r.i16().ok()? != SNAPSHOT_VERSION || r.u32().ok()? != crc32c::crc32c(bytes.get(6..)?) {
        return None;
    }
    let count = r.array_len().ok()??;
    if count != r.remaining() / SNAPSHOT_ENTRY_SIZE {
        return None;
    }
    let mut out = Vec::with_capacity(count);
    for _ in 0..count {
        let mut read = || -> Result<ProducerStateEntry, ottla_base::wire::WireError> {
            let mut entry = ProducerStateEntry::empty(r.i64()?);
            entry.producer_epoch = r.i16()?;
            let (last_seq, last_offset, offset_delta) = (r.i32()?, r.i64()?, r.i32()?);
            entry.last_timestamp = r.i64()?;
            entry.coordinator_epoch = r.i32()?;
            entry.current_txn_first_offset = Some(r.i64()?).filter(|first| *first >= 0);
            if last_offset >= 0 {
                let timestamp = entry.last_timestamp;
                entry.batches.push(BatchMetadata { last_seq, last_offset, offset_delta, timestamp });
            }
            Ok(entry)
        };
        out.push(read().ok()?);
    }
    Some(out)
}
