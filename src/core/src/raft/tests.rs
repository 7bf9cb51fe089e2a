//! One voter on a simulated disk: it stops at every write, comes back, and what was answered must be there.

use super::checkpoint::{self, BOOTSTRAP_FILE};
use super::format::{metadata_partition_dir, write_bootstrap};
use super::metadata_log::{KafkaMetadataLog, MetadataLogConfig};
use super::node::RaftParams;
use super::recovery;
use super::voters::{Voter, VoterSet};
use crate::controller::activation::bootstrap_records;
use crate::controller::core::{ControllerCore, ControllerError, CoreParams, SnapshotConfig};
use crate::controller::requests::*;
use crate::controller::{ConfigSchema, ControllerConfig, Request, Response};
use crate::metadata::features::{FEATURES, KRAFT_VERSION};
use crate::metadata::{Endpoint, MetadataImage, VersionRange};
use ottla_base::clock::Now;
use ottla_base::config::{BrokerConfig, Settings};
use ottla_base::ids::{Uuid, uuid_from_text};
use ottla_base::rng::Rng;
use ottla_base::storage::{Storage, sim::SimStorage};
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::Arc;

const DIRECTORY: Uuid = Uuid::from_u128(0xd1);
/// Written last by a format: without it the directory is formatted again.
const FORMATTED: &str = "meta.properties";

fn now(ms: u64) -> Now {
    Now { mono_ms: ms, wall_ms: 1_700_000_000_000 + ms as i64 }
}

fn log_dir() -> PathBuf {
    PathBuf::from("/data")
}

fn schema() -> ConfigSchema {
    let settings = Settings::from_pairs([
        ("process.roles", "broker,controller"),
        ("node.id", "1"),
        ("controller.quorum.voters", "1@localhost:9093"),
        ("listeners", "PLAINTEXT://localhost:9092,CONTROLLER://localhost:9093"),
        ("controller.listener.names", "CONTROLLER"),
        ("listener.security.protocol.map", "PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT"),
    ]);
    ConfigSchema::of(&BrokerConfig::new(settings).unwrap())
}

fn params(storage: Arc<dyn Storage>, dir: &Path, schema: &ConfigSchema, directory_id: Uuid) -> CoreParams {
    CoreParams {
        storage,
        log_dir: dir.to_owned(),
        directory_id,
        static_voters: VoterSet::of_ids([1]),
        controller_endpoints: vec![("CONTROLLER".into(), "localhost".into(), 9093)],
        config: ControllerConfig {
            node_id: 1,
            cluster_id: "cluster".into(),
            default_num_partitions: 1,
            default_replication_factor: 1,
            broker_session_timeout_ms: 9000,
            voter_ids: vec![1],
            configs: schema.clone(),
        },
        log: MetadataLogConfig { segment_bytes: 4096, ..MetadataLogConfig::default() },
        // Small enough for several replacements.
        raft: RaftParams { entry_log_bytes_max: 3000, ..RaftParams::default() },
        snapshots: SnapshotConfig { bytes_max: 1200, interval_ms: 0 },
    }
}

fn format_if_needed(storage: &SimStorage, dynamic: bool) -> Option<()> {
    let dir = log_dir();
    if storage.exists(&dir.join(FORMATTED)) {
        return Some(());
    }
    storage.create_dir_all(&dir).ok()?;
    let voter = Voter {
        id: 1,
        directory_id: DIRECTORY,
        endpoints: vec![("CONTROLLER".into(), "localhost".into(), 9093)],
        kraft_versions: (0, 1),
    };
    let voters = VoterSet::new([voter]);
    write_bootstrap(storage, &dir, &bootstrap_records(), dynamic.then_some(&voters), now(0)).ok()?;
    storage.write_atomically(&dir.join(FORMATTED), b"version=1").ok()?;
    storage.sync_dir(Path::new("/")).ok()
}

#[derive(Default)]
struct Answered {
    topics: BTreeSet<String>,
    next_producer_id: i64,
    epoch: i32,
    last_offset: i64,
}

struct Life<'a> {
    core: ControllerCore,
    answered: &'a mut Answered,
    token: u64,
}

impl Life<'_> {
    fn ask(&mut self, request: Request) -> Result<Response, ControllerError> {
        self.token += 1;
        self.core.request(self.token, &request, now(self.token))?;
        let outputs = self.core.drive(now(self.token))?;
        let done = outputs.completed.into_iter().find(|c| c.token == self.token).expect("answered at once");
        let response = done.result.expect("nothing here is refused");
        self.answered.last_offset = self.core.image().last_offset();
        self.answered.epoch = self.core.node().epoch();
        match (&request, &response) {
            (Request::CreateTopics(r), _) => {
                self.answered.topics.insert(r.topics[0].name.clone());
            }
            (_, Response::ProducerIds { first_producer_id, count }) => {
                assert!(*first_producer_id >= self.answered.next_producer_id, "handed out twice");
                self.answered.next_producer_id = first_producer_id + i64::from(*count);
            }
            _ => {}
        }
        Ok(response)
    }

    fn bring_up(&mut self, incarnation: u128) -> Result<i64, ControllerError> {
        let mut features: Vec<_> =
            FEATURES.iter().map(|f| (f.name.to_owned(), VersionRange { min: f.min, max: f.max })).collect();
        features.push((KRAFT_VERSION.into(), VersionRange { min: 0, max: 1 }));
        let registration = RegisterBroker {
            broker_id: 1,
            cluster_id: "cluster".into(),
            incarnation_id: Uuid::from_u128(incarnation),
            listeners: vec![(
                "PLAINTEXT".into(),
                Endpoint { host: "localhost".into(), port: 9092, security_protocol: 0 },
            )],
            features,
            rack: None,
            log_dirs: vec![DIRECTORY],
            previous_broker_epoch: Some(-1),
            same_process: true,
        };
        let Response::BrokerRegistered { broker_epoch } = self.ask(Request::RegisterBroker(registration))? else {
            panic!()
        };
        let beat = BrokerHeartbeat {
            broker_id: 1,
            broker_epoch,
            current_metadata_offset: self.core.image().last_offset(),
            want_fence: false,
            want_shut_down: false,
            offline_log_dirs: Vec::new(),
            cordoned_log_dirs: Some(Vec::new()),
        };
        self.ask(Request::BrokerHeartbeat(beat))?;
        Ok(broker_epoch)
    }
}

/// Comes up, checks what is there, and creates topics up to `count`.
fn live(
    storage: &SimStorage,
    schema: &ConfigSchema,
    dynamic: bool,
    life: u64,
    count: usize,
    answered: &mut Answered,
) -> Result<(), ControllerError> {
    if format_if_needed(storage, dynamic).is_none() {
        return Err(ControllerError::Io(std::io::ErrorKind::Interrupted.into()));
    }
    let disk: Arc<dyn Storage> = Arc::new(storage.clone());
    let core = ControllerCore::open(params(disk, &log_dir(), schema, DIRECTORY), now(0), Rng::from_seed(life))?;
    let epoch_before = answered.epoch;
    let mut life_ = Life { core, answered, token: 0 };
    // What the metadata log lost with the page cache comes back from raft's entries.
    life_.core.drive(now(0))?;
    check(life_.core.image(), life_.answered);
    let broker_epoch = life_.bring_up(u128::from(life) + 1)?;
    assert!(life_.core.node().epoch() > epoch_before, "a term is never led twice");
    for index in 0..count {
        let name = format!("t{index}");
        if life_.core.image().topic(&name).is_none() {
            let topics = vec![CreatableTopic::new(name, 2, 1)];
            life_.ask(Request::CreateTopics(CreateTopics { topics, validate_only: false }))?;
            life_.ask(Request::AllocateProducerIds { broker_id: 1, broker_epoch })?;
        }
    }
    check(life_.core.image(), life_.answered);
    life_.core.close(now(1_000_000))
}

/// What was answered is there; what is there was asked for, in order.
fn check(image: &MetadataImage, answered: &mut Answered) {
    let found: BTreeSet<String> = image.topics().map(|t| t.name.to_string()).collect();
    assert!(answered.topics.is_subset(&found), "lost: answered {:?}, found {found:?}", answered.topics);
    assert!(found.len() <= answered.topics.len() + 1, "at most one that was not answered yet");
    assert!(image.next_producer_id() >= answered.next_producer_id);
    assert!(image.last_offset() >= answered.last_offset, "the log went back");
    // What was seen once must stay, too.
    answered.topics = found;
}

#[test]
fn what_was_answered_survives_a_stop_at_every_write() {
    const TOPICS: usize = 9;
    let schema = schema();
    for dynamic in [false, true] {
        let whole = SimStorage::new();
        live(&whole, &schema, dynamic, 0, TOPICS, &mut Answered::default()).unwrap();
        let ops = whole.ops();
        let dir = metadata_partition_dir(&log_dir());
        let names: Vec<String> = whole.read_dir(&dir).unwrap().into_iter().map(|e| e.name).collect();
        let raft = names.iter().find(|n| n.ends_with(".raft")).unwrap();
        assert_ne!(raft, "00000000000000000000.raft", "the entry log was replaced: {names:?}");
        assert!(names.iter().filter(|n| n.ends_with(".checkpoint")).count() >= 2, "{names:?}");
        for stop in 0..ops {
            for power in [false, true] {
                let storage = SimStorage::new();
                let mut answered = Answered::default();
                let mut rng = Rng::from_seed(stop * 2 + u64::from(power));
                storage.stop_at(stop);
                let stopped = live(&storage, &schema, dynamic, 1, TOPICS, &mut answered);
                assert!(stopped.is_err() || !storage.is_stopped(), "stop {stop}");
                if power {
                    storage.crash(&mut rng)
                } else {
                    storage.kill()
                };
                // A second stop on the way back.
                storage.stop_at(storage.ops() + rng.below(40));
                let _ = live(&storage, &schema, dynamic, 2, TOPICS, &mut answered);
                if power {
                    storage.crash(&mut rng)
                } else {
                    storage.kill()
                };
                if let Err(error) = live(&storage, &schema, dynamic, 3, TOPICS, &mut answered) {
                    panic!("stop {stop} of {ops}, power {power}, dynamic {dynamic}: {error}");
                }
            }
        }
    }
}

#[test]
fn a_failed_write_or_sync_stops_the_node_for_good() {
    let schema = schema();
    let whole = SimStorage::new();
    live(&whole, &schema, false, 0, 3, &mut Answered::default()).unwrap();
    for op in 0..whole.ops() {
        let storage = SimStorage::new();
        storage.fail_at(op, std::io::ErrorKind::StorageFull);
        let mut answered = Answered::default();
        if live(&storage, &schema, false, 1, 3, &mut answered).is_err() {
            storage.crash(&mut Rng::from_seed(op));
            live(&storage, &schema, false, 2, 3, &mut answered).unwrap();
        }
    }
}

/// Files that Apache Kafka 4.3.1 wrote: a node was formatted, started, a topic of two partitions made, and stopped.
fn kafka_directory(storage: &SimStorage) -> PathBuf {
    let dir = metadata_partition_dir(&log_dir());
    storage.create_dir_all(&dir).unwrap();
    let put = |path: PathBuf, bytes: &[u8]| storage.write_atomically(&path, bytes).unwrap();
    put(dir.join("00000000000000000000.log"), include_bytes!("testdata/kafka-4.3.1/00000000000000000000.log"));
    put(
        dir.join("00000000000000000000-0000000000.checkpoint"),
        include_bytes!("testdata/kafka-4.3.1/00000000000000000000-0000000000.checkpoint"),
    );
    put(dir.join("quorum-state"), include_bytes!("testdata/kafka-4.3.1/quorum-state"));
    put(log_dir().join(BOOTSTRAP_FILE), include_bytes!("testdata/kafka-4.3.1/bootstrap.checkpoint"));
    dir
}

#[test]
fn a_directory_of_apache_kafka_is_taken_over() {
    let storage = SimStorage::new();
    kafka_directory(&storage);
    let directory_id = uuid_from_text("yZcNEi3_Q5-wLxrpcyREWQ").unwrap();
    let disk: Arc<dyn Storage> = Arc::new(storage);
    let open = || {
        let params = params(disk.clone(), &log_dir(), &schema(), directory_id);
        ControllerCore::open(params, now(0), Rng::from_seed(1))
    };
    let mut core = open().unwrap();
    let image = core.image().clone();
    assert_eq!(image.last_offset(), 38);
    assert_eq!(image.metadata_version().unwrap().0, 30);
    let broker = image.broker(1).unwrap();
    assert_eq!((broker.epoch, broker.fenced, broker.in_controlled_shutdown), (18, true, true));
    let topic = image.topic("t1").unwrap();
    let partition = topic.partition(1).unwrap();
    assert_eq!((topic.partition_count(), partition.leader, partition.elr.as_slice()), (2, -1, [1].as_slice()));
    assert_eq!(image.topic_configs("t1").unwrap().get("retention.ms").unwrap(), "5000");
    assert_eq!(core.node().voters().get(1).unwrap().endpoints[0].2, 19093);
    core.drive(now(1)).unwrap();
    assert_eq!(core.node().epoch(), 2, "one above Kafka's");
    // The listener has moved, so the voters are written again behind the LeaderChange.
    assert_eq!(core.image().last_offset(), 41);
    drop(core);
    let mut core = open().unwrap();
    core.drive(now(2)).unwrap();
    assert_eq!((core.node().epoch(), core.image().last_offset()), (3, 42));
}

/// Batches without the times of writing and the checksums over them.
fn without_times(bytes: &[u8]) -> Vec<u8> {
    let mut out = Vec::new();
    let mut rest = bytes;
    while !rest.is_empty() {
        let size = 12 + i32::from_be_bytes(rest[8..12].try_into().unwrap()) as usize;
        let mut batch = rest[..size].to_vec();
        batch[17..21].fill(0);
        batch[27..43].fill(0);
        out.extend(batch);
        rest = &rest[size..];
    }
    out
}

#[test]
fn a_new_log_begins_as_apache_kafkas_does_byte_for_byte() {
    let kafka = include_bytes!("testdata/kafka-4.3.1/00000000000000000000.log");
    let storage = SimStorage::new();
    let dir = kafka_directory(&storage);
    storage.remove_file(&dir.join("00000000000000000000.log")).unwrap();
    storage.remove_file(&dir.join("quorum-state")).unwrap();
    let disk: Arc<dyn Storage> = Arc::new(storage.clone());
    let directory_id = uuid_from_text("yZcNEi3_Q5-wLxrpcyREWQ").unwrap();
    let mut params = params(disk, &log_dir(), &schema(), directory_id);
    params.controller_endpoints = vec![("CONTROLLER".into(), "localhost".into(), 19093)];
    let mut core = ControllerCore::open(params, now(0), Rng::from_seed(1)).unwrap();
    core.drive(now(1)).unwrap();
    let ours = storage.read(&dir.join("00000000000000000000.log")).unwrap();
    // LeaderChange, KRaftVersion, voters; the bootstrap transaction.
    assert_eq!(ours.len(), 504);
    assert_eq!(without_times(&ours), without_times(&kafka[..504]));
    assert_eq!(storage.read(&dir.join("quorum-state")).unwrap(), include_bytes!("testdata/kafka-4.3.1/quorum-state"));
}

#[test]
fn checkpoints_are_kafkas_byte_for_byte() {
    let voters = include_bytes!("testdata/kafka-4.3.1/00000000000000000000-0000000000.checkpoint");
    let decoded = checkpoint::decode(voters).unwrap();
    assert_eq!(decoded.kraft_version, Some(1));
    let bootstrap = include_bytes!("testdata/kafka-4.3.1/bootstrap.checkpoint");
    let records = checkpoint::decode(bootstrap).unwrap().records;
    assert_eq!(records, bootstrap_records().into_iter().map(|r| r.record).collect::<Vec<_>>());
    let all = bootstrap_records();
    let new = |voters, records| checkpoint::NewCheckpoint {
        epoch: 0,
        last_contained_log_timestamp: decoded.last_contained_log_timestamp,
        voters,
        records,
        wall_ms: 0,
    };
    let ours = checkpoint::encode(&new(decoded.voters.as_ref(), &[])).unwrap();
    assert_eq!(without_times(&ours), without_times(voters));
    let ours = checkpoint::encode(&checkpoint::NewCheckpoint { last_contained_log_timestamp: 0, ..new(None, &all) });
    assert_eq!(without_times(&ours.unwrap()), without_times(bootstrap));
}

#[test]
fn a_snapshot_without_its_end_is_refused() {
    let bytes = include_bytes!("testdata/kafka-4.3.1/bootstrap.checkpoint");
    for len in 0..bytes.len() {
        assert!(checkpoint::decode(&bytes[..len]).is_err(), "{len}");
    }
    for at in 0..bytes.len() {
        let mut bad = bytes.to_vec();
        bad[at] ^= 0x10;
        // Not every flip is an error (the base offset is outside the checksum), but none panics.
        let _ = checkpoint::decode(&bad);
    }
}

#[test]
fn a_damaged_metadata_log_is_an_error_or_a_cut_and_never_a_panic() {
    let bytes = include_bytes!("testdata/kafka-4.3.1/00000000000000000000.log");
    for at in (0..bytes.len()).step_by(7) {
        let storage = SimStorage::new();
        let dir = kafka_directory(&storage);
        storage.flip_bit(&dir.join("00000000000000000000.log"), at as u64, 3).unwrap();
        let disk: Arc<dyn Storage> = Arc::new(storage);
        if let Ok(mut log) = KafkaMetadataLog::open(disk.clone(), &dir, MetadataLogConfig::default(), now(0)) {
            let _ = recovery::replay(&*disk, &dir, &mut log);
        }
    }
}

/// Three voters that exchange messages through queues.
struct Quorum {
    disks: Vec<SimStorage>,
    cores: Vec<Option<ControllerCore>>,
    queue: Vec<raft::eraftpb::Message>,
    at: u64,
}

impl Quorum {
    fn new() -> Quorum {
        let mut quorum = Quorum { disks: Vec::new(), cores: Vec::new(), queue: Vec::new(), at: 1000 };
        for id in 1..=3 {
            let disk = SimStorage::new();
            disk.create_dir_all(&log_dir()).unwrap();
            disk.sync_dir(Path::new("/")).unwrap();
            quorum.disks.push(disk);
            quorum.cores.push(None);
            quorum.start(id);
        }
        quorum
    }

    fn start(&mut self, id: i32) {
        let index = id as usize - 1;
        let disk: Arc<dyn Storage> = Arc::new(self.disks[index].clone());
        let mut params = params(disk, &log_dir(), &schema(), Uuid::from_u128(0xd0 + id as u128));
        params.static_voters = VoterSet::of_ids([1, 2, 3]);
        params.config.node_id = id;
        params.config.voter_ids = vec![1, 2, 3];
        params.raft.entry_log_bytes_max = 1 << 20;
        let core = ControllerCore::open(params, now(self.at), Rng::from_seed(id as u64 + self.at)).unwrap();
        self.cores[index] = Some(core);
    }

    /// One step of ten milliseconds. Returns answers as (node, answer).
    fn step(&mut self) -> Vec<(i32, crate::controller::core::Completed)> {
        self.at += 10;
        let time = now(self.at);
        let mut answers = Vec::new();
        for message in std::mem::take(&mut self.queue) {
            if let Some(core) = &mut self.cores[message.to as usize - 2] {
                core.step(message, time).unwrap();
            }
        }
        for (index, core) in self.cores.iter_mut().enumerate() {
            let Some(core) = core else { continue };
            core.tick(time).unwrap();
            let outputs = core.drive(time).unwrap();
            self.queue.extend(outputs.messages);
            answers.extend(outputs.completed.into_iter().map(|c| (index as i32 + 1, c)));
        }
        answers
    }

    fn leader(&self) -> Option<usize> {
        self.cores.iter().position(|c| c.as_ref().is_some_and(ControllerCore::is_active))
    }

    fn elect(&mut self) -> usize {
        for _ in 0..500 {
            if let Some(leader) = self.leader() {
                return leader;
            }
            self.step();
        }
        panic!("no leader in five seconds");
    }

    /// Asks the leader until it has answered.
    fn ask(&mut self, request: &Request) -> Response {
        for token in 0..50 {
            let leader = self.elect();
            let time = now(self.at);
            self.cores[leader].as_mut().unwrap().request(token, request, time).unwrap();
            for _ in 0..200 {
                let mine = self.step().into_iter().find(|(id, c)| *id == leader as i32 + 1 && c.token == token);
                match mine.map(|(_, c)| c.result) {
                    Some(Ok(response)) => return response,
                    Some(Err(_)) => break,
                    None => {}
                }
            }
        }
        panic!("never answered");
    }

    /// Bytes of each node's metadata log.
    fn logs(&self) -> Vec<Vec<u8>> {
        let dir = metadata_partition_dir(&log_dir());
        let read = |disk: &SimStorage| {
            let names: Vec<String> = disk.read_dir(&dir).unwrap().into_iter().map(|e| e.name).collect();
            names.iter().filter(|n| n.ends_with(".log")).flat_map(|n| disk.read(&dir.join(n)).unwrap()).collect()
        };
        self.disks.iter().map(read).collect()
    }
}

#[test]
fn three_voters_agree_and_go_on_without_their_leader() {
    let mut quorum = Quorum::new();
    let first = quorum.elect();
    let block = |quorum: &mut Quorum| {
        let epoch = quorum.cores[quorum.leader().unwrap()].as_ref().unwrap().image().broker(1).unwrap().epoch;
        quorum.ask(&Request::AllocateProducerIds { broker_id: 1, broker_epoch: epoch })
    };
    let mut features: Vec<_> =
        FEATURES.iter().map(|f| (f.name.to_owned(), VersionRange { min: f.min, max: f.max })).collect();
    features.push((KRAFT_VERSION.into(), VersionRange { min: 0, max: 1 }));
    quorum.ask(&Request::RegisterBroker(RegisterBroker {
        broker_id: 1,
        cluster_id: "cluster".into(),
        incarnation_id: Uuid::from_u128(5),
        listeners: Vec::new(),
        features,
        rack: None,
        log_dirs: vec![DIRECTORY],
        previous_broker_epoch: Some(-1),
        same_process: false,
    }));
    assert_eq!(block(&mut quorum), Response::ProducerIds { first_producer_id: 0, count: 1000 });

    // The leader goes, with the power.
    quorum.cores[first] = None;
    quorum.disks[first].crash(&mut Rng::from_seed(7));
    let second = quorum.elect();
    assert_ne!(second, first);
    assert_eq!(block(&mut quorum), Response::ProducerIds { first_producer_id: 1000, count: 1000 });
    quorum.start(first as i32 + 1);
    for _ in 0..100 {
        quorum.step();
    }
    assert_eq!(block(&mut quorum), Response::ProducerIds { first_producer_id: 2000, count: 1000 });
    for _ in 0..20 {
        quorum.step();
    }
    let logs = quorum.logs();
    assert!(!logs[0].is_empty());
    assert!(logs[0] == logs[1] && logs[1] == logs[2], "{:?}", logs.iter().map(Vec::len).collect::<Vec<_>>());
    let images: Vec<_> = quorum.cores.iter().map(|c| c.as_ref().unwrap().image().clone()).collect();
    assert!(images[0] == images[1] && images[1] == images[2]);
}

#[test]
fn what_a_leader_without_a_majority_decided_is_taken_back() {
    let mut quorum = Quorum::new();
    let first = quorum.elect();
    for _ in 0..20 {
        quorum.step();
    }
    let others: Vec<usize> = (0..3).filter(|i| *i != first).collect();
    // Cut off: it decides, and nobody hears of it.
    let parked: Vec<_> = others.iter().map(|i| quorum.cores[*i].take()).collect();
    let request = Request::RegisterController(RegisterController {
        controller_id: 9,
        incarnation_id: Uuid::from_u128(9),
        listeners: Vec::new(),
        features: Vec::new(),
    });
    let time = now(quorum.at);
    quorum.cores[first].as_mut().unwrap().request(1, &request, time).unwrap();
    let mut answers = Vec::new();
    for _ in 0..200 {
        answers.extend(quorum.step());
        quorum.queue.clear();
    }
    let refused = &answers.iter().find(|(_, c)| c.token == 1).expect("refused when leadership is lost").1.result;
    assert_eq!(refused.as_ref().unwrap_err().error, crate::errors::KafkaError::NotController);
    assert!(quorum.cores[first].as_ref().unwrap().image().controller(9).is_none());
    let cut_off = quorum.cores[first].take();
    for (i, core) in others.iter().zip(parked) {
        quorum.cores[*i] = core;
    }
    quorum.elect();
    for _ in 0..20 {
        quorum.step();
    }
    quorum.cores[first] = cut_off;
    for _ in 0..200 {
        quorum.step();
    }
    let logs = quorum.logs();
    assert!(logs[0] == logs[1] && logs[1] == logs[2]);
    for core in quorum.cores.iter().flatten() {
        assert!(core.image().controller(9).is_none());
    }
}

#[test]
fn nonsense_from_a_peer_does_no_harm() {
    use raft::eraftpb::{Message, MessageType};
    let mut quorum = Quorum::new();
    let leader = quorum.elect();
    let mut rng = Rng::from_seed(3);
    let kinds = [
        MessageType::MsgHeartbeat,
        MessageType::MsgAppend,
        MessageType::MsgHeartbeatResponse,
        MessageType::MsgAppendResponse,
        MessageType::MsgSnapshot,
        MessageType::MsgPropose,
        MessageType::MsgHup,
        MessageType::MsgRequestVote,
        MessageType::MsgRequestVoteResponse,
        MessageType::MsgTransferLeader,
        MessageType::MsgUnreachable,
        MessageType::MsgSnapStatus,
        MessageType::MsgReadIndex,
    ];
    for _ in 0..3000 {
        let mut message = Message::default();
        message.set_msg_type(kinds[rng.below(kinds.len() as u64) as usize]);
        message.from = rng.below(6);
        message.to = rng.below(6);
        message.term = rng.below(4);
        message.commit = rng.next_u64() >> rng.below(64);
        message.index = rng.next_u64() >> rng.below(64);
        message.log_term = rng.below(4);
        message.reject = rng.one_in(2);
        message.reject_hint = rng.below(40);
        for _ in 0..rng.below(3) {
            let entry = raft::eraftpb::Entry { index: rng.below(30), term: rng.below(4), ..Default::default() };
            message.entries.push(entry);
        }
        let time = now(quorum.at);
        quorum.cores[leader].as_mut().unwrap().step(message, time).unwrap();
        if rng.one_in(20) {
            quorum.step();
        }
    }
}
