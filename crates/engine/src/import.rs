//! A scanner's report from outside: kept as evidence, normalised, recorded.

use std::{io::BufRead, path::Path};

use findings::{BlobWriter, ImportOptions, Limits, SourceTree};
use model::{
    BySeverity, Digest, Finding, Problem, ScanReport, Subject,
    predicate::{Assessment, FindingsBlob, Origin, ScanTarget},
    problem::erase,
};

use crate::{
    home::cannot,
    manual::{self, Manual},
    record::Recorder,
    scans::{self, About},
};

/// What is imported, and what it is about.
pub struct Import<'a> {
    /// The report.
    pub file: &'a Path,
    /// Its format; absent: found out.
    pub format: Option<&'a str>,
    /// Project.
    pub project: &'a str,
    /// Commit, where known.
    pub commit: Option<String>,
    /// Limits.
    pub limits: Limits,
    /// The scanned tree, to find the code of findings that come without it.
    pub source: Option<&'a dyn SourceTree>,
    /// Absolute folder that the paths in the report may start with.
    pub root: Option<String>,
    /// Who brings it.
    pub actor: &'a str,
    /// What the caller says of a test by people; only for a report of one.
    pub manual: Option<&'a Manual>,
    /// Security requirements of the project: tags of the report can be their ids.
    pub requirements: Option<&'a model::requirement::Requirements>,
}

/// What an import gave.
#[derive(Clone, Debug, serde::Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Imported {
    /// Ledger index of the scan's statement.
    pub index: u64,
    /// Format.
    pub format: &'static str,
    /// The scan without its findings.
    pub scan: ScanReport,
    /// Number of findings.
    pub findings: u64,
    /// The same by severity.
    pub by_severity: BySeverity,
    /// Results the report itself marks as suppressed.
    pub suppressed: u64,
    /// Who tested, when and with which evidence, for a test by people.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub manual: Option<Assessment>,
}

/// Imports a report. On an error nothing is recorded.
///
/// # Errors
/// The report cannot be read or is not what it should be; the ledger cannot be written.
pub fn import(import: &Import<'_>, recorder: &Recorder) -> Result<(Imported, Option<Problem>), Problem> {
    crate::given::file(import.file)?;
    let started = recorder.clock().now();
    let options = ImportOptions {
        limits: import.limits.clone(),
        source: import.source,
        roots: import.root.iter().cloned().collect(),
        columns: import.manual.map(|manual| manual.columns.clone()).unwrap_or_default(),
        target: import.manual.map(|_| import.project.to_owned()),
        requirements: import.requirements,
        ..ImportOptions::default()
    };
    let cache = recorder.home().cache();
    let mut writer = BlobWriter::new(&cache);
    let source = findings::FileSource(import.file.to_owned());
    let mut info = findings::import(&source, import.format, &options, &mut writer).map_err(|e| erase(&e))?;
    let manual = match (info.assessment.take(), import.manual) {
        (Some(told), given) => {
            let given = given.cloned().unwrap_or_default();
            Some(manual::settle(&given, told, &mut info.coverage, recorder)?)
        }
        (None, Some(_)) => return Err(of_a_tool(info.format)),
        (None, None) => None,
    };
    let blob = writer
        .finish(recorder.blobs())
        .map_err(|e| cannot(&recorder.home().blobs(), "store findings in", &e))?;
    let stream = manual.as_ref().map_or_else(|| "source".to_owned(), |test| format!("manual:{}", test.name));
    let report = keep(import.file, recorder)?;
    let name = import.file.file_name().unwrap_or_default().to_string_lossy().into_owned();
    let mut subjects = vec![Subject::sha256(&name, report.hash)];
    subjects.extend(import.commit.iter().map(|commit| Subject::named("source", "gitCommit", commit)));
    let about = About {
        project: import.project.to_owned(),
        run: None,
        deployment: None,
        subjects,
        target: ScanTarget { stream, commit: import.commit.clone() },
        origin: Origin::Imported {
            file: name,
            digest: report,
            format: info.format.to_owned(),
            actor: import.actor.to_owned(),
        },
        manual: manual.clone(),
        binaries: vec![],
        started,
    };
    let scan =
        ScanReport { tool: info.tool, technique: info.technique, findings: vec![], coverage: info.coverage };
    let statement = scans::with_blob(&scan, blob, &about, recorder.clock().now())?;
    let (logged, warning) = recorder.record(&[statement])?;
    let imported = Imported {
        index: logged.first().map_or(0, |entry| entry.index),
        format: info.format,
        scan,
        findings: info.findings,
        by_severity: info.by_severity,
        suppressed: info.suppressed,
        manual,
    };
    Ok((imported, warning))
}

fn of_a_tool(format: &str) -> Problem {
    let message = format!("it is a report of a tool ({format}), not of people");
    Problem::new("report-not-manual", model::Exit::Input, message)
        .with_hint("`proofhouse import FILE`, without `manual`")
}

/// The report itself is evidence.
fn keep(file: &Path, recorder: &Recorder) -> Result<Digest, Problem> {
    let mut source = std::fs::File::open(file).map_err(|e| cannot(file, "open", &e))?;
    let blobs = recorder.home().blobs();
    recorder.blobs().put_from(&mut source).map_err(|e| cannot(&blobs, "store the report in", &e))
}

/// All findings of a blob.
///
/// # Errors
/// The blob is missing, damaged, or has another number of lines than it should.
pub fn read_blob(blob: &FindingsBlob, recorder: &Recorder) -> Result<Vec<Finding>, Problem> {
    let hash = blob.digest.hash;
    let damaged = |why: String| {
        let message = format!("the findings blob {} cannot be read: {why}", hash.short());
        Problem::new("findings-damaged", model::Exit::Integrity, message)
            .with_hint("see `proofhouse ledger verify`")
    };
    let reader = recorder.blobs().open(&hash).map_err(|e| damaged(e.to_string()))?;
    let mut all = Vec::new();
    for line in std::io::BufReader::new(reader).lines() {
        let line = line.map_err(|e| damaged(e.to_string()))?;
        all.push(serde_json::from_str(&line).map_err(|e| damaged(e.to_string()))?);
    }
    if all.len() as u64 == blob.count { Ok(all) } else { Err(damaged(format!("{} lines", all.len()))) }
}
