//! Fetches that wait for more.

use crate::fixture::*;
use kafka_protocol::messages::FetchRequest;
use kafka_protocol::messages::FetchResponse;
use std::time::{Duration, Instant};

fn bytes_of(response: &FetchResponse) -> usize {
    response.responses[0].partitions[0].records.as_ref().map_or(0, |records| records.len())
}

#[test]
fn a_fetch_waits_for_min_bytes_at_either_isolation_level() {
    let broker = Broker::start();
    let mut producer = broker.connect();
    for isolation_level in [0, 1] {
        let topic = unique("waiting");
        create(&mut producer, &topic, 1, &[]);
        let small = batch(&["v"]);
        let wanted = 10 * small.len();
        let request = fetch_request(&[(&topic, 0, 0)])
            .with_isolation_level(isolation_level)
            .with_min_bytes(wanted as i32)
            .with_max_wait_ms(20_000);
        let mut consumer = broker.connect();
        let begun = Instant::now();
        consumer.send(&request, 12);
        for _ in 0..10 {
            // Each of them wakes the reader, and all but the last are too little.
            assert_eq!(produce(&mut producer, &topic, small.clone()).error_code, 0);
        }
        let response = consumer.receive::<FetchRequest>(12);
        assert_eq!(bytes_of(&response), wanted, "isolation level {isolation_level}");
        assert!(begun.elapsed() < Duration::from_secs(10));
    }
}

#[test]
fn a_fetch_that_waits_is_answered_when_its_time_is_up_or_its_topic_goes() {
    let broker = Broker::start();
    let mut producer = broker.connect();
    let topic = unique("waiting");
    create(&mut producer, &topic, 1, &[]);
    let small = batch(&["v"]);
    produce(&mut producer, &topic, small.clone());
    let waiting = |ms| fetch_request(&[(&topic, 0, 0)]).with_min_bytes(1 << 20).with_max_wait_ms(ms);
    let mut consumer = broker.connect();
    assert_eq!(bytes_of(&consumer.call(&waiting(50), 12)), small.len(), "what there is");
    let begun = Instant::now();
    consumer.send(&waiting(20_000), 12);
    delete(&mut producer, &topic);
    let response = consumer.receive::<FetchRequest>(12);
    assert_ne!(response.responses[0].partitions[0].error_code, 0);
    assert!(begun.elapsed() < Duration::from_secs(10));
}
