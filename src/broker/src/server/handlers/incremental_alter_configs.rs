//! IncrementalAlterConfigs (key 44), versions 0–1.
//!
//! Behaviour
//! - A resource that occurs twice, a key that occurs twice in a resource, a null value: INVALID_REQUEST, as the broker
//!   says before it asks the controller.
//! - Topics: decided by the controller, in effect on this node before the answer.
//! Not done, and why
//! - Brokers, broker loggers, groups and client metrics: no dynamic value of theirs has an effect yet, so they are
//!   refused with INVALID_REQUEST instead of being stored to no purpose.

use super::{text, typed_api};
use crate::node::configs::resource_type_name;
use crate::server::context::RequestContext;
use kafka_protocol::messages::incremental_alter_configs_request::{AlterConfigsResource, AlterableConfig};
use kafka_protocol::messages::incremental_alter_configs_response::AlterConfigsResourceResponse;
use kafka_protocol::messages::{IncrementalAlterConfigsRequest, IncrementalAlterConfigsResponse};
use ottla_core::controller::ApiError;
use ottla_core::controller::requests::{AlterConfigOp, IncrementalAlterConfigs, OpType, Request, Response};
use ottla_core::errors::KafkaError;
use ottla_core::metadata::image::ConfigResource;
use std::collections::{BTreeMap, BTreeSet};

typed_api!("IncrementalAlterConfigs", 44, 0..=1, IncrementalAlterConfigsRequest, handle);

/// How long a change of configuration may wait for the controller (`request.timeout.ms` of the broker's own channel).
const TIMEOUT_MS: i32 = 30_000;

/// The one operation that needs no value.
const DELETE: i8 = 1;

async fn handle(context: RequestContext, request: IncrementalAlterConfigsRequest) -> IncrementalAlterConfigsResponse {
    let key_of = |r: &AlterConfigsResource| ConfigResource::new(r.resource_type, r.resource_name.as_str().to_owned());
    let mut times: BTreeMap<ConfigResource, usize> = BTreeMap::new();
    for resource in &request.resources {
        *times.entry(key_of(resource)).or_default() += 1;
    }
    let mut results: BTreeMap<ConfigResource, ApiError> = BTreeMap::new();
    let mut asked = Vec::new();
    for resource in &request.resources {
        let key = key_of(resource);
        let checked = if times.get(&key).is_some_and(|n| *n > 1) {
            Err(invalid("Each resource must appear at most once."))
        } else {
            check(resource)
        };
        match checked {
            Ok(ops) => asked.push((key, ops)),
            Err(error) => {
                results.insert(key, error);
            }
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
    let mut response = IncrementalAlterConfigsResponse::default();
    response.responses = request
        .resources
        .iter()
        .map(|resource| {
            let error = results.get(&key_of(resource)).cloned().unwrap_or(ApiError::NONE);
            let mut out = AlterConfigsResourceResponse::default();
            out.error_code = error.error.code();
            out.error_message = error.message.map(text);
            out.resource_type = resource.resource_type;
            out.resource_name = resource.resource_name.clone();
            out
        })
        .collect();
    response
}

fn invalid(message: impl Into<String>) -> ApiError {
    ApiError::new(KafkaError::InvalidRequest, message)
}

/// What a broker checks before it asks the controller (`ConfigAdminManager.preprocess`).
fn check(resource: &AlterConfigsResource) -> Result<Vec<AlterConfigOp>, ApiError> {
    let names: BTreeSet<&str> = resource.configs.iter().map(|c| c.name.as_str()).collect();
    if names.len() < resource.configs.len() {
        return Err(invalid("Error due to duplicate config keys"));
    }
    let lacks_value = |c: &&AlterableConfig| c.config_operation != DELETE && c.value.is_none();
    let nulls: Vec<&str> = resource.configs.iter().filter(lacks_value).map(|c| c.name.as_str()).collect();
    if !nulls.is_empty() {
        return Err(invalid(format!("Null value not supported for : {}", nulls.join(", "))));
    }
    match resource.resource_type {
        ConfigResource::TOPIC => {}
        ConfigResource::BROKER
        | ConfigResource::BROKER_LOGGER
        | ConfigResource::CLIENT_METRICS
        | ConfigResource::GROUP => {
            let name = resource_type_name(resource.resource_type);
            return Err(invalid(format!("Configurations of resource type {name} cannot be altered yet.")));
        }
        other => return Err(invalid(format!("Unknown resource type {other}"))),
    }
    let op = |c: &AlterableConfig| {
        let op = OpType::from_id(c.config_operation)
            .ok_or_else(|| invalid(format!("Unknown operation type {}", c.config_operation)))?;
        Ok(AlterConfigOp { name: c.name.to_string(), op, value: c.value.as_ref().map(|v| v.to_string()) })
    };
    resource.configs.iter().map(op).collect()
}
