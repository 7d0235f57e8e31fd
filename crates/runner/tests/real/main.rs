//! Steps in real sandboxes. One binary with its own `main`, because the executable that starts a
//! sandbox must be able to become its launcher first thing. Arguments: parts of test names.
#![allow(clippy::unwrap_used, clippy::expect_used)]

mod graph;
mod lab;
mod network;
mod outputs;
mod registries;
mod secrets;
mod snapshots;
mod steps;
mod store;

/// A test's name and body.
type Test = (&'static str, fn());

fn main() {
    sandbox::run_if_launcher();
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let all = [
        store::TESTS,
        snapshots::TESTS,
        steps::TESTS,
        outputs::TESTS,
        secrets::TESTS,
        network::TESTS,
        graph::TESTS,
        registries::TESTS,
    ]
    .concat();
    if arguments.iter().any(|argument| argument == "--list") {
        all.iter().for_each(|(name, _)| println!("{name}: test"));
        return;
    }
    let filters: Vec<&String> = arguments.iter().filter(|argument| !argument.starts_with('-')).collect();
    let mut failed = Vec::new();
    for (name, test) in all {
        if !filters.is_empty() && !filters.iter().any(|filter| name.contains(filter.as_str())) {
            continue;
        }
        let passed = std::panic::catch_unwind(test).is_ok();
        println!("test {name} ... {}", if passed { "ok" } else { "FAILED" });
        if !passed {
            failed.push(name);
        }
    }
    assert!(failed.is_empty(), "failed: {failed:?}");
}
