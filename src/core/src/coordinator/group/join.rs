//! JoinGroup on a classic group: new members, returning ones, and static members that come back under a new id.
//!
//! The rules are those of `GroupMetadataManager.classicGroupJoin*` in Kafka 4.3.1.

use super::api::{JoinGroupRequest, JoinGroupResponse, RequestContext, SyncGroupResponse, UNKNOWN_MEMBER_ID};
use super::classic::{ClassicGroup, ClassicState};
use super::member::Member;
use super::rebalance::Env;
use super::{Followup, StaticMemberWrite};
use crate::coordinator::runtime::{Replay, RequestToken, WriteFailure, operation_error};
use crate::errors::KafkaError;
use bytes::Bytes;
use std::sync::Arc;

/// From this version on a dynamic member gets its id before it joins (KIP-394).
const FIRST_VERSION_WITH_MEMBER_ID_REQUIRED: i16 = 4;
/// From this version on a leader can be told not to assign (KIP-814).
const FIRST_VERSION_WITH_SKIP_ASSIGNMENT: i16 = 9;

/// A JoinGroup on its way.
#[derive(Debug)]
pub struct Join {
    /// To be answered.
    pub token: RequestToken,
    /// Its sender.
    pub context: RequestContext,
    /// What it says.
    pub request: JoinGroupRequest,
}

impl Join {
    fn refuse(&self, error: KafkaError, member_id: &str, env: &mut Env<'_, '_>) {
        env.reply_join(self.token, JoinGroupResponse::error(error, member_id));
    }

    fn reason(&self) -> &str {
        match self.request.reason.as_deref() {
            None | Some("") => "not provided",
            Some(reason) => reason,
        }
    }
}

impl ClassicGroup {
    /// Carries out a JoinGroup; it is answered now or when the join phase ends.
    pub(super) fn join(&mut self, join: Join, env: &mut Env<'_, '_>) {
        let member_id = join.request.member_id.as_str();
        if !self.accepts_joining_member(member_id, env) {
            self.fail_parked_join(member_id, env);
            self.remove(member_id);
            return join.refuse(KafkaError::GroupMaxSizeReached, UNKNOWN_MEMBER_ID, env);
        }
        if !self.supports_protocols(&join.request.protocol_type, &join.request.protocols) {
            return join.refuse(KafkaError::InconsistentGroupProtocol, member_id, env);
        }
        match (member_id, &join.request.group_instance_id) {
            (UNKNOWN_MEMBER_ID, Some(_)) => self.join_new_static(join, env),
            (UNKNOWN_MEMBER_ID, None) => self.join_new_dynamic(join, env),
            _ => self.join_existing(join, env),
        }
    }

    fn accepts_joining_member(&self, member_id: &str, env: &Env<'_, '_>) -> bool {
        let max_size = env.config.max_size;
        match self.state {
            ClassicState::Empty => true,
            // Those who wait are counted, not all members: the group may be over its size already, and then the last to
            // rejoin are turned away.
            ClassicState::PreparingRebalance => {
                self.members.get(member_id).is_some_and(|member| member.awaiting_join.is_some())
                    || self.awaiting_join_count() < max_size
            }
            ClassicState::CompletingRebalance | ClassicState::Stable => {
                self.members.contains_key(member_id) || self.members.len() < max_size
            }
        }
    }

    fn join_new_static(&mut self, join: Join, env: &mut Env<'_, '_>) {
        let Some(instance_id) = join.request.group_instance_id.clone() else { return };
        let new_id = ClassicGroup::generate_member_id(&join.context.client_id, Some(&instance_id), env.cx.rng);
        match self.static_member_id(&instance_id) {
            Some(old_id) => {
                tracing::info!(
                    "Static member with groupInstanceId={instance_id} and unknown member id joins group {} in {} state. \
                     Replacing previously mapped member {old_id} with this groupInstanceId.",
                    self.group_id,
                    self.state.name()
                );
                self.replace_static(join, &instance_id, &old_id, &new_id, env);
            }
            None => {
                tracing::info!(
                    "Static member with groupInstanceId={instance_id} and unknown member id joins group {} in {} state. \
                     Created a new member id {new_id} for this member and added to the group.",
                    self.group_id,
                    self.state.name()
                );
                self.add_member(join, new_id, env);
            }
        }
    }

    fn join_new_dynamic(&mut self, join: Join, env: &mut Env<'_, '_>) {
        let new_id = ClassicGroup::generate_member_id(&join.context.client_id, None, env.cx.rng);
        if join.context.api_version < FIRST_VERSION_WITH_MEMBER_ID_REQUIRED {
            tracing::info!(
                "Dynamic member with unknown member id joins group {} in state {}. Created a new member id {new_id} and \
                 added the member to the group.",
                self.group_id,
                self.state.name()
            );
            return self.add_member(join, new_id, env);
        }
        if self.pending_join_members.len() >= env.config.max_pending_members {
            return join.refuse(KafkaError::GroupMaxSizeReached, UNKNOWN_MEMBER_ID, env);
        }
        tracing::info!(
            "Dynamic member with unknown member id joins group {} in {} state. Created a new member id {new_id} and \
             requesting the member to rejoin with this id.",
            self.group_id,
            self.state.name()
        );
        let timeout_ms = join.request.session_timeout_ms.max(0).unsigned_abs().into();
        self.schedule_heartbeat(&new_id, timeout_ms, env.cx);
        join.refuse(KafkaError::MemberIdRequired, &new_id, env);
        self.pending_join_members.insert(new_id);
    }

    fn join_existing(&mut self, join: Join, env: &mut Env<'_, '_>) {
        let member_id: Arc<str> = Arc::from(join.request.member_id.as_str());
        if self.pending_join_members.contains(&member_id) {
            if join.request.group_instance_id.is_some() {
                // A pending member is never static; Kafka fails on its own assertion here.
                return join.refuse(KafkaError::UnknownServerError, UNKNOWN_MEMBER_ID, env);
            }
            tracing::info!(
                "Pending dynamic member with id {member_id} joins group {} in {} state. Adding to the group now.",
                self.group_id,
                self.state.name()
            );
            return self.add_member(join, member_id, env);
        }
        if let Err(error) = self.validate_member(&member_id, join.request.group_instance_id.as_deref()) {
            return join.refuse(error, &member_id, env);
        }
        let unchanged = self.members.get(&member_id).is_some_and(|member| member.protocols == join.request.protocols);
        match self.state {
            ClassicState::PreparingRebalance => {
                let reason = format!(
                    "Member {member_id} is joining group during {}; client reason: {}",
                    self.state.name(),
                    join.reason()
                );
                self.rejoin(join, &member_id, &reason, env);
            }
            // It may not have got the answer to its join: tell it again.
            ClassicState::CompletingRebalance if unchanged => env.reply_join(join.token, self.joined(&member_id)),
            // A leader rejoins to have partitions assigned anew, for example when a topic has grown.
            ClassicState::Stable if self.is_leader(&member_id) => {
                let reason = format!(
                    "Leader {member_id} re-joining group during {}; client reason: {}",
                    self.state.name(),
                    join.reason()
                );
                self.rejoin(join, &member_id, &reason, env);
            }
            ClassicState::Stable if unchanged => env.reply_join(join.token, self.joined(&member_id)),
            ClassicState::CompletingRebalance | ClassicState::Stable => {
                let reason = format!(
                    "Updating metadata for member {member_id} during {}; client reason: {}",
                    self.state.name(),
                    join.reason()
                );
                self.rejoin(join, &member_id, &reason, env);
            }
            ClassicState::Empty => join.refuse(KafkaError::UnknownMemberId, &member_id, env),
        }
    }

    fn rejoin(&mut self, join: Join, member_id: &str, reason: &str, env: &mut Env<'_, '_>) {
        let request = join.request;
        let superseded = self.update_member(
            member_id,
            request.protocols,
            request.rebalance_timeout_ms,
            request.session_timeout_ms,
            Some(join.token),
        );
        env.reply_superseded_join(superseded, member_id);
        self.maybe_prepare_rebalance_or_complete_join(reason, env);
    }

    fn add_member(&mut self, join: Join, member_id: Arc<str>, env: &mut Env<'_, '_>) {
        let reason = format!(
            "Adding new member {member_id} with group instance id {}; client reason: {}",
            join.request.group_instance_id.as_deref().unwrap_or("null"),
            join.reason()
        );
        let Join { token, context, request } = join;
        if self.members.is_empty() {
            self.protocol_type = Some(request.protocol_type);
        }
        if self.state == ClassicState::PreparingRebalance && self.previous_state == Some(ClassicState::Empty) {
            self.new_member_added = true;
        }
        self.insert(Member {
            member_id: member_id.clone(),
            group_instance_id: request.group_instance_id.map(Arc::from),
            client_id: context.client_id.into(),
            client_host: context.client_host.into(),
            rebalance_timeout_ms: request.rebalance_timeout_ms,
            session_timeout_ms: request.session_timeout_ms,
            protocols: request.protocols,
            assignment: Bytes::new(),
            awaiting_join: Some(token),
            awaiting_sync: None,
            is_new: true,
        });
        // It cannot send heartbeats before it has its answer, and nobody sees its connection break while it is parked: a
        // long time for both.
        self.schedule_heartbeat(&member_id, env.config.new_member_join_timeout_ms, env.cx);
        self.maybe_prepare_rebalance_or_complete_join(&reason, env);
    }

    fn replace_static(
        &mut self,
        join: Join,
        instance_id: &str,
        old_id: &Arc<str>,
        new_id: &Arc<str>,
        env: &mut Env<'_, '_>,
    ) {
        let leader_before = self.leader.as_deref().unwrap_or_default().to_owned();
        let Some(old) = self.members.get(old_id).cloned() else { return };
        if let Some(parked) = self.replace_static_member(old_id, new_id) {
            if let Some(token) = parked.join {
                env.reply_join(token, JoinGroupResponse::error(KafkaError::FencedInstanceId, old_id));
            }
            if let Some(token) = parked.sync {
                env.reply_sync(token, SyncGroupResponse::error(KafkaError::FencedInstanceId));
            }
        }
        self.reschedule_heartbeat(new_id, env.cx);
        let client_reason = join.reason().to_owned();
        let Join { token, context, request } = join;
        self.update_member(
            new_id,
            request.protocols,
            request.rebalance_timeout_ms,
            request.session_timeout_ms,
            Some(token),
        );
        match self.state {
            ClassicState::Stable if self.select_protocol() == self.protocol_name => {
                tracing::info!(
                    "Static member which joins during Stable stage and doesn't affect the selected protocol will not \
                     trigger a rebalance."
                );
                let record = self.to_record(|member| member.assignment.clone());
                let write = StaticMemberWrite {
                    group_id: self.group_id.clone(),
                    generation_id: self.generation_id,
                    old: Box::new(old),
                    new_id: new_id.clone(),
                    token,
                    leader_before,
                    supports_skip: context.api_version >= FIRST_VERSION_WITH_SKIP_ASSIGNMENT,
                };
                env.cx.write(vec![record], Replay::No, Some(Followup::StaticMember(write)));
            }
            ClassicState::Stable => {
                let reason = format!(
                    "Group's selectedProtocol will change because static member {new_id} with instance id {instance_id} \
                     joined with change of protocol; client reason: {client_reason}"
                );
                self.maybe_prepare_rebalance_or_complete_join(&reason, env);
            }
            // The leader may have the old id already, and would assign to it.
            ClassicState::CompletingRebalance => {
                let reason = format!(
                    "Updating metadata for static member {new_id} with instance id {instance_id}; client reason: \
                     {client_reason}"
                );
                self.prepare_rebalance(&reason, env);
            }
            ClassicState::PreparingRebalance | ClassicState::Empty => self.maybe_complete_join_phase(env),
        }
    }

    /// The new id of a static member is recorded, or not.
    pub(super) fn on_static_member_written(
        &mut self,
        write: StaticMemberWrite,
        result: Result<(), WriteFailure>,
        env: &mut Env<'_, '_>,
    ) {
        // A rebalance that has begun since answers the member itself.
        let current = self.state == ClassicState::Stable && self.generation_id == write.generation_id;
        let waits = self.members.get(&write.new_id).is_some_and(|member| member.awaiting_join == Some(write.token));
        if !current || !waits {
            return;
        }
        let Some(member) = self.members.get_mut(&write.new_id) else { return };
        member.awaiting_join = None;
        let response = match result {
            Ok(()) => {
                let joined = self.joined(&write.new_id);
                if write.supports_skip {
                    JoinGroupResponse { skip_assignment: self.is_leader(&write.new_id), ..joined }
                } else {
                    // An old client that is told it leads would assign; the former leader's id keeps it from that.
                    JoinGroupResponse { leader: write.leader_before, members: Vec::new(), ..joined }
                }
            }
            Err(failure) => {
                tracing::warn!(
                    "Failed to persist metadata for group {} static member {} due to {}.",
                    self.group_id,
                    write.new_id,
                    failure.error()
                );
                let response = JoinGroupResponse {
                    error: operation_error(failure.error()),
                    leader: write.leader_before,
                    member_id: UNKNOWN_MEMBER_ID.to_owned(),
                    members: Vec::new(),
                    ..self.joined(&write.new_id)
                };
                // Only what the log refused is undone: a record that is merely late may still be committed, and then
                // the log knows the new id.
                if let WriteFailure::Refused(_) = failure {
                    let old = write.old;
                    let old_id = old.member_id.clone();
                    self.update_member(
                        &write.new_id,
                        old.protocols,
                        old.rebalance_timeout_ms,
                        old.session_timeout_ms,
                        None,
                    );
                    self.replace_static_member(&write.new_id, &old_id);
                    self.reschedule_heartbeat(&old_id, env.cx);
                }
                response
            }
        };
        env.reply_join(write.token, response);
    }
}
