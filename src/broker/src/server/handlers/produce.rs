//! Produce (key 0), versions 3–13; 0–2 are advertised (librdkafka tells the message format by them, KAFKA-18659) and
//! close the connection.
//!
//! Behaviour
//! - Each partition succeeds or fails by itself; there is one entry in the response for each.
//! - The batches are in their partitions' inboxes when the first poll returns, so the next Produce of the connection may
//!   start; the answer waits for durability (design D8).
//! - acks=0: no response; after an error the connection is closed.
//! - Record bytes are not copied: what is written is the received frame behind a patched header (design D9).
//! Versions
//! - 5: log start offset. 7: zstd. 8: record errors. 10: current leader with NOT_LEADER_OR_FOLLOWER. 13: topic ids.
//! Not done, and why
//! - Transactions do not exist yet: a transactional batch is INVALID_TXN_STATE.

use super::{text, topic_name};
use crate::replica::replica::Replica;
use crate::server::context::RequestContext;
use crate::server::errors;
use crate::server::registry::{Api, HandlerFuture, Reply};
use bytes::Bytes;
use kafka_protocol::messages::produce_response::{
    BatchIndexAndErrorMessage, NodeEndpoint, PartitionProduceResponse, TopicProduceResponse,
};
use kafka_protocol::messages::{BrokerId, ProduceRequest, ProduceResponse};
use kafka_protocol::protocol::Decodable;
use ottla_base::config::topic::{TimestampType as ConfiguredTimestampType, TopicCompression, TopicSettings};
use ottla_base::ids::{Uuid, ZERO_UUID, is_internal_topic};
use ottla_core::errors::KafkaError;
use ottla_core::log::{AppendBatch, AppendOrigin};
use ottla_core::partition::{Acks, AppendResult, Work};
use ottla_record::batch::TimestampType;
use ottla_record::batch::validate::{
    AppendOrigin as ValidationOrigin, ProduceError, ProduceRules, validate_for_produce,
};
use ottla_record::compression::Compression;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;
use tokio::sync::oneshot;

/// Registry entry.
pub const API: Api = Api { key: 0, name: "Produce", min: 3, max: 13, advertised_min: 0, handle };

/// What the records of one batch may take when decompressed: a bound against bombs, far above what clients send.
const MAX_DECOMPRESSED_BYTES: usize = 512 << 20;

/// The client id of Kafka's own admin tools, which alone may write to internal topics.
const ADMIN_CLIENT: &str = "__admin_client";

/// Set in a batch's attributes when it belongs to a transaction.
const TRANSACTIONAL_BIT: u8 = 0x10;

fn handle(context: RequestContext, mut body: Bytes) -> HandlerFuture {
    let frame_bytes = body.len();
    match ProduceRequest::decode(&mut body, context.version()) {
        Ok(request) => Box::pin(produce(context, request, frame_bytes)),
        Err(error) => {
            tracing::debug!(%error, "Produce cannot be decoded");
            Box::pin(std::future::ready(Reply::Close("Produce cannot be decoded")))
        }
    }
}

/// One partition's entry of the response, known or awaited.
enum Outcome {
    Done(PartitionProduceResponse),
    Appending { index: i32, replica: Arc<Replica>, log_append_time_ms: i64, result: oneshot::Receiver<AppendResult> },
}

/// Counts this request among those whose batches are not all in their inboxes yet.
struct Unordered(RequestContext);

impl Unordered {
    fn new(context: &RequestContext) -> Unordered {
        context.connection.unordered.fetch_add(1, Ordering::AcqRel);
        Unordered(context.clone())
    }
}

impl Drop for Unordered {
    fn drop(&mut self) {
        self.0.connection.unordered.fetch_sub(1, Ordering::AcqRel);
    }
}

async fn produce(context: RequestContext, request: ProduceRequest, frame_bytes: usize) -> Reply {
    let acks = request.acks;
    let version = context.version();
    let whole = (request.transactional_id.is_none() && has_transactional_batch(&request))
        .then_some(KafkaError::TransactionalIdAuthorizationFailed);
    let unordered = Unordered::new(&context);
    let mut topics = Vec::with_capacity(request.topic_data.len());
    for topic in request.topic_data {
        let mut outcomes = Vec::with_capacity(topic.partition_data.len());
        for partition in topic.partition_data {
            let outcome = match whole {
                Some(error) => Outcome::Done(error_response(partition.index, error)),
                None => {
                    let records = partition.records.unwrap_or_default();
                    append(&context, &topic.name, topic.topic_id, partition.index, records, acks, frame_bytes).await
                }
            };
            outcomes.push(outcome);
        }
        topics.push((topic.name, topic.topic_id, outcomes));
    }
    drop(unordered);

    let timeout = Duration::from_millis(u64::try_from(request.timeout_ms).unwrap_or(0));
    let deadline = tokio::time::Instant::now() + timeout;
    let mut response = ProduceResponse::default();
    let mut failed = false;
    for (name, id, outcomes) in topics {
        let mut topic = TopicProduceResponse::default();
        if version >= 13 {
            topic.topic_id = id;
        } else {
            topic.name = topic_name(name.to_string());
        }
        for outcome in outcomes {
            let partition = match outcome {
                Outcome::Done(response) => response,
                Outcome::Appending { index, replica, log_append_time_ms, result } => {
                    let appended = appended(acks, result, deadline).await;
                    partition_response(&context, index, &replica, log_append_time_ms, appended)
                }
            };
            failed |= partition.error_code != 0;
            if version >= 10 && partition.error_code == KafkaError::NotLeaderOrFollower.code() {
                add_endpoint(&context, &mut response, partition.current_leader.leader_id);
            }
            topic.partition_responses.push(strip(partition, version));
        }
        response.responses.push(topic);
    }
    match (acks, failed) {
        (0, true) => Reply::Close("an error in a Produce with acks=0"),
        (0, false) => Reply::Nothing,
        _ => context.reply(&response),
    }
}

/// The result of an append, `None` when it did not come in time. Only the wait for other replicas has an end (acks=all),
/// as in Kafka: whatever its timeout, an append with acks=1 is answered with what became of it.
async fn appended(
    acks: i16,
    mut result: oneshot::Receiver<AppendResult>,
    deadline: tokio::time::Instant,
) -> Option<AppendResult> {
    if let Ok(appended) = result.try_recv() {
        return Some(appended);
    }
    match acks {
        -1 => tokio::time::timeout_at(deadline, result).await.ok()?.ok(),
        _ => result.await.ok(),
    }
}

/// `RequestUtils.hasTransactionalRecords`, from the bytes: the request's own field proves nothing (CVE-2018-17196).
fn has_transactional_batch(request: &ProduceRequest) -> bool {
    let mut records = request.topic_data.iter().flat_map(|t| &t.partition_data).filter_map(|p| p.records.as_ref());
    records.any(is_transactional)
}

fn is_transactional(records: &Bytes) -> bool {
    records.get(22).is_some_and(|attributes| attributes & TRANSACTIONAL_BIT != 0)
}

/// Validates and enters one partition's records.
async fn append(
    context: &RequestContext,
    name: &str,
    id: Uuid,
    index: i32,
    records: Bytes,
    acks: i16,
    frame_bytes: usize,
) -> Outcome {
    let node = context.node();
    let version = context.version();
    let refuse = |error| Outcome::Done(error_response(index, error));
    let image = node.metadata.image();
    let topic = if id == ZERO_UUID { image.topic(name) } else { image.topic_by_id(id) };
    let Some(topic) = topic else {
        return refuse(if version > 12 { KafkaError::UnknownTopicId } else { KafkaError::UnknownTopicOrPartition });
    };
    let Some(registration) = topic.partition(index) else {
        return refuse(KafkaError::UnknownTopicOrPartition);
    };
    if !(-1..=1).contains(&acks) {
        return refuse(KafkaError::InvalidRequiredAcks);
    }
    if is_internal_topic(&topic.name) && context.client_id() != ADMIN_CLIENT {
        return refuse(KafkaError::InvalidTopicException);
    }
    if is_transactional(&records) {
        return refuse(KafkaError::InvalidTxnState);
    }
    let Some(replica) = node.replicas.get(topic.id, index) else {
        let mut response = error_response(index, KafkaError::NotLeaderOrFollower);
        if registration.replicas.contains(&node.id) {
            response = error_response(index, node.replicas.why_absent(topic.id, index));
        }
        response.current_leader.leader_id = BrokerId(registration.leader);
        response.current_leader.leader_epoch = registration.leader_epoch;
        return Outcome::Done(response);
    };
    let settings = replica.settings();
    let validated = match validate_for_produce(&records, &rules(&replica, &settings, version), node.clock.now().wall_ms)
    {
        Ok(validated) => validated,
        Err(error) => return Outcome::Done(refused_response(index, &replica, error)),
    };
    let (token, result) = oneshot::channel();
    let log_append_time_ms = validated.log_append_time_ms;
    let pinned = if validated.recompressed { validated.payload.len() } else { frame_bytes };
    let batch = AppendBatch { header: validated.header, records: validated.payload, pinned };
    let acks = if acks == -1 { Acks::All } else { Acks::Leader };
    replica.append(Work { batches: vec![batch], origin: AppendOrigin::Client, acks, token }).await;
    Outcome::Appending { index, replica, log_append_time_ms, result }
}

fn rules<'a>(replica: &'a Replica, settings: &TopicSettings, api_version: i16) -> ProduceRules<'a> {
    let size = |n: i32| usize::try_from(n).unwrap_or(0);
    ProduceRules {
        topic: &replica.topic,
        partition: replica.index,
        origin: ValidationOrigin::Client,
        api_version,
        compacted: settings.compact,
        timestamp_type: match settings.message_timestamp_type {
            ConfiguredTimestampType::CreateTime => TimestampType::CreateTime,
            ConfiguredTimestampType::LogAppendTime => TimestampType::LogAppendTime,
        },
        timestamp_before_max_ms: settings.message_timestamp_before_max_ms,
        timestamp_after_max_ms: settings.message_timestamp_after_max_ms,
        max_message_bytes: size(settings.max_message_bytes),
        segment_bytes: size(settings.segment_bytes),
        compression: match settings.compression {
            TopicCompression::Producer => None,
            TopicCompression::Uncompressed => Some(Compression::None),
            TopicCompression::Gzip => Some(Compression::Gzip(settings.compression_gzip_level)),
            TopicCompression::Snappy => Some(Compression::Snappy),
            TopicCompression::Lz4 => Some(Compression::Lz4(settings.compression_lz4_level)),
            TopicCompression::Zstd => Some(Compression::Zstd(settings.compression_zstd_level)),
        },
        max_decompressed_bytes: MAX_DECOMPRESSED_BYTES,
    }
}

fn error_response(index: i32, error: KafkaError) -> PartitionProduceResponse {
    let mut response = PartitionProduceResponse::default();
    response.index = index;
    response.error_code = error.code();
    response.base_offset = -1;
    response.log_append_time_ms = -1;
    response.log_start_offset = -1;
    response
}

fn refused_response(index: i32, replica: &Replica, error: ProduceError) -> PartitionProduceResponse {
    tracing::debug!(topic = %replica.topic, partition = index, "{error}");
    let mut response = error_response(index, KafkaError::None);
    response.error_code = error.code.code();
    if error.with_log_start_offset {
        response.log_start_offset = replica.view().log.log_start_offset;
    }
    response.record_errors = error
        .record_errors
        .into_iter()
        .map(|(index, message)| {
            let mut out = BatchIndexAndErrorMessage::default();
            out.batch_index = index;
            out.batch_index_error_message = Some(text(message));
            out
        })
        .collect();
    response.error_message = error.message.map(text);
    response
}

fn partition_response(
    context: &RequestContext,
    index: i32,
    replica: &Replica,
    log_append_time_ms: i64,
    appended: Option<AppendResult>,
) -> PartitionProduceResponse {
    match appended {
        Some(Ok(info)) => {
            let mut response = error_response(index, KafkaError::None);
            response.base_offset = info.first_offset;
            response.log_append_time_ms = if info.duplicate { info.log_append_time } else { log_append_time_ms };
            response.log_start_offset = info.log_start_offset;
            response
        }
        Some(Err(failure)) => {
            let error = errors::append(&failure);
            tracing::debug!(topic = %replica.topic, partition = index, code = error.name(), "{failure}");
            let mut response = error_response(index, error);
            if errors::has_log_start_offset(&failure) {
                response.log_start_offset = replica.view().log.log_start_offset;
            }
            if error == KafkaError::NotLeaderOrFollower
                && let Some(registration) = context.node().metadata.image().partition(replica.topic_id, index)
            {
                response.current_leader.leader_id = BrokerId(registration.leader);
                response.current_leader.leader_epoch = registration.leader_epoch;
            }
            response
        }
        // The records are in the log; who did not confirm them in time is not known.
        None => error_response(index, KafkaError::RequestTimedOut),
    }
}

fn add_endpoint(context: &RequestContext, response: &mut ProduceResponse, leader: BrokerId) {
    let image = context.node().metadata.image();
    if response.node_endpoints.iter().any(|e| e.node_id == leader) {
        return;
    }
    if let Some(endpoint) = image.alive_broker_endpoint(leader.0, &context.connection.listener) {
        let mut out = NodeEndpoint::default();
        out.node_id = leader;
        out.host = text(endpoint.host.clone());
        out.port = i32::from(endpoint.port);
        out.rack = image.broker(leader.0).and_then(|b| b.rack.clone()).map(text);
        response.node_endpoints.push(out);
    }
}

/// Takes away what `version` cannot say.
fn strip(mut response: PartitionProduceResponse, version: i16) -> PartitionProduceResponse {
    if version < 5 {
        response.log_start_offset = -1;
    }
    if version < 8 {
        response.record_errors.clear();
        response.error_message = None;
    }
    if version < 10 {
        response.current_leader = Default::default();
    }
    response
}

#[cfg(test)]
mod tests {
    use super::*;
    use ottla_core::partition::AppendFailure;

    #[tokio::test]
    async fn only_the_wait_for_other_replicas_times_out() {
        for (acks, is_answered) in [(-1, false), (0, true), (1, true)] {
            let (sender, result) = oneshot::channel();
            let waiting = tokio::spawn(appended(acks, result, tokio::time::Instant::now()));
            while !is_answered && !waiting.is_finished() {
                tokio::task::yield_now().await;
            }
            // Nobody listens any more when it has timed out.
            let _ = sender.send(Err(AppendFailure::NotLeader));
            assert_eq!(waiting.await.unwrap().is_some(), is_answered, "acks={acks}");
        }
    }
}
