//! A topic's configuration: the typed settings in force, and the checks of `LogConfig.validate` with Kafka's texts.
//!
//! Pure. [`TopicSettings`] is a snapshot; whoever holds one takes a new one when an override or a broker default changes.

use super::def::{self, Scope};
use super::value::{ConfigError, Value, parse_value};
use super::values::Values;
use std::collections::BTreeMap;

/// The values of all topic keys, by name, as DescribeConfigs shows them (overrides of a topic, or a broker's defaults).
pub type TopicOverrides = BTreeMap<String, String>;

/// `TimestampType` of a log.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TimestampType {
    CreateTime,
    LogAppendTime,
}

/// `compression.type` of a topic.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TopicCompression {
    /// As the producer sent it.
    Producer,
    Uncompressed,
    Gzip,
    Snappy,
    Lz4,
    Zstd,
}

/// What is in force for one topic. Units are in the names; −1 means "no limit" where Kafka says so.
#[derive(Clone, Debug, PartialEq)]
pub struct TopicSettings {
    /// `internal.segment.bytes` when set (tests), else `segment.bytes`.
    pub segment_bytes: i32,
    pub segment_ms: i64,
    pub segment_jitter_ms: i64,
    pub segment_index_bytes: i32,
    pub flush_messages: i64,
    pub flush_ms: i64,
    pub retention_bytes: i64,
    pub retention_ms: i64,
    pub max_message_bytes: i32,
    pub index_interval_bytes: i32,
    pub file_delete_delay_ms: i64,
    pub delete_retention_ms: i64,
    pub min_compaction_lag_ms: i64,
    pub max_compaction_lag_ms: i64,
    pub min_cleanable_dirty_ratio: f64,
    /// `cleanup.policy` contains `compact`.
    pub compact: bool,
    /// `cleanup.policy` contains `delete`.
    pub delete: bool,
    pub unclean_leader_election_enable: bool,
    pub min_insync_replicas: i32,
    pub compression: TopicCompression,
    pub compression_gzip_level: i32,
    pub compression_lz4_level: i32,
    pub compression_zstd_level: i32,
    pub preallocate: bool,
    pub message_timestamp_type: TimestampType,
    pub message_timestamp_before_max_ms: i64,
    pub message_timestamp_after_max_ms: i64,
}

impl TopicSettings {
    /// `LogConfig.fromProps`: a topic's overrides over the broker's defaults. Overrides of unknown names are ignored; a
    /// value that does not parse is an error (it cannot come from an alteration that [`validate`] let pass).
    pub fn resolve(overrides: &TopicOverrides, defaults: &TopicDefaults) -> Result<TopicSettings, ConfigError> {
        let values = Values::parse(Scope::Topic, |name| {
            overrides.get(name).or_else(|| defaults.map.get(name)).map(String::as_str)
        })?;
        Ok(TopicSettings::from_values(&values))
    }

    /// The settings in a full set of parsed topic values.
    pub fn from_values(values: &Values) -> TopicSettings {
        let has_policy = |policy: &str| values.list("cleanup.policy").iter().any(|p| p.eq_ignore_ascii_case(policy));
        TopicSettings {
            segment_bytes: values.opt_int("internal.segment.bytes").unwrap_or_else(|| values.int("segment.bytes")),
            segment_ms: values.long("segment.ms"),
            segment_jitter_ms: values.long("segment.jitter.ms"),
            segment_index_bytes: values.int("segment.index.bytes"),
            flush_messages: values.long("flush.messages"),
            flush_ms: values.long("flush.ms"),
            retention_bytes: values.long("retention.bytes"),
            retention_ms: values.long("retention.ms"),
            max_message_bytes: values.int("max.message.bytes"),
            index_interval_bytes: values.int("index.interval.bytes"),
            file_delete_delay_ms: values.long("file.delete.delay.ms"),
            delete_retention_ms: values.long("delete.retention.ms"),
            min_compaction_lag_ms: values.long("min.compaction.lag.ms"),
            max_compaction_lag_ms: values.long("max.compaction.lag.ms"),
            min_cleanable_dirty_ratio: values.double("min.cleanable.dirty.ratio"),
            compact: has_policy("compact"),
            delete: has_policy("delete"),
            unclean_leader_election_enable: values.boolean("unclean.leader.election.enable"),
            min_insync_replicas: values.int("min.insync.replicas"),
            compression: match values.string("compression.type") {
                "uncompressed" => TopicCompression::Uncompressed,
                "gzip" => TopicCompression::Gzip,
                "snappy" => TopicCompression::Snappy,
                "lz4" => TopicCompression::Lz4,
                "zstd" => TopicCompression::Zstd,
                _ => TopicCompression::Producer,
            },
            compression_gzip_level: values.int("compression.gzip.level"),
            compression_lz4_level: values.int("compression.lz4.level"),
            compression_zstd_level: values.int("compression.zstd.level"),
            preallocate: values.boolean("preallocate"),
            message_timestamp_type: match values.string("message.timestamp.type") {
                "LogAppendTime" => TimestampType::LogAppendTime,
                _ => TimestampType::CreateTime,
            },
            message_timestamp_before_max_ms: values.long("message.timestamp.before.max.ms"),
            message_timestamp_after_max_ms: values.long("message.timestamp.after.max.ms"),
        }
    }

    /// `LogConfig.maxSegmentMs`: a compacted log also rolls when its records may be compacted at the latest.
    pub fn segment_ms_max(&self) -> i64 {
        if self.compact && self.max_compaction_lag_ms > 0 {
            self.max_compaction_lag_ms.min(self.segment_ms)
        } else {
            self.segment_ms
        }
    }
}

impl std::default::Default for TopicSettings {
    /// The settings of a topic without overrides on a broker without configuration.
    fn default() -> TopicSettings {
        let values = Values::parse(Scope::Topic, |_| None);
        // The generated defaults pass their own validators: the table's test parses each.
        TopicSettings::from_values(&values.unwrap_or_else(|error| panic!("{error}")))
    }
}

/// What a broker gives to topics without overrides (`KafkaConfig.extractLogConfigMap`), as texts.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct TopicDefaults {
    map: BTreeMap<&'static str, String>,
}

impl TopicDefaults {
    /// Extracts them from a broker's values.
    pub fn of(broker: &Values) -> TopicDefaults {
        let mut map = BTreeMap::new();
        for def in def::table(Scope::Topic) {
            let text = match def.name {
                "segment.ms" => hours_or(broker, "log.roll.ms", "log.roll.hours").to_string(),
                "segment.jitter.ms" => hours_or(broker, "log.roll.jitter.ms", "log.roll.jitter.hours").to_string(),
                "flush.ms" => {
                    let own = broker.opt_long("log.flush.interval.ms");
                    own.unwrap_or_else(|| broker.long("log.flush.scheduler.interval.ms")).to_string()
                }
                "retention.ms" => retention_ms(broker).to_string(),
                _ => match def.synonyms.first().and_then(|synonym| broker.get(synonym.name)) {
                    Some(value) => value.to_text(),
                    None => continue,
                },
            };
            map.insert(def.name, text);
        }
        TopicDefaults { map }
    }

    /// The default of one key, if brokers have one for it.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.map.get(name).map(String::as_str)
    }
}

/// `KafkaConfig.logRollTimeMillis` and its like.
pub(crate) fn hours_or(broker: &Values, ms: &str, hours: &str) -> i64 {
    broker.opt_long(ms).unwrap_or_else(|| 3_600_000 * broker.long(hours))
}

/// `KafkaConfig.logRetentionTimeMillis`.
pub(crate) fn retention_ms(broker: &Values) -> i64 {
    let minutes = || broker.opt_long("log.retention.minutes").map(|minutes| 60_000 * minutes);
    let ms = broker.opt_long("log.retention.ms").or_else(minutes);
    ms.unwrap_or_else(|| 3_600_000 * broker.long("log.retention.hours")).max(-1)
}

/// `LogConfig.validate`, as the controller calls it for a creation or an alteration: all of a topic's overrides after the
/// change, and those before it. `remote_storage_enabled` is `remote.log.storage.system.enable`. The texts go with
/// INVALID_CONFIG.
pub fn validate(
    existing: &TopicOverrides,
    new: &TopicOverrides,
    defaults: &TopicDefaults,
    remote_storage_enabled: bool,
) -> Result<(), ConfigError> {
    validate_names(new.keys().map(String::as_str))?;
    let values = Values::parse(Scope::Topic, |name| new.get(name).map(String::as_str).or_else(|| defaults.get(name)))?;
    validate_lags(&values)?;
    if values.boolean("remote.storage.enable") {
        validate_remote(&values, remote_storage_enabled)
    } else {
        let was_remote = existing.get("remote.storage.enable").is_some_and(|v| v.eq_ignore_ascii_case("true"));
        if was_remote && !values.boolean("remote.log.delete.on.disable") {
            return Err(ConfigError(
                "It is invalid to disable remote storage without deleting remote data. If you want to keep the remote \
                 data and turn to read only, please set `remote.storage.enable=true,remote.log.copy.disable=true`. If you \
                 want to disable remote storage and delete all remote data, please set \
                 `remote.storage.enable=false,remote.log.delete.on.disable=true`."
                    .to_owned(),
            ));
        }
        Ok(())
    }
}

/// `LogConfig.validateNames`.
pub fn validate_names<'a>(names: impl IntoIterator<Item = &'a str>) -> Result<(), ConfigError> {
    match names.into_iter().find(|name| def::find(Scope::Topic, name).is_none()) {
        Some(name) => Err(ConfigError(format!("Unknown topic config name: {name}"))),
        None => Ok(()),
    }
}

/// Parses one value of a topic key as it would be in force, for callers that need a single one.
pub fn parse_one(name: &str, text: &str) -> Result<Option<Value>, ConfigError> {
    match def::find(Scope::Topic, name) {
        Some(def) => parse_value(def, Some(Some(text))),
        None => Err(ConfigError(format!("Unknown topic config name: {name}"))),
    }
}

/// `LogConfig.validateValues`.
fn validate_lags(values: &Values) -> Result<(), ConfigError> {
    let (min, max) = (values.long("min.compaction.lag.ms"), values.long("max.compaction.lag.ms"));
    if min > max {
        return Err(ConfigError(format!(
            "conflict topic config setting min.compaction.lag.ms ({min}) > max.compaction.lag.ms ({max})"
        )));
    }
    Ok(())
}

fn validate_remote(values: &Values, system_enabled: bool) -> Result<(), ConfigError> {
    if !system_enabled {
        return Err(ConfigError(
            "Tiered Storage functionality is disabled in the broker. Topic cannot be configured with remote log storage."
                .to_owned(),
        ));
    }
    let policy = values.list("cleanup.policy");
    if !policy.is_empty() && policy != ["delete"] {
        return Err(ConfigError(
            "Remote log storage only supports topics with cleanup.policy=delete or cleanup.policy being an empty list."
                .to_owned(),
        ));
    }
    for (limit, local, unlimited_is_any_negative) in
        [("retention.bytes", "local.retention.bytes", true), ("retention.ms", "local.retention.ms", false)]
    {
        let (limit_value, local_value) = (values.long(limit), values.long(local));
        let limited = if unlimited_is_any_negative { limit_value > -1 } else { limit_value != -1 };
        if !limited || local_value == -2 {
            continue;
        }
        if local_value == -1 {
            let message = format!("Value must not be -1 as {limit} value is set as {limit_value}.");
            return Err(ConfigError::invalid(local, local_value, message));
        }
        if local_value > limit_value {
            let message = format!("Value must not be more than {limit} property value: {limit_value}");
            return Err(ConfigError::invalid(local, local_value, message));
        }
    }
    if values.boolean("remote.log.copy.disable") {
        for (limit, local) in [("retention.bytes", "local.retention.bytes"), ("retention.ms", "local.retention.ms")] {
            let local_value = values.long(local);
            if local_value != -2 && local_value != values.long(limit) {
                return Err(ConfigError(format!(
                    "When `remote.log.copy.disable` is set to true, the `{local}` and `{limit}` must be set to the identical \
                     value because there will be no more logs copied to the remote storage."
                )));
            }
        }
    }
    Ok(())
}
