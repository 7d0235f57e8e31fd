//! Values going in, cells coming out. Only 64-bit integers and text: whatever has more structure is
//! JSON in a text, so that both databases store, order and compare the same.

use std::{fmt::Display, str::FromStr};

use model::Timestamp;
use serde::{Serialize, de::DeserializeOwned};

use crate::{Result, StoreError};

/// A parameter of a command. The kind is known also when it is null, because PostgreSQL asks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Value {
    Int(Option<i64>),
    Text(Option<String>),
}

impl Value {
    /// A text. PostgreSQL cannot store U+0000; it becomes U+FFFD in both, so both stay equal.
    pub(crate) fn text(text: impl Into<String>) -> Self {
        let text = text.into();
        Self::Text(Some(if text.contains('\0') { text.replace('\0', "\u{fffd}") } else { text }))
    }

    /// A text that may be absent.
    pub(crate) fn maybe(text: Option<impl Display>) -> Self {
        text.map_or(Self::Text(None), |text| Self::text(text.to_string()))
    }

    /// An integer that may be absent.
    pub(crate) fn maybe_int(n: Option<i64>) -> Self {
        Self::Int(n)
    }

    /// Anything as compact JSON. What cannot be written (never, for our own types) is `null`.
    pub(crate) fn json(value: &impl Serialize) -> Self {
        Self::text(serde_json::to_string(value).unwrap_or_else(|_| "null".to_owned()))
    }

    /// A moment.
    pub(crate) fn time(at: Timestamp) -> Self {
        Self::Int(Some(micros(at)))
    }
}

impl From<u64> for Value {
    fn from(n: u64) -> Self {
        Self::Int(Some(number(n)))
    }
}

impl From<i64> for Value {
    fn from(n: i64) -> Self {
        Self::Int(Some(n))
    }
}

impl From<bool> for Value {
    fn from(yes: bool) -> Self {
        Self::Int(Some(i64::from(yes)))
    }
}

impl From<&str> for Value {
    fn from(text: &str) -> Self {
        Self::text(text)
    }
}

impl From<String> for Value {
    fn from(text: String) -> Self {
        Self::text(text)
    }
}

impl From<&String> for Value {
    fn from(text: &String) -> Self {
        Self::text(text.as_str())
    }
}

impl From<model::Sha256> for Value {
    fn from(hash: model::Sha256) -> Self {
        Self::Text(Some(hash.hex()))
    }
}

/// An unsigned number as the databases keep it.
pub(crate) fn number(n: u64) -> i64 {
    i64::try_from(n).unwrap_or(i64::MAX)
}

/// Microseconds since 1970; finer parts are cut off.
pub(crate) fn micros(at: Timestamp) -> i64 {
    at.as_microsecond()
}

/// The moment of so many microseconds.
pub(crate) fn timestamp(micros: i64) -> Option<Timestamp> {
    Timestamp::from_microsecond(micros).ok()
}

/// What a column of a row holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Cell {
    Null,
    Int(i64),
    Text(String),
    /// Something this program never writes (a row changed by hand), described.
    Foreign(String),
}

/// A row as it came.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Row(pub(crate) Vec<Cell>);

impl Row {
    /// Reads the cells in order; `table` is for error messages.
    pub(crate) fn cells(self, table: &'static str) -> Cells {
        Cells { table, cells: self.0.into_iter(), n: 0 }
    }
}

/// Takes the cells of a row one after the other, in the order of the `SELECT`.
pub(crate) struct Cells {
    table: &'static str,
    cells: std::vec::IntoIter<Cell>,
    n: usize,
}

impl Cells {
    fn bad(&self, what: impl Display) -> StoreError {
        StoreError::BadRow { table: self.table, what: format!("column {} {what}", self.n) }
    }

    fn next(&mut self) -> Result<Cell> {
        self.n += 1;
        self.cells.next().ok_or_else(|| self.bad("is missing"))
    }

    pub(crate) fn maybe_int(&mut self) -> Result<Option<i64>> {
        match self.next()? {
            Cell::Null => Ok(None),
            Cell::Int(n) => Ok(Some(n)),
            _ => Err(self.bad("is not an integer")),
        }
    }

    pub(crate) fn int(&mut self) -> Result<i64> {
        self.maybe_int()?.ok_or_else(|| self.bad("is null"))
    }

    pub(crate) fn count(&mut self) -> Result<u64> {
        u64::try_from(self.int()?).map_err(|_| self.bad("is negative"))
    }

    pub(crate) fn maybe_count(&mut self) -> Result<Option<u64>> {
        self.maybe_int()?.map(|n| u64::try_from(n).map_err(|_| self.bad("is negative"))).transpose()
    }

    pub(crate) fn yes(&mut self) -> Result<bool> {
        Ok(self.int()? != 0)
    }

    pub(crate) fn maybe_text(&mut self) -> Result<Option<String>> {
        match self.next()? {
            Cell::Null => Ok(None),
            Cell::Text(text) => Ok(Some(text)),
            _ => Err(self.bad("is not a text")),
        }
    }

    pub(crate) fn text(&mut self) -> Result<String> {
        self.maybe_text()?.ok_or_else(|| self.bad("is null"))
    }

    pub(crate) fn parse<T: FromStr<Err: Display>>(&mut self) -> Result<T> {
        let text = self.text()?;
        text.parse().map_err(|error: T::Err| self.bad(error))
    }

    pub(crate) fn maybe_parse<T: FromStr<Err: Display>>(&mut self) -> Result<Option<T>> {
        self.maybe_text()?.map(|text| text.parse().map_err(|error: T::Err| self.bad(error))).transpose()
    }

    pub(crate) fn json<T: DeserializeOwned>(&mut self) -> Result<T> {
        let text = self.text()?;
        serde_json::from_str(&text).map_err(|error| self.bad(error))
    }

    pub(crate) fn maybe_json<T: DeserializeOwned>(&mut self) -> Result<Option<T>> {
        let text = self.maybe_text()?;
        text.map(|text| serde_json::from_str(&text).map_err(|error| self.bad(error))).transpose()
    }

    /// A severity by its rank.
    pub(crate) fn rank(&mut self) -> Result<model::Severity> {
        let rank = self.int()?;
        crate::query::severity(rank).ok_or_else(|| self.bad("is not the rank of a severity"))
    }

    /// A value written by its serde name (`deployed`, `before-activation`).
    pub(crate) fn named<T: DeserializeOwned>(&mut self) -> Result<T> {
        let text = self.text()?;
        serde_json::from_value(serde_json::Value::String(text)).map_err(|error| self.bad(error))
    }

    /// The same, where it may be absent.
    pub(crate) fn maybe_named<T: DeserializeOwned>(&mut self) -> Result<Option<T>> {
        let text = self.maybe_text()?;
        let read = |text| serde_json::from_value(serde_json::Value::String(text)).map_err(|e| self.bad(e));
        text.map(read).transpose()
    }

    /// A value that `from` knows by name.
    pub(crate) fn known<T>(&mut self, from: impl Fn(&str) -> Option<T>) -> Result<T> {
        let text = self.text()?;
        from(&text).ok_or_else(|| self.bad(format!("has the unknown value `{text}`")))
    }

    pub(crate) fn time(&mut self) -> Result<Timestamp> {
        let micros = self.int()?;
        timestamp(micros).ok_or_else(|| self.bad("is not a moment"))
    }

    pub(crate) fn maybe_time(&mut self) -> Result<Option<Timestamp>> {
        self.maybe_int()?.map(|n| timestamp(n).ok_or_else(|| self.bad("is not a moment"))).transpose()
    }
}
