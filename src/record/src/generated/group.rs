//! Records of `__consumer_offsets`.
//!
//! Written by `scripts/generate` from the message schemas of Apache Kafka 4.3.1; do not edit.

use crate::codec::*;

/// LegacyOffsetCommitKey, versions 0 (flexible: none).
#[derive(Clone, Debug, PartialEq, Default)]
pub struct LegacyOffsetCommitKey {
    pub group: String,
    pub topic: String,
    pub partition: i32,
}
impl LegacyOffsetCommitKey {
    pub(crate) fn read(_version: i16, r: &mut Reader<'_>) -> Result<Self, WireError> {
        let mut m = Self::default();
        m.group = r.get_text(false)?;
        m.topic = r.get_text(false)?;
        m.partition = r.get_i32()?;
        Ok(m)
    }
    pub(crate) fn write(&self, _version: i16, out: &mut BytesMut) -> Result<(), WireError> {
        out.put_text(false, &self.group)?;
        out.put_text(false, &self.topic)?;
        out.put_i32(self.partition);
        Ok(())
    }
}

message!(LegacyOffsetCommitKey, 0, 0, 0);
/// LegacyOffsetCommitValue, versions 0 (flexible: none).
#[derive(Clone, Debug, PartialEq, Default)]
pub struct LegacyOffsetCommitValue {
    pub offset: i64,
    pub metadata: String,
    pub commit_timestamp: i64,
}
impl LegacyOffsetCommitValue {
    pub(crate) fn read(_version: i16, r: &mut Reader<'_>) -> Result<Self, WireError> {
        let mut m = Self::default();
        m.offset = r.get_i64()?;
        m.metadata = r.get_text(false)?;
        m.commit_timestamp = r.get_i64()?;
        Ok(m)
    }
    pub(crate) fn write(&self, _version: i16, out: &mut BytesMut) -> Result<(), WireError> {
        out.put_i64(self.offset);
        out.put_text(false, &self.metadata)?;
        out.put_i64(self.commit_timestamp);
        Ok(())
    }
}

message!(LegacyOffsetCommitValue, 0, 0, 0);
/// OffsetCommitKey, versions 0 (flexible: none).
#[derive(Clone, Debug, PartialEq, Default)]
pub struct OffsetCommitKey {
    pub group: String,
    pub topic: String,
    pub partition: i32,
}
impl OffsetCommitKey {
    pub(crate) fn read(_version: i16, r: &mut Reader<'_>) -> Result<Self, WireError> {
        let mut m = Self::default();
        m.group = r.get_text(false)?;
        m.topic = r.get_text(false)?;
        m.partition = r.get_i32()?;
        Ok(m)
    }
    pub(crate) fn write(&self, _version: i16, out: &mut BytesMut) -> Result<(), WireError> {
        out.put_text(false, &self.group)?;
        out.put_text(false, &self.topic)?;
        out.put_i32(self.partition);
        Ok(())
    }
}

message!(OffsetCommitKey, 0, 0, 1);
/// OffsetCommitValue, versions 0–4 (flexible: 4).
#[derive(Clone, Debug, PartialEq)]
pub struct OffsetCommitValue {
    pub offset: i64,
    pub leader_epoch: i32,
    pub metadata: String,
    pub commit_timestamp: i64,
    pub expire_timestamp: i64,
    pub topic_id: Uuid,
}
impl Default for OffsetCommitValue {
    fn default() -> Self {
        Self {
            offset: 0,
            leader_epoch: -1,
            metadata: String::new(),
            commit_timestamp: 0,
            expire_timestamp: -1,
            topic_id: Uuid::nil(),
        }
    }
}
impl OffsetCommitValue {
    pub(crate) fn read(version: i16, r: &mut Reader<'_>) -> Result<Self, WireError> {
        let flex = version >= 4;
        let mut m = Self::default();
        m.offset = r.get_i64()?;
        if version >= 3 {
            m.leader_epoch = r.get_i32()?;
        }
        m.metadata = r.get_text(flex)?;
        m.commit_timestamp = r.get_i64()?;
        if version == 1 {
            m.expire_timestamp = r.get_i64()?;
        }
        if flex {
            r.get_tags(|tag, r| {
                match tag {
                    0 => m.topic_id = r.get_uuid()?,
                    _ => return Ok(false),
                }
                Ok(true)
            })?;
        }
        Ok(m)
    }
    pub(crate) fn write(&self, version: i16, out: &mut BytesMut) -> Result<(), WireError> {
        let flex = version >= 4;
        out.put_i64(self.offset);
        if version >= 3 {
            out.put_i32(self.leader_epoch);
        }
        out.put_text(flex, &self.metadata)?;
        out.put_i64(self.commit_timestamp);
        if version == 1 {
            out.put_i64(self.expire_timestamp);
        }
        if flex {
            let mut tags = Tags::default();
            tags.put(0, !self.topic_id.is_nil(), |out| {
                out.put_uuid(self.topic_id);
                Ok(())
            })?;
            tags.write(out);
        }
        Ok(())
    }
}

message!(OffsetCommitValue, 0, 4, 1);
/// GroupMetadataKey, versions 0 (flexible: none).
#[derive(Clone, Debug, PartialEq, Default)]
pub struct GroupMetadataKey {
    pub group: String,
}
impl GroupMetadataKey {
    pub(crate) fn read(_version: i16, r: &mut Reader<'_>) -> Result<Self, WireError> {
        let mut m = Self::default();
        m.group = r.get_text(false)?;
        Ok(m)
    }
    pub(crate) fn write(&self, _version: i16, out: &mut BytesMut) -> Result<(), WireError> {
        out.put_text(false, &self.group)?;
        Ok(())
    }
}

message!(GroupMetadataKey, 0, 0, 2);
/// GroupMetadataValue, versions 0–4 (flexible: 4).
#[derive(Clone, Debug, PartialEq)]
pub struct GroupMetadataValue {
    pub protocol_type: String,
    pub generation: i32,
    pub protocol: Option<String>,
    pub leader: Option<String>,
    pub current_state_timestamp: i64,
    pub members: Vec<MemberMetadata>,
}
impl Default for GroupMetadataValue {
    fn default() -> Self {
        Self {
            protocol_type: String::new(),
            generation: 0,
            protocol: Some(String::new()),
            leader: Some(String::new()),
            current_state_timestamp: -1,
            members: Vec::new(),
        }
    }
}
impl GroupMetadataValue {
    pub(crate) fn read(version: i16, r: &mut Reader<'_>) -> Result<Self, WireError> {
        let flex = version >= 4;
        let mut m = Self::default();
        m.protocol_type = r.get_text(flex)?;
        m.generation = r.get_i32()?;
        m.protocol = r.get_nullable_text(flex)?;
        m.leader = r.get_nullable_text(flex)?;
        if version >= 2 {
            m.current_state_timestamp = r.get_i64()?;
        }
        m.members = r.get_vec(flex, |r| MemberMetadata::read(version, r))?;
        if flex {
            r.skip_tags()?;
        }
        Ok(m)
    }
    pub(crate) fn write(&self, version: i16, out: &mut BytesMut) -> Result<(), WireError> {
        let flex = version >= 4;
        out.put_text(flex, &self.protocol_type)?;
        out.put_i32(self.generation);
        out.put_nullable_text(flex, self.protocol.as_deref())?;
        out.put_nullable_text(flex, self.leader.as_deref())?;
        if version >= 2 {
            out.put_i64(self.current_state_timestamp);
        }
        out.put_vec(flex, &self.members, |out, x| x.write(version, out))?;
        if flex {
            out.put_no_tags();
        }
        Ok(())
    }
}

message!(GroupMetadataValue, 0, 4, 2);

/// Part of [`GroupMetadataValue`].
#[derive(Clone, Debug, PartialEq)]
pub struct MemberMetadata {
    pub member_id: String,
    pub group_instance_id: Option<String>,
    pub client_id: String,
    pub client_host: String,
    pub rebalance_timeout: i32,
    pub session_timeout: i32,
    pub subscription: Bytes,
    pub assignment: Bytes,
}
impl Default for MemberMetadata {
    fn default() -> Self {
        Self {
            member_id: String::new(),
            group_instance_id: None,
            client_id: String::new(),
            client_host: String::new(),
            rebalance_timeout: -1,
            session_timeout: 0,
            subscription: Bytes::new(),
            assignment: Bytes::new(),
        }
    }
}
impl MemberMetadata {
    pub(crate) fn read(version: i16, r: &mut Reader<'_>) -> Result<Self, WireError> {
        let flex = version >= 4;
        let mut m = Self::default();
        m.member_id = r.get_text(flex)?;
        if version >= 3 {
            m.group_instance_id = r.get_nullable_text(flex)?;
        }
        m.client_id = r.get_text(flex)?;
        m.client_host = r.get_text(flex)?;
        if version >= 1 {
            m.rebalance_timeout = r.get_i32()?;
        }
        m.session_timeout = r.get_i32()?;
        m.subscription = r.get_blob(flex)?;
        m.assignment = r.get_blob(flex)?;
        if flex {
            r.skip_tags()?;
        }
        Ok(m)
    }
    pub(crate) fn write(&self, version: i16, out: &mut BytesMut) -> Result<(), WireError> {
        let flex = version >= 4;
        out.put_text(flex, &self.member_id)?;
        if version >= 3 {
            out.put_nullable_text(flex, self.group_instance_id.as_deref())?;
        }
        out.put_text(flex, &self.client_id)?;
        out.put_text(flex, &self.client_host)?;
        if version >= 1 {
            out.put_i32(self.rebalance_timeout);
        }
        out.put_i32(self.session_timeout);
        out.put_blob(flex, &self.subscription)?;
        out.put_blob(flex, &self.assignment)?;
        if flex {
            out.put_no_tags();
        }
        Ok(())
    }
}
/// ConsumerGroupMetadataKey, versions 0 (flexible: none).
#[derive(Clone, Debug, PartialEq, Default)]
pub struct ConsumerGroupMetadataKey {
    pub group_id: String,
}
impl ConsumerGroupMetadataKey {
    pub(crate) fn read(_version: i16, r: &mut Reader<'_>) -> Result<Self, WireError> {
        let mut m = Self::default();
        m.group_id = r.get_text(false)?;
        Ok(m)
    }
    pub(crate) fn write(&self, _version: i16, out: &mut BytesMut) -> Result<(), WireError> {
        out.put_text(false, &self.group_id)?;
        Ok(())
    }
}

message!(ConsumerGroupMetadataKey, 0, 0, 3);
/// ConsumerGroupMetadataValue, versions 0 (flexible: 0).
#[derive(Clone, Debug, PartialEq, Default)]
pub struct ConsumerGroupMetadataValue {
    pub epoch: i32,
    pub metadata_hash: i64,
}
impl ConsumerGroupMetadataValue {
    pub(crate) fn read(_version: i16, r: &mut Reader<'_>) -> Result<Self, WireError> {
        let mut m = Self::default();
        m.epoch = r.get_i32()?;
        r.get_tags(|tag, r| {
            match tag {
                0 => m.metadata_hash = r.get_i64()?,
                _ => return Ok(false),
            }
            Ok(true)
        })?;
        Ok(m)
    }
    pub(crate) fn write(&self, _version: i16, out: &mut BytesMut) -> Result<(), WireError> {
        out.put_i32(self.epoch);
        let mut tags = Tags::default();
        tags.put(0, self.metadata_hash != 0, |out| {
            out.put_i64(self.metadata_hash);
            Ok(())
        })?;
        tags.write(out);
        Ok(())
    }
}

message!(ConsumerGroupMetadataValue, 0, 0, 3);
/// ConsumerGroupPartitionMetadataKey, versions 0 (flexible: none).
#[derive(Clone, Debug, PartialEq, Default)]
pub struct ConsumerGroupPartitionMetadataKey {
    pub group_id: String,
}
impl ConsumerGroupPartitionMetadataKey {
    pub(crate) fn read(_version: i16, r: &mut Reader<'_>) -> Result<Self, WireError> {
        let mut m = Self::default();
        m.group_id = r.get_text(false)?;
        Ok(m)
    }
    pub(crate) fn write(&self, _version: i16, out: &mut BytesMut) -> Result<(), WireError> {
        out.put_text(false, &self.group_id)?;
        Ok(())
    }
}

message!(ConsumerGroupPartitionMetadataKey, 0, 0, 4);
/// ConsumerGroupPartitionMetadataValue, versions 0 (flexible: 0).
#[derive(Clone, Debug, PartialEq, Default)]
pub struct ConsumerGroupPartitionMetadataValue {
    pub topics: Vec<TopicMetadata>,
}
impl ConsumerGroupPartitionMetadataValue {
    pub(crate) fn read(version: i16, r: &mut Reader<'_>) -> Result<Self, WireError> {
        let mut m = Self::default();
        m.topics = r.get_vec(true, |r| TopicMetadata::read(version, r))?;
        r.skip_tags()?;
        Ok(m)
    }
    pub(crate) fn write(&self, version: i16, out: &mut BytesMut) -> Result<(), WireError> {
        out.put_vec(true, &self.topics, |out, x| x.write(version, out))?;
        out.put_no_tags();
        Ok(())
    }
}

message!(ConsumerGroupPartitionMetadataValue, 0, 0, 4);

/// Part of [`ConsumerGroupPartitionMetadataValue`].
#[derive(Clone, Debug, PartialEq, Default)]
pub struct TopicMetadata {
    pub topic_id: Uuid,
    pub topic_name: String,
    pub num_partitions: i32,
    pub partition_metadata: Vec<PartitionMetadata>,
}
impl TopicMetadata {
    pub(crate) fn read(version: i16, r: &mut Reader<'_>) -> Result<Self, WireError> {
        let mut m = Self::default();
        m.topic_id = r.get_uuid()?;
        m.topic_name = r.get_text(true)?;
        m.num_partitions = r.get_i32()?;
        m.partition_metadata = r.get_vec(true, |r| PartitionMetadata::read(version, r))?;
        r.skip_tags()?;
        Ok(m)
    }
    pub(crate) fn write(&self, version: i16, out: &mut BytesMut) -> Result<(), WireError> {
        out.put_uuid(self.topic_id);
        out.put_text(true, &self.topic_name)?;
        out.put_i32(self.num_partitions);
        out.put_vec(true, &self.partition_metadata, |out, x| x.write(version, out))?;
        out.put_no_tags();
        Ok(())
    }
}

/// Part of [`ConsumerGroupPartitionMetadataValue`].
#[derive(Clone, Debug, PartialEq, Default)]
pub struct PartitionMetadata {
    pub partition: i32,
    pub racks: Vec<String>,
}
impl PartitionMetadata {
    pub(crate) fn read(_version: i16, r: &mut Reader<'_>) -> Result<Self, WireError> {
        let mut m = Self::default();
        m.partition = r.get_i32()?;
        m.racks = r.get_vec(true, |r| r.get_text(true))?;
        r.skip_tags()?;
        Ok(m)
    }
    pub(crate) fn write(&self, _version: i16, out: &mut BytesMut) -> Result<(), WireError> {
        out.put_i32(self.partition);
        out.put_vec(true, &self.racks, |out, x| out.put_text(true, x))?;
        out.put_no_tags();
        Ok(())
    }
}
/// ConsumerGroupMemberMetadataKey, versions 0 (flexible: none).
#[derive(Clone, Debug, PartialEq, Default)]
pub struct ConsumerGroupMemberMetadataKey {
    pub group_id: String,
    pub member_id: String,
}
impl ConsumerGroupMemberMetadataKey {
    pub(crate) fn read(_version: i16, r: &mut Reader<'_>) -> Result<Self, WireError> {
        let mut m = Self::default();
        m.group_id = r.get_text(false)?;
        m.member_id = r.get_text(false)?;
        Ok(m)
    }
    pub(crate) fn write(&self, _version: i16, out: &mut BytesMut) -> Result<(), WireError> {
        out.put_text(false, &self.group_id)?;
        out.put_text(false, &self.member_id)?;
        Ok(())
    }
}

message!(ConsumerGroupMemberMetadataKey, 0, 0, 5);
/// ConsumerGroupMemberMetadataValue, versions 0 (flexible: 0).
#[derive(Clone, Debug, PartialEq)]
pub struct ConsumerGroupMemberMetadataValue {
    pub instance_id: Option<String>,
    pub rack_id: Option<String>,
    pub client_id: String,
    pub client_host: String,
    pub subscribed_topic_names: Vec<String>,
    pub subscribed_topic_regex: Option<String>,
    pub rebalance_timeout_ms: i32,
    pub server_assignor: Option<String>,
    pub classic_member_metadata: Option<ClassicMemberMetadata>,
}
impl Default for ConsumerGroupMemberMetadataValue {
    fn default() -> Self {
        Self {
            instance_id: Some(String::new()),
            rack_id: Some(String::new()),
            client_id: String::new(),
            client_host: String::new(),
            subscribed_topic_names: Vec::new(),
            subscribed_topic_regex: Some(String::new()),
            rebalance_timeout_ms: -1,
            server_assignor: Some(String::new()),
            classic_member_metadata: None,
        }
    }
}
impl ConsumerGroupMemberMetadataValue {
    pub(crate) fn read(version: i16, r: &mut Reader<'_>) -> Result<Self, WireError> {
        let mut m = Self::default();
        m.instance_id = r.get_nullable_text(true)?;
        m.rack_id = r.get_nullable_text(true)?;
        m.client_id = r.get_text(true)?;
        m.client_host = r.get_text(true)?;
        m.subscribed_topic_names = r.get_vec(true, |r| r.get_text(true))?;
        m.subscribed_topic_regex = r.get_nullable_text(true)?;
        m.rebalance_timeout_ms = r.get_i32()?;
        m.server_assignor = r.get_nullable_text(true)?;
        r.get_tags(|tag, r| {
            match tag {
                0 => m.classic_member_metadata = r.get_tagged_struct(|r| ClassicMemberMetadata::read(version, r))?,
                _ => return Ok(false),
            }
            Ok(true)
        })?;
        Ok(m)
    }
    pub(crate) fn write(&self, version: i16, out: &mut BytesMut) -> Result<(), WireError> {
        out.put_nullable_text(true, self.instance_id.as_deref())?;
        out.put_nullable_text(true, self.rack_id.as_deref())?;
        out.put_text(true, &self.client_id)?;
        out.put_text(true, &self.client_host)?;
        out.put_vec(true, &self.subscribed_topic_names, |out, x| out.put_text(true, x))?;
        out.put_nullable_text(true, self.subscribed_topic_regex.as_deref())?;
        out.put_i32(self.rebalance_timeout_ms);
        out.put_nullable_text(true, self.server_assignor.as_deref())?;
        let mut tags = Tags::default();
        tags.put(0, self.classic_member_metadata.is_some(), |out| {
            out.put_tagged_struct(self.classic_member_metadata.as_ref(), |out, x| x.write(version, out))?;
            Ok(())
        })?;
        tags.write(out);
        Ok(())
    }
}

message!(ConsumerGroupMemberMetadataValue, 0, 0, 5);

/// Part of [`ConsumerGroupMemberMetadataValue`].
#[derive(Clone, Debug, PartialEq, Default)]
pub struct ClassicMemberMetadata {
    pub session_timeout_ms: i32,
    pub supported_protocols: Vec<ClassicProtocol>,
}
impl ClassicMemberMetadata {
    pub(crate) fn read(version: i16, r: &mut Reader<'_>) -> Result<Self, WireError> {
        let mut m = Self::default();
        m.session_timeout_ms = r.get_i32()?;
        m.supported_protocols = r.get_vec(true, |r| ClassicProtocol::read(version, r))?;
        r.skip_tags()?;
        Ok(m)
    }
    pub(crate) fn write(&self, version: i16, out: &mut BytesMut) -> Result<(), WireError> {
        out.put_i32(self.session_timeout_ms);
        out.put_vec(true, &self.supported_protocols, |out, x| x.write(version, out))?;
        out.put_no_tags();
        Ok(())
    }
}

/// Part of [`ConsumerGroupMemberMetadataValue`].
#[derive(Clone, Debug, PartialEq, Default)]
pub struct ClassicProtocol {
    pub name: String,
    pub metadata: Bytes,
}
impl ClassicProtocol {
    pub(crate) fn read(_version: i16, r: &mut Reader<'_>) -> Result<Self, WireError> {
        let mut m = Self::default();
        m.name = r.get_text(true)?;
        m.metadata = r.get_blob(true)?;
        r.skip_tags()?;
        Ok(m)
    }
    pub(crate) fn write(&self, _version: i16, out: &mut BytesMut) -> Result<(), WireError> {
        out.put_text(true, &self.name)?;
        out.put_blob(true, &self.metadata)?;
        out.put_no_tags();
        Ok(())
    }
}
/// ConsumerGroupTargetAssignmentMetadataKey, versions 0 (flexible: none).
#[derive(Clone, Debug, PartialEq, Default)]
pub struct ConsumerGroupTargetAssignmentMetadataKey {
    pub group_id: String,
}
impl ConsumerGroupTargetAssignmentMetadataKey {
    pub(crate) fn read(_version: i16, r: &mut Reader<'_>) -> Result<Self, WireError> {
        let mut m = Self::default();
        m.group_id = r.get_text(false)?;
        Ok(m)
    }
    pub(crate) fn write(&self, _version: i16, out: &mut BytesMut) -> Result<(), WireError> {
        out.put_text(false, &self.group_id)?;
        Ok(())
    }
}

message!(ConsumerGroupTargetAssignmentMetadataKey, 0, 0, 6);
/// ConsumerGroupTargetAssignmentMetadataValue, versions 0 (flexible: 0).
#[derive(Clone, Debug, PartialEq, Default)]
pub struct ConsumerGroupTargetAssignmentMetadataValue {
    pub assignment_epoch: i32,
    pub assignment_timestamp: i64,
}
impl ConsumerGroupTargetAssignmentMetadataValue {
    pub(crate) fn read(_version: i16, r: &mut Reader<'_>) -> Result<Self, WireError> {
        let mut m = Self::default();
        m.assignment_epoch = r.get_i32()?;
        r.get_tags(|tag, r| {
            match tag {
                0 => m.assignment_timestamp = r.get_i64()?,
                _ => return Ok(false),
            }
            Ok(true)
        })?;
        Ok(m)
    }
    pub(crate) fn write(&self, _version: i16, out: &mut BytesMut) -> Result<(), WireError> {
        out.put_i32(self.assignment_epoch);
        let mut tags = Tags::default();
        tags.put(0, self.assignment_timestamp != 0, |out| {
            out.put_i64(self.assignment_timestamp);
            Ok(())
        })?;
        tags.write(out);
        Ok(())
    }
}

message!(ConsumerGroupTargetAssignmentMetadataValue, 0, 0, 6);
/// ConsumerGroupTargetAssignmentMemberKey, versions 0 (flexible: none).
#[derive(Clone, Debug, PartialEq, Default)]
pub struct ConsumerGroupTargetAssignmentMemberKey {
    pub group_id: String,
    pub member_id: String,
}
impl ConsumerGroupTargetAssignmentMemberKey {
    pub(crate) fn read(_version: i16, r: &mut Reader<'_>) -> Result<Self, WireError> {
        let mut m = Self::default();
        m.group_id = r.get_text(false)?;
        m.member_id = r.get_text(false)?;
        Ok(m)
    }
    pub(crate) fn write(&self, _version: i16, out: &mut BytesMut) -> Result<(), WireError> {
        out.put_text(false, &self.group_id)?;
        out.put_text(false, &self.member_id)?;
        Ok(())
    }
}

message!(ConsumerGroupTargetAssignmentMemberKey, 0, 0, 7);
/// ConsumerGroupTargetAssignmentMemberValue, versions 0 (flexible: 0).
#[derive(Clone, Debug, PartialEq, Default)]
pub struct ConsumerGroupTargetAssignmentMemberValue {
    pub topic_partitions: Vec<ConsumerGroupTargetAssignmentMemberValueTopicPartition>,
}
impl ConsumerGroupTargetAssignmentMemberValue {
    pub(crate) fn read(version: i16, r: &mut Reader<'_>) -> Result<Self, WireError> {
        let mut m = Self::default();
        m.topic_partitions =
            r.get_vec(true, |r| ConsumerGroupTargetAssignmentMemberValueTopicPartition::read(version, r))?;
        r.skip_tags()?;
        Ok(m)
    }
    pub(crate) fn write(&self, version: i16, out: &mut BytesMut) -> Result<(), WireError> {
        out.put_vec(true, &self.topic_partitions, |out, x| x.write(version, out))?;
        out.put_no_tags();
        Ok(())
    }
}

message!(ConsumerGroupTargetAssignmentMemberValue, 0, 0, 7);

/// Part of [`ConsumerGroupTargetAssignmentMemberValue`].
#[derive(Clone, Debug, PartialEq, Default)]
pub struct ConsumerGroupTargetAssignmentMemberValueTopicPartition {
    pub topic_id: Uuid,
    pub partitions: Vec<i32>,
}
impl ConsumerGroupTargetAssignmentMemberValueTopicPartition {
    pub(crate) fn read(_version: i16, r: &mut Reader<'_>) -> Result<Self, WireError> {
        let mut m = Self::default();
        m.topic_id = r.get_uuid()?;
        m.partitions = r.get_vec(true, Source::get_i32)?;
        r.skip_tags()?;
        Ok(m)
    }
    pub(crate) fn write(&self, _version: i16, out: &mut BytesMut) -> Result<(), WireError> {
        out.put_uuid(self.topic_id);
        out.put_vec(true, &self.partitions, |out, x| {
            out.put_i32(*x);
            Ok(())
        })?;
        out.put_no_tags();
        Ok(())
    }
}
/// ConsumerGroupCurrentMemberAssignmentKey, versions 0 (flexible: none).
#[derive(Clone, Debug, PartialEq, Default)]
pub struct ConsumerGroupCurrentMemberAssignmentKey {
    pub group_id: String,
    pub member_id: String,
}
impl ConsumerGroupCurrentMemberAssignmentKey {
    pub(crate) fn read(_version: i16, r: &mut Reader<'_>) -> Result<Self, WireError> {
        let mut m = Self::default();
        m.group_id = r.get_text(false)?;
        m.member_id = r.get_text(false)?;
        Ok(m)
    }
    pub(crate) fn write(&self, _version: i16, out: &mut BytesMut) -> Result<(), WireError> {
        out.put_text(false, &self.group_id)?;
        out.put_text(false, &self.member_id)?;
        Ok(())
    }
}

message!(ConsumerGroupCurrentMemberAssignmentKey, 0, 0, 8);
/// ConsumerGroupCurrentMemberAssignmentValue, versions 0 (flexible: 0).
#[derive(Clone, Debug, PartialEq, Default)]
pub struct ConsumerGroupCurrentMemberAssignmentValue {
    pub member_epoch: i32,
    pub previous_member_epoch: i32,
    pub state: i8,
    pub assigned_partitions: Vec<ConsumerGroupCurrentMemberAssignmentValueTopicPartitions>,
    pub partitions_pending_revocation: Vec<ConsumerGroupCurrentMemberAssignmentValueTopicPartitions>,
}
impl ConsumerGroupCurrentMemberAssignmentValue {
    pub(crate) fn read(version: i16, r: &mut Reader<'_>) -> Result<Self, WireError> {
        let mut m = Self::default();
        m.member_epoch = r.get_i32()?;
        m.previous_member_epoch = r.get_i32()?;
        m.state = r.get_i8()?;
        m.assigned_partitions =
            r.get_vec(true, |r| ConsumerGroupCurrentMemberAssignmentValueTopicPartitions::read(version, r))?;
        m.partitions_pending_revocation =
            r.get_vec(true, |r| ConsumerGroupCurrentMemberAssignmentValueTopicPartitions::read(version, r))?;
        r.skip_tags()?;
        Ok(m)
    }
    pub(crate) fn write(&self, version: i16, out: &mut BytesMut) -> Result<(), WireError> {
        out.put_i32(self.member_epoch);
        out.put_i32(self.previous_member_epoch);
        out.put_i8(self.state);
        out.put_vec(true, &self.assigned_partitions, |out, x| x.write(version, out))?;
        out.put_vec(true, &self.partitions_pending_revocation, |out, x| x.write(version, out))?;
        out.put_no_tags();
        Ok(())
    }
}

message!(ConsumerGroupCurrentMemberAssignmentValue, 0, 0, 8);

/// Part of [`ConsumerGroupCurrentMemberAssignmentValue`].
#[derive(Clone, Debug, PartialEq, Default)]
pub struct ConsumerGroupCurrentMemberAssignmentValueTopicPartitions {
    pub topic_id: Uuid,
    pub partitions: Vec<i32>,
    pub assignment_epochs: Option<Vec<i32>>,
}
impl ConsumerGroupCurrentMemberAssignmentValueTopicPartitions {
    pub(crate) fn read(_version: i16, r: &mut Reader<'_>) -> Result<Self, WireError> {
        let mut m = Self::default();
        m.topic_id = r.get_uuid()?;
        m.partitions = r.get_vec(true, Source::get_i32)?;
        r.get_tags(|tag, r| {
            match tag {
                0 => m.assignment_epochs = r.get_nullable_vec(true, Source::get_i32)?,
                _ => return Ok(false),
            }
            Ok(true)
        })?;
        Ok(m)
    }
    pub(crate) fn write(&self, _version: i16, out: &mut BytesMut) -> Result<(), WireError> {
        out.put_uuid(self.topic_id);
        out.put_vec(true, &self.partitions, |out, x| {
            out.put_i32(*x);
            Ok(())
        })?;
        let mut tags = Tags::default();
        tags.put(0, self.assignment_epochs.is_some(), |out| {
            out.put_nullable_vec(true, self.assignment_epochs.as_deref(), |out, x| {
                out.put_i32(*x);
                Ok(())
            })?;
            Ok(())
        })?;
        tags.write(out);
        Ok(())
    }
}
/// ShareGroupMemberMetadataKey, versions 0 (flexible: none).
#[derive(Clone, Debug, PartialEq, Default)]
pub struct ShareGroupMemberMetadataKey {
    pub group_id: String,
    pub member_id: String,
}
impl ShareGroupMemberMetadataKey {
    pub(crate) fn read(_version: i16, r: &mut Reader<'_>) -> Result<Self, WireError> {
        let mut m = Self::default();
        m.group_id = r.get_text(false)?;
        m.member_id = r.get_text(false)?;
        Ok(m)
    }
    pub(crate) fn write(&self, _version: i16, out: &mut BytesMut) -> Result<(), WireError> {
        out.put_text(false, &self.group_id)?;
        out.put_text(false, &self.member_id)?;
        Ok(())
    }
}

message!(ShareGroupMemberMetadataKey, 0, 0, 10);
/// ShareGroupMemberMetadataValue, versions 0 (flexible: 0).
#[derive(Clone, Debug, PartialEq)]
pub struct ShareGroupMemberMetadataValue {
    pub rack_id: Option<String>,
    pub client_id: String,
    pub client_host: String,
    pub subscribed_topic_names: Vec<String>,
}
impl Default for ShareGroupMemberMetadataValue {
    fn default() -> Self {
        Self {
            rack_id: Some(String::new()),
            client_id: String::new(),
            client_host: String::new(),
            subscribed_topic_names: Vec::new(),
        }
    }
}
impl ShareGroupMemberMetadataValue {
    pub(crate) fn read(_version: i16, r: &mut Reader<'_>) -> Result<Self, WireError> {
        let mut m = Self::default();
        m.rack_id = r.get_nullable_text(true)?;
        m.client_id = r.get_text(true)?;
        m.client_host = r.get_text(true)?;
        m.subscribed_topic_names = r.get_vec(true, |r| r.get_text(true))?;
        r.skip_tags()?;
        Ok(m)
    }
    pub(crate) fn write(&self, _version: i16, out: &mut BytesMut) -> Result<(), WireError> {
        out.put_nullable_text(true, self.rack_id.as_deref())?;
        out.put_text(true, &self.client_id)?;
        out.put_text(true, &self.client_host)?;
        out.put_vec(true, &self.subscribed_topic_names, |out, x| out.put_text(true, x))?;
        out.put_no_tags();
        Ok(())
    }
}

message!(ShareGroupMemberMetadataValue, 0, 0, 10);
/// ShareGroupMetadataKey, versions 0 (flexible: none).
#[derive(Clone, Debug, PartialEq, Default)]
pub struct ShareGroupMetadataKey {
    pub group_id: String,
}
impl ShareGroupMetadataKey {
    pub(crate) fn read(_version: i16, r: &mut Reader<'_>) -> Result<Self, WireError> {
        let mut m = Self::default();
        m.group_id = r.get_text(false)?;
        Ok(m)
    }
    pub(crate) fn write(&self, _version: i16, out: &mut BytesMut) -> Result<(), WireError> {
        out.put_text(false, &self.group_id)?;
        Ok(())
    }
}

message!(ShareGroupMetadataKey, 0, 0, 11);
/// ShareGroupMetadataValue, versions 0 (flexible: 0).
#[derive(Clone, Debug, PartialEq, Default)]
pub struct ShareGroupMetadataValue {
    pub epoch: i32,
    pub metadata_hash: i64,
}
impl ShareGroupMetadataValue {
    pub(crate) fn read(_version: i16, r: &mut Reader<'_>) -> Result<Self, WireError> {
        let mut m = Self::default();
        m.epoch = r.get_i32()?;
        m.metadata_hash = r.get_i64()?;
        r.skip_tags()?;
        Ok(m)
    }
    pub(crate) fn write(&self, _version: i16, out: &mut BytesMut) -> Result<(), WireError> {
        out.put_i32(self.epoch);
        out.put_i64(self.metadata_hash);
        out.put_no_tags();
        Ok(())
    }
}

message!(ShareGroupMetadataValue, 0, 0, 11);
/// ShareGroupTargetAssignmentMetadataKey, versions 0 (flexible: none).
#[derive(Clone, Debug, PartialEq, Default)]
pub struct ShareGroupTargetAssignmentMetadataKey {
    pub group_id: String,
}
impl ShareGroupTargetAssignmentMetadataKey {
    pub(crate) fn read(_version: i16, r: &mut Reader<'_>) -> Result<Self, WireError> {
        let mut m = Self::default();
        m.group_id = r.get_text(false)?;
        Ok(m)
    }
    pub(crate) fn write(&self, _version: i16, out: &mut BytesMut) -> Result<(), WireError> {
        out.put_text(false, &self.group_id)?;
        Ok(())
    }
}

message!(ShareGroupTargetAssignmentMetadataKey, 0, 0, 12);
/// ShareGroupTargetAssignmentMetadataValue, versions 0 (flexible: 0).
#[derive(Clone, Debug, PartialEq, Default)]
pub struct ShareGroupTargetAssignmentMetadataValue {
    pub assignment_epoch: i32,
    pub assignment_timestamp: i64,
}
impl ShareGroupTargetAssignmentMetadataValue {
    pub(crate) fn read(_version: i16, r: &mut Reader<'_>) -> Result<Self, WireError> {
        let mut m = Self::default();
        m.assignment_epoch = r.get_i32()?;
        r.get_tags(|tag, r| {
            match tag {
                0 => m.assignment_timestamp = r.get_i64()?,
                _ => return Ok(false),
            }
            Ok(true)
        })?;
        Ok(m)
    }
    pub(crate) fn write(&self, _version: i16, out: &mut BytesMut) -> Result<(), WireError> {
        out.put_i32(self.assignment_epoch);
        let mut tags = Tags::default();
        tags.put(0, self.assignment_timestamp != 0, |out| {
            out.put_i64(self.assignment_timestamp);
            Ok(())
        })?;
        tags.write(out);
        Ok(())
    }
}

message!(ShareGroupTargetAssignmentMetadataValue, 0, 0, 12);
/// ShareGroupTargetAssignmentMemberKey, versions 0 (flexible: none).
#[derive(Clone, Debug, PartialEq, Default)]
pub struct ShareGroupTargetAssignmentMemberKey {
    pub group_id: String,
    pub member_id: String,
}
impl ShareGroupTargetAssignmentMemberKey {
    pub(crate) fn read(_version: i16, r: &mut Reader<'_>) -> Result<Self, WireError> {
        let mut m = Self::default();
        m.group_id = r.get_text(false)?;
        m.member_id = r.get_text(false)?;
        Ok(m)
    }
    pub(crate) fn write(&self, _version: i16, out: &mut BytesMut) -> Result<(), WireError> {
        out.put_text(false, &self.group_id)?;
        out.put_text(false, &self.member_id)?;
        Ok(())
    }
}

message!(ShareGroupTargetAssignmentMemberKey, 0, 0, 13);
/// ShareGroupTargetAssignmentMemberValue, versions 0 (flexible: 0).
#[derive(Clone, Debug, PartialEq, Default)]
pub struct ShareGroupTargetAssignmentMemberValue {
    pub topic_partitions: Vec<ShareGroupTargetAssignmentMemberValueTopicPartition>,
}
impl ShareGroupTargetAssignmentMemberValue {
    pub(crate) fn read(version: i16, r: &mut Reader<'_>) -> Result<Self, WireError> {
        let mut m = Self::default();
        m.topic_partitions =
            r.get_vec(true, |r| ShareGroupTargetAssignmentMemberValueTopicPartition::read(version, r))?;
        r.skip_tags()?;
        Ok(m)
    }
    pub(crate) fn write(&self, version: i16, out: &mut BytesMut) -> Result<(), WireError> {
        out.put_vec(true, &self.topic_partitions, |out, x| x.write(version, out))?;
        out.put_no_tags();
        Ok(())
    }
}

message!(ShareGroupTargetAssignmentMemberValue, 0, 0, 13);

/// Part of [`ShareGroupTargetAssignmentMemberValue`].
#[derive(Clone, Debug, PartialEq, Default)]
pub struct ShareGroupTargetAssignmentMemberValueTopicPartition {
    pub topic_id: Uuid,
    pub partitions: Vec<i32>,
}
impl ShareGroupTargetAssignmentMemberValueTopicPartition {
    pub(crate) fn read(_version: i16, r: &mut Reader<'_>) -> Result<Self, WireError> {
        let mut m = Self::default();
        m.topic_id = r.get_uuid()?;
        m.partitions = r.get_vec(true, Source::get_i32)?;
        r.skip_tags()?;
        Ok(m)
    }
    pub(crate) fn write(&self, _version: i16, out: &mut BytesMut) -> Result<(), WireError> {
        out.put_uuid(self.topic_id);
        out.put_vec(true, &self.partitions, |out, x| {
            out.put_i32(*x);
            Ok(())
        })?;
        out.put_no_tags();
        Ok(())
    }
}
/// ShareGroupCurrentMemberAssignmentKey, versions 0 (flexible: none).
#[derive(Clone, Debug, PartialEq, Default)]
pub struct ShareGroupCurrentMemberAssignmentKey {
    pub group_id: String,
    pub member_id: String,
}
impl ShareGroupCurrentMemberAssignmentKey {
    pub(crate) fn read(_version: i16, r: &mut Reader<'_>) -> Result<Self, WireError> {
        let mut m = Self::default();
        m.group_id = r.get_text(false)?;
        m.member_id = r.get_text(false)?;
        Ok(m)
    }
    pub(crate) fn write(&self, _version: i16, out: &mut BytesMut) -> Result<(), WireError> {
        out.put_text(false, &self.group_id)?;
        out.put_text(false, &self.member_id)?;
        Ok(())
    }
}

message!(ShareGroupCurrentMemberAssignmentKey, 0, 0, 14);
/// ShareGroupCurrentMemberAssignmentValue, versions 0 (flexible: 0).
#[derive(Clone, Debug, PartialEq, Default)]
pub struct ShareGroupCurrentMemberAssignmentValue {
    pub member_epoch: i32,
    pub previous_member_epoch: i32,
    pub state: i8,
    pub assigned_partitions: Vec<ShareGroupCurrentMemberAssignmentValueTopicPartitions>,
}
impl ShareGroupCurrentMemberAssignmentValue {
    pub(crate) fn read(version: i16, r: &mut Reader<'_>) -> Result<Self, WireError> {
        let mut m = Self::default();
        m.member_epoch = r.get_i32()?;
        m.previous_member_epoch = r.get_i32()?;
        m.state = r.get_i8()?;
        m.assigned_partitions =
            r.get_vec(true, |r| ShareGroupCurrentMemberAssignmentValueTopicPartitions::read(version, r))?;
        r.skip_tags()?;
        Ok(m)
    }
    pub(crate) fn write(&self, version: i16, out: &mut BytesMut) -> Result<(), WireError> {
        out.put_i32(self.member_epoch);
        out.put_i32(self.previous_member_epoch);
        out.put_i8(self.state);
        out.put_vec(true, &self.assigned_partitions, |out, x| x.write(version, out))?;
        out.put_no_tags();
        Ok(())
    }
}

message!(ShareGroupCurrentMemberAssignmentValue, 0, 0, 14);

/// Part of [`ShareGroupCurrentMemberAssignmentValue`].
#[derive(Clone, Debug, PartialEq, Default)]
pub struct ShareGroupCurrentMemberAssignmentValueTopicPartitions {
    pub topic_id: Uuid,
    pub partitions: Vec<i32>,
}
impl ShareGroupCurrentMemberAssignmentValueTopicPartitions {
    pub(crate) fn read(_version: i16, r: &mut Reader<'_>) -> Result<Self, WireError> {
        let mut m = Self::default();
        m.topic_id = r.get_uuid()?;
        m.partitions = r.get_vec(true, Source::get_i32)?;
        r.skip_tags()?;
        Ok(m)
    }
    pub(crate) fn write(&self, _version: i16, out: &mut BytesMut) -> Result<(), WireError> {
        out.put_uuid(self.topic_id);
        out.put_vec(true, &self.partitions, |out, x| {
            out.put_i32(*x);
            Ok(())
        })?;
        out.put_no_tags();
        Ok(())
    }
}
/// ShareGroupStatePartitionMetadataKey, versions 0 (flexible: none).
#[derive(Clone, Debug, PartialEq, Default)]
pub struct ShareGroupStatePartitionMetadataKey {
    pub group_id: String,
}
impl ShareGroupStatePartitionMetadataKey {
    pub(crate) fn read(_version: i16, r: &mut Reader<'_>) -> Result<Self, WireError> {
        let mut m = Self::default();
        m.group_id = r.get_text(false)?;
        Ok(m)
    }
    pub(crate) fn write(&self, _version: i16, out: &mut BytesMut) -> Result<(), WireError> {
        out.put_text(false, &self.group_id)?;
        Ok(())
    }
}

message!(ShareGroupStatePartitionMetadataKey, 0, 0, 15);
/// ShareGroupStatePartitionMetadataValue, versions 0 (flexible: 0).
#[derive(Clone, Debug, PartialEq, Default)]
pub struct ShareGroupStatePartitionMetadataValue {
    pub initializing_topics: Vec<TopicPartitionsInfo>,
    pub initialized_topics: Vec<TopicPartitionsInfo>,
    pub deleting_topics: Vec<ShareGroupStatePartitionMetadataValueTopicInfo>,
}
impl ShareGroupStatePartitionMetadataValue {
    pub(crate) fn read(version: i16, r: &mut Reader<'_>) -> Result<Self, WireError> {
        let mut m = Self::default();
        m.initializing_topics = r.get_vec(true, |r| TopicPartitionsInfo::read(version, r))?;
        m.initialized_topics = r.get_vec(true, |r| TopicPartitionsInfo::read(version, r))?;
        m.deleting_topics = r.get_vec(true, |r| ShareGroupStatePartitionMetadataValueTopicInfo::read(version, r))?;
        r.skip_tags()?;
        Ok(m)
    }
    pub(crate) fn write(&self, version: i16, out: &mut BytesMut) -> Result<(), WireError> {
        out.put_vec(true, &self.initializing_topics, |out, x| x.write(version, out))?;
        out.put_vec(true, &self.initialized_topics, |out, x| x.write(version, out))?;
        out.put_vec(true, &self.deleting_topics, |out, x| x.write(version, out))?;
        out.put_no_tags();
        Ok(())
    }
}

message!(ShareGroupStatePartitionMetadataValue, 0, 0, 15);

/// Part of [`ShareGroupStatePartitionMetadataValue`].
#[derive(Clone, Debug, PartialEq, Default)]
pub struct TopicPartitionsInfo {
    pub topic_id: Uuid,
    pub topic_name: String,
    pub partitions: Vec<i32>,
}
impl TopicPartitionsInfo {
    pub(crate) fn read(_version: i16, r: &mut Reader<'_>) -> Result<Self, WireError> {
        let mut m = Self::default();
        m.topic_id = r.get_uuid()?;
        m.topic_name = r.get_text(true)?;
        m.partitions = r.get_vec(true, Source::get_i32)?;
        r.skip_tags()?;
        Ok(m)
    }
    pub(crate) fn write(&self, _version: i16, out: &mut BytesMut) -> Result<(), WireError> {
        out.put_uuid(self.topic_id);
        out.put_text(true, &self.topic_name)?;
        out.put_vec(true, &self.partitions, |out, x| {
            out.put_i32(*x);
            Ok(())
        })?;
        out.put_no_tags();
        Ok(())
    }
}

/// Part of [`ShareGroupStatePartitionMetadataValue`].
#[derive(Clone, Debug, PartialEq, Default)]
pub struct ShareGroupStatePartitionMetadataValueTopicInfo {
    pub topic_id: Uuid,
    pub topic_name: String,
}
impl ShareGroupStatePartitionMetadataValueTopicInfo {
    pub(crate) fn read(_version: i16, r: &mut Reader<'_>) -> Result<Self, WireError> {
        let mut m = Self::default();
        m.topic_id = r.get_uuid()?;
        m.topic_name = r.get_text(true)?;
        r.skip_tags()?;
        Ok(m)
    }
    pub(crate) fn write(&self, _version: i16, out: &mut BytesMut) -> Result<(), WireError> {
        out.put_uuid(self.topic_id);
        out.put_text(true, &self.topic_name)?;
        out.put_no_tags();
        Ok(())
    }
}
/// ConsumerGroupRegularExpressionKey, versions 0 (flexible: none).
#[derive(Clone, Debug, PartialEq, Default)]
pub struct ConsumerGroupRegularExpressionKey {
    pub group_id: String,
    pub regular_expression: String,
}
impl ConsumerGroupRegularExpressionKey {
    pub(crate) fn read(_version: i16, r: &mut Reader<'_>) -> Result<Self, WireError> {
        let mut m = Self::default();
        m.group_id = r.get_text(false)?;
        m.regular_expression = r.get_text(false)?;
        Ok(m)
    }
    pub(crate) fn write(&self, _version: i16, out: &mut BytesMut) -> Result<(), WireError> {
        out.put_text(false, &self.group_id)?;
        out.put_text(false, &self.regular_expression)?;
        Ok(())
    }
}

message!(ConsumerGroupRegularExpressionKey, 0, 0, 16);
/// ConsumerGroupRegularExpressionValue, versions 0 (flexible: 0).
#[derive(Clone, Debug, PartialEq, Default)]
pub struct ConsumerGroupRegularExpressionValue {
    pub topics: Vec<String>,
    pub version: i64,
    pub timestamp: i64,
}
impl ConsumerGroupRegularExpressionValue {
    pub(crate) fn read(_version: i16, r: &mut Reader<'_>) -> Result<Self, WireError> {
        let mut m = Self::default();
        m.topics = r.get_vec(true, |r| r.get_text(true))?;
        m.version = r.get_i64()?;
        m.timestamp = r.get_i64()?;
        r.skip_tags()?;
        Ok(m)
    }
    pub(crate) fn write(&self, _version: i16, out: &mut BytesMut) -> Result<(), WireError> {
        out.put_vec(true, &self.topics, |out, x| out.put_text(true, x))?;
        out.put_i64(self.version);
        out.put_i64(self.timestamp);
        out.put_no_tags();
        Ok(())
    }
}

message!(ConsumerGroupRegularExpressionValue, 0, 0, 16);
/// StreamsGroupMetadataKey, versions 0 (flexible: none).
#[derive(Clone, Debug, PartialEq, Default)]
pub struct StreamsGroupMetadataKey {
    pub group_id: String,
}
impl StreamsGroupMetadataKey {
    pub(crate) fn read(_version: i16, r: &mut Reader<'_>) -> Result<Self, WireError> {
        let mut m = Self::default();
        m.group_id = r.get_text(false)?;
        Ok(m)
    }
    pub(crate) fn write(&self, _version: i16, out: &mut BytesMut) -> Result<(), WireError> {
        out.put_text(false, &self.group_id)?;
        Ok(())
    }
}

message!(StreamsGroupMetadataKey, 0, 0, 17);
/// StreamsGroupMetadataValue, versions 0 (flexible: 0).
#[derive(Clone, Debug, PartialEq)]
pub struct StreamsGroupMetadataValue {
    pub epoch: i32,
    pub metadata_hash: i64,
    pub validated_topology_epoch: i32,
    pub last_assignment_configs: Option<Vec<LastAssignmentConfig>>,
}
impl Default for StreamsGroupMetadataValue {
    fn default() -> Self {
        Self { epoch: 0, metadata_hash: 0, validated_topology_epoch: -1, last_assignment_configs: None }
    }
}
impl StreamsGroupMetadataValue {
    pub(crate) fn read(version: i16, r: &mut Reader<'_>) -> Result<Self, WireError> {
        let mut m = Self::default();
        m.epoch = r.get_i32()?;
        m.metadata_hash = r.get_i64()?;
        r.get_tags(|tag, r| {
            match tag {
                0 => m.validated_topology_epoch = r.get_i32()?,
                1 => {
                    m.last_assignment_configs = r.get_nullable_vec(true, |r| LastAssignmentConfig::read(version, r))?
                }
                _ => return Ok(false),
            }
            Ok(true)
        })?;
        Ok(m)
    }
    pub(crate) fn write(&self, version: i16, out: &mut BytesMut) -> Result<(), WireError> {
        out.put_i32(self.epoch);
        out.put_i64(self.metadata_hash);
        let mut tags = Tags::default();
        tags.put(0, self.validated_topology_epoch != -1, |out| {
            out.put_i32(self.validated_topology_epoch);
            Ok(())
        })?;
        tags.put(1, self.last_assignment_configs.is_some(), |out| {
            out.put_nullable_vec(true, self.last_assignment_configs.as_deref(), |out, x| x.write(version, out))?;
            Ok(())
        })?;
        tags.write(out);
        Ok(())
    }
}

message!(StreamsGroupMetadataValue, 0, 0, 17);

/// Part of [`StreamsGroupMetadataValue`].
#[derive(Clone, Debug, PartialEq, Default)]
pub struct LastAssignmentConfig {
    pub key: String,
    pub value: String,
}
impl LastAssignmentConfig {
    pub(crate) fn read(_version: i16, r: &mut Reader<'_>) -> Result<Self, WireError> {
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
/// StreamsGroupMemberMetadataKey, versions 0 (flexible: none).
#[derive(Clone, Debug, PartialEq, Default)]
pub struct StreamsGroupMemberMetadataKey {
    pub group_id: String,
    pub member_id: String,
}
impl StreamsGroupMemberMetadataKey {
    pub(crate) fn read(_version: i16, r: &mut Reader<'_>) -> Result<Self, WireError> {
        let mut m = Self::default();
        m.group_id = r.get_text(false)?;
        m.member_id = r.get_text(false)?;
        Ok(m)
    }
    pub(crate) fn write(&self, _version: i16, out: &mut BytesMut) -> Result<(), WireError> {
        out.put_text(false, &self.group_id)?;
        out.put_text(false, &self.member_id)?;
        Ok(())
    }
}

message!(StreamsGroupMemberMetadataKey, 0, 0, 19);
/// StreamsGroupMemberMetadataValue, versions 0 (flexible: 0).
#[derive(Clone, Debug, PartialEq)]
pub struct StreamsGroupMemberMetadataValue {
    pub instance_id: Option<String>,
    pub rack_id: Option<String>,
    pub client_id: String,
    pub client_host: String,
    pub rebalance_timeout_ms: i32,
    pub topology_epoch: i32,
    pub process_id: String,
    pub user_endpoint: Option<Endpoint>,
    pub client_tags: Vec<KeyValue>,
}
impl Default for StreamsGroupMemberMetadataValue {
    fn default() -> Self {
        Self {
            instance_id: Some(String::new()),
            rack_id: Some(String::new()),
            client_id: String::new(),
            client_host: String::new(),
            rebalance_timeout_ms: -1,
            topology_epoch: 0,
            process_id: String::new(),
            user_endpoint: None,
            client_tags: Vec::new(),
        }
    }
}
impl StreamsGroupMemberMetadataValue {
    pub(crate) fn read(version: i16, r: &mut Reader<'_>) -> Result<Self, WireError> {
        let mut m = Self::default();
        m.instance_id = r.get_nullable_text(true)?;
        m.rack_id = r.get_nullable_text(true)?;
        m.client_id = r.get_text(true)?;
        m.client_host = r.get_text(true)?;
        m.rebalance_timeout_ms = r.get_i32()?;
        m.topology_epoch = r.get_i32()?;
        m.process_id = r.get_text(true)?;
        m.user_endpoint = r.get_nullable_struct(|r| Endpoint::read(version, r))?;
        m.client_tags = r.get_vec(true, |r| KeyValue::read(version, r))?;
        r.skip_tags()?;
        Ok(m)
    }
    pub(crate) fn write(&self, version: i16, out: &mut BytesMut) -> Result<(), WireError> {
        out.put_nullable_text(true, self.instance_id.as_deref())?;
        out.put_nullable_text(true, self.rack_id.as_deref())?;
        out.put_text(true, &self.client_id)?;
        out.put_text(true, &self.client_host)?;
        out.put_i32(self.rebalance_timeout_ms);
        out.put_i32(self.topology_epoch);
        out.put_text(true, &self.process_id)?;
        out.put_nullable_struct(self.user_endpoint.as_ref(), |out, x| x.write(version, out))?;
        out.put_vec(true, &self.client_tags, |out, x| x.write(version, out))?;
        out.put_no_tags();
        Ok(())
    }
}

message!(StreamsGroupMemberMetadataValue, 0, 0, 19);

/// Part of [`StreamsGroupMemberMetadataValue`].
#[derive(Clone, Debug, PartialEq, Default)]
pub struct Endpoint {
    pub host: String,
    pub port: u16,
}
impl Endpoint {
    pub(crate) fn read(_version: i16, r: &mut Reader<'_>) -> Result<Self, WireError> {
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

/// Part of [`StreamsGroupMemberMetadataValue`].
#[derive(Clone, Debug, PartialEq, Default)]
pub struct KeyValue {
    pub key: String,
    pub value: String,
}
impl KeyValue {
    pub(crate) fn read(_version: i16, r: &mut Reader<'_>) -> Result<Self, WireError> {
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
/// StreamsGroupTargetAssignmentMetadataKey, versions 0 (flexible: none).
#[derive(Clone, Debug, PartialEq, Default)]
pub struct StreamsGroupTargetAssignmentMetadataKey {
    pub group_id: String,
}
impl StreamsGroupTargetAssignmentMetadataKey {
    pub(crate) fn read(_version: i16, r: &mut Reader<'_>) -> Result<Self, WireError> {
        let mut m = Self::default();
        m.group_id = r.get_text(false)?;
        Ok(m)
    }
    pub(crate) fn write(&self, _version: i16, out: &mut BytesMut) -> Result<(), WireError> {
        out.put_text(false, &self.group_id)?;
        Ok(())
    }
}

message!(StreamsGroupTargetAssignmentMetadataKey, 0, 0, 20);
/// StreamsGroupTargetAssignmentMetadataValue, versions 0 (flexible: 0).
#[derive(Clone, Debug, PartialEq, Default)]
pub struct StreamsGroupTargetAssignmentMetadataValue {
    pub assignment_epoch: i32,
    pub assignment_timestamp: i64,
}
impl StreamsGroupTargetAssignmentMetadataValue {
    pub(crate) fn read(_version: i16, r: &mut Reader<'_>) -> Result<Self, WireError> {
        let mut m = Self::default();
        m.assignment_epoch = r.get_i32()?;
        r.get_tags(|tag, r| {
            match tag {
                0 => m.assignment_timestamp = r.get_i64()?,
                _ => return Ok(false),
            }
            Ok(true)
        })?;
        Ok(m)
    }
    pub(crate) fn write(&self, _version: i16, out: &mut BytesMut) -> Result<(), WireError> {
        out.put_i32(self.assignment_epoch);
        let mut tags = Tags::default();
        tags.put(0, self.assignment_timestamp != 0, |out| {
            out.put_i64(self.assignment_timestamp);
            Ok(())
        })?;
        tags.write(out);
        Ok(())
    }
}

message!(StreamsGroupTargetAssignmentMetadataValue, 0, 0, 20);
/// StreamsGroupTargetAssignmentMemberKey, versions 0 (flexible: none).
#[derive(Clone, Debug, PartialEq, Default)]
pub struct StreamsGroupTargetAssignmentMemberKey {
    pub group_id: String,
    pub member_id: String,
}
impl StreamsGroupTargetAssignmentMemberKey {
    pub(crate) fn read(_version: i16, r: &mut Reader<'_>) -> Result<Self, WireError> {
        let mut m = Self::default();
        m.group_id = r.get_text(false)?;
        m.member_id = r.get_text(false)?;
        Ok(m)
    }
    pub(crate) fn write(&self, _version: i16, out: &mut BytesMut) -> Result<(), WireError> {
        out.put_text(false, &self.group_id)?;
        out.put_text(false, &self.member_id)?;
        Ok(())
    }
}

message!(StreamsGroupTargetAssignmentMemberKey, 0, 0, 21);
/// StreamsGroupTargetAssignmentMemberValue, versions 0 (flexible: 0).
#[derive(Clone, Debug, PartialEq, Default)]
pub struct StreamsGroupTargetAssignmentMemberValue {
    pub active_tasks: Vec<StreamsGroupTargetAssignmentMemberValueTaskIds>,
    pub standby_tasks: Vec<StreamsGroupTargetAssignmentMemberValueTaskIds>,
    pub warmup_tasks: Vec<StreamsGroupTargetAssignmentMemberValueTaskIds>,
}
impl StreamsGroupTargetAssignmentMemberValue {
    pub(crate) fn read(version: i16, r: &mut Reader<'_>) -> Result<Self, WireError> {
        let mut m = Self::default();
        m.active_tasks = r.get_vec(true, |r| StreamsGroupTargetAssignmentMemberValueTaskIds::read(version, r))?;
        m.standby_tasks = r.get_vec(true, |r| StreamsGroupTargetAssignmentMemberValueTaskIds::read(version, r))?;
        m.warmup_tasks = r.get_vec(true, |r| StreamsGroupTargetAssignmentMemberValueTaskIds::read(version, r))?;
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

message!(StreamsGroupTargetAssignmentMemberValue, 0, 0, 21);

/// Part of [`StreamsGroupTargetAssignmentMemberValue`].
#[derive(Clone, Debug, PartialEq, Default)]
pub struct StreamsGroupTargetAssignmentMemberValueTaskIds {
    pub subtopology_id: String,
    pub partitions: Vec<i32>,
}
impl StreamsGroupTargetAssignmentMemberValueTaskIds {
    pub(crate) fn read(_version: i16, r: &mut Reader<'_>) -> Result<Self, WireError> {
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
/// StreamsGroupCurrentMemberAssignmentKey, versions 0 (flexible: none).
#[derive(Clone, Debug, PartialEq, Default)]
pub struct StreamsGroupCurrentMemberAssignmentKey {
    pub group_id: String,
    pub member_id: String,
}
impl StreamsGroupCurrentMemberAssignmentKey {
    pub(crate) fn read(_version: i16, r: &mut Reader<'_>) -> Result<Self, WireError> {
        let mut m = Self::default();
        m.group_id = r.get_text(false)?;
        m.member_id = r.get_text(false)?;
        Ok(m)
    }
    pub(crate) fn write(&self, _version: i16, out: &mut BytesMut) -> Result<(), WireError> {
        out.put_text(false, &self.group_id)?;
        out.put_text(false, &self.member_id)?;
        Ok(())
    }
}

message!(StreamsGroupCurrentMemberAssignmentKey, 0, 0, 22);
/// StreamsGroupCurrentMemberAssignmentValue, versions 0 (flexible: 0).
#[derive(Clone, Debug, PartialEq, Default)]
pub struct StreamsGroupCurrentMemberAssignmentValue {
    pub member_epoch: i32,
    pub previous_member_epoch: i32,
    pub state: i8,
    pub active_tasks: Vec<StreamsGroupCurrentMemberAssignmentValueTaskIds>,
    pub standby_tasks: Vec<StreamsGroupCurrentMemberAssignmentValueTaskIds>,
    pub warmup_tasks: Vec<StreamsGroupCurrentMemberAssignmentValueTaskIds>,
    pub active_tasks_pending_revocation: Vec<StreamsGroupCurrentMemberAssignmentValueTaskIds>,
    pub standby_tasks_pending_revocation: Vec<StreamsGroupCurrentMemberAssignmentValueTaskIds>,
    pub warmup_tasks_pending_revocation: Vec<StreamsGroupCurrentMemberAssignmentValueTaskIds>,
}
impl StreamsGroupCurrentMemberAssignmentValue {
    pub(crate) fn read(version: i16, r: &mut Reader<'_>) -> Result<Self, WireError> {
        let mut m = Self::default();
        m.member_epoch = r.get_i32()?;
        m.previous_member_epoch = r.get_i32()?;
        m.state = r.get_i8()?;
        m.active_tasks = r.get_vec(true, |r| StreamsGroupCurrentMemberAssignmentValueTaskIds::read(version, r))?;
        m.standby_tasks = r.get_vec(true, |r| StreamsGroupCurrentMemberAssignmentValueTaskIds::read(version, r))?;
        m.warmup_tasks = r.get_vec(true, |r| StreamsGroupCurrentMemberAssignmentValueTaskIds::read(version, r))?;
        m.active_tasks_pending_revocation =
            r.get_vec(true, |r| StreamsGroupCurrentMemberAssignmentValueTaskIds::read(version, r))?;
        m.standby_tasks_pending_revocation =
            r.get_vec(true, |r| StreamsGroupCurrentMemberAssignmentValueTaskIds::read(version, r))?;
        m.warmup_tasks_pending_revocation =
            r.get_vec(true, |r| StreamsGroupCurrentMemberAssignmentValueTaskIds::read(version, r))?;
        r.skip_tags()?;
        Ok(m)
    }
    pub(crate) fn write(&self, version: i16, out: &mut BytesMut) -> Result<(), WireError> {
        out.put_i32(self.member_epoch);
        out.put_i32(self.previous_member_epoch);
        out.put_i8(self.state);
        out.put_vec(true, &self.active_tasks, |out, x| x.write(version, out))?;
        out.put_vec(true, &self.standby_tasks, |out, x| x.write(version, out))?;
        out.put_vec(true, &self.warmup_tasks, |out, x| x.write(version, out))?;
        out.put_vec(true, &self.active_tasks_pending_revocation, |out, x| x.write(version, out))?;
        out.put_vec(true, &self.standby_tasks_pending_revocation, |out, x| x.write(version, out))?;
        out.put_vec(true, &self.warmup_tasks_pending_revocation, |out, x| x.write(version, out))?;
        out.put_no_tags();
        Ok(())
    }
}

message!(StreamsGroupCurrentMemberAssignmentValue, 0, 0, 22);

/// Part of [`StreamsGroupCurrentMemberAssignmentValue`].
#[derive(Clone, Debug, PartialEq, Default)]
pub struct StreamsGroupCurrentMemberAssignmentValueTaskIds {
    pub subtopology_id: String,
    pub partitions: Vec<i32>,
    pub assignment_epochs: Option<Vec<i32>>,
}
impl StreamsGroupCurrentMemberAssignmentValueTaskIds {
    pub(crate) fn read(_version: i16, r: &mut Reader<'_>) -> Result<Self, WireError> {
        let mut m = Self::default();
        m.subtopology_id = r.get_text(true)?;
        m.partitions = r.get_vec(true, Source::get_i32)?;
        r.get_tags(|tag, r| {
            match tag {
                0 => m.assignment_epochs = r.get_nullable_vec(true, Source::get_i32)?,
                _ => return Ok(false),
            }
            Ok(true)
        })?;
        Ok(m)
    }
    pub(crate) fn write(&self, _version: i16, out: &mut BytesMut) -> Result<(), WireError> {
        out.put_text(true, &self.subtopology_id)?;
        out.put_vec(true, &self.partitions, |out, x| {
            out.put_i32(*x);
            Ok(())
        })?;
        let mut tags = Tags::default();
        tags.put(0, self.assignment_epochs.is_some(), |out| {
            out.put_nullable_vec(true, self.assignment_epochs.as_deref(), |out, x| {
                out.put_i32(*x);
                Ok(())
            })?;
            Ok(())
        })?;
        tags.write(out);
        Ok(())
    }
}
/// StreamsGroupTopologyKey, versions 0 (flexible: none).
#[derive(Clone, Debug, PartialEq, Default)]
pub struct StreamsGroupTopologyKey {
    pub group_id: String,
}
impl StreamsGroupTopologyKey {
    pub(crate) fn read(_version: i16, r: &mut Reader<'_>) -> Result<Self, WireError> {
        let mut m = Self::default();
        m.group_id = r.get_text(false)?;
        Ok(m)
    }
    pub(crate) fn write(&self, _version: i16, out: &mut BytesMut) -> Result<(), WireError> {
        out.put_text(false, &self.group_id)?;
        Ok(())
    }
}

message!(StreamsGroupTopologyKey, 0, 0, 23);
/// StreamsGroupTopologyValue, versions 0 (flexible: 0).
#[derive(Clone, Debug, PartialEq, Default)]
pub struct StreamsGroupTopologyValue {
    pub epoch: i32,
    pub subtopologies: Vec<Subtopology>,
}
impl StreamsGroupTopologyValue {
    pub(crate) fn read(version: i16, r: &mut Reader<'_>) -> Result<Self, WireError> {
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

message!(StreamsGroupTopologyValue, 0, 0, 23);

/// Part of [`StreamsGroupTopologyValue`].
#[derive(Clone, Debug, PartialEq, Default)]
pub struct Subtopology {
    pub subtopology_id: String,
    pub source_topics: Vec<String>,
    pub source_topic_regex: Vec<String>,
    pub state_changelog_topics: Vec<StreamsGroupTopologyValueTopicInfo>,
    pub repartition_sink_topics: Vec<String>,
    pub repartition_source_topics: Vec<StreamsGroupTopologyValueTopicInfo>,
    pub copartition_groups: Vec<CopartitionGroup>,
}
impl Subtopology {
    pub(crate) fn read(version: i16, r: &mut Reader<'_>) -> Result<Self, WireError> {
        let mut m = Self::default();
        m.subtopology_id = r.get_text(true)?;
        m.source_topics = r.get_vec(true, |r| r.get_text(true))?;
        m.source_topic_regex = r.get_vec(true, |r| r.get_text(true))?;
        m.state_changelog_topics = r.get_vec(true, |r| StreamsGroupTopologyValueTopicInfo::read(version, r))?;
        m.repartition_sink_topics = r.get_vec(true, |r| r.get_text(true))?;
        m.repartition_source_topics = r.get_vec(true, |r| StreamsGroupTopologyValueTopicInfo::read(version, r))?;
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

/// Part of [`StreamsGroupTopologyValue`].
#[derive(Clone, Debug, PartialEq, Default)]
pub struct StreamsGroupTopologyValueTopicInfo {
    pub name: String,
    pub partitions: i32,
    pub replication_factor: i16,
    pub topic_configs: Vec<TopicConfig>,
}
impl StreamsGroupTopologyValueTopicInfo {
    pub(crate) fn read(version: i16, r: &mut Reader<'_>) -> Result<Self, WireError> {
        let mut m = Self::default();
        m.name = r.get_text(true)?;
        m.partitions = r.get_i32()?;
        m.replication_factor = r.get_i16()?;
        m.topic_configs = r.get_vec(true, |r| TopicConfig::read(version, r))?;
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

/// Part of [`StreamsGroupTopologyValue`].
#[derive(Clone, Debug, PartialEq, Default)]
pub struct TopicConfig {
    pub key: String,
    pub value: String,
}
impl TopicConfig {
    pub(crate) fn read(_version: i16, r: &mut Reader<'_>) -> Result<Self, WireError> {
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

/// Part of [`StreamsGroupTopologyValue`].
#[derive(Clone, Debug, PartialEq, Default)]
pub struct CopartitionGroup {
    pub source_topics: Vec<i16>,
    pub source_topic_regex: Vec<i16>,
    pub repartition_source_topics: Vec<i16>,
}
impl CopartitionGroup {
    pub(crate) fn read(_version: i16, r: &mut Reader<'_>) -> Result<Self, WireError> {
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
coordinator_records!(
    LegacyOffsetCommit(LegacyOffsetCommitKey, LegacyOffsetCommitValue),
    OffsetCommit(OffsetCommitKey, OffsetCommitValue),
    GroupMetadata(GroupMetadataKey, GroupMetadataValue),
    ConsumerGroupMetadata(ConsumerGroupMetadataKey, ConsumerGroupMetadataValue),
    ConsumerGroupPartitionMetadata(ConsumerGroupPartitionMetadataKey, ConsumerGroupPartitionMetadataValue),
    ConsumerGroupMemberMetadata(ConsumerGroupMemberMetadataKey, ConsumerGroupMemberMetadataValue),
    ConsumerGroupTargetAssignmentMetadata(
        ConsumerGroupTargetAssignmentMetadataKey,
        ConsumerGroupTargetAssignmentMetadataValue
    ),
    ConsumerGroupTargetAssignmentMember(
        ConsumerGroupTargetAssignmentMemberKey,
        ConsumerGroupTargetAssignmentMemberValue
    ),
    ConsumerGroupCurrentMemberAssignment(
        ConsumerGroupCurrentMemberAssignmentKey,
        ConsumerGroupCurrentMemberAssignmentValue
    ),
    ShareGroupMemberMetadata(ShareGroupMemberMetadataKey, ShareGroupMemberMetadataValue),
    ShareGroupMetadata(ShareGroupMetadataKey, ShareGroupMetadataValue),
    ShareGroupTargetAssignmentMetadata(ShareGroupTargetAssignmentMetadataKey, ShareGroupTargetAssignmentMetadataValue),
    ShareGroupTargetAssignmentMember(ShareGroupTargetAssignmentMemberKey, ShareGroupTargetAssignmentMemberValue),
    ShareGroupCurrentMemberAssignment(ShareGroupCurrentMemberAssignmentKey, ShareGroupCurrentMemberAssignmentValue),
    ShareGroupStatePartitionMetadata(ShareGroupStatePartitionMetadataKey, ShareGroupStatePartitionMetadataValue),
    ConsumerGroupRegularExpression(ConsumerGroupRegularExpressionKey, ConsumerGroupRegularExpressionValue),
    StreamsGroupMetadata(StreamsGroupMetadataKey, StreamsGroupMetadataValue),
    StreamsGroupMemberMetadata(StreamsGroupMemberMetadataKey, StreamsGroupMemberMetadataValue),
    StreamsGroupTargetAssignmentMetadata(
        StreamsGroupTargetAssignmentMetadataKey,
        StreamsGroupTargetAssignmentMetadataValue
    ),
    StreamsGroupTargetAssignmentMember(StreamsGroupTargetAssignmentMemberKey, StreamsGroupTargetAssignmentMemberValue),
    StreamsGroupCurrentMemberAssignment(
        StreamsGroupCurrentMemberAssignmentKey,
        StreamsGroupCurrentMemberAssignmentValue
    ),
    StreamsGroupTopology(StreamsGroupTopologyKey, StreamsGroupTopologyValue)
);
