//! OWASP Application Security Verification Standard 5.0 from its published flat JSON
//! (`OWASP_Application_Security_Verification_Standard_5.0.0_en.flat.json`: one list `requirements` of
//! objects with `chapter_id`, `section_id`, `req_id`, `req_description` and `L`, all text).
//!
//! None of its texts is part of this program: they come from the user's own copy.

use std::collections::BTreeSet;

use model::{
    Exit, UserError,
    requirement::{Requirement, Requirements, Source},
};
use serde::Deserialize;

/// Largest file in bytes; the published one has 160 KB.
pub const MAX_BYTES: usize = 4 << 20;
/// Most requirements; the published file has 345.
pub const MOST: usize = 5_000;
/// Longest description in bytes.
pub const LONGEST_TEXT: usize = 4_000;

/// The file is not the standard in its flat form.
#[derive(Debug, thiserror::Error)]
pub enum AsvsError {
    /// Larger than [`MAX_BYTES`].
    #[error("the file has more than {MAX_BYTES} bytes")]
    TooLarge,
    /// Not JSON of this shape.
    #[error("not the flat JSON of the OWASP ASVS: {0}")]
    Shape(String),
    /// More than [`MOST`].
    #[error("the file has more than {MOST} requirements")]
    TooMany,
    /// One requirement is not as it should be.
    #[error("requirement {place} (counted from 1): {why}")]
    Entry {
        /// Its number in the list.
        place: usize,
        /// What is wrong with it.
        why: String,
    },
    /// Chapters were asked for that the file does not have.
    #[error("there is no chapter {asked} in the file")]
    NoChapter {
        /// The chapter.
        asked: String,
        /// Those that there are.
        known: String,
    },
}

impl UserError for AsvsError {
    fn code(&self) -> &'static str {
        match self {
            Self::TooLarge => "asvs-too-large",
            Self::Shape(_) => "asvs-unreadable",
            Self::TooMany => "asvs-too-many",
            Self::Entry { .. } => "asvs-bad-entry",
            Self::NoChapter { .. } => "asvs-no-chapter",
        }
    }

    fn hint(&self) -> Option<String> {
        match self {
            Self::NoChapter { known, .. } => Some(format!("there are {known}")),
            _ => Some(
                "take the file that ends in `.flat.json` from the release 5.0.0 of the standard".to_owned(),
            ),
        }
    }

    fn exit(&self) -> Exit {
        Exit::Input
    }
}

#[derive(Deserialize)]
struct File {
    requirements: Vec<Entry>,
}

#[derive(Deserialize)]
struct Entry {
    chapter_id: String,
    section_id: String,
    req_id: String,
    req_description: String,
    #[serde(rename = "L")]
    level: String,
}

/// Reads the whole standard.
///
/// # Errors
/// Too large, not of this shape, or an entry whose id, place or level is not one of version 5.0.
pub fn read(bytes: &[u8]) -> Result<Requirements, AsvsError> {
    if bytes.len() > MAX_BYTES {
        return Err(AsvsError::TooLarge);
    }
    let file: File = serde_json::from_slice(bytes).map_err(|e| AsvsError::Shape(e.to_string()))?;
    match file.requirements.len() {
        0 => return Err(AsvsError::Shape("it has no requirements".to_owned())),
        1..=MOST => {}
        _ => return Err(AsvsError::TooMany),
    }
    let mut all = Requirements::new();
    for (n, entry) in file.requirements.into_iter().enumerate() {
        let wrong = |why: &str| AsvsError::Entry { place: n + 1, why: why.to_owned() };
        let id = entry.req_id.clone();
        let requirement = requirement(entry).map_err(wrong)?;
        if all.insert(id, requirement).is_some() {
            return Err(wrong("its id is taken by an earlier one"));
        }
    }
    Ok(all)
}

/// Those up to `level` (levels contain each other), of `chapters` when any are named.
///
/// # Errors
/// A chapter that is not in the file.
pub fn choose(all: &Requirements, level: u8, chapters: &[String]) -> Result<Requirements, AsvsError> {
    let known: BTreeSet<&str> = all.values().filter_map(|r| r.chapter.as_deref()).collect();
    if let Some(asked) = chapters.iter().find(|chapter| !known.contains(chapter.as_str())) {
        let mut known: Vec<&str> = known.into_iter().collect();
        known.sort_by_key(|chapter| numbers(chapter));
        return Err(AsvsError::NoChapter { asked: asked.clone(), known: known.join(", ") });
    }
    let wanted = |requirement: &Requirement| {
        let chapter = requirement.chapter.as_ref();
        requirement.level.is_some_and(|own| own <= level)
            && (chapters.is_empty() || chapter.is_some_and(|chapter| chapters.contains(chapter)))
    };
    Ok(all.iter().filter(|(_, r)| wanted(r)).map(|(id, r)| (id.clone(), r.clone())).collect())
}

fn requirement(entry: Entry) -> Result<Requirement, &'static str> {
    let Entry { chapter_id, section_id, req_id, req_description, level } = entry;
    let (id, section, chapter) = (numbers(&req_id), numbers(&section_id), numbers(&chapter_id));
    if id.len() != 3 || section != id[..2] || chapter != id[..1] {
        return Err("expected an id such as V1.2.3 in section V1.2 of chapter V1");
    }
    let level = match level.as_str() {
        "1" => 1,
        "2" => 2,
        "3" => 3,
        _ => return Err("expected `L` to be \"1\", \"2\" or \"3\""),
    };
    let title = line(&req_description);
    if title.is_empty() || title.len() > LONGEST_TEXT {
        return Err("expected a description of at most 4,000 bytes");
    }
    Ok(Requirement {
        title,
        source: Source::Asvs5,
        chapter: Some(chapter_id),
        section: Some(section_id),
        level: Some(level),
        severity: None,
        reference: None,
        mitigations: None,
        milestones: vec![],
        waived: None,
        not_applicable: None,
    })
}

/// The numbers of `V1.2.3`; nothing for anything else.
fn numbers(id: &str) -> Vec<u16> {
    let Some(rest) = id.strip_prefix('V') else { return vec![] };
    let number = |part: &str| {
        let plain = part.bytes().all(|b| b.is_ascii_digit()) && !part.starts_with('0');
        if plain { part.parse().ok() } else { None }
    };
    rest.split('.').map(number).collect::<Option<_>>().unwrap_or_default()
}

/// One line without anything that is not seen: it goes into a file and onto terminals.
fn line(text: &str) -> String {
    let unseen = |c: char| matches!(c, '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}');
    let visible: String = text
        .chars()
        .filter(|c| !unseen(*c))
        .map(|c| if c.is_control() || c.is_whitespace() { ' ' } else { c })
        .collect();
    visible.split_whitespace().collect::<Vec<_>>().join(" ")
}
