//! What Apache Kafka says to good and bad configuration, replayed: `tests/golden/config-validation.tsv`, recorded by
//! `scripts/extract-config --texts`.

use super::dynamic::{BrokerResource, DynamicConfigs};
use super::*;
use std::collections::BTreeMap;

const GOLDEN: &str = include_str!("../../../../tests/golden/config-validation.tsv");

/// The node that the recording uses.
const NODE: [(&str, &str); 5] = [
    ("process.roles", "broker,controller"),
    ("node.id", "1"),
    ("controller.quorum.voters", "1@localhost:9093"),
    ("controller.listener.names", "CONTROLLER"),
    ("listeners", "PLAINTEXT://:9092,CONTROLLER://:9093"),
];

#[test]
fn every_recorded_answer_is_the_same_here() {
    let node = BrokerConfig::new(Settings::from_pairs(NODE)).unwrap();
    let mut wrong = Vec::new();
    let mut count = 0;
    let skipped = ["#", "describe\t", "entry\t", "created\t"];
    for line in GOLDEN.lines().filter(|line| !skipped.iter().any(|kind| line.starts_with(kind))) {
        let fields: Vec<String> = line.split('\t').map(unescape).collect();
        let fields: Vec<&str> = fields.iter().map(String::as_str).collect();
        let (expected, actual) = match fields[..] {
            ["value", scope, key, text, kind, result] => (format!("{kind}\t{result}"), value(scope, key, text)),
            ["order", scope, names] => (names.to_owned(), order(&node, scope)),
            ["topic", spec, kind, result] => (format!("{kind}\t{result}"), outcome(topic(&node, spec))),
            ["group", spec, kind, result] => {
                (format!("{kind}\t{result}"), outcome(group::validate(&pairs(spec), &node.values)))
            }
            ["metrics", spec, kind, result] => {
                let said = group::validate_client_metrics("subscription", &pairs(spec));
                (format!("{kind}\t{result}"), outcome(said.map_err(|e| ConfigError(e.to_string()))))
            }
            ["dynamic", resource, spec, kind, result] => {
                let resource = if resource == "cluster" { BrokerResource::Cluster } else { BrokerResource::Own };
                (format!("{kind}\t{result}"), outcome(dynamic::validate(&pairs(spec), resource)))
            }
            ["broker", spec, kind, result] => (format!("{kind}\t{result}"), outcome(broker(spec))),
            _ => panic!("a line of another form: {line}"),
        };
        count += 1;
        if expected != actual {
            wrong.push(format!("{line}\n      here: {actual}"));
        }
    }
    assert!(count > 1_000, "{count} cases");
    assert!(wrong.is_empty(), "{} of {count} differ:\n{}", wrong.len(), wrong.join("\n"));
}

fn unescape(field: &str) -> String {
    field.replace("\\t", "\t").replace("\\n", "\n").replace("\\\\", "\\")
}

fn outcome(result: Result<(), ConfigError>) -> String {
    result.map_or_else(|error| format!("error\t{error}"), |()| "ok\t".to_owned())
}

fn pairs(spec: &str) -> BTreeMap<String, String> {
    spec.split(";;").filter_map(|pair| pair.split_once('=')).map(|(k, v)| (k.to_owned(), v.to_owned())).collect()
}

fn scope(name: &str) -> Scope {
    match name {
        "Broker" => Scope::Broker,
        "Topic" => Scope::Topic,
        "Group" => Scope::Group,
        _ => Scope::ClientMetrics,
    }
}

fn value(scope_name: &str, key: &str, text: &str) -> String {
    let def = def::find(scope(scope_name), key).unwrap();
    match value::parse_value(def, Some(Some(text))) {
        // A password's own text is hidden by Java's toString, too.
        Ok(Some(parsed @ Value::Password(_))) => format!("ok\t{parsed}"),
        Ok(Some(parsed)) => format!("ok\t{}", parsed.to_text()),
        Ok(None) => "null\t".to_owned(),
        Err(error) => format!("error\t{error}"),
    }
}

fn order(node: &BrokerConfig, scope: &str) -> String {
    let none = BTreeMap::new();
    let dynamic = DynamicConfigs { broker: &none, cluster: &none };
    let entries = match scope {
        "Broker" => describe::broker(node, dynamic),
        "Topic" => describe::topic(node, dynamic, &none).unwrap(),
        "Group" => describe::group(node, dynamic, &none).unwrap(),
        _ => describe::client_metrics(&none).unwrap(),
    };
    let names: Vec<String> = entries.into_iter().map(|entry| entry.name).collect();
    names.join(",")
}

fn topic(node: &BrokerConfig, spec: &str) -> Result<(), ConfigError> {
    let mut new = pairs(spec);
    let remote = new.remove("remote").is_some_and(|v| v == "true");
    let existing: BTreeMap<String, String> =
        new.iter().filter_map(|(k, v)| Some((k.strip_prefix("was:")?.to_owned(), v.clone()))).collect();
    new.retain(|key, _| !key.starts_with("was:"));
    topic::validate(&existing, &new, &node.topic_defaults, remote)
}

fn broker(spec: &str) -> Result<(), ConfigError> {
    node(spec).map(|_| ())
}

fn node(spec: &str) -> Result<BrokerConfig, ConfigError> {
    let mut all: BTreeMap<String, String> = NODE.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned())).collect();
    for (key, value) in pairs(spec) {
        if value == "-" {
            all.remove(&key);
        } else {
            all.insert(key, value);
        }
    }
    let settings = Settings::from_pairs(all.iter().map(|(k, v)| (k.as_str(), v.as_str())));
    BrokerConfig::new(settings.without_places())
}

#[test]
fn describe_configs_answers_as_kafka_did() {
    let mut lines = GOLDEN.lines().filter(|l| l.starts_with("describe\t") || l.starts_with("entry\t")).peekable();
    let mut cases = 0;
    while let Some(case) = lines.next() {
        let mut expected = Vec::new();
        while let Some(entry) = lines.next_if(|line| line.starts_with("entry\t")) {
            expected.push(entry.to_owned());
        }
        let mut actual = describe(case);
        if case.contains("BROKER:\t") {
            // Here the order is that of a Scala map.
            expected.sort();
            actual.sort();
        }
        for (expected, actual) in expected.iter().zip(&actual) {
            assert_eq!(actual, expected, "{case}");
        }
        assert_eq!(actual.len(), expected.len(), "{case}");
        cases += 1;
    }
    assert_eq!(cases, 10);
}

fn describe(case: &str) -> Vec<String> {
    let fields: Vec<&str> = case.split('\t').collect();
    let [_, statics, cluster, own, resource, overrides] = fields[..] else { panic!("{case}") };
    let node = node(statics).unwrap();
    let (cluster, own, overrides) = (pairs(cluster), pairs(own), pairs(overrides));
    let dynamic = DynamicConfigs { broker: &own, cluster: &cluster };
    let entries = match resource {
        "TOPIC:t" => describe::topic(&node, dynamic, &overrides).unwrap(),
        "GROUP:g" => describe::group(&node, dynamic, &overrides).unwrap(),
        "CLIENT_METRICS:m" => describe::client_metrics(&overrides).unwrap(),
        "BROKER:1" => describe::broker(&node, dynamic),
        _ => describe::cluster(&node, dynamic),
    };
    let shown = |value: &Option<String>| value.as_ref().map_or("-".to_owned(), |v| format!("={v}"));
    let recorded = |e: &&describe::DescribedConfig| {
        !(resource.starts_with("BROKER") && e.is_default() && e.synonyms.len() == 1 && !e.sensitive)
    };
    let line = |e: &describe::DescribedConfig| {
        let synonyms: Vec<String> =
            e.synonyms.iter().map(|s| format!("{}{}@{}", s.name, shown(&s.value), s.source as i8)).collect();
        let (value, source, synonyms) = (shown(&e.value), e.source as i8, synonyms.join(" "));
        format!("entry\t{}\t{value}\t{source}\t{}\t{}\t{}\t{synonyms}", e.name, e.type_code, e.read_only, e.sensitive)
    };
    entries.iter().filter(recorded).map(line).collect()
}

#[test]
fn created_topics_are_described_as_kafka_does() {
    let mut case = None;
    let mut count = 0;
    for line in GOLDEN.lines() {
        match line.split('\t').collect::<Vec<_>>()[..] {
            ["describe", statics, cluster, own, "TOPIC:t", overrides] => {
                let config = node(statics).unwrap();
                let (cluster, own) = (pairs(cluster), pairs(own));
                let dynamic = DynamicConfigs { broker: &own, cluster: &cluster };
                case = Some(describe::created_topic(&config, dynamic, &pairs(overrides)).into_iter());
            }
            ["created", name, value, source] => {
                let ours = case.as_mut().and_then(Iterator::next).unwrap();
                let shown = ours.value.map_or("-".to_owned(), |v| format!("={v}"));
                assert_eq!(
                    (ours.name.as_str(), shown.as_str(), ours.source as i8),
                    (name, value, source.parse().unwrap())
                );
                count += 1;
            }
            _ => {}
        }
    }
    assert!(count > 100, "{count}");
}

#[test]
fn a_change_of_a_broker_is_refused_when_the_whole_would_not_start() {
    let config = node("").unwrap();
    let none = BTreeMap::new();
    let dynamic = DynamicConfigs { broker: &none, cluster: &none };
    let change = |spec: &str| dynamic::validate_change(&config, dynamic, &pairs(spec), BrokerResource::Own);
    assert_eq!(change("message.max.bytes=5"), Ok(()));
    assert_eq!(
        change("log.roll.ms=0").unwrap_err().to_string(),
        "requirement failed: log.roll.ms must be greater than or equal to 1"
    );
}
