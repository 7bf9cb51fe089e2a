//! OffsetFetch (key 9), versions 1–10.
//!
//! Behaviour
//! - A group without committed offsets is answered with offset −1 and no error, never with "unknown".
//! Versions
//! - 1: one group. 2: null topics mean all; group-level error. 5: leader epochs. 7: require_stable. 8: several groups.
//!   9: member id and epoch. 10: topic ids (UNKNOWN_TOPIC_ID).

use super::Room;
use crate::server::context::RequestContext;
use crate::server::registry::{Api, typed_generated};
use kafka_protocol::protocol::StrBytes;
use ottla_core::coordinator::group::api::{self, GroupRequest, GroupResponse, INVALID_OFFSET};
use ottla_core::errors::KafkaError;
use ottla_protocol::generated::offset_fetch_request::{OffsetFetchRequest, OffsetFetchRequestGroup};
use ottla_protocol::generated::offset_fetch_response::{
    OffsetFetchResponse, OffsetFetchResponseGroup, OffsetFetchResponsePartition, OffsetFetchResponsePartitions,
    OffsetFetchResponseTopic, OffsetFetchResponseTopics,
};

/// Registry entry.
pub const API: Api = Api {
    key: 9,
    name: "OffsetFetch",
    min: 1,
    max: 10,
    advertised_min: 1,
    handle: |context, body| {
        typed_generated(context, body, OffsetFetchRequest::decode, handle, OffsetFetchResponse::encode)
    },
};

async fn handle(context: RequestContext, request: OffsetFetchRequest) -> OffsetFetchResponse {
    let version = context.version();
    let mut response = OffsetFetchResponse::default();
    if version >= 8 {
        let mut room = Room::new(&context);
        for group in &request.groups {
            if room.is_full() {
                response.groups.push(OffsetFetchResponseGroup {
                    group_id: group.group_id.clone(),
                    error_code: KafkaError::InvalidRequest.code(),
                    ..Default::default()
                });
                continue;
            }
            let fetched = fetch_group(&context, group, request.require_stable).await;
            for topic in &fetched.topics {
                let texts: usize = topic.partitions.iter().filter_map(|p| p.metadata.as_ref()).map(|m| m.len()).sum();
                room.use_up(128 + topic.name.len() + 128 * topic.partitions.len() + texts);
            }
            response.groups.push(fetched);
        }
        return response;
    }
    let topics = request.topics.map(|topics| {
        topics
            .into_iter()
            .map(|t| api::OffsetFetchTopic {
                name: t.name.to_string(),
                partitions: t.partition_indexes,
                ..Default::default()
            })
            .collect()
    });
    let asked = api::OffsetFetchRequest {
        group_id: request.group_id.to_string(),
        member_id: None,
        member_epoch: -1,
        topics: topics.clone(),
    };
    let fetched = fetch(&context, asked, request.require_stable).await;
    if fetched.error != KafkaError::None && version < 2 {
        // Version 1 has no error for the group: every partition carries it.
        for topic in topics.unwrap_or_default() {
            response.topics.push(OffsetFetchResponseTopic {
                name: StrBytes::from_string(topic.name),
                partitions: topic
                    .partitions
                    .into_iter()
                    .map(|p| old_partition(p, INVALID_OFFSET, -1, String::new(), fetched.error, version))
                    .collect(),
            });
        }
        return response;
    }
    response.error_code = fetched.error.code();
    for topic in fetched.topics {
        response.topics.push(OffsetFetchResponseTopic {
            name: StrBytes::from_string(topic.name),
            partitions: topic
                .partitions
                .into_iter()
                .map(|p| old_partition(p.partition, p.offset, p.leader_epoch, p.metadata, p.error, version))
                .collect(),
        });
    }
    response
}

fn old_partition(
    index: i32,
    offset: i64,
    epoch: i32,
    metadata: String,
    error: KafkaError,
    version: i16,
) -> OffsetFetchResponsePartition {
    OffsetFetchResponsePartition {
        partition_index: index,
        committed_offset: offset,
        committed_leader_epoch: if version >= 5 { epoch } else { -1 },
        metadata: Some(StrBytes::from_string(metadata)),
        error_code: error.code(),
    }
}

async fn fetch(
    context: &RequestContext,
    asked: api::OffsetFetchRequest,
    require_stable: bool,
) -> api::OffsetFetchResponse {
    let groups = &context.node().groups;
    let group_id = asked.group_id.clone();
    let result = if require_stable {
        match groups.request(&group_id, GroupRequest::OffsetFetchStable(asked)).await {
            Ok(GroupResponse::OffsetFetch(fetched)) => Ok(fetched),
            Ok(_) => Err(KafkaError::UnknownServerError),
            Err(error) => Err(error),
        }
    } else {
        groups.offset_fetch(asked).await
    };
    result.unwrap_or_else(|error| api::OffsetFetchResponse { group_id, error, topics: Vec::new() })
}

async fn fetch_group(
    context: &RequestContext,
    group: &OffsetFetchRequestGroup,
    require_stable: bool,
) -> OffsetFetchResponseGroup {
    let version = context.version();
    let image = context.node().metadata.image();
    let mut unknown = Vec::new();
    let topics = group.topics.as_ref().map(|topics| {
        topics
            .iter()
            .filter_map(|t| {
                let partitions = t.partition_indexes.clone();
                if version < 10 {
                    return Some(api::OffsetFetchTopic { name: t.name.to_string(), partitions, ..Default::default() });
                }
                match image.topic_by_id(t.topic_id) {
                    Some(found) => {
                        Some(api::OffsetFetchTopic { name: found.name.to_string(), topic_id: t.topic_id, partitions })
                    }
                    None => {
                        unknown.push((t.topic_id, partitions));
                        None
                    }
                }
            })
            .collect()
    });
    let asked = api::OffsetFetchRequest {
        group_id: group.group_id.to_string(),
        member_id: group.member_id.as_ref().filter(|_| version >= 9).map(|id| id.to_string()),
        member_epoch: if version >= 9 { group.member_epoch } else { -1 },
        topics,
    };
    let fetched = fetch(context, asked, require_stable).await;
    let mut out = OffsetFetchResponseGroup {
        group_id: group.group_id.clone(),
        error_code: fetched.error.code(),
        ..Default::default()
    };
    if fetched.error != KafkaError::None {
        return out;
    }
    for topic in fetched.topics {
        // When all topics were asked for, the coordinator knows names only.
        let id = if version >= 10 { image.topic_id(&topic.name) } else { None };
        if version >= 10 && id.is_none() {
            continue;
        }
        out.topics.push(OffsetFetchResponseTopics {
            name: if version < 10 { StrBytes::from_string(topic.name) } else { StrBytes::default() },
            topic_id: id.unwrap_or_default(),
            partitions: topic
                .partitions
                .into_iter()
                .map(|p| partition(p.partition, p.offset, p.leader_epoch, p.metadata, p.error))
                .collect(),
        });
    }
    for (topic_id, partitions) in unknown {
        out.topics.push(OffsetFetchResponseTopics {
            name: StrBytes::default(),
            topic_id,
            partitions: partitions
                .into_iter()
                .map(|p| partition(p, INVALID_OFFSET, -1, String::new(), KafkaError::UnknownTopicId))
                .collect(),
        });
    }
    out
}

fn partition(
    index: i32,
    offset: i64,
    epoch: i32,
    metadata: String,
    error: KafkaError,
) -> OffsetFetchResponsePartitions {
    OffsetFetchResponsePartitions {
        partition_index: index,
        committed_offset: offset,
        committed_leader_epoch: epoch,
        metadata: Some(StrBytes::from_string(metadata)),
        error_code: error.code(),
    }
}
