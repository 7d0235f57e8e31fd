//! Adding statements: a pipeline of small steps, each of which leaves a ledger that opens.

use std::{
    fs::{self, File, OpenOptions},
    io,
    os::unix::fs::FileExt,
};

use model::{Sha256, Statement, Timestamp, ports::LoggedStatement};

use super::{
    Ledger, LedgerError,
    index::Slot,
    journal::Position,
    open::{ClockStep, State},
    record::Record,
    tiles::join,
};
use crate::{
    bundle::MessageSignature,
    dsse::{Envelope, MAX_PAYLOAD},
    log::{
        Checkpoint, Edge, LeafVerifier, LogEntry, SignedCheckpoint, TILE_WIDTH, TileId, consistency,
        leaf_hash, pack_entry,
    },
    signer::{Act, By, LogSigner, SignerError},
};

/// Whether the records of a failed publication can be taken back.
enum Failed {
    /// Nothing was signed over them.
    Before(LedgerError),
    /// The signer may remember them, so they stay and are covered next time.
    After(LedgerError),
}

impl<E: Into<LedgerError>> From<E> for Failed {
    fn from(error: E) -> Self {
        Self::Before(error.into())
    }
}

impl Ledger {
    /// Signs `statements`, makes them durable and covers them by a signed checkpoint; returns when
    /// all of that is done. Times never decrease: a clock behind the last record is corrected and
    /// noted in [`Ledger::clock_step`].
    ///
    /// # Errors
    /// Any [`LedgerError`]; then nothing is acknowledged. After [`LedgerError::DiskFull`] and every
    /// error before the checkpoint is signed nothing was recorded either.
    pub fn append(
        &mut self,
        signer: &mut dyn LogSigner,
        statements: &[Statement],
        now: Timestamp,
    ) -> Result<Vec<LoggedStatement>, LedgerError> {
        self.append_by(signer, By::Identity, statements, now)
    }

    /// As [`Self::append`], signed with what `by` says.
    ///
    /// # Errors
    /// As [`Self::append`].
    pub fn append_by(
        &mut self,
        signer: &mut dyn LogSigner,
        by: By,
        statements: &[Statement],
        now: Timestamp,
    ) -> Result<Vec<LoggedStatement>, LedgerError> {
        if statements.is_empty() {
            return Ok(Vec::new());
        }
        let payloads = statements.iter().map(payload).collect::<Result<Vec<_>, _>>()?;
        let acts = signer.sign_statements(by, &payloads)?;
        let signed = payloads.into_iter().zip(acts).map(|(payload, act)| signed(payload, act)).collect();
        let logged = self.append_signed(signer, signed, now)?;
        let logged = logged.into_iter().zip(statements);
        let logged = logged.map(|((index, envelope, logged_at), statement)| LoggedStatement {
            index,
            envelope,
            logged_at,
            statement: statement.clone(),
        });
        Ok(logged.collect())
    }

    /// Signs a file of a project, of which the digest is enough, and puts the signature into the log.
    /// Returns its index.
    ///
    /// # Errors
    /// As [`Self::append`].
    pub fn sign_file(
        &mut self,
        signer: &mut dyn LogSigner,
        project: &str,
        digest: Sha256,
        now: Timestamp,
    ) -> Result<u64, LedgerError> {
        let act = signer.sign_artifact(project, digest)?;
        let message = MessageSignature::new(digest, act.signature.clone());
        let body = serde_json::to_vec(&message).map_err(|e| LedgerError::Statement(e.to_string()))?;
        let logged = self.append_signed(signer, vec![Signed { digest, body, act }], now)?;
        logged.first().map(|(index, ..)| *index).ok_or(LedgerError::NotCheckpointed(0))
    }

    /// Makes what was signed durable and covers it by a signed checkpoint.
    fn append_signed(
        &mut self,
        signer: &mut dyn LogSigner,
        signed: Vec<Signed>,
        now: Timestamp,
    ) -> Result<Vec<(u64, Sha256, Timestamp)>, LedgerError> {
        let _guard = self.exclusive()?;
        self.catch_up()?;
        self.check_owner(signer)?;
        self.vet_pending(signer, now)?;
        let at = self.time_for(now)?;
        let records = signed.into_iter().zip(self.state.size..).map(|(one, index)| one.record(index, at));
        let records: Vec<_> = records.collect();
        let (size, end) = (self.state.size, self.state.end);
        let slots = self.write_records(&records)?;
        let leaves: Vec<_> = records.iter().map(|record| record.leaf.as_slice()).collect();
        match self.publish(signer, &leaves) {
            Ok(()) => {}
            Err(Failed::After(error)) => return Err(error),
            Err(Failed::Before(error)) => {
                self.tiles.forget(size, self.state.size);
                self.take_back(size, end)?;
                return Err(error);
            }
        }
        Ok(slots.iter().zip(records).map(|(slot, one)| (one.index, slot.envelope, one.logged_at)).collect())
    }

    /// Covers records that a crash left behind by a signed checkpoint; what no append of ours wrote is
    /// set aside ([`Ledger::take_rejected`]). Returns how many are covered.
    ///
    /// # Errors
    /// Any [`LedgerError`].
    pub fn settle(&mut self, signer: &mut dyn LogSigner, now: Timestamp) -> Result<u64, LedgerError> {
        let _guard = self.exclusive()?;
        self.catch_up()?;
        self.check_owner(signer)?;
        self.vet_pending(signer, now)?;
        let pending = self.state.size - self.state.edge.size();
        if pending > 0 {
            self.publish(signer, &[]).map_err(|failed| match failed {
                Failed::Before(error) | Failed::After(error) => error,
            })?;
        }
        Ok(pending)
    }

    /// The checkpoint on disk must be of this signer.
    fn check_owner(&self, signer: &dyn LogSigner) -> Result<(), LedgerError> {
        let Some(note) = &self.state.checkpoint else { return Ok(()) };
        let keys = signer.keys();
        match keys.signed(note) {
            true => Ok(()),
            false if note.checkpoint.origin == keys.origin => {
                Err(LedgerError::damaged("the checkpoint", "it is not signed by a key of this log"))
            }
            false => Err(LedgerError::ForeignKeys {
                ledger: note.checkpoint.origin.clone(),
                signer: keys.origin.clone(),
            }),
        }
    }

    /// `now` in microseconds, or the time of the last record when that is later.
    fn time_for(&mut self, now: Timestamp) -> Result<Timestamp, LedgerError> {
        let given = Timestamp::from_microsecond(now.as_microsecond());
        let given = given.map_err(|error| LedgerError::Statement(error.to_string()))?;
        let used = self.state.last.map_or(given, |last| last.max(given));
        self.clock_step = (used > given).then_some(ClockStep { given, used });
        Ok(used)
    }

    /// Writes records to the journal, flushed, and to the index.
    pub(super) fn write_records(&mut self, records: &[Record]) -> Result<Vec<Slot>, LedgerError> {
        let State { size, end, .. } = self.state;
        let start = self.journal.place_for(size, end);
        let (mut bytes, mut slots) = (Vec::new(), Vec::new());
        for record in records {
            let offset = start.offset + bytes.len() as u64;
            slots.push(Slot { envelope: record.envelope_digest(), place: Position { offset, ..start } });
            record.encode(&mut bytes);
        }
        self.journal.write(start, &bytes)?;
        if let Err(error) = self.index.put(size, &slots) {
            self.take_back(size, start)?;
            return Err(error);
        }
        self.state.size += records.len() as u64;
        self.state.end = Position { offset: start.offset + bytes.len() as u64, ..start };
        self.state.last = records.last().map(|record| record.logged_at).max(self.state.last);
        Ok(slots)
    }

    /// Removes the records from number `size` on, which begin at or after `end`.
    pub(super) fn take_back(&mut self, size: u64, end: Position) -> Result<(), LedgerError> {
        let start = self.journal.place_for(size, end);
        self.journal.cut(start)?;
        self.index.put(size, &[])?;
        // Everything else is read again by the next call.
        self.state = State::default();
        self.catch_up().map(drop)
    }

    /// Brings tiles and checkpoint to the end of the journal. `leaves`: its last leaves.
    fn publish(&mut self, signer: &mut dyn LogSigner, leaves: &[&[u8]]) -> Result<(), Failed> {
        let (old, size) = (self.state.edge.size(), self.state.size);
        let (edge, bundle) =
            self.grow(self.state.edge.clone(), self.state.bundle.clone(), size, leaves, true)?;
        self.write_partials(old, &edge, &bundle)?;
        if old / TILE_WIDTH != size / TILE_WIDTH {
            self.index.sync()?;
        }
        let last = signer.last_checkpoint()?.checkpoint;
        if last.size > size {
            return Err(LedgerError::RolledBack { have: size, signed: last.size }.into());
        }
        let proof = consistency(&self.tiles.nodes(size), last.size, size)?;
        let root = edge.root();
        let origin = signer.keys().origin.clone();
        let reserved = self.reserve_checkpoint(&Checkpoint { origin, size, root })?;
        let note = match signer.sign_checkpoint(size, root, &proof) {
            Ok(note) => note,
            Err(error @ SignerError::Refused { .. }) => return Err(error.into()),
            Err(error) => return Err(Failed::After(error.into())),
        };
        self.replace_checkpoint(&reserved, &note).map_err(Failed::After)?;
        self.state.edge = edge;
        self.state.bundle = bundle;
        self.state.checkpoint = Some(note);
        self.drop_partials(old, size);
        Ok(())
    }

    /// Adds leaves up to `size` to a tree. `known` are the last ones, the others come from the
    /// journal. With `write`, tiles and bundles that become full are written.
    pub(super) fn grow(
        &self,
        mut edge: Edge,
        mut bundle: Vec<u8>,
        size: u64,
        known: &[&[u8]],
        write: bool,
    ) -> Result<(Edge, Vec<u8>), LedgerError> {
        let first_known = size - known.len() as u64;
        for index in edge.size()..size {
            let read;
            let leaf = match index.checked_sub(first_known) {
                Some(n) => known[n as usize],
                None => {
                    read = self.record(index)?;
                    &read.leaf
                }
            };
            let too_long = |_| LedgerError::Statement("its log entry is too long".into());
            pack_entry(&mut bundle, leaf).map_err(too_long)?;
            let mut full = Vec::new();
            edge.push(leaf_hash(leaf), |tile| full.push(tile));
            if full.is_empty() {
                continue;
            }
            if write {
                self.tiles.write(TileId::entries(index / TILE_WIDTH, TILE_WIDTH), &bundle)?;
                for tile in full {
                    let id = TileId::hashes(tile.level, tile.index, TILE_WIDTH);
                    self.tiles.write(id, &join(&tile.hashes))?;
                }
            }
            bundle.clear();
        }
        Ok((edge, bundle))
    }

    /// Writes the unfinished tiles that changed since the tree had `old` leaves.
    pub(super) fn write_partials(&self, old: u64, edge: &Edge, bundle: &[u8]) -> Result<(), LedgerError> {
        let size = edge.size();
        for (level, hashes) in (0..).zip(edge.levels()) {
            let count = size >> (8 * level);
            if !hashes.is_empty() && (count != old >> (8 * level) || old == 0) {
                let id = TileId::hashes(level, count / TILE_WIDTH, hashes.len() as u64);
                self.tiles.write(id, &join(hashes))?;
            }
        }
        if bundle.is_empty() {
            return Ok(());
        }
        self.tiles.write(TileId::entries(size / TILE_WIDTH, size % TILE_WIDTH), bundle)
    }

    fn drop_partials(&self, old: u64, size: u64) {
        for level in 0..Edge::depth(size) {
            let tile = (old >> (8 * level)) / TILE_WIDTH;
            if tile != (size >> (8 * level)) / TILE_WIDTH {
                self.tiles.drop_partials(Some(level), tile);
                if level == 0 {
                    self.tiles.drop_partials(None, tile);
                }
            }
        }
    }

    /// Takes the space of the next checkpoint before it is signed, so that a full disk is noticed
    /// while everything can still be taken back.
    fn reserve_checkpoint(&self, next: &Checkpoint) -> Result<File, LedgerError> {
        let path = self.dir.join("checkpoint.half");
        let reserve = || -> io::Result<File> {
            let file = OpenOptions::new().write(true).create(true).truncate(true).open(&path)?;
            // A signature line is the origin and 92 characters of base64, with some marks around; while
            // keys overlap there are several.
            file.write_all_at(&vec![b'\n'; next.to_text().len() + 4 * (next.origin.len() + 128)], 0)?;
            Ok(file)
        };
        reserve().map_err(|error| LedgerError::io(&path, error))
    }

    fn replace_checkpoint(&self, reserved: &File, note: &SignedCheckpoint) -> Result<(), LedgerError> {
        let (half, path) = (self.dir.join("checkpoint.half"), self.dir.join("checkpoint"));
        let text = note.to_text();
        let put = || -> io::Result<()> {
            reserved.write_all_at(text.as_bytes(), 0)?;
            reserved.set_len(text.len() as u64)?;
            reserved.sync_data()?;
            fs::rename(&half, &path)
        };
        put().map_err(|error| LedgerError::io(&path, error))
    }
}

/// Something that was signed, as the ledger keeps it.
pub(super) struct Signed {
    /// SHA-256 of the signed bytes.
    digest: Sha256,
    /// The envelope, or the signature of a file.
    body: Vec<u8>,
    act: Act,
}

impl Signed {
    pub fn record(self, index: u64, logged_at: Timestamp) -> Record {
        let Act { signature, verifier, stamp } = self.act;
        let leaf = LogEntry { digest: self.digest, signature, verifier }.to_bytes();
        Record { index, logged_at, leaf, stamp, envelope: self.body, removed: None }
    }
}

/// A statement and the act that signed it.
pub(super) fn signed(payload: Vec<u8>, act: Act) -> Signed {
    let hint = match &act.verifier {
        LeafVerifier::Key(key) => key.hint(),
        LeafVerifier::Certificate(..) => String::new(),
    };
    let envelope = Envelope::new(payload, hint, act.signature.clone());
    Signed { digest: Sha256::of(envelope.pae()), body: envelope.to_json(), act }
}

/// A statement as the JSON that is signed.
fn payload(statement: &Statement) -> Result<Vec<u8>, LedgerError> {
    let bytes = serde_json::to_vec(statement).map_err(|error| LedgerError::Statement(error.to_string()))?;
    match bytes.len() > MAX_PAYLOAD {
        true => {
            Err(LedgerError::Statement(format!("{} bytes; at most {MAX_PAYLOAD} are signed", bytes.len())))
        }
        false => Ok(bytes),
    }
}
