//! `proofhouse run`: build, test, scan, sign and record.

use std::{collections::HashSet, sync::Mutex};

use engine::run::{Event, Outcome, Request, Watch, run as engine_run};
use model::{
    BySeverity, Exit, Problem, ScanReport, Severity,
    predicate::{RunResult, StepRecord, StepResult},
};
use runner::schedule::Cancel;

use crate::{
    app::{App, actor, executable},
    args::{Global, RunArgs},
    ui::{self, BAD, BOLD, DIM, GOOD, WARN, eprint, eprintln, println},
};

pub fn run(global: &Global, arguments: &RunArgs) -> Result<Exit, Problem> {
    let app = App::open(global)?;
    let outcome = perform(&app, arguments, "command-line")?;
    match app.json() {
        true => ui::json(&outcome.run),
        false => summary(&outcome),
    }
    Ok(if outcome.run.result == Some(RunResult::Passed) { Exit::Success } else { Exit::Verdict })
}

/// Runs the project of the working folder and tells how it goes.
pub fn perform(app: &App, arguments: &RunArgs, trigger: &str) -> Result<Outcome, Problem> {
    let project = app.project()?;
    let cancel = Cancel::new();
    let listening = stop_on_interrupt(app, &cancel);
    let request = Request {
        project: &project,
        steps: &arguments.steps,
        jobs: arguments.jobs.unwrap_or_else(|| std::thread::available_parallelism().map_or(2, usize::from)),
        fresh: arguments.no_cache,
        update_lock: arguments.update_lock,
        platform: arguments.platform.as_deref(),
        trigger,
        actor: &actor(),
        random: rand::random(),
        cancel,
        launcher: executable()?,
    };
    let teller = Teller { quiet: app.global.quiet || app.json(), middle: Mutex::default() };
    let outcome = engine_run(&request, &app.recorder, &teller);
    listening.abort();
    outcome
}

/// The first Ctrl-C or SIGTERM ends all steps and lets the run be recorded; a second one ends at once.
fn stop_on_interrupt(app: &App, cancel: &Cancel) -> tokio::task::AbortHandle {
    let cancel = cancel.clone();
    let task = app.runtime.spawn(async move {
        let kind = tokio::signal::unix::SignalKind::terminate();
        let Ok(mut terminate) = tokio::signal::unix::signal(kind) else { return };
        tokio::select! {
            _ = tokio::signal::ctrl_c() => {}
            _ = terminate.recv() => {}
        }
        ui::note("stopping; once more to stop without recording");
        let stop = cancel.clone();
        tokio::task::spawn_blocking(move || stop.cancel());
        let _ = tokio::signal::ctrl_c().await;
        std::process::exit(130);
    });
    task.abort_handle()
}

/// Tells a run's events on stderr. Output of steps that run at the same time is kept apart by line.
struct Teller {
    quiet: bool,
    /// Steps whose last output did not end a line.
    middle: Mutex<HashSet<String>>,
}

impl Watch for Teller {
    fn event(&self, event: Event<'_>) {
        match event {
            Event::Output(..) => {}
            _ => self.end_line(),
        }
        match event {
            Event::Warning(problem) => return ui::warning(problem),
            Event::Note(text) => return ui::note(text),
            _ if self.quiet => return,
            _ => {}
        }
        match event {
            Event::Source { files, commit, dirty } => {
                let commit = commit.map_or("no commit".to_owned(), |c| c.chars().take(12).collect());
                let changed = if dirty { ", with changes that are not committed" } else { "" };
                eprintln!("{BOLD}source{BOLD:#}   {}, {commit}{changed}", ui::count(files, "file"));
            }
            Event::Begun(run) => eprintln!("{BOLD}run{BOLD:#}      {run}"),
            Event::Tool(tool) => {
                let digest = tool.digest.map_or(String::new(), |d| d.short());
                eprintln!("{BOLD}tool{BOLD:#}     {} {} {DIM}{digest}{DIM:#}", tool.name, tool.version);
            }
            Event::StepStarted(name) => eprintln!("{BOLD}step{BOLD:#}     {name} {DIM}started{DIM:#}"),
            Event::Output(step, chunk) => self.output(step, chunk),
            Event::StepEnded(record) => step_ended(record),
            Event::Scanned(report, kept) => scanned(report, kept),
            Event::Sbom(components) => {
                eprintln!("{BOLD}sbom{BOLD:#}     {}", ui::count(components as u64, "component"));
            }
            Event::Recorded(count) => {
                eprintln!(
                    "{BOLD}ledger{BOLD:#}   {} signed and recorded",
                    ui::count(count as u64, "statement")
                );
            }
            Event::Warning(_) | Event::Note(_) => {}
        }
    }
}

impl Teller {
    /// Whatever is said next begins a line of its own.
    fn end_line(&self) {
        let Ok(mut middle) = self.middle.lock() else { return };
        if !self.quiet && !middle.is_empty() {
            eprintln!();
        }
        middle.clear();
    }

    fn output(&self, step: &str, chunk: &[u8]) {
        let Ok(mut middle) = self.middle.lock() else { return };
        if middle.iter().any(|other| other != step) {
            eprintln!();
            middle.clear();
        }
        let mut fresh = !middle.contains(step);
        for piece in String::from_utf8_lossy(chunk).split_inclusive('\n') {
            if fresh {
                eprint!("{DIM}{step:>8} |{DIM:#} ");
            }
            eprint!("{}", clean(piece));
            fresh = piece.ends_with('\n');
        }
        if fresh {
            middle.remove(step)
        } else {
            middle.insert(step.to_owned())
        };
    }
}

/// A step's output must not steer the terminal: control characters but tab and newline are left out.
fn clean(text: &str) -> String {
    text.chars().filter(|c| !c.is_control() || matches!(c, '\n' | '\t')).collect()
}

fn step_ended(record: &StepRecord) {
    let seconds = (record.ended - record.started).total(jiff::Unit::Second).unwrap_or(0.0);
    let (style, word) = match record.result {
        StepResult::Passed => (GOOD, "passed"),
        StepResult::Failed => (BAD, "failed"),
        StepResult::Skipped => (WARN, "skipped"),
    };
    let how = match (record.cached, &record.message) {
        (true, _) => "from the cache".to_owned(),
        (false, Some(message)) => ui::one_line(message),
        (false, None) => format!("in {seconds:.1} s, isolated ({})", record.isolation),
    };
    eprintln!("{BOLD}step{BOLD:#}     {} {style}{word}{style:#} {how}", record.name);
}

/// One line for a scan, and its first error.
pub fn scanned(report: &ScanReport, kept: bool) {
    let mut counts = BySeverity::default();
    report.findings.iter().for_each(|finding| counts.add(finding.severity));
    let coverage = &report.coverage;
    let again = if kept { ", nothing changed since" } else { "" };
    let looked = match coverage.searched {
        Some(files) if coverage.nothing_of_its_kind() => {
            format!("{} searched, none is of its kind", ui::count(files, "file"))
        }
        _ => format!("{} of {} examined", coverage.scanned, coverage.seen),
    };
    let found = severities(&counts);
    eprintln!("{BOLD}scan{BOLD:#}     {} {DIM}{looked}{again}{DIM:#}: {found}", report.tool.name);
    if let Some(error) = report.coverage.errors.first() {
        eprintln!("         {WARN}incomplete{WARN:#}: {error}");
    }
}

/// `1 critical, 2 high`, or `nothing found`.
pub fn severities(counts: &BySeverity) -> String {
    let mut parts = Vec::new();
    for severity in Severity::ALL.into_iter().rev() {
        let number = counts.get(severity);
        if number > 0 {
            let style = ui::of_severity(severity);
            parts.push(format!("{style}{number} {severity}{style:#}"));
        }
    }
    if parts.is_empty() { "nothing found".to_owned() } else { parts.join(", ") }
}

/// The result of a run, on stdout.
pub fn summary(outcome: &Outcome) {
    let mut counts = BySeverity::default();
    outcome.scans.iter().flat_map(|scan| &scan.findings).for_each(|finding| counts.add(finding.severity));
    let passed = outcome.run.result == Some(RunResult::Passed);
    let (style, word) = if passed { (GOOD, "passed") } else { (BAD, "failed") };
    println!("{BOLD}run {}{BOLD:#} {style}{word}{style:#}", outcome.run.run);
    super::outputs::tell(&outcome.run);
    println!("  findings: {}", severities(&counts));
}
