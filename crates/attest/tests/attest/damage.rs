//! One flipped byte in each kind of stored piece is detected and the piece is named.

use attest::{
    Ledger,
    ledger::{Part, verify_dir},
};
use model::UserError;

use crate::support::{Home, flip};

/// Flips bytes of `file` at some offsets; every time exactly this part must be named.
fn each_flip_is_named(home: &Home, file: &str, part: Part, named: &str) {
    let (path, trust) = (home.ledger_dir().join(file), home.trust());
    let length = std::fs::metadata(&path).unwrap().len() as usize;
    let step = (length / 7).max(1);
    for offset in (0..length).step_by(step).chain([length - 1]) {
        flip(&path, offset);
        let report = verify_dir(&home.ledger_dir(), &trust).unwrap();
        assert!(!report.ok(), "byte {offset} of {file} went unnoticed");
        let hit = report.damages.iter().find(|damage| damage.part == part);
        let hit = hit.unwrap_or_else(|| panic!("byte {offset} of {file}: {report:?}"));
        assert!(hit.what.contains(named), "{hit:?}");
        assert_eq!(report.damaged, 1, "byte {offset} of {file}: {report:?}");
        flip(&path, offset);
    }
    assert!(verify_dir(&home.ledger_dir(), &trust).unwrap().ok());
}

#[test]
fn tiles_bundles_checkpoint_and_index() {
    let home = Home::new();
    home.fill(300);
    each_flip_is_named(&home, "tile/0/000", Part::Tile, "tile/0/000");
    each_flip_is_named(&home, "tile/0/001.p/44", Part::Tile, "tile/0/001.p/44");
    each_flip_is_named(&home, "tile/1/000.p/1", Part::Tile, "tile/1/000.p/1");
    each_flip_is_named(&home, "tile/entries/001.p/44", Part::EntryBundle, "tile/entries/001.p/44");
    each_flip_is_named(&home, "checkpoint", Part::Checkpoint, "checkpoint");
    each_flip_is_named(&home, "index", Part::Index, "index");
    // What a reader of the tree before still fetches.
    home.fill(2);
    each_flip_is_named(&home, "tile/0/001.p/44", Part::Tile, "tile/0/001.p/44");
    each_flip_is_named(&home, "tile/entries/001.p/44", Part::EntryBundle, "tile/entries/001.p/44");
}

#[test]
fn an_unfinished_tile_that_was_changed_is_mended_and_named() {
    let home = Home::new();
    home.fill(7);
    for tile in ["tile/0/000.p/7", "tile/entries/000.p/7"] {
        flip(&home.ledger_dir().join(tile), 40);
        let (_, recovery) = Ledger::open(&home.ledger_dir()).unwrap();
        assert_eq!(recovery.tiles_changed, [tile]);
        assert!(recovery.sentences()[0].contains(tile), "{:?}", recovery.sentences());
        home.ledger();
    }
    std::fs::remove_file(home.ledger_dir().join("tile/0/000.p/7")).unwrap();
    let (_, recovery) = Ledger::open(&home.ledger_dir()).unwrap();
    assert!(recovery.tiles_rebuilt && recovery.tiles_changed.is_empty(), "a crash may leave that");
}

#[test]
fn every_byte_of_a_record_belongs_to_a_named_record() {
    let home = Home::new();
    home.fill(3);
    let (dir, trust) = (home.ledger_dir(), home.trust());
    let path = dir.join("journal/00000000000000000000.seg");
    let bytes = std::fs::read(&path).unwrap();
    let starts: Vec<_> =
        bytes.windows(4).enumerate().filter(|(_, w)| *w == b"PHR2").map(|(n, _)| n).collect();
    assert_eq!(starts.len(), 3);
    for offset in (0..bytes.len()).step_by(31) {
        let record = starts.iter().filter(|start| **start <= offset).count() as u64 - 1;
        flip(&path, offset);
        let report = verify_dir(&dir, &trust).unwrap();
        assert_eq!(report.damaged, 1, "byte {offset}: {report:?}");
        assert_eq!(
            (report.damages[0].part, report.damages[0].index),
            (Part::Record, Some(record)),
            "{offset}"
        );
        // Reading it, or opening the ledger when it is the last one, says so too.
        match Ledger::open(&dir) {
            Ok((ledger, _)) => assert_eq!(ledger.read(record).unwrap_err().code(), "ledger-damaged"),
            Err(error) => assert!(error.to_string().contains(&format!("record {record}")), "{error}"),
        }
        flip(&path, offset);
    }
}

#[test]
fn a_record_rewritten_with_a_good_checksum_is_still_named() {
    use attest::{LogSigner, SignerClient};
    // Another statement, properly signed by the same key, in place of number 1 of the journal.
    let (home, other) = (Home::new(), Home::new());
    std::fs::create_dir_all(other.path()).unwrap();
    home.fill(3);
    for file in ["vault.json", "unlock.key"] {
        std::fs::create_dir_all(other.path().join("keys")).unwrap();
        std::fs::copy(home.path().join("keys").join(file), other.path().join("keys").join(file)).unwrap();
    }
    let private = <std::fs::Permissions as std::os::unix::fs::PermissionsExt>::from_mode(0o700);
    std::fs::set_permissions(other.path().join("keys"), private).unwrap();
    let twin: SignerClient = other.signer();
    assert_eq!(twin.keys(), home.signer().keys());
    drop(twin);
    other.fill(3);
    let segment = "journal/00000000000000000000.seg";
    std::fs::copy(other.ledger_dir().join(segment), home.ledger_dir().join(segment)).unwrap();
    let report = verify_dir(&home.ledger_dir(), &home.trust()).unwrap();
    let records = report.damages.iter().filter(|damage| damage.part == Part::Record);
    assert!(records.clone().any(|damage| damage.why == "its leaf is not the one in the tree"), "{report:?}");
}
