//! Committed offsets of the groups of one shard, with those of open transactions beside them.
//!
//! Part of [`super::GroupCoordinator`]; changed only by replaying records. Decisions see the latest values, OffsetFetch
//! those at the high watermark; a transactional offset moves to the others when its commit marker is replayed.
//!
//! Not here: who may commit (`commit.rs`), and TxnOffsetCommit itself, which comes with transactions.

use super::versioned::Versioned;
use crate::coordinator::runtime::TransactionResult;
use ottla_base::ids::Uuid;
use ottla_record::generated::group::OffsetCommitValue;
use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::Arc;

/// What is known of one committed offset (`OffsetAndMetadata`).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OffsetAndMetadata {
    /// The next offset to be consumed.
    pub offset: i64,
    /// -1 when unknown.
    pub leader_epoch: i32,
    /// From the client.
    pub metadata: Arc<str>,
    /// Wall clock of the coordinator at the commit.
    pub commit_timestamp_ms: i64,
    /// When the request gave a retention of its own (OffsetCommit 2 to 4).
    pub expire_timestamp_ms: Option<i64>,
    /// Zero when unknown.
    pub topic_id: Uuid,
    /// Where its record is; decides between a transaction and what was committed past it. -1 before it is written.
    pub record_offset: i64,
}

impl OffsetAndMetadata {
    /// From a record of the log.
    pub fn from_record(record_offset: i64, value: OffsetCommitValue) -> OffsetAndMetadata {
        OffsetAndMetadata {
            offset: value.offset,
            leader_epoch: value.leader_epoch.max(-1),
            metadata: value.metadata.into(),
            commit_timestamp_ms: value.commit_timestamp,
            expire_timestamp_ms: (value.expire_timestamp != -1).then_some(value.expire_timestamp),
            topic_id: value.topic_id,
            record_offset,
        }
    }
}

type Partitions<V> = BTreeMap<i32, V>;
type Topics<V> = BTreeMap<Arc<str>, Partitions<V>>;
type Groups<V> = BTreeMap<Arc<str>, Topics<V>>;

/// All offsets of a shard.
#[derive(Debug, Default)]
pub struct OffsetStore {
    stable: Groups<Versioned<OffsetAndMetadata>>,
    /// Offsets of open transactions, by producer.
    transactional: BTreeMap<i64, Groups<OffsetAndMetadata>>,
    /// The same the other way round: which producers have something open.
    open: Groups<BTreeSet<i64>>,
    uncommitted: VecDeque<(i64, Arc<str>, Arc<str>, i32)>,
    high_watermark: i64,
}

impl OffsetStore {
    /// The latest offset.
    pub fn latest(&self, group: &str, topic: &str, partition: i32) -> Option<&OffsetAndMetadata> {
        self.stable.get(group)?.get(topic)?.get(&partition)?.latest()
    }

    /// The offset at the high watermark.
    pub fn committed(&self, group: &str, topic: &str, partition: i32) -> Option<&OffsetAndMetadata> {
        self.stable.get(group)?.get(topic)?.get(&partition)?.committed()
    }

    /// Every (topic, partition, offset) of a group at the chosen point, by topic and partition.
    pub fn of_group(
        &self,
        group: &str,
        view: View,
    ) -> impl Iterator<Item = (&Arc<str>, i32, &OffsetAndMetadata)> + use<'_> {
        self.stable.get(group).into_iter().flatten().flat_map(move |(topic, partitions)| {
            partitions.iter().filter_map(move |(partition, value)| {
                let value = match view {
                    View::Latest => value.latest(),
                    View::Committed => value.committed(),
                };
                value.map(|value| (topic, *partition, value))
            })
        })
    }

    /// Groups that have an offset, by name.
    pub fn groups(&self) -> impl Iterator<Item = &Arc<str>> {
        self.stable.keys()
    }

    /// Whether a transaction that is still open has an offset of this partition.
    pub fn is_open(&self, group: &str, topic: &str, partition: i32) -> bool {
        self.open
            .get(group)
            .and_then(|topics| topics.get(topic))
            .is_some_and(|partitions| partitions.contains_key(&partition))
    }

    /// Every (topic, partition) of a group of which an open transaction has an offset.
    pub fn open_of_group(&self, group: &str) -> impl Iterator<Item = (&Arc<str>, i32)> + use<'_> {
        self.open
            .get(group)
            .into_iter()
            .flatten()
            .flat_map(|(topic, partitions)| partitions.keys().map(move |partition| (topic, *partition)))
    }

    /// Every (group, partition) of a topic with an offset of an open transaction, with its topic id.
    pub fn open_of_topic<'a>(&'a self, topic: &'a str) -> impl Iterator<Item = (&'a Arc<str>, i32, Uuid)> + use<'a> {
        self.transactional.values().flatten().flat_map(move |(group, topics)| {
            topics.get(topic).into_iter().flatten().map(move |(partition, value)| (group, *partition, value.topic_id))
        })
    }

    /// Replays an offset outside transactions; `None` is a tombstone, which also ends what transactions hold.
    pub fn put(&mut self, log_offset: i64, group: &str, topic: &str, partition: i32, value: Option<OffsetAndMetadata>) {
        if value.is_none() {
            self.clear_open(group, topic, partition);
            if self.latest(group, topic, partition).is_none() {
                return;
            }
        }
        let (group, topics) = entry(&mut self.stable, group);
        let (topic, partitions) = entry(topics, topic);
        if partitions.entry(partition).or_default().set(log_offset, value, self.high_watermark) {
            self.uncommitted.push_back((log_offset, group, topic, partition));
        } else {
            self.vacate(&group, &topic, partition);
        }
    }

    /// Replays an offset of an open transaction.
    pub fn put_transactional(
        &mut self,
        producer_id: i64,
        group: &str,
        topic: &str,
        partition: i32,
        value: OffsetAndMetadata,
    ) {
        let (_, topics) = entry(self.transactional.entry(producer_id).or_default(), group);
        let (_, partitions) = entry(topics, topic);
        partitions.insert(partition, value);
        let (_, topics) = entry(&mut self.open, group);
        let (_, partitions) = entry(topics, topic);
        partitions.entry(partition).or_default().insert(producer_id);
    }

    /// Replays the end of a producer's transaction.
    pub fn end_transaction(&mut self, marker_offset: i64, producer_id: i64, result: TransactionResult) {
        let Some(groups) = self.transactional.remove(&producer_id) else { return };
        for (group, topics) in groups {
            for (topic, partitions) in topics {
                for (partition, value) in partitions {
                    self.close(&group, &topic, partition, producer_id);
                    // What was committed outside, past this record, stays.
                    let newer = self
                        .latest(&group, &topic, partition)
                        .is_none_or(|existing| value.record_offset > existing.record_offset);
                    if result == TransactionResult::Commit && newer {
                        self.put_stable(marker_offset, &group, &topic, partition, value);
                    }
                }
            }
        }
    }

    /// Records below `high_watermark` are committed.
    pub fn commit(&mut self, high_watermark: i64) {
        self.high_watermark = high_watermark;
        while let Some((_, group, topic, partition)) =
            self.uncommitted.pop_front_if(|(offset, ..)| *offset < high_watermark)
        {
            if let Some(value) = self
                .stable
                .get_mut(&group)
                .and_then(|topics| topics.get_mut(&topic))
                .and_then(|p| p.get_mut(&partition))
            {
                value.commit(high_watermark);
            }
            self.vacate(&group, &topic, partition);
        }
    }

    fn put_stable(
        &mut self,
        log_offset: i64,
        group: &Arc<str>,
        topic: &Arc<str>,
        partition: i32,
        value: OffsetAndMetadata,
    ) {
        let partitions = self.stable.entry(group.clone()).or_default().entry(topic.clone()).or_default();
        if partitions.entry(partition).or_default().set(log_offset, Some(value), self.high_watermark) {
            self.uncommitted.push_back((log_offset, group.clone(), topic.clone(), partition));
        }
    }

    fn clear_open(&mut self, group: &str, topic: &str, partition: i32) {
        let producers = prune(&mut self.open, group, topic, partition).unwrap_or_default();
        for producer_id in producers {
            if let Some(groups) = self.transactional.get_mut(&producer_id) {
                prune(groups, group, topic, partition);
                if groups.is_empty() {
                    self.transactional.remove(&producer_id);
                }
            }
        }
    }

    fn close(&mut self, group: &str, topic: &str, partition: i32, producer_id: i64) {
        let producers =
            self.open.get_mut(group).and_then(|topics| topics.get_mut(topic)).and_then(|p| p.get_mut(&partition));
        if producers.is_some_and(|producers| {
            producers.remove(&producer_id);
            producers.is_empty()
        }) {
            prune(&mut self.open, group, topic, partition);
        }
    }

    fn vacate(&mut self, group: &str, topic: &str, partition: i32) {
        let value = self.stable.get(group).and_then(|topics| topics.get(topic)).and_then(|p| p.get(&partition));
        if value.is_some_and(Versioned::is_vacant) {
            prune(&mut self.stable, group, topic, partition);
        }
    }
}

/// At which point of the log a read looks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum View {
    /// At its end.
    Latest,
    /// At the high watermark.
    Committed,
}

/// The value of `name`, made when missing, with the key that is shared from then on.
fn entry<'a, V: Default>(map: &'a mut BTreeMap<Arc<str>, V>, name: &str) -> (Arc<str>, &'a mut V) {
    let key = match map.get_key_value(name) {
        Some((key, _)) => key.clone(),
        None => Arc::from(name),
    };
    (key.clone(), map.entry(key).or_default())
}

/// Removes a partition and what is empty without it.
fn prune<V>(groups: &mut Groups<V>, group: &str, topic: &str, partition: i32) -> Option<V> {
    let topics = groups.get_mut(group)?;
    let partitions = topics.get_mut(topic)?;
    let removed = partitions.remove(&partition);
    if partitions.is_empty() {
        topics.remove(topic);
        if topics.is_empty() {
            groups.remove(group);
        }
    }
    removed
}
