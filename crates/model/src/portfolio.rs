//! Facts about all projects together, as a dashboard shows them and reviews judge them.
//!
//! Days are UTC days, written `2026-11-23`. Every figure counts rows that a list can show: the fields say
//! by which bounds.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::{BySeverity, Severity, Technique, Timestamp};

/// Days until a finding of each severity must be dealt with; a severity without a number has no limit.
pub type ServiceLevels = BTreeMap<Severity, u32>;

/// Everything at once.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Portfolio {
    /// Projects there are.
    pub projects: u64,
    /// First day of the figures that are about a period.
    pub since: String,
    /// The day of the question, the last one of the period.
    pub today: String,
    /// Open findings at the end of each day of the period.
    pub trend: Vec<RiskDay>,
    /// Open findings by severity and age, worst first.
    pub ages: Vec<AgeRow>,
    /// Projects with most findings over their service level, worst first, as many as were asked for.
    pub overdue: Vec<ProjectAge>,
    /// What gates said in the period, by environment.
    pub gates: Vec<GateRate>,
    /// Which projects have which scans.
    pub coverage: Vec<TechniqueCoverage>,
    /// Deployments of the period, by environment.
    pub delivery: Vec<Delivery>,
    /// Accepted risks.
    pub exceptions: ExceptionTotals,
    /// Scanners as they were last seen.
    pub tools: Vec<ToolHealth>,
    /// What the newest decisions say about the technology catalogue.
    pub catalogue: CatalogueStanding,
    /// What people judged of the scanners' rules, most false positives first, as many as were asked for.
    pub quality: Vec<RuleQuality>,
}

/// Open findings at the end of a day.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct RiskDay {
    /// Day.
    pub day: String,
    /// Open findings.
    pub open: BySeverity,
}

/// Open findings of one severity by their age in whole days.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct AgeRow {
    /// Severity.
    pub severity: Severity,
    /// All that are open.
    pub open: u64,
    /// In each class of [`AgeRow::CLASSES`].
    pub classes: [u64; 4],
    /// Days of the service level; absent: none.
    pub service_level: Option<u32>,
    /// Older than the service level.
    pub overdue: u64,
    /// Those first seen before this day are overdue.
    pub due_before: Option<String>,
}

impl AgeRow {
    /// Classes of age: at least and at most so many days.
    pub const CLASSES: [(u32, Option<u32>); 4] = [(0, Some(7)), (8, Some(30)), (31, Some(90)), (91, None)];
}

/// A project and what of it is over its service level.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ProjectAge {
    /// Project.
    pub project: String,
    /// Findings over their service level.
    pub overdue: BySeverity,
}

/// What gates said.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Outcomes {
    /// Let in.
    pub pass: u64,
    /// Let in with a warning.
    pub warn: u64,
    /// Refused.
    pub deny: u64,
}

impl Outcomes {
    /// All decisions.
    pub fn total(&self) -> u64 {
        self.pass + self.warn + self.deny
    }

    /// Those that were let in, of a hundred; `None` when nothing was decided.
    pub fn pass_rate(&self) -> Option<u64> {
        rate(self.pass + self.warn, self.total())
    }
}

/// `part` of a hundred of `whole`, rounded down; `None` of nothing.
pub fn rate(part: u64, whole: u64) -> Option<u64> {
    (part * 100).checked_div(whole)
}

/// Decisions about one environment.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct GateRate {
    /// Environment.
    pub environment: String,
    /// In the whole period.
    pub total: Outcomes,
    /// By day; days without a decision are left out.
    pub days: Vec<(String, Outcomes)>,
}

/// How far one technique reaches. The four states add up to all projects.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TechniqueCoverage {
    /// Technique.
    pub technique: Technique,
    /// Projects with a complete scan that is recent enough.
    pub fresh: u64,
    /// Projects whose newest complete scan is too old.
    pub stale: u64,
    /// Projects that were scanned, but never completely.
    pub incomplete: u64,
    /// Projects that were never scanned.
    pub missing: u64,
}

/// State of a technique in a project.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum CoverageState {
    /// A complete scan that is recent enough.
    Fresh,
    /// The newest complete scan is too old.
    Stale,
    /// Scanned, but never completely.
    Incomplete,
    /// Never scanned.
    Missing,
}

impl CoverageState {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Fresh, Self::Stale, Self::Incomplete, Self::Missing];

    /// Lower-case name, as in JSON.
    pub fn name(self) -> &'static str {
        ["fresh", "stale", "incomplete", "missing"][self as usize]
    }

    /// The state with this name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.name() == name)
    }
}

/// One project and technique.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Coverage {
    /// Project.
    pub project: String,
    /// Technique.
    pub technique: Technique,
    /// State.
    pub state: CoverageState,
    /// Ledger index of the newest scan.
    pub scan: Option<u64>,
    /// End of the newest complete scan.
    pub complete: Option<Timestamp>,
}

/// Classes of times, from the DORA reports: under an hour, a day, a week, a month (30 days), and longer.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Times {
    /// Under an hour.
    pub hour: u64,
    /// Under a day.
    pub day: u64,
    /// Under a week.
    pub week: u64,
    /// Under 30 days.
    pub month: u64,
    /// Longer.
    pub longer: u64,
}

impl Times {
    /// Names of the classes.
    pub const CLASSES: [&'static str; 5] = ["hour", "day", "week", "month", "longer"];

    /// Class of a length of time in microseconds.
    pub fn class(micros: i64) -> &'static str {
        const HOUR: i64 = 3_600_000_000;
        let bounds = [HOUR, 24 * HOUR, 7 * 24 * HOUR, 30 * 24 * HOUR];
        Self::CLASSES[bounds.iter().take_while(|bound| micros >= **bound).count()]
    }

    /// The counts in the order of [`Self::CLASSES`].
    pub fn counts(&self) -> [u64; 5] {
        [self.hour, self.day, self.week, self.month, self.longer]
    }

    /// The count of a class by its name.
    pub fn of(&mut self, class: &str) -> Option<&mut u64> {
        Some(match class {
            "hour" => &mut self.hour,
            "day" => &mut self.day,
            "week" => &mut self.week,
            "month" => &mut self.month,
            "longer" => &mut self.longer,
            _ => return None,
        })
    }

    /// How many were measured.
    pub fn total(&self) -> u64 {
        self.counts().iter().sum()
    }

    /// The class that the median falls in; `None` when nothing was measured.
    pub fn median(&self) -> Option<&'static str> {
        let half = self.total().div_ceil(2);
        let mut below = 0;
        let classes = Self::CLASSES.into_iter().zip(self.counts());
        let median = classes.into_iter().find(|(_, count)| {
            below += count;
            below >= half && half > 0
        });
        median.map(|(class, _)| class)
    }
}

/// Deployments into one environment.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Delivery {
    /// Environment.
    pub environment: String,
    /// Attempts by result (`deployed`, `denied`, `failed`, `rolled-back`, `reversed`, `interrupted`).
    pub results: BTreeMap<String, u64>,
    /// From the start of the first run of the commit to the end of the deployment; the ledger does not know
    /// when the commit was written.
    pub lead: Times,
    /// From the switch to the bad release until the good one was back.
    pub restore: Times,
    /// Attempts by day that went through; days without one are left out.
    pub days: Vec<(String, u64)>,
}

impl Delivery {
    /// Attempts with this result.
    pub fn result(&self, name: &str) -> u64 {
        self.results.get(name).copied().unwrap_or(0)
    }

    /// Changes that became active and had to be taken back, or whose deployment died half-way.
    pub fn failed_changes(&self) -> u64 {
        ["rolled-back", "reversed", "interrupted"].iter().map(|name| self.result(name)).sum()
    }

    /// Of a hundred changes that became active, those that failed; `None` when there was none.
    pub fn change_failure_rate(&self) -> Option<u64> {
        rate(self.failed_changes(), self.result("deployed") + self.failed_changes())
    }
}

/// Accepted risks by their end.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ExceptionTotals {
    /// In force.
    pub active: u64,
    /// In force, and ending within [`ExceptionTotals::SOON_DAYS`].
    pub soon: u64,
    /// Ended within [`ExceptionTotals::LAPSED_DAYS`].
    pub lapsed: u64,
}

impl ExceptionTotals {
    /// Days ahead that count as soon.
    pub const SOON_DAYS: i64 = 14;
    /// Days back in which an ended exception is still told.
    pub const LAPSED_DAYS: i64 = 30;
}

/// A scanner over all projects.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ToolHealth {
    /// Name.
    pub tool: String,
    /// Technique.
    pub technique: Technique,
    /// Projects that it scans.
    pub projects: u64,
    /// End of its newest scan.
    pub last: Timestamp,
    /// Ledger index of that scan.
    pub last_scan: u64,
    /// Scans it ever made.
    pub scans: u64,
    /// Of these, how many were not complete.
    pub incomplete: u64,
    /// Projects (and targets) whose newest scan was not complete.
    pub failing: u64,
    /// Different versions among the newest scans.
    pub versions: u64,
    /// A pinned version has more than one digest among the newest scans.
    pub drift: bool,
    /// Findings that are open.
    pub open: u64,
}

/// The technology catalogue in the newest decision of each environment.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct CatalogueStanding {
    /// Environments whose newest decision looked at a catalogue.
    pub judged: u64,
    /// Of these, those in which something is denied.
    pub denied: u64,
    /// Of these, those in which something is warned of, and nothing denied.
    pub warned: u64,
    /// Reasons that deny or warn.
    pub violations: u64,
    /// The worst, as many as were asked for.
    pub worst: Vec<CatalogueViolations>,
}

/// Violations in one newest decision.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CatalogueViolations {
    /// Project.
    pub project: String,
    /// Environment.
    pub environment: String,
    /// Ledger index of the decision.
    pub decision: u64,
    /// Reasons that deny.
    pub deny: u64,
    /// Reasons that warn.
    pub warn: u64,
}

/// What people judged about the findings of one rule.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct RuleQuality {
    /// Scanner.
    pub scanner: String,
    /// Rule.
    pub rule: String,
    /// Judged to be wrong.
    pub false_positive: u64,
    /// Judged to be real.
    pub confirmed: u64,
    /// Judged to be real, and left.
    pub wont_fix: u64,
    /// Judged to repeat another one.
    pub duplicate: u64,
}

impl RuleQuality {
    /// Of a hundred judged findings, those that were wrong. Duplicates say nothing about that.
    pub fn false_positive_rate(&self) -> Option<u64> {
        rate(self.false_positive, self.false_positive + self.confirmed + self.wont_fix)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_median_is_the_class_in_the_middle() {
        assert_eq!(Times::default().median(), None);
        let times = Times { hour: 2, day: 1, longer: 2, ..Times::default() };
        assert_eq!(times.median(), Some("day"));
        assert_eq!(Times { longer: 1, ..Times::default() }.median(), Some("longer"));
        let hour = 3_600_000_000;
        let classes = [0, hour, 24 * hour, 8 * 24 * hour, 31 * 24 * hour].map(Times::class);
        assert_eq!(classes, Times::CLASSES);
        assert_eq!(Times::class(-5), "hour");
    }

    #[test]
    fn a_deployment_that_was_refused_is_no_change_and_one_that_died_is_a_failed_one() {
        let results = [("deployed", 6), ("denied", 5), ("failed", 4), ("reversed", 1), ("interrupted", 1)];
        let results = results.into_iter().map(|(name, n)| (name.to_owned(), n)).collect();
        let delivery = Delivery { results, ..Delivery::default() };
        assert_eq!(delivery.change_failure_rate(), Some(25));
        assert_eq!(Delivery::default().change_failure_rate(), None);
    }
}
