//! A catalogue of controls: the files that come with the program, and users' own, read alike and strictly.

use std::{collections::BTreeSet, sync::OnceLock};

use model::{Exit, UserError};
use serde::Deserialize;

use super::rules::{self, RULES};

/// Largest file, in bytes.
pub const MAX_BYTES: usize = 1 << 20;
/// Most controls of one catalogue.
pub const MOST_CONTROLS: usize = 1_000;
/// Most rules of one control.
const MOST_RULES: usize = 50;
/// Longest id, in characters.
const LONGEST_ID: usize = 60;
/// Longest other text, in characters.
const LONGEST_TEXT: usize = 2_000;

/// Each catalogue that comes with the program, in the order in which reports show them.
const BUILT_IN: [&str; 4] = [
    include_str!("catalogues/sss-02-02-07.yaml"),
    include_str!("catalogues/ssdf.yaml"),
    include_str!("catalogues/samm.yaml"),
    include_str!("catalogues/ism.yaml"),
];

/// A catalogue.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Catalogue {
    /// Version of this file format: 1.
    pub version: u32,
    /// Short name, by which a command selects it.
    pub id: String,
    /// Name.
    pub title: String,
    /// Edition of the standard that was read.
    pub edition: String,
    /// Where it comes from.
    pub source: String,
    /// How a control is answered besides its status.
    #[serde(default)]
    pub answers: Answers,
    /// Controls, in the order of the standard.
    pub controls: Vec<Control>,
}

/// How controls are answered besides their status.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Answers {
    /// By status only.
    #[default]
    Status,
    /// By a level of coverage: none, some, half, most.
    Coverage,
}

/// A control, in our own words.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Control {
    /// Id.
    pub id: String,
    /// Its number elsewhere.
    #[serde(default)]
    pub also: Option<String>,
    /// Name.
    pub title: String,
    /// What it asks for.
    pub text: String,
    /// What is looked at here.
    pub measures: String,
    /// What nothing here looks at; absent when everything is.
    #[serde(default)]
    pub does_not_measure: Option<String>,
    /// Rules that must hold; at least one.
    pub rules: Vec<String>,
}

/// Why a file is no catalogue.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ControlsError {
    /// Too large.
    #[error("{file} has more than {MAX_BYTES} bytes")]
    TooLarge {
        /// The file as it was named.
        file: String,
    },
    /// Not text, not YAML, or not of this form.
    #[error("{file}:{line}:{column}: {message}")]
    Syntax {
        /// The file as it was named.
        file: String,
        /// Line, from 1.
        line: u64,
        /// Column, from 1.
        column: u64,
        /// What is wrong.
        message: String,
    },
    /// Something in it cannot be used.
    #[error("{file}: {place}: {message}")]
    Unusable {
        /// The file as it was named.
        file: String,
        /// Which control or key.
        place: String,
        /// What is wrong.
        message: String,
        /// What to write instead.
        hint: Option<String>,
    },
}

impl UserError for ControlsError {
    fn code(&self) -> &'static str {
        match self {
            Self::TooLarge { .. } => "controls-too-large",
            Self::Syntax { .. } => "controls-syntax",
            Self::Unusable { .. } => "controls-unusable",
        }
    }

    fn hint(&self) -> Option<String> {
        match self {
            Self::TooLarge { .. } => Some("split it into several files".to_owned()),
            Self::Syntax { .. } => Some("docs/controls.md shows the form".to_owned()),
            Self::Unusable { hint, .. } => hint.clone(),
        }
    }

    fn exit(&self) -> Exit {
        Exit::Input
    }
}

/// The catalogues that come with the program; a test reads them all.
pub fn built_in() -> &'static [Catalogue] {
    static ALL: OnceLock<Vec<Catalogue>> = OnceLock::new();
    ALL.get_or_init(|| BUILT_IN.iter().filter_map(|text| parse(text.as_bytes(), "built-in").ok()).collect())
}

/// Their ids.
pub fn built_in_ids() -> Vec<&'static str> {
    built_in().iter().map(|catalogue| catalogue.id.as_str()).collect()
}

/// Reads a catalogue. `file` is only shown.
///
/// # Errors
/// [`ControlsError`]: too large, not YAML of this form, or something in it cannot be used.
pub fn parse(bytes: &[u8], file: &str) -> Result<Catalogue, ControlsError> {
    if bytes.len() > MAX_BYTES {
        return Err(ControlsError::TooLarge { file: file.to_owned() });
    }
    let syntax = |line, column, message: &str| {
        let message = message.chars().filter(|c| !c.is_control()).take(500).collect();
        ControlsError::Syntax { file: file.to_owned(), line, column, message }
    };
    let text = std::str::from_utf8(bytes).map_err(|_| syntax(1, 1, "the file is not UTF-8 text"))?;
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let catalogue: Catalogue = serde_saphyr::from_str(text).map_err(|error| {
        let (line, column) = error.location().map_or((1, 1), |at| (at.line().max(1), at.column().max(1)));
        let said = error.without_snippet().to_string();
        let first = said.lines().next().unwrap_or_default();
        syntax(line, column, first.rsplit_once(" at line ").map_or(first, |(what, _)| what).trim())
    })?;
    check(&catalogue).map_err(|(place, message, hint)| {
        let place = place.chars().filter(|c| !c.is_control()).take(80).collect();
        ControlsError::Unusable { file: file.to_owned(), place, message, hint }
    })?;
    Ok(catalogue)
}

type Wrong = (String, String, Option<String>);

fn check(catalogue: &Catalogue) -> Result<(), Wrong> {
    let wrong = |place: &str, message: &str| Err((place.to_owned(), message.to_owned(), None));
    if catalogue.version != 1 {
        return wrong("version", "only version 1 is known");
    }
    name("id", &catalogue.id)?;
    for (key, text) in
        [("title", &catalogue.title), ("edition", &catalogue.edition), ("source", &catalogue.source)]
    {
        readable(key, text)?;
    }
    if catalogue.controls.is_empty() {
        return wrong("controls", "there is no control");
    }
    if catalogue.controls.len() > MOST_CONTROLS {
        return wrong("controls", &format!("there are more than {MOST_CONTROLS} controls"));
    }
    let mut ids = BTreeSet::new();
    for control in &catalogue.controls {
        if !ids.insert(control.id.to_lowercase()) {
            return wrong(&control.id, "this id is there already");
        }
        one(control)?;
    }
    Ok(())
}

fn one(control: &Control) -> Result<(), Wrong> {
    let place = control.id.as_str();
    name(place, &control.id)?;
    for text in [&control.title, &control.text, &control.measures] {
        readable(place, text)?;
    }
    for text in control.also.iter().chain(&control.does_not_measure) {
        readable(place, text)?;
    }
    // Nothing is met by having no rule.
    if control.rules.is_empty() {
        return Err((place.to_owned(), "it has no rule, and could never be answered".to_owned(), None));
    }
    if control.rules.len() > MOST_RULES {
        return Err((place.to_owned(), format!("it has more than {MOST_RULES} rules"), None));
    }
    for rule in &control.rules {
        if rules::find(rule).is_none() {
            let shown: String = rule.chars().filter(|c| !c.is_control()).take(60).collect();
            return Err((place.to_owned(), format!("there is no rule `{shown}`"), Some(nearest(rule))));
        }
    }
    Ok(())
}

fn name(place: &str, id: &str) -> Result<(), Wrong> {
    let fine = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_');
    if !id.is_empty() && id.chars().all(fine) && id.len() <= LONGEST_ID && !id.starts_with('-') {
        return Ok(());
    }
    let message = format!("an id has up to {LONGEST_ID} letters, digits, dots, `-` and `_`");
    Err((place.to_owned(), message, None))
}

fn readable(place: &str, text: &str) -> Result<(), Wrong> {
    let steers = |c: char| c.is_control() && c != '\n';
    let why = match () {
        () if text.trim().is_empty() => "a text is empty".to_owned(),
        () if text.chars().count() > LONGEST_TEXT => {
            format!("a text has more than {LONGEST_TEXT} characters")
        }
        () if text.chars().any(steers) => "a text has control characters".to_owned(),
        () => return Ok(()),
    };
    Err((place.to_owned(), why, None))
}

fn nearest(wrong: &str) -> String {
    let wrong: String = wrong.chars().take(64).flat_map(char::to_lowercase).collect();
    let best = RULES.iter().map(|rule| (strsim::osa_distance(&wrong, rule.id), rule.id)).min();
    match best.filter(|(distance, _)| *distance <= wrong.chars().count() / 2) {
        Some((_, id)) => format!("did you mean `{id}`?"),
        None => "`proofhouse controls --rules` lists them".to_owned(),
    }
}
