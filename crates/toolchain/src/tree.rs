//! The digest of a tool: one canonical listing of everything it consists of, hashed.
//!
//! A listing has one line per entry, ordered by root and path:
//!
//! ```text
//! proofhouse-tool-tree-v1
//! f x 5494 <sha256> 0 bin/tool          file: x = executable, - = not
//! l - 7 <sha256 of the target text> 0 lib/link
//! d - 0 - 0 lib                         folder (so that an empty one counts)
//! ```
//!
//! The number before the path is the root's position, so the digest does not depend on where the
//! trees lie. Names are percent-encoded where they are not plain. A link that leads out of its root
//! has, as its hash, that of the file it leads to: what it means counts, not how it is written.

use std::{
    fmt::Write as _,
    fs::{self, File, Metadata},
    io::{self, Read},
    os::unix::{ffi::OsStrExt, fs::MetadataExt},
    path::{Path, PathBuf},
    sync::{
        Mutex,
        atomic::{AtomicUsize, Ordering},
    },
    thread,
};

use model::{Hasher, Sha256};

use crate::{
    cache::{StatCache, Status},
    error::ToolError,
};

/// Most files of one tool.
pub const MOST_FILES: u64 = 500_000;
const HEADER: &str = "proofhouse-tool-tree-v1\n";

/// What an entry is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Regular file.
    File,
    /// Symbolic link.
    Link,
    /// Folder.
    Folder,
    /// Socket, pipe or device; only its presence counts.
    Special,
}

/// One file, link or folder of a tool.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// What it is.
    pub kind: Kind,
    /// Whether anyone may execute it (files only).
    pub executable: bool,
    /// Size in bytes.
    pub size: u64,
    /// Content of a file, meaning of a link; `None` for folders.
    pub hash: Option<Sha256>,
    /// Position of the root.
    pub root: usize,
    /// Path below the root, percent-encoded; empty for the root itself.
    pub path: String,
}

/// Everything a tool consists of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Listing(Vec<Entry>);

impl Listing {
    /// The entries, in order.
    pub fn entries(&self) -> &[Entry] {
        &self.0
    }

    /// Sum of the sizes of all files.
    pub fn bytes(&self) -> u64 {
        self.0.iter().fold(0, |sum, entry| sum.saturating_add(entry.size))
    }

    /// The canonical text.
    pub fn render(&self) -> String {
        let mut out = String::from(HEADER);
        for Entry { kind, executable, size, hash, root, path } in &self.0 {
            let kind = ['f', 'l', 'd', 's'][*kind as usize];
            let executable = if *executable { 'x' } else { '-' };
            let hash = hash.map_or_else(|| "-".to_owned(), |hash| hash.hex());
            // Writing to a String cannot fail.
            let _ = writeln!(out, "{kind} {executable} {size} {hash} {root} {path}");
        }
        out
    }

    /// SHA-256 of the canonical text.
    pub fn digest(&self) -> Sha256 {
        Sha256::of(self.render())
    }

    /// Reads a canonical text; `None` when it is not one.
    pub fn parse(text: &str) -> Option<Self> {
        let lines = text.strip_prefix(HEADER)?.split_terminator('\n');
        lines.map(entry).collect::<Option<Vec<_>>>().map(Self)
    }
}

fn entry(line: &str) -> Option<Entry> {
    let mut words = line.splitn(6, ' ');
    let kind = match words.next()? {
        "f" => Kind::File,
        "l" => Kind::Link,
        "d" => Kind::Folder,
        "s" => Kind::Special,
        _ => return None,
    };
    let executable = words.next()? == "x";
    let size = words.next()?.parse().ok()?;
    let hash = match words.next()? {
        "-" => None,
        hex => Some(hex.parse().ok()?),
    };
    Some(Entry {
        kind,
        executable,
        size,
        hash,
        root: words.next()?.parse().ok()?,
        path: words.next()?.to_owned(),
    })
}

/// A file that still has to be hashed.
struct Job {
    entry: usize,
    path: PathBuf,
    status: Status,
}

struct Walk<'a> {
    tool: &'a str,
    roots: &'a [PathBuf],
    entries: Vec<Entry>,
    jobs: Vec<Job>,
    leaving: Vec<PathBuf>,
}

/// Lists and hashes `roots` (files or folders, links at the top followed), using and filling the cache.
/// Also gives what links lead to outside of all roots.
pub(crate) fn measure(
    tool: &str,
    roots: &[PathBuf],
    cache: &mut StatCache,
) -> Result<(Listing, Vec<PathBuf>), ToolError> {
    let mut walk = Walk { tool, roots, entries: vec![], jobs: vec![], leaving: vec![] };
    for (n, root) in roots.iter().enumerate() {
        let meta = fs::metadata(root).map_err(|error| unreadable(tool, root, error))?;
        walk.add(n, root, root, &meta)?;
    }
    let Walk { mut entries, mut jobs, leaving, .. } = walk;
    jobs.retain(|job| match cache.get(&job.status) {
        Some(hash) => {
            entries[job.entry].hash = Some(hash);
            false
        }
        None => true,
    });
    for (job, hash) in hash_all(tool, &jobs)? {
        cache.put(jobs[job].status, hash);
        entries[jobs[job].entry].hash = Some(hash);
    }
    entries.sort_by(|a, b| (a.root, a.path.as_bytes()).cmp(&(b.root, b.path.as_bytes())));
    Ok((Listing(entries), leaving))
}

impl Walk<'_> {
    fn add(&mut self, root: usize, base: &Path, path: &Path, meta: &Metadata) -> Result<(), ToolError> {
        if self.entries.len() as u64 >= MOST_FILES {
            let (tool, path) = (self.tool.to_owned(), base.to_owned());
            return Err(ToolError::TooLarge { tool, path, most: MOST_FILES });
        }
        let relative = path.strip_prefix(base).unwrap_or(path);
        let mut entry = Entry {
            kind: Kind::Special,
            executable: false,
            size: 0,
            hash: None,
            root,
            path: encode(relative.as_os_str().as_bytes()),
        };
        if meta.is_dir() {
            entry.kind = Kind::Folder;
            self.entries.push(entry);
            return self.folder(root, base, path);
        }
        if meta.is_symlink() {
            self.link(&mut entry, base, path)?;
        } else if meta.is_file() {
            entry.kind = Kind::File;
            entry.executable = meta.mode() & 0o111 != 0;
            entry.size = meta.len();
            let status = Status::of(meta);
            self.jobs.push(Job { entry: self.entries.len(), path: path.to_owned(), status });
        }
        self.entries.push(entry);
        Ok(())
    }

    fn folder(&mut self, root: usize, base: &Path, path: &Path) -> Result<(), ToolError> {
        let failed = |error| unreadable(self.tool, path, error);
        let items = fs::read_dir(path).and_then(Iterator::collect::<io::Result<Vec<_>>>).map_err(failed)?;
        for item in items {
            let path = item.path();
            let meta = fs::symlink_metadata(&path).map_err(|error| unreadable(self.tool, &path, error))?;
            self.add(root, base, &path, &meta)?;
        }
        Ok(())
    }

    fn link(&mut self, entry: &mut Entry, base: &Path, path: &Path) -> Result<(), ToolError> {
        let target = fs::read_link(path).map_err(|error| unreadable(self.tool, path, error))?;
        entry.kind = Kind::Link;
        entry.hash = Some(Sha256::of(target.as_os_str().as_bytes()));
        let Ok(real) = fs::canonicalize(path) else { return Ok(()) };
        if real.starts_with(base) || self.roots.iter().any(|root| real.starts_with(root)) {
            return Ok(());
        }
        self.leaving.push(real.clone());
        if let Some(meta) = fs::metadata(&real).ok().filter(Metadata::is_file) {
            entry.size = meta.len();
            let status = Status::of(&meta);
            self.jobs.push(Job { entry: self.entries.len(), path: real, status });
        }
        Ok(())
    }
}

fn unreadable(tool: &str, path: &Path, source: io::Error) -> ToolError {
    ToolError::Unreadable { tool: tool.to_owned(), path: path.to_owned(), source }
}

/// Plain printable ASCII without blank and `%` as it is, the rest as `%xx`.
pub(crate) fn encode(bytes: &[u8]) -> String {
    let mut out = String::with_capacity(bytes.len());
    for byte in bytes {
        if byte.is_ascii_graphic() && *byte != b'%' {
            out.push(char::from(*byte));
        } else {
            let _ = write!(out, "%{byte:02x}");
        }
    }
    out
}

/// Reverses [`encode`] for text.
pub(crate) fn decode(text: &str) -> Option<String> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let [first, tail @ ..] = rest {
        rest = tail;
        if *first != b'%' {
            bytes.push(*first);
            continue;
        }
        let (digits, tail) = rest.split_at_checked(2)?;
        bytes.push(u8::from_str_radix(std::str::from_utf8(digits).ok()?, 16).ok()?);
        rest = tail;
    }
    String::from_utf8(bytes).ok()
}

/// Hashes on all cores; the order of results is arbitrary.
fn hash_all(tool: &str, jobs: &[Job]) -> Result<Vec<(usize, Sha256)>, ToolError> {
    let next = AtomicUsize::new(0);
    let results = Mutex::new(Vec::with_capacity(jobs.len()));
    let worker = || {
        let mut buffer = vec![0; 256 * 1024];
        let mut mine = vec![];
        loop {
            let n = next.fetch_add(1, Ordering::Relaxed);
            let Some(job) = jobs.get(n) else { break };
            mine.push((n, hash_file(&job.path, &mut buffer)));
        }
        results.lock().unwrap_or_else(std::sync::PoisonError::into_inner).extend(mine);
    };
    let cores = thread::available_parallelism().map_or(1, usize::from).min(jobs.len());
    thread::scope(|scope| {
        for _ in 1..cores {
            scope.spawn(worker);
        }
        worker();
    });
    let results = results.into_inner().unwrap_or_else(std::sync::PoisonError::into_inner);
    let one = |(n, result): (usize, io::Result<Sha256>)| {
        result.map(|hash| (n, hash)).map_err(|error| unreadable(tool, &jobs[n].path, error))
    };
    results.into_iter().map(one).collect()
}

fn hash_file(path: &Path, buffer: &mut [u8]) -> io::Result<Sha256> {
    let mut file = File::open(path)?;
    let mut hasher = Hasher::new();
    loop {
        match file.read(buffer) {
            Ok(0) => return Ok(hasher.finish()),
            Ok(n) => hasher.update(&buffer[..n]),
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
}
