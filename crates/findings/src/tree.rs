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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{ImportOptions, adapters::tests::read_with};
    use model::{Place, identity::context};

    #[test]
    fn only_regular_files_inside_the_folder_are_read() {
        let (outside, folder) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        std::fs::write(outside.path().join("secret"), "s").unwrap();
        std::fs::write(folder.path().join("a.txt"), "0123456789").unwrap();
        std::os::unix::fs::symlink(outside.path().join("secret"), folder.path().join("link")).unwrap();
        let tree = FolderTree::new(folder.path(), 10).unwrap();
        assert_eq!(tree.read("a.txt").as_deref(), Some(b"0123456789".as_slice()));
        assert_eq!(FolderTree::new(folder.path(), 9).unwrap().read("a.txt"), None);
        for path in ["link", "../secret", "/etc/passwd", "", "gone"] {
            assert!(!tree.has(path) && tree.read(path).is_none(), "{path}");
        }
    }

    #[test]
    fn a_path_of_another_machine_is_found_by_its_tail() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::create_dir(folder.path().join("app")).unwrap();
        std::fs::write(folder.path().join("app/Dockerfile"), "FROM debian:latest\n").unwrap();
        let tree = FolderTree::new(folder.path(), 1 << 20).unwrap();
        let options = ImportOptions { source: Some(&tree), ..ImportOptions::default() };
        let report = r#"[{"code":"DL3007","file":"/home/ci/checkout/app/Dockerfile","level":"warning","line":1,
            "message":"m"}]"#;
        let (findings, _) = read_with("hadolint", report, &options);
        let Place::Code { path, context: code, .. } = &findings[0].place else { panic!() };
        assert_eq!((path.as_str(), *code), ("app/Dockerfile", Some(context("FROM debian:latest"))));
    }
}
