//! Local replicas: partitions as actors without threads (design D6), and what keeps them.
//!
//! In reading order: [`inbox`] (the actor), [`waiter`] (a fetch that waits), [`replica`] (one partition behind its
//! inbox), [`changes`] (what wakes periodic work), [`directories`] (in service, full, offline), [`effects`] (what logs want done elsewhere: syncs, removals), [`manager`] (all of them: creation, roles,
//! deletion, checkpoints, retention).
//!
//! Who runs it: connections append and read on the data runtime; roles change on the metadata publisher's thread;
//! syncs and removals run on the blocking pool.
//!
//! Deliberately absent: fetching from other brokers.

pub mod changes;
pub mod directories;
pub mod effects;
pub mod inbox;
pub mod manager;
#[allow(clippy::module_inception)]
pub mod replica;
pub mod waiter;

pub use manager::ReplicaManager;
pub use replica::Replica;

use ottla_base::config::TopicSettings;
use ottla_base::config::topic::TimestampType as Configured;
use ottla_core::log::LogConfig;
use ottla_record::batch::TimestampType;

/// A topic's settings as its log obeys them.
pub fn log_config(settings: &TopicSettings) -> LogConfig {
    let unsigned = |n: i32| u32::try_from(n).unwrap_or(0);
    LogConfig {
        segment_bytes: unsigned(settings.segment_bytes),
        segment_ms: settings.segment_ms,
        segment_jitter_ms: settings.segment_jitter_ms,
        segment_index_bytes: unsigned(settings.segment_index_bytes),
        index_interval_bytes: unsigned(settings.index_interval_bytes),
        retention_ms: settings.retention_ms,
        retention_bytes: settings.retention_bytes,
        file_delete_delay_ms: u64::try_from(settings.file_delete_delay_ms).unwrap_or(0),
        flush_messages: settings.flush_messages,
        flush_ms: settings.flush_ms,
        max_message_bytes: settings.max_message_bytes,
        delete: settings.delete,
        compact: settings.compact,
        delete_retention_ms: settings.delete_retention_ms,
        min_compaction_lag_ms: settings.min_compaction_lag_ms,
        max_compaction_lag_ms: settings.max_compaction_lag_ms,
        min_cleanable_dirty_ratio: settings.min_cleanable_dirty_ratio,
        timestamp_type: match settings.message_timestamp_type {
            Configured::CreateTime => TimestampType::CreateTime,
            Configured::LogAppendTime => TimestampType::LogAppendTime,
        },
        timestamp_before_max_ms: settings.message_timestamp_before_max_ms,
        timestamp_after_max_ms: settings.message_timestamp_after_max_ms,
        preallocate: settings.preallocate,
    }
}
