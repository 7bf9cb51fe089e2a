//! Topics that come and go under producers and consumers.

use crate::fixture::*;
use kafka_protocol::messages::produce_request::{PartitionProduceData, TopicProduceData};
use kafka_protocol::messages::*;
use ottla_base::ids::Uuid;
use std::collections::BTreeMap;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

const LIVES: usize = 25;
const PRODUCERS: usize = 3;

/// What clients are told that know a topic by an id that it has no more, or ask while it goes.
const EXPECTED: [i16; 4] = [0, 3, 6, 100];

#[test]
fn what_was_acknowledged_for_a_topic_id_is_in_that_topic_and_nowhere_else() {
    let dir = tempfile::tempdir().unwrap();
    let broker = Broker::on(dir.path(), &[]);
    if broker.is_oracle() {
        return;
    }
    let topic = unique("churn");
    let mut admin = broker.connect();
    let id = Mutex::new(create(&mut admin, &topic, 1, &[]));
    let done = AtomicBool::new(false);
    // (topic id, offset) → value.
    let acknowledged: Mutex<BTreeMap<(Uuid, i64), String>> = Mutex::default();
    std::thread::scope(|scope| {
        for producer in 0..PRODUCERS {
            let (broker, id, done, acknowledged) = (&broker, &id, &done, &acknowledged);
            scope.spawn(move || {
                let mut client = broker.connect();
                for n in 0.. {
                    if done.load(Ordering::Relaxed) {
                        break;
                    }
                    let id = *id.lock().unwrap();
                    let value = format!("{producer}.{n}");
                    let partition = PartitionProduceData::default().with_records(Some(batch(&[&value])));
                    let data = TopicProduceData::default().with_topic_id(id).with_partition_data(vec![partition]);
                    let request =
                        ProduceRequest::default().with_acks(-1).with_timeout_ms(10_000).with_topic_data(vec![data]);
                    let mut response = client.call(&request, 13);
                    let answer = response.responses.remove(0).partition_responses.remove(0);
                    assert!(EXPECTED.contains(&answer.error_code), "{answer:?}");
                    if answer.error_code == 0 {
                        let before = acknowledged.lock().unwrap().insert((id, answer.base_offset), value);
                        assert_eq!(before, None, "two records at one offset");
                    }
                }
            });
        }
        let (broker, topic, done) = (&broker, &topic, &done);
        scope.spawn(move || {
            let mut client = broker.connect();
            let waiting = fetch_request(&[(topic, 0, 0)]).with_min_bytes(1 << 20).with_max_wait_ms(100);
            while !done.load(Ordering::Relaxed) {
                let response = client.call(&waiting, 12);
                let code = response.responses[0].partitions[0].error_code;
                assert!(EXPECTED.contains(&code), "{code}");
            }
        });
        for _ in 0..LIVES {
            delete(&mut admin, topic);
            *id.lock().unwrap() = create(&mut admin, topic, 1, &[]);
            let last = *id.lock().unwrap();
            wait_for("a record of this life", || {
                acknowledged.lock().unwrap().range((last, 0)..=(last, i64::MAX)).count() > 0
            });
        }
        done.store(true, Ordering::Relaxed);
    });
    let begun = Instant::now();
    broker.stop();
    assert!(begun.elapsed() < Duration::from_secs(5));

    let broker = Broker::on(dir.path(), &[]);
    let last = id.into_inner().unwrap();
    let found: BTreeMap<i64, String> = read(&mut broker.connect(), &topic, 0).into_iter().collect();
    for ((_, offset), value) in acknowledged.into_inner().unwrap().range((last, 0)..=(last, i64::MAX)) {
        assert_eq!(found.get(offset), Some(value));
    }
    let strays = std::fs::read_dir(data(dir.path(), "")).unwrap();
    let strays: Vec<_> = strays.filter_map(|e| e.ok()?.file_name().into_string().ok()).collect();
    assert!(!strays.iter().any(|name| name.ends_with("-stray")), "{strays:?}");
}
