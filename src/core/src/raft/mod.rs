//! The quorum that orders metadata: raft-rs agrees on batches, a Kafka log holds them.
//!
//! In reading order: [`batches`] (records ↔ KRaft batches), [`checkpoint`] (snapshot files), [`voters`], [`quorum_state`]
//! (KRaft's own election file), [`entry_log`] (raft's entries and votes on disk), [`store`] (the same for raft-rs),
//! [`metadata_log`] (where committed batches go), [`recovery`] (what a directory says at start), [`node`] (one voter),
//! [`format`] (what a new directory needs).
//!
//! Run by: the controller thread, which owns the [`node::RaftNode`] and carries out its disk work inline.
//!
//! Invariants
//! - A proposal is a finished batch: base offset, leader epoch (the raft term) and timestamp are in it, and appending a
//!   committed batch asserts that its base offset is the metadata log's end.
//! - One sync per group of proposals: the entry log's. The entry log is cut only below what the metadata log has on the
//!   medium.
//! - The metadata log holds committed batches only, so it is never truncated.
//! - What a peer says is checked against what the log holds before raft-rs sees it: raft-rs panics otherwise.

pub mod batches;
pub mod checkpoint;
pub mod entry_log;
pub mod format;
pub mod metadata_log;
pub mod node;
pub mod quorum_state;
pub mod recovery;
pub mod store;
#[cfg(test)]
mod tests;
pub mod voters;

pub use metadata_log::MetadataLog;
pub use node::{RaftError, RaftNode};
pub use voters::{Voter, VoterSet};
