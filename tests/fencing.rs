//! A node that the controller takes for dead, because it was stopped or slow, and that comes back.

use crate::fixture::*;
use ottla_protocol::generated::offset_commit_request::{
    OffsetCommitRequest, OffsetCommitRequestPartition, OffsetCommitRequestTopic,
};
use ottla_protocol::generated::offset_fetch_request::{
    OffsetFetchRequest, OffsetFetchRequestGroup, OffsetFetchRequestTopics,
};
use std::time::{Duration, Instant};

fn commit(topic: &str, group: &str, offset: i64) -> OffsetCommitRequest {
    let partition = OffsetCommitRequestPartition { committed_offset: offset, ..Default::default() };
    let topic = OffsetCommitRequestTopic { name: s(topic), partitions: vec![partition], ..Default::default() };
    OffsetCommitRequest { group_id: s(group), topics: vec![topic], ..Default::default() }
}

fn committed(client: &mut crate::client::Client, topic: &str, group: &str) -> (i16, i64) {
    let topic = OffsetFetchRequestTopics { name: s(topic), partition_indexes: vec![0], ..Default::default() };
    let group = OffsetFetchRequestGroup { group_id: s(group), topics: Some(vec![topic]), ..Default::default() };
    let response = client.call(&OffsetFetchRequest { groups: vec![group], ..Default::default() }, 8);
    let group = &response.groups[0];
    (group.error_code, group.topics.first().map_or(-1, |t| t.partitions[0].committed_offset))
}

#[test]
fn nothing_acknowledged_is_lost_while_leaderships_come_and_go() {
    // Each heartbeat comes after its session has ended.
    let broker = Broker::with(&["broker.session.timeout.ms=150", "broker.heartbeat.interval.ms=200"]);
    if broker.is_oracle() {
        return;
    }
    let mut client = broker.connect();
    let (topic, group) = (unique("fenced"), unique("fenced"));
    create(&mut client, &topic, 1, &[]);
    find_coordinator(&mut client, &group);
    let mut acknowledged = Vec::new();
    let (mut last_committed, mut refused) = (-1, [0, 0]);
    let until = Instant::now() + Duration::from_secs(2);
    while Instant::now() < until || acknowledged.is_empty() || last_committed < 0 {
        let value = acknowledged.len().to_string();
        let answer = produce(&mut client, &topic, batch(&[&value]));
        match answer.error_code {
            0 => acknowledged.push((answer.base_offset, value)),
            6 => refused[0] += 1,
            other => panic!("{other}"),
        }
        let answer = client.call(&commit(&topic, &group, acknowledged.len() as i64), 8);
        match answer.topics[0].partitions[0].error_code {
            0 => last_committed = acknowledged.len() as i64,
            14..=16 => refused[1] += 1,
            other => panic!("{other}"),
        }
        match committed(&mut client, &topic, &group) {
            (0, offset) => assert_eq!(offset, last_committed),
            (14..=16, _) => {}
            other => panic!("{other:?}"),
        }
        std::thread::sleep(Duration::from_millis(1));
    }
    assert!(refused[0] > 0 && refused[1] > 0, "it was never fenced: {refused:?}");
    let mut found = Vec::new();
    wait_for("a leader", || {
        let partition = fetch(&mut client, &topic, 0);
        found = values(&partition.records.unwrap_or_default());
        partition.error_code == 0
    });
    assert_eq!(found, acknowledged);
}
