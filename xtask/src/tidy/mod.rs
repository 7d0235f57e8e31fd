//! Invariants of ARCHITECTURE.md that can be checked by reading the tree. One file a family.

mod dependencies;
mod docs;
mod files;
mod purity;
mod registries;

use std::{
    fs,
    path::{Path, PathBuf},
};

use anyhow::{Result, bail};

/// Collects what is wrong, so that everything is told at once.
#[derive(Default)]
pub struct Report {
    checks: usize,
    problems: Vec<String>,
}

impl Report {
    /// Counts a check, and records `problem` when it did not hold.
    pub fn check(&mut self, holds: bool, problem: impl FnOnce() -> String) {
        self.checks += 1;
        if !holds {
            self.problems.push(problem());
        }
    }
}

/// Runs all checks; the number of them when everything holds.
pub fn tidy(root: &Path) -> Result<usize> {
    let mut report = Report::default();
    dependencies::check(root, &mut report)?;
    files::check(root, &mut report)?;
    purity::check(root, &mut report)?;
    registries::check(root, &mut report)?;
    docs::check(root, &mut report)?;
    if report.problems.is_empty() {
        return Ok(report.checks);
    }
    report.problems.iter().for_each(|problem| println!("tidy: {problem}"));
    bail!("{} of {} checks do not hold", report.problems.len(), report.checks)
}

/// Files that git tracks or would track, below `folder`, with one of the endings.
pub fn tracked(root: &Path, folder: &str, endings: &[&str]) -> Result<Vec<PathBuf>> {
    let arguments = ["ls-files", "-z", "--cached", "--others", "--exclude-standard", "--", folder];
    let output = crate::run::command(root, "git", &arguments).output()?;
    let names = String::from_utf8_lossy(&output.stdout).into_owned();
    let wanted = |name: &&str| endings.is_empty() || endings.iter().any(|ending| name.ends_with(ending));
    let mut files: Vec<PathBuf> =
        names.split('\0').filter(|n| !n.is_empty()).filter(wanted).map(|n| root.join(n)).collect();
    files.retain(|file| file.is_file());
    files.sort();
    files.dedup();
    Ok(files)
}

/// A file's text; empty for what is not text.
pub fn text(path: &Path) -> String {
    fs::read(path).ok().and_then(|bytes| String::from_utf8(bytes).ok()).unwrap_or_default()
}

/// A path for people.
pub fn show<'a>(root: &Path, path: &'a Path) -> std::path::Display<'a> {
    path.strip_prefix(root).unwrap_or(path).display()
}
