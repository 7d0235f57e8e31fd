//! What a statement shows, in words that can be counted (`model::facts`).
//!
//! A statement of a kind that is not named here leaves `statement:KIND` only. Large predicates (provenance, traces,
//! bills of materials) are looked at where they lie instead of being decoded a second time.

use std::collections::BTreeMap;

use model::{
    Technique, Timestamp,
    evidence::{Outcome, RuleResult},
    facts::{ACCESS, FILE, KEY, RECEIPT, RULE, SCAN, STAGE, STATEMENT, mark},
    ports::LoggedStatement,
    predicate::{
        Access, Deployment, DeploymentResult, Exception, FeedImport, KeyEvent, ManualTest, Origin, Receipt,
        ReleaseBundle, Reproduction, ReviewAnswer, ReviewVerdict, Run, RunPhase, RunResult, Scan, StepRecord,
        StepResult, TechnologyReview, TestResult, Vsa,
        provenance::{BUILDER_PREFIX, ROLE, ROLE_PACKAGE, TRIGGER_WRAPPED},
    },
};
use serde_json::Value as Json;

use super::{Failure, Link, decode, kind};
use crate::{
    Result,
    db::{Insert, Value},
    dialect::Tx,
};

/// Advisory data of this age and less is fresh.
const FRESH_DAYS: i64 = 7;
/// A risk that is accepted for longer is not accepted but ignored.
const LONGEST_EXCEPTION_DAYS: i64 = 366;

/// Marks of one statement.
#[derive(Default)]
struct Marks {
    /// Whether it is as it should be, and how much there is; the same mark twice is good only when both are.
    all: BTreeMap<String, (bool, u64)>,
    deployment: Option<String>,
}

impl Marks {
    fn add(&mut self, mark: impl Into<String>, good: bool, amount: u64) {
        let entry = self.all.entry(mark.into()).or_insert((true, 0));
        *entry = (entry.0 && good, entry.1 + amount);
    }
}

/// Writes the rows of one statement.
pub(super) async fn record(
    tx: &mut Tx,
    logged: &LoggedStatement,
    link: &Link,
    understood: bool,
) -> Result<()> {
    let kind = kind(&logged.statement.predicate_type);
    let mut marks = Marks::default();
    // What could not be decoded shows nothing but that it is there.
    if !understood || shown(&mut marks, kind, logged).is_err() {
        marks = Marks::default();
    }
    marks.add(format!("{STATEMENT}{kind}"), understood, 1);
    let columns = ["idx", "mark", "project", "run", "deployment", "good", "amount", "at"];
    let mut rows = Insert::into("marks", &columns, "");
    for (mark, (good, amount)) in marks.all {
        let row = [
            logged.index.into(),
            mark.into(),
            link.project.as_deref().unwrap_or_default().into(),
            Value::maybe(link.run),
            Value::maybe(marks.deployment.as_ref()),
            good.into(),
            amount.into(),
            Value::time(logged.logged_at),
        ];
        rows.row(tx, row).await?;
    }
    rows.flush(tx).await
}

fn shown(marks: &mut Marks, kind: &str, logged: &LoggedStatement) -> Result<(), Failure> {
    match kind {
        "run" => run(marks, &decode(logged)?),
        "provenance" => provenance(marks, &logged.statement.predicate),
        "sbom" => {
            let components = logged.statement.predicate["components"].as_array();
            marks.add(mark::SBOM, true, components.map_or(0, |all| all.len() as u64));
        }
        "scan" => scan(marks, &decode(logged)?),
        "test" => test(marks, &decode(logged)?),
        "trace" => {
            let dropped = logged.statement.predicate.pointer("/proofhouse/dropped").and_then(Json::as_u64);
            marks.add(mark::TRACE, dropped == Some(0), 1);
        }
        // Without our own field it is somebody else's (as in the projection of decisions).
        "decision" if logged.statement.predicate.get("proofhouse").is_some() => {
            decision(marks, &decode(logged)?)
        }
        "exception" => exception(marks, &decode(logged)?),
        "manual-test" => marks.add(mark::MANUAL_TEST, decode::<ManualTest>(logged)?.passed, 1),
        "deployment" => deployment(marks, &decode(logged)?),
        "receipt" => receipt(marks, &decode(logged)?),
        "feed" => marks.add(mark::FEED, decode::<FeedImport>(logged)?.refused.is_empty(), 1),
        "key" => {
            let action = serde_json::to_value(decode::<KeyEvent>(logged)?.action)?;
            marks.add(format!("{KEY}{}", action.as_str().unwrap_or_default()), true, 1);
        }
        "access" => marks.add(format!("{ACCESS}{}", decode::<Access>(logged)?.action.name()), true, 1),
        "reproduction" => marks.add(mark::REPRODUCTION, decode::<Reproduction>(logged)?.reproduced, 1),
        "review-answer" => review(marks, &decode(logged)?),
        "technology-review" => marks.add(mark::TECHNOLOGY, decode::<TechnologyReview>(logged)?.approve, 1),
        "release-export" => {
            let release: ReleaseBundle = decode(logged)?;
            marks.add(mark::RELEASE, release.complete, release.members.len() as u64);
        }
        _ => {}
    }
    Ok(())
}

/// A review that was only made, or commented on, was signed by nobody.
fn review(marks: &mut Marks, answer: &ReviewAnswer) {
    let signed = match answer.verdict {
        ReviewVerdict::Sign => true,
        ReviewVerdict::Reject => false,
        _ => return,
    };
    if answer.point.is_none() {
        let of = if answer.project.is_some() { mark::RELEASE_REVIEW } else { mark::REVIEW };
        marks.add(of, signed, 1);
    }
}

fn run(marks: &mut Marks, run: &Run) {
    if run.phase != RunPhase::Finished || run.trigger == TRIGGER_WRAPPED {
        return;
    }
    let passed = run.result == Some(RunResult::Passed);
    marks.add(mark::RUN, passed, 1);
    if run.trigger != "command-line" {
        marks.add(mark::UNATTENDED, passed, 1);
    }
    marks.add(mark::CLEAN, run.commit.is_some() && !run.dirty, 1);
    let ran: Vec<&StepRecord> = run.steps.iter().filter(|step| step.result != StepResult::Skipped).collect();
    if !ran.is_empty() {
        let isolated = ran.iter().all(|step| matches!(step.isolation.as_str(), "root" | "rootless"));
        marks.add(mark::ISOLATED, isolated, ran.len() as u64);
    }
    let tools: Vec<_> = ran.iter().flat_map(|step| &step.tools).collect();
    if !tools.is_empty() {
        marks.add(mark::PINNED, tools.iter().all(|tool| tool.digest.is_some()), tools.len() as u64);
    }
    let outputs: usize = ran.iter().map(|step| step.outputs.len()).sum();
    if outputs > 0 {
        marks.add(mark::ARTIFACTS, true, outputs as u64);
    }
    for path in run.rules.keys() {
        let what = match path.rsplit('/').next() {
            Some("security-requirements.yaml") => "requirements",
            Some("technologies.yaml") => "catalogue",
            _ => "gate-rules",
        };
        marks.add(format!("{FILE}{what}"), true, 1);
    }
}

fn provenance(marks: &mut Marks, predicate: &Json) {
    let builder = predicate.pointer("/runDetails/builder/id").and_then(Json::as_str).unwrap_or_default();
    let isolation = builder.strip_prefix(BUILDER_PREFIX).unwrap_or_default();
    marks.add(mark::PROVENANCE, matches!(isolation, "root" | "rootless"), 1);
    let materials = predicate.pointer("/buildDefinition/resolvedDependencies").and_then(Json::as_array);
    let packages = materials.into_iter().flatten().filter(|one| one["annotations"][ROLE] == ROLE_PACKAGE);
    let (mut count, mut digests) = (0, true);
    for package in packages {
        count += 1;
        digests &= package["digest"].as_object().is_some_and(|digest| !digest.is_empty());
    }
    if count > 0 {
        marks.add(mark::LOCKED, digests, count);
    }
    let secrets = predicate.pointer("/buildDefinition/externalParameters/secrets").and_then(Json::as_array);
    if let Some(secrets) = secrets.filter(|secrets| !secrets.is_empty()) {
        marks.add(mark::SECRET, true, secrets.len() as u64);
    }
}

fn scan(marks: &mut Marks, scan: &Scan) {
    let complete = scan.coverage.is_complete();
    // Not a scan like the others: it says nothing of what is open in the source.
    if scan.technique == Technique::Hardening {
        // Of a report that somebody brought in nobody knows whether it looked at what the run made.
        if scan.origin == Origin::BuiltIn {
            marks.add(mark::HARDENING, complete, scan.coverage.scanned);
        }
        return;
    }
    marks.add(format!("{SCAN}{}", scan.technique), complete, scan.findings.count);
    if let Some(deployment) = scan.deployment {
        marks.deployment = Some(deployment.to_string());
        marks.add(mark::SCAN_DEPLOYED, complete, 1);
    }
    if let Some(data) = scan.coverage.data_as_of {
        marks.add(mark::ADVISORIES, days(data, scan.ended) <= FRESH_DAYS, 1);
    }
}

fn test(marks: &mut Marks, test: &TestResult) {
    let tests = test.passed_tests.len() + test.warned_tests.len() + test.failed_tests.len();
    let passed = test.result == "PASSED" && !test.passed_tests.is_empty() && test.failed_tests.is_empty();
    marks.add(mark::TEST, passed, tests as u64);
    let named = &test.proofhouse.requirements;
    if !named.is_empty() {
        let holds =
            named.values().all(|t| !t.passed.is_empty() && t.failed.is_empty() && t.skipped.is_empty());
        marks.add(mark::REQUIREMENT_TEST, holds, named.len() as u64);
    }
}

fn decision(marks: &mut Marks, vsa: &Vsa) {
    marks.add(mark::DECISION, vsa.outcome() != Outcome::Deny, 1);
    // A rule that had nothing to apply to (no catalogue named, no milestone demanded) shows nothing.
    let applied = |rule: &&RuleResult| match rule.rule.as_str() {
        "technologies" => rule.looked_at.iter().any(|fact| fact.starts_with("catalogue sha256:")),
        _ => !rule.looked_at.is_empty() || !rule.reasons.is_empty(),
    };
    for rule in vsa.proofhouse.verdict.rules.iter().filter(applied) {
        marks.add(format!("{RULE}{}", rule.rule), rule.outcome != Outcome::Deny, 1);
    }
    if vsa.verified_levels.iter().any(|level| level == "SLSA_BUILD_LEVEL_3") {
        marks.add(mark::SLSA_3, true, 1);
    }
}

fn exception(marks: &mut Marks, exception: &Exception) {
    let ends = days(exception.at, exception.expires) <= LONGEST_EXCEPTION_DAYS;
    marks.add(mark::EXCEPTION, ends && !exception.reason.trim().is_empty(), 1);
}

fn deployment(marks: &mut Marks, deployment: &Deployment) {
    marks.deployment = Some(deployment.deployment.to_string());
    marks.add(mark::DEPLOYMENT, deployment.result == DeploymentResult::Deployed, 1);
    if let Some(health) = &deployment.health {
        marks.add(mark::HEALTH, health.healthy, 1);
    }
    for stage in &deployment.stages {
        marks.add(format!("{STAGE}{}", stage.name), stage.ok, 1);
    }
    if matches!(deployment.result, DeploymentResult::RolledBack | DeploymentResult::Reversed) {
        marks.add(mark::TAKEN_BACK, true, 1);
    }
}

fn receipt(marks: &mut Marks, receipt: &Receipt) {
    marks.deployment = Some(receipt.deployment.to_string());
    let holds = !receipt.checks.is_empty() && receipt.checks.iter().all(|check| check.ok);
    marks.add(format!("{RECEIPT}{}", receipt.phase.name()), holds, receipt.checks.len() as u64);
}

/// Whole days from one moment to another.
fn days(from: Timestamp, to: Timestamp) -> i64 {
    (to.as_second() - from.as_second()) / 86_400
}
