//! What Produce carries: batches that lie, compressed garbage and bombs, flags and times that no client may set. Each is
//! answered with Kafka's code, and what is in the log stays readable.

use super::child::Node;
use super::size;
use crate::client::Client;
use crate::fixture::*;
use bytes::{BufMut, Bytes, BytesMut};
use kafka_protocol::messages::ProduceRequest;
use kafka_protocol::messages::produce_response::PartitionProduceResponse;
use ottla_base::rng::Rng;
use ottla_record::batch::{self, BatchHeader, RECORD_BATCH_OVERHEAD, batches, compute_crc};
use ottla_record::compression::Compression;
use std::collections::BTreeMap;
use std::time::{Duration, Instant};

/// Batches with what Apache Kafka 4.3.1's own classes answered to them.
const GOLDEN: &str = include_str!("../../src/record/src/batch/validate/golden.txt");

fn unhex(text: &str) -> Bytes {
    (0..text.len() / 2).map(|i| u8::from_str_radix(&text[2 * i..2 * i + 2], 16).unwrap()).collect()
}

fn produce_in(client: &mut Client, version: i16, request: &ProduceRequest) -> PartitionProduceResponse {
    client.call(request, version).responses.remove(0).partition_responses.remove(0)
}

/// Every offset from 0 to the end is there, in batches whose checksums are right.
fn assert_readable(client: &mut Client, topic: &str, records: i64) {
    let mut next = 0;
    while next < records {
        let partition = fetch(client, topic, next);
        assert_eq!((partition.error_code, partition.high_watermark), (0, records), "{topic} at {next}");
        let bytes = partition.records.unwrap();
        let before = next;
        for item in batches(&bytes) {
            let Ok((header, range)) = item else { break };
            if range.end > bytes.len() {
                break;
            }
            batch::verify_crc(&bytes[range]).expect("a right checksum");
            assert_eq!(header.base_offset, next, "{topic}");
            next = header.next_offset();
        }
        assert!(next > before, "{topic} stands still at {next}");
    }
}

#[test]
fn recorded_batches_get_apache_kafkas_codes_and_the_logs_stay_readable() {
    let mut node = Node::start(&[]);
    let mut client = Client::connect(node.address);
    let mut ends: BTreeMap<String, i64> = BTreeMap::new();
    let (mut taken, mut refused) = (0, 0);
    for line in GOLDEN.lines() {
        let fields: Vec<&str> = line.splitn(9, '|').collect();
        let [case, version, compacted, timestamps, before, after, codec, bytes, verdict] = fields[..] else {
            panic!("malformed line {line}");
        };
        if before != i64::MAX.to_string() {
            // These depend on the time at which they were recorded.
            continue;
        }
        let topic = format!("t-{compacted}-{timestamps}-{after}-{codec}");
        if !ends.contains_key(&topic) {
            let policy = if compacted == "1" { "compact" } else { "delete" };
            let timestamps = if timestamps == "L" { "LogAppendTime" } else { "CreateTime" };
            let codec = if codec == "none" { "uncompressed" } else { codec };
            let configs = [
                ("cleanup.policy", policy),
                ("message.timestamp.type", timestamps),
                ("message.timestamp.after.max.ms", after),
                ("compression.type", codec),
                // Their times are of the past, and retention must not remove what is counted here.
                ("retention.ms", "-1"),
            ];
            create(&mut client, &topic, 1, &configs);
            ends.insert(topic.clone(), 0);
        }
        let expected: i16 = match verdict.split('|').collect::<Vec<_>>()[..] {
            ["ok" | "rebuilt", ..] => 0,
            ["records" | "error", code, ..] => code.parse().unwrap(),
            _ => panic!("malformed verdict {verdict}"),
        };
        let sent = unhex(bytes);
        let version = version.parse().unwrap();
        let is_transactional = sent.get(22).is_some_and(|attributes| attributes & 0x10 != 0);
        let response = produce_in(&mut client, version, &produce_request(&topic, 0, sent.clone(), -1));
        if is_transactional {
            // Refused before the batch is looked at: the request names no transactional id.
            assert_eq!(response.error_code, 53, "{case}");
        } else if verdict.contains("out of range") {
            // Of the future when it was recorded.
            assert!([0, 32].contains(&response.error_code), "{case}: {}", response.error_code);
        } else if response.error_code != expected {
            // An idempotent batch that validation takes may still be out of sequence.
            assert!(expected == 0 && [45, 47].contains(&response.error_code), "{case}: {}", response.error_code);
        }
        if response.error_code == 0 {
            taken += 1;
            let count = BatchHeader::parse(&sent).unwrap().last_offset_delta as i64 + 1;
            let end = ends.get_mut(&topic).unwrap();
            if response.base_offset == *end {
                *end += count;
            }
        } else {
            refused += 1;
        }
    }
    assert!(taken > 80 && refused > 200, "{taken} taken, {refused} refused");
    for (topic, end) in &ends {
        assert_readable(&mut client, topic, *end);
    }
    node.check("recorded batches");
    node.stop();
}

/// A batch around any payload, with a right length and checksum.
fn around(codec: i16, count: i32, payload: &[u8]) -> Bytes {
    edited(&batch(&["v"]), |bytes| {
        bytes.truncate(RECORD_BATCH_OVERHEAD);
        bytes.extend_from_slice(payload);
        bytes[batch::ATTRIBUTES_OFFSET..][..2].copy_from_slice(&codec.to_be_bytes());
        bytes[batch::LAST_OFFSET_DELTA_OFFSET..][..4].copy_from_slice(&(count - 1).to_be_bytes());
        bytes[batch::RECORDS_COUNT_OFFSET..][..4].copy_from_slice(&count.to_be_bytes());
        let length = (bytes.len() - batch::LOG_OVERHEAD) as i32;
        bytes[batch::LENGTH_OFFSET..][..4].copy_from_slice(&length.to_be_bytes());
    })
}

/// A changed batch whose checksum is right again.
fn edited(batch: &[u8], edit: impl FnOnce(&mut Vec<u8>)) -> Bytes {
    let mut bytes = batch.to_vec();
    edit(&mut bytes);
    if bytes.len() >= RECORD_BATCH_OVERHEAD {
        let crc = compute_crc(&bytes);
        bytes[batch::CRC_OFFSET..][..4].copy_from_slice(&crc.to_be_bytes());
    }
    bytes.into()
}

fn put(at: usize, value: &[u8]) -> impl FnOnce(&mut Vec<u8>) + '_ {
    move |bytes| bytes[at..at + value.len()].copy_from_slice(value)
}

fn compressed(codec: Compression, payload: &[u8]) -> Vec<u8> {
    let mut out = Vec::new();
    ottla_record::compression::compress(codec, payload, &mut out).unwrap();
    out
}

fn varint(n: i64, out: &mut Vec<u8>) {
    let mut raw = ((n << 1) ^ (n >> 63)) as u64;
    while raw >= 0x80 {
        out.push(raw as u8 | 0x80);
        raw >>= 7;
    }
    out.push(raw as u8);
}

#[test]
fn headers_that_lie_get_kafkas_codes() {
    let mut node = Node::start(&["message.max.bytes=100000"]);
    let mut client = Client::connect(node.address);
    create(&mut client, "t", 1, &[]);
    create(&mut client, "compacted", 1, &[("cleanup.policy", "compact")]);
    let good = batch(&["a", "b", "c"]);
    let i16s = |n: i16| n.to_be_bytes();
    let i32s = |n: i32| n.to_be_bytes();
    let i64s = |n: i64| n.to_be_bytes();
    let lengthy = |n: i32| edited(&good, put(batch::LENGTH_OFFSET, &i32s(n)));
    let len = (good.len() - batch::LOG_OVERHEAD) as i32;
    let mut wrong_crc = good.to_vec();
    wrong_crc[batch::CRC_OFFSET] ^= 1;
    let at_count = batch::RECORDS_COUNT_OFFSET;
    let at_delta = batch::LAST_OFFSET_DELTA_OFFSET;
    let counts = |count: i32, delta: i32| {
        edited(&good, |b| {
            put(at_count, &i32s(count))(b);
            put(at_delta, &i32s(delta))(b);
        })
    };
    let cases: Vec<(&str, Bytes, i16)> = vec![
        ("empty", Bytes::new(), 87),
        ("wrong checksum", wrong_crc.into(), 2),
        ("a length of -1", lengthy(-1), 2),
        ("a length of 0", lengthy(0), 2),
        ("a length of 13", lengthy(13), 2),
        ("a length of 48, which ends in the header", lengthy(48), 2),
        ("a length that is one too many", lengthy(len + 1), 87),
        ("the greatest length", lengthy(i32::MAX), 87),
        ("two batches", [&good[..], &good].concat().into(), 87),
        ("magic 0", edited(&good, put(batch::MAGIC_OFFSET, &[0])), 87),
        ("magic 1", edited(&good, put(batch::MAGIC_OFFSET, &[1])), 87),
        ("magic 3", edited(&good, put(batch::MAGIC_OFFSET, &[3])), 2),
        ("magic -1", edited(&good, put(batch::MAGIC_OFFSET, &[0xff])), 2),
        ("codec 5", edited(&good, put(batch::ATTRIBUTES_OFFSET, &i16s(5))), -1),
        ("codec 6", edited(&good, put(batch::ATTRIBUTES_OFFSET, &i16s(6))), -1),
        ("codec 7", edited(&good, put(batch::ATTRIBUTES_OFFSET, &i16s(7))), -1),
        ("control", edited(&good, put(batch::ATTRIBUTES_OFFSET, &i16s(0x20))), 87),
        ("transactional", edited(&good, put(batch::ATTRIBUTES_OFFSET, &i16s(0x10))), 53),
        ("transactional control", edited(&good, put(batch::ATTRIBUTES_OFFSET, &i16s(0x30))), 53),
        ("no records", counts(0, -1), 87),
        ("count 0", counts(0, 2), 87),
        ("count -1", counts(-1, 2), 87),
        ("count 2 of 3", counts(2, 1), 87),
        ("count 4 of 3", counts(4, 3), 87),
        ("the greatest count", counts(i32::MAX, i32::MAX - 1), 87),
        ("a last offset delta of -1", counts(3, -1), 87),
        ("the least last offset delta", counts(3, i32::MIN), 87),
        ("the greatest last offset delta", counts(3, i32::MAX), 87),
        ("last offset delta 1 of 2", counts(3, 1), 87),
        ("base offset 1", edited(&good, put(batch::BASE_OFFSET_OFFSET, &i64s(1))), 87),
        ("the least base offset", edited(&good, put(batch::BASE_OFFSET_OFFSET, &i64s(i64::MIN))), 87),
        ("the least base timestamp", edited(&good, put(batch::BASE_TIMESTAMP_OFFSET, &i64s(i64::MIN))), 32),
        ("the greatest base timestamp", edited(&good, put(batch::BASE_TIMESTAMP_OFFSET, &i64s(i64::MAX))), 32),
        ("a year from now", batch_at(now_ms() + 365 * 86_400_000, &["v"]), 32),
        ("two hours from now", batch_at(now_ms() + 7_200_000, &["v"]), 32),
        ("above max.message.bytes", batch(&[&"x".repeat(100_001)]), 10),
    ];
    for (case, bytes, code) in cases {
        let response = produce(&mut client, "t", bytes);
        assert_eq!(response.error_code, code, "{case}");
        assert_eq!(response.base_offset, -1, "{case}");
    }
    // A broker sets these itself; what a client says does not matter.
    let epoch = edited(&good, put(batch::PARTITION_LEADER_EPOCH_OFFSET, &i32s(i32::MAX)));
    assert_eq!(produce(&mut client, "t", epoch).error_code, 0);
    let lying_max = edited(&good, put(batch::MAX_TIMESTAMP_OFFSET, &i64s(i64::MAX)));
    assert_eq!(produce(&mut client, "t", lying_max).error_code, 0);
    let trailing = [&good[..], b"trailing"].concat();
    assert_eq!(produce(&mut client, "t", trailing.into()).error_code, 0);
    assert_eq!(produce(&mut client, "t", batch_at(0, &["long ago"])).error_code, 0);
    assert_eq!(produce(&mut client, "compacted", batch(&["no key"])).error_code, 87);
    assert_eq!(produce(&mut client, "compacted", keyed("k", "v")).error_code, 0);
    assert_readable(&mut client, "t", 10);
    let fetched = fetch(&mut client, "t", 0).records.unwrap();
    for item in batches(&fetched) {
        let (header, _) = item.unwrap();
        assert!(header.partition_leader_epoch < 10 && header.max_timestamp < now_ms() + 60_000, "{header:?}");
    }
    node.check("headers");
    node.stop();
}

#[test]
fn records_that_lie_are_refused_in_every_codec() {
    let mut node = Node::start(&[]);
    let mut client = Client::connect(node.address);
    create(&mut client, "t", 1, &[]);
    // One record: length, attributes, timestamp delta, offset delta, key, value, headers.
    let record = |fields: &[i64], content: &[u8]| {
        let mut body = vec![0];
        fields.iter().for_each(|n| varint(*n, &mut body));
        body.extend_from_slice(content);
        let mut out = Vec::new();
        varint(body.len() as i64, &mut out);
        out.extend(body);
        out
    };
    let cases: Vec<(&str, Vec<u8>, i32)> = vec![
        ("key length above all", record(&[0, 0, 1 << 30, 0, 0], b""), 1),
        ("greatest key length", record(&[0, 0, i32::MAX.into(), 0, 0], b""), 1),
        ("greatest value length", record(&[0, 0, -1, i32::MAX.into(), 0], b""), 1),
        ("greatest header count", record(&[0, 0, -1, -1, i32::MAX.into()], b""), 1),
        ("negative header count", record(&[0, 0, -1, -1, -1], b""), 1),
        ("null header key", record(&[0, 0, -1, -1, 1, -1, -1], b""), 1),
        ("greatest header key", record(&[0, 0, -1, -1, 1, i32::MAX.into(), -1], b""), 1),
        ("record length of -1", vec![1, 0, 0, 0, 1, 1, 0], 1),
        ("greatest record length", [&[0xfe, 0xff, 0xff, 0xff, 0x0f][..], &[0; 20]].concat(), 1),
        ("varint without an end", vec![0xff; 30], 1),
        ("varint of six bytes", [&[0x80, 0x80, 0x80, 0x80, 0x80, 1][..], &[0; 20]].concat(), 1),
        ("nothing", vec![], 1),
        ("bytes behind the last record", [record(&[0, 0, -1, -1, 0], b""), vec![1, 2, 3]].concat(), 1),
        ("fewer records than counted", record(&[0, 0, -1, -1, 0], b""), 1000),
    ];
    for (case, payload, count) in cases {
        for (id, codec) in
            [Compression::None, Compression::Gzip(6), Compression::Snappy, Compression::Lz4(9), Compression::Zstd(3)]
                .into_iter()
                .enumerate()
        {
            let packed = compressed(codec, &payload);
            let response = produce(&mut client, "t", around(id as i16, count, &packed));
            // Kafka does not look at the length of a compressed record.
            let is_taken = response.error_code == 0 && case == "record length of -1" && id > 0;
            let is_refused = [87, -1].contains(&response.error_code);
            assert!(is_refused || is_taken, "{case} in {codec:?}: {}", response.error_code);
        }
    }
    // Offset deltas that do not count from 0: taken uncompressed, refused compressed, as Kafka does.
    let odd = record(&[0, 7, -1, -1, 0], b"");
    let packed = compressed(Compression::Zstd(3), &odd);
    assert_eq!(produce(&mut client, "t", around(4, 1, &packed)).error_code, -1);
    node.check("records");
    node.stop();
}

#[test]
fn compressed_garbage_and_truncated_streams_are_refused() {
    let mut node = Node::start(&[]);
    let mut client = Client::connect(node.address);
    create(&mut client, "t", 1, &[]);
    let mut rng = Rng::from_seed(7);
    for codec in 1..=4i16 {
        for case in 0..size(30, 1000) as u64 {
            let garbage: Vec<u8> = (0..1 + rng.below(2000)).map(|_| rng.next_u64() as u8).collect();
            let code = produce(&mut client, "t", around(codec, 1, &garbage)).error_code;
            assert!([-1, 87].contains(&code), "garbage {case} in codec {codec}: {code}");
        }
    }
    let text = "some value that is long enough to be compressed, ".repeat(200);
    for (id, codec) in
        [(1, Compression::Gzip(6)), (2, Compression::Snappy), (3, Compression::Lz4(9)), (4, Compression::Zstd(3))]
    {
        let whole = build(|b| {
            b.compression(codec);
            b.append_kv(now_ms(), Some(b"k"), Some(text.as_bytes()));
        });
        let payload = &whole[RECORD_BATCH_OVERHEAD..];
        for end in (0..payload.len()).step_by(size(7, 1)) {
            let code = produce(&mut client, "t", around(id, 1, &payload[..end])).error_code;
            // Kafka does not look for what comes behind the last record: the end of a stream may be missing.
            assert!(
                [-1, 87].contains(&code) || (code == 0 && end + 30 > payload.len()),
                "codec {id} cut at {end}: {code}"
            );
        }
        for _ in 0..size(100, 3000) {
            let mut damaged = payload.to_vec();
            let at = rng.below(damaged.len() as u64) as usize;
            damaged[at] ^= 1 << rng.below(8);
            let code = produce(&mut client, "t", around(id, 1, &damaged)).error_code;
            assert!([0, -1, 87, 10].contains(&code), "codec {id} damaged at {at}: {code}");
        }
    }
    node.check("garbage");
    node.stop();
}

/// A zstd frame that announces a window of `1 << window_log` bytes and repeats a byte `blocks` x 128 KiB times.
fn zstd_bomb(window_log: u8, start: &[u8], blocks: usize) -> Vec<u8> {
    let mut out = vec![0x28, 0xb5, 0x2f, 0xfd, 0, (window_log - 10) << 3];
    let mut block = |last: bool, kind: u32, size: u32, content: &[u8]| {
        out.extend_from_slice(&(u32::from(last) | kind << 1 | size << 3).to_le_bytes()[..3]);
        out.extend_from_slice(content);
    };
    block(false, 0, start.len() as u32, start);
    (0..blocks).for_each(|i| block(i + 1 == blocks, 1, 128 << 10, &[0]));
    out
}

/// An lz4 frame of independent blocks, each one match that repeats a byte.
fn lz4_bomb(start: &[u8], blocks: usize) -> Vec<u8> {
    // Version 1, independent blocks; 4 MiB.
    let descriptor = [0x60, 0x70];
    let mut out = vec![4, 0x22, 0x4d, 0x18];
    out.extend(descriptor);
    out.push((xxh32(&descriptor) >> 8) as u8);
    let mut literal = |content: &[u8]| {
        out.extend((content.len() as u32 | 1 << 31).to_le_bytes());
        out.extend_from_slice(content);
    };
    literal(start);
    // A literal byte, then a match at distance 1 of 4 MiB less what ends a block, then five literals.
    let length = (4 << 20) - 1 - 5;
    let mut block = vec![0x1f, 0, 1, 0];
    let mut rest = length - 19;
    while rest >= 255 {
        block.push(255);
        rest -= 255;
    }
    block.push(rest as u8);
    block.extend([0x50, 0, 0, 0, 0, 0]);
    for _ in 0..blocks {
        out.extend((block.len() as u32).to_le_bytes());
        out.extend_from_slice(&block);
    }
    out.extend([0; 4]);
    out
}

/// xxHash32 of at most 15 bytes with seed 0.
fn xxh32(bytes: &[u8]) -> u32 {
    let mut h = 374_761_393u32.wrapping_add(bytes.len() as u32);
    for byte in bytes {
        h = h.wrapping_add(u32::from(*byte).wrapping_mul(374_761_393)).rotate_left(11).wrapping_mul(2_654_435_761);
    }
    h = (h ^ h >> 15).wrapping_mul(2_246_822_519);
    h = (h ^ h >> 13).wrapping_mul(3_266_489_917);
    h ^ h >> 16
}

#[test]
fn bombs_are_refused_in_little_memory_and_time() {
    let mut node = Node::start(&["message.max.bytes=8000000"]);
    let mut client = Client::connect(node.address);
    create(&mut client, "t", 1, &[]);
    // A record whose value is as large as can be said.
    let mut start = Vec::new();
    varint(i32::MAX.into(), &mut start);
    start.push(0);
    for n in [0, 0, -1, i64::from(i32::MAX) - 100] {
        varint(n, &mut start);
    }
    // A gigabyte of zeros in gzip, from a piece that ends at a byte's boundary.
    let mut zeros = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
    std::io::Write::write_all(&mut zeros, &start).unwrap();
    for _ in 0..600 {
        std::io::Write::write_all(&mut zeros, &[0; 1 << 20]).unwrap();
    }
    let gzip = zeros.finish().unwrap();
    // Snappy announces 4 GiB in its first bytes, raw and in Xerial's frame.
    let raw_snappy = [&[0xff, 0xff, 0xff, 0xff, 0x0f][..], &[0xfe, 1, 0].repeat(300_000)].concat();
    let xerial = |block: &[u8]| {
        let mut out = b"\x82SNAPPY\0\0\0\0\x01\0\0\0\x01".to_vec();
        out.put_u32(block.len() as u32);
        out.extend_from_slice(block);
        out
    };
    let attacks: Vec<(&str, i16, Vec<u8>, &[i16])> = vec![
        ("gzip, 600 MiB", 1, gzip, &[10]),
        ("zstd, 32 GiB", 4, zstd_bomb(23, &start, 262_144), &[10]),
        ("zstd with a window of 2 GiB", 4, zstd_bomb(31, &start, 262_144), &[10, -1]),
        ("zstd with a window of 2 TiB", 4, zstd_bomb(41, &start, 10), &[-1]),
        ("lz4, 1 GiB", 3, lz4_bomb(&start, 256), &[10]),
        ("snappy that announces 4 GiB", 2, raw_snappy.clone(), &[-1, 10]),
        ("Xerial's snappy that announces 4 GiB", 2, xerial(&raw_snappy), &[-1, 10]),
        (
            "Xerial's snappy with a block of 4 GiB",
            2,
            {
                let mut out = xerial(&[0; 100]);
                out[16..20].fill(0xff);
                out
            },
            &[-1],
        ),
    ];
    for (attack, codec, payload, codes) in attacks {
        let started = Instant::now();
        let response = produce(&mut client, "t", around(codec, 1, &payload));
        println!("{attack}: {} bytes, {:?}, peak {} KiB", payload.len(), started.elapsed(), node.peak_kib());
        assert!(codes.contains(&response.error_code), "{attack}: {}", response.error_code);
        assert!(started.elapsed() < Duration::from_secs(25), "{attack} took {:?}", started.elapsed());
        node.check(attack);
    }
    // Many records of nothing: the count is bounded by what is decompressed too.
    let empty_records = zstd_bomb(23, &[], 64);
    let response = produce(&mut client, "t", around(4, i32::MAX, &empty_records));
    assert!([-1, 87, 10].contains(&response.error_code), "{}", response.error_code);
    node.check("records of nothing");
    node.stop();
}

#[test]
fn sequences_of_idempotent_producers() {
    let mut node = Node::start(&[]);
    let mut client = Client::connect(node.address);
    create(&mut client, "t", 1, &[]);
    let mut send = |id: i64, epoch: i16, sequence: i32, count: usize| {
        let response = produce(&mut client, "t", sequenced(id, epoch, sequence, count));
        (response.error_code, response.base_offset)
    };
    assert_eq!(send(7, 0, 0, 2), (0, 0));
    assert_eq!(send(7, 0, 0, 2), (0, 0), "a duplicate");
    assert_eq!(send(7, 0, 3, 1), (45, -1), "a gap");
    assert_eq!(send(7, 0, 1, 1), (45, -1), "an overlap");
    for i in 0..5 {
        assert_eq!(send(7, 0, 2 + i, 1), (0, 2 + i64::from(i)));
    }
    for i in 0..5 {
        assert_eq!(send(7, 0, 2 + i, 1), (0, 2 + i64::from(i)), "one of the last five");
    }
    assert_eq!(send(7, 0, 0, 2).0, 45, "older than the last five");
    // Kafka takes any sequence from a producer that the partition does not know.
    assert_eq!(send(8, 0, i32::MAX - 1, 2), (0, 7));
    assert_eq!(send(8, 0, 0, 1), (0, 9), "after the greatest sequence comes 0");
    assert_eq!(send(9, 0, i32::MAX, 3), (0, 10), "wraps inside the batch");
    assert_eq!(send(9, 0, 2, 1), (0, 13));
    assert_eq!(send(10, i16::MAX, 0, 1), (0, 14));
    assert_eq!(send(10, 0, 0, 1).0, 47, "an older epoch");
    assert_eq!(send(10, i16::MAX, 1, 1), (0, 15));
    // A producer id without a sequence, an epoch without an id, negative ones.
    for (id, epoch, sequence) in
        [(11, 0, -1), (11, -1, 0), (-2, 0, 0), (i64::MIN, 0, 0), (11, i16::MIN, 0), (11, 0, i32::MIN)]
    {
        let bytes = edited(&batch(&["v"]), |b| {
            put(batch::PRODUCER_ID_OFFSET, &i64::to_be_bytes(id))(b);
            put(batch::PRODUCER_EPOCH_OFFSET, &i16::to_be_bytes(epoch))(b);
            put(batch::BASE_SEQUENCE_OFFSET, &i32::to_be_bytes(sequence))(b);
        });
        let code = produce(&mut client, "t", bytes).error_code;
        println!("producer {id}, epoch {epoch}, sequence {sequence}: {code}");
    }
    let end = fetch(&mut client, "t", 0).high_watermark;
    assert_readable(&mut client, "t", end);
    node.check("sequences");
    node.stop();
}

#[test]
fn damaged_at_random_a_batch_is_refused_or_the_log_stays_readable() {
    let mut node = Node::start(&[]);
    let mut client = Client::connect(node.address);
    create(&mut client, "t", 1, &[]);
    let mut rng = Rng::from_seed(11);
    let codecs =
        [Compression::None, Compression::Gzip(6), Compression::Snappy, Compression::Lz4(9), Compression::Zstd(3)];
    let mut end = 0;
    for _ in 0..size(1500, 50_000) {
        let whole = build(|b| {
            b.compression(codecs[rng.below(5) as usize]);
            for _ in 0..1 + rng.below(5) {
                b.append_kv(now_ms(), Some(b"key"), Some(b"some value"));
            }
        });
        let damaged = edited(&whole, |bytes| {
            for _ in 0..1 + rng.below(3) {
                let at = rng.below(bytes.len() as u64) as usize;
                bytes[at] = match rng.below(3) {
                    0 => rng.next_u64() as u8,
                    1 => [0, 1, 0x7f, 0x80, 0xff][rng.below(5) as usize],
                    _ => bytes[at] ^ (1 << rng.below(8)),
                };
            }
        });
        let response = produce(&mut client, "t", damaged);
        if response.error_code == 0 && response.base_offset == end {
            let mut last = BytesMut::new();
            last.put_slice(&fetch(&mut client, "t", end).records.unwrap());
            end = BatchHeader::parse(&last).unwrap().next_offset();
        }
    }
    assert_readable(&mut client, "t", end);
    node.check("damaged batches");
    node.stop();
}
