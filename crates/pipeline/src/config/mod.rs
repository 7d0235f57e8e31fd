//! What `proofhouse.yaml` says, as types: every default filled in, every value in range.

mod environment;
mod step;

pub(crate) use environment::check_placeholders;
pub use environment::{
    BadPlaceholder, Dast, DeployGate, Environment, Health, Placeholders, ReleaseReviewGate, placeholder_names,
};
pub use step::{Command, CoverageReport, Limits, Report, Step, StepKind, Trace};

use std::time::Duration;

use model::{Technique, version::Requirement};
use serde::Serialize;

use crate::globs::Globs;

/// A place in the file, for messages of later stages (`tool-not-found` points at its declaration).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
pub struct Position {
    /// Line, from 1.
    pub line: u32,
    /// Column, from 1, in characters.
    pub column: u32,
}

/// A valid `proofhouse.yaml`.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct Config {
    /// Project name: `[a-z0-9][a-z0-9._-]*`, at most 64 characters.
    pub project: String,
    /// Declared tools, in file order.
    pub tools: Vec<Tool>,
    /// Steps, in file order; at least one.
    pub steps: Vec<Step>,
    /// Built-in checks.
    pub scans: Scans,
    /// What a gate expects in every environment.
    pub gate: Gate,
    /// The technology catalogue that gates hold what is shipped against: a path relative to the root of the
    /// tree, which may begin with `../`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub catalogue: Option<String>,
    /// Where artifacts may be deployed, in file order.
    pub environments: Vec<Environment>,
}

impl Config {
    /// The step with this name.
    pub fn step(&self, name: &str) -> Option<&Step> {
        self.steps.iter().find(|step| step.name == name)
    }

    /// The environment with this name.
    pub fn environment(&self, name: &str) -> Option<&Environment> {
        self.environments.iter().find(|environment| environment.name == name)
    }

    /// The step that makes this file, e.g. an environment's `artifact`: a declared output, or a file in one.
    pub fn maker(&self, file: &str) -> Option<&Step> {
        let makes = |step: &&Step| step.outputs.iter().any(|output| crate::path::contains(output, file));
        self.steps.iter().find(makes)
    }
}

/// A program that steps may use.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Tool {
    /// Name that steps use.
    pub name: String,
    /// How it is found: a provider of the `toolchain` crate, e.g. `host`.
    pub provider: String,
    /// Command name (looked up in PATH) or absolute path.
    pub command: String,
    /// Version it must have.
    pub version: Option<Requirement>,
    /// Further trees (absolute paths) that belong to it.
    pub paths: Vec<String>,
    /// Where it is declared.
    pub at: Position,
}

/// Which built-in checks run on the source.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Scans {
    /// Static analysis rules.
    pub sast: bool,
    /// Credentials.
    pub secrets: bool,
    /// Known vulnerabilities of components in lock files.
    pub sca: bool,
    /// Dockerfiles and CI configuration.
    pub config: bool,
    /// Software bill of materials.
    pub sbom: bool,
    /// Files that no built-in check looks at.
    pub exclude: Globs,
}

impl Scans {
    /// Whether the built-in check of this technique is on (`false` for techniques without one).
    pub fn has(&self, technique: Technique) -> bool {
        match technique {
            Technique::Sast => self.sast,
            Technique::Secrets => self.secrets,
            Technique::Sca => self.sca,
            Technique::Config => self.config,
            // It looks at what a run made, not at the source, and cannot be switched off.
            Technique::Hardening => false,
            Technique::Dast | Technique::Iast | Technique::Manual => false,
        }
    }
}

/// What must be proven before any deployment.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct Gate {
    /// Evidence that must be there.
    pub expect: Vec<Expect>,
    /// Oldest evidence that still counts.
    pub max_age: Duration,
    /// Oldest test by people that still counts, by the day of the test.
    pub manual_max_age: Duration,
    /// The project's own Rego rules, as globs in the tree.
    pub rules: Globs,
}

/// A piece of evidence that must be there.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize)]
#[serde(tag = "kind", content = "of", rename_all = "lowercase")]
pub enum Expect {
    /// SLSA provenance of the artifact.
    Provenance,
    /// Software bill of materials.
    Sbom,
    /// Any test step passed (`None`) or this one did.
    Test(Option<String>),
    /// Trace of the build.
    Trace,
    /// A complete scan of this technique, by whichever scanner.
    Scan(Technique),
    /// A complete scan by this step.
    ScanStep(String),
}

impl std::fmt::Display for Expect {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Provenance => f.write_str("provenance"),
            Self::Sbom => f.write_str("sbom"),
            Self::Test(None) => f.write_str("test"),
            Self::Test(Some(step)) => write!(f, "test:{step}"),
            Self::Trace => f.write_str("trace"),
            Self::Scan(technique) => write!(f, "scan:{technique}"),
            Self::ScanStep(step) => write!(f, "scan:{step}"),
        }
    }
}
