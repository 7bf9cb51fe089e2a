//! A shard of the session cache: a bounded number of sessions, and which of them goes when another comes
//! (`FetchSessionCacheShard`).
//!
//! Owned by [`super::FetchSessions`]. Invariant: every session is in `last_used`, under its own last use; in the two
//! orders of eviction under the size that it had when it was last touched, once it is old enough to be there.

use super::session::Session;
use super::{MIN_EVICTION_MS, SESSION_ID_RANGE};
use ottla_base::clock::Now;
use ottla_base::rng::Rng;
use std::collections::{BTreeMap, BTreeSet};

/// What a session is worth: those of followers more, then those of more partitions.
type Worth = (bool, usize, i32);

/// A session that wants to be.
#[derive(Clone, Copy, Debug)]
pub(super) struct NewSession {
    pub(super) privileged: bool,
    pub(super) uses_topic_ids: bool,
    pub(super) size: usize,
}

#[derive(Debug)]
pub(super) struct CacheShard {
    number: i32,
    slots: usize,
    sessions: BTreeMap<i32, Session>,
    last_used: BTreeSet<(u64, i32)>,
    /// Sessions that anybody may evict.
    evictable_by_all: BTreeSet<Worth>,
    /// Sessions that a follower's session may evict.
    evictable_by_privileged: BTreeSet<Worth>,
    partitions: usize,
}

impl CacheShard {
    pub(super) fn new(number: i32, slots: usize) -> CacheShard {
        CacheShard {
            number,
            slots,
            sessions: BTreeMap::new(),
            last_used: BTreeSet::new(),
            evictable_by_all: BTreeSet::new(),
            evictable_by_privileged: BTreeSet::new(),
            partitions: 0,
        }
    }

    pub(super) fn len(&self) -> usize {
        self.sessions.len()
    }

    pub(super) fn partitions(&self) -> usize {
        self.partitions
    }

    #[cfg(test)]
    pub(super) fn sizes(&self) -> impl Iterator<Item = usize> {
        self.sessions.values().map(Session::len)
    }

    pub(super) fn get_mut(&mut self, id: i32) -> Option<&mut Session> {
        self.sessions.get_mut(&id)
    }

    /// A new session without partitions; `None` if it would have to evict one of more worth. To be touched when it is
    /// filled.
    pub(super) fn try_create(
        &mut self,
        new: NewSession,
        now: Now,
        rng: &mut Rng,
        evictions: &mut u64,
    ) -> Option<&mut Session> {
        if self.sessions.len() >= self.slots {
            self.evict_for(new, now)?;
            *evictions += 1;
        }
        let id = self.new_id(rng);
        Some(self.sessions.entry(id).or_insert(Session::new(id, new.privileged, new.uses_topic_ids, now.mono_ms)))
    }

    /// Random, positive, unused. There are far more ids than slots.
    fn new_id(&self, rng: &mut Rng) -> i32 {
        let low = (self.number * SESSION_ID_RANGE).max(1);
        let high = self.number.saturating_add(1).saturating_mul(SESSION_ID_RANGE);
        loop {
            let id = low + rng.below((high - low) as u64) as i32;
            if !self.sessions.contains_key(&id) {
                return id;
            }
        }
    }

    fn evict_for(&mut self, new: NewSession, now: Now) -> Option<()> {
        let (last_used_ms, oldest) = *self.last_used.first()?;
        if now.mono_ms.saturating_sub(last_used_ms) > MIN_EVICTION_MS {
            self.remove(oldest);
            return Some(());
        }
        let evictable = if new.privileged { &self.evictable_by_privileged } else { &self.evictable_by_all };
        let least @ (_, _, id) = *evictable.first()?;
        if (new.privileged, new.size, 0) < least {
            return None;
        }
        self.remove(id);
        Some(())
    }

    pub(super) fn remove(&mut self, id: i32) {
        let Some(session) = self.sessions.remove(&id) else { return };
        self.last_used.remove(&(session.last_used_ms, id));
        if let Some(size) = session.cached_size {
            self.evictable_by_all.remove(&(session.privileged, size, id));
            self.evictable_by_privileged.remove(&(session.privileged, size, id));
            self.partitions -= size;
        }
    }

    /// Notes a use, and the session's size.
    pub(super) fn touch(&mut self, id: i32, now: Now) {
        let Some(session) = self.sessions.get_mut(&id) else { return };
        self.last_used.remove(&(session.last_used_ms, id));
        session.last_used_ms = now.mono_ms;
        self.last_used.insert((session.last_used_ms, id));
        if let Some(size) = session.cached_size {
            self.evictable_by_all.remove(&(session.privileged, size, id));
            self.evictable_by_privileged.remove(&(session.privileged, size, id));
            self.partitions -= size;
        }
        let size = session.len();
        session.cached_size = Some(size);
        self.partitions += size;
        let old = now.mono_ms.saturating_sub(session.created_ms) > MIN_EVICTION_MS;
        if old || !session.privileged {
            self.evictable_by_privileged.insert((session.privileged, size, id));
        }
        if old {
            self.evictable_by_all.insert((session.privileged, size, id));
        }
    }
}
