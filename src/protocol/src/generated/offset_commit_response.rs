//! OffsetCommitResponse, versions 2–10.
//!
//! Written by `scripts/generate` from the message schemas of Apache Kafka 4.3.1; do not edit.

use crate::codec::*;

/// OffsetCommitResponse, versions 2–10 (flexible: 8–10).
#[derive(Clone, Debug, PartialEq, Default)]
pub struct OffsetCommitResponse {
    pub throttle_time_ms: i32,
    pub topics: Vec<OffsetCommitResponseTopic>,
}
impl OffsetCommitResponse {
    pub(crate) fn read(version: i16, r: &mut FrameReader<'_>) -> Result<Self, WireError> {
        let flex = version >= 8;
        let mut m = Self::default();
        if version >= 3 {
            m.throttle_time_ms = r.get_i32()?;
        }
        m.topics = r.get_vec(flex, |r| OffsetCommitResponseTopic::read(version, r))?;
        if flex {
            r.skip_tags()?;
        }
        Ok(m)
    }
    pub(crate) fn write(&self, version: i16, out: &mut BytesMut) -> Result<(), WireError> {
        let flex = version >= 8;
        if version >= 3 {
            out.put_i32(self.throttle_time_ms);
        }
        out.put_vec(flex, &self.topics, |out, x| x.write(version, out))?;
        if flex {
            out.put_no_tags();
        }
        Ok(())
    }
}

message!(OffsetCommitResponse, 2, 10, 8, response, 8);

/// Part of [`OffsetCommitResponse`].
#[derive(Clone, Debug, PartialEq, Default)]
pub struct OffsetCommitResponseTopic {
    pub name: StrBytes,
    pub topic_id: Uuid,
    pub partitions: Vec<OffsetCommitResponsePartition>,
}
impl OffsetCommitResponseTopic {
    pub(crate) fn read(version: i16, r: &mut FrameReader<'_>) -> Result<Self, WireError> {
        let flex = version >= 8;
        let mut m = Self::default();
        if version <= 9 {
            m.name = r.get_text(flex)?;
        }
        if version >= 10 {
            m.topic_id = r.get_uuid()?;
        }
        m.partitions = r.get_vec(flex, |r| OffsetCommitResponsePartition::read(version, r))?;
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

/// Part of [`OffsetCommitResponse`].
#[derive(Clone, Debug, PartialEq, Default)]
pub struct OffsetCommitResponsePartition {
    pub partition_index: i32,
    pub error_code: i16,
}
impl OffsetCommitResponsePartition {
    pub(crate) fn read(version: i16, r: &mut FrameReader<'_>) -> Result<Self, WireError> {
        let flex = version >= 8;
        let mut m = Self::default();
        m.partition_index = r.get_i32()?;
        m.error_code = r.get_i16()?;
        if flex {
            r.skip_tags()?;
        }
        Ok(m)
    }
    pub(crate) fn write(&self, version: i16, out: &mut BytesMut) -> Result<(), WireError> {
        let flex = version >= 8;
        out.put_i32(self.partition_index);
        out.put_i16(self.error_code);
        if flex {
            out.put_no_tags();
        }
        Ok(())
    }
}
