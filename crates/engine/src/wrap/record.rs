//! From what came of the command to what is signed.

use std::collections::BTreeMap;

use model::{
    Problem, Statement, Subject, Timestamp,
    predicate::{
        BuildDefinition, BuildMetadata, Builder, Provenance, Run, RunDetails, RunPhase, RunResult,
        StepRecord, StepResult,
        provenance::{BUILD_TYPE_COMMAND, BUILDER_WRAPPED, ROLE, ROLE_SOURCE},
    },
};
use serde_json::{Value, json};

use super::{
    Request, Scene,
    command::Ended,
    made::{After, Made},
};
use crate::{
    ci::Environment,
    record::Recorder,
    source::CONFIG,
    statements::{self, statement},
};

/// Shortest value of a variable that is taken for a secret when it stands in the command line.
const SHORTEST_SECRET: usize = 6;
/// Parts of the names of variables whose values are secrets.
const SECRET_NAMES: [&str; 7] = ["TOKEN", "SECRET", "PASS", "KEY", "CREDENTIAL", "AUTH", "PRIVATE"];

/// What the statements are made from.
pub(super) struct Facts<'a> {
    pub request: &'a Request<'a>,
    pub scene: &'a Scene,
    pub started: &'a Run,
    pub from: Timestamp,
    pub to: Timestamp,
}

/// What is to be recorded.
pub(super) struct Concluded {
    pub statements: Vec<Statement>,
    pub step: StepRecord,
    pub unchanged: Vec<String>,
}

/// Provenance and further statement about what a good command made, and the end of the run. Of a command
/// that failed only that is said.
pub(super) fn conclude(
    facts: &Facts<'_>,
    ended: &Ended,
    watched: Made,
    recorder: &Recorder,
) -> Result<Concluded, Problem> {
    let mut failure = ended.failure(facts.request.argv.first().map_or("", String::as_str));
    let (mut after, mut statements) = (After::default(), Vec::new());
    if failure.is_none() {
        // Whatever happens now, the end of the run must get into the ledger.
        match made(facts, watched, recorder) {
            Ok((found, said)) => (after, statements) = (found, said),
            Err(problem) => failure = Some(format!("its outputs cannot be used: {problem}")),
        }
    }
    if let Some(pattern) = after.missing.first() {
        failure = Some(format!("nothing is there that --output {pattern} names"));
    }
    if failure.is_some() {
        statements.clear();
        after.made.clear();
    }
    let step = StepRecord {
        name: facts.request.name.to_owned(),
        kind: "build".to_owned(),
        result: if failure.is_none() { StepResult::Passed } else { StepResult::Failed },
        cached: false,
        action: None,
        exit_code: matches!(ended, Ended::Status(_)).then(|| ended.code()),
        message: failure,
        started: facts.from,
        ended: facts.to,
        isolation: "none".to_owned(),
        outputs: after.made,
        log: None,
        tools: vec![],
        attempts: 1,
        secrets: vec![],
    };
    let passed = step.result == StepResult::Passed;
    let run = Run {
        phase: RunPhase::Finished,
        at: recorder.clock().now(),
        steps: vec![step.clone()],
        result: Some(if passed { RunResult::Passed } else { RunResult::Failed }),
        ..facts.started.clone()
    };
    statements.push(statement(vec![facts.scene.facts(run.run).source()], &run)?);
    Ok(Concluded { statements, step, unchanged: after.unchanged })
}

/// The outputs and what is said about them.
fn made(facts: &Facts<'_>, watched: Made, recorder: &Recorder) -> Result<(After, Vec<Statement>), Problem> {
    let after = watched.after(&facts.scene.prefix, recorder)?;
    let subjects = statements::outputs(&after.made);
    let mut all = Vec::new();
    if !subjects.is_empty() {
        all.push(statement(subjects.clone(), &provenance(facts, &after))?);
    }
    if let Some(custom) = &facts.request.custom {
        if subjects.is_empty() {
            let message = "the command made nothing that --predicate could be about";
            return Err(Problem::new("attest-no-output", model::Exit::Verdict, message));
        }
        all.push(custom.statement(subjects)?);
    }
    Ok((after, all))
}

/// SLSA provenance v1 that claims nothing but that this command ran here and that these files are new.
fn provenance(facts: &Facts<'_>, after: &After) -> Provenance {
    let Facts { request, scene, started, .. } = facts;
    let run = scene.facts(started.run);
    let mut source = run.source();
    source.annotations.insert(ROLE.to_owned(), Value::from(ROLE_SOURCE));
    let mut dependencies = vec![source];
    dependencies
        .extend(scene.configured.iter().map(|project| Subject::sha256(CONFIG, project.config_digest)));
    let names: Vec<&String> = request.environment.keys().collect();
    Provenance {
        build_definition: BuildDefinition {
            build_type: BUILD_TYPE_COMMAND.to_owned(),
            external_parameters: json!({
                "source": run.source(),
                "claimedRepository": run.repository,
                "step": request.name,
                "command": without_secrets(request.argv, request.environment),
                "workingFolder": if scene.prefix.is_empty() { "." } else { scene.prefix.trim_end_matches('/') },
                "environment": names,
                "outputs": request.outputs,
            }),
            internal_parameters: json!({
                "isolation": "none",
                "dirty": scene.dirty,
                "observed": {
                    "source": "before the command",
                    "outputs": "before and after the command",
                    "filesRead": "unknown",
                    "network": "unknown",
                    "processes": "unknown",
                },
                "unchangedOutputs": after.unchanged,
                "remarks": after.remarks,
                "ci": request.ci,
            }),
            resolved_dependencies: dependencies,
        },
        run_details: RunDetails {
            builder: Builder {
                id: BUILDER_WRAPPED.to_owned(),
                version: BTreeMap::from([("proofhouse".to_owned(), env!("CARGO_PKG_VERSION").to_owned())]),
            },
            metadata: BuildMetadata {
                invocation_id: format!("{}/{}", started.run, request.name),
                started_on: facts.from,
                finished_on: facts.to,
            },
            byproducts: vec![],
        },
        proofhouse: Some(run.context(Some(request.name))),
    }
}

/// The command line, with the name of a variable in the place of its value where that is a secret's.
fn without_secrets(argv: &[String], environment: &Environment) -> Vec<String> {
    let secret = |name: &str| {
        let name = name.to_ascii_uppercase();
        SECRET_NAMES.iter().any(|part| name.contains(part))
    };
    let mut secrets: Vec<(&String, &String)> =
        environment.iter().filter(|(name, value)| secret(name) && value.len() >= SHORTEST_SECRET).collect();
    // One may be the beginning of another.
    secrets.sort_by_key(|(_, value)| std::cmp::Reverse(value.len()));
    let hide = |text: &String| {
        secrets.iter().fold(text.clone(), |text, (name, value)| text.replace(*value, &format!("${{{name}}}")))
    };
    argv.iter().map(hide).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_on_the_command_line_is_told_by_its_name() {
        let environment: Environment =
            [("NPM_TOKEN", "hunter22"), ("API_KEY", "hunter22-long"), ("PASS", "abc")]
                .map(|(name, value)| (name.to_owned(), value.to_owned()))
                .into();
        let argv = ["curl", "--header=hunter22-long", "x:hunter22", "abc"].map(str::to_owned);
        let shown = without_secrets(&argv, &environment);
        assert_eq!(shown, ["curl", "--header=${API_KEY}", "x:${NPM_TOKEN}", "abc"]);
    }
}
