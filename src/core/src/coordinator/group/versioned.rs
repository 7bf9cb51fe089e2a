//! A value with what is written about it but not committed yet.
//!
//! Decisions read the latest value, pure reads the one at the high watermark (D10). Invariant: the pending changes are
//! in the order of their offsets, and all of them are at or above the high watermark.

/// A value, or its absence, at two points of the log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Versioned<V> {
    committed: Option<V>,
    pending: Vec<(i64, Option<V>)>,
}

impl<V> Default for Versioned<V> {
    fn default() -> Self {
        Versioned { committed: None, pending: Vec::new() }
    }
}

impl<V> Versioned<V> {
    /// At the end of the log.
    pub fn latest(&self) -> Option<&V> {
        match self.pending.last() {
            Some((_, value)) => value.as_ref(),
            None => self.committed.as_ref(),
        }
    }

    /// At the high watermark.
    pub fn committed(&self) -> Option<&V> {
        self.committed.as_ref()
    }

    /// The record at `offset` says `value`. Returns whether it still has to be committed.
    pub fn set(&mut self, offset: i64, value: Option<V>, high_watermark: i64) -> bool {
        if offset < high_watermark && self.pending.is_empty() {
            self.committed = value;
            return false;
        }
        self.pending.push((offset, value));
        true
    }

    /// Records below `high_watermark` are committed.
    pub fn commit(&mut self, high_watermark: i64) {
        let done = self.pending.partition_point(|(offset, _)| *offset < high_watermark);
        if let Some((_, value)) = self.pending.drain(..done).next_back() {
            self.committed = value;
        }
    }

    /// Whether neither view has a value, nor ever had since.
    pub fn is_vacant(&self) -> bool {
        self.committed.is_none() && self.pending.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_see_a_change_when_the_high_watermark_has_passed_it() {
        let mut value = Versioned::default();
        assert!(!value.set(3, Some("a"), 10));
        assert!(value.set(10, Some("b"), 10));
        assert!(value.set(11, None, 10));
        assert_eq!((value.latest(), value.committed()), (None, Some(&"a")));
        value.commit(11);
        assert_eq!((value.latest(), value.committed()), (None, Some(&"b")));
        assert!(!value.is_vacant());
        value.commit(12);
        assert!(value.is_vacant());
    }
}
