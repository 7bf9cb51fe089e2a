//! Requests and responses of the group coordinator, free of wire versions. The broker converts.
//!
//! Plain data, owned by nobody. Where a version changes what the coordinator does (not how it is written), the
//! version is in [`RequestContext`].

use crate::errors::KafkaError;
use bytes::Bytes;
use ottla_base::ids::Uuid;

/// `JoinGroupRequest.UNKNOWN_MEMBER_ID`: "I have none yet".
pub const UNKNOWN_MEMBER_ID: &str = "";
/// `OffsetFetchResponse.INVALID_OFFSET`: nothing is committed.
pub const INVALID_OFFSET: i64 = -1;
/// `OffsetCommitRequest.DEFAULT_RETENTION_TIME`: the broker's own retention.
pub const DEFAULT_RETENTION_TIME_MS: i64 = -1;

/// What a request says about its sender.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RequestContext {
    /// Version of the request.
    pub api_version: i16,
    /// Client id; empty when the header had none, as Kafka does.
    pub client_id: String,
    /// The sender's address as Java prints it: `/127.0.0.1`.
    pub client_host: String,
}

/// One operation on a shard.
#[derive(Clone, Debug, PartialEq)]
pub enum GroupRequest {
    /// JoinGroup; may be answered much later.
    JoinGroup(RequestContext, JoinGroupRequest),
    /// SyncGroup; may be answered much later.
    SyncGroup(SyncGroupRequest),
    /// Heartbeat.
    Heartbeat(HeartbeatRequest),
    /// LeaveGroup.
    LeaveGroup(LeaveGroupRequest),
    /// OffsetCommit.
    OffsetCommit(RequestContext, OffsetCommitRequest),
    /// OffsetFetch that requires stable offsets (others are pure reads: `GroupCoordinator::offset_fetch`).
    OffsetFetchStable(OffsetFetchRequest),
    /// OffsetDelete.
    OffsetDelete(OffsetDeleteRequest),
    /// DeleteGroups: those whose partition this shard is.
    DeleteGroups(Vec<String>),
    /// Topics are gone from the metadata image: their offsets go too. Sent to every shard; its answer says only that it is done.
    TopicsDeleted(Vec<DeletedTopic>),
}

/// The answer to a [`GroupRequest`].
#[derive(Clone, Debug, PartialEq)]
pub enum GroupResponse {
    /// To JoinGroup.
    JoinGroup(JoinGroupResponse),
    /// To SyncGroup.
    SyncGroup(SyncGroupResponse),
    /// To Heartbeat.
    Heartbeat(KafkaError),
    /// To LeaveGroup.
    LeaveGroup(LeaveGroupResponse),
    /// To OffsetCommit.
    OffsetCommit(OffsetCommitResponse),
    /// To OffsetFetchStable.
    OffsetFetch(OffsetFetchResponse),
    /// To OffsetDelete.
    OffsetDelete(OffsetDeleteResponse),
    /// To DeleteGroups, one for each distinct group.
    DeleteGroups(Vec<(String, KafkaError)>),
    /// To TopicsDeleted.
    TopicsDeleted(KafkaError),
}

/// One way of assigning that a member can do.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct JoinGroupProtocol {
    /// `range`, `cooperative-sticky`, …
    pub name: String,
    /// Opaque to a classic group; for type `consumer` a subscription.
    pub metadata: Bytes,
}

/// JoinGroup.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct JoinGroupRequest {
    /// Group.
    pub group_id: String,
    /// Milliseconds.
    pub session_timeout_ms: i32,
    /// Milliseconds; taken from the session timeout in version 0.
    pub rebalance_timeout_ms: i32,
    /// Empty when not known.
    pub member_id: String,
    /// `group.instance.id` of a static member.
    pub group_instance_id: Option<String>,
    /// `consumer`, `connect`, …
    pub protocol_type: String,
    /// In the order of preference.
    pub protocols: Vec<JoinGroupProtocol>,
    /// For the log only.
    pub reason: Option<String>,
}

/// A member as the leader sees it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct JoinGroupMember {
    /// Member.
    pub member_id: String,
    /// Of a static member.
    pub group_instance_id: Option<String>,
    /// Of the selected protocol.
    pub metadata: Bytes,
}

/// The answer to JoinGroup.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct JoinGroupResponse {
    /// Result.
    pub error: KafkaError,
    /// -1 with an error.
    pub generation_id: i32,
    /// The group's, from version 7.
    pub protocol_type: Option<String>,
    /// The selected protocol; versions before 7 write an empty string for `None`.
    pub protocol_name: Option<String>,
    /// Member id of the leader.
    pub leader: String,
    /// The leader is not to assign (version 9).
    pub skip_assignment: bool,
    /// The id to go on with.
    pub member_id: String,
    /// For the leader only.
    pub members: Vec<JoinGroupMember>,
}

impl JoinGroupResponse {
    /// An answer that is only an error.
    pub fn error(error: KafkaError, member_id: &str) -> JoinGroupResponse {
        JoinGroupResponse {
            error,
            generation_id: -1,
            protocol_type: None,
            protocol_name: None,
            leader: String::new(),
            skip_assignment: false,
            member_id: member_id.to_owned(),
            members: Vec::new(),
        }
    }
}

/// SyncGroup.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SyncGroupRequest {
    /// Group.
    pub group_id: String,
    /// Generation from the join.
    pub generation_id: i32,
    /// Member.
    pub member_id: String,
    /// Of a static member.
    pub group_instance_id: Option<String>,
    /// From version 5; checked when given.
    pub protocol_type: Option<String>,
    /// From version 5; checked when given.
    pub protocol_name: Option<String>,
    /// From the leader: (member id, assignment).
    pub assignments: Vec<(String, Bytes)>,
}

/// The answer to SyncGroup.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SyncGroupResponse {
    /// Result.
    pub error: KafkaError,
    /// The group's.
    pub protocol_type: Option<String>,
    /// The group's.
    pub protocol_name: Option<String>,
    /// What this member owns.
    pub assignment: Bytes,
}

impl SyncGroupResponse {
    /// An answer that is only an error.
    pub fn error(error: KafkaError) -> SyncGroupResponse {
        SyncGroupResponse { error, protocol_type: None, protocol_name: None, assignment: Bytes::new() }
    }
}

/// Heartbeat.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct HeartbeatRequest {
    /// Group.
    pub group_id: String,
    /// Generation from the join.
    pub generation_id: i32,
    /// Member.
    pub member_id: String,
    /// Of a static member.
    pub group_instance_id: Option<String>,
}

/// LeaveGroup. Versions before 3 are a batch of one.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LeaveGroupRequest {
    /// Group.
    pub group_id: String,
    /// Who leaves.
    pub members: Vec<LeavingMember>,
}

/// One of those who leave.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LeavingMember {
    /// Empty when an administrator removes a static member.
    pub member_id: String,
    /// Of a static member.
    pub group_instance_id: Option<String>,
    /// For the log only.
    pub reason: Option<String>,
}

/// The answer to LeaveGroup.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LeaveGroupResponse {
    /// Of the request as a whole.
    pub error: KafkaError,
    /// Per member, as they were asked for. Versions before 3 write the error of the only one at the top.
    pub members: Vec<LeftMember>,
}

/// The result for one member.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LeftMember {
    /// As asked.
    pub member_id: String,
    /// As asked.
    pub group_instance_id: Option<String>,
    /// Result.
    pub error: KafkaError,
}

/// OffsetCommit, for topics that exist and that the sender may read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OffsetCommitRequest {
    /// Group; empty is allowed.
    pub group_id: String,
    /// Generation, or -1 from outside a group.
    pub generation_id: i32,
    /// Member, or empty.
    pub member_id: String,
    /// Of a static member.
    pub group_instance_id: Option<String>,
    /// [`DEFAULT_RETENTION_TIME_MS`] except in versions 2 to 4.
    pub retention_time_ms: i64,
    /// What to commit.
    pub topics: Vec<OffsetCommitTopic>,
}

/// A topic of an OffsetCommit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OffsetCommitTopic {
    /// Name, resolved from the id in version 10.
    pub name: String,
    /// Id, resolved from the name before version 10; stored with the offset (4.3 does, in value version 4).
    pub topic_id: Uuid,
    /// Partitions.
    pub partitions: Vec<OffsetCommitPartition>,
}

/// A partition of an OffsetCommit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OffsetCommitPartition {
    /// Partition.
    pub partition: i32,
    /// The next offset to be consumed.
    pub offset: i64,
    /// -1 when unknown.
    pub leader_epoch: i32,
    /// Anything; bounded by `offset.metadata.max.bytes`.
    pub metadata: Option<String>,
}

/// The answer to OffsetCommit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OffsetCommitResponse {
    /// In the order of the request.
    pub topics: Vec<TopicResult>,
}

/// A topic with a result for each partition.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TopicResult {
    /// Name.
    pub name: String,
    /// Id.
    pub topic_id: Uuid,
    /// (partition, result).
    pub partitions: Vec<(i32, KafkaError)>,
}

/// OffsetFetch of one group.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct OffsetFetchRequest {
    /// Group; empty is allowed.
    pub group_id: String,
    /// From version 9.
    pub member_id: Option<String>,
    /// From version 9; -1 otherwise.
    pub member_epoch: i32,
    /// `None`: all that the group has committed.
    pub topics: Option<Vec<OffsetFetchTopic>>,
}

/// A topic of an OffsetFetch.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct OffsetFetchTopic {
    /// Name, resolved from the id in version 10.
    pub name: String,
    /// Id in version 10, else zero.
    pub topic_id: Uuid,
    /// Partitions.
    pub partitions: Vec<i32>,
}

/// The answer to OffsetFetch for one group.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OffsetFetchResponse {
    /// Group.
    pub group_id: String,
    /// Of the group as a whole; `topics` is empty then.
    pub error: KafkaError,
    /// In the order of the request, or by name.
    pub topics: Vec<FetchedTopic>,
}

/// A topic of an OffsetFetch answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FetchedTopic {
    /// Name.
    pub name: String,
    /// As asked; zero when all were asked for.
    pub topic_id: Uuid,
    /// Partitions.
    pub partitions: Vec<FetchedOffset>,
}

/// A committed offset, or its absence.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FetchedOffset {
    /// Partition.
    pub partition: i32,
    /// [`INVALID_OFFSET`] when nothing is committed.
    pub offset: i64,
    /// -1 when unknown.
    pub leader_epoch: i32,
    /// Empty when nothing is committed.
    pub metadata: String,
    /// Result.
    pub error: KafkaError,
}

/// OffsetDelete.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct OffsetDeleteRequest {
    /// Group.
    pub group_id: String,
    /// (topic, partitions).
    pub topics: Vec<(String, Vec<i32>)>,
}

/// The answer to OffsetDelete.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OffsetDeleteResponse {
    /// Of the request as a whole; `topics` is empty then.
    pub error: KafkaError,
    /// (topic, [(partition, result)]).
    pub topics: Vec<(String, Vec<(i32, KafkaError)>)>,
}

/// A topic that is no more.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DeletedTopic {
    /// Name.
    pub name: String,
    /// Id.
    pub topic_id: Uuid,
}

/// A group in ListGroups.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ListedGroup {
    /// Group.
    pub group_id: String,
    /// `consumer` and the like; empty for a simple group.
    pub protocol_type: String,
    /// `Empty`, `Stable`, …
    pub group_state: &'static str,
    /// `classic`, `consumer`, `share`, `streams`.
    pub group_type: &'static str,
}

/// A group in DescribeGroups.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DescribedGroup {
    /// Result; GROUP_ID_NOT_FOUND from version 6 only.
    pub error: KafkaError,
    /// Written from version 6 only.
    pub error_message: Option<String>,
    /// Group.
    pub group_id: String,
    /// `Dead` when there is none.
    pub group_state: &'static str,
    /// Empty when unknown.
    pub protocol_type: String,
    /// The selected protocol of a stable group, else empty.
    pub protocol_data: String,
    /// Members.
    pub members: Vec<DescribedMember>,
}

/// A member in DescribeGroups.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DescribedMember {
    /// Member.
    pub member_id: String,
    /// Of a static member.
    pub group_instance_id: Option<String>,
    /// From the join.
    pub client_id: String,
    /// From the join, as in [`RequestContext::client_host`].
    pub client_host: String,
    /// Of the selected protocol, in a stable group only.
    pub metadata: Bytes,
    /// Current assignment.
    pub assignment: Bytes,
}
