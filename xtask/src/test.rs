//! The one test command.

use std::{collections::BTreeMap, path::Path};

use anyhow::{Result, bail};

use crate::{
    bootstrap, fuzz,
    run::{command, run, watch},
    tidy, verifiers,
};

/// Seconds for each fuzz target.
const FUZZ_SECONDS: u32 = 4;

/// Runs everything and ends with one summary line.
pub fn test(root: &Path) -> Result<()> {
    let scanners = bootstrap::bootstrap(root)?;
    let verifiers = verifiers::verifiers(root)?;
    let cargo = |arguments: &[&str]| command(root, "cargo", arguments);
    let mut tally = Tally::default();
    tally.step("format", run("format", &mut cargo(&["fmt", "--all", "--check"])));
    tally.step("tidy", tidy::tidy(root).map(|checks| println!("   tidy: {checks} checks passed")));
    let clippy = ["clippy", "--workspace", "--all-targets", "--quiet", "--", "-D", "warnings"];
    tally.step("clippy", run("clippy", &mut cargo(&clippy)));
    let mut docs = cargo(&["doc", "--workspace", "--no-deps", "--quiet", "--document-private-items"]);
    docs.env("RUSTDOCFLAGS", "-D warnings -A rustdoc::private-intra-doc-links");
    tally.step("documentation", run("documentation", &mut docs));
    // Tests of the whole product start its binary and the sandbox's helpers.
    tally.step("build", run("build", &mut cargo(&["build", "--workspace", "--all-targets", "--quiet"])));
    let mut tests = cargo(&["test", "--workspace", "--no-fail-fast"]);
    tests.env("PROOFHOUSE_TEST_SCANNERS", &scanners).env("PROOFHOUSE_TEST_VERIFIERS", &verifiers);
    let mut failing = Vec::new();
    let ok = watch("tests", &mut tests, |line| {
        tally.read(line);
        if line.starts_with("test ") && line.ends_with("FAILED") {
            failing.push(line.to_owned());
        }
    });
    let all_ran = ok.and_then(|ok| if ok { Ok(()) } else { bail!("some tests failed") });
    tally.step("tests", all_ran);
    tally.step("fuzz", fuzz::fuzz(root, FUZZ_SECONDS));
    failing.iter().for_each(|line| println!("{line}"));
    tally.finish()
}

/// Counts of single tests and of whole steps.
#[derive(Default)]
struct Tally {
    passed: u64,
    failed: u64,
    steps: BTreeMap<&'static str, String>,
}

impl Tally {
    fn step(&mut self, name: &'static str, outcome: Result<()>) {
        match outcome {
            Ok(()) => self.passed += 1,
            Err(error) => {
                println!("xtask: {name}: {error:#}");
                self.failed += 1;
                self.steps.insert(name, format!("{error:#}"));
            }
        }
    }

    /// Adds up `test result: ok. 12 passed; 0 failed; …`.
    fn read(&mut self, line: &str) {
        let Some(counts) = line.strip_prefix("test result: ") else { return };
        let count = |word: &str| {
            let before = counts.split(&format!(" {word}")).next()?;
            before.rsplit(' ').next()?.parse::<u64>().ok()
        };
        self.passed += count("passed").unwrap_or(0);
        self.failed += count("failed").unwrap_or(0);
    }

    fn finish(self) -> Result<()> {
        for (name, error) in &self.steps {
            println!("failed: {name}: {error}");
        }
        println!("{} passed, {} failed", self.passed, self.failed);
        if self.failed > 0 {
            bail!("not everything passed");
        }
        Ok(())
    }
}
