//! In-process integration tests: a node driven by raw requests, and the simulator.
