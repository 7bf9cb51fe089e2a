//! Tests of the node's configuration as a whole: layers, defaults, refusals.

use super::*;
use std::path::PathBuf;

fn load(file: Option<&str>, environment: &[(&str, &str)], overrides: &[&str]) -> Result<BrokerConfig, ConfigError> {
    let settings = Settings::load(Sources {
        file: file.map(|text| (PathBuf::from("server.properties"), text.as_bytes())),
        environment: environment.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned())).collect(),
        overrides: overrides.iter().map(|s| (*s).to_owned()).collect(),
        port: None,
        default_log_dir: "/tmp/ottla-logs".to_owned(),
    })?;
    BrokerConfig::new(settings)
}

const COMBINED: &str = "\
process.roles=broker,controller
node.id=7
controller.quorum.voters=7@localhost:9093
listeners=INSIDE://:9092,CONTROLLER://:9093
advertised.listeners=INSIDE://kafka.example:9092
listener.security.protocol.map=INSIDE:PLAINTEXT,CONTROLLER:PLAINTEXT
inter.broker.listener.name=INSIDE
controller.listener.names=CONTROLLER
log.dirs=/a, /b
";

#[test]
fn without_a_file_the_sample_holds() {
    let config = load(None, &[], &[]).unwrap();
    assert_eq!((config.node_id, config.roles), (1, broker::Roles { broker: true, controller: true }));
    assert_eq!(config.listeners.len(), 1);
    assert_eq!(config.advertised_listeners[0].host.as_deref(), Some("localhost"));
    assert_eq!(config.log_dirs, ["/tmp/ottla-logs"]);
    assert_eq!(config.groups.initial_rebalance_delay_ms, 0);
    assert_eq!(config.groups.offsets_topic_replication_factor, 1);
    assert_eq!(config.sockets.memory_budget_bytes, 256 << 20);
    assert_eq!(config.quorum.election_timeout_ms, None);
    assert_eq!(config.topic_settings, TopicSettings::default());
    assert!(config.warnings().is_empty(), "{:?}", config.warnings());
}

#[test]
fn with_a_file_missing_keys_have_the_defaults_of_kafka() {
    let config = load(Some(COMBINED), &[], &[]).unwrap();
    assert_eq!(config.node_id, 7);
    assert_eq!(config.groups.initial_rebalance_delay_ms, 3000);
    assert_eq!(config.groups.offsets_topic_replication_factor, 3);
    assert_eq!(config.log_dirs, ["/a", "/b"]);
    assert_eq!(config.metadata_log_dir, "/a");
    let names: Vec<&str> = config.broker_listeners().map(|e| e.listener.as_str()).collect();
    assert_eq!(names, ["INSIDE"]);
    assert_eq!(config.controller_listeners().count(), 1);
    assert_eq!(config.advertised_controller_listeners[0].host.as_deref(), Some("localhost"));
    assert_eq!(config.advertised_listeners[0].host.as_deref(), Some("kafka.example"));
    assert_eq!(config.inter_broker_listener, "INSIDE");
}

#[test]
fn override_wins_over_environment_over_file() {
    let file = format!("{COMBINED}num.partitions=2\nnum.io.threads=2\nlog.retention.hours=2\n");
    let env = [("KAFKA_NUM_PARTITIONS", "3"), ("KAFKA_LOG_RETENTION_HOURS", "3")];
    let config = load(Some(&file), &env, &["num.partitions=4"]).unwrap();
    assert_eq!(config.topics.num_partitions, 4);
    assert_eq!(
        config.settings.origin("num.partitions").to_string(),
        "on the command line by --override num.partitions=4"
    );
    assert_eq!(config.values.int("log.retention.hours"), 3);
    assert_eq!(
        config.settings.origin("log.retention.hours").to_string(),
        "by the environment variable KAFKA_LOG_RETENTION_HOURS"
    );
    assert_eq!(config.settings.origin("num.io.threads").to_string(), "in server.properties, line 11");
}

#[test]
fn variables_that_name_no_key_do_no_harm() {
    for variable in [
        "KAFKA_HOME",
        "KAFKA_PORT",
        "KAFKA_OPTS",
        "KAFKA_HEAP_OPTS",
        "KAFKA_VERSION",
        "KAFKA_SERVICE_HOST",
        "KAFKA_",
        "PATH",
    ] {
        assert_eq!(layers::environment_key(variable), None, "{variable}");
    }
    for (variable, key) in [
        ("KAFKA_LOG_DIRS", "log.dirs"),
        ("KAFKA_KAFKA_METRICS_REPORTERS", "kafka.metrics.reporters"),
        ("KAFKA_LISTENER_NAME_INSIDE_SSL_KEYSTORE_LOCATION", "listener.name.inside.ssl.keystore.location"),
        ("KAFKA_LISTENER_NAME_A___B_SASL_JAAS_CONFIG", "listener.name.a-b.sasl.jaas.config"),
        ("KAFKA_LISTENER_NAME_A__B_PLAIN_SASL_JAAS_CONFIG", "listener.name.a_b.plain.sasl.jaas.config"),
    ] {
        assert_eq!(layers::environment_key(variable).as_deref(), Some(key));
    }
    assert!(load(None, &[("KAFKA_PORT", "tcp://10.0.0.1:9092")], &[]).is_ok());
}

#[test]
fn a_bad_value_names_key_value_rule_and_place() {
    let file = format!("{COMBINED}num.partitions=many\n");
    assert_eq!(
        load(Some(&file), &[], &[]).unwrap_err().to_string(),
        "Invalid value many for configuration num.partitions: Not a number of type INT (allowed: INT, [1,...]; set in \
         server.properties, line 10)"
    );
    assert_eq!(
        load(None, &[("KAFKA_NUM_PARTITIONS", "0")], &[]).unwrap_err().to_string(),
        "Invalid value 0 for configuration num.partitions: Value must be at least 1 (allowed: INT, [1,...]; set by the \
         environment variable KAFKA_NUM_PARTITIONS)"
    );
    assert_eq!(
        load(None, &[], &["queued.max.request.bytes=5"]).unwrap_err().to_string(),
        "requirement failed: queued.max.request.bytes must be larger or equal to socket.request.max.bytes \
         (queued.max.request.bytes=5 was set on the command line by --override queued.max.request.bytes=5; \
         socket.request.max.bytes=104857600 was set by default (no file was given))"
    );
    assert_eq!(
        load(Some("process.roles=broker\nlisteners=PLAINTEXT://:9092"), &[], &[]).unwrap_err().to_string(),
        "Missing required configuration \"controller.listener.names\" which has no default value."
    );
}

#[test]
fn unknown_keys_and_keys_without_effect_are_said() {
    let file = format!("{COMBINED}nonsense.key=1\nnum.io.threads=4\nlistener.name.inside.ssl.client.auth=none\n");
    let warnings = load(Some(&file), &[], &[]).unwrap().warnings();
    assert_eq!(warnings[0], "These configurations '[nonsense.key]' were supplied but are not used yet.");
    assert!(
        warnings.iter().any(|w| w.starts_with("num.io.threads (set in server.properties, line 11) has no effect: ")),
        "{warnings:?}"
    );
    assert!(warnings.iter().any(|w| w.starts_with("listener.name.inside.ssl.client.auth (set ")), "{warnings:?}");
}

#[test]
fn a_listener_of_ones_own_replaces_the_address_of_the_sample() {
    let config = load(None, &[], &["listeners=PLAINTEXT://127.0.0.1:0"]).unwrap();
    assert_eq!(config.advertised_with_ports(|_| Some(41_000))[0].port, 41_000);
    let both = [
        ("KAFKA_LISTENERS", "A://:1"),
        ("KAFKA_ADVERTISED_LISTENERS", "A://h:2"),
        ("KAFKA_LISTENER_SECURITY_PROTOCOL_MAP", "A:PLAINTEXT"),
        ("KAFKA_INTER_BROKER_LISTENER_NAME", "A"),
    ];
    assert_eq!(load(None, &both, &[]).unwrap().advertised_listeners[0].port, 2);
}

#[test]
fn port_flag_moves_the_first_listener_of_clients() {
    let sources = |file| Sources { file, port: Some(0), default_log_dir: "/d".into(), ..Sources::default() };
    let config = BrokerConfig::new(Settings::load(sources(None)).unwrap()).unwrap();
    assert_eq!((config.listeners[0].port, config.advertised_listeners[0].port), (0, 0));
    let file = (PathBuf::from("f"), COMBINED.as_bytes());
    let config = BrokerConfig::new(Settings::load(sources(Some(file))).unwrap()).unwrap();
    assert_eq!((config.listeners[0].port, config.listeners[1].port), (0, 9093));
    assert_eq!(config.advertised_listeners[0].port, 9092);
}

#[test]
fn encrypted_listeners_are_refused_rather_than_served_in_the_clear() {
    let config = load(None, &[], &["listeners=SSL://localhost:9092", "security.inter.broker.protocol=SSL"]).unwrap();
    assert!(
        config.check_supported().unwrap_err().to_string().starts_with("Listener SSL uses the security protocol SSL")
    );
}

#[test]
fn topic_overrides_are_checked_with_the_texts_of_kafka() {
    let config = load(None, &[], &[]).unwrap();
    let check = |pairs: &[(&str, &str)]| {
        let new = pairs.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned())).collect();
        topic::validate(&TopicOverrides::new(), &new, &config.topic_defaults, false).map_err(|e| e.to_string())
    };
    assert_eq!(check(&[("segment.bytes", "1048576"), ("cleanup.policy", "")]), Ok(()));
    assert_eq!(check(&[("nope", "1")]), Err("Unknown topic config name: nope".into()));
    assert_eq!(
        check(&[("min.compaction.lag.ms", "2"), ("max.compaction.lag.ms", "1")]),
        Err("conflict topic config setting min.compaction.lag.ms (2) > max.compaction.lag.ms (1)".into())
    );
    assert_eq!(
        check(&[("remote.storage.enable", "true")]),
        Err("Tiered Storage functionality is disabled in the broker. Topic cannot be configured with remote log storage.".into())
    );
}

#[test]
fn topic_defaults_follow_the_broker_in_the_units_of_topics() {
    let config = load(None, &[], &["log.retention.minutes=2", "log.roll.hours=1", "message.max.bytes=5"]).unwrap();
    let settings = &config.topic_settings;
    assert_eq!((settings.retention_ms, settings.segment_ms, settings.max_message_bytes), (120_000, 3_600_000, 5));
    let overrides = TopicOverrides::from([
        ("retention.ms".to_owned(), "-1".to_owned()),
        ("cleanup.policy".to_owned(), "compact, delete".to_owned()),
    ]);
    let settings = TopicSettings::resolve(&overrides, &config.topic_defaults).unwrap();
    assert_eq!((settings.retention_ms, settings.compact, settings.delete), (-1, true, true));
}

#[test]
fn files_are_read_as_java_reads_properties() {
    let file = "# a comment\n  node.id : 1\nlisteners=PLAINTEXT://:9092,\\\n    CONTROLLER://:9093\n! more\nbroker.rack = r\\u00e9\nbroker.rack=last\\\\x\n";
    let settings = Settings::load(Sources { file: Some((PathBuf::from("f"), file.as_bytes())), ..Sources::default() });
    let settings = settings.unwrap();
    let values: Vec<(&str, &str)> = settings.iter().map(|(key, s)| (key, s.value.as_str())).collect();
    let listeners = ("listeners", "PLAINTEXT://:9092,CONTROLLER://:9093");
    assert_eq!(values, [("broker.rack", "last\\x"), listeners, ("node.id", "1")]);
    let line = |key: &str| settings.origin(key).to_string();
    assert_eq!((line("node.id"), line("listeners")), ("in f, line 2".into(), "in f, line 3".into()));
    assert_eq!(line("broker.rack"), "in f, line 7");
}
