//! ShareFetchResponse, versions 1–2.
//!
//! Written by `scripts/generate` from the message schemas of Apache Kafka 4.3.1; do not edit.

use crate::codec::*;

/// ShareFetchResponse, versions 1–2 (flexible: 1–2).
#[derive(Clone, Debug, PartialEq, Default)]
pub struct ShareFetchResponse {
    pub throttle_time_ms: i32,
    pub error_code: i16,
    pub error_message: Option<StrBytes>,
    pub acquisition_lock_timeout_ms: i32,
    pub responses: Vec<ShareFetchableTopicResponse>,
    pub node_endpoints: Vec<NodeEndpoint>,
}
impl ShareFetchResponse {
    pub(crate) fn read(version: i16, r: &mut FrameReader<'_>) -> Result<Self, WireError> {
        let mut m = Self::default();
        m.throttle_time_ms = r.get_i32()?;
        m.error_code = r.get_i16()?;
        m.error_message = r.get_nullable_text(true)?;
        m.acquisition_lock_timeout_ms = r.get_i32()?;
        m.responses = r.get_vec(true, |r| ShareFetchableTopicResponse::read(version, r))?;
        m.node_endpoints = r.get_vec(true, |r| NodeEndpoint::read(version, r))?;
        r.skip_tags()?;
        Ok(m)
    }
    pub(crate) fn write(&self, version: i16, out: &mut BytesMut) -> Result<(), WireError> {
        out.put_i32(self.throttle_time_ms);
        out.put_i16(self.error_code);
        out.put_nullable_text(true, self.error_message.as_deref())?;
        out.put_i32(self.acquisition_lock_timeout_ms);
        out.put_vec(true, &self.responses, |out, x| x.write(version, out))?;
        out.put_vec(true, &self.node_endpoints, |out, x| x.write(version, out))?;
        out.put_no_tags();
        Ok(())
    }
}

message!(ShareFetchResponse, 1, 2, 78, response, 1);

/// Part of [`ShareFetchResponse`].
#[derive(Clone, Debug, PartialEq, Default)]
pub struct ShareFetchableTopicResponse {
    pub topic_id: Uuid,
    pub partitions: Vec<PartitionData>,
}
impl ShareFetchableTopicResponse {
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

/// Part of [`ShareFetchResponse`].
#[derive(Clone, Debug, PartialEq, Default)]
pub struct PartitionData {
    pub partition_index: i32,
    pub error_code: i16,
    pub error_message: Option<StrBytes>,
    pub acknowledge_error_code: i16,
    pub acknowledge_error_message: Option<StrBytes>,
    pub current_leader: LeaderIdAndEpoch,
    pub records: Bytes,
    pub acquired_records: Vec<AcquiredRecords>,
}
impl PartitionData {
    pub(crate) fn read(version: i16, r: &mut FrameReader<'_>) -> Result<Self, WireError> {
        let mut m = Self::default();
        m.partition_index = r.get_i32()?;
        m.error_code = r.get_i16()?;
        m.error_message = r.get_nullable_text(true)?;
        m.acknowledge_error_code = r.get_i16()?;
        m.acknowledge_error_message = r.get_nullable_text(true)?;
        m.current_leader = LeaderIdAndEpoch::read(version, r)?;
        m.records = r.get_blob(true)?;
        m.acquired_records = r.get_vec(true, |r| AcquiredRecords::read(version, r))?;
        r.skip_tags()?;
        Ok(m)
    }
    pub(crate) fn write(&self, version: i16, out: &mut BytesMut) -> Result<(), WireError> {
        out.put_i32(self.partition_index);
        out.put_i16(self.error_code);
        out.put_nullable_text(true, self.error_message.as_deref())?;
        out.put_i16(self.acknowledge_error_code);
        out.put_nullable_text(true, self.acknowledge_error_message.as_deref())?;
        self.current_leader.write(version, out)?;
        out.put_blob(true, &self.records)?;
        out.put_vec(true, &self.acquired_records, |out, x| x.write(version, out))?;
        out.put_no_tags();
        Ok(())
    }
}

/// Part of [`ShareFetchResponse`].
#[derive(Clone, Debug, PartialEq, Default)]
pub struct LeaderIdAndEpoch {
    pub leader_id: i32,
    pub leader_epoch: i32,
}
impl LeaderIdAndEpoch {
    pub(crate) fn read(_version: i16, r: &mut FrameReader<'_>) -> Result<Self, WireError> {
        let mut m = Self::default();
        m.leader_id = r.get_i32()?;
        m.leader_epoch = r.get_i32()?;
        r.skip_tags()?;
        Ok(m)
    }
    pub(crate) fn write(&self, _version: i16, out: &mut BytesMut) -> Result<(), WireError> {
        out.put_i32(self.leader_id);
        out.put_i32(self.leader_epoch);
        out.put_no_tags();
        Ok(())
    }
}

/// Part of [`ShareFetchResponse`].
#[derive(Clone, Debug, PartialEq, Default)]
pub struct AcquiredRecords {
    pub first_offset: i64,
    pub last_offset: i64,
    pub delivery_count: i16,
}
impl AcquiredRecords {
    pub(crate) fn read(_version: i16, r: &mut FrameReader<'_>) -> Result<Self, WireError> {
        let mut m = Self::default();
        m.first_offset = r.get_i64()?;
        m.last_offset = r.get_i64()?;
        m.delivery_count = r.get_i16()?;
        r.skip_tags()?;
        Ok(m)
    }
    pub(crate) fn write(&self, _version: i16, out: &mut BytesMut) -> Result<(), WireError> {
        out.put_i64(self.first_offset);
        out.put_i64(self.last_offset);
        out.put_i16(self.delivery_count);
        out.put_no_tags();
        Ok(())
    }
}

/// Part of [`ShareFetchResponse`].
#[derive(Clone, Debug, PartialEq, Default)]
pub struct NodeEndpoint {
    pub node_id: i32,
    pub host: StrBytes,
    pub port: i32,
    pub rack: Option<StrBytes>,
}
impl NodeEndpoint {
    pub(crate) fn read(_version: i16, r: &mut FrameReader<'_>) -> Result<Self, WireError> {
        let mut m = Self::default();
        m.node_id = r.get_i32()?;
        m.host = r.get_text(true)?;
        m.port = r.get_i32()?;
        m.rack = r.get_nullable_text(true)?;
        r.skip_tags()?;
        Ok(m)
    }
    pub(crate) fn write(&self, _version: i16, out: &mut BytesMut) -> Result<(), WireError> {
        out.put_i32(self.node_id);
        out.put_text(true, &self.host)?;
        out.put_i32(self.port);
        out.put_nullable_text(true, self.rack.as_deref())?;
        out.put_no_tags();
        Ok(())
    }
}
