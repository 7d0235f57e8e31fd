//! `proofhouse deploy`: gate, transfer, verify, activate, check, record.

use engine::{
    gate::Answer,
    ship::{Request, Shipped, Watch, ship},
};
use model::{
    Exit, Problem, ScanReport,
    evidence::Outcome,
    predicate::{DeploymentResult, DeploymentStage},
};

use crate::{
    app::{App, actor},
    args::{DeployArgs, Global},
    commands::run::scanned,
    ui::{self, BAD, BOLD, DIM, GOOD, eprintln, println},
};

pub fn deploy(global: &Global, arguments: &DeployArgs) -> Result<Exit, Problem> {
    let app = App::open(global)?;
    let shipped = perform(&app, &arguments.environment, arguments.run)?;
    match app.json() {
        true => ui::json(&shipped.deployment),
        false => summary(&shipped),
    }
    Ok(match shipped.deployment.result {
        DeploymentResult::Deployed => Exit::Success,
        _ => Exit::Verdict,
    })
}

/// Deploys and tells how it goes.
pub fn perform(app: &App, environment: &str, run: Option<model::RunId>) -> Result<Shipped, Problem> {
    let project = app.project()?;
    let environments = app.environments();
    let request = Request {
        project: &project,
        environment,
        run,
        actor: &actor(),
        environments: &environments,
        random: rand::random(),
    };
    let mut teller = Teller { quiet: app.global.quiet || app.json() };
    ship(&request, &app.recorder, app.runtime.handle(), &mut teller)
}

struct Teller {
    quiet: bool,
}

impl Watch for Teller {
    fn decided(&mut self, answer: &Answer) {
        if self.quiet {
            return;
        }
        let (style, word) = ui::of_outcome(answer.verdict.outcome);
        eprintln!("{BOLD}gate{BOLD:#}     {}: {style}{word}{style:#}", answer.evidence.environment);
        for reason in answer.verdict.rules.iter().flat_map(|rule| &rule.reasons) {
            let (style, word) = ui::of_outcome(reason.outcome);
            eprintln!("         {style}{word}{style:#} {}", reason.message);
        }
    }

    fn stage(&mut self, stage: &DeploymentStage) {
        if !self.quiet {
            let (style, word) = if stage.ok { (GOOD, "done") } else { (BAD, "failed") };
            eprintln!("{BOLD}{:<8}{BOLD:#} {style}{word}{style:#} {DIM}{}{DIM:#}", stage.name, stage.detail);
        }
    }

    fn checked(&mut self, report: &ScanReport) {
        if !self.quiet {
            scanned(report, false);
        }
    }

    fn warning(&mut self, problem: &Problem) {
        ui::warning(problem);
    }
}

/// One short paragraph: what became of it and why.
pub fn summary(shipped: &Shipped) {
    let deployment = &shipped.deployment;
    let good = deployment.result == DeploymentResult::Deployed;
    let style = if good { GOOD } else { BAD };
    println!(
        "{BOLD}{} into {}{BOLD:#}: {style}{}{style:#}",
        deployment.artifact,
        deployment.environment,
        deployment.result.name()
    );
    if let (true, Some(address)) = (good, &deployment.address) {
        println!("  it answers at {address}");
    }
    let denials = shipped.answer.verdict.rules.iter().flat_map(|rule| &rule.reasons);
    for reason in denials.filter(|reason| reason.outcome == Outcome::Deny) {
        println!("  {BAD}blocked{BAD:#} {} {DIM}[{}]{DIM:#}", reason.message, reason.code);
    }
    for stage in deployment.stages.iter().filter(|stage| !stage.ok && stage.name != "gate") {
        println!("  {}: {}", stage.name, stage.detail);
        if matches!(stage.name.as_str(), "activate" | "health") {
            let name = &deployment.environment;
            println!("  {DIM}what the application said: proofhouse env logs {name}{DIM:#}");
        }
    }
}
