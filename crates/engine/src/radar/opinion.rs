//! What people think of technologies, and Scorecards: recorded, and found in the ledger again.

use std::{collections::BTreeMap, path::Path};

use govern::catalogue::{
    Ring,
    evaluate::{OpinionFacts, ScorecardFacts},
};
use model::{
    By, Exit, Predicate, Problem, Sha256, Subject, Timestamp,
    predicate::{ScorecardImport, TechnologyAssessment},
};

use crate::{project::read_bounded, record::Recorder, statements::statement};

/// Largest Scorecard report.
const LARGEST_REPORT: u64 = 4 << 20;
/// Longest comment, in characters.
const LONGEST_COMMENT: usize = 2_000;

/// What somebody thinks.
#[derive(Clone, Debug)]
pub enum Opinion {
    /// A score of 1 to 5 for a criterion.
    Score(String, u8),
    /// A vote for a ring.
    Vote(Ring),
}

/// Records what somebody thinks of a technology. Gives its ledger index.
///
/// # Errors
/// The comment is too long, or it cannot be recorded.
pub fn assess(
    technology: &str,
    opinion: Opinion,
    comment: Option<String>,
    (by, entered_by): (By, Option<String>),
    recorder: &Recorder,
) -> Result<u64, Problem> {
    if comment.as_ref().is_some_and(|text| text.chars().count() > LONGEST_COMMENT) {
        let message = format!("the comment has more than {LONGEST_COMMENT} characters");
        return Err(
            Problem::new("comment-too-long", Exit::Input, message).with_hint("put the rest into a document")
        );
    }
    let (criterion, score, vote) = match opinion {
        Opinion::Score(criterion, score) => (Some(criterion), Some(score), None),
        Opinion::Vote(ring) => (None, None, Some(ring.name().to_owned())),
    };
    let at = recorder.clock().now();
    let technology = technology.to_owned();
    let subject = Subject::sha256(format!("technology {technology}"), Sha256::of(technology.to_lowercase()));
    let assessment = TechnologyAssessment { technology, criterion, score, vote, comment, by, entered_by, at };
    record(&assessment, subject, recorder)
}

fn record<P: Predicate>(predicate: &P, subject: Subject, recorder: &Recorder) -> Result<u64, Problem> {
    let (logged, _) = recorder.record(&[statement(vec![subject], predicate)?])?;
    Ok(logged.first().map_or(0, |entry| entry.index))
}

/// Records the result that the Scorecard tool wrote (`--format json`) for a technology.
///
/// # Errors
/// The file cannot be read or is no such result, or it cannot be recorded.
pub fn import_scorecard(
    technology: &str,
    file: &Path,
    by: By,
    recorder: &Recorder,
) -> Result<(u64, ScorecardImport), Problem> {
    let bytes = read_bounded(file, LARGEST_REPORT + 1)?;
    let read = govern::catalogue::evaluate::scorecard(&bytes).map_err(|why| {
        Problem::new("scorecard-unusable", Exit::Input, format!("{} {why}", file.display()))
            .with_hint("`scorecard --repo … --format json` writes such a file")
    })?;
    let report = recorder.put(&bytes)?;
    let import = ScorecardImport {
        technology: technology.to_owned(),
        score: read.score,
        repository: read.repository,
        date: read.date,
        report,
        by,
        at: recorder.clock().now(),
    };
    let index =
        record(&import, Subject::sha256(format!("scorecard of {technology}"), report.hash), recorder)?;
    Ok((index, import))
}

/// What people said of each technology, by its name in lower case: the newest of each person about each
/// criterion, and their newest vote. Only of statements that verify.
///
/// # Errors
/// The ledger or the database cannot be read.
pub(super) fn opinions(
    recorder: &Recorder,
    now: Timestamp,
) -> Result<BTreeMap<String, Vec<OpinionFacts>>, Problem> {
    let mut newest: BTreeMap<(String, String, Option<String>), OpinionFacts> = BTreeMap::new();
    for (index, one) in verified::<TechnologyAssessment>("technology-assessment", recorder, now)? {
        let key = (one.technology.to_lowercase(), one.by.name.to_lowercase(), one.criterion.clone());
        let TechnologyAssessment { criterion, score, vote, comment, by, at, .. } = one;
        let score = score.filter(|score| (1..=5).contains(score));
        newest.insert(key, OpinionFacts { index, criterion, score, vote, comment, by, at });
    }
    let mut by_technology: BTreeMap<String, Vec<OpinionFacts>> = BTreeMap::new();
    for ((technology, ..), opinion) in newest {
        by_technology.entry(technology).or_default().push(opinion);
    }
    Ok(by_technology)
}

/// The newest Scorecard of each technology, by its name in lower case.
///
/// # Errors
/// As [`opinions`].
pub(super) fn scorecards(
    recorder: &Recorder,
    now: Timestamp,
) -> Result<BTreeMap<String, ScorecardFacts>, Problem> {
    let all = verified::<ScorecardImport>("scorecard-import", recorder, now)?.into_iter();
    let of = |(index, one): (u64, ScorecardImport)| {
        let ScorecardImport { score, repository, date, technology, .. } = one;
        (technology.to_lowercase(), ScorecardFacts { score, repository, date, index })
    };
    Ok(all.map(of).collect())
}

fn verified<P: Predicate>(kind: &str, recorder: &Recorder, now: Timestamp) -> Result<Vec<(u64, P)>, Problem> {
    let mut all = vec![];
    for index in recorder.projection().of_kind(kind)? {
        let read = recorder.row(index)?.statement.decode::<P>().and_then(Result::ok);
        all.extend(read.filter(|_| recorder.check(index, now) == (true, true)).map(|one| (index, one)));
    }
    Ok(all)
}
