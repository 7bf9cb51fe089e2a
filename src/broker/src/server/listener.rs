//! Accepting connections.
//!
//! Owner: one task per listener on the control runtime, which never writes partition data (design D6); each accepted
//! socket is handed to the data runtime. Keeps the limits `max.connections` and `max.connections.per.ip`.

use super::connection;
use super::context::ConnectionInfo;
use crate::node::Node;
use socket2::{Domain, Protocol, Socket, Type};
use std::collections::HashMap;
use std::io;
use std::net::{IpAddr, SocketAddr, TcpListener};
use std::sync::atomic::AtomicUsize;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use tokio::runtime::Handle;
use tokio::sync::{Notify, watch};
use tracing::{debug, info, warn};

/// Binds one address for a listener.
pub fn bind(addr: SocketAddr, backlog: i32) -> io::Result<TcpListener> {
    let socket = Socket::new(Domain::for_address(addr), Type::STREAM, Some(Protocol::TCP))?;
    socket.set_reuse_address(true)?;
    if addr.is_ipv6() {
        // The wildcard serves both families, as Java's does; a specific address serves its own.
        socket.set_only_v6(!addr.ip().is_unspecified())?;
    }
    socket.set_nonblocking(true)?;
    socket.bind(&addr.into())?;
    socket.listen(backlog)?;
    Ok(socket.into())
}

/// Counts of open connections.
#[derive(Debug)]
pub struct ConnectionCounts {
    max: usize,
    max_per_ip: usize,
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
    /// Limits for one node.
    pub fn new(max: usize, max_per_ip: usize) -> Arc<ConnectionCounts> {
        Arc::new(ConnectionCounts { max, max_per_ip, counts: Mutex::default(), freed: Notify::new() })
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
                if of_ip >= self.max_per_ip {
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
        let slot = tokio::select! {
            _ = stop.wait_for(|stopped| *stopped) => return,
            slot = node.connections.open_slot(peer.ip().to_canonical()) => slot,
        };
        let Some(slot) = slot else {
            info!(
                "Rejected connection from {} because the limit of {} connections per address is reached",
                peer.ip(),
                node.config.max_connections_per_ip
            );
            continue;
        };
        let std_stream = match stream.set_nodelay(true).and_then(|()| stream.into_std()) {
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
