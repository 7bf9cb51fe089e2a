//! Record batches as they are on the wire and on disk, their compression, and the records that Kafka keeps in its own
//! topics.
//!
//! Modules: [`batch`] (magic 2 batches: read, walk, build, patch, validate), [`compression`] (the four codecs, bounded),
//! `control` (control records), `generated` (record schemas).
//! Everything here is a plain function of its input and runs on whatever thread calls it.
//!
//! Invariant: no byte from the network or the disk can make this crate panic or allocate more than a stated bound.

pub mod batch;
pub mod compression;
