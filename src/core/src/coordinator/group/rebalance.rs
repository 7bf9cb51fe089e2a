//! What moves a classic group: join phases, sync phases, and the deadlines of both.
//!
//! The rules are those of `GroupMetadataManager` in Kafka 4.3.1. A join phase ends when every member has joined, or at
//! the longest rebalance timeout; the first phase of an empty group waits `group.initial.rebalance.delay.ms` instead,
//! longer while members keep coming. A sync phase ends when the leader's assignment is recorded, and drops members that
//! have not synced within the rebalance timeout.
//!
//! Not here: which request may do what (`join.rs`, `membership.rs`).

use super::api::{JoinGroupResponse, SyncGroupResponse};
use super::classic::{ClassicGroup, ClassicState};
use super::{Followup, GroupConfig, GroupCx, GroupResponse, TimerKey, TimerTask};
use crate::coordinator::runtime::{Replay, RequestToken};
use crate::errors::KafkaError;
use bytes::Bytes;
use std::sync::Arc;

/// How long a join phase that nobody came to lasts at least: a client may say that its rebalance timeout is nothing.
const RETRY_JOIN_MS_MIN: u64 = 100;

/// What an operation on a group works with beside the group.
#[derive(Debug)]
pub struct Env<'a, 'b> {
    /// Replies, writes, timers.
    pub cx: &'a mut GroupCx<'b>,
    /// Settings.
    pub config: &'a GroupConfig,
}

impl Env<'_, '_> {
    /// Answers a JoinGroup.
    pub fn reply_join(&mut self, token: RequestToken, response: JoinGroupResponse) {
        self.cx.reply(token, GroupResponse::JoinGroup(response));
    }

    /// Answers a SyncGroup.
    pub fn reply_sync(&mut self, token: RequestToken, response: SyncGroupResponse) {
        self.cx.reply(token, GroupResponse::SyncGroup(response));
    }

    /// Answers a request in whose place the same member has sent another. Kafka forgets the older one, whose
    /// connection is usually gone; here every token is answered.
    pub fn reply_superseded_join(&mut self, token: Option<RequestToken>, member_id: &str) {
        if let Some(token) = token {
            self.reply_join(token, JoinGroupResponse::error(KafkaError::RebalanceInProgress, member_id));
        }
    }
}

impl ClassicGroup {
    /// Starts a rebalance when the state allows it, else sees whether the running join phase is complete.
    pub(super) fn maybe_prepare_rebalance_or_complete_join(&mut self, reason: &str, env: &mut Env<'_, '_>) {
        match self.state {
            ClassicState::PreparingRebalance => self.maybe_complete_join_phase(env),
            ClassicState::Empty | ClassicState::CompletingRebalance | ClassicState::Stable => {
                self.prepare_rebalance(reason, env);
            }
        }
    }

    /// Starts a rebalance.
    pub(super) fn prepare_rebalance(&mut self, reason: &str, env: &mut Env<'_, '_>) {
        if self.state == ClassicState::CompletingRebalance {
            self.reset_and_propagate_assignment(KafkaError::RebalanceInProgress, env);
        }
        self.pending_sync_members.clear();
        env.cx.timers.cancel(&TimerKey::Sync(self.group_id.clone()));

        let initial = self.state == ClassicState::Empty;
        self.transition_to(ClassicState::PreparingRebalance, env.cx.now.wall_ms);
        tracing::info!(
            "Preparing to rebalance group {} in state {} with old generation {} (reason: {reason}).",
            self.group_id,
            self.state.name(),
            self.generation_id
        );
        if initial {
            let delay_ms = env.config.initial_rebalance_delay_ms;
            let remaining_ms = self.rebalance_timeout_ms().saturating_sub(delay_ms);
            self.schedule_initial_delay(delay_ms, remaining_ms, env);
        } else if self.has_all_members_joined() {
            self.complete_join(env);
        } else {
            self.schedule_join(env);
        }
    }

    /// Ends the join phase when all have joined. The initial one ends by its delay only.
    pub(super) fn maybe_complete_join_phase(&mut self, env: &mut Env<'_, '_>) {
        if self.state == ClassicState::PreparingRebalance
            && self.previous_state != Some(ClassicState::Empty)
            && self.has_all_members_joined()
        {
            self.complete_join(env);
        }
    }

    /// The initial delay is over, unless somebody came in the meantime and there is time left.
    pub(super) fn on_initial_delay(&mut self, delay_ms: u64, remaining_ms: u64, env: &mut Env<'_, '_>) {
        if self.new_member_added && remaining_ms != 0 {
            self.new_member_added = false;
            let next_delay_ms = env.config.initial_rebalance_delay_ms.min(remaining_ms);
            self.schedule_initial_delay(next_delay_ms, remaining_ms.saturating_sub(delay_ms), env);
        } else {
            self.complete_join(env);
        }
    }

    /// Ends the join phase: who has not joined is dropped (static members stay until their session ends), and the next
    /// generation begins.
    pub(super) fn complete_join(&mut self, env: &mut Env<'_, '_>) {
        env.cx.timers.cancel(&TimerKey::Join(self.group_id.clone()));
        let missing: Vec<Arc<str>> = self
            .members
            .values()
            .filter(|member| member.awaiting_join.is_none() && !member.is_static())
            .map(|member| member.member_id.clone())
            .collect();
        if !missing.is_empty() {
            for member_id in &missing {
                self.remove(member_id);
                env.cx.timers.cancel(&TimerKey::Heartbeat(self.group_id.clone(), member_id.clone()));
            }
            tracing::info!("Group {} removed dynamic members who haven't joined: {missing:?}", self.group_id);
        }

        if !self.maybe_elect_new_joined_leader() && !self.members.is_empty() {
            // Only static members are left, and none of them has come back: their sessions decide.
            tracing::error!("Group {} could not complete rebalance because no members rejoined.", self.group_id);
            let again_ms = self.rebalance_timeout_ms().max(RETRY_JOIN_MS_MIN);
            env.cx.schedule(TimerKey::Join(self.group_id.clone()), again_ms, TimerTask::CompleteJoin);
            return;
        }
        self.init_next_generation(env.cx.now.wall_ms);
        if self.state == ClassicState::Empty {
            tracing::info!("Group {} with generation {} is now empty.", self.group_id, self.generation_id);
            let record = self.to_record(|_| Bytes::new());
            env.cx.write(vec![record], Replay::No, Some(Followup::EmptyGroup(self.group_id.clone())));
            return;
        }
        tracing::info!(
            "Stabilized group {} generation {} with {} members.",
            self.group_id,
            self.generation_id,
            self.members.len()
        );
        for index in 0..self.members.len() {
            let Some(member) = self.members.get_index_mut(index).map(|(_, member)| member) else { break };
            member.is_new = false;
            let (member_id, parked) = (member.member_id.clone(), member.awaiting_join.take());
            if let Some(token) = parked {
                let response = self.joined(&member_id);
                env.reply_join(token, response);
            }
            self.reschedule_heartbeat(&member_id, env.cx);
            self.pending_sync_members.insert(member_id);
        }
        let task = TimerTask::PendingSync { generation_id: self.generation_id };
        env.cx.schedule(TimerKey::Sync(self.group_id.clone()), self.rebalance_timeout_ms(), task);
    }

    /// The answer to a member of the current generation.
    pub(super) fn joined(&self, member_id: &str) -> JoinGroupResponse {
        JoinGroupResponse {
            error: KafkaError::None,
            generation_id: self.generation_id,
            protocol_type: self.protocol_type.clone(),
            protocol_name: self.protocol_name.clone(),
            leader: self.leader.as_deref().unwrap_or_default().to_owned(),
            skip_assignment: false,
            member_id: member_id.to_owned(),
            members: if self.is_leader(member_id) { self.members_for_leader() } else { Vec::new() },
        }
    }

    /// The sync phase has lasted for a rebalance timeout: who has not synced is dropped.
    pub(super) fn on_pending_sync(&mut self, generation_id: i32, env: &mut Env<'_, '_>) {
        let in_phase = matches!(self.state, ClassicState::CompletingRebalance | ClassicState::Stable);
        if generation_id != self.generation_id || !in_phase || self.pending_sync_members.is_empty() {
            return;
        }
        let late = std::mem::take(&mut self.pending_sync_members);
        for member_id in &late {
            self.remove(member_id);
            env.cx.timers.cancel(&TimerKey::Heartbeat(self.group_id.clone(), member_id.clone()));
        }
        self.prepare_rebalance(&format!("Removing {late:?} on pending sync request expiration"), env);
    }

    /// A member has said nothing for its session timeout.
    pub(super) fn on_heartbeat_expired(&mut self, member_id: &str, env: &mut Env<'_, '_>) {
        if self.pending_join_members.contains(member_id) {
            tracing::info!(
                "Pending member {member_id} in group {} has been removed after session timeout expiration.",
                self.group_id
            );
            self.remove(member_id);
            if self.state == ClassicState::PreparingRebalance && self.has_all_members_joined() {
                self.complete_join(env);
            }
            return;
        }
        if self.members.get(member_id).is_some_and(|member| !member.has_satisfied_heartbeat()) {
            tracing::info!("Member {member_id} in group {} has failed, removing it from the group.", self.group_id);
            self.fail_parked_join(member_id, env);
            self.remove(member_id);
            match self.state {
                ClassicState::Stable | ClassicState::CompletingRebalance => {
                    let reason = format!("removing member {member_id} on heartbeat expiration.");
                    self.maybe_prepare_rebalance_or_complete_join(&reason, env);
                }
                ClassicState::PreparingRebalance if self.has_all_members_joined() => self.complete_join(env),
                _ => {}
            }
        }
    }

    /// Answers what a member that is about to be removed waits for. A new member that is still there will join again.
    pub(super) fn fail_parked_join(&mut self, member_id: &str, env: &mut Env<'_, '_>) {
        let Some(member) = self.members.get_mut(member_id) else { return };
        let (join, sync) = (member.awaiting_join.take(), member.awaiting_sync.take());
        if let Some(token) = join {
            env.reply_join(token, JoinGroupResponse::error(KafkaError::UnknownMemberId, ""));
        }
        if let Some(token) = sync {
            env.reply_sync(token, SyncGroupResponse::error(KafkaError::UnknownMemberId));
        }
    }

    /// The assignment is recorded: every member that waits gets its part, and the group is Stable.
    pub(super) fn set_and_propagate_assignment(&mut self, assignment: impl Fn(&str) -> Bytes, env: &mut Env<'_, '_>) {
        for member in self.members.values_mut() {
            member.assignment = assignment(&member.member_id);
        }
        self.propagate_assignment(KafkaError::None, env);
        self.transition_to(ClassicState::Stable, env.cx.now.wall_ms);
    }

    /// The sync phase failed: every member that waits is told so.
    pub(super) fn reset_and_propagate_assignment(&mut self, error: KafkaError, env: &mut Env<'_, '_>) {
        for member in self.members.values_mut() {
            member.assignment = Bytes::new();
        }
        self.propagate_assignment(error, env);
    }

    fn propagate_assignment(&mut self, error: KafkaError, env: &mut Env<'_, '_>) {
        let names = match error {
            KafkaError::None => (self.protocol_type.clone(), self.protocol_name.clone()),
            _ => (None, None),
        };
        for index in 0..self.members.len() {
            let Some(member) = self.members.get_index_mut(index).map(|(_, member)| member) else { break };
            let Some(token) = member.awaiting_sync.take() else { continue };
            let (protocol_type, protocol_name) = names.clone();
            let response =
                SyncGroupResponse { error, protocol_type, protocol_name, assignment: member.assignment.clone() };
            let member_id = member.member_id.clone();
            env.reply_sync(token, response);
            // Its session may have ended while it waited, which was ignored then: start it anew.
            self.reschedule_heartbeat(&member_id, env.cx);
        }
    }

    /// Starts a member's session anew.
    pub(super) fn reschedule_heartbeat(&self, member_id: &str, cx: &mut GroupCx<'_>) {
        if let Some(member) = self.members.get(member_id) {
            let timeout_ms = member.session_timeout_ms.max(0).unsigned_abs().into();
            self.schedule_heartbeat(&member.member_id, timeout_ms, cx);
        }
    }

    /// Sets the moment at which a member or a pending id is given up.
    pub(super) fn schedule_heartbeat(&self, member_id: &Arc<str>, timeout_ms: u64, cx: &mut GroupCx<'_>) {
        cx.schedule(TimerKey::Heartbeat(self.group_id.clone(), member_id.clone()), timeout_ms, TimerTask::Heartbeat);
    }

    /// Every timer that this group may have set.
    pub(super) fn timer_keys(&self) -> Vec<TimerKey> {
        let members = self.members.keys().chain(&self.pending_join_members);
        members
            .map(|member_id| TimerKey::Heartbeat(self.group_id.clone(), member_id.clone()))
            .chain([TimerKey::Join(self.group_id.clone()), TimerKey::Sync(self.group_id.clone())])
            .collect()
    }

    fn schedule_join(&self, env: &mut Env<'_, '_>) {
        env.cx.schedule(TimerKey::Join(self.group_id.clone()), self.rebalance_timeout_ms(), TimerTask::CompleteJoin);
    }

    fn schedule_initial_delay(&self, delay_ms: u64, remaining_ms: u64, env: &mut Env<'_, '_>) {
        let task = TimerTask::InitialDelay { delay_ms, remaining_ms };
        env.cx.schedule(TimerKey::Join(self.group_id.clone()), delay_ms, task);
    }
}
