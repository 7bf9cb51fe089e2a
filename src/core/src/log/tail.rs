//! The newest batches of a log, in memory: where they are, and, while a node-wide budget lasts, their bytes. A reader
//! at the tail needs no index and no disk.
//!
//! Each log has one [`Tail`], written by its owner and read by anybody; its lock is held for a few instructions.
//! The [`TailCache`] of a node takes back the bytes of the oldest batches, of whatever log, once the budget is spent.
//! Positions stay.

use super::files::lock;
use bytes::Bytes;
use smallvec::SmallVec;
use std::collections::VecDeque;
use std::sync::{Arc, Mutex};

/// Batches whose positions are kept per log.
const TAIL_BATCHES: usize = 64;

/// One batch at the tail.
#[derive(Clone, Debug)]
pub(crate) struct TailBatch {
    pub base_offset: i64,
    pub last_offset: i64,
    /// Base offset of its segment.
    pub segment: i64,
    pub position: u64,
    pub size: u32,
    /// Header and payload as written; both empty once the budget took them back.
    pub bytes: [Bytes; 2],
    serial: u64,
}

#[derive(Debug, Default)]
struct Ring {
    batches: VecDeque<TailBatch>,
    next_serial: u64,
}

/// The newest batches of one log.
#[derive(Debug, Default)]
pub(crate) struct Tail {
    ring: Mutex<Ring>,
}

/// What a read found at the tail.
#[derive(Debug)]
pub(crate) struct TailHit {
    pub base_offset: i64,
    pub last_offset: i64,
    pub segment: i64,
    pub position: u64,
    pub size: u32,
    /// Whole batches from the one that was looked for on, all of one segment; empty if its bytes are gone.
    pub parts: SmallVec<[Bytes; 4]>,
    /// Total length of `parts`.
    pub len: usize,
}

impl Tail {
    /// Adds a batch; `position` must follow the batch before it.
    pub fn push(self: &Arc<Self>, cache: &TailCache, mut batch: TailBatch, pinned: usize) {
        let mut ring = lock(&self.ring);
        let serial = ring.next_serial;
        ring.next_serial += 1;
        batch.serial = serial;
        let keep_bytes = cache.limit > 0 && pinned <= cache.limit / 4;
        if !keep_bytes {
            batch.bytes = [Bytes::new(), Bytes::new()];
        }
        if ring.batches.len() >= TAIL_BATCHES {
            ring.batches.pop_front();
        }
        ring.batches.push_back(batch);
        drop(ring);
        if keep_bytes {
            cache.admit(self, serial, pinned);
        }
    }

    /// Looks for the batch that holds `offset`, if the tail reaches back to it. `upper_bound` and `max_bytes` bound
    /// what is collected after the first batch.
    pub fn find(&self, offset: i64, upper_bound: i64, max_bytes: usize) -> Option<TailHit> {
        let ring = lock(&self.ring);
        let first = ring.batches.front()?;
        if offset < first.base_offset {
            return None;
        }
        let at = ring.batches.partition_point(|b| b.last_offset < offset);
        let batch = ring.batches.get(at)?;
        let mut hit = TailHit {
            base_offset: batch.base_offset,
            last_offset: batch.last_offset,
            segment: batch.segment,
            position: batch.position,
            size: batch.size,
            parts: SmallVec::new(),
            len: 0,
        };
        for next in ring.batches.iter().skip(at) {
            let size = next.size as usize;
            if next.segment != batch.segment
                || next.last_offset >= upper_bound
                || next.bytes[0].is_empty()
                || (hit.len > 0 && hit.len + size > max_bytes)
            {
                break;
            }
            hit.parts.extend(next.bytes.iter().filter(|b| !b.is_empty()).cloned());
            hit.len += size;
        }
        Some(hit)
    }

    /// Where the first batch that reaches `offset` starts: (segment, position).
    pub fn position_of(&self, offset: i64) -> Option<(i64, u64)> {
        let ring = lock(&self.ring);
        if ring.batches.front()?.base_offset > offset {
            return None;
        }
        let at = ring.batches.partition_point(|b| b.last_offset < offset);
        ring.batches.get(at).map(|b| (b.segment, b.position))
    }

    /// Forgets everything: after a truncation, or when the log falls idle.
    pub fn clear(&self) {
        lock(&self.ring).batches = VecDeque::new();
    }

    fn forget_bytes(&self, serial: u64) {
        let mut ring = lock(&self.ring);
        let at = ring.batches.partition_point(|b| b.serial < serial);
        if let Some(batch) = ring.batches.get_mut(at)
            && batch.serial == serial
        {
            batch.bytes = [Bytes::new(), Bytes::new()];
        }
    }
}

impl TailBatch {
    pub fn new(offsets: (i64, i64), segment: i64, position: u64, size: u32, bytes: [Bytes; 2]) -> TailBatch {
        TailBatch { base_offset: offsets.0, last_offset: offsets.1, segment, position, size, bytes, serial: 0 }
    }
}

#[derive(Debug)]
struct Admitted {
    tail: Arc<Tail>,
    serial: u64,
    pinned: usize,
}

#[derive(Debug, Default)]
struct CacheState {
    queue: VecDeque<Admitted>,
    pinned: usize,
}

/// The budget of a node for bytes at the tails of its logs.
#[derive(Debug)]
pub struct TailCache {
    limit: usize,
    state: Mutex<CacheState>,
}

impl TailCache {
    /// At most `limit` bytes are pinned; 0 keeps none.
    pub fn new(limit: usize) -> TailCache {
        TailCache { limit, state: Mutex::default() }
    }

    /// Bytes that are pinned now, as announced by those who appended.
    pub fn pinned(&self) -> usize {
        lock(&self.state).pinned
    }

    fn admit(&self, tail: &Arc<Tail>, serial: u64, pinned: usize) {
        let mut evicted: SmallVec<[Admitted; 4]> = SmallVec::new();
        {
            let mut state = lock(&self.state);
            state.queue.push_back(Admitted { tail: tail.clone(), serial, pinned });
            state.pinned += pinned;
            while state.pinned > self.limit {
                let Some(oldest) = state.queue.pop_front() else { break };
                state.pinned -= oldest.pinned;
                evicted.push(oldest);
            }
        }
        for old in evicted {
            old.tail.forget_bytes(old.serial);
        }
    }
}
