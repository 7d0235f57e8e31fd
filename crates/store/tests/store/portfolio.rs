//! The portfolio's figures: what is summed as statements come is what counting gives, and each number is
//! the length of the list that shows it.

use std::collections::BTreeMap;

use model::{
    By, DeploymentId, RunId, Severity, Subject, Technique, Timestamp, Via,
    evidence::Outcome,
    portfolio::{CoverageState, Outcomes, Portfolio, ServiceLevels},
    predicate::{Deployment, DeploymentResult, RunPhase, Triage, TriageState},
};
use store::{PortfolioQuery, Store, views::*};

use crate::support::{Base, Ledger, finding, hour, print, run_predicate, story};

const DAY: u64 = 24;

fn levels() -> ServiceLevels {
    BTreeMap::from([(Severity::Critical, 2), (Severity::High, 5)])
}

async fn ask(store: &Store, projects: Option<&[String]>, now: Timestamp) -> Portfolio {
    let query = PortfolioQuery {
        projects,
        now,
        days: 30,
        service_levels: &levels(),
        techniques: &[Technique::Sast, Technique::Sca],
        stale_days: 7,
        most: 5,
    };
    store.portfolio(&query).await.unwrap()
}

/// A scan of a project on a day, with so many findings of each severity.
fn scan(ledger: &mut Ledger, project: &str, day: u64, counts: &[(Severity, usize)], complete: bool) -> u64 {
    let mut findings = Vec::new();
    for (severity, n) in counts {
        for k in 0..*n {
            let mut one = finding(&format!("B{k}"), "a.py", &format!("{severity} {k}"));
            one.severity = *severity;
            findings.push(one);
        }
    }
    let index = ledger.scan(findings, complete);
    let logged = &mut ledger.statements[index as usize];
    logged.logged_at = hour(day * DAY);
    for (key, value) in
        [("project", serde_json::json!(project)), ("ended", serde_json::json!(hour(day * DAY)))]
    {
        logged.statement.predicate[key] = value;
    }
    index
}

fn person(name: &str) -> By {
    By { name: name.into(), roles: vec![model::Role::Security], via: Via::Local }
}

fn triage(finding: model::FindingId, state: Option<TriageState>) -> Triage {
    Triage {
        project: "shop".into(),
        finding,
        state,
        duplicate_of: None,
        reason: state.map(|_| "reviewed with the team".into()),
        seen: None,
        assignee: None,
        comment: None,
        by: person("ann"),
        at: hour(300),
    }
}

fn subject() -> Vec<Subject> {
    vec![Subject::named("source", "gitTree", "ab".repeat(20))]
}

on_both! {
    async fn risk_and_age_follow_the_scans_and_equal_the_lists(base: Base) {
        use Severity::{Critical, High, Low};
        let (store, mut ledger) = (base.store().await, base.ledger());
        scan(&mut ledger, "shop", 0, &[(Critical, 2), (High, 3)], true);
        scan(&mut ledger, "mail", 1, &[(High, 4), (Low, 1)], true);
        scan(&mut ledger, "shop", 6, &[(Critical, 1), (High, 5)], true);
        crate::support::project(&ledger, &store).await;
        let now = hour(6 * DAY + 1);
        let all = ask(&store, None, now).await;
        assert_eq!(all.projects, 2);
        let open: Vec<_> = all.trend.iter().rev().take(7).map(|day| (day.open.critical, day.open.high)).collect();
        assert_eq!(open, [(1, 9), (2, 7), (2, 7), (2, 7), (2, 7), (2, 7), (2, 3)]);
        assert_eq!(all.trend.last().unwrap().day, "2026-03-07");
        // Of shop's high ones three are six days old and two are new; mail's are five days old: not over 5.
        let high = all.ages.iter().find(|row| row.severity == High).unwrap();
        assert_eq!((high.open, high.classes, high.overdue), (9, [9, 0, 0, 0], 3));
        assert_eq!(high.due_before.as_deref(), Some("2026-03-02"));
        let low = all.ages.iter().find(|row| row.severity == Low).unwrap();
        assert_eq!((low.open, low.overdue, low.service_level), (1, 0, None));
        let worst: Vec<_> =
            all.overdue.iter().map(|one| (one.project.as_str(), one.overdue.critical, one.overdue.high)).collect();
        assert_eq!(worst, [("shop", 1, 3)]);
        // The evidence of a figure is the list with the same bounds, however it is counted.
        for row in &all.ages {
            let Some(day) = &row.due_before else { continue };
            let list = FindingFilter {
                severity: vec![row.severity],
                first_before: Some(format!("{day}T00:00:00Z").parse().unwrap()),
                ..FindingFilter::open()
            };
            assert_eq!(store.finding_counts(&list).await.unwrap().total, row.overdue, "{row:?}");
            let fine = FindingFilter { target: Some("source".into()), ..list.clone() };
            assert_eq!(store.finding_counts(&fine).await.unwrap(), store.finding_counts(&list).await.unwrap());
        }
        let limited = ask(&store, Some(&["mail".to_owned()]), now).await;
        assert_eq!((limited.projects, limited.overdue.len()), (1, 0));
        assert_eq!(limited.trend.last().unwrap().open.high, 4);
        assert_eq!(limited.ages.iter().map(|row| row.open).sum::<u64>(), 5);
        let nobody = ask(&store, Some(&[]), now).await;
        assert_eq!((nobody.projects, nobody.ages.iter().map(|row| row.open).sum::<u64>()), (0, 0));
        assert!(nobody.tools.is_empty() && nobody.trend.iter().all(|day| day.open.total() == 0));
    }

    async fn counts_from_sums_are_those_of_counting(base: Base) {
        let (store, mut ledger) = (base.store().await, base.ledger());
        story(&mut ledger);
        scan(&mut ledger, "shop", 1, &[(Severity::Critical, 2), (Severity::High, 3)], true);
        scan(&mut ledger, "shop", 2, &[(Severity::Critical, 1)], true);
        // Code that moved goes on as one finding, and is counted as one.
        ledger.scan(vec![finding("B608", "moved.py", "x"), finding("B101", "b.py", "y")], true);
        crate::support::project(&ledger, &store).await;
        for project in [None, Some("shop".to_owned()), Some("demo".to_owned()), Some("none".to_owned())] {
            for status in [vec![], vec![FindingStatus::Fixed], FindingFilter::open().status] {
                let sums = FindingFilter { project: project.clone(), status, ..FindingFilter::default() };
                // A bound that excludes nothing makes it count.
                let counted = FindingFilter { target: Some("source".into()), ..sums.clone() };
                let (sums, counted) =
                    (store.finding_counts(&sums).await.unwrap(), store.finding_counts(&counted).await.unwrap());
                assert_eq!(sums, counted, "{project:?}");
            }
        }
    }

    async fn a_project_without_a_recent_complete_scan_is_a_gap(base: Base) {
        let (store, mut ledger) = (base.store().await, base.ledger());
        scan(&mut ledger, "fresh", 20, &[], true);
        scan(&mut ledger, "stale", 2, &[], true);
        scan(&mut ledger, "stale", 20, &[], false);
        scan(&mut ledger, "broken", 20, &[], false);
        crate::support::project(&ledger, &store).await;
        let now = hour(21 * DAY);
        let all = ask(&store, None, now).await;
        let sast = &all.coverage[0];
        assert_eq!((sast.fresh, sast.stale, sast.incomplete, sast.missing), (1, 1, 1, 0));
        assert_eq!(all.coverage[1].missing, 3);
        let query = PortfolioQuery {
            projects: None,
            now,
            days: 30,
            service_levels: &levels(),
            techniques: &[Technique::Sast, Technique::Sca],
            stale_days: 7,
            most: 5,
        };
        let (mut page, mut seen) = (PageRequest::first(2), Vec::new());
        loop {
            let got = store.coverage(&query, None, &page).await.unwrap();
            seen.extend(got.items.into_iter().map(|one| (one.project, one.technique.name(), one.state.name())));
            let Some(next) = got.next else { break };
            page.after = Some(next);
        }
        let states: Vec<_> = seen.iter().map(|(project, t, state)| format!("{project} {t} {state}")).collect();
        assert_eq!(states, [
            "broken sast incomplete", "broken sca missing", "fresh sast fresh", "fresh sca missing",
            "stale sast stale", "stale sca missing",
        ]);
        let stale = store.coverage(&query, Some(CoverageState::Stale), &PageRequest::default()).await.unwrap();
        assert_eq!((stale.items.len(), stale.items[0].scan), (1, Some(2)));
        let tool = &all.tools[0];
        assert_eq!((tool.projects, tool.scans, tool.incomplete, tool.failing, tool.drift), (3, 4, 2, 2, false));
    }

    async fn one_version_with_two_digests_is_drift(base: Base) {
        let (store, mut ledger) = (base.store().await, base.ledger());
        for (project, digest) in [("a", "one"), ("b", "two")] {
            let index = scan(&mut ledger, project, 1, &[], true);
            ledger.statements[index as usize].statement.predicate["tool"]["digest"] =
                serde_json::json!(model::Sha256::of(digest));
        }
        crate::support::project(&ledger, &store).await;
        let tool = ask(&store, None, hour(30)).await.tools.remove(0);
        assert_eq!((tool.versions, tool.drift), (1, true));
        let limited = ask(&store, Some(&["a".to_owned()]), hour(30)).await.tools.remove(0);
        assert!(!limited.drift);
    }

    async fn gates_and_deployments_are_summed_by_environment(base: Base) {
        let (store, mut ledger) = (base.store().await, base.ledger());
        story(&mut ledger);
        crate::support::project(&ledger, &store).await;
        let all = ask(&store, None, hour(20)).await;
        assert_eq!(all.gates[0].total, Outcomes { warn: 1, ..Outcomes::default() });
        assert_eq!((all.gates[0].environment.as_str(), all.gates[0].total.pass_rate()), ("staging", Some(100)));
        let delivery = &all.delivery[0];
        assert_eq!((delivery.result("deployed"), delivery.result("reversed")), (1, 1));
        assert_eq!(delivery.change_failure_rate(), Some(50));
        // From hour 1, when the first run of the commit began, to hour 9.
        assert_eq!((delivery.lead.median(), delivery.restore.median()), (Some("day"), Some("hour")));
        assert_eq!(all.exceptions.active, 1);
        let filter = DecisionFilter { outcome: Some(Outcome::Deny), ..DecisionFilter::default() };
        assert_eq!(store.decisions_where(&filter, &PageRequest::default()).await.unwrap().items.len(), 0);
        let before = ask(&store, None, hour(0)).await;
        assert_eq!(before.gates.len(), 1, "the first day has the decision too");
        let earlier = ask(&store, None, hour(0) - std::time::Duration::from_secs(90_000)).await;
        assert!(earlier.gates.is_empty() && earlier.delivery.is_empty());
    }

    async fn a_later_statement_about_a_deployment_takes_the_place_of_the_first(base: Base) {
        let (store, mut ledger) = (base.store().await, base.ledger());
        let run = RunId::new(hour(0), [7; 10]);
        let mut started = run_predicate(run, RunPhase::Started, hour(0));
        started.commit = None;
        ledger.push(subject(), &started);
        let mut deployment = Deployment {
            project: "demo".into(),
            deployment: DeploymentId::new(hour(0), [7; 10]),
            environment: "production".into(),
            driver: "host".into(),
            run: Some(run),
            artifact: "app".into(),
            digest: model::Sha256::of("app"),
            decision: model::Sha256::of("decision"),
            previous: None,
            actor: "ann".into(),
            started: hour(1),
            ended: hour(1),
            stages: vec![],
            result: DeploymentResult::Interrupted,
            health: None,
            address: None,
            variables: BTreeMap::new(),
        };
        ledger.push(subject(), &deployment);
        deployment.result = DeploymentResult::Deployed;
        ledger.push(subject(), &deployment);
        crate::support::project(&ledger, &store).await;
        let delivery = ask(&store, None, hour(5)).await.delivery.remove(0);
        assert_eq!(delivery.results, BTreeMap::from([("deployed".to_owned(), 1)]));
        assert_eq!((delivery.lead.total(), delivery.days.len()), (1, 1));
    }

    async fn triage_is_shown_kept_and_counted_for_the_scanner(base: Base) {
        let (store, mut ledger) = (base.store().await, base.ledger());
        scan(&mut ledger, "shop", 0, &[(Severity::High, 3)], true);
        crate::support::project(&ledger, &store).await;
        let all = store.findings(&FindingFilter::default(), &PageRequest::default()).await.unwrap().items;
        let ids: Vec<_> = all.iter().map(|finding| finding.id).collect();
        let rule = |n: usize| all[n].rule.clone();
        ledger.push(subject(), &triage(ids[0], Some(TriageState::FalsePositive)));
        ledger.push(subject(), &Triage { assignee: Some("bob".into()), ..triage(ids[0], None) });
        ledger.push(subject(), &Triage { comment: Some("is that so?".into()), ..triage(ids[1], None) });
        ledger.push(subject(), &triage(ids[1], Some(TriageState::Confirmed)));
        ledger.push(subject(), &triage(ids[2], Some(TriageState::FalsePositive)));
        ledger.push(subject(), &triage(ids[2], Some(TriageState::None)));
        // Not believable: no reason. It leaves its own row, with the reason why.
        let short = ledger.push(subject(), &Triage { reason: None, ..triage(ids[1], Some(TriageState::WontFix)) });
        crate::support::project(&ledger, &store).await;
        // What was taken back is no lesson; what was found to be none is one, with its reason and rule.
        let facts = store.awareness(&[], hour(0), hour(1000)).await.unwrap();
        let told: Vec<_> = facts.judged.iter().map(|one| (one.finding, one.state, one.rule.is_some())).collect();
        assert_eq!(told, [(ids[0], TriageState::FalsePositive, true)]);
        assert!(!facts.judged[0].title.is_empty() && !facts.judged[0].reason.is_empty());
        assert_eq!(facts.rules.iter().map(|rule| rule.false_positive).sum::<u64>(), 1);
        assert!(store.awareness(&["other".into()], hour(0), hour(1000)).await.unwrap().judged.is_empty());
        let practice = store.practice(hour(0), hour(1000)).await.unwrap().triage.unwrap();
        // The newest judgement of each, also one that takes another back; what was never believed is none.
        let newest = store.judgements("shop").await.unwrap();
        assert_eq!(newest, [1, 4, 6].map(|after| short - 7 + after));
        assert!(store.judgements("other").await.unwrap().is_empty());
        let judged: u64 = practice.iter().map(|one| one.decided).sum();
        let wrong: Vec<_> = practice.iter().flat_map(|one| one.evidence.clone()).collect();
        assert_eq!((judged, wrong.len()), (2, 1), "{practice:?}");
        let refused = store.statement(short).await.unwrap().unwrap();
        assert!(refused.error.unwrap().contains("at least 10 characters"));
        let wanted = FindingFilter { triage: Some(TriageState::FalsePositive), ..FindingFilter::default() };
        let found = store.findings(&wanted, &PageRequest::default()).await.unwrap().items;
        assert_eq!(found.iter().map(|one| (one.id, one.assignee.as_deref())).collect::<Vec<_>>(), [(ids[0], Some("bob"))]);
        let bobs = FindingFilter { assignee: Some("bob".into()), ..FindingFilter::default() };
        assert_eq!(store.finding_counts(&bobs).await.unwrap().total, 1);
        let open = FindingFilter { triage: Some(TriageState::None), ..FindingFilter::default() };
        assert_eq!(store.findings(&open, &PageRequest::default()).await.unwrap().items[0].id, ids[2]);
        let history = store.finding("shop", ids[1], None).await.unwrap().unwrap().triage;
        assert_eq!(history.len(), 2);
        assert_eq!((history[0].comment.as_deref(), history[1].state), (Some("is that so?"), Some(TriageState::Confirmed)));
        assert_eq!(history[0].by, person("ann"));
        let quality = store.rule_quality(None, 5).await.unwrap();
        assert_eq!((quality[0].rule.clone(), quality[0].false_positive_rate()), (rule(0), Some(100)));
        assert_eq!((quality[1].rule.clone(), quality[1].false_positive_rate()), (rule(1), Some(0)));
        assert_eq!(quality.len(), 2);
        assert!(store.rule_quality(Some(&["other".to_owned()]), 5).await.unwrap().is_empty());
    }

    async fn a_database_of_before_begins_again_at_the_first_statement(base: Base) {
        let url = base.url();
        let (store, mut ledger) = (Store::open(&url).await.unwrap(), base.ledger());
        story(&mut ledger);
        crate::support::project(&ledger, &store).await;
        let now = print(&store).await;
        store.close().await;
        // As an earlier version left it: without the newest tables.
        base.tamper(
            &url,
            "DROP TABLE tallies; DROP TABLE stock; DROP TABLE health; DROP TABLE changes; DROP TABLE standings;
             DROP TABLE triage; DROP TABLE judged; DROP INDEX findings_worst; DROP INDEX exceptions_expires;
             DROP INDEX runs_commit; DROP INDEX decisions_at; DROP INDEX deployments_ended;
             UPDATE proofhouse_schema SET version = 2;",
        )
        .await;
        let store = Store::open(&url).await.unwrap();
        assert_eq!(store.next_index().await.unwrap(), 0);
        crate::support::project(&ledger, &store).await;
        assert_eq!(print(&store).await, now);
    }
}
