//! What people read before they sign: facts about a release, each known or said to be unknown.

use model::{
    BySeverity, RunId, Severity, Sha256, Timestamp, evidence::Outcome, predicate::CoverageFigures,
    requirement::State,
};
use serde::{Deserialize, Serialize};

/// Something that is known, or why it is not.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Known<T> {
    /// This is it.
    Known(T),
    /// Nobody can say, because of this.
    Unknown(String),
}

impl<T> Known<T> {
    /// The value, when it is known.
    pub fn get(&self) -> Option<&T> {
        match self {
            Self::Known(value) => Some(value),
            Self::Unknown(_) => None,
        }
    }

    /// Why it is not known.
    pub fn why(&self) -> Option<&str> {
        match self {
            Self::Known(_) => None,
            Self::Unknown(why) => Some(why),
        }
    }
}

/// The document. What is long is cut, and then says how much there is.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Document {
    /// Version of this form: 1.
    pub format: u32,
    /// Project.
    pub project: String,
    /// Environment that the release wants to enter.
    pub environment: String,
    /// When it was put together.
    pub made: Timestamp,
    /// By whom.
    pub made_by: String,
    /// The most important in plain sentences, for people who decide about risk.
    pub summary: Vec<String>,
    /// The release.
    pub candidate: Release,
    /// What is deployed there now; `None`: nothing was yet.
    pub previous: Known<Option<Release>>,
    /// Commits between the two, newest first.
    pub commits: Known<Commits>,
    /// Components that differ between the two.
    pub components: Known<ComponentChanges>,
    /// Weaknesses of both.
    pub risk: Risk,
    /// Accepted risks.
    pub accepted: Vec<AcceptedRisk>,
    /// Test steps of the run.
    pub tests: Vec<TestLine>,
    /// How much of the code the tests run: lines in whole per cent, all test steps together.
    pub test_coverage: Known<u32>,
    /// The same in lines and branches, beside that of what is deployed now. Absent when it is not known, and in
    /// documents of before.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub coverage: Option<CoverageLine>,
    /// Security requirements.
    pub requirements: Known<Vec<RequirementLine>>,
    /// Scans that were expected or made.
    pub scans: Vec<ScanLine>,
    /// Controls of the organisation; empty where none are computed.
    pub controls: Vec<ControlLine>,
    /// What the gate says besides this review.
    pub gate: GateLine,
    /// How it will be deployed.
    pub plan: Plan,
    /// Earlier reviews of the same run that were rejected, one sentence each.
    pub rejected_before: Vec<String>,
    /// What is not known, one sentence each.
    pub unknown: Vec<String>,
}

/// A release.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Release {
    /// Run that made it, when it is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub run: Option<RunId>,
    /// Git commit.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub commit: Option<String>,
    /// Artifact.
    pub artifact: String,
    /// SHA-256 of the artifact.
    pub digest: Sha256,
    /// When the run (candidate) or the deployment (what runs now) ended.
    pub at: Timestamp,
    /// Who asked for it.
    pub by: String,
}

/// Commits, the newest first.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Commits {
    /// How many there are.
    pub total: u64,
    /// The newest of them.
    pub newest: Vec<Commit>,
}

/// One commit.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Commit {
    /// Its id.
    pub id: String,
    /// Author as the commit names them.
    pub author: String,
    /// The author's address.
    pub email: String,
    /// First line of its message.
    pub subject: String,
}

/// Components that differ.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ComponentChanges {
    /// New ones: name and version.
    pub added: Vec<String>,
    /// Those that are gone.
    pub removed: Vec<String>,
    /// Those with other versions: name, versions before and after.
    pub updated: Vec<Updated>,
}

/// A component with other versions.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Updated {
    /// Package URL without version, or name.
    pub name: String,
    /// Versions before.
    pub from: String,
    /// Versions after.
    pub to: String,
}

/// Open findings before and after.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Risk {
    /// Of what runs now, by its newest scans.
    pub before: Known<BySeverity>,
    /// Of the candidate.
    pub after: BySeverity,
    /// Findings that only the candidate has, worst first.
    pub appeared: Known<Findings>,
    /// Findings that only what runs now has, worst first; of scanners that have looked at the candidate.
    pub gone: Known<Findings>,
    /// How many more only what runs now has: nobody has looked at the candidate for them.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub unseen: u64,
    /// The worst of the candidate.
    pub worst: Findings,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde hands out references")]
fn is_zero(number: &u64) -> bool {
    *number == 0
}

/// Findings, the worst first.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Findings {
    /// How many there are.
    pub total: u64,
    /// The worst of them.
    pub worst: Vec<FindingLine>,
}

/// One finding.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FindingLine {
    /// First digits of its id.
    pub id: String,
    /// How bad.
    pub severity: Severity,
    /// What.
    pub title: String,
    /// Where.
    pub place: String,
}

/// How an accepted risk stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum RiskState {
    /// It has ended, and what it covered is still there.
    Missed,
    /// It ends within [`super::ENDS_SOON_DAYS`] days.
    EndsSoon,
    /// It holds.
    InForce,
}

/// A risk that somebody accepted.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct AcceptedRisk {
    /// Ledger index of the exception.
    pub index: u64,
    /// Title of the finding, or the rule.
    pub what: String,
    /// How bad, for findings that are open.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub severity: Option<Severity>,
    /// Only in this environment; absent: in all.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub environment: Option<String>,
    /// Written reason.
    pub reason: String,
    /// Who accepted it and answers for it.
    pub owner: String,
    /// When it ends.
    pub expires: Timestamp,
    /// How it stands.
    pub state: RiskState,
}

/// A test step.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TestLine {
    /// Step.
    pub step: String,
    /// Whether it passed as a whole.
    pub ok: bool,
    /// Tests that passed.
    pub passed: u64,
    /// Tests that failed.
    pub failed: u64,
    /// Tests that did not run to their end.
    pub skipped: u64,
    /// How much of the code they run, where that was measured.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub coverage: Option<CoverageFigures>,
}

/// How much of the code the tests of a release run; of several steps added up.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CoverageLine {
    /// Of the candidate.
    pub now: CoverageFigures,
    /// Of what is deployed now.
    pub before: Known<CoverageFigures>,
}

/// A security requirement.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RequirementLine {
    /// Its id.
    pub id: String,
    /// What must hold.
    pub title: String,
    /// How far it is.
    pub state: State,
    /// Why.
    pub because: String,
}

/// A scan.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ScanLine {
    /// Technique, or the name of the step.
    pub what: String,
    /// Tool, when it ran.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tool: Option<String>,
    /// Whether it looked at everything that it should.
    pub complete: bool,
    /// Why not, or a remark.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub because: Option<String>,
}

/// A control.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ControlLine {
    /// Its id.
    pub id: String,
    /// What it demands.
    pub title: String,
    /// How it stands.
    pub status: String,
}

/// What the gate says.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct GateLine {
    /// Without the rule about this review.
    pub outcome: Outcome,
    /// Why it denies, one sentence each.
    pub denies: Vec<String>,
    /// What it only warns of.
    pub warns: u64,
}

/// How the release will be deployed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Plan {
    /// Driver.
    pub driver: String,
    /// One sentence each, in order: what happens, what is checked, how it goes back.
    pub steps: Vec<String>,
}
