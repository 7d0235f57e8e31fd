//! Code that must not touch the world: the model, the plan, policy and verification.

use std::path::Path;

use anyhow::Result;

use super::{Report, show, text, tracked};

const PURE: [&str; 13] = [
    "crates/model/src",
    "crates/pipeline/src",
    "crates/policy/src",
    "crates/govern/src",
    "crates/attest/src/verify",
    "crates/attest/src/log",
    "crates/attest/src/dsse",
    "crates/attest/src/bundle",
    "crates/attest/src/trust",
    "crates/attest/src/oidc",
    "crates/attest/src/keyless",
    "crates/attest/src/release",
    "crates/findings/src/correlate",
];

const WORLD: [&str; 9] = [
    "std::fs",
    "std::net",
    "std::env::",
    "std::process",
    "SystemTime",
    "Instant::now",
    "Timestamp::now",
    "async fn",
    "File::open",
];

pub fn check(root: &Path, report: &mut Report) -> Result<()> {
    for folder in PURE {
        let files = tracked(root, folder, &[".rs"])?;
        report.check(!files.is_empty(), || format!("{folder}: named as pure, but there is no such code"));
        for path in files {
            // Tests, which stand at the end of a file, may read samples.
            let source = text(&path);
            let code = source.split("#[cfg(test)]").next().unwrap_or_default();
            let is_test = path.ends_with("tests.rs");
            for word in WORLD {
                let used = code.lines().any(|l| !l.trim_start().starts_with("//") && l.contains(word));
                report.check(is_test || !used, || format!("{}: uses {word}", show(root, &path)));
            }
        }
    }
    Ok(())
}
