//! What a witness is asked and how it decides (C2SP tlog-witness, `add-checkpoint`); no IO.

use model::Sha256;

use super::{
    Checkpoint, MAX_NOTE, NoteError, NoteKey, SignedCheckpoint, checkpoint::decimal, verify_consistency,
};
use crate::b64;

/// Most lines of a consistency proof that are read.
pub const MAX_PROOF: usize = 63;
/// Largest request that is read, in bytes: the note and 63 hashes in base64.
pub const MAX_REQUEST: usize = MAX_NOTE + 4096;

/// Why a witness does not cosign.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum WitnessRefusal {
    /// The request is not of the form of the protocol.
    #[error("not a well-formed request: {0}")]
    Malformed(&'static str),
    /// The log is not on the list.
    #[error("this witness does not know the log")]
    UnknownLog,
    /// None of the signatures is of a known key of the log.
    #[error("not signed by a known key of the log")]
    Unsigned,
    /// The proof is from another size than the witness last cosigned, or (same size) another root was.
    #[error("the newest checkpoint that was cosigned has {0} entries")]
    Conflict(u64),
    /// The checkpoint does not continue the one that was cosigned.
    #[error("the proof does not show that the log only grew")]
    Proof,
}

impl WitnessRefusal {
    /// HTTP status that the protocol wants.
    pub fn status(&self) -> u16 {
        match self {
            Self::Malformed(_) => 400,
            Self::Unsigned => 403,
            Self::UnknownLog => 404,
            Self::Conflict(_) => 409,
            Self::Proof => 422,
        }
    }
}

/// The body of an `add-checkpoint` request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AddCheckpoint {
    /// Size of the checkpoint that the witness cosigned last, or 0.
    pub old: u64,
    /// Consistency proof from there (RFC 6962 section 2.1.2).
    pub proof: Vec<Sha256>,
    /// The new checkpoint.
    pub checkpoint: SignedCheckpoint,
}

impl AddCheckpoint {
    /// Reads a request of at most [`MAX_REQUEST`] bytes.
    ///
    /// # Errors
    /// [`WitnessRefusal::Malformed`]; nothing else is looked at.
    pub fn parse(body: &[u8]) -> Result<Self, WitnessRefusal> {
        let malformed = WitnessRefusal::Malformed;
        if body.len() > MAX_REQUEST {
            return Err(malformed("it is too long"));
        }
        let text = str::from_utf8(body).map_err(|_| malformed("it is not UTF-8"))?;
        let (head, note) = text.split_once("\n\n").ok_or(malformed("no empty line before the checkpoint"))?;
        let mut lines = head.split('\n');
        let old = lines.next().and_then(|line| decimal(line.strip_prefix("old ")?));
        let old = old.ok_or(malformed("the first line is not `old` and a size"))?;
        let hash = |line: &str| Some(Sha256(b64::decode(line)?.try_into().ok()?));
        let proof: Option<Vec<_>> = lines.take(MAX_PROOF + 1).map(hash).collect();
        let proof = proof.ok_or(malformed("a line of the proof is not a hash in base64"))?;
        if proof.len() > MAX_PROOF {
            return Err(malformed("the proof has more than 63 lines"));
        }
        let checkpoint = SignedCheckpoint::parse(note).map_err(|error| match error {
            NoteError::Malformed(why) => malformed(why),
            _ => malformed("the checkpoint"),
        })?;
        Ok(Self { old, proof, checkpoint })
    }

    /// The request as text.
    pub fn to_text(&self) -> String {
        let mut text = format!("old {}\n", self.old);
        for hash in &self.proof {
            text.push_str(&b64::encode(hash.as_bytes()));
            text.push('\n');
        }
        text.push('\n');
        text + &self.checkpoint.to_text()
    }

    /// Whether a witness that knows the log by `keys` and cosigned `known` last cosigns this.
    ///
    /// # Errors
    /// The [`WitnessRefusal`] that the protocol wants, in its order of checks.
    pub fn judge(&self, keys: &[NoteKey], known: Option<&Checkpoint>) -> Result<(), WitnessRefusal> {
        let Checkpoint { origin, size, root } = &self.checkpoint.checkpoint;
        if !keys.iter().any(|key| key.name == *origin) {
            return Err(WitnessRefusal::UnknownLog);
        }
        if !keys.iter().any(|key| self.checkpoint.verify(key).is_ok()) {
            return Err(WitnessRefusal::Unsigned);
        }
        if self.old > *size {
            return Err(WitnessRefusal::Malformed("the old size is above the new one"));
        }
        let empty = Checkpoint { origin: origin.clone(), size: 0, root: super::empty_root() };
        let known = known.unwrap_or(&empty);
        if self.old != known.size || (known.size == *size && known.root != *root) {
            return Err(WitnessRefusal::Conflict(known.size));
        }
        match verify_consistency(known.size, &known.root, *size, root, &self.proof) {
            true => Ok(()),
            false => Err(WitnessRefusal::Proof),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::log::Note;

    fn request(old: u64, proof: Vec<Sha256>) -> AddCheckpoint {
        let checkpoint = Checkpoint { origin: "log".into(), size: 3, root: Sha256::of("r") };
        let key = NoteKey { name: "log".into(), key: [1; 32] };
        let note = Note::sign(checkpoint.to_text(), &key, vec![7; 64]);
        AddCheckpoint { old, proof, checkpoint: SignedCheckpoint { checkpoint, note } }
    }

    #[test]
    fn requests_round_trip_and_strange_ones_are_refused() {
        for good in [request(0, vec![]), request(2, vec![Sha256::of("a"); 63])] {
            assert_eq!(AddCheckpoint::parse(good.to_text().as_bytes()).as_ref(), Ok(&good));
        }
        let text = request(2, vec![Sha256::of("a")]).to_text();
        for wrong in [
            text.replace("old 2", "old 02"),
            text.replace("old 2", "old -2"),
            text.replace("old ", "new "),
            text.replacen("\n\n", "\n", 1),
            text.replacen('\n', "\nAA==\n", 1),
            request(2, vec![Sha256::of("a"); 64]).to_text(),
        ] {
            let refused = AddCheckpoint::parse(wrong.as_bytes());
            assert!(matches!(refused, Err(WitnessRefusal::Malformed(_))), "{wrong}");
        }
    }

    #[test]
    fn a_log_that_is_not_known_or_did_not_sign_is_refused_before_anything_else() {
        let key = |name: &str| NoteKey { name: name.into(), key: [1; 32] };
        assert_eq!(request(9, vec![]).judge(&[key("other")], None), Err(WitnessRefusal::UnknownLog));
        assert_eq!(request(9, vec![]).judge(&[key("log")], None), Err(WitnessRefusal::Unsigned));
    }

    proptest::proptest! {
        #[test]
        fn arbitrary_requests_never_panic(bytes: Vec<u8>, lines in "old [0-9]{0,3}\n([A-Za-z+/=]{0,44}\n){0,3}\n") {
            let _ = AddCheckpoint::parse(&bytes);
            let text = lines + &request(0, vec![]).checkpoint.to_text();
            let _ = AddCheckpoint::parse(text.as_bytes());
        }
    }
}
