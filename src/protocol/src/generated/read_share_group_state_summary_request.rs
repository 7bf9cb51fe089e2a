//! ReadShareGroupStateSummaryRequest, versions 0–1.
//!
//! Written by `scripts/generate` from the message schemas of Apache Kafka 4.3.1; do not edit.

use crate::codec::*;

/// ReadShareGroupStateSummaryRequest, versions 0–1 (flexible: 0–1).
#[derive(Clone, Debug, PartialEq, Default)]
pub struct ReadShareGroupStateSummaryRequest {
    pub group_id: StrBytes,
    pub topics: Vec<ReadStateSummaryData>,
}
impl ReadShareGroupStateSummaryRequest {
    pub(crate) fn read(version: i16, r: &mut FrameReader<'_>) -> Result<Self, WireError> {
        let mut m = Self::default();
        m.group_id = r.get_text(true)?;
        m.topics = r.get_vec(true, |r| ReadStateSummaryData::read(version, r))?;
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

message!(ReadShareGroupStateSummaryRequest, 0, 1, 87, request, 0);

/// Part of [`ReadShareGroupStateSummaryRequest`].
#[derive(Clone, Debug, PartialEq, Default)]
pub struct ReadStateSummaryData {
    pub topic_id: Uuid,
    pub partitions: Vec<PartitionData>,
}
impl ReadStateSummaryData {
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

/// Part of [`ReadShareGroupStateSummaryRequest`].
#[derive(Clone, Debug, PartialEq, Default)]
pub struct PartitionData {
    pub partition: i32,
    pub leader_epoch: i32,
}
impl PartitionData {
    pub(crate) fn read(_version: i16, r: &mut FrameReader<'_>) -> Result<Self, WireError> {
        let mut m = Self::default();
        m.partition = r.get_i32()?;
        m.leader_epoch = r.get_i32()?;
        r.skip_tags()?;
        Ok(m)
    }
    pub(crate) fn write(&self, _version: i16, out: &mut BytesMut) -> Result<(), WireError> {
        out.put_i32(self.partition);
        out.put_i32(self.leader_epoch);
        out.put_no_tags();
        Ok(())
    }
}
