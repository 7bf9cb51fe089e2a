//! A member of a classic group.
//!
//! Plain data, owned by its group. What a crash of the coordinator loses by design: the parked requests, all protocols
//! but the selected one, and whether the member is new.

use super::api::{DescribedMember, JoinGroupProtocol};
use crate::coordinator::runtime::RequestToken;
use bytes::Bytes;
use std::sync::Arc;

/// One member.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Member {
    /// Given by the coordinator.
    pub member_id: Arc<str>,
    /// Given by the user: a static member.
    pub group_instance_id: Option<Arc<str>>,
    /// From the join.
    pub client_id: Arc<str>,
    /// From the join.
    pub client_host: Arc<str>,
    /// Milliseconds.
    pub rebalance_timeout_ms: i32,
    /// Milliseconds.
    pub session_timeout_ms: i32,
    /// In the order of preference.
    pub protocols: Vec<JoinGroupProtocol>,
    /// From the leader; empty before and between.
    pub assignment: Bytes,
    /// A parked JoinGroup.
    pub awaiting_join: Option<RequestToken>,
    /// A parked SyncGroup.
    pub awaiting_sync: Option<RequestToken>,
    /// It has never got an answer to a join, so it cannot send heartbeats.
    pub is_new: bool,
}

impl Member {
    /// Whether it has a `group.instance.id`.
    pub fn is_static(&self) -> bool {
        self.group_instance_id.is_some()
    }

    /// Its metadata for a protocol.
    pub fn metadata(&self, protocol: &str) -> Option<&Bytes> {
        self.protocols.iter().find(|p| p.name == protocol).map(|p| &p.metadata)
    }

    /// The first of its protocols that is a candidate.
    pub fn vote(&self, is_candidate: impl Fn(&str) -> bool) -> Option<&str> {
        self.protocols.iter().map(|p| p.name.as_str()).find(|name| is_candidate(name))
    }

    /// A member that waits for an answer need not send heartbeats, unless it has never got one.
    pub fn has_satisfied_heartbeat(&self) -> bool {
        !self.is_new && (self.awaiting_join.is_some() || self.awaiting_sync.is_some())
    }

    /// For DescribeGroups.
    pub fn describe(&self, protocol: Option<&str>) -> DescribedMember {
        DescribedMember {
            member_id: self.member_id.to_string(),
            group_instance_id: self.group_instance_id.as_deref().map(str::to_owned),
            client_id: self.client_id.to_string(),
            client_host: self.client_host.to_string(),
            metadata: protocol.and_then(|p| self.metadata(p)).cloned().unwrap_or_default(),
            assignment: self.assignment.clone(),
        }
    }
}
