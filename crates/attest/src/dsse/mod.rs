//! DSSE v1 envelopes (secure-systems-lab/dsse): parsing, building, the bytes that are signed.

mod envelope;

pub use envelope::{DsseError, Envelope, MAX_ENVELOPE, MAX_PAYLOAD, Signature, pae};
