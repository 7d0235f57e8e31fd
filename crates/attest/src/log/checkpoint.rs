//! Checkpoints (C2SP tlog-checkpoint): which tree a log vouches for.

use model::Sha256;

use super::{Note, NoteError, NoteKey};
use crate::b64;

/// Origin, size and root of a tree.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Checkpoint {
    /// Name of the log.
    pub origin: String,
    /// Leaves.
    pub size: u64,
    /// Root hash over them.
    pub root: Sha256,
}

impl Checkpoint {
    /// The text that is signed.
    pub fn to_text(&self) -> String {
        format!("{}\n{}\n{}\n", self.origin, self.size, b64::encode(self.root.as_bytes()))
    }

    /// Reads the text of a checkpoint. Extension lines are allowed and left alone.
    ///
    /// # Errors
    /// [`NoteError::Malformed`].
    pub fn parse(text: &str) -> Result<Self, NoteError> {
        let malformed = NoteError::Malformed;
        let mut lines = text.strip_suffix('\n').ok_or(malformed("no line feed at the end"))?.split('\n');
        let origin = lines.next().filter(|origin| !origin.is_empty()).ok_or(malformed("no origin"))?;
        let size = lines.next().and_then(decimal).ok_or(malformed("the size is not a number"))?;
        let root = lines.next().and_then(b64::decode).and_then(|root| root.try_into().ok());
        let root = Sha256(root.ok_or(malformed("the root is not a SHA-256 in base64"))?);
        if lines.any(str::is_empty) {
            return Err(malformed("an empty extension line"));
        }
        Ok(Self { origin: origin.to_owned(), size, root })
    }
}

/// A checkpoint with its signatures.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SignedCheckpoint {
    /// What is vouched for.
    pub checkpoint: Checkpoint,
    /// The signed note.
    pub note: Note,
}

impl SignedCheckpoint {
    /// Reads a signed checkpoint; the signature is *not* checked yet.
    ///
    /// # Errors
    /// [`NoteError::Malformed`].
    pub fn parse(note: &str) -> Result<Self, NoteError> {
        let note = Note::parse(note)?;
        Ok(Self { checkpoint: Checkpoint::parse(&note.text)?, note })
    }

    /// Checks origin and signature against the key of the log.
    ///
    /// # Errors
    /// [`NoteError::Unsigned`] (also for another origin) or [`NoteError::Signature`].
    pub fn verify(&self, key: &NoteKey) -> Result<(), NoteError> {
        match self.checkpoint.origin == key.name {
            true => self.note.verify(key),
            false => Err(NoteError::Unsigned),
        }
    }

    /// The signed note as text.
    pub fn to_text(&self) -> String {
        self.note.to_text()
    }
}

/// Decimal without sign or leading zeros.
pub(super) fn decimal(text: &str) -> Option<u64> {
    let plain = text.bytes().all(|byte| byte.is_ascii_digit()) && (text == "0" || !text.starts_with('0'));
    plain.then(|| text.parse().ok()).flatten()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_round_trip_and_strange_ones_are_refused() {
        let checkpoint = Checkpoint { origin: "log.example".into(), size: 3, root: Sha256::of("r") };
        assert_eq!(Checkpoint::parse(&checkpoint.to_text()), Ok(checkpoint.clone()));
        for wrong in ["", "o\n", "o\n03\nAA==\n", "o\n3\nAA==\n", "o\n-1\nAA==\n"] {
            assert!(Checkpoint::parse(wrong).is_err(), "{wrong:?}");
        }
        let key = NoteKey { name: "log.example".into(), key: [1; 32] };
        let note = Note::sign(checkpoint.to_text(), &key, vec![7; 64]);
        let read = SignedCheckpoint::parse(&note.to_text()).unwrap();
        assert_eq!((read.checkpoint.clone(), &read.note), (checkpoint, &note));
        assert_eq!(read.verify(&key), Err(NoteError::Signature));
        assert_eq!(read.verify(&NoteKey { name: "other".into(), ..key }), Err(NoteError::Unsigned));
    }

    proptest::proptest! {
        #[test]
        fn arbitrary_texts_never_panic(text: String, tail in "(\u{2014} [a-z ]{0,9}[A-Za-z0-9+/=]{0,20}\n){0,3}") {
            let _ = SignedCheckpoint::parse(&text);
            let _ = SignedCheckpoint::parse(&format!("{text}\n\n{tail}"));
        }
    }
}
