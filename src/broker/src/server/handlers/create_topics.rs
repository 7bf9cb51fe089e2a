//! CreateTopics (key 19), versions 2–7.
//!
//! Behaviour
//! - Decided by the controller (`ottla_core::controller::topics`); the answer waits until this node leads what it was
//!   given, so that a client can produce at once.
//! Versions
//! - 4: −1 means the broker's defaults. 5: counts and effective configurations in the response. 7: topic id.

use super::{text, topic_name, typed_api};
use crate::node::configs::topic_entries;
use crate::server::context::RequestContext;
use kafka_protocol::messages::create_topics_response::{CreatableTopicConfigs, CreatableTopicResult};
use kafka_protocol::messages::{CreateTopicsRequest, CreateTopicsResponse};
use ottla_core::controller::ApiError;
use ottla_core::controller::requests::{CreatableTopic, CreateTopics, Request, Response};
use ottla_core::errors::KafkaError;
use std::collections::BTreeMap;

typed_api!("CreateTopics", 19, 2..=7, CreateTopicsRequest, handle);

async fn handle(context: RequestContext, request: CreateTopicsRequest) -> CreateTopicsResponse {
    let version = context.version();
    let node = context.node();
    let overrides: BTreeMap<String, BTreeMap<String, String>> = request
        .topics
        .iter()
        .map(|t| {
            let set = t.configs.iter().filter_map(|c| Some((c.name.to_string(), c.value.as_ref()?.to_string())));
            (t.name.to_string(), set.collect())
        })
        .collect();
    let asked = CreateTopics {
        topics: request
            .topics
            .iter()
            .map(|t| CreatableTopic {
                name: t.name.to_string(),
                num_partitions: t.num_partitions,
                replication_factor: t.replication_factor,
                assignments: t
                    .assignments
                    .iter()
                    .map(|a| (a.partition_index, a.broker_ids.iter().map(|b| b.0).collect()))
                    .collect(),
                configs: t
                    .configs
                    .iter()
                    .map(|c| (c.name.to_string(), c.value.as_ref().map(|v| v.to_string())))
                    .collect(),
            })
            .collect(),
        validate_only: request.validate_only,
    };
    let mut response = CreateTopicsResponse::default();
    let results = match node.controller.request_and_apply(Request::CreateTopics(asked), request.timeout_ms).await {
        Ok(Response::CreateTopics(results)) => results,
        Ok(_) => return failed(&request, ApiError::bare(KafkaError::UnknownServerError)),
        Err(error) => return failed(&request, error),
    };
    let image = node.metadata.image();
    response.topics = results
        .into_iter()
        .map(|r| {
            let ok = !r.error.is_failure();
            let mut out = result(&r.name, &r.error);
            if version >= 7 && ok {
                out.topic_id = r.topic_id;
            }
            if version >= 5 {
                out.num_partitions = r.num_partitions;
                out.replication_factor = r.replication_factor;
                out.configs = Some(if ok {
                    let none = BTreeMap::new();
                    topic_entries(&node.config, &image, overrides.get(&r.name).unwrap_or(&none))
                        .into_iter()
                        .map(|entry| {
                            let mut config = CreatableTopicConfigs::default();
                            config.name = text(entry.name);
                            config.value = entry.value.map(text);
                            config.read_only = entry.read_only;
                            config.config_source = entry.source as i8;
                            config.is_sensitive = entry.sensitive;
                            config
                        })
                        .collect()
                } else {
                    Vec::new()
                });
            }
            out
        })
        .collect();
    response
}

fn result(name: &str, error: &ApiError) -> CreatableTopicResult {
    let mut out = CreatableTopicResult::default();
    out.name = topic_name(name);
    out.error_code = error.error.code();
    out.error_message = error.message.clone().map(text);
    out.num_partitions = -1;
    out.replication_factor = -1;
    out
}

fn failed(request: &CreateTopicsRequest, error: ApiError) -> CreateTopicsResponse {
    let mut response = CreateTopicsResponse::default();
    response.topics = request
        .topics
        .iter()
        .map(|t| {
            let mut out = result(&t.name, &error);
            out.configs = Some(Vec::new());
            out
        })
        .collect();
    response
}
