//! `proofhouse reproduce`: whether building again gives the same bytes.

use attest::Trust;
use engine::{gate::choose_run, reproduce};
use model::{
    Exit, Problem,
    predicate::{Reproduction, RunResult},
    problem::erase,
};

use super::{run, verify::read};
use crate::{
    app::App,
    args::{Global, ReproduceArgs, RunArgs},
    ui::{self, BAD, BOLD, DIM, GOOD, println},
};

pub fn reproduce(global: &Global, arguments: &ReproduceArgs) -> Result<Exit, Problem> {
    let app = App::open(global)?;
    let (first, _) = choose_run(&app.project()?, arguments.run, &app.recorder)?;
    let result = match (&arguments.with, &arguments.trust) {
        (Some(evidence), Some(trust)) => {
            let bundles = attest::bundle::parse_evidence(&read(evidence)?).map_err(|e| erase(&e))?;
            let trust = Trust::parse(&read(trust)?).map_err(|e| erase(&e))?;
            reproduce::with_other(&first, &bundles, &trust, &app.recorder)?
        }
        _ => again(&app, &first, arguments)?,
    };
    match app.json() {
        true => ui::json(&result),
        false => tell(&result),
    }
    Ok(if result.reproduced { Exit::Success } else { Exit::Verdict })
}

/// Runs everything once more, with nothing from the cache: a run like any other, with its own evidence.
fn again(
    app: &App,
    first: &model::predicate::Run,
    arguments: &ReproduceArgs,
) -> Result<Reproduction, Problem> {
    let fresh = RunArgs {
        steps: vec![],
        jobs: None,
        no_cache: true,
        update_lock: false,
        platform: arguments.platform.clone(),
    };
    let second = run::perform(app, &fresh, "reproduce")?.run;
    if second.result != Some(RunResult::Passed) {
        let message = format!("run {}, which was to build it again, did not pass", second.run);
        return Err(Problem::new("reproduction-failed", Exit::Verdict, message)
            .with_hint("its log tells why; nothing was compared"));
    }
    reproduce::again(first, &second, &app.recorder)
}

fn tell(result: &Reproduction) {
    let (style, word) = if result.reproduced { (GOOD, "reproduced") } else { (BAD, "not reproduced") };
    let by = if result.independent() { "by another installation" } else { "here, once more" };
    println!("{BOLD}run {}{BOLD:#} {style}{word}{style:#} {by}", result.run);
    for output in &result.same {
        println!("  {GOOD}same{GOOD:#}    {}", ui::one_line(&output.name));
    }
    for output in &result.differing {
        let side = |digest: &Option<String>| digest.clone().unwrap_or_else(|| "not made".to_owned());
        let name = ui::one_line(&output.name);
        println!("  {BAD}differs{BAD:#} {name} {DIM}{} {}{DIM:#}", side(&output.first), side(&output.second));
    }
}
