//! Which files have not changed since the last snapshot, judged by `lstat` alone.
//!
//! One compact file: magic, the moment the snapshot began, the entries sorted by path, SHA-256 of
//! all that. It is only a hint: anything unexpected in it and the snapshot starts from nothing.
//! As in git's index, a file touched so shortly before the snapshot that a later change could have
//! left the same times ("racily clean") is not remembered.

use std::{
    collections::BTreeMap,
    fs::{self, File, Metadata},
    io::{Read, Write},
    os::unix::fs::MetadataExt,
    path::Path,
    time::{SystemTime, UNIX_EPOCH},
};

use model::{Digest, Sha256};

use super::object::ObjectId;

const MAGIC: &[u8; 8] = b"PHSTAT2\n";
/// Largest file that is read.
const MAX_BYTES: u64 = 256 << 20;
/// File systems' clocks tick at most this coarsely.
const RACY: i128 = 50_000_000;

/// What `lstat` says about a regular file; any change of content changes one of these.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Stat {
    pub(crate) size: u64,
    pub(crate) mtime: i64,
    pub(crate) ctime: i64,
    pub(crate) inode: u64,
}

impl Stat {
    pub(crate) fn of(meta: &Metadata) -> Self {
        let nanos = |seconds: i64, nanos: i64| seconds.saturating_mul(1_000_000_000).saturating_add(nanos);
        Self {
            size: meta.len(),
            mtime: nanos(meta.mtime(), meta.mtime_nsec()),
            ctime: nanos(meta.ctime(), meta.ctime_nsec()),
            inode: meta.ino(),
        }
    }

    fn is_racy(&self, began: i64) -> bool {
        i128::from(self.mtime.max(self.ctime)) >= i128::from(began) - RACY
    }
}

/// Nanoseconds since 1970.
pub(crate) fn nanos(at: SystemTime) -> i64 {
    at.duration_since(UNIX_EPOCH).ok().and_then(|since| i64::try_from(since.as_nanos()).ok()).unwrap_or(0)
}

/// What a file contained.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Content {
    pub(crate) hash: Sha256,
    /// Its name in git, when somebody wanted to know.
    pub(crate) blob: Option<ObjectId>,
}

/// Path to what it was and what it contained.
#[derive(Debug, Default, PartialEq)]
pub(crate) struct StatCache {
    entries: BTreeMap<String, (Stat, Content)>,
}

impl StatCache {
    /// Reads the cache; a missing, damaged or oversized one is empty.
    pub(crate) fn load(path: &Path) -> Self {
        let bytes = File::open(path).and_then(|file| {
            let mut bytes = Vec::new();
            file.take(MAX_BYTES + 1).read_to_end(&mut bytes)?;
            Ok(bytes)
        });
        bytes.ok().and_then(|bytes| Self::parse(&bytes)).unwrap_or_default()
    }

    pub(crate) fn parse(bytes: &[u8]) -> Option<Self> {
        let (body, sum) = bytes.split_last_chunk::<32>()?;
        if bytes.len() as u64 > MAX_BYTES || Sha256::of(body).as_bytes() != sum {
            return None;
        }
        let mut rest = body.strip_prefix(MAGIC)?;
        let mut entries = BTreeMap::new();
        while !rest.is_empty() {
            let length = usize::from(u16::from_le_bytes(take(&mut rest)?));
            let (path, after) = rest.split_at_checked(length)?;
            rest = after;
            let stat = Stat {
                size: u64::from_le_bytes(take(&mut rest)?),
                mtime: i64::from_le_bytes(take(&mut rest)?),
                ctime: i64::from_le_bytes(take(&mut rest)?),
                inode: u64::from_le_bytes(take(&mut rest)?),
            };
            let content = Content { hash: Sha256(take(&mut rest)?), blob: blob(&mut rest)? };
            entries.insert(std::str::from_utf8(path).ok()?.to_owned(), (stat, content));
        }
        Some(Self { entries })
    }

    /// The content of a file that looks exactly as it did.
    pub(crate) fn lookup(&self, path: &str, stat: &Stat) -> Option<(Digest, Option<ObjectId>)> {
        let (known, content) = self.entries.get(path)?;
        (known == stat).then_some((Digest { hash: content.hash, size: stat.size }, content.blob))
    }

    /// Remembers a file, unless it may have changed since without showing it.
    pub(crate) fn insert(&mut self, path: &str, stat: Stat, content: Content, began: i64) {
        if !stat.is_racy(began) && path.len() <= usize::from(u16::MAX) {
            self.entries.insert(path.to_owned(), (stat, content));
        }
    }

    pub(crate) fn encode(&self) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(self.entries.len() * 150 + 64);
        bytes.extend_from_slice(MAGIC);
        for (path, (stat, content)) in &self.entries {
            bytes.extend_from_slice(&u16::try_from(path.len()).unwrap_or(0).to_le_bytes());
            bytes.extend_from_slice(path.as_bytes());
            bytes.extend_from_slice(&stat.size.to_le_bytes());
            bytes.extend_from_slice(&stat.mtime.to_le_bytes());
            bytes.extend_from_slice(&stat.ctime.to_le_bytes());
            bytes.extend_from_slice(&stat.inode.to_le_bytes());
            bytes.extend_from_slice(content.hash.as_bytes());
            let blob = content.blob.as_ref().map_or(&[][..], ObjectId::as_bytes);
            bytes.push(u8::try_from(blob.len()).unwrap_or(0));
            bytes.extend_from_slice(blob);
        }
        let sum = Sha256::of(&bytes);
        bytes.extend_from_slice(sum.as_bytes());
        bytes
    }

    /// Writes the cache beside itself and renames it into place. Failing is no harm.
    pub(crate) fn save(&self, path: &Path) -> std::io::Result<()> {
        let temporary = path.with_extension(format!("tmp{}", std::process::id()));
        if let Some(folder) = path.parent() {
            fs::create_dir_all(folder)?;
        }
        let written = File::create(&temporary).and_then(|mut file| file.write_all(&self.encode()));
        written.and_then(|()| fs::rename(&temporary, path)).inspect_err(|_| {
            let _ = fs::remove_file(&temporary);
        })
    }
}

fn take<const N: usize>(rest: &mut &[u8]) -> Option<[u8; N]> {
    let (head, tail) = rest.split_first_chunk::<N>()?;
    *rest = tail;
    Some(*head)
}

/// Its length and the name; a length of 0 is none.
fn blob(rest: &mut &[u8]) -> Option<Option<ObjectId>> {
    let [length] = take(rest)?;
    let (name, after) = rest.split_at_checked(usize::from(length))?;
    *rest = after;
    if name.is_empty() { Some(None) } else { ObjectId::from_bytes(name).map(Some) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cache() -> StatCache {
        let mut cache = StatCache::default();
        let stat = Stat { size: 5, mtime: 1, ctime: 2, inode: 3 };
        let content = |text: &str, blob| Content { hash: Sha256::of(text), blob };
        cache.insert("a/b", stat, content("x", None), 1_000_000_000);
        let blob = Some(ObjectId::Sha1([7; 20]));
        cache.insert("c", Stat { size: 0, ..stat }, content("y", blob), 1_000_000_000);
        cache
    }

    #[test]
    fn a_file_touched_just_before_the_snapshot_is_not_remembered() {
        let mut cache = StatCache::default();
        let stat = Stat { size: 5, mtime: 990_000_000, ctime: 0, inode: 3 };
        cache.insert("a", stat, Content { hash: Sha256::of("x"), blob: None }, 1_000_000_000);
        assert_eq!(cache.lookup("a", &stat), None);
    }

    #[test]
    fn it_survives_writing_and_any_damage_empties_it() {
        let bytes = cache().encode();
        assert_eq!(StatCache::parse(&bytes), Some(cache()));
        for at in 0..bytes.len() {
            let mut damaged = bytes.clone();
            damaged[at] ^= 1;
            assert_eq!(StatCache::parse(&damaged), None);
            assert_eq!(StatCache::parse(&bytes[..at]), None);
        }
    }

    proptest::proptest! {
        #[test]
        fn any_body_with_a_right_sum_is_read_without_panic(body in proptest::collection::vec(0u8.., 0..200)) {
            let mut bytes = [MAGIC.as_slice(), &body].concat();
            let sum = Sha256::of(&bytes);
            bytes.extend_from_slice(sum.as_bytes());
            let _ = StatCache::parse(&bytes);
        }
    }
}
