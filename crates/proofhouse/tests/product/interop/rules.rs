//! What must hold for the verdicts of a run.

use std::collections::BTreeSet;

use super::{
    Case,
    judges::{Judge, Verdict},
    known::{self, Known},
    table::{Cell, GOOD, Row},
};

/// Fails the test with everything that breaks a rule.
pub fn check(cases: &[Case], judges: &[Judge], rows: &[Row]) {
    let mut wrong = BTreeSet::new();
    let mut used = BTreeSet::new();
    good_bundles_are_accepted(judges, rows, &mut wrong);
    ours_refuses_what_others_refuse(cases, judges, &mut wrong, &mut used);
    for row in rows.iter().filter(|row| row.name != GOOD) {
        let (ours, others) = row.cells.split_first().unwrap();
        let refused = matches!(ours, Cell::Refused(_));
        if !refused && !known(known::SILENT, "proofhouse", row, &mut used) {
            wrong.insert(format!("ours accepts, {}: {}", row.kind.title(), row.name));
        }
        for (cell, judge) in others.iter().zip(&judges[1..]).filter(|(_, judge)| judge.understands(row.kind))
        {
            let lenient = refused && !matches!(cell, Cell::Refused(_));
            if lenient && !known(known::LENIENT, &judge.name, row, &mut used) {
                wrong.insert(format!(
                    "not explained: {} accepts, {}: {}",
                    judge.name,
                    row.kind.title(),
                    row.name
                ));
            }
        }
    }
    for entry in known::ALL.iter().flat_map(|list| list.iter()) {
        if !used.contains(&(entry.verifier, entry.row, entry.why)) {
            wrong.insert(format!("known.rs says what did not happen: {}, {}", entry.verifier, entry.row));
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

type Used = BTreeSet<(&'static str, &'static str, &'static str)>;

fn known(list: &[Known], verifier: &str, row: &Row, used: &mut Used) -> bool {
    let entry = list.iter().find(|entry| entry.is_about(verifier, row.kind, &row.name));
    entry.is_some_and(|entry| {
        used.insert((entry.verifier, entry.row, entry.why));
        true
    })
}

fn good_bundles_are_accepted(judges: &[Judge], rows: &[Row], wrong: &mut BTreeSet<String>) {
    for row in rows.iter().filter(|row| row.name == GOOD) {
        for (cell, judge) in row.cells.iter().zip(judges) {
            if judge.understands(row.kind) && *cell != Cell::Accepted {
                wrong.insert(format!("{} refuses what holds, {}: {cell:?}", judge.name, row.kind.title()));
            }
        }
    }
}

fn ours_refuses_what_others_refuse(
    cases: &[Case],
    judges: &[Judge],
    wrong: &mut BTreeSet<String>,
    used: &mut Used,
) {
    let (ours, others) = judges.split_first().unwrap();
    let accepted = ours.verdicts.iter().enumerate().filter(|(_, verdict)| **verdict == Verdict::Accepted);
    for (n, _) in accepted {
        let case = &cases[n];
        for judge in others.iter().filter(|judge| judge.understands(case.kind)) {
            let Verdict::Refused(why) = &judge.verdicts[n] else { continue };
            let mut about = known::STRICTER.iter().filter(|e| e.is_about(&judge.name, case.kind, &case.row));
            match about.next() {
                Some(entry) => drop(used.insert((entry.verifier, entry.row, entry.why))),
                None => drop(wrong.insert(format!(
                    "ours accepts what {} refuses, {}: {}: {why}",
                    judge.name,
                    case.kind.title(),
                    case.row
                ))),
            }
        }
    }
}
