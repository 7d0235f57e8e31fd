//! Given a review that people signed, when something that it stands on changes or its time is over, then it counts
//! no longer and says why.
#![allow(clippy::unwrap_used, missing_docs)]

use std::collections::{BTreeMap, BTreeSet};

use govern::{
    catalogue::{Bill, Component},
    release_review::{Answered, Later, Put, RiskState, State, Updated, differences, judge, timeline},
};
use model::{
    By, Digest, FindingId, Role, RunId, Severity, Sha256, Timestamp, Via,
    evidence::ExceptionFacts,
    predicate::{AcceptedUntil, MetRequirement, ReleaseReview, ReviewAnswer, ReviewBasis, ReviewVerdict},
};

fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

const NOW: &str = "2026-11-05T12:00:00Z";

fn by(name: &str, roles: &[Role]) -> By {
    By { name: name.into(), roles: roles.to_vec(), via: Via::Password }
}

fn put() -> Put {
    let made = at("2026-11-01T12:00:00Z");
    let review = ReleaseReview {
        project: "shop".into(),
        environment: "production".into(),
        run: RunId::new(made, [7; 10]),
        artifact: Sha256::of("app"),
        document: Digest::of("document"),
        basis: ReviewBasis {
            from: 3,
            through: 20,
            inputs: vec![],
            policy: Sha256::of("policy"),
            block: Some(Severity::High),
            findings: vec![],
            exceptions: vec![AcceptedUntil { index: 4, expires: at("2026-11-20T00:00:00Z") }],
            requirements: vec![MetRequirement {
                id: "V1.1.1".into(),
                until: Some("2026-11-10".parse().unwrap()),
            }],
        },
        roles: vec![Role::Security, Role::Manager],
        authors: vec!["ann".into(), "ann@shop.example".into()],
        by: by("ann", &[Role::Developer]),
        at: made,
        expires: at("2026-11-15T12:00:00Z"),
    };
    Put { index: 21, envelope: Sha256::of("envelope"), review }
}

fn answer(index: u64, name: &str, verdict: ReviewVerdict, role: Role, has: &[Role]) -> Answered {
    let answer = ReviewAnswer {
        review: Sha256::of("envelope"),
        project: Some("shop".into()),
        point: None,
        verdict,
        role: Some(role),
        text: "because".into(),
        by: by(name, has),
        at: at("2026-11-02T00:00:00Z"),
    };
    Answered { index, answer }
}

use ReviewVerdict::{Comment, Reject, Sign};

fn signed() -> Vec<Answered> {
    vec![
        answer(22, "mia", Sign, Role::Manager, &[Role::Manager]),
        answer(23, "sid", Sign, Role::Security, &[Role::Security]),
    ]
}

fn same() -> Later {
    Later { artifact: Some(Sha256::of("app")), policy: Some(Sha256::of("policy")), ..Later::default() }
}

fn state(answers: &[Answered], later: &Later, now: &str) -> (State, String) {
    let standing = judge(&put(), answers, later, at(now));
    (standing.state, standing.because.join("; "))
}

#[test]
fn it_counts_when_every_role_was_signed_for_by_somebody_who_has_it() {
    assert_eq!(state(&signed(), &same(), NOW), (State::Signed, String::new()));
    let (waiting, why) = state(&signed()[..1], &same(), NOW);
    assert_eq!((waiting, why.as_str()), (State::Waiting, "nobody has signed as security"));
    // Words without the role, roles that were not asked, and comments, are no signatures.
    for bad in [
        answer(24, "eve", Sign, Role::Security, &[Role::Developer]),
        answer(24, "eve", Sign, Role::Architect, &[Role::Architect]),
        answer(24, "eve", Comment, Role::Security, &[Role::Security]),
    ] {
        assert_eq!(state(&[signed()[0].clone(), bad], &same(), NOW).0, State::Waiting);
    }
    // Somebody with both roles counts once: the newest counts.
    let both = [Role::Manager, Role::Security];
    let one =
        [answer(22, "mia", Sign, Role::Manager, &both), answer(23, "Mia ", Sign, Role::Security, &both)];
    assert_eq!(state(&one, &same(), NOW), (State::Waiting, "nobody has signed as manager".into()));
}

#[test]
fn whoever_took_part_in_the_change_cannot_sign_alone() {
    let mut alone = put();
    alone.review.roles = vec![Role::Manager];
    let ann = [answer(22, "ANN@shop.example", Sign, Role::Manager, &[Role::Manager])];
    let standing = judge(&alone, &ann, &same(), at(NOW));
    assert_eq!(standing.state, State::Waiting);
    assert!(standing.because[0].contains("took part in the change"), "{:?}", standing.because);
    assert!(standing.facts.signatures[0].author);
    let other = [answer(22, "mia", Sign, Role::Manager, &[Role::Manager])];
    assert_eq!(judge(&alone, &other, &same(), at(NOW)).state, State::Signed);
}

#[test]
fn a_rejection_stops_it_until_the_same_person_signs() {
    let mut answers = signed();
    answers.push(answer(24, "sid", Reject, Role::Security, &[Role::Security]));
    let (rejected, why) = state(&answers, &same(), NOW);
    assert_eq!(rejected, State::Rejected);
    assert!(why.contains("sid rejected it on 2026-11-02: because"), "{why}");
    answers.push(answer(25, "sid", Sign, Role::Security, &[Role::Security]));
    assert_eq!(state(&answers, &same(), NOW).0, State::Signed);
    // Nobody without an invited role can stop it.
    answers.push(answer(26, "eve", Reject, Role::Security, &[Role::Developer]));
    assert_eq!(state(&answers, &same(), NOW).0, State::Signed);
}

#[test]
fn a_review_that_did_its_work_is_released_and_says_what_another_deployment_would_need() {
    let deployed = Some((30, at("2026-11-03T10:00:00Z")));
    let done = Later { deployed, ..same() };
    let (released, why) = state(&signed(), &done, NOW);
    assert_eq!(
        (released, why.as_str()),
        (State::Released, "it was deployed on 2026-11-03 (ledger entry 30)")
    );
    // A gate still sees what changed; nobody is told that their signature was worth nothing.
    let scanned = Later { scans: vec![(31, "dast by zap".into())], ..done.clone() };
    let (released, why) = state(&signed(), &scanned, NOW);
    assert_eq!(released, State::Released);
    assert!(why.contains("another deployment needs a new review: a newer scan: dast by zap"), "{why}");
    assert!(!judge(&put(), &signed(), &scanned, at(NOW)).facts.problems.is_empty());
    // Where not everybody had signed, it is not what let the release in.
    assert_eq!(state(&signed()[..1], &scanned, NOW).0, State::Void);
    assert_eq!(state(&signed()[..1], &done, NOW).0, State::Waiting);
}

#[test]
fn whatever_it_stands_on_makes_it_void_when_it_changes_and_it_says_what() {
    let changes: [(Later, &str); 8] = [
        (Later { artifact: Some(Sha256::of("other")), ..same() }, "the artifact is another one"),
        (Later { policy: Some(Sha256::of("other")), ..same() }, "the rules or the configuration"),
        (Later { superseded: Some(40), ..same() }, "a newer review was made (ledger entry 40)"),
        (
            Later { scans: vec![(31, "dast by zap".into())], ..same() },
            "a newer scan: dast by zap (ledger entry 31)",
        ),
        (
            Later { blocking: vec!["SQL injection".into()], ..same() },
            "a finding that stops releases is new: SQL",
        ),
        (Later { accepted: vec![33], ..same() }, "a further risk was accepted (ledger entry 33)"),
        (Later { broken: vec![("V1.1.1".into(), 34)], ..same() }, "the requirement V1.1.1 is no longer met"),
        (same(), ""),
    ];
    for (later, expected) in changes {
        let (state, why) = state(&signed(), &later, NOW);
        assert_eq!(state == State::Void, !expected.is_empty(), "{expected}");
        assert!(why.contains(expected), "{why}");
    }
    // Time alone does it too: a waiver, an accepted risk, the review itself.
    let mut long = put();
    long.review.expires = at("2027-01-01T00:00:00Z");
    for (now, expected) in [
        ("2026-11-10T23:59:59Z", ""),
        ("2026-11-11T00:00:00Z", "the waiver of the requirement V1.1.1 ended on 2026-11-10"),
        ("2026-11-20T00:00:00Z", "an accepted risk ended on 2026-11-20 (ledger entry 4)"),
    ] {
        let standing = judge(&long, &signed(), &same(), at(now));
        assert_eq!(standing.state == State::Void, !expected.is_empty(), "{now}");
        assert!(standing.because.join("; ").contains(expected), "{:?}", standing.because);
    }
    let mut short = put();
    (short.review.basis.exceptions, short.review.basis.requirements) = (vec![], vec![]);
    assert_eq!(judge(&short, &signed(), &same(), at("2026-11-15T11:59:59Z")).state, State::Signed);
    let expired = judge(&short, &signed(), &same(), at("2026-11-15T12:00:00Z"));
    assert_eq!(expired.state, State::Expired);
    assert_eq!(expired.facts.problems[0].code, "release-review-expired");
}

#[test]
fn an_accepted_risk_is_missed_when_it_ended_and_is_still_there() {
    let id = |name: &str| FindingId(Sha256::of(name));
    let exception = |index: u64, finding: &str, expires: &str| ExceptionFacts {
        index,
        finding: Some(id(finding)),
        rule: None,
        environment: None,
        reason: "will be mended".into(),
        by: "mia".into(),
        roles: vec![],
        unentitled: false,
        expires: at(expires),
    };
    let all = [
        exception(1, "open", "2026-11-01T00:00:00Z"),
        exception(2, "gone", "2026-11-01T00:00:00Z"),
        exception(3, "again", "2026-11-01T00:00:00Z"),
        exception(4, "again", "2026-11-10T00:00:00Z"),
        exception(5, "long", "2027-01-01T00:00:00Z"),
        ExceptionFacts {
            finding: None,
            rule: Some("tests-passed".into()),
            ..exception(6, "", "2026-11-02T00:00:00Z")
        },
        ExceptionFacts {
            environment: Some("staging".into()),
            ..exception(7, "long", "2027-01-01T00:00:00Z")
        },
    ];
    let open = ["open", "again", "long"].map(|name| (id(name), (name.to_owned(), Severity::High)));
    let denied = BTreeSet::from(["tests-passed".to_owned()]);
    let risks = timeline(&all, &BTreeMap::from(open), &denied, Some("production"), at(NOW));
    let told: Vec<_> = risks.iter().map(|risk| (risk.index, risk.state)).collect();
    use RiskState::{EndsSoon, InForce, Missed};
    assert_eq!(told, [(1, Missed), (6, Missed), (4, EndsSoon), (5, InForce)]);
    assert_eq!((risks[0].what.as_str(), risks[1].what.as_str()), ("open", "rule tests-passed"));
}

#[test]
fn components_are_compared_by_name_and_all_their_versions() {
    let bill = |all: &[(&str, &str)]| Bill {
        components: all
            .iter()
            .map(|(purl, version)| Component {
                purl: Some(format!("{purl}@{version}")),
                name: "n".into(),
                version: Some((*version).into()),
                direct: None,
                cpe: None,
                licences: vec![],
            })
            .collect(),
        gaps: vec![],
    };
    let (a, b, c) = ("pkg:npm/a", "pkg:npm/b", "pkg:npm/c");
    let changes = differences(&bill(&[(a, "1"), (b, "1"), (b, "2")]), &bill(&[(b, "2"), (c, "1")]));
    assert_eq!(changes.added, ["pkg:npm/c 1"]);
    assert_eq!(changes.removed, ["pkg:npm/a 1"]);
    assert_eq!(changes.updated, [Updated { name: b.into(), from: "1, 2".into(), to: "2".into() }]);
}
