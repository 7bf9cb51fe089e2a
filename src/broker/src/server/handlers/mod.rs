//! One file per API. Each opens with its key, versions, behaviour and what is deliberately not done; the table that
//! binds them is `server::registry`.
//!
//! Runs in the connection's task. A handler never blocks: what waits is awaited.

pub mod acls;
pub mod api_versions;
pub mod create_partitions;
pub mod create_topics;
pub mod delete_groups;
pub mod delete_records;
pub mod delete_topics;
pub mod describe_cluster;
pub mod describe_configs;
pub mod describe_groups;
pub mod describe_quorum;
pub mod describe_topic_partitions;
pub mod fetch;
pub mod find_coordinator;
pub mod heartbeat;
pub mod incremental_alter_configs;
pub mod init_producer_id;
pub mod join_group;
pub mod leave_group;
pub mod list_groups;
pub mod list_offsets;
pub mod list_partition_reassignments;
pub mod metadata;
pub mod offset_commit;
pub mod offset_fetch;
pub mod offset_for_leader_epoch;
pub mod produce;
pub mod sync_group;

use super::context::RequestContext;
use kafka_protocol::messages::{BrokerId, TopicName};
use kafka_protocol::protocol::StrBytes;

/// Default of the "authorized operations" fields: not asked for.
const OPERATIONS_NOT_ASKED: i32 = i32::MIN;

/// `Errors.INVALID_REQUEST.message()`, for requests that Kafka refuses as a whole.
const INVALID_REQUEST_TEXT: &str = "This most likely occurs because of a request being malformed by the client library or the message was sent to an incompatible broker. See the broker logs for more details.";

/// What everybody may do to a resource when there is no authorizer: all that is possible (`AclEntry.supportedOperations`
/// as a bit field over `AclOperation` codes).
mod operations {
    const fn bits(codes: &[u8]) -> i32 {
        let mut field = 0;
        let mut i = 0;
        while i < codes.len() {
            field |= 1 << codes[i];
            i += 1;
        }
        field
    }

    /// READ, WRITE, CREATE, DELETE, ALTER, DESCRIBE, DESCRIBE_CONFIGS, ALTER_CONFIGS.
    pub const TOPIC: i32 = bits(&[3, 4, 5, 6, 7, 8, 10, 11]);
    /// CREATE, ALTER, DESCRIBE, CLUSTER_ACTION, DESCRIBE_CONFIGS, ALTER_CONFIGS, IDEMPOTENT_WRITE.
    pub const CLUSTER: i32 = bits(&[5, 7, 8, 9, 10, 11, 12]);
    /// READ, DELETE, DESCRIBE, DESCRIBE_CONFIGS, ALTER_CONFIGS.
    pub const GROUP: i32 = bits(&[3, 6, 8, 10, 11]);
}

/// What the response to one request may take: half as much as the node's budget. A request can name the same large thing, or
/// many, in a few bytes each.
struct Room(usize);

impl Room {
    fn new(context: &RequestContext) -> Room {
        Room(context.node().budget.limit() / 2)
    }

    /// So much has been answered.
    fn use_up(&mut self, bytes: usize) {
        self.0 = self.0.saturating_sub(bytes);
    }

    /// Whether the rest is to be refused.
    fn is_full(&self) -> bool {
        self.0 == 0
    }
}

/// Said in the place of what there is no [`Room`] for, with INVALID_REQUEST.
const NO_ROOM: &str = "The response would be larger than the memory that this node has for it; ask for less at a time.";

fn text(value: impl Into<String>) -> StrBytes {
    StrBytes::from_string(value.into())
}

fn topic_name(value: impl Into<String>) -> TopicName {
    TopicName(text(value))
}

fn broker_ids(ids: &[i32]) -> Vec<BrokerId> {
    ids.iter().copied().map(BrokerId).collect()
}

/// Declares the registry entry of an API whose request and response are plain types.
macro_rules! typed_api {
    ($name:literal, $key:literal, $min:literal ..= $max:literal, $request:ty, $handle:path) => {
        /// Registry entry.
        pub const API: $crate::server::registry::Api = $crate::server::registry::Api {
            key: $key,
            name: $name,
            min: $min,
            max: $max,
            advertised_min: $min,
            handle: |context, body| $crate::server::registry::typed::<$request, _, _>(context, body, $handle),
        };
    };
}
use typed_api;
