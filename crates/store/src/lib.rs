//! Projections of ledger statements in SQLite or PostgreSQL, and the local blob store.
//!
//! The ledger is the truth; everything here can be thrown away and rebuilt from it
//! ([`Store::rebuild`]), and [`Store::compare`] names each row that does not follow from it.
//!
//! - `dialect/` is the only place that knows which database is spoken to: one file each.
//! - `db/` gives both one face: two kinds of values (64-bit integers and text), `$1` parameters.
//! - `project/` applies one statement to the tables, one file per family of predicates.
//! - `query/` reads, one file per aggregate, and returns the structs of `views/`.
//! - `verify/` fingerprints and compares tables row by row.
//!
//! **Architecture Invariant:** rows depend on statements and blobs only: no clock, no randomness, no
//! database-made key. A moment is stored as microseconds since 1970 (UTC), an id or digest as text.
#![cfg_attr(test, allow(clippy::unwrap_used, clippy::expect_used))]

mod blobs;
mod db;
mod dialect;
mod error;
mod project;
mod query;
mod schema;
mod store;
mod verify;
pub mod views;

pub use blobs::LocalBlobs;
pub use error::StoreError;
pub use query::{Owned, PortfolioQuery, StatementFilter};
pub use store::Store;
pub use verify::{Difference, RowDifference, TableDigest};

/// What the store's functions return.
pub type Result<T, E = StoreError> = std::result::Result<T, E>;
