//! A decision of a gate for verifiers that know nothing of us: a plain VSA, signed with the organisation's key.

use attest::signer::By;
use model::{
    Exit, Problem, Sha256, Statement, Subject, evidence::Outcome, ports::LoggedStatement, predicate::Vsa,
};

use crate::{evidence, record::Recorder, statements::statement};

/// Writes the newest decision that admitted `artifact` to `environment` again as a plain VSA; what was
/// recorded.
///
/// # Errors
/// There is no decision, there are those of several projects and none is named, the newest one denies or
/// does not verify, or nothing can be recorded.
pub fn plain(
    artifact: Sha256,
    environment: &str,
    project: Option<&str>,
    recorder: &Recorder,
) -> Result<LoggedStatement, Problem> {
    let (index, subjects, vsa) = newest(artifact, environment, project, recorder)?;
    let environment = format!("{}/{environment}", vsa.proofhouse.project);
    if recorder.check(index, recorder.clock().now()) != (true, true) {
        let message = format!("the decision in ledger entry {index} does not verify");
        return Err(Problem::new("decision-unproven", Exit::Integrity, message)
            .with_hint("see `proofhouse ledger verify`"));
    }
    if vsa.outcome() == Outcome::Deny {
        let message = format!("the newest decision for {environment} (ledger entry {index}) denies it");
        return Err(Problem::new("decision-denied", Exit::Verdict, message)
            .with_hint("`proofhouse gate explain` tells why"));
    }
    // Without our own field it is no decision of a gate: whoever looks for one does not take this for it.
    let mut plain = statement(subjects, &vsa)?;
    plain.predicate.as_object_mut().and_then(|fields| fields.remove("proofhouse"));
    let (logged, _) = recorder.record_by(By::OrganisationKey, &[plain])?;
    logged.into_iter().next().ok_or_else(|| {
        Problem::new("ledger-silent", Exit::Environment, "the ledger did not acknowledge the summary")
    })
}

/// The newest decision about an artifact and an environment, in the order of the log.
fn newest(
    artifact: Sha256,
    environment: &str,
    project: Option<&str>,
    recorder: &Recorder,
) -> Result<(u64, Vec<Subject>, Vsa), Problem> {
    let mut found: Option<(u64, Vec<Subject>, Vsa)> = None;
    for logged in recorder.from(evidence::beginning(artifact, recorder)?)? {
        let logged = logged?;
        let Some(vsa) = decision(&logged.statement, artifact, environment) else { continue };
        let other = |known: &(u64, _, Vsa)| known.2.proofhouse.project != vsa.proofhouse.project;
        match project {
            Some(project) if vsa.proofhouse.project != project => continue,
            None if found.as_ref().is_some_and(other) => {
                let message = "decisions of several projects are about these bytes".to_owned();
                return Err(Problem::new("decision-ambiguous", Exit::Input, message)
                    .with_hint("name the one that counts with --project"));
            }
            _ => found = Some((logged.index, logged.statement.subject, vsa)),
        }
    }
    found.ok_or_else(|| {
        let message = format!("no gate has decided about sha256:{artifact} for {environment}");
        Problem::new("decision-missing", Exit::Verdict, message)
            .with_hint("`proofhouse deploy` records one; give --project for another project's")
    })
}

/// A decision of ours: one without our own field was written by this module, or by somebody else.
fn decision(statement: &Statement, artifact: Sha256, environment: &str) -> Option<Vsa> {
    let about = statement.subject.iter().any(|subject| subject.sha256_digest() == Some(artifact));
    let vsa = statement.decode::<Vsa>().filter(|_| about)?.ok()?;
    (vsa.proofhouse.environment == environment).then_some(vsa)
}
