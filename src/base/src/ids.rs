//! Identifiers in Kafka's notation.

pub use uuid::Uuid;

use crate::rng::Rng;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

/// `Uuid.ZERO_UUID`: "no id".
pub const ZERO_UUID: Uuid = Uuid::nil();
/// `Uuid.METADATA_TOPIC_ID`, the fixed id of `__cluster_metadata`.
pub const METADATA_TOPIC_ID: Uuid = Uuid::from_u128(1);
/// `DirectoryId.UNASSIGNED` (same bits as [`METADATA_TOPIC_ID`]).
pub const DIRECTORY_UNASSIGNED: Uuid = Uuid::from_u128(1);
/// `DirectoryId.LOST`.
pub const DIRECTORY_LOST: Uuid = Uuid::from_u128(2);
/// `DirectoryId.MIGRATING`.
pub const DIRECTORY_MIGRATING: Uuid = Uuid::nil();

/// Name of the metadata topic.
pub const CLUSTER_METADATA_TOPIC: &str = "__cluster_metadata";
/// Name of the offsets topic of the group coordinator.
pub const CONSUMER_OFFSETS_TOPIC: &str = "__consumer_offsets";
/// Name of the transaction coordinator's topic.
pub const TRANSACTION_STATE_TOPIC: &str = "__transaction_state";
/// Name of the share coordinator's topic.
pub const SHARE_GROUP_STATE_TOPIC: &str = "__share_group_state";

/// Whether clients other than the admin tools must not write to `topic` (`Topic.isInternal`).
pub fn is_internal_topic(topic: &str) -> bool {
    matches!(topic, CONSUMER_OFFSETS_TOPIC | TRANSACTION_STATE_TOPIC | SHARE_GROUP_STATE_TOPIC)
}

/// Kafka's text form of an id: 22 characters of URL-safe base64 without padding (`Uuid.toString`).
pub fn uuid_to_text(id: Uuid) -> String {
    URL_SAFE_NO_PAD.encode(id.as_bytes())
}

/// Parses Kafka's text form. `None` when it is not exactly 16 bytes of URL-safe base64 (padding is accepted, as
/// `Uuid.fromString` does).
pub fn uuid_from_text(text: &str) -> Option<Uuid> {
    if text.len() > 24 {
        return None;
    }
    let bytes = URL_SAFE_NO_PAD.decode(text.trim_end_matches('=')).ok()?;
    Some(Uuid::from_bytes(bytes.try_into().ok()?))
}

/// A random id as `Uuid.randomUuid` makes them: version 4, never one of the first hundred reserved ids, and its text
/// never starts with `-` (which a command line would read as an option).
pub fn random_uuid(rng: &mut Rng) -> Uuid {
    loop {
        let mut bytes = [0u8; 16];
        bytes[..8].copy_from_slice(&rng.next_u64().to_be_bytes());
        bytes[8..].copy_from_slice(&rng.next_u64().to_be_bytes());
        let id = uuid::Builder::from_random_bytes(bytes).into_uuid();
        if id.as_u128() > 100 && !uuid_to_text(id).starts_with('-') {
            return id;
        }
    }
}

/// Java's `String.hashCode`, over UTF-16 code units. Decides which partition of an internal topic owns a group.
pub fn java_string_hash(text: &str) -> i32 {
    text.encode_utf16().fold(0i32, |h, unit| h.wrapping_mul(31).wrapping_add(i32::from(unit)))
}

/// `Utils.abs(key.hashCode()) % partitions`: where a group or transactional id lives.
///
/// Precondition: `partitions > 0`.
pub fn coordinator_partition(key: &str, partitions: i32) -> i32 {
    // Utils.abs maps MIN_VALUE to 0.
    java_string_hash(key).checked_abs().unwrap_or(0) % partitions
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn metadata_topic_id_has_kafkas_text() {
        assert_eq!(uuid_to_text(METADATA_TOPIC_ID), "AAAAAAAAAAAAAAAAAAAAAQ");
        assert_eq!(uuid_from_text("AAAAAAAAAAAAAAAAAAAAAQ"), Some(METADATA_TOPIC_ID));
        assert_eq!(uuid_from_text("AAAAAAAAAAAAAAAAAAAAAQ=="), Some(METADATA_TOPIC_ID));
        assert_eq!(uuid_from_text("short"), None);
    }

    #[test]
    fn string_hash_is_javas() {
        assert_eq!(java_string_hash(""), 0);
        assert_eq!(java_string_hash("hello"), 99162322);
        assert_eq!(java_string_hash("polygenelubricants"), i32::MIN);
        assert_eq!(coordinator_partition("polygenelubricants", 50), 0);
    }

    #[test]
    fn random_ids_are_usable_on_a_command_line() {
        let mut rng = Rng::from_seed(7);
        for _ in 0..2000 {
            let id = random_uuid(&mut rng);
            let text = uuid_to_text(id);
            assert!(!text.starts_with('-'));
            assert_eq!(uuid_from_text(&text), Some(id));
        }
    }
}
