//! One client connection: frames in, responses out, in order.
//!
//! Owner: one task of the data runtime per connection. It reads a frame, finds its API, audits and dispatches it, and
//! writes the response when its turn comes.
//!
//! Invariants
//! - Responses leave in the order of the requests.
//! - A request starts only when every earlier one is answered, except that a Produce may start while earlier Produces
//!   still wait for durability: their batches are in their partitions' inboxes in order by then (design D8).
//! - Buffers grow with the bytes that arrive; what a request holds is reserved from the node's budget.
//! - Malformed bytes close the connection, as Kafka does; nothing from the network panics here.
//!
//! Deliberately absent: any knowledge of what an API does.

use crate::server::budget::Reservation;
use crate::server::context::{ConnectionInfo, RequestContext};
use crate::server::registry::{self, HandlerFuture, Reply};
use bytes::{Buf, Bytes, BytesMut};
use ottla_protocol::header::parse_header;
use std::collections::VecDeque;
use std::future::poll_fn;
use std::io::{self, IoSlice};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::task::Poll;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tracing::debug;

/// Produces of one connection that may wait for durability at once. Kafka's clients send at most five.
const MAX_IN_FLIGHT: usize = 32;
/// The size that a read buffer starts with and falls back to.
const READ_CHUNK: usize = 16 * 1024;
/// The most that one read asks for.
const READ_CHUNK_MAX: usize = 1024 * 1024;
/// Finished responses are gathered up to this size before they are written.
const WRITE_GATHER: usize = 64 * 1024;

/// Why a connection ended, for the debug log.
#[derive(Debug, thiserror::Error)]
pub enum Closed {
    /// The peer closed it.
    #[error("closed by peer")]
    Peer,
    /// Reading or writing failed.
    #[error("{0}")]
    Io(#[from] io::Error),
    /// The size of a frame is negative or above `socket.request.max.bytes`.
    #[error("frame of {0} bytes is not allowed")]
    FrameSize(i32),
    /// The request could not be understood.
    #[error("{0}")]
    BadRequest(String),
    /// No traffic for `connections.max.idle.ms`.
    #[error("idle for too long")]
    Idle,
    /// A handler asked for it (acks=0 and an error, for one).
    #[error("{0}")]
    Handler(&'static str),
}

struct InFlight {
    future: HandlerFuture,
    _reservation: Reservation,
}

/// Serves one connection until it ends.
pub async fn serve<S>(stream: S, info: Arc<ConnectionInfo>) -> Closed
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    let mut connection = Connection {
        stream,
        input: BytesMut::new(),
        reading: Reservation::new(&info.node.budget),
        queue: VecDeque::new(),
        pipelining: true,
        out: Vec::new(),
        out_bytes: 0,
        max_frame: info.node.config.socket_request_max_bytes,
        info,
    };
    let closed = match connection.run().await {
        Ok(()) => Closed::Peer,
        Err(closed) => closed,
    };
    // Responses that were finished before the end are still delivered, as far as the peer takes them.
    drop(connection);
    closed
}

struct Connection<S> {
    stream: S,
    info: Arc<ConnectionInfo>,
    input: BytesMut,
    /// What the frame that is being read holds.
    reading: Reservation,
    queue: VecDeque<InFlight>,
    /// Everything in the queue is a Produce, so another Produce may start.
    pipelining: bool,
    out: Vec<Bytes>,
    out_bytes: usize,
    max_frame: usize,
}

impl<S: AsyncRead + AsyncWrite + Unpin> Connection<S> {
    async fn run(&mut self) -> Result<(), Closed> {
        loop {
            // Start what can start.
            while let Some(frame_len) = self.complete_frame()? {
                if !self.may_start(frame_len) {
                    break;
                }
                self.start(frame_len).await?;
                if self.out_bytes >= WRITE_GATHER {
                    self.flush().await?;
                }
            }
            self.flush().await?;

            let may_read = self.complete_frame()?.is_none()
                && (self.queue.is_empty() || self.pipelining && self.queue.len() < MAX_IN_FLIGHT);
            match (self.queue.is_empty(), may_read) {
                (true, _) => {
                    if !self.read_some().await? {
                        return Ok(());
                    }
                }
                (false, false) => {
                    let reply = poll_head(&mut self.queue).await;
                    self.finish_head(reply)?;
                }
                (false, true) => {
                    self.prepare_read().await?;
                    tokio::select! {
                        biased;
                        reply = poll_head(&mut self.queue) => self.finish_head(reply)?,
                        n = self.stream.read_buf(&mut self.input) => {
                            if n? == 0 {
                                // Half-closed: what is in flight is still answered.
                                while !self.queue.is_empty() {
                                    let reply = poll_head(&mut self.queue).await;
                                    self.finish_head(reply)?;
                                }
                                self.flush().await?;
                                return Ok(());
                            }
                        }
                    }
                }
            }
        }
    }

    /// Length of the frame at the head of the input, when all of it is there.
    fn complete_frame(&self) -> Result<Option<usize>, Closed> {
        match self.announced()? {
            Some(len) if self.input.len() >= 4 + len => Ok(Some(len)),
            _ => Ok(None),
        }
    }

    fn announced(&self) -> Result<Option<usize>, Closed> {
        let Some(head) = self.input.first_chunk::<4>() else { return Ok(None) };
        let len = i32::from_be_bytes(*head);
        match usize::try_from(len) {
            Ok(n) if n <= self.max_frame => Ok(Some(n)),
            _ => Err(Closed::FrameSize(len)),
        }
    }

    /// Whether the frame at the head may start while the queue is as it is.
    fn may_start(&self, _frame_len: usize) -> bool {
        if self.queue.is_empty() {
            return true;
        }
        let is_produce = self.input.get(4..6) == Some(&[0, 0]);
        self.pipelining
            && is_produce
            && self.queue.len() < MAX_IN_FLIGHT
            && self.info.unordered.load(Ordering::Acquire) == 0
    }

    async fn start(&mut self, frame_len: usize) -> Result<(), Closed> {
        self.input.advance(4);
        let frame = self.input.split_to(frame_len).freeze();
        if self.input.is_empty() {
            // Gives the allocation up once the frame that lies in it is gone, so that an idle connection holds none.
            self.input = BytesMut::new();
        }
        let mut reservation = std::mem::replace(&mut self.reading, Reservation::new(&self.info.node.budget));
        let (header, body_at) = parse_header(&frame).map_err(|e| Closed::BadRequest(e.to_string()))?;
        let body = frame.slice(body_at..);
        let api = match registry::find(&header, &self.info) {
            registry::Found::Api(api) => api,
            registry::Found::ApiVersionsFallback => {
                return self.finish(registry::api_versions_fallback(&header));
            }
            registry::Found::Refused(reason) => return Err(Closed::BadRequest(reason)),
        };
        let bound = ottla_protocol::audit::audit_request(header.api_key, header.api_version, &body)
            .map_err(|e| Closed::BadRequest(format!("{} v{}: {e}", api.name, header.api_version)))?;
        // What the frame itself holds, and what decoding it will allocate.
        let wanted = frame_len + bound;
        if wanted > reservation.held() {
            reservation.grow(wanted - reservation.held()).await;
        }
        let is_produce = header.api_key == registry::PRODUCE_KEY;
        let context = RequestContext::new(&self.info, header);
        let mut future = (api.handle)(context, body);
        let first = poll_fn(|cx| Poll::Ready(future.as_mut().poll(cx))).await;
        match first {
            Poll::Ready(reply) if self.queue.is_empty() => self.finish(reply)?,
            Poll::Ready(reply) => self
                .queue
                .push_back(InFlight { future: Box::pin(std::future::ready(reply)), _reservation: reservation }),
            Poll::Pending => {
                self.pipelining = is_produce && (self.pipelining || self.queue.is_empty());
                self.queue.push_back(InFlight { future, _reservation: reservation });
            }
        }
        Ok(())
    }

    fn finish_head(&mut self, reply: Reply) -> Result<(), Closed> {
        self.queue.pop_front();
        if self.queue.is_empty() {
            self.pipelining = true;
        }
        self.finish(reply)
    }

    fn finish(&mut self, reply: Reply) -> Result<(), Closed> {
        match reply {
            Reply::Frame(frame) => self.push_out(frame),
            Reply::Nothing => {}
            Reply::Close(reason) => return Err(Closed::Handler(reason)),
        }
        Ok(())
    }

    fn push_out(&mut self, frame: Bytes) {
        self.out_bytes += frame.len();
        self.out.push(frame);
    }

    async fn flush(&mut self) -> Result<(), Closed> {
        match self.out.len() {
            0 => return Ok(()),
            1 => self.stream.write_all(&self.out[0]).await?,
            _ => {
                let mut slices: Vec<IoSlice<'_>> = self.out.iter().map(|f| IoSlice::new(f)).collect();
                let mut rest = &mut slices[..];
                while !rest.is_empty() {
                    let n = self.stream.write_vectored(rest).await?;
                    if n == 0 {
                        return Err(Closed::Io(io::ErrorKind::WriteZero.into()));
                    }
                    IoSlice::advance_slices(&mut rest, n);
                }
            }
        }
        self.out.clear();
        self.out_bytes = 0;
        Ok(())
    }

    /// Makes room for the next read, reserving what the frame at hand will hold by then.
    async fn prepare_read(&mut self) -> Result<(), Closed> {
        let want = match self.announced()? {
            // Doubling, from the bytes that are here already: a frame that never comes costs little.
            Some(len) => (4 + len - self.input.len()).min(self.input.len().clamp(READ_CHUNK, READ_CHUNK_MAX)),
            None => READ_CHUNK,
        };
        if want > READ_CHUNK || self.input.len() > READ_CHUNK {
            let target = self.input.len() + want;
            if target > self.reading.held() {
                self.reading.grow(target - self.reading.held()).await;
            }
        }
        self.input.reserve(want);
        Ok(())
    }

    /// Reads once; false at the end of the stream. Closes a connection that says nothing for too long.
    async fn read_some(&mut self) -> Result<bool, Closed> {
        let idle = self.info.node.config.connections_max_idle;
        if self.input.is_empty() {
            // Wait for the first bytes with a small buffer only.
            self.input.reserve(READ_CHUNK);
        }
        self.prepare_read().await?;
        match tokio::time::timeout(idle, self.stream.read_buf(&mut self.input)).await {
            Ok(n) => Ok(n? > 0),
            Err(_) => Err(Closed::Idle),
        }
    }
}

async fn poll_head(queue: &mut VecDeque<InFlight>) -> Reply {
    poll_fn(|cx| match queue.front_mut() {
        Some(head) => head.future.as_mut().poll(cx),
        None => Poll::Pending,
    })
    .await
}

impl<S> Drop for Connection<S> {
    fn drop(&mut self) {
        if !self.queue.is_empty() {
            debug!(in_flight = self.queue.len(), "connection ended with requests in flight");
        }
    }
}
