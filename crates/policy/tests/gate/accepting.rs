//! Who may accept what: exceptions of others count for nothing, judgements count where they are honoured, and both are
//! told.

use model::{
    Severity, Technique,
    evidence::{ExceptionFacts, JudgementFacts, Outcome},
};

use crate::{denials, exception, finding, good, verdict};

#[test]
fn an_exception_of_somebody_without_the_role_is_told_and_counts_for_nothing() {
    let mut e = good();
    let weak = finding(Severity::Critical, Technique::Sast);
    e.exceptions = vec![ExceptionFacts { unentitled: true, ..exception(Some(weak.id), None) }];
    e.findings = vec![weak];
    e.settings.accepting = Some(vec![model::Role::Security]);
    assert_eq!(denials(&e), ["finding-critical"]);
    let told = verdict(&e).rules.into_iter().flat_map(|rule| rule.reasons);
    let told = told.into_iter().find(|reason| reason.code == "exception-unentitled").unwrap();
    assert!(told.outcome == Outcome::Warn && told.message.contains("one of the roles security"), "{told:?}");
}

#[test]
fn a_judgement_is_left_out_and_listed_only_where_it_is_honoured_and_holds() {
    for (technique, rule, code) in [
        (Technique::Sast, "findings-threshold", "finding-critical"),
        (Technique::Secrets, "no-secrets", "secret-found"),
    ] {
        let mut e = good();
        let judged = JudgementFacts {
            index: 7,
            state: "false-positive".into(),
            by: "ann (security)".into(),
            reason: "a test value".into(),
            holds: true,
            because: None,
        };
        let mut found = finding(Severity::Critical, technique);
        found.judged = Some(judged.clone());
        e.findings = vec![found];
        assert_eq!(denials(&e), [code], "not honoured");
        e.settings.honour_triage = true;
        assert_eq!(denials(&e), [""; 0]);
        let listed = verdict(&e).rules.into_iter().find(|one| one.rule == rule).unwrap().looked_at;
        let line = "false-positive by ann (security), ledger entry 7: a test value";
        assert!(
            listed.iter().any(|one| one.starts_with("left out: critical") && one.ends_with(line)),
            "{listed:?}"
        );
        // What does not hold any more counts, and says why.
        let because = Some("the finding has changed since".to_owned());
        e.findings[0].judged = Some(JudgementFacts { holds: false, because, ..judged });
        assert_eq!(denials(&e), [code]);
        let listed = verdict(&e).rules.into_iter().find(|one| one.rule == rule).unwrap().looked_at;
        assert!(
            listed.iter().any(|one| one.contains("counted although judged") && one.contains("has changed"))
        );
    }
}
