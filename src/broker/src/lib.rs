//! The broker: shells around the pure cores, and what ties them into a node.
//!
//! In reading order: [`node`] (composition: build, wire, start, stop), [`server`] (sockets to handlers), [`replica`]
//! (partitions), [`coordination`] (coordinators), [`controlling`] (metadata and controller).
//!
//! Threads: the data runtime (tokio, multi-thread) serves connections and writes partitions; the control runtime (one
//! thread) accepts connections, sends heartbeats and handles signals; the controller thread runs the metadata quorum;
//! the publisher thread applies metadata; blocking work (syncs, removals) has tokio's blocking pool.

pub mod controlling;
pub mod coordination;
pub mod node;
pub mod replica;
pub mod server;
pub mod telemetry;
