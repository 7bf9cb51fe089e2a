//! IncrementalAlterConfigs (key 44), versions 0–1.
//!
//! Behaviour
//! - Topics: decided by the controller, in effect on this node before the answer.
//! Not done, and why
//! - Brokers, broker loggers, groups and client metrics: no dynamic value of theirs has an effect yet, so they are
//!   refused with INVALID_REQUEST instead of being stored to no purpose.

use super::{text, typed_api};
use crate::server::context::RequestContext;
use kafka_protocol::messages::incremental_alter_configs_response::AlterConfigsResourceResponse;
use kafka_protocol::messages::{IncrementalAlterConfigsRequest, IncrementalAlterConfigsResponse};
use ottla_core::controller::ApiError;
use ottla_core::controller::requests::{AlterConfigOp, IncrementalAlterConfigs, OpType, Request, Response};
use ottla_core::errors::KafkaError;
use ottla_core::metadata::image::ConfigResource;
use std::collections::BTreeMap;

typed_api!("IncrementalAlterConfigs", 44, 0..=1, IncrementalAlterConfigsRequest, handle);

/// How long a change of configuration may wait for the controller (`request.timeout.ms` of the broker's own channel).
const TIMEOUT_MS: i32 = 30_000;

async fn handle(context: RequestContext, request: IncrementalAlterConfigsRequest) -> IncrementalAlterConfigsResponse {
    let mut results: BTreeMap<ConfigResource, ApiError> = BTreeMap::new();
    let mut order = Vec::new();
    let mut asked = Vec::new();
    for resource in &request.resources {
        let key = ConfigResource::new(resource.resource_type, resource.resource_name.to_string());
        order.push(key.clone());
        if resource.resource_type != ConfigResource::TOPIC {
            let message = format!("Configurations of resource type {} cannot be altered yet.", resource.resource_type);
            results.insert(key, ApiError::new(KafkaError::InvalidRequest, message));
            continue;
        }
        let mut ops = Vec::new();
        let mut bad = None;
        for config in &resource.configs {
            match OpType::from_id(config.config_operation) {
                Some(op) => ops.push(AlterConfigOp {
                    name: config.name.to_string(),
                    op,
                    value: config.value.as_ref().map(|v| v.to_string()),
                }),
                None => {
                    bad = Some(ApiError::new(
                        KafkaError::InvalidRequest,
                        format!("Unknown operation type {}", config.config_operation),
                    ))
                }
            }
        }
        match bad {
            Some(error) => {
                results.insert(key, error);
            }
            None => asked.push((key, ops)),
        }
    }
    if !asked.is_empty() {
        let keys: Vec<ConfigResource> = asked.iter().map(|(key, _)| key.clone()).collect();
        let change = Request::IncrementalAlterConfigs(IncrementalAlterConfigs {
            resources: asked,
            validate_only: request.validate_only,
        });
        match context.node().controller.request_and_apply(change, TIMEOUT_MS).await {
            Ok(Response::IncrementalAlterConfigs(done)) => results.extend(done),
            other => {
                let error = other.err().unwrap_or(ApiError::bare(KafkaError::UnknownServerError));
                results.extend(keys.into_iter().map(|key| (key, error.clone())));
            }
        }
    }
    order.sort();
    order.dedup();
    let mut response = IncrementalAlterConfigsResponse::default();
    response.responses = order
        .into_iter()
        .map(|key| {
            let error = results.remove(&key).unwrap_or(ApiError::NONE);
            let mut out = AlterConfigsResourceResponse::default();
            out.error_code = error.error.code();
            out.error_message = error.message.map(text);
            out.resource_type = key.resource_type;
            out.resource_name = text(key.name);
            out
        })
        .collect();
    response
}
