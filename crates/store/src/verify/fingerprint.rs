//! One digest per table, equal for equal rows on any database.

use futures::TryStreamExt as _;
use model::{Hasher, Sha256};

use super::{TableDigest, rows};
use crate::{
    Result, Store,
    db::{Cell, Row},
    schema::{Table, tables},
};

impl Store {
    /// One digest per table, in a fixed order.
    ///
    /// # Errors
    /// Any database error.
    pub async fn fingerprint(&self) -> Result<Vec<TableDigest>> {
        let mut digests = Vec::new();
        for table in tables() {
            digests.push(self.table_digest(table).await?);
        }
        Ok(digests)
    }

    async fn table_digest(&self, table: &Table) -> Result<TableDigest> {
        let mut stream = rows::stream(&self.db, table);
        let mut hasher = Hasher::new();
        let mut rows = 0;
        while let Some(row) = stream.try_next().await? {
            rows += 1;
            hasher.update(digest(&row).as_bytes());
        }
        Ok(TableDigest { table: table.name, rows, digest: hasher.finish() })
    }
}

/// Every cell by kind, length and content, so that no two rows look alike.
fn digest(row: &Row) -> Sha256 {
    let mut hasher = Hasher::new();
    let mut add = |kind: &[u8], bytes: &[u8]| {
        hasher.update(kind);
        hasher.update(&(bytes.len() as u64).to_be_bytes());
        hasher.update(bytes);
    };
    for cell in &row.0 {
        match cell {
            Cell::Null => add(b"0", b""),
            Cell::Int(n) => add(b"i", &n.to_be_bytes()),
            Cell::Text(text) => add(b"t", text.as_bytes()),
            Cell::Foreign(what) => add(b"f", what.as_bytes()),
        }
    }
    hasher.finish()
}
