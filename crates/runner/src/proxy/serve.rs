//! The proxy server: one thread accepts, one serves each connection, all are gone after `stop`.

use std::{
    collections::HashMap,
    fmt,
    io::{self, BufReader, Read, Write},
    net::{IpAddr, Shutdown, SocketAddr, TcpListener, TcpStream},
    os::fd::AsRawFd,
    sync::{
        Arc, Condvar, Mutex, MutexGuard,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    thread::JoinHandle,
    time::{Duration, Instant},
};

use model::Clock;
use nix::sys::socket::{Shutdown as SocketShutdown, shutdown};

use super::{
    Decide, EgressAttempt, EgressLog, Method, Resolve,
    head::{self, Body, Head},
    relay::{Activity, Patient, TICK, copy, copy_chunked, pump},
};

/// Bounds of the proxy.
#[derive(Clone, Copy, Debug)]
pub struct ProxyLimits {
    /// Connections served at one time; more are refused.
    pub connections: usize,
    /// Time to send a request head.
    pub head: Duration,
    /// Time to connect to one address.
    pub connect: Duration,
    /// Longest time in which neither side sends anything.
    pub idle: Duration,
}

impl Default for ProxyLimits {
    fn default() -> Self {
        let seconds = Duration::from_secs;
        Self { connections: 128, head: seconds(15), connect: seconds(15), idle: seconds(180) }
    }
}

struct Shared {
    decide: Box<dyn Decide>,
    resolve: Arc<dyn Resolve>,
    clock: Arc<dyn Clock>,
    limits: ProxyLimits,
    log: Mutex<EgressLog>,
    open: Mutex<HashMap<u64, Vec<TcpStream>>>,
    closed: Condvar,
    stopping: AtomicBool,
}

/// A proxy under way. Dropping it stops it.
pub struct Proxy {
    shared: Arc<Shared>,
    listener: TcpListener,
    accepting: Option<JoinHandle<()>>,
}

impl fmt::Debug for Proxy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Proxy({:?})", self.listener.local_addr())
    }
}

impl Proxy {
    /// Serves `listener`, which may live in another network namespace; connections go out from ours.
    ///
    /// # Errors
    /// The socket or a thread cannot be had.
    pub fn start(
        listener: TcpListener,
        decide: impl Decide + 'static,
        resolve: Arc<dyn Resolve>,
        clock: Arc<dyn Clock>,
        limits: ProxyLimits,
    ) -> io::Result<Self> {
        listener.set_nonblocking(false)?;
        let shared = Arc::new(Shared {
            decide: Box::new(decide),
            resolve,
            clock,
            limits,
            log: Mutex::default(),
            open: Mutex::default(),
            closed: Condvar::new(),
            stopping: AtomicBool::new(false),
        });
        let (server, socket) = (shared.clone(), listener.try_clone()?);
        let accepting = std::thread::Builder::new()
            .name("egress-proxy".to_owned())
            .spawn(move || accept(&server, &socket))?;
        Ok(Self { shared, listener, accepting: Some(accepting) })
    }

    /// Ends all connections and gives the log.
    pub fn stop(mut self) -> EgressLog {
        self.shut();
        std::mem::take(&mut lock(&self.shared.log))
    }

    /// The log up to now.
    pub fn log(&self) -> EgressLog {
        lock(&self.shared.log).clone()
    }

    fn shut(&mut self) {
        let Some(accepting) = self.accepting.take() else { return };
        self.shared.stopping.store(true, Ordering::SeqCst);
        // On Linux this wakes `accept` on a listening socket.
        let _ = shutdown(self.listener.as_raw_fd(), SocketShutdown::Both);
        let _ = accepting.join();
        let mut open = lock(&self.shared.open);
        open.values().flatten().for_each(|stream| {
            let _ = stream.shutdown(Shutdown::Both);
        });
        // A thread may still be resolving or connecting; it sees `stopping` afterwards.
        let patience = Instant::now() + self.shared.limits.connect;
        while !open.is_empty() && Instant::now() < patience {
            open = match self.shared.closed.wait_timeout(open, Duration::from_millis(200)) {
                Ok((guard, _)) => guard,
                Err(poison) => poison.into_inner().0,
            };
        }
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.shut();
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(|poison| poison.into_inner())
}

fn accept(shared: &Arc<Shared>, listener: &TcpListener) {
    let mut number = 0;
    while !shared.stopping.load(Ordering::SeqCst) {
        let client = match listener.accept() {
            Ok((client, _)) => client,
            Err(error) if error.kind() == io::ErrorKind::InvalidInput => return,
            Err(_) => {
                // Out of descriptors, most likely: wait for some to be closed.
                std::thread::sleep(Duration::from_millis(20));
                continue;
            }
        };
        if shared.stopping.load(Ordering::SeqCst) {
            return;
        }
        number += 1;
        let Ok(copy) = client.try_clone() else { continue };
        {
            let mut open = lock(&shared.open);
            if open.len() >= shared.limits.connections {
                drop(open);
                refuse_busy(shared, &client);
                continue;
            }
            open.insert(number, vec![copy]);
        }
        let server = shared.clone();
        let spawned = std::thread::Builder::new().name("egress".to_owned()).spawn(move || {
            let connection = Connection { shared: &server, number };
            connection.serve(&client);
        });
        if spawned.is_err() {
            close(shared, number);
        }
    }
}

fn close(shared: &Shared, number: u64) {
    lock(&shared.open).remove(&number);
    shared.closed.notify_all();
}

fn refuse_busy(shared: &Shared, client: &TcpStream) {
    let why = "too many connections at one time";
    let attempt = attempt(shared, Method::Connect, "", 0, Some(why.to_owned()));
    lock(&shared.log).add(attempt);
    answer(client, "503 Service Unavailable", why);
}

fn attempt(shared: &Shared, method: Method, host: &str, port: u16, refused: Option<String>) -> EgressAttempt {
    EgressAttempt {
        at: shared.clock.now(),
        method,
        host: host.to_owned(),
        port,
        allowed: refused.is_none(),
        reason: refused,
        address: None,
        sent: 0,
        received: 0,
    }
}

fn answer(mut client: &TcpStream, status: &str, why: &str) {
    let text = format!(
        "HTTP/1.1 {status}\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Length: {}\r\n\
         Connection: close\r\n\r\n{why}\n",
        why.len() + 1
    );
    let _ = client.write_all(text.as_bytes());
    let _ = client.shutdown(Shutdown::Write);
}

struct Connection<'a> {
    shared: &'a Shared,
    number: u64,
}

impl Drop for Connection<'_> {
    fn drop(&mut self) {
        close(self.shared, self.number);
    }
}

impl Connection<'_> {
    fn serve(&self, client: &TcpStream) {
        let _ = client.set_nodelay(true);
        let _ = client.set_write_timeout(Some(self.shared.limits.idle));
        let (head, rest) = match self.read_head(client) {
            Ok(Some(read)) => read,
            Ok(None) => return,
            Err(why) => {
                self.log(attempt(self.shared, Method::Http, "", 0, Some(why.to_owned())));
                return answer(client, "400 Bad Request", why);
            }
        };
        if let Err(refusal) = self.shared.decide.host(&head.host, head.port, head.method) {
            self.log(attempt(self.shared, head.method, &head.host, head.port, Some(refusal.to_string())));
            let why = format!("{}:{}: {refusal}", head.host, head.port);
            return answer(client, "403 Forbidden", &why);
        }
        let addresses = match self.addresses(&head) {
            Ok(addresses) => addresses,
            Err((status, attempt)) => {
                let why = attempt.reason.clone().unwrap_or_default();
                self.log(attempt);
                return answer(client, status, &format!("{}:{}: {why}", head.host, head.port));
            }
        };
        self.connect(client, &head, &rest, &addresses);
    }

    /// Reads up to the blank line; `None` when nothing came at all.
    fn read_head(&self, mut client: &TcpStream) -> Result<Option<(Head, Vec<u8>)>, &'static str> {
        let deadline = Instant::now() + self.shared.limits.head;
        let mut bytes = Vec::new();
        let mut buffer = [0; 4096];
        loop {
            let left = deadline.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return Err("the request head took too long");
            }
            let _ = client.set_read_timeout(Some(left));
            match client.read(&mut buffer) {
                Ok(0) if bytes.is_empty() => return Ok(None),
                Ok(0) => return Err("the request head is not complete"),
                Ok(n) => bytes.extend_from_slice(&buffer[..n]),
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(_) if bytes.is_empty() => return Ok(None),
                Err(_) => return Err("the request head took too long"),
            }
            if let Some(end) = head::head_end(&bytes) {
                let rest = bytes.split_off(end);
                return head::parse(&bytes).map(|head| Some((head, rest))).map_err(|bad| bad.0);
            }
            if bytes.len() > head::MAX_HEAD {
                return Err("the request head is too long");
            }
        }
    }

    /// Addresses that may be connected to.
    fn addresses(&self, head: &Head) -> Result<Vec<SocketAddr>, (&'static str, EgressAttempt)> {
        let made = |reason| attempt(self.shared, head.method, &head.host, head.port, reason);
        let resolved = match head.host.parse::<IpAddr>() {
            Ok(address) => Ok(vec![SocketAddr::new(address, head.port)]),
            Err(_) => self.shared.resolve.resolve(&head.host, head.port),
        };
        let resolved = match resolved {
            Ok(addresses) if !addresses.is_empty() => addresses,
            other => {
                let why = other.err().map_or("it has no address".to_owned(), |error| error.to_string());
                let mut failed = made(Some(format!("the name cannot be resolved: {why}")));
                failed.allowed = true;
                return Err(("502 Bad Gateway", failed));
            }
        };
        let mut refused = None;
        let mut accepted = Vec::new();
        for address in resolved.into_iter().take(16) {
            match self.shared.decide.address(address.ip(), head.port) {
                Ok(()) => accepted.push(address),
                Err(refusal) => refused = Some(refusal),
            }
        }
        match refused {
            Some(refusal) if accepted.is_empty() => Err(("403 Forbidden", made(Some(refusal.to_string())))),
            _ => Ok(accepted),
        }
    }

    fn connect(&self, client: &TcpStream, head: &Head, rest: &[u8], addresses: &[SocketAddr]) {
        let entry = self.log(attempt(self.shared, head.method, &head.host, head.port, None));
        let mut last = None;
        for address in addresses {
            if self.shared.stopping.load(Ordering::SeqCst) {
                return;
            }
            match TcpStream::connect_timeout(address, self.shared.limits.connect) {
                Ok(upstream) => {
                    self.update(entry, |attempt| attempt.address = Some(address.ip()));
                    return self.relay(client, &upstream, head, rest, entry);
                }
                Err(error) => last = Some(error),
            }
        }
        let why = format!("cannot connect: {}", last.map_or("no address".to_owned(), |e| e.to_string()));
        answer(client, "502 Bad Gateway", &format!("{}:{}: {why}", head.host, head.port));
        self.update(entry, |attempt| attempt.reason = Some(why));
    }

    fn relay(
        &self,
        client: &TcpStream,
        upstream: &TcpStream,
        head: &Head,
        rest: &[u8],
        entry: Option<usize>,
    ) {
        if let Ok(copy) = upstream.try_clone()
            && let Some(streams) = lock(&self.shared.open).get_mut(&self.number)
        {
            streams.push(copy);
        }
        if self.shared.stopping.load(Ordering::SeqCst) {
            return;
        }
        let _ = upstream.set_nodelay(true);
        let _ = upstream.set_write_timeout(Some(self.shared.limits.idle));
        let _ = upstream.set_read_timeout(Some(TICK));
        let _ = client.set_read_timeout(Some(TICK));
        let (sent, received) = (AtomicU64::new(0), AtomicU64::new(0));
        let activity = Activity::new(self.shared.limits.idle);
        let outcome = match head.method {
            Method::Connect => tunnel(client, upstream, rest, &activity, &sent, &received),
            Method::Http => request(client, upstream, head, rest, &activity, &sent, &received),
        };
        self.update(entry, |attempt| {
            attempt.sent = sent.into_inner();
            attempt.received = received.into_inner();
            attempt.reason = outcome.err().map(|error| error.to_string());
        });
    }

    fn log(&self, attempt: EgressAttempt) -> Option<usize> {
        lock(&self.shared.log).add(attempt)
    }

    fn update(&self, entry: Option<usize>, change: impl FnOnce(&mut EgressAttempt)) {
        let mut log = lock(&self.shared.log);
        if let Some(attempt) = entry.and_then(|at| log.attempts.get_mut(at)) {
            change(attempt);
        }
    }
}

fn tunnel(
    mut client: &TcpStream,
    upstream: &TcpStream,
    rest: &[u8],
    activity: &Activity,
    sent: &AtomicU64,
    received: &AtomicU64,
) -> io::Result<()> {
    client.write_all(b"HTTP/1.1 200 Connection established\r\n\r\n")?;
    std::thread::scope(|scope| {
        scope.spawn(|| pump(&mut rest.chain(Patient { stream: client, activity }), upstream, sent));
        pump(&mut Patient { stream: upstream, activity }, client, received);
    });
    Ok(())
}

fn request(
    mut client: &TcpStream,
    mut upstream: &TcpStream,
    head: &Head,
    rest: &[u8],
    activity: &Activity,
    sent: &AtomicU64,
    received: &AtomicU64,
) -> io::Result<()> {
    upstream.write_all(&head.forward)?;
    sent.fetch_add(head.forward.len() as u64, Ordering::Relaxed);
    if head.expects_continue {
        client.write_all(b"HTTP/1.1 100 Continue\r\n\r\n")?;
    }
    // The answer may come before the body is through, so both directions run at once.
    std::thread::scope(|scope| {
        let body = scope.spawn(|| {
            let mut from = BufReader::new(rest.chain(Patient { stream: client, activity }));
            let done = match head.body {
                Body::Length(length) => copy(&mut from, upstream, length, sent).map(|_| ()),
                Body::Chunked => copy_chunked(&mut from, upstream, sent),
            };
            if done.is_err() {
                let _ = upstream.shutdown(Shutdown::Both);
            }
            done
        });
        pump(&mut Patient { stream: upstream, activity }, client, received);
        // Wakes the body thread if the peer answered without reading everything.
        let _ = client.shutdown(Shutdown::Read);
        body.join().unwrap_or_else(|_| Err(io::Error::other("the relay stopped")))
    })
}
