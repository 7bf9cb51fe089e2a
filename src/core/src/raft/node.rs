//! One voter: raft-rs, its file, and the metadata log that committed batches go to.
//!
//! Owned by the controller thread. Synchronous: inputs are `campaign`, `tick`, `step`, `propose`; [`RaftNode::process`]
//! carries out what they led to (writes, one sync, appends to the metadata log) and returns committed batches and
//! messages to send. A disk error makes the node unusable for good.
//!
//! Not done yet: membership changes, and snapshots for peers that are far behind.

use crate::raft::batches::{self, BatchCodecError};
use crate::raft::entry_log::{EntryLog, Marker, Vote};
use crate::raft::metadata_log::{MetadataLog, MetadataLogError};
use crate::raft::quorum_state::{self, QuorumState};
use crate::raft::recovery::{Identity, Recovery};
use crate::raft::store::{Store, batch_of};
use crate::raft::voters::{Voter, VoterSet};
use bytes::Bytes;
use ottla_base::clock::Now;
use ottla_base::ids::Uuid;
use ottla_base::storage::{OpenMode, Storage};
use ottla_record::batch::BatchHeader;
use ottla_record::control::ControlRecord;
use ottla_record::generated::control::{KRaftVersionRecord, LeaderChangeMessage, LeaderChangeMessageVoter};
use raft::eraftpb::{Entry, EntryType, Message, MessageType};
use raft::{Config, GetEntriesContext, RawNode, StateRole, Storage as _};
use std::io;
use std::path::PathBuf;
use std::sync::Arc;
use thiserror::Error;

/// Why a voter cannot go on.
#[derive(Debug, Error)]
pub enum RaftError {
    /// The entry log.
    #[error("raft's log: {0}")]
    Io(#[from] io::Error),
    /// The metadata log.
    #[error(transparent)]
    Log(#[from] MetadataLogError),
    /// A batch of our own could not be made or read.
    #[error(transparent)]
    Batch(#[from] BatchCodecError),
    /// raft-rs refused.
    #[error("raft: {0}")]
    Raft(#[from] raft::Error),
    /// A committed batch does not go on from the metadata log's end.
    #[error("committed batch at offset {batch} does not follow the metadata log's end {end}")]
    OutOfOrder {
        /// Base offset of the batch.
        batch: i64,
        /// End of the log.
        end: i64,
    },
    /// Something that this version does not do.
    #[error("{0}")]
    Unsupported(&'static str),
    /// It failed before.
    #[error("the metadata quorum of this node has failed")]
    Failed,
}

/// How a voter behaves.
#[derive(Clone, Debug)]
pub struct RaftParams {
    /// Milliseconds between heartbeats: one tick.
    pub heartbeat_ms: u64,
    /// Ticks without a leader before an election, at least; at most twice as many.
    pub election_ticks: usize,
    /// The entry log's file is replaced once it is larger than this.
    pub entry_log_bytes_max: u64,
    /// Decides election timeouts, with node and term.
    pub seed: u64,
    /// Where raft-rs logs to.
    pub logger: slog::Logger,
}

impl Default for RaftParams {
    fn default() -> RaftParams {
        RaftParams {
            heartbeat_ms: 50,
            election_ticks: 4,
            entry_log_bytes_max: 1 << 20,
            seed: 0,
            logger: slog::Logger::root(slog::Discard, slog::o!()),
        }
    }
}

/// A batch that is committed and in the metadata log.
#[derive(Clone, Debug)]
pub struct CommittedBatch {
    /// As it is in the log.
    pub bytes: Bytes,
    /// Term in which it was proposed.
    pub term: u64,
    /// Offset of its first record.
    pub base_offset: i64,
}

/// What `process` led to.
#[derive(Debug, Default)]
pub struct Progress {
    /// In order.
    pub committed: Vec<CommittedBatch>,
    /// To be sent, in order for each receiver.
    pub messages: Vec<Message>,
}

/// The quorum as DescribeQuorum shows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct QuorumDescription {
    /// Leader, -1 when not known.
    pub leader_id: i32,
    /// Its epoch.
    pub leader_epoch: i32,
    /// End of what is committed.
    pub high_watermark: i64,
    /// Voters, by node id.
    pub voters: Vec<VoterDescription>,
}

/// One voter of a [`QuorumDescription`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VoterDescription {
    /// Node id.
    pub id: i32,
    /// Its directory; zero in a static quorum.
    pub directory_id: Uuid,
    /// End of what it has, as far as the leader knows; -1 when it does not.
    pub log_end_offset: i64,
    /// Milliseconds since the Unix epoch of its last sign of life; -1 when the leader knows of none.
    pub last_fetch_timestamp: i64,
    /// When it last had everything; -1 when not known.
    pub last_caught_up_timestamp: i64,
}

/// A change of this voter's role.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Leadership {
    /// It leads the term.
    Gained {
        /// The term.
        term: u64,
    },
    /// It leads no more.
    Lost,
}

/// One voter.
pub struct RaftNode {
    raw: RawNode<Store>,
    entry_log: EntryLog,
    log: Box<dyn MetadataLog>,
    storage: Arc<dyn Storage>,
    dir: PathBuf,
    identity: Identity,
    voters: VoterSet,
    kraft_version: i16,
    /// Offset of the voters record in the log; -1 when the log has none.
    voters_offset: i64,
    /// Where this node's own controller listeners are; replaces what the log says of it.
    own_endpoints: Vec<(String, String, u16)>,
    params: RaftParams,
    last_tick_ms: Option<u64>,
    leading: Option<u64>,
    /// End of the metadata log once everything proposed is committed. Only while leading.
    proposed_end: i64,
    applied: u64,
    written_state: Option<QuorumState>,
    failed: bool,
}

impl std::fmt::Debug for RaftNode {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("RaftNode")
            .field("node_id", &self.identity.node_id)
            .field("term", &self.raw.raft.term)
            .field("role", &self.raw.raft.state)
            .field("applied", &self.applied)
            .field("end_offset", &self.log.end_offset())
            .finish_non_exhaustive()
    }
}

impl RaftNode {
    /// A voter that goes on from `recovery`.
    pub fn new(
        storage: Arc<dyn Storage>,
        dir: PathBuf,
        log: Box<dyn MetadataLog>,
        identity: Identity,
        own_endpoints: Vec<(String, String, u16)>,
        recovery: Recovery,
        params: RaftParams,
    ) -> Result<RaftNode, RaftError> {
        let config = Config {
            id: recovery.store.marker().self_id,
            election_tick: params.election_ticks,
            heartbeat_tick: 1,
            applied: recovery.applied,
            max_size_per_msg: 1 << 20,
            max_inflight_msgs: 256,
            check_quorum: true,
            pre_vote: true,
            max_uncommitted_size: 64 << 20,
            max_committed_size_per_ready: 16 << 20,
            ..Config::default()
        };
        let kraft_version = recovery.replayed.kraft_version;
        let voters_offset = recovery.replayed.voters.as_ref().map_or(-1, |(offset, _)| *offset);
        let raw = RawNode::new(&config, recovery.store, &params.logger)?;
        let mut node = RaftNode {
            raw,
            entry_log: recovery.entry_log,
            log,
            storage,
            dir,
            identity,
            voters: recovery.voters,
            kraft_version,
            voters_offset,
            own_endpoints,
            params,
            last_tick_ms: None,
            leading: None,
            proposed_end: 0,
            applied: recovery.applied,
            written_state: None,
            failed: false,
        };
        node.pin_election_timeout();
        Ok(node)
    }

    /// Whether this node is the only voter.
    pub fn is_sole_voter(&self) -> bool {
        self.voters.is_only(self.identity.node_id)
    }

    /// Starts an election now. A sole voter has won when this returns.
    pub fn campaign(&mut self) -> Result<(), RaftError> {
        self.check()?;
        self.raw.campaign()?;
        self.pin_election_timeout();
        Ok(())
    }

    /// Whether it leads.
    pub fn is_leader(&self) -> bool {
        self.raw.raft.state == StateRole::Leader
    }

    /// The current term, which is the leader epoch of what is proposed in it.
    pub fn term(&self) -> u64 {
        self.raw.raft.term
    }

    /// Node id of the leader, if it is known.
    pub fn leader_id(&self) -> Option<i32> {
        let id = self.raw.raft.leader_id;
        let marker = self.raw.store().marker();
        marker.peers.iter().find(|p| p.raft_id == id).map(|p| p.node_id)
    }

    /// The voters.
    pub fn voters(&self) -> &VoterSet {
        &self.voters
    }

    /// `kraft.version`: 1 when the voters are in the log.
    pub fn kraft_version(&self) -> i16 {
        self.kraft_version
    }

    /// The quorum as this voter sees it; complete on the leader only.
    pub fn describe(&self, now: Now) -> QuorumDescription {
        let store = self.raw.store();
        let end = store.end_offset();
        let voters = self.voters.iter().map(|voter| {
            let is_self = voter.id == self.identity.node_id;
            let raft_id = store.marker().peers.iter().find(|p| p.node_id == voter.id).map(|p| p.raft_id);
            let progress = raft_id.and_then(|id| self.raw.raft.prs().get(id)).filter(|_| self.is_leader());
            let offset = progress.and_then(|p| store.end_offset_at(p.matched)).unwrap_or(-1);
            let alive = progress.is_some_and(|p| p.recent_active);
            let seen = if is_self || alive { now.wall_ms } else { -1 };
            VoterDescription {
                id: voter.id,
                directory_id: voter.directory_id,
                log_end_offset: if is_self { end } else { offset },
                last_fetch_timestamp: seen,
                last_caught_up_timestamp: if is_self || offset == end { seen } else { -1 },
            }
        });
        QuorumDescription {
            leader_id: self.leader_id().unwrap_or(-1),
            leader_epoch: self.epoch(),
            high_watermark: self.log.end_offset(),
            voters: voters.collect(),
        }
    }

    /// The metadata log.
    pub fn log(&mut self) -> &mut dyn MetadataLog {
        &mut *self.log
    }

    /// Offset of the next proposal's first record. Only while leading.
    pub fn next_offset(&self) -> i64 {
        self.proposed_end
    }

    /// How often the entry log was synced.
    pub fn syncs(&self) -> u64 {
        self.entry_log.syncs()
    }

    /// When time has to be told again: the next tick. `None` while a sole voter leads.
    pub fn next_deadline_ms(&self) -> Option<u64> {
        if self.is_sole_voter() && self.is_leader() {
            return None;
        }
        Some(self.last_tick_ms.unwrap_or(0).saturating_add(self.params.heartbeat_ms))
    }

    /// Lets the ticks pass that are due.
    pub fn tick(&mut self, now: Now) -> Result<(), RaftError> {
        self.check()?;
        let last = *self.last_tick_ms.get_or_insert(now.mono_ms);
        let due = now.mono_ms.saturating_sub(last) / self.params.heartbeat_ms.max(1);
        if due == 0 {
            return Ok(());
        }
        self.last_tick_ms = Some(last + due * self.params.heartbeat_ms);
        if self.is_sole_voter() && self.is_leader() {
            return Ok(());
        }
        // After a pause of the whole process, an election too many would be the only effect of more.
        for _ in 0..due.min(self.params.election_ticks as u64) {
            self.raw.tick();
            self.pin_election_timeout();
        }
        Ok(())
    }

    /// Takes a message of a peer. What does not fit is dropped: raft-rs would panic on some of it.
    pub fn step(&mut self, mut message: Message) -> Result<(), RaftError> {
        self.check()?;
        let last = self.raw.raft.raft_log.last_index();
        if !self.is_acceptable(&message, last) {
            tracing::debug!("dropped a raft message of type {:?} from {}", message.get_msg_type(), message.from);
            return Ok(());
        }
        // A peer cannot know more to be committed here than there is.
        if message.get_msg_type() == MessageType::MsgHeartbeat {
            message.commit = message.commit.min(last);
        }
        match self.raw.step(message) {
            Ok(()) | Err(raft::Error::StepPeerNotFound | raft::Error::StepLocalMsg | raft::Error::ProposalDropped) => {}
            Err(error) => return Err(self.fail(error.into())),
        }
        self.pin_election_timeout();
        Ok(())
    }

    /// Whether raft-rs can be given a message. Everything that it only tells itself is refused, and so is what contradicts
    /// the log.
    fn is_acceptable(&self, message: &Message, last: u64) -> bool {
        let peers = &self.raw.store().marker().peers;
        let from_peer = message.from != self.raw.raft.id && peers.iter().any(|p| p.raft_id == message.from);
        if !from_peer || message.to != self.raw.raft.id || message.term == 0 {
            return false;
        }
        match message.get_msg_type() {
            MessageType::MsgAppend => {
                let follows = |(at, entry): (usize, &Entry)| {
                    Some(entry.index) == message.index.checked_add(at as u64 + 1)
                        && entry.term <= message.term
                        && batch_of(entry).is_none_or(|batch| BatchHeader::parse(batch).is_ok())
                };
                message.log_term <= message.term && message.entries.iter().enumerate().all(follows)
            }
            MessageType::MsgAppendResponse => message.reject || message.index <= last,
            MessageType::MsgHeartbeat
            | MessageType::MsgHeartbeatResponse
            | MessageType::MsgRequestVote
            | MessageType::MsgRequestVoteResponse
            | MessageType::MsgRequestPreVote
            | MessageType::MsgRequestPreVoteResponse
            | MessageType::MsgTimeoutNow => true,
            _ => false,
        }
    }

    /// Proposes a finished batch at `next_offset`. `Ok(false)` when it does not lead (any more).
    pub fn propose(&mut self, batch: &Bytes) -> Result<bool, RaftError> {
        self.check()?;
        let header = BatchHeader::parse(batch).map_err(BatchCodecError::from)?;
        if header.base_offset != self.proposed_end {
            return Err(RaftError::OutOfOrder { batch: header.base_offset, end: self.proposed_end });
        }
        if !self.is_leader() {
            return Ok(false);
        }
        match self.raw.propose(Vec::new(), batch.to_vec()) {
            Ok(()) => {
                self.proposed_end = header.next_offset();
                Ok(true)
            }
            Err(raft::Error::ProposalDropped) => Ok(false),
            Err(error) => Err(self.fail(error.into())),
        }
    }

    /// Tells once that this voter gained or lost the leadership. On gaining it the term's LeaderChange has been proposed.
    pub fn leadership_change(&mut self, now: Now) -> Result<Option<Leadership>, RaftError> {
        self.check()?;
        let term = self.raw.raft.term;
        match (self.is_leader(), self.leading) {
            (true, Some(leading)) if leading == term => Ok(None),
            (true, Some(_)) => {
                self.leading = None;
                Ok(Some(Leadership::Lost))
            }
            (true, None) => {
                self.leading = Some(term);
                self.begin_term(now)?;
                Ok(Some(Leadership::Gained { term }))
            }
            (false, Some(_)) => {
                self.leading = None;
                Ok(Some(Leadership::Lost))
            }
            (false, None) => Ok(None),
        }
    }

    /// Batches that raft holds and the metadata log does not, oldest first: they come before anything this leader
    /// proposes.
    pub fn unapplied(&self) -> Result<Vec<Bytes>, RaftError> {
        let log = &self.raw.raft.raft_log;
        let entries = log.entries(self.applied + 1, None, GetEntriesContext::empty(false))?;
        Ok(entries.iter().filter_map(|entry| batch_of(entry).cloned()).collect())
    }

    /// LeaderChange first. With the voters in the log, they follow when they are not there yet or this node's listeners
    /// have moved (`LeaderState.appendStartOfEpochControlRecords`).
    fn begin_term(&mut self, now: Now) -> Result<(), RaftError> {
        let unapplied = self.unapplied()?;
        self.proposed_end = match unapplied.last() {
            Some(batch) => BatchHeader::parse(batch).map_err(BatchCodecError::from)?.next_offset(),
            None => self.log.end_offset(),
        };
        let voter = |id| LeaderChangeMessageVoter { voter_id: id, voter_directory_id: Uuid::nil() };
        let granting = self.granting_voters();
        let mut records = vec![ControlRecord::LeaderChange(LeaderChangeMessage {
            version: 0,
            leader_id: self.identity.node_id,
            voters: self.voters.iter().map(|v| voter(v.id)).collect(),
            granting_voters: granting.into_iter().map(voter).collect(),
        })];
        if self.kraft_version >= 1 {
            let own = Voter {
                id: self.identity.node_id,
                directory_id: self.identity.directory_id,
                endpoints: self.own_endpoints.clone(),
                kraft_versions: crate::metadata::features::KRAFT_VERSION_RANGE,
            };
            if self.voters_offset < 0 || self.voters.get(own.id) != Some(&own) {
                self.voters = self.voters.with(own);
                let version = KRaftVersionRecord { version: 0, k_raft_version: self.kraft_version };
                records.push(ControlRecord::KRaftVersion(version));
                records.push(ControlRecord::KRaftVoters(self.voters.to_record()));
                self.voters_offset = self.proposed_end + 2;
            }
        }
        let batch = batches::control_batch(self.proposed_end, self.epoch(), now.wall_ms, &records)?;
        self.propose(&batch)?;
        Ok(())
    }

    fn granting_voters(&self) -> Vec<i32> {
        let peers = &self.raw.store().marker().peers;
        let votes = self.raw.raft.prs().votes();
        let mut ids: Vec<i32> =
            peers.iter().filter(|p| votes.get(&p.raft_id) == Some(&true)).map(|p| p.node_id).collect();
        // raft-rs forgets the votes once they have counted; the leader's own is certain.
        if !ids.contains(&self.identity.node_id) {
            ids.push(self.identity.node_id);
            ids.sort_unstable();
        }
        ids
    }

    /// The term as Kafka's leader epoch.
    pub fn epoch(&self) -> i32 {
        i32::try_from(self.raw.raft.term).unwrap_or(i32::MAX)
    }

    /// Whether `process` has something to do.
    pub fn has_work(&self) -> bool {
        !self.failed && self.raw.has_ready()
    }

    /// Carries out everything that is due: entries and votes are written and synced once, committed batches appended to
    /// the metadata log.
    pub fn process(&mut self, now: Now) -> Result<Progress, RaftError> {
        self.check()?;
        let mut progress = Progress::default();
        match self.process_ready(now, &mut progress) {
            Ok(()) => Ok(progress),
            Err(error) => Err(self.fail(error)),
        }
    }

    fn process_ready(&mut self, now: Now, progress: &mut Progress) -> Result<(), RaftError> {
        while self.raw.has_ready() {
            let mut ready = self.raw.ready();
            progress.messages.extend(ready.take_messages());
            if !ready.snapshot().is_empty() {
                return Err(RaftError::Unsupported("a raft snapshot came in"));
            }
            if let Some(hard) = ready.hs() {
                let vote = Vote { term: hard.term, vote: hard.vote, commit: hard.commit };
                self.entry_log.vote(vote)?;
                self.raw.mut_store().set_vote(vote);
            }
            let committed = ready.take_committed_entries();
            let entries = ready.take_entries();
            if !entries.is_empty() {
                self.entry_log.append(&entries)?;
                self.raw.mut_store().append(entries);
            }
            self.entry_log.write()?;
            if ready.must_sync() {
                self.entry_log.sync()?;
            }
            progress.messages.extend(ready.take_persisted_messages());
            self.apply(committed, now, progress)?;
            let mut light = self.raw.advance(ready);
            if let Some(commit) = light.commit_index() {
                self.raw.mut_store().set_commit(commit);
            }
            progress.messages.extend(light.take_messages());
            self.apply(light.take_committed_entries(), now, progress)?;
            self.raw.advance_apply();
        }
        self.write_quorum_state();
        self.maybe_replace_entry_log(now)
    }

    fn apply(&mut self, entries: Vec<Entry>, now: Now, progress: &mut Progress) -> Result<(), RaftError> {
        for entry in entries {
            if entry.entry_type != EntryType::EntryNormal {
                return Err(RaftError::Unsupported("a change of the voters was committed"));
            }
            if let Some(bytes) = batch_of(&entry) {
                let base_offset = BatchHeader::parse(bytes).map_err(BatchCodecError::from)?.base_offset;
                let end = self.log.end_offset();
                if base_offset != end {
                    return Err(RaftError::OutOfOrder { batch: base_offset, end });
                }
                self.log.append(bytes, now)?;
                progress.committed.push(CommittedBatch { bytes: bytes.clone(), term: entry.term, base_offset });
            }
            self.applied = entry.index;
        }
        Ok(())
    }

    /// KRaft's file, for whoever takes the directory over. Raft's own state is on the medium already, and KRaft starts
    /// from its log when the file is missing or old, so this costs no sync; a clean stop syncs it.
    fn write_quorum_state(&mut self) {
        let state = self.quorum_state();
        if state.leader_epoch == 0 || self.written_state.as_ref() == Some(&state) {
            return;
        }
        let path = self.dir.join(quorum_state::FILE_NAME);
        let part = self.dir.join(format!("{}.tmp", quorum_state::FILE_NAME));
        let text = state.to_json(self.kraft_version.min(1));
        let write = || -> io::Result<()> {
            let file = self.storage.open(&part, OpenMode::Create)?;
            file.set_len(0)?;
            file.write_all_at(text.as_bytes(), 0)?;
            self.storage.rename(&part, &path)
        };
        match write() {
            Ok(()) => self.written_state = Some(state),
            Err(error) => tracing::warn!("could not write {}: {error}", path.display()),
        }
    }

    fn quorum_state(&self) -> QuorumState {
        QuorumState {
            leader_id: self.leader_id().unwrap_or(-1),
            leader_epoch: self.epoch(),
            voted_id: -1,
            voted_directory_id: Uuid::nil(),
            current_voters: self.voters.iter().map(|v| v.id).collect(),
        }
    }

    fn maybe_replace_entry_log(&mut self, now: Now) -> Result<(), RaftError> {
        if self.entry_log.bytes() <= self.params.entry_log_bytes_max || self.applied == self.raw.store().marker().index
        {
            return Ok(());
        }
        self.log.flush(now)?;
        let store = self.raw.store();
        let marker = Marker {
            index: self.applied,
            term: store.term(self.applied)?,
            end_offset: self.log.end_offset(),
            end_epoch: self.log.last_epoch(),
            vote: store.vote(),
            ..store.marker().clone()
        };
        let rest: Vec<Entry> = store.after(self.applied).cloned().collect();
        self.entry_log.replace(&marker, &rest)?;
        self.raw.mut_store().compact(marker);
        Ok(())
    }

    /// Puts everything on the medium, as a clean stop leaves it.
    pub fn close(&mut self, now: Now) -> Result<(), RaftError> {
        self.check()?;
        self.entry_log.write()?;
        self.log.close(now)?;
        let path = self.dir.join(quorum_state::FILE_NAME);
        let state = self.quorum_state();
        if state.leader_epoch > 0 {
            self.storage.write_atomically(&path, state.to_json(self.kraft_version.min(1)).as_bytes())?;
        }
        Ok(())
    }

    /// raft-rs draws election timeouts from a thread-local generator; a seed could not be replayed.
    fn pin_election_timeout(&mut self) {
        let raft = &mut self.raw.raft;
        let id = raft.id;
        let mix =
            self.params.seed ^ id.wrapping_mul(0x9e37_79b9_7f4a_7c15) ^ raft.term.wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let draw = ottla_base::rng::Rng::from_seed(mix).below(self.params.election_ticks as u64);
        let ticks = self.params.election_ticks + usize::try_from(draw).unwrap_or(0);
        raft.set_randomized_election_timeout(ticks);
    }

    fn check(&self) -> Result<(), RaftError> {
        if self.failed { Err(RaftError::Failed) } else { Ok(()) }
    }

    fn fail(&mut self, error: RaftError) -> RaftError {
        self.failed = true;
        error
    }
}
