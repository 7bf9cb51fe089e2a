//! The group coordinator of one partition of `__consumer_offsets`: classic groups and committed offsets.
//!
//! Modules in reading order: [`api`] (requests and responses), [`config`], [`records`] (what is in the log), `classic` and
//! `member` (a group), `join`, `membership`, `rebalance` (its life), [`offsets`] and `commit` (committed offsets),
//! `registry` (the groups of the shard), `versioned`.
//! Owned by the shard of its partition and run by [`super::runtime::Shard`].
//!
//! Invariants
//! - Offsets, and the existence of groups, change only by replaying records; pure reads see them at the high watermark.
//! - A classic group's members and state are soft between generations, as in Kafka: they change at once, and what a
//!   finished generation looked like is recorded. State equals the replay of the log for every group that is Stable or
//!   Empty and has no write under way.
//! - A group of another type (written by Apache Kafka) is known by its existence only: its records stay in the log, and
//!   nothing here changes it.
//!
//! Deliberately not here: consumer, share and streams groups, TxnOffsetCommit (its records are replayed), authorisation,
//! existence of topics, wire versions.

pub mod api;
mod classic;
mod commit;
mod config;
mod join;
mod member;
mod membership;
pub mod offsets;
mod rebalance;
pub mod records;
mod registry;
mod versioned;

#[cfg(test)]
mod tests;

pub use api::{GroupRequest, GroupResponse, RequestContext};
pub use classic::{CONSUMER_PROTOCOL_TYPE, ClassicGroup, ClassicState};
pub use config::GroupConfig;
pub use member::Member;
pub use records::CoordinatorRecord;

use self::api::{
    DescribedGroup, JoinGroupRequest, JoinGroupResponse, LeaveGroupResponse, LeftMember, ListedGroup,
    OffsetCommitResponse, OffsetDeleteResponse, OffsetFetchResponse, SyncGroupResponse, TopicResult,
};
use self::join::Join;
use self::offsets::{OffsetAndMetadata, OffsetStore, View};
use self::rebalance::Env;
use self::records::empty_group_metadata;
use self::registry::GroupRegistry;
use super::runtime::{
    Cx, NO_PRODUCER_ID, Replay, ReplayEnv, RequestToken, Shard, StateMachine, TransactionResult, WriteFailure,
    operation_error,
};
use crate::errors::KafkaError;
use bytes::Bytes;
use ottla_base::clock::Now;
use ottla_record::codec::CoordinatorRecordError;
use ottla_record::generated::group::{CoordinatorRecordKey, CoordinatorRecordValue};
use std::collections::BTreeMap;
use std::sync::Arc;

/// A coordinator shard of `__consumer_offsets`.
pub type GroupShard = Shard<GroupCoordinator>;
/// What operations of this coordinator work with.
pub type GroupCx<'a> = Cx<'a, GroupCoordinator>;

/// The state of one shard.
#[derive(Debug)]
pub struct GroupCoordinator {
    config: GroupConfig,
    groups: GroupRegistry,
    offsets: OffsetStore,
}

/// A group of any type.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Group {
    /// Joined by JoinGroup, or made by commits alone.
    Classic(Box<ClassicGroup>),
    /// Of a type that is not served yet: it exists, and is left alone.
    Modern(GroupType),
}

/// `Group.GroupType`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum GroupType {
    /// KIP-848.
    Consumer,
    /// JoinGroup and SyncGroup.
    Classic,
    /// KIP-932.
    Share,
    /// KIP-1071.
    Streams,
}

impl GroupType {
    /// As ListGroups says it.
    pub fn name(self) -> &'static str {
        match self {
            GroupType::Consumer => "consumer",
            GroupType::Classic => "classic",
            GroupType::Share => "share",
            GroupType::Streams => "streams",
        }
    }
}

/// Names a timer.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum TimerKey {
    /// The periodic clean-up of offsets.
    Expiry,
    /// The join phase of a group.
    Join(Arc<str>),
    /// The sync phase of a group.
    Sync(Arc<str>),
    /// The session of a member, or of an id that was handed out: (group, member).
    Heartbeat(Arc<str>, Arc<str>),
}

/// What a timer does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TimerTask {
    /// Cleans up, and sets itself again.
    Expiry,
    /// Ends the join phase.
    CompleteJoin,
    /// Ends the first join phase of an empty group, or extends it.
    InitialDelay {
        /// How long this delay is.
        delay_ms: u64,
        /// How long it may still be extended.
        remaining_ms: u64,
    },
    /// Drops who has not synced.
    PendingSync {
        /// In this generation.
        generation_id: i32,
    },
    /// Gives up a member.
    Heartbeat,
}

/// What is left to do when a write is decided.
#[derive(Debug)]
pub enum Followup {
    /// A group was made by a join: without its record it is not there.
    NewGroup(Arc<str>),
    /// A group has lost its last member.
    EmptyGroup(Arc<str>),
    /// A generation's assignment.
    Sync(SyncWrite),
    /// A static member's new id.
    StaticMember(StaticMemberWrite),
}

/// See [`Followup::Sync`].
#[derive(Debug)]
pub struct SyncWrite {
    group_id: Arc<str>,
    generation_id: i32,
    leader: String,
    assignment: BTreeMap<String, Bytes>,
}

/// See [`Followup::StaticMember`].
#[derive(Debug)]
pub struct StaticMemberWrite {
    group_id: Arc<str>,
    generation_id: i32,
    old: Box<Member>,
    new_id: Arc<str>,
    token: RequestToken,
    leader_before: String,
    supports_skip: bool,
}

/// Loading: replays one record as it is in the log. Records of types that are not known are skipped with a warning (they
/// stay in the log); one that cannot be read is an error, and the partition cannot be served.
pub fn replay_encoded(
    shard: &mut GroupShard,
    offset: i64,
    producer_id: i64,
    (key, value): (&[u8], Option<&[u8]>),
    now: Now,
) -> Result<(), CoordinatorRecordError> {
    match CoordinatorRecord::decode(key, value) {
        Ok(record) => shard.replay(offset, producer_id, record, now),
        Err(CoordinatorRecordError::UnknownType(record_type)) => {
            tracing::warn!(
                "Unknown record type {record_type} while loading offsets and group metadata. Ignoring it. It could be a \
                 left over from an aborted upgrade."
            );
            shard.skip(offset);
        }
        Err(error) => return Err(error),
    }
    Ok(())
}

impl GroupCoordinator {
    /// A coordinator that knows nothing yet.
    pub fn new(config: GroupConfig) -> GroupCoordinator {
        GroupCoordinator { config, groups: GroupRegistry::default(), offsets: OffsetStore::default() }
    }

    /// Takes over changed settings. Timers that are set keep their deadlines.
    pub fn set_config(&mut self, config: GroupConfig) {
        self.config = config;
    }

    /// ListGroups at the high watermark. An empty filter lets everything pass; both ignore case.
    pub fn list_groups(&self, states: &[String], types: &[String]) -> Vec<ListedGroup> {
        let listed = self.groups.iter_committed().map(|(group_id, group)| match group {
            Group::Classic(group) => group.listed(),
            Group::Modern(kind) => ListedGroup {
                group_id: group_id.to_string(),
                protocol_type: match kind {
                    GroupType::Consumer => CONSUMER_PROTOCOL_TYPE.to_owned(),
                    other => other.name().to_owned(),
                },
                group_state: ClassicState::Empty.name(),
                group_type: kind.name(),
            },
        });
        listed
            .filter(|group| {
                states.is_empty() || states.iter().any(|s| s.trim().eq_ignore_ascii_case(group.group_state))
            })
            .filter(|group| types.is_empty() || types.iter().any(|t| t.eq_ignore_ascii_case(group.group_type)))
            .collect()
    }

    /// DescribeGroups of one group; `api_version` decides how a missing one is told.
    pub fn describe_group(&self, group_id: &str, api_version: i16) -> DescribedGroup {
        let mut described = DescribedGroup {
            error: KafkaError::None,
            error_message: None,
            group_id: group_id.to_owned(),
            group_state: "Dead",
            protocol_type: String::new(),
            protocol_data: String::new(),
            members: Vec::new(),
        };
        let missing = match self.groups.committed(group_id) {
            Some(Group::Classic(group)) => {
                let protocol =
                    (group.state == ClassicState::Stable).then(|| group.protocol_name.as_deref().unwrap_or_default());
                described.group_state = group.state.name();
                described.protocol_type = group.protocol_type.clone().unwrap_or_default();
                described.protocol_data = protocol.unwrap_or_default().to_owned();
                described.members = group.members.values().map(|member| member.describe(protocol)).collect();
                return described;
            }
            Some(Group::Modern(_)) => format!("Group {group_id} is not a classic group."),
            None => format!("Group {group_id} not found."),
        };
        if api_version >= 6 {
            described.error = KafkaError::GroupIdNotFound;
            described.error_message = Some(missing);
        }
        described
    }

    /// The latest state of a classic group.
    pub fn classic_group(&self, group_id: &str) -> Option<&ClassicGroup> {
        match self.groups.latest(group_id)? {
            Group::Classic(group) => Some(group),
            Group::Modern(_) => None,
        }
    }

    /// Ids of all groups at the end of the log.
    pub fn group_ids(&self) -> impl Iterator<Item = &Arc<str>> {
        self.groups.iter_latest().map(|(group_id, _)| group_id)
    }

    /// Committed offsets, for tests and metrics.
    pub fn offsets(&self) -> &OffsetStore {
        &self.offsets
    }

    fn join_group(
        &mut self,
        token: RequestToken,
        context: RequestContext,
        mut request: JoinGroupRequest,
        cx: &mut GroupCx<'_>,
    ) {
        let timeouts = self.config.min_session_timeout_ms..=self.config.max_session_timeout_ms;
        let refused = if request.group_id.is_empty() {
            Some(KafkaError::InvalidGroupId)
        } else if !timeouts.contains(&request.session_timeout_ms) {
            Some(KafkaError::InvalidSessionTimeout)
        } else {
            None
        };
        if let Some(error) = refused {
            let response = JoinGroupResponse::error(error, &request.member_id);
            return cx.reply(token, GroupResponse::JoinGroup(response));
        }
        if context.api_version == 0 {
            request.rebalance_timeout_ms = request.session_timeout_ms;
        }
        let is_new = match self.groups.latest(&request.group_id) {
            Some(Group::Classic(_)) => false,
            Some(Group::Modern(_)) => {
                let response = JoinGroupResponse::error(KafkaError::InconsistentGroupProtocol, api::UNKNOWN_MEMBER_ID);
                return cx.reply(token, GroupResponse::JoinGroup(response));
            }
            None if request.member_id == api::UNKNOWN_MEMBER_ID => {
                self.groups.create_unwritten(&request.group_id, cx.now.wall_ms);
                true
            }
            None => {
                let response = JoinGroupResponse::error(KafkaError::UnknownMemberId, &request.member_id);
                return cx.reply(token, GroupResponse::JoinGroup(response));
            }
        };
        let group_id = request.group_id.clone();
        let Some((group, mut env)) = self.classic_and_env(&group_id, cx) else { return };
        let timestamp_ms = group.current_state_timestamp_ms.unwrap_or(-1);
        group.join(Join { token, context, request }, &mut env);
        let group_id = group.group_id.clone();
        if is_new && !cx.has_writes() {
            let record = empty_group_metadata(&group_id, timestamp_ms);
            cx.write(vec![record], Replay::No, Some(Followup::NewGroup(group_id)));
        }
    }

    /// A classic group together with what its operations work with.
    fn classic_and_env<'a, 'b>(
        &'a mut self,
        group_id: &str,
        cx: &'a mut GroupCx<'b>,
    ) -> Option<(&'a mut ClassicGroup, Env<'a, 'b>)> {
        match self.groups.latest_mut(group_id)? {
            Group::Classic(group) => Some((group, Env { cx, config: &self.config })),
            Group::Modern(_) => None,
        }
    }
}

impl StateMachine for GroupCoordinator {
    type Record = CoordinatorRecord;
    type Request = GroupRequest;
    type Response = GroupResponse;
    type TimerKey = TimerKey;
    type TimerTask = TimerTask;
    type Followup = Followup;

    fn handle(&mut self, token: RequestToken, request: GroupRequest, cx: &mut GroupCx<'_>) {
        match request {
            GroupRequest::JoinGroup(context, request) => self.join_group(token, context, request, cx),
            GroupRequest::SyncGroup(request) => {
                let group_id = request.group_id.clone();
                let error = match self.classic_and_env(&group_id, cx) {
                    Some((group, mut env)) => return group.sync(token, request, &mut env),
                    None if group_id.is_empty() => KafkaError::InvalidGroupId,
                    None => KafkaError::UnknownMemberId,
                };
                cx.reply(token, GroupResponse::SyncGroup(SyncGroupResponse::error(error)));
            }
            GroupRequest::Heartbeat(request) => {
                let result = match self.classic_and_env(&request.group_id, cx) {
                    Some((group, mut env)) => group.heartbeat(&request, &mut env),
                    None if request.group_id.is_empty() => Err(KafkaError::InvalidGroupId),
                    None => Err(KafkaError::UnknownMemberId),
                };
                match result {
                    Ok(()) => cx.reply_when_committed(token, GroupResponse::Heartbeat(KafkaError::None)),
                    Err(error) => cx.reply(token, GroupResponse::Heartbeat(error)),
                }
            }
            GroupRequest::LeaveGroup(request) => {
                let response = match self.classic_and_env(&request.group_id, cx) {
                    Some((group, mut env)) => group.leave(request, &mut env),
                    None if request.group_id.is_empty() => {
                        LeaveGroupResponse { error: KafkaError::InvalidGroupId, members: Vec::new() }
                    }
                    None => {
                        let unknown = |member: api::LeavingMember| LeftMember {
                            member_id: member.member_id,
                            group_instance_id: member.group_instance_id,
                            error: KafkaError::UnknownMemberId,
                        };
                        let members = request.members.into_iter().map(unknown).collect();
                        LeaveGroupResponse { error: KafkaError::None, members }
                    }
                };
                cx.reply_when_committed(token, GroupResponse::LeaveGroup(response));
            }
            GroupRequest::OffsetCommit(context, request) => match self.commit_offsets(&context, &request, cx) {
                Ok((records, response)) => {
                    cx.write(records, Replay::Yes, None);
                    cx.reply_when_committed(token, GroupResponse::OffsetCommit(response));
                }
                Err(error) => {
                    let topic = |topic: api::OffsetCommitTopic| TopicResult {
                        name: topic.name,
                        topic_id: topic.topic_id,
                        partitions: topic.partitions.iter().map(|partition| (partition.partition, error)).collect(),
                    };
                    let topics = request.topics.into_iter().map(topic).collect();
                    cx.reply(token, GroupResponse::OffsetCommit(OffsetCommitResponse { topics }));
                }
            },
            GroupRequest::OffsetFetchStable(request) => {
                let response = self.fetch_at(&request, View::Latest);
                cx.reply_when_committed(token, GroupResponse::OffsetFetch(response));
            }
            GroupRequest::OffsetDelete(request) => match self.delete_offsets(&request) {
                Ok((records, response)) => {
                    cx.write(records, Replay::Yes, None);
                    cx.reply_when_committed(token, GroupResponse::OffsetDelete(response));
                }
                Err(error) => {
                    let response = OffsetDeleteResponse { error, topics: Vec::new() };
                    cx.reply(token, GroupResponse::OffsetDelete(response));
                }
            },
            GroupRequest::DeleteGroups(group_ids) => {
                let (records, results) = self.delete_groups(group_ids);
                cx.write(records, Replay::Yes, None);
                cx.reply_when_committed(token, GroupResponse::DeleteGroups(results));
            }
            GroupRequest::TopicsDeleted(topics) => {
                self.topics_deleted(&topics, cx);
                cx.reply_when_committed(token, GroupResponse::TopicsDeleted(KafkaError::None));
            }
        }
    }

    fn replay(&mut self, offset: i64, producer_id: i64, record: CoordinatorRecord, env: &mut ReplayEnv<'_, Self>) {
        use CoordinatorRecordKey as Key;
        use CoordinatorRecordValue as Value;
        let CoordinatorRecord { key, value } = record;
        match (key, value.map(|(value, _)| value)) {
            (Key::OffsetCommit(key), None) => self.offsets.put(offset, &key.group, &key.topic, key.partition, None),
            (Key::OffsetCommit(key), Some(Value::OffsetCommit(value))) => {
                self.groups.ensure_exists(&key.group, offset, env.now.wall_ms);
                let value = OffsetAndMetadata::from_record(offset, value);
                if producer_id == NO_PRODUCER_ID {
                    self.offsets.put(offset, &key.group, &key.topic, key.partition, Some(value));
                } else {
                    self.offsets.put_transactional(producer_id, &key.group, &key.topic, key.partition, value);
                }
            }
            (Key::LegacyOffsetCommit(key), None) => {
                self.offsets.put(offset, &key.group, &key.topic, key.partition, None)
            }
            (Key::LegacyOffsetCommit(key), Some(Value::LegacyOffsetCommit(value))) => {
                self.groups.ensure_exists(&key.group, offset, env.now.wall_ms);
                let value = ottla_record::generated::group::OffsetCommitValue {
                    offset: value.offset,
                    metadata: value.metadata,
                    commit_timestamp: value.commit_timestamp,
                    ..Default::default()
                };
                let value = OffsetAndMetadata::from_record(offset, value);
                self.offsets.put(offset, &key.group, &key.topic, key.partition, Some(value));
            }
            (Key::GroupMetadata(key), value) => {
                if let Some(Group::Classic(old)) = self.groups.latest(&key.group) {
                    for timer in old.timer_keys() {
                        env.timers.cancel(&timer);
                    }
                }
                match value {
                    Some(Value::GroupMetadata(value)) => {
                        let group = ClassicGroup::from_record(Arc::from(key.group.as_str()), value);
                        self.groups.put(&key.group, Some(Group::Classic(Box::new(group))), offset);
                    }
                    _ => self.groups.put(&key.group, None, offset),
                }
            }
            (Key::ConsumerGroupMetadata(key), value) => {
                self.groups.put_modern(&key.group_id, GroupType::Consumer, value.is_some(), offset);
            }
            (Key::ShareGroupMetadata(key), value) => {
                self.groups.put_modern(&key.group_id, GroupType::Share, value.is_some(), offset);
            }
            (Key::StreamsGroupMetadata(key), value) => {
                self.groups.put_modern(&key.group_id, GroupType::Streams, value.is_some(), offset);
            }
            // Parts of groups that are not served yet: they stay in the log.
            _ => {}
        }
    }

    fn replay_end_transaction_marker(&mut self, offset: i64, producer_id: i64, result: TransactionResult) {
        self.offsets.end_transaction(offset, producer_id, result);
    }

    fn on_written(&mut self, followup: &Followup, last_offset: i64) {
        if let Followup::NewGroup(group_id) = followup {
            self.groups.written(group_id, last_offset);
        }
    }

    fn on_decided(&mut self, followup: Followup, result: Result<(), WriteFailure>, cx: &mut GroupCx<'_>) {
        match followup {
            Followup::NewGroup(group_id) => {
                if let Err(WriteFailure::Refused(error)) = result {
                    tracing::warn!("Failed to write empty metadata for group {group_id}: {error}");
                    self.forget_unwritten(&group_id, error, cx);
                }
            }
            Followup::EmptyGroup(group_id) => {
                if let Err(failure) = result {
                    // The previous generation is the last that the log knows. If this node fails now, its members are
                    // dropped again when their sessions end.
                    tracing::warn!("Failed to write empty metadata for group {group_id}: {}", failure.error());
                }
            }
            Followup::Sync(write) => {
                if let Some((group, mut env)) = self.classic_and_env(&write.group_id.clone(), cx) {
                    group.on_assignment_written(write, result, &mut env);
                }
            }
            Followup::StaticMember(write) => {
                if let Some((group, mut env)) = self.classic_and_env(&write.group_id.clone(), cx) {
                    group.on_static_member_written(write, result, &mut env);
                }
            }
        }
    }

    fn on_high_watermark(&mut self, high_watermark: i64) {
        self.offsets.commit(high_watermark);
        self.groups.commit(high_watermark);
    }

    fn on_timer(&mut self, key: TimerKey, task: TimerTask, cx: &mut GroupCx<'_>) {
        let (group_id, member_id) = match key {
            TimerKey::Expiry => return self.expire_offsets(cx),
            TimerKey::Join(group_id) | TimerKey::Sync(group_id) => (group_id, None),
            TimerKey::Heartbeat(group_id, member_id) => (group_id, Some(member_id)),
        };
        let Some((group, mut env)) = self.classic_and_env(&group_id, cx) else { return };
        match (task, member_id) {
            (TimerTask::CompleteJoin, _) if group.state == ClassicState::PreparingRebalance => {
                group.complete_join(&mut env)
            }
            (TimerTask::InitialDelay { delay_ms, remaining_ms }, _)
                if group.state == ClassicState::PreparingRebalance =>
            {
                group.on_initial_delay(delay_ms, remaining_ms, &mut env);
            }
            (TimerTask::PendingSync { generation_id }, _) => group.on_pending_sync(generation_id, &mut env),
            (TimerTask::Heartbeat, Some(member_id)) => group.on_heartbeat_expired(&member_id, &mut env),
            _ => {}
        }
    }

    fn on_loaded(&mut self, cx: &mut GroupCx<'_>) {
        let group_ids: Vec<Arc<str>> = self.group_ids().cloned().collect();
        for group_id in group_ids {
            let Some((group, mut env)) = self.classic_and_env(&group_id, cx) else { continue };
            tracing::info!("Loaded classic group {group_id} with {} members.", group.members.len());
            let members: Vec<Arc<str>> = group.members.keys().cloned().collect();
            for member_id in members {
                group.reschedule_heartbeat(&member_id, env.cx);
            }
            let (size, max_size) = (group.members.len(), env.config.max_size);
            if size > max_size {
                let reason = format!(
                    "Freshly-loaded group {group_id} (size {size}) is over capacity {max_size}. Rebalancing in order to \
                     give a chance for consumers to commit offsets"
                );
                group.prepare_rebalance(&reason, &mut env);
            }
        }
        cx.schedule(TimerKey::Expiry, self.config.offsets_retention_check_interval_ms, TimerTask::Expiry);
    }

    fn on_unloaded(&mut self, cx: &mut GroupCx<'_>) {
        for group in self.groups.iter_latest_mut() {
            if let Group::Classic(group) = group {
                tracing::info!(
                    "[GroupId={}] Unloading group metadata for generation {}.",
                    group.group_id,
                    group.generation_id
                );
                for member in group.members.values_mut() {
                    if let Some(token) = member.awaiting_join.take() {
                        let response = JoinGroupResponse::error(KafkaError::NotCoordinator, &member.member_id);
                        cx.reply(token, GroupResponse::JoinGroup(response));
                    }
                    if let Some(token) = member.awaiting_sync.take() {
                        let response = SyncGroupResponse::error(KafkaError::NotCoordinator);
                        cx.reply(token, GroupResponse::SyncGroup(response));
                    }
                }
            }
        }
    }

    fn error_response(response: GroupResponse, error: KafkaError) -> GroupResponse {
        let mapped = operation_error(error);
        match response {
            GroupResponse::JoinGroup(r) => GroupResponse::JoinGroup(JoinGroupResponse::error(mapped, &r.member_id)),
            GroupResponse::SyncGroup(_) => GroupResponse::SyncGroup(SyncGroupResponse::error(mapped)),
            GroupResponse::Heartbeat(_) => GroupResponse::Heartbeat(mapped),
            GroupResponse::LeaveGroup(_) => {
                GroupResponse::LeaveGroup(LeaveGroupResponse { error: mapped, members: Vec::new() })
            }
            GroupResponse::OffsetCommit(mut r) => {
                for (_, result) in r.topics.iter_mut().flat_map(|topic| &mut topic.partitions) {
                    *result = mapped;
                }
                GroupResponse::OffsetCommit(r)
            }
            GroupResponse::OffsetFetch(r) => {
                // Consumers before 3.9 do not retry a fetch that is answered with COORDINATOR_NOT_AVAILABLE.
                let error = match mapped {
                    KafkaError::CoordinatorNotAvailable => KafkaError::NotCoordinator,
                    other => other,
                };
                GroupResponse::OffsetFetch(OffsetFetchResponse { error, topics: Vec::new(), ..r })
            }
            GroupResponse::OffsetDelete(_) => {
                GroupResponse::OffsetDelete(OffsetDeleteResponse { error: mapped, topics: Vec::new() })
            }
            GroupResponse::DeleteGroups(results) => {
                GroupResponse::DeleteGroups(results.into_iter().map(|(group_id, _)| (group_id, mapped)).collect())
            }
            GroupResponse::TopicsDeleted(_) => GroupResponse::TopicsDeleted(mapped),
        }
    }
}

impl GroupCoordinator {
    /// The record of a new group was refused: the group is not there, nor is who waits in it.
    fn forget_unwritten(&mut self, group_id: &Arc<str>, error: KafkaError, cx: &mut GroupCx<'_>) {
        let Some(Group::Classic(group)) = self.groups.forget_unwritten(group_id) else { return };
        for timer in group.timer_keys() {
            cx.timers.cancel(&timer);
        }
        for token in group.members.values().filter_map(|member| member.awaiting_join) {
            let response = JoinGroupResponse::error(operation_error(error), "");
            cx.reply(token, GroupResponse::JoinGroup(response));
        }
    }
}
