//! ShareFetchRequest, versions 1–2.
//!
//! Written by `scripts/generate` from the message schemas of Apache Kafka 4.3.1; do not edit.

use crate::codec::*;

/// ShareFetchRequest, versions 1–2 (flexible: 1–2).
#[derive(Clone, Debug, PartialEq)]
pub struct ShareFetchRequest {
    pub group_id: Option<StrBytes>,
    pub member_id: Option<StrBytes>,
    pub share_session_epoch: i32,
    pub max_wait_ms: i32,
    pub min_bytes: i32,
    pub max_bytes: i32,
    pub max_records: i32,
    pub batch_size: i32,
    pub share_acquire_mode: i8,
    pub is_renew_ack: bool,
    pub topics: Vec<FetchTopic>,
    pub forgotten_topics_data: Vec<ForgottenTopic>,
}
impl Default for ShareFetchRequest {
    fn default() -> Self {
        Self {
            group_id: None,
            member_id: Some(StrBytes::default()),
            share_session_epoch: 0,
            max_wait_ms: 0,
            min_bytes: 0,
            max_bytes: 2147483647,
            max_records: 0,
            batch_size: 0,
            share_acquire_mode: 0,
            is_renew_ack: false,
            topics: Vec::new(),
            forgotten_topics_data: Vec::new(),
        }
    }
}
impl ShareFetchRequest {
    pub(crate) fn read(version: i16, r: &mut FrameReader<'_>) -> Result<Self, WireError> {
        let mut m = Self::default();
        m.group_id = r.get_nullable_text(true)?;
        m.member_id = r.get_nullable_text(true)?;
        m.share_session_epoch = r.get_i32()?;
        m.max_wait_ms = r.get_i32()?;
        m.min_bytes = r.get_i32()?;
        m.max_bytes = r.get_i32()?;
        m.max_records = r.get_i32()?;
        m.batch_size = r.get_i32()?;
        if version >= 2 {
            m.share_acquire_mode = r.get_i8()?;
        }
        if version >= 2 {
            m.is_renew_ack = r.get_bool()?;
        }
        m.topics = r.get_vec(true, |r| FetchTopic::read(version, r))?;
        m.forgotten_topics_data = r.get_vec(true, |r| ForgottenTopic::read(version, r))?;
        r.skip_tags()?;
        Ok(m)
    }
    pub(crate) fn write(&self, version: i16, out: &mut BytesMut) -> Result<(), WireError> {
        out.put_nullable_text(true, self.group_id.as_deref())?;
        out.put_nullable_text(true, self.member_id.as_deref())?;
        out.put_i32(self.share_session_epoch);
        out.put_i32(self.max_wait_ms);
        out.put_i32(self.min_bytes);
        out.put_i32(self.max_bytes);
        out.put_i32(self.max_records);
        out.put_i32(self.batch_size);
        if version >= 2 {
            out.put_i8(self.share_acquire_mode);
        }
        if version >= 2 {
            out.put_bool(self.is_renew_ack);
        } else {
            absent(self.is_renew_ack, "ShareFetchRequest.is_renew_ack", version)?;
        }
        out.put_vec(true, &self.topics, |out, x| x.write(version, out))?;
        out.put_vec(true, &self.forgotten_topics_data, |out, x| x.write(version, out))?;
        out.put_no_tags();
        Ok(())
    }
}

message!(ShareFetchRequest, 1, 2, 78, request, 1);

/// Part of [`ShareFetchRequest`].
#[derive(Clone, Debug, PartialEq, Default)]
pub struct FetchTopic {
    pub topic_id: Uuid,
    pub partitions: Vec<FetchPartition>,
}
impl FetchTopic {
    pub(crate) fn read(version: i16, r: &mut FrameReader<'_>) -> Result<Self, WireError> {
        let mut m = Self::default();
        m.topic_id = r.get_uuid()?;
        m.partitions = r.get_vec(true, |r| FetchPartition::read(version, r))?;
        r.skip_tags()?;
        Ok(m)
    }
    pub(crate) fn write(&self, version: i16, out: &mut BytesMut) -> Result<(), WireError> {
        out.put_uuid(self.topic_id);
        out.put_vec(true, &self.partitions, |out, x| x.write(version, out))?;
        out.put_no_tags();
        Ok(())
    }
}

/// Part of [`ShareFetchRequest`].
#[derive(Clone, Debug, PartialEq, Default)]
pub struct FetchPartition {
    pub partition_index: i32,
    pub acknowledgement_batches: Vec<AcknowledgementBatch>,
}
impl FetchPartition {
    pub(crate) fn read(version: i16, r: &mut FrameReader<'_>) -> Result<Self, WireError> {
        let mut m = Self::default();
        m.partition_index = r.get_i32()?;
        m.acknowledgement_batches = r.get_vec(true, |r| AcknowledgementBatch::read(version, r))?;
        r.skip_tags()?;
        Ok(m)
    }
    pub(crate) fn write(&self, version: i16, out: &mut BytesMut) -> Result<(), WireError> {
        out.put_i32(self.partition_index);
        out.put_vec(true, &self.acknowledgement_batches, |out, x| x.write(version, out))?;
        out.put_no_tags();
        Ok(())
    }
}

/// Part of [`ShareFetchRequest`].
#[derive(Clone, Debug, PartialEq, Default)]
pub struct AcknowledgementBatch {
    pub first_offset: i64,
    pub last_offset: i64,
    pub acknowledge_types: Vec<i8>,
}
impl AcknowledgementBatch {
    pub(crate) fn read(_version: i16, r: &mut FrameReader<'_>) -> Result<Self, WireError> {
        let mut m = Self::default();
        m.first_offset = r.get_i64()?;
        m.last_offset = r.get_i64()?;
        m.acknowledge_types = r.get_vec(true, Source::get_i8)?;
        r.skip_tags()?;
        Ok(m)
    }
    pub(crate) fn write(&self, _version: i16, out: &mut BytesMut) -> Result<(), WireError> {
        out.put_i64(self.first_offset);
        out.put_i64(self.last_offset);
        out.put_vec(true, &self.acknowledge_types, |out, x| {
            out.put_i8(*x);
            Ok(())
        })?;
        out.put_no_tags();
        Ok(())
    }
}

/// Part of [`ShareFetchRequest`].
#[derive(Clone, Debug, PartialEq, Default)]
pub struct ForgottenTopic {
    pub topic_id: Uuid,
    pub partitions: Vec<i32>,
}
impl ForgottenTopic {
    pub(crate) fn read(_version: i16, r: &mut FrameReader<'_>) -> Result<Self, WireError> {
        let mut m = Self::default();
        m.topic_id = r.get_uuid()?;
        m.partitions = r.get_vec(true, Source::get_i32)?;
        r.skip_tags()?;
        Ok(m)
    }
    pub(crate) fn write(&self, _version: i16, out: &mut BytesMut) -> Result<(), WireError> {
        out.put_uuid(self.topic_id);
        out.put_vec(true, &self.partitions, |out, x| {
            out.put_i32(*x);
            Ok(())
        })?;
        out.put_no_tags();
        Ok(())
    }
}
