//! ShareAcknowledgeRequest, versions 1–2.
//!
//! Written by `scripts/generate` from the message schemas of Apache Kafka 4.3.1; do not edit.

use crate::codec::*;

/// ShareAcknowledgeRequest, versions 1–2 (flexible: 1–2).
#[derive(Clone, Debug, PartialEq)]
pub struct ShareAcknowledgeRequest {
    pub group_id: Option<StrBytes>,
    pub member_id: Option<StrBytes>,
    pub share_session_epoch: i32,
    pub is_renew_ack: bool,
    pub topics: Vec<AcknowledgeTopic>,
}
impl Default for ShareAcknowledgeRequest {
    fn default() -> Self {
        Self {
            group_id: None,
            member_id: Some(StrBytes::default()),
            share_session_epoch: 0,
            is_renew_ack: false,
            topics: Vec::new(),
        }
    }
}
impl ShareAcknowledgeRequest {
    pub(crate) fn read(version: i16, r: &mut FrameReader<'_>) -> Result<Self, WireError> {
        let mut m = Self::default();
        m.group_id = r.get_nullable_text(true)?;
        m.member_id = r.get_nullable_text(true)?;
        m.share_session_epoch = r.get_i32()?;
        if version >= 2 {
            m.is_renew_ack = r.get_bool()?;
        }
        m.topics = r.get_vec(true, |r| AcknowledgeTopic::read(version, r))?;
        r.skip_tags()?;
        Ok(m)
    }
    pub(crate) fn write(&self, version: i16, out: &mut BytesMut) -> Result<(), WireError> {
        out.put_nullable_text(true, self.group_id.as_deref())?;
        out.put_nullable_text(true, self.member_id.as_deref())?;
        out.put_i32(self.share_session_epoch);
        if version >= 2 {
            out.put_bool(self.is_renew_ack);
        } else {
            absent(self.is_renew_ack, "ShareAcknowledgeRequest.is_renew_ack", version)?;
        }
        out.put_vec(true, &self.topics, |out, x| x.write(version, out))?;
        out.put_no_tags();
        Ok(())
    }
}

message!(ShareAcknowledgeRequest, 1, 2, 79, request, 1);

/// Part of [`ShareAcknowledgeRequest`].
#[derive(Clone, Debug, PartialEq, Default)]
pub struct AcknowledgeTopic {
    pub topic_id: Uuid,
    pub partitions: Vec<AcknowledgePartition>,
}
impl AcknowledgeTopic {
    pub(crate) fn read(version: i16, r: &mut FrameReader<'_>) -> Result<Self, WireError> {
        let mut m = Self::default();
        m.topic_id = r.get_uuid()?;
        m.partitions = r.get_vec(true, |r| AcknowledgePartition::read(version, r))?;
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

/// Part of [`ShareAcknowledgeRequest`].
#[derive(Clone, Debug, PartialEq, Default)]
pub struct AcknowledgePartition {
    pub partition_index: i32,
    pub acknowledgement_batches: Vec<AcknowledgementBatch>,
}
impl AcknowledgePartition {
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

/// Part of [`ShareAcknowledgeRequest`].
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
