//! Whether a release review counts: a pure function of what was put before people, what they answered, what
//! the ledger got since, and the moment.

use std::collections::BTreeMap;

use model::{
    Role, Sha256, Timestamp,
    evidence::{ReleaseReviewFacts, ReviewProblem, ReviewSignature},
    predicate::{ReleaseReview, ReviewAnswer, ReviewVerdict},
};
use serde::Serialize;

/// A day in seconds.
const DAY: i64 = 86_400;

/// What the ledger got about the release after its review was made, and what decides now.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Later {
    /// SHA-256 of what is in the place of the artifact now.
    pub artifact: Option<Sha256>,
    /// What decides now; see [`model::predicate::ReviewBasis::policy`].
    pub policy: Option<Sha256>,
    /// Ledger index of a newer review of the same release for the same environment.
    pub superseded: Option<u64>,
    /// Newer scans: ledger index and one phrase about each.
    pub scans: Vec<(u64, String)>,
    /// Findings of these scans that deny and that the review does not show, one phrase each.
    pub blocking: Vec<String>,
    /// Ledger indices of risks that were accepted since.
    pub accepted: Vec<u64>,
    /// Requirements that were met and that a newer test found broken: id and ledger index.
    pub broken: Vec<(String, u64)>,
    /// The first deployment of the release into the environment: ledger index and end.
    pub deployed: Option<(u64, Timestamp)>,
}

/// An answer with its place in the ledger.
#[derive(Clone, Debug, PartialEq)]
pub struct Answered {
    /// Ledger index.
    pub index: u64,
    /// The answer.
    pub answer: ReviewAnswer,
}

/// How far a review is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum State {
    /// Not everybody who is asked has signed.
    Waiting,
    /// Everybody who is asked has signed, and it counts.
    Signed,
    /// Somebody rejected it.
    Rejected,
    /// Everybody who was asked had signed, and the release was deployed; for another deployment see why.
    Released,
    /// What it stands on has changed.
    Void,
    /// Its time is over.
    Expired,
}

impl State {
    /// As in JSON.
    pub fn name(self) -> &'static str {
        match self {
            Self::Waiting => "waiting",
            Self::Signed => "signed",
            Self::Rejected => "rejected",
            Self::Released => "released",
            Self::Void => "void",
            Self::Expired => "expired",
        }
    }
}

/// What somebody said, for people.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Voice {
    /// Ledger index.
    pub index: u64,
    /// Who.
    pub name: String,
    /// Role that they answered for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub role: Option<Role>,
    /// What they decided.
    pub verdict: ReviewVerdict,
    /// In words.
    pub text: String,
    /// When.
    pub at: Timestamp,
    /// Why a signature does not count.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub discounted: Option<String>,
}

/// What is known of a review now.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Standing {
    /// How far it is.
    pub state: State,
    /// Why, one sentence each: what makes it void or expired, what was rejected, what is missing.
    pub because: Vec<String>,
    /// Roles that nobody has signed for.
    pub missing: Vec<Role>,
    /// Everything that was said, oldest first.
    pub voices: Vec<Voice>,
    /// What a gate sees.
    #[serde(skip)]
    pub facts: ReleaseReviewFacts,
}

/// A review and where it is in the ledger.
#[derive(Clone, Debug, PartialEq)]
pub struct Put {
    /// Ledger index.
    pub index: u64,
    /// Envelope digest.
    pub envelope: Sha256,
    /// The review.
    pub review: ReleaseReview,
}

/// Judges a review. `answers` are those to it, in the order of the ledger.
///
/// Of each person the newest signature or rejection counts; names are compared without regard to case. A
/// signature counts for one role, which the person must have had and which must have been asked. A comment
/// changes nothing.
pub fn judge(put: &Put, answers: &[Answered], later: &Later, now: Timestamp) -> Standing {
    let review = &put.review;
    let void = void(review, later, now);
    let expired = (now >= review.expires).then(|| format!("the review ended on {}", day(review.expires)));
    let newest = newest(answers);
    let voices: Vec<Voice> = answers.iter().map(|one| voice(one, review, &newest)).collect();
    let rejected: Vec<String> = voices
        .iter()
        .filter(|voice| voice.verdict == ReviewVerdict::Reject && voice.discounted.is_none())
        .map(|voice| format!("{} rejected it on {}: {}", voice.name, day(voice.at), voice.text))
        .collect();
    let signatures = signatures(&voices, answers, review);
    let missing: Vec<Role> = review
        .roles
        .iter()
        .copied()
        .filter(|role| signatures.iter().all(|signature| signature.role != *role))
        .collect();
    let waiting = waiting(&missing, &signatures);
    let problems = problems(&rejected, &void, expired.as_deref());
    let (state, because) = match () {
        () if !rejected.is_empty() => (State::Rejected, rejected),
        () if let Some(deployed) = later.deployed.filter(|_| waiting.is_empty()) => {
            (State::Released, released(deployed, void, expired))
        }
        () if !void.is_empty() => (State::Void, void),
        () if expired.is_some() => (State::Expired, expired.into_iter().collect()),
        () if !waiting.is_empty() => (State::Waiting, waiting),
        () => (State::Signed, vec![]),
    };
    let facts = ReleaseReviewFacts {
        index: put.index,
        digest: put.envelope,
        at: review.at,
        age_seconds: now.as_second() - review.at.as_second(),
        expires: review.expires,
        problems,
        signatures,
        comments: voices.iter().filter(|voice| voice.verdict == ReviewVerdict::Comment).count() as u64,
    };
    Standing { state, because, missing, voices, facts }
}

/// That it did its work, and why it would not do it again.
fn released((index, at): (u64, Timestamp), void: Vec<String>, expired: Option<String>) -> Vec<String> {
    let done = format!("it was deployed on {} (ledger entry {index})", day(at));
    let again = void.into_iter().chain(expired);
    let again = again.map(|why| format!("since then, so that another deployment needs a new review: {why}"));
    std::iter::once(done).chain(again).collect()
}

/// Everything that makes it void, one sentence each.
fn void(review: &ReleaseReview, later: &Later, now: Timestamp) -> Vec<String> {
    let basis = &review.basis;
    let newer = |index| format!("a newer review was made (ledger entry {index})");
    let mut why: Vec<String> = later.superseded.map(newer).into_iter().collect();
    if later.artifact.is_some_and(|artifact| artifact != review.artifact) {
        why.push("the artifact is another one".to_owned());
    }
    if later.policy.is_some_and(|policy| policy != basis.policy) {
        why.push("the rules or the configuration of the gate are others".to_owned());
    }
    why.extend(
        later.blocking.iter().map(|finding| format!("a finding that stops releases is new: {finding}")),
    );
    why.extend(
        later.scans.iter().map(|(index, scan)| format!("a newer scan: {scan} (ledger entry {index})")),
    );
    let ended = basis.exceptions.iter().filter(|accepted| now >= accepted.expires);
    why.extend(ended.map(|accepted| {
        format!("an accepted risk ended on {} (ledger entry {})", day(accepted.expires), accepted.index)
    }));
    why.extend(
        later.accepted.iter().map(|index| format!("a further risk was accepted (ledger entry {index})")),
    );
    why.extend(
        later
            .broken
            .iter()
            .map(|(id, index)| format!("the requirement {id} is no longer met (ledger entry {index})")),
    );
    let waived = basis.requirements.iter().filter_map(|met| Some((met, met.until?)));
    let over = waived.filter(|(_, until)| day_is_over(*until, now));
    why.extend(over.map(|(met, until)| format!("the waiver of the requirement {} ended on {until}", met.id)));
    why
}

/// Whether a day has passed in UTC; one that is no moment has.
fn day_is_over(day: model::requirement::Date, now: Timestamp) -> bool {
    let start = day.at(0, 0, 0, 0).to_zoned(jiff::tz::TimeZone::UTC);
    start.map_or(true, |start| now.as_second() >= start.timestamp().as_second().saturating_add(DAY))
}

/// Index of the newest decision of each person.
fn newest(answers: &[Answered]) -> BTreeMap<String, u64> {
    let decides = |answer: &ReviewAnswer| {
        answer.point.is_none() && matches!(answer.verdict, ReviewVerdict::Sign | ReviewVerdict::Reject)
    };
    let all = answers.iter().filter(|one| decides(&one.answer));
    all.map(|one| (person(&one.answer.by.name), one.index)).collect()
}

fn person(name: &str) -> String {
    name.trim().to_lowercase()
}

fn voice(one: &Answered, review: &ReleaseReview, newest: &BTreeMap<String, u64>) -> Voice {
    let answer = &one.answer;
    let replaced = newest.get(&person(&answer.by.name)).is_some_and(|index| *index != one.index);
    let discounted = match answer.verdict {
        ReviewVerdict::Sign | ReviewVerdict::Reject if replaced => {
            Some("they decided again later".to_owned())
        }
        ReviewVerdict::Sign | ReviewVerdict::Reject => match answer.role {
            None => Some("they answered for no role".to_owned()),
            Some(role) if !review.roles.contains(&role) => Some(format!("{role} was not asked")),
            Some(role) if !answer.by.has(role) => Some(format!("they were not {role}")),
            Some(_) => None,
        },
        _ => None,
    };
    Voice {
        index: one.index,
        name: answer.by.name.clone(),
        role: answer.role,
        verdict: answer.verdict,
        text: answer.text.clone(),
        at: answer.at,
        discounted,
    }
}

fn signatures(voices: &[Voice], answers: &[Answered], review: &ReleaseReview) -> Vec<ReviewSignature> {
    let signed = voices
        .iter()
        .zip(answers)
        .filter(|(voice, _)| voice.verdict == ReviewVerdict::Sign && voice.discounted.is_none());
    signed
        .filter_map(|(voice, one)| {
            Some(ReviewSignature {
                index: voice.index,
                name: voice.name.clone(),
                role: voice.role?,
                via: one.answer.by.via.name().to_owned(),
                author: review.authors.iter().any(|author| person(author) == person(&voice.name)),
            })
        })
        .collect()
}

fn waiting(missing: &[Role], signatures: &[ReviewSignature]) -> Vec<String> {
    let mut why: Vec<String> = missing.iter().map(|role| format!("nobody has signed as {role}")).collect();
    if !signatures.is_empty() && signatures.iter().all(|signature| signature.author) {
        why.push("everybody who has signed took part in the change; somebody else must sign too".to_owned());
    }
    why
}

fn problems(rejected: &[String], void: &[String], expired: Option<&str>) -> Vec<ReviewProblem> {
    let problem = |code: &str, why: &str| ReviewProblem {
        code: format!("release-review-{code}"),
        message: if code == "void" { format!("the review is void: {why}") } else { why.to_owned() },
    };
    let rejected = rejected.iter().map(|why| problem("rejected", why));
    let void = void.iter().map(|why| problem("void", why));
    rejected.chain(void).chain(expired.map(|why| problem("expired", why))).collect()
}

/// The day (UTC) of a moment.
fn day(at: Timestamp) -> String {
    at.strftime("%Y-%m-%d").to_string()
}
