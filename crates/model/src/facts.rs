//! What the ledger covers, counted: the facts that control reports and reviews judge.
//!
//! Each statement leaves *marks*: short words for what it shows, and whether it shows it well. A mark is counted
//! over a project's whole history, over its newest passed run, and over the newest deployment of each environment,
//! with ledger indexes as examples. What a statement of a kind that has no marks of its own shows is at least
//! `statement:KIND`, so that a rule can ask for any kind of statement.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::{BySeverity, DeploymentId, RunId, Timestamp};

/// Prefix of the mark that every statement leaves: its kind follows. Good when it could be decoded.
pub const STATEMENT: &str = "statement:";
/// Prefix of the marks of scans: the technique follows. Good when the scan was complete.
pub const SCAN: &str = "scan:";
/// Prefix of the marks of a deployment's stages: the stage's name follows.
pub const STAGE: &str = "stage:";
/// Prefix of the marks of receipts: the phase follows. Good when every check of the target held.
pub const RECEIPT: &str = "receipt:";
/// Prefix of the marks of decisions by rule: the rule's name follows. Good when it did not deny; a rule that had
/// nothing to apply to leaves none.
pub const RULE: &str = "rule:";
/// Prefix of the marks of key events: the action follows.
pub const KEY: &str = "key:";
/// Prefix of the marks of what happened at the door: the action follows.
pub const ACCESS: &str = "access:";
/// Prefix of the marks of files that a run was decided by: `gate-rules`, `requirements`, `catalogue`.
pub const FILE: &str = "file:";

/// Marks without a variable part, one line each.
pub mod mark {
    /// A run ended; good when it passed. Commands that were only wrapped do not count.
    pub const RUN: &str = "run";
    /// A run that nobody started by hand at a command line; good when it passed.
    pub const UNATTENDED: &str = "run-unattended";
    /// A run's source is exactly a commit.
    pub const CLEAN: &str = "source-clean";
    /// Every step that ran was isolated.
    pub const ISOLATED: &str = "isolated";
    /// Every tool of every step was pinned by digest; a run without tools leaves no mark.
    pub const PINNED: &str = "tools-pinned";
    /// A run made files; the amount is how many.
    pub const ARTIFACTS: &str = "artifacts";
    /// SLSA provenance; good when an isolated builder of ours made it.
    pub const PROVENANCE: &str = "provenance";
    /// Provenance that names the packages of a lock file with digests; the amount is how many.
    pub const LOCKED: &str = "packages-locked";
    /// A secret was handed to a step by name.
    pub const SECRET: &str = "secret-released";
    /// A trace of processes and network; good when nothing was dropped.
    pub const TRACE: &str = "trace";
    /// A bill of materials; the amount is its components.
    pub const SBOM: &str = "sbom";
    /// Scan of a running deployment.
    pub const SCAN_DEPLOYED: &str = "scan-of-deployment";
    /// Advisory data that a scan used; good when it was at most seven days old.
    pub const ADVISORIES: &str = "advisories-fresh";
    /// What a run made was searched for programs, and these were checked for hardening; good when nothing was left
    /// out. The amount is how many were examined.
    pub const HARDENING: &str = "hardening";
    /// Artifacts were scanned for malicious code. No statement leaves this mark yet.
    pub const MALWARE: &str = "malware-scan";
    /// Tests ran; good when all passed and there was at least one. The amount is how many.
    pub const TEST: &str = "test";
    /// Tests that name security requirements; good when each named one has a passing and no failing or skipped
    /// test. The amount is how many requirements.
    pub const REQUIREMENT_TEST: &str = "requirement-test";
    /// A requirement was tested by hand; good when it held.
    pub const MANUAL_TEST: &str = "manual-test";
    /// A gate decided; good when it admitted.
    pub const DECISION: &str = "decision";
    /// A gate decided that the artifact has SLSA build level 3.
    pub const SLSA_3: &str = "slsa-build-3";
    /// An accepted risk; good when it has a reason and ends within a year.
    pub const EXCEPTION: &str = "exception";
    /// A deployment was tried; good when the release stayed.
    pub const DEPLOYMENT: &str = "deployment";
    /// A deployed application was asked for its health; good when it was well.
    pub const HEALTH: &str = "health";
    /// A release was taken back, by itself or by somebody.
    pub const TAKEN_BACK: &str = "taken-back";
    /// A build was repeated; good when it gave the same bytes.
    pub const REPRODUCTION: &str = "reproduction";
    /// Advisory data was imported; good when nothing of it was refused.
    pub const FEED: &str = "feed";
    /// Somebody signed or rejected a release review; good when they signed.
    pub const RELEASE_REVIEW: &str = "release-review-answered";
    /// Somebody signed or rejected a periodic review as a whole; good when they signed.
    pub const REVIEW: &str = "review-answered";
    /// Somebody signed or refused an entry of the technology catalogue; good when they signed.
    pub const TECHNOLOGY: &str = "technology-signed";
    /// A release was exported for others; good when it is complete.
    pub const RELEASE: &str = "release-export";
}

/// Statements up to which moment count.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AsOf {
    /// All that are in the ledger; ages are counted from this moment.
    Now(Timestamp),
    /// Those that were logged up to this moment: the ledger as it was then.
    Then(Timestamp),
}

impl AsOf {
    /// The moment from which ages are counted.
    pub fn moment(self) -> Timestamp {
        match self {
            Self::Now(moment) | Self::Then(moment) => moment,
        }
    }
}

/// A place in the ledger.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Seen {
    /// Ledger index.
    pub index: u64,
    /// When it was logged.
    pub at: Timestamp,
}

/// How often something was seen.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Mark {
    /// Statements.
    pub total: u64,
    /// Those that are as they should be.
    pub good: u64,
    /// Sum of what they count (files, tests, components).
    pub amount: u64,
    /// The newest.
    pub newest: Seen,
    /// The newest that is as it should be.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub newest_good: Option<Seen>,
}

impl Mark {
    /// Whether the newest is as it should be.
    pub fn holds(&self) -> bool {
        self.newest_good == Some(self.newest)
    }
}

/// Marks by their name.
pub type Marks = BTreeMap<String, Mark>;

/// Everything that is counted.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Facts {
    /// Moment from which ages are counted.
    pub moment: Timestamp,
    /// Statements that were counted: those with a lower ledger index.
    pub statements: u64,
    /// The first statement of the ledger.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub first: Option<Seen>,
    /// Projects, by name.
    pub projects: Vec<ProjectFacts>,
    /// Marks of statements that belong to no project: keys, people, feeds.
    pub organisation: Marks,
}

/// What is known of one project.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct ProjectFacts {
    /// Name.
    pub name: String,
    /// Marks of its whole history.
    pub marks: Marks,
    /// Its newest passed run.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub run: Option<RunFacts>,
    /// What is deployed in each environment, by name; environments where nothing ever stayed are left out.
    pub environments: Vec<EnvironmentFacts>,
    /// Open findings after the newest scan of each kind and target.
    pub open: BySeverity,
    /// Accepted risks that have not ended.
    pub exceptions: u64,
}

/// A run and what its statements show.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct RunFacts {
    /// Run id.
    pub run: RunId,
    /// The statement about its end.
    pub ended: Seen,
    /// Marks of its statements.
    pub marks: Marks,
}

/// What is deployed in an environment.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct EnvironmentFacts {
    /// Name.
    pub name: String,
    /// The newest deployment that stayed.
    pub deployment: DeploymentId,
    /// Its statement.
    pub recorded: Seen,
    /// Marks of its statements: deployment, receipts, scans.
    pub marks: Marks,
}
