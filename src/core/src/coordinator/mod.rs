//! Coordinators: replicated state machines over internal topics (D10).
//!
//! Modules in reading order: [`runtime`] (how any of them runs), [`timers`], [`group`] (`__consumer_offsets`).
//! One shard per partition of an internal topic, owned by whoever drains its inbox; nothing here waits, sends or
//! appends.

pub mod group;
pub mod runtime;
pub mod timers;
