//! Group members and other users of committed offsets, on a coordinator whose log is a partition of the simulated disk.

use super::bugs::Bug;
use super::model::read_batches;
use super::node::Token;
use super::world::World;
use super::{Run, Stop, ensure, violation};
use bytes::{BufMut, Bytes, BytesMut};
use ottla_base::ids::ZERO_UUID;
use ottla_base::rng::Rng;
use ottla_core::coordinator::group::api::*;
use ottla_core::coordinator::group::offsets::View;
use ottla_core::coordinator::group::{
    ClassicGroup, ClassicState, CoordinatorRecord, GroupConfig, GroupCoordinator, GroupShard,
};
use ottla_core::coordinator::runtime::{Appended, NO_PRODUCER_ID, Outcome, RequestToken, Shard};
use ottla_core::errors::KafkaError;
use ottla_core::log::{AppendBatch, AppendError, AppendOrigin};
use ottla_core::partition::{Acks, AppendFailure, Work};
use ottla_record::batch::BatchBuilder;
use ottla_record::generated::consumer_protocol::ConsumerProtocolSubscription;
use std::collections::BTreeMap;

/// A group with members.
const GROUP: &str = "g";
/// A group that exists by commits alone.
const SIMPLE: &str = "simple";
const TOPIC: &str = "plain";
const PARTITIONS: i32 = 4;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Doing {
    /// Crashed, or left.
    Nothing,
    /// About to join.
    Idle,
    Joining(RequestToken),
    Syncing(RequestToken),
    Stable,
}

#[derive(Debug)]
struct Member {
    instance: Option<String>,
    api_version: i16,
    member_id: String,
    generation: i32,
    doing: Doing,
}

impl Member {
    fn reset(&mut self, doing: Doing) {
        self.member_id.clear();
        self.generation = -1;
        self.doing = doing;
    }

    fn owner(&self) -> String {
        self.instance.clone().unwrap_or_else(|| self.member_id.clone())
    }
}

/// What was done to one offset, in the order of the log: the value, `None` for its end.
#[derive(Debug)]
struct History {
    values: Vec<Option<i64>>,
    /// Acknowledged or seen: nothing before it may be seen again.
    floor: usize,
}

impl Default for History {
    fn default() -> Self {
        History { values: vec![None], floor: 0 }
    }
}

/// What an operation does once it is acknowledged: (key of the history, position in it).
type Effects = Vec<((&'static str, i32), usize)>;

#[derive(Debug)]
struct Asked {
    effects: Effects,
    /// The high watermark that its answer waits for, if it wrote something.
    needs: Option<i64>,
    /// Who asked, and in which generation.
    member: Option<(usize, i32)>,
}

/// Clients of the coordinator, and what they know.
#[derive(Debug)]
pub struct Groups {
    members: Vec<Member>,
    config: GroupConfig,
    histories: BTreeMap<(&'static str, i32), History>,
    asked: BTreeMap<RequestToken, Asked>,
    /// (generation, partition) → owner.
    owners: BTreeMap<(i32, u8), String>,
    next_token: u64,
    next_offset: i64,
    /// The log may not know that the group is empty, because it refused to be told.
    unrecorded: bool,
}

impl Groups {
    pub fn new(rng: &mut Rng) -> Groups {
        let delay = if rng.one_in(2) { 0 } else { 3_000 };
        let members = (0..2 + rng.below(3))
            .map(|n| Member {
                instance: rng.one_in(3).then(|| format!("instance-{n}")),
                api_version: if rng.one_in(4) { 3 + rng.below(6) as i16 } else { 9 },
                member_id: String::new(),
                generation: -1,
                doing: Doing::Idle,
            })
            .collect();
        Groups {
            members,
            config: GroupConfig { initial_rebalance_delay_ms: delay, ..GroupConfig::default() },
            histories: BTreeMap::new(),
            asked: BTreeMap::new(),
            owners: BTreeMap::new(),
            next_token: 0,
            next_offset: 0,
            unrecorded: false,
        }
    }

    /// Connections are gone, and with them what was asked.
    pub fn on_crash(&mut self) {
        self.asked.clear();
        self.unrecorded = false;
        for member in &mut self.members {
            if matches!(member.doing, Doing::Joining(_) | Doing::Syncing(_)) {
                member.doing = Doing::Idle;
            }
        }
    }

    /// Unflushed records of the coordinator are lost: any value that was ever written may be the last one now, and
    /// generations may come again.
    pub fn on_loss(&mut self) {
        self.owners.clear();
        for history in self.histories.values_mut() {
            history.floor = 0;
        }
    }

    /// What the next request will be known by.
    fn upcoming(&self) -> RequestToken {
        RequestToken(self.next_token + 1)
    }

    fn token(&mut self) -> RequestToken {
        self.next_token += 1;
        RequestToken(self.next_token)
    }

    /// Notes that an operation is about to write values.
    fn will_write(&mut self, group: &'static str, values: &[(i32, Option<i64>)]) -> Effects {
        values
            .iter()
            .map(|(partition, value)| {
                let history = self.histories.entry((group, *partition)).or_default();
                history.values.push(*value);
                ((group, *partition), history.values.len() - 1)
            })
            .collect()
    }
}

fn new_shard(config: &GroupConfig, rng: Rng) -> GroupShard {
    Shard::new(GroupCoordinator::new(config.clone()), rng, 5_000)
}

impl World {
    // ---- the shell around the shard ----

    /// Replays the log into a shard. It is asked nothing before the high watermark has reached where the log ended: what
    /// it would tell from beyond could still be truncated.
    pub fn load_coordinator(&mut self) -> Run {
        let rng = self.rng.fork();
        let shard = self.replay_coordinator(rng, self.bug)?;
        if let Some(node) = &mut self.node {
            (node.shard, node.loading) = (None, Some(shard));
        }
        self.coordinator_high_watermark()
    }

    fn replay_coordinator(&mut self, rng: Rng, bug: Option<Bug>) -> Run<GroupShard> {
        let tp = self.offsets_tp.clone();
        let now = self.now;
        let log = self.replica(&tp)?.log_mut();
        let (start, end, mark) = (log.log_start_offset(), log.log_end_offset(), log.high_watermark());
        let batches = read_batches(&log.snapshot(), start, end, 4096)?;
        let mut shard = new_shard(&self.groups.config, rng);
        let outcome = shard.on_high_watermark(mark, now);
        ensure!(outcome.writes.is_empty() && outcome.replies.is_empty(), "a shard that knows nothing has answers");
        for (offset, key, value) in batches.iter().map(|b| b.key_values()).collect::<Result<Vec<_>, _>>()?.concat() {
            if value.is_none() && bug == Some(Bug::TombstoneDropped) {
                continue;
            }
            let record = CoordinatorRecord::decode(&key, value.as_deref())
                .map_err(|e| Stop::Violation(format!("a coordinator's record cannot be read: {e}")))?;
            shard.replay(offset, NO_PRODUCER_ID, record, now);
        }
        Ok(shard)
    }

    /// The partition goes elsewhere: what is parked is answered.
    pub fn unload_coordinator(&mut self) -> Run {
        let now = self.now;
        let Some(node) = &mut self.node else { return Ok(()) };
        node.loading = None;
        let Some(mut shard) = node.shard.take() else { return Ok(()) };
        for (token, response) in shard.unload(now) {
            self.on_group_answer(token, response)?;
        }
        self.groups.asked.clear();
        self.groups.unrecorded = false;
        Ok(())
    }

    pub fn coordinator_high_watermark(&mut self) -> Run {
        let tp = self.offsets_tp.clone();
        let (mark, too_early) = (self.replica(&tp)?.log().high_watermark(), self.bug == Some(Bug::LoadedTooEarly));
        let Some(node) = &mut self.node else { return Ok(()) };
        let loaded = node.loading.take_if(|shard| shard.end_offset() <= mark || too_early);
        let is_new = loaded.is_some();
        if is_new {
            node.shard = loaded;
            self.forget_deleted_group();
        }
        self.coordinate(None, |shard, now| shard.on_high_watermark(mark, now))?;
        if is_new { self.coordinate(None, |shard, now| shard.on_loaded(now)) } else { Ok(()) }
    }

    pub fn coordinator_timers(&mut self) -> Run {
        let due = |w: &World| {
            let shard = w.node.as_ref()?.shard.as_ref()?;
            shard.next_deadline().filter(|deadline| *deadline <= w.now.mono_ms)
        };
        if due(self).is_some() { self.coordinate(None, |shard, now| shard.on_timer(now)) } else { Ok(()) }
    }

    /// Calls the shard, appends what it wants to write, and hands out its answers.
    fn coordinate(
        &mut self,
        asked: Option<RequestToken>,
        call: impl FnOnce(&mut GroupShard, ottla_base::clock::Now) -> Outcome<GroupCoordinator>,
    ) -> Run {
        let now = self.now;
        let Some(mut shard) = self.node.as_mut().and_then(|n| n.shard.take()) else { return Ok(()) };
        let outcome = call(&mut shard, now);
        let writes = outcome.writes.len();
        let (mut appends, mut failure) = (0, Ok(()));
        let replies = shard.settle(outcome, now, |records| {
            if failure.is_err() {
                return Err(KafkaError::KafkaStorageError);
            }
            appends += 1;
            match self.append_records(records) {
                Ok(Ok(appended)) => {
                    let end = appended.base_offset + records.len() as i64;
                    if appends <= writes
                        && let Some(asked) = asked.and_then(|token| self.groups.asked.get_mut(&token))
                    {
                        asked.needs = Some(end);
                    }
                    Ok(appended)
                }
                Ok(Err(error)) => {
                    self.groups.unrecorded = true;
                    Err(error)
                }
                Err(stop) => {
                    failure = Err(stop);
                    Err(KafkaError::KafkaStorageError)
                }
            }
        });
        if let Some(node) = &mut self.node {
            node.shard = Some(shard);
        }
        // A node whose disk fails answers nobody any more.
        failure?;
        for (token, response) in replies {
            self.on_group_answer(token, response)?;
        }
        Ok(())
    }

    fn append_records(&mut self, records: &[CoordinatorRecord]) -> Run<Result<Appended, KafkaError>> {
        let tp = self.offsets_tp.clone();
        let mut builder = BatchBuilder::new(0);
        for record in records {
            let (key, value) = record.encode().map_err(|e| Stop::Violation(e.to_string()))?;
            builder.append_kv(self.now.wall_ms, Some(&key), value.as_deref());
        }
        let batch = AppendBatch::new(&builder.build()?).map_err(|e| Stop::Violation(e.to_string()))?;
        let base_offset = self.replica(&tp)?.log().log_end_offset();
        let work = Work {
            batches: vec![batch],
            origin: AppendOrigin::Coordinator,
            acks: Acks::All,
            token: Token::Coordinator,
        };
        for (token, result) in self.append(&tp, vec![work])? {
            match (token, result) {
                (Token::Coordinator, Ok(_)) => {}
                (_, Err(AppendFailure::Log(AppendError::Storage(error)))) if error.is_disk_full() => {
                    ensure!(self.is_full(), "the disk is full without being full: {error}");
                    return Ok(Err(KafkaError::KafkaStorageError));
                }
                (_, Err(AppendFailure::Log(AppendError::Storage(error)))) => return Err(error.into()),
                (token, result) => return violation(format!("the coordinator's append: {token:?} {result:?}")),
            }
        }
        let bug = self.bug;
        let log = self.replica(&tp)?.log();
        let high_watermark = match bug {
            Some(Bug::CommitBeforeHighWatermark) => log.log_end_offset(),
            _ => log.high_watermark(),
        };
        Ok(Ok(Appended { base_offset, high_watermark }))
    }

    fn ask(&mut self, request: GroupRequest, member: Option<(usize, i32)>, effects: Effects) -> Run {
        let token = self.groups.token();
        if self.node.as_ref().is_none_or(|n| n.shard.is_none()) {
            // COORDINATOR_LOAD_IN_PROGRESS.
            if let Some((which, _)) = member
                && matches!(self.groups.members[which].doing, Doing::Joining(_) | Doing::Syncing(_))
            {
                self.groups.members[which].doing = Doing::Idle;
            }
            self.note("the coordinator is loading");
            return Ok(());
        }
        self.groups.asked.insert(token, Asked { effects, needs: None, member });
        self.coordinate(Some(token), |shard, now| shard.handle(token, request, now))
    }

    // ---- clients ----

    pub fn group_event(&mut self) -> Run {
        let which = self.rng.below(self.groups.members.len() as u64) as usize;
        match self.rng.below(40) {
            0..=17 => self.member_acts(which),
            18..=25 => self.commit_as_member(which),
            26 => self.member_crashes(which),
            27 => self.member_leaves(which),
            28 | 29 => {
                if self.groups.members[which].doing == Doing::Nothing {
                    self.groups.members[which].reset(Doing::Idle);
                }
                Ok(())
            }
            30..=33 => self.commit_simple(),
            34 | 35 => self.delete_offsets(),
            36 => self.delete_group(),
            _ => self.fetch_stable(),
        }
    }

    /// Every member has its turn.
    pub fn members_act(&mut self) -> Run {
        (0..self.groups.members.len()).try_for_each(|which| self.member_acts(which))
    }

    /// What a member does when it is its turn.
    fn member_acts(&mut self, which: usize) -> Run {
        let member = &self.groups.members[which];
        let asking = Some((which, member.generation));
        match member.doing {
            // Answers come when they come.
            Doing::Nothing | Doing::Joining(_) | Doing::Syncing(_) => Ok(()),
            Doing::Idle => {
                let request = JoinGroupRequest {
                    group_id: GROUP.into(),
                    session_timeout_ms: 10_000,
                    rebalance_timeout_ms: 20_000,
                    member_id: member.member_id.clone(),
                    group_instance_id: member.instance.clone(),
                    protocol_type: "consumer".into(),
                    protocols: vec![JoinGroupProtocol { name: "range".into(), metadata: subscription() }],
                    ..Default::default()
                };
                let request = GroupRequest::JoinGroup(context(member.api_version), request);
                self.groups.members[which].doing = Doing::Joining(self.groups.upcoming());
                self.ask(request, asking, Vec::new())
            }
            Doing::Stable => {
                let request = HeartbeatRequest {
                    group_id: GROUP.into(),
                    generation_id: member.generation,
                    member_id: member.member_id.clone(),
                    group_instance_id: member.instance.clone(),
                };
                self.ask(GroupRequest::Heartbeat(request), asking, Vec::new())
            }
        }
    }

    fn on_member_error(&mut self, which: usize, error: KafkaError) {
        match error {
            KafkaError::None => {}
            KafkaError::FencedInstanceId => self.groups.members[which].reset(Doing::Nothing),
            KafkaError::UnknownMemberId | KafkaError::IllegalGeneration => {
                self.groups.members[which].reset(Doing::Idle);
                self.saw("group: lost membership");
            }
            _ => {
                self.groups.members[which].doing = Doing::Idle;
                self.saw("group: try again");
            }
        }
    }

    fn member_crashes(&mut self, which: usize) -> Run {
        if self.groups.members[which].doing != Doing::Nothing {
            self.saw("group: member crash");
            let next = if self.rng.one_in(2) { Doing::Idle } else { Doing::Nothing };
            self.groups.members[which].reset(next);
        }
        Ok(())
    }

    fn member_leaves(&mut self, which: usize) -> Run {
        let member = &mut self.groups.members[which];
        if member.doing == Doing::Nothing || member.member_id.is_empty() {
            return Ok(());
        }
        let leaving = LeavingMember {
            member_id: member.member_id.clone(),
            group_instance_id: member.instance.clone(),
            reason: None,
        };
        member.reset(Doing::Nothing);
        self.saw("group: leave");
        let request = LeaveGroupRequest { group_id: GROUP.into(), members: vec![leaving] };
        self.ask(GroupRequest::LeaveGroup(request), None, Vec::new())
    }

    fn commit_as_member(&mut self, which: usize) -> Run {
        let member = &self.groups.members[which];
        if member.doing != Doing::Stable {
            return Ok(());
        }
        let request = OffsetCommitRequest {
            group_id: GROUP.into(),
            generation_id: member.generation,
            member_id: member.member_id.clone(),
            group_instance_id: member.instance.clone(),
            retention_time_ms: DEFAULT_RETENTION_TIME_MS,
            topics: Vec::new(),
        };
        let asking = Some((which, member.generation));
        self.commit(GROUP, request, asking)
    }

    /// A consumer that assigns its partitions itself.
    pub fn commit_simple(&mut self) -> Run {
        let request = OffsetCommitRequest {
            group_id: SIMPLE.into(),
            generation_id: -1,
            member_id: String::new(),
            group_instance_id: None,
            retention_time_ms: DEFAULT_RETENTION_TIME_MS,
            topics: Vec::new(),
        };
        self.commit(SIMPLE, request, None)
    }

    fn commit(&mut self, group: &'static str, mut request: OffsetCommitRequest, member: Option<(usize, i32)>) -> Run {
        let count = 1 + self.rng.below(2) as i32;
        let first = self.rng.below((PARTITIONS - count + 1) as u64) as i32;
        let mut values = Vec::new();
        for partition in first..first + count {
            self.groups.next_offset += 1;
            values.push((partition, Some(self.groups.next_offset)));
        }
        let of = |(partition, offset): &(i32, Option<i64>)| OffsetCommitPartition {
            partition: *partition,
            offset: offset.unwrap_or(-1),
            leader_epoch: -1,
            metadata: Some("m".into()),
        };
        let partitions = values.iter().map(of).collect();
        request.topics = vec![OffsetCommitTopic { name: TOPIC.into(), topic_id: ZERO_UUID, partitions }];
        let effects = self.groups.will_write(group, &values);
        self.ask(GroupRequest::OffsetCommit(context(9), request), member, effects)
    }

    fn delete_offsets(&mut self) -> Run {
        let partition = self.rng.below(PARTITIONS as u64) as i32;
        let effects = self.groups.will_write(SIMPLE, &[(partition, None)]);
        let request = OffsetDeleteRequest { group_id: SIMPLE.into(), topics: vec![(TOPIC.into(), vec![partition])] };
        self.ask(GroupRequest::OffsetDelete(request), None, effects)
    }

    fn delete_group(&mut self) -> Run {
        let group = if self.rng.one_in(3) { GROUP } else { SIMPLE };
        let values: Vec<(i32, Option<i64>)> = (0..PARTITIONS).map(|p| (p, None)).collect();
        let effects = self.groups.will_write(group, &values);
        self.ask(GroupRequest::DeleteGroups(vec![group.into()]), None, effects)?;
        self.forget_deleted_group();
        Ok(())
    }

    /// The generations of a group that is deleted begin again.
    fn forget_deleted_group(&mut self) {
        let shard = self.node.as_ref().and_then(|n| n.shard.as_ref());
        if shard.is_some_and(|shard| shard.state().classic_group(GROUP).is_none()) {
            self.groups.owners.clear();
        }
    }

    fn fetch_stable(&mut self) -> Run {
        let group = if self.rng.one_in(2) { GROUP } else { SIMPLE };
        self.ask(GroupRequest::OffsetFetchStable(fetch_request(group)), None, Vec::new())
    }

    // ---- answers ----

    fn on_group_answer(&mut self, token: RequestToken, response: GroupResponse) -> Run {
        let line = format!("answer {} {response:?}", token.0);
        self.note(&line);
        let Some(asked) = self.groups.asked.remove(&token) else {
            return violation(format!("{token:?} is answered, though nobody waits: {response:?}"));
        };
        let done = match &response {
            GroupResponse::OffsetCommit(r) => r.topics.iter().all(|t| t.partitions.iter().all(|(_, e)| e.is_none())),
            GroupResponse::OffsetDelete(r) => {
                let all =
                    |(_, partitions): &(String, Vec<(i32, KafkaError)>)| partitions.iter().all(|(_, e)| e.is_none());
                r.error.is_none() && r.topics.iter().all(all)
            }
            GroupResponse::DeleteGroups(r) => r.iter().all(|(_, e)| e.is_none()),
            GroupResponse::LeaveGroup(r) => r.error.is_none(),
            GroupResponse::Heartbeat(error) => error.is_none(),
            _ => true,
        };
        if done && let Some(needs) = asked.needs {
            let tp = self.offsets_tp.clone();
            let mark = self.replica(&tp)?.log().high_watermark();
            let ok = matches!(response, GroupResponse::JoinGroup(_) | GroupResponse::SyncGroup(_));
            ensure!(ok || mark >= needs, "answered at high watermark {mark} what ends at {needs}: {response:?}");
        }
        if done {
            for (name, at) in &asked.effects {
                if let Some(history) = self.groups.histories.get_mut(name) {
                    history.floor = history.floor.max(*at);
                }
            }
        }
        match response {
            GroupResponse::JoinGroup(response) => return self.on_joined(token, response),
            GroupResponse::SyncGroup(response) => self.on_synced(token, response)?,
            GroupResponse::Heartbeat(error) => self.on_answer_to(asked.member, error),
            GroupResponse::OffsetCommit(response) => {
                self.saw(if done { "group: commit" } else { "group: commit refused" });
                let error = response.topics[0].partitions[0].1;
                self.on_answer_to(asked.member, error);
            }
            GroupResponse::OffsetDelete(_) if done => self.saw("group: offsets deleted"),
            GroupResponse::DeleteGroups(_) if done => self.saw("group: deleted"),
            GroupResponse::OffsetFetch(response) if response.error.is_none() => {
                self.check_offsets(&response)?;
                self.saw("group: stable offsets fetched");
            }
            _ => {}
        }
        Ok(())
    }

    fn on_answer_to(&mut self, member: Option<(usize, i32)>, error: KafkaError) {
        if let Some((which, generation)) = member
            && self.groups.members[which].generation == generation
            && self.groups.members[which].doing == Doing::Stable
        {
            self.on_member_error(which, error);
        }
    }

    fn on_joined(&mut self, token: RequestToken, response: JoinGroupResponse) -> Run {
        let Some(which) = self.groups.members.iter().position(|m| m.doing == Doing::Joining(token)) else {
            return Ok(());
        };
        let member = &mut self.groups.members[which];
        if response.error == KafkaError::MemberIdRequired {
            member.member_id = response.member_id;
            member.doing = Doing::Idle;
            return Ok(());
        }
        if !response.error.is_none() {
            self.on_member_error(which, response.error);
            return Ok(());
        }
        member.member_id = response.member_id.clone();
        member.generation = response.generation_id;
        let mut assignments: BTreeMap<String, Vec<u8>> = BTreeMap::new();
        if response.leader == response.member_id && !response.skip_assignment {
            ensure!(!response.members.is_empty(), "a leader is not told whom to assign to");
            for partition in 0..PARTITIONS as usize {
                let member = &response.members[partition % response.members.len()];
                assignments.entry(member.member_id.clone()).or_default().push(partition as u8);
            }
        }
        let request = SyncGroupRequest {
            group_id: GROUP.into(),
            generation_id: member.generation,
            member_id: member.member_id.clone(),
            group_instance_id: member.instance.clone(),
            assignments: assignments.into_iter().map(|(id, partitions)| (id, Bytes::from(partitions))).collect(),
            ..Default::default()
        };
        let asking = Some((which, member.generation));
        self.groups.members[which].doing = Doing::Syncing(self.groups.upcoming());
        self.saw("group: joined");
        self.ask(GroupRequest::SyncGroup(request), asking, Vec::new())
    }

    fn on_synced(&mut self, token: RequestToken, response: SyncGroupResponse) -> Run {
        let Some(which) = self.groups.members.iter().position(|m| m.doing == Doing::Syncing(token)) else {
            return Ok(());
        };
        if !response.error.is_none() {
            self.on_member_error(which, response.error);
            return Ok(());
        }
        self.saw("group: synced");
        let member = &mut self.groups.members[which];
        member.doing = Doing::Stable;
        let (owner, generation) = (member.owner(), member.generation);
        for partition in response.assignment {
            let before = self.groups.owners.insert((generation, partition), owner.clone());
            ensure!(
                before.as_ref().is_none_or(|before| *before == owner),
                "partition {partition} of generation {generation} belongs to {before:?} and to {owner}"
            );
        }
        Ok(())
    }

    // ---- invariants ----

    /// What clients see of committed offsets now.
    pub fn check_committed_offsets(&mut self) -> Run {
        for group in [GROUP, SIMPLE] {
            let Some(shard) = self.node.as_ref().and_then(|n| n.shard.as_ref()) else { return Ok(()) };
            let response = shard.state().offset_fetch(&fetch_request(group));
            self.check_offsets(&response)?;
        }
        Ok(())
    }

    /// An acknowledged offset is never lost, and no read goes back.
    fn check_offsets(&mut self, response: &OffsetFetchResponse) -> Run {
        let group = if response.group_id == GROUP { GROUP } else { SIMPLE };
        for fetched in response.topics.iter().flat_map(|t| &t.partitions) {
            let seen = (fetched.offset != INVALID_OFFSET).then_some(fetched.offset);
            let history = self.groups.histories.entry((group, fetched.partition)).or_default();
            let later = history.values[history.floor..].iter().position(|value| *value == seen);
            let Some(later) = later else {
                return violation(format!(
                    "group {group}, partition {}: offset {seen:?} is seen, after {:?}; committed were {:?}",
                    fetched.partition, history.values[history.floor], history.values
                ));
            };
            history.floor += later;
        }
        Ok(())
    }

    /// The state of the shard equals the replay of its log, for what is recorded.
    pub fn check_coordinator_replay(&mut self) -> Run {
        let replayed = self.replay_coordinator(Rng::from_seed(0), None)?;
        let Some(live) = self.node.as_ref().and_then(|n| n.shard.as_ref()) else { return Ok(()) };
        for view in [View::Latest, View::Committed] {
            for group in [GROUP, SIMPLE] {
                let of = |shard: &GroupShard| -> Vec<(String, i32, i64)> {
                    let all = shard.state().offsets().of_group(group, view);
                    all.map(|(topic, partition, offset)| (topic.to_string(), partition, offset.offset)).collect()
                };
                let (now, then) = (of(live), of(&replayed));
                ensure!(now == then, "{group} at {view:?}: memory has {now:?}, the log {then:?}");
            }
        }
        let (now, then) = (live.state().classic_group(GROUP), replayed.state().classic_group(GROUP));
        match (now, then) {
            (Some(now), Some(then)) if now.state == ClassicState::Stable => {
                ensure!(recorded(now) == recorded(then), "memory has {now:?}, the log {then:?}");
            }
            (Some(now), Some(then)) if now.state == ClassicState::Empty && !self.groups.unrecorded => {
                ensure!(then.members.is_empty(), "members of an empty group are in the log: {then:?}");
                ensure!(now.generation_id == then.generation_id, "memory has {now:?}, the log {then:?}");
            }
            (None, Some(_)) | (Some(_), None) => {
                return violation(format!("memory has {now:?}, the log {then:?}"));
            }
            _ => {}
        }
        Ok(())
    }

    /// No more faults: whoever lives ends up in one generation that owns everything.
    pub fn settle_groups(&mut self) -> Run {
        if self.groups.members.iter().all(|m| m.doing == Doing::Nothing) {
            self.groups.members[0].reset(Doing::Idle);
        }
        // All join again, so that who owns what is told.
        self.groups.members.iter_mut().filter(|m| m.doing == Doing::Stable).for_each(|m| m.doing = Doing::Idle);
        let tp = self.offsets_tp.clone();
        for _ in 0..120 {
            for which in 0..self.groups.members.len() {
                self.member_acts(which)?;
                self.catch_up(&tp)?;
            }
            self.now = self.now.plus_ms(1_000);
            self.coordinator_timers()?;
            self.catch_up(&tp)?;
        }
        self.check_committed_offsets()?;
        self.check_coordinator_replay()?;
        let Some(shard) = self.node.as_ref().and_then(|n| n.shard.as_ref()) else {
            return violation("no coordinator".into());
        };
        let Some(group) = shard.state().classic_group(GROUP) else { return violation("no group".into()) };
        ensure!(group.state == ClassicState::Stable, "the group does not settle: {group:?}");
        let living: Vec<&Member> = self.groups.members.iter().filter(|m| m.doing != Doing::Nothing).collect();
        for member in &living {
            let settled = member.doing == Doing::Stable && member.generation == group.generation_id;
            ensure!(settled, "{member:?} does not settle in generation {}", group.generation_id);
        }
        ensure!(group.members.len() == living.len(), "{} members, {} live", group.members.len(), living.len());
        let owned = self.groups.owners.keys().filter(|(g, _)| *g == group.generation_id).count();
        ensure!(owned == PARTITIONS as usize, "{owned} of {PARTITIONS} partitions are owned");
        Ok(())
    }
}

/// What of a group is in its record.
fn recorded(group: &ClassicGroup) -> impl PartialEq + use<> {
    let members: Vec<_> = group
        .members
        .values()
        .map(|m| (m.member_id.clone(), m.group_instance_id.clone(), m.assignment.clone()))
        .collect();
    (group.generation_id, group.protocol_type.clone(), group.protocol_name.clone(), group.leader.clone(), members)
}

fn context(api_version: i16) -> ottla_core::coordinator::group::RequestContext {
    let (client_id, client_host) = ("client".to_owned(), "/127.0.0.1".to_owned());
    ottla_core::coordinator::group::RequestContext { api_version, client_id, client_host }
}

fn subscription() -> Bytes {
    let subscription = ConsumerProtocolSubscription { topics: vec!["other".to_owned()], ..Default::default() };
    let mut out = BytesMut::new();
    out.put_i16(3);
    subscription.encode(3, &mut out).expect("a subscription has an encoding");
    out.freeze()
}

fn fetch_request(group: &str) -> OffsetFetchRequest {
    let topic = OffsetFetchTopic { name: TOPIC.into(), topic_id: ZERO_UUID, partitions: (0..PARTITIONS).collect() };
    OffsetFetchRequest { group_id: group.into(), topics: Some(vec![topic]), member_epoch: -1, ..Default::default() }
}
