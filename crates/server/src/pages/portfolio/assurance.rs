//! How far the scans reach, how the scanners are, what they are worth, and which risks are accepted.

use model::portfolio::{CoverageState, Portfolio, RuleQuality, TechniqueCoverage, ToolHealth};

use super::{
    card::{Card, Cell, Column, Picture, Table, Tile},
    links,
};
use crate::{html::Tone, pages::frame::Frame, text};

fn gaps(one: &TechniqueCoverage) -> u64 {
    one.stale + one.incomplete + one.missing
}

pub(super) fn coverage_tile(facts: &Portfolio) -> Tile {
    let gaps: u64 = facts.coverage.iter().map(gaps).sum();
    let missing: u64 = facts.coverage.iter().map(|one| one.missing).sum();
    Tile::new("Gaps in coverage", gaps, format!("{missing} never scanned"), "#coverage".into())
        .bad_if(gaps > 0)
}

pub(super) fn exception_tile(facts: &Portfolio) -> Tile {
    let totals = &facts.exceptions;
    let note = format!("end within 14 days, of {} in force", totals.active);
    Tile::new("Accepted risks", totals.soon, note, "/exceptions?state=soon".into())
}

pub(super) fn coverage(facts: &Portfolio) -> Card {
    let counts = |one: &TechniqueCoverage| vec![one.fresh, one.stale, one.incomplete, one.missing];
    let columns: Vec<Column> =
        facts.coverage.iter().map(|one| (one.technique.name().to_owned(), counts(one))).collect();
    let total: u64 = facts.coverage.iter().map(gaps).sum();
    let sentence = format!("{} over {}.", text::many(&total, "gap"), text::many(&facts.projects, "project"));
    let row = |one: &TechniqueCoverage| {
        let name = one.technique.name();
        let cells = CoverageState::ALL.into_iter().zip(counts(one));
        let cells = cells.map(|(state, n)| Cell::count(n, links::coverage(Some(name), Some(state.name()))));
        [Cell::text(name).to(links::coverage(Some(name), None))].into_iter().chain(cells).collect()
    };
    let states = CoverageState::ALL.map(|state| (state.name(), true));
    Card {
        id: "coverage",
        wide: false,
        title: "Coverage",
        note: sentence.clone(),
        picture: Picture::new(
            vec![("good", "fresh"), ("warn", "stale"), ("half", "incomplete"), ("bad", "missing")],
            &columns,
            sentence,
        ),
        table: Table {
            head: [("Technique", false)].into_iter().chain(states).collect(),
            rows: facts.coverage.iter().map(row).collect(),
            empty: "",
        },
        folded: false,
    }
}

pub(super) fn tools(facts: &Portfolio, frame: &Frame) -> Card {
    let row = |tool: &ToolHealth| {
        let findings = text::query([("status", Some(links::OPEN)), ("scanner", Some(tool.tool.as_str()))]);
        let state = match (tool.drift, tool.failing) {
            (true, _) => Cell::chip("drift", Tone::Bad.class()),
            (false, 0) => Cell::chip("ok", Tone::Good.class()),
            (false, _) => Cell::chip("incomplete", Tone::Warn.class()),
        };
        vec![
            Cell::text(&tool.tool).to(links::scanners(tool, false)),
            Cell::text(tool.technique),
            state,
            Cell::text(text::ago(&frame.now, &tool.last)).to(format!("/ledger/{}", tool.last_scan)),
            Cell::number(tool.projects),
            Cell::count(tool.failing, links::scanners(tool, true)),
            Cell::number(format!("{} of {}", tool.incomplete, tool.scans)),
            Cell::number(tool.versions),
            Cell::count(tool.open, format!("/findings{findings}")),
        ]
    };
    let drifting = facts.tools.iter().filter(|tool| tool.drift).count() as u64;
    let failing = facts.tools.iter().filter(|tool| tool.failing > 0).count() as u64;
    Card {
        id: "tools",
        wide: true,
        title: "Scanners",
        note: format!(
            "{failing} with incomplete newest scans, {drifting} with one version of several digests"
        ),
        picture: None,
        table: Table {
            head: vec![
                ("Scanner", false),
                ("Technique", false),
                ("State", false),
                ("Newest scan", false),
                ("Projects", true),
                ("Incomplete now", true),
                ("Incomplete ever", true),
                ("Versions", true),
                ("Open findings", true),
            ],
            rows: facts.tools.iter().map(row).collect(),
            empty: "No scanner was seen yet: proofhouse scan runs the built-in ones.",
        },
        folded: false,
    }
}

pub(super) fn quality(facts: &Portfolio) -> Card {
    let row = |one: &RuleQuality| {
        let link = |state: Option<&str>| {
            let pairs =
                [("scanner", Some(one.scanner.as_str())), ("rule", Some(&one.rule)), ("triage", state)];
            format!("/findings{}", text::query(pairs))
        };
        vec![
            Cell::text(&one.scanner),
            Cell::text(text::cut(&one.rule, 60)).to(link(None)),
            Cell::count(one.false_positive, link(Some("false-positive"))),
            Cell::count(one.confirmed, link(Some("confirmed"))),
            Cell::count(one.wont_fix, link(Some("wont-fix"))),
            Cell::count(one.duplicate, link(Some("duplicate-of"))),
            Cell::number(one.false_positive_rate().map_or("–".into(), |rate| format!("{rate} %"))),
        ]
    };
    Card {
        id: "quality",
        wide: true,
        title: "What the scanners' rules are worth",
        note: "from triage; the ten with most false positives".into(),
        picture: None,
        table: Table {
            head: vec![
                ("Scanner", false),
                ("Rule", false),
                ("False positive", true),
                ("Confirmed", true),
                ("Will not be fixed", true),
                ("Duplicate", true),
                ("Wrong", true),
            ],
            rows: facts.quality.iter().map(row).collect(),
            empty: "Nobody judged a finding yet: proofhouse findings triage ID --as confirmed --reason …",
        },
        folded: false,
    }
}

pub(super) fn exceptions(facts: &Portfolio) -> Card {
    let totals = &facts.exceptions;
    let row = |name: &str, n: u64, state: &str| {
        vec![Cell::text(name), Cell::count(n, format!("/exceptions?state={state}"))]
    };
    Card {
        id: "exceptions",
        wide: false,
        title: "Accepted risks",
        note: "an exception that ended blocks again".into(),
        picture: None,
        table: Table {
            head: vec![("State", false), ("Exceptions", true)],
            rows: vec![
                row("in force", totals.active, "active"),
                row("end within 14 days", totals.soon, "soon"),
                row("ended within 30 days", totals.lapsed, "lapsed"),
            ],
            empty: "",
        },
        folded: false,
    }
}
