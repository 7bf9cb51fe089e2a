//! After Kafka's own `FetchSessionTest`.

use super::*;

const NOW: Now = Now { mono_ms: 1_000_000, wall_ms: 0 };

fn named(topic: &str, partition: i32) -> FetchPartition {
    FetchPartition { topic_id: ZERO_UUID, topic: Some(topic.into()), partition }
}

fn by_id(id: u128, partition: i32) -> FetchPartition {
    FetchPartition { topic_id: Uuid::from_u128(id), topic: None, partition }
}

fn ask(fetch_offset: i64) -> PartitionRequest {
    PartitionRequest {
        fetch_offset,
        log_start_offset: -1,
        max_bytes: 100,
        current_leader_epoch: None,
        last_fetched_epoch: None,
    }
}

fn told(high_watermark: i64, has_records: bool) -> PartitionOutcome {
    PartitionOutcome {
        has_records,
        high_watermark,
        log_start_offset: 0,
        is_error: false,
        has_preferred_read_replica: false,
        has_diverging_epoch: false,
    }
}

const ERROR: PartitionOutcome = PartitionOutcome {
    has_records: false,
    high_watermark: -1,
    log_start_offset: -1,
    is_error: true,
    has_preferred_read_replica: false,
    has_diverging_epoch: false,
};

/// A node's sessions and the steps of a fetch.
struct Fixture {
    sessions: FetchSessions,
    rng: Rng,
    now: Now,
    version: i16,
    follower: bool,
}

impl Fixture {
    /// With this many slots in the first shard, and all sessions in it.
    fn new(slots: usize) -> Fixture {
        let mut sessions = FetchSessions::new(slots * SHARDS as usize, 1_000);
        sessions.shards.truncate(1);
        Fixture { sessions, rng: Rng::from_seed(1), now: NOW, version: 12, follower: false }
    }

    fn open(
        &mut self,
        id: i32,
        epoch: i32,
        partitions: &[(FetchPartition, i64)],
        forgotten: &[FetchPartition],
    ) -> FetchContext {
        let request = SessionRequest {
            api_version: self.version,
            session_id: id,
            session_epoch: epoch,
            from_follower: self.follower,
            partitions: partitions.iter().map(|(p, offset)| (p.clone(), ask(*offset))).collect(),
            forgotten: forgotten.to_vec(),
        };
        self.sessions.open(request, self.now, |_| None)
    }

    fn finish(&mut self, context: &FetchContext, outcomes: &[(FetchPartition, PartitionOutcome)]) -> SessionReply {
        self.sessions.finish(context, outcomes, self.now, &mut self.rng)
    }

    /// A full fetch of that many partitions; the session's id.
    fn create(&mut self, size: usize) -> i32 {
        let partitions: Vec<_> = (0..size).map(|i| (named("t", i as i32), 0)).collect();
        let context = self.open(0, 0, &partitions, &[]);
        let outcomes: Vec<_> = partitions.into_iter().map(|(p, _)| (p, told(10, false))).collect();
        self.finish(&context, &outcomes).session_id
    }

    fn later(&mut self, ms: u64) {
        self.now = self.now.plus_ms(ms);
    }
}

fn names(context: &FetchContext) -> Vec<(i32, i64)> {
    context.partitions.iter().map(|(p, r)| (p.partition, r.fetch_offset)).collect()
}

#[test]
fn epochs_wrap_past_zero() {
    assert_eq!([next_epoch(0), next_epoch(i32::MAX), next_epoch(-1)], [1, 1, -1]);
}

#[test]
fn a_full_fetch_makes_a_session_and_the_next_one_names_only_changes() {
    let mut f = Fixture::new(2);
    let (a, b) = (named("t", 0), named("t", 1));
    let context = f.open(0, 0, &[(a.clone(), 5), (b.clone(), 6)], &[]);
    assert!(!context.is_incremental());
    let reply = f.finish(&context, &[(a.clone(), told(10, true)), (b.clone(), told(20, false))]);
    assert_eq!((reply.error, &reply.include), (KafkaError::None, &Include::All));
    let id = reply.session_id;
    assert!(id > 0);

    let context = f.open(id, 1, &[(a.clone(), 10)], &[]);
    assert_eq!(names(&context), [(0, 10), (1, 6)]);
    let quiet = [(a.clone(), told(10, false)), (b.clone(), told(20, false))];
    assert_eq!(f.sessions.preview(&context, &quiet), Include::Changed(vec![false, false]));
    let reply = f.finish(&context, &quiet);
    assert_eq!(
        reply,
        SessionReply { error: KafkaError::None, session_id: id, include: Include::Changed(vec![false, false]) }
    );

    let context = f.open(id, 2, &[], &[]);
    let news = [(a.clone(), told(11, false)), (b.clone(), told(20, false))];
    assert_eq!(f.sessions.preview(&context, &news), Include::Changed(vec![true, false]));
    assert_eq!(f.finish(&context, &news).include, Include::Changed(vec![true, false]));
    let context = f.open(id, 3, &[], &[]);
    assert_eq!(f.finish(&context, &news).include, Include::Changed(vec![false, false]));

    let context = f.open(id, 4, &[], &[]);
    let moved = PartitionOutcome { log_start_offset: 3, ..told(11, false) };
    let replica = PartitionOutcome { has_preferred_read_replica: true, ..told(20, false) };
    assert_eq!(f.finish(&context, &[(a, moved), (b, replica)]).include, Include::Changed(vec![true, true]));
}

#[test]
fn a_session_that_is_unknown_or_at_another_epoch_is_refused() {
    let mut f = Fixture::new(2);
    let id = f.create(1);
    for unknown in [id ^ 1, -1, i32::MIN, i32::MAX] {
        let context = f.open(unknown, 1, &[], &[]);
        assert_eq!(context.error(), Some(KafkaError::FetchSessionIdNotFound));
        assert_eq!(f.finish(&context, &[]).session_id, 0);
    }
    assert_eq!(f.open(id, 2, &[], &[]).error(), Some(KafkaError::InvalidFetchSessionEpoch));
    assert_eq!(f.open(id, 1, &[], &[]).error(), None);
    assert_eq!(f.open(id, 1, &[], &[]).error(), Some(KafkaError::InvalidFetchSessionEpoch));
}

#[test]
fn names_and_ids_do_not_mix_in_a_session() {
    let mut f = Fixture::new(2);
    let id = f.create(1);
    f.version = 13;
    assert_eq!(f.open(id, 1, &[], &[]).error(), Some(KafkaError::FetchSessionTopicIdError));
    let with_ids = f.create(1);
    f.version = 12;
    assert_eq!(f.open(with_ids, 1, &[], &[]).error(), Some(KafkaError::FetchSessionTopicIdError));
}

#[test]
fn a_duplicate_of_a_waiting_fetch_fails_the_first() {
    let mut f = Fixture::new(2);
    let id = f.create(1);
    let first = f.open(id, 1, &[], &[]);
    let _second = f.open(id, 2, &[], &[]);
    let reply = f.finish(&first, &[(named("t", 0), told(99, true))]);
    assert_eq!((reply.error, reply.session_id), (KafkaError::InvalidFetchSessionEpoch, id));
    assert_eq!(reply.include, Include::Nothing);
}

#[test]
fn epoch_minus_one_closes_and_zero_replaces() {
    let mut f = Fixture::new(2);
    let id = f.create(1);
    let context = f.open(id, -1, &[(named("t", 0), 1)], &[]);
    assert_eq!(f.finish(&context, &[(named("t", 0), told(1, false))]).session_id, 0);
    assert_eq!(f.sessions.sessions(), 0);
    let id = f.create(1);
    let context = f.open(id, 0, &[(named("t", 0), 1)], &[]);
    let new = f.finish(&context, &[(named("t", 0), told(1, false))]).session_id;
    assert!(new != id && new != 0);
    assert_eq!((f.sessions.sessions(), f.sessions.cached_partitions()), (1, 1));
}

#[test]
fn a_session_emptied_by_forgetting_is_closed() {
    let mut f = Fixture::new(2);
    let id = f.create(2);
    let context = f.open(id, 1, &[], &[named("t", 0)]);
    assert_eq!(names(&context), [(1, 0)]);
    assert_eq!(f.sessions.cached_partitions(), 1);
    let context = f.open(id, 2, &[], &[named("t", 1)]);
    assert_eq!((context.error(), f.finish(&context, &[]).session_id), (None, 0));
    assert_eq!(f.open(id, 3, &[], &[]).error(), Some(KafkaError::FetchSessionIdNotFound));
}

#[test]
fn an_error_is_repeated_and_what_follows_it_is_sent() {
    let mut f = Fixture::new(2);
    let id = f.create(1);
    let p = named("t", 0);
    for (epoch, outcome, named) in
        [(1, ERROR, true), (2, ERROR, true), (3, told(10, false), true), (4, told(10, false), false)]
    {
        let context = f.open(id, epoch, &[], &[]);
        assert_eq!(f.finish(&context, &[(p.clone(), outcome)]).include, Include::Changed(vec![named]), "{epoch}");
    }
}

#[test]
fn partitions_that_returned_records_go_to_the_end() {
    let mut f = Fixture::new(2);
    let id = f.create(4);
    let context = f.open(id, 1, &[(named("t", 2), 7)], &[]);
    assert_eq!(names(&context), [(0, 0), (1, 0), (2, 7), (3, 0)]);
    f.finish(
        &context,
        &[(named("t", 0), told(11, true)), (named("t", 1), told(11, false)), (named("t", 2), told(11, true))],
    );
    let context = f.open(id, 2, &[(named("t", 9), 0)], &[]);
    assert_eq!(context.partitions.iter().map(|(p, _)| p.partition).collect::<Vec<_>>(), [1, 3, 0, 2, 9]);
}

#[test]
fn a_throttled_fetch_loses_no_news() {
    let mut f = Fixture::new(2);
    let id = f.create(1);
    let context = f.open(id, 1, &[], &[]);
    let reply = f.sessions.throttled(&context);
    assert_eq!(reply, SessionReply { error: KafkaError::None, session_id: id, include: Include::Nothing });
    let context = f.open(id, 2, &[], &[]);
    assert_eq!(f.finish(&context, &[(named("t", 0), told(11, false))]).include, Include::Changed(vec![true]));
    let full = f.open(0, 0, &[(named("t", 0), 0)], &[]);
    assert_eq!(f.sessions.throttled(&full).session_id, 0);
}

#[test]
fn an_unknown_id_is_named_once_it_is_known() {
    let mut f = Fixture::new(2);
    f.version = 13;
    let context = f.open(0, 0, &[(by_id(5, 0), 0)], &[]);
    let id = f.finish(&context, &[(by_id(5, 0), ERROR)]).session_id;
    for (epoch, known, expected) in [(1, None, None), (2, Some("x"), Some("x")), (3, Some("y"), Some("x"))] {
        let request = SessionRequest {
            api_version: 13,
            session_id: id,
            session_epoch: epoch,
            from_follower: false,
            partitions: Vec::new(),
            forgotten: Vec::new(),
        };
        let context = f.sessions.open(request, f.now, |_| known.map(Arc::from));
        assert_eq!(context.partitions[0].0.topic.as_deref(), expected);
    }
}

#[test]
fn of_duplicates_the_last_counts_at_the_first_place() {
    let mut f = Fixture::new(2);
    let context = f.open(0, -1, &[(named("t", 0), 1), (named("t", 1), 2), (named("t", 0), 3)], &[]);
    assert_eq!(names(&context), [(0, 3), (1, 2)]);
}

#[test]
fn a_full_cache_gives_no_session_until_one_is_stale() {
    let mut f = Fixture::new(2);
    let (a, _b) = (f.create(2), f.create(2));
    assert_eq!(f.create(3), 0, "young sessions are safe");
    f.later(MIN_EVICTION_MS / 2);
    f.open(a, 1, &[], &[]);
    f.later(MIN_EVICTION_MS / 2 + 1);
    assert_ne!(f.create(1), 0, "the second has been silent too long");
    assert_eq!(f.sessions.evictions(), 1);
    assert_eq!(f.open(a, 2, &[], &[]).error(), None);
}

#[test]
fn an_old_session_yields_to_a_larger_one_only() {
    let mut f = Fixture::new(1);
    let a = f.create(3);
    f.later(MIN_EVICTION_MS);
    f.open(a, 1, &[], &[]);
    f.later(1);
    f.open(a, 2, &[], &[]);
    assert_eq!(f.create(2), 0);
    assert_eq!(f.create(3), 0, "as large is not larger");
    let b = f.create(4);
    assert_ne!(b, 0);
    assert_eq!(f.open(a, 3, &[], &[]).error(), Some(KafkaError::FetchSessionIdNotFound));
    assert_eq!(f.sessions.cached_partitions(), 4);
}

#[test]
fn a_followers_session_evicts_a_consumers_at_once_and_never_the_reverse() {
    let mut f = Fixture::new(1);
    let consumer = f.create(30);
    f.follower = true;
    let follower = f.create(1);
    assert_ne!(follower, 0);
    assert_eq!(f.open(consumer, 1, &[], &[]).error(), Some(KafkaError::FetchSessionIdNotFound));
    f.later(MIN_EVICTION_MS + 1);
    f.open(follower, 1, &[], &[]);
    f.follower = false;
    assert_eq!(f.create(30), 0);
    f.follower = true;
    assert_ne!(f.create(2), 0);
}

#[test]
fn remembered_partitions_are_bounded() {
    let mut f = Fixture::new(10);
    assert_eq!(f.create(1_001), 0);
    let id = f.create(999);
    assert_eq!(f.create(2), 0);
    let more = [(named("u", 0), 0), (named("u", 1), 0)];
    assert_eq!(f.open(id, 1, &more, &[]).error(), Some(KafkaError::FetchSessionIdNotFound));
    assert_eq!(f.sessions.cached_partitions(), 0);
    assert_ne!(f.create(2), 0);
}

#[test]
fn shards_take_turns_and_ids_say_where() {
    let mut f = Fixture::new(1);
    f.sessions = FetchSessions::new(8, 1_000);
    let ids: Vec<i32> = (0..9).map(|_| f.create(1)).collect();
    for (n, id) in ids.iter().take(8).enumerate() {
        assert_eq!(id / SESSION_ID_RANGE, n as i32);
    }
    assert_eq!(ids[8], 0, "the ninth comes to the first shard again");
    assert_eq!(FetchSessions::new(7, 1_000).sessions(), 0);
}

#[test]
fn a_session_evicted_while_its_fetch_waits_answers_in_full() {
    let mut f = Fixture::new(1);
    let id = f.create(1);
    let waiting = f.open(id, 1, &[], &[]);
    f.follower = true;
    f.create(1);
    let reply = f.finish(&waiting, &[(named("t", 0), told(10, false))]);
    assert_eq!((reply.session_id, reply.include), (id, Include::All));
}

#[test]
fn random_use_keeps_the_counts() {
    let mut f = Fixture::new(3);
    let mut rng = Rng::from_seed(7);
    let mut live: Vec<(i32, i32)> = Vec::new();
    for _ in 0..3_000 {
        f.later(rng.below(40_000));
        f.follower = rng.one_in(4);
        if live.is_empty() || rng.one_in(3) {
            let size = 1 + rng.below(6) as usize;
            let id = f.create(size);
            if id != 0 {
                live.push((id, 1));
            }
        } else {
            let at = rng.below(live.len() as u64) as usize;
            let (id, epoch) = live[at];
            let p = named("t", rng.below(8) as i32);
            let forgotten = if rng.one_in(3) { vec![p.clone()] } else { Vec::new() };
            let context = f.open(id, epoch, &[(p.clone(), 3)], &forgotten);
            let outcomes: Vec<_> =
                context.partitions.iter().map(|(p, _)| (p.clone(), told(rng.below(5) as i64, rng.one_in(2)))).collect();
            if context.is_incremental() {
                assert_eq!(f.finish(&context, &outcomes).error, KafkaError::None);
                live[at].1 += 1;
            } else {
                live.swap_remove(at);
            }
        }
        assert!(f.sessions.sessions() <= 3);
        let counted: usize = f.sessions.shards[0].sizes().sum();
        assert_eq!(f.sessions.cached_partitions(), counted);
    }
    assert!(f.sessions.evictions() > 50);
}
