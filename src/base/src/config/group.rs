//! Configuration of groups and of client metrics subscriptions: the checks of `GroupConfig.validate` and
//! `ClientMetricsConfigs.validate`, with Kafka's texts. Pure.

use super::def::{self, Scope};
use super::value::ConfigError;
use super::values::Values;
use regex::Regex;
use std::collections::BTreeMap;

/// `GroupConfig.validate`: all of a group's overrides after the change, over the broker's defaults and within its bounds.
pub fn validate(overrides: &BTreeMap<String, String>, broker: &Values) -> Result<(), ConfigError> {
    if let Some(name) = overrides.keys().find(|name| def::find(Scope::Group, name).is_none()) {
        return Err(ConfigError(format!("Unknown group config name: {name}")));
    }
    let defaults = defaults(broker);
    let values = Values::parse(Scope::Group, |name| {
        let text = overrides.get(name).or_else(|| defaults.get(name));
        text.map(String::as_str)
    })?;
    for bound in BOUNDS {
        if bound.only_if_set && !overrides.contains_key(bound.key) {
            continue;
        }
        let value = values.int(bound.key);
        if let Some(min) = bound.min
            && value < broker.int(min)
        {
            return Err(ConfigError(format!("{} must be greater than or equal to {min}", bound.key)));
        }
        if value > broker.int(bound.max) {
            return Err(ConfigError(format!("{} must be less than or equal to {}", bound.key, bound.max)));
        }
    }
    for protocol in ["consumer", "share", "streams"] {
        let (session, heartbeat) =
            (format!("{protocol}.session.timeout.ms"), format!("{protocol}.heartbeat.interval.ms"));
        if values.int(&session) <= values.int(&heartbeat) {
            return Err(ConfigError(format!("{session} must be greater than {heartbeat}")));
        }
    }
    Ok(())
}

/// What a broker gives to groups without overrides (`extractGroupConfigMap`).
pub fn defaults(broker: &Values) -> BTreeMap<&'static str, String> {
    def::table(Scope::Group)
        .iter()
        .filter_map(|def| Some((def.name, broker.get(def.synonyms.first()?.name)?.to_text())))
        .collect()
}

/// A key of groups and the broker keys that bound it.
struct Bound {
    key: &'static str,
    min: Option<&'static str>,
    max: &'static str,
    /// Kafka leaves the broker's own value unchecked here.
    only_if_set: bool,
}

const fn bound(key: &'static str, min: &'static str, max: &'static str) -> Bound {
    Bound { key, min: Some(min), max, only_if_set: false }
}

/// In Kafka's order, which decides which of two errors is reported.
const BOUNDS: &[Bound] = &[
    bound(
        "consumer.heartbeat.interval.ms",
        "group.consumer.min.heartbeat.interval.ms",
        "group.consumer.max.heartbeat.interval.ms",
    ),
    bound(
        "consumer.session.timeout.ms",
        "group.consumer.min.session.timeout.ms",
        "group.consumer.max.session.timeout.ms",
    ),
    Bound {
        only_if_set: true,
        ..bound(
            "consumer.assignment.interval.ms",
            "group.consumer.min.assignment.interval.ms",
            "group.consumer.max.assignment.interval.ms",
        )
    },
    bound(
        "share.heartbeat.interval.ms",
        "group.share.min.heartbeat.interval.ms",
        "group.share.max.heartbeat.interval.ms",
    ),
    bound("share.session.timeout.ms", "group.share.min.session.timeout.ms", "group.share.max.session.timeout.ms"),
    bound(
        "share.record.lock.duration.ms",
        "group.share.min.record.lock.duration.ms",
        "group.share.max.record.lock.duration.ms",
    ),
    bound("share.delivery.count.limit", "group.share.min.delivery.count.limit", "group.share.max.delivery.count.limit"),
    bound(
        "share.partition.max.record.locks",
        "group.share.min.partition.max.record.locks",
        "group.share.max.partition.max.record.locks",
    ),
    Bound {
        only_if_set: true,
        ..bound(
            "share.assignment.interval.ms",
            "group.share.min.assignment.interval.ms",
            "group.share.max.assignment.interval.ms",
        )
    },
    bound(
        "streams.heartbeat.interval.ms",
        "group.streams.min.heartbeat.interval.ms",
        "group.streams.max.heartbeat.interval.ms",
    ),
    bound("streams.session.timeout.ms", "group.streams.min.session.timeout.ms", "group.streams.max.session.timeout.ms"),
    Bound {
        key: "streams.num.standby.replicas",
        min: None,
        max: "group.streams.max.standby.replicas",
        only_if_set: false,
    },
    Bound {
        only_if_set: true,
        ..bound(
            "streams.assignment.interval.ms",
            "group.streams.min.assignment.interval.ms",
            "group.streams.max.assignment.interval.ms",
        )
    },
];

/// Why a client metrics subscription is refused: Kafka answers the two kinds with different codes.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ClientMetricsError {
    /// INVALID_REQUEST.
    #[error("{0}")]
    Request(String),
    /// INVALID_CONFIG.
    #[error("{0}")]
    Config(#[from] ConfigError),
}

/// `ClientMetricsConfigs.validate`.
pub fn validate_client_metrics(
    subscription: &str,
    configs: &BTreeMap<String, String>,
) -> Result<(), ClientMetricsError> {
    const PARAMETERS: [&str; 6] = [
        "client_instance_id",
        "client_id",
        "client_software_name",
        "client_software_version",
        "client_source_address",
        "client_source_port",
    ];
    if subscription.is_empty() {
        return Err(ClientMetricsError::Request("Subscription name can't be empty".to_owned()));
    }
    if let Some(name) = configs.keys().find(|name| def::find(Scope::ClientMetrics, name).is_none()) {
        return Err(ClientMetricsError::Request(format!("Unknown client metrics configuration: {name}")));
    }
    let values = Values::parse(Scope::ClientMetrics, |name| configs.get(name).map(String::as_str))?;
    let interval = values.int("interval.ms");
    if !(100..=3_600_000).contains(&interval) {
        return Err(ClientMetricsError::Request(format!(
            "Invalid value {interval} for interval.ms, interval must be between 100 and 3600000 (1 hour)"
        )));
    }
    for pattern in values.list("match") {
        let legal = match pattern.split_once('=') {
            Some((parameter, regex)) if !regex.is_empty() && !regex.contains('=') => {
                PARAMETERS.contains(&parameter.trim()) && Regex::new(regex.trim()).is_ok()
            }
            _ => false,
        };
        if !legal {
            return Err(ConfigError(format!("Illegal client matching pattern: {pattern}")).into());
        }
    }
    Ok(())
}
