//! The evidence of one artifact, as a file that others verify without us.

use std::collections::{BTreeMap, BTreeSet};

use attest::verify::{Failure, Which};
use model::{
    Problem, RunId, Sha256,
    ports::LoggedStatement,
    predicate::{Deployment, DeploymentResult},
    problem::erase,
};

use crate::{record::Recorder, ship};

/// All statements about an artifact and about the runs that made it, one bundle a line.
///
/// # Errors
/// Nothing is known about it, or the ledger cannot be read.
pub fn of_artifact(digest: Sha256, recorder: &Recorder) -> Result<Vec<u8>, Problem> {
    let indices: Vec<u64> = about(digest, recorder)?.iter().map(|logged| logged.index).collect();
    ship::evidence(&indices, recorder)
}

/// All statements about an artifact and about the runs that made it, oldest first. Nothing is verified.
///
/// # Errors
/// Nothing is known about it, or the ledger cannot be read.
pub fn about(digest: Sha256, recorder: &Recorder) -> Result<Vec<LoggedStatement>, Problem> {
    let runs: BTreeSet<String> = recorder.projection().makers(digest)?.iter().map(RunId::to_string).collect();
    // What was brought before the first run, or where no run of ours made it.
    let mut found = BTreeMap::new();
    for index in recorder.projection().about(digest)? {
        found.insert(index, recorder.entry(index)?);
    }
    if let Some(first) = first_run(digest, recorder)? {
        for logged in recorder.from(first)? {
            let logged = logged?;
            if concerns(&logged, &BTreeSet::from([digest]), &runs) {
                found.insert(logged.index, logged);
            }
        }
    }
    if found.is_empty() {
        return Err(unknown(digest));
    }
    Ok(found.into_values().collect())
}

/// All statements about the artifact of a deployment, one bundle a line. Nothing is verified.
///
/// # Errors
/// There is no such deployment, or the ledger cannot be read.
pub fn of_deployment(which: &Which, recorder: &Recorder) -> Result<Vec<u8>, Problem> {
    let meant = |deployment: &Deployment| match which {
        Which::Id(id) => deployment.deployment == *id,
        Which::Active { environment, project } => {
            deployment.environment == *environment
                && project.as_ref().is_none_or(|project| deployment.project == *project)
        }
    };
    // Of a project's deployments before the last that went well nobody asks; what came after it may have
    // changed that.
    let (mut digests, mut settled) = (BTreeSet::new(), BTreeSet::new());
    for index in (0..recorder.size()).rev() {
        let Some(Ok(found)) = recorder.row(index)?.statement.decode::<Deployment>() else { continue };
        if meant(&found) && !settled.contains(&found.project) {
            digests.insert(found.digest);
            if found.result == DeploymentResult::Deployed {
                settled.insert(found.project);
            }
        }
    }
    if digests.is_empty() {
        let which = match which {
            Which::Id(id) => id.to_string(),
            Which::Active { environment, .. } => environment.clone(),
        };
        return Err(erase(&Failure::NoDeployment(which)));
    }
    let mut indices = BTreeSet::new();
    for digest in digests {
        indices.extend(about(digest, recorder)?.iter().map(|logged| logged.index));
    }
    ship::evidence(&indices.into_iter().collect::<Vec<_>>(), recorder)
}

/// Ledger index of the first statement of the first run that made an artifact.
///
/// # Errors
/// No run made it, or the database cannot be read.
pub fn beginning(digest: Sha256, recorder: &Recorder) -> Result<u64, Problem> {
    first_run(digest, recorder)?.ok_or_else(|| unknown(digest))
}

fn first_run(digest: Sha256, recorder: &Recorder) -> Result<Option<u64>, Problem> {
    let projection = recorder.projection();
    let mut starts = Vec::new();
    for run in projection.makers(digest)? {
        starts.extend(projection.run_start(run)?);
    }
    Ok(starts.into_iter().min())
}

fn unknown(digest: Sha256) -> Problem {
    let message = format!("this installation knows no artifact sha256:{digest}");
    Problem::new("artifact-unknown", model::Exit::Verdict, message)
        .with_hint("give its evidence with --bundle and the trust file with --trust")
}

/// About one of the artifacts, or part of a run that made it.
pub(crate) fn concerns(
    logged: &LoggedStatement,
    artifacts: &BTreeSet<Sha256>,
    runs: &BTreeSet<String>,
) -> bool {
    let statement = &logged.statement;
    let predicate = &statement.predicate;
    let paths = ["/run", "/proofhouse/run"];
    let run = paths.iter().find_map(|path| predicate.pointer(path)?.as_str());
    statement.subject.iter().any(|s| s.sha256_digest().is_some_and(|digest| artifacts.contains(&digest)))
        || run.is_some_and(|run| runs.contains(run))
}
