//! DescribeGroups (key 15), versions 0–6.
//!
//! Versions
//! - 3: authorized operations. 4: static members. 6: GROUP_ID_NOT_FOUND with a text for a missing group, which older
//!   versions show as state Dead.

use super::{NO_ROOM, OPERATIONS_NOT_ASKED, Room, operations, text, typed_api};
use crate::server::context::RequestContext;
use kafka_protocol::messages::describe_groups_response::{DescribedGroup, DescribedGroupMember};
use kafka_protocol::messages::{DescribeGroupsRequest, DescribeGroupsResponse, GroupId};
use ottla_core::errors::KafkaError;

typed_api!("DescribeGroups", 15, 0..=6, DescribeGroupsRequest, handle);

async fn handle(context: RequestContext, request: DescribeGroupsRequest) -> DescribeGroupsResponse {
    let version = context.version();
    let mut response = DescribeGroupsResponse::default();
    let mut room = Room::new(&context);
    for id in &request.groups {
        let mut group = DescribedGroup::default();
        group.group_id = GroupId(text(id.to_string()));
        group.authorized_operations = OPERATIONS_NOT_ASKED;
        if room.is_full() {
            group.error_code = KafkaError::InvalidRequest.code();
            group.error_message = Some(text(NO_ROOM)).filter(|_| version >= 6);
            response.groups.push(group);
            continue;
        }
        match context.node().groups.describe(id, version).await {
            Err(error) => group.error_code = error.code(),
            Ok(described) => {
                group.error_code = described.error.code();
                group.error_message = described.error_message.filter(|_| version >= 6).map(text);
                group.group_state = text(described.group_state);
                group.protocol_type = text(described.protocol_type);
                group.protocol_data = text(described.protocol_data);
                group.members = described
                    .members
                    .into_iter()
                    .inspect(|m| room.use_up(512 + m.metadata.len() + m.assignment.len()))
                    .map(|m| {
                        let mut member = DescribedGroupMember::default();
                        member.member_id = text(m.member_id);
                        member.group_instance_id = m.group_instance_id.filter(|_| version >= 4).map(text);
                        member.client_id = text(m.client_id);
                        member.client_host = text(m.client_host);
                        member.member_metadata = m.metadata;
                        member.member_assignment = m.assignment;
                        member
                    })
                    .collect();
                if version >= 3 && request.include_authorized_operations && group.error_code == 0 {
                    group.authorized_operations = operations::GROUP;
                }
            }
        }
        response.groups.push(group);
    }
    response
}
