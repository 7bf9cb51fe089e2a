//! Metadata (key 3), versions 0–13.
//!
//! Behaviour
//! - The controller id is a broker that is alive, as in KRaft: every broker forwards.
//! - Brokers are those unfenced ones that have the listener that the request came in on.
//! - A missing topic is created when the client and `auto.create.topics.enable` allow it, and the answer waits until
//!   it is there (design D14; Kafka answers 3 and lets the client retry).
//! Versions
//! - 0: no topics means all; from 1 on null means all. 4: allow_auto_topic_creation. 6: LISTENER_NOT_FOUND instead of
//!   LEADER_NOT_AVAILABLE. 8–10: cluster operations. 10: topic ids in responses. 12: look-up by id. 13: top-level error.
//! Not done, and why
//! - REBOOTSTRAP_REQUIRED (13): Kafka's own broker never sends it either.

use super::{OPERATIONS_NOT_ASKED, broker_ids, operations, text, topic_name, typed_api};
use crate::server::context::RequestContext;
use kafka_protocol::messages::metadata_response::{
    MetadataResponseBroker, MetadataResponsePartition, MetadataResponseTopic,
};
use kafka_protocol::messages::{BrokerId, MetadataRequest, MetadataResponse};
use ottla_base::ids::{Uuid, ZERO_UUID, is_internal_topic};
use ottla_core::controller::topics::validate_topic_name;
use ottla_core::errors::KafkaError;
use ottla_core::metadata::image::{MetadataImage, TopicImage};
use ottla_core::metadata::partition::PartitionRegistration;
use std::collections::BTreeSet;

typed_api!("Metadata", 3, 0..=13, MetadataRequest, handle);

async fn handle(context: RequestContext, request: MetadataRequest) -> MetadataResponse {
    let version = context.version();
    let node = context.node();
    let mut response = MetadataResponse::default();
    response.cluster_id = Some(text(node.cluster_id.clone()));
    response.controller_id = BrokerId(-1);

    let all = request.topics.as_ref().is_none_or(|topics| topics.is_empty() && version == 0);
    let asked = request.topics.unwrap_or_default();
    let mut names = BTreeSet::new();
    let mut ids = BTreeSet::new();
    for topic in &asked {
        if version < 12 && (topic.name.is_none() || topic.topic_id != ZERO_UUID) {
            // Kafka throws InvalidRequestException, which turns into an error for every topic of the request.
            response.topics = asked
                .iter()
                .map(|t| {
                    error_topic(
                        KafkaError::InvalidRequest,
                        Some(t.name.as_ref().map_or("", |n| n.as_str())),
                        t.topic_id,
                    )
                })
                .collect();
            return response;
        }
        if topic.topic_id != ZERO_UUID {
            ids.insert(topic.topic_id);
        } else if let Some(name) = &topic.name {
            names.insert(name.as_str().to_owned());
        }
    }

    if !all && ids.is_empty() && request.allow_auto_topic_creation && node.config.auto_create_topics_enable {
        let missing: Vec<String> = names.iter().filter(|n| node.metadata.image().topic(n).is_none()).cloned().collect();
        if !missing.is_empty() {
            for (name, error) in node.auto_create_topics(&missing).await {
                if error != KafkaError::None {
                    names.remove(&name);
                    response.topics.push(error_topic(error, Some(&name), ZERO_UUID));
                }
            }
        }
    }

    let image = node.metadata.image();
    let listener = &*context.connection.listener;
    let describe = |topic: &TopicImage| describe(&image, topic, listener, version);
    if all {
        response.topics.extend(image.topics().map(|t| describe(t)));
    } else if !ids.is_empty() {
        response.topics.extend(ids.into_iter().map(|id| match image.topic_by_id(id) {
            Some(topic) => describe(topic),
            None => error_topic(KafkaError::UnknownTopicId, None, id),
        }));
    } else {
        response.topics.extend(names.iter().map(|name| match image.topic(name) {
            Some(topic) => describe(topic),
            None if validate_topic_name(name).is_err() => {
                error_topic(KafkaError::InvalidTopicException, Some(name), ZERO_UUID)
            }
            None => error_topic(KafkaError::UnknownTopicOrPartition, Some(name), ZERO_UUID),
        }));
    }
    if version < 10 {
        for topic in &mut response.topics {
            topic.topic_id = ZERO_UUID;
        }
    }
    if request.include_topic_authorized_operations && version >= 8 {
        for topic in &mut response.topics {
            topic.topic_authorized_operations = operations::TOPIC;
        }
    }

    response.brokers = image
        .alive_brokers()
        .filter_map(|broker| {
            let endpoint = broker.listeners.get(listener)?;
            let mut entry = MetadataResponseBroker::default();
            entry.node_id = BrokerId(broker.id);
            entry.host = text(endpoint.host.clone());
            entry.port = i32::from(endpoint.port);
            entry.rack = broker.rack.clone().filter(|_| version >= 1).map(text);
            Some(entry)
        })
        .collect();
    if let Some(broker) = response.brokers.first() {
        response.controller_id = broker.node_id;
    }
    response.cluster_authorized_operations = OPERATIONS_NOT_ASKED;
    if (8..=10).contains(&version) && request.include_cluster_authorized_operations {
        response.cluster_authorized_operations = operations::CLUSTER;
    }
    response
}

fn error_topic(error: KafkaError, name: Option<&str>, id: Uuid) -> MetadataResponseTopic {
    let mut topic = MetadataResponseTopic::default();
    topic.error_code = error.code();
    topic.name = name.map(topic_name);
    topic.topic_id = id;
    topic.is_internal = name.is_some_and(is_internal_topic);
    topic.topic_authorized_operations = OPERATIONS_NOT_ASKED;
    topic
}

fn describe(image: &MetadataImage, topic: &TopicImage, listener: &str, version: i16) -> MetadataResponseTopic {
    let mut out = MetadataResponseTopic::default();
    out.name = Some(topic_name(&*topic.name));
    out.topic_id = topic.id;
    out.is_internal = is_internal_topic(&topic.name);
    out.topic_authorized_operations = OPERATIONS_NOT_ASKED;
    out.partitions =
        topic.partitions.iter().map(|(index, p)| describe_partition(image, *index, p, listener, version)).collect();
    out
}

fn describe_partition(
    image: &MetadataImage,
    index: i32,
    p: &PartitionRegistration,
    listener: &str,
    version: i16,
) -> MetadataResponsePartition {
    let mut out = MetadataResponsePartition::default();
    out.partition_index = index;
    out.leader_epoch = if version >= 7 { p.leader_epoch } else { -1 };
    out.replica_nodes = broker_ids(&p.replicas);
    out.isr_nodes = broker_ids(&p.isr);
    if version == 0 {
        // Version 0 lists only replicas that are alive, and reports an error when some are not.
        out.replica_nodes.retain(|b| image.alive_broker_endpoint(b.0, listener).is_some());
        out.isr_nodes.retain(|b| image.alive_broker_endpoint(b.0, listener).is_some());
    }
    if version >= 5 {
        out.offline_replicas = broker_ids(&offline_replicas(image, p, listener));
    }
    let leader = image.broker(p.leader);
    if leader.is_some_and(|b| b.listeners.contains_key(listener)) {
        out.leader_id = BrokerId(p.leader);
        let lacks = out.replica_nodes.len() < p.replicas.len() || out.isr_nodes.len() < p.isr.len();
        out.error_code = if lacks { KafkaError::ReplicaNotAvailable } else { KafkaError::None }.code();
    } else {
        out.leader_id = BrokerId(-1);
        let no_listener = leader.is_some() && version >= 6;
        out.error_code = if no_listener { KafkaError::ListenerNotFound } else { KafkaError::LeaderNotAvailable }.code();
    }
    out
}

/// Replicas on brokers that are gone, fenced, without this listener, or whose directory is offline.
pub(super) fn offline_replicas(image: &MetadataImage, p: &PartitionRegistration, listener: &str) -> Vec<i32> {
    p.replicas
        .iter()
        .zip(&p.directories)
        .filter(|(id, directory)| {
            image.alive_broker_endpoint(**id, listener).is_none()
                || !image.broker(**id).is_some_and(|b| b.has_online_dir(**directory))
        })
        .map(|(id, _)| *id)
        .collect()
}
