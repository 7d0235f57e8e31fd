//! Security requirements: their file in the project, and what the ledger says of them.

use std::{collections::BTreeMap, fs, io::Write, os::unix::fs::PermissionsExt, path::Path};

mod collect;
mod decide;

use govern::{
    organisation::Permission,
    requirements::{Said, Standing, standing, threats::Change},
};
use model::{
    By, Coverage, Exit, Problem, RunId, Sha256, Subject, Timestamp,
    evidence::RequirementFacts,
    ports::LoggedStatement,
    predicate::{ManualTest, RequirementTests, Run, RunPhase},
    problem::erase,
    requirement::Requirements,
};
use pipeline::requirements as file;

pub(crate) use collect::Collector;
pub use decide::{Deciding, decide, said};

use crate::{
    home::cannot,
    project::{Project, read_bounded, told},
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

/// Puts the new requirements of a threat model at the end of the project's file, or makes it, and what the model says of
/// those that it has where they stand. The file is replaced as a whole.
///
/// # Errors
/// As [`add`].
pub fn take(root: &Path, change: &Change, colour: bool) -> Result<(), Problem> {
    let bytes = read(root)?;
    bytes.as_deref().map_or(Ok(Requirements::new()), |bytes| parse(bytes, colour))?;
    let text = bytes.as_deref().map(String::from_utf8_lossy);
    let updated = text.as_deref().map(|text| file::update(text, &change.updated)).transpose();
    let updated = updated.map_err(|e| erase(&e))?;
    let mut new = updated.clone();
    if !change.added.is_empty() {
        new = Some(file::append(updated.as_deref(), &change.added).map_err(|e| erase(&e))?);
    }
    let path = root.join(file::FILE_NAME);
    match new.filter(|new| text.as_deref() != Some(new)) {
        Some(new) => replace(&path, &new).map_err(|e| cannot(&path, "write", &e)),
        None => Ok(()),
    }
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

/// Most ids that the project does not have which are told.
const MOST_UNKNOWN: usize = 20;

/// A warning about requirements that a scan is tagged with and nobody chose.
pub fn unknown(coverage: &Coverage, known: &dyn Fn(&str) -> bool) -> Option<Problem> {
    let mut ids = coverage.requirements.keys().filter(|id| !known(id)).take(MOST_UNKNOWN).peekable();
    ids.peek()?;
    Some(unchosen("the report", ids))
}

/// Tests of a requirement that nobody chose are most likely a slip of the pen.
pub(crate) fn unchosen<'a>(whose: &str, ids: impl Iterator<Item = &'a String>) -> Problem {
    let ids: Vec<&str> = ids.map(String::as_str).collect();
    let message = format!("{whose} names {}, which is not in {}", ids.join(", "), file::FILE_NAME);
    Problem::new("requirement-unknown", Exit::Input, message)
        .with_hint("mend the id, or add it with `proofhouse requirements add`")
}

/// Whether a manual test is of what a run was made from: the same commit and nothing else.
pub(crate) fn counts(test: &ManualTest, run: &Run) -> bool {
    test.project == run.project && run.commit.as_ref() == Some(&test.commit) && !run.dirty
}

/// Every requirement with how far it is.
pub fn standings(
    requirements: &Requirements,
    tests: &Tests,
    said: &Said,
    now: Timestamp,
) -> BTreeMap<String, Standing> {
    let one = |(id, one): (&String, _)| (id.clone(), standing(id, one, tests.get(id), said, now));
    requirements.iter().map(one).collect()
}

/// The requirements of a milestone as a gate sees them.
pub(crate) fn facts(
    requirements: &Requirements,
    milestone: &str,
    tests: &Tests,
    said: &Said,
    now: Timestamp,
) -> Vec<RequirementFacts> {
    let demanded = requirements.iter().filter(|(_, one)| one.is_in(milestone));
    demanded
        .map(|(id, one)| {
            let Standing { state, because } = standing(id, one, tests.get(id), said, now);
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
    /// What its tests, and manual tests of its commit, say; only of statements that verify.
    pub tests: Tests,
}

/// The newest finished run of a project, whether it passed or not, and what is known of requirements for it.
///
/// # Errors
/// The database or the ledger cannot be read, or the ledger was changed.
pub fn latest(project: &Project, recorder: &Recorder) -> Result<Option<Latest>, Problem> {
    let name = &project.config.project;
    let Some((id, started)) = recorder.projection().latest_run(name, false, None)? else { return Ok(None) };
    let now = recorder.clock().now();
    let from = recorder.since(crate::gate::oldest(project, now))?.min(started);
    recorder.confirm(from)?;
    let mut run = None;
    for logged in recorder.from(started)? {
        let found = logged?.statement.decode::<Run>().and_then(Result::ok);
        if let Some(found) = found.filter(|found| (found.run, found.phase) == (id, RunPhase::Finished)) {
            run = Some(found);
            break;
        }
    }
    let Some(run) = run else { return Ok(None) };
    let mut collector = Collector::of(&run, recorder)?;
    for logged in recorder.from(from)? {
        let logged = logged?;
        collector.add(&logged, || recorder.check(logged.index, now) == (true, true));
    }
    let (tests, _) = collector.finish();
    Ok(Some(Latest { run: id, commit: run.commit, tests }))
}

/// Requirements of a project as a run had them, without the project's folder.
#[derive(Clone, Debug)]
pub struct Demanded {
    /// The run.
    pub run: Run,
    /// Ledger index of its end.
    pub index: u64,
    /// What its file demands; empty when the run had none.
    pub requirements: Requirements,
    /// Why the file cannot be read, when it cannot.
    pub unreadable: Option<String>,
    /// What its tests, and manual tests of its commit, say; only of statements that verify.
    pub tests: Tests,
    /// What people decided about its requirements.
    pub said: Said,
    /// Ledger indices of the statements that say something about each requirement.
    pub evidence: BTreeMap<String, Vec<u64>>,
}

/// The requirements of the run that ended at a ledger index; `tests` are where the database has its test results
/// and the scans that may be about it.
///
/// # Errors
/// The entry is not the end of a run that verifies, or the ledger or the database cannot be read.
pub fn demanded(end: u64, tests: &[u64], recorder: &Recorder) -> Result<Demanded, Problem> {
    let now = recorder.clock().now();
    let verified = |index: u64| -> Result<Option<LoggedStatement>, Problem> {
        let logged = recorder.row(index)?;
        Ok((recorder.check(index, now) == (true, true)).then_some(logged))
    };
    let found = verified(end)?.and_then(|logged| logged.statement.decode::<Run>()?.ok());
    let run = found.filter(|run| run.phase == RunPhase::Finished).ok_or_else(|| {
        let message = format!("ledger entry {end} is not the end of a run that verifies");
        Problem::new("run-unproven", Exit::Integrity, message).with_hint("see `proofhouse ledger verify`")
    })?;
    let mut indices: Vec<u64> = recorder.projection().of_kind("manual-test")?;
    indices.extend(tests);
    indices.sort_unstable();
    indices.dedup();
    let mut collector = Collector::of(&run, recorder)?;
    for index in indices {
        let logged = recorder.row(index)?;
        collector.add(&logged, || recorder.check(index, now) == (true, true));
    }
    let (tests, mut evidence) = collector.finish();
    let said = said(&run.project, None, recorder)?;
    for (id, decisions) in &said.decisions {
        evidence.entry(id.clone()).or_default().extend(decisions.iter().map(|signed| signed.index));
    }
    let (requirements, unreadable) = match run.rules.get(file::FILE_NAME).map(|hash| kept(hash, recorder)) {
        None => (Requirements::new(), None),
        Some(Ok(requirements)) => (requirements, None),
        Some(Err(why)) => (Requirements::new(), Some(why)),
    };
    Ok(Demanded { run, index: end, requirements, unreadable, tests, said, evidence })
}

/// The file of a run, from the blobs; in words why it is not there.
fn kept(hash: &Sha256, recorder: &Recorder) -> Result<Requirements, String> {
    use std::io::Read as _;
    let blob = recorder.blobs().open(hash).map_err(|_| "its text is not kept here".to_owned())?;
    let mut bytes = Vec::new();
    let read = blob.take(pipeline::MAX_BYTES as u64 + 1).read_to_end(&mut bytes);
    read.map_err(|e| format!("its text cannot be read: {e}"))?;
    if Sha256::of(&bytes) != *hash {
        return Err("its text was changed".to_owned());
    }
    parse(&bytes, false).map_err(|problem| problem.message)
}

/// Largest file that shows the result of a manual test.
pub const LARGEST_EVIDENCE: u64 = 64 << 20;

/// A test by hand of what the project's folder is at.
pub struct Attested<'a> {
    /// The requirement.
    pub id: &'a str,
    /// Whether it holds.
    pub passed: bool,
    /// The file that shows it.
    pub evidence: &'a Path,
    /// What was done.
    pub reason: &'a str,
    /// Who did it.
    pub by: By,
}

/// Records a manual test of the commit that the project's folder is at. Gives its ledger index.
///
/// # Errors
/// There is no such requirement or no commit, the evidence cannot be read or is empty or too large, or it
/// cannot be recorded.
pub fn attest(project: &Project, what: Attested<'_>, recorder: &Recorder) -> Result<u64, Problem> {
    let refuse = |code, message: String, hint: &str| Problem::new(code, Exit::Input, message).with_hint(hint);
    if !project.requirements.contains_key(what.id) {
        let message = format!("{} has no requirement {:?}", file::FILE_NAME, what.id);
        return Err(refuse("requirement-unknown", message, "`proofhouse requirements list` shows all"));
    }
    let commit = crate::source::head(&project.root)?.ok_or_else(|| {
        let message = "this folder is at no commit, and a manual test is of one".to_owned();
        refuse("commit-missing", message, "commit first")
    })?;
    crate::people::allowed(&what.by, Permission::EnterResult, "enter results of tests", recorder)?;
    let bytes = read_bounded(what.evidence, LARGEST_EVIDENCE + 1)?;
    if bytes.is_empty() || bytes.len() as u64 > LARGEST_EVIDENCE {
        let message = format!("{} is empty or has more than 64 MiB", what.evidence.display());
        return Err(refuse("evidence-unusable", message, "give the report or picture that shows the result"));
    }
    let evidence = recorder.put(&bytes)?;
    let name = what.evidence.file_name().unwrap_or_default().to_string_lossy();
    let test = ManualTest {
        project: project.config.project.clone(),
        requirement: what.id.to_owned(),
        passed: what.passed,
        commit: commit.clone(),
        evidence,
        file: name.chars().filter(|c| !c.is_control()).collect(),
        reason: what.reason.to_owned(),
        by: what.by,
        at: recorder.clock().now(),
    };
    let subjects =
        vec![Subject::named("commit", "gitCommit", commit), Subject::sha256(&test.file, test.evidence.hash)];
    let (logged, _) = recorder.record(&[crate::statements::statement(subjects, &test)?])?;
    Ok(logged.first().map_or(0, |entry| entry.index))
}
