//! Removing the content of entries, and knowing that it was removed rightly.
//!
//! A record keeps its place, its length, its leaf and its time-stamp; where the envelope was are its digest,
//! the number of the entry that says why it went, and zeros (given back to the file system, where that can
//! be done). So nothing else moves: index, tiles and checkpoint stay as they are.
//!
//! Before the first record is overwritten all of their new forms are in the file `redo`, whole and flushed;
//! it is removed when all are in place. A crash in between leaves it there, and the next opening writes them
//! again.

use std::{
    collections::{HashMap, HashSet},
    fs::{self, File},
    io,
    path::Path,
    sync::{Arc, PoisonError},
};

use model::{
    Sha256, Timestamp,
    predicate::{Removal, RemovedEntry},
};

use super::{
    Ledger, LedgerError,
    journal::{Found, Position, sync_dir},
    record::{HEAD, Record, Removed},
};

/// What the redo file begins with.
const MAGIC: &[u8; 8] = b"PHREDO1\n";
/// Most records that are overwritten by one redo file.
pub const MOST_REMOVED: usize = 1000;

/// An entry whose content was removed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RemovedPayload {
    /// Position in the log.
    pub index: u64,
    /// SHA-256 of the envelope that was there.
    pub envelope: Sha256,
    /// When the ledger accepted it.
    pub logged_at: Timestamp,
    /// Entry that says why it went.
    pub by: u64,
    said: Arc<Said>,
}

impl RemovedPayload {
    /// What the entry says that says why it went.
    pub fn removal(&self) -> &Removal {
        &self.said.removal
    }
}

/// A removal, and what it names.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Said {
    removal: Removal,
    named: HashMap<u64, Sha256>,
}

impl Ledger {
    /// What happened to an entry whose content was removed; `None` when it is there.
    ///
    /// # Errors
    /// [`LedgerError::RemovedUnexplained`] when no removal names it; as [`Ledger::read`].
    pub fn removed(&self, index: u64) -> Result<Option<RemovedPayload>, LedgerError> {
        let record = self.record(index)?;
        let Some(Removed { envelope, by }) = record.removed else { return Ok(None) };
        let said = self.said(by).filter(|said| by > index && said.named.get(&index) == Some(&envelope));
        let said = said.ok_or(LedgerError::RemovedUnexplained { index, by })?;
        Ok(Some(RemovedPayload { index, envelope, logged_at: record.logged_at, by, said }))
    }

    /// The removal at `by`; the last one is kept, as a removal names many.
    fn said(&self, by: u64) -> Option<Arc<Said>> {
        let mut last = self.last_removal.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((_, said)) = last.as_ref().filter(|(known, _)| *known == by) {
            return Some(Arc::clone(said));
        }
        let removal: Removal = self.read(by).ok()?.logged.statement.decode()?.ok()?;
        let named = removal.entries.iter().map(|entry| (entry.index, entry.envelope)).collect();
        let said = Arc::new(Said { removal, named });
        *last = Some((by, Arc::clone(&said)));
        Some(said)
    }

    /// When the ledger accepted an entry, also one whose content was removed.
    ///
    /// # Errors
    /// As [`Ledger::read`].
    pub fn logged_at(&self, index: u64) -> Result<Timestamp, LedgerError> {
        self.record(index).map(|record| record.logged_at)
    }

    /// The leaf of an entry, also of one whose content was removed.
    ///
    /// # Errors
    /// As [`Ledger::read`].
    pub fn leaf(&self, index: u64) -> Result<Vec<u8>, LedgerError> {
        self.record(index).map(|record| record.leaf)
    }

    /// Removes the content of every entry that the removal statement at `by` names. What is gone already
    /// stays so. Returns how many went. When this returns they are gone for good, on disk.
    ///
    /// # Errors
    /// [`LedgerError::Statement`] when the entry at `by` is no removal, or names what must stay; damage and
    /// IO errors.
    pub fn remove_payloads(&mut self, by: u64) -> Result<u64, LedgerError> {
        let _guard = self.exclusive()?;
        self.catch_up()?;
        let refuse = |why: String| LedgerError::Statement(why);
        let entry = self.read(by)?;
        let removal = entry.logged.statement.decode::<Removal>().and_then(Result::ok);
        let removal = removal.ok_or_else(|| refuse(format!("entry {by} is no removal")))?;
        if self.checkpoint().is_none_or(|note| by >= note.checkpoint.size) {
            return Err(LedgerError::NotCheckpointed(by));
        }
        let mut gone = 0;
        for entries in removal.entries.chunks(MOST_REMOVED) {
            let mut writes = Vec::new();
            for entry in entries {
                writes.extend(self.tombstone(entry, by)?);
            }
            self.overwrite(&writes)?;
            gone += writes.len() as u64;
        }
        Ok(gone)
    }

    /// Where an entry is, and what is to stand there; `None` when it stands there already.
    fn tombstone(&self, entry: &RemovedEntry, by: u64) -> Result<Option<Write>, LedgerError> {
        let record = self.record(entry.index)?;
        if entry.index >= by || record.envelope_digest() != entry.envelope {
            return Err(LedgerError::Statement(format!("entry {by} names another entry {}", entry.index)));
        }
        if record.removed.is_some() {
            return Ok(None);
        }
        let place = self.index.get(entry.index).map(|slot| slot.place);
        let place = place.ok_or_else(|| LedgerError::damaged("the index", "it is cut short"))?;
        let too_short = || LedgerError::Statement(format!("entry {} is too short to remove", entry.index));
        let (bytes, zeros) =
            record.without_envelope(by, self.journal.body_length(place)?).ok_or_else(too_short)?;
        Ok(Some(Write { place, bytes, zeros: zeros as u64 }))
    }

    fn overwrite(&self, writes: &[Write]) -> Result<(), LedgerError> {
        if writes.is_empty() {
            return Ok(());
        }
        let (half, path) = (self.dir.join("redo.half"), self.dir.join("redo"));
        let note = || -> io::Result<()> {
            let mut file = File::create(&half)?;
            io::Write::write_all(&mut file, &encode(writes))?;
            file.sync_all()?;
            fs::rename(&half, &path)?;
            sync_dir(&self.dir)
        };
        note().map_err(|error| LedgerError::io(&path, error))?;
        self.apply(writes)
    }

    fn apply(&self, writes: &[Write]) -> Result<(), LedgerError> {
        for one in writes {
            self.journal.overwrite(one.place, &one.bytes, one.zeros)?;
        }
        let mut segments: Vec<_> = writes.iter().map(|one| one.place.segment).collect();
        segments.sort_unstable();
        segments.dedup();
        segments.into_iter().try_for_each(|segment| self.journal.sync(segment))?;
        let path = self.dir.join("redo");
        let end = fs::remove_file(&path).and_then(|()| sync_dir(&self.dir));
        end.map_err(|error| LedgerError::io(&path, error))
    }

    /// Finishes a removal that a crash interrupted. The caller holds the lock.
    pub(super) fn redo(&self) -> Result<(), LedgerError> {
        let path = self.dir.join("redo");
        let bytes = match fs::read(&path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
            bytes => bytes.map_err(|error| LedgerError::io(&path, error))?,
        };
        let damaged = |why| LedgerError::damaged("the file redo", why);
        let writes = decode(&bytes).ok_or_else(|| damaged("it was changed"))?;
        for one in &writes {
            if !self.finishes(one)? {
                return Err(damaged("it is about other records than are there"));
            }
        }
        self.apply(&writes)
    }

    /// Whether what is to be written is the record that is there, without its content. One that was
    /// overwritten in part can only be compared by its length.
    fn finishes(&self, one: &Write) -> Result<bool, LedgerError> {
        let length = self.journal.body_length(one.place)?;
        if one.zeros.checked_add(one.bytes.len() as u64) != Some((HEAD + length) as u64) {
            return Ok(false);
        }
        let whole = [one.bytes.as_slice(), &vec![0; one.zeros as usize]].concat();
        let written = whole.split_first_chunk().and_then(|(head, body)| Record::decode(head, body));
        let Some((written, Removed { by, .. })) = written.and_then(|it| Some((it.clone(), it.removed?)))
        else {
            return Ok(false);
        };
        Ok(match self.journal.read(one.place)? {
            Found::Record(there, _) => {
                there.without_envelope(by, length) == written.without_envelope(by, length)
            }
            Found::Broken => true,
            Found::End => false,
        })
    }

    /// Whether another process is overwriting records just now.
    pub(super) fn is_removing(&self) -> bool {
        Path::exists(&self.dir.join("redo"))
    }
}

/// Removals by the entry that they are, as `ledger verify` meets them.
#[derive(Default)]
pub(super) struct Removals {
    /// Entries without content: number, name, digest, and the entry that should name it.
    pub gone: Vec<(u64, String, Removed)>,
    asked: HashSet<u64>,
    said: HashMap<u64, HashMap<u64, Sha256>>,
}

impl Removals {
    /// An entry without content.
    pub fn gone(&mut self, index: u64, name: String, removed: Removed) {
        self.asked.insert(removed.by);
        self.gone.push((index, name, removed));
    }

    /// Whether some entry before `index` says that it went by `index`.
    pub fn asked(&self, index: u64) -> bool {
        self.asked.contains(&index)
    }

    /// A removal that is good in itself.
    pub fn said(&mut self, index: u64, removal: &Removal) {
        let entries = removal.entries.iter().map(|entry| (entry.index, entry.envelope));
        self.said.insert(index, entries.collect());
    }

    /// Entries whose content is gone and of which no removal says so.
    pub fn unexplained(&self) -> impl Iterator<Item = &(u64, String, Removed)> {
        let named = |(index, _, removed): &&(u64, String, Removed)| {
            self.said.get(&removed.by).and_then(|said| said.get(index)) == Some(&removed.envelope)
        };
        self.gone.iter().filter(move |gone| !named(gone))
    }
}

/// A record's new form: its bytes, and how many zeros follow them.
#[derive(Debug, PartialEq, Eq)]
struct Write {
    place: Position,
    bytes: Vec<u8>,
    zeros: u64,
}

fn encode(writes: &[Write]) -> Vec<u8> {
    let mut out = MAGIC.to_vec();
    for one in writes {
        for number in [one.place.segment, one.place.offset, one.bytes.len() as u64, one.zeros] {
            out.extend_from_slice(&number.to_be_bytes());
        }
        out.extend_from_slice(&one.bytes);
    }
    let check = Sha256::of(&out);
    out.extend_from_slice(check.as_bytes());
    out
}

fn decode(bytes: &[u8]) -> Option<Vec<Write>> {
    let (said, check) = bytes.split_last_chunk::<32>()?;
    let mut rest = said.strip_prefix(MAGIC).filter(|_| Sha256::of(said).0 == *check)?;
    let mut writes = Vec::new();
    while !rest.is_empty() {
        let mut number = || -> Option<u64> {
            let (number, after) = rest.split_first_chunk()?;
            rest = after;
            Some(u64::from_be_bytes(*number))
        };
        let place = Position { segment: number()?, offset: number()? };
        let (length, zeros) = (number()?, number()?);
        let (one, after) = rest.split_at_checked(usize::try_from(length).ok()?)?;
        rest = after;
        writes.push(Write { place, bytes: one.to_vec(), zeros });
    }
    Some(writes)
}

#[cfg(test)]
mod tests {
    use super::*;

    proptest::proptest! {
        #[test]
        fn a_redo_file_is_read_as_it_was_written_and_nothing_else_is(
            parts: Vec<(u64, u64, Vec<u8>, u64)>, junk: Vec<u8>, at: usize,
        ) {
            let writes: Vec<_> = parts
                .into_iter()
                .map(|(segment, offset, bytes, zeros)| Write { place: Position { segment, offset }, bytes, zeros })
                .collect();
            let mut bytes = encode(&writes);
            proptest::prop_assert_eq!(decode(&bytes), Some(writes));
            let at = at % bytes.len();
            bytes[at] ^= 1;
            proptest::prop_assert_eq!(decode(&bytes), None);
            proptest::prop_assert_eq!(decode(&junk), None);
        }
    }
}
