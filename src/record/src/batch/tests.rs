//! Header, iteration, walk, build and patch.

use super::*;
use crate::compression::Compression;
use proptest::prelude::*;

pub(crate) fn sample(compression: Compression) -> bytes::Bytes {
    let mut b = BatchBuilder::new(100);
    b.compression(compression).producer(7, 3, i32::MAX).partition_leader_epoch(9);
    b.append(Record {
        timestamp: 1_000,
        key: Some(b"k"),
        value: None,
        headers: &[("h", Some(b"1")), ("h", None), ("", Some(b""))],
    });
    b.append_kv(998, None, Some(b"value"));
    b.build().expect("builds")
}

#[test]
fn a_built_batch_reads_back() {
    let batch = sample(Compression::None);
    let h = BatchHeader::parse(&batch).expect("parses");
    assert_eq!(h.size_in_bytes(), batch.len());
    assert_eq!((h.base_offset, h.last_offset(), h.next_offset(), h.record_count), (100, 101, 102, 2));
    assert_eq!((h.base_timestamp, h.max_timestamp, h.last_sequence()), (1_000, 1_000, 0));
    assert_eq!(h.to_bytes(), batch[..61]);
    verify_crc(&batch).expect("crc");
    let records: Vec<_> = record::records(&h, &batch[61..]).collect::<Result<_, _>>().expect("walks");
    assert_eq!(records.len(), 2);
    assert_eq!(
        records[0].headers().collect::<Vec<_>>(),
        vec![(&b"h"[..], Some(&b"1"[..])), (b"h", None), (b"", Some(b""))]
    );
    assert_eq!((records[0].key, records[0].value), (Some(&b"k"[..]), None));
    assert_eq!((records[1].offset_delta, h.record_timestamp(records[1].timestamp_delta)), (1, 998));
}

#[test]
fn iteration_ends_at_a_cut_batch() {
    let mut two = [sample(Compression::None), sample(Compression::None)].concat();
    assert!(batches(&two).all(|b| b.is_ok()));
    let whole = two.len() / 2;
    two.truncate(whole + 20);
    let mut it = batches(&two);
    assert_eq!(it.next().map(|b| b.map(|b| b.1)), Some(Ok(0..whole)));
    assert_eq!(it.next().map(|b| b.map(|b| b.1)), Some(Err(BatchError::Truncated { needed: 61, left: 20 })));
    assert_eq!(it.next(), None);
    assert_eq!(it.position(), whole);
}

#[test]
fn offset_and_epoch_are_patched_without_a_new_crc() {
    let batch = sample(Compression::None);
    let mut patch = BatchPatch::new(&batch).expect("parses");
    patch.base_offset(5).partition_leader_epoch(77);
    let patched = patch.apply(&batch);
    verify_crc(&patched).expect("crc still holds");
    assert_eq!(patched[17..], batch[17..]);
    let h = BatchHeader::parse(&patched).expect("parses");
    assert_eq!((h.base_offset, h.partition_leader_epoch), (5, 77));
    patch.max_timestamp(TimestampType::LogAppendTime, 4242, &batch[61..]);
    let patched = patch.apply(&batch);
    verify_crc(&patched).expect("new crc holds");
    let h = BatchHeader::parse(&patched).expect("parses");
    assert_eq!((h.timestamp_type(), h.max_timestamp), (TimestampType::LogAppendTime, 4242));
}

#[test]
fn an_empty_batch_is_kafkas_byte_for_byte() {
    let mut b = BatchBuilder::new(100);
    b.last_offset(110).partition_leader_epoch(4).max_timestamp(1234).producer(9, 1, 5).transactional(true);
    b.compression(Compression::Zstd(3));
    let bytes = b.build().expect("builds");
    let hex: String = bytes.iter().map(|b| format!("{b:02x}")).collect();
    assert_eq!(
        hex,
        "00000000000000640000003100000004026e42396000100000000affffffffffffffff00000000000004d2000000000000000900010000000500000000"
    );
    let h = BatchHeader::parse(&bytes).expect("parses");
    assert_eq!((h.last_offset(), h.record_count), (110, 0));
    assert_eq!(record::records(&h, &bytes[61..]).count(), 0);
}

#[test]
fn sequences_wrap_as_in_kafka() {
    assert_eq!(increment_sequence(i32::MAX, 1), 0);
    assert_eq!(increment_sequence(i32::MAX - 1, 3), 1);
    assert_eq!(decrement_sequence(0, 1), i32::MAX);
    assert_eq!(decrement_sequence(5, 2), 3);
}

proptest! {
    #[test]
    fn hostile_bytes_never_panic(mut bytes in proptest::collection::vec(any::<u8>(), 0..200), fix in any::<bool>()) {
        if fix && bytes.len() > 61 {
            let length = (bytes.len() - 12) as i32;
            bytes[8..12].copy_from_slice(&length.to_be_bytes());
            bytes[16] = 2;
        }
        for batch in batches(&bytes) {
            let Ok((h, range)) = batch else { break };
            for record in record::records(&h, &bytes[range][61..]).flatten() {
                let _ = record.headers().count();
            }
        }
    }
}
