//! Producer ids for idempotent producers, handed out from blocks that the controller allocates (KIP-730;
//! `RPCProducerIdManager`).
//!
//! Owner: the node. Invariant: an id is handed out once in the life of the cluster; a block is taken from the
//! controller's log before its first id is used.

use super::ControllerHandle;
use ottla_core::controller::requests::{Request, Response};
use ottla_core::errors::KafkaError;
use tokio::sync::Mutex;

/// What is left of the block at hand.
#[derive(Debug)]
pub struct ProducerIds {
    broker_id: i32,
    block: Mutex<std::ops::Range<i64>>,
}

/// How long an allocation may take.
const TIMEOUT_MS: i32 = 10_000;

impl ProducerIds {
    /// Has no block yet.
    pub fn new(broker_id: i32) -> ProducerIds {
        ProducerIds { broker_id, block: Mutex::new(0..0) }
    }

    /// A fresh id. COORDINATOR_LOAD_IN_PROGRESS, which clients retry, when the controller does not answer.
    pub async fn next(&self, controller: &ControllerHandle) -> Result<i64, KafkaError> {
        let mut block = self.block.lock().await;
        if let Some(id) = block.next() {
            return Ok(id);
        }
        let request =
            Request::AllocateProducerIds { broker_id: self.broker_id, broker_epoch: controller.broker_epoch() };
        match controller.request(request, TIMEOUT_MS).await {
            Ok(Response::ProducerIds { first_producer_id, count }) => {
                *block = first_producer_id..first_producer_id + i64::from(count);
                block.next().ok_or(KafkaError::CoordinatorLoadInProgress)
            }
            Ok(_) => Err(KafkaError::UnknownServerError),
            Err(_) => Err(KafkaError::CoordinatorLoadInProgress),
        }
    }
}
