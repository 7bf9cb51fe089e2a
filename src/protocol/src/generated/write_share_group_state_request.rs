//! WriteShareGroupStateRequest, versions 0–1.
//!
//! Written by `scripts/generate` from the message schemas of Apache Kafka 4.3.1; do not edit.

use crate::codec::*;

/// WriteShareGroupStateRequest, versions 0–1 (flexible: 0–1).
#[derive(Clone, Debug, PartialEq, Default)]
pub struct WriteShareGroupStateRequest {
    pub group_id: StrBytes,
    pub topics: Vec<WriteStateData>,
}
impl WriteShareGroupStateRequest {
    pub(crate) fn read(version: i16, r: &mut FrameReader<'_>) -> Result<Self, WireError> {
        let mut m = Self::default();
        m.group_id = r.get_text(true)?;
        m.topics = r.get_vec(true, |r| WriteStateData::read(version, r))?;
        r.skip_tags()?;
        Ok(m)
    }
    pub(crate) fn write(&self, version: i16, out: &mut BytesMut) -> Result<(), WireError> {
        out.put_text(true, &self.group_id)?;
        out.put_vec(true, &self.topics, |out, x| x.write(version, out))?;
        out.put_no_tags();
        Ok(())
    }
}

message!(WriteShareGroupStateRequest, 0, 1, 85, request, 0);

/// Part of [`WriteShareGroupStateRequest`].
#[derive(Clone, Debug, PartialEq, Default)]
pub struct WriteStateData {
    pub topic_id: Uuid,
    pub partitions: Vec<PartitionData>,
}
impl WriteStateData {
    pub(crate) fn read(version: i16, r: &mut FrameReader<'_>) -> Result<Self, WireError> {
        let mut m = Self::default();
        m.topic_id = r.get_uuid()?;
        m.partitions = r.get_vec(true, |r| PartitionData::read(version, r))?;
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

/// Part of [`WriteShareGroupStateRequest`].
#[derive(Clone, Debug, PartialEq)]
pub struct PartitionData {
    pub partition: i32,
    pub state_epoch: i32,
    pub leader_epoch: i32,
    pub start_offset: i64,
    pub delivery_complete_count: i32,
    pub state_batches: Vec<StateBatch>,
}
impl Default for PartitionData {
    fn default() -> Self {
        Self {
            partition: 0,
            state_epoch: 0,
            leader_epoch: 0,
            start_offset: 0,
            delivery_complete_count: -1,
            state_batches: Vec::new(),
        }
    }
}
impl PartitionData {
    pub(crate) fn read(version: i16, r: &mut FrameReader<'_>) -> Result<Self, WireError> {
        let mut m = Self::default();
        m.partition = r.get_i32()?;
        m.state_epoch = r.get_i32()?;
        m.leader_epoch = r.get_i32()?;
        m.start_offset = r.get_i64()?;
        if version >= 1 {
            m.delivery_complete_count = r.get_i32()?;
        }
        m.state_batches = r.get_vec(true, |r| StateBatch::read(version, r))?;
        r.skip_tags()?;
        Ok(m)
    }
    pub(crate) fn write(&self, version: i16, out: &mut BytesMut) -> Result<(), WireError> {
        out.put_i32(self.partition);
        out.put_i32(self.state_epoch);
        out.put_i32(self.leader_epoch);
        out.put_i64(self.start_offset);
        if version >= 1 {
            out.put_i32(self.delivery_complete_count);
        }
        out.put_vec(true, &self.state_batches, |out, x| x.write(version, out))?;
        out.put_no_tags();
        Ok(())
    }
}

/// Part of [`WriteShareGroupStateRequest`].
#[derive(Clone, Debug, PartialEq, Default)]
pub struct StateBatch {
    pub first_offset: i64,
    pub last_offset: i64,
    pub delivery_state: i8,
    pub delivery_count: i16,
}
impl StateBatch {
    pub(crate) fn read(_version: i16, r: &mut FrameReader<'_>) -> Result<Self, WireError> {
        let mut m = Self::default();
        m.first_offset = r.get_i64()?;
        m.last_offset = r.get_i64()?;
        m.delivery_state = r.get_i8()?;
        m.delivery_count = r.get_i16()?;
        r.skip_tags()?;
        Ok(m)
    }
    pub(crate) fn write(&self, _version: i16, out: &mut BytesMut) -> Result<(), WireError> {
        out.put_i64(self.first_offset);
        out.put_i64(self.last_offset);
        out.put_i8(self.delivery_state);
        out.put_i16(self.delivery_count);
        out.put_no_tags();
        Ok(())
    }
}
