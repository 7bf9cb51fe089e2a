//! DescribeShareGroupOffsetsResponse, versions 0–1.
//!
//! Written by `scripts/generate` from the message schemas of Apache Kafka 4.3.1; do not edit.

use crate::codec::*;

/// DescribeShareGroupOffsetsResponse, versions 0–1 (flexible: 0–1).
#[derive(Clone, Debug, PartialEq, Default)]
pub struct DescribeShareGroupOffsetsResponse {
    pub throttle_time_ms: i32,
    pub groups: Vec<DescribeShareGroupOffsetsResponseGroup>,
}
impl DescribeShareGroupOffsetsResponse {
    pub(crate) fn read(version: i16, r: &mut FrameReader<'_>) -> Result<Self, WireError> {
        let mut m = Self::default();
        m.throttle_time_ms = r.get_i32()?;
        m.groups = r.get_vec(true, |r| DescribeShareGroupOffsetsResponseGroup::read(version, r))?;
        r.skip_tags()?;
        Ok(m)
    }
    pub(crate) fn write(&self, version: i16, out: &mut BytesMut) -> Result<(), WireError> {
        out.put_i32(self.throttle_time_ms);
        out.put_vec(true, &self.groups, |out, x| x.write(version, out))?;
        out.put_no_tags();
        Ok(())
    }
}

message!(DescribeShareGroupOffsetsResponse, 0, 1, 90, response, 0);

/// Part of [`DescribeShareGroupOffsetsResponse`].
#[derive(Clone, Debug, PartialEq, Default)]
pub struct DescribeShareGroupOffsetsResponseGroup {
    pub group_id: StrBytes,
    pub topics: Vec<DescribeShareGroupOffsetsResponseTopic>,
    pub error_code: i16,
    pub error_message: Option<StrBytes>,
}
impl DescribeShareGroupOffsetsResponseGroup {
    pub(crate) fn read(version: i16, r: &mut FrameReader<'_>) -> Result<Self, WireError> {
        let mut m = Self::default();
        m.group_id = r.get_text(true)?;
        m.topics = r.get_vec(true, |r| DescribeShareGroupOffsetsResponseTopic::read(version, r))?;
        m.error_code = r.get_i16()?;
        m.error_message = r.get_nullable_text(true)?;
        r.skip_tags()?;
        Ok(m)
    }
    pub(crate) fn write(&self, version: i16, out: &mut BytesMut) -> Result<(), WireError> {
        out.put_text(true, &self.group_id)?;
        out.put_vec(true, &self.topics, |out, x| x.write(version, out))?;
        out.put_i16(self.error_code);
        out.put_nullable_text(true, self.error_message.as_deref())?;
        out.put_no_tags();
        Ok(())
    }
}

/// Part of [`DescribeShareGroupOffsetsResponse`].
#[derive(Clone, Debug, PartialEq, Default)]
pub struct DescribeShareGroupOffsetsResponseTopic {
    pub topic_name: StrBytes,
    pub topic_id: Uuid,
    pub partitions: Vec<DescribeShareGroupOffsetsResponsePartition>,
}
impl DescribeShareGroupOffsetsResponseTopic {
    pub(crate) fn read(version: i16, r: &mut FrameReader<'_>) -> Result<Self, WireError> {
        let mut m = Self::default();
        m.topic_name = r.get_text(true)?;
        m.topic_id = r.get_uuid()?;
        m.partitions = r.get_vec(true, |r| DescribeShareGroupOffsetsResponsePartition::read(version, r))?;
        r.skip_tags()?;
        Ok(m)
    }
    pub(crate) fn write(&self, version: i16, out: &mut BytesMut) -> Result<(), WireError> {
        out.put_text(true, &self.topic_name)?;
        out.put_uuid(self.topic_id);
        out.put_vec(true, &self.partitions, |out, x| x.write(version, out))?;
        out.put_no_tags();
        Ok(())
    }
}

/// Part of [`DescribeShareGroupOffsetsResponse`].
#[derive(Clone, Debug, PartialEq)]
pub struct DescribeShareGroupOffsetsResponsePartition {
    pub partition_index: i32,
    pub start_offset: i64,
    pub leader_epoch: i32,
    pub lag: i64,
    pub error_code: i16,
    pub error_message: Option<StrBytes>,
}
impl Default for DescribeShareGroupOffsetsResponsePartition {
    fn default() -> Self {
        Self { partition_index: 0, start_offset: 0, leader_epoch: 0, lag: -1, error_code: 0, error_message: None }
    }
}
impl DescribeShareGroupOffsetsResponsePartition {
    pub(crate) fn read(version: i16, r: &mut FrameReader<'_>) -> Result<Self, WireError> {
        let mut m = Self::default();
        m.partition_index = r.get_i32()?;
        m.start_offset = r.get_i64()?;
        m.leader_epoch = r.get_i32()?;
        if version >= 1 {
            m.lag = r.get_i64()?;
        }
        m.error_code = r.get_i16()?;
        m.error_message = r.get_nullable_text(true)?;
        r.skip_tags()?;
        Ok(m)
    }
    pub(crate) fn write(&self, version: i16, out: &mut BytesMut) -> Result<(), WireError> {
        out.put_i32(self.partition_index);
        out.put_i64(self.start_offset);
        out.put_i32(self.leader_epoch);
        if version >= 1 {
            out.put_i64(self.lag);
        }
        out.put_i16(self.error_code);
        out.put_nullable_text(true, self.error_message.as_deref())?;
        out.put_no_tags();
        Ok(())
    }
}
