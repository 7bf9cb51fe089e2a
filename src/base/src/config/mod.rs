//! Configuration: one table of every key of Apache Kafka 4.3.1, and what is made of it.
//!
//! Modules in reading order: [`def`] (the shape of the table), [`generated`] (the table itself), [`effect`] (what a key does
//! in this build), [`value`] (parsing and validation with Kafka's texts), [`layers`] (file, environment, overrides),
//! [`values`] (every key's parsed value), [`listeners`], [`topic`], [`group`], [`broker`] (the node's typed configuration) and its
//! joint rules, [`dynamic`] (what changes while the node runs), [`describe`] (DescribeConfigs).
//!
//! Pure: nothing here opens a file or reads the environment; both are handed in. Runs on whatever thread calls it.
//! Invariant: a text that a client can see is Kafka's own.

pub mod broker;
pub mod def;
pub mod describe;
#[cfg(test)]
mod docs;
pub mod dynamic;
pub mod effect;
pub mod generated;
#[cfg(test)]
mod golden_tests;
pub mod group;
pub mod layers;
pub mod listeners;
#[cfg(test)]
mod tests;
pub mod topic;
mod validate;
pub mod value;
pub mod values;

pub use broker::BrokerConfig;
pub use def::{ConfigDef, Scope, Type};
pub use effect::Effect;
pub use layers::{Origin, Settings, Sources};
pub use listeners::{Endpoint, SecurityProtocol};
pub use topic::{TopicDefaults, TopicOverrides, TopicSettings};
pub use value::{ConfigError, Value};
pub use values::Values;
