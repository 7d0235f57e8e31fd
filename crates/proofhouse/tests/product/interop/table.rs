//! Verdicts gathered in rows: one for each thing that was changed.

use std::collections::BTreeSet;

use super::{
    Case, Kind,
    judges::{Judge, Verdict},
};

/// The row of what holds.
pub const GOOD: &str = "nothing changed";

/// One verifier's verdicts in one row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Cell {
    /// Every one accepted.
    Accepted,
    /// Some accepted: changes of bytes that it does not look at.
    InPart,
    /// Every one refused, for these reasons.
    Refused(BTreeSet<String>),
}

/// One row of the table.
pub struct Row {
    pub kind: Kind,
    pub name: String,
    /// Many changes of one field: the reasons depend on the field's bytes and are not told.
    pub sweep: bool,
    /// In the order of the verifiers.
    pub cells: Vec<Cell>,
}

/// Gathers the cases of each row, in the order in which rows first come.
pub fn rows(cases: &[Case], judges: &[Judge]) -> Vec<Row> {
    let mut groups: Vec<(&Case, Vec<usize>)> = Vec::new();
    for (n, case) in cases.iter().enumerate() {
        match groups.iter_mut().rev().find(|(first, _)| first.kind == case.kind && first.row == case.row) {
            Some((_, members)) => members.push(n),
            None => groups.push((case, vec![n])),
        }
    }
    let row = |(first, members): (&Case, Vec<usize>)| Row {
        kind: first.kind,
        name: first.row.clone(),
        sweep: first.sweep,
        cells: judges.iter().map(|judge| cell(members.iter().map(|n| &judge.verdicts[*n]))).collect(),
    };
    groups.into_iter().map(row).collect()
}

fn cell<'a>(verdicts: impl Iterator<Item = &'a Verdict>) -> Cell {
    let (mut accepted, mut reasons) = (false, BTreeSet::new());
    for verdict in verdicts {
        match verdict {
            Verdict::Accepted => accepted = true,
            Verdict::Refused(why) => drop(reasons.insert(why.clone())),
        }
    }
    match (accepted, reasons.is_empty()) {
        (true, true) => Cell::Accepted,
        (true, false) => Cell::InPart,
        (false, _) => Cell::Refused(reasons),
    }
}
