//! Reading entries, proofs and bundles. Everything read is checked before it is handed out.

use std::{io::Write, thread, time::Duration};

use model::{Sha256, ports::LoggedStatement};

use super::{
    Ledger, LedgerError,
    journal::Found,
    open::record_damage,
    record::{Record, Removed},
};
use crate::{
    bundle::{Bundle, Content, Material, TlogEntry},
    log::{LeafVerifier, LogEntry, SignedCheckpoint, inclusion, leaf_hash, verify_inclusion},
    trust::Trust,
};

/// How often a record is looked at that another process may be overwriting.
const MOST_LOOKS: usize = 40;

/// One entry of the ledger.
#[derive(Clone, Debug, PartialEq)]
pub struct Entry {
    /// The statement and where it stands.
    pub logged: LoggedStatement,
    /// The DSSE envelope as stored; its SHA-256 is `logged.envelope`.
    pub envelope: Vec<u8>,
    /// The leaf as stored.
    pub leaf: Vec<u8>,
}

/// That an entry is in the tree of a signed checkpoint.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Proof {
    /// Position in the tree.
    pub index: u64,
    /// Siblings from the leaf upwards.
    pub hashes: Vec<Sha256>,
    /// The checkpoint with size and root.
    pub checkpoint: SignedCheckpoint,
}

/// Streams entries in order; see [`Ledger::iter_from`].
pub struct Iter<'a> {
    ledger: &'a Ledger,
    next: u64,
}

impl Iterator for Iter<'_> {
    type Item = Result<Entry, LedgerError>;

    fn next(&mut self) -> Option<Self::Item> {
        (self.next < self.ledger.size()).then(|| {
            self.next += 1;
            self.ledger.read(self.next - 1)
        })
    }
}

impl Ledger {
    /// Reads one entry.
    ///
    /// # Errors
    /// [`LedgerError::NoEntry`], [`LedgerError::Damaged`] naming the record, or an IO error.
    pub fn read(&self, index: u64) -> Result<Entry, LedgerError> {
        let record = self.record(index)?;
        if let Some(Removed { by, .. }) = record.removed {
            return Err(LedgerError::Removed { index, by });
        }
        let digest = record.envelope_digest();
        let damaged = |why: String| LedgerError::damaged(format!("record {index}"), why);
        let content = Content::read(record.envelope.clone()).map_err(|error| damaged(error.to_string()))?;
        let statement = content.statement().map_err(|error| damaged(error.to_string()))?;
        let logged = LoggedStatement { index, envelope: digest, logged_at: record.logged_at, statement };
        Ok(Entry { logged, envelope: record.envelope, leaf: record.leaf })
    }

    /// Streams the entries from `index` to the end, one in memory at a time.
    pub fn iter_from(&self, index: u64) -> Iter<'_> {
        Iter { ledger: self, next: index }
    }

    /// Position of the entry with this envelope digest.
    pub fn find(&self, envelope: &Sha256) -> Option<u64> {
        self.index.find(envelope, self.size())
    }

    /// Proof that entry `index` is in the tree of the checkpoint on disk.
    ///
    /// # Errors
    /// [`LedgerError::NotCheckpointed`], [`LedgerError::NoEntry`], [`LedgerError::Damaged`] naming
    /// the tile or record, or an IO error.
    pub fn prove(&self, index: u64) -> Result<Proof, LedgerError> {
        let leaf = self.record(index)?.leaf;
        self.prove_leaf(index, &leaf)
    }

    /// Confirms every entry from `from` to the end: its statement is the one that its leaf vouches for,
    /// and its leaf is in the tree of the checkpoint on disk. Nothing was taken out, put in or exchanged
    /// since that was signed. The signature of the checkpoint itself is not looked at.
    ///
    /// # Errors
    /// As [`Ledger::prove`].
    pub fn confirm(&self, from: u64) -> Result<(), LedgerError> {
        let Some(note) = self.checkpoint().map(|note| &note.checkpoint) else {
            return if from < self.size() { Err(LedgerError::NotCheckpointed(from)) } else { Ok(()) };
        };
        let nodes = self.tiles.nodes(note.size);
        for index in from..self.size() {
            let record = self.record(index)?;
            let damaged = |why: &str| LedgerError::damaged(format!("record {index}"), why);
            if record.removed.is_some() {
                // An error unless the removal names it; that one comes later and is confirmed then.
                self.removed(index)?;
            } else {
                let content = Content::read(record.envelope).map_err(|e| damaged(&e.to_string()))?;
                let leaf = LogEntry::parse(&record.leaf).map_err(|e| damaged(&e.to_string()))?;
                if content.signed_digest() != Some(leaf.digest) {
                    return Err(damaged("its leaf is about another statement"));
                }
            }
            if index >= note.size {
                return Err(LedgerError::NotCheckpointed(index));
            }
            let hashes = inclusion(&nodes, index, note.size)?;
            if !verify_inclusion(&leaf_hash(&record.leaf), index, note.size, &hashes, &note.root) {
                return Err(damaged("it is not what the signed checkpoint covers"));
            }
        }
        Ok(())
    }

    fn prove_leaf(&self, index: u64, leaf: &[u8]) -> Result<Proof, LedgerError> {
        let checkpoint = self.checkpoint().filter(|note| index < note.checkpoint.size);
        let checkpoint = checkpoint.ok_or(LedgerError::NotCheckpointed(index))?.clone();
        let (size, root) = (checkpoint.checkpoint.size, checkpoint.checkpoint.root);
        let hashes = inclusion(&self.tiles.nodes(size), index, size)?;
        match verify_inclusion(&leaf_hash(leaf), index, size, &hashes, &root) {
            true => Ok(Proof { index, hashes, checkpoint }),
            false => Err(LedgerError::damaged(
                format!("a tile on the way from entry {index} to the root, or the entry"),
                "together they do not give the root hash of the checkpoint",
            )),
        }
    }

    /// The entry as a bundle that verifies elsewhere. `trust` names the log.
    ///
    /// # Errors
    /// As [`Ledger::prove`]; [`LedgerError::ForeignKeys`] when `trust` does not know the log.
    pub fn bundle(&self, index: u64, trust: &Trust) -> Result<Bundle, LedgerError> {
        let record = self.record(index)?;
        if let Some(Removed { by, .. }) = record.removed {
            return Err(LedgerError::Removed { index, by });
        }
        let proof = self.prove_leaf(index, &record.leaf)?;
        let damaged = |why: String| LedgerError::damaged(format!("record {index}"), why);
        let entry = LogEntry::parse(&record.leaf).map_err(|error| damaged(error.to_string()))?;
        let foreign = || LedgerError::ForeignKeys {
            ledger: proof.checkpoint.checkpoint.origin.clone(),
            signer: trust.logs.iter().map(|log| log.origin.as_str()).collect::<Vec<_>>().join(", "),
        };
        let log = trust.log_of(&proof.checkpoint).and_then(|log| log.note_key()).ok_or_else(foreign)?;
        let material = match entry.verifier {
            LeafVerifier::Key(key) => Material::PublicKey(key.hint()),
            LeafVerifier::Certificate(der, _) => Material::Certificate(der),
        };
        let stamps = record.stamps();
        let content = Content::read(record.envelope).map_err(|error| damaged(error.to_string()))?;
        Ok(Bundle {
            content,
            material,
            tlog: vec![TlogEntry::new(record.leaf, &proof, &log)],
            timestamps: stamps,
        })
    }

    /// Writes every entry that the checkpoint covers as a bundle, one per line, all against the same
    /// checkpoint, but those whose content was removed. Returns how many.
    ///
    /// # Errors
    /// As [`Ledger::bundle`], and of `out`.
    pub fn export(&self, trust: &Trust, out: &mut dyn Write) -> Result<u64, LedgerError> {
        let covered = self.checkpoint().map_or(0, |note| note.checkpoint.size);
        let mut written = 0;
        for index in 0..covered {
            let bundle = match self.bundle(index, trust) {
                Err(LedgerError::Removed { .. }) => {
                    self.removed(index)?;
                    continue;
                }
                bundle => bundle?,
            };
            written += 1;
            let damaged = |why: String| LedgerError::damaged(format!("record {index}"), why);
            let mut line = bundle.to_json().map_err(|error| damaged(error.to_string()))?;
            line.push(b'\n');
            out.write_all(&line).map_err(|error| LedgerError::io("export".as_ref(), error))?;
        }
        out.flush().map_err(|error| LedgerError::io("export".as_ref(), error))?;
        Ok(written)
    }

    /// Reads the record `index` and checks it against the index.
    pub(super) fn record(&self, index: u64) -> Result<Record, LedgerError> {
        let missing = || LedgerError::NoEntry { index, size: self.size() };
        if index >= self.size() {
            return Err(missing());
        }
        let why = "its index entry cannot be read";
        let slot = self.index.get(index).ok_or_else(|| LedgerError::damaged("the index", why))?;
        let mut found = self.journal.read(slot.place)?;
        for _ in 0..MOST_LOOKS {
            if !matches!(found, Found::Broken) || !self.is_removing() {
                break;
            }
            // Another process is writing just there.
            thread::sleep(Duration::from_millis(5));
            found = self.journal.read(slot.place)?;
        }
        match found {
            Found::Record(record, _)
                if record.index == index && record.envelope_digest() == slot.envelope =>
            {
                Ok(record)
            }
            Found::Record(..) => {
                Err(record_damage(&self.journal, index, slot.place, "it is not what the index says"))
            }
            _ => Err(record_damage(&self.journal, index, slot.place, "its checksum is wrong")),
        }
    }
}
