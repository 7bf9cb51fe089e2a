//! The groups of a shard: the latest ones for decisions, those at the high watermark for pure reads.
//!
//! Only *existence* has two views. What a classic group is made of is soft state and has one, as in Kafka.
//!
//! Part of [`super::GroupCoordinator`].

use super::classic::ClassicGroup;
use super::{Group, GroupType};
use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;

/// A change whose record has not been appended yet.
const UNWRITTEN: i64 = i64::MAX;

#[derive(Debug)]
struct Slot {
    latest: Option<Group>,
    /// Offset of the record that made or removed `latest`.
    changed_at: i64,
    /// What reads see until the high watermark has passed `changed_at`: earlier groups with the offsets of their
    /// records, oldest first. Only the first may be below the high watermark.
    before: Vec<(i64, Option<Group>)>,
}

/// All groups of a shard, by id.
#[derive(Debug, Default)]
pub struct GroupRegistry {
    slots: BTreeMap<Arc<str>, Slot>,
    uncommitted: VecDeque<(i64, Arc<str>)>,
    high_watermark: i64,
}

impl GroupRegistry {
    /// The group at the end of the log.
    pub fn latest(&self, group_id: &str) -> Option<&Group> {
        self.slots.get(group_id)?.latest.as_ref()
    }

    /// The group at the end of the log, to work with.
    pub fn latest_mut(&mut self, group_id: &str) -> Option<&mut Group> {
        self.slots.get_mut(group_id)?.latest.as_mut()
    }

    /// The group at the high watermark.
    pub fn committed(&self, group_id: &str) -> Option<&Group> {
        self.committed_of(self.slots.get(group_id)?)
    }

    /// All groups at the end of the log.
    pub fn iter_latest(&self) -> impl Iterator<Item = (&Arc<str>, &Group)> {
        self.slots.iter().filter_map(|(group_id, slot)| slot.latest.as_ref().map(|group| (group_id, group)))
    }

    /// All groups at the end of the log, to work with.
    pub fn iter_latest_mut(&mut self) -> impl Iterator<Item = &mut Group> {
        self.slots.values_mut().filter_map(|slot| slot.latest.as_mut())
    }

    /// All groups at the high watermark.
    pub fn iter_committed(&self) -> impl Iterator<Item = (&Arc<str>, &Group)> {
        self.slots.iter().filter_map(|(group_id, slot)| self.committed_of(slot).map(|group| (group_id, group)))
    }

    /// Makes a group whose record is about to be appended. See [`GroupRegistry::written`] and
    /// [`GroupRegistry::forget_unwritten`].
    pub fn create_unwritten(&mut self, group_id: &str, wall_ms: i64) {
        let key: Arc<str> = Arc::from(group_id);
        let group = Group::Classic(Box::new(ClassicGroup::new(key.clone(), wall_ms)));
        self.change(key, Some(group), UNWRITTEN);
    }

    /// The record of an unwritten group is at `offset`.
    pub fn written(&mut self, group_id: &Arc<str>, offset: i64) {
        if let Some(slot) = self.slots.get_mut(group_id)
            && slot.changed_at == UNWRITTEN
        {
            slot.changed_at = offset;
            self.uncommitted.push_back((offset, group_id.clone()));
        }
    }

    /// The record of an unwritten group was refused.
    pub fn forget_unwritten(&mut self, group_id: &Arc<str>) -> Option<Group> {
        let slot = self.slots.get_mut(group_id).filter(|slot| slot.changed_at == UNWRITTEN)?;
        let group = slot.latest.take();
        // What was there before is the latest again: nothing, or a removal that is not committed yet.
        slot.changed_at = -1;
        if let Some((changed_at, earlier)) = slot.before.pop() {
            (slot.changed_at, slot.latest) = (changed_at, earlier);
        }
        if slot.latest.is_none() && slot.before.is_empty() {
            self.slots.remove(group_id);
        }
        group
    }

    /// A record at `offset` says that a group is this, or no more.
    pub fn put(&mut self, group_id: &str, group: Option<Group>, offset: i64) {
        if group.is_none() && self.latest(group_id).is_none() {
            return;
        }
        let key = self.slots.get_key_value(group_id).map_or_else(|| Arc::from(group_id), |(key, _)| key.clone());
        self.change(key.clone(), group, offset);
        if offset >= self.high_watermark {
            self.uncommitted.push_back((offset, key));
        } else {
            self.settle(&key);
        }
    }

    /// A record at `offset` says whether a group of another type exists.
    pub fn put_modern(&mut self, group_id: &str, kind: GroupType, exists: bool, offset: i64) {
        match (self.latest(group_id), exists) {
            (Some(Group::Modern(is)), true) if *is == kind => {}
            (_, true) => self.put(group_id, Some(Group::Modern(kind)), offset),
            (Some(Group::Modern(is)), false) if *is == kind => self.put(group_id, None, offset),
            (_, false) => {}
        }
    }

    /// An offset was committed at `offset`: without a group of that name there is a simple one now.
    pub fn ensure_exists(&mut self, group_id: &str, offset: i64, wall_ms: i64) {
        if self.latest(group_id).is_none() {
            let group = ClassicGroup::new(Arc::from(group_id), wall_ms);
            self.put(group_id, Some(Group::Classic(Box::new(group))), offset);
        }
    }

    /// Records below `high_watermark` are committed.
    pub fn commit(&mut self, high_watermark: i64) {
        self.high_watermark = high_watermark;
        while let Some((_, group_id)) = self.uncommitted.pop_front_if(|(offset, _)| *offset < high_watermark) {
            self.settle(&group_id);
        }
    }

    fn change(&mut self, key: Arc<str>, group: Option<Group>, offset: i64) {
        let high_watermark = self.high_watermark;
        let slot = self.slots.entry(key).or_insert(Slot { latest: None, changed_at: -1, before: Vec::new() });
        let old = std::mem::replace(&mut slot.latest, group);
        slot.before.push((slot.changed_at, old));
        slot.changed_at = offset;
        slot.forget_below(high_watermark);
    }

    fn settle(&mut self, group_id: &Arc<str>) {
        let high_watermark = self.high_watermark;
        if let Some(slot) = self.slots.get_mut(group_id) {
            slot.forget_below(high_watermark);
            if slot.latest.is_none() && slot.before.is_empty() {
                self.slots.remove(group_id);
            }
        }
    }

    fn committed_of<'a>(&self, slot: &'a Slot) -> Option<&'a Group> {
        if slot.changed_at < self.high_watermark {
            return slot.latest.as_ref();
        }
        let (_, group) = slot.before.iter().rev().find(|(offset, _)| *offset < self.high_watermark)?;
        group.as_ref()
    }
}

impl Slot {
    /// Drops what no read can see any more.
    fn forget_below(&mut self, high_watermark: i64) {
        if self.changed_at < high_watermark {
            self.before.clear();
        } else if let Some(seen) = self.before.iter().rposition(|(offset, _)| *offset < high_watermark) {
            self.before.drain(..seen);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_see_the_version_at_the_high_watermark_however_many_follow() {
        let mut groups = GroupRegistry::default();
        groups.ensure_exists("g", 0, 1);
        groups.put("g", None, 1);
        groups.ensure_exists("g", 2, 1);
        groups.put("g", None, 3);
        let mut seen = Vec::new();
        for high_watermark in 0..=4 {
            groups.commit(high_watermark);
            seen.push(groups.committed("g").is_some());
        }
        assert_eq!(seen, [false, true, false, true, false]);
        assert!(groups.slots.is_empty(), "nothing is left of it");
    }

    #[test]
    fn a_refused_group_leaves_what_was_there_before() {
        let mut groups = GroupRegistry::default();
        groups.ensure_exists("g", 0, 1);
        groups.commit(1);
        groups.put("g", None, 1);
        groups.create_unwritten("g", 1);
        assert!(groups.committed("g").is_some() && groups.latest("g").is_some());
        assert!(groups.forget_unwritten(&Arc::from("g")).is_some());
        assert!(groups.committed("g").is_some() && groups.latest("g").is_none());
        groups.commit(2);
        assert!(groups.committed("g").is_none() && groups.slots.is_empty());
    }
}
