//! Deterministic simulation of one node: the pure cores on a simulated disk, in one loop, from a seed.
//!
//! In reading order: [`world`] (the node's surroundings and the event loop), [`node`] (how a node starts and stops:
//! what a shell does around the cores), [`disk`], [`model`] (what a partition has to hold), [`producers`], [`groups`],
//! [`metadata`] (clients), [`admin`] (administrators and the other replica), [`checks`] (invariants), [`bugs`] (bugs to be
//! found), [`script`] (crashes at every write).
//!
//! No threads, no clock, no randomness but from the seed: the same seed gives the same trace. What is promised is D15's
//! table: a killed process loses nothing that was acknowledged, a power cut nothing that was flushed, and metadata is
//! flushed before it is acknowledged.
//!
//! Environment: `OTTLA_SIM_SEEDS` (how many), `OTTLA_SIM_SEED` (this one only), `OTTLA_SIM_BUG` (with this bug planted),
//! `OTTLA_SIM_TRACE` (print every event; `disk`: and what the disk is asked). `scripts/sim` sets them.

mod admin;
mod bugs;
mod checks;
mod disk;
mod groups;
mod metadata;
mod model;
mod node;
mod producers;
mod script;
mod world;

use bugs::Bug;
use ottla_core::log::{LogError, StorageError};
use std::collections::BTreeMap;
use world::World;

/// Why an action did not run to its end.
#[derive(Debug)]
enum Stop {
    /// An invariant does not hold.
    Violation(String),
    /// The disk has no room; nothing was changed.
    Full(String),
    /// The disk failed; whether it was made to is for the event loop to judge.
    Disk(String),
}

type Run<T = ()> = Result<T, Stop>;

fn violation<T>(what: String) -> Run<T> {
    Err(Stop::Violation(what))
}

impl From<StorageError> for Stop {
    fn from(error: StorageError) -> Stop {
        if error.is_disk_full() { Stop::Full(error.to_string()) } else { Stop::Disk(error.to_string()) }
    }
}

impl From<std::io::Error> for Stop {
    fn from(error: std::io::Error) -> Stop {
        let full = error.kind() == std::io::ErrorKind::StorageFull;
        if full { Stop::Full(error.to_string()) } else { Stop::Disk(error.to_string()) }
    }
}

impl From<LogError> for Stop {
    fn from(error: LogError) -> Stop {
        match error {
            LogError::Storage(error) => error.into(),
            LogError::Unreadable(error) => model::read_error(error),
            other => Stop::Violation(other.to_string()),
        }
    }
}

impl From<String> for Stop {
    fn from(error: String) -> Stop {
        Stop::Violation(error)
    }
}

macro_rules! ensure {
    ($condition:expr, $($message:tt)+) => {
        if !$condition {
            return Err($crate::sim::Stop::Violation(format!($($message)+)));
        }
    };
}
use ensure;

/// Events of one random run.
const EVENTS: u32 = 400;
/// Seeds of a plain test run.
const SEEDS: u64 = 60;
/// Seeds among which a planted bug has to be found.
const SEEDS_PER_BUG: u64 = 200;
/// Seeds that once found something; always run.
const KEPT: &str = include_str!("seeds");

/// What a run came to.
struct Outcome {
    trace: u64,
    seen: BTreeMap<&'static str, u64>,
    failure: Option<String>,
}

/// Says how to replay a seed whose run panics.
struct Replay(u64);

impl Drop for Replay {
    fn drop(&mut self) {
        if std::thread::panicking() {
            eprintln!("{}", replay(self.0, None));
        }
    }
}

fn replay(seed: u64, bug: Option<Bug>) -> String {
    let bug = bug.map(|bug| format!(" --bug {bug:?}")).unwrap_or_default();
    format!("replay: scripts/sim --seed {seed}{bug} --trace")
}

fn run(seed: u64, bug: Option<Bug>) -> Outcome {
    let _replay = Replay(seed);
    let mut world = World::new(seed, bug);
    let failure = world.run(EVENTS).err();
    Outcome { trace: world.trace(), seen: world.seen(), failure }
}

fn variable<T: std::str::FromStr>(name: &str) -> Option<T> {
    std::env::var(name).ok()?.parse().ok()
}

fn kept_seeds() -> impl Iterator<Item = u64> {
    KEPT.lines().filter_map(|line| line.split('#').next()?.trim().parse().ok())
}

#[test]
fn any_schedule_keeps_the_promises_and_heals() {
    let bug = std::env::var("OTTLA_SIM_BUG").ok().map(|name| Bug::from_name(&name).expect("no such bug"));
    let one: Option<u64> = variable("OTTLA_SIM_SEED");
    let many: u64 = variable("OTTLA_SIM_SEEDS").unwrap_or(SEEDS);
    let seeds: Vec<u64> = match one {
        Some(seed) => vec![seed],
        None => kept_seeds().chain(0..many).collect(),
    };
    let mut seen: BTreeMap<&'static str, u64> = BTreeMap::new();
    let mut failures = Vec::new();
    for seed in &seeds {
        let outcome = run(*seed, bug);
        for (what, count) in outcome.seen {
            *seen.entry(what).or_default() += count;
        }
        if let Some(failure) = outcome.failure {
            failures.push(format!("seed {seed}: {failure}\n{}", replay(*seed, bug)));
            if failures.len() == 5 {
                break;
            }
        }
    }
    println!("{} seeds: {seen:#?}", seeds.len());
    assert!(failures.is_empty(), "{}", failures.join("\n"));
    if one.is_none() && bug.is_none() && many >= SEEDS {
        let never: Vec<&str> = world::EVERYTHING.iter().copied().filter(|what| !seen.contains_key(what)).collect();
        assert!(never.is_empty(), "never happened: {never:?}");
        let unlisted: Vec<&&str> = seen.keys().filter(|what| !world::EVERYTHING.contains(what)).collect();
        assert!(unlisted.is_empty(), "add to EVERYTHING: {unlisted:?}");
    }
}

#[test]
fn the_same_seed_gives_the_same_trace() {
    for seed in [1, 2] {
        assert_eq!(run(seed, None).trace, run(seed, None).trace, "seed {seed}");
    }
    assert_ne!(run(1, None).trace, run(2, None).trace);
}

#[test]
fn planted_bugs_are_found() {
    let mut found = Vec::new();
    for bug in Bug::ALL {
        let failure = (0..SEEDS_PER_BUG).find_map(|seed| Some((seed, run(seed, Some(bug)).failure?)));
        let Some((seed, failure)) = failure else { panic!("{bug:?} is not found in {SEEDS_PER_BUG} seeds") };
        found.push(format!("{bug:?}: seed {seed}: {failure}"));
    }
    println!("{}", found.join("\n"));
}
