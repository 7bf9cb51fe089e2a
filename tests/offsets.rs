//! ListOffsets, OffsetForLeaderEpoch, DeleteRecords.

use crate::client::Client;
use crate::fixture::*;
use kafka_protocol::messages::*;

const T0: i64 = 1_700_000_000_000;

/// A topic with records at T0+10, T0+30, T0+20 (offsets 0 to 2, one batch) and T0+30 (offset 3).
fn topic(client: &mut Client) -> String {
    let topic = unique("offsets");
    create(client, &topic, 1, &[("retention.ms", "-1")]);
    let first = build(|b| {
        for at in [10, 30, 20] {
            b.append_kv(T0 + at, None, Some(b"v"));
        }
    });
    produce(client, &topic, first);
    produce(client, &topic, batch_at(T0 + 30, &["v"]));
    topic
}

#[test]
fn special_timestamps_are_known_from_their_versions_on() {
    let broker = Broker::start();
    let mut client = broker.connect();
    let topic = topic(&mut client);
    // (timestamp asked for, first version, offset, timestamp told)
    let cases =
        [(-1, 1, 4, -1), (-2, 1, 0, -1), (-3, 7, 1, T0 + 30), (-4, 8, 0, -1), (-5, 9, -1, -1), (-6, 11, -1, -1)];
    for version in 1..=11 {
        for (asked, since, offset, timestamp) in cases {
            let mut request = list_offsets_request(&topic, &[(0, asked)]);
            if version < 4 {
                request.topics[0].partitions[0].current_leader_epoch = -1;
            }
            let partition = client.call(&request, version).topics.remove(0).partitions.remove(0);
            let expected = if version >= since { (0, offset, timestamp) } else { (35, -1, -1) };
            assert_eq!(
                (partition.error_code, partition.offset, partition.timestamp),
                expected,
                "{asked} in v{version}"
            );
            let epoch = if version >= 4 && partition.error_code == 0 && offset >= 0 { 0 } else { -1 };
            assert_eq!(partition.leader_epoch, epoch, "{asked} in v{version}");
        }
        let unknown = client.call(&list_offsets_request(&topic, &[(0, -7)]), version);
        assert_eq!(unknown.topics[0].partitions[0].error_code, 35);
    }
}

#[test]
fn a_timestamp_finds_the_first_record_at_or_after_it() {
    let broker = Broker::start();
    let mut client = broker.connect();
    let topic = topic(&mut client);
    let cases = [
        (0, 0, T0 + 10),
        (T0 + 10, 0, T0 + 10),
        (T0 + 11, 1, T0 + 30),
        (T0 + 30, 1, T0 + 30),
        (T0 + 31, -1, -1),
        (i64::MAX, -1, -1),
    ];
    for (asked, offset, timestamp) in cases {
        let found = &list_offsets(&mut client, &topic, &[(0, asked)])[0];
        assert_eq!((found.error_code, found.offset, found.timestamp), (0, offset, timestamp), "{}", asked - T0);
    }
}

#[test]
fn the_largest_timestamp_of_an_empty_partition_is_none() {
    let broker = Broker::start();
    let mut client = broker.connect();
    let topic = unique("offsets");
    create(&mut client, &topic, 1, &[]);
    for (asked, offset) in [(-1, 0), (-2, 0), (-3, -1), (-4, 0), (0, -1)] {
        let found = &list_offsets(&mut client, &topic, &[(0, asked)])[0];
        assert_eq!((found.error_code, found.offset, found.timestamp), (0, offset, -1), "{asked}");
    }
}

#[test]
fn a_partition_that_is_asked_for_twice_is_an_invalid_request() {
    let broker = Broker::start();
    let mut client = broker.connect();
    let topic = unique("offsets");
    create(&mut client, &topic, 2, &[]);
    let mut found = list_offsets(&mut client, &topic, &[(0, -1), (1, -1), (0, -2)]);
    found.sort_by_key(|p| p.partition_index);
    let codes: Vec<(i32, i16)> = found.iter().map(|p| (p.partition_index, p.error_code)).collect();
    assert!(codes.contains(&(0, 42)) && codes.contains(&(1, 0)), "{codes:?}");
    assert!(!codes.contains(&(0, 0)));
}

#[test]
fn both_isolation_levels_end_at_the_same_place_without_transactions() {
    let broker = Broker::start();
    let mut client = broker.connect();
    let topic = topic(&mut client);
    for isolation in [0, 1] {
        let mut request = list_offsets_request(&topic, &[(0, -1)]);
        request.isolation_level = isolation;
        assert_eq!(client.call(&request, 10).topics[0].partitions[0].offset, 4);
    }
}

#[test]
fn leader_epochs_are_checked() {
    let broker = Broker::start();
    let mut client = broker.connect();
    let topic = topic(&mut client);
    for (epoch, error) in [(-1, 0), (0, 0), (1, 75)] {
        let mut request = list_offsets_request(&topic, &[(0, -1)]);
        request.topics[0].partitions[0].current_leader_epoch = epoch;
        assert_eq!(client.call(&request, 4).topics[0].partitions[0].error_code, error);
        let (code, ..) = end_of_epoch(&mut client, &topic, epoch, 0);
        assert_eq!(code, error);
    }
    assert_eq!(list_offsets(&mut client, &topic, &[(5, -1)])[0].error_code, 3);
    let absent = unique("absent");
    assert_eq!(list_offsets(&mut client, &absent, &[(0, -1)])[0].error_code, 3);
}

fn end_of_epoch(client: &mut Client, topic: &str, current: i32, asked: i32) -> (i16, i32, i64) {
    let partition = offset_for_leader_epoch_request::OffsetForLeaderPartition::default()
        .with_current_leader_epoch(current)
        .with_leader_epoch(asked);
    let topic = offset_for_leader_epoch_request::OffsetForLeaderTopic::default()
        .with_topic(name(topic))
        .with_partitions(vec![partition]);
    let request = OffsetForLeaderEpochRequest::default().with_topics(vec![topic]).with_replica_id(BrokerId(-1));
    let mut response = client.call(&request, 4);
    let partition = response.topics.remove(0).partitions.remove(0);
    (partition.error_code, partition.leader_epoch, partition.end_offset)
}

#[test]
fn the_end_of_an_epoch_is_where_the_next_begins() {
    let broker = Broker::start();
    let mut client = broker.connect();
    let topic = topic(&mut client);
    assert_eq!(end_of_epoch(&mut client, &topic, -1, 0), (0, 0, 4));
    assert_eq!(end_of_epoch(&mut client, &topic, -1, 7), (0, -1, -1), "ahead of us");
    assert_eq!(end_of_epoch(&mut client, &topic, -1, -1), (0, -1, -1));
    assert_eq!(end_of_epoch(&mut client, &unique("absent"), -1, 0), (3, -1, -1));
}

fn delete_records(client: &mut Client, topic: &str, index: i32, offset: i64) -> (i16, i64) {
    let partition =
        delete_records_request::DeleteRecordsPartition::default().with_partition_index(index).with_offset(offset);
    let topic =
        delete_records_request::DeleteRecordsTopic::default().with_name(name(topic)).with_partitions(vec![partition]);
    let request = DeleteRecordsRequest::default().with_timeout_ms(10_000).with_topics(vec![topic]);
    let mut response = client.call(&request, 2);
    let partition = response.topics.remove(0).partitions.remove(0);
    (partition.error_code, partition.low_watermark)
}

#[test]
fn deleted_records_are_gone_for_every_reader() {
    let broker = Broker::start();
    let mut client = broker.connect();
    let topic = topic(&mut client);
    assert_eq!(delete_records(&mut client, &topic, 0, 0), (0, 0));
    assert_eq!(delete_records(&mut client, &topic, 0, 2), (0, 2));
    assert_eq!(delete_records(&mut client, &topic, 0, 1), (0, 2), "what is gone is gone");
    assert_eq!(fetch(&mut client, &topic, 1).error_code, 1);
    let partition = fetch(&mut client, &topic, 2);
    assert_eq!((partition.error_code, partition.log_start_offset), (0, 2));
    assert_eq!(list_offsets(&mut client, &topic, &[(0, -2)])[0].offset, 2);
    assert_eq!(list_offsets(&mut client, &topic, &[(0, 0)])[0].offset, 2);
    assert_eq!(delete_records(&mut client, &topic, 0, -1), (0, 4), "up to the high watermark");
    assert_eq!(list_offsets(&mut client, &topic, &[(0, -2)])[0].offset, 4);
    assert_eq!(fetch(&mut client, &topic, 4).error_code, 0);
    assert_eq!(produce(&mut client, &topic, batch(&["v"])).base_offset, 4);
}

#[test]
fn what_cannot_be_deleted() {
    let broker = Broker::start();
    let mut client = broker.connect();
    let topic = topic(&mut client);
    assert_eq!(delete_records(&mut client, &topic, 0, 5), (1, -1));
    assert_eq!(delete_records(&mut client, &topic, 0, -2), (1, -1));
    assert_eq!(delete_records(&mut client, &topic, 1, 0), (3, -1));
    assert_eq!(delete_records(&mut client, &unique("absent"), 0, 0), (3, -1));
    let compacted = unique("offsets");
    create(&mut client, &compacted, 1, &[("cleanup.policy", "compact")]);
    assert_eq!(delete_records(&mut client, &compacted, 0, 0), (44, -1));
    let both = unique("offsets");
    create(&mut client, &both, 1, &[("cleanup.policy", "compact,delete")]);
    assert_eq!(delete_records(&mut client, &both, 0, 0), (0, 0));
    find_coordinator(&mut client, "any");
    assert_eq!(delete_records(&mut client, "__consumer_offsets", 0, 0).0, 17);
}
