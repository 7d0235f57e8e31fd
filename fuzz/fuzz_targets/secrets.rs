//! Any bytes as a source file: what the search for credentials says never contains one.

#![no_main]

use checks::{
    MemoryTree,
    secrets::{Options, RULES, scan},
};
use libfuzzer_sys::fuzz_target;
use model::Place;
use proofhouse_fuzz::{lines, named};

fuzz_target!(|input: &[u8]| {
    let Some((path, content)) = named(input) else { return };
    let tree = MemoryTree::new([(path, content)]);
    let report = scan(&tree, &Options::default());
    assert_eq!((report.coverage.seen, report.coverage.errors.len()), (1, 0));
    for finding in &report.findings {
        let rule = RULES.iter().find(|rule| rule.id == finding.rule).expect("a known rule");
        // Built from the rule alone: no byte of the file is in it.
        assert_eq!(finding.title, format!("{} in a file", rule.title));
        assert!(finding.message.starts_with(rule.title) && finding.message.len() < rule.title.len() + 60);
        let Place::Secret { path: place, line, .. } = &finding.place else { panic!("{finding:?}") };
        assert_eq!(place, path);
        assert!(line.is_some_and(|line| (1..=lines(content)).contains(&line)), "{finding:?}");
    }
    assert_eq!(scan(&tree, &Options::default()).findings, report.findings);
});
