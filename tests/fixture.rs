//! A broker to test, and short ways to say what tests ask of it.
//!
//! The broker is a node in this process, in a temporary directory of its own. With `OTTLA_ORACLE` set to a command, it is
//! what that command starts instead: `$OTTLA_ORACLE DIR key=value…` must print `bootstrap=HOST:PORT` and `pid=N`. That is
//! how the expectations here are held against Apache Kafka; [`Broker::is_oracle`] guards declared differences. With
//! `OTTLA_ORACLE_BOOTSTRAP` set too, brokers with default settings are the one that serves there.

use crate::client::Client;
use bytes::{BufMut, Bytes, BytesMut};
use kafka_protocol::messages::create_topics_request::{CreatableTopic, CreatableTopicConfig};
use kafka_protocol::messages::fetch_request::{FetchPartition, FetchTopic};
use kafka_protocol::messages::produce_request::{PartitionProduceData, TopicProduceData};
use kafka_protocol::messages::produce_response::PartitionProduceResponse;
use kafka_protocol::messages::*;
use kafka_protocol::protocol::StrBytes;
use ottla_base::ids::Uuid;
use ottla_broker::node::{Options, RunningNode};
use ottla_protocol::generated::list_offsets_request::{ListOffsetsPartition, ListOffsetsRequest, ListOffsetsTopic};
use ottla_record::batch::{BatchBuilder, BatchError, Record, batches, for_each_record};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

/// Fewer partitions of the offsets topic start faster.
const ALWAYS: &[&str] = &["offsets.topic.num.partitions=2", "group.initial.rebalance.delay.ms=0"];

/// A combined node that forms a quorum of one.
const COMBINED: &str = "process.roles=broker,controller
node.id=1
controller.quorum.bootstrap.servers=127.0.0.1:0
listeners=PLAINTEXT://127.0.0.1:0,CONTROLLER://127.0.0.1:0
advertised.listeners=PLAINTEXT://127.0.0.1:0
controller.listener.names=CONTROLLER
listener.security.protocol.map=CONTROLLER:PLAINTEXT,PLAINTEXT:PLAINTEXT
offsets.topic.replication.factor=1
transaction.state.log.replication.factor=1
transaction.state.log.min.isr=1
share.coordinator.state.topic.replication.factor=1
share.coordinator.state.topic.min.isr=1
";

/// A broker that serves, stopped when dropped.
pub struct Broker {
    node: Option<RunningNode>,
    is_oracle: bool,
    oracle_pid: Option<u32>,
    pub address: SocketAddr,
    _dir: Option<tempfile::TempDir>,
}

impl Broker {
    /// One with default settings.
    pub fn start() -> Broker {
        if let Ok(bootstrap) = std::env::var("OTTLA_ORACLE_BOOTSTRAP") {
            return Broker {
                node: None,
                is_oracle: true,
                oracle_pid: None,
                address: bootstrap.parse().unwrap(),
                _dir: None,
            };
        }
        Broker::with(&[])
    }

    /// One with `key=value` settings, which forgets everything when it stops.
    pub fn with(settings: &[&str]) -> Broker {
        let dir = tempfile::tempdir().unwrap();
        let mut broker = Broker::on(dir.path(), settings);
        broker._dir = Some(dir);
        broker
    }

    /// One that keeps its data in `dir`.
    pub fn on(dir: &Path, settings: &[&str]) -> Broker {
        if let Some(command) = std::env::var_os("OTTLA_ORACLE") {
            return Broker::oracle(command.as_ref(), dir, settings);
        }
        let node = ottla_broker::node::start(Broker::options(dir, settings)).unwrap();
        Broker { address: node.address().unwrap(), node: Some(node), is_oracle: false, oracle_pid: None, _dir: None }
    }

    /// Options of a node whose data lies in `dir`: a properties file with what an oracle is started with too, and
    /// `settings` on the command line.
    pub fn options(dir: &Path, settings: &[&str]) -> Options {
        let file = dir.join("server.properties");
        let data = dir.join("data");
        let own = format!("log.dirs={}\n{COMBINED}", data.display());
        std::fs::write(&file, own).unwrap();
        let overrides = ALWAYS.iter().chain(settings).map(|s| (*s).to_owned()).collect();
        Options { properties: Some(file), overrides, ..Options::default() }
    }

    fn oracle(command: &Path, dir: &Path, settings: &[&str]) -> Broker {
        let out = Command::new(command).arg(dir).args(ALWAYS).args(settings).output().expect("the oracle's command");
        let out = String::from_utf8_lossy(&out.stdout).into_owned();
        let word = |key: &str| out.split_whitespace().find_map(|w| w.strip_prefix(key)).expect("an oracle that runs");
        Broker {
            node: None,
            is_oracle: true,
            oracle_pid: Some(word("pid=").parse().unwrap()),
            address: word("bootstrap=").parse().unwrap(),
            _dir: None,
        }
    }

    /// Whether this is Apache Kafka.
    pub fn is_oracle(&self) -> bool {
        self.is_oracle
    }

    /// The node, if it is ours.
    pub fn node(&self) -> Option<&RunningNode> {
        self.node.as_ref()
    }

    pub fn connect(&self) -> Client {
        Client::connect(self.address)
    }

    /// Stops cleanly.
    pub fn stop(mut self) {
        self.end();
    }

    fn end(&mut self) {
        if let Some(node) = self.node.take() {
            node.stop().unwrap();
        }
        if let Some(pid) = self.oracle_pid.take() {
            let alive = || Path::new(&format!("/proc/{pid}/stat")).exists();
            let _ = Command::new("kill").arg(pid.to_string()).status();
            wait_for("the oracle's end", || !alive());
        }
    }
}

impl Drop for Broker {
    fn drop(&mut self) {
        self.end();
    }
}

/// Waits for a condition; fails after ten seconds.
pub fn wait_for(what: &str, mut condition: impl FnMut() -> bool) {
    let deadline = Instant::now() + Duration::from_secs(10);
    while !condition() {
        assert!(Instant::now() < deadline, "{what} did not come");
        std::thread::sleep(Duration::from_millis(2));
    }
}

/// A name that no other test uses.
pub fn unique(prefix: &str) -> String {
    static NEXT: AtomicU32 = AtomicU32::new(0);
    format!("{prefix}-{}-{}", std::process::id(), NEXT.fetch_add(1, Ordering::Relaxed))
}

pub fn now_ms() -> i64 {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_millis() as i64
}

pub fn s(text: &str) -> StrBytes {
    StrBytes::from_string(text.to_owned())
}

pub fn name(text: &str) -> TopicName {
    TopicName(s(text))
}

pub fn group(text: &str) -> GroupId {
    GroupId(s(text))
}

/// Copies the files of a running node whose clients wait for nothing: what a killed process leaves behind.
pub fn crashed_copy(dir: &Path) -> tempfile::TempDir {
    let copy = tempfile::tempdir().unwrap();
    copy_dir(&data(dir, ""), &data(copy.path(), ""));
    copy
}

fn copy_dir(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).unwrap();
    for entry in std::fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let target = to.join(entry.file_name());
        if entry.file_type().unwrap().is_dir() {
            copy_dir(&entry.path(), &target);
        } else {
            std::fs::copy(entry.path(), target).unwrap();
        }
    }
}

/// What a member of a consumer group sends as its metadata: a version 0 subscription.
pub fn subscription(topics: &[&str]) -> Bytes {
    let mut out = BytesMut::new();
    out.put_i16(0);
    out.put_i32(topics.len() as i32);
    for topic in topics {
        out.put_i16(topic.len() as i16);
        out.put_slice(topic.as_bytes());
    }
    out.put_i32(-1);
    out.freeze()
}

/// A path of a partition's file or directory, below [`Broker::on`]'s `dir`.
pub fn data(dir: &Path, file: &str) -> PathBuf {
    dir.join("data").join(file)
}

/// A batch of records with these values, timestamps now, no keys.
pub fn batch(values: &[&str]) -> Bytes {
    batch_at(now_ms(), values)
}

pub fn batch_at(timestamp: i64, values: &[&str]) -> Bytes {
    build(|b| {
        for value in values {
            b.append_kv(timestamp, None, Some(value.as_bytes()));
        }
    })
}

/// A batch with a key and a value.
pub fn keyed(key: &str, value: &str) -> Bytes {
    build(|b| {
        b.append_kv(now_ms(), Some(key.as_bytes()), Some(value.as_bytes()));
    })
}

/// `count` records of an idempotent producer.
pub fn sequenced(producer: i64, epoch: i16, sequence: i32, count: usize) -> Bytes {
    build(|b| {
        b.producer(producer, epoch, sequence);
        for i in 0..count {
            let value = format!("{producer}.{epoch}.{}", sequence as i64 + i as i64);
            b.append(Record { timestamp: now_ms(), key: None, value: Some(value.as_bytes()), headers: &[] });
        }
    })
}

pub fn build(f: impl FnOnce(&mut BatchBuilder)) -> Bytes {
    let mut builder = BatchBuilder::new(0);
    f(&mut builder);
    builder.build().unwrap()
}

/// (offset, value) of each record in a fetched slice of log.
pub fn values(bytes: &[u8]) -> Vec<(i64, String)> {
    let mut out = Vec::new();
    for item in batches(bytes) {
        let (header, range) = item.unwrap();
        for_each_record::<BatchError>(&bytes[range], 1 << 26, |_, record| {
            let value = String::from_utf8_lossy(record.value.unwrap_or(b"")).into_owned();
            out.push((header.base_offset + i64::from(record.offset_delta), value));
            Ok(())
        })
        .unwrap();
    }
    out
}

/// A request for one topic.
pub fn create_request(topic: &str, partitions: i32, configs: &[(&str, &str)]) -> CreateTopicsRequest {
    let configs =
        configs.iter().map(|(k, v)| CreatableTopicConfig::default().with_name(s(k)).with_value(Some(s(v)))).collect();
    let topic = CreatableTopic::default()
        .with_name(name(topic))
        .with_num_partitions(partitions)
        .with_replication_factor(1)
        .with_configs(configs);
    CreateTopicsRequest::default().with_topics(vec![topic]).with_timeout_ms(10_000)
}

/// Creates a topic and returns its id. Kafka answers before it serves: there this waits.
pub fn create(client: &mut Client, topic: &str, partitions: i32, configs: &[(&str, &str)]) -> Uuid {
    let response = client.call(&create_request(topic, partitions, configs), 7);
    assert_eq!(response.topics[0].error_code, 0, "{:?}", response.topics[0].error_message);
    if std::env::var_os("OTTLA_ORACLE").is_some() {
        wait_for("a leader", || {
            let asked = (0..partitions).map(|p| (p, -1)).collect::<Vec<_>>();
            list_offsets(client, topic, &asked).iter().all(|p| p.error_code == 0)
        });
    }
    response.topics[0].topic_id
}

pub fn delete(client: &mut Client, topic: &str) {
    let request = DeleteTopicsRequest::default().with_topic_names(vec![name(topic)]).with_timeout_ms(10_000);
    assert_eq!(client.call(&request, 5).responses[0].error_code, 0);
}

pub fn produce_request(topic: &str, partition: i32, records: Bytes, acks: i16) -> ProduceRequest {
    let partition = PartitionProduceData::default().with_index(partition).with_records(Some(records));
    let topic = TopicProduceData::default().with_name(name(topic)).with_partition_data(vec![partition]);
    ProduceRequest::default().with_acks(acks).with_timeout_ms(10_000).with_topic_data(vec![topic])
}

/// Produces to partition 0 with acks=all.
pub fn produce(client: &mut Client, topic: &str, records: Bytes) -> PartitionProduceResponse {
    produce_to(client, topic, 0, records)
}

pub fn produce_to(client: &mut Client, topic: &str, partition: i32, records: Bytes) -> PartitionProduceResponse {
    let mut response = client.call(&produce_request(topic, partition, records, -1), 12);
    response.responses.remove(0).partition_responses.remove(0)
}

/// A sessionless fetch that does not wait, from (topic, partition, offset) triples.
pub fn fetch_request(partitions: &[(&str, i32, i64)]) -> FetchRequest {
    let mut topics: Vec<FetchTopic> = Vec::new();
    for (topic, index, offset) in partitions {
        let partition = FetchPartition::default()
            .with_partition(*index)
            .with_fetch_offset(*offset)
            .with_partition_max_bytes(1 << 20);
        match topics.last_mut() {
            Some(last) if last.topic.as_str() == *topic => last.partitions.push(partition),
            _ => topics.push(FetchTopic::default().with_topic(name(topic)).with_partitions(vec![partition])),
        }
    }
    FetchRequest::default()
        .with_replica_id(BrokerId(-1))
        .with_max_bytes(1 << 26)
        .with_min_bytes(0)
        .with_session_epoch(-1)
        .with_topics(topics)
}

/// Fetches partition 0 from `offset` without waiting.
pub fn fetch(client: &mut Client, topic: &str, offset: i64) -> fetch_response::PartitionData {
    let mut response = client.call(&fetch_request(&[(topic, 0, offset)]), 12);
    assert_eq!(response.error_code, 0);
    response.responses.remove(0).partitions.remove(0)
}

/// The records from `offset` on.
pub fn read(client: &mut Client, topic: &str, offset: i64) -> Vec<(i64, String)> {
    let partition = fetch(client, topic, offset);
    assert_eq!(partition.error_code, 0);
    values(&partition.records.unwrap())
}

pub fn list_offsets_request(topic: &str, asked: &[(i32, i64)]) -> ListOffsetsRequest {
    let partitions = asked
        .iter()
        .map(|(index, timestamp)| ListOffsetsPartition {
            partition_index: *index,
            current_leader_epoch: -1,
            timestamp: *timestamp,
        })
        .collect();
    ListOffsetsRequest {
        replica_id: -1,
        topics: vec![ListOffsetsTopic { name: s(topic), partitions }],
        ..ListOffsetsRequest::default()
    }
}

/// Looks (partition, timestamp) pairs up, in the newest version.
pub fn list_offsets(
    client: &mut Client,
    topic: &str,
    asked: &[(i32, i64)],
) -> Vec<ottla_protocol::generated::list_offsets_response::ListOffsetsPartitionResponse> {
    client.call(&list_offsets_request(topic, asked), 11).topics.remove(0).partitions
}

/// The end of partition 0.
pub fn end_offset(client: &mut Client, topic: &str) -> i64 {
    list_offsets(client, topic, &[(0, -1)])[0].offset
}

/// Waits until the coordinator of `group_id` serves; Kafka says "not yet" while the offsets topic is made.
pub fn find_coordinator(client: &mut Client, group_id: &str) {
    let request = FindCoordinatorRequest::default().with_key(s(group_id));
    if std::env::var_os("OTTLA_ORACLE").is_none() {
        assert_eq!(client.call(&request, 3).error_code, 0);
        return;
    }
    wait_for("a coordinator", || client.call(&request, 3).error_code == 0);
    let probe = DescribeGroupsRequest::default().with_groups(vec![group(group_id)]);
    wait_for("a coordinator's state", || client.call(&probe, 5).groups[0].error_code == 0);
}

/// A fresh producer id and its epoch.
pub fn producer_id(client: &mut Client) -> (i64, i16) {
    let request = InitProducerIdRequest::default().with_transactional_id(None).with_transaction_timeout_ms(60_000);
    let mut response = client.call(&request, 5);
    while response.error_code == 14 && std::env::var_os("OTTLA_ORACLE").is_some() {
        // Kafka fetches the next block of ids.
        response = client.call(&request, 5);
    }
    assert_eq!(response.error_code, 0);
    (response.producer_id.0, response.producer_epoch)
}
