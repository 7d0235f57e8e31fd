//! The figures of a release review as cards: each a picture where there is one, and the table behind it.

use govern::release_review::{Document, Findings, Known, RiskState, coverage_rows};
use model::{Severity, predicate::CoverageFigures, requirement::State};

use crate::{
    html::Tone,
    pages::portfolio::card::{Card, Cell, Column, Picture, Table},
    text,
};

/// All cards, the most important first.
pub(super) fn all(document: &Document) -> Vec<Card> {
    let mut cards = vec![risk(document), appeared(document), worst(document), accepted(document)];
    cards.push(tests(document));
    cards.extend(coverage(document));
    cards.extend([requirements(document), scans(document)]);
    if !document.controls.is_empty() {
        cards.push(controls(document));
    }
    cards.extend([commits(document), components(document)]);
    cards
}

fn card(id: &'static str, title: &'static str, note: impl Into<String>, table: Table) -> Card {
    Card { id, wide: false, title, note: note.into(), picture: None, table, folded: false }
}

/// Why something is not known, or nothing.
fn why<T>(known: &Known<T>) -> String {
    known.why().map(|why| format!("not known: {why}")).unwrap_or_default()
}

fn risk(document: &Document) -> Card {
    let severities: Vec<Severity> = Severity::ALL.into_iter().rev().collect();
    let (before, after) = (document.risk.before.get(), &document.risk.after);
    let row = |severity: &Severity| {
        let old = before.map_or("not known".to_owned(), |before| before.get(*severity).to_string());
        vec![Cell::chip(severity, severity.name()), Cell::number(old), Cell::number(after.get(*severity))]
    };
    let counts = |all: &model::BySeverity| severities.iter().map(|s| all.get(*s)).collect::<Vec<_>>();
    let mut columns: Vec<Column> =
        before.map(|all| ("deployed now".to_owned(), counts(all))).into_iter().collect();
    columns.push(("this release".to_owned(), counts(after)));
    let then = before.map_or("an unknown number".to_owned(), |all| all.total().to_string());
    let sentence =
        format!("Open findings: {then} in what is deployed now, {} in this release.", after.total());
    let legend = severities.iter().map(|severity| (severity.name(), severity.name())).collect();
    let table = Table {
        head: vec![("Severity", false), ("Deployed now", true), ("This release", true)],
        rows: severities.iter().map(row).collect(),
        empty: "",
    };
    let picture = Picture::new(legend, &columns, sentence);
    Card { picture, ..card("risk", "Risk before and after", why(&document.risk.before), table) }
}

fn lines(document: &Document, findings: Option<&Findings>, empty: &'static str) -> Table {
    let project = document.project.as_str();
    let row = |finding: &govern::release_review::FindingLine| {
        let list = text::query([("project", Some(project)), ("text", Some(finding.title.as_str()))]);
        vec![
            Cell::chip(finding.severity, finding.severity.name()),
            Cell::text(text::cut(&finding.title, 140)).to(format!("/findings{list}")),
            Cell::text(text::cut(&finding.place, 140)),
        ]
    };
    Table {
        head: vec![("Severity", false), ("Finding", false), ("Where", false)],
        rows: findings.map_or(vec![], |findings| findings.worst.iter().map(row).collect()),
        empty,
    }
}

/// How many there are, when not all are listed.
fn of(shown: usize, total: u64) -> String {
    if shown as u64 == total { total.to_string() } else { format!("{shown} of {total}") }
}

fn appeared(document: &Document) -> Card {
    let risk = &document.risk;
    let note = match (risk.appeared.get(), risk.gone.get()) {
        (Some(new), Some(gone)) => format!("{} new, {} gone", of(new.worst.len(), new.total), gone.total),
        _ => why(&risk.appeared),
    };
    let table = lines(document, risk.appeared.get(), "No finding is known to be new.");
    card("appeared", "New with this release", note, table)
}

fn worst(document: &Document) -> Card {
    let worst = &document.risk.worst;
    let note = of(worst.worst.len(), worst.total);
    let table = lines(document, Some(worst), "Nothing is open.");
    Card { folded: worst.worst.len() > 10, ..card("worst", "The worst of this release", note, table) }
}

fn accepted(document: &Document) -> Card {
    let state = |state| match state {
        RiskState::Missed => ("missed: ended, still there", Tone::Bad),
        RiskState::EndsSoon => ("ends soon", Tone::Warn),
        RiskState::InForce => ("in force", Tone::Good),
    };
    let rows = document.accepted.iter().map(|risk| {
        let (words, tone) = state(risk.state);
        vec![
            Cell::text(text::cut(&risk.what, 140)).to(format!("/ledger/{}", risk.index)),
            Cell::text(&risk.owner),
            Cell::text(text::day(&risk.expires)),
            Cell::chip(words, tone.class()),
            Cell::text(&risk.reason),
        ]
    });
    let table = Table {
        head: ["Risk", "Owner", "Until", "State", "Reason"].map(|name| (name, false)).to_vec(),
        rows: rows.collect(),
        empty: "No risk is accepted.",
    };
    Card { wide: true, ..card("accepted", "Accepted risks", document.accepted.len().to_string(), table) }
}

fn tests(document: &Document) -> Card {
    let tests = &document.tests;
    let columns: Vec<Column> =
        tests.iter().map(|test| (test.step.clone(), vec![test.passed, test.failed, test.skipped])).collect();
    let sum = |n: usize| columns.iter().filter_map(|(_, counts)| counts.get(n)).sum::<u64>();
    let sentence =
        format!("{} tests passed, {} failed, {} did not run to their end.", sum(0), sum(1), sum(2));
    let rows = tests.iter().map(|test| {
        let (words, tone) = if test.ok { ("passed", Tone::Good) } else { ("failed", Tone::Bad) };
        let numbers = [test.passed, test.failed, test.skipped].map(Cell::number);
        [Cell::text(&test.step), Cell::chip(words, tone.class())].into_iter().chain(numbers).collect()
    });
    let table = Table {
        head: vec![
            ("Step", false),
            ("Result", false),
            ("Passed", true),
            ("Failed", true),
            ("Not to the end", true),
        ],
        rows: rows.collect(),
        empty: "No test step ran.",
    };
    let note = match &document.test_coverage {
        Known::Known(percent) => format!("they run {percent} % of the lines"),
        Known::Unknown(why) => format!("how much of the code they run is not known: {why}"),
    };
    let legend = vec![("good", "passed"), ("bad", "failed"), ("half", "not to the end")];
    Card { picture: Picture::new(legend, &columns, sentence), ..card("tests", "Tests", note, table) }
}

/// Lines and branches that the tests run, beside those of what is deployed now.
fn coverage(document: &Document) -> Option<Card> {
    let line = document.coverage.as_ref()?;
    let mut columns: Vec<Column> = Vec::new();
    let mut measured = |name: &str, figures: &CoverageFigures| {
        for (word, all) in [("lines", Some(figures.lines)), ("branches", figures.branches)] {
            let Some(all) = all else { continue };
            let percent = u64::from(all.percent());
            columns.push((format!("{word}, {name}"), vec![percent, 100 - percent]));
        }
    };
    line.before.get().into_iter().for_each(|before| measured("deployed now", before));
    measured("this release", &line.now);
    let rows = coverage_rows(document);
    let row = |(what, now, before): (&str, String, String)| {
        vec![Cell::text(what), Cell::text(before), Cell::text(now)]
    };
    let table = Table {
        head: ["What the tests run", "Deployed now", "This release"].map(|name| (name, false)).to_vec(),
        rows: rows.into_iter().map(row).collect(),
        empty: "",
    };
    let sentence = format!("The tests run {} of the lines.", line.now.lines);
    let legend = vec![("good", "per cent that tests run"), ("half", "the rest")];
    let picture = Picture::new(legend, &columns, sentence.clone());
    Some(Card { picture, ..card("coverage", "Test coverage", sentence, table) })
}

fn requirements(document: &Document) -> Card {
    let all = document.requirements.get().map(Vec::as_slice).unwrap_or_default();
    let met = all.iter().filter(|one| one.state.is_met()).count() as u64;
    let count = |state: State| all.iter().filter(|one| one.state == state).count() as u64;
    let columns: Vec<Column> = State::ALL
        .into_iter()
        .map(|state| {
            let n = count(state);
            (state.name().to_owned(), if state.is_met() { vec![n, 0] } else { vec![0, n] })
        })
        .collect();
    let sentence = format!("{met} of {} security requirements are met.", all.len());
    let rows = all.iter().filter(|one| !one.state.is_met()).map(|one| {
        vec![
            Cell::text(&one.id),
            Cell::chip(one.state.name(), Tone::Bad.class()),
            Cell::text(text::cut(&one.title, 200)),
            Cell::text(text::cut(&one.because, 200)),
        ]
    });
    let table = Table {
        head: ["Requirement", "State", "What must hold", "Why"].map(|name| (name, false)).to_vec(),
        rows: rows.collect(),
        empty: "None is known to be unmet.",
    };
    let note = document.requirements.why().map_or(sentence.clone(), |why| format!("not known: {why}"));
    let legend = vec![("good", "met"), ("bad", "not met")];
    Card {
        picture: Picture::new(legend, &columns, sentence),
        ..card("requirements", "Security requirements", note, table)
    }
}

fn scans(document: &Document) -> Card {
    let rows = document.scans.iter().map(|scan| {
        let (words, tone) =
            if scan.complete { ("complete", Tone::Good) } else { ("not complete", Tone::Bad) };
        vec![
            Cell::text(&scan.what),
            Cell::text(scan.tool.as_deref().unwrap_or("none")),
            Cell::chip(words, tone.class()),
            Cell::text(scan.because.as_deref().unwrap_or("")),
        ]
    });
    let table = Table {
        head: ["Scan", "Tool", "Coverage", "Remark"].map(|name| (name, false)).to_vec(),
        rows: rows.collect(),
        empty: "No scan was expected or made.",
    };
    card("scans", "Scans", "", table)
}

fn controls(document: &Document) -> Card {
    let rows = document.controls.iter().map(|control| {
        vec![Cell::text(&control.id), Cell::text(&control.status), Cell::text(&control.title)]
    });
    let head = ["Control", "Status", "What it demands"].map(|name| (name, false)).to_vec();
    card("controls", "Controls", "", Table { head, rows: rows.collect(), empty: "" })
}

fn commits(document: &Document) -> Card {
    let (note, rows) = match &document.commits {
        Known::Unknown(why) => (format!("not known: {why}"), vec![]),
        Known::Known(commits) => {
            let rows = commits.newest.iter().map(|one| {
                vec![
                    Cell::text(text::short(&one.id)),
                    Cell::text(&one.author),
                    Cell::text(text::cut(&one.subject, 200)),
                ]
            });
            (of(commits.newest.len(), commits.total), rows.collect())
        }
    };
    let head = ["Commit", "Author", "What"].map(|name| (name, false)).to_vec();
    let folded = rows.len() > 10;
    Card { folded, ..card("commits", "Commits", note, Table { head, rows, empty: "None are known." }) }
}

fn components(document: &Document) -> Card {
    let (note, rows) = match &document.components {
        Known::Unknown(why) => (format!("not known: {why}"), vec![]),
        Known::Known(changes) => {
            let of = |word: &'static str, names: &[String]| -> Vec<Vec<Cell>> {
                names.iter().map(|name| vec![Cell::text(word), Cell::text(name)]).collect()
            };
            let mut rows = of("new", &changes.added);
            rows.extend(changes.updated.iter().map(|one| {
                vec![
                    Cell::text("other version"),
                    Cell::text(format!("{}: {} to {}", one.name, one.from, one.to)),
                ]
            }));
            rows.extend(of("gone", &changes.removed));
            (format!("{} differ", rows.len()), rows)
        }
    };
    let head = ["Change", "Component"].map(|name| (name, false)).to_vec();
    let folded = rows.len() > 10;
    Card {
        folded,
        ..card("components", "Components", note, Table { head, rows, empty: "None are known to differ." })
    }
}
