//! Writes a public log of many entries to a folder, for measuring who follows it: `cargo run --release -p
//! proofhouse-attest --example public_log FOLDER ENTRIES`. Prints the note verifier key of the log.
//!
//! Entries carry certificates as a build farm's do: one for each sixteen entries.

#![allow(clippy::unwrap_used, clippy::expect_used)]

use std::{
    fs,
    path::{Path, PathBuf},
};

use attest::{
    keys::{Algorithm, signers::software},
    log::{
        Checkpoint, Edge, LeafVerifier, LogEntry, Note, NoteKey, TILE_WIDTH, TileId, VerifierKey, leaf_hash,
        pack_entry,
    },
};
use model::Sha256;

/// A certificate after one letter; made by `fuzz/seeds/sigstore.py`.
const CERTIFICATE: &[u8] = include_bytes!("../../../fuzz/seeds/sigstore/certificate");
/// Entries with the same certificate.
const RUN: u64 = 16;

fn main() {
    let arguments: Vec<String> = std::env::args().collect();
    let (folder, entries) = (PathBuf::from(&arguments[1]), arguments[2].parse::<u64>().unwrap());
    let (mut edge, mut bundle) = (Edge::default(), Vec::new());
    for n in 0..entries {
        let entry = entry(n);
        pack_entry(&mut bundle, &entry).unwrap();
        edge.push(leaf_hash(&entry), |tile| {
            write(&folder, TileId::hashes(tile.level, tile.index, TILE_WIDTH), &join(&tile.hashes));
        });
        if (n + 1) % TILE_WIDTH == 0 {
            write(&folder, TileId::entries(n / TILE_WIDTH, TILE_WIDTH), &bundle);
            bundle.clear();
        }
    }
    if !bundle.is_empty() {
        write(&folder, TileId::entries(entries / TILE_WIDTH, entries % TILE_WIDTH), &bundle);
    }
    for (level, hashes) in (0..).zip(edge.levels()).filter(|(_, hashes)| !hashes.is_empty()) {
        let index = (entries >> (8 * level)) / TILE_WIDTH;
        write(&folder, TileId::hashes(level, index, hashes.len() as u64), &join(hashes));
    }
    let made = software(Algorithm::Ed25519).unwrap();
    let signer = (made.open)(&(made.generate)().unwrap()).unwrap();
    let key = NoteKey { name: "log.bench".into(), key: signer.public_key().raw().try_into().unwrap() };
    let checkpoint = Checkpoint { origin: key.name.clone(), size: entries, root: edge.root() };
    let signature = signer.sign(checkpoint.to_text().as_bytes()).unwrap();
    let note = Note::sign(checkpoint.to_text(), &key, signature);
    fs::write(folder.join("checkpoint"), note.to_text()).unwrap();
    println!("{}", VerifierKey::Log(key));
}

fn entry(n: u64) -> Vec<u8> {
    let digest = Sha256::of(n.to_be_bytes());
    let mut certificate = CERTIFICATE[1..].to_vec();
    // Another signature of the authority makes it another certificate.
    let end = certificate.len() - 8;
    certificate[end..].copy_from_slice(&(n / RUN).to_be_bytes());
    let signature = [digest.0.as_slice(), &digest.0, &[0; 7]].concat();
    let verifier = LeafVerifier::Certificate(certificate, Algorithm::EcdsaP256);
    LogEntry { digest, signature, verifier }.to_bytes()
}

fn join(hashes: &[Sha256]) -> Vec<u8> {
    hashes.iter().flat_map(|hash| hash.0).collect()
}

fn write(folder: &Path, tile: TileId, bytes: &[u8]) {
    let path = folder.join(tile.path());
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(path, bytes).unwrap();
}
