//! Security requirements: their file in the project, and what the ledger says of them.

use std::{collections::BTreeMap, fs, io::Write, os::unix::fs::PermissionsExt, path::Path};

use govern::requirements::{Standing, standing};
use model::{
    Exit, Problem, RunId, Statement, Timestamp,
    evidence::RequirementFacts,
    predicate::{RequirementTests, Run, RunPhase, TestResult},
    problem::erase,
    requirement::Requirements,
};
use pipeline::requirements as file;

use crate::{
    home::cannot,
    project::{read_bounded, told},
    record::Recorder,
};

/// Tests by the requirement that they name.
pub type Tests = BTreeMap<String, RequirementTests>;

/// The bytes of the project's file; `None` when it has none.
///
/// # Errors
/// It is there and is not a file that can be read.
pub fn read(root: &Path) -> Result<Option<Vec<u8>>, Problem> {
    let path = root.join(file::FILE_NAME);
    match fs::symlink_metadata(&path) {
        Err(e) if e.kind() == std::io::ErrorKind::NotFound => Ok(None),
        // A link could stand for a file that is not of this commit.
        Ok(meta) if meta.is_symlink() => {
            let message = format!("{} is a symbolic link", file::FILE_NAME);
            Err(Problem::new("not-a-file", Exit::Input, message).with_hint("put the file itself there"))
        }
        _ => read_bounded(&path, pipeline::MAX_BYTES as u64 + 1).map(Some),
    }
}

/// The requirements in the bytes of a file.
///
/// # Errors
/// Every problem with it, rendered.
pub fn parse(bytes: &[u8], colour: bool) -> Result<Requirements, Problem> {
    file::parse_bytes(bytes, file::FILE_NAME).map_err(|all| told(&all, colour))
}

/// Puts requirements at the end of the project's file, or makes it; those it has already stay as they are.
/// Gives the ids that are new. The file is replaced as a whole.
///
/// # Errors
/// The file is not valid, is written in a way that nothing can be added to, or cannot be written.
pub fn add(root: &Path, new: &Requirements, colour: bool) -> Result<Vec<String>, Problem> {
    let bytes = read(root)?;
    let known = bytes.as_deref().map_or(Ok(Requirements::new()), |bytes| parse(bytes, colour))?;
    let added: Vec<String> = new.keys().filter(|id| !known.contains_key(*id)).cloned().collect();
    if !added.is_empty() {
        // It was read as UTF-8 above.
        let text = bytes.as_deref().map(String::from_utf8_lossy);
        let text = file::append(text.as_deref(), new).map_err(|e| erase(&e))?;
        let path = root.join(file::FILE_NAME);
        replace(&path, &text).map_err(|e| cannot(&path, "write", &e))?;
    }
    Ok(added)
}

/// The new file is there completely, or the old one still is.
fn replace(path: &Path, text: &str) -> std::io::Result<()> {
    let mut half = tempfile::NamedTempFile::new_in(path.parent().unwrap_or(Path::new(".")))?;
    half.write_all(text.as_bytes())?;
    let mode = fs::metadata(path).map_or(0o644, |meta| meta.permissions().mode());
    half.as_file().set_permissions(fs::Permissions::from_mode(mode))?;
    half.as_file().sync_data()?;
    half.persist(path).map(drop).map_err(|e| e.error)
}

/// Adds what a test result says of requirements; other statements say nothing.
///
/// A step that broke without naming a failed test has not told everything: what passed in it has not run to
/// its end.
pub fn collect(statement: &Statement, into: &mut Tests) {
    let Some(Ok(test)) = statement.decode::<TestResult>() else { return };
    let broke = test.result != "PASSED" && test.failed_tests.is_empty();
    for (id, mut tests) in test.proofhouse.requirements {
        if broke {
            tests.skipped.append(&mut tests.passed);
        }
        into.entry(id).or_default().add(tests);
    }
}

/// Every requirement with how far it is.
pub fn standings(requirements: &Requirements, tests: &Tests, now: Timestamp) -> BTreeMap<String, Standing> {
    requirements.iter().map(|(id, one)| (id.clone(), standing(one, tests.get(id), now))).collect()
}

/// The requirements of a milestone as a gate sees them.
pub(crate) fn facts(
    requirements: &Requirements,
    milestone: &str,
    tests: &Tests,
    now: Timestamp,
) -> Vec<RequirementFacts> {
    let demanded = requirements.iter().filter(|(_, one)| one.is_in(milestone));
    demanded
        .map(|(id, one)| {
            let Standing { state, because } = standing(one, tests.get(id), now);
            RequirementFacts { id: id.clone(), state, because }
        })
        .collect()
}

/// What the newest run of a project says.
#[derive(Clone, Debug)]
pub struct Latest {
    /// The run.
    pub run: RunId,
    /// Its commit.
    pub commit: Option<String>,
    /// What its tests say; only of statements that verify.
    pub tests: Tests,
}

/// The newest finished run of a project, whether it passed or not, and what its tests say of requirements.
///
/// # Errors
/// The database or the ledger cannot be read, or the ledger was changed.
pub fn latest(project: &str, recorder: &Recorder) -> Result<Option<Latest>, Problem> {
    let Some((run, from)) = recorder.projection().latest_run(project, false, None)? else { return Ok(None) };
    let now = recorder.clock().now();
    let mut latest = Latest { run, commit: None, tests: Tests::new() };
    recorder.confirm(from)?;
    for logged in recorder.from(from)? {
        let logged = logged?;
        let of_run = logged.statement.decode::<TestResult>().and_then(Result::ok);
        if of_run.is_some_and(|test| test.proofhouse.context.run == run)
            && recorder.check(logged.index, now) == (true, true)
        {
            collect(&logged.statement, &mut latest.tests);
        }
        let finished = logged.statement.decode::<Run>().and_then(Result::ok);
        if let Some(finished) = finished.filter(|r| r.run == run && r.phase == RunPhase::Finished) {
            latest.commit = finished.commit;
            break;
        }
    }
    Ok(Some(latest))
}
