//! Fills the duplicate windows of producers again after a log has been opened. Run by `load`, by the log's owner.
//!
//! A producer snapshot keeps the last batch of each producer (Kafka's format has room for no more). A client that had
//! five batches in flight when the broker died sends all five again. With a window of one, the first four would be out of
//! order, and the client's way out, a new epoch, writes them a second time: Apache Kafka does that. So the newest batches
//! are read once more, headers only, newest first, within a budget.
//!
//! Invariant: batches are only added below those that the entry knows, of the epoch that it has; the last sequence stays.

use super::change::log_error_of_read;
use super::error::LogError;
use super::producers::ProducerStateManager;
use super::segment::Segment;
use std::sync::Arc;

/// How much of the log's end is looked at: what is in flight at a crash is among its newest batches.
const BUDGET_BYTES: u64 = 4 << 20;
/// Read at a time; batches have to be walked forwards.
const CHUNK_BYTES: u64 = 128 << 10;

/// Looks for older batches of the producers whose windows are not full. `log_start_offset` bounds what belongs to the log.
pub(super) fn refill(
    producers: &mut ProducerStateManager,
    segments: &[Arc<Segment>],
    log_start_offset: i64,
) -> Result<(), LogError> {
    let mut budget = BUDGET_BYTES;
    for segment in segments.iter().rev() {
        let mut end = segment.size();
        while end > 0 {
            if !producers.has_short_window() {
                return Ok(());
            }
            let Some(start) = chunk_start(segment, end, budget)? else { return Ok(()) };
            let mut headers = Vec::new();
            let mut scan = segment.scan(start, end).map_err(log_error_of_read)?;
            while let Some(batch) = scan.next().map_err(log_error_of_read)? {
                headers.push(batch.header);
            }
            for header in headers.iter().rev() {
                if header.base_offset < log_start_offset {
                    return Ok(());
                }
                producers.add_older(header);
            }
            budget = budget.saturating_sub(end - start);
            end = start;
        }
    }
    Ok(())
}

/// The start of a batch about a chunk before `end`; `None` when there is none within the budget.
fn chunk_start(segment: &Segment, end: u64, budget: u64) -> Result<Option<u64>, LogError> {
    let mut chunk = CHUNK_BYTES;
    loop {
        let target = end.saturating_sub(chunk.min(budget));
        if target == 0 {
            return Ok(Some(0));
        }
        if let Some(offset) = segment.offset_at_or_after(target).map_err(|e| segment.error(e))?
            && let Some(batch) = segment.locate(offset, end).map_err(log_error_of_read)?
            && batch.position < end
        {
            return Ok(Some(batch.position));
        }
        if chunk >= budget {
            return Ok(None);
        }
        chunk *= 2;
    }
}
