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

    /// Reads a path as [`Self::path`] writes it; nothing else is one.
    pub fn parse(path: &str) -> Option<Self> {
        let (level, rest) = path.strip_prefix("tile/")?.split_once('/')?;
        let level = if level == "entries" { None } else { Some(level.parse().ok().filter(|l| *l < 64)?) };
        let (number, width) = match rest.split_once(".p/") {
            Some((number, width)) => (number, width.parse().ok().filter(|w| (1..TILE_WIDTH).contains(w))?),
            None => (rest, TILE_WIDTH),
        };
        // A 64-bit number has at most seven groups of three digits.
        let groups = number.split('/').take(8).map(|group| group.trim_start_matches('x').parse::<u16>().ok());
        let index = groups
            .collect::<Option<Vec<_>>>()?
            .into_iter()
            .try_fold(0_u64, |index, group| index.checked_mul(1000)?.checked_add(u64::from(group)))?;
        let tile = Self { level, index, width };
        // Leading zeros, signs and misplaced marks all give another path.
        (tile.path().to_str() == Some(path)).then_some(tile)
    }

    /// Whether a tree of `size` leaves has it, in whole.
    pub fn is_in(&self, size: u64) -> bool {
        let count = size.checked_shr(8 * self.level.unwrap_or(0)).unwrap_or(0);
        let end = self.index.checked_mul(TILE_WIDTH).and_then(|start| start.checked_add(self.width));
        end.is_some_and(|end| end <= count)
    }

    /// Largest number of bytes it can have.
    pub fn most_bytes(&self) -> u64 {
        match self.level {
            Some(_) => self.width * 32,
            None => self.width * (2 + u64::from(u16::MAX)),
        }
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

    #[test]
    fn only_the_one_path_of_a_tile_is_read() {
        for tile in [
            TileId::hashes(0, 1_234_067, 256),
            TileId::entries(0, 255),
            TileId::hashes(63, u64::MAX, 1),
            TileId::entries(1_000_000, 256),
        ] {
            assert_eq!(TileId::parse(tile.path().to_str().unwrap()), Some(tile));
        }
        for wrong in [
            "tile/0/1",
            "tile/00/001",
            "tile/64/001",
            "tile/0/x000/001",
            "tile/0/001/x002",
            "tile/0/0001",
            "tile/0/001.p/0",
            "tile/0/001.p/256",
            "tile/0/001.p/07",
            "tile/0/001.p/1/2",
            "tile/0/+01",
            "tile/entries/../0/001",
            "tile/0/001/",
            "/tile/0/001",
            "checkpoint",
            "tile/0/x999/x999/x999/x999/x999/x999/x999/999",
        ] {
            assert_eq!(TileId::parse(wrong), None, "{wrong}");
        }
        assert!(TileId::hashes(1, 0, 2).is_in(512) && !TileId::hashes(1, 0, 2).is_in(511));
        assert!(!TileId::hashes(0, u64::MAX, 256).is_in(u64::MAX));
    }

    proptest::proptest! {
        #[test]
        fn bundles_round_trip(entries in proptest::collection::vec(proptest::collection::vec(0u8.., 0..40), 0..20)) {
            let mut bundle = Vec::new();
            entries.iter().for_each(|entry| pack_entry(&mut bundle, entry).unwrap());
            proptest::prop_assert_eq!(unpack_entries(&bundle).unwrap(), entries);
        }

        #[test]
        fn arbitrary_bundles_never_panic(bytes: Vec<u8>, path: String, part in "[x0-9/.p]{0,30}") {
            let _ = unpack_entries(&bytes);
            let _ = TileId::parse(&path);
            let _ = TileId::parse(&format!("tile/0/{part}"));
        }
    }
}
