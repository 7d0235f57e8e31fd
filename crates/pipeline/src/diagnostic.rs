//! What is wrong with the file, where, what was expected, and what to do: one type for all of it.
//!
//! Codes are stable, kebab-case and start with `config-` (`policy-` when it is about a gate rule); tests
//! and documents refer to them.

use std::{fmt, ops::Range, sync::Arc};

use model::{Exit, Problem, UserError};
use serde_json::{Value, json};

use crate::{config::Position, render};

/// Most diagnostics kept; a file with more problems has one cause.
pub const MOST_DIAGNOSTICS: usize = 50;

/// One problem.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Diagnostic {
    /// Stable kebab-case code.
    pub code: &'static str,
    /// One sentence.
    pub message: String,
    /// What is written under the caret: what was expected.
    pub label: String,
    /// Next step.
    pub hint: Option<String>,
    /// Byte range in the text.
    pub span: Range<usize>,
    /// Other places that belong to it.
    pub related: Vec<(Range<usize>, String)>,
}

impl Diagnostic {
    pub(crate) fn new(code: &'static str, span: &Range<usize>, message: impl Into<String>) -> Self {
        let (label, hint, related) = (String::new(), None, vec![]);
        Self { code, message: message.into(), label, hint, span: span.clone(), related }
    }

    pub(crate) fn label(mut self, label: impl Into<String>) -> Self {
        self.label = label.into();
        self
    }

    pub(crate) fn hint(mut self, hint: impl Into<Option<String>>) -> Self {
        self.hint = hint.into();
        self
    }

    pub(crate) fn related(mut self, span: &Range<usize>, label: impl Into<String>) -> Self {
        self.related.push((span.clone(), label.into()));
        self
    }
}

/// Everything that is wrong with one file, in the order of the file; never empty.
#[derive(Clone, Debug)]
pub struct Diagnostics {
    file: String,
    text: Arc<str>,
    list: Vec<Diagnostic>,
}

impl Diagnostics {
    pub(crate) fn new(file: &str, text: &str, mut list: Vec<Diagnostic>) -> Self {
        list.sort_by_key(|diagnostic| diagnostic.span.start);
        list.dedup();
        list.truncate(MOST_DIAGNOSTICS);
        for diagnostic in &mut list {
            diagnostic.span = first_line(text, &diagnostic.span);
            for (span, _) in &mut diagnostic.related {
                *span = first_line(text, span);
            }
        }
        Self { file: file.to_owned(), text: text.into(), list }
    }

    /// The problems.
    pub fn list(&self) -> &[Diagnostic] {
        &self.list
    }

    /// Name of the file, as given to `parse`.
    pub fn file(&self) -> &str {
        &self.file
    }

    /// Where a problem starts.
    pub fn position(&self, diagnostic: &Diagnostic) -> Position {
        position(&self.text, diagnostic.span.start)
    }

    /// All problems for a terminal: excerpt, caret, what was expected, hint.
    pub fn render(&self, colour: bool) -> String {
        let one = |d| render::render(&self.file, &self.text, d, colour);
        self.list.iter().map(one).collect::<Vec<_>>().join("\n\n") + "\n"
    }

    /// All problems for programs: `{file, problems: [{code, message, expected, hint, line, column, ...}]}`.
    pub fn to_json(&self) -> Value {
        let place = |span: &Range<usize>| {
            let (start, end) = (position(&self.text, span.start), position(&self.text, span.end));
            json!({"line": start.line, "column": start.column, "end-line": end.line, "end-column": end.column})
        };
        let one = |d: &Diagnostic| {
            let related = d.related.iter().map(|(span, label)| json!({"place": place(span), "label": label}));
            json!({
                "code": d.code, "message": d.message, "expected": d.label, "hint": d.hint,
                "place": place(&d.span), "related": related.collect::<Vec<_>>(),
            })
        };
        json!({"file": self.file, "problems": self.list.iter().map(one).collect::<Vec<_>>()})
    }

    /// One [`Problem`] per diagnostic, with a plain excerpt.
    pub fn problems(&self) -> Vec<Problem> {
        self.list.iter().map(|d| self.problem(d)).collect()
    }

    fn problem(&self, diagnostic: &Diagnostic) -> Problem {
        Problem {
            code: diagnostic.code,
            message: self.line(diagnostic),
            hint: diagnostic.hint.clone(),
            excerpt: Some(render::render(&self.file, &self.text, diagnostic, false)),
            exit: Exit::Input,
        }
    }

    fn line(&self, diagnostic: &Diagnostic) -> String {
        let Position { line, column } = self.position(diagnostic);
        format!("{}:{line}:{column}: {}", self.file, diagnostic.message)
    }
}

impl From<Diagnostics> for Problem {
    /// The first problem, with the excerpts of all.
    fn from(all: Diagnostics) -> Self {
        Self {
            code: all.code(),
            message: all.to_string(),
            hint: all.hint(),
            excerpt: Some(all.render(false)),
            exit: Exit::Input,
        }
    }
}

impl fmt::Display for Diagnostics {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(first) = self.list.first() {
            f.write_str(&self.line(first))?;
        }
        match self.list.len() {
            0 | 1 => Ok(()),
            2 => f.write_str(" (and one more problem)"),
            n => write!(f, " (and {} more problems)", n - 1),
        }
    }
}

impl std::error::Error for Diagnostics {}

impl UserError for Diagnostics {
    fn code(&self) -> &'static str {
        self.list.first().map_or("config-invalid", |diagnostic| diagnostic.code)
    }

    fn hint(&self) -> Option<String> {
        self.list.first().and_then(|diagnostic| diagnostic.hint.clone())
    }
}

/// Line and column of a byte offset.
pub(crate) fn position(text: &str, offset: usize) -> Position {
    let before = &text[..floor(text, offset)];
    let line_start = before.rfind('\n').map_or(0, |at| at + 1);
    let small = |n: usize| u32::try_from(n).unwrap_or(u32::MAX);
    Position {
        line: small(before.bytes().filter(|byte| *byte == b'\n').count() + 1),
        column: small(before[line_start..].chars().count() + 1),
    }
}

/// The part of a span on its first line: blocks are pointed at, not painted over.
fn first_line(text: &str, span: &Range<usize>) -> Range<usize> {
    let start = floor(text, span.start);
    let end = floor(text, span.end.max(start));
    let cut = text[start..end].find(['\n', '\r']).map_or(end, |at| start + at);
    start..start + text[start..cut].trim_end().len()
}

fn floor(text: &str, offset: usize) -> usize {
    text.floor_char_boundary(offset)
}

/// Foreign text inside a message: one line, bounded, without control characters.
pub(crate) fn shown(text: &str) -> String {
    const MOST: usize = 60;
    let clean = |c: char| if c.is_control() { '\u{fffd}' } else { c };
    let mut out: String = text.chars().take(MOST).map(clean).collect();
    if text.chars().nth(MOST).is_some() {
        out.push('…');
    }
    out
}
