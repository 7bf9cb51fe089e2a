//! Record batches as they are on the wire and on disk, their compression, and the records that Kafka keeps in its own
//! topics.
//!
//! Modules: [`batch`] (magic 2 batches: read, walk, build, patch, validate), [`compression`] (the four codecs, bounded),
//! [`control`] (control records), [`codec`] and [`generated`] (schemas of the internal topics, of the metadata log, of
//! control records and of the consumer protocol).
//! Everything here is a plain function of its input and runs on whatever thread calls it.
//!
//! Invariant: no byte from the network or the disk can make this crate panic or allocate more than a stated bound.

pub mod batch;
// Before `generated`, which uses its macros.
#[macro_use]
pub mod codec;
pub mod compression;
pub mod control;
pub mod generated;
