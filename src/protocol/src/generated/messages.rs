//! Every request and response, in all its versions: ours where kafka-protocol lacks some, else kafka-protocol's.
//!
//! Written by `scripts/generate` from the message schemas of Apache Kafka 4.3.1; do not edit.

pub use kafka_protocol::messages::*;

pub use super::add_raft_voter_request::{self, AddRaftVoterRequest};
pub use super::add_raft_voter_response::{self, AddRaftVoterResponse};
pub use super::broker_heartbeat_request::{self, BrokerHeartbeatRequest};
pub use super::broker_heartbeat_response::{self, BrokerHeartbeatResponse};
pub use super::describe_log_dirs_request::{self, DescribeLogDirsRequest};
pub use super::describe_log_dirs_response::{self, DescribeLogDirsResponse};
pub use super::describe_share_group_offsets_request::{self, DescribeShareGroupOffsetsRequest};
pub use super::describe_share_group_offsets_response::{self, DescribeShareGroupOffsetsResponse};
pub use super::list_offsets_request::{self, ListOffsetsRequest};
pub use super::list_offsets_response::{self, ListOffsetsResponse};
pub use super::offset_commit_request::{self, OffsetCommitRequest};
pub use super::offset_commit_response::{self, OffsetCommitResponse};
pub use super::offset_fetch_request::{self, OffsetFetchRequest};
pub use super::offset_fetch_response::{self, OffsetFetchResponse};
pub use super::read_share_group_state_summary_request::{self, ReadShareGroupStateSummaryRequest};
pub use super::read_share_group_state_summary_response::{self, ReadShareGroupStateSummaryResponse};
pub use super::share_acknowledge_request::{self, ShareAcknowledgeRequest};
pub use super::share_acknowledge_response::{self, ShareAcknowledgeResponse};
pub use super::share_fetch_request::{self, ShareFetchRequest};
pub use super::share_fetch_response::{self, ShareFetchResponse};
pub use super::streams_group_describe_request::{self, StreamsGroupDescribeRequest};
pub use super::streams_group_describe_response::{self, StreamsGroupDescribeResponse};
pub use super::streams_group_heartbeat_request::{self, StreamsGroupHeartbeatRequest};
pub use super::streams_group_heartbeat_response::{self, StreamsGroupHeartbeatResponse};
pub use super::write_share_group_state_request::{self, WriteShareGroupStateRequest};
pub use super::write_share_group_state_response::{self, WriteShareGroupStateResponse};
pub use super::write_txn_markers_request::{self, WriteTxnMarkersRequest};
pub use super::write_txn_markers_response::{self, WriteTxnMarkersResponse};
