//! OffsetCommit, OffsetFetch, OffsetDelete, deletion of groups and topics, and the expiry of offsets.
//!
//! The rules are those of `OffsetMetadataManager` and `GroupCoordinatorShard` in Kafka 4.3.1. Whether a topic exists and
//! the sender may read it is the broker's to check first.

use super::api::{
    DEFAULT_RETENTION_TIME_MS, DeletedTopic, FetchedOffset, FetchedTopic, INVALID_OFFSET, OffsetCommitRequest,
    OffsetCommitResponse, OffsetDeleteRequest, OffsetDeleteResponse, OffsetFetchRequest, OffsetFetchResponse,
    OffsetFetchTopic, RequestContext, TopicResult,
};
use super::classic::{ClassicGroup, ClassicState};
use super::offsets::{OffsetAndMetadata, View};
use super::records::{group_metadata_tombstone, offset_commit, offset_commit_tombstone};
use super::{CoordinatorRecord, Group, GroupCoordinator, GroupCx, TimerKey, TimerTask};
use crate::coordinator::runtime::Replay;
use crate::errors::KafkaError;
use ottla_base::clock::Now;
use ottla_base::ids::ZERO_UUID;
use std::sync::Arc;

/// From this version on a missing group is named as such.
const FIRST_VERSION_WITH_GROUP_ID_NOT_FOUND: i16 = 9;
/// Clean-ups are split into writes of about this size: they may be long, and need not be one unit.
const CLEANUP_WRITE_BYTES: usize = 256 * 1024;

impl GroupCoordinator {
    /// Decides an OffsetCommit; the caller appends the records and answers when they are committed.
    pub(super) fn commit_offsets(
        &mut self,
        context: &RequestContext,
        request: &OffsetCommitRequest,
        cx: &mut GroupCx<'_>,
    ) -> Result<(Vec<CoordinatorRecord>, OffsetCommitResponse), KafkaError> {
        self.validate_commit(context, request, cx)?;
        let now_ms = cx.now.wall_ms;
        let expire_timestamp_ms = (request.retention_time_ms != DEFAULT_RETENTION_TIME_MS)
            .then(|| now_ms.saturating_add(request.retention_time_ms));
        let mut records = Vec::new();
        let mut topics = Vec::with_capacity(request.topics.len());
        for topic in &request.topics {
            let mut partitions = Vec::with_capacity(topic.partitions.len());
            for partition in &topic.partitions {
                let metadata = partition.metadata.as_deref().unwrap_or_default();
                // Java counts a string in UTF-16 units.
                if metadata.encode_utf16().count() > self.config.offset_metadata_max_bytes {
                    partitions.push((partition.partition, KafkaError::OffsetMetadataTooLarge));
                    continue;
                }
                let offset = OffsetAndMetadata {
                    offset: partition.offset,
                    leader_epoch: partition.leader_epoch.max(-1),
                    metadata: metadata.into(),
                    commit_timestamp_ms: now_ms,
                    expire_timestamp_ms,
                    topic_id: topic.topic_id,
                    record_offset: -1,
                };
                records.push(offset_commit(&request.group_id, &topic.name, partition.partition, &offset));
                partitions.push((partition.partition, KafkaError::None));
            }
            topics.push(TopicResult { name: topic.name.clone(), topic_id: topic.topic_id, partitions });
        }
        Ok((records, OffsetCommitResponse { topics }))
    }

    fn validate_commit(
        &mut self,
        context: &RequestContext,
        request: &OffsetCommitRequest,
        cx: &mut GroupCx<'_>,
    ) -> Result<(), KafkaError> {
        let from_group = request.generation_id >= 0;
        match self.groups.latest_mut(&request.group_id) {
            // From an administrator, or a consumer without group management: replaying the first offset makes a simple
            // group.
            None if !from_group => Ok(()),
            None if context.api_version >= FIRST_VERSION_WITH_GROUP_ID_NOT_FOUND => Err(KafkaError::GroupIdNotFound),
            None => Err(KafkaError::IllegalGeneration),
            Some(Group::Modern(_)) if from_group || !request.member_id.is_empty() => Err(KafkaError::UnknownMemberId),
            Some(Group::Modern(_)) => Ok(()),
            Some(Group::Classic(group)) => {
                group.validate_offset_commit(request)?;
                // A commit shows that its member lives.
                if matches!(group.state, ClassicState::Stable | ClassicState::PreparingRebalance) {
                    group.reschedule_heartbeat(&request.member_id, cx);
                }
                Ok(())
            }
        }
    }

    /// OffsetFetch. Without `require_stable` it is a pure read at the high watermark; with it, the shell sends
    /// [`super::GroupRequest::OffsetFetchStable`], which sees the latest offsets and waits for them.
    pub fn offset_fetch(&self, request: &OffsetFetchRequest) -> OffsetFetchResponse {
        self.fetch_at(request, View::Committed)
    }

    pub(super) fn fetch_at(&self, request: &OffsetFetchRequest, view: View) -> OffsetFetchResponse {
        let group_id = request.group_id.as_str();
        let exists = match view {
            View::Latest => self.groups.latest(group_id).is_some(),
            View::Committed => self.groups.committed(group_id).is_some(),
        };
        let topics = match &request.topics {
            Some(topics) => topics.iter().map(|topic| self.fetch_topic(group_id, topic, exists, view)).collect(),
            None if exists => self.fetch_all(group_id, view),
            None => Vec::new(),
        };
        OffsetFetchResponse { group_id: group_id.to_owned(), error: KafkaError::None, topics }
    }

    fn fetch_topic(&self, group_id: &str, topic: &OffsetFetchTopic, exists: bool, view: View) -> FetchedTopic {
        let fetch = |partition: i32| {
            if self.is_unstable(group_id, &topic.name, partition, view) {
                return no_offset(partition, KafkaError::UnstableOffsetCommit);
            }
            let offset = match view {
                View::Latest => self.offsets.latest(group_id, &topic.name, partition),
                View::Committed => self.offsets.committed(group_id, &topic.name, partition),
            };
            // An offset of a topic of the same name that was deleted is none.
            let same = |offset: &&OffsetAndMetadata| {
                offset.topic_id == ZERO_UUID || topic.topic_id == ZERO_UUID || offset.topic_id == topic.topic_id
            };
            match offset.filter(|_| exists).filter(same) {
                Some(offset) => fetched(partition, offset),
                None => no_offset(partition, KafkaError::None),
            }
        };
        let partitions = topic.partitions.iter().map(|partition| fetch(*partition)).collect();
        FetchedTopic { name: topic.name.clone(), topic_id: topic.topic_id, partitions }
    }

    fn fetch_all(&self, group_id: &str, view: View) -> Vec<FetchedTopic> {
        let mut topics: Vec<FetchedTopic> = Vec::new();
        for (topic, partition, offset) in self.offsets.of_group(group_id, view) {
            let result = if self.is_unstable(group_id, topic, partition, view) {
                no_offset(partition, KafkaError::UnstableOffsetCommit)
            } else {
                fetched(partition, offset)
            };
            match topics.last_mut() {
                Some(last) if last.name == **topic => last.partitions.push(result),
                _ => {
                    topics.push(FetchedTopic { name: topic.to_string(), topic_id: ZERO_UUID, partitions: vec![result] })
                }
            }
        }
        topics
    }

    fn is_unstable(&self, group_id: &str, topic: &str, partition: i32, view: View) -> bool {
        view == View::Latest && self.offsets.is_open(group_id, topic, partition)
    }

    /// Decides an OffsetDelete.
    pub(super) fn delete_offsets(
        &self,
        request: &OffsetDeleteRequest,
    ) -> Result<(Vec<CoordinatorRecord>, OffsetDeleteResponse), KafkaError> {
        let group_id = request.group_id.as_str();
        if group_id.is_empty() {
            return Err(KafkaError::InvalidGroupId);
        }
        let group = match self.groups.latest(group_id).ok_or(KafkaError::GroupIdNotFound)? {
            Group::Modern(_) => return Err(KafkaError::NonEmptyGroup),
            Group::Classic(group) => group,
        };
        if group.state != ClassicState::Empty && !group.uses_consumer_protocol() {
            return Err(KafkaError::NonEmptyGroup);
        }
        let mut records = Vec::new();
        let mut topics = Vec::with_capacity(request.topics.len());
        for (topic, partitions) in &request.topics {
            let subscribed = group.is_subscribed_to(topic);
            let mut results = Vec::with_capacity(partitions.len());
            for partition in partitions {
                if subscribed {
                    results.push((*partition, KafkaError::GroupSubscribedToTopic));
                    continue;
                }
                let known = self.offsets.latest(group_id, topic, *partition).is_some();
                if known || self.offsets.is_open(group_id, topic, *partition) {
                    records.push(offset_commit_tombstone(group_id, topic, *partition));
                }
                results.push((*partition, KafkaError::None));
            }
            topics.push((topic.clone(), results));
        }
        Ok((records, OffsetDeleteResponse { error: KafkaError::None, topics }))
    }

    /// Decides a DeleteGroups.
    pub(super) fn delete_groups(
        &self,
        mut group_ids: Vec<String>,
    ) -> (Vec<CoordinatorRecord>, Vec<(String, KafkaError)>) {
        let mut seen = std::collections::BTreeSet::new();
        group_ids.retain(|group_id| seen.insert(group_id.clone()));
        let mut records = Vec::new();
        let mut results = Vec::with_capacity(group_ids.len());
        for group_id in group_ids {
            let error = match self.groups.latest(&group_id) {
                None => KafkaError::GroupIdNotFound,
                // Its other records are not ours to end: a tombstone for some of them would leave a torn group behind.
                Some(Group::Modern(_)) => KafkaError::UnsupportedVersion,
                Some(Group::Classic(group)) if group.state != ClassicState::Empty => KafkaError::NonEmptyGroup,
                Some(Group::Classic(_)) => {
                    records.extend(self.offset_tombstones(&group_id));
                    records.push(group_metadata_tombstone(&group_id));
                    KafkaError::None
                }
            };
            results.push((group_id, error));
        }
        (records, results)
    }

    fn offset_tombstones(&self, group_id: &str) -> Vec<CoordinatorRecord> {
        let stable = self.offsets.of_group(group_id, View::Latest).map(|(topic, partition, _)| (topic, partition));
        let open = self
            .offsets
            .open_of_group(group_id)
            .filter(|(topic, partition)| self.offsets.latest(group_id, topic, *partition).is_none());
        stable.chain(open).map(|(topic, partition)| offset_commit_tombstone(group_id, topic, partition)).collect()
    }

    /// Plans the end of all offsets of topics that are gone. An offset that names another topic of the same name stays.
    pub(super) fn topics_deleted(&self, topics: &[DeletedTopic], cx: &mut GroupCx<'_>) {
        let mut records = Vec::new();
        for topic in topics {
            let gone = |id| id == ZERO_UUID || id == topic.topic_id;
            for group in self.offsets.groups() {
                for (name, partition, offset) in self.offsets.of_group(group, View::Latest) {
                    if **name == *topic.name && gone(offset.topic_id) {
                        records.push(offset_commit_tombstone(group, name, partition));
                    }
                }
            }
            for (group, partition, topic_id) in self.offsets.open_of_topic(&topic.name) {
                if gone(topic_id) && self.offsets.latest(group, &topic.name, partition).is_none() {
                    records.push(offset_commit_tombstone(group, &topic.name, partition));
                }
            }
        }
        write_in_parts(records, cx);
    }

    /// Plans the end of offsets that have expired, and of groups that have neither members nor offsets left.
    pub(super) fn expire_offsets(&self, cx: &mut GroupCx<'_>) {
        let mut records = Vec::new();
        for (group_id, group) in self.groups.iter_latest() {
            let Group::Classic(group) = group else { continue };
            let all_expired = self.expired_offsets(group_id, group, cx.now, &mut records);
            // An id that was just handed out is about to come back (Kafka deletes the group under it).
            if all_expired && group.state == ClassicState::Empty && group.pending_join_members.is_empty() {
                records.push(group_metadata_tombstone(group_id));
            }
        }
        if !records.is_empty() {
            tracing::info!("Generated {} tombstone records while cleaning up group metadata.", records.len());
        }
        write_in_parts(records, cx);
        let interval_ms = self.config.offsets_retention_check_interval_ms.max(1);
        cx.schedule(TimerKey::Expiry, interval_ms, TimerTask::Expiry);
    }

    fn expired_offsets(
        &self,
        group_id: &Arc<str>,
        group: &ClassicGroup,
        now: Now,
        records: &mut Vec<CoordinatorRecord>,
    ) -> bool {
        let Some(expiry) = group.offset_expiry() else { return false };
        let mut all_expired = self.offsets.open_of_group(group_id).next().is_none();
        for (topic, partition, offset) in self.offsets.of_group(group_id, View::Latest) {
            let expired = !group.is_subscribed_to(topic)
                && !self.offsets.is_open(group_id, topic, partition)
                && expiry.is_expired(offset, now.wall_ms, self.config.offsets_retention_ms);
            if expired {
                records.push(offset_commit_tombstone(group_id, topic, partition));
            } else {
                all_expired = false;
            }
        }
        all_expired
    }
}

/// From when on an offset's retention is counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum OffsetExpiry {
    /// Its commit.
    SinceCommit,
    /// The moment at which the group became empty.
    Since(i64),
}

impl OffsetExpiry {
    fn is_expired(self, offset: &OffsetAndMetadata, now_ms: i64, retention_ms: i64) -> bool {
        match (offset.expire_timestamp_ms, self) {
            (Some(at), _) => now_ms >= at,
            (None, OffsetExpiry::SinceCommit) => now_ms.saturating_sub(offset.commit_timestamp_ms) >= retention_ms,
            (None, OffsetExpiry::Since(since)) => now_ms.saturating_sub(since) >= retention_ms,
        }
    }
}

impl ClassicGroup {
    /// Whether a commit may be made; Kafka's order of checks.
    fn validate_offset_commit(&self, request: &OffsetCommitRequest) -> Result<(), KafkaError> {
        if request.generation_id < 0 && self.state == ClassicState::Empty {
            return Ok(());
        }
        let instance_id = request.group_instance_id.as_deref();
        if request.generation_id >= 0 || !request.member_id.is_empty() || instance_id.is_some() {
            self.validate_member(&request.member_id, instance_id)?;
            if request.generation_id != self.generation_id {
                return Err(KafkaError::IllegalGeneration);
            }
        } else {
            return Err(KafkaError::UnknownMemberId);
        }
        if self.state == ClassicState::CompletingRebalance {
            return Err(KafkaError::RebalanceInProgress);
        }
        Ok(())
    }

    /// How its offsets expire; `None` while they do not: a rebalance is on its way, or its members cannot be asked.
    fn offset_expiry(&self) -> Option<OffsetExpiry> {
        match (&self.protocol_type, self.state) {
            (None, _) => Some(OffsetExpiry::SinceCommit),
            (Some(_), ClassicState::Empty) => {
                Some(self.current_state_timestamp_ms.map_or(OffsetExpiry::SinceCommit, OffsetExpiry::Since))
            }
            (Some(_), ClassicState::Stable) if self.subscribed_topics.is_some() => Some(OffsetExpiry::SinceCommit),
            _ => None,
        }
    }
}

fn fetched(partition: i32, offset: &OffsetAndMetadata) -> FetchedOffset {
    FetchedOffset {
        partition,
        offset: offset.offset,
        leader_epoch: offset.leader_epoch,
        metadata: offset.metadata.to_string(),
        error: KafkaError::None,
    }
}

fn no_offset(partition: i32, error: KafkaError) -> FetchedOffset {
    FetchedOffset { partition, offset: INVALID_OFFSET, leader_epoch: -1, metadata: String::new(), error }
}

/// Plans records that need not be one unit.
fn write_in_parts(records: Vec<CoordinatorRecord>, cx: &mut GroupCx<'_>) {
    let mut part = Vec::new();
    let mut size = 0;
    for record in records {
        let next = record.estimated_size();
        if size + next > CLEANUP_WRITE_BYTES {
            cx.write(std::mem::take(&mut part), Replay::Yes, None);
            size = 0;
        }
        size += next;
        part.push(record);
    }
    cx.write(part, Replay::Yes, None);
}
