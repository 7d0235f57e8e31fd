//! `ledger verify`: everything is read and computed again, and what does not fit is named.
//!
//! Every leaf is stored three times: in its journal record, as a hash in a tile of level 0, and in an
//! entry bundle. Where they disagree the majority tells which copy was changed; the signed root tells
//! whether the majority is right.

pub(super) mod records;
mod scan;

use std::{collections::HashSet, path::Path};

use model::{Sha256, predicate::Removal};
use serde::Serialize;

use super::{
    Ledger, LedgerError,
    index::Index,
    journal::Journal,
    open::read_checkpoint,
    pending::act,
    record::Record,
    remove::Removals,
    tiles::{Tiles, join},
};
use crate::{
    bundle::Content,
    log::{Edge, FullTile, SignedCheckpoint, TILE_WIDTH, TileId, leaf_hash, unpack_entries},
    trust::Trust,
};
use scan::{Row, Scan};

/// Most damages that are listed; the rest is only counted.
const MOST_LISTED: usize = 1000;

/// Which kind of piece is damaged.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Part {
    /// A record of the journal: its bytes, signature, leaf or time.
    Record,
    /// A tile of hashes.
    Tile,
    /// An entry bundle.
    EntryBundle,
    /// The signed checkpoint.
    Checkpoint,
    /// The index file.
    Index,
    /// The content of a record is gone, and no removal says so.
    Removal,
}

/// One damaged piece.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Damage {
    /// Its kind.
    pub part: Part,
    /// Its name: a path under the ledger, or `record N` with its place.
    pub what: String,
    /// Entry number, for records.
    pub index: Option<u64>,
    /// What does not fit.
    pub why: String,
}

/// What `ledger verify` found.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Report {
    /// Records that were read.
    pub records: u64,
    /// Of these, how many have no content any more.
    pub removed: u64,
    /// Of all, how many the checkpoint covers.
    pub checkpointed: u64,
    /// Tile files and entry bundles that were compared.
    pub tiles: u64,
    /// The first damages, at most 1,000.
    pub damages: Vec<Damage>,
    /// How many there are.
    pub damaged: u64,
}

impl Report {
    /// Nothing is damaged.
    pub fn ok(&self) -> bool {
        self.damaged == 0
    }

    fn add(&mut self, part: Part, what: impl Into<String>, index: Option<u64>, why: impl Into<String>) {
        self.damaged += 1;
        if self.damages.len() < MOST_LISTED {
            self.damages.push(Damage { part, what: what.into(), index, why: why.into() });
        }
    }

    fn tile(&mut self, id: TileId, why: impl Into<String>) {
        let part = if id.level.is_some() { Part::Tile } else { Part::EntryBundle };
        self.add(part, id.path().display().to_string(), None, why);
    }
}

impl Ledger {
    /// Checks everything in this ledger against `trust`; see [`verify_dir`].
    ///
    /// # Errors
    /// Only IO errors; damage is in the report.
    pub fn verify(&self, trust: &Trust) -> Result<Report, LedgerError> {
        verify_dir(&self.dir, trust)
    }
}

/// Checks the ledger in `dir` even when it is too damaged to be opened: every record's checksum,
/// signature and leaf, every tile and bundle, the root and the signature of the checkpoint.
///
/// # Errors
/// Only IO errors; damage is in the report.
pub fn verify_dir(dir: &Path, trust: &Trust) -> Result<Report, LedgerError> {
    let mut report = Report::default();
    let note = checked_checkpoint(dir, trust, &mut report)?;
    let covered = note.as_ref().map(|note| note.checkpoint.size);
    let journal = Journal::new(dir);
    let mut check = Check {
        scan: Scan::new(&journal, covered)?,
        index: Index::open(dir, false)?,
        tiles: Tiles::new(dir),
        edge: Edge::default(),
        last: None,
        acts: HashSet::new(),
        removals: Removals::default(),
        bad_index: Vec::new(),
        report,
    };
    while check.chunk(trust, covered)? {}
    let Check { edge, tiles, bad_index, removals, mut report, .. } = check;
    for (index, name, removed) in removals.unexplained() {
        let why = format!("its content is gone, and entry {} does not say that it was removed", removed.by);
        report.add(Part::Removal, name, Some(*index), why);
    }
    report.removed = removals.gone.len() as u64;
    if let Some(first) = bad_index.first() {
        let why = format!("{} entries, the first is number {first}, do not fit the records", bad_index.len());
        report.add(Part::Index, "index", Some(*first), why);
    }
    unfinished_tiles(&tiles, &edge, &mut report)?;
    if let Some(note) = note {
        report.checkpointed = note.checkpoint.size;
        let rest = note.checkpoint.size.saturating_sub(edge.size());
        if rest > 0 {
            report.add(
                Part::Record,
                "the journal",
                Some(edge.size()),
                format!("the last {rest} records are missing"),
            );
        } else if edge.root() != note.checkpoint.root {
            report.add(Part::Checkpoint, "checkpoint", None, "its root hash is not that of the entries");
        }
    }
    Ok(report)
}

/// The checkpoint, when its signature is good; else it is damaged and covers nothing.
fn checked_checkpoint(
    dir: &Path,
    trust: &Trust,
    report: &mut Report,
) -> Result<Option<SignedCheckpoint>, LedgerError> {
    let mut damaged = |why: String| report.add(Part::Checkpoint, "checkpoint", None, why);
    let note = match read_checkpoint(dir) {
        Ok(note) => note,
        Err(LedgerError::Damaged { why, .. }) => {
            damaged(why);
            return Ok(None);
        }
        Err(error) => return Err(error),
    };
    let Some(note) = note else {
        if Journal::new(dir).length(0)? > 0 {
            damaged("it is missing".to_owned());
        }
        return Ok(None);
    };
    match trust.log_of(&note).and_then(|log| log.note_key()).map(|key| note.verify(&key)) {
        Some(Ok(())) => return Ok(Some(note)),
        Some(Err(error)) => damaged(error.to_string()),
        None => damaged("it is not signed by a log of the trust file".to_owned()),
    }
    Ok(None)
}

struct Check<'a> {
    scan: Scan<'a>,
    index: Index,
    tiles: Tiles,
    edge: Edge,
    last: Option<model::Timestamp>,
    /// Acts of signing so far: none may be in the ledger twice.
    acts: HashSet<Sha256>,
    removals: Removals,
    /// Entries of the index that do not fit; told once, as the index is only a cache.
    bad_index: Vec<u64>,
    report: Report,
}

impl Check<'_> {
    /// Checks the records of one tile; `false` when there are no more.
    fn chunk(&mut self, trust: &Trust, covered: Option<u64>) -> Result<bool, LedgerError> {
        let first = self.edge.size();
        let most = covered.map_or(TILE_WIDTH, |covered| TILE_WIDTH.min(covered - first));
        let rows = self.scan.take(most as usize)?;
        if rows.is_empty() {
            return Ok(false);
        }
        self.report.records += rows.len() as u64;
        for (n, row) in (first..).zip(&rows) {
            let Some(record) = &row.record else {
                let why = "its checksum is wrong or it is cut short";
                self.report.add(Part::Record, row.name(n), Some(n), why);
                continue;
            };
            if self.last.max(Some(record.logged_at)) != Some(record.logged_at) {
                self.report.add(
                    Part::Record,
                    row.name(n),
                    Some(n),
                    "its time is before that of the one before",
                );
            }
            self.last = self.last.max(Some(record.logged_at));
            if act(record).is_some_and(|act| !self.acts.insert(act)) {
                let why = "it repeats an entry before it";
                self.report.add(Part::Record, row.name(n), Some(n), why);
            }
            let slot = self.index.get(n);
            if slot.is_none_or(|slot| slot.place != row.place || slot.envelope != record.envelope_digest()) {
                self.bad_index.push(n);
            }
        }
        let bad = records::check_all(first, &rows, trust);
        self.removed(first, &rows, &bad);
        for (n, why) in bad {
            self.report.add(Part::Record, rows[(n - first) as usize].name(n), Some(n), why);
        }
        let records: Vec<_> = rows.iter().map(|row| row.record.as_ref()).collect();
        let names: Vec<_> = (first..).zip(&rows).map(|(n, row)| row.name(n)).collect();
        self.leaves(first / TILE_WIDTH, &records, &names)?;
        Ok(rows.len() as u64 == TILE_WIDTH)
    }

    /// Remembers what has no content, and the removals that say so and are good in themselves.
    fn removed(&mut self, first: u64, rows: &[Row], bad: &[(u64, &'static str)]) {
        for (n, row) in (first..).zip(rows) {
            let Some(record) = &row.record else { continue };
            if let Some(removed) = record.removed {
                self.removals.gone(n, row.name(n), removed);
            } else if self.removals.asked(n) && !bad.iter().any(|(index, _)| *index == n) {
                let statement = Content::read(record.envelope.clone()).ok().and_then(|c| c.statement().ok());
                let removal = statement.and_then(|statement| statement.decode::<Removal>()?.ok());
                removal.iter().for_each(|removal| self.removals.said(n, removal));
            }
        }
    }

    /// Compares the three copies of the leaves of tile `index` and adds them to the tree.
    fn leaves(
        &mut self,
        index: u64,
        records: &[Option<&Record>],
        names: &[String],
    ) -> Result<(), LedgerError> {
        let width = records.len() as u64;
        let (hash_id, entry_id) = (TileId::hashes(0, index, width), TileId::entries(index, width));
        let hashes = self.tiles.hashes(hash_id)?;
        if hashes.is_none() {
            self.report.tile(hash_id, "it is missing or has another length");
        }
        let entries = self.entries(entry_id)?;
        self.report.tiles += 2;
        let (mut bad_tile, mut bad_bundle) = (None, None);
        for (n, (record, name)) in records.iter().zip(names).enumerate() {
            let copies = [
                record.map(|record| leaf_hash(&record.leaf)),
                hashes.as_ref().map(|hashes| hashes[n]),
                entries.as_ref().map(|entries| entries[n]),
            ];
            let number = index * TILE_WIDTH + n as u64;
            let Some(truth) = majority(&copies) else {
                self.edge.push(Sha256([0; 32]), |_| {});
                continue;
            };
            let wrong = |copy: Option<Sha256>| copy.is_some_and(|hash| hash != truth);
            if wrong(copies[0]) {
                self.report.add(Part::Record, name, Some(number), "its leaf is not the one in the tree");
            }
            if wrong(copies[1]) {
                bad_tile.get_or_insert(number);
            }
            if wrong(copies[2]) {
                bad_bundle.get_or_insert(number);
            }
            let mut full = Vec::new();
            self.edge.push(truth, |tile| full.push(tile));
            full.into_iter().filter(|tile| tile.level > 0).try_for_each(|tile| self.upper(tile))?;
        }
        let why = |number: u64| format!("the hash of entry {number} is wrong");
        if let Some(number) = bad_tile {
            self.report.tile(hash_id, why(number));
        }
        if let Some(number) = bad_bundle {
            self.report.tile(entry_id, why(number));
        }
        Ok(())
    }

    /// Leaf hashes of an entry bundle; `None` (and reported) when it is unusable.
    fn entries(&mut self, id: TileId) -> Result<Option<Vec<Sha256>>, LedgerError> {
        let mut bytes = self.tiles.read_exactly(id)?;
        if bytes.is_none() {
            bytes = self.tiles.read_exactly(TileId { width: TILE_WIDTH, ..id })?;
        }
        let Some(bytes) = bytes else {
            self.report.tile(id, "it is missing");
            return Ok(None);
        };
        match unpack_entries(&bytes) {
            Ok(entries) if entries.len() as u64 >= id.width => {
                Ok(Some(entries.into_iter().map(leaf_hash).collect()))
            }
            _ => {
                self.report.tile(id, "it is cut short or malformed");
                Ok(None)
            }
        }
    }

    fn upper(&mut self, tile: FullTile) -> Result<(), LedgerError> {
        let id = TileId::hashes(tile.level, tile.index, TILE_WIDTH);
        compare(&self.tiles, id, &tile.hashes, &mut self.report)
    }
}

/// The value that two copies share, else the first there is.
fn majority(copies: &[Option<Sha256>; 3]) -> Option<Sha256> {
    let [a, b, c] = copies;
    if b.is_some() && b == c { *b } else { a.or(*b).or(*c) }
}

fn compare(tiles: &Tiles, id: TileId, hashes: &[Sha256], report: &mut Report) -> Result<(), LedgerError> {
    report.tiles += 1;
    match tiles.read(id)? {
        None => report.tile(id, "it is missing"),
        Some(bytes) if bytes != join(hashes) => {
            report.tile(id, "its hashes are not those of the level below")
        }
        Some(_) => {}
    }
    Ok(())
}

/// The unfinished tiles of the tree, and what is left of their shorter forms.
fn unfinished_tiles(tiles: &Tiles, edge: &Edge, report: &mut Report) -> Result<(), LedgerError> {
    for (level, hashes) in (0..).zip(edge.levels()) {
        let index = (edge.size() >> (8 * level)) / TILE_WIDTH;
        if level > 0 && !hashes.is_empty() {
            compare(tiles, TileId::hashes(level, index, hashes.len() as u64), hashes, report)?;
        }
        for width in 1..hashes.len() {
            let id = TileId::hashes(level, index, width as u64);
            let stale = tiles.read_exactly(id)?.is_some_and(|bytes| bytes != join(&hashes[..width]));
            if stale {
                report.tile(id, "its hashes are not those of the entries");
            }
        }
        if level == 0 {
            older_bundles(tiles, index, hashes, report)?;
        }
    }
    Ok(())
}

/// Shorter forms of the unfinished entry bundle, which others may still read.
fn older_bundles(
    tiles: &Tiles,
    index: u64,
    leaves: &[Sha256],
    report: &mut Report,
) -> Result<(), LedgerError> {
    for width in 1..leaves.len() {
        let id = TileId::entries(index, width as u64);
        let Some(bytes) = tiles.read_exactly(id)? else { continue };
        let entries = unpack_entries(&bytes).unwrap_or_default();
        if entries.len() != width || entries.iter().zip(leaves).any(|(entry, leaf)| leaf_hash(entry) != *leaf)
        {
            report.tile(id, "its entries are not those of the ledger");
        }
    }
    Ok(())
}
