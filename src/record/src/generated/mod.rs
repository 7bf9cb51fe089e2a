//! Codecs of what Kafka keeps in its own logs, one module for each family.
//!
//! Written by `scripts/generate` from the message schemas of Apache Kafka 4.3.1; do not edit.

#![allow(missing_docs, clippy::field_reassign_with_default, clippy::nonminimal_bool)]

pub mod consumer_protocol;
pub mod control;
pub mod group;
#[cfg(test)]
pub(crate) mod list;
pub mod metadata;
pub mod share;
pub mod transaction;
