//! Who may do what, and who signed in.

use model::{
    ports::LoggedStatement,
    predicate::{Access, Organisation},
};

use super::{Failure, Link, insert};
use crate::{db::Value, dialect::Tx};

pub(super) async fn organisation(
    tx: &mut Tx,
    logged: &LoggedStatement,
    applied: &Organisation,
) -> Result<Link, Failure> {
    let columns = ["idx", "name", "body", "changes", "actor", "at"];
    let row = vec![
        logged.index.into(),
        (&applied.name).into(),
        (&applied.text).into(),
        Value::json(&applied.changes),
        Value::json(&applied.by),
        Value::time(applied.at),
    ];
    insert(tx, "organisations", &columns, row, "").await?;
    Ok(Link::default())
}

pub(super) async fn access(tx: &mut Tx, logged: &LoggedStatement, event: &Access) -> Result<Link, Failure> {
    let columns = ["idx", "action", "account", "actor", "address", "at"];
    let actor = event.by.as_ref().map(serde_json::to_string).transpose()?;
    let row = vec![
        logged.index.into(),
        event.action.name().into(),
        (&event.account).into(),
        Value::maybe(actor.as_ref()),
        Value::maybe(event.address.as_ref()),
        Value::time(event.at),
    ];
    insert(tx, "access_events", &columns, row, "").await?;
    Ok(Link::default())
}
