//! From a scan report to its statement: the findings become a blob, the rest a predicate.

use findings::BlobWriter;
use model::{
    DeploymentId, Problem, RunId, ScanReport, Statement, Subject, Timestamp,
    predicate::{Assessment, Binary, FindingsBlob, Origin, Scan, ScanTarget},
};

use crate::{home::cannot, record::Recorder, statements::statement};

/// What a scan is about.
#[derive(Clone, Debug)]
pub struct About {
    /// Project.
    pub project: String,
    /// Run it is part of.
    pub run: Option<RunId>,
    /// Deployment it is part of.
    pub deployment: Option<DeploymentId>,
    /// What was scanned.
    pub subjects: Vec<Subject>,
    /// Stream and commit.
    pub target: ScanTarget,
    /// Where the report came from.
    pub origin: Origin,
    /// Who tested, when and with which evidence, for a test by people.
    pub manual: Option<Assessment>,
    /// Settings of the programs that were examined; more than [`Scan::MOST_BINARIES`] are not recorded.
    pub binaries: Vec<Binary>,
    /// When it began.
    pub started: Timestamp,
}

/// Stores the findings of a report and makes its statement.
///
/// # Errors
/// The blob cannot be stored.
pub fn statement_of(report: &ScanReport, about: &About, recorder: &Recorder) -> Result<Statement, Problem> {
    let mut writer = BlobWriter::new(recorder.home().cache());
    for finding in &report.findings {
        findings::Sink::accept(&mut writer, finding.clone())
            .map_err(|e| cannot(&recorder.home().cache(), "write findings to", &e))?;
    }
    let blob = writer
        .finish(recorder.blobs())
        .map_err(|e| cannot(&recorder.home().blobs(), "store findings in", &e))?;
    with_blob(report, blob, about, recorder.clock().now())
}

/// The statement of a report whose findings are already a blob.
///
/// # Errors
/// A bug; see [`statement`].
pub fn with_blob(
    report: &ScanReport,
    findings: FindingsBlob,
    about: &About,
    ended: Timestamp,
) -> Result<Statement, Problem> {
    let scan = Scan {
        project: about.project.clone(),
        run: about.run,
        deployment: about.deployment,
        tool: report.tool.clone(),
        technique: report.technique,
        target: about.target.clone(),
        findings,
        coverage: report.coverage.clone(),
        origin: about.origin.clone(),
        manual: about.manual.clone(),
        binaries: about.binaries.iter().take(Scan::MOST_BINARIES).cloned().collect(),
        started: about.started,
        ended,
    };
    statement(about.subjects.clone(), &scan)
}
