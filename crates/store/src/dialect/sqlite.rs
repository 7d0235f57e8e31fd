//! SQLite: one file beside the ledger, write-ahead log, one writer at a time.

use std::{
    fs,
    os::unix::fs::{OpenOptionsExt as _, PermissionsExt as _},
    path::Path,
    time::Duration,
};

use sqlx::{
    Row as _, Sqlite, TypeInfo as _, ValueRef as _,
    query::Query,
    sqlite::{
        SqliteArguments, SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteRow,
        SqliteSynchronous,
    },
};

use super::{Sql, classify};
use crate::{
    Result, StoreError,
    db::{Cell, Row, Value},
};

/// How long a writer waits for another one.
const BUSY: Duration = Duration::from_secs(30);

pub(super) const HAS_TABLE: &str = "SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = $1";

/// The path in a `sqlite:` URL, `None` for PostgreSQL URLs.
pub(super) fn path(url: &str) -> Result<Option<String>> {
    if url.starts_with("postgres://") || url.starts_with("postgresql://") {
        return Ok(None);
    }
    let path = url.strip_prefix("sqlite://").or_else(|| url.strip_prefix("sqlite:"));
    match path {
        Some(path) if !path.is_empty() && !path.contains('\0') => Ok(Some(path.to_owned())),
        _ => Err(StoreError::BadUrl(without_password(url))),
    }
}

fn without_password(url: &str) -> String {
    let scheme = url.split_once(':').map_or(url, |(scheme, _)| scheme);
    format!("{}:…", scheme.chars().take(20).collect::<String>())
}

/// Opens the file, making it with mode 0600 when it is not there.
pub(super) async fn open(path: &Path) -> Result<sqlx::SqlitePool> {
    make_private(path)
        .map_err(|source| StoreError::Io { path: path.to_string_lossy().into_owned(), source })?;
    let options = SqliteConnectOptions::new()
        .filename(path)
        .create_if_missing(true)
        .journal_mode(SqliteJournalMode::Wal)
        // A projection may lose its last transactions with the power: they are made again from the ledger.
        .synchronous(SqliteSynchronous::Normal)
        .foreign_keys(true)
        .busy_timeout(BUSY)
        .pragma("cache_size", "-8000")
        .pragma("trusted_schema", "OFF")
        .pragma("cell_size_check", "ON")
        .pragma("journal_size_limit", "67108864");
    SqlitePoolOptions::new()
        .max_connections(4)
        .idle_timeout(Duration::from_secs(60))
        .acquire_timeout(BUSY)
        .connect_with(options)
        .await
        .map_err(classify::opening)
}

/// SQLite gives the log and shared-memory files the mode of the database file.
fn make_private(path: &Path) -> std::io::Result<()> {
    fs::OpenOptions::new().create(true).truncate(false).write(true).mode(0o600).open(path)?;
    let mode = fs::metadata(path)?.permissions().mode();
    if mode & 0o077 != 0 {
        fs::set_permissions(path, fs::Permissions::from_mode(0o600))?;
    }
    Ok(())
}

pub(super) fn query(sql: Sql, values: Vec<Value>) -> Query<'static, Sqlite, SqliteArguments> {
    values.into_iter().fold(sqlx::query(sql), |query, value| match value {
        Value::Int(n) => query.bind(n),
        Value::Text(text) => query.bind(text),
    })
}

pub(super) fn row(row: &SqliteRow) -> Result<Row> {
    (0..row.len()).map(|n| cell(row, n)).collect::<sqlx::Result<_>>().map(Row).map_err(classify::error)
}

/// SQLite types are per value, not per column.
fn cell(row: &SqliteRow, n: usize) -> sqlx::Result<Cell> {
    let value = row.try_get_raw(n)?;
    if value.is_null() {
        return Ok(Cell::Null);
    }
    let kind = value.type_info();
    Ok(match kind.name() {
        "INTEGER" => Cell::Int(row.try_get_unchecked(n)?),
        "TEXT" => match row.try_get_unchecked(n) {
            Ok(text) => Cell::Text(text),
            Err(_) => Cell::Foreign("a text that is not UTF-8".to_owned()),
        },
        other => Cell::Foreign(format!("a value of type {other}")),
    })
}

pub(super) fn ddl(sql: &str) -> String {
    // The default collation compares bytes.
    sql.replace("{text}", "TEXT").replace("{int}", "INTEGER")
}

/// Parameters without names: SQLite looks each name up by going through all of them.
pub(super) fn parameter_groups(rows: usize, columns: usize) -> String {
    let group = format!("({})", vec!["?"; columns].join(","));
    vec![group.as_str(); rows].join(",")
}
