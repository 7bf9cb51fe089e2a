//! One node's controller as a whole: quorum, decisions, images. Pure: the shell's thread calls it and carries nothing out
//! but what [`Outputs`] says.
//!
//! Inputs: [`ControllerCore::request`], [`ControllerCore::step`], [`ControllerCore::tick`]. They decide and propose; then
//! [`ControllerCore::drive`] writes and syncs once for all of them, and returns the answers that have become final, the
//! new committed image and the messages for other voters.
//!
//! Invariants
//! - The active controller decides on a speculative image: what is committed and everything proposed. It is thrown away
//!   when leadership is lost; nobody else ever sees it.
//! - An answer leaves only after every record that it depends on is committed and in the metadata log.
//! - Committed and speculative image come out of the same replay, record by record.

use crate::controller::activation::activation_records;
use crate::controller::decide::{Basis, Controller, ControllerConfig, Decision, RECORDS_PER_USER_OP_MAX};
use crate::controller::requests::{ApiError, Request, Response};
use crate::errors::KafkaError;
use crate::metadata::{Changes, MetadataImage, MetadataLoader, VersionedRecord};
use crate::raft::batches::{self, MetadataBatch, Payload};
use crate::raft::checkpoint::{self, CheckpointError, NewCheckpoint, SnapshotId, Sync};
use crate::raft::format::{metadata_partition_dir, read_bootstrap};
use crate::raft::metadata_log::{KafkaMetadataLog, MetadataLogConfig, MetadataLogError};
use crate::raft::node::{CommittedBatch, Leadership, RaftError, RaftNode, RaftParams};
use crate::raft::recovery::{self, Identity, RecoveryError, Replayed};
use crate::raft::voters::VoterSet;
use ottla_base::clock::Now;
use ottla_base::ids::Uuid;
use ottla_base::rng::Rng;
use ottla_base::storage::Storage;
use raft::eraftpb::Message;
use std::collections::VecDeque;
use std::path::PathBuf;
use std::sync::Arc;
use thiserror::Error;

/// Why a controller cannot start or go on. Fatal for the node.
#[derive(Debug, Error)]
pub enum ControllerError {
    /// The directory.
    #[error(transparent)]
    Recovery(#[from] RecoveryError),
    /// The quorum.
    #[error(transparent)]
    Raft(#[from] RaftError),
    /// The metadata log.
    #[error(transparent)]
    Log(#[from] MetadataLogError),
    /// `bootstrap.checkpoint`, or a snapshot that could not be written.
    #[error("{name}: {error}")]
    Checkpoint {
        /// The file.
        name: String,
        /// Why.
        error: CheckpointError,
    },
    /// The disk.
    #[error(transparent)]
    Io(#[from] std::io::Error),
    /// A committed record does not fit the state: this node's state is not to be trusted.
    #[error("a record that was decided does not fit the state: {0}")]
    Apply(#[from] crate::metadata::ApplyError),
}

/// What a controller needs to start.
#[derive(Debug)]
pub struct CoreParams {
    /// Where files are.
    pub storage: Arc<dyn Storage>,
    /// `metadata.log.dir`: the log directory that `__cluster_metadata-0` is in. It is formatted.
    pub log_dir: PathBuf,
    /// `directory.id` of that directory.
    pub directory_id: Uuid,
    /// Voters of the configuration (`controller.quorum.voters`); those in the log count first.
    pub static_voters: VoterSet,
    /// This node's controller listeners: (name, host, port).
    pub controller_endpoints: Vec<(String, String, u16)>,
    /// The controller's configuration.
    pub config: ControllerConfig,
    /// The metadata log's configuration.
    pub log: MetadataLogConfig,
    /// Raft's timing.
    pub raft: RaftParams,
    /// When to write snapshots.
    pub snapshots: SnapshotConfig,
}

/// When to write snapshots.
#[derive(Clone, Copy, Debug)]
pub struct SnapshotConfig {
    /// `metadata.log.max.record.bytes.between.snapshots`.
    pub bytes_max: u64,
    /// `metadata.log.max.snapshot.interval.ms`; 0: never because of time.
    pub interval_ms: u64,
}

impl Default for SnapshotConfig {
    fn default() -> SnapshotConfig {
        SnapshotConfig { bytes_max: 20 << 20, interval_ms: 3_600_000 }
    }
}

/// An answer to a request.
#[derive(Clone, Debug, PartialEq)]
pub struct Completed {
    /// What the request was given in with.
    pub token: u64,
    /// Answer, or the error for the whole request.
    pub result: Result<Response, ApiError>,
}

/// What `drive` led to.
#[derive(Debug, Default)]
pub struct Outputs {
    /// Answers, in no particular order.
    pub completed: Vec<Completed>,
    /// The new committed image and what changed since the last one. To be published before answers are sent.
    pub image: Option<(Arc<MetadataImage>, Changes)>,
    /// For other voters.
    pub messages: Vec<Message>,
    /// Batches that were appended to the metadata log, for whoever serves observers.
    pub committed: Vec<CommittedBatch>,
}

/// An answer that waits for its records.
#[derive(Debug)]
struct Waiting {
    token: u64,
    /// Everything up to here must be committed.
    offset: i64,
    response: Response,
}

/// State of the active controller.
#[derive(Debug)]
struct Active {
    loader: MetadataLoader,
    /// Proposed batches, oldest first, decoded: they are replayed again when committed.
    proposed: VecDeque<MetadataBatch>,
}

/// One node's controller.
#[derive(Debug)]
pub struct ControllerCore {
    storage: Arc<dyn Storage>,
    dir: PathBuf,
    node: RaftNode,
    controller: Controller,
    committed: Replayed,
    active: Option<Active>,
    waiting: VecDeque<Waiting>,
    /// Answers that are ready, and were not yet handed out.
    completed: Vec<Completed>,
    bootstrap: Vec<VersionedRecord>,
    rng: Rng,
    snapshots: SnapshotConfig,
    snapshot: Option<SnapshotId>,
    bytes_since_snapshot: u64,
    next_snapshot_ms: u64,
    first_image: bool,
}

impl ControllerCore {
    /// Opens the metadata directory and replays it. A sole voter has won its election when this returns; the first
    /// `drive` makes it durable, together with whatever was requested before it.
    pub fn open(params: CoreParams, now: Now, mut rng: Rng) -> Result<ControllerCore, ControllerError> {
        let CoreParams { storage, log_dir, .. } = &params;
        let dir = metadata_partition_dir(log_dir);
        if !storage.exists(&dir) {
            storage.create_dir_all(&dir)?;
            storage.sync_dir(log_dir)?;
        }
        let bootstrap = read_bootstrap(&**storage, log_dir)
            .map_err(|error| ControllerError::Checkpoint { name: checkpoint::BOOTSTRAP_FILE.to_owned(), error })?;
        let mut log = KafkaMetadataLog::open(storage.clone(), &dir, params.log.clone(), now)?;
        let identity = Identity { node_id: params.config.node_id, directory_id: params.directory_id };
        let mut recovery = recovery::recover(storage.clone(), &dir, &mut log, identity, &params.static_voters)?;
        let committed = std::mem::take(&mut recovery.replayed);
        recovery.replayed.kraft_version = committed.kraft_version;
        recovery.replayed.voters.clone_from(&committed.voters);
        let snapshot = recovery.snapshot;
        let mut raft_params = params.raft.clone();
        raft_params.seed = rng.next_u64();
        let mut node = RaftNode::new(
            storage.clone(),
            dir.clone(),
            Box::new(log),
            identity,
            params.controller_endpoints.clone(),
            recovery,
            raft_params,
        )?;
        node.tick(now)?;
        if node.is_sole_voter() {
            node.campaign()?;
        }
        Ok(ControllerCore {
            storage: storage.clone(),
            dir,
            node,
            controller: Controller::new(params.config.clone()),
            committed,
            active: None,
            waiting: VecDeque::new(),
            completed: Vec::new(),
            bootstrap,
            rng,
            snapshots: params.snapshots,
            snapshot,
            bytes_since_snapshot: 0,
            next_snapshot_ms: now.mono_ms.saturating_add(params.snapshots.interval_ms),
            first_image: true,
        })
    }

    /// Asks for something. The answer comes out of a later `drive` under `token`.
    pub fn request(&mut self, token: u64, request: &Request, now: Now) -> Result<(), ControllerError> {
        self.follow_leadership(now)?;
        let Some(active) = &self.active else {
            self.completed.push(Completed { token, result: Err(not_controller(self.node.leader_id())) });
            return Ok(());
        };
        let basis = Basis {
            image: active.loader.image(),
            kraft_version: self.node.kraft_version(),
            next_offset: self.node.next_offset(),
        };
        match self.controller.decide(basis, request, now, &mut self.rng) {
            Ok(decision) => self.carry_out(Some(token), decision, now),
            Err(error) => {
                self.completed.push(Completed { token, result: Err(error) });
                Ok(())
            }
        }
    }

    /// Takes a message of another voter.
    pub fn step(&mut self, message: Message, now: Now) -> Result<(), ControllerError> {
        self.node.step(message)?;
        self.follow_leadership(now)
    }

    /// Lets time pass: elections, and brokers whose sessions have ended.
    pub fn tick(&mut self, now: Now) -> Result<(), ControllerError> {
        self.node.tick(now)?;
        self.follow_leadership(now)?;
        while let Some(active) = &self.active {
            let basis = Basis {
                image: active.loader.image(),
                kraft_version: self.node.kraft_version(),
                next_offset: self.node.next_offset(),
            };
            let Some(decision) = self.controller.fence_stale_broker(basis, now) else { break };
            self.carry_out(None, decision, now)?;
        }
        Ok(())
    }

    /// When `tick` has to be called again, on the monotonic clock.
    pub fn next_deadline_ms(&self) -> Option<u64> {
        let sessions = if self.active.is_some() { self.controller.next_deadline_ms() } else { None };
        let snapshot =
            (self.snapshots.interval_ms > 0 && self.bytes_since_snapshot > 0).then_some(self.next_snapshot_ms);
        [self.node.next_deadline_ms(), sessions, snapshot].into_iter().flatten().min()
    }

    /// Makes everything durable that was proposed or received, and returns what became final.
    pub fn drive(&mut self, now: Now) -> Result<Outputs, ControllerError> {
        let mut outputs = Outputs::default();
        loop {
            self.follow_leadership(now)?;
            let progress = self.node.process(now)?;
            outputs.messages.extend(progress.messages);
            let idle = progress.committed.is_empty();
            for batch in progress.committed {
                self.bytes_since_snapshot += batch.bytes.len() as u64;
                self.apply_committed(&batch)?;
                outputs.committed.push(batch);
            }
            self.follow_leadership(now)?;
            if idle && !self.node.has_work() {
                break;
            }
        }
        self.complete_waiting();
        outputs.completed = std::mem::take(&mut self.completed);
        if !outputs.committed.is_empty() || self.first_image {
            outputs.image = self.committed.loader.publish();
            if self.first_image
                && let Some((image, changes)) = &mut outputs.image
            {
                // Also what was replayed at start.
                *changes = Changes::all_of(image);
                self.first_image = false;
            }
        }
        self.maybe_snapshot(now)?;
        Ok(outputs)
    }

    /// The committed state, even inside a metadata transaction.
    pub fn image(&self) -> &MetadataImage {
        self.committed.loader.image()
    }

    /// The quorum.
    pub fn node(&mut self) -> &mut RaftNode {
        &mut self.node
    }

    /// Whether this node's controller is the active one.
    pub fn is_active(&self) -> bool {
        self.active.is_some()
    }

    /// The last snapshot of the state.
    pub fn snapshot_id(&self) -> Option<SnapshotId> {
        self.snapshot
    }

    /// Leaves the directory as a clean stop does.
    pub fn close(&mut self, now: Now) -> Result<(), ControllerError> {
        Ok(self.node.close(now)?)
    }

    fn follow_leadership(&mut self, now: Now) -> Result<(), ControllerError> {
        while let Some(change) = self.node.leadership_change(now)? {
            match change {
                Leadership::Lost => self.deactivate(),
                Leadership::Gained { term } => self.activate(term, now)?,
            }
        }
        Ok(())
    }

    fn deactivate(&mut self) {
        self.active = None;
        for waiting in self.waiting.drain(..) {
            self.completed.push(Completed { token: waiting.token, result: Err(not_controller(self.node.leader_id())) });
        }
    }

    /// Everything that raft holds will be committed before anything that this leader proposes, so it counts already.
    fn activate(&mut self, term: u64, now: Now) -> Result<(), ControllerError> {
        let mut speculative = self.committed.clone();
        let mut proposed = VecDeque::new();
        for bytes in self.node.unapplied()? {
            let (batch, _) = batches::decode_batch(&bytes).map_err(RaftError::from)?;
            speculative.batch(&batch)?;
            proposed.push_back(batch);
        }
        let records = activation_records(
            speculative.loader.image(),
            speculative.loader.transaction_start_offset().is_some(),
            &self.bootstrap,
            &self.controller.config().configs.static_min_insync_replicas(),
        );
        tracing::info!(
            "[QuorumController id={}] Becoming the active controller at epoch {term}, next write offset {}.",
            self.controller.config().node_id,
            self.node.next_offset()
        );
        self.controller.activate(speculative.loader.image(), now);
        self.active = Some(Active { loader: speculative.loader, proposed });
        if records.is_empty() {
            return Ok(());
        }
        self.carry_out(None, Decision::atomic(records, Response::Done), now)
    }

    /// Proposes a decision's records and parks its answer.
    fn carry_out(&mut self, token: Option<u64>, decision: Decision, now: Now) -> Result<(), ControllerError> {
        let chunk = if decision.atomic { decision.records.len().max(1) } else { RECORDS_PER_USER_OP_MAX };
        for records in decision.records.chunks(chunk) {
            if !self.propose(records, now)? {
                self.completed
                    .extend(token.map(|token| Completed { token, result: Err(not_controller(self.node.leader_id())) }));
                return Ok(());
            }
        }
        let offset = self.node.next_offset() - 1;
        if let Some(broker) = decision.controlled_shutdown_of {
            self.controller.note_shutdown_offset(broker, offset);
        }
        if let Some(token) = token {
            self.waiting.push_back(Waiting { token, offset, response: decision.response });
        }
        Ok(())
    }

    fn propose(&mut self, records: &[VersionedRecord], now: Now) -> Result<bool, ControllerError> {
        let Some(active) = &mut self.active else { return Ok(false) };
        let (base_offset, epoch) = (self.node.next_offset(), self.node.epoch());
        let bytes = batches::data_batch(base_offset, epoch, now.wall_ms, records).map_err(RaftError::from)?;
        if !self.node.propose(&bytes)? {
            return Ok(false);
        }
        for (offset, record) in (base_offset..).zip(records) {
            active.loader.replay(&record.record, offset, epoch, now.wall_ms)?;
            self.controller.replayed(&record.record, active.loader.image());
        }
        // Nobody looks at what changed speculatively.
        let _ = active.loader.publish();
        active.proposed.push_back(MetadataBatch {
            base_offset,
            last_offset: base_offset + records.len() as i64 - 1,
            epoch,
            timestamp: now.wall_ms,
            payload: Payload::Data(records.iter().map(|r| r.record.clone()).collect()),
        });
        Ok(true)
    }

    fn apply_committed(&mut self, committed: &CommittedBatch) -> Result<(), ControllerError> {
        if let Some(active) = &mut self.active {
            while let Some(front) = active.proposed.front() {
                if front.base_offset < committed.base_offset {
                    active.proposed.pop_front();
                } else {
                    break;
                }
            }
            let ours = active.proposed.front().is_some_and(|front| {
                front.base_offset == committed.base_offset && u64::try_from(front.epoch) == Ok(committed.term)
            });
            if ours && let Some(batch) = active.proposed.pop_front() {
                self.committed.batch(&batch)?;
                return Ok(());
            }
        }
        let (batch, _) = batches::decode_batch(&committed.bytes).map_err(RaftError::from)?;
        self.committed.batch(&batch)?;
        Ok(())
    }

    fn complete_waiting(&mut self) {
        let committed = self.committed.loader.image().last_offset();
        while self.waiting.front().is_some_and(|w| w.offset <= committed) {
            if let Some(Waiting { token, response, .. }) = self.waiting.pop_front() {
                self.completed.push(Completed { token, result: Ok(response) });
            }
        }
    }

    /// Writes a snapshot when enough has come since the last one. Costs what exists; the state is small.
    fn maybe_snapshot(&mut self, now: Now) -> Result<(), ControllerError> {
        let due = self.snapshots.interval_ms > 0 && now.mono_ms >= self.next_snapshot_ms;
        let wanted = self.bytes_since_snapshot > self.snapshots.bytes_max || (due && self.bytes_since_snapshot > 0);
        if wanted && self.committed.loader.transaction_start_offset().is_none() {
            self.write_snapshot(now)?;
        }
        Ok(())
    }

    /// Writes a snapshot of the committed state now.
    pub fn write_snapshot(&mut self, now: Now) -> Result<(), ControllerError> {
        // A snapshot beyond the end of the log would have its last records replayed twice.
        self.node.log().flush(now)?;
        let image = self.committed.loader.image();
        let provenance = image.provenance();
        let id =
            SnapshotId { end_offset: provenance.last_contained_offset + 1, epoch: provenance.last_contained_epoch };
        let name = id.file_name();
        let failed = |error| ControllerError::Checkpoint { name: name.clone(), error };
        let voters = (self.node.kraft_version() >= 1).then(|| self.node.voters().clone());
        let bytes = checkpoint::encode(&NewCheckpoint {
            epoch: id.epoch,
            last_contained_log_timestamp: provenance.last_contained_log_time_ms,
            voters: voters.as_ref(),
            records: &image.to_records(),
            wall_ms: now.wall_ms,
        })
        .map_err(failed)?;
        checkpoint::write(&*self.storage, &self.dir, &name, &bytes, Sync::FileAndName).map_err(failed)?;
        tracing::info!("Generated the snapshot {name} of {} bytes.", bytes.len());
        let previous = self.snapshot.replace(id);
        self.bytes_since_snapshot = 0;
        self.next_snapshot_ms = now.mono_ms.saturating_add(self.snapshots.interval_ms);
        // The one before stays until the next: who reads it now may go on.
        if let Some(previous) = previous {
            for old in checkpoint::list(&*self.storage, &self.dir)?.into_iter().filter(|old| *old < previous) {
                self.storage.remove_file(&self.dir.join(old.file_name()))?;
            }
            self.node.log().retain_from(previous.end_offset, now)?;
        }
        Ok(())
    }
}

/// `ControllerExceptions.newWrongControllerException`.
fn not_controller(leader: Option<i32>) -> ApiError {
    let text = match leader {
        Some(id) => format!("The active controller appears to be node {id}."),
        None => "No controller appears to be active.".to_owned(),
    };
    ApiError::new(KafkaError::NotController, text)
}
