//! A consistency proof with what it is about, as a document that others can check without the log.

use model::{Exit, Sha256, UserError};
use serde::{Deserialize, Serialize};

use super::{Checkpoint, NoteKey, SignedCheckpoint, verify_consistency};
use crate::json::{self, JsonProblem};

const MEDIA_TYPE: &str = "application/vnd.proofhouse.consistency+json;version=1";
/// Largest document that is read, in bytes.
const MAX_DOCUMENT: usize = 256 << 10;

/// Why a log was not shown to continue an older checkpoint.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ContinuationError {
    /// Not a document of this kind.
    #[error("not a consistency proof: {0}")]
    Malformed(JsonProblem),
    /// Another kind of document.
    #[error("not a consistency proof: its media type is `{0}`")]
    MediaType(String),
    /// Its checkpoint is no signed note.
    #[error("the checkpoint in the proof: {0}")]
    Checkpoint(#[from] super::NoteError),
    /// The proof begins at another tree than the one that is known.
    #[error(
        "the proof begins at {proof} entries with another root or size than the known checkpoint of {known}"
    )]
    OtherStart {
        /// Size that the proof begins at.
        proof: u64,
        /// Size that is known.
        known: u64,
    },
    /// The hashes do not lead from one root to the other.
    #[error("the proof does not hold: the tree of {new} entries does not continue that of {old}")]
    Wrong {
        /// Entries of the older tree.
        old: u64,
        /// Entries of the newer tree.
        new: u64,
    },
}

impl UserError for ContinuationError {
    fn code(&self) -> &'static str {
        match self {
            Self::Malformed(_) | Self::MediaType(_) => "consistency-malformed",
            Self::Checkpoint(super::NoteError::Malformed(_)) => "consistency-malformed",
            Self::Checkpoint(_) => "consistency-signature",
            Self::OtherStart { .. } => "consistency-other-start",
            Self::Wrong { .. } => "consistency-wrong",
        }
    }

    fn hint(&self) -> Option<String> {
        Some(match self {
            Self::Wrong { .. } => {
                "keep both checkpoints: if both are signed, the log has two histories".into()
            }
            Self::OtherStart { .. } => "ask the log for a proof from the checkpoint that you have".into(),
            Self::Checkpoint(super::NoteError::Unsigned | super::NoteError::Signature) => {
                "give the key of the log that made the proof".into()
            }
            _ => "make it with `proofhouse ledger consistency --from CHECKPOINT`".into(),
        })
    }

    fn exit(&self) -> Exit {
        match self.code() {
            "consistency-malformed" => Exit::Input,
            _ => Exit::Verdict,
        }
    }
}

/// That the tree of `checkpoint` continues an older one.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Continuation {
    media_type: String,
    /// Entries of the older tree.
    pub old_size: u64,
    /// Its root.
    pub old_root: Sha256,
    /// The consistency proof (RFC 9162 section 2.1.4).
    pub hashes: Vec<Sha256>,
    /// The newer tree: a signed checkpoint as text.
    pub checkpoint: String,
}

impl Continuation {
    /// Puts a proof together.
    pub fn new(old_size: u64, old_root: Sha256, hashes: Vec<Sha256>, checkpoint: &SignedCheckpoint) -> Self {
        let checkpoint = checkpoint.to_text();
        Self { media_type: MEDIA_TYPE.to_owned(), old_size, old_root, hashes, checkpoint }
    }

    /// Reads a document of at most 256 KiB.
    ///
    /// # Errors
    /// [`ContinuationError::Malformed`] or [`ContinuationError::MediaType`].
    pub fn parse(bytes: &[u8]) -> Result<Self, ContinuationError> {
        let proof: Self = json::parse(bytes, MAX_DOCUMENT).map_err(ContinuationError::Malformed)?;
        match proof.media_type == MEDIA_TYPE {
            true => Ok(proof),
            false => Err(ContinuationError::MediaType(proof.media_type)),
        }
    }

    /// Whether the checkpoint in it is signed by one of `keys` and continues `known`; the newer tree.
    ///
    /// # Errors
    /// Any [`ContinuationError`].
    pub fn check(&self, known: &Checkpoint, keys: &[NoteKey]) -> Result<SignedCheckpoint, ContinuationError> {
        let newer = SignedCheckpoint::parse(&self.checkpoint)?;
        let key = keys.iter().find(|key| key.name == known.origin && newer.verify(key).is_ok());
        key.ok_or(super::NoteError::Unsigned)?;
        if known.size != self.old_size || known.root != self.old_root {
            return Err(ContinuationError::OtherStart { proof: self.old_size, known: known.size });
        }
        let Checkpoint { size, root, .. } = &newer.checkpoint;
        match verify_consistency(known.size, &known.root, *size, root, &self.hashes) {
            true => Ok(newer),
            false => Err(ContinuationError::Wrong { old: known.size, new: *size }),
        }
    }
}
