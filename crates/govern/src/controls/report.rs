//! What is told: plain structs that a page, a command and every export write down as they are.

use std::{collections::BTreeMap, fmt};

use model::Timestamp;
use serde::Serialize;

/// How far a rule or control is fulfilled.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Status {
    /// Everything that is measured holds everywhere.
    Met,
    /// Something holds somewhere.
    Partly,
    /// Nothing holds.
    NotMet,
    /// There is nothing to look at.
    NoData,
}

impl Status {
    /// All, best first.
    pub const ALL: [Self; 4] = [Self::Met, Self::Partly, Self::NotMet, Self::NoData];

    /// Kebab-case name, as in JSON.
    pub fn name(self) -> &'static str {
        ["met", "partly", "not-met", "no-data"][self as usize]
    }
}

impl fmt::Display for Status {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(["met", "partly met", "not met", "no data"][*self as usize])
    }
}

/// The answer to a maturity question, by how many projects have everything that it asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Level {
    /// No project.
    None,
    /// Less than half.
    Some,
    /// At least half.
    Half,
    /// At least nine of ten.
    Most,
}

impl Level {
    /// The level of so many of so many projects; of none there is no level above `None`.
    pub fn of(covered: u64, all: u64) -> Self {
        match () {
            () if covered == 0 || all == 0 => Self::None,
            () if covered * 10 >= all * 9 => Self::Most,
            () if covered * 2 >= all => Self::Half,
            () => Self::Some,
        }
    }

    /// Kebab-case name, as in JSON.
    pub fn name(self) -> &'static str {
        ["none", "some", "half", "most"][self as usize]
    }

    /// The value that OWASP SAMM gives this answer.
    pub fn score(self) -> f64 {
        [0.0, 0.25, 0.5, 1.0][self as usize]
    }
}

impl fmt::Display for Level {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(["no", "for some projects", "for at least half", "for most or all"][*self as usize])
    }
}

/// What a rule looks at.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Scope {
    /// Every project.
    Projects,
    /// Every project of which something is deployed.
    Deployed,
    /// Every project that made something, decided something, or has what the rule is about.
    Concerned,
    /// The organisation as a whole.
    Organisation,
}

/// Something that shows it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Evidence {
    /// Project; absent for the organisation.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub project: Option<String>,
    /// Ledger index.
    pub index: u64,
    /// When it was logged.
    pub at: Timestamp,
}

/// Something that is not there.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Missing {
    /// Project; absent for the organisation.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub project: Option<String>,
    /// Why it does not hold, one sentence without a full stop.
    pub why: String,
}

/// A rule's answer.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct RuleReport {
    /// Id, as catalogues name it.
    pub id: &'static str,
    /// What must hold.
    pub title: &'static str,
    /// What it looks at.
    pub scope: Scope,
    /// Answer.
    pub status: Status,
    /// Projects (or 1 organisation) that it holds for.
    pub holds: u64,
    /// Projects (or 1 organisation) that it was asked of.
    pub of: u64,
    /// What shows it, one for each that it holds for.
    pub evidence: Vec<Evidence>,
    /// What is missing, one for each that it does not hold for.
    pub missing: Vec<Missing>,
    /// Command or page that closes the gap.
    pub close: &'static str,
}

/// A control's answer.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ControlReport {
    /// Id.
    pub id: String,
    /// Its number elsewhere.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub also: Option<String>,
    /// Name.
    pub title: String,
    /// What it asks for, in our own words.
    pub text: String,
    /// What is looked at.
    pub measures: String,
    /// What nothing here looks at; absent when everything is.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub does_not_measure: Option<String>,
    /// Answer, for what is measured.
    pub status: Status,
    /// The answer of a maturity model.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub level: Option<Level>,
    /// Projects for which every rule that concerns them holds.
    pub covered: u64,
    /// Projects that a rule concerns.
    pub of: u64,
    /// Its rules, in [`Report::rules`].
    pub rules: Vec<String>,
}

/// A catalogue's answers.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct CatalogueReport {
    /// Id.
    pub id: String,
    /// Name.
    pub title: String,
    /// Edition that was read.
    pub edition: String,
    /// Where it comes from.
    pub source: String,
    /// Controls, in its order.
    pub controls: Vec<ControlReport>,
}

impl CatalogueReport {
    /// How many controls have this status.
    pub fn count(&self, status: Status) -> u64 {
        self.controls.iter().filter(|control| control.status == status).count() as u64
    }
}

/// Everything. The same ledger and moment give the same report.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Report {
    /// The moment that it speaks of.
    pub moment: Timestamp,
    /// Ledger entries that were counted: those with a lower index.
    pub statements: u64,
    /// Projects that were looked at.
    pub projects: Vec<String>,
    /// Answers of the rules that the catalogues name.
    pub rules: BTreeMap<&'static str, RuleReport>,
    /// Answers of the catalogues.
    pub catalogues: Vec<CatalogueReport>,
}

impl Report {
    /// The rules of a control, in its order.
    pub fn rules_of<'a>(&'a self, control: &'a ControlReport) -> impl Iterator<Item = &'a RuleReport> {
        control.rules.iter().filter_map(|id| self.rules.get(id.as_str()))
    }
}
