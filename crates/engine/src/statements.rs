//! From what happened to what is signed: builds the statements of a run.

use std::collections::BTreeMap;

use model::{
    Predicate, Problem, RunId, Sha256, Statement, Subject, Timestamp,
    predicate::{
        BuildDefinition, BuildMetadata, Builder, Context, Monitor, MonitorLog, OutputRecord, Provenance,
        RunDetails, RuntimeTrace, StepRecord, TestResult, TraceContext,
        provenance::{BUILD_TYPE, BUILDER_PREFIX, ROLE, ROLE_OUTPUT, ROLE_SOURCE, ROLE_TOOL},
    },
};
use serde_json::{Value, json};

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
    /// Input root digest of the snapshot.
    pub tree: Sha256,
    /// Digest of the configuration file.
    pub config: Sha256,
}

impl RunFacts {
    /// The source as a subject: tree digest and commit.
    pub fn source(&self) -> Subject {
        let mut subject = Subject::sha256("source", self.tree);
        if let Some(commit) = &self.commit {
            subject.digest.insert("gitCommit".to_owned(), commit.clone());
        }
        subject
    }

    /// The link from a foreign predicate to this run.
    pub fn context(&self, step: Option<&str>) -> Context {
        Context { project: self.project.clone(), run: self.run, step: step.map(str::to_owned) }
    }
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

/// What a step was asked to do, for `externalParameters`.
#[derive(Clone, Debug)]
pub struct Asked {
    /// Argument vector.
    pub argv: Vec<String>,
    /// Variables.
    pub env: BTreeMap<String, String>,
    /// Input globs.
    pub inputs: Vec<String>,
    /// Declared outputs.
    pub outputs: Vec<String>,
    /// Network rules.
    pub network: Vec<String>,
    /// Names of secrets.
    pub secrets: Vec<String>,
    /// Ceilings, as JSON.
    pub limits: Value,
    /// Outputs of needed steps.
    pub needed: Vec<Subject>,
}

fn with_role(mut subject: Subject, role: &str) -> Subject {
    subject.annotations.insert(ROLE.to_owned(), Value::from(role));
    subject
}

/// SLSA provenance v1 of a step's outputs.
pub fn provenance(facts: &RunFacts, asked: &Asked, step: &StepRecord) -> Provenance {
    let mut dependencies = vec![with_role(facts.source(), ROLE_SOURCE)];
    dependencies.push(Subject::sha256(CONFIG, facts.config));
    dependencies.extend(step.tools.iter().map(|tool| {
        let mut subject = match tool.digest {
            Some(digest) => Subject::named(&tool.name, "sha256Tree", digest.hex()),
            None => Subject { name: tool.name.clone(), ..Subject::default() },
        };
        subject.annotations.insert("version".to_owned(), Value::from(tool.version.clone()));
        with_role(subject, ROLE_TOOL)
    }));
    dependencies.extend(asked.needed.iter().map(|needed| with_role(needed.clone(), ROLE_OUTPUT)));
    let byproducts = step.log.iter().map(|log| Subject::sha256("log", log.hash));
    Provenance {
        build_definition: BuildDefinition {
            build_type: BUILD_TYPE.to_owned(),
            external_parameters: json!({
                "source": facts.source(),
                "config": CONFIG,
                "step": step.name,
                "command": asked.argv,
                "environment": asked.env,
                "inputs": asked.inputs,
                "outputs": asked.outputs,
                "network": asked.network,
                "secrets": asked.secrets,
            }),
            internal_parameters: json!({
                "isolation": step.isolation,
                "limits": asked.limits,
                "action": step.action,
                "cached": step.cached,
            }),
            resolved_dependencies: dependencies,
        },
        run_details: RunDetails {
            builder: Builder {
                id: format!("{BUILDER_PREFIX}{}", step.isolation),
                version: BTreeMap::from([("proofhouse".to_owned(), env!("CARGO_PKG_VERSION").to_owned())]),
            },
            metadata: BuildMetadata {
                invocation_id: format!("{}/{}", facts.run, step.name),
                started_on: step.started,
                finished_on: step.ended,
            },
            byproducts: byproducts.collect(),
        },
        proofhouse: Some(facts.context(Some(&step.name))),
    }
}

/// in-toto test-result of a test step.
pub fn test_result(
    facts: &RunFacts,
    step: &StepRecord,
    results: crate::junit::Results,
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
        proofhouse: facts.context(Some(&step.name)),
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
        monitor_log: MonitorLog { process: seen.process, network: seen.network, file_access: seen.files },
        metadata: json!({ "buildStartedOn": step.started, "buildFinishedOn": step.ended }),
        proofhouse: TraceContext { context: facts.context(Some(&step.name)), dropped: seen.dropped },
    }
}

/// A moment `seconds` earlier than `now`; saturates.
pub fn age_seconds(now: Timestamp, then: Timestamp) -> i64 {
    now.as_second() - then.as_second()
}
