//! A partition's log in Kafka's own files, byte for byte.
//!
//! Reading order: [`config`], [`error`], `files` (names), [`epochs`], [`producers`], `index` and `txn_index`, `segment`
//! (one segment and how to find a batch in it), `tail` (newest batches in memory), [`snapshot`] (what readers see),
//! this file (the log as its owner sees it), `append`, `change` (roll, truncate, delete, flush), `load` (opening and
//! recovery) and `window` (duplicate windows after it).
//!
//! A [`Log`] has one owner at a time, who calls it with `&mut` and hands in `Now`. Readers use [`LogSnapshot`]s that the
//! owner publishes. Writes go to the page cache inline. What may block for long leaves as a [`LogEffect`]: syncs (whose
//! success comes back through [`Log::on_flushed`]) and removal of files.
//!
//! Invariants
//! - The log file of the active segment holds exactly the batches below the log's end, except while a write fails.
//! - Producer state, epochs and indexes change only after the bytes that they describe have been written.
//! - Offsets of batches increase; leader epochs do not decrease.
//! - What is derived (indexes, producer snapshots, epoch checkpoint) may be missing or damaged at open; the log may not.
//!
//! Deliberately absent: tiered storage, message formats below 2, splitting of segments whose offsets overflow
//! (KAFKA-6264; such a log is reported as corrupt), compaction (its own module when it comes).

pub mod append;
pub mod change;
pub mod config;
pub mod epochs;
pub mod error;
mod files;
mod index;
pub mod load;
pub mod producers;
mod segment;
pub mod snapshot;
mod tail;
mod txn_index;
mod window;

#[cfg(test)]
mod crash_tests;
#[cfg(test)]
mod interop_tests;
#[cfg(test)]
mod tests;

pub use append::{AppendBatch, AppendInfo, AppendRequest};
pub use change::{FlushRequest, FlushToken, LogEffect};
pub use config::LogConfig;
pub use epochs::{EpochCache, EpochEntry, OffsetAndEpoch};
pub use error::{AppendError, Damage, LogError, ReadError, StorageError};
pub use files::{file_name, offset_of_name};
pub use load::OpenParams;
pub use producers::{AppendOrigin, BatchMetadata, ProducerStateEntry};
pub use snapshot::{FetchPlan, LogSnapshot, PlanPart, TimestampAndOffset};
pub use tail::TailCache;
pub use txn_index::AbortedTxn;

use files::LogFiles;
use ottla_base::clock::Now;
use ottla_base::ids::Uuid;
use ottla_base::rng::Rng;
use ottla_base::storage::File;
use producers::ProducerStateManager;
use segment::Segment;
use std::path::PathBuf;
use std::sync::Arc;
use tail::Tail;

/// What the owner alone knows about the segment that is being written.
#[derive(Debug, Default)]
struct Active {
    file: Option<Arc<dyn File>>,
    size: u64,
    bytes_since_last_index_entry: u64,
    /// Largest timestamp of the first batch; `None` until it is known, negative when it has none.
    rolling_based_timestamp: Option<i64>,
    created_mono_ms: u64,
    roll_jitter_ms: i64,
}

/// The log of one partition, as its owner sees it.
#[derive(Debug)]
pub struct Log {
    files: Arc<LogFiles>,
    label: String,
    config: LogConfig,
    topic_id: Option<Uuid>,
    segments: Arc<Vec<Arc<Segment>>>,
    active: Active,
    log_start_offset: i64,
    log_end_offset: i64,
    high_watermark: i64,
    /// Everything below is on the medium.
    recovery_point: i64,
    last_flush_mono_ms: u64,
    /// To tell whether the log is in use.
    end_at_last_retention: i64,
    epochs: Arc<EpochCache>,
    producers: ProducerStateManager,
    tail: Arc<Tail>,
    cache: Arc<TailCache>,
    snapshot: Option<Arc<LogSnapshot>>,
    effects: Vec<LogEffect>,
    /// Side files that may not be on the medium yet, each with the number of its change.
    unsynced: Vec<(String, u64)>,
    /// Changes of the directory's entries so far, and how many of them are on the medium.
    dir_changes: u64,
    dir_changes_synced: u64,
    /// Counts truncations: a flush that began before one proves nothing about what came after.
    generation: u64,
    rng: Rng,
    /// The epoch checkpoint lacks something, because the disk was full.
    epochs_unwritten: bool,
    offline: bool,
}

impl Log {
    /// The partition's directory.
    pub fn dir(&self) -> PathBuf {
        self.files.dir()
    }

    /// The id of the topic, if `partition.metadata` or the owner has told it.
    pub fn topic_id(&self) -> Option<Uuid> {
        self.topic_id
    }

    /// The configuration in force.
    pub fn config(&self) -> &LogConfig {
        &self.config
    }

    /// Replaces the configuration; the next append and the next retention pass obey it.
    pub fn set_config(&mut self, config: LogConfig) {
        self.config = config;
    }

    /// First offset that may be read.
    pub fn log_start_offset(&self) -> i64 {
        self.log_start_offset
    }

    /// One past the last offset.
    pub fn log_end_offset(&self) -> i64 {
        self.log_end_offset
    }

    /// Everything below is on the medium.
    pub fn recovery_point(&self) -> i64 {
        self.recovery_point
    }

    /// What the partition last said; the log's start at first.
    pub fn high_watermark(&self) -> i64 {
        self.high_watermark
    }

    /// Leader epochs.
    pub fn epochs(&self) -> &EpochCache {
        &self.epochs
    }

    /// The epoch of the newest batch or leader.
    pub fn latest_epoch(&self) -> Option<i32> {
        self.epochs.latest_epoch()
    }

    /// Where `epoch` ends; see [`EpochCache::end_offset_for`].
    pub fn end_offset_for_epoch(&self, epoch: i32) -> Option<OffsetAndEpoch> {
        self.epochs.end_offset_for(epoch, self.log_end_offset)
    }

    /// Producers with state, by id.
    pub fn producers(&self) -> impl Iterator<Item = &ProducerStateEntry> {
        self.producers.producers()
    }

    /// One producer's state.
    pub fn producer(&self, producer_id: i64) -> Option<&ProducerStateEntry> {
        self.producers.get(producer_id)
    }

    /// Base offset of the segment that is being written.
    pub fn active_segment_base_offset(&self) -> i64 {
        self.segments.last().map_or(0, |s| s.base_offset)
    }

    /// What read_committed readers may read up to: the first offset of an undecided transaction, or of a decided one
    /// whose marker is not replicated, else the high watermark.
    pub fn last_stable_offset(&self) -> i64 {
        match self.producers.first_unstable_offset() {
            Some(first) => first.max(self.log_start_offset).min(self.high_watermark),
            None => self.high_watermark,
        }
    }

    /// Takes note of the high watermark, clamped to the log. Returns what it became.
    pub fn set_high_watermark(&mut self, high_watermark: i64) -> i64 {
        let clamped = high_watermark.max(self.log_start_offset).min(self.log_end_offset);
        if clamped != self.high_watermark {
            self.high_watermark = clamped;
            self.producers.on_high_watermark(clamped);
            self.snapshot = None;
        }
        clamped
    }

    /// The log as it is now, to be published to readers. Cheap; the same view until something changes.
    pub fn snapshot(&mut self) -> Arc<LogSnapshot> {
        if let Some(snapshot) = &self.snapshot {
            return snapshot.clone();
        }
        let snapshot = Arc::new(LogSnapshot {
            segments: self.segments.clone(),
            active_size: self.active.size,
            tail: self.tail.clone(),
            log_start_offset: self.log_start_offset,
            log_end_offset: self.log_end_offset,
            high_watermark: self.high_watermark,
            last_stable_offset: self.last_stable_offset(),
            epochs: self.epochs.clone(),
        });
        self.snapshot = Some(snapshot.clone());
        snapshot
    }

    /// What others have to do now; empties the list.
    pub fn take_effects(&mut self) -> Vec<LogEffect> {
        std::mem::take(&mut self.effects)
    }

    /// Forgets producers that have been silent for too long.
    pub fn remove_expired_producers(&mut self, now: Now) {
        self.producers.remove_expired(now.wall_ms);
    }

    /// Takes over a changed `producer.id.expiration.ms`.
    pub fn set_producer_id_expiration_ms(&mut self, ms: i64) {
        self.producers.set_expiration_ms(ms);
    }

    /// Closes files and frees memory of a log that is not in use. The next use opens what it needs.
    pub fn release_idle(&mut self) {
        self.active.file = None;
        self.tail.clear();
        for segment in self.segments.iter() {
            segment.close_files();
        }
    }

    fn active_segment(&self) -> Result<Arc<Segment>, StorageError> {
        self.segments.last().cloned().ok_or_else(|| StorageError::Offline { path: self.files.dir() })
    }

    fn active_file(&mut self) -> Result<Arc<dyn File>, StorageError> {
        if let Some(file) = &self.active.file {
            return Ok(file.clone());
        }
        let segment = self.active_segment()?;
        let file = segment.log_file().map_err(|e| segment.error(e))?;
        self.active.file = Some(file.clone());
        Ok(file)
    }

    /// The log changes no more until it is opened again by another process: what is in memory may be ahead of the medium.
    pub fn take_offline(&mut self) {
        self.offline = true;
    }

    /// Whether an earlier error has put an end to all changes.
    pub fn is_offline(&self) -> bool {
        self.offline
    }

    fn check_online(&self) -> Result<(), StorageError> {
        if self.offline { Err(StorageError::Offline { path: self.files.dir() }) } else { Ok(()) }
    }
}
