//! AddRaftVoterRequest, versions 0–1.
//!
//! Written by `scripts/generate` from the message schemas of Apache Kafka 4.3.1; do not edit.

use crate::codec::*;

/// AddRaftVoterRequest, versions 0–1 (flexible: 0–1).
#[derive(Clone, Debug, PartialEq)]
pub struct AddRaftVoterRequest {
    pub cluster_id: Option<StrBytes>,
    pub timeout_ms: i32,
    pub voter_id: i32,
    pub voter_directory_id: Uuid,
    pub listeners: Vec<Listener>,
    pub ack_when_committed: bool,
}
impl Default for AddRaftVoterRequest {
    fn default() -> Self {
        Self {
            cluster_id: Some(StrBytes::default()),
            timeout_ms: 0,
            voter_id: 0,
            voter_directory_id: Uuid::nil(),
            listeners: Vec::new(),
            ack_when_committed: true,
        }
    }
}
impl AddRaftVoterRequest {
    pub(crate) fn read(version: i16, r: &mut FrameReader<'_>) -> Result<Self, WireError> {
        let mut m = Self::default();
        m.cluster_id = r.get_nullable_text(true)?;
        m.timeout_ms = r.get_i32()?;
        m.voter_id = r.get_i32()?;
        m.voter_directory_id = r.get_uuid()?;
        m.listeners = r.get_vec(true, |r| Listener::read(version, r))?;
        if version >= 1 {
            m.ack_when_committed = r.get_bool()?;
        }
        r.skip_tags()?;
        Ok(m)
    }
    pub(crate) fn write(&self, version: i16, out: &mut BytesMut) -> Result<(), WireError> {
        out.put_nullable_text(true, self.cluster_id.as_deref())?;
        out.put_i32(self.timeout_ms);
        out.put_i32(self.voter_id);
        out.put_uuid(self.voter_directory_id);
        out.put_vec(true, &self.listeners, |out, x| x.write(version, out))?;
        if version >= 1 {
            out.put_bool(self.ack_when_committed);
        } else {
            absent(!self.ack_when_committed, "AddRaftVoterRequest.ack_when_committed", version)?;
        }
        out.put_no_tags();
        Ok(())
    }
}

message!(AddRaftVoterRequest, 0, 1, 80, request, 0);

/// Part of [`AddRaftVoterRequest`].
#[derive(Clone, Debug, PartialEq, Default)]
pub struct Listener {
    pub name: StrBytes,
    pub host: StrBytes,
    pub port: u16,
}
impl Listener {
    pub(crate) fn read(_version: i16, r: &mut FrameReader<'_>) -> Result<Self, WireError> {
        let mut m = Self::default();
        m.name = r.get_text(true)?;
        m.host = r.get_text(true)?;
        m.port = r.get_u16()?;
        r.skip_tags()?;
        Ok(m)
    }
    pub(crate) fn write(&self, _version: i16, out: &mut BytesMut) -> Result<(), WireError> {
        out.put_text(true, &self.name)?;
        out.put_text(true, &self.host)?;
        out.put_u16(self.port);
        out.put_no_tags();
        Ok(())
    }
}
