//! Any bytes as a report of test coverage, in each format: a part is never more than the whole.

#![no_main]

use coverage::parse;
use libfuzzer_sys::fuzz_target;

#[allow(dead_code)]
#[path = "../../crates/engine/src/coverage/mod.rs"]
mod coverage;

fuzz_target!(|bytes: &[u8]| {
    for format in ["cobertura", "jacoco", "lcov"] {
        let Ok(figures) = parse(format, bytes) else { continue };
        assert!(figures.files > 0 && figures.lines.total > 0);
        assert!(figures.lines.covered <= figures.lines.total && figures.lines.percent() <= 100);
        assert!(figures.branches.is_none_or(|all| all.total > 0 && all.covered <= all.total));
    }
});
