//! From what happened to what is signed: builds the statements of a run.

mod provenance;

use model::{
    Predicate, Problem, RunId, Sha256, Statement, Subject, Timestamp,
    predicate::{
        CodeCoverage, Context, Monitor, MonitorLog, MonitoredProcess, OutputRecord, RuntimeTrace, StepRecord,
        Technologies, TechnologyUse, TestContext, TestResult, TraceContext,
        provenance::{BUILD_TYPE, BUILDER_PREFIX},
    },
};
use serde_json::{Value, json};

pub use provenance::{Inputs, hosts, packages, provenance};

use crate::source::CONFIG;

/// What every statement of a run needs to know.
#[derive(Clone, Debug)]
pub struct RunFacts {
    /// Project.
    pub project: String,
    /// Run.
    pub run: RunId,
    /// Git commit.
    pub commit: Option<String>,
    /// The snapshot differs from it.
    pub dirty: bool,
    /// Input root digest of the snapshot.
    pub tree: Sha256,
    /// Digest of the configuration file.
    pub config: Sha256,
    /// Where git says that the source comes from.
    pub repository: Option<String>,
    /// Build platform that this machine is part of.
    pub platform: Option<String>,
    /// What started the run.
    pub trigger: String,
}

impl RunFacts {
    /// The source as a subject: tree digest, and commit where it is exactly that.
    pub fn source(&self) -> Subject {
        model::predicate::run::source(self.tree, self.commit.as_deref(), self.dirty)
    }

    /// The link from a foreign predicate to this run.
    pub fn context(&self, step: Option<&str>) -> Context {
        Context { project: self.project.clone(), run: self.run, step: step.map(str::to_owned) }
    }
}

/// What a source uses besides packages.
pub fn technologies(
    project: &str,
    run: Option<RunId>,
    (uses, gaps): (Vec<TechnologyUse>, Vec<String>),
    at: Timestamp,
) -> Technologies {
    Technologies { project: project.to_owned(), run, uses, gaps, at }
}

/// Makes a statement; predicates of ours always serialise.
///
/// # Errors
/// A bug: the predicate has a map with keys that are not strings.
pub fn statement<P: Predicate>(subjects: Vec<Subject>, predicate: &P) -> Result<Statement, Problem> {
    Statement::new(subjects, predicate).map_err(|e| {
        Problem::new("statement", model::Exit::Environment, format!("a statement cannot be written: {e}"))
    })
}

/// Outputs as subjects. A directory is known by its Remote Execution API `Directory`, under a name of
/// its own, so that nobody takes it for the digest of a file.
pub fn outputs(record: &[OutputRecord]) -> Vec<Subject> {
    let algorithm = |output: &OutputRecord| if output.directory { "reapiDirectory" } else { "sha256" };
    record.iter().map(|o| Subject::named(&o.path, algorithm(o), o.digest.hash.hex())).collect()
}

/// in-toto test-result of a test step.
pub fn test_result(
    facts: &RunFacts,
    step: &StepRecord,
    results: crate::junit::Results,
    coverage: Option<CodeCoverage>,
    passed: bool,
) -> TestResult {
    let named = results.ran() + results.skipped.len() > 0;
    let whole = |wanted: bool| if !named && passed == wanted { vec![step.name.clone()] } else { vec![] };
    TestResult {
        result: if passed { "PASSED" } else { "FAILED" }.to_owned(),
        configuration: vec![Subject::sha256(CONFIG, facts.config)],
        passed_tests: [results.passed, whole(true)].concat(),
        warned_tests: results.skipped,
        failed_tests: [results.failed, whole(false)].concat(),
        proofhouse: TestContext {
            context: facts.context(Some(&step.name)),
            requirements: results.requirements,
            coverage,
        },
        finished: step.ended,
    }
}

/// What was seen of a step from outside.
#[derive(Clone, Debug, Default)]
pub struct Seen {
    /// Programs started.
    pub process: Vec<Value>,
    /// Destinations attempted, each with whether the proxy allowed it.
    pub network: Vec<Value>,
    /// Files opened.
    pub files: Vec<Value>,
    /// Events lost.
    pub dropped: u64,
}

/// in-toto runtime-trace of a step.
pub fn trace(facts: &RunFacts, step: &StepRecord, seen: Seen) -> RuntimeTrace {
    RuntimeTrace {
        monitor: Monitor { kind: "urn:proofhouse:monitor:seccomp-notify:v1".to_owned() },
        monitored_process: Some(MonitoredProcess {
            host: format!("{BUILDER_PREFIX}{}", step.isolation),
            kind: BUILD_TYPE.to_owned(),
            event: provenance::invocation(facts, &step.name),
        }),
        monitor_log: MonitorLog { process: seen.process, network: seen.network, file_access: seen.files },
        metadata: json!({ "buildStartedOn": step.started, "buildFinishedOn": step.ended }),
        proofhouse: TraceContext { context: facts.context(Some(&step.name)), dropped: seen.dropped },
    }
}

/// A moment `seconds` earlier than `now`; saturates.
pub fn age_seconds(now: Timestamp, then: Timestamp) -> i64 {
    now.as_second() - then.as_second()
}
