//! A tree whose every tile is checked against the root of its checkpoint before it is used.

use std::{cell::RefCell, collections::HashMap};

use model::Sha256;

use super::{Fault, TreeError};
use crate::log::{
    BundleError, Checkpoint, Edge, Nodes, TILE_WIDTH, TileId, complete, leaf_hash, unpack_entries,
};

/// Rows asked for at one time. Entries may have 64 KiB, so this also bounds memory.
const BATCH: u64 = 4;

/// Where the tiles of a log come from.
pub trait TileSource {
    /// Why it cannot be asked.
    type Error;

    /// The bytes of each tile, in order; `None` when it is not there. An answer may be cut or longer than
    /// it should be, but not longer than [`TileId::most_bytes`] and one byte.
    ///
    /// # Errors
    /// The source cannot be reached now; that says nothing about the log.
    fn tiles(&self, wanted: &[TileId]) -> Result<Vec<Option<Vec<u8>>>, Self::Error>;
}

/// 256 entries (at the end fewer) that are what the checkpoint covers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Row {
    /// Number from the left: its first entry is 256 times that.
    pub index: u64,
    /// Entries in it.
    pub width: u64,
    /// Their leaf hashes.
    pub hashes: Vec<Sha256>,
    /// The entry bundle; it may hold more than `width`.
    pub bundle: Vec<u8>,
}

impl Row {
    /// The entries with their numbers.
    ///
    /// # Errors
    /// Never for a row that was read from a [`Tree`].
    pub fn entries(&self) -> Result<impl Iterator<Item = (u64, &[u8])>, BundleError> {
        let entries = unpack_entries(&self.bundle)?;
        Ok((self.index * TILE_WIDTH..).zip(entries.into_iter().take(self.width as usize)))
    }
}

/// The tree of a checkpoint, read from a source and checked against its root.
pub struct Tree<'a, S> {
    source: &'a S,
    edge: Edge,
    /// The last full tile of each level that was used.
    full: RefCell<HashMap<u32, (u64, Vec<Sha256>)>>,
}

impl<'a, S: TileSource> Tree<'a, S> {
    /// Reads the right edge of the tree. The signature of the checkpoint must have been checked.
    ///
    /// # Errors
    /// [`Fault::Missing`], [`Fault::Tile`], [`Fault::Root`], or the source.
    pub fn open(source: &'a S, checkpoint: &Checkpoint) -> Result<Self, TreeError<S::Error>> {
        let size = checkpoint.size;
        let mut levels = Vec::new();
        for level in 0..Edge::depth(size) {
            let (width, index) = (Edge::width(size, level), (size >> (8 * level)) / TILE_WIDTH);
            levels.push(match width {
                0 => Vec::new(),
                _ => {
                    let id = TileId::hashes(level, index, width);
                    let first = source.tiles(&[id]).map_err(TreeError::Source)?.pop().flatten();
                    hashes(id, &whole(source, id, first)?)?
                }
            });
        }
        let edge = Edge::from_tiles(size, levels).ok_or(Fault::Root(size))?;
        match edge.root() == checkpoint.root {
            true => Ok(Self { source, edge, full: RefCell::default() }),
            false => Err(Fault::Root(size).into()),
        }
    }

    /// Entries in it.
    pub fn size(&self) -> u64 {
        self.edge.size()
    }

    /// The right edge: its unfinished tiles.
    pub fn edge(&self) -> &Edge {
        &self.edge
    }

    /// Hands the rows from the one with entry `from` to the last one to `each`, in order, a few in memory
    /// at a time. It ends early when `each` answers `false`.
    ///
    /// # Errors
    /// [`Fault::Missing`] or [`Fault::Tile`] for the first tile or bundle that is, or the source.
    pub fn rows(&self, from: u64, mut each: impl FnMut(&Row) -> bool) -> Result<(), TreeError<S::Error>> {
        let (mut next, end) = (from / TILE_WIDTH, self.size().div_ceil(TILE_WIDTH));
        while next < end && from < self.size() {
            let batch = next..end.min(next + BATCH);
            next = batch.end;
            for row in self.batch(batch)? {
                if !each(&row?) {
                    return Ok(());
                }
            }
        }
        Ok(())
    }

    /// Asks for all of a batch at once; each row is checked when it is its turn.
    #[allow(clippy::type_complexity, reason = "it is used once, in place")]
    fn batch(
        &self,
        batch: std::ops::Range<u64>,
    ) -> Result<impl Iterator<Item = Result<Row, TreeError<S::Error>>>, TreeError<S::Error>> {
        let width = |index: u64| (self.size() - index * TILE_WIDTH).min(TILE_WIDTH);
        let mut wanted: Vec<_> = batch.clone().map(|n| TileId::entries(n, width(n))).collect();
        // The tile of an unfinished row is in the edge.
        wanted.extend(batch.filter(|n| width(*n) == TILE_WIDTH).map(|n| TileId::hashes(0, n, TILE_WIDTH)));
        let mut given: HashMap<_, _> =
            wanted.iter().copied().zip(self.source.tiles(&wanted).map_err(TreeError::Source)?).collect();
        let rows = wanted.into_iter().filter(|id| id.level.is_none());
        Ok(rows.map(move |id| {
            let tile = given.remove(&TileId::hashes(0, id.index, id.width)).flatten();
            let hashes = match id.width {
                TILE_WIDTH => self.checked(0, id.index, tile)?,
                _ => self.edge.levels().first().cloned().unwrap_or_default(),
            };
            let bundle = whole(self.source, id, given.remove(&id).flatten())?;
            check_bundle(id, &bundle, &hashes)?;
            Ok(Row { index: id.index, width: id.width, hashes, bundle })
        }))
    }

    /// The full tile, from what was given, after checking it against the hash of it one level up.
    fn checked(
        &self,
        level: u32,
        index: u64,
        given: Option<Vec<u8>>,
    ) -> Result<Vec<Sha256>, TreeError<S::Error>> {
        let id = TileId::hashes(level, index, TILE_WIDTH);
        let tile = hashes(id, &given.ok_or(Fault::Missing(id))?)?;
        let above = self.tile(level + 1, index / TILE_WIDTH)?;
        match above.get((index % TILE_WIDTH) as usize) == Some(&complete(&tile)) {
            true => Ok(tile),
            false => Err(Fault::Tile(id, "its hashes are not those that the signed root covers").into()),
        }
    }

    /// The hashes of a tile of the tree, full or at the edge.
    ///
    /// # Errors
    /// [`Fault::Missing`] or [`Fault::Tile`], of it or of one above it; [`Fault::Root`] for one that is
    /// not in the tree; or the source.
    pub fn tile(&self, level: u32, index: u64) -> Result<Vec<Sha256>, TreeError<S::Error>> {
        let count = self.size().checked_shr(8 * level).unwrap_or(0);
        if index == count / TILE_WIDTH {
            let edge = self.edge.levels().get(level as usize);
            return edge.cloned().ok_or_else(|| Fault::Root(self.size()).into());
        }
        if index > count / TILE_WIDTH {
            return Err(Fault::Root(self.size()).into());
        }
        if let Some((known, tile)) = self.full.borrow().get(&level)
            && *known == index
        {
            return Ok(tile.clone());
        }
        let id = TileId::hashes(level, index, TILE_WIDTH);
        let given = self.source.tiles(&[id]).map_err(TreeError::Source)?.pop().flatten();
        let tile = self.checked(level, index, given)?;
        self.full.borrow_mut().insert(level, (index, tile.clone()));
        Ok(tile)
    }
}

impl<S: TileSource> Nodes for Tree<'_, S> {
    type Error = TreeError<S::Error>;

    fn node(&self, level: u32, index: u64) -> Result<Sha256, Self::Error> {
        let (tile_level, inside) = (level / 8, level % 8);
        let outside = || Fault::Root(self.size());
        let first = index.checked_shl(inside).filter(|first| first >> inside == index).ok_or_else(outside)?;
        let tile = self.tile(tile_level, first / TILE_WIDTH)?;
        let start = (first % TILE_WIDTH) as usize;
        Ok(complete(tile.get(start..start + (1 << inside)).ok_or_else(outside)?))
    }
}

/// What was given, or the beginning of the full tile for an unfinished one that was replaced by it.
fn whole<S: TileSource>(
    source: &S,
    id: TileId,
    given: Option<Vec<u8>>,
) -> Result<Vec<u8>, TreeError<S::Error>> {
    if let Some(bytes) = given {
        return Ok(bytes);
    }
    if id.width == TILE_WIDTH {
        return Err(Fault::Missing(id).into());
    }
    let full = TileId { width: TILE_WIDTH, ..id };
    let mut bytes = source.tiles(&[full]).map_err(TreeError::Source)?.pop().flatten();
    if let (Some(bytes), Some(_)) = (&mut bytes, id.level) {
        bytes.truncate(id.most_bytes() as usize);
    }
    bytes.ok_or_else(|| Fault::Missing(id).into())
}

fn hashes(id: TileId, bytes: &[u8]) -> Result<Vec<Sha256>, Fault> {
    let (hashes, rest) = bytes.as_chunks::<32>();
    match hashes.len() as u64 == id.width && rest.is_empty() {
        true => Ok(hashes.iter().map(|hash| Sha256(*hash)).collect()),
        false => Err(Fault::Tile(id, "it has another length")),
    }
}

fn check_bundle(id: TileId, bundle: &[u8], hashes: &[Sha256]) -> Result<(), Fault> {
    let entries = unpack_entries(bundle).map_err(|_| Fault::Tile(id, "it is cut short or malformed"))?;
    // A full bundle may stand in for an unfinished one, never the other way round.
    if entries.len() != hashes.len() && (id.width == TILE_WIDTH || entries.len() < hashes.len()) {
        return Err(Fault::Tile(id, "it has another number of entries"));
    }
    match entries.iter().zip(hashes).all(|(entry, hash)| leaf_hash(entry) == *hash) {
        true => Ok(()),
        false => Err(Fault::Tile(id, "its entries are not those that the signed root covers")),
    }
}
