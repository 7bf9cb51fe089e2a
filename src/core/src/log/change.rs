//! What changes a log other than appending: rolling, truncating, deleting what is too old, flushing, closing.

use super::error::{LogError, ReadError, StorageError};
use super::files::{
    DELETED_SUFFIX, INDEX_SUFFIX, LOG_SUFFIX, TIME_INDEX_SUFFIX, TXN_INDEX_SUFFIX, file_name, remove_if_exists,
    rename_if_exists,
};
use super::load::rebuild_producer_state;
use super::segment::Segment;
use super::{Active, Log};
use ottla_base::clock::Now;
use ottla_base::storage::{File, OpenMode, Storage};
use std::io;
use std::path::PathBuf;
use std::sync::Arc;

/// What a log asks of its surroundings.
#[derive(Debug)]
pub enum LogEffect {
    /// Sync, then tell the log ([`Log::on_flushed`]).
    Flush(FlushRequest),
    /// Remove these files once the monotonic clock has reached `due_mono_ms`. Files that are gone are fine.
    DeleteFiles {
        /// All in the partition's directory.
        paths: Vec<PathBuf>,
        /// When.
        due_mono_ms: u64,
    },
}

/// What a flush covers; handed back when it has succeeded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FlushToken {
    up_to: i64,
    generation: u64,
    dir_changes: u64,
}

/// Files and directories to sync. If that fails the log directory must leave service: a sync is never tried twice.
#[derive(Debug)]
pub struct FlushRequest {
    storage: Arc<dyn Storage>,
    files: Vec<Arc<dyn File>>,
    paths: Vec<PathBuf>,
    dirs: Vec<PathBuf>,
    token: FlushToken,
}

impl FlushRequest {
    /// Waits for the medium. May take long: not for a thread that has other work.
    pub fn run(&self) -> io::Result<()> {
        // The directory may be renamed or removed while this waits; then there is nothing left to keep.
        let gone_is_fine = |result: io::Result<()>| match result {
            Err(e) if e.kind() == io::ErrorKind::NotFound => Ok(()),
            other => other,
        };
        for file in &self.files {
            file.sync()?;
        }
        for path in &self.paths {
            gone_is_fine(self.storage.open(path, OpenMode::Read).and_then(|file| file.sync()))?;
        }
        for dir in &self.dirs {
            gone_is_fine(self.storage.sync_dir(dir))?;
        }
        Ok(())
    }

    /// To be handed to [`Log::on_flushed`] after [`Self::run`] succeeded.
    pub fn token(&self) -> FlushToken {
        self.token
    }
}

impl Log {
    /// `LogSegment.shouldRoll`, for `size` more bytes after `staged` that wait to be written.
    pub(super) fn should_roll(
        &mut self,
        size: u64,
        staged: u64,
        max_timestamp: i64,
        last_offset: i64,
        now: Now,
    ) -> Result<bool, StorageError> {
        let used = self.active.size + staged;
        if used == 0 {
            return Ok(!self.active_segment()?.can_hold(last_offset));
        }
        if used + size > u64::from(self.config.segment_bytes) {
            return Ok(true);
        }
        let segment = self.active_segment()?;
        if !segment.can_hold(last_offset) {
            return Ok(true);
        }
        if self.active.rolling_based_timestamp.is_none() && self.active.size > 0 {
            let first = segment.scan(0, self.active.size).and_then(|mut scan| scan.next());
            self.active.rolling_based_timestamp = Some(match first {
                Ok(batch) => batch.map_or(-1, |b| b.header.max_timestamp),
                Err(ReadError::Storage(error)) => return Err(error),
                Err(_) => -1,
            });
        }
        let waited = match self.active.rolling_based_timestamp {
            Some(first) if first >= 0 => max_timestamp.saturating_sub(first),
            _ => i64::try_from(now.mono_ms.saturating_sub(self.active.created_mono_ms)).unwrap_or(i64::MAX),
        };
        if waited > self.config.max_segment_ms().saturating_sub(self.active.roll_jitter_ms) {
            return Ok(true);
        }
        let (offset_max, time_max) = (self.config.max_offset_index_entries(), self.config.max_time_index_entries());
        segment.with_indexes(|indexes, _| {
            Ok(indexes.offset.entries() >= offset_max || indexes.time.entries() >= time_max.saturating_sub(1))
        })
    }

    /// Closes the active segment and begins a new one at the log's end, or at `expected_next_offset` if that is higher.
    /// The old one is to be flushed.
    pub fn roll(&mut self, expected_next_offset: Option<i64>, now: Now) -> Result<(), StorageError> {
        self.check_online()?;
        let base = expected_next_offset.unwrap_or(0).max(self.log_end_offset);
        let old = self.active_segment()?;
        if old.base_offset >= base {
            return Ok(());
        }
        for suffix in [LOG_SUFFIX, INDEX_SUFFIX, TIME_INDEX_SUFFIX, TXN_INDEX_SUFFIX] {
            let path = self.files.path(&file_name(base, suffix));
            if self.files.storage.exists(&path) {
                tracing::warn!("Newly rolled segment file {} already exists; deleting it first", path.display());
                remove_if_exists(self.files.storage.as_ref(), &path).map_err(|e| StorageError::new(&path, e))?;
            }
        }
        old.with_indexes(|indexes, files| indexes.seal(files, old.base_offset))?;
        let segment = Arc::new(Segment::create(self.files.clone(), base, now.wall_ms)?);
        Arc::make_mut(&mut self.segments).push(segment);
        // Everything of the old segment may have been flushed already, but not these, nor that the log file was cut back
        // after a write that failed.
        for suffix in [LOG_SUFFIX, INDEX_SUFFIX, TIME_INDEX_SUFFIX] {
            self.note_change(Some(file_name(old.base_offset, suffix)));
        }
        self.start_active(now);
        self.producers.set_map_end_offset(base);
        let snapshot = self.producers.take_snapshot(&self.files);
        match snapshot.map_err(|e| self.files.error("producer snapshot", e)) {
            Ok(Some(name)) => self.note_change(Some(name)),
            Ok(None) => {}
            // It is derived; the next start has more to replay.
            Err(error) => tracing::warn!("{}: cannot write a producer snapshot: {error}", self.label),
        }
        tracing::info!("[LocalLog partition={}] Rolled new log segment at offset {base}", self.label);
        match self.flush_request(base) {
            Ok(request) => self.effects.extend(request.map(LogEffect::Flush)),
            Err(error) => tracing::error!("{}: cannot prepare a flush: {error}", self.label),
        }
        Ok(())
    }

    /// The last segment is the active one from now on.
    pub(super) fn start_active(&mut self, now: Now) {
        let jitter = self.config.segment_jitter_ms.min(self.config.segment_ms);
        self.active = Active {
            file: None,
            size: self.segments.last().map_or(0, |s| s.size()),
            bytes_since_last_index_entry: 0,
            rolling_based_timestamp: None,
            created_mono_ms: now.mono_ms,
            roll_jitter_ms: u64::try_from(jitter).map_or(0, |j| i64::try_from(self.rng.below(j)).unwrap_or(0)),
        };
        self.snapshot = None;
    }

    /// What has to be synced so that everything below `up_to` survives a power cut; `None` if it does already.
    pub fn flush_request(&mut self, up_to: i64) -> Result<Option<FlushRequest>, StorageError> {
        let up_to = up_to.min(self.log_end_offset.max(self.active_segment_base_offset()));
        let dir_synced = self.dir_changes == self.dir_changes_synced;
        if up_to <= self.recovery_point && self.unsynced.is_empty() && dir_synced {
            return Ok(None);
        }
        let first = self.segments.partition_point(|s| s.base_offset <= self.recovery_point).saturating_sub(1);
        let mut files = Vec::new();
        for segment in self.segments.iter().skip(first).filter(|s| s.base_offset < up_to) {
            files.push(segment.log_file().map_err(|e| segment.error(e))?);
            let of_indexes = segment.with_indexes(|ix, files| {
                Ok([ix.offset.file_to_sync(files)?, ix.time.file_to_sync(files)?, ix.txn.file_to_sync(files)?])
            })?;
            files.extend(of_indexes.into_iter().flatten());
        }
        let paths = self.unsynced.iter().map(|(name, _)| self.files.path(name)).collect();
        let mut dirs = Vec::new();
        if !dir_synced {
            let dir = self.files.dir();
            dirs.extend(dir.parent().map(PathBuf::from));
            dirs.insert(0, dir);
        }
        let token = FlushToken {
            up_to: up_to.min(self.log_end_offset),
            generation: self.generation,
            dir_changes: self.dir_changes,
        };
        Ok(Some(FlushRequest { storage: self.files.storage.clone(), files, paths, dirs, token }))
    }

    /// A flush has succeeded. One that began before a truncation says nothing.
    pub fn on_flushed(&mut self, token: FlushToken, now: Now) {
        if token.generation != self.generation {
            return;
        }
        self.unsynced.retain(|(_, change)| *change > token.dir_changes);
        self.dir_changes_synced = self.dir_changes_synced.max(token.dir_changes);
        if token.up_to > self.recovery_point {
            self.recovery_point = token.up_to.min(self.log_end_offset);
            self.last_flush_mono_ms = now.mono_ms;
        }
    }

    /// Takes note that entries of the directory changed, and that the side file `name` is new.
    pub(super) fn note_change(&mut self, name: Option<String>) {
        self.dir_changes += 1;
        if let Some(name) = name {
            self.unsynced.retain(|(known, _)| *known != name);
            self.unsynced.push((name, self.dir_changes));
        }
    }

    /// When `flush.ms` asks for the next flush; `None` when everything is flushed or it is not set.
    pub fn flush_deadline_mono_ms(&self) -> Option<u64> {
        if self.recovery_point >= self.log_end_offset || self.config.flush_ms == i64::MAX {
            return None;
        }
        Some(self.last_flush_mono_ms.saturating_add(u64::try_from(self.config.flush_ms).unwrap_or(0)))
    }

    /// Asks for a flush if `flush.ms` says so.
    pub fn maybe_flush(&mut self, now: Now) {
        if self.flush_deadline_mono_ms().is_some_and(|deadline| deadline <= now.mono_ms) {
            self.last_flush_mono_ms = now.mono_ms;
            self.request_flush();
        }
    }

    pub(super) fn replace_file(&mut self, name: &str, content: &[u8]) -> Result<(), StorageError> {
        self.files.replace(name, content)?;
        self.note_change(Some(name.to_owned()));
        Ok(())
    }

    /// Cuts the log so that `offset` is its end; if that lies inside a batch, the batch goes as a whole and the log ends
    /// before it. False when the log is not longer than that.
    pub fn truncate_to(&mut self, offset: i64, now: Now) -> Result<bool, LogError> {
        self.check_online()?;
        if offset < 0 {
            return Err(LogError::NegativeOffset { dir: self.label.clone(), offset });
        }
        if offset >= self.log_end_offset {
            // There may be an epoch of a leader that wrote nothing.
            if Arc::make_mut(&mut self.epochs).truncate_from_end(self.log_end_offset) {
                self.snapshot = None;
                self.write_epochs()?;
            }
            return Ok(false);
        }
        tracing::info!("[UnifiedLog partition={}] Truncating to offset {offset}", self.label);
        if self.segments.first().is_none_or(|s| s.base_offset > offset) {
            self.truncate_fully_and_start_at(offset, None, now)?;
            return Ok(true);
        }
        let result = self.truncate_within(offset, now);
        if result.is_err() {
            // Half a truncation: only a restart can tell what is there.
            self.offline = true;
        }
        result.map(|()| true)
    }

    fn truncate_within(&mut self, offset: i64, now: Now) -> Result<(), LogError> {
        self.generation += 1;
        self.recovery_point = self.recovery_point.min(offset);
        self.tail.clear();
        let keep = self.segments.partition_point(|s| s.base_offset <= offset);
        let removed = Arc::make_mut(&mut self.segments).split_off(keep);
        let segment = self.active_segment()?;
        let size = segment.size();
        let batch = segment.locate(offset, size).map_err(log_error_of_read)?;
        let cut = batch.map_or(size, |b| b.position);
        // A batch that holds the offset goes as a whole, and the log ends before it. (In Kafka it would end at the
        // offset, with a hole before it that nothing could fill.)
        let offset = batch.map_or(offset, |b| b.header.base_offset.min(offset));
        self.recovery_point = self.recovery_point.min(offset);
        self.delete_segments(&removed, now)?;
        segment.with_indexes(|indexes, files| indexes.truncate_to(files, segment.base_offset, offset))?;
        let file = segment.log_file().map_err(|e| segment.error(e))?;
        file.set_len(cut).map_err(|e| segment.error(e))?;
        segment.set_size(cut);
        self.start_active(now);
        self.log_end_offset = offset;
        segment.recompute_max_timestamp().map_err(log_error_of_read)?;
        if Arc::make_mut(&mut self.epochs).truncate_from_end(offset) {
            self.write_epochs()?;
        }
        self.log_start_offset = self.log_start_offset.min(offset);
        rebuild_producer_state(
            &mut self.producers,
            &self.files,
            &self.segments,
            (self.log_start_offset, offset),
            now,
            &self.label,
        )?;
        self.high_watermark = self.high_watermark.min(offset);
        self.snapshot = None;
        // The truncation has to reach the medium before the recovery point passes it: otherwise a power cut could bring
        // old batches back.
        for suffix in [LOG_SUFFIX, INDEX_SUFFIX, TIME_INDEX_SUFFIX] {
            self.note_change(Some(file_name(segment.base_offset, suffix)));
        }
        self.request_flush();
        Ok(())
    }

    /// Throws everything away; the log starts anew at `offset`.
    pub fn truncate_fully_and_start_at(
        &mut self,
        offset: i64,
        log_start_offset: Option<i64>,
        now: Now,
    ) -> Result<(), LogError> {
        self.check_online()?;
        self.generation += 1;
        let result = self.start_anew(offset, log_start_offset, now);
        if result.is_err() {
            self.offline = true;
        }
        result
    }

    fn start_anew(&mut self, offset: i64, log_start_offset: Option<i64>, now: Now) -> Result<(), LogError> {
        self.tail.clear();
        let removed = std::mem::take(&mut self.segments);
        self.delete_segments(&removed, now)?;
        let segment = Segment::create(self.files.clone(), offset, now.wall_ms)?;
        self.segments = Arc::new(vec![Arc::new(segment)]);
        self.start_active(now);
        self.log_end_offset = offset;
        self.log_start_offset = log_start_offset.unwrap_or(offset);
        self.recovery_point = self.recovery_point.min(offset);
        self.high_watermark = offset;
        self.note_change(None);
        Arc::make_mut(&mut self.epochs).clear();
        self.write_epochs()?;
        let cleared = self.producers.truncate_fully_and_start_at(&self.files, offset);
        cleared.map_err(|e| self.files.error("producer snapshot", e))?;
        self.snapshot = None;
        Ok(())
    }

    /// Takes segments' files out of the way at once and has them removed later. The caller has taken the segments out of
    /// the list.
    fn delete_segments(&mut self, removed: &[Arc<Segment>], now: Now) -> Result<(), StorageError> {
        let mut paths = Vec::new();
        for segment in removed {
            segment.mark_deleted();
            for suffix in [LOG_SUFFIX, INDEX_SUFFIX, TIME_INDEX_SUFFIX, TXN_INDEX_SUFFIX] {
                let name = file_name(segment.base_offset, suffix);
                let from = self.files.path(&name);
                let to = self.files.path(&format!("{name}{DELETED_SUFFIX}"));
                let renamed = rename_if_exists(self.files.storage.as_ref(), &from, &to);
                if renamed.map_err(|e| StorageError::new(&from, e))? {
                    paths.push(to);
                }
            }
            let marked = self.producers.mark_snapshot_deleted(&self.files, segment.base_offset);
            paths.extend(marked.map_err(|e| self.files.error("producer snapshot", e))?);
        }
        if !paths.is_empty() {
            self.note_change(None);
            let due_mono_ms = now.mono_ms.saturating_add(self.config.file_delete_delay_ms);
            self.effects.push(LogEffect::DeleteFiles { paths, due_mono_ms });
        }
        Ok(())
    }

    /// Raises the log's start (DeleteRecords, or a leader's start at a follower). False when it is there already.
    pub fn increment_log_start_offset(&mut self, offset: i64) -> Result<bool, LogError> {
        self.check_online()?;
        if offset > self.high_watermark {
            return Err(LogError::AboveHighWatermark {
                dir: self.label.clone(),
                offset,
                high_watermark: self.high_watermark,
            });
        }
        if offset <= self.log_start_offset {
            return Ok(false);
        }
        // Kafka raises the recovery point too. But a crash may bring an older start back, and what lies between has
        // perhaps not been flushed.
        self.log_start_offset = offset;
        tracing::info!("[UnifiedLog partition={}] Incremented log start offset to {offset}", self.label);
        self.producers.on_log_start_incremented(offset);
        self.snapshot = None;
        if Arc::make_mut(&mut self.epochs).truncate_from_start(offset) {
            self.write_epochs_if_room()?;
        }
        Ok(true)
    }

    /// Deletes segments below the log's start and, with `cleanup.policy=delete`, those that retention has caught up
    /// with. Only what the high watermark has passed. Returns how many. A log that has not been written to since the last
    /// call also lets go of its files and memory ([`Self::release_idle`]).
    pub fn delete_old_segments(&mut self, now: Now) -> Result<usize, LogError> {
        let deleted = self.delete_by_retention(now);
        if self.log_end_offset == self.end_at_last_retention {
            self.release_idle();
        }
        self.end_at_last_retention = self.log_end_offset;
        deleted
    }

    fn delete_by_retention(&mut self, now: Now) -> Result<usize, LogError> {
        self.check_online()?;
        let start = self.log_start_offset;
        let mut deleted = self.delete_while(now, |_, next| Ok(next.is_some_and(|base| base <= start)))?;
        if !self.config.delete {
            return Ok(deleted);
        }
        let limit = u64::try_from(self.config.retention_bytes).ok();
        let size: u64 = self.segments.iter().map(|s| s.size()).sum();
        if let Some(mut excess) = limit.and_then(|limit| size.checked_sub(limit)) {
            deleted += self.delete_while(now, |segment, _| {
                let fits = segment.size() <= excess;
                if fits {
                    excess -= segment.size();
                }
                Ok(fits)
            })?;
        }
        if self.config.retention_ms >= 0 {
            let retention_ms = self.config.retention_ms;
            deleted += self.delete_while(now, |segment, _| {
                Ok(now.wall_ms.saturating_sub(segment.largest_timestamp()?) > retention_ms)
            })?;
        }
        Ok(deleted)
    }

    /// Deletes the oldest segments for which `condition` (told the base offset of the next one) holds.
    fn delete_while(
        &mut self,
        now: Now,
        mut condition: impl FnMut(&Segment, Option<i64>) -> Result<bool, StorageError>,
    ) -> Result<usize, LogError> {
        let mut count = 0;
        for (index, segment) in self.segments.iter().enumerate() {
            let next = self.segments.get(index + 1).map(|s| s.base_offset);
            let upper_bound = next.unwrap_or(self.log_end_offset);
            if self.high_watermark < upper_bound
                || (next.is_none() && segment.size() == 0)
                || !condition(segment, next)?
            {
                break;
            }
            count += 1;
        }
        if count == 0 {
            return Ok(0);
        }
        if count == self.segments.len() {
            self.roll(None, now)?;
        }
        let Some(new_start) = self.segments.get(count).map(|s| s.base_offset) else { return Ok(0) };
        // The log's start moves first, so that nobody looks for what is about to go.
        if new_start > self.log_start_offset {
            self.increment_log_start_offset(new_start)?;
        }
        self.recovery_point = self.recovery_point.max(new_start);
        let segments = Arc::make_mut(&mut self.segments);
        let rest = segments.split_off(count);
        let removed = std::mem::replace(segments, rest);
        self.snapshot = None;
        self.delete_segments(&removed, now)?;
        let bases: Vec<i64> = removed.iter().map(|s| s.base_offset).collect();
        tracing::info!("[LocalLog partition={}] Deleting segments {bases:?}", self.label);
        Ok(count)
    }

    /// Puts everything on the medium as a clean stop needs it: indexes whole, a producer snapshot at the end, all synced.
    /// Takes as long as the disk does. The log can be used again afterwards.
    pub fn close_clean(&mut self, now: Now) -> Result<(), StorageError> {
        self.check_online()?;
        if self.epochs_unwritten {
            self.write_epochs()?;
        }
        let segment = self.active_segment()?;
        segment.with_indexes(|indexes, files| indexes.seal(files, segment.base_offset))?;
        self.producers.set_map_end_offset(self.log_end_offset);
        let snapshot = self.producers.take_snapshot(&self.files);
        if let Some(name) = snapshot.map_err(|e| self.files.error("producer snapshot", e))? {
            self.note_change(Some(name));
        }
        if let Some(request) = self.flush_request(self.log_end_offset)? {
            request.run().map_err(|e| self.files.error("", e))?;
            self.on_flushed(request.token(), now);
        }
        self.effects.retain(|effect| !matches!(effect, LogEffect::Flush(_)));
        self.release_idle();
        Ok(())
    }

    /// Renames the partition's directory within its log directory (for deletion, or a future replica that takes over).
    pub fn rename_dir(&mut self, name: &str) -> Result<(), StorageError> {
        let from = self.files.dir();
        let to = from.with_file_name(name);
        self.files.storage.rename(&from, &to).map_err(|e| StorageError::new(&from, e))?;
        self.files.set_dir(to);
        self.label = self.files.label();
        self.note_change(None);
        Ok(())
    }
}

/// A log that cannot be read: the disk, or bytes that are not batches.
pub(super) fn log_error_of_read(error: ReadError) -> LogError {
    match error {
        ReadError::Storage(error) => LogError::Storage(error),
        other => LogError::Unreadable(other),
    }
}
