//! How an expected failure is told to a user: a stable code, a sentence, a place, a next step.

use std::fmt;

use serde::Serialize;

/// What the process exit status says. Documented in `docs/exit-codes.md`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Exit {
    /// 0: it worked and the answer is yes.
    Success,
    /// 1: it worked and the answer is no (a step failed, a gate denied, a verification failed).
    Verdict,
    /// 2: the command line, a configuration file or a report is wrong.
    Input,
    /// 3: the surroundings are missing something (disk, database, kernel feature, network).
    Environment,
    /// 4: something stored was changed behind our back (blob, tile, checkpoint, cache, tool, row).
    Integrity,
}

impl Exit {
    /// The process exit status.
    pub fn code(self) -> u8 {
        match self {
            Self::Success => 0,
            Self::Verdict => 1,
            Self::Input => 2,
            Self::Environment => 3,
            Self::Integrity => 4,
        }
    }
}

/// An error that a user can act on. Library error enums implement it beside their `thiserror` text.
pub trait UserError: std::error::Error {
    /// Stable kebab-case code, e.g. `config-unknown-key`.
    fn code(&self) -> &'static str;
    /// What to do next, as one short sentence.
    fn hint(&self) -> Option<String> {
        None
    }
    /// The exit status this error leads to.
    fn exit(&self) -> Exit {
        Exit::Input
    }
}

/// A [`UserError`] with its type erased, as the edges (command line, API) print it.
#[derive(Debug, Serialize)]
pub struct Problem {
    /// Stable kebab-case code.
    pub code: &'static str,
    /// One sentence.
    pub message: String,
    /// Next step.
    pub hint: Option<String>,
    /// Already rendered source excerpt (file, line, column, caret), when the place is known.
    pub excerpt: Option<String>,
    /// Exit status.
    pub exit: Exit,
}

impl Problem {
    /// A problem without hint or excerpt.
    pub fn new(code: &'static str, exit: Exit, message: impl Into<String>) -> Self {
        Self { code, message: message.into(), hint: None, excerpt: None, exit }
    }

    /// Adds the next step.
    pub fn with_hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for Problem {}

impl UserError for Problem {
    fn code(&self) -> &'static str {
        self.code
    }

    fn hint(&self) -> Option<String> {
        self.hint.clone()
    }

    fn exit(&self) -> Exit {
        self.exit
    }
}

/// Erases the type of a [`UserError`], keeping the chain of causes in the message.
pub fn erase(error: &dyn UserError) -> Problem {
    let mut message = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        let text = cause.to_string();
        if !message.contains(&text) {
            message = format!("{message}: {text}");
        }
        source = cause.source();
    }
    Problem { code: error.code(), message, hint: error.hint(), excerpt: None, exit: error.exit() }
}
