//! The tables: embedded migrations, applied in order and never changed once released (they only
//! expand: new tables, new columns that may be null), and what they add up to.

mod tables;

pub(crate) use tables::{Table, names, tables};

use crate::{
    Result, StoreError,
    dialect::{Db, Tx},
};

/// Each migration once, by version.
const MIGRATIONS: [(i64, &str); 3] = [
    (1, include_str!("migrations/0001.sql")),
    (2, include_str!("migrations/0002.sql")),
    (7, include_str!("migrations/0007_reviews.sql")),
];

/// Holds the version; not part of a rebuild.
const VERSION_TABLE: &str = "proofhouse_schema";

/// The newest version this program knows.
pub(crate) fn newest() -> i64 {
    MIGRATIONS.iter().map(|(version, _)| *version).max().unwrap_or(0)
}

/// Brings the schema up to date.
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
    create(&mut tx, found).await?;
    if found == 0 {
        tx.execute("INSERT INTO projected (id, next_index) VALUES (1, 0)", vec![]).await?;
    }
    let sql = format!("UPDATE {VERSION_TABLE} SET version = $1 WHERE id = 1");
    tx.execute(sql, vec![newest().into()]).await?;
    tx.commit().await
}

/// Runs the migrations after `from`.
pub(crate) async fn create(tx: &mut Tx, from: i64) -> Result<()> {
    for (_, sql) in MIGRATIONS.iter().filter(|(version, _)| *version > from) {
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
