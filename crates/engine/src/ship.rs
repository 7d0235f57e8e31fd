//! A deployment: the gate decides, the driver deploys, the running application is checked, and all of
//! it is recorded.

mod observe;
mod target;

use std::path::{Path, PathBuf};

use deploy::{Driver, Release, host};
use model::{
    DeploymentId, Problem, RunId, Sha256, Subject,
    evidence::Outcome,
    ports::LoggedStatement,
    predicate::{Deployment, DeploymentResult, DeploymentStage},
    problem::erase,
};
use pipeline::config::{Environment, Placeholders};
use runner::WorkDir;

pub use target::{TargetQuestion, verify_on_target};

use crate::{
    gate::{self, Answer, Question},
    home::cannot,
    project::Project,
    record::Recorder,
    statements::statement,
};

/// Who is told how a deployment goes.
pub trait Watch {
    /// The gate has decided.
    fn decided(&mut self, answer: &Answer);
    /// A stage ended.
    fn stage(&mut self, stage: &DeploymentStage);
    /// The dynamic checks have ended.
    fn checked(&mut self, report: &model::ScanReport);
    /// Something that does not stop the deployment.
    fn warning(&mut self, problem: &Problem);
}

/// What is asked for.
pub struct Request<'a> {
    /// Project.
    pub project: &'a Project,
    /// Environment name.
    pub environment: &'a str,
    /// The run to deploy; absent: the newest that passed, of the commit that the folder is at.
    pub run: Option<RunId>,
    /// Who asks.
    pub actor: &'a str,
    /// Folder for environments that name no `root`.
    pub environments: &'a Path,
    /// Ten random bytes, for the id.
    pub random: [u8; 10],
}

/// How it went.
#[derive(Clone, Debug)]
pub struct Shipped {
    /// The record.
    pub deployment: Deployment,
    /// The gate's answer.
    pub answer: Answer,
    /// Ledger index of the record.
    pub index: u64,
}

/// Deploys. A denial, a roll-back and a reversal are results, not errors.
///
/// # Errors
/// Nothing could be decided or recorded.
pub fn ship(
    request: &Request<'_>,
    recorder: &Recorder,
    runtime: &tokio::runtime::Handle,
    watch: &mut dyn Watch,
) -> Result<Shipped, Problem> {
    let environment = request.project.environment(request.environment)?;
    let (run, from) = gate::choose_run(request.project, request.run, recorder)?;
    gate::same_configuration(request.project, &run)?;
    let started = recorder.clock().now();
    let question = Question { project: request.project, environment: request.environment, run: &run, from };
    let answer = gate::ask(&question, recorder, started)?;
    let decision = decide(&answer, recorder)?;
    watch.decided(&answer);
    let mut deployment = Deployment {
        project: run.project.clone(),
        deployment: DeploymentId::new(started, request.random),
        environment: environment.name.clone(),
        driver: environment.driver.clone(),
        run: Some(run.run),
        artifact: environment.artifact.clone(),
        digest: answer.evidence.artifact.digest,
        decision: decision.envelope,
        previous: None,
        actor: request.actor.to_owned(),
        started,
        ended: started,
        stages: vec![gate_stage(&answer, started)],
        result: DeploymentResult::Denied,
        health: None,
        address: None,
        variables: environment.env.iter().map(|(name, value)| (name.clone(), Sha256::of(value))).collect(),
    };
    if answer.verdict.outcome < Outcome::Deny {
        let mut indices = answer.relied_on.clone();
        indices.push(decision.index);
        bring(request, environment, &indices, &mut deployment, recorder, runtime, watch)?;
    } else {
        deployment.ended = recorder.clock().now();
        let index = write(&deployment, recorder, watch)?;
        return Ok(Shipped { deployment, answer, index });
    }
    let index = recorder.size().saturating_sub(1);
    Ok(Shipped { deployment, answer, index })
}

fn decide(answer: &Answer, recorder: &Recorder) -> Result<LoggedStatement, Problem> {
    let inputs = gate::inputs(&answer.evidence.statements);
    let (logged, _) = recorder.record(&[gate::decision(answer, recorder, inputs)?])?;
    logged.into_iter().next().ok_or_else(|| {
        Problem::new("ledger-silent", model::Exit::Environment, "the ledger did not acknowledge the decision")
    })
}

fn gate_stage(answer: &Answer, at: model::Timestamp) -> DeploymentStage {
    let denied = answer.verdict.rules.iter().filter(|rule| rule.outcome == Outcome::Deny);
    let names: Vec<&str> = denied.map(|rule| rule.rule.as_str()).collect();
    let detail = match names.is_empty() {
        true => format!("{} rules passed", answer.verdict.rules.len()),
        false => format!("denied by {}", names.join(", ")),
    };
    DeploymentStage { name: "gate".to_owned(), ok: names.is_empty(), detail, at }
}

/// Everything after the gate let it in.
fn bring(
    request: &Request<'_>,
    environment: &Environment,
    indices: &[u64],
    deployment: &mut Deployment,
    recorder: &Recorder,
    runtime: &tokio::runtime::Handle,
    watch: &mut dyn Watch,
) -> Result<(), Problem> {
    let trust = recorder.trust()?.to_json();
    let driver = open(request.project, environment, request.environments, recorder, &trust)?;
    if let Some(recovered) = recover(&driver, deployment, recorder)? {
        watch.stage(&recovered);
    }
    // A folder that the next command removes should this one die.
    let work = recorder.home().cache().join("work");
    WorkDir::sweep(&work);
    let staging = WorkDir::create(&work).map_err(|e| erase(&e))?;
    let release = Release {
        project: deployment.project.clone(),
        environment: environment.name.clone(),
        deployment: deployment.deployment,
        artifact: file_name(&environment.artifact),
        digest: deployment.digest,
        source: fetch(deployment.digest, staging.path(), recorder)?,
        evidence: evidence(indices, recorder)?,
        trust,
    };
    let driver = driver.with_service(service(environment, deployment.digest, request, recorder)?);
    let mut observer =
        observe::Observed::new(deployment.clone(), environment, request.project, recorder, runtime, watch);
    let attempt = deploy::deploy(
        &driver,
        &release,
        deployment.decision,
        request.actor,
        recorder.clock(),
        &mut observer,
    );
    let failed = observer.finish();
    let attempt = attempt.map_err(|e| erase(&e))?;
    deployment.stages.extend(attempt.stages);
    deployment.result = attempt.result;
    deployment.previous = attempt.previous;
    deployment.health = attempt.health;
    deployment.address = driver.address();
    deployment.ended = recorder.clock().now();
    write(deployment, recorder, watch)?;
    driver.journal().clear().map_err(|e| erase(&e))?;
    if let Some(lacking) = attempt.lacking {
        let problem = Problem::new(lacking.code, model::Exit::Environment, lacking.message);
        return Err(Problem { hint: lacking.hint, ..problem });
    }
    failed.map_or(Ok(()), Err)
}

fn write(deployment: &Deployment, recorder: &Recorder, watch: &mut dyn Watch) -> Result<u64, Problem> {
    let subject = Subject::sha256(&deployment.artifact, deployment.digest);
    let (logged, warning) = recorder.record(&[statement(vec![subject], deployment)?])?;
    if let Some(warning) = &warning {
        watch.warning(warning);
    }
    Ok(logged.first().map_or(0, |entry| entry.index))
}

/// The artifact's bytes from the blob store, hashed again on the way.
fn fetch(digest: Sha256, folder: &Path, recorder: &Recorder) -> Result<PathBuf, Problem> {
    use std::os::unix::fs::PermissionsExt;
    let path = folder.join("artifact");
    let copy = || {
        let mut source = recorder.blobs().open(&digest)?;
        let mut file = std::fs::File::create_new(&path)?;
        std::io::copy(&mut source, &mut file)?;
        file.set_permissions(std::fs::Permissions::from_mode(0o755))
    };
    copy().map_err(|e| cannot(&path, "fetch the artifact to", &e))?;
    Ok(path)
}

/// The bundles of the given statements, one a line. Statements about keys go with them: by those somebody
/// who knows only keys of earlier can follow to those of today.
///
/// # Errors
/// A statement or its proof cannot be made.
pub fn evidence(indices: &[u64], recorder: &Recorder) -> Result<Vec<u8>, Problem> {
    let keys = recorder.projection().key_events()?;
    let keys = keys.iter().filter(|index| !indices.contains(index));
    let bundles = keys.chain(indices).map(|index| recorder.bundle(*index)).collect::<Result<Vec<_>, _>>()?;
    attest::bundle::write_evidence(&bundles).map_err(|e| erase(&e))
}

fn file_name(path: &str) -> String {
    path.rsplit('/').next().unwrap_or(path).to_owned()
}

/// Opens the driver of an environment.
///
/// # Errors
/// There is no such driver, or the target cannot be used.
pub fn open(
    project: &Project,
    environment: &Environment,
    environments: &Path,
    recorder: &Recorder,
    trust: &[u8],
) -> Result<host::Host, Problem> {
    if environment.driver != "host" {
        return Err(erase(&deploy::DeployError::NoDriver(environment.driver.clone())));
    }
    let settings = host::Settings {
        root: root(project, environment, environments),
        port: environment.port,
        account: account(project, environment, recorder)?,
        health: health_of(environment),
        keep: environment.keep as usize,
        executable: recorder.executable().to_owned(),
    };
    host::Host::open(settings, trust).map_err(|e| erase(&e))
}

fn health_of(environment: &Environment) -> deploy::HealthCheck {
    let health = &environment.health;
    deploy::HealthCheck {
        path: health.path.clone(),
        status: health.status,
        timeout: health.timeout,
        interval: health.interval,
    }
}

/// The account that an environment's application runs as. Each uid that was given away is a file in the
/// home, with the name of who has it.
fn account(
    project: &Project,
    environment: &Environment,
    recorder: &Recorder,
) -> Result<Option<host::Account>, Problem> {
    use std::io::Write;
    let name = &project.config.project;
    let (folder, owner) = (recorder.home().accounts(), format!("{name}/{}", environment.name));
    std::fs::create_dir_all(&folder).map_err(|e| cannot(&folder, "make", &e))?;
    let claim = |uid: u32| {
        let path = folder.join(uid.to_string());
        let made = std::fs::File::create_new(&path).and_then(|mut file| file.write_all(owner.as_bytes()));
        made.is_ok() || std::fs::read_to_string(&path).is_ok_and(|other| other == owner)
    };
    host::Account::choose(environment.user.as_deref(), name, &environment.name, claim).map_err(|e| erase(&e))
}

/// Folder of an environment.
pub fn root(project: &Project, environment: &Environment, environments: &Path) -> PathBuf {
    match &environment.root {
        Some(root) => project.root.join(root),
        None => environments.join(&project.config.project).join(&environment.name),
    }
}

fn service(
    environment: &Environment,
    digest: Sha256,
    request: &Request<'_>,
    recorder: &Recorder,
) -> Result<host::Service, Problem> {
    let project = request.project;
    let root = root(project, environment, request.environments);
    let layout = host::Layout { root: root.canonicalize().map_err(|e| cannot(&root, "find", &e))? };
    let release = layout.release(&digest);
    let text = |path: &Path| path.to_string_lossy().into_owned();
    let (artifact, release, data) =
        (text(&release.join(file_name(&environment.artifact))), text(&release), text(&layout.data()));
    let values = Placeholders { artifact: &artifact, port: environment.port, release: &release, data: &data };
    Ok(host::Service {
        argv: environment.command(values),
        port: environment.port,
        env: environment.variables(values),
        account: account(project, environment, recorder)?,
        health: Some(health_of(environment)),
        hidden: vec![recorder.home().root().to_owned()],
    })
}

/// Records a deployment that a crash interrupted, and what was done about it.
fn recover(
    driver: &dyn Driver,
    like: &Deployment,
    recorder: &Recorder,
) -> Result<Option<DeploymentStage>, Problem> {
    let Some(found) = deploy::recover(driver, recorder.clock().now()).map_err(|e| erase(&e))? else {
        return Ok(None);
    };
    let note = found.note;
    let record = Deployment {
        deployment: note.deployment,
        artifact: note.artifact.clone(),
        digest: note.digest,
        decision: note.decision,
        previous: note.previous,
        actor: note.actor.clone(),
        run: None,
        started: note.started,
        ended: recorder.clock().now(),
        stages: vec![found.stage.clone()],
        result: DeploymentResult::Interrupted,
        health: None,
        address: driver.address(),
        ..like.clone()
    };
    recorder.record(&[statement(vec![Subject::sha256(&note.artifact, note.digest)], &record)?])?;
    driver.journal().clear().map_err(|e| erase(&e))?;
    Ok(Some(found.stage))
}
