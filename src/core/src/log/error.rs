//! Why an operation on a log failed: one small enum per operation. Mapping to wire codes is the broker's business.

use std::io;
use std::path::PathBuf;
use thiserror::Error;

/// A disk said no. Decides between "this directory is full" (it goes on serving reads) and "this directory is broken".
#[derive(Debug, Error)]
pub enum StorageError {
    /// No room is left. Nothing was changed; the same append may be tried again later.
    #[error("no space left on the device of {path}")]
    DiskFull {
        /// The file that could not grow.
        path: PathBuf,
    },
    /// Anything else: the log directory must leave service.
    #[error("{path}: {source}")]
    Io {
        /// The file that was touched.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// An earlier error left the files of this log in a state that only a restart can judge.
    #[error("the log in {path} is offline after an earlier error")]
    Offline {
        /// The partition's directory.
        path: PathBuf,
    },
}

/// What an error says about the disk.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Damage {
    /// Nothing: the process lacks descriptors or memory, or the error has been told before.
    None,
    /// The directory has no room.
    Full,
    /// The files of one log are not as they should be.
    Log,
    /// The directory cannot be relied on.
    Directory,
}

impl StorageError {
    /// What is to be taken out of service. When in doubt the directory, as in Kafka.
    pub fn damage(&self) -> Damage {
        use io::ErrorKind as Kind;
        /// ENOMEM, ENFILE, EMFILE.
        const OF_THE_PROCESS: [i32; 3] = [12, 23, 24];
        match self {
            StorageError::DiskFull { .. } => Damage::Full,
            StorageError::Offline { .. } => Damage::None,
            StorageError::Io { source, .. } => match source.kind() {
                _ if source.raw_os_error().is_some_and(|code| OF_THE_PROCESS.contains(&code)) => Damage::None,
                Kind::OutOfMemory | Kind::Interrupted => Damage::None,
                Kind::NotFound
                | Kind::AlreadyExists
                | Kind::IsADirectory
                | Kind::NotADirectory
                | Kind::DirectoryNotEmpty
                | Kind::PermissionDenied
                | Kind::InvalidFilename
                | Kind::InvalidInput
                | Kind::InvalidData
                | Kind::UnexpectedEof => Damage::Log,
                _ => Damage::Directory,
            },
        }
    }

    /// Wraps what the system said about `path`.
    pub fn new(path: impl Into<PathBuf>, source: io::Error) -> StorageError {
        let path = path.into();
        match source.kind() {
            io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => StorageError::DiskFull { path },
            _ => StorageError::Io { path, source },
        }
    }

    /// Whether the directory is merely full.
    pub fn is_disk_full(&self) -> bool {
        matches!(self, StorageError::DiskFull { .. })
    }

    /// The same condition for another request that it also hit.
    pub(crate) fn duplicate(&self) -> StorageError {
        match self {
            StorageError::DiskFull { path } => StorageError::DiskFull { path: path.clone() },
            StorageError::Io { path, source } => {
                StorageError::Io { path: path.clone(), source: io::Error::new(source.kind(), source.to_string()) }
            }
            StorageError::Offline { path } => StorageError::Offline { path: path.clone() },
        }
    }
}

/// Why a log could not be opened or changed as a whole.
#[derive(Debug, Error)]
pub enum LogError {
    /// The disk.
    #[error(transparent)]
    Storage(#[from] StorageError),
    /// Bytes that had been flushed are wrong, and good batches follow them: not a torn tail but corruption. The log is
    /// left as it is; the replica must not serve.
    #[error(
        "{path} is corrupt at position {position}: {reason}; offset {next_offset} is below the recovery point \
         {recovery_point} and valid batches follow, so this is not a torn tail"
    )]
    Corrupt {
        /// The segment's file.
        path: PathBuf,
        /// Where the bad batch starts.
        position: u64,
        /// Offset that was expected there.
        next_offset: i64,
        /// Offsets below this had been flushed.
        recovery_point: i64,
        /// What is wrong with it.
        reason: String,
    },
    /// Bytes inside the log are not batches. The replica must not serve.
    #[error(transparent)]
    Unreadable(ReadError),
    /// `partition.metadata` names another topic id.
    #[error(
        "Tried to assign topic ID {wanted} to log for topic partition {dir}, but log already contained topic ID {found}"
    )]
    InconsistentTopicId {
        /// The partition's directory.
        dir: String,
        /// From the metadata.
        wanted: String,
        /// From the file.
        found: String,
    },
    /// The log start may not pass the high watermark.
    #[error(
        "Cannot increment the log start offset to {offset} of partition {dir} since it is larger than the high \
         watermark {high_watermark}"
    )]
    AboveHighWatermark {
        /// The partition's directory.
        dir: String,
        /// What was asked for.
        offset: i64,
        /// The bound.
        high_watermark: i64,
    },
    /// A negative offset was handed in.
    #[error("Cannot truncate partition {dir} to a negative offset ({offset}).")]
    NegativeOffset {
        /// The partition's directory.
        dir: String,
        /// What was asked for.
        offset: i64,
    },
}

impl LogError {
    /// The disk, if it is the cause.
    pub fn storage(&self) -> Option<&StorageError> {
        match self {
            LogError::Storage(error) => Some(error),
            LogError::Unreadable(error) => error.storage(),
            LogError::Corrupt { .. }
            | LogError::InconsistentTopicId { .. }
            | LogError::AboveHighWatermark { .. }
            | LogError::NegativeOffset { .. } => None,
        }
    }
}

impl ReadError {
    /// The disk, if it is the cause.
    pub fn storage(&self) -> Option<&StorageError> {
        match self {
            ReadError::Storage(error) => Some(error),
            ReadError::OutOfRange { .. } | ReadError::Corrupt { .. } => None,
        }
    }
}

/// Why an append was refused. Texts are Kafka's where a client sees them.
#[derive(Debug, Error)]
pub enum AppendError {
    /// KAFKA_STORAGE_ERROR.
    #[error(transparent)]
    Storage(#[from] StorageError),
    /// RECORD_LIST_TOO_LARGE: does not fit a segment.
    #[error(
        "Message batch size is {size} bytes in append to partition {dir}, which exceeds the maximum configured segment \
         size of {limit}."
    )]
    RecordBatchTooLarge {
        /// The partition's directory.
        dir: String,
        /// Bytes of the append.
        size: u64,
        /// segment.bytes.
        limit: u64,
    },
    /// INVALID_PRODUCER_EPOCH.
    #[error("{0}")]
    InvalidProducerEpoch(String),
    /// OUT_OF_ORDER_SEQUENCE_NUMBER.
    #[error("{0}")]
    OutOfOrderSequence(String),
    /// INVALID_TXN_STATE.
    #[error("{0}")]
    InvalidTxnState(String),
    /// TRANSACTION_COORDINATOR_FENCED.
    #[error("{0}")]
    TransactionCoordinatorFenced(String),
    /// CORRUPT_MESSAGE: what a leader sent is damaged.
    #[error("{0}")]
    Corrupt(String),
    /// Offsets of an append that keeps its offsets do not increase.
    #[error("Out of order offsets found in append to {dir}: {previous} then {next}")]
    OffsetsOutOfOrder {
        /// The partition's directory.
        dir: String,
        /// Last offset of the batch before.
        previous: i64,
        /// Last offset of the batch that breaks the order.
        next: i64,
    },
    /// An append that keeps its offsets starts below the log's end.
    #[error(
        "Unexpected offset in append to {dir}. First offset {first_offset} is less than the next offset {log_end_offset}."
    )]
    UnexpectedAppendOffset {
        /// The partition's directory.
        dir: String,
        /// Of the append.
        first_offset: i64,
        /// Of the append.
        last_offset: i64,
        /// The log's end.
        log_end_offset: i64,
    },
}

/// Why a read was refused.
#[derive(Debug, Error)]
pub enum ReadError {
    /// OFFSET_OUT_OF_RANGE.
    #[error(
        "Received request for offset {offset}, but we only have log segments from {log_start_offset} up to {log_end_offset}."
    )]
    OutOfRange {
        /// What was asked for.
        offset: i64,
        /// First offset that can be read.
        log_start_offset: i64,
        /// One past the last.
        log_end_offset: i64,
    },
    /// KAFKA_STORAGE_ERROR.
    #[error(transparent)]
    Storage(#[from] StorageError),
    /// The bytes are not batches. The replica must not serve them.
    #[error("{path} is corrupt at position {position}: {reason}")]
    Corrupt {
        /// The segment's file.
        path: PathBuf,
        /// Where.
        position: u64,
        /// What is wrong.
        reason: String,
    },
}
