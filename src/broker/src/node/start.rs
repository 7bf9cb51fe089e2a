//! Starting and stopping a node.
//!
//! Order at start: configuration → log directories (lock, identity, scan) → listeners bound (their ports are advertised)
//! → markers of a clean stop removed → metadata quorum → registration → first image applied (logs opened) → unfenced,
//! elections applied (logs led, coordinators loaded) → connections accepted → signals handled → the lines that
//! harnesses wait for, the ready file.
//!
//! Order at stop: ready file removed → the controller takes this broker's leaderships → connections ended, coordinators
//! unloaded, runtimes stopped → metadata log closed, publisher ended → logs closed, checkpoints and markers written.

use super::Node;
use super::config::NodeConfig;
use super::housekeeping;
use crate::controlling::producer_ids::ProducerIds;
use crate::controlling::publisher::Publisher;
use crate::controlling::thread::{ControllerThread, QuorumStart};
use crate::controlling::{ControllerHandle, MetadataCache};
use crate::coordination::GroupCoordinators;
use crate::replica::ReplicaManager;
use crate::replica::effects::EffectRunner;
use crate::replica::manager::{LogDir, Parts};
use crate::server::budget::Budget;
use crate::server::listener::{self, ConnectionCounts, SocketOptions};
use ottla_base::clock::{Clock, SystemClock};
use ottla_base::config::{BrokerConfig, Endpoint, Settings, Sources};
use ottla_base::ids::{random_uuid, uuid_to_text};
use ottla_base::rng::Rng;
use ottla_base::storage::lock::DirLock;
use ottla_base::storage::{DiskStorage, Storage, SyncMode};
use ottla_core::controller::requests::{BrokerHeartbeat, RegisterBroker, RegisterController, Request, Response};
use ottla_core::coordinator::group::GroupConfig;
use ottla_core::fetch_session::FetchSessions;
use ottla_core::log_dirs::checkpoints::{self, CleanShutdown};
use ottla_core::log_dirs::{MetaPropertiesEnsemble, scan_log_dir};
use ottla_core::metadata::features::{FEATURES, KRAFT_VERSION, KRAFT_VERSION_RANGE};
use ottla_core::metadata::registration::{Endpoint as MetadataEndpoint, VersionRange};
use ottla_record::compression::{Compression, CompressionType};
use parking_lot::Mutex;
use std::collections::HashMap;
use std::net::{IpAddr, SocketAddr, TcpListener, ToSocketAddrs};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::mpsc;
use std::time::Duration;
use tokio::runtime::{Builder, Runtime};
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::sync::watch;
use tracing::{error, info, warn};

/// Bytes that the newest batches of all logs may keep in memory for readers at the tail.
const TAIL_CACHE_BYTES: usize = 16 << 20;
/// Partitions that all fetch sessions remember together, and what one takes, roughly: sessions may have as many bytes again as
/// the node's budget.
const FETCH_SESSION_PARTITIONS_MAX: usize = 1 << 20;
const FETCH_SESSION_PARTITION_BYTES: usize = 256;
/// How long a stop waits for the controller before it stops anyway.
const FENCE_TIMEOUT_MS: i32 = 1_000;

/// What the command line says.
#[derive(Debug, Default)]
pub struct Options {
    /// The properties file.
    pub properties: Option<PathBuf>,
    /// `key=value` texts.
    pub overrides: Vec<String>,
    /// The environment.
    pub environment: Vec<(String, String)>,
    /// Port of the first client listener.
    pub port: Option<u16>,
    /// Written once the node serves.
    pub ready_file: Option<PathBuf>,
    /// Keep data for the life of the process only.
    pub ephemeral: bool,
}

/// Why a node did not start: one sentence.
#[derive(Debug, thiserror::Error)]
#[error("{message}")]
pub struct StartError {
    /// The sentence.
    pub message: String,
}

fn failed(error: impl std::fmt::Display) -> StartError {
    StartError { message: error.to_string() }
}

/// A node that serves. Dropping it without [`RunningNode::stop`] is like a crash.
#[derive(Debug)]
pub struct RunningNode {
    node: Arc<Node>,
    /// Where clients connect first.
    bootstrap: String,
    /// Bound addresses by listener.
    addresses: Vec<(String, SocketAddr)>,
    data: Option<Runtime>,
    control: Option<Runtime>,
    stop: watch::Sender<bool>,
    controller: ControllerThread,
    publisher: Option<std::thread::JoinHandle<()>>,
    ready_file: Option<PathBuf>,
    ephemeral: Option<PathBuf>,
    // Held until the last file is closed.
    _locks: Vec<DirLock>,
}

/// Runs a node until SIGTERM or SIGINT.
pub fn run_until_signal(options: Options) -> Result<(), StartError> {
    let storage = disk(&options);
    let running = boot(options, storage)?;
    let waited = match &running.control {
        Some(control) => {
            // Before anybody is told that the node serves: who stops it then expects a clean stop.
            let signals = {
                let _runtime = control.enter();
                Signals::new()
            };
            running.announce().and_then(|()| control.block_on(running.wait(signals.map_err(failed)?)))
        }
        None => Ok(()),
    };
    let stopped = running.stop();
    waited?;
    stopped
}

struct Signals {
    terminate: Signal,
    interrupt: Signal,
}

impl Signals {
    fn new() -> std::io::Result<Signals> {
        Ok(Signals { terminate: signal(SignalKind::terminate())?, interrupt: signal(SignalKind::interrupt())? })
    }

    async fn wait(mut self) -> std::io::Result<()> {
        let name = tokio::select! {
            _ = self.terminate.recv() => "SIGTERM",
            _ = self.interrupt.recv() => "SIGINT",
        };
        info!(target: "org.apache.kafka.common.utils.LoggingSignalHandler", "Terminating process due to signal {name}");
        Ok(())
    }
}

/// Starts a node; returns when it serves.
pub fn start(options: Options) -> Result<RunningNode, StartError> {
    let storage = disk(&options);
    start_on(options, storage)
}

/// As [`start`], on a file system that is handed in: for tests of disks that fail. Locks of directories are the machine's.
pub fn start_on(options: Options, storage: Arc<dyn Storage>) -> Result<RunningNode, StartError> {
    let running = boot(options, storage)?;
    match running.announce() {
        Ok(()) => Ok(running),
        Err(error) => running.stop().and(Err(error)),
    }
}

fn disk(options: &Options) -> Arc<dyn Storage> {
    Arc::new(DiskStorage::new(if options.ephemeral { SyncMode::Ephemeral } else { SyncMode::Durable }))
}

/// As [`start_on`], and tells nobody yet.
fn boot(options: Options, storage: Arc<dyn Storage>) -> Result<RunningNode, StartError> {
    if let Some(path) = &options.ready_file {
        // Of a process that was killed: it would say that this one serves already.
        match std::fs::remove_file(path) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
                return Err(failed(format!("the ready file {} cannot be removed: {error}", path.display())));
            }
            _ => {}
        }
    }
    let mut rng = Rng::from_entropy();
    let ephemeral_dir =
        options.ephemeral.then(|| std::env::temp_dir().join(format!("ottla-{}", uuid_to_text(random_uuid(&mut rng)))));
    let config = load_config(&options, ephemeral_dir.as_deref())?;
    let result = start_with(options, config, ephemeral_dir.clone(), storage, rng);
    if let (Err(_), Some(dir)) = (&result, &ephemeral_dir) {
        // Nothing of a node that did not start is of use.
        let _ = std::fs::remove_dir_all(dir);
    }
    result
}

fn load_config(options: &Options, ephemeral_dir: Option<&Path>) -> Result<NodeConfig, StartError> {
    let content = match &options.properties {
        Some(path) => Some(std::fs::read(path).map_err(|e| failed(format!("{} cannot be read: {e}", path.display())))?),
        None => None,
    };
    let mut overrides = options.overrides.clone();
    if let Some(dir) = ephemeral_dir {
        overrides.push(format!("log.dirs={}", dir.display()));
        overrides.push(format!("metadata.log.dir={}", dir.display()));
    }
    let default_log_dir = std::env::temp_dir().join("ottla-logs");
    let settings = Settings::load(Sources {
        file: options.properties.clone().zip(content.as_deref()),
        environment: options.environment.clone(),
        overrides,
        port: options.port,
        default_log_dir: default_log_dir.display().to_string(),
    })
    .map_err(failed)?;
    let broker = BrokerConfig::new(settings).map_err(failed)?;
    broker.check_supported().map_err(failed)?;
    for warning in broker.warnings() {
        warn!(target: "kafka.server.KafkaConfig", "{warning}");
    }
    if !broker.roles.broker || !broker.roles.controller {
        return Err(failed(
            "process.roles must be broker,controller: a node whose controllers are elsewhere, and one without a broker, are not supported yet",
        ));
    }
    if broker.quorum.voters.iter().any(|v| v.node_id != broker.node_id) {
        return Err(failed(format!(
            "controller.quorum.voters names voters besides node {}: a quorum of several is not supported yet",
            broker.node_id
        )));
    }
    Ok(NodeConfig::new(broker))
}

/// The soft limit of open files is raised to the hard one: every partition has several.
fn raise_open_files_limit() {
    use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
    let limit = getrlimit(Resource::Nofile);
    if limit.current != limit.maximum
        && let Err(error) = setrlimit(Resource::Nofile, Rlimit { current: limit.maximum, maximum: limit.maximum })
    {
        warn!(%error, "the limit of open files cannot be raised");
    }
}

fn start_with(
    options: Options,
    config: NodeConfig,
    ephemeral: Option<PathBuf>,
    storage: Arc<dyn Storage>,
    mut rng: Rng,
) -> Result<RunningNode, StartError> {
    raise_open_files_limit();
    let id = config.node_id;
    info!(target: "kafka.server.KafkaRaftServer", "[KafkaRaftServer nodeId={id}] starting");
    let clock: Arc<dyn Clock> = Arc::new(SystemClock::new());
    let data = Builder::new_multi_thread().thread_name("data").enable_all().build().map_err(failed)?;
    let control =
        Builder::new_multi_thread().worker_threads(1).thread_name("control").enable_all().build().map_err(failed)?;

    let dirs = Directories::open(&config, &storage, &*clock, &mut rng)?;
    let bound = bind_listeners(&config)?;
    for dir in &dirs.dirs {
        // Not before everything that may refuse the start: what was closed cleanly then still is.
        checkpoints::remove_clean_shutdown(&*storage, &dir.scan.path).map_err(failed)?;
    }
    let port_of = |listener: &str| bound.iter().find(|b| b.endpoint.listener == listener).map(Bound::port);
    let advertised = advertise(config.advertised_with_ports(port_of));
    let controller_endpoints: Vec<(String, MetadataEndpoint)> = advertise(
        config
            .controller_listeners()
            .map(|e| Endpoint { port: port_of(&e.listener).unwrap_or(e.port), ..e.clone() })
            .collect(),
    );

    let metadata = MetadataCache::new();
    let effects = EffectRunner::new(Arc::clone(&storage), Arc::clone(&clock), data.handle().clone());
    let replicas = ReplicaManager::new(Parts {
        node_id: id,
        storage: Arc::clone(&storage),
        clock: Arc::clone(&clock),
        dirs: dirs.dirs.clone(),
        metadata_dir: dirs.metadata_dir.clone(),
        config: config.broker.clone(),
        tail_cache_bytes: TAIL_CACHE_BYTES,
        effects: Arc::clone(&effects),
        rng: rng.fork(),
    });
    let groups = GroupCoordinators::new(
        Arc::clone(&clock),
        Arc::clone(&metadata),
        group_config(&config),
        Compression::of(
            CompressionType::from_id(u8::try_from(config.groups.offsets_topic_compression_id).unwrap_or(0))
                .unwrap_or_default(),
        ),
        u64::try_from(config.groups.offsets_commit_timeout_ms).unwrap_or(0),
        u32::try_from(config.groups.offsets_load_buffer_bytes).unwrap_or(u32::MAX),
        rng.fork(),
    );
    let max_of_ip = limits_of_addresses(&config)?;
    let (notices, incoming) = mpsc::channel();
    let publisher = Publisher {
        node_id: id,
        metadata: Arc::clone(&metadata),
        replicas: Arc::clone(&replicas),
        groups: Arc::clone(&groups),
        started: false,
    };
    let publisher =
        std::thread::Builder::new().name("metadata".into()).spawn(move || publisher.run(&incoming)).map_err(failed)?;
    let incarnation_id = random_uuid(&mut rng);
    let mut controller = ControllerThread::start(QuorumStart {
        config: &config,
        storage: Arc::clone(&storage),
        clock: Arc::clone(&clock),
        cluster_id: dirs.cluster_id.clone(),
        metadata_dir: dirs.metadata_dir.clone(),
        directory_id: dirs.metadata_directory_id,
        endpoints: controller_endpoints.iter().map(|(name, e)| (name.clone(), e.host.clone(), e.port)).collect(),
        images: notices.clone(),
        rng: rng.fork(),
    })
    .map_err(failed)?;
    let handle = ControllerHandle::new(controller.channel(), Arc::clone(&metadata));
    let node = Arc::new(Node {
        id,
        cluster_id: dirs.cluster_id.clone(),
        clock: Arc::clone(&clock),
        budget: Budget::new(usize::try_from(config.sockets.memory_budget_bytes).unwrap_or(usize::MAX)),
        connections: ConnectionCounts::new(config.max_connections, config.max_connections_per_ip, max_of_ip),
        metadata,
        replicas,
        controller: handle,
        groups,
        producer_ids: ProducerIds::new(id),
        fetch_sessions: Mutex::new(FetchSessions::new(
            usize::try_from(config.fetch.session_slots).unwrap_or(0),
            FETCH_SESSION_PARTITIONS_MAX.min(
                usize::try_from(config.sockets.memory_budget_bytes).unwrap_or(usize::MAX)
                    / FETCH_SESSION_PARTITION_BYTES,
            ),
        )),
        rng: Mutex::new(rng.fork()),
        creating: tokio::sync::Mutex::new(()),
        config,
    });
    let registration = Registration {
        incarnation_id,
        advertised,
        controller_endpoints,
        log_dirs: dirs.dirs.iter().map(|d| d.id).collect(),
        previous_epoch: dirs.previous_broker_epoch,
    };
    let registered = control.block_on(register(&node, &registration));
    if let Err(error) = registered {
        controller.stop();
        return Err(error);
    }

    let (stop, stopped) = watch::channel(false);
    let mut addresses = Vec::new();
    for bound in bound {
        let name: Arc<str> = Arc::from(bound.endpoint.listener.as_str());
        let is_controller = node.config.is_controller_listener(&name);
        for socket in bound.sockets {
            addresses.push((name.to_string(), socket.local_addr().map_err(failed)?));
            control.spawn(listener::accept_loop(
                socket,
                Arc::clone(&name),
                is_controller,
                Arc::clone(&node),
                data.handle().clone(),
                stopped.clone(),
            ));
        }
    }
    control.spawn(housekeeping::run(Arc::clone(&node)));
    control.spawn(housekeeping::probes(Arc::clone(&node), notices));
    control.spawn(housekeeping::assignments(Arc::clone(&node)));
    control.spawn(heartbeats(Arc::clone(&node)));
    data.spawn(Arc::clone(&effects).run_removals());
    data.spawn(Arc::clone(&node.groups).run_timers());
    let bootstrap = registration.advertised.first().map(|(_, e)| format!("{}:{}", e.host, e.port)).unwrap_or_default();
    Ok(RunningNode {
        node,
        bootstrap,
        addresses,
        data: Some(data),
        control: Some(control),
        stop,
        controller,
        publisher: Some(publisher),
        ready_file: options.ready_file,
        ephemeral,
        _locks: dirs.locks,
    })
}

/// The log directories of a node, locked and identified.
struct Directories {
    cluster_id: String,
    dirs: Vec<LogDir>,
    metadata_dir: PathBuf,
    metadata_directory_id: ottla_base::ids::Uuid,
    /// From the marker of the last clean stop; −1 after an unclean one.
    previous_broker_epoch: i64,
    locks: Vec<DirLock>,
}

impl Directories {
    /// Locks every directory, formats them if all are new, checks whose they are, and looks at what they hold.
    fn open(
        config: &NodeConfig,
        storage: &Arc<dyn Storage>,
        clock: &dyn Clock,
        rng: &mut Rng,
    ) -> Result<Directories, StartError> {
        let paths: Vec<PathBuf> = config.log_dirs.iter().map(PathBuf::from).collect();
        let metadata_dir = PathBuf::from(&config.metadata_log_dir);
        ottla_core::log_dirs::meta_properties::check_duplicates(&paths).map_err(failed)?;
        let mut locks = Vec::new();
        for path in paths.iter().chain((!paths.contains(&metadata_dir)).then_some(&metadata_dir)) {
            storage
                .create_dir_all(path)
                .map_err(|e| failed(format!("log directory {} cannot be made: {e}", path.display())))?;
            locks.push(DirLock::acquire(path).map_err(failed)?);
        }
        let mut ensemble = MetaPropertiesEnsemble::load(&**storage, &paths, &metadata_dir);
        if ensemble.is_empty() {
            let cluster_id = uuid_to_text(random_uuid(rng));
            info!(target: "kafka.server.KafkaRaftServer", "Formatting {} with cluster id {cluster_id}", config.log_dirs.join(", "));
            ensemble =
                ControllerThread::format(config, &**storage, &metadata_dir, &cluster_id, ensemble, clock.now(), rng)
                    .map_err(failed)?;
        }
        ensemble.initialize(&**storage, config.node_id, rng).map_err(failed)?;
        let cluster_id =
            ensemble.cluster_id().map(str::to_owned).ok_or_else(|| failed("no log directory has a cluster id"))?;
        let mut dirs = Vec::new();
        let mut previous_broker_epoch = None;
        for path in &paths {
            let id = ensemble
                .directory_id(path)
                .ok_or_else(|| failed(format!("log directory {} has no id", path.display())))?;
            let scan = scan_log_dir(&**storage, path).map_err(failed)?;
            let epoch = match scan.clean_shutdown {
                CleanShutdown::Yes { broker_epoch } => broker_epoch.unwrap_or(-1),
                CleanShutdown::No => -1,
            };
            // Only if every directory was closed by the same life was the broker stopped cleanly.
            previous_broker_epoch = match previous_broker_epoch {
                None => Some(epoch),
                Some(other) if other == epoch => Some(epoch),
                Some(_) => Some(-1),
            };
            dirs.push(LogDir { id, scan });
        }
        let scans: Vec<_> = dirs.iter().map(|d| d.scan.clone()).collect();
        ottla_core::log_dirs::scan::check_duplicate_logs(&scans).map_err(failed)?;
        let metadata_directory_id =
            ensemble.directory_id(&metadata_dir).ok_or_else(|| failed("the metadata log directory has no id"))?;
        Ok(Directories {
            cluster_id,
            dirs,
            metadata_dir,
            metadata_directory_id,
            previous_broker_epoch: previous_broker_epoch.unwrap_or(-1),
            locks,
        })
    }
}

/// A listener with its sockets.
struct Bound {
    endpoint: Endpoint,
    sockets: Vec<TcpListener>,
}

impl Bound {
    fn port(&self) -> u16 {
        self.sockets.first().and_then(|s| s.local_addr().ok()).map_or(self.endpoint.port, |a| a.port())
    }
}

/// Binds every listener. A host name is bound at each of its addresses (`localhost`: 127.0.0.1 and ::1), all on one port.
fn bind_listeners(config: &NodeConfig) -> Result<Vec<Bound>, StartError> {
    let mut bound = Vec::new();
    let options =
        SocketOptions { backlog: config.sockets.listen_backlog, receive_buffer_bytes: config.receive_buffer_bytes };
    for endpoint in &config.listeners {
        let sockets = bind_endpoint(endpoint, options).map_err(|e| {
            failed(format!(
                "Socket server failed to bind to {}:{}: {e}.",
                endpoint.host.as_deref().unwrap_or("0.0.0.0"),
                endpoint.port
            ))
        })?;
        let one = Bound { endpoint: endpoint.clone(), sockets };
        info!(target: "kafka.network.DataPlaneAcceptor", "Awaiting socket connections on {}:{}.", endpoint.host.as_deref().unwrap_or("0.0.0.0"), one.port());
        bound.push(one);
    }
    Ok(bound)
}

fn bind_endpoint(endpoint: &Endpoint, options: SocketOptions) -> std::io::Result<Vec<TcpListener>> {
    let Some(host) = &endpoint.host else {
        // Every interface: a dual-stack socket where there is IPv6, else IPv4.
        let wildcard =
            |ip: &str| ip.parse().map(|ip| SocketAddr::new(ip, endpoint.port)).map_err(std::io::Error::other);
        let socket = listener::bind(wildcard("::")?, options)
            .or_else(|e| if is_unavailable(&e) { listener::bind(wildcard("0.0.0.0")?, options) } else { Err(e) })?;
        return Ok(vec![socket]);
    };
    let mut addresses: Vec<SocketAddr> = (host.as_str(), endpoint.port).to_socket_addrs()?.collect();
    if host == "localhost" {
        // The resolver may know only one of them.
        addresses.extend([
            SocketAddr::from(([127, 0, 0, 1], endpoint.port)),
            SocketAddr::from(([0, 0, 0, 0, 0, 0, 0, 1], endpoint.port)),
        ]);
    }
    addresses.sort_by_key(|a| (a.is_ipv6(), *a));
    addresses.dedup();
    let mut sockets: Vec<TcpListener> = Vec::new();
    for mut address in addresses {
        if let Some(first) = sockets.first() {
            address.set_port(first.local_addr()?.port());
        }
        match listener::bind(address, options) {
            Ok(socket) => sockets.push(socket),
            Err(error) if is_unavailable(&error) && !sockets.is_empty() => {}
            Err(error) => return Err(error),
        }
    }
    if sockets.is_empty() { Err(std::io::ErrorKind::AddrNotAvailable.into()) } else { Ok(sockets) }
}

/// `max.connections.per.ip.overrides`, its host names resolved as Kafka does: once, at the start.
fn limits_of_addresses(config: &NodeConfig) -> Result<HashMap<IpAddr, usize>, StartError> {
    let mut limits = HashMap::new();
    for (host, limit) in &config.sockets.connections_per_ip_overrides {
        let resolved = (host.as_str(), 0).to_socket_addrs().ok().and_then(|mut found| found.next());
        let address =
            resolved.ok_or_else(|| failed(format!("max.connections.per.ip.overrides: {host} is not known")))?;
        limits.insert(address.ip().to_canonical(), usize::try_from(*limit).unwrap_or(0));
    }
    Ok(limits)
}

/// The machine has no such address or no such family.
fn is_unavailable(error: &std::io::Error) -> bool {
    error.kind() == std::io::ErrorKind::AddrNotAvailable
        || error.raw_os_error() == Some(rustix::io::Errno::AFNOSUPPORT.raw_os_error())
}

/// What is registered: without a host, this machine's own name.
fn advertise(endpoints: Vec<Endpoint>) -> Vec<(String, MetadataEndpoint)> {
    endpoints
        .into_iter()
        .map(|endpoint| {
            let host = endpoint.host.filter(|h| !h.is_empty()).unwrap_or_else(own_name);
            (
                endpoint.listener,
                MetadataEndpoint { host, port: endpoint.port, security_protocol: endpoint.protocol as i16 },
            )
        })
        .collect()
}

fn own_name() -> String {
    let name = rustix::system::uname().nodename().to_string_lossy().into_owned();
    if name.is_empty() { "localhost".to_owned() } else { name }
}

fn group_config(config: &NodeConfig) -> GroupConfig {
    let groups = &config.groups;
    let unsigned = |n: i64| u64::try_from(n).unwrap_or(0);
    GroupConfig {
        min_session_timeout_ms: groups.session_timeout_ms_min,
        max_session_timeout_ms: groups.session_timeout_ms_max,
        max_size: usize::try_from(groups.size_max).unwrap_or(0),
        initial_rebalance_delay_ms: unsigned(groups.initial_rebalance_delay_ms.into()),
        offset_metadata_max_bytes: usize::try_from(groups.offset_metadata_bytes_max).unwrap_or(0),
        offsets_retention_ms: groups.offsets_retention_ms,
        offsets_retention_check_interval_ms: unsigned(groups.offsets_retention_check_interval_ms),
        ..GroupConfig::default()
    }
}

/// What this broker says of itself.
struct Registration {
    incarnation_id: ottla_base::ids::Uuid,
    advertised: Vec<(String, MetadataEndpoint)>,
    controller_endpoints: Vec<(String, MetadataEndpoint)>,
    log_dirs: Vec<ottla_base::ids::Uuid>,
    previous_epoch: i64,
}

fn features() -> Vec<(String, VersionRange)> {
    let ranges = FEATURES.iter().map(|f| (f.name, f.min, f.max));
    ranges
        .chain([(KRAFT_VERSION, KRAFT_VERSION_RANGE.0, KRAFT_VERSION_RANGE.1)])
        .map(|(name, min, max)| (name.to_owned(), VersionRange { min, max }))
        .collect()
}

/// Registers controller and broker, waits until this node has applied its own registration, and has it unfenced.
async fn register(node: &Arc<Node>, registration: &Registration) -> Result<(), StartError> {
    let id = node.id;
    let timeout_ms = node.config.controller.initial_registration_timeout_ms;
    let refused = |what: &str, error: &dyn std::fmt::Display| {
        failed(format!("{what} of node {id} was refused by the controller: {error}"))
    };
    let controller = RegisterController {
        controller_id: id,
        incarnation_id: registration.incarnation_id,
        listeners: registration.controller_endpoints.clone(),
        features: features(),
    };
    node.controller
        .request(Request::RegisterController(controller), timeout_ms)
        .await
        .map_err(|e| refused("the registration as controller", &e))?;
    let broker = RegisterBroker {
        broker_id: id,
        cluster_id: node.cluster_id.clone(),
        incarnation_id: registration.incarnation_id,
        listeners: registration.advertised.clone(),
        features: features(),
        rack: node.config.rack.clone(),
        log_dirs: registration.log_dirs.clone(),
        previous_broker_epoch: Some(registration.previous_epoch),
        same_process: true,
    };
    match node.controller.request_and_apply(Request::RegisterBroker(broker), timeout_ms).await {
        Ok(Response::BrokerRegistered { broker_epoch }) => node.controller.set_broker_epoch(broker_epoch),
        Ok(_) => return Err(failed("the controller answered a registration with something else")),
        Err(error) => return Err(refused("the registration as broker", &error)),
    }
    info!(target: "kafka.server.BrokerLifecycleManager", "[BrokerLifecycleManager id={id}] The broker has caught up. Transitioning from STARTING to RECOVERY.");
    for _ in 0..100 {
        match node.controller.request_and_apply(heartbeat(node, false), timeout_ms).await {
            Ok(Response::BrokerHeartbeat(reply)) if !reply.is_fenced => return Ok(()),
            Ok(_) => {}
            Err(error) => return Err(refused("the heartbeat", &error)),
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    Err(failed(format!("node {id} was not unfenced by the controller")))
}

fn heartbeat(node: &Node, want_shut_down: bool) -> Request {
    Request::BrokerHeartbeat(BrokerHeartbeat {
        broker_id: node.id,
        broker_epoch: node.controller.broker_epoch(),
        current_metadata_offset: node.metadata.applied(),
        want_fence: false,
        want_shut_down,
        offline_log_dirs: node.replicas.directories().offline_ids(),
        cordoned_log_dirs: Some(Vec::new()),
    })
}

/// Keeps the broker's session alive (`broker.heartbeat.interval.ms`).
async fn heartbeats(node: Arc<Node>) {
    let interval_ms = node.config.controller.broker_heartbeat_interval_ms;
    let interval = Duration::from_millis(u64::try_from(interval_ms).unwrap_or(2_000));
    let mut directories = node.replicas.directories().subscribe();
    loop {
        // A directory that failed is told at once.
        let _ = tokio::time::timeout(interval, directories.changed()).await;
        if let Err(error) = node.controller.request(heartbeat(&node, false), interval_ms).await {
            warn!(target: "kafka.server.BrokerLifecycleManager", "[BrokerLifecycleManager id={}] Unable to send a heartbeat: {error}", node.id);
        }
    }
}

/// Written under another name first, so that whoever waits for it reads all of it.
fn write_ready_file(path: &Path, bootstrap: &str) -> Result<(), StartError> {
    let mut temporary = path.as_os_str().to_owned();
    // The whole name: files of several nodes may differ in their extensions only.
    temporary.push(".tmp");
    let written = std::fs::write(&temporary, format!("{bootstrap}\n")).and_then(|()| std::fs::rename(&temporary, path));
    written.map_err(|e| failed(format!("the ready file {} cannot be written: {e}", path.display())))
}

impl RunningNode {
    /// What handlers share.
    pub fn node(&self) -> &Arc<Node> {
        &self.node
    }

    /// `host:port` of the first advertised listener.
    pub fn bootstrap(&self) -> &str {
        &self.bootstrap
    }

    /// A bound address of the first client listener.
    pub fn address(&self) -> Option<SocketAddr> {
        let client = |name: &str| !self.node.config.is_controller_listener(name);
        self.addresses.iter().find(|(name, _)| client(name)).map(|(_, address)| *address)
    }

    /// Tells that the node serves: the lines that harnesses wait for, and the ready file.
    /// Returns when the node is to stop: at a signal, or, with the reason, when it cannot go on.
    async fn wait(&self, signals: Signals) -> Result<(), StartError> {
        let directories = self.node.replicas.directories();
        let mut changes = directories.subscribe();
        let failure = async {
            loop {
                if let Some(reason) = directories.fatal() {
                    return reason;
                }
                // The sender lives as long as the node.
                let _ = changes.changed().await;
            }
        };
        tokio::select! {
            signalled = signals.wait() => signalled.map_err(failed),
            reason = failure => {
                error!(target: "kafka.log.LogManager", "{reason}");
                Err(failed(reason))
            }
        }
    }

    fn announce(&self) -> Result<(), StartError> {
        let id = self.node.id;
        info!(target: "kafka.server.BrokerLifecycleManager", "[BrokerLifecycleManager id={id}] The broker has been unfenced. Transitioning from RECOVERY to RUNNING.");
        info!(target: "org.apache.kafka.common.utils.AppInfoParser", "Kafka version: 4.3.1");
        info!(target: "org.apache.kafka.common.utils.AppInfoParser", "Kafka commitId: unknown");
        let start_ms = self.node.clock.now().wall_ms;
        info!(target: "org.apache.kafka.common.utils.AppInfoParser", "Kafka startTimeMs: {start_ms}");
        info!(target: "kafka.server.KafkaRaftServer", "[KafkaRaftServer nodeId={id}] Kafka Server started");
        match &self.ready_file {
            Some(path) => write_ready_file(path, &self.bootstrap),
            None => Ok(()),
        }
    }

    /// Bound addresses of a listener.
    pub fn addresses_of(&self, listener: &str) -> Vec<SocketAddr> {
        self.addresses.iter().filter(|(name, _)| name == listener).map(|(_, address)| *address).collect()
    }

    /// Stops cleanly.
    pub fn stop(mut self) -> Result<(), StartError> {
        let id = self.node.id;
        info!(target: "kafka.server.BrokerServer", "[BrokerServer id={id}] shutting down");
        if let Some(path) = &self.ready_file {
            // It says that the node serves.
            let _ = std::fs::remove_file(path);
        }
        let epoch = self.node.controller.broker_epoch();
        if let Some(control) = &self.control {
            info!(target: "kafka.server.BrokerLifecycleManager", "[BrokerLifecycleManager id={id}] Transitioning from RUNNING to PENDING_CONTROLLED_SHUTDOWN.");
            let leave = self.node.controller.request(heartbeat(&self.node, true), FENCE_TIMEOUT_MS);
            if let Err(error) = control.block_on(leave) {
                warn!(target: "kafka.server.BrokerLifecycleManager", "[BrokerLifecycleManager id={id}] Controlled shutdown failed: {error}");
            }
        }
        self.stop.send_replace(true);
        self.node.groups.unload_all();
        // Nothing appends after this: connections are gone with their runtime.
        for runtime in [self.control.take(), self.data.take()].into_iter().flatten() {
            runtime.shutdown_timeout(Duration::from_secs(5));
        }
        self.controller.stop();
        if let Some(publisher) = self.publisher.take() {
            let _ = publisher.join();
        }
        self.node.replicas.shut_down(epoch);
        if let Some(dir) = &self.ephemeral {
            let _ = std::fs::remove_dir_all(dir);
        }
        info!(target: "kafka.server.BrokerServer", "[BrokerServer id={id}] shut down completed");
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn options(dir: &Path, port: u16) -> Options {
        Options {
            overrides: vec![
                format!("log.dirs={}", dir.join("logs").display()),
                format!("listeners=PLAINTEXT://127.0.0.1:{port}"),
            ],
            ready_file: Some(dir.join("node.ready")),
            ..Options::default()
        }
    }

    #[test]
    fn the_ready_file_is_there_when_and_only_when_the_node_serves() {
        let dir = tempfile::tempdir().unwrap();
        let ready = dir.path().join("node.ready");
        let other = dir.path().join("node.tmp");
        std::fs::write(&other, "of another node").unwrap();
        std::fs::write(&ready, "of a process that was killed").unwrap();
        // A start that is refused: the port is taken.
        let taken = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = taken.local_addr().unwrap().port();
        assert!(start(options(dir.path(), port)).is_err());
        assert!(!ready.exists());
        let node = start(options(dir.path(), 0)).unwrap();
        assert_eq!(std::fs::read_to_string(&ready).unwrap(), format!("{}\n", node.bootstrap()));
        assert_eq!(std::fs::read_to_string(&other).unwrap(), "of another node");
        node.stop().unwrap();
        assert!(!ready.exists());
    }

    #[test]
    fn a_start_that_is_refused_leaves_a_clean_directory_clean() {
        let dir = tempfile::tempdir().unwrap();
        let marker = dir.path().join("logs").join(".kafka_cleanshutdown");
        start(options(dir.path(), 0)).unwrap().stop().unwrap();
        assert!(marker.exists());
        let taken = TcpListener::bind("127.0.0.1:0").unwrap();
        assert!(start(options(dir.path(), taken.local_addr().unwrap().port())).is_err());
        assert!(marker.exists());
        let node = start(options(dir.path(), 0)).unwrap();
        assert!(!marker.exists());
        node.stop().unwrap();
    }
}
