//! Opening a log (`LogLoader`): leftovers of interrupted operations are cleared away, what is derived is rebuilt where it
//! is missing or damaged, and after an unclean stop everything from the recovery point on is checked batch by batch.
//!
//! A bad batch ends the log there: it is a write that was torn. Unless it lies below the recovery point and good batches
//! follow: those bytes had been flushed, so it is corruption, which is reported and not cut away.

use super::append::index_aborted;
use super::change::log_error_of_read;
use super::error::{AppendError, LogError, ReadError, StorageError};
use super::files::{
    CLEANED_SUFFIX, DELETED_SUFFIX, INDEX_SUFFIX, LEADER_EPOCH_CHECKPOINT, LOG_SUFFIX, LogFiles, PARTITION_METADATA,
    SWAP_SUFFIX, TIME_INDEX_SUFFIX, TXN_INDEX_SUFFIX, file_name, offset_of_name, remove_if_exists, rename_if_exists,
};
use super::index::{OffsetEntry, TimeEntry};
use super::producers::{ProducerStateManager, snapshot_offsets};
use super::segment::{Segment, SegmentFiles};
use super::tail::TailCache;
use super::{Active, EpochCache, Log, LogConfig};
use ottla_base::clock::Now;
use ottla_base::ids::{Uuid, uuid_from_text, uuid_to_text};
use ottla_base::rng::Rng;
use ottla_base::storage::{DirEntry, File, Storage};
use ottla_record::batch::{BatchHeader, RECORD_BATCH_OVERHEAD, RECORDS_OFFSET, verify_crc};
use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// What is known of a log before it is opened.
#[derive(Debug)]
pub struct OpenParams {
    /// The log directory was closed cleanly (`.kafka_cleanshutdown`).
    pub clean_shutdown: bool,
    /// From `recovery-point-offset-checkpoint`; 0 if not there.
    pub recovery_point: i64,
    /// From `log-start-offset-checkpoint`; 0 if not there.
    pub log_start_offset: i64,
    /// The topic's id, if known. Written to `partition.metadata` when that is missing.
    pub topic_id: Option<Uuid>,
    /// `producer.id.expiration.ms`.
    pub producer_id_expiration_ms: i64,
    /// The node's budget for bytes kept in memory.
    pub cache: Arc<TailCache>,
    /// For roll jitter.
    pub rng: Rng,
}

impl Default for OpenParams {
    fn default() -> OpenParams {
        OpenParams {
            clean_shutdown: true,
            recovery_point: 0,
            log_start_offset: 0,
            topic_id: None,
            producer_id_expiration_ms: 86_400_000,
            cache: Arc::new(TailCache::new(0)),
            rng: Rng::from_seed(0),
        }
    }
}

impl Log {
    /// Opens the log in `dir`, making it if it is not there.
    pub fn open(
        storage: Arc<dyn Storage>,
        dir: &Path,
        config: LogConfig,
        params: OpenParams,
        now: Now,
    ) -> Result<Log, LogError> {
        let files = Arc::new(LogFiles::new(storage, dir.to_path_buf()));
        let label = files.label();
        let mut loader = Loader {
            config: &config,
            params: &params,
            now,
            label: &label,
            files,
            removed: Vec::new(),
            unsynced: Vec::new(),
        };
        let loaded = loader.load()?;
        let (removed, unsynced) = (std::mem::take(&mut loader.removed), std::mem::take(&mut loader.unsynced));
        let files = loader.files.clone();
        let log_start_offset = loaded.log_start_offset;
        let mut log = Log {
            files,
            topic_id: None,
            segments: Arc::new(loaded.segments),
            active: Active::default(),
            log_start_offset,
            log_end_offset: loaded.log_end_offset,
            high_watermark: log_start_offset,
            recovery_point: loaded.recovery_point.max(loaded.first_base_offset),
            last_flush_mono_ms: now.mono_ms,
            end_at_last_retention: -1,
            epochs: Arc::new(loaded.epochs),
            producers: loaded.producers,
            tail: Arc::default(),
            cache: params.cache.clone(),
            snapshot: None,
            effects: Vec::new(),
            unsynced: Vec::new(),
            dir_changes: u64::from(loaded.dir_changed),
            dir_changes_synced: 0,
            generation: 0,
            rng: params.rng.clone(),
            epochs_unwritten: false,
            offline: false,
            label: label.clone(),
            config: config.clone(),
        };
        log.start_active(now);
        log.delete_removed(&removed, now)?;
        for name in unsynced {
            log.note_change(Some(name));
        }
        log.load_topic_id(params.topic_id, loaded.has_partition_metadata)?;
        if loaded.epochs_changed {
            log.write_epochs_if_room()?;
        }
        // A node has more logs than it writes to.
        log.release_idle();
        Ok(log)
    }

    fn delete_removed(&mut self, removed: &[PathBuf], now: Now) -> Result<(), LogError> {
        if !removed.is_empty() {
            let due_mono_ms = now.mono_ms.saturating_add(self.config.file_delete_delay_ms);
            self.effects.push(super::LogEffect::DeleteFiles { paths: removed.to_vec(), due_mono_ms });
        }
        Ok(())
    }

    fn load_topic_id(&mut self, wanted: Option<Uuid>, has_file: bool) -> Result<(), LogError> {
        if has_file {
            let path = self.files.path(PARTITION_METADATA);
            let bytes = self.files.storage.read(&path).map_err(|e| StorageError::new(&path, e))?;
            // A power cut may have left it empty; then it is as if it were not there.
            self.topic_id = parse_partition_metadata(&bytes);
        }
        match (self.topic_id, wanted) {
            (None, Some(id)) => self.assign_topic_id(id),
            (Some(found), Some(wanted)) if found != wanted => Err(LogError::InconsistentTopicId {
                dir: self.label.clone(),
                wanted: uuid_to_text(wanted),
                found: uuid_to_text(found),
            }),
            _ => Ok(()),
        }
    }

    /// Tells the log its topic's id and writes `partition.metadata`. An error if it has another one.
    pub fn assign_topic_id(&mut self, id: Uuid) -> Result<(), LogError> {
        match self.topic_id {
            Some(found) if found == id => Ok(()),
            Some(found) => Err(LogError::InconsistentTopicId {
                dir: self.label.clone(),
                wanted: uuid_to_text(id),
                found: uuid_to_text(found),
            }),
            None => {
                let text = format!("version: 0\ntopic_id: {}", uuid_to_text(id));
                self.replace_file(PARTITION_METADATA, text.as_bytes())?;
                self.topic_id = Some(id);
                Ok(())
            }
        }
    }
}

/// The topic id of a `partition.metadata`; `None` when it is not one.
pub fn parse_partition_metadata(bytes: &[u8]) -> Option<Uuid> {
    let text = std::str::from_utf8(bytes).ok()?;
    let mut lines = text.lines();
    let version = lines.next()?.split_once(':').filter(|(key, _)| key.trim() == "version")?.1;
    if version.trim().parse::<i32>().ok()? != 0 {
        return None;
    }
    let id = lines.next()?.split_once(':').filter(|(key, _)| key.trim() == "topic_id")?.1;
    uuid_from_text(id.trim()).filter(|id| !id.is_nil())
}

struct Loaded {
    segments: Vec<Arc<Segment>>,
    first_base_offset: i64,
    log_start_offset: i64,
    log_end_offset: i64,
    recovery_point: i64,
    epochs: EpochCache,
    epochs_changed: bool,
    producers: ProducerStateManager,
    has_partition_metadata: bool,
    dir_changed: bool,
}

struct Loader<'a> {
    config: &'a LogConfig,
    params: &'a OpenParams,
    now: Now,
    label: &'a str,
    files: Arc<LogFiles>,
    removed: Vec<PathBuf>,
    /// Files that the next flush has to sync whatever it is for: those that an earlier process may not have.
    unsynced: Vec<String>,
}

impl Loader<'_> {
    fn io(&self, name: &str, source: io::Error) -> LogError {
        LogError::Storage(self.files.error(name, source))
    }

    fn list(&self) -> Result<Vec<DirEntry>, LogError> {
        let dir = self.files.dir();
        match self.files.storage.read_dir(&dir) {
            Ok(entries) => Ok(entries.into_iter().filter(|e| !e.is_dir).collect()),
            Err(e) if e.kind() == io::ErrorKind::NotFound => {
                self.files.storage.create_dir_all(&dir).map_err(|e| self.io("", e))?;
                Ok(Vec::new())
            }
            Err(e) => Err(self.io("", e)),
        }
    }

    fn remove(&self, name: &str) -> Result<(), LogError> {
        remove_if_exists(self.files.storage.as_ref(), &self.files.path(name)).map_err(|e| self.io(name, e))
    }

    fn load(&mut self) -> Result<Loaded, LogError> {
        let mut entries = self.list()?;
        // A new directory, or files that come and go while it is loaded.
        let mut dir_changed = entries.is_empty() || !self.params.clean_shutdown;
        if self.clear_leftovers(&entries)? {
            entries = self.list()?;
            dir_changed = true;
        }
        let mut segments = self.find_segments(&entries)?;
        let names = || entries.iter().map(|e| e.name.as_str());
        let has = |name: &str| names().any(|n| n == name);
        let (mut epochs, mut epochs_changed) = self.load_epochs(has(LEADER_EPOCH_CHECKPOINT), &segments)?;
        let snapshots = snapshot_offsets(names());
        let mut producers = ProducerStateManager::new(snapshots.clone(), self.params.producer_id_expiration_ms);

        let before = epochs.clone();
        self.recover(&mut segments, &mut epochs, snapshots)?;
        let log_end = match segments.last() {
            Some(last) => Some(last.read_next_offset().map_err(log_error_of_read)?),
            None => None,
        };
        let start = self.params.log_start_offset;
        let log_end = log_end.filter(|end| {
            let reaches = *end >= start;
            if !reaches {
                tracing::warn!(
                    "[LogLoader partition={}] Deleting all segments because logEndOffset ({end}) is smaller than \
                     logStartOffset {start}. This could happen if segment files were deleted from the file system.",
                    self.label
                );
            }
            reaches
        });
        let had_log = log_end.is_some();
        dir_changed |= !had_log;
        if !had_log {
            for segment in std::mem::take(&mut segments) {
                self.drop_segment(&segment)?;
            }
            epochs.clear();
            producers.truncate_fully_and_start_at(&self.files, start).map_err(|e| self.io("producer snapshot", e))?;
            segments.push(Arc::new(Segment::create(self.files.clone(), start, self.now.wall_ms)?));
        }
        let log_end_offset = log_end.unwrap_or(start);
        let recovery_point = if self.params.clean_shutdown && had_log {
            log_end_offset
        } else {
            self.params.recovery_point.min(log_end_offset)
        };
        let first = segments.first().map_or(start, |s| s.base_offset);
        let (log_start_offset, first_base_offset) = (start.max(first), first);
        epochs.truncate_from_end(log_end_offset);
        epochs.truncate_from_start(start);
        epochs_changed |= epochs != before;

        // Recovery may have written and removed snapshots.
        if had_log {
            let listing = self.list()?;
            let found = snapshot_offsets(listing.iter().map(|e| e.name.as_str()));
            producers = ProducerStateManager::new(found, self.params.producer_id_expiration_ms);
            let bases: Vec<i64> = segments.iter().map(|s| s.base_offset).collect();
            producers.remove_stray_snapshots(&self.files, &bases).map_err(|e| self.io("producer snapshot", e))?;
            rebuild_producer_state(
                &mut producers,
                &self.files,
                &segments,
                (log_start_offset, log_end_offset),
                self.now,
                self.label,
            )?;
            super::window::refill(&mut producers, &segments, log_start_offset)?;
        }
        Ok(Loaded {
            segments,
            first_base_offset,
            log_start_offset,
            log_end_offset,
            recovery_point,
            epochs,
            epochs_changed,
            producers,
            has_partition_metadata: has(PARTITION_METADATA),
            dir_changed,
        })
    }

    /// `removeTempFilesAndCollectSwapFiles` and the passes after it. True when files changed.
    fn clear_leftovers(&self, entries: &[DirEntry]) -> Result<bool, LogError> {
        let mut changed = false;
        let mut cleaned = i64::MAX;
        for entry in entries {
            let name = entry.name.as_str();
            if name.ends_with(DELETED_SUFFIX) && !name.ends_with(".checkpoint.deleted") {
                self.remove(name)?;
                changed = true;
            } else if name.ends_with(CLEANED_SUFFIX) {
                cleaned = cleaned.min(offset_of_name(name).unwrap_or(i64::MAX));
                self.remove(name)?;
                changed = true;
            }
        }
        // Swap files at or above a .cleaned file belong to an operation that had not finished.
        let (mut valid, mut range) = (Vec::new(), (i64::MAX, i64::MIN));
        for entry in entries.iter().filter(|e| e.name.ends_with(SWAP_SUFFIX)) {
            changed = true;
            let name = entry.name.as_str();
            match offset_of_name(name) {
                Some(offset) if offset < cleaned => valid.push((name, offset)),
                _ => self.remove(name)?,
            }
        }
        for (name, offset) in valid.iter().filter(|(name, _)| name.ends_with(".log.swap")) {
            let path = self.files.path(name);
            let file =
                self.files.storage.open(&path, ottla_base::storage::OpenMode::Read).map_err(|e| self.io(name, e))?;
            range = (
                range.0.min(*offset),
                range.1.max(next_offset_of(file.as_ref(), *offset).map_err(|e| self.io(name, e))?),
            );
        }
        for entry in entries {
            let name = entry.name.as_str();
            let Some(offset) = offset_of_name(name) else { continue };
            if !name.ends_with(SWAP_SUFFIX) && offset >= range.0 && offset < range.1 {
                tracing::info!("Deleting segment files {name} that is compacted but has not been deleted yet.");
                self.remove(name)?;
            }
        }
        for (name, _) in valid {
            let to = name.strip_suffix(SWAP_SUFFIX).unwrap_or(name);
            rename_if_exists(self.files.storage.as_ref(), &self.files.path(name), &self.files.path(to))
                .map_err(|e| self.io(name, e))?;
        }
        Ok(changed)
    }

    fn find_segments(&self, entries: &[DirEntry]) -> Result<Vec<Arc<Segment>>, LogError> {
        let mut found: BTreeMap<i64, (Option<(u64, i64)>, SegmentFiles)> = BTreeMap::new();
        for entry in entries {
            let Some(offset) = offset_of_name(&entry.name) else { continue };
            let slot = || -> (Option<(u64, i64)>, SegmentFiles) { (None, SegmentFiles::default()) };
            if entry.name.ends_with(LOG_SUFFIX) {
                found.entry(offset).or_insert_with(slot).0 = Some((entry.len, entry.modified_ms));
            } else if entry.name.ends_with(TXN_INDEX_SUFFIX) {
                found.entry(offset).or_insert_with(slot).1.has_txn_index = true;
            } else if entry.name.ends_with(TIME_INDEX_SUFFIX) {
                found.entry(offset).or_insert_with(slot).1.time_index_len = Some(entry.len);
            } else if entry.name.ends_with(INDEX_SUFFIX) {
                found.entry(offset).or_insert_with(slot).1.index_len = Some(entry.len);
            }
        }
        let mut segments = Vec::new();
        for (offset, (log, mut files)) in found {
            match log {
                Some((len, modified_ms)) => {
                    files.log_len = len;
                    files.modified_ms = modified_ms;
                    segments.push(Arc::new(Segment::new(self.files.clone(), offset, files)));
                }
                None => {
                    for suffix in [INDEX_SUFFIX, TIME_INDEX_SUFFIX, TXN_INDEX_SUFFIX] {
                        self.remove(&file_name(offset, suffix))?;
                    }
                }
            }
        }
        Ok(segments)
    }

    fn load_epochs(&self, exists: bool, segments: &[Arc<Segment>]) -> Result<(EpochCache, bool), LogError> {
        if exists {
            let path = self.files.path(LEADER_EPOCH_CHECKPOINT);
            let bytes = self.files.storage.read(&path).map_err(|e| StorageError::new(&path, e))?;
            let parsed = std::str::from_utf8(&bytes).ok().and_then(EpochCache::parse);
            if let Some(cache) = parsed.filter(|cache| !cache.entries().is_empty()) {
                // The log's start may be back at an older checkpoint than the epochs.
                let first = cache.earliest().map_or(i64::MAX, |e| e.start_offset);
                let start = segments.first().map_or(i64::MAX, |s| s.base_offset).max(self.params.log_start_offset);
                if first <= start {
                    return Ok((cache, false));
                }
                let mut whole = epochs_of_batches(segments, first);
                for entry in cache.entries() {
                    whole.assign(entry.epoch, entry.start_offset);
                }
                let changed = whole != cache;
                return Ok((whole, changed));
            }
        }
        // Missing, empty or damaged: the batches know.
        let cache = epochs_of_batches(segments, i64::MAX);
        let changed = !cache.entries().is_empty();
        Ok((cache, changed))
    }

    /// Checks and rebuilds what has to be: after an unclean stop every segment from the recovery point on, always those
    /// whose indexes are missing or not sane.
    fn recover(
        &mut self,
        segments: &mut Vec<Arc<Segment>>,
        epochs: &mut EpochCache,
        snapshots: std::collections::BTreeSet<i64>,
    ) -> Result<(), LogError> {
        let recovery_point = self.params.recovery_point;
        let unflushed = if self.params.clean_shutdown {
            segments.len()
        } else {
            segments.partition_point(|s| s.base_offset <= recovery_point).saturating_sub(1)
        };
        if !self.params.clean_shutdown
            && let Some(first) = segments.get(unflushed)
        {
            // The checkpoint may be older or newer than what the disk kept; the batches know.
            epochs.truncate_from_end(first.base_offset);
        }
        let mut producers = ProducerStateManager::new(snapshots, self.params.producer_id_expiration_ms);
        let mut ready_at = None;
        let mut index = 0;
        while index < segments.len() {
            let Some(segment) = segments.get(index).cloned() else { break };
            // The segment before a recovery point that is its end may have been sealed without a sync.
            let after = segments.get(index + 1);
            let at_edge = !self.params.clean_shutdown && after.is_some_and(|s| s.base_offset == recovery_point);
            let must = index >= unflushed
                || !index_is_sane(&segment, index + 1 == segments.len())?
                || (at_edge && !index_is_whole(&segment, recovery_point)?);
            if must || at_edge {
                // The process that stopped may have left it to the page cache, sound as it is now.
                let suffixes = [LOG_SUFFIX, INDEX_SUFFIX, TIME_INDEX_SUFFIX];
                self.unsynced.extend(suffixes.map(|suffix| file_name(segment.base_offset, suffix)));
            }
            if must {
                if ready_at != Some(index) {
                    let before = segments.get(..index).unwrap_or(&[]);
                    let bounds = (self.params.log_start_offset, segment.base_offset);
                    rebuild_producer_state(&mut producers, &self.files, before, bounds, self.now, self.label)?;
                }
                let next = segments.get(index + 1).map(|s| s.base_offset);
                let cut = self.recover_segment(&segment, next, index >= unflushed, &mut producers, epochs)?;
                producers.take_snapshot(&self.files).map_err(|e| self.io("producer snapshot", e))?;
                ready_at = Some(index + 1);
                if cut && index + 1 < segments.len() {
                    for later in segments.split_off(index + 1) {
                        self.drop_segment(&later)?;
                    }
                }
            }
            index += 1;
        }
        Ok(())
    }

    fn drop_segment(&mut self, segment: &Segment) -> Result<(), LogError> {
        for suffix in [LOG_SUFFIX, INDEX_SUFFIX, TIME_INDEX_SUFFIX, TXN_INDEX_SUFFIX, super::files::SNAPSHOT_SUFFIX] {
            let name = file_name(segment.base_offset, suffix);
            let to = self.files.path(&format!("{name}{DELETED_SUFFIX}"));
            let renamed = rename_if_exists(self.files.storage.as_ref(), &self.files.path(&name), &to);
            if renamed.map_err(|e| self.io(&name, e))? {
                self.removed.push(to);
            }
        }
        Ok(())
    }

    /// What was not flushed may be short although something behind it was kept: the next segment, or what a truncation
    /// had cut away. Logs that are compacted have holes of their own.
    fn hole(&self, next_offset: i64, found: Option<i64>) -> Option<String> {
        let found = found.filter(|found| *found > next_offset)?;
        (!self.config.compact).then(|| format!("offset {next_offset} is missing before {found}"))
    }

    /// Walks all batches of a segment, rebuilding indexes, epochs and producer state; cuts a torn tail. True when
    /// something was cut.
    fn recover_segment(
        &self,
        segment: &Segment,
        next_segment: Option<i64>,
        unflushed: bool,
        producers: &mut ProducerStateManager,
        epochs: &mut EpochCache,
    ) -> Result<bool, LogError> {
        let size = segment.size();
        let file = segment.log_file().map_err(|e| segment.error(e))?;
        segment.with_indexes(|indexes, files| indexes.reset(files))?;
        let mut reader = BatchReader::new(file.clone(), size);
        let (mut last_index_entry, mut next_offset) = (0, segment.base_offset);
        let mut last_epoch = epochs.epoch_for_offset(segment.base_offset).unwrap_or(-1);
        let mut overlap = false;
        let bad = loop {
            let (position, header, batch) = match reader.next().map_err(|e| segment.error(e))? {
                Next::End if unflushed => break self.hole(next_offset, next_segment),
                Next::End => break None,
                Next::Bad(reason) => break Some(reason),
                Next::Batch(position, header, batch) => (position, header, batch),
            };
            if header.base_offset < next_offset || header.last_offset_delta < 0 {
                break Some(format!("offset {} where {next_offset} was expected", header.base_offset));
            }
            if next_segment.is_some_and(|base| header.base_offset >= base) {
                // A truncation that the disk has forgotten: the next segment is the newer one.
                overlap = true;
                break None;
            }
            if unflushed
                && next_offset >= self.params.recovery_point
                && let Some(reason) = self.hole(next_offset, Some(header.base_offset))
            {
                break Some(reason);
            }
            if !segment.can_hold(header.last_offset()) {
                break Some(format!("offset {} is too far from the segment's start", header.last_offset()));
            }
            // What a truncation had cut away may be back behind what was written after it.
            if header.partition_leader_epoch >= 0 && header.partition_leader_epoch < last_epoch {
                break Some(format!("leader epoch {} after {last_epoch}", header.partition_leader_epoch));
            }
            last_epoch = header.partition_leader_epoch.max(last_epoch);
            if epochs.latest_epoch().is_none_or(|latest| header.partition_leader_epoch > latest) {
                epochs.assign(header.partition_leader_epoch, header.base_offset);
            }
            let add_entry = position - last_index_entry > u64::from(self.config.index_interval_bytes);
            segment.with_indexes(|indexes, files| {
                indexes.observe(files, segment.base_offset, &header)?;
                if add_entry {
                    indexes.add(files, segment.base_offset, header.last_offset(), position)?;
                }
                Ok(())
            })?;
            if add_entry {
                last_index_entry = position;
            }
            if header.has_producer_id() {
                let payload = batch.get(RECORDS_OFFSET..).unwrap_or(&[]);
                match producers.replay(&header, payload, self.label) {
                    Ok(Some((txn, last_stable_offset))) => index_aborted(segment, txn, last_stable_offset)?,
                    Ok(None) => {}
                    Err(error) => break Some(error.to_string()),
                }
            }
            next_offset = header.next_offset();
            producers.set_map_end_offset(next_offset);
            reader.accept();
            if unflushed && next_segment.is_some_and(|base| base < next_offset) {
                break Some(format!("the next segment starts below {next_offset}"));
            }
        };
        let valid = reader.position;
        let mut cut = false;
        if let Some(reason) = bad {
            // A recovery point at the log's start says nothing: deleting records raises it without a flush.
            let known = self.params.recovery_point > self.params.log_start_offset;
            let flushed = known && next_offset < self.params.recovery_point;
            let later_segment = next_segment.is_some_and(|base| base <= self.params.recovery_point);
            let follows = || valid_batch_follows(file.as_ref(), valid, size, next_offset);
            if flushed && (later_segment || follows().map_err(|e| segment.error(e))?) {
                return Err(LogError::Corrupt {
                    path: self.files.path(&segment.log_name()),
                    position: valid,
                    next_offset,
                    recovery_point: self.params.recovery_point,
                    reason,
                });
            }
            tracing::warn!(
                "Found invalid messages in log segment {} at byte offset {valid}: {reason}. Truncating to offset {next_offset}",
                self.files.path(&segment.log_name()).display()
            );
            cut = true;
        }
        if (cut || overlap) && valid < size {
            file.set_len(valid).map_err(|e| segment.error(e))?;
            segment.set_size(valid);
            // Before anything is written behind it.
            file.sync().map_err(|e| segment.error(e))?;
        }
        segment.with_indexes(|indexes, files| indexes.seal(files, segment.base_offset))?;
        Ok(cut)
    }
}

/// Replays the log into the producer state until it is that at `bounds.1`, from the newest usable snapshot on
/// (`UnifiedLog.rebuildProducerState`). `bounds.0` is the log's start.
pub(super) fn rebuild_producer_state(
    producers: &mut ProducerStateManager,
    files: &LogFiles,
    segments: &[Arc<Segment>],
    bounds: (i64, i64),
    now: Now,
    label: &str,
) -> Result<(), LogError> {
    let (log_start_offset, last_offset) = bounds;
    let snapshot_error = |e: io::Error| LogError::Storage(files.error("producer snapshot", e));
    let nothing_to_forget = producers.is_empty() && producers.map_end_offset() >= last_offset;
    producers.truncate_and_reload(files, log_start_offset, last_offset, now.wall_ms).map_err(snapshot_error)?;
    if last_offset > producers.map_end_offset() && !nothing_to_forget {
        let from = producers.map_end_offset();
        let first = segments.partition_point(|s| s.base_offset <= from).saturating_sub(1);
        let snapshot_from = segments.len().saturating_sub(2);
        for (index, segment) in segments.iter().enumerate().skip(first) {
            if segment.base_offset >= last_offset {
                break;
            }
            let start = segment.base_offset.max(producers.map_end_offset()).max(log_start_offset);
            producers.set_map_end_offset(start);
            if index >= snapshot_from && start == segment.base_offset {
                producers.take_snapshot(files).map_err(snapshot_error)?;
            }
            replay_segment(producers, segment, start, last_offset, label)?;
        }
    }
    producers.set_map_end_offset(last_offset);
    producers.take_snapshot(files).map_err(snapshot_error)?;
    Ok(())
}

fn replay_segment(
    producers: &mut ProducerStateManager,
    segment: &Segment,
    start: i64,
    end: i64,
    label: &str,
) -> Result<(), LogError> {
    let size = segment.size();
    let Some(first) = segment.locate(start, size).map_err(log_error_of_read)? else { return Ok(()) };
    let mut scan = segment.scan(first.position, size).map_err(log_error_of_read)?;
    while let Some(batch) = scan.next().map_err(log_error_of_read)? {
        let header = batch.header;
        if header.base_offset >= end {
            break;
        }
        if !header.has_producer_id() {
            continue;
        }
        let mut payload = Vec::new();
        if header.is_control() {
            payload.resize(header.size_in_bytes() - RECORD_BATCH_OVERHEAD, 0);
            let file = segment.log_file().map_err(|e| segment.error(e))?;
            let at = batch.position + RECORD_BATCH_OVERHEAD as u64;
            file.read_exact_at(&mut payload, at).map_err(|e| segment.error(e))?;
        }
        producers.replay(&header, &payload, label).map_err(|error| corrupt_record(segment, batch.position, &error))?;
    }
    Ok(())
}

fn corrupt_record(segment: &Segment, position: u64, error: &AppendError) -> LogError {
    log_error_of_read(segment.corrupt(position, error.to_string()))
}

/// The epochs that batches below `end` carry. Stops where the log cannot be read: recovery will find out.
fn epochs_of_batches(segments: &[Arc<Segment>], end: i64) -> EpochCache {
    let mut cache = EpochCache::default();
    for segment in segments {
        let Ok(mut scan) = segment.scan(0, segment.size()) else { break };
        while let Ok(Some(batch)) = scan.next() {
            if batch.header.base_offset >= end {
                return cache;
            }
            if cache.latest_epoch().is_none_or(|latest| batch.header.partition_leader_epoch > latest) {
                cache.assign(batch.header.partition_leader_epoch, batch.header.base_offset);
            }
        }
    }
    cache
}

/// Whether a segment's indexes can be used as they are. Looks into the files only if `thorough`.
fn index_is_sane(segment: &Segment, thorough: bool) -> Result<bool, LogError> {
    let size = segment.size();
    let sane = segment.with_indexes(|indexes, files| {
        if indexes.offset.is_ragged() || indexes.time.is_ragged() {
            return Ok(false);
        }
        if size == 0 {
            return Ok(indexes.offset.entries() == 0 && indexes.time.entries() == 0);
        }
        let most = size / RECORD_BATCH_OVERHEAD as u64 + 1;
        let fits = |entries: u32| u64::from(entries) <= most;
        if !indexes.offset.exists() || !indexes.time.exists() {
            return Ok(false);
        }
        if !fits(indexes.offset.entries()) || !fits(indexes.time.entries()) {
            return Ok(false);
        }
        if !indexes.txn.is_sane(files, segment.base_offset) {
            return Ok(false);
        }
        let entries = indexes.offset.entries();
        if thorough && entries > 0 {
            let last = OffsetEntry::decode(&indexes.offset.entry(files, entries - 1)?);
            // Space that was allocated ahead reads as zeros.
            if last.relative_offset < 0 || last.position <= 0 || u64::try_from(last.position).is_ok_and(|p| p >= size) {
                return Ok(false);
            }
        }
        let entries = indexes.time.entries();
        if thorough && entries > 0 {
            let first = TimeEntry::decode(&indexes.time.entry(files, 0)?);
            let last = TimeEntry::decode(&indexes.time.entry(files, entries - 1)?);
            if last.timestamp < first.timestamp || last.relative_offset < 0 || last.timestamp <= 0 {
                return Ok(false);
            }
        }
        Ok(true)
    })?;
    Ok(sane)
}

/// Reads both indexes from end to end: entries increase, point into the segment, and reach its end, which must be `end`
/// at most (a truncation that the disk has forgotten may have left more).
fn index_is_whole(segment: &Segment, end: i64) -> Result<bool, LogError> {
    let size = segment.size();
    let (last_position, max) = {
        let ends = segment.with_indexes(|indexes, files| {
            let mut last: Option<OffsetEntry> = None;
            for entry in indexes.offset.all(files)? {
                let entry = OffsetEntry::decode(&entry);
                let inside = u64::try_from(entry.position).is_ok_and(|p| p < size);
                let after =
                    last.is_none_or(|l| entry.relative_offset > l.relative_offset && entry.position > l.position);
                if !inside || !after || entry.relative_offset < 0 {
                    return Ok(None);
                }
                last = Some(entry);
            }
            let mut max: Option<TimeEntry> = None;
            for entry in indexes.time.all(files)? {
                let entry = TimeEntry::decode(&entry);
                let after =
                    max.is_none_or(|m| entry.timestamp > m.timestamp && entry.relative_offset >= m.relative_offset);
                if !after || entry.relative_offset < 0 {
                    return Ok(None);
                }
                max = Some(entry);
            }
            Ok(Some((last.map_or(0, |e| u64::try_from(e.position).unwrap_or(0)), max)))
        })?;
        let Some(ends) = ends else { return Ok(false) };
        ends
    };
    // Batches after the last entry are found by a walk; a long one means that entries are missing.
    if size - last_position > MAX_UNINDEXED_BYTES {
        return Ok(false);
    }
    let known = max.map_or(-1, |m| m.timestamp);
    let from = match max {
        Some(m) => {
            segment.locate(segment.base_offset + i64::from(m.relative_offset), size).map_err(log_error_of_read)?
        }
        None => None,
    };
    // An entry of a batch that is no longer there.
    if from.map_or(-1, |b| b.header.max_timestamp) != known {
        return Ok(false);
    }
    let mut walked = from.map_or(0, |b| b.position);
    let mut scan = segment.scan(walked, size).map_err(log_error_of_read)?;
    loop {
        match scan.next() {
            Ok(Some(batch)) if batch.header.max_timestamp > known => return Ok(false),
            Ok(Some(batch)) => walked = batch.position + batch.header.size_in_bytes() as u64,
            Ok(None) => break,
            Err(ReadError::Storage(error)) => return Err(error.into()),
            Err(_) => return Ok(false),
        }
    }
    // Behind what was flushed there may be the rest of a write that failed.
    if walked != size {
        return Ok(false);
    }
    Ok(segment.read_next_offset().map_err(log_error_of_read)? <= end)
}

/// See [`index_is_whole`].
const MAX_UNINDEXED_BYTES: u64 = 4 << 20;

enum Next<'a> {
    End,
    Bad(String),
    Batch(u64, BatchHeader, &'a [u8]),
}

/// Reads whole batches and checks their CRC, with large sequential reads.
struct BatchReader {
    file: Arc<dyn File>,
    size: u64,
    /// Where the next batch starts; everything before was accepted.
    position: u64,
    current: u64,
    buffer: Vec<u8>,
    buffer_start: u64,
}

const READ_BYTES: usize = 1 << 20;

impl BatchReader {
    fn new(file: Arc<dyn File>, size: u64) -> BatchReader {
        BatchReader { file, size, position: 0, current: 0, buffer: Vec::new(), buffer_start: 0 }
    }

    /// The batch that [`Self::next`] returned is good.
    fn accept(&mut self) {
        self.position += self.current;
        self.current = 0;
    }

    fn fill(&mut self, len: usize) -> io::Result<bool> {
        let left = usize::try_from(self.size - self.position).unwrap_or(usize::MAX);
        if len > left {
            return Ok(false);
        }
        let at = usize::try_from(self.position - self.buffer_start).unwrap_or(usize::MAX);
        if at.saturating_add(len) <= self.buffer.len() {
            return Ok(true);
        }
        self.buffer.resize(len.max(READ_BYTES.min(left)), 0);
        self.buffer_start = self.position;
        self.file.read_exact_at(&mut self.buffer, self.position)?;
        Ok(true)
    }

    fn next(&mut self) -> io::Result<Next<'_>> {
        if self.position >= self.size {
            return Ok(Next::End);
        }
        if !self.fill(RECORD_BATCH_OVERHEAD)? {
            return Ok(Next::Bad("a cut header".to_owned()));
        }
        let header = match BatchHeader::parse(self.at_position()) {
            Ok(header) => header,
            Err(error) => return Ok(Next::Bad(error.to_string())),
        };
        let size = header.size_in_bytes();
        if !self.fill(size)? {
            return Ok(Next::Bad("a cut batch".to_owned()));
        }
        self.current = size as u64;
        let position = self.position;
        let batch = self.at_position().get(..size).unwrap_or(&[]);
        match verify_crc(batch) {
            Ok(()) => Ok(Next::Batch(position, header, batch)),
            Err(error) => Ok(Next::Bad(error.to_string())),
        }
    }

    fn at_position(&self) -> &[u8] {
        let at = usize::try_from(self.position - self.buffer_start).unwrap_or(usize::MAX);
        self.buffer.get(at..).unwrap_or(&[])
    }
}

/// Whether a good batch with an offset of at least `next_offset` lies anywhere after `position`.
fn valid_batch_follows(file: &dyn File, position: u64, size: u64, next_offset: i64) -> io::Result<bool> {
    let mut buffer = vec![0; READ_BYTES];
    let mut start = position + 1;
    while start + RECORD_BATCH_OVERHEAD as u64 <= size {
        let want = READ_BYTES.min(usize::try_from(size - start).unwrap_or(READ_BYTES));
        let window = buffer.get_mut(..want).unwrap_or(&mut []);
        file.read_exact_at(window, start)?;
        for (i, bytes) in window.windows(RECORD_BATCH_OVERHEAD).enumerate() {
            if bytes.get(16) != Some(&2) {
                continue;
            }
            let Ok(header) = BatchHeader::parse(bytes) else { continue };
            let plausible = header.base_offset >= next_offset
                && header.base_offset - next_offset < i64::from(i32::MAX)
                && header.last_offset_delta >= 0;
            let at = start + i as u64;
            if plausible && at + header.size_in_bytes() as u64 <= size {
                let mut batch = vec![0; header.size_in_bytes()];
                file.read_exact_at(&mut batch, at)?;
                if verify_crc(&batch).is_ok() {
                    return Ok(true);
                }
            }
        }
        start += (want - (RECORD_BATCH_OVERHEAD - 1)) as u64;
    }
    Ok(false)
}

/// The offset after the last whole batch of a file.
fn next_offset_of(file: &dyn File, base_offset: i64) -> io::Result<i64> {
    let size = file.len()?;
    let (mut position, mut next) = (0, base_offset);
    let mut head = [0; RECORD_BATCH_OVERHEAD];
    while position + RECORD_BATCH_OVERHEAD as u64 <= size {
        file.read_exact_at(&mut head, position)?;
        let Ok(header) = BatchHeader::parse(&head) else { break };
        position += header.size_in_bytes() as u64;
        if position > size {
            break;
        }
        next = header.next_offset();
    }
    Ok(next)
}
