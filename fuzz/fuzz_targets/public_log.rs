//! Any bytes as what logs, witnesses and monitors give each other, after one letter for the kind; and a log
//! whose files were edited: whoever follows it reads exactly what was signed, or is told what is wrong.

#![no_main]

use std::{collections::BTreeMap, convert::Infallible, sync::LazyLock};

use attest::log::{
    AddCheckpoint, Checkpoint, Continuation, Edge, NoteKey, SignedCheckpoint, TILE_WIDTH, TileId,
    VerifierKey, leaf_hash,
    monitor::{Expected, Fault, Identities, Memory, Signers, TileSource, Tree, TreeError, continues},
    pack_entry, parse_cosignatures,
};
use libfuzzer_sys::fuzz_target;
use proofhouse_fuzz::edit::{Bytes, edit};

/// Entries of the sample: a full row, and some more.
const SIZE: u64 = 260;
/// Entries of an older state of it.
const OLD: u64 = 100;

struct Log(BTreeMap<TileId, Vec<u8>>);

impl TileSource for Log {
    type Error = Infallible;

    fn tiles(&self, wanted: &[TileId]) -> Result<Vec<Option<Vec<u8>>>, Infallible> {
        Ok(wanted.iter().map(|id| self.0.get(id).cloned()).collect())
    }
}

static SAMPLE: LazyLock<(BTreeMap<TileId, Vec<u8>>, Checkpoint, Checkpoint)> = LazyLock::new(|| {
    let (mut edge, mut tiles, mut bundle) = (Edge::default(), BTreeMap::new(), Vec::new());
    let join = |hashes: &[model::Sha256]| -> Vec<u8> { hashes.iter().flat_map(|hash| hash.0).collect() };
    let checkpoint = |edge: &Edge| Checkpoint { origin: "log".into(), size: edge.size(), root: edge.root() };
    let mut old = checkpoint(&edge);
    for n in 0..SIZE {
        pack_entry(&mut bundle, &entry(n)).expect("short");
        edge.push(leaf_hash(&entry(n)), |tile| {
            tiles.insert(TileId::hashes(tile.level, tile.index, TILE_WIDTH), join(&tile.hashes));
        });
        if edge.size() == TILE_WIDTH {
            tiles.insert(TileId::entries(0, TILE_WIDTH), std::mem::take(&mut bundle));
        }
        if edge.size() == OLD {
            old = checkpoint(&edge);
        }
    }
    tiles.insert(TileId::entries(1, SIZE - TILE_WIDTH), bundle);
    tiles.insert(TileId::hashes(0, 1, SIZE - TILE_WIDTH), join(&edge.levels()[0]));
    tiles.insert(TileId::hashes(1, 0, 1), join(&edge.levels()[1]));
    (tiles, old, checkpoint(&edge))
});

fn entry(n: u64) -> Vec<u8> {
    format!("entry {n}").into_bytes()
}

fuzz_target!(|input: &[u8]| {
    let Some((kind, bytes)) = input.split_first() else { return };
    match kind {
        b'f' => follow(bytes),
        b'w' => witness(bytes),
        b'i' => {
            let identity = Identities::default().of(bytes);
            assert!(!Expected::default().accepts(&identity), "nobody is expected");
        }
        _ => texts(*kind, bytes),
    }
});

/// Edits of the files of a good log.
fn follow(bytes: &[u8]) {
    let (good, old, new) = &*SAMPLE;
    let (mut input, mut tiles) = (Bytes(bytes), good.clone());
    let names: Vec<_> = good.keys().collect();
    for _ in 0..4 {
        if input.is_empty() {
            break;
        }
        let (name, other) = (names[input.byte() % names.len()], names[input.byte() % names.len()]);
        tiles.entry(*name).and_modify(|bytes| edit(bytes, &good[other], &mut input));
    }
    let log = Log(tiles);
    let (mut next, mut judged) = (0, Tree::open(&log, new));
    if let Ok(tree) = &judged {
        match continues(old, new, tree) {
            Ok(()) | Err(TreeError::Fault(Fault::Tile(..) | Fault::Missing(_))) => {}
            other => panic!("a changed tile is taken for {other:?}"),
        }
        let read = tree.rows(0, |row| {
            for (n, bytes) in row.entries().expect("it was checked") {
                assert_eq!((n, bytes), (next, entry(next).as_slice()), "another entry is read");
                next += 1;
            }
            true
        });
        if let Err(error) = read {
            judged = Err(error);
        }
    }
    assert_eq!(next == SIZE, judged.is_ok(), "entries are missing and nobody is told");
    assert!(log.0 != *good || judged.is_ok(), "an honest log is blamed");
}

/// Requests to a witness: none that is not signed is ever cosigned.
fn witness(bytes: &[u8]) {
    let Ok(request) = AddCheckpoint::parse(bytes) else { return };
    assert_eq!(
        AddCheckpoint::parse(request.to_text().as_bytes()).as_ref(),
        Ok(&request),
        "it has two readings"
    );
    let key = NoteKey { name: request.checkpoint.checkpoint.origin.clone(), key: [3; 32] };
    for known in [None, Some(&request.checkpoint.checkpoint)] {
        let refusal = request.judge(std::slice::from_ref(&key), known).expect_err("it is not signed");
        assert_eq!(refusal.status(), 403);
    }
}

fn texts(kind: u8, bytes: &[u8]) {
    let key = NoteKey { name: "log".into(), key: [3; 32] };
    let text = std::str::from_utf8(bytes);
    match (kind, text) {
        (b'k', Ok(text)) => {
            if let Ok(key) = text.parse::<VerifierKey>() {
                assert_eq!(key.to_string().parse(), Ok(key));
            }
        }
        (b't', Ok(text)) => {
            if let Some(tile) = TileId::parse(text) {
                assert_eq!(tile.path().to_str(), Some(text), "a tile has one path");
                assert!(proofhouse_fuzz::is_inside(text));
            }
        }
        (b'l', Ok(text)) => {
            if let Ok(signed) = SignedCheckpoint::parse(text) {
                let witness = attest::log::WitnessKey { name: "w".into(), key: [3; 32] };
                assert!(signed.witnesses(&[witness]).is_empty(), "a cosignature was forged");
            }
        }
        (b'c', _) => drop(parse_cosignatures(bytes)),
        (b'p', _) => {
            if let Ok(proof) = Continuation::parse(bytes) {
                assert!(proof.check(&SAMPLE.1, std::slice::from_ref(&key)).is_err(), "a proof was forged");
            }
        }
        (b'm', _) => assert!(Memory::parse(bytes, &[key]).is_err(), "a memory was forged"),
        (b's', _) => {
            let signers = Signers { logs: vec![key], ..Signers::default() };
            assert!(signers.read(bytes).is_err(), "a checkpoint was forged");
        }
        _ => {}
    }
}
