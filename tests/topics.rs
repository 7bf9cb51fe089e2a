//! Topics come, change and go: CreateTopics, CreatePartitions, DeleteTopics, Metadata, DescribeTopicPartitions.

use crate::client::Client;
use crate::fixture::*;
use kafka_protocol::messages::create_topics_request::{CreatableReplicaAssignment, CreatableTopic};
use kafka_protocol::messages::create_topics_response::CreatableTopicResult;
use kafka_protocol::messages::delete_topics_request::DeleteTopicState;
use kafka_protocol::messages::describe_topic_partitions_request::{Cursor, TopicRequest};
use kafka_protocol::messages::metadata_request::MetadataRequestTopic;
use kafka_protocol::messages::metadata_response::MetadataResponseTopic;
use kafka_protocol::messages::*;
use ottla_base::ids::Uuid;

fn create_one(client: &mut Client, request: &CreateTopicsRequest) -> CreatableTopicResult {
    client.call(request, 7).topics.remove(0)
}

fn code_and_text(result: &CreatableTopicResult) -> (i16, &str) {
    (result.error_code, result.error_message.as_deref().unwrap_or(""))
}

fn metadata(client: &mut Client, topics: &[&str], create: bool) -> Vec<MetadataResponseTopic> {
    let asked = topics.iter().map(|t| MetadataRequestTopic::default().with_name(Some(name(t)))).collect();
    let request = MetadataRequest::default().with_topics(Some(asked)).with_allow_auto_topic_creation(create);
    client.call(&request, 12).topics
}

#[test]
fn minus_one_means_the_brokers_defaults() {
    let broker = Broker::with(&["num.partitions=3"]);
    let mut client = broker.connect();
    for (partitions, replicas) in [(-1, -1), (-1, 1), (2, -1)] {
        let mut request = create_request(&unique("defaults"), partitions, &[]);
        request.topics[0].replication_factor = replicas;
        let result = create_one(&mut client, &request);
        assert_eq!(code_and_text(&result), (0, ""));
        let expected = if partitions == -1 { 3 } else { 2 };
        assert_eq!((result.num_partitions, result.replication_factor), (expected, 1));
        assert_ne!(result.topic_id, Uuid::nil());
    }
    // Before version 4 there are no defaults to ask for; Kafka does not look at the version, though.
    let request = create_request(&unique("defaults"), -1, &[]);
    assert_eq!(client.call(&request, 2).topics[0].error_code, 0);
}

#[test]
fn a_created_topic_serves_at_once() {
    let broker = Broker::start();
    if broker.is_oracle() {
        return;
    }
    let mut admin = broker.connect();
    let mut producer = broker.connect();
    for i in 0..200 {
        let topic = format!("at-once-{i}");
        assert_eq!(admin.call(&create_request(&topic, 2, &[]), 5).topics[0].error_code, 0);
        for partition in 0..2 {
            let response = producer.call(&produce_request(&topic, partition, batch(&["v"]), -1), 9);
            assert_eq!(response.responses[0].partition_responses[0].error_code, 0, "{topic}-{partition}");
        }
        let topics = metadata(&mut producer, &[&topic], false);
        assert_eq!((topics[0].error_code, topics[0].partitions[0].leader_id.0), (0, 1));
    }
}

#[test]
fn what_cannot_be_created_is_told_as_kafka_tells_it() {
    let broker = Broker::start();
    let mut client = broker.connect();
    let taken = unique("taken");
    create(&mut client, &taken, 1, &[]);
    let dotted = format!("{}.x", unique("dotted"));
    create(&mut client, &dotted, 1, &[]);
    let long = "x".repeat(250);
    let plain = |topic: &str| create_request(topic, 1, &[]);
    let counted = |partitions, replicas| {
        let mut request = create_request(&unique("bad"), partitions, &[]);
        request.topics[0].replication_factor = replicas;
        request
    };
    let assigned = |assignments: &[(i32, &[i32])], partitions, replicas| {
        let assignments = assignments.iter().map(|(index, brokers)| {
            CreatableReplicaAssignment::default()
                .with_partition_index(*index)
                .with_broker_ids(brokers.iter().map(|b| BrokerId(*b)).collect())
        });
        let topic = CreatableTopic::default()
            .with_name(name(&unique("bad")))
            .with_num_partitions(partitions)
            .with_replication_factor(replicas)
            .with_assignments(assignments.collect());
        CreateTopicsRequest::default().with_topics(vec![topic]).with_timeout_ms(10_000)
    };
    let underscored = dotted.replace('.', "_");
    let cases: Vec<(CreateTopicsRequest, i16, String)> = vec![
        (plain(&taken), 36, format!("Topic '{taken}' already exists.")),
        (plain(""), 17, "Topic name is invalid: the empty string is not allowed".into()),
        (plain("."), 17, "Topic name is invalid: '.' is not allowed".into()),
        (plain(".."), 17, "Topic name is invalid: '..' is not allowed".into()),
        (plain(&long), 17, format!("Topic name is invalid: the length of '{long}' is longer than the max allowed length 249")),
        (
            plain("a b"),
            17,
            "Topic name is invalid: 'a b' contains one or more characters other than ASCII alphanumerics, '.', '_' and '-'".into(),
        ),
        (plain("ü"), 17, "Topic name is invalid: 'ü' contains one or more characters other than ASCII alphanumerics, '.', '_' and '-'".into()),
        (plain(&underscored), 17, format!("Topic '{underscored}' collides with existing topic: {dotted}")),
        (plain("__cluster_metadata"), 42, "Creation of internal topic __cluster_metadata is prohibited.".into()),
        (counted(0, 1), 37, "Number of partitions was set to an invalid non-positive value.".into()),
        (counted(-2, 1), 37, "Number of partitions was set to an invalid non-positive value.".into()),
        (counted(1, 0), 38, "Replication factor must be larger than 0, or -1 to use the default value.".into()),
        (counted(1, -2), 38, "Replication factor must be larger than 0, or -1 to use the default value.".into()),
        (counted(1, 2), 38, "Unable to replicate the partition 2 time(s): The target replication factor of 2 cannot be reached because only 1 broker(s) are registered or some brokers have all their log directories cordoned.".into()),
        (assigned(&[(0, &[1])], 1, -1), 42, "A manual partition assignment was specified, but numPartitions was not set to -1.".into()),
        (assigned(&[(0, &[1])], -1, 1), 42, "A manual partition assignment was specified, but replication factor was not set to -1.".into()),
        (assigned(&[(1, &[1])], -1, -1), 39, "partitions should be a consecutive 0-based integer sequence".into()),
        (assigned(&[(0, &[])], -1, -1), 39, "The manual partition assignment includes an empty replica list.".into()),
        (assigned(&[(0, &[1, 1])], -1, -1), 39, "The manual partition assignment includes the broker 1 more than once.".into()),
        (assigned(&[(0, &[9])], -1, -1), 39, "The manual partition assignment includes broker 9, but no such broker is registered.".into()),
        (assigned(&[(0, &[1]), (0, &[1])], -1, -1), 39, "Found multiple manual partition assignments for partition 0".into()),
    ];
    for (request, code, text) in cases {
        for validate_only in [false, true] {
            let result = create_one(&mut client, &request.clone().with_validate_only(validate_only));
            assert_eq!(code_and_text(&result), (code, text.as_str()), "{:?}", result.name);
        }
    }
}

#[test]
fn a_name_that_occurs_twice_is_refused_and_others_are_made() {
    let broker = Broker::start();
    let mut client = broker.connect();
    let (twice, once) = (unique("twice"), unique("once"));
    let mut request = create_request(&twice, 1, &[]);
    request.topics.extend(create_request(&twice, 2, &[]).topics);
    request.topics.extend(create_request(&once, 1, &[]).topics);
    let mut response = client.call(&request, 7);
    response.topics.sort_by(|a, b| b.name.cmp(&a.name));
    let got: Vec<(&str, i16, &str)> = response
        .topics
        .iter()
        .map(|t| (t.name.as_str(), t.error_code, t.error_message.as_deref().unwrap_or("")))
        .collect();
    assert_eq!(got, [(twice.as_str(), 42, "Duplicate topic name."), (once.as_str(), 0, "")]);
}

#[test]
fn validate_only_creates_nothing() {
    let broker = Broker::start();
    let mut client = broker.connect();
    let topic = unique("validated");
    let result = create_one(&mut client, &create_request(&topic, 3, &[]).with_validate_only(true));
    assert_eq!((result.error_code, result.num_partitions, result.replication_factor), (0, 3, 1));
    assert!(!result.configs.unwrap().is_empty());
    assert_eq!(metadata(&mut client, &[&topic], false)[0].error_code, 3);
}

#[test]
fn an_assignment_by_hand_is_taken() {
    let broker = Broker::start();
    let mut client = broker.connect();
    let topic = unique("assigned");
    let assignment =
        |p| CreatableReplicaAssignment::default().with_partition_index(p).with_broker_ids(vec![BrokerId(1)]);
    let asked = CreatableTopic::default()
        .with_name(name(&topic))
        .with_num_partitions(-1)
        .with_replication_factor(-1)
        .with_assignments(vec![assignment(1), assignment(0)]);
    let request = CreateTopicsRequest::default().with_topics(vec![asked]).with_timeout_ms(10_000);
    let result = create_one(&mut client, &request);
    assert_eq!((result.error_code, result.num_partitions, result.replication_factor), (0, 2, 1));
}

#[test]
fn metadata_creates_topics_if_client_and_broker_allow() {
    let broker = Broker::start();
    let mut client = broker.connect();
    let topic = unique("auto");
    let found = &metadata(&mut client, &[&topic], false)[0];
    assert_eq!((found.error_code, found.partitions.len(), found.topic_id), (3, 0, Uuid::nil()));
    if broker.is_oracle() {
        // Kafka answers before the topic is there.
        assert_eq!(metadata(&mut client, &[&topic], true)[0].error_code, 3);
        wait_for("the topic", || metadata(&mut client, &[&topic], true)[0].error_code == 0);
    }
    let found = &metadata(&mut client, &[&topic], true)[0];
    assert_eq!((found.error_code, found.partitions.len()), (0, 1));
    assert_eq!(produce(&mut client, &topic, batch(&["v"])).error_code, 0);
    for bad in ["a b", "", ".."] {
        assert_eq!(metadata(&mut client, &[bad], true)[0].error_code, 17, "{bad:?}");
    }
    // Old versions cannot say no.
    let topic = unique("auto");
    let asked = vec![MetadataRequestTopic::default().with_name(Some(name(&topic)))];
    let request = MetadataRequest::default().with_topics(Some(asked)).with_allow_auto_topic_creation(true);
    if broker.is_oracle() {
        wait_for("the topic", || client.call(&request, 1).topics[0].error_code == 0);
    }
    assert_eq!(client.call(&request, 1).topics[0].error_code, 0);

    // The offsets topic comes with its own settings.
    let found = &metadata(&mut client, &["__consumer_offsets"], true)[0];
    if !broker.is_oracle() {
        assert_eq!((found.error_code, found.is_internal, found.partitions.len()), (0, true, 2));
    }
    // Produce itself creates nothing.
    let absent = unique("absent");
    assert_eq!(produce(&mut client, &absent, batch(&["v"])).error_code, 3);
    assert_eq!(metadata(&mut client, &[&absent], false)[0].error_code, 3);
}

#[test]
fn without_auto_creation_nothing_comes_into_being() {
    let broker = Broker::with(&["auto.create.topics.enable=false"]);
    let mut client = broker.connect();
    assert_eq!(metadata(&mut client, &["absent"], true)[0].error_code, 3);
    assert_eq!(metadata(&mut client, &["a b"], true)[0].error_code, 17);
    assert_eq!(metadata(&mut client, &["absent"], false)[0].error_code, 3);
}

#[test]
fn no_topics_means_all_in_version_0_and_none_after() {
    let broker = Broker::start();
    let mut client = broker.connect();
    let topic = unique("listed");
    create(&mut client, &topic, 2, &[]);
    let has =
        |response: MetadataResponse| response.topics.iter().any(|t| t.name.as_deref().map(|n| &**n) == Some(&topic));
    let empty = MetadataRequest::default().with_topics(Some(vec![])).with_allow_auto_topic_creation(true);
    assert!(has(client.call(&empty, 0)));
    for version in 1..=13 {
        assert_eq!(client.call(&empty, version).topics, []);
        let all = MetadataRequest::default().with_topics(None);
        assert!(has(client.call(&all, version)), "v{version}");
    }
}

#[test]
fn metadata_is_found_by_topic_id_too() {
    let broker = Broker::start();
    let mut client = broker.connect();
    let topic = unique("by-id");
    let id = create(&mut client, &topic, 2, &[]);
    let by_id = |id| MetadataRequestTopic::default().with_name(None).with_topic_id(id);
    let unknown = Uuid::from_u128(99);
    let request = MetadataRequest::default().with_topics(Some(vec![by_id(id), by_id(unknown)]));
    for version in [12, 13] {
        let mut topics = client.call(&request, version).topics;
        topics.sort_by_key(|t| t.error_code);
        assert_eq!((topics[0].error_code, topics[0].name.as_deref().map(|n| &**n)), (0, Some(topic.as_str())));
        assert_eq!((topics[1].error_code, topics[1].topic_id, topics[1].name.clone()), (100, unknown, None));
    }
}

#[test]
fn every_partition_says_who_leads_it() {
    let broker = Broker::start();
    let mut client = broker.connect();
    let topic = unique("led");
    create(&mut client, &topic, 3, &[]);
    let asked = vec![MetadataRequestTopic::default().with_name(Some(name(&topic)))];
    let request = MetadataRequest::default().with_topics(Some(asked)).with_allow_auto_topic_creation(true);
    for version in 0..=13 {
        let response = client.call(&request, version);
        assert_eq!(response.brokers.len(), 1);
        assert_eq!(response.brokers[0].port, i32::from(broker.address.port()));
        if version >= 1 {
            assert_eq!(response.controller_id.0, 1);
        }
        let mut partitions = response.topics[0].partitions.clone();
        partitions.sort_by_key(|p| p.partition_index);
        for (index, partition) in partitions.iter().enumerate() {
            assert_eq!((partition.error_code, partition.partition_index, partition.leader_id.0), (0, index as i32, 1));
            assert_eq!(
                (&partition.replica_nodes[..], &partition.isr_nodes[..]),
                (&[BrokerId(1)][..], &[BrokerId(1)][..])
            );
            assert_eq!(partition.leader_epoch, if version >= 7 { 0 } else { -1 });
            assert!(partition.offline_replicas.is_empty());
        }
        assert_eq!(partitions.len(), 3);
    }
}

#[test]
fn partitions_are_added_and_serve_at_once() {
    let broker = Broker::start();
    let mut client = broker.connect();
    let topic = unique("grown");
    create(&mut client, &topic, 1, &[]);
    produce(&mut client, &topic, batch(&["v"]));
    let mut grow = |topic: &str, count, assignments: Option<Vec<Vec<i32>>>, validate_only| {
        let assignments = assignments.map(|a| {
            let brokers = |b: Vec<i32>| b.into_iter().map(BrokerId).collect();
            a.into_iter()
                .map(|b| create_partitions_request::CreatePartitionsAssignment::default().with_broker_ids(brokers(b)))
                .collect()
        });
        let asked = create_partitions_request::CreatePartitionsTopic::default()
            .with_name(name(topic))
            .with_count(count)
            .with_assignments(assignments);
        let request = CreatePartitionsRequest::default()
            .with_topics(vec![asked])
            .with_timeout_ms(10_000)
            .with_validate_only(validate_only);
        let result = client.call(&request, 3).results.remove(0);
        (result.error_code, result.error_message.map(|m| m.to_string()).unwrap_or_default())
    };
    let absent = unique("absent");
    let told = [
        grow(&topic, 1, None, false),
        grow(&topic, 0, None, false),
        grow(&topic, -1, None, false),
        grow(&topic, 3, Some(vec![vec![1]]), false),
        grow(&topic, 2, Some(vec![vec![9]]), false),
        grow(&topic, 2, Some(vec![vec![1, 1]]), false),
        grow(&topic, 2, Some(vec![vec![]]), false),
        grow(&absent, 2, None, false),
        grow(&topic, 2, None, true),
    ];
    let text = |t: &str| t.replace("TOPIC", &topic);
    let expected = [
        (37, text("Topic already has 1 partition(s).")),
        (37, text("The topic TOPIC currently has 1 partition(s); 0 would not be an increase.")),
        (37, text("The topic TOPIC currently has 1 partition(s); -1 would not be an increase.")),
        (39, text("Attempted to add 2 additional partition(s), but only 1 assignment(s) were specified.")),
        (39, text("The manual partition assignment includes broker 9, but no such broker is registered.")),
        (39, text("The manual partition assignment includes the broker 1 more than once.")),
        (39, text("The manual partition assignment includes an empty replica list.")),
        (3, String::new()),
        (0, String::new()),
    ];
    assert_eq!(told, expected);
    assert_eq!(grow(&topic, 3, None, false), (0, String::new()));
    if broker.is_oracle() {
        return;
    }
    for partition in 0..3 {
        let offset = i64::from(partition == 0);
        assert_eq!(produce_to(&mut client, &topic, partition, batch(&["v"])).base_offset, offset);
    }
}

#[test]
fn a_topic_that_is_named_twice_grows_not() {
    let broker = Broker::start();
    let mut client = broker.connect();
    let topic = unique("grown");
    create(&mut client, &topic, 1, &[]);
    let asked = |count| {
        create_partitions_request::CreatePartitionsTopic::default()
            .with_name(name(&topic))
            .with_count(count)
            .with_assignments(None)
    };
    let request = CreatePartitionsRequest::default().with_topics(vec![asked(2), asked(3)]).with_timeout_ms(10_000);
    let response = client.call(&request, 3);
    let got: Vec<(i16, &str)> =
        response.results.iter().map(|r| (r.error_code, r.error_message.as_deref().unwrap_or(""))).collect();
    assert_eq!(got, [(42, "Duplicate topic name.")]);
    assert_eq!(metadata(&mut client, &[&topic], false)[0].partitions.len(), 1);
}

#[test]
fn topics_are_deleted_by_name_and_by_id() {
    let broker = Broker::start();
    let mut client = broker.connect();
    let (first, second) = (unique("deleted"), unique("deleted"));
    let id = create(&mut client, &first, 1, &[]);
    create(&mut client, &second, 1, &[]);
    let state = DeleteTopicState::default;
    let request = DeleteTopicsRequest::default().with_timeout_ms(10_000).with_topics(vec![
        state().with_name(None).with_topic_id(id),
        state().with_name(Some(name(&second))),
        state().with_name(None).with_topic_id(Uuid::from_u128(5)),
        state().with_name(Some(name("absent"))),
    ]);
    let response = client.call(&request, 6);
    let mut got: Vec<(Option<String>, i16)> =
        response.responses.iter().map(|r| (r.name.as_deref().map(|n| n.to_string()), r.error_code)).collect();
    got.sort();
    assert_eq!(got, [(None, 100), (Some("absent".into()), 3), (Some(first.clone()), 0), (Some(second.clone()), 0)]);
    if broker.is_oracle() {
        wait_for("the deletion", || metadata(&mut client, &[&first], false)[0].error_code == 3);
    }
    for topic in [&first, &second] {
        assert_eq!(metadata(&mut client, &[topic], false)[0].error_code, 3);
        assert_eq!(produce(&mut client, topic, batch(&["v"])).error_code, 3);
        assert_eq!(fetch(&mut client, topic, 0).error_code, 3);
        assert_eq!(list_offsets(&mut client, topic, &[(0, -1)])[0].error_code, 3);
    }
    // Twice in one request, or by name and id at once.
    let third = unique("deleted");
    let id = create(&mut client, &third, 1, &[]);
    let cases = [
        vec![state().with_name(Some(name(&third))), state().with_name(Some(name(&third)))],
        vec![state().with_name(None).with_topic_id(id), state().with_name(None).with_topic_id(id)],
        vec![state().with_name(Some(name(&third))), state().with_name(None).with_topic_id(id)],
        vec![state().with_name(Some(name(&third))).with_topic_id(id)],
        vec![state().with_name(None)],
    ];
    let texts = [
        "Duplicate topic name.",
        "Duplicate topic id.",
        "The provided topic name maps to an ID that was already supplied.",
        "You may not specify both topic name and topic id.",
        "Neither topic name nor id were specified.",
    ];
    for (topics, text) in cases.into_iter().zip(texts) {
        let response = client.call(&DeleteTopicsRequest::default().with_timeout_ms(10_000).with_topics(topics), 6);
        let texts: Vec<&str> = response.responses.iter().map(|r| r.error_message.as_deref().unwrap_or("")).collect();
        assert_eq!(texts, [text]);
        assert!(response.responses.iter().all(|r| r.error_code == 42));
    }
    assert_eq!(metadata(&mut client, &[&third], false)[0].error_code, 0);
}

#[test]
fn deletion_can_be_switched_off() {
    let broker = Broker::with(&["delete.topic.enable=false"]);
    let mut client = broker.connect();
    create(&mut client, "kept", 1, &[]);
    for (version, error) in [(1, 42), (2, 42), (3, 73), (5, 73)] {
        let request = DeleteTopicsRequest::default().with_topic_names(vec![name("kept")]).with_timeout_ms(10_000);
        assert_eq!(client.call(&request, version).responses[0].error_code, error, "v{version}");
    }
    assert_eq!(metadata(&mut client, &["kept"], false)[0].error_code, 0);
}

#[test]
fn a_re_created_topic_is_empty_and_another() {
    let broker = Broker::start();
    let mut client = broker.connect();
    let topic = unique("phoenix");
    let mut ids = Vec::new();
    for i in 0..5 {
        ids.push(create(&mut client, &topic, 1, &[]));
        assert_eq!(end_offset(&mut client, &topic), 0);
        assert_eq!(produce(&mut client, &topic, sequenced(1, 0, 0, 1 + i)).base_offset, 0);
        delete(&mut client, &topic);
        if broker.is_oracle() {
            wait_for("the deletion", || metadata(&mut client, &[&topic], false)[0].error_code == 3);
        }
    }
    ids.sort();
    ids.dedup();
    assert_eq!(ids.len(), 5);
}

fn describe(
    client: &mut Client,
    topics: &[&str],
    limit: i32,
    cursor: Option<(&str, i32)>,
) -> DescribeTopicPartitionsResponse {
    let cursor = cursor.map(|(t, p)| Cursor::default().with_topic_name(name(t)).with_partition_index(p));
    let topics = topics.iter().map(|t| TopicRequest::default().with_name(name(t))).collect();
    let request = DescribeTopicPartitionsRequest::default()
        .with_topics(topics)
        .with_response_partition_limit(limit)
        .with_cursor(cursor);
    client.call(&request, 0)
}

#[test]
fn partitions_are_described_page_by_page() {
    let broker = Broker::start();
    let mut client = broker.connect();
    let prefix = unique("paged");
    let topics: Vec<String> = ["a", "b", "c"].iter().map(|t| format!("{prefix}-{t}")).collect();
    for (topic, partitions) in topics.iter().zip([3, 1, 2]) {
        create(&mut client, topic, partitions, &[]);
    }
    let [a, b, c] = [topics[0].as_str(), topics[1].as_str(), topics[2].as_str()];
    // Whatever the order that is asked in.
    let mut cursor: Option<(String, i32)> = None;
    let mut pages = Vec::new();
    loop {
        let response = describe(&mut client, &[c, a, b], 2, cursor.as_ref().map(|(t, p)| (t.as_str(), *p)));
        let page: Vec<(String, Vec<i32>)> = response
            .topics
            .iter()
            .map(|t| {
                assert_eq!(t.error_code, 0);
                (t.name.as_ref().unwrap().to_string(), t.partitions.iter().map(|p| p.partition_index).collect())
            })
            .collect();
        pages.push(page);
        cursor = response.next_cursor.map(|c| (c.topic_name.to_string(), c.partition_index));
        if cursor.is_none() {
            break;
        }
    }
    let own = str::to_owned;
    assert_eq!(
        pages,
        [vec![(own(a), vec![0, 1])], vec![(own(a), vec![2]), (own(b), vec![0])], vec![(own(c), vec![0, 1])]]
    );
}

#[test]
fn cursors_that_fit_nothing() {
    let broker = Broker::start();
    let mut client = broker.connect();
    let prefix = unique("cursor");
    let (a, b) = (format!("{prefix}-a"), format!("{prefix}-b"));
    create(&mut client, &a, 2, &[]);
    let codes = |r: &DescribeTopicPartitionsResponse| -> Vec<(String, i16, usize)> {
        r.topics.iter().map(|t| (t.name.as_ref().unwrap().to_string(), t.error_code, t.partitions.len())).collect()
    };
    let response = describe(&mut client, &[&a, &b], 10, None);
    assert_eq!(codes(&response), [(a.clone(), 0, 2), (b.clone(), 3, 0)]);
    assert_eq!(response.next_cursor, None);
    let response = describe(&mut client, &[&a, &b], 10, Some((&b, 0)));
    assert_eq!(codes(&response), [(b.clone(), 3, 0)]);
    let response = describe(&mut client, &[&a], 10, Some((&a, 1)));
    assert_eq!(codes(&response), [(a.clone(), 0, 1)]);
    let response = describe(&mut client, &[&a], 10, Some((&a, -1)));
    assert_eq!(codes(&response), [(a.clone(), 42, 0)]);
    let response = describe(&mut client, &[&a], 10, Some((&a, 2)));
    assert_eq!((codes(&response), response.next_cursor), (vec![(a.clone(), 0, 0)], None), "past the end");
    let response = describe(&mut client, &[&a], 10, Some((&b, 0)));
    assert_eq!(codes(&response), [(a.clone(), 42, 0)]);
    let response = describe(&mut client, &[&a], 0, None);
    assert_eq!((codes(&response), response.next_cursor.unwrap().partition_index), (vec![(a.clone(), 0, 1)], 1));
    let response = describe(&mut client, &["a b"], 10, None);
    assert_eq!(codes(&response), [("a b".to_owned(), 17, 0)]);
}
