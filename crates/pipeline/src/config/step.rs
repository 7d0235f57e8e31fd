//! One step: what runs, on what, with what, and within which limits.

use std::{collections::BTreeMap, time::Duration};

use model::Technique;
use serde::Serialize;

use super::Position;
use crate::{globs::Globs, network::NetworkRule};

/// One step of the pipeline.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Step {
    /// Name.
    pub name: String,
    /// What its result means.
    pub kind: StepKind,
    /// What runs, in the root of the tree.
    pub run: Command,
    /// Files of the source tree it sees.
    pub inputs: Globs,
    /// Files and directories it makes, relative to the root of the tree; normalised, no overlap.
    pub outputs: Vec<String>,
    /// Steps whose outputs are laid over its inputs.
    pub needs: Vec<String>,
    /// Names of declared tools.
    pub tools: Vec<String>,
    /// Destinations it may reach; empty: none.
    pub network: Vec<NetworkRule>,
    /// Names of secrets, given to it as environment variables of the same name.
    pub secrets: Vec<String>,
    /// Environment variables.
    pub env: BTreeMap<String, String>,
    /// Ceilings.
    pub limits: Limits,
    /// Longest wall-clock time of one attempt.
    #[serde(serialize_with = "crate::scalar::serialize_duration")]
    pub timeout: Duration,
    /// Further attempts after a failure.
    pub retries: u32,
    /// Whether its result may come from the action cache; `None`: unless it has a network or secrets,
    /// which its result may depend on.
    pub cache: Option<bool>,
    /// What is observed while it runs.
    pub trace: Trace,
    /// The report it writes.
    pub report: Option<Report>,
    /// The report of how much code its tests run (kind `test`).
    pub coverage: Option<CoverageReport>,
    /// Where it is declared.
    pub at: Position,
}

/// What a step's result means.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum StepKind {
    /// Makes outputs; provenance is signed for them.
    Build,
    /// Its exit status (and JUnit report) is the test result.
    Test,
    /// Its report is imported as findings; the exit status alone says nothing.
    Scan,
    /// As build; makes what is deployed.
    Package,
}

impl StepKind {
    /// Names, in the order of the variants.
    pub const NAMES: &'static [&'static str] = &["build", "test", "scan", "package"];

    /// Lower-case name, as in the file.
    pub fn name(self) -> &'static str {
        Self::NAMES[self as usize]
    }

    /// The kind with this name.
    pub fn from_name(name: &str) -> Option<Self> {
        [Self::Build, Self::Test, Self::Scan, Self::Package].into_iter().find(|kind| kind.name() == name)
    }
}

/// What is observed while a step runs.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Trace {
    /// Nothing.
    Off,
    /// Programs started and connections tried.
    #[default]
    Processes,
    /// Also files opened.
    Files,
}

impl Trace {
    /// Names, in the order of the variants.
    pub const NAMES: &'static [&'static str] = &["off", "processes", "files"];

    /// Lower-case name, as in the file.
    pub fn name(self) -> &'static str {
        Self::NAMES[self as usize]
    }

    /// The level with this name.
    pub fn from_name(name: &str) -> Option<Self> {
        [Self::Off, Self::Processes, Self::Files].into_iter().find(|trace| trace.name() == name)
    }
}

/// What runs.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize)]
#[serde(untagged)]
pub enum Command {
    /// A script for `/bin/sh -eu`.
    Shell(String),
    /// A program and its arguments.
    Argv(Vec<String>),
}

impl Command {
    /// The argument vector that is executed; never empty.
    pub fn argv(&self) -> Vec<String> {
        match self {
            Self::Shell(script) => ["/bin/sh", "-eu", "-c", script].map(str::to_owned).to_vec(),
            Self::Argv(argv) => argv.clone(),
        }
    }
}

/// Ceilings of one attempt.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
pub struct Limits {
    /// Bytes of memory.
    pub memory: u64,
    /// Processes and threads at one moment.
    pub processes: u32,
    /// Hundredths of one core (200 = two cores); `None`: all cores.
    pub cpu: Option<u32>,
    /// Bytes written to the work tree and `/tmp` together.
    pub disk: u64,
    /// Bytes of log (stdout and stderr together) that are kept; more than that fails the step.
    pub output: u64,
}

impl Default for Limits {
    fn default() -> Self {
        Self { memory: 4 << 30, processes: 1024, cpu: None, disk: 8 << 30, output: 64 << 20 }
    }
}

/// A report that a step writes.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize)]
pub struct Report {
    /// Format: an adapter of the `findings` crate (kind `scan`) or `junit` (kind `test`).
    pub format: String,
    /// Path relative to the root of the tree.
    pub path: String,
    /// Name of the scanner, when the report does not say it itself.
    pub tool: Option<String>,
    /// Family of testing, when it is not the format's usual one.
    pub technique: Option<Technique>,
}

/// A report of how much of the code the tests of a step run.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize)]
pub struct CoverageReport {
    /// One of [`CoverageReport::FORMATS`].
    pub format: String,
    /// Path relative to the root of the tree.
    pub path: String,
}

impl CoverageReport {
    /// Formats that are read.
    pub const FORMATS: &'static [&'static str] = &["cobertura", "jacoco", "lcov"];
}
