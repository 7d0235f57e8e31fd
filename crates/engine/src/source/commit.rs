//! Whether what is built is exactly its commit: paths, modes and contents, compared here.
//!
//! Git is only asked to hand over objects, and each is checked against its name. What the index, the
//! attributes or the configuration say about the files on disk is not looked at.

use std::{
    collections::BTreeMap,
    path::{Component, Path},
};

use model::Problem;
use runner::{
    Cas, Snapshot,
    action::check_name,
    tree::{Entry, ObjectId},
};

use super::{
    MOST_FILES, Source,
    git::{Git, top},
    in_git,
    objects::Objects,
};

/// Largest file whose line ends are compared.
const LARGEST_TEXT: u64 = 16 << 20;
/// Longest path in a tree.
const LONGEST_PATH: usize = 4096;

/// What a commit has at a path.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    File { executable: bool },
    Link,
    Folder,
    Submodule,
}

type Committed = BTreeMap<String, (Kind, ObjectId)>;

/// Whether the snapshot has anything that the source's commit has not, or lacks anything of it.
///
/// # Errors
/// The commit cannot be read, or an object of it is not what its name says.
pub fn differs(source: &Source, snapshot: &Snapshot, cas: &Cas) -> Result<bool, Problem> {
    let Some(commit) = source.commit.as_deref().and_then(ObjectId::parse) else {
        return Ok(in_git(&source.root) && snapshot.files > 0);
    };
    let Some(mut committed) = listed(&source.root, &commit)? else { return Ok(true) };
    let mut same = true;
    snapshot.folder.walk(&mut |path, entry| {
        let expected = committed.remove(path);
        same = same && expected.is_some_and(|expected| is(path, entry, expected, snapshot, cas));
    });
    // A submodule is not part of the source, but must be at the commit that is named here.
    let left_out = snapshot.skipped.iter().all(|skipped| committed.contains_key(&skipped.what));
    Ok(!same || !left_out || committed.iter().any(|(path, at)| moved(&source.root.join(path), *at)))
}

/// Whether a file or link is what the commit has at its path.
fn is(path: &str, entry: &Entry, (kind, id): (Kind, ObjectId), snapshot: &Snapshot, cas: &Cas) -> bool {
    let named = |content: &[u8]| id.format().name("blob", content) == Some(id);
    match entry {
        Entry::File { digest, executable } => {
            kind == Kind::File { executable: *executable }
                && (snapshot.blobs.get(path) == Some(&id)
                    || named(pointer(digest).as_bytes())
                    || cas.get(digest, LARGEST_TEXT).is_ok_and(|text| unix(&text).is_some_and(|t| named(&t))))
        }
        Entry::Link(target) => kind == Kind::Link && named(target.as_bytes()),
        Entry::Folder(_) => false,
    }
}

/// What Git LFS commits in place of a file.
fn pointer(digest: &model::Digest) -> String {
    format!("version https://git-lfs.github.com/spec/v1\noid sha256:{}\nsize {}\n", digest.hash, digest.size)
}

/// A text whose every line ends with CRLF, as a checkout with `eol=crlf` writes it, with LF in its place.
fn unix(text: &[u8]) -> Option<Vec<u8>> {
    let mut lines = text.split_inclusive(|byte| *byte == b'\n').peekable();
    let mut all = Vec::with_capacity(text.len());
    lines.peek()?;
    for line in lines {
        match (line.strip_suffix(b"\r\n"), line.ends_with(b"\n")) {
            (Some(line), _) => all.extend([line, b"\n"].concat()),
            (None, true) => return None,
            (None, false) => all.extend(line),
        }
    }
    Some(all)
}

/// Whether what is left of the commit is not in its place. A submodule that was never fetched is.
fn moved(folder: &Path, (kind, id): (Kind, ObjectId)) -> bool {
    if kind != Kind::Submodule || !folder.symlink_metadata().is_ok_and(|meta| meta.is_dir()) {
        return true;
    }
    let head = || Git::at(folder).head();
    folder.join(".git").exists() && head().as_deref().and_then(ObjectId::parse) != Some(id)
}

/// Every file, link and submodule of the commit below `root`. `None`: it has something that no folder can.
fn listed(root: &Path, commit: &ObjectId) -> Result<Option<Committed>, Problem> {
    let mut objects = Objects::open(root)?;
    let mut tree = objects.tree_of(commit)?;
    let within = top(root).and_then(|top| root.strip_prefix(top).ok()).unwrap_or(Path::new(""));
    for part in within.components().filter(|part| matches!(part, Component::Normal(_))) {
        let name = part.as_os_str().to_str();
        let inside = entries(&objects.read(&tree, "tree")?, &tree).unwrap_or_default();
        match inside.into_iter().find(|(at, kind, _)| *kind == Kind::Folder && Some(at.as_str()) == name) {
            Some((_, _, id)) => tree = id,
            None => return Ok(None),
        }
    }
    below(&mut objects, tree)
}

fn below(objects: &mut Objects, tree: ObjectId) -> Result<Option<Committed>, Problem> {
    let (mut all, mut folders, mut seen) = (Committed::new(), vec![(String::new(), tree)], 0);
    while let Some((folder, tree)) = folders.pop() {
        let Some(inside) = entries(&objects.read(&tree, "tree")?, &tree) else { return Ok(None) };
        seen += inside.len();
        for (name, kind, id) in inside {
            let path = format!("{folder}{name}");
            if seen > MOST_FILES || path.len() > LONGEST_PATH {
                return Ok(None);
            }
            if kind == Kind::Folder {
                folders.push((format!("{path}/"), id));
            } else if all.insert(path, (kind, id)).is_some() {
                return Ok(None);
            }
        }
    }
    Ok(Some(all))
}

/// The entries of a tree: `MODE NAME NUL ID`, one after the other.
fn entries(mut tree: &[u8], like: &ObjectId) -> Option<Vec<(String, Kind, ObjectId)>> {
    let mut all = Vec::new();
    while !tree.is_empty() {
        let end = tree.iter().position(|byte| *byte == 0)?;
        let (mode, name) = std::str::from_utf8(&tree[..end]).ok()?.split_once(' ')?;
        let (id, rest) = tree[end + 1..].split_at_checked(like.format().length())?;
        check_name(name).ok()?;
        all.push((name.to_owned(), kind_of(mode)?, ObjectId::from_bytes(id)?));
        tree = rest;
    }
    Some(all)
}

fn kind_of(mode: &str) -> Option<Kind> {
    let mode = u32::from_str_radix(mode, 8).ok()?;
    Some(match mode & 0o170_000 {
        0o100_000 => Kind::File { executable: mode & 0o100 != 0 },
        0o120_000 => Kind::Link,
        0o040_000 => Kind::Folder,
        0o160_000 => Kind::Submodule,
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_text_that_is_crlf_throughout_is_one_with_other_line_ends() {
        let unix = |text: &str| unix(text.as_bytes()).map(|text| String::from_utf8(text).unwrap());
        assert_eq!(unix("a\r\nb\r\n").as_deref(), Some("a\nb\n"));
        assert_eq!(unix("a\r\nb").as_deref(), Some("a\nb"));
        assert_eq!(unix("a\r\nb\n"), None);
        assert_eq!(unix(""), None);
    }

    #[test]
    fn a_tree_that_is_cut_or_names_what_no_folder_has_is_none() {
        let like = ObjectId::Sha1([0; 20]);
        let tree = |entry: &str| [entry.as_bytes(), &[7; 20]].concat();
        assert_eq!(
            entries(&tree("100755 run\0"), &like),
            Some(vec![("run".to_owned(), Kind::File { executable: true }, ObjectId::Sha1([7; 20]))])
        );
        assert_eq!(entries(&tree("100755 run\0")[..20], &like), None);
        for bad in ["100644 ..\0", "100644 a/b\0", "100644 \0", "200000 a\0", "a\0", "x a\0"] {
            assert_eq!(entries(&tree(bad), &like), None, "{bad:?}");
        }
    }
}
