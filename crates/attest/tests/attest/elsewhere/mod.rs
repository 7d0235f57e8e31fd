//! Keys that live elsewhere, with the real peers: SoftHSM (Debian), an OpenBao server, and moto's KMS
//! (real ECDSA, and it checks the signatures of requests). `cargo xtask test` installs all three.

mod hostile;
mod kms;
mod tokens;
mod transit;

use std::{
    io::{BufRead, BufReader, Read, Write},
    net::{TcpListener, TcpStream},
    path::{Path, PathBuf},
    process::{Child, ChildStdin, ChildStdout, Command, Stdio},
    time::Duration,
};

use attest::PublicKey;
use serde_json::{Value, json};

use crate::support::CHILD;

/// A process with an environment of its own that opens keys and signs with them.
struct Keys {
    process: Child,
    input: Option<ChildStdin>,
    output: BufReader<ChildStdout>,
}

impl Keys {
    fn start(environment: &[(&str, &str)]) -> Self {
        let mut command = Command::new(CHILD);
        command.arg("keys").env_clear().envs(environment.iter().copied());
        let mut process = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
        let output = BufReader::new(process.stdout.take().unwrap());
        Self { input: process.stdin.take(), process, output }
    }

    fn ask(&mut self, request: &Value) -> Value {
        writeln!(self.input.as_mut().unwrap(), "{request}").unwrap();
        let mut line = String::new();
        self.output.read_line(&mut line).unwrap();
        serde_json::from_str(&line).unwrap_or_else(|error| panic!("{request}: {line:?}: {error}"))
    }

    /// Opens a key that must open.
    fn open(&mut self, place: &Value) -> PublicKey {
        let answer = self.ask(&json!({ "do": "open", "place": place }));
        key(&answer)
    }

    /// Opens a key that must not; code, exit status and message.
    fn refused(&mut self, place: &Value) -> (String, u64, String) {
        refusal(&self.ask(&json!({ "do": "open", "place": place })))
    }

    /// Signs with the key opened last.
    fn sign(&mut self, message: &str) -> Value {
        self.ask(&json!({ "do": "sign", "message": message }))
    }

    /// Signs and verifies.
    fn signs(&mut self, key: &PublicKey, message: &str) {
        let answer = self.sign(message);
        let bytes: Vec<u8> =
            serde_json::from_value(answer["signature"].clone()).unwrap_or_else(|_| panic!("{answer}"));
        assert!(key.verify(message.as_bytes(), &bytes), "{answer}");
    }
}

impl Drop for Keys {
    fn drop(&mut self) {
        self.input = None;
        let _ = self.process.wait();
    }
}

fn key(answer: &Value) -> PublicKey {
    PublicKey::from_text(answer["key"].as_str().unwrap_or_else(|| panic!("{answer}"))).unwrap()
}

fn refusal(answer: &Value) -> (String, u64, String) {
    let text = |name: &str| answer[name].as_str().unwrap_or_else(|| panic!("{answer}")).to_owned();
    (text("error"), answer["exit"].as_u64().unwrap(), text("message"))
}

/// Where `cargo xtask test` puts a server.
fn peer(name: &str) -> PathBuf {
    let base = std::env::var_os("XDG_CACHE_HOME").map(PathBuf::from);
    let home = || PathBuf::from(std::env::var_os("HOME").unwrap()).join(".cache");
    base.unwrap_or_else(home).join("proofhouse/peers/bin").join(name)
}

/// A server of the test's own; down when dropped.
struct Server {
    process: Child,
    port: u16,
}

impl Server {
    /// Starts a peer on a free port, and waits until it listens.
    fn start(program: &Path, prepare: impl FnOnce(&mut Command, u16)) -> Self {
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let mut command = Command::new(program);
        prepare(&mut command, port);
        let process = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap_or_else(|error| {
            panic!("{}: {error}; `cargo xtask test` installs the servers", program.display())
        });
        let mut server = Self { process, port };
        while TcpStream::connect(("127.0.0.1", port)).is_err() {
            assert!(server.process.try_wait().unwrap().is_none(), "{} ended", program.display());
            std::thread::sleep(Duration::from_millis(50));
        }
        server
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// One plain HTTP request, for setting the real servers up.
fn http(port: u16, method: &str, path: &str, headers: &[(&str, &str)], body: &str) -> Value {
    serde_json::from_str(&http_text(port, method, path, headers, body)).unwrap_or(Value::Null)
}

fn http_text(port: u16, method: &str, path: &str, headers: &[(&str, &str)], body: &str) -> String {
    let mut stream = TcpStream::connect(("127.0.0.1", port)).unwrap();
    let more: String = headers.iter().map(|(name, value)| format!("{name}: {value}\r\n")).collect();
    let length = body.len();
    write!(
        stream,
        "{method} {path} HTTP/1.1\r\nhost: 127.0.0.1:{port}\r\nconnection: close\r\n\
         content-length: {length}\r\n{more}\r\n{body}"
    )
    .unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    let (head, body) = answer.split_once("\r\n\r\n").unwrap();
    assert!(head.starts_with("HTTP/1.1 2"), "{method} {path}: {answer}");
    body.to_owned()
}
