//! `proofhouse requirements`: what must hold, chosen before there is code for it, and how far it is.

use std::collections::BTreeMap;

use engine::{
    project::{Project, read_bounded},
    requirements::{self, Attested, Deciding, Latest, Tests},
};
use govern::{
    awareness::suggest::{entries, suggest},
    requirements::{Standing, asvs},
};
use model::{
    Exit, Problem,
    predicate::Decided,
    problem::erase,
    requirement::{Requirement, Requirements, State},
};
use pipeline::requirements::{FILE_NAME, natural};
use serde_json::json;

use crate::{
    app::{App, load_project},
    args::{AddArgs, AttestRequirementArgs, ChooseArgs, Format, Global, RequirementsCommand},
    ui::{self, BAD, BOLD, DIM, GOOD, WARN, eprintln, println},
};

pub fn requirements(global: &Global, command: &RequirementsCommand) -> Result<Exit, Problem> {
    match command {
        RequirementsCommand::Choose(arguments) => choose(global, arguments),
        RequirementsCommand::Add(arguments) => add(global, arguments),
        RequirementsCommand::Import(arguments) => super::threats::import(global, arguments),
        RequirementsCommand::Attest(arguments) => attest(global, arguments),
        RequirementsCommand::Waive { id, reason, until } => {
            decide(global, id, reason, Decided::Waived { until: *until })
        }
        RequirementsCommand::NotApplicable { id, reason } => {
            decide(global, id, reason, Decided::NotApplicable)
        }
        RequirementsCommand::Withdraw { id, reason } => decide(global, id, reason, Decided::Withdrawn),
        RequirementsCommand::Suggest { write } => propose(global, *write),
        RequirementsCommand::List { milestone } => list(global, milestone.as_deref()),
        RequirementsCommand::Status { milestone, fail } => status(global, milestone.as_deref(), *fail),
    }
}

fn choose(global: &Global, arguments: &ChooseArgs) -> Result<Exit, Problem> {
    let project = load_project(global)?;
    let bytes = read_bounded(&arguments.asvs, asvs::MAX_BYTES as u64 + 1)?;
    let all = asvs::read(&bytes).map_err(|e| erase(&e))?;
    let chosen = asvs::choose(&all, arguments.level, &arguments.chapter).map_err(|e| erase(&e))?;
    write(global, &project, &chosen)
}

fn add(global: &Global, arguments: &AddArgs) -> Result<Exit, Problem> {
    let project = load_project(global)?;
    if project.requirements.contains_key(&arguments.id) {
        let message = format!("{FILE_NAME} has {} already", arguments.id);
        return Err(Problem::new("requirement-exists", Exit::Input, message)
            .with_hint("change it there, or take another id"));
    }
    let requirement = Requirement {
        title: arguments.title.trim().to_owned(),
        source: arguments.source,
        chapter: None,
        section: None,
        level: arguments.level,
        severity: None,
        reference: None,
        mitigations: None,
        milestones: arguments.milestone.clone(),
        waived: None,
        not_applicable: None,
    };
    // The file's own rules say whether id, title and milestones can be written.
    let new = Requirements::from([(arguments.id.clone(), requirement)]);
    pipeline::requirements::check(&new).map_err(|why| {
        Problem::new("requirement-unusable", Exit::Input, why)
            .with_hint("an id such as OWN-1, one line as title, milestones such as release-1")
    })?;
    write(global, &project, &new)
}

fn write(global: &Global, project: &Project, new: &Requirements) -> Result<Exit, Problem> {
    let colour = ui::colour() && global.format == Format::Text;
    let mut added = requirements::add(&project.root, new, colour)?;
    added.sort_by_key(|id| natural(id));
    let there = new.len() - added.len();
    if global.format == Format::Json {
        ui::json(&json!({ "file": FILE_NAME, "added": added, "alreadyThere": there }));
        return Ok(Exit::Success);
    }
    let kept =
        if there > 0 { format!("; {there} were there already and stay as they are") } else { String::new() };
    println!("added {} to {BOLD}{FILE_NAME}{BOLD:#}{kept}", ui::count(added.len() as u64, "requirement"));
    if !added.is_empty() {
        eprintln!("each is pending: name it in a test (`[ID]` in its name), then `proofhouse run`");
    }
    Ok(Exit::Success)
}

fn attest(global: &Global, arguments: &AttestRequirementArgs) -> Result<Exit, Problem> {
    let app = App::open(global)?;
    let project = app.project()?;
    let reason = arguments.reason.trim();
    if reason.chars().count() < 10 {
        let message = "the reason must have at least 10 characters";
        return Err(
            Problem::new("reason-too-short", Exit::Input, message).with_hint("say what was tested, and how")
        );
    }
    let what = Attested {
        id: &arguments.id,
        passed: arguments.passed,
        evidence: &arguments.evidence,
        reason,
        by: app.by(Some(&project.config.project))?,
    };
    let index = requirements::attest(&project, what, &app.recorder)?;
    match app.json() {
        true => ui::json(&json!({ "entry": index })),
        false => println!("recorded as ledger entry {index}; it counts for runs of this commit"),
    }
    Ok(Exit::Success)
}

fn decide(global: &Global, id: &str, reason: &str, decided: Decided) -> Result<Exit, Problem> {
    let app = App::open(global)?;
    let project = app.project()?;
    let by = app.by(Some(&project.config.project))?;
    let what = Deciding { id, decided: decided.clone(), reason, by };
    let (index, warning) = requirements::decide(&project, what, &app.recorder)?;
    warning.iter().for_each(ui::warning);
    let said = match &decided {
        Decided::Waived { until } => format!("{id} is waived until the end of {until} (UTC)"),
        Decided::NotApplicable => format!("{id} does not apply here"),
        Decided::Withdrawn => format!("what was decided about {id} is taken back"),
    };
    match app.json() {
        true => ui::json(&json!({ "entry": index, "requirement": id, "decided": decided })),
        false => println!("{said}: ledger entry {index}"),
    }
    Ok(Exit::Success)
}

/// Most fixed findings that are looked at.
const MOST_FIXED: usize = 10_000;

fn propose(global: &Global, to_file: bool) -> Result<Exit, Problem> {
    let app = App::open(global)?;
    let project = app.project()?;
    let own = [project.config.project.clone()];
    let fixed = app.database.wait(app.store.fixed_findings(&own, MOST_FIXED))?;
    let latest = requirements::latest(&project, &app.recorder)?;
    let tests = latest.map(|latest| latest.tests).unwrap_or_default();
    let said = requirements::said(&project.config.project, None, &app.recorder)?;
    let standings = requirements::standings(&project.requirements, &tests, &said, app.now());
    let passing = standings.iter().filter(|(_, standing)| standing.state == State::Passing);
    let passing = passing.map(|(id, _)| id.clone()).collect();
    let all = suggest(&fixed, &project.requirements, &passing);
    let entries = entries(&all);
    if to_file {
        return write(global, &project, &entries);
    }
    if app.json() {
        ui::json(&all);
        return Ok(Exit::Success);
    }
    if all.is_empty() {
        ui::note("nothing that was fixed lacks a requirement");
        return Ok(Exit::Success);
    }
    for one in &all {
        eprintln!("{BOLD}{}{BOLD:#} {DIM}{}{DIM:#}", one.id, ui::one_line(&one.because.join("; ")));
        eprintln!("  a test: {}", one.test);
    }
    println!("{}", pipeline::requirements::append(None, &entries).map_err(|e| erase(&e))?.trim_end());
    ui::note("`--write` adds them to the file");
    Ok(Exit::Success)
}

/// Those of a milestone, or all, in the order of their numbers.
fn selected<'a>(
    project: &'a Project,
    milestone: Option<&str>,
) -> Result<Vec<(&'a str, &'a Requirement)>, Problem> {
    let all = project.requirements.iter().map(|(id, one)| (id.as_str(), one));
    let mut wanted: Vec<_> = all.filter(|(_, one)| milestone.is_none_or(|name| one.is_in(name))).collect();
    wanted.sort_by_key(|(id, _)| natural(id));
    match (wanted.is_empty(), milestone) {
        (true, Some(name)) => {
            let message = format!("no security requirement belongs to the milestone {name}");
            Err(Problem::new("milestone-empty", Exit::Input, message)
                .with_hint("`proofhouse requirements list` shows all"))
        }
        _ => Ok(wanted),
    }
}

fn list(global: &Global, milestone: Option<&str>) -> Result<Exit, Problem> {
    let project = load_project(global)?;
    let wanted = selected(&project, milestone)?;
    if global.format == Format::Json {
        let one = |(id, requirement): &(&str, &Requirement)| with_id(id, requirement, json!({}));
        ui::json(&wanted.iter().map(one).collect::<Vec<_>>());
        return Ok(Exit::Success);
    }
    for (id, requirement) in &wanted {
        let level = requirement.level.map_or(String::new(), |level| format!(" level {level}"));
        println!(
            "{BOLD}{id:<10}{BOLD:#} {} {DIM}{}{level}{DIM:#}",
            requirement.title,
            requirement.source.name()
        );
    }
    none_yet(&project);
    Ok(Exit::Success)
}

fn none_yet(project: &Project) {
    if project.requirements.is_empty() {
        ui::note("there are no security requirements yet: see `proofhouse requirements choose --help`");
    }
}

fn status(global: &Global, milestone: Option<&str>, fail: bool) -> Result<Exit, Problem> {
    let app = App::open(global)?;
    let project = app.project()?;
    let wanted = selected(&project, milestone)?;
    let latest = requirements::latest(&project, &app.recorder)?;
    let nothing = Tests::new();
    let tests = latest.as_ref().map_or(&nothing, |latest| &latest.tests);
    let said = requirements::said(&project.config.project, None, &app.recorder)?;
    let standings = requirements::standings(&project.requirements, tests, &said, app.now());
    let mut counts = BTreeMap::new();
    let mut lines = Vec::new();
    for (id, requirement) in wanted {
        if let Some(standing) = standings.get(id) {
            *counts.entry(standing.state).or_insert(0_u64) += 1;
            lines.push((id, requirement, standing, tests.get(id)));
        }
    }
    if app.json() {
        let one = |(id, requirement, standing, tests): &Line<'_>| {
            with_id(
                id,
                requirement,
                json!({ "state": standing.state, "because": standing.because, "tests": tests }),
            )
        };
        ui::json(&json!({
            "run": latest.as_ref().map(|latest| latest.run), "commit": latest.as_ref().and_then(|l| l.commit.clone()),
            "counts": State::ALL.map(|state| (state.name(), counts.get(&state).copied().unwrap_or(0)))
                .into_iter().collect::<BTreeMap<_, _>>(),
            "requirements": lines.iter().map(one).collect::<Vec<_>>(),
        }));
    } else {
        tell(&lines, &counts, latest.as_ref());
        none_yet(&project);
    }
    let open = counts.iter().any(|(state, number)| !state.is_met() && *number > 0);
    Ok(if fail && open { Exit::Verdict } else { Exit::Success })
}

type Line<'a> = (&'a str, &'a Requirement, &'a Standing, Option<&'a model::predicate::RequirementTests>);

fn tell(lines: &[Line<'_>], counts: &BTreeMap<State, u64>, latest: Option<&Latest>) {
    for (id, requirement, standing, _) in lines {
        let style = match standing.state {
            State::Failing => BAD,
            State::Pending => WARN,
            _ => GOOD,
        };
        let state = standing.state;
        println!("{style}{state:<14}{style:#} {BOLD}{id:<10}{BOLD:#} {}", requirement.title);
        println!("               {DIM}{}{DIM:#}", standing.because);
    }
    let counts: Vec<String> = counts.iter().map(|(state, number)| format!("{number} {state}")).collect();
    let by = match latest {
        Some(Latest { run, commit: Some(commit), .. }) => {
            format!("by run {run} of commit {}", commit.chars().take(12).collect::<String>())
        }
        Some(Latest { run, .. }) => format!("by run {run}"),
        None => "no run yet".to_owned(),
    };
    if !lines.is_empty() {
        println!("{} {DIM}{by}{DIM:#}", counts.join(", "));
    }
}

/// A requirement as JSON with its id first and `more` beside what the file says.
fn with_id(id: &str, requirement: &Requirement, more: serde_json::Value) -> serde_json::Value {
    let mut all = json!({ "id": id });
    let file = serde_json::to_value(requirement).unwrap_or_default();
    for part in [file, more] {
        if let (Some(all), serde_json::Value::Object(part)) = (all.as_object_mut(), part) {
            all.extend(part);
        }
    }
    all
}
