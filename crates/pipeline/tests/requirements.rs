//! `security-requirements.yaml`: what it means, what is wrong with it at its place, and what is added to it.
#![allow(clippy::unwrap_used, clippy::expect_used)]

use model::{
    Severity,
    requirement::{NotApplicable, Requirement, Requirements, Source, Waiver},
};
use pipeline::requirements::{FILE_NAME, append, check, natural, parse, parse_bytes, update};
use proptest::prelude::*;

const COMPLETE: &str = r#"# Ours.
version: 1
requirements:
    V1.2.1: # first
        title: "Output is encoded"
        source: asvs-5.0.0
        chapter: V1
        section: V1.2
        level: 1
    SHOP-7:
        title: Nobody orders a negative number
        source: abuse-case
        milestones: [release-1]
        waived: { reason: the shop is closed until then, until: 2026-12-31, by: Ada }
    T-3:
        title: 'The queue cannot be read by others'
        source: threat
        not-applicable: { reason: there is no queue any more, by: Ada }
    # the end
"#;

fn own(title: &str) -> Requirement {
    Requirement {
        title: title.into(),
        source: Source::Own,
        chapter: None,
        section: None,
        level: None,
        severity: None,
        reference: None,
        mitigations: None,
        milestones: vec![],
        waived: None,
        not_applicable: None,
    }
}

#[test]
fn a_complete_file_is_read() {
    let all = parse(COMPLETE, FILE_NAME).unwrap();
    let first = &all["V1.2.1"];
    assert_eq!((first.source, first.level, first.section.as_deref()), (Source::Asvs5, Some(1), Some("V1.2")));
    assert!(first.is_in("level-1") && first.is_in("level-3") && !first.is_in("release-1"));
    let shop = &all["SHOP-7"];
    assert!(shop.is_in("release-1") && !shop.is_in("level-3"));
    let waived = shop.waived.as_ref().unwrap();
    assert_eq!((waived.by.as_str(), waived.until.to_string().as_str()), ("Ada", "2026-12-31"));
    assert_eq!(all["T-3"].not_applicable.as_ref().unwrap().reason, "there is no queue any more");
}

#[test]
fn every_mistake_is_told_at_its_place() {
    let entry =
        |rest: &str| format!("version: 1\nrequirements:\n  A-1:\n    title: t\n    source: own\n{rest}");
    let cases = [
        ("version: 2\nrequirements: {}\n".to_owned(), "config-unknown-value", 1),
        ("version: 1\n".to_owned(), "config-missing-key", 1),
        (entry("    levle: 1\n"), "config-unknown-key", 6),
        (entry("    level: 4\n"), "config-out-of-range", 6),
        (entry("    milestones: [Level 1]\n"), "config-bad-name", 6),
        (entry("    waived: { reason: because it is so, until: 2026-02-30, by: A }\n"), "config-bad-date", 6),
        (entry("    waived: { reason: short, until: 2026-02-03, by: A }\n"), "config-bad-text", 6),
        (entry("    waived: { reason: because it is so, by: A }\n"), "config-missing-key", 6),
        (entry("    not-applicable: true\n"), "config-wrong-type", 6),
        (entry("  A-1: { title: t, source: own }\n"), "config-duplicate-key", 6),
        (entry("  a-1: { title: t, source: own }\n"), "config-duplicate-key", 6),
        (entry("  -a: { title: t, source: own }\n"), "config-bad-name", 6),
        (entry("  V1.1.1: { title: t, source: asvs-5.0.0 }\n"), "config-missing-key", 6),
        (entry("  B: { title: \"a\\nb\", source: own }\n"), "config-bad-text", 6),
        (
            entry(
                "    waived: { reason: because it is so, until: 2026-02-03, by: A }\n    \
                 not-applicable: { reason: because it is so, by: A }\n",
            ),
            "config-contradiction",
            7,
        ),
    ];
    for (text, code, line) in cases {
        let problems = parse(&text, FILE_NAME).expect_err(&text);
        let first = &problems.list()[0];
        assert_eq!((first.code, problems.position(first).line), (code, line), "{}", problems.render(false));
    }
}

#[test]
fn what_is_large_deep_or_no_text_is_refused() {
    let codes = |bytes: &[u8]| parse_bytes(bytes, FILE_NAME).unwrap_err().list()[0].code;
    assert_eq!(codes(&vec![b' '; pipeline::MAX_BYTES + 1]), "config-too-large");
    let deep = format!("version: 1\nrequirements: {}{}", "[".repeat(100), "]".repeat(100));
    assert_eq!(codes(deep.as_bytes()), "config-too-deep");
    assert_eq!(codes(b"version: \xff"), "config-not-utf8");
    assert_eq!(codes(b""), "config-empty");
    let many: String = (0..5001).map(|n| format!("  A{n}: {{ title: t, source: own }}\n")).collect();
    assert_eq!(codes(format!("version: 1\nrequirements:\n{many}").as_bytes()), "config-too-many");
}

#[test]
fn what_people_wrote_stays_and_adding_again_changes_nothing() {
    let new = Requirements::from([
        ("V10.1.1".into(), own("ten")),
        ("V2.1.1".into(), own("two: \"quoted\" # no comment")),
        ("SHOP-7".into(), own("would overwrite")),
    ]);
    let once = append(Some(COMPLETE), &new).unwrap();
    assert!(once.starts_with(COMPLETE), "{once}");
    assert!(once.find("    V2.1.1:").unwrap() < once.find("    V10.1.1:").unwrap(), "{once}");
    let read = parse(&once, FILE_NAME).unwrap();
    assert_eq!((read.len(), read["SHOP-7"].source), (5, Source::AbuseCase));
    assert_eq!(append(Some(&once), &new).unwrap(), once);
    let fresh = append(None, &new).unwrap();
    assert_eq!(parse(&fresh, FILE_NAME).unwrap(), new);
}

#[test]
fn a_file_with_something_after_the_list_is_left_alone() {
    let new = Requirements::from([("B-1".into(), own("b"))]);
    for text in [
        "version: 1\nrequirements: { A-1: { title: t, source: own } }\n",
        "requirements:\n  A-1: { title: t, source: own }\nversion: 1\n",
        "version: 1\nrequirements:\n  A-1: { title: t, source: own }\n...\n",
        "version: 1\nrequirements: {}\n",
        "no file of ours",
    ] {
        assert!(append(Some(text), &new).is_err(), "{text}");
    }
}

#[test]
fn what_cannot_stand_in_a_file_is_told_before() {
    assert!(check(&Requirements::from([("A-1".into(), own("fine"))])).is_ok());
    for (id, title) in [("1", "t"), ("A 1", "t"), ("A-1", ""), ("A-1", "a\nb"), ("A:\n  B", "t")] {
        assert!(check(&Requirements::from([(id.to_owned(), own(title))])).is_err(), "{id} {title}");
    }
    assert!(natural("V2.1") < natural("V10.1"));
}

fn requirement() -> impl Strategy<Value = Requirement> {
    let text = "[ -~äß→]{0,40}[a-z]{10}";
    let waiver = (text, 0_i16..3000, text).prop_map(|(reason, year, by)| Waiver {
        reason: reason.trim().into(),
        until: model::requirement::Date::constant(year, 2, 28),
        by: by.trim().into(),
    });
    let not = (text, text)
        .prop_map(|(reason, by)| NotApplicable { reason: reason.trim().into(), by: by.trim().into() });
    let decision = prop_oneof![
        Just((None, None)),
        waiver.prop_map(|w| (Some(w), None)),
        not.prop_map(|n| (None, Some(n)))
    ];
    let milestones = proptest::collection::vec("[a-z][a-z0-9-]{0,9}", 0..3);
    (text, 0..4_usize, proptest::option::of(1..4_u8), milestones, decision).prop_map(
        |(title, source, level, milestones, (waived, not_applicable))| Requirement {
            title: title.trim().into(),
            source: Source::ALL[source].1,
            chapter: level.map(|level| format!("V{level}")),
            section: None,
            level: Some(level.unwrap_or(1)),
            severity: level.map(|_| Severity::Medium),
            reference: level.map(|n| format!("pytm:T{n}@x in Till")),
            mitigations: level.map(|_| title.trim().to_owned()),
            milestones,
            waived,
            not_applicable,
        },
    )
}

proptest! {
    #[test]
    fn whatever_is_written_is_read_again(
        first in proptest::collection::btree_map("[A-Z][0-9]{1,3}", requirement(), 1..5),
        second in proptest::collection::btree_map("[A-Z][0-9]{1,3}", requirement(), 0..5),
    ) {
        let text = append(None, &first).unwrap();
        prop_assert_eq!(&parse(&text, FILE_NAME).unwrap(), &first);
        let both = append(Some(&text), &second).unwrap();
        prop_assert!(both.starts_with(&text));
        let mut wanted = second;
        wanted.extend(first);
        prop_assert_eq!(parse(&both, FILE_NAME).unwrap(), wanted);
    }

    #[test]
    fn any_text_is_read_or_refused(text in "(version: 1\nrequirements:\n)?([ -~\n]|  [A-Z]1: |title: |\u{85}|\t){0,80}") {
        if let Ok(all) = parse(&text, FILE_NAME) {
            let new = Requirements::from([("Q9".to_owned(), own("q"))]);
            if let Ok(more) = append(Some(&text), &new) {
                prop_assert!(parse(&more, FILE_NAME).unwrap().len() >= all.len());
            }
        }
    }
}

#[test]
fn what_a_model_says_goes_to_its_place_and_everything_else_stays() {
    let flow = "  OWN-1: { title: one line, source: own }\n";
    let one_line = format!("version: 1\nrequirements:\n{flow}");
    for (text, id) in [(COMPLETE, "SHOP-7"), (one_line.as_str(), "OWN-1")] {
        let mut all = parse(text, FILE_NAME).unwrap();
        let one = all.get_mut(id).unwrap();
        one.severity = Some(Severity::High);
        one.reference = Some("pytm:T1@Till in Till".into());
        one.mitigations = Some("Say \"no\": twice # really".into());
        let first = update(text, &all).unwrap();
        assert_eq!(parse(&first, FILE_NAME).unwrap(), all);
        // Every line that was there is there still.
        let kept = text
            .lines()
            .filter(|line| !line.contains("OWN-1"))
            .all(|line| first.lines().any(|new| new == line));
        assert!(kept, "{first}");
        // And again, with other values.
        let one = all.get_mut(id).unwrap();
        one.severity = Some(Severity::Low);
        one.mitigations = Some("Nothing".into());
        let second = update(&first, &all).unwrap();
        assert_eq!(parse(&second, FILE_NAME).unwrap(), all);
        assert_eq!(second.lines().count(), first.lines().count());
        assert_eq!(update(&second, &all).unwrap(), second);
    }
    // What only the file says is never taken out, and a file with mistakes is left alone.
    let all = parse(COMPLETE, FILE_NAME).unwrap();
    assert_eq!(update(COMPLETE, &Requirements::new()).unwrap(), COMPLETE);
    assert_eq!(update(COMPLETE, &all).unwrap(), COMPLETE);
    assert!(update("version: 1\nrequirements: {", &all).is_err());
}
