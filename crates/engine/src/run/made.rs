//! What a run made, looked into: the programs among the outputs of its build and package steps.

use std::{collections::BTreeMap, io};

use model::{Digest, Problem, ScanReport, predicate::Binary, predicate::StepResult, problem::erase};
use pipeline::{StepKind, config::Step};
use runner::{Cas, Folder, tree::Entry};

use super::steps::Ended;

/// Checks the security settings of every program that the steps made, also in folders; `None` when they made nothing.
/// When not every making step of the project (`steps`) has passed, the check is not complete: what is not there was
/// not mended.
///
/// # Errors
/// An output folder cannot be read.
pub(super) fn check(
    ended: &[Ended],
    steps: &[Step],
    cas: &Cas,
) -> Result<Option<(ScanReport, Vec<Binary>)>, Problem> {
    let (mut files, mut fetched) = (BTreeMap::new(), Vec::new());
    let makes = |kind: StepKind| matches!(kind, StepKind::Build | StepKind::Package);
    let making: Vec<&Ended> = ended
        .iter()
        .filter(|step| makes(step.step.kind) && step.record.result == StepResult::Passed)
        .collect();
    for (step, output) in making.iter().flat_map(|step| step.record.outputs.iter().map(move |o| (step, o))) {
        if !output.directory {
            files.insert(output.path.clone(), output.digest);
        } else if step.step.network.is_empty() {
            let folder = Folder::load(cas, &output.digest).map_err(|e| erase(&e))?;
            folder.walk(&mut |path, entry| {
                if let Entry::File { digest, .. } = entry {
                    files.insert(format!("{}/{path}", output.path), *digest);
                }
            });
        } else {
            fetched.push(&output.path);
        }
    }
    if files.is_empty() && fetched.is_empty() {
        return Ok(None);
    }
    let (mut report, binaries) = scan(&files, &fetched, cas);
    let passed = |name: &str| making.iter().any(|step| step.step.name == name);
    for step in steps.iter().filter(|step| makes(step.kind) && !passed(&step.name)) {
        report.coverage.error(format!("the step {} made nothing in this run", step.name));
    }
    Ok(Some((report, binaries)))
}

fn scan(files: &BTreeMap<String, Digest>, fetched: &[&String], cas: &Cas) -> (ScanReport, Vec<Binary>) {
    let paths: Vec<String> = files.keys().cloned().collect();
    let open = |path: &str| -> io::Result<Box<dyn io::Read>> {
        let digest = files.get(path).ok_or(io::ErrorKind::NotFound)?;
        Ok(Box::new(cas.open_blob(digest).map_err(io::Error::other)?))
    };
    let (mut report, binaries) = checks::hardening::scan(&paths, &open);
    // What is fetched is material: others built it. It is told, because it may be what is run in the end.
    for path in fetched {
        report.coverage.skip(*path, "a folder that a step with network filled");
    }
    (report, binaries)
}
