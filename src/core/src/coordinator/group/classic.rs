//! The state of one classic group: members, generation, protocol, and the rules that need nothing else.
//!
//! Owned by [`super::GroupCoordinator`]. Most of it is soft: joins and syncs change it at once, and only a finished
//! generation is recorded (GroupMetadata). A coordinator that takes over finds the group as it was then, Stable or Empty.
//!
//! Invariants: `supported` counts, for each protocol, the members that list it; while there are members, at least one
//! protocol is supported by all; `leader` is a member or none; a static id belongs to exactly one member.
//! What moves it from state to state is in `rebalance.rs`.

use super::api::{JoinGroupMember, JoinGroupProtocol, ListedGroup};
use super::member::Member;
use super::records::group_metadata;
use super::{CoordinatorRecord, GroupType};
use crate::coordinator::runtime::RequestToken;
use crate::errors::KafkaError;
use bytes::Bytes;
use indexmap::IndexMap;
use ottla_base::ids::random_uuid;
use ottla_base::rng::Rng;
use ottla_base::wire::Reader;
use ottla_record::generated::consumer_protocol::ConsumerProtocolSubscription;
use ottla_record::generated::group::{GroupMetadataValue, MemberMetadata};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// `ConsumerProtocol.PROTOCOL_TYPE`: groups whose metadata the coordinator can read.
pub const CONSUMER_PROTOCOL_TYPE: &str = "consumer";

/// Where a group is. `Dead` is not a state here: a group that is gone is not in the map.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ClassicState {
    /// No members; offsets may remain.
    Empty,
    /// Members are to join.
    PreparingRebalance,
    /// All have joined; the leader is to assign.
    CompletingRebalance,
    /// The assignment is recorded.
    Stable,
}

impl ClassicState {
    /// As tools show it.
    pub fn name(self) -> &'static str {
        match self {
            ClassicState::Empty => "Empty",
            ClassicState::PreparingRebalance => "PreparingRebalance",
            ClassicState::CompletingRebalance => "CompletingRebalance",
            ClassicState::Stable => "Stable",
        }
    }
}

/// One classic group.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClassicGroup {
    /// Its id.
    pub group_id: Arc<str>,
    /// Where it is.
    pub state: ClassicState,
    /// Where it was before that.
    pub previous_state: Option<ClassicState>,
    /// Wall clock of the last change of state; `None` when the record that it was loaded from is too old to say.
    pub current_state_timestamp_ms: Option<i64>,
    /// `consumer`, `connect`, …; `None` for a simple group.
    pub protocol_type: Option<String>,
    /// Selected for this generation.
    pub protocol_name: Option<String>,
    /// Grows by one with each finished join phase.
    pub generation_id: i32,
    /// A member, while there are any.
    pub leader: Option<Arc<str>>,
    /// In the order in which they came.
    pub members: IndexMap<Arc<str>, Member>,
    /// `group.instance.id` → member id.
    pub static_members: BTreeMap<Arc<str>, Arc<str>>,
    /// Ids that were handed out with MEMBER_ID_REQUIRED and have not come back.
    pub pending_join_members: BTreeSet<Arc<str>>,
    /// Members of this generation that have not sent SyncGroup.
    pub pending_sync_members: BTreeSet<Arc<str>>,
    /// The leader's assignment of the current generation is being recorded.
    pub recording_assignment: bool,
    /// Somebody joined during the initial delay.
    pub new_member_added: bool,
    /// Of a `consumer` group whose subscriptions could be read.
    pub subscribed_topics: Option<BTreeSet<String>>,
    supported: BTreeMap<String, usize>,
}

impl ClassicGroup {
    /// A group without members.
    pub fn new(group_id: Arc<str>, wall_ms: i64) -> ClassicGroup {
        ClassicGroup {
            group_id,
            state: ClassicState::Empty,
            previous_state: None,
            current_state_timestamp_ms: Some(wall_ms),
            protocol_type: None,
            protocol_name: None,
            generation_id: 0,
            leader: None,
            members: IndexMap::new(),
            static_members: BTreeMap::new(),
            pending_join_members: BTreeSet::new(),
            pending_sync_members: BTreeSet::new(),
            recording_assignment: false,
            new_member_added: false,
            subscribed_topics: None,
            supported: BTreeMap::new(),
        }
    }

    /// The group that a GroupMetadata record describes.
    pub fn from_record(group_id: Arc<str>, value: GroupMetadataValue) -> ClassicGroup {
        let mut group = ClassicGroup::new(group_id, value.current_state_timestamp);
        group.current_state_timestamp_ms =
            (value.current_state_timestamp != -1).then_some(value.current_state_timestamp);
        group.generation_id = value.generation;
        group.protocol_type = (!value.protocol_type.is_empty()).then_some(value.protocol_type);
        let protocol = value.protocol.clone().unwrap_or_default();
        for member in value.members {
            let MemberMetadata { rebalance_timeout, session_timeout, .. } = member;
            group.insert(Member {
                member_id: member.member_id.into(),
                group_instance_id: member.group_instance_id.map(Arc::from),
                client_id: member.client_id.into(),
                client_host: member.client_host.into(),
                rebalance_timeout_ms: if rebalance_timeout == -1 { session_timeout } else { rebalance_timeout },
                session_timeout_ms: session_timeout,
                protocols: vec![JoinGroupProtocol { name: protocol.clone(), metadata: member.subscription }],
                assignment: member.assignment,
                awaiting_join: None,
                awaiting_sync: None,
                is_new: false,
            });
        }
        group.protocol_name = value.protocol;
        group.leader = value.leader.map(Arc::from).filter(|leader| group.members.contains_key(leader));
        if !group.members.is_empty() {
            group.state = ClassicState::Stable;
            if group.leader.is_none() {
                group.leader = group.members.keys().next().cloned();
            }
        }
        group.subscribed_topics = group.compute_subscribed_topics();
        group
    }

    /// The record of this generation, with the assignment that the leader gave.
    pub fn to_record(&self, assignment: impl Fn(&Member) -> Bytes) -> CoordinatorRecord {
        let protocol = self.protocol_name.as_deref().unwrap_or_default();
        let members = self.members.values().map(|member| MemberMetadata {
            member_id: member.member_id.to_string(),
            group_instance_id: member.group_instance_id.as_deref().map(str::to_owned),
            client_id: member.client_id.to_string(),
            client_host: member.client_host.to_string(),
            rebalance_timeout: member.rebalance_timeout_ms,
            session_timeout: member.session_timeout_ms,
            subscription: member.metadata(protocol).cloned().unwrap_or_default(),
            assignment: assignment(member),
        });
        let value = GroupMetadataValue {
            protocol_type: self.protocol_type.clone().unwrap_or_default(),
            generation: self.generation_id,
            protocol: self.protocol_name.clone(),
            leader: self.leader.as_deref().map(str::to_owned),
            current_state_timestamp: self.current_state_timestamp_ms.unwrap_or(-1),
            members: members.collect(),
        };
        group_metadata(&self.group_id, value)
    }

    /// A group that was made by offset commits alone.
    pub fn is_simple(&self) -> bool {
        self.protocol_type.is_none() && self.state == ClassicState::Empty && self.pending_join_members.is_empty()
    }

    /// Whether the member leads.
    pub fn is_leader(&self, member_id: &str) -> bool {
        self.leader.as_deref() == Some(member_id)
    }

    /// Whether its members speak the consumer protocol.
    pub fn uses_consumer_protocol(&self) -> bool {
        self.protocol_type.as_deref() == Some(CONSUMER_PROTOCOL_TYPE)
    }

    /// How many members wait in JoinGroup.
    pub fn awaiting_join_count(&self) -> usize {
        self.members.values().filter(|member| member.awaiting_join.is_some()).count()
    }

    /// Whether the join phase may end before its time.
    pub fn has_all_members_joined(&self) -> bool {
        self.pending_join_members.is_empty() && self.members.values().all(|member| member.awaiting_join.is_some())
    }

    /// The longest of the members' rebalance timeouts, in milliseconds.
    pub fn rebalance_timeout_ms(&self) -> u64 {
        self.members.values().map(|member| member.rebalance_timeout_ms.max(0).unsigned_abs()).max().unwrap_or(0).into()
    }

    /// A member id that nobody has.
    pub fn generate_member_id(client_id: &str, group_instance_id: Option<&str>, rng: &mut Rng) -> Arc<str> {
        Arc::from(format!("{}-{}", group_instance_id.unwrap_or(client_id), random_uuid(rng)))
    }

    /// Adds or replaces a member. The first one decides the leader.
    pub fn insert(&mut self, member: Member) {
        let member_id = member.member_id.clone();
        if let Some(instance_id) = &member.group_instance_id {
            self.static_members.insert(instance_id.clone(), member_id.clone());
        }
        if self.leader.is_none() {
            self.leader = Some(member_id.clone());
        }
        self.pending_join_members.remove(&member_id);
        self.count_protocols(&member.protocols, Count::Up);
        if let Some(old) = self.members.insert(member_id, member) {
            self.count_protocols(&old.protocols, Count::Down);
        }
    }

    /// Removes a member or a pending id. The next in line leads when it did.
    pub fn remove(&mut self, member_id: &str) -> Option<Member> {
        self.pending_join_members.remove(member_id);
        self.pending_sync_members.remove(member_id);
        let removed = self.members.shift_remove(member_id);
        if let Some(member) = &removed {
            self.count_protocols(&member.protocols, Count::Down);
            if let Some(instance_id) = &member.group_instance_id {
                self.static_members.remove(instance_id);
            }
        }
        if self.is_leader(member_id) {
            self.leader = self.members.keys().next().cloned();
        }
        removed
    }

    /// Gives a static member another id, in the place of the old one. Returns what was parked under the old one.
    pub fn replace_static_member(&mut self, old_id: &str, new_id: &Arc<str>) -> Option<ParkedRequests> {
        let index = self.members.get_index_of(old_id)?;
        let (_, mut member) = self.members.shift_remove_index(index)?;
        let parked = ParkedRequests { join: member.awaiting_join.take(), sync: member.awaiting_sync.take() };
        member.member_id = new_id.clone();
        member.is_new = false;
        if let Some(instance_id) = &member.group_instance_id {
            self.static_members.insert(instance_id.clone(), new_id.clone());
        }
        self.members.shift_insert(index, new_id.clone(), member);
        if self.pending_sync_members.remove(old_id) {
            self.pending_sync_members.insert(new_id.clone());
        }
        if self.is_leader(old_id) {
            self.leader = Some(new_id.clone());
        }
        Some(parked)
    }

    /// Takes over what a member says in a new JoinGroup. Returns a request of the same member that was parked.
    pub fn update_member(
        &mut self,
        member_id: &str,
        protocols: Vec<JoinGroupProtocol>,
        rebalance_timeout_ms: i32,
        session_timeout_ms: i32,
        awaiting_join: Option<RequestToken>,
    ) -> Option<RequestToken> {
        let member = self.members.get_mut(member_id)?;
        member.rebalance_timeout_ms = rebalance_timeout_ms;
        member.session_timeout_ms = session_timeout_ms;
        let superseded = std::mem::replace(&mut member.awaiting_join, awaiting_join);
        if member.protocols != protocols {
            let old = std::mem::replace(&mut member.protocols, protocols.clone());
            self.count_protocols(&old, Count::Down);
            self.count_protocols(&protocols, Count::Up);
        }
        superseded
    }

    /// The member that a static id belongs to.
    pub fn static_member_id(&self, group_instance_id: &str) -> Option<Arc<str>> {
        self.static_members.get(group_instance_id).cloned()
    }

    /// Whether the sender is who it says it is.
    pub fn validate_member(&self, member_id: &str, group_instance_id: Option<&str>) -> Result<(), KafkaError> {
        if let Some(instance_id) = group_instance_id {
            match self.static_members.get(instance_id) {
                None => return Err(KafkaError::UnknownMemberId),
                Some(existing) if &**existing != member_id => return Err(KafkaError::FencedInstanceId),
                Some(_) => {}
            }
        }
        if self.members.contains_key(member_id) { Ok(()) } else { Err(KafkaError::UnknownMemberId) }
    }

    /// Whether a member with these protocols fits.
    pub fn supports_protocols(&self, protocol_type: &str, protocols: &[JoinGroupProtocol]) -> bool {
        if self.state == ClassicState::Empty {
            return !protocol_type.is_empty() && !protocols.is_empty();
        }
        self.protocol_type.as_deref() == Some(protocol_type)
            && protocols.iter().any(|p| self.supported.get(&p.name).copied().unwrap_or(0) == self.members.len())
    }

    /// The protocol with the most votes among those that all members support; `None` without members.
    pub fn select_protocol(&self) -> Option<String> {
        let mut votes: IndexMap<&str, usize> = IndexMap::new();
        for member in self.members.values() {
            let vote = member.vote(|name| self.supported.get(name) == Some(&self.members.len()))?;
            *votes.entry(vote).or_default() += 1;
        }
        let most = votes.values().copied().max()?;
        votes.into_iter().find(|(_, count)| *count == most).map(|(name, _)| name.to_owned())
    }

    /// When a leader has not rejoined, the first who has takes its place. `false`: nobody has.
    pub fn maybe_elect_new_joined_leader(&mut self) -> bool {
        let Some(leader) = &self.leader else { return false };
        if self.members.get(leader).is_some_and(|member| member.awaiting_join.is_some()) {
            return true;
        }
        match self.members.values().find(|member| member.awaiting_join.is_some()) {
            Some(joined) => {
                tracing::info!(
                    "Group leader {leader} failed to join before the rebalance timeout. Member {} was elected as the new leader.",
                    joined.member_id
                );
                self.leader = Some(joined.member_id.clone());
                true
            }
            None => false,
        }
    }

    /// Ends a join phase: the generation grows, and the group is CompletingRebalance or, without members, Empty.
    pub fn init_next_generation(&mut self, wall_ms: i64) {
        self.generation_id = self.generation_id.wrapping_add(1);
        self.protocol_name = self.select_protocol();
        self.subscribed_topics = self.compute_subscribed_topics();
        let next = if self.members.is_empty() { ClassicState::Empty } else { ClassicState::CompletingRebalance };
        self.transition_to(next, wall_ms);
        self.pending_sync_members.clear();
        self.recording_assignment = false;
    }

    /// Notes a change of state.
    pub fn transition_to(&mut self, state: ClassicState, wall_ms: i64) {
        self.previous_state = Some(self.state);
        self.state = state;
        self.current_state_timestamp_ms = Some(wall_ms);
    }

    /// What the leader is told of the members.
    pub fn members_for_leader(&self) -> Vec<JoinGroupMember> {
        let protocol = self.protocol_name.as_deref().unwrap_or_default();
        let members = self.members.values().map(|member| JoinGroupMember {
            member_id: member.member_id.to_string(),
            group_instance_id: member.group_instance_id.as_deref().map(str::to_owned),
            metadata: member.metadata(protocol).cloned().unwrap_or_default(),
        });
        members.collect()
    }

    /// For ListGroups.
    pub fn listed(&self) -> ListedGroup {
        ListedGroup {
            group_id: self.group_id.to_string(),
            protocol_type: self.protocol_type.clone().unwrap_or_default(),
            group_state: self.state.name(),
            group_type: GroupType::Classic.name(),
        }
    }

    /// Whether the group consumes a topic. When a `consumer` group's subscriptions could not be read it may consume any.
    pub fn is_subscribed_to(&self, topic: &str) -> bool {
        match &self.subscribed_topics {
            Some(topics) => topics.contains(topic),
            None => self.uses_consumer_protocol(),
        }
    }

    fn compute_subscribed_topics(&self) -> Option<BTreeSet<String>> {
        if !self.uses_consumer_protocol() {
            return None;
        }
        if self.members.is_empty() {
            return Some(BTreeSet::new());
        }
        let protocol = self.protocol_name.as_deref()?;
        let mut all = BTreeSet::new();
        for member in self.members.values() {
            match member.metadata(protocol).and_then(subscription_topics) {
                Some(topics) => all.extend(topics),
                None => {
                    tracing::warn!(
                        "Failed to parse Consumer Protocol {CONSUMER_PROTOCOL_TYPE}:{protocol} of group {}. \
                         Consumer group coordinator is not aware of the subscribed topics.",
                        self.group_id
                    );
                    return None;
                }
            }
        }
        Some(all)
    }

    fn count_protocols(&mut self, protocols: &[JoinGroupProtocol], count: Count) {
        // A name that is listed twice counts once, or the group could never agree on it.
        for name in protocols.iter().map(|p| p.name.as_str()).collect::<BTreeSet<_>>() {
            match count {
                Count::Up => *self.supported.entry(name.to_owned()).or_default() += 1,
                Count::Down => {
                    if let Some(n) = self.supported.get_mut(name) {
                        *n -= 1;
                        if *n == 0 {
                            self.supported.remove(name);
                        }
                    }
                }
            }
        }
    }
}

/// Requests that waited under a member id which is no more.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ParkedRequests {
    /// JoinGroup.
    pub join: Option<RequestToken>,
    /// SyncGroup.
    pub sync: Option<RequestToken>,
}

#[derive(Clone, Copy)]
enum Count {
    Up,
    Down,
}

/// The topics of a consumer's subscription. Every version begins as version 0, which is all that is needed.
fn subscription_topics(metadata: &Bytes) -> Option<Vec<String>> {
    let (version, body) = metadata.split_first_chunk::<2>()?;
    if i16::from_be_bytes(*version) < 0 {
        return None;
    }
    ConsumerProtocolSubscription::decode(0, &mut Reader::new(body)).ok().map(|subscription| subscription.topics)
}
