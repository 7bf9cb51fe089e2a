//! The one place that maps causes to Kafka's error codes (design, section 5). No catch-all arms.

use ottla_core::errors::KafkaError;
use ottla_core::log::{AppendError, LogError, ReadError};
use ottla_core::partition::AppendFailure;

/// Why an append failed.
pub fn append(failure: &AppendFailure) -> KafkaError {
    match failure {
        AppendFailure::NotLeader => KafkaError::NotLeaderOrFollower,
        AppendFailure::NotEnoughReplicas { .. } => KafkaError::NotEnoughReplicas,
        AppendFailure::NotEnoughReplicasAfterAppend => KafkaError::NotEnoughReplicasAfterAppend,
        AppendFailure::Log(error) => match error {
            AppendError::Storage(_) => KafkaError::KafkaStorageError,
            AppendError::RecordBatchTooLarge { .. } => KafkaError::RecordListTooLarge,
            AppendError::InvalidProducerEpoch(_) => KafkaError::InvalidProducerEpoch,
            AppendError::OutOfOrderSequence(_) => KafkaError::OutOfOrderSequenceNumber,
            AppendError::InvalidTxnState(_) => KafkaError::InvalidTxnState,
            AppendError::TransactionCoordinatorFenced(_) => KafkaError::TransactionCoordinatorFenced,
            AppendError::Corrupt(_) => KafkaError::CorruptMessage,
            AppendError::OffsetsOutOfOrder { .. } | AppendError::UnexpectedAppendOffset { .. } => {
                KafkaError::UnknownServerError
            }
        },
    }
}

/// Whether Kafka reports the log start offset with this failure (`ReplicaManager.appendRecordsToLeader`).
pub fn has_log_start_offset(failure: &AppendFailure) -> bool {
    match failure {
        AppendFailure::NotLeader
        | AppendFailure::NotEnoughReplicas { .. }
        | AppendFailure::NotEnoughReplicasAfterAppend => false,
        AppendFailure::Log(error) => match error {
            AppendError::Storage(_) | AppendError::RecordBatchTooLarge { .. } | AppendError::Corrupt(_) => false,
            AppendError::InvalidProducerEpoch(_)
            | AppendError::OutOfOrderSequence(_)
            | AppendError::InvalidTxnState(_)
            | AppendError::TransactionCoordinatorFenced(_)
            | AppendError::OffsetsOutOfOrder { .. }
            | AppendError::UnexpectedAppendOffset { .. } => true,
        },
    }
}

/// Why a read failed.
pub fn read(error: &ReadError) -> KafkaError {
    match error {
        ReadError::OutOfRange { .. } => KafkaError::OffsetOutOfRange,
        ReadError::Storage(_) => KafkaError::KafkaStorageError,
        ReadError::Corrupt { .. } => KafkaError::KafkaStorageError,
    }
}

/// Why an operation on a whole log failed.
pub fn log(error: &LogError) -> KafkaError {
    match error {
        LogError::Storage(_) | LogError::Corrupt { .. } | LogError::Unreadable(_) => KafkaError::KafkaStorageError,
        LogError::InconsistentTopicId { .. } => KafkaError::InconsistentTopicId,
        LogError::AboveHighWatermark { .. } => KafkaError::OffsetOutOfRange,
        LogError::NegativeOffset { .. } => KafkaError::OffsetOutOfRange,
    }
}
