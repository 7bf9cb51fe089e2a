//! Fetch (key 1), versions 4–18.
//!
//! Behaviour
//! - At least one batch of the first non-empty partition is returned, whatever the size limits say.
//! - Waits up to `max_wait_ms` for `min_bytes`; an error in any partition is answered at once. After the wait everything is
//!   read anew.
//! - Records are empty, never null.
//! - A replica id that is not among a partition's replicas is NOT_LEADER_OR_FOLLOWER: nobody becomes a follower by
//!   saying so (CVE-2018-1288).
//! Versions
//! - 5: log start offset. 7: sessions (KIP-227). 9: leader epoch. 11: preferred read replica. 12: diverging epoch.
//!   13: topic ids. 15: replica state. 16: endpoints of current leaders.
//! Not done, and why
//! - Preferred read replicas: there is no rack-aware selector yet; −1 is also what Kafka says without one.

mod encode;
mod served;

use crate::replica::Replica;
use crate::replica::waiter::{CancelOnDrop, FetchWaiter};
use crate::server::context::RequestContext;
use crate::server::errors;
use crate::server::handlers::list_offsets::check_leader;
use crate::server::output::Part;
use crate::server::registry::{Api, HandlerFuture, Reply};
use bytes::Bytes;
use encode::{Partition, Response, Topic};
use kafka_protocol::messages::FetchRequest;
use kafka_protocol::protocol::Decodable;
use ottla_base::ids::ZERO_UUID;
use ottla_core::errors::KafkaError;
use ottla_core::fetch_session::{FetchContext, FetchPartition, PartitionOutcome, PartitionRequest, SessionRequest};
use ottla_core::log::{PlanPart, ReadError};
use ottla_core::partition::ReadBound;
use served::ServedFile;
use std::sync::Arc;
use std::time::Duration;

/// Registry entry.
pub const API: Api = Api { key: 1, name: "Fetch", min: 4, max: 18, advertised_min: 4, handle };

const READ_COMMITTED: i8 = 1;

fn handle(context: RequestContext, mut body: Bytes) -> HandlerFuture {
    match FetchRequest::decode(&mut body, context.version()) {
        Ok(request) => Box::pin(fetch(context, request)),
        Err(error) => {
            tracing::debug!(%error, "Fetch cannot be decoded");
            Box::pin(std::future::ready(Reply::Close("Fetch cannot be decoded")))
        }
    }
}

/// What the whole request says.
struct Params {
    version: i16,
    replica_id: i32,
    max_wait: Duration,
    min_bytes: i64,
    max_bytes: u32,
    bound: ReadBound,
}

/// What one pass over the partitions found.
struct Pass {
    partitions: Vec<(FetchPartition, Partition)>,
    bytes: i64,
    respond_now: bool,
    /// Who to wait at, and the bound that was seen there.
    seen: Vec<(Arc<Replica>, i64)>,
}

async fn fetch(context: RequestContext, request: FetchRequest) -> Reply {
    let version = context.version();
    let node = Arc::clone(context.node());
    let replica_id = if version >= 15 { request.replica_state.replica_id.0 } else { request.replica_id.0 };
    let max_bytes = request.max_bytes.min(node.config.fetch_max_bytes);
    let params = Params {
        version,
        replica_id,
        max_wait: Duration::from_millis(u64::try_from(request.max_wait_ms).unwrap_or(0)),
        min_bytes: i64::from(request.min_bytes.min(max_bytes)),
        max_bytes: u32::try_from(max_bytes).unwrap_or(0),
        bound: match (replica_id, request.isolation_level) {
            (0.., _) => ReadBound::LogEndOffset,
            (_, READ_COMMITTED) => ReadBound::LastStableOffset,
            _ => ReadBound::HighWatermark,
        },
    };
    let session = session_request(&context, request, &params);
    let now = node.clock.now();
    let image = node.metadata.image();
    let resolve = |id| image.topic_name(id).cloned();
    let opened = node.fetch_sessions.lock().open(session, now, resolve);
    drop(image);
    if let Some(error) = opened.error() {
        let response = Response { error: error.code(), ..Response::default() };
        return context.reply_in_parts(|frame, version| response.encode(frame, version).map_err(|e| e.to_string()));
    }
    let mut pass = read_all(&context, &params, &opened);
    let deadline = tokio::time::Instant::now() + params.max_wait;
    while !pass.respond_now
        && pass.bytes < params.min_bytes
        && !pass.seen.is_empty()
        && tokio::time::Instant::now() < deadline
    {
        let waiter = FetchWaiter::new(params.min_bytes - pass.bytes);
        let _cancel = CancelOnDrop(Arc::clone(&waiter));
        // What was found would pin the frames that it came in.
        pass.partitions = Vec::new();
        for (replica, seen) in &pass.seen {
            replica.park(Arc::clone(&waiter), params.bound, *seen).await;
        }
        let is_woken = tokio::time::timeout_at(deadline, waiter.ready()).await.is_ok();
        // A replica that lost its leadership never lets anybody wait.
        let is_waiting_over = !is_woken || pass.seen.iter().any(|(replica, _)| !replica.view().is_leader);
        // Either way everything is read anew. Who was woken need not find enough: not all that becomes readable is
        // counted, and a view may be published after its waiters were woken.
        pass = read_all(&context, &params, &opened);
        if is_waiting_over {
            break;
        }
    }
    respond(&context, &params, &opened, pass)
}

fn session_request(context: &RequestContext, request: FetchRequest, params: &Params) -> SessionRequest {
    let version = params.version;
    let image = context.node().metadata.image();
    let name_of = |name: &str, id| {
        if version >= 13 {
            image.topic_name(id).cloned()
        } else {
            Some(image.topic(name).map_or_else(|| Arc::from(name), |t| Arc::clone(&t.name)))
        }
    };
    let mut partitions = Vec::new();
    for topic in &request.topics {
        let name = name_of(&topic.topic, topic.topic_id);
        for p in &topic.partitions {
            let partition = FetchPartition { topic_id: topic.topic_id, topic: name.clone(), partition: p.partition };
            let asked = PartitionRequest {
                fetch_offset: p.fetch_offset,
                log_start_offset: p.log_start_offset,
                max_bytes: p.partition_max_bytes,
                current_leader_epoch: Some(p.current_leader_epoch).filter(|e| *e >= 0),
                last_fetched_epoch: Some(p.last_fetched_epoch).filter(|e| *e >= 0),
            };
            partitions.push((partition, asked));
        }
    }
    let mut forgotten = Vec::new();
    for topic in &request.forgotten_topics_data {
        let name = name_of(&topic.topic, topic.topic_id);
        forgotten.extend(topic.partitions.iter().map(|p| FetchPartition {
            topic_id: topic.topic_id,
            topic: name.clone(),
            partition: *p,
        }));
    }
    SessionRequest {
        api_version: version,
        session_id: if version >= 7 { request.session_id } else { 0 },
        session_epoch: if version >= 7 { request.session_epoch } else { -1 },
        from_follower: params.replica_id >= 0,
        partitions,
        forgotten,
    }
}

fn read_all(context: &RequestContext, params: &Params, opened: &FetchContext) -> Pass {
    let mut pass = Pass {
        partitions: Vec::with_capacity(opened.partitions.len()),
        bytes: 0,
        respond_now: false,
        seen: Vec::new(),
    };
    let mut erroneous = Vec::new();
    let mut interesting = false;
    let mut limit = params.max_bytes;
    let mut min_one_message = true;
    for (partition, asked) in &opened.partitions {
        match find(context, partition) {
            Err(error) if is_unknown(error) => {
                erroneous.push((partition.clone(), Partition::error(partition.partition, error.code())))
            }
            found => {
                interesting = true;
                let read = found.and_then(|replica| {
                    let (read, seen) = read_one(context, params, &replica, asked, limit, min_one_message)?;
                    pass.seen.push((replica, seen));
                    Ok(read)
                });
                let read = read.unwrap_or_else(|error| failed(context, params, partition, error));
                let size = read.size();
                pass.respond_now |= read.error != 0 || read.diverging_epoch.is_some();
                if size > 0 {
                    min_one_message = false;
                }
                limit = limit.saturating_sub(u32::try_from(size).unwrap_or(u32::MAX));
                pass.bytes += i64::try_from(size).unwrap_or(i64::MAX);
                pass.partitions.push((partition.clone(), read));
            }
        }
    }
    pass.respond_now |= !interesting;
    pass.partitions.extend(erroneous);
    pass
}

/// Errors that Kafka finds before it reads anything: they do not end a wait.
fn is_unknown(error: KafkaError) -> bool {
    matches!(error, KafkaError::UnknownTopicId | KafkaError::UnknownTopicOrPartition)
}

fn find(context: &RequestContext, partition: &FetchPartition) -> Result<Arc<Replica>, KafkaError> {
    let node = context.node();
    let image = node.metadata.image();
    let Some(name) = &partition.topic else { return Err(KafkaError::UnknownTopicId) };
    let topic = image.topic(name).ok_or(KafkaError::UnknownTopicOrPartition)?;
    let registration = topic.partition(partition.partition).ok_or(KafkaError::UnknownTopicOrPartition)?;
    if partition.topic_id != ZERO_UUID && partition.topic_id != topic.id {
        return Err(KafkaError::InconsistentTopicId);
    }
    match node.replicas.get(topic.id, partition.partition) {
        Some(replica) => Ok(replica),
        None if registration.replicas.contains(&node.id) => {
            Err(node.replicas.why_absent(topic.id, partition.partition))
        }
        None => Err(KafkaError::NotLeaderOrFollower),
    }
}

fn read_one(
    context: &RequestContext,
    params: &Params,
    replica: &Arc<Replica>,
    asked: &PartitionRequest,
    limit: u32,
    min_one_message: bool,
) -> Result<(Partition, i64), KafkaError> {
    let mut view = replica.view();
    let from_follower = params.replica_id >= 0;
    check_leader(&view, asked.current_leader_epoch.unwrap_or(-1), from_follower || params.version < 11)?;
    if !view.is_leader && params.replica_id == -1 && view.leader_epoch < 0 {
        return Err(KafkaError::NotLeaderOrFollower);
    }
    if from_follower {
        let image = context.node().metadata.image();
        let is_replica =
            image.partition(replica.topic_id, replica.index).is_some_and(|p| p.replicas.contains(&params.replica_id));
        if !is_replica || params.replica_id == context.node().id {
            return Err(KafkaError::NotLeaderOrFollower);
        }
    }
    let failed = |error: ReadError| {
        context.node().replicas.report_read(replica, asked.fetch_offset, &error);
        errors::read(&error)
    };
    let mut out = Partition::error(replica.index, 0);
    let bound = view.bound(params.bound);
    if let Some(epoch) = asked.last_fetched_epoch
        && let Some(end) = diverging(&view, epoch, asked.fetch_offset)?
    {
        out.diverging_epoch = Some(end);
    } else {
        let max_bytes = limit.min(u32::try_from(asked.max_bytes).unwrap_or(0));
        let plan = view.log.read(asked.fetch_offset, max_bytes, bound, min_one_message).map_err(failed)?;
        if !plan.first_entry_incomplete && plan.size > 0 {
            if params.bound == ReadBound::LastStableOffset {
                let end = view.log.upper_bound_of(&plan).min(bound);
                let aborted = view.log.aborted_transactions(asked.fetch_offset, end).map_err(failed)?;
                out.aborted = Some(aborted.into_iter().map(|t| (t.producer_id, t.first_offset)).collect());
            }
            out.records = plan
                .parts
                .into_iter()
                .map(|part| match part {
                    PlanPart::Bytes(bytes) => Part::Bytes(bytes),
                    PlanPart::FileRange { file, position, len } => Part::FileRange {
                        file: ServedFile::of(file, context.node(), replica),
                        position,
                        len: usize::try_from(len).unwrap_or(0),
                    },
                })
                .collect();
        }
    }
    if params.bound == ReadBound::LastStableOffset && out.aborted.is_none() {
        out.aborted = Some(Vec::new());
    }
    if from_follower && out.diverging_epoch.is_none() {
        replica.on_follower_fetch(params.replica_id, asked.fetch_offset);
        view = replica.view();
    }
    out.high_watermark = view.log.high_watermark;
    out.last_stable_offset = view.log.last_stable_offset;
    out.log_start_offset = view.log.log_start_offset;
    Ok((out, bound))
}

/// Where the reader's log parts from ours, if it does (KIP-595): our end of the epoch that its last record is of.
fn diverging(
    view: &ottla_core::partition::PartitionView,
    epoch: i32,
    fetch_offset: i64,
) -> Result<Option<(i32, i64)>, KafkaError> {
    match view.log.end_offset_for_epoch(epoch) {
        // The reader is ahead of every epoch that is known here.
        None => Err(KafkaError::OffsetOutOfRange),
        Some(_) if fetch_offset < view.log.log_start_offset => Err(KafkaError::OffsetOutOfRange),
        Some(end) if end.epoch < epoch || end.offset < fetch_offset => Ok(Some((end.epoch, end.offset))),
        Some(_) => Ok(None),
    }
}

fn failed(context: &RequestContext, params: &Params, partition: &FetchPartition, error: KafkaError) -> Partition {
    // Clients of these versions do not know the code (`maybeDownConvertStorageError`).
    let old = error == KafkaError::KafkaStorageError && params.version <= 5;
    let error = if old { KafkaError::NotLeaderOrFollower } else { error };
    let mut out = Partition::error(partition.partition, error.code());
    if params.version >= 16 && matches!(error, KafkaError::NotLeaderOrFollower | KafkaError::FencedLeaderEpoch) {
        let image = context.node().metadata.image();
        let registration =
            partition.topic.as_ref().and_then(|t| image.topic(t)).and_then(|t| t.partition(partition.partition));
        out.current_leader = registration.map(|p| (p.leader, p.leader_epoch));
    }
    out
}

fn respond(context: &RequestContext, params: &Params, opened: &FetchContext, pass: Pass) -> Reply {
    let node = context.node();
    let outcomes: Vec<(FetchPartition, PartitionOutcome)> = pass
        .partitions
        .iter()
        .map(|(partition, read)| {
            let outcome = PartitionOutcome {
                has_records: read.size() > 0,
                high_watermark: read.high_watermark,
                log_start_offset: read.log_start_offset,
                is_error: read.error != 0,
                has_preferred_read_replica: read.preferred_read_replica >= 0,
                has_diverging_epoch: read.diverging_epoch.is_some(),
            };
            (partition.clone(), outcome)
        })
        .collect();
    let now = node.clock.now();
    let reply = {
        let mut rng = node.rng.lock();
        node.fetch_sessions.lock().finish(opened, &outcomes, now, &mut rng)
    };
    let mut response = Response { error: reply.error.code(), session_id: reply.session_id, ..Response::default() };
    let image = node.metadata.image();
    for (index, (partition, read)) in pass.partitions.into_iter().enumerate() {
        if !reply.include.contains(index) {
            continue;
        }
        // Followers know their leaders from the metadata log.
        if params.replica_id < 0
            && let Some((leader, _)) = read.current_leader
            && let Some(endpoint) = image.alive_broker_endpoint(leader, &context.connection.listener)
            && !response.endpoints.iter().any(|(id, ..)| *id == leader)
        {
            let rack = image.broker(leader).and_then(|b| b.rack.clone());
            response.endpoints.push((leader, endpoint.host.clone(), i32::from(endpoint.port), rack));
        }
        let name = partition.topic.as_deref().unwrap_or("");
        match response.topics.last_mut() {
            Some(topic) if topic.id == partition.topic_id && topic.name == name => topic.partitions.push(read),
            _ => response.topics.push(Topic { name: name.to_owned(), id: partition.topic_id, partitions: vec![read] }),
        }
    }
    context.reply_in_parts(|frame, version| response.encode(frame, version).map_err(|e| e.to_string()))
}
