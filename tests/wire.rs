//! Frames, headers, versions and order: what holds for every API.

use crate::client::frame;
use crate::fixture::*;
use bytes::{Buf, BufMut, BytesMut};
use kafka_protocol::messages::*;
use kafka_protocol::protocol::{Decodable, Encodable};
use ottla_broker::server::registry::APIS;
use std::io::Write;

fn body(request: &impl Encodable, version: i16) -> BytesMut {
    let mut out = BytesMut::new();
    request.encode(&mut out, version).unwrap();
    out
}

#[test]
fn produce_0_to_2_is_advertised_and_closes_the_connection() {
    let broker = Broker::start();
    let advertised = broker.connect().call(&ApiVersionsRequest::default(), 0);
    let produce = advertised.api_keys.iter().find(|api| api.api_key == 0).unwrap();
    assert_eq!((produce.min_version, produce.max_version), (0, 13));
    for version in 0..=2 {
        let mut client = broker.connect();
        client.send_body(0, version, &body(&produce_request("t", 0, batch(&["v"]), 1), 3)[2..]);
        assert!(client.is_closed(), "Produce v{version}");
    }
}

#[test]
fn an_unknown_key_or_version_closes_the_connection() {
    let broker = Broker::start();
    for key in [-1, 4, 5, 6, 7, 58, 93, 99, 1000, i16::MAX, i16::MIN] {
        let mut client = broker.connect();
        client.send_body(key, 0, &[0; 8]);
        assert!(client.is_closed(), "API {key}");
    }
    for api in APIS.iter().filter(|api| api.key != 18) {
        for version in [api.min - 1, api.max + 1, i16::MAX, i16::MIN] {
            if api.key == 22 && version == 6 && broker.is_oracle() {
                continue;
            }
            let mut client = broker.connect();
            client.send_body(api.key, version, &[0; 8]);
            assert!(client.is_closed(), "{} v{version}", api.name);
        }
    }
}

#[test]
fn api_versions_of_an_unknown_version_is_answered_in_version_0_with_its_own_range() {
    let broker = Broker::start();
    let mut client = broker.connect();
    for version in [5, 6, 127, i16::MAX, -1] {
        client.send_body(18, version, b"whatever");
        let mut reply = client.receive_frame().unwrap();
        reply.advance(4);
        let response = ApiVersionsResponse::decode(&mut reply, 0).unwrap();
        assert_eq!(reply.remaining(), 0);
        assert_eq!(response.error_code, 35);
        let ranges: Vec<_> = response.api_keys.iter().map(|k| (k.api_key, k.min_version, k.max_version)).collect();
        assert_eq!(ranges, [(18, 0, 4)]);
    }
    let request = ApiVersionsRequest::default()
        .with_client_software_name(s("apache-kafka-java"))
        .with_client_software_version(s("4.3.1"));
    assert_eq!(client.call(&request, 4).error_code, 0, "the connection goes on");
}

#[test]
fn client_software_must_have_a_proper_name() {
    let broker = Broker::start();
    let mut client = broker.connect();
    for (software, version, error) in [
        ("good", "1.0", 0),
        ("a", "b", 0),
        ("", "1", 42),
        ("x", "", 42),
        ("-x", "1", 42),
        ("x y", "1", 42),
        ("x", "1_0", 42),
    ] {
        let request = ApiVersionsRequest::default()
            .with_client_software_name(s(software))
            .with_client_software_version(s(version));
        let response = client.call(&request, 3);
        assert_eq!(response.error_code, error, "{software:?} {version:?}");
        assert_eq!(response.api_keys.is_empty(), error != 0);
    }
}

#[test]
fn older_api_versions_do_not_list_features_whose_minimum_is_0() {
    let broker = Broker::start();
    let mut client = broker.connect();
    let request = ApiVersionsRequest::default().with_client_software_name(s("a")).with_client_software_version(s("b"));
    assert!(client.call(&request, 3).supported_features.iter().all(|f| f.min_version > 0));
    let newest = client.call(&request, 4);
    let range = |name: &str| {
        newest.supported_features.iter().find(|f| f.name.as_str() == name).map(|f| (f.min_version, f.max_version))
    };
    assert_eq!(range("transaction.version").map(|r| r.0), Some(0));
    assert_eq!(range("metadata.version"), Some((7, 30)));
    let finalized = newest.finalized_features.iter().find(|f| f.name.as_str() == "metadata.version").unwrap();
    assert_eq!((finalized.min_version_level, finalized.max_version_level), (30, 30));
    assert!(newest.finalized_features_epoch >= 0);
}

#[test]
fn a_header_may_lack_the_client_id_and_carry_unknown_tags() {
    let broker = Broker::start();
    let mut client = broker.connect();
    // Header version 1, null client id.
    let mut request = BytesMut::new();
    request.put_slice(&[0, 3, 0, 0, 0, 0, 0, 7, 0xff, 0xff]);
    request.put_slice(&body(&MetadataRequest::default().with_topics(Some(vec![])), 0));
    client.send_frame(&request);
    let mut reply = client.receive_frame().unwrap();
    assert_eq!(reply.get_i32(), 7);
    MetadataResponse::decode(&mut reply, 0).unwrap();
    assert_eq!(reply.remaining(), 0);
    // Header version 2: the client id keeps its two-byte length; one tag (9) of three bytes. The response header has an
    // empty tag section.
    let mut request = BytesMut::new();
    request.put_slice(&[0, 3, 0, 12, 0, 0, 0, 8, 0, 2, b'm', b'e', 1, 9, 3, 1, 2, 3]);
    let mut metadata = body(&MetadataRequest::default().with_topics(Some(vec![])), 12);
    // An unknown tag in the body, too.
    assert_eq!(metadata.last(), Some(&0));
    metadata.truncate(metadata.len() - 1);
    metadata.put_slice(&[1, 42, 2, 5, 6]);
    request.put_slice(&metadata);
    client.send_frame(&request);
    let mut reply = client.receive_frame().unwrap();
    assert_eq!((reply.get_i32(), reply.get_u8()), (8, 0));
    MetadataResponse::decode(&mut reply, 12).unwrap();
    assert_eq!(reply.remaining(), 0);
}

#[test]
fn sizes_that_no_frame_has_close_the_connection() {
    let broker = Broker::start();
    for size in [-1, 0, 1, 7, i32::MIN, i32::MAX, 104_857_601] {
        let mut client = broker.connect();
        client.stream().write_all(&size.to_be_bytes()).unwrap();
        client.stream().write_all(&[0; 7]).unwrap();
        assert!(client.is_closed(), "size {size}");
    }
}

#[test]
fn a_request_may_come_byte_by_byte() {
    let broker = Broker::start();
    let mut client = broker.connect();
    let request = frame(3, 12, 5, &body(&MetadataRequest::default().with_topics(Some(vec![])), 12));
    for byte in &request[..] {
        client.stream().write_all(&[*byte]).unwrap();
    }
    assert_eq!(client.receive_frame().unwrap().get_i32(), 5);
}

#[test]
fn a_thousand_pipelined_produces_of_every_acks_keep_their_order() {
    let broker = Broker::start();
    let topic = &unique("pipelined");
    create(&mut broker.connect(), topic, 1, &[]);
    let mut client = broker.connect();
    let mut reader = client.clone();
    let acks = |i: usize| [0, 1, -1][i % 3];
    let writer = {
        let topic = topic.clone();
        std::thread::spawn(move || {
            for i in 0..1000 {
                client.send(&produce_request(&topic, 0, batch(&[&i.to_string()]), acks(i)), 9);
            }
            client
        })
    };
    // Nothing else writes, so record i gets offset i; requests with acks=0 are not answered.
    for i in (0..1000).filter(|i| acks(*i) != 0) {
        let mut reply = reader.receive_frame().unwrap();
        assert_eq!((reply.get_i32(), reply.get_u8()), (i as i32 + 1, 0));
        let response = ProduceResponse::decode(&mut reply, 9).unwrap();
        let partition = &response.responses[0].partition_responses[0];
        assert_eq!((partition.error_code, partition.base_offset), (0, i as i64));
    }
    let mut client = writer.join().unwrap();
    let expected: Vec<(i64, String)> = (0..1000).map(|i| (i, i.to_string())).collect();
    assert_eq!(read(&mut client, topic, 0), expected);
}

#[test]
fn pipelined_requests_see_what_those_before_them_did() {
    let broker = Broker::start();
    let topic = &unique("mixed");
    let mut client = broker.connect();
    create(&mut client, topic, 1, &[]);
    for i in 0..100i64 {
        client.send(&produce_request(topic, 0, batch(&["v"]), 0), 9);
        client.send(&list_offsets_request(topic, &[(0, -1)]), 7);
        client.send(&produce_request(topic, 0, batch(&["w"]), 1), 9);
        client.send(&fetch_request(&[(topic, 0, 2 * i + 1)]), 12);
    }
    for i in 0..100i64 {
        let offsets = client.receive::<ottla_protocol::generated::ListOffsetsRequest>(7);
        assert_eq!(offsets.topics[0].partitions[0].offset, 2 * i + 1);
        let produced = client.receive::<ProduceRequest>(9);
        assert_eq!(produced.responses[0].partition_responses[0].base_offset, 2 * i + 1);
        let fetched = client.receive::<FetchRequest>(12);
        let partition = &fetched.responses[0].partitions[0];
        assert_eq!(values(partition.records.as_ref().unwrap()), [(2 * i + 1, "w".to_owned())]);
    }
}

#[test]
fn a_slow_request_holds_back_those_behind_it_on_its_connection_only() {
    let broker = Broker::start();
    let topic = &unique("slow");
    let mut client = broker.connect();
    create(&mut client, topic, 1, &[]);
    let waiting = fetch_request(&[(topic, 0, 0)]).with_min_bytes(1).with_max_wait_ms(20_000);
    client.send(&waiting, 12);
    client.send(&MetadataRequest::default().with_topics(Some(vec![])), 12);
    let mut other = broker.connect();
    assert_eq!(produce(&mut other, topic, batch(&["v"])).error_code, 0);
    let fetched = client.receive::<FetchRequest>(12);
    assert_eq!(values(fetched.responses[0].partitions[0].records.as_ref().unwrap()).len(), 1);
    client.receive::<MetadataRequest>(12);
}

#[test]
fn acks_0_is_never_answered_and_an_error_closes_the_connection() {
    let broker = Broker::start();
    let topic = &unique("silent");
    let mut client = broker.connect();
    create(&mut client, topic, 1, &[]);
    client.send(&produce_request(topic, 0, batch(&["v"]), 0), 9);
    assert_eq!(end_offset(&mut client, topic), 1, "the next answer is the next request's");
    client.send(&produce_request(topic, 9, batch(&["v"]), 0), 9);
    assert!(client.is_closed());
}

#[test]
fn requests_in_flight_are_answered_after_the_client_has_shut_its_side() {
    let broker = Broker::start();
    let mut client = broker.connect();
    for _ in 0..10 {
        client.send(&ApiVersionsRequest::default(), 0);
    }
    client.stream().shutdown(std::net::Shutdown::Write).unwrap();
    if broker.is_oracle() {
        // Kafka may notice the end before it has answered.
        return;
    }
    for _ in 0..10 {
        client.receive::<ApiVersionsRequest>(0);
    }
    assert!(client.is_closed());
}

#[test]
fn what_is_not_kafka_closes_the_connection_and_the_broker_serves_on() {
    let broker = Broker::start();
    for bytes in [&b"GET / HTTP/1.1\r\nHost: x\r\n\r\n"[..], b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03"] {
        let mut client = broker.connect();
        client.stream().write_all(bytes).unwrap();
        assert!(client.is_closed());
    }
    broker.connect().call(&ApiVersionsRequest::default(), 0);
}

#[test]
fn bytes_behind_a_body_are_ignored() {
    let broker = Broker::start();
    let mut client = broker.connect();
    let mut request = body(&MetadataRequest::default().with_topics(Some(vec![])), 12);
    request.put_slice(b"more");
    client.send_body(3, 12, &request);
    client.receive::<MetadataRequest>(12);
}
