//! One record of the journal as bytes.
//!
//! `PHR1`, 32-bit length of the body, 16 bytes of SHA-256 over length and body; then the body:
//! 64-bit index, 64-bit microseconds since 1970, 32-bit length of the leaf, leaf, envelope. All
//! integers big-endian.

use model::{Hasher, Sha256, Timestamp};

use crate::dsse::MAX_ENVELOPE;

/// What records begin with.
pub const MAGIC: [u8; 4] = *b"PHR1";
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
    /// DSSE envelope bytes.
    pub envelope: Vec<u8>,
}

impl Record {
    /// Digest of the envelope.
    pub fn envelope_digest(&self) -> Sha256 {
        Sha256::of(&self.envelope)
    }

    /// Appends the record to `out`.
    pub fn encode(&self, out: &mut Vec<u8>) {
        let mut body = Vec::with_capacity(FIXED + self.leaf.len() + self.envelope.len());
        body.extend_from_slice(&self.index.to_be_bytes());
        body.extend_from_slice(&self.logged_at.as_microsecond().to_be_bytes());
        body.extend_from_slice(&(self.leaf.len() as u32).to_be_bytes());
        body.extend_from_slice(&self.leaf);
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
        (head[..4] == MAGIC && (FIXED..=MAX_BODY).contains(&length)).then_some(length)
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
        let (leaf, envelope) = rest.split_at_checked(u32::from_be_bytes(*leaf) as usize)?;
        Some(Self {
            index: u64::from_be_bytes(*index),
            logged_at: Timestamp::from_microsecond(i64::from_be_bytes(*micros)).ok()?,
            leaf: leaf.to_vec(),
            envelope: envelope.to_vec(),
        })
    }
}

fn check(length: [u8; 4], body: &[u8]) -> [u8; 16] {
    let mut hasher = Hasher::new();
    hasher.update(&length);
    hasher.update(body);
    let mut check = [0; 16];
    check.copy_from_slice(&hasher.finish().0[..16]);
    check
}
