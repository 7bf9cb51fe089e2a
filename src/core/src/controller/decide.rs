//! The controller's front: takes a request and an image, returns records and an answer.

use crate::controller::cluster;
use crate::controller::configs::{self, ConfigSchema};
use crate::controller::elections;
use crate::controller::heartbeats::HeartbeatManager;
use crate::controller::placement::UsableBroker;
use crate::controller::requests::{ApiError, Request, Response};
use crate::controller::topics;
use crate::errors::KafkaError;
use crate::metadata::{MetadataImage, MetadataVersion, VersionedRecord};
use ottla_base::clock::Now;
use ottla_base::rng::Rng;
use ottla_record::generated::metadata::{MetadataRecord, ProducerIdsRecord};

/// `QuorumController.MAX_RECORDS_PER_USER_OP`, and the largest batch.
pub const RECORDS_PER_USER_OP_MAX: usize = 10_000;
/// `ProducerIdsBlock.PRODUCER_ID_BLOCK_SIZE`.
pub const PRODUCER_ID_BLOCK_SIZE: i32 = 1000;

/// What the controller takes from the node's configuration.
#[derive(Clone, Debug)]
pub struct ControllerConfig {
    /// This node.
    pub node_id: i32,
    /// The cluster.
    pub cluster_id: String,
    /// `num.partitions`.
    pub default_num_partitions: i32,
    /// `default.replication.factor`.
    pub default_replication_factor: i16,
    /// `broker.session.timeout.ms`.
    pub broker_session_timeout_ms: u64,
    /// Node ids of the voters.
    pub voter_ids: Vec<i32>,
    /// Configuration tables.
    pub configs: ConfigSchema,
}

/// Records that a decision appends, and the answer once they are committed.
#[derive(Clone, Debug, PartialEq)]
pub struct Decision {
    /// To append, in order.
    pub records: Vec<VersionedRecord>,
    /// To answer when all of them are committed.
    pub response: Response,
    /// Whether they must be one batch. Otherwise they may be split.
    pub atomic: bool,
    /// The broker enters or stays in controlled shutdown: tell `Controller::note_shutdown_offset` where the records end.
    pub controlled_shutdown_of: Option<i32>,
}

impl Decision {
    /// All or nothing.
    pub fn atomic(records: Vec<VersionedRecord>, response: Response) -> Decision {
        Decision { records, response, atomic: true, controlled_shutdown_of: None }
    }

    /// May be split.
    pub fn of(records: Vec<VersionedRecord>, response: Response) -> Decision {
        Decision { records, response, atomic: false, controlled_shutdown_of: None }
    }
}

/// What every decision reads.
#[derive(Debug)]
pub(crate) struct Context<'a> {
    pub image: &'a MetadataImage,
    pub config: &'a ControllerConfig,
    pub version: MetadataVersion,
    /// `kraft.version`, which is not in the image.
    pub kraft_version: i16,
    /// Offset that the first record of this decision will have.
    pub next_offset: i64,
}

impl Context<'_> {
    /// Brokers that may be given replicas, by id.
    pub fn usable_brokers(&self) -> Vec<UsableBroker> {
        self.image
            .brokers()
            .filter(|b| !b.in_controlled_shutdown && b.has_uncordoned_dirs())
            .map(|b| UsableBroker { id: b.id, rack: b.rack.clone(), fenced: b.fenced })
            .collect()
    }

    /// Those of `replicas` that are neither fenced nor shutting down.
    pub fn active_of(&self, replicas: &[i32]) -> Vec<i32> {
        replicas.iter().copied().filter(|r| self.is_active(*r)).collect()
    }

    pub fn is_active(&self, broker: i32) -> bool {
        self.image.broker(broker).is_some_and(|b| b.is_active())
    }

    /// `ClusterControlManager.checkBrokerEpoch`.
    pub fn check_broker_epoch(&self, id: i32, epoch: i64) -> Result<(), ApiError> {
        let stale = |text| Err(ApiError::new(KafkaError::StaleBrokerEpoch, text));
        match self.image.broker(id) {
            None => stale(format!("No broker registration found for broker id {id}")),
            Some(b) if b.epoch != epoch => {
                stale(format!("Expected broker epoch {}, but got broker epoch {epoch}", b.epoch))
            }
            Some(_) => Ok(()),
        }
    }
}

/// Where decisions stand: the image they read and the log they go to.
#[derive(Clone, Copy, Debug)]
pub struct Basis<'a> {
    /// Committed and proposed state.
    pub image: &'a MetadataImage,
    /// `kraft.version`.
    pub kraft_version: i16,
    /// Offset of the next record.
    pub next_offset: i64,
}

/// Decides. Owned by the controller thread of the active controller.
#[derive(Clone, Debug)]
pub struct Controller {
    config: ControllerConfig,
    heartbeats: HeartbeatManager,
}

impl Controller {
    /// An inactive controller.
    pub fn new(config: ControllerConfig) -> Controller {
        let heartbeats = HeartbeatManager::new(config.broker_session_timeout_ms);
        Controller { config, heartbeats }
    }

    /// What it was configured with.
    pub fn config(&self) -> &ControllerConfig {
        &self.config
    }

    /// Becomes active with the state of `image`: every unfenced broker gets a new session.
    pub fn activate(&mut self, image: &MetadataImage, now: Now) {
        self.heartbeats = HeartbeatManager::new(self.config.broker_session_timeout_ms);
        for broker in image.brokers() {
            self.heartbeats.register(broker.id, broker.fenced);
            if !broker.fenced {
                self.heartbeats.contact(broker.id, broker.epoch, now);
            }
        }
    }

    /// Decides on a request. Errors are the answer to the whole request; nothing is appended then.
    pub fn decide(
        &mut self,
        basis: Basis<'_>,
        request: &Request,
        now: Now,
        rng: &mut Rng,
    ) -> Result<Decision, ApiError> {
        let ctx = Context {
            image: basis.image,
            config: &self.config,
            version: basis.image.metadata_version().unwrap_or(MetadataVersion::MINIMUM),
            kraft_version: basis.kraft_version,
            next_offset: basis.next_offset,
        };
        let user = |decision: Decision| {
            if decision.records.len() > RECORDS_PER_USER_OP_MAX { Err(topics::too_large()) } else { Ok(decision) }
        };
        match request {
            Request::RegisterBroker(r) => cluster::register_broker(&ctx, &mut self.heartbeats, r, now),
            Request::BrokerHeartbeat(r) => cluster::broker_heartbeat(&ctx, &mut self.heartbeats, r, now),
            Request::UnregisterBroker { broker_id } => cluster::unregister_broker(&ctx, *broker_id).and_then(user),
            Request::RegisterController(r) => cluster::register_controller(&ctx, r),
            Request::CreateTopics(r) => topics::create_topics(&ctx, r, rng).and_then(user),
            Request::DeleteTopics(r) => topics::delete_topics(&ctx, r).and_then(user),
            Request::CreatePartitions(r) => topics::create_partitions(&ctx, r, rng).and_then(user),
            Request::IncrementalAlterConfigs(r) => configs::incremental_alter_configs(&ctx, r).and_then(user),
            Request::AllocateProducerIds { broker_id, broker_epoch } => {
                allocate_producer_ids(&ctx, *broker_id, *broker_epoch)
            }
            Request::ElectLeaders(r) => elections::elect_leaders(&ctx, r).and_then(user),
            Request::AlterPartition(r) => elections::alter_partition(&ctx, r),
            Request::AssignReplicasToDirs(r) => elections::assign_replicas_to_dirs(&ctx, r),
        }
    }

    /// Fences one broker whose session has ended, if there is one. Call again until `None`.
    pub fn fence_stale_broker(&mut self, basis: Basis<'_>, now: Now) -> Option<Decision> {
        let ctx = Context {
            image: basis.image,
            config: &self.config,
            version: basis.image.metadata_version().unwrap_or(MetadataVersion::MINIMUM),
            kraft_version: basis.kraft_version,
            next_offset: basis.next_offset,
        };
        cluster::fence_stale_broker(&ctx, &mut self.heartbeats, now)
    }

    /// When the next session may end, on the monotonic clock.
    pub fn next_deadline_ms(&self) -> Option<u64> {
        self.heartbeats.next_deadline_ms()
    }

    /// Keeps sessions in step with a record that was replayed (`ClusterControlManager.replay`).
    pub fn replayed(&mut self, record: &MetadataRecord, image: &MetadataImage) {
        match record {
            MetadataRecord::RegisterBroker(r) => {
                self.heartbeats.remove(r.broker_id);
                self.heartbeats.register(r.broker_id, r.fenced);
            }
            MetadataRecord::UnregisterBroker(r) => self.heartbeats.remove(r.broker_id),
            MetadataRecord::BrokerRegistrationChange(r) => {
                if let Some(broker) = image.broker(r.broker_id) {
                    self.heartbeats.register(r.broker_id, broker.fenced);
                }
            }
            _ => {}
        }
    }

    /// The records of a decision with `controlled_shutdown_of` end at `offset`.
    pub fn note_shutdown_offset(&mut self, broker_id: i32, offset: i64) {
        self.heartbeats.note_shutdown_offset(broker_id, offset);
    }
}

/// `ProducerIdControlManager.generateNextProducerId`.
fn allocate_producer_ids(ctx: &Context<'_>, broker_id: i32, broker_epoch: i64) -> Result<Decision, ApiError> {
    ctx.check_broker_epoch(broker_id, broker_epoch)?;
    let first_producer_id = ctx.image.next_producer_id();
    let next_producer_id = first_producer_id
        .checked_add(i64::from(PRODUCER_ID_BLOCK_SIZE))
        .ok_or(ApiError::bare(KafkaError::UnknownServerError))?;
    let record = MetadataRecord::ProducerIds(ProducerIdsRecord { broker_id, broker_epoch, next_producer_id });
    let response = Response::ProducerIds { first_producer_id, count: PRODUCER_ID_BLOCK_SIZE };
    Ok(Decision::of(vec![VersionedRecord::new(record, 0)], response))
}
