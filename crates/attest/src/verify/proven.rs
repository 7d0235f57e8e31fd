//! What verified statements prove, sorted by kind, in words a report can print.

use model::{
    BySeverity, Coverage, Sha256, Statement, Subject, Technique, Timestamp, ToolRef,
    evidence::Outcome,
    predicate::{
        Deployment, ForeignAttestation, Provenance, Rebuilder, Receipt, Reproduction, RuntimeTrace, Sbom,
        Scan, TestResult, Vsa, provenance,
    },
};
use serde::Serialize;

use super::Verified;

/// Everything proven about one artifact.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Proven {
    /// Who built it, from what, by which tools; one per step of the build.
    pub builds: Vec<BuildProof>,
    /// Checks that ran.
    pub checks: Vec<CheckProof>,
    /// Decisions of gates.
    pub decisions: Vec<DecisionProof>,
    /// Deployments and receipts.
    pub deployments: Vec<DeploymentProof>,
    /// Comparisons with other builds of the same source.
    pub reproductions: Vec<ReproductionProof>,
    /// Statements of other types.
    pub others: Vec<OtherProof>,
}

/// A build, from SLSA provenance.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct BuildProof {
    /// Ledger index.
    pub index: u64,
    /// builder.id.
    pub builder: String,
    /// Build type URI.
    pub build_type: String,
    /// Names of what it made.
    pub outputs: Vec<String>,
    /// Git commits it was built from.
    pub commits: Vec<String>,
    /// Source, tools and other inputs.
    pub dependencies: Vec<Dependency>,
    /// End of the build, where stated.
    pub finished: Option<Timestamp>,
}

/// A resolved dependency of a build.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Dependency {
    /// `source`, `tool`, `output`, or `other` when the statement does not say.
    pub role: String,
    /// Name or URI.
    pub name: String,
    /// Version, for tools.
    pub version: Option<String>,
    /// `algorithm:hex` digests.
    pub digests: Vec<String>,
}

/// A check: SBOM, scan, test or trace.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct CheckProof {
    /// Ledger index.
    pub index: u64,
    /// `sbom`, `scan`, `test` or `trace`.
    pub kind: &'static str,
    /// Scanner or step name.
    pub name: String,
    /// Technique of a scan.
    pub technique: Option<Technique>,
    /// Tool of a scan.
    pub tool: Option<ToolRef>,
    /// For tests: passed. For scans: coverage is complete. Others: true.
    pub good: bool,
    /// Findings of a scan by severity.
    pub findings: Option<BySeverity>,
    /// Coverage of a scan.
    pub coverage: Option<Coverage>,
    /// When it ended, where stated.
    pub at: Option<Timestamp>,
}

/// A gate's decision.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct DecisionProof {
    /// Ledger index.
    pub index: u64,
    /// Project.
    pub project: String,
    /// Environment.
    pub environment: String,
    /// Verdict.
    pub outcome: Outcome,
    /// When.
    pub at: Timestamp,
    /// Digest of the policy.
    pub policy: Sha256,
    /// Envelope digest of the decision.
    pub envelope: Sha256,
    /// Origin of its log.
    pub log: String,
}

/// A deployment, or a receipt of the target side.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct DeploymentProof {
    /// Ledger index.
    pub index: u64,
    /// Environment.
    pub environment: String,
    /// Result of the deployment, or phase and result of the receipt's checks.
    pub result: String,
    /// When.
    pub at: Timestamp,
}

/// A comparison of two builds.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ReproductionProof {
    /// Ledger index.
    pub index: u64,
    /// The artifact came out with the same bytes twice.
    pub reproduced: bool,
    /// By an installation with keys and a log of its own.
    pub independent: bool,
    /// Name of the log of the other build; that of ours when it was built here again.
    pub by: String,
    /// Names of outputs that differ.
    pub differing: Vec<String>,
    /// When.
    pub at: Timestamp,
}

/// A statement of another type.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct OtherProof {
    /// Ledger index.
    pub index: u64,
    /// Predicate type.
    pub predicate_type: String,
    /// Short word for it, where there is one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<&'static str>,
    /// The attestation of others that it brought in, where it is such a statement.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub foreign: Option<Box<ForeignAttestation>>,
}

impl Proven {
    /// Sorts one verified statement in. A predicate of a known type and an unknown shape (made by
    /// another tool) counts as "other". So does a decision or deployment that is not about the artifact
    /// itself (`direct`): what let an earlier product in says nothing about this one.
    pub(super) fn add(&mut self, verified: &Verified, direct: bool) {
        let (statement, index) = (&verified.statement, verified.index);
        if let Some(build) = build(statement, index) {
            self.builds.push(build);
        } else if let Some(check) = check(statement, index) {
            self.checks.push(check);
        } else if let Some(decision) = decision(verified).filter(|_| direct) {
            self.decisions.push(decision);
        } else if let Some(reproduction) = reproduction(verified).filter(|_| direct) {
            self.reproductions.push(reproduction);
        } else if let Some(deployment) = deployment(statement, index).filter(|_| direct) {
            self.deployments.push(deployment);
        } else {
            let predicate_type = statement.predicate_type.clone();
            let plain = (predicate_type == <Vsa as model::Predicate>::TYPE).then_some("vsa");
            let name = model::predicate::standard(&predicate_type).or(plain);
            let foreign = decode(statement).map(Box::new);
            self.others.push(OtherProof { index, predicate_type, name, foreign });
        }
    }
}

fn decode<P: model::Predicate>(statement: &Statement) -> Option<P> {
    statement.decode::<P>()?.ok()
}

/// Lenient on purpose: other builders leave out much of what ours writes.
fn build(statement: &Statement, index: u64) -> Option<BuildProof> {
    if statement.predicate_type != <Provenance as model::Predicate>::TYPE {
        return None;
    }
    let at = |path: &str| statement.predicate.pointer(path);
    let text = |path: &str| at(path)?.as_str().map(str::to_owned);
    let dependencies = dependencies(statement);
    let commits = dependencies.iter().flat_map(|dependency| &dependency.digests);
    let commits = commits.filter_map(|digest| digest.strip_prefix("gitCommit:")).map(str::to_owned);
    Some(BuildProof {
        index,
        builder: text("/runDetails/builder/id")?,
        build_type: text("/buildDefinition/buildType").unwrap_or_default(),
        outputs: statement.subject.iter().map(|subject| subject.name.clone()).collect(),
        commits: commits.collect(),
        finished: text("/runDetails/metadata/finishedOn").and_then(|at| at.parse().ok()),
        dependencies,
    })
}

/// The resolved dependencies of a provenance statement.
pub(super) fn dependencies(statement: &Statement) -> Vec<Dependency> {
    let list = statement.predicate.pointer("/buildDefinition/resolvedDependencies");
    let list = list.and_then(|list| serde_json::from_value::<Vec<Subject>>(list.clone()).ok());
    list.unwrap_or_default().iter().map(dependency).collect()
}

fn dependency(subject: &Subject) -> Dependency {
    let note = |name: &str| subject.annotations.get(name)?.as_str().map(str::to_owned);
    let is_source = subject.digest.contains_key("gitCommit") || subject.uri.starts_with("git+");
    let fallback = match subject.name.as_str() {
        _ if is_source => provenance::ROLE_SOURCE,
        "source" => provenance::ROLE_SOURCE,
        _ if subject.annotations.contains_key("version") => provenance::ROLE_TOOL,
        _ => "other",
    };
    Dependency {
        role: note(provenance::ROLE).unwrap_or_else(|| fallback.to_owned()),
        name: if subject.name.is_empty() { subject.uri.clone() } else { subject.name.clone() },
        version: note("version"),
        digests: digests(subject),
    }
}

/// `algorithm:hex` of every digest.
pub(super) fn digests(subject: &Subject) -> Vec<String> {
    subject.digest.iter().map(|(algorithm, hex)| format!("{algorithm}:{hex}")).collect()
}

fn check(statement: &Statement, index: u64) -> Option<CheckProof> {
    let plain = |kind, name: String, good, at| CheckProof {
        index,
        kind,
        name,
        technique: None,
        tool: None,
        good,
        findings: None,
        coverage: None,
        at,
    };
    if let Some(scan) = decode::<Scan>(statement) {
        let mut check = plain("scan", scan.tool.name.clone(), scan.coverage.is_complete(), Some(scan.ended));
        check.technique = Some(scan.technique);
        check.tool = Some(scan.tool);
        check.findings = Some(scan.findings.by_severity);
        check.coverage = Some(scan.coverage);
        return Some(check);
    }
    if let Some(test) = decode::<TestResult>(statement) {
        let name = test.proofhouse.context.step.unwrap_or_default();
        return Some(plain("test", name, test.result == "PASSED", Some(test.finished)));
    }
    if let Some(trace) = decode::<RuntimeTrace>(statement) {
        return Some(plain("trace", trace.proofhouse.context.step.unwrap_or_default(), true, None));
    }
    let name =
        |sbom: Sbom| sbom.0.pointer("/metadata/component/name").and_then(|n| n.as_str()).map(str::to_owned);
    decode::<Sbom>(statement).map(|sbom| plain("sbom", name(sbom).unwrap_or_default(), true, None))
}

fn decision(verified: &Verified) -> Option<DecisionProof> {
    let vsa: Vsa = decode(&verified.statement)?;
    Some(DecisionProof {
        index: verified.index,
        outcome: vsa.outcome(),
        project: vsa.proofhouse.project,
        environment: vsa.proofhouse.environment,
        at: vsa.time_verified,
        policy: vsa.proofhouse.verdict.policy,
        envelope: verified.envelope,
        log: verified.log.clone(),
    })
}

fn reproduction(verified: &Verified) -> Option<ReproductionProof> {
    let compared: Reproduction = decode(&verified.statement)?;
    let independent = compared.independent();
    Some(ReproductionProof {
        index: verified.index,
        reproduced: compared.reproduced,
        independent,
        by: match compared.by {
            Rebuilder::Again { .. } => verified.log.clone(),
            Rebuilder::Other { log, .. } => log,
        },
        differing: compared.differing.into_iter().map(|output| output.name).collect(),
        at: compared.at,
    })
}

fn deployment(statement: &Statement, index: u64) -> Option<DeploymentProof> {
    if let Some(deployment) = decode::<Deployment>(statement) {
        let result = deployment.result.name().to_owned();
        return Some(DeploymentProof {
            index,
            environment: deployment.environment,
            result,
            at: deployment.ended,
        });
    }
    let receipt: Receipt = decode(statement)?;
    let good = receipt.checks.iter().filter(|check| check.ok).count();
    let result = format!("receipt: {good} of {} checks good", receipt.checks.len());
    Some(DeploymentProof { index, environment: receipt.environment, result, at: receipt.at })
}
