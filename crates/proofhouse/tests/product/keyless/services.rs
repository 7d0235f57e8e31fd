//! A Sigstore instance on this machine: Fulcio and its certificate log from `@sigstore/mock` (beside it one
//! that lies, as a proxy), a time-stamping authority that is `openssl ts`, and a Rekor v2 over our own log code.
//! The first part of a path says how a service lies.

use std::{
    io::{BufRead, BufReader, Read, Write},
    net::{TcpListener, TcpStream},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    sync::{Arc, Mutex},
    thread,
};

use attest::{
    PublicKey, Trust,
    bundle::TlogEntry,
    issue::{self, Issuer},
    keys::{Algorithm, Der, Signer, signers::software},
    ledger::Proof,
    log::{
        Checkpoint, LeafVerifier, LogEntry, Nodes, Note, NoteKey, SignedCheckpoint, inclusion, leaf_hash,
        node_hash, range_hash,
    },
    sigstore::trusted_root,
    trust::{TrustedAuthority, TrustedKey, TrustedLog},
};
use base64::{
    Engine,
    engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD},
};
use model::{Sha256, Timestamp};
use serde_json::{Value, json};

use crate::interop::folder;

/// Who signs, and who says so.
pub const IDENTITY: &str = "https://ci.example/acme/shop";
pub const ISSUER: &str = "https://ci.example";
const ORIGIN: &str = "rekor.test.example";

/// Status and body.
type Answer = (u16, Vec<u8>);

/// All services; those in other processes end with this.
pub struct Services {
    fulcio: Child,
    fulcio_url: String,
    liar: String,
    stamper: String,
    rekor: String,
    /// A trusted root for all of them.
    pub root: Vec<u8>,
    /// Entries that the log has taken in.
    pub entries: Arc<Mutex<Vec<Vec<u8>>>>,
}

impl Drop for Services {
    fn drop(&mut self) {
        drop(self.fulcio.stdin.take());
        let _ = self.fulcio.kill();
        let _ = self.fulcio.wait();
    }
}

impl Services {
    /// Starts all of them; files in `dir`.
    pub fn start(dir: &Path) -> Self {
        let (fulcio, told) = fulcio();
        let text = |name: &str| told[name].as_str().unwrap().to_owned();
        let stamper = Stamper::new(dir);
        let log = Log::default();
        let entries = log.entries.clone();
        let (url, first) = (text("url"), Mutex::new(None));
        let root = trusted(&told, &stamper, &log);
        Self {
            fulcio,
            fulcio_url: url.clone(),
            liar: serve(move |path, body| liar(&url, &first, path, body)),
            stamper: serve(move |path, body| stamper.answer(path, body)),
            rekor: serve(move |path, body| log.answer(path, body)),
            root,
            entries,
        }
    }

    /// A signing config; `lies` are those of Fulcio, the stamper and Rekor.
    pub fn config(&self, lies: [&str; 3]) -> Value {
        let service = |url: String, version: u64| {
            json!({
                "url": url, "majorApiVersion": version, "operator": "test",
                "validFor": { "start": "2020-01-01T00:00:00Z" },
            })
        };
        let fulcio = match lies[0] {
            "" => self.fulcio_url.clone(),
            "without-log" => format!("{}/without-log", self.fulcio_url),
            lie => format!("{}/{lie}", self.liar),
        };
        json!({
            "mediaType": "application/vnd.dev.sigstore.signingconfig.v0.2+json",
            "caUrls": [service(fulcio, 1)],
            "oidcUrls": [],
            "rekorTlogUrls": [service(format!("{}/{}", self.rekor, lies[2]), 2)],
            "rekorTlogConfig": { "selector": "ANY" },
            "tsaUrls": [service(format!("{}/{}", self.stamper, lies[1]), 1)],
            "tsaConfig": { "selector": "ANY" },
        })
    }
}

/// An identity token; only Fulcio would ask who signed it.
pub fn token(identity: &str, issuer: &str, lives: i64) -> String {
    let now = Timestamp::now().as_second();
    let claims = json!({
        "iss": issuer, "sub": identity, "aud": "sigstore", "iat": now - 10, "nbf": now - 10, "exp": now + lives,
    });
    let part = |value: Value| URL_SAFE_NO_PAD.encode(value.to_string());
    format!("{}.{}.c2lnbmVkLWJ5LW5vYm9keQ", part(json!({ "alg": "RS256" })), part(claims))
}

fn fulcio() -> (Child, Value) {
    let folder = folder();
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../interop/fulcio.mjs");
    let mut command = Command::new(folder.join("python/bin/node"));
    command.arg(script).arg(&folder).stdin(Stdio::piped()).stdout(Stdio::piped());
    let mut child = command.spawn().unwrap_or_else(|e| panic!("{e}; `cargo xtask interop` installs it"));
    let mut line = String::new();
    BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
    (child, serde_json::from_str(&line).expect("Fulcio started"))
}

/// A Fulcio that lies: the good one is asked something else.
fn liar(fulcio: &str, first: &Mutex<Option<Value>>, path: &str, body: &[u8]) -> Answer {
    let mut asked: Value = serde_json::from_slice(body).unwrap();
    let as_other = |identity, issuer| json!(token(identity, issuer, 600));
    let given = asked["credentials"]["oidcIdentityToken"].clone();
    match path.split('/').nth(1).unwrap() {
        "refuse" => {
            let said = format!("the token {} \u{1b}[31mis not for me", given.as_str().unwrap());
            return (400, json!({ "code": 3, "message": said }).to_string().into_bytes());
        }
        "unknown-issuer" => return (401, br#"{"code":16,"message":"unknown\u001b[31m issuer"}"#.to_vec()),
        "large" => return (201, vec![b' '; 2 << 20]),
        "elsewhere" => return (302, b"{}".to_vec()),
        "no-certificate" => {
            return (201, br#"{"signedCertificateEmbeddedSct":{"chain":{"certificates":["x"]}}}"#.to_vec());
        }
        "detached" => {
            return (201, br#"{"signedCertificateDetachedSct":{"chain":{"certificates":[]}}}"#.to_vec());
        }
        "other-issuer" => {
            asked["credentials"]["oidcIdentityToken"] = as_other(IDENTITY, "https://other.example");
        }
        // The first request is honest; afterwards everybody gets the certificate of that key.
        "other-key" => {
            let mut first = first.lock().unwrap();
            let known = first.get_or_insert_with(|| asked["certificateSigningRequest"].clone());
            asked["certificateSigningRequest"] = known.clone();
        }
        lie => panic!("{lie}"),
    }
    let host = fulcio.strip_prefix("http://").unwrap();
    let mut stream = TcpStream::connect(host).unwrap();
    let text = asked.to_string();
    let head = format!("POST /api/v2/signingCert HTTP/1.0\r\nhost: {host}\r\ncontent-length: {}", text.len());
    write!(stream, "{head}\r\n\r\n{text}").unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    (201, answer.split_once("\r\n\r\n").unwrap().1.as_bytes().to_vec())
}

fn key(algorithm: Algorithm) -> (Box<dyn Signer>, Vec<u8>) {
    let kind = software(algorithm).unwrap();
    let private = (kind.generate)().unwrap();
    ((kind.open)(&private).unwrap(), private.to_vec())
}

/// `openssl ts` with a certificate of its own.
struct Stamper {
    dir: PathBuf,
    chain: Vec<Der>,
    turn: Mutex<()>,
}

impl Stamper {
    fn new(dir: &Path) -> Self {
        let ((top, _), (own, private)) = (key(Algorithm::EcdsaP256), key(Algorithm::EcdsaP256));
        let now = Timestamp::now();
        let root = issue::root("Time", &*top, now, 3600).unwrap();
        let by = Issuer { signer: &*top, certificate: Some(&root) };
        let leaf = issue::time_stamper("Time", own.public_key(), &by, now, 3600).unwrap();
        let pem = |name: &str, der: &[u8]| {
            format!("-----BEGIN {name}-----\n{}\n-----END {name}-----\n", STANDARD.encode(der))
        };
        let write = |name: &str, text: String| std::fs::write(dir.join(name), text).unwrap();
        write("tsa.pem", pem("CERTIFICATE", &leaf));
        write("tsa.key", pem("PRIVATE KEY", &private));
        let settings = "[tsa]\ndefault_tsa = own\n[own]\nserial = serial\nsigner_digest = sha256\n\
                        default_policy = 1.2.3.4\ndigests = sha256\naccuracy = secs:1\ness_cert_id_alg = sha256\n";
        write("tsa.conf", settings.into());
        Self { dir: dir.to_owned(), chain: vec![Der(leaf), Der(root)], turn: Mutex::new(()) }
    }

    fn answer(&self, path: &str, query: &[u8]) -> Answer {
        let _turn = self.turn.lock().unwrap();
        let mut query = query.to_vec();
        match path.trim_start_matches('/') {
            "refuse" => return (503, Vec::new()),
            "garbage" => return (200, b"0\x03\x02\x01\x00".to_vec()),
            // The digest stands before the last field, a flag of three bytes.
            "other-signature" => {
                let place = query.len() - 4;
                query[place] ^= 1;
            }
            "" => {}
            lie => panic!("{lie}"),
        }
        std::fs::write(self.dir.join("query.tsq"), query).unwrap();
        let mut openssl = Command::new("openssl");
        openssl.args([
            "ts",
            "-reply",
            "-config",
            "tsa.conf",
            "-queryfile",
            "query.tsq",
            "-signer",
            "tsa.pem",
        ]);
        openssl.args(["-inkey", "tsa.key", "-out", "reply.tsr"]).current_dir(&self.dir);
        let output = openssl.output().expect("openssl is there");
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        (201, std::fs::read(self.dir.join("reply.tsr")).unwrap())
    }
}

/// Rekor v2.
struct Log {
    key: Box<dyn Signer>,
    stranger: Box<dyn Signer>,
    entries: Arc<Mutex<Vec<Vec<u8>>>>,
}

impl Default for Log {
    fn default() -> Self {
        let key = || key(Algorithm::Ed25519).0;
        Self { key: key(), stranger: key(), entries: Arc::default() }
    }
}

/// Hashes of the leaves of a small tree.
struct Tree(Vec<Sha256>);

impl Nodes for Tree {
    type Error = std::convert::Infallible;

    fn node(&self, level: u32, index: u64) -> Result<Sha256, Self::Error> {
        match level {
            0 => Ok(self.0[index as usize]),
            _ => Ok(node_hash(&self.node(level - 1, 2 * index)?, &self.node(level - 1, 2 * index + 1)?)),
        }
    }
}

impl Log {
    fn answer(&self, path: &str, body: &[u8]) -> Answer {
        let lie =
            path.strip_suffix("/api/v2/log/entries").expect("the one way to write").trim_start_matches('/');
        let asked: Value = serde_json::from_slice(body).unwrap();
        let asked = &asked["hashedRekordRequestV002"];
        let bytes = |place: &str| STANDARD.decode(asked.pointer(place).unwrap().as_str().unwrap()).unwrap();
        assert_eq!(asked.pointer("/signature/verifier/keyDetails").unwrap(), "PKIX_ECDSA_P256_SHA_256");
        let certificate = bytes("/signature/verifier/x509Certificate/rawBytes");
        let mut entry = LogEntry {
            digest: Sha256(bytes("/digest").try_into().unwrap()),
            signature: bytes("/signature/content"),
            verifier: LeafVerifier::Certificate(certificate, Algorithm::EcdsaP256),
        };
        let mut entries = self.entries.lock().unwrap();
        match lie {
            "refuse" => return (400, br#"{"code":3,"message":"no"}"#.to_vec()),
            "version-1" => return (201, br#"{"24296fb2":{"body":"e30=","logIndex":1}}"#.to_vec()),
            "other-digest" => entry.digest = Sha256::of("another"),
            "other-signature" => entry.signature = b"another".to_vec(),
            _ => {}
        }
        entries.push(entry.to_bytes());
        let index = if lie == "other-entry" { 0 } else { entries.len() - 1 };
        let key = if lie == "other-log" { &self.stranger } else { &self.key };
        let mut told = prove(&entries, index, &**key);
        match lie {
            "second-entry" => told = json!([told, prove(&entries, 0, &**key)]),
            "no-proof" => drop(told.as_object_mut().unwrap().remove("inclusionProof")),
            "other-root" => told["inclusionProof"]["rootHash"] = STANDARD.encode([7; 32]).into(),
            "other-place" => told["logIndex"] = "0".into(),
            _ => {}
        }
        (201, told.to_string().into_bytes())
    }
}

fn note_key(key: &dyn Signer) -> NoteKey {
    NoteKey { name: ORIGIN.into(), key: key.public_key().raw().try_into().unwrap() }
}

/// The entry as Rekor v2 answers, with a checkpoint over everything there is.
fn prove(entries: &[Vec<u8>], index: usize, key: &dyn Signer) -> Value {
    let tree = Tree(entries.iter().map(|entry| leaf_hash(entry)).collect());
    let size = entries.len() as u64;
    let (Ok(root), Ok(hashes)) = (range_hash(&tree, 0, size), inclusion(&tree, index as u64, size));
    let (log, checkpoint) = (note_key(key), Checkpoint { origin: ORIGIN.into(), size, root });
    let signature = key.sign(checkpoint.to_text().as_bytes()).unwrap();
    let note = Note::sign(checkpoint.to_text(), &log, signature);
    let proof = Proof { index: index as u64, hashes, checkpoint: SignedCheckpoint { checkpoint, note } };
    let mut told = serde_json::to_value(TlogEntry::new(entries[index].clone(), &proof, &log)).unwrap();
    told["integratedTime"] = "0".into();
    told["inclusionPromise"] = Value::Null;
    told
}

fn trusted(fulcio: &Value, stamper: &Stamper, log: &Log) -> Vec<u8> {
    let from = Some("2020-01-01T00:00:00Z".parse().unwrap());
    let bytes = |name: &str| STANDARD.decode(fulcio[name].as_str().unwrap()).unwrap();
    let authority = |chain: Vec<Der>| TrustedAuthority {
        name: "test".into(),
        chain,
        valid_from: from,
        valid_until: None,
    };
    let public_key = log.key.public_key().clone();
    let log = TrustedLog { origin: ORIGIN.into(), public_key, valid_from: from, valid_until: None };
    let mut trust = Trust::new(vec![], vec![log]);
    trust.authorities = vec![authority(vec![Der(bytes("authority"))])];
    trust.time_stampers = vec![authority(stamper.chain.clone())];
    trust.certificate_logs = vec![TrustedKey {
        name: "test".into(),
        public_key: PublicKey::from_spki(&bytes("log")).unwrap(),
        valid_from: from,
        valid_until: None,
    }];
    trust.issuers = vec!["https://fulcio.test.example".into()];
    trusted_root(&trust)
}

/// Answers POST requests at the address that is returned, until the tests end.
fn serve(answer: impl Fn(&str, &[u8]) -> Answer + Send + 'static) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    thread::spawn(move || listener.incoming().flatten().for_each(|stream| one(stream, &answer)));
    url
}

fn one(mut stream: TcpStream, answer: &impl Fn(&str, &[u8]) -> Answer) {
    let mut reader = BufReader::new(stream.try_clone().unwrap());
    let (mut first, mut length) = (String::new(), 0);
    if reader.read_line(&mut first).unwrap_or(0) == 0 {
        return;
    }
    loop {
        let mut line = String::new();
        reader.read_line(&mut line).unwrap();
        if let Some(value) = line.to_ascii_lowercase().strip_prefix("content-length:") {
            length = value.trim().parse().unwrap();
        }
        if line.trim().is_empty() {
            break;
        }
    }
    let mut body = vec![0; length];
    reader.read_exact(&mut body).unwrap();
    let (status, body) = answer(first.split(' ').nth(1).unwrap(), &body);
    // Where a redirect would lead; nobody may come.
    let head = format!("HTTP/1.1 {status} x\r\nlocation: http://127.0.0.1:9/\r\nconnection: close");
    let _ = write!(stream, "{head}\r\ncontent-length: {}\r\n\r\n", body.len());
    let _ = stream.write_all(&body);
}
