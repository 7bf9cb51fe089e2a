//! Bugs that can be planted, each of which the simulator has to find.
//!
//! All are planted in the harness, in what surrounds the cores: a shell that leaves out a step, or a disk that does not do
//! what it says. No product code knows of them.

/// A planted bug.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Bug {
    /// A producer is answered before its batch is in the log.
    AckBeforeWrite,
    /// A flush is reported as done without having been carried out.
    FlushForgotten,
    /// Recovery does not cut the torn tail off the file.
    TornTailKept,
    /// Producer snapshots read as empty, so that the producers' state is lost at a reload.
    ProducerStateLost,
    /// Appends of clients are taken for those of a coordinator: nobody looks for duplicates.
    DuplicatesUnchecked,
    /// After a restart the high watermark is the log's end, whatever the other replica has.
    HighWatermarkTooHigh,
    /// The high watermark goes back to the checkpoint's while the leader epoch lasts.
    HighWatermarkGoesBack,
    /// Tombstones are skipped when the coordinator loads.
    TombstoneDropped,
    /// The coordinator answers before the high watermark has passed what it was loaded from.
    LoadedTooEarly,
    /// The coordinator takes what is appended for committed.
    CommitBeforeHighWatermark,
    /// Index files are not cut when the log is truncated.
    StaleIndex,
    /// The recovery point checkpoint claims the log's end.
    RecoveryPointTooHigh,
    /// Entries of directories are not synced.
    DirectoryNotSynced,
    /// The clean-shutdown file stays after the start.
    CleanShutdownKept,
    /// A topic is deleted, and its name stays in the checkpoints of offsets.
    CheckpointsKept,
    /// The metadata quorum's syncs do not reach the medium.
    MetadataNotSynced,
    /// A controller's answer is sent before its records are committed.
    MetadataAnsweredEarly,
}

impl Bug {
    /// All of them.
    pub const ALL: [Bug; 17] = [
        Bug::AckBeforeWrite,
        Bug::FlushForgotten,
        Bug::TornTailKept,
        Bug::ProducerStateLost,
        Bug::DuplicatesUnchecked,
        Bug::HighWatermarkTooHigh,
        Bug::HighWatermarkGoesBack,
        Bug::TombstoneDropped,
        Bug::LoadedTooEarly,
        Bug::CommitBeforeHighWatermark,
        Bug::StaleIndex,
        Bug::RecoveryPointTooHigh,
        Bug::DirectoryNotSynced,
        Bug::CleanShutdownKept,
        Bug::CheckpointsKept,
        Bug::MetadataNotSynced,
        Bug::MetadataAnsweredEarly,
    ];

    /// By its name, as `scripts/sim --bug` takes it.
    pub fn from_name(name: &str) -> Option<Bug> {
        Bug::ALL.into_iter().find(|bug| format!("{bug:?}") == name)
    }
}
