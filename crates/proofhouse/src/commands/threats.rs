//! `proofhouse requirements import`: open threats and abuse cases become pending requirements.

use engine::{project::read_bounded, requirements};
use govern::requirements::threats::{self, Change};
use model::{Exit, Problem, problem::erase};
use pipeline::requirements::{FILE_NAME, check, natural};
use serde_json::json;

use crate::{
    app::load_project,
    args::{Format, Global, ImportThreatsArgs},
    ui::{self, BOLD, DIM, WARN, eprintln, println},
};

pub fn import(global: &Global, arguments: &ImportThreatsArgs) -> Result<Exit, Problem> {
    let project = load_project(global)?;
    let bytes = read_bounded(&arguments.file, threats::MAX_BYTES as u64 + 1)?;
    let name = arguments.file.file_stem().unwrap_or_default().to_string_lossy();
    let model = threats::read(&bytes, arguments.form, &name).map_err(|e| erase(&e))?;
    let change = threats::change(&model, &project.requirements, arguments.level, &arguments.milestone);
    let usable = if change.added.is_empty() { Ok(()) } else { check(&change.added) };
    usable.map_err(|why| {
        Problem::new("requirement-unusable", Exit::Input, why).with_hint("milestones are such as release-1")
    })?;
    let colour = ui::colour() && global.format == Format::Text;
    requirements::take(&project.root, &change, colour)?;
    match global.format == Format::Json {
        true => ui::json(&json!({
            "file": FILE_NAME, "form": model.form.name(), "model": model.name, "added": ids(&change.added),
            "updated": ids(&change.updated), "closed": change.closed, "vanished": change.vanished,
            "reworded": change.reworded, "leftOut": change.left_out, "taken": change.taken,
        })),
        false => tell(&change, &model.name),
    }
    Ok(Exit::Success)
}

fn ids(all: &model::requirement::Requirements) -> Vec<&String> {
    let mut ids: Vec<&String> = all.keys().collect();
    ids.sort_by_key(|id| natural(id));
    ids
}

fn tell(change: &Change, model: &str) {
    for (id, one) in &change.added {
        let severity = one.severity.map_or(String::new(), |severity| format!(" {severity}"));
        println!("{BOLD}{id}{BOLD:#} {} {DIM}pending{severity}{DIM:#}", one.title);
    }
    let (added, updated) = (change.added.len() as u64, change.updated.len() as u64);
    let left_out = match change.left_out {
        0 => String::new(),
        number => format!("; {number} that the model calls dealt with were left out"),
    };
    println!("{model}: added {}, updated {updated}{left_out}", ui::count(added, "requirement"));
    let told = |ids: &[String], what: &str| {
        for id in ids {
            println!("{WARN}{id}{WARN:#} {what}");
        }
    };
    told(
        &change.closed,
        "is dealt with, says the model; it stays a requirement, and its tests say whether that is so",
    );
    told(&change.vanished, "is not in the model any more; it stays until you take it out of the file");
    for (id, words) in &change.reworded {
        println!("{WARN}{id}{WARN:#} has other words in the model now, and keeps its own: {words}");
    }
    for id in &change.taken {
        println!("{WARN}{id}{WARN:#} is the id of another requirement already; rename one of the two");
    }
    if added > 0 {
        eprintln!("name each in a test (`[ID]` in its name), then `proofhouse run`");
    }
}
