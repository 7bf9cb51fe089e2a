//! The state itself, and how handlers look things up in it (`MetadataImage` and its parts).
//!
//! Shared as `Arc<MetadataImage>`: whoever holds one sees one consistent moment. Changed only by `apply`.
//!
//! Deliberately not here: answers to requests (handlers build those), and indexes that only a controller needs, except
//! the one of names that collide in metrics, which every create looks at.

use crate::metadata::features::{ELIGIBLE_LEADER_REPLICAS_VERSION, METADATA_VERSION, MetadataVersion};
use crate::metadata::partition::PartitionRegistration;
use crate::metadata::registration::{BrokerRegistration, ControllerRegistration, Endpoint};
use imbl::{OrdMap, OrdSet};
use ottla_base::ids::Uuid;
use ottla_record::generated::metadata::{AccessControlEntryRecord, DelegationTokenRecord, UserScramCredentialRecord};
use std::sync::Arc;

/// How far an image has replayed (`MetadataProvenance`). All -1 when it is empty.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Provenance {
    /// Offset of the last record.
    pub last_contained_offset: i64,
    /// Its epoch.
    pub last_contained_epoch: i32,
    /// When the leader appended it, milliseconds since the Unix epoch.
    pub last_contained_log_time_ms: i64,
}

impl Provenance {
    /// Of an empty image.
    pub const EMPTY: Provenance =
        Provenance { last_contained_offset: -1, last_contained_epoch: -1, last_contained_log_time_ms: -1 };
}

impl Default for Provenance {
    fn default() -> Self {
        Provenance::EMPTY
    }
}

/// What a configuration belongs to.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ConfigResource {
    /// `ConfigResource.Type.id`: see the constants.
    pub resource_type: i8,
    /// Topic name, broker id as text, group id. Empty for the cluster-wide broker defaults.
    pub name: String,
}

impl ConfigResource {
    /// Type of topics.
    pub const TOPIC: i8 = 2;
    /// Type of brokers.
    pub const BROKER: i8 = 4;
    /// Type of broker loggers (never in metadata).
    pub const BROKER_LOGGER: i8 = 8;
    /// Type of client metric subscriptions.
    pub const CLIENT_METRICS: i8 = 16;
    /// Type of groups.
    pub const GROUP: i8 = 32;

    /// Any resource.
    pub fn new(resource_type: i8, name: impl Into<String>) -> ConfigResource {
        ConfigResource { resource_type, name: name.into() }
    }

    /// A topic.
    pub fn topic(name: impl Into<String>) -> ConfigResource {
        ConfigResource::new(ConfigResource::TOPIC, name)
    }

    /// One broker.
    pub fn broker(id: i32) -> ConfigResource {
        ConfigResource::new(ConfigResource::BROKER, id.to_string())
    }

    /// The defaults of all brokers.
    pub fn cluster() -> ConfigResource {
        ConfigResource::new(ConfigResource::BROKER, "")
    }
}

/// Keys and values of one resource.
pub type Configs = OrdMap<String, String>;

/// What a client quota applies to: (entity type, entity name or `None` for the default), ordered by type.
pub type QuotaEntity = Vec<(String, Option<String>)>;

/// A topic with its partitions.
#[derive(Clone, Debug, PartialEq)]
pub struct TopicImage {
    /// Its name.
    pub name: Arc<str>,
    /// Its id.
    pub id: Uuid,
    /// By partition index.
    pub partitions: OrdMap<i32, Arc<PartitionRegistration>>,
}

impl TopicImage {
    /// One partition.
    pub fn partition(&self, index: i32) -> Option<&Arc<PartitionRegistration>> {
        self.partitions.get(&index)
    }

    /// How many partitions there are.
    pub fn partition_count(&self) -> usize {
        self.partitions.len()
    }
}

/// All metadata of a cluster at one offset.
///
/// Two images are equal when their snapshots and provenance are; the offsets of registrations do not count.
#[derive(Clone, Debug, Default)]
pub struct MetadataImage {
    pub(crate) provenance: Provenance,
    pub(crate) metadata_version: Option<MetadataVersion>,
    pub(crate) features: OrdMap<String, i16>,
    pub(crate) brokers: OrdMap<i32, Arc<BrokerRegistration>>,
    /// Offset of each broker's last RegisterBroker record: a broker has caught up when it has read that far. Differs
    /// from the epoch when a broker amends its registration; not in snapshots.
    pub(crate) registration_offsets: OrdMap<i32, i64>,
    pub(crate) controllers: OrdMap<i32, Arc<ControllerRegistration>>,
    pub(crate) topics: OrdMap<Uuid, Arc<TopicImage>>,
    pub(crate) topic_ids: OrdMap<Arc<str>, Uuid>,
    /// Names that hold `.` or `_`, by their form with `_` only.
    pub(crate) colliding_names: OrdMap<String, OrdSet<Arc<str>>>,
    pub(crate) configs: OrdMap<ConfigResource, Configs>,
    pub(crate) client_quotas: OrdMap<QuotaEntity, OrdMap<String, f64>>,
    /// First producer id that has not been handed out; `None` before the first block.
    pub(crate) next_producer_id: Option<i64>,
    pub(crate) acls: OrdMap<Uuid, Arc<AccessControlEntryRecord>>,
    pub(crate) scram: OrdMap<(i8, String), Arc<UserScramCredentialRecord>>,
    pub(crate) delegation_tokens: OrdMap<String, Arc<DelegationTokenRecord>>,
}

impl PartialEq for MetadataImage {
    fn eq(&self, other: &Self) -> bool {
        self.provenance == other.provenance && self.same_state(other)
    }
}

impl MetadataImage {
    /// Nothing replayed yet.
    pub fn empty() -> MetadataImage {
        MetadataImage::default()
    }

    /// How far it has replayed.
    pub fn provenance(&self) -> Provenance {
        self.provenance
    }

    /// Offset of the last record it contains, -1 when empty.
    pub fn last_offset(&self) -> i64 {
        self.provenance.last_contained_offset
    }

    /// Whether no record has been replayed.
    pub fn is_empty(&self) -> bool {
        *self == MetadataImage { provenance: self.provenance, ..MetadataImage::default() }
    }

    /// Whether both hold the same state, however they came to it.
    pub fn same_state(&self, other: &MetadataImage) -> bool {
        self.metadata_version == other.metadata_version
            && self.features == other.features
            && self.brokers == other.brokers
            && self.controllers == other.controllers
            && self.topics == other.topics
            && self.configs == other.configs
            && self.client_quotas == other.client_quotas
            && self.next_producer_id == other.next_producer_id
            && self.acls == other.acls
            && self.scram == other.scram
            && self.delegation_tokens == other.delegation_tokens
    }

    // ---- topics ----

    /// A topic by name.
    pub fn topic(&self, name: &str) -> Option<&Arc<TopicImage>> {
        self.topics.get(self.topic_ids.get(name)?)
    }

    /// A topic by id.
    pub fn topic_by_id(&self, id: Uuid) -> Option<&Arc<TopicImage>> {
        self.topics.get(&id)
    }

    /// Id of the topic that has this name now.
    pub fn topic_id(&self, name: &str) -> Option<Uuid> {
        self.topic_ids.get(name).copied()
    }

    /// Name of a topic.
    pub fn topic_name(&self, id: Uuid) -> Option<&Arc<str>> {
        self.topics.get(&id).map(|t| &t.name)
    }

    /// One partition by topic id.
    pub fn partition(&self, topic_id: Uuid, index: i32) -> Option<&Arc<PartitionRegistration>> {
        self.topics.get(&topic_id)?.partition(index)
    }

    /// All topics, by name.
    pub fn topics(&self) -> impl Iterator<Item = &Arc<TopicImage>> {
        self.topic_ids.values().filter_map(|id| self.topics.get(id))
    }

    /// Topics whose name is at or after `from`, by name.
    pub fn topics_from<'a>(&'a self, from: &'a str) -> impl Iterator<Item = &'a Arc<TopicImage>> {
        self.topic_ids
            .range::<_, str>((std::ops::Bound::Included(from), std::ops::Bound::Unbounded))
            .filter_map(|(_, id)| self.topics.get(id))
    }

    /// How many topics there are.
    pub fn topic_count(&self) -> usize {
        self.topics.len()
    }

    /// An existing topic, other than `name` itself or equal to it, that would share its metrics' names
    /// (`Topic.unifyCollisionChars`).
    pub fn colliding_topic(&self, name: &str) -> Option<&Arc<str>> {
        if !has_collision_chars(name) {
            return None;
        }
        self.colliding_names.get(&unify_collision_chars(name))?.iter().next()
    }

    // ---- nodes ----

    /// A registered broker, fenced or not.
    pub fn broker(&self, id: i32) -> Option<&Arc<BrokerRegistration>> {
        self.brokers.get(&id)
    }

    /// Offset of a broker's last registration record.
    pub fn registration_offset(&self, id: i32) -> Option<i64> {
        self.registration_offsets.get(&id).copied()
    }

    /// All registered brokers, by id.
    pub fn brokers(&self) -> impl Iterator<Item = &Arc<BrokerRegistration>> {
        self.brokers.values()
    }

    /// Registered brokers that are not fenced, by id.
    pub fn alive_brokers(&self) -> impl Iterator<Item = &Arc<BrokerRegistration>> {
        self.brokers.values().filter(|b| !b.fenced)
    }

    /// The endpoint of an unfenced broker under a listener.
    pub fn alive_broker_endpoint(&self, id: i32, listener: &str) -> Option<&Endpoint> {
        self.brokers.get(&id).filter(|b| !b.fenced)?.listeners.get(listener)
    }

    /// A registered controller.
    pub fn controller(&self, id: i32) -> Option<&Arc<ControllerRegistration>> {
        self.controllers.get(&id)
    }

    /// All registered controllers, by id.
    pub fn controllers(&self) -> impl Iterator<Item = &Arc<ControllerRegistration>> {
        self.controllers.values()
    }

    // ---- configurations ----

    /// Configurations that were set on a resource; `None` when there are none.
    pub fn configs(&self, resource: &ConfigResource) -> Option<&Configs> {
        self.configs.get(resource)
    }

    /// One value of a resource.
    pub fn config(&self, resource: &ConfigResource, key: &str) -> Option<&str> {
        self.configs.get(resource)?.get(key).map(String::as_str)
    }

    /// What was set on a topic.
    pub fn topic_configs(&self, topic: &str) -> Option<&Configs> {
        self.configs.get(&ConfigResource::topic(topic))
    }

    /// What was set for all brokers.
    pub fn cluster_configs(&self) -> Option<&Configs> {
        self.configs.get(&ConfigResource::cluster())
    }

    /// What was set on one broker.
    pub fn broker_configs(&self, id: i32) -> Option<&Configs> {
        self.configs.get(&ConfigResource::broker(id))
    }

    /// Every resource that has configurations.
    pub fn config_resources(&self) -> impl Iterator<Item = (&ConfigResource, &Configs)> {
        self.configs.iter()
    }

    // ---- features and the rest ----

    /// The finalized `metadata.version`; `None` before the bootstrap records.
    pub fn metadata_version(&self) -> Option<MetadataVersion> {
        self.metadata_version
    }

    /// Finalized level of a feature; 0 when it has none. `kraft.version` is not kept here.
    pub fn feature_level(&self, name: &str) -> i16 {
        if name == METADATA_VERSION {
            return self.metadata_version.map_or(0, |v| v.0);
        }
        self.features.get(name).copied().unwrap_or(0)
    }

    /// Finalized features with their levels, by name, `metadata.version` among them.
    pub fn finalized_features(&self) -> impl Iterator<Item = (&str, i16)> {
        let mut all: Vec<(&str, i16)> = self.features.iter().map(|(k, v)| (k.as_str(), *v)).collect();
        if let Some(version) = self.metadata_version {
            all.push((METADATA_VERSION, version.0));
            all.sort_unstable();
        }
        all.into_iter()
    }

    /// Whether eligible leader replicas are kept (KIP-966).
    pub fn is_elr_enabled(&self) -> bool {
        self.feature_level(ELIGIBLE_LEADER_REPLICAS_VERSION) >= 1
    }

    /// The first producer id that has not been handed out.
    pub fn next_producer_id(&self) -> i64 {
        self.next_producer_id.unwrap_or(0)
    }

    /// Quotas of one entity.
    pub fn client_quotas(&self) -> impl Iterator<Item = (&QuotaEntity, &OrdMap<String, f64>)> {
        self.client_quotas.iter()
    }

    /// Access control entries by id.
    pub fn acls(&self) -> impl Iterator<Item = &Arc<AccessControlEntryRecord>> {
        self.acls.values()
    }

    /// SCRAM credential of a user for a mechanism (1 SHA-256, 2 SHA-512).
    pub fn scram_credential(&self, mechanism: i8, user: &str) -> Option<&Arc<UserScramCredentialRecord>> {
        self.scram.get(&(mechanism, user.to_owned()))
    }

    /// A delegation token.
    pub fn delegation_token(&self, id: &str) -> Option<&Arc<DelegationTokenRecord>> {
        self.delegation_tokens.get(id)
    }
}

/// `Topic.hasCollisionChars`.
pub(crate) fn has_collision_chars(name: &str) -> bool {
    name.contains(['.', '_'])
}

/// `Topic.unifyCollisionChars`.
pub(crate) fn unify_collision_chars(name: &str) -> String {
    name.replace('.', "_")
}
