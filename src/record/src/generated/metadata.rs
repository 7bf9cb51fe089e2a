//! Records of `__cluster_metadata` and of its snapshots.
//!
//! Written by `scripts/generate` from the message schemas of Apache Kafka 4.3.1; do not edit.

use crate::codec::*;

/// RegisterBrokerRecord, versions 0–4 (flexible: 0–4).
#[derive(Clone, Debug, PartialEq)]
pub struct RegisterBrokerRecord {
    pub broker_id: i32,
    pub is_migrating_zk_broker: bool,
    pub incarnation_id: Uuid,
    pub broker_epoch: i64,
    pub end_points: Vec<BrokerEndpoint>,
    pub features: Vec<BrokerFeature>,
    pub rack: Option<String>,
    pub fenced: bool,
    pub in_controlled_shutdown: bool,
    pub log_dirs: Vec<Uuid>,
    pub cordoned_log_dirs: Option<Vec<Uuid>>,
}
impl Default for RegisterBrokerRecord {
    fn default() -> Self {
        Self {
            broker_id: 0,
            is_migrating_zk_broker: false,
            incarnation_id: Uuid::nil(),
            broker_epoch: 0,
            end_points: Vec::new(),
            features: Vec::new(),
            rack: Some(String::new()),
            fenced: true,
            in_controlled_shutdown: false,
            log_dirs: Vec::new(),
            cordoned_log_dirs: None,
        }
    }
}
impl RegisterBrokerRecord {
    pub(crate) fn read(version: i16, r: &mut Reader<'_>) -> Result<Self, WireError> {
        let mut m = Self::default();
        m.broker_id = r.get_i32()?;
        if version >= 2 {
            m.is_migrating_zk_broker = r.get_bool()?;
        }
        m.incarnation_id = r.get_uuid()?;
        m.broker_epoch = r.get_i64()?;
        m.end_points = r.get_vec(true, |r| BrokerEndpoint::read(version, r))?;
        m.features = r.get_vec(true, |r| BrokerFeature::read(version, r))?;
        m.rack = r.get_nullable_text(true)?;
        m.fenced = r.get_bool()?;
        if version >= 1 {
            m.in_controlled_shutdown = r.get_bool()?;
        }
        r.get_tags(|tag, r| {
            match tag {
                0 if version >= 3 => m.log_dirs = r.get_vec(true, Source::get_uuid)?,
                1 if version >= 4 => m.cordoned_log_dirs = r.get_nullable_vec(true, Source::get_uuid)?,
                _ => return Ok(false),
            }
            Ok(true)
        })?;
        Ok(m)
    }
    pub(crate) fn write(&self, version: i16, out: &mut BytesMut) -> Result<(), WireError> {
        out.put_i32(self.broker_id);
        if version >= 2 {
            out.put_bool(self.is_migrating_zk_broker);
        } else {
            absent(self.is_migrating_zk_broker, "RegisterBrokerRecord.is_migrating_zk_broker", version)?;
        }
        out.put_uuid(self.incarnation_id);
        out.put_i64(self.broker_epoch);
        out.put_vec(true, &self.end_points, |out, x| x.write(version, out))?;
        out.put_vec(true, &self.features, |out, x| x.write(version, out))?;
        out.put_nullable_text(true, self.rack.as_deref())?;
        out.put_bool(self.fenced);
        if version >= 1 {
            out.put_bool(self.in_controlled_shutdown);
        } else {
            absent(self.in_controlled_shutdown, "RegisterBrokerRecord.in_controlled_shutdown", version)?;
        }
        if !(version >= 3) {
            absent(!self.log_dirs.is_empty(), "RegisterBrokerRecord.log_dirs", version)?;
        }
        if !(version >= 4) {
            absent(self.cordoned_log_dirs.is_some(), "RegisterBrokerRecord.cordoned_log_dirs", version)?;
        }
        let mut tags = Tags::default();
        tags.put(0, version >= 3 && !self.log_dirs.is_empty(), |out| {
            out.put_vec(true, &self.log_dirs, |out, x| {
                out.put_uuid(*x);
                Ok(())
            })?;
            Ok(())
        })?;
        tags.put(1, version >= 4 && self.cordoned_log_dirs.is_some(), |out| {
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

message!(RegisterBrokerRecord, 0, 4, 0);

/// Part of [`RegisterBrokerRecord`].
#[derive(Clone, Debug, PartialEq, Default)]
pub struct BrokerEndpoint {
    pub name: String,
    pub host: String,
    pub port: u16,
    pub security_protocol: i16,
}
impl BrokerEndpoint {
    pub(crate) fn read(_version: i16, r: &mut Reader<'_>) -> Result<Self, WireError> {
        let mut m = Self::default();
        m.name = r.get_text(true)?;
        m.host = r.get_text(true)?;
        m.port = r.get_u16()?;
        m.security_protocol = r.get_i16()?;
        r.skip_tags()?;
        Ok(m)
    }
    pub(crate) fn write(&self, _version: i16, out: &mut BytesMut) -> Result<(), WireError> {
        out.put_text(true, &self.name)?;
        out.put_text(true, &self.host)?;
        out.put_u16(self.port);
        out.put_i16(self.security_protocol);
        out.put_no_tags();
        Ok(())
    }
}

/// Part of [`RegisterBrokerRecord`].
#[derive(Clone, Debug, PartialEq, Default)]
pub struct BrokerFeature {
    pub name: String,
    pub min_supported_version: i16,
    pub max_supported_version: i16,
}
impl BrokerFeature {
    pub(crate) fn read(_version: i16, r: &mut Reader<'_>) -> Result<Self, WireError> {
        let mut m = Self::default();
        m.name = r.get_text(true)?;
        m.min_supported_version = r.get_i16()?;
        m.max_supported_version = r.get_i16()?;
        r.skip_tags()?;
        Ok(m)
    }
    pub(crate) fn write(&self, _version: i16, out: &mut BytesMut) -> Result<(), WireError> {
        out.put_text(true, &self.name)?;
        out.put_i16(self.min_supported_version);
        out.put_i16(self.max_supported_version);
        out.put_no_tags();
        Ok(())
    }
}
/// UnregisterBrokerRecord, versions 0 (flexible: 0).
#[derive(Clone, Debug, PartialEq, Default)]
pub struct UnregisterBrokerRecord {
    pub broker_id: i32,
    pub broker_epoch: i64,
}
impl UnregisterBrokerRecord {
    pub(crate) fn read(_version: i16, r: &mut Reader<'_>) -> Result<Self, WireError> {
        let mut m = Self::default();
        m.broker_id = r.get_i32()?;
        m.broker_epoch = r.get_i64()?;
        r.skip_tags()?;
        Ok(m)
    }
    pub(crate) fn write(&self, _version: i16, out: &mut BytesMut) -> Result<(), WireError> {
        out.put_i32(self.broker_id);
        out.put_i64(self.broker_epoch);
        out.put_no_tags();
        Ok(())
    }
}

message!(UnregisterBrokerRecord, 0, 0, 1);
/// TopicRecord, versions 0 (flexible: 0).
#[derive(Clone, Debug, PartialEq, Default)]
pub struct TopicRecord {
    pub name: String,
    pub topic_id: Uuid,
}
impl TopicRecord {
    pub(crate) fn read(_version: i16, r: &mut Reader<'_>) -> Result<Self, WireError> {
        let mut m = Self::default();
        m.name = r.get_text(true)?;
        m.topic_id = r.get_uuid()?;
        r.skip_tags()?;
        Ok(m)
    }
    pub(crate) fn write(&self, _version: i16, out: &mut BytesMut) -> Result<(), WireError> {
        out.put_text(true, &self.name)?;
        out.put_uuid(self.topic_id);
        out.put_no_tags();
        Ok(())
    }
}

message!(TopicRecord, 0, 0, 2);
/// PartitionRecord, versions 0–2 (flexible: 0–2).
#[derive(Clone, Debug, PartialEq)]
pub struct PartitionRecord {
    pub partition_id: i32,
    pub topic_id: Uuid,
    pub replicas: Vec<i32>,
    pub isr: Vec<i32>,
    pub removing_replicas: Vec<i32>,
    pub adding_replicas: Vec<i32>,
    pub leader: i32,
    pub leader_recovery_state: i8,
    pub leader_epoch: i32,
    pub partition_epoch: i32,
    pub directories: Vec<Uuid>,
    pub eligible_leader_replicas: Option<Vec<i32>>,
    pub last_known_elr: Option<Vec<i32>>,
}
impl Default for PartitionRecord {
    fn default() -> Self {
        Self {
            partition_id: -1,
            topic_id: Uuid::nil(),
            replicas: Vec::new(),
            isr: Vec::new(),
            removing_replicas: Vec::new(),
            adding_replicas: Vec::new(),
            leader: -1,
            leader_recovery_state: 0,
            leader_epoch: -1,
            partition_epoch: -1,
            directories: Vec::new(),
            eligible_leader_replicas: None,
            last_known_elr: None,
        }
    }
}
impl PartitionRecord {
    pub(crate) fn read(version: i16, r: &mut Reader<'_>) -> Result<Self, WireError> {
        let mut m = Self::default();
        m.partition_id = r.get_i32()?;
        m.topic_id = r.get_uuid()?;
        m.replicas = r.get_vec(true, Source::get_i32)?;
        m.isr = r.get_vec(true, Source::get_i32)?;
        m.removing_replicas = r.get_vec(true, Source::get_i32)?;
        m.adding_replicas = r.get_vec(true, Source::get_i32)?;
        m.leader = r.get_i32()?;
        m.leader_epoch = r.get_i32()?;
        m.partition_epoch = r.get_i32()?;
        if version >= 1 {
            m.directories = r.get_vec(true, Source::get_uuid)?;
        }
        r.get_tags(|tag, r| {
            match tag {
                0 => m.leader_recovery_state = r.get_i8()?,
                1 if version >= 2 => m.eligible_leader_replicas = r.get_nullable_vec(true, Source::get_i32)?,
                2 if version >= 2 => m.last_known_elr = r.get_nullable_vec(true, Source::get_i32)?,
                _ => return Ok(false),
            }
            Ok(true)
        })?;
        Ok(m)
    }
    pub(crate) fn write(&self, version: i16, out: &mut BytesMut) -> Result<(), WireError> {
        out.put_i32(self.partition_id);
        out.put_uuid(self.topic_id);
        out.put_vec(true, &self.replicas, |out, x| {
            out.put_i32(*x);
            Ok(())
        })?;
        out.put_vec(true, &self.isr, |out, x| {
            out.put_i32(*x);
            Ok(())
        })?;
        out.put_vec(true, &self.removing_replicas, |out, x| {
            out.put_i32(*x);
            Ok(())
        })?;
        out.put_vec(true, &self.adding_replicas, |out, x| {
            out.put_i32(*x);
            Ok(())
        })?;
        out.put_i32(self.leader);
        out.put_i32(self.leader_epoch);
        out.put_i32(self.partition_epoch);
        if version >= 1 {
            out.put_vec(true, &self.directories, |out, x| {
                out.put_uuid(*x);
                Ok(())
            })?;
        } else {
            absent(!self.directories.is_empty(), "PartitionRecord.directories", version)?;
        }
        if !(version >= 2) {
            absent(self.eligible_leader_replicas.is_some(), "PartitionRecord.eligible_leader_replicas", version)?;
        }
        if !(version >= 2) {
            absent(self.last_known_elr.is_some(), "PartitionRecord.last_known_elr", version)?;
        }
        let mut tags = Tags::default();
        tags.put(0, self.leader_recovery_state != 0, |out| {
            out.put_i8(self.leader_recovery_state);
            Ok(())
        })?;
        tags.put(1, version >= 2 && self.eligible_leader_replicas.is_some(), |out| {
            out.put_nullable_vec(true, self.eligible_leader_replicas.as_deref(), |out, x| {
                out.put_i32(*x);
                Ok(())
            })?;
            Ok(())
        })?;
        tags.put(2, version >= 2 && self.last_known_elr.is_some(), |out| {
            out.put_nullable_vec(true, self.last_known_elr.as_deref(), |out, x| {
                out.put_i32(*x);
                Ok(())
            })?;
            Ok(())
        })?;
        tags.write(out);
        Ok(())
    }
}

message!(PartitionRecord, 0, 2, 3);
/// ConfigRecord, versions 0 (flexible: 0).
#[derive(Clone, Debug, PartialEq)]
pub struct ConfigRecord {
    pub resource_type: i8,
    pub resource_name: String,
    pub name: String,
    pub value: Option<String>,
}
impl Default for ConfigRecord {
    fn default() -> Self {
        Self { resource_type: 0, resource_name: String::new(), name: String::new(), value: Some(String::new()) }
    }
}
impl ConfigRecord {
    pub(crate) fn read(_version: i16, r: &mut Reader<'_>) -> Result<Self, WireError> {
        let mut m = Self::default();
        m.resource_type = r.get_i8()?;
        m.resource_name = r.get_text(true)?;
        m.name = r.get_text(true)?;
        m.value = r.get_nullable_text(true)?;
        r.skip_tags()?;
        Ok(m)
    }
    pub(crate) fn write(&self, _version: i16, out: &mut BytesMut) -> Result<(), WireError> {
        out.put_i8(self.resource_type);
        out.put_text(true, &self.resource_name)?;
        out.put_text(true, &self.name)?;
        out.put_nullable_text(true, self.value.as_deref())?;
        out.put_no_tags();
        Ok(())
    }
}

message!(ConfigRecord, 0, 0, 4);
/// PartitionChangeRecord, versions 0–2 (flexible: 0–2).
#[derive(Clone, Debug, PartialEq)]
pub struct PartitionChangeRecord {
    pub partition_id: i32,
    pub topic_id: Uuid,
    pub isr: Option<Vec<i32>>,
    pub leader: i32,
    pub replicas: Option<Vec<i32>>,
    pub removing_replicas: Option<Vec<i32>>,
    pub adding_replicas: Option<Vec<i32>>,
    pub leader_recovery_state: i8,
    pub directories: Option<Vec<Uuid>>,
    pub eligible_leader_replicas: Option<Vec<i32>>,
    pub last_known_elr: Option<Vec<i32>>,
}
impl Default for PartitionChangeRecord {
    fn default() -> Self {
        Self {
            partition_id: -1,
            topic_id: Uuid::nil(),
            isr: None,
            leader: -2,
            replicas: None,
            removing_replicas: None,
            adding_replicas: None,
            leader_recovery_state: -1,
            directories: None,
            eligible_leader_replicas: None,
            last_known_elr: None,
        }
    }
}
impl PartitionChangeRecord {
    pub(crate) fn read(version: i16, r: &mut Reader<'_>) -> Result<Self, WireError> {
        let mut m = Self::default();
        m.partition_id = r.get_i32()?;
        m.topic_id = r.get_uuid()?;
        r.get_tags(|tag, r| {
            match tag {
                0 => m.isr = r.get_nullable_vec(true, Source::get_i32)?,
                1 => m.leader = r.get_i32()?,
                2 => m.replicas = r.get_nullable_vec(true, Source::get_i32)?,
                3 => m.removing_replicas = r.get_nullable_vec(true, Source::get_i32)?,
                4 => m.adding_replicas = r.get_nullable_vec(true, Source::get_i32)?,
                5 => m.leader_recovery_state = r.get_i8()?,
                6 if version >= 2 => m.eligible_leader_replicas = r.get_nullable_vec(true, Source::get_i32)?,
                7 if version >= 2 => m.last_known_elr = r.get_nullable_vec(true, Source::get_i32)?,
                8 if version >= 1 => m.directories = r.get_nullable_vec(true, Source::get_uuid)?,
                _ => return Ok(false),
            }
            Ok(true)
        })?;
        Ok(m)
    }
    pub(crate) fn write(&self, version: i16, out: &mut BytesMut) -> Result<(), WireError> {
        out.put_i32(self.partition_id);
        out.put_uuid(self.topic_id);
        if !(version >= 1) {
            absent(self.directories.is_some(), "PartitionChangeRecord.directories", version)?;
        }
        if !(version >= 2) {
            absent(self.eligible_leader_replicas.is_some(), "PartitionChangeRecord.eligible_leader_replicas", version)?;
        }
        if !(version >= 2) {
            absent(self.last_known_elr.is_some(), "PartitionChangeRecord.last_known_elr", version)?;
        }
        let mut tags = Tags::default();
        tags.put(0, self.isr.is_some(), |out| {
            out.put_nullable_vec(true, self.isr.as_deref(), |out, x| {
                out.put_i32(*x);
                Ok(())
            })?;
            Ok(())
        })?;
        tags.put(1, self.leader != -2, |out| {
            out.put_i32(self.leader);
            Ok(())
        })?;
        tags.put(2, self.replicas.is_some(), |out| {
            out.put_nullable_vec(true, self.replicas.as_deref(), |out, x| {
                out.put_i32(*x);
                Ok(())
            })?;
            Ok(())
        })?;
        tags.put(3, self.removing_replicas.is_some(), |out| {
            out.put_nullable_vec(true, self.removing_replicas.as_deref(), |out, x| {
                out.put_i32(*x);
                Ok(())
            })?;
            Ok(())
        })?;
        tags.put(4, self.adding_replicas.is_some(), |out| {
            out.put_nullable_vec(true, self.adding_replicas.as_deref(), |out, x| {
                out.put_i32(*x);
                Ok(())
            })?;
            Ok(())
        })?;
        tags.put(5, self.leader_recovery_state != -1, |out| {
            out.put_i8(self.leader_recovery_state);
            Ok(())
        })?;
        tags.put(6, version >= 2 && self.eligible_leader_replicas.is_some(), |out| {
            out.put_nullable_vec(true, self.eligible_leader_replicas.as_deref(), |out, x| {
                out.put_i32(*x);
                Ok(())
            })?;
            Ok(())
        })?;
        tags.put(7, version >= 2 && self.last_known_elr.is_some(), |out| {
            out.put_nullable_vec(true, self.last_known_elr.as_deref(), |out, x| {
                out.put_i32(*x);
                Ok(())
            })?;
            Ok(())
        })?;
        tags.put(8, version >= 1 && self.directories.is_some(), |out| {
            out.put_nullable_vec(true, self.directories.as_deref(), |out, x| {
                out.put_uuid(*x);
                Ok(())
            })?;
            Ok(())
        })?;
        tags.write(out);
        Ok(())
    }
}

message!(PartitionChangeRecord, 0, 2, 5);
/// FenceBrokerRecord, versions 0 (flexible: 0).
#[derive(Clone, Debug, PartialEq, Default)]
pub struct FenceBrokerRecord {
    pub id: i32,
    pub epoch: i64,
}
impl FenceBrokerRecord {
    pub(crate) fn read(_version: i16, r: &mut Reader<'_>) -> Result<Self, WireError> {
        let mut m = Self::default();
        m.id = r.get_i32()?;
        m.epoch = r.get_i64()?;
        r.skip_tags()?;
        Ok(m)
    }
    pub(crate) fn write(&self, _version: i16, out: &mut BytesMut) -> Result<(), WireError> {
        out.put_i32(self.id);
        out.put_i64(self.epoch);
        out.put_no_tags();
        Ok(())
    }
}

message!(FenceBrokerRecord, 0, 0, 7);
/// UnfenceBrokerRecord, versions 0 (flexible: 0).
#[derive(Clone, Debug, PartialEq, Default)]
pub struct UnfenceBrokerRecord {
    pub id: i32,
    pub epoch: i64,
}
impl UnfenceBrokerRecord {
    pub(crate) fn read(_version: i16, r: &mut Reader<'_>) -> Result<Self, WireError> {
        let mut m = Self::default();
        m.id = r.get_i32()?;
        m.epoch = r.get_i64()?;
        r.skip_tags()?;
        Ok(m)
    }
    pub(crate) fn write(&self, _version: i16, out: &mut BytesMut) -> Result<(), WireError> {
        out.put_i32(self.id);
        out.put_i64(self.epoch);
        out.put_no_tags();
        Ok(())
    }
}

message!(UnfenceBrokerRecord, 0, 0, 8);
/// RemoveTopicRecord, versions 0 (flexible: 0).
#[derive(Clone, Debug, PartialEq, Default)]
pub struct RemoveTopicRecord {
    pub topic_id: Uuid,
}
impl RemoveTopicRecord {
    pub(crate) fn read(_version: i16, r: &mut Reader<'_>) -> Result<Self, WireError> {
        let mut m = Self::default();
        m.topic_id = r.get_uuid()?;
        r.skip_tags()?;
        Ok(m)
    }
    pub(crate) fn write(&self, _version: i16, out: &mut BytesMut) -> Result<(), WireError> {
        out.put_uuid(self.topic_id);
        out.put_no_tags();
        Ok(())
    }
}

message!(RemoveTopicRecord, 0, 0, 9);
/// DelegationTokenRecord, versions 0 (flexible: 0).
#[derive(Clone, Debug, PartialEq, Default)]
pub struct DelegationTokenRecord {
    pub owner: String,
    pub requester: String,
    pub renewers: Vec<String>,
    pub issue_timestamp: i64,
    pub max_timestamp: i64,
    pub expiration_timestamp: i64,
    pub token_id: String,
}
impl DelegationTokenRecord {
    pub(crate) fn read(_version: i16, r: &mut Reader<'_>) -> Result<Self, WireError> {
        let mut m = Self::default();
        m.owner = r.get_text(true)?;
        m.requester = r.get_text(true)?;
        m.renewers = r.get_vec(true, |r| r.get_text(true))?;
        m.issue_timestamp = r.get_i64()?;
        m.max_timestamp = r.get_i64()?;
        m.expiration_timestamp = r.get_i64()?;
        m.token_id = r.get_text(true)?;
        r.skip_tags()?;
        Ok(m)
    }
    pub(crate) fn write(&self, _version: i16, out: &mut BytesMut) -> Result<(), WireError> {
        out.put_text(true, &self.owner)?;
        out.put_text(true, &self.requester)?;
        out.put_vec(true, &self.renewers, |out, x| out.put_text(true, x))?;
        out.put_i64(self.issue_timestamp);
        out.put_i64(self.max_timestamp);
        out.put_i64(self.expiration_timestamp);
        out.put_text(true, &self.token_id)?;
        out.put_no_tags();
        Ok(())
    }
}

message!(DelegationTokenRecord, 0, 0, 10);
/// UserScramCredentialRecord, versions 0 (flexible: 0).
#[derive(Clone, Debug, PartialEq, Default)]
pub struct UserScramCredentialRecord {
    pub name: String,
    pub mechanism: i8,
    pub salt: Bytes,
    pub stored_key: Bytes,
    pub server_key: Bytes,
    pub iterations: i32,
}
impl UserScramCredentialRecord {
    pub(crate) fn read(_version: i16, r: &mut Reader<'_>) -> Result<Self, WireError> {
        let mut m = Self::default();
        m.name = r.get_text(true)?;
        m.mechanism = r.get_i8()?;
        m.salt = r.get_blob(true)?;
        m.stored_key = r.get_blob(true)?;
        m.server_key = r.get_blob(true)?;
        m.iterations = r.get_i32()?;
        r.skip_tags()?;
        Ok(m)
    }
    pub(crate) fn write(&self, _version: i16, out: &mut BytesMut) -> Result<(), WireError> {
        out.put_text(true, &self.name)?;
        out.put_i8(self.mechanism);
        out.put_blob(true, &self.salt)?;
        out.put_blob(true, &self.stored_key)?;
        out.put_blob(true, &self.server_key)?;
        out.put_i32(self.iterations);
        out.put_no_tags();
        Ok(())
    }
}

message!(UserScramCredentialRecord, 0, 0, 11);
/// FeatureLevelRecord, versions 0 (flexible: 0).
#[derive(Clone, Debug, PartialEq, Default)]
pub struct FeatureLevelRecord {
    pub name: String,
    pub feature_level: i16,
}
impl FeatureLevelRecord {
    pub(crate) fn read(_version: i16, r: &mut Reader<'_>) -> Result<Self, WireError> {
        let mut m = Self::default();
        m.name = r.get_text(true)?;
        m.feature_level = r.get_i16()?;
        r.skip_tags()?;
        Ok(m)
    }
    pub(crate) fn write(&self, _version: i16, out: &mut BytesMut) -> Result<(), WireError> {
        out.put_text(true, &self.name)?;
        out.put_i16(self.feature_level);
        out.put_no_tags();
        Ok(())
    }
}

message!(FeatureLevelRecord, 0, 0, 12);
/// ClientQuotaRecord, versions 0 (flexible: 0).
#[derive(Clone, Debug, PartialEq, Default)]
pub struct ClientQuotaRecord {
    pub entity: Vec<EntityData>,
    pub key: String,
    pub value: f64,
    pub remove: bool,
}
impl ClientQuotaRecord {
    pub(crate) fn read(version: i16, r: &mut Reader<'_>) -> Result<Self, WireError> {
        let mut m = Self::default();
        m.entity = r.get_vec(true, |r| EntityData::read(version, r))?;
        m.key = r.get_text(true)?;
        m.value = r.get_f64()?;
        m.remove = r.get_bool()?;
        r.skip_tags()?;
        Ok(m)
    }
    pub(crate) fn write(&self, version: i16, out: &mut BytesMut) -> Result<(), WireError> {
        out.put_vec(true, &self.entity, |out, x| x.write(version, out))?;
        out.put_text(true, &self.key)?;
        out.put_f64(self.value);
        out.put_bool(self.remove);
        out.put_no_tags();
        Ok(())
    }
}

message!(ClientQuotaRecord, 0, 0, 14);

/// Part of [`ClientQuotaRecord`].
#[derive(Clone, Debug, PartialEq)]
pub struct EntityData {
    pub entity_type: String,
    pub entity_name: Option<String>,
}
impl Default for EntityData {
    fn default() -> Self {
        Self { entity_type: String::new(), entity_name: Some(String::new()) }
    }
}
impl EntityData {
    pub(crate) fn read(_version: i16, r: &mut Reader<'_>) -> Result<Self, WireError> {
        let mut m = Self::default();
        m.entity_type = r.get_text(true)?;
        m.entity_name = r.get_nullable_text(true)?;
        r.skip_tags()?;
        Ok(m)
    }
    pub(crate) fn write(&self, _version: i16, out: &mut BytesMut) -> Result<(), WireError> {
        out.put_text(true, &self.entity_type)?;
        out.put_nullable_text(true, self.entity_name.as_deref())?;
        out.put_no_tags();
        Ok(())
    }
}
/// ProducerIdsRecord, versions 0 (flexible: 0).
#[derive(Clone, Debug, PartialEq)]
pub struct ProducerIdsRecord {
    pub broker_id: i32,
    pub broker_epoch: i64,
    pub next_producer_id: i64,
}
impl Default for ProducerIdsRecord {
    fn default() -> Self {
        Self { broker_id: 0, broker_epoch: -1, next_producer_id: 0 }
    }
}
impl ProducerIdsRecord {
    pub(crate) fn read(_version: i16, r: &mut Reader<'_>) -> Result<Self, WireError> {
        let mut m = Self::default();
        m.broker_id = r.get_i32()?;
        m.broker_epoch = r.get_i64()?;
        m.next_producer_id = r.get_i64()?;
        r.skip_tags()?;
        Ok(m)
    }
    pub(crate) fn write(&self, _version: i16, out: &mut BytesMut) -> Result<(), WireError> {
        out.put_i32(self.broker_id);
        out.put_i64(self.broker_epoch);
        out.put_i64(self.next_producer_id);
        out.put_no_tags();
        Ok(())
    }
}

message!(ProducerIdsRecord, 0, 0, 15);
/// BrokerRegistrationChangeRecord, versions 0–3 (flexible: 0–3).
#[derive(Clone, Debug, PartialEq, Default)]
pub struct BrokerRegistrationChangeRecord {
    pub broker_id: i32,
    pub broker_epoch: i64,
    pub fenced: i8,
    pub in_controlled_shutdown: i8,
    pub log_dirs: Vec<Uuid>,
    pub cordoned_log_dirs: Option<Vec<Uuid>>,
}
impl BrokerRegistrationChangeRecord {
    pub(crate) fn read(version: i16, r: &mut Reader<'_>) -> Result<Self, WireError> {
        let mut m = Self::default();
        m.broker_id = r.get_i32()?;
        m.broker_epoch = r.get_i64()?;
        r.get_tags(|tag, r| {
            match tag {
                0 => m.fenced = r.get_i8()?,
                1 if version >= 1 => m.in_controlled_shutdown = r.get_i8()?,
                2 if version >= 2 => m.log_dirs = r.get_vec(true, Source::get_uuid)?,
                3 if version >= 3 => m.cordoned_log_dirs = r.get_nullable_vec(true, Source::get_uuid)?,
                _ => return Ok(false),
            }
            Ok(true)
        })?;
        Ok(m)
    }
    pub(crate) fn write(&self, version: i16, out: &mut BytesMut) -> Result<(), WireError> {
        out.put_i32(self.broker_id);
        out.put_i64(self.broker_epoch);
        if !(version >= 1) {
            absent(self.in_controlled_shutdown != 0, "BrokerRegistrationChangeRecord.in_controlled_shutdown", version)?;
        }
        if !(version >= 2) {
            absent(!self.log_dirs.is_empty(), "BrokerRegistrationChangeRecord.log_dirs", version)?;
        }
        if !(version >= 3) {
            absent(self.cordoned_log_dirs.is_some(), "BrokerRegistrationChangeRecord.cordoned_log_dirs", version)?;
        }
        let mut tags = Tags::default();
        tags.put(0, self.fenced != 0, |out| {
            out.put_i8(self.fenced);
            Ok(())
        })?;
        tags.put(1, version >= 1 && self.in_controlled_shutdown != 0, |out| {
            out.put_i8(self.in_controlled_shutdown);
            Ok(())
        })?;
        tags.put(2, version >= 2 && !self.log_dirs.is_empty(), |out| {
            out.put_vec(true, &self.log_dirs, |out, x| {
                out.put_uuid(*x);
                Ok(())
            })?;
            Ok(())
        })?;
        tags.put(3, version >= 3 && self.cordoned_log_dirs.is_some(), |out| {
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

message!(BrokerRegistrationChangeRecord, 0, 3, 17);
/// AccessControlEntryRecord, versions 0 (flexible: 0).
#[derive(Clone, Debug, PartialEq, Default)]
pub struct AccessControlEntryRecord {
    pub id: Uuid,
    pub resource_type: i8,
    pub resource_name: String,
    pub pattern_type: i8,
    pub principal: String,
    pub host: String,
    pub operation: i8,
    pub permission_type: i8,
}
impl AccessControlEntryRecord {
    pub(crate) fn read(_version: i16, r: &mut Reader<'_>) -> Result<Self, WireError> {
        let mut m = Self::default();
        m.id = r.get_uuid()?;
        m.resource_type = r.get_i8()?;
        m.resource_name = r.get_text(true)?;
        m.pattern_type = r.get_i8()?;
        m.principal = r.get_text(true)?;
        m.host = r.get_text(true)?;
        m.operation = r.get_i8()?;
        m.permission_type = r.get_i8()?;
        r.skip_tags()?;
        Ok(m)
    }
    pub(crate) fn write(&self, _version: i16, out: &mut BytesMut) -> Result<(), WireError> {
        out.put_uuid(self.id);
        out.put_i8(self.resource_type);
        out.put_text(true, &self.resource_name)?;
        out.put_i8(self.pattern_type);
        out.put_text(true, &self.principal)?;
        out.put_text(true, &self.host)?;
        out.put_i8(self.operation);
        out.put_i8(self.permission_type);
        out.put_no_tags();
        Ok(())
    }
}

message!(AccessControlEntryRecord, 0, 0, 18);
/// RemoveAccessControlEntryRecord, versions 0 (flexible: 0).
#[derive(Clone, Debug, PartialEq, Default)]
pub struct RemoveAccessControlEntryRecord {
    pub id: Uuid,
}
impl RemoveAccessControlEntryRecord {
    pub(crate) fn read(_version: i16, r: &mut Reader<'_>) -> Result<Self, WireError> {
        let mut m = Self::default();
        m.id = r.get_uuid()?;
        r.skip_tags()?;
        Ok(m)
    }
    pub(crate) fn write(&self, _version: i16, out: &mut BytesMut) -> Result<(), WireError> {
        out.put_uuid(self.id);
        out.put_no_tags();
        Ok(())
    }
}

message!(RemoveAccessControlEntryRecord, 0, 0, 19);
/// NoOpRecord, versions 0 (flexible: 0).
#[derive(Clone, Debug, PartialEq, Default)]
pub struct NoOpRecord {}
impl NoOpRecord {
    pub(crate) fn read(_version: i16, r: &mut Reader<'_>) -> Result<Self, WireError> {
        r.skip_tags()?;
        Ok(Self::default())
    }
    pub(crate) fn write(&self, _version: i16, out: &mut BytesMut) -> Result<(), WireError> {
        out.put_no_tags();
        Ok(())
    }
}

message!(NoOpRecord, 0, 0, 20);
/// ZkMigrationStateRecord, versions 0 (flexible: 0).
#[derive(Clone, Debug, PartialEq, Default)]
pub struct ZkMigrationStateRecord {
    pub zk_migration_state: i8,
}
impl ZkMigrationStateRecord {
    pub(crate) fn read(_version: i16, r: &mut Reader<'_>) -> Result<Self, WireError> {
        let mut m = Self::default();
        m.zk_migration_state = r.get_i8()?;
        r.skip_tags()?;
        Ok(m)
    }
    pub(crate) fn write(&self, _version: i16, out: &mut BytesMut) -> Result<(), WireError> {
        out.put_i8(self.zk_migration_state);
        out.put_no_tags();
        Ok(())
    }
}

message!(ZkMigrationStateRecord, 0, 0, 21);
/// RemoveUserScramCredentialRecord, versions 0 (flexible: 0).
#[derive(Clone, Debug, PartialEq, Default)]
pub struct RemoveUserScramCredentialRecord {
    pub name: String,
    pub mechanism: i8,
}
impl RemoveUserScramCredentialRecord {
    pub(crate) fn read(_version: i16, r: &mut Reader<'_>) -> Result<Self, WireError> {
        let mut m = Self::default();
        m.name = r.get_text(true)?;
        m.mechanism = r.get_i8()?;
        r.skip_tags()?;
        Ok(m)
    }
    pub(crate) fn write(&self, _version: i16, out: &mut BytesMut) -> Result<(), WireError> {
        out.put_text(true, &self.name)?;
        out.put_i8(self.mechanism);
        out.put_no_tags();
        Ok(())
    }
}

message!(RemoveUserScramCredentialRecord, 0, 0, 22);
/// BeginTransactionRecord, versions 0 (flexible: 0).
#[derive(Clone, Debug, PartialEq, Default)]
pub struct BeginTransactionRecord {
    pub name: Option<String>,
}
impl BeginTransactionRecord {
    pub(crate) fn read(_version: i16, r: &mut Reader<'_>) -> Result<Self, WireError> {
        let mut m = Self::default();
        r.get_tags(|tag, r| {
            match tag {
                0 => m.name = r.get_nullable_text(true)?,
                _ => return Ok(false),
            }
            Ok(true)
        })?;
        Ok(m)
    }
    pub(crate) fn write(&self, _version: i16, out: &mut BytesMut) -> Result<(), WireError> {
        let mut tags = Tags::default();
        tags.put(0, self.name.is_some(), |out| {
            out.put_nullable_text(true, self.name.as_deref())?;
            Ok(())
        })?;
        tags.write(out);
        Ok(())
    }
}

message!(BeginTransactionRecord, 0, 0, 23);
/// EndTransactionRecord, versions 0 (flexible: 0).
#[derive(Clone, Debug, PartialEq, Default)]
pub struct EndTransactionRecord {}
impl EndTransactionRecord {
    pub(crate) fn read(_version: i16, r: &mut Reader<'_>) -> Result<Self, WireError> {
        r.skip_tags()?;
        Ok(Self::default())
    }
    pub(crate) fn write(&self, _version: i16, out: &mut BytesMut) -> Result<(), WireError> {
        out.put_no_tags();
        Ok(())
    }
}

message!(EndTransactionRecord, 0, 0, 24);
/// AbortTransactionRecord, versions 0 (flexible: 0).
#[derive(Clone, Debug, PartialEq, Default)]
pub struct AbortTransactionRecord {
    pub reason: Option<String>,
}
impl AbortTransactionRecord {
    pub(crate) fn read(_version: i16, r: &mut Reader<'_>) -> Result<Self, WireError> {
        let mut m = Self::default();
        r.get_tags(|tag, r| {
            match tag {
                0 => m.reason = r.get_nullable_text(true)?,
                _ => return Ok(false),
            }
            Ok(true)
        })?;
        Ok(m)
    }
    pub(crate) fn write(&self, _version: i16, out: &mut BytesMut) -> Result<(), WireError> {
        let mut tags = Tags::default();
        tags.put(0, self.reason.is_some(), |out| {
            out.put_nullable_text(true, self.reason.as_deref())?;
            Ok(())
        })?;
        tags.write(out);
        Ok(())
    }
}

message!(AbortTransactionRecord, 0, 0, 25);
/// RemoveDelegationTokenRecord, versions 0 (flexible: 0).
#[derive(Clone, Debug, PartialEq, Default)]
pub struct RemoveDelegationTokenRecord {
    pub token_id: String,
}
impl RemoveDelegationTokenRecord {
    pub(crate) fn read(_version: i16, r: &mut Reader<'_>) -> Result<Self, WireError> {
        let mut m = Self::default();
        m.token_id = r.get_text(true)?;
        r.skip_tags()?;
        Ok(m)
    }
    pub(crate) fn write(&self, _version: i16, out: &mut BytesMut) -> Result<(), WireError> {
        out.put_text(true, &self.token_id)?;
        out.put_no_tags();
        Ok(())
    }
}

message!(RemoveDelegationTokenRecord, 0, 0, 26);
/// RegisterControllerRecord, versions 0 (flexible: 0).
#[derive(Clone, Debug, PartialEq, Default)]
pub struct RegisterControllerRecord {
    pub controller_id: i32,
    pub incarnation_id: Uuid,
    pub zk_migration_ready: bool,
    pub end_points: Vec<ControllerEndpoint>,
    pub features: Vec<ControllerFeature>,
}
impl RegisterControllerRecord {
    pub(crate) fn read(version: i16, r: &mut Reader<'_>) -> Result<Self, WireError> {
        let mut m = Self::default();
        m.controller_id = r.get_i32()?;
        m.incarnation_id = r.get_uuid()?;
        m.zk_migration_ready = r.get_bool()?;
        m.end_points = r.get_vec(true, |r| ControllerEndpoint::read(version, r))?;
        m.features = r.get_vec(true, |r| ControllerFeature::read(version, r))?;
        r.skip_tags()?;
        Ok(m)
    }
    pub(crate) fn write(&self, version: i16, out: &mut BytesMut) -> Result<(), WireError> {
        out.put_i32(self.controller_id);
        out.put_uuid(self.incarnation_id);
        out.put_bool(self.zk_migration_ready);
        out.put_vec(true, &self.end_points, |out, x| x.write(version, out))?;
        out.put_vec(true, &self.features, |out, x| x.write(version, out))?;
        out.put_no_tags();
        Ok(())
    }
}

message!(RegisterControllerRecord, 0, 0, 27);

/// Part of [`RegisterControllerRecord`].
#[derive(Clone, Debug, PartialEq, Default)]
pub struct ControllerEndpoint {
    pub name: String,
    pub host: String,
    pub port: u16,
    pub security_protocol: i16,
}
impl ControllerEndpoint {
    pub(crate) fn read(_version: i16, r: &mut Reader<'_>) -> Result<Self, WireError> {
        let mut m = Self::default();
        m.name = r.get_text(true)?;
        m.host = r.get_text(true)?;
        m.port = r.get_u16()?;
        m.security_protocol = r.get_i16()?;
        r.skip_tags()?;
        Ok(m)
    }
    pub(crate) fn write(&self, _version: i16, out: &mut BytesMut) -> Result<(), WireError> {
        out.put_text(true, &self.name)?;
        out.put_text(true, &self.host)?;
        out.put_u16(self.port);
        out.put_i16(self.security_protocol);
        out.put_no_tags();
        Ok(())
    }
}

/// Part of [`RegisterControllerRecord`].
#[derive(Clone, Debug, PartialEq, Default)]
pub struct ControllerFeature {
    pub name: String,
    pub min_supported_version: i16,
    pub max_supported_version: i16,
}
impl ControllerFeature {
    pub(crate) fn read(_version: i16, r: &mut Reader<'_>) -> Result<Self, WireError> {
        let mut m = Self::default();
        m.name = r.get_text(true)?;
        m.min_supported_version = r.get_i16()?;
        m.max_supported_version = r.get_i16()?;
        r.skip_tags()?;
        Ok(m)
    }
    pub(crate) fn write(&self, _version: i16, out: &mut BytesMut) -> Result<(), WireError> {
        out.put_text(true, &self.name)?;
        out.put_i16(self.min_supported_version);
        out.put_i16(self.max_supported_version);
        out.put_no_tags();
        Ok(())
    }
}
/// ClearElrRecord, versions 0 (flexible: 0).
#[derive(Clone, Debug, PartialEq, Default)]
pub struct ClearElrRecord {
    pub topic_name: String,
}
impl ClearElrRecord {
    pub(crate) fn read(_version: i16, r: &mut Reader<'_>) -> Result<Self, WireError> {
        let mut m = Self::default();
        m.topic_name = r.get_text(true)?;
        r.skip_tags()?;
        Ok(m)
    }
    pub(crate) fn write(&self, _version: i16, out: &mut BytesMut) -> Result<(), WireError> {
        out.put_text(true, &self.topic_name)?;
        out.put_no_tags();
        Ok(())
    }
}

message!(ClearElrRecord, 0, 0, 28);
metadata_records!(
    RegisterBroker(RegisterBrokerRecord),
    UnregisterBroker(UnregisterBrokerRecord),
    Topic(TopicRecord),
    Partition(PartitionRecord),
    Config(ConfigRecord),
    PartitionChange(PartitionChangeRecord),
    FenceBroker(FenceBrokerRecord),
    UnfenceBroker(UnfenceBrokerRecord),
    RemoveTopic(RemoveTopicRecord),
    DelegationToken(DelegationTokenRecord),
    UserScramCredential(UserScramCredentialRecord),
    FeatureLevel(FeatureLevelRecord),
    ClientQuota(ClientQuotaRecord),
    ProducerIds(ProducerIdsRecord),
    BrokerRegistrationChange(BrokerRegistrationChangeRecord),
    AccessControlEntry(AccessControlEntryRecord),
    RemoveAccessControlEntry(RemoveAccessControlEntryRecord),
    NoOp(NoOpRecord),
    ZkMigrationState(ZkMigrationStateRecord),
    RemoveUserScramCredential(RemoveUserScramCredentialRecord),
    BeginTransaction(BeginTransactionRecord),
    EndTransaction(EndTransactionRecord),
    AbortTransaction(AbortTransactionRecord),
    RemoveDelegationToken(RemoveDelegationTokenRecord),
    RegisterController(RegisterControllerRecord),
    ClearElr(ClearElrRecord)
);
