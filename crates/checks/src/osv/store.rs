//! The index: one file per feed, read by position.
//!
//! Layout, little-endian: magic · records (JSON arrays of advisories, one per package) · directory
//! (sorted entries of 36 bytes: key, offset, length, checksum) · meta (JSON) · trailer (lengths,
//! SHA-256 of directory and meta, magic). Opening reads trailer, directory and meta; a look-up reads one
//! record and compares its checksum. A file that was cut or changed is refused with the feed's name.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs::{self, File},
    io::{self, BufWriter, Write},
    os::unix::fs::FileExt,
    path::{Path, PathBuf},
};

use model::{Hasher, Sha256, Timestamp};
use serde::{Deserialize, Serialize};

use super::{FeedError, Product, products, schema::Advisory, schema::package_key};
use crate::sbom::Ecosystem;

const MAGIC: &[u8; 8] = b"PHFEED01";
const ENTRY: usize = 36;
const TRAILER: u64 = 8 + 8 + 32 + 8;
/// Largest record: the advisories of one package.
const LARGEST_RECORD: u32 = 256 << 20;

/// The folder that holds the index files of all feeds.
#[derive(Clone, Debug)]
pub struct IndexDir(PathBuf);

impl IndexDir {
    /// An index folder; it is made when the first feed is imported.
    pub fn new(path: impl Into<PathBuf>) -> Self {
        Self(path.into())
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        &self.0
    }

    /// The index file of a feed.
    pub fn file(&self, feed: &str) -> PathBuf {
        self.0.join(format!("{feed}.advisories"))
    }
}

/// What an index file says about its feed.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct FeedMeta {
    /// Name of the feed.
    pub feed: String,
    /// When it was imported.
    pub imported_at: Timestamp,
    /// Newest change of any advisory (or of the KEV catalogue).
    pub newest: Option<Timestamp>,
    /// Newest change and number of advisories per OSV ecosystem.
    pub ecosystems: BTreeMap<String, EcosystemMeta>,
    /// CVE ids known to be exploited; only in a KEV feed.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub exploited: BTreeSet<String>,
    /// Day (`YYYY-MM-DD`) on which each of them was added, where the catalogue says so.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub exploited_since: BTreeMap<String, String>,
    /// SHA-256 of the endoflife data beside the index; only where the feed has some.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub products: Option<Sha256>,
}

/// What a feed holds about one ecosystem.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct EcosystemMeta {
    /// Number of advisories.
    pub advisories: u64,
    /// Newest change.
    pub newest: Option<Timestamp>,
}

/// Advisories by package, before they are written.
pub type Records = BTreeMap<(Ecosystem, String), Vec<Advisory>>;

fn key(ecosystem: Ecosystem, name: &str) -> [u8; 16] {
    let hash = Sha256::of(format!("{}\0{name}", ecosystem.osv_name()));
    let mut key = [0; 16];
    key.copy_from_slice(&hash.as_bytes()[..16]);
    key
}

/// Writes an index file, durably and at once.
pub fn write(dir: &IndexDir, meta: &FeedMeta, records: &Records) -> Result<PathBuf, FeedError> {
    let path = dir.file(&meta.feed);
    fs::create_dir_all(dir.path()).map_err(FeedError::io(dir.path()))?;
    let file = tempfile::NamedTempFile::new_in(dir.path()).map_err(FeedError::io(dir.path()))?;
    fill(file.as_file(), meta, records).map_err(FeedError::io(&path))?;
    file.as_file().sync_all().map_err(FeedError::io(&path))?;
    file.persist(&path).map_err(|e| FeedError::io(&path)(e.error))?;
    File::open(dir.path()).and_then(|d| d.sync_all()).map_err(FeedError::io(dir.path()))?;
    Ok(path)
}

fn fill(file: &File, meta: &FeedMeta, records: &Records) -> io::Result<()> {
    let mut out = BufWriter::new(file);
    out.write_all(MAGIC)?;
    let mut offset = MAGIC.len() as u64;
    let mut entries = Vec::with_capacity(records.len());
    for ((ecosystem, name), advisories) in records {
        let bytes = serde_json::to_vec(advisories)?;
        let length = u32::try_from(bytes.len()).map_err(io::Error::other)?;
        let mut entry = [0; ENTRY];
        entry[..16].copy_from_slice(&key(*ecosystem, name));
        entry[16..24].copy_from_slice(&offset.to_le_bytes());
        entry[24..28].copy_from_slice(&length.to_le_bytes());
        entry[28..].copy_from_slice(&Sha256::of(&bytes).as_bytes()[..8]);
        entries.push(entry);
        out.write_all(&bytes)?;
        offset += u64::from(length);
    }
    entries.sort_unstable();
    let directory = entries.concat();
    let meta = serde_json::to_vec(meta)?;
    out.write_all(&directory)?;
    out.write_all(&meta)?;
    out.write_all(&(directory.len() as u64).to_le_bytes())?;
    out.write_all(&(meta.len() as u64).to_le_bytes())?;
    out.write_all(checksum(&directory, &meta).as_bytes())?;
    out.write_all(MAGIC)?;
    out.flush()
}

fn checksum(directory: &[u8], meta: &[u8]) -> Sha256 {
    let mut hasher = Hasher::new();
    hasher.update(directory);
    hasher.update(meta);
    hasher.finish()
}

/// All feeds of a folder, opened.
#[derive(Debug, Default)]
pub struct Index {
    feeds: Vec<Feed>,
}

#[derive(Debug)]
struct Feed {
    path: PathBuf,
    file: File,
    directory: Vec<u8>,
    meta: FeedMeta,
}

impl Index {
    /// Opens every feed of the folder. A folder that does not exist is an index without feeds.
    ///
    /// # Errors
    /// [`FeedError::Damaged`] for a file that is not what was written, [`FeedError::Io`].
    pub fn open(dir: &IndexDir) -> Result<Self, FeedError> {
        let listing = match fs::read_dir(dir.path()) {
            Ok(listing) => listing,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Self::default()),
            Err(error) => return Err(FeedError::io(dir.path())(error)),
        };
        let mut paths = Vec::new();
        for entry in listing {
            let path = entry.map_err(FeedError::io(dir.path()))?.path();
            if path.extension().is_some_and(|e| e == "advisories") {
                paths.push(path);
            }
        }
        paths.sort();
        Ok(Self { feeds: paths.into_iter().map(Feed::open).collect::<Result<_, _>>()? })
    }

    /// What is known about each feed.
    pub fn feeds(&self) -> impl Iterator<Item = &FeedMeta> {
        self.feeds.iter().map(|feed| &feed.meta)
    }

    /// Whether any feed has advisories for the ecosystem, and their newest change.
    pub fn covers(&self, ecosystem: Ecosystem) -> Option<Option<Timestamp>> {
        let metas = self.feeds().filter_map(|m| m.ecosystems.get(ecosystem.osv_name()));
        metas.map(|m| m.newest).reduce(Option::max)
    }

    /// Number of advisories over all feeds.
    pub fn advisories(&self) -> u64 {
        self.feeds().flat_map(|m| m.ecosystems.values()).map(|m| m.advisories).sum()
    }

    /// Whether a CVE is in an imported KEV catalogue.
    pub fn is_exploited(&self, id: &str) -> bool {
        self.feeds().any(|m| m.exploited.contains(id))
    }

    /// Whether a KEV catalogue was imported.
    pub fn knows_exploited(&self) -> bool {
        self.feeds().any(|meta| !meta.exploited.is_empty())
    }

    /// Day on which a CVE was added to an imported KEV catalogue.
    pub fn exploited_since(&self, id: &str) -> Option<&str> {
        self.feeds().find_map(|meta| meta.exploited_since.get(id)).map(String::as_str)
    }

    /// Endoflife data of all feeds; the newest import wins. Nothing when none was imported.
    ///
    /// # Errors
    /// [`FeedError::Damaged`], [`FeedError::Io`].
    pub fn products(&self) -> Result<BTreeMap<String, Product>, FeedError> {
        let mut feeds: Vec<&Feed> = self.feeds.iter().collect();
        feeds.sort_by_key(|feed| feed.meta.imported_at);
        let mut all = BTreeMap::new();
        for feed in feeds {
            if let Some(digest) = feed.meta.products {
                all.extend(products::read(&feed.path.with_extension("products"), digest)?);
            }
        }
        Ok(all)
    }

    /// The advisories of a package, over all feeds; the name is normalised.
    ///
    /// # Errors
    /// [`FeedError::Damaged`], [`FeedError::Io`].
    pub fn find(&self, ecosystem: Ecosystem, name: &str) -> Result<Vec<Advisory>, FeedError> {
        let key = key(ecosystem, &package_key(ecosystem, name));
        let mut found = Vec::new();
        for feed in &self.feeds {
            found.extend(feed.find(&key)?);
        }
        Ok(found)
    }
}

impl Feed {
    fn open(path: PathBuf) -> Result<Self, FeedError> {
        let file = File::open(&path).map_err(FeedError::io(&path))?;
        let damaged = |why: &str| damaged(&path, why.to_owned());
        let size = file.metadata().map_err(FeedError::io(&path))?.len();
        let body = size.checked_sub(TRAILER + MAGIC.len() as u64).ok_or_else(|| damaged("too short"))?;
        let read = |offset: u64, length: u64| {
            let mut bytes = vec![0; usize::try_from(length).map_err(io::Error::other)?];
            file.read_exact_at(&mut bytes, offset).map(|()| bytes)
        };
        let trailer = read(size - TRAILER, TRAILER).map_err(FeedError::io(&path))?;
        if &trailer[48..] != MAGIC {
            return Err(damaged("it is cut, or from another version"));
        }
        let (directory_size, meta_size) = (number(&trailer[..8]), number(&trailer[8..16]));
        let both = directory_size.checked_add(meta_size).filter(|both| *both <= body);
        let both = both.ok_or_else(|| damaged("its lengths do not fit"))?;
        let directory = read(size - TRAILER - both, directory_size).map_err(FeedError::io(&path))?;
        let meta = read(size - TRAILER - meta_size, meta_size).map_err(FeedError::io(&path))?;
        if checksum(&directory, &meta).as_bytes() != &trailer[16..48] || directory.len() % ENTRY != 0 {
            return Err(damaged("the checksum of its directory does not match"));
        }
        let meta = serde_json::from_slice(&meta).map_err(|e| damaged(&e.to_string()))?;
        Ok(Self { path, file, directory, meta })
    }

    fn find(&self, key: &[u8; 16]) -> Result<Vec<Advisory>, FeedError> {
        let (entries, _) = self.directory.as_chunks::<ENTRY>();
        let Ok(at) = entries.binary_search_by(|entry| entry[..16].cmp(key)) else { return Ok(Vec::new()) };
        let entry = &entries[at];
        let length = u32::try_from(number(&entry[24..28])).unwrap_or(u32::MAX);
        if length > LARGEST_RECORD {
            return Err(damaged(&self.path, "a record is too large".to_owned()));
        }
        let mut bytes = vec![0; length as usize];
        self.file
            .read_exact_at(&mut bytes, number(&entry[16..24]))
            .map_err(|e| damaged(&self.path, format!("a record cannot be read: {e}")))?;
        if Sha256::of(&bytes).as_bytes()[..8] != entry[28..] {
            return Err(damaged(&self.path, "the checksum of a record does not match".to_owned()));
        }
        serde_json::from_slice(&bytes).map_err(|e| damaged(&self.path, e.to_string()))
    }
}

fn number(bytes: &[u8]) -> u64 {
    bytes.iter().rev().fold(0, |number, byte| number << 8 | u64::from(*byte))
}

fn damaged(path: &Path, why: String) -> FeedError {
    let feed = path.file_stem().map(|s| s.to_string_lossy().into_owned()).unwrap_or_default();
    FeedError::Damaged { path: path.to_owned(), feed, why: format!("the advisory index is damaged: {why}") }
}
