//! Where committed batches go: `__cluster_metadata-0`, behind a small trait so that the quorum does not know how a log
//! keeps its files.

use crate::log::{FlushToken, LogConfig, LogEffect, OpenParams, TailCache};
use bytes::Bytes;
use ottla_base::clock::Now;
use ottla_base::ids::METADATA_TOPIC_ID;
use ottla_base::rng::Rng;
use ottla_base::storage::Storage;
use std::fmt::Debug;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use thiserror::Error;

/// A log that failed. Fatal: the node stops.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("the metadata log: {0}")]
pub struct MetadataLogError(pub String);

/// The metadata log of this node. Owned by the controller thread.
pub trait MetadataLog: Send + Debug {
    /// First offset that it has.
    fn start_offset(&self) -> i64;
    /// One past its last offset.
    fn end_offset(&self) -> i64;
    /// Leader epoch of its last batch; 0 when it is empty.
    fn last_epoch(&self) -> i32;
    /// Everything below is on the medium.
    fn flushed_offset(&self) -> i64;
    /// Appends one whole batch whose base offset is the end offset.
    fn append(&mut self, batch: &Bytes, now: Now) -> Result<(), MetadataLogError>;
    /// Whole batches from `offset` on, about `max_bytes` of them; empty at the end. `offset` is the start of a batch.
    fn read(&mut self, offset: i64, max_bytes: u32) -> Result<Bytes, MetadataLogError>;
    /// Puts everything on the medium.
    fn flush(&mut self, now: Now) -> Result<(), MetadataLogError>;
    /// Forgets what a snapshot up to `offset` makes superfluous, as far as retention allows.
    fn retain_from(&mut self, offset: i64, now: Now) -> Result<(), MetadataLogError>;
    /// Puts everything on the medium as a clean stop leaves it.
    fn close(&mut self, now: Now) -> Result<(), MetadataLogError>;
}

/// What of the node's configuration concerns the metadata log.
#[derive(Clone, Debug)]
pub struct MetadataLogConfig {
    /// `metadata.log.segment.bytes`.
    pub segment_bytes: u32,
    /// `metadata.log.segment.ms`.
    pub segment_ms: i64,
    /// `metadata.max.retention.bytes`; negative: for ever.
    pub retention_bytes: i64,
    /// Keep the newest batches in memory for observers, this many bytes.
    pub cache_bytes: usize,
}

impl Default for MetadataLogConfig {
    fn default() -> MetadataLogConfig {
        MetadataLogConfig {
            segment_bytes: 1 << 30,
            segment_ms: 7 * 24 * 3_600_000,
            retention_bytes: 100 << 20,
            // Nobody observes yet.
            cache_bytes: 0,
        }
    }
}

/// `__cluster_metadata-0` in Kafka's files.
#[derive(Debug)]
pub struct KafkaMetadataLog {
    log: crate::log::Log,
    storage: Arc<dyn Storage>,
    config: MetadataLogConfig,
}

impl KafkaMetadataLog {
    /// Opens the log in `dir`, making it if it is not there. After an unclean stop every batch is checked.
    pub fn open(
        storage: Arc<dyn Storage>,
        dir: &Path,
        config: MetadataLogConfig,
        now: Now,
    ) -> Result<KafkaMetadataLog, MetadataLogError> {
        let log_config = LogConfig {
            segment_bytes: config.segment_bytes,
            segment_ms: config.segment_ms,
            // Batches come from the quorum whole; their size was decided there.
            max_message_bytes: i32::MAX,
            // Only what a snapshot covers goes, by moving the log's start.
            delete: false,
            ..LogConfig::default()
        };
        let params = OpenParams {
            clean_shutdown: false,
            topic_id: Some(METADATA_TOPIC_ID),
            cache: Arc::new(TailCache::new(config.cache_bytes)),
            rng: Rng::from_seed(0),
            ..OpenParams::default()
        };
        let log = crate::log::Log::open(storage.clone(), dir, log_config, params, now).map_err(failed)?;
        let mut log = KafkaMetadataLog { log, storage, config };
        log.run_effects(now)?;
        Ok(log)
    }

    /// The log itself, for readers: observers fetch from its snapshot.
    pub fn log(&mut self) -> &mut crate::log::Log {
        &mut self.log
    }

    /// Nobody else knows this log, so what it asks for is done at once.
    fn run_effects(&mut self, now: Now) -> Result<(), MetadataLogError> {
        for effect in self.log.take_effects() {
            match effect {
                LogEffect::Flush(request) => {
                    request.run().map_err(failed)?;
                    self.on_flushed(request.token(), now);
                }
                LogEffect::DeleteFiles { paths, .. } => self.delete(&paths),
            }
        }
        Ok(())
    }

    fn on_flushed(&mut self, token: FlushToken, now: Now) {
        self.log.on_flushed(token, now);
    }

    fn delete(&self, paths: &[PathBuf]) {
        for path in paths {
            if let Err(error) = self.storage.remove_file(path) {
                tracing::warn!("could not remove {}: {error}", path.display());
            }
        }
    }
}

fn failed(error: impl std::fmt::Display) -> MetadataLogError {
    MetadataLogError(error.to_string())
}

impl MetadataLog for KafkaMetadataLog {
    fn start_offset(&self) -> i64 {
        self.log.log_start_offset()
    }

    fn end_offset(&self) -> i64 {
        self.log.log_end_offset()
    }

    fn last_epoch(&self) -> i32 {
        self.log.latest_epoch().unwrap_or(0)
    }

    fn flushed_offset(&self) -> i64 {
        self.log.recovery_point()
    }

    fn append(&mut self, batch: &Bytes, now: Now) -> Result<(), MetadataLogError> {
        self.log.append_as_follower(batch, i32::MAX, now).map_err(failed)?;
        self.log.set_high_watermark(self.log.log_end_offset());
        self.run_effects(now)
    }

    fn read(&mut self, offset: i64, max_bytes: u32) -> Result<Bytes, MetadataLogError> {
        let end = self.log.log_end_offset();
        let plan = self.log.snapshot().read(offset, max_bytes, end, true).map_err(failed)?;
        plan.read_all().map_err(failed)
    }

    fn flush(&mut self, now: Now) -> Result<(), MetadataLogError> {
        if let Some(request) = self.log.flush_request(self.log.log_end_offset()).map_err(failed)? {
            request.run().map_err(failed)?;
            self.on_flushed(request.token(), now);
        }
        Ok(())
    }

    fn retain_from(&mut self, offset: i64, now: Now) -> Result<(), MetadataLogError> {
        let limit = u64::try_from(self.config.retention_bytes);
        if limit.is_ok_and(|limit| self.log.snapshot().size() > limit) {
            self.log.set_high_watermark(self.log.log_end_offset());
            self.log.increment_log_start_offset(offset).map_err(failed)?;
            self.log.delete_old_segments(now).map_err(failed)?;
            self.run_effects(now)?;
        }
        Ok(())
    }

    fn close(&mut self, now: Now) -> Result<(), MetadataLogError> {
        self.log.close_clean(now).map_err(failed)
    }
}
