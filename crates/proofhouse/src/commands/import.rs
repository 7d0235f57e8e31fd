//! `proofhouse import`: a scanner's report, from today's CI or by hand, and results of tests by people;
//! `proofhouse findings add`: one finding of a person, which goes the same way.

use std::{io::Write, path::Path};

use engine::{
    import::{self as engine_import, Imported},
    manual::Manual,
    source::{self, Source},
};
use model::{Exit, Problem};
use serde_json::json;

use crate::{
    app::{App, actor, load_project},
    args::{AddFindingArgs, Global, ImportAbout, ImportArgs, ImportCommand, ManualArgs, TestArgs},
    commands::run::severities,
    ui::{self, BOLD, DIM, WARN, println},
};

/// Largest source file that is read to find the code of a finding.
const LARGEST_SOURCE: u64 = 4 << 20;

pub fn import(global: &Global, arguments: &ImportArgs) -> Result<Exit, Problem> {
    match (&arguments.command, &arguments.report) {
        (Some(ImportCommand::Manual(arguments)), _) => by_people(global, arguments),
        (None, Some(report)) => take(global, report, &arguments.about, None),
        // The argument parser demands one of the two.
        (None, None) => Ok(Exit::Input),
    }
}

fn by_people(global: &Global, arguments: &ManualArgs) -> Result<Exit, Problem> {
    if arguments.schema {
        println!("{}", findings::MANUAL_SCHEMA.trim_end());
        return Ok(Exit::Success);
    }
    let Some(report) = &arguments.report else { return Ok(Exit::Input) };
    let manual = Manual {
        scope: arguments.scope.clone(),
        columns: arguments.column.clone(),
        ..manual(&arguments.test)
    };
    take(global, report, &arguments.about, Some(manual))
}

fn manual(test: &TestArgs) -> Manual {
    Manual {
        assessment: test.assessment.clone(),
        tester: test.tester.clone(),
        tested: test.date,
        attachments: test.attach.clone(),
        ..Manual::default()
    }
}

/// One finding of a person: written in the JSON form, and imported as every other.
pub fn add(global: &Global, arguments: &AddFindingArgs) -> Result<Exit, Problem> {
    let numbers: Option<Vec<u32>> =
        arguments.cwe.iter().map(|text| findings::normalise::cwe::parse(text)).collect();
    let cwe = numbers.ok_or_else(|| {
        Problem::new("argument", Exit::Input, "--cwe is not the number of a weakness")
            .with_hint("such as CWE-89")
    })?;
    let place = json!({
        "file": arguments.file, "url": arguments.url, "parameter": arguments.parameter, "package": arguments.package,
    });
    let report = json!({ "proofhouseManualReport": 1, "findings": [{
        "id": arguments.id, "title": arguments.title, "severity": arguments.severity.name(), "cvss": arguments.cvss,
        "cwe": cwe, "description": arguments.description, "fix": arguments.fix, "place": place,
    }] });
    let folder = tempfile::tempdir().map_err(|e| cannot_write(&e))?;
    let path = folder.path().join("finding.json");
    let mut file = std::fs::File::create(&path).map_err(|e| cannot_write(&e))?;
    file.write_all(report.to_string().as_bytes()).map_err(|e| cannot_write(&e))?;
    let mut manual = manual(&arguments.test);
    manual.tester.get_or_insert_with(actor);
    manual.tested.get_or_insert_with(|| jiff::Timestamp::now().to_zoned(jiff::tz::TimeZone::UTC).date());
    let about = ImportAbout {
        report_format: Some("manual-json".to_owned()),
        project: arguments.project.clone(),
        commit: arguments.commit.clone(),
        most: 1,
        fail_on: None,
    };
    take(global, &path, &about, Some(manual))
}

fn cannot_write(error: &std::io::Error) -> Problem {
    engine::home::cannot(&std::env::temp_dir(), "write to", error)
}

fn take(
    global: &Global,
    report: &Path,
    about: &ImportAbout,
    manual: Option<Manual>,
) -> Result<Exit, Problem> {
    let (project, here) = match &about.project {
        Some(name) => (pipeline::project_name(name).map(|()| name.clone())?, load_project(global).ok()),
        None => {
            let here = load_project(global)?;
            (here.config.project.clone(), Some(here))
        }
    };
    let here = here.filter(|here| here.config.project == project);
    let requirements = here.map(|here| here.requirements).unwrap_or_default();
    let root = Source::find(&global.directory).unwrap_or_else(|_| global.directory.clone());
    let commit = match &about.commit {
        Some(wanted) => Some(source::commit(&root, wanted)?),
        None => Source::read(&root).ok().and_then(|source| source.commit),
    };
    let app = App::open(global)?;
    let manual = match manual {
        Some(manual) => Some(Manual { by: Some(app.by(Some(&project))?), ..manual }),
        None => None,
    };
    let tree = findings::FolderTree::new(&root, LARGEST_SOURCE).ok();
    let limits = findings::Limits { findings: about.most, ..findings::Limits::default() };
    let request = engine_import::Import {
        file: report,
        format: about.report_format.as_deref(),
        project: &project,
        commit,
        limits,
        source: tree.as_ref().map(|tree| tree as &dyn findings::SourceTree),
        root: root.canonicalize().ok().map(|path| path.to_string_lossy().into_owned()),
        actor: &actor(),
        manual: manual.as_ref(),
        requirements: Some(&requirements),
    };
    let (imported, warning) = engine_import::import(&request, &app.recorder)?;
    if let Some(warning) = warning {
        ui::warning(&warning);
    }
    let known = |id: &str| requirements.contains_key(id);
    engine::requirements::unknown(&imported.scan.coverage, &known).iter().for_each(ui::warning);
    if app.json() {
        ui::json(&imported);
    } else {
        show(&imported);
    }
    let limit = about.fail_on;
    let over = limit.is_some_and(|limit| {
        model::Severity::ALL.into_iter().any(|s| s >= limit && imported.by_severity.get(s) > 0)
    });
    Ok(if over { Exit::Verdict } else { Exit::Success })
}

fn show(imported: &Imported) {
    let tool = &imported.scan.tool;
    println!(
        "{BOLD}{} {}{BOLD:#} {DIM}{}, ledger entry {}{DIM:#}: {}",
        tool.name,
        tool.version,
        imported.format,
        imported.index,
        severities(&imported.by_severity)
    );
    if let Some(manual) = &imported.manual {
        let files = ui::count(manual.attachments.len() as u64, "attachment");
        println!(
            "  {:?} by {} on {}, {files}",
            manual.name,
            manual.tester,
            super::findings::day(manual.tested)
        );
    }
    if imported.suppressed > 0 {
        println!("  {} in the report itself", ui::count(imported.suppressed, "suppression"));
    }
    // Of a tool there may be very many, which nobody reads here.
    for left_out in imported.scan.coverage.skipped.iter().filter(|_| imported.manual.is_some()).take(20) {
        println!("  {DIM}left out: {} ({}){DIM:#}", left_out.what, left_out.why);
    }
    let coverage = &imported.scan.coverage;
    if !coverage.is_complete() {
        let silent = match imported.manual {
            Some(_) => "nobody said what was looked at (--scope)",
            None => "it does not say what it covered",
        };
        let why = coverage.errors.first().map_or(silent, String::as_str);
        println!("  {WARN}not complete{WARN:#}: {why}; findings that are gone are not taken for fixed");
    }
}
