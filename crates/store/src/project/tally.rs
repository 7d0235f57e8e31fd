//! Sums by day, kept as statements come: see `tallies` in the schema.

use std::collections::BTreeMap;

use model::{Timestamp, ports::LoggedStatement};

use crate::{
    Result,
    db::{Insert, Value, micros},
    dialect::Tx,
};

/// Microseconds of a day.
pub(crate) const DAY: i64 = 86_400_000_000;

/// The UTC day of something that a statement says, as days since 1970. Nothing happens after it was logged.
pub(super) fn day(at: Timestamp, logged: &LoggedStatement) -> i64 {
    micros(at.min(logged.logged_at)) / DAY
}

/// Kind, wide, project, name, word, day.
type Key = (&'static str, bool, String, String, String, i64);

/// Changes of sums, written together.
#[derive(Default)]
pub(super) struct Tally(BTreeMap<Key, i64>);

const ADD: &str =
    "ON CONFLICT (kind, wide, project, name, word, day) DO UPDATE SET n = tallies.n + excluded.n";

impl Tally {
    /// Adds to the sum over all projects.
    pub(super) fn all(&mut self, kind: &'static str, name: &str, word: &str, day: i64, n: i64) {
        let key = (kind, true, String::new(), name.to_owned(), word.to_owned(), day);
        *self.0.entry(key).or_default() += n;
    }

    /// Adds to the sum over all projects and to that of one.
    pub(super) fn both(
        &mut self,
        kind: &'static str,
        project: &str,
        (name, word): (&str, &str),
        day: i64,
        n: i64,
    ) {
        self.all(kind, name, word, day, n);
        let key = (kind, false, project.to_owned(), name.to_owned(), word.to_owned(), day);
        *self.0.entry(key).or_default() += n;
    }

    /// Writes what has changed.
    pub(super) async fn write(self, tx: &mut Tx) -> Result<()> {
        let columns = ["kind", "wide", "project", "name", "word", "day", "n"];
        let mut rows = Insert::into("tallies", &columns, ADD);
        for ((kind, wide, project, name, word, day), n) in self.0.into_iter().filter(|(_, n)| *n != 0) {
            let row: [Value; 7] =
                [kind.into(), wide.into(), project.into(), name.into(), word.into(), day.into(), n.into()];
            rows.row(tx, row).await?;
        }
        rows.flush(tx).await
    }
}
