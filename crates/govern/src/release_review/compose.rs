//! From facts to the document: comparisons, accepted risks, and the most important in plain sentences.

use std::collections::{BTreeMap, BTreeSet};

use model::{
    BySeverity, FindingId, Severity, Timestamp,
    evidence::{Evidence, ExceptionFacts, Expectation, FindingFacts, Outcome, StatementFacts, Verdict},
    identity::unversioned,
    predicate::CoverageFigures,
};

use super::document::{
    AcceptedRisk, Commits, ComponentChanges, ControlLine, CoverageLine, Document, FindingLine, Findings,
    GateLine, Known, Plan, Release, RequirementLine, Risk, RiskState, ScanLine, TestLine, Updated,
};
use crate::catalogue::Bill;

/// Days before its end from which an accepted risk is told as ending soon.
pub const ENDS_SOON_DAYS: i64 = 14;
/// The rule that asks for the review itself.
pub const RULE: &str = "release-review";
/// Why test coverage is not known, when no step tells it.
pub const NO_COVERAGE: &str = "no test step of its run has a report of test coverage";
/// Most findings, commits or components that are listed.
pub const MOST_LISTED: usize = 50;

/// What is known of the release that runs now.
#[derive(Clone, Debug)]
pub struct Before {
    /// The release.
    pub release: Release,
    /// Its open findings.
    pub findings: Known<Vec<FindingFacts>>,
    /// What it is made of.
    pub bill: Known<Bill>,
    /// How much of its code its tests ran.
    pub coverage: Known<CoverageFigures>,
}

/// Everything that a document is made from.
#[derive(Clone, Debug)]
pub struct Facts {
    /// What the gate saw of the candidate.
    pub evidence: Evidence,
    /// What it said.
    pub verdict: Verdict,
    /// Who makes the document.
    pub made_by: String,
    /// The candidate.
    pub candidate: Release,
    /// What the candidate is made of.
    pub bill: Known<Bill>,
    /// What runs now; `None`: nothing was ever deployed there.
    pub before: Known<Option<Before>>,
    /// Commits between the two.
    pub commits: Known<Commits>,
    /// Test steps.
    pub tests: Vec<TestLine>,
    /// Security requirements of the project.
    pub requirements: Known<Vec<RequirementLine>>,
    /// Controls.
    pub controls: Vec<ControlLine>,
    /// How it will be deployed.
    pub plan: Plan,
    /// Earlier rejections.
    pub rejected_before: Vec<String>,
}

/// Makes the document.
pub fn document(facts: Facts) -> Document {
    let evidence = &facts.evidence;
    let before = match &facts.before {
        Known::Known(before) => before.as_ref(),
        Known::Unknown(_) => None,
    };
    let nothing_before = match &facts.before {
        Known::Known(_) => "nothing is deployed there yet".to_owned(),
        Known::Unknown(why) => why.clone(),
    };
    let components = match before.map(|before| (&before.bill, &facts.bill)) {
        None => Known::Unknown(nothing_before.clone()),
        Some((Known::Known(old), Known::Known(new))) => {
            gaps(old, new).unwrap_or_else(|| Known::Known(differences(old, new)))
        }
        Some((Known::Unknown(why), _) | (_, Known::Unknown(why))) => Known::Unknown(why.clone()),
    };
    let coverage = CoverageFigures::sum(facts.tests.iter().filter_map(|test| test.coverage)).map(|now| {
        let before = before.map(|before| before.coverage.clone());
        CoverageLine { now, before: before.unwrap_or_else(|| Known::Unknown(nothing_before.clone())) }
    });
    let old = match before.map(|before| &before.findings) {
        None => Known::Unknown(nothing_before),
        Some(Known::Known(findings)) => Known::Known(findings.as_slice()),
        Some(Known::Unknown(why)) => Known::Unknown(why.clone()),
    };
    let risk = risk(&old, &evidence.findings, &evidence.statements);
    let denied = denied_rules(&facts.verdict);
    let accepted = timeline(
        &evidence.exceptions,
        &open(&evidence.findings),
        &denied,
        Some(&evidence.environment),
        evidence.now,
    );
    let mut document = Document {
        format: 1,
        project: evidence.project.clone(),
        environment: evidence.environment.clone(),
        made: evidence.now,
        made_by: facts.made_by,
        summary: vec![],
        candidate: facts.candidate,
        previous: match facts.before {
            Known::Known(before) => Known::Known(before.map(|before| before.release)),
            Known::Unknown(why) => Known::Unknown(why),
        },
        commits: facts.commits,
        components,
        risk,
        accepted,
        tests: facts.tests,
        test_coverage: match &coverage {
            Some(line) => Known::Known(line.now.lines.percent()),
            None => Known::Unknown(NO_COVERAGE.to_owned()),
        },
        coverage,
        requirements: facts.requirements,
        scans: scans(&evidence.expected, &evidence.statements),
        controls: facts.controls,
        gate: gate(&facts.verdict),
        plan: facts.plan,
        rejected_before: facts.rejected_before,
        unknown: vec![],
    };
    document.unknown = unknown(&document);
    document.summary = super::plain::summary(&document);
    document
}

/// A bill with gaps must not pass for a whole one.
fn gaps(old: &Bill, new: &Bill) -> Option<Known<ComponentChanges>> {
    let gap = old.gaps.first().or(new.gaps.first())?;
    Some(Known::Unknown(format!("a bill of materials is not complete: {gap}")))
}

/// Components of two bills held against each other, by name without version.
pub fn differences(old: &Bill, new: &Bill) -> ComponentChanges {
    let versions = |bill: &Bill| {
        let mut all: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
        for component in &bill.components {
            let name = component.purl.as_deref().map_or(component.name.as_str(), unversioned);
            all.entry(name.to_owned()).or_default().insert(component.version.clone().unwrap_or_default());
        }
        all
    };
    let joined = |versions: &BTreeSet<String>| versions.iter().cloned().collect::<Vec<_>>().join(", ");
    let named =
        |name: &str, versions: &BTreeSet<String>| format!("{name} {}", joined(versions)).trim().to_owned();
    let (old, new) = (versions(old), versions(new));
    let only = |these: &BTreeMap<String, BTreeSet<String>>, those: &BTreeMap<String, BTreeSet<String>>| {
        let alone = these.iter().filter(|(name, _)| !those.contains_key(*name));
        alone.map(|(name, versions)| named(name, versions)).collect::<Vec<_>>()
    };
    let both = old.iter().filter_map(|(name, from)| Some((name, from, new.get(name)?)));
    ComponentChanges {
        added: only(&new, &old),
        removed: only(&old, &new),
        updated: both
            .filter(|(_, from, to)| from != to)
            .map(|(name, from, to)| Updated { name: name.clone(), from: joined(from), to: joined(to) })
            .collect(),
    }
}

/// What only the old release has is gone where the scanner that found it has looked at the new one, and else unseen.
fn risk(old: &Known<&[FindingFacts]>, new: &[FindingFacts], scans: &[StatementFacts]) -> Risk {
    let ids = |all: &[FindingFacts]| all.iter().map(|finding| finding.id).collect::<BTreeSet<_>>();
    let looked: BTreeSet<&str> = scans
        .iter()
        .filter(|one| one.kind == "scan" && one.complete && one.signed && one.logged)
        .filter_map(|one| Some(one.tool.as_ref()?.name.as_str()))
        .collect();
    let has_looked = |finding: &&FindingFacts| looked.contains(finding.scanner.as_str());
    let mut unseen = 0;
    let (before, appeared, gone) = match old {
        Known::Known(old) => {
            let (known, now) = (ids(old), ids(new));
            let appeared = listed(new.iter().filter(|finding| !known.contains(&finding.id)));
            let missing: Vec<&FindingFacts> =
                old.iter().filter(|finding| !now.contains(&finding.id)).collect();
            let gone = listed(missing.iter().copied().filter(has_looked));
            unseen = missing.len() as u64 - gone.total;
            (Known::Known(count(old)), Known::Known(appeared), Known::Known(gone))
        }
        Known::Unknown(why) => {
            (Known::Unknown(why.clone()), Known::Unknown(why.clone()), Known::Unknown(why.clone()))
        }
    };
    Risk { before, after: count(new), appeared, gone, unseen, worst: listed(new.iter()) }
}

fn count(findings: &[FindingFacts]) -> BySeverity {
    let mut counts = BySeverity::default();
    findings.iter().for_each(|finding| counts.add(finding.severity));
    counts
}

fn listed<'a>(findings: impl Iterator<Item = &'a FindingFacts>) -> Findings {
    let mut all: Vec<&FindingFacts> = findings.collect();
    all.sort_by(|a, b| b.severity.cmp(&a.severity).then_with(|| a.id.cmp(&b.id)));
    let line = |finding: &&FindingFacts| FindingLine {
        id: finding.id.0.short(),
        severity: finding.severity,
        title: finding.title.clone(),
        place: finding.place.clone(),
    };
    Findings { total: all.len() as u64, worst: all.iter().take(MOST_LISTED).map(line).collect() }
}

/// Title and severity of findings that are open, by id.
pub type Open = BTreeMap<FindingId, (String, Severity)>;

/// Findings as [`timeline`] wants them.
pub fn open(findings: &[FindingFacts]) -> Open {
    findings.iter().map(|finding| (finding.id, (finding.title.clone(), finding.severity))).collect()
}

/// Rules that deny, whatever exceptions there are.
pub fn denied_rules(verdict: &Verdict) -> BTreeSet<String> {
    let denies = verdict.rules.iter().filter(|rule| rule.outcome == Outcome::Deny);
    denies.map(|rule| rule.rule.clone()).collect()
}

/// Accepted risks in the order in which they need somebody: those that have ended while what they covered is
/// still there (and nobody accepted it anew), those that end soon, the others. One that has ended and whose
/// finding is gone is no risk any more, and what somebody without the role accepted is not accepted. With an environment only those that hold in it.
pub fn timeline(
    exceptions: &[ExceptionFacts],
    open: &Open,
    denied: &BTreeSet<String>,
    environment: Option<&str>,
    now: Timestamp,
) -> Vec<AcceptedRisk> {
    let here = |one: &&ExceptionFacts| {
        environment.is_none() || one.environment.is_none() || one.environment.as_deref() == environment
    };
    let exceptions: Vec<ExceptionFacts> = exceptions.iter().filter(|one| !one.unentitled).cloned().collect();
    let mut all: Vec<AcceptedRisk> = exceptions
        .iter()
        .filter(here)
        .filter_map(|one| {
            let finding = one.finding.and_then(|id| open.get(&id));
            let state = state(one, &exceptions, finding.is_some(), denied, now)?;
            let what = match (finding, &one.rule, one.finding) {
                (Some((title, _)), ..) => title.clone(),
                (None, Some(rule), _) => format!("rule {rule}"),
                (None, None, Some(id)) => format!("finding {}", id.0.short()),
                (None, None, None) => return None,
            };
            Some(AcceptedRisk {
                index: one.index,
                what,
                severity: finding.map(|(_, severity)| *severity),
                environment: one.environment.clone(),
                reason: one.reason.clone(),
                owner: one.by.clone(),
                expires: one.expires,
                state,
            })
        })
        .collect();
    all.sort_by_key(|risk| (risk.state, risk.expires, risk.index));
    all
}

fn state(
    one: &ExceptionFacts,
    all: &[ExceptionFacts],
    is_open: bool,
    denied: &BTreeSet<String>,
    now: Timestamp,
) -> Option<RiskState> {
    let left = one.expires.as_second() - now.as_second();
    if left > ENDS_SOON_DAYS * 86_400 {
        return Some(RiskState::InForce);
    }
    if left > 0 {
        return Some(RiskState::EndsSoon);
    }
    let same = |other: &&ExceptionFacts| {
        (other.finding, &other.rule) == (one.finding, &one.rule)
            && (other.environment.is_none() || other.environment == one.environment)
    };
    // The newest of several that ended is told; one that holds takes the place of all.
    let replaced = all
        .iter()
        .filter(same)
        .any(|other| other.expires > now || (other.expires, other.index) > (one.expires, one.index));
    let remains = is_open || one.rule.as_ref().is_some_and(|rule| denied.contains(rule));
    (remains && !replaced).then_some(RiskState::Missed)
}

fn scans(expected: &[Expectation], statements: &[StatementFacts]) -> Vec<ScanLine> {
    let mut lines = Vec::new();
    let named = |technique: Option<model::Technique>, name: Option<&String>| match (technique, name) {
        (Some(technique), _) => technique.name().to_owned(),
        (None, Some(name)) => name.clone(),
        (None, None) => "scan".to_owned(),
    };
    for expect in expected.iter().filter(|expect| expect.kind == "scan") {
        let fits = |s: &&StatementFacts| {
            s.kind == "scan"
                && expect.technique.is_none_or(|wanted| s.technique == Some(wanted))
                && expect.name.as_ref().is_none_or(|wanted| s.name.as_ref() == Some(wanted))
                && expect.origin.as_ref().is_none_or(|wanted| s.origin.as_ref() == Some(wanted))
        };
        let what = named(expect.technique, expect.name.as_ref());
        lines.push(match statements.iter().rfind(fits) {
            Some(scan) => line(what, scan),
            None => {
                ScanLine { what, tool: None, complete: false, because: Some("it did not run".to_owned()) }
            }
        });
    }
    // Others that count too: brought in, or of a deployment.
    let others = statements
        .iter()
        .filter(|s| s.kind == "scan" && matches!(s.origin.as_deref(), Some("outside" | "deployment")));
    lines.extend(others.map(|scan| line(named(scan.technique, scan.name.as_ref()), scan)));
    lines
}

fn line(what: String, scan: &StatementFacts) -> ScanLine {
    let proven = scan.signed && scan.logged;
    let unproven = (!proven).then(|| "its statement does not verify".to_owned());
    ScanLine {
        what,
        tool: scan.tool.as_ref().map(|tool| format!("{} {}", tool.name, tool.version)),
        complete: scan.complete && proven,
        because: unproven.or_else(|| scan.incomplete_because.clone()).or_else(|| scan.remark.clone()),
    }
}

/// The verdict without the rule that asks for this very review.
fn gate(verdict: &Verdict) -> GateLine {
    let rules = || verdict.rules.iter().filter(|rule| rule.rule != RULE);
    let reasons = || rules().flat_map(|rule| &rule.reasons);
    GateLine {
        outcome: rules().map(|rule| rule.outcome).max().unwrap_or(Outcome::Deny),
        denies: reasons()
            .filter(|reason| reason.outcome == Outcome::Deny)
            .map(|reason| reason.message.clone())
            .take(MOST_LISTED)
            .collect(),
        warns: reasons().filter(|reason| reason.outcome == Outcome::Warn).count() as u64,
    }
}

fn unknown(document: &Document) -> Vec<String> {
    let first = matches!(document.previous, Known::Known(None));
    let asked = [
        ("what is deployed there now", document.previous.why()),
        ("which commits it brings", document.commits.why()),
        ("which components changed", document.components.why()),
        ("the weaknesses of what is deployed now", document.risk.before.why()),
        ("how much of the code the tests run", document.test_coverage.why()),
        ("the state of the security requirements", document.requirements.why()),
    ];
    // Where nothing was deployed there is nothing to compare with; that is no gap.
    let compares = |what: &str| what.starts_with("which co") || what.starts_with("the weaknesses");
    let asked = asked.into_iter().filter(|(what, _)| !(first && compares(what)));
    let mut all: Vec<String> =
        asked.filter_map(|(what, why)| Some(format!("It is not known {what}: {}.", why?))).collect();
    let unseen = document.risk.unseen;
    if unseen > 0 {
        let (are, them) = if unseen == 1 {
            ("weakness of what is deployed is", "it")
        } else {
            ("weaknesses of what is deployed are", "them")
        };
        all.push(format!(
            "It is not known whether {unseen} {are} still there: what found {them} has not looked at all of this release yet."
        ));
    }
    let gaps = document.scans.iter().filter(|scan| !scan.complete);
    all.extend(gaps.map(|scan| {
        let why = scan.because.as_deref().unwrap_or("it is not complete");
        format!("It is not known what the scan {} would find: {why}.", scan.what)
    }));
    if document.candidate.commit.is_none() {
        all.push(
            "It is not known exactly which source it was built from: the files were not those of a commit."
                .to_owned(),
        );
    }
    if document.tests.is_empty() {
        all.push("It is not known whether it works as intended: no test is part of this run.".to_owned());
    }
    all
}
