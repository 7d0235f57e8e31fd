//! Do the tables follow from the ledger? One digest per table, and the rows that differ.
//!
//! Two stores of the same ledger have the same rows, whatever the databases: so a live store is
//! checked by rebuilding into a temporary one and comparing.

mod compare;
mod fingerprint;
mod rows;

use model::Sha256;
use serde::Serialize;

/// Digest of one table.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct TableDigest {
    /// Table.
    pub table: &'static str,
    /// Rows.
    pub rows: u64,
    /// SHA-256 over all rows in the order of their keys; the same on every database.
    pub digest: Sha256,
}

/// What is wrong with a row.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Difference {
    /// The ledger says there is such a row, here there is none.
    Missing,
    /// No statement caused it.
    Unexpected,
    /// These columns differ.
    Changed(Vec<String>),
}

/// A row that does not follow from the ledger.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct RowDifference {
    /// Table.
    pub table: &'static str,
    /// Key columns with their values, `idx=7`.
    pub key: String,
    /// What is wrong.
    pub what: Difference,
}
