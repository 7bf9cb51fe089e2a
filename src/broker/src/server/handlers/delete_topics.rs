//! DeleteTopics (key 20), versions 1–6.
//!
//! Behaviour
//! - Decided by the controller; the answer waits until this node has dropped its replicas.
//! - `delete.topic.enable=false`: TOPIC_DELETION_DISABLED (INVALID_REQUEST below version 3).
//! Versions
//! - 5: error text. 6: by topic id.

use super::{text, topic_name, typed_api};
use crate::server::context::RequestContext;
use kafka_protocol::messages::delete_topics_response::DeletableTopicResult;
use kafka_protocol::messages::{DeleteTopicsRequest, DeleteTopicsResponse};
use ottla_base::ids::{Uuid, ZERO_UUID};
use ottla_core::controller::ApiError;
use ottla_core::controller::requests::{DeleteTopics, Request, Response};
use ottla_core::errors::KafkaError;

typed_api!("DeleteTopics", 20, 1..=6, DeleteTopicsRequest, handle);

async fn handle(context: RequestContext, request: DeleteTopicsRequest) -> DeleteTopicsResponse {
    let version = context.version();
    let node = context.node();
    let topics: Vec<(Option<String>, Uuid)> = if version >= 6 {
        request.topics.iter().map(|t| (t.name.as_ref().map(|n| n.to_string()), t.topic_id)).collect()
    } else {
        request.topic_names.iter().map(|n| (Some(n.to_string()), ZERO_UUID)).collect()
    };
    let answer = if node.config.delete_topic_enable {
        match node
            .controller
            .request_and_apply(Request::DeleteTopics(DeleteTopics { topics: topics.clone() }), request.timeout_ms)
            .await
        {
            Ok(Response::DeleteTopics(results)) => Ok(results),
            Ok(_) => Err(ApiError::bare(KafkaError::UnknownServerError)),
            Err(error) => Err(error),
        }
    } else if version < 3 {
        Err(ApiError::new(KafkaError::InvalidRequest, "Topic deletion is disabled."))
    } else {
        Err(ApiError::bare(KafkaError::TopicDeletionDisabled))
    };
    let results: Vec<(Option<String>, Uuid, ApiError)> = match answer {
        Ok(results) => results.into_iter().map(|r| (r.name, r.topic_id, r.error)).collect(),
        Err(error) => topics.into_iter().map(|(name, id)| (name, id, error.clone())).collect(),
    };
    let mut response = DeleteTopicsResponse::default();
    response.responses = results
        .into_iter()
        .map(|(name, id, error)| {
            let mut out = DeletableTopicResult::default();
            out.name = match name {
                Some(name) => Some(topic_name(name)),
                None if version < 6 => Some(topic_name("")),
                None => None,
            };
            if version >= 6 {
                out.topic_id = id;
            }
            out.error_code = error.error.code();
            out.error_message = error.message.filter(|_| version >= 5).map(text);
            out
        })
        .collect();
    response
}
