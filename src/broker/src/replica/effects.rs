//! Carries out what logs want done away from the thread that appends: syncs now, removals later.
//!
//! Owner: the replica manager. Syncs run on the blocking pool, a few at a time; removals wait in a queue ordered by due
//! time that one task sleeps on.

use super::changes::{Changes, EarliestDeadline};
use super::manager::ReplicaManager;
use ottla_base::clock::Clock;
use ottla_base::ids::Uuid;
use ottla_base::storage::Storage;
use ottla_core::log::{FlushRequest, LogEffect, StorageError};
use parking_lot::Mutex;
use std::collections::hash_map::Entry;
use std::collections::{BTreeMap, HashMap};
use std::io;
use std::path::PathBuf;
use std::sync::{Arc, OnceLock, Weak};
use std::time::Duration;
use tokio::runtime::Handle;
use tokio::sync::{Notify, Semaphore};

/// Syncs that run at once.
const SYNCS_MAX: usize = 4;

/// See the module.
#[derive(Debug)]
pub struct EffectRunner {
    storage: Arc<dyn Storage>,
    clock: Arc<dyn Clock>,
    runtime: Handle,
    syncs: Arc<Semaphore>,
    manager: OnceLock<Weak<ReplicaManager>>,
    /// Logs that are being synced, each with what is to be synced next.
    flushes: Mutex<HashMap<(Uuid, i32), Option<FlushRequest>>>,
    removals: Mutex<Removals>,
    changed: Notify,
    /// Marked whenever a partition's view or recovery point changes.
    pub changes: Arc<Changes>,
    /// When `flush.ms` of some log is over.
    pub flush_deadline: EarliestDeadline,
}

#[derive(Debug, Default)]
struct Removals {
    next: u64,
    due: BTreeMap<(u64, u64), Removal>,
}

#[derive(Debug)]
enum Removal {
    Files(Vec<PathBuf>),
    Dir(PathBuf),
}

impl EffectRunner {
    /// Runs on `runtime`.
    pub fn new(storage: Arc<dyn Storage>, clock: Arc<dyn Clock>, runtime: Handle) -> Arc<EffectRunner> {
        Arc::new(EffectRunner {
            storage,
            clock,
            runtime,
            syncs: Arc::new(Semaphore::new(SYNCS_MAX)),
            manager: OnceLock::new(),
            flushes: Mutex::default(),
            removals: Mutex::default(),
            changed: Notify::new(),
            changes: Arc::new(Changes::new()),
            flush_deadline: EarliestDeadline::new(),
        })
    }

    /// Tells where the replicas are that want to hear of finished syncs.
    pub fn bind(&self, manager: &Arc<ReplicaManager>) {
        // Bound once, when the node is composed.
        let _ = self.manager.set(Arc::downgrade(manager));
    }

    /// Takes over one effect of the log of `key`.
    pub fn run(self: &Arc<Self>, key: (Uuid, i32), effect: LogEffect) {
        match effect {
            LogEffect::DeleteFiles { paths, due_mono_ms } => self.enqueue(due_mono_ms, Removal::Files(paths)),
            LogEffect::Flush(request) => {
                match self.flushes.lock().entry(key) {
                    // A later request covers what an earlier one does, and more.
                    Entry::Occupied(mut running) => {
                        running.insert(Some(request));
                        return;
                    }
                    Entry::Vacant(idle) => {
                        idle.insert(None);
                    }
                }
                self.runtime.spawn(Arc::clone(self).flush(key, request));
            }
        }
    }

    /// Syncs one log, and again as long as more was asked for meanwhile: what gathered during a sync is covered by one.
    async fn flush(self: Arc<Self>, key: (Uuid, i32), mut request: FlushRequest) {
        loop {
            let Ok(permit) = Arc::clone(&self.syncs).acquire_owned().await else { return };
            let flushed = tokio::task::spawn_blocking(move || {
                let result = request.run();
                drop(permit);
                (request, result)
            });
            let Ok((done, result)) = flushed.await else { return };
            let manager = self.manager.get().and_then(Weak::upgrade);
            let replica = manager.as_ref().and_then(|m| m.get(key.0, key.1));
            if let (Some(manager), Some(replica)) = (manager, replica) {
                match result {
                    Ok(()) => replica.on_flushed(done.token()),
                    // Never retried on the same file: the kernel may have dropped what it could not write. That holds for
                    // a lack of room, too, which is told here when space is allocated late.
                    Err(source) => {
                        self.flushes.lock().remove(&key);
                        let path = manager.path_of(&replica);
                        let error = StorageError::Io { path, source };
                        manager.fail(&replica, &error);
                        return manager.report(&replica, &error);
                    }
                }
            }
            let mut flushes = self.flushes.lock();
            match flushes.get_mut(&key).and_then(Option::take) {
                Some(next) => request = next,
                None => {
                    flushes.remove(&key);
                    return;
                }
            }
        }
    }

    /// A disk said no to the log of `key`. Called by the partition's owner, so what follows happens elsewhere.
    pub fn report(&self, key: (Uuid, i32), error: &StorageError) {
        let manager = self.manager.get().and_then(Weak::upgrade);
        if let Some(manager) = manager
            && let Some(replica) = manager.get(key.0, key.1)
        {
            manager.report(&replica, error);
        }
    }

    /// The log of `key` takes nothing any more. Called by the partition's owner, so what follows happens elsewhere.
    pub fn log_went_offline(&self, key: (Uuid, i32)) {
        self.later(move |manager| {
            if let Some(replica) = manager.get(key.0, key.1) {
                manager.fail(&replica, &"its log is offline after an error");
            }
        });
    }

    /// Runs `f` where it may block.
    pub fn later(&self, f: impl FnOnce(&Arc<ReplicaManager>) + Send + 'static) {
        let manager = self.manager.get().cloned();
        self.runtime.spawn_blocking(move || {
            if let Some(manager) = manager.as_ref().and_then(Weak::upgrade) {
                f(&manager);
            }
        });
    }

    /// Removes a partition's directory once its time has come.
    pub fn remove_dir_later(&self, path: PathBuf, delay_ms: u64) {
        self.enqueue(self.clock.now().mono_ms.saturating_add(delay_ms), Removal::Dir(path));
    }

    fn enqueue(&self, due_mono_ms: u64, removal: Removal) {
        let mut removals = self.removals.lock();
        removals.next += 1;
        let id = removals.next;
        removals.due.insert((due_mono_ms, id), removal);
        drop(removals);
        self.changed.notify_one();
    }

    /// Sleeps until the next removal is due and carries it out. Ends never; dropped with its runtime.
    pub async fn run_removals(self: Arc<Self>) {
        loop {
            let changed = self.changed.notified();
            let now = self.clock.now().mono_ms;
            let first_due = self.removals.lock().due.keys().next().map(|(due, _)| *due);
            match first_due {
                Some(due) if due <= now => {
                    let removal = self.removals.lock().due.pop_first().map(|(_, removal)| removal);
                    let storage = Arc::clone(&self.storage);
                    if let Some(removal) = removal
                        && let Err(error) = tokio::task::spawn_blocking(move || remove(&*storage, &removal)).await
                    {
                        tracing::warn!(%error, "a removal did not finish");
                    }
                }
                Some(due) => {
                    tokio::select! {
                        () = changed => {}
                        () = tokio::time::sleep(Duration::from_millis(due - now)) => {}
                    }
                }
                None => changed.await,
            }
        }
    }
}

fn remove(storage: &dyn Storage, removal: &Removal) {
    let report = |path: &PathBuf, result: io::Result<()>| match result {
        Ok(()) => {}
        Err(error) if error.kind() == io::ErrorKind::NotFound => {}
        Err(error) => tracing::warn!(path = %path.display(), %error, "cannot be removed"),
    };
    match removal {
        Removal::Files(paths) => {
            for path in paths {
                report(path, storage.remove_file(path));
            }
        }
        Removal::Dir(path) => report(path, storage.remove_dir_all(path)),
    }
}
