//! From what an advisory says about its severity to ours.

use model::Severity;
use serde_json::Value;

use super::schema::{Affected, Osv, OsvSeverity};

/// Severity and CVSS base score of one affected package of an advisory.
///
/// The newest CVSS version wins, then the database's own word; when there is nothing: medium.
pub fn of(osv: &Osv, affected: &Affected) -> (Severity, Option<f64>) {
    let scores = if affected.severity.is_empty() { &osv.severity } else { &affected.severity };
    if let Some(score) = best(scores) {
        return (Severity::from_cvss(score), Some(score));
    }
    let words = [&affected.database_specific, &osv.database_specific, &affected.ecosystem_specific];
    let word = words.into_iter().filter_map(|v| word(v.get("severity")?)).next();
    let informational = [&affected.database_specific, &osv.database_specific];
    let class =
        informational.into_iter().find_map(|v| v.get("informational")?.as_str()).map(informational_class);
    (word.or(class).unwrap_or(Severity::Medium), None)
}

/// RustSec: `unsound` code can go wrong, `unmaintained` and `notice` are facts to know.
fn informational_class(class: &str) -> Severity {
    if class == "unsound" { Severity::Low } else { Severity::Info }
}

fn word(value: &Value) -> Option<Severity> {
    Some(match value.as_str()?.to_ascii_lowercase().as_str() {
        "critical" => Severity::Critical,
        "high" | "important" => Severity::High,
        "medium" | "moderate" => Severity::Medium,
        "low" => Severity::Low,
        "none" | "informational" | "info" => Severity::Info,
        _ => return None,
    })
}

fn best(scores: &[OsvSeverity]) -> Option<f64> {
    let rank = |s: &&OsvSeverity| match s.kind.as_str() {
        "CVSS_V4" => 3,
        "CVSS_V3" => 2,
        "CVSS_V2" => 1,
        _ => 0,
    };
    let mut scores: Vec<&OsvSeverity> = scores.iter().filter(|s| rank(s) > 0).collect();
    scores.sort_by_key(|s| std::cmp::Reverse(rank(s)));
    scores.into_iter().find_map(|s| score(&s.score))
}

/// The score of a vector (CVSS v2 is written without prefix).
fn score(vector: &str) -> Option<f64> {
    if let Ok(number) = vector.parse::<f64>() {
        return (0.0..=10.0).contains(&number).then_some(number);
    }
    let score = vector.parse::<cvss::Cvss>().ok()?.score();
    (0.0..=10.0).contains(&score).then_some(score)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn vectors_of_every_version_give_their_published_score() {
        let cases = [
            ("CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H", 9.8),
            ("CVSS:3.0/AV:L/AC:L/PR:L/UI:N/S:U/C:N/I:N/A:H", 5.5),
            ("AV:N/AC:L/Au:N/C:P/I:P/A:P", 7.5),
            ("CVSS:4.0/AV:N/AC:L/AT:N/PR:N/UI:N/VC:H/VI:H/VA:H/SC:N/SI:N/SA:N", 9.3),
        ];
        for (vector, expected) in cases {
            assert_eq!(score(vector), Some(expected), "{vector}");
        }
        assert_eq!(score("CVSS:3.1/nonsense"), None);
    }
}
