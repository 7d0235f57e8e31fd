//! The right edge of a growing tree: the hashes of the last, unfinished tile of each level.
//!
//! It is all that is needed to add leaves, to write the tiles that change and to compute the root,
//! and it is exactly what the unfinished tiles on disk hold, so no other state is kept.

use model::Sha256;

use super::{TILE_WIDTH, empty_root, node_hash};

/// A tile that became full while leaves were added.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FullTile {
    /// Tile level.
    pub level: u32,
    /// Number from the left.
    pub index: u64,
    /// Its 256 hashes.
    pub hashes: Vec<Sha256>,
}

/// The right edge of a tree of some size.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Edge {
    size: u64,
    levels: Vec<Vec<Sha256>>,
}

impl Edge {
    /// The edge of a tree of `size` leaves from its unfinished tiles: `levels[L]` holds
    /// `(size >> 8L) % 256` hashes. `None` when the counts do not fit.
    pub fn from_tiles(size: u64, levels: Vec<Vec<Sha256>>) -> Option<Self> {
        let fits = |(level, hashes): (u32, &Vec<Sha256>)| hashes.len() as u64 == Self::width(size, level);
        let enough = levels.len() == Self::depth(size) as usize;
        (enough && (0..).zip(&levels).all(fits)).then_some(Self { size, levels })
    }

    /// Tile levels that a tree of `size` leaves has.
    pub fn depth(size: u64) -> u32 {
        (64 - size.leading_zeros()).div_ceil(8)
    }

    /// Hashes in the unfinished tile of `level`; 0 when the last one is full or none was begun.
    pub fn width(size: u64, level: u32) -> u64 {
        size.checked_shr(8 * level).unwrap_or(0) % TILE_WIDTH
    }

    /// Leaves in the tree.
    pub fn size(&self) -> u64 {
        self.size
    }

    /// The unfinished tile of each level, lowest first; some may be empty.
    pub fn levels(&self) -> &[Vec<Sha256>] {
        &self.levels
    }

    /// Adds a leaf hash; tiles that become full are handed to `full`, lower levels first.
    pub fn push(&mut self, leaf: Sha256, mut full: impl FnMut(FullTile)) {
        self.size += 1;
        let mut hash = leaf;
        for level in 0.. {
            if self.levels.len() == level as usize {
                self.levels.push(Vec::new());
            }
            let hashes = &mut self.levels[level as usize];
            hashes.push(hash);
            if (hashes.len() as u64) < TILE_WIDTH {
                return;
            }
            let hashes = std::mem::take(hashes);
            hash = complete(&hashes);
            full(FullTile { level, index: (self.size >> (8 * (level + 1))) - 1, hashes });
        }
    }

    /// Root of the tree (RFC 6962).
    pub fn root(&self) -> Sha256 {
        let mut root = None;
        for hashes in &self.levels {
            let mut end = hashes.len();
            // Groups of a power of two, the smallest and right-most first.
            while end > 0 {
                let group = 1 << end.trailing_zeros();
                let hash = complete(&hashes[end - group..end]);
                root = Some(root.map_or(hash, |right| node_hash(&hash, &right)));
                end -= group;
            }
        }
        root.unwrap_or_else(empty_root)
    }
}

/// Root over a power of two of hashes.
pub(crate) fn complete(hashes: &[Sha256]) -> Sha256 {
    let mut row = hashes.to_vec();
    while row.len() > 1 {
        row = row.chunks_exact(2).map(|pair| node_hash(&pair[0], &pair[1])).collect();
    }
    row.first().copied().unwrap_or_else(empty_root)
}
