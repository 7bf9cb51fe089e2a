//! Record batches of magic 2: the 61-byte header, its checks, and iteration over the batches of a buffer.
//!
//! Pure functions over borrowed bytes; nothing here copies or decompresses a payload. Offset and leader epoch lie
//! outside the CRC, so [`patch`] can restamp a batch without reading it. Records are in [`record`], writing in
//! [`builder`], the rules for a client's append in [`validate`].
//!
//! Invariant: no input can panic. Arithmetic on offsets wraps as Java's does.
//! Deliberately absent: magic 0 and 1. Kafka 4 no longer writes them and refuses them in Produce.

pub mod builder;
pub mod patch;
mod recompress;
pub mod record;
pub mod stream;
pub mod validate;

pub use builder::{BatchBuilder, Record};
pub use patch::BatchPatch;
pub use record::{RecordView, Records, records};
pub use stream::{RecordMeta, RecordStream, for_each_record};
pub use validate::{AppendOrigin, ProduceError, ProduceErrorCode, ProduceRules, ValidatedBatch, validate_for_produce};

use crate::compression::CompressionType;
use std::ops::Range;
use thiserror::Error;

/// Position of baseOffset.
pub const BASE_OFFSET_OFFSET: usize = 0;
/// Position of batchLength, which counts the bytes after itself.
pub const LENGTH_OFFSET: usize = 8;
/// Position of partitionLeaderEpoch.
pub const PARTITION_LEADER_EPOCH_OFFSET: usize = 12;
/// Position of magic.
pub const MAGIC_OFFSET: usize = 16;
/// Position of crc.
pub const CRC_OFFSET: usize = 17;
/// Position of attributes, the first byte that the CRC covers.
pub const ATTRIBUTES_OFFSET: usize = 21;
/// Position of lastOffsetDelta.
pub const LAST_OFFSET_DELTA_OFFSET: usize = 23;
/// Position of baseTimestamp.
pub const BASE_TIMESTAMP_OFFSET: usize = 27;
/// Position of maxTimestamp.
pub const MAX_TIMESTAMP_OFFSET: usize = 35;
/// Position of producerId.
pub const PRODUCER_ID_OFFSET: usize = 43;
/// Position of producerEpoch.
pub const PRODUCER_EPOCH_OFFSET: usize = 51;
/// Position of baseSequence.
pub const BASE_SEQUENCE_OFFSET: usize = 53;
/// Position of the record count.
pub const RECORDS_COUNT_OFFSET: usize = 57;
/// Position of the first record, or of the compressed stream.
pub const RECORDS_OFFSET: usize = 61;

/// Bytes of baseOffset and batchLength, which batchLength does not count.
pub const LOG_OVERHEAD: usize = 12;
/// Bytes needed to know a batch's magic.
pub const HEADER_SIZE_UP_TO_MAGIC: usize = 17;
/// Bytes of the whole header: the size of an empty batch.
pub const RECORD_BATCH_OVERHEAD: usize = 61;
/// The only magic that is read and written.
pub const CURRENT_MAGIC_VALUE: i8 = 2;

/// No timestamp.
pub const NO_TIMESTAMP: i64 = -1;
/// No producer id.
pub const NO_PRODUCER_ID: i64 = -1;
/// No producer epoch.
pub const NO_PRODUCER_EPOCH: i16 = -1;
/// No sequence.
pub const NO_SEQUENCE: i32 = -1;
/// No leader epoch.
pub const NO_PARTITION_LEADER_EPOCH: i32 = -1;

/// Attributes: codec.
pub const COMPRESSION_CODEC_MASK: i16 = 0x07;
/// Attributes: LogAppendTime.
pub const TIMESTAMP_TYPE_MASK: i16 = 0x08;
/// Attributes: transactional.
pub const TRANSACTIONAL_FLAG_MASK: i16 = 0x10;
/// Attributes: control batch.
pub const CONTROL_FLAG_MASK: i16 = 0x20;
/// Attributes: baseTimestamp holds the delete horizon.
pub const DELETE_HORIZON_FLAG_MASK: i16 = 0x40;

/// Why bytes are not a batch, or a batch not what it says.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum BatchError {
    /// The buffer ends inside a header or a batch.
    #[error("batch is cut: {needed} bytes needed, {left} left")]
    Truncated {
        /// Bytes that the header or the batch takes.
        needed: usize,
        /// Bytes from the batch's start to the buffer's end.
        left: usize,
    },
    /// batchLength is below what the header alone takes.
    #[error("batch length {0} is below the minimum of 49")]
    BadLength(i32),
    /// Any magic but 2.
    #[error("Invalid magic found in record: {0}")]
    BadMagic(i8),
    /// The stored checksum is not that of the bytes.
    #[error("Record is corrupt (stored crc = {stored}, computed crc = {computed})")]
    BadCrc {
        /// From the header.
        stored: u32,
        /// Of the bytes.
        computed: u32,
    },
    /// Codec 5, 6 or 7.
    #[error("Unknown compression type id: {0}")]
    UnknownCompression(u8),
    /// The compressed stream is broken.
    #[error("Failed to decompress record stream: {0}")]
    Decompress(String),
    /// The decompressed records are above the caller's limit.
    #[error("records take more than {limit} bytes when decompressed")]
    TooLarge {
        /// The caller's limit in bytes.
        limit: usize,
    },
    /// The records are not what the header says, or not well-formed.
    #[error("{0}")]
    InvalidRecord(&'static str),
}

/// Who sets a record's timestamp.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default, Hash)]
pub enum TimestampType {
    /// The producer.
    #[default]
    CreateTime,
    /// The broker, at append.
    LogAppendTime,
}

/// All fields of a batch header, as stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BatchHeader {
    /// Offset of the first record.
    pub base_offset: i64,
    /// Bytes after this field.
    pub batch_length: i32,
    /// Epoch of the leader that appended it. Not in the CRC.
    pub partition_leader_epoch: i32,
    /// Always 2.
    pub magic: i8,
    /// CRC-32C from attributes to the end.
    pub crc: u32,
    /// Bits; see the masks.
    pub attributes: i16,
    /// Last offset minus base offset. Compaction keeps it, so it may exceed the record count.
    pub last_offset_delta: i32,
    /// What record timestamps are relative to, or the delete horizon.
    pub base_timestamp: i64,
    /// The largest record timestamp, or the time of append.
    pub max_timestamp: i64,
    /// -1 if none.
    pub producer_id: i64,
    /// -1 if none.
    pub producer_epoch: i16,
    /// -1 if none.
    pub base_sequence: i32,
    /// As declared; 0 is legal after compaction.
    pub record_count: i32,
}

/// Eight bytes of the header; the caller has checked the length once.
fn be<const N: usize>(header: &[u8; RECORD_BATCH_OVERHEAD], at: usize) -> [u8; N] {
    let mut out = [0; N];
    out.copy_from_slice(&header[at..at + N]);
    out
}

impl BatchHeader {
    /// Parses the header at the start of `bytes`, which may hold less than the whole batch. The CRC is not checked
    /// ([`verify_crc`]), nor are count, offsets and codec.
    pub fn parse(bytes: &[u8]) -> Result<BatchHeader, BatchError> {
        let Some(h) = bytes.first_chunk::<RECORD_BATCH_OVERHEAD>() else {
            return Err(BatchError::Truncated { needed: RECORD_BATCH_OVERHEAD, left: bytes.len() });
        };
        let header = BatchHeader {
            base_offset: i64::from_be_bytes(be(h, BASE_OFFSET_OFFSET)),
            batch_length: i32::from_be_bytes(be(h, LENGTH_OFFSET)),
            partition_leader_epoch: i32::from_be_bytes(be(h, PARTITION_LEADER_EPOCH_OFFSET)),
            magic: i8::from_be_bytes(be(h, MAGIC_OFFSET)),
            crc: u32::from_be_bytes(be(h, CRC_OFFSET)),
            attributes: i16::from_be_bytes(be(h, ATTRIBUTES_OFFSET)),
            last_offset_delta: i32::from_be_bytes(be(h, LAST_OFFSET_DELTA_OFFSET)),
            base_timestamp: i64::from_be_bytes(be(h, BASE_TIMESTAMP_OFFSET)),
            max_timestamp: i64::from_be_bytes(be(h, MAX_TIMESTAMP_OFFSET)),
            producer_id: i64::from_be_bytes(be(h, PRODUCER_ID_OFFSET)),
            producer_epoch: i16::from_be_bytes(be(h, PRODUCER_EPOCH_OFFSET)),
            base_sequence: i32::from_be_bytes(be(h, BASE_SEQUENCE_OFFSET)),
            record_count: i32::from_be_bytes(be(h, RECORDS_COUNT_OFFSET)),
        };
        if header.batch_length < (RECORD_BATCH_OVERHEAD - LOG_OVERHEAD) as i32 {
            return Err(BatchError::BadLength(header.batch_length));
        }
        if header.magic != CURRENT_MAGIC_VALUE {
            return Err(BatchError::BadMagic(header.magic));
        }
        Ok(header)
    }

    /// The 61 bytes of this header, CRC as it is in `crc`.
    pub fn to_bytes(&self) -> [u8; RECORD_BATCH_OVERHEAD] {
        let mut out = [0; RECORD_BATCH_OVERHEAD];
        out[BASE_OFFSET_OFFSET..LENGTH_OFFSET].copy_from_slice(&self.base_offset.to_be_bytes());
        out[LENGTH_OFFSET..PARTITION_LEADER_EPOCH_OFFSET].copy_from_slice(&self.batch_length.to_be_bytes());
        out[PARTITION_LEADER_EPOCH_OFFSET..MAGIC_OFFSET].copy_from_slice(&self.partition_leader_epoch.to_be_bytes());
        out[MAGIC_OFFSET..CRC_OFFSET].copy_from_slice(&self.magic.to_be_bytes());
        out[CRC_OFFSET..ATTRIBUTES_OFFSET].copy_from_slice(&self.crc.to_be_bytes());
        out[ATTRIBUTES_OFFSET..LAST_OFFSET_DELTA_OFFSET].copy_from_slice(&self.attributes.to_be_bytes());
        out[LAST_OFFSET_DELTA_OFFSET..BASE_TIMESTAMP_OFFSET].copy_from_slice(&self.last_offset_delta.to_be_bytes());
        out[BASE_TIMESTAMP_OFFSET..MAX_TIMESTAMP_OFFSET].copy_from_slice(&self.base_timestamp.to_be_bytes());
        out[MAX_TIMESTAMP_OFFSET..PRODUCER_ID_OFFSET].copy_from_slice(&self.max_timestamp.to_be_bytes());
        out[PRODUCER_ID_OFFSET..PRODUCER_EPOCH_OFFSET].copy_from_slice(&self.producer_id.to_be_bytes());
        out[PRODUCER_EPOCH_OFFSET..BASE_SEQUENCE_OFFSET].copy_from_slice(&self.producer_epoch.to_be_bytes());
        out[BASE_SEQUENCE_OFFSET..RECORDS_COUNT_OFFSET].copy_from_slice(&self.base_sequence.to_be_bytes());
        out[RECORDS_COUNT_OFFSET..RECORDS_OFFSET].copy_from_slice(&self.record_count.to_be_bytes());
        out
    }

    /// Bytes of the whole batch.
    pub fn size_in_bytes(&self) -> usize {
        LOG_OVERHEAD + usize::try_from(self.batch_length).unwrap_or(0)
    }

    /// Offset of the last record (kept by compaction even if that record is gone).
    pub fn last_offset(&self) -> i64 {
        self.base_offset.wrapping_add(i64::from(self.last_offset_delta))
    }

    /// Offset after the batch.
    pub fn next_offset(&self) -> i64 {
        self.last_offset().wrapping_add(1)
    }

    /// The codec; an error for ids 5 to 7.
    pub fn compression(&self) -> Result<CompressionType, BatchError> {
        let id = (self.attributes & COMPRESSION_CODEC_MASK) as u8;
        CompressionType::from_id(id).ok_or(BatchError::UnknownCompression(id))
    }

    /// Whose timestamps these are.
    pub fn timestamp_type(&self) -> TimestampType {
        if self.attributes & TIMESTAMP_TYPE_MASK == 0 {
            TimestampType::CreateTime
        } else {
            TimestampType::LogAppendTime
        }
    }

    /// Part of a transaction.
    pub fn is_transactional(&self) -> bool {
        self.attributes & TRANSACTIONAL_FLAG_MASK != 0
    }

    /// Written by a broker for brokers and client libraries.
    pub fn is_control(&self) -> bool {
        self.attributes & CONTROL_FLAG_MASK != 0
    }

    /// Whether base_timestamp is the delete horizon.
    pub fn has_delete_horizon(&self) -> bool {
        self.attributes & DELETE_HORIZON_FLAG_MASK != 0
    }

    /// When tombstones and markers of this batch may go (KIP-534), in wall milliseconds.
    pub fn delete_horizon_ms(&self) -> Option<i64> {
        self.has_delete_horizon().then_some(self.base_timestamp)
    }

    /// Written by an idempotent or transactional producer.
    pub fn has_producer_id(&self) -> bool {
        self.producer_id > NO_PRODUCER_ID
    }

    /// Sequence of the last record; wraps from `i32::MAX` to 0. -1 if the batch has no sequence.
    pub fn last_sequence(&self) -> i32 {
        if self.base_sequence == NO_SEQUENCE {
            return NO_SEQUENCE;
        }
        increment_sequence(self.base_sequence, self.last_offset_delta)
    }

    /// The time of a record with this delta.
    pub fn record_timestamp(&self, timestamp_delta: i64) -> i64 {
        match self.timestamp_type() {
            TimestampType::LogAppendTime => self.max_timestamp,
            TimestampType::CreateTime => self.base_timestamp.wrapping_add(timestamp_delta),
        }
    }

    /// The offset of a record with this delta.
    pub fn record_offset(&self, offset_delta: i32) -> i64 {
        self.base_offset.wrapping_add(i64::from(offset_delta))
    }
}

/// `sequence + increment`, from `i32::MAX` on to 0.
pub fn increment_sequence(sequence: i32, increment: i32) -> i32 {
    if sequence > i32::MAX.wrapping_sub(increment) {
        increment.wrapping_sub(i32::MAX.wrapping_sub(sequence)).wrapping_sub(1)
    } else {
        sequence.wrapping_add(increment)
    }
}

/// `sequence - decrement`, from 0 back to `i32::MAX`.
pub fn decrement_sequence(sequence: i32, decrement: i32) -> i32 {
    if sequence < decrement {
        i32::MAX.wrapping_sub(decrement.wrapping_sub(sequence)).wrapping_add(1)
    } else {
        sequence.wrapping_sub(decrement)
    }
}

/// The checksum that `batch` (exactly one whole batch) should carry.
pub fn compute_crc(batch: &[u8]) -> u32 {
    crc32c::crc32c(batch.get(ATTRIBUTES_OFFSET..).unwrap_or(&[]))
}

/// Checks the CRC of `batch`, which starts with a batch; bytes after it are not looked at.
pub fn verify_crc(batch: &[u8]) -> Result<(), BatchError> {
    let header = BatchHeader::parse(batch)?;
    let size = header.size_in_bytes();
    let Some(whole) = batch.get(..size) else {
        return Err(BatchError::Truncated { needed: size, left: batch.len() });
    };
    let computed = compute_crc(whole);
    if computed == header.crc { Ok(()) } else { Err(BatchError::BadCrc { stored: header.crc, computed }) }
}

/// The batches of a buffer; see [`batches`].
#[derive(Clone, Debug)]
pub struct Batches<'a> {
    bytes: &'a [u8],
    position: usize,
    failed: bool,
}

impl Batches<'_> {
    /// Bytes of the complete, well-formed batches yielded so far.
    pub fn position(&self) -> usize {
        self.position
    }
}

/// Walks the batches of `bytes`: the header and where the batch lies. A buffer that ends inside a batch ends the
/// iteration with [`BatchError::Truncated`], bytes that are no batch with what is wrong; after an error there is nothing
/// more. CRCs are not checked.
pub fn batches(bytes: &[u8]) -> Batches<'_> {
    Batches { bytes, position: 0, failed: false }
}

impl Iterator for Batches<'_> {
    type Item = Result<(BatchHeader, Range<usize>), BatchError>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.failed || self.position >= self.bytes.len() {
            return None;
        }
        let rest = self.bytes.get(self.position..).unwrap_or(&[]);
        let item = BatchHeader::parse(rest).and_then(|header| {
            let size = header.size_in_bytes();
            if size > rest.len() {
                return Err(BatchError::Truncated { needed: size, left: rest.len() });
            }
            Ok((header, self.position..self.position + size))
        });
        match &item {
            Ok((_, range)) => self.position = range.end,
            Err(_) => self.failed = true,
        }
        Some(item)
    }
}

#[cfg(test)]
mod tests;
