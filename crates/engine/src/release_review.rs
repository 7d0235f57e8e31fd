//! Release reviews: made from the ledger, put before people, answered, and judged whenever somebody asks.
//!
//! [`make`] needs the project's folder (its configuration and git); everything after that needs the ledger only.

mod gather;
mod paper;
mod watch;

use std::time::Duration;

use govern::release_review::{Document, Put, RequirementLine, Standing, State, document};
use model::{
    By, Exit, Problem, Role, RunId, Sha256, Subject, Timestamp,
    predicate::{AcceptedUntil, MetRequirement, ReleaseReview, ReviewAnswer, ReviewBasis, ReviewVerdict},
    requirement::State as RequirementState,
};

pub use paper::pdf;
pub(crate) use watch::Watch;
pub use watch::policy;

use crate::{
    gate::{self, Question},
    project::Project,
    record::Recorder,
    statements::statement,
};

/// How long a review counts where nothing else is said.
pub const WITHIN: Duration = Duration::from_secs(14 * 86_400);
/// Longest text of an answer, in bytes.
pub const LONGEST_TEXT: usize = 4000;
/// Largest document that is read.
const LARGEST_DOCUMENT: u64 = 16 << 20;

/// What a review is made of.
pub struct Making<'a> {
    /// The project as it is on disk.
    pub project: &'a Project,
    /// Environment that the release wants to enter.
    pub environment: &'a str,
    /// The run; absent: the newest that passed, of the commit that the folder is at.
    pub run: Option<RunId>,
    /// Roles that are asked to sign; empty: those that the environment demands, or else `manager`.
    pub roles: &'a [Role],
    /// How long it counts; absent: as the environment demands, or else [`WITHIN`].
    pub within: Option<Duration>,
    /// Controls of the organisation, where they are computed.
    pub controls: Vec<govern::release_review::ControlLine>,
    /// Who makes it.
    pub by: By,
}

/// A review that was made.
#[derive(Clone, Debug)]
pub struct Made {
    /// The review and its place in the ledger.
    pub put: Put,
    /// What people read.
    pub document: Document,
}

/// Makes a review: gathers the facts, keeps the document, records the statement.
///
/// # Errors
/// There is no such environment or run, the configuration has changed since, or something cannot be read or
/// recorded.
pub fn make(making: Making<'_>, recorder: &Recorder) -> Result<Made, Problem> {
    let Making { project, environment: name, run, roles, within, controls, by } = making;
    let environment = project.environment(name)?;
    let (run, from) = gate::choose_run(project, run, recorder)?;
    gate::same_configuration(project, &run)?;
    let question = Question { project, environment: name, run: &run, from };
    let now = recorder.clock().now();
    // Before anything is read: what comes in from here on is newer than the review.
    let through = recorder.size();
    let weighed = gate::weigh(&question, recorder, now)?;
    let mut facts = gather::facts(&question, environment, weighed, by.name.clone(), recorder, now)?;
    facts.controls = controls;
    facts.rejected_before = watch(&question, facts.evidence.artifact.digest, recorder, now)?.rejected();
    let demanded = environment.gate.release_review.as_ref();
    let mut roles = match (roles, demanded) {
        ([], Some(demanded)) => demanded.roles.clone(),
        ([], None) => vec![Role::Manager],
        (given, _) => given.to_vec(),
    };
    roles.sort_unstable();
    roles.dedup();
    let within = within.or(demanded.map(|demanded| demanded.within)).unwrap_or(WITHIN);
    let basis = basis(&facts, project, &run, from, through);
    let authors = gather::authors(project, &run, &facts.commits);
    let artifact = facts.evidence.artifact.clone();
    let document = document(facts);
    let bytes = serde_json::to_vec(&document).map_err(|e| unusable(&e.to_string()))?;
    let review = ReleaseReview {
        project: run.project.clone(),
        environment: name.to_owned(),
        run: run.run,
        artifact: artifact.digest,
        document: recorder.put(&bytes)?,
        basis,
        roles,
        authors,
        by,
        at: now,
        expires: after(now, within)?,
    };
    let subject = Subject::sha256(&artifact.name, artifact.digest);
    let (logged, _) = recorder.record(&[statement(vec![subject], &review)?])?;
    let entry = logged.first().ok_or_else(silent)?;
    Ok(Made { put: Put { index: entry.index, envelope: entry.envelope, review }, document })
}

/// What the review stands on.
fn basis(
    facts: &govern::release_review::Facts,
    project: &Project,
    run: &model::predicate::Run,
    from: u64,
    through: u64,
) -> ReviewBasis {
    let evidence = &facts.evidence;
    let block = evidence.settings.block;
    let stops = |severity| block.is_some_and(|block| severity >= block);
    let mut findings: Vec<_> = evidence.findings.iter().filter(|f| stops(f.severity)).map(|f| f.id).collect();
    findings.sort_unstable();
    findings.dedup();
    let here = |name: &Option<String>| name.as_ref().is_none_or(|name| *name == evidence.environment);
    let accepted =
        evidence.exceptions.iter().filter(|one| one.expires > evidence.now && here(&one.environment));
    let lines = facts.requirements.get().map(Vec::as_slice).unwrap_or_default();
    ReviewBasis {
        from,
        through,
        inputs: gate::inputs(&evidence.statements),
        policy: policy(run),
        block,
        findings,
        exceptions: accepted.map(|one| AcceptedUntil { index: one.index, expires: one.expires }).collect(),
        requirements: lines
            .iter()
            .filter(|line| line.state.is_met())
            .map(|line| MetRequirement { id: line.id.clone(), until: until(project, line) })
            .collect(),
    }
}

/// Last day of the waiver by which a requirement is met.
fn until(project: &Project, line: &RequirementLine) -> Option<model::requirement::Date> {
    let waived = project.requirements.get(&line.id)?.waived.as_ref()?;
    (line.state == RequirementState::Waived).then_some(waived.until)
}

/// Watches the ledger from the first statement of a run on.
fn watch<'a>(
    question: &Question<'a>,
    artifact: Sha256,
    recorder: &Recorder,
    now: Timestamp,
) -> Result<Watch<'a>, Problem> {
    let mut watch = Watch::new(question.run, question.environment, artifact);
    for logged in recorder.from(question.from)? {
        watch.see(&logged?, recorder, now);
    }
    Ok(watch)
}

/// A review with its document and what is known of it now.
#[derive(Clone, Debug)]
pub struct Loaded {
    /// The review and its place in the ledger.
    pub put: Put,
    /// What people read.
    pub document: Document,
    /// Whether it counts now, and what was said.
    pub standing: Standing,
}

/// Reads a review by its ledger index and judges it.
///
/// # Errors
/// There is no review there, it does not verify, or the ledger or the document cannot be read.
pub fn load(index: u64, recorder: &Recorder) -> Result<Loaded, Problem> {
    let now = recorder.clock().now();
    let found = review(index, recorder)?;
    let (run, from) = gate::find_run(&found.project, Some(found.run), recorder)?;
    recorder.confirm(from)?;
    let mut watch = Watch::new(&run, &found.environment, found.artifact);
    for logged in recorder.from(from)? {
        watch.see(&logged?, recorder, now);
    }
    let Some((put, standing)) = watch.judge(Some(index), recorder, now)? else {
        let message = format!("the release review in ledger entry {index} does not verify");
        return Err(Problem::new("review-unproven", Exit::Integrity, message)
            .with_hint("see `proofhouse ledger verify`"));
    };
    let digest = put.review.document;
    if digest.size > LARGEST_DOCUMENT {
        return Err(unusable("it is larger than 16 MiB"));
    }
    let bytes = recorder.blobs().get(&digest.hash);
    let bytes = bytes.map_err(|e| crate::home::cannot(&recorder.home().blobs(), "read the review in", &e))?;
    let document = serde_json::from_slice(&bytes).map_err(|e| unusable(&e.to_string()))?;
    Ok(Loaded { put, document, standing })
}

/// The review in a ledger entry; nothing is verified.
fn review(index: u64, recorder: &Recorder) -> Result<ReleaseReview, Problem> {
    let unknown = || {
        Problem::new("review-unknown", Exit::Input, format!("ledger entry {index} is no release review"))
            .with_hint("`proofhouse release review list` shows them")
    };
    if index >= recorder.size() {
        return Err(unknown());
    }
    match recorder.row(index)?.statement.decode::<ReleaseReview>() {
        Some(Ok(review)) => Ok(review),
        _ => Err(unknown()),
    }
}

/// The newest review of an environment, by its ledger index.
///
/// # Errors
/// There is none, or the database cannot be read.
pub fn newest(project: &str, environment: &str, recorder: &Recorder) -> Result<u64, Problem> {
    let all = recorder.projection().release_reviews(Some(project), Some(environment))?;
    all.into_iter().max().ok_or_else(|| {
        let message = format!("no review of a release of {project} for {environment} has been made");
        Problem::new("review-missing", Exit::Verdict, message)
            .with_hint(format!("`proofhouse release review make {environment}` makes one"))
    })
}

/// What somebody says about a review.
pub struct Reply<'a> {
    /// Ledger index of the review.
    pub review: u64,
    /// `Sign`, `Reject` or `Comment`.
    pub verdict: ReviewVerdict,
    /// Role that they answer for; needed to sign and to reject.
    pub role: Option<Role>,
    /// In words.
    pub text: &'a str,
    /// Who.
    pub by: By,
}

/// Records an answer; its ledger index, and how the review stands after it.
///
/// # Errors
/// There is no such review, it no longer counts (for a signature), the person has not the role or the role was
/// not asked, words are missing, or nothing can be recorded.
pub fn answer(reply: &Reply<'_>, recorder: &Recorder) -> Result<(u64, Standing), Problem> {
    let loaded = load(reply.review, recorder)?;
    let text = words(reply.verdict, reply.text)?;
    may(reply, &loaded)?;
    let review = &loaded.put.review;
    let answer = ReviewAnswer {
        review: loaded.put.envelope,
        project: Some(review.project.clone()),
        point: None,
        verdict: reply.verdict,
        role: reply.role,
        text,
        by: reply.by.clone(),
        at: recorder.clock().now(),
    };
    let subjects = vec![
        Subject::sha256("release review", loaded.put.envelope),
        Subject::sha256(&loaded.document.candidate.artifact, review.artifact),
    ];
    let (logged, _) = recorder.record(&[statement(subjects, &answer)?])?;
    let index = logged.first().ok_or_else(silent)?.index;
    Ok((index, load(reply.review, recorder)?.standing))
}

/// The words of an answer, trimmed.
pub(crate) fn words(verdict: ReviewVerdict, text: &str) -> Result<String, Problem> {
    let text = text.trim();
    let refuse = |code, message: &str, hint: &str| {
        Err(Problem::new(code, Exit::Input, message.to_owned()).with_hint(hint.to_owned()))
    };
    let least = match verdict {
        ReviewVerdict::Reject | ReviewVerdict::Decline => 10,
        ReviewVerdict::Comment => 1,
        _ => 0,
    };
    if text.chars().count() < least {
        let message = format!("it needs a text of at least {least} characters");
        return refuse("reason-too-short", &message, "say what must change, so that others can act on it");
    }
    if text.len() > LONGEST_TEXT {
        return refuse(
            "text-too-long",
            "the text has more than 4,000 bytes",
            "put what is longer into a report",
        );
    }
    if text.chars().any(|c| c.is_control() && !matches!(c, '\n' | '\t')) {
        return refuse("text-unusable", "the text has control characters", "write plain text");
    }
    Ok(text.to_owned())
}

/// Whether they may answer so.
fn may(reply: &Reply<'_>, loaded: &Loaded) -> Result<(), Problem> {
    let refuse = |code, message: String| Err(Problem::new(code, Exit::Input, message));
    let asked = &loaded.put.review.roles;
    let names = asked.iter().map(|role| role.name()).collect::<Vec<_>>().join(", ");
    match (reply.verdict, reply.role) {
        (ReviewVerdict::Comment, _) => return Ok(()),
        (ReviewVerdict::Sign | ReviewVerdict::Reject, None) => {
            return refuse("role-missing", format!("say for which role: {names}"));
        }
        (ReviewVerdict::Sign | ReviewVerdict::Reject, Some(role)) => {
            if !asked.contains(&role) {
                return refuse("role-not-asked", format!("this review asks {names}, not {role}"));
            }
            if !reply.by.has(role) {
                return refuse("role-lacking", format!("{} is not {role} here", reply.by.name));
            }
        }
        (other, _) => {
            return refuse("answer-unusable", format!("a release review takes no {}", other.name()));
        }
    }
    let state = loaded.standing.state;
    if reply.verdict == ReviewVerdict::Sign && matches!(state, State::Void | State::Expired | State::Released)
    {
        let why = loaded.standing.because.join("; ");
        let message = format!("this review is {} and can no longer be signed: {why}", state.name());
        return Err(Problem::new("review-not-current", Exit::Verdict, message)
            .with_hint("`proofhouse release review make` makes a new one"));
    }
    Ok(())
}

fn after(now: Timestamp, within: Duration) -> Result<Timestamp, Problem> {
    let seconds = i64::try_from(within.as_secs()).unwrap_or(i64::MAX);
    Timestamp::from_second(now.as_second().saturating_add(seconds))
        .map_err(|e| Problem::new("until-unusable", Exit::Input, e.to_string()))
}

fn unusable(why: &str) -> Problem {
    Problem::new(
        "review-unusable",
        Exit::Integrity,
        format!("the document of the review cannot be used: {why}"),
    )
}

fn silent() -> Problem {
    Problem::new("ledger-silent", Exit::Environment, "the ledger did not acknowledge the statement")
}
