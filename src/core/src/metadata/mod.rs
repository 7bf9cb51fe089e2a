//! Cluster metadata as state: what the records of `__cluster_metadata` add up to.
//!
//! In reading order: [`image`] (the state and its lookups), [`partition`] and [`registration`] (its larger values),
//! [`features`] (feature names and what a metadata.version allows), [`apply`] (the one replay), [`changes`] (what an
//! application touched), [`loader`] (batches and metadata transactions → published images), [`snapshot`] (state →
//! records).
//!
//! Run by: the controller thread mutates its own images; everybody else reads an `Arc<MetadataImage>` that was
//! published, from any thread.
//!
//! Invariants
//! - [`MetadataImage::apply`] is the only code that turns metadata records into state (controller, broker, snapshot
//!   loading and the simulator all go through it).
//! - Topics, partitions, brokers and configurations lie in persistent maps: a clone is cheap, and changing a clone
//!   costs what changed.
//! - All maps are ordered, so the same records give the same iteration order on every machine.

pub mod apply;
pub mod changes;
pub mod features;
pub mod image;
pub mod loader;
pub mod partition;
pub mod registration;
pub mod snapshot;
#[cfg(test)]
mod tests;

pub use apply::ApplyError;
pub use changes::{Changes, LocalReplicaChanges};
pub use features::MetadataVersion;
pub use image::{ConfigResource, Configs, MetadataImage, Provenance, QuotaEntity, TopicImage};
pub use loader::MetadataLoader;
pub use partition::{LeaderRecoveryState, NO_LEADER, NO_LEADER_CHANGE, PartitionRegistration};
pub use registration::{BrokerRegistration, ControllerRegistration, Endpoint, VersionRange};

use ottla_record::generated::metadata::MetadataRecord;

/// A metadata record and the version of its schema that it is written with (`ApiMessageAndVersion`).
#[derive(Clone, Debug, PartialEq)]
pub struct VersionedRecord {
    /// The record.
    pub record: MetadataRecord,
    /// The version it is encoded with.
    pub version: i16,
}

impl VersionedRecord {
    /// Pairs a record with a version.
    pub fn new(record: MetadataRecord, version: i16) -> VersionedRecord {
        VersionedRecord { record, version }
    }
}
