//! Scripts against a coordinator over a log in memory, one per behaviour.

#[allow(dead_code)]
mod fixture;
mod joining;
