//! Offset checkpoints (`recovery-point-offset-checkpoint` and its siblings) and `.kafka_cleanshutdown`.
//!
//! A checkpoint is replaced as a whole: written aside, synced, renamed. One that cannot be read is an error; what that
//! means is decided by the caller (for the recovery point: recover everything).

use ottla_base::storage::{OpenMode, Storage};
use std::collections::BTreeMap;
use std::fmt::Write;
use std::io;
use std::path::{Path, PathBuf};
use thiserror::Error;

/// Below these offsets logs are on the medium. Written every minute and at a clean stop.
pub const RECOVERY_POINT: &str = "recovery-point-offset-checkpoint";
/// Where logs start. Written every minute and at a clean stop.
pub const LOG_START_OFFSET: &str = "log-start-offset-checkpoint";
/// High watermarks. Written every five seconds.
pub const REPLICATION_OFFSET: &str = "replication-offset-checkpoint";
/// How far logs have been compacted.
pub const CLEANER_OFFSET: &str = "cleaner-offset-checkpoint";
/// Present only between a clean stop and the next start.
pub const CLEAN_SHUTDOWN: &str = ".kafka_cleanshutdown";

/// (topic, partition) → offset.
pub type Offsets = BTreeMap<(String, i32), i64>;

/// Why a checkpoint could not be read.
#[derive(Debug, Error)]
pub enum CheckpointError {
    /// The disk.
    #[error("{path}: {source}")]
    Io {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// Another version.
    #[error("Unrecognised version:{version}, expected version: 0 in checkpoint file at: {path}")]
    Version {
        /// The file.
        path: PathBuf,
        /// From the file.
        version: String,
    },
    /// A line that is not topic, partition, offset.
    #[error("Malformed line in checkpoint file [{path}]: {line}")]
    Malformed {
        /// The file.
        path: PathBuf,
        /// From the file.
        line: String,
    },
    /// Fewer or more lines than announced.
    #[error("Expected [{expected}] entries in checkpoint file [{path}], but found only [{found}]")]
    Count {
        /// The file.
        path: PathBuf,
        /// Announced.
        expected: usize,
        /// Counted.
        found: usize,
    },
}

/// Reads the checkpoint `name` of a log directory. A missing or empty file holds nothing.
pub fn read(storage: &dyn Storage, dir: &Path, name: &str) -> Result<Offsets, CheckpointError> {
    let path = dir.join(name);
    let bytes = match storage.read(&path) {
        Ok(bytes) => bytes,
        Err(e) if e.kind() == io::ErrorKind::NotFound => return Ok(Offsets::new()),
        Err(source) => return Err(CheckpointError::Io { path, source }),
    };
    parse(&String::from_utf8_lossy(&bytes), &path)
}

/// Parses a checkpoint; `path` is for messages.
pub fn parse(text: &str, path: &Path) -> Result<Offsets, CheckpointError> {
    let malformed = |line: &str| CheckpointError::Malformed { path: path.into(), line: line.into() };
    let mut lines = text.lines();
    let Some(version) = lines.next() else { return Ok(Offsets::new()) };
    if version.parse::<i32>().map_err(|_| malformed(version))? != 0 {
        return Err(CheckpointError::Version { path: path.into(), version: version.into() });
    }
    let Some(count) = lines.next() else { return Ok(Offsets::new()) };
    let expected: usize = count.parse().map_err(|_| malformed(count))?;
    let (mut out, mut found) = (Offsets::new(), 0);
    for line in lines {
        let parts: Vec<&str> = line.split_whitespace().collect();
        let [topic, partition, offset] = parts.as_slice() else { return Err(malformed(line)) };
        let partition = partition.parse().map_err(|_| malformed(line))?;
        let offset = offset.parse().map_err(|_| malformed(line))?;
        out.insert(((*topic).to_owned(), partition), offset);
        found += 1;
    }
    if found != expected {
        return Err(CheckpointError::Count { path: path.into(), expected, found });
    }
    Ok(out)
}

/// A checkpoint's content.
pub fn encode(offsets: &Offsets) -> String {
    let mut out = format!("0\n{}\n", offsets.len());
    for ((topic, partition), offset) in offsets {
        // Writing to a String cannot fail.
        let _ = writeln!(out, "{topic} {partition} {offset}");
    }
    out
}

/// Replaces the checkpoint `name` of a log directory; returns when it is on the medium.
pub fn write(storage: &dyn Storage, dir: &Path, name: &str, offsets: &Offsets) -> io::Result<()> {
    storage.write_atomically(&dir.join(name), encode(offsets).as_bytes())
}

/// Whether a log directory was closed cleanly, and by which broker epoch if the file says so.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CleanShutdown {
    /// It was not.
    No,
    /// It was.
    Yes {
        /// Of the broker that closed it.
        broker_epoch: Option<i64>,
    },
}

/// Reads `.kafka_cleanshutdown` without removing it.
pub fn read_clean_shutdown(storage: &dyn Storage, dir: &Path) -> CleanShutdown {
    match storage.read(&dir.join(CLEAN_SHUTDOWN)) {
        Ok(bytes) => CleanShutdown::Yes { broker_epoch: broker_epoch(&String::from_utf8_lossy(&bytes)) },
        Err(_) => CleanShutdown::No,
    }
}

/// Removes `.kafka_cleanshutdown`, so that a crash from here on counts as one. Call before logs are opened.
pub fn remove_clean_shutdown(storage: &dyn Storage, dir: &Path) -> io::Result<()> {
    match storage.remove_file(&dir.join(CLEAN_SHUTDOWN)) {
        Ok(()) => storage.sync_dir(dir),
        Err(e) if e.kind() == io::ErrorKind::NotFound => Ok(()),
        Err(e) => Err(e),
    }
}

/// Writes `.kafka_cleanshutdown`; call after all logs of the directory have been closed and its checkpoints written.
pub fn write_clean_shutdown(storage: &dyn Storage, dir: &Path, broker_epoch: i64) -> io::Result<()> {
    let file = storage.open(&dir.join(CLEAN_SHUTDOWN), OpenMode::Create)?;
    file.set_len(0)?;
    file.write_all_at(format!("{{\"version\":0,\"brokerEpoch\":{broker_epoch}}}").as_bytes(), 0)?;
    file.sync()?;
    storage.sync_dir(dir)
}

fn broker_epoch(json: &str) -> Option<i64> {
    let rest = json.split_once("\"brokerEpoch\"")?.1.trim_start().strip_prefix(':')?.trim_start();
    let end = rest.find(|c: char| c != '-' && !c.is_ascii_digit()).unwrap_or(rest.len());
    rest.get(..end)?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use ottla_base::storage::{DiskStorage, SyncMode};

    #[test]
    fn a_checkpoint_has_kafkas_bytes_and_round_trips() {
        let dir = tempfile::tempdir().unwrap();
        let disk = DiskStorage::new(SyncMode::Ephemeral);
        let offsets = Offsets::from([(("b".into(), 1), 5), (("a".into(), 0), 7)]);
        assert_eq!(encode(&offsets), "0\n2\na 0 7\nb 1 5\n");
        assert!(read(&disk, dir.path(), RECOVERY_POINT).unwrap().is_empty());
        write(&disk, dir.path(), RECOVERY_POINT, &offsets).unwrap();
        assert_eq!(read(&disk, dir.path(), RECOVERY_POINT).unwrap(), offsets);
    }

    #[test]
    fn damage_is_named() {
        let message = |text: &str| parse(text, Path::new("/d/f")).unwrap_err().to_string();
        assert_eq!(message("1\n0\n"), "Unrecognised version:1, expected version: 0 in checkpoint file at: /d/f");
        assert_eq!(message("0\n1\na 0\n"), "Malformed line in checkpoint file [/d/f]: a 0");
        assert_eq!(message("0\n2\na 0 1\n"), "Expected [2] entries in checkpoint file [/d/f], but found only [1]");
        assert!(parse("", Path::new("/d/f")).unwrap().is_empty());
    }

    #[test]
    fn a_clean_shutdown_is_remembered_once() {
        let dir = tempfile::tempdir().unwrap();
        let disk = DiskStorage::new(SyncMode::Ephemeral);
        assert_eq!(read_clean_shutdown(&disk, dir.path()), CleanShutdown::No);
        write_clean_shutdown(&disk, dir.path(), 42).unwrap();
        assert_eq!(disk.read(&dir.path().join(CLEAN_SHUTDOWN)).unwrap(), b"{\"version\":0,\"brokerEpoch\":42}");
        assert_eq!(read_clean_shutdown(&disk, dir.path()), CleanShutdown::Yes { broker_epoch: Some(42) });
        remove_clean_shutdown(&disk, dir.path()).unwrap();
        remove_clean_shutdown(&disk, dir.path()).unwrap();
        assert_eq!(read_clean_shutdown(&disk, dir.path()), CleanShutdown::No);
        assert_eq!(broker_epoch("{ \"brokerEpoch\" : -1 }"), Some(-1));
        assert_eq!(broker_epoch("garbage"), None);
    }
}
