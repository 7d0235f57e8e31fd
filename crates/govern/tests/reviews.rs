//! Given figures of how things are done, when a review is generated, then it suggests what a person would; and it is
//! done when every suggestion was answered and somebody who may has signed.
#![allow(clippy::unwrap_used, missing_docs)]

use std::collections::{BTreeMap, BTreeSet};

use govern::reviews::{Answered, Look, Scheduled, days, generate, judge, names, schedule};
use model::{
    By, FindingId, Role, Sha256, Technique, Timestamp, ToolRef, Via,
    practice::*,
    predicate::{DeploymentResult, Review, ReviewAnswer, ReviewKind, ReviewPoint, ReviewVerdict},
};

fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

fn ids(kind: ReviewKind, practice: &Practice) -> Vec<String> {
    let look = Look { practice, from: at("2026-05-01T00:00:00Z"), now: at("2026-11-01T00:00:00Z") };
    generate(kind, &look).points.into_iter().map(|point| point.id).collect()
}

fn step(name: &str, earlier_ms: u64, recent_ms: u64, retried: u64) -> StepPractice {
    let (project, step) = ("shop".into(), name.into());
    StepPractice { project, step, recent: 10, recent_ms, earlier: 10, earlier_ms, retried, index: 5 }
}

#[test]
fn builds_slow_steps_flaky_steps_and_secrets_that_nobody_uses() {
    let secret = |name: &str, last_used: Option<&str>| SecretPractice {
        project: "shop".into(),
        name: name.into(),
        last_used: last_used.map(at),
    };
    let practice = Practice {
        steps: vec![
            step("slower", 200_000, 400_000, 0),
            step("faster", 400_000, 200_000, 0),
            step("short", 1_000, 9_000, 0),
            step("again", 100_000, 100_000, 4),
        ],
        differing: vec![DifferingAction {
            project: "shop".into(),
            step: "unit".into(),
            passed: 3,
            failed: 1,
            index: 9,
        }],
        secrets: Some(vec![
            secret("OLD", Some("2026-01-01T00:00:00Z")),
            secret("NEVER", None),
            secret("NEW", Some("2026-10-30T00:00:00Z")),
        ]),
        ..Practice::default()
    };
    let found = ids(ReviewKind::BuildProcess, &practice);
    assert_eq!(
        found,
        [
            "flaky-step:shop/again",
            "flaky-step:shop/unit",
            "slow-step:shop/slower",
            "unused-secret:shop/NEVER",
            "unused-secret:shop/OLD"
        ]
    );
    // What is not known is said, not taken for fine.
    let look = Look {
        practice: &Practice::default(),
        from: at("2026-05-01T00:00:00Z"),
        now: at("2026-11-01T00:00:00Z"),
    };
    let empty = generate(ReviewKind::BuildProcess, &look);
    assert_eq!(empty.unknown, ["it is not known which secrets steps were given"]);
    assert_eq!(empty.figures[1].value, "not known");
}

fn exception(
    index: u64,
    rule: Option<&str>,
    environment: Option<&str>,
    expires: &str,
    remains: bool,
) -> ExceptionPractice {
    ExceptionPractice {
        index,
        project: "shop".into(),
        finding: rule.is_none().then(|| FindingId(Sha256::of("finding"))),
        rule: rule.map(str::to_owned),
        environment: environment.map(str::to_owned),
        by: "mia".into(),
        at: at("2026-06-01T00:00:00Z"),
        expires: at(expires),
        remains,
    }
}

#[test]
fn deployments_that_do_not_stay_gates_that_are_overridden_and_exceptions_that_are_too_broad_or_over() {
    let deployment = |index: u64, day: u32, result| DeploymentPractice {
        index,
        project: "shop".into(),
        environment: "production".into(),
        built: Some(at("2026-10-01T00:00:00Z")),
        ended: at(&format!("2026-10-{day:02}T00:00:00Z")),
        result,
    };
    let gate = |rule: &str, objected, overridden| GatePractice {
        project: "shop".into(),
        environment: "production".into(),
        rule: rule.into(),
        objected,
        overridden,
        evidence: vec![3],
    };
    use DeploymentResult::{Denied, Deployed, Reversed, RolledBack};
    let practice = Practice {
        deployments: vec![
            deployment(1, 2, Deployed),
            deployment(2, 3, RolledBack),
            deployment(3, 4, Deployed),
            deployment(4, 5, Reversed),
            deployment(5, 6, Denied),
        ],
        gates: vec![gate("findings-threshold", 10, 9), gate("tests-passed", 4, 4), gate("no-secrets", 10, 2)],
        exceptions: vec![
            exception(21, Some("no-secrets"), None, "2027-05-01T00:00:00Z", false),
            exception(22, Some("no-secrets"), Some("staging"), "2027-05-01T00:00:00Z", false),
            exception(23, None, None, "2026-10-01T00:00:00Z", true),
            exception(24, None, Some("staging"), "2026-10-02T00:00:00Z", false),
        ],
        ..Practice::default()
    };
    let found = ids(ReviewKind::DeploymentPractice, &practice);
    assert_eq!(
        found,
        [
            "broad-exception:21",
            "missed-exception:23",
            "overridden-gate:shop/production/findings-threshold",
            "roll-backs:shop/production"
        ]
    );
    let look =
        Look { practice: &practice, from: at("2026-10-01T00:00:00Z"), now: at("2026-10-29T00:00:00Z") };
    let figures: Vec<_> =
        generate(ReviewKind::DeploymentPractice, &look).figures.into_iter().map(|f| f.value).collect();
    assert_eq!(figures, ["0.5", "3 days", "50 % (2 of 4)", "24 h"]);
}

#[test]
fn scanners_that_cry_wolf_or_never_bark_and_projects_that_nobody_looks_at() {
    let rule = |rule: &str, decided, false_positives| TriagePractice {
        scanner: "bandit".into(),
        rule: rule.into(),
        decided,
        false_positives,
        evidence: vec![4],
    };
    let scanner = |tool: &str, findings, first: &str| ScannerPractice {
        tool: tool.into(),
        technique: Technique::Sast,
        scans: 40,
        findings,
        first: at(first),
        index: 8,
    };
    let all = vec![Technique::Sast, Technique::Secrets, Technique::Sca, Technique::Config];
    let practice = Practice {
        triage: Some(vec![rule("B101", 20, 15), rule("B102", 20, 5), rule("B103", 3, 3)]),
        scanners: vec![
            scanner("quiet", 0, "2025-01-01T00:00:00Z"),
            scanner("young", 0, "2026-09-01T00:00:00Z"),
            scanner("busy", 7, "2025-01-01T00:00:00Z"),
        ],
        coverage: vec![
            CoveragePractice { project: "shop".into(), index: 1, techniques: all.clone() },
            CoveragePractice { project: "till".into(), index: 2, techniques: all[..2].to_vec() },
        ],
        ..Practice::default()
    };
    let look =
        Look { practice: &practice, from: at("2026-05-01T00:00:00Z"), now: at("2026-11-01T00:00:00Z") };
    let points = generate(ReviewKind::Scanners, &look).points;
    let found: Vec<&str> = points.iter().map(|point| point.id.as_str()).collect();
    assert_eq!(found, ["missing-coverage:till", "noisy-rule:bandit/B101", "silent-scanner:quiet/sast"]);
    assert!(points[0].seen.ends_with("sca, config") && points[1].seen.contains("(75 %)"), "{points:?}");
    assert_eq!(points[1].evidence, [4]);
}

#[test]
fn tools_technologies_and_administrators() {
    let tool = |project: &str, version: &str, pinned: bool| ToolPractice {
        project: project.into(),
        tool: ToolRef {
            name: "python".into(),
            version: version.into(),
            digest: pinned.then(|| Sha256::of("t")),
        },
        index: 6,
    };
    let administrator = |name: &str, last: Option<&str>| AdministratorPractice {
        name: name.into(),
        last_signed_in: last.map(at),
        index: 1,
    };
    let practice = Practice {
        tools: vec![
            tool("shop", "Python 3.9.2", true),
            tool("till", "Python 3.12.1", true),
            tool("desk", "3.12.1", false),
        ],
        administrators: Some(vec![
            administrator("ann", Some("2026-10-20T00:00:00Z")),
            administrator("bob", Some("2026-07-01T00:00:00Z")),
            administrator("eve", None),
        ]),
        technologies: vec![TechnologyPractice {
            project: "shop".into(),
            code: "technology-hold".into(),
            message: "left-pad is on hold".into(),
            index: 7,
        }],
        ..Practice::default()
    };
    assert_eq!(ids(ReviewKind::Tools, &practice), ["outdated-tool:shop/python", "unpinned-tool:desk/python"]);
    assert_eq!(ids(ReviewKind::Catalogue, &practice), ["catalogue-objection:shop/left-pad is on hold"]);
    let dormant = ids(ReviewKind::AccessRights, &practice);
    assert_eq!(dormant, ["dormant-administrator:bob", "dormant-administrator:eve"]);
    let looked_at: BTreeSet<ReviewKind> = names().map(|(_, kind)| kind).collect();
    assert_eq!(looked_at.len(), ReviewKind::ALL.len(), "each kind has a rule");
}

fn review() -> Review {
    let point = |id: &str| ReviewPoint {
        id: id.into(),
        rule: "noisy-rule".into(),
        project: None,
        seen: String::new(),
        suggestion: String::new(),
        evidence: vec![],
    };
    Review {
        kind: ReviewKind::Scanners,
        from: at("2026-05-01T00:00:00Z"),
        at: at("2026-11-01T00:00:00Z"),
        through: 50,
        points: vec![point("a"), point("b")],
        figures: vec![],
        unknown: vec![],
        assigned: Some("sid".into()),
        due: at("2026-11-15T00:00:00Z"),
        by: By { name: "sid".into(), roles: vec![Role::Security], via: Via::Local },
    }
}

fn said(index: u64, role: Role, point: Option<&str>, verdict: ReviewVerdict) -> Answered {
    let answer = ReviewAnswer {
        review: Sha256::of("review"),
        project: None,
        point: point.map(str::to_owned),
        verdict,
        role: Some(role),
        text: "tom".into(),
        by: By { name: "sid".into(), roles: vec![role], via: Via::Local },
        at: at(&format!("2026-11-02T00:00:{index:02}Z")),
    };
    Answered { index, answer }
}

#[test]
fn a_review_is_done_when_every_point_was_answered_and_then_signed_by_somebody_who_may() {
    use ReviewVerdict::{Accept, Assign, Decline, Done, Sign};
    let now = at("2026-11-10T00:00:00Z");
    let early = [said(1, Role::Security, Some("a"), Accept), said(2, Role::Security, None, Sign)];
    let standing = judge(&review(), &early, now);
    assert_eq!((standing.open, standing.signed_by), (1, None));
    // A signature from before the last answer does not cover it.
    let mut all = early.to_vec();
    all.push(said(3, Role::Security, Some("b"), Decline));
    assert_eq!(judge(&review(), &all, now).signed_by, None);
    // Somebody who has nothing to say here can neither answer nor sign.
    all.push(said(4, Role::Developer, Some("b"), Done));
    all.push(said(5, Role::Developer, None, Sign));
    let standing = judge(&review(), &all, now);
    assert_eq!((standing.signed_by, standing.points[1].verdict), (None, Some(Decline)));
    all.push(said(6, Role::Security, None, Sign));
    all.push(said(7, Role::Security, Some("a"), Done));
    all.push(said(8, Role::Security, None, Assign));
    let standing = judge(&review(), &all, now);
    assert_eq!(standing.signed_by.as_deref(), Some("sid"));
    assert_eq!((standing.points[0].verdict, standing.assigned.as_deref()), (Some(Done), Some("tom")));
    assert!(judge(&review(), &early, at("2026-11-15T00:00:01Z")).overdue);
    assert!(!judge(&review(), &all, at("2026-12-01T00:00:00Z")).overdue);
}

#[test]
fn a_kind_is_due_after_its_interval_and_an_open_review_at_its_own_time() {
    let kind = ReviewKind::Scanners;
    let beginning = at("2026-10-01T00:00:00Z");
    let scheduled = |reviews: &[(u64, &Review, &govern::reviews::Standing)], now: &str| -> Scheduled {
        schedule(kind, 90, reviews, beginning, at(now))
    };
    let fresh = scheduled(&[], "2026-11-01T00:00:00Z");
    assert_eq!((fresh.due, fresh.overdue), (at("2026-12-30T00:00:00Z"), false));
    assert!(scheduled(&[], "2026-12-30T00:00:01Z").overdue);
    let (open, now) = (review(), "2026-11-16T00:00:00Z");
    let waiting = judge(&open, &[], at(now));
    let late = scheduled(&[(9, &open, &waiting)], now);
    assert_eq!((late.due, late.overdue, late.open), (at("2026-11-15T00:00:00Z"), true, Some(9)));
    use ReviewVerdict::{Done, Sign};
    let answers =
        [("a", 1), ("b", 2)].map(|(point, index)| said(index, Role::Security, Some(point), Done)).into_iter();
    let answers: Vec<_> = answers.chain([said(3, Role::Security, None, Sign)]).collect();
    let done = judge(&open, &answers, at(now));
    let next = scheduled(&[(9, &open, &done)], now);
    assert_eq!((next.open, next.overdue, next.due), (None, false, at("2027-01-31T00:00:03Z")));
    let said = BTreeMap::from([("catalogue".to_owned(), 30)]);
    assert_eq!((days(ReviewKind::Catalogue, &said), days(kind, &said)), (30, 90));
}
