//! Opening a ledger: taking stock of journal, index, tiles and checkpoint, and recovering.

use std::{
    fs::{self, File, OpenOptions},
    io::ErrorKind,
    path::{Path, PathBuf},
    sync::{Arc, Mutex},
};

use model::Timestamp;

use super::{
    LedgerError,
    index::{Index, Slot},
    journal::{Found, Journal, Position},
    pending::Rejected,
    remove::Said,
    tiles::{Tiles, join},
};
use crate::log::{
    Edge, MAX_NOTE, SignedCheckpoint, TILE_WIDTH, TileId, leaf_hash, pack_entry, unpack_entries,
};

/// An open ledger. Reading needs no signer; several processes may have it open.
pub struct Ledger {
    pub(super) dir: PathBuf,
    /// `None`: this user cannot write here.
    pub(super) lock: Option<Arc<File>>,
    pub(super) journal: Journal,
    pub(super) index: Index,
    pub(super) tiles: Tiles,
    pub(super) state: State,
    pub(super) clock_step: Option<ClockStep>,
    pub(super) rejected: Option<Rejected>,
    pub(super) last_removal: Mutex<Option<(u64, Arc<Said>)>>,
}

/// What was found on disk.
#[derive(Default)]
pub(super) struct State {
    /// Complete records in the journal.
    pub size: u64,
    /// Where the journal ends.
    pub end: Position,
    /// Time of the last record.
    pub last: Option<Timestamp>,
    /// The checkpoint on disk.
    pub checkpoint: Option<SignedCheckpoint>,
    /// The tree that it covers.
    pub edge: Edge,
    /// The unfinished entry bundle of that tree.
    pub bundle: Vec<u8>,
}

/// What opening had to do. Say it to the user unless [`Recovery::is_clean`].
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Recovery {
    /// Complete records.
    pub size: u64,
    /// Records that a signed checkpoint covers.
    pub checkpointed: u64,
    /// Complete records that were durable but never acknowledged; they stay and the next append, or
    /// [`Ledger::settle`], signs a checkpoint over them.
    pub kept: u64,
    /// Bytes of an unfinished record that were cut off.
    pub torn: u64,
    /// Where a copy of those bytes is.
    pub torn_copy: Option<PathBuf>,
    /// The index was made again.
    pub index_rebuilt: bool,
    /// Tiles were made again.
    pub tiles_rebuilt: bool,
    /// Unfinished tiles that were there and held other bytes: no crash does that.
    pub tiles_changed: Vec<String>,
}

impl Recovery {
    /// Nothing had to be done.
    pub fn is_clean(&self) -> bool {
        self.kept == 0 && self.torn == 0 && !self.index_rebuilt && !self.tiles_rebuilt
    }

    /// One sentence for each thing that was done.
    pub fn sentences(&self) -> Vec<String> {
        let mut out = Vec::new();
        if self.kept > 0 {
            out.push(format!(
                "{} complete ledger records were not acknowledged before; they are kept",
                self.kept
            ));
        }
        if self.torn > 0 {
            out.push(format!("{} bytes of an unfinished ledger record were cut off", self.torn));
        }
        if self.index_rebuilt {
            out.push("the ledger index did not fit the journal and was made again".to_owned());
        }
        if !self.tiles_changed.is_empty() {
            let names = self.tiles_changed.join(", ");
            out.push(format!(
                "somebody changed {names} of the ledger; they were made again from the journal"
            ));
        } else if self.tiles_rebuilt {
            out.push("ledger tiles did not fit the checkpoint and were made again".to_owned());
        }
        out
    }
}

/// The clock was behind the last record when something was appended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ClockStep {
    /// What the clock said.
    pub given: Timestamp,
    /// What was recorded instead: the time of the last record.
    pub used: Timestamp,
}

/// Holds the lock of the ledger until dropped.
pub(super) struct Guard(Arc<File>);

impl Drop for Guard {
    fn drop(&mut self) {
        // It is released at the latest when the file is closed.
        let _ = self.0.unlock();
    }
}

impl Ledger {
    /// Opens the ledger in `dir`, making it when there is none, and recovers from a crash: complete
    /// records stay, an unfinished one is cut off, index and tiles are made again when they do not
    /// fit. In a folder that this user cannot write nothing is changed.
    ///
    /// # Errors
    /// [`LedgerError::Damaged`] when acknowledged records or the checkpoint were changed; IO errors.
    pub fn open(dir: &Path) -> Result<(Self, Recovery), LedgerError> {
        let lock = open_lock(dir)?;
        let mut ledger = Self {
            journal: Journal::new(dir),
            index: Index::open(dir, lock.is_some())?,
            tiles: Tiles::new(dir),
            dir: dir.to_owned(),
            lock,
            state: State::default(),
            clock_step: None,
            rejected: None,
            last_removal: Mutex::default(),
        };
        let guard = if ledger.lock.is_some() { Some(ledger.exclusive()?) } else { None };
        if guard.is_some() {
            ledger.journal.create()?;
            ledger.redo()?;
        }
        let recovery = ledger.load()?;
        drop(guard);
        Ok((ledger, recovery))
    }

    /// Durable records, also those that no checkpoint covers yet.
    pub fn size(&self) -> u64 {
        self.state.size
    }

    /// The signed checkpoint on disk; `None` before the first append.
    pub fn checkpoint(&self) -> Option<&SignedCheckpoint> {
        self.state.checkpoint.as_ref()
    }

    /// Set when the last append met a clock that ran backwards.
    pub fn clock_step(&self) -> Option<ClockStep> {
        self.clock_step
    }

    /// Takes in what other processes appended since.
    ///
    /// # Errors
    /// As [`Ledger::open`].
    pub fn refresh(&mut self) -> Result<Recovery, LedgerError> {
        let _guard = if self.lock.is_some() { Some(self.exclusive()?) } else { None };
        self.catch_up()
    }

    pub(super) fn exclusive(&self) -> Result<Guard, LedgerError> {
        let lock = self.lock.as_ref().ok_or_else(|| LedgerError::ReadOnly(self.dir.clone()))?;
        lock.lock().map_err(|error| LedgerError::io(&self.dir.join("lock"), error))?;
        Ok(Guard(Arc::clone(lock)))
    }

    /// Loads again when something changed. The caller holds the lock.
    pub(super) fn catch_up(&mut self) -> Result<Recovery, LedgerError> {
        if self.lock.is_some() {
            self.redo()?;
        }
        let State { size, end, checkpoint, edge, .. } = &self.state;
        let same = read_checkpoint(&self.dir)? == *checkpoint
            && edge.size() == checkpoint.as_ref().map_or(0, |note| note.checkpoint.size)
            && self.journal.length(end.segment)? == end.offset
            && (*size == end.segment || self.journal.length(*size)? == 0);
        match same {
            true => Ok(Recovery { size: *size, checkpointed: edge.size(), ..Recovery::default() }),
            false => self.load(),
        }
    }

    /// Takes stock of everything. The caller holds the lock, if there is one.
    fn load(&mut self) -> Result<Recovery, LedgerError> {
        let mut recovery = Recovery::default();
        let checkpoint = read_checkpoint(&self.dir)?;
        let covered = checkpoint.as_ref().map_or(0, |note| note.checkpoint.size);
        self.state = State { checkpoint, ..State::default() };
        self.load_index(&mut recovery)?;
        self.scan_tail(covered, &mut recovery)?;
        if self.state.size < covered {
            let why = format!("the checkpoint covers {covered} entries, the journal has {}", self.state.size);
            return Err(LedgerError::damaged("the journal", why));
        }
        self.load_edge(covered, &mut recovery)?;
        recovery.size = self.state.size;
        recovery.checkpointed = covered;
        recovery.kept = self.state.size - covered;
        Ok(recovery)
    }

    /// Trusts the index up to its last entry when that fits the journal, else forgets it.
    fn load_index(&mut self, recovery: &mut Recovery) -> Result<(), LedgerError> {
        let count = self.index.count()?;
        if count == 0 {
            recovery.index_rebuilt = self.journal.length(0)? > 0;
            return Ok(());
        }
        if let Some(slot) = self.index.get(count - 1)
            && let Found::Record(record, end) = self.journal.read(slot.place)?
            && record.index == count - 1
            && record.envelope_digest() == slot.envelope
        {
            self.state.size = count;
            self.state.end = end;
            self.state.last = Some(record.logged_at);
            return Ok(());
        }
        recovery.index_rebuilt = true;
        Ok(())
    }

    /// Reads records after the known end, adds them to the index, cuts off what is unfinished.
    fn scan_tail(&mut self, covered: u64, recovery: &mut Recovery) -> Result<(), LedgerError> {
        let (from, mut slots) = (self.state.size, Vec::new());
        let mut last_segment = self.journal.segments()?.last().copied().unwrap_or(0);
        loop {
            let state = &mut self.state;
            match self.journal.read(state.end)? {
                Found::Record(record, next) if record.index == state.size => {
                    slots.push(Slot { envelope: record.envelope_digest(), place: state.end });
                    state.last = state.last.max(Some(record.logged_at));
                    state.size += 1;
                    state.end = next;
                }
                Found::End if state.end.segment < last_segment && last_segment >= state.size => {
                    let next = self.journal.segments()?.into_iter().find(|start| *start > state.end.segment);
                    match next {
                        Some(start) if start == state.size => {
                            state.end = Position { segment: start, offset: 0 }
                        }
                        Some(start) if self.journal.length(start)? == 0 => last_segment = state.end.segment,
                        _ => return Err(self.broken_record()),
                    }
                }
                Found::End => break,
                _ if state.size < covered || state.end.segment < last_segment => {
                    return Err(self.broken_record());
                }
                _ => {
                    self.cut_torn(recovery)?;
                    break;
                }
            }
        }
        if slots.is_empty() && !recovery.index_rebuilt { Ok(()) } else { self.index.put(from, &slots) }
    }

    fn broken_record(&self) -> LedgerError {
        record_damage(&self.journal, self.state.size, self.state.end, "its checksum or number is wrong")
    }

    fn cut_torn(&mut self, recovery: &mut Recovery) -> Result<(), LedgerError> {
        let end = self.state.end;
        recovery.torn = self.journal.length(end.segment)? - end.offset;
        if self.lock.is_none() {
            return Ok(());
        }
        let folder = self.dir.join("torn");
        fs::create_dir_all(&folder).map_err(|error| LedgerError::io(&folder, error))?;
        let copy = folder.join(format!("{:020}-{}.bin", end.segment, end.offset));
        self.journal.save_tail(end, &copy)?;
        self.journal.cut(end)?;
        recovery.torn_copy = Some(copy);
        Ok(())
    }

    /// The tree that the checkpoint covers: from its unfinished tiles when they lead to its root,
    /// else from the journal.
    fn load_edge(&mut self, covered: u64, recovery: &mut Recovery) -> Result<(), LedgerError> {
        let Some(note) = self.state.checkpoint.clone() else { return Ok(()) };
        if let Some(edge) = self.tiles.edge(covered)?
            && edge.root() == note.checkpoint.root
            && let Some(bundle) = self.load_bundle(&edge)?
        {
            self.state.edge = edge;
            self.state.bundle = bundle;
            return Ok(());
        }
        let (edge, bundle) = self.grow(Edge::default(), Vec::new(), covered, &[], false)?;
        if edge.root() != note.checkpoint.root {
            let why = format!("the {covered} entries of the journal have another root hash");
            return Err(LedgerError::damaged("the checkpoint or the journal", why));
        }
        recovery.tiles_changed = self.changed_partials(&edge, &bundle)?;
        let write = self.lock.is_some();
        let (edge, bundle) = self.grow(Edge::default(), Vec::new(), covered, &[], write)?;
        if write {
            self.write_partials(0, &edge, &bundle)?;
        }
        self.state.edge = edge;
        self.state.bundle = bundle;
        recovery.tiles_rebuilt = true;
        Ok(())
    }

    /// Unfinished tiles of the tree that are as long as they should be and hold something else.
    fn changed_partials(&self, edge: &Edge, bundle: &[u8]) -> Result<Vec<String>, LedgerError> {
        let size = edge.size();
        let mut expected = vec![(TileId::entries(size / TILE_WIDTH, size % TILE_WIDTH), bundle.to_vec())];
        for (level, hashes) in (0..).zip(edge.levels()) {
            let index = (size >> (8 * level)) / TILE_WIDTH;
            expected.push((TileId::hashes(level, index, hashes.len() as u64), join(hashes)));
        }
        let mut changed = Vec::new();
        for (id, bytes) in expected.into_iter().filter(|(id, _)| id.width > 0) {
            let other = |found: &Vec<u8>| found.len() == bytes.len() && *found != bytes;
            if self.tiles.read_exactly(id)?.filter(other).is_some() {
                changed.push(id.path().display().to_string());
            }
        }
        Ok(changed)
    }

    /// The unfinished entry bundle, when it fits the leaf hashes of `edge`.
    fn load_bundle(&self, edge: &Edge) -> Result<Option<Vec<u8>>, LedgerError> {
        let size = edge.size();
        let (index, width) = (size / TILE_WIDTH, size % TILE_WIDTH);
        if width == 0 {
            return Ok(Some(Vec::new()));
        }
        let mut bytes = self.tiles.read_exactly(TileId::entries(index, width))?;
        if bytes.is_none() {
            bytes = self.tiles.read_exactly(TileId::entries(index, TILE_WIDTH))?;
        }
        let Some(bytes) = bytes else { return Ok(None) };
        let mut bundle = Vec::new();
        let Ok(entries) = unpack_entries(&bytes) else { return Ok(None) };
        let Some(leaves) = edge.levels().first() else { return Ok(None) };
        for (entry, leaf) in entries.iter().zip(leaves) {
            if leaf_hash(entry) != *leaf || pack_entry(&mut bundle, entry).is_err() {
                return Ok(None);
            }
        }
        Ok((entries.len() >= leaves.len()).then_some(bundle))
    }
}

/// Names a record with its place.
pub(super) fn record_damage(journal: &Journal, index: u64, place: Position, why: &str) -> LedgerError {
    let path = journal.path(place.segment);
    let file = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
    LedgerError::damaged(format!("record {index} (journal/{file}, byte {})", place.offset), why)
}

pub(super) fn read_checkpoint(dir: &Path) -> Result<Option<SignedCheckpoint>, LedgerError> {
    let path = dir.join("checkpoint");
    let bytes = match fs::read(&path) {
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
        bytes => bytes.map_err(|error| LedgerError::io(&path, error))?,
    };
    let damaged = |why: String| LedgerError::damaged("the checkpoint", why);
    if bytes.len() > MAX_NOTE {
        return Err(damaged("it is too long".into()));
    }
    let text = String::from_utf8(bytes).map_err(|_| damaged("it is not UTF-8".into()))?;
    SignedCheckpoint::parse(&text).map(Some).map_err(|error| damaged(error.to_string()))
}

/// The lock file, made when missing; `None` where this user may not write.
fn open_lock(dir: &Path) -> Result<Option<Arc<File>>, LedgerError> {
    let io = |error| LedgerError::io(dir, error);
    let denied = |kind| matches!(kind, ErrorKind::PermissionDenied | ErrorKind::ReadOnlyFilesystem);
    if !dir.is_dir() {
        fs::create_dir_all(dir).map_err(io)?;
    }
    match OpenOptions::new().write(true).create(true).truncate(false).open(dir.join("lock")) {
        Ok(file) => Ok(Some(Arc::new(file))),
        Err(error) if denied(error.kind()) => Ok(None),
        Err(error) => Err(io(error)),
    }
}
