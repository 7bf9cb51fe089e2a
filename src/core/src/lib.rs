//! Everything that decides, without waiting: logs, partitions, metadata, the controller, coordinators.
//!
//! Pure and synchronous: an input and `Now` go in, effects come out. No tokio, no clock, no randomness but from the
//! `Rng` that is handed in; only ordered or insertion-ordered maps are iterated.

pub mod broker_lifecycle;
pub mod controller;
pub mod coordinator;
pub mod errors;
pub mod fetch_session;
pub mod log;
pub mod log_dirs;
pub mod metadata;
pub mod partition;
pub mod raft;
