//! What an application of records touched: the shell's answer to "which partitions must I look at again".
//!
//! A set of changes is relative to the image before the first record; deleted topics are kept as they were.

use crate::metadata::image::{ConfigResource, MetadataImage, TopicImage};
use crate::metadata::partition::PartitionRegistration;
use ottla_base::ids::Uuid;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// Everything that differs between two images.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Changes {
    /// Topics that are new.
    pub topics_created: BTreeSet<Uuid>,
    /// Topics that were there before and are gone, as they were.
    pub topics_deleted: BTreeMap<Uuid, Arc<TopicImage>>,
    /// Partitions that are new or differ, with their state before (`None` for a new one).
    pub partitions: BTreeMap<(Uuid, i32), Option<Arc<PartitionRegistration>>>,
    /// Brokers that registered, changed or unregistered.
    pub brokers: BTreeSet<i32>,
    /// Controllers that registered.
    pub controllers: BTreeSet<i32>,
    /// Resources of which a configuration was set or removed.
    pub configs: BTreeSet<ConfigResource>,
    /// A feature level was set.
    pub features: bool,
    /// Producer ids were handed out.
    pub producer_ids: bool,
    /// A client quota changed.
    pub client_quotas: bool,
    /// An access control entry changed.
    pub acls: bool,
    /// A SCRAM credential changed.
    pub scram: bool,
    /// A delegation token changed.
    pub delegation_tokens: bool,
}

/// A partition in [`LocalReplicaChanges`].
#[derive(Clone, Debug, PartialEq)]
pub struct LocalPartition {
    /// The topic it belongs to.
    pub topic: Arc<str>,
    /// The topic's id.
    pub topic_id: Uuid,
    /// Its index.
    pub index: i32,
    /// Its new state.
    pub partition: Arc<PartitionRegistration>,
}

/// What one broker has to do about its replicas (`LocalReplicaChanges`).
#[derive(Clone, Debug, Default, PartialEq)]
pub struct LocalReplicaChanges {
    /// Replicas to remove: (topic id, topic name, partition).
    pub deletes: Vec<(Uuid, Arc<str>, i32)>,
    /// Replicas that lead from here on in a new leader epoch. Also in `leaders`.
    pub elected_leaders: BTreeSet<(Uuid, i32)>,
    /// Replicas that lead and whose partition changed.
    pub leaders: Vec<LocalPartition>,
    /// Replicas that follow (or have no leader) and whose partition changed.
    pub followers: Vec<LocalPartition>,
}

impl LocalReplicaChanges {
    /// Whether there is nothing to do.
    pub fn is_empty(&self) -> bool {
        self.deletes.is_empty() && self.leaders.is_empty() && self.followers.is_empty()
    }
}

impl Changes {
    /// Whether nothing was touched.
    pub fn is_empty(&self) -> bool {
        *self == Changes::default()
    }

    /// Everything that `image` holds, as if it had come out of nothing: for the first image and after a snapshot.
    pub fn all_of(image: &MetadataImage) -> Changes {
        Changes::between(&MetadataImage::empty(), image)
    }

    /// What differs between two images, found by comparing them. Costs what exists; for snapshots.
    pub fn between(old: &MetadataImage, new: &MetadataImage) -> Changes {
        let mut changes = Changes {
            features: old.features != new.features || old.metadata_version != new.metadata_version,
            producer_ids: old.next_producer_id != new.next_producer_id,
            client_quotas: old.client_quotas != new.client_quotas,
            acls: old.acls != new.acls,
            scram: old.scram != new.scram,
            delegation_tokens: old.delegation_tokens != new.delegation_tokens,
            ..Changes::default()
        };
        changes.brokers = differing_keys(&old.brokers, &new.brokers);
        changes.controllers = differing_keys(&old.controllers, &new.controllers);
        changes.configs = differing_keys(&old.configs, &new.configs);
        for id in differing_keys(&old.topics, &new.topics) {
            match (old.topics.get(&id), new.topics.get(&id)) {
                (Some(before), None) => {
                    changes.topics_deleted.insert(id, before.clone());
                }
                (before, Some(after)) => {
                    if before.is_none() {
                        changes.topics_created.insert(id);
                    }
                    for (index, partition) in after.partitions.iter() {
                        let old = before.and_then(|t| t.partitions.get(index));
                        if old != Some(partition) {
                            changes.partitions.insert((id, *index), old.cloned());
                        }
                    }
                }
                (None, None) => {}
            }
        }
        changes
    }

    /// Adds changes that came after these.
    pub fn merge(&mut self, later: Changes) {
        for (_, topic) in later.topics_deleted {
            self.topic_deleted(topic);
        }
        self.topics_created.extend(later.topics_created);
        for (key, before) in later.partitions {
            self.partitions.entry(key).or_insert(before);
        }
        self.brokers.extend(later.brokers);
        self.controllers.extend(later.controllers);
        self.configs.extend(later.configs);
        self.features |= later.features;
        self.producer_ids |= later.producer_ids;
        self.client_quotas |= later.client_quotas;
        self.acls |= later.acls;
        self.scram |= later.scram;
        self.delegation_tokens |= later.delegation_tokens;
    }

    pub(crate) fn partition(&mut self, topic: Uuid, index: i32, before: Option<&Arc<PartitionRegistration>>) {
        self.partitions.entry((topic, index)).or_insert_with(|| before.cloned());
    }

    /// A topic that was also created within these changes leaves no trace.
    pub(crate) fn topic_deleted(&mut self, mut topic: Arc<TopicImage>) {
        let id = topic.id;
        let keys: Vec<(Uuid, i32)> = self.partitions.range((id, i32::MIN)..=(id, i32::MAX)).map(|(k, _)| *k).collect();
        for key in keys {
            // The topic is kept as it was before the first change.
            match self.partitions.remove(&key).flatten() {
                Some(before) => Arc::make_mut(&mut topic).partitions.insert(key.1, before),
                None => Arc::make_mut(&mut topic).partitions.remove(&key.1),
            };
        }
        if !self.topics_created.remove(&id) {
            self.topics_deleted.insert(id, topic);
        }
    }

    /// What a broker has to do about its own replicas, given the image after the changes
    /// (`TopicsDelta.localChanges`).
    pub fn local_changes(&self, broker: i32, image: &MetadataImage) -> LocalReplicaChanges {
        let mut local = LocalReplicaChanges::default();
        for topic in self.topics_deleted.values() {
            for (index, partition) in topic.partitions.iter() {
                if partition.replicas.contains(&broker) {
                    local.deletes.push((topic.id, topic.name.clone(), *index));
                }
            }
        }
        for ((topic_id, index), before) in &self.partitions {
            let Some(topic) = image.topic_by_id(*topic_id) else { continue };
            let Some(partition) = topic.partition(*index) else { continue };
            if !partition.replicas.contains(&broker) {
                if before.as_ref().is_some_and(|b| b.replicas.contains(&broker)) {
                    local.deletes.push((*topic_id, topic.name.clone(), *index));
                }
                continue;
            }
            if before.as_ref().is_some_and(|b| b.partition_epoch == partition.partition_epoch) {
                continue;
            }
            let entry = LocalPartition {
                topic: topic.name.clone(),
                topic_id: *topic_id,
                index: *index,
                partition: partition.clone(),
            };
            if partition.leader == broker {
                if before.as_ref().is_none_or(|b| b.leader_epoch != partition.leader_epoch) {
                    local.elected_leaders.insert((*topic_id, *index));
                }
                local.leaders.push(entry);
            } else {
                local.followers.push(entry);
            }
        }
        local
    }
}

fn differing_keys<K: Ord + Clone, V: PartialEq + Clone>(
    old: &imbl::OrdMap<K, V>,
    new: &imbl::OrdMap<K, V>,
) -> BTreeSet<K> {
    old.diff(new)
        .map(|item| match item {
            imbl::ordmap::DiffItem::Add(k, _) | imbl::ordmap::DiffItem::Remove(k, _) => k.clone(),
            imbl::ordmap::DiffItem::Update { new: (k, _), .. } => k.clone(),
        })
        .collect()
}
