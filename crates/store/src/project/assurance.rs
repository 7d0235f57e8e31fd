//! Tests, traces, decisions, exceptions and advisory feeds.

use model::{
    evidence::{Outcome, RuleResult},
    ports::LoggedStatement,
    predicate::{Exception, FeedImport, RuntimeTrace, TestResult, Vsa},
};

use super::{
    Failure, Link, insert,
    tally::{Tally, day},
};
use crate::{db::Value, dialect::Tx};

/// The rule that holds the technology catalogue against what is shipped.
const TECHNOLOGIES: &str = "technologies";

/// Names or destinations kept in a row; all are in the statement.
const MOST_LISTED: usize = 1000;

fn listed<T: serde::Serialize>(all: &[T]) -> Value {
    Value::json(&&all[..all.len().min(MOST_LISTED)])
}

pub(super) async fn test(tx: &mut Tx, logged: &LoggedStatement, test: &TestResult) -> Result<Link, Failure> {
    let columns = [
        "idx",
        "envelope",
        "project",
        "run",
        "step",
        "result",
        "passed",
        "warned",
        "failed",
        "failed_tests",
        "finished",
        "coverage",
    ];
    let context = &test.proofhouse.context;
    let row = vec![
        logged.index.into(),
        logged.envelope.into(),
        (&context.project).into(),
        Value::maybe(Some(context.run)),
        Value::maybe(context.step.as_ref()),
        (&test.result).into(),
        (test.passed_tests.len() as u64).into(),
        (test.warned_tests.len() as u64).into(),
        (test.failed_tests.len() as u64).into(),
        listed(&test.failed_tests),
        Value::time(test.finished),
        test.proofhouse.coverage.as_ref().map_or(Value::Text(None), Value::json),
    ];
    insert(tx, "test_results", &columns, row, "").await?;
    Ok(Link::context(context))
}

pub(super) async fn trace(
    tx: &mut Tx,
    logged: &LoggedStatement,
    trace: &RuntimeTrace,
) -> Result<Link, Failure> {
    let columns = ["idx", "envelope", "project", "run", "step", "processes", "network", "files", "dropped"];
    let context = &trace.proofhouse.context;
    let row = vec![
        logged.index.into(),
        logged.envelope.into(),
        (&context.project).into(),
        Value::maybe(Some(context.run)),
        Value::maybe(context.step.as_ref()),
        (trace.monitor_log.process.len() as u64).into(),
        listed(&trace.monitor_log.network),
        (trace.monitor_log.file_access.len() as u64).into(),
        trace.proofhouse.dropped.into(),
    ];
    insert(tx, "traces", &columns, row, "").await?;
    Ok(Link::context(context))
}

pub(super) async fn decision(tx: &mut Tx, logged: &LoggedStatement, vsa: &Vsa) -> Result<Link, Failure> {
    let columns = [
        "idx",
        "envelope",
        "project",
        "environment",
        "run",
        "at",
        "outcome",
        "subjects",
        "levels",
        "inputs",
        "verdict",
    ];
    let ours = &vsa.proofhouse;
    let outcome = serde_json::to_value(ours.verdict.outcome)?;
    let row = vec![
        logged.index.into(),
        logged.envelope.into(),
        (&ours.project).into(),
        (&ours.environment).into(),
        Value::maybe(ours.run),
        Value::time(vsa.time_verified),
        outcome.as_str().unwrap_or("deny").into(),
        Value::json(&logged.statement.subject),
        Value::json(&vsa.verified_levels),
        Value::json(&vsa.input_attestations),
        Value::json(&ours.verdict),
    ];
    insert(tx, "decisions", &columns, row, "").await?;
    standing(tx, logged, vsa).await?;
    Ok(Link::project(&ours.project, ours.run))
}

/// Counts the decision, and puts it in the place of the one before about the same environment.
async fn standing(tx: &mut Tx, logged: &LoggedStatement, vsa: &Vsa) -> Result<(), Failure> {
    let ours = &vsa.proofhouse;
    let outcome = serde_json::to_value(vsa.outcome())?;
    let outcome = outcome.as_str().unwrap_or("deny");
    let mut tally = Tally::default();
    let at = day(vsa.time_verified, logged);
    tally.both("gate", &ours.project, (&ours.environment, outcome), at, 1);
    tally.write(tx).await?;
    // Without a catalogue the rule says nothing and names no digest.
    let looked = |rule: &&RuleResult| {
        !rule.reasons.is_empty() || rule.looked_at.iter().any(|fact| fact.starts_with("catalogue sha256:"))
    };
    let rule = ours.verdict.rules.iter().find(|rule| rule.rule == TECHNOLOGIES).filter(looked);
    let reasons = |wanted| {
        let count = |rule: &RuleResult| rule.reasons.iter().filter(|reason| reason.outcome == wanted).count();
        Value::maybe_int(rule.map(|rule| crate::db::number(count(rule) as u64)))
    };
    let columns =
        ["project", "environment", "idx", "at", "outcome", "technologies_deny", "technologies_warn"];
    let row = vec![
        (&ours.project).into(),
        (&ours.environment).into(),
        logged.index.into(),
        Value::time(vsa.time_verified),
        outcome.into(),
        reasons(Outcome::Deny),
        reasons(Outcome::Warn),
    ];
    let tail = "ON CONFLICT (project, environment) DO UPDATE SET idx = excluded.idx, at = excluded.at, \
        outcome = excluded.outcome, technologies_deny = excluded.technologies_deny, \
        technologies_warn = excluded.technologies_warn";
    Ok(insert(tx, "standings", &columns, row, tail).await?)
}

pub(super) async fn exception(
    tx: &mut Tx,
    logged: &LoggedStatement,
    exception: &Exception,
) -> Result<Link, Failure> {
    let columns = [
        "idx",
        "envelope",
        "project",
        "finding",
        "rule",
        "environment",
        "reason",
        "accepted_by",
        "at",
        "expires",
    ];
    let row = vec![
        logged.index.into(),
        logged.envelope.into(),
        (&exception.project).into(),
        Value::maybe(exception.finding),
        Value::maybe(exception.rule.as_ref()),
        Value::maybe(exception.environment.as_ref()),
        (&exception.reason).into(),
        (&exception.by.name).into(),
        Value::time(exception.at),
        Value::time(exception.expires),
    ];
    insert(tx, "exceptions", &columns, row, "").await?;
    Ok(Link::project(&exception.project, None))
}

pub(super) async fn feed(tx: &mut Tx, logged: &LoggedStatement, feed: &FeedImport) -> Result<Link, Failure> {
    let columns = ["feed", "idx", "as_of", "imported", "advisories", "refused", "actor", "digest"];
    let tail = "ON CONFLICT (feed) DO UPDATE SET idx = excluded.idx, as_of = excluded.as_of, \
        imported = excluded.imported, advisories = excluded.advisories, refused = excluded.refused, \
        actor = excluded.actor, digest = excluded.digest";
    let digest = logged.statement.subject.first().and_then(model::Subject::sha256_digest);
    let row = vec![
        (&feed.feed).into(),
        logged.index.into(),
        Value::time(feed.as_of),
        Value::time(feed.imported),
        feed.advisories.into(),
        (feed.refused.len() as u64).into(),
        (&feed.actor).into(),
        Value::maybe(digest),
    ];
    insert(tx, "feeds", &columns, row, tail).await?;
    Ok(Link::default())
}
