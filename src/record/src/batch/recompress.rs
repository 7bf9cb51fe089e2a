//! Rebuilding a batch in a topic's own codec, record by record as it is read.
//!
//! Follows `LogValidator.buildRecordsAndAssignOffsets` and the checks of `MemoryRecordsBuilder`. Offsets count from 0
//! whatever the producer wrote, record attributes are dropped.
//!
//! Invariant: memory is bounded by the largest batch that the topic takes: output above it is dropped as it comes.

use super::builder::{RecordFields, write_record};
use super::{
    BatchHeader, CURRENT_MAGIC_VALUE, LOG_OVERHEAD, NO_PARTITION_LEADER_EPOCH, NO_PRODUCER_EPOCH, NO_PRODUCER_ID,
    NO_TIMESTAMP, RECORD_BATCH_OVERHEAD, RecordView, TIMESTAMP_TYPE_MASK, TRANSACTIONAL_FLAG_MASK, TimestampType,
    builder,
};
use crate::compression::{Compression, Compressor};
use bytes::Bytes;
use std::io::Write;

/// A batch being rebuilt.
#[derive(Debug)]
pub(crate) struct Rebuild {
    target: Compression,
    max_size: usize,
    /// `None` once it failed or grew too large.
    out: Option<Compressor>,
    too_large: bool,
    failure: Option<String>,
    count: i32,
    base_timestamp: i64,
    scratch: Vec<u8>,
}

impl Rebuild {
    pub(crate) fn new(target: Compression, max_size: usize) -> Rebuild {
        let (out, failure) = match Compressor::new(target, vec![0; RECORD_BATCH_OVERHEAD]) {
            Ok(out) => (Some(out), None),
            Err(e) => (None, Some(e.to_string())),
        };
        Rebuild {
            target,
            max_size,
            out,
            too_large: false,
            failure,
            count: 0,
            base_timestamp: NO_TIMESTAMP,
            scratch: Vec::new(),
        }
    }

    /// Appends a record at the next offset.
    pub(crate) fn append(&mut self, timestamp: i64, record: &RecordView<'_>) {
        if self.count == 0 {
            self.base_timestamp = timestamp;
        }
        if timestamp < 0 && timestamp != NO_TIMESTAMP {
            self.failure.get_or_insert_with(|| format!("Invalid negative timestamp {timestamp}"));
        }
        let Some(out) = &mut self.out else { return };
        self.scratch.clear();
        let fields = RecordFields {
            timestamp_delta: timestamp.wrapping_sub(self.base_timestamp),
            offset_delta: self.count,
            key: record.key,
            value: record.value,
            headers: record.headers(),
        };
        write_record(&mut self.scratch, fields);
        self.count = self.count.saturating_add(1);
        if let Err(e) = out.write_all(&self.scratch) {
            self.failure.get_or_insert_with(|| e.to_string());
        }
        if out.written() > self.max_size {
            self.too_large = true;
            self.out = None;
        }
    }

    /// The batch, at base offset 0 and without leader epoch; `None` if it is too large. The error is what Kafka would
    /// throw unexpectedly.
    pub(crate) fn finish(
        self,
        from: &BatchHeader,
        timestamp_type: TimestampType,
        max_timestamp: i64,
        wall_ms: i64,
    ) -> Result<Option<Bytes>, String> {
        if let Some(failure) = self.failure {
            return Err(failure);
        }
        if from.is_transactional() && from.producer_id == NO_PRODUCER_ID {
            return Err("Cannot write transactional messages without a valid producer ID".to_owned());
        }
        if from.producer_id != NO_PRODUCER_ID {
            if from.producer_epoch == NO_PRODUCER_EPOCH {
                return Err("Invalid negative producer epoch".to_owned());
            }
            if from.base_sequence < 0 {
                return Err("Invalid negative sequence number used".to_owned());
            }
        }
        let Some(out) = self.out else { return Ok(None) };
        let mut out = out.finish().map_err(|e| e.to_string())?;
        if self.too_large || out.len() > self.max_size {
            return Ok(None);
        }
        let mut attributes = i16::from(self.target.codec().id()) | from.attributes & TRANSACTIONAL_FLAG_MASK;
        if timestamp_type == TimestampType::LogAppendTime {
            attributes |= TIMESTAMP_TYPE_MASK;
        }
        let header = BatchHeader {
            base_offset: 0,
            batch_length: i32::try_from(out.len() - LOG_OVERHEAD).map_err(|e| e.to_string())?,
            partition_leader_epoch: NO_PARTITION_LEADER_EPOCH,
            magic: CURRENT_MAGIC_VALUE,
            crc: 0,
            attributes,
            last_offset_delta: self.count.saturating_sub(1),
            base_timestamp: self.base_timestamp,
            max_timestamp: if timestamp_type == TimestampType::LogAppendTime { wall_ms } else { max_timestamp },
            producer_id: from.producer_id,
            producer_epoch: from.producer_epoch,
            base_sequence: from.base_sequence,
            record_count: self.count,
        };
        builder::seal(&header, &mut out);
        Ok(Some(Bytes::from(out)))
    }
}
