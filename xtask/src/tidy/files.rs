//! Every file: a header, a bounded length, and nothing in it that must not be.

use std::path::Path;

use anyhow::Result;

use super::{Report, show, text, tracked};

/// A file over this many lines is more than one room.
const LONGEST: usize = 500;

pub fn check(root: &Path, report: &mut Report) -> Result<()> {
    for path in tracked(root, ".", &[".rs"])? {
        let source = text(&path);
        let name = show(root, &path).to_string();
        report.check(source.starts_with("//!"), || format!("{name}: does not start with `//!`"));
        let lines = source.lines().count();
        report.check(lines <= LONGEST, || format!("{name}: {lines} lines, more than {LONGEST}"));
        if name.starts_with("xtask/") {
            continue;
        }
        for word in ["todo!(", "unimplemented!(", "dbg!(", "#[ignore"] {
            report.check(!source.contains(word), || format!("{name}: contains {word}"));
        }
        let may = name.starts_with("crates/sandbox/");
        let block = source.lines().any(|line| {
            let code = line.split("//").next().unwrap_or_default();
            code.contains("unsafe {") || code.contains("unsafe fn") || code.contains("unsafe impl")
        });
        let in_text = name.starts_with("crates/sast/");
        report.check(may || in_text || !block, || format!("{name}: unsafe outside the sandbox"));
    }
    unmentionable(root, report)
}

/// Hosts of package registries and paths of one machine have no place in the project. The words are
/// put together here so that this file does not contain them.
fn unmentionable(root: &Path, report: &mut Report) -> Result<()> {
    let words = [
        ["pypi", ".org"].concat(),
        ["files.python", "hosted.org"].concat(),
        ["registry.npm", "js.org"].concat(),
        ["static.crates", ".io"].concat(),
        ["index.crates", ".io"].concat(),
        ["deb.deb", "ian.org"].concat(),
        ["/wo", "rk/main"].concat(),
        ["/wo", "rk/shared"].concat(),
        ["/ro", "ot/"].concat(),
    ];
    for path in tracked(root, ".", &[])? {
        let name = show(root, &path).to_string();
        if name.ends_with(".lock") || name.ends_with("package-lock.json") {
            continue;
        }
        let content = text(&path);
        for word in &words {
            report.check(!content.contains(word.as_str()), || format!("{name}: contains {word}"));
        }
    }
    Ok(())
}
