//! What lies in a log directory at start: the logs to open, and what is known of each.

use super::checkpoints::{self, CleanShutdown, LOG_START_OFFSET, Offsets, RECOVERY_POINT, REPLICATION_OFFSET};
use super::names::{DirKind, NotAPartition, PartitionDir, parse_dir_name};
use ottla_base::ids::CLUSTER_METADATA_TOPIC;
use ottla_base::storage::Storage;
use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf};
use thiserror::Error;

/// Kafka's tiered storage keeps files here; no log.
const REMOTE_LOG_INDEX_CACHE: &str = "remote-log-index-cache";

/// A log to open (or, by its kind, to remove).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LogToOpen {
    /// Its directory.
    pub path: PathBuf,
    /// Whose it is.
    pub name: PartitionDir,
    /// From the checkpoint; 0 if not there.
    pub recovery_point: i64,
    /// From the checkpoint; 0 if not there.
    pub log_start_offset: i64,
    /// From the checkpoint, if there.
    pub high_watermark: Option<i64>,
}

/// One log directory.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LogDirScan {
    /// The directory.
    pub path: PathBuf,
    /// Whether it was closed cleanly.
    pub clean_shutdown: CleanShutdown,
    /// Its logs by directory name, `__cluster_metadata` left out.
    pub logs: Vec<LogToOpen>,
}

/// Why a log directory cannot be used.
#[derive(Debug, Error)]
pub enum ScanError {
    /// The disk: the directory goes offline.
    #[error("Error while loading log dir {path}: {source}")]
    Io {
        /// The directory.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// A stranger in it: the node does not start.
    #[error(transparent)]
    NotAPartition(#[from] NotAPartition),
    /// A partition in two places: the node does not start.
    #[error(
        "Duplicate log directories for {partition} are found in both {first} and {second}. It is likely because log \
         directory failure happened while broker was replacing current replica with future replica. Recover broker from this \
         failure by manually deleting one of the two directories for this partition. It is recommended to delete the \
         partition in the log directory that is known to have failed recently."
    )]
    Duplicate {
        /// topic-partition.
        partition: String,
        /// Where.
        first: PathBuf,
        /// And where.
        second: PathBuf,
    },
}

/// Reads checkpoints and the names of partition directories. Changes nothing; remove the clean-shutdown file
/// ([`checkpoints::remove_clean_shutdown`]) before the logs are opened.
pub fn scan_log_dir(storage: &dyn Storage, dir: &Path) -> Result<LogDirScan, ScanError> {
    let entries = storage.read_dir(dir).map_err(|source| ScanError::Io { path: dir.into(), source })?;
    let recovery_points = checkpoint(storage, dir, RECOVERY_POINT, "resetting the recovery checkpoint to 0");
    let log_starts = checkpoint(storage, dir, LOG_START_OFFSET, "resetting to the base offset of the first segment");
    let high_watermarks = checkpoint(storage, dir, REPLICATION_OFFSET, "high watermarks start at the log's start");
    let mut logs = Vec::new();
    for entry in entries.into_iter().filter(|e| e.is_dir && e.name != REMOTE_LOG_INDEX_CACHE) {
        let path = dir.join(&entry.name);
        let Some(name) = parse_dir_name(&entry.name) else {
            return Err(NotAPartition { path: path.display().to_string(), name: entry.name }.into());
        };
        if name.topic == CLUSTER_METADATA_TOPIC {
            continue;
        }
        let key = (name.topic.clone(), name.partition);
        logs.push(LogToOpen {
            recovery_point: recovery_points.get(&key).copied().unwrap_or(0),
            log_start_offset: log_starts.get(&key).copied().unwrap_or(0),
            high_watermark: high_watermarks.get(&key).copied(),
            path,
            name,
        });
    }
    Ok(LogDirScan { path: dir.into(), clean_shutdown: checkpoints::read_clean_shutdown(storage, dir), logs })
}

fn checkpoint(storage: &dyn Storage, dir: &Path, name: &str, consequence: &str) -> Offsets {
    checkpoints::read(storage, dir, name).unwrap_or_else(|error| {
        tracing::warn!(
            "Error occurred while reading {name} file of directory {}, {consequence}: {error}",
            dir.display()
        );
        Offsets::new()
    })
}

/// Refuses a partition that is live (or future) in two places.
pub fn check_duplicate_logs(scans: &[LogDirScan]) -> Result<(), ScanError> {
    let mut seen: BTreeMap<&PartitionDir, &Path> = BTreeMap::new();
    for log in scans.iter().flat_map(|scan| &scan.logs) {
        if matches!(log.name.kind, DirKind::Delete | DirKind::Stray) {
            continue;
        }
        if let Some(first) = seen.insert(&log.name, &log.path) {
            return Err(ScanError::Duplicate {
                partition: format!("{}-{}", log.name.topic, log.name.partition),
                first: first.into(),
                second: log.path.clone(),
            });
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use ottla_base::storage::{DiskStorage, SyncMode};

    #[test]
    fn logs_are_found_with_what_the_checkpoints_know() {
        let root = tempfile::tempdir().unwrap();
        let disk = DiskStorage::new(SyncMode::Ephemeral);
        for name in ["a-0", "b-1.0123-delete", "__cluster_metadata-0", "remote-log-index-cache"] {
            std::fs::create_dir(root.path().join(name)).unwrap();
        }
        checkpoints::write(&disk, root.path(), RECOVERY_POINT, &Offsets::from([(("a".into(), 0), 5)])).unwrap();
        std::fs::write(root.path().join(LOG_START_OFFSET), "rubbish").unwrap();
        let scan = scan_log_dir(&disk, root.path()).unwrap();
        assert_eq!(scan.clean_shutdown, CleanShutdown::No);
        let found: Vec<_> = scan.logs.iter().map(|l| (l.name.topic.as_str(), l.name.kind, l.recovery_point)).collect();
        assert_eq!(found, [("a", DirKind::Live, 5), ("b", DirKind::Delete, 0)]);
        assert!(check_duplicate_logs(std::slice::from_ref(&scan)).is_ok());
        assert!(check_duplicate_logs(&[scan.clone(), scan]).is_err());
        std::fs::create_dir(root.path().join("stranger")).unwrap();
        assert!(matches!(scan_log_dir(&disk, root.path()), Err(ScanError::NotAPartition(_))));
    }
}
