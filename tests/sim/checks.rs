//! Invariants. Those of every event are cheap; a full check reads everything.

use super::model::read_batches;
use super::node;
use super::world::{Tp, World};
use super::{Run, Stop, ensure};
use ottla_base::storage::Storage;
use ottla_core::log::offset_of_name;

impl World {
    /// After every event.
    pub fn check(&mut self) -> Run {
        if self.disk.sim.is_stopped() {
            return Ok(());
        }
        for tp in self.topics.keys().cloned().collect::<Vec<_>>() {
            self.check_offsets_of(&tp)?;
        }
        self.check_committed_offsets()
    }

    /// Offsets are in order, the high watermark does not go back nor past what in-sync replicas have.
    fn check_offsets_of(&mut self, tp: &Tp) -> Run {
        let goes_back = self.bug == Some(super::bugs::Bug::HighWatermarkGoesBack) && self.rng.one_in(200);
        let log = self.replica(tp)?.log_mut();
        if goes_back {
            let start = log.log_start_offset();
            log.set_high_watermark(start);
        }
        let (start, end, mark, point) =
            (log.log_start_offset(), log.log_end_offset(), log.high_watermark(), log.recovery_point());
        let stable = log.last_stable_offset();
        let topic = self.topic(tp);
        let (model, epoch) = (&mut topic.model, topic.epoch);
        ensure!(end == model.end, "{tp:?} ends at {end}, it has to at {}", model.end);
        ensure!(start == model.start, "{tp:?} starts at {start}, it has to at {}", model.start);
        ensure!(start <= mark && mark <= end, "{tp:?}: high watermark {mark} is not in {start}..{end}");
        ensure!(stable <= mark, "{tp:?}: last stable offset {stable} above the high watermark {mark}");
        ensure!(point <= end, "{tp:?}: recovery point {point} above the end {end}");
        if model.leader_epoch == epoch {
            ensure!(
                mark >= model.high_watermark,
                "{tp:?}: high watermark {mark} goes back from {}",
                model.high_watermark
            );
        }
        (model.leader_epoch, model.high_watermark) = (epoch, mark);
        if topic.other_in_sync() {
            let other = topic.other_end.max(start);
            ensure!(mark <= other, "{tp:?}: high watermark {mark}, an in-sync replica is at {other}");
        }
        if !topic.other_in_sync() && topic.min_isr <= topic.isr.len() {
            ensure!(mark == end, "{tp:?}: high watermark {mark} of a sole replica with end {end}");
        }
        if let Some((wait, seen)) = &topic.waiting
            && mark > *seen
        {
            ensure!(wait.0.get(), "{tp:?}: a consumer at {seen} is not woken at {mark}");
            topic.waiting = None;
            self.saw("consumer woken");
        }
        Ok(())
    }

    /// Reads everything there is, and compares it with everything that is known.
    pub fn full_check(&mut self) -> Run {
        for tp in self.topics.keys().cloned().collect::<Vec<_>>() {
            self.check_content(&tp)?;
            self.check_reads(&tp)?;
            self.check_producers(&tp)?;
            self.check_times(&tp)?;
            self.topic(&tp).model.check_order()?;
        }
        self.check_coordinator_replay()?;
        self.check_metadata_replay()?;
        self.saw("full check");
        Ok(())
    }

    fn check_content(&mut self, tp: &Tp) -> Run {
        let log = self.replica(tp)?.log_mut();
        let (start, end) = (log.log_start_offset(), log.log_end_offset());
        let snapshot = log.snapshot();
        let batches = read_batches(&snapshot, start, end, 1500)?;
        let model = &self.topic(tp).model;
        let expected: Vec<_> = model.readable().collect();
        ensure!(batches.len() == expected.len(), "{tp:?} has {} batches of {}", batches.len(), expected.len());
        for (batch, expected) in batches.iter().zip(expected) {
            ensure!(batch.bytes == expected.bytes, "{tp:?} differs at {}", expected.base);
        }
        for (base, (key, _)) in model.acked.range(start..) {
            let held = model.batches.get(base);
            ensure!(held.is_some_and(|b| b.key == *key), "{tp:?}: the acknowledged batch at {base} is gone");
        }
        // Nothing lies about in the files beside the batches.
        let entries = self.disk.read_dir(&node::dir_of(tp))?;
        let on_disk: u64 = entries.iter().filter(|e| e.name.ends_with(".log")).map(|e| e.len).sum();
        ensure!(on_disk == snapshot.size(), "{tp:?}: files have {on_disk} bytes, the log {}", snapshot.size());
        Ok(())
    }

    /// Any offset is found, whatever path leads to it.
    fn check_reads(&mut self, tp: &Tp) -> Run {
        let snapshot = self.replica(tp)?.log_mut().snapshot();
        let (start, end) = (snapshot.log_start_offset, snapshot.log_end_offset);
        for _ in 0..6 {
            if start == end {
                break;
            }
            let offset = start + self.rng.below((end - start) as u64) as i64;
            let max = self.rng.below(1_000) as u32;
            let plan = snapshot.read(offset, max, end, true).map_err(super::model::read_error)?;
            let bytes = plan.read_all()?;
            let Some(held) = self.topics[tp].model.holding(offset).map(|b| b.bytes.clone()) else { continue };
            ensure!(bytes.starts_with(&held), "{tp:?}: a read at {offset} does not begin with its batch");
            ensure!(!bytes.is_empty(), "{tp:?}: a read at {offset} is empty");
        }
        Ok(())
    }

    /// Producers' state is what the log's batches add up to.
    fn check_producers(&mut self, tp: &Tp) -> Run {
        let now = self.now.wall_ms;
        let ids: Vec<i64> = self.topics[tp].model.readable().map(|b| b.producer_id).filter(|id| *id >= 0).collect();
        let expiration = self.topics[tp].producer_id_expiration_ms;
        for id in ids {
            let Some(expected) = self.topics[tp].model.producer(id) else { continue };
            let latest =
                self.topics[tp].model.readable().filter(|b| b.producer_id == id).map(|b| b.max_timestamp).max();
            let log = self.replica(tp)?.log();
            let state = log.producer(id).map(|p| (p.producer_epoch, p.last_seq(), p.last_data_offset()));
            // The wall clock is at most a few days off.
            let may_be_expired = latest.is_some_and(|t| now - t >= expiration - 60_000);
            ensure!(
                state == Some(expected) || may_be_expired,
                "{tp:?}: producer {id} is {state:?} in memory, by the log {expected:?}"
            );
        }
        Ok(())
    }

    /// Looking up a time gives what looking at every record gives.
    pub fn check_times(&mut self, tp: &Tp) -> Run {
        let snapshot = self.replica(tp)?.log_mut().snapshot();
        let model = &self.topics[tp].model;
        let mut times = Vec::new();
        for batch in model.readable() {
            times.extend(batch.times()?.into_iter().filter(|(offset, _)| *offset >= model.start));
        }
        let Some(max) = times.iter().map(|(_, t)| *t).max() else { return Ok(()) };
        let min = times.iter().map(|(_, t)| *t).min().unwrap_or(max);
        for _ in 0..3 {
            let time = min - 5 + self.rng.below((max - min + 10) as u64) as i64;
            let expected = times.iter().find(|(_, t)| *t >= time).copied();
            let found = snapshot.offset_for_timestamp(time).map_err(super::model::read_error)?;
            let found = found.map(|f| (f.offset, f.timestamp));
            // As in Kafka, the search ends in the first segment that has such a time, also where that lies below the log's
            // start.
            let below = |b: &&std::sync::Arc<super::model::Batch>| b.base < model.start && b.max_timestamp >= time;
            let hidden = found.is_none() && model.batches.values().any(|b| below(&b));
            ensure!(found == expected || hidden, "{tp:?}: time {time} is found at {found:?}, it is at {expected:?}");
        }
        self.saw("time lookup");
        Ok(())
    }

    /// After a clean stop: every entry of an index names a batch of the log, in order.
    pub fn check_index_files(&mut self) -> Run {
        for tp in self.topics.keys().cloned().collect::<Vec<_>>() {
            let dir = node::dir_of(&tp);
            for entry in self.disk.read_dir(&dir)? {
                let Some(base) = offset_of_name(&entry.name).filter(|_| entry.name.ends_with("index")) else {
                    continue;
                };
                let log = entry.name.split('.').next().map(|stem| dir.join(format!("{stem}.log"))).unwrap_or_default();
                let orphan = !self.disk.exists(&log);
                ensure!(!orphan, "{tp:?}: {} belongs to no segment", entry.name);
                let bytes = self.disk.read(&dir.join(&entry.name))?;
                if entry.name.ends_with(".index") {
                    self.check_offset_index(&tp, base, &bytes, &self.disk.read(&log)?)?;
                } else if entry.name.ends_with(".timeindex") {
                    self.check_time_index(&tp, base, &bytes)?;
                }
            }
        }
        Ok(())
    }

    fn check_offset_index(&self, tp: &Tp, base: i64, index: &[u8], log: &[u8]) -> Run {
        let mut before = -1;
        ensure!(index.len().is_multiple_of(8), "{tp:?}: the index of {base} has {} bytes", index.len());
        for entry in index.chunks_exact(8) {
            let (relative, position) = (i32_at(entry, 0), i32_at(entry, 4));
            let bytes = bytes::Bytes::copy_from_slice(log.get(position as usize..).unwrap_or(&[]));
            let batch = super::model::Batch::parse(&bytes)
                .map_err(|e| Stop::Violation(format!("{tp:?}: the index of {base} leads to {position}: {e}")))?;
            ensure!(relative > before, "{tp:?}: the index of {base} has {relative} after {before}");
            ensure!(
                batch.last == base + i64::from(relative),
                "{tp:?}: the index of {base} says {relative} at {position}, where {}..={} is",
                batch.base,
                batch.last
            );
            before = relative;
        }
        Ok(())
    }

    fn check_time_index(&self, tp: &Tp, base: i64, index: &[u8]) -> Run {
        let mut before = (-1, -1);
        ensure!(index.len().is_multiple_of(12), "{tp:?}: the time index of {base} has {} bytes", index.len());
        for entry in index.chunks_exact(12) {
            let time = i64::from_be_bytes(entry[..8].try_into().unwrap_or_default());
            let relative = i32_at(entry, 8);
            ensure!(
                time > before.0 && relative > before.1,
                "{tp:?}: the time index of {base}: {time} after {before:?}"
            );
            let offset = base + i64::from(relative);
            let batch = self.topics[tp].model.holding(offset);
            ensure!(
                batch.is_some_and(|b| b.max_timestamp == time),
                "{tp:?}: the time index of {base} has {time} at {offset}, where {batch:?} is"
            );
            before = (time, relative);
        }
        Ok(())
    }
}

fn i32_at(bytes: &[u8], at: usize) -> i32 {
    i32::from_be_bytes(bytes[at..at + 4].try_into().unwrap_or_default())
}
