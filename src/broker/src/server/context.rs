//! What a request knows about where it came from (design D16). One value per request; dispatch authorises, throttles
//! and, in tests, injects on it.

use crate::node::Node;
use bytes::{BufMut, Bytes, BytesMut};
use kafka_protocol::protocol::Encodable;
use ottla_base::clock::Now;
use ottla_protocol::header::{RequestHeader, put_response_header};
use std::net::SocketAddr;
use std::sync::atomic::AtomicUsize;
use std::sync::{Arc, OnceLock};

use super::output::FrameBuilder;
use super::registry::Reply;

/// What all requests of one connection share.
#[derive(Debug)]
pub struct ConnectionInfo {
    /// The node that serves it.
    pub node: Arc<Node>,
    /// Name of the listener that accepted it.
    pub listener: Arc<str>,
    /// It is a controller listener: only what controllers serve is answered.
    pub is_controller: bool,
    /// The peer.
    pub peer: SocketAddr,
    /// Produces whose batches are not all in their inboxes yet: no other may start (design D8).
    pub unordered: AtomicUsize,
    /// Software name and version from ApiVersions v3+.
    pub software: OnceLock<(String, String)>,
}

/// One request's context.
#[derive(Clone, Debug)]
pub struct RequestContext {
    /// The connection that it came on.
    pub connection: Arc<ConnectionInfo>,
    /// Its header.
    pub header: RequestHeader,
    /// When it was read.
    pub received: Now,
}

impl RequestContext {
    /// Stamps a request with its time of arrival.
    pub fn new(connection: &Arc<ConnectionInfo>, header: RequestHeader) -> RequestContext {
        let received = connection.node.clock.now();
        RequestContext { connection: Arc::clone(connection), header, received }
    }

    /// The node.
    pub fn node(&self) -> &Arc<Node> {
        &self.connection.node
    }

    /// Version of the API that was asked for.
    pub fn version(&self) -> i16 {
        self.header.api_version
    }

    /// The client id, empty when it sent none.
    pub fn client_id(&self) -> &str {
        self.header.client_id()
    }

    /// The principal: without security everybody is `User:ANONYMOUS`, as in Kafka.
    pub fn principal(&self) -> &'static str {
        "User:ANONYMOUS"
    }

    /// The peer's address in Java's `InetAddress.toString` form, as groups report it.
    pub fn client_host(&self) -> String {
        format!("/{}", self.connection.peer.ip().to_canonical())
    }

    /// What a group coordinator needs to know about the sender.
    pub fn group_context(&self) -> ottla_core::coordinator::group::api::RequestContext {
        ottla_core::coordinator::group::api::RequestContext {
            api_version: self.version(),
            client_id: self.client_id().to_owned(),
            client_host: self.client_host(),
        }
    }

    /// Encodes a response frame: size, header, body.
    pub fn reply<R: Encodable>(&self, response: &R) -> Reply {
        self.reply_with(|out, version| response.encode(out, version).map_err(|e| e.to_string()))
    }

    /// Encodes a response frame whose body `encode` writes.
    pub fn reply_with(&self, encode: impl FnOnce(&mut BytesMut, i16) -> Result<(), String>) -> Reply {
        let mut out = BytesMut::with_capacity(256);
        out.put_i32(0);
        put_response_header(&self.header, &mut out);
        if let Err(error) = encode(&mut out, self.version()) {
            tracing::error!(api = self.header.api_key, version = self.version(), %error, "response cannot be encoded");
            return Reply::Close("response cannot be encoded");
        }
        match finish_frame(out) {
            Some(frame) => Reply::Frame(frame),
            None => Reply::Close("response is above 2 GiB"),
        }
    }
}

impl RequestContext {
    /// Encodes a response frame that consists of more than what `encode` writes itself.
    pub fn reply_in_parts(&self, encode: impl FnOnce(&mut FrameBuilder, i16) -> Result<(), String>) -> Reply {
        let mut start = BytesMut::with_capacity(256);
        start.put_i32(0);
        put_response_header(&self.header, &mut start);
        let mut frame = FrameBuilder::new(start);
        if let Err(error) = encode(&mut frame, self.version()) {
            tracing::error!(api = self.header.api_key, version = self.version(), %error, "response cannot be encoded");
            return Reply::Close("response cannot be encoded");
        }
        match frame.finish() {
            Some(parts) => Reply::Parts(parts),
            None => Reply::Close("response is above 2 GiB"),
        }
    }
}

/// Writes the size of a frame into its first four bytes. `None` when it is more than a size can say.
pub fn finish_frame(mut out: BytesMut) -> Option<Bytes> {
    let size = i32::try_from(out.len().checked_sub(4)?).ok()?;
    *out.first_chunk_mut::<4>()? = size.to_be_bytes();
    Some(out.freeze())
}
