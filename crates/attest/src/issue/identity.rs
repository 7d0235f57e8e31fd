//! Under which name a statement is signed: `https://HOST/PROJECT/ACTIVITY`, in the certificate's subject
//! alternative name.
//!
//! The name follows from the statement itself, so that whoever holds a signed statement can tell whether
//! the certificate was issued for saying that. A signature over a file has a name of its own: the bytes of
//! a file may be anything, also the encoding of a statement.

use model::{
    Predicate, Statement,
    predicate::{
        AttributeReport, OpenVex, Provenance, Release, RuntimeTrace, Sbom, Spdx, TestResult,
        VerificationResult, Vsa, Vulns,
    },
    statement::OWN_PREFIX,
};
use serde_json::Value;

/// Activity of signatures over files.
pub const ARTIFACT: &str = "artifact";
/// Where predicates name their project.
const PROJECT: [&str; 3] = ["/proofhouse/project", "/project", "/proofhouse/context/project"];

/// Name for signing `statement` under the authority `issuer` (`https://HOST`).
pub fn identity(issuer: &str, statement: &Statement) -> String {
    let named = PROJECT.iter().find_map(|place| statement.predicate.pointer(place)).and_then(Value::as_str);
    join(issuer, named.unwrap_or_default(), &activity(&statement.predicate_type))
}

/// Name for signing files of `project`.
pub fn of_artifact(issuer: &str, project: &str) -> String {
    join(issuer, project, ARTIFACT)
}

/// Whether a name is for signing files.
pub fn is_of_artifact(issuer: &str, name: &str) -> bool {
    let rest = name.strip_prefix(issuer).and_then(|rest| rest.strip_suffix(&format!("/{ARTIFACT}")));
    rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('/') && !rest[1..].contains('/'))
}

fn join(issuer: &str, project: &str, activity: &str) -> String {
    match project {
        "" => format!("{issuer}/{activity}"),
        _ => format!("{issuer}/{}/{activity}", segment(project)),
    }
}

/// What a statement of this type comes from.
fn activity(predicate_type: &str) -> String {
    if let Some(own) = predicate_type.strip_prefix(OWN_PREFIX) {
        let name = own.split(':').next().unwrap_or_default();
        return segment(if name == ARTIFACT || name.is_empty() { "statement" } else { name });
    }
    let known = match predicate_type {
        Provenance::TYPE => "build",
        Vsa::TYPE => "gate",
        TestResult::TYPE => "test",
        RuntimeTrace::TYPE => "trace",
        Sbom::TYPE | Spdx::TYPE => "sbom",
        Vulns::TYPE => "scan",
        Release::TYPE => "deploy",
        VerificationResult::TYPE | OpenVex::TYPE => "gate",
        AttributeReport::TYPE => "build",
        _ => "statement",
    };
    known.to_owned()
}

/// One segment of a path (RFC 3986); at most 200 bytes of the name.
fn segment(name: &str) -> String {
    let mut out = String::new();
    for byte in name.bytes().take(200) {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'_' | b'.' | b'~' => out.push(byte.into()),
            other => out.push_str(&format!("%{other:02X}")),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use model::Subject;
    use serde_json::json;

    use super::*;

    fn statement(kind: &str, predicate: Value) -> Statement {
        Statement {
            kind: model::statement::STATEMENT_TYPE.into(),
            subject: vec![Subject::default()],
            predicate_type: kind.into(),
            predicate,
        }
    }

    #[test]
    fn the_name_follows_from_the_statement() {
        let name = |kind: &str, predicate| identity("https://ph.example", &statement(kind, predicate));
        let build = json!({ "proofhouse": { "project": "shop" } });
        assert_eq!(name(Provenance::TYPE, build), "https://ph.example/shop/build");
        let scan = format!("{OWN_PREFIX}scan:v1");
        assert_eq!(name(&scan, json!({ "project": "a/b c" })), "https://ph.example/a%2Fb%20c/scan");
        assert_eq!(name("https://example.com/x", json!({})), "https://ph.example/statement");
    }

    #[test]
    fn no_statement_has_the_name_of_signatures_over_files() {
        let file = of_artifact("https://ph.example", "shop");
        assert!(is_of_artifact("https://ph.example", &file));
        for kind in [format!("{OWN_PREFIX}artifact:v1"), "artifact".into()] {
            for project in ["shop", "shop/artifact", "artifact"] {
                let said = statement(&kind, json!({ "project": project }));
                assert_ne!(identity("https://ph.example", &said), file);
            }
        }
    }
}
