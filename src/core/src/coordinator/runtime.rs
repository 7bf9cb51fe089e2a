//! The runner of one replicated state machine: one coordinator, for one partition of an internal topic (D10).
//!
//! Owned by whoever drains the inbox of that partition's shard; it does not wait, send or append. The contract with
//! its shell:
//! - Every call returns an [`Outcome`]: writes to append now, in order, and replies that may be sent now. Each write is
//!   decided by [`Shard::appended`] or [`Shard::append_refused`] before any other call. [`Shard::settle`] does that loop.
//! - After each call the shell looks at [`Shard::next_deadline`]; one that is due already wants [`Shard::on_timer`] at once.
//! - Parked requests are known by the [`RequestToken`] that the shell chose, and each token is answered at most once.
//!
//! Invariants
//! - Records change the state only after the log has taken them, so a refused append leaves nothing to undo.
//! - A reply that depends on a write leaves when the high watermark has passed that write, with the machine's error
//!   when that takes longer than `write_timeout_ms` (`offsets.commit.timeout.ms`), or with NOT_COORDINATOR at unload.
//! - Every timer is set again by [`StateMachine::on_loaded`] from the replayed state.
//!
//! Deliberately not here: batching of records (the shell groups what it appends), threads, loading from the log
//! (the shell reads and calls [`Shard::replay`]).

use super::timers::Timers;
use crate::errors::KafkaError;
use ottla_base::clock::Now;
use ottla_base::rng::Rng;
use std::collections::{BTreeMap, VecDeque};
use std::fmt::Debug;

/// `RecordBatch.NO_PRODUCER_ID`.
pub const NO_PRODUCER_ID: i64 = -1;

/// Names a request that waits in a shard. Chosen by the shell, unique among those that wait.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RequestToken(pub u64);

/// Names a write until it is decided.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct WriteId(u64);

/// How a transaction ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TransactionResult {
    /// COMMIT marker.
    Commit,
    /// ABORT marker.
    Abort,
}

/// Whether the records of a write change the state by being replayed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Replay {
    /// As soon as the log has them.
    Yes,
    /// The state has them already: they record what happened (a classic group's members).
    No,
}

/// What a coordinator is to its runner.
pub trait StateMachine: Debug + Sized {
    /// One record of the internal topic.
    type Record: Debug;
    /// An operation.
    type Request: Debug;
    /// Its answer.
    type Response: Debug;
    /// Names a timer.
    type TimerKey: Ord + Clone + Debug;
    /// What a timer does.
    type TimerTask: Debug;
    /// What is left to do when a write is decided.
    type Followup: Debug;

    /// Carries out an operation. Answers through `cx`, now or later.
    fn handle(&mut self, token: RequestToken, request: Self::Request, cx: &mut Cx<'_, Self>);

    /// Applies a record that is in the log at `offset`; `producer_id` is [`NO_PRODUCER_ID`] outside transactions.
    fn replay(&mut self, offset: i64, producer_id: i64, record: Self::Record, env: &mut ReplayEnv<'_, Self>);

    /// Applies the end of a transaction whose marker is at `offset`.
    fn replay_end_transaction_marker(&mut self, offset: i64, producer_id: i64, result: TransactionResult);

    /// The log has the write that `followup` belongs to, its last record at `last_offset`; it is not committed yet.
    fn on_written(&mut self, followup: &Self::Followup, last_offset: i64);

    /// A write is committed, refused by the log, or late.
    fn on_decided(&mut self, followup: Self::Followup, result: Result<(), WriteFailure>, cx: &mut Cx<'_, Self>);

    /// Records below `high_watermark` are committed.
    fn on_high_watermark(&mut self, high_watermark: i64);

    /// A timer fired.
    fn on_timer(&mut self, key: Self::TimerKey, task: Self::TimerTask, cx: &mut Cx<'_, Self>);

    /// The log has been replayed to its end: set the timers.
    fn on_loaded(&mut self, cx: &mut Cx<'_, Self>);

    /// The partition goes elsewhere: answer what is parked.
    fn on_unloaded(&mut self, cx: &mut Cx<'_, Self>);

    /// The answer in place of `response` when its write failed with `error` (as the log said it).
    fn error_response(response: Self::Response, error: KafkaError) -> Self::Response;
}

/// Why a write did not become committed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WriteFailure {
    /// The log did not take it: nothing of it exists.
    Refused(KafkaError),
    /// It is in the log, and may be committed later; but the time for waiting is over.
    TimedOut,
    /// It may be in the log; somebody else coordinates from here on.
    Unloaded,
}

impl WriteFailure {
    /// Kafka's code for it, before [`operation_error`].
    pub fn error(self) -> KafkaError {
        match self {
            WriteFailure::Refused(error) => error,
            WriteFailure::TimedOut => KafkaError::RequestTimedOut,
            WriteFailure::Unloaded => KafkaError::NotCoordinator,
        }
    }
}

/// Kafka's mapping of a log's error to what a coordinator's client is told
/// (`CoordinatorOperationExceptionHelper.handleOperationException`).
pub fn operation_error(error: KafkaError) -> KafkaError {
    match error {
        KafkaError::NetworkException => KafkaError::CoordinatorLoadInProgress,
        KafkaError::UnknownTopicOrPartition | KafkaError::NotEnoughReplicas | KafkaError::RequestTimedOut => {
            KafkaError::CoordinatorNotAvailable
        }
        KafkaError::NotLeaderOrFollower | KafkaError::KafkaStorageError => KafkaError::NotCoordinator,
        KafkaError::MessageTooLarge | KafkaError::RecordListTooLarge | KafkaError::InvalidFetchSize => {
            KafkaError::UnknownServerError
        }
        other => other,
    }
}

/// Records to append as one unit, then to report by [`Shard::appended`] or [`Shard::append_refused`].
#[derive(Debug)]
pub struct Write {
    /// For the report.
    pub id: WriteId,
    /// Number of records; they get consecutive offsets. The records themselves: [`Shard::records`].
    pub len: usize,
}

/// What a call wants from the shell.
#[derive(Debug)]
#[must_use]
pub struct Outcome<S: StateMachine> {
    /// To be appended in this order.
    pub writes: Vec<Write>,
    /// To be sent.
    pub replies: Vec<(RequestToken, S::Response)>,
}

impl<S: StateMachine> Outcome<S> {
    fn empty() -> Self {
        Outcome { writes: Vec::new(), replies: Vec::new() }
    }
}

/// The log's answer to a write.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Appended {
    /// Offset of the first record.
    pub base_offset: i64,
    /// The partition's high watermark after the append.
    pub high_watermark: i64,
}

#[derive(Debug)]
struct PlannedWrite<S: StateMachine> {
    records: Vec<S::Record>,
    replay: Replay,
    waits: Waits<S>,
}

#[derive(Debug)]
struct Waits<S: StateMachine> {
    followup: Option<S::Followup>,
    replies: Vec<(RequestToken, S::Response)>,
}

#[derive(Debug)]
struct PendingWrite<S: StateMachine> {
    /// Committed when the high watermark is at or above this.
    end_offset: i64,
    deadline_ms: u64,
    waits: Waits<S>,
}

/// What a state machine may do while it carries out an operation.
#[derive(Debug)]
pub struct Cx<'a, S: StateMachine> {
    /// The time of the operation.
    pub now: Now,
    /// Randomness, for ids only.
    pub rng: &'a mut Rng,
    /// The shard's timers.
    pub timers: &'a mut Timers<S::TimerKey, S::TimerTask>,
    replies: Vec<(RequestToken, S::Response)>,
    after_writes: Vec<(RequestToken, S::Response)>,
    writes: Vec<PlannedWrite<S>>,
}

impl<S: StateMachine> Cx<'_, S> {
    /// Answers at once, whatever is still uncommitted.
    pub fn reply(&mut self, token: RequestToken, response: S::Response) {
        self.replies.push((token, response));
    }

    /// Answers when everything that is in the log or planned by this operation is committed.
    pub fn reply_when_committed(&mut self, token: RequestToken, response: S::Response) {
        self.after_writes.push((token, response));
    }

    /// Plans an append of `records` as one unit.
    pub fn write(&mut self, records: Vec<S::Record>, replay: Replay, followup: Option<S::Followup>) {
        if !records.is_empty() {
            self.writes.push(PlannedWrite { records, replay, waits: Waits { followup, replies: Vec::new() } });
        }
    }

    /// Whether this operation appends something.
    pub fn has_writes(&self) -> bool {
        !self.writes.is_empty()
    }

    /// Sets a timer `delay_ms` from now.
    pub fn schedule(&mut self, key: S::TimerKey, delay_ms: u64, task: S::TimerTask) {
        self.timers.schedule(key, self.now.mono_ms.saturating_add(delay_ms), task);
    }
}

/// What a replay may touch besides the state.
#[derive(Debug)]
pub struct ReplayEnv<'a, S: StateMachine> {
    /// The time of the replay, not of the record.
    pub now: Now,
    /// Timers of what a record removes are cancelled here.
    pub timers: &'a mut Timers<S::TimerKey, S::TimerTask>,
}

/// One coordinator with what it waits for.
#[derive(Debug)]
pub struct Shard<S: StateMachine> {
    state: S,
    rng: Rng,
    timers: Timers<S::TimerKey, S::TimerTask>,
    planned: BTreeMap<u64, PlannedWrite<S>>,
    pending: VecDeque<PendingWrite<S>>,
    next_write: u64,
    end_offset: i64,
    high_watermark: i64,
    write_timeout_ms: u64,
}

impl<S: StateMachine> Shard<S> {
    /// A shard that has replayed nothing. `rng` makes its ids; `write_timeout_ms` is `offsets.commit.timeout.ms` or
    /// its like.
    pub fn new(state: S, rng: Rng, write_timeout_ms: u64) -> Self {
        Shard {
            state,
            rng,
            timers: Timers::default(),
            planned: BTreeMap::new(),
            pending: VecDeque::new(),
            next_write: 0,
            end_offset: 0,
            high_watermark: 0,
            write_timeout_ms,
        }
    }

    /// The state, for pure reads.
    pub fn state(&self) -> &S {
        &self.state
    }

    /// The state, for a change of its configuration. Whatever is recorded must go through [`Shard::handle`].
    pub fn state_mut(&mut self) -> &mut S {
        &mut self.state
    }

    /// One past the last record that this shard knows to be in the log.
    pub fn end_offset(&self) -> i64 {
        self.end_offset
    }

    /// Loading: applies one data record of the log. Call [`Shard::on_high_watermark`] with what is known before the
    /// first, so that committed records are not kept twice.
    pub fn replay(&mut self, offset: i64, producer_id: i64, record: S::Record, now: Now) {
        let mut env = ReplayEnv { now, timers: &mut self.timers };
        self.state.replay(offset, producer_id, record, &mut env);
        self.end_offset = self.end_offset.max(offset + 1);
    }

    /// Loading: a record of the log that means nothing to this shard.
    pub fn skip(&mut self, offset: i64) {
        self.end_offset = self.end_offset.max(offset + 1);
    }

    /// Applies the end of a transaction: while loading, and when the shell has appended a marker.
    pub fn replay_end_transaction_marker(&mut self, offset: i64, producer_id: i64, result: TransactionResult) {
        self.state.replay_end_transaction_marker(offset, producer_id, result);
        self.end_offset = self.end_offset.max(offset + 1);
    }

    /// The log is replayed to its end: from here on the shard may be asked.
    pub fn on_loaded(&mut self, now: Now) -> Outcome<S> {
        self.run(now, |state, cx| state.on_loaded(cx))
    }

    /// Leadership is lost, or the node stops: answers everything that is parked. The shard is dropped afterwards.
    pub fn unload(&mut self, now: Now) -> Vec<(RequestToken, S::Response)> {
        self.timers.clear();
        let mut replies = Vec::new();
        let waiting: Vec<Waits<S>> = std::mem::take(&mut self.planned)
            .into_values()
            .map(|write| write.waits)
            .chain(self.pending.drain(..).map(|write| write.waits))
            .collect();
        for waits in waiting {
            replies.extend(self.fail(waits, WriteFailure::Unloaded, now).replies);
        }
        replies.extend(self.run(now, |state, cx| state.on_unloaded(cx)).replies);
        self.planned.clear();
        replies
    }

    /// Carries out an operation.
    pub fn handle(&mut self, token: RequestToken, request: S::Request, now: Now) -> Outcome<S> {
        self.run(now, |state, cx| state.handle(token, request, cx))
    }

    /// The records of a write that is not decided yet.
    pub fn records(&self, id: WriteId) -> &[S::Record] {
        self.planned.get(&id.0).map_or(&[], |write| &write.records)
    }

    /// The log took a write; its first record is at `base_offset`.
    pub fn appended(&mut self, id: WriteId, base_offset: i64, now: Now) {
        let Some(write) = self.planned.remove(&id.0) else { return };
        let mut offset = base_offset;
        let mut env = ReplayEnv { now, timers: &mut self.timers };
        for record in write.records {
            if write.replay == Replay::Yes {
                self.state.replay(offset, NO_PRODUCER_ID, record, &mut env);
            }
            offset += 1;
        }
        self.end_offset = offset;
        if let Some(followup) = &write.waits.followup {
            self.state.on_written(followup, offset - 1);
        }
        let deadline_ms = now.mono_ms.saturating_add(self.write_timeout_ms);
        self.pending.push_back(PendingWrite { end_offset: offset, deadline_ms, waits: write.waits });
    }

    /// The log did not take a write.
    pub fn append_refused(&mut self, id: WriteId, error: KafkaError, now: Now) -> Outcome<S> {
        match self.planned.remove(&id.0) {
            Some(write) => self.fail(write.waits, WriteFailure::Refused(error), now),
            None => Outcome::empty(),
        }
    }

    /// The partition's high watermark is `high_watermark`.
    pub fn on_high_watermark(&mut self, high_watermark: i64, now: Now) -> Outcome<S> {
        let mut outcome = Outcome::empty();
        if high_watermark <= self.high_watermark {
            return outcome;
        }
        self.high_watermark = high_watermark;
        self.state.on_high_watermark(high_watermark);
        while let Some(write) = self.pending.pop_front_if(|write| write.end_offset <= high_watermark) {
            outcome.replies.extend(write.waits.replies);
            if let Some(followup) = write.waits.followup {
                let more = self.run(now, |state, cx| state.on_decided(followup, Ok(()), cx));
                outcome.writes.extend(more.writes);
                outcome.replies.extend(more.replies);
            }
        }
        outcome
    }

    /// The earliest moment at which [`Shard::on_timer`] has something to do, on the monotonic clock.
    pub fn next_deadline(&self) -> Option<u64> {
        // The waiting time is the same for all, so the first of the queue is the earliest.
        let write = self.pending.front().map(|write| write.deadline_ms);
        [write, self.timers.next_deadline()].into_iter().flatten().min()
    }

    /// Does one thing that is due, if any: a late write or a timer. One at a time, so that the shell can append what
    /// it wants to write before the next; call again while [`Shard::next_deadline`] is due.
    pub fn on_timer(&mut self, now: Now) -> Outcome<S> {
        if let Some(write) = self.pending.pop_front_if(|write| write.deadline_ms <= now.mono_ms) {
            return self.fail(write.waits, WriteFailure::TimedOut, now);
        }
        match self.timers.pop_due(now.mono_ms) {
            Some((key, task)) => self.run(now, |state, cx| state.on_timer(key, task, cx)),
            None => Outcome::empty(),
        }
    }

    /// Appends with `append` until nothing is left to write and no timer is due, and returns all replies. `append`
    /// gets the shard to ask for [`Shard::records`].
    pub fn settle(
        &mut self,
        outcome: Outcome<S>,
        now: Now,
        mut append: impl FnMut(&[S::Record]) -> Result<Appended, KafkaError>,
    ) -> Vec<(RequestToken, S::Response)> {
        let mut replies = outcome.replies;
        let mut writes = VecDeque::from(outcome.writes);
        loop {
            while let Some(write) = writes.pop_front() {
                let more = match append(self.records(write.id)) {
                    Ok(appended) => {
                        self.appended(write.id, appended.base_offset, now);
                        self.on_high_watermark(appended.high_watermark, now)
                    }
                    Err(error) => self.append_refused(write.id, error, now),
                };
                replies.extend(more.replies);
                writes.extend(more.writes);
            }
            if self.next_deadline().is_none_or(|deadline| deadline > now.mono_ms) {
                return replies;
            }
            let more = self.on_timer(now);
            replies.extend(more.replies);
            writes.extend(more.writes);
        }
    }

    fn fail(&mut self, waits: Waits<S>, failure: WriteFailure, now: Now) -> Outcome<S> {
        let mut outcome = match waits.followup {
            Some(followup) => self.run(now, |state, cx| state.on_decided(followup, Err(failure), cx)),
            None => Outcome::empty(),
        };
        let error = failure.error();
        outcome
            .replies
            .extend(waits.replies.into_iter().map(|(token, response)| (token, S::error_response(response, error))));
        outcome
    }

    fn run(&mut self, now: Now, operation: impl FnOnce(&mut S, &mut Cx<'_, S>)) -> Outcome<S> {
        let mut cx = Cx {
            now,
            rng: &mut self.rng,
            timers: &mut self.timers,
            replies: Vec::new(),
            after_writes: Vec::new(),
            writes: Vec::new(),
        };
        operation(&mut self.state, &mut cx);
        let Cx { mut replies, after_writes, mut writes, .. } = cx;
        if let Some(last) = writes.last_mut() {
            last.waits.replies.extend(after_writes);
        } else if self.end_offset > self.high_watermark && !after_writes.is_empty() {
            self.pending.push_back(PendingWrite {
                end_offset: self.end_offset,
                deadline_ms: now.mono_ms.saturating_add(self.write_timeout_ms),
                waits: Waits { followup: None, replies: after_writes },
            });
        } else {
            replies.extend(after_writes);
        }
        let mut outcome = Outcome { writes: Vec::with_capacity(writes.len()), replies };
        for write in writes {
            let id = self.next_write;
            self.next_write += 1;
            outcome.writes.push(Write { id: WriteId(id), len: write.records.len() });
            self.planned.insert(id, write);
        }
        outcome
    }
}
