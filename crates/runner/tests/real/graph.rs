//! A graph of real steps with a journal, killed in the middle and run again.

use std::{
    process::{Command, Stdio},
    sync::Arc,
};

use model::{Timestamp, predicate::StepResult};
use runner::{
    Cancel, Folder, StepRun,
    schedule::{Event, GraphOptions, Journal, Node, Work, run_graph, unfinished},
};

use crate::{Test, lab::Lab};

pub const TESTS: &[Test] = &[
    ("graph_of_steps_hands_outputs_on", hands_on),
    ("graph_killed_midway_takes_finished_steps_from_the_cache", killed),
];

/// What `d` makes of the input and of what `b` and `c` made of it and of what `a` made.
const EXPECTED: &str = "in\nin\nin\na\nb\nin\nin\na\nc\nd\n";

fn node(name: &str, needs: &[&str]) -> Node {
    Node { name: name.into(), needs: needs.iter().map(|need| (*need).into()).collect() }
}

/// a ─▶ b, a ─▶ c, {b, c} ─▶ d; every step reads what the needed ones wrote.
fn run(lab: &Lab, journal: &Journal, die_in: Option<&str>) -> Vec<(String, bool, String)> {
    let nodes = [node("a", &[]), node("b", &["a"]), node("c", &["a"]), node("d", &["b", "c"])];
    let base = Folder::load(&lab.cas, &lab.inputs()).unwrap();
    let cancel = Cancel::new();
    let work = |node: &Node, needed: &[Arc<StepRun>]| {
        let mut tree = base.clone();
        needed.iter().for_each(|run| tree.add_outputs(&lab.cas, &run.result).unwrap());
        let script = format!("cat in out/* 2>/dev/null > x; (cat x; echo {0}) > out/{0}; rm x", node.name);
        let mut spec = lab.sh(&script, &[&format!("out/{}", node.name)]);
        spec.argv = ["sh", "-c", &script].map(str::to_owned).to_vec();
        spec.inputs = tree.store(&lab.cas).unwrap();
        let step = node.name.clone();
        journal.append(Timestamp::now(), Event::StepStarted { step: step.clone(), action: None }).unwrap();
        if die_in == Some(node.name.as_str()) {
            let pid = std::process::id().to_string();
            Command::new("kill").args(["-9", &pid]).status().unwrap();
        }
        let run = lab.executor.run(&spec, &(), &cancel).unwrap();
        let (action, cached) = (Some(run.action), run.cached);
        let result = if run.passed() { StepResult::Passed } else { StepResult::Failed };
        journal.append(Timestamp::now(), Event::StepFinished { step, action, result, cached }).unwrap();
        if run.passed() { Work::Passed(run) } else { Work::Failed(run) }
    };
    let options = GraphOptions { jobs: 2, fail_fast: false };
    let ends = run_graph(&nodes, options, &cancel, &(), work).unwrap();
    let told = |(node, end): (&Node, runner::schedule::End<StepRun>)| match end {
        runner::schedule::End::Passed(run) => {
            (node.name.clone(), run.cached, lab.texts(&run).into_values().collect())
        }
        other => panic!("{}: {other:?}", node.name),
    };
    nodes.iter().zip(ends).map(told).collect()
}

fn hands_on() {
    let lab = Lab::new();
    lab.file("in", "in\n");
    let journal = Journal::create(lab.dir.path().join("runs/1.journal")).unwrap();
    let ends = run(&lab, &journal, None);
    assert_eq!(ends[3].2, EXPECTED);
    assert!(ends.iter().all(|(_, cached, _)| !cached));
    assert!(run(&lab, &journal, None).iter().all(|(_, cached, _)| *cached));
}

fn killed() {
    const CHILD: &str = "RUNNER_TEST_GRAPH_CHILD";
    if let Some(folder) = std::env::var_os(CHILD) {
        let lab = Lab::existing(folder.as_ref());
        let journal = Journal::create(lab.dir.path().join("runs/1.journal")).unwrap();
        journal.append(Timestamp::now(), Event::RunStarted { about: serde_json::json!({"run": 7}) }).unwrap();
        run(&lab, &journal, Some("d"));
        return;
    }
    let lab = Lab::new();
    lab.file("in", "in\n");
    let status = Command::new(std::env::current_exe().unwrap())
        .arg("graph_killed")
        .env(CHILD, lab.dir.path())
        .stdout(Stdio::null())
        .status()
        .unwrap();
    assert!(!status.success());
    let lab = lab.restarted();
    let found = unfinished(&lab.dir.path().join("runs")).unwrap();
    assert_eq!(found.len(), 1);
    assert_eq!(found[0].1.about(), Some(&serde_json::json!({"run": 7})));
    assert_eq!(found[0].1.interrupted(), ["d"]);
    let (journal, _) = Journal::resume(&found[0].0).unwrap();
    let ends = run(&lab, &journal, None);
    let cached: Vec<bool> = ends.iter().map(|(_, cached, _)| *cached).collect();
    assert_eq!(cached, [true, true, true, false]);
    assert_eq!(ends[3].2, EXPECTED);
    journal.append(Timestamp::now(), Event::RunFinished { result: "passed".into() }).unwrap();
    drop(journal);
    assert!(unfinished(&lab.dir.path().join("runs")).unwrap().is_empty());
}
