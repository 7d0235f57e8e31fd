//! Findings over several scans: new, existing, fixed, reopened, moved.

use model::{Severity, Subject};
use store::{Store, views::*};

use crate::support::{Base, finding, hour};

/// `rule path status` of every finding, sorted.
async fn states(store: &Store) -> Vec<String> {
    let page = store.findings(&FindingFilter::default(), &PageRequest::first(500)).await.unwrap();
    let mut states: Vec<_> = page
        .items
        .iter()
        .map(|f| format!("{} {} {}", f.rule, f.place.path().unwrap_or(""), f.status.name()))
        .collect();
    states.sort();
    states
}

on_both! {
    async fn a_second_scan_marks_existing_new_fixed_and_reopened(base: Base) {
        let (store, mut ledger) = (base.store().await, base.ledger());
        ledger.scan(vec![finding("B1", "a.py", "one"), finding("B2", "b.py", "two")], true);
        crate::support::project(&ledger, &store).await;
        assert_eq!(states(&store).await, ["B1 a.py new", "B2 b.py new"]);

        ledger.scan(vec![finding("B1", "a.py", "one"), finding("B3", "c.py", "three")], true);
        crate::support::project(&ledger, &store).await;
        assert_eq!(states(&store).await, ["B1 a.py existing", "B2 b.py fixed", "B3 c.py new"]);

        ledger.scan(vec![finding("B2", "b.py", "two")], true);
        crate::support::project(&ledger, &store).await;
        assert_eq!(states(&store).await, ["B1 a.py fixed", "B2 b.py reopened", "B3 c.py fixed"]);
        let scan = store.scan(2).await.unwrap().unwrap();
        assert_eq!(scan.changes, ScanChanges { new: 0, existing: 0, reopened: 1, fixed: 2, moved: 0 });
        assert_eq!((scan.stream, scan.open.high), (0, 1));

        let all = store.findings(&FindingFilter::default(), &PageRequest::default()).await.unwrap().items;
        let reopened = all.iter().find(|f| f.rule == "B2").unwrap();
        let detail = store.finding("demo", reopened.id, None).await.unwrap().unwrap();
        let history: Vec<_> = detail.history.iter().map(|e| (e.kind.name(), e.scan)).collect();
        assert_eq!(history, [("found", 0), ("fixed", 1), ("reopened", 2)]);
        assert_eq!(detail.finding.first_seen, hour(0));
        assert_eq!(detail.finding.last_seen, hour(2));
    }

    async fn an_incomplete_scan_fixes_nothing(base: Base) {
        let (store, mut ledger) = (base.store().await, base.ledger());
        ledger.scan(vec![finding("B1", "a.py", "one"), finding("B2", "b.py", "two")], true);
        ledger.scan(vec![finding("B1", "a.py", "one")], false);
        crate::support::project(&ledger, &store).await;
        assert_eq!(states(&store).await, ["B1 a.py existing", "B2 b.py new"]);
    }

    async fn code_that_moves_to_another_file_keeps_its_age_and_history(base: Base) {
        let (store, mut ledger) = (base.store().await, base.ledger());
        ledger.scan(vec![finding("B1", "old.py", "db.run(q)"), finding("B2", "b.py", "two")], true);
        ledger.scan(vec![finding("B1", "mid.py", "db.run(q)"), finding("B2", "b.py", "two")], true);
        ledger.scan(vec![finding("B1", "new.py", "db.run(q)"), finding("B2", "b.py", "two")], true);
        crate::support::project(&ledger, &store).await;
        assert_eq!(states(&store).await, ["B1 new.py existing", "B2 b.py existing"]);
        assert_eq!(store.scan(2).await.unwrap().unwrap().changes.moved, 1);
        let wanted = FindingFilter { text: Some("NEW.py".into()), ..Default::default() };
        let moved = store.findings(&wanted, &PageRequest::default()).await.unwrap().items.remove(0);
        assert_eq!((moved.first_seen, moved.first_index), (hour(0), 0));
        let detail = store.finding("demo", moved.id, None).await.unwrap().unwrap();
        let history: Vec<_> = detail.history.iter().map(|e| (e.kind.name(), e.scan)).collect();
        assert_eq!(history, [("found", 0), ("moved", 1), ("moved", 2)]);
        let old = store.finding("demo", moved.moved_from.unwrap(), None).await.unwrap().unwrap();
        assert_eq!(old.finding.moved_to, Some(moved.id));
    }

    async fn a_move_that_could_be_two_is_none(base: Base) {
        let (store, mut ledger) = (base.store().await, base.ledger());
        ledger.scan(vec![finding("B1", "old.py", "db.run(q)")], true);
        ledger.scan(vec![finding("B1", "x.py", "db.run(q)"), finding("B1", "y.py", "db.run(q)")], true);
        crate::support::project(&ledger, &store).await;
        assert_eq!(states(&store).await, ["B1 old.py fixed", "B1 x.py new", "B1 y.py new"]);
    }

    async fn streams_do_not_touch_each_other(base: Base) {
        let (store, mut ledger) = (base.store().await, base.ledger());
        ledger.scan(vec![finding("B1", "a.py", "one")], true);
        for (key, value) in [("project", "other"), ("technique", "manual")] {
            let index = ledger.scan(vec![finding("B9", "z.py", "nine")], true);
            ledger.statements[index as usize].statement.predicate[key] = value.into();
        }
        let index = ledger.scan(vec![], true);
        ledger.statements[index as usize].statement.predicate["target"]["stream"] = "artifact".into();
        crate::support::project(&ledger, &store).await;
        assert_eq!(states(&store).await, ["B1 a.py new", "B9 z.py new", "B9 z.py new"]);
    }

    async fn the_same_identity_twice_in_a_report_is_one_finding(base: Base) {
        let (store, mut ledger) = (base.store().await, base.ledger());
        let mut twice = vec![finding("B1", "a.py", "one"); 2];
        twice.iter_mut().for_each(|f| model::identity::Identifier::default().assign(f));
        for _ in 0..2 {
            let blob = ledger.findings_blob(&twice);
            let predicate = ledger.scan_predicate(blob, true);
            ledger.push(vec![Subject::named("source", "gitTree", "ab".repeat(20))], &predicate);
        }
        crate::support::project(&ledger, &store).await;
        assert_eq!(states(&store).await, ["B1 a.py existing"]);
    }

    async fn filters_and_counts_agree(base: Base) {
        let (store, mut ledger) = (base.store().await, base.ledger());
        let mut findings: Vec<_> =
            (0..40).map(|n| finding(&format!("B{n}"), &format!("dir_{n}/a.py"), &n.to_string())).collect();
        for (n, finding) in findings.iter_mut().enumerate() {
            finding.severity = Severity::ALL[n % 5];
        }
        ledger.scan(findings, true);
        crate::support::project(&ledger, &store).await;
        let all = store.finding_counts(&FindingFilter::default()).await.unwrap();
        assert_eq!((all.total, all.severity.critical, all.status["new"]), (40, 8, 40));
        let wanted = FindingFilter {
            project: Some("demo".into()),
            severity: vec![Severity::High, Severity::Critical],
            scanner: Some("bandit".into()),
            text: Some("DIR_1".into()),
            ..FindingFilter::open()
        };
        let found = store.findings(&wanted, &PageRequest::first(500)).await.unwrap().items;
        // dir_13, 14, 18, 19 (dir_1 itself has another severity).
        assert_eq!(found.len(), 4);
        assert_eq!(found[0].severity, Severity::Critical);
        assert_eq!(store.finding_counts(&wanted).await.unwrap().total, 4);
        let nothing = FindingFilter { text: Some("dir%".into()), ..Default::default() };
        assert_eq!(store.finding_counts(&nothing).await.unwrap().total, 0);
        let prefix = &found[0].id.to_string()[..10];
        assert_eq!(store.findings_by_prefix(prefix, 5).await.unwrap(), found[..1]);
    }

    async fn the_trend_follows_the_scans(base: Base) {
        let (store, mut ledger) = (base.store().await, base.ledger());
        ledger.scan(vec![finding("B1", "a.py", "one"), finding("B2", "b.py", "two")], true);
        // One statement an hour: these fill a day and a half.
        (0..36).for_each(|_| { ledger.filler(); });
        ledger.scan(vec![finding("B1", "a.py", "one")], true);
        crate::support::project(&ledger, &store).await;
        let trend = store.trend(Some("demo"), 4, hour(50)).await.unwrap();
        let days: Vec<_> = trend.iter().map(|p| (p.day.as_str(), p.open.high)).collect();
        assert_eq!(days, [("2026-02-28", 0), ("2026-03-01", 2), ("2026-03-02", 1), ("2026-03-03", 1)]);
    }
}
