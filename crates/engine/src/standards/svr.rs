//! in-toto simple verification result v0.1: what the newest decision of each gate found to hold.

use std::collections::BTreeSet;

use model::{
    Exit, Problem, Statement,
    evidence::Outcome,
    predicate::{VerificationResult, Vsa, standards::Verifier},
};

use super::Material;
use crate::{record::Recorder, statements::statement};

pub(super) fn write(material: &Material, _: &Recorder) -> Result<Vec<Statement>, Problem> {
    let (mut seen, mut results) = (BTreeSet::new(), Vec::new());
    let about = |vsa: &Vsa| vsa.proofhouse.project == material.run.project;
    for (vsa, logged) in material.newest::<Vsa>().filter(|(vsa, _)| about(vsa)) {
        let subject = logged.statement.subject.iter().any(|s| s.sha256_digest() == Some(material.artifact));
        // Only the newest of an environment: what it revised no longer holds.
        if subject && seen.insert(vsa.proofhouse.environment.clone()) && vsa.outcome() != Outcome::Deny {
            results.push(statement(material.subject(), &result(material, &vsa))?);
        }
    }
    if results.is_empty() {
        let message = format!("no gate's newest decision admits {}", material.name);
        return Err(Problem::new("decision-missing", Exit::Verdict, message)
            .with_hint("`proofhouse deploy` asks the gate; `proofhouse gate explain` tells why it denies"));
    }
    Ok(results)
}

fn result(material: &Material, vsa: &Vsa) -> VerificationResult {
    let passed = vsa.proofhouse.verdict.rules.iter().filter(|rule| rule.outcome == Outcome::Pass);
    let mut properties = vsa.verified_levels.clone();
    properties.push(format!("PROOFHOUSE_ADMITTED_{}", constant(&vsa.proofhouse.environment)));
    properties.extend(passed.map(|rule| format!("PROOFHOUSE_RULE_{}", constant(&rule.rule))));
    VerificationResult {
        verifier: Verifier { id: vsa.verifier.id.clone(), policy: Some(vsa.policy.clone()) },
        time_created: vsa.time_verified,
        properties,
        proofhouse: material.context(),
    }
}

/// `findings-threshold` as `FINDINGS_THRESHOLD`.
fn constant(name: &str) -> String {
    let letter = |c: char| if c.is_ascii_alphanumeric() { c.to_ascii_uppercase() } else { '_' };
    name.chars().map(letter).collect()
}
