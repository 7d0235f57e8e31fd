//! The trust file: what a verifier must be given, and the only thing it believes.

mod file;

pub use file::{Trust, TrustError, TrustedAuthority, TrustedKey, TrustedLog};
