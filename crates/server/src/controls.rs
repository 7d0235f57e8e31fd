//! Control reports, kept for as long as nothing changed: counting a thousand projects takes most of a second, and a
//! page must not.

use std::sync::Arc;

use govern::controls::{Report, built_in, judge};
use model::{
    Timestamp,
    facts::{AsOf, Facts},
};
use tokio::sync::Mutex;

use crate::{access::Principal, problem::Refusal, state::App};

/// Reports that are kept at the same time.
const MOST_KEPT: usize = 4;

/// A report with what it was computed from.
struct Kept {
    /// Ledger entries that were projected.
    through: u64,
    /// As of when: the moment itself, or the minute that was "now".
    at: AsOf,
    facts: Facts,
    report: Arc<Report>,
}

/// The newest reports. Whoever waits for the lock waits for a report that somebody else is computing.
#[derive(Default)]
pub(crate) struct Reports(Mutex<Vec<Arc<Kept>>>);

/// Everything that whoever asks may see, held against the built-in catalogues; `project`: only of this one.
pub(crate) async fn report(
    app: &App,
    who: &Principal,
    at: AsOf,
    project: Option<&str>,
) -> Result<Arc<Report>, Refusal> {
    let kept = kept(app, at).await?;
    let visible = who.projects(app).await?;
    if visible.is_none() && project.is_none() {
        return Ok(Arc::clone(&kept.report));
    }
    let seen = |name: &str| {
        project.is_none_or(|wanted| wanted == name)
            && visible.as_ref().is_none_or(|names| names.iter().any(|one| one == name))
    };
    let facts = &kept.facts;
    let projects = facts.projects.iter().filter(|one| seen(&one.name)).cloned().collect();
    Ok(Arc::new(judge(&Facts { projects, ..without_projects(facts) }, built_in())))
}

fn without_projects(facts: &Facts) -> Facts {
    Facts { projects: vec![], organisation: facts.organisation.clone(), ..*facts }
}

async fn kept(app: &App, at: AsOf) -> Result<Arc<Kept>, Refusal> {
    let through = app.store.next_index().await?;
    let key = match at {
        AsOf::Now(now) => AsOf::Now(minute(now)),
        then @ AsOf::Then(_) => then,
    };
    let mut all = app.reports.0.lock().await;
    if let Some(known) = all.iter().find(|kept| (kept.through, kept.at) == (through, key)) {
        return Ok(Arc::clone(known));
    }
    let facts = app.store.facts(at, None).await?;
    let report = Arc::new(judge(&facts, built_in()));
    let kept = Arc::new(Kept { through, at: key, facts, report });
    // Of another size of the ledger nobody asks any more.
    all.retain(|kept| kept.through == through);
    all.truncate(MOST_KEPT - 1);
    all.insert(0, Arc::clone(&kept));
    Ok(kept)
}

fn minute(at: Timestamp) -> Timestamp {
    Timestamp::from_second(at.as_second().div_euclid(60) * 60).unwrap_or(at)
}

/// A moment of the past, or a day (`2026-11-23`) until its end; nothing is now.
pub(crate) fn as_of(text: Option<&str>, now: Timestamp) -> Result<AsOf, Refusal> {
    let Some(text) = text.map(str::trim).filter(|text| !text.is_empty()) else { return Ok(AsOf::Now(now)) };
    let bad = |why: &str| {
        let shown: String = text.chars().take(40).collect();
        let refusal = Refusal::bad_query(format!("`as-of` {why}: `{shown}`"));
        refusal.with_hint("for example 2026-03-01 or 2026-03-01T12:00:00Z")
    };
    let day = (text.len() == 10).then(|| format!("{text}T00:00:00Z").parse::<Timestamp>().ok()).flatten();
    if let Some(begin) = day {
        let end = begin.as_second().saturating_add(86_399);
        return match begin > now {
            true => Err(bad("is in the future")),
            false => Ok(AsOf::Then(Timestamp::new(end, 999_999_000).unwrap_or(now).min(now))),
        };
    }
    match text.parse::<Timestamp>() {
        Err(_) => Err(bad("is neither a day nor a moment with its time zone")),
        Ok(moment) if moment > now => Err(bad("is in the future")),
        Ok(moment) => Ok(AsOf::Then(moment)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_day_counts_until_its_end_and_the_future_is_refused() {
        let now: Timestamp = "2026-03-04T12:00:00Z".parse().unwrap();
        let then = |text: &str| as_of(Some(text), now).map(AsOf::moment);
        assert_eq!(as_of(Some(" "), now), Ok(AsOf::Now(now)));
        assert_eq!(then("2026-03-01").unwrap().to_string(), "2026-03-01T23:59:59.999999Z");
        assert_eq!(then("2026-03-04"), Ok(now), "today until now");
        assert_eq!(then("2026-03-01T12:00:00+02:00").unwrap().to_string(), "2026-03-01T10:00:00Z");
        for bad in ["2026-03-05", "yesterday", "2026-3-1", "2026-03-04T12:00:01Z", "2026-03-01T12:00"] {
            assert_eq!(then(bad).unwrap_err().code, "query-invalid", "{bad}");
        }
    }
}
