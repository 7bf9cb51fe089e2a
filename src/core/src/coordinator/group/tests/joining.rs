//! Joining, syncing, staying and leaving.

use super::fixture::*;
use crate::coordinator::group::api::*;
use crate::coordinator::group::{ClassicState, GroupConfig};
use crate::errors::KafkaError;
use bytes::Bytes;

#[test]
fn joins_that_cannot_be_are_refused() {
    let mut f = Fixture::new();
    let cases: Vec<(&str, JoinGroupRequest, KafkaError)> = vec![
        ("empty group id", JoinGroupRequest { group_id: String::new(), ..join("") }, KafkaError::InvalidGroupId),
        (
            "short session",
            JoinGroupRequest { session_timeout_ms: 5_999, ..join("") },
            KafkaError::InvalidSessionTimeout,
        ),
        (
            "long session",
            JoinGroupRequest { session_timeout_ms: 1_800_001, ..join("") },
            KafkaError::InvalidSessionTimeout,
        ),
        ("member of no group", join("ghost"), KafkaError::UnknownMemberId),
        ("no protocols", JoinGroupRequest { protocols: Vec::new(), ..join("") }, KafkaError::InconsistentGroupProtocol),
        (
            "no type",
            JoinGroupRequest { protocol_type: String::new(), ..join("") },
            KafkaError::InconsistentGroupProtocol,
        ),
    ];
    for (name, request, error) in cases {
        let response = f.join(request.clone());
        assert_eq!(response.error, error, "{name}");
        assert_eq!((response.generation_id, response.member_id), (-1, request.member_id), "{name}");
    }
    f.stable(1);
    let other_type = JoinGroupRequest { protocol_type: "connect".into(), ..join("") };
    assert_eq!(f.join(other_type).error, KafkaError::InconsistentGroupProtocol);
    let nothing_common = JoinGroupRequest { protocols: protocols(&["sticky"], &["t"]), ..join("") };
    assert_eq!(f.join(nothing_common).error, KafkaError::InconsistentGroupProtocol);
    assert_eq!(f.join(join("ghost")).error, KafkaError::UnknownMemberId);
}

#[test]
fn a_dynamic_member_gets_its_id_first_from_version_4_on() {
    let mut f = Fixture::new();
    let response = f.join(join(""));
    assert_eq!(response.error, KafkaError::MemberIdRequired);
    assert!(response.member_id.starts_with("client-"), "{}", response.member_id);
    assert_eq!(response.member_id.len(), "client-".len() + 36);
    let response = f.join(join(&response.member_id.clone()));
    assert_eq!((response.error, response.generation_id), (KafkaError::None, 1));
    assert_eq!(response.leader, response.member_id);
    assert_eq!(response.protocol_type.as_deref(), Some("consumer"));
    assert_eq!(response.protocol_name.as_deref(), Some("range"));
    assert_eq!(response.members.len(), 1);

    let mut f = Fixture::new();
    let token = f.send(at_version(3, join("")));
    let response = f.take_join(token);
    assert_eq!((response.error, response.generation_id), (KafkaError::None, 1));
}

#[test]
fn a_version_0_join_takes_the_rebalance_timeout_from_the_session() {
    let mut f = Fixture::new();
    let token = f.send(at_version(0, JoinGroupRequest { rebalance_timeout_ms: -1, ..join("") }));
    let id = f.take_join(token).member_id;
    assert_eq!(f.shard.state().classic_group(G).unwrap().members[&*id].rebalance_timeout_ms, 10_000);
}

#[test]
fn an_id_that_does_not_come_back_expires_and_no_longer_blocks_the_join() {
    let mut f = Fixture::new();
    let (ids, generation) = f.stable(1);
    let late = f.new_id();
    let token = f.send_join(join(&ids[0]));
    assert_eq!(f.state(), ClassicState::PreparingRebalance);
    f.advance(9_999);
    assert_eq!(f.take(token), None, "the pending id has a slot in the generation");
    f.advance(1);
    assert_eq!(f.take_join(token).generation_id, generation + 1);
    assert_eq!(f.join(join(&late)).error, KafkaError::UnknownMemberId);
}

#[test]
fn two_members_share_a_generation_and_only_the_leader_sees_the_members() {
    let mut f = Fixture::new();
    let (a, b) = (f.new_id(), f.new_id());
    let first = f.send_join(join(&a));
    assert_eq!(f.take_join(first).generation_id, 1);
    let second = f.send_join(join(&b));
    assert_eq!(f.heartbeat(&a, 1), KafkaError::RebalanceInProgress);
    let again = f.send_join(join(&a));
    let (ra, rb) = (f.take_join(again), f.take_join(second));
    assert_eq!((ra.generation_id, rb.generation_id), (2, 2));
    assert_eq!((&ra.leader, &rb.leader), (&a, &a));
    assert_eq!(ra.members.iter().map(|m| &m.member_id).collect::<Vec<_>>(), [&a, &b]);
    assert_eq!(ra.members[1].metadata, subscription(&["t"]));
    assert!(rb.members.is_empty());

    let waiting = f.send_sync(sync(&b, 2));
    assert_eq!(f.take(waiting), None);
    assert_eq!(f.heartbeat(&b, 2), KafkaError::None, "heartbeats may begin before the sync");
    let assignments = vec![(a.clone(), Bytes::from_static(b"A")), (b.clone(), Bytes::from_static(b"B"))];
    let ra = f.sync(SyncGroupRequest { assignments, ..sync(&a, 2) });
    let rb = f.take_sync(waiting);
    assert_eq!((ra.assignment, rb.assignment), (Bytes::from_static(b"A"), Bytes::from_static(b"B")));
    assert_eq!(rb.protocol_name.as_deref(), Some("range"));
    assert_eq!(f.state(), ClassicState::Stable);
    assert_eq!(f.sync(sync(&b, 2)).assignment, Bytes::from_static(b"B"), "a stable group answers again");
}

#[test]
fn the_first_rebalance_waits_and_is_extended_while_members_come() {
    let mut f = Fixture::with(GroupConfig { initial_rebalance_delay_ms: 3_000, ..GroupConfig::default() });
    let (a, b, c) = (f.new_id(), f.new_id(), f.new_id());
    let ta = f.send_join(join(&a));
    f.advance(2_000);
    let tb = f.send_join(join(&b));
    f.advance(1_500);
    assert_eq!(f.take(ta), None, "extended, since b came");
    let tc = f.send_join(join(&c));
    f.advance(2_500);
    assert_eq!(f.take(ta), None, "extended, since c came");
    f.advance(3_000);
    for token in [ta, tb, tc] {
        assert_eq!(f.take_join(token).generation_id, 1);
    }
}

#[test]
fn the_initial_delay_ends_with_the_rebalance_timeout() {
    let mut f = Fixture::with(GroupConfig { initial_rebalance_delay_ms: 3_000, ..GroupConfig::default() });
    let short = |id: &str| JoinGroupRequest { rebalance_timeout_ms: 7_000, ..join(id) };
    let a = f.new_id();
    let token = f.send_join(short(&a));
    // Delays of 3, 3 and 1 seconds, with newcomers all the time.
    for _ in 0..13 {
        let id = f.new_id();
        f.advance(500);
        f.send_join(short(&id));
        assert_eq!(f.take(token), None);
    }
    f.advance(500);
    assert_eq!(f.take_join(token).members.len(), 14);
}

#[test]
fn who_misses_the_join_phase_is_dropped() {
    let mut f = Fixture::new();
    let (ids, generation) = f.stable(3);
    let token = f.send_join(join(&ids[1]));
    assert_eq!(f.take_join(token).generation_id, generation, "an unchanged follower gets the current generation");
    let tokens = [f.send_join(join(&ids[0])), f.send_join(join(&ids[1]))];
    for _ in 0..11 {
        f.advance(5_000);
        assert_eq!(f.heartbeat(&ids[2], generation), KafkaError::RebalanceInProgress);
    }
    assert_eq!(f.take(tokens[0]), None);
    f.advance(5_000);
    assert_eq!(f.take_join(tokens[0]).members.len(), 2);
    assert_eq!(f.take_join(tokens[1]).generation_id, generation + 1);
    assert_eq!(f.heartbeat(&ids[2], generation), KafkaError::UnknownMemberId);
}

#[test]
fn a_leader_that_misses_the_join_phase_is_replaced() {
    let mut f = Fixture::new();
    let (ids, generation) = f.stable(2);
    let changed = JoinGroupRequest { protocols: protocols(&["range"], &["t", "u"]), ..join(&ids[1]) };
    let token = f.send_join(changed);
    assert_eq!(f.state(), ClassicState::PreparingRebalance);
    for _ in 0..12 {
        f.heartbeat(&ids[0], generation);
        f.advance(5_000);
    }
    let response = f.take_join(token);
    assert_eq!((response.leader, response.members.len()), (ids[1].clone(), 1));
}

#[test]
fn a_leader_that_rejoins_rebalances_and_an_unchanged_follower_does_not() {
    let mut f = Fixture::new();
    let (ids, generation) = f.stable(2);
    assert_eq!(f.join(join(&ids[1])).generation_id, generation);
    assert_eq!(f.state(), ClassicState::Stable);
    f.send_join(join(&ids[0]));
    assert_eq!(f.state(), ClassicState::PreparingRebalance);
}

#[test]
fn a_lost_join_answer_is_given_again_while_the_leader_assigns() {
    let mut f = Fixture::new();
    let (ids, generation) = f.stable(2);
    let follower = f.send_join(JoinGroupRequest { protocols: protocols(&["range"], &["t", "u"]), ..join(&ids[1]) });
    let leader = f.send_join(join(&ids[0]));
    assert_eq!(f.take_join(leader).members.len(), 2);
    assert_eq!(f.take_join(follower).generation_id, generation + 1);
    assert_eq!(f.state(), ClassicState::CompletingRebalance);
    assert_eq!(f.join(join(&ids[0])).members.len(), 2);
    assert_eq!(f.state(), ClassicState::CompletingRebalance);
    let parked = f.send_sync(sync(&ids[1], generation + 1));
    f.send_join(JoinGroupRequest { protocols: protocols(&["roundrobin", "range"], &["t"]), ..join(&ids[0]) });
    assert_eq!(f.take_sync(parked).error, KafkaError::RebalanceInProgress);
    assert_eq!(f.state(), ClassicState::PreparingRebalance);
}

#[test]
fn the_protocol_has_the_most_votes_among_those_that_all_support() {
    let mut f = Fixture::new();
    let ids: Vec<String> = (0..3).map(|_| f.new_id()).collect();
    let lists: [&[&str]; 3] = [&["only-a", "range", "sticky"], &["sticky", "range"], &["sticky", "range", "only-c"]];
    let tokens: Vec<_> = ids
        .iter()
        .zip(lists)
        .map(|(id, names)| f.send_join(JoinGroupRequest { protocols: protocols(names, &["t"]), ..join(id) }))
        .collect();
    assert_eq!(f.take_join(tokens[0]).protocol_name.as_deref(), Some("only-a"));
    let token = f.send_join(JoinGroupRequest { protocols: protocols(lists[0], &["t"]), ..join(&ids[0]) });
    assert_eq!(f.take_join(token).protocol_name.as_deref(), Some("sticky"));
    for token in &tokens[1..] {
        assert_eq!(f.take_join(*token).protocol_name.as_deref(), Some("sticky"));
    }
}

#[test]
fn a_protocol_that_is_listed_twice_is_one_vote() {
    let mut f = Fixture::new();
    let id = f.new_id();
    let response = f.join(JoinGroupRequest { protocols: protocols(&["range", "range"], &["t"]), ..join(&id) });
    assert_eq!((response.error, response.protocol_name.as_deref()), (KafkaError::None, Some("range")));
}

#[test]
fn syncs_are_checked() {
    let mut f = Fixture::new();
    assert_eq!(f.sync(sync("m", 1)).error, KafkaError::UnknownMemberId);
    let (ids, generation) = f.stable(2);
    assert_eq!(f.sync(SyncGroupRequest { group_id: String::new(), ..sync("m", 1) }).error, KafkaError::InvalidGroupId);
    assert_eq!(f.sync(sync("ghost", generation)).error, KafkaError::UnknownMemberId);
    assert_eq!(f.sync(sync(&ids[1], generation - 1)).error, KafkaError::IllegalGeneration);
    let wrong_type = SyncGroupRequest { protocol_type: Some("connect".into()), ..sync(&ids[1], generation) };
    assert_eq!(f.sync(wrong_type).error, KafkaError::InconsistentGroupProtocol);
    let wrong_name = SyncGroupRequest { protocol_name: Some("sticky".into()), ..sync(&ids[1], generation) };
    assert_eq!(f.sync(wrong_name).error, KafkaError::InconsistentGroupProtocol);
    f.send_join(join(&ids[0]));
    assert_eq!(f.sync(sync(&ids[1], generation)).error, KafkaError::RebalanceInProgress);
}

#[test]
fn a_leader_that_never_syncs_is_dropped_after_the_rebalance_timeout() {
    let mut f = Fixture::new();
    let (ids, generation) = f.stable(2);
    let tokens = [
        f.send_join(JoinGroupRequest { protocols: protocols(&["range"], &["u"]), ..join(&ids[1]) }),
        f.send_join(join(&ids[0])),
    ];
    let generation = generation + 1;
    for token in tokens {
        assert_eq!(f.take_join(token).generation_id, generation);
    }
    let parked = f.send_sync(sync(&ids[1], generation));
    for _ in 0..11 {
        f.advance(5_000);
        assert_eq!(f.heartbeat(&ids[0], generation), KafkaError::None);
    }
    assert_eq!(f.take(parked), None);
    f.advance(5_000);
    assert_eq!(f.take_sync(parked).error, KafkaError::RebalanceInProgress);
    assert_eq!(f.state(), ClassicState::PreparingRebalance);
    assert_eq!(f.heartbeat(&ids[0], generation), KafkaError::UnknownMemberId);
    assert_eq!(f.join(join(&ids[1])).leader, ids[1]);
}

#[test]
fn heartbeats_are_checked_and_keep_a_member() {
    let mut f = Fixture::new();
    assert_eq!(f.heartbeat("m", 1), KafkaError::UnknownMemberId);
    let (ids, generation) = f.stable(2);
    assert_eq!(f.heartbeat("ghost", generation), KafkaError::UnknownMemberId);
    assert_eq!(f.heartbeat(&ids[0], generation + 1), KafkaError::IllegalGeneration);
    for _ in 0..5 {
        f.advance(9_000);
        assert_eq!(
            f.heartbeat(&ids[0], generation),
            if f.state() == ClassicState::Stable { KafkaError::None } else { KafkaError::RebalanceInProgress }
        );
    }
    assert_eq!(f.heartbeat(&ids[1], generation), KafkaError::UnknownMemberId, "it has said nothing for 10 seconds");
    f.advance(10_000);
    assert_eq!(f.heartbeat(&ids[0], generation), KafkaError::UnknownMemberId);
    assert_eq!(f.state(), ClassicState::Empty);
    assert_eq!(f.generation(), generation + 1, "the last that leaves ends the generation");
    let group = f.shard.state().classic_group(G).unwrap();
    assert_eq!((group.protocol_name.clone(), group.leader.clone()), (None, None));
    assert_eq!(group.protocol_type.as_deref(), Some("consumer"));
}

#[test]
fn members_leave_one_by_one_and_in_batches() {
    let mut f = Fixture::new();
    let all_unknown = f.leave(vec![leaving("a"), leaving("b")]);
    assert_eq!(all_unknown.error, KafkaError::None);
    assert!(all_unknown.members.iter().all(|m| m.error == KafkaError::UnknownMemberId));
    let (ids, _) = f.stable(3);
    let pending = f.new_id();
    let response = f.leave(vec![leaving(&ids[2]), leaving("ghost"), leaving(&pending), leaving("")]);
    let errors: Vec<KafkaError> = response.members.iter().map(|m| m.error).collect();
    assert_eq!(errors, [KafkaError::None, KafkaError::UnknownMemberId, KafkaError::None, KafkaError::UnknownMemberId]);
    assert_eq!(f.state(), ClassicState::PreparingRebalance);
    let (ids, generation) = f.rebalance(&ids[..2]);
    f.leave(vec![leaving(&ids[0]), leaving(&ids[1])]);
    assert_eq!((f.state(), f.generation()), (ClassicState::Empty, generation + 1));
}

#[test]
fn a_group_takes_no_more_members_than_it_may() {
    let mut f = Fixture::with(GroupConfig { initial_rebalance_delay_ms: 0, max_size: 2, ..GroupConfig::default() });
    let (ids, generation) = f.stable(2);
    let refused = f.join(join(""));
    assert_eq!((refused.error, refused.member_id.as_str()), (KafkaError::GroupMaxSizeReached, ""));
    assert_eq!(f.join(join(&ids[1])).generation_id, generation);

    let mut f = Fixture::with(GroupConfig { max_pending_members: 3, ..GroupConfig::default() });
    for _ in 0..3 {
        f.new_id();
    }
    assert_eq!(f.join(join("")).error, KafkaError::GroupMaxSizeReached);
    f.advance(10_000);
    f.new_id();
}

#[test]
fn a_group_that_is_over_its_size_after_a_reload_sheds_its_last_members() {
    let mut f = Fixture::new();
    let (ids, _) = f.stable(3);
    let config = GroupConfig { initial_rebalance_delay_ms: 0, max_size: 2, ..GroupConfig::default() };
    f.shard = f.replayed();
    f.shard.state_mut().set_config(config);
    let outcome = f.shard.on_loaded(f.now);
    assert!(outcome.writes.is_empty());
    assert_eq!(f.state(), ClassicState::PreparingRebalance);
    let tokens: Vec<_> = ids.iter().map(|id| f.send_join(join(id))).collect();
    assert_eq!(f.take_join(tokens[2]).error, KafkaError::GroupMaxSizeReached);
    // Kafka, too, goes on only at the rebalance timeout or at the next event.
    f.advance(60_000);
    assert_eq!(f.take_join(tokens[0]).members.len(), 2);
}

#[test]
fn static_members_come_back_without_a_rebalance() {
    let mut f = Fixture::new();
    let a = f.join(static_join("", "i-a"));
    assert!(a.member_id.starts_with("i-a-"), "{}", a.member_id);
    let tb = f.send_join(static_join("", "i-b"));
    let ta = f.send_join(static_join(&a.member_id, "i-a"));
    let (a, b) = (f.take_join(ta), f.take_join(tb));
    assert_eq!((a.generation_id, &b.leader), (2, &a.member_id));
    let waiting = f.send_sync(SyncGroupRequest { group_instance_id: Some("i-b".into()), ..sync(&b.member_id, 2) });
    let leader = SyncGroupRequest {
        assignments: assignments(&[a.member_id.clone(), b.member_id.clone()]),
        ..sync(&a.member_id, 2)
    };
    f.sync(leader);
    assert_eq!(f.take_sync(waiting).assignment, format!("for {}", b.member_id));

    // The follower restarts.
    let again = f.join(static_join("", "i-b"));
    assert_eq!((again.error, again.generation_id, again.skip_assignment), (KafkaError::None, 2, false));
    assert_ne!(again.member_id, b.member_id);
    assert_eq!(f.state(), ClassicState::Stable);
    let old = HeartbeatRequest {
        group_id: G.into(),
        generation_id: 2,
        member_id: b.member_id.clone(),
        group_instance_id: Some("i-b".into()),
    };
    assert_eq!(f.call(GroupRequest::Heartbeat(old)), GroupResponse::Heartbeat(KafkaError::FencedInstanceId));
    assert_eq!(f.sync(sync(&again.member_id, 2)).assignment, format!("for {}", b.member_id), "it keeps what it had");
    assert_eq!(f.join(static_join(&b.member_id, "i-b")).error, KafkaError::FencedInstanceId);

    // The leader restarts: a new client is told to skip the assignment, an old one that somebody else leads.
    let leader = f.join(static_join("", "i-a"));
    assert!(leader.skip_assignment);
    assert_eq!((leader.leader, leader.members.len()), (leader.member_id.clone(), 2));
    let token = f.send(at_version(8, static_join("", "i-a")));
    let old_client = f.take_join(token);
    assert_eq!((old_client.leader, old_client.skip_assignment), (leader.member_id, false));
    assert!(old_client.members.is_empty());
    assert_eq!(f.state(), ClassicState::Stable);

    // What it knows is recorded.
    assert!(f.replayed().state().classic_group(G).unwrap().members.contains_key(&*old_client.member_id));
}

#[test]
fn a_static_member_that_changes_the_protocol_or_comes_during_a_sync_rebalances() {
    let mut f = Fixture::new();
    let a = f.join(static_join("", "i-a")).member_id;
    f.sync(sync(&a, 1));
    let changed = JoinGroupRequest { protocols: protocols(&["roundrobin", "range"], &["t"]), ..static_join("", "i-a") };
    let response = f.join(changed);
    assert_eq!((response.generation_id, response.protocol_name.as_deref()), (2, Some("roundrobin")));
    assert_eq!(f.state(), ClassicState::CompletingRebalance);

    let parked = f.send_join(static_join("", "i-a"));
    assert_eq!(f.take_join(parked).generation_id, 3);
}

#[test]
fn a_parked_static_member_is_fenced_by_the_one_that_replaces_it() {
    let mut f = Fixture::with(GroupConfig::default());
    let first = f.send_join(static_join("", "i-a"));
    assert_eq!(f.take(first), None);
    let second = f.send_join(static_join("", "i-a"));
    assert_eq!(f.take_join(first).error, KafkaError::FencedInstanceId);
    f.advance(3_000);
    assert_eq!(f.take_join(second).members.len(), 1);
}

#[test]
fn static_members_outlive_the_join_phase_but_not_their_session() {
    let mut f = Fixture::new();
    let a = f.join(static_join("", "i-a")).member_id;
    f.sync(sync(&a, 1));
    let tb = f.send_join(static_join("", "i-b"));
    let ta = f.send_join(static_join(&a, "i-a"));
    let b = f.take_join(tb).member_id;
    f.take_join(ta);
    let waiting = f.send_sync(sync(&b, 2));
    f.sync(SyncGroupRequest { assignments: assignments(&[a.clone(), b.clone()]), ..sync(&a, 2) });
    f.take_sync(waiting);
    // b is away; a rebalances, and the join phase waits for b's session.
    let ta = f.send_join(JoinGroupRequest { rebalance_timeout_ms: 3_000, ..static_join(&a, "i-a") });
    f.advance(9_999);
    assert_eq!(f.take(ta), None);
    f.advance(1);
    assert_eq!(f.take_join(ta).members.len(), 1);
}

#[test]
fn an_administrator_removes_a_static_member_by_its_name() {
    let mut f = Fixture::new();
    let a = f.join(static_join("", "i-a")).member_id;
    f.sync(sync(&a, 1));
    let by = |member_id: &str, instance: &str| LeavingMember {
        member_id: member_id.into(),
        group_instance_id: Some(instance.into()),
        reason: None,
    };
    let response = f.leave(vec![by("", "nobody"), by("other", "i-a"), by("", "i-a")]);
    let errors: Vec<KafkaError> = response.members.iter().map(|m| m.error).collect();
    assert_eq!(errors, [KafkaError::UnknownMemberId, KafkaError::FencedInstanceId, KafkaError::None]);
    assert_eq!(response.members[2].member_id, "");
    assert_eq!(f.state(), ClassicState::Empty);
}

#[test]
fn a_pending_id_is_never_static() {
    let mut f = Fixture::new();
    let id = f.new_id();
    assert_eq!(f.join(static_join(&id, "i-a")).error, KafkaError::UnknownServerError);
}

#[test]
fn a_new_member_whose_join_is_parked_too_long_is_dropped() {
    let mut f = Fixture::with(GroupConfig {
        new_member_join_timeout_ms: 20_000,
        initial_rebalance_delay_ms: 0,
        ..GroupConfig::default()
    });
    let (ids, generation) = f.stable(1);
    let b = f.new_id();
    let parked = f.send_join(join(&b));
    for _ in 0..4 {
        assert_eq!(f.take(parked), None);
        f.advance(5_000);
        f.heartbeat(&ids[0], generation);
    }
    let response = f.take_join(parked);
    assert_eq!((response.error, response.member_id.as_str()), (KafkaError::UnknownMemberId, ""));
}

#[test]
fn a_join_that_is_sent_twice_is_answered_twice() {
    let mut f = Fixture::new();
    let (ids, _) = f.stable(2);
    let first = f.send_join(join(&ids[0]));
    let second = f.send_join(join(&ids[0]));
    assert_eq!(f.take_join(first).error, KafkaError::RebalanceInProgress);
    f.send_join(join(&ids[1]));
    assert_eq!(f.take_join(second).error, KafkaError::None);
}

#[test]
fn timeouts_of_nothing_do_not_spin() {
    for timeout in [0, -7, i32::MIN] {
        let hasty = |id: &str| JoinGroupRequest { rebalance_timeout_ms: timeout, ..static_join(id, "i-a") };
        let mut f = Fixture::new();
        let a = f.join(hasty("")).member_id;
        f.sync(sync(&a, 1));
        f.send_join(JoinGroupRequest { rebalance_timeout_ms: timeout, ..static_join("", "i-b") });
        f.advance(100_000);
        assert_eq!(f.state(), ClassicState::Empty);
    }
}
