//! The plan: steps in an order that respects their needs, with everything the runner has to know.

use std::{collections::BTreeMap, time::Duration};

use serde::Serialize;

use crate::{
    config::{Config, CoverageReport, Limits, Report, StepKind, Trace},
    globs::Globs,
    network::NetworkRule,
};

/// What a run will do.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Plan {
    /// Project name.
    pub project: String,
    /// Steps; each stands after everything it needs. Equal files give equal orders.
    pub steps: Vec<PlannedStep>,
}

/// One step, ready to become an action.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct PlannedStep {
    /// Name.
    pub name: String,
    /// What its result means.
    pub kind: StepKind,
    /// Argument vector; never empty.
    pub argv: Vec<String>,
    /// Files of the source tree it sees.
    pub inputs: Globs,
    /// What it makes, relative to the root of the tree, sorted; its report is one of them.
    pub outputs: Vec<String>,
    /// Steps whose outputs are laid over the inputs, in this order.
    pub needs: Vec<String>,
    /// Names of declared tools.
    pub tools: Vec<String>,
    /// Destinations it may reach.
    pub network: Vec<NetworkRule>,
    /// Names of secrets.
    pub secrets: Vec<String>,
    /// Environment variables.
    pub env: BTreeMap<String, String>,
    /// Ceilings.
    pub limits: Limits,
    /// Longest time of one attempt.
    #[serde(serialize_with = "crate::scalar::serialize_duration")]
    pub timeout: Duration,
    /// Most attempts; at least 1.
    pub attempts: u32,
    /// Whether the action cache may answer; `None`: unless it has a network or secrets.
    pub cache: Option<bool>,
    /// What is observed.
    pub trace: Trace,
    /// The report among its outputs.
    pub report: Option<Report>,
    /// The report of how much code its tests run, among its outputs.
    pub coverage: Option<CoverageReport>,
}

/// Orders the steps of a valid configuration: of all steps that could come next, the one written first.
pub fn plan(config: &Config) -> Plan {
    let mut waiting: Vec<usize> = (0..config.steps.len()).collect();
    let mut steps: Vec<PlannedStep> = Vec::with_capacity(waiting.len());
    while !waiting.is_empty() {
        let ready = waiting.iter().position(|&n| {
            let needs = &config.steps[n].needs;
            needs.iter().all(|need| steps.iter().any(|step| step.name == *need))
        });
        // `parse` refuses cycles and missing needs, so something is always ready.
        let Some(ready) = ready else { break };
        steps.push(planned(config, waiting.remove(ready)));
    }
    Plan { project: config.project.clone(), steps }
}

fn planned(config: &Config, n: usize) -> PlannedStep {
    let step = &config.steps[n];
    let mut outputs = step.outputs.clone();
    let reports = [step.report.as_ref().map(|r| &r.path), step.coverage.as_ref().map(|r| &r.path)];
    for path in reports.into_iter().flatten() {
        if !outputs.iter().any(|output| crate::path::contains(output, path)) {
            outputs.push(path.clone());
        }
    }
    outputs.sort();
    PlannedStep {
        name: step.name.clone(),
        kind: step.kind,
        argv: step.run.argv(),
        inputs: step.inputs.clone(),
        outputs,
        needs: step.needs.clone(),
        tools: step.tools.clone(),
        network: step.network.clone(),
        secrets: step.secrets.clone(),
        env: step.env.clone(),
        limits: step.limits,
        timeout: step.timeout,
        attempts: step.retries + 1,
        cache: step.cache,
        trace: step.trace,
        report: step.report.clone(),
        coverage: step.coverage.clone(),
    }
}
