//! Reports of scanners become findings: read, normalise, identify, correlate, store.
//!
//! A report goes one way: [`Source`] (bytes that can be opened again) → an adapter (one per format)
//! → `Intake` (cleans every field, gives identity, counts) → [`Sink`] (one finding at a time).
//! Nothing holds a whole report: formats are walked by a streaming scanner, one result in memory.
//!
//! **Architecture Invariant:** a report is foreign bytes. It is bounded (bytes, depth, size of one
//! value, number of findings, compression ratio), every failure has a stable code and a place, and
//! nothing that leaves `Intake` holds a path outside the tree, a control character, an unbounded
//! text or a credential.
//!
//! **Nothing passes by absence:** an empty, truncated or foreign file is an error, never "no
//! findings"; a report that does not say what it covered is marked so ([`model::Coverage::stated`]).
//!
//! A duplicate key among those an adapter reads is refused (`report-duplicate-key`): of two values
//! one reader sees the first and another the last, so the report has no single meaning.

#![cfg_attr(test, allow(clippy::unwrap_used, clippy::expect_used))]

mod adapters;
pub mod blob;
pub mod correlate;
mod error;
mod import;
mod intake;
mod json;
mod manual;
pub mod normalise;
mod sarif;
mod sink;
mod source;
mod tree;

pub use adapters::formats;
pub use blob::{BlobError, BlobReader, BlobWriter};
pub use correlate::{Grade, Group, Join, correlate};
pub use error::{At, ImportError};
pub use import::{ImportOptions, Limits, ReportInfo, detect, import};
pub use manual::{Assessment, SCHEMA as MANUAL_SCHEMA};
pub use sink::Sink;
pub use source::{BlobSource, FileSource, Source};
pub use tree::{FolderTree, SourceTree};
