//! What the target side does by itself: with its own trust file, no ledger, no network, no database.

use std::path::PathBuf;

use attest::{
    Trust,
    verify::{ArtifactReport, DecisionProof, Policy},
};
use model::{Hasher, Problem, Sha256, Timestamp, evidence::Outcome, predicate::Check, problem::erase};

use crate::{home::cannot, project::read_bounded};

/// Largest evidence file.
const LARGEST_EVIDENCE: u64 = 256 << 20;
/// A decision older than this many seconds admits nothing any more: it may have been revised.
const LONGEST_DECISION: i64 = 3600;

/// What the target is asked.
pub struct TargetQuestion {
    /// Folder of the release.
    pub release: PathBuf,
    /// File name of the artifact.
    pub artifact: String,
    /// Expected digest.
    pub digest: Sha256,
    /// Project.
    pub project: String,
    /// Environment.
    pub environment: String,
    /// The target's trust file.
    pub trust: PathBuf,
}

/// Checks a release: the bytes, the signatures, the inclusion in the ledger, the gate's decision.
///
/// # Errors
/// A file cannot be read at all. What was read and does not hold is a failed check.
pub fn verify_on_target(question: &TargetQuestion, now: Timestamp) -> Result<Vec<Check>, Problem> {
    let path = question.release.join(&question.artifact);
    let mut file = std::fs::File::open(&path).map_err(|e| cannot(&path, "open", &e))?;
    let mut hasher = Hasher::new();
    std::io::copy(&mut file, &mut hasher).map_err(|e| cannot(&path, "read", &e))?;
    let digest = hasher.finish();
    let mut checks = vec![check("digest", digest == question.digest, format!("sha256 {digest}"))];
    let trust = Trust::parse(&read_bounded(&question.trust, 1 << 20)?).map_err(|e| erase(&e))?;
    let evidence = read_bounded(&question.release.join("evidence.jsonl"), LARGEST_EVIDENCE)?;
    match attest::bundle::parse_evidence(&evidence) {
        Err(error) => checks.push(check("evidence", false, error.to_string())),
        Ok(bundles) => {
            let report = attest::verify::verify_artifact(&digest, &bundles, &trust, now, &Policy::default());
            judge(&report, question, now, &mut checks);
        }
    }
    Ok(checks)
}

fn judge(report: &ArtifactReport, question: &TargetQuestion, now: Timestamp, checks: &mut Vec<Check>) {
    let failures: Vec<String> = report.failures.iter().map(|f| f.failure.to_string()).collect();
    let verified = report.verified;
    let detail = match failures.is_empty() {
        true => format!("{verified} statements signed by the organisation and in its ledger"),
        false => failures.join("; "),
    };
    checks.push(check("signature and inclusion", failures.is_empty() && verified > 0, detail));
    let built = report.proven.builds.first();
    let detail =
        built.map_or("no provenance names this artifact".to_owned(), |p| format!("built by {}", p.builder));
    checks.push(check("provenance", built.is_some(), detail));
    // In the order of the log: the newest decision counts, whatever older ones said.
    let ours = |d: &&DecisionProof| d.project == question.project && d.environment == question.environment;
    let (ok, detail) = match report.proven.decisions.iter().rev().find(ours) {
        None => (false, format!("no decision for {}/{}", question.project, question.environment)),
        Some(decision) if decision.outcome == Outcome::Deny => (false, "the gate denied it".to_owned()),
        Some(decision) => {
            let age = now.as_second() - decision.at.as_second();
            let fresh = (-300..=LONGEST_DECISION).contains(&age);
            (fresh, format!("admitted {age} s ago{}", if fresh { "" } else { ", which is too old" }))
        }
    };
    checks.push(check("decision", ok, detail));
}

fn check(name: &str, ok: bool, detail: String) -> Check {
    Check { name: name.to_owned(), ok, detail }
}
