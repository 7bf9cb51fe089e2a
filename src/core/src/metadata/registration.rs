//! Brokers and controllers as they registered (`BrokerRegistration`, `ControllerRegistration`).

use crate::metadata::VersionedRecord;
use crate::metadata::features::MetadataVersion;
use ottla_base::ids::{DIRECTORY_LOST, DIRECTORY_MIGRATING, DIRECTORY_UNASSIGNED, Uuid};
use ottla_record::generated::metadata::{
    BrokerEndpoint, BrokerFeature, ControllerEndpoint, ControllerFeature, MetadataRecord, RegisterBrokerRecord,
    RegisterControllerRecord,
};
use std::collections::BTreeMap;

/// Where a node listens, under the name of a listener.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Endpoint {
    /// Host name or address to advertise.
    pub host: String,
    /// Port.
    pub port: u16,
    /// `SecurityProtocol.id`: 0 PLAINTEXT, 1 SSL, 2 SASL_PLAINTEXT, 3 SASL_SSL.
    pub security_protocol: i16,
}

/// Levels of a feature that a node supports, inclusive.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct VersionRange {
    /// Lowest.
    pub min: i16,
    /// Highest.
    pub max: i16,
}

impl VersionRange {
    /// Whether `level` is in the range.
    pub fn contains(&self, level: i16) -> bool {
        (self.min..=self.max).contains(&level)
    }
}

/// A registered broker.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BrokerRegistration {
    /// Node id.
    pub id: i32,
    /// Offset of the registration record.
    pub epoch: i64,
    /// One life of the process.
    pub incarnation_id: Uuid,
    /// By listener name.
    pub listeners: BTreeMap<String, Endpoint>,
    /// By feature name.
    pub supported_features: BTreeMap<String, VersionRange>,
    /// Rack, when the broker has one.
    pub rack: Option<String>,
    /// Fenced brokers lead nothing and are not shown to clients.
    pub fenced: bool,
    /// Set while the broker hands its partitions over.
    pub in_controlled_shutdown: bool,
    /// Only ever set by brokers that migrated from ZooKeeper; kept so that a snapshot loses nothing.
    pub is_migrating_zk_broker: bool,
    /// Log directories that are online, in Kafka's order of ids.
    pub directories: Vec<Uuid>,
    /// Directories that take no new partitions; `None` until the broker has said so.
    pub cordoned_directories: Option<Vec<Uuid>>,
}

impl BrokerRegistration {
    /// From a registration record.
    pub fn from_record(record: &RegisterBrokerRecord) -> BrokerRegistration {
        BrokerRegistration {
            id: record.broker_id,
            epoch: record.broker_epoch,
            incarnation_id: record.incarnation_id,
            listeners: record
                .end_points
                .iter()
                .map(|e| {
                    (
                        e.name.clone(),
                        Endpoint { host: e.host.clone(), port: e.port, security_protocol: e.security_protocol },
                    )
                })
                .collect(),
            supported_features: record
                .features
                .iter()
                .map(|f| (f.name.clone(), VersionRange { min: f.min_supported_version, max: f.max_supported_version }))
                .collect(),
            rack: record.rack.clone(),
            fenced: record.fenced,
            in_controlled_shutdown: record.in_controlled_shutdown,
            is_migrating_zk_broker: record.is_migrating_zk_broker,
            directories: sorted(&record.log_dirs),
            cordoned_directories: record.cordoned_log_dirs.clone(),
        }
    }

    /// Neither fenced nor shutting down: may lead, join an ISR and take new replicas.
    pub fn is_active(&self) -> bool {
        !self.fenced && !self.in_controlled_shutdown
    }

    /// `DirectoryId.isOnline`: whether a replica in `directory` can be served.
    pub fn has_online_dir(&self, directory: Uuid) -> bool {
        if directory == DIRECTORY_UNASSIGNED || directory == DIRECTORY_MIGRATING {
            return true;
        }
        if directory == DIRECTORY_LOST {
            return false;
        }
        // A broker of an old version says nothing about its directories.
        self.directories.is_empty() || self.directories.contains(&directory)
    }

    /// Whether at least one directory takes new partitions.
    pub fn has_uncordoned_dirs(&self) -> bool {
        match &self.cordoned_directories {
            Some(cordoned) if !self.directories.is_empty() => self.directories.iter().any(|d| !cordoned.contains(d)),
            _ => true,
        }
    }

    /// The record that recreates this state.
    pub fn to_record(&self, version: MetadataVersion) -> VersionedRecord {
        let record = RegisterBrokerRecord {
            broker_id: self.id,
            is_migrating_zk_broker: self.is_migrating_zk_broker,
            incarnation_id: self.incarnation_id,
            broker_epoch: self.epoch,
            end_points: self
                .listeners
                .iter()
                .map(|(name, e)| BrokerEndpoint {
                    name: name.clone(),
                    host: e.host.clone(),
                    port: e.port,
                    security_protocol: e.security_protocol,
                })
                .collect(),
            features: self
                .supported_features
                .iter()
                .map(|(name, range)| BrokerFeature {
                    name: name.clone(),
                    min_supported_version: range.min,
                    max_supported_version: range.max,
                })
                .collect(),
            rack: self.rack.clone(),
            fenced: self.fenced,
            in_controlled_shutdown: self.in_controlled_shutdown,
            log_dirs: if version.is_directory_assignment_supported() { self.directories.clone() } else { Vec::new() },
            cordoned_log_dirs: self.cordoned_directories.clone().filter(|_| version.is_cordoned_log_dirs_supported()),
        };
        VersionedRecord::new(MetadataRecord::RegisterBroker(record), version.register_broker_record_version())
    }
}

/// Kafka orders ids as pairs of signed longs.
pub(crate) fn sorted(ids: &[Uuid]) -> Vec<Uuid> {
    let mut ids = ids.to_vec();
    ids.sort_by_key(|id| {
        let (most, least) = id.as_u64_pair();
        (most as i64, least as i64)
    });
    ids
}

/// A registered controller.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ControllerRegistration {
    /// Node id.
    pub id: i32,
    /// One life of the process.
    pub incarnation_id: Uuid,
    /// Kept so that a snapshot loses nothing.
    pub zk_migration_ready: bool,
    /// By listener name.
    pub listeners: BTreeMap<String, Endpoint>,
    /// By feature name.
    pub supported_features: BTreeMap<String, VersionRange>,
}

impl ControllerRegistration {
    /// From a registration record.
    pub fn from_record(record: &RegisterControllerRecord) -> ControllerRegistration {
        ControllerRegistration {
            id: record.controller_id,
            incarnation_id: record.incarnation_id,
            zk_migration_ready: record.zk_migration_ready,
            listeners: record
                .end_points
                .iter()
                .map(|e| {
                    (
                        e.name.clone(),
                        Endpoint { host: e.host.clone(), port: e.port, security_protocol: e.security_protocol },
                    )
                })
                .collect(),
            supported_features: record
                .features
                .iter()
                .map(|f| (f.name.clone(), VersionRange { min: f.min_supported_version, max: f.max_supported_version }))
                .collect(),
        }
    }

    /// The record that recreates this state.
    pub fn to_record(&self) -> VersionedRecord {
        let record = RegisterControllerRecord {
            controller_id: self.id,
            incarnation_id: self.incarnation_id,
            zk_migration_ready: self.zk_migration_ready,
            end_points: self
                .listeners
                .iter()
                .map(|(name, e)| ControllerEndpoint {
                    name: name.clone(),
                    host: e.host.clone(),
                    port: e.port,
                    security_protocol: e.security_protocol,
                })
                .collect(),
            features: self
                .supported_features
                .iter()
                .map(|(name, range)| ControllerFeature {
                    name: name.clone(),
                    min_supported_version: range.min,
                    max_supported_version: range.max,
                })
                .collect(),
        };
        VersionedRecord::new(MetadataRecord::RegisterController(record), 0)
    }
}
