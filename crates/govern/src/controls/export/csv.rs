//! One line for each rule of each control (RFC 4180), for spreadsheets.

use crate::controls::Report;

/// Names of the columns.
const HEADER: [&str; 16] = [
    "catalogue",
    "control",
    "also",
    "title",
    "status",
    "level",
    "measured",
    "projects covered",
    "projects",
    "rule",
    "rule title",
    "rule status",
    "holds",
    "of",
    "evidence (ledger entries)",
    "missing",
];

/// Most evidence and gaps that one cell names; spreadsheets end a cell at 32,767 characters.
const MOST: usize = 100;

/// The report as CSV.
pub fn csv(report: &Report) -> String {
    let mut writer = csv::WriterBuilder::new().terminator(csv::Terminator::CRLF).from_writer(vec![]);
    // Writing to memory cannot fail.
    let mut line = |cells: Vec<String>| writer.write_record(cells.iter().map(|cell| harmless(cell))).is_ok();
    line(HEADER.map(str::to_owned).to_vec());
    for catalogue in &report.catalogues {
        for control in &catalogue.controls {
            for rule in report.rules_of(control) {
                let entry = |one: &crate::controls::Evidence| one.index.to_string();
                let missing = |one: &crate::controls::Missing| match &one.project {
                    Some(project) => format!("{project}: {}", one.why),
                    None => one.why.clone(),
                };
                line(vec![
                    catalogue.id.clone(),
                    control.id.clone(),
                    control.also.clone().unwrap_or_default(),
                    control.title.clone(),
                    control.status.name().to_owned(),
                    control.level.map(|level| level.name().to_owned()).unwrap_or_default(),
                    if control.does_not_measure.is_some() { "part" } else { "whole" }.to_owned(),
                    control.covered.to_string(),
                    control.of.to_string(),
                    rule.id.to_owned(),
                    rule.title.to_owned(),
                    rule.status.name().to_owned(),
                    rule.holds.to_string(),
                    rule.of.to_string(),
                    cut(rule.evidence.iter().map(entry), rule.evidence.len(), " "),
                    cut(rule.missing.iter().map(missing), rule.missing.len(), "; "),
                ]);
            }
        }
    }
    String::from_utf8(writer.into_inner().unwrap_or_default()).unwrap_or_default()
}

fn cut(all: impl Iterator<Item = String>, number: usize, between: &str) -> String {
    let mut text = all.take(MOST).collect::<Vec<_>>().join(between);
    if number > MOST {
        text.push_str(&format!("{between}and {} more", number - MOST));
    }
    text
}

/// A cell that begins as a formula would be carried out by a spreadsheet; names come from repositories.
fn harmless(cell: &str) -> String {
    match cell.chars().next() {
        Some('=' | '+' | '-' | '@' | '\t' | '\r') => format!("'{cell}"),
        _ => cell.to_owned(),
    }
}
