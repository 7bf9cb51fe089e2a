//! Broker configuration that changes while the node runs: which keys may, and what is in force with them
//! (`DynamicBrokerConfig`). Pure; the maps come from the metadata image.

use super::broker::BrokerConfig;
use super::def::{self, ConfigDef, DynamicMode, Scope};
use super::generated;
use super::topic::TopicDefaults;
use super::value::{ConfigError, parse_value};
use super::values::Values;
use std::collections::{BTreeMap, BTreeSet};

/// The dynamic configuration of one broker and of all brokers, as the metadata image holds it.
#[derive(Clone, Copy, Debug)]
pub struct DynamicConfigs<'a> {
    /// Resource BROKER with this node's id.
    pub broker: &'a BTreeMap<String, String>,
    /// Resource BROKER with the empty name.
    pub cluster: &'a BTreeMap<String, String>,
}

/// What is in force on a broker.
#[derive(Clone, Debug)]
pub struct EffectiveBroker {
    /// Everything that was set anywhere (`originals`).
    pub originals: BTreeMap<String, String>,
    pub values: Values,
    pub topic_defaults: TopicDefaults,
}

/// What an alteration of a BROKER resource changes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BrokerResource {
    /// This broker's own configuration.
    Own,
    /// The default of all brokers (the empty name).
    Cluster,
}

/// `DynamicBrokerConfig.brokerConfigSynonyms(name, false)`, the names that compete with `name`.
fn competing(name: &str) -> Vec<&'static str> {
    match def::find(Scope::Broker, name) {
        Some(def) => def.synonyms.iter().map(|s| s.name).collect(),
        None => Vec::new(),
    }
}

/// Lays `over` on `base`; a key replaces all its synonyms, whatever their precedence (`overrideProps`).
fn lay_over(base: &mut BTreeMap<String, String>, over: &BTreeMap<String, String>) {
    for (name, value) in over {
        for other in competing(name) {
            base.remove(other);
        }
        base.insert(name.clone(), value.clone());
    }
}

/// The part of stored dynamic configuration that is valid; the rest is ignored, as Kafka does (`fromPersistentProps`).
pub(super) fn usable(props: &BTreeMap<String, String>, resource: BrokerResource) -> BTreeMap<String, String> {
    let valid = |(name, value): &(&String, &String)| {
        validate(&BTreeMap::from([((*name).clone(), (*value).clone())]), resource).is_ok()
    };
    props.iter().filter(valid).map(|(k, v)| (k.clone(), v.clone())).collect()
}

/// What is in force with the dynamic configuration. A combination that does not parse leaves the static values.
pub fn effective(config: &BrokerConfig, dynamic: DynamicConfigs<'_>) -> EffectiveBroker {
    let mut originals = static_originals(config);
    lay_over(&mut originals, &usable(dynamic.cluster, BrokerResource::Cluster));
    lay_over(&mut originals, &usable(dynamic.broker, BrokerResource::Own));
    let values = parse(config, &originals).unwrap_or_else(|_| config.values.clone());
    let topic_defaults = TopicDefaults::of(&values);
    EffectiveBroker { originals, values, topic_defaults }
}

/// What the start set, by key.
pub(super) fn static_originals(config: &BrokerConfig) -> BTreeMap<String, String> {
    config.settings.iter().map(|(key, setting)| (key.to_owned(), setting.value.clone())).collect()
}

fn parse(config: &BrokerConfig, originals: &BTreeMap<String, String>) -> Result<Values, ConfigError> {
    let optional: &[&str] = if config.settings.has_file { &[] } else { &["controller.listener.names"] };
    Values::parse_with(Scope::Broker, |name| originals.get(name).map(String::as_str), optional, |_, error| error)
}

/// `DynamicBrokerConfig.validateConfigs`: whether these keys may be changed dynamically, and to these values. The texts go
/// with INVALID_REQUEST.
pub fn validate(props: &BTreeMap<String, String>, resource: BrokerResource) -> Result<(), ConfigError> {
    let names =
        |keep: &dyn Fn(&str) -> bool| -> Vec<&str> { props.keys().map(String::as_str).filter(|n| keep(n)).collect() };
    let refuse = |names: Vec<&str>, text: &str| match names.is_empty() {
        true => Ok(()),
        false => Err(ConfigError(format!("{text}: [{}]", names.join(", ")))),
    };
    refuse(
        names(&|n| def::find(Scope::Broker, n).is_some_and(|d| d.dynamic == DynamicMode::ReadOnly)),
        "Cannot update these configs dynamically",
    )?;
    refuse(
        names(&|n| PER_LISTENER_ONLY.contains(&n)),
        "These security configs can be dynamically updated only per-listener using the listener prefix",
    )?;
    for (name, value) in props {
        let base = listener_suffix(name).unwrap_or(name);
        if let Some(def) = dynamic_def(base) {
            parse_value(def, Some(Some(value)))?;
        }
    }
    if resource == BrokerResource::Cluster {
        let per_broker = |n: &str| match listener_suffix(n) {
            Some(base) => !["max.connections", "max.connection.creation.rate", "num.network.threads"].contains(&base),
            None => dynamic_def(n).is_some_and(|d| d.dynamic == DynamicMode::PerBroker),
        };
        refuse(
            names(&per_broker),
            "Cannot update these configs at default cluster level, broker id must be specified",
        )?;
    }
    Ok(())
}

/// [`validate`] and then the joint rules over what would be in force.
pub fn validate_change(
    config: &BrokerConfig,
    dynamic: DynamicConfigs<'_>,
    props: &BTreeMap<String, String>,
    resource: BrokerResource,
) -> Result<(), ConfigError> {
    validate(props, resource)?;
    let mut originals = static_originals(config);
    match resource {
        BrokerResource::Own => {
            lay_over(&mut originals, dynamic.cluster);
            lay_over(&mut originals, props);
        }
        BrokerResource::Cluster => {
            lay_over(&mut originals, props);
            lay_over(&mut originals, dynamic.broker);
        }
    }
    let mut settings = config.settings.clone();
    for name in config.settings.iter().map(|(key, _)| key.to_owned()).filter(|k| !originals.contains_key(k)) {
        settings.remove(&name);
    }
    for (key, value) in originals {
        if settings.get(&key).is_none_or(|s| s.value != value) {
            settings.set(&key, &value, super::layers::Origin::Dynamic);
        }
    }
    BrokerConfig::new(settings.without_places()).map(|_| ())
}

/// A key that a running broker takes, in the file's table or beyond it.
fn dynamic_def(name: &str) -> Option<&'static ConfigDef> {
    def::find(Scope::Broker, name)
        .filter(|def| def.dynamic != DynamicMode::ReadOnly)
        .or_else(|| def::find_dynamic_only(name))
}

/// What follows `listener.name.<listener>.`.
pub(super) fn listener_suffix(name: &str) -> Option<&str> {
    name.strip_prefix("listener.name.")?.split_once('.').map(|(_, rest)| rest)
}

/// `SslConfigs.RECONFIGURABLE_CONFIGS`.
const PER_LISTENER_ONLY: &[&str] = &[
    "ssl.keystore.type",
    "ssl.keystore.location",
    "ssl.keystore.password",
    "ssl.key.password",
    "ssl.truststore.type",
    "ssl.truststore.location",
    "ssl.truststore.password",
    "ssl.keystore.certificate.chain",
    "ssl.keystore.key",
    "ssl.truststore.certificates",
];

/// Names of all keys that a running broker takes.
pub fn dynamic_names() -> BTreeSet<&'static str> {
    def::table(Scope::Broker)
        .iter()
        .chain(generated::BROKER_DYNAMIC_ONLY)
        .filter(|def| def.dynamic != DynamicMode::ReadOnly)
        .map(|def| def.name)
        .collect()
}
