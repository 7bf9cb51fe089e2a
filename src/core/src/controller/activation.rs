//! What a new leader writes first (`ActivationRecordsGenerator`): the bootstrap records into an empty log, the abort of a
//! transaction that its predecessor left open.

use crate::controller::configs::{MIN_INSYNC_REPLICAS, config_record};
use crate::metadata::features::{ELIGIBLE_LEADER_REPLICAS_VERSION, FEATURES, METADATA_VERSION};
use crate::metadata::snapshot::feature_level;
use crate::metadata::{ConfigResource, MetadataImage, MetadataVersion, VersionedRecord};
use ottla_record::generated::metadata::*;

/// The bootstrap records of a new cluster of this release (`BootstrapMetadata.fromVersions`): `metadata.version` first,
/// then the other features by name.
pub fn bootstrap_records() -> Vec<VersionedRecord> {
    let mut features: Vec<_> = FEATURES.iter().filter(|f| f.bootstrap > 0).collect();
    features.sort_by_key(|f| (f.name != METADATA_VERSION, f.name));
    features.iter().map(|f| VersionedRecord::new(feature_level(f.name, f.bootstrap), 0)).collect()
}

fn level_of(records: &[VersionedRecord], feature: &str) -> i16 {
    let levels = records.iter().filter_map(|r| match &r.record {
        MetadataRecord::FeatureLevel(f) if f.name == feature => Some(f.feature_level),
        _ => None,
    });
    levels.last().unwrap_or(0)
}

fn begin() -> VersionedRecord {
    let name = Some("Bootstrap records".to_owned());
    VersionedRecord::new(MetadataRecord::BeginTransaction(BeginTransactionRecord { name }), 0)
}

fn abort() -> VersionedRecord {
    let reason = Some("Controller failover".to_owned());
    VersionedRecord::new(MetadataRecord::AbortTransaction(AbortTransactionRecord { reason }), 0)
}

/// Records to append on becoming active, one atomic batch; empty when there is nothing to do.
///
/// `open_transaction` says whether replay ended inside a metadata transaction; `min_insync_replicas` is the node's static
/// value.
pub fn activation_records(
    image: &MetadataImage,
    open_transaction: bool,
    bootstrap: &[VersionedRecord],
    min_insync_replicas: &str,
) -> Vec<VersionedRecord> {
    let mut records = Vec::new();
    if image.metadata_version().is_some() {
        if open_transaction {
            records.push(abort());
        }
        return records;
    }
    let transactions = MetadataVersion(level_of(bootstrap, METADATA_VERSION)).is_metadata_transaction_supported();
    if open_transaction {
        records.push(abort());
    }
    if transactions {
        records.push(begin());
    }
    records.extend_from_slice(bootstrap);
    if level_of(bootstrap, ELIGIBLE_LEADER_REPLICAS_VERSION) > 0 {
        let value = Some(min_insync_replicas.to_owned());
        records.push(config_record(&ConfigResource::cluster(), MIN_INSYNC_REPLICAS.to_owned(), value));
    }
    if transactions {
        records.push(VersionedRecord::new(MetadataRecord::EndTransaction(EndTransactionRecord {}), 0));
    }
    records
}
