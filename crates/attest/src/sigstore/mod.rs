//! Bundles by other people's rules: Sigstore bundle v0.3 against a `trusted_root.json`.
//!
//! [`verify`] is the whole question: certificate path at the moment of signing, certificate
//! transparency, inclusion in a log, time-stamp, identity, signature. Where a time-stamp proves when
//! something was signed, certificates and keys are judged at that moment, not at the time of asking.
//!
//! Sources: the Sigstore client specification, RFC 5280 (certificates), RFC 6962 (certificate
//! transparency), RFC 3161 and RFC 5652 (time-stamps).

mod leaf;
mod path;
mod refusal;
mod root;
mod sct;
mod timestamp;
mod verdict;

pub use refusal::Refusal;
pub use root::{RootError, TrustedRoot};
pub use verdict::{Accepted, Artifact, Signer, verify};
