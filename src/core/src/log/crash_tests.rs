//! The log on a disk that loses things: a random script of appends, flushes, truncations, deletions and clean closes is
//! stopped at every single operation on the disk, by the end of the process or of the power, and the log is opened again.
//!
//! What must hold: nothing flushed is lost; after the end of the process nothing at all is lost; the log is a chain of
//! batches that had been written; indexes, epochs, aborted transactions and producer state are those of its batches; it
//! can be appended to.

use super::index::{OffsetEntry, TimeEntry};
use super::tests::{now, offsets};
use super::*;
use bytes::Bytes;
use ottla_base::storage::{SimStorage, Storage};
use ottla_record::batch::{BatchBuilder, BatchHeader, batches};
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

const DIR: &str = "/logs/topic-0";

fn config() -> LogConfig {
    LogConfig {
        segment_bytes: 2048,
        index_interval_bytes: 100,
        retention_ms: -1,
        file_delete_delay_ms: 10,
        ..LogConfig::default()
    }
}

/// What the test knows of a batch.
#[derive(Clone, Debug)]
struct Written {
    base: i64,
    last: i64,
    bytes: Vec<u8>,
}

/// What the log should be, and what it ever was.
#[derive(Debug, Default)]
struct Model {
    batches: Vec<Written>,
    ever: BTreeMap<i64, Vec<Vec<u8>>>,
    log_start: i64,
    /// The highest that it ever was.
    latest_start: i64,
    /// As the checkpoint files would say.
    recovery_point: i64,
    checkpointed_start: i64,
    /// The last operation was under way when the world stopped.
    in_flight: Vec<Vec<Written>>,
    unsure: bool,
    clean: bool,
}

impl Model {
    fn end(&self) -> i64 {
        self.batches.last().map_or(self.log_start, |b| b.last + 1).max(self.log_start)
    }
}

struct World {
    disk: SimStorage,
    rng: Rng,
    model: Model,
    sequences: BTreeMap<i64, (i16, i32, bool)>,
    epoch: i32,
    time: u64,
}

impl World {
    fn new(seed: u64) -> World {
        let disk = SimStorage::new();
        disk.create_dir_all(Path::new("/logs")).unwrap();
        disk.sync_dir(Path::new("/")).unwrap();
        World {
            disk,
            rng: Rng::from_seed(seed),
            model: Model::default(),
            sequences: BTreeMap::new(),
            epoch: 1,
            time: 0,
        }
    }

    fn open(&mut self) -> Result<Log, LogError> {
        let params = OpenParams {
            clean_shutdown: self.model.clean,
            recovery_point: self.model.recovery_point,
            log_start_offset: self.model.checkpointed_start,
            topic_id: Some(Uuid::from_u128(77)),
            producer_id_expiration_ms: i64::MAX,
            cache: Arc::new(TailCache::new(4096)),
            ..OpenParams::default()
        };
        Log::open(Arc::new(self.disk.clone()), Path::new(DIR), config(), params, now(self.time))
    }

    /// A batch for the next offset: plain, idempotent, transactional or a marker.
    fn next_batch(&mut self) -> AppendBatch {
        let mut builder = BatchBuilder::new(0);
        let records = 1 + self.rng.below(3) as i32;
        let timestamp = 1_700_000_000_000 + self.time as i64 + self.rng.below(50) as i64;
        let producer = self.rng.below(4) as i64;
        let state = self.sequences.entry(producer).or_insert((0, 0, false));
        match (producer, self.rng.below(3)) {
            (0, _) => {}
            (3, 0) if state.2 => {
                // Ends the transaction: type and coordinator epoch.
                builder.producer(producer, state.0, -1).transactional(true).control(true);
                let kind = self.rng.below(2) as u8;
                builder.append_kv(timestamp, Some(&[0, 0, 0, kind]), Some(&[0, 0, 0, 0, 0, 5]));
                state.2 = false;
                return AppendBatch::new(&builder.build().unwrap()).unwrap();
            }
            _ => {
                if self.rng.one_in(20) && !state.2 {
                    *state = (state.0 + 1, 0, false);
                }
                builder.producer(producer, state.0, state.1).transactional(producer == 3);
                state.1 += records;
                state.2 = producer == 3;
            }
        }
        for i in 0..records {
            let value = vec![b'v'; self.rng.below(120) as usize];
            builder.append_kv(timestamp + i64::from(i), Some(b"k"), Some(&value));
        }
        AppendBatch::new(&builder.build().unwrap()).unwrap()
    }

    fn append(&mut self, log: &mut Log) -> bool {
        if self.rng.one_in(15) {
            self.epoch += 1;
        }
        let count = 1 + self.rng.below(3);
        let batches: Vec<AppendBatch> = (0..count).map(|_| self.next_batch()).collect();
        let mut at = self.model.end();
        let mut written = Vec::new();
        for batch in &batches {
            let mut header = batch.header;
            header.base_offset = at;
            header.partition_leader_epoch = self.epoch;
            at = header.next_offset();
            let bytes = [header.to_bytes().as_slice(), &batch.records].concat();
            self.model.ever.entry(header.base_offset).or_default().push(bytes.clone());
            written.push(Written { base: header.base_offset, last: header.last_offset(), bytes });
        }
        self.model.in_flight = (0..=written.len()).map(|n| written[..n].to_vec()).collect();
        let origin = AppendOrigin::Coordinator;
        let request = AppendRequest { batches: &batches, origin, transaction_version: 0 };
        let result = log.append_group(&[request], self.epoch, now(self.time)).pop().unwrap();
        if self.disk.is_stopped() {
            assert!(result.is_err(), "an append is not acknowledged by a machine that has stopped");
            return false;
        }
        assert_eq!(result.unwrap().first_offset, written[0].base);
        self.model.batches.extend(written);
        true
    }

    /// One step of the script. False when the world has stopped.
    fn step(&mut self, log: &mut Log) -> bool {
        self.time += self.rng.below(100);
        self.model.in_flight.clear();
        let end = self.model.end();
        match self.rng.below(24) {
            0..=14 => {
                if !self.append(log) {
                    return false;
                }
            }
            15..=17 => {
                if let Ok(Some(request)) = log.flush_request(end)
                    && request.run().is_ok()
                {
                    log.on_flushed(request.token(), now(self.time));
                    self.model.recovery_point = log.recovery_point();
                }
            }
            18 => {
                let span = (end - self.model.log_start) as u64;
                let target = self.model.log_start + self.rng.below(span + 1) as i64;
                // The owner lowers the checkpoint before the log is cut.
                let kept = self.model.batches.iter().filter(|b| b.last < target).map(|b| b.last + 1).max();
                self.model.recovery_point = self.model.recovery_point.min(kept.unwrap_or(0));
                self.model.checkpointed_start = self.model.checkpointed_start.min(target);
                self.model.unsure = true;
                let result = log.truncate_to(target, now(self.time));
                if self.disk.is_stopped() {
                    return false;
                }
                result.unwrap();
                self.model.unsure = false;
                self.model.batches.retain(|b| b.last < target);
                self.model.log_start = log.log_start_offset();
                assert_eq!(log.log_end_offset(), self.model.end());
                self.forget_sequences();
                // Nobody truncates without a new leader.
                self.epoch += 1;
            }
            19 => {
                log.set_high_watermark(end);
                let span = (end - self.model.log_start) as u64;
                let start = self.model.log_start + self.rng.below(span / 2 + 1) as i64;
                if log.increment_log_start_offset(start).is_err() {
                    return false;
                }
                self.model.log_start = start;
                self.model.latest_start = self.model.latest_start.max(start);
                if self.rng.one_in(2) {
                    self.model.checkpointed_start = start;
                }
                if log.delete_old_segments(now(self.time)).is_err() {
                    assert!(self.disk.is_stopped());
                    return false;
                }
            }
            20 => {
                let result = log.close_clean(now(self.time));
                if self.disk.is_stopped() {
                    return false;
                }
                result.unwrap();
                self.model.recovery_point = log.recovery_point();
                self.model.checkpointed_start = self.model.log_start;
                self.model.clean = true;
                match self.open() {
                    Ok(again) => *log = again,
                    Err(error) => {
                        assert!(self.disk.is_stopped(), "{error}");
                        return false;
                    }
                }
                self.model.clean = false;
                assert_eq!(log.log_end_offset(), end);
            }
            21 => {
                if log.roll(None, now(self.time)).is_err() {
                    assert!(self.disk.is_stopped());
                    return false;
                }
            }
            _ => {
                for effect in log.take_effects() {
                    match effect {
                        LogEffect::Flush(request) => {
                            if request.run().is_err() {
                                return false;
                            }
                            log.on_flushed(request.token(), now(self.time));
                            self.model.recovery_point = log.recovery_point().max(self.model.recovery_point.min(end));
                        }
                        LogEffect::DeleteFiles { paths, .. } => {
                            for path in paths {
                                let _ = self.disk.remove_file(&path);
                            }
                        }
                    }
                }
            }
        }
        !self.disk.is_stopped()
    }

    /// Producers go on from what the log knows.
    fn forget_sequences(&mut self) {
        for state in self.sequences.values_mut() {
            *state = (state.0 + 1, 0, false);
        }
    }

    /// Checks what was opened after the world stopped.
    fn check(&mut self, log: &mut Log, power_cut: bool) {
        let (start, end) = (log.log_start_offset(), log.log_end_offset());
        let got = read_everything(log);
        // 1. Content.
        if !power_cut && !self.model.unsure {
            let mut wanted: Vec<Vec<Written>> = self.model.in_flight.clone();
            wanted.push(Vec::new());
            let fits = wanted.iter().any(|extra| {
                let all: Vec<&Written> = self.model.batches.iter().chain(extra).filter(|b| b.last >= start).collect();
                all.len() == got.len() && all.iter().zip(&got).all(|(a, b)| a.bytes == *b)
            });
            assert!(fits, "{} batches up to {end}, model up to {}", got.len(), self.model.end());
            assert!(start <= self.model.log_start.max(self.model.checkpointed_start) || self.model.unsure);
        }
        for bytes in &got {
            let header = BatchHeader::parse(bytes).unwrap();
            let known = self.model.ever.get(&header.base_offset);
            assert!(
                known.is_some_and(|all| all.contains(bytes)),
                "a batch that nobody wrote at {}",
                header.base_offset
            );
        }
        let recovery_point = self.model.recovery_point;
        for batch in self.model.batches.iter().filter(|b| b.last < recovery_point && b.last >= start) {
            assert!(got.contains(&batch.bytes), "flushed batch at {} of {recovery_point} is lost", batch.base);
        }
        // 2. No holes.
        let mut next = None;
        for bytes in &got {
            let header = BatchHeader::parse(bytes).unwrap();
            if let Some(next) = next {
                assert_eq!(header.base_offset, next, "a hole");
            }
            next = Some(header.next_offset());
        }
        // The log's start may be back at an older checkpoint; producers and transactions below the later one may be
        // forgotten.
        check_derived(log, &got, self.model.latest_start);
        // 3. It goes on.
        self.model.batches = got
            .iter()
            .map(|bytes| {
                let h = BatchHeader::parse(bytes).unwrap();
                Written { base: h.base_offset, last: h.last_offset(), bytes: bytes.clone() }
            })
            .collect();
        self.model.log_start = start;
        self.forget_sequences();
        self.epoch = self.epoch.max(log.latest_epoch().unwrap_or(0));
        assert_eq!(self.model.end(), end);
        assert!(self.append(log));
    }
}

fn read_everything(log: &mut Log) -> Vec<Vec<u8>> {
    let (mut at, end) = (log.log_start_offset(), log.log_end_offset());
    let view = log.snapshot();
    let mut out: Vec<Vec<u8>> = Vec::new();
    while at < end {
        let bytes = view.read(at, 1 << 20, end, true).unwrap().read_all().unwrap();
        if bytes.is_empty() {
            break;
        }
        for (header, range) in batches(&bytes).map(Result::unwrap) {
            ottla_record::batch::verify_crc(&bytes[range.clone()]).unwrap();
            out.push(bytes[range].to_vec());
            at = header.next_offset();
        }
    }
    out
}

/// Everything that is derived is what the batches say.
fn check_derived(log: &mut Log, got: &[Vec<u8>], latest_start: i64) {
    let headers: Vec<BatchHeader> = got.iter().map(|b| BatchHeader::parse(b).unwrap()).collect();
    // Any offset finds its batch, from the files alone.
    log.tail.clear();
    let view = log.snapshot();
    for header in &headers {
        for offset in header.base_offset.max(log.log_start_offset())..=header.last_offset() {
            let bytes = view.read(offset, 1, log.log_end_offset(), true).unwrap().read_all().unwrap();
            assert_eq!(offsets(&bytes)[0].0, header.base_offset);
        }
        assert_eq!(log.epochs().epoch_for_offset(header.last_offset()), Some(header.partition_leader_epoch));
    }
    for (index, segment) in view.segments.iter().enumerate() {
        let size = view.size_of(index);
        let mut at = BTreeMap::new();
        let mut scan = segment.scan(0, size).unwrap();
        let mut max_timestamp = -1;
        while let Some(batch) = scan.next().unwrap() {
            at.insert(batch.position, batch.header);
            max_timestamp = max_timestamp.max(batch.header.max_timestamp);
        }
        let base = segment.base_offset;
        segment
            .with_indexes(|ix, files| {
                for n in 0..ix.offset.entries() {
                    let entry = OffsetEntry::decode(&ix.offset.entry(files, n)?);
                    let header = at.get(&(entry.position as u64)).expect("an index entry that points into a batch");
                    assert_eq!(header.last_offset(), base + i64::from(entry.relative_offset));
                }
                for n in 0..ix.time.entries() {
                    let entry = TimeEntry::decode(&ix.time.entry(files, n)?);
                    let offset = base + i64::from(entry.relative_offset);
                    assert!(at.values().any(|h| h.last_offset() == offset && h.max_timestamp == entry.timestamp));
                }
                Ok(())
            })
            .unwrap();
        assert_eq!(segment.max_timestamp().unwrap().timestamp, max_timestamp);
    }
    // Producers and transactions.
    let mut replayed: BTreeMap<i64, (i16, i32, i64)> = BTreeMap::new();
    let (mut open, mut aborted) = (BTreeMap::new(), BTreeSet::new());
    for (header, bytes) in headers.iter().zip(got).filter(|(h, _)| h.has_producer_id()) {
        let id = header.producer_id;
        if header.is_control() {
            let first: Option<i64> = open.remove(&id);
            let known = replayed.entry(id).or_insert((-1, -1, -1));
            if known.0 != header.producer_epoch {
                *known = (header.producer_epoch, -1, -1);
            }
            let abort =
                bytes[61..].windows(4).any(|w| w == [0, 0, 0, 0]) && !bytes[61..].windows(4).any(|w| w == [0, 0, 0, 1]);
            if abort && let Some(first) = first {
                aborted.insert((id, first, header.base_offset));
            }
            continue;
        }
        replayed.insert(id, (header.producer_epoch, header.last_sequence(), header.last_offset()));
        if header.is_transactional() {
            open.entry(id).or_insert(header.base_offset);
        }
    }
    let start = log.log_start_offset();
    for (id, wanted) in replayed {
        if wanted.2 < latest_start && log.producer(id).is_none() {
            continue;
        }
        let state = log.producer(id).unwrap();
        let known = (state.producer_epoch, state.last_seq(), state.last_data_offset());
        // The data before a marker may have been deleted; a snapshot may know it all the same.
        assert!(known == wanted || (wanted.1 == -1 && known.0 == wanted.0), "producer {id}: {known:?}, not {wanted:?}");
        if let Some(first) = open.get(&id).filter(|first| **first > start) {
            let known = state.current_txn_first_offset.unwrap();
            assert!(known <= *first || *first < latest_start);
        }
    }
    let indexed: BTreeSet<_> = view.aborted_transactions(start, log.log_end_offset()).unwrap().into_iter().collect();
    for (id, first, last) in aborted {
        let found = indexed
            .iter()
            .any(|t| t.producer_id == id && t.last_offset == last && (t.first_offset <= first || first < latest_start));
        assert!(found, "aborted transaction of {id} at {first}..{last} is not in {indexed:?}");
    }
}

fn run(seed: u64, steps: u32, stop_at: Option<u64>, power_cut: bool) -> u64 {
    let mut world = World::new(seed);
    let mut log = world.open().unwrap();
    let base = world.disk.ops();
    if let Some(stop) = stop_at {
        world.disk.stop_at(base + stop);
    }
    for _ in 0..steps {
        if !world.step(&mut log) {
            break;
        }
    }
    let ops = world.disk.ops() - base;
    drop(log);
    if power_cut {
        world.disk.crash(&mut Rng::from_seed(seed ^ stop_at.unwrap_or(0).wrapping_mul(31)));
    } else {
        world.disk.kill();
    }
    // A clean close that was followed by the removal of the marker: unclean from here on.
    world.model.clean = false;
    let mut log = match world.open() {
        Ok(log) => log,
        Err(error) => panic!("seed {seed}, stop {stop_at:?}, power cut {power_cut}: {error}"),
    };
    world.check(&mut log, power_cut);
    ops
}

/// `OTTLA_LOG_SEEDS` runs that many more seeds.
fn every_stop(seeds: std::ops::Range<u64>, power_cut: bool) {
    let more = std::env::var("OTTLA_LOG_SEEDS").ok().and_then(|n| n.parse::<u64>().ok()).unwrap_or(0);
    for seed in seeds.start..seeds.end + more {
        let ops = std::panic::catch_unwind(|| run(seed, 60, None, power_cut));
        let ops = ops.unwrap_or_else(|_| panic!("run({seed}, 60, None, {power_cut}) fails"));
        for stop in 0..ops {
            let outcome = std::panic::catch_unwind(|| run(seed, 60, Some(stop), power_cut));
            assert!(outcome.is_ok(), "run({seed}, 60, Some({stop}), {power_cut}) fails");
        }
    }
}

#[test]
fn nothing_is_lost_when_the_process_ends_at_any_operation() {
    every_stop(0..6, false);
}

#[test]
fn nothing_flushed_is_lost_when_the_power_fails_at_any_operation() {
    every_stop(100..108, true);
}

#[test]
fn a_second_crash_during_recovery_loses_nothing_either() {
    for seed in 0..20 {
        let mut world = World::new(seed);
        let mut log = world.open().unwrap();
        while world.disk.ops() < 100 && world.step(&mut log) {}
        drop(log);
        world.disk.kill();
        for stop in 0..40 {
            world.disk.stop_at(world.disk.ops() + stop);
            if world.open().is_ok() {
                break;
            }
            world.disk.kill();
        }
        world.disk.kill();
        let mut log = world.open().unwrap();
        world.check(&mut log, false);
    }
}

#[test]
fn a_flipped_bit_below_the_recovery_point_is_reported_and_above_it_cuts() {
    let mut world = World::new(5);
    let big = LogConfig { segment_bytes: 1 << 20, ..config() };
    let open = |world: &World, recovery_point| {
        let params = OpenParams { clean_shutdown: false, recovery_point, ..OpenParams::default() };
        Log::open(Arc::new(world.disk.clone()), Path::new(DIR), big.clone(), params, now(0))
    };
    let mut log = open(&world, 0).unwrap();
    for _ in 0..20 {
        world.append(&mut log);
    }
    let end = log.log_end_offset();
    let middle = world.model.batches[world.model.batches.len() / 2].clone();
    let position: u64 =
        world.model.batches.iter().take_while(|b| b.base < middle.base).map(|b| b.bytes.len() as u64).sum();
    drop(log);
    let path = Path::new(DIR).join(file_name(0, ".log"));
    world.disk.flip_bit(&path, position + 70, 3).unwrap();
    let error = open(&world, end).unwrap_err();
    assert!(matches!(error, LogError::Corrupt { next_offset, .. } if next_offset == middle.base), "{error}");
    let before = world.disk.read(&path).unwrap();
    assert!(before.len() > position as usize, "nothing was cut");
    let log = open(&world, 0).unwrap();
    assert_eq!(log.log_end_offset(), middle.base);
}

#[test]
fn a_full_disk_refuses_the_append_and_goes_on_when_there_is_room() {
    let mut world = World::new(9);
    let mut log = world.open().unwrap();
    for _ in 0..10 {
        world.append(&mut log);
    }
    let end = log.log_end_offset();
    for room in [0, 1, 60, 100] {
        world.disk.set_capacity(Some(world.disk.used() + room));
        let batch = super::tests::batch(5, 100, 1_700_000_000_000);
        let error = log.append_as_leader(&[batch], AppendOrigin::Client, world.epoch, now(1)).unwrap_err();
        assert!(matches!(&error, AppendError::Storage(e) if e.is_disk_full()), "{error}");
        assert_eq!(log.log_end_offset(), end);
        assert!(!read_everything(&mut log).is_empty(), "reads go on");
    }
    world.disk.set_capacity(None);
    assert!(world.append(&mut log));
    world.check(&mut log, false);
}

#[test]
fn a_broken_disk_takes_the_log_offline() {
    let mut world = World::new(9);
    let mut log = world.open().unwrap();
    world.append(&mut log);
    world.disk.fail_at(world.disk.ops(), std::io::ErrorKind::Other);
    let batch = || [super::tests::batch(1, 10, 1_700_000_000_000)];
    let error = log.append_as_leader(&batch(), AppendOrigin::Client, world.epoch, now(1)).unwrap_err();
    assert!(matches!(error, AppendError::Storage(StorageError::Io { .. })), "{error}");
    let error = log.append_as_leader(&batch(), AppendOrigin::Client, world.epoch, now(1)).unwrap_err();
    assert!(matches!(error, AppendError::Storage(StorageError::Offline { .. })), "{error}");
}

#[test]
fn missing_and_damaged_side_files_are_rebuilt() {
    for seed in 0..10 {
        let mut world = World::new(seed);
        let mut log = world.open().unwrap();
        for _ in 0..40 {
            world.step(&mut log);
        }
        log.close_clean(now(world.time)).unwrap();
        world.model.recovery_point = log.recovery_point();
        world.model.checkpointed_start = world.model.log_start;
        world.model.clean = true;
        drop(log);
        for entry in world.disk.read_dir(Path::new(DIR)).unwrap() {
            let path = Path::new(DIR).join(&entry.name);
            if entry.name.ends_with(".log") || entry.name.ends_with(".txnindex") {
                continue;
            }
            match world.rng.below(3) {
                0 => world.disk.remove_file(&path).unwrap(),
                1 if entry.name.ends_with("index") => {
                    // As Kafka leaves them after a crash: space ahead.
                    let file = world.disk.open(&path, ottla_base::storage::OpenMode::ReadWrite).unwrap();
                    file.set_len(4800).unwrap();
                }
                1 => world.disk.write_atomically(&path, b"").unwrap(),
                _ => {}
            }
        }
        let mut log = world.open().unwrap();
        world.check(&mut log, false);
    }
}

#[test]
fn a_reader_keeps_its_view_while_segments_go() {
    let mut world = World::new(3);
    let mut log = world.open().unwrap();
    for _ in 0..60 {
        world.append(&mut log);
    }
    log.tail.clear();
    let end = log.log_end_offset();
    let view = log.snapshot();
    let plan = view.read(0, 500, end, true).unwrap();
    let before: Bytes = plan.read_all().unwrap();
    log.set_high_watermark(end);
    log.increment_log_start_offset(end).unwrap();
    log.delete_old_segments(now(1)).unwrap();
    assert_eq!(plan.read_all().unwrap(), before, "a plan that was made still works");
    assert_eq!(view.read(0, 500, end, true).unwrap().read_all().unwrap(), before, "and so does an old view");
    assert!(matches!(log.snapshot().read(0, 500, end, true), Err(ReadError::OutOfRange { .. })));
}
