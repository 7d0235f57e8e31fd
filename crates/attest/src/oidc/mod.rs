//! Identity tokens (OpenID Connect) of builds: who a CI says is running, proven by its issuer's key.
//!
//! [`verify`] judges one token with nothing but the issuer's key set and a moment. A token is believed
//! only when its issuer is on a list that somebody chose, it was made for us (audience), it is in force,
//! and one named key of the set signed it with one of three algorithms. What a header says about where
//! keys are (`jwk`, `jku`, `x5u`) is never looked at.
//!
//! Sources: RFC 7515 (JWS), RFC 7517 (JWK), RFC 7518 (algorithms), RFC 7519 (JWT), RFC 8037 (EdDSA),
//! RFC 8725 (best practice), OpenID Connect Core 1.0, section 2.

mod error;
mod jwks;
mod token;

pub use error::TokenError;
pub use jwks::{KeySet, MAX_KEY_SET, MAX_KEYS};
pub(crate) use token::payload;
pub use token::{Expected, MAX_TOKEN, Token, issuer_of, verify};
