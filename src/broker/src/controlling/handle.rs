//! Asking the controller. Handlers see this type only; where the active controller is, is behind [`ControllerChannel`].

use super::cache::MetadataCache;
use ottla_core::controller::ApiError;
use ottla_core::controller::requests::{Request, Response};
use ottla_core::errors::KafkaError;
use std::fmt::Debug;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;
use tokio::sync::oneshot;

/// A decided request: the answer, and the offset of the last record that it led to (−1 for none).
pub type Decided = (Result<Response, ApiError>, i64);

/// The way to the active controller: this process's own thread, or another node.
pub trait ControllerChannel: Send + Sync + Debug {
    /// Hands a request over. The receiver gets an answer, or an error when the controller goes away.
    fn send(&self, request: Request) -> oneshot::Receiver<Decided>;

    /// What DescribeQuorum reports.
    fn describe_quorum(&self) -> oneshot::Receiver<QuorumDescription>;
}

/// One voter or observer of the quorum.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct QuorumReplica {
    /// Node id.
    pub id: i32,
    /// Its metadata directory; zero when not known.
    pub directory_id: ottla_base::ids::Uuid,
    /// One past the last offset that it has.
    pub log_end_offset: i64,
    /// When it fetched last, milliseconds since the epoch; −1 unknown.
    pub last_fetch_timestamp: i64,
    /// When it had last caught up, milliseconds since the epoch; −1 unknown.
    pub last_caught_up_timestamp: i64,
}

/// The state of the metadata quorum.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct QuorumDescription {
    /// Node id, −1 when there is none.
    pub leader_id: i32,
    /// Its epoch.
    pub leader_epoch: i32,
    /// One past the last committed offset.
    pub high_watermark: i64,
    /// Who votes.
    pub voters: Vec<QuorumReplica>,
    /// Who follows without a vote.
    pub observers: Vec<QuorumReplica>,
    /// Controller listeners of the voters: (node id, [(listener, host, port)]).
    pub nodes: Vec<(i32, Vec<(String, String, u16)>)>,
}

/// What handlers hold.
#[derive(Debug)]
pub struct ControllerHandle {
    channel: Box<dyn ControllerChannel>,
    metadata: Arc<MetadataCache>,
    broker_epoch: AtomicI64,
}

impl ControllerHandle {
    /// Over a channel.
    pub fn new(channel: Box<dyn ControllerChannel>, metadata: Arc<MetadataCache>) -> ControllerHandle {
        ControllerHandle { channel, metadata, broker_epoch: AtomicI64::new(-1) }
    }

    /// Epoch of this broker's registration; −1 before it registered.
    pub fn broker_epoch(&self) -> i64 {
        self.broker_epoch.load(Ordering::Acquire)
    }

    /// Remembers this broker's registration.
    pub fn set_broker_epoch(&self, epoch: i64) {
        self.broker_epoch.store(epoch, Ordering::Release);
    }

    /// Asks and waits for the decision to be committed. REQUEST_TIMED_OUT when that takes longer than `timeout_ms`.
    pub async fn request(&self, request: Request, timeout_ms: i32) -> Result<Response, ApiError> {
        self.decide(request, timeout_ms).await.0
    }

    /// As [`ControllerHandle::request`], and waits until this node has applied the decision.
    pub async fn request_and_apply(&self, request: Request, timeout_ms: i32) -> Result<Response, ApiError> {
        let (result, offset) = self.decide(request, timeout_ms).await;
        if offset >= 0 {
            // Applying is this node's own work, and the decision stands: no reason to report a failure.
            self.metadata.wait_applied(offset).await;
        }
        result
    }

    async fn decide(&self, request: Request, timeout_ms: i32) -> Decided {
        let answer = self.channel.send(request);
        let timeout = Duration::from_millis(u64::try_from(timeout_ms).unwrap_or(0));
        match tokio::time::timeout(timeout, answer).await {
            Ok(Ok(decided)) => decided,
            Ok(Err(_)) => (Err(ApiError::bare(KafkaError::NotController)), -1),
            Err(_) => (Err(ApiError::bare(KafkaError::RequestTimedOut)), -1),
        }
    }

    /// The state of the quorum; `None` when no controller answers.
    pub async fn describe_quorum(&self) -> Option<QuorumDescription> {
        self.channel.describe_quorum().await.ok()
    }
}
