//! Many members against one coordinator, from a seed: they join, sync, commit, leave, crash and come back, while the log
//! lags and refuses and the coordinator moves. After every event:
//! - a partition has one owner per generation;
//! - the state equals the replay of the log, for what is recorded;
//! - an offset that was acknowledged is never lost, and reads never go back;
//! - generations only grow, in the log and in memory.
//!
//! In the end everything heals, and the group must be stable with every partition owned once.

use super::fixture::*;
use crate::coordinator::group::api::*;
use crate::coordinator::group::offsets::View;
use crate::coordinator::group::{ClassicGroup, ClassicState, GroupConfig};
use crate::coordinator::runtime::RequestToken;
use crate::errors::KafkaError;
use bytes::Bytes;
use ottla_base::rng::Rng;
use ottla_record::generated::group::{CoordinatorRecordKey, CoordinatorRecordValue};
use std::collections::BTreeMap;

const PARTITIONS: usize = 6;
const EVENTS: usize = 600;
/// How many seeds a plain test run takes; `OTTLA_SEEDS` asks for more.
const SEEDS: u64 = 100;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Doing {
    /// Crashed, or left.
    Nothing,
    /// About to send JoinGroup.
    Idle,
    Joining(RequestToken),
    Syncing(RequestToken),
    Stable,
}

#[derive(Debug)]
struct Client {
    instance: Option<String>,
    api_version: i16,
    member_id: String,
    generation: i32,
    doing: Doing,
    range_only: bool,
}

impl Client {
    fn reset(&mut self, doing: Doing) {
        self.member_id.clear();
        self.generation = -1;
        self.doing = doing;
    }

    fn join_request(&self) -> JoinGroupRequest {
        let names: &[&str] = if self.range_only { &["range"] } else { &["roundrobin", "range"] };
        JoinGroupRequest {
            protocols: protocols(names, &["t"]),
            group_instance_id: self.instance.clone(),
            rebalance_timeout_ms: 20_000,
            ..join(&self.member_id)
        }
    }

    fn sync_request(&self, assignments: Vec<(String, Bytes)>) -> SyncGroupRequest {
        SyncGroupRequest {
            group_instance_id: self.instance.clone(),
            assignments,
            ..sync(&self.member_id, self.generation)
        }
    }

    fn owner(&self) -> String {
        self.instance.clone().unwrap_or_else(|| self.member_id.clone())
    }
}

struct World {
    f: Fixture,
    rng: Rng,
    clients: Vec<Client>,
    commits: BTreeMap<RequestToken, (usize, i64)>,
    owners: BTreeMap<(i32, u8), String>,
    acknowledged: [i64; PARTITIONS],
    read: [i64; PARTITIONS],
    next_offset: i64,
    /// The log may not know that the group is empty.
    empty_is_unrecorded: bool,
    generation: i32,
    seen: BTreeMap<&'static str, u64>,
}

impl World {
    fn new(seed: u64) -> World {
        let mut rng = Rng::from_seed(seed);
        let delay = if rng.one_in(2) { 0 } else { 3_000 };
        let config = GroupConfig { initial_rebalance_delay_ms: delay, ..GroupConfig::default() };
        let clients = (0..2 + rng.below(6))
            .map(|n| Client {
                instance: rng.one_in(3).then(|| format!("instance-{n}")),
                api_version: if rng.one_in(4) { 3 + rng.below(6) as i16 } else { 9 },
                member_id: String::new(),
                generation: -1,
                doing: if rng.one_in(3) { Doing::Nothing } else { Doing::Idle },
                range_only: rng.one_in(5),
            })
            .collect();
        World {
            f: Fixture::with(config),
            rng,
            clients,
            commits: BTreeMap::new(),
            owners: BTreeMap::new(),
            acknowledged: [-1; PARTITIONS],
            read: [-1; PARTITIONS],
            next_offset: 0,
            empty_is_unrecorded: false,
            generation: 0,
            seen: BTreeMap::new(),
        }
    }

    fn saw(&mut self, what: &'static str) {
        *self.seen.entry(what).or_default() += 1;
    }

    fn event(&mut self) {
        let which = self.rng.below(self.clients.len() as u64) as usize;
        match self.rng.below(40) {
            0..=15 => self.act(which),
            16..=21 => {
                let most = if self.rng.one_in(10) { 15_000 } else { 2_500 };
                let ms = self.rng.below(most);
                self.f.advance(ms);
            }
            22..=27 => self.commit_offset(which),
            28 => self.crash(which),
            29 | 30 => self.leave(which),
            31 | 32 => {
                if self.clients[which].doing == Doing::Nothing {
                    self.saw("start");
                    self.clients[which].reset(Doing::Idle);
                }
            }
            33 => {
                self.saw("other protocols");
                self.clients[which].range_only ^= true;
                if let Doing::Stable = self.clients[which].doing {
                    self.clients[which].doing = Doing::Idle;
                }
            }
            34 => {
                if self.rng.one_in(3) {
                    self.saw("fail over");
                    self.f.fail_over();
                    self.generation = 0;
                    self.empty_is_unrecorded = false;
                }
            }
            35 => {
                let errors =
                    [KafkaError::NotEnoughReplicas, KafkaError::KafkaStorageError, KafkaError::MessageTooLarge];
                self.f.refuse = match self.f.refuse {
                    Some(_) => None,
                    None => self.rng.one_in(4).then(|| errors[self.rng.below(3) as usize]),
                };
            }
            36 => {
                self.f.refuse = None;
                self.f.commits_at_once = !self.rng.one_in(5);
            }
            37 => {
                let behind = self.f.log.len() as i64 - self.f.high_watermark;
                let step = 1 + self.rng.below(behind.max(1) as u64) as i64;
                self.f.commit_to((self.f.high_watermark + step).min(self.f.log.len() as i64));
            }
            38 => self.f.commit(),
            _ => {
                // Reads see a deletion late when the log lags; that has a script of its own.
                if self.rng.one_in(10) && self.f.commits_at_once {
                    self.f.commit();
                    let token = self.f.send(GroupRequest::DeleteGroups(vec![G.into()]));
                    if self.f.shard.state().classic_group(G).is_none() {
                        self.saw("delete");
                        self.acknowledged = [-1; PARTITIONS];
                        self.read = [-1; PARTITIONS];
                        self.owners.clear();
                        self.commits.clear();
                        self.generation = 0;
                    }
                    self.f.take(token);
                }
            }
        }
        self.answers();
        self.check();
    }

    /// What a client does when it is its turn.
    fn act(&mut self, which: usize) {
        let client = &mut self.clients[which];
        match client.doing {
            Doing::Nothing => {}
            Doing::Idle => {
                let request = client.join_request();
                let token = self.f.send(at_version(client.api_version, request));
                self.clients[which].doing = Doing::Joining(token);
            }
            Doing::Joining(_) | Doing::Syncing(_) => {
                // A request that timed out at the client is sent again, rarely.
                if self.rng.one_in(30) {
                    self.saw("impatience");
                    self.clients[which].doing = Doing::Idle;
                }
            }
            Doing::Stable => {
                let request = HeartbeatRequest {
                    group_id: G.into(),
                    generation_id: client.generation,
                    member_id: client.member_id.clone(),
                    group_instance_id: client.instance.clone(),
                };
                let token = self.f.send(GroupRequest::Heartbeat(request));
                match self.f.take(token) {
                    Some(GroupResponse::Heartbeat(error)) => self.on_error(which, error),
                    None => {}
                    other => panic!("{other:?}"),
                }
            }
        }
    }

    fn on_error(&mut self, which: usize, error: KafkaError) {
        let client = &mut self.clients[which];
        match error {
            KafkaError::None => {}
            KafkaError::FencedInstanceId => {
                client.reset(Doing::Nothing);
                self.saw("fenced");
            }
            KafkaError::UnknownMemberId | KafkaError::IllegalGeneration => {
                client.reset(Doing::Idle);
                self.saw("lost membership");
            }
            _ => {
                client.doing = Doing::Idle;
                self.saw("try again");
            }
        }
    }

    fn commit_offset(&mut self, which: usize) {
        let client = &self.clients[which];
        if client.doing != Doing::Stable {
            return;
        }
        let partition = self.rng.below(PARTITIONS as u64) as usize;
        self.next_offset += 1;
        let mut request = commit_as(&client.member_id, client.generation, "t", self.next_offset);
        request.group_instance_id = client.instance.clone();
        request.topics[0].partitions[0].partition = partition as i32;
        let token = self.f.send(GroupRequest::OffsetCommit(version(9), request));
        self.commits.insert(token, (partition, self.next_offset));
    }

    fn crash(&mut self, which: usize) {
        if self.clients[which].doing != Doing::Nothing {
            self.saw("crash");
            let restart = if self.rng.one_in(2) { Doing::Idle } else { Doing::Nothing };
            self.clients[which].reset(restart);
        }
    }

    fn leave(&mut self, which: usize) {
        let client = &mut self.clients[which];
        if client.doing != Doing::Nothing && !client.member_id.is_empty() {
            let member = LeavingMember {
                member_id: client.member_id.clone(),
                group_instance_id: client.instance.clone(),
                reason: None,
            };
            client.reset(Doing::Nothing);
            self.f.send(GroupRequest::LeaveGroup(LeaveGroupRequest { group_id: G.into(), members: vec![member] }));
            self.saw("leave");
        }
    }

    /// Hands out what has been answered; some of it is for clients that are gone.
    fn answers(&mut self) {
        loop {
            let answers = self.f.take_all();
            if answers.is_empty() {
                return;
            }
            for (token, response) in answers {
                match response {
                    GroupResponse::JoinGroup(response) => self.on_joined(token, response),
                    GroupResponse::SyncGroup(response) => self.on_synced(token, response),
                    GroupResponse::OffsetCommit(response) => self.on_committed(token, &response),
                    _ => {}
                }
            }
        }
    }

    fn on_joined(&mut self, token: RequestToken, response: JoinGroupResponse) {
        let Some(which) = self.clients.iter().position(|client| client.doing == Doing::Joining(token)) else { return };
        if response.error == KafkaError::MemberIdRequired {
            self.clients[which].member_id = response.member_id;
            self.clients[which].doing = Doing::Idle;
            return;
        }
        if !response.error.is_none() {
            return self.on_error(which, response.error);
        }
        self.saw("joined");
        let client = &mut self.clients[which];
        client.member_id = response.member_id.clone();
        client.generation = response.generation_id;
        let mut assignments: BTreeMap<String, Vec<u8>> = BTreeMap::new();
        if response.leader == response.member_id && !response.skip_assignment {
            assert!(!response.members.is_empty(), "the leader is told whom to assign to");
            for partition in 0..PARTITIONS {
                let member = &response.members[partition % response.members.len()];
                assignments.entry(member.member_id.clone()).or_default().push(partition as u8);
            }
        } else if response.skip_assignment {
            self.saw("skip assignment");
        }
        let assignments = assignments.into_iter().map(|(id, partitions)| (id, Bytes::from(partitions))).collect();
        let token = self.f.send_sync(self.clients[which].sync_request(assignments));
        self.clients[which].doing = Doing::Syncing(token);
    }

    fn on_synced(&mut self, token: RequestToken, response: SyncGroupResponse) {
        let Some(which) = self.clients.iter().position(|client| client.doing == Doing::Syncing(token)) else { return };
        if !response.error.is_none() {
            return self.on_error(which, response.error);
        }
        self.saw("synced");
        let client = &mut self.clients[which];
        client.doing = Doing::Stable;
        let owner = client.owner();
        for partition in response.assignment {
            let before = self.owners.insert((client.generation, partition), owner.clone());
            assert!(
                before.as_ref().is_none_or(|before| *before == owner),
                "partition {partition} of generation {} belongs to {before:?} and {owner}",
                client.generation
            );
        }
    }

    fn on_committed(&mut self, token: RequestToken, response: &OffsetCommitResponse) {
        let Some((partition, offset)) = self.commits.remove(&token) else { return };
        if response.topics[0].partitions[0].1.is_none() {
            self.saw("committed");
            self.acknowledged[partition] = self.acknowledged[partition].max(offset);
        } else {
            self.saw("commit refused");
        }
    }

    fn check(&mut self) {
        let request = OffsetFetchRequest {
            group_id: G.into(),
            topics: Some(vec![OffsetFetchTopic {
                name: "t".into(),
                partitions: (0..PARTITIONS as i32).collect(),
                ..Default::default()
            }]),
            ..Default::default()
        };
        let fetched = self.f.shard.state().offset_fetch(&request);
        for (partition, fetched) in fetched.topics[0].partitions.iter().enumerate() {
            assert!(fetched.offset >= self.acknowledged[partition], "an acknowledged offset is lost");
            assert!(fetched.offset >= self.read[partition], "a read went back");
            self.read[partition] = fetched.offset;
        }

        let live = self.f.shard.state().classic_group(G);
        if let Some(group) = live {
            assert!(group.generation_id >= self.generation, "the generation went back");
            self.generation = group.generation_id;
            if group.state == ClassicState::Stable {
                self.empty_is_unrecorded = false;
            } else if self.f.refuse.is_some() {
                self.empty_is_unrecorded = true;
            }
            let leader_is_member = group.leader.as_ref().is_none_or(|leader| group.members.contains_key(leader));
            assert!(leader_is_member && (group.leader.is_none() == group.members.is_empty()));
            assert_eq!(group.static_members.len(), group.members.values().filter(|member| member.is_static()).count());
        }
        if !self.rng.one_in(8) {
            return;
        }
        let replayed = self.f.replayed();
        let offsets = |state: &crate::coordinator::group::GroupCoordinator, view| -> Vec<(String, i32, i64)> {
            state.offsets().of_group(G, view).map(|(topic, p, offset)| (topic.to_string(), p, offset.offset)).collect()
        };
        for view in [View::Latest, View::Committed] {
            assert_eq!(offsets(self.f.shard.state(), view), offsets(replayed.state(), view), "{view:?}");
        }
        let logged = replayed.state().classic_group(G);
        match (live, logged) {
            (Some(live), Some(logged)) if live.state == ClassicState::Stable => {
                assert_eq!(recorded(live), recorded(logged))
            }
            (Some(live), Some(logged)) if live.state == ClassicState::Empty && !self.empty_is_unrecorded => {
                assert!(logged.members.is_empty());
                assert_eq!(live.generation_id, logged.generation_id);
            }
            (None, Some(_)) | (Some(_), None) => panic!("memory and log do not agree on whether there is a group"),
            _ => {}
        }
        self.check_log();
    }

    fn check_log(&self) {
        let mut generation = 0;
        for record in self.f.records() {
            let CoordinatorRecordKey::GroupMetadata(_) = record.key else { continue };
            match record.value {
                None => generation = 0,
                Some((CoordinatorRecordValue::GroupMetadata(value), _)) => {
                    assert!(value.generation >= generation, "a generation is recorded after a later one");
                    generation = value.generation;
                }
                Some(other) => panic!("{other:?}"),
            }
        }
    }

    /// No more faults: whoever lives must end up in one generation that owns everything.
    fn heal(&mut self) {
        self.f.refuse = None;
        self.f.commits_at_once = true;
        self.f.commit();
        if self.clients.iter().all(|client| client.doing == Doing::Nothing) {
            self.clients[0].reset(Doing::Idle);
        }
        // A coordinator that has taken over knows the selected protocol only: until its members join again, it turns away
        // who does not speak that one, as Kafka does.
        for client in self.clients.iter_mut().filter(|client| client.doing == Doing::Stable) {
            client.doing = Doing::Idle;
        }
        for _ in 0..200 {
            for which in 0..self.clients.len() {
                let client = &self.clients[which];
                if client.doing != Doing::Nothing && !matches!(client.doing, Doing::Joining(_) | Doing::Syncing(_)) {
                    self.act(which);
                    self.answers();
                }
            }
            self.f.advance(1_000);
            self.answers();
            self.check();
        }
        let alive: Vec<&Client> = self.clients.iter().filter(|client| client.doing != Doing::Nothing).collect();
        let generation = self.f.generation();
        assert_eq!(self.f.state(), ClassicState::Stable);
        for client in &alive {
            assert_eq!((client.doing, client.generation), (Doing::Stable, generation), "{client:?}");
        }
        assert_eq!(self.f.shard.state().classic_group(G).unwrap().members.len(), alive.len());
        let owned = self.owners.keys().filter(|(g, _)| *g == generation).count();
        assert_eq!(owned, PARTITIONS);
    }
}

/// What of a group is in its record.
fn recorded(group: &ClassicGroup) -> impl PartialEq + std::fmt::Debug {
    let protocol = group.protocol_name.clone().unwrap_or_default();
    let members: Vec<_> = group
        .members
        .values()
        .map(|m| {
            let ids = (m.member_id.clone(), m.group_instance_id.clone(), m.client_id.clone(), m.client_host.clone());
            let timeouts = (m.rebalance_timeout_ms, m.session_timeout_ms);
            (ids, timeouts, m.metadata(&protocol).cloned(), m.assignment.clone())
        })
        .collect();
    let names = (group.protocol_type.clone(), group.protocol_name.clone(), group.leader.clone());
    (group.generation_id, names, group.subscribed_topics.clone(), members)
}

fn run(seed: u64) -> World {
    let mut world = World::new(seed);
    for _ in 0..EVENTS {
        world.event();
    }
    world.heal();
    world
}

#[test]
fn any_schedule_keeps_the_promises_and_heals() {
    let mut seen: BTreeMap<&'static str, u64> = BTreeMap::new();
    let seeds = std::env::var("OTTLA_SEEDS").ok().and_then(|n| n.parse().ok()).unwrap_or(SEEDS);
    for seed in 0..seeds {
        let result = std::panic::catch_unwind(|| run(seed).seen);
        let Ok(of_run) = result else { panic!("seed {seed} fails: run it alone in `a_seed_replays`") };
        for (what, count) in of_run {
            *seen.entry(what).or_default() += count;
        }
    }
    println!("{seen:?}");
    let all = [
        "start",
        "crash",
        "leave",
        "fail over",
        "delete",
        "impatience",
        "other protocols",
        "joined",
        "synced",
        "committed",
        "commit refused",
        "fenced",
        "lost membership",
        "try again",
        "skip assignment",
    ];
    for what in all {
        assert!(seen.get(what).is_some_and(|count| *count > 0), "{what} never happened");
    }
}

#[test]
fn a_seed_replays() {
    let (first, second) = (run(7), run(7));
    assert!(first.f.log == second.f.log && first.seen == second.seen);
}
