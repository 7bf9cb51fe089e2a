//! A leader's rules on a real log in a simulated clock: no sockets, no threads.

use super::*;
use crate::log::{LogConfig, OpenParams, TailCache};
use ottla_base::rng::Rng;
use ottla_base::storage::{DiskStorage, SyncMode};
use ottla_record::batch::BatchBuilder;
use std::cell::Cell;
use std::rc::Rc;

const NOW: Now = Now { mono_ms: 1_000, wall_ms: 1_700_000_000_000 };

#[derive(Clone, Debug, Default)]
struct Wait(Rc<Cell<u64>>, u64);

impl FetchWait for Wait {
    fn on_readable(&self, bytes: u64) -> bool {
        self.0.set(self.0.get().saturating_add(bytes));
        self.is_done()
    }

    fn is_done(&self) -> bool {
        self.0.get() >= self.1
    }
}

fn partition(dir: &tempfile::TempDir, min_isr: usize) -> Partition<u32, Wait> {
    let params = OpenParams {
        clean_shutdown: true,
        recovery_point: 0,
        log_start_offset: 0,
        topic_id: None,
        producer_id_expiration_ms: 86_400_000,
        cache: Arc::new(TailCache::new(1 << 20)),
        rng: Rng::from_seed(1),
    };
    let storage = Arc::new(DiskStorage::new(SyncMode::Ephemeral));
    let log = Log::open(storage, &dir.path().join("t-0"), LogConfig::default(), params, NOW).unwrap();
    Partition::new(Uuid::from_u128(9), 1, log, min_isr)
}

fn lead(p: &mut Partition<u32, Wait>, epoch: i32, isr: &[i32], replicas: &[i32]) -> Vec<(u32, AppendResult)> {
    p.lead(&Leadership { epoch, isr: isr.to_vec(), replicas: replicas.to_vec() }, NOW).unwrap()
}

fn work(token: u32, acks: Acks) -> Work<u32> {
    let batch = BatchBuilder::new(0).append_kv(NOW.wall_ms, None, Some(b"v")).build().unwrap();
    Work { batches: vec![AppendBatch::new(&batch).unwrap()], origin: AppendOrigin::Client, acks, token }
}

fn tokens(done: &[(u32, AppendResult)]) -> Vec<u32> {
    done.iter().map(|(t, r)| if r.is_ok() { *t } else { 1000 + *t }).collect()
}

#[test]
fn a_sole_replica_acknowledges_at_once_and_moves_its_high_watermark() {
    let dir = tempfile::tempdir().unwrap();
    let mut p = partition(&dir, 1);
    assert_eq!(tokens(&p.append(vec![work(0, Acks::All)], NOW)), [1000], "nobody appends before leading");
    lead(&mut p, 0, &[1], &[1]);
    assert_eq!(tokens(&p.append(vec![work(1, Acks::All), work(2, Acks::Leader)], NOW)), [2, 1]);
    let view = p.view();
    assert_eq!((view.log.high_watermark, view.log.log_end_offset, view.is_leader), (2, 2, true));
}

#[test]
fn an_append_for_all_waits_for_every_in_sync_replica() {
    let dir = tempfile::tempdir().unwrap();
    let mut p = partition(&dir, 2);
    lead(&mut p, 3, &[1, 2, 3], &[1, 2, 3]);
    assert_eq!(tokens(&p.append(vec![work(1, Acks::All), work(2, Acks::Leader)], NOW)), [2]);
    assert_eq!(p.view().log.high_watermark, 0);
    assert!(p.on_follower_fetch(2, 2, NOW).is_empty());
    assert_eq!(tokens(&p.on_follower_fetch(3, 1, NOW)), [1], "everybody has the first record");
    assert_eq!(p.view().log.high_watermark, 1);
    assert!(p.on_follower_fetch(7, 9, NOW).is_empty(), "a stranger moves nothing");
}

#[test]
fn the_high_watermark_stands_while_the_isr_is_too_small() {
    let dir = tempfile::tempdir().unwrap();
    let mut p = partition(&dir, 2);
    lead(&mut p, 1, &[1], &[1, 2]);
    let done = p.append(vec![work(1, Acks::All), work(2, Acks::Leader)], NOW);
    assert_eq!(tokens(&done), [1001, 2], "acks=all is refused, acks=1 is not");
    assert!(matches!(done[0].1, Err(AppendFailure::NotEnoughReplicas { min_isr: 2, .. })));
    assert_eq!(p.view().log.high_watermark, 0, "strict min ISR");
    lead(&mut p, 1, &[1, 2], &[1, 2]);
    p.on_follower_fetch(2, 1, NOW);
    assert_eq!(p.view().log.high_watermark, 1);
}

#[test]
fn min_insync_replicas_above_the_replication_factor_does_not_block() {
    let dir = tempfile::tempdir().unwrap();
    let mut p = partition(&dir, 2);
    lead(&mut p, 0, &[1], &[1]);
    assert_eq!(tokens(&p.append(vec![work(1, Acks::All)], NOW)), [1]);
}

#[test]
fn a_lost_leadership_answers_whoever_waits() {
    let dir = tempfile::tempdir().unwrap();
    let mut p = partition(&dir, 1);
    lead(&mut p, 0, &[1, 2], &[1, 2]);
    p.append(vec![work(5, Acks::All)], NOW);
    let wait = Wait(Rc::default(), 10);
    assert!(p.park(wait.clone(), ReadBound::HighWatermark, 0));
    assert_eq!(tokens(&p.follow(2, 1)), [1005]);
    assert!(wait.is_done());
    assert_eq!(tokens(&p.append(vec![work(6, Acks::Leader)], NOW)), [1006]);
}

#[test]
fn a_reader_is_woken_by_the_bytes_that_its_bound_passed() {
    let dir = tempfile::tempdir().unwrap();
    let mut p = partition(&dir, 1);
    lead(&mut p, 0, &[1, 2], &[1, 2]);
    let consumer = Wait(Rc::default(), 1);
    let follower = Wait(Rc::default(), 1);
    assert!(p.park(consumer.clone(), ReadBound::HighWatermark, 0));
    assert!(p.park(follower.clone(), ReadBound::LogEndOffset, 0));
    p.append(vec![work(1, Acks::Leader)], NOW);
    assert!(follower.is_done() && !consumer.is_done());
    p.on_follower_fetch(2, 1, NOW);
    assert!(consumer.is_done());
    assert!(!p.park(Wait(Rc::default(), 1), ReadBound::HighWatermark, 0), "what it has not seen is told at once");
    assert_eq!(p.waiters(), 0);
}

#[test]
fn a_reader_is_woken_by_bytes_that_were_not_counted() {
    let dir = tempfile::tempdir().unwrap();
    let mut p = partition(&dir, 1);
    lead(&mut p, 0, &[1, 2], &[1, 2]);
    p.append(vec![work(1, Acks::Leader), work(2, Acks::Leader)], NOW);
    let part_of_a_group = Wait(Rc::default(), 1);
    assert!(p.park(part_of_a_group.clone(), ReadBound::HighWatermark, 0));
    p.on_follower_fetch(2, 1, NOW);
    assert!(part_of_a_group.is_done());
    p.follow(2, 1);
    lead(&mut p, 2, &[1, 2], &[1, 2]);
    let from_before_it_led = Wait(Rc::default(), 1);
    assert!(p.park(from_before_it_led.clone(), ReadBound::HighWatermark, 1));
    p.on_follower_fetch(2, 2, NOW);
    assert!(from_before_it_led.is_done());
}

#[test]
fn a_new_epoch_begins_at_the_logs_end() {
    let dir = tempfile::tempdir().unwrap();
    let mut p = partition(&dir, 1);
    lead(&mut p, 0, &[1], &[1]);
    p.append(vec![work(1, Acks::All)], NOW);
    lead(&mut p, 4, &[1], &[1]);
    let view = p.view();
    assert_eq!((view.leader_epoch, view.leader_start_offset), (4, 1));
    p.append(vec![work(2, Acks::All)], NOW);
    let end = p.log().end_offset_for_epoch(0).unwrap();
    assert_eq!((end.epoch, end.offset), (0, 1));
}

#[test]
fn a_replica_whose_sync_failed_never_leads_again() {
    let dir = tempfile::tempdir().unwrap();
    let mut p = partition(&dir, 2);
    lead(&mut p, 0, &[1, 2], &[1, 2]);
    assert!(p.append(vec![work(1, Acks::All)], NOW).is_empty());
    assert_eq!(tokens(&p.fail()), [1001]);
    let again = p.lead(&Leadership { epoch: 1, isr: vec![1], replicas: vec![1] }, NOW);
    assert!(matches!(again, Err(LogError::Storage(_))));
    assert_eq!(tokens(&p.append(vec![work(2, Acks::Leader)], NOW)), [1002]);
    assert!(p.log_mut().close_clean(NOW).is_err(), "its directory was not closed cleanly");
}
