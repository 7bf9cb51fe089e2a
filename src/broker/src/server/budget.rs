//! The node's budget of bytes (`queued.max.request.bytes`; design D8).
//!
//! Owner: the node; shared by all connections. Bytes are reserved as they arrive, not as they are announced, so a
//! client that announces much and sends little holds little. When the budget is spent, readers wait and TCP pushes
//! back. So that requests of which each holds a part cannot wait for each other for ever, one connection at a time may
//! go on above the limit until its request is complete: the most that is ever held is the limit plus one legal frame.
//!
//! Responses that lie in memory are only counted: a response cannot be put off. Above the limit, connections whose peers do not
//! take theirs are closed (see [`super::connection`]).

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use tokio::sync::{Notify, OwnedSemaphorePermit, Semaphore};

/// Shared count of the bytes that requests and responses hold.
#[derive(Debug)]
pub struct Budget {
    limit: usize,
    used: AtomicUsize,
    outgoing: AtomicUsize,
    /// How many wait for `freed`.
    waiting: AtomicUsize,
    freed: Notify,
    overflow: Arc<Semaphore>,
}

impl Budget {
    /// A budget of `limit` bytes.
    pub fn new(limit: usize) -> Arc<Budget> {
        Arc::new(Budget {
            limit: limit.max(1),
            used: AtomicUsize::new(0),
            outgoing: AtomicUsize::new(0),
            waiting: AtomicUsize::new(0),
            freed: Notify::new(),
            overflow: Arc::new(Semaphore::new(1)),
        })
    }

    /// The limit.
    pub fn limit(&self) -> usize {
        self.limit
    }

    /// Bytes that requests hold now.
    pub fn used(&self) -> usize {
        self.used.load(Ordering::Relaxed)
    }

    /// How many requests wait for bytes now.
    pub fn waiting(&self) -> usize {
        self.waiting.load(Ordering::Relaxed)
    }

    /// Bytes of responses that lie in memory now.
    pub fn outgoing(&self) -> usize {
        self.outgoing.load(Ordering::Relaxed)
    }

    /// Whether more than the limit lies in responses.
    pub fn is_outgoing_above_limit(&self) -> bool {
        self.outgoing() > self.limit
    }

    pub(super) fn add_outgoing(&self, n: usize) {
        self.outgoing.fetch_add(n, Ordering::Relaxed);
    }

    pub(super) fn sub_outgoing(&self, n: usize) {
        self.outgoing.fetch_sub(n, Ordering::Relaxed);
    }

    fn try_take(&self, n: usize) -> bool {
        let mut used = self.used.load(Ordering::SeqCst);
        loop {
            // A single reservation above the whole budget is admitted when it is alone.
            if used.saturating_add(n) > self.limit && used > 0 {
                return false;
            }
            match self.used.compare_exchange_weak(used, used + n, Ordering::SeqCst, Ordering::SeqCst) {
                Ok(_) => return true,
                Err(now) => used = now,
            }
        }
    }

    /// `waiting` and `used` are sequentially consistent, so either this sees who waits, or who begins to wait sees this.
    fn give_back(&self, n: usize) {
        if n > 0 {
            self.used.fetch_sub(n, Ordering::SeqCst);
            if self.waiting.load(Ordering::SeqCst) > 0 {
                self.freed.notify_waiters();
            }
        }
    }
}

struct Waiting<'a>(&'a Budget);

impl<'a> Waiting<'a> {
    fn new(budget: &'a Budget) -> Waiting<'a> {
        budget.waiting.fetch_add(1, Ordering::SeqCst);
        Waiting(budget)
    }
}

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        self.0.waiting.fetch_sub(1, Ordering::SeqCst);
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

    /// Whether it is the one that may go above the limit.
    pub fn overdraws(&self) -> bool {
        self.overflow.is_some()
    }

    /// Adds `n` bytes if the budget has them now (or this reservation may overdraw it).
    pub fn try_grow(&mut self, n: usize) -> bool {
        if self.overflow.is_some() {
            self.budget.used.fetch_add(n, Ordering::SeqCst);
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
        if self.try_grow(n) {
            return;
        }
        let budget = Arc::clone(&self.budget);
        let _waiting = Waiting::new(&budget);
        loop {
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

    /// Gives back all but `n` bytes.
    pub fn shrink_to(&mut self, n: usize) {
        if n < self.held {
            let back = self.held - n;
            self.held = n;
            if n == 0 {
                self.overflow = None;
            }
            self.budget.give_back(back);
        }
    }
}

impl Drop for Reservation {
    fn drop(&mut self) {
        // First the right to overdraw: whoever is woken by the bytes may need it.
        self.overflow = None;
        self.budget.give_back(self.held);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

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
        assert!(a.overdraws() && !b.overdraws());
        // Only one may.
        assert!(tokio::time::timeout(Duration::from_millis(20), c.grow(1)).await.is_err());
        assert_eq!(budget.waiting(), 0);
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

    #[tokio::test]
    async fn what_is_given_back_wakes_who_waits() {
        let budget = Budget::new(100);
        let mut a = Reservation::new(&budget);
        let mut b = Reservation::new(&budget);
        let mut c = Reservation::new(&budget);
        a.grow(100).await;
        b.grow(10).await;
        assert_eq!(budget.used(), 110, "b overdraws");
        let waits = tokio::spawn(async move {
            c.grow(50).await;
            c
        });
        while budget.waiting() == 0 {
            tokio::task::yield_now().await;
        }
        assert!(b.overdraws());
        a.shrink_to(60);
        tokio::task::yield_now().await;
        assert!(!waits.is_finished(), "70 + 50 is still too much");
        b.shrink_to(0);
        // 60 + 50 is above the limit as well, but b no longer needs its right to overdraw.
        let c = waits.await.unwrap();
        assert_eq!(budget.used(), 110);
        drop((a, b, c));
        assert_eq!((budget.used(), budget.waiting()), (0, 0));
    }
}
