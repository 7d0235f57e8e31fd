//! A log in memory, honest and not.

use std::{cell::RefCell, collections::BTreeMap};

use model::{Sha256, UserError};
use proptest::prelude::*;

use super::*;
use crate::log::{Edge, FullTile, TILE_WIDTH, TileId, leaf_hash, pack_entry};

/// Tiles by path; counts what is asked for.
#[derive(Clone, Default)]
struct Log {
    tiles: BTreeMap<TileId, Vec<u8>>,
    asked: RefCell<usize>,
}

impl TileSource for Log {
    type Error = std::convert::Infallible;

    fn tiles(&self, wanted: &[TileId]) -> Result<Vec<Option<Vec<u8>>>, Self::Error> {
        *self.asked.borrow_mut() += wanted.len();
        Ok(wanted.iter().map(|id| self.tiles.get(id).cloned()).collect())
    }
}

fn entry(n: u64, kind: &str) -> Vec<u8> {
    format!("{kind} {n}").into_bytes()
}

/// A log whose entries from `fork` on are others, and its checkpoint.
fn log(size: u64, fork: u64) -> (Log, Checkpoint) {
    let (mut edge, mut log, mut bundle) = (Edge::default(), Log::default(), Vec::new());
    let join = |hashes: &[Sha256]| -> Vec<u8> { hashes.iter().flat_map(|hash| hash.0).collect() };
    for n in 0..size {
        let entry = entry(n, if n < fork { "entry" } else { "other" });
        pack_entry(&mut bundle, &entry).unwrap();
        edge.push(leaf_hash(&entry), |FullTile { level, index, hashes }| {
            log.tiles.insert(TileId::hashes(level, index, TILE_WIDTH), join(&hashes));
        });
        if (n + 1) % TILE_WIDTH == 0 {
            log.tiles.insert(TileId::entries(n / TILE_WIDTH, TILE_WIDTH), std::mem::take(&mut bundle));
        }
    }
    for (level, hashes) in (0..).zip(edge.levels()).filter(|(_, hashes)| !hashes.is_empty()) {
        let id = TileId::hashes(level, (size >> (8 * level)) / TILE_WIDTH, hashes.len() as u64);
        log.tiles.insert(id, join(hashes));
    }
    if !bundle.is_empty() {
        log.tiles.insert(TileId::entries(size / TILE_WIDTH, size % TILE_WIDTH), bundle);
    }
    (log, Checkpoint { origin: "log".into(), size, root: edge.root() })
}

fn all(log: &Log, checkpoint: &Checkpoint, from: u64) -> Result<Vec<u64>, Fault> {
    let fault = |error| match error {
        TreeError::Fault(fault) => fault,
        TreeError::Source(never) => match never {},
    };
    let tree = Tree::open(log, checkpoint).map_err(fault)?;
    let mut seen = Vec::new();
    let each = |row: &Row| {
        seen.extend(row.entries().unwrap().filter(|(n, _)| *n >= from).map(|(n, bytes)| {
            assert_eq!(bytes, entry(n, "entry"));
            n
        }));
        true
    };
    tree.rows(from, each).map_err(fault)?;
    Ok(seen)
}

#[test]
fn every_entry_of_an_honest_log_is_read_once_from_wherever_one_begins() {
    for size in [0, 1, 255, 256, 257, 512, 700, 65_536 + 300] {
        let (log, checkpoint) = log(size, u64::MAX);
        for from in [0, 1, size / 2, size.saturating_sub(1), size] {
            assert_eq!(all(&log, &checkpoint, from).unwrap(), (from..size).collect::<Vec<_>>(), "{size}");
        }
    }
}

#[test]
fn whatever_is_changed_or_missing_is_named_itself() {
    let (good, checkpoint) = log(65_536 + 600, u64::MAX);
    for id in good.tiles.keys() {
        let rows = id.level.is_none() || id.level == Some(0);
        if rows && id.index % 51 != 0 && id.width == TILE_WIDTH {
            continue;
        }
        let mut bad = good.clone();
        bad.tiles.remove(id);
        assert_eq!(all(&bad, &checkpoint, 0), Err(Fault::Missing(*id)));
        let mut bad = good.clone();
        bad.tiles.get_mut(id).unwrap()[7] ^= 1;
        let edge = id.level.is_some() && id.width < TILE_WIDTH;
        match all(&bad, &checkpoint, 0) {
            Err(Fault::Root(_)) if edge => {}
            Err(Fault::Tile(named, _)) if !edge => assert_eq!(named, *id),
            other => panic!("{id:?}: {other:?}"),
        }
        let mut bad = good.clone();
        bad.tiles.get_mut(id).unwrap().pop();
        assert!(matches!(all(&bad, &checkpoint, 0), Err(Fault::Tile(named, _)) if named == *id));
    }
}

#[test]
fn a_full_tile_stands_in_for_the_unfinished_one_that_it_replaced() {
    let (later, _) = log(600, u64::MAX);
    let (_, earlier) = log(300, u64::MAX);
    let mut mixed = later.clone();
    mixed.tiles.insert(TileId::hashes(1, 0, 1), later.tiles[&TileId::hashes(1, 0, 2)][..32].to_vec());
    assert_eq!(all(&mixed, &earlier, 0).unwrap().len(), 300);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]
    #[test]
    fn growth_is_told_from_fork_and_rollback_at_any_size(old in 0u64..1500, more in 0u64..1500, fork in 0u64..1500) {
        let (_, seen) = log(old, u64::MAX);
        let (served, now) = log(old + more, u64::MAX);
        let tree = Tree::open(&served, &now).unwrap();
        prop_assert_eq!(continues(&seen, &now, &tree), Ok(()));
        prop_assert!(*served.asked.borrow() < 40, "a proof needs few tiles");
        if more > 0 {
            let (before, older) = log(old, u64::MAX);
            let tree = Tree::open(&before, &older).unwrap();
            let code = |error: TreeError<_>| match error { TreeError::Fault(f) => f.code(), TreeError::Source(_) => "" };
            prop_assert_eq!(continues(&now, &older, &tree).map_err(code), Err("log-rolled-back"));
        }
        if fork < old {
            let (forked, other) = log(old + more, fork);
            let tree = Tree::open(&forked, &other).unwrap();
            let wanted: Result<(), TreeError<_>> = Err(Fault::Fork { seen: old, served: old + more }.into());
            prop_assert_eq!(continues(&seen, &other, &tree), wanted);
        }
    }
}
