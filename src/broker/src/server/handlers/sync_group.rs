//! SyncGroup (key 14), versions 0–5.
//!
//! Behaviour
//! - A follower waits until the leader has synced; see `ottla_core::coordinator::group`.
//! Versions
//! - 3: static members. 5: protocol type and name, which must then both be given (INCONSISTENT_GROUP_PROTOCOL).

use super::{text, typed_api};
use crate::server::context::RequestContext;
use kafka_protocol::messages::{SyncGroupRequest, SyncGroupResponse};
use ottla_core::coordinator::group::api::{self, GroupRequest, GroupResponse};
use ottla_core::errors::KafkaError;

typed_api!("SyncGroup", 14, 0..=5, SyncGroupRequest, handle);

async fn handle(context: RequestContext, request: SyncGroupRequest) -> SyncGroupResponse {
    let version = context.version();
    let group_id = request.group_id.to_string();
    let lacks_protocol = version >= 5 && (request.protocol_type.is_none() || request.protocol_name.is_none());
    // The frame must not be kept while the group waits for its leader.
    let converted = convert(request);
    let synced = if lacks_protocol {
        api::SyncGroupResponse::error(KafkaError::InconsistentGroupProtocol)
    } else {
        match context.node().groups.request(&group_id, GroupRequest::SyncGroup(converted)).await {
            Ok(GroupResponse::SyncGroup(synced)) => synced,
            Ok(_) => api::SyncGroupResponse::error(KafkaError::UnknownServerError),
            Err(error) => api::SyncGroupResponse::error(error),
        }
    };
    let mut response = SyncGroupResponse::default();
    response.error_code = synced.error.code();
    response.protocol_type = synced.protocol_type.filter(|_| version >= 5).map(text);
    response.protocol_name = synced.protocol_name.filter(|_| version >= 5).map(text);
    response.assignment = synced.assignment;
    response
}

/// Consumes the request: what a group keeps is copied out of the frame.
fn convert(request: SyncGroupRequest) -> api::SyncGroupRequest {
    api::SyncGroupRequest {
        group_id: request.group_id.to_string(),
        generation_id: request.generation_id,
        member_id: request.member_id.to_string(),
        group_instance_id: request.group_instance_id.map(|id| id.to_string()),
        protocol_type: request.protocol_type.map(|t| t.to_string()),
        protocol_name: request.protocol_name.map(|n| n.to_string()),
        assignments: request
            .assignments
            .iter()
            .map(|a| (a.member_id.to_string(), bytes::Bytes::copy_from_slice(&a.assignment)))
            .collect(),
    }
}
