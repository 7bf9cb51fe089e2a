//! Every bound of the node (design D8), filled: the read loop stops, and goes on when there is room.
//!
//! The node runs in this process, so that its counters can be read and a partition be kept busy. A panic in one of its threads is
//! counted by a hook, and fails the test.

use super::{connect, is_closed, probe, receive};
use crate::client::{Client, frame};
use crate::fixture::*;
use bytes::{Buf, BufMut, Bytes, BytesMut};
use kafka_protocol::messages::{
    DescribeGroupsRequest, FetchResponse, JoinGroupRequest, ProduceResponse, SyncGroupRequest, join_group_request,
};
use kafka_protocol::protocol::{Decodable, Encodable};
use ottla_broker::node::Node;
use ottla_broker::replica::Replica;
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Once, mpsc};
use std::thread::JoinHandle;
use std::time::Duration;

static PANICS: AtomicUsize = AtomicUsize::new(0);

/// Counts panics of the node's threads from now on.
fn count_panics() {
    static HOOK: Once = Once::new();
    HOOK.call_once(|| {
        let before = std::panic::take_hook();
        std::panic::set_hook(Box::new(move |info| {
            if matches!(std::thread::current().name(), Some("data" | "control" | "metadata" | "controller")) {
                PANICS.fetch_add(1, Ordering::Relaxed);
            }
            before(info);
        }));
    });
}

struct Fixture {
    broker: Broker,
    replica: Arc<Replica>,
}

impl Fixture {
    /// A node with a topic `t` of one partition.
    fn new(settings: &[&str]) -> Fixture {
        count_panics();
        let broker = Broker::with(settings);
        let id = create(&mut broker.connect(), "t", 1, &[]);
        let replica = broker.node().unwrap().node().replicas.get(id, 0).expect("a replica");
        Fixture { broker, replica }
    }

    fn node(&self) -> &Arc<Node> {
        self.broker.node().unwrap().node()
    }

    fn address(&self) -> SocketAddr {
        self.broker.address
    }

    /// Keeps the partition's owner busy until the returned value is dropped: what comes meanwhile waits in the inbox.
    fn hold(&self) -> Held {
        let (release, released) = mpsc::channel::<()>();
        let (entered, holds) = mpsc::channel();
        let replica = Arc::clone(&self.replica);
        let thread = std::thread::spawn(move || {
            replica.with_partition(|_, _| {
                entered.send(()).unwrap();
                let _ = released.recv();
            });
        });
        holds.recv().unwrap();
        Held { release: Some(release), thread: Some(thread) }
    }

    /// Everything that was held is free again, nothing panicked, and the node serves.
    fn finish(self) {
        let budget = Arc::clone(&self.node().budget);
        wait_for("all memory", || (budget.used(), budget.outgoing(), budget.waiting()) == (0, 0, 0));
        probe(self.address());
        drop(self.broker);
        assert_eq!(PANICS.load(Ordering::Relaxed), 0, "panics in the node's threads");
    }
}

struct Held {
    release: Option<mpsc::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl Drop for Held {
    fn drop(&mut self) {
        drop(self.release.take());
        if let Some(thread) = self.thread.take() {
            thread.join().unwrap();
        }
    }
}

/// A Produce frame with one record.
fn produce_frame(id: i32, value_bytes: usize, acks: i16) -> Bytes {
    let mut body = BytesMut::new();
    let value = vec![b'x'; value_bytes];
    let records = build(|b| {
        b.append_kv(now_ms(), None, Some(&value));
    });
    produce_request("t", 0, records, acks).encode(&mut body, 9).unwrap();
    frame(0, 9, id, &body)
}

/// The base offset in the answer to request `id`.
fn produced(stream: &mut TcpStream, id: i32) -> i64 {
    let mut answer = receive(stream).expect("an answer");
    assert_eq!((answer.get_i32(), answer.get_u8()), (id, 0), "answers come in order");
    let response = ProduceResponse::decode(&mut answer, 9).unwrap();
    let partition = &response.responses[0].partition_responses[0];
    assert_eq!(partition.error_code, 0);
    partition.base_offset
}

/// Writes in the background; gives the stream back when everything is written.
fn write_all(stream: &TcpStream, bytes: Vec<Bytes>) -> JoinHandle<()> {
    let mut stream = stream.try_clone().unwrap();
    std::thread::spawn(move || bytes.iter().for_each(|b| stream.write_all(b).unwrap()))
}

/// The value no longer changes.
fn settled<T: PartialEq + Copy>(read: impl Fn() -> T) -> T {
    let mut last = read();
    let mut same = 0;
    while same < 25 {
        std::thread::sleep(Duration::from_millis(10));
        let now = read();
        same = if now == last { same + 1 } else { 0 };
        last = now;
    }
    last
}

#[test]
fn requests_in_flight_of_one_connection_are_bounded() {
    let f = Fixture::new(&[]);
    let held = f.hold();
    let stream = connect(f.address());
    const FRAMES: i32 = 300;
    let frames: Vec<Bytes> = (0..FRAMES).map(|id| produce_frame(id, 200_000, -1)).collect();
    let writer = write_all(&stream, frames);
    let waiting = settled(|| f.replica.waiting());
    assert_eq!(waiting, 32, "requests in flight");
    let used = settled(|| f.node().budget.used());
    assert!((32 * 200_000..34 * 210_000).contains(&used), "{used} bytes are held");
    assert!(!writer.is_finished(), "the client is pushed back");
    drop(held);
    let mut stream = stream;
    for id in 0..FRAMES {
        assert_eq!(produced(&mut stream, id), i64::from(id));
    }
    writer.join().unwrap();
    f.finish();
}

#[test]
fn a_full_inbox_of_a_partition_stops_its_connections_and_nobody_else() {
    let f = Fixture::new(&[]);
    let held = f.hold();
    const CONNECTIONS: i32 = 135;
    const EACH: i32 = 40;
    let streams: Vec<TcpStream> = (0..CONNECTIONS).map(|_| connect(f.address())).collect();
    for stream in &streams {
        (&*stream).write_all(&(0..EACH).flat_map(|id| produce_frame(id, 10, 1)).collect::<Vec<u8>>()).unwrap();
    }
    assert_eq!(settled(|| f.replica.waiting()), 4096, "messages in the inbox");
    // Others are served.
    create(&mut f.broker.connect(), "other", 1, &[]);
    assert_eq!(produce(&mut f.broker.connect(), "other", batch(&["v"])).error_code, 0);
    drop(held);
    let mut offsets = Vec::new();
    for mut stream in streams {
        let of_one: Vec<i64> = (0..EACH).map(|id| produced(&mut stream, id)).collect();
        assert!(of_one.is_sorted(), "{of_one:?}");
        offsets.extend(of_one);
    }
    offsets.sort_unstable();
    assert_eq!(offsets, (0..i64::from(CONNECTIONS * EACH)).collect::<Vec<_>>());
    f.finish();
}

#[test]
fn the_nodes_byte_budget_is_kept_and_all_requests_complete() {
    const BUDGET: usize = 4 << 20;
    const VALUE: usize = 600_000;
    let f = Fixture::new(&["queued.max.request.bytes=4194304", "socket.request.max.bytes=1048576"]);
    let held = f.hold();
    let streams: Vec<TcpStream> = (0..30).map(|_| connect(f.address())).collect();
    let writers: Vec<_> =
        streams.iter().map(|s| write_all(s, (0..4).map(|id| produce_frame(id, VALUE, -1)).collect())).collect();
    let used = settled(|| f.node().budget.used());
    assert!(used > BUDGET - VALUE && used < BUDGET + (1 << 20) + 100_000, "{used} bytes are held");
    assert!(f.node().budget.waiting() > 0, "readers wait");
    // Small requests do not.
    let mut client = f.broker.connect();
    create(&mut client, "other", 1, &[]);
    assert_eq!(produce(&mut client, "other", batch(&["v"])).error_code, 0);
    assert!(f.replica.waiting() < 10);
    drop(held);
    let mut offsets = Vec::new();
    for mut stream in streams {
        offsets.extend((0..4).map(|id| produced(&mut stream, id)));
    }
    writers.into_iter().for_each(|w| w.join().unwrap());
    offsets.sort_unstable();
    assert_eq!(offsets, (0..120).collect::<Vec<_>>());
    f.finish();
}

#[test]
fn waiting_requests_do_not_hold_their_large_frames() {
    let f = Fixture::new(&["queued.max.request.bytes=4194304", "socket.request.max.bytes=1048576"]);
    // A fetch that waits, in a frame that is a megabyte because of a tag that nobody knows.
    let mut body = BytesMut::new();
    let patient = fetch_request(&[("t", 0, 0)]).with_max_wait_ms(60_000).with_min_bytes(1);
    patient.encode(&mut body, 12).unwrap();
    assert_eq!(body.last(), Some(&0));
    body.truncate(body.len() - 1);
    body.put_slice(&[1, 99, 0x80, 0x80, 0x38]);
    body.put_bytes(0, 0x38 << 14);
    let streams: Vec<TcpStream> = (0..20)
        .map(|id| {
            let mut stream = connect(f.address());
            stream.write_all(&frame(1, 12, id, &body)).unwrap();
            stream
        })
        .collect();
    wait_for("all to wait without memory", || f.node().budget.used() == 0 && f.node().budget.waiting() == 0);
    assert_eq!(settled(|| f.node().budget.used()), 0);
    assert_eq!(produce(&mut f.broker.connect(), "t", batch(&["v"])).error_code, 0);
    for (id, mut stream) in streams.into_iter().enumerate() {
        let mut answer = receive(&mut stream).expect("an answer");
        assert_eq!((answer.get_i32(), answer.get_u8()), (id as i32, 0));
        let response = FetchResponse::decode(&mut answer, 12).unwrap();
        assert_eq!(values(response.responses[0].partitions[0].records.as_ref().unwrap()), [(0, "v".to_owned())]);
    }
    f.finish();
}

#[test]
fn a_peer_that_never_reads_is_read_no_further_and_costs_little() {
    let f = Fixture::new(&[]);
    let mut client = f.broker.connect();
    for i in 0..40 {
        let value = i.to_string().repeat(500_000);
        assert_eq!(produce(&mut client, "t", batch(&[&value[..500_000]])).error_code, 0);
    }
    let mut body = BytesMut::new();
    let mut everything = fetch_request(&[("t", 0, 0)]);
    everything.topics[0].partitions[0].partition_max_bytes = 1 << 30;
    everything.encode(&mut body, 12).unwrap();
    const EACH: i32 = 5;
    let streams: Vec<TcpStream> = (0..20)
        .map(|_| {
            let mut stream = connect(f.address());
            (0..EACH).for_each(|id| stream.write_all(&frame(1, 12, id, &body)).unwrap());
            stream
        })
        .collect();
    // 20 MB for each of them lies in files; what is in memory is shared with the cache of the log's tail.
    let outgoing = settled(|| f.node().budget.outgoing());
    assert!(outgoing < 20 * (17 << 20), "{outgoing}");
    probe(f.address());
    for mut stream in streams {
        for id in 0..EACH {
            let mut answer = receive(&mut stream).expect("an answer");
            assert_eq!((answer.get_i32(), answer.get_u8()), (id, 0));
            let response = FetchResponse::decode(&mut answer, 12).unwrap();
            let records = response.responses[0].partitions[0].records.clone().unwrap();
            assert!(records.len() > 20_000_000, "{}", records.len());
            let read = values(&records);
            assert_eq!(read.len(), 40);
            assert!(read.iter().enumerate().all(|(i, (offset, value))| {
                *offset == i as i64 && value.len() == 500_000 && value.starts_with(&i.to_string())
            }));
        }
    }
    f.finish();
}

/// Above the budget a peer must take its responses.
#[test]
fn peers_that_do_not_take_large_responses_are_closed_once_the_node_holds_too_many() {
    let f = Fixture::new(&["queued.max.request.bytes=4194304", "socket.request.max.bytes=1048576"]);
    // A group whose description is large: 2.7 MB when asked for several times at once.
    let mut client = f.broker.connect();
    find_coordinator(&mut client, "large");
    let protocol = join_group_request::JoinGroupRequestProtocol::default()
        .with_name(s("range"))
        .with_metadata(vec![7; 900_000].into());
    let join = JoinGroupRequest::default()
        .with_group_id(group("large"))
        .with_session_timeout_ms(300_000)
        .with_rebalance_timeout_ms(300_000)
        .with_protocol_type(s("consumer"))
        .with_protocols(vec![protocol]);
    let joined = client.call(&join, 3);
    let sync = SyncGroupRequest::default()
        .with_group_id(group("large"))
        .with_generation_id(joined.generation_id)
        .with_member_id(joined.member_id);
    assert_eq!((joined.error_code, client.call(&sync, 1).error_code), (0, 0));
    let describe = DescribeGroupsRequest::default().with_groups(vec![group("large"); 5]);
    let mut body = BytesMut::new();
    describe.encode(&mut body, 5).unwrap();
    let mut streams: Vec<TcpStream> = (0..12)
        .map(|_| {
            let socket = socket2::Socket::new(socket2::Domain::IPV4, socket2::Type::STREAM, None).unwrap();
            socket.set_recv_buffer_size(4096).unwrap();
            socket.connect(&f.address().into()).unwrap();
            let stream: TcpStream = socket.into();
            (0..12).for_each(|id| (&stream).write_all(&frame(15, 5, id, &body)).unwrap());
            stream
        })
        .collect();
    let budget = Arc::clone(&f.node().budget);
    wait_for("more responses than the node has room for", || budget.is_outgoing_above_limit());
    let mut reader = Client::connect(f.address());
    let deadline = std::time::Instant::now() + Duration::from_secs(40);
    while budget.is_outgoing_above_limit() {
        assert!(std::time::Instant::now() < deadline, "{} bytes are still held", budget.outgoing());
        // One that takes its answers is served all the while.
        assert_eq!(reader.call(&describe, 5).groups[0].members[0].member_metadata.len(), 900_000);
        std::thread::sleep(Duration::from_millis(100));
    }
    let mut closed = 0;
    for stream in &mut streams {
        stream.set_read_timeout(Some(Duration::from_secs(5))).unwrap();
        let mut buffer = vec![0; 1 << 20];
        loop {
            match stream.read(&mut buffer) {
                Ok(0) => break closed += 1,
                Ok(_) => {}
                Err(e) if matches!(e.kind(), std::io::ErrorKind::WouldBlock | std::io::ErrorKind::TimedOut) => break,
                Err(_) => break closed += 1,
            }
        }
    }
    assert!(closed > 0, "nobody was closed");
    drop(streams);
    f.finish();
}

#[test]
fn who_holds_the_last_memory_must_go_on_sending() {
    let f = Fixture::new(&["queued.max.request.bytes=2200000", "socket.request.max.bytes=2200000"]);
    // ApiVersions v3 with a tag of 2 MiB.
    let mut body = BytesMut::from(&[2, b'a', 2, b'b', 1, 99, 0x80, 0x80, 0x80, 1][..]);
    body.put_bytes(0, 2 << 20);
    let whole = frame(18, 3, 1, &body);
    // The first may hold what it has: there is no more than the budget of that. The second goes above.
    let mut first = connect(f.address());
    first.write_all(&whole[..2_000_000]).unwrap();
    wait_for("the first's memory", || f.node().budget.used() >= 2_000_000);
    let mut idler = connect(f.address());
    idler.write_all(&whole[..1_500_000]).unwrap();
    wait_for("the idler's memory", || f.node().budget.used() >= 3_500_000);
    let mut other = connect(f.address());
    let writer = write_all(&other, vec![whole.clone()]);
    wait_for("the other to wait", || f.node().budget.waiting() > 0);
    assert!(is_closed(&mut idler), "it holds up another and sends nothing");
    assert!(receive(&mut other).is_some());
    writer.join().unwrap();
    first.write_all(&whole[2_000_000..]).unwrap();
    assert!(receive(&mut first).is_some());
    f.finish();
}
