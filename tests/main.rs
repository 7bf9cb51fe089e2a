//! In-process integration tests: a node driven by raw requests, and the simulator.

mod churn;
mod client;
mod docs;
mod fencing;
mod fixture;
mod replies;
mod sim;
mod waiting;
mod wire;
