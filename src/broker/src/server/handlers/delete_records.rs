//! DeleteRecords (key 21), versions 0–2.
//!
//! Behaviour
//! - Offset −1 is the high watermark. Above it: OFFSET_OUT_OF_RANGE. A topic whose `cleanup.policy` lacks `delete`:
//!   POLICY_VIOLATION. The answer is the new log start offset.

use super::{topic_name, typed_api};
use crate::server::context::RequestContext;
use crate::server::errors;
use kafka_protocol::messages::delete_records_response::{DeleteRecordsPartitionResult, DeleteRecordsTopicResult};
use kafka_protocol::messages::{DeleteRecordsRequest, DeleteRecordsResponse};
use ottla_base::ids::is_internal_topic;
use ottla_core::errors::KafkaError;

typed_api!("DeleteRecords", 21, 0..=2, DeleteRecordsRequest, handle);

async fn handle(context: RequestContext, request: DeleteRecordsRequest) -> DeleteRecordsResponse {
    let mut response = DeleteRecordsResponse::default();
    for topic in &request.topics {
        let mut out = DeleteRecordsTopicResult::default();
        out.name = topic_name(topic.name.to_string());
        for asked in &topic.partitions {
            let mut partition = DeleteRecordsPartitionResult::default();
            partition.partition_index = asked.partition_index;
            partition.low_watermark = -1;
            match delete(&context, &topic.name, asked.partition_index, asked.offset) {
                Ok(low_watermark) => partition.low_watermark = low_watermark,
                Err(error) => partition.error_code = error.code(),
            }
            out.partitions.push(partition);
        }
        response.topics.push(out);
    }
    response
}

fn delete(context: &RequestContext, topic: &str, index: i32, offset: i64) -> Result<i64, KafkaError> {
    let node = context.node();
    if node.metadata.image().topic(topic).is_none() {
        return Err(KafkaError::UnknownTopicOrPartition);
    }
    if is_internal_topic(topic) {
        return Err(KafkaError::InvalidTopicException);
    }
    let replica = node.find_replica(topic, index)?;
    if !replica.settings().delete {
        return Err(KafkaError::PolicyViolation);
    }
    replica.with_partition(|partition, _| {
        if !partition.is_leader() {
            return Err(KafkaError::NotLeaderOrFollower);
        }
        let high_watermark = partition.log().high_watermark();
        let wanted = if offset == -1 { high_watermark } else { offset };
        if wanted < 0 || wanted > high_watermark {
            return Err(KafkaError::OffsetOutOfRange);
        }
        partition.log_mut().increment_log_start_offset(wanted).map_err(|e| errors::log(&e))?;
        Ok(partition.log().log_start_offset())
    })
}
