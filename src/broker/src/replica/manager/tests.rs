//! Replicas on a simulated disk: what a manager does with directories that are not as they should be.

use super::*;
use crate::replica::replica::ProduceToken;
use ottla_base::clock::SystemClock;
use ottla_base::config::{Settings, Sources};
use ottla_base::storage::{OpenMode, SimStorage};
use ottla_core::log::{AppendBatch, AppendOrigin};
use ottla_core::log_dirs::scan_log_dir;
use ottla_core::metadata::partition::{LeaderRecoveryState, PartitionRegistration};
use ottla_core::partition::{Acks, AppendResult, Work};
use ottla_record::batch::BatchBuilder;
use std::path::Path;
use tokio::runtime::{Builder, Runtime};
use tokio::sync::oneshot;

const DIRS: [&str; 2] = ["/a", "/b"];

/// One life of a node on a disk that outlives it.
struct Life {
    manager: Arc<ReplicaManager>,
    runtime: Runtime,
}

fn disk() -> SimStorage {
    let disk = SimStorage::new();
    for dir in DIRS {
        disk.create_dir_all(Path::new(dir)).unwrap();
    }
    disk.sync_dir(Path::new("/")).unwrap();
    disk
}

fn start(disk: &SimStorage, overrides: &[&str]) -> Life {
    let runtime = Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
    let settings = Settings::load(Sources {
        file: None,
        environment: Vec::new(),
        overrides: overrides.iter().map(|o| (*o).to_owned()).collect(),
        port: None,
        default_log_dir: DIRS.join(","),
    });
    let storage: Arc<dyn Storage> = Arc::new(disk.clone());
    let clock: Arc<dyn Clock> = Arc::new(SystemClock::new());
    let dirs = DIRS.iter().zip(1..).map(|(dir, id)| {
        let scan = scan_log_dir(&*storage, Path::new(dir)).unwrap();
        checkpoints::remove_clean_shutdown(&*storage, Path::new(dir)).unwrap();
        LogDir { id: Uuid::from_u128(id), scan }
    });
    let manager = ReplicaManager::new(Parts {
        node_id: 1,
        dirs: dirs.collect(),
        metadata_dir: "/metadata".into(),
        config: BrokerConfig::new(settings.unwrap()).unwrap(),
        tail_cache_bytes: 1 << 20,
        effects: EffectRunner::new(Arc::clone(&storage), Arc::clone(&clock), runtime.handle().clone()),
        rng: Rng::from_seed(1),
        storage,
        clock,
    });
    Life { manager, runtime }
}

impl Life {
    /// This node leads partition 0 of `t`.
    fn lead(&self, topic_id: u128, epoch: i32) -> Option<Arc<Replica>> {
        let topic_id = Uuid::from_u128(topic_id);
        let partition = Arc::new(PartitionRegistration {
            replicas: vec![1],
            directories: vec![Uuid::from_u128(1)],
            isr: vec![1],
            removing_replicas: Vec::new(),
            adding_replicas: Vec::new(),
            elr: Vec::new(),
            last_known_elr: Vec::new(),
            leader: 1,
            leader_recovery_state: LeaderRecoveryState::Recovered,
            leader_epoch: epoch,
            partition_epoch: epoch,
        });
        let leader = LocalPartition { topic: "t".into(), topic_id, index: 0, partition };
        let changes = LocalReplicaChanges { leaders: vec![leader], ..LocalReplicaChanges::default() };
        self.manager.apply(&changes, &MetadataImage::empty());
        self.manager.get(topic_id, 0)
    }

    fn delete(&self, topic_id: u128) {
        let deletes = vec![(Uuid::from_u128(topic_id), Arc::from("t"), 0)];
        self.manager.apply(&LocalReplicaChanges { deletes, ..LocalReplicaChanges::default() }, &MetadataImage::empty());
    }

    fn append(&self, replica: &Replica) -> AppendResult {
        self.runtime.block_on(async {
            let (token, result) = oneshot::channel();
            replica.append(work(token)).await;
            result.await.unwrap()
        })
    }
}

fn work(token: ProduceToken) -> Work<ProduceToken> {
    let batch = BatchBuilder::new(0).append_kv(1, None, Some(b"v")).build().unwrap();
    Work { batches: vec![AppendBatch::new(&batch).unwrap()], origin: AppendOrigin::Client, acks: Acks::Leader, token }
}

fn names(disk: &SimStorage, dir: &str) -> Vec<String> {
    disk.read_dir(Path::new(dir)).unwrap().into_iter().filter(|e| e.is_dir).map(|e| e.name).collect()
}

fn end_of(replica: &Replica) -> i64 {
    replica.view().log.log_end_offset
}

/// Puts a directory where the log's first segment would have to be.
fn spoil(disk: &SimStorage, dir: &str) {
    disk.create_dir_all(&Path::new(dir).join("t-0").join("00000000000000000000.log")).unwrap();
}

#[test]
fn the_log_of_an_earlier_topic_of_that_name_is_set_aside() {
    let disk = disk();
    let life = start(&disk, &[]);
    life.append(&life.lead(7, 0).unwrap()).unwrap();
    drop(life);
    // Killed after the topic was deleted and made anew in the metadata, before its directory was renamed.
    let life = start(&disk, &[]);
    let replica = life.lead(8, 0).unwrap();
    assert_eq!(end_of(&replica), 0);
    life.append(&replica).unwrap();
    let names = names(&disk, "/a");
    assert_eq!(names.len(), 2, "{names:?}");
    assert!(names.iter().any(|n| n == "t-0") && names.iter().any(|n| n.ends_with("-stray")), "{names:?}");
}

#[test]
fn what_is_known_of_a_deleted_topics_log_is_not_believed_of_the_next_one() {
    let first_offsets = |renames: bool| {
        let disk = disk();
        let life = start(&disk, &[]);
        let replica = life.lead(7, 0).unwrap();
        for _ in 0..3 {
            life.append(&replica).unwrap();
        }
        replica.with_partition(|partition, _| partition.log_mut().increment_log_start_offset(3).unwrap());
        life.manager.checkpoint_log_starts();
        life.manager.checkpoint_recovery_points();
        life.manager.checkpoint_high_watermarks();
        if renames {
            life.delete(7);
        } else {
            // The process ends before it has carried out what the metadata says.
            drop(life);
        }
        let life = start(&disk, &[]);
        life.append(&life.lead(8, 0).unwrap()).unwrap();
        drop(life);
        let life = start(&disk, &[]);
        let view = life.lead(8, 1).unwrap().view();
        (view.log.log_start_offset, view.log.log_end_offset)
    };
    assert_eq!(first_offsets(true), (0, 1));
    assert_eq!(first_offsets(false), (0, 1));
}

#[test]
fn a_log_that_cannot_be_opened_stays_where_it_is_until_it_can() {
    let disk = disk();
    spoil(&disk, "/b");
    let life = start(&disk, &[]);
    assert!(life.lead(7, 0).is_none());
    assert_eq!(life.manager.why_absent(Uuid::from_u128(7), 0), KafkaError::KafkaStorageError);
    life.manager.set_strays_aside();
    assert!(life.lead(7, 1).is_none(), "not made anew in the other directory");
    assert!(names(&disk, "/a").is_empty());
    disk.remove_dir_all(Path::new("/b/t-0/00000000000000000000.log")).unwrap();
    let replica = life.lead(7, 2).unwrap();
    life.append(&replica).unwrap();
    assert_eq!((names(&disk, "/a").len(), names(&disk, "/b")), (0, vec!["t-0".to_owned()]));
}

#[test]
fn a_directory_with_a_log_that_could_not_be_opened_was_not_closed_cleanly() {
    let disk = disk();
    spoil(&disk, "/b");
    let of_checkpoint = Offsets::from([(("t".to_owned(), 0), 5)]);
    checkpoints::write(&disk, Path::new("/b"), checkpoints::REPLICATION_OFFSET, &of_checkpoint).unwrap();
    let life = start(&disk, &[]);
    assert!(life.lead(7, 0).is_none());
    life.manager.shut_down(1);
    assert!(disk.exists(Path::new("/a/.kafka_cleanshutdown")));
    assert!(!disk.exists(Path::new("/b/.kafka_cleanshutdown")));
    let kept = checkpoints::read(&disk, Path::new("/b"), checkpoints::REPLICATION_OFFSET).unwrap();
    assert_eq!(kept, of_checkpoint, "what is known of it is kept");
}

#[test]
fn a_topic_whose_log_could_not_be_opened_can_be_deleted_and_made_anew() {
    let disk = disk();
    spoil(&disk, "/a");
    let life = start(&disk, &[]);
    assert!(life.lead(7, 0).is_none());
    life.delete(7);
    assert!(names(&disk, "/a").iter().all(|n| n.ends_with("-delete")), "{:?}", names(&disk, "/a"));
    life.append(&life.lead(8, 0).unwrap()).unwrap();
}

#[test]
fn nothing_is_appended_to_a_log_that_is_deleted_or_closed() {
    let disk = disk();
    let life = start(&disk, &[]);
    let replica = life.lead(7, 0).unwrap();
    life.append(&replica).unwrap();
    life.delete(7);
    assert!(life.append(&replica).is_err());
    let replica = life.lead(8, 0).unwrap();
    life.manager.shut_down(1);
    assert!(life.append(&replica).is_err());
    assert!(disk.exists(Path::new("/a/.kafka_cleanshutdown")));
}

#[test]
fn after_a_failed_sync_the_replica_is_out_of_service_until_a_restart() {
    let disk = disk();
    let life = start(&disk, &["log.flush.interval.messages=1"]);
    let replica = life.lead(7, 0).unwrap();
    life.append(&replica).unwrap();
    // The next operations: the write of the batch, the sync of the file.
    disk.fail_at(disk.ops() + 1, std::io::ErrorKind::Other);
    assert!(life.append(&replica).is_err());
    while life.manager.get(Uuid::from_u128(7), 0).is_some() {
        std::thread::yield_now();
    }
    assert_eq!(life.manager.why_absent(Uuid::from_u128(7), 0), KafkaError::KafkaStorageError);
    assert!(life.lead(7, 1).is_none(), "a later leader epoch does not bring it back");
    life.manager.shut_down(1);
    assert!(!disk.exists(Path::new("/a/.kafka_cleanshutdown")));
    drop(life);
    assert!(start(&disk, &[]).lead(7, 2).is_some());
}

#[test]
fn with_flush_messages_1_an_acknowledged_record_survives_a_power_cut_at_any_moment() {
    let mut refused = 0;
    for (seed, coordinator) in (0..24).flat_map(|seed| [(seed, false), (seed, true)]) {
        let disk = disk();
        let life = start(&disk, &["log.flush.interval.messages=1"]);
        let replica = life.lead(7, 0).unwrap();
        life.append(&replica).unwrap();
        disk.stop_at(disk.ops() + seed % 6);
        let mut acknowledged = 1;
        for _ in 0..4 {
            let result = if coordinator { replica.append_now(work).0 } else { life.append(&replica) };
            match result {
                Ok(info) => acknowledged = info.last_offset + 1,
                Err(_) => refused += 1,
            }
        }
        drop(life);
        disk.crash(&mut Rng::from_seed(seed));
        let replica = start(&disk, &[]).lead(7, 1).unwrap();
        assert!(end_of(&replica) >= acknowledged, "seed {seed}: {} < {acknowledged}", end_of(&replica));
    }
    assert!(refused > 0, "the power cut hit nothing");
}

#[test]
fn flush_messages_holds_back_the_acknowledgement_that_it_concerns_only() {
    let disk = disk();
    let life = start(&disk, &["log.flush.interval.messages=3"]);
    let replica = life.lead(7, 0).unwrap();
    let flushed = || replica.with_partition(|partition, _| partition.log().recovery_point());
    life.append(&replica).unwrap();
    life.append(&replica).unwrap();
    assert_eq!(flushed(), 0);
    life.append(&replica).unwrap();
    assert_eq!(flushed(), 3);
    // Opening it does not hurt: the file is there, and so is what was written.
    assert!(disk.open(Path::new("/a/t-0/00000000000000000000.log"), OpenMode::Read).is_ok());
}
