//! The published metadata image.

use arc_swap::{ArcSwap, Guard};
use ottla_core::metadata::image::MetadataImage;
use std::sync::Arc;
use std::sync::atomic::{AtomicI16, Ordering};
use tokio::sync::watch;

/// What handlers see of the cluster.
#[derive(Debug)]
pub struct MetadataCache {
    image: ArcSwap<MetadataImage>,
    applied: watch::Sender<i64>,
    kraft_version: AtomicI16,
}

impl MetadataCache {
    /// Knows nothing yet.
    pub fn new() -> Arc<MetadataCache> {
        Arc::new(MetadataCache {
            image: ArcSwap::from_pointee(MetadataImage::empty()),
            applied: watch::Sender::new(-1),
            kraft_version: AtomicI16::new(0),
        })
    }

    /// The image in force.
    pub fn image(&self) -> Guard<Arc<MetadataImage>> {
        self.image.load()
    }

    /// The image in force, to be kept.
    pub fn image_full(&self) -> Arc<MetadataImage> {
        self.image.load_full()
    }

    /// `kraft.version` of the quorum.
    pub fn kraft_version(&self) -> i16 {
        self.kraft_version.load(Ordering::Relaxed)
    }

    /// Offset of the last record that this node has applied.
    pub fn applied(&self) -> i64 {
        *self.applied.borrow()
    }

    /// Returns when this node has applied the record at `offset`. False when the node stops before.
    pub async fn wait_applied(&self, offset: i64) -> bool {
        self.applied.subscribe().wait_for(|applied| *applied >= offset).await.is_ok()
    }

    /// Publishes an image that this node has acted upon.
    pub(super) fn publish(&self, image: Arc<MetadataImage>, kraft_version: i16) {
        let offset = image.last_offset();
        self.kraft_version.store(kraft_version, Ordering::Relaxed);
        self.image.store(image);
        self.applied.send_replace(offset);
    }
}
