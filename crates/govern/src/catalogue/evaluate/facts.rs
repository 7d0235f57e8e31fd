//! What an evaluation stands on. Serialised together with the scores they are the evidence that an entry names,
//! and are read back to see what happened since.

use std::collections::{BTreeMap, BTreeSet};

use model::{By, Severity, Timestamp};
use serde::{Deserialize, Serialize};

/// What is known of one technology at one moment. Absent means unknown, an empty list means that there is none.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Facts {
    /// Its name.
    pub technology: String,
    /// When it was asked.
    pub at: Timestamp,
    /// Package URLs without version that were looked up.
    pub packages: Vec<String>,
    /// Advisory data that was asked, with its age.
    pub feeds: Vec<FeedFacts>,
    /// Advisories about the packages; absent when no imported feed covers any of them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub advisories: Option<Vec<AdvisoryFacts>>,
    /// Newest change of the advisory data about them; absent when it is not known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub advisories_as_of: Option<Timestamp>,
    /// Whether a catalogue of known exploited vulnerabilities was asked.
    pub exploited_known: bool,
    /// Releases; absent when no endoflife data is about it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub product: Option<ProductFacts>,
    /// Licences that the bills of materials name for it.
    pub licences: BTreeSet<String>,
    /// The newest imported OpenSSF Scorecard.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub scorecard: Option<ScorecardFacts>,
    /// Who uses it here.
    pub familiarity: UseFacts,
    /// What people think of it; the newest of each person and criterion.
    pub opinions: Vec<OpinionFacts>,
}

/// A feed and its age.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct FeedFacts {
    /// Name.
    pub feed: String,
    /// Newest change in it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub newest: Option<Timestamp>,
    /// When it was imported.
    pub imported: Timestamp,
}

/// An advisory.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct AdvisoryFacts {
    /// Id in its database.
    pub id: String,
    /// Ids of the same vulnerability elsewhere.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub aliases: Vec<String>,
    /// Package URL without version.
    pub package: String,
    /// Severity.
    pub severity: Severity,
    /// When it was published.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub published: Option<Timestamp>,
    /// Versions that fix it.
    pub fixed: Vec<String>,
    /// Days from publication to the first fixed release, negative when that came first; absent where the day of
    /// the release is not known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub days_to_fix: Option<i64>,
    /// Day (`YYYY-MM-DD`) since which it is known to be exploited; empty when only that it is, is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub exploited_since: Option<String>,
}

/// Releases of a product.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ProductFacts {
    /// Id in endoflife data.
    pub product: String,
    /// Last day of each release line by its name; absent when none is known.
    pub ends: BTreeMap<String, Option<String>>,
    /// Release lines that have ended, by data that names no day.
    pub ended: BTreeSet<String>,
    /// Newest release and its day.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub newest: Option<(String, String)>,
    /// Releases in the year before the evaluation.
    pub releases_in_a_year: u64,
    /// Release lines of the versions in use here.
    pub in_use: BTreeSet<String>,
}

/// An OpenSSF Scorecard result.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ScorecardFacts {
    /// Score, 0 to 10.
    pub score: f64,
    /// Repository that was looked at.
    pub repository: String,
    /// When.
    pub date: String,
    /// Ledger index of the import.
    pub index: u64,
}

/// Who uses a technology in this organisation.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct UseFacts {
    /// Projects that use it, with the versions.
    pub projects: BTreeMap<String, BTreeSet<String>>,
    /// Projects whose use of technologies is known at all.
    pub of: u64,
    /// People who deploy these projects, or answer for exceptions in them.
    pub people: BTreeSet<String>,
}

/// What one person thinks.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct OpinionFacts {
    /// Ledger index.
    pub index: u64,
    /// `relevance`, `ease` or another criterion.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub criterion: Option<String>,
    /// 1 (poor) to 5 (very good).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub score: Option<u8>,
    /// The ring that they vote for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub vote: Option<String>,
    /// In words.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub comment: Option<String>,
    /// Who.
    pub by: By,
    /// When.
    pub at: Timestamp,
}
