//! Committing, fetching, deleting and expiring offsets.

use super::fixture::*;
use crate::coordinator::group::api::*;
use crate::coordinator::group::offsets::{OffsetAndMetadata, View};
use crate::coordinator::group::records::{CoordinatorRecord, offset_commit};
use crate::coordinator::group::{ClassicState, GroupConfig};
use crate::coordinator::runtime::TransactionResult;
use crate::errors::KafkaError;
use ottla_base::ids::{Uuid, ZERO_UUID};
use ottla_record::generated::group::{
    CoordinatorRecordKey, CoordinatorRecordValue, LegacyOffsetCommitKey, LegacyOffsetCommitValue,
};

const DAY_MS: u64 = 24 * 60 * 60 * 1_000;

fn fetch(f: &Fixture, topics: Option<Vec<OffsetFetchTopic>>) -> OffsetFetchResponse {
    f.shard.state().offset_fetch(&OffsetFetchRequest {
        group_id: G.into(),
        topics,
        member_epoch: -1,
        ..Default::default()
    })
}

fn of(name: &str, partitions: &[i32]) -> OffsetFetchTopic {
    OffsetFetchTopic { name: name.into(), partitions: partitions.to_vec(), ..Default::default() }
}

#[test]
fn a_commit_from_outside_makes_a_simple_group() {
    let mut f = Fixture::new();
    assert_eq!(f.commit_offset(commit("t", 7)), KafkaError::None);
    let group = f.shard.state().classic_group(G).unwrap();
    assert!(group.is_simple());
    let response = fetch(&f, Some(vec![of("t", &[0, 1]), of("u", &[0])]));
    let expected =
        FetchedOffset { partition: 0, offset: 7, leader_epoch: 5, metadata: "m".into(), error: KafkaError::None };
    let nothing = |partition| FetchedOffset {
        partition,
        offset: -1,
        leader_epoch: -1,
        metadata: String::new(),
        error: KafkaError::None,
    };
    assert_eq!(response.topics[0].partitions, [expected.clone(), nothing(1)]);
    assert_eq!(response.topics[1].partitions, [nothing(0)]);
    let all = fetch(&f, None);
    assert_eq!(all.topics.len(), 1);
    assert_eq!(all.topics[0].partitions, [expected]);
    assert_eq!(f.shard.state().list_groups(&[], &[])[0].protocol_type, "");
}

#[test]
fn an_unknown_group_has_no_offsets_and_that_is_no_error() {
    let f = Fixture::new();
    assert_eq!(fetch(&f, Some(vec![of("t", &[3])])).topics[0].partitions[0].offset, -1);
    assert_eq!(
        fetch(&f, None),
        OffsetFetchResponse { group_id: G.into(), error: KafkaError::None, topics: Vec::new() }
    );
}

#[test]
fn commits_are_checked_against_the_group() {
    let mut f = Fixture::new();
    let with = |f: &mut Fixture, api_version: i16, request: OffsetCommitRequest| {
        let token = f.send(GroupRequest::OffsetCommit(version(api_version), request));
        f.take_commit(token)
    };
    assert_eq!(with(&mut f, 8, commit_as("m", 1, "t", 1)), KafkaError::IllegalGeneration);
    assert_eq!(with(&mut f, 9, commit_as("m", 1, "t", 1)), KafkaError::GroupIdNotFound);
    assert!(f.log.is_empty());

    let (ids, generation) = f.stable(2);
    assert_eq!(f.commit_offset(commit("t", 1)), KafkaError::UnknownMemberId, "the group has members");
    assert_eq!(f.commit_offset(commit_as("ghost", generation, "t", 1)), KafkaError::UnknownMemberId);
    assert_eq!(f.commit_offset(commit_as(&ids[0], generation - 1, "t", 1)), KafkaError::IllegalGeneration);
    assert_eq!(f.commit_offset(commit_as(&ids[0], generation, "t", 1)), KafkaError::None);
    let fenced = OffsetCommitRequest { group_instance_id: Some("i".into()), ..commit_as(&ids[0], generation, "t", 1) };
    assert_eq!(f.commit_offset(fenced), KafkaError::UnknownMemberId);

    let follower = f.send_join(JoinGroupRequest { protocols: protocols(&["range"], &["u"]), ..join(&ids[1]) });
    assert_eq!(f.commit_offset(commit_as(&ids[0], generation, "t", 2)), KafkaError::None, "before it rejoins");
    f.send_join(join(&ids[0]));
    f.take(follower);
    assert_eq!(f.state(), ClassicState::CompletingRebalance);
    assert_eq!(f.commit_offset(commit_as(&ids[0], generation + 1, "t", 3)), KafkaError::RebalanceInProgress);
    assert_eq!(f.committed("t"), 2);

    f.leave(ids.iter().map(|id| leaving(id)).collect());
    assert_eq!(f.commit_offset(commit_as(&ids[0], generation + 2, "t", 4)), KafkaError::UnknownMemberId);
    assert_eq!(f.commit_offset(commit("t", 4)), KafkaError::None, "an administrator may, when it is empty");
}

#[test]
fn a_commit_keeps_its_member_alive() {
    let mut f = Fixture::new();
    let (ids, generation) = f.stable(1);
    for offset in 0..5 {
        f.advance(9_999);
        assert_eq!(f.commit_offset(commit_as(&ids[0], generation, "t", offset)), KafkaError::None);
    }
    assert_eq!(f.state(), ClassicState::Stable);
}

#[test]
fn metadata_that_is_too_large_fails_its_partition_only() {
    let mut f = Fixture::new();
    let mut request = commit("t", 1);
    let text = |n: usize| Some("x".repeat(n));
    // Four-byte characters are two units each in Java.
    let emoji = Some("😀".repeat(2_048));
    let partition = |partition, metadata| OffsetCommitPartition { partition, offset: 1, leader_epoch: -1, metadata };
    request.topics[0].partitions =
        vec![partition(0, text(4_097)), partition(1, text(4_096)), partition(2, None), partition(3, emoji)];
    let token = f.send(GroupRequest::OffsetCommit(version(9), request));
    let Some(GroupResponse::OffsetCommit(response)) = f.take(token) else { panic!() };
    let errors: Vec<KafkaError> = response.topics[0].partitions.iter().map(|(_, error)| *error).collect();
    assert_eq!(errors, [KafkaError::OffsetMetadataTooLarge, KafkaError::None, KafkaError::None, KafkaError::None]);
    assert_eq!(f.log.len(), 3);
}

#[test]
fn an_offset_of_a_deleted_namesake_is_not_found_by_topic_id() {
    let mut f = Fixture::new();
    let (old, new) = (Uuid::from_u128(10), Uuid::from_u128(11));
    let mut request = commit("t", 1);
    request.topics[0].topic_id = old;
    f.commit_offset(request);
    let offset =
        |id| fetch(&f, Some(vec![OffsetFetchTopic { topic_id: id, ..of("t", &[0]) }])).topics[0].partitions[0].offset;
    assert_eq!((offset(old), offset(new), offset(ZERO_UUID)), (1, -1, 1));
}

#[test]
fn values_have_the_versions_of_kafka_4_3() {
    let mut f = Fixture::new();
    f.commit_offset(commit("t", 1));
    let mut request = OffsetCommitRequest { retention_time_ms: 1_000, ..commit("u", 2) };
    request.topics[0].topic_id = Uuid::from_u128(9);
    f.commit_offset(request);
    f.stable(1);
    let versions: Vec<(i16, i16)> =
        f.records().iter().map(|r| (r.key.record_type(), r.value.as_ref().unwrap().1)).collect();
    assert_eq!(versions, [(1, 4), (1, 1), (2, 3)]);
    assert_eq!(
        f.replayed().state().offsets().latest(G, "u", 0).unwrap().expire_timestamp_ms,
        Some(f.now.wall_ms + 1_000)
    );
}

#[test]
fn offsets_are_deleted_unless_the_group_consumes_the_topic() {
    let delete = |f: &mut Fixture, topic: &str| {
        let request = OffsetDeleteRequest { group_id: G.into(), topics: vec![(topic.into(), vec![0, 1])] };
        match f.call(GroupRequest::OffsetDelete(request)) {
            GroupResponse::OffsetDelete(response) => (response.error, response.topics.first().map(|t| t.1[0].1)),
            other => panic!("{other:?}"),
        }
    };
    let mut f = Fixture::new();
    assert_eq!(delete(&mut f, "t"), (KafkaError::GroupIdNotFound, None));
    f.commit_offset(commit("t", 1));
    f.commit_offset(commit("u", 2));
    let (ids, _) = f.stable(1);
    assert_eq!(delete(&mut f, "t"), (KafkaError::None, Some(KafkaError::GroupSubscribedToTopic)));
    assert_eq!(delete(&mut f, "u"), (KafkaError::None, Some(KafkaError::None)));
    assert_eq!((f.committed("t"), f.committed("u")), (1, -1));
    f.leave(vec![leaving(&ids[0])]);
    let before = f.log.len();
    assert_eq!(delete(&mut f, "t"), (KafkaError::None, Some(KafkaError::None)));
    assert_eq!(f.log.len(), before + 1, "one tombstone: partition 1 has no offset");

    let mut f = Fixture::new();
    f.commit_offset(commit("t", 1));
    let id = f.new_id();
    let joined = f.join(JoinGroupRequest { protocol_type: "connect".into(), ..join(&id) });
    assert_eq!(joined.error, KafkaError::None);
    assert_eq!(delete(&mut f, "t"), (KafkaError::NonEmptyGroup, None), "its topics are not known");
}

#[test]
fn empty_groups_are_deleted_with_their_offsets() {
    let mut f = Fixture::new();
    f.commit_offset(commit("t", 1));
    let (ids, _) = f.stable(1);
    let delete = |f: &mut Fixture, ids: &[&str]| match f
        .call(GroupRequest::DeleteGroups(ids.iter().map(|s| (*s).into()).collect()))
    {
        GroupResponse::DeleteGroups(results) => results.into_iter().map(|(_, error)| error).collect::<Vec<_>>(),
        other => panic!("{other:?}"),
    };
    assert_eq!(
        delete(&mut f, &[G, "nobody", ""]),
        [KafkaError::NonEmptyGroup, KafkaError::GroupIdNotFound, KafkaError::GroupIdNotFound]
    );
    f.leave(vec![leaving(&ids[0])]);
    assert_eq!(delete(&mut f, &[G, G]), [KafkaError::None]);
    assert_eq!(f.committed("t"), -1);
    assert!(f.shard.state().list_groups(&[], &[]).is_empty());
    assert!(f.replayed().state().list_groups(&[], &[]).is_empty());
    f.commit_offset(commit("t", 3));
    assert_eq!(f.committed("t"), 3, "the name may be used again");
}

#[test]
fn offsets_go_with_their_topic() {
    let mut f = Fixture::new();
    let (id, other) = (Uuid::from_u128(10), Uuid::from_u128(11));
    for (topic, topic_id) in [("by-id", id), ("no-id", ZERO_UUID), ("newer", other), ("kept", id)] {
        let mut request = commit(topic, 1);
        request.topics[0].topic_id = topic_id;
        f.commit_offset(request);
    }
    let deleted = ["by-id", "no-id", "newer"].map(|name| DeletedTopic { name: name.into(), topic_id: id });
    assert_eq!(f.call(GroupRequest::TopicsDeleted(deleted.to_vec())), GroupResponse::TopicsDeleted(KafkaError::None));
    let left = ["by-id", "no-id", "newer", "kept"].map(|topic| f.committed(topic));
    assert_eq!(left, [-1, -1, 1, 1]);
}

#[test]
fn offsets_of_a_simple_group_expire_after_their_commit() {
    let mut f = Fixture::new();
    f.commit_offset(commit("t", 1));
    f.advance(6 * DAY_MS);
    f.commit_offset(commit("u", 2));
    f.advance(DAY_MS + 600_000);
    assert_eq!((f.committed("t"), f.committed("u")), (-1, 2));
    f.advance(6 * DAY_MS);
    assert!(f.shard.state().list_groups(&[], &[]).is_empty(), "nothing is left of it");
    assert!(f.replayed().state().list_groups(&[], &[]).is_empty());
}

#[test]
fn offsets_of_a_group_expire_after_it_has_become_empty() {
    let mut f = Fixture::new();
    let (ids, mut generation) = f.stable(1);
    f.commit_offset(commit_as(&ids[0], generation, "t", 1));
    f.commit_offset(commit_as(&ids[0], generation, "unsubscribed", 2));
    for _ in 0..8 * 24 {
        for _ in 0..400 {
            f.advance(9_000);
            f.heartbeat(&ids[0], generation);
        }
    }
    assert_eq!(f.committed("t"), 1, "a member consumes it");
    assert_eq!(f.committed("unsubscribed"), -1, "nobody consumes it");
    f.leave(vec![leaving(&ids[0])]);
    generation += 1;
    assert_eq!(f.generation(), generation);
    f.fail_over();
    f.advance(7 * DAY_MS - 1);
    assert_eq!(f.committed("t"), 1);
    f.advance(600_001);
    assert_eq!(f.committed("t"), -1);
    assert!(f.shard.state().classic_group(G).is_none());
}

#[test]
fn nothing_expires_while_a_group_rebalances_or_cannot_be_read() {
    // A plain group with a malformed subscription works, but which topics it consumes is not known.
    let mut f = Fixture::with(GroupConfig {
        initial_rebalance_delay_ms: 0,
        offsets_retention_ms: 1_000,
        ..GroupConfig::default()
    });
    let id = f.new_id();
    let broken = vec![JoinGroupProtocol { name: "range".into(), metadata: vec![0, 1, 0xff, 0xff, 0xff].into() }];
    let joined = f.join(JoinGroupRequest { protocols: broken.clone(), session_timeout_ms: 1_800_000, ..join(&id) });
    assert_eq!(joined.error, KafkaError::None);
    f.sync(sync(&id, 1));
    f.commit_offset(commit_as(&id, 1, "t", 1));
    f.advance(700_000);
    assert_eq!(f.committed("t"), 1);
    let b = f.new_id();
    f.send_join(JoinGroupRequest { session_timeout_ms: 1_800_000, rebalance_timeout_ms: 1_800_000, ..join(&b) });
    f.send_join(JoinGroupRequest {
        protocols: broken,
        rebalance_timeout_ms: 1_800_000,
        session_timeout_ms: 1_800_000,
        ..join(&id)
    });
    let c = f.new_id();
    f.send_join(JoinGroupRequest { session_timeout_ms: 1_800_000, rebalance_timeout_ms: 1_800_000, ..join(&c) });
    assert_eq!(f.state(), ClassicState::PreparingRebalance);
    f.advance(700_000);
    assert_eq!(f.committed("t"), 1);
}

#[test]
fn a_retention_of_the_request_decides_and_minus_one_is_none() {
    let mut f = Fixture::new();
    f.commit_offset(OffsetCommitRequest { retention_time_ms: 1_000, ..commit("short", 1) });
    f.commit_offset(OffsetCommitRequest { retention_time_ms: 30 * DAY_MS as i64, ..commit("long", 2) });
    f.commit_offset(commit("default", 3));
    f.fail_over();
    f.advance(600_000);
    assert_eq!(["short", "long", "default"].map(|t| f.committed(t)), [-1, 2, 3]);
    f.advance(8 * DAY_MS);
    assert_eq!(["short", "long", "default"].map(|t| f.committed(t)), [-1, 2, -1]);
}

#[test]
fn a_step_of_the_wall_clock_by_a_day_expires_nothing() {
    let mut f = Fixture::new();
    let (ids, generation) = f.stable(1);
    f.commit_offset(commit_as(&ids[0], generation, "t", 1));
    for step in [DAY_MS as i64, -2 * DAY_MS as i64] {
        f.now.wall_ms += step;
        for _ in 0..100 {
            f.advance(9_000);
            assert_eq!(f.heartbeat(&ids[0], generation), KafkaError::None);
        }
        assert_eq!(f.committed("t"), 1);
    }
}

#[test]
fn a_clean_up_does_not_take_a_group_from_under_an_id_that_was_handed_out() {
    let mut f = Fixture::new();
    f.advance(599_000);
    let id = f.new_id();
    f.advance(5_000);
    assert_eq!(f.join(join(&id)).error, KafkaError::None);
}

#[test]
fn a_large_clean_up_is_several_writes() {
    let mut f = Fixture::new();
    let partitions = (0..6_000)
        .map(|partition| OffsetCommitPartition { partition, offset: 1, leader_epoch: -1, metadata: None })
        .collect();
    let mut request = commit("t", 1);
    request.topics[0].name = "t".repeat(200);
    request.topics[0].partitions = partitions;
    f.commit_offset(request);
    let token = crate::coordinator::runtime::RequestToken(u64::MAX);
    let deleted = DeletedTopic { name: "t".repeat(200), topic_id: ZERO_UUID };
    let outcome = f.shard.handle(token, GroupRequest::TopicsDeleted(vec![deleted]), f.now);
    assert!(outcome.writes.len() > 3, "{}", outcome.writes.len());
    assert_eq!(outcome.writes.iter().map(|write| write.len).sum::<usize>(), 6_000);
}

fn transactional(topic: &str, offset: i64) -> CoordinatorRecord {
    let value = OffsetAndMetadata {
        offset,
        leader_epoch: -1,
        metadata: "".into(),
        commit_timestamp_ms: 5,
        expire_timestamp_ms: None,
        topic_id: ZERO_UUID,
        record_offset: -1,
    };
    offset_commit(G, topic, 0, &value)
}

#[test]
fn offsets_of_a_transaction_count_when_it_commits() {
    let mut f = Fixture::new();
    f.commit_offset(commit("t", 1));
    f.shard.replay(1, 42, transactional("t", 5), f.now);
    f.shard.replay(2, 43, transactional("t", 9), f.now);
    f.commit_to(3);
    assert_eq!(f.committed("t"), 1);
    let stable = OffsetFetchRequest {
        group_id: G.into(),
        topics: Some(vec![of("t", &[0, 1])]),
        member_epoch: -1,
        ..Default::default()
    };
    let fetch_stable = |f: &mut Fixture| match f.call(GroupRequest::OffsetFetchStable(stable.clone())) {
        GroupResponse::OffsetFetch(response) => {
            response.topics[0].partitions.iter().map(|p| (p.offset, p.error)).collect::<Vec<_>>()
        }
        other => panic!("{other:?}"),
    };
    let unstable = (-1, KafkaError::UnstableOffsetCommit);
    assert_eq!(fetch_stable(&mut f), [unstable, (-1, KafkaError::None)]);
    f.shard.replay_end_transaction_marker(3, 43, TransactionResult::Abort);
    f.commit_to(4);
    assert_eq!(fetch_stable(&mut f)[0], unstable, "the other producer's is still open");
    f.shard.replay_end_transaction_marker(4, 42, TransactionResult::Commit);
    assert_eq!(f.committed("t"), 1, "the marker is not committed yet");
    f.commit_to(5);
    assert_eq!(f.committed("t"), 5);
    assert_eq!(fetch_stable(&mut f)[0], (5, KafkaError::None));
}

#[test]
fn what_was_committed_past_a_transaction_stays() {
    let mut f = Fixture::new();
    f.shard.replay(0, 42, transactional("t", 5), f.now);
    f.shard.replay(1, -1, transactional("t", 6), f.now);
    f.shard.replay_end_transaction_marker(2, 42, TransactionResult::Commit);
    f.commit_to(3);
    assert_eq!(f.committed("t"), 6);
    // A tombstone ends what is open, too.
    f.shard.replay(3, 42, transactional("t", 7), f.now);
    f.shard.replay(4, -1, CoordinatorRecord { value: None, ..transactional("t", 0) }, f.now);
    f.shard.replay_end_transaction_marker(5, 42, TransactionResult::Commit);
    f.commit_to(6);
    assert_eq!(f.committed("t"), -1);
    assert_eq!(f.shard.state().offsets().of_group(G, View::Latest).count(), 0);
}

#[test]
fn a_group_with_open_transactions_is_deleted_with_them_and_does_not_expire() {
    let mut f = Fixture::new();
    f.shard.replay(0, 42, transactional("t", 5), f.now);
    f.log.push(transactional("t", 5).encode().unwrap());
    f.commit_to(1);
    f.advance(30 * DAY_MS);
    assert!(f.shard.state().classic_group(G).is_some());
    f.call(GroupRequest::DeleteGroups(vec![G.into()]));
    f.shard.replay_end_transaction_marker(f.log.len() as i64, 42, TransactionResult::Commit);
    assert_eq!(f.shard.state().offsets().of_group(G, View::Latest).count(), 0);
}

#[test]
fn offsets_of_the_oldest_record_type_are_read() {
    let mut f = Fixture::new();
    let key = LegacyOffsetCommitKey { group: G.into(), topic: "t".into(), partition: 0 };
    let value = LegacyOffsetCommitValue { offset: 3, metadata: "old".into(), commit_timestamp: 9 };
    let record = CoordinatorRecord {
        key: CoordinatorRecordKey::LegacyOffsetCommit(key.clone()),
        value: Some((CoordinatorRecordValue::LegacyOffsetCommit(value), 0)),
    };
    f.shard.replay(0, -1, record, f.now);
    f.commit_to(1);
    assert_eq!(f.committed("t"), 3);
    f.shard.replay(1, -1, CoordinatorRecord { key: CoordinatorRecordKey::LegacyOffsetCommit(key), value: None }, f.now);
    f.commit_to(2);
    assert_eq!(f.committed("t"), -1);
}
