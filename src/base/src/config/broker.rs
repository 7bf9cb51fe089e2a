//! A node's configuration, typed: what [`Settings`] say, parsed, checked as `KafkaConfig` checks it, with Kafka's texts.
//!
//! Pure and immutable after the start; what changes while the node runs (dynamic configuration, port 0) is resolved by its
//! users from the values here.
//!
//! Two values differ from Kafka when nobody sets them (docs/configuration.md): the timing of elections
//! ([`QuorumConfig`]'s `None`s) and the budget of bytes ([`SocketConfig::memory_budget_bytes`]).

use super::def::{ConfigDef, Scope};
use super::layers::{Origin, Settings};
use super::listeners::{Endpoint, Ports, ProtocolMap, SecurityProtocol, java_list, parse_csv_map, parse_listeners};
use super::topic::{TopicDefaults, TopicSettings};
use super::value::{ConfigError, Voter, parse_bootstrap_servers, parse_voters, split_list};
use super::values::Values;
use super::{effect::Effect, validate};
use std::collections::BTreeMap;

/// Bytes of requests and responses that a node holds at once unless `queued.max.request.bytes` says otherwise.
pub const DEFAULT_MEMORY_BUDGET_BYTES: u64 = 256 * 1024 * 1024;

/// A node's configuration.
#[derive(Clone, Debug)]
pub struct BrokerConfig {
    pub node_id: i32,
    pub roles: Roles,
    /// `broker.rack`.
    pub rack: Option<String>,
    /// All bound listeners, the controller's included, in the order of the file.
    pub listeners: Vec<Endpoint>,
    /// What clients are told; never a controller listener.
    pub advertised_listeners: Vec<Endpoint>,
    /// What controllers tell each other, in the order of `controller.listener.names`.
    pub advertised_controller_listeners: Vec<Endpoint>,
    pub protocol_map: ProtocolMap,
    pub controller_listener_names: Vec<String>,
    pub inter_broker_listener: String,
    pub inter_broker_protocol: SecurityProtocol,
    pub quorum: QuorumConfig,
    /// At least one.
    pub log_dirs: Vec<String>,
    /// The directory of `__cluster_metadata-0`.
    pub metadata_log_dir: String,
    pub sockets: SocketConfig,
    pub topics: TopicCreation,
    /// What topics without overrides get, before dynamic broker configuration.
    pub topic_defaults: TopicDefaults,
    /// [`BrokerConfig::topic_defaults`], resolved.
    pub topic_settings: TopicSettings,
    pub groups: GroupCoordinatorConfig,
    pub fetch: FetchConfig,
    pub logs: LogManagerConfig,
    pub controller: ControllerConfig,
    /// Every key's parsed value, for the ones that have no field.
    pub values: Values,
    /// What was set, and where.
    pub settings: Settings,
}

/// `process.roles`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Roles {
    pub broker: bool,
    pub controller: bool,
}

/// `controller.quorum.*`. A timing is `None` unless it was set: then the node's own, faster one holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct QuorumConfig {
    /// Static voters; empty with a dynamic quorum.
    pub voters: Vec<Voter>,
    pub bootstrap_servers: Vec<(String, u16)>,
    pub election_timeout_ms: Option<i32>,
    pub fetch_timeout_ms: Option<i32>,
    pub election_backoff_ms_max: Option<i32>,
    pub request_timeout_ms: i32,
    pub auto_join: bool,
    pub fetch_bytes_max: i32,
    pub fetch_snapshot_bytes_max: i32,
}

/// Connections and their memory.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SocketConfig {
    /// Largest frame that is read.
    pub request_bytes_max: i32,
    /// −1: the system's default.
    pub send_buffer_bytes: i32,
    /// −1: the system's default.
    pub receive_buffer_bytes: i32,
    pub listen_backlog: i32,
    /// Negative: never.
    pub connections_idle_ms_max: i64,
    pub connections_max: i32,
    pub connections_per_ip_max: i32,
    /// Host or address to its own limit.
    pub connections_per_ip_overrides: Vec<(String, i32)>,
    /// Bytes in flight on this node. Never less than one request of the largest size.
    pub memory_budget_bytes: u64,
}

/// What new topics get.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TopicCreation {
    pub num_partitions: i32,
    pub default_replication_factor: i32,
    pub auto_create: bool,
    pub delete_enable: bool,
}

/// `group.*` and `offsets.*` of classic groups.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GroupCoordinatorConfig {
    pub session_timeout_ms_min: i32,
    pub session_timeout_ms_max: i32,
    pub initial_rebalance_delay_ms: i32,
    pub size_max: i32,
    pub offset_metadata_bytes_max: i32,
    pub offsets_commit_timeout_ms: i32,
    /// Bytes that are read at once while a coordinator loads.
    pub offsets_load_buffer_bytes: i32,
    pub offsets_retention_ms: i64,
    pub offsets_retention_check_interval_ms: i64,
    pub offsets_topic_num_partitions: i32,
    pub offsets_topic_replication_factor: i16,
    pub offsets_topic_segment_bytes: i32,
    /// `CompressionType.id`.
    pub offsets_topic_compression_id: i32,
}

/// Limits of reading.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FetchConfig {
    pub bytes_max: i32,
    pub session_slots: i32,
    /// Partitions in one DescribeTopicPartitions response.
    pub request_partitions_max: i32,
}

/// Background work on logs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LogManagerConfig {
    pub retention_check_interval_ms: i64,
    /// `i64::MAX`: never.
    pub flush_scheduler_interval_ms: i64,
    pub recovery_point_checkpoint_interval_ms: i64,
    pub start_offset_checkpoint_interval_ms: i64,
    pub high_watermark_checkpoint_interval_ms: i64,
    pub initial_task_delay_ms: i64,
    pub producer_id_expiration_ms: i64,
    pub producer_id_expiration_check_interval_ms: i64,
}

/// The controller and its conversation with brokers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ControllerConfig {
    pub broker_heartbeat_interval_ms: i32,
    pub broker_session_timeout_ms: i32,
    pub initial_registration_timeout_ms: i32,
    pub snapshot_record_bytes_max: i64,
    pub snapshot_interval_ms_max: i64,
    pub metadata_segment_bytes: i32,
    pub metadata_segment_ms: i64,
    pub metadata_retention_bytes: i64,
    pub metadata_retention_ms: i64,
}

impl BrokerConfig {
    /// Parses and checks everything. The error is one sentence: key, value, what is allowed, where it was set.
    pub fn new(mut settings: Settings) -> Result<BrokerConfig, ConfigError> {
        populate_synonyms(&mut settings);
        // The sample has no controller listener: Kafka has no such mode, so its table requires one.
        let optional: &[&str] = if settings.has_file { &[] } else { &["controller.listener.names"] };
        let values = Values::parse_with(
            Scope::Broker,
            |name| settings.get(name).map(|setting| setting.value.as_str()),
            optional,
            |def, error| explain(def, error, &settings),
        )?;
        let mut config = BrokerConfig::build(values, settings)?;
        validate::broker(&config)?;
        // Only now: the rules above speak of the keys that were set, this one of topics' keys.
        config.topic_settings = TopicSettings::resolve(&BTreeMap::new(), &config.topic_defaults)?;
        Ok(config)
    }

    fn build(values: Values, settings: Settings) -> Result<BrokerConfig, ConfigError> {
        let at = |keys: &[&str]| {
            let settings = settings.clone();
            let keys: Vec<String> = keys.iter().map(|k| (*k).to_owned()).collect();
            move |error: ConfigError| locate(error, &settings, keys.iter().map(String::as_str))
        };
        let roles = parse_roles(values.list("process.roles")).map_err(at(&["process.roles"]))?;
        let controller_listener_names = values.list("controller.listener.names").to_vec();
        let protocol_map = protocol_map(&values, &settings, &controller_listener_names)
            .map_err(at(&["listener.security.protocol.map"]))?;
        let listeners = parse_listeners(values.list("listeners"), &protocol_map, Ports::Distinct)
            .map_err(at(&["listeners", "listener.security.protocol.map"]))?;
        let advertised = match values.opt_list("advertised.listeners") {
            Some(uris) => Some(
                parse_listeners(uris, &protocol_map, Ports::Any)
                    .map_err(at(&["advertised.listeners", "listener.security.protocol.map"]))?,
            ),
            None => None,
        };
        let voters =
            parse_voters(values.list("controller.quorum.voters")).map_err(at(&["controller.quorum.voters"]))?;
        let node_id = values.int("node.id");
        let is_controller = |e: &&Endpoint| controller_listener_names.contains(&e.listener);
        let advertised_listeners =
            advertised.as_ref().unwrap_or(&listeners).iter().filter(|e| !is_controller(e)).cloned().collect();
        let advertised_controller_listeners = advertised_controllers(
            &controller_listener_names,
            advertised.as_deref().unwrap_or_default(),
            &listeners,
            voters.iter().find(|v| v.node_id == node_id),
        );
        let (inter_broker_listener, inter_broker_protocol) = inter_broker(&values, &settings, &protocol_map)
            .map_err(at(&["inter.broker.listener.name", "security.inter.broker.protocol"]))?;
        let log_dirs = values.opt_list("log.dirs").unwrap_or_else(|| values.list("log.dir")).to_vec();
        let metadata_log_dir = values
            .opt_string("metadata.log.dir")
            .map_or_else(|| log_dirs.first().cloned().unwrap_or_default(), str::to_owned);
        let topic_defaults = TopicDefaults::of(&values);
        let when_set = |key: &str| settings.get(key).map(|_| values.int(key));
        Ok(BrokerConfig {
            node_id,
            roles,
            rack: values.opt_string("broker.rack").map(str::to_owned),
            advertised_listeners,
            advertised_controller_listeners,
            listeners,
            protocol_map,
            inter_broker_listener,
            inter_broker_protocol,
            quorum: QuorumConfig {
                voters,
                bootstrap_servers: parse_bootstrap_servers(values.list("controller.quorum.bootstrap.servers"))
                    .map_err(at(&["controller.quorum.bootstrap.servers"]))?,
                election_timeout_ms: when_set("controller.quorum.election.timeout.ms"),
                fetch_timeout_ms: when_set("controller.quorum.fetch.timeout.ms"),
                election_backoff_ms_max: when_set("controller.quorum.election.backoff.max.ms"),
                request_timeout_ms: values.int("controller.quorum.request.timeout.ms"),
                auto_join: values.boolean("controller.quorum.auto.join.enable"),
                fetch_bytes_max: values.int("controller.quorum.fetch.max.bytes"),
                fetch_snapshot_bytes_max: values.int("controller.quorum.fetch.snapshot.max.bytes"),
            },
            log_dirs,
            metadata_log_dir,
            sockets: socket_config(&values).map_err(at(&["max.connections.per.ip.overrides"]))?,
            topics: TopicCreation {
                num_partitions: values.int("num.partitions"),
                default_replication_factor: values.int("default.replication.factor"),
                auto_create: values.boolean("auto.create.topics.enable"),
                delete_enable: values.boolean("delete.topic.enable"),
            },
            topic_defaults,
            topic_settings: TopicSettings::default(),
            groups: GroupCoordinatorConfig {
                session_timeout_ms_min: values.int("group.min.session.timeout.ms"),
                session_timeout_ms_max: values.int("group.max.session.timeout.ms"),
                initial_rebalance_delay_ms: values.int("group.initial.rebalance.delay.ms"),
                size_max: values.int("group.max.size"),
                offset_metadata_bytes_max: values.int("offset.metadata.max.bytes"),
                offsets_commit_timeout_ms: values.int("offsets.commit.timeout.ms"),
                offsets_load_buffer_bytes: values.int("offsets.load.buffer.size"),
                offsets_retention_ms: 60_000 * values.long("offsets.retention.minutes"),
                offsets_retention_check_interval_ms: values.long("offsets.retention.check.interval.ms"),
                offsets_topic_num_partitions: values.int("offsets.topic.num.partitions"),
                offsets_topic_replication_factor: values.short("offsets.topic.replication.factor"),
                offsets_topic_segment_bytes: values.int("offsets.topic.segment.bytes"),
                offsets_topic_compression_id: values.int("offsets.topic.compression.codec"),
            },
            fetch: FetchConfig {
                bytes_max: values.int("fetch.max.bytes"),
                session_slots: values.int("max.incremental.fetch.session.cache.slots"),
                request_partitions_max: values.int("max.request.partition.size.limit"),
            },
            logs: LogManagerConfig {
                retention_check_interval_ms: values.long("log.retention.check.interval.ms"),
                flush_scheduler_interval_ms: values.long("log.flush.scheduler.interval.ms"),
                recovery_point_checkpoint_interval_ms: values.long("log.flush.offset.checkpoint.interval.ms"),
                start_offset_checkpoint_interval_ms: values.long("log.flush.start.offset.checkpoint.interval.ms"),
                high_watermark_checkpoint_interval_ms: values.long("replica.high.watermark.checkpoint.interval.ms"),
                initial_task_delay_ms: values.long("log.initial.task.delay.ms"),
                producer_id_expiration_ms: values.long("producer.id.expiration.ms"),
                producer_id_expiration_check_interval_ms: values.long("producer.id.expiration.check.interval.ms"),
            },
            controller: ControllerConfig {
                broker_heartbeat_interval_ms: values.int("broker.heartbeat.interval.ms"),
                broker_session_timeout_ms: values.int("broker.session.timeout.ms"),
                initial_registration_timeout_ms: values.int("initial.broker.registration.timeout.ms"),
                snapshot_record_bytes_max: values.long("metadata.log.max.record.bytes.between.snapshots"),
                snapshot_interval_ms_max: values.long("metadata.log.max.snapshot.interval.ms"),
                metadata_segment_bytes: values.int("metadata.log.segment.bytes"),
                metadata_segment_ms: values.long("metadata.log.segment.ms"),
                metadata_retention_bytes: values.long("metadata.max.retention.bytes"),
                metadata_retention_ms: values.long("metadata.max.retention.ms"),
            },
            controller_listener_names,
            values,
            settings,
        })
    }

    /// The bound listeners that serve clients and brokers.
    pub fn broker_listeners(&self) -> impl Iterator<Item = &Endpoint> {
        self.listeners.iter().filter(|e| !self.is_controller_listener(&e.listener))
    }

    /// The bound listeners that serve controllers.
    pub fn controller_listeners(&self) -> impl Iterator<Item = &Endpoint> {
        self.listeners.iter().filter(|e| self.is_controller_listener(&e.listener))
    }

    /// Whether `listener` is one of `controller.listener.names`.
    pub fn is_controller_listener(&self, listener: &str) -> bool {
        self.controller_listener_names.iter().any(|name| name == listener)
    }

    /// The advertised listeners with the ports that the system chose in place of 0 (`ListenerInfo.withEphemeralPortsCorrected`).
    pub fn advertised_with_ports(&self, bound_port: impl Fn(&str) -> Option<u16>) -> Vec<Endpoint> {
        let corrected = |endpoint: &Endpoint| {
            let port = if endpoint.port == 0 { bound_port(&endpoint.listener).unwrap_or(0) } else { endpoint.port };
            Endpoint { port, ..endpoint.clone() }
        };
        self.advertised_listeners.iter().map(corrected).collect()
    }

    /// What to warn about at the start: unknown keys in Kafka's words, then each key that was set on purpose and has no
    /// effect, with its reason.
    pub fn warnings(&self) -> Vec<String> {
        let unknown: Vec<String> = self.settings.unknown_keys().into_iter().map(str::to_owned).collect();
        let mut warnings = Vec::new();
        if !unknown.is_empty() {
            warnings
                .push(format!("These configurations '{}' were supplied but are not used yet.", java_list(&unknown)));
        }
        for (key, setting) in
            self.settings.iter().filter(|(_, s)| s.origin != Origin::Sample && s.origin != Origin::Default)
        {
            let def = super::def::find(Scope::Broker, key).or_else(|| super::layers::listener_base_key(key));
            match def.map(ConfigDef::effect) {
                Some(Effect::NoEffectYet(reason)) => {
                    warnings.push(format!("{key} (set {}) has no effect yet: {reason}.", setting.origin));
                }
                Some(Effect::NoMeaning(reason)) => {
                    warnings.push(format!("{key} (set {}) has no effect: {reason}.", setting.origin));
                }
                Some(Effect::Effective) | None => {}
            }
        }
        warnings.extend(validate::broker_warnings(self));
        warnings
    }

    /// Refuses what this build cannot do but must not ignore: a listener that would have to be encrypted or authenticated.
    pub fn check_supported(&self) -> Result<(), ConfigError> {
        match self.listeners.iter().find(|e| e.protocol != SecurityProtocol::Plaintext) {
            Some(endpoint) => Err(locate(
                ConfigError(format!(
                    "Listener {} uses the security protocol {}, which is not supported yet: only PLAINTEXT is",
                    endpoint.listener, endpoint.protocol
                )),
                &self.settings,
                ["listeners", "listener.security.protocol.map"],
            )),
            None => Ok(()),
        }
    }
}

/// `AbstractKafkaConfig.populateSynonyms`.
fn populate_synonyms(settings: &mut Settings) {
    for (from, to) in [("node.id", "broker.id"), ("broker.id", "node.id")] {
        if let (Some(setting), None) = (settings.get(from).cloned(), settings.get(to)) {
            settings.set(to, &setting.value, setting.origin);
            return;
        }
    }
}

/// Adds to Kafka's sentence what is allowed and where the value was set.
fn explain(def: &'static ConfigDef, error: ConfigError, settings: &Settings) -> ConfigError {
    let Some(setting) = settings.get(def.name).filter(|_| settings.has_places()) else {
        return error;
    };
    let rule = if def.valid_values.is_empty() { String::new() } else { format!(", {}", def.valid_values) };
    let ConfigError(text) = error;
    let text = text.trim_end_matches('.');
    ConfigError(format!("{text} (allowed: {}{rule}; set {})", def.ty.kafka_name(), setting.origin))
}

/// Adds to a sentence where the keys that it is about were set.
pub(crate) fn locate<'a>(
    error: ConfigError,
    settings: &Settings,
    keys: impl IntoIterator<Item = &'a str>,
) -> ConfigError {
    let places: Vec<String> = keys
        .into_iter()
        .filter_map(|key| settings.get(key).map(|s| format!("{key}={} was set {}", shown(key, &s.value), s.origin)))
        .collect();
    if places.is_empty() || !settings.has_places() {
        return error;
    }
    let ConfigError(text) = error;
    ConfigError(format!("{} ({})", text.trim_end_matches('.'), places.join("; ")))
}

fn shown<'a>(key: &str, value: &'a str) -> &'a str {
    let def = super::def::find(Scope::Broker, key).or_else(|| super::layers::listener_base_key(key));
    if def.is_some_and(ConfigDef::sensitive) { "[hidden]" } else { value }
}

fn parse_roles(roles: &[String]) -> Result<Roles, ConfigError> {
    let mut parsed = Roles { broker: false, controller: false };
    for role in roles {
        match role.as_str() {
            "broker" => parsed.broker = true,
            "controller" => parsed.controller = true,
            other => {
                return Err(ConfigError(format!(
                    "Unknown process role '{other}' (only 'broker' and 'controller' are allowed roles)"
                )));
            }
        }
    }
    Ok(parsed)
}

/// `AbstractKafkaConfig.effectiveListenerSecurityProtocolMap`.
fn protocol_map(values: &Values, settings: &Settings, controller_names: &[String]) -> Result<ProtocolMap, ConfigError> {
    const KEY: &str = "listener.security.protocol.map";
    let mut map = ProtocolMap::new();
    for (name, protocol) in parse_csv_map(KEY, values.string(KEY))? {
        let protocol = SecurityProtocol::for_name(&protocol)
            .ok_or_else(|| ConfigError(format!("Invalid security protocol `{protocol}` defined in {KEY}")))?;
        map.insert(name.to_uppercase(), protocol);
    }
    if settings.get(KEY).is_none() {
        if let Some(uri) = values.list("listeners").iter().find(|uri| !uri.contains(':')) {
            return Err(ConfigError(format!("Unable to parse a listener name from {uri}")));
        }
        let secure = |name: &str| {
            SecurityProtocol::for_name(name).is_some_and(|p| p != SecurityProtocol::Plaintext && p.name() == name)
        };
        let mut names = controller_names
            .iter()
            .cloned()
            .chain(values.list("listeners").iter().map(|uri| uri.split(':').next().unwrap_or_default().to_uppercase()));
        if !names.any(|name| secure(&name)) {
            for name in controller_names.iter().filter(|name| *name != "PLAINTEXT") {
                map.insert(name.clone(), SecurityProtocol::Plaintext);
            }
        }
    }
    Ok(map)
}

/// `AbstractKafkaConfig.interBrokerListenerNameAndSecurityProtocol`.
fn inter_broker(
    values: &Values,
    settings: &Settings,
    protocols: &ProtocolMap,
) -> Result<(String, SecurityProtocol), ConfigError> {
    match values.opt_string("inter.broker.listener.name") {
        Some(_) if settings.get("security.inter.broker.protocol").is_some() => Err(ConfigError(
            "Only one of inter.broker.listener.name and security.inter.broker.protocol should be set.".to_owned(),
        )),
        Some(name) => {
            let name = name.to_uppercase();
            match protocols.get(&name) {
                Some(protocol) => Ok((name, *protocol)),
                None => Err(ConfigError(format!(
                    "Listener with name {name} defined in inter.broker.listener.name not found in \
                     listener.security.protocol.map."
                ))),
            }
        }
        None => {
            let protocol = values.string("security.inter.broker.protocol");
            match SecurityProtocol::for_name(protocol) {
                Some(protocol) => Ok((protocol.name().to_owned(), protocol)),
                None => Err(ConfigError(format!(
                    "Invalid security protocol `{protocol}` defined in security.inter.broker.protocol"
                ))),
            }
        }
    }
}

/// `KafkaConfig.effectiveAdvertisedControllerListeners`.
fn advertised_controllers(
    names: &[String],
    advertised: &[Endpoint],
    listeners: &[Endpoint],
    own_voter: Option<&Voter>,
) -> Vec<Endpoint> {
    let mut result = Vec::new();
    for (i, name) in names.iter().enumerate() {
        let name = name.to_uppercase();
        if let Some(endpoint) = advertised.iter().find(|e| e.listener == name) {
            result.push(endpoint.clone());
            continue;
        }
        let Some(endpoint) = listeners.iter().find(|e| e.listener == name) else {
            continue;
        };
        let wildcard = endpoint.host.as_deref().is_none_or(|host| host == "0.0.0.0");
        result.push(match own_voter {
            Some(voter) if i == 0 && wildcard => {
                Endpoint { host: Some(voter.host.clone()), port: voter.port, ..endpoint.clone() }
            }
            _ if wildcard => Endpoint { host: None, ..endpoint.clone() },
            _ => endpoint.clone(),
        });
    }
    result
}

fn socket_config(values: &Values) -> Result<SocketConfig, ConfigError> {
    const OVERRIDES: &str = "max.connections.per.ip.overrides";
    let overrides: Result<Vec<(String, i32)>, ConfigError> = parse_csv_map(OVERRIDES, values.string(OVERRIDES))?
        .into_iter()
        .map(|(host, limit)| match limit.parse() {
            Ok(limit) => Ok((host, limit)),
            Err(_) => Err(ConfigError(format!("For input string: \"{limit}\""))),
        })
        .collect();
    let request_bytes_max = values.int("socket.request.max.bytes");
    // Kafka's own default, −1, means no bound: here everything is bounded.
    let budget = u64::try_from(values.long("queued.max.request.bytes")).ok().filter(|bytes| *bytes > 0);
    Ok(SocketConfig {
        request_bytes_max,
        send_buffer_bytes: values.int("socket.send.buffer.bytes"),
        receive_buffer_bytes: values.int("socket.receive.buffer.bytes"),
        listen_backlog: values.int("socket.listen.backlog.size"),
        connections_idle_ms_max: values.long("connections.max.idle.ms"),
        connections_max: values.int("max.connections"),
        connections_per_ip_max: values.int("max.connections.per.ip"),
        connections_per_ip_overrides: overrides?,
        memory_budget_bytes: budget.unwrap_or(DEFAULT_MEMORY_BUDGET_BYTES),
    })
}

/// The trimmed entries of a list's text, for callers that hold a raw value.
pub fn list_entries(text: &str) -> Vec<String> {
    split_list(super::value::java_trim(text))
}
