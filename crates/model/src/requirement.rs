//! Security requirements as a project writes them down, and what can be said of each.
//!
//! A requirement is chosen before there is code for it (test-driven security): it is pending until a
//! test that names it runs and passes. Nothing here passes by absence.

use std::{collections::BTreeMap, fmt};

pub use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use crate::Severity;

/// Longest id in bytes.
pub const LONGEST_ID: usize = 64;

/// Requirements by id, e.g. `V1.2.3`.
pub type Requirements = BTreeMap<String, Requirement>;

/// One requirement.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct Requirement {
    /// What must hold, in one or two sentences.
    pub title: String,
    /// Where it comes from.
    pub source: Source,
    /// Chapter of the source, e.g. `V1`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub chapter: Option<String>,
    /// Section of the source, e.g. `V1.2`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub section: Option<String>,
    /// Level, 1 (needed first) to 3.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub level: Option<u8>,
    /// How bad it is when it does not hold, as a threat model says.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub severity: Option<Severity>,
    /// Entry of a threat model or list that it comes from: `TOOL:KEY in MODEL`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reference: Option<String>,
    /// What is to be done about it, as a threat model says.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mitigations: Option<String>,
    /// Milestones of the project's own that it belongs to.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub milestones: Vec<String>,
    /// Accepted for a while without a passing test.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub waived: Option<Waiver>,
    /// Means nothing here.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub not_applicable: Option<NotApplicable>,
}

impl Requirement {
    /// Whether it belongs to a milestone. `level-N` is every requirement of that level and of those below
    /// it, as levels of the OWASP ASVS contain each other; any other milestone is what names it.
    pub fn is_in(&self, milestone: &str) -> bool {
        let level = milestone.strip_prefix("level-").and_then(|level| level.parse::<u8>().ok());
        let by_level = self.level.zip(level).is_some_and(|(own, wanted)| own <= wanted);
        by_level || self.milestones.iter().any(|own| own == milestone)
    }
}

/// Where a requirement comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Source {
    /// OWASP Application Security Verification Standard 5.0.0.
    #[serde(rename = "asvs-5.0.0")]
    Asvs5,
    /// The project itself.
    #[serde(rename = "own")]
    Own,
    /// What somebody might do on purpose.
    #[serde(rename = "abuse-case")]
    AbuseCase,
    /// An entry of the threat model.
    #[serde(rename = "threat")]
    Threat,
}

impl Source {
    /// All, with their names.
    pub const ALL: [(&str, Self); 4] = [
        ("asvs-5.0.0", Self::Asvs5),
        ("own", Self::Own),
        ("abuse-case", Self::AbuseCase),
        ("threat", Self::Threat),
    ];

    /// Name as it is written in the file.
    pub fn name(self) -> &'static str {
        Self::ALL.into_iter().find(|(_, source)| *source == self).map_or("own", |(name, _)| name)
    }

    /// By its name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|(known, _)| *known == name).map(|(_, source)| source)
    }
}

/// Accepted without a passing test, with an end.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Waiver {
    /// Why, at least 10 characters.
    pub reason: String,
    /// Last day on which it holds (UTC).
    pub until: Date,
    /// Who accepted.
    pub by: String,
}

/// Means nothing in this project.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct NotApplicable {
    /// Why, at least 10 characters.
    pub reason: String,
    /// Who says so.
    pub by: String,
}

/// What is known about a requirement now.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum State {
    /// A test of it failed.
    Failing,
    /// No test of it has run to its end.
    Pending,
    /// Accepted for a while.
    Waived,
    /// Means nothing here.
    NotApplicable,
    /// All its tests ran and passed.
    Passing,
}

impl State {
    /// All, from worst to best.
    pub const ALL: [Self; 5] =
        [Self::Failing, Self::Pending, Self::Waived, Self::NotApplicable, Self::Passing];

    /// Whether a milestone may count it as done.
    pub fn is_met(self) -> bool {
        !matches!(self, Self::Failing | Self::Pending)
    }

    /// Name, as serialised.
    pub fn name(self) -> &'static str {
        match self {
            Self::Failing => "failing",
            Self::Pending => "pending",
            Self::Waived => "waived",
            Self::NotApplicable => "not-applicable",
            Self::Passing => "passing",
        }
    }
}

impl fmt::Display for State {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

/// Whether `text` can be the id of a requirement: a letter, then letters, digits, `.`, `_` and `-`, the last
/// one a letter or digit; at most [`LONGEST_ID`] bytes.
pub fn is_id(text: &str) -> bool {
    text.len() <= LONGEST_ID
        && text.starts_with(|c: char| c.is_ascii_alphabetic())
        && text.ends_with(|c: char| c.is_ascii_alphanumeric())
        && text.bytes().all(in_id)
}

/// Whether a byte can be part of an id.
pub fn in_id(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"._-".contains(&byte)
}
