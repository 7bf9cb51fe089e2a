//! In-process integration tests: a node driven by raw requests, and the simulator.

mod churn;
mod client;
mod configs;
mod disks;
mod docs;
mod fencing;
mod fetch;
mod fixture;
mod groups;
mod hostile;
mod offsets;
mod produce;
mod replies;
mod restart;
mod sim;
mod startup;
mod topics;
mod waiting;
mod wire;
