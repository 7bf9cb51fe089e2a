//! ReadShareGroupStateSummaryResponse, versions 0–1.
//!
//! Written by `scripts/generate` from the message schemas of Apache Kafka 4.3.1; do not edit.

use crate::codec::*;

/// ReadShareGroupStateSummaryResponse, versions 0–1 (flexible: 0–1).
#[derive(Clone, Debug, PartialEq, Default)]
pub struct ReadShareGroupStateSummaryResponse {
    pub results: Vec<ReadStateSummaryResult>,
}
impl ReadShareGroupStateSummaryResponse {
    pub(crate) fn read(version: i16, r: &mut FrameReader<'_>) -> Result<Self, WireError> {
        let mut m = Self::default();
        m.results = r.get_vec(true, |r| ReadStateSummaryResult::read(version, r))?;
        r.skip_tags()?;
        Ok(m)
    }
    pub(crate) fn write(&self, version: i16, out: &mut BytesMut) -> Result<(), WireError> {
        out.put_vec(true, &self.results, |out, x| x.write(version, out))?;
        out.put_no_tags();
        Ok(())
    }
}

message!(ReadShareGroupStateSummaryResponse, 0, 1, 87, response, 0);

/// Part of [`ReadShareGroupStateSummaryResponse`].
#[derive(Clone, Debug, PartialEq, Default)]
pub struct ReadStateSummaryResult {
    pub topic_id: Uuid,
    pub partitions: Vec<PartitionResult>,
}
impl ReadStateSummaryResult {
    pub(crate) fn read(version: i16, r: &mut FrameReader<'_>) -> Result<Self, WireError> {
        let mut m = Self::default();
        m.topic_id = r.get_uuid()?;
        m.partitions = r.get_vec(true, |r| PartitionResult::read(version, r))?;
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

/// Part of [`ReadShareGroupStateSummaryResponse`].
#[derive(Clone, Debug, PartialEq)]
pub struct PartitionResult {
    pub partition: i32,
    pub error_code: i16,
    pub error_message: Option<StrBytes>,
    pub state_epoch: i32,
    pub leader_epoch: i32,
    pub start_offset: i64,
    pub delivery_complete_count: i32,
}
impl Default for PartitionResult {
    fn default() -> Self {
        Self {
            partition: 0,
            error_code: 0,
            error_message: None,
            state_epoch: 0,
            leader_epoch: 0,
            start_offset: 0,
            delivery_complete_count: -1,
        }
    }
}
impl PartitionResult {
    pub(crate) fn read(version: i16, r: &mut FrameReader<'_>) -> Result<Self, WireError> {
        let mut m = Self::default();
        m.partition = r.get_i32()?;
        m.error_code = r.get_i16()?;
        m.error_message = r.get_nullable_text(true)?;
        m.state_epoch = r.get_i32()?;
        m.leader_epoch = r.get_i32()?;
        m.start_offset = r.get_i64()?;
        if version >= 1 {
            m.delivery_complete_count = r.get_i32()?;
        }
        r.skip_tags()?;
        Ok(m)
    }
    pub(crate) fn write(&self, version: i16, out: &mut BytesMut) -> Result<(), WireError> {
        out.put_i32(self.partition);
        out.put_i16(self.error_code);
        out.put_nullable_text(true, self.error_message.as_deref())?;
        out.put_i32(self.state_epoch);
        out.put_i32(self.leader_epoch);
        out.put_i64(self.start_offset);
        if version >= 1 {
            out.put_i32(self.delivery_complete_count);
        }
        out.put_no_tags();
        Ok(())
    }
}
