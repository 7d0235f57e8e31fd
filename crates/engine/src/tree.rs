//! The snapshot as the checks see it: what was scanned is what was built, byte for byte, whatever
//! happens to the folder meanwhile.

use std::{collections::BTreeMap, io};

use model::Digest;
use pipeline::Globs;
use runner::{Cas, Folder, tree::Entry};

/// Files of a snapshot, read from the content-addressed store.
pub struct SnapshotTree<'a> {
    cas: &'a Cas,
    files: BTreeMap<String, Digest>,
    paths: Vec<String>,
    left_out: Vec<String>,
}

impl<'a> SnapshotTree<'a> {
    /// The files of `folder` but for those that `exclude` matches.
    pub fn new(cas: &'a Cas, folder: &Folder, exclude: &Globs) -> Self {
        let mut files = BTreeMap::new();
        let mut left_out = Vec::new();
        folder.walk(&mut |path, entry| match entry {
            Entry::File { .. } if exclude.matches(path) => left_out.push(path.to_owned()),
            Entry::File { digest, .. } => drop(files.insert(path.to_owned(), *digest)),
            _ => {}
        });
        let paths = files.keys().cloned().collect();
        Self { cas, files, paths, left_out }
    }

    /// Files that are in the snapshot and that no check sees.
    pub fn left_out(&self) -> &[String] {
        &self.left_out
    }

    /// A file's text, at most `limit` bytes; `None` when it is not there or larger.
    pub fn bytes(&self, path: &str, limit: u64) -> io::Result<Option<Vec<u8>>> {
        let Some(digest) = self.files.get(path) else { return Err(io::ErrorKind::NotFound.into()) };
        if digest.size > limit {
            return Ok(None);
        }
        self.cas.get(digest, limit).map(Some).map_err(io::Error::other)
    }
}

impl checks::SourceTree for SnapshotTree<'_> {
    fn paths(&self) -> &[String] {
        &self.paths
    }

    fn read(&self, path: &str, limit: u64) -> Result<Vec<u8>, checks::ReadError> {
        match self.bytes(path, limit) {
            Ok(Some(bytes)) => Ok(bytes),
            Ok(None) => Err(checks::ReadError::TooLarge { limit }),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Err(checks::ReadError::NotFound),
            Err(error) => Err(checks::ReadError::Io(error)),
        }
    }
}

impl sast::SourceFiles for SnapshotTree<'_> {
    fn paths(&self) -> io::Result<Vec<String>> {
        Ok(self.paths.clone())
    }

    fn read(&self, path: &str, limit: u64) -> io::Result<Option<Vec<u8>>> {
        self.bytes(path, limit)
    }
}

impl findings::SourceTree for SnapshotTree<'_> {
    fn read(&self, path: &str) -> Option<Vec<u8>> {
        self.bytes(path, 4 << 20).ok().flatten()
    }

    fn has(&self, path: &str) -> bool {
        self.files.contains_key(path)
    }
}
