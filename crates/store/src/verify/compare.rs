//! Two stores side by side, row by row, in one pass over both and with bounded memory.

use std::cmp::Ordering;

use futures::TryStreamExt as _;

use super::{Difference, RowDifference, rows};
use crate::{
    Result, Store,
    db::{Cell, Row},
    schema::{Table, tables},
};

/// Most differences that are named.
const MOST: usize = 1000;

impl Store {
    /// Rows of this store that differ from `expected` (a rebuild of the same ledger), at most 1,000.
    ///
    /// # Errors
    /// Any database error of either side.
    pub async fn compare(&self, expected: &Store) -> Result<Vec<RowDifference>> {
        let mut differences = Vec::new();
        for table in tables() {
            if differences.len() < MOST {
                self.compare_table(expected, table, &mut differences).await?;
            }
        }
        differences.truncate(MOST);
        Ok(differences)
    }

    async fn compare_table(
        &self,
        expected: &Store,
        table: &Table,
        differences: &mut Vec<RowDifference>,
    ) -> Result<()> {
        let mut here = rows::stream(&self.db, table);
        let mut there = rows::stream(&expected.db, table);
        let mut mine = here.try_next().await?;
        let mut theirs = there.try_next().await?;
        while differences.len() < MOST {
            let order = match (&mine, &theirs) {
                (None, None) => break,
                (Some(_), None) => Ordering::Less,
                (None, Some(_)) => Ordering::Greater,
                (Some(mine), Some(theirs)) => by_key(table, mine, theirs),
            };
            differences.extend(difference(table, order, mine.as_ref(), theirs.as_ref()));
            if order.is_le() {
                mine = here.try_next().await?;
            }
            if order.is_ge() {
                theirs = there.try_next().await?;
            }
        }
        Ok(())
    }
}

fn difference(
    table: &Table,
    order: Ordering,
    mine: Option<&Row>,
    theirs: Option<&Row>,
) -> Option<RowDifference> {
    let (row, what) = match order {
        Ordering::Less => (mine?, Difference::Unexpected),
        Ordering::Greater => (theirs?, Difference::Missing),
        Ordering::Equal => {
            let changed = changed(table, mine?, theirs?);
            if changed.is_empty() {
                return None;
            }
            (theirs?, Difference::Changed(changed))
        }
    };
    Some(RowDifference { table: table.name, key: key(table, row), what })
}

fn changed(table: &Table, mine: &Row, theirs: &Row) -> Vec<String> {
    let columns = rows::columns(table);
    let pairs = columns.iter().zip(mine.0.iter().zip(&theirs.0));
    pairs.filter(|(_, (mine, theirs))| mine != theirs).map(|(column, _)| (*column).to_owned()).collect()
}

fn key(table: &Table, row: &Row) -> String {
    let pair = |(name, cell): (&&str, &Cell)| match cell {
        Cell::Null => format!("{name}=null"),
        Cell::Int(n) => format!("{name}={n}"),
        Cell::Text(text) => format!("{name}={text}"),
        Cell::Foreign(what) => format!("{name}=({what})"),
    };
    table.key.iter().zip(&row.0).map(pair).collect::<Vec<_>>().join(" ")
}

/// The order in which both databases give rows: nulls never occur in keys, numbers before texts
/// (SQLite, for rows changed by hand), texts by bytes.
fn by_key(table: &Table, mine: &Row, theirs: &Row) -> Ordering {
    let pairs = mine.0.iter().zip(&theirs.0).take(table.key.len());
    pairs.map(|(mine, theirs)| by_cell(mine, theirs)).find(|order| order.is_ne()).unwrap_or(Ordering::Equal)
}

fn by_cell(mine: &Cell, theirs: &Cell) -> Ordering {
    let rank = |cell: &Cell| match cell {
        Cell::Null => 0,
        Cell::Int(_) => 1,
        Cell::Text(_) => 2,
        Cell::Foreign(_) => 3,
    };
    match (mine, theirs) {
        (Cell::Int(mine), Cell::Int(theirs)) => mine.cmp(theirs),
        (Cell::Text(mine), Cell::Text(theirs)) => mine.as_bytes().cmp(theirs.as_bytes()),
        _ => rank(mine).cmp(&rank(theirs)),
    }
}
