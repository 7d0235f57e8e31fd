//! What a run made, looked into: the programs among the outputs of its build and package steps.

use std::{collections::BTreeMap, io};

use model::{Digest, Problem, ScanReport, predicate::Binary, predicate::StepResult, problem::erase};
use pipeline::StepKind;
use runner::{Cas, Folder, tree::Entry};

use super::steps::Ended;

/// Checks the security settings of every program that the steps made, also in folders; `None` when they made nothing.
///
/// # Errors
/// An output folder cannot be read.
pub(super) fn check(ended: &[Ended], cas: &Cas) -> Result<Option<(ScanReport, Vec<Binary>)>, Problem> {
    let (mut files, mut fetched) = (BTreeMap::new(), Vec::new());
    let making = ended.iter().filter(|step| {
        matches!(step.step.kind, StepKind::Build | StepKind::Package)
            && step.record.result == StepResult::Passed
    });
    for (step, output) in making.flat_map(|step| step.record.outputs.iter().map(move |o| (step, o))) {
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
    Ok(Some(scan(&files, &fetched, cas)))
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
