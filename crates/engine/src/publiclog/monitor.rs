//! Following a log: one look after another, with what was seen kept in a folder.

use std::{
    fs::File,
    path::{Path, PathBuf},
};

use attest::log::{
    SignedCheckpoint, WitnessKey,
    monitor::{
        Expected, Fault, Identities, Identity, Memory, Signers, Tree, TreeError, continues, may_continue,
    },
};
use model::{Exit, Problem, Sha256, problem::erase};
use serde::Serialize;

use super::{LogKeys, Source, files};
use crate::home::cannot;

/// Largest state that is read, in bytes.
const MAX_STATE: u64 = 256 << 10;
/// Rows (of 256 entries) after which the state is written again.
const SAVE_EVERY: u64 = 1024;

/// Something to tell. In JSON, one object with its kind in `event`.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(tag = "event", rename_all = "kebab-case", rename_all_fields = "camelCase")]
pub enum Event {
    /// A checkpoint whose signatures hold, and which continues what was seen.
    Checkpoint {
        /// Name of the log.
        origin: String,
        /// Entries.
        size: u64,
        /// Root hash.
        root: Sha256,
        /// Entries at the last look.
        seen: u64,
        /// Witnesses whose cosignatures hold.
        witnesses: Vec<String>,
    },
    /// An entry of somebody who is not expected, or that cannot be read.
    UnexpectedEntry {
        /// Its number.
        index: u64,
        /// Whose it says it is.
        #[serde(flatten)]
        identity: Identity,
    },
    /// Another source has the same history.
    Compared {
        /// The source.
        with: String,
        /// Its entries.
        size: u64,
    },
}

/// What one look came to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Seen {
    /// Entries examined now.
    pub examined: u64,
    /// Those among them that were not expected.
    pub unexpected: u64,
    /// Entries of the log.
    pub size: u64,
}

/// Follows one log.
pub struct Monitor {
    /// Where it is.
    pub source: Source,
    /// Its keys.
    pub keys: LogKeys,
    /// Witnesses that are believed.
    pub witnesses: Vec<WitnessKey>,
    /// How many of them must have cosigned.
    pub quorum: usize,
    /// Whose entries are expected; empty to look for nobody.
    pub expected: Expected,
    /// Another source of the same log, and its name.
    pub compare: Option<(String, Source)>,
    state: PathBuf,
    _lock: File,
}

impl Monitor {
    /// Takes the folder `state` for this process.
    ///
    /// # Errors
    /// `monitor-busy`, or the folder cannot be used.
    pub fn new(source: Source, keys: LogKeys, state: &Path) -> Result<Self, Problem> {
        let _lock = files::take(state, "monitor-busy")?;
        Ok(Self {
            source,
            keys,
            witnesses: Vec::new(),
            quorum: 0,
            expected: Expected::default(),
            compare: None,
            state: state.to_owned(),
            _lock,
        })
    }

    /// Looks once. `tell` hears of everything in order; it answers `false` to stop after what was told.
    ///
    /// # Errors
    /// A [`Fault`] of the log, `log-unreachable`, `monitor-state-damaged`, or the disk. What was seen
    /// before is never forgotten.
    pub fn look(&self, tell: &mut dyn FnMut(&Event)) -> Result<Seen, Problem> {
        let memory = self.memory()?;
        let signers =
            Signers { logs: self.keys.now.clone(), witnesses: self.witnesses.clone(), quorum: self.quorum };
        let signed = signers.read(&self.source.checkpoint()?).map_err(|fault| erase(&fault))?;
        let tree = self.tree(memory.as_ref(), &signed)?;
        let seen = memory.as_ref().map_or(0, |memory| memory.checkpoint.checkpoint.size);
        tell(&Event::Checkpoint {
            origin: signed.checkpoint.origin.clone(),
            size: signed.checkpoint.size,
            root: signed.checkpoint.root,
            seen,
            witnesses: signed.witnesses(&self.witnesses).iter().map(|(key, _)| key.name.clone()).collect(),
        });
        let examined = memory.map_or(0, |memory| memory.examined);
        let mut memory = Memory { checkpoint: signed, examined };
        // First of all: from now on the log is held to this checkpoint too.
        self.remember(&memory)?;
        let found = self.examine(&tree, &mut memory, tell)?;
        self.compare(&memory.checkpoint, &tree, &signers, tell)?;
        Ok(found)
    }

    /// The tree of a checkpoint that continues what was seen.
    fn tree(&self, memory: Option<&Memory>, signed: &SignedCheckpoint) -> Result<Tree<'_, Source>, Problem> {
        let Some(seen) = memory.map(|memory| &memory.checkpoint.checkpoint) else {
            return Tree::open(&self.source, &signed.checkpoint).map_err(problem);
        };
        if seen.origin != signed.checkpoint.origin {
            let message = format!("the state is of {}, the log is {}", seen.origin, signed.checkpoint.origin);
            return Err(Problem::new("monitor-other-log", Exit::Input, message)
                .with_hint("give each log a state folder of its own"));
        }
        let checked = may_continue(seen, &signed.checkpoint).map_err(TreeError::Fault).and_then(|()| {
            let tree = Tree::open(&self.source, &signed.checkpoint)?;
            continues(seen, &signed.checkpoint, &tree).map(|()| tree)
        });
        checked.map_err(|error| self.keep_evidence(signed, error))
    }

    /// Reads every entry that was not examined yet.
    fn examine(
        &self,
        tree: &Tree<'_, Source>,
        memory: &mut Memory,
        tell: &mut dyn FnMut(&Event),
    ) -> Result<Seen, Problem> {
        let (from, size) = (memory.examined, tree.size());
        let mut found = Seen { examined: 0, unexpected: 0, size };
        let (mut identities, mut saved, mut rows) = (Identities::under(&self.expected.trusts), Ok(()), 0);
        let read = tree.rows(from, |row| {
            for (index, entry) in row.entries().into_iter().flatten().filter(|(index, _)| *index >= from) {
                let identity = identities.of(entry);
                let fine = identity.unreadable.is_none()
                    && (self.expected.is_empty() || self.expected.accepts(&identity));
                if !fine {
                    found.unexpected += 1;
                    tell(&Event::UnexpectedEntry { index, identity });
                }
                memory.examined = index + 1;
            }
            rows += 1;
            if rows % SAVE_EVERY == 0 {
                saved = self.remember(memory);
            }
            saved.is_ok()
        });
        found.examined = memory.examined - from;
        // Also when a tile is missing: what was told is not told again.
        saved.and_then(|()| self.remember(memory))?;
        read.map_err(problem).map(|()| found)
    }

    /// Whether the other source has the same history, whichever of the two is ahead.
    fn compare(
        &self,
        here: &SignedCheckpoint,
        tree: &Tree<'_, Source>,
        signers: &Signers,
        tell: &mut dyn FnMut(&Event),
    ) -> Result<(), Problem> {
        let Some((name, source)) = &self.compare else { return Ok(()) };
        // The other source may have the checkpoint before the witnesses gave their cosignatures.
        let any = Signers { quorum: 0, ..signers.clone() };
        let there = any.read(&source.checkpoint()?).map_err(|fault| erase(&fault))?;
        let sizes = Fault::SplitView { here: here.checkpoint.size, there: there.checkpoint.size };
        let same = match () {
            () if there.checkpoint.origin != here.checkpoint.origin => {
                let message = format!("{name} is the log {}", there.checkpoint.origin);
                return Err(Problem::new("monitor-other-log", Exit::Input, message)
                    .with_hint("compare sources of one log"));
            }
            () if there.checkpoint.size <= here.checkpoint.size => {
                continues(&there.checkpoint, &here.checkpoint, tree)
            }
            () => Tree::open(source, &there.checkpoint)
                .and_then(|tree| continues(&here.checkpoint, &there.checkpoint, &tree)),
        };
        match same {
            Ok(()) => {
                tell(&Event::Compared { with: name.clone(), size: there.checkpoint.size });
                Ok(())
            }
            Err(TreeError::Fault(Fault::Fork { .. })) => Err(self.keep_evidence(&there, sizes.into())),
            Err(error) => Err(problem(error)),
        }
    }

    fn memory(&self) -> Result<Option<Memory>, Problem> {
        let path = self.state.join("state.json");
        let bytes = files::read(&path, MAX_STATE).map_err(|error| cannot(&path, "read", &error))?;
        let Some(bytes) = bytes else { return Ok(None) };
        let damaged = |why: String| {
            let message = format!("{} is not usable: {why}", path.display());
            Problem::new("monitor-state-damaged", Exit::Integrity, message).with_hint(
                "is it of another log or key? a state that is removed is begun again, without what was seen",
            )
        };
        Memory::parse(&bytes, &self.keys.all).map(Some).map_err(damaged)
    }

    fn remember(&self, memory: &Memory) -> Result<(), Problem> {
        files::replace(&self.state.join("state.json"), &memory.to_json())
    }

    /// Keeps a signed checkpoint that contradicts what was seen: both together prove it to anybody.
    fn keep_evidence(&self, signed: &SignedCheckpoint, error: TreeError<Problem>) -> Problem {
        let TreeError::Fault(fault) = &error else { return problem(error) };
        if !matches!(fault, Fault::Fork { .. } | Fault::RolledBack { .. } | Fault::SplitView { .. }) {
            return problem(error);
        }
        let name = format!("contradicts-{}-{}", signed.checkpoint.size, signed.checkpoint.root.short());
        let path = self.state.join(name);
        let seen = self.state.join("state.json");
        match files::replace(&path, signed.to_text().as_bytes()) {
            Ok(()) => erase(fault).with_hint(format!(
                "kept as {}; with the checkpoint in {} it proves this to anybody",
                path.display(),
                seen.display()
            )),
            // The finding matters more than that it could not be kept.
            Err(_) => erase(fault),
        }
    }
}

fn problem(error: TreeError<Problem>) -> Problem {
    match error {
        TreeError::Source(problem) => problem,
        TreeError::Fault(fault) => erase(&fault),
    }
}
