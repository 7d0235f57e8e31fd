//! What the technology catalogue says about a run: facts of the evidence document. The rule `technologies`
//! decides on them.

use govern::catalogue::{besides, judge, today};
use model::{Problem, Timestamp, ToolRef, evidence::TechnologyFacts};

use super::{Collected, Question};
use crate::{radar, record::Recorder};

/// The facts, when the project names a catalogue; also when there is none, which denies.
///
/// # Errors
/// The ledger or the database cannot be read.
pub(super) fn facts(
    question: &Question<'_>,
    collected: &Collected,
    recorder: &Recorder,
    now: Timestamp,
) -> Result<Option<TechnologyFacts>, Problem> {
    let Some(file) = question.project.catalogue.as_ref() else { return Ok(None) };
    let mut facts = TechnologyFacts {
        catalogue: file.path.clone(),
        digest: file.digest(),
        unusable: None,
        sboms: collected.bills.iter().map(|(index, _)| *index).collect(),
        gaps: collected.bills.iter().flat_map(|(_, bill)| bill.gaps.clone()).collect(),
        listed: 0,
        unlisted: 0,
        violations: vec![],
    };
    match file.parse() {
        Ok(catalogue) => {
            let (more, named) = besides(&collected.besides);
            let mut components: Vec<_> =
                collected.bills.iter().flat_map(|(_, bill)| bill.components.iter().cloned()).collect();
            let standings = radar::standings(&catalogue, recorder, now)?;
            components.extend(more);
            let mut tools: Vec<ToolRef> =
                question.run.steps.iter().flat_map(|step| step.tools.iter().cloned()).collect();
            tools.extend(named);
            let judged = judge(&catalogue, &standings, &components, &tools, today(now));
            (facts.listed, facts.unlisted) = (judged.listed, judged.unlisted);
            facts.violations = judged.violations;
        }
        // The file may be anything that the configuration names: its text stays out of the evidence.
        Err(unusable) => facts.unusable = Some(unusable.without_text()),
    }
    Ok(Some(facts))
}
