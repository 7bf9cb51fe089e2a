//! ListGroups, DescribeGroups, and what is read from logs that others wrote.

use super::fixture::*;
use crate::coordinator::group::api::*;
use crate::coordinator::group::records::CoordinatorRecord;
use crate::coordinator::group::{ClassicState, GroupConfig, replay_encoded};
use crate::errors::KafkaError;
use bytes::Bytes;
use ottla_record::generated::group::{
    ConsumerGroupMetadataKey, ConsumerGroupMetadataValue, GroupMetadataKey, GroupMetadataValue, MemberMetadata,
    ShareGroupMetadataKey, ShareGroupMetadataValue,
};

#[test]
fn groups_are_listed_by_state_and_type() {
    let mut f = Fixture::with(GroupConfig { initial_rebalance_delay_ms: 0, ..GroupConfig::default() });
    f.stable(1);
    f.commit_offset(OffsetCommitRequest { group_id: "simple".into(), ..commit("t", 1) });
    let list = |states: &[&str], types: &[&str]| -> Vec<String> {
        let own = |s: &[&str]| s.iter().map(|s| (*s).to_owned()).collect::<Vec<_>>();
        f.shard.state().list_groups(&own(states), &own(types)).into_iter().map(|g| g.group_id).collect()
    };
    assert_eq!(list(&[], &[]), ["g", "simple"]);
    assert_eq!(list(&["stable"], &[]), ["g"]);
    assert_eq!(list(&["EMPTY ", "Dead"], &[]), ["simple"]);
    assert_eq!(list(&["Empty", "Stable"], &["Classic"]), ["g", "simple"]);
    assert!(list(&[], &["consumer"]).is_empty());
    assert!(list(&[], &["nonsense"]).is_empty());
    let listed = &f.shard.state().list_groups(&[], &[])[0];
    assert_eq!(
        (listed.protocol_type.as_str(), listed.group_state, listed.group_type),
        ("consumer", "Stable", "classic")
    );
}

#[test]
fn a_stable_group_is_described_with_metadata_and_others_without() {
    let mut f = Fixture::new();
    let (ids, _) = f.stable(1);
    let described = f.shard.state().describe_group(G, 6);
    assert_eq!((described.group_state, described.protocol_data.as_str()), ("Stable", "range"));
    let expected = DescribedMember {
        member_id: ids[0].clone(),
        group_instance_id: None,
        client_id: "client".into(),
        client_host: "/127.0.0.1".into(),
        metadata: subscription(&["t"]),
        assignment: Bytes::from(format!("for {}", ids[0])),
    };
    assert_eq!(described.members, [expected]);
    f.new_id();
    f.send_join(join(&ids[0]));
    let described = f.shard.state().describe_group(G, 6);
    assert_eq!((described.group_state, described.protocol_data.as_str()), ("PreparingRebalance", ""));
    assert_eq!(described.protocol_type, "consumer");
    assert!(described.members[0].metadata.is_empty());
}

#[test]
fn a_missing_group_is_dead_and_from_version_6_on_an_error() {
    let f = Fixture::new();
    let old = f.shard.state().describe_group("x", 5);
    assert_eq!((old.error, old.group_state, old.error_message), (KafkaError::None, "Dead", None));
    let new = f.shard.state().describe_group("x", 6);
    assert_eq!((new.error, new.group_state), (KafkaError::GroupIdNotFound, "Dead"));
    assert_eq!(new.error_message.as_deref(), Some("Group x not found."));
}

#[test]
fn a_group_of_another_type_is_listed_and_left_alone() {
    let mut f = Fixture::new();
    let consumer = CoordinatorRecord {
        key: ConsumerGroupMetadataKey { group_id: G.into() }.into(),
        value: Some((ConsumerGroupMetadataValue { epoch: 3, ..Default::default() }.into(), 0)),
    };
    let share = CoordinatorRecord {
        key: ShareGroupMetadataKey { group_id: "s".into() }.into(),
        value: Some((ShareGroupMetadataValue { epoch: 1, ..Default::default() }.into(), 0)),
    };
    for record in [&consumer, &share] {
        f.shard.replay(f.log.len() as i64, -1, record.clone(), f.now);
        f.log.push(record.encode().unwrap());
    }
    f.commit();
    let listed: Vec<_> =
        f.shard.state().list_groups(&[], &[]).into_iter().map(|g| (g.group_id, g.group_type)).collect();
    assert_eq!(listed, [("g".to_owned(), "consumer"), ("s".to_owned(), "share")]);
    let written = f.log.len();
    assert_eq!(f.join(join("")).error, KafkaError::InconsistentGroupProtocol);
    assert_eq!(f.heartbeat("m", 1), KafkaError::UnknownMemberId);
    assert_eq!(f.sync(sync("m", 1)).error, KafkaError::UnknownMemberId);
    assert_eq!(f.shard.state().describe_group(G, 6).error_message.as_deref(), Some("Group g is not a classic group."));
    let results = f.call(GroupRequest::DeleteGroups(vec![G.into()]));
    assert_eq!(results, GroupResponse::DeleteGroups(vec![(G.into(), KafkaError::UnsupportedVersion)]));
    f.advance(30 * 24 * 3_600_000);
    assert_eq!(f.log.len(), written);
    // An administrator may set its offsets.
    assert_eq!(f.commit_offset(commit("t", 4)), KafkaError::None);
    assert_eq!(f.committed("t"), 4);
    let end = CoordinatorRecord { value: None, ..consumer };
    f.shard.replay(f.log.len() as i64, -1, end.clone(), f.now);
    f.log.push(end.encode().unwrap());
    f.commit();
    assert_eq!(f.shard.state().list_groups(&[], &[]).len(), 1);
}

#[test]
fn records_of_unknown_types_are_skipped_and_broken_ones_fail_the_load() {
    let mut f = Fixture::new();
    let now = f.now;
    replay_encoded(&mut f.shard, 4, -1, (&[0, 99, 1, 2], Some(&[0, 0])), now).unwrap();
    replay_encoded(&mut f.shard, 5, -1, (&[0, 99, 1, 2], None), now).unwrap();
    assert_eq!(f.shard.end_offset(), 6);
    let (key, value) = stored(Vec::new(), None).encode().unwrap();
    let value = value.unwrap();
    assert!(replay_encoded(&mut f.shard, 6, -1, (&key, Some(&value[..value.len() - 1])), now).is_err());
    assert!(replay_encoded(&mut f.shard, 6, -1, (&key, Some(&[0, 77])), now).is_err());
    assert!(replay_encoded(&mut f.shard, 6, -1, (&[0], None), now).is_err());
    replay_encoded(&mut f.shard, 6, -1, (&key, Some(&value)), now).unwrap();
    assert_eq!(f.generation(), 7);
}

fn stored(members: Vec<MemberMetadata>, protocol: Option<&str>) -> CoordinatorRecord {
    let value = GroupMetadataValue {
        protocol_type: "consumer".into(),
        generation: 7,
        protocol: protocol.map(str::to_owned),
        leader: Some("gone".into()),
        current_state_timestamp: -1,
        members,
    };
    CoordinatorRecord { key: GroupMetadataKey { group: G.into() }.into(), value: Some((value.into(), 3)) }
}

#[test]
fn a_stored_generation_goes_on_after_a_reload() {
    let mut f = Fixture::new();
    let (ids, generation) = f.stable(2);
    f.fail_over();
    assert_eq!((f.state(), f.generation()), (ClassicState::Stable, generation));
    assert_eq!(f.heartbeat(&ids[0], generation), KafkaError::None);
    assert_eq!(f.sync(sync(&ids[1], generation)).assignment, format!("for {}", ids[1]));
    f.advance(9_999);
    assert_eq!(f.heartbeat(&ids[1], generation), KafkaError::None, "sessions begin anew at the load");
    f.advance(10_000);
    assert_eq!(f.state(), ClassicState::Empty);
}

#[test]
fn a_stored_generation_that_makes_no_sense_is_no_panic() {
    let member = |id: &str| MemberMetadata {
        member_id: id.into(),
        group_instance_id: Some("same".into()),
        session_timeout: -5,
        rebalance_timeout: -9,
        ..Default::default()
    };
    for protocol in [None, Some("range")] {
        let mut f = Fixture::new();
        f.shard.replay(0, -1, stored(vec![member("a"), member("a"), member("b")], protocol), f.now);
        f.log.push(stored(Vec::new(), None).encode().unwrap());
        f.commit();
        let outcome = f.shard.on_loaded(f.now);
        assert!(outcome.writes.is_empty());
        f.shard.state().describe_group(G, 6);
        f.advance(100_000);
        assert_eq!(f.state(), ClassicState::Empty);
    }
}
