//! Heartbeat (key 12), versions 0–4.
//!
//! Behaviour
//! - While the coordinator loads it answers 0, as in Kafka, so that members do not rejoin for nothing.
//! Versions
//! - 3: static members.

use super::typed_api;
use crate::server::context::RequestContext;
use kafka_protocol::messages::{HeartbeatRequest, HeartbeatResponse};
use ottla_core::coordinator::group::api::{self, GroupRequest, GroupResponse};
use ottla_core::errors::KafkaError;

typed_api!("Heartbeat", 12, 0..=4, HeartbeatRequest, handle);

async fn handle(context: RequestContext, request: HeartbeatRequest) -> HeartbeatResponse {
    let group_id = request.group_id.to_string();
    let converted = api::HeartbeatRequest {
        group_id: group_id.clone(),
        generation_id: request.generation_id,
        member_id: request.member_id.to_string(),
        group_instance_id: request.group_instance_id.map(|id| id.to_string()),
    };
    let error = match context.node().groups.request(&group_id, GroupRequest::Heartbeat(converted)).await {
        Ok(GroupResponse::Heartbeat(error)) => error,
        Ok(_) => KafkaError::UnknownServerError,
        Err(KafkaError::CoordinatorLoadInProgress) => KafkaError::None,
        Err(error) => error,
    };
    let mut response = HeartbeatResponse::default();
    response.error_code = error.code();
    response
}
