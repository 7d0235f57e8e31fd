//! Something in use that the technology catalogue objected to when the newest gate looked.

use model::predicate::{ReviewKind, ReviewPoint};

use super::{Look, Rule, point};

pub(super) static RULE: Rule = Rule { name: "catalogue-objection", kind: ReviewKind::Catalogue, look };

fn look(look: &Look<'_>) -> Result<Vec<ReviewPoint>, &'static str> {
    let points = look.practice.technologies.iter().map(|one| {
        let suggestion = match one.code.as_str() {
            "technology-review-overdue" => "review the entry: does the ring still fit?",
            "technology-not-effective" => {
                "complete or sign the entry: `proofhouse radar status` says how far it is now"
            }
            "technology-unlisted" => "evaluate it and give it an entry, or replace it",
            _ => "replace it, or change the entry if the reason no longer holds",
        };
        let what = format!("{}/{}", one.project, one.message);
        point(&RULE, &what, Some(&one.project), one.message.clone(), suggestion.to_owned(), &[one.index])
    });
    Ok(points.collect())
}
