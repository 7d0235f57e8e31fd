//! The shape of the file as data: one table says which keys exist, what they hold and what they mean.
//!
//! The same table drives the checker (`check`), the typed reader's defaults and the JSON Schema
//! (`schema`), so the three cannot disagree.

mod check;
mod kinds;
mod requirements;
pub(crate) mod schema;
mod v1;

pub(crate) use check::{as_bool, check};
pub(crate) use kinds::name as project_name;
pub(crate) use requirements::REQUIREMENTS;
pub(crate) use v1::FILE;

use std::time::Duration;

/// What a value may be.
pub(crate) enum Shape {
    /// Text of some kind.
    Text(&'static Kind),
    /// One of these names.
    Choice(&'static [&'static str]),
    /// A report format: those the caller knows, and `junit`.
    ReportFormat,
    /// A tool provider that the caller knows.
    Provider,
    /// `true` or `false`.
    Bool,
    /// A whole number.
    Whole { min: u64, max: u64 },
    /// Such as `1h30m`.
    Duration { min: Duration, max: Duration },
    /// Such as `64MiB`.
    Size { min: u64 },
    /// Such as `200%`.
    Percent,
    /// A list.
    List { item: &'static Shape, min: usize, max: usize },
    /// Names to values; every name is of one kind.
    Map { key: &'static Kind, value: &'static Shape, min: usize, max: usize },
    /// Fixed keys.
    Object(&'static [Field]),
    /// A script (text), or a list of words.
    Command,
}

/// A kind of text.
pub(crate) struct Kind {
    /// With its article: `a step name`.
    pub what: &'static str,
    /// Regular expression (ECMA 262) for the JSON Schema; a value that passes `check` matches it.
    pub pattern: Option<&'static str>,
    /// The real check.
    pub check: fn(&str) -> Result<(), Refusal>,
}

/// Why a text is not of its kind.
pub(crate) struct Refusal {
    pub code: &'static str,
    pub why: String,
    pub hint: Option<String>,
}

/// One key.
pub(crate) struct Field {
    pub key: &'static str,
    /// One or two sentences; the description in the JSON Schema.
    pub doc: &'static str,
    pub shape: Shape,
    pub required: bool,
    /// As JSON, when there is a fixed default.
    pub default: Option<&'static str>,
}

impl Shape {
    /// What is expected, with its article.
    pub fn expected(&self) -> String {
        match self {
            Self::Text(kind) => kind.what.to_owned(),
            Self::Choice(names) => format!("one of {}", listed(names)),
            Self::ReportFormat => "a report format".into(),
            Self::Provider => "a tool provider".into(),
            Self::Bool => "`true` or `false`".into(),
            Self::Whole { min, max } => format!("a whole number from {min} to {max}"),
            Self::Duration { .. } => "a duration such as `10m`, `1h30m` or `500ms`".into(),
            Self::Size { .. } => "a size such as `64MiB` or `2GiB`".into(),
            Self::Percent => "a percentage of one core such as `200%`".into(),
            Self::List { .. } => "a list".into(),
            Self::Map { .. } | Self::Object(_) => "a map of keys and values".into(),
            Self::Command => "a script (text) or a list of words".into(),
        }
    }
}

/// Names in back-ticks, separated by commas.
pub(crate) fn listed(names: &[&str]) -> String {
    names.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ")
}
