//! OffsetForLeaderEpoch (key 23), versions 2–4.
//!
//! Behaviour
//! - The largest known epoch at or below the one asked for, and where it ends; (−1, −1) for an epoch that is ahead.
//! Versions
//! - 3: replica id. 4: flexible.

use super::list_offsets::check_leader;
use super::{topic_name, typed_api};
use crate::server::context::RequestContext;
use kafka_protocol::messages::offset_for_leader_epoch_response::{EpochEndOffset, OffsetForLeaderTopicResult};
use kafka_protocol::messages::{OffsetForLeaderEpochRequest, OffsetForLeaderEpochResponse};

typed_api!("OffsetForLeaderEpoch", 23, 2..=4, OffsetForLeaderEpochRequest, handle);

const DEBUGGING_REPLICA: i32 = -2;

async fn handle(context: RequestContext, request: OffsetForLeaderEpochRequest) -> OffsetForLeaderEpochResponse {
    let mut response = OffsetForLeaderEpochResponse::default();
    let only_from_leader = context.version() < 3 || request.replica_id.0 != DEBUGGING_REPLICA;
    for topic in &request.topics {
        let mut out = OffsetForLeaderTopicResult::default();
        out.topic = topic_name(topic.topic.to_string());
        for asked in &topic.partitions {
            let mut partition = EpochEndOffset::default();
            partition.partition = asked.partition;
            partition.leader_epoch = -1;
            partition.end_offset = -1;
            let found = context.node().find_replica(&topic.topic, asked.partition).and_then(|replica| {
                let view = replica.view();
                check_leader(&view, asked.current_leader_epoch, only_from_leader)?;
                Ok(view.log.end_offset_for_epoch(asked.leader_epoch))
            });
            match found {
                Ok(Some(end)) => {
                    partition.leader_epoch = end.epoch;
                    partition.end_offset = end.offset;
                }
                Ok(None) => {}
                Err(error) => partition.error_code = error.code(),
            }
            out.partitions.push(partition);
        }
        response.topics.push(out);
    }
    response
}
