//! The node's budget of request bytes (`queued.max.request.bytes`; design D8).
//!
//! Owner: the node; shared by all connections. Bytes are reserved as they arrive, not as they are announced, so a
//! client that announces much and sends little holds little. When the budget is spent, readers wait and TCP pushes
//! back. So that requests of which each holds a part cannot wait for each other for ever, one connection at a time may
//! go on above the limit until its request is complete: the most that is ever held is the limit plus one legal frame.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use tokio::sync::{Notify, OwnedSemaphorePermit, Semaphore};

/// Shared count of the bytes that requests hold.
#[derive(Debug)]
pub struct Budget {
    limit: usize,
    used: AtomicUsize,
    freed: Notify,
    overflow: Arc<Semaphore>,
}

impl Budget {
    /// A budget of `limit` bytes.
    pub fn new(limit: usize) -> Arc<Budget> {
        Arc::new(Budget {
            limit: limit.max(1),
            used: AtomicUsize::new(0),
            freed: Notify::new(),
            overflow: Arc::new(Semaphore::new(1)),
        })
    }

    /// Bytes that are held now.
    pub fn used(&self) -> usize {
        self.used.load(Ordering::Relaxed)
    }

    fn try_take(&self, n: usize) -> bool {
        let mut used = self.used.load(Ordering::Relaxed);
        loop {
            // A single reservation above the whole budget is admitted when it is alone.
            if used.saturating_add(n) > self.limit && used > 0 {
                return false;
            }
            match self.used.compare_exchange_weak(used, used + n, Ordering::AcqRel, Ordering::Relaxed) {
                Ok(_) => return true,
                Err(now) => used = now,
            }
        }
    }
}

/// What one request holds. Returned to the budget when dropped.
#[derive(Debug)]
pub struct Reservation {
    budget: Arc<Budget>,
    held: usize,
    overflow: Option<OwnedSemaphorePermit>,
}

impl Reservation {
    /// Holds nothing yet.
    pub fn new(budget: &Arc<Budget>) -> Reservation {
        Reservation { budget: Arc::clone(budget), held: 0, overflow: None }
    }

    /// Bytes held.
    pub fn held(&self) -> usize {
        self.held
    }

    /// Adds `n` bytes if the budget has them now (or this reservation may overdraw it).
    pub fn try_grow(&mut self, n: usize) -> bool {
        if self.overflow.is_some() {
            self.budget.used.fetch_add(n, Ordering::AcqRel);
        } else if !self.budget.try_take(n) {
            return false;
        }
        self.held += n;
        true
    }

    /// Adds `n` bytes, waiting until the budget has them or this reservation is the one that may overdraw it.
    ///
    /// Cancel safe: what was not granted is not held.
    pub async fn grow(&mut self, n: usize) {
        let budget = Arc::clone(&self.budget);
        while !self.try_grow(n) {
            let freed = budget.freed.notified();
            if self.try_grow(n) {
                return;
            }
            tokio::select! {
                () = freed => {}
                permit = Arc::clone(&budget.overflow).acquire_owned() => {
                    // The semaphore is never closed; were it, the reader would go on waiting for freed bytes.
                    self.overflow = permit.ok();
                }
            }
        }
    }
}

impl Drop for Reservation {
    fn drop(&mut self) {
        self.budget.used.fetch_sub(self.held, Ordering::AcqRel);
        self.budget.freed.notify_waiters();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_full_budget_waits_and_one_reservation_may_overdraw() {
        let budget = Budget::new(100);
        let mut a = Reservation::new(&budget);
        let mut b = Reservation::new(&budget);
        let mut c = Reservation::new(&budget);
        a.grow(60).await;
        b.grow(40).await;
        assert!(!a.try_grow(1));
        // Nobody frees anything, so the first who waits overdraws: no deadlock.
        a.grow(50).await;
        assert_eq!(budget.used(), 150);
        // Only one may.
        assert!(tokio::time::timeout(std::time::Duration::from_millis(20), c.grow(1)).await.is_err());
        drop(a);
        c.grow(1).await;
        assert_eq!(budget.used(), 41);
        drop((b, c));
        assert_eq!(budget.used(), 0);
    }

    #[tokio::test]
    async fn a_frame_above_the_whole_budget_is_admitted_alone() {
        let budget = Budget::new(10);
        let mut a = Reservation::new(&budget);
        a.grow(1000).await;
        assert_eq!(a.held(), 1000);
    }
}
