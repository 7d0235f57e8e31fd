//! The standard as it is published becomes requirements; nothing passes by absence.
#![allow(clippy::unwrap_used, clippy::expect_used)]

use std::path::Path;

use govern::requirements::{
    Said, Signed,
    asvs::{self, choose, read},
    standing,
};
use model::{
    By, Role, Timestamp, UserError, Via,
    predicate::{Decided, RequirementDecision, RequirementTests},
    requirement::{NotApplicable, Requirement, Source, State, Waiver},
};
use proptest::prelude::*;
use serde_json::json;

fn entry(id: &str, section: &str, chapter: &str, level: &str) -> serde_json::Value {
    json!({"chapter_id": chapter, "chapter_name": "n", "section_id": section, "section_name": "n",
        "req_id": id, "req_description": "Verify\u{202e} that\n it holds.", "L": level})
}

fn file(entries: &[serde_json::Value]) -> Vec<u8> {
    serde_json::to_vec(&json!({ "requirements": entries })).unwrap()
}

#[test]
fn levels_contain_each_other_and_chapters_can_be_chosen() {
    let all = read(&file(&[
        entry("V1.1.1", "V1.1", "V1", "2"),
        entry("V1.1.2", "V1.1", "V1", "1"),
        entry("V10.2.1", "V10.2", "V10", "1"),
        entry("V2.1.1", "V2.1", "V2", "3"),
    ]))
    .unwrap();
    assert_eq!(all["V1.1.1"].title, "Verify that it holds.");
    let ids = |level, chapters: &[&str]| {
        let chapters: Vec<String> = chapters.iter().map(|c| (*c).to_owned()).collect();
        choose(&all, level, &chapters).unwrap().into_keys().collect::<Vec<_>>()
    };
    assert_eq!(ids(1, &[]), ["V1.1.2", "V10.2.1"]);
    assert_eq!(ids(2, &["V1"]), ["V1.1.1", "V1.1.2"]);
    assert_eq!(ids(3, &[]).len(), 4);
    let unknown = choose(&all, 1, &["V99".into()]).unwrap_err();
    assert_eq!(
        (unknown.code(), unknown.hint().unwrap().as_str()),
        ("asvs-no-chapter", "there are V1, V2, V10")
    );
}

#[test]
fn what_is_not_the_standard_is_refused_with_its_place() {
    let good = entry("V1.1.1", "V1.1", "V1", "1");
    for (bytes, code) in [
        (b"[]".to_vec(), "asvs-unreadable"),
        (b"{\"requirements\":[]}".to_vec(), "asvs-unreadable"),
        (format!("{{\"requirements\":{}", "[".repeat(100_000)).into_bytes(), "asvs-unreadable"),
        (vec![b' '; asvs::MAX_BYTES + 1], "asvs-too-large"),
        (file(&vec![good.clone(); asvs::MOST + 1]), "asvs-too-many"),
        (file(&[good.clone(), good.clone()]), "asvs-bad-entry"),
        (file(&[entry("V1.2.1", "V1.1", "V1", "1")]), "asvs-bad-entry"),
        (file(&[entry("V1.1.1\n", "V1.1", "V1", "1")]), "asvs-bad-entry"),
        (file(&[entry("V1.1.1", "V1.1", "V1", "4")]), "asvs-bad-entry"),
        (file(&[entry("V1.1.1\0", "V1.1", "V1", "1")]), "asvs-bad-entry"),
        (file(&[entry(&"V1.1.1".repeat(100_000), "V1.1", "V1", "1")]), "asvs-bad-entry"),
        (file(&[entry("V99999999999.1.1", "V99999999999.1", "V99999999999", "1")]), "asvs-bad-entry"),
        (b"\xff\xfe{\0}\0".to_vec(), "asvs-unreadable"),
        (b"{\"requirements\":[\"\xff\"]}".to_vec(), "asvs-unreadable"),
        (b"{\"requirements\":[],\"requirements\":[]}".to_vec(), "asvs-unreadable"),
        (format!("{{\"a\":{}", "{\"a\":".repeat(100_000)).into_bytes(), "asvs-unreadable"),
    ] {
        assert_eq!(read(&bytes).unwrap_err().code(), code);
    }
    let told = read(&file(&[good, entry("1.1.1", "V1.1", "V1", "1")])).unwrap_err().to_string();
    assert!(told.contains("requirement 2 "), "{told}");
}

#[test]
fn the_published_standard_is_read_as_a_whole() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/data/feeds/asvs-5.0.0.flat.json");
    let Ok(bytes) = std::fs::read(&path) else {
        println!("skipped: there is no published standard beside the project");
        return;
    };
    let all = read(&bytes).unwrap();
    let count = |level| choose(&all, level, &[]).unwrap().len();
    // As the standard counts itself: 70 of level 1, 253 up to level 2, 345 in all.
    assert_eq!((count(1), count(2), count(3)), (70, 253, 345));
}

fn plain() -> Requirement {
    Requirement {
        title: "t".into(),
        source: Source::Own,
        chapter: None,
        section: None,
        level: Some(1),
        severity: None,
        reference: None,
        mitigations: None,
        milestones: vec![],
        waived: None,
        not_applicable: None,
    }
}

fn now() -> Timestamp {
    "2026-06-30T12:00:00Z".parse().unwrap()
}

fn waived(until: &str) -> Requirement {
    let waiver =
        Waiver { reason: "not before summer".into(), until: until.parse().unwrap(), by: "Ada".into() };
    Requirement { waived: Some(waiver), ..plain() }
}

#[test]
fn a_waiver_holds_to_the_end_of_its_day_and_a_year_at_most() {
    let state = |until| standing("R-1", &waived(until), None, &Said::default(), now()).state;
    assert_eq!(state("2026-06-30"), State::Waived);
    assert_eq!(state("2027-06-30"), State::Waived);
    assert_eq!(state("2026-06-29"), State::Pending);
    assert_eq!(state("2027-07-02"), State::Pending, "longer than a year is for ever");
    assert_eq!(state("9999-12-31"), State::Pending);
    let expired = standing("R-1", &waived("2026-06-29"), None, &Said::default(), now()).because;
    assert!(expired.contains("ended on 2026-06-29"), "{expired}");
    let failed = RequirementTests { failed: vec!["t".into()], ..RequirementTests::default() };
    assert_eq!(
        standing("R-1", &waived("2026-06-29"), Some(&failed), &Said::default(), now()).state,
        State::Failing
    );
    assert_eq!(
        standing("R-1", &waived("2026-07-29"), Some(&failed), &Said::default(), now()).state,
        State::Waived
    );
}

#[test]
fn not_applicable_needs_no_test() {
    let not = NotApplicable { reason: "there is no database".into(), by: "Ada".into() };
    let one = Requirement { not_applicable: Some(not), ..plain() };
    assert_eq!(standing("R-1", &one, None, &Said::default(), now()).state, State::NotApplicable);
}

fn names() -> impl Strategy<Value = Vec<String>> {
    proptest::collection::vec("[a-z]{1,5}", 0..3)
}

proptest! {
    #[test]
    fn only_tests_that_all_ran_and_passed_make_it_pass(
        passed in names(), failed in names(), skipped in names(), named in any::<bool>(),
    ) {
        let tests = RequirementTests { passed, failed, skipped };
        let state = standing("R-1", &plain(), named.then_some(&tests), &Said::default(), now()).state;
        let clean = named && tests.failed.is_empty() && tests.skipped.is_empty();
        prop_assert_eq!(state == State::Passing, clean && !tests.passed.is_empty());
        prop_assert_eq!(state == State::Failing, named && !tests.failed.is_empty());
        prop_assert_eq!(state.is_met(), state == State::Passing);
    }

    #[test]
    fn another_step_never_makes_a_failing_one_better(
        one in (names(), names(), names()), two in (names(), names(), names()),
    ) {
        let of = |(passed, failed, skipped)| RequirementTests { passed, failed, skipped };
        let (mut one, two) = (of(one), of(two));
        let before = [&one, &two].map(|tests| standing("R-1", &plain(), Some(tests), &Said::default(), now()).state);
        one.add(two);
        let after = standing("R-1", &plain(), Some(&one), &Said::default(), now()).state;
        prop_assert!(after != State::Passing || before.contains(&State::Passing));
        prop_assert_eq!(after == State::Failing, before.contains(&State::Failing));
    }

    #[test]
    fn any_bytes_are_read_or_refused(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
        let _ = read(&bytes);
    }

    #[test]
    fn any_entry_is_read_or_refused(id in "V?[0-9.]{0,9}", description in ".{0,30}", level in "[0-4]") {
        let mut one = entry(&id, "V1.1", "V1", &level);
        one["req_description"] = description.into();
        if let Ok(all) = read(&file(&[one])) {
            prop_assert!(all.values().all(|r| !r.title.contains(char::is_control) && !r.title.is_empty()));
        }
    }
}

/// A signed decision about the requirement of these tests.
fn signed(index: u64, decided: Decided, roles: &[Role]) -> Signed {
    let by = By { name: "ann".into(), roles: roles.to_vec(), via: Via::Local };
    let decision = RequirementDecision {
        project: "p".into(),
        requirement: "R-1".into(),
        title: plain().title,
        decided,
        reason: "it moves next month".into(),
        by,
        at: now(),
    };
    Signed { index, decision }
}

#[test]
fn only_what_somebody_with_the_role_signed_about_these_words_counts() {
    let until = |day: &str| Decided::Waived { until: day.parse().unwrap() };
    let said = |decisions: &[Signed], accepting: Option<&[Role]>| Said {
        decisions: [("R-1".to_owned(), decisions.to_vec())].into(),
        accepting: accepting.map(<[Role]>::to_vec),
    };
    let security: Option<&[Role]> = Some(&[Role::Security]);
    let judge = |one: &Requirement, said: &Said| standing("R-1", one, None, said, now());
    let good = signed(7, until("2026-07-29"), &[Role::Security]);
    let told = judge(&plain(), &said(std::slice::from_ref(&good), security));
    assert_eq!(told.state, State::Waived);
    assert!(told.because.contains("ann (security), ledger entry 7"), "{}", told.because);
    // It ends, however it was signed.
    let over = judge(&plain(), &said(&[signed(7, until("2026-06-29"), &[Role::Security])], security));
    assert!(over.state == State::Pending && over.because.contains("ended on 2026-06-29"));
    // Without the role, without any role for anybody, and where nobody may.
    let developer = signed(8, until("2026-07-29"), &[Role::Developer]);
    assert!(
        judge(&plain(), &said(std::slice::from_ref(&developer), security)).because.contains("does not count")
    );
    assert_eq!(judge(&plain(), &said(std::slice::from_ref(&developer), None)).state, State::Waived);
    assert_eq!(judge(&plain(), &said(std::slice::from_ref(&good), Some(&[]))).state, State::Pending);
    // What somebody without the role says neither waives nor takes back; the newest of those who may counts.
    let back = |roles: &[Role]| signed(9, Decided::Withdrawn, roles);
    assert_eq!(
        judge(&plain(), &said(&[good.clone(), back(&[Role::Developer])], security)).state,
        State::Waived
    );
    assert_eq!(
        judge(&plain(), &said(&[good.clone(), back(&[Role::Security])], security)).state,
        State::Pending
    );
    let not = signed(10, Decided::NotApplicable, &[Role::Security]);
    assert_eq!(judge(&plain(), &said(&[good.clone(), not], security)).state, State::NotApplicable);
    // Other words are another requirement.
    let other = Requirement { title: "something else".into(), ..plain() };
    assert!(judge(&other, &said(&[good], security)).because.contains("other words"));
    // The file alone counts only while nobody has a role.
    let written = waived("2026-07-29");
    assert_eq!(judge(&written, &Said::default()).state, State::Waived);
    let told = judge(&written, &said(&[], security));
    assert!(told.state == State::Pending && told.because.contains("unsigned"), "{}", told.because);
}
