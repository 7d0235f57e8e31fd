//! What a gate sees (the evidence document) and what it says (the verdict).
//!
//! The document is the only input of a gate: it lists what was *expected* beside what was found, so
//! that absence is visible (a field without a value is left out, never `null`, which Rego takes for
//! true), and it is stored with the decision so that anyone can evaluate it again.

use serde::{Deserialize, Serialize};

use crate::{FindingId, Role, RunId, Severity, Sha256, Technique, Timestamp, ToolRef, requirement::State};

/// Everything a gate may decide on. Serialised as JSON it is the `input` of every Rego rule.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Evidence {
    /// Moment of the evaluation.
    pub now: Timestamp,
    /// Project name.
    pub project: String,
    /// Environment the artifact wants to enter.
    pub environment: String,
    /// Run that made the artifact.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub run: Option<RunId>,
    /// The artifact.
    pub artifact: ArtifactFacts,
    /// Where it came from.
    pub source: SourceFacts,
    /// How it was built; absent when no build provenance was found.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub build: Option<BuildFacts>,
    /// What must be there.
    pub expected: Vec<Expectation>,
    /// What is there.
    pub statements: Vec<StatementFacts>,
    /// Open findings of all scans of this run and artifact.
    pub findings: Vec<FindingFacts>,
    /// Tests: passed and failed.
    pub tests: Vec<TestFacts>,
    /// Security requirements of the milestone that the settings demand.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub requirements: Vec<RequirementFacts>,
    /// Exceptions that apply now or have expired.
    pub exceptions: Vec<ExceptionFacts>,
    /// What the technology catalogue says, when the project names one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub technologies: Option<TechnologyFacts>,
    /// The newest review of this release for this environment, when there is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub release_review: Option<ReleaseReviewFacts>,
    /// When periodic reviews are due, where the settings demand that none is overdue.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub reviews: Vec<ReviewDueFacts>,
    /// Thresholds and switches of the environment.
    pub settings: GateSettings,
}

/// A release review as a gate sees it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ReleaseReviewFacts {
    /// Ledger index of its statement.
    pub index: u64,
    /// Envelope digest.
    pub digest: Sha256,
    /// When it was made.
    pub at: Timestamp,
    /// Seconds since then.
    pub age_seconds: i64,
    /// When it ends.
    pub expires: Timestamp,
    /// Why it does not count: rejected, void, expired.
    pub problems: Vec<ReviewProblem>,
    /// Signatures that count, one for each person.
    pub signatures: Vec<ReviewSignature>,
    /// Number of comments.
    pub comments: u64,
}

/// Why a review does not count.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReviewProblem {
    /// `release-review-rejected`, `release-review-void` or `release-review-expired`.
    pub code: String,
    /// One sentence for people.
    pub message: String,
}

/// A signature under a review.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReviewSignature {
    /// Ledger index of its statement.
    pub index: u64,
    /// Who signed.
    pub name: String,
    /// Role that they signed for and had.
    pub role: Role,
    /// How they proved who they are: `local`, `password`, `oidc`, …
    pub via: String,
    /// Whether they took part in the change.
    pub author: bool,
}

/// When a kind of periodic review is due.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReviewDueFacts {
    /// `build-process`, `deployment-practice`, `scanners`, `tools`, `catalogue` or `access-rights`.
    pub kind: String,
    /// When it must be signed.
    pub due: Timestamp,
    /// That moment is over.
    pub overdue: bool,
}

/// What an environment demands of release reviews.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ReleaseReviewSettings {
    /// Roles that must sign, each by another person.
    pub roles: Vec<Role>,
    /// Oldest review that counts, in seconds.
    pub within_seconds: u64,
}

/// A technology catalogue held against what the run ships.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct TechnologyFacts {
    /// Path of the catalogue as the configuration names it.
    pub catalogue: String,
    /// SHA-256 of the file that decided; absent when it could not be read.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub digest: Option<Sha256>,
    /// Why it cannot be used: missing, or with mistakes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unusable: Option<String>,
    /// Ledger indices of the run's bills of materials that were looked at; they verify.
    pub sboms: Vec<u64>,
    /// What these bills say they lack.
    pub gaps: Vec<String>,
    /// Components and tools that an entry is about.
    pub listed: u64,
    /// Components that no entry is about.
    pub unlisted: u64,
    /// What the catalogue does not want.
    pub violations: Vec<TechnologyViolation>,
}

/// Something that a technology catalogue does not want.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct TechnologyViolation {
    /// `technology-hold`, `technology-version`, `technology-unlisted` or `technology-review-overdue`.
    pub code: String,
    /// Name of the entry; absent when there is none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub technology: Option<String>,
    /// Package URL without version, or the name.
    pub component: String,
    /// Version in use.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub version: Option<String>,
    /// `deny` or `warn`.
    pub enforce: String,
    /// Last day (UTC, `YYYY-MM-DD`) on which a denial only warns.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<String>,
    /// One sentence for people.
    pub message: String,
}

/// The artifact that wants to be deployed.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ArtifactFacts {
    /// Output name.
    pub name: String,
    /// SHA-256 of the bytes (file) or of the canonical tree (directory).
    pub digest: Sha256,
}

/// The source it was built from.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct SourceFacts {
    /// Git commit id, absent outside git.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub commit: Option<String>,
    /// Digest of the input root (Merkle tree) of the snapshot.
    pub tree: Sha256,
    /// Whether the snapshot differs from the commit.
    pub dirty: bool,
}

/// How the artifact was built.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct BuildFacts {
    /// `root`, `rootless` or `none`.
    pub isolation: String,
    /// builder.id of the provenance.
    pub builder: String,
    /// Destinations that were allowed to the step that made it, and others than registries that were
    /// allowed to a step that it needed.
    pub network_allowed: Vec<String>,
    /// Package registries (`registry:NAME`) that steps which it needed downloaded from.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub downloaded_from: Vec<String>,
    /// Destinations that were tried and refused.
    pub network_refused: Vec<String>,
    /// Tools that were used, with their pinned digest.
    pub tools: Vec<ToolRef>,
}

/// A piece of evidence that must be present.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Expectation {
    /// `provenance`, `sbom`, `test`, `scan` or `trace`.
    pub kind: String,
    /// For scans: the technique.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub technique: Option<Technique>,
    /// For scans and tests: the step or scanner name, when one is required.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// For scans: the only [`StatementFacts::origin`] that counts; absent: any.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub origin: Option<String>,
    /// The pinned tool it must come from.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tool: Option<ToolRef>,
    /// Oldest acceptable age in seconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_age_seconds: Option<u64>,
}

/// One statement as a gate sees it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct StatementFacts {
    /// `provenance`, `sbom`, `test`, `scan`, `trace`.
    pub kind: String,
    /// Predicate type URI.
    pub predicate_type: String,
    /// Ledger index.
    pub index: u64,
    /// Envelope digest.
    pub digest: Sha256,
    /// The envelope's signature verifies under the organisation's trust.
    pub signed: bool,
    /// Its inclusion in the ledger was proven against the signed checkpoint.
    pub logged: bool,
    /// Seconds between making and now.
    pub age_seconds: i64,
    /// Technique, for scans.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub technique: Option<Technique>,
    /// Step or scanner name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// For scans: `built-in` or `step` when it is part of the run, `deployment` when it is of a deployed
    /// artifact, `manual` when people tested and said what they looked at, `outside` when it was imported or made beside the run. What a report says of itself
    /// (its tool) has no part in this.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub origin: Option<String>,
    /// Tool it came from.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tool: Option<ToolRef>,
    /// For scans: coverage is stated, not empty and without errors. Others: true.
    pub complete: bool,
    /// Short reason when not complete.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub incomplete_because: Option<String>,
    /// What a person who relies on it should know: that there was nothing to scan, for example.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub remark: Option<String>,
}

/// One open finding as a gate sees it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct FindingFacts {
    /// Identity.
    pub id: FindingId,
    /// Scanner.
    pub scanner: String,
    /// Rule.
    pub rule: String,
    /// Technique.
    pub technique: Technique,
    /// Severity.
    pub severity: Severity,
    /// Title.
    pub title: String,
    /// Place for people.
    pub place: String,
    /// CWE numbers.
    #[serde(default)]
    pub cwe: Vec<u32>,
    /// Aliases.
    #[serde(default)]
    pub aliases: Vec<String>,
    /// Moment it was first seen in this project.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub first_seen: Option<Timestamp>,
    /// What people judged it to be, where the settings look at that.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub judged: Option<JudgementFacts>,
}

/// A person's judgement that a finding is no risk.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct JudgementFacts {
    /// Ledger index of its statement.
    pub index: u64,
    /// `false-positive` or `not-affected`.
    pub state: String,
    /// Who judged, with the roles that they had.
    pub by: String,
    /// Why.
    pub reason: String,
    /// It counts: the finding is left out.
    pub holds: bool,
    /// Why it does not count; absent when it does.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub because: Option<String>,
}

/// One test step.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct TestFacts {
    /// Step name.
    pub name: String,
    /// Exit status was zero and the report, if any, has no failure.
    pub passed: bool,
}

/// One security requirement of the demanded milestone.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RequirementFacts {
    /// Id, e.g. `V1.2.3`.
    pub id: String,
    /// What is known about it now.
    pub state: State,
    /// Why, in a few words.
    pub because: String,
}

/// A documented decision to accept a finding or a rule's denial for a while.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ExceptionFacts {
    /// Ledger index of its statement.
    pub index: u64,
    /// Finding it covers, or
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub finding: Option<FindingId>,
    /// rule id it covers.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rule: Option<String>,
    /// Environment it is limited to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub environment: Option<String>,
    /// Written reason.
    pub reason: String,
    /// Who accepted.
    pub by: String,
    /// Roles that they had then.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub roles: Vec<Role>,
    /// They had none of the roles that may accept risks here: it counts for nothing.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub unentitled: bool,
    /// Until when.
    pub expires: Timestamp,
}

/// How strict a gate is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct GateSettings {
    /// Findings at or above this severity deny. Absent: they never deny.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub block: Option<Severity>,
    /// Findings at or above this severity warn.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub warn: Option<Severity>,
    /// Secrets found deny (true) or warn (false).
    pub block_secrets: bool,
    /// A source that differs from its commit denies (true) or warns (false).
    pub require_clean_source: bool,
    /// Network destinations may be allowed during the build.
    pub allow_build_network: bool,
    /// Milestone whose security requirements must be met. Absent: none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub requirements: Option<String>,
    /// Review that people must have signed. Absent: none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub release_review: Option<ReleaseReviewSettings>,
    /// No periodic review may be overdue.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub reviews_current: bool,
    /// Roles whose exceptions and waivers count. Absent: those of everybody.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub accepting: Option<Vec<Role>>,
    /// Findings that somebody with the role judged to be no risk here do not count.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub honour_triage: bool,
}

/// A rule's outcome; orders from best to worst.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Outcome {
    /// Nothing to say.
    Pass,
    /// Let through, but told.
    Warn,
    /// Stopped.
    Deny,
}

/// One reason of one rule.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reason {
    /// Stable code, e.g. `evidence-missing`, `finding-over-threshold`.
    pub code: String,
    /// One sentence for people.
    pub message: String,
    /// Whether this reason denies or warns.
    pub outcome: Outcome,
    /// Findings it is about.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub findings: Vec<FindingId>,
    /// Exception (ledger index) that turned a denial into a warning.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub exception: Option<u64>,
}

/// What one rule said.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RuleResult {
    /// Rule id, e.g. `findings-threshold`.
    pub rule: String,
    /// What it demands, one sentence.
    pub title: String,
    /// `built-in` or the path of the user's `.rego` file.
    pub origin: String,
    /// Worst of its reasons.
    pub outcome: Outcome,
    /// Why.
    pub reasons: Vec<Reason>,
    /// The part of the evidence it looked at, as short facts for people (`gate explain`).
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub looked_at: Vec<String>,
}

/// What a gate said.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Verdict {
    /// Worst outcome of all rules.
    pub outcome: Outcome,
    /// Every rule, also those that passed.
    pub rules: Vec<RuleResult>,
    /// SHA-256 over the texts of all rules, in order: the policy that decided.
    pub policy: Sha256,
    /// SHA-256 of the evidence document (compact JSON).
    pub evidence: Sha256,
}
