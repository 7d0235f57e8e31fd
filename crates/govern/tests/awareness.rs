//! The digest of a week, and what is proposed from what was fixed.
#![allow(clippy::unwrap_used, missing_docs)]

use std::collections::{BTreeMap, BTreeSet};

use govern::awareness::{
    digest::{Form, Lesson, ServiceLevels, digest, render},
    suggest::{entries, suggest},
};
use model::{
    BySeverity, FindingId, Place, Severity, Sha256, Technique, Timestamp,
    awareness::{Acceptance, AwarenessFacts, ClassFacts, Judgement, ObservedFinding},
    portfolio::RuleQuality,
    predicate::TriageState,
    requirement::Requirements,
};
use proptest::prelude::*;

fn day(n: i64) -> Timestamp {
    Timestamp::from_second(n * 86_400).unwrap()
}

fn found(rule: &str, severity: Severity, cwe: u32, since: i64) -> ObservedFinding {
    ObservedFinding {
        id: FindingId(Sha256::of(rule)),
        project: "shop".into(),
        technique: Technique::Sast,
        scanner: "s".into(),
        rule: rule.into(),
        severity,
        title: format!("{rule} title"),
        cwe: vec![cwe],
        place: Place::Code {
            path: "a.py".into(),
            line: Some(3),
            column: None,
            end_line: None,
            symbol: None,
            context: None,
        },
        first_seen: day(since),
        fixed: None,
    }
}

fn facts() -> AwarenessFacts {
    let class = |cwe, first, fixed: Option<i64>| ClassFacts {
        project: "shop".into(),
        cwe: vec![cwe],
        severity: Severity::High,
        open: 1,
        fixed: u64::from(fixed.is_some()),
        first_seen: day(first),
        first_fixed: fixed.map(day),
    };
    AwarenessFacts {
        classes: vec![class(89, 10, Some(96)), class(79, 97, None)],
        appeared: vec![found("new", Severity::High, 79, 97)],
        appeared_count: BySeverity { high: 1, ..BySeverity::default() },
        fixed: vec![found("gone", Severity::High, 89, 10)],
        fixed_count: BySeverity { high: 1, ..BySeverity::default() },
        open_count: BySeverity { high: 2, ..BySeverity::default() },
        oldest: vec![found("old", Severity::High, 89, 60), found("new", Severity::High, 79, 97)],
        accepted: vec![Acceptance {
            project: "shop".into(),
            what: "weak-hash".into(),
            reason: "only a cache key".into(),
            by: "sam".into(),
            expires: day(200),
        }],
        judged: vec![
            judged("sast/eval", TriageState::FalsePositive, "a constant"),
            judged("other", TriageState::WontFix, "the page is internal"),
        ],
        rules: [("eval", 9, 3), ("quiet", 1, 20), ("elsewhere", 30, 0)]
            .map(|(rule, false_positive, confirmed)| RuleQuality {
                scanner: "sast".into(),
                rule: rule.into(),
                false_positive,
                confirmed,
                ..RuleQuality::default()
            })
            .to_vec(),
    }
}

fn judged(rule: &str, state: TriageState, reason: &str) -> Judgement {
    Judgement {
        project: "shop".into(),
        finding: FindingId(Sha256::of(rule)),
        title: "eval of a text".into(),
        rule: rule.split_once('/').map(|(scanner, rule)| (scanner.into(), rule.into())),
        state,
        reason: reason.into(),
        by: "ann".into(),
    }
}

#[test]
fn a_week_is_told_with_what_was_learned_and_what_is_overdue() {
    let levels = ServiceLevels::from([(Severity::High, 30)]);
    let week = digest("shop", &facts(), day(93), day(100), &levels);
    assert_eq!((week.ageing.overdue.high, week.ageing.lines[0].days, week.ageing.at_least), (1, 40, false));
    let lessons = week.learned.iter().map(|lesson| match lesson {
        Lesson::FirstSeen { cwe, .. } => format!("seen {cwe}"),
        Lesson::FirstFixed { cwe, .. } => format!("fixed {cwe}"),
        Lesson::Accepted { what, .. } => what.clone(),
        Lesson::FalsePositive { rule, .. } => format!("none by {}", rule.clone().unwrap_or_default()),
        Lesson::Left { reason, .. } => format!("left, {reason}"),
        Lesson::Noisy { rule, decided, false_positives } => format!("{rule} {false_positives}/{decided}"),
    });
    let told = [
        "seen 79",
        "fixed 89",
        "weak-hash",
        "none by sast eval",
        "left, the page is internal",
        "sast eval 9/12",
    ];
    assert_eq!(lessons.collect::<Vec<_>>(), told, "a noisy rule that nobody judged this week is no news");
    assert_eq!(week.causes[0].cwe, 89);
    let text = render(&week, Form::Text);
    for part in [
        "1 new, 1 fixed, 2 open (2 high), 1 overdue",
        "40 days: high old title",
        "proofhouse guidance CWE-89",
        "ann judged that eval of a text (sast eval) is none: a constant",
        "noisy rule: 9 of 12 judged findings of sast eval were none",
    ] {
        assert!(text.contains(part), "{part} is missing in:\n{text}");
    }
    let json: serde_json::Value = serde_json::from_str(&render(&week, Form::Json)).unwrap();
    assert_eq!(json["ageing"]["overdue"]["high"], 1);
}

#[test]
fn a_level_is_kept_until_its_last_day_is_over_and_a_cut_list_says_at_least() {
    let levels = ServiceLevels::from([(Severity::High, 40)]);
    let overdue = |until| digest("x", &facts(), day(93), until, &levels).ageing.overdue.total();
    assert_eq!((overdue(day(99)), overdue(day(100))), (0, 1));
    let mut many = facts();
    many.oldest = vec![found("old", Severity::High, 89, 1); AwarenessFacts::MOST_LISTED];
    many.open_count.high = 900;
    let week = digest("x", &many, day(93), day(100), &levels);
    assert!(week.ageing.at_least);
    assert!(render(&week, Form::Text).contains("at least 500 overdue"));
}

#[test]
fn what_was_fixed_is_proposed_once_until_a_passing_test_or_its_entry_covers_it() {
    let fixed = |technique, scanner: &str, line| ObservedFinding {
        technique,
        scanner: scanner.into(),
        place: Place::Code {
            path: "a.py".into(),
            line: Some(line),
            column: None,
            end_line: None,
            symbol: None,
            context: None,
        },
        ..found("sql", Severity::High, 89, 1)
    };
    let all = [
        fixed(Technique::Sast, "bandit", 3),
        fixed(Technique::Sast, "semgrep", 9),
        fixed(Technique::Sca, "sca", 1),
    ];
    let nothing = BTreeSet::new();
    let proposed = suggest(&all, &Requirements::new(), &nothing);
    assert_eq!(proposed.len(), 1, "{proposed:?}");
    assert_eq!((proposed[0].because.len(), proposed[0].severity), (2, Severity::High));
    assert!(proposed[0].id.starts_with("FIX-CWE-89-") && proposed[0].requirement.title.contains("a.py"));
    assert!(model::requirement::is_id(&proposed[0].id));
    assert_eq!(suggest(&all, &entries(&proposed), &nothing), []);

    let asvs = Requirements::from([("V1.2.4".to_owned(), proposed[0].requirement.clone())]);
    assert_eq!(suggest(&all, &asvs, &nothing).len(), 1, "chosen, but no test passed");
    assert_eq!(suggest(&all, &asvs, &BTreeSet::from(["V1.2.4".to_owned()])), []);
}

proptest! {
    #[test]
    fn nothing_in_a_digest_is_markup_or_acts_on_a_terminal(text in "[<>&\"'`*_\\[\\]()!\\\\|#a-z \n\u{0}\u{1b}\u{202e}]{0,40}") {
        let mut hostile = facts();
        hostile.appeared[0].title.clone_from(&text);
        hostile.appeared[0].project.clone_from(&text);
        hostile.appeared[0].place = Place::Target { name: text.clone() };
        hostile.accepted[0].reason.clone_from(&text);
        let week = digest(&text, &hostile, day(93), day(100), &BTreeMap::new());
        let html = render(&week, Form::Html);
        let mut tags: Vec<&str> = html.split('<').skip(1).map(|tag| tag.split('>').next().unwrap()).collect();
        tags.sort_unstable();
        tags.dedup();
        let ours = ["!DOCTYPE html", "/body", "/h1", "/h2", "/head", "/html", "/li", "/p", "/title", "/ul", "body", "h1",
            "h2", "head", "html lang=\"en\"", "li", "meta charset=\"utf-8\"", "p", "title", "ul"];
        prop_assert!(tags.iter().all(|tag| ours.contains(tag)), "{:?}", tags);
        let markdown = render(&week, Form::Markdown);
        prop_assert!(!markdown.contains('<'));
        for form in [Form::Text, Form::Markdown, Form::Html] {
            let acts = render(&week, form).contains(['\u{1b}', '\u{0}', '\u{202e}']);
            prop_assert!(!acts, "{:?}", form);
        }
    }
}
