//! Documents name only what exists: paths of the tree, tests, and commands of the binary.

use std::path::Path;

use anyhow::Result;

use super::{Report, show, text, tracked};

pub fn check(root: &Path, report: &mut Report) -> Result<()> {
    let arguments = text(&root.join("crates/proofhouse/src/args.rs"));
    for path in tracked(root, ".", &[".md"])? {
        if show(root, &path).to_string().starts_with("examples/") {
            continue;
        }
        for code in text(&path).split('`').skip(1).step_by(2) {
            check_path(root, &path, code, report);
            check_test(root, &path, code, report);
            check_command(root, &path, code, &arguments, report);
        }
    }
    Ok(())
}

/// `crates/…`, `docs/…`, `fuzz/…`, `examples/…`, `xtask/…` must be there.
fn check_path(root: &Path, document: &Path, code: &str, report: &mut Report) {
    let starts = ["crates/", "docs/", "fuzz/", "examples/", "xtask/", ".ci/"];
    let plain = !code.contains([' ', '*', '<', '{', '…', '\n']);
    if plain && starts.iter().any(|start| code.starts_with(start)) {
        let path = code.split(':').next().unwrap_or(code);
        report.check(root.join(path).exists(), || format!("{}: names {code}", show(root, document)));
    }
}

/// `PATH.rs:NAME` must be a function of that file, or a name in its table of tests.
fn check_test(root: &Path, document: &Path, code: &str, report: &mut Report) {
    let Some((file, name)) = code.split_once(".rs:") else { return };
    let identifier = |c: char| c.is_ascii_alphanumeric() || c == '_';
    if name.is_empty() || !name.chars().all(identifier) || name.starts_with(|c: char| c.is_ascii_digit()) {
        return;
    }
    let source = text(&root.join(format!("{file}.rs")));
    let known = source.contains(&format!("fn {name}(")) || source.contains(&format!("\"{name}\""));
    report.check(known, || format!("{}: there is no test {code}", show(root, document)));
}

/// `proofhouse COMMAND …` must be a command.
fn check_command(root: &Path, document: &Path, code: &str, arguments: &str, report: &mut Report) {
    let Some(rest) = code.strip_prefix("proofhouse ") else { return };
    let name: String = rest.chars().take_while(|c| c.is_ascii_lowercase() || *c == '-').collect();
    if name.is_empty() {
        return;
    }
    let mut variant = String::new();
    for part in name.split('-') {
        let mut letters = part.chars();
        variant.extend(letters.next().map(|c| c.to_ascii_uppercase()));
        variant.extend(letters);
    }
    let known = arguments.lines().any(|line| {
        let line = line.trim_start();
        line.strip_prefix(&variant).is_some_and(|after| after.starts_with([',', '(', ' ', '{']))
    });
    report.check(known, || format!("{}: names the command `{code}`", show(root, document)));
}
