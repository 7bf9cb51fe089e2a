//! All replicas of this node (`ReplicaManager`, `LogManager`).
//!
//! Owner: the node. Roles and existence change on the metadata publisher's thread only; look-ups come from everywhere.
//!
//! Invariants
//! - A replica is in the map once its log is open and before it is told its role, so a client that learnt of a leader
//!   from published metadata finds it.
//! - A log that cannot be opened, and one that failed later, is absent from the map and remembered: the partition answers
//!   KAFKA_STORAGE_ERROR, the rest of the node serves. Its directory is not marked as closed cleanly, its checkpoints are
//!   kept, and a log that was open is not opened again by this process.

use super::changes::ChangeWaiter;
use super::directories::{Directories, Outcome};
use super::effects::EffectRunner;
use super::log_config;
use super::replica::Replica;
use ottla_base::clock::Clock;
use ottla_base::config::dynamic::{self, DynamicConfigs};
use ottla_base::config::topic::TopicOverrides;
use ottla_base::config::{BrokerConfig, TopicDefaults, TopicSettings};
use ottla_base::ids::Uuid;
use ottla_base::rng::Rng;
use ottla_base::storage::Storage;
use ottla_core::errors::KafkaError;
use ottla_core::log::{Damage, Log, LogConfig, LogError, OpenParams, ReadError, StorageError, TailCache};
use ottla_core::log_dirs::LogDirScan;
use ottla_core::log_dirs::checkpoints::{self, CleanShutdown, Offsets};
use ottla_core::log_dirs::names::{DirKind, log_dir_name, suffixed_dir_name};
use ottla_core::metadata::changes::{LocalPartition, LocalReplicaChanges};
use ottla_core::metadata::image::{Configs, MetadataImage};
use ottla_core::partition::{Leadership, Partition};
use parking_lot::{Mutex, RwLock};
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::path::Path;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use tokio::sync::Notify;

#[cfg(test)]
mod tests;

/// Logs that are closed at once.
const CLOSERS: usize = 16;

/// A partition by its topic's id.
pub type Key = (Uuid, i32);

/// A log directory in service, as it was found at start.
#[derive(Clone, Debug)]
pub struct LogDir {
    /// `directory.id`.
    pub id: Uuid,
    /// What lay in it.
    pub scan: LogDirScan,
}

impl LogDir {
    fn path(&self) -> &std::path::Path {
        &self.scan.path
    }

    /// It was closed cleanly, so its logs need no recovery.
    fn is_clean(&self) -> bool {
        self.scan.clean_shutdown != CleanShutdown::No
    }
}

/// What is known of a log that is not open: what its directory's checkpoints say, zero where they say nothing.
#[derive(Clone, Copy, Debug, Default)]
struct Known {
    directory: usize,
    recovery_point: i64,
    log_start_offset: i64,
    high_watermark: i64,
    /// It was closed cleanly, so it needs no recovery.
    clean: bool,
}

/// A replica that belongs here and is not served.
#[derive(Debug)]
struct Failed {
    topic: Arc<str>,
    /// What is known of its log: kept in the checkpoints, and for the next attempt to open it.
    known: Known,
    /// It was open when it failed: what its files hold can be told by a new process only.
    was_open: bool,
}

/// See the module.
#[derive(Debug)]
pub struct ReplicaManager {
    node_id: i32,
    storage: Arc<dyn Storage>,
    clock: Arc<dyn Clock>,
    directories: Directories,
    config: BrokerConfig,
    /// Replicas whose directory the controller does not know yet: where each is.
    assignments: Mutex<BTreeMap<Key, Uuid>>,
    assigned: Notify,
    /// Of topics without overrides; follows the cluster's dynamic configuration.
    defaults: RwLock<TopicDefaults>,
    cache: Arc<TailCache>,
    effects: Arc<EffectRunner>,
    rng: Mutex<Rng>,
    /// Logs found at start, until metadata claims them.
    found: Mutex<BTreeMap<(String, i32), Known>>,
    replicas: RwLock<HashMap<Key, Arc<Replica>>>,
    failed: RwLock<HashMap<Key, Failed>>,
    checkpointed: Mutex<Checkpointed>,
}

/// What was last written, so that an idle node writes nothing.
/// Locked before replicas are looked at: one that is deleted meanwhile must not be written back.
#[derive(Debug, Default)]
struct Checkpointed {
    high_watermarks: Vec<Offsets>,
    recovery_points: Vec<Offsets>,
    log_starts: Vec<Offsets>,
}

/// What a manager is made of.
#[derive(Debug)]
pub struct Parts {
    /// This node.
    pub node_id: i32,
    /// The disks.
    pub storage: Arc<dyn Storage>,
    /// Time.
    pub clock: Arc<dyn Clock>,
    /// Log directories in service.
    pub dirs: Vec<LogDir>,
    /// The directory of the metadata log: the node cannot do without it.
    pub metadata_dir: PathBuf,
    /// The node's configuration.
    pub config: BrokerConfig,
    /// Bytes that the tails of all logs may keep in memory.
    pub tail_cache_bytes: usize,
    /// Syncs and removals.
    pub effects: Arc<EffectRunner>,
    /// For ids and jitter.
    pub rng: Rng,
}

impl ReplicaManager {
    /// Takes note of what the directories hold. Opens nothing yet: metadata says what belongs here.
    pub fn new(parts: Parts) -> Arc<ReplicaManager> {
        let mut found = BTreeMap::new();
        for (directory, dir) in parts.dirs.iter().enumerate() {
            forget_others(&*parts.storage, dir);
            for log in &dir.scan.logs {
                match log.name.kind {
                    DirKind::Live => {
                        let known = Known {
                            directory,
                            recovery_point: log.recovery_point,
                            log_start_offset: log.log_start_offset,
                            high_watermark: log.high_watermark.unwrap_or(0),
                            clean: dir.is_clean(),
                        };
                        found.insert((log.name.topic.clone(), log.name.partition), known);
                    }
                    DirKind::Delete => parts.effects.remove_dir_later(log.path.clone(), 0),
                    // A move that was under way is not resumed, and strays are left alone.
                    DirKind::Future | DirKind::Stray => {}
                }
            }
        }
        // Nothing has been written by this process, so everything is written once.
        let none = || vec![Offsets::new(); parts.dirs.len()];
        let checkpointed = Checkpointed { high_watermarks: none(), recovery_points: none(), log_starts: none() };
        let manager = Arc::new(ReplicaManager {
            node_id: parts.node_id,
            storage: parts.storage,
            clock: parts.clock,
            directories: Directories::new(parts.dirs, parts.metadata_dir),
            assignments: Mutex::default(),
            assigned: Notify::new(),
            defaults: RwLock::new(parts.config.topic_defaults.clone()),
            config: parts.config,
            cache: Arc::new(TailCache::new(parts.tail_cache_bytes)),
            effects: Arc::clone(&parts.effects),
            rng: Mutex::new(parts.rng),
            found: Mutex::new(found),
            replicas: RwLock::default(),
            failed: RwLock::default(),
            checkpointed: Mutex::new(checkpointed),
        });
        parts.effects.bind(&manager);
        manager
    }

    /// A local replica.
    pub fn get(&self, topic_id: Uuid, index: i32) -> Option<Arc<Replica>> {
        self.replicas.read().get(&(topic_id, index)).cloned()
    }

    /// Why a replica that metadata places here is not served.
    pub fn why_absent(&self, topic_id: Uuid, index: i32) -> KafkaError {
        if self.failed.read().contains_key(&(topic_id, index)) {
            KafkaError::KafkaStorageError
        } else {
            KafkaError::NotLeaderOrFollower
        }
    }

    /// All local replicas.
    pub fn all(&self) -> Vec<Arc<Replica>> {
        self.replicas.read().values().cloned().collect()
    }

    /// Does what changed metadata asks of this node.
    pub fn apply(&self, local: &LocalReplicaChanges, image: &MetadataImage) {
        for (topic_id, topic, index) in &local.deletes {
            self.delete(*topic_id, topic, *index);
        }
        for change in &local.leaders {
            let Some(replica) = self.ensure(change, image) else { continue };
            let leadership = Leadership {
                epoch: change.partition.leader_epoch,
                isr: change.partition.isr.clone(),
                replicas: change.partition.replicas.clone(),
            };
            if let Err(error) = replica.lead(&leadership) {
                self.fail(&replica, &error);
                if let Some(error) = error.storage() {
                    self.directory_failed(self.directories.index_of(replica.directory), error);
                }
            }
        }
        for change in &local.followers {
            if let Some(replica) = self.ensure(change, image) {
                replica.follow(change.partition.leader, change.partition.leader_epoch);
            }
        }
    }

    /// Takes over changed configurations of topics.
    pub fn reconfigure<'a>(&self, topics: impl IntoIterator<Item = &'a str>, image: &MetadataImage) {
        let names: BTreeSet<&str> = topics.into_iter().collect();
        for name in names {
            let Some(topic) = image.topic(name) else { continue };
            let settings = self.settings(name, image);
            for index in topic.partitions.keys() {
                if let Some(replica) = self.get(topic.id, *index) {
                    replica.configure(settings.clone());
                }
            }
        }
    }

    /// Takes over the cluster's and this broker's dynamic configuration.
    pub fn refresh_defaults(&self, image: &MetadataImage) {
        let map = |configs: Option<&Configs>| -> BTreeMap<String, String> {
            configs.into_iter().flatten().map(|(k, v)| (k.clone(), v.clone())).collect()
        };
        let broker = map(image.broker_configs(self.node_id));
        let cluster = map(image.cluster_configs());
        let effective = dynamic::effective(&self.config, DynamicConfigs { broker: &broker, cluster: &cluster });
        *self.defaults.write() = effective.topic_defaults;
    }

    /// What is in force for a topic. An override that does not parse (it was written by something else) is ignored
    /// with a warning rather than taking the topic out of service.
    pub fn settings(&self, topic: &str, image: &MetadataImage) -> TopicSettings {
        let overrides: TopicOverrides =
            image.topic_configs(topic).into_iter().flatten().map(|(k, v)| (k.clone(), v.clone())).collect();
        match TopicSettings::resolve(&overrides, &self.defaults.read()) {
            Ok(settings) => settings,
            Err(error) => {
                tracing::warn!(topic, %error, "the topic's configuration is not valid; the broker's defaults are used");
                self.config.topic_settings.clone()
            }
        }
    }

    /// Takes a replica out of service, for the life of this process: its disk cannot be trusted.
    pub fn fail(&self, replica: &Replica, error: &dyn std::fmt::Display) {
        tracing::error!(topic = %replica.topic, partition = replica.index, %error, "the replica goes offline");
        replica.fail();
        let directory = self.directories.index_of(replica.directory);
        let known = replica.with_partition(|partition, _| Known {
            directory,
            recovery_point: partition.log().recovery_point(),
            log_start_offset: partition.log().log_start_offset(),
            high_watermark: partition.log().high_watermark(),
            clean: false,
        });
        let key = (replica.topic_id, replica.index);
        let mut replicas = self.replicas.write();
        // It may have been deleted meanwhile.
        if replicas.remove(&key).is_some() {
            let failed = Failed { topic: Arc::clone(&replica.topic), known, was_open: true };
            self.failed.write().insert(key, failed);
        }
    }

    /// A disk said no to the log of `replica`. Whoever reports goes on; what follows happens elsewhere.
    pub fn report(self: &Arc<Self>, replica: &Arc<Replica>, error: &StorageError) {
        let directory = self.directories.index_of(replica.directory);
        match self.directories.report(directory, error) {
            Outcome::AsBefore => {}
            Outcome::ReplicaFailed => {
                let (replica, text) = (Arc::clone(replica), error.to_string());
                self.effects.later(move |manager| manager.fail(&replica, &text));
            }
            Outcome::WentOffline => self.effects.later(move |manager| manager.stop_serving(directory)),
        }
    }

    /// As [`ReplicaManager::report`], of a read at `offset`. It may have come too late for files that are gone for good
    /// reasons, so it counts only if it tells of the disk itself, or if a fresh look finds wrong bytes again: those are not
    /// served, and the replica leaves service.
    pub fn report_read(self: &Arc<Self>, replica: &Arc<Replica>, offset: i64, error: &ReadError) {
        match error {
            ReadError::OutOfRange { .. } => {}
            ReadError::Storage(error) if error.damage() == Damage::Directory => self.report(replica, error),
            ReadError::Storage(_) => {}
            ReadError::Corrupt { .. } => {
                let replica = Arc::clone(replica);
                self.effects.later(move |manager| {
                    let log = &replica.view().log;
                    if let Err(error @ ReadError::Corrupt { .. }) = log.read(offset, 1, log.log_end_offset, true) {
                        manager.fail(&replica, &error);
                    }
                });
            }
        }
    }

    /// A disk said no to a file that belongs to no log in particular, or to a log that is not open.
    fn directory_failed(&self, directory: usize, error: &StorageError) {
        if self.directories.report(directory, error) == Outcome::WentOffline {
            self.effects.later(move |manager| manager.stop_serving(directory));
        }
    }

    fn stop_serving(&self, directory: usize) {
        for replica in self.all() {
            if self.directories.index_of(replica.directory) == directory {
                self.fail(&replica, &"its log directory has failed");
            }
        }
    }

    /// The log directories.
    pub fn directories(&self) -> &Directories {
        &self.directories
    }

    /// Where the log of a replica is.
    pub fn path_of(&self, replica: &Replica) -> PathBuf {
        self.directories
            .path(self.directories.index_of(replica.directory))
            .join(log_dir_name(&replica.topic, replica.index))
    }

    /// Looks whether full directories have room again; true when logs that could not be opened should be tried again.
    pub fn probe_directories(&self) -> bool {
        let room = self.directories.probe(&*self.storage);
        if room {
            // What could not be written is tried again.
            self.effects.changes.mark();
        }
        room && !self.failed.read().is_empty()
    }

    /// Replicas that `image` places here and whose logs were never opened.
    pub fn unopened(&self, image: &MetadataImage) -> LocalReplicaChanges {
        let mut local = LocalReplicaChanges::default();
        for ((topic_id, index), failed) in self.failed.read().iter().filter(|(_, failed)| !failed.was_open) {
            let Some(partition) = image.topic_by_id(*topic_id).and_then(|t| t.partition(*index)) else { continue };
            let partition = Arc::clone(partition);
            let leads = partition.leader == self.node_id;
            let entry =
                LocalPartition { topic: Arc::clone(&failed.topic), topic_id: *topic_id, index: *index, partition };
            if leads { local.leaders.push(entry) } else { local.followers.push(entry) }
        }
        local
    }

    /// What the controller is to be told of where replicas are (KIP-858): waits until there is something.
    pub async fn take_assignments(&self) -> BTreeMap<Key, Uuid> {
        loop {
            let assigned = self.assigned.notified();
            let taken = std::mem::take(&mut *self.assignments.lock());
            if !taken.is_empty() {
                return taken;
            }
            assigned.await;
        }
    }

    /// Gives back what could not be told.
    pub fn return_assignments(&self, untold: BTreeMap<Key, Uuid>) {
        let mut assignments = self.assignments.lock();
        for (key, directory) in untold {
            assignments.entry(key).or_insert(directory);
        }
    }

    /// Notes that the controller is to be told where a replica is, if it believes otherwise.
    fn assign(&self, change: &LocalPartition, directory: Uuid) {
        let position = change.partition.replicas.iter().position(|id| *id == self.node_id);
        if position.and_then(|i| change.partition.directories.get(i)) != Some(&directory) {
            self.assignments.lock().insert((change.topic_id, change.index), directory);
            self.assigned.notify_one();
        }
    }

    /// What is known of the log of a partition that is about to be opened. `None` when it must not be.
    fn known(&self, change: &LocalPartition) -> Option<Known> {
        if let Some(failed) = self.failed.read().get(&(change.topic_id, change.index)) {
            return (!failed.was_open).then_some(failed.known);
        }
        let found = self.found.lock().remove(&(change.topic.to_string(), change.index));
        Some(found.unwrap_or_else(|| Known { directory: self.emptiest_dir(), ..Known::default() }))
    }

    fn open(&self, change: &LocalPartition, known: &Known, config: LogConfig) -> Result<Log, LogError> {
        let params = OpenParams {
            clean_shutdown: known.clean,
            recovery_point: known.recovery_point,
            log_start_offset: known.log_start_offset,
            topic_id: Some(change.topic_id),
            producer_id_expiration_ms: self.config.logs.producer_id_expiration_ms,
            cache: Arc::clone(&self.cache),
            rng: self.rng.lock().fork(),
        };
        let dir = self.directories.path(known.directory).join(log_dir_name(&change.topic, change.index));
        Log::open(Arc::clone(&self.storage), &dir, config, params, self.clock.now())
    }

    /// The replica of a partition, its log opened or made. `None`, with the reason kept, when the disk refuses.
    fn ensure(&self, change: &LocalPartition, image: &MetadataImage) -> Option<Arc<Replica>> {
        let key = (change.topic_id, change.index);
        if let Some(replica) = self.get(key.0, key.1) {
            return Some(replica);
        }
        let mut known = self.known(change)?;
        if self.directories.is_offline(known.directory) {
            known.clean = false;
            let failed = Failed { topic: Arc::clone(&change.topic), known, was_open: false };
            self.failed.write().insert(key, failed);
            return None;
        }
        let settings = self.settings(&change.topic, image);
        let mut opened = self.open(change, &known, log_config(&settings));
        if matches!(opened, Err(LogError::InconsistentTopicId { .. })) {
            // A topic of this name was deleted and made anew, and the process ended before the directory was renamed.
            self.set_aside(&change.topic, change.index, known.directory);
            known = Known { directory: known.directory, ..Known::default() };
            opened = self.open(change, &known, log_config(&settings));
        }
        let mut log = match opened {
            Ok(log) => log,
            Err(error) => {
                tracing::error!(topic = %change.topic, partition = change.index, %error, "the log cannot be opened");
                known.clean = false;
                let failed = Failed { topic: Arc::clone(&change.topic), known, was_open: false };
                self.failed.write().insert(key, failed);
                if let Some(error) = error.storage() {
                    self.directory_failed(known.directory, error);
                }
                return None;
            }
        };
        log.set_high_watermark(known.high_watermark);
        let min_isr = usize::try_from(settings.min_insync_replicas).unwrap_or(1);
        let partition = Partition::new(change.topic_id, self.node_id, log, min_isr);
        let replica = Arc::new(Replica::new(
            Arc::clone(&change.topic),
            change.index,
            self.directories.all()[known.directory].id,
            partition,
            settings,
            self.directories.full_flag(known.directory),
            Arc::clone(&self.clock),
            Arc::clone(&self.effects),
        ));
        self.failed.write().remove(&key);
        self.replicas.write().insert(key, Arc::clone(&replica));
        self.assign(change, replica.directory);
        Some(replica)
    }

    /// The directory with the fewest replicas, as `LogManager.nextLogDirs`.
    fn emptiest_dir(&self) -> usize {
        let mut counts = vec![0usize; self.directories.all().len()];
        for replica in self.replicas.read().values() {
            counts[self.directories.index_of(replica.directory)] += 1;
        }
        self.directories.choose(&counts)
    }

    fn delete(&self, topic_id: Uuid, topic: &str, index: i32) {
        let (replica, failed) = {
            let mut replicas = self.replicas.write();
            let key = (topic_id, index);
            (replicas.remove(&key), self.failed.write().remove(&key))
        };
        let directory = match (&replica, &failed) {
            (Some(replica), _) => Some(self.directories.index_of(replica.directory)),
            (None, failed) => failed.as_ref().map(|failed| failed.known.directory),
        };
        let name = suffixed_dir_name(topic, index, DirKind::Delete, &mut self.rng.lock());
        let renamed = match (replica, failed) {
            (Some(replica), _) => replica.retire(|partition, _| {
                let delay_ms = partition.log().config().file_delete_delay_ms;
                let renamed = partition.log_mut().rename_dir(&name);
                renamed.map(|()| (partition.log().dir(), delay_ms)).map_err(|e| e.to_string())
            }),
            (None, Some(failed)) => {
                let dir = self.directories.path(failed.known.directory);
                let delay_ms = u64::try_from(self.config.topic_settings.file_delete_delay_ms).unwrap_or(0);
                let renamed = self.storage.rename(&dir.join(log_dir_name(topic, index)), &dir.join(&name));
                renamed.map(|()| (dir.join(&name), delay_ms)).map_err(|e| e.to_string())
            }
            (None, None) => return,
        };
        if let Some(directory) = directory {
            self.forget_in_checkpoints(topic, index, directory);
        }
        match renamed {
            Ok((path, delay_ms)) => self.effects.remove_dir_later(path, delay_ms),
            Err(error) => {
                tracing::error!(topic, partition = index, %error, "the log of a deleted topic cannot be renamed")
            }
        }
    }

    /// Logs that no topic claims any longer become `-stray` and are left alone (`LogManager`; KAFKA-16234). Called once,
    /// when the first image has been applied.
    pub fn set_strays_aside(&self) {
        for ((topic, partition), known) in std::mem::take(&mut *self.found.lock()) {
            self.set_aside(&topic, partition, known.directory);
        }
    }

    fn set_aside(&self, topic: &str, partition: i32, directory: usize) {
        let dir = self.directories.path(directory);
        let name = log_dir_name(topic, partition);
        let stray = suffixed_dir_name(topic, partition, DirKind::Stray, &mut self.rng.lock());
        tracing::warn!(
            "Found a stray replica {name}, which is not in the metadata of the cluster; it is renamed to {stray}"
        );
        if let Err(error) = self.storage.rename(&dir.join(&name), &dir.join(&stray)) {
            tracing::error!(%error, "a stray replica cannot be renamed");
        }
        self.forget_in_checkpoints(topic, partition, directory);
    }

    /// Takes a partition out of a directory's checkpoints, before another of its name can be made there: a new log would
    /// be taken to start, and to be flushed, where the old one was.
    fn forget_in_checkpoints(&self, topic: &str, index: i32, directory: usize) {
        let key = (topic.to_owned(), index);
        let mut last = self.checkpointed.lock();
        let Checkpointed { high_watermarks, recovery_points, log_starts } = &mut *last;
        for (name, last) in [
            (checkpoints::REPLICATION_OFFSET, high_watermarks),
            (checkpoints::RECOVERY_POINT, recovery_points),
            (checkpoints::LOG_START_OFFSET, log_starts),
        ] {
            last[directory].remove(&key);
            retain_in_checkpoint(&*self.storage, self.directories.path(directory), name, |known| *known != key);
        }
    }

    /// Deletes what retention no longer keeps, on every replica.
    pub fn enforce_retention(self: &Arc<Self>) {
        for replica in self.all() {
            let deleted = replica.with_partition(|partition, now| partition.log_mut().delete_old_segments(now));
            if let Err(error) = deleted {
                tracing::error!(topic = %replica.topic, partition = replica.index, %error, "retention failed");
                if let Some(error) = error.storage() {
                    self.report(&replica, error);
                }
            }
        }
    }

    /// Forgets idempotent producers that have been silent for `producer.id.expiration.ms`.
    pub fn remove_expired_producers(&self) {
        for replica in self.all() {
            replica.with_partition(|partition, now| partition.log_mut().remove_expired_producers(now));
        }
    }

    /// For work that has something to do only after something was written.
    pub fn changes(&self) -> ChangeWaiter {
        self.effects.changes.subscribe()
    }

    /// Returns when `flush.ms` of some log is over.
    pub async fn flush_is_due(&self) {
        self.effects.flush_deadline.passed(|| self.clock.now().mono_ms).await;
    }

    /// Asks for the syncs that `flush.ms` wants.
    pub fn flush_due(&self) {
        for replica in self.all() {
            if replica.settings().flush_ms != i64::MAX {
                replica.with_partition(|partition, now| partition.log_mut().maybe_flush(now));
            }
        }
    }

    /// Writes `replication-offset-checkpoint` where it changed.
    pub fn checkpoint_high_watermarks(&self) {
        let mut last = self.checkpointed.lock();
        let now = self.collect(|replica| replica.view().log.high_watermark);
        self.write_changed(checkpoints::REPLICATION_OFFSET, now, &mut last.high_watermarks);
    }

    /// Writes `recovery-point-offset-checkpoint` where it changed. The starts come first: a recovery point that the
    /// deletion of records has raised says something of the medium only together with the start.
    pub fn checkpoint_recovery_points(&self) {
        self.checkpoint_log_starts();
        let mut last = self.checkpointed.lock();
        let now = self.collect(|replica| replica.with_partition(|p, _| p.log().recovery_point()));
        self.write_changed(checkpoints::RECOVERY_POINT, now, &mut last.recovery_points);
    }

    /// Writes `log-start-offset-checkpoint` where it changed.
    pub fn checkpoint_log_starts(&self) {
        let mut last = self.checkpointed.lock();
        let now = self.collect(|replica| replica.view().log.log_start_offset);
        self.write_changed(checkpoints::LOG_START_OFFSET, now, &mut last.log_starts);
    }

    fn collect(&self, value: impl Fn(&Replica) -> i64) -> Vec<Offsets> {
        let mut out = vec![Offsets::new(); self.directories.all().len()];
        for replica in self.all() {
            let directory = self.directories.index_of(replica.directory);
            out[directory].insert((replica.topic.to_string(), replica.index), value(&replica));
        }
        out
    }

    fn write_changed(&self, name: &str, mut now: Vec<Offsets>, last: &mut [Offsets]) {
        for ((_, index), failed) in self.failed.read().iter() {
            // What is known of it must not be forgotten because it is not served now.
            let value = match name {
                checkpoints::RECOVERY_POINT => failed.known.recovery_point,
                checkpoints::LOG_START_OFFSET => failed.known.log_start_offset,
                _ => failed.known.high_watermark,
            };
            now[failed.known.directory].insert((failed.topic.to_string(), *index), value);
        }
        for (directory, (new, old)) in now.iter().zip(last.iter_mut()).enumerate() {
            if new == old || self.directories.is_offline(directory) {
                continue;
            }
            let dir = self.directories.path(directory);
            match checkpoints::write(&*self.storage, dir, name, new) {
                Ok(()) => old.clone_from(new),
                Err(error) => {
                    tracing::warn!(%error, "{name} cannot be written");
                    self.directory_failed(directory, &StorageError::new(dir.join(name), error));
                }
            }
        }
    }

    /// Stops cleanly: everything on the medium, checkpoints and the marker of a clean stop written. Logs are closed side by
    /// side, because each waits for the disk and the disk serves several waits at once.
    pub fn shut_down(&self, broker_epoch: i64) {
        let replicas = self.all();
        let directories = 0..self.directories.all().len();
        let clean: Vec<AtomicBool> = directories.map(|i| AtomicBool::new(!self.directories.is_offline(i))).collect();
        for failed in self.failed.read().values() {
            // It still needs its recovery.
            clean[failed.known.directory].store(false, Ordering::Relaxed);
        }
        let clean_of = &clean;
        std::thread::scope(|scope| {
            for share in replicas.chunks(replicas.len().div_ceil(CLOSERS).max(1)) {
                scope.spawn(move || {
                    for replica in share {
                        // Nothing may be appended to a log that was closed.
                        if let Err(error) = replica.retire(|partition, now| partition.log_mut().close_clean(now)) {
                            tracing::error!(topic = %replica.topic, partition = replica.index, %error, "the log cannot be closed cleanly");
                            clean_of[self.directories.index_of(replica.directory)].store(false, Ordering::Relaxed);
                        }
                    }
                });
            }
        });
        self.checkpoint_recovery_points();
        self.checkpoint_high_watermarks();
        for (dir, clean) in self.directories.all().iter().zip(clean) {
            if clean.load(Ordering::Relaxed)
                && let Err(error) = checkpoints::write_clean_shutdown(&*self.storage, dir.path(), broker_epoch)
            {
                tracing::error!(%error, "the marker of a clean stop cannot be written");
            }
        }
    }
}

/// Takes partitions out of a directory's checkpoints that have no log there: the process ended when it had deleted them.
fn forget_others(storage: &dyn Storage, dir: &LogDir) {
    let live: BTreeSet<(&str, i32)> = dir
        .scan
        .logs
        .iter()
        .filter(|log| log.name.kind == DirKind::Live)
        .map(|log| (log.name.topic.as_str(), log.name.partition))
        .collect();
    for name in [checkpoints::REPLICATION_OFFSET, checkpoints::RECOVERY_POINT, checkpoints::LOG_START_OFFSET] {
        retain_in_checkpoint(storage, dir.path(), name, |(topic, partition)| live.contains(&(topic, *partition)));
    }
}

fn retain_in_checkpoint(storage: &dyn Storage, dir: &Path, name: &str, keep: impl Fn(&(String, i32)) -> bool) {
    // One that cannot be read says nothing, to whoever opens logs too.
    let mut offsets = checkpoints::read(storage, dir, name).unwrap_or_default();
    let known = offsets.len();
    offsets.retain(|partition, _| keep(partition));
    if offsets.len() < known
        && let Err(error) = checkpoints::write(storage, dir, name, &offsets)
    {
        tracing::error!(%error, "{name} cannot be written");
    }
}
