//! Hostile input: whatever bytes come over a socket, the answer is Kafka's code or a closed connection, memory stays within
//! the node's budget, and the node serves on.
//!
//! In reading order: [`child`] is the node under attack, a process of its own, so that its memory can be measured and a panic
//! cannot hide; [`samples`] makes valid bodies of every version of every API; [`lengths`] lies about every length in them;
//! [`frames`] attacks framing and sizes; [`batches`] what Produce carries; [`bounds`] fills every queue of a node in this
//! process and sees the read loop stop and go on; [`limits`] are connections: how many, how long.
//!
//! `OTTLA_TEST_SIZE=full` multiplies the work; `OTTLA_BIN` names the binary to attack instead of this one.

mod batches;
mod bounds;
mod child;
mod frames;
mod lengths;
mod limits;
mod samples;

use crate::client::frame;
use bytes::Bytes;
use std::io::{self, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

/// How often something is tried: `gate` times, or `full` times where time does not matter.
fn size(gate: usize, full: usize) -> usize {
    if std::env::var("OTTLA_TEST_SIZE").is_ok_and(|size| size == "full") { full } else { gate }
}

/// What became of a request.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Outcome {
    /// The connection was closed; so many responses came before.
    Closed,
    /// A response with the request's correlation id, without its size.
    Answered(Bytes),
    /// The next request was answered, this one not.
    Silent,
}

/// A connection that sends anything and tells what became of it.
struct Attacker {
    address: SocketAddr,
    stream: Option<TcpStream>,
    next_id: i32,
}

impl Attacker {
    fn new(address: SocketAddr) -> Attacker {
        Attacker { address, stream: None, next_id: 0 }
    }

    /// Sends a request with an ApiVersions request behind it, so that silence can be told from patience.
    fn ask(&mut self, key: i16, version: i16, body: &[u8]) -> Outcome {
        self.next_id += 2;
        let id = self.next_id;
        let bytes = [&frame(key, version, id, body)[..], &frame(18, 0, id + 1, &[])].concat();
        self.outcome(&bytes, id)
    }

    /// Sends `bytes`, in which the request `id` is followed by the ApiVersions request `id + 1`.
    fn outcome(&mut self, bytes: &[u8], id: i32) -> Outcome {
        let mut stream = match self.stream.take() {
            Some(stream) => stream,
            None => connect(self.address),
        };
        // The connection may be closed before all is written; what comes back decides.
        let _ = stream.write_all(bytes);
        let mut answer = None;
        loop {
            let Some(response) = receive(&mut stream) else {
                assert_eq!(answer, None, "a response and then a closed connection");
                return Outcome::Closed;
            };
            match response.first_chunk().map(|id| i32::from_be_bytes(*id)) {
                Some(found) if found == id => answer = Some(response),
                Some(found) if found == id + 1 => break,
                found => panic!("response {found:?} to request {id}"),
            }
        }
        self.stream = Some(stream);
        answer.map_or(Outcome::Silent, Outcome::Answered)
    }
}

fn connect(address: SocketAddr) -> TcpStream {
    let stream = TcpStream::connect(address).expect("the node accepts");
    stream.set_nodelay(true).unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(30))).unwrap();
    stream
}

/// One response without its size; `None` when the connection is closed. Fails when nothing happens.
fn receive(stream: &mut TcpStream) -> Option<Bytes> {
    let mut read = |buf: &mut [u8]| match stream.read_exact(buf) {
        Ok(()) => true,
        Err(e) if matches!(e.kind(), io::ErrorKind::WouldBlock | io::ErrorKind::TimedOut) => {
            panic!("neither an answer nor a closed connection")
        }
        Err(_) => false,
    };
    let mut size = [0; 4];
    if !read(&mut size) {
        return None;
    }
    let mut body = vec![0; u32::from_be_bytes(size) as usize];
    assert!(read(&mut body), "a response that ends early");
    Some(body.into())
}

/// Whether the node closes the connection without a word.
fn is_closed(stream: &mut TcpStream) -> bool {
    receive(stream).is_none()
}

/// The node answers others.
fn probe(address: SocketAddr) {
    let mut stream = connect(address);
    stream.write_all(&frame(18, 0, 99, &[])).unwrap();
    let answer = receive(&mut stream).expect("an answer to ApiVersions");
    assert_eq!(answer[..6], [0, 0, 0, 99, 0, 0]);
}
