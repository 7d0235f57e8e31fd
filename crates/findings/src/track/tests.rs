//! Tracking over scans: a few stories, and properties over random ones.

use std::collections::BTreeSet;

use model::{Confidence, Finding, FindingId, Place, Severity, Sha256, Technique, identity};
use proptest::prelude::*;

use super::*;

fn finding(rule: &str, place: Place) -> Finding {
    let mut finding = Finding {
        id: FindingId(Sha256([0; 32])),
        scanner: "bandit".into(),
        rule: rule.into(),
        technique: Technique::Sast,
        severity: Severity::High,
        confidence: Confidence::Medium,
        title: rule.into(),
        message: String::new(),
        cwe: vec![],
        aliases: vec![],
        place,
        fix: None,
        help: None,
        cvss: None,
    };
    identity::Identifier::default().assign(&mut finding);
    finding
}

fn code(path: &str, code: &str) -> Finding {
    let context = Some(identity::context(code));
    let place =
        Place::Code { path: path.into(), line: None, column: None, end_line: None, symbol: None, context };
    finding("B608", place)
}

fn secret(path: &str) -> Finding {
    finding("key", Place::Secret { path: path.into(), line: None, fingerprint: Sha256::of("k") })
}

const OPEN: State = State::Open;

#[test]
fn a_complete_scan_tells_new_existing_fixed_and_reopened_apart() {
    let (kept, gone, back, fresh) = (code("a", "1"), code("a", "2"), code("a", "3"), code("a", "4"));
    let known = [(&kept, OPEN), (&gone, OPEN), (&back, State::Fixed)];
    let changes = compare(known, [&kept, &back, &fresh], true, &[]);
    assert_eq!(changes.existing, [kept.id]);
    assert_eq!(changes.fixed, [gone.id]);
    assert_eq!(changes.reopened, [back.id]);
    assert_eq!(changes.new, [fresh.id]);
}

#[test]
fn an_incomplete_scan_fixes_nothing() {
    let gone = code("a", "2");
    let changes = compare([(&gone, OPEN)], [], false, &[]);
    assert_eq!((changes.fixed, changes.unseen), (vec![], vec![gone.id]));
}

#[test]
fn code_and_credentials_that_moved_keep_their_history() {
    let (old, new) = (code("src/a.py", "q(x)"), code("lib/a.py", "q(x)"));
    let (from, to) = (secret(".env"), secret("conf/.env"));
    let changes = compare([(&old, OPEN), (&from, OPEN)], [&new, &to], true, &[]);
    let mut expected = [Move { from: old.id, to: new.id }, Move { from: from.id, to: to.id }];
    expected.sort();
    assert_eq!(changes.moved, expected);
    assert!(changes.new.is_empty() && changes.fixed.is_empty());
}

#[test]
fn among_copies_the_one_in_the_renamed_file_is_the_same() {
    let old = code("src/a.py", "q(x)");
    let (copy, renamed) = (code("aaa/a.py", "q(x)"), code("src/z.py", "q(x)"));
    let renames = [("src/a.py".to_owned(), "src/z.py".to_owned())];
    for complete in [true, false] {
        let changes = compare([(&old, OPEN)], [&copy, &renamed], complete, &renames);
        assert_eq!(changes.moved, [Move { from: old.id, to: renamed.id }]);
        assert_eq!(changes.new, [copy.id]);
    }
    let changes = compare([(&old, OPEN)], [&copy, &renamed], true, &[]);
    assert_eq!(changes.moved, [Move { from: old.id, to: copy.id }], "the same file name comes first");
}

#[test]
fn another_rule_at_the_same_code_is_another_finding() {
    let old = code("src/a.py", "q(x)");
    let mut other = code("lib/a.py", "q(x)");
    other.rule = "B105".into();
    identity::Identifier::default().assign(&mut other);
    let changes = compare([(&old, OPEN)], [&other], true, &[]);
    assert_eq!((changes.new, changes.fixed), (vec![other.id], vec![old.id]));
}

fn any_findings() -> impl Strategy<Value = Vec<Finding>> {
    let one = (0..4_u8, 0..3_u8, 0..2_u8).prop_map(|(path, text, kind)| match kind {
        0 => code(&format!("dir{path}/f{}.py", path % 2), &format!("code {text}")),
        _ => finding(
            &format!("r{text}"),
            Place::Secret { path: format!("p{path}"), line: None, fingerprint: Sha256::of([text]) },
        ),
    });
    prop::collection::vec(one, 0..12).prop_map(|mut all| {
        all.sort_by_key(|f| f.id);
        all.dedup_by_key(|f| f.id);
        all
    })
}

fn any_state() -> impl Strategy<Value = State> {
    prop::sample::select(vec![State::Open, State::Open, State::Fixed, State::Moved])
}

proptest! {
    #[test]
    fn every_finding_is_accounted_for_once_and_order_does_not_matter(
        known in any_findings(),
        states in prop::collection::vec(any_state(), 12),
        current in any_findings(),
        complete: bool,
        rename: bool,
    ) {
        let renames = if rename { vec![("dir0/f0.py".to_owned(), "dir2/f0.py".to_owned())] } else { vec![] };
        let known: Vec<(&Finding, State)> = known.iter().zip(states).collect();
        let changes = compare(known.iter().copied(), &current, complete, &renames);
        let again = compare(known.iter().rev().copied(), current.iter().rev(), complete, &renames);
        prop_assert_eq!(&again, &changes);

        let to: Vec<FindingId> = changes.moved.iter().map(|m| m.to).collect();
        let now = [changes.new.as_slice(), &changes.existing, &changes.reopened, &to].concat();
        let from: Vec<FindingId> = changes.moved.iter().map(|m| m.from).collect();
        let before = [changes.existing.as_slice(), &changes.fixed, &changes.unseen, &from].concat();
        let set = |ids: &[FindingId]| ids.iter().copied().collect::<BTreeSet<_>>();
        prop_assert_eq!((now.len(), set(&now)), (current.len(), current.iter().map(|f| f.id).collect()));
        let open: Vec<FindingId> = known.iter().filter(|(_, s)| *s == OPEN).map(|(f, _)| f.id).collect();
        prop_assert_eq!((before.len(), set(&before)), (open.len(), set(&open)));
        prop_assert!(complete || changes.fixed.is_empty());
        prop_assert!(!complete || changes.unseen.is_empty());
    }
}
