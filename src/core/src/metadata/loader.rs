//! Batches of records → published images. Metadata transactions (KIP-868) are honoured here: nothing is published
//! between a BeginTransaction and its End, and an Abort takes back what came in between.
//!
//! Owned by: the controller thread (and, later, an observer's loader).

use crate::metadata::apply::ApplyError;
use crate::metadata::changes::Changes;
use crate::metadata::image::{MetadataImage, Provenance};
use ottla_record::generated::metadata::MetadataRecord;
use std::sync::Arc;

/// Where replay stands with respect to a transaction.
#[derive(Clone, Debug)]
struct OpenTransaction {
    start_offset: i64,
    /// State to go back to.
    image: MetadataImage,
    changes: Changes,
}

/// Replays records and keeps what is to be published next.
#[derive(Clone, Debug, Default)]
pub struct MetadataLoader {
    image: MetadataImage,
    changes: Changes,
    transaction: Option<OpenTransaction>,
}

impl MetadataLoader {
    /// Goes on from an image.
    pub fn new(image: MetadataImage) -> MetadataLoader {
        MetadataLoader { image, ..MetadataLoader::default() }
    }

    /// State after everything replayed so far, including an open transaction's part.
    pub fn image(&self) -> &MetadataImage {
        &self.image
    }

    /// Offset of the BeginTransaction that has not ended.
    pub fn transaction_start_offset(&self) -> Option<i64> {
        self.transaction.as_ref().map(|t| t.start_offset)
    }

    /// Replays one record at `offset` of a batch with `epoch`, appended at `log_time_ms`.
    pub fn replay(
        &mut self,
        record: &MetadataRecord,
        offset: i64,
        epoch: i32,
        log_time_ms: i64,
    ) -> Result<(), ApplyError> {
        match record {
            MetadataRecord::BeginTransaction(_) => {
                if self.transaction.is_some() {
                    return Err(ApplyError::Transaction("BeginTransactionRecord while already in a transaction"));
                }
                self.transaction = Some(OpenTransaction {
                    start_offset: offset,
                    image: self.image.clone(),
                    changes: self.changes.clone(),
                });
            }
            MetadataRecord::EndTransaction(_) => {
                let begun = self.transaction.take();
                begun.ok_or(ApplyError::Transaction("EndTransactionRecord without a BeginTransactionRecord"))?;
            }
            MetadataRecord::AbortTransaction(_) => {
                let begun = self.transaction.take();
                let begun =
                    begun.ok_or(ApplyError::Transaction("AbortTransactionRecord without a BeginTransactionRecord"))?;
                self.image = begun.image;
                self.changes = begun.changes;
            }
            record => self.image.apply(record, offset, &mut self.changes)?,
        }
        self.advance(offset, epoch, log_time_ms);
        Ok(())
    }

    /// Moves the provenance on without a record: control batches, and the end of a batch.
    pub fn advance(&mut self, offset: i64, epoch: i32, log_time_ms: i64) {
        self.image.provenance = Provenance {
            last_contained_offset: offset,
            last_contained_epoch: epoch,
            last_contained_log_time_ms: log_time_ms,
        };
    }

    /// The image to publish and what changed since the last one; `None` inside a transaction.
    pub fn publish(&mut self) -> Option<(Arc<MetadataImage>, Changes)> {
        if self.transaction.is_some() {
            return None;
        }
        Some((Arc::new(self.image.clone()), std::mem::take(&mut self.changes)))
    }
}
