//! What was deployed, who let it in and how many agree, against evidence that is arranged to look better.

use std::collections::BTreeMap;

use attest::{
    Bundle, Trust,
    verify::{Evidence, Policy, Threshold, Which, agreement, verify_artifact},
};
use model::{
    DeploymentId, Predicate, Sha256, Statement, Subject,
    evidence::Outcome,
    predicate::{Check, Deployment, DeploymentResult, Receipt, ReceiptPhase, Vsa},
};
use serde_json::json;

use crate::{
    evidence::{built, decided},
    support::{Home, at},
};

fn app() -> Sha256 {
    Sha256::of("app")
}

fn id() -> DeploymentId {
    DeploymentId::new(at(5), [5; 10])
}

fn deployed(decision: Sha256) -> Statement {
    let deployment = Deployment {
        project: "p".into(),
        deployment: id(),
        environment: "production".into(),
        driver: "host".into(),
        run: None,
        artifact: "app".into(),
        digest: app(),
        decision,
        previous: None,
        actor: "somebody".into(),
        started: at(5),
        ended: at(6),
        stages: vec![],
        result: DeploymentResult::Deployed,
        health: None,
        address: None,
        variables: BTreeMap::new(),
    };
    Statement::new(vec![Subject::sha256("app", app())], &deployment).unwrap()
}

fn received(environment: &str, phase: ReceiptPhase) -> Statement {
    let check = Check { name: "digest".into(), ok: true, detail: "it is".into() };
    let receipt = Receipt {
        project: "p".into(),
        deployment: id(),
        environment: environment.into(),
        phase,
        checks: vec![check],
        at: at(6),
    };
    Statement::new(vec![Subject::sha256("app", app())], &receipt).unwrap()
}

fn log(home: &Home, statements: &[Statement]) -> Vec<Bundle> {
    let mut ledger = home.ledger();
    let logged = ledger.append(&mut home.signer(), statements, at(10)).unwrap();
    let trust = home.trust();
    logged.iter().map(|entry| ledger.bundle(entry.index, &trust).unwrap()).collect()
}

/// What fails about the deployment, when `decision` let it in and the target wrote for `environment`.
fn failing(decision: Statement, environment: &str) -> Vec<&'static str> {
    let home = Home::new();
    let mut bundles = log(&home, &[built(app(), Subject::named("source", "sha1", "00")), decision]);
    let decision = Evidence::judge(&bundles, &home.trust(), at(20)).holding().nth(1).unwrap().envelope;
    let receipts = [ReceiptPhase::BeforeActivation, ReceiptPhase::AfterActivation]
        .map(|phase| received(environment, phase));
    bundles.extend(log(&home, &[&receipts[..], &[deployed(decision)]].concat()));
    let report = Evidence::judge(&bundles, &home.trust(), at(20)).deployment(&Which::Id(id())).unwrap();
    report.failures.iter().map(|failure| failure.code).collect()
}

#[test]
fn a_deployment_rests_on_a_decision_that_let_it_in_and_on_receipts_of_its_own_environment() {
    assert_eq!(failing(decided(app(), "production", Outcome::Pass), "production"), [""; 0]);
    assert_eq!(failing(decided(app(), "staging", Outcome::Pass), "production"), ["verify-no-decision"]);
    assert_eq!(
        failing(decided(app(), "production", Outcome::Deny), "production"),
        ["verify-decision-denied"]
    );
    assert_eq!(failing(decided(app(), "production", Outcome::Pass), "staging"), ["verify-no-receipt"]);
    // The two results that a decision holds must agree.
    let mut torn = decided(app(), "production", Outcome::Pass);
    torn.predicate["verificationResult"] = json!("FAILED");
    assert_eq!(failing(torn, "production"), ["verify-decision-denied"]);
}

fn both(one: &Trust, other: &Trust) -> Trust {
    let (mut one, other) = (one.clone(), other.clone());
    one.keys.extend(other.keys);
    one.logs.extend(other.logs);
    one.authorities.extend(other.authorities);
    one.certificate_logs.extend(other.certificate_logs);
    one.time_stampers.extend(other.time_stampers);
    one.issuers.extend(other.issuers);
    one
}

#[test]
fn an_entry_far_down_another_log_is_not_newer() {
    let (here, there) = (Home::new(), Home::new());
    let bundles = log(&here, &[decided(app(), "production", Outcome::Deny)]);
    there.fill(3);
    let more = log(&there, &[decided(app(), "production", Outcome::Pass), deployed(app())]);
    let trust = both(&here.trust(), &there.trust());
    let policy = Policy { environment: Some("production".into()), ..Policy::default() };
    let all = [bundles, more, log(&here, &[deployed(app())])].concat();
    let report = verify_artifact(&app(), &all, &trust, at(2000), &policy);
    let codes: Vec<_> = report.failures.iter().map(|failure| failure.code).collect();
    assert_eq!(codes, ["verify-several-logs"]);
    let which = Which::Active { environment: "production".into(), project: None };
    let failure = Evidence::judge(&all, &trust, at(2000)).deployment(&which).unwrap_err();
    assert_eq!(model::UserError::code(&failure), "verify-several-logs");
}

#[test]
fn who_says_no_does_not_count_among_those_who_say_yes() {
    let (yes, no) = (Home::new(), Home::new());
    let mut bundles = log(&yes, &[decided(app(), "production", Outcome::Pass)]);
    bundles.extend(log(&no, &[decided(app(), "production", Outcome::Deny)]));
    let asked = Threshold { least: 2, predicate_type: Vsa::TYPE.into(), signers: vec![] };
    let trusts = [yes.trust(), no.trust()];
    assert!(!agreement(&app(), &bundles, &trusts, at(20), &asked).ok);
    bundles.extend(log(&no, &[decided(app(), "production", Outcome::Pass)]));
    assert!(agreement(&app(), &bundles, &trusts, at(20), &asked).ok);
}
