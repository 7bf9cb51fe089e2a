//! The controller's own thread: one loop around [`ControllerCore`].
//!
//! It takes what waits, lets the core decide, makes it durable once for all of it (`drive`), hands the image to the
//! publisher and answers. It sleeps until the core's next deadline; a quorum of one has none but broker sessions.
//!
//! Invariant: an answer leaves after its records are on the medium. An error of the core is fatal for the process: a
//! controller that cannot write its log must not decide.

use super::handle::{ControllerChannel, Decided, QuorumDescription, QuorumReplica};
use super::patience::{Patience, PatientStorage};
use super::publisher::{Notice, Published};
use crate::node::config::NodeConfig;
use ottla_base::clock::{Clock, Now};
use ottla_base::ids::Uuid;
use ottla_base::rng::Rng;
use ottla_base::storage::Storage;
use ottla_core::controller::activation::bootstrap_records;
use ottla_core::controller::configs::ConfigSchema;
use ottla_core::controller::core::{ControllerCore, ControllerError, CoreParams, SnapshotConfig};
use ottla_core::controller::decide::ControllerConfig;
use ottla_core::controller::requests::Request;
use ottla_core::log_dirs::MetaPropertiesEnsemble;
use ottla_core::raft::format::write_bootstrap;
use ottla_core::raft::metadata_log::MetadataLogConfig;
use ottla_core::raft::node::RaftParams;
use ottla_core::raft::voters::{Voter, VoterSet};
use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, SyncSender, sync_channel};
use std::thread::JoinHandle;
use std::time::Duration;
use tokio::sync::oneshot;

/// Requests that may wait for the controller.
const INBOX_CAPACITY: usize = 4096;
/// Requests that are decided before they are made durable together.
const GROUP_MAX: usize = 256;

enum Message {
    Request(Request, oneshot::Sender<Decided>),
    DescribeQuorum(oneshot::Sender<QuorumDescription>),
    Stop,
}

/// What a controller needs to start.
#[derive(Debug)]
pub struct QuorumStart<'a> {
    /// The node's configuration.
    pub config: &'a NodeConfig,
    /// The disks.
    pub storage: Arc<dyn Storage>,
    /// Time.
    pub clock: Arc<dyn Clock>,
    /// `cluster.id`.
    pub cluster_id: String,
    /// `metadata.log.dir`.
    pub metadata_dir: PathBuf,
    /// Its `directory.id`.
    pub directory_id: Uuid,
    /// This node's controller listeners: (name, host, port).
    pub endpoints: Vec<(String, String, u16)>,
    /// Where committed images go.
    pub images: Sender<Notice>,
    /// For ids and placement.
    pub rng: Rng,
}

/// The running thread.
#[derive(Debug)]
pub struct ControllerThread {
    inbox: SyncSender<Message>,
    patience: Patience,
    thread: Option<JoinHandle<()>>,
}

impl std::fmt::Debug for Message {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Message::Request(request, _) => write!(f, "Request({request:?})"),
            Message::DescribeQuorum(_) => f.write_str("DescribeQuorum"),
            Message::Stop => f.write_str("Stop"),
        }
    }
}

impl ControllerThread {
    /// Formats a new metadata directory and every log directory for a sole voter: the bootstrap records, the voter, then
    /// `meta.properties`, which makes the directories formatted ones.
    pub fn format(
        config: &NodeConfig,
        storage: &dyn Storage,
        metadata_dir: &Path,
        cluster_id: &str,
        mut ensemble: MetaPropertiesEnsemble,
        now: Now,
        rng: &mut Rng,
    ) -> Result<MetaPropertiesEnsemble, String> {
        let id = ottla_base::ids::random_uuid(rng);
        let voters = (config.quorum.voters.is_empty()).then(|| {
            // Ports that the system chooses are not known yet; the voter is amended when it first leads.
            let endpoints = config
                .controller_listeners()
                .map(|e| (e.listener.clone(), e.host.clone().unwrap_or_default(), e.port))
                .collect();
            VoterSet::new([Voter { id: config.node_id, directory_id: id, endpoints, kraft_versions: (0, 1) }])
        });
        write_bootstrap(storage, metadata_dir, &bootstrap_records(), voters.as_ref(), now)
            .map_err(|e| e.to_string())?;
        ensemble.format(storage, cluster_id, config.node_id, Some(id), rng).map_err(|e| e.to_string())?;
        Ok(ensemble)
    }

    /// Opens the metadata log on the caller's thread, then starts the controller's own.
    pub fn start(start: QuorumStart<'_>) -> Result<ControllerThread, ControllerError> {
        let config = start.config;
        let voter_ids: Vec<i32> = vec![config.node_id];
        let raft = RaftParams {
            heartbeat_ms: heartbeat_ms(config),
            logger: crate::telemetry::slog_logger(),
            ..RaftParams::default()
        };
        let patience = Patience::default();
        let params = CoreParams {
            storage: Arc::new(PatientStorage::new(start.storage, patience.clone())),
            log_dir: start.metadata_dir,
            directory_id: start.directory_id,
            static_voters: VoterSet::of_ids(voter_ids.iter().copied()),
            controller_endpoints: start.endpoints,
            config: ControllerConfig {
                node_id: config.node_id,
                cluster_id: start.cluster_id,
                default_num_partitions: config.topics.num_partitions,
                default_replication_factor: i16::try_from(config.topics.default_replication_factor).unwrap_or(i16::MAX),
                broker_session_timeout_ms: u64::try_from(config.controller.broker_session_timeout_ms).unwrap_or(9_000),
                voter_ids,
                configs: ConfigSchema::of(&config.broker),
            },
            log: MetadataLogConfig {
                segment_bytes: u32::try_from(config.controller.metadata_segment_bytes).unwrap_or(1 << 30),
                segment_ms: config.controller.metadata_segment_ms,
                retention_bytes: config.controller.metadata_retention_bytes,
                ..MetadataLogConfig::default()
            },
            raft,
            snapshots: SnapshotConfig {
                bytes_max: u64::try_from(config.controller.snapshot_record_bytes_max).unwrap_or(20 << 20),
                interval_ms: u64::try_from(config.controller.snapshot_interval_ms_max).unwrap_or(0),
            },
        };
        let core = ControllerCore::open(params, start.clock.now(), start.rng)?;
        let (inbox, incoming) = sync_channel(INBOX_CAPACITY);
        let controller = Loop {
            core,
            patience: patience.clone(),
            node_id: config.node_id,
            clock: start.clock,
            images: start.images,
            waiting: HashMap::new(),
            next_token: 0,
        };
        patience.set(true);
        let thread = std::thread::Builder::new().name("controller".into()).spawn(move || controller.run(&incoming))?;
        Ok(ControllerThread { inbox, patience, thread: Some(thread) })
    }

    /// A way to ask this controller.
    pub fn channel(&self) -> Box<dyn ControllerChannel> {
        Box::new(LocalChannel { inbox: self.inbox.clone() })
    }

    /// Stops it and closes the metadata log.
    pub fn stop(&mut self) {
        self.patience.set(false);
        // The thread may be gone already.
        let _ = self.inbox.send(Message::Stop);
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

/// raft's own timing unless the keys are set: an election timeout is four heartbeats at least (design D2).
fn heartbeat_ms(config: &NodeConfig) -> u64 {
    let own = RaftParams::default().heartbeat_ms;
    config.quorum.election_timeout_ms.and_then(|ms| u64::try_from(ms / 4).ok()).filter(|ms| *ms > 0).unwrap_or(own)
}

#[derive(Debug)]
struct LocalChannel {
    inbox: SyncSender<Message>,
}

impl ControllerChannel for LocalChannel {
    fn send(&self, request: Request) -> oneshot::Receiver<Decided> {
        let (sender, receiver) = oneshot::channel();
        // A full inbox drops the sender, which the receiver takes for a controller that is not available.
        let _ = self.inbox.try_send(Message::Request(request, sender));
        receiver
    }

    fn describe_quorum(&self) -> oneshot::Receiver<QuorumDescription> {
        let (sender, receiver) = oneshot::channel();
        let _ = self.inbox.try_send(Message::DescribeQuorum(sender));
        receiver
    }
}

struct Loop {
    core: ControllerCore,
    patience: Patience,
    node_id: i32,
    clock: Arc<dyn Clock>,
    images: Sender<Notice>,
    waiting: HashMap<u64, oneshot::Sender<Decided>>,
    next_token: u64,
}

impl Loop {
    fn run(mut self, incoming: &Receiver<Message>) {
        if let Err(error) = self.serve(incoming) {
            tracing::error!(target: "kafka.server.ControllerServer", "The controller cannot go on: {error}");
            if !self.patience.is_set() {
                // The node stops already.
                return;
            }
            // What is in memory may be ahead of what is on the medium: nothing may be answered from here on.
            std::process::exit(1);
        }
    }

    fn serve(&mut self, incoming: &Receiver<Message>) -> Result<(), ControllerError> {
        loop {
            let first = match self.core.next_deadline_ms() {
                None => incoming.recv().ok(),
                Some(deadline) => {
                    let wait = deadline.saturating_sub(self.clock.now().mono_ms);
                    match incoming.recv_timeout(Duration::from_millis(wait)) {
                        Ok(message) => Some(message),
                        Err(RecvTimeoutError::Timeout) => {
                            let now = self.clock.now();
                            self.core.tick(now)?;
                            self.drive(now)?;
                            continue;
                        }
                        Err(RecvTimeoutError::Disconnected) => None,
                    }
                }
            };
            let now = self.clock.now();
            let mut stop = first.is_none();
            let mut describe = Vec::new();
            let mut next = first;
            let mut taken = 0;
            while let Some(message) = next.take() {
                match message {
                    Message::Request(request, sender) => {
                        self.next_token += 1;
                        self.waiting.insert(self.next_token, sender);
                        self.core.request(self.next_token, &request, now)?;
                    }
                    Message::DescribeQuorum(sender) => describe.push(sender),
                    Message::Stop => stop = true,
                }
                taken += 1;
                if taken < GROUP_MAX {
                    next = incoming.try_recv().ok();
                }
            }
            self.core.tick(now)?;
            self.drive(now)?;
            for sender in describe {
                let _ = sender.send(self.describe(now));
            }
            if stop {
                return self.core.close(now);
            }
        }
    }

    fn drive(&mut self, now: Now) -> Result<(), ControllerError> {
        let outputs = self.core.drive(now)?;
        if let Some((image, changes)) = outputs.image {
            let kraft_version = self.core.node().kraft_version();
            // The publisher is gone only when the node stops.
            let _ = self.images.send(Notice::Committed(Published { image, changes, kraft_version }));
        }
        let offset = self.core.image().last_offset();
        for completed in outputs.completed {
            if let Some(sender) = self.waiting.remove(&completed.token) {
                // Whoever gave up does not care.
                let _ = sender.send((completed.result, offset));
            }
        }
        Ok(())
    }

    fn describe(&mut self, now: Now) -> QuorumDescription {
        let own_id = self.node_id;
        let node = self.core.node();
        let leader_id = node.leader_id().unwrap_or(-1);
        let leader_epoch = node.epoch();
        let end_offset = node.log().end_offset();
        let voters = node.voters().clone();
        let replica = |voter: &Voter| QuorumReplica {
            id: voter.id,
            directory_id: voter.directory_id,
            log_end_offset: if voter.id == own_id { end_offset } else { -1 },
            last_fetch_timestamp: if voter.id == own_id { now.wall_ms } else { -1 },
            last_caught_up_timestamp: if voter.id == own_id { now.wall_ms } else { -1 },
        };
        // A combined node's broker reads the log of its own controller: it is a voter, not an observer.
        QuorumDescription {
            leader_id,
            leader_epoch,
            high_watermark: end_offset,
            voters: voters.iter().map(replica).collect(),
            observers: Vec::new(),
            nodes: voters.iter().map(|v| (v.id, v.endpoints.clone())).collect(),
        }
    }
}
