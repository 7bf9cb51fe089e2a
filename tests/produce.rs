//! Produce: what is refused and with what, sequences, timestamps, sizes.

use crate::client::Client;
use crate::fixture::*;
use bytes::{Bytes, BytesMut};
use kafka_protocol::messages::produce_response::PartitionProduceResponse;
use kafka_protocol::messages::*;
use ottla_base::ids::Uuid;
use ottla_record::batch::{ATTRIBUTES_OFFSET, BatchHeader, CRC_OFFSET, TimestampType};
use ottla_record::compression::Compression;

/// Changes bytes of a batch and makes its CRC right again.
fn patched(batch: &[u8], f: impl FnOnce(&mut BytesMut)) -> Bytes {
    let mut bytes = BytesMut::from(batch);
    f(&mut bytes);
    let crc = crc32c(&bytes[ATTRIBUTES_OFFSET..]);
    bytes[CRC_OFFSET..ATTRIBUTES_OFFSET].copy_from_slice(&crc.to_be_bytes());
    bytes.freeze()
}

/// Castagnoli, bit by bit.
fn crc32c(bytes: &[u8]) -> u32 {
    let mut crc = !0u32;
    for byte in bytes {
        crc ^= u32::from(*byte);
        for _ in 0..8 {
            crc = (crc >> 1) ^ (0x82f6_3b78 & (0u32.wrapping_sub(crc & 1)));
        }
    }
    !crc
}

fn topic(client: &mut Client, configs: &[(&str, &str)]) -> String {
    let topic = unique("produce");
    create(client, &topic, 1, configs);
    topic
}

fn message(response: &PartitionProduceResponse) -> &str {
    response.error_message.as_deref().unwrap_or("")
}

fn record_errors(response: &PartitionProduceResponse) -> Vec<(i32, String)> {
    let text = |m: &Option<kafka_protocol::protocol::StrBytes>| m.as_deref().unwrap_or("").to_owned();
    response.record_errors.iter().map(|e| (e.batch_index, text(&e.batch_index_error_message))).collect()
}

#[test]
fn what_does_not_exist_is_refused_by_partition() {
    let broker = Broker::start();
    let mut client = broker.connect();
    let topic = topic(&mut client, &[]);
    let absent = unique("absent");
    for version in 3..=12 {
        let mut request = produce_request(&topic, 0, batch(&["v"]), 1);
        request.topic_data[0]
            .partition_data
            .extend(produce_request(&topic, 1, batch(&["v"]), 1).topic_data.remove(0).partition_data);
        request.topic_data.extend(produce_request(&absent, 0, batch(&["v"]), 1).topic_data);
        let mut response = client.call(&request, version);
        response.responses.sort_by(|a, b| b.name.cmp(&a.name));
        response.responses[0].partition_responses.sort_by_key(|p| p.index);
        let codes: Vec<Vec<(i32, i16, i64)>> = response
            .responses
            .iter()
            .map(|t| t.partition_responses.iter().map(|p| (p.index, p.error_code, p.base_offset)).collect())
            .collect();
        let offset = i64::from(version - 3);
        assert_eq!(codes, [vec![(0, 0, offset), (1, 3, -1)], vec![(0, 3, -1)]], "v{version}");
    }
    let mut request = produce_request("", 0, batch(&["v"]), 1);
    request.topic_data[0].topic_id = Uuid::from_u128(12345);
    let response = client.call(&request, 13);
    assert_eq!(response.responses[0].topic_id, Uuid::from_u128(12345));
    assert_eq!(response.responses[0].partition_responses[0].error_code, 100);
}

#[test]
fn other_acks_than_three_are_refused_for_every_partition() {
    let broker = Broker::start();
    let mut client = broker.connect();
    let topic = topic(&mut client, &[]);
    for acks in [-2, 2, i16::MAX] {
        let mut request = produce_request(&topic, 0, batch(&["v"]), acks);
        request.topic_data.extend(produce_request("absent", 3, batch(&["v"]), acks).topic_data);
        let response = client.call(&request, 9);
        let codes: Vec<i16> =
            response.responses.iter().flat_map(|t| &t.partition_responses).map(|p| p.error_code).collect();
        assert_eq!(codes, [21, 3], "a topic that does not exist comes first");
    }
    assert_eq!(end_offset(&mut client, &topic), 0);
}

#[test]
fn malformed_batches_are_refused_and_nothing_is_written() {
    let broker = Broker::start();
    let mut client = broker.connect();
    let topic = topic(&mut client, &[]);
    let good = batch(&["a", "b"]);
    let two = Bytes::from([&good[..], &good[..]].concat());
    let cases: Vec<(&str, Bytes, i16)> = vec![
        ("no batch", Bytes::new(), 87),
        ("two batches", two, 87),
        ("magic 1", patched(&good, |b| b[16] = 1), 87),
        ("magic 3", patched(&good, |b| b[16] = 3), 2),
        ("base offset", patched(&good, |b| b[7] = 1), 87),
        (
            "control",
            build(|b| {
                b.control(true).append_kv(now_ms(), Some(b"k"), Some(b"v"));
            }),
            87,
        ),
        ("count 1 of 2", patched(&good, |b| b[60] = 1), 87),
        ("count 3 of 2", patched(&good, |b| b[60] = 3), 87),
        ("count 0", patched(&good, |b| b[60] = 0), 87),
        ("last offset delta", patched(&good, |b| b[26] = 9), 87),
        (
            "negative sequence of a producer",
            build(|b| {
                b.producer(5, 0, -1).append_kv(now_ms(), None, Some(b"v"));
            }),
            87,
        ),
        (
            "crc",
            {
                let mut b = BytesMut::from(&good[..]);
                b[17] ^= 1;
                b.freeze()
            },
            2,
        ),
        (
            "a byte of a value",
            {
                let mut b = BytesMut::from(&good[..]);
                let n = b.len();
                b[n - 2] ^= 1;
                b.freeze()
            },
            2,
        ),
        ("cut", good.slice(..good.len() - 1), 87),
        ("head only", good.slice(..20), 87),
    ];
    for (what, records, error) in cases {
        let response = produce(&mut client, &topic, records);
        assert_eq!((response.error_code, response.base_offset), (error, -1), "{what}: {}", message(&response));
    }
    assert_eq!(end_offset(&mut client, &topic), 0);
}

#[test]
fn internal_topics_take_nothing_from_clients() {
    let broker = Broker::start();
    let mut client = broker.connect();
    find_coordinator(&mut client, "any");
    assert_eq!(produce(&mut client, "__consumer_offsets", keyed("k", "v")).error_code, 17);
}

#[test]
fn a_transactional_batch_without_a_transactional_id_refuses_the_whole_request() {
    let broker = Broker::start();
    let mut client = broker.connect();
    let topic = topic(&mut client, &[]);
    let transactional = build(|b| {
        b.producer(1, 0, 0).transactional(true).append_kv(now_ms(), None, Some(b"v"));
    });
    let mut request = produce_request(&topic, 0, batch(&["v"]), -1);
    request.topic_data.extend(produce_request("absent", 0, transactional, -1).topic_data);
    let response = client.call(&request, 9);
    let codes: Vec<i16> =
        response.responses.iter().flat_map(|t| &t.partition_responses).map(|p| p.error_code).collect();
    assert_eq!(codes, [53, 53]);
    assert_eq!(end_offset(&mut client, &topic), 0);
}

#[test]
fn sizes_are_bounded_by_the_topic() {
    let broker = Broker::start();
    let mut client = broker.connect();
    let small = topic(&mut client, &[("max.message.bytes", "200")]);
    let value = "x".repeat(300);
    let response = produce(&mut client, &small, batch(&[&value]));
    assert_eq!(response.error_code, 10);
    assert_eq!(produce(&mut client, &small, batch(&["x"])).base_offset, 0);
    // Compressed, it is small enough: what counts is the batch as it is stored.
    let compressed = build(|b| {
        b.compression(Compression::Gzip(6)).append_kv(now_ms(), None, Some(value.as_bytes()));
    });
    assert_eq!(produce(&mut client, &small, compressed).error_code, 0);

    let segments = topic(&mut client, &[("max.message.bytes", "3000000"), ("segment.bytes", "1048576")]);
    let value = "x".repeat(1_500_000);
    assert_eq!(produce(&mut client, &segments, batch(&[&value])).error_code, 18);
    assert_eq!(end_offset(&mut client, &segments), 0);
}

#[test]
fn log_append_time_is_the_brokers() {
    let broker = Broker::start();
    let mut client = broker.connect();
    let topic = topic(&mut client, &[("message.timestamp.type", "LogAppendTime")]);
    let before = now_ms();
    // Whatever the client says: even a time that CreateTime would refuse.
    let response = produce(&mut client, &topic, batch_at(before + 100_000_000, &["a", "b"]));
    assert_eq!(response.error_code, 0);
    assert!((before..=now_ms()).contains(&response.log_append_time_ms));
    let stored = fetch(&mut client, &topic, 0).records.unwrap();
    let header = BatchHeader::parse(&stored).unwrap();
    assert_eq!(header.max_timestamp, response.log_append_time_ms);
    assert_eq!(header.timestamp_type(), TimestampType::LogAppendTime);
    assert_eq!(header.crc, crc32c(&stored[ATTRIBUTES_OFFSET..]));
    let found = list_offsets(&mut client, &topic, &[(0, before)]);
    assert_eq!((found[0].offset, found[0].timestamp), (0, response.log_append_time_ms));

    let topic = self::topic(&mut client, &[]);
    let response = produce(&mut client, &topic, batch_at(before, &["a"]));
    assert_eq!(response.log_append_time_ms, -1);
}

#[test]
fn every_codec_is_kept_as_it_was_sent() {
    let broker = Broker::start();
    let mut client = broker.connect();
    let topic = topic(&mut client, &[]);
    let codecs =
        [Compression::None, Compression::Gzip(6), Compression::Snappy, Compression::Lz4(9), Compression::Zstd(3)];
    for (i, codec) in codecs.into_iter().enumerate() {
        let sent = build(|b| {
            b.compression(codec);
            for n in 0..50 {
                b.append_kv(now_ms(), Some(b"key"), Some(format!("value {n}").as_bytes()));
            }
        });
        let offset = 50 * i as i64;
        assert_eq!(produce(&mut client, &topic, sent.clone()).base_offset, offset);
        let stored = fetch(&mut client, &topic, offset).records.unwrap();
        // Base offset and leader epoch are the broker's, and lie outside the CRC.
        assert_eq!(stored[8..12], sent[8..12]);
        assert_eq!(stored[16..], sent[16..], "{codec:?}");
    }
}

#[test]
fn a_codec_of_the_topics_own_is_applied() {
    let broker = Broker::start();
    let mut client = broker.connect();
    for (codec, id) in [("uncompressed", 0), ("gzip", 1), ("snappy", 2), ("lz4", 3), ("zstd", 4)] {
        let topic = topic(&mut client, &[("compression.type", codec)]);
        for sent in [Compression::None, Compression::Zstd(3)] {
            let sent = build(|b| {
                b.compression(sent);
                b.append_kv(now_ms(), Some(b"k"), Some(b"one")).append_kv(now_ms(), None, Some(b"two"));
            });
            assert_eq!(produce(&mut client, &topic, sent).error_code, 0);
        }
        let stored = fetch(&mut client, &topic, 0).records.unwrap();
        assert_eq!(BatchHeader::parse(&stored).unwrap().attributes & 7, id);
        let expected = ["one", "two", "one", "two"].map(str::to_owned);
        assert_eq!(values(&stored).into_iter().map(|(_, v)| v).collect::<Vec<_>>(), expected);
    }
}

#[test]
fn zstd_needs_version_7() {
    let broker = Broker::start();
    let mut client = broker.connect();
    let topic = topic(&mut client, &[]);
    let zstd = build(|b| {
        b.compression(Compression::Zstd(3)).append_kv(now_ms(), None, Some(b"v"));
    });
    for version in 3..=12 {
        let response = client.call(&produce_request(&topic, 0, zstd.clone(), 1), version);
        let expected = if version < 7 { 76 } else { 0 };
        assert_eq!(response.responses[0].partition_responses[0].error_code, expected, "v{version}");
    }
}

#[test]
fn keyless_records_on_a_compacted_topic_are_named_one_by_one() {
    let broker = Broker::start();
    let mut client = broker.connect();
    for policy in ["compact", "compact,delete"] {
        let topic = topic(&mut client, &[("cleanup.policy", policy)]);
        let mixed = build(|b| {
            b.append_kv(now_ms(), Some(b"k"), Some(b"0")).append_kv(now_ms(), None, Some(b"1"));
            b.append_kv(now_ms(), Some(b"k"), Some(b"2")).append_kv(now_ms(), None, Some(b"3"));
        });
        let response = produce(&mut client, &topic, mixed.clone());
        assert_eq!(response.error_code, 87);
        let text = |i| (i, format!("Compacted topic cannot accept message without key in topic partition {topic}-0"));
        assert_eq!(record_errors(&response), [text(1), text(3)]);
        assert_eq!(message(&response), "One or more records have been rejected due to 2 record errors in total, and only showing the first three errors at most: [RecordError(batchIndex=1, message='Compacted topic cannot accept message without key in topic partition TOPIC-0'), RecordError(batchIndex=3, message='Compacted topic cannot accept message without key in topic partition TOPIC-0')]".replace("TOPIC", &topic));
        // Older versions have no room for it.
        let old = client.call(&produce_request(&topic, 0, mixed, 1), 7);
        assert_eq!(old.responses[0].partition_responses[0].error_code, 87);
        assert_eq!(end_offset(&mut client, &topic), 0);
        assert_eq!(produce(&mut client, &topic, keyed("k", "v")).error_code, 0);
    }
}

#[test]
fn timestamps_out_of_range_are_named_one_by_one() {
    let broker = Broker::start();
    let mut client = broker.connect();
    let topic = topic(
        &mut client,
        &[("message.timestamp.before.max.ms", "10000"), ("message.timestamp.after.max.ms", "20000")],
    );
    let now = now_ms();
    let mixed = build(|b| {
        b.append_kv(now, None, Some(b"0")).append_kv(now - 60_000, None, Some(b"1"));
        b.append_kv(now + 60_000, None, Some(b"2")).append_kv(now + 10_000, None, Some(b"3"));
    });
    let response = produce(&mut client, &topic, mixed);
    assert_eq!(response.error_code, 32);
    let errors = record_errors(&response);
    assert_eq!(errors.iter().map(|(i, _)| *i).collect::<Vec<_>>(), [1, 2]);
    for (_, text) in &errors {
        assert!(text.starts_with("Timestamp ") && text.contains(" of message with offset "), "{text}");
    }
    assert!(
        message(&response).starts_with("One or more records have been rejected due to invalid timestamp"),
        "{}",
        message(&response)
    );
    assert_eq!(produce(&mut client, &topic, batch_at(now, &["v"])).error_code, 0);

    // By default an hour ahead is the limit, and nothing is too old.
    let topic = self::topic(&mut client, &[]);
    assert_eq!(produce(&mut client, &topic, batch_at(now + 3_700_000, &["v"])).error_code, 32);
    assert_eq!(produce(&mut client, &topic, batch_at(now + 3_500_000, &["v"])).error_code, 0);
    assert_eq!(produce(&mut client, &topic, batch_at(0, &["v"])).error_code, 0);
    assert_eq!(produce(&mut client, &topic, batch_at(-1, &["v"])).error_code, 0);
}

#[test]
fn producer_ids_are_never_given_twice() {
    let broker = Broker::start();
    let mut ids: Vec<i64> = Vec::new();
    for _ in 0..3 {
        let mut client = broker.connect();
        ids.extend((0..700).map(|_| producer_id(&mut client)).map(|(id, epoch)| {
            assert_eq!(epoch, 0);
            id
        }));
    }
    ids.sort_unstable();
    ids.dedup();
    assert_eq!(ids.len(), 2100);
}

#[test]
fn a_duplicate_among_the_last_five_batches_returns_its_original_offset() {
    let broker = Broker::start();
    let mut client = broker.connect();
    let topic = topic(&mut client, &[]);
    let (id, epoch) = producer_id(&mut client);
    let sent: Vec<Bytes> = (0..6).map(|i| sequenced(id, epoch, 2 * i, 2)).collect();
    for (i, records) in sent.iter().enumerate() {
        assert_eq!(produce(&mut client, &topic, records.clone()).base_offset, 2 * i as i64);
    }
    for (i, records) in sent.iter().enumerate().skip(1) {
        let response = produce(&mut client, &topic, records.clone());
        assert_eq!((response.error_code, response.base_offset), (0, 2 * i as i64));
    }
    let response = produce(&mut client, &topic, sent[0].clone());
    assert_eq!((response.error_code, response.base_offset), (45, -1), "what is older is out of order");
    assert_eq!(end_offset(&mut client, &topic), 12);
}

#[test]
fn gaps_old_epochs_and_foreign_starts_are_refused() {
    let broker = Broker::start();
    let mut client = broker.connect();
    let topic = topic(&mut client, &[]);
    let (id, _) = producer_id(&mut client);
    let mut send = |epoch, sequence, count| {
        let response = produce(&mut client, &topic, sequenced(id, epoch, sequence, count));
        (response.error_code, response.base_offset)
    };
    assert_eq!(send(1, 7, 3), (0, 0), "a producer that is not known may start anywhere");
    assert_eq!(send(1, 11, 1), (45, -1), "a gap");
    assert_eq!(send(1, 9, 1), (45, -1), "a part of what was sent is no duplicate");
    assert_eq!(send(1, 10, 1), (0, 3));
    assert_eq!(send(0, 11, 1), (47, -1), "an old epoch");
    assert_eq!(send(2, 11, 1), (45, -1), "a new epoch starts at 0");
    assert_eq!(send(2, 0, 1), (0, 4));
    assert_eq!(send(2, i32::MAX, 1), (45, -1));
}

#[test]
fn sequences_wrap_to_0() {
    let broker = Broker::start();
    let mut client = broker.connect();
    let topic = topic(&mut client, &[]);
    let (id, epoch) = producer_id(&mut client);
    let mut send = |sequence, count| {
        let response = produce(&mut client, &topic, sequenced(id, epoch, sequence, count));
        (response.error_code, response.base_offset)
    };
    assert_eq!(send(i32::MAX - 2, 2), (0, 0));
    assert_eq!(send(i32::MAX, 3), (0, 2), "its last sequence is 1");
    assert_eq!(send(i32::MAX, 3), (0, 2), "as a duplicate, too");
    assert_eq!(send(2, 1), (0, 5));
}

#[test]
fn responses_fill_what_their_version_has() {
    let broker = Broker::start();
    let mut client = broker.connect();
    let topic = topic(&mut client, &[]);
    for i in 0..3 {
        assert_eq!(produce(&mut client, &topic, batch(&["v"])).base_offset, i);
    }
    let partition = delete_records_request::DeleteRecordsPartition::default().with_offset(2);
    let deleted =
        delete_records_request::DeleteRecordsTopic::default().with_name(name(&topic)).with_partitions(vec![partition]);
    client.call(&DeleteRecordsRequest::default().with_timeout_ms(10_000).with_topics(vec![deleted]), 2);
    for version in 3..=12 {
        let response = client.call(&produce_request(&topic, 0, batch(&["v"]), 1), version);
        let partition = &response.responses[0].partition_responses[0];
        let log_start = if version >= 5 { 2 } else { -1 };
        assert_eq!((partition.base_offset, partition.log_start_offset), (i64::from(version), log_start), "v{version}");
    }
}
