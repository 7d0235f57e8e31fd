//! Bundles that leave the house: what they prove elsewhere, and how each lie is called.

use std::collections::BTreeMap;

use attest::{
    Bundle, LogSigner, Trust,
    bundle::{Content, Material, parse_evidence, write_evidence},
    signer::By,
    verify::{Policy, verify_artifact, verify_bundle},
};
use model::{
    Sha256, Statement, Subject, UserError,
    evidence::{Outcome, Verdict},
    predicate::{
        BuildDefinition, BuildMetadata, Builder, Context, DecisionContext, Provenance, RunDetails,
        TestResult, Vsa, provenance,
    },
};
use serde_json::json;

use crate::support::{Home, at, statement};

const COMMIT: &str = "1111111111111111111111111111111111111111";

fn builder(id: &str) -> Builder {
    Builder { id: id.into(), version: BTreeMap::new() }
}

pub fn built(output: Sha256, input: Subject) -> Statement {
    let mut tool = Subject::named("cc", "sha256", Sha256::of("cc").hex());
    tool.annotations.insert(provenance::ROLE.into(), provenance::ROLE_TOOL.into());
    tool.annotations.insert("version".into(), "14.2".into());
    let provenance = Provenance {
        build_definition: BuildDefinition {
            build_type: provenance::BUILD_TYPE.into(),
            external_parameters: json!({}),
            internal_parameters: json!({}),
            resolved_dependencies: vec![input, tool],
        },
        run_details: RunDetails {
            builder: builder("urn:proofhouse:builder:rootless"),
            metadata: BuildMetadata { invocation_id: "1".into(), started_on: at(0), finished_on: at(1) },
            byproducts: vec![],
        },
        proofhouse: None,
    };
    Statement::new(vec![Subject::sha256("app", output)], &provenance).unwrap()
}

pub fn decided(artifact: Sha256, environment: &str, outcome: Outcome) -> Statement {
    decided_by("p", artifact, environment, outcome)
}

fn decided_by(project: &str, artifact: Sha256, environment: &str, outcome: Outcome) -> Statement {
    let verdict = Verdict { outcome, rules: vec![], policy: Sha256::of("p"), evidence: Sha256::of("e") };
    let vsa = Vsa {
        verifier: builder("urn:proofhouse"),
        time_verified: at(2),
        resource_uri: format!("urn:proofhouse:environment:p/{environment}"),
        policy: Subject::sha256("policy", Sha256::of("p")),
        input_attestations: vec![],
        verification_result: if outcome == Outcome::Deny { "FAILED" } else { "PASSED" }.into(),
        verified_levels: vec![],
        slsa_version: "1.0".into(),
        proofhouse: DecisionContext {
            project: project.into(),
            environment: environment.into(),
            run: None,
            verdict,
            levels_because: vec![],
        },
    };
    Statement::new(vec![Subject::sha256("app", artifact)], &vsa).unwrap()
}

fn tested(tree: Sha256) -> Statement {
    let run = model::RunId::new(at(0), [0; 10]);
    let test = TestResult {
        result: "PASSED".into(),
        configuration: vec![],
        passed_tests: vec![],
        warned_tests: vec![],
        failed_tests: vec![],
        proofhouse: Context { project: "p".into(), run, step: Some("unit".into()) }.into(),
        finished: at(1),
    };
    Statement::new(vec![Subject::sha256("source", tree)], &test).unwrap()
}

/// Source tree -> object -> app, a test of the source, decisions, and something unrelated.
fn release(home: &Home) -> (Sha256, Vec<Bundle>, Trust) {
    let (app, object, tree) = (Sha256::of("app"), Sha256::of("object"), Sha256::of("tree"));
    let mut source = Subject::sha256("source", tree);
    source.digest.insert("gitCommit".into(), COMMIT.into());
    let statements = [
        tested(tree),
        built(object, source),
        built(app, Subject::sha256("object", object)),
        decided(app, "staging", Outcome::Warn),
        decided(app, "production", Outcome::Pass),
        decided(app, "production", Outcome::Deny),
        decided(object, "lab", Outcome::Pass),
        statement("unrelated"),
    ];
    let mut ledger = home.ledger();
    ledger.append(&mut home.signer(), &statements, at(10)).unwrap();
    let trust = home.trust();
    let mut evidence = Vec::new();
    assert_eq!(ledger.export(&trust, &mut evidence).unwrap(), 8);
    let bundles = parse_evidence(&evidence).unwrap();
    assert_eq!(write_evidence(&bundles).unwrap(), evidence);
    // Laid out anew by another tool it is still the same bundle.
    let first: serde_json::Value = serde_json::from_slice(&bundles[0].to_json().unwrap()).unwrap();
    assert_eq!(Bundle::parse(&serde_json::to_vec_pretty(&first).unwrap()), Ok(bundles[0].clone()));
    for (bundle, entry) in bundles.iter().zip(ledger.iter_from(0)) {
        let verified = verify_bundle(bundle, &trust, at(20)).unwrap();
        assert_eq!(verified.envelope, entry.unwrap().logged.envelope, "digests survive the journey");
    }
    (app, bundles, trust)
}

#[test]
fn a_release_proves_who_built_it_from_what_and_what_was_decided() {
    let home = Home::new();
    let (app, bundles, trust) = release(&home);
    let mut policy = Policy {
        provenance: true,
        builders: vec!["urn:proofhouse:builder:rootless".into()],
        commit: Some(COMMIT.into()),
        environment: Some("staging".into()),
        project: None,
    };
    let report = verify_artifact(&app, &bundles, &trust, at(20), &policy);
    assert!(report.ok(), "{report:?}");
    let proven = &report.proven;
    assert_eq!(proven.builds.len(), 2);
    assert_eq!(proven.builds[0].commits, [COMMIT]);
    let tool = proven.builds[0].dependencies.iter().find(|one| one.role == "tool").unwrap();
    assert_eq!((tool.name.as_str(), tool.version.as_deref()), ("cc", Some("14.2")));
    assert_eq!(
        (proven.checks[0].kind, proven.checks[0].name.as_str(), proven.checks[0].good),
        ("test", "unit", true)
    );
    assert_eq!(proven.decisions.len(), 3, "a decision about an input is none about the artifact");
    assert_eq!(report.unrelated, [7]);
    let code = |policy: &Policy| verify_artifact(&app, &bundles, &trust, at(20), policy).failures[0].code;
    policy.environment = Some("production".into());
    assert_eq!(code(&policy), "verify-decision-denied");
    policy.environment = Some("lab".into());
    assert_eq!(code(&policy), "verify-no-decision");
    policy = Policy { commit: Some("2".repeat(40)), ..Policy::default() };
    assert_eq!(code(&policy), "verify-wrong-commit");
    policy = Policy { builders: vec!["other".into()], ..Policy::default() };
    assert_eq!(code(&policy), "verify-wrong-builder");
    serde_json::to_string(&report).unwrap();
}

#[test]
fn the_decision_of_another_project_about_the_same_bytes_does_not_count() {
    let home = Home::new();
    let app = Sha256::of("app");
    let source = Subject::sha256("source", Sha256::of("tree"));
    let statements = [
        built(app, source),
        decided_by("good", app, "production", Outcome::Deny),
        decided_by("evil", app, "production", Outcome::Warn),
    ];
    let mut ledger = home.ledger();
    ledger.append(&mut home.signer(), &statements, at(10)).unwrap();
    let trust = home.trust();
    let bundles: Vec<_> = (0..3).map(|index| ledger.bundle(index, &trust).unwrap()).collect();
    let code = |project: Option<&str>| {
        let policy = Policy {
            environment: Some("production".into()),
            project: project.map(str::to_owned),
            ..Policy::default()
        };
        verify_artifact(&app, &bundles, &trust, at(20), &policy).failures.first().map(|failure| failure.code)
    };
    assert_eq!(code(None), Some("verify-several-projects"));
    assert_eq!(code(Some("good")), Some("verify-decision-denied"));
    assert_eq!(code(Some("evil")), None);
    assert_eq!(code(Some("other")), Some("verify-no-decision"));
}

#[test]
fn each_lie_has_its_own_code() {
    let home = Home::new();
    let (_, bundles, trust) = release(&home);
    let (good, other) = (&bundles[2], &bundles[4]);
    let check = |bundle: &Bundle, trust: &Trust| verify_bundle(bundle, trust, at(20)).unwrap_err().code();
    let with = |change: &dyn Fn(&mut Bundle)| {
        let mut bundle = good.clone();
        change(&mut bundle);
        check(&bundle, &trust)
    };
    fn envelope(bundle: &mut Bundle) -> &mut attest::Envelope {
        let Content::Dsse(envelope, _) = &mut bundle.content else { panic!() };
        envelope
    }
    fn proof(bundle: &mut Bundle) -> &mut attest::bundle::InclusionProof {
        bundle.tlog[0].inclusion_proof.as_mut().unwrap()
    }
    assert_eq!(with(&|b| envelope(b).signatures[0].sig[12] ^= 1), "verify-bad-signature");
    assert_eq!(with(&|b| envelope(b).payload_type = "text/plain".into()), "verify-payload-type");
    assert_eq!(with(&|b| envelope(b).payload.truncate(9)), "verify-statement-malformed");
    assert_eq!(with(&|b| b.material = Material::PublicKey("x".into())), "verify-unknown-key");
    assert_eq!(with(&|b| b.material = Material::Certificate(Vec::new())), "bundle-certificate-malformed");
    assert_eq!(with(&|b| b.tlog.clear()), "verify-not-logged");
    assert_eq!(with(&|b| b.tlog = other.tlog.clone()), "verify-entry-mismatch");
    assert_eq!(with(&|b| b.tlog[0].canonicalized_body.push(b' ')), "verify-entry-malformed");
    assert_eq!(with(&|b| proof(b).hashes[0].0[0] ^= 1), "verify-inclusion-proof");
    assert_eq!(with(&|b| proof(b).root_hash[0] ^= 1), "verify-inclusion-proof");
    assert_eq!(with(&|b| b.tlog[0].log_index += 1), "verify-inclusion-proof");
    assert_eq!(with(&|b| b.tlog[0].log_index = 8), "verify-checkpoint-too-old");
    assert_eq!(with(&|b| proof(b).checkpoint.envelope.clear()), "verify-checkpoint-malformed");
    let forged = |b: &mut Bundle| {
        let note = &mut proof(b).checkpoint.envelope;
        *note = note.replacen("\n8\n", "\n9\n", 1);
    };
    assert_eq!(with(&forged), "verify-checkpoint-signature");

    let changed = |change: &dyn Fn(&mut Trust)| {
        let mut trust = trust.clone();
        change(&mut trust);
        check(good, &trust)
    };
    let ended = |t: &mut Trust| t.authorities[0].valid_until = t.authorities[0].valid_from;
    assert_eq!(changed(&ended), "bundle-certificate-path");
    let ended = |t: &mut Trust| t.time_stampers[0].valid_until = t.time_stampers[0].valid_from;
    assert_eq!(changed(&ended), "bundle-timestamp-authority");
    // The root's word for its authority is no word for whoever it lets stamp times.
    assert_eq!(changed(&|t| drop(t.time_stampers[0].chain.remove(0))), "bundle-timestamp-authority");
    let ended = |t: &mut Trust| t.logs[0].valid_until = t.logs[0].valid_from;
    assert_eq!(changed(&ended), "verify-log-key-invalid");
    assert_eq!(changed(&|t| t.certificate_logs.clear()), "bundle-sct");
    assert_eq!(changed(&|t| t.time_stampers.clear()), "bundle-timestamp-missing");
    assert_eq!(changed(&|t| t.issuers = vec!["https://elsewhere.example".into()]), "bundle-issuer");
    assert_eq!(changed(&|t| t.logs[0].origin = "other".into()), "verify-wrong-log");
    let stranger = Home::new();
    assert_eq!(check(good, &stranger.trust()), "bundle-timestamp-authority");
    assert_ne!(stranger.signer().keys(), home.signer().keys());
}

#[test]
fn a_statement_signed_with_the_plain_key_holds_as_long_as_the_key_did() {
    let home = Home::new();
    let mut ledger = home.ledger();
    ledger.append_by(&mut home.signer(), By::OrganisationKey, &[statement("vsa")], at(20)).unwrap();
    let trust = home.trust();
    let bundle = ledger.bundle(0, &trust).unwrap();
    assert!(matches!(bundle.material, Material::PublicKey(_)));
    let stamped = |change: &dyn Fn(&mut Trust)| {
        let mut trust = trust.clone();
        change(&mut trust);
        verify_bundle(&bundle, &trust, at(20)).map_err(|failure| failure.code())
    };
    assert!(stamped(&|_| ()).is_ok());
    assert!(stamped(&|t| t.keys[0].valid_until = Some(at(0))).is_ok(), "it was signed before");
    assert_eq!(stamped(&|t| t.keys[0].valid_until = t.keys[0].valid_from), Err("verify-key-expired"));
    assert_eq!(stamped(&|t| t.keys[0].valid_from = Some(at(0))), Err("verify-key-not-yet-valid"));
    assert_eq!(stamped(&|t| t.keys[0].public_key = t.logs[0].public_key.clone()), Err("verify-unknown-key"));
    // Without a time-stamp the moment of asking counts.
    let unstamped = Bundle { timestamps: Vec::new(), ..bundle.clone() };
    let mut ended = trust.clone();
    ended.keys[0].valid_until = Some(at(19));
    assert_eq!(verify_bundle(&unstamped, &ended, at(20)).unwrap_err().code(), "verify-key-expired");
    assert!(verify_bundle(&unstamped, &ended, at(18)).is_ok());
}

#[test]
fn a_changed_byte_of_a_bundle_never_changes_what_it_proves() {
    let home = Home::new();
    let (_, bundles, trust) = release(&home);
    let text = bundles[2].to_json().unwrap();
    let good = verify_bundle(&bundles[2], &trust, at(20)).unwrap();
    let mut survived = 0;
    for offset in 0..text.len() {
        let mut changed = text.clone();
        changed[offset] ^= 1;
        let verified =
            Bundle::parse(&changed).ok().and_then(|bundle| verify_bundle(&bundle, &trust, at(20)).ok());
        if let Some(verified) = verified {
            assert_eq!((&verified.statement, verified.index), (&good.statement, good.index), "byte {offset}");
            survived += 1;
        }
    }
    // Only what nobody signs: names of fields that are ignored.
    assert!(survived < 60, "{survived} changes went unnoticed");
}
