//! The file `index`: for each record its envelope digest and place, 48 bytes each.
//!
//! A cache of the journal. Its last entry is compared with the journal when the ledger is opened,
//! every entry when its record is read; when it does not fit it is made again.

use std::{
    collections::HashMap,
    fs::{File, OpenOptions},
    os::unix::fs::{FileExt, OpenOptionsExt},
    path::{Path, PathBuf},
    sync::{Mutex, PoisonError},
};

use model::Sha256;

use super::{LedgerError, journal::Position};

const WIDTH: usize = 48;

/// The index of one ledger.
pub struct Index {
    path: PathBuf,
    file: Option<File>,
    /// Entries from some number on that cannot be written in a folder of somebody else.
    unwritten: Mutex<Option<(u64, Vec<Slot>)>>,
    writable: bool,
    /// Digest to number, filled when it is first asked for.
    lookup: Mutex<Lookup>,
}

#[derive(Default)]
struct Lookup {
    known: u64,
    numbers: HashMap<Sha256, u64>,
}

/// One entry.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Slot {
    /// Envelope digest.
    pub envelope: Sha256,
    /// Place in the journal.
    pub place: Position,
}

impl Index {
    /// Opens the index; with `write` it is made when missing.
    pub fn open(ledger: &Path, write: bool) -> Result<Self, LedgerError> {
        let path = ledger.join("index");
        let mut options = OpenOptions::new();
        options.read(true).write(write).create(write).truncate(false).mode(0o600);
        let file = match options.open(&path) {
            Err(_) if !write => None,
            file => Some(file.map_err(|error| LedgerError::io(&path, error))?),
        };
        Ok(Self { path, file, unwritten: Mutex::default(), writable: write, lookup: Mutex::default() })
    }

    /// Whole entries in the file.
    pub fn count(&self) -> Result<u64, LedgerError> {
        let Some(file) = &self.file else { return Ok(0) };
        let metadata = file.metadata().map_err(|error| LedgerError::io(&self.path, error))?;
        Ok(metadata.len() / WIDTH as u64)
    }

    /// Entry number `n`; `None` when there is none.
    pub fn get(&self, n: u64) -> Option<Slot> {
        if let Some((from, slots)) = &*self.unwritten.lock().unwrap_or_else(PoisonError::into_inner)
            && n >= *from
        {
            return slots.get((n - from) as usize).copied();
        }
        let mut bytes = [0; WIDTH];
        self.file.as_ref()?.read_exact_at(&mut bytes, n.checked_mul(WIDTH as u64)?).ok()?;
        decode(&bytes)
    }

    /// Writes entries from number `n` on and forgets whatever was there.
    pub fn put(&self, n: u64, slots: &[Slot]) -> Result<(), LedgerError> {
        let Some(file) = self.file.as_ref().filter(|_| self.writable) else {
            *self.unwritten.lock().unwrap_or_else(PoisonError::into_inner) = Some((n, slots.to_vec()));
            return Ok(());
        };
        let bytes: Vec<u8> = slots.iter().flat_map(encode).collect();
        let put = file.set_len(n * WIDTH as u64).and_then(|()| file.write_all_at(&bytes, n * WIDTH as u64));
        self.forget_from(n);
        put.map_err(|error| LedgerError::io(&self.path, error))
    }

    /// Flushes the file.
    pub fn sync(&self) -> Result<(), LedgerError> {
        let synced = self.file.as_ref().map_or(Ok(()), File::sync_data);
        synced.map_err(|error| LedgerError::io(&self.path, error))
    }

    /// Number of the record with this envelope, among the first `size`.
    pub fn find(&self, envelope: &Sha256, size: u64) -> Option<u64> {
        let mut lookup = self.lookup.lock().unwrap_or_else(PoisonError::into_inner);
        while lookup.known < size {
            let number = lookup.known;
            lookup.numbers.entry(self.get(number)?.envelope).or_insert(number);
            lookup.known += 1;
        }
        lookup.numbers.get(envelope).copied().filter(|number| *number < size)
    }

    fn forget_from(&self, n: u64) {
        let mut lookup = self.lookup.lock().unwrap_or_else(PoisonError::into_inner);
        if lookup.known > n {
            *lookup = Lookup::default();
        }
    }
}

fn encode(slot: &Slot) -> [u8; WIDTH] {
    let mut bytes = [0; WIDTH];
    bytes[..32].copy_from_slice(slot.envelope.as_bytes());
    bytes[32..40].copy_from_slice(&slot.place.segment.to_be_bytes());
    bytes[40..].copy_from_slice(&slot.place.offset.to_be_bytes());
    bytes
}

fn decode(bytes: &[u8]) -> Option<Slot> {
    let (envelope, rest) = bytes.split_first_chunk()?;
    let (segment, offset) = rest.split_first_chunk()?;
    let place = Position {
        segment: u64::from_be_bytes(*segment),
        offset: u64::from_be_bytes(offset.try_into().ok()?),
    };
    Some(Slot { envelope: Sha256(*envelope), place })
}
