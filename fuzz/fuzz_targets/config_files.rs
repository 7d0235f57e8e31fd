//! Any bytes as YAML, Dockerfile, CI pipeline, compose file or Kubernetes manifest.

#![no_main]

use checks::{
    MemoryTree, config,
    yaml::{self, Node, Value},
};
use libfuzzer_sys::fuzz_target;
use proofhouse_fuzz::{lines, named};

fuzz_target!(|input: &[u8]| {
    let Some((path, content)) = named(input) else { return };
    let last = lines(content);
    if let Ok(text) = std::str::from_utf8(content) {
        match yaml::parse_all(text) {
            Ok(documents) => documents.iter().for_each(|document| {
                bounded(document, 0);
                document.to_json();
            }),
            Err(error) => assert!(!error.message.is_empty() && error.line >= 1),
        }
    }
    let tree = MemoryTree::new([(path, content)]);
    let identified = checks::technologies::identify(&tree);
    assert!(identified.uses.iter().all(|one| one.files == 1 && one.places == [path]), "{identified:?}");
    let report = config::scan(&tree);
    let coverage = &report.coverage;
    let told = coverage.scanned + (coverage.skipped.len() + coverage.errors.len()) as u64;
    assert!(coverage.seen <= 1 && told >= coverage.seen, "a file is neither read nor told: {coverage:?}");
    assert!(coverage.seen == 1 || report.findings.is_empty());
    for finding in &report.findings {
        assert!(config::rules().any(|rule| rule.id == finding.rule), "{finding:?}");
        assert_eq!(finding.place.path(), Some(path));
        assert!(finding.place.line().is_none_or(|line| (1..=last).contains(&line)), "{finding:?} of {last}");
    }
});

fn bounded(node: &Node, depth: usize) {
    assert!(depth <= 64 * 65, "deeper than any alias can make it");
    assert!(node.line >= 1);
    match &node.value {
        Value::Scalar { .. } => {}
        Value::List(items) => items.iter().for_each(|item| bounded(item, depth + 1)),
        Value::Map(entries) => entries.iter().for_each(|(key, value)| {
            bounded(key, depth + 1);
            bounded(value, depth + 1);
        }),
    }
}
