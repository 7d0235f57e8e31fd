//! The installation behind the server's port.

use std::{io, sync::Arc};

use engine::record::Recorder;
use model::{Problem, RunId, problem::erase};
use server::{Backend, Files, InclusionProof, LogChunk};

/// Answers the server from the ledger and the logs.
pub struct Installation {
    recorder: Arc<Recorder>,
    files: Files,
}

impl Installation {
    /// The installation of a recorder.
    pub fn new(recorder: Arc<Recorder>) -> Self {
        let files = Files::new(recorder.home().runs());
        Self { recorder, files }
    }

    /// Whether there is such an entry, after looking for what other processes appended.
    fn has(&self, index: u64) -> Result<bool, Problem> {
        self.recorder.with_ledger(|ledger| {
            ledger.refresh().map_err(|e| erase(&e))?;
            Ok(index < ledger.size())
        })
    }
}

impl Backend for Installation {
    fn log(&self, run: RunId, step: &str, offset: u64, most: usize) -> io::Result<Option<LogChunk>> {
        self.files.log(run, step, offset, most)
    }

    fn envelope(&self, index: u64) -> Result<Option<Vec<u8>>, Problem> {
        if self.has(index)? && self.recorder.removed(index)?.is_none() {
            return self.recorder.envelope(index).map(Some);
        }
        Ok(None)
    }

    fn inclusion_proof(&self, index: u64) -> Result<Option<InclusionProof>, Problem> {
        if !self.has(index)? {
            return Ok(None);
        }
        self.recorder.with_ledger(|ledger| {
            let covered = ledger.checkpoint().is_some_and(|note| index < note.checkpoint.size);
            if !covered {
                return Ok(None);
            }
            let proof = ledger.prove(index).map_err(|e| erase(&e))?;
            let leaf = ledger.leaf(index).map_err(|e| erase(&e))?;
            Ok(Some(InclusionProof {
                index,
                tree_size: proof.checkpoint.checkpoint.size,
                leaf_hash: attest::log::leaf_hash(&leaf),
                entry: base64::Engine::encode(&base64::engine::general_purpose::STANDARD, &leaf),
                hashes: proof.hashes,
                root_hash: proof.checkpoint.checkpoint.root,
                checkpoint: proof.checkpoint.to_text(),
            }))
        })
    }

    fn checkpoint(&self) -> Result<Option<String>, Problem> {
        self.recorder.with_ledger(|ledger| {
            ledger.refresh().map_err(|e| erase(&e))?;
            Ok(ledger.checkpoint().map(|note| note.to_text()))
        })
    }

    fn public_file(&self, path: &str) -> Result<Option<Vec<u8>>, Problem> {
        self.recorder.with_ledger(|ledger| {
            if path == "checkpoint" {
                ledger.refresh().map_err(|e| erase(&e))?;
            }
            ledger.public_file(path).map_err(|e| erase(&e))
        })
    }

    fn trust(&self) -> Result<Option<Vec<u8>>, Problem> {
        self.recorder.trust().map(|trust| Some(trust.to_json()))
    }
}
