//! The directories of `log.dirs`: who owns them, what lies in them, and whether they are in service.
//!
//! Reading order: [`names`] (of partition directories), [`checkpoints`], [`meta_properties`], [`scan`] (what to open at
//! start), [`state`] (in service, full, offline). The lock on a directory is a matter of the real disk and is in
//! [`ottla_base::storage::lock`].
//!
//! Synchronous and without a thread; called while a node starts and by whoever looks after its logs.

pub mod checkpoints;
pub mod meta_properties;
pub mod names;
pub mod scan;
pub mod state;

pub use checkpoints::{CheckpointError, Offsets};
pub use meta_properties::{MetaProperties, MetaPropertiesEnsemble, MetaPropertiesError};
pub use names::{DirKind, PartitionDir};
pub use scan::{LogDirScan, LogToOpen, ScanError, scan_log_dir};
pub use state::{DirState, LogDirs};
