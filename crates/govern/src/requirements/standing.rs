//! How far a requirement is: a pure function of what people wrote, what tests said, and the moment.

use std::collections::BTreeMap;

use model::{
    Role, Timestamp,
    predicate::{Decided, RequirementDecision, RequirementTests},
    requirement::{Date, Requirement, State},
};
use serde::Serialize;

/// Most days that a waiver may still have before it; one that lasts longer is nobody's decision any more.
pub const LONGEST_WAIVER_DAYS: i64 = 366;

const DAY: i64 = 86_400;

/// What is known about a requirement, and why.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Standing {
    /// The state.
    pub state: State,
    /// Why, in a few words.
    pub because: String,
}

/// A signed decision and where it is in the ledger.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Signed {
    /// Ledger index.
    pub index: u64,
    /// The decision.
    pub decision: RequirementDecision,
}

/// What people decided about the requirements of a project.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Said {
    /// Decisions by requirement, in the order of the ledger.
    pub decisions: BTreeMap<String, Vec<Signed>>,
    /// Roles whose decisions count; `None`: nobody has a role yet, and everybody's count, also in the file.
    pub accepting: Option<Vec<Role>>,
}

impl Said {
    /// The newest decision about a requirement by somebody who may, if it is about these words and was not taken back.
    fn newest(&self, id: &str, title: &str) -> Option<&Signed> {
        let all = self.decisions.get(id).map_or(&[][..], Vec::as_slice);
        let may = |signed: &&Signed| signed.decision.by.is_among(self.accepting.as_deref());
        let newest = all.iter().rev().find(may)?;
        let same = newest.decision.title == title && newest.decision.decided != Decided::Withdrawn;
        same.then_some(newest)
    }

    /// Why what is decided about it does not count, when somebody decided something.
    fn void(&self, id: &str, requirement: &Requirement) -> Option<String> {
        let newest = self.decisions.get(id).and_then(|all| all.last());
        if let Some(Signed { index, decision }) =
            newest.filter(|one| one.decision.decided != Decided::Withdrawn)
        {
            let by = decision.by.label();
            return Some(match decision.by.is_among(self.accepting.as_deref()) {
                true => format!("the decision of {by} (ledger entry {index}) was about other words"),
                false => {
                    format!("the decision of {by} (ledger entry {index}) does not count: {}", self.wanted())
                }
            });
        }
        let written = requirement.waived.is_some() || requirement.not_applicable.is_some();
        (written && self.accepting.is_some())
            .then(|| format!("what its file says of it does not count unsigned: {}", self.wanted()))
    }

    fn wanted(&self) -> String {
        let roles: Vec<&str> = self.accepting.iter().flatten().map(|role| role.name()).collect();
        match roles.is_empty() {
            true => "nobody may waive here".to_owned(),
            false => format!("it takes one of the roles {}", roles.join(", ")),
        }
    }
}

/// Judges one requirement. `tests` is what one run said of it; `None`: no test named it.
///
/// It passes only when at least one test passed and every test that names it ran to its end and passed.
/// A waiver holds until the end of its day (UTC); one that has ended, or that ends more than
/// [`LONGEST_WAIVER_DAYS`] from now, counts for nothing. What the file says counts only while nobody has a role;
/// from then on somebody who may accept risks must have signed.
pub fn standing(
    id: &str,
    requirement: &Requirement,
    tests: Option<&RequirementTests>,
    said: &Said,
    now: Timestamp,
) -> Standing {
    let tested = by_tests(tests);
    let decision = match said.newest(id, &requirement.title) {
        Some(Signed { index, decision }) => {
            let by = format!("{}, ledger entry {index}", decision.by.label());
            match &decision.decided {
                Decided::Waived { until } => Some((Some(*until), &decision.reason, by)),
                _ => Some((None, &decision.reason, by)),
            }
        }
        None if said.accepting.is_some() => None,
        None => match (&requirement.not_applicable, &requirement.waived) {
            (Some(not), _) => Some((None, &not.reason, not.by.clone())),
            (None, Some(waiver)) => Some((Some(waiver.until), &waiver.reason, waiver.by.clone())),
            (None, None) => None,
        },
    };
    let why = match decision {
        Some((None, reason, by)) => return told(State::NotApplicable, format!("{reason} ({by})")),
        Some((Some(until), reason, by)) => match holds(until, now) {
            Ok(()) => return told(State::Waived, format!("until {until}: {reason} ({by})")),
            Err(why) => Some(why),
        },
        None => said.void(id, requirement),
    };
    // What passes needs no waiver; what fails is told as failing.
    match why {
        Some(why) if tested.state == State::Pending => told(State::Pending, why),
        _ => tested,
    }
}

fn by_tests(tests: Option<&RequirementTests>) -> Standing {
    let named = |list: &[String]| match list {
        [one] => one.clone(),
        [first, more @ ..] => format!("{first} and {} more", more.len()),
        [] => String::new(),
    };
    match tests {
        None => told(State::Pending, "no test names it".to_owned()),
        Some(tests) if !tests.failed.is_empty() => {
            told(State::Failing, format!("failed: {}", named(&tests.failed)))
        }
        Some(tests) if !tests.skipped.is_empty() => {
            told(State::Pending, format!("did not run to its end: {}", named(&tests.skipped)))
        }
        Some(tests) if !tests.passed.is_empty() => {
            told(State::Passing, format!("passed: {}", named(&tests.passed)))
        }
        Some(_) => told(State::Pending, "no test of it ran".to_owned()),
    }
}

fn holds(until: Date, now: Timestamp) -> Result<(), String> {
    // Midnight after the last day; a date that is no moment never holds.
    let start = until.at(0, 0, 0, 0).to_zoned(jiff::tz::TimeZone::UTC).map(|day| day.timestamp().as_second());
    let Ok(start) = start else { return Err(format!("its waiver until {until} cannot be used")) };
    let left = start.saturating_add(DAY).saturating_sub(now.as_second());
    match left {
        ..=0 => Err(format!("its waiver ended on {until}")),
        left if left > LONGEST_WAIVER_DAYS * DAY => {
            Err(format!("its waiver until {until} is longer than a year and does not count"))
        }
        _ => Ok(()),
    }
}

fn told(state: State, because: String) -> Standing {
    Standing { state, because }
}
