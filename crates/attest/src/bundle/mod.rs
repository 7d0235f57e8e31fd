//! Sigstore bundles v0.3: one statement with its signature and its proof of inclusion.
//!
//! An evidence file is JSON Lines of such bundles.

mod parts;
mod wire;

pub use parts::{
    CheckpointText, InclusionProof, KindVersion, LogId, MessageDigest, MessageSignature, Raw, TlogEntry,
};
pub use wire::{
    Bundle, BundleError, Content, MAX_BUNDLE, MAX_EVIDENCE, Material, parse_evidence, write_evidence,
};
