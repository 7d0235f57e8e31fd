//! The report as a Markdown page: a table of controls for each catalogue, then every rule with its gaps.

use std::fmt::Write as _;

use crate::controls::{CatalogueReport, Report, RuleReport, Status};

/// Most gaps of one rule that the page names.
const MOST: usize = 10;

/// The report as Markdown, under this title.
pub fn markdown(report: &Report, title: &str) -> String {
    let mut page = format!("# {}\n\n", plain(title));
    let _ = writeln!(
        page,
        "As of {}: {} ledger entries; projects: {}. Numbers in brackets are ledger entries; `proofhouse ledger show` \
         shows one.\n",
        report.moment,
        report.statements,
        report.projects.len()
    );
    for catalogue in &report.catalogues {
        controls(&mut page, catalogue);
    }
    page.push_str(
        "## Rules\n\n| rule | what must hold | status | holds for | evidence |\n|---|---|---|---|---|\n",
    );
    for rule in report.rules.values() {
        let _ = writeln!(
            page,
            "| `{}` | {} | {} | {} of {} | {} |",
            rule.id,
            plain(rule.title),
            rule.status,
            rule.holds,
            rule.of,
            entries(rule)
        );
    }
    page.push_str("\n## What is missing\n\n");
    for rule in report.rules.values().filter(|rule| !rule.missing.is_empty()) {
        let _ = writeln!(page, "- **{}** (`{}`), closed by: {}", plain(rule.title), rule.id, rule.close);
        for one in rule.missing.iter().take(MOST) {
            let _ = match &one.project {
                Some(project) => writeln!(page, "  - {}: {}", plain(project), plain(&one.why)),
                None => writeln!(page, "  - the organisation: {}", plain(&one.why)),
            };
        }
        if rule.missing.len() > MOST {
            let _ = writeln!(page, "  - and {} more", rule.missing.len() - MOST);
        }
    }
    page
}

fn controls(page: &mut String, catalogue: &CatalogueReport) {
    let counts: Vec<String> =
        Status::ALL.map(|status| format!("{} {status}", catalogue.count(status))).to_vec();
    let _ = writeln!(page, "## {}\n", plain(&catalogue.title));
    let _ = writeln!(
        page,
        "Edition: {}. Source: {}. {}.\n",
        plain(&catalogue.edition),
        plain(&catalogue.source),
        counts.join(", ")
    );
    let levels = catalogue.controls.iter().any(|control| control.level.is_some());
    page.push_str(if levels {
        "| control | asks for | status | answer | projects | not measured here |\n|---|---|---|---|---|---|\n"
    } else {
        "| control | asks for | status | projects | not measured here |\n|---|---|---|---|---|\n"
    });
    for control in &catalogue.controls {
        let level = control.level.map(|level| format!(" {level} |")).unwrap_or_default();
        let also = control.also.as_deref().map(|also| format!(" ({})", plain(also))).unwrap_or_default();
        let _ = writeln!(
            page,
            "| {}{also} | **{}.** {} | {} |{level} {} of {} | {} |",
            plain(&control.id),
            plain(&control.title),
            plain(&control.text),
            control.status,
            control.covered,
            control.of,
            control.does_not_measure.as_deref().map(plain).unwrap_or_default()
        );
    }
    page.push('\n');
}

fn entries(rule: &RuleReport) -> String {
    let mut newest: Vec<u64> = rule.evidence.iter().map(|one| one.index).collect();
    newest.sort_unstable_by(|a, b| b.cmp(a));
    let shown: Vec<String> = newest.iter().take(3).map(|index| format!("[{index}]")).collect();
    shown.join(" ")
}

/// Text of others as text: nothing in it is markup, and it stays on its line.
fn plain(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '\\' | '`' | '*' | '_' | '[' | ']' | '<' | '>' | '|' | '#' | '!' | '~' => {
                out.push('\\');
                out.push(c);
            }
            '&' => out.push_str("&amp;"),
            c if c.is_control() => out.push(' '),
            c => out.push(c),
        }
    }
    out
}
