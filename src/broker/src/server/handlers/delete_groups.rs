//! DeleteGroups (key 42), versions 0–2.
//!
//! Behaviour
//! - A group with members is NON_EMPTY_GROUP, one that does not exist GROUP_ID_NOT_FOUND.

use super::{text, typed_api};
use crate::server::context::RequestContext;
use kafka_protocol::messages::delete_groups_response::DeletableGroupResult;
use kafka_protocol::messages::{DeleteGroupsRequest, DeleteGroupsResponse, GroupId};
use ottla_core::coordinator::group::api::{GroupRequest, GroupResponse};
use ottla_core::errors::KafkaError;

typed_api!("DeleteGroups", 42, 0..=2, DeleteGroupsRequest, handle);

async fn handle(context: RequestContext, request: DeleteGroupsRequest) -> DeleteGroupsResponse {
    let mut response = DeleteGroupsResponse::default();
    let mut seen = std::collections::BTreeSet::new();
    for id in &request.groups_names {
        let id = id.to_string();
        if !seen.insert(id.clone()) {
            continue;
        }
        let error = match context.node().groups.request(&id, GroupRequest::DeleteGroups(vec![id.clone()])).await {
            Ok(GroupResponse::DeleteGroups(results)) => results.first().map_or(KafkaError::None, |(_, error)| *error),
            Ok(_) => KafkaError::UnknownServerError,
            Err(error) => error,
        };
        let mut result = DeletableGroupResult::default();
        result.group_id = GroupId(text(id));
        result.error_code = error.code();
        response.results.push(result);
    }
    response
}
