//! A node as a shell would run it: which calls to which core in which order, at start, at a clean stop, and for
//! checkpoints. Nothing here decides.

use super::bugs::Bug;
use super::disk::Disk;
use super::model::{ModelLog, read_batches};
use super::world::{Topic, Tp};
use super::{Run, ensure};
use ottla_base::clock::Now;
use ottla_base::rng::Rng;
use ottla_base::storage::Storage;
use ottla_core::controller::ControllerCore;
use ottla_core::coordinator::group::GroupShard;
use ottla_core::log::{Log, OpenParams, TailCache};
use ottla_core::log_dirs::checkpoints::{
    self, CleanShutdown, LOG_START_OFFSET, Offsets, RECOVERY_POINT, REPLICATION_OFFSET,
};
use ottla_core::log_dirs::names::log_dir_name;
use ottla_core::log_dirs::{DirKind, scan_log_dir};
use ottla_core::partition::{FetchWait, Leadership, Partition};
use std::cell::Cell;
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::rc::Rc;
use std::sync::Arc;

/// The only log directory.
pub const LOG_DIR: &str = "/data";
/// This broker.
pub const NODE_ID: i32 = 1;
/// The broker that has the second replica.
pub const OTHER_ID: i32 = 2;

/// Who waits for an append.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Token {
    /// A producer: its number, and the payload.
    Producer(usize, u64),
    /// The coordinator, which looks at the high watermark itself.
    Coordinator,
}

/// A consumer that waits for bytes.
#[derive(Clone, Debug, Default)]
pub struct Wait(pub Rc<Cell<bool>>);

impl FetchWait for Wait {
    fn on_readable(&self, bytes: u64) -> bool {
        if bytes > 0 {
            self.0.set(true);
        }
        self.is_done()
    }

    fn is_done(&self) -> bool {
        self.0.get()
    }
}

/// A running node.
#[derive(Debug)]
pub struct Node {
    pub partitions: BTreeMap<Tp, Partition<Token, Wait>>,
    pub shard: Option<GroupShard>,
    /// A coordinator that waits for the high watermark before it may be asked.
    pub loading: Option<GroupShard>,
    pub controller: Option<ControllerCore>,
    pub cache: Arc<TailCache>,
    /// Whether the directory was closed cleanly before this start.
    pub was_clean: bool,
}

/// What is opened with a log.
#[derive(Clone, Copy, Debug, Default)]
pub struct Checkpointed {
    recovery_point: i64,
    log_start_offset: i64,
    pub high_watermark: Option<i64>,
}

pub fn dir_of(tp: &Tp) -> PathBuf {
    Path::new(LOG_DIR).join(log_dir_name(&tp.0, tp.1))
}

/// Makes the log directory.
pub fn make_log_dir(disk: &Disk) -> Run {
    disk.create_dir_all(Path::new(LOG_DIR))?;
    disk.sync_dir(Path::new("/"))?;
    Ok(())
}

/// Reads the log directory and forgets that it was closed cleanly. The logs are opened by [`open_partition`].
pub fn start(
    disk: &Disk,
    cache_bytes: usize,
    controller: Option<ControllerCore>,
    keep_others: bool,
) -> Run<(Node, BTreeMap<Tp, Checkpointed>)> {
    let scan = scan_log_dir(disk, Path::new(LOG_DIR)).map_err(|e| super::Stop::Disk(e.to_string()))?;
    checkpoints::remove_clean_shutdown(disk, Path::new(LOG_DIR))?;
    let live: BTreeSet<Tp> = scan
        .logs
        .iter()
        .filter(|log| log.name.kind == DirKind::Live)
        .map(|log| (log.name.topic.clone(), log.name.partition))
        .collect();
    if !keep_others {
        retain_in_checkpoints(disk, |tp| live.contains(tp))?;
    }
    let known = |log: &ottla_core::log_dirs::LogToOpen| Checkpointed {
        recovery_point: log.recovery_point,
        log_start_offset: log.log_start_offset,
        high_watermark: log.high_watermark,
    };
    let known = scan.logs.iter().map(|log| ((log.name.topic.clone(), log.name.partition), known(log))).collect();
    let node = Node {
        partitions: BTreeMap::new(),
        shard: None,
        loading: None,
        controller,
        cache: Arc::new(TailCache::new(cache_bytes)),
        was_clean: scan.clean_shutdown != CleanShutdown::No,
    };
    Ok((node, known))
}

/// Opens a log, compares it with what it has to hold, and leads the partition.
pub fn open_partition(
    node: &mut Node,
    disk: &Disk,
    topic: &mut Topic,
    known: Checkpointed,
    bug: Option<Bug>,
    now: Now,
    rng: &mut Rng,
) -> Run {
    let params = OpenParams {
        clean_shutdown: node.was_clean,
        recovery_point: known.recovery_point,
        log_start_offset: known.log_start_offset,
        topic_id: Some(topic.id),
        producer_id_expiration_ms: topic.producer_id_expiration_ms,
        cache: node.cache.clone(),
        rng: rng.fork(),
    };
    let mut log = Log::open(Arc::new(disk.clone()), &dir_of(&topic.tp), topic.config.clone(), params, now)?;
    let (start, end) = (log.log_start_offset(), log.log_end_offset());
    let found = read_batches(&log.snapshot(), start, end, 4096)?;
    topic.model.adopt(found, start, end, topic.config.compact)?;
    topic.other_end = topic.other_end.min(end);
    let checkpointed = known.high_watermark.unwrap_or(start);
    log.set_high_watermark(checkpointed);
    let mut partition = Partition::new(topic.id, NODE_ID, log, topic.min_isr);
    topic.epoch += 1;
    lead(&mut partition, topic, now)?;
    if bug == Some(Bug::HighWatermarkTooHigh) {
        partition.log_mut().set_high_watermark(end);
    }
    topic.model.high_watermark = partition.log().high_watermark();
    topic.model.leader_epoch = topic.epoch;
    node.partitions.insert(topic.tp.clone(), partition);
    Ok(())
}

/// Tells a partition that it leads, or leads on with a changed ISR.
pub fn lead(partition: &mut Partition<Token, Wait>, topic: &Topic, now: Now) -> Run<super::world::Done> {
    let leadership = Leadership { epoch: topic.epoch, isr: topic.isr.clone(), replicas: topic.replicas.clone() };
    Ok(partition.lead(&leadership, now)?)
}

/// Writes the checkpoints of recovery points and log starts, as it happens every minute. The starts come first: a
/// recovery point above what is on the medium is harmless only where the log starts no lower.
pub fn checkpoint_logs(node: &Node, disk: &Disk, bug: Option<Bug>) -> Run {
    let of = |value: &dyn Fn(&Log) -> i64| -> Offsets {
        node.partitions.iter().map(|(tp, partition)| (tp.clone(), value(partition.log()))).collect()
    };
    checkpoints::write(disk, Path::new(LOG_DIR), LOG_START_OFFSET, &of(&Log::log_start_offset))?;
    let too_high = bug == Some(Bug::RecoveryPointTooHigh);
    let point = |log: &Log| if too_high { log.log_end_offset() } else { log.recovery_point() };
    checkpoints::write(disk, Path::new(LOG_DIR), RECOVERY_POINT, &of(&point))?;
    Ok(())
}

/// Lowers the recovery point of one log in the checkpoint, before that log is truncated.
pub fn lower_recovery_point(node: &Node, disk: &Disk, tp: &Tp, to: i64) -> Run {
    let points = node.partitions.iter().map(|(name, partition)| {
        let point = partition.log().recovery_point();
        (name.clone(), if name == tp { point.min(to) } else { point })
    });
    checkpoints::write(disk, Path::new(LOG_DIR), RECOVERY_POINT, &points.collect())?;
    Ok(())
}

/// Writes the checkpoint of high watermarks, as it happens every five seconds.
pub fn checkpoint_high_watermarks(node: &Node, disk: &Disk) -> Run {
    let marks = node.partitions.iter().map(|(tp, p)| (tp.clone(), p.log().high_watermark())).collect();
    checkpoints::write(disk, Path::new(LOG_DIR), REPLICATION_OFFSET, &marks)?;
    Ok(())
}

/// Takes a partition out of all checkpoints, before another of the same name can be made.
pub fn forget_in_checkpoints(disk: &Disk, tp: &Tp) -> Run {
    retain_in_checkpoints(disk, |known| known != tp)
}

fn retain_in_checkpoints(disk: &Disk, keep: impl Fn(&Tp) -> bool) -> Run {
    for name in [LOG_START_OFFSET, RECOVERY_POINT, REPLICATION_OFFSET] {
        let mut offsets = checkpoints::read(disk, Path::new(LOG_DIR), name).unwrap_or_default();
        let known = offsets.len();
        offsets.retain(|tp, _| keep(tp));
        if offsets.len() < known {
            checkpoints::write(disk, Path::new(LOG_DIR), name, &offsets)?;
        }
    }
    Ok(())
}

/// Stops cleanly.
pub fn close(node: &mut Node, disk: &Disk, topics: &mut BTreeMap<Tp, Topic>, now: Now) -> Run {
    for (tp, partition) in &mut node.partitions {
        partition.log_mut().close_clean(now)?;
        let (point, end) = (partition.log().recovery_point(), partition.log().log_end_offset());
        ensure!(point == end, "{tp:?} is closed at {point} of {end}");
        if let Some(topic) = topics.get_mut(tp) {
            flushed_to(&mut topic.model, point);
        }
    }
    if let Some(controller) = &mut node.controller {
        controller.close(now)?;
    }
    checkpoint_high_watermarks(node, disk)?;
    checkpoint_logs(node, disk, None)?;
    checkpoints::write_clean_shutdown(disk, Path::new(LOG_DIR), 1)?;
    Ok(())
}

/// The log says that everything below `point` is on the medium.
pub fn flushed_to(model: &mut ModelLog, point: i64) {
    model.flushed = model.flushed.max(point);
}
