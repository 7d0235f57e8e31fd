//! `proofhouse.yaml`: text → [`Config`] → [`Plan`].
//!
//! The way of a file: `yaml` reads it, bounded, into a tree that remembers places; `shape` compares
//! the tree with one table of keys (the same table gives [`schema()`]); `read` makes it typed;
//! `validate` checks what needs several values; [`plan()`] orders the steps. Every stage adds to one
//! list of [`Diagnostic`]s, so that a user sees all problems at once, each at its place. [`init`]
//! writes a first file for a project; [`requirements`] is the same for `security-requirements.yaml`.
//!
//! **Architecture Invariant:** no IO. What is known elsewhere (report formats, tool providers) is an
//! argument, and so is every file that `init` looks at.

#![cfg_attr(test, allow(clippy::unwrap_used, clippy::expect_used))]

pub mod config;
mod diagnostic;
mod globs;
pub mod init;
mod network;
mod path;
mod plan;
mod read;
mod render;
pub mod requirements;
mod scalar;
mod shape;
mod suggest;
mod validate;
mod yaml;

pub use config::{
    Command, Config, CoverageReport, Environment, Expect, Gate, Limits, Placeholders, Position, Report,
    Scans, Step, StepKind, Tool, Trace,
};
pub use diagnostic::{Diagnostic, Diagnostics, MOST_DIAGNOSTICS};
pub use globs::{BadGlob, Globs};
pub use network::{BadRule, NetworkRule};
pub use plan::{Plan, PlannedStep, plan};
pub use scalar::{parse_duration, parse_percent, parse_size, show_duration, show_size};
pub use shape::schema::schema;
pub use yaml::{MAX_BYTES, MAX_DEPTH, MOST_NODES};

/// Usual name of the file, at the root of the tree.
pub const FILE_NAME: &str = "proofhouse.yaml";

/// What other crates know and this one only checks against.
#[derive(Clone, Copy, Debug)]
pub struct Known<'a> {
    /// Report formats that can be imported as findings (without `junit`).
    pub report_formats: &'a [&'a str],
    /// Providers that can find a tool.
    pub providers: &'a [&'a str],
    /// Package registries that a network rule can name.
    pub registries: &'a [&'a str],
}

/// Reads and checks a configuration. `file_name` is only shown.
///
/// # Errors
/// Everything that is wrong with it, at most [`MOST_DIAGNOSTICS`].
pub fn parse(text: &str, file_name: &str, known: &Known<'_>) -> Result<Config, Diagnostics> {
    let mut problems = vec![];
    let config = stages(text, known, &mut problems);
    match config {
        Some(config) if problems.is_empty() => Ok(config),
        _ => Err(Diagnostics::new(file_name, text, problems)),
    }
}

/// As [`parse`], from bytes as they were read.
///
/// # Errors
/// As [`parse`], and `config-not-utf8` at the first bad byte.
pub fn parse_bytes(bytes: &[u8], file_name: &str, known: &Known<'_>) -> Result<Config, Diagnostics> {
    utf8(bytes, file_name).and_then(|text| parse(text, file_name, known))
}

/// The bytes as text, without a byte-order mark.
fn utf8<'a>(bytes: &'a [u8], file_name: &str) -> Result<&'a str, Diagnostics> {
    match std::str::from_utf8(bytes) {
        Ok(text) => Ok(text.strip_prefix('\u{feff}').unwrap_or(text)),
        Err(error) => {
            let good = String::from_utf8_lossy(&bytes[..error.valid_up_to().min(MAX_BYTES)]);
            let end = good.len()..good.len();
            let problem = Diagnostic::new("config-not-utf8", &end, "the file is not UTF-8 text");
            Err(Diagnostics::new(file_name, &good, vec![problem.label("the first bad byte follows here")]))
        }
    }
}

/// Whether `text` can be the name of a project.
///
/// # Errors
/// It cannot; the hint has an example.
pub fn project_name(text: &str) -> Result<(), model::Problem> {
    shape::project_name(text).map_err(|refusal| {
        let message = format!("{:?} is not a project name: {}", diagnostic::shown(text), refusal.why);
        model::Problem {
            hint: refusal.hint,
            ..model::Problem::new(refusal.code, model::Exit::Input, message)
        }
    })
}

/// What to say when no file matches the patterns of `gate.rules`: where they stand in the text.
pub fn no_gate_rule(bytes: &[u8], file_name: &str) -> Diagnostics {
    let text = String::from_utf8_lossy(bytes);
    let text = text.strip_prefix('\u{feff}').unwrap_or(&text);
    let root = yaml::read(text, &mut vec![]);
    let rules = root.as_ref().and_then(|root| root.get("gate")?.get("rules"));
    let span = rules.map_or(0..0, |rules| rules.items().first().unwrap_or(rules).span.clone());
    let problem = Diagnostic::new("policy-missing", &span, "no file matches `gate.rules`")
        .label("expected a pattern that matches a `.rego` file of the project")
        .hint("add the rule, or remove the line".to_owned());
    Diagnostics::new(file_name, text, vec![problem])
}

fn stages(text: &str, known: &Known<'_>, problems: &mut Vec<Diagnostic>) -> Option<Config> {
    let Some(root) = yaml::read(text, problems) else {
        if problems.is_empty() {
            let problem = Diagnostic::new("config-empty", &(0..0), "the file is empty");
            problems.push(problem.hint("`proofhouse init` writes a first one".to_owned()));
        }
        return None;
    };
    shape::check(&root, &shape::FILE, known, problems);
    let config = read::config(text, &root);
    let mut context = validate::Context { config: &config, root: &root, problems };
    validate::references(&mut context);
    if context.problems.is_empty() {
        validate::meaning(&mut context);
    }
    Some(config)
}
