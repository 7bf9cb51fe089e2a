//! One partition as the controllers agreed on it, and how a change record merges into it (`PartitionRegistration`).
//!
//! Invariants: `directories` is as long as `replicas`; the partition epoch grows by one with every change, the leader
//! epoch whenever a change names a leader (even the same one).

use crate::metadata::VersionedRecord;
use crate::metadata::apply::ApplyError;
use crate::metadata::features::MetadataVersion;
use ottla_base::ids::{DIRECTORY_MIGRATING, Uuid};
use ottla_record::generated::metadata::{MetadataRecord, PartitionChangeRecord, PartitionRecord};

/// Node id of "no leader".
pub const NO_LEADER: i32 = -1;
/// In a change record: the leader stays, and so does its epoch.
pub const NO_LEADER_CHANGE: i32 = -2;

/// Whether a leader that was elected uncleanly has finished recovering.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum LeaderRecoveryState {
    /// Elected from the ISR, or recovered since.
    #[default]
    Recovered,
    /// Elected uncleanly.
    Recovering,
}

impl LeaderRecoveryState {
    /// The value in records and requests.
    pub fn value(self) -> i8 {
        match self {
            LeaderRecoveryState::Recovered => 0,
            LeaderRecoveryState::Recovering => 1,
        }
    }

    /// Parses the value of a record; -1 ("no change") is not a state.
    pub fn of(value: i8) -> Option<LeaderRecoveryState> {
        match value {
            0 => Some(LeaderRecoveryState::Recovered),
            1 => Some(LeaderRecoveryState::Recovering),
            _ => None,
        }
    }
}

/// One partition.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PartitionRegistration {
    /// Assigned brokers, the preferred leader first.
    pub replicas: Vec<i32>,
    /// The log directory of each replica, in the order of `replicas`.
    pub directories: Vec<Uuid>,
    /// In-sync replicas.
    pub isr: Vec<i32>,
    /// Replicas that a reassignment is taking away.
    pub removing_replicas: Vec<i32>,
    /// Replicas that a reassignment is bringing in.
    pub adding_replicas: Vec<i32>,
    /// Eligible leader replicas (KIP-966): not in the ISR, but known to hold everything below the high watermark.
    pub elr: Vec<i32>,
    /// The last known ELR members that restarted uncleanly, and the last leader.
    pub last_known_elr: Vec<i32>,
    /// Leader's node id, or [`NO_LEADER`].
    pub leader: i32,
    /// How the leader came about.
    pub leader_recovery_state: LeaderRecoveryState,
    /// Grows with every election.
    pub leader_epoch: i32,
    /// Grows with every change.
    pub partition_epoch: i32,
}

impl PartitionRegistration {
    /// From a full record. An error when the directories do not fit the replicas or the recovery state is unknown.
    pub fn from_record(record: &PartitionRecord) -> Result<PartitionRegistration, ApplyError> {
        let state = LeaderRecoveryState::of(record.leader_recovery_state)
            .ok_or(ApplyError::UnknownLeaderRecoveryState(record.leader_recovery_state))?;
        Ok(PartitionRegistration {
            directories: directories(&record.directories, record.replicas.len())?,
            replicas: record.replicas.clone(),
            isr: record.isr.clone(),
            removing_replicas: record.removing_replicas.clone(),
            adding_replicas: record.adding_replicas.clone(),
            elr: record.eligible_leader_replicas.clone().unwrap_or_default(),
            last_known_elr: record.last_known_elr.clone().unwrap_or_default(),
            leader: record.leader,
            leader_recovery_state: state,
            leader_epoch: record.leader_epoch,
            partition_epoch: record.partition_epoch,
        })
    }

    /// Carries out a change record (`PartitionRegistration.merge`).
    pub fn merge(&mut self, record: &PartitionChangeRecord) -> Result<(), ApplyError> {
        let state = match record.leader_recovery_state {
            -1 => self.leader_recovery_state,
            value => LeaderRecoveryState::of(value).ok_or(ApplyError::UnknownLeaderRecoveryState(value))?,
        };
        let replicas = record.replicas.as_ref().unwrap_or(&self.replicas);
        let directories = directories(record.directories.as_ref().unwrap_or(&self.directories), replicas.len())?;
        self.directories = directories;
        if let Some(replicas) = &record.replicas {
            self.replicas.clone_from(replicas);
        }
        if let Some(isr) = &record.isr {
            self.isr.clone_from(isr);
        }
        if let Some(removing) = &record.removing_replicas {
            self.removing_replicas.clone_from(removing);
        }
        if let Some(adding) = &record.adding_replicas {
            self.adding_replicas.clone_from(adding);
        }
        if let Some(elr) = &record.eligible_leader_replicas {
            self.elr.clone_from(elr);
        }
        if let Some(last_known) = &record.last_known_elr {
            self.last_known_elr.clone_from(last_known);
        }
        if record.leader != NO_LEADER_CHANGE {
            self.leader = record.leader;
            self.leader_epoch = self.leader_epoch.wrapping_add(1);
        }
        self.leader_recovery_state = state;
        self.partition_epoch = self.partition_epoch.wrapping_add(1);
        Ok(())
    }

    /// Whether somebody leads.
    pub fn has_leader(&self) -> bool {
        self.leader != NO_LEADER
    }

    /// The first assigned replica, or [`NO_LEADER`].
    pub fn preferred_replica(&self) -> i32 {
        self.replicas.first().copied().unwrap_or(NO_LEADER)
    }

    /// Whether the preferred replica leads.
    pub fn has_preferred_leader(&self) -> bool {
        self.leader == self.preferred_replica()
    }

    /// Whether a reassignment is under way.
    pub fn is_reassigning(&self) -> bool {
        !self.removing_replicas.is_empty() || !self.adding_replicas.is_empty()
    }

    /// The directory in which `replica` holds the partition; `None` when it is not assigned.
    pub fn directory(&self, replica: i32) -> Option<Uuid> {
        self.replicas.iter().zip(&self.directories).find(|(r, _)| **r == replica).map(|(_, d)| *d)
    }

    /// The record that recreates this state, as `metadata.version` allows it.
    pub fn to_record(&self, topic_id: Uuid, partition_id: i32, version: MetadataVersion, elr: bool) -> VersionedRecord {
        let some_if_any = |list: &Vec<i32>| (elr && !list.is_empty()).then(|| list.clone());
        let record = PartitionRecord {
            partition_id,
            topic_id,
            replicas: self.replicas.clone(),
            isr: self.isr.clone(),
            removing_replicas: self.removing_replicas.clone(),
            adding_replicas: self.adding_replicas.clone(),
            leader: self.leader,
            leader_recovery_state: self.leader_recovery_state.value(),
            leader_epoch: self.leader_epoch,
            partition_epoch: self.partition_epoch,
            directories: if version.is_directory_assignment_supported() {
                self.directories.clone()
            } else {
                Vec::new()
            },
            eligible_leader_replicas: some_if_any(&self.elr),
            last_known_elr: some_if_any(&self.last_known_elr),
        };
        VersionedRecord::new(MetadataRecord::Partition(record), version.partition_record_version())
    }
}

/// Directories of a record, `MIGRATING` for each replica when none is named.
fn directories(given: &[Uuid], replicas: usize) -> Result<Vec<Uuid>, ApplyError> {
    if given.iter().all(|d| *d == DIRECTORY_MIGRATING) {
        return Ok(vec![DIRECTORY_MIGRATING; replicas]);
    }
    if given.len() != replicas {
        return Err(ApplyError::DirectoriesMismatch { replicas, directories: given.len() });
    }
    Ok(given.to_vec())
}
