//! A source tree on disk: the only file through which the checks read a project.

use std::{
    fs::{self, File},
    io::Read,
    path::{Path, PathBuf},
};

use crate::tree::{ReadError, SourceTree};

/// Folders that hold no source of the project: version control and installed dependencies.
const NOT_SOURCE: &[&str] =
    &[".git", ".hg", ".svn", "node_modules", "target", ".venv", "__pycache__", ".tox"];
/// Most files that [`FolderTree::walk`] lists.
const MOST_FILES: usize = 1_000_000;
/// Deepest folder that [`FolderTree::walk`] enters.
const DEEPEST: usize = 64;

/// A folder and the paths in it that belong to the tree.
#[derive(Clone, Debug)]
pub struct FolderTree {
    root: PathBuf,
    paths: Vec<String>,
    left_out: Vec<String>,
}

impl FolderTree {
    /// The tree of exactly these relative paths (for example, what git tracks) under `root`.
    pub fn new(root: impl Into<PathBuf>, paths: impl IntoIterator<Item = String>) -> Self {
        let mut paths: Vec<String> = paths.into_iter().collect();
        paths.sort_unstable();
        paths.dedup();
        Self { root: root.into(), paths, left_out: Vec::new() }
    }

    /// Every regular file under `root`, without version-control and dependency folders. Links are not
    /// followed. Names that are not UTF-8 are left out and told by [`FolderTree::left_out`].
    ///
    /// # Errors
    /// When `root` cannot be listed. A folder below it that cannot be listed is left out and told.
    pub fn walk(root: impl Into<PathBuf>) -> std::io::Result<Self> {
        let mut tree = Self { root: root.into(), paths: Vec::new(), left_out: Vec::new() };
        fs::read_dir(&tree.root)?;
        let root = tree.root.clone();
        tree.descend(&root, "", 0);
        tree.paths.sort_unstable();
        Ok(tree)
    }

    /// What [`FolderTree::walk`] could not list, in readable form.
    pub fn left_out(&self) -> &[String] {
        &self.left_out
    }

    fn descend(&mut self, folder: &Path, prefix: &str, depth: usize) {
        let Ok(entries) = fs::read_dir(folder) else {
            return self.left_out.push(format!("{prefix} (cannot be listed)"));
        };
        for entry in entries.flatten() {
            let name = entry.file_name();
            let Some(name) = name.to_str() else {
                self.left_out.push(format!("{prefix}{} (name is not UTF-8)", name.to_string_lossy()));
                continue;
            };
            let Ok(kind) = entry.file_type() else { continue };
            if kind.is_dir() && !NOT_SOURCE.contains(&name) {
                let below = format!("{prefix}{name}/");
                match depth < DEEPEST {
                    true => self.descend(&entry.path(), &below, depth + 1),
                    false => self.left_out.push(format!("{below} (too deep)")),
                }
            } else if kind.is_file() && self.paths.len() < MOST_FILES {
                self.paths.push(format!("{prefix}{name}"));
            }
        }
    }
}

impl SourceTree for FolderTree {
    fn paths(&self) -> &[String] {
        &self.paths
    }

    fn read(&self, path: &str, limit: u64) -> Result<Vec<u8>, ReadError> {
        if self.paths.binary_search_by(|known| known.as_str().cmp(path)).is_err() {
            return Err(ReadError::NotFound);
        }
        let file = self.root.join(path);
        // A link could lead out of the tree, and a pipe would block: only regular files are opened.
        let known = fs::symlink_metadata(&file)?;
        if !known.is_file() {
            return Err(ReadError::NotFound);
        }
        if known.len() > limit {
            return Err(ReadError::TooLarge { limit });
        }
        let mut bytes = Vec::with_capacity(usize::try_from(known.len()).unwrap_or(0));
        File::open(file)?.take(limit.saturating_add(1)).read_to_end(&mut bytes)?;
        if bytes.len() as u64 > limit {
            return Err(ReadError::TooLarge { limit });
        }
        Ok(bytes)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_is_walked_without_links_and_dependencies() {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path();
        fs::create_dir_all(root.join("src")).unwrap();
        fs::create_dir_all(root.join("node_modules/x")).unwrap();
        fs::write(root.join("src/a.py"), "a").unwrap();
        fs::write(root.join("node_modules/x/index.js"), "a").unwrap();
        std::os::unix::fs::symlink("/etc/passwd", root.join("leak")).unwrap();
        let tree = FolderTree::walk(root).unwrap();
        assert_eq!(tree.paths(), ["src/a.py"]);
        assert_eq!(tree.read("src/a.py", 10).unwrap(), b"a");

        let told = FolderTree::new(root, ["leak".to_owned()]);
        assert!(matches!(told.read("leak", 10), Err(ReadError::NotFound)));
        assert!(matches!(told.read("src/a.py", 10), Err(ReadError::NotFound)));
    }
}
