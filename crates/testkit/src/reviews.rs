//! Reviews and answers to them, after the story of a project.

use model::{By, Digest, Role, Sha256, Subject, Via, ports::Blobs, predicate::*};

use crate::{Ledger, hour, run_id};

/// A release review and a periodic one, each with an answer.
pub fn reviews<B: Blobs>(ledger: &mut Ledger<B>) {
    let (run, artifact) = (run_id(1), Sha256::of("app"));
    let by = |name: &str, role| By { name: name.into(), roles: vec![role], via: Via::Local };
    let review = ReleaseReview {
        project: "demo".into(),
        environment: "staging".into(),
        run,
        artifact,
        document: ledger.blobs.put(b"{}").unwrap_or(Digest::of(b"{}")),
        basis: ReviewBasis {
            from: 0,
            through: 7,
            inputs: vec![],
            policy: Sha256::of("p"),
            block: None,
            findings: vec![],
            exceptions: vec![],
            requirements: vec![],
        },
        roles: vec![Role::Manager],
        authors: vec!["ann".into()],
        by: by("ann", Role::Developer),
        at: ledger.now(),
        expires: hour(200),
    };
    let answer = |review: Sha256, project: Option<&str>, point: Option<&str>, at| ReviewAnswer {
        review,
        project: project.map(str::to_owned),
        point: point.map(str::to_owned),
        verdict: if point.is_some() { ReviewVerdict::Decline } else { ReviewVerdict::Sign },
        role: Some(Role::Manager),
        text: "looked at\0 closely".into(),
        by: by("bea", Role::Manager),
        at,
    };
    let envelope = |ledger: &Ledger<B>, index: u64| ledger.statements[index as usize].envelope;
    let index = ledger.push(vec![Subject::sha256("app.tar", artifact)], &review);
    let subject = |envelope| vec![Subject::sha256("review", envelope)];
    let digest = envelope(ledger, index);
    ledger.push(subject(digest), &answer(digest, Some("demo"), None, ledger.now()));
    let periodic = Review {
        kind: ReviewKind::Scanners,
        from: hour(0),
        at: ledger.now(),
        through: 9,
        points: vec![ReviewPoint {
            id: "noisy-rule:bandit/B101".into(),
            rule: "noisy-rule".into(),
            project: None,
            seen: "9 of 10 were wrong".into(),
            suggestion: "switch it off".into(),
            evidence: vec![6],
        }],
        figures: vec![ReviewFigure { name: "scans".into(), value: "1".into() }],
        unknown: vec![],
        assigned: Some("bea".into()),
        due: hour(300),
        by: by("ann", Role::Security),
    };
    let index = ledger.push(subject(Sha256::of("tip")), &periodic);
    let digest = envelope(ledger, index);
    ledger.push(subject(digest), &answer(digest, None, Some("noisy-rule:bandit/B101"), ledger.now()));
}
