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
use ottla_core::metadata::changes::{Changes, LocalReplicaChanges};
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

/// What the publisher is told.
#[derive(Debug)]
pub enum Notice {
    /// Metadata was committed.
    Committed(Published),
    /// Logs that could not be opened for lack of room may be tried again.
    RoomAgain,
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
    pub fn run(mut self, incoming: &Receiver<Notice>) {
        while let Ok(first) = incoming.recv() {
            let mut committed: Option<Published> = None;
            let mut room_again = false;
            // Several that wait are applied as one.
            for notice in std::iter::once(first).chain(incoming.try_iter()) {
                match (notice, &mut committed) {
                    (Notice::RoomAgain, _) => room_again = true,
                    (Notice::Committed(later), Some(published)) => {
                        published.changes.merge(later.changes);
                        published.image = later.image;
                        published.kraft_version = later.kraft_version;
                    }
                    (Notice::Committed(published), None) => committed = Some(published),
                }
            }
            if room_again {
                let image = self.metadata.image_full();
                let unopened = self.replicas.unopened(&image);
                self.apply_local(&unopened, &image);
            }
            if let Some(published) = committed {
                self.apply(&published);
            }
        }
    }

    /// Opens logs, changes roles, loads and unloads coordinators.
    fn apply_local(&self, local: &LocalReplicaChanges, image: &MetadataImage) {
        self.replicas.apply(local, image);
        for leader in local.leaders.iter().filter(|l| &*l.topic == CONSUMER_OFFSETS_TOPIC) {
            if let Some(replica) = self.replicas.get(leader.topic_id, leader.index) {
                self.groups.load(&replica);
            }
        }
        for follower in local.followers.iter().filter(|f| &*f.topic == CONSUMER_OFFSETS_TOPIC) {
            self.groups.unload(follower.index);
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
        if broker_wide {
            self.replicas.reconfigure(image.topics().map(|t| &*t.name), image);
        } else {
            let topics = changes.configs.iter().filter(|r| r.resource_type == ConfigResource::TOPIC);
            self.replicas.reconfigure(topics.map(|r| r.name.as_str()), image);
        }
        self.apply_local(&local, image);
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
