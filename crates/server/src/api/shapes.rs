//! Shapes of the parameters of queries for the description of the API, where a text must be more than any text. An
//! empty text counts as absent everywhere (a form leaves fields empty), and the shapes say so.

use model::{Severity, Technique, portfolio::CoverageState, predicate::TriageState};
use store::views::{FindingStatus, RunStatus};
use utoipa::openapi::{
    ArrayBuilder, ObjectBuilder, OneOfBuilder, Schema, SchemaFormat,
    path::{Parameter, ParameterIn, ParameterStyle},
    schema::Type,
};

/// Describes a parameter of the address `path` by its name: the same name means the same everywhere.
pub(super) fn describe(path: &str, parameter: &mut Parameter) {
    if parameter.parameter_in != ParameterIn::Query {
        return;
    }
    let Some(schema) = schema(path, &parameter.name) else { return };
    if matches!(schema, Schema::Array(_)) {
        // Names separated by commas.
        parameter.style = Some(ParameterStyle::Form);
        parameter.explode = Some(false);
    }
    parameter.schema = Some(schema.into());
}

fn schema(path: &str, name: &str) -> Option<Schema> {
    let results = ["deployed", "denied", "failed", "rolled-back", "reversed", "interrupted"];
    Some(match name {
        "limit" | "days" => count(),
        "from" | "before" => formatted(&["date"]),
        "as-of" => formatted(&["date", "date-time"]),
        "run" => formatted(&["uuid"]),
        "status" if path == "/api/v1/runs" => one_of(RunStatus::ALL.map(RunStatus::name)),
        "status" => some_of(FindingStatus::ALL.map(FindingStatus::name)),
        "severity" => some_of(Severity::ALL.map(Severity::name)),
        "result" => some_of(results),
        "technique" => one_of(Technique::ALL.map(Technique::name)),
        "triage" => one_of(TriageState::ALL.map(TriageState::name)),
        "state" => one_of(CoverageState::ALL.map(CoverageState::name)),
        "outcome" => one_of(["pass", "warn", "deny"]),
        _ => return None,
    })
}

fn text() -> ObjectBuilder {
    ObjectBuilder::new().schema_type(Type::String)
}

/// Formats of JSON Schema.
fn formatted(formats: &[&str]) -> Schema {
    let nothing = OneOfBuilder::new().item(text().max_length(Some(0)));
    let format = |name: &&str| text().format(Some(SchemaFormat::Custom((*name).to_owned())));
    formats.iter().map(format).fold(nothing, OneOfBuilder::item).build().into()
}

/// More than is given at once counts as the most.
fn count() -> Schema {
    let number = ObjectBuilder::new().schema_type(Type::Integer);
    number.minimum(Some(0)).maximum(Some(i64::from(u32::MAX))).build().into()
}

fn one_of(names: impl IntoIterator<Item = &'static str>) -> Schema {
    text().enum_values(Some(names.into_iter().chain([""]))).build().into()
}

fn some_of(names: impl IntoIterator<Item = &'static str>) -> Schema {
    ArrayBuilder::new().items(text().enum_values(Some(names)).build()).build().into()
}
