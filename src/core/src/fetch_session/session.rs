//! One fetch session: its partitions in order, and what their fetcher was told last.
//!
//! Owned by its [`super::cache::CacheShard`]. Invariant: `order` and `places` hold the same partitions.

use super::{FetchPartition, Key, PartitionOutcome, PartitionRequest};
use ottla_base::ids::Uuid;
use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

/// A partition of a session.
#[derive(Clone, Debug)]
pub(super) struct CachedPartition {
    partition: FetchPartition,
    request: PartitionRequest,
    /// As last told; -1 before, and after an error.
    high_watermark: i64,
    /// As last told; -1 before.
    log_start_offset: i64,
}

impl CachedPartition {
    /// One that the fetcher has just been told about.
    pub(super) fn answered(
        partition: FetchPartition,
        request: PartitionRequest,
        outcome: &PartitionOutcome,
    ) -> CachedPartition {
        CachedPartition {
            partition,
            request,
            high_watermark: outcome.high_watermark,
            log_start_offset: outcome.log_start_offset,
        }
    }

    /// `CachedPartition.maybeUpdateResponseData` without the update.
    fn would_respond(&self, outcome: &PartitionOutcome) -> bool {
        outcome.has_records
            || self.high_watermark != outcome.high_watermark
            || self.log_start_offset != outcome.log_start_offset
            || outcome.has_preferred_read_replica
            || outcome.is_error
            || outcome.has_diverging_epoch
    }
}

/// A session.
#[derive(Debug)]
pub(super) struct Session {
    pub(super) id: i32,
    /// A follower's.
    pub(super) privileged: bool,
    pub(super) uses_topic_ids: bool,
    pub(super) created_ms: u64,
    pub(super) last_used_ms: u64,
    /// The size under which the cache has it in its orders; `None` before the first touch.
    pub(super) cached_size: Option<usize>,
    /// The epoch that the next fetch must have.
    pub(super) epoch: i32,
    order: BTreeMap<u64, CachedPartition>,
    places: HashMap<Key, u64>,
    next_place: u64,
}

impl Session {
    pub(super) fn new(id: i32, privileged: bool, uses_topic_ids: bool, now_ms: u64) -> Session {
        Session {
            id,
            privileged,
            uses_topic_ids,
            created_ms: now_ms,
            last_used_ms: now_ms,
            cached_size: None,
            epoch: super::next_epoch(super::INITIAL_EPOCH),
            order: BTreeMap::new(),
            places: HashMap::new(),
            next_place: 0,
        }
    }

    pub(super) fn len(&self) -> usize {
        self.order.len()
    }

    pub(super) fn is_empty(&self) -> bool {
        self.order.is_empty()
    }

    /// Adds at the end; a partition that is there keeps its place and what was told.
    pub(super) fn add(&mut self, cached: CachedPartition) {
        let key = cached.partition.key();
        if self.places.contains_key(&key) {
            return;
        }
        self.places.insert(key, self.next_place);
        self.order.insert(self.next_place, cached);
        self.next_place += 1;
    }

    pub(super) fn add_or_update(&mut self, partition: &FetchPartition, request: PartitionRequest) {
        match self.places.get(&partition.key()).and_then(|place| self.order.get_mut(place)) {
            Some(cached) => cached.request = request,
            None => self.add(CachedPartition {
                partition: partition.clone(),
                request,
                high_watermark: -1,
                log_start_offset: -1,
            }),
        }
    }

    pub(super) fn remove(&mut self, key: &Key) {
        if let Some(place) = self.places.remove(key) {
            self.order.remove(&place);
        }
    }

    /// All partitions, in order. A name that was not known is looked up; once known it stays.
    pub(super) fn in_order(
        &mut self,
        resolve: impl Fn(Uuid) -> Option<Arc<str>>,
    ) -> Vec<(FetchPartition, PartitionRequest)> {
        let mut out = Vec::with_capacity(self.order.len());
        for cached in self.order.values_mut() {
            if cached.partition.topic.is_none() {
                cached.partition.topic = resolve(cached.partition.topic_id);
            }
            out.push((cached.partition.clone(), cached.request));
        }
        out
    }

    /// Whether the response must name this partition. Partitions that the session does not have are left out.
    pub(super) fn would_respond(&self, key: &Key, outcome: &PartitionOutcome) -> bool {
        self.places.get(key).and_then(|place| self.order.get(place)).is_some_and(|c| c.would_respond(outcome))
    }

    /// As [`Session::would_respond`], and remembers what is told. With records it goes to the end.
    pub(super) fn update_response(&mut self, key: &Key, outcome: &PartitionOutcome) -> bool {
        let Some(place) = self.places.get_mut(key) else { return false };
        let Some(cached) = self.order.get_mut(place) else { return false };
        let respond = cached.would_respond(outcome);
        // -1 differs from what comes after the error: the partition is then sent again.
        cached.high_watermark = if outcome.is_error { -1 } else { outcome.high_watermark };
        cached.log_start_offset = outcome.log_start_offset;
        if outcome.has_records
            && let Some(cached) = self.order.remove(place)
        {
            *place = self.next_place;
            self.order.insert(self.next_place, cached);
            self.next_place += 1;
        }
        respond
    }
}
