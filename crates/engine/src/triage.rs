//! What a person says about a finding becomes a statement.
//!
//! A judgement changes what people see and what is known of the scanners. A gate reads it only where the environment
//! honours it (`triage: honour`), from somebody who may judge, and about the finding as it is now; everywhere else a
//! finding that somebody calls wrong stands in the way as before, and only an exception, which ends, lets it pass.

use std::collections::HashMap;

use govern::organisation::Permission;
use model::{
    Exit, Finding, FindingId, Problem, Role, Subject, Timestamp,
    evidence::JudgementFacts,
    identity::substance,
    predicate::{Triage, TriageState},
};

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

/// What people judged findings of a project to be, by the newest judgement of each that verifies and says that it is
/// no risk.
///
/// # Errors
/// The database or the ledger cannot be read.
pub(crate) fn judged(
    project: &str,
    findings: &[Finding],
    recorder: &Recorder,
    now: Timestamp,
) -> Result<HashMap<FindingId, JudgementFacts>, Problem> {
    let judging = crate::people::holders(Permission::Triage, recorder)?;
    let by_id: HashMap<FindingId, &Finding> = findings.iter().map(|finding| (finding.id, finding)).collect();
    let mut all = HashMap::new();
    for index in recorder.projection().judgements(project)? {
        let Some(Ok(act)) = recorder.row(index)?.statement.decode::<Triage>() else { continue };
        let (Some(state), Some(finding)) = (act.state, by_id.get(&act.finding)) else { continue };
        if act.project == project && recorder.check(index, now) == (true, true) {
            // In the order of the ledger: the newest one counts, also when it takes an earlier one back.
            all.remove(&act.finding);
            if state.is_no_risk() {
                all.insert(act.finding, facts(index, state, &act, finding, judging.as_deref()));
            }
        }
    }
    Ok(all)
}

fn facts(
    index: u64,
    state: TriageState,
    act: &Triage,
    finding: &Finding,
    judging: Option<&[Role]>,
) -> JudgementFacts {
    let now = substance(finding.severity, &finding.cwe, &finding.place);
    let because = match act.seen {
        _ if !act.by.is_among(judging) => Some("it takes the role security".to_owned()),
        None => Some("it does not say what was looked at; judge it again".to_owned()),
        Some(seen) if seen != now => Some("the finding has changed since".to_owned()),
        Some(_) => None,
    };
    JudgementFacts {
        index,
        state: state.name().to_owned(),
        by: act.by.label(),
        reason: act.reason.clone().unwrap_or_default(),
        holds: because.is_none(),
        because,
    }
}
