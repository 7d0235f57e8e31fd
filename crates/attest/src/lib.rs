//! **Prove**: signed in-toto statements, the key vault and signer process, the tile log, bundles and
//! their verification.
//!
//! The way of a statement: [`ledger::Ledger::append`] turns it into JSON, the signer process
//! ([`signer`]) signs its DSSE pre-authentication encoding with the organisation key, the journal
//! makes it durable, the Merkle tree takes it in as a Rekor v2 `hashedrekord`, the signer signs the
//! new checkpoint, and only then is it acknowledged. [`bundle`] carries one statement with its proof
//! elsewhere; [`verify`] judges it there with nothing but a [`trust`] file.
//!
//! **Architecture Invariants:**
//! - private keys exist only in the process that runs [`signer::serve`] (a witness of other people's logs has
//!   a key of its own, [`keys::WitnessSigner`], in its own process);
//! - [`dsse`], [`log`], [`trust`], [`bundle`], [`release`], [`verify`], [`sigstore`], [`keyless`] and [`oidc`] do no IO and never ask
//!   for the time;
//! - a statement is acknowledged only after it is on disk and covered by a signed checkpoint.

#![forbid(unsafe_code)]
#![cfg_attr(test, allow(clippy::unwrap_used, clippy::expect_used))]

mod b64;
pub mod bundle;
pub mod dsse;
pub mod issue;
mod json;
pub mod keyless;
pub mod keys;
pub mod ledger;
pub mod log;
pub mod oidc;
pub mod release;
pub mod signer;
pub mod sigstore;
pub mod trust;
pub mod verify;

pub use bundle::Bundle;
pub use dsse::Envelope;
pub use json::{JsonProblem, check as check_json};
pub use keys::{PublicKey, pem_certificates};
pub use ledger::{Ledger, LedgerError, Recovery};

pub use signer::{LogSigner, SignerClient};
pub use trust::Trust;
