//! How the program speaks: data on stdout, talk on stderr, colour only where it is welcome.
//!
//! Much of what it tells was written by others: titles, paths, names, output. Everything printed goes
//! through here, so that none of it can steer the terminal.

use std::{
    io::{self, Write as _},
    sync::{Mutex, PoisonError},
};

use anstyle::{AnsiColor, Style};
use model::{Exit, Problem, Severity, evidence::Outcome};
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

/// As in the standard library, without anything that steers the terminal.
macro_rules! println {
    ($($part:tt)*) => { $crate::ui::out(&format!($($part)*)) };
}
/// As in the standard library, without anything that steers the terminal.
macro_rules! eprintln {
    () => { $crate::ui::talk("\n") };
    ($($part:tt)*) => { $crate::ui::talk(&format!("{}\n", format!($($part)*))) };
}
/// As in the standard library, without anything that steers the terminal.
macro_rules! eprint {
    ($($part:tt)*) => { $crate::ui::talk(&format!($($part)*)) };
}
pub(crate) use {eprint, eprintln, println};

/// What is said while [`captured`] listens.
static HEARD: Mutex<Option<String>> = Mutex::new(None);

/// Runs something and gives what it said, data and talk, instead of printing it. Not to be nested.
pub fn captured<T>(run: impl FnOnce() -> T) -> (T, String) {
    let heard = || HEARD.lock().unwrap_or_else(PoisonError::into_inner);
    *heard() = Some(String::new());
    let result = run();
    (result, heard().take().unwrap_or_default())
}

/// Whether somebody listens instead of the terminal; then they have it.
fn heard(text: &str) -> bool {
    let mut heard = HEARD.lock().unwrap_or_else(PoisonError::into_inner);
    heard.as_mut().map(|all| all.push_str(text)).is_some()
}

/// One line of data; for [`println`].
pub fn out(line: &str) {
    let line = tame(line);
    if !heard(&format!("{line}\n")) {
        written(writeln!(anstream::stdout(), "{line}"));
    }
}

/// Ends the command when nobody takes its data: quietly when the reader has gone, else saying why.
fn written(result: io::Result<()>) {
    let Err(error) = result else { return };
    if error.kind() != io::ErrorKind::BrokenPipe {
        talk(&format!("error[output]: standard output cannot be written: {error}\n"));
    }
    std::process::exit(Exit::Environment.code().into());
}

/// Talk; for [`eprintln`] and [`eprint`].
pub fn talk(text: &str) {
    let text = tame(text);
    if !heard(&text) {
        let _ = write!(anstream::stderr(), "{text}");
    }
}

/// The text without control characters but tabs and line ends, without characters that reorder or hide
/// others, and without escape sequences but those for plain colours, which are our own.
pub fn tame(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(c) = rest.chars().next() {
        let style = style(rest);
        if style > 0 {
            out.push_str(&rest[..style]);
            rest = &rest[style..];
            continue;
        }
        if matches!(c, '\n' | '\t') || !steers(c) {
            out.push(c);
        }
        rest = &rest[c.len_utf8()..];
    }
    out
}

/// The text within its line: what would end the line or steer the terminal is shown as an escape.
pub fn one_line(text: &str) -> String {
    let shown = |c: char| if steers(c) { c.escape_default().to_string() } else { c.to_string() };
    text.chars().map(shown).collect()
}

/// Control characters, and the invisible ones that reorder or hide text.
fn steers(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{2069}' | '\u{feff}')
}

/// Length of the style that the text begins with: bold, dim, or a colour that can be read. 0: none.
fn style(text: &str) -> usize {
    let Some(rest) = text.strip_prefix("\u{1b}[") else { return 0 };
    let Some((numbers, _)) = rest.split_once('m').filter(|(numbers, _)| numbers.len() < 20) else { return 0 };
    let plain = |n: &str| matches!(n.parse(), Ok(0_u8..=4 | 22..=24 | 31..=36 | 39 | 90..=96));
    let harmless = numbers.split(';').all(plain)
        || numbers.strip_prefix("38;5;").is_some_and(|n| matches!(n.parse(), Ok(1_u8..=6 | 9..=14)));
    if harmless { "\u{1b}[".len() + numbers.len() + 1 } else { 0 }
}

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
        Ok(text) => println!("{}", harmless(&text)),
        Err(error) => eprintln!("error: {error}"),
    }
}

/// One value as JSON on one line of stdout.
pub fn json_line(value: &impl Serialize) {
    match serde_json::to_string(value) {
        Ok(text) => println!("{}", harmless(&text)),
        Err(error) => eprintln!("error: {error}"),
    }
}

/// JSON in which what would steer the terminal is written so that nobody acts on it: it can only be between
/// quotes, where the same characters have another form.
fn harmless(json: &str) -> String {
    let safe = |c: char| match c {
        '\n' => "\n".to_owned(),
        c if steers(c) => format!("\\u{:04x}", u32::from(c)),
        c => c.to_string(),
    };
    json.chars().map(safe).collect()
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_stays_within_its_line_and_is_told_whole() {
        assert_eq!(one_line("dist/é a"), "dist/é a");
        assert_eq!(one_line("a\n  b\u{1b}[31m\r\u{2028}"), "a\\n  b\\u{1b}[31m\\r\\u{2028}");
    }

    #[test]
    fn only_our_own_styles_reach_the_terminal() {
        let own = format!("{BOLD}a{BOLD:#} {BAD}b{BAD:#} {DIM}c{DIM:#}\td\n");
        assert_eq!(tame(&own), own);
        for (evil, left) in [
            ("\u{1b}[2J\u{1b}[Hgone", "[2J[Hgone"),
            ("\u{1b}]0;title\u{7}", "]0;title"),
            ("\u{1b}]52;c;eA==\u{1b}\\", "]52;c;eA==\\"),
            ("\u{1b}[8mhidden", "[8mhidden"),
            ("\u{1b}[30;40mhidden", "[30;40mhidden"),
            ("\u{9b}2J\r\u{202e}x\u{200b}", "2Jx"),
            ("\u{1b}", ""),
            ("\u{1b}[", "["),
            ("\u{1b}[;m", "[;m"),
        ] {
            assert_eq!(tame(evil), left, "{evil:?}");
        }
    }
}
