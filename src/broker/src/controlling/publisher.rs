//! Applies committed metadata to this node, then publishes it (`BrokerMetadataPublisher`).
//!
//! Owner: one thread. It may block: opening a log after a crash reads all that was not flushed.
//!
//! Order for one image: replicas are made, led, dropped; topics reconfigured; coordinators of internal topics loaded or
//! unloaded; then handlers see the image and whoever waits for its offset goes on.

use super::cache::MetadataCache;
use crate::coordination::GroupCoordinators;
use crate::replica::ReplicaManager;
use ottla_base::ids::CONSUMER_OFFSETS_TOPIC;
use ottla_core::coordinator::group::api::DeletedTopic;
use ottla_core::metadata::changes::Changes;
use ottla_core::metadata::image::{ConfigResource, MetadataImage};
use std::sync::Arc;
use std::sync::mpsc::Receiver;

/// Committed metadata with what it changed.
#[derive(Debug)]
pub struct Published {
    /// The image.
    pub image: Arc<MetadataImage>,
    /// Relative to the image before.
    pub changes: Changes,
    /// `kraft.version`.
    pub kraft_version: i16,
}

/// What is needed to act upon metadata.
#[derive(Debug)]
pub struct Publisher {
    /// This node.
    pub node_id: i32,
    /// Where handlers look.
    pub metadata: Arc<MetadataCache>,
    /// Local replicas.
    pub replicas: Arc<ReplicaManager>,
    /// Group coordinators.
    pub groups: Arc<GroupCoordinators>,
    /// Whether the first image has been applied.
    pub started: bool,
}

impl Publisher {
    /// Applies what comes until the controller is gone.
    pub fn run(mut self, incoming: &Receiver<Published>) {
        while let Ok(mut published) = incoming.recv() {
            // Several that wait are applied as one.
            while let Ok(later) = incoming.try_recv() {
                published.changes.merge(later.changes);
                published.image = later.image;
                published.kraft_version = later.kraft_version;
            }
            self.apply(&published);
        }
    }

    fn apply(&mut self, published: &Published) {
        let Published { image, changes, kraft_version } = published;
        let local = changes.local_changes(self.node_id, image);
        for (_, topic, index) in &local.deletes {
            if &**topic == CONSUMER_OFFSETS_TOPIC {
                self.groups.unload(*index);
            }
        }
        let broker_wide = changes.configs.iter().any(|r| r.resource_type == ConfigResource::BROKER);
        if broker_wide {
            self.replicas.refresh_defaults(image);
        }
        self.replicas.apply(&local, image);
        if broker_wide {
            self.replicas.reconfigure(image.topics().map(|t| &*t.name), image);
        } else {
            let topics = changes.configs.iter().filter(|r| r.resource_type == ConfigResource::TOPIC);
            self.replicas.reconfigure(topics.map(|r| r.name.as_str()), image);
        }
        for leader in local.leaders.iter().filter(|l| &*l.topic == CONSUMER_OFFSETS_TOPIC) {
            if let Some(replica) = self.replicas.get(leader.topic_id, leader.index) {
                self.groups.load(&replica);
            }
        }
        for follower in local.followers.iter().filter(|f| &*f.topic == CONSUMER_OFFSETS_TOPIC) {
            self.groups.unload(follower.index);
        }
        if !self.started {
            self.started = true;
            self.replicas.set_strays_aside();
        }
        self.metadata.publish(Arc::clone(image), *kraft_version);
        let deleted: Vec<DeletedTopic> = changes
            .topics_deleted
            .values()
            .map(|t| DeletedTopic { name: t.name.to_string(), topic_id: t.id })
            .collect();
        if !deleted.is_empty() {
            self.groups.topics_deleted(&deleted);
        }
    }
}
