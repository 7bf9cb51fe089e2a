//! LeaveGroup (key 13), versions 0–5.
//!
//! Versions
//! - 0–2: one member; its error is the response's. 3: several members, each with its own result. 5: reason.

use super::{text, typed_api};
use crate::server::context::RequestContext;
use kafka_protocol::messages::leave_group_response::MemberResponse;
use kafka_protocol::messages::{LeaveGroupRequest, LeaveGroupResponse};
use ottla_core::coordinator::group::api::{self, GroupRequest, GroupResponse};
use ottla_core::errors::KafkaError;

typed_api!("LeaveGroup", 13, 0..=5, LeaveGroupRequest, handle);

async fn handle(context: RequestContext, request: LeaveGroupRequest) -> LeaveGroupResponse {
    let version = context.version();
    let group_id = request.group_id.to_string();
    let members = if version >= 3 {
        request
            .members
            .iter()
            .map(|m| api::LeavingMember {
                member_id: m.member_id.to_string(),
                group_instance_id: m.group_instance_id.as_ref().map(|id| id.to_string()),
                reason: m.reason.as_ref().map(|r| r.to_string()),
            })
            .collect()
    } else {
        vec![api::LeavingMember { member_id: request.member_id.to_string(), group_instance_id: None, reason: None }]
    };
    let operation = GroupRequest::LeaveGroup(api::LeaveGroupRequest { group_id: group_id.clone(), members });
    let mut response = LeaveGroupResponse::default();
    match context.node().groups.request(&group_id, operation).await {
        Ok(GroupResponse::LeaveGroup(left)) => {
            response.error_code = left.error.code();
            if version >= 3 {
                response.members = left
                    .members
                    .into_iter()
                    .map(|m| {
                        let mut member = MemberResponse::default();
                        member.member_id = text(m.member_id);
                        member.group_instance_id = m.group_instance_id.map(text);
                        member.error_code = m.error.code();
                        member
                    })
                    .collect();
            } else if left.error == KafkaError::None {
                response.error_code = left.members.first().map_or(0, |m| m.error.code());
            }
        }
        Ok(_) => response.error_code = KafkaError::UnknownServerError.code(),
        Err(error) => response.error_code = error.code(),
    }
    response
}
