//! Logs with certificates: whose entries they are.

use std::{fs, path::Path, process::Command};

use attest::{
    PublicKey,
    keys::{Algorithm, signers::software},
    log::{
        Checkpoint, Edge, LeafVerifier, LogEntry, Note, NoteKey, TileId, VerifierKey, leaf_hash, pack_entry,
    },
};
use model::Sha256;

use crate::support::{Answer, PROOFHOUSE};

/// A certificate for `https://seed.example/w` of the issuer `https://seed.example`, after one letter.
/// Made by `fuzz/seeds/sigstore.py`.
const CERTIFICATE: &[u8] = include_bytes!("../../../../../fuzz/seeds/sigstore/certificate");

/// Writes a log of these entries (at most 255) to a folder; its verifier key.
fn write_log(folder: &Path, entries: &[Vec<u8>]) -> String {
    let made = software(Algorithm::Ed25519).unwrap();
    let signer = (made.open)(&(made.generate)().unwrap()).unwrap();
    let key = NoteKey { name: "log.example/x".into(), key: signer.public_key().raw().try_into().unwrap() };
    let (mut edge, mut bundle) = (Edge::default(), Vec::new());
    for entry in entries {
        pack_entry(&mut bundle, entry).unwrap();
        edge.push(leaf_hash(entry), |_| {});
    }
    let checkpoint = Checkpoint { origin: key.name.clone(), size: edge.size(), root: edge.root() };
    let text = checkpoint.to_text();
    let note = Note::sign(text.clone(), &key, signer.sign(text.as_bytes()).unwrap());
    let tile: Vec<u8> = edge.levels()[0].iter().flat_map(|hash| hash.0).collect();
    for (path, bytes) in [
        (TileId::entries(0, edge.size()).path(), bundle),
        (TileId::hashes(0, 0, edge.size()).path(), tile),
        ("checkpoint".into(), note.to_text().into_bytes()),
    ] {
        let path = folder.join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, bytes).unwrap();
    }
    VerifierKey::Log(key).to_string()
}

#[test]
fn names_issuers_and_keys_are_told_from_those_that_are_expected() {
    let folder = tempfile::tempdir().unwrap();
    let entry = |verifier| LogEntry { digest: Sha256::of("d"), signature: vec![1; 70], verifier }.to_bytes();
    let key = PublicKey::from_raw(Algorithm::Ed25519, &[9; 32]).unwrap();
    let certificate = |der: &[u8]| entry(LeafVerifier::Certificate(der.to_vec(), Algorithm::EcdsaP256));
    let entries = [
        certificate(&CERTIFICATE[1..]),
        entry(LeafVerifier::Key(key.clone())),
        certificate(b"no certificate"),
        b"something else".to_vec(),
    ];
    let log_key = write_log(folder.path(), &entries);
    let look = |state: &str, more: &[&str]| {
        let mut command = Command::new(PROOFHOUSE);
        command.env_clear().args(["ledger", "monitor", "--format", "json", "--quiet", "--key", &log_key]);
        command.arg(folder.path()).arg("--state").arg(folder.path().join(state)).args(more);
        let answer = Answer::of(command.output().unwrap()).expect(1);
        let lines = answer.out.lines().map(|line| serde_json::from_str::<serde_json::Value>(line).unwrap());
        let unexpected: Vec<_> = lines.filter(|line| line["event"] == "unexpected-entry").collect();
        unexpected
    };
    let numbers = |found: &[serde_json::Value]| -> Vec<u64> {
        found.iter().map(|event| event["index"].as_u64().unwrap()).collect()
    };
    let fingerprint = key.fingerprint().hex();
    let all = ["--expect-identity", "https://seed.example/*", "--expect-issuer", "https://seed.example"];
    // What cannot be read is told even when nobody is looked for.
    assert_eq!(numbers(&look("a", &[])), [2, 3]);
    assert_eq!(numbers(&look("b", &[&all[..], &["--expect-key", &fingerprint]].concat())), [2, 3]);
    assert_eq!(numbers(&look("c", &all)), [1, 2, 3]);
    let other = ["--expect-identity", "https://seed.example/w", "--expect-issuer", "https://other.example"];
    let found = look("d", &other);
    assert_eq!(numbers(&found), [0, 1, 2, 3]);
    assert_eq!(found[0]["names"], serde_json::json!(["https://seed.example/w"]));
    assert_eq!(
        (&found[0]["issuer"], &found[1]["key"]),
        (&"https://seed.example".into(), &fingerprint.into())
    );
    assert!(found[2]["unreadable"].is_string() && found[3]["unreadable"].is_string());
}
