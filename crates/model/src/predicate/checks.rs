//! Scans, SBOMs, tests, traces and feeds.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{Assessment, Binary, Context};
use crate::{
    BySeverity, Coverage, DeploymentId, Digest, Predicate, RunId, Subject, Technique, Timestamp, ToolRef,
};

/// A scan, built in or imported. Subjects: the source tree, commit or artifact it looked at.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Scan {
    /// Project name.
    pub project: String,
    /// Run, absent for a scan outside one (`scan`, `import`).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub run: Option<RunId>,
    /// Deployment, for scans of a deployed application.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub deployment: Option<DeploymentId>,
    /// The tool.
    pub tool: ToolRef,
    /// Family of testing.
    pub technique: Technique,
    /// What was scanned.
    pub target: ScanTarget,
    /// The findings, kept apart as a blob.
    pub findings: FindingsBlob,
    /// How much was looked at.
    pub coverage: Coverage,
    /// Where the report came from.
    pub origin: Origin,
    /// Who tested, when and with which evidence, for a scan by people.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub manual: Option<Assessment>,
    /// Settings of each program that was examined, for a check of what a run made; at most
    /// [`Scan::MOST_BINARIES`].
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub binaries: Vec<Binary>,
    /// Start.
    pub started: Timestamp,
    /// End.
    pub ended: Timestamp,
}

impl Scan {
    /// Programs whose settings are listed; findings are made of all.
    pub const MOST_BINARIES: usize = 1000;
}

impl Predicate for Scan {
    const TYPE: &'static str = "urn:proofhouse:predicate:scan:v1";
}

/// What a scan looked at. Scans of the same project, technique, tool and target *stream* are
/// compared with each other: a finding absent from the newer one is fixed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ScanTarget {
    /// `source`, `artifact`, an environment's name prefixed with `environment:`, or the name of a test by
    /// people prefixed with `manual:`.
    pub stream: String,
    /// Git commit, where there is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub commit: Option<String>,
}

/// Findings as a blob: one JSON [`crate::Finding`] per line, sorted by id.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct FindingsBlob {
    /// Blob digest.
    pub digest: Digest,
    /// Number of lines.
    pub count: u64,
    /// Counts by severity.
    pub by_severity: BySeverity,
}

/// Where a report came from.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case")]
pub enum Origin {
    /// Proofhouse's own scanner, in this process.
    BuiltIn,
    /// A step of the pipeline, in the sandbox.
    Step {
        /// Step name.
        step: String,
        /// Format of its report.
        format: String,
    },
    /// A file brought in from outside.
    Imported {
        /// File name without folders.
        file: String,
        /// Digest of the file.
        digest: Digest,
        /// Format.
        format: String,
        /// Who brought it.
        actor: String,
    },
}

/// A CycloneDX BOM; the predicate is the document itself. Its `metadata.properties` carry
/// `proofhouse:project` and `proofhouse:run`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Sbom(pub Value);

impl Predicate for Sbom {
    const TYPE: &'static str = "https://cyclonedx.org/bom";
}

impl Sbom {
    /// A value of `metadata.properties`.
    pub fn property(&self, name: &str) -> Option<&str> {
        let properties = self.0.pointer("/metadata/properties")?.as_array()?;
        properties.iter().find(|p| p["name"] == name)?["value"].as_str()
    }
}

/// in-toto `test-result` v0.1. Subjects: the source tree and what was tested.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct TestResult {
    /// `PASSED`, `WARNED` or `FAILED`.
    pub result: String,
    /// Configuration used: the plan file and the step.
    pub configuration: Vec<Subject>,
    /// Names of passed tests.
    #[serde(default)]
    pub passed_tests: Vec<String>,
    /// Names of tests that passed with a warning.
    #[serde(default)]
    pub warned_tests: Vec<String>,
    /// Names of failed tests.
    #[serde(default)]
    pub failed_tests: Vec<String>,
    /// Link to our run, and what the tests say about security requirements.
    pub proofhouse: TestContext,
    /// When the tests ended.
    pub finished: Timestamp,
}

/// Link to our run, the tests that name a security requirement, and how much of the code the tests run.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct TestContext {
    /// Run and step.
    #[serde(flatten)]
    pub context: Context,
    /// Requirements of the project that tests name, by id.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub requirements: BTreeMap<String, RequirementTests>,
    /// How much of the code the tests run; absent when the step names no report of it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub coverage: Option<CodeCoverage>,
}

impl From<Context> for TestContext {
    fn from(context: Context) -> Self {
        Self { context, requirements: BTreeMap::new(), coverage: None }
    }
}

/// How much of the code tests run, counted from the report of a coverage tool.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CodeCoverage {
    /// Format of the report: `cobertura`, `jacoco` or `lcov`.
    pub format: String,
    /// The report, a blob.
    pub report: Digest,
    /// What it counts.
    #[serde(flatten)]
    pub figures: CoverageFigures,
}

/// Lines and branches that tests run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CoverageFigures {
    /// Files that a report names with at least one line.
    pub files: u64,
    /// Lines that can be run.
    pub lines: Portion,
    /// Branches; absent when they were not measured.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub branches: Option<Portion>,
}

impl CoverageFigures {
    /// Figures of several reports added up: what two of them measure counts twice. Branches are known when all
    /// of them measure branches. `None` of none.
    pub fn sum(all: impl IntoIterator<Item = Self>) -> Option<Self> {
        all.into_iter().reduce(|a, b| Self {
            files: a.files.saturating_add(b.files),
            lines: a.lines.plus(b.lines),
            branches: a.branches.zip(b.branches).map(|(a, b)| a.plus(b)),
        })
    }
}

/// A part of a whole.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Portion {
    /// How many were run.
    pub covered: u64,
    /// Of how many.
    pub total: u64,
}

impl Portion {
    /// Whole per cent, rounded down, so that 100 means all; 0 of nothing.
    pub fn percent(self) -> u32 {
        let percent = u128::from(self.covered.min(self.total)) * 100 / u128::from(self.total.max(1));
        u32::try_from(percent).unwrap_or(100)
    }

    fn plus(self, other: Self) -> Self {
        Self {
            covered: self.covered.saturating_add(other.covered),
            total: self.total.saturating_add(other.total),
        }
    }
}

/// `83 % (250 of 300)`.
impl std::fmt::Display for Portion {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} % ({} of {})", self.percent(), self.covered, self.total)
    }
}

/// Tests that name one requirement; at least one, and the first few of each result.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct RequirementTests {
    /// Names of those that passed.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub passed: Vec<String>,
    /// Names of those that failed.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub failed: Vec<String>,
    /// Names of those that did not run to their end.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub skipped: Vec<String>,
}

impl RequirementTests {
    /// Names kept of each result.
    pub const MOST: usize = 20;

    /// Adds what another step says of the same requirement.
    pub fn add(&mut self, other: Self) {
        let join = |own: &mut Vec<String>, more: Vec<String>| {
            own.extend(more);
            own.truncate(Self::MOST);
        };
        join(&mut self.passed, other.passed);
        join(&mut self.failed, other.failed);
        join(&mut self.skipped, other.skipped);
    }
}

impl Predicate for TestResult {
    const TYPE: &'static str = "https://in-toto.io/attestation/test-result/v0.1";
}

/// in-toto `runtime-trace` v0.1. Subjects: the outputs of the traced step.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct RuntimeTrace {
    /// Who watched.
    pub monitor: Monitor,
    /// What was watched; statements of before do not say it in these words.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub monitored_process: Option<MonitoredProcess>,
    /// What was seen.
    pub monitor_log: MonitorLog,
    /// Times.
    pub metadata: Value,
    /// Link to our run.
    pub proofhouse: TraceContext,
}

impl Predicate for RuntimeTrace {
    const TYPE: &'static str = "https://in-toto.io/attestation/runtime-trace/v0.1";
}

/// The monitor.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Monitor {
    /// URI of the kind of monitor.
    #[serde(rename = "type")]
    pub kind: String,
}

/// The job that was watched.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct MonitoredProcess {
    /// URI of the platform: the builder's.
    #[serde(rename = "hostID")]
    pub host: String,
    /// URI of the kind of process: the build type.
    #[serde(rename = "type")]
    pub kind: String,
    /// The invocation, as its provenance names it.
    pub event: String,
}

/// What the monitor saw; large logs are blobs and only summarised here.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct MonitorLog {
    /// Programs executed.
    pub process: Vec<Value>,
    /// Destinations, each with whether it was allowed.
    pub network: Vec<Value>,
    /// Files opened, when asked for, as resource descriptors.
    #[serde(default)]
    pub file_access: Vec<Value>,
}

/// Link to our run and to the complete log.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct TraceContext {
    /// Run and step.
    #[serde(flatten)]
    pub context: Context,
    /// Events that did not fit or were lost.
    pub dropped: u64,
}

/// Advisory data brought in. Subject: the feed's content.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct FeedImport {
    /// Feed name, e.g. `osv`, `rustsec`, `pypa`.
    pub feed: String,
    /// Moment of the newest record.
    pub as_of: Timestamp,
    /// When it was imported.
    pub imported: Timestamp,
    /// Number of advisories accepted.
    pub advisories: u64,
    /// Vulnerabilities that it says are exploited.
    #[serde(default, skip_serializing_if = "none")]
    pub exploited: u64,
    /// Products whose releases it knows.
    #[serde(default, skip_serializing_if = "none")]
    pub products: u64,
    /// Records that were refused, with reason; bounded.
    #[serde(default)]
    pub refused: Vec<crate::Skipped>,
    /// Who brought it.
    pub actor: String,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde passes it so")]
fn none(number: &u64) -> bool {
    *number == 0
}

impl Predicate for FeedImport {
    const TYPE: &'static str = "urn:proofhouse:predicate:feed:v1";
}
