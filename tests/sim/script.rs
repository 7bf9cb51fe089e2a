//! A short run in which the disk stops at every single operation in turn, once with the process and once with the power:
//! through produce, groups, metadata, truncation, deletion, checkpoints, a clean stop and the starts.

use super::Run;
use super::world::World;
use std::collections::BTreeMap;

/// Makes a run in which everything of [`WANTED`] happens.
const SEED: u64 = 430;

/// What the script is for.
const WANTED: &[&str] = &[
    "ack",
    "append",
    "checkpoint of high watermarks",
    "checkpoint of logs",
    "clean restart",
    "delete records",
    "flush",
    "follow and truncate",
    "group: commit",
    "group: joined",
    "group: synced",
    "metadata: directory removed",
    "metadata: topic configured",
    "metadata: topic created",
    "metadata: topic deleted",
    "roll",
];

const PRODUCE: fn(&mut World) -> Run = World::produce;
const GROUP: fn(&mut World) -> Run = World::group_event;
const JOIN: fn(&mut World) -> Run = World::members_act;
const COMMIT: fn(&mut World) -> Run = World::commit_simple;
const METADATA: fn(&mut World) -> Run = World::metadata_event;
const FLUSH: fn(&mut World) -> Run = World::run_a_flush;
const FETCH: fn(&mut World) -> Run = World::other_fetches;

const SCRIPT: &[fn(&mut World) -> Run] = &[
    METADATA,
    PRODUCE,
    JOIN,
    PRODUCE,
    FETCH,
    JOIN,
    PRODUCE,
    World::roll,
    COMMIT,
    PRODUCE,
    METADATA,
    FLUSH,
    JOIN,
    PRODUCE,
    World::checkpoint_logs,
    GROUP,
    PRODUCE,
    FETCH,
    World::delete_records,
    METADATA,
    PRODUCE,
    World::lose_leadership,
    FLUSH,
    World::checkpoint_marks,
    METADATA,
    World::roll,
    PRODUCE,
    World::clean_restart,
    GROUP,
    PRODUCE,
    METADATA,
    COMMIT,
    FETCH,
    World::delete_records,
    World::retention,
    PRODUCE,
    GROUP,
    World::lose_leadership,
    METADATA,
    PRODUCE,
];

#[test]
fn a_stop_at_every_write_breaks_no_promise() {
    let _replay = super::Replay(SEED);
    let mut whole = World::new(SEED, None);
    let ops = whole.run_script(SCRIPT, None).unwrap_or_else(|what| panic!("without a stop: {what}"));
    let seen: BTreeMap<_, _> = whole.seen();
    let missing: Vec<_> = WANTED.iter().filter(|what| !seen.contains_key(*what)).collect();
    assert!(missing.is_empty(), "the script does not do what it is for: {missing:?}");
    let only: Option<u64> = super::variable("OTTLA_SIM_STOP");
    for stop in (0..ops).filter(|stop| only.is_none_or(|only| only == *stop)) {
        for power in [false, true] {
            let mut world = World::new(SEED, None);
            if let Err(what) = world.run_script(SCRIPT, Some((stop, power))) {
                panic!("stop at operation {stop} of {ops}, power {power}: {what} (OTTLA_SIM_STOP={stop})");
            }
        }
    }
    println!("{ops} operations");
}
