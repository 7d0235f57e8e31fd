//! What people say about findings: every act, and how each finding stands after it.

use model::{
    ports::LoggedStatement,
    predicate::{Triage, TriageState},
};

use super::{Failure, Link, insert};
use crate::{Result, db::Value, dialect::Tx};

pub(super) async fn triage(tx: &mut Tx, logged: &LoggedStatement, act: &Triage) -> Result<Link, Failure> {
    if let Some(mistake) = act.mistake() {
        return Err(Failure::Undecodable(mistake));
    }
    let columns = [
        "idx",
        "envelope",
        "project",
        "finding",
        "state",
        "duplicate_of",
        "reason",
        "assignee",
        "comment",
        "actor",
        "at",
    ];
    let row = vec![
        logged.index.into(),
        logged.envelope.into(),
        (&act.project).into(),
        act.finding.0.into(),
        Value::maybe(act.state.map(TriageState::name)),
        Value::maybe(act.duplicate_of),
        Value::maybe(act.reason.as_ref()),
        Value::maybe(act.assignee.as_ref()),
        Value::maybe(act.comment.as_ref()),
        Value::json(&act.by),
        Value::time(act.at),
    ];
    insert(tx, "triage", &columns, row, "").await?;
    judge(tx, logged, act).await?;
    Ok(Link::project(&act.project, None))
}

async fn judge(tx: &mut Tx, logged: &LoggedStatement, act: &Triage) -> Result<()> {
    let key = || -> Vec<Value> { vec![(&act.project).into(), act.finding.0.into()] };
    let sql = "INSERT INTO judged (project, finding, idx) VALUES ($1, $2, $3) \
        ON CONFLICT (project, finding) DO UPDATE SET idx = excluded.idx";
    tx.execute(sql, key().into_iter().chain([logged.index.into()]).collect()).await?;
    if let Some(state) = act.state {
        let sql = "UPDATE judged SET state = $3, duplicate_of = $4 WHERE project = $1 AND finding = $2";
        let state = Value::maybe((state != TriageState::None).then(|| state.name()));
        tx.execute(sql, key().into_iter().chain([state, Value::maybe(act.duplicate_of)]).collect()).await?;
    }
    if let Some(name) = &act.assignee {
        let sql = "UPDATE judged SET assignee = $3 WHERE project = $1 AND finding = $2";
        let name = Value::maybe(Some(name.trim()).filter(|name| !name.is_empty()));
        tx.execute(sql, key().into_iter().chain([name]).collect()).await?;
    }
    // Scanner and rule are part of the identity: whichever stream has it says the same.
    let found = |column: &str| {
        format!(
            "COALESCE((SELECT MIN({column}) FROM findings WHERE project = $1 AND id = $2), judged.{column})"
        )
    };
    let (scanner, rule) = (found("scanner"), found("rule"));
    let sql =
        format!("UPDATE judged SET scanner = {scanner}, rule = {rule} WHERE project = $1 AND finding = $2");
    tx.execute(sql, key()).await.map(drop)
}
