//! Logs that refuse, logs that lag, and coordinators that move.

use super::fixture::*;
use crate::coordinator::group::api::*;
use crate::coordinator::group::{ClassicState, GroupConfig};
use crate::errors::KafkaError;
use bytes::Bytes;

#[test]
fn a_refused_commit_changes_nothing_and_is_told_in_kafkas_words() {
    use KafkaError as E;
    let cases = [
        (E::UnknownTopicOrPartition, E::CoordinatorNotAvailable),
        (E::NotEnoughReplicas, E::CoordinatorNotAvailable),
        (E::RequestTimedOut, E::CoordinatorNotAvailable),
        (E::NotLeaderOrFollower, E::NotCoordinator),
        (E::KafkaStorageError, E::NotCoordinator),
        (E::MessageTooLarge, E::UnknownServerError),
        (E::RecordListTooLarge, E::UnknownServerError),
        (E::InvalidFetchSize, E::UnknownServerError),
        (E::CorruptMessage, E::CorruptMessage),
    ];
    for (refusal, told) in cases {
        let mut f = Fixture::new();
        f.commit_offset(commit("t", 1));
        f.refuse = Some(refusal);
        assert_eq!(f.commit_offset(commit("t", 2)), told);
        assert_eq!(f.committed("t"), 1);
        f.refuse = None;
        assert_eq!(f.commit_offset(commit("t", 3)), E::None);
        assert_eq!(f.committed("t"), 3);
    }
}

#[test]
fn a_group_whose_first_record_is_refused_is_not_there() {
    let mut f = Fixture::new();
    f.refuse = Some(KafkaError::NotEnoughReplicas);
    let response = f.join(join(""));
    assert_eq!(response.error, KafkaError::MemberIdRequired);
    assert!(f.shard.state().classic_group(G).is_none());
    assert_eq!(f.join(static_join("", "i")).error, KafkaError::CoordinatorNotAvailable);
    assert!(f.shard.state().classic_group(G).is_none());
    assert_eq!(f.commit_offset(commit("t", 1)), KafkaError::CoordinatorNotAvailable);
    assert!(f.shard.state().classic_group(G).is_none());
    f.refuse = None;
    assert_eq!(f.join(join(&response.member_id)).error, KafkaError::UnknownMemberId);
    f.stable(1);
}

#[test]
fn a_refused_assignment_fails_the_sync_and_rebalances() {
    let mut f = Fixture::new();
    let (ids, generation) = f.stable(2);
    let tokens = [
        f.send_join(JoinGroupRequest { protocols: protocols(&["range"], &["u"]), ..join(&ids[1]) }),
        f.send_join(join(&ids[0])),
    ];
    for token in tokens {
        f.take_join(token);
    }
    let generation = generation + 1;
    let parked = f.send_sync(sync(&ids[1], generation));
    f.refuse = Some(KafkaError::NotEnoughReplicas);
    assert_eq!(f.sync(sync(&ids[0], generation)).error, KafkaError::CoordinatorNotAvailable);
    let response = f.take_sync(parked);
    assert_eq!((response.error, response.assignment), (KafkaError::CoordinatorNotAvailable, Bytes::new()));
    assert_eq!(f.state(), ClassicState::PreparingRebalance);
    f.refuse = None;
    let (_, next) = f.rebalance(&ids);
    assert_eq!(next, generation + 1);
}

#[test]
fn a_refused_static_member_leaves_the_old_one_in_place() {
    let mut f = Fixture::new();
    let a = f.join(static_join("", "i")).member_id;
    f.sync(sync(&a, 1));
    f.refuse = Some(KafkaError::KafkaStorageError);
    let response = f.join(JoinGroupRequest { session_timeout_ms: 20_000, ..static_join("", "i") });
    assert_eq!(
        (response.error, response.member_id.as_str(), response.leader.as_str()),
        (KafkaError::NotCoordinator, "", a.as_str())
    );
    f.refuse = None;
    let old = HeartbeatRequest {
        group_id: G.into(),
        generation_id: 1,
        member_id: a.clone(),
        group_instance_id: Some("i".into()),
    };
    assert_eq!(f.call(GroupRequest::Heartbeat(old)), GroupResponse::Heartbeat(KafkaError::None));
    let group = f.shard.state().classic_group(G).unwrap();
    assert_eq!((group.members.len(), group.members[&*a].session_timeout_ms), (1, 10_000));
    assert!(group.is_leader(&a));
    assert_eq!(f.join(static_join("", "i")).error, KafkaError::None);
}

#[test]
fn a_group_that_becomes_empty_does_so_even_if_the_log_refuses() {
    let mut f = Fixture::new();
    let (ids, generation) = f.stable(1);
    f.refuse = Some(KafkaError::NotEnoughReplicas);
    assert_eq!(f.leave(vec![leaving(&ids[0])]).error, KafkaError::CoordinatorNotAvailable);
    assert_eq!((f.state(), f.generation()), (ClassicState::Empty, generation + 1));
    f.refuse = None;
    f.fail_over();
    assert_eq!((f.state(), f.generation()), (ClassicState::Stable, generation), "as the log knows it");
    f.advance(10_000);
    assert_eq!(f.state(), ClassicState::Empty);
}

#[test]
fn answers_and_reads_wait_for_the_high_watermark() {
    let mut f = Fixture::new();
    f.commit_offset(commit("t", 1));
    f.commits_at_once = false;
    let first = f.send(GroupRequest::OffsetCommit(version(10), commit("t", 2)));
    let second = f.send(GroupRequest::OffsetCommit(version(10), commit("t", 3)));
    let stable =
        f.send(GroupRequest::OffsetFetchStable(OffsetFetchRequest { group_id: G.into(), ..Default::default() }));
    assert!(f.take_all().is_empty());
    assert_eq!(f.committed("t"), 1);
    f.commit_to(2);
    assert_eq!(f.take_commit(first), KafkaError::None);
    assert_eq!(f.committed("t"), 2);
    assert!(f.take_all().is_empty());
    f.commit_to(3);
    assert_eq!(f.take_commit(second), KafkaError::None);
    match f.take(stable) {
        Some(GroupResponse::OffsetFetch(response)) => assert_eq!(response.topics[0].partitions[0].offset, 3),
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_new_group_is_seen_when_it_is_committed_and_a_deleted_one_until_then() {
    let mut f = Fixture::new();
    f.commits_at_once = false;
    let commit_token = f.send(GroupRequest::OffsetCommit(version(10), commit("t", 2)));
    assert!(f.shard.state().list_groups(&[], &[]).is_empty());
    assert_eq!(f.shard.state().describe_group(G, 5).group_state, "Dead");
    f.commit();
    f.take_commit(commit_token);
    assert_eq!(f.shard.state().describe_group(G, 5).group_state, "Empty");
    let token = f.send(GroupRequest::DeleteGroups(vec![G.into()]));
    assert_eq!(f.shard.state().list_groups(&[], &[]).len(), 1);
    assert_eq!(f.committed("t"), 2);
    f.commit();
    assert!(f.take(token).is_some());
    assert!(f.shard.state().list_groups(&[], &[]).is_empty());
    assert_eq!(f.committed("t"), -1);

    f.send_join(join(""));
    assert!(f.shard.state().list_groups(&[], &[]).is_empty());
    f.commit();
    assert_eq!(f.shard.state().list_groups(&[], &[]).len(), 1);
}

#[test]
fn a_write_that_is_not_committed_in_time_fails_and_may_still_count() {
    let mut f = Fixture::new();
    f.commit_offset(commit("t", 1));
    f.commits_at_once = false;
    let late = f.send(GroupRequest::OffsetCommit(version(10), commit("t", 2)));
    f.advance(4_999);
    assert_eq!(f.take(late), None);
    f.advance(1);
    assert_eq!(f.take_commit(late), KafkaError::CoordinatorNotAvailable);
    assert_eq!(f.committed("t"), 1);
    let fetch =
        f.send(GroupRequest::OffsetFetchStable(OffsetFetchRequest { group_id: G.into(), ..Default::default() }));
    f.advance(5_000);
    match f.take(fetch) {
        Some(GroupResponse::OffsetFetch(response)) => {
            assert_eq!(response.error, KafkaError::NotCoordinator, "old consumers retry this one")
        }
        other => panic!("{other:?}"),
    }
    f.commit();
    assert_eq!(f.committed("t"), 2);
}

#[test]
fn an_assignment_that_is_not_committed_in_time_rebalances() {
    let mut f = Fixture::new();
    let id = f.new_id();
    let generation = f.join(join(&id)).generation_id;
    f.commits_at_once = false;
    let token = f.send_sync(sync(&id, generation));
    assert_eq!(f.state(), ClassicState::CompletingRebalance);
    f.advance(5_000);
    assert_eq!(f.take_sync(token).error, KafkaError::CoordinatorNotAvailable);
    assert_eq!(f.state(), ClassicState::PreparingRebalance);
    f.commit();
    assert_eq!(f.state(), ClassicState::PreparingRebalance, "a late commit changes nothing");
}

#[test]
fn a_rebalance_during_the_write_of_an_assignment_wins() {
    let mut f = Fixture::new();
    let id = f.new_id();
    let generation = f.join(join(&id)).generation_id;
    let other = f.new_id();
    f.commits_at_once = false;
    let token =
        f.send_sync(SyncGroupRequest { assignments: assignments(std::slice::from_ref(&id)), ..sync(&id, generation) });
    f.send_join(join(&other));
    assert_eq!(f.take_sync(token).error, KafkaError::RebalanceInProgress);
    f.commit();
    assert_eq!(f.state(), ClassicState::PreparingRebalance);
    assert!(f.shard.state().classic_group(G).unwrap().members[&*id].assignment.is_empty());
}

#[test]
fn everything_that_is_parked_is_answered_when_the_coordinator_moves() {
    let mut f = Fixture::new();
    let (ids, generation) = f.stable(2);
    f.commits_at_once = false;
    let commit = f.send(GroupRequest::OffsetCommit(version(10), commit_as(&ids[0], generation, "t", 1)));
    let heartbeat = f.send(GroupRequest::Heartbeat(HeartbeatRequest {
        group_id: G.into(),
        generation_id: generation,
        member_id: ids[0].clone(),
        ..Default::default()
    }));
    let joining = f.send_join(join(&ids[0]));
    f.fail_over();
    assert_eq!(f.take_commit(commit), KafkaError::NotCoordinator);
    assert_eq!(f.take(heartbeat), Some(GroupResponse::Heartbeat(KafkaError::NotCoordinator)));
    assert_eq!(f.take_join(joining).error, KafkaError::NotCoordinator);
    assert!(f.take_all().is_empty());

    let mut f = Fixture::with(GroupConfig { initial_rebalance_delay_ms: 0, ..GroupConfig::default() });
    let (a, b) = (f.new_id(), f.new_id());
    let first = f.send_join(join(&a));
    f.take_join(first);
    let (tb, ta) = (f.send_join(join(&b)), f.send_join(join(&a)));
    f.take_join(ta);
    f.take_join(tb);
    let parked = f.send_sync(sync(&b, 2));
    f.fail_over();
    assert_eq!(f.take_sync(parked).error, KafkaError::NotCoordinator);
}

#[test]
fn a_name_that_a_record_cannot_hold_is_an_error_not_a_loss() {
    let mut f = Fixture::new();
    f.commit_offset(commit("t", 1));
    let long = OffsetCommitRequest { group_id: "g".repeat(40_000), ..commit("t", 1) };
    assert_eq!(f.commit_offset(long), KafkaError::UnknownServerError);
    assert_eq!(f.log.len(), 1);
}
