//! A key service in the hands of somebody else: nothing of what it says is believed.

use std::{
    io::{BufRead, BufReader, Read, Write},
    net::{TcpListener, TcpStream},
    sync::{Arc, Mutex},
};

use attest::keys::{Algorithm, Signer, signers::software};
use base64::{Engine, engine::general_purpose::STANDARD};
use serde_json::{Value, json};

use super::{Keys, refusal};

/// What the service does when it is asked to sign.
#[derive(Clone, Copy, Debug)]
enum Manner {
    Honest,
    AnotherKey,
    AnotherVersion,
    Garbage,
    Huge,
    Deep,
    Redirect,
    HangUp,
    Never,
    Slowly,
    Lines,
}

/// Speaks the transit protocol over plain HTTP with keys of its own.
struct Service {
    port: u16,
    manner: Arc<Mutex<Manner>>,
}

impl Service {
    fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let manner = Arc::new(Mutex::new(Manner::Honest));
        let told = manner.clone();
        // The thread waits for connections until the test process ends.
        std::thread::spawn(move || {
            let (own, other) = (make(), make());
            for stream in listener.incoming().flatten() {
                answer(stream, *told.lock().unwrap(), &*own, &*other);
            }
        });
        Self { port, manner }
    }

    fn place(&self) -> Value {
        json!({
            "kind": "transit", "url": format!("http://127.0.0.1:{}", self.port), "mount": "transit",
            "key": "k", "version": 1, "token": { "env": "PROOFHOUSE_KEY_TOKEN" }, "seconds": 1,
        })
    }
}

fn make() -> Box<dyn Signer> {
    let kind = software(Algorithm::EcdsaP256).unwrap();
    (kind.open)(&(kind.generate)().unwrap()).unwrap()
}

/// One request a connection.
fn answer(mut stream: TcpStream, manner: Manner, own: &dyn Signer, other: &dyn Signer) {
    let mut reader = BufReader::new(stream.try_clone().unwrap());
    let (mut first, mut length) = (String::new(), 0);
    reader.read_line(&mut first).unwrap();
    loop {
        let mut line = String::new();
        reader.read_line(&mut line).unwrap();
        let (name, value) = line.split_once(':').unwrap_or_default();
        match name.to_ascii_lowercase().as_str() {
            "content-length" => length = value.trim().parse().unwrap(),
            "" => break,
            _ => {}
        }
    }
    let mut body = vec![0; length];
    reader.read_exact(&mut body).unwrap();
    let data = |data: Value| json!({ "data": data }).to_string();
    let text = match first.starts_with("GET") {
        true => data(json!({
            "type": "ecdsa-p256", "exportable": false, "allow_plaintext_backup": false,
            "keys": { "1": { "public_key": own.public_key().pem() } },
        })),
        false => {
            let asked: Value = serde_json::from_slice(&body).unwrap();
            // It cannot sign a digest, and need not: what it was asked for is known to the test.
            let message = MESSAGES
                .iter()
                .find(|message| asked["input"] == STANDARD.encode(model::Sha256::of(message).as_bytes()));
            let key = if matches!(manner, Manner::AnotherKey) { other } else { own };
            let signature = STANDARD.encode(key.sign(message.unwrap().as_bytes()).unwrap());
            let version = if matches!(manner, Manner::AnotherVersion) { 2 } else { 1 };
            match manner {
                Manner::Garbage => "<html>".into(),
                Manner::Huge => data(json!({ "signature": " ".repeat(2 << 20) })),
                Manner::Deep => "[".repeat(100_000),
                Manner::Lines => return drop(stream.write_all(DENIED)),
                Manner::Redirect => return drop(stream.write_all(REDIRECT)),
                Manner::HangUp => return,
                Manner::Never => return drop(reader.read(&mut [0])),
                Manner::Slowly => return drip(&mut stream),
                _ => data(json!({ "signature": format!("vault:v{version}:{signature}") })),
            }
        }
    };
    let head = format!("HTTP/1.1 200 OK\r\nconnection: close\r\ncontent-length: {}\r\n\r\n", text.len());
    let _ = stream.write_all(head.as_bytes()).and_then(|()| stream.write_all(text.as_bytes()));
}

/// A byte now and then, as long as anybody listens.
fn drip(stream: &mut TcpStream) {
    let _ = stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 100000\r\n\r\n");
    while stream.write_all(b" ").is_ok() {
        std::thread::sleep(std::time::Duration::from_millis(50));
    }
}

/// What is signed when a key is opened, and by the test.
const MESSAGES: [&str; 2] = ["proofhouse: the key that is opened here\n", "release"];
const DENIED: &[u8] = b"HTTP/1.1 403 Forbidden\r\nconnection: close\r\ncontent-length: 46\r\n\r\n\
                        {\"errors\":[\"no\\nerror[forged]: line\\u001b[31m\"]}";
const REDIRECT: &[u8] = b"HTTP/1.1 307 Temporary Redirect\r\nlocation: http://127.0.0.1:9/\r\n\
                          connection: close\r\ncontent-length: 0\r\n\r\n";

#[test]
fn no_answer_of_a_hostile_service_gets_out_as_a_signature() {
    let service = Service::start();
    let set = |manner| *service.manner.lock().unwrap() = manner;
    let mut keys = Keys::start(&[("PROOFHOUSE_KEY_TOKEN", "t")]);
    let public = keys.open(&service.place());
    keys.signs(&public, "release");
    let cases = [
        (Manner::AnotherKey, "key-signature-foreign", 4),
        (Manner::AnotherVersion, "key-service-answer", 3),
        (Manner::Garbage, "key-service-answer", 3),
        (Manner::Huge, "key-service-answer", 3),
        (Manner::Deep, "key-service-answer", 3),
        (Manner::Redirect, "key-service-answer", 3),
        (Manner::HangUp, "key-service-unreachable", 3),
        (Manner::Never, "key-service-unreachable", 3),
        (Manner::Slowly, "key-service-unreachable", 3),
        (Manner::Lines, "key-service-denied", 3),
    ];
    for (manner, expected, status) in cases {
        set(manner);
        let (code, exit, message) = refusal(&keys.sign("release"));
        assert_eq!((code.as_str(), exit), (expected, status), "{manner:?}: {message}");
        assert!(!message.contains(char::is_control) && message.len() < 400, "{manner:?}: {message}");
    }
    set(Manner::Honest);
    keys.signs(&public, "release");
    // The same at opening: the key it shows must be able to sign.
    set(Manner::AnotherKey);
    assert_eq!(keys.refused(&service.place()).0, "key-signature-foreign");
}
