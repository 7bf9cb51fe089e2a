//! StreamsGroupHeartbeatRequest, versions 0.
//!
//! Written by `scripts/generate` from the message schemas of Apache Kafka 4.3.1; do not edit.

use crate::codec::*;

/// StreamsGroupHeartbeatRequest, versions 0 (flexible: 0).
#[derive(Clone, Debug, PartialEq)]
pub struct StreamsGroupHeartbeatRequest {
    pub group_id: StrBytes,
    pub member_id: StrBytes,
    pub member_epoch: i32,
    pub endpoint_information_epoch: i32,
    pub instance_id: Option<StrBytes>,
    pub rack_id: Option<StrBytes>,
    pub rebalance_timeout_ms: i32,
    pub topology: Option<Topology>,
    pub active_tasks: Option<Vec<TaskIds>>,
    pub standby_tasks: Option<Vec<TaskIds>>,
    pub warmup_tasks: Option<Vec<TaskIds>>,
    pub process_id: Option<StrBytes>,
    pub user_endpoint: Option<Endpoint>,
    pub client_tags: Option<Vec<KeyValue>>,
    pub task_offsets: Option<Vec<TaskOffset>>,
    pub task_end_offsets: Option<Vec<TaskOffset>>,
    pub shutdown_application: bool,
}
impl Default for StreamsGroupHeartbeatRequest {
    fn default() -> Self {
        Self {
            group_id: StrBytes::default(),
            member_id: StrBytes::default(),
            member_epoch: 0,
            endpoint_information_epoch: 0,
            instance_id: None,
            rack_id: None,
            rebalance_timeout_ms: -1,
            topology: None,
            active_tasks: None,
            standby_tasks: None,
            warmup_tasks: None,
            process_id: None,
            user_endpoint: None,
            client_tags: None,
            task_offsets: None,
            task_end_offsets: None,
            shutdown_application: false,
        }
    }
}
impl StreamsGroupHeartbeatRequest {
    pub(crate) fn read(version: i16, r: &mut FrameReader<'_>) -> Result<Self, WireError> {
        let mut m = Self::default();
        m.group_id = r.get_text(true)?;
        m.member_id = r.get_text(true)?;
        m.member_epoch = r.get_i32()?;
        m.endpoint_information_epoch = r.get_i32()?;
        m.instance_id = r.get_nullable_text(true)?;
        m.rack_id = r.get_nullable_text(true)?;
        m.rebalance_timeout_ms = r.get_i32()?;
        m.topology = r.get_nullable_struct(|r| Topology::read(version, r))?;
        m.active_tasks = r.get_nullable_vec(true, |r| TaskIds::read(version, r))?;
        m.standby_tasks = r.get_nullable_vec(true, |r| TaskIds::read(version, r))?;
        m.warmup_tasks = r.get_nullable_vec(true, |r| TaskIds::read(version, r))?;
        m.process_id = r.get_nullable_text(true)?;
        m.user_endpoint = r.get_nullable_struct(|r| Endpoint::read(version, r))?;
        m.client_tags = r.get_nullable_vec(true, |r| KeyValue::read(version, r))?;
        m.task_offsets = r.get_nullable_vec(true, |r| TaskOffset::read(version, r))?;
        m.task_end_offsets = r.get_nullable_vec(true, |r| TaskOffset::read(version, r))?;
        m.shutdown_application = r.get_bool()?;
        r.skip_tags()?;
        Ok(m)
    }
    pub(crate) fn write(&self, version: i16, out: &mut BytesMut) -> Result<(), WireError> {
        out.put_text(true, &self.group_id)?;
        out.put_text(true, &self.member_id)?;
        out.put_i32(self.member_epoch);
        out.put_i32(self.endpoint_information_epoch);
        out.put_nullable_text(true, self.instance_id.as_deref())?;
        out.put_nullable_text(true, self.rack_id.as_deref())?;
        out.put_i32(self.rebalance_timeout_ms);
        out.put_nullable_struct(self.topology.as_ref(), |out, x| x.write(version, out))?;
        out.put_nullable_vec(true, self.active_tasks.as_deref(), |out, x| x.write(version, out))?;
        out.put_nullable_vec(true, self.standby_tasks.as_deref(), |out, x| x.write(version, out))?;
        out.put_nullable_vec(true, self.warmup_tasks.as_deref(), |out, x| x.write(version, out))?;
        out.put_nullable_text(true, self.process_id.as_deref())?;
        out.put_nullable_struct(self.user_endpoint.as_ref(), |out, x| x.write(version, out))?;
        out.put_nullable_vec(true, self.client_tags.as_deref(), |out, x| x.write(version, out))?;
        out.put_nullable_vec(true, self.task_offsets.as_deref(), |out, x| x.write(version, out))?;
        out.put_nullable_vec(true, self.task_end_offsets.as_deref(), |out, x| x.write(version, out))?;
        out.put_bool(self.shutdown_application);
        out.put_no_tags();
        Ok(())
    }
}

message!(StreamsGroupHeartbeatRequest, 0, 0, 88, request, 0);

/// Part of [`StreamsGroupHeartbeatRequest`].
#[derive(Clone, Debug, PartialEq, Default)]
pub struct Topology {
    pub epoch: i32,
    pub subtopologies: Vec<Subtopology>,
}
impl Topology {
    pub(crate) fn read(version: i16, r: &mut FrameReader<'_>) -> Result<Self, WireError> {
        let mut m = Self::default();
        m.epoch = r.get_i32()?;
        m.subtopologies = r.get_vec(true, |r| Subtopology::read(version, r))?;
        r.skip_tags()?;
        Ok(m)
    }
    pub(crate) fn write(&self, version: i16, out: &mut BytesMut) -> Result<(), WireError> {
        out.put_i32(self.epoch);
        out.put_vec(true, &self.subtopologies, |out, x| x.write(version, out))?;
        out.put_no_tags();
        Ok(())
    }
}

/// Part of [`StreamsGroupHeartbeatRequest`].
#[derive(Clone, Debug, PartialEq, Default)]
pub struct Subtopology {
    pub subtopology_id: StrBytes,
    pub source_topics: Vec<StrBytes>,
    pub source_topic_regex: Vec<StrBytes>,
    pub state_changelog_topics: Vec<TopicInfo>,
    pub repartition_sink_topics: Vec<StrBytes>,
    pub repartition_source_topics: Vec<TopicInfo>,
    pub copartition_groups: Vec<CopartitionGroup>,
}
impl Subtopology {
    pub(crate) fn read(version: i16, r: &mut FrameReader<'_>) -> Result<Self, WireError> {
        let mut m = Self::default();
        m.subtopology_id = r.get_text(true)?;
        m.source_topics = r.get_vec(true, |r| r.get_text(true))?;
        m.source_topic_regex = r.get_vec(true, |r| r.get_text(true))?;
        m.state_changelog_topics = r.get_vec(true, |r| TopicInfo::read(version, r))?;
        m.repartition_sink_topics = r.get_vec(true, |r| r.get_text(true))?;
        m.repartition_source_topics = r.get_vec(true, |r| TopicInfo::read(version, r))?;
        m.copartition_groups = r.get_vec(true, |r| CopartitionGroup::read(version, r))?;
        r.skip_tags()?;
        Ok(m)
    }
    pub(crate) fn write(&self, version: i16, out: &mut BytesMut) -> Result<(), WireError> {
        out.put_text(true, &self.subtopology_id)?;
        out.put_vec(true, &self.source_topics, |out, x| out.put_text(true, x))?;
        out.put_vec(true, &self.source_topic_regex, |out, x| out.put_text(true, x))?;
        out.put_vec(true, &self.state_changelog_topics, |out, x| x.write(version, out))?;
        out.put_vec(true, &self.repartition_sink_topics, |out, x| out.put_text(true, x))?;
        out.put_vec(true, &self.repartition_source_topics, |out, x| x.write(version, out))?;
        out.put_vec(true, &self.copartition_groups, |out, x| x.write(version, out))?;
        out.put_no_tags();
        Ok(())
    }
}

/// Part of [`StreamsGroupHeartbeatRequest`].
#[derive(Clone, Debug, PartialEq, Default)]
pub struct TopicInfo {
    pub name: StrBytes,
    pub partitions: i32,
    pub replication_factor: i16,
    pub topic_configs: Vec<KeyValue>,
}
impl TopicInfo {
    pub(crate) fn read(version: i16, r: &mut FrameReader<'_>) -> Result<Self, WireError> {
        let mut m = Self::default();
        m.name = r.get_text(true)?;
        m.partitions = r.get_i32()?;
        m.replication_factor = r.get_i16()?;
        m.topic_configs = r.get_vec(true, |r| KeyValue::read(version, r))?;
        r.skip_tags()?;
        Ok(m)
    }
    pub(crate) fn write(&self, version: i16, out: &mut BytesMut) -> Result<(), WireError> {
        out.put_text(true, &self.name)?;
        out.put_i32(self.partitions);
        out.put_i16(self.replication_factor);
        out.put_vec(true, &self.topic_configs, |out, x| x.write(version, out))?;
        out.put_no_tags();
        Ok(())
    }
}

/// Part of [`StreamsGroupHeartbeatRequest`].
#[derive(Clone, Debug, PartialEq, Default)]
pub struct KeyValue {
    pub key: StrBytes,
    pub value: StrBytes,
}
impl KeyValue {
    pub(crate) fn read(_version: i16, r: &mut FrameReader<'_>) -> Result<Self, WireError> {
        let mut m = Self::default();
        m.key = r.get_text(true)?;
        m.value = r.get_text(true)?;
        r.skip_tags()?;
        Ok(m)
    }
    pub(crate) fn write(&self, _version: i16, out: &mut BytesMut) -> Result<(), WireError> {
        out.put_text(true, &self.key)?;
        out.put_text(true, &self.value)?;
        out.put_no_tags();
        Ok(())
    }
}

/// Part of [`StreamsGroupHeartbeatRequest`].
#[derive(Clone, Debug, PartialEq, Default)]
pub struct CopartitionGroup {
    pub source_topics: Vec<i16>,
    pub source_topic_regex: Vec<i16>,
    pub repartition_source_topics: Vec<i16>,
}
impl CopartitionGroup {
    pub(crate) fn read(_version: i16, r: &mut FrameReader<'_>) -> Result<Self, WireError> {
        let mut m = Self::default();
        m.source_topics = r.get_vec(true, Source::get_i16)?;
        m.source_topic_regex = r.get_vec(true, Source::get_i16)?;
        m.repartition_source_topics = r.get_vec(true, Source::get_i16)?;
        r.skip_tags()?;
        Ok(m)
    }
    pub(crate) fn write(&self, _version: i16, out: &mut BytesMut) -> Result<(), WireError> {
        out.put_vec(true, &self.source_topics, |out, x| {
            out.put_i16(*x);
            Ok(())
        })?;
        out.put_vec(true, &self.source_topic_regex, |out, x| {
            out.put_i16(*x);
            Ok(())
        })?;
        out.put_vec(true, &self.repartition_source_topics, |out, x| {
            out.put_i16(*x);
            Ok(())
        })?;
        out.put_no_tags();
        Ok(())
    }
}

/// Part of [`StreamsGroupHeartbeatRequest`].
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

/// Part of [`StreamsGroupHeartbeatRequest`].
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

/// Part of [`StreamsGroupHeartbeatRequest`].
#[derive(Clone, Debug, PartialEq, Default)]
pub struct TaskOffset {
    pub subtopology_id: StrBytes,
    pub partition: i32,
    pub offset: i64,
}
impl TaskOffset {
    pub(crate) fn read(_version: i16, r: &mut FrameReader<'_>) -> Result<Self, WireError> {
        let mut m = Self::default();
        m.subtopology_id = r.get_text(true)?;
        m.partition = r.get_i32()?;
        m.offset = r.get_i64()?;
        r.skip_tags()?;
        Ok(m)
    }
    pub(crate) fn write(&self, _version: i16, out: &mut BytesMut) -> Result<(), WireError> {
        out.put_text(true, &self.subtopology_id)?;
        out.put_i32(self.partition);
        out.put_i64(self.offset);
        out.put_no_tags();
        Ok(())
    }
}
