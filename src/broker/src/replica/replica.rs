//! One local replica as the broker holds it: the core's [`Partition`] behind an inbox, and what readers see of it.
//!
//! Owner: the actor; whoever enters a message may become its owner for a moment (see [`super::inbox`]). The view and the
//! settings are published through arc-swap.

use super::effects::EffectRunner;
use super::inbox::{Actor, Handle};
use super::waiter::{FetchWaiter, Parked};
use arc_swap::ArcSwap;
use ottla_base::clock::{Clock, Now};
use ottla_base::config::TopicSettings;
use ottla_base::ids::Uuid;
use ottla_core::log::{AppendError, AppendInfo, FlushToken, LogError, StorageError};
use ottla_core::partition::{Acks, AppendFailure, AppendResult, Leadership, Partition, PartitionView, ReadBound, Work};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use tokio::sync::oneshot;

/// Messages that may wait at one partition.
const INBOX_CAPACITY: usize = 4096;

/// Names a producer that waits.
pub type ProduceToken = oneshot::Sender<AppendResult>;

/// What enters a partition's inbox.
#[derive(Debug)]
pub enum Message {
    /// Append, then answer through the token.
    Append(Work<ProduceToken>),
    /// Park a fetch that read up to `seen`.
    Park {
        /// The fetch.
        wait: Arc<FetchWaiter>,
        /// Up to where it may read.
        bound: ReadBound,
        /// The bound that it saw.
        seen: i64,
    },
}

/// What the owner holds.
#[derive(Debug)]
pub struct State {
    partition: Partition<ProduceToken, Parked>,
    view: Arc<ArcSwap<PartitionView>>,
    clock: Arc<dyn Clock>,
    effects: Arc<EffectRunner>,
    /// (topic id, partition), for effects that come back.
    key: (Uuid, i32),
    /// The log directory has no room: appends are refused.
    disk_full: Arc<AtomicBool>,
    /// Somebody has been told that the log went offline.
    told_offline: bool,
    /// What `flush.messages` does not let us acknowledge before it is on the medium: (one past its last offset, …).
    unflushed: Vec<(i64, ProduceToken, AppendInfo)>,
}

impl State {
    fn publish(&mut self) {
        let view = self.partition.view();
        if !view.is_same(&self.view.load()) {
            self.view.store(Arc::new(view));
            self.effects.changes.mark();
        }
        if self.partition.log().config().flush_ms != i64::MAX
            && let Some(deadline) = self.partition.log().flush_deadline_mono_ms()
        {
            self.effects.flush_deadline.add(deadline);
        }
        for effect in self.partition.log_mut().take_effects() {
            self.effects.run(self.key, effect);
        }
        if self.partition.log().is_offline() && !self.told_offline {
            self.told_offline = true;
            self.effects.log_went_offline(self.key);
        }
    }

    /// What an append to a full directory is answered; `None` when there is room.
    fn refusal(&self) -> Option<StorageError> {
        self.disk_full.load(Ordering::Acquire).then(|| StorageError::DiskFull { path: self.partition.log().dir() })
    }

    /// Tells of disks that said no.
    fn report(&self, done: &[(ProduceToken, AppendResult)]) {
        for (_, result) in done {
            if let Err(AppendFailure::Log(AppendError::Storage(error))) = result {
                self.effects.report(self.key, error);
            }
        }
    }

    /// Whether an append that ends at `end` may be acknowledged: Kafka flushes inside the append that leaves
    /// `flush.messages` records unflushed.
    fn is_flushed_enough(&self, end: i64) -> bool {
        let log = self.partition.log();
        end.saturating_sub(log.recovery_point()) < log.config().flush_messages
    }

    fn answer(&mut self, done: Vec<(ProduceToken, AppendResult)>) {
        for (token, result) in done {
            match result {
                Ok(info) if !self.is_flushed_enough(info.last_offset + 1) => {
                    self.unflushed.push((info.last_offset + 1, token, info));
                }
                // A producer that is gone does not care.
                result => drop(token.send(result)),
            }
        }
    }

    /// A sync has succeeded, or `flush.messages` has changed.
    fn answer_flushed(&mut self) {
        for (end, token, info) in std::mem::take(&mut self.unflushed) {
            if self.is_flushed_enough(end) {
                let _ = token.send(Ok(info));
            } else {
                self.unflushed.push((end, token, info));
            }
        }
    }

    /// The replica takes no more part: nobody learns any more whether what was not flushed is safe.
    fn answer_unflushed(&mut self) {
        for (_, token, _) in self.unflushed.drain(..) {
            let _ = token.send(Err(AppendFailure::NotLeader));
        }
    }

    fn append_all(&mut self, works: Vec<Work<ProduceToken>>) {
        if works.is_empty() {
            return;
        }
        if self.disk_full.load(Ordering::Relaxed) {
            for work in works {
                if let Some(error) = self.refusal() {
                    let _ = work.token.send(Err(AppendFailure::Log(error.into())));
                }
            }
            return;
        }
        let now = self.clock.now();
        let done = self.partition.append(works, now);
        self.report(&done);
        // Readers must find what an acknowledgement promises.
        self.publish();
        self.answer(done);
        if self.partition.log().is_offline() {
            self.answer_unflushed();
        }
    }

    /// Appends for this node's own coordinator. What `flush.messages` wants is synced here and now, as Kafka does.
    fn append_now(&mut self, work: Work<ProduceToken>, mut result: oneshot::Receiver<AppendResult>) -> AppendResult {
        if let Some(error) = self.refusal() {
            return Err(AppendFailure::Log(error.into()));
        }
        let now = self.clock.now();
        let done = self.partition.append(vec![work], now);
        self.report(&done);
        for (token, result) in done {
            let _ = token.send(result);
        }
        let result = result.try_recv().unwrap_or(Err(AppendFailure::NotLeader));
        if let Ok(info) = &result
            && !self.is_flushed_enough(info.last_offset + 1)
        {
            let synced = self.sync();
            if let Err(error) = synced {
                self.publish();
                return Err(AppendFailure::Log(error.into()));
            }
        }
        self.publish();
        result
    }

    fn sync(&mut self) -> Result<(), StorageError> {
        let end = self.partition.log().log_end_offset();
        let Some(request) = self.partition.log_mut().flush_request(end)? else { return Ok(()) };
        if let Err(error) = request.run() {
            let done = self.partition.fail();
            self.answer(done);
            self.answer_unflushed();
            // Not for lack of room either: what the kernel could not write is gone.
            let error = StorageError::Io { path: self.partition.log().dir(), source: error };
            self.effects.report(self.key, &error);
            return Err(error);
        }
        let now = self.clock.now();
        self.partition.log_mut().on_flushed(request.token(), now);
        self.answer_flushed();
        Ok(())
    }

    /// The core, for maintenance under the lock. Whatever it changes is published afterwards.
    pub fn partition(&mut self) -> &mut Partition<ProduceToken, Parked> {
        &mut self.partition
    }
}

impl Handle for State {
    type Message = Message;

    fn handle(&mut self, messages: &mut dyn Iterator<Item = Message>) {
        let mut works = Vec::new();
        for message in messages {
            match message {
                Message::Append(work) => works.push(work),
                Message::Park { wait, bound, seen } => {
                    self.append_all(std::mem::take(&mut works));
                    self.partition.park(Parked(wait), bound, seen);
                }
            }
        }
        self.append_all(works);
    }
}

/// A local replica.
#[derive(Debug)]
pub struct Replica {
    /// Name of the topic.
    pub topic: Arc<str>,
    /// Id of the topic.
    pub topic_id: Uuid,
    /// Index of the partition.
    pub index: i32,
    /// Id of the log directory that it lies in.
    pub directory: Uuid,
    actor: Actor<State>,
    view: Arc<ArcSwap<PartitionView>>,
    settings: ArcSwap<TopicSettings>,
}

impl Replica {
    /// Puts an opened partition to work.
    #[allow(clippy::too_many_arguments)] // Each is a different part; a struct of them would be named once and unpacked once.
    pub fn new(
        topic: Arc<str>,
        index: i32,
        directory: Uuid,
        mut partition: Partition<ProduceToken, Parked>,
        settings: TopicSettings,
        disk_full: Arc<AtomicBool>,
        clock: Arc<dyn Clock>,
        effects: Arc<EffectRunner>,
    ) -> Replica {
        let first = partition.view();
        let topic_id = first.topic_id;
        let view = Arc::new(ArcSwap::from_pointee(first));
        let state = State {
            partition,
            view: Arc::clone(&view),
            clock,
            effects,
            key: (topic_id, index),
            disk_full,
            told_offline: false,
            unflushed: Vec::new(),
        };
        Replica {
            topic,
            topic_id,
            index,
            directory,
            actor: Actor::new(state, INBOX_CAPACITY),
            view,
            settings: ArcSwap::from_pointee(settings),
        }
    }

    /// What readers see now.
    pub fn view(&self) -> Arc<PartitionView> {
        self.view.load_full()
    }

    /// The topic's settings in force.
    pub fn settings(&self) -> Arc<TopicSettings> {
        self.settings.load_full()
    }

    /// Messages that wait for the owner now.
    pub fn waiting(&self) -> usize {
        self.actor.len()
    }

    /// Enters an append. In order with everything that was entered before; waits only when the inbox is full.
    pub async fn append(&self, work: Work<ProduceToken>) {
        self.actor.send(Message::Append(work)).await;
    }

    /// Appends on behalf of this node and waits for the owner, not for replication. The result is the append's own; the
    /// second value is the high watermark after it.
    pub fn append_now(&self, work: impl FnOnce(ProduceToken) -> Work<ProduceToken>) -> (AppendResult, i64) {
        let (token, result) = oneshot::channel();
        let work = work(token);
        debug_assert_eq!(work.acks, Acks::Leader);
        self.actor.with(|state| {
            let result = state.append_now(work, result);
            (result, state.partition.log().high_watermark())
        })
    }

    /// Parks a fetch.
    pub async fn park(&self, wait: Arc<FetchWaiter>, bound: ReadBound, seen: i64) {
        self.actor.send(Message::Park { wait, bound, seen }).await;
    }

    /// A follower has everything below `log_end_offset`.
    pub fn on_follower_fetch(&self, follower: i32, log_end_offset: i64) {
        self.answering(|partition, now| (partition.on_follower_fetch(follower, log_end_offset, now), ()));
    }

    /// Leads from now on, or goes on leading with a changed ISR.
    pub fn lead(&self, leadership: &Leadership) -> Result<(), LogError> {
        self.answering(|partition, now| match partition.lead(leadership, now) {
            Ok(done) => (done, Ok(())),
            Err(error) => (Vec::new(), Err(error)),
        })
    }

    /// Follows from now on.
    pub fn follow(&self, leader: i32, epoch: i32) {
        self.actor.with(|state| {
            let done = state.partition.follow(leader, epoch);
            state.publish();
            state.answer(done);
            state.answer_unflushed();
        });
    }

    /// Takes no append from here on, answers everybody who waits here, and runs `f` before anybody else comes in: the
    /// replica is removed, or the node stops.
    pub fn retire<R>(&self, f: impl FnOnce(&mut Partition<ProduceToken, Parked>, Now) -> R) -> R {
        self.actor.with(|state| {
            let now = state.clock.now();
            let done = state.partition.go_offline();
            let result = f(&mut state.partition, now);
            state.publish();
            state.answer(done);
            state.answer_unflushed();
            result
        })
    }

    /// Takes over changed settings.
    pub fn configure(&self, settings: TopicSettings) {
        let config = super::log_config(&settings);
        let min_isr = usize::try_from(settings.min_insync_replicas).unwrap_or(1);
        self.settings.store(Arc::new(settings));
        self.actor.with(|state| {
            state.partition.log_mut().set_config(config);
            let done = state.partition.set_min_insync_replicas(min_isr);
            state.publish();
            state.answer(done);
            state.answer_flushed();
        });
    }

    /// What `token` stands for is on the medium.
    pub fn on_flushed(&self, token: FlushToken) {
        self.actor.with(|state| {
            let now = state.clock.now();
            state.partition.log_mut().on_flushed(token, now);
            // The recovery point is not in the view.
            state.effects.changes.mark();
            state.publish();
            state.answer_flushed();
        });
    }

    /// A sync failed: nobody may believe that the data is safe, so the replica takes no more part.
    pub fn fail(&self) {
        self.actor.with(|state| {
            state.told_offline = true;
            let done = state.partition.fail();
            state.publish();
            state.answer(done);
            state.answer_unflushed();
        });
    }

    fn answering<R>(
        &self,
        f: impl FnOnce(&mut Partition<ProduceToken, Parked>, Now) -> (Vec<(ProduceToken, AppendResult)>, R),
    ) -> R {
        self.actor.with(|state| {
            let now = state.clock.now();
            let (done, result) = f(&mut state.partition, now);
            state.publish();
            state.answer(done);
            result
        })
    }

    /// Runs `f` as the owner and publishes what it changed.
    pub fn with_partition<R>(&self, f: impl FnOnce(&mut Partition<ProduceToken, Parked>, Now) -> R) -> R {
        self.actor.with(|state| {
            let now = state.clock.now();
            let result = f(&mut state.partition, now);
            state.publish();
            result
        })
    }
}
