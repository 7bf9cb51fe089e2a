//! In-process integration tests: a node driven by raw requests, and the simulator.

mod client;
mod docs;
mod fixture;
mod replies;
mod waiting;
mod wire;
