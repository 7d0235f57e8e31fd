//! Holds what a project ships against the catalogue. Pure: the day is an argument.
//!
//! Every entry that matches counts, so that a broad recommendation takes nothing from a narrow refusal.

use std::collections::BTreeSet;

use jiff::{civil::Date, tz::TimeZone};
use model::{Timestamp, ToolRef, evidence::TechnologyViolation};

use super::{
    bill::Component,
    entry::{Catalogue, Policy, Ring, Technology},
    matching::Matcher,
    signing::{Standings, State},
};

/// What came out.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Judgement {
    /// What the catalogue does not want, sorted.
    pub violations: Vec<TechnologyViolation>,
    /// Components and tools that an entry is about.
    pub listed: u64,
    /// Components that no entry is about.
    pub unlisted: u64,
}

/// Judges components and tools on a day (UTC). `standings` says which entries are effective, where the catalogue
/// has a quorum.
pub fn judge(
    catalogue: &Catalogue,
    standings: &Standings,
    components: &[Component],
    tools: &[ToolRef],
    today: Date,
) -> Judgement {
    let entry_says = |entry: &Technology, what: &str, version: Option<&str>, own: bool| {
        let mut found = entry_says(catalogue, entry, (what, version, own), today);
        found.extend(not_effective(catalogue, standings, entry, &shown(what, version)).map(|message| {
            let policy = catalogue.quorum.as_ref().map_or(Policy::Ignore, |quorum| quorum.not_effective);
            let technology = Some(entry.name.clone());
            let violation = violation("technology-not-effective", policy, what, version);
            TechnologyViolation { technology, message, ..violation }
        }));
        found
    };
    let (matcher, own) = (Matcher::new(catalogue), Matcher::own(catalogue));
    let (mut judgement, mut found) = (Judgement::default(), BTreeSet::new());
    for component in components {
        let (purl, version) = (component.purl.as_deref(), component.version.as_deref());
        let entries = matcher.of_component(component);
        let what =
            purl.map_or_else(|| component.name.clone(), |purl| model::identity::unversioned(purl).into());
        if entries.is_empty() {
            judgement.unlisted += 1;
            found.extend(unlisted(catalogue, component, &what));
        } else {
            judgement.listed += 1;
            let own = own.of_component(component);
            let entries =
                entries.into_iter().filter_map(|n| Some((catalogue.technologies.get(n)?, own.contains(&n))));
            entries.for_each(|(entry, own)| found.extend(entry_says(entry, &what, version, own)));
        }
    }
    for tool in tools {
        let version = Some(tool.version.as_str()).filter(|version| !version.is_empty());
        for entry in
            matcher.tool(&tool.name, version).into_iter().filter_map(|n| catalogue.technologies.get(n))
        {
            judgement.listed += 1;
            let what = format!("tool {}", tool.name);
            found.extend(entry_says(entry, &what, version, true));
        }
    }
    judgement.violations = found.into_iter().collect();
    judgement
}

/// What an entry that is not effective comes to. What it refuses is refused all the same: taking a signature away
/// must not let anything in.
fn not_effective(
    catalogue: &Catalogue,
    standings: &Standings,
    entry: &Technology,
    shown: &str,
) -> Option<String> {
    catalogue.quorum.as_ref().filter(|quorum| quorum.not_effective != Policy::Ignore)?;
    match standings.get(&entry.name) {
        Some(standing) if standing.state == State::Effective => None,
        Some(standing) => {
            let (state, because) = (standing.state.word(), standing.because.join("; "));
            Some(format!("the entry {} is not effective ({shown}): {state}: {because}", entry.name))
        }
        None => Some(format!("the entry {} is not effective ({shown}): nothing is known of it", entry.name)),
    }
}

/// The day of a moment (UTC).
pub fn today(now: Timestamp) -> Date {
    now.to_zoned(TimeZone::UTC).date()
}

/// Whether a violation denies on a day. A grace day is the last one that warns.
pub fn denies(violation: &TechnologyViolation, today: Date) -> bool {
    let over = |until: &String| until.parse::<Date>().is_ok_and(|until| until < today);
    violation.enforce == Policy::Deny.name() && violation.until.as_ref().is_none_or(over)
}

/// Only what the project asks for itself, as far as that is known: nobody lists what others depend on.
fn unlisted(catalogue: &Catalogue, component: &Component, what: &str) -> Option<TechnologyViolation> {
    let told = catalogue.unlisted != Policy::Ignore && component.direct != Some(false);
    let version = component.version.as_deref();
    told.then(|| TechnologyViolation {
        technology: None,
        message: format!("{} is in no entry of the catalogue", shown(what, version)),
        ..violation("technology-unlisted", catalogue.unlisted, what, version)
    })
}

fn entry_says(
    catalogue: &Catalogue,
    entry: &Technology,
    (what, version, own): (&str, Option<&str>, bool),
    today: Date,
) -> Vec<TechnologyViolation> {
    let (name, shown, mut found) = (&entry.name, shown(what, version), vec![]);
    let mut add = |code: &str, policy: Policy, until: Option<Date>, message: String| {
        let until = until.map(|day| day.to_string());
        let technology = Some(name.clone());
        found.push(TechnologyViolation {
            technology,
            until,
            message,
            ..violation(code, policy, what, version)
        });
    };
    let grace = entry.hold_until.map_or_else(String::new, |day| format!(", to be gone after {day}"));
    if entry.ring == Ring::Hold {
        let instead = match entry.alternatives.is_empty() {
            true => String::new(),
            false => format!("; instead: {}", entry.alternatives.join(", ")),
        };
        add(
            "technology-hold",
            Policy::Deny,
            entry.hold_until,
            format!("{name} is on hold ({shown}){grace}{instead}"),
        );
    }
    // Clients have versions of their own.
    if let Some(allowed) = entry.versions.as_ref().filter(|_| own) {
        match version {
            Some(version) if allowed.accepts(version) => {}
            Some(_) => {
                let message =
                    format!("{shown} is not a version of {name} that is allowed ({allowed}){grace}");
                add("technology-version", Policy::Deny, entry.hold_until, message);
            }
            None => {
                let message =
                    format!("{shown} has no version, and only {allowed} of {name} is allowed{grace}");
                add("technology-version", Policy::Deny, entry.hold_until, message);
            }
        }
    }
    if let Some(day) = entry.review_by.filter(|day| *day < today && catalogue.overdue != Policy::Ignore) {
        let owner = entry.owner.as_ref().map_or_else(String::new, |owner| format!(" by {owner}"));
        add(
            "technology-review-overdue",
            catalogue.overdue,
            None,
            format!("the entry {name} was to be reviewed{owner} until {day} ({shown})"),
        );
    }
    found
}

fn violation(code: &str, policy: Policy, what: &str, version: Option<&str>) -> TechnologyViolation {
    TechnologyViolation {
        code: code.to_owned(),
        technology: None,
        component: what.to_owned(),
        version: version.map(str::to_owned),
        enforce: policy.name().to_owned(),
        until: None,
        message: String::new(),
    }
}

fn shown(what: &str, version: Option<&str>) -> String {
    version.map_or_else(|| what.to_owned(), |version| format!("{what} {version}"))
}
