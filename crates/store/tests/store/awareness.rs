//! Facts for awareness over several scans: counted in the database, alike in both.

use model::{BySeverity, Severity};

use crate::support::{Base, finding, hour};

fn weak(rule: &str, path: &str, cwe: u32, severity: Severity) -> model::Finding {
    model::Finding { cwe: vec![cwe], severity, ..finding(rule, path, path) }
}

on_both! {
    async fn what_appeared_was_fixed_and_grows_old_is_counted_for_some_projects_or_all(base: Base) {
        let (store, mut ledger) = (base.store().await, base.ledger());
        let (sql, xss) = (weak("B1", "a.py", 89, Severity::High), weak("B2", "b.py", 79, Severity::Medium));
        ledger.scan(vec![sql.clone(), xss.clone()], true);
        ledger.scan(vec![xss.clone(), weak("B3", "c.py", 89, Severity::Low)], true);
        crate::support::project(&ledger, &store).await;

        let demo = ["demo".to_owned()];
        let facts = store.awareness(&demo, hour(1), hour(2)).await.unwrap();
        assert_eq!(facts.appeared_count, BySeverity { low: 1, ..BySeverity::default() });
        assert_eq!(facts.appeared[0].rule, "B3");
        assert_eq!(facts.fixed_count, BySeverity { high: 1, ..BySeverity::default() });
        assert_eq!((facts.fixed[0].rule.as_str(), facts.fixed[0].fixed), ("B1", Some(hour(1))));
        assert_eq!((facts.open_count.total(), facts.open_count.medium), (2, 1));
        let oldest: Vec<_> = facts.oldest.iter().map(|one| (one.rule.as_str(), one.first_seen)).collect();
        assert_eq!(oldest, [("B2", hour(0)), ("B3", hour(1))]);
        let classes: Vec<_> =
            facts.classes.iter().map(|c| (c.cwe[0], c.severity, c.open, c.fixed, c.first_fixed)).collect();
        assert_eq!(classes, [
            (79, Severity::Medium, 1, 0, None),
            (89, Severity::Low, 1, 0, None),
            (89, Severity::High, 0, 1, Some(hour(1))),
        ]);
        assert_eq!(store.awareness(&[], hour(1), hour(2)).await.unwrap(), facts);
        let other = store.awareness(&["other".into()], hour(0), hour(9)).await.unwrap();
        assert_eq!((other.classes.len(), other.appeared.len(), other.open_count.total()), (0, 0, 0));
        let fixed = store.fixed_findings(&demo, 10).await.unwrap();
        assert_eq!(fixed.iter().map(|one| one.rule.as_str()).collect::<Vec<_>>(), ["B1"]);

        // What comes back is neither fixed nor new.
        ledger.scan(vec![sql, xss], true);
        crate::support::project(&ledger, &store).await;
        let facts = store.awareness(&demo, hour(2), hour(3)).await.unwrap();
        assert_eq!((facts.appeared_count.total(), facts.fixed_count.total()), (0, 1));
        assert_eq!(facts.fixed[0].rule, "B3");
    }
}
