//! A raw client: one blocking connection, any request of any version, nothing retried.

use bytes::{Buf, BufMut, Bytes, BytesMut};
use kafka_protocol::messages::{ApiKey, RequestHeader, ResponseHeader};
use kafka_protocol::protocol::{Decodable, Encodable, HeaderVersion, Request, StrBytes};
use std::io::{self, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

/// A connection to a broker.
pub struct Client {
    stream: TcpStream,
    correlation_id: i32,
}

impl Clone for Client {
    /// The same connection: one end to write, one to read.
    fn clone(&self) -> Client {
        Client { stream: self.stream.try_clone().unwrap(), correlation_id: self.correlation_id }
    }
}

impl Client {
    /// Connects; reads fail after 30 s, so that a test never hangs.
    pub fn connect(addr: SocketAddr) -> Client {
        let stream = TcpStream::connect(addr).expect("the broker listens");
        stream.set_nodelay(true).unwrap();
        stream.set_read_timeout(Some(Duration::from_secs(30))).unwrap();
        Client { stream, correlation_id: 0 }
    }

    /// Sends `request` in `version` and decodes the response, checking that every byte of it is used.
    pub fn call<R: Request>(&mut self, request: &R, version: i16) -> R::Response {
        self.send(request, version);
        self.receive::<R>(version)
    }

    /// Sends without waiting.
    pub fn send<R: Request>(&mut self, request: &R, version: i16) {
        let mut body = BytesMut::new();
        request.encode(&mut body, version).unwrap_or_else(|e| panic!("v{version}: {e}"));
        self.send_body(R::KEY, version, &body);
    }

    /// Sends an encoded body behind a proper header; returns the correlation id.
    pub fn send_body(&mut self, key: i16, version: i16, body: &[u8]) -> i32 {
        self.correlation_id += 1;
        let frame = frame(key, version, self.correlation_id, body);
        self.stream.write_all(&frame).unwrap();
        self.correlation_id
    }

    /// Sends a frame of which this is everything but the size.
    pub fn send_frame(&mut self, frame: &[u8]) {
        self.stream.write_all(&(frame.len() as i32).to_be_bytes()).unwrap();
        self.stream.write_all(frame).unwrap();
    }

    /// Receives the response to the latest request.
    pub fn receive<R: Request>(&mut self, version: i16) -> R::Response {
        let mut frame = self.receive_frame().unwrap_or_else(|e| panic!("API {} v{version}: no response: {e}", R::KEY));
        let header = ResponseHeader::decode(&mut frame, R::Response::header_version(version)).unwrap();
        assert!(header.correlation_id <= self.correlation_id);
        let response = R::Response::decode(&mut frame, version).unwrap_or_else(|e| panic!("v{version}: {e}"));
        assert_eq!(frame.remaining(), 0, "trailing bytes in a response of version {version}");
        response
    }

    /// One frame without its size; an error when the connection ends.
    pub fn receive_frame(&mut self) -> io::Result<Bytes> {
        let mut size = [0; 4];
        self.stream.read_exact(&mut size)?;
        let mut frame = vec![0; u32::from_be_bytes(size) as usize];
        self.stream.read_exact(&mut frame)?;
        Ok(frame.into())
    }

    /// The socket, for hostile writes.
    pub fn stream(&mut self) -> &mut TcpStream {
        &mut self.stream
    }

    /// Whether the broker closes the connection instead of answering.
    pub fn is_closed(&mut self) -> bool {
        self.receive_frame().is_err()
    }
}

/// A whole request frame.
pub fn frame(key: i16, version: i16, correlation_id: i32, body: &[u8]) -> Bytes {
    let mut header = RequestHeader::default();
    header.request_api_key = key;
    header.request_api_version = version;
    header.correlation_id = correlation_id;
    header.client_id = Some(StrBytes::from_static_str("test"));
    let header_version = ApiKey::try_from(key).map_or(1, |k| k.request_header_version(version));
    let mut out = BytesMut::new();
    out.put_i32(0);
    header.encode(&mut out, header_version).unwrap();
    out.put_slice(body);
    let len = out.len() as i32 - 4;
    out[..4].copy_from_slice(&len.to_be_bytes());
    out.freeze()
}
