//! Broker sessions, and what a broker may do next (`BrokerHeartbeatManager`, `BrokerHeartbeatTracker`).
//!
//! Soft state of the active controller: rebuilt from the image at activation, kept in step by `Controller::replayed`.

use crate::controller::requests::BrokerHeartbeat;
use ottla_base::clock::Now;
use std::collections::BTreeMap;

/// `BrokerControlState`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BrokerControlState {
    /// Not shown to clients, leads nothing.
    Fenced,
    /// In service.
    Unfenced,
    /// Hands its partitions over.
    ControlledShutdown,
    /// May stop.
    ShutdownNow,
}

impl BrokerControlState {
    /// Whether a broker in this state is fenced.
    pub fn is_fenced(self) -> bool {
        matches!(self, BrokerControlState::Fenced | BrokerControlState::ShutdownNow)
    }
}

#[derive(Clone, Debug)]
struct BrokerState {
    fenced: bool,
    metadata_offset: i64,
    /// Offset at which the controlled shutdown began, -1 outside one.
    controlled_shutdown_offset: i64,
}

impl BrokerState {
    fn is_shutting_down(&self) -> bool {
        self.controlled_shutdown_offset >= 0
    }

    fn is_active(&self) -> bool {
        !self.fenced && !self.is_shutting_down()
    }
}

/// All brokers that have registered.
#[derive(Clone, Debug)]
pub struct HeartbeatManager {
    session_timeout_ms: u64,
    brokers: BTreeMap<i32, BrokerState>,
    /// When each life of a broker was last heard of.
    contacts: BTreeMap<(i32, i64), u64>,
}

impl HeartbeatManager {
    /// Nobody registered.
    pub fn new(session_timeout_ms: u64) -> HeartbeatManager {
        HeartbeatManager { session_timeout_ms, brokers: BTreeMap::new(), contacts: BTreeMap::new() }
    }

    /// A life of a broker was heard of.
    pub fn contact(&mut self, id: i32, epoch: i64, now: Now) {
        self.contacts.insert((id, epoch), now.mono_ms);
    }

    /// Whether a life of a broker was heard of lately.
    pub fn has_valid_session(&self, id: i32, epoch: i64, now: Now) -> bool {
        self.contacts.get(&(id, epoch)).is_some_and(|at| !self.is_expired(*at, now))
    }

    fn is_expired(&self, at_ms: u64, now: Now) -> bool {
        at_ms.saturating_add(self.session_timeout_ms) < now.mono_ms
    }

    /// The earliest moment at which a session will have ended.
    pub fn next_deadline_ms(&self) -> Option<u64> {
        let earliest = self.contacts.values().min()?;
        Some(earliest.saturating_add(self.session_timeout_ms).saturating_add(1))
    }

    /// Takes out one session that has ended.
    pub fn remove_expired(&mut self, now: Now) -> Option<(i32, i64)> {
        let expired = self.contacts.iter().find(|(_, at)| self.is_expired(**at, now)).map(|(key, _)| *key)?;
        self.contacts.remove(&expired);
        Some(expired)
    }

    /// A broker is gone, or about to register anew.
    pub fn remove(&mut self, id: i32) {
        self.brokers.remove(&id);
    }

    /// Forgets the contacts of all lives of a broker but `epoch`.
    pub fn forget_other_lives(&mut self, id: i32, epoch: i64) {
        self.contacts.retain(|key, _| key.0 != id || key.1 == epoch);
    }

    /// A broker was fenced because its session ended.
    pub fn fence(&mut self, id: i32) {
        if let Some(broker) = self.brokers.get_mut(&id) {
            broker.fenced = true;
        }
    }

    /// A broker registered, or its registration changed.
    pub fn register(&mut self, id: i32, fenced: bool) {
        let metadata_offset = match self.brokers.get(&id) {
            Some(broker) if broker.fenced != fenced => broker.metadata_offset,
            Some(_) => -1,
            None => {
                let state = BrokerState { fenced, metadata_offset: -1, controlled_shutdown_offset: -1 };
                self.brokers.insert(id, state);
                -1
            }
        };
        self.touch(id, fenced, metadata_offset);
    }

    /// A heartbeat came in.
    pub fn touch(&mut self, id: i32, fenced: bool, metadata_offset: i64) {
        if let Some(broker) = self.brokers.get_mut(&id) {
            broker.fenced = fenced;
            broker.metadata_offset = metadata_offset;
            if fenced {
                // A fenced broker has left controlled shutdown; it stops at its next heartbeat.
                broker.controlled_shutdown_offset = -1;
            }
        }
    }

    /// A controlled shutdown began with the record at `offset`.
    pub fn note_shutdown_offset(&mut self, id: i32, offset: i64) {
        if let Some(broker) = self.brokers.get_mut(&id)
            && !broker.fenced
            && broker.controlled_shutdown_offset < 0
        {
            broker.controlled_shutdown_offset = offset;
        }
    }

    /// How far the slowest broker in service has read.
    fn lowest_active_offset(&self) -> i64 {
        self.brokers.values().filter(|b| b.is_active()).map(|b| b.metadata_offset).min().unwrap_or(i64::MAX)
    }

    /// (current, next) state of a broker, or `None` when it has not registered
    /// (`BrokerHeartbeatManager.calculateNextBrokerState`).
    pub fn next_state(
        &self,
        request: &BrokerHeartbeat,
        registration_offset: i64,
        has_leaderships: impl Fn() -> bool,
    ) -> Option<(BrokerControlState, BrokerControlState)> {
        use BrokerControlState::{ControlledShutdown, Fenced, ShutdownNow, Unfenced};
        let broker = self.brokers.get(&request.broker_id)?;
        let current = match (broker.is_shutting_down(), broker.fenced) {
            (true, _) => ControlledShutdown,
            (false, true) => Fenced,
            (false, false) => Unfenced,
        };
        let next = match current {
            Fenced if request.want_shut_down => ShutdownNow,
            Fenced if !request.want_fence && request.current_metadata_offset >= registration_offset => Unfenced,
            Fenced => Fenced,
            Unfenced if request.want_fence && request.want_shut_down => ShutdownNow,
            Unfenced if request.want_fence => Fenced,
            Unfenced if request.want_shut_down && has_leaderships() => ControlledShutdown,
            Unfenced if request.want_shut_down => ShutdownNow,
            Unfenced => Unfenced,
            // Everybody must know the new leaders before the old one goes.
            ControlledShutdown
                if !has_leaderships() && broker.controlled_shutdown_offset <= self.lowest_active_offset() =>
            {
                ShutdownNow
            }
            ControlledShutdown | ShutdownNow => ControlledShutdown,
        };
        Some((current, next))
    }
}
