//! What a node tells about itself: so far, where raft-rs' log goes.

use slog::{Drain, Level, Logger, OwnedKVList, Record, o};

/// Hands slog records to `tracing`.
#[derive(Debug)]
struct ToTracing;

impl Drain for ToTracing {
    type Ok = ();
    type Err = slog::Never;

    fn log(&self, record: &Record<'_>, _: &OwnedKVList) -> Result<(), slog::Never> {
        // raft-rs tells at info what is debug to an operator (each election of a sole voter).
        match record.level() {
            Level::Critical | Level::Error => tracing::error!(target: "raft", "{}", record.msg()),
            Level::Warning => tracing::warn!(target: "raft", "{}", record.msg()),
            Level::Info | Level::Debug => tracing::debug!(target: "raft", "{}", record.msg()),
            Level::Trace => tracing::trace!(target: "raft", "{}", record.msg()),
        }
        Ok(())
    }
}

/// A logger for raft-rs.
pub fn slog_logger() -> Logger {
    Logger::root(ToTracing, o!())
}
