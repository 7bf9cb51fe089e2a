//! Configurations: what a change makes of a resource, and whether the result is allowed (`ConfigurationControlManager`,
//! `ControllerConfigurationValidator`).
//!
//! Deliberately not here: the checks that a broker makes before it forwards a request (`ConfigAdminManager`), and policies.

use crate::controller::decide::{Context, Decision};
use crate::controller::requests::{AlterConfigOp, ApiError, IncrementalAlterConfigs, OpType, Response};
use crate::controller::topics::validate_topic_name;
use crate::errors::KafkaError;
use crate::metadata::{ConfigResource, Configs, MetadataImage, VersionedRecord};
use ottla_base::config::group::{self, ClientMetricsError};
use ottla_base::config::{BrokerConfig, Scope, TopicDefaults, Type, Values, def, topic};
use ottla_record::generated::metadata::{ClearElrRecord, ConfigRecord, MetadataRecord};
use std::collections::BTreeMap;

/// A topic's floor for acknowledged writes.
pub const MIN_INSYNC_REPLICAS: &str = "min.insync.replicas";
/// Whether a topic may lose data rather than wait.
pub const UNCLEAN_LEADER_ELECTION_ENABLE: &str = "unclean.leader.election.enable";
const CORDONED_LOG_DIRS: &str = "cordoned.log.dirs";

/// A configuration that the table refuses: the text goes with INVALID_CONFIG.
pub type ConfigValidationError = ottla_base::config::ConfigError;

/// What the controller knows of configurations: the tables, and the node's static values.
#[derive(Clone, Debug)]
pub struct ConfigSchema {
    /// What this node's file gives to topics.
    pub topic_defaults: TopicDefaults,
    /// `remote.log.storage.system.enable`.
    pub remote_storage_enabled: bool,
    /// The node's own values: bounds and defaults of group configurations.
    pub broker: Values,
}

impl ConfigSchema {
    /// From a node's configuration.
    pub fn of(config: &BrokerConfig) -> ConfigSchema {
        ConfigSchema {
            topic_defaults: config.topic_defaults.clone(),
            remote_storage_enabled: config.values.boolean("remote.log.storage.system.enable"),
            broker: config.values.clone(),
        }
    }

    /// A key's definition.
    fn def(resource_type: i8, key: &str) -> Option<&'static def::ConfigDef> {
        match resource_type {
            ConfigResource::TOPIC => def::find(Scope::Topic, key),
            ConfigResource::BROKER => def::find(Scope::Broker, key).or_else(|| def::find_dynamic_only(key)),
            ConfigResource::GROUP => def::find(Scope::Group, key),
            ConfigResource::CLIENT_METRICS => def::find(Scope::ClientMetrics, key),
            _ => None,
        }
    }

    /// The value of a topic key that is in force (`KafkaConfigSchema.resolveEffectiveTopicConfig`): topic, this node,
    /// cluster, file, default. Only for keys that brokers call by the same name.
    pub fn effective_topic_config(
        &self,
        image: &MetadataImage,
        node_id: i32,
        topic: &str,
        key: &str,
    ) -> Option<String> {
        let dynamic = [ConfigResource::topic(topic), ConfigResource::broker(node_id), ConfigResource::cluster()];
        if let Some(value) = dynamic.iter().find_map(|resource| image.config(resource, key)) {
            return Some(value.to_owned());
        }
        let default = || def::find(Scope::Topic, key).and_then(|d| d.default_text());
        self.topic_defaults.get(key).or_else(default).map(str::to_owned)
    }

    /// `min.insync.replicas` from the node's file.
    pub fn static_min_insync_replicas(&self) -> String {
        self.topic_defaults.get(MIN_INSYNC_REPLICAS).unwrap_or("1").to_owned()
    }

    /// `ControllerConfigurationValidator.validate`.
    fn validate(
        &self,
        resource: &ConfigResource,
        new: &BTreeMap<String, String>,
        old: &BTreeMap<String, String>,
    ) -> Result<(), ApiError> {
        let invalid = |error: ConfigValidationError| ApiError::new(KafkaError::InvalidConfig, error.to_string());
        let bad = |text: &str| Err(ApiError::new(KafkaError::InvalidRequest, text));
        match resource.resource_type {
            ConfigResource::TOPIC => {
                if resource.name.is_empty() {
                    return bad("Default topic resources are not allowed.");
                }
                validate_topic_name(&resource.name)?;
                topic::validate(old, new, &self.topic_defaults, self.remote_storage_enabled).map_err(invalid)
            }
            ConfigResource::BROKER => {
                if resource.name.is_empty() {
                    return Ok(());
                }
                match resource.name.parse::<i32>() {
                    Err(_) => bad("Unable to parse broker name as a base 10 number."),
                    Ok(id) if id < 0 => bad("Invalid negative broker ID."),
                    Ok(_) => Ok(()),
                }
            }
            ConfigResource::GROUP => {
                if resource.name.is_empty() {
                    return bad("Default group resources are not allowed.");
                }
                group::validate(new, &self.broker).map_err(invalid)
            }
            ConfigResource::CLIENT_METRICS => {
                group::validate_client_metrics(&resource.name, new).map_err(|error| match error {
                    ClientMetricsError::Request(text) => ApiError::new(KafkaError::InvalidRequest, text),
                    ClientMetricsError::Config(error) => invalid(error),
                })
            }
            ConfigResource::BROKER_LOGGER => bad("Unknown resource type BROKER_LOGGER"),
            _ => bad("Unknown resource type UNKNOWN"),
        }
    }
}

/// IncrementalAlterConfigs: each resource stands or falls alone.
pub(crate) fn incremental_alter_configs(
    ctx: &Context<'_>,
    request: &IncrementalAlterConfigs,
) -> Result<Decision, ApiError> {
    let mut results = Vec::new();
    let mut records = Vec::new();
    let mut reported = Vec::new();
    for (resource, ops) in &request.resources {
        let known = [
            ConfigResource::TOPIC,
            ConfigResource::BROKER,
            ConfigResource::BROKER_LOGGER,
            ConfigResource::CLIENT_METRICS,
            ConfigResource::GROUP,
        ];
        if !known.contains(&resource.resource_type) {
            let text = format!("Unknown resource type {}.", resource.resource_type);
            results.push((resource.clone(), ApiError::new(KafkaError::UnsupportedVersion, text)));
            continue;
        }
        if request.resources.iter().filter(|(other, _)| other == resource).count() > 1 {
            if !reported.contains(resource) {
                reported.push(resource.clone());
                results.push((resource.clone(), ApiError::new(KafkaError::InvalidRequest, "Duplicate resource.")));
            }
            continue;
        }
        match alter_resource(ctx, resource, ops, NewResource::No) {
            Ok(new) => {
                records.extend(new);
                results.push((resource.clone(), ApiError::NONE));
            }
            Err(error) => results.push((resource.clone(), error)),
        }
    }
    let clear = clear_elr_records_as_needed(ctx, &records);
    records.extend(clear);
    if request.validate_only {
        records.clear();
    }
    Ok(Decision::atomic(records, Response::IncrementalAlterConfigs(results)))
}

/// Whether the resource comes into being with these configurations.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum NewResource {
    Yes,
    No,
}

/// Records that carry out `ops` on one resource.
pub(crate) fn alter_resource(
    ctx: &Context<'_>,
    resource: &ConfigResource,
    ops: &[AlterConfigOp],
    new_resource: NewResource,
) -> Result<Vec<VersionedRecord>, ApiError> {
    let current = ctx.image.configs(resource);
    let mut altered = Vec::new();
    for op in last_of_each_key(ops) {
        let key = op.name.as_str();
        let current_value = current.and_then(|c| c.get(key));
        let new_value = match op.op {
            OpType::Set => op.value.clone(),
            OpType::Delete => None,
            OpType::Append | OpType::Subtract => Some(alter_list(resource, op, current_value)?),
        };
        // Broker configurations are written again even if unchanged: brokers reload on it (KAFKA-14136).
        if current_value != new_value.as_ref() || resource.resource_type == ConfigResource::BROKER {
            altered.push((key.to_owned(), new_value));
        }
    }
    validate_alter(ctx, resource, &altered, current, new_resource)?;
    Ok(altered.into_iter().map(|(key, value)| config_record(resource, key, value)).collect())
}

pub(crate) fn config_record(resource: &ConfigResource, name: String, value: Option<String>) -> VersionedRecord {
    let record =
        ConfigRecord { resource_type: resource.resource_type, resource_name: resource.name.clone(), name, value };
    VersionedRecord::new(MetadataRecord::Config(record), 0)
}

/// A map by key, as the controller's request is in Kafka: the last one wins, in the order of first appearance.
fn last_of_each_key(ops: &[AlterConfigOp]) -> Vec<&AlterConfigOp> {
    let mut out: Vec<&AlterConfigOp> = Vec::with_capacity(ops.len());
    for op in ops {
        match out.iter_mut().find(|o| o.name == op.name) {
            Some(earlier) => *earlier = op,
            None => out.push(op),
        }
    }
    out
}

fn alter_list(resource: &ConfigResource, op: &AlterConfigOp, current: Option<&String>) -> Result<String, ApiError> {
    let definition = ConfigSchema::def(resource.resource_type, &op.name);
    if definition.is_none_or(|d| d.ty != Type::List) {
        let text = format!("Can't {} to key {} because its type is not LIST.", op.op.name(), op.name);
        return Err(ApiError::new(KafkaError::InvalidConfig, text));
    }
    let start = current.map(String::as_str).or_else(|| definition.and_then(|d| d.default_text())).unwrap_or("");
    let mut parts: Vec<&str> = start.split(',').filter(|p| !p.is_empty()).collect();
    // Java's split drops empty strings at the end, and gives one empty string for an empty text.
    let value = op.value.as_deref().unwrap_or("");
    let mut given: Vec<&str> = value.split(',').collect();
    while given.len() > 1 && given.last() == Some(&"") {
        given.pop();
    }
    if value.chars().all(|c| c == ',') && !value.is_empty() {
        given.clear();
    }
    for part in given {
        match op.op {
            OpType::Append if !parts.contains(&part) => parts.push(part),
            OpType::Subtract => {
                if let Some(at) = parts.iter().position(|p| *p == part) {
                    parts.remove(at);
                }
            }
            _ => {}
        }
    }
    Ok(parts.join(","))
}

fn validate_alter(
    ctx: &Context<'_>,
    resource: &ConfigResource,
    altered: &[(String, Option<String>)],
    current: Option<&Configs>,
    new_resource: NewResource,
) -> Result<(), ApiError> {
    let invalid = |text: &str| Err(ApiError::new(KafkaError::InvalidConfig, text));
    let old: BTreeMap<String, String> =
        current.map(|c| c.iter().map(|(k, v)| (k.clone(), v.clone())).collect()).unwrap_or_default();
    let mut all = old.clone();
    let is_broker = resource.resource_type == ConfigResource::BROKER;
    for (key, value) in altered {
        if is_broker && key == MIN_INSYNC_REPLICAS && ctx.image.is_elr_enabled() {
            if !resource.name.is_empty() {
                return invalid("Broker-level min.insync.replicas cannot be altered while ELR is enabled.");
            }
            if value.is_none() {
                return invalid("Cluster-level min.insync.replicas cannot be removed while ELR is enabled.");
            }
        }
        if is_broker && key == CORDONED_LOG_DIRS && !ctx.version.is_cordoned_log_dirs_supported() {
            return invalid(
                "The cordoned.log.dirs configuration value cannot be set because it requires metadata.version >= 4.3-IV0",
            );
        }
        match value {
            None => {
                all.remove(key);
            }
            // Java counts UTF-16 units.
            Some(value) if value.encode_utf16().count() > i16::MAX as usize => {
                return invalid(
                    "The configuration value cannot be added because it exceeds the maximum value size of 32767 bytes.",
                );
            }
            Some(value) => {
                all.insert(key.clone(), value.clone());
            }
        }
    }
    ctx.config.configs.validate(resource, &all, &old)?;
    if new_resource == NewResource::No {
        check_existence(ctx, resource)?;
    }
    Ok(())
}

/// `ConfigResourceExistenceChecker`.
fn check_existence(ctx: &Context<'_>, resource: &ConfigResource) -> Result<(), ApiError> {
    match resource.resource_type {
        ConfigResource::TOPIC if ctx.image.topic_id(&resource.name).is_none() => Err(ApiError::new(
            KafkaError::UnknownTopicOrPartition,
            format!("The topic '{}' does not exist.", resource.name),
        )),
        ConfigResource::BROKER if !resource.name.is_empty() => {
            let id: i32 = resource.name.parse().map_err(|_| {
                ApiError::new(KafkaError::InvalidRequest, format!("Invalid broker name {}", resource.name))
            })?;
            let known = ctx.image.broker(id).is_some()
                || ctx.image.controller(id).is_some()
                || ctx.config.voter_ids.contains(&id);
            if known {
                return Ok(());
            }
            Err(ApiError::new(KafkaError::BrokerIdNotRegistered, format!("No node with id {id} found.")))
        }
        _ => Ok(()),
    }
}

/// A changed floor makes recorded eligible leaders meaningless (KIP-966).
pub(crate) fn clear_elr_records_as_needed(ctx: &Context<'_>, records: &[VersionedRecord]) -> Vec<VersionedRecord> {
    if !ctx.image.is_elr_enabled() {
        return Vec::new();
    }
    let clear = |topic_name: String| VersionedRecord::new(MetadataRecord::ClearElr(ClearElrRecord { topic_name }), 0);
    records
        .iter()
        .filter_map(|r| match &r.record {
            MetadataRecord::Config(c) if c.name == MIN_INSYNC_REPLICAS => {
                let of_topic = c.resource_type == ConfigResource::TOPIC;
                Some(clear(if of_topic { c.resource_name.clone() } else { String::new() }))
            }
            _ => None,
        })
        .collect()
}
