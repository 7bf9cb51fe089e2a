//! Periodic work of a node: retention, flushes by time, checkpoints. Each interval is a configuration key of Kafka's.
//!
//! Runs on the control runtime; what touches disks goes to the blocking pool. What can only find something to do after
//! something was written sleeps until then, so that an idle node does not wake up for it.

use super::Node;
use crate::controlling::publisher::Notice;
use ottla_base::ids::Uuid;
use ottla_core::controller::requests::{AssignReplicasToDirs, Request};
use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::mpsc::Sender;
use std::time::Duration;

/// How often it is looked whether a full log directory has room again.
const PROBE_INTERVAL: Duration = Duration::from_secs(1);

/// Looks after directories that are full, until dropped. Tells `publisher` when logs that could not be opened may be tried
/// again.
pub async fn probes(node: Arc<Node>, publisher: Sender<Notice>) {
    let mut changes = node.replicas.directories().subscribe();
    loop {
        if !node.replicas.directories().any_full() {
            // The sender lives as long as the node.
            let _ = changes.changed().await;
            continue;
        }
        tokio::time::sleep(PROBE_INTERVAL).await;
        let replicas = Arc::clone(&node.replicas);
        if let Ok(true) = tokio::task::spawn_blocking(move || replicas.probe_directories()).await {
            // The publisher is gone only when the node stops.
            let _ = publisher.send(Notice::RoomAgain);
        }
    }
}

/// Tells the controller in which directories replicas are, where it believes otherwise (KIP-858), until dropped.
pub async fn assignments(node: Arc<Node>) {
    const TIMEOUT_MS: i32 = 10_000;
    loop {
        let taken = node.replicas.take_assignments().await;
        let mut directories: BTreeMap<Uuid, BTreeMap<Uuid, Vec<i32>>> = BTreeMap::new();
        for ((topic, index), directory) in &taken {
            directories.entry(*directory).or_default().entry(*topic).or_default().push(*index);
        }
        let request = Request::AssignReplicasToDirs(AssignReplicasToDirs {
            broker_id: node.id,
            broker_epoch: node.controller.broker_epoch(),
            directories: directories.into_iter().map(|(id, topics)| (id, topics.into_iter().collect())).collect(),
        });
        // Answers for single partitions are not looked at: what is refused is gone, or has been moved since.
        if let Err(error) = node.controller.request(request, TIMEOUT_MS).await {
            tracing::warn!(%error, "the controller could not be told in which directories replicas are");
            node.replicas.return_assignments(taken);
            tokio::time::sleep(PROBE_INTERVAL).await;
        }
    }
}

/// Runs until dropped.
pub async fn run(node: Arc<Node>) {
    let logs = node.config.logs.clone();
    let initial = millis(logs.initial_task_delay_ms);
    tokio::join!(
        every(initial, millis(logs.retention_check_interval_ms), &node, |node| node.replicas.enforce_retention()),
        every(initial, millis(logs.producer_id_expiration_check_interval_ms), &node, |node| {
            node.replicas.remove_expired_producers();
        }),
        flushes(millis(logs.flush_scheduler_interval_ms), &node),
        after_writes(millis(logs.recovery_point_checkpoint_interval_ms), &node, |node| {
            node.replicas.checkpoint_recovery_points();
        }),
        after_writes(millis(logs.start_offset_checkpoint_interval_ms), &node, |node| {
            node.replicas.checkpoint_log_starts();
        }),
        after_writes(millis(logs.high_watermark_checkpoint_interval_ms), &node, |node| {
            node.replicas.checkpoint_high_watermarks();
        }),
    );
}

/// A hundred years stand for "never".
const NEVER: Duration = Duration::from_secs(100 * 365 * 24 * 3600);

fn millis(ms: i64) -> Duration {
    Duration::from_millis(u64::try_from(ms).unwrap_or(0).max(1)).min(NEVER)
}

async fn every(initial: Duration, interval: Duration, node: &Arc<Node>, work: fn(&Node)) {
    tokio::time::sleep(initial).await;
    loop {
        blocking(node, work).await;
        tokio::time::sleep(interval).await;
    }
}

/// At most once in each interval, and only if some log changed since the last time.
async fn after_writes(interval: Duration, node: &Arc<Node>, work: fn(&Node)) {
    let mut changes = node.replicas.changes();
    loop {
        tokio::time::sleep(interval).await;
        changes.wait().await;
        blocking(node, work).await;
    }
}

/// Flushes when `flush.ms` of some log is over. `log.flush.scheduler.interval.ms`, where it is set, is the least time
/// between two looks; Kafka's default (never) would leave a topic's `flush.ms` without effect and is not taken literally.
async fn flushes(interval: Duration, node: &Arc<Node>) {
    let least = if interval == NEVER { Duration::ZERO } else { interval };
    loop {
        node.replicas.flush_is_due().await;
        blocking(node, |node| node.replicas.flush_due()).await;
        tokio::time::sleep(least).await;
    }
}

async fn blocking(node: &Arc<Node>, work: fn(&Node)) {
    let node = Arc::clone(node);
    if let Err(error) = tokio::task::spawn_blocking(move || work(&node)).await {
        tracing::error!(%error, "periodic work did not finish");
    }
}
