//! `proofhouse import`: a scanner's report, from today's CI or by hand.

use engine::{
    import as engine_import,
    source::{self, Source},
};
use model::{Exit, Problem};

use crate::{
    app::{App, actor, load_project},
    args::{Global, ImportArgs},
    commands::run::severities,
    ui::{self, BOLD, DIM, WARN, println},
};

/// Largest source file that is read to find the code of a finding.
const LARGEST_SOURCE: u64 = 4 << 20;

pub fn import(global: &Global, arguments: &ImportArgs) -> Result<Exit, Problem> {
    let project = match &arguments.project {
        Some(name) => pipeline::project_name(name).map(|()| name.clone())?,
        None => load_project(global)?.config.project,
    };
    let root = Source::find(&global.directory).unwrap_or_else(|_| global.directory.clone());
    let commit = match &arguments.commit {
        Some(wanted) => Some(source::commit(&root, wanted)?),
        None => Source::read(&root).ok().and_then(|source| source.commit),
    };
    let app = App::open(global)?;
    let tree = findings::FolderTree::new(&root, LARGEST_SOURCE).ok();
    let limits = findings::Limits { findings: arguments.most, ..findings::Limits::default() };
    let request = engine_import::Import {
        file: &arguments.report,
        format: arguments.report_format.as_deref(),
        project: &project,
        commit,
        limits,
        source: tree.as_ref().map(|tree| tree as &dyn findings::SourceTree),
        root: root.canonicalize().ok().map(|path| path.to_string_lossy().into_owned()),
        actor: &actor(),
    };
    let (imported, warning) = engine_import::import(&request, &app.recorder)?;
    if let Some(warning) = warning {
        ui::warning(&warning);
    }
    if app.json() {
        ui::json(&imported);
    } else {
        let tool = &imported.scan.tool;
        println!(
            "{BOLD}{} {}{BOLD:#} {DIM}{}, ledger entry {}{DIM:#}: {}",
            tool.name,
            tool.version,
            imported.format,
            imported.index,
            severities(&imported.by_severity)
        );
        if imported.suppressed > 0 {
            println!("  {} in the report itself", ui::count(imported.suppressed, "suppression"));
        }
        if !imported.scan.coverage.is_complete() {
            let why = imported
                .scan
                .coverage
                .errors
                .first()
                .map_or("it does not say what it covered", String::as_str);
            println!("  {WARN}not complete{WARN:#}: {why}; findings that are gone are not taken for fixed");
        }
    }
    let limit = arguments.fail_on;
    let over = limit.is_some_and(|limit| {
        model::Severity::ALL.into_iter().any(|s| s >= limit && imported.by_severity.get(s) > 0)
    });
    Ok(if over { Exit::Verdict } else { Exit::Success })
}
