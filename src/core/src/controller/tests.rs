use super::core::*;
use super::requests::*;
use super::*;
use crate::errors::KafkaError;
use crate::metadata::features::{FEATURES, KRAFT_VERSION, KRAFT_VERSION_RANGE};
use crate::metadata::{Changes, ConfigResource, Endpoint, MetadataImage, MetadataLoader, VersionRange};
use crate::raft::format::write_bootstrap;
use crate::raft::metadata_log::MetadataLogConfig;
use crate::raft::node::RaftParams;
use crate::raft::voters::{Voter, VoterSet};
use ottla_base::clock::Now;
use ottla_base::config::{BrokerConfig, Settings};
use ottla_base::ids::{Uuid, ZERO_UUID};
use ottla_base::rng::Rng;
use ottla_base::storage::{DiskStorage, Storage, SyncMode};
use std::path::Path;
use std::sync::Arc;

const CLUSTER: &str = "5L6g3nShT-eMCtK--X86sw";
const DIRECTORY: Uuid = Uuid::from_u128(0xd1);

fn now(ms: u64) -> Now {
    Now { mono_ms: ms, wall_ms: 1_700_000_000_000 + ms as i64 }
}

fn schema() -> ConfigSchema {
    let settings = Settings::from_pairs([
        ("process.roles", "broker,controller"),
        ("node.id", "1"),
        ("controller.quorum.voters", "1@localhost:9093"),
        ("listeners", "PLAINTEXT://localhost:9092,CONTROLLER://localhost:9093"),
        ("controller.listener.names", "CONTROLLER"),
        ("listener.security.protocol.map", "PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT"),
    ]);
    ConfigSchema::of(&BrokerConfig::new(settings).unwrap())
}

fn config() -> ControllerConfig {
    ControllerConfig {
        node_id: 1,
        cluster_id: CLUSTER.into(),
        default_num_partitions: 3,
        default_replication_factor: 1,
        broker_session_timeout_ms: 9000,
        voter_ids: vec![1],
        configs: schema(),
    }
}

fn endpoint(port: u16) -> Endpoint {
    Endpoint { host: "localhost".into(), port, security_protocol: 0 }
}

fn features() -> Vec<(String, VersionRange)> {
    let mut all: Vec<_> =
        FEATURES.iter().map(|f| (f.name.to_owned(), VersionRange { min: f.min, max: f.max })).collect();
    all.push((KRAFT_VERSION.into(), VersionRange { min: KRAFT_VERSION_RANGE.0, max: KRAFT_VERSION_RANGE.1 }));
    all
}

fn registration(id: i32, incarnation: u128) -> RegisterBroker {
    RegisterBroker {
        broker_id: id,
        cluster_id: CLUSTER.into(),
        incarnation_id: Uuid::from_u128(incarnation),
        listeners: vec![("PLAINTEXT".into(), endpoint(9092))],
        features: features(),
        rack: None,
        log_dirs: vec![Uuid::from_u128(0xd0 + id as u128)],
        previous_broker_epoch: Some(-1),
        same_process: false,
    }
}

fn heartbeat(id: i32, epoch: i64, offset: i64) -> BrokerHeartbeat {
    BrokerHeartbeat {
        broker_id: id,
        broker_epoch: epoch,
        current_metadata_offset: offset,
        want_fence: false,
        want_shut_down: false,
        offline_log_dirs: Vec::new(),
        cordoned_log_dirs: Some(Vec::new()),
    }
}

fn api(error: KafkaError, text: &str) -> ApiError {
    ApiError::new(error, text)
}

/// A controller without a log: decisions are replayed at once.
struct Bench {
    controller: Controller,
    loader: MetadataLoader,
    rng: Rng,
    now: Now,
}

impl Bench {
    /// A new cluster without brokers.
    fn empty() -> Bench {
        let mut bench = Bench {
            controller: Controller::new(config()),
            loader: MetadataLoader::default(),
            rng: Rng::from_seed(5),
            now: now(1000),
        };
        let records =
            activation::activation_records(bench.loader.image(), false, &activation::bootstrap_records(), "1");
        bench.replay(&records);
        bench.controller.activate(bench.loader.image(), bench.now);
        bench
    }

    /// Brokers with these ids, unfenced.
    fn with_brokers(ids: &[i32]) -> Bench {
        let mut bench = Bench::empty();
        for id in ids {
            let Response::BrokerRegistered { broker_epoch } =
                bench.ask(Request::RegisterBroker(registration(*id, 7 + *id as u128))).unwrap()
            else {
                panic!()
            };
            let offset = bench.loader.image().last_offset();
            let reply = bench.ask(Request::BrokerHeartbeat(heartbeat(*id, broker_epoch, offset))).unwrap();
            let Response::BrokerHeartbeat(reply) = reply else { panic!() };
            assert!(!reply.is_fenced && reply.is_caught_up);
        }
        bench
    }

    fn replay(&mut self, records: &[crate::metadata::VersionedRecord]) {
        for record in records {
            let offset = self.loader.image().last_offset() + 1;
            // What is written must be readable.
            let bytes = record.record.encode_frame(record.version).unwrap();
            let decoded = ottla_record::generated::metadata::MetadataRecord::decode_frame(&bytes).unwrap().0;
            assert_eq!(decoded, record.record, "version {} loses something", record.version);
            self.loader.replay(&record.record, offset, 1, self.now.wall_ms).unwrap();
            self.controller.replayed(&record.record, self.loader.image());
        }
    }

    fn decide(&mut self, request: Request) -> Result<Decision, ApiError> {
        let image = self.loader.image().clone();
        let basis = decide::Basis { image: &image, kraft_version: 1, next_offset: image.last_offset() + 1 };
        self.controller.decide(basis, &request, self.now, &mut self.rng)
    }

    fn ask(&mut self, request: Request) -> Result<Response, ApiError> {
        let decision = self.decide(request)?;
        self.replay(&decision.records);
        Ok(decision.response)
    }

    fn create(&mut self, topic: CreatableTopic) -> CreatableTopicResult {
        let request = CreateTopics { topics: vec![topic], validate_only: false };
        let Response::CreateTopics(mut results) = self.ask(Request::CreateTopics(request)).unwrap() else { panic!() };
        results.remove(0)
    }

    fn create_error(&mut self, topic: CreatableTopic) -> ApiError {
        let before = self.image().clone();
        let result = self.create(topic);
        assert_eq!((result.topic_id, result.num_partitions, result.replication_factor), (ZERO_UUID, -1, -1));
        assert_eq!(*self.image(), before, "a refused creation leaves no trace");
        result.error
    }

    fn image(&self) -> &MetadataImage {
        self.loader.image()
    }
}

fn topic(name: &str, partitions: i32, replicas: i16) -> CreatableTopic {
    CreatableTopic::new(name, partitions, replicas)
}

// ---- topics ----

#[test]
fn created_topics_have_leaders_directories_and_defaults() {
    let mut bench = Bench::with_brokers(&[1, 2]);
    let result = bench.create(topic("a", -1, 2));
    assert_eq!((result.error, result.num_partitions, result.replication_factor), (ApiError::NONE, 3, 2));
    let image = bench.image();
    let created = image.topic("a").unwrap();
    assert_eq!(created.id, result.topic_id);
    for partition in created.partitions.values() {
        assert_eq!(partition.isr, partition.replicas);
        assert_eq!(partition.leader, partition.replicas[0]);
        assert_eq!((partition.leader_epoch, partition.partition_epoch), (0, 0));
        for (replica, directory) in partition.replicas.iter().zip(&partition.directories) {
            assert_eq!(*directory, Uuid::from_u128(0xd0 + *replica as u128));
        }
    }
}

#[test]
fn topic_names_are_refused_with_kafkas_texts() {
    let mut bench = Bench::with_brokers(&[1]);
    let invalid = |text: &str| api(KafkaError::InvalidTopicException, text);
    let long = "x".repeat(250);
    for (name, text) in [
        ("", "Topic name is invalid: the empty string is not allowed".to_owned()),
        (".", "Topic name is invalid: '.' is not allowed".to_owned()),
        ("..", "Topic name is invalid: '..' is not allowed".to_owned()),
        (&long, format!("Topic name is invalid: the length of '{long}' is longer than the max allowed length 249")),
        (
            "a b",
            "Topic name is invalid: 'a b' contains one or more characters other than ASCII alphanumerics, '.', '_' and \
             '-'"
                .to_owned(),
        ),
    ] {
        assert_eq!(bench.create_error(topic(name, 1, 1)), invalid(&text));
    }
    assert!(!bench.create(topic("a.b", 1, 1)).error.is_failure());
    assert_eq!(bench.create_error(topic("a_b", 1, 1)), invalid("Topic 'a_b' collides with existing topic: a.b"));
    assert_eq!(
        bench.create_error(topic("a.b", 1, 1)),
        api(KafkaError::TopicAlreadyExists, "Topic 'a.b' already exists.")
    );
    assert_eq!(
        bench.create_error(topic("__cluster_metadata", 1, 1)),
        api(KafkaError::InvalidRequest, "Creation of internal topic __cluster_metadata is prohibited.")
    );
}

#[test]
fn counts_are_refused_with_kafkas_texts() {
    let mut bench = Bench::with_brokers(&[1]);
    let factor = "Replication factor must be larger than 0, or -1 to use the default value.";
    let partitions = "Number of partitions was set to an invalid non-positive value.";
    for (n, r, error) in [
        (1, 0, api(KafkaError::InvalidReplicationFactor, factor)),
        (0, -2, api(KafkaError::InvalidReplicationFactor, factor)),
        (0, 1, api(KafkaError::InvalidPartitions, partitions)),
        (-2, 1, api(KafkaError::InvalidPartitions, partitions)),
        (
            1,
            2,
            api(
                KafkaError::InvalidReplicationFactor,
                "Unable to replicate the partition 2 time(s): The target replication factor of 2 cannot be reached because \
                 only 1 broker(s) are registered or some brokers have all their log directories cordoned.",
            ),
        ),
    ] {
        assert_eq!(bench.create_error(topic("t", n, r)), error);
    }
    let too_many = CreateTopics { topics: vec![topic("t", 10_001, 1)], validate_only: false };
    assert_eq!(
        bench.ask(Request::CreateTopics(too_many)).unwrap_err(),
        api(KafkaError::PolicyViolation, "Excessively large number of partitions per request.")
    );
    let too_large = CreateTopics { topics: vec![topic("t", 10_000, 1)], validate_only: false };
    assert_eq!(
        bench.ask(Request::CreateTopics(too_large)).unwrap_err(),
        api(KafkaError::PolicyViolation, "Unable to perform excessively large batch operation.")
    );
}

#[test]
fn without_an_unfenced_broker_nothing_is_placed() {
    let mut bench = Bench::empty();
    bench.ask(Request::RegisterBroker(registration(1, 7))).unwrap();
    assert_eq!(
        bench.create_error(topic("t", 1, 1)),
        api(
            KafkaError::InvalidReplicationFactor,
            "Unable to replicate the partition 1 time(s): All brokers are currently fenced, or have all their log \
             directories cordoned."
        )
    );
}

#[test]
fn assignments_are_checked_in_kafkas_order() {
    let mut bench = Bench::with_brokers(&[1, 2]);
    let assigned = |assignments: &[(i32, &[i32])]| CreatableTopic {
        assignments: assignments.iter().map(|(i, r)| (*i, r.to_vec())).collect(),
        ..topic("t", -1, -1)
    };
    let bad = |text: &str| api(KafkaError::InvalidReplicaAssignment, text);
    for (topic, error) in [
        (
            CreatableTopic { replication_factor: 1, ..assigned(&[(0, &[1])]) },
            api(
                KafkaError::InvalidRequest,
                "A manual partition assignment was specified, but replication factor was not set to -1.",
            ),
        ),
        (
            CreatableTopic { num_partitions: 1, ..assigned(&[(0, &[1])]) },
            api(
                KafkaError::InvalidRequest,
                "A manual partition assignment was specified, but numPartitions was not set to -1.",
            ),
        ),
        (assigned(&[(0, &[1]), (0, &[1])]), bad("Found multiple manual partition assignments for partition 0")),
        (assigned(&[(0, &[])]), bad("The manual partition assignment includes an empty replica list.")),
        (
            assigned(&[(0, &[3])]),
            bad("The manual partition assignment includes broker 3, but no such broker is registered."),
        ),
        (assigned(&[(0, &[1, 1])]), bad("The manual partition assignment includes the broker 1 more than once.")),
        (
            assigned(&[(0, &[1]), (1, &[1, 2])]),
            bad(
                "The manual partition assignment includes a partition with 2 replica(s), but this is not consistent with \
                 previous partitions, which have 1 replica(s).",
            ),
        ),
        (assigned(&[(1, &[1])]), bad("partitions should be a consecutive 0-based integer sequence")),
    ] {
        assert_eq!(bench.create_error(topic), error);
    }
    let result = bench.create(assigned(&[(1, &[2, 1]), (0, &[1, 2])]));
    assert_eq!((result.error, result.num_partitions, result.replication_factor), (ApiError::NONE, 2, 2));
    assert_eq!(bench.image().topic("t").unwrap().partition(1).unwrap().leader, 2);
}

#[test]
fn configurations_of_a_new_topic_are_checked_and_kept() {
    let mut bench = Bench::with_brokers(&[1]);
    let with = |configs: &[(&str, Option<&str>)]| CreatableTopic {
        configs: configs.iter().map(|(k, v)| ((*k).to_owned(), v.map(str::to_owned))).collect(),
        ..topic("t", 1, 1)
    };
    assert_eq!(
        bench.create_error(with(&[("retention.ms", None), ("x", None)])),
        api(KafkaError::InvalidConfig, "Null value not supported for topic configs: retention.ms,x")
    );
    assert_eq!(
        bench.create_error(with(&[("nope", Some("1"))])),
        api(KafkaError::InvalidConfig, "Unknown topic config name: nope")
    );
    let bad = bench.create_error(with(&[("retention.ms", Some("x"))]));
    assert_eq!(bad.error, KafkaError::InvalidConfig);
    assert_eq!(
        bad.message.as_deref(),
        Some("Invalid value x for configuration retention.ms: Not a number of type LONG")
    );
    assert!(!bench.create(with(&[("retention.ms", Some("5"))])).error.is_failure());
    assert_eq!(bench.image().config(&ConfigResource::topic("t"), "retention.ms"), Some("5"));
}

#[test]
fn validate_only_checks_and_keeps_nothing() {
    let mut bench = Bench::with_brokers(&[1]);
    let before = bench.image().clone();
    let request = CreateTopics { topics: vec![topic("t", 1, 1), topic("", 1, 1)], validate_only: true };
    let Response::CreateTopics(results) = bench.ask(Request::CreateTopics(request)).unwrap() else { panic!() };
    assert_eq!(results.len(), 2);
    assert!(!results[0].error.is_failure() && results[1].error.is_failure());
    assert_eq!(*bench.image(), before);
}

#[test]
fn a_name_that_appears_twice_is_refused_once_and_the_rest_is_made() {
    let mut bench = Bench::with_brokers(&[1]);
    let request =
        CreateTopics { topics: vec![topic("a", 1, 1), topic("b", 1, 1), topic("a", 2, 1)], validate_only: false };
    let Response::CreateTopics(results) = bench.ask(Request::CreateTopics(request)).unwrap() else { panic!() };
    let names: Vec<_> = results.iter().map(|r| (r.name.as_str(), r.error.error)).collect();
    assert_eq!(names, [("b", KafkaError::None), ("a", KafkaError::InvalidRequest)]);
    assert_eq!(results[1].error.message.as_deref(), Some("Duplicate topic name."));
}

#[test]
fn topics_are_deleted_by_name_and_by_id() {
    let mut bench = Bench::with_brokers(&[1]);
    let a = bench.create(topic("a", 1, 1)).topic_id;
    let b = bench.create(topic("b", 1, 1)).topic_id;
    let unknown = Uuid::from_u128(0x99);
    let by_name = |n: &str| (Some(n.to_owned()), ZERO_UUID);
    let request = DeleteTopics {
        topics: vec![
            by_name("a"),
            (None, b),
            by_name("none"),
            (None, unknown),
            (None, ZERO_UUID),
            (Some("x".into()), unknown),
            by_name("twice"),
            by_name("twice"),
        ],
    };
    let Response::DeleteTopics(results) = bench.ask(Request::DeleteTopics(request)).unwrap() else { panic!() };
    let find = |name: Option<&str>, id: Uuid| {
        results.iter().find(|r| r.name.as_deref() == name && r.topic_id == id).unwrap().error.clone()
    };
    assert_eq!(find(Some("a"), a), ApiError::NONE);
    assert_eq!(find(Some("b"), b), ApiError::NONE);
    assert_eq!(
        find(Some("none"), ZERO_UUID),
        api(KafkaError::UnknownTopicOrPartition, "This server does not host this topic-partition.")
    );
    assert_eq!(find(None, unknown), api(KafkaError::UnknownTopicId, "This server does not host this topic ID."));
    assert_eq!(find(None, ZERO_UUID), api(KafkaError::InvalidRequest, "Neither topic name nor id were specified."));
    assert_eq!(
        find(Some("x"), unknown),
        api(KafkaError::InvalidRequest, "You may not specify both topic name and topic id.")
    );
    assert_eq!(find(Some("twice"), ZERO_UUID), api(KafkaError::InvalidRequest, "Duplicate topic name."));
    assert_eq!(results.len(), 7);
    assert_eq!(bench.image().topic_count(), 0);
}

#[test]
fn a_topic_given_by_name_and_by_id_is_not_deleted() {
    let mut bench = Bench::with_brokers(&[1]);
    let id = bench.create(topic("a", 1, 1)).topic_id;
    let request = DeleteTopics { topics: vec![(Some("a".into()), ZERO_UUID), (None, id)] };
    let Response::DeleteTopics(results) = bench.ask(Request::DeleteTopics(request)).unwrap() else { panic!() };
    assert_eq!(results.len(), 1);
    assert_eq!(
        results[0].error,
        api(KafkaError::InvalidRequest, "The provided topic name maps to an ID that was already supplied.")
    );
    assert_eq!(bench.image().topic_count(), 1);
}

#[test]
fn partitions_are_added_with_kafkas_texts() {
    let mut bench = Bench::with_brokers(&[1]);
    bench.create(topic("t", 2, 1));
    let mut add = |name: &str, count: i32, assignments: Option<Vec<Vec<i32>>>| {
        let topics = vec![CreatePartitionsTopic { name: name.into(), count, assignments }];
        let request = CreatePartitions { topics, validate_only: false };
        let Response::CreatePartitions(mut r) = bench.ask(Request::CreatePartitions(request)).unwrap() else {
            panic!()
        };
        r.remove(0).1
    };
    assert_eq!(add("none", 3, None), ApiError::bare(KafkaError::UnknownTopicOrPartition));
    assert_eq!(add("t", 2, None), api(KafkaError::InvalidPartitions, "Topic already has 2 partition(s)."));
    assert_eq!(
        add("t", 1, None),
        api(KafkaError::InvalidPartitions, "The topic t currently has 2 partition(s); 1 would not be an increase.")
    );
    assert_eq!(
        add("t", 4, Some(vec![vec![1]])),
        api(
            KafkaError::InvalidReplicaAssignment,
            "Attempted to add 2 additional partition(s), but only 1 assignment(s) were specified."
        )
    );
    assert_eq!(
        add("t", 3, Some(vec![vec![9]])),
        api(
            KafkaError::InvalidReplicaAssignment,
            "The manual partition assignment includes broker 9, but no such broker is registered."
        )
    );
    assert_eq!(add("t", i32::MAX, None).error, KafkaError::PolicyViolation);
    assert_eq!(add("t", 3, Some(vec![vec![1]])), ApiError::NONE);
    assert_eq!(add("t", 5, None), ApiError::NONE);
    assert_eq!(bench.image().topic("t").unwrap().partition_count(), 5);
}

// ---- configurations ----

fn alter(bench: &mut Bench, resource: ConfigResource, ops: &[(&str, OpType, Option<&str>)]) -> ApiError {
    let ops = ops
        .iter()
        .map(|(name, op, value)| AlterConfigOp { name: (*name).into(), op: *op, value: value.map(str::to_owned) })
        .collect();
    let request = IncrementalAlterConfigs { resources: vec![(resource, ops)], validate_only: false };
    match bench.ask(Request::IncrementalAlterConfigs(request)).unwrap() {
        Response::IncrementalAlterConfigs(mut results) => results.remove(0).1,
        other => panic!("{other:?}"),
    }
}

#[test]
fn topic_configurations_are_set_removed_and_edited_as_lists() {
    let mut bench = Bench::with_brokers(&[1]);
    bench.create(topic("t", 1, 1));
    let t = || ConfigResource::topic("t");
    assert_eq!(alter(&mut bench, t(), &[("retention.ms", OpType::Set, Some("7"))]), ApiError::NONE);
    assert_eq!(bench.image().config(&t(), "retention.ms"), Some("7"));
    assert_eq!(alter(&mut bench, t(), &[("cleanup.policy", OpType::Append, Some("compact"))]), ApiError::NONE);
    assert_eq!(bench.image().config(&t(), "cleanup.policy"), Some("delete,compact"));
    assert_eq!(alter(&mut bench, t(), &[("cleanup.policy", OpType::Subtract, Some("delete"))]), ApiError::NONE);
    assert_eq!(bench.image().config(&t(), "cleanup.policy"), Some("compact"));
    assert_eq!(alter(&mut bench, t(), &[("retention.ms", OpType::Delete, None)]), ApiError::NONE);
    assert_eq!(bench.image().config(&t(), "retention.ms"), None);
    assert_eq!(
        alter(&mut bench, t(), &[("retention.ms", OpType::Append, Some("1"))]),
        api(KafkaError::InvalidConfig, "Can't APPEND to key retention.ms because its type is not LIST.")
    );
    assert_eq!(
        alter(&mut bench, t(), &[("nope", OpType::Set, Some("1"))]),
        api(KafkaError::InvalidConfig, "Unknown topic config name: nope")
    );
    assert_eq!(
        alter(&mut bench, ConfigResource::topic("none"), &[("retention.ms", OpType::Set, Some("1"))]),
        api(KafkaError::UnknownTopicOrPartition, "The topic 'none' does not exist.")
    );
    let long = "x".repeat(32768);
    assert_eq!(
        alter(&mut bench, t(), &[("leader.replication.throttled.replicas", OpType::Set, Some(&long))]),
        api(
            KafkaError::InvalidConfig,
            "The configuration value cannot be added because it exceeds the maximum value size of 32767 bytes."
        )
    );
}

#[test]
fn min_insync_replicas_is_guarded_while_elr_is_on() {
    let mut bench = Bench::with_brokers(&[1]);
    bench.create(topic("t", 1, 1));
    let key = configs::MIN_INSYNC_REPLICAS;
    assert_eq!(bench.image().config(&ConfigResource::cluster(), key), Some("1"), "written at first activation");
    assert_eq!(
        alter(&mut bench, ConfigResource::broker(1), &[(key, OpType::Set, Some("2"))]),
        api(KafkaError::InvalidConfig, "Broker-level min.insync.replicas cannot be altered while ELR is enabled.")
    );
    assert_eq!(
        alter(&mut bench, ConfigResource::cluster(), &[(key, OpType::Delete, None)]),
        api(KafkaError::InvalidConfig, "Cluster-level min.insync.replicas cannot be removed while ELR is enabled.")
    );
    let ops = vec![AlterConfigOp { name: key.into(), op: OpType::Set, value: Some("2".into()) }];
    let request = IncrementalAlterConfigs { resources: vec![(ConfigResource::topic("t"), ops)], validate_only: false };
    let records = bench.decide(Request::IncrementalAlterConfigs(request)).unwrap().records;
    assert!(
        matches!(&records[1].record, ottla_record::generated::metadata::MetadataRecord::ClearElr(r) if r.topic_name == "t")
    );
}

#[test]
fn resources_that_are_unknown_or_named_twice_are_refused_alone() {
    let mut bench = Bench::with_brokers(&[1]);
    bench.create(topic("t", 1, 1));
    let set = |v: &str| vec![AlterConfigOp { name: "retention.ms".into(), op: OpType::Set, value: Some(v.into()) }];
    let request = IncrementalAlterConfigs {
        resources: vec![
            (ConfigResource::new(77, "x"), set("1")),
            (ConfigResource::topic("d"), set("1")),
            (ConfigResource::topic("d"), set("2")),
            (ConfigResource::topic("t"), set("3")),
            (ConfigResource::broker(9), vec![]),
        ],
        validate_only: false,
    };
    let Response::IncrementalAlterConfigs(results) = bench.ask(Request::IncrementalAlterConfigs(request)).unwrap()
    else {
        panic!()
    };
    assert_eq!(
        results,
        [
            (ConfigResource::new(77, "x"), api(KafkaError::UnsupportedVersion, "Unknown resource type 77.")),
            (ConfigResource::topic("d"), api(KafkaError::InvalidRequest, "Duplicate resource.")),
            (ConfigResource::topic("t"), ApiError::NONE),
            (ConfigResource::broker(9), api(KafkaError::BrokerIdNotRegistered, "No node with id 9 found.")),
        ]
    );
    assert_eq!(bench.image().config(&ConfigResource::topic("t"), "retention.ms"), Some("3"));
}

// ---- brokers ----

#[test]
fn registrations_are_refused_with_kafkas_texts() {
    let mut bench = Bench::with_brokers(&[1]);
    let mut ask = |change: &dyn Fn(&mut RegisterBroker)| {
        let mut r = registration(2, 99);
        change(&mut r);
        bench.ask(Request::RegisterBroker(r)).unwrap_err()
    };
    assert_eq!(
        ask(&|r| r.cluster_id = "other".into()),
        api(KafkaError::InconsistentClusterId, "Expected cluster ID 5L6g3nShT-eMCtK--X86sw, but got cluster ID other")
    );
    assert_eq!(
        ask(&|r| r.log_dirs.clear()),
        api(KafkaError::InvalidRegistration, "No directories specified in request")
    );
    assert_eq!(
        ask(&|r| r.log_dirs = vec![Uuid::from_u128(5)]),
        api(KafkaError::InvalidRegistration, "Reserved directory ID in request")
    );
    assert_eq!(
        ask(&|r| r.log_dirs = vec![Uuid::from_u128(500); 2]),
        api(KafkaError::InvalidRegistration, "Duplicate directory ID in request")
    );
    assert_eq!(
        ask(&|r| r.log_dirs = vec![Uuid::from_u128(0xd1)]),
        api(KafkaError::InvalidRegistration, "Broker 1 is already registered with directory AAAAAAAAAAAAAAAAAAAA0Q")
    );
    assert_eq!(
        ask(&|r| r.features.retain(|(name, _)| name != "metadata.version")),
        api(KafkaError::InvalidRegistration, "Request features do not contain 'metadata.version'")
    );
    assert_eq!(
        ask(&|r| r.features.retain(|(name, _)| name != "group.version")),
        api(
            KafkaError::UnsupportedVersion,
            "Unable to register because the broker does not support finalized version 1 of group.version. The broker wants \
             a version between 0 and 0, inclusive."
        )
    );
    assert_eq!(
        ask(&|r| r.broker_id = 1),
        api(
            KafkaError::DuplicateBrokerRegistration,
            "Another broker is registered with that broker id. If the broker was recently restarted this should \
             self-resolve once the heartbeat manager expires the broker's session."
        )
    );
}

#[test]
fn a_new_life_may_register_when_the_old_session_ended_or_in_the_same_process() {
    let mut bench = Bench::with_brokers(&[1]);
    let same = RegisterBroker { same_process: true, ..registration(1, 50) };
    assert!(bench.ask(Request::RegisterBroker(same)).is_ok());
    let mut bench = Bench::with_brokers(&[1]);
    bench.now = bench.now.plus_ms(9001);
    assert!(bench.ask(Request::RegisterBroker(registration(1, 50))).is_ok());
    assert!(bench.image().broker(1).unwrap().fenced);
}

#[test]
fn registering_again_in_the_same_life_keeps_epoch_and_fencing() {
    let mut bench = Bench::with_brokers(&[1]);
    let before = bench.image().broker(1).unwrap().clone();
    let again = RegisterBroker { listeners: vec![("PLAINTEXT".into(), endpoint(7))], ..registration(1, 8) };
    let response = bench.ask(Request::RegisterBroker(again)).unwrap();
    assert_eq!(response, Response::BrokerRegistered { broker_epoch: before.epoch });
    let after = bench.image().broker(1).unwrap();
    assert_eq!((after.epoch, after.fenced, after.listeners["PLAINTEXT"].port), (before.epoch, false, 7));
    assert!(bench.image().registration_offset(1).unwrap() > before.epoch);
}

#[test]
fn a_broker_is_unfenced_once_it_has_read_its_own_registration() {
    let mut bench = Bench::empty();
    let Response::BrokerRegistered { broker_epoch } = bench.ask(Request::RegisterBroker(registration(1, 8))).unwrap()
    else {
        panic!()
    };
    let mut beat = |offset| match bench.ask(Request::BrokerHeartbeat(heartbeat(1, broker_epoch, offset))).unwrap() {
        Response::BrokerHeartbeat(reply) => (reply.is_caught_up, reply.is_fenced),
        other => panic!("{other:?}"),
    };
    assert_eq!(beat(broker_epoch - 1), (false, true));
    assert_eq!(beat(broker_epoch), (true, false));
    let stale = bench.ask(Request::BrokerHeartbeat(heartbeat(1, 1, 1))).unwrap_err();
    assert_eq!(
        stale,
        api(KafkaError::StaleBrokerEpoch, &format!("Expected broker epoch {broker_epoch}, but got broker epoch 1"))
    );
    let unknown = bench.ask(Request::BrokerHeartbeat(heartbeat(5, 1, 1))).unwrap_err();
    assert_eq!(unknown, api(KafkaError::StaleBrokerEpoch, "Receive a heartbeat from broker 5 before registration"));
}

#[test]
fn a_silent_broker_is_fenced_and_its_partitions_move() {
    let mut bench = Bench::with_brokers(&[1, 2]);
    bench.create(CreatableTopic { assignments: vec![(0, vec![1, 2])], ..topic("t", -1, -1) });
    bench.now = bench.now.plus_ms(5000);
    let epoch = bench.image().broker(2).unwrap().epoch;
    bench.ask(Request::BrokerHeartbeat(heartbeat(2, epoch, 100))).unwrap();
    assert_eq!(bench.controller.next_deadline_ms(), Some(1000 + 9001));
    bench.now = now(10_001);
    let image = bench.loader.image().clone();
    let basis = decide::Basis { image: &image, kraft_version: 1, next_offset: image.last_offset() + 1 };
    let decision = bench.controller.fence_stale_broker(basis, bench.now).unwrap();
    bench.replay(&decision.records);
    assert!(bench.image().broker(1).unwrap().fenced);
    let partition = bench.image().topic("t").unwrap().partition(0).unwrap().clone();
    assert_eq!((partition.leader, partition.isr.as_slice(), partition.leader_epoch), (2, [2].as_slice(), 1));
    // min.insync.replicas is 1: the ISR of one is enough, so nobody is eligible beside it.
    assert!(partition.elr.is_empty());
    let image = bench.loader.image().clone();
    let basis = decide::Basis { image: &image, kraft_version: 1, next_offset: image.last_offset() + 1 };
    assert_eq!(bench.controller.fence_stale_broker(basis, bench.now), None);
}

#[test]
fn a_lone_broker_shuts_down_and_leads_again_after_its_return() {
    let mut bench = Bench::with_brokers(&[1]);
    bench.create(topic("t", 2, 1));
    let epoch = bench.image().broker(1).unwrap().epoch;
    let stop = |bench: &mut Bench| {
        let offset = bench.image().last_offset();
        let request = BrokerHeartbeat { want_shut_down: true, ..heartbeat(1, epoch, offset) };
        let decision = bench.decide(Request::BrokerHeartbeat(request)).unwrap();
        bench.replay(&decision.records);
        if let Some(broker) = decision.controlled_shutdown_of {
            let end = bench.image().last_offset();
            bench.controller.note_shutdown_offset(broker, end);
        }
        match decision.response {
            Response::BrokerHeartbeat(reply) => reply,
            other => panic!("{other:?}"),
        }
    };
    let first = stop(&mut bench);
    assert!(first.in_controlled_shutdown && !first.should_shut_down);
    let partition = bench.image().topic("t").unwrap().partition(0).unwrap().clone();
    // As Apache Kafka 4.3.1 writes it.
    assert_eq!(partition.leader, -1);
    assert_eq!(
        (partition.isr.len(), partition.elr.as_slice(), partition.last_known_elr.as_slice()),
        (0, [1].as_slice(), [1].as_slice())
    );
    assert!(stop(&mut bench).should_shut_down);
    assert!(bench.image().broker(1).unwrap().fenced);

    let again = RegisterBroker { previous_broker_epoch: Some(epoch), same_process: true, ..registration(1, 77) };
    let Response::BrokerRegistered { broker_epoch } = bench.ask(Request::RegisterBroker(again)).unwrap() else {
        panic!()
    };
    let offset = bench.image().last_offset();
    bench.ask(Request::BrokerHeartbeat(heartbeat(1, broker_epoch, offset))).unwrap();
    let partition = bench.image().topic("t").unwrap().partition(0).unwrap().clone();
    assert_eq!((partition.leader, partition.isr.as_slice(), partition.leader_epoch), (1, [1].as_slice(), 2));
    assert!(partition.elr.is_empty() && partition.last_known_elr.is_empty());
}

#[test]
fn an_unclean_return_of_a_lone_broker_elects_the_last_known_leader() {
    let mut bench = Bench::with_brokers(&[1]);
    bench.create(topic("t", 1, 1));
    let again = RegisterBroker { previous_broker_epoch: Some(-1), same_process: true, ..registration(1, 77) };
    let Response::BrokerRegistered { broker_epoch } = bench.ask(Request::RegisterBroker(again)).unwrap() else {
        panic!()
    };
    let partition = bench.image().topic("t").unwrap().partition(0).unwrap().clone();
    assert_eq!((partition.leader, partition.isr.len(), partition.elr.len()), (-1, 0, 0));
    assert_eq!(partition.last_known_elr, [1]);
    let offset = bench.image().last_offset();
    bench.ask(Request::BrokerHeartbeat(heartbeat(1, broker_epoch, offset))).unwrap();
    let partition = bench.image().topic("t").unwrap().partition(0).unwrap().clone();
    assert_eq!((partition.leader, partition.isr.as_slice()), (1, [1].as_slice()));
    assert_eq!(partition.leader_recovery_state.value(), 1);
}

#[test]
fn producer_ids_come_in_blocks_of_a_thousand() {
    let mut bench = Bench::with_brokers(&[1]);
    let broker_epoch = bench.image().broker(1).unwrap().epoch;
    for first in [0, 1000, 2000] {
        let response = bench.ask(Request::AllocateProducerIds { broker_id: 1, broker_epoch }).unwrap();
        assert_eq!(response, Response::ProducerIds { first_producer_id: first, count: 1000 });
    }
    let stale = bench.ask(Request::AllocateProducerIds { broker_id: 1, broker_epoch: 0 }).unwrap_err();
    assert_eq!(stale.error, KafkaError::StaleBrokerEpoch);
}

#[test]
fn an_unregistered_broker_is_forgotten() {
    let mut bench = Bench::with_brokers(&[1, 2]);
    bench.create(CreatableTopic { assignments: vec![(0, vec![2, 1])], ..topic("t", -1, -1) });
    assert_eq!(bench.ask(Request::UnregisterBroker { broker_id: 2 }).unwrap(), Response::Done);
    assert!(bench.image().broker(2).is_none());
    assert_eq!(bench.image().topic("t").unwrap().partition(0).unwrap().leader, 1);
    assert_eq!(
        bench.ask(Request::UnregisterBroker { broker_id: 2 }).unwrap_err(),
        api(KafkaError::BrokerIdNotRegistered, "Broker ID 2 is not currently registered")
    );
}

#[test]
fn an_isr_is_altered_by_its_leader_only_and_at_its_epochs() {
    let mut bench = Bench::with_brokers(&[1, 2]);
    bench.create(CreatableTopic { assignments: vec![(0, vec![1, 2])], ..topic("t", -1, -1) });
    let id = bench.image().topic_id("t").unwrap();
    let epochs = [1, 2].map(|b| bench.image().broker(b).unwrap().epoch);
    let mut ask = |broker: i32, change: &dyn Fn(&mut AlterPartitionData)| {
        let mut data = AlterPartitionData {
            topic_id: id,
            partition: 0,
            leader_epoch: 0,
            new_isr: vec![(1, epochs[0])],
            leader_recovery_state: 0,
            partition_epoch: 0,
        };
        change(&mut data);
        let request =
            AlterPartition { broker_id: broker, broker_epoch: epochs[broker as usize - 1], partitions: vec![data] };
        match bench.ask(Request::AlterPartition(request)).unwrap() {
            Response::AlterPartition(mut r) => r.remove(0).result,
            other => panic!("{other:?}"),
        }
    };
    assert_eq!(ask(1, &|d| d.topic_id = Uuid::nil()), Err(KafkaError::UnknownTopicId));
    assert_eq!(ask(1, &|d| d.partition = 9), Err(KafkaError::UnknownTopicOrPartition));
    assert_eq!(ask(1, &|d| d.leader_epoch = 1), Err(KafkaError::NotController));
    assert_eq!(ask(1, &|d| d.partition_epoch = 1), Err(KafkaError::NotController));
    assert_eq!(ask(1, &|d| d.leader_epoch = -1), Err(KafkaError::FencedLeaderEpoch));
    assert_eq!(ask(2, &|_| ()), Err(KafkaError::InvalidRequest));
    assert_eq!(ask(1, &|d| d.partition_epoch = -1), Err(KafkaError::InvalidUpdateVersion));
    assert_eq!(ask(1, &|d| d.new_isr = vec![(2, -1)]), Err(KafkaError::InvalidRequest));
    assert_eq!(ask(1, &|d| d.new_isr = vec![(1, -1), (1, -1)]), Err(KafkaError::InvalidRequest));
    assert_eq!(ask(1, &|d| d.new_isr = vec![(1, -1), (2, 0)]), Err(KafkaError::IneligibleReplica));
    let shrunk = ask(1, &|_| ()).unwrap();
    assert_eq!((shrunk.isr.as_slice(), shrunk.leader_epoch, shrunk.partition_epoch), ([1].as_slice(), 0, 1));
    let expanded = ask(1, &|d| {
        d.partition_epoch = 1;
        d.new_isr = vec![(1, -1), (2, epochs[1])];
    });
    assert_eq!(expanded.unwrap().isr, [1, 2]);
}

#[test]
fn preferred_leaders_are_elected() {
    let mut bench = Bench::with_brokers(&[1, 2]);
    bench.create(CreatableTopic { assignments: vec![(0, vec![1, 2]), (1, vec![2, 1])], ..topic("t", -1, -1) });
    let epoch = bench.image().broker(1).unwrap().epoch;
    let fence = BrokerHeartbeat { want_fence: true, ..heartbeat(1, epoch, 1000) };
    bench.ask(Request::BrokerHeartbeat(fence)).unwrap();
    let elect = |bench: &mut Bench, topics: Option<Vec<(String, Vec<i32>)>>| {
        let request = ElectLeaders { election_type: 0, topic_partitions: topics };
        match bench.ask(Request::ElectLeaders(request)).unwrap() {
            Response::ElectLeaders(results) => results,
            other => panic!("{other:?}"),
        }
    };
    let listed = Some(vec![("t".to_owned(), vec![0, 1, 7]), ("none".to_owned(), vec![0])]);
    let codes: Vec<_> = elect(&mut bench, listed).into_iter().flat_map(|(_, p)| p).map(|(_, e)| e.error).collect();
    assert_eq!(
        codes,
        [
            KafkaError::PreferredLeaderNotAvailable,
            KafkaError::ElectionNotNeeded,
            KafkaError::UnknownTopicOrPartition,
            KafkaError::UnknownTopicOrPartition,
        ]
    );
    let Response::BrokerHeartbeat(_) = bench.ask(Request::BrokerHeartbeat(heartbeat(1, epoch, 1000))).unwrap() else {
        panic!()
    };
    let id = bench.image().topic_id("t").unwrap();
    let two = bench.image().broker(2).unwrap().epoch;
    let partition = bench.image().partition(id, 0).unwrap().clone();
    let data = AlterPartitionData {
        topic_id: id,
        partition: 0,
        leader_epoch: partition.leader_epoch,
        new_isr: vec![(2, -1), (1, -1)],
        leader_recovery_state: 0,
        partition_epoch: partition.partition_epoch,
    };
    let request = AlterPartition { broker_id: 2, broker_epoch: two, partitions: vec![data] };
    bench.ask(Request::AlterPartition(request)).unwrap();
    let all = elect(&mut bench, None);
    assert_eq!(all, [("t".to_owned(), vec![(0, ApiError::NONE)])]);
    assert_eq!(bench.image().partition(id, 0).unwrap().leader, 1);
}

#[test]
fn replicas_are_assigned_to_the_directory_that_their_broker_names() {
    let mut bench = Bench::empty();
    let (a, b) = (Uuid::from_u128(0x500), Uuid::from_u128(0x501));
    let two_dirs = RegisterBroker { log_dirs: vec![a, b], ..registration(1, 8) };
    let Response::BrokerRegistered { broker_epoch } = bench.ask(Request::RegisterBroker(two_dirs)).unwrap() else {
        panic!()
    };
    let offset = bench.image().last_offset();
    bench.ask(Request::BrokerHeartbeat(heartbeat(1, broker_epoch, offset))).unwrap();
    let id = bench.create(topic("t", 1, 1)).topic_id;
    assert_eq!(bench.image().partition(id, 0).unwrap().directories, [ottla_base::ids::DIRECTORY_UNASSIGNED]);
    let request = AssignReplicasToDirs {
        broker_id: 1,
        broker_epoch,
        directories: vec![(b, vec![(id, vec![0, 3]), (Uuid::nil(), vec![0])])],
    };
    let response = bench.ask(Request::AssignReplicasToDirs(request)).unwrap();
    assert_eq!(
        response,
        Response::AssignReplicasToDirs(vec![(
            b,
            vec![
                (id, vec![(0, KafkaError::None), (3, KafkaError::UnknownTopicOrPartition)]),
                (Uuid::nil(), vec![(0, KafkaError::UnknownTopicId)]),
            ]
        )])
    );
    assert_eq!(bench.image().partition(id, 0).unwrap().directories, [b]);
    let gone = BrokerHeartbeat { offline_log_dirs: vec![b], ..heartbeat(1, broker_epoch, offset) };
    bench.ask(Request::BrokerHeartbeat(gone)).unwrap();
    assert_eq!(bench.image().partition(id, 0).unwrap().leader, -1, "its directory failed");
    assert_eq!(bench.image().broker(1).unwrap().directories, [a]);
}

// ---- the whole, with a log ----

fn params(dir: &Path, dynamic: bool) -> CoreParams {
    CoreParams {
        storage: Arc::new(DiskStorage::new(SyncMode::Durable)),
        log_dir: dir.to_owned(),
        directory_id: DIRECTORY,
        static_voters: if dynamic { VoterSet::default() } else { VoterSet::of_ids([1]) },
        controller_endpoints: vec![("CONTROLLER".into(), "localhost".into(), 9093)],
        config: config(),
        log: MetadataLogConfig::default(),
        raft: RaftParams::default(),
        snapshots: SnapshotConfig::default(),
    }
}

fn format(dir: &Path, dynamic: bool) {
    let voter = Voter {
        id: 1,
        directory_id: DIRECTORY,
        endpoints: vec![("CONTROLLER".into(), "localhost".into(), 9093)],
        kraft_versions: (0, 1),
    };
    let voters = VoterSet::new([voter]);
    let storage: Arc<dyn Storage> = Arc::new(DiskStorage::new(SyncMode::Durable));
    write_bootstrap(&*storage, dir, &activation::bootstrap_records(), dynamic.then_some(&voters), now(0)).unwrap();
}

fn open(dir: &Path, dynamic: bool) -> ControllerCore {
    ControllerCore::open(params(dir, dynamic), now(1000), Rng::from_seed(3)).unwrap()
}

fn one(core: &mut ControllerCore, request: Request) -> Result<Response, ApiError> {
    core.request(42, &request, now(2000)).unwrap();
    let outputs = core.drive(now(2000)).unwrap();
    let done = outputs.completed.into_iter().find(|c| c.token == 42).expect("a quorum of one answers at once");
    done.result
}

/// Registers and unfences broker 1; returns its epoch.
fn bring_up(core: &mut ControllerCore) -> i64 {
    let request = RegisterBroker { same_process: true, ..registration(1, 0x77) };
    let Response::BrokerRegistered { broker_epoch } = one(core, Request::RegisterBroker(request)).unwrap() else {
        panic!()
    };
    let offset = core.image().last_offset();
    one(core, Request::BrokerHeartbeat(heartbeat(1, broker_epoch, offset))).unwrap();
    broker_epoch
}

#[test]
fn the_first_start_costs_one_group_of_syncs_with_everything_requested_before_it() {
    for dynamic in [false, true] {
        let dir = tempfile::tempdir().unwrap();
        format(dir.path(), dynamic);
        let mut core = open(dir.path(), dynamic);
        core.request(1, &Request::RegisterBroker(registration(1, 5)), now(1000)).unwrap();
        let outputs = core.drive(now(1001)).unwrap();
        assert_eq!(core.node().syncs(), 2, "the entry log and its name");
        // Offsets as in a log of Apache Kafka 4.3.1: LeaderChange (KRaftVersion, voters), nine bootstrap records.
        let first = if dynamic { 12 } else { 10 };
        assert_eq!(
            outputs.completed,
            [Completed { token: 1, result: Ok(Response::BrokerRegistered { broker_epoch: first }) }]
        );
        let (image, changes) = outputs.image.unwrap();
        assert_eq!(image.metadata_version().unwrap().0, 30);
        assert_eq!(image.last_offset(), first);
        assert!(changes.brokers.contains(&1) && changes.features);
        assert_eq!(core.node().epoch(), 1);
        let quorum = core.node().describe(now(1001));
        assert_eq!((quorum.leader_id, quorum.leader_epoch, quorum.high_watermark), (1, 1, first + 1));
        assert_eq!(quorum.voters[0].log_end_offset, first + 1);
        assert_eq!(quorum.voters[0].directory_id, if dynamic { DIRECTORY } else { ZERO_UUID });
        let mut beat = heartbeat(1, first, first);
        beat.cordoned_log_dirs = None;
        one(&mut core, Request::BrokerHeartbeat(beat)).unwrap();
        assert_eq!(core.node().syncs(), 3);
        assert_eq!(core.next_deadline_ms(), Some(2000 + 9001), "only the broker's session");
    }
}

#[test]
fn a_restart_finds_everything_again() {
    for (dynamic, clean) in [(false, true), (true, true), (false, false), (true, false)] {
        let dir = tempfile::tempdir().unwrap();
        format(dir.path(), dynamic);
        let mut core = open(dir.path(), dynamic);
        bring_up(&mut core);
        one(&mut core, Request::CreateTopics(CreateTopics { topics: vec![topic("t", 2, 1)], validate_only: false }))
            .unwrap();
        let before = core.image().clone();
        if clean {
            core.close(now(3000)).unwrap();
        }
        drop(core);
        let mut core = open(dir.path(), dynamic);
        assert_eq!(*core.image(), before);
        let outputs = core.drive(now(4000)).unwrap();
        let (image, changes) = outputs.image.unwrap();
        assert!(image.same_state(&before));
        assert_eq!(changes.partitions.len(), 2, "the first image counts as new as a whole");
        assert_eq!(core.node().epoch(), 2);
        assert_eq!(image.last_offset(), before.last_offset() + 1, "one LeaderChange");
        assert_eq!(core.node().syncs(), 1);
    }
}

#[test]
fn a_snapshot_and_the_log_behind_it_give_the_same_state() {
    let dir = tempfile::tempdir().unwrap();
    format(dir.path(), true);
    let mut core = open(dir.path(), true);
    bring_up(&mut core);
    let create =
        |name: &str| Request::CreateTopics(CreateTopics { topics: vec![topic(name, 1, 1)], validate_only: false });
    one(&mut core, create("a")).unwrap();
    core.write_snapshot(now(2500)).unwrap();
    one(&mut core, create("b")).unwrap();
    core.write_snapshot(now(2600)).unwrap();
    one(&mut core, create("c")).unwrap();
    let before = core.image().clone();
    drop(core);
    let core = open(dir.path(), true);
    assert_eq!(*core.image(), before);
    assert_eq!(core.image().topics().map(|t| t.name.to_string()).collect::<Vec<_>>(), ["a", "b", "c"]);
    assert!(core.snapshot_id().unwrap().end_offset > 0);
}

#[test]
fn when_raft_files_are_gone_raft_starts_behind_the_log_in_a_higher_term() {
    let dir = tempfile::tempdir().unwrap();
    format(dir.path(), false);
    let mut core = open(dir.path(), false);
    bring_up(&mut core);
    let before = core.image().clone();
    drop(core);
    let metadata = crate::raft::format::metadata_partition_dir(dir.path());
    for entry in std::fs::read_dir(&metadata).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_some_and(|e| e == "raft") {
            std::fs::remove_file(path).unwrap();
        }
    }
    // Apache Kafka has been elected in epoch 9 since.
    std::fs::write(metadata.join("quorum-state"), r#"{"leaderId":1,"leaderEpoch":9,"votedId":-1,"data_version":1}"#)
        .unwrap();
    let mut core = open(dir.path(), false);
    assert_eq!(*core.image(), before);
    core.drive(now(5000)).unwrap();
    assert_eq!(core.node().epoch(), 10);
    drop(core);
    let mut core = open(dir.path(), false);
    core.drive(now(5000)).unwrap();
    assert_eq!(core.node().epoch(), 11, "and from then on it is its own again");
}

#[test]
fn decided_and_replayed_state_are_equal_whatever_is_asked() {
    let dir = tempfile::tempdir().unwrap();
    format(dir.path(), false);
    let mut core = open(dir.path(), false);
    bring_up(&mut core);
    let mut rng = Rng::from_seed(11);
    let mut published: Option<Arc<MetadataImage>> = None;
    let mut start: Option<Arc<MetadataImage>> = None;
    let mut merged = Changes::default();
    for step in 0..300u64 {
        let name = format!("t{}", rng.below(12));
        let request = match rng.below(5) {
            0 | 1 => Request::CreateTopics(CreateTopics {
                topics: vec![topic(&name, 1 + rng.below(4) as i32, 1)],
                validate_only: false,
            }),
            2 => Request::DeleteTopics(DeleteTopics { topics: vec![(Some(name), ZERO_UUID)] }),
            3 => Request::CreatePartitions(CreatePartitions {
                topics: vec![CreatePartitionsTopic { name, count: 1 + rng.below(8) as i32, assignments: None }],
                validate_only: false,
            }),
            _ => Request::IncrementalAlterConfigs(IncrementalAlterConfigs {
                resources: vec![(
                    ConfigResource::topic(name),
                    vec![AlterConfigOp {
                        name: "retention.ms".into(),
                        op: if rng.one_in(3) { OpType::Delete } else { OpType::Set },
                        value: Some(rng.below(9).to_string()),
                    }],
                )],
                validate_only: false,
            }),
        };
        core.request(step, &request, now(3000 + step)).unwrap();
        if rng.one_in(3) {
            let outputs = core.drive(now(3000 + step)).unwrap();
            if let Some((image, changes)) = outputs.image {
                if let Some(before) = &published {
                    assert_eq!(changes, Changes::between(before, &image), "step {step}");
                    merged.merge(changes);
                } else {
                    start = Some(image.clone());
                }
                published = Some(image);
            }
        }
    }
    let all = Changes::between(&start.unwrap(), &published.unwrap());
    assert_eq!((&merged.topics_created, &merged.topics_deleted), (&all.topics_created, &all.topics_deleted));
    for (key, before) in &all.partitions {
        assert_eq!(merged.partitions.get(key), Some(before));
    }
    assert!(all.configs.is_subset(&merged.configs));
    core.drive(now(9000)).unwrap();
    let before = core.image().clone();
    let snapshot = before.to_records();
    let mut loader = MetadataLoader::default();
    for record in &snapshot {
        loader.replay(&record.record, 0, 1, 1).unwrap();
    }
    assert!(loader.image().same_state(&before));
    drop(core);
    assert_eq!(*open(dir.path(), false).image(), before);
}
