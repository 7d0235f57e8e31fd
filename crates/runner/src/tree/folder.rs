//! A tree in memory (names and digests, no contents): load it, change it, store it.

use std::collections::BTreeMap;

use model::{Digest, Exit, UserError};

use crate::{
    action::{
        ActionResult, check_name, check_relative,
        messages::{Directory, DirectoryNode, FileNode, SymlinkNode, Tree, encode},
    },
    cas::{Cas, CasError},
};

/// Deepest nesting of folders.
const MAX_DEPTH: usize = 256;
/// Most entries of a tree in memory.
const MAX_ENTRIES: usize = 2_000_000;

/// Why trees cannot be combined.
#[derive(Debug, thiserror::Error)]
pub enum TreeError {
    /// Two things want one place.
    #[error("`{0}` is made by two sources, as a file and as a folder")]
    Conflict(String),
    /// A path that cannot be in a tree.
    #[error("the path {path:?} {why}")]
    Path {
        /// The path.
        path: String,
        /// What is wrong.
        why: crate::action::BadPath,
    },
    /// The store.
    #[error(transparent)]
    Store(#[from] CasError),
}

impl UserError for TreeError {
    fn code(&self) -> &'static str {
        match self {
            Self::Conflict(_) => "tree-conflict",
            Self::Path { .. } => "tree-bad-path",
            Self::Store(error) => error.code(),
        }
    }

    fn hint(&self) -> Option<String> {
        match self {
            Self::Conflict(_) => Some("let the steps write to different places".to_owned()),
            Self::Path { .. } => None,
            Self::Store(error) => error.hint(),
        }
    }

    fn exit(&self) -> Exit {
        match self {
            Self::Store(error) => error.exit(),
            _ => Exit::Input,
        }
    }
}

/// What is at a name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Entry {
    /// A file.
    File {
        /// Content.
        digest: Digest,
        /// Executable by its owner.
        executable: bool,
    },
    /// A link.
    Link(String),
    /// A folder.
    Folder(Folder),
}

/// A folder in memory, names sorted by their bytes.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Folder {
    entries: BTreeMap<String, Entry>,
}

impl Folder {
    /// Names and entries, sorted.
    pub fn entries(&self) -> impl Iterator<Item = (&str, &Entry)> {
        self.entries.iter().map(|(name, entry)| (name.as_str(), entry))
    }

    /// What is at a relative path.
    pub fn get(&self, path: &str) -> Option<&Entry> {
        let (first, rest) = path.split_once('/').map_or((path, None), |(a, b)| (a, Some(b)));
        match (self.entries.get(first)?, rest) {
            (entry, None) => Some(entry),
            (Entry::Folder(folder), Some(rest)) => folder.get(rest),
            _ => None,
        }
    }

    /// Puts an entry at a path, making folders on the way; a file or link there is replaced, folders
    /// are merged.
    ///
    /// # Errors
    /// [`TreeError::Path`]; [`TreeError::Conflict`] when a file is where a folder is needed or the
    /// other way round.
    pub fn insert(&mut self, path: &str, entry: Entry) -> Result<(), TreeError> {
        check_relative(path).map_err(|why| TreeError::Path { path: path.to_owned(), why })?;
        self.insert_checked(path, path, entry)
    }

    fn insert_checked(&mut self, rest: &str, whole: &str, entry: Entry) -> Result<(), TreeError> {
        let conflict = || TreeError::Conflict(whole.to_owned());
        if let Some((first, rest)) = rest.split_once('/') {
            let next = self.entries.entry(first.to_owned()).or_insert_with(|| Entry::Folder(Self::default()));
            let Entry::Folder(folder) = next else { return Err(conflict()) };
            return folder.insert_checked(rest, whole, entry);
        }
        match (self.entries.get_mut(rest), entry) {
            (Some(Entry::Folder(old)), Entry::Folder(new)) => {
                for (name, entry) in new.entries {
                    old.insert_checked(&name, &format!("{whole}/{name}"), entry)?;
                }
            }
            (Some(Entry::Folder(_)), _) | (Some(_), Entry::Folder(_)) => return Err(conflict()),
            (_, entry) => {
                self.entries.insert(rest.to_owned(), entry);
            }
        }
        Ok(())
    }

    /// Every file and link with its path, in sorted order of names.
    pub fn walk(&self, visit: &mut dyn FnMut(&str, &Entry)) {
        self.walk_below("", visit);
    }

    fn walk_below(&self, prefix: &str, visit: &mut dyn FnMut(&str, &Entry)) {
        for (name, entry) in &self.entries {
            let path = if prefix.is_empty() { name.clone() } else { format!("{prefix}/{name}") };
            match entry {
                Entry::Folder(folder) => folder.walk_below(&path, visit),
                other => visit(&path, other),
            }
        }
    }

    /// The part of the tree whose files and links `keep` accepts; folders left empty go.
    pub fn filter(&self, keep: &mut dyn FnMut(&str) -> bool) -> Self {
        self.filter_below("", keep)
    }

    fn filter_below(&self, prefix: &str, keep: &mut dyn FnMut(&str) -> bool) -> Self {
        let mut kept = Self::default();
        for (name, entry) in &self.entries {
            let path = if prefix.is_empty() { name.clone() } else { format!("{prefix}/{name}") };
            let entry = match entry {
                Entry::Folder(folder) => {
                    let inner = folder.filter_below(&path, keep);
                    if inner.entries.is_empty() && !keep(&path) {
                        continue;
                    }
                    Entry::Folder(inner)
                }
                other if keep(&path) => other.clone(),
                _ => continue,
            };
            kept.entries.insert(name.clone(), entry);
        }
        kept
    }

    /// Adds the outputs of an action at their paths.
    ///
    /// # Errors
    /// [`TreeError`].
    pub fn add_outputs(&mut self, cas: &Cas, result: &ActionResult) -> Result<(), TreeError> {
        for file in &result.output_files {
            let digest = typed(&file.digest, &file.path)?;
            self.insert(&file.path, Entry::File { digest, executable: file.is_executable })?;
        }
        for link in &result.output_symlinks {
            self.insert(&link.name, Entry::Link(link.target.clone()))?;
        }
        for directory in &result.output_directories {
            let tree_digest = typed(&directory.tree_digest, &directory.path)?;
            let tree: Tree = cas.get_message(&tree_digest)?;
            self.insert(&directory.path, Entry::Folder(Self::from_tree(&tree_digest, tree)?))?;
        }
        Ok(())
    }

    /// The folder that a Tree message describes.
    ///
    /// # Errors
    /// [`CasError::Malformed`].
    pub fn from_tree(digest: &Digest, tree: Tree) -> Result<Self, CasError> {
        let children: BTreeMap<Digest, Directory> =
            tree.children.into_iter().map(|child| (encode(&child).0, child)).collect();
        let root = tree.root.ok_or_else(|| malformed(digest, "no root"))?;
        let fetch = |wanted: &Digest| {
            children.get(wanted).cloned().ok_or_else(|| malformed(digest, "a folder is missing"))
        };
        Self::build(digest, root, &fetch, 0, &mut 0)
    }

    /// Loads a tree by its root Directory digest.
    ///
    /// # Errors
    /// [`CasError`].
    pub fn load(cas: &Cas, root: &Digest) -> Result<Self, CasError> {
        let fetch = |digest: &Digest| cas.get_message::<Directory>(digest);
        Self::build(root, fetch(root)?, &fetch, 0, &mut 0)
    }

    fn build(
        digest: &Digest,
        directory: Directory,
        fetch: &dyn Fn(&Digest) -> Result<Directory, CasError>,
        depth: usize,
        count: &mut usize,
    ) -> Result<Self, CasError> {
        let directory = checked_directory(digest, directory, depth)?;
        let mut folder = Self::default();
        *count += directory.files.len() + directory.symlinks.len() + directory.directories.len();
        if *count > MAX_ENTRIES {
            return Err(malformed(digest, "too many entries"));
        }
        for (node, digest) in directory.files {
            folder.entries.insert(node.name, Entry::File { digest, executable: node.is_executable });
        }
        for link in directory.symlinks {
            folder.entries.insert(link.name, Entry::Link(link.target));
        }
        for (name, digest) in directory.directories {
            let inner = Self::build(&digest, fetch(&digest)?, fetch, depth + 1, count)?;
            folder.entries.insert(name, Entry::Folder(inner));
        }
        Ok(folder)
    }

    /// Stores every Directory message and returns the digest of the root's.
    ///
    /// # Errors
    /// [`CasError::Io`].
    pub fn store(&self, cas: &Cas) -> Result<Digest, CasError> {
        let mut directory = Directory::default();
        for (name, entry) in &self.entries {
            let name = name.clone();
            match entry {
                Entry::File { digest, executable } => directory.files.push(FileNode {
                    name,
                    digest: Some((*digest).into()),
                    is_executable: *executable,
                }),
                Entry::Link(target) => {
                    directory.symlinks.push(SymlinkNode { name, target: target.clone() });
                }
                Entry::Folder(folder) => {
                    let digest = Some(folder.store(cas)?.into());
                    directory.directories.push(DirectoryNode { name, digest });
                }
            }
        }
        cas.put_message(&directory)
    }
}

fn malformed(digest: &Digest, why: &str) -> CasError {
    CasError::Malformed { digest: digest.hash, why: why.to_owned() }
}

fn typed(digest: &Option<crate::action::messages::Digest>, path: &str) -> Result<Digest, CasError> {
    let typed = digest.as_ref().and_then(|digest| digest.typed());
    typed.ok_or_else(|| malformed(&Digest::of(b""), &format!("output `{path}` has no digest")))
}

/// A Directory message whose names, order and digests were checked.
pub(crate) struct CheckedDirectory {
    pub(crate) files: Vec<(FileNode, Digest)>,
    pub(crate) directories: Vec<(String, Digest)>,
    pub(crate) symlinks: Vec<SymlinkNode>,
}

/// Checks that a Directory is in canonical form: single-segment names, each once, sorted, digests
/// well formed. Foreign messages could otherwise name places outside of the folder.
pub(crate) fn checked_directory(
    digest: &Digest,
    directory: Directory,
    depth: usize,
) -> Result<CheckedDirectory, CasError> {
    if depth > MAX_DEPTH {
        return Err(malformed(digest, "nested more than 256 folders deep"));
    }
    let lists = [
        directory.files.iter().map(|node| node.name.as_str()).collect::<Vec<_>>(),
        directory.directories.iter().map(|node| node.name.as_str()).collect(),
        directory.symlinks.iter().map(|node| node.name.as_str()).collect(),
    ];
    if lists.iter().any(|names| !names.is_sorted_by(|a, b| a < b)) {
        return Err(malformed(digest, "names are not sorted or not unique"));
    }
    let mut names: Vec<&str> = lists.concat();
    if let Some(bad) = names.iter().find(|name| check_name(name).is_err()) {
        return Err(malformed(digest, &format!("{bad:?} cannot be a name")));
    }
    names.sort_unstable();
    if names.windows(2).any(|pair| pair[0] == pair[1]) {
        return Err(malformed(digest, "one name is two things"));
    }
    let known = |node: &Option<crate::action::messages::Digest>| {
        node.as_ref().and_then(|node| node.typed()).ok_or_else(|| malformed(digest, "a digest is missing"))
    };
    let mut files = Vec::with_capacity(directory.files.len());
    for node in directory.files {
        let digest = known(&node.digest)?;
        files.push((node, digest));
    }
    let mut directories = Vec::with_capacity(directory.directories.len());
    for node in directory.directories {
        let digest = known(&node.digest)?;
        directories.push((node.name, digest));
    }
    Ok(CheckedDirectory { files, directories, symlinks: directory.symlinks })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file(bytes: &str) -> Entry {
        Entry::File { digest: Digest::of(bytes), executable: false }
    }

    #[test]
    fn a_tree_survives_store_and_load() {
        let dir = tempfile::tempdir().unwrap();
        let cas = Cas::open(dir.path()).unwrap();
        let mut tree = Folder::default();
        tree.insert("src/main.c", file("int main;")).unwrap();
        tree.insert("src/link", Entry::Link("main.c".into())).unwrap();
        tree.insert("empty", Entry::Folder(Folder::default())).unwrap();
        let root = tree.store(&cas).unwrap();
        assert_eq!(Folder::load(&cas, &root).unwrap(), tree);
    }

    #[test]
    fn outputs_replace_files_but_never_turn_a_folder_into_a_file() {
        let mut tree = Folder::default();
        tree.insert("out/a", file("old")).unwrap();
        tree.insert("out/a", file("new")).unwrap();
        assert_eq!(tree.get("out/a"), Some(&file("new")));
        assert_eq!(tree.insert("out", file("x")).unwrap_err().code(), "tree-conflict");
        assert_eq!(tree.insert("out/a/b", file("x")).unwrap_err().code(), "tree-conflict");
        assert_eq!(tree.insert("../up", file("x")).unwrap_err().code(), "tree-bad-path");
    }

    #[test]
    fn a_stored_folder_with_dangerous_names_is_refused() {
        let dir = tempfile::tempdir().unwrap();
        let cas = Cas::open(dir.path()).unwrap();
        for name in ["..", "a/b", "", ".", "/etc", "a\0"] {
            let node =
                FileNode { name: name.into(), digest: Some(Digest::of(b"x").into()), is_executable: true };
            let root = cas.put_message(&Directory { files: vec![node], ..Directory::default() }).unwrap();
            assert_eq!(Folder::load(&cas, &root).unwrap_err().code(), "cas-tree-malformed", "{name:?}");
        }
    }

    proptest::proptest! {
        #[test]
        fn foreign_bytes_are_an_error_not_a_panic(bytes in proptest::collection::vec(0u8.., 0..300)) {
            use prost::Message as _;
            let digest = Digest::of(&bytes);
            if let Ok(directory) = Directory::decode(&bytes[..]) {
                let _ = checked_directory(&digest, directory, 0);
            }
            if let Ok(tree) = Tree::decode(&bytes[..]) {
                let _ = Folder::from_tree(&digest, tree);
            }
        }
    }
}
