//! A bound on the graph: in some formats a short name stands for many purls or for a long one, so that a
//! small file could otherwise fill the memory with edges.

use super::Parsed;

/// Most edges that are kept of one file.
pub const MOST_EDGES: usize = 1_000_000;
/// Most bytes of purls in them.
const MOST_BYTES: usize = 256 << 20;

/// How many edges may still be made.
pub struct Edges {
    left: usize,
    bytes: usize,
    full: bool,
}

impl Default for Edges {
    fn default() -> Self {
        Self { left: MOST_EDGES, bytes: MOST_BYTES, full: false }
    }
}

impl Edges {
    /// The edges to `purls`, as many as there is room for; nothing is looked at beyond.
    pub fn to<P: AsRef<str> + Into<String>>(&mut self, purls: impl IntoIterator<Item = P>) -> Vec<String> {
        if self.full {
            return Vec::new();
        }
        purls.into_iter().map_while(|purl| self.fits(purl.as_ref().len()).then(|| purl.into())).collect()
    }

    fn fits(&mut self, bytes: usize) -> bool {
        self.full = self.full || self.left == 0 || self.bytes < bytes;
        if !self.full {
            self.left -= 1;
            self.bytes -= bytes;
        }
        !self.full
    }

    /// Whether edges were left out.
    pub fn full(&self) -> bool {
        self.full
    }

    /// Says so when edges were left out.
    pub fn tell(&self, parsed: &mut Parsed) {
        if self.full {
            parsed.skip("dependencies", TOO_MANY);
        }
    }
}

/// Why edges were left out.
pub const TOO_MANY: &str = "too many between its components: the rest of them is left out";
