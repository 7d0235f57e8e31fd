//! Reading the organisation's own YAML files strictly: what is wrong is told with its place, all of it at once.

use model::{Exit, UserError};
use serde::de::DeserializeOwned;
use serde_saphyr::Spanned;

/// Most mistakes that are kept.
const MOST_MISTAKES: usize = 50;

/// One mistake and where it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mistake {
    /// Stable kebab-case code.
    pub code: &'static str,
    /// Line, from 1.
    pub line: u64,
    /// Column, from 1, in characters.
    pub column: u64,
    /// What is wrong, one sentence.
    pub message: String,
    /// What to write instead.
    pub hint: Option<String>,
}

/// A file with mistakes.
#[derive(Clone, Debug, thiserror::Error)]
#[error("{file}:{}:{}: {}{}", .mistakes[0].line, .mistakes[0].column, .mistakes[0].message, more(.mistakes.len()))]
pub struct Mistakes {
    /// The file as it was named.
    pub file: String,
    /// At least one.
    pub mistakes: Vec<Mistake>,
}

fn more(number: usize) -> String {
    if number > 1 { format!(" (and {} more)", number - 1) } else { String::new() }
}

impl UserError for Mistakes {
    fn code(&self) -> &'static str {
        self.mistakes[0].code
    }

    fn hint(&self) -> Option<String> {
        self.mistakes[0].hint.clone()
    }

    fn exit(&self) -> Exit {
        Exit::Input
    }
}

impl Mistakes {
    /// Every mistake with the line it is in, for a terminal.
    pub fn excerpt(&self, bytes: &[u8]) -> String {
        let text = String::from_utf8_lossy(bytes);
        let lines: Vec<&str> = text.lines().collect();
        let mut out = String::new();
        for mistake in &self.mistakes {
            let Mistake { code, line, column, message, hint } = mistake;
            out.push_str(&format!("error[{code}]: {message}\n  --> {}:{line}:{column}\n", self.file));
            let source = usize::try_from(*line).ok().and_then(|n| lines.get(n.checked_sub(1)?));
            if let Some(source) = source.filter(|source| source.len() <= 400) {
                let plain: String = source.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
                let before = usize::try_from(column.saturating_sub(1)).unwrap_or(0).min(400);
                let number = line.to_string();
                let margin = " ".repeat(number.len());
                out.push_str(&format!("{number} | {plain}\n{margin} | {}^\n", " ".repeat(before)));
            }
            if let Some(hint) = hint {
                out.push_str(&format!("  = hint: {hint}\n"));
            }
        }
        out
    }
}

/// Line and column, from 1.
pub(crate) type Place = (u64, u64);

/// Where a value stands.
pub(crate) fn place<T>(value: &Spanned<T>) -> Place {
    (value.referenced.line().max(1), value.referenced.column().max(1))
}

/// Mistakes found so far.
#[derive(Default)]
pub(crate) struct Reading(Vec<Mistake>);

impl Reading {
    pub(crate) fn add(&mut self, code: &'static str, at: Place, message: String, hint: Option<&str>) {
        if self.0.len() < MOST_MISTAKES {
            let message = message.chars().filter(|c| !c.is_control()).take(500).collect();
            let hint = hint.map(str::to_owned);
            self.0.push(Mistake { code, line: at.0, column: at.1, message, hint });
        }
    }

    /// The file in its raw shape; what the YAML reader refuses is one mistake.
    pub(crate) fn yaml<T: DeserializeOwned>(&mut self, bytes: &[u8], most: usize) -> Option<T> {
        if bytes.len() > most {
            self.add("file-too-large", (1, 1), format!("the file has more than {most} bytes"), None);
            return None;
        }
        let Ok(text) = std::str::from_utf8(bytes) else {
            self.add("file-not-utf8", (1, 1), "the file is not UTF-8 text".to_owned(), None);
            return None;
        };
        match serde_saphyr::from_str(text.strip_prefix('\u{feff}').unwrap_or(text)) {
            Ok(raw) => Some(raw),
            Err(error) => {
                let at = error.location().map_or((1, 1), |at| (at.line().max(1), at.column().max(1)));
                let said = error.without_snippet().to_string();
                let first = said.lines().next().unwrap_or_default();
                // The place is told beside it.
                let first = first.rsplit_once(" at line ").map_or(first, |(what, _)| what).trim();
                self.add("file-syntax", at, first.to_owned(), None);
                None
            }
        }
    }

    /// The value when nothing was wrong.
    pub(crate) fn end<T>(mut self, value: Option<T>, file: &str) -> Result<T, Mistakes> {
        match value {
            Some(value) if self.0.is_empty() => Ok(value),
            _ => {
                if self.0.is_empty() {
                    self.add("file-syntax", (1, 1), "the file cannot be read".to_owned(), None);
                }
                self.0.sort_by_key(|mistake| (mistake.line, mistake.column));
                Err(Mistakes { file: file.to_owned(), mistakes: self.0 })
            }
        }
    }
}
