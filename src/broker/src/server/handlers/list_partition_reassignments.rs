//! ListPartitionReassignments (key 46), version 0.
//!
//! Behaviour
//! - Partitions whose registration has adding or removing replicas; with a list of topics, those among them.

use super::{broker_ids, topic_name, typed_api};
use crate::server::context::RequestContext;
use kafka_protocol::messages::list_partition_reassignments_response::{
    OngoingPartitionReassignment, OngoingTopicReassignment,
};
use kafka_protocol::messages::{ListPartitionReassignmentsRequest, ListPartitionReassignmentsResponse};
use ottla_core::metadata::image::TopicImage;

typed_api!("ListPartitionReassignments", 46, 0..=0, ListPartitionReassignmentsRequest, handle);

async fn handle(
    context: RequestContext,
    request: ListPartitionReassignmentsRequest,
) -> ListPartitionReassignmentsResponse {
    let image = context.node().metadata.image();
    let mut response = ListPartitionReassignmentsResponse::default();
    response.error_message = None;
    match request.topics {
        None => response.topics.extend(image.topics().filter_map(|t| ongoing(t, |_| true))),
        Some(topics) => {
            for topic in topics {
                if let Some(t) = image.topic(&topic.name) {
                    response.topics.extend(ongoing(t, |p| topic.partition_indexes.contains(&p)));
                }
            }
        }
    }
    response
}

fn ongoing(topic: &TopicImage, wanted: impl Fn(i32) -> bool) -> Option<OngoingTopicReassignment> {
    let partitions: Vec<OngoingPartitionReassignment> = topic
        .partitions
        .iter()
        .filter(|(index, p)| wanted(**index) && !(p.adding_replicas.is_empty() && p.removing_replicas.is_empty()))
        .map(|(index, p)| {
            let mut out = OngoingPartitionReassignment::default();
            out.partition_index = *index;
            out.replicas = broker_ids(&p.replicas);
            out.adding_replicas = broker_ids(&p.adding_replicas);
            out.removing_replicas = broker_ids(&p.removing_replicas);
            out
        })
        .collect();
    if partitions.is_empty() {
        return None;
    }
    let mut out = OngoingTopicReassignment::default();
    out.name = topic_name(&*topic.name);
    out.partitions = partitions;
    Some(out)
}
