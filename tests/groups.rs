//! Groups over the wire: members, offsets, what is listed and deleted.

use crate::client::Client;
use crate::fixture::*;
use bytes::Bytes;
use kafka_protocol::messages::join_group_request::JoinGroupRequestProtocol;
use kafka_protocol::messages::leave_group_request::MemberIdentity;
use kafka_protocol::messages::sync_group_request::SyncGroupRequestAssignment;
use kafka_protocol::messages::*;
use kafka_protocol::protocol::StrBytes;
use ottla_base::ids::Uuid;
use ottla_protocol::generated::{OffsetCommitRequest, OffsetFetchRequest, offset_commit_request, offset_fetch_request};

fn join_request(group_id: &str, member: &str, protocols: &[&str]) -> JoinGroupRequest {
    let protocol = |p: &&str| JoinGroupRequestProtocol::default().with_name(s(p)).with_metadata(subscription(&["t"]));
    JoinGroupRequest::default()
        .with_group_id(group(group_id))
        .with_member_id(s(member))
        .with_session_timeout_ms(30_000)
        .with_rebalance_timeout_ms(20_000)
        .with_protocol_type(s("consumer"))
        .with_protocols(protocols.iter().map(protocol).collect())
}

fn sync_request(
    group_id: &str,
    member: &str,
    generation: i32,
    assignments: &[(&str, &'static str)],
) -> SyncGroupRequest {
    let assignment = |(member, bytes): &(&str, &'static str)| {
        SyncGroupRequestAssignment::default()
            .with_member_id(s(member))
            .with_assignment(Bytes::from_static(bytes.as_bytes()))
    };
    SyncGroupRequest::default()
        .with_group_id(group(group_id))
        .with_member_id(s(member))
        .with_generation_id(generation)
        .with_protocol_type(Some(s("consumer")))
        .with_protocol_name(Some(s("range")))
        .with_assignments(assignments.iter().map(assignment).collect())
}

fn heartbeat(client: &mut Client, group_id: &str, member: &str, generation: i32) -> i16 {
    let request = HeartbeatRequest::default()
        .with_group_id(group(group_id))
        .with_member_id(s(member))
        .with_generation_id(generation);
    client.call(&request, 4).error_code
}

fn leave(client: &mut Client, group_id: &str, members: &[(&str, Option<&str>)]) -> (i16, Vec<i16>) {
    let identity = |(member, instance): &(&str, Option<&str>)| {
        MemberIdentity::default().with_member_id(s(member)).with_group_instance_id(instance.map(s))
    };
    let request = LeaveGroupRequest::default()
        .with_group_id(group(group_id))
        .with_members(members.iter().map(identity).collect());
    let response = client.call(&request, 5);
    (response.error_code, response.members.iter().map(|m| m.error_code).collect())
}

/// Joins as the only member and syncs; returns member id and generation.
fn stable(client: &mut Client, group_id: &str) -> (StrBytes, i32) {
    find_coordinator(client, group_id);
    let joined = client.call(&join_request(group_id, "", &["range"]), 3);
    assert_eq!((joined.error_code, joined.generation_id), (0, 1));
    let synced = client.call(&sync_request(group_id, &joined.member_id, 1, &[(&joined.member_id, "mine")]), 5);
    assert_eq!((synced.error_code, &synced.assignment[..]), (0, &b"mine"[..]));
    (joined.member_id, 1)
}

fn commit_request(
    group_id: &str,
    topic: &str,
    member: &str,
    generation: i32,
    offsets: &[(i32, i64)],
) -> OffsetCommitRequest {
    let partition = |(index, offset): &(i32, i64)| offset_commit_request::OffsetCommitRequestPartition {
        partition_index: *index,
        committed_offset: *offset,
        committed_leader_epoch: -1,
        committed_metadata: Some(s("note")),
    };
    OffsetCommitRequest {
        group_id: s(group_id),
        member_id: s(member),
        generation_id_or_member_epoch: generation,
        group_instance_id: None,
        retention_time_ms: -1,
        topics: vec![offset_commit_request::OffsetCommitRequestTopic {
            name: s(topic),
            topic_id: Uuid::nil(),
            partitions: offsets.iter().map(partition).collect(),
        }],
    }
}

fn commit(client: &mut Client, request: &OffsetCommitRequest, version: i16) -> Vec<(i32, i16)> {
    let mut response = client.call(request, version);
    let mut codes: Vec<(i32, i16)> =
        response.topics.remove(0).partitions.iter().map(|p| (p.partition_index, p.error_code)).collect();
    codes.sort_unstable();
    codes
}

/// (partition, offset, metadata, error) of these partitions, in version 7; none means all.
fn fetch_offsets(
    client: &mut Client,
    group_id: &str,
    topic: &str,
    partitions: Option<&[i32]>,
) -> Vec<(i32, i64, String, i16)> {
    let request = OffsetFetchRequest {
        group_id: s(group_id),
        topics: partitions.map(|p| {
            vec![offset_fetch_request::OffsetFetchRequestTopic { name: s(topic), partition_indexes: p.to_vec() }]
        }),
        ..Default::default()
    };
    let response = client.call(&request, 7);
    assert_eq!(response.error_code, 0);
    let mut found: Vec<_> = response
        .topics
        .iter()
        .flat_map(|t| &t.partitions)
        .map(|p| (p.partition_index, p.committed_offset, p.metadata.as_deref().unwrap_or("").to_owned(), p.error_code))
        .collect();
    found.sort();
    found
}

#[test]
fn two_members_join_sync_and_leave() {
    let broker = Broker::start();
    let g = &unique("group");
    let (mut a, mut b) = (broker.connect(), broker.connect());
    let (first, generation) = stable(&mut a, g);
    assert_eq!(heartbeat(&mut a, g, &first, generation), 0);

    // The second one's join waits for the first to come again.
    b.send(&join_request(g, "", &["roundrobin", "range"]), 3);
    wait_for("the rebalance", || heartbeat(&mut a, g, &first, generation) == 27);
    let lead = a.call(&join_request(g, &first, &["range"]), 9);
    let follow = b.receive::<JoinGroupRequest>(3);
    assert_eq!((lead.error_code, follow.error_code), (0, 0));
    assert_eq!((lead.generation_id, follow.generation_id), (2, 2));
    assert_eq!((lead.leader.as_str(), follow.leader.as_str()), (first.as_str(), first.as_str()));
    assert_eq!(lead.protocol_name.as_deref(), Some("range"), "the one that both know");
    assert_eq!((lead.members.len(), follow.members.len()), (2, 0), "only the leader sees the members");
    let second = follow.member_id;

    b.send(&sync_request(g, &second, 2, &[]), 5);
    let synced = a.call(&sync_request(g, &first, 2, &[(&first, "one"), (&second, "two")]), 5);
    assert_eq!((synced.error_code, &synced.assignment[..]), (0, &b"one"[..]));
    assert_eq!((synced.protocol_type.as_deref(), synced.protocol_name.as_deref()), (Some("consumer"), Some("range")));
    assert_eq!(&b.receive::<SyncGroupRequest>(5).assignment[..], b"two");
    assert_eq!(heartbeat(&mut a, g, &first, 2), 0);
    assert_eq!(heartbeat(&mut a, g, &first, 1), 22);
    assert_eq!(heartbeat(&mut a, g, "stranger", 2), 25);

    let described = a.call(&DescribeGroupsRequest::default().with_groups(vec![group(g)]), 5).groups.remove(0);
    assert_eq!((described.error_code, described.group_state.as_str()), (0, "Stable"));
    let mut members: Vec<(&str, &[u8])> =
        described.members.iter().map(|m| (m.member_id.as_str(), &m.member_assignment[..])).collect();
    members.sort_unstable();
    let mut expected = vec![(first.as_str(), &b"one"[..]), (second.as_str(), &b"two"[..])];
    expected.sort_unstable();
    assert_eq!(members, expected);
    assert!(described.members.iter().all(|m| m.client_id.as_str() == "test" && m.client_host.as_str() == "/127.0.0.1"));

    assert_eq!(leave(&mut b, g, &[(&second, None), ("stranger", None)]), (0, vec![0, 25]));
    assert_eq!(heartbeat(&mut b, g, &second, 2), 25);
    assert_eq!(heartbeat(&mut a, g, &first, 2), 27);
    assert_eq!(leave(&mut a, g, &[(&first, None)]), (0, vec![0]));
    let described = a.call(&DescribeGroupsRequest::default().with_groups(vec![group(g)]), 5).groups.remove(0);
    assert_eq!((described.group_state.as_str(), described.members.len()), ("Empty", 0));
}

#[test]
fn a_new_member_is_given_its_id_first_from_version_4_on() {
    let broker = Broker::start();
    let mut client = broker.connect();
    for version in 0..=9 {
        let g = &unique("group");
        find_coordinator(&mut client, g);
        let mut request = join_request(g, "", &["range"]);
        if version == 0 {
            request.rebalance_timeout_ms = -1;
        }
        let joined = client.call(&request, version);
        assert!(joined.member_id.starts_with("test-"), "{}", joined.member_id);
        if version < 4 {
            assert_eq!(joined.error_code, 0);
            continue;
        }
        assert_eq!((joined.error_code, joined.generation_id), (79, -1));
        let again = client.call(&join_request(g, &joined.member_id, &["range"]), version);
        assert_eq!((again.error_code, again.generation_id), (0, 1));
        assert_eq!(again.member_id, joined.member_id);
    }
}

#[test]
fn what_no_group_lets_in() {
    let broker = Broker::start();
    let mut client = broker.connect();
    let g = &unique("group");
    stable(&mut client, g);
    let absent = &unique("group");
    let with = |f: fn(&mut JoinGroupRequest)| {
        let mut request = join_request(g, "", &["range"]);
        f(&mut request);
        request
    };
    let cases = [
        (join_request("", "", &["range"]), 24, "no group id"),
        (with(|r| r.session_timeout_ms = 5_999), 26, "session too short"),
        (with(|r| r.session_timeout_ms = 1_800_001), 26, "session too long"),
        (with(|r| r.session_timeout_ms = -1), 26, "negative session"),
        (with(|r| r.protocol_type = s("connect")), 23, "another protocol type"),
        (with(|r| r.protocols.clear()), 23, "no protocols"),
        (join_request(g, "", &["sticky"]), 23, "no protocol in common"),
        (join_request(g, "stranger", &["range"]), 25, "a member that is not known"),
        (join_request(absent, "stranger", &["range"]), 25, "in a group that does not exist"),
    ];
    for (request, code, what) in cases {
        let response = client.call(&request, 5);
        assert_eq!((response.error_code, response.generation_id), (code, -1), "{what}");
    }
    assert_eq!(heartbeat(&mut client, absent, "m", 1), 25);
    assert_eq!(heartbeat(&mut client, "", "m", 1), 24);
    assert_eq!(leave(&mut client, absent, &[("m", None)]), (0, vec![25]));
    assert_eq!(leave(&mut client, "", &[("m", None)]), (24, vec![]));
    assert_eq!(client.call(&sync_request(absent, "m", 1, &[]), 5).error_code, 25);
    assert_eq!(client.call(&sync_request("", "m", 1, &[]), 5).error_code, 24);
}

#[test]
fn sync_checks_who_syncs_what() {
    let broker = Broker::start();
    let mut client = broker.connect();
    let g = &unique("group");
    let (member, _) = stable(&mut client, g);
    assert_eq!(client.call(&sync_request(g, &member, 7, &[]), 5).error_code, 22);
    assert_eq!(client.call(&sync_request(g, "stranger", 1, &[]), 5).error_code, 25);
    let named = |kind: Option<&str>, protocol: Option<&str>| {
        sync_request(g, &member, 1, &[]).with_protocol_type(kind.map(s)).with_protocol_name(protocol.map(s))
    };
    assert_eq!(client.call(&named(Some("connect"), Some("range")), 5).error_code, 23);
    assert_eq!(client.call(&named(Some("consumer"), Some("sticky")), 5).error_code, 23);
    assert_eq!(client.call(&named(None, None), 5).error_code, 23, "from version 5 on both must be said");
    assert_eq!(client.call(&named(None, None), 4).error_code, 0);
    // A member that asks again is told again.
    let again = client.call(&sync_request(g, &member, 1, &[]), 5);
    assert_eq!((again.error_code, &again.assignment[..]), (0, &b"mine"[..]));
}

#[test]
fn a_static_member_comes_back_without_a_rebalance_and_fences_its_ghost() {
    let broker = Broker::start();
    let mut client = broker.connect();
    let g = &unique("group");
    find_coordinator(&mut client, g);
    let join = |member: &str| join_request(g, member, &["range"]).with_group_instance_id(Some(s("instance-1")));
    let first = client.call(&join(""), 9);
    assert_eq!((first.error_code, first.generation_id), (0, 1), "no MEMBER_ID_REQUIRED");
    assert!(first.member_id.starts_with("instance-1-"), "{}", first.member_id);
    let sync =
        |member: &str| sync_request(g, member, 1, &[(member, "mine")]).with_group_instance_id(Some(s("instance-1")));
    assert_eq!(client.call(&sync(&first.member_id), 5).error_code, 0);

    let second = client.call(&join(""), 9);
    assert_eq!((second.error_code, second.generation_id, second.skip_assignment), (0, 1, true));
    assert_ne!(second.member_id, first.member_id);
    let beat = |member: &StrBytes| {
        HeartbeatRequest::default()
            .with_group_id(group(g))
            .with_member_id(member.clone())
            .with_generation_id(1)
            .with_group_instance_id(Some(s("instance-1")))
    };
    assert_eq!(client.call(&beat(&first.member_id), 4).error_code, 82);
    assert_eq!(client.call(&beat(&second.member_id), 4).error_code, 0);
    assert_eq!(client.call(&join(&first.member_id), 9).error_code, 82);
    let mut request = commit_request(g, "any", &first.member_id, 1, &[(0, 1)]);
    request.group_instance_id = Some(s("instance-1"));
    let topic = unique("topic");
    create(&mut client, &topic, 1, &[]);
    request.topics[0].name = s(&topic);
    assert_eq!(commit(&mut client, &request, 8), [(0, 82)]);

    let described = client.call(&DescribeGroupsRequest::default().with_groups(vec![group(g)]), 5).groups.remove(0);
    assert_eq!(described.members[0].group_instance_id.as_deref(), Some("instance-1"));
    // Removed by its instance id alone, as the admin client does.
    assert_eq!(leave(&mut client, g, &[("", Some("instance-2")), ("", Some("instance-1"))]), (0, vec![25, 0]));
}

#[test]
fn offsets_are_committed_and_fetched_in_every_version() {
    let broker = Broker::start();
    let mut client = broker.connect();
    let topic = &unique("topic");
    let topic_id = create(&mut client, topic, 2, &[]);
    find_coordinator(&mut client, "any");
    for version in 2..=10 {
        let g = &unique("group");
        let mut request = commit_request(g, topic, "", -1, &[(0, 40 + i64::from(version)), (1, 7)]);
        if version >= 6 {
            request.topics[0].partitions[0].committed_leader_epoch = 0;
        }
        if version >= 10 {
            request.topics[0].name = StrBytes::default();
            request.topics[0].topic_id = topic_id;
        }
        assert_eq!(commit(&mut client, &request, version), [(0, 0), (1, 0)], "v{version}");
        let found = fetch_offsets(&mut client, g, topic, Some(&[0, 1, 5]));
        let expected = [
            (0, 40 + i64::from(version), "note".to_owned(), 0),
            (1, 7, "note".to_owned(), 0),
            (5, -1, String::new(), 0),
        ];
        assert_eq!(found, expected);
    }
}

#[test]
fn an_unknown_group_or_topic_has_no_offsets_and_no_error() {
    let broker = Broker::start();
    let mut client = broker.connect();
    let topic = &unique("topic");
    create(&mut client, topic, 1, &[]);
    let g = &unique("group");
    find_coordinator(&mut client, g);
    assert_eq!(fetch_offsets(&mut client, g, topic, Some(&[0])), [(0, -1, String::new(), 0)]);
    assert_eq!(fetch_offsets(&mut client, g, "no-such-topic", Some(&[0])), [(0, -1, String::new(), 0)]);
    assert_eq!(fetch_offsets(&mut client, g, topic, None), []);
    commit(&mut client, &commit_request(g, topic, "", -1, &[(0, 3)]), 8);
    assert_eq!(fetch_offsets(&mut client, g, topic, None), [(0, 3, "note".to_owned(), 0)], "null means all");
    // From version 10 on, a topic id that nobody knows is an error.
    let ask = |client: &mut Client, group_id: &str, member: Option<&str>, epoch, version| {
        let request = OffsetFetchRequest {
            groups: vec![offset_fetch_request::OffsetFetchRequestGroup {
                group_id: s(group_id),
                member_id: member.map(s),
                member_epoch: epoch,
                topics: Some(vec![offset_fetch_request::OffsetFetchRequestTopics {
                    name: if version >= 10 { StrBytes::default() } else { s(topic) },
                    topic_id: if version >= 10 { Uuid::from_u128(66) } else { Uuid::nil() },
                    partition_indexes: vec![0],
                }]),
            }],
            ..Default::default()
        };
        let group = client.call(&request, version).groups.remove(0);
        let partitions: Vec<(i64, i16)> =
            group.topics.iter().flat_map(|t| &t.partitions).map(|p| (p.committed_offset, p.error_code)).collect();
        (group.error_code, partitions)
    };
    let absent = unique("group");
    assert_eq!(ask(&mut client, g, None, -1, 8), (0, vec![(3, 0)]));
    assert_eq!(ask(&mut client, &absent, None, -1, 9), (0, vec![(-1, 0)]));
    assert_eq!(ask(&mut client, g, None, -1, 10), (0, vec![(-1, 100)]));
    assert_eq!(ask(&mut client, &absent, Some("m"), 3, 9), (0, vec![(-1, 0)]), "classic groups do not look at members");
    assert_eq!(ask(&mut client, g, Some("m"), 3, 9), (0, vec![(3, 0)]));
}

#[test]
fn what_cannot_be_committed() {
    let broker = Broker::start();
    let mut client = broker.connect();
    let topic = &unique("topic");
    create(&mut client, topic, 1, &[]);
    let g = &unique("group");
    let (member, generation) = stable(&mut client, g);
    let absent = &unique("group");
    let case = |group: &str, member: &str, generation| commit_request(group, topic, member, generation, &[(0, 1)]);
    for (request, version, code, what) in [
        (case(g, &member, generation), 8, 0, "a member of this generation"),
        (case(g, &member, generation + 1), 8, 22, "a generation to come"),
        (case(g, "stranger", generation), 8, 25, "not a member"),
        (case(g, "", -1), 8, 25, "nobody, while there are members"),
        (case(absent, "m", 3), 8, 22, "a generation of a group that does not exist"),
        (case(absent, "m", 3), 9, 69, "the same, since KIP-848"),
        (case("", "", -1), 8, 0, "a simple group without a name"),
    ] {
        assert_eq!(commit(&mut client, &request, version), [(0, code)], "{what}");
    }
    let simple = &unique("group");
    let mut request = commit_request(simple, topic, "", -1, &[(0, 1), (3, 1)]);
    request.topics[0].partitions[0].committed_metadata = Some(s(&"x".repeat(4097)));
    assert_eq!(commit(&mut client, &request, 8), [(0, 12), (3, 3)]);
    let request = commit_request(simple, &unique("absent"), "", -1, &[(0, 1)]);
    assert_eq!(commit(&mut client, &request, 8), [(0, 3)]);
    let mut request = commit_request(simple, "", "", -1, &[(0, 1)]);
    request.topics[0].topic_id = Uuid::from_u128(3);
    assert_eq!(commit(&mut client, &request, 10), [(0, 100)]);
    assert_eq!(fetch_offsets(&mut client, simple, topic, None), []);
    // A member whose group is between two generations.
    let mut other = broker.connect();
    other.send(&join_request(g, "", &["range"]), 3);
    wait_for("the rebalance", || heartbeat(&mut client, g, &member, generation) == 27);
    assert_eq!(commit(&mut client, &case(g, &member, generation), 8), [(0, 0)], "what was read before it is kept");
    let lead = client.call(&join_request(g, &member, &["range"]), 5);
    other.receive::<JoinGroupRequest>(3);
    assert_eq!(commit(&mut client, &case(g, &member, lead.generation_id), 8), [(0, 27)], "not yet synced");
}

#[test]
fn groups_are_listed_by_state_and_type_and_deleted_when_empty() {
    let broker = Broker::start();
    let mut client = broker.connect();
    let topic = &unique("topic");
    create(&mut client, topic, 1, &[]);
    let (full, simple, absent) = (unique("group"), unique("group"), unique("group"));
    let (member, _) = stable(&mut client, &full);
    commit(&mut client, &commit_request(&simple, topic, "", -1, &[(0, 3)]), 8);
    let mut list = |states: &[&str], types: &[&str]| {
        let request = ListGroupsRequest::default()
            .with_states_filter(states.iter().map(|t| s(t)).collect())
            .with_types_filter(types.iter().map(|t| s(t)).collect());
        let response = client.call(&request, 5);
        assert_eq!(response.error_code, 0);
        let mut found: Vec<(String, String, String, String)> = response
            .groups
            .iter()
            .filter(|g| [&full, &simple].iter().any(|n| n.as_str() == g.group_id.as_str()))
            .map(|g| {
                (
                    g.group_id.to_string(),
                    g.protocol_type.to_string(),
                    g.group_state.to_string(),
                    g.group_type.to_string(),
                )
            })
            .collect();
        found.sort();
        found
    };
    let own =
        |g: &str, kind: &str, state: &str| (g.to_owned(), kind.to_owned(), state.to_owned(), "classic".to_owned());
    let (f, e) = (own(&full, "consumer", "Stable"), own(&simple, "", "Empty"));
    assert_eq!(list(&[], &[]), [f.clone(), e.clone()]);
    assert_eq!(list(&["Stable"], &[]), [f]);
    assert_eq!(list(&["empty"], &["CLASSIC"]), [e]);
    assert_eq!(list(&["Dead"], &[]), []);
    assert_eq!(list(&[], &["consumer"]), []);

    let mut delete = |groups: &[&str]| {
        let request = DeleteGroupsRequest::default().with_groups_names(groups.iter().map(|g| group(g)).collect());
        let mut results: Vec<(String, i16)> =
            client.call(&request, 2).results.iter().map(|r| (r.group_id.to_string(), r.error_code)).collect();
        results.sort();
        results
    };
    assert_eq!(delete(&[&full, &simple, &absent]), [(full.clone(), 68), (simple.clone(), 0), (absent.clone(), 69)]);
    assert_eq!(delete(&[&simple]), [(simple.clone(), 69)]);
    assert_eq!(fetch_offsets(&mut client, &simple, topic, None), []);
    leave(&mut client, &full, &[(&member, None)]);
    let request = DeleteGroupsRequest::default().with_groups_names(vec![group(&full)]);
    assert_eq!(client.call(&request, 2).results[0].error_code, 0);
    for (version, code, state) in [(5, 0, "Dead"), (6, 69, "Dead")] {
        let described =
            client.call(&DescribeGroupsRequest::default().with_groups(vec![group(&full)]), version).groups.remove(0);
        assert_eq!((described.error_code, described.group_state.as_str()), (code, state), "v{version}");
        let text = format!("Group {full} not found.");
        assert_eq!(described.error_message.as_deref(), (version >= 6).then_some(text.as_str()));
    }
}

#[test]
fn offsets_of_a_deleted_topic_go_with_it() {
    let broker = Broker::start();
    let mut client = broker.connect();
    let (topic, kept) = (&unique("topic"), &unique("topic"));
    create(&mut client, topic, 1, &[]);
    create(&mut client, kept, 1, &[]);
    let g = &unique("group");
    find_coordinator(&mut client, g);
    for topic in [topic, kept] {
        assert_eq!(commit(&mut client, &commit_request(g, topic, "", -1, &[(0, 3)]), 8), [(0, 0)]);
    }
    delete(&mut client, topic);
    wait_for("the offsets' end", || fetch_offsets(&mut client, g, topic, Some(&[0]))[0].1 == -1);
    assert_eq!(fetch_offsets(&mut client, g, kept, Some(&[0]))[0].1, 3);
}

#[test]
fn a_member_that_is_silent_for_its_session_is_removed() {
    let broker = Broker::with(&["group.min.session.timeout.ms=50"]);
    let mut client = broker.connect();
    let g = &unique("group");
    find_coordinator(&mut client, g);
    let mut request = join_request(g, "", &["range"]);
    request.session_timeout_ms = 100;
    let joined = client.call(&request, 3);
    client.call(&sync_request(g, &joined.member_id, 1, &[]), 5);
    let describe = DescribeGroupsRequest::default().with_groups(vec![group(g)]);
    wait_for("the member's removal", || client.call(&describe, 5).groups[0].group_state.as_str() == "Empty");
    assert_eq!(heartbeat(&mut client, g, &joined.member_id, 1), 25);
}

#[test]
fn the_coordinator_of_a_group_is_there_at_the_first_request() {
    let broker = Broker::start();
    if broker.is_oracle() {
        return;
    }
    let mut client = broker.connect();
    let response = client.call(&FindCoordinatorRequest::default().with_key(s("g")), 0);
    assert_eq!((response.error_code, response.node_id.0), (0, 1));
    assert_eq!(response.port, i32::from(broker.address.port()));
    assert_eq!(client.call(&join_request("g", "", &["range"]), 3).error_code, 0);
}

#[test]
fn coordinators_that_do_not_exist_are_refused_finally() {
    let broker = Broker::start();
    let mut client = broker.connect();
    find_coordinator(&mut client, "g");
    let several = FindCoordinatorRequest::default().with_coordinator_keys(vec![s("a"), s(""), s("b")]);
    let response = client.call(&several, 6);
    let told: Vec<(&str, i16, i32)> =
        response.coordinators.iter().map(|c| (c.key.as_str(), c.error_code, c.node_id.0)).collect();
    assert_eq!(told, [("a", 0, 1), ("", 0, 1), ("b", 0, 1)]);
    for version in 1..=6 {
        let request = FindCoordinatorRequest::default().with_key_type(9);
        let request = if version >= 4 { request.with_coordinator_keys(vec![s("x")]) } else { request.with_key(s("x")) };
        let response = client.call(&request, version);
        let code = if version >= 4 { response.coordinators[0].error_code } else { response.error_code };
        assert_eq!(code, 42, "v{version}");
    }
    if broker.is_oracle() {
        return;
    }
    let retriable = |code| ottla_core::errors::KafkaError::from_code(code).is_none_or(|e| e.is_retriable());
    for key_type in [1, 2] {
        let request = FindCoordinatorRequest::default().with_key_type(key_type).with_coordinator_keys(vec![s("x")]);
        let told = &client.call(&request, 6).coordinators[0];
        assert!(told.error_code != 0 && !retriable(told.error_code));
        assert_eq!(told.node_id.0, -1);
    }
    let request = InitProducerIdRequest::default().with_transactional_id(Some(TransactionalId(s("x"))));
    for version in 0..=5 {
        let told = client.call(&request, version);
        assert!(told.error_code != 0 && !retriable(told.error_code));
        assert_eq!((told.producer_id.0, told.producer_epoch), (-1, -1));
    }
    let empty = InitProducerIdRequest::default().with_transactional_id(Some(TransactionalId(s(""))));
    assert_eq!(client.call(&empty, 5).error_code, 42);
}

#[test]
fn without_an_authorizer_there_are_no_acls() {
    let broker = Broker::start();
    let mut client = broker.connect();
    for version in 1..=3 {
        let describe = DescribeAclsRequest::default()
            .with_resource_type_filter(1)
            .with_pattern_type_filter(1)
            .with_operation(1)
            .with_permission_type(1);
        let told = client.call(&describe, version);
        assert_eq!((told.error_code, told.resources.len()), (54, 0));
        assert_eq!(client.call(&CreateAclsRequest::default(), version).results, []);
        assert_eq!(client.call(&DeleteAclsRequest::default(), version).filter_results, []);
    }
}
