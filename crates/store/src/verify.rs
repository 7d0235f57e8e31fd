//! Fingerprints.
use crate::{Result, Store};
/// Digest of one table.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub struct TableDigest {
    /// Table.
    pub table: &'static str,
    /// Rows.
    pub rows: u64,
    /// SHA-256 over all rows in the order of their keys; the same on every database.
    pub digest: model::Sha256,
}
/// What is wrong with a row.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
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
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub struct RowDifference {
    /// Table.
    pub table: &'static str,
    /// Key columns with their values, `index=7`.
    pub key: String,
    /// What is wrong.
    pub what: Difference,
}
impl Store {
    /// One digest per table.
    pub async fn fingerprint(&self) -> Result<Vec<TableDigest>> {
        todo!()
    }
    /// Rows of this store that differ from `expected` (a rebuild of the same ledger), at most 1,000.
    pub async fn compare(&self, expected: &Store) -> Result<Vec<RowDifference>> {
        todo!()
    }
}
