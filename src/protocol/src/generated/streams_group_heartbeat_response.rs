//! StreamsGroupHeartbeatResponse, versions 0.
//!
//! Written by `scripts/generate` from the message schemas of Apache Kafka 4.3.1; do not edit.

use crate::codec::*;

/// StreamsGroupHeartbeatResponse, versions 0 (flexible: 0).
#[derive(Clone, Debug, PartialEq)]
pub struct StreamsGroupHeartbeatResponse {
    pub throttle_time_ms: i32,
    pub error_code: i16,
    pub error_message: Option<StrBytes>,
    pub member_id: StrBytes,
    pub member_epoch: i32,
    pub heartbeat_interval_ms: i32,
    pub acceptable_recovery_lag: i32,
    pub task_offset_interval_ms: i32,
    pub status: Option<Vec<Status>>,
    pub active_tasks: Option<Vec<TaskIds>>,
    pub standby_tasks: Option<Vec<TaskIds>>,
    pub warmup_tasks: Option<Vec<TaskIds>>,
    pub endpoint_information_epoch: i32,
    pub partitions_by_user_endpoint: Option<Vec<EndpointToPartitions>>,
}
impl Default for StreamsGroupHeartbeatResponse {
    fn default() -> Self {
        Self {
            throttle_time_ms: 0,
            error_code: 0,
            error_message: None,
            member_id: StrBytes::default(),
            member_epoch: 0,
            heartbeat_interval_ms: 0,
            acceptable_recovery_lag: 0,
            task_offset_interval_ms: 0,
            status: Some(Vec::new()),
            active_tasks: None,
            standby_tasks: None,
            warmup_tasks: None,
            endpoint_information_epoch: 0,
            partitions_by_user_endpoint: None,
        }
    }
}
impl StreamsGroupHeartbeatResponse {
    pub(crate) fn read(version: i16, r: &mut FrameReader<'_>) -> Result<Self, WireError> {
        let mut m = Self::default();
        m.throttle_time_ms = r.get_i32()?;
        m.error_code = r.get_i16()?;
        m.error_message = r.get_nullable_text(true)?;
        m.member_id = r.get_text(true)?;
        m.member_epoch = r.get_i32()?;
        m.heartbeat_interval_ms = r.get_i32()?;
        m.acceptable_recovery_lag = r.get_i32()?;
        m.task_offset_interval_ms = r.get_i32()?;
        m.status = r.get_nullable_vec(true, |r| Status::read(version, r))?;
        m.active_tasks = r.get_nullable_vec(true, |r| TaskIds::read(version, r))?;
        m.standby_tasks = r.get_nullable_vec(true, |r| TaskIds::read(version, r))?;
        m.warmup_tasks = r.get_nullable_vec(true, |r| TaskIds::read(version, r))?;
        m.endpoint_information_epoch = r.get_i32()?;
        m.partitions_by_user_endpoint = r.get_nullable_vec(true, |r| EndpointToPartitions::read(version, r))?;
        r.skip_tags()?;
        Ok(m)
    }
    pub(crate) fn write(&self, version: i16, out: &mut BytesMut) -> Result<(), WireError> {
        out.put_i32(self.throttle_time_ms);
        out.put_i16(self.error_code);
        out.put_nullable_text(true, self.error_message.as_deref())?;
        out.put_text(true, &self.member_id)?;
        out.put_i32(self.member_epoch);
        out.put_i32(self.heartbeat_interval_ms);
        out.put_i32(self.acceptable_recovery_lag);
        out.put_i32(self.task_offset_interval_ms);
        out.put_nullable_vec(true, self.status.as_deref(), |out, x| x.write(version, out))?;
        out.put_nullable_vec(true, self.active_tasks.as_deref(), |out, x| x.write(version, out))?;
        out.put_nullable_vec(true, self.standby_tasks.as_deref(), |out, x| x.write(version, out))?;
        out.put_nullable_vec(true, self.warmup_tasks.as_deref(), |out, x| x.write(version, out))?;
        out.put_i32(self.endpoint_information_epoch);
        out.put_nullable_vec(true, self.partitions_by_user_endpoint.as_deref(), |out, x| x.write(version, out))?;
        out.put_no_tags();
        Ok(())
    }
}

message!(StreamsGroupHeartbeatResponse, 0, 0, 88, response, 0);

/// Part of [`StreamsGroupHeartbeatResponse`].
#[derive(Clone, Debug, PartialEq, Default)]
pub struct Status {
    pub status_code: i8,
    pub status_detail: StrBytes,
}
impl Status {
    pub(crate) fn read(_version: i16, r: &mut FrameReader<'_>) -> Result<Self, WireError> {
        let mut m = Self::default();
        m.status_code = r.get_i8()?;
        m.status_detail = r.get_text(true)?;
        r.skip_tags()?;
        Ok(m)
    }
    pub(crate) fn write(&self, _version: i16, out: &mut BytesMut) -> Result<(), WireError> {
        out.put_i8(self.status_code);
        out.put_text(true, &self.status_detail)?;
        out.put_no_tags();
        Ok(())
    }
}

/// Part of [`StreamsGroupHeartbeatResponse`].
#[derive(Clone, Debug, PartialEq, Default)]
pub struct TaskIds {
    pub subtopology_id: StrBytes,
    pub partitions: Vec<i32>,
}
impl TaskIds {
    pub(crate) fn read(_version: i16, r: &mut FrameReader<'_>) -> Result<Self, WireError> {
        let mut m = Self::default();
        m.subtopology_id = r.get_text(true)?;
        m.partitions = r.get_vec(true, Source::get_i32)?;
        r.skip_tags()?;
        Ok(m)
    }
    pub(crate) fn write(&self, _version: i16, out: &mut BytesMut) -> Result<(), WireError> {
        out.put_text(true, &self.subtopology_id)?;
        out.put_vec(true, &self.partitions, |out, x| {
            out.put_i32(*x);
            Ok(())
        })?;
        out.put_no_tags();
        Ok(())
    }
}

/// Part of [`StreamsGroupHeartbeatResponse`].
#[derive(Clone, Debug, PartialEq, Default)]
pub struct EndpointToPartitions {
    pub user_endpoint: Endpoint,
    pub active_partitions: Vec<TopicPartition>,
    pub standby_partitions: Vec<TopicPartition>,
}
impl EndpointToPartitions {
    pub(crate) fn read(version: i16, r: &mut FrameReader<'_>) -> Result<Self, WireError> {
        let mut m = Self::default();
        m.user_endpoint = Endpoint::read(version, r)?;
        m.active_partitions = r.get_vec(true, |r| TopicPartition::read(version, r))?;
        m.standby_partitions = r.get_vec(true, |r| TopicPartition::read(version, r))?;
        r.skip_tags()?;
        Ok(m)
    }
    pub(crate) fn write(&self, version: i16, out: &mut BytesMut) -> Result<(), WireError> {
        self.user_endpoint.write(version, out)?;
        out.put_vec(true, &self.active_partitions, |out, x| x.write(version, out))?;
        out.put_vec(true, &self.standby_partitions, |out, x| x.write(version, out))?;
        out.put_no_tags();
        Ok(())
    }
}

/// Part of [`StreamsGroupHeartbeatResponse`].
#[derive(Clone, Debug, PartialEq, Default)]
pub struct Endpoint {
    pub host: StrBytes,
    pub port: u16,
}
impl Endpoint {
    pub(crate) fn read(_version: i16, r: &mut FrameReader<'_>) -> Result<Self, WireError> {
        let mut m = Self::default();
        m.host = r.get_text(true)?;
        m.port = r.get_u16()?;
        r.skip_tags()?;
        Ok(m)
    }
    pub(crate) fn write(&self, _version: i16, out: &mut BytesMut) -> Result<(), WireError> {
        out.put_text(true, &self.host)?;
        out.put_u16(self.port);
        out.put_no_tags();
        Ok(())
    }
}

/// Part of [`StreamsGroupHeartbeatResponse`].
#[derive(Clone, Debug, PartialEq, Default)]
pub struct TopicPartition {
    pub topic: StrBytes,
    pub partitions: Vec<i32>,
}
impl TopicPartition {
    pub(crate) fn read(_version: i16, r: &mut FrameReader<'_>) -> Result<Self, WireError> {
        let mut m = Self::default();
        m.topic = r.get_text(true)?;
        m.partitions = r.get_vec(true, Source::get_i32)?;
        r.skip_tags()?;
        Ok(m)
    }
    pub(crate) fn write(&self, _version: i16, out: &mut BytesMut) -> Result<(), WireError> {
        out.put_text(true, &self.topic)?;
        out.put_vec(true, &self.partitions, |out, x| {
            out.put_i32(*x);
            Ok(())
        })?;
        out.put_no_tags();
        Ok(())
    }
}
