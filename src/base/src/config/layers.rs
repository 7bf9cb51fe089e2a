//! Where a node's settings come from: Kafka's defaults < (without a file: [`SAMPLE`]) < the file < `KAFKA_*` variables <
//! `--override` < `--port`.
//!
//! Pure: the file's bytes, the environment and the overrides are handed in. Each setting keeps its [`Origin`], so that a
//! refusal can say where the value was set.

use super::def::{self, Scope};
use super::value::ConfigError;
use java_properties::{LineContent, PropertiesIter};
use std::collections::BTreeMap;
use std::fmt;
use std::path::PathBuf;

/// What holds without a file, where it differs from Kafka's defaults: Kafka's sample `server.properties` without its
/// controller listener (a quorum of one needs none). `log.dirs` is added by the caller, who knows the temporary directory.
pub const SAMPLE: &[(&str, &str)] = &[
    ("process.roles", "broker,controller"),
    ("node.id", "1"),
    ("listeners", "PLAINTEXT://localhost:9092"),
    ("advertised.listeners", "PLAINTEXT://localhost:9092"),
    ("inter.broker.listener.name", "PLAINTEXT"),
    ("num.network.threads", "3"),
    ("num.io.threads", "8"),
    ("socket.send.buffer.bytes", "102400"),
    ("socket.receive.buffer.bytes", "102400"),
    ("socket.request.max.bytes", "104857600"),
    ("num.partitions", "1"),
    ("num.recovery.threads.per.data.dir", "1"),
    ("offsets.topic.replication.factor", "1"),
    ("share.coordinator.state.topic.replication.factor", "1"),
    ("share.coordinator.state.topic.min.isr", "1"),
    ("transaction.state.log.replication.factor", "1"),
    ("transaction.state.log.min.isr", "1"),
    ("log.retention.hours", "168"),
    ("log.segment.bytes", "1073741824"),
    ("log.retention.check.interval.ms", "300000"),
    ("group.initial.rebalance.delay.ms", "0"),
];

/// Where a value was set.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Origin {
    /// Nowhere: the default of Kafka.
    Default,
    /// Nowhere, and no file was given: [`SAMPLE`].
    Sample,
    File {
        path: PathBuf,
        line: usize,
    },
    /// The variable's own name.
    Environment(String),
    /// A flag of the command line, as typed.
    Flag(String),
    /// While the node ran.
    Dynamic,
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Origin::Default => f.write_str("by default"),
            Origin::Sample => f.write_str("by default (no file was given)"),
            Origin::File { path, line } => write!(f, "in {}, line {line}", path.display()),
            Origin::Environment(name) => write!(f, "by the environment variable {name}"),
            Origin::Dynamic => f.write_str("dynamically"),
            Origin::Flag(flag) => write!(f, "on the command line by {flag}"),
        }
    }
}

/// One value that somebody set.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Setting {
    pub value: String,
    pub origin: Origin,
}

/// Everything that was set, by key; unknown keys too.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Settings {
    entries: BTreeMap<String, Setting>,
    /// Whether a file was given.
    pub has_file: bool,
    /// See [`Settings::without_places`].
    bare_texts: bool,
}

/// What [`Settings::load`] reads.
#[derive(Clone, Debug, Default)]
pub struct Sources<'a> {
    /// Path (for messages) and content of the file.
    pub file: Option<(PathBuf, &'a [u8])>,
    /// All environment variables; those that do not name a key are ignored.
    pub environment: Vec<(String, String)>,
    /// The texts of `--override key=value`.
    pub overrides: Vec<String>,
    /// `--port`: replaces the port of the first listener that is not a controller's.
    pub port: Option<u16>,
    /// `log.dirs` when there is no file and nobody sets it.
    pub default_log_dir: String,
}

impl Settings {
    /// Layers the sources. Fails on a file that is not a properties file, on an override without `=`.
    pub fn load(sources: Sources<'_>) -> Result<Settings, ConfigError> {
        let mut settings = Settings { has_file: sources.file.is_some(), ..Settings::default() };
        match sources.file {
            Some((path, bytes)) => settings.read_file(path, bytes)?,
            None => {
                for (key, value) in SAMPLE {
                    settings.set(key, value, Origin::Sample);
                }
                settings.set("log.dirs", &sources.default_log_dir, Origin::Sample);
            }
        }
        for (name, value) in sources.environment {
            if let Some(key) = environment_key(&name) {
                settings.supersede(&key, &value, Origin::Environment(name));
            }
        }
        for text in sources.overrides {
            let Some((key, value)) = text.split_once('=') else {
                return Err(ConfigError(format!("--override {text} is not of the form key=value")));
            };
            settings.supersede(key.trim(), value, Origin::Flag(format!("--override {text}")));
        }
        if let Some(port) = sources.port {
            settings.apply_port(port);
        }
        Ok(settings)
    }

    /// Settings made from pairs, as if a file had held them (line numbers count up from 1).
    pub fn from_pairs<'a>(pairs: impl IntoIterator<Item = (&'a str, &'a str)>) -> Settings {
        let mut settings = Settings { has_file: true, ..Settings::default() };
        for (i, (key, value)) in pairs.into_iter().enumerate() {
            settings.set(key, value, Origin::File { path: PathBuf::from("server.properties"), line: i + 1 });
        }
        settings
    }

    /// Errors about these settings are Kafka's texts alone, without what is allowed and where the value was set: what a
    /// client is told.
    pub fn without_places(mut self) -> Settings {
        self.bare_texts = true;
        self
    }

    /// Whether errors go beyond Kafka's texts.
    pub(super) fn has_places(&self) -> bool {
        !self.bare_texts
    }

    /// Sets or replaces one value.
    pub fn set(&mut self, key: &str, value: &str, origin: Origin) {
        self.entries.insert(key.to_owned(), Setting { value: value.to_owned(), origin });
    }

    /// Forgets one value.
    pub fn remove(&mut self, key: &str) {
        self.entries.remove(key);
    }

    /// The setting of `key`, if there is one.
    pub fn get(&self, key: &str) -> Option<&Setting> {
        self.entries.get(key)
    }

    /// All settings in order of their keys.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &Setting)> {
        self.entries.iter().map(|(key, setting)| (key.as_str(), setting))
    }

    /// Where the value of `key` comes from.
    pub fn origin(&self, key: &str) -> &Origin {
        self.get(key).map_or(&Origin::Default, |setting| &setting.origin)
    }

    /// Keys that were set and that nothing knows, in order.
    pub fn unknown_keys(&self) -> Vec<&str> {
        self.entries.keys().map(String::as_str).filter(|key| !is_known(key)).collect()
    }

    fn read_file(&mut self, path: PathBuf, bytes: &[u8]) -> Result<(), ConfigError> {
        for line in PropertiesIter::new(bytes) {
            let line =
                line.map_err(|error| ConfigError(format!("{} is not a properties file: {error}", path.display())))?;
            if let LineContent::KVPair(key, value) = line.content() {
                self.set(key, value, Origin::File { path: path.clone(), line: line.line_number() });
            }
        }
        Ok(())
    }

    /// Sets a value of a higher layer. Without a file, what was set on purpose must not fight with the sample: a listener of
    /// one's own makes the sample's advertised address and inter-broker listener meaningless, a retention in other units would
    /// lose against the sample's hours only in appearance (Kafka prefers the finer unit), `log.dir` would lose to `log.dirs`.
    fn supersede(&mut self, key: &str, value: &str, origin: Origin) {
        let overruled: &[&str] = match key {
            "listeners" => &["advertised.listeners", "inter.broker.listener.name"],
            "security.inter.broker.protocol" => &["inter.broker.listener.name"],
            "log.dir" => &["log.dirs"],
            "broker.id" => &["node.id"],
            _ => &[],
        };
        for other in overruled {
            if self.origin(other) == &Origin::Sample {
                self.entries.remove(*other);
            }
        }
        self.set(key, value, origin);
    }

    fn apply_port(&mut self, port: u16) {
        let origin = Origin::Flag(format!("--port {port}"));
        let controllers: Vec<String> =
            self.get("controller.listener.names").map(|s| super::value::split_list(s.value.trim())).unwrap_or_default();
        let with_port = |listeners: &str| {
            let mut done = false;
            let parts: Vec<String> = super::value::split_list(listeners.trim())
                .into_iter()
                .map(|listener| {
                    let name = listener.split(':').next().unwrap_or_default();
                    match listener.rsplit_once(':') {
                        Some((rest, _)) if !done && !controllers.iter().any(|c| c.eq_ignore_ascii_case(name)) => {
                            done = true;
                            format!("{rest}:{port}")
                        }
                        _ => listener,
                    }
                })
                .collect();
            parts.join(",")
        };
        let listeners = self.get("listeners").map_or("PLAINTEXT://:9092", |s| s.value.as_str());
        let listeners = with_port(listeners);
        self.set("listeners", &listeners, origin.clone());
        // The sample's advertised address names the sample's port.
        if let Some(advertised) = self.get("advertised.listeners").filter(|s| s.origin == Origin::Sample) {
            let advertised = with_port(&advertised.value);
            self.set("advertised.listeners", &advertised, origin);
        }
    }
}

/// Whether a key may stand in a broker's file: one of the table, one of a listener, or one of a plug-in's name space.
pub fn is_known(key: &str) -> bool {
    def::find(Scope::Broker, key).is_some()
        || listener_base_key(key).is_some()
        || ["config.providers.", "rsm.config.", "rlmm.config."].iter().any(|prefix| key.starts_with(prefix))
}

/// The key of the table that `listener.name.<listener>.[<mechanism>.]<key>` sets for one listener.
pub fn listener_base_key(key: &str) -> Option<&'static def::ConfigDef> {
    let (_, rest) = key.strip_prefix("listener.name.")?.split_once('.')?;
    def::find(Scope::Broker, rest).or_else(|| def::find(Scope::Broker, rest.split_once('.')?.1))
}

/// The key that an environment variable sets, by the rule of Kafka's container image: `KAFKA_` is dropped, `___` is `-`,
/// `__` is `_`, `_` is `.`. `None` when the result is no key, so that `KAFKA_HOME`, `KAFKA_OPTS` or Kubernetes' `KAFKA_PORT`
/// do no harm.
pub fn environment_key(variable: &str) -> Option<String> {
    let first = variable.strip_prefix("KAFKA_")?;
    // The image drops every "KAFKA_"; keys that hold the word themselves (kafka.metrics.reporters) need the second form.
    [variable.replace("KAFKA_", ""), first.to_owned()]
        .into_iter()
        .map(|name| dotted(&name))
        .find(|key| def::find(Scope::Broker, key).is_some() || listener_base_key(key).is_some())
}

fn dotted(name: &str) -> String {
    name.to_lowercase().replace('_', ".").replace("...", "-").replace("..", "_")
}
