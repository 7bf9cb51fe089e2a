//! Directories to and from Apache Kafka, by hand: `OTTLA_LOG_OUT=<dir>` makes a log for kafka-dump-log to read,
//! `OTTLA_LOG_IN=<partition directory>` opens one that Kafka has written (`OTTLA_LOG_CLEAN`: as after a
//! clean stop; `OTTLA_LOG_APPEND`: and appends to it, closing it cleanly or not at all).

use super::tests::now;
use super::*;
use ottla_base::storage::{DiskStorage, SyncMode};
use ottla_record::batch::BatchBuilder;
use ottla_record::compression::{Compression, CompressionType};
use std::path::Path;

fn disk() -> Arc<DiskStorage> {
    Arc::new(DiskStorage::new(SyncMode::Durable))
}

fn marker(producer: i64, commit: bool, timestamp: i64) -> AppendBatch {
    let mut builder = BatchBuilder::new(0);
    builder.producer(producer, 0, -1).transactional(true).control(true);
    builder.append_kv(timestamp, Some(&[0, 0, 0, u8::from(commit)]), Some(&[0, 0, 0, 0, 0, 5]));
    AppendBatch::new(&builder.build().unwrap()).unwrap()
}

#[test]
#[ignore = "makes files for kafka-dump-log; needs OTTLA_LOG_OUT"]
fn makes_a_directory_for_the_dump_tool() {
    let Ok(out) = std::env::var("OTTLA_LOG_OUT") else { return };
    let config = LogConfig { segment_bytes: 200_000, index_interval_bytes: 4096, ..LogConfig::default() };
    let params = OpenParams { topic_id: Some(Uuid::from_u128(0x1234_5678_9abc)), ..OpenParams::default() };
    let mut log = Log::open(disk(), &Path::new(&out).join("topic-0"), config, params, now(0)).unwrap();
    let codecs = [
        CompressionType::None,
        CompressionType::Gzip,
        CompressionType::Snappy,
        CompressionType::Lz4,
        CompressionType::Zstd,
    ];
    for i in 0..600i32 {
        let timestamp = now(u64::try_from(i).unwrap() * 1000).wall_ms;
        let mut builder = BatchBuilder::new(0);
        builder.compression(Compression::of(codecs[i as usize % 5]));
        let producer = i64::from(i % 3);
        if producer > 0 {
            builder.producer(producer, 0, i / 3 * 5).transactional(producer == 2);
        }
        for r in 0..5u8 {
            builder.append_kv(timestamp + i64::from(r), Some(b"key"), Some(&vec![r; 300]));
        }
        let mut batches = vec![AppendBatch::new(&builder.build().unwrap()).unwrap()];
        if i % 30 == 29 {
            batches.push(marker(2, i % 60 == 59, timestamp));
        }
        log.append_as_leader(&batches, AppendOrigin::Coordinator, i / 200, now(0)).unwrap();
    }
    log.close_clean(now(0)).unwrap();
}

#[test]
#[ignore = "opens a directory that Kafka has written; needs OTTLA_LOG_IN"]
fn opens_a_directory_of_kafkas() {
    let Ok(path) = std::env::var("OTTLA_LOG_IN") else { return };
    let clean_shutdown = std::env::var("OTTLA_LOG_CLEAN").is_ok();
    let params = OpenParams { clean_shutdown, ..OpenParams::default() };
    let mut log = Log::open(disk(), Path::new(&path), LogConfig::default(), params, now(0)).unwrap();
    if std::env::var("OTTLA_LOG_APPEND").is_ok() {
        for i in 0..1000 {
            let epoch = log.latest_epoch().unwrap_or(0);
            let batch = super::tests::batch(3, 300, now(i).wall_ms);
            log.append_as_leader(&[batch], AppendOrigin::Client, epoch, now(i)).unwrap();
        }
        if clean_shutdown {
            log.close_clean(now(0)).unwrap();
        }
    }
    let view = log.snapshot();
    let (mut at, mut count) = (view.log_start_offset, 0);
    while at < view.log_end_offset {
        let bytes = view.read(at, 1 << 20, view.log_end_offset, true).unwrap().read_all().unwrap();
        for (header, range) in ottla_record::batch::batches(&bytes).map_while(Result::ok) {
            ottla_record::batch::verify_crc(&bytes[range]).unwrap();
            count += 1;
            at = header.next_offset();
        }
    }
    println!(
        "topic id {:?}, {} segments, {count} batches, offsets {}..{}, epochs {:?}, producers {:?}, max timestamp {:?}",
        log.topic_id().map(ottla_base::ids::uuid_to_text),
        view.segment_count(),
        view.log_start_offset,
        view.log_end_offset,
        log.epochs().entries(),
        log.producers().collect::<Vec<_>>(),
        view.max_timestamp_offset().unwrap(),
    );
    println!("aborted {:?}", view.aborted_transactions(view.log_start_offset, view.log_end_offset).unwrap());
}
