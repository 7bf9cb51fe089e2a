//! OffsetCommit (key 8), versions 2–10.
//!
//! Behaviour
//! - Topics that do not exist are answered here; the rest goes to the group's coordinator as one operation.
//! Versions
//! - 2–4: retention time. 6: leader epoch. 7: static members. 9: KIP-848 errors. 10: topic ids (UNKNOWN_TOPIC_ID).

use crate::server::context::RequestContext;
use crate::server::registry::{Api, typed_generated};
use ottla_base::ids::{Uuid, ZERO_UUID};
use ottla_core::coordinator::group::api::{self, GroupRequest, GroupResponse};
use ottla_core::errors::KafkaError;
use ottla_protocol::generated::offset_commit_request::OffsetCommitRequest;
use ottla_protocol::generated::offset_commit_response::{
    OffsetCommitResponse, OffsetCommitResponsePartition, OffsetCommitResponseTopic,
};
use std::collections::BTreeMap;

/// Registry entry.
pub const API: Api = Api {
    key: 8,
    name: "OffsetCommit",
    min: 2,
    max: 10,
    advertised_min: 2,
    handle: |context, body| {
        typed_generated(context, body, OffsetCommitRequest::decode, handle, OffsetCommitResponse::encode)
    },
};

async fn handle(context: RequestContext, request: OffsetCommitRequest) -> OffsetCommitResponse {
    let version = context.version();
    let node = context.node();
    let image = node.metadata.image();
    let mut results: BTreeMap<(Uuid, String, i32), KafkaError> = BTreeMap::new();
    let mut known = Vec::new();
    for topic in &request.topics {
        let found = if version >= 10 { image.topic_by_id(topic.topic_id) } else { image.topic(&topic.name) };
        let missing = if version >= 10 { KafkaError::UnknownTopicId } else { KafkaError::UnknownTopicOrPartition };
        let key = |p: i32| (topic.topic_id, topic.name.to_string(), p);
        let mut partitions = Vec::new();
        for p in &topic.partitions {
            match found {
                None => {
                    results.insert(key(p.partition_index), missing);
                }
                Some(t) if t.partition(p.partition_index).is_none() => {
                    results.insert(key(p.partition_index), KafkaError::UnknownTopicOrPartition);
                }
                Some(_) => partitions.push(api::OffsetCommitPartition {
                    partition: p.partition_index,
                    offset: p.committed_offset,
                    leader_epoch: p.committed_leader_epoch,
                    metadata: p.committed_metadata.as_ref().map(|m| m.to_string()),
                }),
            }
        }
        if let Some(found) = found
            && !partitions.is_empty()
        {
            known.push(api::OffsetCommitTopic { name: found.name.to_string(), topic_id: found.id, partitions });
        }
    }
    let mut failed = None;
    if !known.is_empty() || request.topics.is_empty() {
        let group_id = request.group_id.to_string();
        let asked = api::OffsetCommitRequest {
            group_id: group_id.clone(),
            generation_id: request.generation_id_or_member_epoch,
            member_id: request.member_id.to_string(),
            group_instance_id: request.group_instance_id.as_ref().map(|id| id.to_string()),
            retention_time_ms: request.retention_time_ms,
            topics: known,
        };
        match node.groups.request(&group_id, GroupRequest::OffsetCommit(context.group_context(), asked)).await {
            Ok(GroupResponse::OffsetCommit(done)) => {
                for topic in done.topics {
                    let (id, name) =
                        if version >= 10 { (topic.topic_id, String::new()) } else { (ZERO_UUID, topic.name) };
                    for (partition, error) in topic.partitions {
                        results.insert((id, name.clone(), partition), error);
                    }
                }
            }
            Ok(_) => failed = Some(KafkaError::UnknownServerError),
            Err(error) => failed = Some(error),
        }
    }
    let mut response = OffsetCommitResponse::default();
    for topic in &request.topics {
        let mut out =
            OffsetCommitResponseTopic { name: topic.name.clone(), topic_id: topic.topic_id, ..Default::default() };
        for p in &topic.partitions {
            let key = (topic.topic_id, topic.name.to_string(), p.partition_index);
            let error = results.get(&key).copied().or(failed).unwrap_or(KafkaError::UnknownServerError);
            out.partitions
                .push(OffsetCommitResponsePartition { partition_index: p.partition_index, error_code: error.code() });
        }
        response.topics.push(out);
    }
    response
}
