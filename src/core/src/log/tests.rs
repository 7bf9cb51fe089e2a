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
    LogConfig { segment_bytes: 4096, index_interval_bytes: 256, retention_ms: -1, ..LogConfig::default() }
}

#[test]
fn appended_batches_get_consecutive_offsets_and_the_leaders_epoch() {
    for cache in [0, 1 << 20] {
        let dir = tempfile::tempdir().unwrap();
        let params = OpenParams { cache: Arc::new(TailCache::new(cache)), ..OpenParams::default() };
        let mut log = open(&dir, LogConfig::default(), params);
        let first = append(&mut log, batch(3, 10, 5));
        assert_eq!((first.first_offset, first.last_offset, first.log_append_time), (0, 2, -1));
        let second =
            log.append_as_leader(&[batch(1, 10, 6), batch(2, 10, 7)], AppendOrigin::Client, EPOCH, now(1)).unwrap();
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
    assert!(
        matches!(refuse(producer_batch(7, 0, 0, 2)), AppendError::OutOfOrderSequence(_)),
        "older than five batches"
    );
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
    let batches = [
        producer_batch(7, 0, 0, 1),
        producer_batch(7, 0, 5, 1),
        producer_batch(7, 0, 1, 1),
        producer_batch(7, 0, 0, 1),
    ];
    let requests: Vec<AppendRequest<'_>> = batches
        .iter()
        .map(|b| AppendRequest {
            batches: std::slice::from_ref(b),
            origin: AppendOrigin::Client,
            transaction_version: 0,
        })
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

#[test]
fn every_batch_in_flight_is_recognised_after_restarts_and_across_segments() {
    for clean in [true, false] {
        let dir = tempfile::tempdir().unwrap();
        // About 30 batches to a segment, and two more producers between.
        let mut log = open(&dir, small_segments(), OpenParams::default());
        for i in 0..61 {
            append(&mut log, producer_batch(7, 0, i * 2, 2));
            append(&mut log, producer_batch(8, i as i16, 0, 1));
            append(&mut log, batch(1, 10, 5));
        }
        for _ in 0..2 {
            if clean {
                log.close_clean(now(2)).unwrap();
            }
            drop(log);
            log = open(&dir, small_segments(), OpenParams { clean_shutdown: clean, ..OpenParams::default() });
        }
        assert!(log.snapshot().segment_count() > 2);
        assert_eq!(log.producer(7).unwrap().batches().len(), 5);
        assert_eq!(log.producer(8).unwrap().batches().len(), 1, "older epochs do not count");
        for i in 56..61 {
            let again = append(&mut log, producer_batch(7, 0, i * 2, 2));
            assert!(again.duplicate && again.first_offset == i64::from(i) * 4, "batch {i}: {again:?}");
        }
        assert!(!append(&mut log, producer_batch(7, 0, 122, 2)).duplicate);
    }
}

#[test]
fn a_segment_rolls_by_the_time_of_its_records_and_by_full_indexes() {
    let dir = tempfile::tempdir().unwrap();
    let mut log = open(&dir, LogConfig { segment_ms: 1000, ..LogConfig::default() }, OpenParams::default());
    append(&mut log, batch(1, 10, 5000));
    append(&mut log, batch(1, 10, 6000));
    assert_eq!(log.snapshot().segment_count(), 1, "exactly segment.ms is not more than it");
    append(&mut log, batch(1, 10, 6001));
    assert_eq!(log.snapshot().segment_count(), 2);
    assert_eq!(log.active_segment_base_offset(), 2);

    let dir = tempfile::tempdir().unwrap();
    let config = LogConfig { segment_index_bytes: 36, index_interval_bytes: 0, ..LogConfig::default() };
    let mut log = open(&dir, config, OpenParams::default());
    for i in 0..6 {
        append(&mut log, batch(1, 10, 5000 + i));
    }
    // Three entries fit the time index, and one is kept for the roll.
    assert_eq!(log.snapshot().segment_count(), 2);
}

#[test]
fn a_group_that_does_not_fit_goes_on_in_the_next_segment() {
    let dir = tempfile::tempdir().unwrap();
    let mut log = open(&dir, LogConfig { segment_bytes: 1000, ..LogConfig::default() }, OpenParams::default());
    let batches: Vec<AppendBatch> = (0..8).map(|i| batch(1, 300, 5000 + i)).collect();
    let requests: Vec<AppendRequest<'_>> = batches
        .chunks(1)
        .map(|batches| AppendRequest { batches, origin: AppendOrigin::Client, transaction_version: 0 })
        .collect();
    let results = log.append_group(&requests, EPOCH, now(1));
    let firsts: Vec<i64> = results.into_iter().map(|r| r.unwrap().first_offset).collect();
    assert_eq!(firsts, (0..8).collect::<Vec<i64>>());
    assert_eq!(log.snapshot().segment_count(), 4);
    let error = log.append_as_leader(&[batch(1, 2000, 5000)], AppendOrigin::Client, EPOCH, now(1)).unwrap_err();
    assert!(matches!(error, AppendError::RecordBatchTooLarge { .. }));
    for offset in 0..8 {
        assert_eq!(read(&mut log, offset, 1)[0].0, offset);
    }
}

#[test]
fn retention_deletes_what_is_too_old_or_too_much_but_nothing_above_the_high_watermark() {
    let dir = tempfile::tempdir().unwrap();
    let config = LogConfig { segment_bytes: 400, retention_ms: 1000, ..LogConfig::default() };
    let mut log = open(&dir, config.clone(), OpenParams::default());
    let start = now(0).wall_ms;
    for i in 0..10 {
        append(&mut log, batch(1, 300, start + i * 1000));
    }
    assert_eq!(log.snapshot().segment_count(), 10);
    let at = |ms: i64| now(u64::try_from(ms).unwrap());
    log.set_high_watermark(2);
    assert_eq!(log.delete_old_segments(at(9000)).unwrap(), 2);
    assert_eq!(log.log_start_offset(), 2);
    log.set_high_watermark(10);
    assert_eq!(log.delete_old_segments(at(9000)).unwrap(), 6, "all that is older than a second");
    assert_eq!(log.log_start_offset(), 8);
    let effects = log.take_effects();
    let deleted: Vec<&PathBuf> = effects
        .iter()
        .filter_map(|e| if let LogEffect::DeleteFiles { paths, due_mono_ms: 69_000 } = e { Some(paths) } else { None })
        .flatten()
        .collect();
    assert!(deleted.iter().all(|p| p.exists() && p.to_string_lossy().ends_with(".deleted")));
    assert!(deleted.len() >= 8 * 3);
    // Everything at once: a new active segment takes over.
    assert_eq!(log.delete_old_segments(at(1_000_000)).unwrap(), 2);
    assert_eq!((log.log_start_offset(), log.log_end_offset()), (10, 10));
    append(&mut log, batch(1, 300, start));

    log.set_config(LogConfig { retention_ms: -1, retention_bytes: 1000, ..config });
    for _ in 0..10 {
        append(&mut log, batch(1, 300, start));
    }
    log.set_high_watermark(log.log_end_offset());
    log.delete_old_segments(at(0)).unwrap();
    let size = log.snapshot().size();
    assert!((1000..1400).contains(&size), "{size}");
}

#[test]
fn delete_records_hides_a_part_of_a_batch_and_deletes_whole_segments() {
    let dir = tempfile::tempdir().unwrap();
    let mut log = open(&dir, small_segments(), OpenParams::default());
    for i in 0..30 {
        append(&mut log, batch(3, 200, 1000 + i));
    }
    log.set_high_watermark(90);
    assert!(matches!(log.increment_log_start_offset(91), Err(LogError::AboveHighWatermark { .. })));
    assert!(log.increment_log_start_offset(50).unwrap());
    assert!(!log.increment_log_start_offset(50).unwrap());
    assert_eq!(read(&mut log, 50, 1), [(48, 50)], "the batch is whole, its reader skips");
    assert!(matches!(log.snapshot().read(49, 1, 90, true), Err(ReadError::OutOfRange { .. })));
    assert_eq!(log.snapshot().earliest(), TimestampAndOffset { timestamp: -1, offset: 50, leader_epoch: Some(EPOCH) });
    let before = log.snapshot().segment_count();
    assert!(log.delete_old_segments(now(1)).unwrap() > 0);
    assert!(log.snapshot().segment_count() < before);
    assert_eq!(log.log_start_offset(), 50);
    log.close_clean(now(2)).unwrap();
    let log = open(&dir, small_segments(), OpenParams { log_start_offset: 50, ..OpenParams::default() });
    assert_eq!((log.log_start_offset(), log.log_end_offset()), (50, 90));
}

#[test]
fn a_truncated_log_ends_where_it_was_cut_and_forgets_what_followed() {
    let dir = tempfile::tempdir().unwrap();
    let mut log = open(&dir, small_segments(), OpenParams::default());
    for i in 0..40 {
        let info =
            log.append_as_leader(&[producer_batch(7, 0, i * 3, 3)], AppendOrigin::Client, i / 10, now(1)).unwrap();
        assert_eq!(info.first_offset, i64::from(i) * 3);
    }
    assert!(!log.truncate_to(120, now(2)).unwrap());
    assert!(log.truncate_to(61, now(2)).unwrap());
    assert_eq!(log.log_end_offset(), 60, "a batch that holds the offset goes as a whole");
    assert_eq!(log.latest_epoch(), Some(1));
    assert_eq!(log.end_offset_for_epoch(0), Some(OffsetAndEpoch { offset: 30, epoch: 0 }));
    assert_eq!(log.producer(7).unwrap().last_seq(), 59);
    let again = log.append_as_leader(&[producer_batch(7, 0, 60, 3)], AppendOrigin::Client, 5, now(3)).unwrap();
    assert_eq!(again.first_offset, 60);
    assert_eq!(read(&mut log, 60, 1), [(60, 62)]);
    log.truncate_fully_and_start_at(500, None, now(4)).unwrap();
    assert_eq!((log.log_start_offset(), log.log_end_offset(), log.latest_epoch()), (500, 500, None));
    assert!(log.producer(7).is_none());
    assert!(matches!(log.truncate_to(-1, now(4)), Err(LogError::NegativeOffset { .. })));
}

#[test]
fn a_follower_keeps_offsets_and_checks_what_it_is_sent() {
    let (leader_dir, dir) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let mut leader = open(&leader_dir, LogConfig::default(), OpenParams::default());
    for i in 0..5 {
        leader.append_as_leader(&[producer_batch(7, 0, i, 1)], AppendOrigin::Client, i / 2, now(1)).unwrap();
    }
    let bytes = leader.snapshot().read(0, 1 << 20, 5, true).unwrap().read_all().unwrap();
    let mut log = open(&dir, LogConfig::default(), OpenParams::default());
    let cut = bytes.slice(..bytes.len() - 3);
    let info = log.append_as_follower(&cut, 1, now(2)).unwrap().unwrap();
    assert_eq!((info.first_offset, info.last_offset), (0, 3), "a cut batch and later epochs are left out");
    assert!(matches!(log.append_as_follower(&bytes, 2, now(2)), Err(AppendError::UnexpectedAppendOffset { .. })));
    let rest = leader.snapshot().read(4, 1 << 20, 5, true).unwrap().read_all().unwrap();
    let mut bad = rest.to_vec();
    bad[70] ^= 1;
    assert!(matches!(log.append_as_follower(&bad.into(), 2, now(2)), Err(AppendError::Corrupt(_))));
    log.append_as_follower(&rest, 2, now(2)).unwrap();
    assert!(log.append_as_follower(&Bytes::new(), 2, now(2)).unwrap().is_none());
    assert_eq!(log.epochs(), leader.epochs());
    assert_eq!(log.producer(7), leader.producer(7));
    let files = |d: &tempfile::TempDir| std::fs::read(d.path().join("topic-0").join(file_name(0, ".log"))).unwrap();
    assert_eq!(files(&dir), files(&leader_dir));
}

#[test]
fn offsets_are_found_by_time() {
    for cold in [false, true] {
        let dir = tempfile::tempdir().unwrap();
        let mut log = open(&dir, small_segments(), OpenParams::default());
        assert_eq!(log.snapshot().max_timestamp_offset().unwrap(), None);
        assert_eq!(log.snapshot().offset_for_timestamp(0).unwrap(), None);
        for i in 0..100 {
            append(&mut log, batch(2, 50, 1000 + i * 10));
        }
        append(&mut log, batch(1, 50, 500));
        if cold {
            log.close_clean(now(2)).unwrap();
            log = open(&dir, small_segments(), OpenParams::default());
        }
        let view = log.snapshot();
        let at = |timestamp| view.offset_for_timestamp(timestamp).unwrap().map(|t| (t.offset, t.timestamp));
        assert_eq!(at(0), Some((0, 1000)));
        assert_eq!(at(1001), Some((1, 1001)), "inside a batch");
        assert_eq!(at(1002), Some((2, 1010)));
        assert_eq!(at(1505), Some((102, 1510)));
        assert_eq!(at(1991), Some((199, 1991)));
        assert_eq!(at(1992), None);
        let max = view.max_timestamp_offset().unwrap().unwrap();
        assert_eq!((max.offset, max.timestamp, max.leader_epoch), (199, 1991, Some(EPOCH)));
        assert_eq!(view.latest().offset, 201);
    }
}

#[test]
fn aborted_transactions_are_told_and_hold_the_stable_offset() {
    let dir = tempfile::tempdir().unwrap();
    let mut log = open(&dir, small_segments(), OpenParams::default());
    let data = |sequence| {
        let mut builder = BatchBuilder::new(0);
        builder.producer(7, 0, sequence).transactional(true);
        builder.append_kv(1000, None, Some(b"value"));
        AppendBatch::new(&builder.build().unwrap()).unwrap()
    };
    let marker = |commit: u8| {
        let mut builder = BatchBuilder::new(0);
        builder.producer(7, 0, -1).transactional(true).control(true);
        builder.append_kv(1000, Some(&[0, 0, 0, commit]), Some(&[0, 0, 0, 0, 0, 1]));
        AppendBatch::new(&builder.build().unwrap()).unwrap()
    };
    let append = |log: &mut Log, batch| {
        log.append_as_leader(&[batch], AppendOrigin::Coordinator, EPOCH, now(1)).unwrap();
        let end = log.log_end_offset();
        log.set_high_watermark(end);
        log.last_stable_offset()
    };
    assert_eq!(append(&mut log, batch(1, 10, 1000)), 1);
    assert_eq!(append(&mut log, data(0)), 1, "open since 1");
    assert_eq!(append(&mut log, data(1)), 1);
    assert_eq!(append(&mut log, marker(0)), 4, "aborted");
    assert_eq!(append(&mut log, data(2)), 4);
    assert_eq!(append(&mut log, marker(1)), 6, "committed");
    let aborted = [AbortedTxn { producer_id: 7, first_offset: 1, last_offset: 3, last_stable_offset: 4 }];
    let view = log.snapshot();
    assert_eq!(view.aborted_transactions(0, 6).unwrap(), aborted);
    assert_eq!(view.aborted_transactions(3, 6).unwrap(), aborted);
    assert_eq!(view.aborted_transactions(4, 6).unwrap(), []);
    assert_eq!(view.aborted_transactions(0, 1).unwrap(), []);
    // The marker is in the log, but not replicated yet.
    log.append_as_leader(&[data(3), marker(0)], AppendOrigin::Coordinator, EPOCH, now(1)).unwrap();
    assert_eq!(log.last_stable_offset(), 6);
    assert_eq!(log.set_high_watermark(7), 7);
    assert_eq!(log.last_stable_offset(), 6);
    log.set_high_watermark(8);
    assert_eq!(log.last_stable_offset(), 8);
}

#[test]
fn the_tail_is_served_from_memory_within_the_budget() {
    let dir = tempfile::tempdir().unwrap();
    let cache = Arc::new(TailCache::new(8000));
    let mut log = open(&dir, LogConfig::default(), OpenParams { cache: cache.clone(), ..OpenParams::default() });
    for i in 0..30 {
        append(&mut log, batch(1, 1000, 1000 + i));
        assert!(cache.pinned() <= 8000);
    }
    let view = log.snapshot();
    let in_memory = |offset| {
        let plan = view.read(offset, 100_000, 30, true).unwrap();
        (matches!(plan.parts[0], PlanPart::Bytes(_)), offsets(&plan.read_all().unwrap()).len())
    };
    assert_eq!(in_memory(29), (true, 1));
    assert_eq!(in_memory(26), (true, 4));
    assert_eq!(in_memory(0), (false, 30));
    log.release_idle();
    assert_eq!(offsets(&log.snapshot().read(29, 1, 30, true).unwrap().read_all().unwrap()), [(29, 29)]);
}

#[test]
fn flushes_are_asked_for_by_count_and_by_time_and_move_the_recovery_point() {
    let dir = tempfile::tempdir().unwrap();
    let mut log =
        open(&dir, LogConfig { flush_messages: 3, flush_ms: 500, ..LogConfig::default() }, OpenParams::default());
    let flushes = |log: &mut Log, at: u64| {
        let requests: Vec<FlushRequest> = log
            .take_effects()
            .into_iter()
            .filter_map(|e| if let LogEffect::Flush(request) = e { Some(request) } else { None })
            .collect();
        for request in &requests {
            request.run().unwrap();
            log.on_flushed(request.token(), now(at));
        }
        requests.len()
    };
    append(&mut log, batch(2, 10, 1000));
    assert_eq!(flushes(&mut log, 1), 0);
    append(&mut log, batch(1, 10, 1000));
    assert_eq!((flushes(&mut log, 1), log.recovery_point()), (1, 3));
    append(&mut log, batch(1, 10, 1000));
    assert_eq!(log.flush_deadline_mono_ms(), Some(501));
    log.maybe_flush(now(500));
    assert_eq!(flushes(&mut log, 500), 0);
    log.maybe_flush(now(501));
    assert_eq!((flushes(&mut log, 501), log.recovery_point()), (1, 4));
    assert_eq!(log.flush_deadline_mono_ms(), None);
    // A flush that began before a truncation proves nothing.
    append(&mut log, batch(1, 10, 1000));
    let request = log.flush_request(5).unwrap().unwrap();
    log.truncate_to(2, now(502)).unwrap();
    append(&mut log, batch(3, 10, 1000));
    log.on_flushed(request.token(), now(503));
    assert_eq!(log.recovery_point(), 2);
}

#[test]
fn leftovers_of_compaction_and_deletion_are_cleared_as_kafka_does() {
    let dir = tempfile::tempdir().unwrap();
    let mut log = open(&dir, small_segments(), OpenParams::default());
    for i in 0..60 {
        append(&mut log, batch(1, 200, 1000 + i));
    }
    log.close_clean(now(1)).unwrap();
    let bases: Vec<i64> = log.snapshot().segments.iter().map(|s| s.base_offset).collect();
    let path = |name: String| dir.path().join("topic-0").join(name);
    // The second segment has been compacted and waits to be swapped in; the third to be removed.
    for suffix in [".log", ".index", ".timeindex"] {
        std::fs::rename(path(file_name(bases[1], suffix)), path(format!("{}.swap", file_name(bases[1], suffix))))
            .unwrap();
    }
    std::fs::write(path(file_name(bases[1], ".txnindex")), b"old").unwrap();
    std::fs::write(path(format!("{}.deleted", file_name(bases[2], ".log"))), b"x").unwrap();
    std::fs::write(path(format!("{}.cleaned", file_name(bases[3], ".log"))), b"x").unwrap();
    std::fs::write(path(format!("{}.swap", file_name(bases[3], ".log"))), b"x").unwrap();
    std::fs::write(path(file_name(999, ".index")), b"orphan").unwrap();
    let mut log = open(&dir, small_segments(), OpenParams::default());
    assert_eq!(log.log_end_offset(), 60);
    for offset in 0..60 {
        assert_eq!(read(&mut log, offset, 1)[0].0, offset);
    }
    for entry in std::fs::read_dir(log.dir()).unwrap() {
        let name = entry.unwrap().file_name().into_string().unwrap();
        let plain = [".swap", ".cleaned", ".deleted"].iter().all(|suffix| !name.ends_with(suffix));
        assert!(plain && name != file_name(999, ".index") && name != file_name(bases[1], ".txnindex"), "{name}");
    }
}

#[test]
fn the_topic_id_is_written_once_and_must_not_change() {
    let dir = tempfile::tempdir().unwrap();
    let (a, b) = (Uuid::from_u128(1 << 80), Uuid::from_u128(2 << 80));
    let with = |id| OpenParams { topic_id: id, ..OpenParams::default() };
    let mut log = open(&dir, LogConfig::default(), with(None));
    assert_eq!(log.topic_id(), None);
    log.assign_topic_id(a).unwrap();
    assert!(matches!(log.assign_topic_id(b), Err(LogError::InconsistentTopicId { .. })));
    let text = std::fs::read_to_string(log.dir().join("partition.metadata")).unwrap();
    assert_eq!(text, format!("version: 0\ntopic_id: {}", ottla_base::ids::uuid_to_text(a)));
    drop(log);
    assert_eq!(open(&dir, LogConfig::default(), with(None)).topic_id(), Some(a));
    let disk = Arc::new(DiskStorage::new(SyncMode::Ephemeral));
    let refused = Log::open(disk, &dir.path().join("topic-0"), LogConfig::default(), with(Some(b)), now(0));
    assert!(matches!(refused, Err(LogError::InconsistentTopicId { .. })));
    std::fs::write(dir.path().join("topic-0/partition.metadata"), "").unwrap();
    assert_eq!(open(&dir, LogConfig::default(), with(Some(b))).topic_id(), Some(b), "emptied by a power cut");
}

#[test]
fn a_renamed_directory_goes_on_working() {
    let dir = tempfile::tempdir().unwrap();
    let mut log = open(&dir, small_segments(), OpenParams::default());
    append(&mut log, batch(1, 10, 1000));
    log.release_idle();
    log.rename_dir("topic-0.0123-delete").unwrap();
    assert_eq!(read(&mut log, 0, 100), [(0, 0)]);
    append(&mut log, batch(1, 10, 1000));
    assert!(dir.path().join("topic-0.0123-delete").join(file_name(0, ".log")).exists());
    assert!(!dir.path().join("topic-0").exists());
}
