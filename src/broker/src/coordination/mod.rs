//! Shells of the coordinators: one shard per partition of an internal topic that this node leads.
//!
//! [`groups`]: the group coordinator over `__consumer_offsets`. The machines are in `ottla_core::coordinator`; here is
//! what they may not do: append, read the log, wait, keep the time.

pub mod groups;

pub use groups::GroupCoordinators;
