//! Findings as they stand now, how they got there, and their number over time.

use model::{
    By, BySeverity, Confidence, FindingId, Place, Severity, Technique, Timestamp, predicate::TriageState,
};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// State of a finding in its stream (project, technique, tool, target).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub enum FindingStatus {
    /// Unseen before the newest scan that has it.
    New,
    /// Seen before and again.
    Existing,
    /// Absent from a later complete scan.
    Fixed,
    /// Was fixed, and is back.
    Reopened,
}

impl FindingStatus {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::New, Self::Existing, Self::Fixed, Self::Reopened];

    /// Kebab-case name, as in JSON.
    pub fn name(self) -> &'static str {
        ["new", "existing", "fixed", "reopened"][self as usize]
    }

    /// The status with this name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|status| status.name() == name)
    }

    /// Whether it still has to be dealt with.
    pub fn is_open(self) -> bool {
        self != Self::Fixed
    }
}

/// Which findings are wanted; empty and absent fields do not filter. Findings that moved to another
/// identity are never listed (their history is with the new one).
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct FindingFilter {
    /// Project name.
    #[serde(default)]
    pub project: Option<String>,
    /// Any of these states; empty: all.
    #[serde(default)]
    pub status: Vec<FindingStatus>,
    /// Any of these severities; empty: all.
    #[serde(default)]
    pub severity: Vec<Severity>,
    /// Family of testing.
    #[serde(default)]
    pub technique: Option<Technique>,
    /// Scanner name.
    #[serde(default)]
    pub scanner: Option<String>,
    /// Stream name of the target, e.g. `source`, `environment:staging`.
    #[serde(default)]
    pub target: Option<String>,
    /// Run: only findings of streams which that run scanned, seen in that run's scans.
    #[serde(default)]
    pub run: Option<model::RunId>,
    /// Case-insensitive text in title, rule, place or aliases.
    #[serde(default)]
    pub text: Option<String>,
    /// Only these projects (those that somebody may see); `None`: all.
    #[serde(default)]
    pub projects: Option<Vec<String>>,
    /// The scanner's rule.
    #[serde(default)]
    pub rule: Option<String>,
    /// First seen at this moment or later.
    #[serde(default)]
    pub first_from: Option<Timestamp>,
    /// First seen before this moment.
    #[serde(default)]
    pub first_before: Option<Timestamp>,
    /// As it was judged last; [`TriageState::None`]: not judged.
    #[serde(default)]
    pub triage: Option<TriageState>,
    /// Who deals with it.
    #[serde(default)]
    pub assignee: Option<String>,
}

impl FindingFilter {
    /// Only findings that are still open.
    pub fn open() -> Self {
        let status = vec![FindingStatus::New, FindingStatus::Existing, FindingStatus::Reopened];
        Self { status, ..Self::default() }
    }
}

/// A finding as it stands now.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct FindingView {
    /// Identity; unique inside a stream.
    #[schema(value_type = String)]
    pub id: FindingId,
    /// Stream: the ledger index of the first scan of (project, technique, tool, target).
    pub stream: u64,
    /// Project.
    pub project: String,
    /// Stream name of the target, e.g. `source`.
    pub target: String,
    /// Family of testing.
    #[schema(value_type = String)]
    pub technique: Technique,
    /// Scanner.
    pub scanner: String,
    /// The scanner's rule.
    pub rule: String,
    /// How bad.
    #[schema(value_type = String)]
    pub severity: Severity,
    /// How sure.
    #[schema(value_type = String)]
    pub confidence: Confidence,
    /// One line.
    pub title: String,
    /// What is wrong.
    pub message: String,
    /// CWE numbers.
    pub cwe: Vec<u32>,
    /// Ids of the same vulnerability.
    pub aliases: Vec<String>,
    /// Where.
    #[schema(value_type = Object)]
    pub place: Place,
    /// Where, as one line.
    pub place_label: String,
    /// How to fix it.
    pub fix: Option<String>,
    /// A page that explains the rule.
    pub help: Option<String>,
    /// CVSS base score.
    pub cvss: Option<f64>,
    /// State.
    pub status: FindingStatus,
    /// When it was first seen (in this project's stream, through moves).
    #[schema(value_type = String)]
    pub first_seen: Timestamp,
    /// When it was last seen.
    #[schema(value_type = String)]
    pub last_seen: Timestamp,
    /// The identity it had before its code moved.
    #[schema(value_type = Option<String>)]
    pub moved_from: Option<FindingId>,
    /// The identity it has since its code moved.
    #[schema(value_type = Option<String>)]
    pub moved_to: Option<FindingId>,
    /// Ledger index of the scan that first had it.
    pub first_index: u64,
    /// Ledger index of the newest scan that has it.
    pub last_index: u64,
    /// Ledger index of the scan that last changed its state.
    pub changed_index: u64,
    /// As it was judged last.
    #[schema(value_type = Option<String>)]
    pub triage: Option<TriageState>,
    /// Who deals with it.
    pub assignee: Option<String>,
}

/// One act of triage. What is absent stayed as it was.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct TriageView {
    /// Ledger index.
    pub index: u64,
    /// The judgement: `false-positive`, `confirmed`, `wont-fix`, `duplicate-of`, `none` (taken back).
    #[schema(value_type = Option<String>)]
    pub state: Option<TriageState>,
    /// The finding that it repeats.
    #[schema(value_type = Option<String>)]
    pub duplicate_of: Option<FindingId>,
    /// Why.
    pub reason: Option<String>,
    /// Who deals with it; empty: nobody.
    pub assignee: Option<String>,
    /// A remark.
    pub comment: Option<String>,
    /// Who did it.
    #[schema(value_type = Object)]
    pub by: By,
    /// When.
    #[schema(value_type = String)]
    pub at: Timestamp,
}

/// What happened to a finding.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub enum FindingEventKind {
    /// First seen.
    Found,
    /// Absent from a complete scan.
    Fixed,
    /// Back after it was fixed.
    Reopened,
    /// Its code moved: the finding goes on under another identity, or came from one.
    Moved,
}

impl FindingEventKind {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Found, Self::Fixed, Self::Reopened, Self::Moved];

    /// Kebab-case name, as in JSON.
    pub fn name(self) -> &'static str {
        ["found", "fixed", "reopened", "moved"][self as usize]
    }

    /// The kind with this name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.name() == name)
    }
}

/// One change in the life of a finding.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct FindingEvent {
    /// What happened.
    pub kind: FindingEventKind,
    /// When: the end of the scan.
    #[schema(value_type = String)]
    pub at: Timestamp,
    /// Ledger index of the scan.
    pub scan: u64,
    /// The other identity of a move.
    #[schema(value_type = Option<String>)]
    pub other: Option<FindingId>,
}

/// A finding with its history, oldest first.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct FindingDetail {
    /// The finding.
    pub finding: FindingView,
    /// What happened to it, through its moves.
    pub history: Vec<FindingEvent>,
    /// The same identity in other streams of the project.
    pub elsewhere: Vec<FindingView>,
    /// Exceptions that name it or its rule, expired ones too.
    pub exceptions: Vec<super::ExceptionView>,
    /// What people said about it, oldest first.
    pub triage: Vec<TriageView>,
}

/// What a scan changed in its stream.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct ScanChanges {
    /// Unseen before.
    pub new: u64,
    /// Seen before.
    pub existing: u64,
    /// Back after being fixed.
    pub reopened: u64,
    /// Gone.
    pub fixed: u64,
    /// Followed to another place (counted in `existing` too).
    pub moved: u64,
}

/// Numbers for filters: how many findings there are of each kind under the same filter.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct FindingCounts {
    /// All that match.
    pub total: u64,
    /// By severity.
    #[schema(value_type = Object)]
    pub severity: BySeverity,
    /// By state name.
    pub status: std::collections::BTreeMap<String, u64>,
    /// By technique name.
    pub technique: std::collections::BTreeMap<String, u64>,
    /// By scanner name.
    pub scanner: std::collections::BTreeMap<String, u64>,
}

/// Open findings at the end of a day (UTC).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct TrendPoint {
    /// `2026-11-23`.
    pub day: String,
    /// Open findings.
    #[schema(value_type = Object)]
    pub open: BySeverity,
}
