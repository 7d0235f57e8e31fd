//! Frames between ledger and signer.
//!
//! A frame is a 32-bit big-endian length (at most [`MAX_FRAME`]), one byte of kind, and a body of
//! big-endian integers and length-prefixed byte strings.

use std::io::{self, Read, Write};

use model::Sha256;

use super::{Act, SignerError};
use crate::{
    keys::{Algorithm, PublicKey},
    log::LeafVerifier,
};

/// Largest frame in bytes.
pub const MAX_FRAME: usize = 64 << 20;
/// Most statements in one request.
pub const MAX_BATCH: usize = 4096;
/// Most hashes in a consistency proof.
const MAX_PROOF: usize = 128;

/// What a ledger asks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Request {
    /// Public keys, please.
    Hello,
    /// Sign these statements.
    SignStatements { by: By, statements: Vec<Vec<u8>> },
    /// Sign a file of this digest.
    SignArtifact { project: String, digest: Sha256 },
    /// The last checkpoint that was signed.
    LastCheckpoint,
    /// Sign this checkpoint, which continues the last one by this proof.
    SignCheckpoint { origin: String, size: u64, root: Sha256, proof: Vec<Sha256> },
    /// Something about the keys themselves, as JSON.
    Ceremony(Vec<u8>),
}

/// With what statements are signed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum By {
    /// A short-lived certificate for the identity that follows from the statement.
    Identity,
    /// The organisation's own key.
    OrganisationKey,
}

/// What the signer answers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Reply {
    /// A trust file.
    Trust(Vec<u8>),
    /// One per statement, or one for the file.
    Acts(Vec<Act>),
    /// The keys, as JSON.
    Keys(Vec<u8>),
    /// A signed note.
    Checkpoint(String),
    /// No, with code and reason.
    Refused { code: String, message: String },
}

impl Request {
    /// Kind and body.
    pub fn encode(&self) -> Vec<u8> {
        let mut out = Out::default();
        match self {
            Self::Hello => out.kind(1),
            Self::SignStatements { by, statements } => {
                out.kind(2);
                out.kind((*by == By::OrganisationKey).into());
                out.list(statements, |out, statement| out.bytes(statement));
            }
            Self::SignArtifact { project, digest } => {
                out.kind(6);
                out.bytes(project.as_bytes());
                out.0.extend_from_slice(digest.as_bytes());
            }
            Self::LastCheckpoint => out.kind(3),
            Self::SignCheckpoint { origin, size, root, proof } => {
                out.kind(4);
                out.bytes(origin.as_bytes());
                out.0.extend_from_slice(&size.to_be_bytes());
                out.0.extend_from_slice(root.as_bytes());
                out.list(proof, |out, hash| out.0.extend_from_slice(hash.as_bytes()));
            }
            Self::Ceremony(text) => {
                out.kind(5);
                out.bytes(text);
            }
        }
        out.0
    }

    /// The reverse of [`Self::encode`].
    pub fn decode(frame: &[u8]) -> Result<Self, SignerError> {
        let mut input = In(frame);
        let request = match input.kind()? {
            1 => Self::Hello,
            2 => Self::SignStatements {
                by: if input.kind()? == 1 { By::OrganisationKey } else { By::Identity },
                statements: input.list(MAX_BATCH, |input| Ok(input.bytes()?.to_vec()))?,
            },
            3 => Self::LastCheckpoint,
            4 => Self::SignCheckpoint {
                origin: input.text()?,
                size: u64::from_be_bytes(input.array()?),
                root: Sha256(input.array()?),
                proof: input.list(MAX_PROOF, |input| Ok(Sha256(input.array()?)))?,
            },
            5 => Self::Ceremony(input.bytes()?.to_vec()),
            6 => Self::SignArtifact { project: input.text()?, digest: Sha256(input.array()?) },
            _ => return Err(SignerError::Protocol("an unknown kind of request")),
        };
        input.end(request)
    }
}

impl Reply {
    /// Kind and body.
    pub fn encode(&self) -> Vec<u8> {
        let mut out = Out::default();
        match self {
            Self::Trust(text) => {
                out.kind(129);
                out.bytes(text);
            }
            Self::Acts(acts) => {
                out.kind(130);
                let verifiers = verifiers(acts);
                out.list(&verifiers, |out, verifier| out.verifier(verifier));
                out.list(acts, |out, act| {
                    let place = verifiers.iter().position(|verifier| **verifier == act.verifier);
                    out.count(place.unwrap_or_default());
                    out.bytes(&act.signature);
                    out.bytes(&act.stamp);
                });
            }
            Self::Keys(text) => {
                out.kind(132);
                out.bytes(text);
            }
            Self::Checkpoint(note) => {
                out.kind(131);
                out.bytes(note.as_bytes());
            }
            Self::Refused { code, message } => {
                out.kind(255);
                out.bytes(code.as_bytes());
                out.bytes(message.as_bytes());
            }
        }
        out.0
    }

    /// The reverse of [`Self::encode`].
    pub fn decode(frame: &[u8]) -> Result<Self, SignerError> {
        let mut input = In(frame);
        let reply = match input.kind()? {
            129 => Self::Trust(input.bytes()?.to_vec()),
            130 => {
                let verifiers = input.list(MAX_BATCH, In::verifier)?;
                Self::Acts(input.list(MAX_BATCH, |input| input.act(&verifiers))?)
            }
            132 => Self::Keys(input.bytes()?.to_vec()),
            131 => Self::Checkpoint(input.text()?),
            255 => Self::Refused { code: input.text()?, message: input.text()? },
            _ => return Err(SignerError::Protocol("an unknown kind of reply")),
        };
        input.end(reply)
    }
}

/// Each verifier once: a certificate serves many acts.
fn verifiers(acts: &[Act]) -> Vec<&LeafVerifier> {
    let mut verifiers: Vec<&LeafVerifier> = Vec::new();
    for act in acts {
        if !verifiers.iter().rev().any(|known| **known == act.verifier) {
            verifiers.push(&act.verifier);
        }
    }
    verifiers
}

/// Writes one frame.
pub fn write_frame(out: &mut dyn Write, frame: &[u8]) -> io::Result<()> {
    let length = u32::try_from(frame.len()).ok().filter(|n| *n as usize <= MAX_FRAME);
    let length = length.ok_or_else(|| io::Error::from(io::ErrorKind::InvalidInput))?;
    out.write_all(&length.to_be_bytes())?;
    out.write_all(frame)?;
    out.flush()
}

/// Reads one frame; `None` at the end of the stream.
pub fn read_frame(input: &mut dyn Read) -> io::Result<Option<Vec<u8>>> {
    let mut length = [0; 4];
    match input.read_exact(&mut length) {
        Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => return Ok(None),
        other => other?,
    }
    let length = u32::from_be_bytes(length) as usize;
    if length > MAX_FRAME {
        return Err(io::Error::new(io::ErrorKind::InvalidData, "a frame is too long"));
    }
    let mut frame = Vec::new();
    // Grows as bytes come, so that a lying length costs nothing.
    input.take(length as u64).read_to_end(&mut frame)?;
    match frame.len() == length {
        true => Ok(Some(frame)),
        false => Err(io::ErrorKind::UnexpectedEof.into()),
    }
}

#[derive(Default)]
struct Out(Vec<u8>);

impl Out {
    fn kind(&mut self, kind: u8) {
        self.0.push(kind);
    }

    fn count(&mut self, count: usize) {
        // Frames are bounded far below 4 GiB; a longer one is refused when it is written.
        self.0.extend_from_slice(&u32::try_from(count).unwrap_or(u32::MAX).to_be_bytes());
    }

    fn bytes(&mut self, bytes: &[u8]) {
        self.count(bytes.len());
        self.0.extend_from_slice(bytes);
    }

    fn verifier(&mut self, verifier: &LeafVerifier) {
        match verifier {
            LeafVerifier::Key(key) => {
                self.kind(0);
                self.bytes(&key.spki());
            }
            LeafVerifier::Certificate(der, algorithm) => {
                self.kind(1);
                self.bytes(algorithm.sigstore_name().as_bytes());
                self.bytes(der);
            }
        }
    }

    fn list<T>(&mut self, items: &[T], one: impl Fn(&mut Self, &T)) {
        self.count(items.len());
        items.iter().for_each(|item| one(self, item));
    }
}

struct In<'a>(&'a [u8]);

impl<'a> In<'a> {
    fn take(&mut self, length: usize) -> Result<&'a [u8], SignerError> {
        let split = self.0.split_at_checked(length).ok_or(SignerError::Protocol("a frame is cut short"))?;
        self.0 = split.1;
        Ok(split.0)
    }

    fn array<const N: usize>(&mut self) -> Result<[u8; N], SignerError> {
        let bytes = self.take(N)?;
        bytes.try_into().map_err(|_| SignerError::Protocol("a frame is cut short"))
    }

    fn kind(&mut self) -> Result<u8, SignerError> {
        Ok(self.array::<1>()?[0])
    }

    fn count(&mut self) -> Result<usize, SignerError> {
        Ok(u32::from_be_bytes(self.array()?) as usize)
    }

    fn bytes(&mut self) -> Result<&'a [u8], SignerError> {
        let length = self.count()?;
        self.take(length)
    }

    fn text(&mut self) -> Result<String, SignerError> {
        let bytes = self.bytes()?.to_vec();
        String::from_utf8(bytes).map_err(|_| SignerError::Protocol("a text is not UTF-8"))
    }

    fn list<T>(
        &mut self,
        most: usize,
        one: impl Fn(&mut Self) -> Result<T, SignerError>,
    ) -> Result<Vec<T>, SignerError> {
        let count = self.count()?;
        if count > most {
            return Err(SignerError::Protocol("a list is too long"));
        }
        (0..count).map(|_| one(self)).collect()
    }

    fn verifier(&mut self) -> Result<LeafVerifier, SignerError> {
        let strange = || SignerError::Protocol("a verifier of an unknown sort");
        if self.kind()? == 0 {
            return PublicKey::from_spki(self.bytes()?).map(LeafVerifier::Key).map_err(|_| strange());
        }
        let algorithm = Algorithm::from_sigstore_name(&self.text()?).ok_or_else(strange)?;
        Ok(LeafVerifier::Certificate(self.bytes()?.to_vec(), algorithm))
    }

    fn act(&mut self, verifiers: &[LeafVerifier]) -> Result<Act, SignerError> {
        let verifier = verifiers.get(self.count()?).ok_or(SignerError::Protocol("a verifier is missing"))?;
        let (signature, stamp) = (self.bytes()?.to_vec(), self.bytes()?.to_vec());
        Ok(Act { signature, verifier: verifier.clone(), stamp })
    }

    fn end<T>(self, value: T) -> Result<T, SignerError> {
        if self.0.is_empty() { Ok(value) } else { Err(SignerError::Protocol("a frame is too long")) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn requests_and_replies_round_trip() {
        let request = Request::SignCheckpoint {
            origin: "log".into(),
            size: 7,
            root: Sha256::of("r"),
            proof: vec![Sha256::of("a"), Sha256::of("b")],
        };
        assert_eq!(Request::decode(&request.encode()).unwrap(), request);
        let request =
            Request::SignStatements { by: By::OrganisationKey, statements: vec![b"x".to_vec(), vec![]] };
        assert_eq!(Request::decode(&request.encode()).unwrap(), request);
        let act = |name: &str, key| Act {
            signature: name.into(),
            verifier: LeafVerifier::Certificate(vec![key], Algorithm::EcdsaP256),
            stamp: vec![2],
        };
        let reply = Reply::Acts(vec![act("a", 1), act("b", 2), act("c", 1)]);
        assert_eq!(Reply::decode(&reply.encode()).unwrap(), reply);
        let reply = Reply::Refused { code: "c".into(), message: "m".into() };
        assert_eq!(Reply::decode(&reply.encode()).unwrap(), reply);
    }

    proptest::proptest! {
        #[test]
        fn arbitrary_frames_never_panic(bytes: Vec<u8>) {
            let _ = Request::decode(&bytes);
            let _ = Reply::decode(&bytes);
            let _ = read_frame(&mut bytes.as_slice());
        }
    }
}
