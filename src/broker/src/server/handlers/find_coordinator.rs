//! FindCoordinator (key 10), versions 0–6.
//!
//! Behaviour
//! - Group keys: the leader of the group's partition of `__consumer_offsets`, which is made on first use; the answer
//!   waits for it (design D14; Kafka answers COORDINATOR_NOT_AVAILABLE and lets the client retry).
//! Versions
//! - 1: key type, error text. 4: several keys. 6: share coordinators.
//! Not done, and why
//! - Transaction coordinators do not exist yet: TRANSACTIONAL_ID_AUTHORIZATION_FAILED, the one code that every client
//!   takes as final (librdkafka asks again after any other).
//! - Share coordinators do not exist yet: UNSUPPORTED_VERSION.

use super::{INVALID_REQUEST_TEXT, text, typed_api};
use crate::server::context::RequestContext;
use kafka_protocol::messages::find_coordinator_response::Coordinator;
use kafka_protocol::messages::{BrokerId, FindCoordinatorRequest, FindCoordinatorResponse};
use ottla_base::ids::{CONSUMER_OFFSETS_TOPIC, coordinator_partition};
use ottla_core::errors::KafkaError;

typed_api!("FindCoordinator", 10, 0..=6, FindCoordinatorRequest, handle);

const GROUP: i8 = 0;
const TRANSACTION: i8 = 1;
const SHARE: i8 = 2;

/// Where a coordinator is.
struct Found {
    id: i32,
    host: String,
    port: i32,
}

const NOWHERE: Found = Found { id: -1, host: String::new(), port: -1 };

async fn handle(context: RequestContext, request: FindCoordinatorRequest) -> FindCoordinatorResponse {
    let version = context.version();
    let mut response = FindCoordinatorResponse::default();
    if version >= 4 {
        for key in &request.coordinator_keys {
            let (error, found) = find(&context, request.key_type, key).await;
            let mut coordinator = Coordinator::default();
            coordinator.key = text(key.to_string());
            coordinator.error_code = error.code();
            coordinator.error_message = Some(text(""));
            coordinator.node_id = BrokerId(found.id);
            coordinator.host = text(found.host);
            coordinator.port = found.port;
            response.coordinators.push(coordinator);
        }
        return response;
    }
    let key_type = if version >= 1 { request.key_type } else { GROUP };
    let (error, found) = find(&context, key_type, &request.key).await;
    response.error_code = error.code();
    if version >= 1 {
        response.error_message = Some(text(error_text(error)));
    }
    response.node_id = BrokerId(found.id);
    response.host = text(found.host);
    response.port = found.port;
    response
}

/// `Errors.message()` of the codes that occur here.
fn error_text(error: KafkaError) -> &'static str {
    match error {
        KafkaError::None => "NONE",
        KafkaError::CoordinatorNotAvailable => "The coordinator is not available.",
        KafkaError::TransactionalIdAuthorizationFailed => "Transactions are not implemented.",
        KafkaError::UnsupportedVersion => "The version of API is not supported.",
        KafkaError::InvalidRequest => INVALID_REQUEST_TEXT,
        other => other.name(),
    }
}

async fn find(context: &RequestContext, key_type: i8, key: &str) -> (KafkaError, Found) {
    match key_type {
        GROUP => {}
        TRANSACTION => return (KafkaError::TransactionalIdAuthorizationFailed, NOWHERE),
        SHARE if context.version() >= 6 => return (KafkaError::UnsupportedVersion, NOWHERE),
        _ => return (KafkaError::InvalidRequest, NOWHERE),
    }
    let node = context.node();
    if node.ensure_internal_topic(CONSUMER_OFFSETS_TOPIC).await.is_err() {
        return (KafkaError::CoordinatorNotAvailable, NOWHERE);
    }
    let image = node.metadata.image();
    let found = image.topic(CONSUMER_OFFSETS_TOPIC).and_then(|topic| {
        let index = coordinator_partition(key, i32::try_from(topic.partition_count()).ok()?.max(1));
        let leader = topic.partition(index)?.leader;
        let endpoint = image.alive_broker_endpoint(leader, &context.connection.listener)?;
        Some(Found { id: leader, host: endpoint.host.clone(), port: i32::from(endpoint.port) })
    });
    match found {
        Some(found) => (KafkaError::None, found),
        None => (KafkaError::CoordinatorNotAvailable, NOWHERE),
    }
}
