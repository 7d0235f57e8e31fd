//! How much is open, how old it is, and whose it is.

use model::{
    Severity,
    portfolio::{AgeRow, Portfolio},
};

use super::{
    card::{Card, Cell, Picture, Table, Tile},
    links,
};
use crate::text;

/// Severities from the bottom of a bar upwards.
const LEGEND: [(&str, &str); 5] =
    [("critical", "critical"), ("high", "high"), ("medium", "medium"), ("low", "low"), ("info", "info")];

const AGES: [&str; 4] = ["up to a week", "up to 30 days", "up to 90 days", "older"];

pub(super) fn tile(facts: &Portfolio) -> Tile {
    let open =
        |severity| facts.ages.iter().filter(|row| row.severity == severity).map(|row| row.open).sum::<u64>();
    let (critical, high) = (open(Severity::Critical), open(Severity::High));
    let href = format!(
        "/findings{}",
        text::query([("status", Some(links::OPEN)), ("severity", Some("critical,high"))])
    );
    Tile::new("Critical and high, open", critical + high, format!("{critical} critical, {high} high"), href)
        .bad_if(critical > 0)
}

pub(super) fn overdue_tile(facts: &Portfolio) -> Tile {
    let overdue: u64 = facts.ages.iter().map(|row| row.overdue).sum();
    let projects = facts.overdue.len();
    let note = match projects {
        0 => "every finding is within its service level".to_owned(),
        n => format!(
            "worst in {}",
            facts
                .overdue
                .iter()
                .take(n.min(2))
                .map(|one| text::cut(&one.project, 24))
                .collect::<Vec<_>>()
                .join(", ")
        ),
    };
    Tile::new("Over their service level", overdue, note, "#ages".into()).bad_if(overdue > 0)
}

pub(super) fn trend(facts: &Portfolio) -> Card {
    let columns: Vec<_> = facts
        .trend
        .iter()
        .map(|day| (day.day.clone(), Severity::ALL.iter().rev().map(|one| day.open.get(*one)).collect()))
        .collect();
    let total = |day: Option<&model::portfolio::RiskDay>| day.map_or(0, |day| day.open.total());
    let (first, last) = (total(facts.trend.first()), total(facts.trend.last()));
    let sentence = format!("{first} findings were open on {}, {last} are on {}.", facts.since, facts.today);
    let mut rows = Vec::new();
    let mut before = None;
    for day in &facts.trend {
        if before == Some(day.open) {
            continue;
        }
        before = Some(day.open);
        let counts = Severity::ALL.iter().rev().map(|one| match day.day == facts.today {
            true => Cell::count(day.open.get(*one), links::findings(None, Some(*one), None, None)),
            false => Cell::number(day.open.get(*one)),
        });
        rows.push([Cell::text(&day.day)].into_iter().chain(counts).collect());
    }
    rows.reverse();
    Card {
        id: "trend",
        wide: false,
        title: "Open findings",
        note: sentence.clone(),
        picture: Picture::new(LEGEND.to_vec(), &columns, sentence),
        table: Table {
            head: head("Day", &[]),
            rows,
            empty: "No scan was recorded yet: proofhouse run, or proofhouse import for the report of a scanner.",
        },
        folded: true,
    }
}

/// A first column, one for every severity, and others.
fn head(first: &'static str, others: &[&'static str]) -> Vec<(&'static str, bool)> {
    let severities = LEGEND.iter().map(|(_, name)| (*name, true));
    [(first, false)].into_iter().chain(severities).chain(others.iter().map(|name| (*name, true))).collect()
}

pub(super) fn ages(facts: &Portfolio) -> Card {
    let columns: Vec<_> = AGES
        .iter()
        .enumerate()
        .map(|(n, name)| ((*name).to_owned(), facts.ages.iter().map(|row| row.classes[n]).collect()))
        .collect();
    let overdue: u64 = facts.ages.iter().map(|row| row.overdue).sum();
    let open: u64 = facts.ages.iter().map(|row| row.open).sum();
    let sentence = format!("{overdue} of {open} open findings are over their service level.");
    let rows = facts.ages.iter().map(|row| age_row(facts, row)).collect();
    let mut head = vec![("Severity", false)];
    head.extend(AGES.map(|name| (name, true)));
    head.extend([("All open", true), ("Service level", true), ("Over it", true)]);
    Card {
        id: "ages",
        wide: true,
        title: "Age of open findings",
        note: sentence.clone(),
        picture: Picture::new(LEGEND.to_vec(), &columns, sentence),
        table: Table { head, rows, empty: "" },
        folded: false,
    }
}

fn age_row(facts: &Portfolio, row: &AgeRow) -> Vec<Cell> {
    let class = |n: usize| {
        let (least, most) = AgeRow::CLASSES[n];
        // First seen at least so many days ago: before the day that is one less ago.
        let before = (least > 0).then(|| days_before(&facts.today, i64::from(least) - 1)).flatten();
        let from = most.and_then(|most| days_before(&facts.today, most.into()));
        let href = links::findings(None, Some(row.severity), from.as_deref(), before.as_deref());
        Cell::count(row.classes[n], href)
    };
    let mut cells = vec![Cell::chip(row.severity, row.severity.name())];
    cells.extend((0..4).map(class));
    cells.push(Cell::count(row.open, links::findings(None, Some(row.severity), None, None)));
    cells.push(Cell::number(row.service_level.map_or("none".into(), |days| format!("{days} days"))));
    let href = links::findings(None, Some(row.severity), None, row.due_before.as_deref());
    cells.push(Cell::count(row.overdue, href));
    cells
}

/// The day so many days before another.
fn days_before(day: &str, n: i64) -> Option<String> {
    let noon: model::Timestamp = format!("{day}T12:00:00Z").parse().ok()?;
    let seconds = u64::try_from(n).ok()?.checked_mul(86_400)?;
    let at = noon.checked_sub(std::time::Duration::from_secs(seconds)).ok()?;
    Some(at.strftime("%Y-%m-%d").to_string())
}

pub(super) fn overdue(facts: &Portfolio) -> Card {
    let due = |severity| facts.ages.iter().find(|row| row.severity == severity)?.due_before.clone();
    let row = |one: &model::portfolio::ProjectAge| {
        let name = Cell::text(&one.project).to(format!("/projects/{}", text::url(&one.project)));
        let count = |severity: &Severity| {
            let (n, due) = (one.overdue.get(*severity), due(*severity));
            Cell::count(n, links::findings(Some(&one.project), Some(*severity), None, due.as_deref()))
        };
        [name].into_iter().chain(Severity::ALL.iter().rev().map(count)).collect()
    };
    Card {
        id: "overdue",
        wide: false,
        title: "Projects over their service level",
        note: "the worst ten".into(),
        picture: None,
        table: Table {
            head: head("Project", &[]),
            rows: facts.overdue.iter().map(row).collect(),
            empty: "No project has a finding that is older than its service level.",
        },
        folded: false,
    }
}
