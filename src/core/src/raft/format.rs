//! What a new metadata directory needs besides `meta.properties` (`Formatter`): the bootstrap records, and in a dynamic
//! quorum the first voters.

use crate::metadata::VersionedRecord;
use crate::raft::checkpoint::{self, BOOTSTRAP_FILE, CheckpointError, NewCheckpoint, SnapshotId, Sync};
use crate::raft::voters::VoterSet;
use ottla_base::clock::Now;
use ottla_base::ids::CLUSTER_METADATA_TOPIC;
use ottla_base::storage::Storage;
use std::path::{Path, PathBuf};

/// The metadata partition's directory inside a log directory.
pub fn metadata_partition_dir(log_dir: &Path) -> PathBuf {
    log_dir.join(format!("{CLUSTER_METADATA_TOPIC}-0"))
}

/// Writes `bootstrap.checkpoint`, and for a dynamic quorum the snapshot 0-0 with `voters`.
///
/// Files are synced, their names are not: `meta.properties`, which makes the directory a formatted one, is to be written
/// (and its directory synced) after this.
pub fn write_bootstrap(
    storage: &dyn Storage,
    log_dir: &Path,
    records: &[VersionedRecord],
    voters: Option<&VoterSet>,
    now: Now,
) -> Result<(), CheckpointError> {
    // Made here, so that the sync of the directory above, which has to follow anyway, covers it.
    let dir = metadata_partition_dir(log_dir);
    storage.create_dir_all(&dir)?;
    if let Some(voters) = voters {
        let new = NewCheckpoint {
            epoch: SnapshotId::BOOTSTRAP.epoch,
            last_contained_log_timestamp: now.wall_ms,
            voters: Some(voters),
            records: &[],
            wall_ms: now.wall_ms,
        };
        let name = SnapshotId::BOOTSTRAP.file_name();
        // A formatted directory without its voters could not be started.
        checkpoint::write(storage, &dir, &name, &checkpoint::encode(&new)?, Sync::FileAndName)?;
    }
    let new = NewCheckpoint { epoch: 0, last_contained_log_timestamp: 0, voters: None, records, wall_ms: now.wall_ms };
    checkpoint::write(storage, log_dir, BOOTSTRAP_FILE, &checkpoint::encode(&new)?, Sync::FileOnly)
}

/// The records that an empty log starts with: those of `bootstrap.checkpoint`, or this release's defaults when the file
/// is not there (`BootstrapDirectory.read`).
pub fn read_bootstrap(storage: &dyn Storage, log_dir: &Path) -> Result<Vec<VersionedRecord>, CheckpointError> {
    if !storage.exists(&log_dir.join(BOOTSTRAP_FILE)) {
        return Ok(crate::controller::activation::bootstrap_records());
    }
    let checkpoint = checkpoint::read(storage, log_dir, BOOTSTRAP_FILE)?;
    // All record kinds of a bootstrap file have version 0 only.
    Ok(checkpoint.records.into_iter().map(|record| VersionedRecord::new(record, 0)).collect())
}
