//! DescribeTopicPartitions (key 75), version 0.
//!
//! Behaviour
//! - Topics by name, sorted; no topics means all. At most `response_partition_limit` partitions (and never more than
//!   `max.request.partition.size.limit`), with a cursor to go on from.
//! - A cursor whose topic is not in the list, or with a negative partition, is INVALID_REQUEST for every topic.

use super::metadata::offline_replicas;
use super::{broker_ids, operations, topic_name, typed_api};
use crate::server::context::RequestContext;
use kafka_protocol::messages::describe_topic_partitions_response::{
    Cursor, DescribeTopicPartitionsResponsePartition, DescribeTopicPartitionsResponseTopic,
};
use kafka_protocol::messages::{BrokerId, DescribeTopicPartitionsRequest, DescribeTopicPartitionsResponse};
use ottla_base::ids::is_internal_topic;
use ottla_core::controller::topics::validate_topic_name;
use ottla_core::errors::KafkaError;
use std::collections::BTreeSet;

typed_api!("DescribeTopicPartitions", 75, 0..=0, DescribeTopicPartitionsRequest, handle);

async fn handle(context: RequestContext, request: DescribeTopicPartitionsRequest) -> DescribeTopicPartitionsResponse {
    let node = context.node();
    let image = node.metadata.image();
    let listener = &*context.connection.listener;
    let mut response = DescribeTopicPartitionsResponse::default();
    let all = request.topics.is_empty();
    let cursor_topic = request.cursor.as_ref().map_or("", |c| c.topic_name.as_str());
    let names: BTreeSet<String> = if all {
        image.topics_from(cursor_topic).map(|t| t.name.to_string()).collect()
    } else {
        request.topics.iter().map(|t| t.name.as_str()).filter(|n| *n >= cursor_topic).map(str::to_owned).collect()
    };
    if let Some(cursor) = &request.cursor
        && ((!all && !names.contains(cursor_topic)) || cursor.partition_index < 0)
    {
        response.topics =
            request.topics.iter().map(|t| error_topic(t.name.as_str(), KafkaError::InvalidRequest)).collect();
        return response;
    }
    let limit = node.config.max_request_partition_size_limit.min(request.response_partition_limit).max(1) as usize;
    let mut remaining = limit;
    for name in names {
        if remaining == 0 {
            response.next_cursor = Some(cursor(&name, 0));
            break;
        }
        let Some(topic) = image.topic(&name) else {
            if !all {
                let invalid = validate_topic_name(&name).is_err();
                let error =
                    if invalid { KafkaError::InvalidTopicException } else { KafkaError::UnknownTopicOrPartition };
                response.topics.push(error_topic(&name, error));
            }
            continue;
        };
        let start = match &request.cursor {
            Some(c) if c.topic_name.as_str() == name => c.partition_index as usize,
            _ => 0,
        };
        let end = topic.partition_count().min(start.saturating_add(remaining));
        let mut out = error_topic(&name, KafkaError::None);
        out.topic_id = topic.id;
        out.partitions = topic
            .partitions
            .range(start as i32..(end.max(start)) as i32)
            .map(|(index, p)| {
                let mut partition = DescribeTopicPartitionsResponsePartition::default();
                partition.partition_index = *index;
                let leads = image.broker(p.leader).is_some_and(|b| b.listeners.contains_key(listener));
                partition.leader_id = BrokerId(if leads { p.leader } else { -1 });
                partition.leader_epoch = p.leader_epoch;
                partition.replica_nodes = broker_ids(&p.replicas);
                partition.isr_nodes = broker_ids(&p.isr);
                partition.offline_replicas = broker_ids(&offline_replicas(&image, p, listener));
                partition.eligible_leader_replicas = Some(broker_ids(&p.elr));
                partition.last_known_elr = Some(broker_ids(&p.last_known_elr));
                partition
            })
            .collect();
        remaining -= out.partitions.len();
        response.topics.push(out);
        if end < topic.partition_count() {
            response.next_cursor = Some(cursor(&name, end as i32));
            break;
        }
    }
    response
}

fn cursor(topic: &str, partition: i32) -> Cursor {
    let mut cursor = Cursor::default();
    cursor.topic_name = topic_name(topic);
    cursor.partition_index = partition;
    cursor
}

fn error_topic(name: &str, error: KafkaError) -> DescribeTopicPartitionsResponseTopic {
    let mut topic = DescribeTopicPartitionsResponseTopic::default();
    topic.error_code = error.code();
    topic.name = Some(topic_name(name));
    topic.is_internal = is_internal_topic(name);
    topic.topic_authorized_operations = operations::TOPIC;
    topic
}
