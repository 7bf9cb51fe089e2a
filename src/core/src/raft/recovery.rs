//! What a metadata directory says at start: the state up to the metadata log's end, the voters, and the raft state that
//! belongs to it.
//!
//! The entry log names the point of the metadata log that it goes on from. When it is missing, or Apache Kafka has written
//! since (the metadata log goes on differently, or `quorum-state` knows a higher epoch), raft starts anew behind the
//! metadata log, in a term that is not below any epoch that was seen. That is sound for a quorum of one only.

use crate::metadata::{ApplyError, MetadataLoader, Provenance};
use crate::raft::batches::{self, BatchCodecError, MetadataBatch, Payload};
use crate::raft::checkpoint::{self, CheckpointError, SnapshotId};
use crate::raft::entry_log::{EntryLog, Marker, Peer, Recovered, Vote};
use crate::raft::metadata_log::{MetadataLog, MetadataLogError};
use crate::raft::quorum_state::{self, QuorumState};
use crate::raft::store::{Store, batch_of};
use crate::raft::voters::VoterSet;
use ottla_base::ids::Uuid;
use ottla_base::storage::Storage;
use ottla_record::batch::BatchHeader;
use ottla_record::control::ControlRecord;
use std::io;
use std::path::Path;
use std::sync::Arc;
use thiserror::Error;

/// How many bytes of the log are decoded at a time.
const READ_BYTES: u32 = 1 << 20;

/// Why a metadata directory cannot be used.
#[derive(Debug, Error)]
pub enum RecoveryError {
    /// The disk.
    #[error(transparent)]
    Io(#[from] io::Error),
    /// The log.
    #[error(transparent)]
    Log(#[from] MetadataLogError),
    /// A batch of the log.
    #[error("the metadata log at offset {offset}: {error}")]
    Batch {
        /// Where.
        offset: i64,
        /// Why.
        error: BatchCodecError,
    },
    /// A snapshot.
    #[error("snapshot {name}: {error}")]
    Checkpoint {
        /// Its file.
        name: String,
        /// Why.
        error: CheckpointError,
    },
    /// A record that does not fit the state before it.
    #[error("the metadata record at offset {offset}: {error}")]
    Apply {
        /// Where.
        offset: i64,
        /// Why.
        error: ApplyError,
    },
    /// The log starts behind the last snapshot.
    #[error("the metadata log starts at offset {log_start}, but the last snapshot ends at {snapshot_end}")]
    Gap {
        /// Where the log starts.
        log_start: i64,
        /// Where the snapshot ends.
        snapshot_end: i64,
    },
    /// The log is shorter than what raft had committed to it.
    #[error("the metadata log ends at offset {end}, but offsets up to {needed} had been committed to it")]
    LostTail {
        /// Where the log ends.
        end: i64,
        /// What it had.
        needed: i64,
    },
    /// This node does not vote.
    #[error("node {0} is not among the voters of the quorum")]
    NotAVoter(i32),
    /// No voters anywhere.
    #[error("no voters: neither controller.quorum.voters nor the metadata directory name any")]
    NoVoters,
    /// Raft's state does not fit the metadata log, and other voters may know better.
    #[error("raft's state does not belong to the metadata log, and a quorum of {0} voters cannot be started from it")]
    Mismatch(usize),
}

/// Metadata state with what control records say.
#[derive(Clone, Debug, Default)]
pub struct Replayed {
    /// Metadata.
    pub loader: MetadataLoader,
    /// `kraft.version`.
    pub kraft_version: i16,
    /// Voters as the log has them, and the offset of that record; -1 when they are from the snapshot that `format` left.
    pub voters: Option<(i64, VoterSet)>,
}

impl Replayed {
    /// Replays one batch of the log.
    pub fn batch(&mut self, batch: &MetadataBatch) -> Result<(), RecoveryError> {
        match &batch.payload {
            Payload::Data(records) => {
                for (offset, record) in (batch.base_offset..).zip(records) {
                    self.loader
                        .replay(record, offset, batch.epoch, batch.timestamp)
                        .map_err(|error| RecoveryError::Apply { offset, error })?;
                }
            }
            Payload::Control(records) => {
                for (offset, record) in (batch.base_offset..).zip(records) {
                    self.control(offset, record);
                }
            }
        }
        self.loader.advance(batch.last_offset, batch.epoch, batch.timestamp);
        Ok(())
    }

    fn control(&mut self, offset: i64, record: &ControlRecord) {
        match record {
            ControlRecord::KRaftVersion(v) => self.kraft_version = v.k_raft_version,
            ControlRecord::KRaftVoters(v) => self.voters = Some((offset, VoterSet::from_record(v))),
            _ => {}
        }
    }
}

/// Everything that a voter starts with.
#[derive(Debug)]
pub struct Recovery {
    /// State at the metadata log's end.
    pub replayed: Replayed,
    /// The last snapshot.
    pub snapshot: Option<SnapshotId>,
    /// Raft's entries.
    pub store: Store,
    /// Index of the last entry that is in the metadata log.
    pub applied: u64,
    /// Raft's file, open.
    pub entry_log: EntryLog,
    /// Who votes.
    pub voters: VoterSet,
}

/// Reads the last snapshot and the log behind it.
pub fn replay(
    storage: &dyn Storage,
    dir: &Path,
    log: &mut dyn MetadataLog,
) -> Result<(Replayed, Option<SnapshotId>), RecoveryError> {
    let mut replayed = Replayed::default();
    let snapshot = checkpoint::list(storage, dir)?.last().copied();
    let mut next = 0;
    if let Some(id) = snapshot {
        let name = id.file_name();
        let content = checkpoint::read(storage, dir, &name)
            .map_err(|error| RecoveryError::Checkpoint { name: name.clone(), error })?;
        let at = id.end_offset - 1;
        for record in &content.records {
            replayed
                .loader
                .replay(record, at, id.epoch, content.last_contained_log_timestamp)
                .map_err(|error| RecoveryError::Apply { offset: at, error })?;
        }
        replayed.kraft_version = content.kraft_version.unwrap_or(0);
        replayed.voters = content.voters.map(|voters| (at, voters));
        let Provenance { last_contained_log_time_ms: empty, .. } = Provenance::EMPTY;
        let time = if id == SnapshotId::BOOTSTRAP { empty } else { content.last_contained_log_timestamp };
        replayed.loader.advance(at, if at < 0 { -1 } else { id.epoch }, time);
        next = id.end_offset;
    }
    if log.start_offset() > next {
        return Err(RecoveryError::Gap { log_start: log.start_offset(), snapshot_end: next });
    }
    if log.end_offset() < next {
        // A snapshot is written after the log was synced up to it.
        return Err(RecoveryError::LostTail { end: log.end_offset(), needed: next });
    }
    while next < log.end_offset() {
        let bytes = log.read(next, READ_BYTES)?;
        let mut rest = &bytes[..];
        let before = next;
        while rest.len() >= ottla_record::batch::RECORDS_OFFSET {
            let header =
                BatchHeader::parse(rest).map_err(|e| RecoveryError::Batch { offset: next, error: e.into() })?;
            if header.size_in_bytes() > rest.len() {
                break;
            }
            let (batch, size) =
                batches::decode_batch(rest).map_err(|error| RecoveryError::Batch { offset: next, error })?;
            // A snapshot may end inside the first batch that is read; batches are whole in a snapshot, so skip it.
            if batch.last_offset >= next {
                replayed.batch(&batch)?;
                next = batch.last_offset + 1;
            }
            rest = rest.get(size..).unwrap_or_default();
        }
        if next == before {
            let error = BatchCodecError::Build(io::ErrorKind::UnexpectedEof.into());
            return Err(RecoveryError::Batch { offset: next, error });
        }
    }
    Ok((replayed, snapshot))
}

/// Who this voter is.
#[derive(Clone, Copy, Debug)]
pub struct Identity {
    /// Node id.
    pub node_id: i32,
    /// Id of the metadata log directory.
    pub directory_id: Uuid,
}

/// Reads a metadata directory. `static_voters` are those of the configuration, for a quorum whose log has none.
pub fn recover(
    storage: Arc<dyn Storage>,
    dir: &Path,
    log: &mut dyn MetadataLog,
    identity: Identity,
    static_voters: &VoterSet,
) -> Result<Recovery, RecoveryError> {
    let (replayed, snapshot) = replay(&*storage, dir, log)?;
    let voters = match &replayed.voters {
        Some((_, voters)) if replayed.kraft_version >= 1 => voters.clone(),
        _ => static_voters.clone(),
    };
    if voters.is_empty() {
        return Err(RecoveryError::NoVoters);
    }
    let own = voters.get(identity.node_id).ok_or(RecoveryError::NotAVoter(identity.node_id))?;
    if !own.directory_id.is_nil() && own.directory_id != identity.directory_id {
        return Err(RecoveryError::NotAVoter(identity.node_id));
    }
    let quorum_state = storage
        .exists(&dir.join(quorum_state::FILE_NAME))
        .then(|| storage.read(&dir.join(quorum_state::FILE_NAME)))
        .transpose()?
        .and_then(|bytes| QuorumState::parse(&String::from_utf8_lossy(&bytes)));
    let seen_epoch = quorum_state.map_or(0, |q| q.leader_epoch).max(log.last_epoch()).max(0);

    let found = EntryLog::open(storage.clone(), dir)?;
    if let Some((entry_log, found)) = found {
        match applied_index(&found, log, seen_epoch)? {
            Some(applied) => {
                let mut vote = found.vote;
                vote.commit = vote.commit.max(applied);
                let store = Store::new(found.marker, vote, found.entries);
                return Ok(Recovery { replayed, snapshot, store, applied, entry_log, voters });
            }
            None if voters.len() > 1 => return Err(RecoveryError::Mismatch(voters.len())),
            None => {
                tracing::info!("The metadata log was written by another program since: raft starts behind it.");
                // Its name may sort behind the new one's, and the newest name counts.
                entry_log.remove()?;
            }
        }
    } else if voters.len() > 1 && log.end_offset() > 0 {
        return Err(RecoveryError::Mismatch(voters.len()));
    }
    let marker = seed(log, seen_epoch, identity, &voters);
    let entry_log = EntryLog::create(storage, dir, &marker)?;
    let (applied, vote) = (marker.index, marker.vote);
    let store = Store::new(marker, vote, Vec::new());
    Ok(Recovery { replayed, snapshot, store, applied, entry_log, voters })
}

/// The index up to which the metadata log holds the entries; `None` when it does not go on from them.
fn applied_index(found: &Recovered, log: &dyn MetadataLog, seen_epoch: i32) -> Result<Option<u64>, RecoveryError> {
    let (end, epoch) = (log.end_offset(), log.last_epoch());
    if u64::try_from(seen_epoch).is_ok_and(|seen| seen > found.vote.term) {
        return Ok(None);
    }
    let marker = &found.marker;
    if end < marker.end_offset {
        // What lies below the marker had been flushed.
        return Err(RecoveryError::LostTail { end, needed: marker.end_offset });
    }
    let (mut at, mut at_epoch) = (marker.end_offset, marker.end_epoch);
    if at == end {
        return Ok((at_epoch == epoch).then_some(marker.index));
    }
    for entry in &found.entries {
        let Some(header) = batch_of(entry).and_then(|batch| BatchHeader::parse(batch).ok()) else { continue };
        at = header.next_offset();
        at_epoch = header.partition_leader_epoch;
        if at >= end {
            return Ok((at == end && at_epoch == epoch).then_some(entry.index));
        }
    }
    Ok(None)
}

/// A raft log that begins behind the metadata log.
fn seed(log: &dyn MetadataLog, seen_epoch: i32, identity: Identity, voters: &VoterSet) -> Marker {
    let peers: Vec<Peer> = voters
        .iter()
        .map(|v| Peer {
            // Node ids begin at 0, which raft-rs takes for nobody.
            raft_id: u64::try_from(v.id).unwrap_or(0) + 1,
            node_id: v.id,
            directory_id: v.directory_id,
        })
        .collect();
    let term = u64::try_from(seen_epoch).unwrap_or(0);
    // Entries of an empty log begin at 1. Behind a log, its end offset serves as the index: any number does that all
    // would choose alike.
    let index = u64::try_from(log.end_offset()).unwrap_or(0);
    Marker {
        index,
        term: u64::try_from(log.last_epoch()).unwrap_or(0),
        end_offset: log.end_offset(),
        end_epoch: log.last_epoch(),
        vote: Vote { term, vote: 0, commit: index },
        self_id: u64::try_from(identity.node_id).unwrap_or(0) + 1,
        peers,
    }
}
