//! Each line of `golden.txt` is a batch and what Apache Kafka 4.3.1's own `ProduceRequest` and `LogValidator` answered to
//! it: name | version | compacted | timestamp type | before.max | after.max | target codec | bytes | verdict. Verdicts:
//! `ok|header`, `rebuilt|header without length and crc|records`, `records|code|message|index=text…`, `error|code`.
//! They were made once by a program over Kafka's jars; the last lines are batches damaged at random.

use super::*;
use crate::batch::{BatchBuilder, Record, for_each_record, verify_crc};
use proptest::prelude::*;

const GOLDEN: &str = include_str!("golden.txt");
const NOW: i64 = 1_700_000_000_000;

fn unhex(text: &str) -> Bytes {
    (0..text.len() / 2).map(|i| u8::from_str_radix(&text[2 * i..2 * i + 2], 16).expect("hex")).collect()
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|b| format!("{b:02x}")).collect()
}

fn rules() -> ProduceRules<'static> {
    ProduceRules {
        topic: "topic",
        partition: 3,
        origin: AppendOrigin::Client,
        api_version: 12,
        compacted: false,
        timestamp_type: TimestampType::CreateTime,
        timestamp_before_max_ms: i64::MAX,
        timestamp_after_max_ms: 3_600_000,
        max_message_bytes: 1_048_588,
        segment_bytes: 1 << 30,
        compression: None,
        max_decompressed_bytes: 16 << 20,
    }
}

fn verdict(bytes: &Bytes, rules: &ProduceRules<'_>) -> String {
    match validate_for_produce(bytes, rules, NOW) {
        Ok(batch) => {
            let mut header = batch.stamp(1000, 17);
            let whole = [&header[..], &batch.payload].concat();
            verify_crc(&whole).expect("the crc of what is stored is right");
            assert_eq!(
                batch.log_append_time_ms,
                if rules.timestamp_type == TimestampType::LogAppendTime { NOW } else { -1 }
            );
            if !batch.recompressed {
                return format!("ok|{}", hex(&header));
            }
            header[8..12].fill(0);
            header[17..21].fill(0);
            let codec = batch.header.compression().expect("known");
            let records = crate::compression::decompress(codec, &batch.payload, 1 << 20).expect("reads");
            format!("rebuilt|{}|{}", hex(&header), hex(&records))
        }
        // Of refusals without record errors Kafka's classes were asked for the code only.
        Err(ProduceError { code, message: Some(message), record_errors, .. }) if !record_errors.is_empty() => {
            let mut out = format!("records|{}|{message}", code.code());
            for (index, text) in record_errors {
                out += &format!("|{index}={text}");
            }
            out
        }
        Err(e) => format!("error|{}", e.code.code()),
    }
}

#[test]
fn answers_are_those_of_apache_kafka() {
    let path = std::env::var("OTTLA_GOLDEN_BATCHES").ok();
    let text = path.map_or(GOLDEN.to_owned(), |path| std::fs::read_to_string(path).expect("readable"));
    let mut wrong = Vec::new();
    for line in text.lines() {
        let fields: Vec<&str> = line.splitn(9, '|').collect();
        let [name, version, compacted, timestamps, before, after, target, bytes, expected] = fields[..] else {
            panic!("malformed line {line}");
        };
        let rules = ProduceRules {
            api_version: version.parse().expect("number"),
            compacted: compacted == "1",
            timestamp_type: if timestamps == "L" { TimestampType::LogAppendTime } else { TimestampType::CreateTime },
            timestamp_before_max_ms: before.parse().expect("number"),
            timestamp_after_max_ms: after.parse().expect("number"),
            compression: CompressionType::from_name(target).map(Compression::of),
            ..rules()
        };
        let actual = verdict(&unhex(bytes), &rules);
        if actual != expected {
            wrong.push(format!("{name}\n  kafka {expected}\n  ottla {actual}"));
        }
    }
    assert!(wrong.is_empty(), "{} differ:\n{}", wrong.len(), wrong.join("\n"));
}

fn built(count: usize, value: &[u8], compression: Compression) -> Bytes {
    let mut b = BatchBuilder::new(0);
    b.compression(compression);
    for _ in 0..count {
        b.append_kv(NOW, Some(b"key"), Some(value));
    }
    b.build().expect("builds")
}

const CODECS: [Compression; 5] =
    [Compression::None, Compression::Gzip(-1), Compression::Snappy, Compression::Lz4(9), Compression::Zstd(3)];

#[test]
fn sizes_are_checked_as_sent_as_rebuilt_and_against_the_segment() {
    let code = |bytes: &Bytes, rules: &ProduceRules<'_>| {
        validate_for_produce(bytes, rules, NOW)
            .map(|b| b.size_in_bytes())
            .map_err(|e| (e.code, e.with_log_start_offset))
    };
    let packed = built(10, &[7; 1000], Compression::Gzip(9));
    let size = packed.len();
    assert!(size < 300);
    assert_eq!(code(&packed, &ProduceRules { max_message_bytes: size, ..rules() }), Ok(size));
    let too_large = Err((ProduceErrorCode::MessageTooLarge, false));
    assert_eq!(code(&packed, &ProduceRules { max_message_bytes: size - 1, ..rules() }), too_large);
    let unpacking = ProduceRules { compression: Some(Compression::None), max_message_bytes: 5_000, ..rules() };
    assert_eq!(code(&packed, &unpacking), too_large);
    let segment = ProduceRules { segment_bytes: size - 1, ..rules() };
    assert_eq!(code(&packed, &segment), Err((ProduceErrorCode::RecordListTooLarge, false)));
}

#[test]
fn a_bomb_is_refused_in_every_codec() {
    for codec in CODECS.into_iter().skip(1) {
        let bomb = built(100, &vec![0; 100_000], codec);
        assert!(bomb.len() < 600_000);
        for compression in [None, Some(Compression::Zstd(1)), Some(Compression::None)] {
            let rules = ProduceRules { max_decompressed_bytes: 1 << 20, compression, ..rules() };
            let error = validate_for_produce(&bomb, &rules, NOW).expect_err("too much");
            assert_eq!(error.code, ProduceErrorCode::MessageTooLarge, "{codec:?}");
        }
    }
}

#[test]
fn named_record_errors_are_bounded_and_all_are_counted() {
    let mut b = BatchBuilder::new(0);
    b.compression(Compression::Zstd(3));
    for _ in 0..MAX_RECORD_ERRORS + 7 {
        b.append_kv(NOW, None, None);
    }
    let rules = ProduceRules { compacted: true, ..rules() };
    let error = validate_for_produce(&b.build().expect("builds"), &rules, NOW).expect_err("no keys");
    assert_eq!(error.record_errors.len(), MAX_RECORD_ERRORS);
    assert!(
        error
            .message
            .expect("text")
            .starts_with("One or more records have been rejected due to 10007 record errors in total")
    );
}

#[test]
fn a_coordinator_may_write_markers_at_its_own_offset() {
    let mut b = BatchBuilder::new(40);
    b.control(true).transactional(true).producer(5, 0, -1).append_kv(NOW, Some(&[0, 0, 0, 1]), Some(&[0; 6]));
    let bytes = b.build().expect("builds");
    let rules = ProduceRules { origin: AppendOrigin::Coordinator, ..rules() };
    assert!(validate_for_produce(&bytes, &rules, NOW).expect("taken").header.is_control());
    assert_eq!(
        validate_for_produce(&bytes, &self::rules(), NOW).expect_err("client").code,
        ProduceErrorCode::InvalidRecord
    );
}

type Fields = (i64, Option<Vec<u8>>, Option<Vec<u8>>, Vec<(String, Option<Vec<u8>>)>);

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn what_is_built_is_taken_and_walks_back(
        records in proptest::collection::vec((0i64..5_000, any::<Option<Vec<u8>>>(), any::<Option<Vec<u8>>>(),
            proptest::collection::vec((".{0,4}", any::<Option<Vec<u8>>>()), 0..3)), 1..20),
        from in 0usize..5, to in 0usize..6, big in 0usize..40_000,
    ) {
        let mut records: Vec<Fields> = records;
        records[0].2 = Some(vec![b'x'; big]);
        let mut b = BatchBuilder::new(0);
        b.compression(CODECS[from]).producer(1, 2, 3);
        for (age, key, value, headers) in &records {
            let headers: Vec<_> = headers.iter().map(|(k, v)| (k.as_str(), v.as_deref())).collect();
            b.append(Record { timestamp: NOW - age, key: key.as_deref(), value: value.as_deref(), headers: &headers });
        }
        let bytes = b.build().expect("builds");
        let rules = ProduceRules { compression: CODECS.get(to).copied(), ..rules() };
        let taken = validate_for_produce(&bytes, &rules, NOW).expect("valid");
        prop_assert_eq!(taken.recompressed, to < 5 && to != from);
        let stored = [&taken.stamp(500, 1)[..], &taken.payload].concat();
        verify_crc(&stored).expect("crc");
        let mut back: Vec<Fields> = Vec::new();
        for_each_record::<BatchError>(&stored, 1 << 24, |header, record| {
            assert_eq!(header.record_offset(record.offset_delta), 500 + back.len() as i64);
            let headers = record.headers().map(|(k, v)| (String::from_utf8(k.to_vec()).expect("text"), v.map(<[u8]>::to_vec)));
            let age = NOW - header.record_timestamp(record.timestamp_delta);
            back.push((age, record.key.map(<[u8]>::to_vec), record.value.map(<[u8]>::to_vec), headers.collect()));
            Ok(())
        }).expect("walks");
        prop_assert_eq!(back, records);
    }

    #[test]
    fn damage_never_panics(payload in proptest::collection::vec(any::<u8>(), 0..200), codec in 0i16..8, count in -1i32..9,
        target in 0usize..6, compacted: bool) {
        let mut header = BatchHeader::parse(&built(1, b"", Compression::None)).expect("parses");
        header.batch_length = 49 + payload.len() as i32;
        header.attributes = codec;
        header.record_count = count;
        header.last_offset_delta = count - 1;
        let mut batch = [&header.to_bytes()[..], &payload].concat();
        crate::batch::builder::seal(&header, &mut batch);
        let rules = ProduceRules { compression: CODECS.get(target).copied(), compacted, ..rules() };
        let _ = validate_for_produce(&Bytes::from(batch), &rules, NOW);
    }
}
