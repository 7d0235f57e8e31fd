//! What a person says about a finding becomes a statement.
//!
//! A judgement changes what people see and what is known of the scanners. No gate reads it: a finding that
//! somebody calls wrong stands in the way as before, and only an exception, which ends, lets it pass.

use model::{Exit, Problem, Subject, predicate::Triage};

use crate::{record::Recorder, statements::statement};

/// Records one act of triage. Whoever calls has made sure that the project has the finding (and the one that
/// it repeats), and that the person may judge it. Gives the ledger index; a database that cannot take the
/// statement now is a warning beside it.
///
/// # Errors
/// `triage-unusable` when it says nothing, or without a reason; and whatever keeps a statement from being
/// recorded.
pub fn record(recorder: &Recorder, act: &Triage) -> Result<(u64, Option<Problem>), Problem> {
    if let Some(mistake) = act.mistake() {
        return Err(Problem::new("triage-unusable", Exit::Input, mistake)
            .with_hint("say what was looked at: somebody else must be able to follow it"));
    }
    let subject = Subject::sha256("finding", act.finding.0);
    let (logged, warning) = recorder.record(&[statement(vec![subject], act)?])?;
    Ok((logged.first().map_or(0, |entry| entry.index), warning))
}
