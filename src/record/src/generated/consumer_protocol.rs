//! The consumer protocol that is embedded in JoinGroup and SyncGroup.
//!
//! Written by `scripts/generate` from the message schemas of Apache Kafka 4.3.1; do not edit.

use crate::codec::*;

/// ConsumerProtocolSubscription, versions 0–3 (flexible: none).
#[derive(Clone, Debug, PartialEq)]
pub struct ConsumerProtocolSubscription {
    pub topics: Vec<String>,
    pub user_data: Option<Bytes>,
    pub owned_partitions: Vec<ConsumerProtocolSubscriptionTopicPartition>,
    pub generation_id: i32,
    pub rack_id: Option<String>,
}
impl Default for ConsumerProtocolSubscription {
    fn default() -> Self {
        Self { topics: Vec::new(), user_data: None, owned_partitions: Vec::new(), generation_id: -1, rack_id: None }
    }
}
impl ConsumerProtocolSubscription {
    pub(crate) fn read(version: i16, r: &mut Reader<'_>) -> Result<Self, WireError> {
        let mut m = Self::default();
        m.topics = r.get_vec(false, |r| r.get_text(false))?;
        m.user_data = r.get_nullable_blob(false)?;
        if version >= 1 {
            m.owned_partitions = r.get_vec(false, |r| ConsumerProtocolSubscriptionTopicPartition::read(version, r))?;
        }
        if version >= 2 {
            m.generation_id = r.get_i32()?;
        }
        if version >= 3 {
            m.rack_id = r.get_nullable_text(false)?;
        }
        Ok(m)
    }
    pub(crate) fn write(&self, version: i16, out: &mut BytesMut) -> Result<(), WireError> {
        out.put_vec(false, &self.topics, |out, x| out.put_text(false, x))?;
        out.put_nullable_blob(false, self.user_data.as_deref())?;
        if version >= 1 {
            out.put_vec(false, &self.owned_partitions, |out, x| x.write(version, out))?;
        }
        if version >= 2 {
            out.put_i32(self.generation_id);
        }
        if version >= 3 {
            out.put_nullable_text(false, self.rack_id.as_deref())?;
        }
        Ok(())
    }
}

message!(ConsumerProtocolSubscription, 0, 3);

/// Part of [`ConsumerProtocolSubscription`].
#[derive(Clone, Debug, PartialEq, Default)]
pub struct ConsumerProtocolSubscriptionTopicPartition {
    pub topic: String,
    pub partitions: Vec<i32>,
}
impl ConsumerProtocolSubscriptionTopicPartition {
    pub(crate) fn read(version: i16, r: &mut Reader<'_>) -> Result<Self, WireError> {
        let mut m = Self::default();
        if version >= 1 {
            m.topic = r.get_text(false)?;
        }
        if version >= 1 {
            m.partitions = r.get_vec(false, Source::get_i32)?;
        }
        Ok(m)
    }
    pub(crate) fn write(&self, version: i16, out: &mut BytesMut) -> Result<(), WireError> {
        if version >= 1 {
            out.put_text(false, &self.topic)?;
        } else {
            absent(!self.topic.is_empty(), "ConsumerProtocolSubscriptionTopicPartition.topic", version)?;
        }
        if version >= 1 {
            out.put_vec(false, &self.partitions, |out, x| {
                out.put_i32(*x);
                Ok(())
            })?;
        } else {
            absent(!self.partitions.is_empty(), "ConsumerProtocolSubscriptionTopicPartition.partitions", version)?;
        }
        Ok(())
    }
}
/// ConsumerProtocolAssignment, versions 0–3 (flexible: none).
#[derive(Clone, Debug, PartialEq, Default)]
pub struct ConsumerProtocolAssignment {
    pub assigned_partitions: Vec<ConsumerProtocolAssignmentTopicPartition>,
    pub user_data: Option<Bytes>,
}
impl ConsumerProtocolAssignment {
    pub(crate) fn read(version: i16, r: &mut Reader<'_>) -> Result<Self, WireError> {
        let mut m = Self::default();
        m.assigned_partitions = r.get_vec(false, |r| ConsumerProtocolAssignmentTopicPartition::read(version, r))?;
        m.user_data = r.get_nullable_blob(false)?;
        Ok(m)
    }
    pub(crate) fn write(&self, version: i16, out: &mut BytesMut) -> Result<(), WireError> {
        out.put_vec(false, &self.assigned_partitions, |out, x| x.write(version, out))?;
        out.put_nullable_blob(false, self.user_data.as_deref())?;
        Ok(())
    }
}

message!(ConsumerProtocolAssignment, 0, 3);

/// Part of [`ConsumerProtocolAssignment`].
#[derive(Clone, Debug, PartialEq, Default)]
pub struct ConsumerProtocolAssignmentTopicPartition {
    pub topic: String,
    pub partitions: Vec<i32>,
}
impl ConsumerProtocolAssignmentTopicPartition {
    pub(crate) fn read(_version: i16, r: &mut Reader<'_>) -> Result<Self, WireError> {
        let mut m = Self::default();
        m.topic = r.get_text(false)?;
        m.partitions = r.get_vec(false, Source::get_i32)?;
        Ok(m)
    }
    pub(crate) fn write(&self, _version: i16, out: &mut BytesMut) -> Result<(), WireError> {
        out.put_text(false, &self.topic)?;
        out.put_vec(false, &self.partitions, |out, x| {
            out.put_i32(*x);
            Ok(())
        })?;
        Ok(())
    }
}
