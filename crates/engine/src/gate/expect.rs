//! Puts what was expected beside what was found: the evidence document.

use model::{
    Problem, Technique, Timestamp, ToolRef,
    evidence::{ArtifactFacts, Evidence, Expectation, FindingFacts, GateSettings, SourceFacts},
};
use pipeline::{
    Config,
    config::{Environment, Expect},
};

use super::{Collected, Question};

/// The evidence document of a question.
pub(super) fn document(
    question: &Question<'_>,
    config: &Config,
    environment: &Environment,
    collected: &Collected,
    recorder: &crate::record::Recorder,
    now: Timestamp,
) -> Result<Evidence, Problem> {
    let run = question.run;
    Ok(Evidence {
        now,
        project: run.project.clone(),
        environment: environment.name.clone(),
        run: Some(run.run),
        artifact: ArtifactFacts {
            name: environment.artifact.clone(),
            digest: super::artifact(run, &environment.artifact)?,
        },
        source: SourceFacts { commit: run.commit.clone(), tree: run.tree, dirty: run.dirty },
        build: collected.build.clone(),
        expected: config.gate.expect.iter().map(|e| expectation(e, config, question)).collect(),
        statements: collected.statements.clone(),
        findings: collected
            .findings
            .iter()
            .map(|one| FindingFacts { judged: collected.judged.get(&one.id).cloned(), ..finding(one) })
            .collect(),
        tests: collected.tests.clone(),
        requirements: match &environment.gate.requirements {
            Some(milestone) => crate::requirements::facts(
                &question.project.requirements,
                milestone,
                &collected.requirements,
                &collected.said,
                now,
            ),
            None => vec![],
        },
        exceptions: collected.exceptions.clone(),
        technologies: super::technologies::facts(question, collected, recorder, now)?,
        release_review: collected.review.clone(),
        reviews: collected.reviews.clone(),
        settings: GateSettings { accepting: collected.accepting.clone(), ..environment.gate.clone().into() },
    })
}

fn expectation(expect: &Expect, config: &Config, question: &Question<'_>) -> Expectation {
    let age = config.gate.max_age.as_secs();
    let plain = |kind: &str| Expectation {
        kind: kind.to_owned(),
        technique: None,
        name: None,
        origin: None,
        tool: None,
        max_age_seconds: Some(age),
    };
    match expect {
        Expect::Provenance => plain("provenance"),
        Expect::Sbom => plain("sbom"),
        Expect::Trace => plain("trace"),
        Expect::Test(name) => Expectation { name: name.clone(), ..plain("test") },
        // As long ago as it was tested, whichever the commit: people do not test each one.
        Expect::Scan(Technique::Manual) => Expectation {
            technique: Some(Technique::Manual),
            origin: Some("manual".to_owned()),
            max_age_seconds: Some(config.gate.manual_max_age.as_secs()),
            ..plain("scan")
        },
        Expect::Scan(technique) => {
            let always = *technique == Technique::Hardening;
            let own = (always || config.scans.has(*technique)).then(|| built_in(*technique)).flatten();
            Expectation {
                technique: Some(*technique),
                origin: own.as_ref().map(|_| "built-in".to_owned()),
                tool: own,
                ..plain("scan")
            }
        }
        Expect::ScanStep(step) => Expectation {
            name: Some(step.clone()),
            origin: Some("step".to_owned()),
            tool: pinned(step, config, question),
            ..plain("scan")
        },
    }
}

/// The built-in scanner of a technique, in this very version.
pub fn built_in(technique: Technique) -> Option<ToolRef> {
    let (name, version) = match technique {
        Technique::Sast => (sast::TOOL, env!("CARGO_PKG_VERSION")),
        Technique::Secrets => ("proofhouse-secrets", checks::VERSION),
        Technique::Sca => ("proofhouse-sca", checks::VERSION),
        Technique::Config => ("proofhouse-config", checks::VERSION),
        Technique::Hardening => (checks::hardening::TOOL, checks::VERSION),
        _ => return None,
    };
    Some(ToolRef { name: name.to_owned(), version: version.to_owned(), digest: None })
}

/// The tool that a scan step's report must come from, as the run used it and the lock pins it.
fn pinned(step: &str, config: &Config, question: &Question<'_>) -> Option<ToolRef> {
    let tool = config.step(step)?.report.as_ref()?.tool.as_ref()?;
    let record = question.run.steps.iter().find(|s| s.name == step)?;
    record.tools.iter().find(|t| t.name == *tool).cloned()
}

/// A finding as a gate sees it.
pub(crate) fn finding(finding: &model::Finding) -> FindingFacts {
    FindingFacts {
        id: finding.id,
        scanner: finding.scanner.clone(),
        rule: finding.rule.clone(),
        technique: finding.technique,
        severity: finding.severity,
        title: finding.title.clone(),
        place: finding.place.label(),
        cwe: finding.cwe.clone(),
        aliases: finding.aliases.clone(),
        first_seen: None,
        judged: None,
    }
}
