//! Signatures under entries of the catalogue: recorded, found in the ledger, and what they come to.

use govern::catalogue::{
    self, Catalogue, Events, Signature, Standing, Standings, Technology,
    evaluate::{Evaluation, happened},
    missing, signed_text,
};
use model::{
    By, Digest, Exit, Problem, Role, Sha256, Subject, Timestamp, ports::LoggedStatement,
    predicate::TechnologyReview,
};

use super::Knowledge;
use crate::{record::Recorder, statements::statement};

/// Largest evaluation that an entry may stand on.
pub const LARGEST_EVIDENCE: u64 = 16 << 20;
/// Shortest reason for a refusal, in characters.
const SHORTEST_REASON: usize = 10;

/// A signature to be recorded.
#[derive(Clone, Debug)]
pub struct Sign<'a> {
    /// Name of the entry.
    pub technology: &'a str,
    /// Whether they agree.
    pub approve: bool,
    /// The role in which they sign; they must have it.
    pub role: Role,
    /// Who signs.
    pub by: By,
    /// Who enters it, where that is somebody else.
    pub entered_by: Option<String>,
    /// Why.
    pub reason: Option<String>,
}

/// The entry of this name, whatever its case.
///
/// # Errors
/// There is none.
pub fn entry<'a>(catalogue: &'a Catalogue, name: &str) -> Result<&'a Technology, Problem> {
    let same = |entry: &&Technology| entry.name.to_lowercase() == name.to_lowercase();
    catalogue.technologies.iter().find(same).ok_or_else(|| {
        let message = format!("the catalogue has no entry {name:?}");
        Problem::new("technology-unknown", Exit::Input, message)
            .with_hint("`proofhouse radar status` shows all")
    })
}

/// Records a signature under an entry as it stands in the catalogue. Gives its ledger index and the entry's
/// standing afterwards.
///
/// # Errors
/// The entry cannot be signed as it is, the role is not one that signs, or nothing can be recorded.
pub fn sign(catalogue: &Catalogue, what: Sign<'_>, recorder: &Recorder) -> Result<(u64, Standing), Problem> {
    let refuse =
        |code, message: String, hint: &str| Err(Problem::new(code, Exit::Input, message).with_hint(hint));
    let entry = entry(catalogue, what.technology)?;
    let Some(quorum) = &catalogue.quorum else {
        let hint = "add `quorum: {}` to it for architect, security and developer";
        return refuse("quorum-missing", "the catalogue says nobody must sign".to_owned(), hint);
    };
    if !quorum.roles.contains(&what.role) || !what.by.has(what.role) {
        let roles: Vec<&str> = quorum.roles.iter().map(|role| role.name()).collect();
        let message = format!("{} cannot sign as {}", what.by.name, what.role);
        return refuse("role-unfit", message, &format!("the quorum is {}", roles.join(", ")));
    }
    let lacks = missing(entry);
    if !lacks.is_empty() {
        let message = format!("the entry {} has no {}", entry.name, lacks.join(", no "));
        let hint = "`proofhouse radar evaluate NAME --save` prints the line for `evidence`";
        return refuse("entry-incomplete", message, hint);
    }
    let reason = what.reason.map(|reason| reason.trim().to_owned()).filter(|reason| !reason.is_empty());
    if !what.approve && reason.as_ref().is_none_or(|reason| reason.chars().count() < SHORTEST_REASON) {
        let message = format!("a refusal needs a reason of at least {SHORTEST_REASON} characters");
        return refuse("reason-too-short", message, "say what would have to change");
    }
    let evidence = evidence(entry, recorder).map_err(|why| {
        let message = format!("the evidence of {} {why}", entry.name);
        Problem::new("evidence-unusable", Exit::Input, message)
            .with_hint("`proofhouse radar evaluate NAME --save` makes it anew")
    })?;
    let now = recorder.clock().now();
    let signed = signed_text(entry, quorum);
    let subjects = vec![
        Subject::sha256(format!("technology {}", entry.name), Sha256::of(&signed)),
        Subject::sha256(format!("evidence of {}", entry.name), evidence.hash),
    ];
    let review = TechnologyReview {
        technology: entry.name.clone(),
        ring: entry.ring.name().to_owned(),
        signed,
        evidence,
        approve: what.approve,
        role: what.role,
        reason,
        by: what.by,
        entered_by: what.entered_by,
        at: now,
    };
    let (logged, _) = recorder.record(&[statement(subjects, &review)?])?;
    let index = logged.first().map_or(0, |entry| entry.index);
    let mut standings = standings(catalogue, recorder, now)?;
    let standing = standings.remove(&entry.name).ok_or_else(|| {
        Problem::new("technology-unknown", Exit::Input, "the entry is not in the catalogue any more")
    })?;
    Ok((index, standing))
}

/// The evidence of an entry as a blob that is there.
fn evidence(entry: &Technology, recorder: &Recorder) -> Result<Digest, String> {
    let bytes = evidence_bytes(entry, recorder)?;
    Evaluation::from_bytes(&bytes).and_then(|evaluation| about(entry, evaluation))?;
    Ok(Digest::of(&bytes))
}

/// The bytes of the evidence that an entry names.
///
/// # Errors
/// In words: why there are none.
pub(super) fn evidence_bytes(entry: &Technology, recorder: &Recorder) -> Result<Vec<u8>, String> {
    use std::io::Read as _;
    let hash = entry.evidence.ok_or("is not named")?;
    let blob = recorder.blobs().open(&hash).map_err(|_| format!("sha256:{hash} is not here"))?;
    let mut bytes = vec![];
    let read = blob.take(LARGEST_EVIDENCE + 1).read_to_end(&mut bytes);
    read.map_err(|e| format!("sha256:{hash} cannot be read: {e}"))?;
    match Sha256::of(&bytes) == hash {
        true => Ok(bytes),
        false => Err(format!("sha256:{hash} is not what was evaluated")),
    }
}

/// All signatures that verify, in the order of the ledger.
///
/// # Errors
/// The ledger or the database cannot be read.
pub fn signatures(recorder: &Recorder, now: Timestamp) -> Result<Vec<Signature>, Problem> {
    let mut all = vec![];
    for index in recorder.projection().of_kind("technology-review")? {
        let logged = recorder.row(index)?;
        // What does not verify counts for nothing; `ledger verify` tells of it.
        if let Some(signature) = signature(&logged).filter(|_| recorder.check(index, now) == (true, true)) {
            all.push(signature);
        }
    }
    Ok(all)
}

/// A statement as a signature, when it is about the text that it carries.
fn signature(logged: &LoggedStatement) -> Option<Signature> {
    let review = logged.statement.decode::<TechnologyReview>()?.ok()?;
    let digest = Sha256::of(&review.signed);
    let about = logged.statement.subject.first().and_then(Subject::sha256_digest) == Some(digest);
    (about && review.by.has(review.role)).then(|| Signature {
        index: logged.index,
        technology: review.technology,
        digest,
        text: review.signed,
        approve: review.approve,
        role: review.role,
        by: review.by,
        entered_by: review.entered_by,
        // A moment in the future would make it valid for longer.
        at: review.at.min(logged.logged_at),
        reason: review.reason,
    })
}

/// How far every entry is.
///
/// # Errors
/// As [`signatures`].
pub fn standings(catalogue: &Catalogue, recorder: &Recorder, now: Timestamp) -> Result<Standings, Problem> {
    if catalogue.quorum.is_none() {
        return Ok(Standings::new());
    }
    let all = signatures(recorder, now)?;
    let (mut events, mut knowledge) = (Events::default(), None);
    // Only what was signed can become void.
    let signed = |entry: &&Technology| {
        all.iter().any(|one| one.technology.to_lowercase() == entry.name.to_lowercase())
    };
    for entry in catalogue.technologies.iter().filter(|entry| entry.evidence.is_some()).filter(signed) {
        let read = evidence_bytes(entry, recorder).and_then(|bytes| Evaluation::from_bytes(&bytes));
        let evaluation = match read.and_then(|read| about(entry, read)) {
            Ok(evaluation) => evaluation,
            Err(why) => {
                events.unreadable.insert(entry.name.clone(), why);
                continue;
            }
        };
        let knowledge = match &knowledge {
            Some(knowledge) => knowledge,
            None => knowledge.insert(Knowledge::open(recorder.home())?),
        };
        let current = knowledge.again(&evaluation.facts, now)?;
        let days = catalogue.quorum.as_ref().map_or(u16::MAX, |quorum| quorum.unfixed_critical_days);
        events.happened.insert(entry.name.clone(), happened(&evaluation.facts, &current, now, days));
    }
    Ok(catalogue::standings(catalogue, &all, &events, now))
}

/// An evaluation of something else is no evidence for an entry.
fn about(entry: &Technology, evaluation: Evaluation) -> Result<Evaluation, String> {
    match evaluation.facts.technology.to_lowercase() == entry.name.to_lowercase() {
        true => Ok(evaluation),
        false => Err(format!("is about {}", evaluation.facts.technology)),
    }
}
