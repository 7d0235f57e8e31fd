//! How the program speaks: data on stdout, talk on stderr, colour only where it is welcome.

use anstream::{eprintln, println};
use anstyle::{AnsiColor, Style};
use model::{Problem, Severity, evidence::Outcome};
use serde::Serialize;

use crate::args::Format;

/// Bold.
pub const BOLD: Style = Style::new().bold();
/// For what went well.
pub const GOOD: Style = AnsiColor::Green.on_default();
/// For what needs a look.
pub const WARN: Style = AnsiColor::Yellow.on_default();
/// For what stops.
pub const BAD: Style = AnsiColor::Red.on_default().bold();
/// For what may be skipped when reading.
pub const DIM: Style = Style::new().dimmed();

/// Tells a problem: excerpt or message, then the next step.
pub fn problem(problem: &Problem, format: Format) {
    if format == Format::Json {
        eprintln!("{}", serde_json::json!({ "error": problem }));
        return;
    }
    match &problem.excerpt {
        Some(excerpt) => eprintln!("{}", excerpt.trim_end()),
        None => eprintln!("{BAD}error[{}]{BAD:#}: {}", problem.code, problem.message),
    }
    if let Some(hint) = &problem.hint {
        eprintln!("{BOLD}hint{BOLD:#}: {hint}");
    }
}

/// A warning that does not stop the command.
pub fn warning(problem: &Problem) {
    eprintln!("{WARN}warning[{}]{WARN:#}: {}", problem.code, problem.message);
}

/// A remark.
pub fn note(text: &str) {
    eprintln!("{DIM}note{DIM:#}: {text}");
}

/// One value as JSON on stdout.
pub fn json(value: &impl Serialize) {
    match serde_json::to_string_pretty(value) {
        Ok(text) => println!("{text}"),
        Err(error) => eprintln!("error: {error}"),
    }
}

/// Style of a severity.
pub fn of_severity(severity: Severity) -> Style {
    match severity {
        Severity::Critical | Severity::High => BAD,
        Severity::Medium => WARN,
        Severity::Low | Severity::Info => DIM,
    }
}

/// Style and word of an outcome.
pub fn of_outcome(outcome: Outcome) -> (Style, &'static str) {
    match outcome {
        Outcome::Pass => (GOOD, "pass"),
        Outcome::Warn => (WARN, "warn"),
        Outcome::Deny => (BAD, "deny"),
    }
}

/// Whether stderr shows colour; for texts that are rendered elsewhere.
pub fn colour() -> bool {
    anstream::AutoStream::choice(&std::io::stderr()) != anstream::ColorChoice::Never
}

/// `1 finding`, `2 findings`.
pub fn count(number: u64, word: &str) -> String {
    format!("{number} {word}{}", if number == 1 { "" } else { "s" })
}
