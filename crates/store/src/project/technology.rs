//! What sources use besides packages.

use model::{ports::LoggedStatement, predicate::Technologies};

use super::{Failure, Link, insert};
use crate::{
    db::{Insert, Value},
    dialect::Tx,
};

/// Most uses of one statement that become rows.
const MOST: usize = 10_000;
/// Most gaps and places that are kept in a row; all are in the statement.
const MOST_LISTED: usize = 50;

pub(super) async fn technologies(
    tx: &mut Tx,
    logged: &LoggedStatement,
    found: &Technologies,
) -> Result<Link, Failure> {
    let columns = ["idx", "envelope", "project", "run", "uses", "gaps", "logged_at"];
    let row = vec![
        logged.index.into(),
        logged.envelope.into(),
        (&found.project).into(),
        Value::maybe(found.run),
        (found.uses.len() as u64).into(),
        Value::json(&&found.gaps[..found.gaps.len().min(MOST_LISTED)]),
        Value::time(logged.logged_at),
    ];
    insert(tx, "technologies", &columns, row, "").await?;
    let columns = ["idx", "position", "kind", "name", "version", "package", "files", "share", "places"];
    let mut rows = Insert::into("technology_uses", &columns, "");
    for (position, one) in found.uses.iter().take(MOST).enumerate() {
        let row = [
            logged.index.into(),
            (position as u64).into(),
            (&one.kind).into(),
            (&one.name).into(),
            Value::maybe(one.version.as_ref()),
            Value::maybe(one.purl.as_deref().map(model::identity::unversioned)),
            one.files.into(),
            Value::maybe_int(one.share.map(i64::from)),
            Value::json(&&one.places[..one.places.len().min(MOST_LISTED)]),
        ];
        rows.row(tx, row).await?;
    }
    rows.flush(tx).await?;
    Ok(Link::project(&found.project, found.run))
}
