//! A fetch that waits for more bytes (`DelayedFetch`; design D12): a counter that partitions decrement.

use ottla_core::partition::FetchWait;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicI64, Ordering};
use tokio::sync::Notify;

/// Shared between the fetch that waits and the partitions that it waits for.
#[derive(Debug)]
pub struct FetchWaiter {
    missing: AtomicI64,
    done: AtomicBool,
    notify: Notify,
}

impl FetchWaiter {
    /// Waits for `missing` bytes.
    pub fn new(missing: i64) -> Arc<FetchWaiter> {
        Arc::new(FetchWaiter { missing: AtomicI64::new(missing), done: AtomicBool::new(false), notify: Notify::new() })
    }

    /// Returns when enough became readable.
    pub async fn ready(&self) {
        while !self.done.load(Ordering::Acquire) {
            self.notify.notified().await;
        }
    }

    /// Nobody waits any longer (time is up).
    pub fn cancel(&self) {
        self.done.store(true, Ordering::Release);
    }
}

/// A partition's share in a [`FetchWaiter`].
#[derive(Clone, Debug)]
pub struct Parked(pub Arc<FetchWaiter>);

impl FetchWait for Parked {
    fn on_readable(&self, bytes: u64) -> bool {
        let bytes = i64::try_from(bytes).unwrap_or(i64::MAX);
        let before =
            self.0.missing.fetch_update(Ordering::AcqRel, Ordering::Acquire, |m| Some(m.saturating_sub(bytes)));
        if before.unwrap_or(0).saturating_sub(bytes) <= 0 {
            self.0.done.store(true, Ordering::Release);
            self.0.notify.notify_one();
        }
        self.is_done()
    }

    fn is_done(&self) -> bool {
        self.0.done.load(Ordering::Acquire)
    }
}

/// Cancels a waiter when the fetch that made it ends, whichever way it ends.
#[derive(Debug)]
pub struct CancelOnDrop(pub Arc<FetchWaiter>);

impl Drop for CancelOnDrop {
    fn drop(&mut self) {
        self.0.cancel();
    }
}
