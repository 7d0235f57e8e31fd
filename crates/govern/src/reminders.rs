//! What waits for whom: each thing that somebody must decide on becomes part of one letter a person.

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt::Write,
};

use model::{Role, Timestamp, predicate::ReviewKind};
use serde::Serialize;

use crate::{
    catalogue,
    organisation::{Organisation, Rights},
    release_review::{AcceptedRisk, ENDS_SOON_DAYS, RiskState, Standing, State},
    reviews::{Scheduled, signers},
};

/// Most things that one letter lists; how many more there are is told.
const MOST_LISTED: usize = 100;

/// Something that waits for people.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Item {
    /// Stable name, such as `release-review:7`: of each only one reminder a day goes to one address.
    pub key: String,
    /// Project; absent for what concerns all of them.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub project: Option<String>,
    /// One sentence without a full stop.
    pub what: String,
    /// What to type, or which page to open.
    pub act: String,
    /// The day is over already.
    pub late: bool,
    /// People who are meant by name.
    pub people: BTreeSet<String>,
    /// Whoever has one of these roles there is meant too.
    pub roles: Vec<Role>,
}

/// What waits for one person.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Waiting {
    /// Who.
    pub person: String,
    /// Their address; absent: nobody knows it, and they get nothing.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub address: Option<String>,
    /// What, late things first.
    pub items: Vec<Item>,
}

/// A release review that still lacks signatures; nothing of one that is signed, over, void or rejected: that
/// one needs a new review or a new release, not a signature.
pub fn release_review(
    (index, project, environment): (u64, &str, &str),
    expires: Timestamp,
    standing: &Standing,
) -> Option<Item> {
    (standing.state == State::Waiting).then(|| Item {
        key: format!("release-review:{index}"),
        project: Some(project.to_owned()),
        what: format!(
            "the release review of {project} for {environment} waits for {}, until {}",
            match standing.missing.as_slice() {
                [] => "somebody who took no part in the change".to_owned(),
                missing => names(missing),
            },
            day(expires)
        ),
        act: format!("proofhouse release review sign {index} --role ROLE (page /reviews/releases/{index})"),
        late: false,
        people: BTreeSet::new(),
        roles: match standing.missing.as_slice() {
            // Only those who took part have signed: anybody else with their roles can.
            [] => standing.facts.signatures.iter().map(|signature| signature.role).collect(),
            missing => missing.to_vec(),
        },
    })
}

/// A periodic review that is overdue; `assigned` is who was asked, where somebody was.
pub fn periodic(scheduled: &Scheduled, assigned: Option<&str>) -> Option<Item> {
    let kind: ReviewKind = scheduled.kind;
    scheduled.overdue.then(|| Item {
        key: format!("review:{}", kind.name()),
        project: None,
        what: format!("the review of {} is overdue since {}", kind.name(), day(scheduled.due)),
        act: match scheduled.open {
            Some(index) => format!("proofhouse review show {index} (page /reviews/{index})"),
            None => format!("proofhouse review make {}", kind.name()),
        },
        late: true,
        people: assigned.map(str::to_owned).into_iter().collect(),
        roles: if assigned.is_some() { vec![] } else { signers(kind).to_vec() },
    })
}

/// An accepted risk whose day is near or missed: for its owner, and for who else may decide about it.
pub fn risk(project: &str, risk: &AcceptedRisk) -> Option<Item> {
    let late = match risk.state {
        RiskState::Missed => true,
        RiskState::EndsSoon => false,
        RiskState::InForce => return None,
    };
    let (verb, rest) = if late { ("ended", " and it is still there") } else { ("ends", "") };
    let place = risk.environment.as_ref().map_or(String::new(), |name| format!(" ({name})"));
    Some(Item {
        key: format!("risk:{}", risk.index),
        project: Some(project.to_owned()),
        what: format!(
            "the accepted risk \"{}\" in {project}{place} {verb} on {}{rest}",
            risk.what,
            day(risk.expires)
        ),
        act: "proofhouse gate exceptions".to_owned(),
        late,
        people: BTreeSet::from([risk.owner.clone()]),
        roles: vec![Role::Security],
    })
}

/// An entry of the technology catalogue that needs signatures, again or for the first time, or will soon.
pub fn technology(
    standing: &catalogue::Standing,
    owner: Option<&str>,
    quorum: &[Role],
    now: Timestamp,
) -> Option<Item> {
    use catalogue::State::{Effective, Expired, Incomplete, Pending, Rejected, Reopened, Void};
    let ends = standing.until.filter(|until| {
        let soon = Timestamp::from_second(now.as_second() + ENDS_SOON_DAYS * 86_400).unwrap_or(now);
        *until <= crate::catalogue::today(soon)
    });
    let (what, roles) = match (standing.state, ends) {
        (Effective, Some(until)) => (format!("is effective only until {until}"), quorum),
        (Pending, _) => ("waits for signatures".to_owned(), standing.missing.as_slice()),
        (Expired | Reopened | Void, _) => {
            (format!("is {} and must be looked at again", standing.state.word()), quorum)
        }
        (Effective | Incomplete | Rejected, _) => return None,
    };
    let because = standing.because.first().map_or(String::new(), |why| format!(": {why}"));
    Some(Item {
        key: format!("technology:{}", standing.technology),
        project: None,
        what: format!("the entry {} of the technology catalogue {what}{because}", standing.technology),
        act: format!("proofhouse radar status (page /technologies), entry {}", standing.technology),
        late: standing.state != Effective && standing.state != Pending,
        people: owner.map(str::to_owned).into_iter().collect(),
        roles: roles.to_vec(),
    })
}

/// What waits for each person, by name. Somebody who has a role only through a group of their provider is meant when
/// the file names them elsewhere, for example with an address.
pub fn waiting(items: &[Item], organisation: &Organisation) -> Vec<Waiting> {
    let named = organisation.grants.iter().flat_map(|grant| &grant.people);
    let members = organisation.teams.values().flat_map(|team| &team.members);
    let known: BTreeSet<&String> = named.chain(members).chain(organisation.addresses.keys()).collect();
    let mut all: BTreeMap<String, Vec<Item>> = BTreeMap::new();
    let rights: Vec<(&String, Rights)> =
        known.into_iter().map(|name| (name, Rights::of_person(organisation, name, &[]))).collect();
    for item in items {
        let has = |rights: &Rights| {
            rights.roles(item.project.as_deref()).iter().any(|role| item.roles.contains(role))
        };
        let by_role = rights.iter().filter(|(_, rights)| has(rights)).map(|(name, _)| *name);
        let people: BTreeSet<&String> = by_role.chain(&item.people).collect();
        for person in people {
            all.entry(person.clone()).or_default().push(item.clone());
        }
    }
    all.into_iter()
        .map(|(person, mut items)| {
            items.sort_by(|a, b| b.late.cmp(&a.late).then_with(|| a.key.cmp(&b.key)));
            Waiting { address: organisation.addresses.get(&person).cloned(), person, items }
        })
        .collect()
}

/// Things for which nobody has an address.
pub fn unreached<'a>(items: &'a [Item], waiting: &[Waiting]) -> Vec<&'a Item> {
    let reached: BTreeSet<&str> = waiting
        .iter()
        .filter(|one| one.address.is_some())
        .flat_map(|one| one.items.iter().map(|item| item.key.as_str()))
        .collect();
    items.iter().filter(|item| !reached.contains(item.key.as_str())).collect()
}

/// One line for the subject of a letter.
pub fn subject(items: &[Item]) -> String {
    let late = items.iter().filter(|item| item.late).count();
    let waits =
        if items.len() == 1 { "1 thing waits".to_owned() } else { format!("{} things wait", items.len()) };
    if late == 0 { format!("{waits} for you") } else { format!("{waits} for you, {late} late") }
}

/// The letter as plain text.
pub fn text(person: &str, items: &[Item]) -> String {
    let mut out = format!("For {person}:\n\n");
    for item in items.iter().take(MOST_LISTED) {
        let mark = if item.late { "LATE: " } else { "" };
        // Writing to a string cannot fail.
        let _ = writeln!(out, "- {mark}{}\n  {}", line(&item.what), line(&item.act));
    }
    let _ = write!(out, "{}", more(items));
    out
}

/// The letter as HTML, without script, style, picture or link.
pub fn html(person: &str, items: &[Item]) -> String {
    let mut out = format!("<!DOCTYPE html><html lang=\"en\"><body><p>For {}:</p><ul>", escaped(person));
    for item in items.iter().take(MOST_LISTED) {
        let mark = if item.late { "<strong>Late:</strong> " } else { "" };
        let _ = write!(out, "<li>{mark}{}<br><code>{}</code></li>", escaped(&item.what), escaped(&item.act));
    }
    let _ = write!(out, "</ul><p>{}</p></body></html>", more(items));
    out
}

fn more(items: &[Item]) -> String {
    match items.len().saturating_sub(MOST_LISTED) {
        0 => String::new(),
        left => format!("and {left} more\n"),
    }
}

/// Words that somebody else chose, in one line.
fn line(text: &str) -> String {
    text.chars().map(|c| if c.is_control() { ' ' } else { c }).take(500).collect()
}

fn escaped(text: &str) -> String {
    line(text).chars().fold(String::new(), |mut out, c| {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            c => out.push(c),
        }
        out
    })
}

fn names(roles: &[Role]) -> String {
    roles.iter().map(|role| role.name()).collect::<Vec<_>>().join(", ")
}

fn day(at: Timestamp) -> String {
    at.strftime("%Y-%m-%d").to_string()
}
