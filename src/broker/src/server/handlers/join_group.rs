//! JoinGroup (key 11), versions 0–9.
//!
//! Behaviour
//! - Waits in the coordinator until the join phase completes; see `ottla_core::coordinator::group`.
//! Versions
//! - 0: no rebalance timeout (the session timeout serves). 4: MEMBER_ID_REQUIRED. 5: static members. 7: protocol type
//!   in the response, whose protocol name may be null. 8: reason. 9: skip_assignment.

use super::{text, typed_api};
use crate::server::context::RequestContext;
use kafka_protocol::messages::join_group_response::JoinGroupResponseMember;
use kafka_protocol::messages::{JoinGroupRequest, JoinGroupResponse};
use ottla_core::coordinator::group::api::{self, GroupRequest, GroupResponse};
use ottla_core::errors::KafkaError;

typed_api!("JoinGroup", 11, 0..=9, JoinGroupRequest, handle);

async fn handle(context: RequestContext, request: JoinGroupRequest) -> JoinGroupResponse {
    let version = context.version();
    let member_id = request.member_id.to_string();
    let group_id = request.group_id.to_string();
    // The frame must not be kept while the group assembles.
    let converted = convert(request, version);
    let operation = GroupRequest::JoinGroup(context.group_context(), converted);
    let joined = match context.node().groups.request(&group_id, operation).await {
        Ok(GroupResponse::JoinGroup(joined)) => joined,
        Ok(_) => api::JoinGroupResponse::error(KafkaError::UnknownServerError, &member_id),
        Err(error) => api::JoinGroupResponse::error(error, &member_id),
    };
    let mut response = JoinGroupResponse::default();
    response.error_code = joined.error.code();
    response.generation_id = joined.generation_id;
    response.protocol_type = joined.protocol_type.filter(|_| version >= 7).map(text);
    response.protocol_name = match joined.protocol_name {
        Some(name) => Some(text(name)),
        None if version < 7 => Some(text("")),
        None => None,
    };
    response.leader = text(joined.leader);
    response.skip_assignment = version >= 9 && joined.skip_assignment;
    response.member_id = text(joined.member_id);
    response.members = joined
        .members
        .into_iter()
        .map(|m| {
            let mut member = JoinGroupResponseMember::default();
            member.member_id = text(m.member_id);
            member.group_instance_id = m.group_instance_id.filter(|_| version >= 5).map(text);
            member.metadata = m.metadata;
            member
        })
        .collect();
    response
}

/// Consumes the request: what a group keeps is copied out of the frame.
fn convert(request: JoinGroupRequest, version: i16) -> api::JoinGroupRequest {
    api::JoinGroupRequest {
        group_id: request.group_id.to_string(),
        session_timeout_ms: request.session_timeout_ms,
        rebalance_timeout_ms: if version >= 1 { request.rebalance_timeout_ms } else { request.session_timeout_ms },
        member_id: request.member_id.to_string(),
        group_instance_id: request.group_instance_id.map(|id| id.to_string()),
        protocol_type: request.protocol_type.to_string(),
        protocols: request
            .protocols
            .iter()
            .map(|p| api::JoinGroupProtocol {
                name: p.name.to_string(),
                // Copied: what a group keeps must not pin the frame.
                metadata: bytes::Bytes::copy_from_slice(&p.metadata),
            })
            .collect(),
        reason: request.reason.map(|r| r.to_string()),
    }
}
