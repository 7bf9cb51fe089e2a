//! OffsetCommitRequest, versions 2–10.
//!
//! Written by `scripts/generate` from the message schemas of Apache Kafka 4.3.1; do not edit.

use crate::codec::*;

/// OffsetCommitRequest, versions 2–10 (flexible: 8–10).
#[derive(Clone, Debug, PartialEq)]
pub struct OffsetCommitRequest {
    pub group_id: StrBytes,
    pub generation_id_or_member_epoch: i32,
    pub member_id: StrBytes,
    pub group_instance_id: Option<StrBytes>,
    pub retention_time_ms: i64,
    pub topics: Vec<OffsetCommitRequestTopic>,
}
impl Default for OffsetCommitRequest {
    fn default() -> Self {
        Self {
            group_id: StrBytes::default(),
            generation_id_or_member_epoch: -1,
            member_id: StrBytes::default(),
            group_instance_id: None,
            retention_time_ms: -1,
            topics: Vec::new(),
        }
    }
}
impl OffsetCommitRequest {
    pub(crate) fn read(version: i16, r: &mut FrameReader<'_>) -> Result<Self, WireError> {
        let flex = version >= 8;
        let mut m = Self::default();
        m.group_id = r.get_text(flex)?;
        m.generation_id_or_member_epoch = r.get_i32()?;
        m.member_id = r.get_text(flex)?;
        if version >= 7 {
            m.group_instance_id = r.get_nullable_text(flex)?;
        }
        if version <= 4 {
            m.retention_time_ms = r.get_i64()?;
        }
        m.topics = r.get_vec(flex, |r| OffsetCommitRequestTopic::read(version, r))?;
        if flex {
            r.skip_tags()?;
        }
        Ok(m)
    }
    pub(crate) fn write(&self, version: i16, out: &mut BytesMut) -> Result<(), WireError> {
        let flex = version >= 8;
        out.put_text(flex, &self.group_id)?;
        out.put_i32(self.generation_id_or_member_epoch);
        out.put_text(flex, &self.member_id)?;
        if version >= 7 {
            out.put_nullable_text(flex, self.group_instance_id.as_deref())?;
        } else {
            absent(self.group_instance_id.is_some(), "OffsetCommitRequest.group_instance_id", version)?;
        }
        if version <= 4 {
            out.put_i64(self.retention_time_ms);
        }
        out.put_vec(flex, &self.topics, |out, x| x.write(version, out))?;
        if flex {
            out.put_no_tags();
        }
        Ok(())
    }
}

message!(OffsetCommitRequest, 2, 10, 8, request, 8);

/// Part of [`OffsetCommitRequest`].
#[derive(Clone, Debug, PartialEq, Default)]
pub struct OffsetCommitRequestTopic {
    pub name: StrBytes,
    pub topic_id: Uuid,
    pub partitions: Vec<OffsetCommitRequestPartition>,
}
impl OffsetCommitRequestTopic {
    pub(crate) fn read(version: i16, r: &mut FrameReader<'_>) -> Result<Self, WireError> {
        let flex = version >= 8;
        let mut m = Self::default();
        if version <= 9 {
            m.name = r.get_text(flex)?;
        }
        if version >= 10 {
            m.topic_id = r.get_uuid()?;
        }
        m.partitions = r.get_vec(flex, |r| OffsetCommitRequestPartition::read(version, r))?;
        if flex {
            r.skip_tags()?;
        }
        Ok(m)
    }
    pub(crate) fn write(&self, version: i16, out: &mut BytesMut) -> Result<(), WireError> {
        let flex = version >= 8;
        if version <= 9 {
            out.put_text(flex, &self.name)?;
        }
        if version >= 10 {
            out.put_uuid(self.topic_id);
        }
        out.put_vec(flex, &self.partitions, |out, x| x.write(version, out))?;
        if flex {
            out.put_no_tags();
        }
        Ok(())
    }
}

/// Part of [`OffsetCommitRequest`].
#[derive(Clone, Debug, PartialEq)]
pub struct OffsetCommitRequestPartition {
    pub partition_index: i32,
    pub committed_offset: i64,
    pub committed_leader_epoch: i32,
    pub committed_metadata: Option<StrBytes>,
}
impl Default for OffsetCommitRequestPartition {
    fn default() -> Self {
        Self {
            partition_index: 0,
            committed_offset: 0,
            committed_leader_epoch: -1,
            committed_metadata: Some(StrBytes::default()),
        }
    }
}
impl OffsetCommitRequestPartition {
    pub(crate) fn read(version: i16, r: &mut FrameReader<'_>) -> Result<Self, WireError> {
        let flex = version >= 8;
        let mut m = Self::default();
        m.partition_index = r.get_i32()?;
        m.committed_offset = r.get_i64()?;
        if version >= 6 {
            m.committed_leader_epoch = r.get_i32()?;
        }
        m.committed_metadata = r.get_nullable_text(flex)?;
        if flex {
            r.skip_tags()?;
        }
        Ok(m)
    }
    pub(crate) fn write(&self, version: i16, out: &mut BytesMut) -> Result<(), WireError> {
        let flex = version >= 8;
        out.put_i32(self.partition_index);
        out.put_i64(self.committed_offset);
        if version >= 6 {
            out.put_i32(self.committed_leader_epoch);
        }
        out.put_nullable_text(flex, self.committed_metadata.as_deref())?;
        if flex {
            out.put_no_tags();
        }
        Ok(())
    }
}
