//! Rules that join several broker keys (`KafkaConfig.validateValues`), in Kafka's order and words.
//!
//! Scala's `require` prefixes its texts with "requirement failed: "; so do we.

use super::broker::{BrokerConfig, locate};
use super::topic::{hours_or, retention_ms};
use super::value::ConfigError;

/// Fails with the first rule that is broken; the text also says where the keys in question were set.
pub(super) fn broker(config: &BrokerConfig) -> Result<(), ConfigError> {
    let values = &config.values;
    let rule = Rules { config };
    if config.node_id != values.int("broker.id") {
        return rule.refuse("You must set `node.id` to the same value as `broker.id`.", &["node.id", "broker.id"]);
    }
    rule.require(
        hours_or(values, "log.roll.ms", "log.roll.hours") >= 1,
        "log.roll.ms must be greater than or equal to 1",
        &["log.roll.ms", "log.roll.hours"],
    )?;
    rule.require(
        hours_or(values, "log.roll.jitter.ms", "log.roll.jitter.hours") >= 0,
        "log.roll.jitter.ms must be greater than or equal to 0",
        &["log.roll.jitter.ms", "log.roll.jitter.hours"],
    )?;
    let retention = retention_ms(values);
    rule.require(
        retention >= 1 || retention == -1,
        "log.retention.ms must be unlimited (-1) or, greater than or equal to 1",
        &["log.retention.ms", "log.retention.minutes", "log.retention.hours"],
    )?;
    rule.require(
        !config.log_dirs.is_empty(),
        "At least one log directory must be defined via log.dirs or log.dir.",
        &["log.dirs", "log.dir"],
    )?;
    let threads = values.long("log.cleaner.threads");
    if threads == 0 {
        return rule.refuse("/ by zero", &["log.cleaner.threads"]);
    }
    rule.require(
        values.long("log.cleaner.dedupe.buffer.size") / threads > 1024 * 1024,
        "log.cleaner.dedupe.buffer.size must be at least 1MB per cleaner thread.",
        &["log.cleaner.dedupe.buffer.size", "log.cleaner.threads"],
    )?;
    let wait = values.long("replica.fetch.wait.max.ms");
    rule.require(
        wait <= values.long("replica.socket.timeout.ms"),
        "replica.socket.timeout.ms should always be at least replica.fetch.wait.max.ms to prevent unnecessary socket timeouts",
        &["replica.socket.timeout.ms", "replica.fetch.wait.max.ms"],
    )?;
    rule.require(
        wait <= values.long("replica.lag.time.max.ms"),
        "replica.fetch.wait.max.ms should always be less than or equal to replica.lag.time.max.ms to prevent frequent \
         changes in ISR",
        &["replica.fetch.wait.max.ms", "replica.lag.time.max.ms"],
    )?;
    let codec = config.groups.offsets_topic_compression_id;
    if !(0..=4).contains(&codec) {
        return rule.refuse(&format!("Unknown compression type id: {codec}"), &["offsets.topic.compression.codec"]);
    }
    let protocols = values.list("group.coordinator.rebalance.protocols");
    if !protocols.iter().any(|p| p.eq_ignore_ascii_case("classic")) {
        return rule
            .refuse("Disabling the 'classic' protocol is not supported.", &["group.coordinator.rebalance.protocols"]);
    }
    early_start_listeners(config, &rule)?;
    groups(&rule)?;
    roles(config, &rule)?;
    if config.roles.broker {
        broker_listeners(config, &rule)?;
    }
    let unroutable = |endpoints: &[super::Endpoint]| endpoints.iter().any(|e| e.host.as_deref() == Some("0.0.0.0"));
    rule.require(
        !unroutable(&config.advertised_listeners) && !unroutable(&config.advertised_controller_listeners),
        "advertised.listeners cannot use the nonroutable meta-address 0.0.0.0. Use a routable IP address.",
        &["advertised.listeners", "listeners"],
    )?;
    sockets(config, &rule)
}

/// Rules of `process.roles` and the quorum.
fn roles(config: &BrokerConfig, rule: &Rules<'_>) -> Result<(), ConfigError> {
    let voters: Vec<i32> = config.quorum.voters.iter().map(|v| v.node_id).collect();
    let voter_set = {
        let ids: Vec<String> = voters.iter().map(i32::to_string).collect();
        format!("Set({})", ids.join(", "))
    };
    let names = &config.controller_listener_names;
    // Without a file there may be neither voters nor a controller listener: a quorum of this one node.
    if !config.settings.has_file && voters.is_empty() && config.quorum.bootstrap_servers.is_empty() && names.is_empty()
    {
        return Ok(());
    }
    if voters.is_empty() && config.quorum.bootstrap_servers.is_empty() {
        return rule.refuse(
            "If using process.roles, either controller.quorum.bootstrap.servers must contain the set of bootstrap \
             controllers or controller.quorum.voters must contain a parseable set of controllers.",
            &["process.roles"],
        );
    }
    let node_id = config.node_id;
    let voters_hold_the_node = || {
        rule.require(
            voters.is_empty() || voters.contains(&node_id),
            &format!(
                "If process.roles contains the 'controller' role, the node id {node_id} must be included in the set of \
                 voters controller.quorum.voters={voter_set}"
            ),
            &["node.id", "controller.quorum.voters"],
        )
    };
    let controller_listeners_exist = || {
        rule.require(
            !config.advertised_controller_listeners.is_empty(),
            "controller.listener.names must contain at least one value appearing in the 'listeners' configuration when \
             running the KRaft controller role",
            &["controller.listener.names", "listeners"],
        )?;
        rule.require(
            names.iter().all(|name| config.listeners.iter().any(|e| e.listener == *name)),
            "controller.listener.names must only contain values appearing in the 'listeners' configuration when running \
             the KRaft controller role",
            &["controller.listener.names", "listeners"],
        )
    };
    match (config.roles.broker, config.roles.controller) {
        (true, false) => {
            rule.require(
                !voters.contains(&node_id),
                &format!(
                    "If process.roles contains just the 'broker' role, the node id {node_id} must not be included in the \
                     set of voters controller.quorum.voters={voter_set}"
                ),
                &["node.id", "controller.quorum.voters"],
            )?;
            rule.require(
                !names.is_empty(),
                "controller.listener.names must contain at least one value when running KRaft with just the broker role",
                &["controller.listener.names"],
            )?;
            rule.require(
                config.controller_listeners().next().is_none(),
                "controller.listener.names must not contain a value appearing in the 'listeners' configuration when \
                 running KRaft with just the broker role",
                &["controller.listener.names", "listeners"],
            )?;
            if let Some(name) = names.iter().find(|name| !config.protocol_map.contains_key(&name.to_uppercase())) {
                return rule.refuse(
                    &format!(
                        "Controller listener with name {} defined in controller.listener.names not found in \
                         listener.security.protocol.map  (an explicit security mapping for each controller listener is \
                         required if listener.security.protocol.map is non-empty, or if there are security protocols \
                         other than PLAINTEXT in use)",
                        name.to_uppercase()
                    ),
                    &["controller.listener.names", "listener.security.protocol.map"],
                );
            }
            rule.require(
                !config.quorum.auto_join,
                "controller.quorum.auto.join.enable is only supported when process.roles contains the 'controller' role.",
                &["controller.quorum.auto.join.enable"],
            )
        }
        (false, true) => {
            rule.require(
                config.advertised_controller_listeners.len() == config.listeners.len(),
                "The listeners config must only contain KRaft controller listeners from controller.listener.names when \
                 process.roles=controller",
                &["listeners", "controller.listener.names"],
            )?;
            let explicit = config.values.opt_string("inter.broker.listener.name").is_some();
            rule.require(
                !explicit || !names.contains(&config.inter_broker_listener),
                "controller.listener.names must not contain an explicitly set inter.broker.listener.name configuration \
                 value when process.roles=controller'",
                &["controller.listener.names", "inter.broker.listener.name"],
            )?;
            voters_hold_the_node()?;
            controller_listeners_exist()
        }
        (true, true) => {
            voters_hold_the_node()?;
            controller_listeners_exist()
        }
        (false, false) => Ok(()),
    }
}

fn broker_listeners(config: &BrokerConfig, rule: &Rules<'_>) -> Result<(), ConfigError> {
    let advertised: Vec<&str> = config.advertised_listeners.iter().map(|e| e.listener.as_str()).collect();
    let bound: Vec<&str> = config.listeners.iter().map(|e| e.listener.as_str()).collect();
    rule.require(
        !advertised.is_empty(),
        "There must be at least one broker advertised listener. Perhaps all listeners appear in controller.listener.names?",
        &["advertised.listeners", "listeners", "controller.listener.names"],
    )?;
    rule.require(
        advertised.contains(&config.inter_broker_listener.as_str()),
        &format!(
            "inter.broker.listener.name must be a listener name defined in advertised.listeners. The valid options based \
             on currently configured listeners are {}",
            advertised.join(",")
        ),
        &["inter.broker.listener.name", "advertised.listeners", "listeners"],
    )?;
    rule.require(
        advertised.iter().all(|name| bound.contains(name)),
        &format!(
            "advertised.listeners listener names must be equal to or a subset of the ones defined in listeners. Found {}. \
             The valid options based on the current configuration are {}",
            advertised.join(","),
            bound.join(",")
        ),
        &["advertised.listeners", "listeners"],
    )?;
    let cordoned = config.values.list("cordoned.log.dirs");
    if cordoned.iter().any(|dir| dir == "*") {
        return rule.require(
            cordoned.len() == 1,
            "When cordoned.log.dirs is set to *, it must not contain other values",
            &["cordoned.log.dirs"],
        );
    }
    let unknown: Vec<&str> = cordoned.iter().filter(|dir| !config.log_dirs.contains(dir)).map(String::as_str).collect();
    rule.require(
        unknown.is_empty(),
        &format!(
            "All entries in cordoned.log.dirs must be present in log.dirs or log.dir. Missing entries : {}",
            unknown.join(", ")
        ),
        &["cordoned.log.dirs", "log.dirs", "log.dir"],
    )
}

fn early_start_listeners(config: &BrokerConfig, rule: &Rules<'_>) -> Result<(), ConfigError> {
    let known = |name: &str| config.listeners.iter().any(|e| e.listener == name);
    match config.values.list("early.start.listeners").iter().find(|name| !known(name)) {
        Some(name) => rule.refuse(
            &format!(
                "early.start.listeners contains listener {name}, but this is not contained in listeners or \
                 controller.listener.names"
            ),
            &["early.start.listeners"],
        ),
        None => Ok(()),
    }
}

/// `GroupCoordinatorConfig` and `ShareGroupConfig`: each pair's first key must be at least the second.
fn groups(rule: &Rules<'_>) -> Result<(), ConfigError> {
    let values = &rule.config.values;
    for protocol in ["consumer", "share", "streams"] {
        for what in ["heartbeat.interval", "session.timeout", "assignment.interval"] {
            let [own, min, max] = ["", "min.", "max."].map(|bound| format!("group.{protocol}.{bound}{what}.ms"));
            rule.at_least(&max, &min, Order::GreaterFirst)?;
            rule.at_least(&own, &min, Order::GreaterFirst)?;
            rule.at_least(&max, &own, Order::LessFirst)?;
            if what == "session.timeout" {
                let heartbeat = format!("group.{protocol}.heartbeat.interval.ms");
                if values.int(&heartbeat) >= values.int(&own) {
                    return rule.refuse(&format!("{heartbeat} must be less than {own}"), &[&heartbeat, &own]);
                }
            }
        }
        let (builtin, package): (&[&str], &[&str]) = match protocol {
            "consumer" => (&["uniform", "range"], &["UniformAssignor", "RangeAssignor"]),
            "share" => (&["simple"], &["SimpleAssignor"]),
            _ => continue,
        };
        let key = format!("group.{protocol}.assignors");
        let known = |name: &str| {
            let class = name.strip_prefix("org.apache.kafka.coordinator.group.assignor.");
            builtin.contains(&name) || class.is_some_and(|class| package.contains(&class))
        };
        let assignors = values.list(&key);
        if let Some(class) = assignors.iter().find(|name| !known(name)) {
            return rule.refuse(&format!("Class {class} cannot be found"), &[&key]);
        }
        if protocol == "share" && assignors.len() != 1 {
            let text = format!("{key} must contain exactly one assignor, but found {}", assignors.len());
            return rule.refuse(&text, &[&key]);
        }
    }
    rule.at_least("group.streams.max.standby.replicas", "group.streams.num.standby.replicas", Order::LessFirst)?;
    for (greater, less) in [
        ("group.share.max.delivery.count.limit", "group.share.delivery.count.limit"),
        ("group.share.delivery.count.limit", "group.share.min.delivery.count.limit"),
        ("group.share.max.partition.max.record.locks", "group.share.partition.max.record.locks"),
        ("group.share.partition.max.record.locks", "group.share.min.partition.max.record.locks"),
        ("group.share.record.lock.duration.ms", "group.share.min.record.lock.duration.ms"),
        ("group.share.max.record.lock.duration.ms", "group.share.record.lock.duration.ms"),
        ("group.share.max.share.sessions", "group.share.max.size"),
    ] {
        rule.at_least(greater, less, Order::GreaterFirst)?;
    }
    Ok(())
}

fn sockets(config: &BrokerConfig, rule: &Rules<'_>) -> Result<(), ConfigError> {
    let values = &config.values;
    let queued = values.long("queued.max.request.bytes");
    rule.require(
        queued <= 0 || queued >= values.long("socket.request.max.bytes"),
        "queued.max.request.bytes must be larger or equal to socket.request.max.bytes",
        &["queued.max.request.bytes", "socket.request.max.bytes"],
    )?;
    let overrides = &config.sockets.connections_per_ip_overrides;
    rule.require(
        config.sockets.connections_per_ip_max != 0 || !overrides.is_empty(),
        "max.connections.per.ip can be set to zero only if max.connections.per.ip.overrides property is set.",
        &["max.connections.per.ip", "max.connections.per.ip.overrides"],
    )?;
    let valid = |host: &str| host.bytes().all(|b| b.is_ascii_alphanumeric() || b"-%._:".contains(&b));
    let invalid: Vec<&str> = overrides.iter().map(|(host, _)| host.as_str()).filter(|host| !valid(host)).collect();
    if !invalid.is_empty() {
        return rule.refuse(
            &format!("max.connections.per.ip.overrides contains invalid addresses : {}", invalid.join(",")),
            &["max.connections.per.ip.overrides"],
        );
    }
    let (delay, idle) =
        (values.long("connection.failed.authentication.delay.ms"), values.long("connections.max.idle.ms"));
    rule.require(
        idle < 0 || delay < idle,
        &format!(
            "connection.failed.authentication.delay.ms={delay} should always be less than connections.max.idle.ms={idle} \
             to prevent failed authentication responses from timing out"
        ),
        &["connection.failed.authentication.delay.ms", "connections.max.idle.ms"],
    )
}

/// What Kafka only warns about.
pub(super) fn broker_warnings(config: &BrokerConfig) -> Vec<String> {
    let (heartbeat, session) =
        (config.controller.broker_heartbeat_interval_ms, config.controller.broker_session_timeout_ms);
    if i64::from(heartbeat) * 2 <= i64::from(session) {
        return Vec::new();
    }
    vec![format!(
        "broker.heartbeat.interval.ms ({heartbeat} ms) must be less than or equal to half of the broker.session.timeout.ms \
         ({session} ms). The broker.session.timeout.ms is configured on controller. The broker.heartbeat.interval.ms is \
         configured on broker. If a broker doesn't send heartbeat request within broker.session.timeout.ms, it loses broker \
         lease. Please increase broker.session.timeout.ms or decrease broker.heartbeat.interval.ms."
    )]
}

struct Rules<'a> {
    config: &'a BrokerConfig,
}

/// Which of two keys Kafka's sentence begins with.
#[derive(Clone, Copy)]
enum Order {
    GreaterFirst,
    LessFirst,
}

impl Rules<'_> {
    /// The value of `greater` must not be below that of `less`.
    fn at_least(&self, greater: &str, less: &str, order: Order) -> Result<(), ConfigError> {
        let values = &self.config.values;
        if values.int(greater) >= values.int(less) {
            return Ok(());
        }
        let text = match order {
            Order::GreaterFirst => format!("{greater} must be greater than or equal to {less}"),
            Order::LessFirst => format!("{less} must be less than or equal to {greater}"),
        };
        self.refuse(&text, &[greater, less])
    }

    fn require(&self, holds: bool, text: &str, keys: &[&str]) -> Result<(), ConfigError> {
        if holds { Ok(()) } else { self.refuse(&format!("requirement failed: {text}"), keys) }
    }

    fn refuse(&self, text: &str, keys: &[&str]) -> Result<(), ConfigError> {
        Err(locate(ConfigError(text.to_owned()), &self.config.settings, keys.iter().copied()))
    }
}
