//! The tables: embedded migrations, applied in order and never changed once released (they only
//! expand: new tables, new columns that may be null), and what they add up to.

mod tables;

pub(crate) use tables::{Table, names, tables};

use crate::{
    Result, StoreError,
    dialect::{Db, Tx},
};

/// Each migration once, by version.
const MIGRATIONS: &[(i64, &str)] = &[
    (1, include_str!("migrations/0001.sql")),
    (2, include_str!("migrations/0002.sql")),
    (3, include_str!("migrations/0003.sql")),
    (4, include_str!("migrations/0004_portfolio.sql")),
    (5, include_str!("migrations/0005_catalogue.sql")),
    (6, include_str!("migrations/0006_reviews.sql")),
    (7, include_str!("migrations/0007_coverage.sql")),
    (8, include_str!("migrations/0008_assessments.sql")),
    (9, include_str!("migrations/0009_secrets.sql")),
];

/// Holds the version; not part of a rebuild.
const VERSION_TABLE: &str = "proofhouse_schema";

/// The newest version this program knows.
pub(crate) fn newest() -> i64 {
    MIGRATIONS.iter().map(|(version, _)| *version).max().unwrap_or(0)
}

/// Brings the schema up to date. What new tables and columns hold about statements of before can only come
/// from the ledger: older tables are emptied, and whoever projects next begins at the first statement.
pub(crate) async fn migrate(db: &Db) -> Result<()> {
    let mut tx = db.begin().await?;
    tx.lock().await?;
    let found = version(&mut tx).await?;
    if found > newest() {
        return Err(StoreError::Newer { found, known: newest() });
    }
    if found == newest() {
        return tx.commit().await;
    }
    if found > 0 {
        tx.drop_tables(&names()).await?;
    }
    create(&mut tx).await?;
    tx.execute("INSERT INTO projected (id, next_index) VALUES (1, 0)", vec![]).await?;
    let sql = format!("UPDATE {VERSION_TABLE} SET version = $1 WHERE id = 1");
    tx.execute(sql, vec![newest().into()]).await?;
    tx.commit().await
}

/// Runs all migrations, on a database without tables.
pub(crate) async fn create(tx: &mut Tx) -> Result<()> {
    for (_, sql) in MIGRATIONS {
        let sql = tx.ddl(sql);
        tx.script(sql).await?;
    }
    Ok(())
}

async fn version(tx: &mut Tx) -> Result<i64> {
    if !tx.has_table(VERSION_TABLE).await? {
        let sql = tx.ddl(&format!(
            "CREATE TABLE {VERSION_TABLE} (id {{int}} NOT NULL PRIMARY KEY, version {{int}} NOT NULL)"
        ));
        tx.script(sql).await?;
        let sql = format!("INSERT INTO {VERSION_TABLE} (id, version) VALUES (1, 0)");
        tx.execute(sql, vec![]).await?;
    }
    let row = tx.first(format!("SELECT version FROM {VERSION_TABLE} WHERE id = 1"), vec![]).await?;
    row.map_or(Ok(0), |row| row.cells(VERSION_TABLE).int())
}
