//! The controller and this node's view of the cluster's metadata.
//!
//! In reading order: [`cache`] (what handlers see), [`handle`] (asking the controller), [`thread`] (the controller's own
//! thread), [`patience`] (its disk, when it is full), [`publisher`] (applies committed metadata to the node), [`producer_ids`].
//!
//! Who runs it: the controller thread runs the quorum and decides; the publisher thread opens logs, changes roles and
//! loads coordinators, then publishes the image. Neither runs on the data runtime (design D6).
//!
//! Invariant: an image is published after this node does what it asks, so a client that learns of a leader finds it.

pub mod cache;
pub mod handle;
pub mod patience;
pub mod producer_ids;
pub mod publisher;
pub mod thread;

pub use cache::MetadataCache;
pub use handle::ControllerHandle;
