//! Fetch: sizes, waiting, bounds, epochs, topic ids, sessions.

use crate::client::Client;
use crate::fixture::*;
use kafka_protocol::messages::fetch_request::{FetchPartition, FetchTopic, ForgottenTopic, ReplicaState};
use kafka_protocol::messages::*;
use ottla_base::ids::Uuid;
use std::time::{Duration, Instant};

fn topic(client: &mut Client, partitions: i32) -> String {
    let topic = unique("fetch");
    create(client, &topic, partitions, &[]);
    topic
}

/// A sessionless fetch of partition 0 by topic id.
fn by_id(id: Uuid, offset: i64) -> FetchRequest {
    let mut request = fetch_request(&[("", 0, offset)]);
    request.topics[0].topic_id = id;
    request
}

/// (partition, error, number of records) of all partitions of a response.
fn outcome(response: &FetchResponse) -> Vec<(i32, i16, usize)> {
    response
        .responses
        .iter()
        .flat_map(|t| &t.partitions)
        .map(|p| (p.partition_index, p.error_code, values(p.records.as_ref().unwrap()).len()))
        .collect()
}

#[test]
fn records_are_empty_and_never_null_in_every_version() {
    let broker = Broker::start();
    let mut client = broker.connect();
    let topic = unique("fetch");
    let id = create(&mut client, &topic, 1, &[]);
    for version in 4..=18 {
        // Nothing there, out of range, no such partition.
        for (index, offset, error) in [(0, 0, 0), (0, 5, 1), (7, 0, 3)] {
            let mut request = fetch_request(&[(&topic, index, offset)]);
            if version >= 13 {
                request.topics[0].topic = TopicName::default();
                request.topics[0].topic_id = id;
            }
            let response = client.call(&request, version);
            let partition = &response.responses[0].partitions[0];
            assert_eq!(partition.error_code, error, "v{version}");
            assert_eq!(partition.records.as_deref(), Some(&b""[..]), "v{version}, error {error}");
            let bounds = (partition.high_watermark, partition.last_stable_offset, partition.log_start_offset);
            let expected = match (error, version) {
                (0, 4) => (0, 0, -1),
                (0, _) => (0, 0, 0),
                _ => (-1, -1, -1),
            };
            assert_eq!(bounds, expected, "v{version}, error {error}");
            assert_eq!(partition.preferred_read_replica, -1);
        }
    }
}

#[test]
fn a_fetch_starts_with_the_batch_that_holds_its_offset() {
    let broker = Broker::start();
    let mut client = broker.connect();
    let topic = topic(&mut client, 1);
    produce(&mut client, &topic, batch(&["0", "1", "2"]));
    produce(&mut client, &topic, batch(&["3", "4"]));
    for (offset, first) in [(0, 0), (2, 0), (3, 3), (4, 3)] {
        assert_eq!(read(&mut client, &topic, offset)[0].0, first);
    }
    assert_eq!(read(&mut client, &topic, 5), []);
    for offset in [-1, -5, 6] {
        assert_eq!(fetch(&mut client, &topic, offset).error_code, 1, "offset {offset}");
    }
}

#[test]
fn at_least_one_batch_is_returned_whatever_the_limits_say() {
    let broker = Broker::start();
    let mut client = broker.connect();
    let topic = topic(&mut client, 3);
    for partition in [1, 2] {
        for i in 0..3 {
            produce_to(&mut client, &topic, partition, batch(&[&i.to_string()]));
        }
    }
    let ask = |client: &mut Client, max_bytes, partition_max_bytes| {
        let mut request = fetch_request(&[(&topic, 0, 0), (&topic, 1, 0), (&topic, 2, 0)]).with_max_bytes(max_bytes);
        for partition in &mut request.topics[0].partitions {
            partition.partition_max_bytes = partition_max_bytes;
        }
        let response = client.call(&request, 11);
        response.responses[0].partitions.iter().map(|p| values(p.records.as_ref().unwrap()).len()).collect::<Vec<_>>()
    };
    let one = batch(&["0"]).len() as i32;
    assert_eq!(ask(&mut client, 1, 1), [0, 1, 0], "the first that is not empty");
    assert_eq!(ask(&mut client, 0, 0), [0, 1, 0]);
    assert_eq!(ask(&mut client, 1 << 20, 1), [0, 1, 0]);
    assert_eq!(ask(&mut client, 1, 1 << 20), [0, 1, 0]);
    assert_eq!(ask(&mut client, 1 << 20, one), [0, 1, 1]);
    assert_eq!(ask(&mut client, 2 * one, 1 << 20), [0, 2, 0]);
    assert_eq!(ask(&mut client, 4 * one, 1 << 20), [0, 3, 1]);
    assert_eq!(ask(&mut client, 1 << 20, 1 << 20), [0, 3, 3]);
}

#[test]
fn limits_are_kept_to_the_byte() {
    let broker = Broker::start();
    let mut client = broker.connect();
    let topic = topic(&mut client, 1);
    let sent = batch(&["0"]);
    for _ in 0..3 {
        produce(&mut client, &topic, sent.clone());
    }
    let mut request = fetch_request(&[(&topic, 0, 0)]);
    request.topics[0].partitions[0].partition_max_bytes = sent.len() as i32 + 10;
    let response = client.call(&request, 11);
    let records = response.responses[0].partitions[0].records.as_ref().unwrap();
    // What follows may be cut anywhere: consumers skip the rest of a batch.
    assert!((sent.len()..=sent.len() + 10).contains(&records.len()));
    assert_eq!(values(&records[..sent.len()]).len(), 1);
}

#[test]
fn a_long_poll_wakes_when_enough_has_been_appended() {
    let broker = Broker::start();
    let mut client = broker.connect();
    let topic = topic(&mut client, 2);
    let one = batch(&["x"]).len() as i32;
    // Two batches, in whichever partition.
    let request = fetch_request(&[(&topic, 0, 0), (&topic, 1, 0)]).with_min_bytes(2 * one).with_max_wait_ms(20_000);
    let started = Instant::now();
    client.send(&request, 12);
    let mut other = broker.connect();
    produce_to(&mut other, &topic, 0, batch(&["x"]));
    produce_to(&mut other, &topic, 1, batch(&["x"]));
    assert_eq!(outcome(&client.receive::<FetchRequest>(12)), [(0, 0, 1), (1, 0, 1)]);
    assert!(started.elapsed() < Duration::from_secs(15));
}

#[test]
fn a_long_poll_ends_after_max_wait() {
    let broker = Broker::start();
    let mut client = broker.connect();
    let topic = topic(&mut client, 1);
    produce(&mut client, &topic, batch(&["x"]));
    for wait in [0, 100] {
        let started = Instant::now();
        let request = fetch_request(&[(&topic, 0, 0)]).with_min_bytes(1_000_000).with_max_wait_ms(wait);
        assert_eq!(outcome(&client.call(&request, 12)), [(0, 0, 1)]);
        let elapsed = started.elapsed().as_millis();
        assert!((wait as u128..wait as u128 + 5_000).contains(&elapsed), "{elapsed} ms");
    }
}

#[test]
fn an_error_is_not_waited_with() {
    let broker = Broker::start();
    let mut client = broker.connect();
    let topic = topic(&mut client, 2);
    let started = Instant::now();
    let request = fetch_request(&[(&topic, 0, 0), (&topic, 1, 99)]).with_min_bytes(1).with_max_wait_ms(20_000);
    assert_eq!(outcome(&client.call(&request, 12)), [(0, 0, 0), (1, 1, 0)]);
    // No partitions: nothing to wait for.
    let request = fetch_request(&[]).with_min_bytes(1).with_max_wait_ms(20_000);
    assert_eq!(outcome(&client.call(&request, 12)), []);
    // Partitions that do not exist: nothing to wait for.
    let absent = unique("absent");
    let request = fetch_request(&[(&absent, 0, 0)]).with_min_bytes(1).with_max_wait_ms(20_000);
    assert_eq!(outcome(&client.call(&request, 12)), [(0, 3, 0)]);
    assert!(started.elapsed() < Duration::from_secs(15));
}

#[test]
fn min_bytes_is_capped_by_max_bytes() {
    let broker = Broker::start();
    let mut client = broker.connect();
    let topic = topic(&mut client, 1);
    produce(&mut client, &topic, batch(&["x"]));
    let started = Instant::now();
    let request = fetch_request(&[(&topic, 0, 0)]).with_min_bytes(1 << 20).with_max_bytes(50).with_max_wait_ms(20_000);
    assert_eq!(outcome(&client.call(&request, 12)), [(0, 0, 1)]);
    assert!(started.elapsed() < Duration::from_secs(15));
}

#[test]
fn read_committed_gets_a_list_of_aborted_transactions_and_read_uncommitted_null() {
    let broker = Broker::start();
    let mut client = broker.connect();
    let topic = topic(&mut client, 1);
    produce(&mut client, &topic, batch(&["x"]));
    for version in 4..=12 {
        for offset in [0, 1] {
            let committed = client.call(&fetch_request(&[(&topic, 0, offset)]).with_isolation_level(1), version);
            let partition = &committed.responses[0].partitions[0];
            assert_eq!(partition.aborted_transactions, Some(vec![]), "v{version}");
            assert_eq!(partition.last_stable_offset, 1);
            let uncommitted = client.call(&fetch_request(&[(&topic, 0, offset)]), version);
            assert_eq!(uncommitted.responses[0].partitions[0].aborted_transactions, None);
        }
    }
}

#[test]
fn the_leader_epoch_is_checked() {
    let broker = Broker::start();
    let mut client = broker.connect();
    let topic = topic(&mut client, 1);
    for (epoch, error) in [(-1, 0), (0, 0), (1, 75), (99, 75)] {
        for version in [9, 12] {
            let mut request = fetch_request(&[(&topic, 0, 0)]);
            request.topics[0].partitions[0].current_leader_epoch = epoch;
            assert_eq!(outcome(&client.call(&request, version)), [(0, error, 0)], "epoch {epoch}");
        }
    }
}

#[test]
fn a_reader_whose_log_parts_from_ours_is_told_where() {
    let broker = Broker::start();
    let mut client = broker.connect();
    let topic = topic(&mut client, 1);
    produce(&mut client, &topic, batch(&["0", "1"]));
    let mut ask = |offset, last_fetched_epoch| {
        let mut request = fetch_request(&[(&topic, 0, offset)]);
        request.topics[0].partitions[0].last_fetched_epoch = last_fetched_epoch;
        let response = client.call(&request, 12);
        let partition = &response.responses[0].partitions[0];
        let records = values(partition.records.as_ref().unwrap()).len();
        (partition.error_code, partition.diverging_epoch.epoch, partition.diverging_epoch.end_offset, records)
    };
    assert_eq!(ask(0, -1), (0, -1, -1, 2));
    assert_eq!(ask(0, 0), (0, -1, -1, 2));
    assert_eq!(ask(2, 0), (0, -1, -1, 0));
    assert_eq!(ask(3, 0), (0, 0, 2, 0));
    assert_eq!(ask(-1, 0), (1, -1, -1, 0));
    assert_eq!(ask(0, 5), (1, -1, -1, 0));
}

#[test]
fn nobody_becomes_a_follower_by_saying_so() {
    let broker = Broker::start();
    let mut client = broker.connect();
    let topic = unique("fetch");
    let id = create(&mut client, &topic, 1, &[]);
    produce(&mut client, &topic, batch(&["0"]));
    for replica in [0, 2, 7] {
        for version in [4, 11, 12] {
            let request = fetch_request(&[(&topic, 0, 0)]).with_replica_id(BrokerId(replica));
            assert_eq!(outcome(&client.call(&request, version)), [(0, 6, 0)], "replica {replica}, v{version}");
        }
        let state = ReplicaState::default().with_replica_id(BrokerId(replica)).with_replica_epoch(-1);
        let request = by_id(id, 0).with_replica_state(state).with_replica_id(BrokerId(-1));
        let response = client.call(&request, 17);
        assert_eq!(outcome(&response), [(0, 6, 0)]);
        let leader = &response.responses[0].partitions[0].current_leader;
        assert_eq!((leader.leader_id.0, leader.leader_epoch), (1, 0));
        assert!(response.node_endpoints.is_empty());
    }
    // Debugging consumers are told what other consumers are.
    let request = fetch_request(&[(&topic, 0, 0)]).with_replica_id(BrokerId(-2));
    assert_eq!(outcome(&client.call(&request, 12)), [(0, 0, 1)]);
}

#[test]
fn a_topic_id_that_is_not_known_is_refused() {
    let broker = Broker::start();
    let mut client = broker.connect();
    let topic = unique("fetch");
    let id = create(&mut client, &topic, 1, &[]);
    let started = Instant::now();
    for version in 13..=18 {
        let request = by_id(Uuid::from_u128(4711), 0).with_min_bytes(1).with_max_wait_ms(20_000);
        let response = client.call(&request, version);
        assert_eq!(response.error_code, 0);
        assert_eq!(response.responses[0].topic_id, Uuid::from_u128(4711));
        assert_eq!(outcome(&response), [(0, 100, 0)]);
        assert_eq!(outcome(&client.call(&by_id(id, 0), version)), [(0, 0, 0)]);
    }
    assert!(started.elapsed() < Duration::from_secs(15));
}

/// A session fetch of offset 0 or more of these partitions.
fn in_session(id: i32, epoch: i32, partitions: &[(&str, i32, i64)]) -> FetchRequest {
    fetch_request(partitions).with_session_id(id).with_session_epoch(epoch)
}

#[test]
fn a_session_answers_only_with_what_changed() {
    let broker = Broker::start();
    let mut client = broker.connect();
    let topic = topic(&mut client, 3);
    produce_to(&mut client, &topic, 1, batch(&["a"]));

    let full = client.call(&in_session(0, 0, &[(&topic, 0, 0), (&topic, 1, 0)]), 12);
    assert_eq!(outcome(&full), [(0, 0, 0), (1, 0, 1)]);
    let id = full.session_id;
    assert_ne!(id, 0);

    let response = client.call(&in_session(id, 1, &[(&topic, 1, 1)]), 12);
    assert_eq!((response.error_code, response.session_id), (0, id));
    assert_eq!(outcome(&response), []);

    produce_to(&mut client, &topic, 0, batch(&["b"]));
    let response = client.call(&in_session(id, 2, &[]), 12);
    assert_eq!(outcome(&response), [(0, 0, 1)]);
    // It was not said that this was read: it comes again.
    assert_eq!(outcome(&client.call(&in_session(id, 3, &[]), 12)), [(0, 0, 1)]);
    // A new partition joins, and is answered though it is empty.
    let response = client.call(&in_session(id, 4, &[(&topic, 0, 1), (&topic, 2, 0)]), 12);
    assert_eq!(outcome(&response), [(2, 0, 0)]);
    // One leaves.
    produce_to(&mut client, &topic, 0, batch(&["c"]));
    let forgotten = ForgottenTopic::default().with_topic(name(&topic)).with_partitions(vec![0]);
    let response = client.call(&in_session(id, 5, &[]).with_forgotten_topics_data(vec![forgotten]), 12);
    assert_eq!(outcome(&response), []);
}

#[test]
fn session_errors_have_no_partitions() {
    let broker = Broker::start();
    let mut client = broker.connect();
    let topic = topic(&mut client, 1);
    let id = client.call(&in_session(0, 0, &[(&topic, 0, 0)]), 12).session_id;
    let ask = |client: &mut Client, id, epoch| {
        let response = client.call(&in_session(id, epoch, &[]), 12);
        (response.error_code, response.session_id, response.responses.len())
    };
    assert_eq!(ask(&mut client, id ^ 1, 1), (70, 0, 0));
    assert_eq!(ask(&mut client, id, 2), (71, 0, 0));
    assert_eq!(ask(&mut client, id, 1), (0, id, 0));
    assert_eq!(ask(&mut client, id, 1), (71, 0, 0));
    assert_eq!(ask(&mut client, id, 2), (0, id, 0));
    // Closed by epoch -1: a full fetch without a session.
    let response = client.call(&in_session(id, -1, &[(&topic, 0, 0)]), 12);
    assert_eq!((response.error_code, response.session_id, outcome(&response).len()), (0, 0, 1));
    assert_eq!(ask(&mut client, id, 3), (70, 0, 0));
    // Epoch 0 with an id: the old one goes, a new one comes.
    let first = client.call(&in_session(0, 0, &[(&topic, 0, 0)]), 12).session_id;
    let second = client.call(&in_session(first, 0, &[(&topic, 0, 0)]), 12).session_id;
    assert!(second != 0 && second != first);
    assert_eq!(ask(&mut client, first, 1), (70, 0, 0));
    assert_eq!(ask(&mut client, second, 1), (0, second, 0));
    // Emptied, it ends.
    let forgotten = ForgottenTopic::default().with_topic(name(&topic)).with_partitions(vec![0]);
    let response = client.call(&in_session(second, 2, &[]).with_forgotten_topics_data(vec![forgotten]), 12);
    assert_eq!((response.error_code, response.session_id), (0, 0));
    assert_eq!(ask(&mut client, second, 3), (70, 0, 0));
}

#[test]
fn a_session_is_of_names_or_of_ids() {
    let broker = Broker::start();
    let mut client = broker.connect();
    let topic = unique("fetch");
    let topic_id = create(&mut client, &topic, 1, &[]);
    let id = client.call(&in_session(0, 0, &[(&topic, 0, 0)]), 12).session_id;
    let switched = client.call(&by_id(topic_id, 0).with_session_id(id).with_session_epoch(1), 13);
    assert_eq!((switched.error_code, switched.responses.len()), (106, 0));
}

#[test]
fn an_incremental_long_poll_wakes_too() {
    let broker = Broker::start();
    let mut client = broker.connect();
    let topic = topic(&mut client, 1);
    let id = client.call(&in_session(0, 0, &[(&topic, 0, 0)]), 12).session_id;
    let request = in_session(id, 1, &[]).with_min_bytes(1).with_max_wait_ms(20_000);
    client.send(&request, 12);
    produce(&mut broker.connect(), &topic, batch(&["x"]));
    assert_eq!(outcome(&client.receive::<FetchRequest>(12)), [(0, 0, 1)]);
}

#[test]
fn a_stale_reader_of_a_re_created_topic_is_told_so() {
    let broker = Broker::start();
    let mut client = broker.connect();
    let topic = unique("fetch");
    let old = create(&mut client, &topic, 1, &[]);
    produce(&mut client, &topic, batch(&["old"]));
    let partition = FetchPartition::default().with_partition(0).with_partition_max_bytes(1 << 20);
    let session = by_id(old, 0).with_session_id(0).with_session_epoch(0);
    let session = client.call(&session, 13);
    assert_eq!(outcome(&session), [(0, 0, 1)]);
    delete(&mut client, &topic);
    let new = create(&mut client, &topic, 1, &[]);
    assert_ne!(old, new);
    // By the old id: it is gone. By the session that resolved it: what it stands for has another id now.
    assert_eq!(outcome(&client.call(&by_id(old, 0), 13)), [(0, 100, 0)]);
    let again = FetchTopic::default().with_topic_id(old).with_partitions(vec![partition]);
    let request = in_session(session.session_id, 1, &[]).with_topics(vec![again]);
    let response = client.call(&request, 13);
    assert_eq!((response.error_code, outcome(&response)), (0, vec![(0, 103, 0)]));
    assert_eq!(outcome(&client.call(&by_id(new, 0), 13)), [(0, 0, 0)]);
    assert_eq!(fetch(&mut client, &topic, 1).error_code, 1, "the new log is empty");
    assert_eq!(produce(&mut client, &topic, batch(&["new"])).base_offset, 0);
    // A stale producer, by id.
    let mut request = produce_request("", 0, batch(&["stale"]), -1);
    request.topic_data[0].topic_id = old;
    assert_eq!(client.call(&request, 13).responses[0].partition_responses[0].error_code, 100);
    assert_eq!(read(&mut client, &topic, 0), [(0, "new".to_owned())]);
}

#[test]
fn a_waiting_fetch_learns_that_its_topic_is_deleted() {
    let broker = Broker::start();
    let mut client = broker.connect();
    let topic = topic(&mut client, 1);
    let started = Instant::now();
    client.send(&fetch_request(&[(&topic, 0, 0)]).with_min_bytes(1).with_max_wait_ms(20_000), 12);
    delete(&mut broker.connect(), &topic);
    let response = client.receive::<FetchRequest>(12);
    assert!(started.elapsed() < Duration::from_secs(15));
    let [(0, error, 0)] = outcome(&response)[..] else { panic!("{response:?}") };
    assert!([3, 6].contains(&error), "{error}");
}
