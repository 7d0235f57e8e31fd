//! PostgreSQL 13 or newer: many writers, one of them projects at a time (advisory lock).

use std::time::Duration;

use sqlx::{
    Connection as _, PgConnection, Postgres, Row as _, TypeInfo as _, ValueRef as _,
    postgres::{PgArguments, PgConnectOptions, PgPoolOptions, PgRow},
    query::Query,
};

use super::{Sql, classify};
use crate::{
    Result, StoreError,
    db::{Cell, Row, Value},
};

/// How long the first connection may take.
const CONNECT: Duration = Duration::from_secs(10);

/// Held until the end of the transaction; the number is `proofhou` in ASCII.
pub(super) const LOCK: &str = "SELECT pg_advisory_xact_lock(8102092387236900725)";

pub(super) const HAS_TABLE: &str = "SELECT CAST(1 AS BIGINT) FROM information_schema.tables \
     WHERE table_schema = current_schema() AND table_name = $1";

/// New tables are made in a schema of their own, inside the same transaction, so that readers go on
/// with the old ones. The name of the original schema is kept in a setting of the transaction.
pub(super) const BEGIN_REBUILD: &str = "\
    SELECT set_config('proofhouse.original', current_schema(), true);
    DROP SCHEMA IF EXISTS proofhouse_rebuild CASCADE;
    CREATE SCHEMA proofhouse_rebuild;
    SET LOCAL search_path TO proofhouse_rebuild;";

pub(super) const ORIGINAL_SCHEMA: &str = "SELECT current_setting('proofhouse.original')";

pub(super) async fn open(url: &str) -> Result<sqlx::PgPool> {
    // sqlx's message does not repeat the URL, which may hold a password.
    let options: PgConnectOptions =
        url.parse().map_err(|error: sqlx::Error| StoreError::BadUrl(error.to_string()))?;
    let options = options.application_name("proofhouse");
    // The pool would try again and again for its whole waiting time when nobody listens.
    let first = tokio::time::timeout(CONNECT, PgConnection::connect_with(&options));
    match first.await {
        Ok(connection) => connection.map_err(classify::opening)?.close().await.map_err(classify::error)?,
        Err(_) => return Err(StoreError::Unreachable(sqlx::Error::PoolTimedOut)),
    }
    PgPoolOptions::new()
        .max_connections(8)
        .idle_timeout(Duration::from_secs(60))
        .acquire_timeout(Duration::from_secs(30))
        .connect_with(options)
        .await
        .map_err(classify::opening)
}

pub(super) fn query(sql: Sql, values: Vec<Value>) -> Query<'static, Postgres, PgArguments> {
    values.into_iter().fold(sqlx::query(sql), |query, value| match value {
        Value::Int(n) => query.bind(n),
        Value::Text(text) => query.bind(text),
    })
}

pub(super) fn row(row: &PgRow) -> Result<Row> {
    (0..row.len()).map(|n| cell(row, n)).collect::<sqlx::Result<_>>().map(Row).map_err(classify::error)
}

fn cell(row: &PgRow, n: usize) -> sqlx::Result<Cell> {
    let value = row.try_get_raw(n)?;
    if value.is_null() {
        return Ok(Cell::Null);
    }
    let kind = value.type_info();
    Ok(match kind.name() {
        "INT8" => Cell::Int(row.try_get(n)?),
        "TEXT" | "VARCHAR" | "NAME" => Cell::Text(row.try_get(n)?),
        other => Cell::Foreign(format!("a value of type {other}")),
    })
}

pub(super) fn ddl(sql: &str) -> String {
    // Order by bytes, whatever the locale of the database, as SQLite does.
    sql.replace("{text}", "TEXT COLLATE \"C\"").replace("{int}", "BIGINT")
}

pub(super) fn swap(original: &str, tables: &[&'static str]) -> String {
    let original = format!("\"{}\"", original.replace('"', "\"\""));
    let mut sql = String::new();
    for table in tables {
        sql.push_str(&format!(
            "DROP TABLE IF EXISTS {original}.{table};\nALTER TABLE proofhouse_rebuild.{table} SET SCHEMA {original};\n"
        ));
    }
    sql.push_str("DROP SCHEMA proofhouse_rebuild;");
    sql
}

pub(super) fn parameter_groups(rows: usize, columns: usize) -> String {
    let group = |row: usize| {
        let names: Vec<String> = (1..=columns).map(|column| format!("${}", row * columns + column)).collect();
        format!("({})", names.join(","))
    };
    (0..rows).map(group).collect::<Vec<_>>().join(",")
}
