//! Bundles by other people's rules: Sigstore bundle v0.3 against a `trusted_root.json`.
//!
//! [`verify`] is the whole question: certificate path at the moment of signing, certificate
//! transparency, inclusion in a log, time-stamp, identity, signature. Where a time-stamp proves when
//! something was signed, certificates and keys are judged at that moment, not at the time of asking.
//!
//! Sources: the Sigstore client specification, RFC 5280 (certificates), RFC 6962 (certificate
//! transparency), RFC 3161 and RFC 5652 (time-stamps).

mod export;
mod leaf;
mod path;
mod refusal;
mod root;
pub(crate) mod sct;
mod session;
pub(crate) mod timestamp;
mod verdict;

pub use export::trusted_root;
pub(crate) use leaf::{Leaf, OIDC_ISSUER, OLD_ISSUER};
pub(crate) use path::{Paths, code_signing};
pub use refusal::Refusal;
pub(crate) use root::{Authority, Window};
pub use root::{RootError, TrustedRoot};
pub use session::Session;
pub(crate) use timestamp as stamp;
pub(crate) use timestamp::check_one as check_stamp;
pub use verdict::{Accepted, Artifact, Signer, verify};
