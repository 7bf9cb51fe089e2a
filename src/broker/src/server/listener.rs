//! Accepting connections.
//!
//! Owner: one task per listener on the control runtime, which never writes partition data (design D6); each accepted
//! socket is handed to the data runtime. Keeps the limits `max.connections` and `max.connections.per.ip`.

use super::connection;
use super::context::ConnectionInfo;
use crate::node::Node;
use socket2::{Domain, Protocol, SockRef, Socket, Type};
use std::collections::HashMap;
use std::io;
use std::net::{IpAddr, SocketAddr, TcpListener};
use std::sync::atomic::AtomicUsize;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use tokio::runtime::Handle;
use tokio::sync::{Notify, watch};
use tracing::{debug, info, warn};

/// How the sockets of a node are made.
#[derive(Clone, Copy, Debug)]
pub struct SocketOptions {
    /// `socket.listen.backlog.size`.
    pub backlog: i32,
    /// `socket.receive.buffer.bytes`; `None` leaves it to the system, which sizes it as it sees fit.
    pub receive_buffer_bytes: Option<usize>,
}

/// Binds one address for a listener.
pub fn bind(addr: SocketAddr, options: SocketOptions) -> io::Result<TcpListener> {
    let socket = Socket::new(Domain::for_address(addr), Type::STREAM, Some(Protocol::TCP))?;
    socket.set_reuse_address(true)?;
    if addr.is_ipv6() {
        // The wildcard serves both families, as Java's does; a specific address serves its own.
        socket.set_only_v6(!addr.ip().is_unspecified())?;
    }
    socket.set_nonblocking(true)?;
    if let Some(bytes) = options.receive_buffer_bytes {
        // Before listening: accepted sockets inherit it, and the window's scale is agreed upon in the handshake.
        socket.set_recv_buffer_size(bytes)?;
    }
    socket.bind(&addr.into())?;
    socket.listen(options.backlog)?;
    Ok(socket.into())
}

/// Gives an accepted socket what Kafka's `Acceptor.configureAcceptedSocketChannel` gives it.
fn configure(stream: &tokio::net::TcpStream, send_buffer_bytes: Option<usize>) -> io::Result<()> {
    stream.set_nodelay(true)?;
    let socket = SockRef::from(stream);
    socket.set_keepalive(true)?;
    match send_buffer_bytes {
        Some(bytes) => socket.set_send_buffer_size(bytes),
        None => Ok(()),
    }
}

/// Counts of open connections.
#[derive(Debug)]
pub struct ConnectionCounts {
    max: usize,
    max_per_ip: usize,
    max_of_ip: HashMap<IpAddr, usize>,
    counts: Mutex<Counts>,
    freed: Notify,
}

#[derive(Debug, Default)]
struct Counts {
    all: usize,
    by_ip: HashMap<IpAddr, usize>,
}

/// Open until dropped.
#[derive(Debug)]
struct Slot {
    counts: Arc<ConnectionCounts>,
    ip: IpAddr,
}

impl ConnectionCounts {
    /// Limits for one node: of all connections, of those from one address, and of those from the addresses that have a
    /// limit of their own.
    pub fn new(max: usize, max_per_ip: usize, max_of_ip: HashMap<IpAddr, usize>) -> Arc<ConnectionCounts> {
        Arc::new(ConnectionCounts { max, max_per_ip, max_of_ip, counts: Mutex::default(), freed: Notify::new() })
    }

    fn limit_of(&self, ip: IpAddr) -> usize {
        self.max_of_ip.get(&ip).copied().unwrap_or(self.max_per_ip)
    }

    /// Connections that are open now.
    pub fn open(&self) -> usize {
        self.lock().all
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Counts> {
        self.counts.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A slot for a connection that has been accepted. Waits, and with it the listener, while the node has as many
    /// connections as it may have (`ConnectionQuotas.waitForConnectionSlot`); `None` when its address has.
    async fn open_slot(self: &Arc<Self>, ip: IpAddr) -> Option<Slot> {
        loop {
            let freed = self.freed.notified();
            {
                let mut counts = self.lock();
                let of_ip = counts.by_ip.get(&ip).copied().unwrap_or(0);
                if of_ip >= self.limit_of(ip) {
                    return None;
                }
                if counts.all < self.max {
                    counts.by_ip.insert(ip, of_ip + 1);
                    counts.all += 1;
                    return Some(Slot { counts: Arc::clone(self), ip });
                }
            }
            freed.await;
        }
    }
}

impl Drop for Slot {
    fn drop(&mut self) {
        let mut counts = self.counts.lock();
        counts.all -= 1;
        if let Some(n) = counts.by_ip.get_mut(&self.ip) {
            *n -= 1;
            if *n == 0 {
                counts.by_ip.remove(&self.ip);
            }
        }
        drop(counts);
        // All listeners: one that is woken may have nobody to accept.
        self.counts.freed.notify_waiters();
    }
}

/// Accepts on `listener` until `stop` turns true.
pub async fn accept_loop(
    listener: TcpListener,
    name: Arc<str>,
    is_controller: bool,
    node: Arc<Node>,
    data: Handle,
    mut stop: watch::Receiver<bool>,
) {
    let listener = match tokio::net::TcpListener::from_std(listener) {
        Ok(listener) => listener,
        Err(error) => {
            warn!(%error, "listener {name} cannot be registered");
            return;
        }
    };
    loop {
        let accepted = tokio::select! {
            _ = stop.wait_for(|stopped| *stopped) => return,
            accepted = listener.accept() => accepted,
        };
        let (stream, peer) = match accepted {
            Ok(accepted) => accepted,
            Err(error) => {
                // Out of descriptors, mostly: wait for some to be closed instead of spinning.
                warn!(%error, "a connection to listener {name} could not be accepted");
                tokio::time::sleep(std::time::Duration::from_millis(100)).await;
                continue;
            }
        };
        let ip = peer.ip().to_canonical();
        let slot = tokio::select! {
            _ = stop.wait_for(|stopped| *stopped) => return,
            slot = node.connections.open_slot(ip) => slot,
        };
        let Some(slot) = slot else {
            info!(
                target: "kafka.network.DataPlaneAcceptor",
                "Rejected connection from /{ip}, address already has the configured maximum of {} connections.",
                node.connections.limit_of(ip)
            );
            continue;
        };
        let send_buffer_bytes = node.config.send_buffer_bytes;
        let std_stream = match configure(&stream, send_buffer_bytes).and_then(|()| stream.into_std()) {
            Ok(stream) => stream,
            Err(error) => {
                debug!(%error, "connection from {peer} was gone at once");
                continue;
            }
        };
        let info = Arc::new(ConnectionInfo {
            node: Arc::clone(&node),
            listener: Arc::clone(&name),
            is_controller,
            peer,
            unordered: AtomicUsize::new(0),
            software: OnceLock::new(),
        });
        let mut stop = stop.clone();
        data.spawn(async move {
            let _slot = slot;
            let stream = match tokio::net::TcpStream::from_std(std_stream) {
                Ok(stream) => stream,
                Err(error) => {
                    warn!(%error, "connection from {peer} cannot be registered");
                    return;
                }
            };
            let closed = tokio::select! {
                closed = connection::serve(stream, info) => closed,
                _ = stop.wait_for(|stopped| *stopped) => return,
            };
            debug!(%peer, reason = %closed, "connection closed");
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ANY_PORT: ([u8; 4], u16) = ([127, 0, 0, 1], 0);

    #[tokio::test]
    async fn an_address_with_a_limit_of_its_own_has_that_one() {
        let (own, other) = (IpAddr::from([10, 0, 0, 1]), IpAddr::from([10, 0, 0, 2]));
        let barred = IpAddr::from([10, 0, 0, 3]);
        let counts = ConnectionCounts::new(10, 1, HashMap::from([(own, 2), (barred, 0)]));
        let slots = [counts.open_slot(own).await, counts.open_slot(own).await, counts.open_slot(other).await];
        assert!(slots.iter().all(Option::is_some));
        for ip in [own, other, barred] {
            assert!(counts.open_slot(ip).await.is_none(), "{ip}");
        }
        assert_eq!(counts.open(), 3);
        drop(slots);
        assert!(counts.open_slot(own).await.is_some());
        assert_eq!(counts.open(), 0);
    }

    #[tokio::test]
    async fn sockets_get_the_buffers_that_were_asked_for() {
        // The kernel doubles what it is asked for, to have room for its own bookkeeping.
        let options = SocketOptions { backlog: 5, receive_buffer_bytes: Some(20_000) };
        let listener = bind(SocketAddr::from(ANY_PORT), options).unwrap();
        let address = listener.local_addr().unwrap();
        let listener = tokio::net::TcpListener::from_std(listener).unwrap();
        let client = tokio::net::TcpStream::connect(address);
        let (_client, accepted) = tokio::join!(client, listener.accept());
        let (stream, _) = accepted.unwrap();
        configure(&stream, Some(30_000)).unwrap();
        let socket = SockRef::from(&stream);
        assert_eq!((socket.recv_buffer_size().unwrap(), socket.send_buffer_size().unwrap()), (40_000, 60_000));
        assert!(socket.keepalive().unwrap() && stream.nodelay().unwrap());
    }
}
