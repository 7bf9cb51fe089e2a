//! ListGroups (key 16), versions 0–5.
//!
//! Behaviour
//! - Groups whose coordinator is this node. While one of its partitions loads: COORDINATOR_LOAD_IN_PROGRESS.
//! Versions
//! - 4: filter by state; state in the response. 5: filter by type; type in the response.

use super::{text, typed_api};
use crate::server::context::RequestContext;
use kafka_protocol::messages::list_groups_response::ListedGroup;
use kafka_protocol::messages::{GroupId, ListGroupsRequest, ListGroupsResponse};

typed_api!("ListGroups", 16, 0..=5, ListGroupsRequest, handle);

async fn handle(context: RequestContext, request: ListGroupsRequest) -> ListGroupsResponse {
    let version = context.version();
    let states: Vec<String> = request.states_filter.iter().map(|s| s.to_string()).collect();
    let types: Vec<String> = request.types_filter.iter().map(|t| t.to_string()).collect();
    let mut response = ListGroupsResponse::default();
    match context.node().groups.list(&states, &types) {
        Err(error) => response.error_code = error.code(),
        Ok(groups) => {
            response.groups = groups
                .into_iter()
                .map(|g| {
                    let mut group = ListedGroup::default();
                    group.group_id = GroupId(text(g.group_id));
                    group.protocol_type = text(g.protocol_type);
                    if version >= 4 {
                        group.group_state = text(g.group_state);
                    }
                    if version >= 5 {
                        group.group_type = text(g.group_type);
                    }
                    group
                })
                .collect();
        }
    }
    response
}
