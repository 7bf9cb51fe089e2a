//! DescribeConfigs' view of the metadata image: what was set where, handed to the table in `base`.

use super::config::NodeConfig;
use ottla_base::config::ConfigError;
use ottla_base::config::describe::{self, DescribedConfig};
use ottla_base::config::dynamic::DynamicConfigs;
use ottla_core::controller::ApiError;
use ottla_core::errors::KafkaError;
use ottla_core::metadata::image::{ConfigResource, Configs, MetadataImage};
use std::collections::BTreeMap;

type Map = BTreeMap<String, String>;

fn map(configs: Option<&Configs>) -> Map {
    configs.into_iter().flatten().map(|(k, v)| (k.clone(), v.clone())).collect()
}

fn invalid(error: ConfigError) -> ApiError {
    ApiError::new(KafkaError::InvalidConfig, error.0)
}

fn with_dynamic<R>(config: &NodeConfig, image: &MetadataImage, f: impl FnOnce(DynamicConfigs<'_>) -> R) -> R {
    let broker = map(image.broker_configs(config.node_id));
    let cluster = map(image.cluster_configs());
    f(DynamicConfigs { broker: &broker, cluster: &cluster })
}

/// Every key of a topic.
pub fn topic(config: &NodeConfig, image: &MetadataImage, name: &str) -> Result<Vec<DescribedConfig>, ApiError> {
    let overrides = map(image.topic_configs(name));
    with_dynamic(config, image, |dynamic| describe::topic(&config.broker, dynamic, &overrides)).map_err(invalid)
}

/// Every key of a topic that was just created with `overrides`, as CreateTopics answers.
pub fn topic_entries(config: &NodeConfig, image: &MetadataImage, overrides: &Map) -> Vec<DescribedConfig> {
    with_dynamic(config, image, |dynamic| describe::created_topic(&config.broker, dynamic, overrides))
}

/// Every key of this broker.
pub fn broker(config: &NodeConfig, image: &MetadataImage) -> Vec<DescribedConfig> {
    with_dynamic(config, image, |dynamic| describe::broker(&config.broker, dynamic))
}

/// What was set for all brokers.
pub fn cluster(config: &NodeConfig, image: &MetadataImage) -> Vec<DescribedConfig> {
    with_dynamic(config, image, |dynamic| describe::cluster(&config.broker, dynamic))
}

/// Every key of a group.
pub fn group(config: &NodeConfig, image: &MetadataImage, name: &str) -> Result<Vec<DescribedConfig>, ApiError> {
    let overrides = map(image.configs(&ConfigResource::new(ConfigResource::GROUP, name)));
    with_dynamic(config, image, |dynamic| describe::group(&config.broker, dynamic, &overrides)).map_err(invalid)
}

/// Every key of a client metrics subscription.
pub fn client_metrics(image: &MetadataImage, name: &str) -> Result<Vec<DescribedConfig>, ApiError> {
    let overrides = map(image.configs(&ConfigResource::new(ConfigResource::CLIENT_METRICS, name)));
    describe::client_metrics(&overrides).map_err(invalid)
}

/// `ConfigResource.Type` by its number, as Java prints it.
pub fn resource_type_name(id: i8) -> &'static str {
    match id {
        2 => "TOPIC",
        4 => "BROKER",
        8 => "BROKER_LOGGER",
        16 => "CLIENT_METRICS",
        32 => "GROUP",
        _ => "UNKNOWN",
    }
}
