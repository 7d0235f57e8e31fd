//! What the ledger holds about an artifact, said again in the predicates of other people's standards.
//!
//! One file and one line of [`STANDARDS`] each. A statement is made only from statements that verify, and
//! says nothing that these do not show; where they show too little there is none, with the reason.

mod openvex;
mod release;
mod scai;
mod spdx;
mod svr;
mod vulns;

use model::{
    Exit, Predicate, Problem, RunId, Sha256, Statement, Subject, Timestamp,
    ports::LoggedStatement,
    predicate::{Context, Run, RunPhase, Scan},
};

use crate::{evidence, record::Recorder};

/// A predicate of a standard.
pub struct Standard {
    /// Short word, as `proofhouse ledger statement` takes it.
    pub name: &'static str,
    /// What it says, for people.
    pub title: &'static str,
    /// Makes the statements.
    write: fn(&Material, &Recorder) -> Result<Vec<Statement>, Problem>,
}

/// All of them.
pub const STANDARDS: &[Standard] = &[
    Standard { name: "vulns", title: "known vulnerabilities of its components", write: vulns::write },
    Standard { name: "release", title: "the release that it was deployed as", write: release::write },
    Standard { name: "svr", title: "what gates have verified", write: svr::write },
    Standard { name: "scai", title: "attributes of its build", write: scai::write },
    Standard { name: "spdx", title: "its components as an SPDX 2.3 document", write: spdx::write },
    Standard { name: "openvex", title: "how vulnerabilities concern it", write: openvex::write },
];

/// Statements about one artifact, verified, oldest first.
pub struct Material {
    artifact: Sha256,
    name: String,
    run: Run,
    statements: Vec<LoggedStatement>,
    now: Timestamp,
}

/// Writes the statements of one standard about an artifact into the ledger.
///
/// # Errors
/// There is no such standard, nothing is known about the artifact or it does not verify, or what is known
/// does not suffice for it.
pub fn record(
    name: &str,
    artifact: Sha256,
    project: Option<&str>,
    recorder: &Recorder,
) -> Result<Vec<LoggedStatement>, Problem> {
    let standard = STANDARDS.iter().find(|standard| standard.name == name).ok_or_else(|| {
        let names: Vec<&str> = STANDARDS.iter().map(|standard| standard.name).collect();
        Problem::new("standard-unknown", Exit::Input, format!("there is no statement of kind {name:?}"))
            .with_hint(format!("there are: {}", names.join(", ")))
    })?;
    let material = Material::collect(artifact, project, recorder)?;
    let statements = (standard.write)(&material, recorder)?;
    recorder.record(&statements).map(|(logged, _)| logged)
}

impl Material {
    /// The newest run that passed and made the artifact, and everything about both that verifies.
    fn collect(artifact: Sha256, project: Option<&str>, recorder: &Recorder) -> Result<Self, Problem> {
        let now = recorder.clock().now();
        let mut statements = evidence::about(artifact, recorder)?;
        statements.retain(|logged| recorder.check(logged.index, now) == (true, true));
        let made = |run: &Run| {
            run.phase == RunPhase::Finished
                && project.is_none_or(|project| run.project == project)
                && output(run, artifact).is_some()
        };
        let runs = statements.iter().rev().filter_map(|logged| logged.statement.decode::<Run>()?.ok());
        let run = runs.into_iter().find(made).ok_or_else(|| {
            let message = format!("no finished run that verifies made sha256:{artifact}");
            Problem::new("artifact-unproven", Exit::Verdict, message)
                .with_hint("see `proofhouse ledger verify`")
        })?;
        let name = output(&run, artifact).unwrap_or_default();
        Ok(Self { artifact, name, run, statements, now })
    }

    /// The artifact.
    fn subject(&self) -> Vec<Subject> {
        vec![Subject::sha256(&self.name, self.artifact)]
    }

    /// The link to the run.
    fn context(&self) -> Option<Context> {
        Some(Context { project: self.run.project.clone(), run: self.run.run, step: None })
    }

    /// Predicates of one type, newest first.
    fn newest<P: Predicate>(&self) -> impl Iterator<Item = (P, &LoggedStatement)> {
        let decoded = |logged: &LoggedStatement| logged.statement.decode::<P>().and_then(Result::ok);
        self.statements.iter().rev().filter_map(move |logged| Some((decoded(logged)?, logged)))
    }

    /// The newest scan of components by each tool, of this run. One that did not look at everything, or
    /// compared with nothing, says nothing about what it did not find.
    fn component_scans(&self) -> Result<Vec<Scan>, Problem> {
        let mut scans: Vec<Scan> = Vec::new();
        for (scan, _) in self.newest::<Scan>() {
            let wanted = scan.technique == model::Technique::Sca && scan.run == Some(self.run.run);
            if wanted && scans.iter().all(|known| known.tool.name != scan.tool.name) {
                scans.push(scan);
            }
        }
        let told = |why: String| {
            Problem::new("scan-missing", Exit::Verdict, format!("run {}: {why}", self.run.run))
                .with_hint("`proofhouse feeds import` and `proofhouse run`, then ask again")
        };
        if let Some(scan) = scans.iter().find(|scan| !scan.coverage.is_complete()) {
            return Err(told(format!("the scan of {} is not complete", scan.tool.name)));
        }
        match scans.is_empty() {
            true => Err(told("no scan looked for known vulnerabilities of components".to_owned())),
            false => Ok(scans),
        }
    }

    fn run(&self) -> RunId {
        self.run.run
    }
}

/// Name of the output with this digest.
fn output(run: &Run, digest: Sha256) -> Option<String> {
    let outputs = run.steps.iter().flat_map(|step| &step.outputs);
    let mut files = outputs.filter(|output| !output.directory && output.digest.hash == digest);
    files.next().map(|output| output.path.clone())
}

/// A statement of the ledger as evidence.
fn reference(logged: &LoggedStatement) -> Subject {
    let mut subject = Subject::sha256(format!("ledger entry {}", logged.index), logged.envelope);
    subject.annotations.insert("predicateType".to_owned(), logged.statement.predicate_type.clone().into());
    subject
}

/// A package URL of type `generic`: for what is published nowhere.
fn generic(name: &str, version: &str) -> String {
    format!("pkg:generic/{}@{}", escaped(name), escaped(version))
}

/// A part of a package URL or of another URI.
fn escaped(text: &str) -> String {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~".contains(&byte);
    text.bytes().map(|b| if plain(b) { char::from(b).to_string() } else { format!("%{b:02X}") }).collect()
}

/// What identifies a vulnerability best: a CVE, else the scanner's own id; and all other names.
fn names(finding: &model::Finding) -> (String, Vec<String>) {
    let all = || std::iter::once(&finding.rule).chain(&finding.aliases);
    let cve = all().find(|name| name.starts_with("CVE-")).unwrap_or(&finding.rule).clone();
    let mut others: Vec<String> = all().filter(|name| **name != cve).cloned().collect();
    others.sort();
    others.dedup();
    (cve, others)
}
