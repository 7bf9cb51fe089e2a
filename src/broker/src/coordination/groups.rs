//! The group coordinator's shards on this node (`GroupCoordinatorService`, `CoordinatorRuntime`).
//!
//! Owner: the node. A shard is locked for the length of one operation, its append included; requests wait for their
//! answers outside the lock. One task keeps the time of all shards.
//!
//! Invariants
//! - A shard exists while this node leads its partition; records are appended first, then replayed.
//! - Every request that was handed to a shard is answered, at the latest when the shard is unloaded.

use crate::controlling::MetadataCache;
use crate::replica::Replica;
use crate::server::errors;
use ottla_base::clock::{Clock, Now};
use ottla_base::ids::{CONSUMER_OFFSETS_TOPIC, coordinator_partition};
use ottla_base::rng::Rng;
use ottla_core::coordinator::group::api::{DescribedGroup, ListedGroup, OffsetFetchRequest, OffsetFetchResponse};
use ottla_core::coordinator::group::{
    CoordinatorRecord, GroupConfig, GroupCoordinator, GroupRequest, GroupResponse, GroupShard, replay_encoded,
};
use ottla_core::coordinator::runtime::{Appended, NO_PRODUCER_ID, RequestToken, TransactionResult};
use ottla_core::errors::KafkaError;
use ottla_core::log::{AppendBatch, AppendOrigin};
use ottla_core::partition::{Acks, Work};
use ottla_record::batch::{BatchBuilder, BatchError, batches, stream::for_each_record};
use ottla_record::codec::CoordinatorRecordError;
use ottla_record::compression::Compression;
use ottla_record::control::ControlRecord;
use parking_lot::{Mutex, RwLock};
use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;
use tokio::sync::{Notify, oneshot};

/// How long a request waits for a coordinator that is being loaded (design D14).
const LOAD_WAIT: Duration = Duration::from_secs(2);
/// What one batch of the offsets topic may take when decompressed.
const LOAD_DECOMPRESSED_MAX: usize = 512 << 20;

/// Why a partition cannot be loaded.
#[derive(Debug, thiserror::Error)]
enum LoadError {
    #[error(transparent)]
    Batch(#[from] BatchError),
    #[error("the record at offset {0} cannot be read: {1}")]
    Record(i64, CoordinatorRecordError),
}

/// See the module.
#[derive(Debug)]
pub struct GroupCoordinators {
    clock: Arc<dyn Clock>,
    metadata: Arc<MetadataCache>,
    config: GroupConfig,
    compression: Compression,
    write_timeout_ms: u64,
    /// `offsets.load.buffer.size`.
    load_buffer_bytes: u32,
    rng: Mutex<Rng>,
    shards: RwLock<HashMap<i32, Slot>>,
    loaded: Notify,
    next_token: AtomicU64,
    /// When the timer task wakes next, on the monotonic clock.
    next_wake_mono_ms: AtomicU64,
    earlier: Notify,
}

#[derive(Clone, Debug)]
enum Slot {
    Loading,
    Active(Arc<ShardHandle>),
    /// The partition cannot be read; the reason is in the log.
    Failed,
}

#[derive(Debug)]
struct ShardHandle {
    replica: Arc<Replica>,
    state: Mutex<ShardState>,
}

#[derive(Debug)]
struct ShardState {
    shard: GroupShard,
    waiting: HashMap<RequestToken, oneshot::Sender<GroupResponse>>,
    unloaded: bool,
}

impl GroupCoordinators {
    /// No shards yet.
    pub fn new(
        clock: Arc<dyn Clock>,
        metadata: Arc<MetadataCache>,
        config: GroupConfig,
        compression: Compression,
        write_timeout_ms: u64,
        load_buffer_bytes: u32,
        rng: Rng,
    ) -> Arc<GroupCoordinators> {
        Arc::new(GroupCoordinators {
            clock,
            metadata,
            config,
            compression,
            write_timeout_ms,
            load_buffer_bytes,
            rng: Mutex::new(rng),
            shards: RwLock::default(),
            loaded: Notify::new(),
            next_token: AtomicU64::new(0),
            next_wake_mono_ms: AtomicU64::new(u64::MAX),
            earlier: Notify::new(),
        })
    }

    /// Carries out an operation on the coordinator of `group`. Waits for a coordinator that is being loaded.
    pub async fn request(&self, group: &str, request: GroupRequest) -> Result<GroupResponse, KafkaError> {
        let handle = self.active(group).await?;
        let (sender, receiver) = oneshot::channel();
        let token = RequestToken(self.next_token.fetch_add(1, Ordering::Relaxed));
        {
            let mut state = handle.state.lock();
            if state.unloaded {
                return Err(KafkaError::NotCoordinator);
            }
            let now = self.clock.now();
            state.waiting.insert(token, sender);
            let outcome = state.shard.handle(token, request, now);
            self.settle(&handle, &mut state, outcome, now);
        }
        // The sender is dropped only with the shard.
        receiver.await.map_err(|_| KafkaError::NotCoordinator)
    }

    /// A pure read.
    async fn read<R>(&self, group: &str, f: impl FnOnce(&GroupCoordinator) -> R) -> Result<R, KafkaError> {
        let handle = self.active(group).await?;
        let state = handle.state.lock();
        if state.unloaded {
            return Err(KafkaError::NotCoordinator);
        }
        Ok(f(state.shard.state()))
    }

    /// OffsetFetch without require_stable.
    pub async fn offset_fetch(&self, request: OffsetFetchRequest) -> Result<OffsetFetchResponse, KafkaError> {
        let group = request.group_id.clone();
        self.read(&group, |coordinator| coordinator.offset_fetch(&request)).await
    }

    /// DescribeGroups of one group.
    pub async fn describe(&self, group: &str, api_version: i16) -> Result<DescribedGroup, KafkaError> {
        self.read(group, |coordinator| coordinator.describe_group(group, api_version)).await
    }

    /// ListGroups over all shards of this node.
    pub fn list(&self, states: &[String], types: &[String]) -> Result<Vec<ListedGroup>, KafkaError> {
        let mut shards: Vec<(i32, Slot)> =
            self.shards.read().iter().map(|(index, slot)| (*index, slot.clone())).collect();
        shards.sort_by_key(|(index, _)| *index);
        let mut out = Vec::new();
        for (_, slot) in shards {
            match slot {
                Slot::Loading => return Err(KafkaError::CoordinatorLoadInProgress),
                Slot::Active(handle) => out.extend(handle.state.lock().shard.state().list_groups(states, types)),
                Slot::Failed => {}
            }
        }
        Ok(out)
    }

    /// The shard of a group. NOT_COORDINATOR when another node leads or the offsets topic does not exist, COORDINATOR_LOAD_IN_PROGRESS when loading takes longer than a request may wait for it.
    async fn active(&self, group: &str) -> Result<Arc<ShardHandle>, KafkaError> {
        let deadline = tokio::time::Instant::now() + LOAD_WAIT;
        loop {
            let loaded = self.loaded.notified();
            let partitions = {
                let image = self.metadata.image();
                image.topic(CONSUMER_OFFSETS_TOPIC).map(|t| i32::try_from(t.partition_count()).unwrap_or(i32::MAX))
            };
            let Some(partitions) = partitions.filter(|n| *n > 0) else {
                // Without the topic nobody coordinates, which Kafka tells in the same way.
                return Err(KafkaError::NotCoordinator);
            };
            let slot = self.shards.read().get(&coordinator_partition(group, partitions)).cloned();
            match slot {
                None => return Err(KafkaError::NotCoordinator),
                Some(Slot::Failed) => return Err(KafkaError::NotCoordinator),
                Some(Slot::Active(handle)) => return Ok(handle),
                Some(Slot::Loading) => {
                    if tokio::time::timeout_at(deadline, loaded).await.is_err() {
                        return Err(KafkaError::CoordinatorLoadInProgress);
                    }
                }
            }
        }
    }

    /// Leadership of a partition was gained: loads its shard. Runs on the caller's thread for as long as the log is.
    pub fn load(&self, replica: &Arc<Replica>) {
        let index = replica.index;
        if matches!(self.shards.read().get(&index), Some(Slot::Active(_) | Slot::Loading)) {
            return;
        }
        self.shards.write().insert(index, Slot::Loading);
        let slot = match self.replay_log(replica) {
            Ok(shard) => {
                let handle = Arc::new(ShardHandle {
                    replica: Arc::clone(replica),
                    state: Mutex::new(ShardState { shard, waiting: HashMap::new(), unloaded: false }),
                });
                let now = self.clock.now();
                let mut state = handle.state.lock();
                let outcome = state.shard.on_loaded(now);
                self.settle(&handle, &mut state, outcome, now);
                drop(state);
                Slot::Active(handle)
            }
            Err(error) => {
                tracing::error!(partition = index, "the group coordinator cannot load __consumer_offsets: {error}");
                Slot::Failed
            }
        };
        self.shards.write().insert(index, slot);
        self.loaded.notify_waiters();
    }

    /// Leadership of a partition was lost: everything that is parked there is answered NOT_COORDINATOR.
    pub fn unload(&self, index: i32) {
        let Some(Slot::Active(handle)) = self.shards.write().remove(&index) else { return };
        let mut state = handle.state.lock();
        state.unloaded = true;
        let replies = state.shard.unload(self.clock.now());
        send(&mut state, replies);
        state.waiting.clear();
    }

    /// Leadership of every partition ends: the node stops.
    pub fn unload_all(&self) {
        let all: Vec<i32> = self.shards.read().keys().copied().collect();
        for index in all {
            self.unload(index);
        }
    }

    /// Topics were deleted: their committed offsets go.
    pub fn topics_deleted(&self, topics: &[ottla_core::coordinator::group::api::DeletedTopic]) {
        let handles: Vec<Arc<ShardHandle>> = self.active_handles();
        for handle in handles {
            let mut state = handle.state.lock();
            let now = self.clock.now();
            // Nobody waits for the answer.
            let token = RequestToken(self.next_token.fetch_add(1, Ordering::Relaxed));
            let outcome = state.shard.handle(token, GroupRequest::TopicsDeleted(topics.to_vec()), now);
            self.settle(&handle, &mut state, outcome, now);
        }
    }

    fn active_handles(&self) -> Vec<Arc<ShardHandle>> {
        let shards = self.shards.read();
        shards
            .values()
            .filter_map(|slot| if let Slot::Active(handle) = slot { Some(Arc::clone(handle)) } else { None })
            .collect()
    }

    /// Appends what an operation decided, answers what can be answered, and sees to the next deadline.
    fn settle(
        &self,
        handle: &ShardHandle,
        state: &mut ShardState,
        outcome: ottla_core::coordinator::runtime::Outcome<GroupCoordinator>,
        now: Now,
    ) {
        let replies = state.shard.settle(outcome, now, |records| self.append(&handle.replica, records, now));
        send(state, replies);
        if let Some(deadline) = state.shard.next_deadline()
            && deadline < self.next_wake_mono_ms.load(Ordering::Acquire)
        {
            self.next_wake_mono_ms.store(deadline, Ordering::Release);
            self.earlier.notify_one();
        }
    }

    fn append(&self, replica: &Replica, records: &[CoordinatorRecord], now: Now) -> Result<Appended, KafkaError> {
        let mut builder = BatchBuilder::new(0);
        builder.compression(self.compression);
        for record in records {
            let (key, value) = record.encode().map_err(|_| KafkaError::UnknownServerError)?;
            builder.append_kv(now.wall_ms, Some(&key), value.as_deref());
        }
        let bytes = builder.build().map_err(|_| KafkaError::UnknownServerError)?;
        if bytes.len() > usize::try_from(replica.settings().max_message_bytes).unwrap_or(0) {
            return Err(KafkaError::RecordListTooLarge);
        }
        let batch = AppendBatch::new(&bytes).map_err(|_| KafkaError::UnknownServerError)?;
        let (result, high_watermark) = replica.append_now(|token| Work {
            batches: vec![batch],
            origin: AppendOrigin::Coordinator,
            acks: Acks::Leader,
            token,
        });
        match result {
            Ok(info) => Ok(Appended { base_offset: info.first_offset, high_watermark }),
            Err(failure) => Err(errors::append(&failure)),
        }
    }

    /// Replays the whole partition into a fresh shard.
    fn replay_log(&self, replica: &Replica) -> Result<GroupShard, String> {
        let mut shard =
            GroupShard::new(GroupCoordinator::new(self.config.clone()), self.rng.lock().fork(), self.write_timeout_ms);
        let now = self.clock.now();
        let view = replica.view();
        let _ = shard.on_high_watermark(view.log.high_watermark, now);
        let mut offset = view.log.log_start_offset;
        while offset < view.log.log_end_offset {
            let plan = view
                .log
                .read(offset, self.load_buffer_bytes, view.log.log_end_offset, true)
                .map_err(|e| e.to_string())?;
            let bytes = plan.read_all().map_err(|e| e.to_string())?;
            let before = offset;
            for item in batches(&bytes) {
                let (header, range) = match item {
                    Ok(batch) => batch,
                    // The read was cut by its size.
                    Err(BatchError::Truncated { .. }) => break,
                    Err(error) => return Err(error.to_string()),
                };
                offset = header.next_offset();
                let batch = &bytes[range];
                if header.is_control() {
                    for_each_record::<BatchError>(batch, LOAD_DECOMPRESSED_MAX, |_, record| {
                        let result = match ControlRecord::parse(&record) {
                            Ok(ControlRecord::Commit { .. }) => TransactionResult::Commit,
                            Ok(ControlRecord::Abort { .. }) => TransactionResult::Abort,
                            // Others have no meaning in this topic; clients skip what they do not know, too.
                            _ => return Ok(()),
                        };
                        shard.replay_end_transaction_marker(header.base_offset, header.producer_id, result);
                        Ok(())
                    })
                    .map_err(|e| e.to_string())?;
                    continue;
                }
                let producer_id = if header.is_transactional() { header.producer_id } else { NO_PRODUCER_ID };
                for_each_record::<LoadError>(batch, LOAD_DECOMPRESSED_MAX, |_, record| {
                    let at = header.base_offset + i64::from(record.offset_delta);
                    let Some(key) = record.key else { return Ok(()) };
                    replay_encoded(&mut shard, at, producer_id, (key, record.value), now)
                        .map_err(|e| LoadError::Record(at, e))
                })
                .map_err(|e| e.to_string())?;
            }
            if offset == before {
                return Err(format!("no batch at offset {offset}"));
            }
        }
        Ok(shard)
    }

    /// Keeps the time of all shards. Ends never; dropped with its runtime.
    pub async fn run_timers(self: Arc<Self>) {
        loop {
            let earlier = self.earlier.notified();
            let now = self.clock.now();
            self.next_wake_mono_ms.store(u64::MAX, Ordering::Release);
            let mut next = u64::MAX;
            for handle in self.active_handles() {
                let mut state = handle.state.lock();
                if state.shard.next_deadline().is_some_and(|deadline| deadline <= now.mono_ms) {
                    let outcome = state.shard.on_timer(now);
                    self.settle(&handle, &mut state, outcome, now);
                }
                next = next.min(state.shard.next_deadline().unwrap_or(u64::MAX));
            }
            let next = next.min(self.next_wake_mono_ms.load(Ordering::Acquire));
            self.next_wake_mono_ms.store(next, Ordering::Release);
            if next == u64::MAX {
                earlier.await;
                continue;
            }
            let wait = Duration::from_millis(next.saturating_sub(self.clock.now().mono_ms));
            tokio::select! {
                () = earlier => {}
                () = tokio::time::sleep(wait) => {}
            }
        }
    }
}

fn send(state: &mut ShardState, replies: Vec<(RequestToken, GroupResponse)>) {
    for (token, response) in replies {
        if let Some(waiting) = state.waiting.remove(&token) {
            // A client that is gone does not care.
            let _ = waiting.send(response);
        }
    }
}
