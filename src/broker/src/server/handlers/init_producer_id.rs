//! InitProducerId (key 22), versions 0–5.
//!
//! Behaviour
//! - Without a transactional id: a fresh producer id with epoch 0, from a block that the controller handed to this node.
//! - An empty transactional id is INVALID_REQUEST.
//! Not done, and why
//! - Transactions do not exist yet: a transactional id is refused with TRANSACTIONAL_ID_AUTHORIZATION_FAILED, the one
//!   code that every client takes as final (librdkafka asks again after any other).

use super::typed_api;
use crate::server::context::RequestContext;
use kafka_protocol::messages::{InitProducerIdRequest, InitProducerIdResponse, ProducerId};
use ottla_core::errors::KafkaError;

typed_api!("InitProducerId", 22, 0..=5, InitProducerIdRequest, handle);

async fn handle(context: RequestContext, request: InitProducerIdRequest) -> InitProducerIdResponse {
    let mut response = InitProducerIdResponse::default();
    response.producer_id = ProducerId(-1);
    response.producer_epoch = -1;
    match &request.transactional_id {
        Some(id) if id.is_empty() => response.error_code = KafkaError::InvalidRequest.code(),
        Some(_) => response.error_code = KafkaError::TransactionalIdAuthorizationFailed.code(),
        None => match context.node().producer_ids.next(&context.node().controller).await {
            Ok(id) => {
                response.producer_id = ProducerId(id);
                response.producer_epoch = 0;
            }
            Err(error) => response.error_code = error.code(),
        },
    }
    response
}
