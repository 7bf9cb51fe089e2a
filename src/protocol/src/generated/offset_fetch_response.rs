//! OffsetFetchResponse, versions 1–10.
//!
//! Written by `scripts/generate` from the message schemas of Apache Kafka 4.3.1; do not edit.

use crate::codec::*;

/// OffsetFetchResponse, versions 1–10 (flexible: 6–10).
#[derive(Clone, Debug, PartialEq, Default)]
pub struct OffsetFetchResponse {
    pub throttle_time_ms: i32,
    pub topics: Vec<OffsetFetchResponseTopic>,
    pub error_code: i16,
    pub groups: Vec<OffsetFetchResponseGroup>,
}
impl OffsetFetchResponse {
    pub(crate) fn read(version: i16, r: &mut FrameReader<'_>) -> Result<Self, WireError> {
        let flex = version >= 6;
        let mut m = Self::default();
        if version >= 3 {
            m.throttle_time_ms = r.get_i32()?;
        }
        if version <= 7 {
            m.topics = r.get_vec(flex, |r| OffsetFetchResponseTopic::read(version, r))?;
        }
        if (2..=7).contains(&version) {
            m.error_code = r.get_i16()?;
        }
        if version >= 8 {
            m.groups = r.get_vec(flex, |r| OffsetFetchResponseGroup::read(version, r))?;
        }
        if flex {
            r.skip_tags()?;
        }
        Ok(m)
    }
    pub(crate) fn write(&self, version: i16, out: &mut BytesMut) -> Result<(), WireError> {
        let flex = version >= 6;
        if version >= 3 {
            out.put_i32(self.throttle_time_ms);
        }
        if version <= 7 {
            out.put_vec(flex, &self.topics, |out, x| x.write(version, out))?;
        } else {
            absent(!self.topics.is_empty(), "OffsetFetchResponse.topics", version)?;
        }
        if (2..=7).contains(&version) {
            out.put_i16(self.error_code);
        }
        if version >= 8 {
            out.put_vec(flex, &self.groups, |out, x| x.write(version, out))?;
        } else {
            absent(!self.groups.is_empty(), "OffsetFetchResponse.groups", version)?;
        }
        if flex {
            out.put_no_tags();
        }
        Ok(())
    }
}

message!(OffsetFetchResponse, 1, 10, 9, response, 6);

/// Part of [`OffsetFetchResponse`].
#[derive(Clone, Debug, PartialEq, Default)]
pub struct OffsetFetchResponseTopic {
    pub name: StrBytes,
    pub partitions: Vec<OffsetFetchResponsePartition>,
}
impl OffsetFetchResponseTopic {
    pub(crate) fn read(version: i16, r: &mut FrameReader<'_>) -> Result<Self, WireError> {
        let flex = version >= 6;
        let mut m = Self::default();
        if version <= 7 {
            m.name = r.get_text(flex)?;
        }
        if version <= 7 {
            m.partitions = r.get_vec(flex, |r| OffsetFetchResponsePartition::read(version, r))?;
        }
        if flex {
            r.skip_tags()?;
        }
        Ok(m)
    }
    pub(crate) fn write(&self, version: i16, out: &mut BytesMut) -> Result<(), WireError> {
        let flex = version >= 6;
        if version <= 7 {
            out.put_text(flex, &self.name)?;
        } else {
            absent(!self.name.is_empty(), "OffsetFetchResponseTopic.name", version)?;
        }
        if version <= 7 {
            out.put_vec(flex, &self.partitions, |out, x| x.write(version, out))?;
        } else {
            absent(!self.partitions.is_empty(), "OffsetFetchResponseTopic.partitions", version)?;
        }
        if flex {
            out.put_no_tags();
        }
        Ok(())
    }
}

/// Part of [`OffsetFetchResponse`].
#[derive(Clone, Debug, PartialEq)]
pub struct OffsetFetchResponsePartition {
    pub partition_index: i32,
    pub committed_offset: i64,
    pub committed_leader_epoch: i32,
    pub metadata: Option<StrBytes>,
    pub error_code: i16,
}
impl Default for OffsetFetchResponsePartition {
    fn default() -> Self {
        Self {
            partition_index: 0,
            committed_offset: 0,
            committed_leader_epoch: -1,
            metadata: Some(StrBytes::default()),
            error_code: 0,
        }
    }
}
impl OffsetFetchResponsePartition {
    pub(crate) fn read(version: i16, r: &mut FrameReader<'_>) -> Result<Self, WireError> {
        let flex = version >= 6;
        let mut m = Self::default();
        if version <= 7 {
            m.partition_index = r.get_i32()?;
        }
        if version <= 7 {
            m.committed_offset = r.get_i64()?;
        }
        if (5..=7).contains(&version) {
            m.committed_leader_epoch = r.get_i32()?;
        }
        if version <= 7 {
            m.metadata = r.get_nullable_text(flex)?;
        }
        if version <= 7 {
            m.error_code = r.get_i16()?;
        }
        if flex {
            r.skip_tags()?;
        }
        Ok(m)
    }
    pub(crate) fn write(&self, version: i16, out: &mut BytesMut) -> Result<(), WireError> {
        let flex = version >= 6;
        if version <= 7 {
            out.put_i32(self.partition_index);
        } else {
            absent(self.partition_index != 0, "OffsetFetchResponsePartition.partition_index", version)?;
        }
        if version <= 7 {
            out.put_i64(self.committed_offset);
        } else {
            absent(self.committed_offset != 0, "OffsetFetchResponsePartition.committed_offset", version)?;
        }
        if (5..=7).contains(&version) {
            out.put_i32(self.committed_leader_epoch);
        }
        if version <= 7 {
            out.put_nullable_text(flex, self.metadata.as_deref())?;
        } else {
            absent(
                !matches!(&self.metadata, Some(v) if v.is_empty()),
                "OffsetFetchResponsePartition.metadata",
                version,
            )?;
        }
        if version <= 7 {
            out.put_i16(self.error_code);
        } else {
            absent(self.error_code != 0, "OffsetFetchResponsePartition.error_code", version)?;
        }
        if flex {
            out.put_no_tags();
        }
        Ok(())
    }
}

/// Part of [`OffsetFetchResponse`].
#[derive(Clone, Debug, PartialEq, Default)]
pub struct OffsetFetchResponseGroup {
    pub group_id: StrBytes,
    pub topics: Vec<OffsetFetchResponseTopics>,
    pub error_code: i16,
}
impl OffsetFetchResponseGroup {
    pub(crate) fn read(version: i16, r: &mut FrameReader<'_>) -> Result<Self, WireError> {
        let flex = version >= 6;
        let mut m = Self::default();
        if version >= 8 {
            m.group_id = r.get_text(flex)?;
        }
        if version >= 8 {
            m.topics = r.get_vec(flex, |r| OffsetFetchResponseTopics::read(version, r))?;
        }
        if version >= 8 {
            m.error_code = r.get_i16()?;
        }
        if flex {
            r.skip_tags()?;
        }
        Ok(m)
    }
    pub(crate) fn write(&self, version: i16, out: &mut BytesMut) -> Result<(), WireError> {
        let flex = version >= 6;
        if version >= 8 {
            out.put_text(flex, &self.group_id)?;
        } else {
            absent(!self.group_id.is_empty(), "OffsetFetchResponseGroup.group_id", version)?;
        }
        if version >= 8 {
            out.put_vec(flex, &self.topics, |out, x| x.write(version, out))?;
        } else {
            absent(!self.topics.is_empty(), "OffsetFetchResponseGroup.topics", version)?;
        }
        if version >= 8 {
            out.put_i16(self.error_code);
        } else {
            absent(self.error_code != 0, "OffsetFetchResponseGroup.error_code", version)?;
        }
        if flex {
            out.put_no_tags();
        }
        Ok(())
    }
}

/// Part of [`OffsetFetchResponse`].
#[derive(Clone, Debug, PartialEq, Default)]
pub struct OffsetFetchResponseTopics {
    pub name: StrBytes,
    pub topic_id: Uuid,
    pub partitions: Vec<OffsetFetchResponsePartitions>,
}
impl OffsetFetchResponseTopics {
    pub(crate) fn read(version: i16, r: &mut FrameReader<'_>) -> Result<Self, WireError> {
        let flex = version >= 6;
        let mut m = Self::default();
        if (8..=9).contains(&version) {
            m.name = r.get_text(flex)?;
        }
        if version >= 10 {
            m.topic_id = r.get_uuid()?;
        }
        if version >= 8 {
            m.partitions = r.get_vec(flex, |r| OffsetFetchResponsePartitions::read(version, r))?;
        }
        if flex {
            r.skip_tags()?;
        }
        Ok(m)
    }
    pub(crate) fn write(&self, version: i16, out: &mut BytesMut) -> Result<(), WireError> {
        let flex = version >= 6;
        if (8..=9).contains(&version) {
            out.put_text(flex, &self.name)?;
        }
        if version >= 10 {
            out.put_uuid(self.topic_id);
        }
        if version >= 8 {
            out.put_vec(flex, &self.partitions, |out, x| x.write(version, out))?;
        } else {
            absent(!self.partitions.is_empty(), "OffsetFetchResponseTopics.partitions", version)?;
        }
        if flex {
            out.put_no_tags();
        }
        Ok(())
    }
}

/// Part of [`OffsetFetchResponse`].
#[derive(Clone, Debug, PartialEq)]
pub struct OffsetFetchResponsePartitions {
    pub partition_index: i32,
    pub committed_offset: i64,
    pub committed_leader_epoch: i32,
    pub metadata: Option<StrBytes>,
    pub error_code: i16,
}
impl Default for OffsetFetchResponsePartitions {
    fn default() -> Self {
        Self {
            partition_index: 0,
            committed_offset: 0,
            committed_leader_epoch: -1,
            metadata: Some(StrBytes::default()),
            error_code: 0,
        }
    }
}
impl OffsetFetchResponsePartitions {
    pub(crate) fn read(version: i16, r: &mut FrameReader<'_>) -> Result<Self, WireError> {
        let flex = version >= 6;
        let mut m = Self::default();
        if version >= 8 {
            m.partition_index = r.get_i32()?;
        }
        if version >= 8 {
            m.committed_offset = r.get_i64()?;
        }
        if version >= 8 {
            m.committed_leader_epoch = r.get_i32()?;
        }
        if version >= 8 {
            m.metadata = r.get_nullable_text(flex)?;
        }
        if version >= 8 {
            m.error_code = r.get_i16()?;
        }
        if flex {
            r.skip_tags()?;
        }
        Ok(m)
    }
    pub(crate) fn write(&self, version: i16, out: &mut BytesMut) -> Result<(), WireError> {
        let flex = version >= 6;
        if version >= 8 {
            out.put_i32(self.partition_index);
        } else {
            absent(self.partition_index != 0, "OffsetFetchResponsePartitions.partition_index", version)?;
        }
        if version >= 8 {
            out.put_i64(self.committed_offset);
        } else {
            absent(self.committed_offset != 0, "OffsetFetchResponsePartitions.committed_offset", version)?;
        }
        if version >= 8 {
            out.put_i32(self.committed_leader_epoch);
        }
        if version >= 8 {
            out.put_nullable_text(flex, self.metadata.as_deref())?;
        } else {
            absent(
                !matches!(&self.metadata, Some(v) if v.is_empty()),
                "OffsetFetchResponsePartitions.metadata",
                version,
            )?;
        }
        if version >= 8 {
            out.put_i16(self.error_code);
        } else {
            absent(self.error_code != 0, "OffsetFetchResponsePartitions.error_code", version)?;
        }
        if flex {
            out.put_no_tags();
        }
        Ok(())
    }
}
