//! The records of `__consumer_offsets` that the classic coordinator writes, and reading any of them.
//!
//! Pure functions. Versions written are those of Kafka 4.3.1 (`GroupCoordinatorRecordHelpers`): OffsetCommitValue 4, or
//! 1 when the request gave a retention of its own; GroupMetadataValue 3.

use super::offsets::OffsetAndMetadata;
use bytes::Bytes;
use ottla_base::wire::WireError;
use ottla_record::codec::CoordinatorRecordError;
use ottla_record::generated::group::{
    CoordinatorRecordKey, CoordinatorRecordValue, GroupMetadataKey, GroupMetadataValue, OffsetCommitKey,
    OffsetCommitValue,
};

const OFFSET_COMMIT_VALUE_VERSION: i16 = 4;
const OFFSET_COMMIT_VALUE_VERSION_WITH_EXPIRY: i16 = 1;
const GROUP_METADATA_VALUE_VERSION: i16 = 3;

/// A record of `__consumer_offsets`.
#[derive(Clone, Debug, PartialEq)]
pub struct CoordinatorRecord {
    /// What it is about.
    pub key: CoordinatorRecordKey,
    /// The value with its version; `None` is a tombstone.
    pub value: Option<(CoordinatorRecordValue, i16)>,
}

impl CoordinatorRecord {
    /// Key and value as they are in the log. An error when a name is longer than the schema can say: the write is to be
    /// refused with UNKNOWN_SERVER_ERROR then.
    pub fn encode(&self) -> Result<(Bytes, Option<Bytes>), WireError> {
        let value = self.value.as_ref().map(|(value, version)| value.encode(*version)).transpose()?;
        Ok((self.key.encode()?, value))
    }

    /// Reads a record of the log. [`super::replay_encoded`] skips a type that is not known; anything else that cannot be
    /// read fails the load, as in Kafka.
    pub fn decode(key: &[u8], value: Option<&[u8]>) -> Result<CoordinatorRecord, CoordinatorRecordError> {
        let key = CoordinatorRecordKey::decode(key)?;
        let value = value.map(|value| CoordinatorRecordValue::decode(key.record_type(), value)).transpose()?;
        Ok(CoordinatorRecord { key, value })
    }

    /// About how many bytes it takes in the log.
    pub fn estimated_size(&self) -> usize {
        const FRAME: usize = 32;
        let key = match &self.key {
            CoordinatorRecordKey::OffsetCommit(key) => key.group.len() + key.topic.len(),
            CoordinatorRecordKey::GroupMetadata(key) => key.group.len(),
            _ => 0,
        };
        let value = match &self.value {
            Some((CoordinatorRecordValue::OffsetCommit(value), _)) => 64 + value.metadata.len(),
            _ => 0,
        };
        FRAME + key + value
    }
}

/// A committed offset.
pub fn offset_commit(group: &str, topic: &str, partition: i32, offset: &OffsetAndMetadata) -> CoordinatorRecord {
    let version = match offset.expire_timestamp_ms {
        Some(_) => OFFSET_COMMIT_VALUE_VERSION_WITH_EXPIRY,
        None => OFFSET_COMMIT_VALUE_VERSION,
    };
    let value = OffsetCommitValue {
        offset: offset.offset,
        leader_epoch: offset.leader_epoch,
        metadata: offset.metadata.to_string(),
        commit_timestamp: offset.commit_timestamp_ms,
        expire_timestamp: offset.expire_timestamp_ms.unwrap_or(-1),
        topic_id: offset.topic_id,
    };
    CoordinatorRecord { key: offset_key(group, topic, partition), value: Some((value.into(), version)) }
}

/// The end of a committed offset.
pub fn offset_commit_tombstone(group: &str, topic: &str, partition: i32) -> CoordinatorRecord {
    CoordinatorRecord { key: offset_key(group, topic, partition), value: None }
}

/// A generation of a classic group.
pub fn group_metadata(group: &str, value: GroupMetadataValue) -> CoordinatorRecord {
    CoordinatorRecord {
        key: GroupMetadataKey { group: group.to_owned() }.into(),
        value: Some((value.into(), GROUP_METADATA_VALUE_VERSION)),
    }
}

/// A classic group that has just been made.
pub fn empty_group_metadata(group: &str, current_state_timestamp_ms: i64) -> CoordinatorRecord {
    let value = GroupMetadataValue {
        protocol: None,
        leader: None,
        current_state_timestamp: current_state_timestamp_ms,
        ..GroupMetadataValue::default()
    };
    group_metadata(group, value)
}

/// The end of a classic group.
pub fn group_metadata_tombstone(group: &str) -> CoordinatorRecord {
    CoordinatorRecord { key: GroupMetadataKey { group: group.to_owned() }.into(), value: None }
}

fn offset_key(group: &str, topic: &str, partition: i32) -> CoordinatorRecordKey {
    OffsetCommitKey { group: group.to_owned(), topic: topic.to_owned(), partition }.into()
}
