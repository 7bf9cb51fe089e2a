//! AddRaftVoterResponse, versions 0–1.
//!
//! Written by `scripts/generate` from the message schemas of Apache Kafka 4.3.1; do not edit.

use crate::codec::*;

/// AddRaftVoterResponse, versions 0–1 (flexible: 0–1).
#[derive(Clone, Debug, PartialEq)]
pub struct AddRaftVoterResponse {
    pub throttle_time_ms: i32,
    pub error_code: i16,
    pub error_message: Option<StrBytes>,
}
impl Default for AddRaftVoterResponse {
    fn default() -> Self {
        Self { throttle_time_ms: 0, error_code: 0, error_message: Some(StrBytes::default()) }
    }
}
impl AddRaftVoterResponse {
    pub(crate) fn read(_version: i16, r: &mut FrameReader<'_>) -> Result<Self, WireError> {
        let mut m = Self::default();
        m.throttle_time_ms = r.get_i32()?;
        m.error_code = r.get_i16()?;
        m.error_message = r.get_nullable_text(true)?;
        r.skip_tags()?;
        Ok(m)
    }
    pub(crate) fn write(&self, _version: i16, out: &mut BytesMut) -> Result<(), WireError> {
        out.put_i32(self.throttle_time_ms);
        out.put_i16(self.error_code);
        out.put_nullable_text(true, self.error_message.as_deref())?;
        out.put_no_tags();
        Ok(())
    }
}

message!(AddRaftVoterResponse, 0, 1, 80, response, 0);
