//! Pages: every row once, in order, whatever arrives in between.

use model::UserError as _;
use store::{StatementFilter, views::*};

use crate::support::{Base, finding};

on_both! {
    async fn pages_of_findings_have_every_row_once_and_worst_first(base: Base) {
        let (store, mut ledger) = (base.store().await, base.ledger());
        let mut findings: Vec<_> =
            (0..25).map(|n| finding(&format!("B{n}"), &format!("{n}.py"), &n.to_string())).collect();
        findings.iter_mut().enumerate().for_each(|(n, f)| f.severity = model::Severity::ALL[n % 5]);
        ledger.scan(findings.clone(), true);
        let index = ledger.scan(findings, true);
        ledger.statements[index as usize].statement.predicate["target"]["stream"] = "artifact".into();
        crate::support::project(&ledger, &store).await;
        let mut seen = Vec::new();
        let mut page = PageRequest::first(7);
        loop {
            let got = store.findings(&FindingFilter::default(), &page).await.unwrap();
            seen.extend(got.items.iter().map(|f| (f.severity, f.stream, f.id)));
            let Some(next) = got.next else { break };
            page.after = Some(next);
        }
        assert_eq!(seen.len(), 50);
        assert!(seen.windows(2).all(|pair| pair[0] > pair[1]), "each after the one before");
    }

    async fn ledger_pages_go_backwards_and_end(base: Base) {
        let (store, mut ledger) = (base.store().await, base.ledger());
        (0..5).for_each(|_| { ledger.filler(); });
        crate::support::project(&ledger, &store).await;
        let first = store.statements(&StatementFilter::default(), &PageRequest::first(3)).await.unwrap();
        assert_eq!(first.next.as_deref(), Some("2"));
        ledger.filler();
        crate::support::project(&ledger, &store).await;
        let request = PageRequest { after: first.next, limit: 3 };
        let second = store.statements(&StatementFilter::default(), &request).await.unwrap();
        assert_eq!(second.items.iter().map(|s| s.index).collect::<Vec<_>>(), [1, 0]);
        assert_eq!(second.next, None);
    }

    async fn a_marker_from_elsewhere_is_refused(base: Base) {
        let store = base.store().await;
        for marker in ["", "9.1.ab", "x", "1.1.1.1", "5.0.", "-1.0.00", "'; DROP TABLE findings; --"] {
            let request = PageRequest { after: Some(marker.into()), limit: 0 };
            let error = store.findings(&FindingFilter::default(), &request).await.unwrap_err();
            assert_eq!(error.code(), "page-marker", "{marker}");
        }
    }
}
