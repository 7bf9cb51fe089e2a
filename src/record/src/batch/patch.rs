//! Restamping a batch at append without touching its payload (D9): a new first part of the header, to be written before
//! the untouched rest.
//!
//! Offset and leader epoch are outside the CRC, so the usual patch costs nothing per byte. Only LogAppendTime, or a
//! header whose maxTimestamp is wrong, needs a new CRC over the batch.

use super::{
    ATTRIBUTES_OFFSET, BASE_OFFSET_OFFSET, BatchError, BatchHeader, CRC_OFFSET, LENGTH_OFFSET, MAGIC_OFFSET,
    MAX_TIMESTAMP_OFFSET, PARTITION_LEADER_EPOCH_OFFSET, PRODUCER_ID_OFFSET, RECORD_BATCH_OVERHEAD,
    TIMESTAMP_TYPE_MASK, TimestampType,
};
use bytes::{BufMut, Bytes, BytesMut};

/// The bytes that replace the first 61 of a batch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BatchPatch {
    header: [u8; RECORD_BATCH_OVERHEAD],
}

impl BatchPatch {
    /// Starts from the batch's own header. `batch` starts with a batch.
    pub fn new(batch: &[u8]) -> Result<BatchPatch, BatchError> {
        BatchHeader::parse(batch)?;
        match batch.first_chunk::<RECORD_BATCH_OVERHEAD>() {
            Some(header) => Ok(BatchPatch { header: *header }),
            None => Err(BatchError::Truncated { needed: RECORD_BATCH_OVERHEAD, left: batch.len() }),
        }
    }

    /// Starts from a parsed header.
    pub fn from_header(header: &BatchHeader) -> BatchPatch {
        BatchPatch { header: header.to_bytes() }
    }

    /// Sets the base offset.
    pub fn base_offset(&mut self, offset: i64) -> &mut BatchPatch {
        self.header[BASE_OFFSET_OFFSET..LENGTH_OFFSET].copy_from_slice(&offset.to_be_bytes());
        self
    }

    /// Sets the leader epoch.
    pub fn partition_leader_epoch(&mut self, epoch: i32) -> &mut BatchPatch {
        self.header[PARTITION_LEADER_EPOCH_OFFSET..MAGIC_OFFSET].copy_from_slice(&epoch.to_be_bytes());
        self
    }

    /// Sets timestamp type and maxTimestamp, and computes the CRC anew from `payload`, the batch's bytes after the
    /// header. Like Kafka's `setMaxTimestamp`, does nothing if both are already so.
    pub fn max_timestamp(
        &mut self,
        timestamp_type: TimestampType,
        max_timestamp: i64,
        payload: &[u8],
    ) -> &mut BatchPatch {
        let old = self.header;
        // Kafka drops attribute bits that it does not know (7 to 15) when it rewrites them.
        let mut attributes = i16::from(old[ATTRIBUTES_OFFSET + 1] & 0x7f);
        let old_is_append_time = attributes & TIMESTAMP_TYPE_MASK != 0;
        let append_time = timestamp_type == TimestampType::LogAppendTime;
        if old_is_append_time == append_time
            && old[MAX_TIMESTAMP_OFFSET..PRODUCER_ID_OFFSET] == max_timestamp.to_be_bytes()
        {
            return self;
        }
        attributes = attributes & !TIMESTAMP_TYPE_MASK | if append_time { TIMESTAMP_TYPE_MASK } else { 0 };
        self.header[ATTRIBUTES_OFFSET..ATTRIBUTES_OFFSET + 2].copy_from_slice(&attributes.to_be_bytes());
        self.header[MAX_TIMESTAMP_OFFSET..PRODUCER_ID_OFFSET].copy_from_slice(&max_timestamp.to_be_bytes());
        let crc = crc32c::crc32c_append(crc32c::crc32c(&self.header[ATTRIBUTES_OFFSET..]), payload);
        self.header[CRC_OFFSET..ATTRIBUTES_OFFSET].copy_from_slice(&crc.to_be_bytes());
        self
    }

    /// The new header's bytes; the batch's bytes from 61 on follow unchanged.
    pub fn header_bytes(&self) -> &[u8; RECORD_BATCH_OVERHEAD] {
        &self.header
    }

    /// The new header.
    pub fn header(&self) -> Result<BatchHeader, BatchError> {
        BatchHeader::parse(&self.header)
    }

    /// A copy of the batch with the new header. For callers that cannot write two pieces.
    pub fn apply(&self, batch: &[u8]) -> Bytes {
        let mut out = BytesMut::with_capacity(batch.len());
        out.put_slice(&self.header);
        out.put_slice(batch.get(RECORD_BATCH_OVERHEAD..).unwrap_or(&[]));
        out.freeze()
    }
}
