//! One replica of a partition: its log, its role, its high watermark, and who waits for what.
//!
//! Owner: whoever drains the partition's inbox (`broker::replica`); one owner at a time, no lock inside. Readers use the
//! [`PartitionView`] that the owner publishes.
//!
//! Invariants
//! - The high watermark never goes back within a leader epoch, never passes the log's end, and does not advance while
//!   fewer than the effective `min.insync.replicas` are in the ISR (KIP-966).
//! - An append with acks=all is answered only when the high watermark has passed it.
//! - Nothing is appended by a replica that does not lead.
//!
//! Deliberately absent: sockets, the fetching of a follower, the proposal of ISR changes to the controller.

use crate::log::append::AppendRequest;
use crate::log::{AppendBatch, AppendError, AppendInfo, AppendOrigin, Log, LogError, LogSnapshot};
use ottla_base::clock::Now;
use ottla_base::ids::Uuid;
use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;
use thiserror::Error;

#[cfg(test)]
mod tests;

/// Somebody who waits for records to become readable.
pub trait FetchWait {
    /// `bytes` more became readable in this partition. True when nobody waits any longer.
    fn on_readable(&self, bytes: u64) -> bool;
    /// Whether nobody waits any longer.
    fn is_done(&self) -> bool;
}

/// Up to where a reader may read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ReadBound {
    /// A read_uncommitted consumer.
    HighWatermark,
    /// A read_committed consumer.
    LastStableOffset,
    /// A follower.
    LogEndOffset,
}

/// Whose acknowledgement a producer waits for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Acks {
    /// Nobody's beyond the leader's (acks 0 and 1).
    Leader,
    /// Every in-sync replica's (acks −1).
    All,
}

/// An append that somebody waits for.
#[derive(Debug)]
pub struct Work<P> {
    /// Validated batches; they succeed or fail together.
    pub batches: Vec<AppendBatch>,
    /// Who appends.
    pub origin: AppendOrigin,
    /// What is waited for.
    pub acks: Acks,
    /// Handed back with the result.
    pub token: P,
}

/// Why an append failed.
#[derive(Debug, Error)]
pub enum AppendFailure {
    /// This replica does not lead.
    #[error("this replica does not lead the partition")]
    NotLeader,
    /// Fewer replicas than `min.insync.replicas` are in sync; nothing was appended.
    #[error("The size of the current ISR {isr:?} is insufficient to satisfy the min.isr requirement of {min_isr}")]
    NotEnoughReplicas {
        /// The ISR.
        isr: Vec<i32>,
        /// What is required.
        min_isr: usize,
    },
    /// The ISR shrank below the minimum after the append; the records are in the log.
    #[error("the ISR shrank below min.insync.replicas after the append")]
    NotEnoughReplicasAfterAppend,
    /// The log refused it.
    #[error(transparent)]
    Log(#[from] AppendError),
}

/// The result of an append.
pub type AppendResult = Result<AppendInfo, AppendFailure>;

/// What a leader knows about one of the other replicas.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ReplicaState {
    /// Its log's end, as far as its fetches have shown.
    pub log_end_offset: i64,
    /// When it had last caught up, on the monotonic clock.
    pub last_caught_up_mono_ms: u64,
}

/// The state of a leader.
#[derive(Clone, Debug)]
struct LeaderState {
    epoch: i32,
    start_offset: i64,
    isr: Vec<i32>,
    replicas: usize,
    followers: BTreeMap<i32, ReplicaState>,
}

/// What role a replica has.
#[derive(Clone, Debug)]
enum Role {
    Leader(LeaderState),
    Follower {
        epoch: i32,
        leader: i32,
    },
    /// Known, but not told yet who leads.
    Waiting,
}

/// What metadata says about the partition that this replica leads.
#[derive(Clone, Debug)]
pub struct Leadership {
    /// The leader epoch.
    pub epoch: i32,
    /// In-sync replicas.
    pub isr: Vec<i32>,
    /// All replicas.
    pub replicas: Vec<i32>,
}

/// A published look at a replica, for readers.
#[derive(Clone, Debug)]
pub struct PartitionView {
    /// Id of the topic.
    pub topic_id: Uuid,
    /// The log.
    pub log: Arc<LogSnapshot>,
    /// The epoch it leads or follows in; −1 before it was told.
    pub leader_epoch: i32,
    /// Whether it leads.
    pub is_leader: bool,
    /// Where its epoch began, when it leads.
    pub leader_start_offset: i64,
}

impl PartitionView {
    /// Whether nothing has changed between the two.
    pub fn is_same(&self, other: &PartitionView) -> bool {
        Arc::ptr_eq(&self.log, &other.log)
            && self.leader_epoch == other.leader_epoch
            && self.is_leader == other.is_leader
            && self.leader_start_offset == other.leader_start_offset
    }

    /// The offset that `bound` stands for.
    pub fn bound(&self, bound: ReadBound) -> i64 {
        match bound {
            ReadBound::HighWatermark => self.log.high_watermark,
            ReadBound::LastStableOffset => self.log.last_stable_offset,
            ReadBound::LogEndOffset => self.log.log_end_offset,
        }
    }
}

#[derive(Debug)]
struct Waiter<F> {
    wait: F,
    bound: ReadBound,
}

#[derive(Debug)]
struct AwaitingAck<P> {
    required_offset: i64,
    token: P,
    info: AppendInfo,
}

/// One replica. `P` names a producer that waits, `F` a reader.
#[derive(Debug)]
pub struct Partition<P, F> {
    topic_id: Uuid,
    local_id: i32,
    log: Log,
    role: Role,
    min_insync_replicas: usize,
    /// By required offset, which is the order of appending.
    awaiting: VecDeque<AwaitingAck<P>>,
    waiters: Vec<Waiter<F>>,
    /// (end offset, bytes) of appends that the high watermark has not passed.
    unreadable: VecDeque<(i64, u64)>,
}

impl<P, F: FetchWait> Partition<P, F> {
    /// A replica on broker `local_id` that was not told its role yet.
    pub fn new(topic_id: Uuid, local_id: i32, log: Log, min_insync_replicas: usize) -> Partition<P, F> {
        Partition {
            topic_id,
            local_id,
            log,
            role: Role::Waiting,
            min_insync_replicas,
            awaiting: VecDeque::new(),
            waiters: Vec::new(),
            unreadable: VecDeque::new(),
        }
    }

    /// The log.
    pub fn log(&self) -> &Log {
        &self.log
    }

    /// The log, for maintenance (retention, flushes, configuration). Appends go through [`Partition::append`].
    pub fn log_mut(&mut self) -> &mut Log {
        &mut self.log
    }

    /// Takes over a changed `min.insync.replicas`.
    pub fn set_min_insync_replicas(&mut self, n: usize) -> Vec<(P, AppendResult)> {
        self.min_insync_replicas = n;
        self.advance_high_watermark()
    }

    /// A look for readers.
    pub fn view(&mut self) -> PartitionView {
        let (leader_epoch, is_leader, leader_start_offset) = match &self.role {
            Role::Leader(leader) => (leader.epoch, true, leader.start_offset),
            Role::Follower { epoch, .. } => (*epoch, false, -1),
            Role::Waiting => (-1, false, -1),
        };
        PartitionView {
            topic_id: self.topic_id,
            log: self.log.snapshot(),
            leader_epoch,
            is_leader,
            leader_start_offset,
        }
    }

    /// Whether this replica leads.
    pub fn is_leader(&self) -> bool {
        matches!(self.role, Role::Leader(_))
    }

    /// The broker that leads as far as this replica knows.
    pub fn leader(&self) -> Option<i32> {
        match &self.role {
            Role::Leader(_) => Some(self.local_id),
            Role::Follower { leader, .. } => Some(*leader),
            Role::Waiting => None,
        }
    }

    /// Leads from now on, or goes on leading with a changed ISR. A new epoch begins at the log's end.
    pub fn lead(&mut self, leadership: &Leadership, now: Now) -> Result<Vec<(P, AppendResult)>, LogError> {
        let known = match &self.role {
            Role::Leader(leader) if leader.epoch == leadership.epoch => Some(leader.clone()),
            _ => None,
        };
        let new_epoch = known.is_none();
        let start_offset = match &known {
            Some(leader) => leader.start_offset,
            None => self.log.log_end_offset(),
        };
        if new_epoch {
            self.log.assign_epoch_start_offset(leadership.epoch, start_offset)?;
        }
        let mut followers = BTreeMap::new();
        for id in leadership.replicas.iter().copied().filter(|id| *id != self.local_id) {
            let fresh = ReplicaState { log_end_offset: -1, last_caught_up_mono_ms: now.mono_ms };
            let state = known.as_ref().and_then(|l| l.followers.get(&id)).copied().unwrap_or(fresh);
            followers.insert(id, state);
        }
        self.role = Role::Leader(LeaderState {
            epoch: leadership.epoch,
            start_offset,
            isr: leadership.isr.clone(),
            replicas: leadership.replicas.len(),
            followers,
        });
        Ok(self.advance_high_watermark())
    }

    /// Follows from now on: everybody who waits at this replica is told to look elsewhere.
    pub fn follow(&mut self, leader: i32, epoch: i32) -> Vec<(P, AppendResult)> {
        self.role = Role::Follower { epoch, leader };
        self.dismiss()
    }

    /// Takes no more part: it is removed, the node stops, or its disk cannot be trusted.
    pub fn go_offline(&mut self) -> Vec<(P, AppendResult)> {
        self.role = Role::Waiting;
        self.dismiss()
    }

    /// Takes no more part, and its log takes nothing any more: a sync failed, so nobody knows what the medium holds.
    pub fn fail(&mut self) -> Vec<(P, AppendResult)> {
        self.log.take_offline();
        self.go_offline()
    }

    /// Answers everybody who waits here: leadership is lost or the replica goes away.
    pub fn dismiss(&mut self) -> Vec<(P, AppendResult)> {
        self.unreadable.clear();
        for waiter in self.waiters.drain(..) {
            waiter.wait.on_readable(u64::MAX);
        }
        self.awaiting.drain(..).map(|a| (a.token, Err(AppendFailure::NotLeader))).collect()
    }

    /// Appends what producers and coordinators want, in order, with as few writes as possible. Returns what can be
    /// answered now: refusals, acknowledgements of the leader, and whatever the high watermark passed.
    pub fn append(&mut self, works: Vec<Work<P>>, now: Now) -> Vec<(P, AppendResult)> {
        let mut done = Vec::with_capacity(works.len());
        let Role::Leader(leader) = &self.role else {
            return works.into_iter().map(|w| (w.token, Err(AppendFailure::NotLeader))).collect();
        };
        let epoch = leader.epoch;
        let min_isr = self.effective_min_isr(leader);
        let isr = leader.isr.clone();
        let mut accepted = Vec::with_capacity(works.len());
        for work in works {
            if work.acks == Acks::All && isr.len() < min_isr {
                done.push((work.token, Err(AppendFailure::NotEnoughReplicas { isr: isr.clone(), min_isr })));
            } else {
                accepted.push(work);
            }
        }
        let before = self.log.log_end_offset();
        let requests: Vec<AppendRequest<'_>> = accepted
            .iter()
            .map(|w| AppendRequest { batches: &w.batches, origin: w.origin, transaction_version: 0 })
            .collect();
        let results = self.log.append_group(&requests, epoch, now);
        let mut bytes = 0;
        let mut acknowledged = Vec::new();
        for (work, result) in accepted.into_iter().zip(results) {
            match result {
                Err(error) => done.push((work.token, Err(error.into()))),
                Ok(info) => {
                    if !info.duplicate {
                        bytes += work.batches.iter().map(|b| b.header.size_in_bytes() as u64).sum::<u64>();
                    }
                    match work.acks {
                        Acks::Leader => acknowledged.push((work.token, Ok(info))),
                        Acks::All => {
                            // A duplicate of a batch that is not replicated yet waits like the original.
                            let required_offset = info.last_offset + 1;
                            self.awaiting.push_back(AwaitingAck { required_offset, token: work.token, info });
                        }
                    }
                }
            }
        }
        let after = self.log.log_end_offset();
        if after > before {
            self.unreadable.push_back((after, bytes));
            self.wake(ReadBound::LogEndOffset, bytes);
        }
        done.extend(acknowledged);
        done.extend(self.advance_high_watermark());
        done
    }

    /// A follower has everything below `log_end_offset`.
    pub fn on_follower_fetch(&mut self, follower: i32, log_end_offset: i64, now: Now) -> Vec<(P, AppendResult)> {
        let end = self.log.log_end_offset();
        if let Role::Leader(leader) = &mut self.role
            && let Some(state) = leader.followers.get_mut(&follower)
        {
            state.log_end_offset = log_end_offset.min(end);
            if log_end_offset >= end {
                state.last_caught_up_mono_ms = now.mono_ms;
            }
            return self.advance_high_watermark();
        }
        Vec::new()
    }

    /// Registers a reader that found too little up to `seen`, the bound that it read to. If more became readable since,
    /// it is told at once. True when it is parked.
    pub fn park(&mut self, wait: F, bound: ReadBound, seen: i64) -> bool {
        self.waiters.retain(|w| !w.wait.is_done());
        let current = match bound {
            ReadBound::HighWatermark => self.log.high_watermark(),
            ReadBound::LastStableOffset => self.log.last_stable_offset(),
            ReadBound::LogEndOffset => self.log.log_end_offset(),
        };
        if (current != seen || !self.is_leader()) && wait.on_readable(u64::MAX) {
            return false;
        }
        self.waiters.push(Waiter { wait, bound });
        true
    }

    /// Readers that are parked here, the finished ones included.
    pub fn waiters(&self) -> usize {
        self.waiters.len()
    }

    fn effective_min_isr(&self, leader: &LeaderState) -> usize {
        self.min_insync_replicas.min(leader.replicas)
    }

    /// Moves the high watermark to what every in-sync replica has, and answers who waited for it.
    fn advance_high_watermark(&mut self) -> Vec<(P, AppendResult)> {
        let Role::Leader(leader) = &self.role else { return Vec::new() };
        if leader.isr.len() < self.effective_min_isr(leader) {
            return Vec::new();
        }
        let mut high_watermark = self.log.log_end_offset();
        for id in leader.isr.iter().filter(|id| **id != self.local_id) {
            let end = leader.followers.get(id).map_or(-1, |f| f.log_end_offset);
            high_watermark = high_watermark.min(end);
        }
        let before = self.log.high_watermark();
        let stable_before = self.log.last_stable_offset();
        if high_watermark > before {
            self.log.set_high_watermark(high_watermark);
            let (mut bytes, mut counted_to) = (0, before);
            while let Some((end, n)) = self.unreadable.pop_front_if(|(end, _)| *end <= high_watermark) {
                bytes += n;
                counted_to = end;
            }
            // Not counted: what was appended before this replica led, and a part of a group of appends. The reader
            // looks again and parks again if it wants more.
            let bytes = if counted_to == high_watermark { bytes } else { u64::MAX };
            self.wake(ReadBound::HighWatermark, bytes);
        }
        if self.log.last_stable_offset() > stable_before {
            // Whose bytes became stable is not counted; the reader looks again and parks again if it wants more.
            self.wake(ReadBound::LastStableOffset, u64::MAX);
        }
        let mut done = Vec::new();
        let high_watermark = self.log.high_watermark();
        while let Some(ack) = self.awaiting.pop_front_if(|a| a.required_offset <= high_watermark) {
            done.push((ack.token, Ok(ack.info)));
        }
        done
    }

    fn wake(&mut self, bound: ReadBound, bytes: u64) {
        self.waiters.retain(|w| if w.bound == bound { !w.wait.on_readable(bytes) } else { !w.wait.is_done() });
    }
}
