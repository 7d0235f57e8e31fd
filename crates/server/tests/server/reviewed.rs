//! The demo's ledger with a release review for its newest artifact, and the standing of a review without an engine.

use govern::release_review::{
    AcceptedRisk, Answered, Commit, Commits, ComponentChanges, ControlLine, CoverageLine, Document,
    FindingLine, Findings, GateLine, Known, Later, Plan, Put, Release, RequirementLine, Risk, RiskState,
    ScanLine, TestLine, Updated, judge,
};
use model::{
    By, BySeverity, Digest, Problem, Role, Severity, Sha256, Subject, Via,
    evidence::Outcome,
    ports::{Blobs as _, LoggedStatement},
    predicate::{CoverageFigures, Portion, ReleaseReview, ReviewAnswer, ReviewBasis},
    requirement::State,
};
use server::ReviewPaper;
use store::LocalBlobs;

use crate::support::{Ledger, now};

/// The demo with a review.
pub fn shop(ledger: &mut Ledger) {
    demo(ledger, "");
}

/// The demo, and a review of `shop` for production that asks manager and security. `odd` is in all texts.
pub fn demo(ledger: &mut Ledger, odd: &str) {
    testkit::demo(ledger);
    let artifact = Sha256::of("shop 3");
    let document = ledger.blobs.put(&serde_json::to_vec(&document(artifact, odd)).unwrap()).unwrap();
    let review = review(artifact, document, odd);
    ledger.push(vec![Subject::sha256("dist/shop-1.4.tar", artifact)], &review);
}

fn review(artifact: Sha256, document: Digest, odd: &str) -> ReleaseReview {
    let policy = Sha256::of("policy");
    ReleaseReview {
        project: "shop".into(),
        environment: "production".into(),
        run: testkit::run_id(3),
        artifact,
        document,
        basis: ReviewBasis {
            from: 0,
            through: 1,
            inputs: vec![],
            policy,
            block: None,
            findings: vec![],
            exceptions: vec![],
            requirements: vec![],
        },
        roles: vec![Role::Security, Role::Manager],
        authors: vec![],
        by: By { name: format!("ann{odd}"), roles: vec![Role::Developer], via: Via::Local },
        at: now(),
        expires: "2026-03-06T12:00:00Z".parse().unwrap(),
    }
}

fn document(artifact: Sha256, odd: &str) -> Document {
    let finding = |severity| FindingLine {
        id: "0123456789ab".into(),
        severity,
        title: format!("SQL from a parameter{odd}"),
        place: format!("src/query.c:12{odd}"),
    };
    let found = Findings { total: 3, worst: vec![finding(Severity::Critical), finding(Severity::Low)] };
    let mut counts = BySeverity::default();
    [Severity::Critical, Severity::High, Severity::Low].into_iter().for_each(|one| counts.add(one));
    let release = Release {
        run: Some(testkit::run_id(3)),
        commit: None,
        artifact: format!("dist/shop-1.4.tar{odd}"),
        digest: artifact,
        at: now(),
        by: format!("ann{odd}"),
    };
    Document {
        format: 1,
        project: format!("shop{odd}"),
        environment: "production".into(),
        made: now(),
        made_by: format!("ann{odd}"),
        summary: vec![format!("This release has 1 critical weakness{odd}.")],
        candidate: release,
        previous: Known::Known(None),
        commits: Known::Known(Commits {
            total: 12,
            newest: vec![Commit {
                id: format!("4b825dc642cb{odd}"),
                author: format!("Ann{odd}"),
                email: format!("ann@example.org{odd}"),
                subject: format!("Search by name{odd}"),
            }],
        }),
        components: Known::Known(ComponentChanges {
            added: vec![format!("pkg:npm/left-pad@1.3.0{odd}")],
            removed: vec![],
            updated: vec![Updated { name: format!("zlib{odd}"), from: "1.2".into(), to: "1.3".into() }],
        }),
        risk: Risk {
            before: Known::Known(BySeverity::default()),
            after: counts,
            appeared: Known::Known(found.clone()),
            unseen: 0,
            gone: Known::Unknown(format!("nothing was deployed{odd}")),
            worst: found,
        },
        accepted: vec![AcceptedRisk {
            index: 3,
            what: format!("rule{odd}"),
            severity: None,
            environment: None,
            reason: format!("behind the wall until spring{odd}"),
            owner: format!("bea{odd}"),
            expires: now(),
            state: RiskState::EndsSoon,
        }],
        tests: vec![TestLine {
            step: format!("unit{odd}"),
            ok: true,
            passed: 120,
            failed: 1,
            skipped: 3,
            coverage: None,
        }],
        test_coverage: Known::Known(62),
        coverage: Some(CoverageLine {
            now: CoverageFigures {
                files: 2,
                lines: Portion { covered: 5, total: 8 },
                branches: Some(Portion { covered: 1, total: 2 }),
            },
            before: Known::Unknown(format!("no step says so{odd}")),
        }),
        requirements: Known::Known(vec![
            RequirementLine {
                id: format!("V1.2.4{odd}"),
                title: format!("Queries have parameters{odd}"),
                state: State::Failing,
                because: format!("a test failed{odd}"),
            },
            RequirementLine {
                id: "V2.1.1".into(),
                title: String::new(),
                state: State::Passing,
                because: String::new(),
            },
        ]),
        scans: vec![ScanLine {
            what: format!("sast{odd}"),
            tool: None,
            complete: false,
            because: Some(format!("it did not run{odd}")),
        }],
        controls: vec![ControlLine {
            id: format!("PO.3.2{odd}"),
            title: format!("Tools are kept{odd}"),
            status: format!("most{odd}"),
        }],
        gate: GateLine { outcome: Outcome::Warn, denies: vec![format!("findings{odd}")], warns: 2 },
        plan: Plan { driver: "host".into(), steps: vec![format!("the target verifies{odd}")] },
        rejected_before: vec![format!("carl on 2026-03-01: no{odd}")],
        unknown: vec![format!("which commit runs there{odd}")],
    }
}

/// What the engine does, with nothing that changed meanwhile and without verifying anything.
pub fn paper(
    all: &[LoggedStatement],
    blobs: &LocalBlobs,
    index: u64,
) -> Result<Option<ReviewPaper>, Problem> {
    let Some(logged) = all.iter().find(|logged| logged.index == index) else { return Ok(None) };
    let Some(Ok(review)) = logged.statement.decode::<ReleaseReview>() else { return Ok(None) };
    let answers = all.iter().filter_map(|logged| {
        let answer = logged.statement.decode::<ReviewAnswer>()?.ok()?;
        Some(Answered { index: logged.index, answer })
    });
    let answers: Vec<Answered> = answers.filter(|one| one.answer.review == logged.envelope).collect();
    let kept = serde_json::from_slice(&blobs.get(&review.document.hash).unwrap());
    let document = kept
        .unwrap_or_else(|_| Document { project: review.project.clone(), ..document(review.artifact, "") });
    let put = Put { index, envelope: logged.envelope, review };
    let standing = judge(&put, &answers, &Later::default(), now());
    Ok(Some(ReviewPaper { put, document, standing }))
}
