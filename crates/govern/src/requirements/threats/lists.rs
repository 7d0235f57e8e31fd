//! Plain lists of abuse cases: a table (CSV or Markdown) with a row of column names, or a Markdown list
//! `- AC-1: what somebody does (high)`, with `mitigation:`, `severity:` and `status:` on lines below an entry, and
//! `[x]` for what is dealt with.

use super::{MOST, Raw, is_closed, severity};

/// What a column is.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Column {
    Id,
    Title,
    Severity,
    Mitigations,
    Status,
}

impl Column {
    fn of(name: &str) -> Option<Self> {
        let name = name.trim().trim_matches('*').to_ascii_lowercase().replace(['-', '_'], " ");
        Some(match name.trim() {
            "id" | "key" | "no" | "number" => Self::Id,
            "title" | "abuse case" | "threat" | "name" | "case" | "what" => Self::Title,
            "severity" | "risk" | "priority" | "rating" => Self::Severity,
            "mitigation" | "mitigations" | "control" | "controls" | "countermeasure" | "countermeasures" => {
                Self::Mitigations
            }
            "status" | "state" => Self::Status,
            _ => return None,
        })
    }

    fn fill(self, raw: &mut Raw, text: &str) {
        let text = text.trim();
        match self {
            Self::Id => text.clone_into(&mut raw.id),
            Self::Title => text.clone_into(&mut raw.title),
            Self::Severity => text.clone_into(&mut raw.severity),
            Self::Mitigations => text.clone_into(&mut raw.mitigations),
            Self::Status => raw.closed |= is_closed(text),
        }
    }
}

/// The columns of a row of names; one of them must be the title.
fn columns<'a>(names: impl Iterator<Item = &'a str>) -> Result<Vec<Option<Column>>, String> {
    let columns: Vec<Option<Column>> = names.map(Column::of).collect();
    match columns.contains(&Some(Column::Title)) {
        true => Ok(columns),
        false => Err("its first row names no column `title`".to_owned()),
    }
}

fn row<'a>(columns: &[Option<Column>], cells: impl Iterator<Item = &'a str>) -> Raw {
    let mut raw = Raw::default();
    for (column, cell) in columns.iter().zip(cells) {
        if let Some(column) = column {
            column.fill(&mut raw, cell);
        }
    }
    keyed(raw)
}

/// An entry is followed by its own id; without one, by its words.
fn keyed(raw: Raw) -> Raw {
    Raw { key: raw.id.trim().to_owned(), ..raw }
}

pub(super) fn csv(text: &str) -> Result<Vec<Raw>, String> {
    let first = text.lines().next().unwrap_or_default();
    let count = |mark: u8| first.bytes().filter(|byte| *byte == mark).count();
    let delimiter = b",;\t".iter().copied().max_by_key(|mark| count(*mark)).unwrap_or(b',');
    let mut reader = csv::ReaderBuilder::new().delimiter(delimiter).from_reader(text.as_bytes());
    let names = reader.headers().map_err(|e| e.to_string())?.clone();
    let columns = columns(names.iter())?;
    let mut all = Vec::new();
    for record in reader.records() {
        all.push(row(&columns, record.map_err(|e| e.to_string())?.iter()));
        if all.len() > MOST {
            break;
        }
    }
    Ok(all)
}

pub(super) fn markdown(text: &str) -> Result<Vec<Raw>, String> {
    let mut all: Vec<Raw> = Vec::new();
    let mut table: Option<Vec<Option<Column>>> = None;
    for line in text.lines() {
        let trimmed = line.trim();
        if all.len() > MOST {
            break;
        }
        if let Some(cells) = trimmed.strip_prefix('|') {
            let cells: Vec<&str> = cells.trim_end_matches('|').split('|').map(str::trim).collect();
            match &table {
                None => table = Some(columns(cells.into_iter())?),
                Some(_) if cells.iter().all(|cell| cell.chars().all(|c| matches!(c, '-' | ':'))) => {}
                Some(columns) => all.push(row(columns, cells.into_iter())),
            }
            continue;
        }
        table = None;
        let item = ["- ", "* ", "+ "].iter().find_map(|mark| trimmed.strip_prefix(mark));
        match item {
            // What stands below an entry belongs to it, as an entry of its own or not.
            Some(detail) if line.starts_with([' ', '\t']) => about(all.last_mut(), detail),
            Some(words) => all.push(entry(words)),
            None => about(all.last_mut(), trimmed),
        }
    }
    match all.is_empty() {
        true => Err("it has neither a list nor a table".to_owned()),
        false => Ok(all.into_iter().map(keyed).collect()),
    }
}

/// `AC-1: what somebody does (high)`.
fn entry(words: &str) -> Raw {
    let (closed, words) = match words.trim() {
        words if words.starts_with("[x]") || words.starts_with("[X]") => (true, &words[3..]),
        words => (false, words.strip_prefix("[ ]").unwrap_or(words)),
    };
    let words = words.replace("**", "");
    let (id, title) = match words.trim().split_once(':') {
        // A sentence before a colon is no id.
        Some((id, title)) if !id.trim().contains(' ') && !title.trim().is_empty() => {
            (id.trim(), title.trim())
        }
        _ => ("", words.trim()),
    };
    let rated = title.strip_suffix(')').and_then(|title| title.rsplit_once('('));
    let rated = rated.filter(|(_, word)| severity(word).is_some());
    let (title, severity) = rated.map_or((title, ""), |(title, word)| (title.trim(), word));
    Raw {
        id: id.to_owned(),
        title: title.to_owned(),
        severity: severity.to_owned(),
        closed,
        ..Raw::default()
    }
}

/// `mitigation: …` below an entry.
fn about(entry: Option<&mut Raw>, words: &str) {
    let words = words.replace("**", "");
    let (Some(entry), Some((name, text))) = (entry, words.split_once(':')) else { return };
    if let Some(column) = Column::of(name).filter(|column| !matches!(column, Column::Id | Column::Title)) {
        column.fill(entry, text);
    }
}
