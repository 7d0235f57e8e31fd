//! What makes measuring a tool again fast: hashes by file status, answers of programs, and earlier
//! listings.
//!
//! A file whose device, inode, size, modification **and change** time are the same was not written:
//! the change time cannot be set by a program. Files changed within the last seconds before hashing
//! are not remembered, because a second write in the same tick would go unseen. The cache file ends
//! in its own checksum; a damaged one is ignored. It is trusted as much as the rest of the
//! installation's folder: who can write there can also write the ledger.

use std::{
    collections::HashMap,
    fmt::Write as _,
    fs::{self, Metadata},
    io::Write as _,
    os::unix::fs::MetadataExt,
    path::{Path, PathBuf},
    time::{SystemTime, UNIX_EPOCH},
};

use model::Sha256;

use crate::tree::{self, Listing};

const NAME: &str = "toolstat";
const LISTINGS: &str = "toollists";
const ANSWERS: &str = "toolanswers";
const ANSWERS_HEADER: &str = "proofhouse-toolanswers-v1\n";
const HEADER: &str = "proofhouse-toolstat-v1\n";
/// Most remembered files; beyond that the cache starts anew.
const MOST: usize = 1_000_000;
/// Most remembered answers.
const MOST_ANSWERS: usize = 10_000;
/// Largest cache or listing file that is read.
const MOST_BYTES: u64 = 256 << 20;
/// Most kept listings.
const MOST_LISTINGS: usize = 64;
/// Files younger than this are not remembered.
const YOUNG_NANOSECONDS: i128 = 3_000_000_000;

/// What `stat` says about a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Status {
    device: u64,
    inode: u64,
    size: u64,
    modified: i128,
    changed: i128,
}

impl Status {
    pub fn of(meta: &Metadata) -> Self {
        let nanoseconds = |seconds: i64, rest: i64| i128::from(seconds) * 1_000_000_000 + i128::from(rest);
        Self {
            device: meta.dev(),
            inode: meta.ino(),
            size: meta.size(),
            modified: nanoseconds(meta.mtime(), meta.mtime_nsec()),
            changed: nanoseconds(meta.ctime(), meta.ctime_nsec()),
        }
    }

    fn parse(words: &mut std::str::Split<'_, char>) -> Option<Self> {
        Some(Self {
            device: words.next()?.parse().ok()?,
            inode: words.next()?.parse().ok()?,
            size: words.next()?.parse().ok()?,
            modified: words.next()?.parse().ok()?,
            changed: words.next()?.parse().ok()?,
        })
    }
}

/// Hashes by status.
#[derive(Debug, Default)]
pub(crate) struct StatCache {
    known: HashMap<Status, Sha256>,
    dirty: bool,
    now: i128,
}

impl StatCache {
    /// Reads the cache of an installation; empty when there is none or it is damaged.
    pub fn load(folder: &Path) -> Self {
        let known = read_bounded(&folder.join(NAME)).and_then(|text| parse(&text)).unwrap_or_default();
        // Only compared with file times of this machine, never part of evidence.
        let now = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_nanos());
        Self { known, dirty: false, now: i128::try_from(now).unwrap_or(0) }
    }

    pub fn get(&self, status: &Status) -> Option<Sha256> {
        self.known.get(status).copied()
    }

    /// Remembers a hash, unless the file is too young for that.
    pub fn put(&mut self, status: Status, hash: Sha256) {
        if status.changed.max(status.modified) + YOUNG_NANOSECONDS >= self.now {
            return;
        }
        if self.known.len() >= MOST {
            self.known.clear();
        }
        self.known.insert(status, hash);
        self.dirty = true;
    }

    /// Writes the cache when something was learnt. A cache that cannot be written costs time, not
    /// correctness, so that is only logged.
    pub fn save(&self, folder: &Path) {
        if !self.dirty {
            return;
        }
        let mut text = String::from(HEADER);
        for (Status { device, inode, size, modified, changed }, hash) in &self.known {
            let _ = writeln!(text, "{hash} {device} {inode} {size} {modified} {changed}");
        }
        write_or_warn(&folder.join(NAME), seal(text));
    }
}

/// What programs answered earlier, by a key that says everything the answer depends on.
#[derive(Debug, Default)]
pub(crate) struct Answers {
    known: HashMap<Sha256, String>,
    dirty: bool,
}

impl Answers {
    pub fn load(folder: &Path) -> Self {
        let known = read_bounded(&folder.join(ANSWERS)).and_then(|text| parse_answers(&text));
        Self { known: known.unwrap_or_default(), dirty: false }
    }

    pub fn get(&self, key: &Sha256) -> Option<String> {
        self.known.get(key).cloned()
    }

    pub fn put(&mut self, key: Sha256, answer: &str) {
        if self.known.len() >= MOST_ANSWERS {
            self.known.clear();
        }
        self.known.insert(key, answer.to_owned());
        self.dirty = true;
    }

    pub fn save(&self, folder: &Path) {
        if !self.dirty {
            return;
        }
        let mut text = String::from(ANSWERS_HEADER);
        for (key, answer) in &self.known {
            let _ = writeln!(text, "{key} {}", tree::encode(answer.as_bytes()));
        }
        write_or_warn(&folder.join(ANSWERS), seal(text));
    }
}

fn parse_answers(text: &str) -> Option<HashMap<Sha256, String>> {
    let line = |line: &str| {
        let (key, answer) = line.split_once(' ')?;
        Some((key.parse().ok()?, tree::decode(answer)?))
    };
    unseal(text)?.strip_prefix(ANSWERS_HEADER)?.split_terminator('\n').map(line).collect()
}

/// Adds a last line with the checksum of the text.
fn seal(mut text: String) -> String {
    let sum = Sha256::of(&text);
    let _ = writeln!(text, "sum {sum}");
    text
}

/// The text without its checksum, when that is right.
fn unseal(text: &str) -> Option<&str> {
    let (body, sum) = text.split_at(text.rfind("sum ")?);
    (sum.strip_prefix("sum ")?.trim().parse() == Ok(Sha256::of(body))).then_some(body)
}

fn write_or_warn(path: &Path, text: String) {
    if let Err(error) = write(path, &text) {
        tracing::warn!(%error, path = %path.display(), "a cache of tools could not be written");
    }
}

fn parse(text: &str) -> Option<HashMap<Status, Sha256>> {
    let line = |line: &str| {
        let mut words = line.split(' ');
        let hash = words.next()?.parse().ok()?;
        Some((Status::parse(&mut words)?, hash))
    };
    unseal(text)?.strip_prefix(HEADER)?.split_terminator('\n').map(line).collect()
}

/// Remembers a listing under its digest, so that a later change can be told file by file.
pub(crate) fn keep_listing(folder: &Path, digest: &Sha256, listing: &Listing) {
    let folder = folder.join(LISTINGS);
    let path = folder.join(digest.hex());
    if path.exists() {
        return;
    }
    prune(&folder);
    write_or_warn(&path, listing.render());
}

/// The listing with this digest, when it is still there and still true.
pub(crate) fn kept_listing(folder: &Path, digest: &Sha256) -> Option<Listing> {
    let text = read_bounded(&folder.join(LISTINGS).join(digest.hex()))?;
    if Sha256::of(&text) == *digest { Listing::parse(&text) } else { None }
}

fn prune(folder: &Path) {
    let Ok(items) = fs::read_dir(folder) else { return };
    let aged = |item: fs::DirEntry| Some((item.metadata().ok()?.modified().ok()?, item.path()));
    let mut files: Vec<(SystemTime, PathBuf)> = items.flatten().filter_map(aged).collect();
    files.sort();
    let surplus = (files.len() + 1).saturating_sub(MOST_LISTINGS);
    for (_, path) in files.iter().take(surplus) {
        let _ = fs::remove_file(path);
    }
}

fn read_bounded(path: &Path) -> Option<String> {
    let size = fs::metadata(path).ok()?.len();
    if size > MOST_BYTES { None } else { fs::read_to_string(path).ok() }
}

/// Whole or not at all: written beside and renamed.
fn write(path: &Path, text: &str) -> std::io::Result<()> {
    let folder = path.parent().unwrap_or(Path::new("."));
    fs::create_dir_all(folder)?;
    let mut file = tempfile::NamedTempFile::new_in(folder)?;
    file.write_all(text.as_bytes())?;
    file.persist(path)?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_damaged_cache_is_forgotten() {
        let folder = tempfile::tempdir().unwrap();
        let status = Status { device: 1, inode: 2, size: 3, modified: 4, changed: 5 };
        let mut cache = StatCache::load(folder.path());
        cache.put(status, Sha256::of("x"));
        cache.save(folder.path());
        assert_eq!(StatCache::load(folder.path()).get(&status), Some(Sha256::of("x")));

        let path = folder.path().join(NAME);
        let text = fs::read_to_string(&path).unwrap().replace(" 3 ", " 4 ");
        fs::write(&path, text).unwrap();
        let status = Status { size: 4, ..status };
        assert_eq!(StatCache::load(folder.path()).get(&status), None);
    }

    #[test]
    fn a_file_that_was_just_written_is_not_remembered() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("new");
        fs::write(&path, "x").unwrap();
        let status = Status::of(&fs::metadata(&path).unwrap());
        let mut cache = StatCache::load(folder.path());
        cache.put(status, Sha256::of("x"));
        assert_eq!(cache.get(&status), None);
    }
}
