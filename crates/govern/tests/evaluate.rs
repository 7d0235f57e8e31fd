//! Evaluations: a score only where there is data, with the data; unknown otherwise; and what reopens an entry.
#![allow(clippy::unwrap_used, clippy::expect_used, missing_docs)]

use govern::catalogue::{
    Weights,
    evaluate::{
        AdvisoryFacts, Criterion, Evaluation, Facts, OpinionFacts, ProductFacts, UseFacts, evaluate,
        happened, scorecard,
    },
};
use model::{By, Severity, Timestamp, Via};

fn at(day: &str) -> Timestamp {
    format!("{day}T12:00:00Z").parse().unwrap()
}

fn nothing() -> Facts {
    Facts {
        technology: "Django".into(),
        at: at("2027-01-01"),
        packages: vec!["pkg:pypi/django".into()],
        feeds: vec![],
        advisories: None,
        advisories_as_of: None,
        exploited_known: false,
        product: None,
        licences: [].into(),
        scorecard: None,
        familiarity: UseFacts::default(),
        opinions: vec![],
    }
}

fn advisory(id: &str, published: &str, fixed: Option<i64>) -> AdvisoryFacts {
    AdvisoryFacts {
        id: id.into(),
        aliases: vec![],
        package: "pkg:pypi/django".into(),
        severity: Severity::Critical,
        published: Some(at(published)),
        fixed: fixed.iter().map(|_| "5.2.1".to_owned()).collect(),
        days_to_fix: fixed,
        exploited_since: None,
    }
}

fn criterion(facts: Facts, name: &str) -> Criterion {
    let evaluation = evaluate(facts, &Weights::default());
    evaluation.criteria.into_iter().find(|one| one.criterion == name).unwrap()
}

#[test]
fn what_nobody_knows_is_unknown_and_weighs_nothing() {
    let evaluation = evaluate(nothing(), &Weights::default());
    assert_eq!((evaluation.total, evaluation.known_percent), (None, 0));
    for one in &evaluation.criteria {
        assert!(one.score.is_none() && one.because[0].starts_with("unknown: "), "{one:?}");
    }
    // Only the licence is known: the total is its score, from its share of the weight.
    let evaluation =
        evaluate(Facts { licences: ["MIT".to_owned()].into(), ..nothing() }, &Weights::default());
    assert_eq!((evaluation.total, evaluation.known_percent), (Some(10.0), 12));
    assert_eq!(Evaluation::from_bytes(&evaluation.to_bytes()).unwrap(), evaluation);
}

#[test]
fn incidents_are_counted_once_by_year_and_exploited_ones_weigh_more() {
    let twice =
        AdvisoryFacts { aliases: vec!["PYSEC-1".into()], ..advisory("GHSA-1", "2026-05-01", Some(3)) };
    let all = vec![advisory("PYSEC-1", "2026-05-01", None), twice, advisory("PYSEC-2", "2012-01-01", None)];
    let one =
        criterion(Facts { advisories: Some(all.clone()), exploited_known: true, ..nothing() }, "incidents");
    assert_eq!(one.score, Some(9.7));
    assert_eq!(one.because[..2], ["1 vulnerability in the last 5 years", "by year: 2026: 1, 2012: 1"]);
    let mut exploited = all.clone();
    exploited[0].exploited_since = Some("2026-06-01".into());
    exploited[1].exploited_since = Some("2026-06-01".into());
    let one =
        criterion(Facts { advisories: Some(exploited), exploited_known: true, ..nothing() }, "incidents");
    assert_eq!(one.score, Some(7.7), "{one:?}");
    let none = criterion(Facts { advisories: Some(vec![]), ..nothing() }, "incidents");
    assert_eq!(none.score, Some(10.0));
    assert!(none.because.iter().any(|why| why.contains("known exploited: unknown")), "{none:?}");
    // Nothing new in old data is no good news.
    let old = Facts { advisories: Some(vec![]), advisories_as_of: Some(at("2025-06-01")), ..nothing() };
    let old = criterion(old, "incidents");
    assert!(old.score.is_none() && old.because[0].contains("too old"), "{old:?}");
    // How soon: only where days are known.
    let response = criterion(Facts { advisories: Some(all), ..nothing() }, "response");
    assert_eq!(response.score, Some(9.0 - 2.5));
    assert!(response.because[0].contains("median 3 days"), "{response:?}");
    let undated = vec![AdvisoryFacts { days_to_fix: None, ..advisory("A", "2026-01-01", Some(1)) }];
    let unknown = criterion(Facts { advisories: Some(undated), ..nothing() }, "response");
    assert!(
        unknown.score.is_none()
            && unknown.because[1].contains("a fixed release exists for 1 of 1 vulnerability")
    );
}

fn product(ends: &str) -> ProductFacts {
    ProductFacts {
        product: "django".into(),
        ends: [("4.2".to_owned(), Some(ends.to_owned())), ("6.0".to_owned(), None)].into(),
        newest: Some(("6.0.1".into(), "2026-12-01".into())),
        releases_in_a_year: 12,
        in_use: ["4.2".to_owned()].into(),
        ..ProductFacts::default()
    }
}

#[test]
fn licences_and_releases_are_judged_by_what_is_demanding_in_them() {
    let licence = |ids: &[&str]| {
        let licences = ids.iter().map(|id| (*id).to_owned()).collect();
        criterion(Facts { licences, ..nothing() }, "licence").score
    };
    assert_eq!(licence(&["MIT OR AGPL-3.0-only"]), Some(10.0));
    assert_eq!(licence(&["(MIT AND GPL-3.0-only)"]), Some(4.0));
    assert_eq!(licence(&["MIT", "Something of ours"]), None, "the unknown one could be the worst");
    assert_eq!(licence(&["(MIT OR ISC) AND AGPL-3.0-only"]), None);
    let maintained = |ends| criterion(Facts { product: Some(product(ends)), ..nothing() }, "maintenance");
    assert_eq!(maintained("2027-06-01").score, Some(10.0));
    let gone = maintained("2026-06-01");
    assert_eq!(gone.score, Some(7.0));
    assert!(gone.because.contains(&"in use past its end: 4.2".to_owned()), "{gone:?}");
}

#[test]
fn people_stand_beside_the_data() {
    let opinion = |name: &str, score| OpinionFacts {
        index: 1,
        criterion: Some("ease".into()),
        score: Some(score),
        vote: None,
        comment: Some("short training".into()),
        by: By { name: name.into(), roles: vec![], via: Via::Local },
        at: at("2027-01-01"),
    };
    let vote = OpinionFacts { criterion: None, score: None, vote: Some("adopt".into()), ..opinion("dee", 1) };
    let facts = Facts { opinions: vec![opinion("ann", 4), opinion("sam", 5), vote], ..nothing() };
    let ease = criterion(facts.clone(), "ease");
    assert_eq!((ease.score, ease.because[0].as_str()), (Some(9.0), "4 of 5 by ann: short training"));
    assert_eq!(evaluate(facts, &Weights::default()).votes[0], ("adopt".to_owned(), 1));
    assert!(
        scorecard(
            br#"{"date":"2026-01-02T00:00:00Z","repo":{"name":"example.org/x","commit":"0"},"score":7.4}"#
        )
        .is_ok()
    );
    assert!(
        scorecard(br#"{"date":"2026-01-02","repo":{"name":"x"},"score":-1}"#)
            .unwrap_err()
            .contains("not from 0 to 10")
    );
}

#[test]
fn only_what_nobody_could_know_reopens() {
    let signed = Facts {
        advisories: Some(vec![advisory("CVE-2026-1", "2026-12-20", None)]),
        exploited_known: true,
        product: Some(product("2027-02-01")),
        ..nothing()
    };
    let now = |day, facts: &Facts| happened(&signed, facts, at(day), 30);
    assert_eq!(now("2027-01-02", &signed), [""; 0], "the same facts, a day later");
    assert_eq!(
        now("2027-02-02", &signed),
        [
            "CVE-2026-1 is critical and has had no fix for more than 30 days",
            "release line 4.2 is past its end of life (2027-02-01)"
        ]
    );
    let mut exploited = signed.clone();
    exploited.advisories.as_mut().unwrap()[0].exploited_since = Some("2027-01-02".into());
    assert_eq!(now("2027-01-02", &exploited), ["CVE-2026-1 is known to be exploited"]);
    // Signed in knowledge of it: nothing new.
    assert_eq!(
        happened(&Facts { at: at("2027-01-03"), ..exploited.clone() }, &exploited, at("2027-01-04"), 30),
        [""; 0]
    );
    // Data that went away could hide anything.
    assert_eq!(now("2027-01-02", &Facts { advisories: None, ..signed.clone() }).len(), 1);
}
