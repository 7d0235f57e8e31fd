//! Any bytes as a JUnit report: at least one test, every name bounded.

#![no_main]

use junit::parse;
use libfuzzer_sys::fuzz_target;
use model::{predicate::RequirementTests, requirement::is_id};
use proofhouse_fuzz::is_plain;

#[allow(dead_code)]
#[path = "../../crates/engine/src/junit.rs"]
mod junit;

fuzz_target!(|bytes: &[u8]| {
    let Ok(results) = parse(bytes, &|id| id.starts_with('V')) else { return };
    assert_eq!(results.ran(), results.passed.len() + results.failed.len());
    let all = [&results.passed, &results.skipped, &results.failed];
    assert!(all.iter().all(|names| names.len() <= 20_000));
    assert!(
        all.into_iter()
            .flatten()
            .all(|name| !name.is_empty() && name.chars().count() <= 601 && is_plain(name))
    );
    for (id, tests) in &results.requirements {
        assert!(id.starts_with('V') && is_id(id));
        let all = [&tests.passed, &tests.skipped, &tests.failed];
        assert!(all.iter().any(|names| !names.is_empty()), "named by no test");
        assert!(all.iter().all(|names| names.len() <= RequirementTests::MOST));
    }
    assert!(results.unknown.iter().all(|id| is_id(id)) && results.unknown.len() <= 20);
});
