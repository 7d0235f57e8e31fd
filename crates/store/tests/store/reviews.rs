//! Reviews and how an organisation works, read back.

use model::{
    Technique,
    predicate::{DeploymentResult, ReviewKind, ReviewVerdict},
};
use store::views::PageRequest;

use crate::support::{Base, hour, story};

on_both! {
    async fn reviews_and_what_was_said_about_them(base: Base) {
        let (store, mut ledger) = (base.store().await, base.ledger());
        story(&mut ledger);
        testkit::reviews(&mut ledger);
        crate::support::project(&ledger, &store).await;
        let page = PageRequest::first(10);
        let found = store.release_reviews(Some("demo"), Some("staging"), &page).await.unwrap().items;
        assert_eq!(found.len(), 1);
        assert_eq!(found[0].by.name, "ann");
        let answers = store.review_answers(found[0].envelope).await.unwrap();
        assert_eq!((answers.len(), answers[0].verdict), (1, ReviewVerdict::Sign));
        assert_eq!(answers[0].text, "looked at\u{fffd} closely");
        assert!(store.release_reviews(Some("other"), None, &page).await.unwrap().items.is_empty());

        let found = store.reviews(Some(ReviewKind::Scanners), &page).await.unwrap().items;
        assert_eq!(found[0].points[0].id, "noisy-rule:bandit/B101");
        assert_eq!(store.review(found[0].index).await.unwrap().as_ref(), Some(&found[0]));
        let answers = store.review_answers(found[0].envelope).await.unwrap();
        assert_eq!(answers[0].point.as_deref(), Some("noisy-rule:bandit/B101"));
        assert!(store.reviews(Some(ReviewKind::Tools), &page).await.unwrap().items.is_empty());
        let before = store.fingerprint().await.unwrap();
        store.rebuild(ledger.iter(), &ledger.blobs).await.unwrap();
        assert_eq!(store.fingerprint().await.unwrap(), before);
    }

    async fn how_an_organisation_works(base: Base) {
        let (store, mut ledger) = (base.store().await, base.ledger());
        story(&mut ledger);
        crate::support::project(&ledger, &store).await;
        let practice = store.practice(hour(0), hour(1000)).await.unwrap();
        assert!(practice.triage.is_none() && practice.administrators.is_none());
        let secrets = practice.secrets.as_ref().unwrap();
        assert_eq!((secrets[0].project.as_str(), secrets[0].name.as_str()), ("demo", "TOKEN"));
        let executed: u64 = practice.steps.iter().map(|step| step.recent + step.earlier).sum();
        assert!(executed > 0 && practice.steps.iter().all(|step| step.project == "demo"), "{practice:?}");
        assert_eq!(practice.scanners.len(), 1);
        assert!(practice.scanners[0].scans >= 1 && practice.scanners[0].findings >= 2);
        assert_eq!(practice.coverage[0].techniques, [Technique::Sast]);
        assert_eq!(practice.exceptions[0].rule.as_deref(), Some("B101"));
        let results: Vec<_> = practice.deployments.iter().map(|one| one.result).collect();
        assert!(results.contains(&DeploymentResult::Deployed) && results.len() == 2, "{results:?}");
        assert!(practice.deployments[0].built.is_some());
        // Nothing is known of a time after it.
        let later = store.practice(hour(2000), hour(3000)).await.unwrap();
        assert!(later.steps.is_empty() && later.coverage.is_empty() && later.deployments.is_empty());
    }
}
