//! What a monitor concludes from a log's public files: whether it only grew, whether every tile and entry
//! is what its signed checkpoint says, and whose entries there are. No IO: tiles come through
//! [`TileSource`], and what was seen before is an argument.
//!
//! Everything is checked downwards from the root of the signed checkpoint, so that a tile that was changed
//! is named itself, and a proof that fails afterwards is the log's own doing.

mod expect;
mod fault;
mod identity;
mod memory;
mod tree;

pub use expect::Expected;
pub use fault::{Fault, TreeError};
pub use identity::{Identities, Identity};
pub use memory::Memory;
pub use tree::{Row, TileSource, Tree};

use super::{Checkpoint, NoteKey, SignedCheckpoint, WitnessKey, consistency, verify_consistency};

/// Who must have signed a checkpoint.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Signers {
    /// Keys of the log; one of them.
    pub logs: Vec<NoteKey>,
    /// Witnesses that are believed.
    pub witnesses: Vec<WitnessKey>,
    /// How many of them must have cosigned.
    pub quorum: usize,
}

impl Signers {
    /// Reads a checkpoint and checks its signatures.
    ///
    /// # Errors
    /// [`Fault::Malformed`], [`Fault::Signature`] or [`Fault::Quorum`].
    pub fn read(&self, bytes: &[u8]) -> Result<SignedCheckpoint, Fault> {
        let text = str::from_utf8(bytes).map_err(|_| Fault::Malformed("it is not UTF-8".into()))?;
        let signed = SignedCheckpoint::parse(text).map_err(|error| Fault::Malformed(error.to_string()))?;
        if !self.logs.iter().any(|key| signed.verify(key).is_ok()) {
            return Err(Fault::Signature(signed.checkpoint.origin));
        }
        let have = signed.witnesses(&self.witnesses).len();
        match have >= self.quorum {
            true => Ok(signed),
            false => Err(Fault::Quorum { have, want: self.quorum }),
        }
    }
}

/// What the checkpoints alone say: `served` may continue `seen`.
///
/// # Errors
/// [`Fault::RolledBack`], or [`Fault::Fork`] for another tree of the same size.
pub fn may_continue(seen: &Checkpoint, served: &Checkpoint) -> Result<(), Fault> {
    let (old, new) = (seen.size, served.size);
    match () {
        () if new < old => Err(Fault::RolledBack { seen: old, served: new }),
        () if new == old && served.root != seen.root => Err(Fault::Fork { seen: old, served: new }),
        () => Ok(()),
    }
}

/// Whether the log of `tree`, whose checkpoint is `served`, continues `seen`.
///
/// # Errors
/// [`Fault::RolledBack`], [`Fault::Fork`], or what is wrong with the tiles that the proof is made of.
pub fn continues<S: TileSource>(
    seen: &Checkpoint,
    served: &Checkpoint,
    tree: &Tree<'_, S>,
) -> Result<(), TreeError<S::Error>> {
    may_continue(seen, served)?;
    let proof = match served.size == seen.size {
        true => Vec::new(),
        false => consistency(tree, seen.size, served.size)?,
    };
    match verify_consistency(seen.size, &seen.root, served.size, &served.root, &proof) {
        true => Ok(()),
        false => Err(Fault::Fork { seen: seen.size, served: served.size }.into()),
    }
}

#[cfg(test)]
mod tests;
