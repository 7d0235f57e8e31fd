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
/// A package that a lock file names. The lock file is the project's own: the digest is what it says.
pub const ROLE_PACKAGE: &str = "package";
/// A host that was reached.
pub const ROLE_NETWORK: &str = "network";

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
    /// Under control of the project; ours are [`ExternalParameters`].
    pub external_parameters: Value,
    /// Under control of the platform; ours are [`InternalParameters`].
    #[serde(default)]
    pub internal_parameters: Value,
    /// Source, tools, needed outputs, locked packages, hosts that were reached, with digests.
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

/// Everything that a project decides about a step: what the source says, what its configuration says, and
/// what whoever asked for the run said.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ExternalParameters {
    /// Tree and commit; the bytes of both were checked.
    pub source: Subject,
    /// Where git says that the source comes from, without credentials. A claim of the folder's own
    /// configuration, which nobody checked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub claimed_repository: Option<String>,
    /// The configuration file.
    pub config: Subject,
    /// Step.
    pub step: String,
    /// Its kind.
    pub kind: String,
    /// Argument vector.
    pub command: Vec<String>,
    /// Variables.
    pub environment: std::collections::BTreeMap<String, String>,
    /// Globs over the source that it sees.
    pub inputs: Vec<String>,
    /// Paths that it must make.
    pub outputs: Vec<String>,
    /// Steps whose outputs it sees.
    pub needs: Vec<String>,
    /// Names of tools that it asks for.
    pub tools: Vec<String>,
    /// Destinations that it may reach.
    pub network: Vec<String>,
    /// Names of secrets that it is given.
    pub secrets: Vec<String>,
    /// Ceilings that it asks for.
    pub limits: Value,
    /// Longest time of an attempt.
    pub timeout: Value,
    /// Most attempts.
    pub attempts: u32,
    /// Whether the action cache may answer; `null`: as usual.
    pub cache: Option<bool>,
    /// What is observed.
    pub trace: Value,
    /// The report among the outputs.
    pub report: Value,
    /// The report of test coverage among the outputs; statements of before do not have it.
    #[serde(default)]
    pub coverage: Value,
    /// What started the run.
    pub trigger: String,
}

/// What the platform decided about a step.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct InternalParameters {
    /// `root`, `rootless` or `none`.
    pub isolation: String,
    /// URI of the build platform that this machine is part of, as its operator says; absent on a machine of
    /// which nobody says that.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub platform: Option<String>,
    /// Digest of the action.
    pub action: Option<crate::Digest>,
    /// The result came from the action cache.
    pub cached: bool,
}
