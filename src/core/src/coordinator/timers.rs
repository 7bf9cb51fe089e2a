//! The deadlines of one coordinator shard: a keyed, ordered map instead of a timer wheel (D12).
//!
//! Owned by the shard, so by whoever drains its inbox. Invariants: a key has at most one deadline; two timers of the
//! same millisecond fire in the order in which they were set. Nothing here reads a clock.

use std::collections::BTreeMap;

/// Deadlines by key, each with what is to be done when it passes.
#[derive(Debug)]
pub struct Timers<K, T> {
    by_key: BTreeMap<K, (u64, u64, T)>,
    by_deadline: BTreeMap<(u64, u64), K>,
    next_sequence: u64,
}

impl<K: Ord + Clone, T> Default for Timers<K, T> {
    fn default() -> Self {
        Timers { by_key: BTreeMap::new(), by_deadline: BTreeMap::new(), next_sequence: 0 }
    }
}

impl<K: Ord + Clone, T> Timers<K, T> {
    /// Sets the timer of `key`, replacing an earlier one.
    pub fn schedule(&mut self, key: K, deadline_ms: u64, task: T) {
        let sequence = self.next_sequence;
        self.next_sequence += 1;
        if let Some((deadline, old, _)) = self.by_key.insert(key.clone(), (deadline_ms, sequence, task)) {
            self.by_deadline.remove(&(deadline, old));
        }
        self.by_deadline.insert((deadline_ms, sequence), key);
    }

    /// Forgets the timer of `key`; says whether there was one.
    pub fn cancel(&mut self, key: &K) -> bool {
        match self.by_key.remove(key) {
            Some((deadline, sequence, _)) => self.by_deadline.remove(&(deadline, sequence)).is_some(),
            None => false,
        }
    }

    /// Forgets everything.
    pub fn clear(&mut self) {
        self.by_key.clear();
        self.by_deadline.clear();
    }

    /// The deadline of `key`.
    pub fn deadline(&self, key: &K) -> Option<u64> {
        self.by_key.get(key).map(|(deadline, ..)| *deadline)
    }

    /// The earliest deadline.
    pub fn next_deadline(&self) -> Option<u64> {
        self.by_deadline.first_key_value().map(|((deadline, _), _)| *deadline)
    }

    /// Takes the earliest timer whose deadline is at or before `mono_ms`.
    pub fn pop_due(&mut self, mono_ms: u64) -> Option<(K, T)> {
        let (&(deadline, sequence), _) = self.by_deadline.first_key_value()?;
        if deadline > mono_ms {
            return None;
        }
        let key = self.by_deadline.remove(&(deadline, sequence))?;
        let (_, _, task) = self.by_key.remove(&key)?;
        Some((key, task))
    }

    /// Number of timers that are set.
    pub fn len(&self) -> usize {
        self.by_key.len()
    }

    /// Whether none is set.
    pub fn is_empty(&self) -> bool {
        self.by_key.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn timers_fire_in_order_of_deadline_then_of_setting() {
        let mut timers = Timers::default();
        timers.schedule("late", 20, 1);
        timers.schedule("b", 10, 2);
        timers.schedule("a", 10, 3);
        timers.schedule("late", 30, 4);
        timers.schedule("gone", 5, 5);
        assert!(timers.cancel(&"gone"));
        assert!(!timers.cancel(&"gone"));
        assert_eq!(timers.next_deadline(), Some(10));
        assert_eq!(timers.pop_due(9), None);
        assert_eq!(timers.pop_due(10), Some(("b", 2)));
        assert_eq!(timers.pop_due(10), Some(("a", 3)));
        assert_eq!(timers.pop_due(29), None);
        assert_eq!(timers.pop_due(30), Some(("late", 4)));
        assert!(timers.is_empty());
    }
}
