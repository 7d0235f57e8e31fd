//! What a set of bundles proves about a deployment: what was deployed, who let it in, what the target saw.

use model::{
    DeploymentId, Predicate, Sha256, Timestamp,
    evidence::Outcome,
    predicate::{Check, Deployment, DeploymentResult, Receipt, ReceiptPhase, Vsa},
};
use serde::Serialize;

use super::{
    ArtifactReport, Evidence, Failure, Located, Policy, Verified,
    artifact::{distinct, located},
};

/// Which deployment is meant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Which {
    /// This one.
    Id(DeploymentId),
    /// What is active in an environment: the newest that went well, of this project if one is named.
    Active {
        /// Environment.
        environment: String,
        /// Project; without it the evidence must hold deployments of one project only.
        project: Option<String>,
    },
}

/// What is proven about a deployment, and what fails.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct DeploymentReport {
    /// Ledger index.
    pub index: u64,
    /// What the statement says.
    pub deployment: Deployment,
    /// Ledger index of the decision that let it in; absent when none did.
    pub decision: Option<u64>,
    /// What the target side checked, in the order of the log.
    pub receipts: Vec<ReceiptProof>,
    /// What is proven about the artifact.
    pub artifact: ArtifactReport,
    /// What fails about the deployment itself.
    pub failures: Vec<Located>,
}

/// What the target side checked.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ReceiptProof {
    /// Ledger index.
    pub index: u64,
    /// When it looked.
    pub phase: ReceiptPhase,
    /// Every check.
    pub checks: Vec<Check>,
    /// When.
    pub at: Timestamp,
}

impl DeploymentReport {
    /// The artifact was let in, deployed, and found as it should be where it was deployed to.
    pub fn ok(&self) -> bool {
        self.failures.is_empty() && self.artifact.ok()
    }
}

impl Evidence {
    /// What is proven about one deployment.
    ///
    /// # Errors
    /// There is no such deployment in the evidence, or it is not clear which one is meant.
    pub fn deployment(&self, which: &Which) -> Result<DeploymentReport, Failure> {
        let (verified, deployment) = self.find(which)?;
        let index = verified.index;
        let decisions: Vec<_> = self.decisions(verified, &deployment).collect();
        let by = decisions.iter().find(|(found, _)| found.envelope == deployment.decision);
        let receipts = self.receipts(verified, &deployment);
        let mut failures = Vec::new();
        if subject(verified) != Some(deployment.digest) {
            failures.push(Failure::DigestNotInSubject(deployment.digest));
        }
        if deployment.result != DeploymentResult::Deployed {
            failures.push(Failure::NotDeployed(deployment.environment.clone(), deployment.result.name()));
        }
        // The one that counted, and none in between that took it back.
        let refused = |(found, vsa): &(&Verified, Vsa)| {
            vsa.outcome() == Outcome::Deny
                && found.index < index
                && by.is_some_and(|(by, _)| by.index <= found.index)
        };
        match by {
            Some((found, _)) if found.index < index => {}
            _ => failures.push(Failure::NoDecision(deployment.environment.clone())),
        }
        if decisions.iter().any(refused) {
            failures.push(Failure::DecisionDenied(deployment.environment.clone()));
        }
        failures.extend(unseen(&receipts));
        Ok(DeploymentReport {
            index,
            decision: by.map(|(found, _)| found.index),
            artifact: self.about(&deployment.digest, &Policy { provenance: true, ..Policy::default() }),
            failures: failures.into_iter().map(|failure| located(None, failure)).collect(),
            deployment,
            receipts,
        })
    }

    fn find(&self, which: &Which) -> Result<(&Verified, Deployment), Failure> {
        let all = self.holding().filter_map(|verified| Some((verified, decode::<Deployment>(verified)?)));
        match which {
            Which::Id(id) => {
                let mut found = all.filter(|(_, deployment)| deployment.deployment == *id);
                found.next_back().ok_or_else(|| Failure::NoDeployment(id.to_string()))
            }
            Which::Active { environment, project } => {
                let there = all.filter(|(_, deployment)| {
                    deployment.environment == *environment
                        && project.as_ref().is_none_or(|project| deployment.project == *project)
                });
                active(environment, there.collect())
            }
        }
    }

    /// The decisions about the artifact for the project and environment, in the deployment's log: entries of
    /// other logs are neither before nor after it.
    fn decisions<'a>(
        &'a self,
        by: &'a Verified,
        of: &'a Deployment,
    ) -> impl Iterator<Item = (&'a Verified, Vsa)> {
        let vsas = self.holding().filter_map(|verified| Some((verified, decode::<Vsa>(verified)?)));
        vsas.filter(|(verified, vsa)| {
            (subject(verified), &verified.log) == (Some(of.digest), &by.log)
                && (&vsa.proofhouse.project, &vsa.proofhouse.environment) == (&of.project, &of.environment)
        })
    }

    fn receipts(&self, by: &Verified, of: &Deployment) -> Vec<ReceiptProof> {
        let receipts = self.holding().filter_map(|verified| Some((verified, decode::<Receipt>(verified)?)));
        let these = receipts.filter(|(verified, receipt)| {
            receipt.deployment == of.deployment
                && (&receipt.project, &receipt.environment) == (&of.project, &of.environment)
                && (subject(verified), &verified.log) == (Some(of.digest), &by.log)
        });
        let proof = |(verified, receipt): (&Verified, Receipt)| ReceiptProof {
            index: verified.index,
            phase: receipt.phase,
            checks: receipt.checks,
            at: receipt.at,
        };
        these.map(proof).collect()
    }
}

/// The newest that went well, when nothing after it leaves open what is active. What was refused or taken
/// back left it in place.
fn active<'a>(
    environment: &str,
    mut there: Vec<(&'a Verified, Deployment)>,
) -> Result<(&'a Verified, Deployment), Failure> {
    let projects = distinct(there.iter().map(|(_, deployment)| &deployment.project));
    if projects.len() > 1 {
        return Err(Failure::SeveralProjects(environment.to_owned(), projects.join(", ")));
    }
    let logs = distinct(there.iter().map(|(verified, _)| &verified.log));
    if logs.len() > 1 {
        return Err(Failure::SeveralLogs(environment.to_owned(), logs.join(", ")));
    }
    while let Some((verified, deployment)) = there.pop() {
        match deployment.result {
            DeploymentResult::Deployed | DeploymentResult::Interrupted => return Ok((verified, deployment)),
            DeploymentResult::Denied
            | DeploymentResult::Failed
            | DeploymentResult::RolledBack
            | DeploymentResult::Reversed => {}
        }
    }
    Err(Failure::NoDeployment(environment.to_owned()))
}

/// What the target side did not see, or saw to be wrong.
fn unseen(receipts: &[ReceiptProof]) -> Option<Failure> {
    let phases = [ReceiptPhase::BeforeActivation, ReceiptPhase::AfterActivation];
    let missing = phases.iter().any(|phase| !receipts.iter().any(|receipt| receipt.phase == *phase));
    let mut checks = receipts.iter().flat_map(|receipt| &receipt.checks);
    let wrong = checks.find(|check| !check.ok);
    match wrong {
        Some(check) => Some(Failure::ReceiptCheck(check.name.clone(), check.detail.clone())),
        None if missing => Some(Failure::NoReceipt),
        None => None,
    }
}

fn subject(verified: &Verified) -> Option<Sha256> {
    match verified.statement.subject.as_slice() {
        [one] => one.sha256_digest(),
        _ => None,
    }
}

fn decode<P: Predicate>(verified: &Verified) -> Option<P> {
    verified.statement.decode::<P>()?.ok()
}
