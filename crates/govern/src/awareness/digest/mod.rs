//! The digest of a time, usually a week: what is new, what was fixed, what was learned, what grows old, and where
//! it comes from. From facts alone; how it is shown is in `render`.

mod render;

use std::collections::BTreeMap;

use model::{
    BySeverity, Severity, Timestamp,
    awareness::{AwarenessFacts, ClassFacts, Judgement, ObservedFinding},
    portfolio::RuleQuality,
    predicate::TriageState,
};
use serde::Serialize;

use super::{
    causes::{self, Cause},
    guidance,
};
use crate::reviews::is_noisy;

pub use render::{Form, render};

/// Days in which a finding of a severity is to be fixed.
pub type ServiceLevels = BTreeMap<Severity, u32>;

/// Most entries of each list that is shown.
const MOST: usize = 20;

/// A digest.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Digest {
    /// What it is about: a project, a team, everything.
    pub about: String,
    /// Its first moment.
    pub since: Timestamp,
    /// The moment after its last.
    pub until: Timestamp,
    /// Open now.
    pub open: BySeverity,
    /// Found for the first time.
    pub new: Changes,
    /// Fixed.
    pub fixed: Changes,
    /// What was learned.
    pub learned: Vec<Lesson>,
    /// What is open for too long.
    pub ageing: Ageing,
    /// The most common causes of all time, heaviest first.
    pub causes: Vec<Cause>,
}

/// How many, and the worst of them.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Changes {
    /// All of them.
    pub count: BySeverity,
    /// The worst.
    pub worst: Vec<Line>,
}

/// A finding in one line.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Line {
    /// First digits of its id, as commands take it.
    pub id: String,
    /// Project.
    pub project: String,
    /// Severity.
    pub severity: Severity,
    /// Title.
    pub title: String,
    /// Place.
    pub place: String,
    /// The class that there is guidance for.
    pub cwe: Option<u32>,
    /// Full days since it was first seen.
    pub days: i64,
}

/// Something that is known now and was not before.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(tag = "kind", rename_all = "kebab-case")]
pub enum Lesson {
    /// A class of weakness was found for the first time.
    FirstSeen {
        /// Number (CWE) of the class.
        cwe: u32,
        /// Its name.
        title: String,
    },
    /// One of a class was fixed for the first time.
    FirstFixed {
        /// Number (CWE) of the class.
        cwe: u32,
        /// Its name.
        title: String,
    },
    /// Somebody looked at something and accepted it for a while.
    Accepted {
        /// The finding or the rule.
        what: String,
        /// Why.
        reason: String,
        /// Who decided.
        by: String,
    },
    /// Somebody judged that a finding is none.
    FalsePositive {
        /// The finding's title.
        what: String,
        /// The scanner and its rule, where they are known.
        rule: Option<String>,
        /// Why.
        reason: String,
        /// Who judged.
        by: String,
    },
    /// Somebody judged that a finding is real and stays.
    Left {
        /// The finding's title.
        what: String,
        /// Why.
        reason: String,
        /// Who judged.
        by: String,
    },
    /// Most of what a rule finds is none.
    Noisy {
        /// The scanner and its rule.
        rule: String,
        /// Findings that were judged.
        decided: u64,
        /// Those that were none.
        false_positives: u64,
    },
}

/// What is open for longer than the service levels allow.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Ageing {
    /// The service levels that were asked about, in days.
    pub levels: BTreeMap<String, u32>,
    /// How many are overdue. A lower bound where `at_least`.
    pub overdue: BySeverity,
    /// More are open than were looked at.
    pub at_least: bool,
    /// The longest overdue of the worst severity first.
    pub lines: Vec<Line>,
}

/// The digest of facts that were gathered for the window from `since` to `until`.
pub fn digest(
    about: &str,
    facts: &AwarenessFacts,
    since: Timestamp,
    until: Timestamp,
    levels: &ServiceLevels,
) -> Digest {
    let changes = |count: BySeverity, all: &[ObservedFinding]| Changes {
        count,
        worst: all.iter().take(MOST).map(|finding| line(finding, until)).collect(),
    };
    let mut causes = causes::rank(&facts.classes).0;
    causes.truncate(MOST / 2);
    Digest {
        about: about.to_owned(),
        since,
        until,
        open: facts.open_count,
        new: changes(facts.appeared_count, &facts.appeared),
        fixed: changes(facts.fixed_count, &facts.fixed),
        learned: lessons(facts, since, until),
        ageing: ageing(facts, until, levels),
        causes,
    }
}

fn line(finding: &ObservedFinding, now: Timestamp) -> Line {
    Line {
        id: finding.id.0.short().to_string(),
        project: finding.project.clone(),
        severity: finding.severity,
        title: finding.title.clone(),
        place: finding.place.label(),
        cwe: guidance::for_finding(&finding.cwe).map(|found| found.guidance.cwe),
        days: days(finding.first_seen, now),
    }
}

fn days(from: Timestamp, to: Timestamp) -> i64 {
    (to.as_second() - from.as_second()).max(0) / 86_400
}

fn lessons(facts: &AwarenessFacts, since: Timestamp, until: Timestamp) -> Vec<Lesson> {
    let window = since..until;
    let first = |moment: fn(&ClassFacts) -> Option<Timestamp>| {
        let mut firsts: BTreeMap<u32, (Timestamp, &str)> = BTreeMap::new();
        for one in &facts.classes {
            let Some((found, at)) = guidance::for_finding(&one.cwe).zip(moment(one)) else { continue };
            let entry = firsts.entry(found.guidance.cwe).or_insert((at, &found.guidance.title));
            entry.0 = entry.0.min(at);
        }
        firsts
            .into_iter()
            .filter(|(_, (at, _))| window.contains(at))
            .map(|(cwe, (_, title))| (cwe, title.to_owned()))
    };
    let seen = first(|one| Some(one.first_seen)).map(|(cwe, title)| Lesson::FirstSeen { cwe, title });
    let fixed = first(|one| one.first_fixed).map(|(cwe, title)| Lesson::FirstFixed { cwe, title });
    let accepted = facts.accepted.iter().map(|one| Lesson::Accepted {
        what: shortened(&one.what),
        reason: one.reason.clone(),
        by: one.by.clone(),
    });
    let told = seen.take(MOST).chain(fixed.take(MOST)).chain(accepted.take(MOST));
    told.chain(facts.judged.iter().take(MOST).map(judged)).chain(noisy(facts)).collect()
}

fn judged(one: &Judgement) -> Lesson {
    let (what, reason, by) = (one.title.clone(), one.reason.clone(), one.by.clone());
    match one.state {
        TriageState::WontFix => Lesson::Left { what, reason, by },
        _ => {
            let rule = one.rule.as_ref().map(|(scanner, rule)| format!("{scanner} {rule}"));
            Lesson::FalsePositive { what, rule, reason, by }
        }
    }
}

/// Rules that people judged to be noisy, in weeks in which somebody judged one of their findings: news, and not the same
/// list each time.
fn noisy(facts: &AwarenessFacts) -> impl Iterator<Item = Lesson> {
    let news = |one: &&RuleQuality| {
        let own = |judged: &Judgement| {
            judged.rule.as_ref().is_some_and(|(scanner, rule)| *scanner == one.scanner && *rule == one.rule)
        };
        facts.judged.iter().any(own)
    };
    facts.rules.iter().filter(news).take(MOST).filter_map(|one| {
        let decided = one.false_positive + one.confirmed + one.wont_fix;
        is_noisy(one.false_positive, decided).then(|| Lesson::Noisy {
            rule: format!("{} {}", one.scanner, one.rule),
            decided,
            false_positives: one.false_positive,
        })
    })
}

/// The id of a finding as short as commands take it; the id of a rule as it is.
fn shortened(what: &str) -> String {
    let hex = what.len() == 64 && what.bytes().all(|byte| byte.is_ascii_hexdigit());
    if hex { what[..12].to_owned() } else { what.to_owned() }
}

fn ageing(facts: &AwarenessFacts, now: Timestamp, levels: &ServiceLevels) -> Ageing {
    let mut ageing = Ageing {
        levels: levels.iter().map(|(severity, days)| (severity.name().to_owned(), *days)).collect(),
        ..Ageing::default()
    };
    for finding in &facts.oldest {
        let Some(level) = levels.get(&finding.severity) else { continue };
        if days(finding.first_seen, now) < i64::from(*level) {
            continue;
        }
        ageing.overdue.add(finding.severity);
        if ageing.lines.len() < MOST {
            ageing.lines.push(line(finding, now));
        }
    }
    let all_old = |severity: &Severity| {
        ageing.overdue.get(*severity) as usize >= AwarenessFacts::MOST_LISTED
            && facts.open_count.get(*severity) > ageing.overdue.get(*severity)
    };
    ageing.at_least = levels.keys().any(all_old);
    ageing
}
