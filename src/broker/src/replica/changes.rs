//! Tells periodic work that something was written since it last looked, so that an idle node sleeps.
//!
//! Marked by whoever publishes a partition's view, waited for by housekeeping. A mark costs one load while the last one
//! has not been seen.
//!
//! Invariant: a change that was published before its mark is either seen by the look that follows a wait, or makes the
//! next wait return at once.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;
use tokio::sync::{Notify, watch};

/// Shared by all partitions of a node.
#[derive(Debug)]
pub struct Changes {
    /// Somebody has looked since the last mark.
    seen: AtomicBool,
    version: watch::Sender<u64>,
}

impl Changes {
    /// Nothing has changed yet.
    pub fn new() -> Changes {
        Changes { seen: AtomicBool::new(true), version: watch::Sender::new(0) }
    }

    /// Something changed.
    pub fn mark(&self) {
        // Sequentially consistent with the store in `wait`: if this reads false, that store comes later, and so does the
        // look that follows it.
        if self.seen.load(Ordering::SeqCst) && self.seen.swap(false, Ordering::SeqCst) {
            self.version.send_modify(|version| *version += 1);
        }
    }

    /// For one task that waits.
    pub fn subscribe(self: &std::sync::Arc<Self>) -> ChangeWaiter {
        ChangeWaiter { changes: std::sync::Arc::clone(self), version: self.version.subscribe() }
    }
}

impl Default for Changes {
    fn default() -> Changes {
        Changes::new()
    }
}

/// See [`Changes::subscribe`].
#[derive(Debug)]
pub struct ChangeWaiter {
    changes: std::sync::Arc<Changes>,
    version: watch::Receiver<u64>,
}

impl ChangeWaiter {
    /// Returns once something was marked that the last return did not cover.
    pub async fn wait(&mut self) {
        // The sender lives in `changes`, so this cannot fail.
        let _ = self.version.changed().await;
        self.changes.seen.store(true, Ordering::SeqCst);
    }
}

/// The earliest of many deadlines on the monotonic clock, for one task that sleeps until it.
#[derive(Debug)]
pub struct EarliestDeadline {
    at_mono_ms: AtomicU64,
    earlier: Notify,
}

impl EarliestDeadline {
    /// None yet.
    pub fn new() -> EarliestDeadline {
        EarliestDeadline { at_mono_ms: AtomicU64::new(u64::MAX), earlier: Notify::new() }
    }

    /// Something is due then.
    pub fn add(&self, at_mono_ms: u64) {
        if self.at_mono_ms.fetch_min(at_mono_ms, Ordering::AcqRel) > at_mono_ms {
            self.earlier.notify_one();
        }
    }

    /// Returns when the earliest deadline has passed, and forgets all: whoever still has one adds it again.
    pub async fn passed(&self, now_mono_ms: impl Fn() -> u64) {
        loop {
            let (at, now) = (self.at_mono_ms.load(Ordering::Acquire), now_mono_ms());
            if at <= now {
                self.at_mono_ms.store(u64::MAX, Ordering::Release);
                return;
            }
            if at == u64::MAX {
                self.earlier.notified().await;
            } else {
                let wait = Duration::from_millis(at - now);
                // Either way the deadline is looked at anew.
                let _ = tokio::time::timeout(wait, self.earlier.notified()).await;
            }
        }
    }
}

impl Default for EarliestDeadline {
    fn default() -> EarliestDeadline {
        EarliestDeadline::new()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::Arc;

    async fn returns(waiter: &mut ChangeWaiter) -> bool {
        tokio::time::timeout(Duration::from_millis(1), waiter.wait()).await.is_ok()
    }

    #[tokio::test]
    async fn every_waiter_hears_of_a_change_once() {
        let changes = Arc::new(Changes::new());
        let (mut a, mut b) = (changes.subscribe(), changes.subscribe());
        assert!(!returns(&mut a).await);
        changes.mark();
        changes.mark();
        assert!(returns(&mut a).await);
        assert!(!returns(&mut a).await);
        assert!(returns(&mut b).await);
        changes.mark();
        assert!(returns(&mut b).await && returns(&mut a).await);
        assert!(!returns(&mut a).await && !returns(&mut b).await);
    }

    #[tokio::test]
    async fn the_earliest_deadline_is_waited_for() {
        let deadline = Arc::new(EarliestDeadline::new());
        let waiting = tokio::spawn({
            let deadline = Arc::clone(&deadline);
            async move { deadline.passed(|| 100).await }
        });
        deadline.add(u64::MAX - 1);
        tokio::task::yield_now().await;
        assert!(!waiting.is_finished());
        deadline.add(90);
        waiting.await.unwrap();
    }
}
