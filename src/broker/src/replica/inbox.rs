//! An actor without a thread (design D6): state with one owner at a time and a bounded inbox.
//!
//! Whoever finds the state idle drains the inbox on the thread that it is on, so an idle actor answers without a thread
//! hop; under contention the owner takes what others left behind, several at a time.
//!
//! Invariants: messages are handled in the order in which they entered the inbox; a message that was accepted is
//! handled; no lock is held across an await; the inbox holds at most its capacity.

use parking_lot::Mutex;
use std::collections::VecDeque;
use tokio::sync::Notify;

/// How many messages are handled before others may take over.
const MAX_GROUP: usize = 64;

/// State that handles messages, several at a time.
pub trait Handle {
    /// What it handles.
    type Message;

    /// Handles `messages` in order.
    fn handle(&mut self, messages: &mut dyn Iterator<Item = Self::Message>);
}

/// State `S` with its inbox.
#[derive(Debug)]
pub struct Actor<S: Handle> {
    state: Mutex<S>,
    inbox: Mutex<VecDeque<S::Message>>,
    capacity: usize,
    room: Notify,
}

impl<S: Handle> Actor<S> {
    /// An idle actor.
    pub fn new(state: S, capacity: usize) -> Actor<S> {
        Actor { state: Mutex::new(state), inbox: Mutex::new(VecDeque::new()), capacity, room: Notify::new() }
    }

    /// Enters `message` and, if nobody else is at it, handles everything in the inbox. Gives the message back when the
    /// inbox is full.
    pub fn try_send(&self, message: S::Message) -> Result<(), S::Message> {
        {
            let mut inbox = self.inbox.lock();
            if inbox.len() >= self.capacity {
                return Err(message);
            }
            inbox.push_back(message);
        }
        self.drain();
        Ok(())
    }

    /// As [`Actor::try_send`], waiting for room.
    pub async fn send(&self, mut message: S::Message) {
        loop {
            let room = self.room.notified();
            match self.try_send(message) {
                Ok(()) => return,
                Err(back) => message = back,
            }
            room.await;
        }
    }

    /// Messages in the inbox now.
    pub fn len(&self) -> usize {
        self.inbox.lock().len()
    }

    /// Whether nothing is in the inbox now.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Handles what is in the inbox unless somebody else is at it.
    fn drain(&self) {
        // An owner that is about to leave may have looked at the inbox before our message came: look again after it
        // has left, until the inbox is empty or somebody else owns the state.
        while let Some(mut state) = self.state.try_lock() {
            let group: Vec<S::Message> = {
                let mut inbox = self.inbox.lock();
                let n = inbox.len().min(MAX_GROUP);
                inbox.drain(..n).collect()
            };
            let was_empty = group.is_empty();
            if !was_empty {
                state.handle(&mut group.into_iter());
            }
            drop(state);
            if !was_empty {
                self.room.notify_waiters();
            }
            if self.inbox.lock().is_empty() {
                return;
            }
        }
    }

    /// Takes the state for a synchronous look or change, waiting for its owner. Messages that came meanwhile are handled
    /// afterwards. For rare operations (deletion, truncation, shutdown).
    pub fn with<R>(&self, f: impl FnOnce(&mut S) -> R) -> R {
        let result = f(&mut self.state.lock());
        if !self.inbox.lock().is_empty() {
            self.drain();
        }
        result
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::Arc;

    #[derive(Default)]
    struct Collect(Vec<(usize, usize)>);

    impl Handle for Collect {
        type Message = (usize, usize);

        fn handle(&mut self, messages: &mut dyn Iterator<Item = (usize, usize)>) {
            self.0.extend(messages);
        }
    }

    #[test]
    fn every_message_of_every_thread_is_handled_once_and_in_order() {
        let actor = Arc::new(Actor::new(Collect::default(), 1 << 20));
        std::thread::scope(|scope| {
            for thread in 0..4 {
                let actor = Arc::clone(&actor);
                scope.spawn(move || {
                    for i in 0..5000 {
                        assert_eq!(actor.try_send((thread, i)), Ok(()));
                        if i % 100 == 0 {
                            actor.with(|_| ());
                        }
                    }
                });
            }
        });
        let all = actor.with(|state| std::mem::take(&mut state.0));
        assert_eq!(all.len(), 20_000);
        for thread in 0..4 {
            let of_thread: Vec<usize> = all.iter().filter(|(t, _)| *t == thread).map(|(_, i)| *i).collect();
            assert_eq!(of_thread, (0..5000).collect::<Vec<_>>());
        }
    }

    #[test]
    fn a_full_inbox_gives_the_message_back() {
        let actor = Actor::new(Collect::default(), 0);
        assert_eq!(actor.try_send((1, 1)), Err((1, 1)));
    }
}
