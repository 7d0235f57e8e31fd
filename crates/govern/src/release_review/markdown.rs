//! The document as Markdown, for merge requests and mail. Every word in it that somebody else chose is
//! escaped.

use std::fmt::Write;

use model::{
    Severity,
    predicate::{CoverageFigures, Portion},
};

use super::{
    document::{Document, Findings, Known},
    judge::Standing,
    plain::{day, name},
};

/// Writes the document, and what became of it when that is known.
pub fn markdown(document: &Document, standing: Option<&Standing>) -> String {
    let mut out = String::new();
    // Writing to a string cannot fail.
    let _ = write(document, standing, &mut out);
    out
}

fn write(document: &Document, standing: Option<&Standing>, out: &mut String) -> std::fmt::Result {
    writeln!(out, "# Release review: {} for {}\n", safe(&document.project), safe(&document.environment))?;
    writeln!(
        out,
        "Made {} by {}. {}.\n",
        document.made,
        safe(&document.made_by),
        safe(&name(&document.candidate))
    )?;
    if let Some(standing) = standing {
        writeln!(out, "**Status: {}**\n", standing.state.name())?;
        list(out, standing.because.iter().map(String::as_str))?;
        said(out, standing)?;
    }
    list(out, document.summary.iter().map(String::as_str))?;
    if !document.unknown.is_empty() {
        writeln!(out, "## Not known\n")?;
        list(out, document.unknown.iter().map(String::as_str))?;
    }
    changes(document, out)?;
    risk(document, out)?;
    accepted(document, out)?;
    checks(document, out)?;
    writeln!(out, "## Deployment\n")?;
    list(out, document.plan.steps.iter().map(String::as_str))?;
    if !document.rejected_before.is_empty() {
        writeln!(out, "## Rejected before\n")?;
        list(out, document.rejected_before.iter().map(String::as_str))?;
    }
    Ok(())
}

fn said(out: &mut String, standing: &Standing) -> std::fmt::Result {
    if standing.voices.is_empty() {
        return Ok(());
    }
    row(out, &["Who", "As", "Said", "When", "Words"])?;
    row(out, &["---"; 5])?;
    for voice in &standing.voices {
        let role = voice.role.map_or("", |role| role.name());
        let words = match &voice.discounted {
            Some(why) => format!("{} (does not count: {why})", voice.text),
            None => voice.text.clone(),
        };
        row(out, &[&voice.name, role, voice.verdict.name(), &day(voice.at), &words])?;
    }
    writeln!(out)
}

fn changes(document: &Document, out: &mut String) -> std::fmt::Result {
    writeln!(out, "## What changes\n")?;
    match &document.commits {
        Known::Unknown(why) => writeln!(out, "Commits: not known, {}.\n", safe(why))?,
        Known::Known(commits) => {
            for commit in &commits.newest {
                let id: String = commit.id.chars().take(12).collect();
                writeln!(out, "- `{id}` {} ({})", safe(&commit.subject), safe(&commit.author))?;
            }
            more(out, commits.total, commits.newest.len())?;
        }
    }
    match &document.components {
        Known::Unknown(why) => writeln!(out, "Components: not known, {}.\n", safe(why)),
        Known::Known(changes) => {
            let limit = super::compose::MOST_LISTED;
            let parts = [("new", &changes.added), ("gone", &changes.removed)];
            for (word, names) in parts {
                for name in names.iter().take(limit) {
                    writeln!(out, "- {word}: {}", safe(name))?;
                }
            }
            for one in changes.updated.iter().take(limit) {
                writeln!(out, "- {}: {} → {}", safe(&one.name), safe(&one.from), safe(&one.to))?;
            }
            let all = [changes.added.len(), changes.removed.len(), changes.updated.len()];
            let listed: usize = all.iter().map(|n| (*n).min(limit)).sum();
            more(out, all.iter().sum::<usize>() as u64, listed)
        }
    }
}

fn more(out: &mut String, total: u64, listed: usize) -> std::fmt::Result {
    let left = total.saturating_sub(listed as u64);
    if left > 0 { writeln!(out, "- and {left} more\n") } else { writeln!(out) }
}

fn risk(document: &Document, out: &mut String) -> std::fmt::Result {
    writeln!(out, "## Risk\n")?;
    row(out, &["Severity", "Deployed now", "This release"])?;
    row(out, &["---", "---:", "---:"])?;
    let before = document.risk.before.get();
    for severity in Severity::ALL.iter().rev() {
        let before = before.map_or("not known".to_owned(), |counts| counts.get(*severity).to_string());
        row(out, &[severity.name(), &before, &document.risk.after.get(*severity).to_string()])?;
    }
    writeln!(out)?;
    if let Known::Known(appeared) = &document.risk.appeared {
        findings(out, "New", appeared)?;
    }
    findings(out, "The worst of this release", &document.risk.worst)
}

fn findings(out: &mut String, title: &str, findings: &Findings) -> std::fmt::Result {
    if findings.total == 0 {
        return Ok(());
    }
    writeln!(out, "{title}:\n")?;
    for one in &findings.worst {
        writeln!(out, "- {}: {} in {} (`{}`)", one.severity, safe(&one.title), safe(&one.place), one.id)?;
    }
    more(out, findings.total, findings.worst.len())
}

fn accepted(document: &Document, out: &mut String) -> std::fmt::Result {
    if document.accepted.is_empty() {
        return Ok(());
    }
    writeln!(out, "## Accepted risks\n")?;
    row(out, &["What", "Owner", "Until", "State", "Reason"])?;
    row(out, &["---"; 5])?;
    for one in &document.accepted {
        let state = match one.state {
            super::RiskState::Missed => "missed",
            super::RiskState::EndsSoon => "ends soon",
            super::RiskState::InForce => "in force",
        };
        row(out, &[&one.what, &one.owner, &day(one.expires), state, &one.reason])?;
    }
    writeln!(out)
}

fn checks(document: &Document, out: &mut String) -> std::fmt::Result {
    writeln!(out, "## Checks\n")?;
    row(out, &["Check", "Result", "Remark"])?;
    row(out, &["---"; 3])?;
    for test in &document.tests {
        let result = if test.ok { "passed" } else { "failed" };
        let counts = format!("{} passed, {} failed, {} not run", test.passed, test.failed, test.skipped);
        row(out, &[&format!("test {}", test.step), result, &counts])?;
    }
    for (what, now, before) in coverage_rows(document) {
        row(out, &[&format!("{what} that the tests run"), &now, &format!("deployed now: {before}")])?;
    }
    for scan in &document.scans {
        let result = if scan.complete { "complete" } else { "not complete" };
        row(out, &[&format!("scan {}", scan.what), result, scan.because.as_deref().unwrap_or_default()])?;
    }
    for one in document.requirements.get().into_iter().flatten() {
        row(out, &[&format!("requirement {}", one.id), one.state.name(), &one.because])?;
    }
    for control in &document.controls {
        row(out, &[&format!("control {}", control.id), &control.status, &control.title])?;
    }
    writeln!(out)
}

/// What was measured of the tests, now and before, in words.
pub fn coverage_rows(document: &Document) -> Vec<(&'static str, String, String)> {
    let Some(line) = &document.coverage else { return vec![] };
    let old = |of: fn(&CoverageFigures) -> Option<Portion>| match &line.before {
        Known::Known(before) => of(before).map_or("not measured".to_owned(), |all| all.to_string()),
        Known::Unknown(why) => format!("not known: {why}"),
    };
    let lines = ("lines", line.now.lines.to_string(), old(|all| Some(all.lines)));
    let branches = line.now.branches.map(|all| ("branches", all.to_string(), old(|all| all.branches)));
    [Some(lines), branches].into_iter().flatten().collect()
}

fn list<'a>(out: &mut String, sentences: impl Iterator<Item = &'a str>) -> std::fmt::Result {
    let mut any = false;
    for sentence in sentences {
        writeln!(out, "- {}", safe(sentence))?;
        any = true;
    }
    if any { writeln!(out) } else { Ok(()) }
}

fn row(out: &mut String, cells: &[&str]) -> std::fmt::Result {
    let rule = cells.iter().all(|cell| cell.starts_with("---"));
    let cells: Vec<String> =
        cells.iter().map(|cell| if rule { (*cell).to_owned() } else { safe(cell) }).collect();
    writeln!(out, "| {} |", cells.join(" | "))
}

/// One line in which nothing is a mark-up: no links, pictures, tags or table cells that somebody else chose.
fn safe(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '\\' | '`' | '*' | '_' | '[' | ']' | '<' | '>' | '|' | '#' | '!' | '~' | '&' | '@' => {
                out.push('\\');
                out.push(c);
            }
            c if c.is_control() || c.is_whitespace() => out.push(' '),
            c => out.push(c),
        }
    }
    // Addresses become links by themselves in many readers.
    out.replace("://", "\\://").replace("www.", "www\\.")
}
