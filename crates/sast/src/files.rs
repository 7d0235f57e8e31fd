//! Where source comes from: a port, so that a scan can read a folder, a git tree or memory.

use std::{collections::BTreeMap, io};

/// A read-only tree of files. Implementations give paths relative to the repository root, with `/`.
pub trait SourceFiles: Sync {
    /// All files (not folders, not links), in any order.
    ///
    /// # Errors
    /// When the tree cannot be listed.
    fn paths(&self) -> io::Result<Vec<String>>;

    /// The content of one file, or `None` when it has more than `limit` bytes.
    ///
    /// # Errors
    /// When the file cannot be read.
    fn read(&self, path: &str, limit: u64) -> io::Result<Option<Vec<u8>>>;
}

/// What a scan leaves out.
#[derive(Clone, Debug)]
pub struct Options {
    /// Globs over whole paths, e.g. `vendor/**`. What they match is counted as skipped.
    pub exclude: Vec<String>,
}

impl Default for Options {
    /// Leaves out installed dependencies, which belong to the component scan.
    fn default() -> Self {
        Self { exclude: vec!["**/node_modules/**".into(), "**/site-packages/**".into()] }
    }
}

/// Files in memory, for tests and for code that is not on a disk.
#[derive(Clone, Debug, Default)]
pub struct MemoryFiles(pub BTreeMap<String, Vec<u8>>);

impl SourceFiles for MemoryFiles {
    fn paths(&self) -> io::Result<Vec<String>> {
        Ok(self.0.keys().cloned().collect())
    }

    fn read(&self, path: &str, limit: u64) -> io::Result<Option<Vec<u8>>> {
        let bytes = self.0.get(path).ok_or(io::ErrorKind::NotFound)?;
        Ok((bytes.len() as u64 <= limit).then(|| bytes.clone()))
    }
}
