//! A command of somebody else's pipeline, attested: it runs as it is, where it was called, and what it
//! made is recorded as that and no more.
//!
//! Nothing isolates it and nothing watches it, so the statements say so: a builder id of its own,
//! isolation `none`, and that files read and addresses asked are not known. A gate that demands the
//! sandbox refuses what came about this way.

mod command;
mod made;
mod predicate;
mod record;

use std::path::Path;

use model::{
    Exit, Problem, RunId, Sha256,
    predicate::{CiClaims, OutputRecord, Run, RunPhase, StepResult, provenance::TRIGGER_WRAPPED},
    problem::erase,
};
use runner::Cas;

pub use command::{Ended, execute};
pub use made::Made;
pub use predicate::{Custom, statement_of};

use crate::{
    active::Active,
    ci::{CiError, Environment},
    project::Project,
    record::Recorder,
    run::{not_of_the_source, take},
    source::{CONFIG, Source, differs},
    statements::{RunFacts, statement},
};

/// What is to be attested.
pub struct Request<'a> {
    /// Folder that the command runs in.
    pub folder: &'a Path,
    /// The command.
    pub argv: &'a [String],
    /// Name of the step.
    pub name: &'a str,
    /// Project; absent: of the configuration, or after the folder.
    pub project: Option<&'a str>,
    /// Patterns of its outputs, relative to the folder.
    pub outputs: &'a [String],
    /// A further statement about the outputs.
    pub custom: Option<Custom>,
    /// What the CI says, confirmed or not.
    pub ci: Option<CiClaims>,
    /// Environment variables; only their names are recorded.
    pub environment: &'a Environment,
    /// Who asks, as the operating system knows them.
    pub actor: &'a str,
    /// Ten random bytes, for the id.
    pub random: [u8; 10],
}

/// What was recorded.
#[derive(Debug, serde::Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Attested {
    /// The run.
    pub run: RunId,
    /// Project.
    pub project: String,
    /// Step.
    pub step: String,
    /// Whether the command and its outputs are as they should be.
    pub result: StepResult,
    /// Why not.
    pub message: Option<String>,
    /// Exit status, as a shell would have it.
    pub exit_code: i32,
    /// What it made.
    pub outputs: Vec<OutputRecord>,
    /// Named outputs that it left as they were.
    pub unchanged: Vec<String>,
    /// What the CI says.
    pub ci: Option<CiClaims>,
    /// Commit that the folder is at.
    pub commit: Option<String>,
    /// The folder differs from the commit.
    pub dirty: bool,
    /// Ledger entries.
    pub entries: Vec<u64>,
    /// What does not stop it but should be known.
    #[serde(skip)]
    pub warnings: Vec<Problem>,
}

/// Where the command runs: project, and source as taken.
struct Scene {
    /// Of the folder inside the root, with a slash at its end; empty at the root.
    prefix: String,
    project: String,
    configured: Option<Project>,
    tree: Sha256,
    commit: Option<String>,
    branch: Option<String>,
    dirty: bool,
    repository: Option<String>,
}

impl Scene {
    fn facts(&self, run: RunId) -> RunFacts {
        RunFacts {
            project: self.project.clone(),
            run,
            commit: self.commit.clone(),
            dirty: self.dirty,
            tree: self.tree,
            config: self.configured.as_ref().map_or(Sha256::of(""), |project| project.config_digest),
            repository: self.repository.clone(),
            platform: None,
            trigger: TRIGGER_WRAPPED.to_owned(),
        }
    }
}

/// Runs the command by `execute` and records it: before it what it starts from, afterwards what came of it.
///
/// # Errors
/// Before the command: the source, the project or the ledger cannot be used, and it is not run. After it:
/// its outputs could not be kept or recorded. A command that fails is a result.
pub fn attest(
    request: &Request<'_>,
    recorder: &Recorder,
    execute: impl FnOnce() -> Ended,
) -> Result<Attested, Problem> {
    named(request.name)?;
    let folder = crate::given::folder(request.folder)?;
    let scene = scene(request, &folder, recorder)?;
    same_commit(request.ci.as_ref(), &scene)?;
    let watched = Made::before(&folder, request.outputs)?;
    let started = begin(request, &scene, recorder);
    let source = scene.facts(started.run).source();
    let active = Active::begin(recorder.home(), &started)?;
    let (logged, warning) = recorder.record(&[statement(vec![source], &started)?])?;
    let mut warnings: Vec<Problem> = warning.into_iter().collect();
    let mut entries: Vec<u64> = logged.iter().map(|entry| entry.index).collect();
    let from = recorder.clock().now();
    let ended = execute();
    let to = recorder.clock().now();
    let result = record::conclude(
        &record::Facts { request, scene: &scene, started: &started, from, to },
        &ended,
        watched,
        recorder,
    )?;
    let (logged, warning) = recorder.record(&result.statements)?;
    active.end();
    warnings.extend(warning);
    entries.extend(logged.iter().map(|entry| entry.index));
    Ok(Attested {
        run: started.run,
        project: scene.project,
        step: request.name.to_owned(),
        result: result.step.result,
        message: result.step.message,
        exit_code: ended.code(),
        outputs: result.step.outputs,
        unchanged: result.unchanged,
        ci: request.ci.clone(),
        commit: scene.commit,
        dirty: scene.dirty,
        entries,
        warnings,
    })
}

/// What a token proved must be what is recorded: the folder may have moved on since it was compared.
fn same_commit(ci: Option<&CiClaims>, scene: &Scene) -> Result<(), Problem> {
    let Some(ci) = ci.filter(|ci| ci.token.as_ref().is_some_and(|t| t.claims.iter().any(|c| c == "commit")))
    else {
        return Ok(());
    };
    match (ci.claims.get("commit"), &scene.commit) {
        (Some(token), Some(head)) if token != head => {
            Err(erase(&CiError::Commit { token: token.clone(), head: head.clone() }))
        }
        _ => Ok(()),
    }
}

/// The name of a step, as in a configuration.
fn named(name: &str) -> Result<(), Problem> {
    let fits = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || "._-".contains(c);
    if (1..=64).contains(&name.len()) && name.chars().all(fits) {
        return Ok(());
    }
    let message = format!("{name:?} is not a name for a step");
    Err(Problem::new("attest-bad-name", Exit::Input, message)
        .with_hint("1 to 64 lower-case letters, digits, points, dashes and underlines"))
}

fn scene(request: &Request<'_>, folder: &Path, recorder: &Recorder) -> Result<Scene, Problem> {
    let root = Source::around(folder)?;
    let configured = match root.join(CONFIG).is_file() {
        true => Some(Project::load(&root, false)?),
        false => None,
    };
    let project = match (request.project, &configured) {
        (Some(name), _) => pipeline::project_name(name).map(|()| name.to_owned())?,
        (None, Some(project)) => project.config.project.clone(),
        (None, None) => Project::bare(&root)?.config.project,
    };
    let source = Source::read(&root)?;
    let cas = Cas::open(recorder.home().cache().join("cas")).map_err(|e| erase(&e))?;
    let snapshot = take(&source, &cas, &recorder.home().cache())?;
    let mut dirty = differs(&source, &snapshot, &cas)?;
    if let Some(project) = &configured {
        dirty |= not_of_the_source(project, &snapshot.folder)?.is_some();
    }
    let inside = folder.strip_prefix(&root).unwrap_or(Path::new("")).to_string_lossy();
    let prefix = if inside.is_empty() { String::new() } else { format!("{inside}/") };
    let tree = snapshot.root.hash;
    let Source { commit, branch, repository, .. } = source;
    Ok(Scene { prefix, project, configured, tree, commit, branch, dirty, repository })
}

/// The start of the run. A proven identity is who asked; otherwise the user of the machine is.
fn begin(request: &Request<'_>, scene: &Scene, recorder: &Recorder) -> Run {
    let now = recorder.clock().now();
    let run = RunId::new(now, request.random);
    let proven = request.ci.as_ref().and_then(CiClaims::proven_identity);
    let rules = scene.configured.as_ref().map(Project::rule_digests).unwrap_or_default();
    Run {
        project: scene.project.clone(),
        run,
        phase: RunPhase::Started,
        at: now,
        started: now,
        commit: scene.commit.clone(),
        branch: scene.branch.clone(),
        tree: scene.tree,
        dirty: scene.dirty,
        trigger: TRIGGER_WRAPPED.to_owned(),
        actor: proven.map_or(request.actor, |(identity, _)| identity).to_owned(),
        config: scene.facts(run).config,
        rules,
        plan: vec![model::predicate::PlannedStep {
            name: request.name.to_owned(),
            kind: "build".to_owned(),
            needs: vec![],
        }],
        steps: vec![],
        result: None,
    }
}
