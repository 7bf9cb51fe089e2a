//! Metadata records ↔ batches as KRaft writes them: uncompressed, CreateTime, no producer, leader epoch set.

use crate::metadata::VersionedRecord;
use bytes::Bytes;
use ottla_base::wire::WireError;
use ottla_record::batch::{BatchBuilder, BatchError, BatchHeader, Record, records};
use ottla_record::control::{ControlRecord, ControlRecordError};
use ottla_record::generated::metadata::MetadataRecord;
use std::io;
use thiserror::Error;

/// Why a batch of the metadata log could not be read or made.
#[derive(Debug, Error)]
pub enum BatchCodecError {
    /// Not a batch.
    #[error(transparent)]
    Batch(#[from] BatchError),
    /// Not a metadata record.
    #[error("record at offset {offset}: {error}")]
    Record {
        /// Where.
        offset: i64,
        /// Why.
        error: WireError,
    },
    /// Not a control record.
    #[error("control record at offset {offset}: {error}")]
    Control {
        /// Where.
        offset: i64,
        /// Why.
        error: ControlRecordError,
    },
    /// A data record without a value.
    #[error("record at offset {0} has no value")]
    NoValue(i64),
    /// A record could not be encoded.
    #[error(transparent)]
    Encode(#[from] WireError),
    /// The batch is too large.
    #[error(transparent)]
    Build(#[from] io::Error),
}

/// A decoded batch.
#[derive(Clone, Debug)]
pub struct MetadataBatch {
    /// Offset of its first record.
    pub base_offset: i64,
    /// Offset of its last record.
    pub last_offset: i64,
    /// Leader epoch.
    pub epoch: i32,
    /// When it was appended.
    pub timestamp: i64,
    /// What is in it.
    pub payload: Payload,
}

/// Records of a batch, in order.
#[derive(Clone, Debug)]
pub enum Payload {
    /// Metadata.
    Data(Vec<MetadataRecord>),
    /// Elections, voters, snapshot frames.
    Control(Vec<ControlRecord>),
}

/// Encodes metadata records at `base_offset`.
pub fn data_batch(
    base_offset: i64,
    epoch: i32,
    wall_ms: i64,
    data: &[VersionedRecord],
) -> Result<Bytes, BatchCodecError> {
    let mut builder = BatchBuilder::new(base_offset);
    builder.partition_leader_epoch(epoch);
    for record in data {
        let value = record.record.encode_frame(record.version)?;
        builder.append(Record { timestamp: wall_ms, key: None, value: Some(&value), headers: &[] });
    }
    Ok(builder.build()?)
}

/// Encodes control records at `base_offset`.
pub fn control_batch(
    base_offset: i64,
    epoch: i32,
    wall_ms: i64,
    control: &[ControlRecord],
) -> Result<Bytes, BatchCodecError> {
    let mut builder = BatchBuilder::new(base_offset);
    builder.partition_leader_epoch(epoch);
    for record in control {
        record.append_to(&mut builder, wall_ms)?;
    }
    Ok(builder.build()?)
}

/// Decodes the batch at the start of `bytes` and says how long it is.
pub fn decode_batch(bytes: &[u8]) -> Result<(MetadataBatch, usize), BatchCodecError> {
    let header = BatchHeader::parse(bytes)?;
    let size = header.size_in_bytes();
    let payload = bytes
        .get(ottla_record::batch::RECORDS_OFFSET..size)
        .ok_or(BatchCodecError::Build(io::ErrorKind::UnexpectedEof.into()))?;
    let mut data = Vec::new();
    let mut control = Vec::new();
    for record in records(&header, payload) {
        let record = record?;
        let offset = header.record_offset(record.offset_delta);
        if header.is_control() {
            control.push(ControlRecord::parse(&record).map_err(|error| BatchCodecError::Control { offset, error })?);
        } else {
            let value = record.value.ok_or(BatchCodecError::NoValue(offset))?;
            let decoded =
                MetadataRecord::decode_frame(value).map_err(|error| BatchCodecError::Record { offset, error })?;
            data.push(decoded.0);
        }
    }
    let batch = MetadataBatch {
        base_offset: header.base_offset,
        last_offset: header.last_offset(),
        epoch: header.partition_leader_epoch,
        timestamp: header.max_timestamp,
        payload: if header.is_control() { Payload::Control(control) } else { Payload::Data(data) },
    };
    Ok((batch, size))
}
