//! A broker's life as the controller sees it: registration, heartbeats, unfencing, controlled shutdown
//! (`BrokerLifecycleManager`).
//!
//! Pure: inputs are what happened, [`BrokerLifecycle::poll`] says what to send, [`BrokerLifecycle::take_events`] what the
//! node has to know. At most one request is on its way at a time. Owned by whoever talks to the controller for this broker.
//!
//! Differences from Kafka, all of them about waiting: a broker that is ready is taken from STARTING to RUNNING by one
//! answer that says both, and the first heartbeat after the beginning of a controlled shutdown is followed by another at
//! once.

use crate::controller::requests::{BrokerHeartbeat, BrokerHeartbeatReply, RegisterBroker};
use ottla_base::clock::Now;
use ottla_base::ids::Uuid;
use std::collections::BTreeMap;

const TARGET: &str = "org.apache.kafka.server.BrokerLifecycleManager";
/// While the broker has not caught up with the metadata.
const CATCH_UP_INTERVAL_MS: u64 = 10;
/// While the controller moves leaders away.
const SHUTDOWN_INTERVAL_MS: u64 = 50;

/// `BrokerState`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BrokerState {
    /// Before `start`.
    NotRunning,
    /// Registers and catches up with the metadata.
    Starting,
    /// Caught up; fenced until it is ready.
    Recovery,
    /// In service.
    Running,
    /// Waits until the controller lets it go.
    PendingControlledShutdown,
    /// Goes.
    ShuttingDown,
}

impl BrokerState {
    /// Kafka's number, as in its metric.
    pub fn value(self) -> i8 {
        match self {
            BrokerState::NotRunning => 0,
            BrokerState::Starting => 1,
            BrokerState::Recovery => 2,
            BrokerState::Running => 3,
            BrokerState::PendingControlledShutdown => 6,
            BrokerState::ShuttingDown => 7,
        }
    }

    fn name(self) -> &'static str {
        match self {
            BrokerState::NotRunning => "NOT_RUNNING",
            BrokerState::Starting => "STARTING",
            BrokerState::Recovery => "RECOVERY",
            BrokerState::Running => "RUNNING",
            BrokerState::PendingControlledShutdown => "PENDING_CONTROLLED_SHUTDOWN",
            BrokerState::ShuttingDown => "SHUTTING_DOWN",
        }
    }
}

/// What the node has to know.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Event {
    /// The metadata that this broker has applied contains its registration.
    CaughtUp,
    /// Clients are sent here from now on.
    Unfenced,
    /// Nothing is left to do for the controller: the broker may stop.
    ShuttingDown,
    /// No controller took the registration in time: the node has to stop.
    RegistrationTimedOut,
    /// The failure of this directory could not be told in time: the node has to stop.
    DirectoryFailureNotTold(Uuid),
}

/// A request for the controller.
#[derive(Clone, Debug, PartialEq)]
pub enum Outgoing {
    /// Answered with `on_registration`.
    Registration(Box<RegisterBroker>),
    /// Answered with `on_heartbeat`.
    Heartbeat(BrokerHeartbeat),
}

/// Timing.
#[derive(Clone, Copy, Debug)]
pub struct LifecycleConfig {
    /// `broker.heartbeat.interval.ms`.
    pub heartbeat_interval_ms: u64,
    /// `initial.broker.registration.timeout.ms`.
    pub registration_timeout_ms: u64,
}

/// A failed directory.
#[derive(Clone, Copy, Debug)]
struct OfflineDirectory {
    told: bool,
    deadline_ms: u64,
}

/// One broker's life.
#[derive(Clone, Debug)]
pub struct BrokerLifecycle {
    config: LifecycleConfig,
    registration: RegisterBroker,
    state: BrokerState,
    broker_epoch: i64,
    registered: bool,
    ever_registered: bool,
    ready_to_unfence: bool,
    caught_up: bool,
    in_flight: bool,
    /// Directories that the heartbeat on its way names.
    telling: Vec<Uuid>,
    /// Something came up while a request was on its way.
    again: bool,
    shutdown_answers: u32,
    next_ms: Option<u64>,
    registration_deadline_ms: Option<u64>,
    offline: BTreeMap<Uuid, OfflineDirectory>,
    cordoned: Vec<Uuid>,
    events: Vec<Event>,
}

impl BrokerLifecycle {
    /// A broker that will register as `registration` says.
    pub fn new(config: LifecycleConfig, registration: RegisterBroker) -> BrokerLifecycle {
        BrokerLifecycle {
            config,
            registration,
            state: BrokerState::NotRunning,
            broker_epoch: -1,
            registered: false,
            ever_registered: false,
            ready_to_unfence: false,
            caught_up: false,
            in_flight: false,
            telling: Vec::new(),
            again: false,
            shutdown_answers: 0,
            next_ms: None,
            registration_deadline_ms: None,
            offline: BTreeMap::new(),
            cordoned: Vec::new(),
            events: Vec::new(),
        }
    }

    /// Where it stands.
    pub fn state(&self) -> BrokerState {
        self.state
    }

    /// Epoch from the controller, -1 before the first registration.
    pub fn broker_epoch(&self) -> i64 {
        self.broker_epoch
    }

    /// Begins: the registration is due at once.
    pub fn start(&mut self, now: Now) {
        self.state = BrokerState::Starting;
        self.registration_deadline_ms = Some(now.mono_ms.saturating_add(self.config.registration_timeout_ms));
        self.schedule(now, 0);
        tracing::info!(
            target: TARGET,
            "[BrokerLifecycleManager id={}] Incarnation {} of broker {} in cluster {} is now STARTING.",
            self.registration.broker_id,
            ottla_base::ids::uuid_to_text(self.registration.incarnation_id),
            self.registration.broker_id,
            self.registration.cluster_id
        );
    }

    /// The node can serve: the controller may unfence it.
    pub fn set_ready_to_unfence(&mut self, now: Now) {
        self.ready_to_unfence = true;
        self.schedule(now, 0);
    }

    /// A log directory failed; if the controller cannot be told within `timeout_ms`, the node has to stop.
    pub fn directory_failed(&mut self, directory: Uuid, timeout_ms: u64, now: Now) {
        let deadline_ms = now.mono_ms.saturating_add(timeout_ms);
        self.offline.entry(directory).or_insert(OfflineDirectory { told: false, deadline_ms });
        if self.registered {
            self.schedule(now, 0);
        }
    }

    /// These directories take no new partitions.
    pub fn set_cordoned(&mut self, directories: Vec<Uuid>, now: Now) {
        if directories != self.cordoned {
            self.cordoned = directories;
            if self.registered {
                self.schedule(now, 0);
            }
        }
    }

    /// Registers again: what the controller knows of it is out of date.
    pub fn resend_registration(&mut self, change: impl FnOnce(&mut RegisterBroker), now: Now) {
        change(&mut self.registration);
        self.registered = false;
        self.schedule(now, 0);
    }

    /// The node wants to stop, leaders handed over first.
    pub fn begin_controlled_shutdown(&mut self, now: Now) {
        match self.state {
            BrokerState::PendingControlledShutdown => {}
            BrokerState::Running => {
                self.log("Beginning controlled shutdown.");
                self.state = BrokerState::PendingControlledShutdown;
                self.schedule(now, 0);
            }
            state => {
                self.log(&format!("Skipping controlled shutdown because we are in state {}.", state.name()));
                self.begin_shutdown();
            }
        }
    }

    /// The node stops now.
    pub fn begin_shutdown(&mut self) {
        if self.state == BrokerState::ShuttingDown {
            return;
        }
        self.transition(BrokerState::ShuttingDown, "");
        self.next_ms = None;
        self.registration_deadline_ms = None;
        self.events.push(Event::ShuttingDown);
    }

    /// What to send now. `metadata_offset` is the last offset that this broker has applied; `tell_cordoned` says that the
    /// metadata version knows cordoned directories.
    pub fn poll(&mut self, metadata_offset: i64, tell_cordoned: bool, now: Now) -> Option<Outgoing> {
        self.check_deadlines(now);
        if self.next_ms.is_none_or(|at| at > now.mono_ms) || self.state == BrokerState::ShuttingDown {
            return None;
        }
        self.next_ms = None;
        if self.in_flight {
            self.again = true;
            return None;
        }
        self.in_flight = true;
        if !self.registered {
            return Some(Outgoing::Registration(Box::new(self.registration.clone())));
        }
        self.telling = self.offline.keys().copied().collect();
        Some(Outgoing::Heartbeat(BrokerHeartbeat {
            broker_id: self.registration.broker_id,
            broker_epoch: self.broker_epoch,
            current_metadata_offset: metadata_offset,
            want_fence: !self.ready_to_unfence,
            want_shut_down: self.state == BrokerState::PendingControlledShutdown,
            offline_log_dirs: self.telling.clone(),
            cordoned_log_dirs: (self.caught_up && tell_cordoned).then(|| self.cordoned.clone()),
        }))
    }

    fn check_deadlines(&mut self, now: Now) {
        if self.registration_deadline_ms.is_some_and(|at| at <= now.mono_ms) {
            self.registration_deadline_ms = None;
            if !self.ever_registered {
                tracing::error!(
                    target: TARGET,
                    "[BrokerLifecycleManager id={}] Shutting down because we were unable to register with the controller \
                     quorum.",
                    self.registration.broker_id
                );
                self.events.push(Event::RegistrationTimedOut);
                self.begin_shutdown();
            }
        }
        for (directory, offline) in &mut self.offline {
            if !offline.told && offline.deadline_ms <= now.mono_ms {
                offline.told = true;
                self.events.push(Event::DirectoryFailureNotTold(*directory));
            }
        }
    }

    /// When `poll` has to be called again, on the monotonic clock.
    pub fn next_deadline_ms(&self) -> Option<u64> {
        let next = if self.in_flight { None } else { self.next_ms };
        let registration = self.registration_deadline_ms.filter(|_| !self.ever_registered);
        let offline = self.offline.values().filter(|o| !o.told).map(|o| o.deadline_ms).min();
        [next, registration, offline].into_iter().flatten().min()
    }

    /// The registration was answered with an epoch, or was refused or lost.
    pub fn on_registration<E: std::fmt::Display>(&mut self, result: Result<i64, E>, now: Now) {
        self.in_flight = false;
        match result {
            Ok(epoch) => {
                self.broker_epoch = epoch;
                self.registered = true;
                self.ever_registered = true;
                self.log(&format!(
                    "Successfully registered broker {} with broker epoch {epoch}",
                    self.registration.broker_id
                ));
                self.schedule(now, 0);
            }
            Err(error) => {
                let id = self.registration.broker_id;
                self.log(&format!("Unable to register broker {id} because the controller returned error {error}"));
                self.schedule_after_failure(now);
            }
        }
    }

    /// A heartbeat was answered, or was refused or lost.
    pub fn on_heartbeat<E: std::fmt::Display>(&mut self, result: Result<BrokerHeartbeatReply, E>, now: Now) {
        self.in_flight = false;
        let reply = match result {
            Ok(reply) => reply,
            Err(error) => {
                let id = self.registration.broker_id;
                tracing::warn!(
                    target: TARGET,
                    "[BrokerLifecycleManager id={id}] Broker {id} sent a heartbeat request but received error {error}."
                );
                return self.schedule_after_failure(now);
            }
        };
        for directory in std::mem::take(&mut self.telling) {
            if let Some(offline) = self.offline.get_mut(&directory) {
                offline.told = true;
            }
        }
        let interval = self.config.heartbeat_interval_ms;
        match self.state {
            BrokerState::Starting => {
                if !reply.is_caught_up {
                    return self.schedule(now, CATCH_UP_INTERVAL_MS);
                }
                self.caught_up = true;
                self.transition(BrokerState::Recovery, "The broker has caught up. ");
                self.events.push(Event::CaughtUp);
                if reply.is_fenced {
                    self.schedule(now, if self.ready_to_unfence { 0 } else { CATCH_UP_INTERVAL_MS });
                } else {
                    self.unfenced();
                    self.schedule(now, interval);
                }
            }
            BrokerState::Recovery => {
                if !reply.is_fenced {
                    self.unfenced();
                }
                self.schedule(now, interval);
            }
            BrokerState::Running => self.schedule(now, interval),
            BrokerState::PendingControlledShutdown => {
                if reply.should_shut_down {
                    self.log("The controller has asked us to exit controlled shutdown.");
                    return self.begin_shutdown();
                }
                self.shutdown_answers += 1;
                let wait = match self.shutdown_answers {
                    1 => 0,
                    2..20 => SHUTDOWN_INTERVAL_MS,
                    _ => interval,
                };
                self.schedule(now, wait);
            }
            BrokerState::NotRunning | BrokerState::ShuttingDown => {}
        }
    }

    /// What happened since the last call.
    pub fn take_events(&mut self) -> Vec<Event> {
        std::mem::take(&mut self.events)
    }

    fn unfenced(&mut self) {
        self.transition(BrokerState::Running, "The broker has been unfenced. ");
        self.events.push(Event::Unfenced);
    }

    fn transition(&mut self, to: BrokerState, why: &str) {
        let text = format!("{why}Transitioning from {} to {}.", self.state.name(), to.name());
        self.log(&text);
        self.state = to;
    }

    fn schedule(&mut self, now: Now, wait_ms: u64) {
        let wait_ms = if std::mem::take(&mut self.again) { 0 } else { wait_ms };
        self.next_ms = Some(now.mono_ms.saturating_add(wait_ms));
    }

    /// Never at once: the controller may be the one that has trouble.
    fn schedule_after_failure(&mut self, now: Now) {
        self.again = false;
        self.schedule(now, self.config.heartbeat_interval_ms);
    }

    fn log(&self, text: &str) {
        tracing::info!(target: TARGET, "[BrokerLifecycleManager id={}] {text}", self.registration.broker_id);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn now(ms: u64) -> Now {
        Now { mono_ms: ms, wall_ms: 0 }
    }

    fn broker() -> BrokerLifecycle {
        let registration = RegisterBroker {
            broker_id: 1,
            cluster_id: "c".into(),
            incarnation_id: Uuid::from_u128(1),
            listeners: Vec::new(),
            features: Vec::new(),
            rack: None,
            log_dirs: Vec::new(),
            previous_broker_epoch: Some(-1),
            same_process: true,
        };
        let config = LifecycleConfig { heartbeat_interval_ms: 2000, registration_timeout_ms: 60_000 };
        BrokerLifecycle::new(config, registration)
    }

    fn reply(is_caught_up: bool, is_fenced: bool) -> Result<BrokerHeartbeatReply, &'static str> {
        Ok(BrokerHeartbeatReply { is_caught_up, is_fenced, in_controlled_shutdown: false, should_shut_down: false })
    }

    fn heartbeat(broker: &mut BrokerLifecycle, at: u64) -> BrokerHeartbeat {
        match broker.poll(7, true, now(at)) {
            Some(Outgoing::Heartbeat(heartbeat)) => heartbeat,
            other => panic!("{other:?}"),
        }
    }

    fn running() -> BrokerLifecycle {
        let mut broker = broker();
        broker.start(now(0));
        broker.set_ready_to_unfence(now(0));
        assert!(matches!(broker.poll(0, true, now(0)), Some(Outgoing::Registration(_))));
        broker.on_registration(Ok::<_, &str>(5), now(1));
        let beat = heartbeat(&mut broker, 1);
        assert!(!beat.want_fence);
        assert_eq!((beat.broker_epoch, beat.cordoned_log_dirs), (5, None), "not known before it has caught up");
        broker.on_heartbeat(reply(true, false), now(2));
        assert_eq!(broker.take_events(), [Event::CaughtUp, Event::Unfenced]);
        broker
    }

    #[test]
    fn a_ready_broker_runs_after_one_registration_and_one_heartbeat() {
        let mut broker = running();
        assert_eq!(broker.state(), BrokerState::Running);
        assert_eq!(broker.next_deadline_ms(), Some(2002));
        assert_eq!(broker.poll(7, true, now(2001)), None);
        assert_eq!(heartbeat(&mut broker, 2002).cordoned_log_dirs, Some(Vec::new()));
        assert_eq!(broker.next_deadline_ms(), None, "one request at a time");
    }

    #[test]
    fn a_broker_that_is_not_ready_stays_fenced_and_asks_for_it() {
        let mut broker = broker();
        broker.start(now(0));
        broker.poll(0, true, now(0));
        broker.on_registration(Ok::<_, &str>(5), now(0));
        assert!(heartbeat(&mut broker, 0).want_fence);
        broker.on_heartbeat(reply(false, true), now(1));
        assert_eq!(broker.next_deadline_ms(), Some(11));
        heartbeat(&mut broker, 11);
        broker.on_heartbeat(reply(true, true), now(12));
        assert_eq!((broker.state(), broker.take_events()), (BrokerState::Recovery, vec![Event::CaughtUp]));
        broker.set_ready_to_unfence(now(15));
        assert!(!heartbeat(&mut broker, 15).want_fence);
        broker.on_heartbeat(reply(true, false), now(16));
        assert_eq!((broker.state(), broker.take_events()), (BrokerState::Running, vec![Event::Unfenced]));
    }

    #[test]
    fn failures_wait_for_an_interval_and_the_first_registration_has_an_end() {
        let mut broker = broker();
        broker.start(now(0));
        broker.poll(0, true, now(0));
        broker.on_registration(Err("NOT_CONTROLLER"), now(10));
        assert_eq!(broker.next_deadline_ms(), Some(2010));
        assert!(matches!(broker.poll(0, true, now(2010)), Some(Outgoing::Registration(_))));
        assert_eq!(broker.next_deadline_ms(), Some(60_000));
        assert_eq!(broker.poll(0, true, now(60_000)), None);
        assert_eq!(broker.take_events(), [Event::RegistrationTimedOut, Event::ShuttingDown]);
    }

    #[test]
    fn a_controlled_shutdown_asks_until_it_is_let_go() {
        let mut broker = running();
        broker.begin_controlled_shutdown(now(100));
        assert!(heartbeat(&mut broker, 100).want_shut_down);
        broker.on_heartbeat(reply(true, false), now(101));
        assert_eq!(broker.next_deadline_ms(), Some(101), "once more at once");
        heartbeat(&mut broker, 101);
        broker.on_heartbeat(reply(true, false), now(102));
        assert_eq!(broker.next_deadline_ms(), Some(152));
        heartbeat(&mut broker, 152);
        let go = BrokerHeartbeatReply {
            is_caught_up: true,
            is_fenced: true,
            in_controlled_shutdown: false,
            should_shut_down: true,
        };
        broker.on_heartbeat(Ok::<_, &str>(go), now(153));
        assert_eq!((broker.state(), broker.take_events()), (BrokerState::ShuttingDown, vec![Event::ShuttingDown]));
        assert_eq!(broker.next_deadline_ms(), None);
        assert_eq!(broker.poll(7, true, now(9999)), None);
    }

    #[test]
    fn what_comes_up_while_a_request_is_on_its_way_follows_at_once() {
        let mut broker = running();
        heartbeat(&mut broker, 2002);
        let directory = Uuid::from_u128(500);
        broker.directory_failed(directory, 30_000, now(2003));
        assert_eq!(broker.poll(7, true, now(2003)), None);
        broker.on_heartbeat(reply(true, false), now(2004));
        assert_eq!(heartbeat(&mut broker, 2004).offline_log_dirs, [directory]);
        broker.on_heartbeat(reply(true, false), now(2005));
        broker.poll(7, true, now(40_000));
        assert!(broker.take_events().is_empty(), "the controller knows");
    }

    #[test]
    fn a_directory_failure_that_cannot_be_told_stops_the_node() {
        let mut broker = running();
        let directory = Uuid::from_u128(500);
        broker.directory_failed(directory, 30_000, now(100));
        heartbeat(&mut broker, 100);
        broker.on_heartbeat(Err("NOT_CONTROLLER"), now(200));
        assert_eq!(broker.next_deadline_ms(), Some(2200));
        heartbeat(&mut broker, 2200);
        assert_eq!(broker.next_deadline_ms(), Some(30_100));
        assert_eq!(broker.poll(7, true, now(30_100)), None);
        assert_eq!(broker.take_events(), [Event::DirectoryFailureNotTold(directory)]);
    }

    #[test]
    fn a_registration_can_be_amended() {
        let mut broker = running();
        broker.resend_registration(|r| r.rack = Some("a".into()), now(50));
        match broker.poll(7, true, now(50)) {
            Some(Outgoing::Registration(r)) => assert_eq!(r.rack.as_deref(), Some("a")),
            other => panic!("{other:?}"),
        }
    }
}
