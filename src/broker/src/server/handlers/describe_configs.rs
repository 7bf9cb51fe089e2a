//! DescribeConfigs (key 32), versions 1–4.
//!
//! Behaviour
//! - Every key of a resource with value, source, type and synonyms, as Kafka's ConfigHelper.
//! - A broker is described under its own id, or under "" for what was set for all brokers.
//! Versions
//! - 1: synonyms. 3: types and documentation (ours is always null).
//! Not done, and why
//! - Broker loggers: log levels cannot be changed at run time yet, so they are refused with INVALID_REQUEST.

use super::{INVALID_REQUEST_TEXT, NO_ROOM, Room, text, typed_api};
use crate::node::configs;
use crate::server::context::RequestContext;
use kafka_protocol::messages::describe_configs_response::{
    DescribeConfigsResourceResult, DescribeConfigsResult, DescribeConfigsSynonym,
};
use kafka_protocol::messages::{DescribeConfigsRequest, DescribeConfigsResponse};
use ottla_base::config::describe::DescribedConfig;
use ottla_core::controller::ApiError;
use ottla_core::controller::topics::validate_topic_name;
use ottla_core::errors::KafkaError;
use ottla_core::metadata::image::ConfigResource;

typed_api!("DescribeConfigs", 32, 1..=4, DescribeConfigsRequest, handle);

async fn handle(context: RequestContext, request: DescribeConfigsRequest) -> DescribeConfigsResponse {
    let version = context.version();
    let mut response = DescribeConfigsResponse::default();
    // Kafka throws on a type that it does not know, and then answers every resource alike.
    let malformed = request.resources.iter().any(|r| configs::resource_type_name(r.resource_type) == "UNKNOWN");
    let mut room = Room::new(&context);
    for resource in &request.resources {
        let mut out = DescribeConfigsResult::default();
        out.resource_type = resource.resource_type;
        out.resource_name = text(resource.resource_name.to_string());
        let described = if malformed {
            Err(ApiError::new(KafkaError::InvalidRequest, INVALID_REQUEST_TEXT))
        } else if room.is_full() {
            Err(ApiError::new(KafkaError::InvalidRequest, NO_ROOM))
        } else {
            describe(&context, resource.resource_type, &resource.resource_name)
        };
        match described {
            Err(error) => {
                out.error_code = error.error.code();
                out.error_message = Some(text(error.message.unwrap_or_default()));
            }
            Ok(entries) => {
                let wanted = |name: &str| {
                    resource
                        .configuration_keys
                        .as_ref()
                        .is_none_or(|keys| keys.is_empty() || keys.iter().any(|k| k.as_str() == name))
                };
                // Kafka says "" here, never null.
                out.error_message = Some(text(""));
                out.configs = entries
                    .into_iter()
                    .filter(|entry| wanted(&entry.name))
                    .inspect(|entry| room.use_up(weight(entry, request.include_synonyms)))
                    .map(|entry| convert(entry, request.include_synonyms, version))
                    .collect();
            }
        }
        response.results.push(out);
        // A broker has hundreds of entries; others of this thread have their turn in between.
        tokio::task::yield_now().await;
    }
    response
}

fn describe(context: &RequestContext, kind: i8, name: &str) -> Result<Vec<DescribedConfig>, ApiError> {
    let node = context.node();
    let image = node.metadata.image();
    let invalid = |message: String| ApiError::new(KafkaError::InvalidRequest, message);
    match kind {
        ConfigResource::TOPIC => {
            validate_topic_name(name)?;
            if image.topic(name).is_none() {
                return Err(ApiError::bare(KafkaError::UnknownTopicOrPartition));
            }
            configs::topic(&node.config, &image, name)
        }
        ConfigResource::BROKER if name.is_empty() => Ok(configs::cluster(&node.config, &image)),
        ConfigResource::BROKER => match name.parse::<i32>() {
            Ok(id) if id == node.id => Ok(configs::broker(&node.config, &image)),
            Ok(_) => {
                Err(invalid(format!("Unexpected broker id, expected {} or empty string, but received {name}", node.id)))
            }
            Err(_) => Err(invalid(format!("Broker id must be an integer, but it is: {name}"))),
        },
        ConfigResource::CLIENT_METRICS if name.is_empty() => {
            Err(invalid("Client metrics subscription name must not be empty".into()))
        }
        ConfigResource::CLIENT_METRICS => configs::client_metrics(&image, name),
        ConfigResource::GROUP if name.is_empty() => Err(invalid("Group name must not be empty".into())),
        ConfigResource::GROUP => configs::group(&node.config, &image, name),
        ConfigResource::BROKER_LOGGER => Err(invalid("Broker loggers are not described yet".into())),
        _ => Err(invalid(INVALID_REQUEST_TEXT.into())),
    }
}

/// Roughly what one entry takes in memory.
fn weight(entry: &DescribedConfig, with_synonyms: bool) -> usize {
    let texts = entry.name.len() + entry.value.as_ref().map_or(0, String::len);
    let synonyms = if with_synonyms { entry.synonyms.len() } else { 0 };
    (1 + synonyms) * (256 + texts)
}

fn convert(entry: DescribedConfig, with_synonyms: bool, version: i16) -> DescribeConfigsResourceResult {
    let mut out = DescribeConfigsResourceResult::default();
    out.name = text(entry.name);
    out.value = entry.value.map(text);
    out.read_only = entry.read_only;
    out.config_source = entry.source as i8;
    out.is_sensitive = entry.sensitive;
    if with_synonyms {
        out.synonyms = entry
            .synonyms
            .into_iter()
            .map(|synonym| {
                let mut s = DescribeConfigsSynonym::default();
                s.name = text(synonym.name);
                s.value = synonym.value.map(text);
                s.source = synonym.source as i8;
                s
            })
            .collect();
    }
    if version >= 3 {
        out.config_type = entry.type_code;
        out.documentation = None;
    }
    out
}
