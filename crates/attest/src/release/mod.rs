//! Release files: artifacts, evidence and blobs of one run in one file that verifies by itself.
//!
//! A release file is a tar archive (POSIX ustar), so that anybody can open it with what every system has,
//! and at the same time has exactly one possible form: the manifest's bundle, then the members that it lists,
//! sorted, each header as [`archive`] writes it, zeros up to the block, two blocks of zeros, the end. The
//! reader compares with that form byte by byte; whatever tar could express besides (links, long names,
//! sparse files, owners, a member twice) differs from it and is refused.
//!
//! Members are named by their SHA-256; the artifacts' own names are in the signed manifest only.

mod archive;
mod error;
mod judge;
mod paths;
mod read;

pub use archive::Writer;
pub use error::ReleaseError;
pub use judge::{Release, ReleaseReport};
pub use paths::usable;
pub use read::{Contents, read};

/// Name of the member with the manifest's bundle.
pub const MANIFEST: &str = "manifest.sigstore.json";
/// Name of the member with the bundles, one a line.
pub const EVIDENCE: &str = "evidence.jsonl";
/// Name of the member with the trust file of whoever exported, for information.
pub const TRUST: &str = "trust.json";
/// Beginning of the names of all other members.
pub const BLOBS: &str = "blobs/";
