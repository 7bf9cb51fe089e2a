//! BrokerHeartbeatRequest, versions 0–2.
//!
//! Written by `scripts/generate` from the message schemas of Apache Kafka 4.3.1; do not edit.

use crate::codec::*;

/// BrokerHeartbeatRequest, versions 0–2 (flexible: 0–2).
#[derive(Clone, Debug, PartialEq)]
pub struct BrokerHeartbeatRequest {
    pub broker_id: i32,
    pub broker_epoch: i64,
    pub current_metadata_offset: i64,
    pub want_fence: bool,
    pub want_shut_down: bool,
    pub offline_log_dirs: Vec<Uuid>,
    pub cordoned_log_dirs: Option<Vec<Uuid>>,
}
impl Default for BrokerHeartbeatRequest {
    fn default() -> Self {
        Self {
            broker_id: 0,
            broker_epoch: -1,
            current_metadata_offset: 0,
            want_fence: false,
            want_shut_down: false,
            offline_log_dirs: Vec::new(),
            cordoned_log_dirs: None,
        }
    }
}
impl BrokerHeartbeatRequest {
    pub(crate) fn read(version: i16, r: &mut FrameReader<'_>) -> Result<Self, WireError> {
        let mut m = Self::default();
        m.broker_id = r.get_i32()?;
        m.broker_epoch = r.get_i64()?;
        m.current_metadata_offset = r.get_i64()?;
        m.want_fence = r.get_bool()?;
        m.want_shut_down = r.get_bool()?;
        r.get_tags(|tag, r| {
            match tag {
                0 if version >= 1 => m.offline_log_dirs = r.get_vec(true, Source::get_uuid)?,
                1 if version >= 2 => m.cordoned_log_dirs = r.get_nullable_vec(true, Source::get_uuid)?,
                _ => return Ok(false),
            }
            Ok(true)
        })?;
        Ok(m)
    }
    pub(crate) fn write(&self, version: i16, out: &mut BytesMut) -> Result<(), WireError> {
        out.put_i32(self.broker_id);
        out.put_i64(self.broker_epoch);
        out.put_i64(self.current_metadata_offset);
        out.put_bool(self.want_fence);
        out.put_bool(self.want_shut_down);
        if !(version >= 1) {
            absent(!self.offline_log_dirs.is_empty(), "BrokerHeartbeatRequest.offline_log_dirs", version)?;
        }
        if !(version >= 2) {
            absent(self.cordoned_log_dirs.is_some(), "BrokerHeartbeatRequest.cordoned_log_dirs", version)?;
        }
        let mut tags = Tags::default();
        tags.put(0, version >= 1 && !self.offline_log_dirs.is_empty(), |out| {
            out.put_vec(true, &self.offline_log_dirs, |out, x| {
                out.put_uuid(*x);
                Ok(())
            })?;
            Ok(())
        })?;
        tags.put(1, version >= 2 && self.cordoned_log_dirs.is_some(), |out| {
            out.put_nullable_vec(true, self.cordoned_log_dirs.as_deref(), |out, x| {
                out.put_uuid(*x);
                Ok(())
            })?;
            Ok(())
        })?;
        tags.write(out);
        Ok(())
    }
}

message!(BrokerHeartbeatRequest, 0, 2, 63, request, 0);
