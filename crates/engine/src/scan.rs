//! The built-in checks alone, recorded outside of any run.

use std::sync::Arc;

use model::{
    Problem, ScanReport, Subject,
    predicate::{Origin, ScanTarget},
    problem::erase,
};
use runner::Cas;

use crate::{
    builtin::{self, Basis},
    project::Project,
    record::Recorder,
    run::take,
    scans::{self, About},
    source::{Source, differs},
    statements,
    tree::SnapshotTree,
};

/// Scans a project's folder as it is now. Returns the reports and the number of statements recorded;
/// `note` is told what else there is to say.
///
/// # Errors
/// The folder cannot be read or the results cannot be recorded.
pub fn scan(
    project: &Project,
    recorder: &Recorder,
    note: &dyn Fn(&str),
) -> Result<(Vec<ScanReport>, u64), Problem> {
    let home = recorder.home();
    let cas = Arc::new(Cas::open(home.cache().join("cas")).map_err(|e| erase(&e))?);
    let source = Source::read(&project.root)?;
    let snapshot = take(&source, &cas, &home.cache())?;
    let started = recorder.clock().now();
    let tree = SnapshotTree::new(&cas, &snapshot.folder, &project.config.scans.exclude);
    let basis = Basis {
        tree: snapshot.root.hash,
        scans: &project.config.scans,
        program: builtin::program(recorder.executable())?,
        advisories: builtin::advisories(home)?,
        project: &project.config.project,
    };
    let builtin::Checked { result, changed, .. } = builtin::check(&tree, &basis, home, started, false)?;
    if let Some(sentence) = changed {
        note(&sentence);
    }
    let mut subject = Subject::sha256("source", snapshot.root.hash);
    // A folder with changes is not its commit: evidence about it must not count for the commit.
    let dirty = differs(&source, &snapshot, &cas)?;
    let commit = source.commit.filter(|_| !dirty);
    if let Some(commit) = &commit {
        subject.digest.insert("gitCommit".to_owned(), commit.clone());
    }
    let about = About {
        project: project.config.project.clone(),
        run: None,
        deployment: None,
        subjects: vec![subject],
        target: ScanTarget { stream: "source".to_owned(), commit },
        origin: Origin::BuiltIn,
        manual: None,
        binaries: vec![],
        started,
    };
    let mut statements = Vec::new();
    for report in &result.reports {
        statements.push(scans::statement_of(report, &about, recorder)?);
    }
    let found = (result.technologies, result.technology_gaps);
    let uses = statements::technologies(&project.config.project, None, found, recorder.clock().now());
    statements.push(statements::statement(about.subjects.clone(), &uses)?);
    let (logged, _) = recorder.record(&statements)?;
    Ok((result.reports, logged.len() as u64))
}
