//! Tiles on disk: reading them as tree nodes, writing those that a growing tree changes.

use std::{
    cell::RefCell,
    collections::{HashMap, hash_map::Entry},
    fs::{self, File},
    io::{self, ErrorKind, Write},
    path::{Path, PathBuf},
};

use model::Sha256;

use super::{LedgerError, journal::sync_dir};
use crate::log::{Edge, Nodes, TILE_WIDTH, TileId, complete};

/// The folder with `tile/…`.
pub struct Tiles {
    dir: PathBuf,
}

impl Tiles {
    pub fn new(ledger: &Path) -> Self {
        Self { dir: ledger.to_owned() }
    }

    pub fn path(&self, tile: TileId) -> PathBuf {
        self.dir.join(tile.path())
    }

    /// Bytes of a tile; for an unfinished one that was since replaced by the full one, its beginning
    /// (hash tiles only). `None` when neither is there.
    pub fn read(&self, tile: TileId) -> Result<Option<Vec<u8>>, LedgerError> {
        if let Some(bytes) = self.read_exactly(tile)? {
            return Ok(Some(bytes));
        }
        if tile.width == TILE_WIDTH || tile.level.is_none() {
            return Ok(None);
        }
        let full = self.read_exactly(TileId { width: TILE_WIDTH, ..tile })?;
        Ok(full.and_then(|bytes| bytes.get(..tile.width as usize * 32).map(<[u8]>::to_vec)))
    }

    /// Bytes of exactly this file.
    pub fn read_exactly(&self, tile: TileId) -> Result<Option<Vec<u8>>, LedgerError> {
        let path = self.path(tile);
        match fs::read(&path) {
            Ok(bytes) => Ok(Some(bytes)),
            // A number longer than any file name, or a full tile's name used as a folder.
            Err(error) if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory) => Ok(None),
            Err(error) => Err(LedgerError::io(&path, error)),
        }
    }

    /// Hashes of a tile; `None` when it is missing or not of the right length.
    pub fn hashes(&self, tile: TileId) -> Result<Option<Vec<Sha256>>, LedgerError> {
        let bytes = self.read(tile)?.filter(|bytes| bytes.len() as u64 == tile.width * 32);
        Ok(bytes.map(|bytes| split(&bytes)))
    }

    /// Puts a tile in place, completely or not at all; full ones survive a power cut.
    pub fn write(&self, tile: TileId, bytes: &[u8]) -> Result<(), LedgerError> {
        let (half, path) = (self.dir.join("tile.half"), self.path(tile));
        let put = || -> io::Result<()> {
            let mut file = File::create(&half)?;
            file.write_all(bytes)?;
            let full = tile.width == TILE_WIDTH;
            if full {
                file.sync_data()?;
            }
            match fs::rename(&half, &path) {
                Err(error) if error.kind() == ErrorKind::NotFound => {
                    let parent = path.parent().unwrap_or(&self.dir);
                    fs::create_dir_all(parent)?;
                    fs::rename(&half, &path)?;
                }
                other => other?,
            }
            if full { sync_dir(path.parent().unwrap_or(&self.dir)) } else { Ok(()) }
        };
        put().map_err(|error| {
            // The name is reused by the next write anyway.
            let _ = fs::remove_file(&half);
            LedgerError::io(&path, error)
        })
    }

    /// Removes the unfinished forms of a tile that is full now (C2SP tlog-tiles allows it).
    pub fn drop_partials(&self, level: Option<u32>, index: u64) {
        let mut folder = self.path(TileId { level, index, width: TILE_WIDTH });
        folder.as_mut_os_string().push(".p");
        // They are only in the way; what cannot be removed now stays without harm.
        let _ = fs::remove_dir_all(folder);
    }

    /// Removes the unfinished tiles of a tree of `size` leaves that never came to be, when the tree has
    /// `kept`: leaves that are added later are others.
    pub fn forget(&self, kept: u64, size: u64) {
        let mut gone = vec![TileId::entries(size / TILE_WIDTH, size % TILE_WIDTH)];
        for level in 0..Edge::depth(size) {
            let count = size >> (8 * level);
            if count != kept >> (8 * level) {
                gone.push(TileId::hashes(level, count / TILE_WIDTH, count % TILE_WIDTH));
            }
        }
        for tile in gone.into_iter().filter(|tile| tile.width > 0) {
            let _ = fs::remove_file(self.path(tile));
        }
    }

    /// The right edge of the tree of `size` leaves; `None` when a tile is missing.
    pub fn edge(&self, size: u64) -> Result<Option<Edge>, LedgerError> {
        let mut levels = Vec::new();
        for level in 0..Edge::depth(size) {
            let (width, index) = (Edge::width(size, level), (size >> (8 * level)) / TILE_WIDTH);
            let hashes = match width {
                0 => Some(Vec::new()),
                _ => self.hashes(TileId::hashes(level, index, width))?,
            };
            let Some(hashes) = hashes else { return Ok(None) };
            levels.push(hashes);
        }
        Ok(Edge::from_tiles(size, levels))
    }

    /// The nodes of the tree of `size` leaves.
    pub fn nodes(&self, size: u64) -> TileNodes<'_> {
        TileNodes { tiles: self, size, cache: RefCell::default() }
    }
}

/// Nodes of a tree of fixed size, read from tiles and kept.
pub struct TileNodes<'a> {
    tiles: &'a Tiles,
    size: u64,
    cache: RefCell<HashMap<(u32, u64), Vec<Sha256>>>,
}

impl TileNodes<'_> {
    fn load(&self, level: u32, tile: u64) -> Result<Vec<Sha256>, LedgerError> {
        let width = ((self.size >> (8 * level)) - tile * TILE_WIDTH).min(TILE_WIDTH);
        let id = TileId::hashes(level, tile, width);
        let what = || id.path().display().to_string();
        let hashes = self.tiles.hashes(id)?;
        hashes.ok_or_else(|| LedgerError::damaged(what(), "it is missing or has another length"))
    }
}

impl Nodes for TileNodes<'_> {
    type Error = LedgerError;

    fn node(&self, level: u32, index: u64) -> Result<Sha256, LedgerError> {
        let (tile_level, inside) = (level / 8, level % 8);
        let first = index << inside;
        let (tile, start) = (first / TILE_WIDTH, (first % TILE_WIDTH) as usize);
        let mut cache = self.cache.borrow_mut();
        let hashes = match cache.entry((tile_level, tile)) {
            Entry::Occupied(known) => known.into_mut(),
            Entry::Vacant(place) => place.insert(self.load(tile_level, tile)?),
        };
        let row = hashes.get(start..start + (1 << inside));
        let row = row.ok_or_else(|| LedgerError::damaged("the tiles", "a node outside the tree"))?;
        Ok(complete(row))
    }
}

/// Hashes of tile bytes.
pub fn split(bytes: &[u8]) -> Vec<Sha256> {
    bytes.as_chunks::<32>().0.iter().map(|hash| Sha256(*hash)).collect()
}

/// Tile bytes of hashes.
pub fn join(hashes: &[Sha256]) -> Vec<u8> {
    hashes.iter().flat_map(|hash| hash.0).collect()
}
