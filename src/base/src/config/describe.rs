//! Answers to DescribeConfigs (`ConfigHelper`) and the configurations in a CreateTopics answer
//! (`KafkaConfigSchema.resolveEffectiveTopicConfigs`): every key with value, source, type and synonyms.
//!
//! Pure: overrides and dynamic configuration are handed in from the metadata image. The order of entries is Kafka's, which is
//! that of a Java hash map. Documentation texts are null: they are Kafka's, not ours.

use super::broker::BrokerConfig;
use super::def::{self, ConfigDef, DynamicMode, Scope, Unit};
use super::dynamic::{
    BrokerResource, DynamicConfigs, EffectiveBroker, effective, listener_suffix, static_originals, usable,
};
use super::value::ConfigError;
use super::values::Values;
use super::{generated, group};
use std::collections::BTreeMap;

/// `DescribeConfigsResponse.ConfigSource`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(i8)]
pub enum ConfigSource {
    Unknown = 0,
    Topic = 1,
    DynamicBroker = 2,
    DynamicDefaultBroker = 3,
    StaticBroker = 4,
    Default = 5,
    DynamicBrokerLogger = 6,
    ClientMetrics = 7,
    Group = 8,
}

/// One entry of a synonym list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DescribedSynonym {
    pub name: String,
    pub value: Option<String>,
    pub source: ConfigSource,
}

/// One configuration entry of a response.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DescribedConfig {
    pub name: String,
    /// `None` when it is null or sensitive.
    pub value: Option<String>,
    pub source: ConfigSource,
    pub read_only: bool,
    pub sensitive: bool,
    /// In order of precedence; the caller drops them when they were not asked for.
    pub synonyms: Vec<DescribedSynonym>,
    /// `DescribeConfigsResponse.ConfigType`; 0 is unknown.
    pub type_code: i8,
}

impl DescribedConfig {
    /// The field of versions below 1.
    pub fn is_default(&self) -> bool {
        self.source == ConfigSource::Default
    }
}

type Map = BTreeMap<String, String>;

/// A topic's entries: its overrides over what is in force on this broker.
pub fn topic(
    config: &BrokerConfig,
    dynamic: DynamicConfigs<'_>,
    overrides: &Map,
) -> Result<Vec<DescribedConfig>, ConfigError> {
    let broker = effective(config, dynamic);
    let values = Values::parse(Scope::Topic, |name| {
        overrides.get(name).map(String::as_str).or_else(|| broker.topic_defaults.get(name))
    })?;
    let sources = Sources::new(config, dynamic);
    let entry = |name: &str, value: Option<String>| {
        let def = def::find(Scope::Topic, name);
        let sensitive = def.is_none_or(ConfigDef::sensitive);
        let value = value.filter(|_| !sensitive);
        let mut synonyms = match def.and_then(|d| d.synonyms.first()) {
            Some(synonym) => sources.synonyms(synonym.name, sensitive),
            None => Vec::new(),
        };
        if overrides.contains_key(name) {
            let own = DescribedSynonym { name: name.to_owned(), value: value.clone(), source: ConfigSource::Topic };
            synonyms.insert(0, own);
        }
        described(name, value, def, sensitive, false, synonyms)
    };
    Ok(entries(Scope::Topic, &values, overrides).map(|(name, value)| entry(&name, value)).collect())
}

/// A group's entries.
pub fn group(
    config: &BrokerConfig,
    dynamic: DynamicConfigs<'_>,
    overrides: &Map,
) -> Result<Vec<DescribedConfig>, ConfigError> {
    let broker = effective(config, dynamic);
    let defaults = group::defaults(&broker.values);
    let values =
        Values::parse(Scope::Group, |name| overrides.get(name).or_else(|| defaults.get(name)).map(String::as_str))?;
    let sources = Sources::new(config, dynamic);
    let entry = |name: &str, value: Option<String>| {
        let def = def::find(Scope::Group, name);
        let sensitive = def.is_none_or(ConfigDef::sensitive);
        let value = value.filter(|_| !sensitive);
        let mut synonyms = match def.and_then(|d| d.synonyms.first()) {
            Some(synonym) => sources.synonyms(synonym.name, sensitive),
            None => def
                .and_then(ConfigDef::default_text)
                .map(|text| DescribedSynonym {
                    name: name.to_owned(),
                    value: Some(text.to_owned()),
                    source: ConfigSource::Default,
                })
                .into_iter()
                .collect(),
        };
        if overrides.contains_key(name) {
            let own = DescribedSynonym { name: name.to_owned(), value: value.clone(), source: ConfigSource::Group };
            synonyms.insert(0, own);
        }
        described(name, value, def, sensitive, false, synonyms)
    };
    Ok(entries(Scope::Group, &values, overrides).map(|(name, value)| entry(&name, value)).collect())
}

/// A client metrics subscription's entries.
pub fn client_metrics(overrides: &Map) -> Result<Vec<DescribedConfig>, ConfigError> {
    let values = Values::parse(Scope::ClientMetrics, |name| overrides.get(name).map(String::as_str))?;
    let entry = |name: &str, value: Option<String>| {
        let def = def::find(Scope::ClientMetrics, name);
        let synonyms = overrides
            .get(name)
            .map(|_| DescribedSynonym {
                name: name.to_owned(),
                value: value.clone(),
                source: ConfigSource::ClientMetrics,
            })
            .into_iter()
            .collect();
        described(name, value, def, false, false, synonyms)
    };
    Ok(entries(Scope::ClientMetrics, &values, overrides).map(|(name, value)| entry(&name, value)).collect())
}

/// This broker's entries (resource name: its id).
pub fn broker(config: &BrokerConfig, dynamic: DynamicConfigs<'_>) -> Vec<DescribedConfig> {
    let EffectiveBroker { originals, values, .. } = effective(config, dynamic);
    let sources = Sources::new(config, dynamic);
    entries(Scope::Broker, &values, &originals)
        .map(|(name, value)| broker_entry(&sources, &name, value, |_| true))
        .collect()
}

/// The entries of the empty broker name: the defaults of all brokers that were set dynamically.
pub fn cluster(config: &BrokerConfig, dynamic: DynamicConfigs<'_>) -> Vec<DescribedConfig> {
    let sources = Sources::new(config, dynamic);
    sources
        .cluster
        .iter()
        .map(|(name, value)| {
            broker_entry(&sources, name, Some(value.clone()), |s| s.source == ConfigSource::DynamicDefaultBroker)
        })
        .collect()
}

fn broker_entry(
    sources: &Sources,
    name: &str,
    value: Option<String>,
    keep: impl Fn(&DescribedSynonym) -> bool,
) -> DescribedConfig {
    let def = broker_def(name);
    let sensitive = def.is_none_or(ConfigDef::sensitive);
    let mut synonyms = sources.synonyms(name, sensitive);
    synonyms.retain(keep);
    // By the name itself: a listener's key counts as read-only though its base key may be dynamic.
    let own = def::find(Scope::Broker, name).or_else(|| def::find_dynamic_only(name));
    let read_only = own.is_none_or(|def| def.dynamic == DynamicMode::ReadOnly);
    described(name, value.filter(|_| !sensitive), def, sensitive, read_only, synonyms)
}

fn described(
    name: &str,
    value: Option<String>,
    def: Option<&ConfigDef>,
    sensitive: bool,
    read_only: bool,
    synonyms: Vec<DescribedSynonym>,
) -> DescribedConfig {
    DescribedConfig {
        name: name.to_owned(),
        value,
        source: synonyms.first().map_or(ConfigSource::Default, |s| s.source),
        read_only,
        sensitive,
        synonyms,
        type_code: def.map_or(0, |def| def.ty.code()),
    }
}

/// `KafkaConfig.configType`: the key itself, or the key that a listener's own key overrides.
fn broker_def(name: &str) -> Option<&'static ConfigDef> {
    def::find(Scope::Broker, name)
        .or_else(|| def::find_dynamic_only(name))
        .or_else(|| def::find(Scope::Broker, base_name(listener_suffix(name)?)))
}

/// The keys that are set per listener and mechanism lose both prefixes.
fn base_name(suffix: &str) -> &str {
    const OF_MECHANISMS: [&str; 5] = [
        "sasl.jaas.config",
        "sasl.login.callback.handler.class",
        "sasl.login.class",
        "sasl.server.callback.handler.class",
        "connections.max.reauth.ms",
    ];
    OF_MECHANISMS.into_iter().find(|name| suffix.ends_with(name)).unwrap_or(suffix)
}

/// The maps in which a broker key may be set, by precedence.
struct Sources {
    own: Map,
    cluster: Map,
    statics: Map,
}

impl Sources {
    fn new(config: &BrokerConfig, dynamic: DynamicConfigs<'_>) -> Sources {
        Sources {
            own: usable(dynamic.broker, BrokerResource::Own),
            cluster: usable(dynamic.cluster, BrokerResource::Cluster),
            statics: static_originals(config),
        }
    }

    /// `ConfigHelper.configSynonyms` of a broker key.
    fn synonyms(&self, name: &str, sensitive: bool) -> Vec<DescribedSynonym> {
        let names: Vec<&str> = match def::find(Scope::Broker, name).map(|def| def.synonyms) {
            Some(synonyms) if !synonyms.is_empty() => synonyms.iter().map(|s| s.name).collect(),
            _ => match listener_suffix(name) {
                Some(suffix) => vec![name, base_name(suffix)],
                None => vec![name],
            },
        };
        let mut found = Vec::new();
        let mut add = |name: &str, value: Option<&str>, source| {
            if let Some(value) = value {
                let value = Some(value.to_owned()).filter(|_| !sensitive);
                found.push(DescribedSynonym { name: name.to_owned(), value, source });
            }
        };
        for (map, source) in [
            (&self.own, ConfigSource::DynamicBroker),
            (&self.cluster, ConfigSource::DynamicDefaultBroker),
            (&self.statics, ConfigSource::StaticBroker),
        ] {
            for name in &names {
                add(name, map.get(*name).map(String::as_str), source);
            }
        }
        for name in &names {
            add(name, def::find(Scope::Broker, name).and_then(ConfigDef::default_text), ConfigSource::Default);
        }
        // Kafka drops what precedes the key itself: listener overrides of a base key, but also, oddly, the hours that were
        // set for a key in milliseconds.
        let start = found.iter().position(|s| s.name == name).unwrap_or(found.len());
        found.split_off(start)
    }
}

/// What `createResponseConfig` walks: first what was set beyond the table (unknown and internal keys), then the table.
fn entries<'a>(
    scope: Scope,
    values: &'a Values,
    originals: &'a Map,
) -> impl Iterator<Item = (String, Option<String>)> + 'a {
    let mut beyond: Vec<(String, Option<String>)> = originals
        .iter()
        .filter(move |(name, _)| def::find(scope, name).is_none_or(|def| def.internal))
        .map(|(name, value)| (name.clone(), Some(value.clone())))
        .collect();
    // A copy of a whole map: Java sizes it at once.
    let buckets = (originals.len() * 4 / 3 + 1).next_power_of_two();
    beyond.sort_by_key(|(name, _)| java_bucket(name, buckets));
    let table = java_order(def::table(scope).iter().filter(|def| !def.internal).collect());
    beyond
        .into_iter()
        .chain(table.into_iter().map(|def| (def.name.to_owned(), values.get(def.name).map(super::Value::to_text))))
}

/// The order in which a Java `HashMap` that was filled in the order of the definitions walks its keys.
fn java_order(mut defs: Vec<&'static ConfigDef>) -> Vec<&'static ConfigDef> {
    let mut buckets = 16;
    while defs.len() * 4 > buckets * 3 {
        buckets *= 2;
    }
    defs.sort_by_key(|def| (java_bucket(def.name, buckets), def.position));
    defs
}

/// The bucket of a string in a `HashMap` of `buckets` (a power of two).
fn java_bucket(text: &str, buckets: usize) -> usize {
    let hash = text.encode_utf16().fold(0u32, |h, unit| h.wrapping_mul(31).wrapping_add(unit.into()));
    (hash ^ (hash >> 16)) as usize & (buckets - 1)
}

/// The configurations of a topic that was just created, sorted by name, as CreateTopics answers them from version 5 on.
pub fn created_topic(config: &BrokerConfig, dynamic: DynamicConfigs<'_>, overrides: &Map) -> Vec<DescribedConfig> {
    // The controller does not ask whether what is stored is valid.
    let statics = static_originals(config);
    let layers = [
        (dynamic.broker, ConfigSource::DynamicBroker),
        (dynamic.cluster, ConfigSource::DynamicDefaultBroker),
        (&statics, ConfigSource::StaticBroker),
    ];
    let resolve = |def: &'static ConfigDef| {
        if let Some(value) = overrides.get(def.name) {
            return (Some(value.clone()), ConfigSource::Topic);
        }
        for (map, source) in &layers {
            for synonym in def.synonyms {
                if let Some(value) = map.get(synonym.name) {
                    return (Some(to_ms(value, synonym.unit)), *source);
                }
            }
        }
        (def.default_text().map(str::to_owned), ConfigSource::Default)
    };
    generated::TOPIC
        .iter()
        .filter(|def| !def.internal || overrides.contains_key(def.name))
        .map(|def| {
            let (value, source) = resolve(def);
            DescribedConfig {
                name: def.name.to_owned(),
                value: value.filter(|_| !def.sensitive()),
                source,
                read_only: false,
                sensitive: def.sensitive(),
                synonyms: Vec::new(),
                type_code: def.ty.code(),
            }
        })
        .collect()
}

/// `ConfigSynonym`'s converters; what is no number is 0, as there.
fn to_ms(text: &str, unit: Unit) -> String {
    let scale = match unit {
        Unit::Same => return text.to_owned(),
        Unit::Minutes => 60_000,
        Unit::Hours => 3_600_000,
    };
    (i64::from(text.trim().parse::<i32>().unwrap_or(0)) * scale).to_string()
}
