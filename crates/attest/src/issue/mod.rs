//! What the organisation's own authority issues: certificates with certificate-transparency stamps, and
//! time-stamps.
//!
//! The pure side: bytes from keys, names and moments. The signer process holds the keys ([`crate::keys`])
//! and decides when something is issued; [`crate::sigstore`] is what reads it again.

mod certificate;
mod identity;
mod leaf;
mod timestamp;

pub use certificate::{Issuer, MAX_NAME, authority, root, time_stamper, valid_name};
pub(crate) use certificate::{TIME_STAMPING, ecdsa_sha256};
pub use identity::{ARTIFACT, identity, is_of_artifact, of_artifact};
pub use leaf::{LEAF_LIFE, Leaf, Transparency};
pub use timestamp::TimeStamper;

use crate::keys::KeyError;

/// DER that does not come about is a bug or an absurd name; nothing else can be said about it.
pub(crate) fn encoding(_: der::Error) -> KeyError {
    KeyError::Crypto
}
