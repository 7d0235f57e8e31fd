//! Runs, their steps and what they made.

use model::{
    Timestamp,
    ports::LoggedStatement,
    predicate::{PlannedStep, Provenance, Run, RunPhase, RunResult, StepRecord, StepResult},
};

use super::{Failure, Link, insert};
use crate::{
    Result,
    db::{Insert, Value},
    dialect::Tx,
};

const COLUMNS: [&str; 18] = [
    "run",
    "idx",
    "finished_idx",
    "project",
    "status",
    "started",
    "ended",
    "commit_id",
    "branch",
    "tree",
    "dirty",
    "cause",
    "actor",
    "config",
    "steps",
    "passed",
    "failed",
    "cached",
];

const FINISH: &str = "ON CONFLICT (run) DO UPDATE SET finished_idx = excluded.finished_idx, \
    project = excluded.project, status = excluded.status, started = excluded.started, ended = excluded.ended, \
    commit_id = excluded.commit_id, branch = excluded.branch, tree = excluded.tree, dirty = excluded.dirty, \
    cause = excluded.cause, actor = excluded.actor, config = excluded.config, steps = excluded.steps, \
    passed = excluded.passed, failed = excluded.failed, cached = excluded.cached";

/// A run that starts or ends. A start after the end changes nothing.
pub(super) async fn run(tx: &mut Tx, logged: &LoggedStatement, run: &Run) -> Result<Link, Failure> {
    let finished = run.phase == RunPhase::Finished;
    let tail = if finished { FINISH } else { "ON CONFLICT DO NOTHING" };
    let known = tx.first("SELECT idx FROM runs WHERE run = $1", vec![Value::maybe(Some(run.run))]).await?;
    insert(tx, "runs", &COLUMNS, row(logged, run, finished), tail).await?;
    if finished || known.is_none() {
        steps(tx, logged, run).await?;
        artifacts(tx, logged, run).await?;
    }
    for step in &run.steps {
        secrets(tx, logged, &run.project, &step.secrets, step.ended).await?;
    }
    Ok(Link::project(&run.project, Some(run.run)))
}

fn row(logged: &LoggedStatement, run: &Run, finished: bool) -> Vec<Value> {
    let count = |result| run.steps.iter().filter(|step| step.result == result).count() as u64;
    let status = match run.result {
        Some(result) => result.name(),
        None if finished => RunResult::Interrupted.name(),
        None => "running",
    };
    vec![
        Value::maybe(Some(run.run)),
        logged.index.into(),
        Value::maybe_int(finished.then_some(crate::db::number(logged.index))),
        (&run.project).into(),
        status.into(),
        Value::time(run.started),
        Value::maybe_int(finished.then(|| crate::db::micros(run.at))),
        Value::maybe(run.commit.as_ref()),
        Value::maybe(run.branch.as_ref()),
        run.tree.into(),
        run.dirty.into(),
        (&run.trigger).into(),
        (&run.actor).into(),
        run.config.into(),
        (run.plan.len().max(run.steps.len()) as u64).into(),
        count(StepResult::Passed).into(),
        count(StepResult::Failed).into(),
        (run.steps.iter().filter(|step| step.cached).count() as u64).into(),
    ]
}

async fn steps(tx: &mut Tx, logged: &LoggedStatement, run: &Run) -> Result<()> {
    tx.execute("DELETE FROM steps WHERE run = $1", vec![Value::maybe(Some(run.run))]).await?;
    let columns = [
        "run",
        "position",
        "idx",
        "name",
        "kind",
        "needs",
        "result",
        "cached",
        "action",
        "exit_code",
        "message",
        "started",
        "ended",
        "isolation",
        "log",
        "tools",
        "attempts",
    ];
    let mut rows = Insert::into("steps", &columns, "");
    let unplanned = run.steps.iter().filter(|step| run.plan.iter().all(|planned| planned.name != step.name));
    let unplanned = unplanned.map(|step| PlannedStep {
        name: step.name.clone(),
        kind: step.kind.clone(),
        needs: Vec::new(),
    });
    for (position, planned) in run.plan.iter().cloned().chain(unplanned).enumerate() {
        let record = run.steps.iter().find(|step| step.name == planned.name);
        let head = [
            Value::maybe(Some(run.run)),
            (position as u64).into(),
            logged.index.into(),
            planned.name.into(),
            planned.kind.into(),
            Value::json(&planned.needs),
        ];
        rows.row(tx, head.into_iter().chain(record.map_or_else(planned_only, recorded))).await?;
    }
    rows.flush(tx).await
}

fn planned_only() -> Vec<Value> {
    vec![
        "planned".into(),
        false.into(),
        Value::Text(None),
        Value::Int(None),
        Value::Text(None),
        Value::Int(None),
        Value::Int(None),
        Value::Text(None),
        Value::Text(None),
        "[]".into(),
        0_u64.into(),
    ]
}

fn recorded(step: &StepRecord) -> Vec<Value> {
    vec![
        step.result.name().into(),
        step.cached.into(),
        step.action.map_or(Value::Text(None), |action| Value::json(&action)),
        Value::maybe_int(step.exit_code.map(i64::from)),
        Value::maybe(step.message.as_ref()),
        Value::time(step.started),
        Value::time(step.ended),
        (&step.isolation).into(),
        step.log.map_or(Value::Text(None), |log| Value::json(&log)),
        Value::json(&step.tools),
        u64::from(step.attempts).into(),
    ]
}

async fn artifacts(tx: &mut Tx, logged: &LoggedStatement, run: &Run) -> Result<()> {
    tx.execute("DELETE FROM artifacts WHERE run = $1", vec![Value::maybe(Some(run.run))]).await?;
    let columns = ["run", "step", "path", "idx", "project", "digest", "size", "directory"];
    let mut rows = Insert::into("artifacts", &columns, "ON CONFLICT DO NOTHING");
    for step in &run.steps {
        for output in &step.outputs {
            let row = [
                Value::maybe(Some(run.run)),
                (&step.name).into(),
                (&output.path).into(),
                logged.index.into(),
                (&run.project).into(),
                output.digest.hash.into(),
                output.digest.size.into(),
                output.directory.into(),
            ];
            rows.row(tx, row).await?;
        }
    }
    rows.flush(tx).await
}

/// Notes that these secrets were given to a step.
async fn secrets(
    tx: &mut Tx,
    logged: &LoggedStatement,
    project: &str,
    names: &[String],
    at: Timestamp,
) -> Result<()> {
    const LATER: &str = "ON CONFLICT (project, name) DO UPDATE SET idx = excluded.idx, \
        last_used = excluded.last_used WHERE excluded.last_used > secrets.last_used";
    for name in names {
        let row = vec![project.into(), name.into(), logged.index.into(), Value::time(at)];
        insert(tx, "secrets", &["project", "name", "idx", "last_used"], row, LATER).await?;
    }
    Ok(())
}

/// Provenance of a step: while the run goes on, it tells that the step has passed.
pub(super) async fn provenance(
    tx: &mut Tx,
    logged: &LoggedStatement,
    provenance: &Provenance,
) -> Result<Link, Failure> {
    let Some(context) = &provenance.proofhouse else { return Ok(Link::default()) };
    if let Some(step) = &context.step {
        let sql = "UPDATE steps SET result = 'passed', started = $3, ended = $4, idx = $5, attempts = 1 \
            WHERE run = $1 AND name = $2 AND result = 'planned'";
        let metadata = &provenance.run_details.metadata;
        let times = [Value::time(metadata.started_on), Value::time(metadata.finished_on)];
        let mut values = vec![Value::maybe(Some(context.run)), step.into()];
        values.extend(times);
        values.push(logged.index.into());
        tx.execute(sql, values).await?;
    }
    // Runs of before tell the secrets of their steps here only.
    let definition = &provenance.build_definition;
    if definition.internal_parameters["cached"] != true {
        let named = definition.external_parameters["secrets"].as_array();
        let names: Vec<String> =
            named.into_iter().flatten().filter_map(|name| name.as_str().map(str::to_owned)).collect();
        secrets(tx, logged, &context.project, &names, provenance.run_details.metadata.finished_on).await?;
    }
    Ok(Link::context(context))
}
