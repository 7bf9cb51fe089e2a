//! WriteShareGroupStateResponse, versions 0–1.
//!
//! Written by `scripts/generate` from the message schemas of Apache Kafka 4.3.1; do not edit.

use crate::codec::*;

/// WriteShareGroupStateResponse, versions 0–1 (flexible: 0–1).
#[derive(Clone, Debug, PartialEq, Default)]
pub struct WriteShareGroupStateResponse {
    pub results: Vec<WriteStateResult>,
}
impl WriteShareGroupStateResponse {
    pub(crate) fn read(version: i16, r: &mut FrameReader<'_>) -> Result<Self, WireError> {
        let mut m = Self::default();
        m.results = r.get_vec(true, |r| WriteStateResult::read(version, r))?;
        r.skip_tags()?;
        Ok(m)
    }
    pub(crate) fn write(&self, version: i16, out: &mut BytesMut) -> Result<(), WireError> {
        out.put_vec(true, &self.results, |out, x| x.write(version, out))?;
        out.put_no_tags();
        Ok(())
    }
}

message!(WriteShareGroupStateResponse, 0, 1, 85, response, 0);

/// Part of [`WriteShareGroupStateResponse`].
#[derive(Clone, Debug, PartialEq, Default)]
pub struct WriteStateResult {
    pub topic_id: Uuid,
    pub partitions: Vec<PartitionResult>,
}
impl WriteStateResult {
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

/// Part of [`WriteShareGroupStateResponse`].
#[derive(Clone, Debug, PartialEq, Default)]
pub struct PartitionResult {
    pub partition: i32,
    pub error_code: i16,
    pub error_message: Option<StrBytes>,
}
impl PartitionResult {
    pub(crate) fn read(_version: i16, r: &mut FrameReader<'_>) -> Result<Self, WireError> {
        let mut m = Self::default();
        m.partition = r.get_i32()?;
        m.error_code = r.get_i16()?;
        m.error_message = r.get_nullable_text(true)?;
        r.skip_tags()?;
        Ok(m)
    }
    pub(crate) fn write(&self, _version: i16, out: &mut BytesMut) -> Result<(), WireError> {
        out.put_i32(self.partition);
        out.put_i16(self.error_code);
        out.put_nullable_text(true, self.error_message.as_deref())?;
        out.put_no_tags();
        Ok(())
    }
}
