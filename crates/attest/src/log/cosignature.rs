//! Cosignatures (C2SP tlog-cosignature, Ed25519): a witness's word that a log only ever grew.

use aws_lc_rs::signature::{ED25519, UnparsedPublicKey};
use model::{Sha256, Timestamp};

use super::{NoteError, NoteSignature, SignedCheckpoint, note::signature_line};

/// Signature type of Ed25519 cosigners in key ids.
const ED25519_COSIGNATURE: u8 = 4;
/// Bytes of a cosignature: a 64-bit time and an Ed25519 signature.
const LENGTH: usize = 8 + 64;
/// Largest answer of a witness that is read, in bytes.
pub const MAX_COSIGNATURES: usize = 16 << 10;

/// Verifier of one witness: a name and an Ed25519 public key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WitnessKey {
    /// Name on the signature line.
    pub name: String,
    /// Raw Ed25519 public key.
    pub key: [u8; 32],
}

impl WitnessKey {
    /// Key id on signature lines: four bytes of SHA-256 of name, line feed, type 4 and key.
    pub fn id(&self) -> [u8; 4] {
        let all = [self.name.as_bytes(), b"\n", &[ED25519_COSIGNATURE], &self.key].concat();
        let [a, b, c, d, ..] = Sha256::of(all).0;
        [a, b, c, d]
    }

    /// The line of a cosignature made at `seconds` after 1970.
    pub fn line(&self, seconds: u64, signature: &[u8]) -> NoteSignature {
        let signature = [seconds.to_be_bytes().as_slice(), signature].concat();
        NoteSignature { name: self.name.clone(), id: self.id(), signature }
    }
}

/// What a witness signs: the time and the whole text of the checkpoint.
pub fn cosigned_message(seconds: u64, text: &str) -> Vec<u8> {
    format!("cosignature/v1\ntime {seconds}\n{text}").into_bytes()
}

/// Reads the answer of a witness: signature lines, nothing else.
///
/// # Errors
/// [`NoteError::Malformed`]; whether they verify is not looked at.
pub fn parse_cosignatures(answer: &[u8]) -> Result<Vec<NoteSignature>, NoteError> {
    let malformed = NoteError::Malformed;
    if answer.len() > MAX_COSIGNATURES {
        return Err(malformed("too long"));
    }
    let text = str::from_utf8(answer).map_err(|_| malformed("not UTF-8"))?;
    let lines = text.strip_suffix('\n').ok_or(malformed("no line feed at the end"))?;
    let lines: Option<Vec<_>> = lines.split('\n').map(signature_line).collect();
    lines.ok_or(malformed("a signature line is wrong"))
}

impl SignedCheckpoint {
    /// When `witness` last cosigned this checkpoint.
    ///
    /// # Errors
    /// [`NoteError::Unsigned`] without a line of this witness, [`NoteError::Signature`] when none of its
    /// lines holds.
    pub fn cosigned_by(&self, witness: &WitnessKey) -> Result<Timestamp, NoteError> {
        let id = witness.id();
        let ours = |line: &&NoteSignature| line.name == witness.name && line.id == id;
        let mut lines = self.note.signatures.iter().filter(ours).peekable();
        lines.peek().ok_or(NoteError::Unsigned)?;
        let times = lines.filter_map(|line| self.cosigned_at(witness, line));
        times.max().ok_or(NoteError::Signature)
    }

    fn cosigned_at(&self, witness: &WitnessKey, line: &NoteSignature) -> Option<Timestamp> {
        let (seconds, signature) = line.signature.split_first_chunk::<8>()?;
        let seconds = u64::from_be_bytes(*seconds);
        let at = Timestamp::from_second(i64::try_from(seconds).ok()?).ok()?;
        let message = cosigned_message(seconds, &self.note.text);
        let verifier = UnparsedPublicKey::new(&ED25519, witness.key);
        (line.signature.len() == LENGTH && verifier.verify(&message, signature).is_ok()).then_some(at)
    }

    /// The witnesses among `known` whose cosignature holds, with its time; each counts once, and so does
    /// a key under two names.
    pub fn witnesses<'a>(&self, known: &'a [WitnessKey]) -> Vec<(&'a WitnessKey, Timestamp)> {
        let mut found: Vec<(&WitnessKey, Timestamp)> = Vec::new();
        for witness in known {
            let counted = found.iter().any(|(other, _)| other.key == witness.key);
            if let Ok(at) = self.cosigned_by(witness)
                && !counted
            {
                found.push((witness, at));
            }
        }
        found
    }

    /// Takes over those of `lines` that are cosignatures of `witness` and hold; whether there were any.
    pub fn add_cosignatures(&mut self, lines: &[NoteSignature], witness: &WitnessKey) -> bool {
        let holds = |line: &&NoteSignature| {
            line.name == witness.name && line.id == witness.id() && self.cosigned_at(witness, line).is_some()
        };
        let Some(newest) = lines.iter().filter(holds).max_by_key(|line| line.signature.clone()) else {
            return false;
        };
        self.note.signatures.retain(|line| line.name != newest.name || line.id != newest.id);
        self.note.signatures.push(newest.clone());
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::log::{Checkpoint, Note, NoteKey};

    /// The example of the specification: its form is read, its key is not published.
    const EXAMPLE: &str = "example.com/behind-the-sofa\n20852163\n\
        CsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n\n\
        \u{2014} example.com/behind-the-sofa Az3grlgtzPICa5OS8npVmf1Myq/5IZniMp+ZJurmRDeOoRDe4URYN7u5/Zhcyv2q1gGzGku9nTo+zyWE+xeMcTOAYQ8=\n\
        \u{2014} witness.example.com/w1 jWbPPwAAAABkGFDLEZMHwSRaJNiIDoe9DYn/zXcrtPHeolMI5OWXEhZCB9dlrDJsX3b2oyin1nPZqhf5nNo0xUe+mbIUBkBIfZ+qnA==\n";

    #[test]
    fn the_example_of_the_specification_has_a_time_in_its_cosignature() {
        let signed = SignedCheckpoint::parse(EXAMPLE).unwrap();
        let line = &signed.note.signatures[1];
        assert_eq!(
            (line.signature.len(), &line.signature[..8]),
            (LENGTH, &1_679_315_147_u64.to_be_bytes()[..])
        );
        let message = cosigned_message(1_679_315_147, &signed.note.text);
        assert!(
            message.starts_with(b"cosignature/v1\ntime 1679315147\nexample.com/behind-the-sofa\n20852163\n")
        );
    }

    #[test]
    fn a_cosignature_of_another_name_type_or_length_does_not_count() {
        let checkpoint = Checkpoint { origin: "log".into(), size: 1, root: Sha256::of("r") };
        let log = NoteKey { name: "log".into(), key: [1; 32] };
        let mut signed =
            SignedCheckpoint { note: Note::sign(checkpoint.to_text(), &log, vec![0; 64]), checkpoint };
        let witness = WitnessKey { name: "w".into(), key: [2; 32] };
        assert_eq!(signed.cosigned_by(&witness), Err(NoteError::Unsigned));
        assert!(!signed.add_cosignatures(&[witness.line(5, &[0; 64])], &witness));
        signed.note.signatures.push(witness.line(5, &[0; 64]));
        assert_eq!(signed.cosigned_by(&witness), Err(NoteError::Signature));
        assert!(signed.witnesses(&[witness]).is_empty());
    }

    proptest::proptest! {
        #[test]
        fn arbitrary_answers_never_panic(bytes: Vec<u8>, line in "\u{2014} [a-z]{1,5} [A-Za-z0-9+/=]{0,90}\n") {
            let _ = parse_cosignatures(&bytes);
            let _ = parse_cosignatures(line.as_bytes());
        }
    }
}
