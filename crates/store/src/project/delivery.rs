//! Deployments, receipts, and what is active in each environment.

use model::{
    ports::LoggedStatement,
    predicate::{Deployment, DeploymentResult, Receipt},
};

use super::{Failure, Link, insert};
use crate::{Result, db::Value, dialect::Tx};

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
    Ok(Link::project(&deployment.project, deployment.run))
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
