//! Every version of every API that is advertised is sent; its reply is decoded to the last byte and compared with what
//! Apache Kafka 4.3.1 answered (`golden/replies.txt`).
//!
//! `OTTLA_REGENERATE=1 OTTLA_ORACLE=… cargo test -p ottla-tests replies` records the answers anew, from a Kafka that the
//! oracle's command starts (see [`crate::fixture`]). What differs from run to run is replaced by a name in angle brackets.

use crate::client::Client;
use crate::fixture::*;
use bytes::Bytes;
use kafka_protocol::messages::*;
use kafka_protocol::protocol::{Request, StrBytes};
use ottla_base::ids::Uuid;
use ottla_broker::server::registry::APIS;
use ottla_protocol::generated::{OffsetCommitRequest, OffsetFetchRequest, offset_commit_request, offset_fetch_request};
use std::fmt::Write;
use std::path::Path;

/// One run over all APIs.
struct Run {
    client: Client,
    topic_id: Uuid,
    groups: usize,
    out: String,
}

const TOPIC: &str = "golden";

#[test]
fn every_version_of_every_api_is_answered_as_kafka_does() {
    let broker = Broker::with(&[]);
    let mut client = broker.connect();
    find_coordinator(&mut client, "warm-up");
    producer_id(&mut client);
    let topic_id = create(&mut client, TOPIC, 2, &[]);
    let mut run = Run { client, topic_id, groups: 0, out: String::new() };
    for api in APIS {
        for version in api.min..=api.max {
            let reply = run.exchange(api.key, version);
            writeln!(run.out, "{} v{version}: {reply}", api.name).unwrap();
        }
    }
    let replies = run.normalised(&broker);

    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("golden/replies.txt");
    if std::env::var_os("OTTLA_REGENERATE").is_some() {
        assert!(broker.is_oracle(), "golden replies are recorded from Apache Kafka only");
        std::fs::write(&path, &replies).unwrap();
    }
    let golden = std::fs::read_to_string(&path).unwrap();
    let differing: Vec<String> = golden
        .lines()
        .zip(replies.lines())
        .filter(|(kafka, ours)| kafka != ours)
        .map(|(kafka, ours)| format!("kafka {kafka}\nours  {ours}"))
        .collect();
    assert!(differing.is_empty(), "{} replies differ\n{}", differing.len(), differing.join("\n"));
    assert_eq!(golden.lines().count(), replies.lines().count());
}

impl Run {
    /// Sends `version` of an API and returns its reply as text.
    fn exchange(&mut self, key: i16, version: i16) -> String {
        let v = version;
        match key {
            0 => {
                let mut request = produce_request(TOPIC, 0, batch_at(1_700_000_000_000, &["a", "b"]), -1);
                if v >= 13 {
                    request.topic_data[0].name = TopicName::default();
                    request.topic_data[0].topic_id = self.topic_id;
                }
                self.call(&request, v)
            }
            1 => {
                let mut request = fetch_request(&[(TOPIC, 0, 20), (TOPIC, 1, 0), (TOPIC, 0, 0)]);
                request.topics[0].partitions.truncate(2);
                if v >= 13 {
                    request.topics[0].topic = TopicName::default();
                    request.topics[0].topic_id = self.topic_id;
                }
                self.call(&request, v)
            }
            2 => {
                let mut request = list_offsets_request(TOPIC, &[(0, -1), (1, -2), (2, -1)]);
                request.topics.push(request.topics[0].clone());
                request.topics[1].name = s("absent");
                let mut response = self.client.call(&request, v);
                response.topics.sort_by(|a, b| a.name.cmp(&b.name));
                for topic in &mut response.topics {
                    topic.partitions.sort_by_key(|p| p.partition_index);
                }
                text(&response)
            }
            3 => {
                let topic = |name| metadata_request::MetadataRequestTopic::default().with_name(Some(name));
                let request = MetadataRequest::default()
                    .with_topics(Some(vec![topic(name(TOPIC)), topic(name("absent"))]))
                    .with_allow_auto_topic_creation(v < 4)
                    .with_include_cluster_authorized_operations((8..=10).contains(&v))
                    .with_include_topic_authorized_operations(v >= 8);
                // Below version 4 every missing topic is made.
                let mut request = request;
                if v < 4 {
                    request.topics.as_mut().unwrap().pop();
                    request.allow_auto_topic_creation = true;
                }
                let mut response = self.client.call(&request, v);
                response.topics.sort_by(|a, b| a.name.cmp(&b.name));
                text(&response)
            }
            8 => {
                let partition = |index| offset_commit_request::OffsetCommitRequestPartition {
                    partition_index: index,
                    committed_offset: 5,
                    committed_leader_epoch: if v >= 6 { 0 } else { -1 },
                    committed_metadata: Some(s("meta")),
                };
                let request = OffsetCommitRequest {
                    group_id: s("simple"),
                    generation_id_or_member_epoch: -1,
                    retention_time_ms: -1,
                    topics: vec![offset_commit_request::OffsetCommitRequestTopic {
                        name: if v >= 10 { StrBytes::default() } else { s(TOPIC) },
                        topic_id: if v >= 10 { self.topic_id } else { Uuid::nil() },
                        partitions: vec![partition(0), partition(7)],
                    }],
                    ..Default::default()
                };
                let mut response = self.client.call(&request, v);
                response.topics[0].partitions.sort_by_key(|p| p.partition_index);
                text(&response)
            }
            9 => {
                let (name, topic_id) =
                    if v >= 10 { (StrBytes::default(), self.topic_id) } else { (s(TOPIC), Uuid::nil()) };
                let request = if v >= 8 {
                    let group = |id: &str, all: bool| offset_fetch_request::OffsetFetchRequestGroup {
                        group_id: s(id),
                        member_epoch: -1,
                        topics: (!all).then(|| {
                            vec![offset_fetch_request::OffsetFetchRequestTopics {
                                name: name.clone(),
                                topic_id,
                                partition_indexes: vec![0, 1, 7],
                            }]
                        }),
                        ..Default::default()
                    };
                    OffsetFetchRequest {
                        groups: vec![group("simple", false), group("simple", true), group("no such group", false)],
                        ..Default::default()
                    }
                } else {
                    OffsetFetchRequest {
                        group_id: s("simple"),
                        topics: Some(vec![offset_fetch_request::OffsetFetchRequestTopic {
                            name,
                            partition_indexes: vec![0, 1, 7],
                        }]),
                        ..Default::default()
                    }
                };
                self.call(&request, v)
            }
            10 => {
                let request = FindCoordinatorRequest::default();
                self.call(
                    &if v >= 4 {
                        request.with_coordinator_keys(vec![s("simple"), s("other")])
                    } else {
                        request.with_key(s("simple"))
                    },
                    v,
                )
            }
            11 => {
                let request = self.join_request(v);
                let first = self.client.call(&request, v);
                let first_text = text(&first);
                if first.error_code == 79 {
                    return format!("{first_text} then {}", self.call(&request.with_member_id(first.member_id), v));
                }
                first_text
            }
            12 => {
                let (group, member, generation) = self.join();
                let heartbeat = HeartbeatRequest::default()
                    .with_group_id(group)
                    .with_member_id(member)
                    .with_generation_id(generation);
                self.call(&heartbeat, v)
            }
            13 => {
                let (group, member, _) = self.join();
                let request = LeaveGroupRequest::default().with_group_id(group);
                let request = if v >= 3 {
                    let leaving = |id| leave_group_request::MemberIdentity::default().with_member_id(id);
                    request.with_members(vec![leaving(member), leaving(s("stranger"))])
                } else {
                    request.with_member_id(member)
                };
                self.call(&request, v)
            }
            14 => {
                let (group, member, generation) = self.join();
                let assignment = sync_group_request::SyncGroupRequestAssignment::default()
                    .with_member_id(member.clone())
                    .with_assignment(Bytes::from_static(b"assignment"));
                let request = SyncGroupRequest::default()
                    .with_group_id(group)
                    .with_member_id(member)
                    .with_generation_id(generation)
                    .with_protocol_type((v >= 5).then(|| s("consumer")))
                    .with_protocol_name((v >= 5).then(|| s("range")))
                    .with_assignments(vec![assignment]);
                self.call(&request, v)
            }
            _ => self.exchange_admin(key, version),
        }
    }

    fn exchange_admin(&mut self, key: i16, version: i16) -> String {
        let v = version;
        match key {
            15 => {
                let (joined, member, generation) = self.join();
                let sync = SyncGroupRequest::default()
                    .with_group_id(joined.clone())
                    .with_member_id(member)
                    .with_generation_id(generation);
                self.client.call(&sync, 3);
                let request = DescribeGroupsRequest::default()
                    .with_groups(vec![joined, group("simple"), group("no such group")])
                    .with_include_authorized_operations(v >= 3);
                let mut response = self.client.call(&request, v);
                response.groups.sort_by(|a, b| a.group_id.cmp(&b.group_id));
                text(&response)
            }
            16 => {
                let request = ListGroupsRequest::default();
                let request = if v >= 4 { request.with_states_filter(vec![s("Empty")]) } else { request };
                let request = if v >= 5 { request.with_types_filter(vec![s("classic")]) } else { request };
                let mut response = self.client.call(&request, v);
                response.groups.sort_by(|a, b| a.group_id.cmp(&b.group_id));
                text(&response)
            }
            18 => {
                let request = ApiVersionsRequest::default();
                let request = if v >= 3 {
                    request.with_client_software_name(s("test")).with_client_software_version(s("1.0"))
                } else {
                    request
                };
                let mut response = self.client.call(&request, v);
                // What is not served here is not advertised.
                response.api_keys.retain(|api| APIS.iter().any(|ours| ours.key == api.api_key));
                response.supported_features.sort_by(|a, b| a.name.cmp(&b.name));
                response.finalized_features.sort_by(|a, b| a.name.cmp(&b.name));
                text(&response)
            }
            19 => {
                let mut request = create_request(&format!("created-{v}"), 2, &[("retention.ms", "5000")]);
                request.topics.extend(create_request(TOPIC, 1, &[]).topics);
                request.topics.extend(create_request("in valid", 1, &[]).topics);
                request.topics.extend(create_request("bad", 1, &[("no.such.key", "1")]).topics);
                let mut response = self.client.call(&request, v);
                response.topics.sort_by(|a, b| a.name.cmp(&b.name));
                for topic in &mut response.topics {
                    if let Some(configs) = &mut topic.configs {
                        configs.sort_by(|a, b| a.name.cmp(&b.name));
                    }
                }
                text(&response)
            }
            20 => {
                let topic = format!("created-{}", v + 1);
                let request = DeleteTopicsRequest::default().with_timeout_ms(10_000);
                let request = if v >= 6 {
                    let state = delete_topics_request::DeleteTopicState::default;
                    request.with_topics(vec![
                        state().with_name(Some(name(&topic))),
                        state().with_name(Some(name("absent"))),
                        state().with_topic_id(Uuid::from_u128(77)),
                    ])
                } else {
                    request.with_topic_names(vec![name(&topic), name("absent")])
                };
                let mut response = self.client.call(&request, v);
                response.responses.sort_by(|a, b| a.name.cmp(&b.name));
                text(&response)
            }
            21 => {
                let partition = |index, offset| {
                    delete_records_request::DeleteRecordsPartition::default()
                        .with_partition_index(index)
                        .with_offset(offset)
                };
                let topic = |topic: &str, partitions| {
                    delete_records_request::DeleteRecordsTopic::default()
                        .with_name(name(topic))
                        .with_partitions(partitions)
                };
                let request = DeleteRecordsRequest::default().with_timeout_ms(10_000).with_topics(vec![
                    topic(TOPIC, vec![partition(0, 1 + i64::from(v)), partition(1, 9), partition(5, 0)]),
                    topic("absent", vec![partition(0, 0)]),
                ]);
                let mut response = self.client.call(&request, v);
                response.topics.sort_by(|a, b| a.name.cmp(&b.name));
                for topic in &mut response.topics {
                    topic.partitions.sort_by_key(|p| p.partition_index);
                }
                text(&response)
            }
            22 => {
                let request =
                    InitProducerIdRequest::default().with_transactional_id(None).with_transaction_timeout_ms(60_000);
                self.call(&request, v)
            }
            23 => {
                let partition = |index, epoch| {
                    offset_for_leader_epoch_request::OffsetForLeaderPartition::default()
                        .with_partition(index)
                        .with_current_leader_epoch(-1)
                        .with_leader_epoch(epoch)
                };
                let topic = offset_for_leader_epoch_request::OffsetForLeaderTopic::default()
                    .with_topic(name(TOPIC))
                    .with_partitions(vec![partition(0, 0), partition(1, 5), partition(9, 0)]);
                let request = OffsetForLeaderEpochRequest::default().with_topics(vec![topic]);
                self.call(&if v >= 3 { request.with_replica_id(BrokerId(-1)) } else { request }, v)
            }
            29 => {
                let request = DescribeAclsRequest::default()
                    .with_resource_type_filter(1)
                    .with_pattern_type_filter(if v >= 1 { 1 } else { 0 })
                    .with_operation(1)
                    .with_permission_type(1);
                self.call(&request, v)
            }
            30 => {
                let creation = create_acls_request::AclCreation::default()
                    .with_resource_type(2)
                    .with_resource_name(s("t"))
                    .with_resource_pattern_type(3)
                    .with_principal(s("User:x"))
                    .with_host(s("*"))
                    .with_operation(3)
                    .with_permission_type(3);
                self.call(&CreateAclsRequest::default().with_creations(vec![creation.clone(), creation]), v)
            }
            31 => {
                let filter = delete_acls_request::DeleteAclsFilter::default()
                    .with_resource_type_filter(2)
                    .with_resource_name_filter(Some(s("t")))
                    .with_pattern_type_filter(3)
                    .with_operation(1)
                    .with_permission_type(1);
                self.call(&DeleteAclsRequest::default().with_filters(vec![filter]), v)
            }
            32 => {
                let resource = |kind, name: &str, keys: &[&str]| {
                    describe_configs_request::DescribeConfigsResource::default()
                        .with_resource_type(kind)
                        .with_resource_name(s(name))
                        .with_configuration_keys(Some(keys.iter().map(|k| s(k)).collect()))
                };
                let request = DescribeConfigsRequest::default()
                    .with_resources(vec![
                        resource(2, TOPIC, &["cleanup.policy", "retention.ms", "compression.type", "no.such.key"]),
                        resource(2, "absent", &["retention.ms"]),
                        resource(4, "1", &["num.partitions", "ssl.keystore.password", "log.retention.hours"]),
                        resource(4, "9", &["num.partitions"]),
                        resource(4, "x", &["num.partitions"]),
                    ])
                    .with_include_synonyms(true);
                let mut response = self.client.call(&request, v);
                for result in &mut response.results {
                    result.configs.sort_by(|a, b| a.name.cmp(&b.name));
                }
                text(&response)
            }
            37 => {
                let topic = |topic: &str, count| {
                    create_partitions_request::CreatePartitionsTopic::default()
                        .with_name(name(topic))
                        .with_count(count)
                        .with_assignments(None)
                };
                let request = CreatePartitionsRequest::default().with_timeout_ms(10_000).with_topics(vec![
                    topic("golden-partitions", 3 + i32::from(v)),
                    topic(TOPIC, 2),
                    topic("absent", 2),
                ]);
                if v == 0 {
                    create(&mut self.client, "golden-partitions", 2, &[]);
                }
                let mut response = self.client.call(&request, v);
                response.results.sort_by(|a, b| a.name.cmp(&b.name));
                text(&response)
            }
            42 => {
                if v > 0 {
                    self.exchange(8, 2);
                }
                let (joined, ..) = self.join();
                let request = DeleteGroupsRequest::default().with_groups_names(vec![
                    group("simple"),
                    joined,
                    group("no such group"),
                ]);
                let mut response = self.client.call(&request, v);
                response.results.sort_by(|a, b| a.group_id.cmp(&b.group_id));
                text(&response)
            }
            44 => {
                let resource = |kind, name: &str, key: &str, value: &str| {
                    let config = incremental_alter_configs_request::AlterableConfig::default()
                        .with_name(s(key))
                        .with_config_operation(0)
                        .with_value(Some(s(value)));
                    incremental_alter_configs_request::AlterConfigsResource::default()
                        .with_resource_type(kind)
                        .with_resource_name(s(name))
                        .with_configs(vec![config])
                };
                let request = IncrementalAlterConfigsRequest::default().with_resources(vec![
                    resource(2, TOPIC, "retention.ms", "100000"),
                    resource(2, "golden-partitions", "retention.ms", "forever"),
                    resource(2, "absent", "retention.ms", "100000"),
                ]);
                let mut response = self.client.call(&request, v);
                response.responses.sort_by(|a, b| a.resource_name.cmp(&b.resource_name));
                text(&response)
            }
            46 => {
                let topic = list_partition_reassignments_request::ListPartitionReassignmentsTopics::default()
                    .with_name(name(TOPIC))
                    .with_partition_indexes(vec![0]);
                self.call(
                    &ListPartitionReassignmentsRequest::default().with_topics(Some(vec![topic])).with_timeout_ms(1000),
                    v,
                )
            }
            55 => {
                let partition = describe_quorum_request::PartitionData::default();
                let topic = describe_quorum_request::TopicData::default()
                    .with_topic_name(name("__cluster_metadata"))
                    .with_partitions(vec![partition]);
                let mut response = self.client.call(&DescribeQuorumRequest::default().with_topics(vec![topic]), v);
                for partition in response.topics.iter_mut().flat_map(|t| &mut t.partitions) {
                    assert!(partition.high_watermark > 0);
                    partition.high_watermark = -7;
                    assert!(partition.leader_epoch > 0);
                    partition.leader_epoch = -7;
                    for voter in &mut partition.current_voters {
                        assert!(voter.log_end_offset > 0);
                        voter.log_end_offset = -7;
                    }
                    // In Kafka the broker within a combined node is an observer of its own log.
                    partition.observers.clear();
                }
                // A quorum of one needs no controller listener here.
                response.nodes.clear();
                text(&response)
            }
            60 => {
                let request = DescribeClusterRequest::default().with_include_cluster_authorized_operations(true);
                self.call(&request, v)
            }
            75 => {
                let topic = |n: &str| describe_topic_partitions_request::TopicRequest::default().with_name(name(n));
                let request = DescribeTopicPartitionsRequest::default()
                    .with_topics(vec![topic(TOPIC), topic("absent"), topic("in valid")])
                    .with_response_partition_limit(100)
                    .with_cursor(None);
                self.call(&request, v)
            }
            _ => panic!("API {key} is advertised, but there is no sample request of it here"),
        }
    }

    fn call<R: Request>(&mut self, request: &R, version: i16) -> String
    where
        R::Response: std::fmt::Debug,
    {
        text(&self.client.call(request, version))
    }

    fn join_request(&self, version: i16) -> JoinGroupRequest {
        let protocol = join_group_request::JoinGroupRequestProtocol::default()
            .with_name(s("range"))
            .with_metadata(subscription(&[TOPIC]));
        JoinGroupRequest::default()
            .with_group_id(group(&format!("joined-{version}")))
            .with_session_timeout_ms(30_000)
            .with_rebalance_timeout_ms(if version >= 1 { 60_000 } else { -1 })
            .with_protocol_type(s("consumer"))
            .with_protocols(vec![protocol])
    }

    /// Makes a group of one member.
    fn join(&mut self) -> (GroupId, StrBytes, i32) {
        self.groups += 1;
        let id = group(&format!("group-{}", self.groups));
        let request = self.join_request(3).with_group_id(id.clone());
        let joined = self.client.call(&request, 3);
        assert_eq!(joined.error_code, 0);
        (id, joined.member_id, joined.generation_id)
    }

    /// What was recorded, without what differs from run to run.
    fn normalised(mut self, broker: &Broker) -> String {
        let cluster = self.client.call(&DescribeClusterRequest::default(), 0);
        let port = format!("port: {}", broker.address.port());
        let text = self.out.replace(cluster.cluster_id.as_str(), "<cluster>").replace(&port, "port: <port>");
        name_values(&text)
    }
}

fn text(response: &impl std::fmt::Debug) -> String {
    format!("{response:?}").replace(", unknown_tagged_fields: {}", "").replace("unknown_tagged_fields: {}", "")
}

/// Names uuids, times and offsets of the metadata log.
fn name_values(text: &str) -> String {
    let mut out = String::new();
    for line in text.lines() {
        let mut rest = line;
        while let Some(first) = rest.chars().next() {
            let hex = rest.len() >= 36 && rest.is_char_boundary(36) && is_uuid(&rest[..36]);
            if hex && rest[..36] != *"00000000-0000-0000-0000-000000000000" && !rest[..36].ends_with("-00000000004d") {
                out.push_str("<uuid>");
                rest = &rest[36..];
            } else if first.is_ascii_digit() {
                let end = rest.find(|c: char| !c.is_ascii_digit()).unwrap_or(rest.len());
                let number = &rest[..end];
                let volatile = out.ends_with("finalized_features_epoch: ");
                out.push_str(if volatile {
                    "<offset>"
                } else if number.len() == 13 && number.starts_with("1") {
                    "<time>"
                } else {
                    number
                });
                rest = &rest[end..];
            } else {
                out.push(first);
                rest = &rest[first.len_utf8()..];
            }
        }
        out.push('\n');
    }
    out
}

fn is_uuid(text: &str) -> bool {
    text.bytes().enumerate().all(|(i, b)| if matches!(i, 8 | 13 | 18 | 23) { b == b'-' } else { b.is_ascii_hexdigit() })
}
