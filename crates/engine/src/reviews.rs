//! Periodic reviews: generated from the tables, recorded, assigned, answered point by point, signed.
//!
//! The database says where reviews and answers are; only statements that verify count. An answer that it hides makes
//! a review look unfinished, never finished, and a hidden review is not done either: its kind stays due after its
//! interval.

use std::{
    collections::{BTreeMap, BTreeSet},
    time::Duration,
};

use govern::{
    organisation::{self, Organisation},
    reviews::{Answered, Look, Scheduled, Standing, days, generate, judge, schedule, signers},
};
use model::{
    By, Exit, Predicate, Problem, Role, Sha256, Subject, Timestamp,
    ports::LoggedStatement,
    practice::{AdministratorPractice, Practice},
    predicate::{Organisation as Applied, Review, ReviewAnswer, ReviewKind, ReviewVerdict},
    problem::erase,
};

use crate::{record::Recorder, release_review::words, statements::statement};

/// How long people have to answer where nothing else is said.
pub const TO_ANSWER: Duration = Duration::from_secs(14 * 86_400);
/// Shortest time that a review looks back, in days.
const SHORTEST_DAYS: u32 = 30;
/// Longest name of somebody who is asked, in bytes.
const LONGEST_NAME: usize = 200;

/// What a review is made of.
pub struct Making {
    /// Kind.
    pub kind: ReviewKind,
    /// Days to look back; absent: the interval of the kind.
    pub days: Option<u32>,
    /// Who shall answer it.
    pub assigned: Option<String>,
    /// Time to answer; absent: [`TO_ANSWER`].
    pub within: Option<Duration>,
    /// Who makes it.
    pub by: By,
}

/// A review, its place in the ledger, and how far it is.
#[derive(Clone, Debug)]
pub struct Loaded {
    /// Ledger index.
    pub index: u64,
    /// Envelope digest.
    pub envelope: Sha256,
    /// The review.
    pub review: Review,
    /// How far it is.
    pub standing: Standing,
}

/// The organisation as it was last applied, with the ledger index of that; `None` before one was.
///
/// # Errors
/// The database or the ledger cannot be read, or what was applied does not verify.
pub fn organisation(recorder: &Recorder) -> Result<Option<(Organisation, u64)>, Problem> {
    let Some(index) = recorder.projection().organisation()? else { return Ok(None) };
    let applied: Applied = verified(index, recorder)?.1;
    let parsed = organisation::parse(applied.text.as_bytes(), "organisation.yaml").map_err(|e| erase(&e))?;
    Ok(Some((parsed, index)))
}

/// Generates a review and records it.
///
/// # Errors
/// The database or the ledger cannot be read, or nothing can be recorded.
pub fn make(making: Making, recorder: &Recorder) -> Result<Loaded, Problem> {
    let Making { kind, days: back, assigned, within, by } = making;
    let assigned = assigned.map(|name| named(&name)).transpose()?;
    let now = recorder.clock().now();
    let known = organisation(recorder)?;
    let every = days(kind, &known.as_ref().map(|(it, _)| it.reviews.clone()).unwrap_or_default());
    let from = moved(now, -i64::from(back.unwrap_or(every).max(SHORTEST_DAYS)) * 86_400)?;
    let through = recorder.size();
    let practice = practice(from, now, known.as_ref(), recorder)?;
    let generated = generate(kind, &Look { practice: &practice, from, now });
    let seconds = i64::try_from(within.unwrap_or(TO_ANSWER).as_secs()).unwrap_or(i64::MAX);
    let review = Review {
        kind,
        from,
        at: now,
        through,
        points: generated.points,
        figures: generated.figures,
        unknown: generated.unknown,
        assigned,
        due: moved(now, seconds)?,
        by,
    };
    let tip = match through.checked_sub(1) {
        Some(last) => recorder.row(last)?.envelope,
        None => Sha256::of(""),
    };
    let (logged, _) = recorder.record(&[statement(vec![Subject::sha256("ledger", tip)], &review)?])?;
    let entry = logged.first().ok_or_else(silent)?;
    let standing = judge(&review, &[], now);
    Ok(Loaded { index: entry.index, envelope: entry.envelope, review, standing })
}

/// What is known of the time, with what only other places know.
fn practice(
    from: Timestamp,
    now: Timestamp,
    known: Option<&(Organisation, u64)>,
    recorder: &Recorder,
) -> Result<Practice, Problem> {
    let mut practice = recorder.projection().practice(from, now)?;
    if let Some((organisation, index)) = known {
        let signed_in = recorder.projection().last_sign_ins()?;
        let one = |name: String| AdministratorPractice {
            last_signed_in: signed_in.get(&name).copied(),
            name,
            index: *index,
        };
        practice.administrators = Some(administrators(organisation).into_iter().map(one).collect());
    }
    Ok(practice)
}

/// People who may administer, by themselves or with a team.
fn administrators(organisation: &Organisation) -> BTreeSet<String> {
    let grants = organisation.grants.iter().filter(|grant| grant.role == Role::Admin);
    let members = |name: &String| organisation.teams.get(name).map(|team| team.members.clone());
    grants
        .flat_map(|grant| {
            let teams = grant.teams.iter().filter_map(members).flatten();
            grant.people.iter().cloned().chain(teams).collect::<Vec<_>>()
        })
        .collect()
}

/// Reads a review by its ledger index.
///
/// # Errors
/// There is none, it does not verify, or the ledger cannot be read.
pub fn load(index: u64, recorder: &Recorder) -> Result<Loaded, Problem> {
    let (logged, review): (LoggedStatement, Review) = verified(index, recorder)?;
    let mut answers = Vec::new();
    for at in recorder.projection().review_answers(logged.envelope)? {
        let (entry, answer): (_, ReviewAnswer) = verified(at, recorder)?;
        if answer.review == logged.envelope && at > index {
            answers.push(Answered { index: entry.index, answer });
        }
    }
    answers.sort_by_key(|one| one.index);
    let standing = judge(&review, &answers, recorder.clock().now());
    Ok(Loaded { index, envelope: logged.envelope, review, standing })
}

/// The newest review of a kind.
///
/// # Errors
/// There is none, or as [`load`].
pub fn newest(kind: ReviewKind, recorder: &Recorder) -> Result<Loaded, Problem> {
    let all = recorder.projection().reviews(kind)?;
    let index = all.into_iter().max().ok_or_else(|| {
        Problem::new("review-missing", Exit::Verdict, format!("no review of {} has been made", kind.name()))
            .with_hint(format!("`proofhouse review make {}` makes one", kind.name()))
    })?;
    load(index, recorder)
}

/// When each kind is due.
///
/// # Errors
/// The database or the ledger cannot be read, or a review does not verify.
pub fn scheduled(recorder: &Recorder, now: Timestamp) -> Result<Vec<Scheduled>, Problem> {
    let said: BTreeMap<String, u32> = organisation(recorder)?.map(|(it, _)| it.reviews).unwrap_or_default();
    let beginning = if recorder.size() == 0 { now } else { recorder.row(0)?.logged_at };
    let mut all = Vec::new();
    for kind in ReviewKind::ALL {
        let indices = recorder.projection().reviews(kind)?;
        let loaded: Vec<Loaded> =
            indices.into_iter().map(|index| load(index, recorder)).collect::<Result<_, _>>()?;
        let of_kind = loaded.iter().filter(|one| one.review.kind == kind);
        let reviews: Vec<_> = of_kind.map(|one| (one.index, &one.review, &one.standing)).collect();
        all.push(schedule(kind, days(kind, &said), &reviews, beginning, now));
    }
    Ok(all)
}

/// What somebody says about a review, or about one point of it.
pub struct Reply<'a> {
    /// Ledger index of the review.
    pub review: u64,
    /// Point; absent: the review as a whole.
    pub point: Option<&'a str>,
    /// Of a point: accept, decline, done or comment; of the whole: sign, assign (`text` is the name) or comment.
    pub verdict: ReviewVerdict,
    /// Role that they answer for.
    pub role: Option<Role>,
    /// In words.
    pub text: &'a str,
    /// Who.
    pub by: By,
}

/// Records an answer; the review as it is after it.
///
/// # Errors
/// There is no such review or point, the person has none of the roles that answer it, words are missing, points
/// are still open (for a signature), or nothing can be recorded.
pub fn answer(reply: &Reply<'_>, recorder: &Recorder) -> Result<Loaded, Problem> {
    let loaded = load(reply.review, recorder)?;
    let text = match reply.verdict {
        ReviewVerdict::Assign => named(reply.text)?,
        verdict => words(verdict, reply.text)?,
    };
    may(reply, &loaded)?;
    let answer = ReviewAnswer {
        review: loaded.envelope,
        project: None,
        point: reply.point.map(str::to_owned),
        verdict: reply.verdict,
        role: reply.role,
        text,
        by: reply.by.clone(),
        at: recorder.clock().now(),
    };
    recorder.record(&[statement(vec![Subject::sha256("review", loaded.envelope)], &answer)?])?;
    load(reply.review, recorder)
}

fn may(reply: &Reply<'_>, loaded: &Loaded) -> Result<(), Problem> {
    use ReviewVerdict::{Accept, Assign, Comment, Decline, Done, Sign};
    let refuse = |code, message: String| Err(Problem::new(code, Exit::Input, message));
    let review = &loaded.review;
    match (reply.point, reply.verdict) {
        (Some(id), Accept | Decline | Done | Comment) if review.points.iter().any(|point| point.id == id) => {
        }
        (Some(id), Accept | Decline | Done | Comment) => {
            let problem =
                Problem::new("point-unknown", Exit::Input, format!("this review has no point {id:?}"));
            return Err(problem.with_hint("`proofhouse review show` lists them"));
        }
        (None, Sign | Assign | Comment) => {}
        (_, verdict) => {
            let what = if reply.point.is_some() { "a point" } else { "a review" };
            return refuse("answer-unusable", format!("{what} takes no {}", verdict.name()));
        }
    }
    let mut asked = signers(review.kind).to_vec();
    if reply.verdict == Assign {
        asked.push(Role::Manager);
    }
    if reply.verdict != Comment && !asked.iter().any(|role| reply.by.has(*role)) {
        let names = asked.iter().map(|role| role.name()).collect::<Vec<_>>().join(" or ");
        return refuse("role-lacking", format!("{} must be {names} for this", reply.by.name));
    }
    if reply.verdict == Sign && loaded.standing.open > 0 {
        let message = format!("{} points have no answer yet", loaded.standing.open);
        return Err(Problem::new("points-open", Exit::Verdict, message)
            .with_hint("`proofhouse review answer` answers one"));
    }
    Ok(())
}

/// The name of somebody, trimmed.
fn named(name: &str) -> Result<String, Problem> {
    let name = name.trim();
    match name.is_empty() || name.len() > LONGEST_NAME || name.chars().any(char::is_control) {
        false => Ok(name.to_owned()),
        true => Err(Problem::new("name-unusable", Exit::Input, "expected the name of a person")),
    }
}

/// A statement of a type that verifies.
fn verified<P: Predicate>(index: u64, recorder: &Recorder) -> Result<(LoggedStatement, P), Problem> {
    let unknown = || {
        Problem::new("review-unknown", Exit::Input, format!("ledger entry {index} is not what is asked for"))
            .with_hint("`proofhouse review list` shows the periodic reviews")
    };
    if index >= recorder.size() {
        return Err(unknown());
    }
    let logged = recorder.row(index)?;
    let Some(Ok(found)) = logged.statement.decode::<P>() else { return Err(unknown()) };
    if recorder.check(index, recorder.clock().now()) != (true, true) {
        let message = format!("ledger entry {index} does not verify");
        return Err(Problem::new("review-unproven", Exit::Integrity, message)
            .with_hint("see `proofhouse ledger verify`"));
    }
    Ok((logged, found))
}

fn moved(from: Timestamp, seconds: i64) -> Result<Timestamp, Problem> {
    Timestamp::from_second(from.as_second().saturating_add(seconds))
        .map_err(|e| Problem::new("until-unusable", Exit::Input, e.to_string()))
}

fn silent() -> Problem {
    Problem::new("ledger-silent", Exit::Environment, "the ledger did not acknowledge the statement")
}
