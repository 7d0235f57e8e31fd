//! Steps that reach a real server on loopback, or must not.

use std::{
    collections::BTreeMap,
    io::{self, Read, Write},
    net::{SocketAddr, TcpListener, TcpStream},
    sync::{Arc, Mutex},
    thread,
};

use runner::{ActionSpec, proxy::Resolve};

use crate::{Test, lab::Lab};

pub const TESTS: &[Test] = &[
    ("network_is_absent_without_a_rule", absent),
    ("network_plain_requests_reach_what_a_rule_names_and_are_logged", plain),
    ("network_tunnels_reach_what_a_rule_names", tunnel),
    ("network_names_that_lead_inside_are_refused", rebinding),
    ("network_requests_cannot_smuggle_a_second_one", smuggling),
    ("network_a_large_body_passes_in_both_directions", large),
];

/// Names with fixed addresses.
struct Names(BTreeMap<&'static str, SocketAddr>);

impl Resolve for Names {
    fn resolve(&self, host: &str, _: u16) -> io::Result<Vec<SocketAddr>> {
        self.0.get(host).map(|address| vec![*address]).ok_or_else(|| io::Error::other("unknown name"))
    }
}

/// A small HTTP server: answers with what it was sent, one request per connection.
struct Server {
    address: SocketAddr,
    seen: Arc<Mutex<Vec<String>>>,
}

impl Server {
    fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let seen = Arc::new(Mutex::new(Vec::new()));
        let log = seen.clone();
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let log = log.clone();
                thread::spawn(move || answer(stream, &log));
            }
        });
        Self { address, seen }
    }

    fn port(&self) -> u16 {
        self.address.port()
    }
}

fn answer(mut stream: TcpStream, seen: &Mutex<Vec<String>>) {
    let mut head = Vec::new();
    let mut byte = [0];
    while !head.ends_with(b"\r\n\r\n") {
        if stream.read(&mut byte).unwrap_or(0) == 0 {
            return;
        }
        head.push(byte[0]);
    }
    let head = String::from_utf8_lossy(&head).into_owned();
    let length =
        head.lines().find_map(|line| line.strip_prefix("Content-Length: ")?.parse().ok()).unwrap_or(0);
    let mut body = vec![0; length];
    let _ = stream.read_exact(&mut body);
    seen.lock().unwrap().push(head);
    let body = if length == 0 { b"hello".to_vec() } else { body };
    let _ = write!(stream, "HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n", body.len());
    let _ = stream.write_all(&body);
}

fn python(lab: &Lab, rules: &[&str], script: &str) -> ActionSpec {
    let mut spec = lab.sh("", &["out"]);
    let prelude = "import urllib.request as u, urllib.error, http.client, socket, sys\n\
        def get(url, data=None):\n try: return u.urlopen(url, data, timeout=20).read()\n \
        except urllib.error.HTTPError as e: return str(e.code) + ' ' + e.read().decode()\n \
        except OSError as e: return 'failed ' + str(e)\n\
        out = open('out', 'w')\n";
    spec.argv = vec!["python3".into(), "-c".into(), format!("{prelude}{script}")];
    spec.network = rules.iter().map(|rule| rule.parse().unwrap()).collect();
    spec
}

fn absent() {
    let lab = Lab::new();
    let server = Server::start();
    let script = format!("print(get('http://127.0.0.1:{}/'), file=out)", server.port());
    assert!(lab.outputs(&python(&lab, &[], &script))["out"].starts_with("failed"));
    assert!(server.seen.lock().unwrap().is_empty());
}

fn plain() {
    let lab = Lab::new();
    let (server, other) = (Server::start(), Server::start());
    let (good, bad) = (server.port(), other.port());
    let script = format!(
        "print(get('http://127.0.0.1:{good}/x?y'), get('http://127.0.0.1:{bad}/'), \
         get('http://not-allowed.example/'), file=out)"
    );
    let spec = python(&lab, &[&format!("127.0.0.1:{good}")], &script);
    let (run, seen) = lab.run(&spec);
    assert!(run.passed(), "{:?} {}", run.failure, seen.text());
    let out = &lab.texts(&run)["out"];
    assert!(
        out.starts_with("b'hello' 403 127.0.0.1:")
            && out.contains("403 not-allowed.example:80: no network rule"),
        "{out}"
    );
    let log = &run.evidence.egress.attempts;
    let told: Vec<_> = log.iter().map(|a| (a.host.as_str(), a.port, a.allowed)).collect();
    assert_eq!(
        told,
        [("127.0.0.1", good, true), ("127.0.0.1", bad, false), ("not-allowed.example", 80, false)]
    );
    assert!(log[0].sent > 20 && log[0].received > 5 && log[1].sent == 0);
    assert!(server.seen.lock().unwrap()[0].starts_with("GET /x?y HTTP/1.1\r\n"));
    assert!(other.seen.lock().unwrap().is_empty());
    assert!(!lab.run(&spec).0.cached, "what a network gave is not cached unless asked for");
}

fn tunnel() {
    let lab = Lab::new();
    let server = Server::start();
    let port = server.port();
    let script = format!(
        "def tunnel(host, port):\n c = http.client.HTTPConnection('127.0.0.1', 3128, timeout=20)\n \
         c.set_tunnel(host, port)\n try:\n  c.request('GET', '/t')\n  return c.getresponse().read()\n \
         except OSError as e: return str(e)\n\
         print(tunnel('127.0.0.1', {port}), tunnel('127.0.0.1', 443), tunnel('other.example', 443), file=out)"
    );
    let (run, seen) = lab.run(&python(&lab, &[&format!("127.0.0.1:{port}")], &script));
    assert!(run.passed(), "{:?} {}", run.failure, seen.text());
    let out = &lab.texts(&run)["out"];
    assert!(out.starts_with("b'hello'") && out.matches("403").count() == 2, "{out}");
}

fn rebinding() {
    let server = Server::start();
    let names = [("inner.example", server.address), ("meta.example", "169.254.169.254:80".parse().unwrap())];
    let lab = Lab::resolving(Arc::new(Names(names.into())));
    let port = server.port();
    let script = format!(
        "print(get('http://inner.example:{port}/'), get('http://meta.example/'), get('http://none.example/'), file=out)"
    );
    let named = format!("inner.example:{port}");
    let rules = [named.as_str(), "meta.example", "none.example"];
    let out = lab.outputs(&python(&lab, &rules, &script))["out"].clone();
    assert_eq!(out.matches("403").count(), 2, "{out}");
    assert!(out.contains("private address 127.0.0.1") && out.contains("502 none.example"), "{out}");
    assert!(server.seen.lock().unwrap().is_empty());
    let script = format!("print(get('http://inner.example:{port}/'), file=out)");
    let out = lab.outputs(&python(&lab, &[&named, &format!("127.0.0.1:{port}")], &script))["out"].clone();
    assert_eq!(out, "b'hello'\n");
}

fn smuggling() {
    let lab = Lab::new();
    let server = Server::start();
    let port = server.port();
    let script = format!(
        "s = socket.create_connection(('127.0.0.1', 3128))\n\
         one = b'GET http://127.0.0.1:{port}/1 HTTP/1.1\\r\\nHost: x\\r\\n\\r\\n'\n\
         s.sendall(one + b'GET /2 HTTP/1.1\\r\\nHost: other.example\\r\\n\\r\\n')\n\
         data = b''\n\
         while (b := s.recv(999)): data += b\n\
         print(data.count(b'HTTP/1.1 200'), file=out)\n\
         s = socket.create_connection(('127.0.0.1', 3128)); s.sendall(b'\\xff' * 40000 + b'\\r\\n\\r\\n')\n\
         try: print(s.recv(12).decode(), file=out)\n\
         except ConnectionResetError: print('reset', file=out)"
    );
    let out = lab.outputs(&python(&lab, &[&format!("127.0.0.1:{port}")], &script))["out"].clone();
    assert!(out.starts_with("1\n"), "{out}");
    let seen = server.seen.lock().unwrap();
    assert_eq!(seen.len(), 1, "{seen:?}");
    assert!(seen[0].contains(&format!("Host: 127.0.0.1:{port}\r\n")) && !seen[0].contains("Host: x"));
}

fn large() {
    let lab = Lab::new();
    let server = Server::start();
    let port = server.port();
    let script = format!("d = bytes(50_000_000); print(get('http://127.0.0.1:{port}/', d) == d, file=out)");
    let (run, _) = lab.run(&python(&lab, &[&format!("127.0.0.1:{port}")], &script));
    assert_eq!(lab.texts(&run)["out"], "True\n");
    let attempt = &run.evidence.egress.attempts[0];
    assert!(attempt.sent > 50_000_000 && attempt.received > 50_000_000, "{attempt:?}");
}
