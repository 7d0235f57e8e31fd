//! What others may have of the ledger.

use std::fs;

use attest::{
    keys::WitnessSigner,
    log::{Continuation, TileId, monitor::Tree},
};

use crate::support::Home;

#[test]
fn the_public_side_is_exactly_what_the_checkpoint_covers() {
    let home = Home::new();
    assert!(home.ledger().public_file("checkpoint").unwrap().is_none());
    home.fill(700);
    let ledger = home.ledger();
    let file = |path: &str| ledger.public_file(path).unwrap();
    assert_eq!(file("checkpoint").unwrap(), fs::read(home.ledger_dir().join("checkpoint")).unwrap());
    for (path, length) in [("tile/0/000", 8192), ("tile/0/002.p/188", 188 * 32), ("tile/1/000.p/2", 64)] {
        assert_eq!(file(path).map(|bytes| bytes.len()), Some(length), "{path}");
    }
    // A tile that is on disk and covers more than was signed may still change.
    let ahead = home.ledger_dir().join(TileId::entries(2, 189).path());
    fs::write(ahead, "x").unwrap();
    for path in [
        "tile/entries/002.p/189",
        "tile/0/002",
        "lock",
        "index",
        "journal/00000000000000000000.seg",
        "../keys/vault.json",
    ] {
        assert_eq!(file(path), None, "{path}");
    }
    let checkpoint = ledger.checkpoint().unwrap().checkpoint.clone();
    let tree = Tree::open(&ledger, &checkpoint).unwrap();
    let mut entries = 0;
    tree.rows(0, |row| {
        entries += row.entries().unwrap().count();
        true
    })
    .unwrap();
    assert_eq!(entries, 700);
}

#[test]
fn a_continuation_holds_from_every_size_for_its_own_past_only() {
    let home = Home::new();
    home.fill(300);
    let old = home.ledger().checkpoint().unwrap().clone();
    home.fill(300);
    let keys: Vec<_> = home.trust().logs.iter().filter_map(|log| log.note_key()).collect();
    let ledger = home.ledger();
    let proof = ledger.continuation(300).unwrap();
    let read = Continuation::parse(&serde_json::to_vec(&proof).unwrap()).unwrap();
    assert_eq!(read.check(&old.checkpoint, &keys).unwrap().checkpoint.size, 600);
    for size in [0, 1, 255, 256, 257, 511, 512, 599, 600] {
        ledger.continuation(size).unwrap();
    }
    assert!(ledger.continuation(601).is_err());
    let mut other = old.checkpoint.clone();
    other.root.0[0] ^= 1;
    assert!(read.check(&other, &keys).is_err());
    assert!(read.check(&old.checkpoint, &[]).is_err(), "nobody signed it");
}

#[test]
fn cosignatures_are_shown_with_the_checkpoint_that_they_are_for_and_no_other() {
    let home = Home::new();
    home.fill(2);
    let ledger = home.ledger();
    let witness = WitnessSigner::create(&home.path().join("witness"), "w").unwrap();
    let mut cosigned = ledger.checkpoint().unwrap().clone();
    let line = witness.cosign(1_900_000_000, &cosigned.note.text).unwrap();
    assert!(cosigned.add_cosignatures(&[line], witness.key()));
    ledger.keep_cosigned(&cosigned).unwrap();
    assert_eq!(ledger.public_checkpoint().unwrap(), Some(cosigned.clone()));
    assert_ne!(ledger.checkpoint(), Some(&cosigned), "the ledger's own stays as it is");
    home.fill(1);
    let ledger = home.ledger();
    assert_eq!(ledger.public_checkpoint().unwrap().as_ref(), ledger.checkpoint());
    fs::write(home.ledger_dir().join("checkpoint.cosigned"), "damaged").unwrap();
    assert_eq!(ledger.public_checkpoint().unwrap().as_ref(), ledger.checkpoint());
    assert!(ledger.verify(&home.trust()).unwrap().ok());
}
