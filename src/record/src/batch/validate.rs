//! The rules for an append by a producer: which batches are taken, with which error the others are refused.
//!
//! One function, [`validate_for_produce`], in the order and with the texts of Kafka's `ProduceRequest.validateRecords`,
//! `UnifiedLog.analyzeAndValidateRecords` and `LogValidator`. It looks at every record once, because Kafka does (keys on
//! compacted topics, timestamps, counts), but copies none: an uncompressed batch is walked where it lies, a compressed one
//! is decompressed chunk by chunk. The result is the producer's own bytes with a header to put in front; only a topic with
//! a codec of its own gets new bytes (see `recompress`).
//!
//! Two of Kafka's own peculiarities are kept on purpose: the offset deltas of an *uncompressed* batch are not looked at,
//! and wrong ones in a compressed batch are UNKNOWN_SERVER_ERROR. A batch with the LogAppendTime bit for a CreateTime topic
//! is taken if its time is in range, and the bit cleared.
//!
//! Invariant: no input can panic; memory is bounded by a chunk (or, when recompressing, by `max_message_bytes` and the
//! largest record) and by [`MAX_RECORD_ERRORS`] texts.
//! Deliberately absent: whatever needs the log (sequences, duplicates, offsets) or the request (acks, authorisation).

use super::recompress::Rebuild;
use super::record::RecordScan;
use super::stream::{RecordMeta, RecordStream};
use super::{
    BatchError, BatchHeader, BatchPatch, CURRENT_MAGIC_VALUE, HEADER_SIZE_UP_TO_MAGIC, LAST_OFFSET_DELTA_OFFSET,
    LENGTH_OFFSET, LOG_OVERHEAD, MAGIC_OFFSET, NO_TIMESTAMP, RECORD_BATCH_OVERHEAD, TimestampType, compute_crc,
};
use crate::compression::{Compression, CompressionType};
use bytes::Bytes;
use thiserror::Error;

/// As many refused records are named in a response; the total in the message counts all. (Kafka names all, which lets a
/// compressed batch of empty records ask for gigabytes of text.)
pub const MAX_RECORD_ERRORS: usize = 10_000;

/// Smallest record of magic 0, which `ByteBufferLogInputStream` takes as the least size of anything.
const RECORD_OVERHEAD_V0: i32 = 14;

/// Where an append comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum AppendOrigin {
    /// A producer, through Produce.
    #[default]
    Client,
    /// A coordinator of this broker: may write control batches and any offset range.
    Coordinator,
}

/// What a topic and a request allow.
#[derive(Clone, Copy, Debug)]
pub struct ProduceRules<'a> {
    /// Named in error texts.
    pub topic: &'a str,
    /// Named in error texts.
    pub partition: i32,
    /// Who appends.
    pub origin: AppendOrigin,
    /// Version of the Produce request.
    pub api_version: i16,
    /// Whether `cleanup.policy` contains compact: records need keys.
    pub compacted: bool,
    /// `message.timestamp.type`.
    pub timestamp_type: TimestampType,
    /// `message.timestamp.before.max.ms`.
    pub timestamp_before_max_ms: i64,
    /// `message.timestamp.after.max.ms`.
    pub timestamp_after_max_ms: i64,
    /// `max.message.bytes`: of the whole batch as stored.
    pub max_message_bytes: usize,
    /// `segment.bytes`.
    pub segment_bytes: usize,
    /// `compression.type` with its level; `None` is `producer`.
    pub compression: Option<Compression>,
    /// Bytes that the records may take when decompressed.
    pub max_decompressed_bytes: usize,
}

/// The codes of Kafka's wire protocol that a refused batch is answered with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ProduceErrorCode {
    /// UNKNOWN_SERVER_ERROR: unknown codec, broken compressed stream.
    UnknownServerError,
    /// CORRUPT_MESSAGE: CRC, length or magic.
    CorruptMessage,
    /// MESSAGE_TOO_LARGE: above `max.message.bytes`, or above the limit when decompressed.
    MessageTooLarge,
    /// RECORD_LIST_TOO_LARGE: above `segment.bytes`.
    RecordListTooLarge,
    /// INVALID_TIMESTAMP: out of range, or the wrong type.
    InvalidTimestamp,
    /// UNSUPPORTED_COMPRESSION_TYPE: zstd below version 7.
    UnsupportedCompressionType,
    /// INVALID_RECORD: everything else that a producer must not send.
    InvalidRecord,
}

impl ProduceErrorCode {
    /// The number on the wire.
    pub fn code(self) -> i16 {
        match self {
            ProduceErrorCode::UnknownServerError => -1,
            ProduceErrorCode::CorruptMessage => 2,
            ProduceErrorCode::MessageTooLarge => 10,
            ProduceErrorCode::RecordListTooLarge => 18,
            ProduceErrorCode::InvalidTimestamp => 32,
            ProduceErrorCode::UnsupportedCompressionType => 76,
            ProduceErrorCode::InvalidRecord => 87,
        }
    }
}

/// Why a batch is refused. Nothing of it was appended.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("{detail}")]
pub struct ProduceError {
    /// For the response.
    pub code: ProduceErrorCode,
    /// For the response: index in the batch and text, at most [`MAX_RECORD_ERRORS`].
    pub record_errors: Vec<(i32, String)>,
    /// For the response; Kafka sends one only with record errors.
    pub message: Option<String>,
    /// Whether the response carries the partition's log start offset instead of -1.
    pub with_log_start_offset: bool,
    /// For the broker's log.
    pub detail: String,
}

impl ProduceError {
    fn new(code: ProduceErrorCode, with_log_start_offset: bool, detail: String) -> ProduceError {
        ProduceError { code, record_errors: Vec::new(), message: None, with_log_start_offset, detail }
    }
}

/// A failure of the request's own checks, before the partition is looked at.
fn refused(code: ProduceErrorCode, detail: String) -> ProduceError {
    ProduceError::new(code, false, detail)
}

/// A failure at the partition, whose response carries the log start offset.
fn invalid(code: ProduceErrorCode, detail: String) -> ProduceError {
    ProduceError::new(code, true, detail)
}

impl From<BatchError> for ProduceError {
    fn from(error: BatchError) -> ProduceError {
        let code = match error {
            BatchError::InvalidRecord(_) => ProduceErrorCode::InvalidRecord,
            BatchError::TooLarge { .. } => ProduceErrorCode::MessageTooLarge,
            BatchError::UnknownCompression(_) | BatchError::Decompress(_) => ProduceErrorCode::UnknownServerError,
            BatchError::Truncated { .. }
            | BatchError::BadLength(_)
            | BatchError::BadMagic(_)
            | BatchError::BadCrc { .. } => ProduceErrorCode::CorruptMessage,
        };
        let with_log_start_offset =
            matches!(code, ProduceErrorCode::InvalidRecord | ProduceErrorCode::UnknownServerError);
        ProduceError::new(code, with_log_start_offset, error.to_string())
    }
}

/// A batch that may be appended: the header to write first, still to be stamped, and the payload that follows it.
#[derive(Clone, Debug)]
pub struct ValidatedBatch {
    /// The header that will be written but for base offset (0 here) and leader epoch. Its CRC is right.
    pub header: BatchHeader,
    /// The bytes after the header: a slice of the request unless the batch was recompressed.
    pub payload: Bytes,
    /// For the response: the time of append under LogAppendTime, else -1.
    pub log_append_time_ms: i64,
    /// Whether the payload is not the producer's.
    pub recompressed: bool,
}

impl ValidatedBatch {
    /// The 61 bytes to write before [`ValidatedBatch::payload`].
    pub fn stamp(&self, base_offset: i64, partition_leader_epoch: i32) -> [u8; RECORD_BATCH_OVERHEAD] {
        self.stamped_header(base_offset, partition_leader_epoch).to_bytes()
    }

    /// What [`ValidatedBatch::stamp`] encodes.
    pub fn stamped_header(&self, base_offset: i64, partition_leader_epoch: i32) -> BatchHeader {
        BatchHeader { base_offset, partition_leader_epoch, ..self.header }
    }

    /// Bytes that the batch takes in the log.
    pub fn size_in_bytes(&self) -> usize {
        RECORD_BATCH_OVERHEAD + self.payload.len()
    }
}

/// Validates the records that a producer sent for one partition. `wall_ms` is now. Bytes behind the batch that are not a
/// whole batch are dropped, as Kafka does.
pub fn validate_for_produce(
    bytes: &Bytes,
    rules: &ProduceRules<'_>,
    wall_ms: i64,
) -> Result<ValidatedBatch, ProduceError> {
    let size = only_batch(bytes, rules.api_version)?;
    let batch = bytes.slice(..size);
    let header = analyze(&batch, rules)?;
    let source = header.compression()?;
    let target = rules.compression.unwrap_or(Compression::of(source));
    check_batch(&header, rules)?;

    let mut checks = RecordChecks::new(&header, rules, wall_ms);
    let in_place = source == target.codec() || (source == CompressionType::None && header.is_control());
    let validated = match (source, in_place) {
        (_, false) => rebuilt(&header, &batch, rules, target, checks)?,
        (CompressionType::None, true) => {
            let mut scan = RecordScan::new(&header, &batch[RECORD_BATCH_OVERHEAD..]);
            while let Some(record) = scan.next_meta()? {
                checks.check(&record, || describe_whole(&header, &record));
            }
            restamped(&batch, rules, checks)?
        }
        (_, true) => {
            let payload = &batch[RECORD_BATCH_OVERHEAD..];
            let mut stream = RecordStream::of_payload(&header, payload, rules.max_decompressed_bytes)?;
            while let Some(record) = stream.next_meta() {
                let record = record?;
                checks.check(&record, || describe_partial(&header, &record));
            }
            if checks.offsets_differ && checks.count_of_errors == 0 {
                // Kafka starts to rebuild the batch and finds that it has skipped the keys.
                let detail = "offsets inside the compressed batch do not count from 0".to_owned();
                return Err(invalid(ProduceErrorCode::UnknownServerError, detail));
            }
            restamped(&batch, rules, checks)?
        }
    };
    check_segment(validated.size_in_bytes(), rules)?;
    Ok(validated)
}

/// `ByteBufferLogInputStream.nextBatchSize`: the size of the batch at the start of `bytes` and its magic; `None` where it
/// sees the end of the data.
fn next_batch(bytes: &[u8]) -> Result<Option<(usize, i8)>, ProduceError> {
    let Some(length) = bytes.get(LENGTH_OFFSET..LOG_OVERHEAD).and_then(|b| b.first_chunk()) else {
        return Ok(None);
    };
    let length = i32::from_be_bytes(*length);
    if length < RECORD_OVERHEAD_V0 {
        let detail = format!("Record size {length} is less than the minimum record overhead ({RECORD_OVERHEAD_V0})");
        return Err(refused(ProduceErrorCode::CorruptMessage, detail));
    }
    if bytes.len() < HEADER_SIZE_UP_TO_MAGIC {
        return Ok(None);
    }
    let magic = bytes[MAGIC_OFFSET] as i8;
    if !(0..=CURRENT_MAGIC_VALUE).contains(&magic) {
        // The one error of these whose text Kafka sends.
        let text = format!("Invalid magic found in record: {magic}");
        return Err(ProduceError { message: Some(text.clone()), ..refused(ProduceErrorCode::CorruptMessage, text) });
    }
    let size = LOG_OVERHEAD + length as usize;
    Ok((size <= bytes.len()).then_some((size, magic)))
}

/// `ProduceRequest.validateRecords`: exactly one batch, of magic 2, in a codec that the version knows. Gives its size.
fn only_batch(bytes: &[u8], version: i16) -> Result<usize, ProduceError> {
    let Some((size, magic)) = next_batch(bytes)? else {
        let detail =
            format!("Produce requests with version {version} must have at least one record batch per partition");
        return Err(refused(ProduceErrorCode::InvalidRecord, detail));
    };
    if magic != CURRENT_MAGIC_VALUE {
        let detail = format!(
            "Produce requests with version {version} are only allowed to contain record batches with magic version 2"
        );
        return Err(refused(ProduceErrorCode::InvalidRecord, detail));
    }
    if version < 7 {
        match CompressionType::from_id(bytes[super::ATTRIBUTES_OFFSET + 1] & 7) {
            None => {
                return Err(refused(ProduceErrorCode::UnknownServerError, "Unknown compression type id".to_owned()));
            }
            Some(CompressionType::Zstd) => {
                let detail =
                    format!("Produce requests with version {version} are not allowed to use ZStandard compression");
                return Err(refused(ProduceErrorCode::UnsupportedCompressionType, detail));
            }
            Some(_) => {}
        }
    }
    if next_batch(&bytes[size..])?.is_some() {
        let detail = format!(
            "Produce requests with version {version} are only allowed to contain exactly one record batch per partition"
        );
        return Err(refused(ProduceErrorCode::InvalidRecord, detail));
    }
    Ok(size)
}

/// `UnifiedLog.analyzeAndValidateRecords`: base offset, size, checksum, codec. `batch` is one batch of magic 2 by its
/// length, which may still be too short for a header.
fn analyze(batch: &[u8], rules: &ProduceRules<'_>) -> Result<BatchHeader, ProduceError> {
    let ProduceRules { topic, partition, .. } = rules;
    let base_offset = batch.first_chunk().map_or(0, |b| i64::from_be_bytes(*b));
    if rules.origin == AppendOrigin::Client && base_offset != 0 {
        let detail = format!(
            "The baseOffset of the record batch in the append to {topic}-{partition} should be 0, but it is {base_offset}"
        );
        return Err(invalid(ProduceErrorCode::InvalidRecord, detail));
    }
    if batch.len() < LAST_OFFSET_DELTA_OFFSET + 4 {
        return Err(invalid(ProduceErrorCode::UnknownServerError, "batch ends inside its header".to_owned()));
    }
    if batch.len() > rules.max_message_bytes {
        let detail = format!(
            "The record batch size in the append to {topic}-{partition} is {} bytes which exceeds the maximum configured value of {}).",
            batch.len(),
            rules.max_message_bytes
        );
        return Err(refused(ProduceErrorCode::MessageTooLarge, detail));
    }
    let header = BatchHeader::parse(batch).map_err(|e| refused(ProduceErrorCode::CorruptMessage, e.to_string()))?;
    if compute_crc(batch) != header.crc {
        let detail = format!("Record is corrupt (stored crc = {}) in topic partition {topic}-{partition}.", header.crc);
        return Err(refused(ProduceErrorCode::CorruptMessage, detail));
    }
    header.compression()?;
    Ok(header)
}

/// `LogValidator.validateBatch`.
fn check_batch(header: &BatchHeader, rules: &ProduceRules<'_>) -> Result<(), ProduceError> {
    if rules.origin != AppendOrigin::Client {
        return Ok(());
    }
    let ProduceRules { topic, partition, .. } = rules;
    let (base, last, count) = (header.base_offset, header.last_offset(), i64::from(header.record_count));
    let count_from_offsets = i64::from(header.last_offset_delta) + 1;
    let detail = if count_from_offsets <= 0 {
        format!("Batch has an invalid offset range: [{base}, {last}] in topic partition {topic}-{partition}")
    } else if count <= 0 {
        format!("Invalid reported count for record batch: {count} in topic partition {topic}-{partition}")
    } else if count_from_offsets != count {
        format!(
            "Inconsistent batch offset range [{base}, {last}] and count of records {count} in topic partition {topic}-{partition}"
        )
    } else if header.is_control() {
        format!("Clients are not allowed to write control records in topic partition {topic}-{partition}")
    } else if header.has_producer_id() && header.base_sequence < 0 {
        format!(
            "Invalid sequence number {} in record batch with producerId {} in topic partition {topic}-{partition}",
            header.base_sequence, header.producer_id
        )
    } else {
        return Ok(());
    };
    Err(invalid(ProduceErrorCode::InvalidRecord, detail))
}

fn check_segment(size: usize, rules: &ProduceRules<'_>) -> Result<(), ProduceError> {
    if size <= rules.segment_bytes {
        return Ok(());
    }
    let detail = format!(
        "Message batch size is {size} bytes in append to partition {}-{}, which exceeds the maximum configured segment size of {}.",
        rules.topic, rules.partition, rules.segment_bytes
    );
    Err(refused(ProduceErrorCode::RecordListTooLarge, detail))
}

/// The batch as it was sent, under a header whose maxTimestamp and timestamp type are right.
fn restamped(
    batch: &Bytes,
    rules: &ProduceRules<'_>,
    checks: RecordChecks<'_>,
) -> Result<ValidatedBatch, ProduceError> {
    let wall_ms = checks.wall_ms;
    let max_timestamp = checks.finish()?;
    let payload = batch.slice(RECORD_BATCH_OVERHEAD..);
    let mut patch = BatchPatch::new(batch)?;
    let log_append_time_ms = match rules.timestamp_type {
        TimestampType::LogAppendTime => {
            patch.max_timestamp(TimestampType::LogAppendTime, wall_ms, &payload);
            wall_ms
        }
        TimestampType::CreateTime => {
            patch.max_timestamp(TimestampType::CreateTime, max_timestamp, &payload);
            NO_TIMESTAMP
        }
    };
    Ok(ValidatedBatch { header: patch.header()?, payload, log_append_time_ms, recompressed: false })
}

/// The batch in the topic's own codec, validated on the way.
fn rebuilt(
    header: &BatchHeader,
    batch: &[u8],
    rules: &ProduceRules<'_>,
    target: Compression,
    mut checks: RecordChecks<'_>,
) -> Result<ValidatedBatch, ProduceError> {
    let wall_ms = checks.wall_ms;
    let mut rebuild = Rebuild::new(target, rules.max_message_bytes);
    super::for_each_record::<ProduceError>(batch, rules.max_decompressed_bytes, |header, record| {
        let meta = record.meta();
        let ok = checks.check(&meta, || describe_whole(header, &meta));
        if ok && checks.count_of_errors == 0 {
            rebuild.append(header.record_timestamp(record.timestamp_delta), &record);
        }
        Ok(())
    })?;
    let max_timestamp = checks.finish()?;
    let rebuilt = rebuild.finish(header, rules.timestamp_type, max_timestamp, wall_ms).map_err(|detail| {
        // What `MemoryRecordsBuilder` refuses surfaces as an unexpected exception.
        invalid(ProduceErrorCode::UnknownServerError, detail)
    })?;
    let Some(bytes) = rebuilt else {
        let detail = format!(
            "Message batch size in append to partition {}-{} exceeds the maximum configured size of {}.",
            rules.topic, rules.partition, rules.max_message_bytes
        );
        return Err(refused(ProduceErrorCode::MessageTooLarge, detail));
    };
    Ok(ValidatedBatch {
        header: BatchHeader::parse(&bytes)?,
        payload: bytes.slice(RECORD_BATCH_OVERHEAD..),
        log_append_time_ms: if rules.timestamp_type == TimestampType::LogAppendTime { wall_ms } else { NO_TIMESTAMP },
        recompressed: true,
    })
}

/// `DefaultRecord.toString`.
fn describe_whole(header: &BatchHeader, record: &RecordMeta) -> String {
    describe("DefaultRecord", header, record, record.key_size.max(0), record.value_size.max(0))
}

/// `PartialDefaultRecord.toString`, which shows null as a negative size.
fn describe_partial(header: &BatchHeader, record: &RecordMeta) -> String {
    describe("PartialDefaultRecord", header, record, record.key_size, record.value_size)
}

fn describe(class: &str, header: &BatchHeader, record: &RecordMeta, key: i32, value: i32) -> String {
    let offset = header.record_offset(record.offset_delta);
    let timestamp = header.record_timestamp(record.timestamp_delta);
    format!("{class}(offset={offset}, timestamp={timestamp}, key={key} bytes, value={value} bytes)")
}

/// `LogValidator.validateRecord` and what it remembers from record to record.
struct RecordChecks<'a> {
    rules: &'a ProduceRules<'a>,
    wall_ms: i64,
    base_offset: i64,
    base_timestamp: i64,
    /// The time of every record if the batch says LogAppendTime.
    batch_append_time: Option<i64>,
    index: i32,
    max_timestamp: i64,
    offsets_differ: bool,
    count_of_errors: usize,
    errors: Vec<(i32, String)>,
    any_invalid_timestamp: bool,
}

impl<'a> RecordChecks<'a> {
    fn new(header: &BatchHeader, rules: &'a ProduceRules<'a>, wall_ms: i64) -> RecordChecks<'a> {
        RecordChecks {
            rules,
            wall_ms,
            base_offset: header.base_offset,
            base_timestamp: header.base_timestamp,
            batch_append_time: (header.timestamp_type() == TimestampType::LogAppendTime)
                .then_some(header.max_timestamp),
            index: 0,
            max_timestamp: NO_TIMESTAMP,
            offsets_differ: false,
            count_of_errors: 0,
            errors: Vec::new(),
            any_invalid_timestamp: false,
        }
    }

    /// One record; false if it is refused.
    #[inline]
    fn check(&mut self, record: &RecordMeta, describe: impl FnOnce() -> String) -> bool {
        let rules = self.rules;
        let timestamp =
            self.batch_append_time.unwrap_or_else(|| self.base_timestamp.wrapping_add(record.timestamp_delta));
        let index = self.index;
        self.index = self.index.wrapping_add(1);
        if rules.compacted && record.key_size < 0 {
            self.refuse(index, false, || {
                format!(
                    "Compacted topic cannot accept message without key in topic partition {}-{}",
                    rules.topic, rules.partition
                )
            });
            return false;
        }
        if rules.timestamp_type == TimestampType::CreateTime && timestamp != NO_TIMESTAMP {
            let age = self.wall_ms.wrapping_sub(timestamp);
            if age > rules.timestamp_before_max_ms || age.wrapping_neg() > rules.timestamp_after_max_ms {
                let offset = self.base_offset.wrapping_add(i64::from(record.offset_delta));
                let earliest = self.wall_ms.wrapping_sub(rules.timestamp_before_max_ms);
                let latest = self.wall_ms.wrapping_add(rules.timestamp_after_max_ms);
                self.refuse(index, true, || {
                    format!(
                        "Timestamp {timestamp} of message with offset {offset} is out of range. The timestamp should be within [{earliest}, {latest}]"
                    )
                });
                return false;
            }
        } else if self.batch_append_time.is_some() {
            self.refuse(index, true, || {
                format!(
                    "Invalid timestamp type in message {}. Producer should not set timestamp type to LogAppendTime.",
                    describe()
                )
            });
            return false;
        }
        self.max_timestamp = self.max_timestamp.max(timestamp);
        self.offsets_differ |= self.base_offset.wrapping_add(i64::from(record.offset_delta)) != i64::from(index);
        true
    }

    #[cold]
    fn refuse(&mut self, index: i32, timestamp: bool, text: impl FnOnce() -> String) {
        self.count_of_errors += 1;
        self.any_invalid_timestamp |= timestamp;
        if self.errors.len() < MAX_RECORD_ERRORS {
            self.errors.push((index, text()));
        }
    }

    /// `LogValidator.processRecordErrors`; the largest timestamp if there are none.
    fn finish(self) -> Result<i64, ProduceError> {
        if self.count_of_errors == 0 {
            return Ok(self.max_timestamp);
        }
        let (code, message) = if self.any_invalid_timestamp {
            let message = "One or more records have been rejected due to invalid timestamp".to_owned();
            (ProduceErrorCode::InvalidTimestamp, message)
        } else {
            let first: Vec<String> = self
                .errors
                .iter()
                .take(3)
                .map(|(index, text)| format!("RecordError(batchIndex={index}, message='{text}')"))
                .collect();
            let message = format!(
                "One or more records have been rejected due to {} record errors in total, and only showing the first three errors at most: [{}]",
                self.count_of_errors,
                first.join(", ")
            );
            (ProduceErrorCode::InvalidRecord, message)
        };
        Err(ProduceError {
            code,
            record_errors: self.errors,
            detail: message.clone(),
            message: Some(message),
            with_log_start_offset: true,
        })
    }
}

#[cfg(test)]
mod tests;
