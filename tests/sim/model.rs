//! What a partition has to hold, kept beside the partition and compared with what it says.

use super::{Run, ensure, violation};
use bytes::Bytes;
use ottla_core::log::{LogSnapshot, ReadError};
use ottla_record::batch::{BatchHeader, RECORDS_OFFSET, increment_sequence, records, verify_crc};
use ottla_record::compression::{CompressionType, decompress};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// From the CRC on: what a batch is, wherever it lies and whoever leads.
const IDENTITY: usize = 17;

/// A batch as it is in the log.
#[derive(Clone, Debug)]
pub struct Batch {
    pub base: i64,
    pub last: i64,
    pub epoch: i32,
    pub producer_id: i64,
    pub producer_epoch: i16,
    pub first_seq: i32,
    pub last_seq: i32,
    pub max_timestamp: i64,
    /// Names the payload.
    pub key: u64,
    pub bytes: Bytes,
}

impl Batch {
    /// Splits one batch off and checks its CRC.
    pub fn parse(bytes: &Bytes) -> Result<Batch, String> {
        let header = BatchHeader::parse(bytes).map_err(|e| e.to_string())?;
        let size = header.size_in_bytes();
        let whole = (bytes.len() >= size).then(|| bytes.slice(..size)).ok_or("a cut batch")?;
        verify_crc(&whole).map_err(|e| e.to_string())?;
        Ok(Batch {
            base: header.base_offset,
            last: header.last_offset(),
            epoch: header.partition_leader_epoch,
            producer_id: header.producer_id,
            producer_epoch: header.producer_epoch,
            first_seq: header.base_sequence,
            last_seq: header.last_sequence(),
            max_timestamp: header.max_timestamp,
            key: key_of(&whole),
            bytes: whole,
        })
    }

    /// (offset, timestamp) of each record.
    pub fn times(&self) -> Result<Vec<(i64, i64)>, String> {
        let header = BatchHeader::parse(&self.bytes).map_err(|e| e.to_string())?;
        let payload = self.payload(&header)?;
        records(&header, &payload)
            .map(|record| {
                let record = record.map_err(|e| e.to_string())?;
                Ok((header.record_offset(record.offset_delta), header.record_timestamp(record.timestamp_delta)))
            })
            .collect()
    }

    /// (offset, key, value) of each record.
    pub fn key_values(&self) -> Result<Vec<KeyValue>, String> {
        let header = BatchHeader::parse(&self.bytes).map_err(|e| e.to_string())?;
        let payload = self.payload(&header)?;
        records(&header, &payload)
            .map(|record| {
                let record = record.map_err(|e| e.to_string())?;
                let offset = header.record_offset(record.offset_delta);
                Ok((offset, record.key.unwrap_or_default().to_vec(), record.value.map(<[u8]>::to_vec)))
            })
            .collect()
    }

    fn payload(&self, header: &BatchHeader) -> Result<Vec<u8>, String> {
        let payload = &self.bytes[RECORDS_OFFSET..];
        match header.compression().map_err(|e| e.to_string())? {
            CompressionType::None => Ok(payload.to_vec()),
            codec => decompress(codec, payload, 1 << 20).map(|b| b.to_vec()).map_err(|e| e.to_string()),
        }
    }
}

/// Offset, key, value.
pub type KeyValue = (i64, Vec<u8>, Option<Vec<u8>>);

/// Names the payload of a whole batch.
pub fn key_of(batch: &[u8]) -> u64 {
    hash(batch.get(IDENTITY..).unwrap_or(&[]))
}

/// FNV-1a.
pub fn hash(bytes: &[u8]) -> u64 {
    bytes.iter().fold(0xcbf2_9ce4_8422_2325, |h, b| (h ^ u64::from(*b)).wrapping_mul(0x0100_0000_01b3))
}

/// Reads whole batches from the one that holds `from` up to `to`, in reads of about `max_bytes`.
pub fn read_batches(snapshot: &LogSnapshot, mut from: i64, to: i64, max_bytes: u32) -> Run<Vec<Batch>> {
    let mut out = Vec::new();
    while from < to {
        let bytes = snapshot.read(from, max_bytes, to, true).map_err(read_error)?.read_all()?;
        let mut at = 0;
        while at < bytes.len() {
            let rest = bytes.slice(at..);
            let batch = match Batch::parse(&rest) {
                Ok(batch) => batch,
                // The size limit cuts the last batch of a read.
                Err(_) if at > 0 && BatchHeader::parse(&rest).map_or(true, |h| h.size_in_bytes() > rest.len()) => break,
                Err(error) => return violation(format!("a read at {from} returns a bad batch: {error}")),
            };
            at += batch.bytes.len();
            out.push(batch);
        }
        let Some(last) = out.last().filter(|last| last.last >= from) else {
            // The end of a log may be a hole (see `ModelLog::adopt`).
            break;
        };
        from = last.last + 1;
    }
    Ok(out)
}

/// A read error is the disk's, or a violation.
pub fn read_error(error: ReadError) -> super::Stop {
    match error {
        ReadError::Storage(error) => error.into(),
        other => super::Stop::Violation(format!("a read fails: {other}")),
    }
}

/// How far an acknowledgement went.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Promise {
    /// Of the leader: gone with its leadership, if the others had not got it.
    Leader,
    /// Of all in-sync replicas.
    All,
}

/// What is known of one partition.
#[derive(Clone, Debug, Default)]
pub struct ModelLog {
    /// By base offset: what the log held when it was last looked at.
    pub batches: BTreeMap<i64, Arc<Batch>>,
    /// One past the last offset.
    pub end: i64,
    /// First offset that may be read.
    pub start: i64,
    /// As far as the start may have moved, when something that moves it did not end.
    pub start_max: i64,
    /// Everything below is on the medium.
    pub flushed: i64,
    /// In which the high watermark was seen.
    pub leader_epoch: i32,
    /// In this leader epoch.
    pub high_watermark: i64,
    /// Acknowledged batches: base offset → payload.
    pub acked: BTreeMap<i64, (u64, Promise)>,
    /// Payloads that were ever offered to the log.
    pub offered: BTreeSet<u64>,
    /// (producer, epoch, first sequence) → base offset.
    pub sequences: BTreeMap<(i64, i16, i32), i64>,
    /// A power cut has happened since the last look.
    pub lossy: bool,
    /// Batches that were in the log and are not any more, by power cuts and truncations.
    pub losses: u64,
    /// A power cut has taken something; for whoever wants to know, and resets it.
    pub lost: bool,
    /// A compacted log that lost something in its middle.
    pub holes: bool,
    /// A truncation to this offset may have happened.
    pub maybe_truncated: Option<i64>,
}

impl ModelLog {
    /// Somebody wants this in the log.
    pub fn offer(&mut self, batch: &[u8]) {
        self.offered.insert(key_of(batch));
    }

    /// The batch that holds `offset`.
    pub fn holding(&self, offset: i64) -> Option<&Arc<Batch>> {
        self.batches.range(..=offset).next_back().map(|(_, b)| b).filter(|b| b.last >= offset)
    }

    /// Takes in what was appended.
    pub fn extend(&mut self, new: Vec<Batch>) -> Run {
        for batch in new {
            self.check_next(&batch)?;
            self.end = batch.last + 1;
            self.batches.insert(batch.base, Arc::new(batch));
        }
        Ok(())
    }

    fn check_next(&mut self, batch: &Batch) -> Run {
        ensure!(batch.base == self.end, "a batch at {} where {} comes next", batch.base, self.end);
        self.check_known(batch)
    }

    fn check_known(&mut self, batch: &Batch) -> Run {
        ensure!(self.offered.contains(&batch.key), "the batch at {} was never sent", batch.base);
        if batch.producer_id >= 0 {
            let name = (batch.producer_id, batch.producer_epoch, batch.first_seq);
            let before = self.sequences.insert(name, batch.base);
            ensure!(before.is_none(), "{name:?} is in the log twice, at {before:?} and {}", batch.base);
        }
        Ok(())
    }

    /// Compares with what the log holds after a start, by D15's table, and goes on from that. A compacted log may have
    /// holes where it was not flushed: nothing tells them from those of compaction.
    pub fn adopt(&mut self, found: Vec<Batch>, start: i64, end: i64, compacted: bool) -> Run {
        let holes = compacted && (self.lossy || self.holes);
        self.holes = holes;
        let mut next = found.first().map_or(end, |b| b.base);
        ensure!(next <= start || found.is_empty() || holes, "the log starts at {start}, its first batch at {next}");
        let mut epoch = -1;
        for batch in &found {
            let follows = batch.base == next || (holes && batch.base > next);
            ensure!(follows, "after the start: a batch at {} where {next} comes next", batch.base);
            ensure!(batch.epoch >= epoch, "after the start: epoch {} at {} after {epoch}", batch.epoch, batch.base);
            (next, epoch) = (batch.last + 1, batch.epoch);
        }
        ensure!(next == end || (holes && next < end), "after the start: batches end at {next}, the log at {end}");
        let latest = self.start.max(self.start_max);
        ensure!(start <= latest, "after the start: the log starts at {start}, later than {latest}");

        let held: BTreeMap<i64, Arc<Batch>> = found.into_iter().map(|b| (b.base, Arc::new(b))).collect();
        let same = |base: i64, key: u64| held.get(&base).is_some_and(|b| b.key == key);
        let strict = !self.lossy;
        for batch in self.batches.values().filter(|b| b.last >= start && b.last >= self.start) {
            let cut = self.maybe_truncated.is_some_and(|to| batch.last >= to);
            let must = (strict && !cut) || batch.last < self.flushed;
            if must && held.get(&batch.base).is_none_or(|b| b.bytes != batch.bytes) {
                let why = if strict { "a killed process" } else { "a power cut after its flush" };
                return violation(format!(
                    "the batch at {}..={} is lost or changed by {why}; flushed {}, the log is {start}..{end}",
                    batch.base, batch.last, self.flushed
                ));
            }
        }
        for (base, (key, _)) in &self.acked {
            if *base >= self.start && *base >= start && !same(*base, *key) {
                ensure!(!strict, "the acknowledged batch at {base} is lost by a killed process");
                ensure!(*base >= self.flushed, "the acknowledged batch at {base} is lost although it was flushed");
            }
        }
        let gone = |b: &&Arc<Batch>| b.last >= start && !same(b.base, b.key);
        let gone = self.batches.values().filter(gone).count() as u64;
        self.losses += gone;
        self.lost |= gone > 0;
        let acked = self.acked.len();
        self.acked.retain(|base, (key, _)| *base < start || same(*base, *key));
        self.losses += (acked - self.acked.len()) as u64;
        // What the log has beyond what it had: writes of which nobody heard. What it no longer has is forgotten.
        self.batches.retain(|_, b| b.last < start);
        self.sequences.clear();
        for batch in held.values() {
            self.check_known(batch)?;
        }
        self.batches.extend(held);
        self.end = end;
        self.start = start;
        self.flushed = self.flushed.min(end);
        self.lossy = false;
        self.start_max = 0;
        self.maybe_truncated = None;
        Ok(())
    }

    /// The log is about to be truncated to `offset`.
    pub fn will_truncate(&mut self, offset: i64) -> Run {
        let last = |base: i64| self.batches.get(&base).map_or(base, |b| b.last);
        let gone: Vec<i64> = self.acked.keys().copied().filter(|base| last(*base) >= offset).collect();
        for base in gone {
            if let Some((_, promise)) = self.acked.remove(&base) {
                ensure!(promise == Promise::Leader, "a truncation takes {base}, which all replicas acknowledged");
            }
        }
        self.flushed = self.flushed.min(offset);
        self.maybe_truncated = Some(offset);
        Ok(())
    }

    /// It was truncated.
    pub fn truncated(&mut self, offset: i64) {
        self.losses += self.batches.split_off(&offset).len() as u64;
        self.sequences.retain(|_, base| *base < offset);
        self.end = self.end.min(offset);
        self.maybe_truncated = None;
    }

    /// A producer is told that its batch is in the log.
    pub fn acknowledge(&mut self, base: i64, key: u64, promise: Promise) {
        self.acked.insert(base, (key, promise));
    }

    /// Batches that can be read, oldest first.
    pub fn readable(&self) -> impl Iterator<Item = &Arc<Batch>> {
        self.batches.values().filter(|b| b.last >= self.start)
    }

    /// Where a producer stands by the batches that are in the log: (epoch, last sequence, last offset).
    pub fn producer(&self, producer_id: i64) -> Option<(i16, i32, i64)> {
        let last = self.readable().filter(|b| b.producer_id == producer_id).last()?;
        Some((last.producer_epoch, last.last_seq, last.last))
    }

    /// Sequences of each (producer, epoch) have no gaps, and epochs of leaders do not fall.
    pub fn check_order(&self) -> Run {
        let mut next: BTreeMap<(i64, i16), i32> = BTreeMap::new();
        let mut epoch = -1;
        for batch in self.readable() {
            ensure!(batch.epoch >= epoch, "epoch {} at {} after {epoch}", batch.epoch, batch.base);
            epoch = batch.epoch;
            if batch.producer_id >= 0 {
                let name = (batch.producer_id, batch.producer_epoch);
                if let Some(expected) = next.insert(name, increment_sequence(batch.last_seq, 1)) {
                    ensure!(
                        batch.first_seq == expected,
                        "{name:?} has sequence {} at {} where {expected} comes next",
                        batch.first_seq,
                        batch.base
                    );
                }
            }
        }
        Ok(())
    }
}
