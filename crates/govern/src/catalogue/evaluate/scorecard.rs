//! Results of the OpenSSF Scorecard tool, as its `--format json` writes them.

use serde::Deserialize;

/// What counts of a result.
#[derive(Clone, Debug, PartialEq)]
pub struct Scorecard {
    /// The score in all, 0 to 10.
    pub score: f64,
    /// Repository that was looked at.
    pub repository: String,
    /// When, as the report says (`YYYY-MM-DD`).
    pub date: String,
}

#[derive(Deserialize)]
struct Raw {
    date: String,
    repo: Repo,
    score: f64,
}

#[derive(Deserialize)]
struct Repo {
    name: String,
}

/// Reads a result.
///
/// # Errors
/// In words: why it is none.
pub fn scorecard(bytes: &[u8]) -> Result<Scorecard, String> {
    let raw: Raw = serde_json::from_slice(bytes).map_err(|e| format!("is not a Scorecard result: {e}"))?;
    let day = raw.date.get(..10).filter(|day| day.parse::<jiff::civil::Date>().is_ok());
    let day = day.ok_or("is not a Scorecard result: its `date` is none")?;
    // -1 stands for "could not be computed".
    if !(0.0..=10.0).contains(&raw.score) {
        return Err(format!("has the score {}, which is not from 0 to 10", raw.score));
    }
    let repository: String = raw.repo.name.chars().filter(|c| !c.is_control()).take(300).collect();
    Ok(Scorecard { score: raw.score, repository, date: day.to_owned() })
}
