//! Bodies of control records.
//!
//! Written by `scripts/generate` from the message schemas of Apache Kafka 4.3.1; do not edit.

use crate::codec::*;

/// EndTxnMarker, versions 0 (flexible: none).
#[derive(Clone, Debug, PartialEq, Default)]
pub struct EndTxnMarker {
    pub coordinator_epoch: i32,
}
impl EndTxnMarker {
    pub(crate) fn read(_version: i16, r: &mut Reader<'_>) -> Result<Self, WireError> {
        let mut m = Self::default();
        m.coordinator_epoch = r.get_i32()?;
        Ok(m)
    }
    pub(crate) fn write(&self, _version: i16, out: &mut BytesMut) -> Result<(), WireError> {
        out.put_i32(self.coordinator_epoch);
        Ok(())
    }
}

message!(EndTxnMarker, 0, 0);
/// LeaderChangeMessage, versions 0–1 (flexible: 0–1).
#[derive(Clone, Debug, PartialEq, Default)]
pub struct LeaderChangeMessage {
    pub version: i16,
    pub leader_id: i32,
    pub voters: Vec<LeaderChangeMessageVoter>,
    pub granting_voters: Vec<LeaderChangeMessageVoter>,
}
impl LeaderChangeMessage {
    pub(crate) fn read(version: i16, r: &mut Reader<'_>) -> Result<Self, WireError> {
        let mut m = Self::default();
        m.version = r.get_i16()?;
        m.leader_id = r.get_i32()?;
        m.voters = r.get_vec(true, |r| LeaderChangeMessageVoter::read(version, r))?;
        m.granting_voters = r.get_vec(true, |r| LeaderChangeMessageVoter::read(version, r))?;
        r.skip_tags()?;
        Ok(m)
    }
    pub(crate) fn write(&self, version: i16, out: &mut BytesMut) -> Result<(), WireError> {
        out.put_i16(self.version);
        out.put_i32(self.leader_id);
        out.put_vec(true, &self.voters, |out, x| x.write(version, out))?;
        out.put_vec(true, &self.granting_voters, |out, x| x.write(version, out))?;
        out.put_no_tags();
        Ok(())
    }
}

message!(LeaderChangeMessage, 0, 1);

/// Part of [`LeaderChangeMessage`].
#[derive(Clone, Debug, PartialEq, Default)]
pub struct LeaderChangeMessageVoter {
    pub voter_id: i32,
    pub voter_directory_id: Uuid,
}
impl LeaderChangeMessageVoter {
    pub(crate) fn read(version: i16, r: &mut Reader<'_>) -> Result<Self, WireError> {
        let mut m = Self::default();
        m.voter_id = r.get_i32()?;
        if version >= 1 {
            m.voter_directory_id = r.get_uuid()?;
        }
        r.skip_tags()?;
        Ok(m)
    }
    pub(crate) fn write(&self, version: i16, out: &mut BytesMut) -> Result<(), WireError> {
        out.put_i32(self.voter_id);
        if version >= 1 {
            out.put_uuid(self.voter_directory_id);
        } else {
            absent(!self.voter_directory_id.is_nil(), "LeaderChangeMessageVoter.voter_directory_id", version)?;
        }
        out.put_no_tags();
        Ok(())
    }
}
/// SnapshotHeaderRecord, versions 0 (flexible: 0).
#[derive(Clone, Debug, PartialEq, Default)]
pub struct SnapshotHeaderRecord {
    pub version: i16,
    pub last_contained_log_timestamp: i64,
}
impl SnapshotHeaderRecord {
    pub(crate) fn read(_version: i16, r: &mut Reader<'_>) -> Result<Self, WireError> {
        let mut m = Self::default();
        m.version = r.get_i16()?;
        m.last_contained_log_timestamp = r.get_i64()?;
        r.skip_tags()?;
        Ok(m)
    }
    pub(crate) fn write(&self, _version: i16, out: &mut BytesMut) -> Result<(), WireError> {
        out.put_i16(self.version);
        out.put_i64(self.last_contained_log_timestamp);
        out.put_no_tags();
        Ok(())
    }
}

message!(SnapshotHeaderRecord, 0, 0);
/// SnapshotFooterRecord, versions 0 (flexible: 0).
#[derive(Clone, Debug, PartialEq, Default)]
pub struct SnapshotFooterRecord {
    pub version: i16,
}
impl SnapshotFooterRecord {
    pub(crate) fn read(_version: i16, r: &mut Reader<'_>) -> Result<Self, WireError> {
        let mut m = Self::default();
        m.version = r.get_i16()?;
        r.skip_tags()?;
        Ok(m)
    }
    pub(crate) fn write(&self, _version: i16, out: &mut BytesMut) -> Result<(), WireError> {
        out.put_i16(self.version);
        out.put_no_tags();
        Ok(())
    }
}

message!(SnapshotFooterRecord, 0, 0);
/// KRaftVersionRecord, versions 0 (flexible: 0).
#[derive(Clone, Debug, PartialEq, Default)]
pub struct KRaftVersionRecord {
    pub version: i16,
    pub k_raft_version: i16,
}
impl KRaftVersionRecord {
    pub(crate) fn read(_version: i16, r: &mut Reader<'_>) -> Result<Self, WireError> {
        let mut m = Self::default();
        m.version = r.get_i16()?;
        m.k_raft_version = r.get_i16()?;
        r.skip_tags()?;
        Ok(m)
    }
    pub(crate) fn write(&self, _version: i16, out: &mut BytesMut) -> Result<(), WireError> {
        out.put_i16(self.version);
        out.put_i16(self.k_raft_version);
        out.put_no_tags();
        Ok(())
    }
}

message!(KRaftVersionRecord, 0, 0);
/// VotersRecord, versions 0 (flexible: 0).
#[derive(Clone, Debug, PartialEq, Default)]
pub struct VotersRecord {
    pub version: i16,
    pub voters: Vec<VotersRecordVoter>,
}
impl VotersRecord {
    pub(crate) fn read(version: i16, r: &mut Reader<'_>) -> Result<Self, WireError> {
        let mut m = Self::default();
        m.version = r.get_i16()?;
        m.voters = r.get_vec(true, |r| VotersRecordVoter::read(version, r))?;
        r.skip_tags()?;
        Ok(m)
    }
    pub(crate) fn write(&self, version: i16, out: &mut BytesMut) -> Result<(), WireError> {
        out.put_i16(self.version);
        out.put_vec(true, &self.voters, |out, x| x.write(version, out))?;
        out.put_no_tags();
        Ok(())
    }
}

message!(VotersRecord, 0, 0);

/// Part of [`VotersRecord`].
#[derive(Clone, Debug, PartialEq, Default)]
pub struct VotersRecordVoter {
    pub voter_id: i32,
    pub voter_directory_id: Uuid,
    pub endpoints: Vec<Endpoint>,
    pub k_raft_version_feature: KRaftVersionFeature,
}
impl VotersRecordVoter {
    pub(crate) fn read(version: i16, r: &mut Reader<'_>) -> Result<Self, WireError> {
        let mut m = Self::default();
        m.voter_id = r.get_i32()?;
        m.voter_directory_id = r.get_uuid()?;
        m.endpoints = r.get_vec(true, |r| Endpoint::read(version, r))?;
        m.k_raft_version_feature = KRaftVersionFeature::read(version, r)?;
        r.skip_tags()?;
        Ok(m)
    }
    pub(crate) fn write(&self, version: i16, out: &mut BytesMut) -> Result<(), WireError> {
        out.put_i32(self.voter_id);
        out.put_uuid(self.voter_directory_id);
        out.put_vec(true, &self.endpoints, |out, x| x.write(version, out))?;
        self.k_raft_version_feature.write(version, out)?;
        out.put_no_tags();
        Ok(())
    }
}

/// Part of [`VotersRecord`].
#[derive(Clone, Debug, PartialEq, Default)]
pub struct Endpoint {
    pub name: String,
    pub host: String,
    pub port: u16,
}
impl Endpoint {
    pub(crate) fn read(_version: i16, r: &mut Reader<'_>) -> Result<Self, WireError> {
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

/// Part of [`VotersRecord`].
#[derive(Clone, Debug, PartialEq, Default)]
pub struct KRaftVersionFeature {
    pub min_supported_version: i16,
    pub max_supported_version: i16,
}
impl KRaftVersionFeature {
    pub(crate) fn read(_version: i16, r: &mut Reader<'_>) -> Result<Self, WireError> {
        let mut m = Self::default();
        m.min_supported_version = r.get_i16()?;
        m.max_supported_version = r.get_i16()?;
        r.skip_tags()?;
        Ok(m)
    }
    pub(crate) fn write(&self, _version: i16, out: &mut BytesMut) -> Result<(), WireError> {
        out.put_i16(self.min_supported_version);
        out.put_i16(self.max_supported_version);
        out.put_no_tags();
        Ok(())
    }
}
