//! Gates as their users meet them: given this evidence, when decided, then this verdict and reason.
#![allow(clippy::unwrap_used, clippy::expect_used, missing_docs)]

mod accepting;

use model::{
    FindingId, Role, Severity, Sha256, Technique, Timestamp, ToolRef, evidence::*, requirement::State,
};
use policy::{RuleSet, evaluate};

fn now() -> Timestamp {
    "2026-11-01T12:00:00Z".parse().unwrap()
}

fn tool() -> ToolRef {
    ToolRef { name: "proofhouse-sast".into(), version: "1".into(), digest: Some(Sha256::of("tool")) }
}

fn statement(kind: &str, technique: Option<Technique>) -> StatementFacts {
    StatementFacts {
        kind: kind.into(),
        predicate_type: "t".into(),
        index: 7,
        digest: Sha256::of(kind),
        signed: true,
        logged: true,
        age_seconds: 60,
        technique,
        name: None,
        origin: technique.map(|_| "built-in".into()),
        tool: Some(tool()),
        complete: true,
        incomplete_because: None,
        remark: None,
    }
}

fn expectation(kind: &str, technique: Option<Technique>) -> Expectation {
    Expectation {
        kind: kind.into(),
        technique,
        name: None,
        origin: None,
        tool: None,
        max_age_seconds: Some(3600),
    }
}

/// A release with nothing wrong.
fn good() -> Evidence {
    Evidence {
        now: now(),
        project: "shop".into(),
        environment: "production".into(),
        run: None,
        artifact: ArtifactFacts { name: "app".into(), digest: Sha256::of("app") },
        source: SourceFacts { commit: Some("c0ffee".into()), tree: Sha256::of("tree"), dirty: false },
        build: Some(BuildFacts {
            isolation: "rootless".into(),
            builder: "b".into(),
            network_allowed: vec![],
            downloaded_from: vec![],
            network_refused: vec![],
            tools: vec![tool()],
        }),
        expected: vec![expectation("provenance", None), expectation("scan", Some(Technique::Sast))],
        statements: vec![statement("provenance", None), statement("scan", Some(Technique::Sast))],
        findings: vec![],
        tests: vec![TestFacts { name: "unit".into(), passed: true }],
        requirements: vec![],
        exceptions: vec![],
        technologies: None,
        release_review: None,
        reviews: vec![],
        settings: GateSettings {
            block: Some(Severity::High),
            warn: Some(Severity::Medium),
            block_secrets: true,
            require_clean_source: true,
            allow_build_network: false,
            requirements: None,
            release_review: None,
            reviews_current: false,
            accepting: None,
            honour_triage: false,
        },
    }
}

fn finding(severity: Severity, technique: Technique) -> FindingFacts {
    FindingFacts {
        id: FindingId(Sha256::of(severity.name())),
        scanner: "bandit".into(),
        rule: "B608".into(),
        technique,
        severity,
        title: "SQL injection".into(),
        place: "app.py:12".into(),
        cwe: vec![89],
        aliases: vec![],
        first_seen: None,
        judged: None,
    }
}

fn verdict(evidence: &Evidence) -> Verdict {
    evaluate(evidence, &RuleSet::built_in()).unwrap()
}

/// The codes of all reasons that deny.
fn denials(evidence: &Evidence) -> Vec<String> {
    let reasons = verdict(evidence).rules.into_iter().flat_map(|r| r.reasons);
    reasons.filter(|r| r.outcome == Outcome::Deny).map(|r| r.code).collect()
}

#[test]
fn a_release_with_nothing_wrong_passes_and_every_rule_says_what_it_demands() {
    let verdict = verdict(&good());
    assert_eq!(verdict.outcome, Outcome::Pass, "{verdict:#?}");
    assert_eq!(verdict.rules.len(), 12);
    assert!(verdict.rules.iter().all(|r| r.title.len() > 20 && r.origin == "built-in"));
}

#[test]
fn a_report_from_outside_stands_in_for_nothing_that_the_run_must_have() {
    let mut e = good();
    e.expected[1].tool = Some(tool());
    e.expected[1].origin = Some("built-in".into());
    assert!(denials(&e).is_empty());
    // An old scan of the right tool, and a fresh report that only says it is of that tool.
    e.statements[1].age_seconds = 3601;
    let mut imported = statement("scan", Some(Technique::Sast));
    imported.origin = Some("outside".into());
    e.statements.push(imported.clone());
    assert_eq!(denials(&e), ["evidence-stale"]);
    // Fresh and of the right tool must be one and the same statement.
    e.expected[1].origin = None;
    imported.tool = Some(ToolRef { name: "other".into(), ..tool() });
    e.statements[2] = imported;
    assert_eq!(denials(&e), ["evidence-stale"]);
    e.expected[1].origin = Some("built-in".into());
    e.statements.remove(1);
    assert_eq!(denials(&e), ["evidence-missing"]);
}

#[test]
fn nothing_passes_by_absence() {
    let mut e = good();
    e.statements.pop();
    assert_eq!(denials(&e), ["evidence-missing"]);

    let mut e = good();
    e.statements[1].complete = false;
    e.statements[1].incomplete_because = Some("no file was scanned".into());
    assert_eq!(denials(&e), ["evidence-incomplete"]);

    let mut e = good();
    e.statements[1].age_seconds = 3601;
    assert_eq!(denials(&e), ["evidence-stale"]);

    let mut e = good();
    e.statements[1].age_seconds = -3600;
    assert_eq!(denials(&e), ["evidence-stale"], "evidence from the future is not fresh");

    let mut e = good();
    e.expected[1].tool = Some(ToolRef { digest: Some(Sha256::of("other")), ..tool() });
    assert_eq!(denials(&e), ["evidence-wrong-tool"]);

    let mut e = good();
    e.expected.clear();
    assert_eq!(denials(&e), ["evidence-nothing-expected"]);

    let mut e = good();
    e.build = None;
    assert_eq!(denials(&e), ["build-unknown"]);
}

#[test]
fn a_scan_that_found_nothing_to_scan_counts_and_is_shown_as_that() {
    let mut e = good();
    e.statements[1].remark = Some("7 files searched, none is of its kind".into());
    let verdict = verdict(&e);
    assert_eq!(verdict.outcome, Outcome::Pass);
    let rule = verdict.rules.iter().find(|r| r.rule == "evidence-present").unwrap();
    assert!(
        rule.looked_at.iter().any(|l| l == "sast scan: 7 files searched, none is of its kind"),
        "{rule:#?}"
    );
}

#[test]
fn unsigned_or_unlogged_evidence_denies_and_no_exception_helps() {
    let mut e = good();
    e.statements[0].signed = false;
    e.statements[1].logged = false;
    e.exceptions.push(exception(None, Some("evidence-signed")));
    assert_eq!(denials(&e), ["evidence-unlogged", "evidence-unsigned"]);
}

fn exception(finding: Option<FindingId>, rule: Option<&str>) -> ExceptionFacts {
    ExceptionFacts {
        index: 3,
        finding,
        rule: rule.map(str::to_owned),
        environment: None,
        reason: "fix is scheduled".into(),
        by: "sam".into(),
        roles: vec![],
        unentitled: false,
        expires: "2026-12-01T00:00:00Z".parse().unwrap(),
    }
}

#[test]
fn severities_deny_warn_or_pass_by_the_environments_thresholds() {
    let mut e = good();
    e.findings = Severity::ALL.map(|s| finding(s, Technique::Sast)).to_vec();
    assert_eq!(denials(&e), ["finding-critical", "finding-high"]);
    e.settings.block = None;
    assert_eq!(denials(&e), Vec::<String>::new());
    assert_eq!(verdict(&e).outcome, Outcome::Warn);
    let rule = verdict(&e).rules.into_iter().find(|r| r.rule == "findings-threshold").unwrap();
    assert_eq!(rule.reasons.len(), 3, "medium and above warn: {rule:#?}");
    e.settings.warn = None;
    assert_eq!(verdict(&e).outcome, Outcome::Pass);
}

#[test]
fn an_exception_holds_for_its_finding_and_environment_until_it_expires() {
    let mut e = good();
    let weak = finding(Severity::Critical, Technique::Sast);
    e.exceptions = vec![exception(Some(weak.id), None)];
    e.findings = vec![weak];
    let v = verdict(&e);
    assert_eq!(v.outcome, Outcome::Warn, "{v:#?}");
    let reason = v.rules.iter().flat_map(|r| &r.reasons).find(|r| r.exception == Some(3)).unwrap();
    assert!(reason.message.contains("accepted by sam"), "{reason:?}");

    e.exceptions[0].environment = Some("staging".into());
    assert_eq!(denials(&e), ["finding-critical"]);

    e.exceptions[0].environment = None;
    e.now = "2026-12-01T00:00:00Z".parse().unwrap();
    assert_eq!(denials(&e), ["finding-critical"]);
    let codes: Vec<_> = verdict(&e).rules.into_iter().flat_map(|r| r.reasons).map(|r| r.code).collect();
    assert!(codes.contains(&"exception-expired".to_owned()));
}

#[test]
fn secrets_dirty_source_failed_tests_and_network_deny() {
    let mut e = good();
    e.findings = vec![finding(Severity::Low, Technique::Secrets)];
    assert_eq!(denials(&e), ["secret-found"]);
    let mut e = good();
    e.source.dirty = true;
    e.source.commit = None;
    assert_eq!(denials(&e), ["source-dirty", "source-no-commit"]);
    let mut e = good();
    e.tests[0].passed = false;
    assert_eq!(denials(&e), ["test-failed"]);
    let mut e = good();
    e.build.as_mut().unwrap().network_allowed = vec!["registry:pypi".into()];
    assert_eq!(denials(&e), ["build-network-allowed"]);
    e.settings.allow_build_network = true;
    assert_eq!(denials(&e), Vec::<String>::new());
    let mut e = good();
    e.build.as_mut().unwrap().downloaded_from = vec!["registry:pypi".into()];
    assert_eq!(verdict(&e).outcome, Outcome::Warn, "an earlier step downloaded its dependencies");
    let mut e = good();
    e.build.as_mut().unwrap().isolation = "none".into();
    assert_eq!(denials(&e), ["build-not-isolated"]);
}

#[test]
fn a_milestone_is_reached_when_every_requirement_of_it_is_met() {
    let requirement = |id: &str, state| RequirementFacts { id: id.into(), state, because: "why".into() };
    let mut e = good();
    e.settings.requirements = Some("level-1".into());
    assert_eq!(denials(&e), ["requirements-none"], "a milestone without requirements is not reached");
    e.requirements = vec![
        requirement("A", State::Passing),
        requirement("B", State::Waived),
        requirement("C", State::NotApplicable),
    ];
    assert!(denials(&e).is_empty());
    e.requirements.extend([
        requirement("V2", State::Pending),
        requirement("V1", State::Pending),
        requirement("F", State::Failing),
    ]);
    assert_eq!(denials(&e), ["requirements-failing", "requirements-pending"]);
    let verdict = verdict(&e);
    let rule = verdict.rules.iter().find(|rule| rule.rule == "requirements-met").unwrap();
    assert_eq!(rule.reasons[1].message, "milestone level-1: 2 pending: V1, V2");
    assert!(rule.looked_at.contains(&"B waived: why".to_owned()), "{:?}", rule.looked_at);
    e.exceptions = vec![exception(None, Some("requirements-met"))];
    assert_eq!(denials(&e).len(), 2, "no exception covers all of them at once");
    e.settings.requirements = None;
    assert!(denials(&e).is_empty(), "nothing demands them");
}

#[test]
fn users_add_rules_and_a_broken_rule_denies() {
    let mut rules = RuleSet::built_in();
    let own = "package acme.only_shop\nimport rego.v1\ntitle := \"Only the shop\"\n\
               deny contains {\"code\": \"not-shop\", \"message\": \"no\"} if input.project != \"shop\"";
    rules.add("policy/shop.rego", own).unwrap();
    assert_eq!(evaluate(&good(), &rules).unwrap().outcome, Outcome::Pass);
    let mut e = good();
    e.project = "other".into();
    assert_eq!(evaluate(&e, &rules).unwrap().outcome, Outcome::Deny);

    let failing = "package acme.failing\nimport rego.v1\n\
                   deny contains {\"code\": \"x\", \"message\": \"y\"} if to_number(input.project) > 3";
    rules.add("policy/failing.rego", failing).unwrap();
    let v = evaluate(&good(), &rules).unwrap();
    assert_eq!(v.outcome, Outcome::Deny);
    assert_eq!(v.rules.last().unwrap().reasons[0].code, "rule-error");

    let misspelt = "package acme.misspelt\nimport rego.v1\ndeny contains {\"kode\": \"x\"} if true";
    let mut rules = RuleSet::built_in();
    rules.add("m.rego", misspelt).unwrap();
    assert_eq!(evaluate(&good(), &rules).unwrap().outcome, Outcome::Deny);
}

#[test]
fn unusable_rule_files_are_named() {
    use model::UserError;
    let mut rules = RuleSet::built_in();
    let code = |rules: &mut RuleSet, text: &str| rules.add("x.rego", text).unwrap_err().code();
    assert_eq!(code(&mut rules, "package a\n{{{"), "policy-syntax");
    assert_eq!(code(&mut rules, "package a\nx := 1"), "policy-no-verdict");
    assert_eq!(code(&mut rules, &" ".repeat(RuleSet::MOST_BYTES + 1)), "policy-too-large");
    let taken =
        "package mine.no_secrets\nimport rego.v1\nwarn contains {\"code\":\"a\",\"message\":\"b\"} if true";
    assert_eq!(code(&mut rules, taken), "policy-duplicate-rule");
}

#[test]
fn the_same_evidence_gives_the_same_verdict_and_another_policy_another_digest() {
    let mut e = good();
    e.findings = Severity::ALL.map(|s| finding(s, Technique::Sast)).to_vec();
    assert_eq!(verdict(&e), verdict(&e));
    let mut rules = RuleSet::built_in();
    let before = rules.digest();
    rules
        .add(
            "a.rego",
            "package a.b\nimport rego.v1\nwarn contains {\"code\":\"a\",\"message\":\"b\"} if false",
        )
        .unwrap();
    assert_ne!(before, rules.digest());
}

proptest::proptest! {
    #![proptest_config(proptest::prelude::ProptestConfig::with_cases(64))]
    #[test]
    fn arbitrary_rule_files_never_panic(text in "\\PC{0,200}") {
        let _ = RuleSet::built_in().add("x.rego", &text);
        let _ = RuleSet::built_in().add("x.rego", &format!("package a\nimport rego.v1\n{text}"));
    }
}

fn technologies() -> TechnologyFacts {
    TechnologyFacts {
        catalogue: "technologies.yaml".into(),
        digest: Some(Sha256::of("catalogue")),
        unusable: None,
        sboms: vec![3],
        gaps: vec![],
        listed: 4,
        unlisted: 1,
        violations: vec![],
    }
}

#[test]
fn a_catalogue_that_is_named_and_has_nothing_to_say_passes_and_one_that_is_missing_denies() {
    let with = |change: &dyn Fn(&mut TechnologyFacts)| {
        let mut facts = technologies();
        change(&mut facts);
        denials(&Evidence { technologies: Some(facts), ..good() })
    };
    assert!(with(&|_| ()).is_empty());
    assert_eq!(with(&|f| (f.digest, f.unusable) = (None, Some("gone".into()))), ["catalogue-unusable"]);
    assert_eq!(with(&|f| f.digest = None), ["catalogue-unusable"]);
    assert_eq!(with(&|f| f.sboms.clear()), ["catalogue-without-sbom"]);
    assert_eq!(with(&|f| f.gaps.push("poetry.lock".into())), ["catalogue-sbom-partial"]);
}

#[test]
fn a_held_technology_warns_on_its_last_day_and_denies_on_the_next_unless_excepted() {
    let outcome = |enforce: &str, until: Option<&str>| {
        let mut facts = technologies();
        facts.violations.push(TechnologyViolation {
            code: "technology-hold".into(),
            technology: Some("Waitress".into()),
            component: "pkg:pypi/waitress".into(),
            version: Some("2.1.1".into()),
            enforce: enforce.into(),
            until: until.map(str::to_owned),
            message: "Waitress is on hold".into(),
        });
        Evidence { technologies: Some(facts), ..good() }
    };
    let decide = |evidence: &Evidence| verdict(evidence).outcome;
    // It is 2026-11-01 here.
    assert_eq!(decide(&outcome("deny", Some("2026-11-01"))), Outcome::Warn);
    assert_eq!(decide(&outcome("deny", Some("2026-10-31"))), Outcome::Deny);
    assert_eq!(decide(&outcome("deny", Some("someday"))), Outcome::Deny);
    assert_eq!(decide(&outcome("deny", None)), Outcome::Deny);
    assert_eq!(decide(&outcome("warn", None)), Outcome::Warn);
    let mut excepted = outcome("deny", None);
    excepted.exceptions.push(exception(None, Some("technologies")));
    assert_eq!(decide(&excepted), Outcome::Warn);
}

/// A release whose review manager and security must have signed.
fn reviewed(signatures: &[(&str, Role, bool)]) -> Evidence {
    let mut e = good();
    let settings =
        ReleaseReviewSettings { roles: vec![Role::Security, Role::Manager], within_seconds: 86_400 };
    e.settings.release_review = Some(settings);
    let signature = |(name, role, author): &(&str, Role, bool)| ReviewSignature {
        index: 31,
        name: (*name).into(),
        role: *role,
        via: "local".into(),
        author: *author,
    };
    e.release_review = Some(ReleaseReviewFacts {
        index: 30,
        digest: Sha256::of("review"),
        at: "2026-11-01T11:00:00Z".parse().unwrap(),
        age_seconds: 3600,
        expires: "2026-11-14T12:00:00Z".parse().unwrap(),
        problems: vec![],
        signatures: signatures.iter().map(signature).collect(),
        comments: 0,
    });
    e
}

#[test]
fn a_demanded_release_review_counts_only_whole_current_and_by_several_people() {
    const ANN: (&str, Role, bool) = ("ann", Role::Manager, true);
    const BEA: (&str, Role, bool) = ("bea", Role::Security, false);
    let mut e = reviewed(&[ANN, BEA]);
    assert_eq!(denials(&e), [""; 0], "{:#?}", verdict(&e));
    let rule = verdict(&e).rules.into_iter().find(|rule| rule.rule == "release-review").unwrap();
    assert!(rule.looked_at.iter().any(|fact| fact.contains("signed by bea as security")), "{rule:?}");
    // Older than this environment allows, whatever the review itself says.
    e.release_review.as_mut().unwrap().age_seconds = 86_401;
    assert_eq!(denials(&e), ["release-review-expired"]);
    e.release_review = None;
    assert_eq!(denials(&e), ["release-review-missing"]);
    assert_eq!(denials(&reviewed(&[ANN])), ["release-review-author-alone", "release-review-unsigned-role"]);
    assert_eq!(denials(&reviewed(&[])), ["release-review-unsigned-role"; 2]);
    // One person with two roles counts once, and whoever made the change is not enough.
    let twice = [ANN, ("Ann", Role::Security, true)];
    assert_eq!(denials(&reviewed(&twice)), ["release-review-author-alone", "release-review-unsigned-role"]);
    for code in ["release-review-void", "release-review-rejected", "some-later-code"] {
        let mut e = reviewed(&[ANN, BEA]);
        let problem = ReviewProblem { code: code.into(), message: "because".into() };
        e.release_review.as_mut().unwrap().problems.push(problem);
        assert_eq!(denials(&e), [code]);
        // No exception can be made from it.
        e.exceptions.push(exception(None, Some("release-review")));
        assert_eq!(denials(&e), [code]);
    }
    // Where nobody demands it, it decides nothing.
    let mut e = reviewed(&[]);
    e.settings.release_review = None;
    assert_eq!(denials(&e), [""; 0]);
}

#[test]
fn overdue_reviews_deny_where_the_environment_demands_them() {
    let mut e = good();
    let due = |kind: &str, overdue| ReviewDueFacts { kind: kind.into(), due: now(), overdue };
    e.reviews = vec![due("scanners", true), due("tools", false)];
    assert_eq!(denials(&e), [""; 0]);
    e.settings.reviews_current = true;
    assert_eq!(denials(&e), ["review-overdue"]);
    e.reviews.remove(0);
    assert_eq!(denials(&e), [""; 0]);
    e.reviews.clear();
    assert_eq!(denials(&e), ["reviews-unknown"]);
}
