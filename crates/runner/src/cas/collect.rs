//! From the files a step made to content in the store: what is accepted as an output, and what not.

use std::{ffi::OsStr, io, os::fd::OwnedFd, path::Path};

use model::{Digest, Exit, UserError};
use nix::sys::stat::{FileStat, SFlag};

use super::{Cas, CasError, at};
use crate::{
    action::{
        is_git, link_stays_inside,
        messages::{
            ActionResult, Directory, DirectoryNode, FileNode, OutputDirectory, OutputFile, SymlinkNode, Tree,
            encode,
        },
    },
    mask::{Masker, escape_bytes},
};

/// Bounds over all outputs of a step.
#[derive(Clone, Copy, Debug)]
pub struct CollectLimits {
    /// Sum of file sizes.
    pub bytes: u64,
    /// Files, folders and links.
    pub entries: u64,
}

/// Why an output is not accepted.
#[derive(Debug, thiserror::Error)]
pub enum CollectError {
    /// Declared but not made.
    #[error("the declared output `{0}` was not made")]
    Missing(String),
    /// A link leads out of the tree, or could.
    #[error("the output `{path}` is a link to `{target}`, which leaves the tree")]
    Link {
        /// The link.
        path: String,
        /// Where it points to.
        target: String,
    },
    /// A folder on the way to the output is a link.
    #[error("the output `{path}` lies behind `{behind}`, which is not a real folder")]
    BehindLink {
        /// The output.
        path: String,
        /// The part that is no folder.
        behind: String,
    },
    /// Device, socket or named pipe.
    #[error("the output `{path}` is a {kind}; only files, folders and links can be outputs")]
    Special {
        /// Where.
        path: String,
        /// What.
        kind: &'static str,
    },
    /// Set-user-id or set-group-id bit.
    #[error("the output `{0}` has a set-user-id or set-group-id bit")]
    SetId(String),
    /// Name is not text.
    #[error("the output has a name that is not UTF-8: `{0}`")]
    NotUtf8(String),
    /// A repository would be among the outputs.
    #[error("the output `{0}` is a git folder; git would run what is configured in it")]
    Git(String),
    /// Too much.
    #[error("the outputs are larger than {most} bytes (at `{path}`)")]
    TooLarge {
        /// Where the bound was passed.
        path: String,
        /// The bound.
        most: u64,
    },
    /// Too many.
    #[error("the outputs have more than {most} files, folders and links (at `{path}`)")]
    TooMany {
        /// Where the bound was passed.
        path: String,
        /// The bound.
        most: u64,
    },
    /// Nested too deeply.
    #[error("the output `{0}` is nested more than 256 folders deep")]
    TooDeep(String),
    /// A secret is in the file.
    #[error("the output `{path}` contains the secret `{secret}`")]
    Secret {
        /// The file.
        path: String,
        /// Name of the secret.
        secret: String,
    },
    /// It cannot be read.
    #[error("cannot read the output `{path}`: {source}")]
    Unreadable {
        /// Where.
        path: String,
        /// Why.
        source: io::Error,
    },
    /// It cannot be stored.
    #[error(transparent)]
    Store(#[from] CasError),
}

impl UserError for CollectError {
    fn code(&self) -> &'static str {
        match self {
            Self::Missing(_) => "output-missing",
            Self::Link { .. } | Self::BehindLink { .. } => "output-symlink-escapes",
            Self::Special { .. } => "output-special-file",
            Self::SetId(_) => "output-setuid",
            Self::NotUtf8(_) => "output-name-not-utf8",
            Self::Git(_) => "output-git-folder",
            Self::TooLarge { .. } => "output-too-large",
            Self::TooMany { .. } => "output-too-many",
            Self::TooDeep(_) => "output-too-deep",
            Self::Secret { .. } => "output-contains-secret",
            Self::Unreadable { .. } => "output-unreadable",
            Self::Store(error) => error.code(),
        }
    }

    fn hint(&self) -> Option<String> {
        let text = match self {
            Self::Missing(path) => format!("let the command write `{path}`, or correct `outputs`"),
            Self::Link { .. } | Self::BehindLink { .. } => {
                "copy the file instead of linking to it, or use a relative link inside the tree".into()
            }
            Self::Special { .. } | Self::SetId(_) | Self::Git(_) => "remove it at the end of the step".into(),
            Self::TooLarge { .. } | Self::TooMany { .. } => {
                "declare only what later steps need, or raise the limit".into()
            }
            Self::Secret { secret, .. } => {
                format!("treat `{secret}` as disclosed and replace it; do not write it to files")
            }
            Self::Store(error) => return error.hint(),
            _ => return None,
        };
        Some(text)
    }

    fn exit(&self) -> Exit {
        match self {
            Self::Store(error) => error.exit(),
            _ => Exit::Verdict,
        }
    }
}

/// What was collected.
#[derive(Clone, Debug, Default)]
pub struct Collected {
    /// Files, folders and links, sorted by path; the other fields are empty.
    pub result: ActionResult,
    /// Sum of file sizes.
    pub bytes: u64,
    /// Files, folders and links.
    pub entries: u64,
}

struct Collector<'a> {
    cas: &'a Cas,
    limits: &'a CollectLimits,
    masker: &'a Masker,
    done: Collected,
}

/// Stores the declared `outputs` found below `work`, which no process may be writing any more.
/// No link is followed, also not on the way. File contents are searched for secrets.
///
/// # Errors
/// [`CollectError`], for the first output (in sorted order) that is not acceptable.
pub fn collect(
    cas: &Cas,
    work: &Path,
    outputs: &[String],
    limits: &CollectLimits,
    masker: &Masker,
) -> Result<Collected, CollectError> {
    let mut outputs: Vec<&str> = outputs.iter().map(String::as_str).collect();
    outputs.sort_unstable();
    outputs.dedup();
    let mut collector = Collector { cas, limits, masker, done: Collected::default() };
    for output in outputs {
        collector.output(work, output)?;
    }
    Ok(collector.done)
}

fn unreadable(path: &str) -> impl FnOnce(io::Error) -> CollectError {
    let path = path.to_owned();
    move |source| CollectError::Unreadable { path, source }
}

fn kind(stat: &FileStat) -> SFlag {
    SFlag::from_bits_truncate(stat.st_mode) & SFlag::S_IFMT
}

impl Collector<'_> {
    fn output(&mut self, work: &Path, path: &str) -> Result<(), CollectError> {
        if path.split('/').any(is_git) {
            return Err(CollectError::Git(path.to_owned()));
        }
        let mut folder = at::open_root(work).map_err(unreadable(path))?;
        let (parents, name) = path.rsplit_once('/').unwrap_or(("", path));
        let mut depth = 0;
        for segment in parents.split('/').filter(|segment| !segment.is_empty()) {
            depth += 1;
            folder = match at::open_folder(&folder, OsStr::new(segment)) {
                Ok(next) => next,
                Err(error) if error.kind() == io::ErrorKind::NotFound => {
                    return Err(CollectError::Missing(path.to_owned()));
                }
                Err(error) if matches!(error.raw_os_error(), Some(nix::libc::ELOOP | nix::libc::ENOTDIR)) => {
                    return Err(CollectError::BehindLink {
                        path: path.to_owned(),
                        behind: segment.to_owned(),
                    });
                }
                Err(source) => return Err(unreadable(path)(source)),
            };
        }
        let stat = match at::stat(&folder, OsStr::new(name)) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                return Err(CollectError::Missing(path.to_owned()));
            }
            other => other.map_err(unreadable(path))?,
        };
        self.count(path)?;
        match kind(&stat) {
            SFlag::S_IFREG => {
                let (digest, is_executable) = self.file(&folder, OsStr::new(name), &stat, path)?;
                let digest = Some(digest.into());
                self.done.result.output_files.push(OutputFile { path: path.into(), digest, is_executable });
            }
            SFlag::S_IFDIR => {
                let opened = at::open_folder(&folder, OsStr::new(name)).map_err(unreadable(path))?;
                self.tree(&opened, path, depth + 1)?;
            }
            SFlag::S_IFLNK => {
                let target = self.link(&folder, OsStr::new(name), path, depth)?;
                self.done.result.output_symlinks.push(SymlinkNode { name: path.into(), target });
            }
            _ => return Err(special(&stat, path)),
        }
        Ok(())
    }

    fn tree(&mut self, folder: &OwnedFd, path: &str, depth: usize) -> Result<(), CollectError> {
        let mut children = Vec::new();
        let root = self.folder(folder, path, depth, &mut children)?;
        let (root_digest, _) = encode(&root);
        let mut seen = std::collections::BTreeSet::new();
        children.retain(|child| seen.insert(encode(child).0));
        let tree_digest = self.cas.put_message(&Tree { root: Some(root), children })?;
        self.done.result.output_directories.push(OutputDirectory {
            path: path.to_owned(),
            tree_digest: Some(tree_digest.into()),
            root_directory_digest: Some(root_digest.into()),
        });
        Ok(())
    }

    /// Stores a folder and everything below; pushes each sub-folder to `children`.
    fn folder(
        &mut self,
        folder: &OwnedFd,
        path: &str,
        depth: usize,
        children: &mut Vec<Directory>,
    ) -> Result<Directory, CollectError> {
        if depth > 256 {
            return Err(CollectError::TooDeep(path.to_owned()));
        }
        let left = self.limits.entries.saturating_sub(self.done.entries);
        let names = at::names(folder, left)
            .map_err(unreadable(path))?
            .ok_or_else(|| CollectError::TooMany { path: path.to_owned(), most: self.limits.entries })?;
        let mut directory = Directory::default();
        for name in &names {
            let os = at::os(name);
            let Ok(text) = name.to_str() else {
                let shown = format!("{path}/{}", escape_bytes(name.to_bytes()));
                return Err(CollectError::NotUtf8(shown));
            };
            let inner = format!("{path}/{text}");
            if is_git(text) {
                return Err(CollectError::Git(inner));
            }
            let stat = at::stat(folder, os).map_err(unreadable(&inner))?;
            self.count(&inner)?;
            match kind(&stat) {
                SFlag::S_IFREG => {
                    let (digest, is_executable) = self.file(folder, os, &stat, &inner)?;
                    let digest = Some(digest.into());
                    directory.files.push(FileNode { name: text.into(), digest, is_executable });
                }
                SFlag::S_IFDIR => {
                    let opened = at::open_folder(folder, os).map_err(unreadable(&inner))?;
                    let child = self.folder(&opened, &inner, depth + 1, children)?;
                    let digest = Some(encode(&child).0.into());
                    children.push(child);
                    directory.directories.push(DirectoryNode { name: text.into(), digest });
                }
                SFlag::S_IFLNK => {
                    let target = self.link(folder, os, &inner, depth)?;
                    directory.symlinks.push(SymlinkNode { name: text.into(), target });
                }
                _ => return Err(special(&stat, &inner)),
            }
        }
        self.cas.put_message(&directory)?;
        Ok(directory)
    }

    fn file(
        &mut self,
        folder: &OwnedFd,
        name: &OsStr,
        stat: &FileStat,
        path: &str,
    ) -> Result<(Digest, bool), CollectError> {
        if stat.st_mode & 0o6000 != 0 {
            return Err(CollectError::SetId(path.to_owned()));
        }
        let size = u64::try_from(stat.st_size).unwrap_or(u64::MAX);
        self.done.bytes = self.done.bytes.saturating_add(size);
        if self.done.bytes > self.limits.bytes {
            return Err(CollectError::TooLarge { path: path.to_owned(), most: self.limits.bytes });
        }
        let mut file = at::open_file(folder, name).map_err(unreadable(path))?;
        let mut search = self.masker.search();
        let digest = self.cas.put_observed(&mut file, &mut |chunk| search.feed(chunk))?;
        if let Some(secret) = search.found() {
            let _ = std::fs::remove_file(self.cas.path(&digest.hash));
            return Err(CollectError::Secret { path: path.to_owned(), secret: secret.to_owned() });
        }
        Ok((digest, stat.st_mode & 0o100 != 0))
    }

    fn link(&self, folder: &OwnedFd, name: &OsStr, path: &str, depth: usize) -> Result<String, CollectError> {
        let target = at::read_link(folder, name).map_err(unreadable(path))?;
        match std::str::from_utf8(&target) {
            Ok(text) if link_stays_inside(depth, text) => Ok(text.to_owned()),
            _ => Err(CollectError::Link { path: path.to_owned(), target: escape_bytes(&target) }),
        }
    }

    fn count(&mut self, path: &str) -> Result<(), CollectError> {
        self.done.entries += 1;
        if self.done.entries > self.limits.entries {
            return Err(CollectError::TooMany { path: path.to_owned(), most: self.limits.entries });
        }
        Ok(())
    }
}

fn special(stat: &FileStat, path: &str) -> CollectError {
    let kind = match kind(stat) {
        SFlag::S_IFIFO => "named pipe",
        SFlag::S_IFSOCK => "socket",
        SFlag::S_IFBLK | SFlag::S_IFCHR => "device",
        _ => "special file",
    };
    CollectError::Special { path: path.to_owned(), kind }
}
