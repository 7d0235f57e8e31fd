//! Attestations of others: verified under their own root, kept byte for byte, and recorded as that.
//!
//! What a foreign statement says becomes nothing of ours: our statement vouches for the verification, and
//! leads to the document. Several documents are verified before the first is recorded, and recorded in
//! one append: there is never half an import.

mod judge;

use std::{collections::BTreeMap, path::Path};

use attest::{
    Bundle, Envelope,
    bundle::{Content, MAX_BUNDLE, MAX_EVIDENCE},
};
use model::{
    Exit, Problem, Sha256, Statement, Subject, Timestamp, predicate::ForeignAttestation, problem::erase,
};

use crate::{project::read_bounded, record::Recorder, statements::statement};

use judge::Judged;
pub use judge::Root;

/// Most documents of one import.
const MOST: usize = 10_000;

/// What is imported.
pub struct Import<'a> {
    /// Files: a bundle or envelope each, or one on each line.
    pub files: &'a [std::path::PathBuf],
    /// What they are verified under.
    pub root: &'a Root,
    /// Project.
    pub project: &'a str,
    /// Who brings them.
    pub actor: &'a str,
}

/// One imported attestation.
#[derive(Clone, Debug, serde::Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Imported {
    /// Ledger index.
    pub index: u64,
    /// What is recorded.
    pub attestation: ForeignAttestation,
    /// What it is about.
    pub subjects: Vec<Subject>,
}

/// A document and where it stood.
struct Document {
    place: String,
    bytes: Vec<u8>,
}

/// A foreign document, read.
pub(crate) enum Form {
    /// Sigstore bundle.
    Bundle(Box<Bundle>),
    /// DSSE envelope without anything.
    Envelope(Envelope),
}

impl Form {
    fn name(&self) -> &'static str {
        match self {
            Self::Bundle(_) => "sigstore-bundle",
            Self::Envelope(_) => "dsse-envelope",
        }
    }

    /// SHA-256 of the envelope as it stands in the document.
    fn envelope(&self, document: &[u8]) -> Sha256 {
        match self {
            Self::Bundle(bundle) => match &bundle.content {
                Content::Dsse(_, bytes) => Sha256::of(bytes),
                Content::Message(_) => Sha256::of(document),
            },
            Self::Envelope(_) => Sha256::of(document),
        }
    }
}

/// Verifies and records. On an error nothing is recorded.
///
/// # Errors
/// The first document that is refused, with its place; or the ledger cannot be written.
pub fn import(import: &Import<'_>, recorder: &Recorder) -> Result<(Vec<Imported>, Option<Problem>), Problem> {
    let now = recorder.clock().now();
    let mut documents = Vec::new();
    for file in import.files {
        documents.extend(split(file)?);
        if documents.len() > MOST {
            let message = format!("more than {MOST} attestations at once");
            return Err(
                Problem::new("foreign-too-many", Exit::Input, message).with_hint("import fewer at a time")
            );
        }
    }
    let mut statements = Vec::new();
    let mut found = Vec::new();
    for document in &documents {
        let (said, attestation) =
            one(document, import, now).map_err(|problem| at(&document.place, problem))?;
        let subjects: Vec<Subject> = said.subject.into_iter().map(plain).collect();
        statements.push(statement(subjects.clone(), &attestation)?);
        found.push((attestation, subjects));
    }
    // A blob that no statement names is no harm; a statement without its blob would be.
    for document in &documents {
        recorder.put(&document.bytes)?;
    }
    let (logged, warning) = recorder.record(&statements)?;
    let imported = logged.iter().zip(found);
    let imported = imported.map(|(entry, (attestation, subjects))| Imported {
        index: entry.index,
        attestation,
        subjects,
    });
    Ok((imported.collect(), warning))
}

fn one(
    document: &Document,
    import: &Import<'_>,
    now: Timestamp,
) -> Result<(Statement, ForeignAttestation), Problem> {
    let form = read(&document.bytes)?;
    let Judged { statement, signer, signed_at, log } = import.root.judge(&form, now)?;
    let attestation = ForeignAttestation {
        project: import.project.to_owned(),
        document: model::Digest::of(&document.bytes),
        form: form.name().to_owned(),
        envelope: form.envelope(&document.bytes),
        predicate_type: statement.predicate_type.clone(),
        root: import.root.named(),
        signer,
        signed_at,
        log,
        verified_at: now,
        verifier: BTreeMap::from([("proofhouse".to_owned(), env!("CARGO_PKG_VERSION").to_owned())]),
        actor: import.actor.to_owned(),
    };
    Ok((statement, attestation))
}

/// A bundle or envelope.
///
/// # Errors
/// It is neither.
pub(crate) fn read(bytes: &[u8]) -> Result<Form, Problem> {
    attest::check_json(bytes, MAX_BUNDLE).map_err(|why| {
        Problem::new("foreign-malformed", Exit::Input, format!("neither bundle nor envelope: {why}"))
    })?;
    let fields: BTreeMap<String, serde::de::IgnoredAny> = serde_json::from_slice(bytes).unwrap_or_default();
    if fields.contains_key("payloadType") {
        return Envelope::parse(bytes).map(Form::Envelope).map_err(|e| erase(&e));
    }
    Bundle::parse(bytes).map(|bundle| Form::Bundle(Box::new(bundle))).map_err(|e| erase(&e))
}

/// The documents of a file: all of it, or its lines.
fn split(file: &Path) -> Result<Vec<Document>, Problem> {
    crate::given::file(file)?;
    let bytes = read_bounded(file, MAX_EVIDENCE as u64 + 1)?;
    let name = file.display().to_string();
    let malformed = |why: &str| Problem::new("foreign-malformed", Exit::Input, format!("{name}: {why}"));
    if bytes.len() > MAX_EVIDENCE {
        return Err(malformed("larger than 512 MiB"));
    }
    if attest::check_json(&bytes, MAX_BUNDLE).is_ok() {
        return Ok(vec![Document { place: name, bytes }]);
    }
    let lines = (1..).zip(bytes.split(|byte| *byte == b'\n'));
    let lines = lines.filter(|(_, line)| !line.trim_ascii().is_empty());
    let document =
        |(n, line): (usize, &[u8])| Document { place: format!("{name}, line {n}"), bytes: line.to_vec() };
    let documents: Vec<Document> = lines.map(document).collect();
    if documents.is_empty() { Err(malformed("it is empty")) } else { Ok(documents) }
}

fn at(place: &str, problem: Problem) -> Problem {
    Problem { message: format!("{place}: {}", problem.message), ..problem }
}

/// A subject without what others may say beside it.
fn plain(subject: Subject) -> Subject {
    Subject { annotations: BTreeMap::new(), ..subject }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_neither_bundle_nor_envelope_is_named() {
        for (text, code) in [
            ("", "foreign-malformed"),
            ("[]", "bundle-malformed"),
            ("{}", "bundle-malformed"),
            (r#"{"payloadType":"t","payloadType":"t"}"#, "foreign-malformed"),
            (r#"{"payloadType":"t","payload":"","signatures":[]}"#, "envelope-malformed"),
        ] {
            let found = read(text.as_bytes()).err().map(|problem| problem.code);
            assert_eq!(found, Some(code), "{text}");
        }
    }
}
