//! The transit engine of a real OpenBao server, over TLS with an authority of its own.

use std::{fs, os::unix::fs::PermissionsExt};

use serde_json::{Value, json};
use tempfile::TempDir;

use super::{Keys, Server, refusal};

/// A development server: in memory, unsealed, root token `root`.
struct Bao {
    folder: TempDir,
    server: Server,
}

impl Bao {
    fn start() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let server = Server::start(&super::peer("bao"), |command, port| {
            command.args(["server", "-dev", "-dev-no-store-token", "-dev-root-token-id=root", "-dev-tls"]);
            command.arg(format!("-dev-listen-address=127.0.0.1:{port}"));
            command.arg(format!("-dev-tls-cert-dir={}", folder.path().display())).env("HOME", folder.path());
        });
        let bao = Self { folder, server };
        bao.command(&["secrets", "enable", "transit"]);
        bao
    }

    /// The server's own command line sets it up.
    fn command(&self, arguments: &[&str]) -> Value {
        let bao = super::peer("bao");
        let output = std::process::Command::new(bao)
            .args(arguments)
            .env("BAO_ADDR", self.url())
            .env("BAO_CACERT", self.ca())
            .env("BAO_TOKEN", "root")
            .env("BAO_FORMAT", "json")
            .env("HOME", self.folder.path())
            .output()
            .unwrap();
        assert!(output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
        serde_json::from_slice(&output.stdout).unwrap_or(Value::Null)
    }

    fn make(&self, name: &str, settings: &[&str]) {
        self.command(&[&["write", "-f", &format!("transit/keys/{name}")], settings].concat());
    }

    fn url(&self) -> String {
        format!("https://127.0.0.1:{}", self.server.port)
    }

    fn ca(&self) -> String {
        self.folder.path().join("vault-ca.pem").display().to_string()
    }

    fn place(&self, key: &str) -> Value {
        json!({
            "kind": "transit", "url": self.url(), "ca": self.ca(), "mount": "transit", "key": key,
            "version": 1, "token": { "env": "BAO_TOKEN" },
        })
    }
}

fn with(mut place: Value, name: &str, value: Value) -> Value {
    place[name] = value;
    place
}

#[test]
fn keys_of_both_kinds_sign_with_the_pinned_version() {
    let bao = Bao::start();
    let mut keys = Keys::start(&[("BAO_TOKEN", "root")]);
    for kind in ["ecdsa-p256", "ed25519"] {
        bao.make(kind, &[&format!("type={kind}")]);
        let first = keys.open(&bao.place(kind));
        for n in 0..16 {
            keys.signs(&first, &format!("message {n}"));
        }
        // Rotated there: nothing changes here, until the place names the new version.
        bao.command(&["write", "-f", &format!("transit/keys/{kind}/rotate")]);
        keys.signs(&first, "after the rotation");
        let place = with(bao.place(kind), "version", json!(2));
        let second = keys.open(&place);
        assert_ne!(first, second);
        keys.signs(&second, "the new version");
        let wrong = keys.ask(&json!({ "do": "open", "place": place, "expected": first.pem() }));
        assert_eq!(refusal(&wrong).0, "key-mismatch");
    }
    let places = [bao.place("ecdsa-p256"), bao.place("ed25519")];
    let places: Vec<_> = places.iter().cycle().take(8).collect();
    assert_eq!(keys.ask(&json!({ "do": "together", "places": places }))["signed"], 160);
}

#[test]
fn a_token_that_may_only_sign_is_enough_and_less_is_not() {
    let bao = Bao::start();
    bao.make("k", &["type=ecdsa-p256"]);
    let policy = bao.folder.path().join("policy.hcl");
    fs::write(&policy, POLICY).unwrap();
    bao.command(&["policy", "write", "signer", policy.to_str().unwrap()]);
    let token = |name: &str| {
        let made = bao.command(&["token", "create", &format!("-policy={name}"), "-orphan"]);
        made["auth"]["client_token"].as_str().unwrap().to_owned()
    };
    let file = bao.folder.path().join("token");
    fs::write(&file, token("signer") + "\n").unwrap();
    fs::set_permissions(&file, fs::Permissions::from_mode(0o600)).unwrap();
    let place = with(bao.place("k"), "token", json!({ "file": file }));
    let mut keys = Keys::start(&[]);
    let public = keys.open(&place);
    keys.signs(&public, "allowed");
    // The file is read anew: a token that was taken away is noticed, and a renewed one used.
    fs::write(&file, token("default")).unwrap();
    assert_eq!(refusal(&keys.sign("denied")).0, "key-service-denied");
    fs::write(&file, token("signer")).unwrap();
    keys.signs(&public, "allowed again");
}

/// As `docs/keys.md` recommends.
const POLICY: &str = "path \"transit/keys/k\" { capabilities = [\"read\"] }\n\
                      path \"transit/sign/k/sha2-256\" { capabilities = [\"update\"] }\n";

#[test]
fn what_does_not_fit_is_told_apart() {
    let bao = Bao::start();
    bao.make("k", &["type=ecdsa-p256"]);
    bao.make("loose", &["type=ecdsa-p256", "exportable=true"]);
    bao.make("saved", &["type=ecdsa-p256", "allow_plaintext_backup=true"]);
    bao.make("rsa", &["type=rsa-2048"]);
    bao.make("aes", &["type=aes256-gcm96"]);
    let mut keys = Keys::start(&[("BAO_TOKEN", "root"), ("VAULT_TOKEN", "bad")]);
    let closed = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let other = Bao::start();
    let cases = [
        (bao.place("none"), "key-not-found"),
        (with(bao.place("k"), "version", json!(2)), "key-not-found"),
        (with(bao.place("k"), "version", json!(0)), "key-place-invalid"),
        (with(bao.place("k"), "mount", json!("elsewhere")), "key-not-found"),
        (bao.place("../sys/seal"), "key-place-invalid"),
        (bao.place("loose"), "key-exportable"),
        (bao.place("saved"), "key-exportable"),
        (bao.place("rsa"), "key-unsuitable"),
        (bao.place("aes"), "key-unsuitable"),
        (with(bao.place("k"), "token", json!({ "env": "VAULT_TOKEN" })), "key-service-denied"),
        (
            with(bao.place("k"), "url", json!(format!("https://127.0.0.1:{closed}"))),
            "key-service-unreachable",
        ),
        // Another authority's certificate, and the system's authorities.
        (with(bao.place("k"), "ca", json!(other.ca())), "key-service-unreachable"),
        (with(bao.place("k"), "ca", Value::Null), "key-service-unreachable"),
        (with(bao.place("k"), "url", json!("http://bao.example.com")), "key-place-invalid"),
    ];
    for (place, expected) in cases {
        let (code, _, message) = keys.refused(&place);
        assert_eq!(code, expected, "{place}: {message}");
    }
    let public = keys.open(&with(bao.place("loose"), "allow_exportable", json!(true)));
    keys.signs(&public, "allowed");
    bao.command(&["operator", "seal"]);
    assert_eq!(refusal(&keys.sign("sealed")).0, "key-service-unreachable");
}
