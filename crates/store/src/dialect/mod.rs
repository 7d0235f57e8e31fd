//! The only place that knows which database is spoken to.
//!
//! [`Db`] is an enum of the two pools and [`Tx`] one of the two transactions; `sqlite` and `postgres`
//! each answer the same questions (how to open, begin, bind, read a cell, swap tables, what an error
//! means). All other code writes one SQL text for both: `$1` parameters, `ON CONFLICT`, CTEs.

mod classify;
mod postgres;
mod sqlite;

use std::{path::Path, sync::Arc};

use futures::{StreamExt as _, TryStreamExt as _, stream::BoxStream};
use sqlx::{AssertSqlSafe, SqlSafeStr, SqlStr};

use crate::{
    Result,
    db::{Row, Value},
};

/// Text of a command. Only constant fragments of this crate are ever put together; everything from
/// outside is a parameter.
#[derive(Clone)]
pub(crate) enum Sql {
    Static(&'static str),
    Made(Arc<str>),
}

impl From<&'static str> for Sql {
    fn from(sql: &'static str) -> Self {
        Self::Static(sql)
    }
}

impl From<String> for Sql {
    fn from(sql: String) -> Self {
        Self::Made(sql.into())
    }
}

impl From<Arc<str>> for Sql {
    fn from(sql: Arc<str>) -> Self {
        Self::Made(sql)
    }
}

impl SqlSafeStr for Sql {
    fn into_sql_str(self) -> SqlStr {
        match self {
            Self::Static(sql) => sql.into_sql_str(),
            Self::Made(sql) => AssertSqlSafe(sql).into_sql_str(),
        }
    }
}

/// A pool of connections.
#[derive(Clone)]
pub(crate) enum Db {
    Sqlite(sqlx::SqlitePool),
    Postgres(sqlx::PgPool),
}

/// A transaction; dropped without [`Tx::commit`] it is rolled back.
pub(crate) enum Tx {
    Sqlite(sqlx::Transaction<'static, sqlx::Sqlite>),
    Postgres(sqlx::Transaction<'static, sqlx::Postgres>),
}

impl Db {
    /// Opens by URL.
    pub(crate) async fn open(url: &str) -> Result<Self> {
        if let Some(path) = sqlite::path(url)? {
            return Ok(Self::Sqlite(sqlite::open(Path::new(&path)).await?));
        }
        Ok(Self::Postgres(postgres::open(url).await?))
    }

    pub(crate) async fn close(&self) {
        match self {
            Self::Sqlite(pool) => pool.close().await,
            Self::Postgres(pool) => pool.close().await,
        }
    }

    /// Begins a transaction that will write; waits for other writers.
    pub(crate) async fn begin(&self) -> Result<Tx> {
        Ok(match self {
            Self::Sqlite(pool) => {
                Tx::Sqlite(pool.begin_with("BEGIN IMMEDIATE").await.map_err(classify::error)?)
            }
            Self::Postgres(pool) => Tx::Postgres(pool.begin().await.map_err(classify::error)?),
        })
    }

    /// All rows.
    pub(crate) async fn fetch(&self, sql: impl Into<Sql>, values: Vec<Value>) -> Result<Vec<Row>> {
        self.stream(sql, values).try_collect().await
    }

    /// The first row.
    pub(crate) async fn first(&self, sql: impl Into<Sql>, values: Vec<Value>) -> Result<Option<Row>> {
        self.stream(sql, values).try_next().await
    }

    /// Rows as they come, for tables that do not fit in memory.
    pub(crate) fn stream(&self, sql: impl Into<Sql>, values: Vec<Value>) -> BoxStream<'_, Result<Row>> {
        let sql = sql.into();
        match self {
            Self::Sqlite(pool) => sqlite::query(sql, values)
                .fetch(pool)
                .map(|row| row.map_err(classify::error).and_then(|row| sqlite::row(&row)))
                .boxed(),
            Self::Postgres(pool) => postgres::query(sql, values)
                .fetch(pool)
                .map(|row| row.map_err(classify::error).and_then(|row| postgres::row(&row)))
                .boxed(),
        }
    }
}

impl Tx {
    /// Runs a command; returns how many rows it touched.
    pub(crate) async fn execute(&mut self, sql: impl Into<Sql>, values: Vec<Value>) -> Result<u64> {
        let sql = sql.into();
        let done = match self {
            Self::Sqlite(tx) => {
                sqlite::query(sql, values).execute(&mut **tx).await.map(|r| r.rows_affected())
            }
            Self::Postgres(tx) => {
                postgres::query(sql, values).execute(&mut **tx).await.map(|r| r.rows_affected())
            }
        };
        done.map_err(classify::error)
    }

    /// Runs a script of several commands without parameters.
    pub(crate) async fn script(&mut self, sql: impl Into<Sql>) -> Result<()> {
        let sql = sql.into();
        let done = match self {
            Self::Sqlite(tx) => sqlx::raw_sql(sql).execute(&mut **tx).await.map(drop),
            Self::Postgres(tx) => sqlx::raw_sql(sql).execute(&mut **tx).await.map(drop),
        };
        done.map_err(classify::error)
    }

    /// All rows.
    pub(crate) async fn fetch(&mut self, sql: impl Into<Sql>, values: Vec<Value>) -> Result<Vec<Row>> {
        let sql = sql.into();
        match self {
            Self::Sqlite(tx) => {
                let rows = sqlite::query(sql, values).fetch_all(&mut **tx).await.map_err(classify::error)?;
                rows.iter().map(sqlite::row).collect()
            }
            Self::Postgres(tx) => {
                let rows =
                    postgres::query(sql, values).fetch_all(&mut **tx).await.map_err(classify::error)?;
                rows.iter().map(postgres::row).collect()
            }
        }
    }

    /// The first row.
    pub(crate) async fn first(&mut self, sql: impl Into<Sql>, values: Vec<Value>) -> Result<Option<Row>> {
        Ok(self.fetch(sql, values).await?.into_iter().next())
    }

    pub(crate) async fn commit(self) -> Result<()> {
        match self {
            Self::Sqlite(tx) => tx.commit().await,
            Self::Postgres(tx) => tx.commit().await,
        }
        .map_err(classify::error)
    }

    /// Keeps other processes from changing the schema or the cursor until the end.
    pub(crate) async fn lock(&mut self) -> Result<()> {
        match self {
            // BEGIN IMMEDIATE already holds the only write lock.
            Self::Sqlite(_) => Ok(()),
            Self::Postgres(_) => self.script(postgres::LOCK).await,
        }
    }

    /// Whether a table is there.
    pub(crate) async fn has_table(&mut self, table: &'static str) -> Result<bool> {
        let sql = match self {
            Self::Sqlite(_) => sqlite::HAS_TABLE,
            Self::Postgres(_) => postgres::HAS_TABLE,
        };
        Ok(self.first(sql, vec![table.into()]).await?.is_some())
    }

    /// A migration in this database's words.
    pub(crate) fn ddl(&self, sql: &str) -> String {
        match self {
            Self::Sqlite(_) => sqlite::ddl(sql),
            Self::Postgres(_) => postgres::ddl(sql),
        }
    }

    /// `(…), (…)` with a parameter for every value of so many rows.
    pub(crate) fn parameter_groups(&self, rows: usize, columns: usize) -> String {
        match self {
            Self::Sqlite(_) => sqlite::parameter_groups(rows, columns),
            Self::Postgres(_) => postgres::parameter_groups(rows, columns),
        }
    }

    /// Drops tables with all that is in them; those that are not there are passed over.
    pub(crate) async fn drop_tables(&mut self, tables: &[&'static str]) -> Result<()> {
        let sql: String = tables.iter().map(|table| format!("DROP TABLE IF EXISTS {table};\n")).collect();
        self.script(sql).await
    }

    /// Puts the old tables aside, so that a rebuild starts on none.
    pub(crate) async fn begin_rebuild(&mut self, tables: &[&'static str]) -> Result<()> {
        match self {
            Self::Sqlite(_) => self.drop_tables(tables).await,
            Self::Postgres(_) => self.script(postgres::BEGIN_REBUILD).await,
        }
    }

    /// Puts the new tables in the place of the old ones.
    pub(crate) async fn finish_rebuild(&mut self, tables: &[&'static str]) -> Result<()> {
        match self {
            Self::Sqlite(_) => Ok(()),
            Self::Postgres(_) => {
                let original = self.first(postgres::ORIGINAL_SCHEMA, vec![]).await?;
                let original = match original {
                    Some(row) => row.cells("settings").text()?,
                    None => "public".to_owned(),
                };
                self.script(postgres::swap(&original, tables)).await
            }
        }
    }
}
