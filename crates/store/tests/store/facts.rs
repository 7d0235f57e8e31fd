//! What the ledger covers, counted over all projects, now and as of earlier moments.

use std::collections::BTreeMap;

use model::{
    Coverage, Digest, Sha256, Subject, Technique, ToolRef,
    facts::{AsOf, ProjectFacts, mark},
    predicate::*,
};

use crate::support::{Base, Ledger, deployment_id, finding, hour, run_id, run_predicate, story};

fn subject() -> Vec<Subject> {
    vec![Subject::sha256("app.tar", Sha256::of("app"))]
}

/// A passed run of a project with two isolated steps, its own rules and requirements.
fn passed(ledger: &mut Ledger, project: &str, n: u8, isolation: &str) -> u64 {
    let mut run = run_predicate(run_id(n), RunPhase::Finished, ledger.now());
    run.project = project.into();
    run.result = Some(RunResult::Passed);
    run.rules = BTreeMap::from([
        ("security-requirements.yaml".to_owned(), Sha256::of("r")),
        ("policy/own.rego".to_owned(), Sha256::of("o")),
    ]);
    for step in &mut run.steps {
        step.result = StepResult::Passed;
        step.isolation = isolation.into();
        let digest = Some(Digest::of("cc").hash);
        step.tools = vec![ToolRef { name: "cc".into(), version: "14".into(), digest }];
    }
    ledger.push(subject(), &run)
}

fn test_result(ledger: &mut Ledger, project: &str, n: u8, failed: bool) -> u64 {
    let context = Context { project: project.into(), run: run_id(n), step: Some("test".into()) };
    let mut proofhouse: TestContext = context.into();
    let tests = RequirementTests { passed: vec!["a".into()], ..RequirementTests::default() };
    proofhouse.requirements.insert("V1.1".into(), tests);
    let test = TestResult {
        result: if failed { "FAILED" } else { "PASSED" }.into(),
        configuration: vec![],
        passed_tests: vec!["a".into()],
        warned_tests: vec![],
        failed_tests: if failed { vec!["b".into()] } else { vec![] },
        proofhouse,
        finished: ledger.now(),
    };
    ledger.push(subject(), &test)
}

fn of<'a>(facts: &'a model::facts::Facts, name: &str) -> &'a ProjectFacts {
    facts.projects.iter().find(|project| project.name == name).unwrap()
}

on_both! {
    async fn a_story_is_counted_and_the_past_stays_as_it_was(base: Base) {
        let (store, mut ledger) = (base.store().await, base.ledger());
        story(&mut ledger);
        crate::support::project(&ledger, &store).await;
        let end = ledger.statements.len() as u64;
        let now = AsOf::Now(ledger.now());

        let facts = store.facts(now, None).await.unwrap();
        assert_eq!((facts.statements, facts.projects.len(), facts.moment), (end, 1, ledger.now()));
        assert_eq!(facts.first.map(|first| (first.index, first.at)), Some((0, hour(0))));
        let demo = &facts.projects[0];
        assert!(demo.run.is_none(), "its only run failed");
        let run = demo.marks[mark::RUN];
        assert_eq!((run.total, run.good, run.holds(), run.newest.index), (1, 0, false, 5));
        assert_eq!((demo.marks["scan:sast"].amount, demo.marks["scan:sast"].holds()), (2, true));
        assert_eq!((demo.open.high, demo.exceptions), (2, 1));
        // The newest deployment was reversed; what stayed is the one before.
        let [staging] = &demo.environments[..] else { panic!("{:?}", demo.environments) };
        assert_eq!((staging.name.as_str(), staging.deployment), ("staging", deployment_id(0)));
        assert!(staging.marks["receipt:before-activation"].holds());
        assert_eq!(demo.marks[mark::DEPLOYMENT].total, 2);
        assert_eq!(demo.marks[mark::TAKEN_BACK].newest_good.unwrap().index, 11);
        assert!(demo.marks["rule:findings-threshold"].holds());
        assert_eq!((facts.organisation[mark::FEED].total, facts.organisation["statement:other"].total), (1, 1));

        // Later statements change what is known now, not what was known then.
        let before = store.facts(AsOf::Then(hour(8)), None).await.unwrap();
        passed(&mut ledger, "demo", 7, "rootless");
        passed(&mut ledger, "later", 8, "none");
        ledger.scan(vec![finding("B608", "a.py", "x")], true);
        crate::support::project(&ledger, &store).await;
        assert_eq!(store.facts(AsOf::Then(hour(8)), None).await.unwrap(), before);
        assert_eq!((before.statements, before.projects.len()), (9, 1));
        assert!(before.projects[0].environments.is_empty() && before.projects[0].open.high == 2);
        assert!(!before.projects[0].marks.contains_key(mark::DEPLOYMENT));
        let none = store.facts(AsOf::Then(hour(0) - std::time::Duration::from_secs(1)), None).await.unwrap();
        assert_eq!((none.statements, none.projects.len(), none.organisation.len()), (0, 0, 0));
        let facts = store.facts(AsOf::Now(hour(200)), None).await.unwrap();
        let names: Vec<_> = facts.projects.iter().map(|project| project.name.as_str()).collect();
        assert_eq!((names, of(&facts, "demo").open.high, of(&facts, "demo").exceptions), (vec!["demo", "later"], 1, 0));
        // One project alone is the same project; what belongs to none is there as well.
        let one = store.facts(AsOf::Now(hour(200)), Some("later")).await.unwrap();
        assert_eq!((&one.projects[..], &one.organisation), (&[of(&facts, "later").clone()][..], &facts.organisation));
    }

    async fn a_review_counts_as_signed_by_a_signature_and_not_by_being_made(base: Base) {
        let (store, mut ledger) = (base.store().await, base.ledger());
        testkit::reviews(&mut ledger);
        let at = |logged: &model::ports::LoggedStatement| logged.statement.predicate["verdict"].is_string();
        let first = ledger.statements.iter().position(at).unwrap();
        let by = model::By { name: "bob".into(), roles: vec![], via: model::Via::Local };
        let rejected = ReviewAnswer {
            review: ledger.envelope(0),
            project: Some("demo".into()),
            point: None,
            verdict: ReviewVerdict::Reject,
            role: None,
            text: "not like this, please".into(),
            by,
            at: ledger.now(),
        };
        ledger.push(subject(), &rejected);
        crate::support::project(&ledger, &store).await;
        let facts = store.facts(AsOf::Now(hour(1000)), None).await.unwrap();
        let release = &of(&facts, "demo").marks[mark::RELEASE_REVIEW];
        assert_eq!((release.total, release.good), (2, 1), "{release:?}");
        let made = &of(&facts, "demo").marks["statement:release-review"];
        assert!(made.newest.index < first as u64);
        assert!(!facts.organisation.contains_key(mark::REVIEW), "its point was answered, and nobody signed it");
    }

    async fn the_newest_passed_run_speaks_for_itself(base: Base) {
        let (store, mut ledger) = (base.store().await, base.ledger());
        test_result(&mut ledger, "shop", 1, false);
        passed(&mut ledger, "shop", 1, "root");
        let test = test_result(&mut ledger, "shop", 2, true);
        let ended = passed(&mut ledger, "shop", 2, "none");
        crate::support::project(&ledger, &store).await;
        let facts = store.facts(AsOf::Now(ledger.now()), None).await.unwrap();
        let shop = of(&facts, "shop");
        let run = shop.run.as_ref().unwrap();
        assert_eq!((run.run, run.ended.index), (run_id(2), ended));
        assert_eq!((run.marks[mark::TEST].newest.index, run.marks[mark::TEST].holds()), (test, false));
        assert!(!run.marks[mark::ISOLATED].holds() && run.marks[mark::PINNED].holds());
        assert!(run.marks[mark::REQUIREMENT_TEST].holds());
        for file in ["file:requirements", "file:gate-rules"] {
            assert!(run.marks[file].holds(), "{file}");
        }
        assert!(!run.marks.contains_key("file:catalogue"));
        // The history knows both.
        assert_eq!((shop.marks[mark::ISOLATED].total, shop.marks[mark::ISOLATED].good), (2, 1));
        assert_eq!(shop.marks[mark::ISOLATED].newest_good.unwrap().index, 1);
        let then = store.facts(AsOf::Then(hour(1)), Some("shop")).await.unwrap();
        assert_eq!(then.projects[0].run.as_ref().unwrap().run, run_id(1));
    }

    async fn a_check_of_what_was_made_is_no_scan_of_the_source(base: Base) {
        let (store, mut ledger) = (base.store().await, base.ledger());
        passed(&mut ledger, "shop", 1, "root");
        let blob = ledger.findings_blob(&[]);
        let made = Scan {
            project: "shop".into(),
            run: Some(run_id(1)),
            technique: Technique::Hardening,
            coverage: Coverage { seen: 3, scanned: 2, stated: true, ..Coverage::default() },
            ..ledger.scan_predicate(blob, true)
        };
        // Of what somebody brought in nobody knows what it looked at.
        let origin = Origin::Step { step: "checksec".into(), format: "sarif".into() };
        ledger.push(subject(), &Scan { origin, ..made.clone() });
        let own = ledger.push(subject(), &Scan { origin: Origin::BuiltIn, ..made });
        crate::support::project(&ledger, &store).await;
        let facts = store.facts(AsOf::Now(ledger.now()), None).await.unwrap();
        let marks = &of(&facts, "shop").run.as_ref().unwrap().marks;
        let checked = marks[mark::HARDENING];
        assert_eq!((checked.newest.index, checked.total, checked.amount), (own, 1, 2));
        assert!(checked.holds() && !marks.keys().any(|name| name.starts_with("scan:")));
    }

    async fn a_database_of_an_older_version_is_not_taken_for_an_empty_one(base: Base) {
        let url = base.url();
        let (store, mut ledger) = (store::Store::open(&url).await.unwrap(), base.ledger());
        assert!(store.facts(AsOf::Now(hour(1)), None).await.unwrap().projects.is_empty());
        story(&mut ledger);
        crate::support::project(&ledger, &store).await;
        base.tamper(&url, "DELETE FROM marks WHERE idx < 5").await;
        let error = store.facts(AsOf::Now(hour(1)), None).await.unwrap_err();
        assert_eq!(model::UserError::code(&error), "projection-uncounted");
    }

    async fn a_statement_that_cannot_be_decoded_shows_only_that_it_is_there(base: Base) {
        let (store, mut ledger) = (base.store().await, base.ledger());
        let index = ledger.scan(vec![finding("B1", "a.py", "x")], true);
        ledger.statements[index as usize].statement.predicate["technique"] = "telepathy".into();
        crate::support::project(&ledger, &store).await;
        let facts = store.facts(AsOf::Now(ledger.now()), None).await.unwrap();
        assert!(facts.projects.is_empty());
        assert_eq!(facts.organisation.keys().collect::<Vec<_>>(), ["statement:scan"]);
        assert!(!facts.organisation["statement:scan"].holds());
    }
}
