//! The network side of a node: from a socket to a handler and back.
//!
//! In reading order: [`listener`] accepts, [`connection`] frames and orders, [`output`] is what it writes, [`registry`] finds the API, [`context`] is
//! what a request knows, [`handlers`] answer, [`errors`] maps causes to Kafka's codes, [`budget`] bounds memory.
//!
//! Runs on the data runtime (tokio, multi-thread), except `listener`, which runs on the control runtime.

pub mod budget;
pub mod connection;
pub mod context;
pub mod errors;
pub mod handlers;
pub mod listener;
pub mod output;
pub mod registry;
