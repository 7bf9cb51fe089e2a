//! SyncGroup, Heartbeat and LeaveGroup on a classic group.
//!
//! The rules are those of `GroupMetadataManager.classicGroupSync`, `classicGroupHeartbeat` and `classicGroupLeave` in
//! Kafka 4.3.1.

use super::api::{
    HeartbeatRequest, LeaveGroupRequest, LeaveGroupResponse, LeavingMember, LeftMember, SyncGroupRequest,
    SyncGroupResponse, UNKNOWN_MEMBER_ID,
};
use super::classic::{ClassicGroup, ClassicState};
use super::rebalance::Env;
use super::{Followup, SyncWrite, TimerKey};
use crate::coordinator::runtime::{Replay, RequestToken, WriteFailure, operation_error};
use crate::errors::KafkaError;
use bytes::Bytes;
use std::collections::BTreeMap;

impl ClassicGroup {
    /// Carries out a SyncGroup; it is answered now or when the leader's assignment is recorded.
    pub(super) fn sync(&mut self, token: RequestToken, request: SyncGroupRequest, env: &mut Env<'_, '_>) {
        let refused = match self.validate_sync(&request) {
            Err(error) => Some(error),
            Ok(()) if self.state == ClassicState::PreparingRebalance => Some(KafkaError::RebalanceInProgress),
            Ok(()) if self.state == ClassicState::Empty => Some(KafkaError::UnknownMemberId),
            Ok(()) => None,
        };
        if let Some(error) = refused {
            return env.reply_sync(token, SyncGroupResponse::error(error));
        }
        let member_id = request.member_id.as_str();
        self.pending_sync_members.remove(member_id);
        if self.pending_sync_members.is_empty() {
            env.cx.timers.cancel(&TimerKey::Sync(self.group_id.clone()));
        }
        let is_leader = self.is_leader(member_id);
        let Some(member) = self.members.get_mut(member_id) else { return };
        if self.state == ClassicState::Stable {
            let response = SyncGroupResponse {
                error: KafkaError::None,
                protocol_type: self.protocol_type.clone(),
                protocol_name: self.protocol_name.clone(),
                assignment: member.assignment.clone(),
            };
            return env.reply_sync(token, response);
        }
        if let Some(superseded) = member.awaiting_sync.replace(token) {
            env.reply_sync(superseded, SyncGroupResponse::error(KafkaError::RebalanceInProgress));
        }
        // A leader that repeats itself waits for the write that is under way: a second record could differ from what the
        // members are told.
        if is_leader && !self.recording_assignment {
            self.recording_assignment = true;
            self.record_assignment(request, env);
        }
    }

    fn record_assignment(&mut self, request: SyncGroupRequest, env: &mut Env<'_, '_>) {
        tracing::info!(
            "Assignment received from leader {} for group {} for generation {}. The group has {} members, {} of which are \
             static.",
            request.member_id,
            self.group_id,
            self.generation_id,
            self.members.len(),
            self.static_members.len()
        );
        let assignment: BTreeMap<String, Bytes> = request.assignments.into_iter().collect();
        let missing: Vec<&str> =
            self.members.keys().map(|id| &**id).filter(|id| !assignment.contains_key(*id)).collect();
        if !missing.is_empty() {
            tracing::warn!(
                "Setting empty assignments for members {missing:?} of {} for generation {}.",
                self.group_id,
                self.generation_id
            );
        }
        let record = self.to_record(|member| assignment.get(&*member.member_id).cloned().unwrap_or_default());
        let write = SyncWrite {
            group_id: self.group_id.clone(),
            generation_id: self.generation_id,
            leader: request.member_id,
            assignment,
        };
        env.cx.write(vec![record], Replay::No, Some(Followup::Sync(write)));
    }

    /// The leader's assignment is recorded, or not.
    pub(super) fn on_assignment_written(
        &mut self,
        write: SyncWrite,
        result: Result<(), WriteFailure>,
        env: &mut Env<'_, '_>,
    ) {
        // Somebody may have joined or left in the meantime.
        if self.state != ClassicState::CompletingRebalance || self.generation_id != write.generation_id {
            return;
        }
        self.recording_assignment = false;
        match result {
            Ok(()) => {
                let assignment = write.assignment;
                self.set_and_propagate_assignment(|id| assignment.get(id).cloned().unwrap_or_default(), env);
            }
            Err(failure) => {
                let error = operation_error(failure.error());
                self.reset_and_propagate_assignment(error, env);
                let reason =
                    format!("Error {error} when storing group assignment during SyncGroup (member: {}).", write.leader);
                self.maybe_prepare_rebalance_or_complete_join(&reason, env);
            }
        }
    }

    fn validate_sync(&self, request: &SyncGroupRequest) -> Result<(), KafkaError> {
        self.validate_member(&request.member_id, request.group_instance_id.as_deref())?;
        if request.generation_id != self.generation_id {
            return Err(KafkaError::IllegalGeneration);
        }
        let differs = |asked: &Option<String>, is: &Option<String>| asked.is_some() && is.is_some() && asked != is;
        if differs(&request.protocol_type, &self.protocol_type) || differs(&request.protocol_name, &self.protocol_name)
        {
            return Err(KafkaError::InconsistentGroupProtocol);
        }
        Ok(())
    }

    /// Carries out a Heartbeat.
    pub(super) fn heartbeat(&mut self, request: &HeartbeatRequest, env: &mut Env<'_, '_>) -> Result<(), KafkaError> {
        self.validate_member(&request.member_id, request.group_instance_id.as_deref())?;
        if request.generation_id != self.generation_id {
            return Err(KafkaError::IllegalGeneration);
        }
        match self.state {
            ClassicState::Empty => Err(KafkaError::UnknownMemberId),
            ClassicState::PreparingRebalance => {
                self.reschedule_heartbeat(&request.member_id, env.cx);
                Err(KafkaError::RebalanceInProgress)
            }
            // Members may begin before they have synced.
            ClassicState::CompletingRebalance | ClassicState::Stable => {
                self.reschedule_heartbeat(&request.member_id, env.cx);
                Ok(())
            }
        }
    }

    /// Carries out a LeaveGroup.
    pub(super) fn leave(&mut self, request: LeaveGroupRequest, env: &mut Env<'_, '_>) -> LeaveGroupResponse {
        let mut members = Vec::with_capacity(request.members.len());
        for LeavingMember { member_id, group_instance_id, reason } in request.members {
            let reason = reason.as_deref().unwrap_or("not provided");
            let result = self.leave_one(&member_id, group_instance_id.as_deref(), reason, env);
            let error = result.err().unwrap_or(KafkaError::None);
            members.push(LeftMember { member_id, group_instance_id, error });
        }
        let left: Vec<&str> = members.iter().filter(|m| m.error.is_none()).map(|m| m.member_id.as_str()).collect();
        if !left.is_empty() {
            match self.state {
                ClassicState::Stable | ClassicState::CompletingRebalance => {
                    let reason = format!("explicit `LeaveGroup` request for ({}) members.", left.join(", "));
                    self.maybe_prepare_rebalance_or_complete_join(&reason, env);
                }
                ClassicState::PreparingRebalance => self.maybe_complete_join_phase(env),
                ClassicState::Empty => {}
            }
        }
        LeaveGroupResponse { error: KafkaError::None, members }
    }

    fn leave_one(
        &mut self,
        member_id: &str,
        group_instance_id: Option<&str>,
        reason: &str,
        env: &mut Env<'_, '_>,
    ) -> Result<(), KafkaError> {
        let member_id = if member_id == UNKNOWN_MEMBER_ID {
            // An administrator removes a static member by its name alone.
            group_instance_id.and_then(|id| self.static_member_id(id)).ok_or(KafkaError::UnknownMemberId)?
        } else if let Some(pending) = self.pending_join_members.get(member_id) {
            pending.clone()
        } else {
            self.validate_member(member_id, group_instance_id)?;
            member_id.into()
        };
        tracing::info!(
            "[Group {}] Member {member_id} has left group through explicit `LeaveGroup` request; client reason: {reason}",
            self.group_id
        );
        env.cx.timers.cancel(&TimerKey::Heartbeat(self.group_id.clone(), member_id.clone()));
        self.fail_parked_join(&member_id, env);
        self.remove(&member_id);
        Ok(())
    }
}
