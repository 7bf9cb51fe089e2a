//! Which leader epoch starts at which offset (`LeaderEpochFileCache`), and its file `leader-epoch-checkpoint`.
//!
//! Immutable snapshots of it are shared with readers. The file is derived from the log's batches, except for epochs
//! without data; a file that cannot be read is rebuilt.

use std::fmt::Write;

/// An epoch and its first offset.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct EpochEntry {
    /// The leader epoch.
    pub epoch: i32,
    /// Its first offset.
    pub start_offset: i64,
}

/// An offset and the epoch that it belongs to; (-1, -1) is "unknown".
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct OffsetAndEpoch {
    /// The offset.
    pub offset: i64,
    /// The leader epoch.
    pub epoch: i32,
}

/// Epochs in order; both columns increase.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct EpochCache {
    entries: Vec<EpochEntry>,
}

impl EpochCache {
    /// Parses the checkpoint file. `None` when it is not one; an empty file is an empty cache.
    pub fn parse(text: &str) -> Option<EpochCache> {
        let mut cache = EpochCache::default();
        // The last line may have been torn inside a number.
        if !text.is_empty() && !text.ends_with('\n') {
            return None;
        }
        let mut lines = text.lines();
        let Some(version) = lines.next() else { return Some(cache) };
        if version.trim().parse::<i32>().ok()? != 0 {
            return None;
        }
        let Some(count) = lines.next() else { return Some(cache) };
        let count: usize = count.trim().parse().ok()?;
        let mut seen = 0;
        for line in lines {
            let (epoch, offset) = line.split_once(char::is_whitespace)?;
            let (epoch, offset) = (epoch.parse().ok()?, offset.trim().parse().ok()?);
            if epoch < 0 || offset < 0 {
                return None;
            }
            cache.assign(epoch, offset);
            seen += 1;
        }
        (seen == count).then_some(cache)
    }

    /// The checkpoint file's content.
    pub fn encode(&self) -> String {
        let mut out = format!("0\n{}\n", self.entries.len());
        for entry in &self.entries {
            // Writing to a String cannot fail.
            let _ = writeln!(out, "{} {}", entry.epoch, entry.start_offset);
        }
        out
    }

    /// Adds an epoch unless it is known. Entries that contradict it (same or later epoch, or an offset at or above)
    /// give way. True when something changed.
    pub fn assign(&mut self, epoch: i32, start_offset: i64) -> bool {
        if epoch < 0 || start_offset < 0 {
            return false;
        }
        if let Some(last) = self.entries.last()
            && last.epoch == epoch
            && start_offset >= last.start_offset
        {
            return false;
        }
        while self.entries.last().is_some_and(|e| e.epoch >= epoch || e.start_offset >= start_offset) {
            self.entries.pop();
        }
        self.entries.push(EpochEntry { epoch, start_offset });
        true
    }

    /// All entries in order.
    pub fn entries(&self) -> &[EpochEntry] {
        &self.entries
    }

    /// The newest epoch.
    pub fn latest_epoch(&self) -> Option<i32> {
        self.entries.last().map(|e| e.epoch)
    }

    /// The oldest entry.
    pub fn earliest(&self) -> Option<EpochEntry> {
        self.entries.first().copied()
    }

    /// The epoch that `offset` was written in.
    pub fn epoch_for_offset(&self, offset: i64) -> Option<i32> {
        let after = self.entries.partition_point(|e| e.start_offset <= offset);
        after.checked_sub(1).and_then(|i| self.entries.get(i)).map(|e| e.epoch)
    }

    /// The largest known epoch that is not above `epoch`, and where it ends. `None` when it cannot be told
    /// (`LeaderEpochFileCache.endOffsetFor`).
    pub fn end_offset_for(&self, epoch: i32, log_end_offset: i64) -> Option<OffsetAndEpoch> {
        if epoch < 0 {
            return None;
        }
        if self.latest_epoch() == Some(epoch) {
            return Some(OffsetAndEpoch { offset: log_end_offset, epoch });
        }
        let higher = self.entries.partition_point(|e| e.epoch <= epoch);
        let offset = self.entries.get(higher)?.start_offset;
        let floor = higher.checked_sub(1).and_then(|i| self.entries.get(i));
        Some(OffsetAndEpoch { offset, epoch: floor.map_or(epoch, |e| e.epoch) })
    }

    /// Forgets epochs that start at or above `end_offset`. True when something changed.
    pub fn truncate_from_end(&mut self, end_offset: i64) -> bool {
        let before = self.entries.len();
        if end_offset >= 0 {
            self.entries.truncate(self.entries.partition_point(|e| e.start_offset < end_offset));
        }
        self.entries.len() != before
    }

    /// Forgets what lies below `start_offset`; the epoch that covers it then starts there. True when something changed.
    pub fn truncate_from_start(&mut self, start_offset: i64) -> bool {
        let covered = self.entries.partition_point(|e| e.start_offset <= start_offset);
        let Some(last) = covered.checked_sub(1).and_then(|i| self.entries.get_mut(i)) else { return false };
        let changed = covered > 1 || last.start_offset != start_offset;
        last.start_offset = start_offset;
        self.entries.drain(..covered - 1);
        changed
    }

    /// Forgets everything.
    pub fn clear(&mut self) {
        self.entries.clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cache(entries: &[(i32, i64)]) -> EpochCache {
        let mut cache = EpochCache::default();
        for (epoch, offset) in entries {
            cache.assign(*epoch, *offset);
        }
        cache
    }

    fn end(cache: &EpochCache, epoch: i32) -> Option<(i32, i64)> {
        cache.end_offset_for(epoch, 100).map(|e| (e.epoch, e.offset))
    }

    #[test]
    fn end_offset_follows_kafkas_rules() {
        let c = cache(&[(2, 10), (4, 20), (7, 50)]);
        assert_eq!(end(&c, 7), Some((7, 100)), "latest: the log's end");
        assert_eq!(end(&c, 8), None, "above: unknown");
        assert_eq!(end(&c, -1), None);
        assert_eq!(end(&c, 4), Some((4, 50)));
        assert_eq!(end(&c, 5), Some((4, 50)), "gap: the epoch below, end of it");
        assert_eq!(end(&c, 1), Some((1, 10)), "below: start of the first higher epoch");
        assert_eq!(end(&EpochCache::default(), 0), None);
    }

    #[test]
    fn conflicting_entries_give_way() {
        let mut c = cache(&[(2, 10), (4, 20)]);
        assert!(!c.assign(4, 30), "known");
        assert!(c.assign(5, 20), "an epoch without data is replaced");
        assert_eq!(c.entries(), cache(&[(2, 10), (5, 20)]).entries());
        assert!(c.assign(3, 15));
        assert_eq!(c.entries(), cache(&[(2, 10), (3, 15)]).entries());
    }

    #[test]
    fn truncation_keeps_the_covering_epoch() {
        let mut c = cache(&[(2, 10), (4, 20), (7, 50)]);
        assert!(c.truncate_from_start(25));
        assert_eq!(c.entries(), cache(&[(4, 25), (7, 50)]).entries());
        assert!(!c.truncate_from_start(5));
        assert!(c.truncate_from_end(50));
        assert_eq!(c.entries(), cache(&[(4, 25)]).entries());
        assert_eq!(c.epoch_for_offset(24), None);
        assert_eq!(c.epoch_for_offset(25), Some(4));
    }

    #[test]
    fn checkpoint_round_trips_and_damage_is_noticed() {
        let c = cache(&[(2, 10), (4, 20)]);
        assert_eq!(c.encode(), "0\n2\n2 10\n4 20\n");
        assert_eq!(EpochCache::parse(&c.encode()), Some(c));
        assert_eq!(EpochCache::parse(""), Some(EpochCache::default()));
        for bad in ["1\n0\n", "0\n2\n1 1\n", "0\n1\nx 1\n", "\0\0\0\0", "0\n1\n-1 5\n", "0\n1\n1 5"] {
            assert_eq!(EpochCache::parse(bad), None, "{bad:?}");
        }
    }
}
