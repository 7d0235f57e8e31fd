//! What a set of bundles proves about one artifact.

use std::collections::BTreeSet;

use model::{
    Predicate, Sha256, Timestamp, UserError,
    evidence::Outcome,
    predicate::{Provenance, provenance},
};
use serde::{Serialize, Serializer};

use super::{
    Failure, Proven, Verified, Verifier,
    follow::{self, follow},
    proven::{DecisionProof, dependencies, digests},
};
use crate::{bundle::Bundle, trust::Trust};

/// What the evidence must show. The default asks only that every bundle holds and that one of them
/// is about the artifact.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Policy {
    /// A provenance must be among the evidence.
    pub provenance: bool,
    /// Acceptable `builder.id`s; empty: any.
    pub builders: Vec<String>,
    /// The git commit it must be built from.
    pub commit: Option<String>,
    /// The latest decision for this environment must let the artifact in.
    pub environment: Option<String>,
    /// The project that the decision must be of; without it the evidence must hold decisions of one
    /// project only.
    pub project: Option<String>,
}

/// A failure and which bundle it is about.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Located {
    /// Position in the evidence file, from 0; absent when it is about all of it.
    pub bundle: Option<usize>,
    /// Stable code.
    pub code: &'static str,
    /// What fails.
    #[serde(rename = "message", serialize_with = "sentence")]
    pub failure: Failure,
}

/// What is proven, and what fails.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ArtifactReport {
    /// The artifact.
    pub digest: Sha256,
    /// Names that statements give it.
    pub names: Vec<String>,
    /// What is proven. Believe it only as far as [`ArtifactReport::failures`] allows.
    pub proven: Proven,
    /// Bundles that hold.
    pub verified: usize,
    /// Bundles that hold but have nothing to do with the artifact, by position.
    pub unrelated: Vec<usize>,
    /// Names of the keys that signed.
    pub signers: Vec<String>,
    /// Origins of the logs.
    pub logs: Vec<String>,
    /// What fails.
    pub failures: Vec<Located>,
}

impl ArtifactReport {
    /// Everything holds and the policy is met.
    pub fn ok(&self) -> bool {
        self.failures.is_empty()
    }
}

/// Verifies `bundles` as evidence for the artifact with this digest at the moment `now`; see
/// [`Evidence`].
pub fn verify_artifact(
    digest: &Sha256,
    bundles: &[Bundle],
    trust: &Trust,
    now: Timestamp,
    policy: &Policy,
) -> ArtifactReport {
    Evidence::judge(bundles, trust, now).about(digest, policy)
}

/// Bundles that were verified once, to be asked about any number of artifacts.
pub struct Evidence {
    /// What holds, in the order of the log, with its position among the bundles.
    holding: Vec<(usize, Verified)>,
    failures: Vec<Located>,
}

impl Evidence {
    /// Verifies every bundle at the moment `now`. Where they hand over to keys newer than those of
    /// `trust`, those count too ([`follow()`]).
    pub fn judge(bundles: &[Bundle], trust: &Trust, now: Timestamp) -> Self {
        let followed = follow(trust, bundles, now);
        Self::judge_by(&Verifier::new(followed.as_ref().unwrap_or(trust)), bundles, now)
    }

    /// As [`Evidence::judge`], by exactly the keys of `verifier`.
    pub fn judge_by(verifier: &Verifier<'_>, bundles: &[Bundle], now: Timestamp) -> Self {
        let (mut failures, mut holding) = (Vec::new(), Vec::new());
        for (position, bundle) in bundles.iter().enumerate() {
            match verifier.verify(bundle, now) {
                Ok(verified) => holding.push((position, verified)),
                // What hands keys over says nothing about the artifact; when it does not hold, nothing follows.
                Err(_) if follow::said(bundle).is_some() => {}
                Err(failure) => failures.push(located(Some(position), failure)),
            }
        }
        holding.sort_by_key(|(_, verified)| verified.index);
        Self { holding, failures }
    }

    /// What holds, in the order of the log.
    pub fn holding(&self) -> impl DoubleEndedIterator<Item = &Verified> {
        self.holding.iter().map(|(_, verified)| verified)
    }

    /// Bundles that do not hold.
    pub fn failures(&self) -> &[Located] {
        &self.failures
    }

    /// What is proven about one artifact. What does not hold fails it too.
    pub fn about(&self, digest: &Sha256, policy: &Policy) -> ArtifactReport {
        let (holding, mut failures) = (&self.holding, self.failures.clone());
        let related = related(digest, holding);
        let (about, rest): (Vec<_>, Vec<_>) = holding.iter().partition(|(n, _)| related.contains(n));
        let is_subject = |verified: &Verified| {
            verified.statement.subject.iter().any(|subject| subject.sha256_digest() == Some(*digest))
        };
        let mut proven = Proven::default();
        about.iter().for_each(|(_, verified)| proven.add(verified, is_subject(verified)));
        match about.iter().any(|(_, verified)| is_subject(verified)) {
            true => failures.extend(unmet(&proven, policy).into_iter().map(|failure| located(None, failure))),
            false => failures.push(located(None, Failure::DigestNotInSubject(*digest))),
        }
        let subjects = about.iter().flat_map(|(_, verified)| &verified.statement.subject);
        let names = subjects.filter(|s| s.sha256_digest() == Some(*digest) && !s.name.is_empty());
        ArtifactReport {
            digest: *digest,
            names: distinct(names.map(|subject| &subject.name)),
            verified: holding.len(),
            unrelated: rest.iter().map(|(n, _)| *n).collect(),
            signers: distinct(about.iter().map(|(_, verified)| &verified.key)),
            logs: distinct(about.iter().map(|(_, verified)| &verified.log)),
            proven,
            failures,
        }
    }
}

/// Positions of the statements that belong to the artifact; see the module documentation.
fn related(digest: &Sha256, holding: &[(usize, Verified)]) -> BTreeSet<usize> {
    let mut known = BTreeSet::from([format!("sha256:{digest}")]);
    let mut related = BTreeSet::new();
    loop {
        let before = related.len();
        for (n, verified) in holding {
            let mut subjects = verified.statement.subject.iter().flat_map(digests);
            if related.contains(n) || !subjects.any(|digest| known.contains(&digest)) {
                continue;
            }
            related.insert(*n);
            if verified.statement.predicate_type == Provenance::TYPE {
                let inputs = dependencies(&verified.statement).into_iter();
                // Tools are shared, and of packages only the project's own lock file says the digest: neither
                // makes statements about them statements about this artifact.
                let foreign = [provenance::ROLE_TOOL, provenance::ROLE_PACKAGE];
                let inputs = inputs.filter(|input| !foreign.contains(&input.role.as_str()));
                known.extend(inputs.flat_map(|input| input.digests));
            }
        }
        if related.len() == before {
            return related;
        }
    }
}

/// What the policy asks for and the evidence does not show.
fn unmet(proven: &Proven, policy: &Policy) -> Vec<Failure> {
    let mut unmet = Vec::new();
    if policy.provenance && proven.builds.is_empty() {
        unmet.push(Failure::NoProvenance);
    }
    let strange = |builder: &&String| !policy.builders.is_empty() && !policy.builders.contains(builder);
    let builders = distinct(proven.builds.iter().map(|build| &build.builder));
    unmet.extend(builders.iter().filter(strange).map(|builder| Failure::WrongBuilder(builder.clone())));
    if let Some(commit) = &policy.commit
        && !proven.builds.iter().any(|build| build.commits.contains(commit))
    {
        unmet.push(Failure::WrongCommit(commit.clone()));
    }
    unmet.extend(policy.environment.as_ref().and_then(|environment| undecided(proven, policy, environment)));
    unmet
}

/// Why the decisions do not let the artifact into `environment`.
fn undecided(proven: &Proven, policy: &Policy, environment: &str) -> Option<Failure> {
    let asked = |decision: &&DecisionProof| {
        decision.environment == environment
            && policy.project.as_ref().is_none_or(|project| decision.project == *project)
    };
    let projects = distinct(proven.decisions.iter().filter(asked).map(|decision| &decision.project));
    if projects.len() > 1 {
        return Some(Failure::SeveralProjects(environment.to_owned(), projects.join(", ")));
    }
    let logs = distinct(proven.decisions.iter().filter(asked).map(|decision| &decision.log));
    if logs.len() > 1 {
        return Some(Failure::SeveralLogs(environment.to_owned(), logs.join(", ")));
    }
    // In the order of the log, which nobody can change; the times are only claims.
    match proven.decisions.iter().rev().find(asked).map(|decision| decision.outcome) {
        None => Some(Failure::NoDecision(environment.to_owned())),
        Some(Outcome::Deny) => Some(Failure::DecisionDenied(environment.to_owned())),
        Some(_) => None,
    }
}

pub(super) fn located(bundle: Option<usize>, failure: Failure) -> Located {
    Located { bundle, code: failure.code(), failure }
}

pub(super) fn distinct<'a>(texts: impl Iterator<Item = &'a String>) -> Vec<String> {
    texts.collect::<BTreeSet<_>>().into_iter().cloned().collect()
}

fn sentence<S: Serializer>(failure: &Failure, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_str(failure)
}
