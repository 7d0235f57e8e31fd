//! Which crate may depend on which, and what may come from outside.

use std::{collections::BTreeSet, path::Path};

use anyhow::{Context, Result};

use super::{Report, text};
use crate::run::command;

/// Crate and the crates of ours it may depend on. Data flows one way; siblings never meet.
const MAY: &[(&str, &[&str])] = &[
    ("model", &[]),
    ("pipeline", &["model"]),
    ("toolchain", &["model"]),
    ("sandbox", &["model"]),
    ("runner", &["model", "sandbox"]),
    ("attest", &["model"]),
    ("findings", &["model"]),
    ("checks", &["model"]),
    ("sast", &["model"]),
    ("dast", &["model"]),
    ("policy", &["model"]),
    ("deploy", &["model"]),
    ("govern", &["model"]),
    ("report", &["model"]),
    ("store", &["model"]),
    (
        "engine",
        &[
            "model",
            "pipeline",
            "toolchain",
            "runner",
            "attest",
            "findings",
            "checks",
            "sast",
            "dast",
            "policy",
            "deploy",
            "govern",
            "report",
        ],
    ),
    ("server", &["model", "store", "govern", "engine"]),
    ("testkit", &["model"]),
];

/// Crates that must not be in the tree, and why.
const BANNED: [(&str, &str); 6] = [
    ("openssl-sys", "one crypto provider: aws-lc-rs"),
    ("native-tls", "one crypto provider: aws-lc-rs"),
    ("ring", "one crypto provider: aws-lc-rs"),
    ("rsa", "RUSTSEC-2023-0071"),
    ("protoc-bin-vendored", "a C compiler is the only build requirement"),
    ("serde_yaml", "YAML is read by one module with spans and limits"),
];

const LICENCES: [&str; 14] = [
    "MIT",
    "Apache-2.0",
    "BSD-2-Clause",
    "BSD-3-Clause",
    "ISC",
    "Unicode-3.0",
    "Zlib",
    "0BSD",
    "CC0-1.0",
    "Unlicense",
    "BSL-1.0",
    "MIT-0",
    "OpenSSL",
    "CDLA-Permissive-2.0",
];

pub fn check(root: &Path, report: &mut Report) -> Result<()> {
    directions(root, report)?;
    // What is really built, by the features in use (a lock file also names what is not).
    let arguments =
        ["tree", "--workspace", "--edges", "normal,build", "--prefix", "none", "--format", "{p}|{l}"];
    let tree = command(root, "cargo", &arguments).output()?;
    let tree = String::from_utf8(tree.stdout).context("cargo tree")?;
    let packages: BTreeSet<&str> =
        tree.lines().filter(|line| !line.contains("(/") && !line.is_empty()).collect();
    report.check(packages.len() > 100, || "cargo tree lists no dependencies".to_owned());
    for package in packages {
        let (name, licence) = package.split_once('|').unwrap_or((package, ""));
        let name = name.split(' ').next().unwrap_or(name);
        let banned = BANNED.iter().find(|(banned, _)| *banned == name);
        report.check(banned.is_none(), || format!("dependency {name}: {}", banned.map_or("", |b| b.1)));
        let licence = licence.trim_end_matches(" (*)").trim_end_matches(" (proc-macro)");
        report.check(permissive(licence), || {
            format!("dependency {name}: licence {licence:?} is not on the list")
        });
    }
    Ok(())
}

fn directions(root: &Path, report: &mut Report) -> Result<()> {
    let folders = std::fs::read_dir(root.join("crates"))?.flatten();
    let mut names: Vec<String> = folders.map(|f| f.file_name().to_string_lossy().into_owned()).collect();
    names.sort();
    let ours = names.clone();
    for name in names.iter().filter(|name| *name != "proofhouse") {
        let rule = MAY.iter().find(|(known, _)| known == name);
        report.check(rule.is_some(), || format!("crates/{name} is not in the table of directions"));
        let allowed = rule.map_or(&[][..], |(_, allowed)| *allowed);
        let manifest = text(&root.join("crates").join(name).join("Cargo.toml"));
        let mut section = "";
        for line in manifest.lines() {
            if line.starts_with('[') {
                section = line;
                continue;
            }
            let dependency = line.split(['.', '=', ' ']).next().unwrap_or_default();
            let is_ours = ours.iter().any(|o| o == dependency) && section.contains("dependencies");
            let fine =
                allowed.contains(&dependency) || (section == "[dev-dependencies]" && dependency == "testkit");
            report.check(!is_ours || fine, || format!("crates/{name} must not depend on {dependency}"));
        }
    }
    Ok(())
}

/// An SPDX expression is fine when one side of each OR, and every side of each AND, is on the list.
fn permissive(expression: &str) -> bool {
    let expression = expression.replace('/', " OR ").replace(['(', ')'], " ");
    let one = |part: &str| LICENCES.contains(&part.split(" WITH ").next().unwrap_or(part).trim());
    expression.split(" AND ").all(|all| all.split(" OR ").any(one))
}
