//! Renders docs/configuration.md from the table and checks that the committed page equals it.
//!
//! `OTTLA_UPDATE=1 cargo test -p ottla-base configuration_page` (scripts/configuration-page) writes it.

use super::def::{Default, table};
use super::layers::SAMPLE;
use super::*;
use std::collections::BTreeMap;
use std::fmt::Write as _;

const INTRODUCTION: &str = "\
# Configuration

<!-- Written by scripts/configuration-page from the table in src/base/src/config. Do not edit. -->

Ottla takes Apache Kafka 4.3's `server.properties` as it is. Every broker, topic, group and client metrics key of Kafka 4.3.1
is known: type, default, allowed values and dynamic mode are extracted from Kafka's own jars (`scripts/extract-config`). What a
key means is in Kafka's documentation; this page says what holds here: which keys have an effect in this build, and why the
others have none.

## Where a value comes from

A later one wins:

1. Kafka's default. When no file is given: the values of the next section.
2. The file: `ottla server.properties`.
3. An environment variable `KAFKA_SOME_KEY`, by the rule of Kafka's container image: drop `KAFKA_`, lower-case, then `___` is
   `-`, `__` is `_`, `_` is `.`. Variables that name no key (`KAFKA_HOME`, `KAFKA_OPTS`, Kubernetes' `KAFKA_PORT`) are ignored.
4. `--override key=value`.
5. `--port N`: the port of the first listener that is not a controller's.

A bad value stops the start with one sentence: the key, the value, what is allowed and where it was set. An unknown key is a
warning. A key that was set on purpose and has no effect yet is said at the start, with its reason. A listener's own keys
(`listener.name.<listener>.<key>`) are accepted for every key of the table.

Two values differ from Kafka's as long as nobody sets them:

- **The timing of elections.** Without `controller.quorum.election.timeout.ms` or `controller.quorum.fetch.timeout.ms` the
  quorum's heartbeat is 50 ms and an election starts after 200 to 400 ms of silence.
- **The budget of bytes.** Requests and responses of a node together hold 256 MiB at most unless `queued.max.request.bytes`
  says otherwise; −1, Kafka's \"no bound\", counts as not set, since everything is bounded here.

The column *changes* of broker keys is Kafka's: whether a running broker takes a new value. In this build broker keys are read
at the start only; the keys of topics can be altered at any time.
";

/// The page.
fn render() -> String {
    let mut page = INTRODUCTION.to_owned();
    page.push_str(
        "\n## Without a file\n\nKafka's sample file, except that there is no controller listener, data is in `ottla-logs` \
         under the temporary\ndirectory, and groups do not wait for their first members:\n\n```properties\n",
    );
    for (key, value) in SAMPLE {
        let _ = writeln!(page, "{key}={value}");
    }
    page.push_str("log.dirs=<temporary directory>/ottla-logs\n```\n");
    for (title, scope, keys) in [
        ("Broker keys", Scope::Broker, table(Scope::Broker)),
        ("Broker keys that exist dynamically only", Scope::Broker, generated::BROKER_DYNAMIC_ONLY),
        ("Topic keys", Scope::Topic, table(Scope::Topic)),
        ("Group keys", Scope::Group, table(Scope::Group)),
        ("Client metrics keys", Scope::ClientMetrics, table(Scope::ClientMetrics)),
    ] {
        section(&mut page, title, scope, keys);
    }
    page
}

fn section(page: &mut String, title: &str, scope: Scope, keys: &[ConfigDef]) {
    let effective: Vec<&ConfigDef> = keys.iter().filter(|def| def.effect() == Effect::Effective).collect();
    let _ = writeln!(page, "\n## {title}\n\n{} of {} have an effect.", effective.len(), keys.len());
    let mut reasons: BTreeMap<String, Vec<&ConfigDef>> = BTreeMap::new();
    for def in keys {
        match def.effect() {
            Effect::Effective => {}
            Effect::NoEffectYet(reason) => reasons.entry(format!("No effect yet: {reason}")).or_default().push(def),
            Effect::NoMeaning(reason) => reasons.entry(format!("No meaning here: {reason}")).or_default().push(def),
        }
    }
    if !effective.is_empty() {
        rows(page, scope, &effective);
    }
    for (reason, keys) in reasons {
        let _ = writeln!(page, "\n### {reason}");
        rows(page, scope, &keys);
    }
}

fn rows(page: &mut String, scope: Scope, keys: &[&ConfigDef]) {
    let broker = scope == Scope::Broker;
    page.push_str(if broker {
        "\n| key | type | default | allowed | changes |\n|---|---|---|---|---|\n"
    } else {
        "\n| key | type | default | allowed | a broker's default for it |\n|---|---|---|---|---|\n"
    });
    for def in keys {
        let default = match def.default {
            Default::Required => "(required)".to_owned(),
            Default::Null => "(none)".to_owned(),
            Default::Text("") => "(empty)".to_owned(),
            Default::Text("9223372036854775807") => "2^63 − 1".to_owned(),
            Default::Text("2147483647") => "2^31 − 1".to_owned(),
            Default::Text(text) => format!("`{text}`"),
        };
        let last = if broker {
            def.dynamic.kafka_name().to_owned()
        } else {
            let names: Vec<String> = def.synonyms.iter().map(|s| format!("`{}`", s.name)).collect();
            names.join(", ")
        };
        let allowed = def.valid_values.replace('|', "\\|");
        let ty = def.ty.kafka_name().to_lowercase();
        let internal = if def.internal { " (internal)" } else { "" };
        let _ = writeln!(page, "| `{}`{internal} | {ty} | {default} | {allowed} | {last} |", def.name);
    }
}

#[test]
fn configuration_page_equals_the_table() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/configuration.md");
    let page = render();
    if std::env::var_os("OTTLA_UPDATE").is_some() {
        std::fs::write(path, &page).unwrap();
    }
    let committed = std::fs::read_to_string(path).unwrap_or_default();
    assert!(committed == page, "docs/configuration.md is stale: run scripts/configuration-page");
}
