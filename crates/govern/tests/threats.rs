//! Threat models and lists of abuse cases: what becomes a requirement, and what reading them again changes.
#![allow(clippy::unwrap_used, clippy::expect_used)]

use govern::requirements::threats::{Change, Form, MAX_BYTES, MOST, ThreatsError, change, read};
use model::{
    Severity,
    requirement::{Requirements, Source, is_id},
};
use proptest::prelude::*;

const PYTM: &str = include_str!("data/threats/pytm.json");
const DRAGON: &str = include_str!("data/threats/threat-dragon.json");

fn from(text: &str, old: &Requirements) -> Change {
    change(&read(text.as_bytes(), None, "cases").unwrap(), old, Some(1), &["release-1".to_owned()])
}

fn titles(change: &Change) -> Vec<(&str, Option<Severity>)> {
    let mut all: Vec<_> = change.added.values().map(|one| (one.title.as_str(), one.severity)).collect();
    all.sort();
    all
}

#[test]
fn open_threats_of_threat_dragon_become_requirements_and_are_found_again() {
    let first = from(DRAGON, &Requirements::new());
    assert_eq!(
        titles(&first),
        [
            ("A sale is denied later (Till)", Some(Severity::Medium)),
            ("Somebody reads what others bought (Sales of a day)", None)
        ]
    );
    assert_eq!(first.left_out, 2, "one is mitigated, one is of an element out of scope");
    let (id, sale) = first.added.iter().find(|(_, one)| one.severity.is_some()).unwrap();
    assert_eq!(
        (sale.source, sale.level, sale.milestones.as_slice()),
        (Source::Threat, Some(1), &["release-1".to_owned()][..])
    );
    assert_eq!(sale.reference.as_deref(), Some("threat-dragon:5d3c9b1e-0c1e-4c4f-8f0b-1f2d1c2b3a41 in Till"));
    assert_eq!(sale.mitigations.as_deref(), Some("Sign each sale."));

    // Somebody gave it another id and words of their own: it is the same threat still.
    let mut own = first.added.clone();
    let mut renamed = own.remove(id).unwrap();
    renamed.title = "A sale can be shown later".to_owned();
    own.insert("TILL-3".to_owned(), renamed.clone());
    let again = from(DRAGON, &own);
    assert!(again.added.is_empty() && again.updated.is_empty() && again.vanished.is_empty());
    assert_eq!(again.reworded.keys().collect::<Vec<_>>(), ["TILL-3"]);

    let worse = DRAGON
        .replacen("\"Medium\"", "\"Critical\"", 1)
        .replace("Sign each sale.", "Sign and keep each sale.");
    let worse = from(&worse, &own);
    let after = &worse.updated["TILL-3"];
    assert_eq!(
        (after.severity, after.title.as_str()),
        (Some(Severity::Critical), "A sale can be shown later")
    );
    assert_eq!(after.mitigations.as_deref(), Some("Sign and keep each sale."));

    // Dealt with, or gone: it is told, and stays.
    let closed = from(
        &DRAGON.replace(
            "\"Open\",\n                  \"severity\": \"Medium\"",
            "\"Mitigated\",\n\"severity\": \"Medium\"",
        ),
        &own,
    );
    assert_eq!((closed.closed.as_slice(), closed.left_out), (&["TILL-3".to_owned()][..], 2));
    let other = DRAGON.replace("5d3c9b1e", "5d3c9b1f");
    let gone = from(&other, &own);
    assert_eq!((gone.vanished.as_slice(), gone.added.len()), (&["TILL-3".to_owned()][..], 1));
    // Another model of the same tool has nothing to say about it.
    let foreign =
        from(&other.replace("\"title\": \"Till\", \"owner\"", "\"title\": \"Bank\", \"owner\""), &own);
    assert!(foreign.vanished.is_empty());
}

#[test]
fn what_pytm_found_is_followed_by_rule_and_element() {
    let first = from(PYTM, &Requirements::new());
    assert_eq!(
        titles(&first),
        [
            ("A price is changed on its way (Till)", Some(Severity::High)),
            ("A sale is sent twice (A sale)", Some(Severity::Medium)),
            ("A sale is sent twice (Rows)", Some(Severity::Medium)),
            ("Somebody reads what others bought (Sales)", Some(Severity::Critical)),
        ]
    );
    let references: Vec<_> = first.added.values().filter_map(|one| one.reference.clone()).collect();
    assert!(references.contains(&"pytm:T3@A_sale in Till".to_owned()), "{references:?}");
    let bought = first.added.values().find(|one| one.severity == Some(Severity::Critical)).unwrap();
    assert_eq!(bought.mitigations.as_deref(), Some("Encrypt the rows, and give the key to nobody."));
    // The numbers of findings change with every model; these do not.
    let renumbered = PYTM.replace("\"id\": \"", "\"id\": \"9");
    assert_eq!(from(&renumbered, &first.added), Change::default());
    let answered =
        PYTM.replacen("\"response\": \"\"", "\"response\": \"mitigated by the list of prices\"", 1);
    assert_eq!(from(&answered, &first.added).closed.len(), 1);
}

#[test]
fn abuse_cases_are_a_list_or_a_table() {
    let csv = "id;Abuse case;Severity;Mitigation;Status\nAC-1;\"A voucher; used twice\";high;Mark it;open\n;No id;low;;\nAC-3;Done;;;closed\n";
    let table = "# Abuse cases\n\n| ID | Abuse case | Severity | Mitigation | Status |\n|---|:--|---|---|---|\n\
        | AC-1 | A voucher; used twice | high | Mark it | open |\n|  | No id | low | | |\n| AC-3 | Done | | | closed |\n";
    let list = "# Abuse cases\n- **AC-1**: A voucher; used twice (high)\n  - mitigation: Mark it\n- [ ] No id (low)\n- [x] AC-3: Done\n";
    let all = [csv, table, list].map(|text| from(text, &Requirements::new()));
    for one in &all {
        assert_eq!(
            titles(one),
            [("A voucher; used twice", Some(Severity::High)), ("No id", Some(Severity::Low))]
        );
        let case = &one.added["AC-1"];
        assert_eq!((case.source, case.mitigations.as_deref()), (Source::AbuseCase, Some("Mark it")));
        assert_eq!(one.left_out, 1);
    }
    // An id that somebody uses already is told, and nothing is overwritten.
    let mut other = all[0].added.clone();
    other.get_mut("AC-1").unwrap().reference = None;
    assert_eq!(from(csv, &other).taken.into_iter().collect::<Vec<_>>(), ["AC-1"]);
}

#[test]
fn what_is_no_model_is_refused() {
    let code = |text: &str, form| read(text.as_bytes(), form, "x").map(|_| ()).unwrap_err();
    assert_eq!(code("{}", None), ThreatsError::Unknown);
    for (text, form) in [
        ("{\"detail\":{\"diagrams\":[{\"diagramJson\":{}}]}}", None),
        ("{\"detail\":{\"diagrams\":3}}", None),
        ("{\"findings\":{}}", None),
        (PYTM, Some(Form::ThreatDragon)),
        ("only words", None),
        ("a,b\n1,2\n", Some(Form::Csv)),
        ("| a | b |\n|---|---|\n", None),
        ("", None),
    ] {
        assert!(matches!(code(text, form), ThreatsError::Shape { .. }), "{text}");
    }
    let deep = format!("{{\"findings\":{}", "[".repeat(100_000));
    assert!(matches!(code(&deep, None), ThreatsError::Shape { .. }));
    let many = format!("title\n{}", "x\n".repeat(MOST + 1));
    assert_eq!(code(&many, Some(Form::Csv)), ThreatsError::TooMany);
    assert_eq!(read(&vec![b'x'; MAX_BYTES + 1], None, "x").unwrap_err(), ThreatsError::TooLarge);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]
    #[test]
    fn anything_is_read_or_refused(at in 0_usize..6000, bytes in prop::collection::vec(any::<u8>(), 0..40), which in 0_usize..2) {
        let mut text = [PYTM, DRAGON][which].as_bytes().to_vec();
        let at = at.min(text.len());
        text.splice(at..at, bytes.iter().copied());
        for input in [text, bytes] {
            for form in [None, Some(Form::Csv), Some(Form::Markdown)] {
                let Ok(model) = read(&input, form, "x") else { continue };
                let change = change(&model, &Requirements::new(), None, &[]);
                for (id, one) in &change.added {
                    prop_assert!(is_id(id) && !one.title.is_empty() && !one.title.contains(char::is_control));
                }
            }
        }
    }
}
