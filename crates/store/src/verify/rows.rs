//! All rows of a table in the order of its key.

use futures::stream::BoxStream;

use crate::{Result, db::Row, dialect::Db, schema::Table};

/// Key columns first, then the others: the order that comparing relies on.
pub(super) fn columns(table: &Table) -> Vec<&'static str> {
    let others = table.columns.iter().filter(|column| !table.key.contains(column));
    table.key.iter().chain(others).copied().collect()
}

pub(super) fn stream<'a>(db: &'a Db, table: &Table) -> BoxStream<'a, Result<Row>> {
    let sql =
        format!("SELECT {} FROM {} ORDER BY {}", columns(table).join(", "), table.name, table.key.join(", "));
    db.stream(sql, vec![])
}
