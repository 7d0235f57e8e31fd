//! A folder on disk, given the list of its files, becomes a tree in the store.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs::{self, File},
    io,
    os::unix::{ffi::OsStrExt, fs::FileTypeExt, fs::MetadataExt},
    path::{Path, PathBuf},
    sync::{
        Mutex,
        atomic::{AtomicUsize, Ordering},
    },
    time::SystemTime,
};

use model::{Digest, Exit, Skipped, UserError};

use super::{
    Entry, Folder, ObjectFormat, ObjectId, TreeError,
    object::Naming,
    statcache::{Content, Stat, StatCache, nanos},
};
use crate::{
    action::{check_relative, link_stays_inside},
    cas::{Cas, CasError},
    mask::escape_bytes,
};

/// How often a file that changes while it is read is read again.
const ATTEMPTS: u32 = 5;

/// Why a folder cannot become a tree.
#[derive(Debug, thiserror::Error)]
pub enum SnapshotError {
    /// A name that is not text.
    #[error("the name `{0}` is not UTF-8")]
    NotUtf8(String),
    /// Not a path inside the folder.
    #[error("the path {path:?} {why}")]
    BadPath {
        /// The path.
        path: String,
        /// What is wrong.
        why: crate::action::BadPath,
    },
    /// A link that leads out of the folder, or could.
    #[error("`{path}` is a link to `{target}`, which leaves the source tree")]
    Link {
        /// The link.
        path: String,
        /// Where it points to.
        target: String,
    },
    /// A parent of the path is a link or a file.
    #[error("`{path}` lies behind `{behind}`, which is not a real folder")]
    BehindLink {
        /// The path.
        path: String,
        /// The part that is no folder.
        behind: String,
    },
    /// A folder in the list of files.
    #[error("`{0}` is a submodule or another repository inside this one")]
    Submodule(String),
    /// Device, socket, named pipe.
    #[error("`{path}` is a {kind}; only files and links can be in a source tree")]
    Special {
        /// Where.
        path: String,
        /// What.
        kind: &'static str,
    },
    /// Never the same twice.
    #[error("`{0}` kept changing while it was read")]
    KeepsChanging(String),
    /// Too many files.
    #[error("the source tree has more than {0} files")]
    TooMany(u64),
    /// It cannot be read.
    #[error("cannot read `{path}`: {source}")]
    Unreadable {
        /// Where.
        path: String,
        /// Why.
        source: io::Error,
    },
    /// A name is both file and folder in the list.
    #[error(transparent)]
    Tree(#[from] TreeError),
    /// The store.
    #[error(transparent)]
    Store(#[from] CasError),
}

impl UserError for SnapshotError {
    fn code(&self) -> &'static str {
        match self {
            Self::NotUtf8(_) => "snapshot-name-not-utf8",
            Self::BadPath { .. } => "snapshot-bad-path",
            Self::Link { .. } => "snapshot-symlink-escapes",
            Self::BehindLink { .. } => "snapshot-behind-link",
            Self::Submodule(_) => "snapshot-submodule",
            Self::Special { .. } => "snapshot-special-file",
            Self::KeepsChanging(_) => "snapshot-file-changing",
            Self::TooMany(_) => "snapshot-too-many-files",
            Self::Unreadable { .. } => "snapshot-unreadable",
            Self::Tree(error) => error.code(),
            Self::Store(error) => error.code(),
        }
    }

    fn hint(&self) -> Option<String> {
        let text = match self {
            Self::NotUtf8(_) => "rename the file; a build on another machine could not name it",
            Self::Link { .. } | Self::BehindLink { .. } => {
                "replace the link by a file, or let it point to a place inside the repository without `..` after a name"
            }
            Self::Submodule(_) => "check its files in, or leave it out of the build by ignoring it",
            Self::Special { .. } => "remove it or add it to .gitignore",
            Self::KeepsChanging(_) => "stop what writes to it and run again",
            Self::Tree(error) => return error.hint(),
            Self::Store(error) => return error.hint(),
            _ => return None,
        };
        Some(text.to_owned())
    }

    fn exit(&self) -> Exit {
        match self {
            Self::Store(error) => error.exit(),
            Self::Unreadable { .. } => Exit::Environment,
            _ => Exit::Input,
        }
    }
}

/// What to leave out with a note instead of refusing the whole snapshot.
#[derive(Clone, Debug)]
pub struct SnapshotOptions {
    /// File that remembers unchanged files between snapshots.
    pub stat_cache: Option<PathBuf>,
    /// Leave out links that leave the tree.
    pub skip_escaping_links: bool,
    /// Leave out devices, sockets and named pipes.
    pub skip_special: bool,
    /// Leave out submodules.
    pub skip_submodules: bool,
    /// Leave out names that are not UTF-8.
    pub skip_not_utf8: bool,
    /// Most files and links.
    pub most_files: u64,
    /// Also name every file as git would.
    pub blobs: Option<ObjectFormat>,
}

impl Default for SnapshotOptions {
    fn default() -> Self {
        Self {
            stat_cache: None,
            skip_escaping_links: false,
            skip_special: false,
            skip_submodules: false,
            skip_not_utf8: false,
            most_files: 1_000_000,
            blobs: None,
        }
    }
}

/// A source tree in the store.
#[derive(Clone, Debug)]
pub struct Snapshot {
    /// Root Directory digest.
    pub root: Digest,
    /// The tree.
    pub folder: Folder,
    /// Files and links.
    pub files: u64,
    /// Sum of file sizes.
    pub bytes: u64,
    /// Files whose content had to be read; the others were known unchanged.
    pub hashed: u64,
    /// What was left out and why, in order of the paths.
    pub skipped: Vec<Skipped>,
    /// Git's name for the content of each file, when asked for.
    pub blobs: BTreeMap<String, ObjectId>,
}

struct Pending {
    path: String,
    executable: bool,
    stat: Stat,
}

/// What a file was when it was read, and its content.
type Hashed = (Stat, Digest, Option<ObjectId>);

struct Walk<'a> {
    root: &'a Path,
    cas: &'a Cas,
    options: &'a SnapshotOptions,
    known: StatCache,
    next: StatCache,
    began: i64,
    folders: BTreeSet<PathBuf>,
    tree: Folder,
    pending: Vec<Pending>,
    skipped: Vec<Skipped>,
    blobs: BTreeMap<String, ObjectId>,
    bytes: u64,
}

/// Stores the files `paths` (relative to `root`, as raw operating-system names; for example what
/// `git ls-files -z` prints) and returns their tree. Links stay links. A path that is not there any
/// more is left out with a note. Contents are streamed; nothing is held in memory.
///
/// # Errors
/// [`SnapshotError`], for the first path in sorted order that cannot be part of a tree.
pub fn snapshot(
    cas: &Cas,
    root: &Path,
    paths: &[PathBuf],
    options: &SnapshotOptions,
) -> Result<Snapshot, SnapshotError> {
    let mut paths: Vec<&Path> = paths.iter().map(PathBuf::as_path).collect();
    paths.sort_unstable_by(|a, b| a.as_os_str().as_bytes().cmp(b.as_os_str().as_bytes()));
    paths.dedup();
    if paths.len() as u64 > options.most_files {
        return Err(SnapshotError::TooMany(options.most_files));
    }
    let mut walk = Walk {
        root,
        cas,
        options,
        known: options.stat_cache.as_deref().map(StatCache::load).unwrap_or_default(),
        next: StatCache::default(),
        began: nanos(SystemTime::now()),
        folders: BTreeSet::new(),
        tree: Folder::default(),
        pending: Vec::new(),
        skipped: Vec::new(),
        blobs: BTreeMap::new(),
        bytes: 0,
    };
    for path in paths {
        walk.path(path)?;
    }
    let hashed = walk.pending.len() as u64;
    walk.hash_pending()?;
    if let Some(path) = &options.stat_cache
        && walk.next != walk.known
        && let Err(error) = walk.next.save(path)
    {
        tracing::debug!(%error, path = %path.display(), "stat cache not written");
    }
    let mut files = 0;
    walk.tree.walk(&mut |_, _| files += 1);
    let root = walk.tree.store(cas)?;
    let Walk { tree: folder, bytes, skipped, blobs, .. } = walk;
    Ok(Snapshot { root, folder, files, bytes, hashed, skipped, blobs })
}

impl Walk<'_> {
    fn path(&mut self, path: &Path) -> Result<(), SnapshotError> {
        let raw = path.as_os_str().as_bytes();
        let Ok(text) = std::str::from_utf8(raw) else {
            let shown = escape_bytes(raw);
            if self.options.skip_not_utf8 {
                self.skip(&shown, "its name is not UTF-8");
                return Ok(());
            }
            return Err(SnapshotError::NotUtf8(shown));
        };
        // A trailing slash is how git lists another repository inside this one.
        if let Some(folder) = text.strip_suffix('/').filter(|folder| !folder.is_empty()) {
            return self.submodule(folder);
        }
        check_relative(text).map_err(|why| SnapshotError::BadPath { path: text.to_owned(), why })?;
        let full = self.root.join(text);
        let meta = match fs::symlink_metadata(&full) {
            Err(error) if matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory) => {
                self.skip(text, "no longer there");
                return Ok(());
            }
            other => other.map_err(unreadable(text))?,
        };
        self.parents(text)?;
        let kind = meta.file_type();
        if kind.is_file() {
            self.file(text, Stat::of(&meta), meta.mode() & 0o100 != 0)
        } else if kind.is_symlink() {
            self.link(text, &full)
        } else if kind.is_dir() {
            self.submodule(text)
        } else if self.options.skip_special {
            self.skip(text, "not a file, folder or link");
            Ok(())
        } else {
            let kind = match kind {
                kind if kind.is_fifo() => "named pipe",
                kind if kind.is_socket() => "socket",
                _ => "device",
            };
            Err(SnapshotError::Special { path: text.to_owned(), kind })
        }
    }

    fn submodule(&mut self, path: &str) -> Result<(), SnapshotError> {
        if self.options.skip_submodules {
            self.skip(path, "a submodule");
            return Ok(());
        }
        Err(SnapshotError::Submodule(path.to_owned()))
    }

    fn file(&mut self, path: &str, stat: Stat, executable: bool) -> Result<(), SnapshotError> {
        self.bytes = self.bytes.saturating_add(stat.size);
        let named = |blob: &Option<ObjectId>| {
            self.options.blobs.is_none_or(|wanted| blob.is_some_and(|blob| blob.format() == wanted))
        };
        let known = self.known.lookup(path, &stat);
        match known.filter(|(digest, blob)| named(blob) && self.cas.contains(digest)) {
            Some((digest, blob)) => self.keep(path, executable, (stat, digest, blob))?,
            None => self.pending.push(Pending { path: path.to_owned(), executable, stat }),
        }
        Ok(())
    }

    /// Takes a file whose content is stored.
    fn keep(&mut self, path: &str, executable: bool, hashed: Hashed) -> Result<(), SnapshotError> {
        let (stat, digest, blob) = hashed;
        self.next.insert(path, stat, Content { hash: digest.hash, blob }, self.began);
        if let (Some(blob), true) = (blob, self.options.blobs.is_some()) {
            self.blobs.insert(path.to_owned(), blob);
        }
        Ok(self.tree.insert(path, Entry::File { digest, executable })?)
    }

    fn link(&mut self, path: &str, full: &Path) -> Result<(), SnapshotError> {
        let target = fs::read_link(full).map_err(unreadable(path))?;
        let raw = target.as_os_str().as_bytes();
        let depth = path.matches('/').count();
        match std::str::from_utf8(raw) {
            Ok(text) if link_stays_inside(depth, text) => {
                self.tree.insert(path, Entry::Link(text.to_owned()))?;
                Ok(())
            }
            _ if self.options.skip_escaping_links => {
                self.skip(path, &format!("a link that leaves the tree, to {}", escape_bytes(raw)));
                Ok(())
            }
            _ => Err(SnapshotError::Link { path: path.to_owned(), target: escape_bytes(raw) }),
        }
    }

    /// Every folder on the way must be a real one, else the path names a file elsewhere.
    fn parents(&mut self, path: &str) -> Result<(), SnapshotError> {
        for parent in Path::new(path).ancestors().skip(1) {
            if parent.as_os_str().is_empty() || self.folders.contains(parent) {
                break;
            }
            let meta = fs::symlink_metadata(self.root.join(parent)).map_err(unreadable(path))?;
            if !meta.is_dir() {
                let behind = parent.display().to_string();
                return Err(SnapshotError::BehindLink { path: path.to_owned(), behind });
            }
            self.folders.insert(parent.to_owned());
        }
        Ok(())
    }

    fn skip(&mut self, what: &str, why: &str) {
        self.skipped.push(Skipped { what: what.to_owned(), why: why.to_owned() });
    }

    /// Reads what is not known on as many threads as there are processors, at most eight.
    fn hash_pending(&mut self) -> Result<(), SnapshotError> {
        let pending = std::mem::take(&mut self.pending);
        let next = AtomicUsize::new(0);
        let done: Mutex<BTreeMap<usize, Result<Hashed, SnapshotError>>> = Mutex::default();
        let (cas, root, blobs) = (self.cas, self.root, self.options.blobs);
        let work = || {
            loop {
                let index = next.fetch_add(1, Ordering::Relaxed);
                let Some(file) = pending.get(index) else { return };
                let result = read(cas, root, file, blobs);
                if result.is_err() {
                    next.store(pending.len(), Ordering::Relaxed);
                }
                done.lock().unwrap_or_else(|poison| poison.into_inner()).insert(index, result);
            }
        };
        let processors = std::thread::available_parallelism().map_or(1, |n| n.get());
        std::thread::scope(|scope| {
            for _ in 1..processors.min(8).min(pending.len() / 16 + 1) {
                scope.spawn(work);
            }
            work();
        });
        for (index, result) in done.into_inner().unwrap_or_else(|poison| poison.into_inner()) {
            let Pending { path, executable, .. } = &pending[index];
            self.keep(path, *executable, result?)?;
        }
        Ok(())
    }
}

fn unreadable(path: &str) -> impl FnOnce(io::Error) -> SnapshotError {
    let path = path.to_owned();
    move |source| SnapshotError::Unreadable { path, source }
}

/// Stores one file; when it changed meanwhile, once more.
fn read(
    cas: &Cas,
    root: &Path,
    file: &Pending,
    blobs: Option<ObjectFormat>,
) -> Result<Hashed, SnapshotError> {
    use std::os::unix::fs::OpenOptionsExt;
    let mut before = file.stat;
    for _ in 0..ATTEMPTS {
        let flags = nix::libc::O_NOFOLLOW | nix::libc::O_NONBLOCK;
        let opened = File::options().read(true).custom_flags(flags).open(root.join(&file.path));
        let mut opened = opened.map_err(unreadable(&file.path))?;
        let mut naming = blobs.map(|format| Naming::begin(format, "blob", before.size));
        let mut feed = |piece: &[u8]| naming.iter_mut().for_each(|naming| naming.feed(piece));
        let digest = cas.put_observed(&mut opened, &mut feed)?;
        let meta = opened.metadata().map_err(unreadable(&file.path))?;
        let after = Stat::of(&meta);
        if meta.is_file() && after == before && digest.size == after.size {
            return Ok((after, digest, naming.and_then(Naming::end)));
        }
        before = after;
    }
    Err(SnapshotError::KeepsChanging(file.path.clone()))
}
