//! A coordinator with a log in memory, a clock that is moved by hand, and a log that can lag or refuse.

use crate::coordinator::group::api::*;
use crate::coordinator::group::{ClassicState, CoordinatorRecord, GroupConfig, GroupCoordinator, GroupShard};
use crate::coordinator::runtime::{Appended, NO_PRODUCER_ID, Outcome, RequestToken, Shard};
use crate::errors::KafkaError;
use bytes::{BufMut, Bytes, BytesMut};
use ottla_base::clock::Now;
use ottla_base::ids::ZERO_UUID;
use ottla_base::rng::Rng;
use ottla_record::generated::consumer_protocol::ConsumerProtocolSubscription;
use std::collections::BTreeMap;

/// The group of most scripts.
pub const G: &str = "g";

/// Where scripts run.
pub struct Fixture {
    pub shard: GroupShard,
    pub now: Now,
    /// Encoded, as they would be on disk.
    pub log: Vec<(Bytes, Option<Bytes>)>,
    pub high_watermark: i64,
    /// `false`: the high watermark stays where it is until [`Fixture::commit`].
    pub commits_at_once: bool,
    /// The log refuses with this.
    pub refuse: Option<KafkaError>,
    answers: BTreeMap<RequestToken, GroupResponse>,
    next_token: u64,
    config: GroupConfig,
}

impl Fixture {
    pub fn new() -> Fixture {
        Fixture::with(GroupConfig { initial_rebalance_delay_ms: 0, ..GroupConfig::default() })
    }

    pub fn with(config: GroupConfig) -> Fixture {
        let mut f = Fixture {
            shard: new_shard(&config, 1),
            now: Now { mono_ms: 1_000, wall_ms: 1_700_000_000_000 },
            log: Vec::new(),
            high_watermark: 0,
            commits_at_once: true,
            refuse: None,
            answers: BTreeMap::new(),
            next_token: 0,
            config,
        };
        let outcome = f.shard.on_loaded(f.now);
        f.settle(outcome);
        f
    }

    /// Sends a request; it may be answered later.
    pub fn send(&mut self, request: GroupRequest) -> RequestToken {
        self.next_token += 1;
        let token = RequestToken(self.next_token);
        self.send_as(token, request);
        token
    }

    /// Sends a request under a token of the caller's.
    pub fn send_as(&mut self, token: RequestToken, request: GroupRequest) {
        self.next_token = self.next_token.max(token.0);
        let outcome = self.shard.handle(token, request, self.now);
        self.settle(outcome);
    }

    /// Takes the answer to a request.
    pub fn take(&mut self, token: RequestToken) -> Option<GroupResponse> {
        self.answers.remove(&token)
    }

    /// All answers so far.
    pub fn take_all(&mut self) -> BTreeMap<RequestToken, GroupResponse> {
        std::mem::take(&mut self.answers)
    }

    /// Sends a request that is answered at once.
    pub fn call(&mut self, request: GroupRequest) -> GroupResponse {
        let token = self.send(request.clone());
        self.take(token).unwrap_or_else(|| panic!("no answer yet to {request:?}"))
    }

    /// Moves both clocks, stopping at every deadline on the way.
    pub fn advance(&mut self, ms: u64) {
        let until = self.now.mono_ms + ms;
        loop {
            let outcome = self.shard.on_timer(self.now);
            self.settle(outcome);
            match self.shard.next_deadline() {
                Some(deadline) if deadline <= until => {
                    let step = deadline.saturating_sub(self.now.mono_ms);
                    self.now = self.now.plus_ms(step);
                }
                _ => break,
            }
        }
        self.now = self.now.plus_ms(until - self.now.mono_ms);
    }

    /// The high watermark reaches the end of the log.
    pub fn commit(&mut self) {
        self.commit_to(self.log.len() as i64);
    }

    pub fn commit_to(&mut self, high_watermark: i64) {
        self.high_watermark = high_watermark;
        let outcome = self.shard.on_high_watermark(high_watermark, self.now);
        self.settle(outcome);
    }

    fn settle(&mut self, outcome: Outcome<GroupCoordinator>) {
        let Fixture { shard, log, high_watermark, commits_at_once, refuse, now, .. } = self;
        let replies = shard.settle(outcome, *now, |records| {
            if let Some(error) = *refuse {
                return Err(error);
            }
            let base_offset = log.len() as i64;
            for record in records {
                let encoded = record.encode().map_err(|_| KafkaError::UnknownServerError)?;
                let decoded =
                    CoordinatorRecord::decode(&encoded.0, encoded.1.as_deref()).expect("what we write can be read");
                assert_eq!(decoded.key, record.key);
                log.push(encoded);
            }
            if *commits_at_once {
                *high_watermark = log.len() as i64;
            }
            Ok(Appended { base_offset, high_watermark: *high_watermark })
        });
        for (token, response) in replies {
            assert!(self.answers.insert(token, response).is_none(), "{token:?} was answered twice");
        }
    }

    /// A coordinator that has just replayed the log, on the same clock.
    pub fn replayed(&self) -> GroupShard {
        let mut shard = new_shard(&self.config, 77 + self.next_token);
        let outcome = shard.on_high_watermark(self.high_watermark, self.now);
        assert!(outcome.replies.is_empty());
        for (offset, record) in self.records().into_iter().enumerate() {
            shard.replay(offset as i64, NO_PRODUCER_ID, record, self.now);
        }
        shard
    }

    /// The coordinator moves: what is parked is answered, the next one replays the log.
    pub fn fail_over(&mut self) {
        let replies = self.shard.unload(self.now);
        for (token, response) in replies {
            assert!(self.answers.insert(token, response).is_none(), "{token:?} was answered twice");
        }
        self.shard = self.replayed();
        let outcome = self.shard.on_loaded(self.now);
        self.settle(outcome);
    }

    pub fn records(&self) -> Vec<CoordinatorRecord> {
        self.log.iter().map(|(key, value)| CoordinatorRecord::decode(key, value.as_deref()).unwrap()).collect()
    }

    pub fn state(&self) -> ClassicState {
        self.shard.state().classic_group(G).expect("the group exists").state
    }

    pub fn generation(&self) -> i32 {
        self.shard.state().classic_group(G).expect("the group exists").generation_id
    }

    // Requests, in the newest version unless said otherwise.

    /// A dynamic member asks for an id, and gets it.
    pub fn new_id(&mut self) -> String {
        let response = self.join(join(""));
        assert_eq!(response.error, KafkaError::MemberIdRequired);
        response.member_id
    }

    pub fn join(&mut self, request: JoinGroupRequest) -> JoinGroupResponse {
        joined(self.call(at_version(9, request)))
    }

    pub fn send_join(&mut self, request: JoinGroupRequest) -> RequestToken {
        self.send(at_version(9, request))
    }

    pub fn take_join(&mut self, token: RequestToken) -> JoinGroupResponse {
        joined(self.take(token).expect("the join is answered"))
    }

    pub fn send_sync(&mut self, request: SyncGroupRequest) -> RequestToken {
        self.send(GroupRequest::SyncGroup(request))
    }

    pub fn take_sync(&mut self, token: RequestToken) -> SyncGroupResponse {
        match self.take(token) {
            Some(GroupResponse::SyncGroup(response)) => response,
            other => panic!("{other:?}"),
        }
    }

    pub fn sync(&mut self, request: SyncGroupRequest) -> SyncGroupResponse {
        let token = self.send_sync(request);
        self.take_sync(token)
    }

    pub fn heartbeat(&mut self, member_id: &str, generation_id: i32) -> KafkaError {
        let request =
            HeartbeatRequest { group_id: G.into(), generation_id, member_id: member_id.into(), ..Default::default() };
        match self.call(GroupRequest::Heartbeat(request)) {
            GroupResponse::Heartbeat(error) => error,
            other => panic!("{other:?}"),
        }
    }

    pub fn leave(&mut self, members: Vec<LeavingMember>) -> LeaveGroupResponse {
        match self.call(GroupRequest::LeaveGroup(LeaveGroupRequest { group_id: G.into(), members })) {
            GroupResponse::LeaveGroup(response) => response,
            other => panic!("{other:?}"),
        }
    }

    pub fn commit_offset(&mut self, request: OffsetCommitRequest) -> KafkaError {
        let token = self.send(GroupRequest::OffsetCommit(version(10), request));
        self.take_commit(token)
    }

    pub fn take_commit(&mut self, token: RequestToken) -> KafkaError {
        match self.take(token) {
            Some(GroupResponse::OffsetCommit(response)) => response.topics[0].partitions[0].1,
            other => panic!("{other:?}"),
        }
    }

    /// The committed offset of partition 0 of `topic` as clients see it.
    pub fn committed(&self, topic: &str) -> i64 {
        let topics = Some(vec![OffsetFetchTopic { name: topic.into(), partitions: vec![0], ..Default::default() }]);
        let request = OffsetFetchRequest { group_id: G.into(), topics, member_epoch: -1, ..Default::default() };
        let response = self.shard.state().offset_fetch(&request);
        response.topics[0].partitions[0].offset
    }

    /// `ids.len()` dynamic members, joined and synced; the first leads. Returns (ids, generation).
    pub fn stable(&mut self, count: usize) -> (Vec<String>, i32) {
        let ids: Vec<String> = (0..count).map(|_| self.new_id()).collect();
        self.rebalance(&ids)
    }

    /// Everybody rejoins and syncs.
    pub fn rebalance(&mut self, ids: &[String]) -> (Vec<String>, i32) {
        let tokens: Vec<RequestToken> = ids.iter().map(|id| self.send_join(join(id))).collect();
        let answers: Vec<Option<GroupResponse>> = tokens.iter().map(|token| self.take(*token)).collect();
        // The first may have had a generation of its own before the others came.
        let tokens: Vec<RequestToken> = answers
            .iter()
            .zip(ids)
            .zip(&tokens)
            .map(|((answer, id), token)| if answer.is_some() { self.send_join(join(id)) } else { *token })
            .collect();
        let joined: Vec<JoinGroupResponse> = tokens.iter().map(|token| self.take_join(*token)).collect();
        let generation = joined[0].generation_id;
        assert!(
            joined.iter().all(|response| response.error.is_none() && response.generation_id == generation),
            "{joined:?}"
        );
        let leader = joined[0].leader.clone();
        let followers: Vec<RequestToken> =
            ids.iter().filter(|id| **id != leader).map(|id| self.send_sync(sync(id, generation))).collect();
        let request = SyncGroupRequest { assignments: assignments(ids), ..sync(&leader, generation) };
        assert_eq!(self.sync(request).error, KafkaError::None);
        for token in followers {
            assert_eq!(self.take_sync(token).error, KafkaError::None);
        }
        (ids.to_vec(), generation)
    }
}

fn new_shard(config: &GroupConfig, seed: u64) -> GroupShard {
    Shard::new(GroupCoordinator::new(config.clone()), Rng::from_seed(seed), 5_000)
}

fn joined(response: GroupResponse) -> JoinGroupResponse {
    match response {
        GroupResponse::JoinGroup(response) => response,
        other => panic!("{other:?}"),
    }
}

pub fn version(api_version: i16) -> RequestContext {
    RequestContext { api_version, client_id: "client".into(), client_host: "/127.0.0.1".into() }
}

pub fn at_version(api_version: i16, request: JoinGroupRequest) -> GroupRequest {
    GroupRequest::JoinGroup(version(api_version), request)
}

/// A consumer of topic `t` with protocols `range` and `roundrobin`.
pub fn join(member_id: &str) -> JoinGroupRequest {
    JoinGroupRequest {
        group_id: G.into(),
        session_timeout_ms: 10_000,
        rebalance_timeout_ms: 60_000,
        member_id: member_id.into(),
        protocol_type: "consumer".into(),
        protocols: protocols(&["range", "roundrobin"], &["t"]),
        ..Default::default()
    }
}

pub fn static_join(member_id: &str, instance_id: &str) -> JoinGroupRequest {
    JoinGroupRequest { group_instance_id: Some(instance_id.into()), ..join(member_id) }
}

pub fn protocols(names: &[&str], topics: &[&str]) -> Vec<JoinGroupProtocol> {
    names.iter().map(|name| JoinGroupProtocol { name: (*name).into(), metadata: subscription(topics) }).collect()
}

/// A consumer's subscription, version 3.
pub fn subscription(topics: &[&str]) -> Bytes {
    let subscription = ConsumerProtocolSubscription {
        topics: topics.iter().map(|topic| (*topic).to_owned()).collect(),
        ..Default::default()
    };
    let mut out = BytesMut::new();
    out.put_i16(3);
    subscription.encode(3, &mut out).unwrap();
    out.freeze()
}

pub fn sync(member_id: &str, generation_id: i32) -> SyncGroupRequest {
    SyncGroupRequest { group_id: G.into(), generation_id, member_id: member_id.into(), ..Default::default() }
}

pub fn assignments(ids: &[String]) -> Vec<(String, Bytes)> {
    ids.iter().map(|id| (id.clone(), Bytes::from(format!("for {id}")))).collect()
}

pub fn leaving(member_id: &str) -> LeavingMember {
    LeavingMember { member_id: member_id.into(), ..Default::default() }
}

/// A commit of partition 0 of `topic` from outside the group.
pub fn commit(topic: &str, offset: i64) -> OffsetCommitRequest {
    let partitions = vec![OffsetCommitPartition { partition: 0, offset, leader_epoch: 5, metadata: Some("m".into()) }];
    OffsetCommitRequest {
        group_id: G.into(),
        generation_id: -1,
        member_id: String::new(),
        group_instance_id: None,
        retention_time_ms: DEFAULT_RETENTION_TIME_MS,
        topics: vec![OffsetCommitTopic { name: topic.into(), topic_id: ZERO_UUID, partitions }],
    }
}

pub fn commit_as(member_id: &str, generation_id: i32, topic: &str, offset: i64) -> OffsetCommitRequest {
    OffsetCommitRequest { generation_id, member_id: member_id.into(), ..commit(topic, offset) }
}
