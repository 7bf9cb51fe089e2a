//! StreamsGroupDescribeRequest, versions 0.
//!
//! Written by `scripts/generate` from the message schemas of Apache Kafka 4.3.1; do not edit.

use crate::codec::*;

/// StreamsGroupDescribeRequest, versions 0 (flexible: 0).
#[derive(Clone, Debug, PartialEq, Default)]
pub struct StreamsGroupDescribeRequest {
    pub group_ids: Vec<StrBytes>,
    pub include_authorized_operations: bool,
}
impl StreamsGroupDescribeRequest {
    pub(crate) fn read(_version: i16, r: &mut FrameReader<'_>) -> Result<Self, WireError> {
        let mut m = Self::default();
        m.group_ids = r.get_vec(true, |r| r.get_text(true))?;
        m.include_authorized_operations = r.get_bool()?;
        r.skip_tags()?;
        Ok(m)
    }
    pub(crate) fn write(&self, _version: i16, out: &mut BytesMut) -> Result<(), WireError> {
        out.put_vec(true, &self.group_ids, |out, x| out.put_text(true, x))?;
        out.put_bool(self.include_authorized_operations);
        out.put_no_tags();
        Ok(())
    }
}

message!(StreamsGroupDescribeRequest, 0, 0, 89, request, 0);
