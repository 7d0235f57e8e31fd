//! Whether what a release file says is true.

use model::{Sha256, Timestamp, predicate::ReleaseBundle};
use serde::Serialize;

use super::{Contents, ReleaseError};
use crate::{
    bundle::{Bundle, parse_evidence},
    trust::Trust,
    verify::{ArtifactReport, Evidence, Policy, Verified, Verifier, follow},
};

/// A release whose manifest holds.
pub struct Release {
    /// The verified manifest.
    pub manifest: Verified,
    /// What it says.
    pub release: ReleaseBundle,
    /// The bundles, verified.
    pub evidence: Evidence,
    /// How many bundles there are.
    pub statements: usize,
}

/// What is proven about a release, and what fails.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ReleaseReport {
    /// Everything holds.
    pub ok: bool,
    /// Project.
    pub project: String,
    /// Run that made it.
    pub run: model::RunId,
    /// When it was exported, as the manifest says.
    pub exported: Timestamp,
    /// Who signed the manifest.
    pub signer: String,
    /// Origin of its log.
    pub log: String,
    /// Its position there.
    pub index: u64,
    /// Members of the file.
    pub members: usize,
    /// Bundles in it.
    pub statements: usize,
    /// Whether it has every blob that the statements name.
    pub complete: bool,
    /// Each artifact.
    pub artifacts: Vec<ArtifactReport>,
}

impl Release {
    /// Verifies manifest and bundles of a file that was read, at the moment `now`. Keys that followed those
    /// of `trust` count when the evidence leads to them.
    ///
    /// # Errors
    /// The evidence cannot be read, or the manifest does not hold. Bundles that do not hold are in the
    /// report.
    pub fn judge(contents: &Contents, trust: &Trust, now: Timestamp) -> Result<Self, ReleaseError> {
        let bundles = parse_evidence(&contents.evidence)?;
        let followed = follow(trust, &bundles, now);
        Self::by(&Verifier::new(followed.as_ref().unwrap_or(trust)), contents, &bundles, now)
    }

    fn by(
        verifier: &Verifier<'_>,
        contents: &Contents,
        bundles: &[Bundle],
        now: Timestamp,
    ) -> Result<Self, ReleaseError> {
        let manifest = verifier.verify(&contents.bundle, now).map_err(ReleaseError::Unproven)?;
        let evidence = Evidence::judge_by(verifier, bundles, now);
        Ok(Self { manifest, release: contents.release.clone(), evidence, statements: bundles.len() })
    }

    /// The artifacts: path and digest.
    pub fn artifacts(&self) -> impl Iterator<Item = (&str, Sha256)> {
        let subjects = self.manifest.statement.subject.iter();
        subjects.filter_map(|subject| Some((subject.name.as_str(), subject.sha256_digest()?)))
    }

    /// What is proven about each artifact under `policy`.
    pub fn report(&self, policy: &Policy) -> ReleaseReport {
        let artifacts: Vec<_> =
            self.artifacts().map(|(_, digest)| self.evidence.about(&digest, policy)).collect();
        ReleaseReport {
            ok: artifacts.iter().all(ArtifactReport::ok) && !artifacts.is_empty(),
            project: self.release.project.clone(),
            run: self.release.run,
            exported: self.release.at,
            signer: self.manifest.key.clone(),
            log: self.manifest.log.clone(),
            index: self.manifest.index,
            members: self.release.members.len() + 1,
            statements: self.statements,
            complete: self.release.complete,
            artifacts,
        }
    }
}
