//! CreatePartitions (key 37), versions 0–3.
//!
//! Behaviour
//! - Decided by the controller; the answer waits until this node leads what it was given.

use super::{text, topic_name, typed_api};
use crate::server::context::RequestContext;
use kafka_protocol::messages::create_partitions_response::CreatePartitionsTopicResult;
use kafka_protocol::messages::{CreatePartitionsRequest, CreatePartitionsResponse};
use ottla_core::controller::ApiError;
use ottla_core::controller::requests::{CreatePartitions, CreatePartitionsTopic, Request, Response};
use ottla_core::errors::KafkaError;

typed_api!("CreatePartitions", 37, 0..=3, CreatePartitionsRequest, handle);

async fn handle(context: RequestContext, request: CreatePartitionsRequest) -> CreatePartitionsResponse {
    let asked = CreatePartitions {
        topics: request
            .topics
            .iter()
            .map(|t| CreatePartitionsTopic {
                name: t.name.to_string(),
                count: t.count,
                assignments: t
                    .assignments
                    .as_ref()
                    .map(|a| a.iter().map(|a| a.broker_ids.iter().map(|b| b.0).collect()).collect()),
            })
            .collect(),
        validate_only: request.validate_only,
    };
    let results =
        match context.node().controller.request_and_apply(Request::CreatePartitions(asked), request.timeout_ms).await {
            Ok(Response::CreatePartitions(results)) => results,
            other => {
                let error = other.err().unwrap_or(ApiError::bare(KafkaError::UnknownServerError));
                request.topics.iter().map(|t| (t.name.to_string(), error.clone())).collect()
            }
        };
    let mut response = CreatePartitionsResponse::default();
    response.results = results
        .into_iter()
        .map(|(name, error)| {
            let mut out = CreatePartitionsTopicResult::default();
            out.name = topic_name(name);
            out.error_code = error.error.code();
            out.error_message = error.message.map(text);
            out
        })
        .collect();
    response
}
