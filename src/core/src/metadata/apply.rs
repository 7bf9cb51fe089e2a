//! The one replay: a metadata record becomes state.
//!
//! Transaction markers are not state; `loader` acts on them before it calls [`MetadataImage::apply`].
//!
//! A record that does not fit (a change to a partition that does not exist, a broker epoch that differs) is an error
//! and changes nothing. Kafka makes such a fault fatal; so does the caller.

use crate::metadata::changes::Changes;
use crate::metadata::features::{KRAFT_VERSION, METADATA_VERSION, MetadataVersion};
use crate::metadata::image::{
    ConfigResource, MetadataImage, QuotaEntity, TopicImage, has_collision_chars, unify_collision_chars,
};
use crate::metadata::partition::PartitionRegistration;
use crate::metadata::registration::{BrokerRegistration, ControllerRegistration, sorted};
use ottla_base::ids::Uuid;
use ottla_record::generated::metadata::{
    BrokerRegistrationChangeRecord, ClearElrRecord, ClientQuotaRecord, ConfigRecord, FeatureLevelRecord,
    MetadataRecord, PartitionChangeRecord, PartitionRecord, RemoveTopicRecord, TopicRecord,
};
use std::sync::Arc;
use thiserror::Error;

/// Why a record does not fit the state.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum ApplyError {
    /// A record of a topic that does not exist.
    #[error("no topic with id {0}")]
    UnknownTopicId(Uuid),
    /// A record of a topic that does not exist.
    #[error("no topic named {0}")]
    UnknownTopicName(String),
    /// A change to a partition that does not exist.
    #[error("no partition {0}:{1}")]
    UnknownPartition(Uuid, i32),
    /// A second topic with the name of a first.
    #[error("topic {name} exists with id {existing}, and again with {new}")]
    DuplicateTopic {
        /// The name.
        name: String,
        /// Id it had.
        existing: Uuid,
        /// Id in the record.
        new: Uuid,
    },
    /// A negative partition index.
    #[error("partition index {0}")]
    BadPartition(i32),
    /// As many directories as replicas are needed.
    #[error("{directories} directories for {replicas} replicas")]
    DirectoriesMismatch {
        /// How many replicas.
        replicas: usize,
        /// How many directories.
        directories: usize,
    },
    /// Neither 0 nor 1.
    #[error("unknown leader recovery state {0}")]
    UnknownLeaderRecoveryState(i8),
    /// A change to a broker that is not registered.
    #[error("broker {0} is not registered")]
    UnknownBroker(i32),
    /// A change to another life of a broker.
    #[error("broker {id} has epoch {current}, the record says {given}")]
    BrokerEpochMismatch {
        /// Node id.
        id: i32,
        /// Epoch of the registration.
        current: i64,
        /// Epoch in the record.
        given: i64,
    },
    /// A value outside what the field allows.
    #[error("unknown value {value} of {field}")]
    UnknownValue {
        /// Name of the field.
        field: &'static str,
        /// Its value.
        value: i8,
    },
    /// A metadata.version that this release does not know.
    #[error("metadata.version {0} is not supported")]
    UnsupportedMetadataVersion(i16),
    /// Removal of an entry that does not exist.
    #[error("no access control entry {0}")]
    UnknownAcl(Uuid),
    /// Transaction markers out of order.
    #[error("{0}")]
    Transaction(&'static str),
}

impl MetadataImage {
    /// Replays one record that lies at `offset`, noting in `changes` what it touched. On an error nothing has changed.
    pub fn apply(&mut self, record: &MetadataRecord, offset: i64, changes: &mut Changes) -> Result<(), ApplyError> {
        match record {
            MetadataRecord::RegisterBroker(r) => {
                self.brokers.insert(r.broker_id, Arc::new(BrokerRegistration::from_record(r)));
                self.registration_offsets.insert(r.broker_id, offset);
                changes.brokers.insert(r.broker_id);
            }
            MetadataRecord::UnregisterBroker(r) => {
                let broker = self.brokers.get(&r.broker_id).ok_or(ApplyError::UnknownBroker(r.broker_id))?;
                if broker.epoch != r.broker_epoch {
                    let (current, given) = (broker.epoch, r.broker_epoch);
                    return Err(ApplyError::BrokerEpochMismatch { id: r.broker_id, current, given });
                }
                self.brokers.remove(&r.broker_id);
                self.registration_offsets.remove(&r.broker_id);
                changes.brokers.insert(r.broker_id);
            }
            MetadataRecord::FenceBroker(r) => self.change_broker(r.id, r.epoch, changes, |b| b.fenced = true)?,
            MetadataRecord::UnfenceBroker(r) => self.change_broker(r.id, r.epoch, changes, |b| b.fenced = false)?,
            MetadataRecord::BrokerRegistrationChange(r) => self.apply_broker_change(r, changes)?,
            MetadataRecord::RegisterController(r) => {
                self.controllers.insert(r.controller_id, Arc::new(ControllerRegistration::from_record(r)));
                changes.controllers.insert(r.controller_id);
            }
            MetadataRecord::Topic(r) => self.apply_topic(r, changes)?,
            MetadataRecord::Partition(r) => self.apply_partition(r, changes)?,
            MetadataRecord::PartitionChange(r) => self.apply_partition_change(r, changes)?,
            MetadataRecord::RemoveTopic(r) => self.apply_remove_topic(r, changes)?,
            MetadataRecord::ClearElr(r) => self.apply_clear_elr(r, changes)?,
            MetadataRecord::Config(r) => self.apply_config(r, changes),
            MetadataRecord::FeatureLevel(r) => self.apply_feature_level(r, changes)?,
            MetadataRecord::ClientQuota(r) => self.apply_client_quota(r, changes),
            MetadataRecord::ProducerIds(r) => {
                self.next_producer_id = Some(r.next_producer_id);
                changes.producer_ids = true;
            }
            MetadataRecord::AccessControlEntry(r) => {
                self.acls.insert(r.id, Arc::new(r.clone()));
                changes.acls = true;
            }
            MetadataRecord::RemoveAccessControlEntry(r) => {
                self.acls.remove(&r.id).ok_or(ApplyError::UnknownAcl(r.id))?;
                changes.acls = true;
            }
            MetadataRecord::UserScramCredential(r) => {
                self.scram.insert((r.mechanism, r.name.clone()), Arc::new(r.clone()));
                changes.scram = true;
            }
            MetadataRecord::RemoveUserScramCredential(r) => {
                self.scram.remove(&(r.mechanism, r.name.clone()));
                changes.scram = true;
            }
            MetadataRecord::DelegationToken(r) => {
                self.delegation_tokens.insert(r.token_id.clone(), Arc::new(r.clone()));
                changes.delegation_tokens = true;
            }
            MetadataRecord::RemoveDelegationToken(r) => {
                self.delegation_tokens.remove(&r.token_id);
                changes.delegation_tokens = true;
            }
            // Without state: markers are the loader's, and migration from ZooKeeper is over since 4.0.
            MetadataRecord::NoOp(_)
            | MetadataRecord::ZkMigrationState(_)
            | MetadataRecord::BeginTransaction(_)
            | MetadataRecord::EndTransaction(_)
            | MetadataRecord::AbortTransaction(_) => {}
        }
        Ok(())
    }

    fn change_broker(
        &mut self,
        id: i32,
        epoch: i64,
        changes: &mut Changes,
        change: impl FnOnce(&mut BrokerRegistration),
    ) -> Result<(), ApplyError> {
        let broker = self.brokers.get_mut(&id).ok_or(ApplyError::UnknownBroker(id))?;
        if broker.epoch != epoch {
            return Err(ApplyError::BrokerEpochMismatch { id, current: broker.epoch, given: epoch });
        }
        change(Arc::make_mut(broker));
        changes.brokers.insert(id);
        Ok(())
    }

    fn apply_broker_change(
        &mut self,
        r: &BrokerRegistrationChangeRecord,
        changes: &mut Changes,
    ) -> Result<(), ApplyError> {
        let fenced = match r.fenced {
            -1 => Some(false),
            0 => None,
            1 => Some(true),
            value => return Err(ApplyError::UnknownValue { field: "fenced", value }),
        };
        let in_controlled_shutdown = match r.in_controlled_shutdown {
            0 => None,
            1 => Some(true),
            value => return Err(ApplyError::UnknownValue { field: "inControlledShutdown", value }),
        };
        self.change_broker(r.broker_id, r.broker_epoch, changes, |broker| {
            broker.fenced = fenced.unwrap_or(broker.fenced);
            broker.in_controlled_shutdown = in_controlled_shutdown.unwrap_or(broker.in_controlled_shutdown);
            if !r.log_dirs.is_empty() {
                broker.directories = sorted(&r.log_dirs);
            }
            if let Some(cordoned) = &r.cordoned_log_dirs {
                broker.cordoned_directories = Some(cordoned.clone());
            }
        })
    }

    fn apply_topic(&mut self, r: &TopicRecord, changes: &mut Changes) -> Result<(), ApplyError> {
        if let Some(existing) = self.topic_ids.get(r.name.as_str()) {
            return Err(ApplyError::DuplicateTopic { name: r.name.clone(), existing: *existing, new: r.topic_id });
        }
        if let Some(topic) = self.topics.get(&r.topic_id) {
            return Err(ApplyError::DuplicateTopic {
                name: topic.name.to_string(),
                existing: topic.id,
                new: r.topic_id,
            });
        }
        let name: Arc<str> = r.name.as_str().into();
        if has_collision_chars(&name) {
            self.colliding_names.entry(unify_collision_chars(&name)).or_default().insert(name.clone());
        }
        self.topic_ids.insert(name.clone(), r.topic_id);
        let topic = TopicImage { name, id: r.topic_id, partitions: imbl::OrdMap::new() };
        self.topics.insert(r.topic_id, Arc::new(topic));
        changes.topics_created.insert(r.topic_id);
        Ok(())
    }

    fn apply_partition(&mut self, r: &PartitionRecord, changes: &mut Changes) -> Result<(), ApplyError> {
        if r.partition_id < 0 {
            return Err(ApplyError::BadPartition(r.partition_id));
        }
        let partition = Arc::new(PartitionRegistration::from_record(r)?);
        let topic = self.topics.get_mut(&r.topic_id).ok_or(ApplyError::UnknownTopicId(r.topic_id))?;
        let before = Arc::make_mut(topic).partitions.insert(r.partition_id, partition);
        changes.partition(r.topic_id, r.partition_id, before.as_ref());
        Ok(())
    }

    fn apply_partition_change(&mut self, r: &PartitionChangeRecord, changes: &mut Changes) -> Result<(), ApplyError> {
        let unknown = ApplyError::UnknownPartition(r.topic_id, r.partition_id);
        let before = self.partition(r.topic_id, r.partition_id).ok_or(unknown)?.clone();
        let mut partition = (*before).clone();
        partition.merge(r)?;
        self.put_partition(r.topic_id, r.partition_id, partition);
        changes.partition(r.topic_id, r.partition_id, Some(&before));
        Ok(())
    }

    fn put_partition(&mut self, topic_id: Uuid, index: i32, partition: PartitionRegistration) {
        if let Some(topic) = self.topics.get_mut(&topic_id) {
            Arc::make_mut(topic).partitions.insert(index, Arc::new(partition));
        }
    }

    fn apply_remove_topic(&mut self, r: &RemoveTopicRecord, changes: &mut Changes) -> Result<(), ApplyError> {
        let topic = self.topics.remove(&r.topic_id).ok_or(ApplyError::UnknownTopicId(r.topic_id))?;
        self.topic_ids.remove(&*topic.name);
        if has_collision_chars(&topic.name) {
            let unified = unify_collision_chars(&topic.name);
            if let Some(names) = self.colliding_names.get_mut(&unified) {
                names.remove(&topic.name);
                if names.is_empty() {
                    self.colliding_names.remove(&unified);
                }
            }
        }
        let resource = ConfigResource::topic(&*topic.name);
        if self.configs.remove(&resource).is_some() {
            changes.configs.insert(resource);
        }
        changes.topic_deleted(topic);
        Ok(())
    }

    fn apply_clear_elr(&mut self, r: &ClearElrRecord, changes: &mut Changes) -> Result<(), ApplyError> {
        let topics: Vec<Arc<TopicImage>> = if r.topic_name.is_empty() {
            self.topics.values().cloned().collect()
        } else {
            vec![self.topic(&r.topic_name).ok_or_else(|| ApplyError::UnknownTopicName(r.topic_name.clone()))?.clone()]
        };
        for topic in topics {
            for (index, before) in topic.partitions.iter() {
                if before.elr.is_empty() && before.last_known_elr.is_empty() {
                    continue;
                }
                let mut partition = (**before).clone();
                partition.elr.clear();
                partition.last_known_elr.clear();
                partition.partition_epoch = partition.partition_epoch.wrapping_add(1);
                self.put_partition(topic.id, *index, partition);
                changes.partition(topic.id, *index, Some(before));
            }
        }
        Ok(())
    }

    fn apply_config(&mut self, r: &ConfigRecord, changes: &mut Changes) {
        let resource = ConfigResource::new(r.resource_type, r.resource_name.clone());
        match &r.value {
            Some(value) => {
                self.configs.entry(resource.clone()).or_default().insert(r.name.clone(), value.clone());
            }
            None => {
                if let Some(configs) = self.configs.get_mut(&resource) {
                    configs.remove(&r.name);
                    if configs.is_empty() {
                        self.configs.remove(&resource);
                    }
                }
            }
        }
        changes.configs.insert(resource);
    }

    fn apply_feature_level(&mut self, r: &FeatureLevelRecord, changes: &mut Changes) -> Result<(), ApplyError> {
        match r.name.as_str() {
            METADATA_VERSION => {
                let version = MetadataVersion::from_feature_level(r.feature_level);
                self.metadata_version = Some(version.ok_or(ApplyError::UnsupportedMetadataVersion(r.feature_level))?);
            }
            // Lives in the log's control records; Kafka once wrote it here by mistake (KAFKA-18979).
            KRAFT_VERSION => {}
            _ if r.feature_level == 0 => {
                self.features.remove(&r.name);
            }
            _ => {
                self.features.insert(r.name.clone(), r.feature_level);
            }
        }
        changes.features = true;
        Ok(())
    }

    fn apply_client_quota(&mut self, r: &ClientQuotaRecord, changes: &mut Changes) {
        let mut entity: QuotaEntity = r.entity.iter().map(|e| (e.entity_type.clone(), e.entity_name.clone())).collect();
        entity.sort();
        if r.remove {
            if let Some(quotas) = self.client_quotas.get_mut(&entity) {
                quotas.remove(&r.key);
                if quotas.is_empty() {
                    self.client_quotas.remove(&entity);
                }
            }
        } else {
            self.client_quotas.entry(entity).or_default().insert(r.key.clone(), r.value);
        }
        changes.client_quotas = true;
    }
}
