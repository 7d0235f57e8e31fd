//! What must hold for the verdicts of a run.

use std::collections::BTreeSet;

use super::{
    Case,
    judges::{Judge, Verdict},
    known::{self, Known},
    table::{Cell, GOOD, Row},
};

/// Fails the test with everything that breaks a rule; the entries of `known.rs` that the run bears out.
pub fn check(cases: &[Case], judges: &[Judge], rows: &[Row]) -> Used {
    let mut wrong = BTreeSet::new();
    let mut used = BTreeSet::new();
    good_bundles_are_accepted(judges, rows, &mut wrong);
    ours_refuses_what_others_refuse(cases, judges, &mut wrong, &mut used);
    for row in rows.iter().filter(|row| row.name != GOOD && !refused(&row.cells[0])) {
        if !known(known::SILENT, "proofhouse", row, &mut used) {
            wrong.insert(format!("ours accepts, {}: {}", row.kind.title(), row.name));
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
    used
}

/// Fails the test unless `known.rs` explains what others accept and ours refuses, and has no entry that the run
/// does not bear out. For the committed bundles only: some of it depends on where in the log an entry stands.
pub fn others_are_explained(judges: &[Judge], rows: &[Row], mut used: Used) {
    let mut wrong = BTreeSet::new();
    for row in rows.iter().filter(|row| refused(&row.cells[0])) {
        for (cell, judge) in row.cells.iter().zip(judges).skip(1) {
            let lenient = judge.understands(row.kind) && !refused(cell);
            if lenient && !known(known::LENIENT, &judge.name, row, &mut used) {
                wrong.insert(format!("{} accepts, {}: {}", judge.name, row.kind.title(), row.name));
            }
        }
    }
    let vain = known::ALL.iter().flat_map(|list| list.iter()).filter(|entry| !used.contains(&key(entry)));
    wrong.extend(vain.map(|entry| format!("did not happen: {}, {}", entry.verifier, entry.row)));
    assert!(wrong.is_empty(), "{wrong:#?}");
}

/// Fails the test unless everybody tells good from bad in each kind of bundle that they are made for: these
/// changes all of them must refuse, those of the second list whoever looks beyond the envelope.
pub fn everybody_refuses(cases: &[Case], judges: &[Judge]) {
    let envelope =
        ["asked about another artifact", "signature of another bundle", "statement about another artifact"];
    let bundle = [
        "asked about another identity",
        "asked about another issuer",
        "log entry of another bundle",
        "logged body of another bundle",
        "time-stamp of another bundle",
        "certificate of another bundle",
        "trusted root: no log",
        "trusted root: another log",
        "trusted root: another time-stamp authority",
        "trusted root: another certificate authority",
        "trusted root: no certificate log",
    ];
    let mut met = 0;
    for judge in judges {
        for (case, verdict) in
            cases.iter().zip(&judge.verdicts).filter(|(case, _)| judge.understands(case.kind))
        {
            let row = case.row.as_str();
            if envelope.contains(&row) || judge.name != "in-toto" && bundle.contains(&row) {
                assert_ne!(*verdict, Verdict::Accepted, "{}, {}: {row}", judge.name, case.kind.title());
                met += 1;
            }
        }
    }
    assert!(met > 100, "{met}");
}

fn refused(cell: &Cell) -> bool {
    matches!(cell, Cell::Refused(_))
}

/// Entries of `known.rs` that were needed.
pub type Used = BTreeSet<(&'static str, &'static str, &'static str)>;

fn key(entry: &Known) -> (&'static str, &'static str, &'static str) {
    (entry.verifier, entry.row, entry.why)
}

fn known(list: &[Known], verifier: &str, row: &Row, used: &mut Used) -> bool {
    let entry = list.iter().find(|entry| entry.is_about(verifier, row.kind, &row.name));
    entry.is_some_and(|entry| {
        used.insert(key(entry));
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
                Some(entry) => drop(used.insert(key(entry))),
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
