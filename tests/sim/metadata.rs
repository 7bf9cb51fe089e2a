//! The metadata quorum of one, and administrators who create, delete and configure topics; partitions of this broker
//! follow the committed image.
//!
//! Metadata is flushed before it is answered, so after any crash, of the power too, the image is what was answered: and
//! at most the first of what was asked for and not answered yet.

use super::bugs::Bug;
use super::disk::Disk;
use super::node::{self, LOG_DIR, NODE_ID, dir_of};
use super::producers::Producer;
use super::world::{Topic, Tp, World, random_config};
use super::{Run, Stop, ensure, violation};
use ottla_base::clock::Now;
use ottla_base::config::{BrokerConfig, Settings};
use ottla_base::ids::Uuid;
use ottla_base::rng::Rng;
use ottla_base::storage::Storage;
use ottla_core::controller::activation::bootstrap_records;
use ottla_core::controller::core::{ControllerError, SnapshotConfig};
use ottla_core::controller::requests::*;
use ottla_core::controller::{ConfigSchema, ControllerConfig, ControllerCore, CoreParams, Request, Response};
use ottla_core::log::load::parse_partition_metadata;
use ottla_core::log_dirs::names::{DirKind, parse_dir_name, suffixed_dir_name};
use ottla_core::log_dirs::{MetaProperties, meta_properties::META_PROPERTIES};
use ottla_core::metadata::features::{FEATURES, KRAFT_VERSION};
use ottla_core::metadata::{ConfigResource, Endpoint, MetadataImage, VersionRange};
use ottla_core::raft::format::write_bootstrap;
use ottla_core::raft::metadata_log::MetadataLogConfig;
use ottla_core::raft::node::RaftParams;
use ottla_core::raft::voters::{Voter, VoterSet};
use std::collections::BTreeMap;
use std::path::Path;
use std::sync::{Arc, OnceLock};

const DIRECTORY: Uuid = Uuid::from_u128(0xd1);
const CLUSTER: &str = "cluster";
/// Topics that come and go.
const NAMES: [&str; 3] = ["made-0", "made-1", "made-2"];
const KEYS: [&str; 2] = ["retention.ms", "max.message.bytes"];

/// A topic as it was answered.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Made {
    /// Unknown while the answer is.
    id: Option<Uuid>,
    partitions: usize,
    configs: BTreeMap<String, String>,
}

type State = BTreeMap<String, Made>;

/// What a request changes if it happens.
#[derive(Clone, Debug)]
enum Change {
    Create(String, usize),
    Delete(String),
    Extend(String, usize),
    Configure(String, &'static str, Option<String>),
    Nothing,
}

impl Change {
    /// As the controller does: what does not fit is refused and changes nothing.
    fn apply(&self, state: &mut State, id: Option<Uuid>) {
        match self {
            Change::Create(name, partitions) => {
                let made = Made { id, partitions: *partitions, configs: BTreeMap::new() };
                state.entry(name.clone()).or_insert(made);
            }
            Change::Delete(name) => {
                state.remove(name);
            }
            Change::Extend(name, partitions) => {
                if let Some(made) = state.get_mut(name) {
                    made.partitions = made.partitions.max(*partitions);
                }
            }
            Change::Configure(name, key, value) => {
                if let Some(made) = state.get_mut(name) {
                    match value {
                        Some(value) => made.configs.insert((*key).to_owned(), value.clone()),
                        None => made.configs.remove(*key),
                    };
                }
            }
            Change::Nothing => {}
        }
    }
}

/// What is known about the metadata outside the node.
#[derive(Debug)]
pub struct Metadata {
    /// Voters are in the log, not in the configuration.
    dynamic: bool,
    answered: State,
    /// Asked for and not answered, in order.
    pending: Vec<(u64, Change)>,
    last_offset: i64,
    epoch: i32,
    next_producer_id: i64,
    broker_epoch: i64,
    next_token: u64,
    lives: u128,
}

impl Metadata {
    pub fn new(rng: &mut Rng) -> Metadata {
        Metadata {
            dynamic: rng.one_in(2),
            answered: State::new(),
            pending: Vec::new(),
            last_offset: -1,
            epoch: -1,
            next_producer_id: 0,
            broker_epoch: -1,
            next_token: 0,
            lives: 0,
        }
    }
}

impl From<ControllerError> for Stop {
    fn from(error: ControllerError) -> Stop {
        match error {
            ControllerError::Apply(error) => Stop::Violation(error.to_string()),
            other => Stop::Disk(other.to_string()),
        }
    }
}

fn schema() -> &'static ConfigSchema {
    static SCHEMA: OnceLock<ConfigSchema> = OnceLock::new();
    SCHEMA.get_or_init(|| {
        let settings = Settings::from_pairs([
            ("process.roles", "broker,controller"),
            ("node.id", "1"),
            ("controller.quorum.voters", "1@localhost:9093"),
            ("listeners", "PLAINTEXT://localhost:9092,CONTROLLER://localhost:9093"),
            ("controller.listener.names", "CONTROLLER"),
            ("listener.security.protocol.map", "PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT"),
        ]);
        ConfigSchema::of(&BrokerConfig::new(settings).expect("a configuration of Kafka's distribution"))
    })
}

fn params(disk: &Disk) -> CoreParams {
    CoreParams {
        storage: Arc::new(disk.clone()),
        log_dir: LOG_DIR.into(),
        directory_id: DIRECTORY,
        static_voters: VoterSet::of_ids([NODE_ID]),
        controller_endpoints: vec![("CONTROLLER".into(), "localhost".into(), 9093)],
        config: ControllerConfig {
            node_id: NODE_ID,
            cluster_id: CLUSTER.into(),
            default_num_partitions: 1,
            default_replication_factor: 1,
            broker_session_timeout_ms: 9_000,
            voter_ids: vec![NODE_ID],
            configs: schema().clone(),
        },
        // Small enough for everything to happen.
        log: MetadataLogConfig { segment_bytes: 4_096, ..MetadataLogConfig::default() },
        raft: RaftParams { entry_log_bytes_max: 3_000, ..RaftParams::default() },
        snapshots: SnapshotConfig { bytes_max: 1_500, interval_ms: 0 },
    }
}

/// Formats the directory if nobody has: `meta.properties` comes last.
fn format(disk: &Disk, dynamic: bool, now: Now) -> Run {
    let dir = Path::new(LOG_DIR);
    if disk.exists(&dir.join(META_PROPERTIES)) {
        return Ok(());
    }
    let voters = VoterSet::new([Voter {
        id: NODE_ID,
        directory_id: DIRECTORY,
        endpoints: vec![("CONTROLLER".into(), "localhost".into(), 9093)],
        kraft_versions: (0, 1),
    }]);
    write_bootstrap(disk, dir, &bootstrap_records(), dynamic.then_some(&voters), now)
        .map_err(|e| Stop::Disk(e.to_string()))?;
    MetaProperties::new(CLUSTER, NODE_ID, DIRECTORY).write(disk, dir)?;
    Ok(())
}

fn state_of(image: &MetadataImage) -> State {
    image
        .topics()
        .map(|topic| {
            let configs = image.topic_configs(&topic.name).into_iter().flatten();
            let configs = configs.map(|(key, value)| (key.clone(), value.clone())).collect();
            (topic.name.to_string(), Made { id: Some(topic.id), partitions: topic.partition_count(), configs })
        })
        .collect()
}

/// Whether `found` can be what was `expected`, whose ids may be unknown.
fn agrees(expected: &State, found: &State) -> bool {
    expected.len() == found.len()
        && expected.iter().all(|(name, expected)| {
            found.get(name).is_some_and(|found| {
                (expected.id.is_none() || expected.id == found.id)
                    && expected.partitions == found.partitions
                    && expected.configs == found.configs
            })
        })
}

impl World {
    /// Starts the controller: what it replays has to be what was answered.
    pub fn boot_controller(&mut self) -> Run<ControllerCore> {
        format(&self.disk, self.metadata.dynamic, self.now)?;
        let mut core = ControllerCore::open(params(&self.disk), self.now, self.rng.fork())?;
        core.drive(self.now)?;
        self.check_image(core.image())?;
        let epoch = core.node().epoch();
        ensure!(epoch > self.metadata.epoch, "epoch {epoch} leads again");
        self.metadata.epoch = epoch;
        self.metadata.answered = state_of(core.image());
        self.metadata.pending.clear();
        self.metadata.last_offset = core.image().last_offset();
        self.metadata.lives += 1;
        let registration = self.registration();
        let Response::BrokerRegistered { broker_epoch } = self.ask_controller(&mut core, &registration)? else {
            return violation("a registration is answered with something else".into());
        };
        ensure!(broker_epoch > self.metadata.broker_epoch, "broker epoch {broker_epoch} is given again");
        self.metadata.broker_epoch = broker_epoch;
        self.heartbeat(&mut core)?;
        Ok(core)
    }

    fn registration(&self) -> Request {
        let mut features: Vec<_> =
            FEATURES.iter().map(|f| (f.name.to_owned(), VersionRange { min: f.min, max: f.max })).collect();
        features.push((KRAFT_VERSION.into(), VersionRange { min: 0, max: 1 }));
        Request::RegisterBroker(RegisterBroker {
            broker_id: NODE_ID,
            cluster_id: CLUSTER.into(),
            incarnation_id: Uuid::from_u128(1_000 + self.metadata.lives),
            listeners: vec![(
                "PLAINTEXT".into(),
                Endpoint { host: "localhost".into(), port: 9092, security_protocol: 0 },
            )],
            features,
            rack: None,
            log_dirs: vec![DIRECTORY],
            previous_broker_epoch: Some(-1),
            same_process: true,
        })
    }

    fn heartbeat(&mut self, core: &mut ControllerCore) -> Run {
        let beat = Request::BrokerHeartbeat(BrokerHeartbeat {
            broker_id: NODE_ID,
            broker_epoch: self.metadata.broker_epoch,
            current_metadata_offset: core.image().last_offset(),
            want_fence: false,
            want_shut_down: false,
            offline_log_dirs: Vec::new(),
            cordoned_log_dirs: Some(Vec::new()),
        });
        self.ask_controller(core, &beat).map(drop)
    }

    /// One request that may not be refused.
    fn ask_controller(&mut self, core: &mut ControllerCore, request: &Request) -> Run<Response> {
        self.metadata.next_token += 1;
        let token = self.metadata.next_token;
        core.request(token, request, self.now)?;
        for completed in core.drive(self.now)?.completed {
            if completed.token == token {
                return completed.result.map_err(|e| Stop::Violation(format!("{request:?} is refused: {e}")));
            }
        }
        violation(format!("{request:?} is not answered"))
    }

    /// Everything that was answered is there, and of what was not at most a beginning, in order.
    fn check_image(&self, image: &MetadataImage) -> Run {
        let found = state_of(image);
        let mut expected = self.metadata.answered.clone();
        let mut matches = agrees(&expected, &found);
        for (_, change) in &self.metadata.pending {
            change.apply(&mut expected, None);
            matches |= agrees(&expected, &found);
        }
        ensure!(matches, "the image has {found:?}, answered was {:?}", self.metadata);
        let (offset, known) = (image.last_offset(), self.metadata.last_offset);
        ensure!(offset >= known, "the metadata log goes back from {known} to {offset}");
        ensure!(
            image.next_producer_id() >= self.metadata.next_producer_id,
            "producer ids from {} on would be given again",
            image.next_producer_id()
        );
        Ok(())
    }

    // ---- events ----

    /// Administrators ask for something, or several for something each.
    pub fn metadata_event(&mut self) -> Run {
        let Some(mut core) = self.node.as_mut().and_then(|n| n.controller.take()) else { return Ok(()) };
        let result = self.administrate(&mut core);
        if let Some(node) = &mut self.node {
            node.controller = Some(core);
        }
        result?;
        self.follow_image()
    }

    fn administrate(&mut self, core: &mut ControllerCore) -> Run {
        if self.rng.one_in(6) {
            core.tick(self.now)?;
            return self.heartbeat(core);
        }
        for _ in 0..1 + self.rng.below(2) {
            let (request, change) = self.administration();
            self.metadata.next_token += 1;
            let token = self.metadata.next_token;
            self.metadata.pending.push((token, change.clone()));
            core.request(token, &request, self.now)?;
            if self.bug == Some(Bug::MetadataAnsweredEarly) && self.rng.one_in(3) {
                // As if it had been decided and committed.
                self.metadata.pending.clear();
                change.apply(&mut self.metadata.answered, None);
                return Ok(());
            }
        }
        let outputs = core.drive(self.now)?;
        for completed in outputs.completed {
            let Some(at) = self.metadata.pending.iter().position(|(token, _)| *token == completed.token) else {
                continue;
            };
            let (_, change) = self.metadata.pending.remove(at);
            match completed.result {
                Ok(response) => self.on_decided(&change, &response)?,
                Err(error) => return violation(format!("{change:?} is refused: {error}")),
            }
        }
        ensure!(self.metadata.pending.is_empty(), "not answered: {:?}", self.metadata.pending);
        self.metadata.last_offset = core.image().last_offset();
        self.check_image(core.image())
    }

    fn administration(&mut self) -> (Request, Change) {
        let name = NAMES[self.rng.below(NAMES.len() as u64) as usize].to_owned();
        let partitions = self.rng.below(2) as i32 + 1;
        match self.rng.below(10) {
            0..=3 => {
                let topics = vec![CreatableTopic::new(name.clone(), partitions, 1)];
                let request = Request::CreateTopics(CreateTopics { topics, validate_only: false });
                (request, Change::Create(name, partitions as usize))
            }
            4 | 5 => {
                let request = Request::DeleteTopics(DeleteTopics { topics: vec![(Some(name.clone()), Uuid::nil())] });
                (request, Change::Delete(name))
            }
            6 => {
                let topics =
                    vec![CreatePartitionsTopic { name: name.clone(), count: partitions + 1, assignments: None }];
                let request = Request::CreatePartitions(CreatePartitions { topics, validate_only: false });
                (request, Change::Extend(name, partitions as usize + 1))
            }
            7 | 8 => {
                let key = KEYS[self.rng.below(2) as usize];
                let value = (!self.rng.one_in(4)).then(|| (100_000 + self.rng.below(1_000)).to_string());
                let op = if value.is_some() { OpType::Set } else { OpType::Delete };
                let ops = vec![AlterConfigOp { name: key.into(), op, value: value.clone() }];
                let resources = vec![(ConfigResource::topic(name.clone()), ops)];
                let request =
                    Request::IncrementalAlterConfigs(IncrementalAlterConfigs { resources, validate_only: false });
                (request, Change::Configure(name, key, value))
            }
            _ => {
                let broker_epoch = self.metadata.broker_epoch;
                (Request::AllocateProducerIds { broker_id: NODE_ID, broker_epoch }, Change::Nothing)
            }
        }
    }

    fn on_decided(&mut self, change: &Change, response: &Response) -> Run {
        let mut id = None;
        let error = match response {
            Response::CreateTopics(r) => {
                id = r.first().map(|topic| topic.topic_id);
                r.first().map(|topic| topic.error.clone())
            }
            Response::DeleteTopics(r) => r.first().map(|topic| topic.error.clone()),
            Response::CreatePartitions(r) => r.first().map(|(_, error)| error.clone()),
            Response::IncrementalAlterConfigs(r) => r.first().map(|(_, error)| error.clone()),
            Response::ProducerIds { first_producer_id, count } => {
                let expected = self.metadata.next_producer_id;
                ensure!(*first_producer_id >= expected, "producer ids from {first_producer_id} on are given again");
                self.metadata.next_producer_id = first_producer_id + i64::from(*count);
                Some(ApiError::NONE)
            }
            other => return violation(format!("{change:?} is answered with {other:?}")),
        };
        let Some(error) = error else { return violation(format!("{change:?} has no result")) };
        let line = format!("{change:?}: {error}");
        self.note(&line);
        if error.is_failure() {
            self.saw("metadata: refused");
            return Ok(());
        }
        change.apply(&mut self.metadata.answered, id);
        self.saw(match change {
            Change::Create(..) => "metadata: topic created",
            Change::Delete(_) => "metadata: topic deleted",
            Change::Extend(..) => "metadata: partitions added",
            Change::Configure(..) => "metadata: topic configured",
            Change::Nothing => "metadata: producer ids",
        });
        Ok(())
    }

    /// Makes the partitions of this broker those of the image.
    fn follow_image(&mut self) -> Run {
        let Some(core) = self.node.as_ref().and_then(|n| n.controller.as_ref()) else { return Ok(()) };
        let found = state_of(core.image());
        self.retire_topics(&found);
        let gone: Vec<Tp> = match &self.node {
            Some(node) => node.partitions.keys().filter(|tp| !self.topics.contains_key(*tp)).cloned().collect(),
            None => return Ok(()),
        };
        for tp in gone {
            self.remove_replica(&tp)?;
        }
        self.add_topics(&found);
        let missing: Vec<Tp> = match &self.node {
            Some(node) => self.topics.keys().filter(|tp| !node.partitions.contains_key(*tp)).cloned().collect(),
            None => return Ok(()),
        };
        for tp in missing {
            let (bug, now) = (self.bug, self.now);
            let Some(node) = &mut self.node else { return Ok(()) };
            let Some(topic) = self.topics.get_mut(&tp) else { continue };
            node::open_partition(node, &self.disk, topic, node::Checkpointed::default(), bug, now, &mut self.rng)?;
            self.drain_effects(&tp)?;
        }
        Ok(())
    }

    /// Forgets topics that are gone, and those that are others by now, with who wrote to them.
    fn retire_topics(&mut self, found: &State) {
        let made = |tp: &Tp| NAMES.contains(&tp.0.as_str());
        let stays = |tp: &Tp, topic: &Topic| found.get(&tp.0).is_some_and(|made| made.id == Some(topic.id));
        let gone: Vec<Tp> =
            self.topics.iter().filter(|(tp, topic)| made(tp) && !stays(tp, topic)).map(|(tp, _)| tp.clone()).collect();
        for tp in gone {
            self.topics.remove(&tp);
            self.producers.iter_mut().for_each(|producer| producer.retire(&tp));
        }
    }

    fn add_topics(&mut self, found: &State) {
        for (name, made) in found {
            for partition in 0..made.partitions as i32 {
                let tp = (name.clone(), partition);
                if self.topics.contains_key(&tp) {
                    continue;
                }
                let config = random_config(&mut self.rng, self.metadata.lives.is_multiple_of(2), false);
                let mut topic = Topic::new(name, partition, config, false);
                topic.id = made.id.unwrap_or_default();
                self.topics.insert(tp.clone(), topic);
                match self.producers.iter().position(Producer::is_retired) {
                    Some(n) => self.producers[n] = Producer::new(n, tp, &mut self.rng),
                    None => self.producers.push(Producer::new(self.producers.len(), tp, &mut self.rng)),
                }
            }
        }
    }

    /// A partition is deleted: its directory is out of the way at once, and removed later.
    fn remove_replica(&mut self, tp: &Tp) -> Run {
        let name = suffixed_dir_name(&tp.0, tp.1, DirKind::Delete, &mut self.rng);
        let Some(node) = &mut self.node else { return Ok(()) };
        let Some(mut partition) = node.partitions.remove(tp) else { return Ok(()) };
        self.flushes.retain(|(of, _)| of != tp);
        partition.dismiss();
        partition.log_mut().rename_dir(&name)?;
        let path = partition.log().dir();
        drop(partition);
        self.forget_in_checkpoints(tp)?;
        if self.rng.one_in(2) {
            self.disk.remove_dir_all(&path)?;
        }
        self.saw("metadata: directory removed");
        Ok(())
    }

    fn forget_in_checkpoints(&self, tp: &Tp) -> Run {
        if self.bug == Some(Bug::CheckpointsKept) { Ok(()) } else { node::forget_in_checkpoints(&self.disk, tp) }
    }

    // ---- start ----

    /// Before logs are opened: directories of partitions that the image does not have go away.
    pub fn remove_strays(&mut self, image: &MetadataImage) -> Run {
        let found = state_of(image);
        self.retire_topics(&found);
        self.add_topics(&found);
        for entry in self.disk.read_dir(Path::new(LOG_DIR))?.into_iter().filter(|e| e.is_dir) {
            let Some(name) = parse_dir_name(&entry.name) else { continue };
            let path = Path::new(LOG_DIR).join(&entry.name);
            if name.kind != DirKind::Live {
                self.disk.remove_dir_all(&path)?;
                continue;
            }
            let tp = (name.topic, name.partition);
            if !NAMES.contains(&tp.0.as_str()) {
                continue;
            }
            let id = match self.disk.read(&path.join("partition.metadata")) {
                Ok(bytes) => parse_partition_metadata(&bytes),
                Err(e) if e.kind() == std::io::ErrorKind::NotFound => None,
                Err(e) => return Err(e.into()),
            };
            let wanted = self.topics.get(&tp).map(|topic| topic.id);
            if wanted.is_none() || (id.is_some() && id != wanted) {
                let away = suffixed_dir_name(&tp.0, tp.1, DirKind::Stray, &mut self.rng);
                self.disk.rename(&dir_of(&tp), &Path::new(LOG_DIR).join(away))?;
                self.forget_in_checkpoints(&tp)?;
                self.saw("metadata: stray directory");
            }
        }
        Ok(())
    }

    // ---- invariants ----

    /// The image equals the replay of its log: of what a killed process leaves, and of what a power cut leaves.
    pub fn check_metadata_replay(&mut self) -> Run {
        let Some(core) = self.node.as_ref().and_then(|n| n.controller.as_ref()) else { return Ok(()) };
        let image = core.image().clone();
        self.check_image(&image)?;
        let fork = self.disk.fork();
        fork.sim.calm();
        if self.rng.one_in(2) {
            fork.sim.kill();
        } else {
            fork.sim.crash(&mut self.rng.fork());
        }
        let mut other = ControllerCore::open(params(&fork), self.now, Rng::from_seed(1))
            .and_then(|mut core| core.drive(self.now).map(|_| core))
            .map_err(|e| Stop::Violation(format!("the metadata cannot be replayed: {e}")))?;
        ensure!(
            other.image().same_state(&image),
            "the image has {:?}, replayed it is {:?}",
            state_of(&image),
            state_of(other.image())
        );
        ensure!(other.node().epoch() > self.metadata.epoch, "the replay leads in an old epoch");
        self.saw("metadata: replayed");
        Ok(())
    }
}
