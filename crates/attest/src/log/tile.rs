//! Tiles and entry bundles of C2SP tlog-tiles: names and bytes.

use std::path::PathBuf;

/// Hashes (or entries) in a full tile: height 8.
pub const TILE_WIDTH: u64 = 256;

/// Which tile: of hashes at `8 * level`, or (`level` absent) the bundle of the entries themselves.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct TileId {
    /// Tile level; `None` for an entry bundle.
    pub level: Option<u32>,
    /// Number from the left.
    pub index: u64,
    /// Hashes or entries inside, 1 to 256.
    pub width: u64,
}

impl TileId {
    /// The tile of hashes.
    pub fn hashes(level: u32, index: u64, width: u64) -> Self {
        Self { level: Some(level), index, width }
    }

    /// The bundle of entries.
    pub fn entries(index: u64, width: u64) -> Self {
        Self { level: None, index, width }
    }

    /// Path under the root of the log, e.g. `tile/0/x001/067.p/12`.
    pub fn path(&self) -> PathBuf {
        let level = self.level.map_or_else(|| "entries".to_owned(), |level| level.to_string());
        let mut path = PathBuf::from("tile").join(level);
        let mut groups = vec![format!("{:03}", self.index % 1000)];
        let mut rest = self.index / 1000;
        while rest > 0 {
            groups.push(format!("x{:03}", rest % 1000));
            rest /= 1000;
        }
        path.extend(groups.iter().rev());
        if self.width < TILE_WIDTH {
            path.as_mut_os_string().push(".p");
            path.push(self.width.to_string());
        }
        path
    }
}

/// An entry bundle was cut short or has an entry too many.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not a well-formed entry bundle")]
pub struct BundleError;

/// Appends one entry (at most 65,535 bytes) to a bundle: 16-bit big-endian length, then the bytes.
///
/// # Errors
/// The entry is too long.
pub fn pack_entry(bundle: &mut Vec<u8>, entry: &[u8]) -> Result<(), BundleError> {
    let length = u16::try_from(entry.len()).map_err(|_| BundleError)?;
    bundle.extend_from_slice(&length.to_be_bytes());
    bundle.extend_from_slice(entry);
    Ok(())
}

/// The entries of a bundle, at most 256.
///
/// # Errors
/// Cut short, or more than 256.
pub fn unpack_entries(mut bundle: &[u8]) -> Result<Vec<&[u8]>, BundleError> {
    let mut entries = Vec::new();
    while !bundle.is_empty() {
        let (length, rest) = bundle.split_first_chunk().ok_or(BundleError)?;
        let length = usize::from(u16::from_be_bytes(*length));
        let (entry, rest) = rest.split_at_checked(length).ok_or(BundleError)?;
        entries.push(entry);
        bundle = rest;
        if entries.len() as u64 > TILE_WIDTH {
            return Err(BundleError);
        }
    }
    Ok(entries)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_those_of_the_specification() {
        let path = |tile: TileId| tile.path().to_str().unwrap().to_owned();
        assert_eq!(path(TileId::hashes(0, 1_234_067, 256)), "tile/0/x001/x234/067");
        assert_eq!(path(TileId::hashes(1, 0, 8)), "tile/1/000.p/8");
        assert_eq!(path(TileId::entries(1067, 1)), "tile/entries/x001/067.p/1");
    }

    proptest::proptest! {
        #[test]
        fn bundles_round_trip(entries in proptest::collection::vec(proptest::collection::vec(0u8.., 0..40), 0..20)) {
            let mut bundle = Vec::new();
            entries.iter().for_each(|entry| pack_entry(&mut bundle, entry).unwrap());
            proptest::prop_assert_eq!(unpack_entries(&bundle).unwrap(), entries);
        }

        #[test]
        fn arbitrary_bundles_never_panic(bytes: Vec<u8>) {
            let _ = unpack_entries(&bytes);
        }
    }
}
