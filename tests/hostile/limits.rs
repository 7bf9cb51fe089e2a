//! Connections: how many there may be, and how long one may say nothing.

use super::child::Node;
use super::{connect, is_closed, receive};
use crate::client::frame;
use crate::fixture::*;
use bytes::BytesMut;
use kafka_protocol::protocol::Encodable;
use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::{Duration, Instant};

fn is_answered(stream: &mut TcpStream) -> bool {
    stream.write_all(&frame(18, 0, 1, &[])).is_ok() && receive(stream).is_some()
}

#[test]
fn above_max_connections_the_next_waits_until_one_is_closed() {
    // The check after each step needs one for itself.
    let mut node = Node::start(&["max.connections=6"]);
    let mut open: Vec<TcpStream> = (0..5).map(|_| connect(node.address)).collect();
    assert!(open.iter_mut().all(is_answered));
    node.check("five connections");
    let mut sixth = connect(node.address);
    assert!(is_answered(&mut sixth));
    let mut seventh = connect(node.address);
    seventh.write_all(&frame(18, 0, 1, &[])).unwrap();
    seventh.set_read_timeout(Some(Duration::from_millis(200))).unwrap();
    assert!(seventh.read(&mut [0]).is_err(), "a seventh connection is served");
    assert!(open.iter_mut().all(is_answered), "the others are");
    drop(open.pop());
    seventh.set_read_timeout(Some(Duration::from_secs(10))).unwrap();
    assert!(receive(&mut seventh).is_some(), "its turn has come");
    drop(open);
    node.check("all that waited");
    node.stop();
}

#[test]
fn above_max_connections_per_ip_the_next_is_closed() {
    let mut node = Node::start(&["max.connections.per.ip=3"]);
    for _ in 0..3 {
        let mut open = Vec::new();
        // Slots are free once the node has seen the end of those who had them.
        wait_for("three slots", || {
            let mut stream = connect(node.address);
            if is_answered(&mut stream) {
                open.push(stream);
            }
            open.len() == 3
        });
        for _ in 0..5 {
            assert!(is_closed(&mut connect(node.address)), "a fourth connection");
        }
        assert!(open.iter_mut().all(is_answered));
    }
    wait_for("a slot for the check", || is_answered(&mut connect(node.address)));
    std::thread::sleep(Duration::from_millis(100));
    node.check("connections of one address");
    node.stop();
}

#[test]
fn a_connection_that_moves_no_byte_is_closed_whatever_it_waits_for() {
    let mut node = Node::start(&["connections.max.idle.ms=1500"]);
    let mut client = crate::client::Client::connect(node.address);
    create(&mut client, "t", 1, &[]);
    let value = "x".repeat(1 << 20).into_bytes();
    for _ in 0..20 {
        let mut builder = ottla_record::batch::BatchBuilder::new(0);
        builder.append_kv(now_ms(), None, Some(&value[..1_000_000]));
        assert_eq!(produce(&mut client, "t", builder.build().unwrap()).error_code, 0);
    }
    let started = Instant::now();
    let silent = connect(node.address);
    let mut partial = connect(node.address);
    partial.write_all(&[0, 0, 1, 0, 0, 18]).unwrap();
    let mut partial_large = connect(node.address);
    partial_large.write_all(&[&[0, 0x70, 0, 0][..], &[0; 100_000]].concat()).unwrap();
    // A fetch that waits for ten minutes.
    let mut waiting = connect(node.address);
    let mut body = BytesMut::new();
    let patient = fetch_request(&[("t", 0, 20)]).with_max_wait_ms(600_000).with_min_bytes(1 << 20);
    patient.encode(&mut body, 12).unwrap();
    waiting.write_all(&frame(1, 12, 1, &body)).unwrap();
    // A peer that asks for far more than its socket holds, and reads nothing.
    let deaf = socket2::Socket::new(socket2::Domain::IPV4, socket2::Type::STREAM, None).unwrap();
    deaf.set_recv_buffer_size(4096).unwrap();
    deaf.connect(&node.address.into()).unwrap();
    let mut deaf: TcpStream = deaf.into();
    let mut body = BytesMut::new();
    let mut greedy = fetch_request(&[("t", 0, 0)]);
    greedy.topics[0].partitions[0].partition_max_bytes = 1 << 30;
    greedy.encode(&mut body, 12).unwrap();
    deaf.write_all(&frame(1, 12, 1, &body)).unwrap();

    // One that is in use stays.
    let mut busy = connect(node.address);
    let mut drip = connect(node.address);
    let dripped = frame(18, 0, 1, &[]);
    for byte in dripped.iter() {
        drip.write_all(&[*byte]).unwrap();
        assert!(is_answered(&mut busy));
        std::thread::sleep(Duration::from_millis(2500 / dripped.len() as u64));
    }
    assert!(receive(&mut drip).is_some(), "a slow request is answered");
    for (mut stream, what) in
        [(silent, "silent"), (partial, "partial"), (partial_large, "large and partial"), (waiting, "waiting")]
    {
        assert!(is_closed(&mut stream), "{what}");
    }
    let mut got = 0;
    let mut buffer = vec![0; 1 << 20];
    deaf.set_read_timeout(Some(Duration::from_secs(10))).unwrap();
    while let Ok(n @ 1..) = deaf.read(&mut buffer) {
        got += n;
    }
    assert!(got < 20_000_000, "a peer that does not read is closed: it got {got} bytes");
    assert!(started.elapsed() < Duration::from_secs(8));
    node.check("idle connections");
    node.stop();
}
