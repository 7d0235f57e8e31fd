//! `docs/evidence/interop.md`: nothing in it depends on the run but the verdicts.

use std::fmt::Write;

use super::{
    Kind,
    judges::Judge,
    known::{self, Known, Only},
    table::{Cell, GOOD, Row},
};

/// The document.
pub fn render(rows: &[Row], judges: &[Judge]) -> String {
    let mut text = include_str!("introduction.md").to_owned();
    let _ = writeln!(text, "\n## Verifiers\n\n| verifier | version | what it judges |\n|---|---|---|");
    for judge in judges {
        let _ = writeln!(text, "| {} | {} | {} |", judge.name, judge.version, judge.what);
    }
    overview(&mut text, rows, judges);
    let headings = [
        ("What ours accepts although it was changed", known::SILENT),
        ("What another refuses and ours accepts", known::STRICTER),
        ("What ours refuses and another accepts", known::LENIENT),
    ];
    for (heading, list) in headings {
        let _ = writeln!(text, "\n## {heading}\n\n| verifier | bundles | what | why |\n|---|---|---|---|");
        list.iter().for_each(|entry| text += &difference(entry));
    }
    text += include_str!("by-format.md");
    for kind in Kind::ALL {
        table(&mut text, kind, rows, judges);
    }
    text
}

fn difference(entry: &Known) -> String {
    let bundles = match entry.only {
        Only::All => "all",
        Only::Certificate => "with a certificate",
        Only::Key => "with a key",
    };
    // A name that was cut within backticks.
    let close = if entry.row.matches('`').count() % 2 == 1 { "`" } else { "" };
    let row = if entry.row == "…" { "everything else".into() } else { format!("{}{close}", entry.row) };
    format!("| {} | {bundles} | {row} | {} |\n", entry.verifier, entry.why)
}

/// Good bundles in all kinds, those that a verifier is not made for as well.
fn overview(text: &mut String, rows: &[Row], judges: &[Judge]) {
    let _ = write!(text, "\n## Good bundles\n\n| bundle |");
    judges.iter().for_each(|judge| *text += &format!(" {} |", judge.name));
    *text += &format!("\n|---{}|\n", "|---".repeat(judges.len()));
    for row in rows.iter().filter(|row| row.name == GOOD) {
        let _ = write!(text, "| {} |", row.kind.title());
        for (cell, judge) in row.cells.iter().zip(judges) {
            let told = match (cell, judge.understands(row.kind)) {
                (Cell::Accepted, _) => "accepted",
                (_, true) => "refused",
                (_, false) => "refused: not made for such bundles",
            };
            let _ = write!(text, " {told} |");
        }
        text.push('\n');
    }
}

fn table(text: &mut String, kind: Kind, rows: &[Row], judges: &[Judge]) {
    let judging = || judges.iter().enumerate().filter(|(_, judge)| judge.understands(kind));
    let _ = write!(text, "\n## Bundle with {}\n\n| what was changed |", kind.title());
    judging().for_each(|(_, judge)| *text += &format!(" {} |", judge.name));
    *text += &format!("\n|---{}|\n", "|---".repeat(judging().count()));
    for row in rows.iter().filter(|row| row.kind == kind) {
        let _ = write!(text, "| {} |", row.name);
        judging().for_each(|(n, _)| *text += &format!(" {} |", told(&row.cells[n], n == 0 && !row.sweep)));
        text.push('\n');
    }
}

fn told(cell: &Cell, codes: bool) -> String {
    match cell {
        Cell::Accepted => "accepted".into(),
        Cell::InPart => "**in part**".into(),
        Cell::Refused(codes_given) if codes => {
            codes_given.iter().map(|code| format!("`{code}`")).collect::<Vec<_>>().join(", ")
        }
        Cell::Refused(_) => "refused".into(),
    }
}
