//! The controller: decides what a request makes of the metadata.
//!
//! In reading order: [`requests`] (what is asked and answered), [`decide`] (the [`Controller`] and its dispatch),
//! [`topics`], [`configs`], [`cluster`] (registration, heartbeats), [`heartbeats`] (sessions), [`elections`]
//! (who leads when something changes), [`partition_change`] (one partition's change record), [`placement`], [`activation`]
//! (what a new leader writes first),
//! [`mod@core`] (all of it for one node, with its quorum).
//!
//! Run by: the controller thread.
//!
//! Invariants
//! - A decision reads an image and returns records; it changes no metadata. State changes by replaying the records.
//! - The only state of its own is soft: broker sessions, rebuilt from the image when a controller becomes active.
//! - Codes and texts are Kafka's (`ReplicationControlManager`, `ClusterControlManager`, `ConfigurationControlManager`,
//!   `ControllerApis` of 4.3.1). Authorisation and quotas happen before a request gets here.

pub mod activation;
pub mod cluster;
pub mod configs;
pub mod core;
pub mod decide;
pub mod elections;
pub mod heartbeats;
pub mod partition_change;
pub mod placement;
pub mod requests;
#[cfg(test)]
mod tests;
pub mod topics;

pub use configs::{ConfigSchema, ConfigValidationError};
pub use core::{Completed, ControllerCore, ControllerError, CoreParams, Outputs};
pub use decide::{Controller, ControllerConfig, Decision};
pub use requests::{ApiError, Request, Response};
