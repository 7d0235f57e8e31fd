//! Words for severity and confidence, over all scanners.
//!
//! | word | severity |
//! |---|---|
//! | critical, blocker | critical |
//! | high, error, important, severe | high |
//! | medium, moderate, warning, warn, major | medium |
//! | low, note, minor, recommendation, negligible | low |
//! | info, informational, none, style, log, ignore, unimportant | info |
//! | anything else: unknown, undefined, absent | [`UNRATED`] |
//!
//! A known vulnerability nobody has rated yet is not harmless, so absence is never `info`.

use model::{Confidence, Severity};

/// What a finding without a rating counts as.
pub const UNRATED: Severity = Severity::Medium;

/// The severity that a word means, in any case. Nothing for an unknown word.
pub fn from_word(word: &str) -> Option<Severity> {
    Some(match word.trim().to_ascii_lowercase().as_str() {
        "critical" | "blocker" => Severity::Critical,
        "high" | "error" | "important" | "severe" => Severity::High,
        "medium" | "moderate" | "warning" | "warn" | "major" => Severity::Medium,
        "low" | "note" | "minor" | "recommendation" | "negligible" => Severity::Low,
        "info" | "informational" | "none" | "style" | "log" | "ignore" | "unimportant" => Severity::Info,
        _ => return None,
    })
}

/// The severity that a word means; [`UNRATED`] for an unknown or absent one.
pub fn rate(word: Option<&str>) -> Severity {
    word.and_then(from_word).unwrap_or(UNRATED)
}

/// The confidence that a word means, in any case; medium for an unknown or absent one.
pub fn confidence(word: Option<&str>) -> Confidence {
    match word.unwrap_or_default().trim().to_ascii_lowercase().as_str() {
        "high" | "very-high" | "certain" | "confirmed" => Confidence::High,
        "low" | "tentative" => Confidence::Low,
        _ => Confidence::Medium,
    }
}

/// Base score of a CVSS vector (2.0 to 4.0; without prefix it is 2.0). Nothing for a bad vector.
pub fn cvss_score(vector: &str) -> Option<f64> {
    let vector = vector.trim();
    if vector.len() > 300 {
        return None;
    }
    let parsed: cvss::Cvss = vector.parse().ok()?;
    let score = parsed.score();
    (0.0..=10.0).contains(&score).then_some(score)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn vectors_have_their_published_scores() {
        assert_eq!(cvss_score("CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:C/C:H/I:H/A:H"), Some(10.0));
        assert_eq!(cvss_score("CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:N/I:H/A:H"), Some(9.1));
        assert_eq!(cvss_score("nonsense"), None);
    }

    #[test]
    fn nobody_rated_it_is_not_harmless() {
        assert_eq!(rate(Some("UNKNOWN")), UNRATED);
        assert_eq!(rate(None), UNRATED);
        assert_eq!(rate(Some("Negligible")), Severity::Low);
    }
}
