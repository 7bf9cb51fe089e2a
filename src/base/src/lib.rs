//! What every other crate stands on: plain types and the seams to the outside world.
//!
//! Modules in reading order: [`ids`], [`clock`], [`rng`], [`wire`], [`codec`], [`storage`], [`config`].
//! Runs on whatever thread calls it; holds no state of its own.
//!
//! Invariant: nothing here reads the system's clock or draws randomness except the two functions that
//! say so ([`clock::SystemClock`], [`rng::Rng::from_entropy`]); only a composition root calls them.

pub mod clock;
pub mod codec;
pub mod config;
pub mod ids;
pub mod rng;
pub mod storage;
pub mod wire;
