//! How far a periodic review is: which points are answered, and whether somebody who may sign it has.

use model::{
    Role, Timestamp,
    predicate::{Review, ReviewAnswer, ReviewKind, ReviewVerdict},
};
use serde::Serialize;

/// An answer with its place in the ledger.
#[derive(Clone, Debug, PartialEq)]
pub struct Answered {
    /// Ledger index.
    pub index: u64,
    /// The answer.
    pub answer: ReviewAnswer,
}

/// How one point was answered.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct PointStanding {
    /// Its id.
    pub id: String,
    /// The newest answer; absent: none yet.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub verdict: Option<ReviewVerdict>,
    /// Its words.
    pub text: String,
    /// Who answered.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub by: Option<String>,
}

/// How far a review is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Standing {
    /// Every point.
    pub points: Vec<PointStanding>,
    /// Number of points without an answer.
    pub open: u64,
    /// Who shall answer it now.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub assigned: Option<String>,
    /// Who signed it, after every point was answered.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub signed_by: Option<String>,
    /// When.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub signed_at: Option<Timestamp>,
    /// Not signed, and its time is over.
    pub overdue: bool,
}

/// Roles that may answer and sign a kind of review.
pub fn signers(kind: ReviewKind) -> &'static [Role] {
    match kind {
        ReviewKind::BuildProcess => &[Role::Devops],
        ReviewKind::DeploymentPractice => &[Role::Devops, Role::Manager],
        ReviewKind::Scanners => &[Role::Security],
        ReviewKind::Tools => &[Role::Devops, Role::Security],
        ReviewKind::Catalogue => &[Role::Architect],
        ReviewKind::AccessRights => &[Role::Compliance, Role::Admin],
    }
}

/// Whether somebody had a role that may answer this kind.
fn may(kind: ReviewKind, answer: &ReviewAnswer) -> bool {
    answer.by.roles.iter().any(|role| signers(kind).contains(role))
}

/// Judges a review. `answers` are those to it, in the order of the ledger; answers of people who had none of its
/// roles count for nothing, and so does a signature that came before the last point was answered.
pub fn judge(review: &Review, answers: &[Answered], now: Timestamp) -> Standing {
    let counting: Vec<&Answered> = answers.iter().filter(|one| may(review.kind, &one.answer)).collect();
    let decides = |one: &&&Answered, id: &str| {
        use ReviewVerdict::{Accept, Decline, Done};
        one.answer.point.as_deref() == Some(id) && matches!(one.answer.verdict, Accept | Decline | Done)
    };
    let points: Vec<PointStanding> = review
        .points
        .iter()
        .map(|point| {
            let newest = counting.iter().rfind(|one| decides(one, &point.id)).map(|one| &one.answer);
            PointStanding {
                id: point.id.clone(),
                verdict: newest.map(|answer| answer.verdict),
                text: newest.map(|answer| answer.text.clone()).unwrap_or_default(),
                by: newest.map(|answer| answer.by.name.clone()),
            }
        })
        .collect();
    // From here on every point had an answer.
    let first = |id: &str| counting.iter().find(|one| decides(one, id)).map(|one| one.index);
    let complete =
        review.points.iter().map(|point| first(&point.id)).try_fold(0, |last, it| it.map(|i| last.max(i)));
    let whole = |one: &&&Answered| one.answer.point.is_none();
    let signature = complete.and_then(|complete| {
        let signs = |one: &&&Answered| one.answer.verdict == ReviewVerdict::Sign && one.index > complete;
        counting.iter().filter(whole).find(signs)
    });
    let assigned = answers.iter().rfind(|one| one.answer.verdict == ReviewVerdict::Assign);
    let open = points.iter().filter(|point| point.verdict.is_none()).count() as u64;
    Standing {
        points,
        open,
        assigned: assigned.map(|one| one.answer.text.clone()).or_else(|| review.assigned.clone()),
        signed_by: signature.map(|one| one.answer.by.name.clone()),
        signed_at: signature.map(|one| one.answer.at),
        overdue: signature.is_none() && now > review.due,
    }
}
