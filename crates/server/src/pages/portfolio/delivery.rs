//! What gates let through, what was deployed, and how it went.

use std::collections::BTreeMap;

use model::portfolio::{Delivery, Outcomes, Portfolio, rate};

use super::{
    card::{Card, Cell, Column, Picture, Table, Tile},
    links,
};
use crate::text;

/// Classes of time in words.
const CLASSES: [(&str, &str); 5] = [
    ("hour", "under an hour"),
    ("day", "under a day"),
    ("week", "under a week"),
    ("month", "under 30 days"),
    ("longer", "30 days or more"),
];

fn percent(rate: Option<u64>) -> String {
    rate.map_or("–".into(), |rate| format!("{rate} %"))
}

fn words(class: Option<&str>) -> &'static str {
    CLASSES.into_iter().find(|(name, _)| Some(*name) == class).map_or("–", |(_, words)| words)
}

fn sum(facts: &Portfolio) -> Outcomes {
    facts.gates.iter().fold(Outcomes::default(), |all, gate| Outcomes {
        pass: all.pass + gate.total.pass,
        warn: all.warn + gate.total.warn,
        deny: all.deny + gate.total.deny,
    })
}

pub(super) fn gate_tile(facts: &Portfolio) -> Tile {
    let all = sum(facts);
    let note = format!("{} of {} refused", all.deny, text::many(&all.total(), "decision"));
    Tile::new("Gates passed", percent(all.pass_rate()), note, links::decisions(None, None, &facts.since))
}

pub(super) fn failure_tile(facts: &Portfolio) -> Tile {
    let failed: u64 = facts.delivery.iter().map(Delivery::failed_changes).sum();
    let good: u64 = facts.delivery.iter().map(|one| one.result("deployed")).sum();
    let note = format!("{failed} of {}", text::many(&(good + failed), "change"));
    let href = links::deployments(None, Some(FAILED), &facts.since);
    Tile::new("Change failure rate", percent(rate(failed, good + failed)), note, href)
}

/// Results that count as a failed change.
const FAILED: &str = "rolled-back,reversed,interrupted";

pub(super) fn gates(facts: &Portfolio) -> Card {
    let mut days: BTreeMap<&str, Vec<u64>> =
        facts.trend.iter().map(|day| (day.day.as_str(), vec![0; 3])).collect();
    for (day, outcomes) in facts.gates.iter().flat_map(|gate| &gate.days) {
        if let Some(counts) = days.get_mut(day.as_str()) {
            let more = [outcomes.pass, outcomes.warn, outcomes.deny];
            counts.iter_mut().zip(more).for_each(|(count, more)| *count += more);
        }
    }
    let columns: Vec<Column> = days.into_iter().map(|(day, counts)| (day.to_owned(), counts)).collect();
    let all = sum(facts);
    let sentence = match all.pass_rate() {
        Some(rate) => {
            format!("{rate} % of {} since {} let it in.", text::many(&all.total(), "decision"), facts.since)
        }
        None => format!("No gate was asked since {}.", facts.since),
    };
    let row = |gate: &model::portfolio::GateRate| {
        let name = Some(gate.environment.as_str());
        let count = |n, outcome| Cell::count(n, links::decisions(name, Some(outcome), &facts.since));
        vec![
            Cell::text(&gate.environment).to(links::decisions(name, None, &facts.since)),
            count(gate.total.pass, "pass"),
            count(gate.total.warn, "warn"),
            count(gate.total.deny, "deny"),
            Cell::number(percent(gate.total.pass_rate())),
        ]
    };
    Card {
        id: "gates",
        wide: false,
        title: "Decisions of the gates",
        note: sentence.clone(),
        picture: Picture::new(vec![("good", "pass"), ("warn", "warn"), ("bad", "deny")], &columns, sentence),
        table: Table {
            head: vec![
                ("Environment", false),
                ("Pass", true),
                ("Warn", true),
                ("Deny", true),
                ("Let in", true),
            ],
            rows: facts.gates.iter().map(row).collect(),
            empty: "Nothing was decided in this period: proofhouse deploy ENVIRONMENT asks the gate first.",
        },
        folded: false,
    }
}

pub(super) fn dora(facts: &Portfolio) -> Card {
    let days = facts.trend.len().max(1) as u64;
    let mut by_day: BTreeMap<&str, u64> = facts.trend.iter().map(|day| (day.day.as_str(), 0)).collect();
    for (day, n) in facts.delivery.iter().flat_map(|one| &one.days) {
        by_day.get_mut(day.as_str()).into_iter().for_each(|count| *count += n);
    }
    let total: u64 = by_day.values().sum();
    let columns: Vec<Column> = by_day.into_iter().map(|(day, n)| (day.to_owned(), vec![n])).collect();
    let sentence = format!("{} went through since {}.", text::many(&total, "deployment"), facts.since);
    let row = |one: &Delivery| {
        let name = Some(one.environment.as_str());
        let link = |result| links::deployments(name, Some(result), &facts.since);
        let weekly = one.result("deployed") * 70 / days;
        vec![
            Cell::text(&one.environment).to(links::deployments(name, None, &facts.since)),
            Cell::count(one.result("deployed"), link("deployed")),
            Cell::number(format!("{}.{}", weekly / 10, weekly % 10)),
            Cell::number(words(one.lead.median())),
            Cell::number(percent(one.change_failure_rate())).to(link(FAILED)),
            Cell::number(words(one.restore.median())),
        ]
    };
    Card {
        id: "dora",
        wide: true,
        title: "Delivery",
        note: "lead time counts from the first run of a commit; medians".into(),
        picture: Picture::new(vec![("deployed", "deployments")], &columns, sentence),
        table: Table {
            head: vec![
                ("Environment", false),
                ("Deployments", true),
                ("A week", true),
                ("Lead time", true),
                ("Change failure rate", true),
                ("Time to restore", true),
            ],
            rows: facts.delivery.iter().map(row).collect(),
            empty: "Nothing was deployed in this period: proofhouse deploy ENVIRONMENT.",
        },
        folded: false,
    }
}

/// Results in the order of the table, with their words.
const RESULTS: [&str; 6] = ["deployed", "denied", "failed", "rolled-back", "reversed", "interrupted"];

pub(super) fn deployments(facts: &Portfolio) -> Card {
    let row = |one: &Delivery| {
        let name = Some(one.environment.as_str());
        let cell = |result: &str| {
            Cell::count(one.result(result), links::deployments(name, Some(result), &facts.since))
        };
        let first = Cell::text(&one.environment).to(links::deployments(name, None, &facts.since));
        [first].into_iter().chain(RESULTS.map(cell)).collect()
    };
    Card {
        id: "deployments",
        wide: false,
        title: "Deployments by result",
        note: format!("since {}", facts.since),
        picture: None,
        table: Table {
            head: [("Environment", false)].into_iter().chain(RESULTS.map(|name| (name, true))).collect(),
            rows: facts.delivery.iter().map(row).collect(),
            empty: "Nothing was deployed in this period.",
        },
        folded: false,
    }
}

pub(super) fn catalogue(facts: &Portfolio) -> Card {
    let standing = &facts.catalogue;
    let note = match standing.judged {
        0 => "no project names a catalogue".to_owned(),
        n => format!(
            "{} in the newest decisions about {}: {} denied, {} warned",
            text::many(&standing.violations, "violation"),
            text::many(&n, "environment"),
            standing.denied,
            standing.warned
        ),
    };
    let row = |one: &model::portfolio::CatalogueViolations| {
        let decision = format!("/decisions/{}", one.decision);
        vec![
            Cell::text(&one.project).to(format!("/projects/{}", text::url(&one.project))),
            Cell::text(&one.environment),
            Cell::count(one.deny, decision.clone()),
            Cell::count(one.warn, decision),
        ]
    };
    Card {
        id: "catalogue",
        wide: false,
        title: "Technology catalogue",
        note,
        picture: None,
        table: Table {
            head: vec![("Project", false), ("Environment", false), ("Denied", true), ("Warned", true)],
            rows: standing.worst.iter().map(row).collect(),
            empty: "Nothing is shipped that a catalogue does not want. proofhouse radar check shows one project.",
        },
        folded: false,
    }
}
