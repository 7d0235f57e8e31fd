//! The scanned source tree, as far as an import needs it: the lines around a finding.

use std::{
    fs::File,
    io::Read,
    path::{Component, Path, PathBuf},
};

/// Gives the text of files of the scanned tree, so that findings without a snippet still get an
/// identity from the code itself.
pub trait SourceTree {
    /// The content of the file at `path` (relative, `/` between components), or nothing when it
    /// is absent, not a regular file, outside the tree or larger than the tree cares to read.
    fn read(&self, path: &str) -> Option<Vec<u8>>;

    /// Whether there is a regular file at `path`.
    fn has(&self, path: &str) -> bool {
        self.read(path).is_some()
    }
}

/// A folder on disk. Symbolic links are followed only inside the folder.
#[derive(Clone, Debug)]
pub struct FolderTree {
    root: PathBuf,
    largest: u64,
}

impl FolderTree {
    /// The tree below `root`; files over `largest` bytes are not read.
    ///
    /// # Errors
    /// When `root` cannot be resolved.
    pub fn new(root: &Path, largest: u64) -> std::io::Result<Self> {
        Ok(Self { root: root.canonicalize()?, largest })
    }

    fn resolve(&self, path: &str) -> Option<PathBuf> {
        let relative = Path::new(path);
        let plain = relative.components().all(|part| matches!(part, Component::Normal(_)));
        let full = plain.then(|| self.root.join(relative).canonicalize().ok())??;
        (full.starts_with(&self.root) && full.is_file()).then_some(full)
    }
}

impl SourceTree for FolderTree {
    fn read(&self, path: &str) -> Option<Vec<u8>> {
        let file = File::open(self.resolve(path)?).ok()?;
        let mut bytes = Vec::new();
        file.take(self.largest + 1).read_to_end(&mut bytes).ok()?;
        (bytes.len() as u64 <= self.largest).then_some(bytes)
    }

    fn has(&self, path: &str) -> bool {
        self.resolve(path).is_some()
    }
}
