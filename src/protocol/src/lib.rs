//! Kafka's protocol as bytes: frames, headers, the audit of what arrives, and the messages.
//!
//! Modules in reading order: [`frame`] (sizes of frames), [`header`], [`api`] (facts about each API), [`audit`], [`messages`]
//! (every request and response: kafka-protocol's, or ours where that lacks a version), [`generated`]. Pure functions; runs on whatever thread calls it.
//!
//! Invariant: no byte from the network panics here, and nothing is allocated by a length that was not proven to fit.

// Before `generated`, which uses its macros.
#[macro_use]
mod codec;
pub mod api;
pub mod audit;
pub mod frame;
pub mod generated;
pub mod header;

pub use generated::messages;
