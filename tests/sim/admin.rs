//! Administrators, consumers and the other replica: what happens to a partition besides producing.

use super::model::{Batch, Promise, read_batches};
use super::node::{self, LOG_DIR, OTHER_ID, Wait};
use super::world::{Tp, World};
use super::{Run, Stop, ensure};
use bytes::{Bytes, BytesMut};
use ottla_base::storage::Storage;
use ottla_core::log::LogError;
use ottla_core::partition::ReadBound;
use ottla_record::batch::BatchBuilder;
use std::path::Path;

impl World {
    // ---- consumers ----

    /// A consumer reads on, up to the high watermark, or waits.
    pub fn consume(&mut self) -> Run {
        let tp = self.random_tp();
        let max_bytes = 200 + self.rng.below(3_000) as u32;
        let topic = &self.topics[&tp];
        let mut position = topic.position;
        let view = self.replica(&tp)?.view();
        let mark = view.bound(ReadBound::HighWatermark);
        if position < view.log.log_start_offset || position > view.log.log_end_offset {
            position = view.log.log_start_offset;
        }
        if position >= mark {
            let wait = Wait::default();
            let parked = self.replica(&tp)?.park(wait.clone(), ReadBound::HighWatermark, mark);
            ensure!(parked != wait.0.get(), "a consumer that is parked was told, or is not parked untold");
            let topic = self.topic(&tp);
            topic.position = position;
            topic.waiting = parked.then_some((wait, mark));
            return Ok(());
        }
        let plan = view.log.read(position, max_bytes, mark, true).map_err(super::model::read_error)?;
        let bytes = plan.read_all()?;
        let batches = whole_batches(&bytes)?;
        ensure!(!batches.is_empty(), "a read of {tp:?} at {position} below {mark} returns nothing");
        for batch in &batches {
            let held = self.topics[&tp].model.batches.get(&batch.base);
            ensure!(
                held.is_some_and(|held| held.bytes == batch.bytes),
                "a consumer of {tp:?} at {position} gets {}..={}, the log has {held:?}",
                batch.base,
                batch.last
            );
            ensure!(batch.last < mark, "a consumer gets {}, the high watermark is {mark}", batch.last);
        }
        let first = batches.first().map_or(0, |b| b.base);
        let missing = self.topics[&tp].model.holding(position).is_none();
        ensure!(first <= position || missing, "a read at {position} starts at {first}");
        self.topic(&tp).position = batches.last().map_or(position, |b| b.last + 1);
        // Now and then from the start again.
        if self.rng.one_in(8) {
            self.topic(&tp).position = 0;
        }
        self.saw("read");
        Ok(())
    }

    /// Looks for times, and compares with looking at every record.
    pub fn look_up_times(&mut self) -> Run {
        let tp = self.random_tp();
        self.check_times(&tp)
    }

    // ---- administrators ----

    pub fn delete_records(&mut self) -> Run {
        let tp = self.random_tp();
        if tp == self.offsets_tp {
            return Ok(());
        }
        let (start, end) = (self.topics[&tp].model.start, self.topics[&tp].model.end);
        let offset = start + self.rng.below((end - start + 2) as u64) as i64;
        self.topic(&tp).model.start_max = offset;
        let log = self.replica(&tp)?.log_mut();
        let mark = log.high_watermark();
        match log.increment_log_start_offset(offset) {
            Ok(_) => {
                ensure!(offset <= mark, "records above the high watermark {mark} are deleted, up to {offset}");
                self.saw("delete records");
            }
            Err(LogError::AboveHighWatermark { .. }) => {
                ensure!(offset > mark, "deletion up to {offset} is refused, the high watermark is {mark}");
                self.saw("delete records: out of range");
            }
            // The start has moved; the epochs' file follows when there is room.
            Err(LogError::Storage(error)) if error.is_disk_full() && self.is_full() => {}
            Err(error) => return Err(error.into()),
        }
        self.took_start(&tp)
    }

    pub fn retention(&mut self) -> Run {
        let tp = self.random_tp();
        let now = self.now;
        self.topic(&tp).model.start_max = self.replica(&tp)?.log().high_watermark();
        let result = self.replica(&tp)?.log_mut().delete_old_segments(now);
        let deleted = match result {
            Ok(deleted) => deleted,
            Err(LogError::Storage(error)) if error.is_disk_full() => 0,
            Err(error) => return Err(error.into()),
        };
        if deleted > 0 {
            self.saw("retention deletes");
        }
        self.drain_effects(&tp)?;
        let model = &self.topics[&tp].model;
        let (start, end) = (model.start, model.end);
        self.took_start(&tp)?;
        let after = self.topics[&tp].model.start;
        // The wall clock may have been a day off at most, retention is seven.
        let config = &self.topics[&tp].config;
        let bytes: usize = self.topics[&tp].model.batches.range(start..).map(|(_, b)| b.bytes.len()).sum();
        let too_many = config.retention_bytes >= 0 && bytes as i64 > config.retention_bytes;
        ensure!(after == start || too_many, "retention takes {start}..{after} of {end} without a reason");
        Ok(())
    }

    fn took_start(&mut self, tp: &Tp) -> Run {
        let start = self.replica(tp)?.log().log_start_offset();
        let topic = self.topic(tp);
        ensure!(start >= topic.model.start, "the log's start goes back to {start}");
        (topic.model.start, topic.model.start_max) = (start, 0);
        let line = format!("{tp:?} starts at {start}");
        self.note(&line);
        self.drain_effects(tp)
    }

    pub fn roll(&mut self) -> Run {
        let tp = self.random_tp();
        let now = self.now;
        let result = self.replica(&tp)?.log_mut().roll(None, now);
        match result {
            Err(error) if error.is_disk_full() && self.is_full() => {}
            other => other?,
        }
        self.saw("roll");
        self.drain_effects(&tp)
    }

    pub fn change_config(&mut self) -> Run {
        let tp = self.random_tp();
        let segment_bytes = 1_500 + self.rng.below(4_000) as u32;
        let index_interval_bytes = 1 + self.rng.below(600) as u32;
        let topic = self.topic(&tp);
        topic.config.segment_bytes = segment_bytes;
        topic.config.index_interval_bytes = index_interval_bytes;
        let config = topic.config.clone();
        self.replica(&tp)?.log_mut().set_config(config);
        self.saw("config change");
        Ok(())
    }

    pub fn expire_producers(&mut self) -> Run {
        let now = self.now;
        for tp in self.topics.keys().cloned().collect::<Vec<_>>() {
            self.replica(&tp)?.log_mut().remove_expired_producers(now);
        }
        self.saw("producers expire");
        Ok(())
    }

    // ---- the other replica ----

    /// The other replica fetches from where it is.
    pub fn other_fetches(&mut self) -> Run {
        let tp = self.random_tp();
        let bytes = 100 + self.rng.below(2_000) as u32;
        self.fetch_as_other(&tp, bytes)
    }

    /// The other replica fetches all there is.
    pub fn catch_up(&mut self, tp: &Tp) -> Run {
        if !self.topic(tp).replicas.contains(&OTHER_ID) {
            return Ok(());
        }
        self.fetch_as_other(tp, 1 << 20)?;
        self.expand_isr(tp)?;
        self.fetch_as_other(tp, 1 << 20)
    }

    fn fetch_as_other(&mut self, tp: &Tp, max_bytes: u32) -> Run {
        if !self.topic(tp).replicas.contains(&OTHER_ID) {
            return Ok(());
        }
        let view = self.replica(tp)?.view();
        let end = view.log.log_end_offset;
        let from = self.topic(tp).other_end.max(view.log.log_start_offset);
        if from < end {
            let plan = view.log.read(from, max_bytes, end, true).map_err(super::model::read_error)?;
            for batch in whole_batches(&plan.read_all()?)? {
                let held = self.topics[tp].model.batches.get(&batch.base);
                ensure!(
                    held.is_some_and(|held| held.bytes == batch.bytes),
                    "the other replica gets {}..={}, the log has {held:?}",
                    batch.base,
                    batch.last
                );
                self.topic(tp).other_end = batch.last + 1;
            }
        } else {
            self.topic(tp).other_end = from;
        }
        let (other_end, now) = (self.topic(tp).other_end, self.now);
        let done = self.replica(tp)?.on_follower_fetch(OTHER_ID, other_end, now);
        self.saw("other replica fetches");
        self.after_high_watermark(tp, done)
    }

    /// The high watermark may have moved: whoever waited for it is answered.
    pub fn after_high_watermark(&mut self, tp: &Tp, done: super::world::Done) -> Run {
        self.on_done(tp, done)?;
        if *tp == self.offsets_tp { self.coordinator_high_watermark() } else { Ok(()) }
    }

    pub fn change_isr(&mut self) -> Run {
        let tp = self.random_tp();
        if !self.topic(&tp).replicas.contains(&OTHER_ID) {
            return Ok(());
        }
        if !self.topic(&tp).other_in_sync() {
            return self.expand_isr(&tp);
        }
        self.topic(&tp).isr.retain(|id| *id != OTHER_ID);
        self.saw("isr shrinks");
        self.led(&tp)
    }

    fn expand_isr(&mut self, tp: &Tp) -> Run {
        let mark = self.replica(tp)?.log().high_watermark();
        let topic = self.topic(tp);
        if topic.other_in_sync() || topic.other_end < mark {
            return Ok(());
        }
        topic.isr.push(OTHER_ID);
        self.saw("isr expands");
        self.led(tp)
    }

    fn led(&mut self, tp: &Tp) -> Run {
        let now = self.now;
        let node = self.node.as_mut().ok_or(Stop::Disk("no node".into()))?;
        let (Some(partition), Some(topic)) = (node.partitions.get_mut(tp), self.topics.get(tp)) else { return Ok(()) };
        let done = node::lead(partition, topic, now)?;
        self.after_high_watermark(tp, done)
    }

    /// The other replica leads for a while: what it had not got is cut off here, what it took comes over, and then this
    /// node leads again.
    pub fn lose_leadership(&mut self) -> Run {
        let tps: Vec<Tp> = self.topics.values().filter(|t| t.other_in_sync()).map(|t| t.tp.clone()).collect();
        if tps.is_empty() || self.is_full() {
            return Ok(());
        }
        let tp = tps[self.rng.below(tps.len() as u64) as usize].clone();
        let is_offsets = tp == self.offsets_tp;
        if is_offsets {
            self.unload_coordinator()?;
        }
        let (epoch, from, now) = (self.topic(&tp).epoch + 1, self.topic(&tp).other_end, self.now);
        self.topic(&tp).epoch = epoch;
        self.topic(&tp).waiting = None;
        let replica = self.replica(&tp)?;
        let done = replica.follow(OTHER_ID, epoch);
        let mark = replica.log().high_watermark();
        let from = from.max(replica.log().log_start_offset());
        ensure!(from >= mark, "an in-sync replica at {from} is below the high watermark {mark}");
        self.on_done(&tp, done)?;
        self.topic(&tp).model.will_truncate(from)?;
        // A checkpoint above the log's end would make a torn tail look like damage.
        let node = self.node.as_ref().ok_or(Stop::Disk("no node".into()))?;
        node::lower_recovery_point(node, &self.disk, &tp, from)?;
        let truncated = self.replica(&tp)?.log_mut().truncate_to(from, now)?;
        // A batch that is cut in two goes as a whole.
        let from = if truncated { self.replica(&tp)?.log().log_end_offset() } else { from };
        self.topic(&tp).model.truncated(from);
        if truncated {
            self.saw("follow and truncate");
        }
        self.drain_effects(&tp)?;
        // What the other one takes from producers of its own.
        let mut bytes = BytesMut::new();
        let mut next = from;
        for n in 0..if is_offsets { 0 } else { self.rng.below(3) } {
            let mut builder = BatchBuilder::new(next);
            builder.partition_leader_epoch(epoch);
            for _ in 0..1 + self.rng.below(3) {
                let value = self.rng.next_u64().to_be_bytes();
                builder.append_kv(now.wall_ms, Some(format!("other {n}").as_bytes()), Some(&value));
            }
            let batch = builder.build()?;
            next = builder.next_offset();
            self.topic(&tp).model.offer(&batch);
            self.topic(&tp).model.acknowledge(
                builder.next_offset() - i64::from(builder.count()),
                key(&batch),
                Promise::Leader,
            );
            bytes.extend_from_slice(&batch);
        }
        let bytes = bytes.freeze();
        if !bytes.is_empty() {
            match self.replica(&tp)?.log_mut().append_as_follower(&bytes, epoch, now) {
                Ok(_) => {}
                Err(ottla_core::log::AppendError::Storage(error)) => {
                    self.topic(&tp).model.acked.retain(|base, _| *base < from);
                    return Err(error.into());
                }
                Err(error) => return super::violation(format!("a follower refuses: {error}")),
            }
        }
        self.take_in(&tp, from)?;
        self.drain_effects(&tp)?;
        let replica = self.replica(&tp)?;
        let end = replica.log().log_end_offset();
        replica.log_mut().set_high_watermark(end);
        let topic = self.topic(&tp);
        topic.other_end = end;
        topic.epoch += 1;
        self.saw("follow the other replica");
        self.led(&tp)?;
        let mark = self.replica(&tp)?.log().high_watermark();
        let topic = self.topic(&tp);
        (topic.model.leader_epoch, topic.model.high_watermark) = (topic.epoch, mark);
        self.drain_effects(&tp)?;
        if is_offsets { self.load_coordinator() } else { Ok(()) }
    }

    // ---- wrong bytes ----

    /// On a copy of the disk one bit of a log, an index or a snapshot is wrong. Whoever reads the copy, and a node that
    /// starts from it, must not take it for data.
    pub fn flip_a_bit(&mut self) -> Run {
        let tp = self.random_tp();
        let dir = node::dir_of(&tp);
        let entries = self.disk.read_dir(&dir)?;
        let entries: Vec<_> = entries
            .into_iter()
            .filter(|e| [".log", ".index", ".snapshot"].iter().any(|s| e.name.ends_with(s)) && e.len > 0)
            .collect();
        if entries.is_empty() {
            return Ok(());
        }
        let entry = entries[self.rng.below(entries.len() as u64) as usize].clone();
        let byte = self.rng.below(entry.len);
        let fork = self.disk.fork();
        fork.sim.calm();
        fork.sim.kill();
        fork.sim.flip_bit(&dir.join(&entry.name), byte, self.rng.below(8) as u8)?;
        if entry.name.ends_with(".log") && self.outside_of_crc(&tp, &entry.name, byte) {
            return Ok(());
        }
        let found = self.start_from(&fork, &tp, &entry.name)?;
        if let Some(found) = found {
            self.saw(found);
        }
        Ok(())
    }

    /// Offset and leader epoch of a batch lie outside its CRC; Kafka cannot tell either.
    fn outside_of_crc(&self, tp: &Tp, name: &str, byte: u64) -> bool {
        let base = ottla_core::log::offset_of_name(name).unwrap_or(0);
        let mut at = 0;
        for (_, batch) in self.topics[tp].model.batches.range(base..) {
            let size = batch.bytes.len() as u64;
            if byte < at + size {
                return matches!(byte - at, 0..=7 | 12..=15);
            }
            at += size;
        }
        true
    }

    fn start_from(&mut self, fork: &super::disk::Disk, tp: &Tp, name: &str) -> Run<Option<&'static str>> {
        use ottla_core::log::{Log, OpenParams};
        use ottla_core::log_dirs::checkpoints::{self, LOG_START_OFFSET, RECOVERY_POINT};
        use std::sync::Arc;
        let read = |name| checkpoints::read(fork, Path::new(LOG_DIR), name).unwrap_or_default();
        let of = |name| read(name).get(tp).copied().unwrap_or(0);
        let topic = &self.topics[tp];
        let clean = self.rng.one_in(2);
        let params = OpenParams {
            clean_shutdown: clean,
            recovery_point: of(RECOVERY_POINT),
            log_start_offset: of(LOG_START_OFFSET),
            topic_id: Some(topic.id),
            ..OpenParams::default()
        };
        let opened = Log::open(Arc::new(fork.clone()), &node::dir_of(tp), topic.config.clone(), params, self.now);
        let mut log = match opened {
            Ok(log) => log,
            Err(LogError::Storage(error)) => return Err(error.into()),
            Err(_) if name.ends_with(".log") => return Ok(Some("bit flip: found at the start")),
            Err(error) => return super::violation(format!("a bad bit in {name} keeps {tp:?} from starting: {error}")),
        };
        let (start, end) = (log.log_start_offset(), log.log_end_offset());
        if !name.ends_with(".log") {
            let model = &self.topics[tp].model;
            ensure!(end == model.end, "a bad bit in {name} costs {tp:?} records: {end} of {}", model.end);
        }
        match read_batches(&log.snapshot(), start, end, 2_000) {
            Ok(batches) => {
                for batch in batches {
                    let held = self.topics[tp].model.batches.get(&batch.base);
                    ensure!(
                        held.is_some_and(|held| held.bytes == batch.bytes),
                        "a bad bit in {name} is served as data at {}",
                        batch.base
                    );
                }
                let cut = end < self.topics[tp].model.end;
                Ok(cut.then_some("bit flip: found at the start"))
            }
            Err(Stop::Violation(_)) if name.ends_with(".log") => Ok(Some("bit flip: found by a reader")),
            Err(other) => Err(other),
        }
    }
}

fn key(batch: &[u8]) -> u64 {
    super::model::key_of(batch)
}

/// The batches of an answer; the last may be cut.
fn whole_batches(bytes: &Bytes) -> Run<Vec<Batch>> {
    let mut out: Vec<Batch> = Vec::new();
    let mut at = 0;
    while at < bytes.len() {
        let rest = bytes.slice(at..);
        match ottla_record::batch::BatchHeader::parse(&rest) {
            Ok(header) if header.size_in_bytes() <= rest.len() => {}
            // Cut by the size limit.
            _ if at > 0 => break,
            _ => return super::violation("a read starts with a cut batch".into()),
        }
        let batch = Batch::parse(&rest).map_err(|e| Stop::Violation(format!("a read returns a bad batch: {e}")))?;
        at += batch.bytes.len();
        out.push(batch);
    }
    Ok(out)
}
