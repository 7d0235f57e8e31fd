//! Inserts of many rows by one command, the fastest way into both databases.

use std::sync::Arc;

use super::Value;
use crate::{Result, dialect::Tx};

/// Collects rows and writes them in batches.
pub(crate) struct Insert {
    head: String,
    tail: &'static str,
    columns: usize,
    values: Vec<Value>,
    /// The text for a number of rows, kept because full batches are all alike.
    sql: (usize, Arc<str>),
}

/// Parameters in one command: SQLite allows 32,766, PostgreSQL 65,535.
const MOST_PARAMETERS: usize = 8_000;

impl Insert {
    /// `tail` follows the rows, e.g. `ON CONFLICT DO NOTHING`.
    pub(crate) fn into(table: &str, columns: &[&str], tail: &'static str) -> Self {
        let head = format!("INSERT INTO {table} ({}) VALUES ", columns.join(", "));
        Self { head, tail, columns: columns.len(), values: Vec::new(), sql: (0, Arc::from("")) }
    }

    /// Rows that fit into one command with so many columns.
    pub(crate) fn batch(columns: usize) -> usize {
        MOST_PARAMETERS / columns
    }

    /// Adds a row; writes when a batch is full.
    pub(crate) async fn row(&mut self, tx: &mut Tx, row: impl IntoIterator<Item = Value>) -> Result<()> {
        self.values.extend(row);
        if self.values.len() >= Self::batch(self.columns) * self.columns {
            self.flush(tx).await?;
        }
        Ok(())
    }

    /// Writes what is left.
    pub(crate) async fn flush(&mut self, tx: &mut Tx) -> Result<()> {
        let values = std::mem::take(&mut self.values);
        self.write(tx, values).await
    }

    /// Writes rows, given as all their values one after the other, by one command.
    pub(crate) async fn write(&mut self, tx: &mut Tx, values: Vec<Value>) -> Result<()> {
        debug_assert_eq!(values.len() % self.columns, 0, "{}", self.head);
        let rows = values.len() / self.columns;
        if rows == 0 {
            return Ok(());
        }
        if self.sql.0 != rows {
            let groups = tx.parameter_groups(rows, self.columns);
            self.sql = (rows, format!("{}{groups} {}", self.head, self.tail).into());
        }
        tx.execute(Arc::clone(&self.sql.1), values).await.map(drop)
    }
}
