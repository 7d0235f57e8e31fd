//! The tables follow from the ledger: rebuilding gives the same, tampering is named.

use model::{
    By, FindingId, UserError as _, Via,
    predicate::{Access, AccessAction, Organisation, Triage, TriageState},
};
use store::{Difference, Store};

use crate::support::{Base, finding, hour, print, story, technologies};

fn triage(finding: FindingId) -> Triage {
    Triage {
        project: "demo".into(),
        finding,
        state: Some(TriageState::Confirmed),
        duplicate_of: None,
        reason: Some("seen by hand".into()),
        seen: None,
        assignee: Some("bob".into()),
        comment: None,
        by: By { name: "ann".into(), roles: vec![], via: Via::Local },
        at: hour(30),
    }
}

/// What the story of a project does not tell.
fn people(ledger: &mut crate::support::Ledger) {
    let by = By { name: "ann".into(), roles: vec![], via: Via::Local };
    let subject = || vec![model::Subject::sha256("ann", model::Sha256::of("ann"))];
    let organisation = Organisation {
        name: "demo".into(),
        text: "version: 1".into(),
        changes: vec!["first".into()],
        by: by.clone(),
        at: hour(30),
    };
    ledger.push(subject(), &organisation);
    let access = Access {
        action: AccessAction::SignedIn,
        account: "ann".into(),
        by: Some(by),
        address: None,
        at: hour(31),
    };
    ledger.push(subject(), &access);
}

on_both! {
    async fn a_rebuild_gives_identical_tables(base: Base) {
        let (store, mut ledger) = (base.store().await, base.ledger());
        story(&mut ledger);
        testkit::reviews(&mut ledger);
        ledger.push(vec![], &technologies(ledger.now()));
        let scan = ledger.scan(vec![finding("B608", "moved.py", "x")], true);
        let mut moved = [finding("B608", "moved.py", "x")];
        model::identity::assign_all(&mut moved);
        ledger.push(ledger.statements[scan as usize].statement.subject.clone(), &triage(moved[0].id));
        people(&mut ledger);
        // One by one, as a live system does.
        for statement in &ledger.statements {
            assert!(store.project(statement, &ledger.blobs).await.unwrap());
        }
        let before = store.fingerprint().await.unwrap();
        assert!(before.iter().all(|table| table.rows > 0), "{before:?}");
        assert_eq!(store.rebuild(ledger.iter(), &ledger.blobs).await.unwrap(), ledger.statements.len() as u64);
        assert_eq!(store.fingerprint().await.unwrap(), before);
        // And they go on from there.
        ledger.filler();
        crate::support::project(&ledger, &store).await;
        // The same rows in the other database, and in one transaction.
        let other = Store::temporary().await.unwrap();
        crate::support::project(&ledger, &other).await;
        assert_eq!(store.compare(&other).await.unwrap(), []);
        assert_eq!(store.fingerprint().await.unwrap(), other.fingerprint().await.unwrap());
    }

    async fn projecting_again_changes_nothing_and_a_gap_is_an_error(base: Base) {
        let (store, mut ledger) = (base.store().await, base.ledger());
        story(&mut ledger);
        crate::support::project(&ledger, &store).await;
        let before = print(&store).await;
        assert!(!store.project(&ledger.statements[3], &ledger.blobs).await.unwrap());
        assert_eq!(store.project_many(&ledger.statements, &ledger.blobs).await.unwrap(), 0);
        assert_eq!(print(&store).await, before);
        ledger.filler();
        let far = ledger.filler();
        let error = store.project(&ledger.statements[far as usize], &ledger.blobs).await.unwrap_err();
        assert_eq!(error.code(), "projection-gap");
        assert_eq!(print(&store).await, before);
        let tail = ledger.iter().skip(1);
        let error = store.rebuild(tail, &ledger.blobs).await.unwrap_err();
        assert_eq!(error.code(), "projection-gap");
        assert_eq!(print(&store).await, before);
    }

    async fn a_rebuild_that_fails_leaves_the_old_tables(base: Base) {
        let url = base.url();
        let (store, mut ledger) = (Store::open(&url).await.unwrap(), base.ledger());
        story(&mut ledger);
        crate::support::project(&ledger, &store).await;
        let before = print(&store).await;
        let broken = ledger.iter().take(5).chain([Err(std::io::Error::other("tile missing"))]);
        let error = store.rebuild(broken, &ledger.blobs).await.unwrap_err();
        assert_eq!(error.code(), "projection-ledger");
        assert_eq!(print(&store).await, before);
        // A rebuild that is dropped halfway, as when the process is killed.
        {
            let rebuild = store.rebuild(ledger.iter(), &ledger.blobs);
            let soon = std::time::Duration::from_millis(3);
            let _ = tokio::time::timeout(soon, rebuild).await;
        }
        store.close().await;
        let store = Store::open(&url).await.unwrap();
        assert_eq!(print(&store).await, before);
    }

    async fn readers_see_the_old_tables_while_a_rebuild_goes_on(base: Base) {
        let (store, mut ledger) = (base.store().await, base.ledger());
        story(&mut ledger);
        crate::support::project(&ledger, &store).await;
        let (reader, handle) = (store.clone(), tokio::runtime::Handle::current());
        let mut sizes = Vec::new();
        let watched = ledger.iter().inspect(|statement| {
            let index = statement.as_ref().unwrap().index;
            if index == 3 {
                let projects = tokio::task::block_in_place(|| handle.block_on(reader.projects()));
                sizes.push(projects.unwrap().len());
            }
        });
        store.rebuild(watched, &ledger.blobs).await.unwrap();
        assert_eq!(sizes, [1]);
    }

    async fn every_changed_row_is_named(base: Base) {
        let url = base.url();
        let (store, mut ledger) = (Store::open(&url).await.unwrap(), base.ledger());
        story(&mut ledger);
        crate::support::project(&ledger, &store).await;
        base.tamper(
            &url,
            "UPDATE findings SET status = 'fixed', severity = 0 WHERE rule = 'B608';
             DELETE FROM decisions;
             INSERT INTO projects (name, idx) VALUES ('zz', 3);",
        )
        .await;
        let truth = Store::temporary().await.unwrap();
        truth.rebuild(ledger.iter(), &ledger.blobs).await.unwrap();
        let differences = store.compare(&truth).await.unwrap();
        let found: Vec<_> = differences.iter().map(|d| (d.table, d.what.clone())).collect();
        let changed = Difference::Changed(vec!["severity".into(), "status".into()]);
        assert_eq!(
            found,
            [
                ("projects", Difference::Unexpected),
                ("findings", changed),
                ("decisions", Difference::Missing),
            ]
        );
        assert_eq!(differences[0].key, "name=zz");
        assert_eq!(differences[2].key, "idx=8");
        store.rebuild(ledger.iter(), &ledger.blobs).await.unwrap();
        assert_eq!(store.compare(&truth).await.unwrap(), []);
    }

    async fn two_processes_that_project_at_once_do_not_disturb_each_other(base: Base) {
        let url = base.url();
        let mut ledger = base.ledger();
        story(&mut ledger);
        let (one, two) = (Store::open(&url).await.unwrap(), Store::open(&url).await.unwrap());
        let project = |store: Store| {
            let (statements, blobs) = (ledger.statements.clone(), ledger.blobs.clone());
            tokio::spawn(async move {
                let mut applied = 0;
                for statement in &statements {
                    applied += u32::from(store.project(statement, &blobs).await.unwrap());
                }
                applied
            })
        };
        let (a, b) = (project(one.clone()), project(two));
        assert_eq!(a.await.unwrap() + b.await.unwrap(), ledger.statements.len() as u32);
        let truth = Store::temporary().await.unwrap();
        crate::support::project(&ledger, &truth).await;
        assert_eq!(one.compare(&truth).await.unwrap(), []);
    }
}
