//! Deployments, receipts, and what is active in each environment.

use model::{
    portfolio::Times,
    ports::LoggedStatement,
    predicate::{Deployment, DeploymentResult, Receipt},
};

use super::{
    Failure, Link, insert,
    tally::{Tally, day},
};
use crate::{
    Result,
    db::{Value, micros},
    dialect::Tx,
};

const COLUMNS: [&str; 19] = [
    "deployment",
    "idx",
    "envelope",
    "project",
    "environment",
    "driver",
    "run",
    "artifact",
    "digest",
    "decision",
    "previous",
    "actor",
    "started",
    "ended",
    "result",
    "stages",
    "health",
    "address",
    "variables",
];

/// A later statement about the same deployment replaces the earlier one.
const REPLACE: &str = "ON CONFLICT (deployment) DO UPDATE SET idx = excluded.idx, envelope = excluded.envelope, \
    project = excluded.project, environment = excluded.environment, driver = excluded.driver, \
    run = excluded.run, artifact = excluded.artifact, digest = excluded.digest, decision = excluded.decision, \
    previous = excluded.previous, actor = excluded.actor, started = excluded.started, ended = excluded.ended, \
    result = excluded.result, stages = excluded.stages, health = excluded.health, \
    address = excluded.address, variables = excluded.variables";

pub(super) async fn deployment(
    tx: &mut Tx,
    logged: &LoggedStatement,
    deployment: &Deployment,
) -> Result<Link, Failure> {
    let row = vec![
        Value::maybe(Some(deployment.deployment)),
        logged.index.into(),
        logged.envelope.into(),
        (&deployment.project).into(),
        (&deployment.environment).into(),
        (&deployment.driver).into(),
        Value::maybe(deployment.run),
        (&deployment.artifact).into(),
        deployment.digest.into(),
        deployment.decision.into(),
        Value::maybe(deployment.previous),
        (&deployment.actor).into(),
        Value::time(deployment.started),
        Value::time(deployment.ended),
        deployment.result.name().into(),
        Value::json(&deployment.stages),
        deployment.health.as_ref().map_or(Value::Text(None), Value::json),
        Value::maybe(deployment.address.as_ref()),
        Value::json(&deployment.variables),
    ];
    insert(tx, "deployments", &COLUMNS, row, REPLACE).await?;
    environment(tx, logged, deployment).await?;
    change(tx, logged, deployment).await?;
    Ok(Link::project(&deployment.project, deployment.run))
}

/// What a deployment counts for.
struct Change {
    project: String,
    environment: String,
    day: i64,
    result: String,
    lead: Option<i64>,
    restore: Option<i64>,
}

impl Change {
    fn count(&self, tally: &mut Tally, n: i64) {
        let mut add = |kind, word: &str| {
            tally.both(kind, &self.project, (&self.environment, word), self.day, n);
        };
        add("delivery", &self.result);
        self.lead.into_iter().for_each(|time| add("lead", Times::class(time)));
        self.restore.into_iter().for_each(|time| add("restore", Times::class(time)));
    }
}

/// Counts the deployment; what an earlier statement about it counted for is taken back.
async fn change(tx: &mut Tx, logged: &LoggedStatement, deployment: &Deployment) -> Result<()> {
    let id = || Value::maybe(Some(deployment.deployment));
    let mut tally = Tally::default();
    let sql = "SELECT project, environment, day, result, lead, restore FROM changes WHERE deployment = $1";
    if let Some(row) = tx.first(sql, vec![id()]).await? {
        let mut cells = row.cells("changes");
        let before = Change {
            project: cells.text()?,
            environment: cells.text()?,
            day: cells.int()?,
            result: cells.text()?,
            lead: cells.maybe_int()?,
            restore: cells.maybe_int()?,
        };
        before.count(&mut tally, -1);
    }
    let now = Change {
        project: deployment.project.clone(),
        environment: deployment.environment.clone(),
        day: day(deployment.ended, logged),
        result: deployment.result.name().to_owned(),
        lead: lead(tx, deployment).await?,
        restore: restore(deployment),
    };
    now.count(&mut tally, 1);
    tally.write(tx).await?;
    let columns = ["deployment", "idx", "project", "environment", "day", "result", "lead", "restore"];
    let row = vec![
        id(),
        logged.index.into(),
        now.project.into(),
        now.environment.into(),
        now.day.into(),
        now.result.into(),
        Value::maybe_int(now.lead),
        Value::maybe_int(now.restore),
    ];
    let tail = "ON CONFLICT (deployment) DO UPDATE SET idx = excluded.idx, project = excluded.project, \
        environment = excluded.environment, day = excluded.day, result = excluded.result, lead = excluded.lead, \
        restore = excluded.restore";
    insert(tx, "changes", &columns, row, tail).await
}

/// Microseconds from the start of the first run of the commit (without one: of the run that made the
/// artifact) to the end of a deployment that went through.
async fn lead(tx: &mut Tx, deployment: &Deployment) -> Result<Option<i64>> {
    if deployment.result != DeploymentResult::Deployed {
        return Ok(None);
    }
    let sql = "SELECT COALESCE((SELECT MIN(first.started) FROM runs AS first \
        WHERE first.project = made.project AND first.commit_id = made.commit_id), made.started) \
        FROM runs AS made WHERE made.run = $1";
    let row = tx.first(sql, vec![Value::maybe(deployment.run)]).await?;
    let started = row.map(|row| row.cells("runs").maybe_int()).transpose()?.flatten();
    Ok(started.map(|started| (micros(deployment.ended) - started).max(0)))
}

/// Microseconds for which a release was active that was taken back.
fn restore(deployment: &Deployment) -> Option<i64> {
    use DeploymentResult::{Reversed, RolledBack};
    if !matches!(deployment.result, Reversed | RolledBack) {
        return None;
    }
    let end = |name: &str| deployment.stages.iter().find(|stage| stage.name == name).map(|stage| stage.at);
    let (from, to) =
        (end("activate").unwrap_or(deployment.started), end("rollback").unwrap_or(deployment.ended));
    Some((micros(to) - micros(from)).max(0))
}

/// Only a deployment that went through to the end changes what is active: every other result says
/// that the previous release stayed or is back.
async fn environment(tx: &mut Tx, logged: &LoggedStatement, deployment: &Deployment) -> Result<()> {
    let id = deployment.deployment.to_string();
    let current = (deployment.result == DeploymentResult::Deployed).then_some(&id);
    let tail = "ON CONFLICT (project, environment) DO UPDATE SET idx = excluded.idx, last = excluded.last, \
        current = COALESCE(excluded.current, environments.current)";
    let row = vec![
        (&deployment.project).into(),
        (&deployment.environment).into(),
        logged.index.into(),
        Value::maybe(current),
        (&id).into(),
    ];
    insert(tx, "environments", &["project", "environment", "idx", "current", "last"], row, tail).await
}

pub(super) async fn receipt(
    tx: &mut Tx,
    logged: &LoggedStatement,
    receipt: &Receipt,
) -> Result<Link, Failure> {
    let columns = ["idx", "envelope", "deployment", "project", "environment", "phase", "checks", "at"];
    let phase = serde_json::to_value(receipt.phase)?;
    let row = vec![
        logged.index.into(),
        logged.envelope.into(),
        Value::maybe(Some(receipt.deployment)),
        (&receipt.project).into(),
        (&receipt.environment).into(),
        phase.as_str().unwrap_or_default().into(),
        Value::json(&receipt.checks),
        Value::time(receipt.at),
    ];
    insert(tx, "receipts", &columns, row, "").await?;
    Ok(Link::project(&receipt.project, None))
}
