//! Threat models and lists of abuse cases of others to requirements: each open threat is one that nobody has tested yet.
//!
//! Foreign bytes: bounded in size and number, texts cut to what a requirement may have, never a panic. A threat is
//! followed by its *key*, which the requirement keeps in its `reference`: reading the model again finds the same
//! requirement, however it is called by then.

mod dragon;
mod lists;
mod pytm;

use std::{
    collections::{BTreeMap, BTreeSet, HashMap},
    str::FromStr,
};

use model::{
    Exit, Severity, Sha256, UserError,
    requirement::{Requirement, Requirements, Source, is_id},
};

/// Largest file, in bytes.
pub const MAX_BYTES: usize = 8 << 20;
/// Most threats of one file; a project can have as many requirements.
pub const MOST: usize = 5_000;
/// Characters kept of a title.
const TITLE: usize = 300;
/// Characters kept of the mitigations.
const MITIGATIONS: usize = 1_000;
/// Characters kept of the name of a model.
const MODEL: usize = 100;
/// Characters kept of a key.
const KEY: usize = 200;

/// Whose form a file has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// A model of OWASP Threat Dragon, version 2.
    ThreatDragon,
    /// What `pytm --json` writes.
    Pytm,
    /// A table with a row of column names.
    Csv,
    /// A list or table in Markdown.
    Markdown,
}

impl Form {
    /// All, with their names.
    pub const ALL: [(&str, Self); 4] = [
        ("threat-dragon", Self::ThreatDragon),
        ("pytm", Self::Pytm),
        ("csv", Self::Csv),
        ("markdown", Self::Markdown),
    ];

    /// Its name; the beginning of every reference to it.
    pub fn name(self) -> &'static str {
        Self::ALL.into_iter().find(|(_, form)| *form == self).map_or("", |(name, _)| name)
    }

    /// The form that a text shows.
    fn of(text: &str) -> Option<Self> {
        let text = text.trim_start();
        if text.starts_with('{') {
            return None;
        }
        let first = text.lines().next().unwrap_or_default();
        let marks = ["- ", "* ", "#", "|", "1."];
        let listed =
            text.lines().map(str::trim_start).any(|line| marks.iter().any(|mark| line.starts_with(mark)));
        let columns = first.contains([',', ';', '\t']) && !first.starts_with(['#', '|', '-', '*']);
        Some(if columns || !listed { Self::Csv } else { Self::Markdown })
    }

    /// How requirements from it begin that have no id of their own.
    fn prefix(self) -> &'static str {
        match self {
            Self::ThreatDragon => "TD",
            Self::Pytm => "TM",
            Self::Csv | Self::Markdown => "ABUSE",
        }
    }

    fn source(self) -> Source {
        match self {
            Self::ThreatDragon | Self::Pytm => Source::Threat,
            Self::Csv | Self::Markdown => Source::AbuseCase,
        }
    }
}

impl FromStr for Form {
    type Err = String;

    fn from_str(word: &str) -> Result<Self, String> {
        let found = Self::ALL.into_iter().find(|(name, _)| *name == word).map(|(_, form)| form);
        found.ok_or_else(|| format!("it is one of {}", Self::ALL.map(|(name, _)| name).join(", ")))
    }
}

/// A file that is no threat model.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ThreatsError {
    /// Larger than [`MAX_BYTES`].
    #[error("the file is larger than {} MiB", MAX_BYTES >> 20)]
    TooLarge,
    /// More than [`MOST`].
    #[error("the file has more than {MOST} threats")]
    TooMany,
    /// Not of the form that it should have.
    #[error("not {form}: {why}")]
    Shape {
        /// The form.
        form: &'static str,
        /// What is wrong, and where.
        why: String,
    },
    /// JSON of no form that is known.
    #[error("the file has none of the forms that are known")]
    Unknown,
}

impl UserError for ThreatsError {
    fn code(&self) -> &'static str {
        match self {
            Self::TooLarge => "threats-too-large",
            Self::TooMany => "threats-too-many",
            Self::Shape { .. } => "threats-unreadable",
            Self::Unknown => "threats-unknown-form",
        }
    }

    fn hint(&self) -> Option<String> {
        Some(match self {
            Self::TooLarge | Self::TooMany => "divide the model".to_owned(),
            _ => "a model of OWASP Threat Dragon 2, what `pytm --json` writes, or a CSV or Markdown list with a \
                  title for each: `--form` says which"
                .to_owned(),
        })
    }

    fn exit(&self) -> Exit {
        Exit::Input
    }
}

/// One threat of a file, clean and bounded.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Threat {
    /// What stays the same when it is reworded; without blanks.
    pub key: String,
    /// Its own id, when it has one that a requirement can have.
    pub id: Option<String>,
    /// What could happen, and to what.
    pub title: String,
    /// How bad, when the model says so.
    pub severity: Option<Severity>,
    /// What is to be done about it.
    pub mitigations: Option<String>,
    /// Somebody still has to deal with it.
    pub open: bool,
}

/// A file as it was read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Model {
    /// Its form.
    pub form: Form,
    /// Name of the model.
    pub name: String,
    /// Its threats, each key once.
    pub threats: Vec<Threat>,
}

/// What a reader finds before it is cleaned.
#[derive(Clone, Debug, Default)]
struct Raw {
    key: String,
    id: String,
    title: String,
    place: String,
    severity: String,
    mitigations: String,
    closed: bool,
}

/// Reads a file. `form` is found out when it is not given; `name` is what a list is called that does not say it.
///
/// # Errors
/// Too large, too many, or not of the form.
pub fn read(bytes: &[u8], form: Option<Form>, name: &str) -> Result<Model, ThreatsError> {
    if bytes.len() > MAX_BYTES {
        return Err(ThreatsError::TooLarge);
    }
    let shape =
        |form: &'static str, why: &dyn std::fmt::Display| ThreatsError::Shape { form, why: why.to_string() };
    let text = std::str::from_utf8(bytes).map_err(|e| shape("UTF-8", &e))?.trim_start_matches('\u{feff}');
    let form = match form.or_else(|| Form::of(text)) {
        Some(form) => form,
        None if text.contains("\"diagrams\"") => Form::ThreatDragon,
        None if text.contains("\"findings\"") => Form::Pytm,
        None => return Err(ThreatsError::Unknown),
    };
    let (told, raw) = match form {
        Form::ThreatDragon => {
            dragon::read(text).map_err(|e| shape("a model of OWASP Threat Dragon 2", &e))?
        }
        Form::Pytm => pytm::read(text).map_err(|e| shape("what `pytm --json` writes", &e))?,
        Form::Csv => (name.to_owned(), lists::csv(text).map_err(|e| shape("a CSV list of abuse cases", &e))?),
        Form::Markdown => {
            (name.to_owned(), lists::markdown(text).map_err(|e| shape("a Markdown list of abuse cases", &e))?)
        }
    };
    if raw.len() > MOST {
        return Err(ThreatsError::TooMany);
    }
    let name = line(&told, MODEL);
    let name = if name.is_empty() { "unnamed".to_owned() } else { name };
    Ok(Model { form, name, threats: clean(raw) })
}

fn clean(raw: Vec<Raw>) -> Vec<Threat> {
    let mut seen: HashMap<String, u32> = HashMap::new();
    let mut all = Vec::with_capacity(raw.len());
    for one in raw {
        let words = line(&one.title, TITLE);
        if words.is_empty() {
            continue;
        }
        let place = line(&one.place, 100);
        let title = if place.is_empty() { words } else { line(&format!("{words} ({place})"), TITLE + 103) };
        let mut key: String =
            line(&one.key, KEY).chars().map(|c| if c.is_whitespace() { '_' } else { c }).collect();
        if key.is_empty() {
            key = Sha256::of(title.to_lowercase()).hex()[..12].to_owned();
        }
        // The same threat to the same thing twice: told apart by their order.
        let times = seen.entry(key.clone()).or_default();
        *times += 1;
        if *times > 1 {
            key = format!("{key}+{times}");
        }
        let mitigations = Some(line(&one.mitigations, MITIGATIONS)).filter(|text| !text.is_empty());
        let id = Some(one.id.trim().to_owned()).filter(|id| is_id(id));
        all.push(Threat {
            key,
            id,
            title,
            severity: severity(&one.severity),
            mitigations,
            open: !one.closed,
        });
    }
    all
}

/// Text on one line without control characters, cut after `most` characters.
fn line(text: &str, most: usize) -> String {
    let clean: String = text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
    let folded = clean.split_whitespace().collect::<Vec<_>>().join(" ");
    match folded.char_indices().nth(most) {
        None => folded,
        Some((at, _)) => format!("{}…", &folded[..at]),
    }
}

fn severity(word: &str) -> Option<Severity> {
    let word = word.trim().to_ascii_lowercase();
    Severity::from_name(&word).or(match word.as_str() {
        "very high" | "very-high" | "severe" => Some(Severity::Critical),
        "elevated" | "major" => Some(Severity::High),
        "moderate" => Some(Severity::Medium),
        "minor" | "very low" | "very-low" => Some(Severity::Low),
        "informational" | "none" => Some(Severity::Info),
        _ => None,
    })
}

/// Whether a word says that nobody has to deal with it any more.
fn is_closed(word: &str) -> bool {
    let word = word.trim().to_ascii_lowercase().replace(['-', '_', ' '], "");
    [
        "mitigated",
        "closed",
        "fixed",
        "done",
        "resolved",
        "avoided",
        "notapplicable",
        "na",
        "n/a",
        "falsepositive",
    ]
    .contains(&word.as_str())
}

/// What a model changes about the requirements of a project.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Change {
    /// New requirements, pending.
    pub added: Requirements,
    /// Requirements that the project has, with what the model says of them now. Their words, tests and decisions
    /// stay as they are.
    pub updated: Requirements,
    /// Ids of requirements whose threat the model calls closed; they stay.
    pub closed: Vec<String>,
    /// Ids of requirements whose threat the model does not have any more; they stay.
    pub vanished: Vec<String>,
    /// Ids of requirements whose threat has other words now, with these words.
    pub reworded: BTreeMap<String, String>,
    /// Closed threats that never were a requirement.
    pub left_out: usize,
    /// Ids that other requirements have already; these threats were not added.
    pub taken: BTreeSet<String>,
}

/// Holds a model against the requirements of a project. New ones belong to `milestones` and have `level`.
pub fn change(model: &Model, old: &Requirements, level: Option<u8>, milestones: &[String]) -> Change {
    let tool = model.form.name();
    let known: HashMap<&str, &String> =
        old.iter().filter_map(|(id, one)| Some((entry_of(one.reference.as_deref()?, tool)?.0, id))).collect();
    let mut change = Change::default();
    let mut met = BTreeSet::new();
    for threat in &model.threats {
        let reference = format!("{tool}:{} in {}", threat.key, model.name);
        let Some(id) = known.get(threat.key.as_str()) else {
            add(&mut change, threat, reference, (model.form, level, milestones), old);
            continue;
        };
        met.insert((*id).clone());
        let before = &old[*id];
        if !threat.open {
            change.closed.push((*id).clone());
        }
        if before.title != threat.title {
            change.reworded.insert((*id).clone(), threat.title.clone());
        }
        let after = Requirement {
            reference: Some(reference),
            severity: threat.severity.or(before.severity),
            mitigations: threat.mitigations.clone().or_else(|| before.mitigations.clone()),
            ..before.clone()
        };
        if after != *before {
            change.updated.insert((*id).clone(), after);
        }
    }
    for (id, one) in old.iter().filter(|(id, _)| !met.contains(*id)) {
        let entry = entry_of(one.reference.as_deref().unwrap_or_default(), tool);
        if entry.is_some_and(|(_, name)| name == model.name) {
            change.vanished.push(id.clone());
        }
    }
    change
}

/// Key and name of the model in a reference to one of this tool.
fn entry_of<'a>(reference: &'a str, tool: &str) -> Option<(&'a str, &'a str)> {
    reference.strip_prefix(tool)?.strip_prefix(':')?.split_once(" in ")
}

fn add(
    change: &mut Change,
    threat: &Threat,
    reference: String,
    (form, level, milestones): (Form, Option<u8>, &[String]),
    old: &Requirements,
) {
    if !threat.open {
        change.left_out += 1;
        return;
    }
    let made = || format!("{}-{}", form.prefix(), &Sha256::of(&threat.key).hex()[..8]);
    let id = threat.id.clone().unwrap_or_else(made);
    let same = |other: &String| other.eq_ignore_ascii_case(&id);
    if old.keys().any(same) || change.added.keys().any(same) {
        change.taken.insert(id);
        return;
    }
    let requirement = Requirement {
        title: threat.title.clone(),
        source: form.source(),
        chapter: None,
        section: None,
        level,
        severity: threat.severity,
        reference: Some(reference),
        mitigations: threat.mitigations.clone(),
        milestones: milestones.to_vec(),
        waived: None,
        not_applicable: None,
    };
    change.added.insert(id, requirement);
}
