//! The shapes of predicates that others define: written once as their specifications have them, and read and
//! written again without a difference.
#![allow(clippy::unwrap_used, missing_docs)]

use std::collections::BTreeMap;

use model::{
    Predicate, Statement, Subject,
    evidence::Outcome,
    predicate::{
        AttributeReport, OpenVex, Provenance, Release, RuntimeTrace, Spdx, TestResult, VerificationResult,
        Vsa, Vulns, standard,
    },
};
use serde_json::{Value, json};

fn same<P: Predicate>(predicate: Value) {
    let statement = Statement {
        kind: model::statement::STATEMENT_TYPE.into(),
        subject: vec![Subject::named("a", "sha256", "00")],
        predicate_type: P::TYPE.into(),
        predicate: predicate.clone(),
    };
    let read = statement.decode::<P>().unwrap().unwrap();
    assert_eq!(serde_json::to_value(&read).unwrap(), predicate, "{}", P::TYPE);
}

#[test]
fn vulns_has_the_fields_of_version_0_2() {
    assert_eq!(Vulns::TYPE, "https://in-toto.io/attestation/vulns/v0.2");
    same::<Vulns>(json!({
        "scanner": {
            "uri": "pkg:generic/scanner@1", "version": "1",
            "db": { "uri": "https://data.example", "version": "7", "lastUpdate": "2026-01-02T03:04:05Z" },
            "result": [{
                "id": "CVE-2026-1",
                "severity": [{ "method": "cvss", "score": "9.8" }],
                "annotations": [{ "purl": "pkg:pypi/a@1" }],
            }],
        },
        "metadata": { "scanStartedOn": "2026-01-02T03:04:05Z", "scanFinishedOn": "2026-01-02T03:04:06Z" },
    }));
}

#[test]
fn release_and_verification_result_have_the_fields_of_version_0_1() {
    assert_eq!(Release::TYPE, "https://in-toto.io/attestation/release/v0.1");
    same::<Release>(json!({ "purl": "pkg:generic/shop@1", "releaseId": "7" }));
    assert_eq!(VerificationResult::TYPE, "https://in-toto.io/attestation/svr/v0.1");
    same::<VerificationResult>(json!({
        "verifier": { "id": "https://verifier.example/v1" },
        "timeCreated": "2026-01-02T03:04:05Z",
        "properties": ["SLSA_BUILD_LEVEL_3", "PROOFHOUSE_ADMITTED_STAGING"],
    }));
}

#[test]
fn attribute_reports_have_the_fields_of_scai_0_2() {
    same::<AttributeReport>(json!({
        "attributes": [{
            "attribute": "BUILD_ISOLATED",
            "target": { "name": "a", "digest": { "sha256": "00" } },
            "conditions": { "isolation": "root" },
            "evidence": { "uri": "https://evidence.example", "digest": { "sha256": "00" } },
        }],
        "producer": { "uri": "urn:proofhouse:builder:root" },
    }));
}

#[test]
fn verification_summaries_have_the_fields_of_slsa_and_one_of_ours() {
    let plain = json!({
        "verifier": { "id": "urn:proofhouse:gate:v1", "version": { "proofhouse": "1" } },
        "timeVerified": "2026-01-02T03:04:05Z",
        "resourceUri": "urn:proofhouse:environment:shop/staging",
        "policy": { "uri": "urn:proofhouse:policy:shop/staging", "digest": { "sha256": "00" } },
        "inputAttestations": [{ "uri": "urn:x:1", "digest": { "sha256": "00" } }],
        "verificationResult": "PASSED",
        "verifiedLevels": ["SLSA_BUILD_LEVEL_3"],
        "slsaVersion": "1.2",
    });
    let mut ours = plain.clone();
    ours["proofhouse"] = json!({
        "project": "shop", "environment": "staging", "run": null,
        "verdict": { "outcome": "pass", "rules": [], "policy": "00".repeat(32), "evidence": "00".repeat(32) },
    });
    same::<Vsa>(ours.clone());
    let outcome = |said: &Value| serde_json::from_value::<Vsa>(said.clone()).unwrap().outcome();
    assert_eq!(outcome(&ours), Outcome::Pass);
    ours["verificationResult"] = "FAILED".into();
    assert_eq!(outcome(&ours), Outcome::Deny, "the stricter of two that differ");
    assert!(serde_json::from_value::<Vsa>(plain).is_err(), "a plain one is no decision of a gate");
}

#[test]
fn openvex_has_the_fields_of_version_0_2_0() {
    same::<OpenVex>(json!({
        "@context": "https://openvex.dev/ns/v0.2.0",
        "@id": "urn:x:1",
        "author": "https://author.example",
        "timestamp": "2026-01-02T03:04:05Z",
        "version": 1,
        "tooling": "proofhouse",
        "statements": [{
            "vulnerability": { "name": "CVE-2026-1", "aliases": ["GHSA-1"] },
            "products": [{
                "@id": "pkg:generic/shop@1",
                "hashes": { "sha-256": "00" },
                "subcomponents": [{ "@id": "pkg:pypi/a@1", "identifiers": { "purl": "pkg:pypi/a@1" } }],
            }],
            "status": "affected",
            "status_notes": "The parser is reached by administrators only.",
            "action_statement": "The risk is accepted until 2026-02-01.",
        }, {
            "vulnerability": { "name": "CVE-2026-2" },
            "products": [{ "@id": "pkg:generic/shop@1" }],
            "status": "under_investigation",
        }],
    }));
}

#[test]
fn provenance_test_results_and_traces_have_the_fields_of_their_versions() {
    same::<Provenance>(json!({
        "buildDefinition": {
            "buildType": "urn:proofhouse:build-type:step:v1",
            "externalParameters": { "step": "build" },
            "internalParameters": { "isolation": "root" },
            "resolvedDependencies": [{ "uri": "pkg:pypi/a@1", "digest": { "sha256": "00" } }],
        },
        "runDetails": {
            "builder": { "id": "urn:proofhouse:builder:root", "version": { "proofhouse": "1" } },
            "metadata": {
                "invocationId": "run/build",
                "startedOn": "2026-01-02T03:04:05Z", "finishedOn": "2026-01-02T03:04:06Z",
            },
            "byproducts": [{ "name": "log", "digest": { "sha256": "00" } }],
        },
    }));
    let context = json!({ "project": "shop", "run": "01a207c5-f859-7b70-b385-31d6c8441395", "step": "test" });
    same::<TestResult>(json!({
        "result": "PASSED", "configuration": [{ "name": "proofhouse.yaml", "digest": { "sha256": "00" } }],
        "passedTests": ["a"], "warnedTests": [], "failedTests": [],
        "proofhouse": context, "finished": "2026-01-02T03:04:05Z",
    }));
    same::<RuntimeTrace>(json!({
        "monitor": { "type": "urn:proofhouse:monitor:seccomp-notify:v1" },
        "monitoredProcess": {
            "hostID": "urn:proofhouse:builder:root", "type": "urn:proofhouse:build-type:step:v1",
            "event": "run/build",
        },
        "monitorLog": { "process": [], "network": [], "fileAccess": [{ "uri": "file:///etc/passwd" }] },
        "metadata": { "buildStartedOn": "2026-01-02T03:04:05Z", "buildFinishedOn": "2026-01-02T03:04:06Z" },
        "proofhouse": { "project": "shop", "run": "01a207c5-f859-7b70-b385-31d6c8441395", "dropped": 0 },
    }));
}

#[test]
fn every_standard_on_demand_has_a_word_of_its_own() {
    let words: BTreeMap<_, _> =
        model::predicate::STANDARDS.iter().map(|(kind, word)| (*word, *kind)).collect();
    assert_eq!(words.len(), model::predicate::STANDARDS.len());
    assert_eq!(standard(Spdx::TYPE), Some("spdx"));
    assert_eq!(standard("https://example.com"), None);
}
