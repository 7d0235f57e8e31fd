//! Being a witness: the durable side of `add-checkpoint` (C2SP tlog-witness).
//!
//! One file per log holds the newest checkpoint that was cosigned. It is on disk before the cosignature
//! leaves the process, and one lock covers looking, deciding and writing, so that no cosignature is ever
//! given for a tree that does not continue every one that was cosigned before.

use std::{
    fs::File,
    path::{Path, PathBuf},
    sync::{Arc, Mutex, PoisonError},
};

use attest::{
    keys::WitnessSigner,
    log::{AddCheckpoint, MAX_NOTE, Note, NoteKey, SignedCheckpoint, WitnessRefusal},
};
use model::{Clock, Exit, Problem, Sha256, problem::erase};

use super::files;
use crate::home::cannot;

/// An answer as HTTP wants it.
#[derive(Debug)]
pub struct Answer {
    /// Status.
    pub status: u16,
    /// Content type.
    pub kind: &'static str,
    /// Body.
    pub body: String,
    /// What went wrong on this side; for the operator, not for the client.
    pub trouble: Option<Problem>,
}

/// A witness with its key, its logs and its state.
pub struct Witness {
    signer: WitnessSigner,
    logs: Vec<NoteKey>,
    folder: PathBuf,
    clock: Arc<dyn Clock>,
    turn: Mutex<()>,
    _lock: File,
}

impl Witness {
    /// Takes the folder `state` for this process.
    ///
    /// # Errors
    /// `witness-busy` when another witness has it; `witness-state-damaged`; or the disk.
    pub fn open(
        signer: WitnessSigner,
        logs: Vec<NoteKey>,
        state: &Path,
        clock: Arc<dyn Clock>,
    ) -> Result<Self, Problem> {
        let _lock = files::take(state, "witness-busy")?;
        let witness = Self { signer, logs, folder: state.to_owned(), clock, turn: Mutex::new(()), _lock };
        for log in &witness.logs {
            witness.known(&log.name)?;
        }
        Ok(witness)
    }

    /// Answers one request.
    pub fn add_checkpoint(&self, body: &[u8]) -> Answer {
        let plain = "text/plain; charset=utf-8";
        match self.decide(body) {
            Ok(Ok(line)) => Answer { status: 200, kind: plain, body: line, trouble: None },
            Ok(Err(refusal)) => {
                let (kind, body) = match refusal {
                    WitnessRefusal::Conflict(known) => ("text/x.tlog.size", format!("{known}\n")),
                    _ => (plain, format!("{refusal}\n")),
                };
                Answer { status: refusal.status(), kind, body, trouble: None }
            }
            Err(problem) => {
                let body = "this witness has a problem; try again later\n".to_owned();
                Answer { status: 500, kind: plain, body, trouble: Some(problem) }
            }
        }
    }

    fn decide(&self, body: &[u8]) -> Result<Result<String, WitnessRefusal>, Problem> {
        let request = match AddCheckpoint::parse(body) {
            Ok(request) => request,
            Err(refusal) => return Ok(Err(refusal)),
        };
        let signed = &request.checkpoint;
        let _turn = self.turn.lock().unwrap_or_else(PoisonError::into_inner);
        let known = self.known(&signed.checkpoint.origin)?;
        if let Err(refusal) = request.judge(&self.logs, known.as_ref().map(|known| &known.checkpoint)) {
            return Ok(Err(refusal));
        }
        let seconds = u64::try_from(self.clock.now().as_second()).unwrap_or(0);
        let line = self.signer.cosign(seconds, &signed.note.text).map_err(|error| erase(&error))?;
        if known.is_none_or(|known| known.note.text != signed.note.text) {
            files::replace(&self.path(&signed.checkpoint.origin), self.kept(signed).to_text().as_bytes())?;
        }
        let text = Note { text: String::new(), signatures: vec![line] }.to_text();
        Ok(Ok(text.trim_start_matches('\n').to_owned()))
    }

    /// Only what was checked is kept: the signatures of the log.
    fn kept(&self, signed: &SignedCheckpoint) -> Note {
        let ours = |line: &&attest::log::NoteSignature| {
            let keys = || self.logs.iter().filter(|key| key.name == signed.checkpoint.origin);
            keys().any(|key| line.name == key.name && line.id == key.id())
        };
        let signatures = signed.note.signatures.iter().filter(ours).cloned().collect();
        Note { text: signed.note.text.clone(), signatures }
    }

    /// The newest checkpoint of a log that was cosigned. A file that is there and cannot be read is never
    /// taken for none: that would let the log begin another history.
    fn known(&self, origin: &str) -> Result<Option<SignedCheckpoint>, Problem> {
        let path = self.path(origin);
        let bytes = files::read(&path, MAX_NOTE as u64).map_err(|error| cannot(&path, "read", &error))?;
        let Some(bytes) = bytes else { return Ok(None) };
        let signed = str::from_utf8(&bytes).ok().and_then(|text| SignedCheckpoint::parse(text).ok());
        let signed = signed.filter(|signed| signed.checkpoint.origin == origin);
        signed.map(Some).ok_or_else(|| {
            let message = format!("{} is not the checkpoint of {origin} that it should be", path.display());
            Problem::new("witness-state-damaged", Exit::Integrity, message)
                .with_hint("restore it from a backup; without it the witness cannot vouch for this log")
        })
    }

    fn path(&self, origin: &str) -> PathBuf {
        self.folder.join(format!("{}.checkpoint", Sha256::of(origin).hex()))
    }
}
