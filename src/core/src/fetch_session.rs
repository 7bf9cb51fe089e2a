//! Incremental fetch sessions (KIP-227): what a fetcher asked for is remembered, so that it names, and is told, only what
//! changed.
//!
//! Owned by the node's fetch service, one for all connections; every call is short and synchronous. A Fetch goes through
//! three steps: [`FetchSessions::open`] takes the request's session part and gives the partitions to read, in order;
//! the caller reads them, perhaps waiting; [`FetchSessions::finish`] takes what came out and says which partitions the
//! response names and under which session. Follows `FetchManager`, `FetchContext`, `FetchSession` and
//! `FetchSessionCacheShard` of Kafka 4.3.1.
//!
//! Invariants
//! - A partition that returned records goes to the end of its session, so that a small `max_bytes` starves none.
//! - A partition whose answer was an error is sent again when the error has gone.
//! - Sessions and remembered partitions are bounded; who gets no session is answered with session id 0 and asks in full.
//!
//! Where it differs from Kafka: the number of remembered partitions over all sessions is bounded
//! ([`FetchSessions::new`]); an id that cannot be of any shard is FETCH_SESSION_ID_NOT_FOUND, not an unexpected error; a
//! session evicted while its fetch waits answers all partitions instead of the changed ones.
//! Deliberately absent: reading partitions, quotas, the response itself.

mod cache;
mod session;

use crate::errors::KafkaError;
use cache::{CacheShard, NewSession};
use ottla_base::clock::Now;
use ottla_base::ids::{Uuid, ZERO_UUID};
use ottla_base::rng::Rng;
use session::{CachedPartition, Session};
use std::collections::HashMap;
use std::sync::Arc;

/// Session id of a fetch without session.
pub const INVALID_SESSION_ID: i32 = 0;
/// Epoch of a fetch that wants a session.
pub const INITIAL_EPOCH: i32 = 0;
/// Epoch of a fetch that wants none, and closes the one that it names.
pub const FINAL_EPOCH: i32 = -1;

/// As many shards as Kafka has.
const SHARDS: i32 = 8;
/// Session ids per shard.
const SESSION_ID_RANGE: i32 = i32::MAX / SHARDS;
/// How long a session is safe from others of more worth, and after how long of silence it may go to anybody
/// (`KafkaBroker.MIN_INCREMENTAL_FETCH_SESSION_EVICTION_MS`).
const MIN_EVICTION_MS: u64 = 120_000;

/// First version of Fetch that names topics by id.
const TOPIC_IDS_VERSION: i16 = 13;

/// The epoch after `epoch`.
pub fn next_epoch(epoch: i32) -> i32 {
    match epoch {
        ..0 => FINAL_EPOCH,
        i32::MAX => 1,
        _ => epoch + 1,
    }
}

/// A partition as a fetch names it. Two are the same if id (or, without id, name) and partition are.
#[derive(Clone, Debug)]
pub struct FetchPartition {
    /// Zero below version 13.
    pub topic_id: Uuid,
    /// `None` if the id is not known here (yet).
    pub topic: Option<Arc<str>>,
    /// Index in the topic.
    pub partition: i32,
}

/// What makes two [`FetchPartition`]s the same.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
enum Key {
    Id(Uuid, i32),
    Name(Arc<str>, i32),
}

impl FetchPartition {
    fn key(&self) -> Key {
        match (&self.topic, self.topic_id) {
            (Some(topic), ZERO_UUID) => Key::Name(Arc::clone(topic), self.partition),
            (_, id) => Key::Id(id, self.partition),
        }
    }
}

impl PartialEq for FetchPartition {
    fn eq(&self, other: &FetchPartition) -> bool {
        self.key() == other.key()
    }
}

impl Eq for FetchPartition {}

/// What a fetch asks of one partition.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PartitionRequest {
    /// First offset wanted.
    pub fetch_offset: i64,
    /// The follower's own log start offset, or -1.
    pub log_start_offset: i64,
    /// partition_max_bytes.
    pub max_bytes: i32,
    /// Epoch by which the fetcher knows the leader.
    pub current_leader_epoch: Option<i32>,
    /// Epoch of the last record that the fetcher has.
    pub last_fetched_epoch: Option<i32>,
}

/// The part of a Fetch request that concerns sessions.
#[derive(Clone, Debug)]
pub struct SessionRequest {
    /// Of the request.
    pub api_version: i16,
    /// From the request; 0 below version 7.
    pub session_id: i32,
    /// From the request; -1 below version 7.
    pub session_epoch: i32,
    /// Whether a replica fetches (replica id ≥ 0). Its session evicts those of consumers.
    pub from_follower: bool,
    /// In request order. Of duplicates the last one counts, at the place of the first.
    pub partitions: Vec<(FetchPartition, PartitionRequest)>,
    /// To be dropped from the session.
    pub forgotten: Vec<FetchPartition>,
}

/// How a partition's read ended: as much as decides whether a response must name it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PartitionOutcome {
    /// Whether it has at least one byte of records.
    pub has_records: bool,
    /// As it is answered; -1 on error.
    pub high_watermark: i64,
    /// As it is answered; -1 on error.
    pub log_start_offset: i64,
    /// Whether its error code is not 0.
    pub is_error: bool,
    /// Whether it sends the consumer to another replica.
    pub has_preferred_read_replica: bool,
    /// Whether it tells the follower to truncate.
    pub has_diverging_epoch: bool,
}

/// A fetch between its two calls.
#[derive(Debug)]
pub struct FetchContext {
    kind: Kind,
    /// What to read, in this order.
    pub partitions: Vec<(FetchPartition, PartitionRequest)>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Error(KafkaError),
    Sessionless,
    Full { uses_topic_ids: bool, from_follower: bool },
    Incremental { session_id: i32, expected_epoch: i32 },
}

impl FetchContext {
    /// The error by which the whole request fails, without partitions.
    pub fn error(&self) -> Option<KafkaError> {
        match self.kind {
            Kind::Error(error) => Some(error),
            _ => None,
        }
    }

    /// Whether partitions without news are left out of the response.
    pub fn is_incremental(&self) -> bool {
        matches!(self.kind, Kind::Incremental { .. })
    }
}

/// Which of the outcomes a response names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Include {
    /// All of them.
    All,
    /// None of them.
    Nothing,
    /// Those that are true, by position.
    Changed(Vec<bool>),
}

impl Include {
    /// Whether the outcome at this position is named.
    pub fn contains(&self, index: usize) -> bool {
        match self {
            Include::All => true,
            Include::Nothing => false,
            Include::Changed(which) => which.get(index).copied().unwrap_or(false),
        }
    }
}

/// What to answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SessionReply {
    /// The response's own error code.
    pub error: KafkaError,
    /// The response's session id.
    pub session_id: i32,
    /// The partitions to name.
    pub include: Include,
}

/// All sessions of a node.
#[derive(Debug)]
pub struct FetchSessions {
    shards: Vec<CacheShard>,
    next_shard: usize,
    partitions_max: usize,
    evictions: u64,
}

impl FetchSessions {
    /// `slots` is `max.incremental.fetch.session.cache.slots`; as in Kafka each of the 8 shards gets an eighth of it,
    /// rounded down. `partitions_max` bounds the partitions that all sessions remember together.
    pub fn new(slots: usize, partitions_max: usize) -> FetchSessions {
        let shards = (0..SHARDS).map(|n| CacheShard::new(n, slots / SHARDS as usize)).collect();
        FetchSessions { shards, next_shard: 0, partitions_max, evictions: 0 }
    }

    /// Sessions in the cache.
    pub fn sessions(&self) -> usize {
        self.shards.iter().map(CacheShard::len).sum()
    }

    /// Partitions remembered by all sessions.
    pub fn cached_partitions(&self) -> usize {
        self.shards.iter().map(CacheShard::partitions).sum()
    }

    /// Sessions evicted since the start.
    pub fn evictions(&self) -> u64 {
        self.evictions
    }

    fn shard(&mut self, session_id: i32) -> Option<&mut CacheShard> {
        let shard = usize::try_from(session_id / SESSION_ID_RANGE).ok()?;
        self.shards.get_mut(shard)
    }

    fn session(&mut self, session_id: i32) -> Option<&mut Session> {
        self.shard(session_id)?.get_mut(session_id)
    }

    /// Begins a fetch. `resolve` gives the name of a topic id, for session partitions whose topic was not known before.
    pub fn open(
        &mut self,
        request: SessionRequest,
        now: Now,
        resolve: impl Fn(Uuid) -> Option<Arc<str>>,
    ) -> FetchContext {
        if request.session_epoch == INITIAL_EPOCH || request.session_epoch == FINAL_EPOCH {
            return self.open_full(request);
        }
        let uses_topic_ids = request.api_version >= TOPIC_IDS_VERSION;
        let cached_elsewhere = self.cached_partitions();
        let partitions_max = self.partitions_max;
        let session_id = request.session_id;
        let Some(shard) = self.shard(session_id) else { return failed(KafkaError::FetchSessionIdNotFound) };
        let Some(session) = shard.get_mut(session_id) else { return failed(KafkaError::FetchSessionIdNotFound) };
        if session.epoch != request.session_epoch {
            return failed(KafkaError::InvalidFetchSessionEpoch);
        }
        if session.uses_topic_ids != uses_topic_ids {
            return failed(KafkaError::FetchSessionTopicIdError);
        }
        let cached_elsewhere = cached_elsewhere.saturating_sub(session.len());
        for (partition, data) in &request.partitions {
            session.add_or_update(partition, *data);
        }
        for partition in &request.forgotten {
            session.remove(&partition.key());
        }
        if session.is_empty() {
            shard.remove(session_id);
            return FetchContext { kind: Kind::Sessionless, partitions: deduplicated(request.partitions) };
        }
        if cached_elsewhere + session.len() > partitions_max {
            // The client fetches in full next and gets no session.
            shard.remove(session_id);
            return failed(KafkaError::FetchSessionIdNotFound);
        }
        session.epoch = next_epoch(session.epoch);
        let kind = Kind::Incremental { session_id, expected_epoch: session.epoch };
        let partitions = session.in_order(resolve);
        shard.touch(session_id, now);
        FetchContext { kind, partitions }
    }

    fn open_full(&mut self, request: SessionRequest) -> FetchContext {
        if request.session_id != INVALID_SESSION_ID
            && let Some(shard) = self.shard(request.session_id)
        {
            // Any session that a full fetch names is closed.
            shard.remove(request.session_id);
        }
        let kind = if request.session_epoch == FINAL_EPOCH {
            Kind::Sessionless
        } else {
            Kind::Full {
                uses_topic_ids: request.api_version >= TOPIC_IDS_VERSION,
                from_follower: request.from_follower,
            }
        };
        FetchContext { kind, partitions: deduplicated(request.partitions) }
    }

    /// Ends a fetch: remembers `outcomes`, which are in the response's order, and says which of them to name.
    pub fn finish(
        &mut self,
        context: &FetchContext,
        outcomes: &[(FetchPartition, PartitionOutcome)],
        now: Now,
        rng: &mut Rng,
    ) -> SessionReply {
        let reply = |error, session_id, include| SessionReply { error, session_id, include };
        match context.kind {
            Kind::Error(error) => reply(error, INVALID_SESSION_ID, Include::Nothing),
            Kind::Sessionless => reply(KafkaError::None, INVALID_SESSION_ID, Include::All),
            Kind::Full { uses_topic_ids, from_follower } => {
                let session_id = self.create(context, outcomes, uses_topic_ids, from_follower, now, rng);
                reply(KafkaError::None, session_id, Include::All)
            }
            Kind::Incremental { session_id, expected_epoch } => match self.session(session_id) {
                None => reply(KafkaError::None, session_id, Include::All),
                Some(session) if session.epoch != expected_epoch => {
                    reply(KafkaError::InvalidFetchSessionEpoch, session_id, Include::Nothing)
                }
                Some(session) => {
                    let which =
                        outcomes.iter().map(|(p, outcome)| session.update_response(&p.key(), outcome)).collect();
                    reply(KafkaError::None, session_id, Include::Changed(which))
                }
            },
        }
    }

    /// What [`FetchSessions::finish`] would name, without remembering anything: for the size that a quota is asked about.
    pub fn preview(&mut self, context: &FetchContext, outcomes: &[(FetchPartition, PartitionOutcome)]) -> Include {
        match context.kind {
            Kind::Error(_) => Include::Nothing,
            Kind::Sessionless | Kind::Full { .. } => Include::All,
            Kind::Incremental { session_id, expected_epoch } => match self.session(session_id) {
                None => Include::All,
                Some(session) if session.epoch != expected_epoch => Include::Nothing,
                Some(session) => Include::Changed(
                    outcomes.iter().map(|(p, outcome)| session.would_respond(&p.key(), outcome)).collect(),
                ),
            },
        }
    }

    /// Ends a fetch that a quota throttles: the response names nothing. What an incremental session has told is left as it
    /// was; a full fetch gets no session.
    pub fn throttled(&mut self, context: &FetchContext) -> SessionReply {
        let (error, session_id) = match context.kind {
            Kind::Incremental { session_id, expected_epoch } => match self.session(session_id) {
                Some(session) if session.epoch != expected_epoch => (KafkaError::InvalidFetchSessionEpoch, session_id),
                _ => (KafkaError::None, session_id),
            },
            _ => (KafkaError::None, INVALID_SESSION_ID),
        };
        SessionReply { error, session_id, include: Include::Nothing }
    }

    fn create(
        &mut self,
        context: &FetchContext,
        outcomes: &[(FetchPartition, PartitionOutcome)],
        uses_topic_ids: bool,
        from_follower: bool,
        now: Now,
        rng: &mut Rng,
    ) -> i32 {
        if self.cached_partitions() + outcomes.len() > self.partitions_max {
            return INVALID_SESSION_ID;
        }
        let at = self.next_shard;
        self.next_shard = (at + 1) % self.shards.len();
        let Some(shard) = self.shards.get_mut(at) else { return INVALID_SESSION_ID };
        let new = NewSession { privileged: from_follower, uses_topic_ids, size: outcomes.len() };
        let evictions = &mut self.evictions;
        let Some(session) = shard.try_create(new, now, rng, evictions) else { return INVALID_SESSION_ID };
        let asked: HashMap<Key, PartitionRequest> =
            context.partitions.iter().map(|(p, data)| (p.key(), *data)).collect();
        for (partition, outcome) in outcomes {
            if let Some(data) = asked.get(&partition.key()) {
                session.add(CachedPartition::answered(partition.clone(), *data, outcome));
            }
        }
        let id = session.id;
        shard.touch(id, now);
        id
    }
}

fn failed(error: KafkaError) -> FetchContext {
    FetchContext { kind: Kind::Error(error), partitions: Vec::new() }
}

/// As a Java `LinkedHashMap` keeps them: the place of the first, the value of the last.
fn deduplicated(partitions: Vec<(FetchPartition, PartitionRequest)>) -> Vec<(FetchPartition, PartitionRequest)> {
    let mut places = HashMap::with_capacity(partitions.len());
    let mut out: Vec<(FetchPartition, PartitionRequest)> = Vec::with_capacity(partitions.len());
    for (partition, data) in partitions {
        match places.insert(partition.key(), out.len()) {
            None => out.push((partition, data)),
            Some(place) => {
                places.insert(partition.key(), place);
                if let Some(first) = out.get_mut(place) {
                    first.1 = data;
                }
            }
        }
    }
    out
}

#[cfg(test)]
mod tests;
