//! One client connection: frames in, responses out, in order.
//!
//! Owner: one task of the data runtime per connection. It is one hand-written state machine, so that nothing that it
//! waits for keeps it from the rest: it reads, starts what can start, takes answers and writes them, each when it can.
//!
//! Invariants
//! - Responses leave in the order of the requests. Those of before a fault leave before the connection is closed.
//! - A request starts only when every earlier one is answered, except that a Produce may start while earlier Produces
//!   still wait for durability: their batches are in their partitions' inboxes in order by then (design D8).
//! - Memory: a connection may hold [`FREE_BYTES`] outside the node's budget, so that a spent budget stops large requests and
//!   not heartbeats. Everything above is reserved: the bytes of a frame as they arrive, what decoding it takes before it is
//!   decoded. A frame lies in an allocation of its own size, not in a buffer that it would pin.
//! - Nothing is started, and nothing read, while a response waits for a peer that does not read.
//! - A connection without a byte in either direction for `connections.max.idle.ms` is closed, whatever it waits for, as in Kafka.
//! - Malformed bytes close the connection, as Kafka does; nothing from the network panics here.
//!
//! Deliberately absent: any knowledge of what an API does, but for Produce's right to overtake and for which APIs wait.

use crate::server::budget::Reservation;
use crate::server::context::{ConnectionInfo, RequestContext};
use crate::server::output::{Output, Part};
use crate::server::registry::{self, Api, HandlerFuture, Reply};
use bytes::{Buf, BufMut, Bytes, BytesMut};
use kafka_protocol::protocol::StrBytes;
use ottla_protocol::header::{RequestHeader, parse_header};
use std::collections::VecDeque;
use std::future::poll_fn;
use std::io;
use std::mem::MaybeUninit;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::task::{Context, Poll};
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, ReadBuf};
use tokio::time::{Instant, Sleep};
use tracing::debug;

/// Produces of one connection that may wait for durability at once. Kafka's clients send at most five.
const MAX_IN_FLIGHT: usize = 32;
/// What one read takes when no large frame is under way. A request with one full batch of a producer's default size, 16 KiB,
/// fits, so that it takes one read.
const READ_CHUNK: usize = 20 * 1024;
/// The most that one read asks for.
const READ_CHUNK_MAX: usize = 1024 * 1024;
/// With as much to write, nothing more is started.
const WRITE_GATHER: usize = 64 * 1024;
/// A request that takes no more, frame and decoded form together, needs no reservation if it is its connection's only one.
const FREE_BYTES: usize = 32 * 1024;
/// What a handler makes of a decoded request (its own form of it, the controller's, the response, its encoding) is at most so
/// many times as large as the audit's bound. Deleting topics takes the most: 0.7 kB for a name that the audit counts as 64 bytes,
/// with a margin for what lies unused between allocations.
const WORK_FACTOR: usize = 8;
/// What a request may keep of its reservation for free while it waits for others (see [`InFlight::waits`]).
const FREE_WAITING_BYTES: usize = 64 * 1024;
/// From this size on, a frame that waits is not kept for the sake of its client id.
const PIN_MAX: usize = 1024;
/// How often it is looked whether a peer keeps others from their memory.
const STALL_CHECK: Duration = Duration::from_secs(10);
/// The least that a peer must send, or take, while others wait for the memory that it holds.
const STALL_BYTES_PER_MS: u128 = 64;
/// How long a peer may take to accept the last responses once its connection is to be closed.
const CLOSING_TIME: Duration = Duration::from_secs(5);

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
    /// It held memory that others waited for, and neither sent nor took enough.
    #[error("too slow for the memory that it holds")]
    TooSlow,
    /// A handler asked for it (acks=0 and an error, for one).
    #[error("{0}")]
    Handler(&'static str),
}

/// Serves one connection until it ends.
pub async fn serve<S>(stream: S, info: Arc<ConnectionInfo>) -> Closed
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    let node = &info.node;
    let now = Instant::now();
    let mut connection = Connection {
        stream,
        input: BytesMut::new(),
        input_allocated: 0,
        reading: Memory::None,
        next: None,
        queue: VecDeque::new(),
        pipelining: true,
        out: Output::new(&node.budget),
        ended: None,
        max_frame: node.config.socket_request_max_bytes,
        idle: node.config.connections_max_idle,
        active: now,
        window: None,
        timer: Box::pin(tokio::time::sleep(node.config.connections_max_idle)),
        info: Arc::clone(&info),
    };
    poll_fn(|cx| connection.poll(cx)).await
}

/// A whole frame, parsed and audited, that has not started.
struct Next {
    api: &'static Api,
    header: RequestHeader,
    body: Bytes,
    /// What it takes: the frame.
    frame_bytes: usize,
    /// What it takes beside the frame when decoded, at most.
    decoded_bytes: usize,
}

struct InFlight {
    answer: Answer,
    reservation: Option<Reservation>,
}

enum Answer {
    Awaited(HandlerFuture),
    Ready(Reply),
}

impl InFlight {
    /// The request waits for others (more records, the rest of a group): it may do so for minutes, and must not hold what
    /// others need to make the very progress that it waits for. What the handler has kept is no slice of the frame.
    fn waits(&mut self, decoded_bytes: usize) {
        if decoded_bytes <= FREE_WAITING_BYTES {
            self.reservation = None;
        } else if let Some(reservation) = &mut self.reservation {
            reservation.shrink_to(decoded_bytes);
        }
    }
}

/// A reservation that is not needed yet, is there, or grows.
enum Memory {
    None,
    Held(Reservation),
    Growing(Pin<Box<dyn Future<Output = Reservation> + Send>>),
}

struct Connection<S> {
    stream: S,
    info: Arc<ConnectionInfo>,
    /// Read and not taken apart yet.
    input: BytesMut,
    /// Bytes that were put into the allocation of `input`, those of frames that were split off included.
    input_allocated: usize,
    /// What the frame at the head of the input, or `next`, holds.
    reading: Memory,
    next: Option<Next>,
    queue: VecDeque<InFlight>,
    /// Everything in the queue is a Produce, so another Produce may start.
    pipelining: bool,
    out: Output,
    /// No more is read or started; when what is in flight is answered and written, this is why the connection ended.
    ended: Option<Closed>,
    max_frame: usize,
    idle: Duration,
    /// When the last byte came or went.
    active: Instant,
    /// While the connection holds what others may need: since when, and how many bytes have come or gone since.
    window: Option<(Instant, usize)>,
    timer: Pin<Box<Sleep>>,
}

impl<S: AsyncRead + AsyncWrite + Unpin> Connection<S> {
    /// Does what can be done until the connection has ended.
    fn poll(&mut self, cx: &mut Context<'_>) -> Poll<Closed> {
        loop {
            // Each step either waits for something that wakes this task, or for another step's progress.
            let progress = self.poll_start(cx) | self.poll_answers(cx);
            let progress = match self.poll_write(cx) {
                Ok(written) => progress | written,
                // The peer is gone: nobody reads what is still in flight.
                Err(error) => return Poll::Ready(self.ended.take().unwrap_or(Closed::Io(error))),
            };
            if progress | self.poll_read(cx) {
                continue;
            }
            if self.queue.is_empty()
                && self.next.is_none()
                && self.out.is_empty()
                && let Some(closed) = self.ended.take()
            {
                return Poll::Ready(closed);
            }
            return self.poll_timer(cx);
        }
    }

    /// No more is read or started.
    fn end(&mut self, why: Closed) {
        if !self.is_closing() {
            if !matches!(why, Closed::Peer) {
                self.timer.as_mut().reset(Instant::now() + CLOSING_TIME);
            }
            self.ended = Some(why);
        }
    }

    /// It ends through a fault. (A peer that has said all that it wants to say is still answered.)
    fn is_closing(&self) -> bool {
        !matches!(self.ended, None | Some(Closed::Peer))
    }

    /// Starts the frames that are complete and whose turn it is.
    fn poll_start(&mut self, cx: &mut Context<'_>) -> bool {
        let mut progress = false;
        while self.out.len() < WRITE_GATHER && !self.is_closing() {
            if self.next.is_none() {
                match self.complete_frame() {
                    Ok(Some(len)) if self.may_start() => match self.take_frame(len) {
                        Ok(()) => {}
                        Err(why) => self.end(why),
                    },
                    Ok(_) => break,
                    Err(why) => self.end(why),
                }
                progress = true;
                continue;
            }
            let Poll::Ready(reservation) = self.poll_memory_of_next(cx) else { break };
            if let Some(next) = self.next.take() {
                self.start(next, reservation, cx);
                progress = true;
            }
        }
        progress
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
    fn may_start(&self) -> bool {
        if self.queue.is_empty() {
            return true;
        }
        let is_produce = self.input.get(4..6) == Some(&[0, 0]);
        self.pipelining
            && is_produce
            && self.queue.len() < MAX_IN_FLIGHT
            && self.info.unordered.load(Ordering::Acquire) == 0
    }

    /// Takes the frame at the head from the input and finds out what it is.
    fn take_frame(&mut self, frame_bytes: usize) -> Result<(), Closed> {
        self.input.advance(4);
        let mut frame = self.input.split_to(frame_bytes).freeze();
        if frame_bytes < self.input_allocated / 2 {
            // What keeps a slice of the frame would keep all that was read with it.
            frame = Bytes::copy_from_slice(&frame);
        }
        if self.input.is_empty() {
            self.input = BytesMut::new();
            self.input_allocated = 0;
        }
        let (header, body_at) = parse_header(&frame).map_err(|e| Closed::BadRequest(e.to_string()))?;
        let body = frame.slice(body_at..);
        let api = match registry::find(&header, &self.info) {
            registry::Found::Api(api) => api,
            registry::Found::ApiVersionsFallback => {
                self.reading = Memory::None;
                let answer = Answer::Ready(registry::api_versions_fallback(&header));
                self.queue.push_back(InFlight { answer, reservation: None });
                return Ok(());
            }
            registry::Found::Refused(reason) => return Err(Closed::BadRequest(reason)),
        };
        let refused =
            |e: &dyn std::fmt::Display| Closed::BadRequest(format!("{} v{}: {e}", api.name, header.api_version));
        let decoded_bytes =
            ottla_protocol::audit::audit_request(header.api_key, header.api_version, &body).map_err(|e| refused(&e))?;
        if WORK_FACTOR * decoded_bytes > self.info.node.budget.limit().max(2 * self.max_frame) {
            // Hundreds of thousands of elements: no client sends that, and it would take more than the node has.
            return Err(refused(&format_args!("{decoded_bytes} bytes when decoded are above the node's budget")));
        }
        self.next = Some(Next { api, header, body, frame_bytes, decoded_bytes });
        Ok(())
    }

    /// The memory that `next` needs (none if it is small), when there is as much.
    fn poll_memory_of_next(&mut self, cx: &mut Context<'_>) -> Poll<Option<Reservation>> {
        let wanted = self.next.as_ref().map_or(0, |next| next.frame_bytes + WORK_FACTOR * next.decoded_bytes);
        if wanted <= FREE_BYTES && self.queue.is_empty() {
            self.reading = Memory::None;
        } else if !self.poll_memory(wanted, cx) {
            return Poll::Pending;
        }
        match std::mem::replace(&mut self.reading, Memory::None) {
            Memory::Held(reservation) => Poll::Ready(Some(reservation)),
            Memory::None | Memory::Growing(_) => Poll::Ready(None),
        }
    }

    /// Whether `reading` holds `wanted` bytes, growing it if need be.
    fn poll_memory(&mut self, wanted: usize, cx: &mut Context<'_>) -> bool {
        loop {
            let mut reservation = match std::mem::replace(&mut self.reading, Memory::None) {
                Memory::None => Reservation::new(&self.info.node.budget),
                Memory::Held(reservation) => reservation,
                Memory::Growing(mut growing) => match growing.as_mut().poll(cx) {
                    Poll::Ready(reservation) => reservation,
                    Poll::Pending => {
                        self.reading = Memory::Growing(growing);
                        return false;
                    }
                },
            };
            let missing = wanted.saturating_sub(reservation.held());
            if missing == 0 || reservation.try_grow(missing) {
                self.reading = Memory::Held(reservation);
                return true;
            }
            self.reading = Memory::Growing(Box::pin(async move {
                reservation.grow(missing).await;
                reservation
            }));
        }
    }

    fn start(&mut self, next: Next, reservation: Option<Reservation>, cx: &mut Context<'_>) {
        let Next { api, mut header, body, frame_bytes, decoded_bytes } = next;
        let is_produce = header.api_key == registry::PRODUCE_KEY;
        if !is_produce && frame_bytes > PIN_MAX {
            header.client_id = header.client_id.map(|id| StrBytes::from_string(id.as_str().to_owned()));
        }
        let context = RequestContext::new(&self.info, header);
        let mut future = (api.handle)(context, body);
        let was_empty = self.queue.is_empty();
        let mut request = match future.as_mut().poll(cx) {
            Poll::Ready(reply) if was_empty => return self.finish(reply),
            Poll::Ready(reply) => InFlight { answer: Answer::Ready(reply), reservation },
            Poll::Pending => InFlight { answer: Answer::Awaited(future), reservation },
        };
        if matches!(request.answer, Answer::Awaited(_)) {
            self.pipelining = is_produce && (self.pipelining || was_empty);
            if registry::WAITING_KEYS.contains(&api.key) {
                request.waits(decoded_bytes);
            }
        }
        self.queue.push_back(request);
    }

    /// Takes answers in order.
    fn poll_answers(&mut self, cx: &mut Context<'_>) -> bool {
        let mut progress = false;
        while let Some(head) = self.queue.front_mut() {
            let reply = match &mut head.answer {
                Answer::Ready(reply) => std::mem::replace(reply, Reply::Nothing),
                Answer::Awaited(future) => match future.as_mut().poll(cx) {
                    Poll::Ready(reply) => reply,
                    Poll::Pending => break,
                },
            };
            self.queue.pop_front();
            if self.queue.is_empty() {
                self.pipelining = true;
            }
            self.finish(reply);
            progress = true;
        }
        progress
    }

    fn finish(&mut self, reply: Reply) {
        match reply {
            Reply::Frame(frame) => self.out.push(Part::Bytes(frame)),
            Reply::Parts(parts) => parts.into_iter().for_each(|part| self.out.push(part)),
            Reply::Nothing => {}
            Reply::Close(reason) => {
                // What came after it is not answered; what came before has been.
                self.queue.clear();
                self.next = None;
                self.ended = None;
                self.end(Closed::Handler(reason));
            }
        }
    }

    fn poll_write(&mut self, cx: &mut Context<'_>) -> io::Result<bool> {
        let mut progress = false;
        while !self.out.is_empty() {
            match self.out.poll_write(cx, &mut self.stream) {
                Poll::Ready(n) => {
                    self.moved(n?);
                    progress = true;
                }
                Poll::Pending => break,
            }
        }
        Ok(progress)
    }

    /// Reads once, if there is use for it.
    fn poll_read(&mut self, cx: &mut Context<'_>) -> bool {
        if self.ended.is_some() || self.next.is_some() || !self.out.is_empty() {
            return false;
        }
        let announced = match self.announced() {
            Ok(Some(len)) if self.input.len() >= 4 + len => return false,
            Ok(announced) => announced,
            // Said when its turn comes: requests before it are answered first.
            Err(_) => return false,
        };
        let may_start = self.queue.is_empty() || self.pipelining && self.queue.len() < MAX_IN_FLIGHT;
        if !may_start && self.input.len() >= READ_CHUNK {
            return false;
        }
        // While a request waits, a little is read ahead: that is how the end of the connection is noticed.
        let missing = announced.map_or(0, |len| 4 + len - self.input.len());
        let read = if may_start && self.input.len() + missing > READ_CHUNK && !self.input.is_empty() {
            // By doubling, from the bytes that are here already: a frame that never comes costs little. Never beyond the end of
            // the frame, so that nothing else lies in its allocation.
            let want = missing.min(self.input.len().clamp(READ_CHUNK, READ_CHUNK_MAX));
            if !self.poll_memory(self.input.len() + want, cx) {
                return false;
            }
            self.own_allocation();
            self.input.reserve(want);
            let mut room = (&mut self.input).limit(want);
            let reading = pin!(self.stream.read_buf(&mut room));
            reading.poll(cx)
        } else {
            let mut chunk = [MaybeUninit::uninit(); READ_CHUNK];
            let mut chunk = ReadBuf::uninit(&mut chunk);
            let polled = Pin::new(&mut self.stream).poll_read(cx, &mut chunk);
            if self.input_allocated > 4 * READ_CHUNK {
                self.own_allocation();
            }
            self.input.extend_from_slice(chunk.filled());
            polled.map_ok(|()| chunk.filled().len())
        };
        match read {
            Poll::Pending => false,
            Poll::Ready(Ok(0)) => {
                // Half-closed perhaps: what is complete or in flight is still answered.
                self.end(Closed::Peer);
                true
            }
            Poll::Ready(Ok(n)) => {
                self.input_allocated += n;
                self.moved(n);
                true
            }
            Poll::Ready(Err(error)) => {
                // Nobody is there to read answers.
                self.queue.clear();
                self.end(Closed::Io(error));
                true
            }
        }
    }

    /// Leaves nothing in the allocation of the input but the input.
    fn own_allocation(&mut self) {
        if self.input_allocated > self.input.len() {
            self.input = BytesMut::from(&self.input[..]);
            self.input_allocated = self.input.len();
        }
    }

    fn moved(&mut self, n: usize) {
        self.active = Instant::now();
        if let Some((_, moved)) = &mut self.window {
            *moved += n;
        }
    }

    /// Ends the connection when its time is up.
    fn poll_timer(&mut self, cx: &mut Context<'_>) -> Poll<Closed> {
        loop {
            let may_hold_up = self.overdraws() || !self.out.is_empty();
            if !may_hold_up {
                self.window = None;
            } else if self.window.is_none() {
                let now = Instant::now();
                self.window = Some((now, 0));
                if now + STALL_CHECK < self.timer.deadline() {
                    self.timer.as_mut().reset(now + STALL_CHECK);
                }
            }
            if self.timer.as_mut().poll(cx).is_pending() {
                return Poll::Pending;
            }
            if self.is_closing() {
                // The time to take the last responses is over.
                return Poll::Ready(self.ended.take().unwrap_or(Closed::Peer));
            }
            let now = Instant::now();
            let idle_until = self.active + self.idle;
            if idle_until <= now {
                return Poll::Ready(Closed::Idle);
            }
            let mut next = idle_until;
            if let Some((since, moved)) = self.window {
                let check = since + STALL_CHECK;
                if check > now {
                    next = next.min(check);
                } else {
                    let least = now.duration_since(since).as_millis() * STALL_BYTES_PER_MS;
                    if (moved as u128) < least && self.holds_others_up() {
                        return Poll::Ready(Closed::TooSlow);
                    }
                    self.window = None;
                }
            }
            self.timer.as_mut().reset(next);
        }
    }

    /// The frame that is being read is the one that may go above the budget's limit.
    fn overdraws(&self) -> bool {
        self.next.is_none() && matches!(&self.reading, Memory::Held(r) if r.overdraws())
    }

    /// Whether others suffer from memory that this connection's peer could set free by sending or taking bytes.
    fn holds_others_up(&self) -> bool {
        let budget = &self.info.node.budget;
        self.overdraws() && budget.waiting() > 0 || !self.out.is_empty() && budget.is_outgoing_above_limit()
    }
}

impl<S> Drop for Connection<S> {
    fn drop(&mut self) {
        if !self.queue.is_empty() {
            debug!(in_flight = self.queue.len(), "connection ended with requests in flight");
        }
    }
}
