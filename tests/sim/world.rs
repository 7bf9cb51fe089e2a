//! The simulated node's surroundings, and the event loop: which event comes next, what a crash does, and what is owed in
//! the end.

use super::bugs::Bug;
use super::disk::Disk;
use super::groups::Groups;
use super::metadata::Metadata;
use super::model::{ModelLog, hash, read_batches};
use super::node::{self, NODE_ID, Node, OTHER_ID, Token, Wait};
use super::producers::Producer;
use super::{Run, Stop, ensure};
use ottla_base::clock::Now;
use ottla_base::ids::{CONSUMER_OFFSETS_TOPIC, Uuid};
use ottla_base::rng::Rng;
use ottla_base::storage::{SimStorage, Storage};
use ottla_core::log::{FlushRequest, LogConfig, LogEffect};
use ottla_core::partition::{AppendResult, Partition, Work};
use std::collections::BTreeMap;
use std::io;
use std::path::PathBuf;

/// Topic and partition.
pub type Tp = (String, i32);
/// Appends that are answered.
pub type Done = Vec<(Token, AppendResult)>;

/// Everything that can be counted; a full run in which one of these never happened fails.
pub const EVERYTHING: &[&str] = &[
    "ack",
    "ack of a duplicate",
    "append",
    "append of a group of batches",
    "append refused: full disk",
    "append refused: in-sync replicas",
    "batch: gzip",
    "batch: lz4",
    "batch: none",
    "batch: snappy",
    "batch: zstd",
    "bit flip: found at the start",
    "bit flip: found by a reader",
    "checkpoint of high watermarks",
    "checkpoint of logs",
    "clean restart",
    "clock jumps ahead",
    "clock jumps back",
    "config change",
    "consumer woken",
    "crash in a start",
    "crash: killed",
    "crash: power",
    "delete records",
    "delete records: out of range",
    "deleted files are removed",
    "disk error: read",
    "disk error: write",
    "disk full",
    "epoch of a producer bumped",
    "flush",
    "follow and truncate",
    "follow the other replica",
    "full check",
    "group: commit",
    "group: commit refused",
    "group: deleted",
    "group: joined",
    "group: leave",
    "group: lost membership",
    "group: member crash",
    "group: offsets deleted",
    "group: stable offsets fetched",
    "group: synced",
    "group: try again",
    "heal",
    "isr expands",
    "isr shrinks",
    "loss by power",
    "metadata: directory removed",
    "metadata: partitions added",
    "metadata: producer ids",
    "metadata: refused",
    "metadata: replayed",
    "metadata: stray directory",
    "metadata: topic configured",
    "metadata: topic created",
    "metadata: topic deleted",
    "no loss by power",
    "other replica fetches",
    "producers expire",
    "read",
    "retention deletes",
    "retry",
    "roll",
    "time lookup",
    "torn tail",
];

/// A partition, its configuration, and what is known about it outside the node.
#[derive(Debug)]
pub struct Topic {
    pub tp: Tp,
    pub id: Uuid,
    pub config: LogConfig,
    pub replicas: Vec<i32>,
    pub isr: Vec<i32>,
    pub min_isr: usize,
    pub epoch: i32,
    pub producer_id_expiration_ms: i64,
    /// An answer waits for the flush (`flush.messages=1`).
    pub flush_first: bool,
    pub model: ModelLog,
    /// The other replica's log end.
    pub other_end: i64,
    /// Where a consumer reads next.
    pub position: i64,
    /// A consumer that waits.
    pub waiting: Option<(Wait, i64)>,
}

impl Topic {
    pub fn new(name: &str, partition: i32, config: LogConfig, replicated: bool) -> Topic {
        let replicas = if replicated { vec![NODE_ID, OTHER_ID] } else { vec![NODE_ID] };
        let tp = (name.to_owned(), partition);
        Topic {
            id: Uuid::from_u128(1000 + u128::from(hash(name.as_bytes()))),
            flush_first: config.flush_messages == 1,
            tp,
            config,
            isr: replicas.clone(),
            replicas,
            min_isr: 1,
            epoch: -1,
            // Longer than any jump of the clock.
            producer_id_expiration_ms: 30 * 86_400_000,
            model: ModelLog::default(),
            other_end: 0,
            position: 0,
            waiting: None,
        }
    }

    /// Whether the other replica is in sync.
    pub fn other_in_sync(&self) -> bool {
        self.isr.contains(&OTHER_ID)
    }
}

/// Faults that have been arranged and not happened yet.
#[derive(Debug, Default)]
struct Faults {
    /// The disk fails at this operation.
    error_at: Option<u64>,
    /// Reads that had failed when the last one was arranged.
    reads_before: u64,
    read: bool,
    full: bool,
}

/// Everything.
#[derive(Debug)]
pub struct World {
    pub rng: Rng,
    pub bug: Option<Bug>,
    pub disk: Disk,
    pub now: Now,
    pub topics: BTreeMap<Tp, Topic>,
    pub node: Option<Node>,
    pub producers: Vec<Producer>,
    pub groups: Groups,
    pub metadata: Metadata,
    pub offsets_tp: Tp,
    /// Flushes that somebody has yet to carry out.
    pub flushes: Vec<(Tp, FlushRequest)>,
    deletions: Vec<(u64, Vec<PathBuf>)>,
    /// Batches that a shell with the bug `AckBeforeWrite` has still to append.
    pub owed: Vec<(Tp, Work<Token>)>,
    faults: Faults,
    healing: bool,
    /// Whether crashes take the power; `None`: one in two.
    power: Option<bool>,
    cache_bytes: usize,
    seen: BTreeMap<&'static str, u64>,
    trace: u64,
    print: bool,
    steps: u64,
}

impl World {
    pub fn new(seed: u64, bug: Option<Bug>) -> World {
        let mut rng = Rng::from_seed(seed ^ 0x5eed);
        let mut topics = BTreeMap::new();
        let offsets_tp = (CONSUMER_OFFSETS_TOPIC.to_owned(), 0);
        for (name, flush, replicated) in [
            ("plain", false, false),
            ("flushed", true, false),
            ("replicated", false, true),
            (CONSUMER_OFFSETS_TOPIC, rng.one_in(2), rng.one_in(2)),
        ] {
            let config = random_config(&mut rng, flush, name == CONSUMER_OFFSETS_TOPIC);
            let mut topic = Topic::new(name, 0, config, replicated);
            if name == "replicated" && rng.one_in(4) {
                topic.min_isr = 2;
            }
            topics.insert(topic.tp.clone(), topic);
        }
        let producer = |n: u64| {
            let topic = ["plain", "flushed", "replicated"][n as usize % 3];
            Producer::new(n as usize, (topic.to_owned(), 0), &mut rng)
        };
        let producers = (0..7).map(producer).collect();
        let cache_bytes = [0, 2_000, 1 << 20][rng.below(3) as usize];
        World {
            disk: Disk::new(SimStorage::new(), bug),
            now: Now { mono_ms: 1_000, wall_ms: 1_700_000_000_000 },
            topics,
            node: None,
            producers,
            groups: Groups::new(&mut rng),
            metadata: Metadata::new(&mut rng),
            offsets_tp,
            flushes: Vec::new(),
            deletions: Vec::new(),
            owed: Vec::new(),
            faults: Faults::default(),
            healing: false,
            power: None,
            cache_bytes,
            seen: BTreeMap::new(),
            trace: 0,
            print: std::env::var_os("OTTLA_SIM_TRACE").is_some(),
            steps: 0,
            rng,
            bug,
        }
    }

    /// A run of these steps, with the disk stopping at operation `stop`, and the power going with it or not. In the end
    /// everything that was sent has to be there. Returns how many operations there were.
    pub fn run_script(&mut self, steps: &[fn(&mut World) -> Run], stop: Option<(u64, bool)>) -> Result<u64, String> {
        if let Some((op, power)) = stop {
            self.disk.sim.stop_at(op);
            self.power = Some(power);
        }
        self.guarded(World::boot)?;
        for step in steps {
            self.steps += 1;
            self.guarded(*step)?;
            self.guarded(World::check)?;
        }
        let ops = self.disk.sim.ops();
        self.healing = true;
        self.disk.sim.calm();
        self.guarded(World::recover)?;
        self.guarded(World::full_check)?;
        self.guarded(World::clean_restart)?;
        self.guarded(World::full_check)?;
        Ok(ops)
    }

    /// A whole run: random events, then no more faults and everything has to recover.
    pub fn run(&mut self, events: u32) -> Result<(), String> {
        self.guarded(World::boot)?;
        for _ in 0..events {
            self.steps += 1;
            self.guarded(World::event)?;
            self.guarded(World::check)?;
        }
        self.heal()
    }

    pub fn trace(&self) -> u64 {
        self.trace
    }

    pub fn seen(&self) -> BTreeMap<&'static str, u64> {
        self.seen.clone()
    }

    pub fn saw(&mut self, what: &'static str) {
        *self.seen.entry(what).or_default() += 1;
        self.note(what);
    }

    /// Adds to the trace.
    pub fn note(&mut self, what: &str) {
        self.trace = self.trace.rotate_left(5) ^ hash(what.as_bytes());
        if self.print {
            println!("{:5} {what}", self.steps);
        }
    }

    pub fn topic(&mut self, tp: &Tp) -> &mut Topic {
        self.topics.get_mut(tp).expect("a topic of the simulation")
    }

    /// The running replica; a violation if there is none.
    pub fn replica(&mut self, tp: &Tp) -> Run<&mut Partition<Token, Wait>> {
        self.node.as_mut().and_then(|n| n.partitions.get_mut(tp)).ok_or(Stop::Disk("the node is not running".into()))
    }

    pub fn random_tp(&mut self) -> Tp {
        let n = self.rng.below(self.topics.len() as u64) as usize;
        self.topics.keys().nth(n).expect("there are topics").clone()
    }

    pub fn is_full(&self) -> bool {
        self.faults.full
    }

    // ---- crashes ----

    /// Carries out `action`; if the disk stops it, as it was made to, the node starts again.
    pub fn guarded(&mut self, action: fn(&mut World) -> Run) -> Result<(), String> {
        let result = action(self);
        match result {
            Err(Stop::Violation(what)) => return Err(format!("step {}: {what}", self.steps)),
            Ok(()) if !self.disk.sim.is_stopped() => {
                // An error that nobody had to be told about.
                self.faults.error_at = self.faults.error_at.filter(|at| self.disk.sim.ops() <= *at);
                return Ok(());
            }
            // What does not fit now is done another time.
            Err(Stop::Full(what)) if self.faults.full && !self.disk.sim.is_stopped() => {
                self.note(&what);
                return Ok(());
            }
            Err(Stop::Full(what) | Stop::Disk(what)) if !self.disk.sim.is_stopped() => {
                let written = self.faults.error_at.is_some_and(|at| self.disk.sim.ops() > at);
                let read = self.faults.read && self.disk.failed_reads() > self.faults.reads_before;
                self.note(&what);
                if written {
                    self.saw("disk error: write");
                } else if read {
                    self.saw("disk error: read");
                } else if !self.faults.full {
                    return Err(format!("step {}: an error of the disk out of nowhere: {what}", self.steps));
                }
                // The only log directory is offline, so the node stops; that keeps the page cache.
                self.die(false);
            }
            _ => self.crash(),
        }
        self.restart()
    }

    fn crash(&mut self) {
        let power = self.power.unwrap_or_else(|| self.rng.one_in(2));
        self.die(power);
    }

    /// The node is gone, and with the power everything that was not synced.
    pub fn die(&mut self, power: bool) {
        self.saw(if power { "crash: power" } else { "crash: killed" });
        self.node = None;
        self.flushes.clear();
        self.deletions.clear();
        self.owed.clear();
        self.groups.on_crash();
        for sent in self.producers.iter_mut().flat_map(|p| &mut p.inflight) {
            sent.parked = false;
        }
        for topic in self.topics.values_mut() {
            topic.waiting = None;
            topic.model.lossy |= power;
        }
        if power {
            let mut rng = self.rng.fork();
            self.disk.sim.crash(&mut rng);
        } else {
            self.disk.sim.kill();
        }
        self.disk.fail_read_in(None);
        self.disk.sim.set_capacity(None);
        self.faults = Faults::default();
    }

    fn restart(&mut self) -> Result<(), String> {
        loop {
            if !self.healing && self.rng.one_in(4) {
                let ops = self.rng.below(40);
                self.disk.sim.stop_at(self.disk.sim.ops() + ops);
            }
            let result = self.boot();
            match result {
                Ok(()) if !self.disk.sim.is_stopped() => return Ok(()),
                Err(Stop::Violation(what)) => return Err(format!("step {}: {what}", self.steps)),
                Err(Stop::Disk(what) | Stop::Full(what)) if !self.disk.sim.is_stopped() => {
                    return Err(format!("step {}: the node does not start: {what}", self.steps));
                }
                _ => {
                    self.saw("crash in a start");
                    self.crash();
                }
            }
        }
    }

    fn boot(&mut self) -> Run {
        self.disk.set_booting(true);
        let result = self.boot_node();
        self.disk.set_booting(false);
        result
    }

    fn boot_node(&mut self) -> Run {
        self.disk.sim.set_clock_ms(self.now.wall_ms);
        node::make_log_dir(&self.disk)?;
        let controller = self.boot_controller()?;
        self.remove_strays(controller.image())?;
        let keep = self.bug == Some(Bug::CheckpointsKept);
        let (mut node, known) = node::start(&self.disk, self.cache_bytes, Some(controller), keep)?;
        let tps: Vec<Tp> = self.topics.keys().cloned().collect();
        for tp in tps {
            let Some(topic) = self.topics.get_mut(&tp) else { continue };
            let lossy = topic.model.lossy;
            let known = known.get(&tp).copied().unwrap_or_default();
            let bytes = dir_bytes(&self.disk, &tp);
            node::open_partition(&mut node, &self.disk, topic, known, self.bug, self.now, &mut self.rng)?;
            let torn = dir_bytes(&self.disk, &tp) < bytes;
            let lost = std::mem::take(&mut topic.model.lost);
            let line = format!("{tp:?} opens at {}..{}", topic.model.start, topic.model.end);
            self.note(&line);
            if torn {
                self.saw("torn tail");
            }
            if lossy || lost {
                self.saw(if lost { "loss by power" } else { "no loss by power" });
            }
            if lost && tp == self.offsets_tp {
                self.groups.on_loss();
            }
        }
        // A mark above the end of a log that lost its tail would hold for whatever is appended instead.
        let too_high = |(tp, partition): (&Tp, &Partition<Token, Wait>)| {
            known.get(tp).is_some_and(|known| known.high_watermark > Some(partition.log().log_end_offset()))
        };
        if node.partitions.iter().any(too_high) {
            node::checkpoint_high_watermarks(&node, &self.disk)?;
        }
        self.node = Some(node);
        for tp in self.topics.keys().cloned().collect::<Vec<_>>() {
            self.drain_effects(&tp)?;
        }
        self.load_coordinator()
    }

    /// Stops the node cleanly and starts it again.
    pub fn clean_restart(&mut self) -> Run {
        self.disk.sim.set_capacity(None);
        self.faults.full = false;
        self.unload_coordinator()?;
        for (tp, partition) in &mut self.node.as_mut().ok_or(Stop::Disk("no node".into()))?.partitions {
            let _ = (tp, partition.dismiss());
        }
        let Some(node) = &mut self.node else { return Ok(()) };
        node::close(node, &self.disk, &mut self.topics, self.now)?;
        self.check_index_files()?;
        self.saw("clean restart");
        self.node = None;
        self.flushes.clear();
        self.deletions.clear();
        self.owed.clear();
        self.groups.on_crash();
        for sent in self.producers.iter_mut().flat_map(|p| &mut p.inflight) {
            sent.parked = false;
        }
        for topic in self.topics.values_mut() {
            topic.waiting = None;
        }
        self.disk.sim.kill();
        // A checkpoint of log starts that cannot be read is taken for an empty one, as in Kafka.
        self.disk.fail_read_in(None);
        self.faults.read = false;
        let ranges = |w: &World| -> Vec<_> { w.topics.values().map(|t| (t.model.start, t.model.end)).collect() };
        let before = ranges(self);
        self.boot()?;
        let after = ranges(self);
        ensure!(before == after, "a clean restart changes the logs from {before:?} to {after:?}");
        Ok(())
    }

    // ---- what cores ask for ----

    /// Appends, and takes what is in the log afterwards into the model.
    pub fn append(&mut self, tp: &Tp, works: Vec<Work<Token>>) -> Run<Done> {
        let now = self.now;
        let batches: Vec<_> = works.iter().flat_map(|w| &w.batches).map(|b| (b.header, b.records.clone())).collect();
        for (header, records) in batches {
            self.topic(tp).model.offer(&[&header.to_bytes()[..], &records[..]].concat());
        }
        let many = works.len() > 1;
        let replica = self.replica(tp)?;
        let before = replica.log().log_end_offset();
        let done = replica.append(works, now);
        self.saw(if many { "append of a group of batches" } else { "append" });
        if !self.disk.sim.is_stopped() {
            self.take_in(tp, before)?;
        }
        self.drain_effects(tp)?;
        Ok(done)
    }

    /// Reads what is new in the log.
    pub fn take_in(&mut self, tp: &Tp, from: i64) -> Run {
        let replica = self.replica(tp)?;
        let end = replica.log().log_end_offset();
        let new = read_batches(&replica.log_mut().snapshot(), from, end, 1 << 20)?;
        let epoch = self.topic(tp).epoch;
        for batch in &new {
            let line = format!("{tp:?} has {}..={} of epoch {}", batch.base, batch.last, batch.epoch);
            self.note(&line);
            ensure!(batch.epoch == epoch, "{line}, led in {epoch}");
        }
        self.topic(tp).model.extend(new)
    }

    /// Takes a log's effects: flushes are carried out later, unless somebody's answer waits for them.
    pub fn drain_effects(&mut self, tp: &Tp) -> Run {
        let effects = self.replica(tp)?.log_mut().take_effects();
        for effect in effects {
            match effect {
                LogEffect::Flush(request) if self.topic(tp).flush_first => self.flush(tp, &request)?,
                LogEffect::Flush(request) => self.flushes.push((tp.clone(), request)),
                LogEffect::DeleteFiles { paths, due_mono_ms } => self.deletions.push((due_mono_ms, paths)),
            }
        }
        Ok(())
    }

    pub fn flush(&mut self, tp: &Tp, request: &FlushRequest) -> Run {
        if self.bug != Some(Bug::FlushForgotten) {
            request.run()?;
        }
        let now = self.now;
        let log = self.replica(tp)?.log_mut();
        let before = log.recovery_point();
        log.on_flushed(request.token(), now);
        let after = log.recovery_point();
        if after > before {
            node::flushed_to(&mut self.topic(tp).model, after);
        }
        self.saw("flush");
        Ok(())
    }

    pub fn run_a_flush(&mut self) -> Run {
        if self.flushes.is_empty() {
            return Ok(());
        }
        let n = self.rng.below(self.flushes.len() as u64) as usize;
        let (tp, request) = self.flushes.remove(n);
        self.flush(&tp, &request)
    }

    fn remove_files(&mut self) -> Run {
        let now = self.now.mono_ms;
        let (due, rest) = std::mem::take(&mut self.deletions).into_iter().partition(|(due, _)| *due <= now);
        self.deletions = rest;
        let due: Vec<(u64, Vec<PathBuf>)> = due;
        for path in due.into_iter().flat_map(|(_, paths)| paths) {
            match self.disk.remove_file(&path) {
                Ok(()) => self.saw("deleted files are removed"),
                Err(e) if e.kind() == io::ErrorKind::NotFound => {}
                Err(e) => return Err(e.into()),
            }
        }
        Ok(())
    }

    // ---- the loop ----

    fn event(&mut self) -> Run {
        self.disk.sim.set_clock_ms(self.now.wall_ms);
        let event = self.rng.below(215);
        if self.print {
            println!("{:5} event {event}", self.steps);
        }
        match event {
            0..=49 => self.produce(),
            50..=59 => self.retry(),
            60..=69 => self.consume(),
            70..=84 => self.other_fetches(),
            85..=88 => self.change_isr(),
            89..=90 => self.lose_leadership(),
            91..=104 => self.run_a_flush(),
            105..=112 => self.pass_time(),
            113..=115 => self.retention(),
            116..=118 => self.delete_records(),
            119..=120 => self.roll(),
            121..=122 => self.change_config(),
            123..=126 => self.checkpoint_marks(),
            127..=130 => self.checkpoint_logs(),
            131 => self.expire_producers(),
            132..=171 => self.group_event(),
            172..=174 => self.full_check(),
            175..=177 => self.clean_restart(),
            178..=181 => self.arm_crash(),
            182..=184 => self.toggle_full(),
            185 => self.arm_error(),
            186..=187 => self.flip_a_bit(),
            188..=189 => self.look_up_times(),
            200..=214 => self.metadata_event(),
            _ => self.pass_time(),
        }
    }

    pub fn checkpoint_marks(&mut self) -> Run {
        let Some(node) = &self.node else { return Ok(()) };
        node::checkpoint_high_watermarks(node, &self.disk)?;
        self.saw("checkpoint of high watermarks");
        Ok(())
    }

    pub fn checkpoint_logs(&mut self) -> Run {
        let Some(node) = &self.node else { return Ok(()) };
        node::checkpoint_logs(node, &self.disk, self.bug)?;
        self.saw("checkpoint of logs");
        Ok(())
    }

    /// Lets time pass, and does what is due.
    pub fn pass_time(&mut self) -> Run {
        let most = if self.rng.one_in(12) { 15_000 } else { 1_500 };
        let ms = self.rng.below(most);
        self.now = self.now.plus_ms(ms);
        if self.rng.one_in(25) {
            let day = 86_400_000;
            let jump = self.rng.below(day) as i64;
            let ahead = self.rng.one_in(2);
            self.now.wall_ms += if ahead { jump } else { -jump };
            self.saw(if ahead { "clock jumps ahead" } else { "clock jumps back" });
        }
        let now = self.now;
        self.disk.sim.set_clock_ms(now.wall_ms);
        for tp in self.topics.keys().cloned().collect::<Vec<_>>() {
            self.replica(&tp)?.log_mut().maybe_flush(now);
            self.drain_effects(&tp)?;
        }
        self.remove_files()?;
        self.coordinator_timers()
    }

    fn arm_crash(&mut self) -> Run {
        let ops = self.rng.below(30);
        self.disk.sim.stop_at(self.disk.sim.ops() + ops);
        Ok(())
    }

    fn arm_error(&mut self) -> Run {
        if self.faults.error_at.is_some() || self.faults.read {
            return Ok(());
        }
        if self.rng.one_in(2) {
            let at = self.disk.sim.ops() + self.rng.below(20);
            self.disk.sim.fail_at(at, io::ErrorKind::Other);
            self.faults.error_at = Some(at);
        } else {
            let reads = self.rng.below(20);
            self.disk.fail_read_in(Some(reads));
            self.faults.read = true;
            self.faults.reads_before = self.disk.failed_reads();
        }
        Ok(())
    }

    fn toggle_full(&mut self) -> Run {
        self.faults.full = !self.faults.full;
        let room = self.rng.below(3_000);
        self.disk.sim.set_capacity(self.faults.full.then(|| self.disk.sim.used() + room));
        if self.faults.full {
            self.saw("disk full");
        }
        Ok(())
    }

    // ---- the end ----

    /// No more faults: everything that was sent arrives, the group is whole, and a clean restart changes nothing.
    fn heal(&mut self) -> Result<(), String> {
        self.healing = true;
        if self.disk.sim.is_stopped() || self.rng.one_in(2) {
            self.die(false);
            self.restart()?;
        }
        // What was armed before must not go off from here on.
        self.disk.sim.calm();
        self.disk.fail_read_in(None);
        self.faults = Faults::default();
        for _ in 0..3 {
            self.guarded(World::recover)?;
        }
        let result = self.settle();
        result.map_err(|stop| format!("healing: {stop:?}"))?;
        self.saw("heal");
        Ok(())
    }

    /// One round of everybody doing what is left to do.
    fn recover(&mut self) -> Run {
        for n in 0..self.producers.len() {
            self.send_all(n)?;
        }
        for tp in self.topics.keys().cloned().collect::<Vec<_>>() {
            self.catch_up(&tp)?;
        }
        for n in 0..self.producers.len() {
            self.send_all(n)?;
        }
        self.check()
    }

    fn settle(&mut self) -> Run {
        for (n, producer) in self.producers.iter().enumerate() {
            ensure!(producer.inflight.is_empty(), "producer {n} is stuck: {producer:?}");
        }
        self.settle_groups()?;
        for tp in self.topics.keys().cloned().collect::<Vec<_>>() {
            self.catch_up(&tp)?;
            let log = self.replica(&tp)?.log();
            let (mark, end) = (log.high_watermark(), log.log_end_offset());
            ensure!(mark == end, "{tp:?}: the high watermark {mark} does not reach the end {end}");
        }
        self.full_check()?;
        self.clean_restart()?;
        self.full_check()
    }
}

fn dir_bytes(disk: &Disk, tp: &Tp) -> u64 {
    let entries = disk.read_dir(&node::dir_of(tp)).unwrap_or_default();
    entries.iter().filter(|e| e.name.ends_with(".log")).map(|e| e.len).sum()
}

/// Small enough for everything to happen in a few hundred events.
pub fn random_config(rng: &mut Rng, flush: bool, internal: bool) -> LogConfig {
    LogConfig {
        segment_bytes: 1_500 + rng.below(4_000) as u32,
        index_interval_bytes: 1 + rng.below(600) as u32,
        segment_jitter_ms: 0,
        file_delete_delay_ms: rng.below(3_000),
        flush_messages: if flush { 1 } else { i64::MAX },
        flush_ms: if rng.one_in(3) { 5_000 } else { i64::MAX },
        retention_ms: if internal { -1 } else { 7 * 86_400_000 },
        retention_bytes: if internal || rng.one_in(2) { -1 } else { 4_000 },
        delete: !internal,
        compact: internal,
        ..LogConfig::default()
    }
}
