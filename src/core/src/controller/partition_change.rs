//! One partition's change record: who leads, which replicas stay in the ISR and in the ELR (`PartitionChangeBuilder`).

use crate::metadata::partition::{LeaderRecoveryState, NO_LEADER, NO_LEADER_CHANGE, PartitionRegistration};
use crate::metadata::{MetadataVersion, VersionedRecord};
use ottla_base::ids::Uuid;
use ottla_record::generated::metadata::{MetadataRecord, PartitionChangeRecord};
use std::collections::BTreeMap;

/// How far an election may go.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Election {
    /// The preferred replica if it may lead, otherwise as Online.
    Preferred,
    /// The current leader if it may stay, otherwise the first replica that may lead.
    Online,
    /// As Online, and at last a replica from outside the ISR: data may be lost.
    Unclean,
}

/// A wish for a partition; `build` makes the record that gets there.
pub struct PartitionChange<'a> {
    partition: &'a PartitionRegistration,
    topic_id: Uuid,
    partition_id: i32,
    is_acceptable_leader: &'a dyn Fn(i32) -> bool,
    default_dir: &'a dyn Fn(i32) -> Uuid,
    version: MetadataVersion,
    min_isr: usize,
    elr_enabled: bool,
    /// How to elect.
    pub election: Election,
    /// In-sync replicas to have.
    pub target_isr: Vec<i32>,
    /// Replicas to have.
    pub target_replicas: Vec<i32>,
    /// Replicas to take away.
    pub target_removing: Vec<i32>,
    /// Replicas to bring in.
    pub target_adding: Vec<i32>,
    /// Recovery state to have.
    pub target_leader_recovery_state: LeaderRecoveryState,
    /// Directories that differ from the present ones.
    pub directories: BTreeMap<i32, Uuid>,
    /// Replicas that lost what they had not flushed: neither ISR nor ELR.
    pub unclean_shutdown_replicas: Vec<i32>,
    target_elr: Vec<i32>,
}

impl std::fmt::Debug for PartitionChange<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("PartitionChange").field("partition", self.partition).finish_non_exhaustive()
    }
}

struct ElectionResult {
    node: i32,
    unclean: bool,
}

impl<'a> PartitionChange<'a> {
    /// A wish to leave everything as it is. `min_isr` is the topic's effective `min.insync.replicas`.
    #[allow(clippy::too_many_arguments)] // One caller (`elections`) that has all of it at hand.
    pub fn new(
        partition: &'a PartitionRegistration,
        topic_id: Uuid,
        partition_id: i32,
        is_acceptable_leader: &'a dyn Fn(i32) -> bool,
        default_dir: &'a dyn Fn(i32) -> Uuid,
        version: MetadataVersion,
        min_isr: usize,
        elr_enabled: bool,
    ) -> PartitionChange<'a> {
        PartitionChange {
            partition,
            topic_id,
            partition_id,
            is_acceptable_leader,
            default_dir,
            version,
            min_isr,
            elr_enabled,
            election: Election::Online,
            target_isr: partition.isr.clone(),
            target_replicas: partition.replicas.clone(),
            target_removing: partition.removing_replicas.clone(),
            target_adding: partition.adding_replicas.clone(),
            target_leader_recovery_state: partition.leader_recovery_state,
            directories: BTreeMap::new(),
            unclean_shutdown_replicas: Vec::new(),
            target_elr: partition.elr.clone(),
        }
    }

    /// The record, or `None` when nothing changes.
    pub fn build(mut self) -> Option<VersionedRecord> {
        let mut record =
            PartitionChangeRecord { topic_id: self.topic_id, partition_id: self.partition_id, ..Default::default() };
        self.complete_reassignment_if_needed();
        self.populate_target_elr();
        self.try_election(&mut record);
        // Taking a replica away bumps the leader epoch, so that its fetches are refused.
        if record.leader == NO_LEADER_CHANGE && !contains_all(&self.target_replicas, &self.partition.replicas) {
            record.leader = self.partition.leader;
        }
        self.update_record_elr(&mut record);
        // With ELR the ISR may be empty.
        if record.isr.is_none()
            && (!self.target_isr.is_empty() || self.elr_enabled)
            && self.target_isr != self.partition.isr
        {
            record.isr = Some(self.target_isr.clone());
        }
        self.bump_leader_epoch_for_isr_shrink(&mut record);
        self.update_last_known_leader(&mut record);
        self.set_assignment_changes(&mut record);
        if self.target_leader_recovery_state != self.partition.leader_recovery_state {
            record.leader_recovery_state = self.target_leader_recovery_state.value();
        }
        let version = self.version.partition_record_version();
        (!is_no_op(&record)).then(|| VersionedRecord::new(MetadataRecord::PartitionChange(record), version))
    }

    /// `PartitionReassignmentReplicas.maybeCompleteReassignment`: done when all targets are in sync and something is
    /// left of the ISR without those that go.
    fn complete_reassignment_if_needed(&mut self) {
        if self.target_removing.is_empty() && self.target_adding.is_empty() {
            return;
        }
        let without =
            |list: &[i32], gone: &[i32]| -> Vec<i32> { list.iter().copied().filter(|r| !gone.contains(r)).collect() };
        let isr = without(&self.target_isr, &self.target_removing);
        let replicas = without(&self.target_replicas, &self.target_removing);
        if !self.target_removing.is_empty() && (replicas.is_empty() || isr.is_empty()) {
            return;
        }
        if !contains_all(&isr, &self.target_adding) {
            return;
        }
        // A smaller replica set must be in sync as a whole, or completing would shrink the ISR for no reason.
        if self.target_adding.len() < self.target_removing.len() && !contains_all(&isr, &replicas) {
            return;
        }
        self.target_isr = isr;
        self.target_replicas = replicas;
        self.target_removing.clear();
        self.target_adding.clear();
    }

    fn populate_target_elr(&mut self) {
        if !self.elr_enabled {
            return;
        }
        if self.target_isr.len() >= self.min_isr {
            self.target_elr.clear();
            return;
        }
        let mut candidates = self.target_elr.clone();
        candidates.extend(self.partition.isr.iter().copied());
        candidates.sort_unstable();
        candidates.dedup();
        candidates.retain(|r| !self.target_isr.contains(r) && !self.unclean_shutdown_replicas.contains(r));
        self.target_elr = candidates;
    }

    fn is_valid_new_leader(&self, replica: i32) -> bool {
        (self.target_isr.contains(&replica) || (self.target_isr.is_empty() && self.target_elr.contains(&replica)))
            && (self.is_acceptable_leader)(replica)
    }

    fn elect(&self) -> ElectionResult {
        let clean = |node| ElectionResult { node, unclean: false };
        if self.election == Election::Preferred
            && let Some(preferred) = self.target_replicas.first()
            && self.is_valid_new_leader(*preferred)
        {
            return clean(*preferred);
        }
        if self.is_valid_new_leader(self.partition.leader) {
            return clean(self.partition.leader);
        }
        if let Some(online) = self.target_replicas.iter().find(|r| self.is_valid_new_leader(**r)) {
            return clean(*online);
        }
        if let Some(last_known) = self.electable_last_known_leader() {
            return ElectionResult { node: last_known, unclean: true };
        }
        if self.election == Election::Unclean
            && let Some(any) = self.target_replicas.iter().find(|r| (self.is_acceptable_leader)(**r))
        {
            return ElectionResult { node: *any, unclean: true };
        }
        clean(NO_LEADER)
    }

    fn electable_last_known_leader(&self) -> Option<i32> {
        if !self.elr_enabled || !self.target_elr.is_empty() || !self.target_isr.is_empty() {
            return None;
        }
        match self.partition.last_known_elr.as_slice() {
            [last] if (self.is_acceptable_leader)(*last) => Some(*last),
            _ => None,
        }
    }

    fn try_election(&mut self, record: &mut PartitionChangeRecord) {
        let result = self.elect();
        if result.node == self.partition.leader {
            return;
        }
        if self.target_elr.contains(&result.node) {
            self.target_isr = vec![result.node];
            self.target_elr.retain(|r| *r != result.node);
        }
        record.leader = result.node;
        if result.unclean {
            // The ISR is the new leader alone: the others may hold what it has lost.
            record.isr = Some(vec![result.node]);
            if self.partition.leader_recovery_state != LeaderRecoveryState::Recovering {
                record.leader_recovery_state = LeaderRecoveryState::Recovering.value();
            }
        }
    }

    fn update_record_elr(&mut self, record: &mut PartitionChangeRecord) {
        if record.isr.is_some() || !self.elr_enabled {
            self.target_elr.clear();
        }
        if self.target_elr != self.partition.elr {
            record.eligible_leader_replicas = Some(self.target_elr.clone());
        }
    }

    /// Below 3.6 a shrunk ISR had to bump the leader epoch (KAFKA-15021).
    fn bump_leader_epoch_for_isr_shrink(&self, record: &mut PartitionChangeRecord) {
        if self.version.is_leader_epoch_bump_required_on_isr_shrink()
            && record.leader == NO_LEADER_CHANGE
            && record.isr.as_ref().is_some_and(|isr| !contains_all(isr, &self.partition.isr))
        {
            record.leader = self.partition.leader;
        }
    }

    fn update_last_known_leader(&self, record: &mut PartitionChangeRecord) {
        if !self.elr_enabled {
            return;
        }
        if record.leader == NO_LEADER && self.partition.last_known_elr.is_empty() {
            record.last_known_elr = Some(vec![self.partition.leader]);
        } else if record.leader >= 0 && !self.partition.last_known_elr.is_empty() {
            record.last_known_elr = Some(Vec::new());
        }
    }

    fn set_assignment_changes(&self, record: &mut PartitionChangeRecord) {
        if !self.target_replicas.is_empty() {
            if self.version.is_directory_assignment_supported() {
                let directory = |replica: &i32| {
                    let given = self.directories.get(replica).copied();
                    given.or_else(|| self.partition.directory(*replica)).unwrap_or_else(|| (self.default_dir)(*replica))
                };
                let directories: Vec<Uuid> = self.target_replicas.iter().map(directory).collect();
                if directories != self.partition.directories {
                    record.directories = Some(directories);
                }
            }
            if self.target_replicas != self.partition.replicas {
                record.replicas = Some(self.target_replicas.clone());
            }
        }
        if self.target_removing != self.partition.removing_replicas {
            record.removing_replicas = Some(self.target_removing.clone());
        }
        if self.target_adding != self.partition.adding_replicas {
            record.adding_replicas = Some(self.target_adding.clone());
        }
    }
}

fn contains_all(list: &[i32], wanted: &[i32]) -> bool {
    wanted.iter().all(|w| list.contains(w))
}

fn is_no_op(r: &PartitionChangeRecord) -> bool {
    r.isr.is_none()
        && r.eligible_leader_replicas.is_none()
        && r.last_known_elr.is_none()
        && r.leader == NO_LEADER_CHANGE
        && r.replicas.is_none()
        && r.removing_replicas.is_none()
        && r.adding_replicas.is_none()
        && r.leader_recovery_state == -1
        && r.directories.is_none()
}
