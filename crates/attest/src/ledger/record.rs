//! One record of the journal as bytes.
//!
//! `PHR2`, 32-bit length of the body, 16 bytes of SHA-256 over length and body; then the body:
//! 64-bit index, 64-bit microseconds since 1970, 32-bit length of the leaf, leaf, 32-bit length of the
//! time-stamp, time-stamp, envelope. All integers big-endian. Records of the first version begin with
//! `PHR1` and have no time-stamp, nor its length.
//!
//! Records whose envelope was removed begin with `PHR0` and have in its place its SHA-256, the 64-bit number
//! of the entry that says why, and zeros up to the length that the record had before.

use model::{Hasher, Sha256, Timestamp};

use crate::dsse::MAX_ENVELOPE;

/// What records begin with.
pub const MAGIC: [u8; 4] = *b"PHR2";
/// What records of the first version begin with.
const FIRST_MAGIC: [u8; 4] = *b"PHR1";
/// What records begin with whose envelope was removed.
const REMOVED_MAGIC: [u8; 4] = *b"PHR0";
/// What all of them begin with, for finding the next one.
pub const MARK: [u8; 3] = *b"PHR";
/// Bytes before the body.
pub const HEAD: usize = 24;
/// Body bytes before the leaf.
const FIXED: usize = 20;
/// Longest body.
const MAX_BODY: usize = MAX_ENVELOPE + (128 << 10);

/// A record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Record {
    /// Position in the log.
    pub index: u64,
    /// When the ledger took it.
    pub logged_at: Timestamp,
    /// Leaf bytes.
    pub leaf: Vec<u8>,
    /// RFC 3161 response over the signature, DER; empty where there is none.
    pub stamp: Vec<u8>,
    /// DSSE envelope bytes; empty where it was removed.
    pub envelope: Vec<u8>,
    /// What stands for an envelope that was removed.
    pub removed: Option<Removed>,
}

/// What stands for an envelope that was removed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Removed {
    /// SHA-256 of the envelope.
    pub envelope: Sha256,
    /// Entry that says why.
    pub by: u64,
}

impl Record {
    /// The time-stamp, as bundles carry it.
    pub fn stamps(&self) -> Vec<Vec<u8>> {
        if self.stamp.is_empty() { Vec::new() } else { vec![self.stamp.clone()] }
    }

    /// Digest of the envelope, also of one that was removed.
    pub fn envelope_digest(&self) -> Sha256 {
        self.removed.map_or_else(|| Sha256::of(&self.envelope), |removed| removed.envelope)
    }

    /// Head and body of this record without its envelope, in a body of `length` bytes, of which the last are
    /// zeros; how many those are. `None` when it does not fit.
    pub fn without_envelope(&self, by: u64, length: usize) -> Option<(Vec<u8>, usize)> {
        let mut body = Vec::with_capacity(length);
        self.encode_start(&mut body);
        body.extend_from_slice(self.envelope_digest().as_bytes());
        body.extend_from_slice(&by.to_be_bytes());
        let zeros = length.checked_sub(body.len())?;
        body.resize(length, 0);
        let said = u32::try_from(length).ok()?.to_be_bytes();
        let mut out = [&REMOVED_MAGIC[..], &said, &check(said, &body), &body].concat();
        out.truncate(out.len() - zeros);
        Some((out, zeros))
    }

    /// What comes before the envelope.
    fn encode_start(&self, body: &mut Vec<u8>) {
        body.extend_from_slice(&self.index.to_be_bytes());
        body.extend_from_slice(&self.logged_at.as_microsecond().to_be_bytes());
        body.extend_from_slice(&(self.leaf.len() as u32).to_be_bytes());
        body.extend_from_slice(&self.leaf);
        body.extend_from_slice(&(self.stamp.len() as u32).to_be_bytes());
        body.extend_from_slice(&self.stamp);
    }

    /// Appends the record to `out`.
    pub fn encode(&self, out: &mut Vec<u8>) {
        if let Some(Removed { by, .. }) = self.removed {
            let length = FIXED + 4 + self.leaf.len() + self.stamp.len() + 40;
            out.extend(self.without_envelope(by, length).map_or(Vec::new(), |(bytes, _)| bytes));
            return;
        }
        let length = FIXED + 4 + self.leaf.len() + self.stamp.len() + self.envelope.len();
        let mut body = Vec::with_capacity(length);
        self.encode_start(&mut body);
        body.extend_from_slice(&self.envelope);
        let length = (body.len() as u32).to_be_bytes();
        out.extend_from_slice(&MAGIC);
        out.extend_from_slice(&length);
        out.extend_from_slice(&check(length, &body));
        out.extend_from_slice(&body);
    }

    /// Length of the body that a head announces; `None` when it is not a head.
    pub fn body_length(head: &[u8; HEAD]) -> Option<usize> {
        let length = u32::from_be_bytes([head[4], head[5], head[6], head[7]]) as usize;
        let known = [MAGIC, FIRST_MAGIC, REMOVED_MAGIC].iter().any(|magic| head[..4] == *magic);
        (known && (FIXED..=MAX_BODY).contains(&length)).then_some(length)
    }

    /// The record of a head and its body; `None` when it was changed or is cut short.
    pub fn decode(head: &[u8; HEAD], body: &[u8]) -> Option<Self> {
        let length = [head[4], head[5], head[6], head[7]];
        if Self::body_length(head) != Some(body.len()) || check(length, body) != head[8..] {
            return None;
        }
        let (index, rest) = body.split_first_chunk()?;
        let (micros, rest) = rest.split_first_chunk()?;
        let (leaf, rest) = rest.split_first_chunk()?;
        let (leaf, rest) = rest.split_at_checked(u32::from_be_bytes(*leaf) as usize)?;
        let (stamp, envelope) = match head[..4] == FIRST_MAGIC {
            true => (&[][..], rest),
            false => {
                let (stamp, rest) = rest.split_first_chunk()?;
                rest.split_at_checked(u32::from_be_bytes(*stamp) as usize)?
            }
        };
        let removed = match head[..4] == REMOVED_MAGIC {
            true => Some(removed(envelope)?),
            false => None,
        };
        Some(Self {
            index: u64::from_be_bytes(*index),
            logged_at: Timestamp::from_microsecond(i64::from_be_bytes(*micros)).ok()?,
            leaf: leaf.to_vec(),
            stamp: stamp.to_vec(),
            envelope: if removed.is_some() { Vec::new() } else { envelope.to_vec() },
            removed,
        })
    }
}

/// What stands in the place of an envelope; nothing else may hide there.
fn removed(place: &[u8]) -> Option<Removed> {
    let (envelope, rest) = place.split_first_chunk()?;
    let (by, zeros) = rest.split_first_chunk()?;
    let empty = zeros.iter().all(|byte| *byte == 0);
    empty.then_some(Removed { envelope: Sha256(*envelope), by: u64::from_be_bytes(*by) })
}

fn check(length: [u8; 4], body: &[u8]) -> [u8; 16] {
    let mut hasher = Hasher::new();
    hasher.update(&length);
    hasher.update(body);
    let mut check = [0; 16];
    check.copy_from_slice(&hasher.finish().0[..16]);
    check
}
