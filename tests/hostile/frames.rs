//! Frames: sizes that lie, bytes that never come, requests that are legal and large.

use super::child::Node;
use super::samples::arrays;
use super::{Attacker, Outcome, connect, is_closed, receive, size};
use crate::client::frame;
use crate::fixture::*;
use bytes::{BufMut, BytesMut};
use kafka_protocol::messages::create_topics_request::CreatableTopic;
use kafka_protocol::messages::fetch_request::{FetchPartition, FetchTopic};
use kafka_protocol::messages::metadata_request::MetadataRequestTopic;
use kafka_protocol::messages::produce_request::{PartitionProduceData, TopicProduceData};
use kafka_protocol::messages::*;
use kafka_protocol::protocol::{Decodable, Encodable};
use ottla_broker::server::registry::APIS;
use ottla_protocol::audit::{LengthKind, audit_request};
use std::io::{Read, Write};
use std::net::{Shutdown, TcpStream};
use std::time::{Duration, Instant};

const MAX_FRAME: i32 = 8 << 20;

/// Nothing came back yet.
fn is_quiet(stream: &mut TcpStream) -> bool {
    stream.set_nonblocking(true).unwrap();
    let read = stream.read(&mut [0]);
    stream.set_nonblocking(false).unwrap();
    read.is_err_and(|e| e.kind() == std::io::ErrorKind::WouldBlock)
}

#[test]
fn sizes_that_no_request_has_close_the_connection() {
    let mut node = Node::start(&[]);
    for size in [0, 1, 3, 7, -1, -2, i32::MIN, i32::MAX, i32::MAX - 1, MAX_FRAME + 1, 104_857_601, 0x0100_0000] {
        for rest in [0, 3, 100, 20_000] {
            let mut stream = connect(node.address);
            let _ = stream.write_all(&size.to_be_bytes());
            let _ = stream.write_all(&vec![0; rest]);
            let complete = usize::try_from(size).is_ok_and(|size| size <= rest);
            if complete || !(0..=MAX_FRAME).contains(&size) {
                assert!(is_closed(&mut stream), "a frame of {size} bytes, {rest} sent");
            }
        }
    }
    node.check("sizes");
    node.stop();
}

#[test]
fn other_protocols_are_closed() {
    let mut node = Node::start(&[]);
    let tls = [&[0x16, 3, 1, 2, 0, 1, 0, 1, 0xfc, 3, 3][..], &[7; 500]].concat();
    let long_line = [b"GET /".to_vec(), vec![b'a'; 1 << 20], b" HTTP/1.1\r\n\r\n".to_vec()].concat();
    let others: [&[u8]; 8] = [
        b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n",
        &long_line,
        b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
        &tls,
        b"SSH-2.0-OpenSSH_9.9\r\n",
        &[0; 64],
        &[0xff; 64],
        "\u{feff}{\"kafka\": true}".as_bytes(),
    ];
    for bytes in others {
        let mut stream = connect(node.address);
        let _ = stream.write_all(bytes);
        assert!(is_closed(&mut stream), "{:x?}", &bytes[..bytes.len().min(20)]);
    }
    node.check("other protocols");
    node.stop();
}

#[test]
fn a_frame_may_come_byte_by_byte_and_may_break_off_anywhere() {
    let mut node = Node::start(&[]);
    let request = frame(3, 12, 5, &[1, 0, 0, 0]);
    let mut slow = connect(node.address);
    for (i, byte) in request.iter().enumerate() {
        assert!(is_quiet(&mut slow), "an answer after {i} of {} bytes", request.len());
        slow.write_all(&[*byte]).unwrap();
        std::thread::sleep(Duration::from_millis(1));
    }
    assert!(receive(&mut slow).is_some());
    for end in 0..request.len() {
        // FIN.
        let mut stream = connect(node.address);
        stream.write_all(&request[..end]).unwrap();
        stream.shutdown(Shutdown::Write).unwrap();
        assert!(is_closed(&mut stream), "cut at {end}");
        // RST.
        let stream = connect(node.address);
        (&stream).write_all(&request[..end]).unwrap();
        socket2::SockRef::from(&stream).set_linger(Some(Duration::ZERO)).unwrap();
    }
    // What is complete before the end is answered.
    let mut stream = connect(node.address);
    stream.write_all(&[&request[..], &request, &request[..10]].concat()).unwrap();
    stream.shutdown(Shutdown::Write).unwrap();
    assert!(receive(&mut stream).is_some() && receive(&mut stream).is_some());
    assert!(is_closed(&mut stream));
    node.check("broken frames");
    node.stop();
}

#[test]
fn what_was_asked_before_a_fault_is_answered_before_the_connection_is_closed() {
    let mut node = Node::start(&[]);
    let good = frame(18, 0, 1, &[]);
    let faults = [
        (-1i32).to_be_bytes().to_vec(),
        frame(18, 3, 2, &[9]).to_vec(),
        frame(77, 0, 2, &[]).to_vec(),
        frame(1, 99, 2, &[]).to_vec(),
        vec![0; 4],
    ];
    for fault in faults {
        let mut stream = connect(node.address);
        stream.write_all(&[&good[..], &good, &good, &fault, &good].concat()).unwrap();
        for _ in 0..3 {
            assert!(receive(&mut stream).is_some(), "before {fault:x?}");
        }
        assert!(is_closed(&mut stream), "after {fault:x?}");
    }
    node.check("faults behind requests");
    node.stop();
}

#[test]
fn thousands_of_connections_that_announce_much_and_send_little_cost_little() {
    let mut node = Node::start(&[]);
    let mut streams = Vec::new();
    for _ in 0..size(2_000, 8_000) {
        let mut stream = connect(node.address);
        stream.write_all(&MAX_FRAME.to_be_bytes()).unwrap();
        stream.write_all(&[0, 0, 0, 9, 0, 0, 0, 1]).unwrap();
        streams.push(stream);
    }
    node.check("connections that announce 8 MiB each");
    // They drip, all of them.
    for stream in &mut streams {
        stream.write_all(&[0; 100]).unwrap();
    }
    node.check("100 bytes of each");
    drop(streams);
    node.stop();
}

#[test]
fn parts_of_large_frames_above_the_budget_wait_and_all_are_answered_in_the_end() {
    let mut node = Node::start(&[]);
    // ApiVersions v3 with one unknown tag of 1 MiB: legal, large and cheap.
    let mut body = BytesMut::from(&[2, b'a', 2, b'b', 1, 99][..]);
    put_uvarint(&mut body, 1 << 20);
    body.put_bytes(0, 1 << 20);
    let request = frame(18, 3, 1, &body);
    let part = request.len() * 3 / 4;
    // 40 x 0.75 MiB, far above the 8 MiB that the node may hold: each sends what the node takes.
    let writers: Vec<_> = (0..40)
        .map(|_| {
            let (request, address) = (request.clone(), node.address);
            std::thread::spawn(move || {
                let mut stream = connect(address);
                stream.write_all(&request[..part]).unwrap();
                std::thread::sleep(Duration::from_millis(300));
                stream.write_all(&request[part..]).unwrap();
                receive(&mut stream).is_some()
            })
        })
        .collect();
    std::thread::sleep(Duration::from_millis(200));
    // Small requests are served all the while.
    let started = Instant::now();
    node.check("parts of large frames");
    assert!(started.elapsed() < Duration::from_secs(2), "a small request waited behind large ones");
    for writer in writers {
        assert!(writer.join().unwrap(), "every request is answered");
    }
    node.stop();
}

fn put_uvarint(out: &mut BytesMut, mut n: u32) {
    while n >= 0x80 {
        out.put_u8(n as u8 | 0x80);
        n >>= 7;
    }
    out.put_u8(n as u8);
}

#[test]
fn tags_in_any_number_order_and_repetition() {
    let mut node = Node::start(&[]);
    let mut attacker = Attacker::new(node.address);
    let mut with_tags = |tags: &mut dyn Iterator<Item = u32>, count: u32| {
        let mut body = BytesMut::from(&[2, b'a', 2, b'b'][..]);
        put_uvarint(&mut body, count);
        for tag in tags {
            put_uvarint(&mut body, tag);
            body.put_u8(0);
        }
        attacker.ask(18, 3, &body)
    };
    let answered = |outcome: Outcome| matches!(outcome, Outcome::Answered(_));
    assert!(answered(with_tags(&mut (0..100), 100)));
    assert!(answered(with_tags(&mut (0..100).rev(), 100)), "unsorted");
    assert!(answered(with_tags(&mut std::iter::repeat_n(7, 1000), 1000)), "repeated");
    assert!(answered(with_tags(&mut (0..12_000), 12_000)));
    // A million would take more than this node may spend.
    for distinct in [1_000_000, 1] {
        let outcome = with_tags(&mut (0..1_000_000).map(|tag| tag % distinct), 1_000_000);
        assert!(answered(outcome.clone()) || outcome == Outcome::Closed);
    }
    node.check("tags");
    // In the header they are only skipped.
    let mut bytes = BytesMut::from(&[0, 0, 0, 0, 0, 3, 0, 12, 0, 0, 0, 1, 0xff, 0xff][..]);
    put_uvarint(&mut bytes, 1_000_000);
    (0..1_000_000).for_each(|tag| {
        put_uvarint(&mut bytes, tag);
        bytes.put_u8(0);
    });
    bytes.put_slice(&[1, 0, 0, 0]);
    let len = bytes.len() as i32 - 4;
    bytes[..4].copy_from_slice(&len.to_be_bytes());
    let bytes = [&bytes[..], &frame(18, 0, 2, &[])].concat();
    assert!(answered(attacker.outcome(&bytes, 1)), "a million tags in the header");
    node.check("a million tags");
    node.stop();
}

/// For every API: as many elements of each array as fit in a frame, each as small as can be.
#[test]
fn millions_of_empty_elements_are_answered_or_closed_within_memory() {
    let mut node = Node::start(&["auto.create.topics.enable=false"]);
    let mut attacker = Attacker::new(node.address);
    let (mut answered, mut closed) = (0, 0);
    for api in APIS {
        // One version of each encoding.
        let classic = (api.min..=api.max).rev().find(|v| !is_flexible(api.key, *v));
        let flexible = is_flexible(api.key, api.max).then_some(api.max);
        for version in classic.into_iter().chain(flexible) {
            for (head, field, element, tail) in arrays(api.key, version) {
                let with = |count: usize| {
                    let mut body = BytesMut::from(&head[..]);
                    match field.kind {
                        LengthKind::ClassicI32 => body.put_i32(count as i32),
                        _ => put_uvarint(&mut body, count as u32 + 1),
                    }
                    body.put_slice(&element.repeat(count));
                    body.put_slice(&tail);
                    body
                };
                let bound = |count: usize| audit_request(api.key, version, &with(count));
                // As many as fit in a frame, and as many as are still decoded: an eighth of twice the largest frame.
                let most = (size(1 << 20, MAX_FRAME as usize) - head.len() - tail.len() - 100) / element.len();
                let (none, each) = (bound(0).unwrap(), (bound(1000).unwrap() - bound(0).unwrap()) / 1000);
                let decoded = (MAX_FRAME as usize / 4 - none) / each.max(1);
                for count in [most, decoded.min(most)] {
                    let body = with(count);
                    if audit_request(api.key, version, &body).is_err() {
                        // A string, which must be shorter.
                        continue;
                    }
                    let started = Instant::now();
                    match attacker.ask(api.key, version, &body) {
                        Outcome::Closed => closed += 1,
                        _ => answered += 1,
                    }
                    let name = format!("{} v{version}: {count} elements at {}", api.name, field.offset);
                    println!("{name}: {:?}, peak {} KiB", started.elapsed(), node.peak_kib());
                    node.check(&name);
                }
            }
        }
    }
    println!("{answered} answered, {closed} closed");
    assert!(answered > 40, "{answered} answered, {closed} closed");
    node.stop();
}

fn is_flexible(key: i16, version: i16) -> bool {
    ottla_protocol::audit::api_info(key).is_some_and(|api| api.is_flexible(version))
}

fn encoded(request: &impl Encodable, version: i16) -> BytesMut {
    let mut body = BytesMut::new();
    request.encode(&mut body, version).unwrap();
    body
}

#[test]
fn a_hundred_thousand_partitions_in_one_request() {
    // With the smallest budget such requests are refused; this one admits them.
    let mut node = Node::start(&["auto.create.topics.enable=false", "queued.max.request.bytes=268435456"]);
    node.peak_max_kib = 320 * 1024;
    let mut attacker = Attacker::new(node.address);
    let mut client = crate::client::Client::connect(node.address);
    create(&mut client, "t", 1, &[]);
    let mut ask = |node: &mut Node, what: &str, key: i16, version: i16, body: &[u8]| {
        let started = Instant::now();
        let outcome = attacker.ask(key, version, body);
        println!("{what}: {} bytes, {:?}, peak {} KiB", body.len(), started.elapsed(), node.peak_kib());
        node.check(what);
        outcome
    };
    const MANY: i32 = 100_000;

    let partitions = (0..MANY).map(|i| PartitionProduceData::default().with_index(i)).collect();
    let topic = TopicProduceData::default().with_name(name("t")).with_partition_data(partitions);
    let produce = ProduceRequest::default().with_acks(1).with_timeout_ms(1000).with_topic_data(vec![topic]);
    let Outcome::Answered(mut answer) = ask(&mut node, "Produce", 0, 9, &encoded(&produce, 9)) else {
        panic!("Produce is not answered")
    };
    let _ = answer.split_to(5);
    let response = ProduceResponse::decode(&mut answer, 9).unwrap();
    let partitions = &response.responses[0].partition_responses;
    assert_eq!(partitions.len(), MANY as usize);
    assert_eq!((partitions[0].error_code, partitions[1].error_code), (87, 3), "no batch; unknown partition");

    for (what, version, session_epoch) in [("sessionless Fetch", 12, -1), ("Fetch with a session", 12, 0)] {
        for _ in 0..size(3, 20) {
            let partitions = (0..MANY).map(|i| FetchPartition::default().with_partition(i)).collect();
            let topic = FetchTopic::default().with_topic(name("t")).with_partitions(partitions);
            let fetch = FetchRequest::default().with_session_epoch(session_epoch).with_topics(vec![topic]);
            let outcome = ask(&mut node, what, 1, version, &encoded(&fetch, version));
            assert!(matches!(outcome, Outcome::Answered(_)), "{what}");
        }
    }

    let topics = |n: i32| (0..n).map(|i| MetadataRequestTopic::default().with_name(Some(name(&format!("no-{i}")))));
    let metadata = MetadataRequest::default().with_topics(Some(topics(MANY / 2).collect()));
    let outcome = ask(&mut node, "Metadata", 3, 12, &encoded(&metadata, 12));
    assert!(matches!(outcome, Outcome::Answered(_) | Outcome::Closed));
    // The same topic again and again is answered once.
    let same = (0..MANY / 2).map(|_| MetadataRequestTopic::default().with_name(Some(name("t")))).collect();
    let metadata = MetadataRequest::default().with_topics(Some(same));
    ask(&mut node, "Metadata of one topic", 3, 12, &encoded(&metadata, 12));

    let topic = CreatableTopic::default().with_name(name("wide")).with_num_partitions(MANY).with_replication_factor(1);
    let create = CreateTopicsRequest::default().with_topics(vec![topic]).with_timeout_ms(1000);
    let Outcome::Answered(mut answer) = ask(&mut node, "CreateTopics", 19, 7, &encoded(&create, 7)) else {
        panic!("CreateTopics is not answered")
    };
    let _ = answer.split_to(5);
    let response = CreateTopicsResponse::decode(&mut answer, 7).unwrap();
    assert_ne!(response.topics[0].error_code, 0, "more partitions than one request may create");

    let lists = (0..MANY).map(|i| (i, -1)).collect::<Vec<_>>();
    let mut body = BytesMut::new();
    list_offsets_request("t", &lists).encode(&mut body, 8).unwrap();
    ask(&mut node, "ListOffsets", 2, 8, &body);

    let commits =
        (0..MANY).map(|i| offset_commit_request::OffsetCommitRequestPartition::default().with_partition_index(i));
    let topic = offset_commit_request::OffsetCommitRequestTopic::default()
        .with_name(name("t"))
        .with_partitions(commits.collect());
    let commit = OffsetCommitRequest::default()
        .with_group_id(group("g"))
        .with_generation_id_or_member_epoch(-1)
        .with_topics(vec![topic]);
    ask(&mut node, "OffsetCommit", 8, 8, &encoded(&commit, 8));
    node.stop();
}

/// A few bytes in a request that stand for much in its response.
#[test]
fn a_response_takes_no_more_than_the_node_has_for_it() {
    let mut node = Node::start(&[]);
    let mut client = crate::client::Client::connect(node.address);
    let resource = describe_configs_request::DescribeConfigsResource::default()
        .with_resource_type(4)
        .with_resource_name(s("1"))
        .with_configuration_keys(None);
    let describe = DescribeConfigsRequest::default().with_resources(vec![resource; 5_000]).with_include_synonyms(true);
    let results = client.call(&describe, 4).results;
    assert_eq!((results.len(), results[0].error_code, results[4_999].error_code), (5_000, 0, 42));
    assert!(results[0].configs.len() > 200);
    node.check("DescribeConfigs of one broker again and again");

    let protocol = join_group_request::JoinGroupRequestProtocol::default()
        .with_name(s("range"))
        .with_metadata(vec![7; 900_000].into());
    let join = JoinGroupRequest::default()
        .with_group_id(group("large"))
        .with_session_timeout_ms(30_000)
        .with_rebalance_timeout_ms(30_000)
        .with_protocol_type(s("consumer"))
        .with_protocols(vec![protocol]);
    find_coordinator(&mut client, "large");
    let joined = client.call(&join, 3);
    assert_eq!(joined.error_code, 0);
    let sync = SyncGroupRequest::default()
        .with_group_id(group("large"))
        .with_generation_id(joined.generation_id)
        .with_member_id(joined.member_id);
    assert_eq!(client.call(&sync, 1).error_code, 0);
    let describe = DescribeGroupsRequest::default().with_groups(vec![group("large"); 1_000]);
    let groups = client.call(&describe, 5).groups;
    assert_eq!(groups.len(), 1_000);
    assert_eq!((groups[0].error_code, groups[0].members[0].member_metadata.len()), (0, 900_000));
    assert_eq!((groups[999].error_code, groups[999].members.len()), (42, 0));
    node.check("DescribeGroups of one group again and again");
    node.stop();
}

#[test]
fn odd_topic_names_are_refused_by_name() {
    let mut node = Node::start(&[]);
    let mut client = crate::client::Client::connect(node.address);
    let long = "a".repeat(249);
    let too_long = "a".repeat(250);
    let longest = "a".repeat(32_000);
    for odd in
        ["", ".", "..", &too_long, &longest, "a/b", "/", "../../etc", "a\0b", "\0", "ä", "a b", "a\nb", "日本", "a:b"]
    {
        let code = client.call(&create_request(odd, 1, &[]), 7).topics[0].error_code;
        assert_eq!(code, 17, "creating {odd:?}");
        for version in [4, 12] {
            let metadata = MetadataRequest::default()
                .with_topics(Some(vec![MetadataRequestTopic::default().with_name(Some(name(odd)))]))
                .with_allow_auto_topic_creation(true);
            let code = client.call(&metadata, version).topics[0].error_code;
            assert_eq!(code, 17, "Metadata v{version} of {odd:?}");
        }
        let produced = client.call(&produce_request(odd, 0, batch(&["v"]), 1), 9);
        let code = produced.responses[0].partition_responses[0].error_code;
        assert_eq!(code, 3, "producing to {odd:?}");
    }
    for good in [&long[..], "a.b", "A-1_x", "...", "-"] {
        assert_eq!(client.call(&create_request(good, 1, &[]), 7).topics[0].error_code, 0, "{good}");
    }
    for collides in ["a_b", "A-1.x"] {
        assert_eq!(client.call(&create_request(collides, 1, &[]), 7).topics[0].error_code, 17, "{collides}");
    }
    let here: Vec<_> = std::fs::read_dir(node.data()).unwrap().map(|e| e.unwrap().file_name()).collect();
    let strange = |n: &&std::ffi::OsString| n.to_str().is_none_or(|n| n.contains(|c: char| !c.is_ascii_graphic()));
    assert_eq!(here.iter().find(strange), None);
    node.check("odd names");
    node.stop();
}
