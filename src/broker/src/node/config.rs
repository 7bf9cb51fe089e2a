//! What the node needs from its configuration at hand, derived once.

use ottla_base::config::BrokerConfig;
use std::ops::Deref;
use std::time::Duration;

/// The node's configuration: Kafka's, and a few values in the types that hot paths want.
#[derive(Clone, Debug)]
pub struct NodeConfig {
    /// Everything.
    pub broker: BrokerConfig,
    /// `socket.request.max.bytes`.
    pub socket_request_max_bytes: usize,
    /// `connections.max.idle.ms`; a negative value means never, which is a hundred years here.
    pub connections_max_idle: Duration,
    /// `max.connections`.
    pub max_connections: usize,
    /// `max.connections.per.ip`.
    pub max_connections_per_ip: usize,
    /// `socket.send.buffer.bytes`; `None` leaves it to the system.
    pub send_buffer_bytes: Option<usize>,
    /// `socket.receive.buffer.bytes`; `None` leaves it to the system.
    pub receive_buffer_bytes: Option<usize>,
    /// `auto.create.topics.enable`.
    pub auto_create_topics_enable: bool,
    /// `delete.topic.enable`.
    pub delete_topic_enable: bool,
    /// `max.request.partition.size.limit`.
    pub max_request_partition_size_limit: i32,
    /// `fetch.max.bytes`.
    pub fetch_max_bytes: i32,
}

const NEVER: Duration = Duration::from_secs(100 * 365 * 24 * 3600);

impl NodeConfig {
    /// Derives the values.
    pub fn new(broker: BrokerConfig) -> NodeConfig {
        let count = |n: i32| usize::try_from(n).unwrap_or(0);
        NodeConfig {
            socket_request_max_bytes: count(broker.sockets.request_bytes_max),
            connections_max_idle: u64::try_from(broker.sockets.connections_idle_ms_max)
                .map_or(NEVER, |ms| Duration::from_millis(ms).min(NEVER)),
            max_connections: count(broker.sockets.connections_max),
            max_connections_per_ip: count(broker.sockets.connections_per_ip_max),
            send_buffer_bytes: usize::try_from(broker.sockets.send_buffer_bytes).ok(),
            receive_buffer_bytes: usize::try_from(broker.sockets.receive_buffer_bytes).ok(),
            auto_create_topics_enable: broker.topics.auto_create,
            delete_topic_enable: broker.topics.delete_enable,
            max_request_partition_size_limit: broker.fetch.request_partitions_max,
            fetch_max_bytes: broker.fetch.bytes_max,
            broker,
        }
    }
}

impl Deref for NodeConfig {
    type Target = BrokerConfig;

    fn deref(&self) -> &BrokerConfig {
        &self.broker
    }
}
