//! DescribeQuorum (key 55), versions 0–2.
//!
//! Behaviour
//! - Only `__cluster_metadata`-0 has a quorum: another partition of it is UNKNOWN_TOPIC_OR_PARTITION, another topic
//!   too.
//! Versions
//! - 1: timestamps of fetches. 2: directory ids, endpoints of voters.

use super::{text, topic_name, typed_api};
use crate::controlling::handle::QuorumReplica;
use crate::server::context::RequestContext;
use kafka_protocol::messages::describe_quorum_response::{Listener, Node, PartitionData, ReplicaState, TopicData};
use kafka_protocol::messages::{BrokerId, DescribeQuorumRequest, DescribeQuorumResponse};
use ottla_base::ids::{CLUSTER_METADATA_TOPIC, ZERO_UUID};
use ottla_core::errors::KafkaError;

typed_api!("DescribeQuorum", 55, 0..=2, DescribeQuorumRequest, handle);

async fn handle(context: RequestContext, request: DescribeQuorumRequest) -> DescribeQuorumResponse {
    let version = context.version();
    let mut response = DescribeQuorumResponse::default();
    let asks_for_it = |topic: &kafka_protocol::messages::describe_quorum_request::TopicData| {
        topic.topic_name.as_str() == CLUSTER_METADATA_TOPIC
            && topic.partitions.len() == 1
            && topic.partitions[0].partition_index == 0
    };
    if request.topics.len() != 1 || !request.topics.iter().all(asks_for_it) {
        for topic in &request.topics {
            let mut out = TopicData::default();
            out.topic_name = topic_name(topic.topic_name.to_string());
            out.partitions = topic
                .partitions
                .iter()
                .map(|p| {
                    let mut partition = PartitionData::default();
                    partition.partition_index = p.partition_index;
                    partition.error_code = KafkaError::UnknownTopicOrPartition.code();
                    partition
                })
                .collect();
            response.topics.push(out);
        }
        return response;
    }
    let Some(quorum) = context.node().controller.describe_quorum().await else {
        response.error_code = KafkaError::NotController.code();
        return response;
    };
    let mut partition = PartitionData::default();
    partition.leader_id = BrokerId(quorum.leader_id);
    partition.leader_epoch = quorum.leader_epoch;
    partition.high_watermark = quorum.high_watermark;
    partition.current_voters = quorum.voters.iter().map(|r| replica(r, version)).collect();
    partition.observers = quorum.observers.iter().map(|r| replica(r, version)).collect();
    let mut topic = TopicData::default();
    topic.topic_name = topic_name(CLUSTER_METADATA_TOPIC);
    topic.partitions = vec![partition];
    response.topics = vec![topic];
    if version >= 2 {
        response.nodes = quorum
            .nodes
            .into_iter()
            .map(|(id, listeners)| {
                let mut node = Node::default();
                node.node_id = BrokerId(id);
                node.listeners = listeners
                    .into_iter()
                    .map(|(name, host, port)| {
                        let mut listener = Listener::default();
                        listener.name = text(name);
                        listener.host = text(host);
                        listener.port = port;
                        listener
                    })
                    .collect();
                node
            })
            .collect();
    }
    response
}

fn replica(state: &QuorumReplica, version: i16) -> ReplicaState {
    let mut out = ReplicaState::default();
    out.replica_id = BrokerId(state.id);
    out.replica_directory_id = if version >= 2 { state.directory_id } else { ZERO_UUID };
    out.log_end_offset = state.log_end_offset;
    if version >= 1 {
        out.last_fetch_timestamp = state.last_fetch_timestamp;
        out.last_caught_up_timestamp = state.last_caught_up_timestamp;
    }
    out
}
