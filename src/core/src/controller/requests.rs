//! What the controller is asked and what it answers: plain data, without a wire format.

use crate::errors::KafkaError;
use crate::metadata::{ConfigResource, Endpoint, VersionRange};
use ottla_base::ids::Uuid;
use std::collections::BTreeMap;
use std::fmt;

/// A code with the text that Kafka sends along (`ApiError`). `None` as code is success.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ApiError {
    /// The code.
    pub error: KafkaError,
    /// Kafka's text; `None` where Kafka leaves it out and clients use their own.
    pub message: Option<String>,
}

impl ApiError {
    /// Success.
    pub const NONE: ApiError = ApiError { error: KafkaError::None, message: None };

    /// A code with a text.
    pub fn new(error: KafkaError, message: impl Into<String>) -> ApiError {
        ApiError { error, message: Some(message.into()) }
    }

    /// A code without a text.
    pub fn bare(error: KafkaError) -> ApiError {
        ApiError { error, message: None }
    }

    /// Whether it is an error.
    pub fn is_failure(&self) -> bool {
        self.error != KafkaError::None
    }
}

impl fmt::Display for ApiError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.message {
            Some(message) => write!(f, "{} ({message})", self.error.name()),
            None => f.write_str(self.error.name()),
        }
    }
}

impl std::error::Error for ApiError {}

/// A request.
#[derive(Clone, Debug, PartialEq)]
pub enum Request {
    /// A broker starts (62).
    RegisterBroker(RegisterBroker),
    /// A broker is alive (63).
    BrokerHeartbeat(BrokerHeartbeat),
    /// Forget a broker (64).
    UnregisterBroker {
        /// Its id.
        broker_id: i32,
    },
    /// A controller starts (70).
    RegisterController(RegisterController),
    /// CreateTopics (19).
    CreateTopics(CreateTopics),
    /// DeleteTopics (20).
    DeleteTopics(DeleteTopics),
    /// CreatePartitions (37).
    CreatePartitions(CreatePartitions),
    /// IncrementalAlterConfigs (44).
    IncrementalAlterConfigs(IncrementalAlterConfigs),
    /// A block of producer ids (67).
    AllocateProducerIds {
        /// The broker that asks.
        broker_id: i32,
        /// Its epoch.
        broker_epoch: i64,
    },
    /// ElectLeaders (43).
    ElectLeaders(ElectLeaders),
    /// The leader of a partition changes its ISR (56).
    AlterPartition(AlterPartition),
    /// A broker says in which directories its replicas are (73).
    AssignReplicasToDirs(AssignReplicasToDirs),
}

/// An answer, of the kind that its request asks for.
#[derive(Clone, Debug, PartialEq)]
pub enum Response {
    /// Nothing but success.
    Done,
    /// To RegisterBroker.
    BrokerRegistered {
        /// The epoch to use from now on.
        broker_epoch: i64,
    },
    /// To BrokerHeartbeat.
    BrokerHeartbeat(BrokerHeartbeatReply),
    /// To CreateTopics.
    CreateTopics(Vec<CreatableTopicResult>),
    /// To DeleteTopics.
    DeleteTopics(Vec<DeletableTopicResult>),
    /// To CreatePartitions: name and result.
    CreatePartitions(Vec<(String, ApiError)>),
    /// To IncrementalAlterConfigs.
    IncrementalAlterConfigs(Vec<(ConfigResource, ApiError)>),
    /// To AllocateProducerIds.
    ProducerIds {
        /// First id of the block.
        first_producer_id: i64,
        /// How many ids it has.
        count: i32,
    },
    /// To ElectLeaders: topic → (partition, result).
    ElectLeaders(Vec<(String, Vec<(i32, ApiError)>)>),
    /// To AlterPartition.
    AlterPartition(Vec<AlterPartitionResult>),
    /// To AssignReplicasToDirs: directory → topic → (partition, code).
    AssignReplicasToDirs(ByDirectory<(i32, KafkaError)>),
}

/// `BrokerRegistrationRequest`.
#[derive(Clone, Debug, PartialEq)]
pub struct RegisterBroker {
    /// Node id.
    pub broker_id: i32,
    /// The cluster it believes to be in.
    pub cluster_id: String,
    /// This life of the process.
    pub incarnation_id: Uuid,
    /// (listener name, endpoint), in the order of the configuration.
    pub listeners: Vec<(String, Endpoint)>,
    /// Supported levels by feature, in the broker's order.
    pub features: Vec<(String, VersionRange)>,
    /// Rack.
    pub rack: Option<String>,
    /// Ids of the log directories that are online.
    pub log_dirs: Vec<Uuid>,
    /// The epoch of the previous life if it ended cleanly, else -1. `None` from brokers that cannot tell.
    pub previous_broker_epoch: Option<i64>,
    /// The broker lives in this very process: an earlier life under its id is over, and no session is waited for.
    pub same_process: bool,
}

/// `ControllerRegistrationRequest`.
#[derive(Clone, Debug, PartialEq)]
pub struct RegisterController {
    /// Node id.
    pub controller_id: i32,
    /// This life of the process.
    pub incarnation_id: Uuid,
    /// (listener name, endpoint).
    pub listeners: Vec<(String, Endpoint)>,
    /// Supported levels by feature.
    pub features: Vec<(String, VersionRange)>,
}

/// `BrokerHeartbeatRequest`.
#[derive(Clone, Debug, PartialEq)]
pub struct BrokerHeartbeat {
    /// Node id.
    pub broker_id: i32,
    /// Epoch it was given.
    pub broker_epoch: i64,
    /// Offset of the last metadata record that it has applied.
    pub current_metadata_offset: i64,
    /// It wants to be (or to stay) fenced.
    pub want_fence: bool,
    /// It wants to stop.
    pub want_shut_down: bool,
    /// Directories that failed.
    pub offline_log_dirs: Vec<Uuid>,
    /// Directories that take no new partitions; `None` when not known yet.
    pub cordoned_log_dirs: Option<Vec<Uuid>>,
}

/// Answer to a heartbeat.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BrokerHeartbeatReply {
    /// The broker has applied its own registration.
    pub is_caught_up: bool,
    /// It is fenced.
    pub is_fenced: bool,
    /// It is in controlled shutdown.
    pub in_controlled_shutdown: bool,
    /// It may stop now.
    pub should_shut_down: bool,
}

/// `CreateTopicsRequest`.
#[derive(Clone, Debug, PartialEq, Default)]
pub struct CreateTopics {
    /// In the order of the request; duplicates included.
    pub topics: Vec<CreatableTopic>,
    /// Check only.
    pub validate_only: bool,
}

/// One topic to create.
#[derive(Clone, Debug, PartialEq)]
pub struct CreatableTopic {
    /// Its name.
    pub name: String,
    /// How many partitions, or -1 for the default.
    pub num_partitions: i32,
    /// How many replicas, or -1 for the default.
    pub replication_factor: i16,
    /// (partition, brokers), instead of counts.
    pub assignments: Vec<(i32, Vec<i32>)>,
    /// Configurations to set.
    pub configs: Vec<(String, Option<String>)>,
}

impl CreatableTopic {
    /// A topic with counts.
    pub fn new(name: impl Into<String>, num_partitions: i32, replication_factor: i16) -> CreatableTopic {
        CreatableTopic {
            name: name.into(),
            num_partitions,
            replication_factor,
            assignments: Vec::new(),
            configs: Vec::new(),
        }
    }
}

/// Result for one topic.
#[derive(Clone, Debug, PartialEq)]
pub struct CreatableTopicResult {
    /// Its name.
    pub name: String,
    /// Its id; zero on an error.
    pub topic_id: Uuid,
    /// What happened.
    pub error: ApiError,
    /// How many partitions it has; -1 on an error.
    pub num_partitions: i32,
    /// How many replicas the first partition has; -1 on an error.
    pub replication_factor: i16,
}

/// `DeleteTopicsRequest`.
#[derive(Clone, Debug, PartialEq, Default)]
pub struct DeleteTopics {
    /// (name, id), one of them absent or zero.
    pub topics: Vec<(Option<String>, Uuid)>,
}

/// Result for one topic.
#[derive(Clone, Debug, PartialEq)]
pub struct DeletableTopicResult {
    /// Its name, where it is known.
    pub name: Option<String>,
    /// Its id, or zero.
    pub topic_id: Uuid,
    /// What happened.
    pub error: ApiError,
}

/// `CreatePartitionsRequest`.
#[derive(Clone, Debug, PartialEq, Default)]
pub struct CreatePartitions {
    /// In the order of the request; duplicates included.
    pub topics: Vec<CreatePartitionsTopic>,
    /// Check only.
    pub validate_only: bool,
}

/// One topic to extend.
#[derive(Clone, Debug, PartialEq)]
pub struct CreatePartitionsTopic {
    /// Its name.
    pub name: String,
    /// How many partitions it is to have in all.
    pub count: i32,
    /// Brokers of each new partition.
    pub assignments: Option<Vec<Vec<i32>>>,
}

/// `AlterConfigOp.OpType`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OpType {
    /// Set a value.
    Set,
    /// Go back to the default.
    Delete,
    /// Add to a list.
    Append,
    /// Take from a list.
    Subtract,
}

impl OpType {
    /// From the request's number.
    pub fn from_id(id: i8) -> Option<OpType> {
        match id {
            0 => Some(OpType::Set),
            1 => Some(OpType::Delete),
            2 => Some(OpType::Append),
            3 => Some(OpType::Subtract),
            _ => None,
        }
    }

    /// Kafka's name.
    pub fn name(self) -> &'static str {
        match self {
            OpType::Set => "SET",
            OpType::Delete => "DELETE",
            OpType::Append => "APPEND",
            OpType::Subtract => "SUBTRACT",
        }
    }
}

/// `IncrementalAlterConfigsRequest`, loggers excepted.
#[derive(Clone, Debug, PartialEq, Default)]
pub struct IncrementalAlterConfigs {
    /// In the order of the request; duplicates included.
    pub resources: Vec<(ConfigResource, Vec<AlterConfigOp>)>,
    /// Check only.
    pub validate_only: bool,
}

/// One change to one key.
#[derive(Clone, Debug, PartialEq)]
pub struct AlterConfigOp {
    /// The key.
    pub name: String,
    /// What to do.
    pub op: OpType,
    /// The value; `None` for Delete.
    pub value: Option<String>,
}

/// `ElectLeadersRequest`.
#[derive(Clone, Debug, PartialEq)]
pub struct ElectLeaders {
    /// 0 preferred, 1 unclean.
    pub election_type: i8,
    /// Topic → partitions; `None` for all.
    pub topic_partitions: Option<Vec<(String, Vec<i32>)>>,
}

/// `AlterPartitionRequest`.
#[derive(Clone, Debug, PartialEq)]
pub struct AlterPartition {
    /// The leader that asks.
    pub broker_id: i32,
    /// Its epoch.
    pub broker_epoch: i64,
    /// What it wants.
    pub partitions: Vec<AlterPartitionData>,
}

/// One partition of an AlterPartition.
#[derive(Clone, Debug, PartialEq)]
pub struct AlterPartitionData {
    /// Topic.
    pub topic_id: Uuid,
    /// Partition.
    pub partition: i32,
    /// Epoch that the leader leads in.
    pub leader_epoch: i32,
    /// (broker, its epoch or -1).
    pub new_isr: Vec<(i32, i64)>,
    /// 0 recovered, 1 recovering.
    pub leader_recovery_state: i8,
    /// Epoch of the partition that the change is based on.
    pub partition_epoch: i32,
}

/// Result for one partition.
#[derive(Clone, Debug, PartialEq)]
pub struct AlterPartitionResult {
    /// Topic.
    pub topic_id: Uuid,
    /// Partition.
    pub partition: i32,
    /// New state, or the reason why not.
    pub result: Result<AlteredPartition, KafkaError>,
}

/// State of a partition after AlterPartition.
#[derive(Clone, Debug, PartialEq)]
pub struct AlteredPartition {
    /// Leader.
    pub leader_id: i32,
    /// Its epoch.
    pub leader_epoch: i32,
    /// In-sync replicas.
    pub isr: Vec<i32>,
    /// 0 recovered, 1 recovering.
    pub leader_recovery_state: i8,
    /// Partition epoch.
    pub partition_epoch: i32,
}

/// `AssignReplicasToDirsRequest`.
#[derive(Clone, Debug, PartialEq)]
pub struct AssignReplicasToDirs {
    /// The broker that asks.
    pub broker_id: i32,
    /// Its epoch.
    pub broker_epoch: i64,
    /// Directory → topic → partitions.
    pub directories: ByDirectory<i32>,
}

/// Directory → topic → partitions, or something for each of them.
pub type ByDirectory<T> = Vec<(Uuid, Vec<(Uuid, Vec<T>)>)>;

/// Results by name that keep the order in which they came.
pub(crate) type ErrorsByName = BTreeMap<String, ApiError>;
