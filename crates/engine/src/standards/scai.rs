//! SCAI attribute report v0.2: how the artifact was built, each attribute with the statement that shows it.

use model::{
    Exit, Problem, Statement, Subject,
    ports::LoggedStatement,
    predicate::{
        AttributeReport, Provenance, RuntimeTrace,
        provenance::{ROLE, ROLE_SOURCE, ROLE_TOOL},
        standards::Attribute,
    },
};
use serde_json::{Map, Value};

use super::{Material, reference};
use crate::{record::Recorder, statements::statement};

pub(super) fn write(material: &Material, _: &Recorder) -> Result<Vec<Statement>, Problem> {
    let ours = |context: Option<&model::predicate::Context>| context.is_some_and(|c| c.run == material.run());
    let about = |logged: &LoggedStatement| {
        logged.statement.subject.iter().any(|s| s.sha256_digest() == Some(material.artifact))
    };
    let built = material.newest::<Provenance>().find(|(p, at)| ours(p.proofhouse.as_ref()) && about(at));
    let (provenance, logged) = built.ok_or_else(|| {
        let message = format!("no provenance tells how {} was built", material.name);
        Problem::new("provenance-missing", Exit::Verdict, message).with_hint("`proofhouse run` records one")
    })?;
    let mut attributes = of_build(&provenance, logged);
    let traced = material.newest::<RuntimeTrace>();
    let traced = traced.filter(|(trace, at)| ours(Some(&trace.proofhouse.context)) && about(at));
    attributes.extend(traced.take(1).flat_map(|(trace, logged)| of_trace(&trace, logged)));
    if attributes.is_empty() {
        let message = format!("nothing about the build of {} is worth an attribute", material.name);
        return Err(Problem::new("attributes-missing", Exit::Verdict, message));
    }
    let builder = Subject { uri: provenance.run_details.builder.id.clone(), ..Subject::default() };
    let report = AttributeReport { attributes, producer: Some(builder), proofhouse: material.context() };
    Ok(vec![statement(material.subject(), &report)?])
}

fn attribute(name: &str, conditions: &[(&str, Value)], logged: &LoggedStatement) -> Attribute {
    let conditions = conditions.iter().map(|(name, value)| ((*name).to_owned(), value.clone()));
    Attribute {
        attribute: name.to_owned(),
        target: None,
        conditions: Map::from_iter(conditions),
        evidence: Some(reference(logged)),
    }
}

fn of_build(provenance: &Provenance, logged: &LoggedStatement) -> Vec<Attribute> {
    let definition = &provenance.build_definition;
    let (external, internal) = (&definition.external_parameters, &definition.internal_parameters);
    let mut found = Vec::new();
    if internal["isolation"].as_str().is_some_and(|isolation| isolation != "none") {
        let conditions = [("isolation", internal["isolation"].clone())];
        found.push(attribute("BUILD_ISOLATED", &conditions, logged));
    }
    let none = |name: &str| external[name].as_array().is_some_and(Vec::is_empty);
    if none("network") {
        found.push(attribute("BUILD_STEP_WITHOUT_NETWORK", &[("step", external["step"].clone())], logged));
    }
    if none("secrets") {
        found.push(attribute("BUILD_STEP_WITHOUT_SECRETS", &[("step", external["step"].clone())], logged));
    }
    let with = |role: &'static str| {
        definition.resolved_dependencies.iter().filter(move |d| d.annotations.get(ROLE) == Some(&role.into()))
    };
    if with(ROLE_TOOL).count() > 0 && with(ROLE_TOOL).all(|tool| !tool.digest.is_empty()) {
        let tools: Vec<&str> = with(ROLE_TOOL).map(|tool| tool.name.as_str()).collect();
        found.push(attribute("TOOLS_PINNED", &[("tools", tools.into())], logged));
    }
    let commit = with(ROLE_SOURCE).find_map(|source| source.digest.get("gitCommit"));
    found.extend(
        commit.map(|commit| attribute("SOURCE_IS_COMMIT", &[("gitCommit", commit.as_str().into())], logged)),
    );
    found
}

fn of_trace(trace: &RuntimeTrace, logged: &LoggedStatement) -> Vec<Attribute> {
    let lost = trace.proofhouse.dropped;
    let name = if lost == 0 { "BUILD_OBSERVED" } else { "BUILD_OBSERVED_IN_PART" };
    let programs = trace.monitor_log.process.len();
    vec![attribute(name, &[("programs", programs.into()), ("eventsLost", lost.into())], logged)]
}
