//! The tree a check looks at: relative paths and a bounded way to read each of them.

use std::collections::BTreeMap;

/// Why a file could not be read.
#[derive(Debug, thiserror::Error)]
pub enum ReadError {
    /// The file is larger than the caller accepts.
    #[error("larger than {limit} bytes")]
    TooLarge {
        /// The most bytes the caller accepted.
        limit: u64,
    },
    /// There is no such file, or it is not a regular file.
    #[error("not a regular file")]
    NotFound,
    /// The operating system refused.
    #[error("cannot be read: {0}")]
    Io(#[from] std::io::Error),
}

/// A source tree: what the checks look at. Paths are relative UTF-8 with `/` between components.
pub trait SourceTree {
    /// All files, sorted. Links and special files are not listed.
    fn paths(&self) -> &[String];

    /// The content of one file.
    ///
    /// # Errors
    /// [`ReadError::TooLarge`] when it has more than `limit` bytes (nothing is returned in part), or
    /// another [`ReadError`].
    fn read(&self, path: &str, limit: u64) -> Result<Vec<u8>, ReadError>;
}

/// A tree in memory: a snapshot that is already loaded, and the tests' way to say "given these files".
#[derive(Clone, Debug, Default)]
pub struct MemoryTree {
    paths: Vec<String>,
    files: BTreeMap<String, Vec<u8>>,
}

impl MemoryTree {
    /// A tree of these files.
    pub fn new<P: Into<String>, B: Into<Vec<u8>>>(files: impl IntoIterator<Item = (P, B)>) -> Self {
        let files: BTreeMap<_, _> = files.into_iter().map(|(p, b)| (p.into(), b.into())).collect();
        Self { paths: files.keys().cloned().collect(), files }
    }
}

impl SourceTree for MemoryTree {
    fn paths(&self) -> &[String] {
        &self.paths
    }

    fn read(&self, path: &str, limit: u64) -> Result<Vec<u8>, ReadError> {
        let bytes = self.files.get(path).ok_or(ReadError::NotFound)?;
        if bytes.len() as u64 > limit {
            return Err(ReadError::TooLarge { limit });
        }
        Ok(bytes.clone())
    }
}

/// The last component of a path.
pub(crate) fn file_name(path: &str) -> &str {
    path.rsplit('/').next().unwrap_or(path)
}

/// The folder of a path, empty for the root.
pub(crate) fn folder_of(path: &str) -> &str {
    path.rfind('/').map_or("", |slash| &path[..slash])
}

/// Resolves `relative` against the folder of `path`; `None` when it leaves the tree or is absolute.
pub(crate) fn resolve(path: &str, relative: &str) -> Option<String> {
    if relative.starts_with('/') || relative.contains("://") {
        return None;
    }
    let mut parts: Vec<&str> = folder_of(path).split('/').filter(|p| !p.is_empty()).collect();
    for part in relative.split('/') {
        match part {
            "" | "." => {}
            ".." => {
                parts.pop()?;
            }
            name => parts.push(name),
        }
    }
    Some(parts.join("/"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_resolved_inside_the_tree_only() {
        assert_eq!(resolve("a/b/c.txt", "../d.txt").as_deref(), Some("a/d.txt"));
        assert_eq!(resolve("c.txt", "./d.txt").as_deref(), Some("d.txt"));
        assert_eq!(resolve("c.txt", "../d.txt"), None);
        assert_eq!(resolve("c.txt", "/etc/passwd"), None);
    }

    #[test]
    fn reading_is_bounded() {
        let tree = MemoryTree::new([("a", "12345")]);
        assert_eq!(tree.read("a", 5).unwrap(), b"12345");
        assert!(matches!(tree.read("a", 4), Err(ReadError::TooLarge { limit: 4 })));
        assert!(matches!(tree.read("b", 4), Err(ReadError::NotFound)));
    }
}
