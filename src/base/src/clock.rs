//! Time, handed in. Cores receive a [`Now`] with every input and never ask for one.

use std::time::{Instant, SystemTime, UNIX_EPOCH};

/// One reading of both clocks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Default)]
pub struct Now {
    /// Milliseconds on a clock that never goes back. For timeouts, sessions and deadlines.
    pub mono_ms: u64,
    /// Milliseconds since the Unix epoch; may jump. For record timestamps, retention and offset expiry.
    pub wall_ms: i64,
}

impl Now {
    /// The same instant moved on by `ms` on both clocks.
    #[must_use]
    pub fn plus_ms(self, ms: u64) -> Now {
        Now {
            mono_ms: self.mono_ms.saturating_add(ms),
            wall_ms: self.wall_ms.saturating_add(i64::try_from(ms).unwrap_or(i64::MAX)),
        }
    }
}

/// Where a shell gets its [`Now`] from. A test hands in one that it moves by hand.
pub trait Clock: Send + Sync + std::fmt::Debug {
    /// Reads both clocks.
    fn now(&self) -> Now;
}

/// The machine's clocks.
#[derive(Debug)]
pub struct SystemClock {
    origin: Instant,
}

impl SystemClock {
    /// Starts the monotonic clock at zero.
    pub fn new() -> SystemClock {
        SystemClock { origin: Instant::now() }
    }
}

impl Default for SystemClock {
    fn default() -> Self {
        SystemClock::new()
    }
}

impl Clock for SystemClock {
    fn now(&self) -> Now {
        let mono = self.origin.elapsed().as_millis();
        let wall = SystemTime::now().duration_since(UNIX_EPOCH).map(|d| d.as_millis()).unwrap_or(0);
        Now { mono_ms: u64::try_from(mono).unwrap_or(u64::MAX), wall_ms: i64::try_from(wall).unwrap_or(i64::MAX) }
    }
}
