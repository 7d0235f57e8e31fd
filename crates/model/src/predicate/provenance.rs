//! SLSA provenance v1 (slsa.dev/spec/v1.0/provenance).

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::Context;
use crate::{Predicate, Subject, Timestamp};

/// `buildType` of a step run by Proofhouse.
pub const BUILD_TYPE: &str = "urn:proofhouse:build-type:step:v1";
/// `builder.id` prefix; the isolation mode (`root`, `rootless`, `none`) follows.
pub const BUILDER_PREFIX: &str = "urn:proofhouse:builder:";

/// `buildType` of a command that Proofhouse only watched begin and end.
pub const BUILD_TYPE_COMMAND: &str = "urn:proofhouse:build-type:command:v1";
/// `builder.id` of such a command: it ran where it was called, isolated from nothing.
pub const BUILDER_WRAPPED: &str = "urn:proofhouse:builder:wrapped-command";
/// What started the run of such a command ([`super::Run::trigger`]).
pub const TRIGGER_WRAPPED: &str = "attest";

/// Annotation of a resolved dependency that says what it was to the build: one of the `ROLE_…` values.
pub const ROLE: &str = "urn:proofhouse:role";
/// The source tree or commit.
pub const ROLE_SOURCE: &str = "source";
/// A tool; its version is the annotation `version`.
pub const ROLE_TOOL: &str = "tool";
/// The output of another step.
pub const ROLE_OUTPUT: &str = "output";

/// SLSA provenance v1. Subjects: the outputs.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Provenance {
    /// What was asked for.
    pub build_definition: BuildDefinition,
    /// What happened.
    pub run_details: RunDetails,
    /// Link to our run.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub proofhouse: Option<Context>,
}

impl Predicate for Provenance {
    const TYPE: &'static str = "https://slsa.dev/provenance/v1";
}

/// The inputs of a build.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct BuildDefinition {
    /// How to interpret the parameters.
    pub build_type: String,
    /// Under control of the project: command, environment, network rules, source.
    pub external_parameters: Value,
    /// Under control of the platform: isolation, limits.
    #[serde(default)]
    pub internal_parameters: Value,
    /// Source, tools, needed outputs, with digests.
    #[serde(default)]
    pub resolved_dependencies: Vec<Subject>,
}

/// The execution of a build.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct RunDetails {
    /// Who ran it.
    pub builder: Builder,
    /// When.
    pub metadata: BuildMetadata,
    /// Log and other by-products, with digests.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub byproducts: Vec<Subject>,
}

/// The builder.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Builder {
    /// URI; one per isolation mode.
    pub id: String,
    /// Component to version.
    #[serde(default)]
    pub version: std::collections::BTreeMap<String, String>,
}

/// Identity and times of the execution.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct BuildMetadata {
    /// Run id and step.
    pub invocation_id: String,
    /// Start.
    pub started_on: Timestamp,
    /// End.
    pub finished_on: Timestamp,
}
