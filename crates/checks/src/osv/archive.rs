//! Reads the files of a feed, whatever it is packed in, within bounds.
//!
//! Nothing is unpacked to disk, so names in an archive cannot lead anywhere; entries with `..` or an
//! absolute name are ignored all the same. Bounds: entries, bytes of one entry, bytes in all, and the
//! ratio of unpacked to packed bytes.

use std::{
    fs::{self, File},
    io::{self, BufRead, BufReader, Read},
    path::Path,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
};

use flate2::read::MultiGzDecoder;

use super::FeedError;

/// Limits of one feed.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// Most entries.
    pub entries: u64,
    /// Most bytes of one entry.
    pub entry: u64,
    /// Most bytes in all.
    pub total: u64,
    /// Most unpacked bytes per packed byte, once more than `free` bytes were unpacked.
    pub ratio: u64,
    /// Bytes that the ratio does not apply to.
    pub free: u64,
}

impl Default for Limits {
    fn default() -> Self {
        Self { entries: 2_000_000, entry: 32 << 20, total: 8 << 30, ratio: 200, free: 64 << 20 }
    }
}

/// What receives each file: its name and content.
pub type Visit<'a> = &'a mut dyn FnMut(&str, &[u8]);

/// Gives every file of the feed at `path` to `visit`. Folders are walked in order of their names.
pub fn each(path: &Path, limits: &Limits, visit: Visit<'_>) -> Result<(), FeedError> {
    let mut walk = Walk { limits, entries: 0, total: 0, visit };
    let known = fs::metadata(path).map_err(FeedError::io(path))?;
    if known.is_dir() {
        return walk.folder(path, "", 0);
    }
    walk.file(path, known.len()).map_err(|error| match error.kind() {
        io::ErrorKind::NotFound | io::ErrorKind::PermissionDenied => FeedError::io(path)(error),
        _ => FeedError::Archive { path: path.to_owned(), why: error.to_string() },
    })
}

struct Walk<'a> {
    limits: &'a Limits,
    entries: u64,
    total: u64,
    visit: Visit<'a>,
}

impl Walk<'_> {
    fn folder(&mut self, folder: &Path, prefix: &str, depth: usize) -> Result<(), FeedError> {
        let mut entries: Vec<_> = fs::read_dir(folder)
            .map_err(FeedError::io(folder))?
            .collect::<Result<_, _>>()
            .map_err(FeedError::io(folder))?;
        entries.sort_by_key(fs::DirEntry::file_name);
        for entry in entries {
            let (path, name) = (entry.path(), format!("{prefix}{}", entry.file_name().to_string_lossy()));
            let kind = entry.file_type().map_err(FeedError::io(&path))?;
            if kind.is_dir() && depth < 32 {
                self.folder(&path, &format!("{name}/"), depth + 1)?;
            } else if kind.is_file() && wanted(&name) {
                let file = File::open(&path).map_err(FeedError::io(&path))?;
                self.entry(&name, file, u64::MAX).map_err(FeedError::io(&path))?;
            }
        }
        Ok(())
    }

    fn file(&mut self, path: &Path, packed: u64) -> io::Result<()> {
        let name = path.file_name().map(|n| n.to_string_lossy().into_owned()).unwrap_or_default();
        let mut reader = BufReader::new(File::open(path)?);
        let head = reader.fill_buf()?;
        if head.starts_with(b"PK\x03\x04") || head.starts_with(b"PK\x05\x06") {
            return self.zip(File::open(path)?, packed);
        }
        if head.starts_with(&[0x1f, 0x8b]) {
            let read = Arc::new(AtomicU64::new(0));
            let counted = Counted { inner: reader, read: read.clone() };
            let mut unpacked = BufReader::with_capacity(64 << 10, MultiGzDecoder::new(counted));
            let is_tar = name.ends_with(".tar.gz") || name.ends_with(".tgz") || peek_tar(&mut unpacked)?;
            let guarded = Guard { inner: unpacked, packed: read, unpacked: 0, limits: *self.limits };
            return match is_tar {
                true => self.tar(guarded),
                false => self.entry(name.strip_suffix(".gz").unwrap_or(&name), guarded, u64::MAX),
            };
        }
        if name.ends_with(".tar") {
            return self.tar(reader);
        }
        self.entry(&name, reader, u64::MAX)
    }

    fn tar(&mut self, reader: impl Read) -> io::Result<()> {
        let mut archive = tar::Archive::new(reader);
        for entry in archive.entries()? {
            let entry = entry?;
            self.count()?;
            let name = String::from_utf8_lossy(&entry.path_bytes()).into_owned();
            let name = name.trim_start_matches("./").to_owned();
            if entry.header().entry_type().is_file() && wanted(&name) && inside(&name) {
                self.entry(&name, entry, u64::MAX)?;
            }
        }
        Ok(())
    }

    fn zip(&mut self, file: File, packed: u64) -> io::Result<()> {
        let mut archive = zip::ZipArchive::new(BufReader::new(file)).map_err(io::Error::other)?;
        let most = self.limits.free.max(packed.saturating_mul(self.limits.ratio));
        for n in 0..archive.len() {
            self.count()?;
            let entry = archive.by_index(n).map_err(io::Error::other)?;
            let name = entry.name().map_err(io::Error::other)?.into_owned();
            if entry.is_file() && wanted(&name) && inside(&name) {
                self.entry(&name, entry, most)?;
            }
        }
        Ok(())
    }

    fn count(&mut self) -> io::Result<()> {
        self.entries += 1;
        match self.entries > self.limits.entries {
            true => Err(io::Error::other(format!("more than {} entries", self.limits.entries))),
            false => Ok(()),
        }
    }

    fn entry(&mut self, name: &str, reader: impl Read, most_in_all: u64) -> io::Result<()> {
        let mut bytes = Vec::new();
        reader.take(self.limits.entry + 1).read_to_end(&mut bytes)?;
        if bytes.len() as u64 > self.limits.entry {
            return Err(io::Error::other(format!("{name} has more than {} bytes", self.limits.entry)));
        }
        self.total += bytes.len() as u64;
        if self.total > self.limits.total.min(most_in_all) {
            return Err(io::Error::other("it unpacks to far more than it holds (an archive bomb?)"));
        }
        (self.visit)(name, &bytes);
        Ok(())
    }
}

fn wanted(name: &str) -> bool {
    [".json", ".yaml", ".yml", ".md"].iter().any(|end| name.ends_with(end))
}

fn inside(name: &str) -> bool {
    !name.starts_with('/') && name.split('/').all(|part| part != "..")
}

fn peek_tar(reader: &mut impl BufRead) -> io::Result<bool> {
    Ok(reader.fill_buf()?.get(257..262) == Some(b"ustar"))
}

/// Counts packed bytes.
struct Counted<R> {
    inner: R,
    read: Arc<AtomicU64>,
}

impl<R: Read> Read for Counted<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let n = self.inner.read(buffer)?;
        self.read.fetch_add(n as u64, Ordering::Relaxed);
        Ok(n)
    }
}

/// Stops when far more comes out than went in.
struct Guard<R> {
    inner: R,
    packed: Arc<AtomicU64>,
    unpacked: u64,
    limits: Limits,
}

impl<R: Read> Read for Guard<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let n = self.inner.read(buffer)?;
        self.unpacked += n as u64;
        let allowed = self.packed.load(Ordering::Relaxed).saturating_mul(self.limits.ratio);
        match self.unpacked > self.limits.total.min(self.limits.free.max(allowed)) {
            true => Err(io::Error::other("it unpacks to far more than it holds (an archive bomb?)")),
            false => Ok(n),
        }
    }
}
