//! BrokerHeartbeatResponse, versions 0–2.
//!
//! Written by `scripts/generate` from the message schemas of Apache Kafka 4.3.1; do not edit.

use crate::codec::*;

/// BrokerHeartbeatResponse, versions 0–2 (flexible: 0–2).
#[derive(Clone, Debug, PartialEq)]
pub struct BrokerHeartbeatResponse {
    pub throttle_time_ms: i32,
    pub error_code: i16,
    pub is_caught_up: bool,
    pub is_fenced: bool,
    pub should_shut_down: bool,
}
impl Default for BrokerHeartbeatResponse {
    fn default() -> Self {
        Self { throttle_time_ms: 0, error_code: 0, is_caught_up: false, is_fenced: true, should_shut_down: false }
    }
}
impl BrokerHeartbeatResponse {
    pub(crate) fn read(_version: i16, r: &mut FrameReader<'_>) -> Result<Self, WireError> {
        let mut m = Self::default();
        m.throttle_time_ms = r.get_i32()?;
        m.error_code = r.get_i16()?;
        m.is_caught_up = r.get_bool()?;
        m.is_fenced = r.get_bool()?;
        m.should_shut_down = r.get_bool()?;
        r.skip_tags()?;
        Ok(m)
    }
    pub(crate) fn write(&self, _version: i16, out: &mut BytesMut) -> Result<(), WireError> {
        out.put_i32(self.throttle_time_ms);
        out.put_i16(self.error_code);
        out.put_bool(self.is_caught_up);
        out.put_bool(self.is_fenced);
        out.put_bool(self.should_shut_down);
        out.put_no_tags();
        Ok(())
    }
}

message!(BrokerHeartbeatResponse, 0, 2, 63, response, 0);
