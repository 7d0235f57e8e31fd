//! What people decide about requirements: signed, by somebody who may, and judged anew each time.

use govern::requirements::{LONGEST_WAIVER_DAYS, Said, Signed};
use model::{
    By, Exit, Problem, Role,
    predicate::{Decided, RequirementDecision},
};

use crate::{people::accepting, project::Project, record::Recorder, statements::statement};

/// Characters that a reason has at least and at most.
const REASON: std::ops::RangeInclusive<usize> = 10..=10_000;

/// What people decided about the requirements of a project, only of statements that verify; `narrowed` are the
/// roles that an environment names.
///
/// # Errors
/// The database or the ledger cannot be read.
pub fn said(project: &str, narrowed: Option<&[Role]>, recorder: &Recorder) -> Result<Said, Problem> {
    let now = recorder.clock().now();
    let mut said = Said { accepting: accepting(narrowed, recorder)?, ..Said::default() };
    for index in recorder.projection().of_kind("requirement-decision")? {
        let logged = recorder.row(index)?;
        let Some(Ok(decision)) = logged.statement.decode::<RequirementDecision>() else { continue };
        if decision.project == project && recorder.check(index, now) == (true, true) {
            said.decisions.entry(decision.requirement.clone()).or_default().push(Signed { index, decision });
        }
    }
    Ok(said)
}

/// A decision that somebody wants to make.
pub struct Deciding<'a> {
    /// Id of the requirement.
    pub id: &'a str,
    /// What is decided.
    pub decided: Decided,
    /// Why.
    pub reason: &'a str,
    /// Who decides.
    pub by: By,
}

/// Records a decision about a requirement of the project. Gives its ledger index; a database that cannot take the
/// statement now is a warning beside it.
///
/// # Errors
/// There is no such requirement, its reason or day cannot be used, whoever decides may not, or nothing can be
/// recorded.
pub fn decide(
    project: &Project,
    what: Deciding<'_>,
    recorder: &Recorder,
) -> Result<(u64, Option<Problem>), Problem> {
    let refuse =
        |code, message: String, hint: &str| Err(Problem::new(code, Exit::Input, message).with_hint(hint));
    let Some(requirement) = project.requirements.get(what.id) else {
        let message = format!("{} has no requirement {:?}", pipeline::requirements::FILE_NAME, what.id);
        return refuse("requirement-unknown", message, "`proofhouse requirements list` shows all");
    };
    let reason = what.reason.trim();
    if !REASON.contains(&reason.chars().count()) {
        let message = "the reason must have 10 to 10,000 characters".to_owned();
        return refuse(
            "reason-too-short",
            message,
            "say what protects you meanwhile, or why it cannot matter",
        );
    }
    crate::people::entitled(&what.by, accepting(None, recorder)?.as_deref(), "decide about requirements")?;
    let now = recorder.clock().now();
    if let Decided::Waived { until } = what.decided {
        let today = now.to_zoned(jiff::tz::TimeZone::UTC).date();
        let days = (until - today).get_days();
        if until < today || i64::from(days) >= LONGEST_WAIVER_DAYS {
            let message = format!("a waiver cannot end on {until}");
            return refuse("until-unusable", message, "give a day from today on, at most a year ahead");
        }
    }
    let decision = RequirementDecision {
        project: project.config.project.clone(),
        requirement: what.id.to_owned(),
        title: requirement.title.clone(),
        decided: what.decided,
        reason: reason.to_owned(),
        by: what.by,
        at: now,
    };
    let (logged, warning) = recorder.record(&[statement(vec![decision.subject()], &decision)?])?;
    Ok((logged.first().map_or(0, |entry| entry.index), warning))
}
