//! `.checkpoint` files: a SNAPSHOT_HEADER batch (with the voters when they are in the log), data batches, a
//! SNAPSHOT_FOOTER batch (`RecordsSnapshotWriter`). Offsets inside start at 0 and mean nothing.
//!
//! A file is written under `.checkpoint.part`, synced and renamed: what has the final name is whole. Kafka removes
//! leftovers with the longer suffix.

use crate::metadata::VersionedRecord;
use crate::raft::batches::{self, BatchCodecError, Payload};
use crate::raft::voters::VoterSet;
use bytes::{Bytes, BytesMut};
use ottla_base::storage::{OpenMode, Storage};
use ottla_record::batch::verify_crc;
use ottla_record::control::ControlRecord;
use ottla_record::generated::control::{KRaftVersionRecord, SnapshotFooterRecord, SnapshotHeaderRecord};
use ottla_record::generated::metadata::MetadataRecord;
use std::io;
use std::path::Path;
use thiserror::Error;

/// Ending of a whole snapshot.
pub const SUFFIX: &str = ".checkpoint";
const PARTIAL_SUFFIX: &str = ".checkpoint.part";
const DELETE_SUFFIX: &str = ".checkpoint.deleted";
/// Name of the file with the first records of a new cluster, in the metadata log directory.
pub const BOOTSTRAP_FILE: &str = "bootstrap.checkpoint";
/// Records of one data batch.
const RECORDS_PER_BATCH_MAX: usize = 1024;

/// Which part of the log a snapshot replaces.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct SnapshotId {
    /// First offset that it does not contain.
    pub end_offset: i64,
    /// Epoch of the last offset that it contains.
    pub epoch: i32,
}

impl SnapshotId {
    /// Of the file that `format` leaves in a dynamic quorum: voters, no metadata.
    pub const BOOTSTRAP: SnapshotId = SnapshotId { end_offset: 0, epoch: 0 };

    /// `00000000000000000000-0000000000.checkpoint`.
    pub fn file_name(&self) -> String {
        format!("{:020}-{:010}{SUFFIX}", self.end_offset, self.epoch)
    }

    /// Parses the name of a whole snapshot.
    pub fn parse(name: &str) -> Option<SnapshotId> {
        let stem = name.strip_suffix(SUFFIX)?;
        let (offset, epoch) = stem.split_once('-')?;
        if offset.len() != 20 || epoch.len() != 10 {
            return None;
        }
        Some(SnapshotId { end_offset: offset.parse().ok()?, epoch: epoch.parse().ok()? })
    }
}

/// Why a snapshot could not be read or written.
#[derive(Debug, Error)]
pub enum CheckpointError {
    /// The disk.
    #[error(transparent)]
    Io(#[from] io::Error),
    /// Its batches.
    #[error(transparent)]
    Batch(#[from] BatchCodecError),
    /// It does not end with a footer.
    #[error("the snapshot has no footer")]
    NoFooter,
    /// It does not begin with a header.
    #[error("the snapshot has no header")]
    NoHeader,
}

/// The content of a snapshot.
#[derive(Clone, Debug, Default)]
pub struct Checkpoint {
    /// When the last contained batch was appended.
    pub last_contained_log_timestamp: i64,
    /// `kraft.version`, when it is in the log.
    pub kraft_version: Option<i16>,
    /// Voters, when they are in the log.
    pub voters: Option<VoterSet>,
    /// The state as records.
    pub records: Vec<MetadataRecord>,
}

/// What goes into a new snapshot.
#[derive(Debug)]
pub struct NewCheckpoint<'a> {
    /// Epoch of its batches.
    pub epoch: i32,
    /// Of the last contained batch.
    pub last_contained_log_timestamp: i64,
    /// Voters; `None` at kraft.version 0.
    pub voters: Option<&'a VoterSet>,
    /// The state as records.
    pub records: &'a [VersionedRecord],
    /// Time of writing.
    pub wall_ms: i64,
}

/// The bytes of a snapshot.
pub fn encode(new: &NewCheckpoint<'_>) -> Result<Bytes, CheckpointError> {
    let mut head = vec![ControlRecord::SnapshotHeader(SnapshotHeaderRecord {
        version: 0,
        last_contained_log_timestamp: new.last_contained_log_timestamp,
    })];
    if let Some(voters) = new.voters {
        head.push(ControlRecord::KRaftVersion(KRaftVersionRecord { version: 0, k_raft_version: 1 }));
        head.push(ControlRecord::KRaftVoters(voters.to_record()));
    }
    let mut out = BytesMut::new();
    let mut offset = head.len() as i64;
    out.extend_from_slice(&batches::control_batch(0, new.epoch, new.wall_ms, &head)?);
    for chunk in new.records.chunks(RECORDS_PER_BATCH_MAX) {
        out.extend_from_slice(&batches::data_batch(offset, new.epoch, new.wall_ms, chunk)?);
        offset += chunk.len() as i64;
    }
    let footer = [ControlRecord::SnapshotFooter(SnapshotFooterRecord { version: 0 })];
    out.extend_from_slice(&batches::control_batch(offset, new.epoch, new.wall_ms, &footer)?);
    Ok(out.freeze())
}

/// Reads the bytes of a snapshot; every batch's CRC is checked.
pub fn decode(mut bytes: &[u8]) -> Result<Checkpoint, CheckpointError> {
    let mut out = Checkpoint::default();
    let (mut header, mut footer) = (false, false);
    while !bytes.is_empty() {
        let (batch, size) = batches::decode_batch(bytes)?;
        verify_crc(bytes).map_err(BatchCodecError::from)?;
        match batch.payload {
            Payload::Data(records) => out.records.extend(records),
            Payload::Control(records) => {
                for record in records {
                    match record {
                        ControlRecord::SnapshotHeader(h) => {
                            header = true;
                            out.last_contained_log_timestamp = h.last_contained_log_timestamp;
                        }
                        ControlRecord::SnapshotFooter(_) => footer = true,
                        ControlRecord::KRaftVersion(v) => out.kraft_version = Some(v.k_raft_version),
                        ControlRecord::KRaftVoters(v) => out.voters = Some(VoterSet::from_record(&v)),
                        _ => {}
                    }
                }
            }
        }
        bytes = bytes.get(size..).unwrap_or_default();
    }
    if !header {
        return Err(CheckpointError::NoHeader);
    }
    if !footer {
        return Err(CheckpointError::NoFooter);
    }
    Ok(out)
}

/// How much a write has to survive.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sync {
    /// The file and its name are on the medium before this returns.
    FileAndName,
    /// The caller syncs the directory afterwards.
    FileOnly,
}

/// Writes `bytes` under `name` in `dir`.
pub fn write(storage: &dyn Storage, dir: &Path, name: &str, bytes: &[u8], sync: Sync) -> Result<(), CheckpointError> {
    let part = dir.join(format!("{}{PARTIAL_SUFFIX}", name.strip_suffix(SUFFIX).unwrap_or(name)));
    let file = storage.open(&part, OpenMode::Create)?;
    file.set_len(0)?;
    file.write_all_at(bytes, 0)?;
    file.sync()?;
    drop(file);
    storage.rename(&part, &dir.join(name))?;
    if sync == Sync::FileAndName {
        storage.sync_dir(dir)?;
    }
    Ok(())
}

/// Reads the snapshot `name` in `dir`.
pub fn read(storage: &dyn Storage, dir: &Path, name: &str) -> Result<Checkpoint, CheckpointError> {
    decode(&storage.read(&dir.join(name))?)
}

/// Whole snapshots in `dir`, oldest first. Leftovers of interrupted writes and deletions are removed.
pub fn list(storage: &dyn Storage, dir: &Path) -> io::Result<Vec<SnapshotId>> {
    let mut found = Vec::new();
    for entry in storage.read_dir(dir)? {
        if entry.name.ends_with(PARTIAL_SUFFIX) || entry.name.ends_with(DELETE_SUFFIX) {
            storage.remove_file(&dir.join(&entry.name))?;
        } else if let Some(id) = SnapshotId::parse(&entry.name) {
            found.push(id);
        }
    }
    found.sort_unstable();
    Ok(found)
}
