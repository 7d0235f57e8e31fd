//! Any bytes as `proofhouse.yaml`: a plan that keeps its promises, or diagnostics fit for a terminal.

#![no_main]

use libfuzzer_sys::fuzz_target;
use pipeline::{Config, Diagnostics, Known, MOST_DIAGNOSTICS, Placeholders};
use proofhouse_fuzz::is_inside;

const KNOWN: Known<'_> = Known {
    report_formats: &["sarif", "bandit"],
    providers: &["host"],
    registries: &["cargo", "npm", "pypi", "go", "maven"],
};
const VALUES: Placeholders<'_> = Placeholders { artifact: "/r/a", port: 1, release: "/r", data: "/d" };

fuzz_target!(|bytes: &[u8]| {
    match pipeline::parse_bytes(bytes, "proofhouse.yaml", &KNOWN) {
        Ok(config) => planned(&config),
        Err(problems) => told(&problems),
    }
});

fn planned(config: &Config) {
    let plan = pipeline::plan(config);
    assert_eq!(plan.steps.len(), config.steps.len(), "a step got lost");
    for (n, step) in plan.steps.iter().enumerate() {
        let is_before = |need: &String| plan.steps[..n].iter().any(|earlier| earlier.name == *need);
        assert!(step.needs.iter().all(is_before), "{} comes before what it needs", step.name);
        assert!(step.outputs.iter().all(|path| is_inside(path)), "{:?}", step.outputs);
        assert!(!step.argv.is_empty() && step.attempts >= 1);
        let written = pipeline::show_duration(step.timeout);
        assert_eq!(pipeline::parse_duration(&written), Some(step.timeout));
    }
    for environment in &config.environments {
        assert!(config.maker(&environment.artifact).is_some(), "nothing makes {}", environment.artifact);
        assert!(!environment.command(VALUES).is_empty());
        environment.variables(VALUES);
    }
    serde_json::to_string(&plan).expect("a plan can be written");
    serde_json::to_string(config).expect("a configuration can be written");
}

fn told(problems: &Diagnostics) {
    assert!((1..=MOST_DIAGNOSTICS).contains(&problems.list().len()));
    assert!(problems.list().iter().all(|problem| problem.code.starts_with("config-")));
    let text = problems.render(false);
    let acts = |c: char| c.is_control() && !matches!(c, '\n' | '\t');
    assert!(!text.contains(acts), "foreign control characters reach the terminal: {text:?}");
    problems.render(true);
    problems.to_json();
    problems.problems();
}
