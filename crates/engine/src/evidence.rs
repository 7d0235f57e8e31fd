//! The evidence of one artifact, as a file that others verify without us.

use std::collections::BTreeSet;

use model::{Problem, RunId, Sha256, ports::LoggedStatement};

use crate::{record::Recorder, ship};

/// All statements about an artifact and about the runs that made it, one bundle a line.
///
/// # Errors
/// Nothing is known about it, or the ledger cannot be read.
pub fn of_artifact(digest: Sha256, recorder: &Recorder) -> Result<Vec<u8>, Problem> {
    let projection = recorder.projection();
    let runs = projection.makers(digest)?;
    let mut starts = Vec::new();
    for run in &runs {
        starts.extend(projection.run_start(*run)?);
    }
    let runs: BTreeSet<String> = runs.iter().map(RunId::to_string).collect();
    // What was brought before the first run, or where no run of ours made it.
    let mut indices = BTreeSet::from_iter(projection.about(digest)?);
    if let Some(first) = starts.into_iter().min() {
        for logged in recorder.from(first)? {
            let logged = logged?;
            if concerns(&logged, digest, &runs) {
                indices.insert(logged.index);
            }
        }
    }
    let indices: Vec<u64> = indices.into_iter().collect();
    if indices.is_empty() {
        let message = format!("this installation knows no artifact sha256:{digest}");
        return Err(Problem::new("artifact-unknown", model::Exit::Verdict, message)
            .with_hint("give its evidence with --bundle and the trust file with --trust"));
    }
    ship::evidence(&indices, recorder)
}

/// About the artifact, or part of a run that made it.
fn concerns(logged: &LoggedStatement, digest: Sha256, runs: &BTreeSet<String>) -> bool {
    let statement = &logged.statement;
    let predicate = &statement.predicate;
    let paths = ["/run", "/proofhouse/run"];
    let run = paths.iter().find_map(|path| predicate.pointer(path)?.as_str());
    statement.subject.iter().any(|s| s.sha256_digest() == Some(digest))
        || run.is_some_and(|run| runs.contains(run))
}
