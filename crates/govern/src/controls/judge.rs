//! Rules over facts, controls over rules. A pure function: the same facts give the same report.

use std::collections::{BTreeMap, BTreeSet};

use model::facts::Facts;

use super::{
    catalogue::{Answers, Catalogue, Control},
    report::{CatalogueReport, ControlReport, Evidence, Level, Missing, Report, RuleReport, Scope, Status},
    rule::{Answer, Rule},
    rules,
};

/// Holds the catalogues against the facts.
pub fn judge(facts: &Facts, catalogues: &[Catalogue]) -> Report {
    let named =
        catalogues.iter().flat_map(|catalogue| &catalogue.controls).flat_map(|control| &control.rules);
    let mut answers = BTreeMap::new();
    for rule in named.filter_map(|id| rules::find(id)) {
        answers.entry(rule.id).or_insert_with(|| answer(rule, facts));
    }
    Report {
        moment: facts.moment,
        statements: facts.statements,
        projects: facts.projects.iter().map(|project| project.name.clone()).collect(),
        catalogues: catalogues.iter().map(|catalogue| summed_up(catalogue, &answers)).collect(),
        rules: answers,
    }
}

fn answer(rule: &Rule, facts: &Facts) -> RuleReport {
    let (mut evidence, mut missing) = (vec![], vec![]);
    let mut take = |name: Option<&str>, answer| {
        let project = name.map(str::to_owned);
        match answer {
            Answer::Holds(seen) => evidence.push(Evidence { project, index: seen.index, at: seen.at }),
            Answer::Lacks(why) => missing.push(Missing { project, why }),
            Answer::Outside => {}
        }
    };
    if let Some(answer) = rule.organisation(facts).filter(|_| !facts.projects.is_empty()) {
        take(None, answer);
    }
    for project in &facts.projects {
        if let Some(answer) = rule.project(project, facts.moment) {
            take(Some(&project.name), answer);
        }
    }
    let (holds, lacks) = (evidence.len() as u64, missing.len() as u64);
    let status = match (holds, lacks) {
        (0, 0) => Status::NoData,
        (0, _) => Status::NotMet,
        (_, 0) => Status::Met,
        _ => Status::Partly,
    };
    let (id, title, close) = (rule.id, rule.title, rule.close);
    RuleReport { id, title, scope: rule.scope(), status, holds, of: holds + lacks, evidence, missing, close }
}

fn summed_up(catalogue: &Catalogue, answers: &BTreeMap<&'static str, RuleReport>) -> CatalogueReport {
    CatalogueReport {
        id: catalogue.id.clone(),
        title: catalogue.title.clone(),
        edition: catalogue.edition.clone(),
        source: catalogue.source.clone(),
        controls: catalogue.controls.iter().map(|one| control(one, catalogue.answers, answers)).collect(),
    }
}

fn control(control: &Control, how: Answers, answers: &BTreeMap<&'static str, RuleReport>) -> ControlReport {
    let rules: Vec<&RuleReport> = control.rules.iter().filter_map(|id| answers.get(id.as_str())).collect();
    let (covered, of) = coverage(&rules);
    ControlReport {
        id: control.id.clone(),
        also: control.also.clone(),
        title: control.title.clone(),
        text: control.text.clone(),
        measures: control.measures.clone(),
        does_not_measure: control.does_not_measure.clone(),
        status: status(&rules),
        level: (how == Answers::Coverage).then(|| Level::of(covered, of)),
        covered,
        of,
        rules: control.rules.clone(),
    }
}

/// Met when every rule is; a rule that nothing could answer keeps a control from being met.
fn status(rules: &[&RuleReport]) -> Status {
    let every = |status| rules.iter().all(|rule| rule.status == status);
    match () {
        () if every(Status::NoData) => Status::NoData,
        () if every(Status::Met) => Status::Met,
        () if rules.iter().all(|rule| rule.holds == 0) => Status::NotMet,
        () => Status::Partly,
    }
}

/// Projects for which every rule that concerns them holds, of those that a rule concerns. What the organisation
/// lacks, all of its projects lack, and so they do what no project could answer.
fn coverage(rules: &[&RuleReport]) -> (u64, u64) {
    let (organisation, projects): (Vec<&RuleReport>, Vec<&RuleReport>) =
        rules.iter().partition(|rule| rule.scope == Scope::Organisation);
    let unanswered = projects.iter().any(|rule| rule.status == Status::NoData);
    let unmet = unanswered || organisation.iter().any(|rule| rule.status != Status::Met);
    if projects.is_empty() {
        let answered = organisation.iter().any(|rule| rule.of > 0);
        return (u64::from(answered && !unmet), u64::from(answered));
    }
    let with = projects.iter().flat_map(|rule| &rule.evidence).filter_map(|one| one.project.as_deref());
    let without: BTreeSet<&str> =
        projects.iter().flat_map(|rule| &rule.missing).filter_map(|one| one.project.as_deref()).collect();
    let with: BTreeSet<&str> = with.collect();
    let covered = with.difference(&without).count() as u64;
    (if unmet { 0 } else { covered }, with.union(&without).count() as u64)
}
