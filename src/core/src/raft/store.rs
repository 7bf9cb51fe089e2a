//! What raft-rs asks for: the entries that are not cut yet, in memory, beside the file that has them too.

use crate::raft::entry_log::{Marker, Vote};
use ottla_record::batch::BatchHeader;
use raft::eraftpb::{ConfState, Entry, EntryType, HardState, Snapshot};
use raft::{Error, GetEntriesContext, RaftState, Storage, StorageError};
use std::collections::VecDeque;

/// Entries with the metadata offset that each ends at.
#[derive(Clone, Debug)]
pub struct Store {
    marker: Marker,
    entries: VecDeque<(Entry, i64)>,
    vote: Vote,
    conf: ConfState,
}

/// The batch that an entry carries: its data, or the context of a configuration change.
pub fn batch_of(entry: &Entry) -> Option<&bytes::Bytes> {
    let bytes = match entry.entry_type {
        EntryType::EntryNormal => &entry.data,
        EntryType::EntryConfChange | EntryType::EntryConfChangeV2 => &entry.context,
    };
    (!bytes.is_empty()).then_some(bytes)
}

impl Store {
    /// From what the disk holds.
    pub fn new(marker: Marker, vote: Vote, entries: Vec<Entry>) -> Store {
        let conf = ConfState { voters: marker.peers.iter().map(|p| p.raft_id).collect(), ..ConfState::default() };
        let mut store = Store { marker, entries: VecDeque::new(), vote, conf };
        store.append(entries);
        store
    }

    /// Takes entries over; one replaces those from its index on.
    pub fn append(&mut self, entries: Vec<Entry>) {
        for entry in entries {
            let keep = entry.index.saturating_sub(self.marker.index + 1);
            self.entries.truncate(usize::try_from(keep).unwrap_or(usize::MAX));
            let end = batch_of(&entry)
                .and_then(|batch| BatchHeader::parse(batch).ok())
                .map_or(self.end_offset(), |header| header.next_offset());
            self.entries.push_back((entry, end));
        }
    }

    /// Notes the vote.
    pub fn set_vote(&mut self, vote: Vote) {
        self.vote = vote;
    }

    /// The vote as it was noted last.
    pub fn vote(&self) -> Vote {
        self.vote
    }

    /// Notes how far entries are committed.
    pub fn set_commit(&mut self, index: u64) {
        self.vote.commit = self.vote.commit.max(index);
    }

    /// Where the entries begin.
    pub fn marker(&self) -> &Marker {
        &self.marker
    }

    /// End of the metadata log once all entries are applied.
    pub fn end_offset(&self) -> i64 {
        self.entries.back().map_or(self.marker.end_offset, |(_, end)| *end)
    }

    /// End of the metadata log after entry `index`.
    pub fn end_offset_at(&self, index: u64) -> Option<i64> {
        if index == self.marker.index {
            return Some(self.marker.end_offset);
        }
        self.get(index).map(|(_, end)| *end)
    }

    fn get(&self, index: u64) -> Option<&(Entry, i64)> {
        let at = index.checked_sub(self.marker.index + 1)?;
        self.entries.get(usize::try_from(at).ok()?)
    }

    /// Entries after `index`.
    pub fn after(&self, index: u64) -> impl Iterator<Item = &Entry> {
        self.entries.iter().map(|(entry, _)| entry).filter(move |entry| entry.index > index)
    }

    /// Index of the last entry.
    pub fn last(&self) -> u64 {
        self.marker.index + self.entries.len() as u64
    }

    /// Forgets entries up to and with `marker.index`.
    pub fn compact(&mut self, marker: Marker) {
        let gone = marker.index.saturating_sub(self.marker.index);
        let gone = usize::try_from(gone).unwrap_or(usize::MAX).min(self.entries.len());
        self.entries.drain(..gone);
        self.marker = marker;
    }

    fn term_of(&self, index: u64) -> Option<u64> {
        if index == self.marker.index {
            return Some(self.marker.term);
        }
        self.get(index).map(|(entry, _)| entry.term)
    }
}

impl Storage for Store {
    fn initial_state(&self) -> raft::Result<RaftState> {
        let hard =
            HardState { term: self.vote.term, vote: self.vote.vote, commit: self.vote.commit, ..HardState::default() };
        Ok(RaftState { hard_state: hard, conf_state: self.conf.clone() })
    }

    fn entries(
        &self,
        low: u64,
        high: u64,
        max_size: impl Into<Option<u64>>,
        _context: GetEntriesContext,
    ) -> raft::Result<Vec<Entry>> {
        if low <= self.marker.index {
            return Err(Error::Store(StorageError::Compacted));
        }
        if high > self.last() + 1 {
            return Err(Error::Store(StorageError::Unavailable));
        }
        let limit = max_size.into().unwrap_or(u64::MAX);
        let mut size = 0u64;
        let mut out: Vec<Entry> = Vec::new();
        for (entry, _) in self.entries.iter().skip(usize::try_from(low - self.marker.index - 1).unwrap_or(usize::MAX)) {
            size = size.saturating_add((entry.data.len() + entry.context.len() + 32) as u64);
            if entry.index >= high || (size > limit && !out.is_empty()) {
                break;
            }
            out.push(entry.clone());
        }
        Ok(out)
    }

    fn term(&self, index: u64) -> raft::Result<u64> {
        if index < self.marker.index {
            return Err(Error::Store(StorageError::Compacted));
        }
        self.term_of(index).ok_or(Error::Store(StorageError::Unavailable))
    }

    fn first_index(&self) -> raft::Result<u64> {
        Ok(self.marker.index + 1)
    }

    fn last_index(&self) -> raft::Result<u64> {
        Ok(self.last())
    }

    fn snapshot(&self, _request_index: u64, _to: u64) -> raft::Result<Snapshot> {
        // Peers get the metadata log and its snapshots, not one of raft's.
        Err(Error::Store(StorageError::SnapshotTemporarilyUnavailable))
    }
}
