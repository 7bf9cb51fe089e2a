//! A node: what handlers share, and how it is started and stopped.
//!
//! In reading order: this file (the shared state), [`config`], [`configs`], [`start`] (boot and shutdown),
//! [`housekeeping`] (periodic work).

pub mod config;
pub mod configs;
pub mod housekeeping;
pub mod start;
mod topics;

pub use start::{Options, RunningNode, StartError, run_until_signal, start, start_on};

use crate::controlling::producer_ids::ProducerIds;
use crate::controlling::{ControllerHandle, MetadataCache};
use crate::coordination::GroupCoordinators;
use crate::replica::{Replica, ReplicaManager};
use crate::server::budget::Budget;
use crate::server::listener::ConnectionCounts;
use config::NodeConfig;
use ottla_base::clock::Clock;
use ottla_base::rng::Rng;
use ottla_core::errors::KafkaError;
use ottla_core::fetch_session::FetchSessions;
use parking_lot::Mutex;
use std::sync::Arc;

/// What every request may use. One value per node.
#[derive(Debug)]
pub struct Node {
    /// `node.id`.
    pub id: i32,
    /// `cluster.id`.
    pub cluster_id: String,
    /// Its configuration.
    pub config: NodeConfig,
    /// Time.
    pub clock: Arc<dyn Clock>,
    /// Bytes that requests may hold.
    pub budget: Arc<Budget>,
    /// Open connections.
    pub connections: Arc<ConnectionCounts>,
    /// The cluster as this node knows it.
    pub metadata: Arc<MetadataCache>,
    /// Local replicas.
    pub replicas: Arc<ReplicaManager>,
    /// The way to the controller.
    pub controller: ControllerHandle,
    /// Group coordinators.
    pub groups: Arc<GroupCoordinators>,
    /// Producer ids at hand.
    pub producer_ids: ProducerIds,
    /// Incremental fetch sessions.
    pub fetch_sessions: Mutex<FetchSessions>,
    /// For ids.
    pub rng: Mutex<Rng>,
    /// Internal topics that are being made, so that one request makes each.
    creating: tokio::sync::Mutex<()>,
}

impl Node {
    /// A local replica by its topic's name: UNKNOWN_TOPIC_OR_PARTITION, or why it is not here.
    pub fn find_replica(&self, topic: &str, index: i32) -> Result<Arc<Replica>, KafkaError> {
        let image = self.metadata.image();
        let topic = image.topic(topic).ok_or(KafkaError::UnknownTopicOrPartition)?;
        let registration = topic.partition(index).ok_or(KafkaError::UnknownTopicOrPartition)?;
        match self.replicas.get(topic.id, index) {
            Some(replica) => Ok(replica),
            None if registration.replicas.contains(&self.id) => Err(self.replicas.why_absent(topic.id, index)),
            None => Err(KafkaError::NotLeaderOrFollower),
        }
    }
}
