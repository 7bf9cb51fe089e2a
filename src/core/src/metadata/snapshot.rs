//! State → the records that recreate it, in the order of Kafka's `MetadataImage.write`: features (metadata.version
//! first, because it may decide how the rest is read), cluster, topics, configurations, client quotas, producer ids,
//! access control, SCRAM, delegation tokens.

use crate::metadata::VersionedRecord;
use crate::metadata::features::{METADATA_VERSION, MetadataVersion};
use crate::metadata::image::MetadataImage;
use ottla_record::generated::metadata::{
    ClientQuotaRecord, ConfigRecord, EntityData, FeatureLevelRecord, MetadataRecord, ProducerIdsRecord, TopicRecord,
};

impl MetadataImage {
    /// The records of a snapshot of this image. Replaying them into an empty image gives an equal one (but for its
    /// provenance, which a snapshot keeps in its name and header).
    pub fn to_records(&self) -> Vec<VersionedRecord> {
        let version = self.metadata_version.unwrap_or(MetadataVersion::MINIMUM);
        let elr = self.is_elr_enabled();
        let mut out = Vec::new();
        let mut push = |record| out.push(VersionedRecord::new(record, 0));
        push(feature_level(METADATA_VERSION, version.0));
        for (name, level) in self.features.iter() {
            push(feature_level(name, *level));
        }
        for broker in self.brokers.values() {
            out.push(broker.to_record(version));
        }
        if version.is_controller_registration_supported() {
            for controller in self.controllers.values() {
                out.push(controller.to_record());
            }
        }
        for topic in self.topics.values() {
            let record = TopicRecord { name: topic.name.to_string(), topic_id: topic.id };
            out.push(VersionedRecord::new(MetadataRecord::Topic(record), 0));
            for (index, partition) in topic.partitions.iter() {
                out.push(partition.to_record(topic.id, *index, version, elr));
            }
        }
        let mut push = |record| out.push(VersionedRecord::new(record, 0));
        for (resource, configs) in self.configs.iter() {
            for (name, value) in configs.iter() {
                push(MetadataRecord::Config(ConfigRecord {
                    resource_type: resource.resource_type,
                    resource_name: resource.name.clone(),
                    name: name.clone(),
                    value: Some(value.clone()),
                }));
            }
        }
        for (entity, quotas) in self.client_quotas.iter() {
            for (key, value) in quotas.iter() {
                let entity = entity
                    .iter()
                    .map(|(kind, name)| EntityData { entity_type: kind.clone(), entity_name: name.clone() });
                push(MetadataRecord::ClientQuota(ClientQuotaRecord {
                    entity: entity.collect(),
                    key: key.clone(),
                    value: *value,
                    remove: false,
                }));
            }
        }
        if let Some(next_producer_id) = self.next_producer_id {
            push(MetadataRecord::ProducerIds(ProducerIdsRecord { broker_id: -1, broker_epoch: -1, next_producer_id }));
        }
        for acl in self.acls.values() {
            push(MetadataRecord::AccessControlEntry((**acl).clone()));
        }
        if version.is_scram_supported() {
            for credential in self.scram.values() {
                push(MetadataRecord::UserScramCredential((**credential).clone()));
            }
        }
        if version.is_delegation_token_supported() {
            for token in self.delegation_tokens.values() {
                push(MetadataRecord::DelegationToken((**token).clone()));
            }
        }
        out
    }
}

pub(crate) fn feature_level(name: &str, level: i16) -> MetadataRecord {
    MetadataRecord::FeatureLevel(FeatureLevelRecord { name: name.to_owned(), feature_level: level })
}
