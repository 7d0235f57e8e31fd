//! `ledger verify`: everything stored, hashed again.

use std::collections::BTreeSet;

use attest::ledger::Report;
use model::{
    Problem, Sha256,
    predicate::{
        ForeignAttestation, ManualTest, Notification, Origin, ReleaseImport, ReleaseReview, Run, Scan,
        ScorecardImport, TechnologyReview, Vsa,
    },
    problem::erase,
};
use serde::Serialize;

use crate::record::Recorder;

/// What was found.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Inspection {
    /// The ledger itself.
    pub ledger: Report,
    /// Blobs that statements name and that were read.
    pub blobs: u64,
    /// Blobs that are missing or changed.
    pub damaged_blobs: Vec<DamagedBlob>,
}

/// A blob that is missing or changed.
#[derive(Clone, Debug, Serialize)]
pub struct DamagedBlob {
    /// Its digest.
    pub digest: Sha256,
    /// What it should be.
    pub what: String,
    /// Ledger entry that names it.
    pub entry: u64,
    /// What is wrong.
    pub why: String,
}

impl Inspection {
    /// Nothing is damaged.
    pub fn ok(&self) -> bool {
        self.ledger.ok() && self.damaged_blobs.is_empty()
    }
}

/// Checks the ledger, and every blob that its statements name.
///
/// # Errors
/// The ledger cannot be read at all.
pub fn inspect(recorder: &Recorder) -> Result<Inspection, Problem> {
    let trust = recorder.trust()?;
    let ledger = recorder.with_ledger(|ledger| ledger.verify(&trust)).map_err(|e| erase(&e))?;
    let mut inspection = Inspection { ledger, blobs: 0, damaged_blobs: vec![] };
    let mut seen = BTreeSet::new();
    for logged in recorder.from(0)? {
        // A damaged record is in the report already.
        let Ok(logged) = logged else { continue };
        for (digest, what) in named(&logged.statement) {
            if !seen.insert(digest) {
                continue;
            }
            inspection.blobs += 1;
            if let Err(why) = read(recorder, &digest) {
                inspection.damaged_blobs.push(DamagedBlob { digest, what, entry: logged.index, why });
            }
        }
    }
    Ok(inspection)
}

/// Blobs that a statement of ours names.
pub(crate) fn named(statement: &model::Statement) -> Vec<(Sha256, String)> {
    if let Some(Ok(scan)) = statement.decode::<Scan>() {
        let mut all = vec![(scan.findings.digest.hash, format!("findings of {}", scan.tool.name))];
        if let (Some(manual), Origin::Imported { digest, file, .. }) = (&scan.manual, &scan.origin) {
            all.push((digest.hash, format!("the report of {}: {file}", manual.tester)));
            let files = manual.attachments.iter();
            all.extend(files.map(|file| (file.digest.hash, format!("attachment {}", file.name))));
        }
        return all;
    }
    if let Some(Ok(vsa)) = statement.decode::<Vsa>() {
        return vec![(vsa.proofhouse.verdict.evidence, "evidence of a decision".to_owned())];
    }
    if let Some(Ok(test)) = statement.decode::<ManualTest>() {
        return vec![(test.evidence.hash, format!("evidence of a manual test: {}", test.file))];
    }
    if let Some(Ok(review)) = statement.decode::<TechnologyReview>() {
        return vec![(review.evidence.hash, format!("evidence of the entry {}", review.technology))];
    }
    if let Some(Ok(card)) = statement.decode::<ScorecardImport>() {
        return vec![(card.report.hash, format!("Scorecard of {}", card.technology))];
    }
    if let Some(Ok(review)) = statement.decode::<ReleaseReview>() {
        return vec![(review.document.hash, format!("release review for {}", review.environment))];
    }
    if let Some(Ok(sent)) = statement.decode::<Notification>() {
        return vec![(sent.content.hash, format!("content of a {} that was sent", sent.kind))];
    }
    if let Some(Ok(foreign)) = statement.decode::<ForeignAttestation>() {
        return vec![(foreign.document.hash, "a foreign attestation".to_owned())];
    }
    if let Some(Ok(import)) = statement.decode::<ReleaseImport>() {
        let of = |what: &str| format!("{what} of an imported release of {}", import.project);
        return vec![(import.manifest, of("manifest")), (import.evidence, of("evidence"))];
    }
    let Some(Ok(run)) = statement.decode::<Run>() else { return vec![] };
    let mut all = Vec::new();
    for step in &run.steps {
        all.extend(step.log.iter().map(|log| (log.hash, format!("log of {}", step.name))));
        let files = step.outputs.iter().filter(|output| !output.directory);
        all.extend(files.map(|output| (output.digest.hash, output.path.clone())));
    }
    all
}

fn read(recorder: &Recorder, digest: &Sha256) -> Result<(), String> {
    let mut reader = recorder.blobs().open(digest).map_err(|e| e.to_string())?;
    std::io::copy(&mut reader, &mut std::io::sink()).map(drop).map_err(|e| e.to_string())
}
