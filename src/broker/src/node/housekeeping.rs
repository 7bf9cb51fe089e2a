//! Periodic work of a node: retention, flushes by time, checkpoints. Each interval is a configuration key of Kafka's.
//!
//! Runs on the control runtime; what touches disks goes to the blocking pool. An interval that finds nothing changed
//! writes nothing.

use super::Node;
use std::sync::Arc;
use std::time::Duration;

/// Runs until dropped.
pub async fn run(node: Arc<Node>) {
    let logs = node.config.logs.clone();
    let initial = millis(logs.initial_task_delay_ms);
    tokio::join!(
        every(initial, millis(logs.retention_check_interval_ms), &node, |node| node.replicas.enforce_retention()),
        every(initial, millis(logs.flush_scheduler_interval_ms), &node, |node| node.replicas.flush_due()),
        every(
            initial,
            millis(logs.recovery_point_checkpoint_interval_ms.min(logs.start_offset_checkpoint_interval_ms)),
            &node,
            |node| {
                node.replicas.checkpoint_logs();
            }
        ),
        every(Duration::ZERO, millis(logs.high_watermark_checkpoint_interval_ms), &node, |node| {
            node.replicas.checkpoint_high_watermarks();
        }),
    );
}

/// A hundred years stand for "never".
fn millis(ms: i64) -> Duration {
    const NEVER: u64 = 100 * 365 * 24 * 3600 * 1000;
    Duration::from_millis(u64::try_from(ms).unwrap_or(0).clamp(1, NEVER))
}

async fn every(initial: Duration, interval: Duration, node: &Arc<Node>, work: fn(&Node)) {
    tokio::time::sleep(initial).await;
    loop {
        tokio::time::sleep(interval).await;
        let node = Arc::clone(node);
        if let Err(error) = tokio::task::spawn_blocking(move || work(&node)).await {
            tracing::error!(%error, "periodic work did not finish");
        }
    }
}
