//! Radar files of others to a [`Catalogue`]: facts only (name, place, description, moves). What they count as
//! the organisation's technology in its bills of materials (`match`) nobody says, so it is added by hand.
//!
//! Foreign bytes: bounded in size and number, texts cut to what a catalogue may have, never a panic.

mod aoe;
mod backstage;
mod byor;
mod zalando;

use std::collections::HashSet;

use jiff::civil::Date;
use model::{Exit, UserError};
use serde_json::Value;

use super::{
    entry::{Catalogue, Move, Quadrant, Ring, Technology},
    read::MOST_TECHNOLOGIES,
};

/// Largest file, in bytes.
pub const MOST_BYTES: usize = 8 << 20;
/// Most notes that are kept.
const MOST_NOTES: usize = 50;
/// Most moves of one entry.
const MOST_MOVES: usize = 100;

/// Whose form a file has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// `config.json` of Zalando's tech radar.
    Zalando,
    /// `data.json` of AOE's technology radar.
    Aoe,
    /// JSON or CSV of Thoughtworks' "build your own radar".
    Byor,
    /// The response of a loader of Backstage's tech-radar plugin.
    Backstage,
}

impl Format {
    /// Names, in order.
    pub const NAMES: [&str; 4] = ["zalando", "aoe", "byor", "backstage"];

    /// By name.
    pub fn from_name(name: &str) -> Option<Self> {
        match name {
            "zalando" => Some(Self::Zalando),
            "aoe" => Some(Self::Aoe),
            "byor" => Some(Self::Byor),
            "backstage" => Some(Self::Backstage),
            _ => None,
        }
    }
}

/// A file that is not a radar, or too large.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ImportError {
    /// Larger than [`MOST_BYTES`].
    #[error("the file is larger than {} MiB", MOST_BYTES >> 20)]
    TooLarge,
    /// More entries than a catalogue may have.
    #[error("the radar has more than {MOST_TECHNOLOGIES} entries")]
    TooMany,
    /// Neither JSON nor CSV.
    #[error("the file cannot be read: {0}")]
    Syntax(String),
    /// JSON of an unknown form.
    #[error("the file has none of the forms that are known")]
    Unknown,
    /// No entry could be used.
    #[error("the radar has no entry that can be used{0}")]
    Nothing(String),
}

impl UserError for ImportError {
    fn code(&self) -> &'static str {
        match self {
            Self::TooLarge => "radar-too-large",
            Self::TooMany => "radar-too-many",
            Self::Syntax(_) => "radar-syntax",
            Self::Unknown => "radar-unknown-form",
            Self::Nothing(_) => "radar-empty",
        }
    }

    fn hint(&self) -> Option<String> {
        match self {
            Self::Unknown => Some(format!("say whose form it is: {}", Format::NAMES.join(", "))),
            _ => None,
        }
    }

    fn exit(&self) -> Exit {
        Exit::Input
    }
}

/// What came in.
#[derive(Clone, Debug, PartialEq)]
pub struct Imported {
    /// The catalogue; it has no mistakes.
    pub catalogue: Catalogue,
    /// What was left out or guessed, one sentence each.
    pub notes: Vec<String>,
}

/// Reads a radar file; without a format it is found out.
///
/// # Errors
/// It is too large, not of a known form, or has nothing that can be used.
pub fn import(bytes: &[u8], format: Option<Format>) -> Result<Imported, ImportError> {
    if bytes.len() > MOST_BYTES {
        return Err(ImportError::TooLarge);
    }
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    let json = bytes.iter().find(|byte| !byte.is_ascii_whitespace()).is_some_and(|byte| b"[{".contains(byte));
    let mut intake = Intake::default();
    if !json && matches!(format, None | Some(Format::Byor)) {
        byor::csv(bytes, &mut intake)?;
        return intake.done();
    }
    let value: Value = serde_json::from_slice(bytes).map_err(|e| ImportError::Syntax(e.to_string()))?;
    match format.or_else(|| guess(&value)).ok_or(ImportError::Unknown)? {
        Format::Zalando => zalando::read(&value, &mut intake)?,
        Format::Aoe => aoe::read(&value, &mut intake)?,
        Format::Byor => byor::json(&value, &mut intake)?,
        Format::Backstage => backstage::read(&value, &mut intake)?,
    }
    intake.done()
}

fn guess(value: &Value) -> Option<Format> {
    let entry = value["entries"].get(0);
    match () {
        () if value.is_array() => Some(Format::Byor),
        () if value["items"].is_array() => Some(Format::Aoe),
        () if entry.is_some_and(|entry| entry["timeline"].is_array()) => Some(Format::Backstage),
        () if entry.is_some_and(|entry| entry["label"].is_string()) => Some(Format::Zalando),
        () => None,
    }
}

/// One entry as a file has it.
#[derive(Default)]
struct Given<'a> {
    name: Option<&'a str>,
    quadrant: Option<Quadrant>,
    ring: Option<Ring>,
    description: Option<&'a str>,
    moves: Vec<Move>,
}

/// Collects entries and what is to be said about them.
#[derive(Default)]
struct Intake {
    technologies: Vec<Technology>,
    names: HashSet<String>,
    notes: Vec<String>,
}

impl Intake {
    fn note(&mut self, text: String) {
        if self.notes.len() < MOST_NOTES && !self.notes.contains(&text) {
            self.notes.push(text);
        }
    }

    fn add(&mut self, given: Given<'_>) -> Result<(), ImportError> {
        if self.technologies.len() >= MOST_TECHNOLOGIES {
            return Err(ImportError::TooMany);
        }
        let name = line(given.name.unwrap_or_default());
        let (Some(quadrant), Some(ring)) = (given.quadrant, given.ring) else {
            self.note(format!("{name:?} is left out: its quadrant or ring is not known"));
            return Ok(());
        };
        if name.is_empty() || !self.names.insert(name.to_lowercase()) {
            self.note(format!("{name:?} is left out: it has no name, or one that is taken"));
            return Ok(());
        }
        let mut entry = Technology::new(name, quadrant, ring);
        entry.rationale = Some(text(given.description.unwrap_or_default())).filter(|text| !text.is_empty());
        entry.moves = history(given.moves, ring);
        self.technologies.push(entry);
        Ok(())
    }

    fn done(self) -> Result<Imported, ImportError> {
        let Self { technologies, notes, .. } = self;
        if technologies.is_empty() {
            let first = notes.first().map_or_else(String::new, |note| format!(": {note}"));
            return Err(ImportError::Nothing(first));
        }
        Ok(Imported { catalogue: Catalogue { technologies, ..Catalogue::default() }, notes })
    }
}

/// Oldest first; a history that does not lead to the ring is none.
fn history(mut moves: Vec<Move>, ring: Ring) -> Vec<Move> {
    moves.sort_by_key(|moved| moved.date);
    let skip = moves.len().saturating_sub(MOST_MOVES);
    moves.drain(..skip);
    if moves.last().is_some_and(|moved| moved.ring == ring) { moves } else { vec![] }
}

/// Text on one line that a name may be.
fn line(text: &str) -> String {
    let words: Vec<&str> =
        text.split(|c: char| c.is_whitespace() || c.is_control()).filter(|w| !w.is_empty()).collect();
    words.join(" ").chars().take(100).collect::<String>().trim().to_owned()
}

/// Text that a rationale may be.
fn text(text: &str) -> String {
    let plain: String =
        text.replace("\r\n", "\n").chars().filter(|c| !c.is_control() || *c == '\n').take(4_000).collect();
    plain.trim().to_owned()
}

/// A ring by any of its usual names.
fn ring(text: &str) -> Option<Ring> {
    match text.trim().to_lowercase().as_str() {
        "adopt" | "use" | "recommended" => Some(Ring::Adopt),
        "trial" | "pilot" => Some(Ring::Trial),
        "assess" | "explore" => Some(Ring::Assess),
        "hold" | "caution" | "avoid" | "retire" => Some(Ring::Hold),
        _ => None,
    }
}

/// A quadrant by any of its usual names: by the words in it.
fn quadrant(text: &str) -> Option<Quadrant> {
    let text = text.to_lowercase();
    let has = |words: &[&str]| words.iter().any(|word| text.contains(word));
    match () {
        () if has(&["language", "framework", "librar"]) => Some(Quadrant::LanguagesFrameworks),
        () if has(&["technique", "method", "pattern", "process", "practice"]) => Some(Quadrant::Techniques),
        () if has(&["platform", "infrastructure", "data", "operation", "cloud"]) => Some(Quadrant::Platforms),
        () if has(&["tool"]) => Some(Quadrant::Tools),
        () => None,
    }
}

/// The day a text begins with.
fn day(text: &str) -> Option<Date> {
    text.get(..10)?.parse::<Date>().ok().filter(|day| Some(day.to_string().as_str()) == text.get(..10))
}

/// Items of a list that may be missing.
fn items(value: &Value) -> impl Iterator<Item = &Value> {
    value.as_array().into_iter().flatten()
}
