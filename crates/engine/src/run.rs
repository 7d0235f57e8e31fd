//! A run: snapshot, pinned tools, steps in the sandbox, built-in checks, statements.
//!
//! A run writes to the ledger twice: when its plan is fixed, and when everything is over (all
//! statements of its results and its end in one append). Whatever happens between leaves either
//! nothing or a run that is recorded as interrupted; finished steps are in the action cache, so the
//! next run goes on where it stopped.

mod conclude;
mod made;
mod network;
mod prepare;
mod seen;
mod steps;

use std::path::PathBuf;

use model::{
    Problem, RunId, ScanReport, Timestamp, ToolRef,
    predicate::{Run, StepRecord},
};
use runner::schedule::Cancel;

pub(crate) use prepare::not_of_the_source;
pub use prepare::{Prepared, prepare, take};
pub use seen::MOST_PROCESSES;

use crate::{
    active::Active,
    builtin::{self, BuiltIn},
    project::Project,
    record::Recorder,
};

/// What is asked for.
pub struct Request<'a> {
    /// Project.
    pub project: &'a Project,
    /// Only these steps and what they need; empty: all.
    pub steps: &'a [String],
    /// Steps at one time.
    pub jobs: usize,
    /// Do not use kept results.
    pub fresh: bool,
    /// Accept tools that differ from the lock file, and write the new one.
    pub update_lock: bool,
    /// URI of the build platform that this machine is part of, as its operator says.
    pub platform: Option<&'a str>,
    /// What started it.
    pub trigger: &'a str,
    /// Who asks.
    pub actor: &'a str,
    /// Ten random bytes, for the id.
    pub random: [u8; 10],
    /// Stops everything when set.
    pub cancel: Cancel,
    /// Executable that can be the sandbox's launcher.
    pub launcher: PathBuf,
}

/// What a run tells while it goes on.
pub enum Event<'a> {
    /// The snapshot is taken.
    Source {
        /// Files in it.
        files: u64,
        /// Commit.
        commit: Option<&'a str>,
        /// Differs from the commit.
        dirty: bool,
    },
    /// The run has an id.
    Begun(RunId),
    /// A tool is verified.
    Tool(&'a ToolRef),
    /// A step begins.
    StepStarted(&'a str),
    /// A step prints; secrets are masked.
    Output(&'a str, &'a [u8]),
    /// A step has ended.
    StepEnded(&'a StepRecord),
    /// A scan has ended; the flag says whether its result was kept from before.
    Scanned(&'a ScanReport, bool),
    /// The SBOM is made, of this many components.
    Sbom(usize),
    /// Statements are in the ledger.
    Recorded(usize),
    /// Something that does not stop the run.
    Warning(&'a Problem),
    /// A remark.
    Note(&'a str),
}

/// Sees a run go on; called from several threads.
pub trait Watch: Sync {
    /// Something happened.
    fn event(&self, event: Event<'_>);
}

/// A finished run.
#[derive(Clone, Debug)]
pub struct Outcome {
    /// Its record.
    pub run: Run,
    /// Scans of it, built in and of steps.
    pub scans: Vec<ScanReport>,
    /// Ledger index of its first statement.
    pub from: u64,
}

/// Runs a project.
///
/// # Errors
/// The run could not be made or recorded. A step that fails is a result.
pub fn run(request: &Request<'_>, recorder: &Recorder, watch: &dyn Watch) -> Result<Outcome, Problem> {
    let prepared = prepare(request, recorder, watch)?;
    let started = prepared.begin(request, recorder.clock().now());
    watch.event(Event::Begun(started.run));
    let active = Active::begin(recorder.home(), &started)?;
    let (logged, warning) = recorder
        .record(&[crate::statements::statement(vec![prepared.facts(&started).source()], &started)?])?;
    if let Some(warning) = warning {
        watch.event(Event::Warning(&warning));
    }
    let from = logged.first().map_or(0, |entry| entry.index);
    let (steps, checks) = both(request, &prepared, &started, recorder, watch)?;
    let outcome = conclude::conclude(request, &prepared, started, steps, checks, recorder, watch)?;
    active.end();
    Ok(Outcome { from, ..outcome })
}

/// The steps and the built-in checks, side by side.
fn both(
    request: &Request<'_>,
    prepared: &Prepared,
    started: &Run,
    recorder: &Recorder,
    watch: &dyn Watch,
) -> Result<(Vec<steps::Ended>, Checked), Problem> {
    let begun = recorder.clock().now();
    std::thread::scope(|scope| {
        let checks = scope.spawn(|| check(request, prepared, recorder, watch));
        let steps = steps::run(request, prepared, started, recorder, watch);
        let checks = checks.join().unwrap_or_else(|_| {
            Err(Problem::new("checks-panicked", model::Exit::Environment, "a built-in check ended by a bug"))
        });
        let (result, kept) = checks?;
        Ok((steps?, Checked { result, kept, begun }))
    })
}

/// Results of the built-in checks.
struct Checked {
    result: BuiltIn,
    kept: bool,
    begun: Timestamp,
}

fn check(
    request: &Request<'_>,
    prepared: &Prepared,
    recorder: &Recorder,
    watch: &dyn Watch,
) -> Result<(BuiltIn, bool), Problem> {
    let tree = prepared.tree(&request.project.config.scans.exclude);
    let basis = prepared.basis(request.project, recorder)?;
    let now = recorder.clock().now();
    let builtin::Checked { result, kept, changed } =
        builtin::check(&tree, &basis, recorder.home(), now, request.fresh)?;
    if let Some(sentence) = changed {
        watch.event(Event::Note(&sentence));
    }
    for report in &result.reports {
        watch.event(Event::Scanned(report, kept));
    }
    if let Some(bom) = &result.bom {
        watch.event(Event::Sbom(bom["components"].as_array().map_or(0, Vec::len)));
    }
    Ok((result, kept))
}
