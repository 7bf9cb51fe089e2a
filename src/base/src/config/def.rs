//! The shape of the table: what a configuration key is. Plain data, made by `scripts/extract-config`.
//!
//! Invariant: each table of [`super::generated`] is sorted by name, so look-ups are binary searches.
//! Deliberately absent: Kafka's documentation texts.

use super::effect::{self, Effect};
use super::generated;

/// What a key belongs to. A name may exist in several scopes with different meanings (`compression.type`).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Scope {
    Broker,
    Topic,
    Group,
    ClientMetrics,
}

/// `ConfigDef.Type`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Type {
    Boolean,
    String,
    Int,
    Short,
    Long,
    Double,
    List,
    Class,
    Password,
}

impl Type {
    /// Code in DescribeConfigs (`DescribeConfigsResponse.ConfigType`).
    pub const fn code(self) -> i8 {
        match self {
            Type::Boolean => 1,
            Type::String => 2,
            Type::Int => 3,
            Type::Short => 4,
            Type::Long => 5,
            Type::Double => 6,
            Type::List => 7,
            Type::Class => 8,
            Type::Password => 9,
        }
    }

    /// Kafka's spelling (`INT`), as in its error texts.
    pub const fn kafka_name(self) -> &'static str {
        match self {
            Type::Boolean => "BOOLEAN",
            Type::String => "STRING",
            Type::Int => "INT",
            Type::Short => "SHORT",
            Type::Long => "LONG",
            Type::Double => "DOUBLE",
            Type::List => "LIST",
            Type::Class => "CLASS",
            Type::Password => "PASSWORD",
        }
    }
}

/// The value that holds when nobody set one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Default {
    /// The key must be set.
    Required,
    Null,
    /// In the text form of DescribeConfigs; parses by the key's own type.
    Text(&'static str),
}

/// A bound of a range, in the Java type that its error text prints.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Number {
    Int(i64),
    Double(f64),
}

/// The rule that a parsed value must keep; the classes of `ConfigDef` and the few private ones of the server.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Validator {
    Any,
    Range {
        min: Option<Number>,
        max: Option<Number>,
    },
    OneOf(&'static [&'static str]),
    /// In the order in which Kafka prints them (that of a Java hash set).
    OneOfIgnoreCase(&'static [&'static str]),
    /// `ValidList` (KIP-1161); an empty `valid` allows any text.
    List {
        valid: &'static [&'static str],
        empty_allowed: bool,
        null_allowed: bool,
    },
    ListSize(usize),
    NonNull,
    NonEmptyString,
    GzipLevel,
    ThrottledReplicas,
    QuorumVoters,
    QuorumBootstrapServers,
    ShareAutoOffsetReset,
}

/// `ConfigDef.Importance`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Importance {
    High,
    Medium,
    Low,
}

/// Whether a running node takes a new value (`DynamicBrokerConfig.dynamicConfigUpdateModes`). Keys of topics, groups and
/// client metrics are always `ClusterWide`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DynamicMode {
    ReadOnly,
    PerBroker,
    ClusterWide,
}

impl DynamicMode {
    /// As Kafka's documentation spells it.
    pub const fn kafka_name(self) -> &'static str {
        match self {
            DynamicMode::ReadOnly => "read-only",
            DynamicMode::PerBroker => "per-broker",
            DynamicMode::ClusterWide => "cluster-wide",
        }
    }
}

/// The unit of a synonym whose owner is in milliseconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unit {
    Same,
    Minutes,
    Hours,
}

/// Another key that supplies this key's value, in order of precedence. Of a topic or group key these are broker keys; of a
/// broker key they are broker keys and include itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Synonym {
    pub name: &'static str,
    pub unit: Unit,
}

/// One key.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ConfigDef {
    pub name: &'static str,
    pub scope: Scope,
    pub ty: Type,
    pub default: Default,
    pub validator: Validator,
    /// Kafka's own description of what the validator allows; empty when anything goes.
    pub valid_values: &'static str,
    pub importance: Importance,
    pub dynamic: DynamicMode,
    pub synonyms: &'static [Synonym],
    /// Not shown by DescribeConfigs unless it was set.
    pub internal: bool,
    /// Its place in Kafka's own definition, which shows in the order of DescribeConfigs.
    pub position: usize,
}

impl ConfigDef {
    /// Whether its value must never be shown.
    pub fn sensitive(&self) -> bool {
        self.ty == Type::Password
    }

    /// What setting it does in this build.
    pub fn effect(&self) -> Effect {
        effect::of(self)
    }

    /// The default's text; `None` when it is null or there is none.
    pub fn default_text(&self) -> Option<&'static str> {
        match self.default {
            Default::Text(text) => Some(text),
            Default::Null | Default::Required => None,
        }
    }
}

/// The keys of a scope, sorted by name. For brokers: those of a file (see [`generated::BROKER_DYNAMIC_ONLY`] for the rest).
pub fn table(scope: Scope) -> &'static [ConfigDef] {
    match scope {
        Scope::Broker => generated::BROKER,
        Scope::Topic => generated::TOPIC,
        Scope::Group => generated::GROUP,
        Scope::ClientMetrics => generated::CLIENT_METRICS,
    }
}

/// The key called `name` in `scope`.
pub fn find(scope: Scope, name: &str) -> Option<&'static ConfigDef> {
    let table = table(scope);
    table.binary_search_by(|def| def.name.cmp(name)).ok().map(|i| &table[i])
}

/// The key called `name` among those that a broker only has dynamically.
pub fn find_dynamic_only(name: &str) -> Option<&'static ConfigDef> {
    generated::BROKER_DYNAMIC_ONLY.iter().find(|def| def.name == name)
}
