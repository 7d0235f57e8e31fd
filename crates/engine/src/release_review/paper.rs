//! A release review on paper: one to three pages for people who sign, with charts.

use govern::release_review::{CoverageLine, Document, Findings, Known, RiskState, Standing};
use model::{Problem, Severity, predicate::CoverageFigures, problem::erase, requirement::State};
use report::Bar;

/// Rows of a table that are printed; how many there are is always told.
const MOST_ROWS: usize = 12;

/// The review as a PDF. The same review and standing give the same bytes.
///
/// # Errors
/// The PDF cannot be written.
pub fn pdf(document: &Document, standing: Option<&Standing>) -> Result<Vec<u8>, Problem> {
    let title = format!("Release review: {} for {}", document.project, document.environment);
    let mut paper = report::Document::new(title, "en");
    paper.dated(document.made);
    paper.paragraph(format!(
        "Made {} by {}.",
        document.made.strftime("%Y-%m-%d %H:%M UTC"),
        document.made_by
    ));
    if let Some(standing) = standing {
        decision(&mut paper, standing);
    }
    paper.heading(1, "In short").list(document.summary.clone());
    if !document.unknown.is_empty() {
        paper.heading(1, "What is not known").list(document.unknown.clone());
    }
    risk(&mut paper, document);
    accepted(&mut paper, document);
    checks(&mut paper, document);
    changes(&mut paper, document);
    paper.heading(1, "Deployment").list(document.plan.steps.clone());
    if !document.rejected_before.is_empty() {
        paper.heading(1, "Rejected before").list(document.rejected_before.clone());
    }
    let run = document.candidate.run.map_or(String::new(), |run| format!(" run {run},"));
    paper.heading(1, "What this is about");
    paper.paragraph(format!(
        "Artifact {},{run} sha256:{}",
        document.candidate.artifact, document.candidate.digest
    ));
    paper.finish().map_err(|e| erase(&e))
}

fn decision(paper: &mut report::Document, standing: &Standing) {
    paper.heading(1, format!("Status: {}", standing.state.name()));
    if !standing.because.is_empty() {
        paper.list(standing.because.clone());
    }
    let rows = standing.voices.iter().map(|voice| {
        let role = voice.role.map_or("", |role| role.name()).to_owned();
        let not = voice.discounted.as_ref().map_or(String::new(), |why| format!(" (does not count: {why})"));
        let said = format!("{}{not}", voice.verdict.name());
        vec![voice.name.clone(), role, said, voice.at.strftime("%Y-%m-%d").to_string(), voice.text.clone()]
    });
    let rows: Vec<_> = rows.collect();
    if !rows.is_empty() {
        paper.table(&["who", "as", "said", "when", "words"], rows);
    }
}

fn risk(paper: &mut report::Document, document: &Document) {
    paper.heading(1, "Risk before and after");
    let mut bars = Vec::new();
    for severity in [Severity::Critical, Severity::High, Severity::Medium, Severity::Low] {
        let after = document.risk.after.get(severity);
        if let Known::Known(before) = &document.risk.before {
            let before = before.get(severity);
            bars.push(Bar::new(format!("{severity}, deployed now"), before as f64, before.to_string()));
        }
        bars.push(Bar::new(format!("{severity}, this release"), after as f64, after.to_string()));
    }
    paper.bar_chart("Known weaknesses by severity", bars, None);
    if let Known::Known(appeared) = &document.risk.appeared {
        findings(paper, "New with this release", appeared);
    }
    findings(paper, "The worst of this release", &document.risk.worst);
}

fn findings(paper: &mut report::Document, title: &str, findings: &Findings) {
    if findings.total == 0 {
        return;
    }
    let rows: Vec<_> = findings.worst.iter().take(MOST_ROWS).collect();
    paper.heading(2, format!("{title}: {} of {}", rows.len(), findings.total));
    let rows = rows.into_iter().map(|f| vec![f.severity.to_string(), f.title.clone(), f.place.clone()]);
    paper.table(&["severity", "weakness", "where"], rows.collect());
}

fn accepted(paper: &mut report::Document, document: &Document) {
    if document.accepted.is_empty() {
        return;
    }
    paper.heading(1, "Accepted risks");
    let state = |state| match state {
        RiskState::Missed => "missed: ended, still there",
        RiskState::EndsSoon => "ends soon",
        RiskState::InForce => "in force",
    };
    let rows = document.accepted.iter().map(|risk| {
        let until = risk.expires.strftime("%Y-%m-%d").to_string();
        vec![risk.what.clone(), risk.owner.clone(), until, state(risk.state).to_owned(), risk.reason.clone()]
    });
    paper.table(&["risk", "owner", "until", "state", "reason"], rows.collect());
}

fn checks(paper: &mut report::Document, document: &Document) {
    paper.heading(1, "Tests and checks");
    let sum = |of: fn(&govern::release_review::TestLine) -> u64| document.tests.iter().map(of).sum::<u64>();
    let (passed, failed, skipped) = (sum(|t| t.passed), sum(|t| t.failed), sum(|t| t.skipped));
    if !document.tests.is_empty() {
        let bars = [("passed", passed), ("failed", failed), ("did not run to their end", skipped)];
        paper.bar_chart(
            "Tests",
            bars.map(|(word, n)| Bar::new(word, n as f64, n.to_string())).to_vec(),
            None,
        );
    }
    if let Some(line) = &document.coverage {
        coverage(paper, line);
    }
    let requirements = document.requirements.get().map(Vec::as_slice).unwrap_or_default();
    if !requirements.is_empty() {
        let count = |state: State| requirements.iter().filter(|one| one.state == state).count();
        let bars =
            State::ALL.map(|state| Bar::new(state.name(), count(state) as f64, count(state).to_string()));
        paper.bar_chart("Security requirements", bars.to_vec(), Some(requirements.len() as f64));
    }
    let scans = document.scans.iter().map(|scan| {
        let result = if scan.complete { "complete" } else { "not complete" };
        let because = scan.because.clone().unwrap_or_default();
        vec![format!("scan {}", scan.what), result.to_owned(), because]
    });
    let unmet = requirements
        .iter()
        .filter(|one| !one.state.is_met())
        .map(|one| vec![format!("requirement {}", one.id), one.state.name().to_owned(), one.title.clone()]);
    let controls = document
        .controls
        .iter()
        .filter(|one| one.status != "met")
        .map(|one| vec![format!("control {}", one.id), one.status.clone(), one.title.clone()]);
    let rows: Vec<_> = scans.chain(unmet).chain(controls).collect();
    if !rows.is_empty() {
        paper.table(&["check", "result", "remark"], rows);
    }
}

/// Lines and branches that the tests run, beside those of what is deployed now, of a hundred per cent.
fn coverage(paper: &mut report::Document, line: &CoverageLine) {
    let measured = |name: &str, figures: &CoverageFigures| {
        let parts = [("lines", Some(figures.lines)), ("branches", figures.branches)];
        let bars = parts.into_iter().filter_map(|(word, all)| all.map(|all| (word, all)));
        bars.map(|(word, all)| Bar::new(format!("{word}, {name}"), all.percent().into(), all.to_string()))
            .collect::<Vec<_>>()
    };
    let mut bars = measured("this release", &line.now);
    match &line.before {
        Known::Known(before) => bars.extend(measured("deployed now", before)),
        Known::Unknown(why) => drop(paper.paragraph(format!(
            "How much of the code of what is deployed now its tests run is not known: {why}."
        ))),
    }
    paper.bar_chart("How much of the code the tests run", bars, Some(100.0));
}

fn changes(paper: &mut report::Document, document: &Document) {
    paper.heading(1, "What changes");
    match &document.commits {
        Known::Unknown(why) => paper.paragraph(format!("Which commits it brings is not known: {why}.")),
        Known::Known(commits) => {
            let rows: Vec<_> = commits.newest.iter().take(MOST_ROWS).collect();
            paper.paragraph(format!("{} of {} commits, the newest first.", rows.len(), commits.total));
            let rows = rows
                .into_iter()
                .map(|one| vec![one.id.chars().take(12).collect(), one.author.clone(), one.subject.clone()]);
            paper.table(&["commit", "author", "what"], rows.collect())
        }
    };
    match &document.components {
        Known::Unknown(why) => paper.paragraph(format!("Which components changed is not known: {why}.")),
        Known::Known(changes) => {
            let of = |word: &str, names: &[String]| {
                names.iter().map(|name| vec![word.to_owned(), name.clone()]).collect::<Vec<_>>()
            };
            let updated = changes.updated.iter().map(|one| {
                vec!["other version".to_owned(), format!("{}: {} to {}", one.name, one.from, one.to)]
            });
            let mut rows = of("new", &changes.added);
            rows.extend(updated);
            rows.extend(of("gone", &changes.removed));
            let total = rows.len();
            rows.truncate(MOST_ROWS);
            paper.paragraph(format!("{} of {total} components that differ.", rows.len()));
            if rows.is_empty() { paper } else { paper.table(&["change", "component"], rows) }
        }
    };
}
