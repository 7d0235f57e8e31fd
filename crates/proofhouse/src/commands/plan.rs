//! `proofhouse plan`: what a run would do.

use model::{Exit, Problem};
use pipeline::{plan as make, show_duration, show_size};

use crate::{
    app::load_project,
    args::{Format, Global},
    ui::{self, BOLD, DIM, println},
};

pub fn plan(global: &Global) -> Result<Exit, Problem> {
    let project = load_project(global)?;
    let plan = make(&project.config);
    if global.format == Format::Json {
        ui::json(&plan);
        return Ok(Exit::Success);
    }
    println!("{BOLD}{}{BOLD:#}", plan.project);
    for step in &plan.steps {
        let needs =
            if step.needs.is_empty() { String::new() } else { format!(" after {}", step.needs.join(", ")) };
        println!("  {BOLD}{}{BOLD:#} {DIM}{}{needs}{DIM:#}", step.name, step.kind.name());
        for (n, line) in command(&step.argv).lines().enumerate() {
            println!("    {}{line}", if n == 0 { "runs     " } else { "         " });
        }
        if !step.outputs.is_empty() {
            println!("    makes    {}", step.outputs.join(", "));
        }
        let network: Vec<String> = step.network.iter().map(ToString::to_string).collect();
        println!("    network  {}", if network.is_empty() { "none".to_owned() } else { network.join(", ") });
        let limits = &step.limits;
        let (memory, time) = (show_size(limits.memory), show_duration(step.timeout));
        println!("    at most  {memory} memory, {} processes, {time}", limits.processes);
    }
    let checks = engine::builtin::tools(&project.config.scans);
    let names: Vec<&str> = checks.iter().map(|tool| tool.name.as_str()).collect();
    println!("  {BOLD}checks{BOLD:#} {DIM}built in{DIM:#}\n    {}", names.join(", "));
    for environment in &project.config.environments {
        let block = environment.gate.block.map_or("never", |severity| severity.name());
        println!(
            "  {BOLD}{}{BOLD:#} {DIM}environment{DIM:#}\n    {} on port {}, findings block at {block}",
            environment.name, environment.artifact, environment.port
        );
    }
    Ok(Exit::Success)
}

/// A shell script as its lines, any other command as its words.
fn command(argv: &[String]) -> String {
    match argv {
        [shell, strict, flag, script] if [shell.as_str(), strict, flag] == ["/bin/sh", "-eu", "-c"] => {
            script.clone()
        }
        words => words.join(" "),
    }
}
