//! Any text as source code of each language: findings are about this file and inside it.

#![no_main]

use std::collections::BTreeMap;

use libfuzzer_sys::fuzz_target;
use proofhouse_fuzz::{lines, named};
use sast::{MemoryFiles, Options, rules, scan};

fuzz_target!(|input: &[u8]| {
    let Some((path, content)) = named(input) else { return };
    let files = MemoryFiles(BTreeMap::from([(path.to_owned(), content.to_vec())]));
    let report = scan(&files, &Options::default());
    let coverage = &report.coverage;
    let told = coverage.scanned + (coverage.skipped.len() + coverage.errors.len()) as u64;
    assert!(coverage.seen <= 1 && told >= coverage.seen, "a file is neither scanned nor told: {coverage:?}");
    assert!(coverage.seen == 1 || report.findings.is_empty());
    for finding in &report.findings {
        assert!(rules().iter().any(|rule| rule.id == finding.rule), "{finding:?}");
        assert_eq!(finding.place.path(), Some(path));
        let inside = |line: u32| (1..=lines(content)).contains(&line);
        assert!(finding.place.line().is_some_and(inside), "{finding:?}");
    }
});
