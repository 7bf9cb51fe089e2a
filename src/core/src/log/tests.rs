//! Tests of the log as a whole, on a real directory. Crashes are in `crash_tests`.

use super::*;
use bytes::Bytes;
use ottla_base::storage::{DiskStorage, SyncMode};
use ottla_record::batch::{BatchBuilder, BatchHeader, batches};

pub(super) const EPOCH: i32 = 3;

pub(super) fn now(ms: u64) -> Now {
    Now { mono_ms: ms, wall_ms: 1_700_000_000_000 + i64::try_from(ms).unwrap() }
}

pub(super) fn batch(records: usize, value: usize, timestamp: i64) -> AppendBatch {
    let mut builder = BatchBuilder::new(0);
    for i in 0..records {
        builder.append_kv(timestamp + i as i64, None, Some(&vec![b'x'; value]));
    }
    AppendBatch::new(&builder.build().unwrap()).unwrap()
}

pub(super) fn producer_batch(id: i64, epoch: i16, sequence: i32, records: usize) -> AppendBatch {
    let mut builder = BatchBuilder::new(0);
    builder.producer(id, epoch, sequence);
    for _ in 0..records {
        builder.append_kv(1_700_000_000_000, None, Some(b"value"));
    }
    AppendBatch::new(&builder.build().unwrap()).unwrap()
}

fn open(dir: &tempfile::TempDir, config: LogConfig, params: OpenParams) -> Log {
    let disk = Arc::new(DiskStorage::new(SyncMode::Ephemeral));
    Log::open(disk, &dir.path().join("topic-0"), config, params, now(0)).unwrap()
}

fn append(log: &mut Log, batch: AppendBatch) -> AppendInfo {
    log.append_as_leader(&[batch], AppendOrigin::Client, EPOCH, now(1)).unwrap()
}

pub(super) fn offsets(bytes: &Bytes) -> Vec<(i64, i64)> {
    batches(bytes).map_while(Result::ok).map(|(h, _)| (h.base_offset, h.last_offset())).collect()
}

fn read(log: &mut Log, offset: i64, max: u32) -> Vec<(i64, i64)> {
    let end = log.log_end_offset();
    offsets(&log.snapshot().read(offset, max, end, true).unwrap().read_all().unwrap())
}

fn small_segments() -> LogConfig {
    LogConfig { segment_bytes: 4096, index_interval_bytes: 256, ..LogConfig::default() }
}

#[test]
fn appended_batches_get_consecutive_offsets_and_the_leaders_epoch() {
    for cache in [0, 1 << 20] {
        let dir = tempfile::tempdir().unwrap();
        let params = OpenParams { cache: Arc::new(TailCache::new(cache)), ..OpenParams::default() };
        let mut log = open(&dir, LogConfig::default(), params);
        let first = append(&mut log, batch(3, 10, 5));
        assert_eq!((first.first_offset, first.last_offset, first.log_append_time), (0, 2, -1));
        let second = log.append_as_leader(&[batch(1, 10, 6), batch(2, 10, 7)], AppendOrigin::Client, EPOCH, now(1)).unwrap();
        assert_eq!((second.first_offset, second.last_offset, second.max_timestamp), (3, 5, 8));
        assert_eq!(log.log_end_offset(), 6);
        assert_eq!(read(&mut log, 1, 1 << 20), [(0, 2), (3, 3), (4, 5)]);
        assert_eq!(read(&mut log, 3, 1), [(3, 3)], "one batch even if it is too large");
        let bytes = log.snapshot().read(4, 1 << 20, 6, true).unwrap().read_all().unwrap();
        assert_eq!(BatchHeader::parse(&bytes).unwrap().partition_leader_epoch, EPOCH);
        ottla_record::batch::verify_crc(&bytes).unwrap();
        assert_eq!(log.end_offset_for_epoch(EPOCH), Some(OffsetAndEpoch { offset: 6, epoch: EPOCH }));
    }
}

#[test]
fn a_read_stops_at_its_bound_and_refuses_offsets_outside() {
    let dir = tempfile::tempdir().unwrap();
    let mut log = open(&dir, LogConfig::default(), OpenParams::default());
    for _ in 0..4 {
        append(&mut log, batch(2, 10, 5));
    }
    let view = log.snapshot();
    let got = |offset, bound| offsets(&view.read(offset, 1 << 20, bound, true).unwrap().read_all().unwrap());
    assert_eq!(got(0, 4), [(0, 1), (2, 3)]);
    assert_eq!(got(4, 4), []);
    assert_eq!(got(6, 4), [], "above the bound but in the log: nothing, no error");
    assert!(matches!(view.read(9, 1, 8, true), Err(ReadError::OutOfRange { .. })));
    assert!(matches!(view.read(-1, 1, 8, true), Err(ReadError::OutOfRange { .. })));
    assert!(view.read(8, 1, 8, true).unwrap().parts.is_empty());
    let cut = view.read(0, 10, 8, false).unwrap();
    assert!(cut.first_entry_incomplete && cut.size == 10);
}

#[test]
fn a_full_segment_rolls_and_every_offset_stays_readable() {
    let dir = tempfile::tempdir().unwrap();
    let mut log = open(&dir, small_segments(), OpenParams::default());
    for i in 0..100 {
        append(&mut log, batch(1, 200, 1000 + i));
    }
    assert!(log.snapshot().segment_count() > 5);
    for offset in 0..100 {
        assert_eq!(read(&mut log, offset, 1)[0], (offset, offset));
    }
    log.close_clean(now(2)).unwrap();
    let before = std::fs::read_dir(log.dir()).unwrap().count();
    let mut log = open(&dir, small_segments(), OpenParams::default());
    assert_eq!(log.log_end_offset(), 100);
    assert_eq!(log.recovery_point(), 100);
    assert_eq!(std::fs::read_dir(log.dir()).unwrap().count(), before, "a clean open changes nothing");
    for offset in 0..100 {
        assert_eq!(read(&mut log, offset, 1)[0], (offset, offset));
    }
    assert_eq!(log.latest_epoch(), Some(EPOCH));
}

#[test]
fn a_duplicate_returns_the_original_offset_and_a_gap_is_refused() {
    let dir = tempfile::tempdir().unwrap();
    let mut log = open(&dir, LogConfig::default(), OpenParams::default());
    for i in 0..6 {
        assert_eq!(append(&mut log, producer_batch(7, 0, i * 2, 2)).first_offset, i64::from(i) * 2);
    }
    let again = append(&mut log, producer_batch(7, 0, 2, 2));
    assert!(again.duplicate);
    assert_eq!((again.first_offset, again.last_offset), (2, 3));
    assert_eq!(again.log_append_time, 1_700_000_000_000);
    assert_eq!(log.log_end_offset(), 12);
    let mut refuse = |b: AppendBatch| log.append_as_leader(&[b], AppendOrigin::Client, EPOCH, now(1)).unwrap_err();
    assert!(matches!(refuse(producer_batch(7, 0, 0, 2)), AppendError::OutOfOrderSequence(_)), "older than five batches");
    assert!(matches!(refuse(producer_batch(7, 0, 13, 2)), AppendError::OutOfOrderSequence(_)), "a gap");
    assert!(matches!(refuse(producer_batch(7, 1, 1, 2)), AppendError::OutOfOrderSequence(_)), "new epoch starts at 0");
    append(&mut log, producer_batch(7, 1, 0, 1));
    let mut refuse = |b: AppendBatch| log.append_as_leader(&[b], AppendOrigin::Client, EPOCH, now(1)).unwrap_err();
    assert!(matches!(refuse(producer_batch(7, 0, 12, 2)), AppendError::InvalidProducerEpoch(_)));
    assert!(!append(&mut log, producer_batch(8, 5, 77, 1)).duplicate, "an unknown producer may start anywhere");
}

#[test]
fn one_refused_request_of_a_group_does_not_hinder_the_others() {
    let dir = tempfile::tempdir().unwrap();
    let mut log = open(&dir, LogConfig::default(), OpenParams::default());
    let batches = [producer_batch(7, 0, 0, 1), producer_batch(7, 0, 5, 1), producer_batch(7, 0, 1, 1), producer_batch(7, 0, 0, 1)];
    let requests: Vec<AppendRequest<'_>> = batches
        .iter()
        .map(|b| AppendRequest { batches: std::slice::from_ref(b), origin: AppendOrigin::Client, transaction_version: 0 })
        .collect();
    let results = log.append_group(&requests, EPOCH, now(1));
    assert_eq!(results[0].as_ref().unwrap().first_offset, 0);
    assert!(matches!(results[1], Err(AppendError::OutOfOrderSequence(_))));
    assert_eq!(results[2].as_ref().unwrap().first_offset, 1);
    assert!(results[3].as_ref().unwrap().duplicate && results[3].as_ref().unwrap().first_offset == 0);
    assert_eq!(log.log_end_offset(), 2);
    assert_eq!(log.producer(7).unwrap().last_seq(), 1);
}

#[test]
fn producer_state_survives_a_clean_and_an_unclean_restart() {
    for clean in [true, false] {
        let dir = tempfile::tempdir().unwrap();
        let mut log = open(&dir, LogConfig::default(), OpenParams::default());
        for i in 0..4 {
            append(&mut log, producer_batch(7, 0, i, 1));
        }
        if clean {
            log.close_clean(now(2)).unwrap();
        }
        drop(log);
        let mut log = open(&dir, LogConfig::default(), OpenParams { clean_shutdown: clean, ..OpenParams::default() });
        let again = append(&mut log, producer_batch(7, 0, 3, 1));
        assert!(again.duplicate && again.first_offset == 3);
        assert_eq!(append(&mut log, producer_batch(7, 0, 4, 1)).first_offset, 4);
    }
}
