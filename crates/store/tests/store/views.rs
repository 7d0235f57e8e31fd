//! What queries answer after a whole story was projected.

use model::{Sha256, Subject, evidence::Outcome, predicate::DeploymentResult, predicate::RunPhase};
use store::{StatementFilter, views::*};

use crate::support::{Base, deployment_id, finding, hour, run_id, run_predicate, story, technologies};

on_both! {
    async fn a_run_has_everything_that_hangs_on_it(base: Base) {
        let (store, mut ledger) = (base.store().await, base.ledger());
        story(&mut ledger);
        crate::support::project(&ledger, &store).await;

        let run = store.run(run_id(1)).await.unwrap().unwrap();
        assert_eq!(run.run.status, RunStatus::Failed);
        assert_eq!((run.run.steps, run.run.passed, run.run.failed, run.run.cached), (2, 1, 1, 1));
        assert_eq!((run.run.started_index, run.run.finished_index), (0, Some(5)));
        assert_eq!(run.steps[1].needs, ["build"]);
        assert_eq!(run.steps[0].action, Some(model::Digest::of("build")));
        assert_eq!(run.artifacts[0].digest, Sha256::of("app"));
        assert_eq!(run.scans[0].changes.new, 2);
        assert!(run.scans[0].complete);
        assert_eq!(run.tests[0].failed_tests, ["c\0d"]);
        let coverage = run.tests[0].coverage.clone().unwrap().figures;
        assert_eq!((coverage.lines.percent(), coverage.branches.unwrap().percent()), (77, 50));
        assert_eq!((run.traces[0].dropped, run.traces[0].network.len()), (2, 1));
        assert_eq!(run.decisions[0].outcome, Outcome::Warn);
        assert_eq!(run.deployments.len(), 2);
        let kinds: Vec<_> = run.statements.iter().map(|s| s.kind.as_str()).collect();
        assert_eq!(
            kinds,
            ["run", "provenance", "sbom", "test", "trace", "run", "scan", "decision", "deployment", "deployment"]
        );
        assert_eq!(store.artifact(Sha256::of("app")).await.unwrap(), run.artifacts);
    }

    async fn while_a_run_goes_on_its_steps_are_planned_until_their_provenance_comes(base: Base) {
        let (store, mut ledger) = (base.store().await, base.ledger());
        story(&mut ledger);
        store.project(&ledger.statements[0], &ledger.blobs).await.unwrap();
        let results = |run: RunDetail| run.steps.into_iter().map(|step| step.result).collect::<Vec<_>>();
        let run = store.run(run_id(1)).await.unwrap().unwrap();
        assert_eq!(run.run.status, RunStatus::Running);
        assert_eq!(results(run), ["planned", "planned"]);
        store.project(&ledger.statements[1], &ledger.blobs).await.unwrap();
        assert_eq!(results(store.run(run_id(1)).await.unwrap().unwrap()), ["passed", "planned"]);
    }

    async fn a_reversed_deployment_leaves_the_earlier_release_active(base: Base) {
        let (store, mut ledger) = (base.store().await, base.ledger());
        story(&mut ledger);
        crate::support::project(&ledger, &store).await;
        let environment = store.environment("demo", "staging").await.unwrap().unwrap();
        assert_eq!(environment.current.unwrap().deployment, deployment_id(0));
        assert_eq!(environment.last.result, DeploymentResult::Reversed);
        let detail = store.deployment(deployment_id(1)).await.unwrap().unwrap();
        assert_eq!(detail.receipts[0].checks[0].name, "signature");
        assert_eq!(detail.decision.unwrap().verdict.rules[0].rule, "findings-threshold");
        assert_eq!(detail.deployment.variables["TOKEN"], Sha256::of("secret"));
    }

    async fn a_project_is_summed_up(base: Base) {
        let (store, mut ledger) = (base.store().await, base.ledger());
        story(&mut ledger);
        let mut other = run_predicate(run_id(9), RunPhase::Started, hour(9));
        other.project = "another".into();
        ledger.push(vec![Subject::named("source", "gitTree", "cd".repeat(20))], &other);
        crate::support::project(&ledger, &store).await;
        let projects = store.projects().await.unwrap();
        assert_eq!(projects.iter().map(|p| p.name.as_str()).collect::<Vec<_>>(), ["another", "demo"]);
        let demo = store.project_summary("demo").await.unwrap().unwrap();
        assert_eq!(demo, projects[1]);
        assert_eq!((demo.runs, demo.open.high, demo.environments.len()), (1, 2, 1));
        assert_eq!(demo.last_run.unwrap().run, run_id(1));
        assert!(store.project_summary("nobody").await.unwrap().is_none());
        let first = store.project_page(None, None, &PageRequest::first(1)).await.unwrap();
        assert_eq!((&first.items[..], first.next.as_deref()), (&projects[..1], Some("another")));
        let rest = PageRequest { after: first.next, limit: 1 };
        assert_eq!(store.project_page(None, None, &rest).await.unwrap().items, projects[1..]);
        let named = store.project_page(Some("DEM"), None, &PageRequest::first(9)).await.unwrap();
        assert_eq!((&named.items[..], named.next), (&projects[1..], None));
        let own = ["another".to_owned()];
        let visible = store.project_page(None, Some(&own), &PageRequest::first(9)).await.unwrap();
        assert_eq!(visible.items, projects[..1]);
        assert_eq!(store.environments_of(&own).await.unwrap(), []);
    }

    async fn components_exceptions_and_feeds_are_found(base: Base) {
        let (store, mut ledger) = (base.store().await, base.ledger());
        story(&mut ledger);
        crate::support::project(&ledger, &store).await;
        let page = PageRequest::default();
        let sbom = store.sboms(Some("demo"), &page).await.unwrap().items.remove(0);
        assert_eq!((sbom.components, sbom.run, sbom.spec_version.as_str()), (2, Some(run_id(1)), "1.6"));
        let components = store.components(sbom.index, None, &page).await.unwrap().items;
        assert_eq!(components[0].licenses, ["BSD-3-Clause", "MIT OR Apache-2.0"]);
        assert_eq!(components[1].name, "@babel/core");
        assert_eq!(store.components(sbom.index, Some("DJANGO"), &page).await.unwrap().items.len(), 1);
        assert_eq!(store.components(sbom.index, Some("%"), &page).await.unwrap().items.len(), 0);
        for (purl, found) in [("pkg:pypi/django", 1), ("pkg:pypi/django@4.2", 1), ("pkg:pypi/django@5", 0)] {
            assert_eq!(store.sboms_with(purl, &page).await.unwrap().items.len(), found, "{purl}");
        }
        assert_eq!(store.active_exceptions(Some("demo"), hour(99)).await.unwrap().len(), 1);
        assert_eq!(store.active_exceptions(Some("demo"), hour(100)).await.unwrap().len(), 0);
        assert_eq!(store.exceptions(None).await.unwrap()[0].by, "ann");
        assert_eq!(store.feeds().await.unwrap()[0].digest, Some(Sha256::of("osv")));
    }

    async fn what_was_used_at_a_time_is_found(base: Base) {
        let (store, mut ledger) = (base.store().await, base.ledger());
        story(&mut ledger);
        let before = ledger.now();
        let index = ledger.push(vec![], &technologies(before));
        crate::support::project(&ledger, &store).await;
        assert_eq!(store.newest_technologies("demo").await.unwrap(), Some(index));
        assert_eq!(store.newest_technologies("nobody").await.unwrap(), None);
        let names = |used: Vec<UsedView>| used.into_iter().map(|one| one.name).collect::<Vec<_>>();
        let later = ledger.now();
        assert_eq!(names(store.used_at(later).await.unwrap()), ["Python", "postgres", "django"]);
        let logged = ledger.statements[index as usize].logged_at;
        assert_eq!(names(store.used_at(logged).await.unwrap()), ["django"]);
        assert!(store.used_at(hour(0)).await.unwrap().is_empty());
        assert_eq!(store.people().await.unwrap(), [("demo".to_owned(), "ann".to_owned())]);
        assert_eq!(store.statements_of_kind("technologies").await.unwrap(), [index]);
    }

    async fn statements_are_found_by_index_envelope_digest_and_kind(base: Base) {
        let (store, mut ledger) = (base.store().await, base.ledger());
        story(&mut ledger);
        crate::support::project(&ledger, &store).await;
        let last = ledger.statements.last().unwrap();
        let entry = store.statement(last.index).await.unwrap().unwrap();
        assert_eq!((entry.kind.as_str(), entry.error), ("other", None));
        let by_envelope = store.statement_by_envelope(last.envelope).await.unwrap().unwrap();
        assert_eq!(by_envelope.index, last.index);
        let about = store.statements_about(&Sha256::of("app").hex().to_uppercase()).await.unwrap();
        assert_eq!(about.iter().map(|s| s.index).collect::<Vec<_>>(), [1, 2, 4, 8, 9, 10, 11, 12, 14]);
        assert_eq!(store.statements_about(&"ab".repeat(20)).await.unwrap().len(), 5);
        let filter = StatementFilter { kind: Some("receipt".into()), ..Default::default() };
        let page = store.statements(&filter, &PageRequest::default()).await.unwrap();
        assert_eq!(page.items.iter().map(|s| s.index).collect::<Vec<_>>(), [12, 10]);
    }

    async fn a_statement_that_cannot_be_decoded_is_kept_with_the_reason(base: Base) {
        let (store, mut ledger) = (base.store().await, base.ledger());
        let index = ledger.scan(vec![finding("B1", "a.py", "x")], true);
        ledger.statements[index as usize].statement.predicate["technique"] = "telepathy".into();
        // A blob whose digest is right but whose second line is not a finding.
        let mut blob = ledger.findings_blob(&[finding("B1", "a.py", "x")]);
        blob.digest = with_garbage(&ledger, &blob);
        blob.count = 2;
        let predicate = ledger.scan_predicate(blob, true);
        ledger.push(vec![Subject::named("source", "gitTree", "ab".repeat(20))], &predicate);
        // One that states more findings than there are.
        let mut blob = ledger.findings_blob(&[finding("B1", "a.py", "x")]);
        blob.count = 7;
        let predicate = ledger.scan_predicate(blob, true);
        ledger.push(vec![Subject::named("source", "gitTree", "ab".repeat(20))], &predicate);
        story(&mut ledger);
        crate::support::project(&ledger, &store).await;
        for (index, reason) in [(0, "telepathy"), (1, "findings line 2"), (2, "7 are stated")] {
            let entry = store.statement(index).await.unwrap().unwrap();
            assert!(entry.error.as_ref().unwrap().contains(reason), "{:?}", entry.error);
        }
        // Nothing of them is left but their own rows, and what came after is there.
        let scan = store.scans(None, &PageRequest::default()).await.unwrap().items.remove(0);
        let about = async |project: &str, run, commit| store.scans_about(project, run, commit).await.unwrap();
        assert_eq!(about("demo", scan.run.unwrap(), None).await, [scan.index]);
        assert_eq!(about("other", scan.run.unwrap(), None).await, [0_u64; 0]);
        assert_eq!(about("demo", model::RunId::new(hour(1), [9; 10]), Some("ab")).await, [0_u64; 0]);
        assert_eq!(store.finding_counts(&FindingFilter::default()).await.unwrap().total, 2);
    }
}

/// The same blob with a line that is not a finding.
fn with_garbage(ledger: &crate::support::Ledger, blob: &model::predicate::FindingsBlob) -> model::Digest {
    use model::ports::Blobs as _;
    let mut bytes = ledger.blobs.get(&blob.digest.hash).unwrap();
    bytes.extend(b"{\"id\": 5}\n");
    ledger.blobs.put(&bytes).unwrap()
}
