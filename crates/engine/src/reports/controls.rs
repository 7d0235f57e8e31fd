//! The control report as a PDF: an overview, a table for each catalogue, every rule with its evidence, every gap.

use govern::controls::{CatalogueReport, Missing, Report, RuleReport, Status};
use model::{Problem, problem::erase};
use report::{Bar, Document, Table};

/// Most gaps that the document lists; `--format json` and the other exports have the rest.
const MOST_GAPS: usize = 2_000;

/// The report as PDF, in English.
///
/// # Errors
/// `report-too-long`, `report-not-written`.
pub fn pdf(report: &Report, title: &str) -> Result<Vec<u8>, Problem> {
    let mut document = Document::new(title, "en");
    document.dated(report.moment);
    document.paragraph(format!(
        "As of {}. Ledger entries: {}, projects: {}. Everything here is computed from signed statements in the \
         ledger; numbers of entries are evidence, and `proofhouse ledger show` shows one. A status speaks of what \
         is measured: each control says what is not.",
        report.moment,
        report.statements,
        report.projects.len()
    ));
    let bar = |catalogue: &CatalogueReport| {
        let (met, all) = (catalogue.count(Status::Met), catalogue.controls.len());
        Bar::new(&catalogue.title, met as f64 / all.max(1) as f64, format!("{met} of {all}"))
    };
    document.bar_chart(
        "Controls that are met, by catalogue",
        report.catalogues.iter().map(bar).collect(),
        Some(1.0),
    );
    for catalogue in &report.catalogues {
        controls(&mut document, catalogue);
    }
    document.heading(1, "Rules and evidence");
    document.table(
        &["Rule", "What must hold", "Status", "Holds for", "Ledger entries"],
        report.rules.values().map(rule).collect(),
    );
    gaps(&mut document, report);
    document.finish().map_err(|error| erase(&error))
}

fn controls(document: &mut Document, catalogue: &CatalogueReport) {
    document.heading(1, &catalogue.title);
    let counts = Status::ALL.map(|status| format!("{} {status}", catalogue.count(status))).join(", ");
    document.paragraph(format!("Edition: {}. Source: {}. {counts}.", catalogue.edition, catalogue.source));
    let levels = catalogue.controls.iter().any(|control| control.level.is_some());
    let mut header = vec!["Control", "Asks for", "Status", "Projects", "Not measured here"];
    if levels {
        header.insert(3, "Answer");
    }
    let row = |control: &govern::controls::ControlReport| {
        let number = control.also.as_ref().map(|also| format!("\n{also}")).unwrap_or_default();
        let mut row = vec![
            format!("{}{number}", control.id),
            format!("{}. {}", control.title, control.text),
            control.status.to_string(),
            format!("{} of {}", control.covered, control.of),
            control.does_not_measure.clone().unwrap_or_default(),
        ];
        if levels {
            row.insert(3, control.level.map(|level| level.to_string()).unwrap_or_default());
        }
        row
    };
    document.table_of(Table {
        header: header.into_iter().map(str::to_owned).collect(),
        rows: catalogue.controls.iter().map(row).collect(),
        summary: format!("Controls of {} with their status", catalogue.title),
    });
}

fn rule(rule: &RuleReport) -> Vec<String> {
    let mut newest: Vec<u64> = rule.evidence.iter().map(|one| one.index).collect();
    newest.sort_unstable_by(|a, b| b.cmp(a));
    let shown: Vec<String> = newest.iter().take(5).map(u64::to_string).collect();
    let more = if newest.len() > 5 { format!(" and {} more", newest.len() - 5) } else { String::new() };
    vec![
        rule.id.to_owned(),
        rule.title.to_owned(),
        rule.status.to_string(),
        format!("{} of {}", rule.holds, rule.of),
        format!("{}{more}", shown.join(", ")),
    ]
}

fn gaps(document: &mut Document, report: &Report) {
    let all: Vec<(&RuleReport, &Missing)> =
        report.rules.values().flat_map(|rule| rule.missing.iter().map(move |one| (rule, one))).collect();
    document.heading(1, "What is missing");
    if all.is_empty() {
        document.paragraph("Nothing that is measured.");
        return;
    }
    let row = |(rule, one): &(&RuleReport, &Missing)| {
        let whose = one.project.clone().unwrap_or_else(|| "(organisation)".to_owned());
        vec![rule.title.to_owned(), whose, one.why.clone(), rule.close.replace('`', "")]
    };
    let rows = all.iter().take(MOST_GAPS).map(row).collect();
    document.table(&["What must hold", "Project", "Why it does not", "What closes it"], rows);
    if all.len() > MOST_GAPS {
        document.paragraph(format!("And {} more, in the other exports.", all.len() - MOST_GAPS));
    }
}
