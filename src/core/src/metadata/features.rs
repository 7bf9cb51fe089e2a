//! Feature names and levels, and what each `metadata.version` allows (`MetadataVersion`, `Feature`).

use std::fmt;

/// The feature that says which records may be written.
pub const METADATA_VERSION: &str = "metadata.version";
/// Kept in the log's control records, never as a feature level record.
pub const KRAFT_VERSION: &str = "kraft.version";
/// Transaction protocol level.
pub const TRANSACTION_VERSION: &str = "transaction.version";
/// Consumer group protocol level.
pub const GROUP_VERSION: &str = "group.version";
/// KIP-966.
pub const ELIGIBLE_LEADER_REPLICAS_VERSION: &str = "eligible.leader.replicas.version";
/// Share groups.
pub const SHARE_VERSION: &str = "share.version";
/// Streams groups.
pub const STREAMS_VERSION: &str = "streams.version";

/// One feature as 4.3.1 knows it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Feature {
    /// Its name.
    pub name: &'static str,
    /// Lowest level that a node supports.
    pub min: i16,
    /// Highest level that a node of this release supports in production.
    pub max: i16,
    /// Level that a newly formatted cluster of this release starts with.
    pub bootstrap: i16,
}

/// Every feature of 4.3.1 with a feature level record, by name.
pub const FEATURES: [Feature; 6] = [
    Feature { name: ELIGIBLE_LEADER_REPLICAS_VERSION, min: 0, max: 1, bootstrap: 1 },
    Feature { name: GROUP_VERSION, min: 0, max: 1, bootstrap: 1 },
    Feature { name: METADATA_VERSION, min: MetadataVersion::MINIMUM.0, max: 30, bootstrap: 30 },
    Feature { name: SHARE_VERSION, min: 0, max: 1, bootstrap: 1 },
    Feature { name: STREAMS_VERSION, min: 0, max: 1, bootstrap: 1 },
    Feature { name: TRANSACTION_VERSION, min: 0, max: 2, bootstrap: 2 },
];

/// `kraft.version` as this release supports it.
pub const KRAFT_VERSION_RANGE: (i16, i16) = (0, 1);

/// A level of `metadata.version`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct MetadataVersion(pub i16);

impl MetadataVersion {
    /// 3.3-IV3, below which 4.x refuses to start.
    pub const MINIMUM: MetadataVersion = MetadataVersion(7);
    /// 4.3-IV0.
    pub const LATEST_PRODUCTION: MetadataVersion = MetadataVersion(30);

    /// The level of a feature record, when this release knows it.
    pub fn from_feature_level(level: i16) -> Option<MetadataVersion> {
        (MetadataVersion::MINIMUM.0..=MetadataVersion::LATEST_PRODUCTION.0)
            .contains(&level)
            .then_some(MetadataVersion(level))
    }

    /// SCRAM records (3.5-IV2).
    pub fn is_scram_supported(self) -> bool {
        self.0 >= 11
    }

    /// Before 3.6-IV0 a shrunk ISR bumped the leader epoch.
    pub fn is_leader_epoch_bump_required_on_isr_shrink(self) -> bool {
        self.0 < 12
    }

    /// Begin-, End- and AbortTransaction records (3.6-IV1).
    pub fn is_metadata_transaction_supported(self) -> bool {
        self.0 >= 13
    }

    /// Delegation tokens (3.6-IV2).
    pub fn is_delegation_token_supported(self) -> bool {
        self.0 >= 14
    }

    /// RegisterController records (3.7-IV0).
    pub fn is_controller_registration_supported(self) -> bool {
        self.0 >= 15
    }

    /// Directory ids in partitions and registrations (3.7-IV2).
    pub fn is_directory_assignment_supported(self) -> bool {
        self.0 >= 17
    }

    /// ELR fields in partition records (4.0-IV1).
    pub fn is_elr_supported(self) -> bool {
        self.0 >= 23
    }

    /// Cordoned log directories (4.3-IV0).
    pub fn is_cordoned_log_dirs_supported(self) -> bool {
        self.0 >= 30
    }

    /// Version of RegisterBroker records.
    pub fn register_broker_record_version(self) -> i16 {
        match self.0 {
            30.. => 4,
            17.. => 3,
            8.. => 2,
            _ => 1,
        }
    }

    /// Version of Partition and PartitionChange records.
    pub fn partition_record_version(self) -> i16 {
        match self.0 {
            23.. => 2,
            17.. => 1,
            _ => 0,
        }
    }

    /// Kafka's name of the level, `4.3-IV0`.
    pub fn version(self) -> &'static str {
        match self.0 {
            7 => "3.3-IV3",
            8 => "3.4-IV0",
            9 => "3.5-IV0",
            10 => "3.5-IV1",
            11 => "3.5-IV2",
            12 => "3.6-IV0",
            13 => "3.6-IV1",
            14 => "3.6-IV2",
            15 => "3.7-IV0",
            16 => "3.7-IV1",
            17 => "3.7-IV2",
            18 => "3.7-IV3",
            19 => "3.7-IV4",
            20 => "3.8-IV0",
            21 => "3.9-IV0",
            22 => "4.0-IV0",
            23 => "4.0-IV1",
            24 => "4.0-IV2",
            25 => "4.0-IV3",
            26 => "4.1-IV0",
            27 => "4.1-IV1",
            28 => "4.2-IV0",
            29 => "4.2-IV1",
            30 => "4.3-IV0",
            _ => "unknown",
        }
    }
}

impl fmt::Display for MetadataVersion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.version())
    }
}
