//! Scripts against a coordinator over a log in memory, one per behaviour.

mod fixture;
mod golden;
mod joining;
mod offsets;
mod reading;
mod simulation;
mod writing;
