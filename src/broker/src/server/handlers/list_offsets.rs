//! ListOffsets (key 2), versions 1–11.
//!
//! Behaviour
//! - Special timestamps: −1 latest (by isolation), −2 earliest, −3 the record with the largest timestamp, −4 earliest
//!   local, −5 latest tiered and −6 earliest pending upload (both −1 here, as in Kafka without tiering). One that the
//!   version does not know is UNSUPPORTED_VERSION for its partition.
//! - A partition that occurs twice in the request is INVALID_REQUEST.
//! - A new leader whose high watermark has not reached its epoch's start: OFFSET_NOT_AVAILABLE (LEADER_NOT_AVAILABLE
//!   below version 5).
//! Versions
//! - 2: isolation level. 4: leader epochs. 7: −3. 8: −4. 9: −5. 10: timeout for remote look-ups (there are none). 11: −6.

use crate::server::context::RequestContext;
use crate::server::errors;
use crate::server::registry::{Api, typed_generated};
use ottla_core::errors::KafkaError;
use ottla_core::log::TimestampAndOffset;
use ottla_core::partition::{PartitionView, ReadBound};
use ottla_protocol::generated::list_offsets_request::{ListOffsetsPartition, ListOffsetsRequest};
use ottla_protocol::generated::list_offsets_response::{
    ListOffsetsPartitionResponse, ListOffsetsResponse, ListOffsetsTopicResponse,
};
use std::collections::BTreeMap;

/// Registry entry.
pub const API: Api = Api {
    key: 2,
    name: "ListOffsets",
    min: 1,
    max: 11,
    advertised_min: 1,
    handle: |context, body| {
        typed_generated(context, body, ListOffsetsRequest::decode, handle, ListOffsetsResponse::encode)
    },
};

const LATEST: i64 = -1;
const EARLIEST: i64 = -2;
const MAX_TIMESTAMP: i64 = -3;
const EARLIEST_LOCAL: i64 = -4;
const LATEST_TIERED: i64 = -5;
const EARLIEST_PENDING_UPLOAD: i64 = -6;

const DEBUGGING_REPLICA: i32 = -2;
const CONSUMER: i32 = -1;

async fn handle(context: RequestContext, request: ListOffsetsRequest) -> ListOffsetsResponse {
    let mut times_asked: BTreeMap<(&str, i32), usize> = BTreeMap::new();
    for topic in &request.topics {
        for partition in &topic.partitions {
            *times_asked.entry((&topic.name, partition.partition_index)).or_default() += 1;
        }
    }
    let mut response = ListOffsetsResponse::default();
    for topic in &request.topics {
        let partitions = topic
            .partitions
            .iter()
            .map(|p| {
                if times_asked.get(&(&*topic.name, p.partition_index)).copied().unwrap_or(0) > 1 {
                    return answer(p.partition_index, Err(KafkaError::InvalidRequest));
                }
                answer(p.partition_index, look_up(&context, &request, &topic.name, p))
            })
            .collect();
        response.topics.push(ListOffsetsTopicResponse { name: topic.name.clone(), partitions });
    }
    if context.version() < 4 {
        for partition in response.topics.iter_mut().flat_map(|t| &mut t.partitions) {
            partition.leader_epoch = -1;
        }
    }
    response
}

fn answer(index: i32, found: Result<Option<TimestampAndOffset>, KafkaError>) -> ListOffsetsPartitionResponse {
    let mut out = ListOffsetsPartitionResponse { partition_index: index, ..ListOffsetsPartitionResponse::default() };
    match found {
        Err(error) => out.error_code = error.code(),
        Ok(None) => {}
        Ok(Some(found)) => {
            out.timestamp = found.timestamp;
            out.offset = found.offset;
            out.leader_epoch = found.leader_epoch.unwrap_or(-1);
        }
    }
    out
}

fn is_supported(timestamp: i64, version: i16) -> bool {
    match timestamp {
        0.. | LATEST | EARLIEST => true,
        MAX_TIMESTAMP => version >= 7,
        EARLIEST_LOCAL => version >= 8,
        LATEST_TIERED => version >= 9,
        EARLIEST_PENDING_UPLOAD => version >= 11,
        _ => false,
    }
}

fn look_up(
    context: &RequestContext,
    request: &ListOffsetsRequest,
    topic: &str,
    asked: &ListOffsetsPartition,
) -> Result<Option<TimestampAndOffset>, KafkaError> {
    let version = context.version();
    if !is_supported(asked.timestamp, version) {
        return Err(KafkaError::UnsupportedVersion);
    }
    let node = context.node();
    let replica = node.find_replica(topic, asked.partition_index)?;
    let view = replica.view();
    let only_from_leader = request.replica_id != DEBUGGING_REPLICA;
    check_leader(&view, asked.current_leader_epoch, only_from_leader)?;
    let bound = match (request.replica_id, request.isolation_level) {
        (CONSUMER, 1) => ReadBound::LastStableOffset,
        (CONSUMER, _) => ReadBound::HighWatermark,
        _ => ReadBound::LogEndOffset,
    };
    let last_fetchable = view.bound(bound);
    // A new leader must not tell of offsets below what an earlier leader may have shown.
    let not_available = view.is_leader && bound != ReadBound::LogEndOffset && view.leader_start_offset > last_fetchable;
    let unavailable = if version >= 5 { KafkaError::OffsetNotAvailable } else { KafkaError::LeaderNotAvailable };
    let found = match asked.timestamp {
        LATEST if not_available => return Err(unavailable),
        LATEST => {
            return Ok(Some(TimestampAndOffset {
                timestamp: -1,
                offset: last_fetchable,
                leader_epoch: Some(view.leader_epoch),
            }));
        }
        EARLIEST | EARLIEST_LOCAL => return Ok(Some(view.log.earliest())),
        LATEST_TIERED | EARLIEST_PENDING_UPLOAD => {
            return Ok(Some(TimestampAndOffset { timestamp: -1, offset: -1, leader_epoch: Some(-1) }));
        }
        MAX_TIMESTAMP => view.log.max_timestamp_offset(),
        timestamp => view.log.offset_for_timestamp(timestamp),
    };
    let found = found.map_err(|error| {
        node.replicas.report_read(&replica, view.log.log_start_offset, &error);
        errors::read(&error)
    });
    match found? {
        Some(found) if found.offset < last_fetchable => Ok(Some(found)),
        _ if not_available => Err(unavailable),
        _ => Ok(None),
    }
}

/// Whether the replica may answer, and whether the client knows its leader epoch (`Partition.localLogWithEpochOrThrow`).
pub(super) fn check_leader(
    view: &PartitionView,
    current_leader_epoch: i32,
    only_from_leader: bool,
) -> Result<(), KafkaError> {
    if current_leader_epoch >= 0 {
        if current_leader_epoch < view.leader_epoch {
            return Err(KafkaError::FencedLeaderEpoch);
        }
        if current_leader_epoch > view.leader_epoch {
            return Err(KafkaError::UnknownLeaderEpoch);
        }
    }
    if only_from_leader && !view.is_leader {
        return Err(KafkaError::NotLeaderOrFollower);
    }
    Ok(())
}
