//! How far a requirement is: a pure function of what people wrote, what tests said, and the moment.

use model::{
    Timestamp,
    predicate::RequirementTests,
    requirement::{Requirement, State, Waiver},
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

/// Judges one requirement. `tests` is what one run said of it; `None`: no test named it.
///
/// It passes only when at least one test passed and every test that names it ran to its end and passed.
/// A waiver holds until the end of its day (UTC); one that has ended, or that ends more than
/// [`LONGEST_WAIVER_DAYS`] from now, counts for nothing.
pub fn standing(requirement: &Requirement, tests: Option<&RequirementTests>, now: Timestamp) -> Standing {
    if let Some(not) = &requirement.not_applicable {
        return told(State::NotApplicable, format!("{} ({})", not.reason, not.by));
    }
    let tested = by_tests(tests);
    match requirement.waived.as_ref().map(|waiver| (waiver, holds(waiver, now))) {
        None => tested,
        Some((waiver, Ok(()))) => {
            let Waiver { reason, until, by } = waiver;
            told(State::Waived, format!("until {until}: {reason} ({by})"))
        }
        // What passes needs no waiver; what fails is told as failing.
        Some((_, Err(why))) if tested.state == State::Pending => told(State::Pending, why),
        Some((_, Err(_))) => tested,
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

fn holds(waiver: &Waiver, now: Timestamp) -> Result<(), String> {
    let until = waiver.until;
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
