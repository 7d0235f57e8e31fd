//! Signing with services of others: a certificate of a Fulcio for an identity that an OpenID provider vouches
//! for, time-stamps (RFC 3161), and one entry in a Rekor v2 log.
//!
//! The pure half: what is asked and what an answer may say. Somebody else carries both ([`IdentityToken`]
//! and [`SigningConfig`] in, a [`Request`] to Fulcio, [`Certified`], [`Signed`], [`Stamped`], a bundle out),
//! and each step can only follow the one before. No answer is believed: the certificate must be for our key
//! and for the token's issuer, everything is verified under the trusted root *before* the log is asked, as its
//! entries are public for ever, and the finished bundle is verified as anybody would.
//!
//! Sources: `fulcio.proto` (v2) of Fulcio, `rekor_service.proto` and `CLIENTS.md` of rekor-tiles,
//! `sigstore_trustroot.proto` of the Sigstore protobuf specifications, RFC 2986 (certificate requests).

mod config;
mod error;
mod request;
mod sign;
mod token;

pub use config::{MAX_CONFIG, Services, SigningConfig};
pub use error::{KeylessError, Service};
pub use request::{Certified, Request};
pub use sign::{Signed, Stamped, Thing};
pub use token::IdentityToken;
