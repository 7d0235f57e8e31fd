//! `proofhouse scan`: the built-in checks alone, on any folder, recorded.

use engine::{
    project::Project,
    source::{CONFIG, Source},
};
use model::{Exit, Problem, Severity};

use crate::{
    app::App,
    args::Global,
    commands::{findings, run},
    ui,
};

pub fn scan(global: &Global) -> Result<Exit, Problem> {
    let app = App::open(global)?;
    let project = project(&app)?;
    let (report, logged) = engine::scan::scan(&project, &app.recorder, &ui::note)?;
    if app.json() {
        ui::json(&report);
    } else {
        let mut all: Vec<_> = report.iter().flat_map(|scan| scan.findings.clone()).collect();
        all.sort_by(|a, b| b.severity.cmp(&a.severity).then_with(|| a.place.label().cmp(&b.place.label())));
        findings::table(&all);
        for scan in &report {
            run::scanned(scan, false);
        }
        ui::note(&format!("{} recorded", ui::count(logged, "statement")));
    }
    let worst = report.iter().flat_map(|scan| &scan.findings).map(|finding| finding.severity).max();
    Ok(if worst >= Some(Severity::High) { Exit::Verdict } else { Exit::Success })
}

/// The project of the working folder; without a configuration, the folder itself with defaults.
fn project(app: &App) -> Result<Project, Problem> {
    match Source::find(&app.global.directory) {
        Ok(_) => app.project(),
        Err(_) => {
            ui::note(&format!("there is no {CONFIG}; every built-in check is used"));
            Project::bare(&app.global.directory)
        }
    }
}
