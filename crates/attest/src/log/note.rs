//! C2SP signed notes with Ed25519 signatures (type 1).

use aws_lc_rs::signature::{ED25519, UnparsedPublicKey};
use model::Sha256;

use crate::b64;

/// Largest note that is read, in bytes.
pub const MAX_NOTE: usize = 64 << 10;
/// Most signature lines that are read.
const MAX_SIGNATURES: usize = 64;
/// Signature type of Ed25519 in key ids.
const ED25519_TYPE: u8 = 1;

/// Why a note was refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NoteError {
    /// Not of the form of a signed note or checkpoint.
    #[error("not a well-formed signed note: {0}")]
    Malformed(&'static str),
    /// It carries no signature of the expected key.
    #[error("not signed by the expected key")]
    Unsigned,
    /// The signature of the expected key is wrong.
    #[error("the signature is wrong")]
    Signature,
}

/// A verifier of notes: a name and an Ed25519 public key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NoteKey {
    /// Name on the signature line; for checkpoints the origin of the log.
    pub name: String,
    /// Raw Ed25519 public key.
    pub key: [u8; 32],
}

impl NoteKey {
    /// SHA-256 of name, line feed, type and key: the full log id of Sigstore bundles.
    pub fn log_id(&self) -> Sha256 {
        Sha256::of([self.name.as_bytes(), b"\n", &[ED25519_TYPE], &self.key].concat())
    }

    /// First four bytes of [`Self::log_id`]: the key id on signature lines.
    pub fn id(&self) -> [u8; 4] {
        let [a, b, c, d, ..] = self.log_id().0;
        [a, b, c, d]
    }
}

/// A signature line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NoteSignature {
    /// Key name.
    pub name: String,
    /// Key id.
    pub id: [u8; 4],
    /// Signature bytes.
    pub signature: Vec<u8>,
}

/// A text with signatures.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Note {
    /// The signed text, ending in a line feed.
    pub text: String,
    /// Its signatures, at least one when parsed.
    pub signatures: Vec<NoteSignature>,
}

impl Note {
    /// Reads a note; at most [`MAX_NOTE`] bytes and 64 signatures.
    ///
    /// # Errors
    /// [`NoteError::Malformed`].
    pub fn parse(note: &str) -> Result<Self, NoteError> {
        let malformed = NoteError::Malformed;
        if note.len() > MAX_NOTE {
            return Err(malformed("too long"));
        }
        if note.chars().any(|c| c.is_control() && c != '\n') {
            return Err(malformed("it has control characters"));
        }
        let end = note.rfind("\n\n").ok_or(malformed("no blank line before the signatures"))?;
        let (text, lines) = (&note[..=end], &note[end + 2..]);
        let lines = lines.strip_suffix('\n').ok_or(malformed("no line feed at the end"))?;
        let signatures: Option<Vec<_>> =
            lines.split('\n').take(MAX_SIGNATURES + 1).map(signature_line).collect();
        let signatures = signatures.ok_or(malformed("a signature line is wrong"))?;
        if signatures.len() > MAX_SIGNATURES {
            return Err(malformed("too many signatures"));
        }
        Ok(Self { text: text.to_owned(), signatures })
    }

    /// Checks the signature of `key`.
    ///
    /// # Errors
    /// [`NoteError::Unsigned`] or [`NoteError::Signature`].
    pub fn verify(&self, key: &NoteKey) -> Result<(), NoteError> {
        let ours = |line: &&NoteSignature| line.name == key.name && line.id == key.id();
        let line = self.signatures.iter().find(ours).ok_or(NoteError::Unsigned)?;
        let verifier = UnparsedPublicKey::new(&ED25519, key.key);
        verifier.verify(self.text.as_bytes(), &line.signature).map_err(|_| NoteError::Signature)
    }

    /// Adds the signature line of `key`.
    pub fn sign(text: String, key: &NoteKey, signature: Vec<u8>) -> Self {
        Self { text, signatures: vec![NoteSignature { name: key.name.clone(), id: key.id(), signature }] }
    }

    /// The note as text.
    pub fn to_text(&self) -> String {
        let mut out = format!("{}\n", self.text);
        for NoteSignature { name, id, signature } in &self.signatures {
            let bytes = [id.as_slice(), signature].concat();
            out.push_str(&format!("\u{2014} {name} {}\n", b64::encode(&bytes)));
        }
        out
    }
}

/// Whether `name` may stand on a signature line.
pub(crate) fn is_key_name(name: &str) -> bool {
    !name.is_empty() && !name.contains(|c: char| c.is_whitespace() || c == '+' || c.is_control())
}

pub(super) fn signature_line(line: &str) -> Option<NoteSignature> {
    let (name, encoded) = line.strip_prefix("\u{2014} ")?.split_once(' ')?;
    let bytes = b64::decode(encoded)?;
    let (id, signature) = bytes.split_first_chunk::<4>()?;
    let whole = is_key_name(name) && !signature.is_empty();
    whole.then(|| NoteSignature { name: name.to_owned(), id: *id, signature: signature.to_vec() })
}
