//! What setting a key does in this build. Hand-written, beside the generated table; moving a key from one list to another is
//! the whole change when it gets an effect.
//!
//! Rule of a look-up: [`EFFECTIVE`] first, then the first entry of [`REASONS`] whose pattern matches; what nothing matches
//! has no effect yet, for the plain reason that nothing reads it.

use super::def::{ConfigDef, Scope};

/// What setting a key does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Effect {
    /// It does what Kafka's documentation says.
    Effective,
    /// It is accepted and shown; what it governs is not built yet.
    NoEffectYet(&'static str),
    /// It is accepted and shown; what it governs does not exist in this design.
    NoMeaning(&'static str),
}

/// The effect of a key.
pub fn of(def: &ConfigDef) -> Effect {
    if EFFECTIVE.iter().any(|(scope, names)| *scope == def.scope && names.contains(&def.name)) {
        return Effect::Effective;
    }
    REASONS
        .iter()
        .find(|(scope, pattern, _)| *scope == def.scope && matches(pattern, def.name))
        .map_or(Effect::NoEffectYet("nothing reads it yet"), |(_, _, effect)| *effect)
}

/// A pattern is a name, or a prefix when it ends in `*`.
fn matches(pattern: &str, name: &str) -> bool {
    match pattern.strip_suffix('*') {
        Some(prefix) => name.starts_with(prefix),
        None => name == pattern,
    }
}

/// Keys that do what Kafka says.
const EFFECTIVE: &[(Scope, &[&str])] = &[(Scope::Broker, EFFECTIVE_BROKER), (Scope::Topic, EFFECTIVE_TOPIC)];

const EFFECTIVE_BROKER: &[&str] = &[
    // Identity, roles, listeners, quorum.
    "node.id",
    "broker.id",
    "broker.rack",
    "process.roles",
    "listeners",
    "advertised.listeners",
    "listener.security.protocol.map",
    "controller.listener.names",
    "inter.broker.listener.name",
    "security.inter.broker.protocol",
    "controller.quorum.voters",
    "controller.quorum.bootstrap.servers",
    // Directories.
    "log.dir",
    "log.dirs",
    "metadata.log.dir",
    // Sockets and memory.
    "socket.request.max.bytes",
    "socket.send.buffer.bytes",
    "socket.receive.buffer.bytes",
    "socket.listen.backlog.size",
    "connections.max.idle.ms",
    "max.connections",
    "max.connections.per.ip",
    "max.connections.per.ip.overrides",
    "queued.max.request.bytes",
    // Topics.
    "num.partitions",
    "default.replication.factor",
    "auto.create.topics.enable",
    "delete.topic.enable",
    "min.insync.replicas",
    "message.max.bytes",
    "compression.type",
    "compression.gzip.level",
    "compression.lz4.level",
    "compression.zstd.level",
    "fetch.max.bytes",
    "max.incremental.fetch.session.cache.slots",
    "max.request.partition.size.limit",
    // Logs.
    "log.segment.bytes",
    "log.roll.ms",
    "log.roll.hours",
    "log.roll.jitter.ms",
    "log.roll.jitter.hours",
    "log.retention.ms",
    "log.retention.minutes",
    "log.retention.hours",
    "log.retention.bytes",
    "log.retention.check.interval.ms",
    "log.cleanup.policy",
    "log.index.interval.bytes",
    "log.index.size.max.bytes",
    "log.flush.interval.messages",
    "log.flush.interval.ms",
    "log.flush.scheduler.interval.ms",
    "log.flush.offset.checkpoint.interval.ms",
    "log.flush.start.offset.checkpoint.interval.ms",
    "log.message.timestamp.type",
    "log.message.timestamp.before.max.ms",
    "log.message.timestamp.after.max.ms",
    "log.segment.delete.delay.ms",
    "replica.high.watermark.checkpoint.interval.ms",
    "log.initial.task.delay.ms",
    "producer.id.expiration.ms",
    "producer.id.expiration.check.interval.ms",
    // Groups and offsets.
    "group.min.session.timeout.ms",
    "group.max.session.timeout.ms",
    "group.initial.rebalance.delay.ms",
    "group.max.size",
    "offset.metadata.max.bytes",
    "offsets.commit.timeout.ms",
    "offsets.load.buffer.size",
    "offsets.retention.minutes",
    "offsets.retention.check.interval.ms",
    "offsets.topic.num.partitions",
    "offsets.topic.replication.factor",
    "offsets.topic.segment.bytes",
    "offsets.topic.compression.codec",
    // Controller.
    "broker.heartbeat.interval.ms",
    "broker.session.timeout.ms",
    "initial.broker.registration.timeout.ms",
    "controller.quorum.election.timeout.ms",
    "metadata.log.segment.bytes",
    "metadata.log.segment.ms",
    "metadata.max.retention.bytes",
    "metadata.log.max.record.bytes.between.snapshots",
    "metadata.log.max.snapshot.interval.ms",
];

const EFFECTIVE_TOPIC: &[&str] = &[
    "cleanup.policy",
    "compression.type",
    "compression.gzip.level",
    "compression.lz4.level",
    "compression.zstd.level",
    "file.delete.delay.ms",
    "flush.messages",
    "flush.ms",
    "index.interval.bytes",
    "internal.segment.bytes",
    "max.message.bytes",
    "message.timestamp.after.max.ms",
    "message.timestamp.before.max.ms",
    "message.timestamp.type",
    "min.insync.replicas",
    "retention.bytes",
    "retention.ms",
    "segment.bytes",
    "segment.index.bytes",
    "segment.jitter.ms",
    "segment.ms",
];

const COMPACTION: Effect = Effect::NoEffectYet("logs are not compacted yet");
const ONE_NODE: Effect = Effect::NoEffectYet("a node does not replicate from others yet");
const TRANSACTIONS: Effect = Effect::NoEffectYet("transactions are not served yet");
const SHARE: Effect = Effect::NoEffectYet("share groups are not served yet");
const STREAMS: Effect = Effect::NoEffectYet("streams groups are not served yet");
const CONSUMER: Effect = Effect::NoEffectYet("the consumer group protocol of KIP-848 is not served yet");
const SECURITY: Effect = Effect::NoEffectYet("SASL, TLS and ACLs are not built yet");
const QUOTAS: Effect = Effect::NoEffectYet("quotas are not enforced yet");
const METRICS: Effect = Effect::NoEffectYet("metrics are not exported yet");
const TIERED: Effect = Effect::NoEffectYet("tiered storage is not built");
const DYNAMIC: Effect = Effect::NoEffectYet("broker keys cannot be changed while the node runs yet");
const JAVA: Effect = Effect::NoMeaning("names a Java class, which this broker cannot load");
const THREADS: Effect = Effect::NoMeaning("there are no such threads: one runtime serves everything");
const GROWS: Effect = Effect::NoMeaning("files grow as they are written; space is not allocated ahead");
const RETRIES: Effect = Effect::NoMeaning("the controller is this process: there is nobody to wait for");
const PURGATORY: Effect = Effect::NoMeaning("waiting requests are removed at once, there is nothing to purge");
const KEYSTORES: Effect = SECURITY;

/// Why the others have none. The first match holds.
const REASONS: &[(Scope, &str, Effect)] = &[
    (Scope::Topic, "delete.retention.ms", COMPACTION),
    (Scope::Topic, "min.cleanable.dirty.ratio", COMPACTION),
    (Scope::Topic, "min.compaction.lag.ms", COMPACTION),
    (Scope::Topic, "max.compaction.lag.ms", COMPACTION),
    (Scope::Topic, "follower.replication.throttled.replicas", QUOTAS),
    (Scope::Topic, "leader.replication.throttled.replicas", QUOTAS),
    (Scope::Topic, "unclean.leader.election.enable", ONE_NODE),
    (Scope::Topic, "preallocate", GROWS),
    (Scope::Topic, "remote.*", TIERED),
    (Scope::Topic, "local.*", TIERED),
    (Scope::Group, "consumer.*", CONSUMER),
    (Scope::Group, "share.*", SHARE),
    (Scope::Group, "streams.*", STREAMS),
    (Scope::ClientMetrics, "*", METRICS),
    (Scope::Broker, "alter.config.policy.class.name", JAVA),
    (Scope::Broker, "create.topic.policy.class.name", JAVA),
    (Scope::Broker, "client.quota.callback.class", JAVA),
    (Scope::Broker, "replica.selector.class", JAVA),
    (Scope::Broker, "metric.reporters", JAVA),
    (Scope::Broker, "kafka.metrics.*", JAVA),
    (Scope::Broker, "security.providers", JAVA),
    (Scope::Broker, "group.share.persister.class.name", JAVA),
    (Scope::Broker, "config.providers", Effect::NoEffectYet("values are not looked up in other places yet")),
    (Scope::Broker, "num.io.threads", THREADS),
    (Scope::Broker, "num.network.threads", THREADS),
    (Scope::Broker, "num.replica.fetchers", THREADS),
    (Scope::Broker, "num.replica.alter.log.dirs.threads", THREADS),
    (Scope::Broker, "num.recovery.threads.per.data.dir", THREADS),
    (Scope::Broker, "background.threads", THREADS),
    (Scope::Broker, "group.coordinator.threads", THREADS),
    (Scope::Broker, "group.coordinator.background.threads", THREADS),
    (Scope::Broker, "queued.max.requests", Effect::NoMeaning("requests are bounded by bytes, not by number")),
    (Scope::Broker, "group.coordinator.append.linger.ms", Effect::NoMeaning("records of groups are appended at once")),
    (Scope::Broker, "controller.quorum.append.linger.ms", Effect::NoMeaning("metadata is appended at once")),
    (Scope::Broker, "metadata.max.idle.interval.ms", Effect::NoMeaning("an idle quorum of one writes nothing")),
    (Scope::Broker, "metadata.max.retention.ms", Effect::NoEffectYet("the metadata log is cut by its size only")),
    (Scope::Broker, "internal.metadata.*", Effect::NoMeaning("it exists for Kafka's own tests")),
    (Scope::Broker, "unstable.*", Effect::NoEffectYet("there are no unstable versions of APIs or features")),
    (Scope::Broker, "controller.performance.*", METRICS),
    (Scope::Broker, "server.max.startup.time.ms", Effect::NoEffectYet("each wait of a start has a bound of its own")),
    (Scope::Broker, "group.coordinator.rebalance.protocols", Effect::NoEffectYet("only classic groups are served")),
    (
        Scope::Broker,
        "group.coordinator.cached.buffer.max.bytes",
        Effect::NoMeaning("buffers are not kept between writes"),
    ),
    (Scope::Broker, "early.start.listeners", SECURITY),
    (Scope::Broker, "cordoned.log.dirs", Effect::NoEffectYet("log directories cannot be cordoned yet")),
    (Scope::Broker, "log.dir.failure.timeout.ms", RETRIES),
    (Scope::Broker, "log.preallocate", GROWS),
    (Scope::Broker, "log.cleaner.*", COMPACTION),
    (Scope::Broker, "log.local.*", TIERED),
    (Scope::Broker, "remote.*", TIERED),
    (Scope::Broker, "follower.fetch.last.tiered.offset.enable", TIERED),
    (Scope::Broker, "fetch.purgatory.purge.interval.requests", PURGATORY),
    (Scope::Broker, "producer.purgatory.purge.interval.requests", PURGATORY),
    (Scope::Broker, "delete.records.purgatory.purge.interval.requests", PURGATORY),
    (Scope::Broker, "share.fetch.purgatory.purge.interval.requests", PURGATORY),
    (Scope::Broker, "group.consumer.*", CONSUMER),
    (Scope::Broker, "group.share.*", SHARE),
    (Scope::Broker, "group.streams.*", STREAMS),
    (Scope::Broker, "share.*", SHARE),
    (Scope::Broker, "add.partitions.to.txn.*", TRANSACTIONS),
    (Scope::Broker, "transaction.*", TRANSACTIONS),
    (Scope::Broker, "transactional.*", TRANSACTIONS),
    (Scope::Broker, "ssl.*", KEYSTORES),
    (Scope::Broker, "sasl.*", SECURITY),
    (Scope::Broker, "delegation.token.*", SECURITY),
    (Scope::Broker, "authorizer.class.name", SECURITY),
    (Scope::Broker, "principal.builder.class", SECURITY),
    (Scope::Broker, "connection.failed.authentication.delay.ms", SECURITY),
    (Scope::Broker, "connections.max.reauth.ms", SECURITY),
    (Scope::Broker, "quota.*", QUOTAS),
    (Scope::Broker, "controller.quota.*", QUOTAS),
    (Scope::Broker, "replication.quota.*", QUOTAS),
    (Scope::Broker, "alter.log.dirs.replication.quota.*", QUOTAS),
    (Scope::Broker, "max.connection.creation.rate", QUOTAS),
    (Scope::Broker, "leader.replication.throttled.rate", DYNAMIC),
    (Scope::Broker, "follower.replication.throttled.rate", DYNAMIC),
    (Scope::Broker, "replica.alter.log.dirs.io.max.bytes.per.second", DYNAMIC),
    (Scope::Broker, "metrics.*", METRICS),
    (Scope::Broker, "telemetry.max.bytes", METRICS),
    (Scope::Broker, "replica.*", ONE_NODE),
    (Scope::Broker, "auto.leader.rebalance.enable", ONE_NODE),
    (Scope::Broker, "leader.imbalance.*", ONE_NODE),
    (Scope::Broker, "unclean.leader.election.*", ONE_NODE),
    (Scope::Broker, "controlled.shutdown.enable", ONE_NODE),
    (Scope::Broker, "controller.socket.timeout.ms", ONE_NODE),
    (Scope::Broker, "socket.connection.setup.*", ONE_NODE),
    (Scope::Broker, "request.timeout.ms", ONE_NODE),
    (Scope::Broker, "controller.quorum.*", ONE_NODE),
];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::def::{find, find_dynamic_only, table};

    #[test]
    fn effective_names_exist_once() {
        for (scope, names) in EFFECTIVE {
            for (i, name) in names.iter().enumerate() {
                assert!(find(*scope, name).is_some(), "{name}");
                assert!(!names[..i].contains(name), "{name} twice");
            }
        }
    }

    #[test]
    fn every_reason_is_the_reason_of_some_key() {
        for (scope, pattern, effect) in REASONS {
            let mut keys = table(*scope).iter().chain(find_dynamic_only(pattern));
            assert!(keys.any(|def| matches(pattern, def.name) && of(def) == *effect), "{pattern} explains nothing");
        }
    }
}
