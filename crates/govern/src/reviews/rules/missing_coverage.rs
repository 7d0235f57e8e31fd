//! A project that some technique never looked at.

use model::predicate::{ReviewKind, ReviewPoint};

use super::{Look, Rule, day, point};

pub(super) static RULE: Rule = Rule { name: "missing-coverage", kind: ReviewKind::Scanners, look };

use model::Technique;

/// Techniques that every project needs.
const NEEDED: [Technique; 4] = [Technique::Sast, Technique::Secrets, Technique::Sca, Technique::Config];

fn look(look: &Look<'_>) -> Result<Vec<ReviewPoint>, &'static str> {
    let points = look.practice.coverage.iter().filter_map(|one| {
        let missing: Vec<&str> =
            NEEDED.iter().filter(|needed| !one.techniques.contains(needed)).map(|t| t.name()).collect();
        if missing.is_empty() {
            return None;
        }
        let seen =
            format!("no complete scan of {} since {}: {}", one.project, day(look.from), missing.join(", "));
        let suggestion = "switch the built-in check on, or add a scan step, and let the gate expect it";
        Some(point(&RULE, &one.project, Some(&one.project), seen, suggestion.to_owned(), &[one.index]))
    });
    Ok(points.collect())
}
