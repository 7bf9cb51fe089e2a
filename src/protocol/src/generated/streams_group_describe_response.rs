//! StreamsGroupDescribeResponse, versions 0.
//!
//! Written by `scripts/generate` from the message schemas of Apache Kafka 4.3.1; do not edit.

use crate::codec::*;

/// StreamsGroupDescribeResponse, versions 0 (flexible: 0).
#[derive(Clone, Debug, PartialEq, Default)]
pub struct StreamsGroupDescribeResponse {
    pub throttle_time_ms: i32,
    pub groups: Vec<DescribedGroup>,
}
impl StreamsGroupDescribeResponse {
    pub(crate) fn read(version: i16, r: &mut FrameReader<'_>) -> Result<Self, WireError> {
        let mut m = Self::default();
        m.throttle_time_ms = r.get_i32()?;
        m.groups = r.get_vec(true, |r| DescribedGroup::read(version, r))?;
        r.skip_tags()?;
        Ok(m)
    }
    pub(crate) fn write(&self, version: i16, out: &mut BytesMut) -> Result<(), WireError> {
        out.put_i32(self.throttle_time_ms);
        out.put_vec(true, &self.groups, |out, x| x.write(version, out))?;
        out.put_no_tags();
        Ok(())
    }
}

message!(StreamsGroupDescribeResponse, 0, 0, 89, response, 0);

/// Part of [`StreamsGroupDescribeResponse`].
#[derive(Clone, Debug, PartialEq)]
pub struct DescribedGroup {
    pub error_code: i16,
    pub error_message: Option<StrBytes>,
    pub group_id: StrBytes,
    pub group_state: StrBytes,
    pub group_epoch: i32,
    pub assignment_epoch: i32,
    pub topology: Option<Topology>,
    pub members: Vec<Member>,
    pub authorized_operations: i32,
}
impl Default for DescribedGroup {
    fn default() -> Self {
        Self {
            error_code: 0,
            error_message: None,
            group_id: StrBytes::default(),
            group_state: StrBytes::default(),
            group_epoch: 0,
            assignment_epoch: 0,
            topology: None,
            members: Vec::new(),
            authorized_operations: -2147483648,
        }
    }
}
impl DescribedGroup {
    pub(crate) fn read(version: i16, r: &mut FrameReader<'_>) -> Result<Self, WireError> {
        let mut m = Self::default();
        m.error_code = r.get_i16()?;
        m.error_message = r.get_nullable_text(true)?;
        m.group_id = r.get_text(true)?;
        m.group_state = r.get_text(true)?;
        m.group_epoch = r.get_i32()?;
        m.assignment_epoch = r.get_i32()?;
        m.topology = r.get_nullable_struct(|r| Topology::read(version, r))?;
        m.members = r.get_vec(true, |r| Member::read(version, r))?;
        m.authorized_operations = r.get_i32()?;
        r.skip_tags()?;
        Ok(m)
    }
    pub(crate) fn write(&self, version: i16, out: &mut BytesMut) -> Result<(), WireError> {
        out.put_i16(self.error_code);
        out.put_nullable_text(true, self.error_message.as_deref())?;
        out.put_text(true, &self.group_id)?;
        out.put_text(true, &self.group_state)?;
        out.put_i32(self.group_epoch);
        out.put_i32(self.assignment_epoch);
        out.put_nullable_struct(self.topology.as_ref(), |out, x| x.write(version, out))?;
        out.put_vec(true, &self.members, |out, x| x.write(version, out))?;
        out.put_i32(self.authorized_operations);
        out.put_no_tags();
        Ok(())
    }
}

/// Part of [`StreamsGroupDescribeResponse`].
#[derive(Clone, Debug, PartialEq, Default)]
pub struct Topology {
    pub epoch: i32,
    pub subtopologies: Option<Vec<Subtopology>>,
}
impl Topology {
    pub(crate) fn read(version: i16, r: &mut FrameReader<'_>) -> Result<Self, WireError> {
        let mut m = Self::default();
        m.epoch = r.get_i32()?;
        m.subtopologies = r.get_nullable_vec(true, |r| Subtopology::read(version, r))?;
        r.skip_tags()?;
        Ok(m)
    }
    pub(crate) fn write(&self, version: i16, out: &mut BytesMut) -> Result<(), WireError> {
        out.put_i32(self.epoch);
        out.put_nullable_vec(true, self.subtopologies.as_deref(), |out, x| x.write(version, out))?;
        out.put_no_tags();
        Ok(())
    }
}

/// Part of [`StreamsGroupDescribeResponse`].
#[derive(Clone, Debug, PartialEq, Default)]
pub struct Subtopology {
    pub subtopology_id: StrBytes,
    pub source_topics: Vec<StrBytes>,
    pub repartition_sink_topics: Vec<StrBytes>,
    pub state_changelog_topics: Vec<TopicInfo>,
    pub repartition_source_topics: Vec<TopicInfo>,
}
impl Subtopology {
    pub(crate) fn read(version: i16, r: &mut FrameReader<'_>) -> Result<Self, WireError> {
        let mut m = Self::default();
        m.subtopology_id = r.get_text(true)?;
        m.source_topics = r.get_vec(true, |r| r.get_text(true))?;
        m.repartition_sink_topics = r.get_vec(true, |r| r.get_text(true))?;
        m.state_changelog_topics = r.get_vec(true, |r| TopicInfo::read(version, r))?;
        m.repartition_source_topics = r.get_vec(true, |r| TopicInfo::read(version, r))?;
        r.skip_tags()?;
        Ok(m)
    }
    pub(crate) fn write(&self, version: i16, out: &mut BytesMut) -> Result<(), WireError> {
        out.put_text(true, &self.subtopology_id)?;
        out.put_vec(true, &self.source_topics, |out, x| out.put_text(true, x))?;
        out.put_vec(true, &self.repartition_sink_topics, |out, x| out.put_text(true, x))?;
        out.put_vec(true, &self.state_changelog_topics, |out, x| x.write(version, out))?;
        out.put_vec(true, &self.repartition_source_topics, |out, x| x.write(version, out))?;
        out.put_no_tags();
        Ok(())
    }
}

/// Part of [`StreamsGroupDescribeResponse`].
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

/// Part of [`StreamsGroupDescribeResponse`].
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

/// Part of [`StreamsGroupDescribeResponse`].
#[derive(Clone, Debug, PartialEq, Default)]
pub struct Member {
    pub member_id: StrBytes,
    pub member_epoch: i32,
    pub instance_id: Option<StrBytes>,
    pub rack_id: Option<StrBytes>,
    pub client_id: StrBytes,
    pub client_host: StrBytes,
    pub topology_epoch: i32,
    pub process_id: StrBytes,
    pub user_endpoint: Option<Endpoint>,
    pub client_tags: Vec<KeyValue>,
    pub task_offsets: Vec<TaskOffset>,
    pub task_end_offsets: Vec<TaskOffset>,
    pub assignment: Assignment,
    pub target_assignment: Assignment,
    pub is_classic: bool,
}
impl Member {
    pub(crate) fn read(version: i16, r: &mut FrameReader<'_>) -> Result<Self, WireError> {
        let mut m = Self::default();
        m.member_id = r.get_text(true)?;
        m.member_epoch = r.get_i32()?;
        m.instance_id = r.get_nullable_text(true)?;
        m.rack_id = r.get_nullable_text(true)?;
        m.client_id = r.get_text(true)?;
        m.client_host = r.get_text(true)?;
        m.topology_epoch = r.get_i32()?;
        m.process_id = r.get_text(true)?;
        m.user_endpoint = r.get_nullable_struct(|r| Endpoint::read(version, r))?;
        m.client_tags = r.get_vec(true, |r| KeyValue::read(version, r))?;
        m.task_offsets = r.get_vec(true, |r| TaskOffset::read(version, r))?;
        m.task_end_offsets = r.get_vec(true, |r| TaskOffset::read(version, r))?;
        m.assignment = Assignment::read(version, r)?;
        m.target_assignment = Assignment::read(version, r)?;
        m.is_classic = r.get_bool()?;
        r.skip_tags()?;
        Ok(m)
    }
    pub(crate) fn write(&self, version: i16, out: &mut BytesMut) -> Result<(), WireError> {
        out.put_text(true, &self.member_id)?;
        out.put_i32(self.member_epoch);
        out.put_nullable_text(true, self.instance_id.as_deref())?;
        out.put_nullable_text(true, self.rack_id.as_deref())?;
        out.put_text(true, &self.client_id)?;
        out.put_text(true, &self.client_host)?;
        out.put_i32(self.topology_epoch);
        out.put_text(true, &self.process_id)?;
        out.put_nullable_struct(self.user_endpoint.as_ref(), |out, x| x.write(version, out))?;
        out.put_vec(true, &self.client_tags, |out, x| x.write(version, out))?;
        out.put_vec(true, &self.task_offsets, |out, x| x.write(version, out))?;
        out.put_vec(true, &self.task_end_offsets, |out, x| x.write(version, out))?;
        self.assignment.write(version, out)?;
        self.target_assignment.write(version, out)?;
        out.put_bool(self.is_classic);
        out.put_no_tags();
        Ok(())
    }
}

/// Part of [`StreamsGroupDescribeResponse`].
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

/// Part of [`StreamsGroupDescribeResponse`].
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

/// Part of [`StreamsGroupDescribeResponse`].
#[derive(Clone, Debug, PartialEq, Default)]
pub struct Assignment {
    pub active_tasks: Vec<TaskIds>,
    pub standby_tasks: Vec<TaskIds>,
    pub warmup_tasks: Vec<TaskIds>,
}
impl Assignment {
    pub(crate) fn read(version: i16, r: &mut FrameReader<'_>) -> Result<Self, WireError> {
        let mut m = Self::default();
        m.active_tasks = r.get_vec(true, |r| TaskIds::read(version, r))?;
        m.standby_tasks = r.get_vec(true, |r| TaskIds::read(version, r))?;
        m.warmup_tasks = r.get_vec(true, |r| TaskIds::read(version, r))?;
        r.skip_tags()?;
        Ok(m)
    }
    pub(crate) fn write(&self, version: i16, out: &mut BytesMut) -> Result<(), WireError> {
        out.put_vec(true, &self.active_tasks, |out, x| x.write(version, out))?;
        out.put_vec(true, &self.standby_tasks, |out, x| x.write(version, out))?;
        out.put_vec(true, &self.warmup_tasks, |out, x| x.write(version, out))?;
        out.put_no_tags();
        Ok(())
    }
}

/// Part of [`StreamsGroupDescribeResponse`].
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
