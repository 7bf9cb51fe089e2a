//! DescribeConfigs and IncrementalAlterConfigs, and configurations at CreateTopics.

use crate::client::Client;
use crate::fixture::*;
use kafka_protocol::messages::describe_configs_request::DescribeConfigsResource;
use kafka_protocol::messages::describe_configs_response::{DescribeConfigsResourceResult, DescribeConfigsResult};
use kafka_protocol::messages::incremental_alter_configs_request::{AlterConfigsResource, AlterableConfig};
use kafka_protocol::messages::*;

const TOPIC: i8 = 2;
const BROKER: i8 = 4;

const SET: i8 = 0;
const DELETE: i8 = 1;
const APPEND: i8 = 2;
const SUBTRACT: i8 = 3;

const MALFORMED: &str = "This most likely occurs because of a request being malformed by the client library or the message was sent to an incompatible broker. See the broker logs for more details.";

fn describe(client: &mut Client, kind: i8, name: &str, keys: Option<&[&str]>) -> DescribeConfigsResult {
    let resource = DescribeConfigsResource::default()
        .with_resource_type(kind)
        .with_resource_name(s(name))
        .with_configuration_keys(keys.map(|keys| keys.iter().map(|k| s(k)).collect()));
    let request = DescribeConfigsRequest::default().with_resources(vec![resource]).with_include_synonyms(true);
    client.call(&request, 4).results.remove(0)
}

fn entry(client: &mut Client, topic: &str, key: &str) -> DescribeConfigsResourceResult {
    let mut result = describe(client, TOPIC, topic, Some(&[key]));
    assert_eq!((result.error_code, result.configs.len()), (0, 1));
    result.configs.remove(0)
}

/// Value and source of one key of a topic.
fn value(client: &mut Client, topic: &str, key: &str) -> (String, i8) {
    let entry = entry(client, topic, key);
    (entry.value.unwrap().to_string(), entry.config_source)
}

fn alter_request(kind: i8, name: &str, changes: &[(&str, i8, Option<&str>)]) -> IncrementalAlterConfigsRequest {
    let configs = changes.iter().map(|(key, op, value)| {
        AlterableConfig::default().with_name(s(key)).with_config_operation(*op).with_value(value.map(s))
    });
    let resource = AlterConfigsResource::default()
        .with_resource_type(kind)
        .with_resource_name(s(name))
        .with_configs(configs.collect());
    IncrementalAlterConfigsRequest::default().with_resources(vec![resource])
}

fn alter(client: &mut Client, topic: &str, changes: &[(&str, i8, Option<&str>)]) -> (i16, String) {
    let result = client.call(&alter_request(TOPIC, topic, changes), 1).responses.remove(0);
    (result.error_code, result.error_message.map(|m| m.to_string()).unwrap_or_default())
}

#[test]
fn a_topic_shows_every_key_with_value_source_and_type() {
    let broker = Broker::with(&["log.retention.hours=5", "num.partitions=2"]);
    let mut client = broker.connect();
    create(&mut client, "t", 1, &[("segment.bytes", "2000000")]);
    let all = describe(&mut client, TOPIC, "t", None);
    let mut names: Vec<&str> = all.configs.iter().map(|c| c.name.as_str()).collect();
    names.sort_unstable();
    let expected = [
        "cleanup.policy",
        "compression.gzip.level",
        "compression.lz4.level",
        "compression.type",
        "compression.zstd.level",
        "delete.retention.ms",
        "file.delete.delay.ms",
        "flush.messages",
        "flush.ms",
        "follower.replication.throttled.replicas",
        "index.interval.bytes",
        "leader.replication.throttled.replicas",
        "local.retention.bytes",
        "local.retention.ms",
        "max.compaction.lag.ms",
        "max.message.bytes",
        "message.timestamp.after.max.ms",
        "message.timestamp.before.max.ms",
        "message.timestamp.type",
        "min.cleanable.dirty.ratio",
        "min.compaction.lag.ms",
        "min.insync.replicas",
        "preallocate",
        "remote.log.copy.disable",
        "remote.log.delete.on.disable",
        "remote.storage.enable",
        "retention.bytes",
        "retention.ms",
        "segment.bytes",
        "segment.index.bytes",
        "segment.jitter.ms",
        "segment.ms",
        "unclean.leader.election.enable",
    ];
    assert_eq!(names, expected);
    let shown = |key: &str| {
        let c = all.configs.iter().find(|c| c.name.as_str() == key).unwrap();
        let synonyms: Vec<(String, String, i8)> = c
            .synonyms
            .iter()
            .map(|s| (s.name.to_string(), s.value.as_deref().unwrap_or("").to_owned(), s.source))
            .collect();
        (
            c.value.as_deref().unwrap_or("").to_owned(),
            c.config_source,
            c.config_type,
            c.read_only,
            c.is_sensitive,
            synonyms,
        )
    };
    let own = |name: &str, value: &str, source| (name.to_owned(), value.to_owned(), source);
    let synonyms = vec![own("segment.bytes", "2000000", 1), own("log.segment.bytes", "1073741824", 5)];
    assert_eq!(shown("segment.bytes"), ("2000000".into(), 1, 3, false, false, synonyms));
    // Kafka looks for synonyms by value, not by unit: nobody set `log.retention.ms`.
    assert_eq!(shown("retention.ms"), ("18000000".into(), 5, 5, false, false, vec![]));
    let synonyms = vec![own("log.cleanup.policy", "delete", 5)];
    assert_eq!(shown("cleanup.policy"), ("delete".into(), 5, 7, false, false, synonyms));
}

#[test]
fn only_the_keys_that_are_asked_for_are_shown() {
    let broker = Broker::start();
    let mut client = broker.connect();
    let topic = unique("configs");
    create(&mut client, &topic, 1, &[]);
    let names = |r: &DescribeConfigsResult| {
        let mut names: Vec<String> = r.configs.iter().map(|c| c.name.to_string()).collect();
        names.sort();
        names
    };
    let some = describe(&mut client, TOPIC, &topic, Some(&["retention.ms", "flush.ms", "no.such.key"]));
    assert_eq!(names(&some), ["flush.ms", "retention.ms"]);
    // An empty list means all.
    assert_eq!(describe(&mut client, TOPIC, &topic, Some(&[])).configs.len(), 33);
}

#[test]
fn what_cannot_be_described() {
    let broker = Broker::start();
    let mut client = broker.connect();
    let absent = unique("absent");
    let cases = [
        (TOPIC, absent.as_str(), 3, ""),
        (
            TOPIC,
            "a b",
            17,
            "Topic name is invalid: 'a b' contains one or more characters other than ASCII alphanumerics, '.', '_' and '-'",
        ),
        (TOPIC, "", 17, "Topic name is invalid: the empty string is not allowed"),
        (BROKER, "7", 42, "Unexpected broker id, expected 1 or empty string, but received 7"),
        (BROKER, "x", 42, "Broker id must be an integer, but it is: x"),
        (0, "x", 42, MALFORMED),
        (99, "x", 42, MALFORMED),
        (16, "", 42, "Client metrics subscription name must not be empty"),
        (32, "", 42, "Group name must not be empty"),
    ];
    for (kind, name, code, text) in cases {
        let result = describe(&mut client, kind, name, None);
        assert_eq!((result.error_code, result.error_message.as_deref()), (code, Some(text)), "{kind} {name:?}");
    }
}

#[test]
fn a_broker_shows_its_keys_and_hides_its_secrets() {
    let broker = Broker::with(&["ssl.key.password=hunter2", "compression.type=lz4"]);
    let mut client = broker.connect();
    let own = describe(&mut client, BROKER, "1", None);
    assert_eq!(own.error_code, 0);
    assert!(own.configs.len() > 250, "{}", own.configs.len());
    let find = |key: &str| own.configs.iter().find(|c| c.name.as_str() == key).unwrap();
    let shown = |key: &str| {
        let c = find(key);
        (c.value.as_deref().map(str::to_owned), c.config_source, c.read_only, c.is_sensitive, c.config_type)
    };
    assert_eq!(shown("compression.type"), (Some("lz4".into()), 4, false, false, 2));
    assert_eq!(shown("ssl.key.password"), (None, 4, false, true, 9));
    assert_eq!(shown("num.partitions"), (Some("1".into()), 5, true, false, 3));
    assert_eq!(shown("node.id"), (Some("1".into()), 4, true, false, 3));
    assert!(!format!("{own:?}").contains("hunter2"));
    // What was set for all brokers: nothing was.
    let cluster = describe(&mut client, BROKER, "", None);
    let set: Vec<(&str, &str)> =
        cluster.configs.iter().map(|c| (c.name.as_str(), c.value.as_deref().unwrap_or(""))).collect();
    assert_eq!((cluster.error_code, set), (0, vec![("min.insync.replicas", "1")]));
}

#[test]
fn what_cannot_be_set_at_create_is_told_as_kafka_tells_it() {
    let broker = Broker::start();
    let mut client = broker.connect();
    for (key, value, code, text) in INVALID {
        let result = client.call(&create_request(&unique("bad"), 1, &[(key, value)]), 7).topics.remove(0);
        assert_eq!((result.error_code, result.error_message.as_deref()), (*code, Some(*text)), "{key}={value}");
    }
    // Null is no value.
    let mut request = create_request(&unique("bad"), 1, &[("retention.ms", "1")]);
    request.topics[0].configs[0].value = None;
    let result = client.call(&request, 7).topics.remove(0);
    let text = "Null value not supported for topic configs: retention.ms";
    assert_eq!((result.error_code, result.error_message.as_deref()), (40, Some(text)));
}

const INVALID: &[(&str, &str, i16, &str)] = &[
    ("no.such.key", "1", 40, "Unknown topic config name: no.such.key"),
    ("retention.ms", "forever", 40, "Invalid value forever for configuration retention.ms: Not a number of type LONG"),
    ("retention.ms", "-2", 40, "Invalid value -2 for configuration retention.ms: Value must be at least -1"),
    (
        "cleanup.policy",
        "shred",
        40,
        "Invalid value shred for configuration cleanup.policy: String must be one of: compact, delete",
    ),
    ("segment.bytes", "1", 40, "Invalid value 1 for configuration segment.bytes: Value must be at least 1048576"),
    ("max.message.bytes", "-1", 40, "Invalid value -1 for configuration max.message.bytes: Value must be at least 0"),
    (
        "compression.type",
        "rar",
        40,
        "Invalid value rar for configuration compression.type: String must be one of: uncompressed, zstd, lz4, snappy, gzip, producer",
    ),
    ("min.insync.replicas", "0", 40, "Invalid value 0 for configuration min.insync.replicas: Value must be at least 1"),
    (
        "preallocate",
        "perhaps",
        40,
        "Invalid value perhaps for configuration preallocate: Expected value to be either true or false",
    ),
    (
        "message.timestamp.type",
        "Whenever",
        40,
        "Invalid value Whenever for configuration message.timestamp.type: String must be one of: CreateTime, LogAppendTime",
    ),
    (
        "remote.storage.enable",
        "true",
        40,
        "Tiered Storage functionality is disabled in the broker. Topic cannot be configured with remote log storage.",
    ),
    (
        "min.cleanable.dirty.ratio",
        "2",
        40,
        "Invalid value 2.0 for configuration min.cleanable.dirty.ratio: Value must be no more than 1",
    ),
];

#[test]
fn what_cannot_be_altered_is_told_as_kafka_tells_it() {
    let broker = Broker::start();
    let mut client = broker.connect();
    let topic = unique("altered");
    create(&mut client, &topic, 1, &[]);
    for (key, value, code, text) in INVALID {
        assert_eq!(alter(&mut client, &topic, &[(key, SET, Some(value))]), (*code, (*text).to_owned()));
    }
    let absent = unique("absent");
    let gone = format!("The topic '{absent}' does not exist.");
    type Changes<'a> = &'a [(&'a str, i8, Option<&'a str>)];
    let cases: &[(&str, Changes<'_>, i16, &str)] = &[
        (&absent, &[("retention.ms", SET, Some("1"))], 3, &gone),
        (&topic, &[("retention.ms", SET, None)], 42, "Null value not supported for : retention.ms"),
        (
            &topic,
            &[("retention.ms", APPEND, Some("1"))],
            40,
            "Can't APPEND to key retention.ms because its type is not LIST.",
        ),
        (
            &topic,
            &[("retention.ms", SUBTRACT, Some("1"))],
            40,
            "Can't SUBTRACT to key retention.ms because its type is not LIST.",
        ),
        (
            &topic,
            &[("no.such.key", APPEND, Some("1"))],
            40,
            "Can't APPEND to key no.such.key because its type is not LIST.",
        ),
        (&topic, &[("no.such.key", DELETE, None)], 0, ""),
        (
            &topic,
            &[("retention.ms", SET, Some("1")), ("retention.ms", DELETE, None)],
            42,
            "Error due to duplicate config keys",
        ),
        (
            &topic,
            &[("retention.ms", SET, Some("1000")), ("flush.ms", SET, Some("x"))],
            40,
            "Invalid value x for configuration flush.ms: Not a number of type LONG",
        ),
        (&topic, &[("cleanup.policy", APPEND, Some("delete"))], 0, ""),
        (
            &topic,
            &[("cleanup.policy", APPEND, Some("shred"))],
            40,
            "Invalid value shred for configuration cleanup.policy: String must be one of: compact, delete",
        ),
        (&topic, &[("cleanup.policy", SUBTRACT, Some("compact"))], 0, ""),
        (&topic, &[], 0, ""),
    ];
    for (topic, changes, code, text) in cases {
        assert_eq!(alter(&mut client, topic, changes), (*code, (*text).to_owned()), "{changes:?}");
    }
    // An operation that nobody knows: Kafka stumbles over it with UNKNOWN_SERVER_ERROR.
    assert_ne!(alter(&mut client, &topic, &[("retention.ms", 9, Some("1"))]).0, 0);
    assert_eq!(value(&mut client, &topic, "retention.ms"), ("604800000".into(), 5), "all or nothing");
}

#[test]
fn changes_take_effect_before_they_are_answered() {
    let broker = Broker::start();
    let mut client = broker.connect();
    let topic = unique("altered");
    create(&mut client, &topic, 1, &[]);
    let big = batch(&[&"x".repeat(500)]);
    assert_eq!(produce(&mut client, &topic, big.clone()).error_code, 0);
    assert_eq!(alter(&mut client, &topic, &[("max.message.bytes", SET, Some("300"))]), (0, String::new()));
    assert_eq!(value(&mut client, &topic, "max.message.bytes"), ("300".into(), 1));
    if broker.is_oracle() {
        wait_for("the change", || produce(&mut client, &topic, big.clone()).error_code == 10);
    }
    assert_eq!(produce(&mut client, &topic, big.clone()).error_code, 10);
    assert_eq!(alter(&mut client, &topic, &[("max.message.bytes", DELETE, None)]).0, 0);
    assert_eq!(value(&mut client, &topic, "max.message.bytes"), ("1048588".into(), 5));
    if !broker.is_oracle() {
        assert_eq!(produce(&mut client, &topic, big).error_code, 0);
    }
}

#[test]
fn lists_grow_and_shrink() {
    let broker = Broker::start();
    let mut client = broker.connect();
    let topic = unique("altered");
    create(&mut client, &topic, 1, &[]);
    let mut step = |change| {
        assert_eq!(alter(&mut client, &topic, &[change]).0, 0);
        value(&mut client, &topic, "cleanup.policy").0
    };
    assert_eq!(step(("cleanup.policy", APPEND, Some("compact"))), "delete,compact");
    assert_eq!(step(("cleanup.policy", APPEND, Some("compact"))), "delete,compact");
    assert_eq!(step(("cleanup.policy", SUBTRACT, Some("delete"))), "compact");
    assert_eq!(step(("cleanup.policy", DELETE, None)), "delete");
}

#[test]
fn validate_only_changes_nothing() {
    let broker = Broker::start();
    let mut client = broker.connect();
    let topic = unique("altered");
    create(&mut client, &topic, 1, &[]);
    let request = alter_request(TOPIC, &topic, &[("retention.ms", SET, Some("5"))]).with_validate_only(true);
    assert_eq!(client.call(&request, 1).responses[0].error_code, 0);
    assert_eq!(value(&mut client, &topic, "retention.ms").1, 5);
    let request = alter_request(TOPIC, &topic, &[("retention.ms", SET, Some("x"))]).with_validate_only(true);
    assert_eq!(client.call(&request, 1).responses[0].error_code, 40);
}

#[test]
fn a_resource_that_occurs_twice_is_refused() {
    let broker = Broker::start();
    let mut client = broker.connect();
    let topic = unique("altered");
    create(&mut client, &topic, 1, &[]);
    let mut request = alter_request(TOPIC, &topic, &[("retention.ms", SET, Some("5"))]);
    request.resources.extend(alter_request(TOPIC, &topic, &[("flush.ms", SET, Some("5"))]).resources);
    let response = client.call(&request, 1);
    let told: Vec<(i16, &str)> =
        response.responses.iter().map(|r| (r.error_code, r.error_message.as_deref().unwrap_or(""))).collect();
    assert_eq!(told, [(42, "Each resource must appear at most once."); 2]);
    assert_eq!(value(&mut client, &topic, "retention.ms").1, 5);
}
