//! Writes any legal batch: for internal topics, the metadata log, compaction and tests.
//!
//! Records are encoded as they are appended; [`BatchBuilder::build`] compresses them and fills in the header. The caller
//! sets what it means: nothing is checked against Kafka's rules for clients (see `validate`).

use super::{
    ATTRIBUTES_OFFSET, BatchHeader, CONTROL_FLAG_MASK, CRC_OFFSET, CURRENT_MAGIC_VALUE, DELETE_HORIZON_FLAG_MASK,
    LOG_OVERHEAD, NO_PARTITION_LEADER_EPOCH, NO_PRODUCER_EPOCH, NO_PRODUCER_ID, NO_SEQUENCE, NO_TIMESTAMP,
    RECORD_BATCH_OVERHEAD, TIMESTAMP_TYPE_MASK, TRANSACTIONAL_FLAG_MASK, TimestampType,
};
use crate::compression::{self, Compression};
use bytes::Bytes;
use std::io;

/// A record to append.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Record<'a> {
    /// Milliseconds since the epoch, or -1.
    pub timestamp: i64,
    /// `None` is null.
    pub key: Option<&'a [u8]>,
    /// `None` is null.
    pub value: Option<&'a [u8]>,
    /// In order; duplicates are kept.
    pub headers: &'a [(&'a str, Option<&'a [u8]>)],
}

/// Builds one batch. Offsets and timestamps are absolute; deltas are computed here.
#[derive(Clone, Debug)]
pub struct BatchBuilder {
    base_offset: i64,
    partition_leader_epoch: i32,
    compression: Compression,
    timestamp_type: TimestampType,
    log_append_time: i64,
    transactional: bool,
    control: bool,
    delete_horizon_ms: Option<i64>,
    base_timestamp: Option<i64>,
    max_timestamp: i64,
    producer_id: i64,
    producer_epoch: i16,
    base_sequence: i32,
    last_offset: Option<i64>,
    next_offset: i64,
    count: i32,
    records: Vec<u8>,
}

impl Default for BatchBuilder {
    fn default() -> Self {
        BatchBuilder::new(0)
    }
}

impl BatchBuilder {
    /// A batch whose first record is at `base_offset`: uncompressed, CreateTime, no producer, no leader epoch.
    pub fn new(base_offset: i64) -> BatchBuilder {
        BatchBuilder {
            base_offset,
            partition_leader_epoch: NO_PARTITION_LEADER_EPOCH,
            compression: Compression::None,
            timestamp_type: TimestampType::CreateTime,
            log_append_time: NO_TIMESTAMP,
            transactional: false,
            control: false,
            delete_horizon_ms: None,
            base_timestamp: None,
            max_timestamp: NO_TIMESTAMP,
            producer_id: NO_PRODUCER_ID,
            producer_epoch: NO_PRODUCER_EPOCH,
            base_sequence: NO_SEQUENCE,
            last_offset: None,
            next_offset: base_offset,
            count: 0,
            records: Vec::new(),
        }
    }

    /// Epoch of the leader that appends.
    pub fn partition_leader_epoch(&mut self, epoch: i32) -> &mut BatchBuilder {
        self.partition_leader_epoch = epoch;
        self
    }

    /// Codec and level.
    pub fn compression(&mut self, compression: Compression) -> &mut BatchBuilder {
        self.compression = compression;
        self
    }

    /// LogAppendTime with this time as maxTimestamp.
    pub fn log_append_time(&mut self, wall_ms: i64) -> &mut BatchBuilder {
        self.timestamp_type = TimestampType::LogAppendTime;
        self.log_append_time = wall_ms;
        self
    }

    /// Producer id, epoch and sequence of the first record.
    pub fn producer(&mut self, id: i64, epoch: i16, base_sequence: i32) -> &mut BatchBuilder {
        self.producer_id = id;
        self.producer_epoch = epoch;
        self.base_sequence = base_sequence;
        self
    }

    /// Sets the transactional bit.
    pub fn transactional(&mut self, yes: bool) -> &mut BatchBuilder {
        self.transactional = yes;
        self
    }

    /// Sets the control bit.
    pub fn control(&mut self, yes: bool) -> &mut BatchBuilder {
        self.control = yes;
        self
    }

    /// Sets the delete-horizon bit and the base timestamp to `wall_ms` (KIP-534). Before any record.
    pub fn delete_horizon_ms(&mut self, wall_ms: i64) -> &mut BatchBuilder {
        self.delete_horizon_ms = Some(wall_ms);
        self.base_timestamp = Some(wall_ms);
        self
    }

    /// Base timestamp, if it is not to be that of the first record. Before any record.
    pub fn base_timestamp(&mut self, wall_ms: i64) -> &mut BatchBuilder {
        self.base_timestamp = Some(wall_ms);
        self
    }

    /// Last offset of the batch, if it is not to be that of the last record: what compaction keeps.
    pub fn last_offset(&mut self, offset: i64) -> &mut BatchBuilder {
        self.last_offset = Some(offset);
        self
    }

    /// Max timestamp of an empty batch, or a floor for that of the records.
    pub fn max_timestamp(&mut self, wall_ms: i64) -> &mut BatchBuilder {
        self.max_timestamp = self.max_timestamp.max(wall_ms);
        self
    }

    /// Appends at the offset after the last record.
    pub fn append(&mut self, record: Record<'_>) -> &mut BatchBuilder {
        self.append_at(self.next_offset, record)
    }

    /// Appends a key and a value.
    pub fn append_kv(&mut self, timestamp: i64, key: Option<&[u8]>, value: Option<&[u8]>) -> &mut BatchBuilder {
        self.append(Record { timestamp, key, value, headers: &[] })
    }

    /// Appends at `offset`, which must not be below the base offset.
    pub fn append_at(&mut self, offset: i64, record: Record<'_>) -> &mut BatchBuilder {
        let base = *self.base_timestamp.get_or_insert(record.timestamp);
        let fields = RecordFields {
            timestamp_delta: record.timestamp.wrapping_sub(base),
            offset_delta: offset.wrapping_sub(self.base_offset) as i32,
            key: record.key,
            value: record.value,
            headers: record.headers.iter().map(|(k, v)| (k.as_bytes(), *v)),
        };
        write_record(&mut self.records, fields);
        self.max_timestamp = self.max_timestamp.max(record.timestamp);
        self.next_offset = offset.wrapping_add(1);
        self.count = self.count.saturating_add(1);
        self
    }

    /// Number of records.
    pub fn count(&self) -> i32 {
        self.count
    }

    /// Whether there is no record.
    pub fn is_empty(&self) -> bool {
        self.count == 0
    }

    /// Offset of the next appended record.
    pub fn next_offset(&self) -> i64 {
        self.next_offset
    }

    /// Size of the batch if built now, were it not compressed.
    pub fn uncompressed_size(&self) -> usize {
        RECORD_BATCH_OVERHEAD + self.records.len()
    }

    /// The finished batch. Fails only if it is above 2 GiB or a codec refuses its level.
    pub fn build(&self) -> io::Result<Bytes> {
        let mut out = vec![0; RECORD_BATCH_OVERHEAD];
        // As Kafka: a batch without records carries no codec.
        let compression = if self.is_empty() { Compression::None } else { self.compression };
        match compression {
            Compression::None => out.extend_from_slice(&self.records),
            _ => compression::compress(compression, &self.records, &mut out)?,
        }
        let last_offset = self.last_offset.unwrap_or_else(|| self.next_offset.wrapping_sub(1).max(self.base_offset));
        let mut attributes = i16::from(compression.codec().id());
        for (set, mask) in [
            (self.timestamp_type == TimestampType::LogAppendTime, TIMESTAMP_TYPE_MASK),
            (self.transactional, TRANSACTIONAL_FLAG_MASK),
            (self.control, CONTROL_FLAG_MASK),
            (self.delete_horizon_ms.is_some(), DELETE_HORIZON_FLAG_MASK),
        ] {
            if set {
                attributes |= mask;
            }
        }
        let header = BatchHeader {
            base_offset: self.base_offset,
            batch_length: i32::try_from(out.len() - LOG_OVERHEAD).map_err(io::Error::other)?,
            partition_leader_epoch: self.partition_leader_epoch,
            magic: CURRENT_MAGIC_VALUE,
            crc: 0,
            attributes,
            last_offset_delta: last_offset.wrapping_sub(self.base_offset) as i32,
            base_timestamp: self.base_timestamp.unwrap_or(NO_TIMESTAMP),
            max_timestamp: match self.timestamp_type {
                TimestampType::LogAppendTime => self.log_append_time,
                TimestampType::CreateTime => self.max_timestamp,
            },
            producer_id: self.producer_id,
            producer_epoch: self.producer_epoch,
            base_sequence: self.base_sequence,
            record_count: self.count,
        };
        seal(&header, &mut out);
        Ok(Bytes::from(out))
    }
}

/// Writes `header` over the first 61 bytes of `batch`, with the CRC of what follows.
pub(crate) fn seal(header: &BatchHeader, batch: &mut [u8]) {
    batch[..RECORD_BATCH_OVERHEAD].copy_from_slice(&header.to_bytes());
    let crc = crc32c::crc32c(&batch[ATTRIBUTES_OFFSET..]);
    batch[CRC_OFFSET..ATTRIBUTES_OFFSET].copy_from_slice(&crc.to_be_bytes());
}

/// A record's fields as they are encoded.
pub(crate) struct RecordFields<'a, H> {
    pub timestamp_delta: i64,
    pub offset_delta: i32,
    pub key: Option<&'a [u8]>,
    pub value: Option<&'a [u8]>,
    pub headers: H,
}

/// Appends a record's encoding.
pub(crate) fn write_record<'a, H>(out: &mut Vec<u8>, record: RecordFields<'a, H>)
where
    H: Iterator<Item = (&'a [u8], Option<&'a [u8]>)> + Clone,
{
    let size = record_body_size(&record);
    out.reserve(size + varint_size(size as i32));
    put_varint(out, size as i32);
    out.push(0);
    put_varlong(out, record.timestamp_delta);
    put_varint(out, record.offset_delta);
    put_nullable(out, record.key);
    put_nullable(out, record.value);
    put_varint(out, record.headers.clone().count() as i32);
    for (key, value) in record.headers {
        put_nullable(out, Some(key));
        put_nullable(out, value);
    }
}

fn record_body_size<'a, H>(record: &RecordFields<'a, H>) -> usize
where
    H: Iterator<Item = (&'a [u8], Option<&'a [u8]>)> + Clone,
{
    let mut headers = 0;
    let mut size = 1 + varlong_size(record.timestamp_delta) + varint_size(record.offset_delta);
    size += nullable_size(record.key) + nullable_size(record.value);
    for (key, value) in record.headers.clone() {
        headers += 1;
        size += nullable_size(Some(key)) + nullable_size(value);
    }
    size + varint_size(headers)
}

fn nullable_size(bytes: Option<&[u8]>) -> usize {
    bytes.map_or(1, |b| varint_size(b.len() as i32) + b.len())
}

fn put_nullable(out: &mut Vec<u8>, bytes: Option<&[u8]>) {
    put_varint(out, bytes.map_or(-1, |b| b.len() as i32));
    out.extend_from_slice(bytes.unwrap_or(&[]));
}

fn zigzag(value: i64) -> u64 {
    ((value << 1) ^ (value >> 63)) as u64
}

/// Bytes of a zig-zag varint.
pub(crate) fn varint_size(value: i32) -> usize {
    varlong_size(i64::from(value))
}

/// Bytes of a zig-zag varlong.
pub(crate) fn varlong_size(value: i64) -> usize {
    (70 - (zigzag(value) | 1).leading_zeros() as usize) / 7
}

fn put_varint(out: &mut Vec<u8>, value: i32) {
    put_varlong(out, i64::from(value));
}

fn put_varlong(out: &mut Vec<u8>, value: i64) {
    let mut raw = zigzag(value);
    while raw >= 0x80 {
        out.push(raw as u8 | 0x80);
        raw >>= 7;
    }
    out.push(raw as u8);
}
