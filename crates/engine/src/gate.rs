//! The gate of an environment: collects the evidence from the ledger, verifies it, and decides.
//!
//! The database only says where a run begins in the ledger; every statement that counts is read
//! there, and its signature and inclusion are verified, from the run's first one to the newest.

mod collect;
mod expect;
mod levels;
mod plain;
mod technologies;

use model::{
    Problem, RunId, Sha256, Statement, Subject, Timestamp,
    evidence::{Evidence, Outcome, Verdict},
    predicate::{Builder, DecisionContext, Run, RunPhase, RunResult, Vsa},
    problem::erase,
};
use pipeline::{Config, StepKind};

pub(crate) use collect::{About, concerns, source};
pub use collect::{Collected, collect, inputs};
pub use expect::built_in;
pub(crate) use expect::finding;
pub use levels::{Basis, Levels};
pub use plain::plain;

use crate::{project::Project, record::Recorder, statements::statement};

/// Version of the specification that has the levels and properties in our words.
const SLSA_VERSION: &str = "1.2";

/// A gate's question: may what this run built enter this environment?
#[derive(Clone, Copy)]
pub struct Question<'a> {
    /// The project as it is on disk.
    pub project: &'a Project,
    /// Environment name.
    pub environment: &'a str,
    /// The run, as its `finished` statement tells it.
    pub run: &'a Run,
    /// Ledger index of the run's first statement.
    pub from: u64,
}

/// A gate's answer with everything it stands on.
#[derive(Clone, Debug)]
pub struct Answer {
    /// The evidence document.
    pub evidence: Evidence,
    /// The verdict.
    pub verdict: Verdict,
    /// Ledger indices of the statements it relied on.
    pub relied_on: Vec<u64>,
    /// SLSA levels and properties of the artifact.
    pub levels: Levels,
    /// Statements that the levels stand on besides those in the evidence.
    pub witnesses: Vec<Subject>,
}

/// Evaluates the gate. Nothing is recorded.
///
/// # Errors
/// The run left steps out, its ledger entries or blobs cannot be read, or a rule file cannot be used.
pub fn ask(question: &Question<'_>, recorder: &Recorder, now: Timestamp) -> Result<Answer, Problem> {
    weigh(question, recorder, now).map(|(answer, _)| answer)
}

/// As [`ask`], with what was collected for it.
///
/// # Errors
/// As [`ask`].
pub fn weigh(
    question: &Question<'_>,
    recorder: &Recorder,
    now: Timestamp,
) -> Result<(Answer, Collected), Problem> {
    let config = &question.project.config;
    whole(question.run, config)?;
    let environment = question.project.environment(question.environment)?;
    let collected = collect(question, environment, recorder, now)?;
    let evidence = expect::document(question, config, environment, &collected, recorder, now)?;
    let mut rules = policy::RuleSet::built_in();
    for (path, text) in &question.project.rules {
        rules.add(path, text).map_err(|e| erase(&e))?;
    }
    let verdict = policy::evaluate(&evidence, &rules).map_err(|e| erase(&e))?;
    let levels = levels::levels(collected.build.as_ref(), &collected.basis);
    let relied_on = collected.indices();
    let witnesses = collected.witnesses.clone();
    Ok((Answer { evidence, verdict, relied_on, levels, witnesses }, collected))
}

/// Moment from which on evidence counts.
pub(crate) fn oldest(project: &Project, now: Timestamp) -> Timestamp {
    before(now, project.config.gate.max_age)
}

/// Moment from which on results of people count, where they are asked for.
fn oldest_manual(project: &Project, now: Timestamp) -> Timestamp {
    before(now, project.config.gate.manual_max_age)
}

fn before(now: Timestamp, age: std::time::Duration) -> Timestamp {
    let age = i64::try_from(age.as_secs()).unwrap_or(i64::MAX);
    Timestamp::from_second(now.as_second().saturating_sub(age)).unwrap_or(Timestamp::MIN)
}

/// A run of some steps only has not asked those that it left out.
fn whole(run: &Run, config: &Config) -> Result<(), Problem> {
    let asked = |name: &str| run.steps.iter().any(|step| step.name == name);
    let judges = config.steps.iter().filter(|step| matches!(step.kind, StepKind::Test | StepKind::Scan));
    let left_out: Vec<&str> = judges.map(|step| step.name.as_str()).filter(|name| !asked(name)).collect();
    if left_out.is_empty() {
        return Ok(());
    }
    let message = format!("run {} left out {}", run.run, left_out.join(", "));
    Err(Problem::new("run-partial", model::Exit::Verdict, message)
        .with_hint("`proofhouse run` runs everything; unchanged steps come from the cache"))
}

/// Whether exceptions can be made from a rule of a project's gates; `None` when there is no such rule.
pub fn exceptable(project: &Project, id: &str) -> Option<bool> {
    let mut rules = policy::RuleSet::built_in();
    for (path, text) in &project.rules {
        // A rule that cannot be used is told by the gate itself.
        let _ = rules.add(path, text);
    }
    rules.rules().iter().find(|rule| rule.id == id).map(policy::Rule::exceptable)
}

/// The decision as a statement about the artifact, and the evidence document as a blob.
///
/// # Errors
/// The blob cannot be stored.
pub fn decision(
    answer: &Answer,
    recorder: &Recorder,
    mut inputs: Vec<Subject>,
) -> Result<Statement, Problem> {
    inputs.extend(answer.witnesses.clone());
    let evidence = &answer.evidence;
    let document = serde_json::to_vec(evidence)
        .map_err(|e| Problem::new("evidence", model::Exit::Environment, e.to_string()))?;
    recorder.put(&document)?;
    let admitted = answer.verdict.outcome < Outcome::Deny;
    let mut policy = Subject::sha256("gate rules", answer.verdict.policy);
    policy.uri = format!("urn:proofhouse:policy:{}/{}", evidence.project, evidence.environment);
    let vsa = Vsa {
        verifier: Builder { id: "urn:proofhouse:gate:v1".to_owned(), version: version() },
        time_verified: evidence.now,
        resource_uri: resource(&evidence.project, &evidence.environment),
        policy,
        input_attestations: inputs,
        verification_result: if admitted { "PASSED" } else { "FAILED" }.to_owned(),
        verified_levels: if admitted { answer.levels.names.clone() } else { vec!["FAILED".to_owned()] },
        slsa_version: SLSA_VERSION.to_owned(),
        proofhouse: DecisionContext {
            project: evidence.project.clone(),
            environment: evidence.environment.clone(),
            run: evidence.run,
            verdict: answer.verdict.clone(),
            levels_because: answer.levels.because.clone(),
        },
    };
    statement(vec![Subject::sha256(&evidence.artifact.name, evidence.artifact.digest)], &vsa)
}

fn version() -> std::collections::BTreeMap<String, String> {
    [("proofhouse".to_owned(), env!("CARGO_PKG_VERSION").to_owned())].into()
}

/// URI of an environment, as VSAs name it.
pub fn resource(project: &str, environment: &str) -> String {
    format!("urn:proofhouse:environment:{project}/{environment}")
}

/// The artifact of an environment among a run's outputs.
///
/// # Errors
/// The run did not make it, or it is a folder.
pub fn artifact(run: &Run, path: &str) -> Result<Sha256, Problem> {
    let mut outputs = run.steps.iter().flat_map(|step| &step.outputs);
    let missing = || {
        let message = format!("run {} made no output {path}", run.run);
        Problem::new("artifact-missing", model::Exit::Verdict, message).with_hint("see `proofhouse plan`")
    };
    let output = outputs.find(|output| output.path == path).ok_or_else(missing)?;
    if output.directory {
        let message = format!("{path} is a folder; a deployed artifact is one file");
        let hint = inside(run, path);
        return Err(Problem::new("artifact-is-directory", model::Exit::Input, message).with_hint(hint));
    }
    Ok(output.digest.hash)
}

/// What to write instead of a folder.
fn inside(run: &Run, folder: &str) -> String {
    let below = |path: &str| path.strip_prefix(folder).is_some_and(|rest| rest.starts_with('/'));
    let outputs = run.steps.iter().flat_map(|step| &step.outputs);
    let files: Vec<&str> = outputs.map(|o| o.path.as_str()).filter(|path| below(path)).collect();
    match files.as_slice() {
        [] => "add a step of kind `package` that puts it into an archive".to_owned(),
        [one] => format!("write `artifact: {one}`"),
        [first, ..] => format!("name one of its {} files, such as `artifact: {first}`", files.len()),
    }
}

/// Whether a run's configuration is the one on disk.
///
/// # Errors
/// It has changed: the gate of the run's commit must decide, not a later edit.
pub fn same_configuration(project: &Project, run: &Run) -> Result<(), Problem> {
    if project.config_digest == run.config && project.rule_digests() == run.rules {
        return Ok(());
    }
    let message =
        format!("proofhouse.yaml, a gate rule or a security requirement has changed since run {}", run.run);
    Err(Problem::new("config-changed", model::Exit::Input, message).with_hint(
        "`proofhouse run` makes a run with the new configuration; unchanged steps come from the cache",
    ))
}

/// The run that a deployment from the project's folder is about: the wanted one, or the newest of the commit
/// that the folder is at. Other folders may be of the same project, and their runs of other sources.
///
/// # Errors
/// As [`find_run`], and there is none of this commit.
pub fn choose_run(
    project: &Project,
    wanted: Option<RunId>,
    recorder: &Recorder,
) -> Result<(Run, u64), Problem> {
    let name = &project.config.project;
    let head = if wanted.is_none() { crate::source::head(&project.root)? } else { None };
    let Some(head) = head else { return find_run(name, wanted, recorder) };
    let of_head = recorder.projection().latest_run(name, true, Some(&head))?.map(|(run, _)| run);
    let (run, from) = find_run(name, of_head, recorder)?;
    if run.commit.as_ref() == Some(&head) { Ok((run, from)) } else { Err(of_another_commit(&run, &head)) }
}

fn of_another_commit(run: &Run, head: &str) -> Problem {
    let short = |commit: &str| commit.chars().take(12).collect::<String>();
    let commit =
        run.commit.as_deref().map_or("no commit".to_owned(), |commit| format!("commit {}", short(commit)));
    let message = format!(
        "no run of commit {}, where this folder is, has passed; the newest is run {} of {commit}",
        short(head),
        run.run
    );
    Problem::new("run-of-another-commit", model::Exit::Input, message)
        .with_hint(format!("`proofhouse run` first, or name the run: `deploy ENVIRONMENT --run {}`", run.run))
}

/// Finds the run that a gate or deployment is about. The database says where to look; that the run
/// begins there, how it ended, and that both are signed and in the ledger is seen there.
///
/// # Errors
/// There is none, it did not pass, or what tells of it does not verify.
pub fn find_run(project: &str, wanted: Option<RunId>, recorder: &Recorder) -> Result<(Run, u64), Problem> {
    let index = recorder.projection();
    let found = match wanted {
        Some(run) => index.run_start(run)?.map(|start| (run, start)),
        None => index.latest_run(project, true, None)?,
    };
    let (run, start) = found.ok_or_else(|| match wanted {
        Some(run) => Problem::new("run-unknown", model::Exit::Input, format!("there is no run {run}"))
            .with_hint("leave `--run` out for the newest one that passed"),
        None => {
            let message = format!("no run of {project} has passed yet");
            Problem::new("run-missing", model::Exit::Verdict, message).with_hint("`proofhouse run` makes one")
        }
    })?;
    let (mut begun, now) = (false, recorder.clock().now());
    for logged in recorder.from(start)? {
        let logged = logged?;
        let found = logged.statement.decode::<Run>().and_then(Result::ok).filter(|found| found.run == run);
        // What the gate does not see cannot deny, so a run must begin where it is said to.
        begun |= found.as_ref().is_some_and(|found| found.phase == RunPhase::Started);
        if !begun {
            let message = format!("run {run} does not begin at ledger entry {start}, as the database says");
            return Err(Problem::new("database-differs", model::Exit::Integrity, message)
                .with_hint("`proofhouse ledger rebuild` makes the database anew from the ledger"));
        }
        if let Some(found) = found.filter(|found| found.phase == RunPhase::Finished) {
            if recorder.check(logged.index, now) != (true, true) {
                let message = format!("what ledger entry {} says of run {run} does not verify", logged.index);
                return Err(Problem::new("run-unproven", model::Exit::Integrity, message)
                    .with_hint("see `proofhouse ledger verify`"));
            }
            return passed(found, project).map(|found| (found, start));
        }
    }
    Err(Problem::new("run-unfinished", model::Exit::Verdict, format!("run {run} has not finished")))
}

fn passed(run: Run, project: &str) -> Result<Run, Problem> {
    if run.project != project {
        let message = format!("run {} is of project {}", run.run, run.project);
        return Err(Problem::new("run-foreign", model::Exit::Input, message));
    }
    if run.result == Some(RunResult::Passed) {
        return Ok(run);
    }
    let message = format!("run {} did not pass, so nothing of it is let in anywhere", run.run);
    Err(Problem::new("run-not-passed", model::Exit::Verdict, message).with_hint("mend it and run again"))
}

/// Names of an environment that does not exist, with what does.
pub(crate) fn no_environment(config: &Config, name: &str) -> Problem {
    let names: Vec<&str> = config.environments.iter().map(|e| e.name.as_str()).collect();
    let hint = match names.is_empty() {
        true => format!(
            "add one to proofhouse.yaml: `environments: {{ {name}: {{ driver: host, artifact: dist/app, run: \
             [\"{{artifact}}\"], port: 8080 }} }}`"
        ),
        false => format!("there are: {}", names.join(", ")),
    };
    Problem::new("environment-unknown", model::Exit::Input, format!("there is no environment {name:?}"))
        .with_hint(hint)
}
