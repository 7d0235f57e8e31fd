//! One finding as a person wrote it, field by field, and how it becomes one of ours.

use std::collections::{BTreeMap, HashMap};

use model::{Confidence, Coverage, Place, Severity, Technique};

use super::{Field, NAME, text::wrong};
use crate::{
    At, ImportError,
    intake::Intake,
    normalise::{
        cwe,
        path::{self, Uri},
        severity,
        text::{self, line},
    },
};

/// Longest value of one field, in bytes.
const LONGEST: usize = 64 << 10;

/// Places of one finding beyond the first that are kept in its message.
const MOST_PLACES: usize = 20;

/// Words of a status that withdraw a finding.
const WITHDRAWN: &[&str] = &[
    "fixed",
    "closed",
    "resolved",
    "remediated",
    "mitigated",
    "solved",
    "done",
    "passed",
    "false positive",
    "not reproducible",
    "withdrawn",
    "invalid",
    "duplicate",
];

/// What word processors make of a hyphen.
const HYPHENS: [char; 4] = ['\u{2010}', '\u{2011}', '\u{2012}', '\u{2013}'];

const METHODS: [&str; 9] = ["GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS", "TRACE", "CONNECT"];

/// The values of one finding.
#[derive(Clone, Debug, Default)]
pub(crate) struct Record {
    values: BTreeMap<Field, String>,
    /// Where it begins in the report.
    pub(crate) at: At,
}

impl Record {
    pub(crate) fn at(at: At) -> Self {
        Self { values: BTreeMap::new(), at }
    }

    pub(crate) fn get(&self, field: Field) -> Option<&str> {
        self.values.get(&field).map(String::as_str)
    }

    /// Adds to a field, on a line of its own.
    pub(crate) fn add(&mut self, field: Field, value: &str) {
        let value = value.trim();
        if value.is_empty() {
            return;
        }
        let all = self.values.entry(field).or_default();
        if !all.is_empty() {
            all.push('\n');
        }
        let mut room = LONGEST.saturating_sub(all.len()).min(value.len());
        while !value.is_char_boundary(room) {
            room -= 1;
        }
        all.push_str(&value[..room]);
    }

    /// Whether somebody rated it; without that it is a chapter like any other.
    pub(crate) fn is_rated(&self) -> bool {
        self.get(Field::Severity).or(self.get(Field::Cvss)).is_some()
    }

    /// Whether it looks like a finding: it is rated or placed, or has a weakness.
    pub(crate) fn is_like_a_finding(&self) -> bool {
        self.is_rated() || self.values.keys().any(|field| field.is_place() || *field == Field::Cwe)
    }

    pub(crate) fn replace_title(&mut self, title: &str) {
        if !title.trim().is_empty() {
            self.values.remove(&Field::Title);
            self.add(Field::Title, title);
        }
    }

    /// Takes what another record of the same finding has more.
    fn merge(&mut self, other: Self) {
        for (field, value) in other.values {
            match self.values.get_mut(&field) {
                Some(own) if own.len() >= value.len() => {}
                _ => drop(self.values.insert(field, value)),
            }
        }
    }

    /// Title without the id and the rating that people write into it: `PT-3: Open redirect (High)`.
    pub(crate) fn split_title(&mut self) {
        let Some(title) = self.values.remove(&Field::Title) else { return };
        let mut title = line(&title, text::TITLE);
        if let Some((before, inside)) =
            title.rsplit_once(['(', '[']).map(|(a, b)| (a.to_owned(), b.to_owned()))
            && let Some(word) = inside.trim_end().strip_suffix([')', ']'])
            && rated(word).is_some()
        {
            if !self.is_rated() {
                self.add(Field::Severity, word);
            }
            title = before.trim_end().to_owned();
        }
        let (first, rest) = title.split_once(' ').unwrap_or((title.as_str(), ""));
        let rest = rest.trim_start_matches(['-', '–', '—', ':', '|', ' ']);
        let id = first.trim_end_matches([':', '.', ')']).trim_matches(['[', ']']);
        if !rest.is_empty() && is_number(id) {
            title = rest.to_owned();
        } else if !rest.is_empty() && is_id(id) {
            if self.get(Field::Id).is_none() {
                self.add(Field::Id, id);
            }
            title = rest.to_owned();
        }
        self.add(Field::Title, &title);
    }
}

/// `3`, `4.1.2`: a chapter's number.
fn is_number(word: &str) -> bool {
    !word.is_empty() && word.bytes().all(|b| b.is_ascii_digit() || b == b'.')
}

/// `PT-2026-01`, `F12`: letters, then digits.
fn is_id(word: &str) -> bool {
    let plain = word.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_".contains(&b));
    plain
        && word.len() <= 40
        && word.starts_with(|c: char| c.is_ascii_alphabetic())
        && word.ends_with(|c: char| c.is_ascii_digit())
        && !word.to_ascii_uppercase().starts_with("CVE-")
        && !word.to_ascii_uppercase().starts_with("CWE-")
}

/// All findings of one report.
#[derive(Default)]
pub(crate) struct Records {
    all: Vec<Record>,
    by_id: HashMap<String, usize>,
    by_title: HashMap<String, usize>,
}

impl Records {
    /// Keeps a record; one with the same id (or, when one of them has none, the same title) is the same
    /// finding: a table at the front of a report and a chapter about it.
    pub(crate) fn add(&mut self, record: Record, limit: u64) -> Result<(), ImportError> {
        let id = record.get(Field::Id).map(str::to_lowercase);
        let title = record.get(Field::Title).map(str::to_lowercase);
        let same_id = id.as_ref().and_then(|id| self.by_id.get(id));
        let by_title = title.as_ref().and_then(|title| self.by_title.get(title)).filter(|n| {
            let other = self.all[**n].get(Field::Id);
            other.is_none() || id.is_none()
        });
        if let Some(n) = same_id.or(by_title).copied() {
            self.all[n].merge(record);
            return Ok(());
        }
        let n = self.all.len();
        id.map(|id| self.by_id.insert(id, n));
        title.map(|title| self.by_title.entry(title).or_insert(n));
        self.add_apart(record, limit)
    }

    /// Keeps a record as a finding of its own.
    pub(crate) fn add_apart(&mut self, record: Record, limit: u64) -> Result<(), ImportError> {
        if self.all.len() as u64 >= limit {
            return Err(ImportError::TooMany { limit });
        }
        self.all.push(record);
        Ok(())
    }

    pub(crate) fn into_all(self) -> Vec<Record> {
        self.all
    }
}

/// Gives a record to the intake as a finding, or counts it when it is withdrawn.
///
/// # Errors
/// It has no title or no rating that can be read, or the intake refuses it.
pub(crate) fn push(
    record: &Record,
    format: &'static str,
    coverage: &mut Coverage,
    intake: &mut Intake<'_>,
) -> Result<(), ImportError> {
    let refuse = |reason: String| wrong(format, reason, record.at);
    let title = record.get(Field::Title).ok_or_else(|| refuse("a finding has no title".into()))?;
    if let Some(why) = record.get(Field::Status).filter(|status| is_withdrawn(status)) {
        intake.suppress(coverage, title, why);
        return Ok(());
    }
    let (rating, score) = rating(record).map_err(refuse)?;
    let weaknesses = record.get(Field::Cwe).unwrap_or_default().replace(HYPHENS, "-");
    let cwe = cwe::parse_all(weaknesses.split([',', ';', '\n', '/']));
    let (place, more) = place(record, intake);
    let rule = rule(record, title, &cwe, &place);
    let mut finding = intake.finding(NAME, &rule, Technique::Manual);
    finding.scanner = NAME.to_owned();
    finding.severity = rating;
    finding.cvss = score;
    finding.confidence = match record.get(Field::Confidence) {
        // A person who wrote it down has looked at it.
        None => Confidence::High,
        word => severity::confidence(word),
    };
    title.clone_into(&mut finding.title);
    finding.message = message(record, &more);
    finding.cwe = cwe;
    finding.aliases = aliases(record);
    finding.fix = record.get(Field::Fix).map(str::to_owned);
    finding.help = record.get(Field::Help).and_then(|all| all.split_whitespace().find_map(text::link));
    finding.place = place;
    intake.push(finding)
}

fn is_withdrawn(status: &str) -> bool {
    let status = line(status, 80).to_lowercase();
    let denied = ["not ", "un", "partially", "partly", "in"].iter().any(|word| status.starts_with(word));
    WITHDRAWN.iter().any(|word| status == *word || (status.starts_with(word) && !denied))
}

/// Severity and base score. The word of the tester comes before the score: it knows the surroundings.
fn rating(record: &Record) -> Result<(Severity, Option<f64>), String> {
    let score = record.get(Field::Cvss).and_then(score);
    match (record.get(Field::Severity), score) {
        (Some(word), score) => match (rated(word), self::score(word)) {
            (Some(severity), other) => Ok((severity, score.or(other))),
            (None, Some(other)) => Ok((Severity::from_cvss(other), Some(score.unwrap_or(other)))),
            (None, None) => Err(format!(
                "nobody can read the rating {:?}; critical, high, medium, low, info or a CVSS is expected",
                line(word, 60)
            )),
        },
        (None, Some(score)) => Ok((Severity::from_cvss(score), Some(score))),
        (None, None) => Err("a finding has neither a severity nor a CVSS".to_owned()),
    }
}

/// The severity that a person's words mean: `High`, `2 - Very high`, `P1`, `HIGH (8.1)`.
pub(crate) fn rated(text: &str) -> Option<Severity> {
    let lower = line(text, 60).to_lowercase();
    if let Some(severity) = severity::from_word(&lower) {
        return Some(severity);
    }
    if lower.contains("very high") || lower.contains("extreme") || lower.contains("urgent") {
        return Some(Severity::Critical);
    }
    let words = lower.split(|c: char| !c.is_ascii_alphanumeric()).filter(|word| !word.is_empty());
    let mut known = words.filter_map(|word| match word {
        "p1" => Some(Severity::Critical),
        "p2" => Some(Severity::High),
        "p3" => Some(Severity::Medium),
        "p4" => Some(Severity::Low),
        "p5" | "information" | "informative" | "observation" | "note" => Some(Severity::Info),
        word => severity::from_word(word),
    });
    // Two words that differ, as in "low to medium", are no rating.
    let first = known.next()?;
    known.all(|other| other == first).then_some(first)
}

/// A CVSS base score out of a number or a vector, or both: `8.1 (CVSS:3.1/AV:N/…)`.
fn score(text: &str) -> Option<f64> {
    let text = line(text, 300);
    let parts = || text.split([' ', '(', ')', '[', ']', ';', ',']).filter(|part| !part.is_empty());
    let vector = parts().find(|part| part.contains("AV:")).and_then(severity::cvss_score);
    let number = |part: &str| part.parse::<f64>().ok().filter(|n| (0.0..=10.0).contains(n));
    vector.or_else(|| parts().find_map(number))
}

fn rule(record: &Record, title: &str, cwe: &[u32], place: &Place) -> String {
    let slug = || {
        let words: String =
            title.chars().map(|c| if c.is_alphanumeric() { c.to_ascii_lowercase() } else { ' ' }).collect();
        words.split_whitespace().collect::<Vec<_>>().join("-").chars().take(80).collect::<String>()
    };
    match (record.get(Field::Id), cwe.first()) {
        (Some(id), _) => line(id, 60),
        (None, Some(number)) if matches!(place, Place::Target { .. }) => format!("CWE-{number}-{}", slug()),
        (None, Some(number)) => format!("CWE-{number}"),
        (None, None) => slug(),
    }
}

fn message(record: &Record, more: &[String]) -> String {
    let mut parts = Vec::new();
    for (field, label) in
        [(Field::Description, ""), (Field::Impact, "Impact: "), (Field::Evidence, "Evidence: ")]
    {
        parts.extend(record.get(field).map(|text| format!("{label}{text}")));
    }
    if !more.is_empty() {
        parts.push(format!("Also at: {}", more.join(", ")));
    }
    parts.join("\n\n")
}

fn aliases(record: &Record) -> Vec<String> {
    let all = record.get(Field::Aliases).unwrap_or_default();
    let words = all.split([',', ';', '\n', ' ']).map(str::trim).filter(|word| word.len() >= 5);
    words.map(str::to_owned).collect()
}

/// The place, and others that the report names beside it.
fn place(record: &Record, intake: &mut Intake<'_>) -> (Place, Vec<String>) {
    let lines =
        |field| record.get(field).unwrap_or_default().lines().map(str::trim).filter(|l| !l.is_empty());
    let mut found: Vec<(Place, String)> = Vec::new();
    found.extend(
        lines(Field::Package).map(|text| (package(text, record.get(Field::Version)), text.to_owned())),
    );
    found.extend(lines(Field::File).map(|text| (code(text, record, intake), text.to_owned())));
    found.extend(lines(Field::Url).map(|text| (route(text, record), text.to_owned())));
    found.extend(lines(Field::Location).map(|text| (anywhere(text, record, intake), text.to_owned())));
    found.extend(lines(Field::Target).map(|text| (Place::Target { name: text.to_owned() }, text.to_owned())));
    let mut found = found.into_iter();
    match found.next() {
        Some((place, _)) => (place, found.take(MOST_PLACES).map(|(_, text)| line(&text, 200)).collect()),
        None => (Place::Target { name: intake.target() }, Vec::new()),
    }
}

fn package(text: &str, version: Option<&str>) -> Place {
    let version = version.map(|version| line(version, 60)).filter(|version| !version.is_empty());
    let named = text.rsplit('/').next().unwrap_or(text).contains('@');
    let base = if text.starts_with("pkg:") { text.to_owned() } else { format!("pkg:generic/{text}") };
    let purl = match version {
        Some(version) if !named => format!("{base}@{version}"),
        _ => base,
    };
    Place::Package { purl, manifest: None }
}

/// A file with its line, as `src/a.py:12`, `src/a.py (line 12)`, or with the line in a field of its own.
///
/// The code at the line does not enter: which line that is changes with the commit, and the report does not.
fn code(text: &str, record: &Record, intake: &mut Intake<'_>) -> Place {
    let (path, told) = split_line(text);
    let path = intake.path(path);
    if path.is_empty() {
        return Place::Target { name: text.to_owned() };
    }
    let first = |text: &str| {
        let digits: String =
            text.chars().skip_while(|c| !c.is_ascii_digit()).take_while(char::is_ascii_digit).collect();
        digits.parse().ok().filter(|line: &u32| *line > 0)
    };
    let number = told.or_else(|| record.get(Field::Line).and_then(first));
    let symbol =
        record.get(Field::Symbol).map(|symbol| line(symbol, 200)).filter(|symbol| !symbol.is_empty());
    Place::Code { path, line: number, column: None, end_line: None, symbol, context: None }
}

fn split_line(text: &str) -> (&str, Option<u32>) {
    let number = |text: &str| {
        let digits = text.trim_matches(|c: char| !c.is_ascii_digit());
        let digits = digits.split(|c: char| !c.is_ascii_digit()).next().unwrap_or_default();
        digits.parse().ok().filter(|line: &u32| *line > 0)
    };
    for separator in [" (line", ", line", " line ", "#L", ":"] {
        if let Some((path, rest)) = text.split_once(separator)
            && let Some(line) = number(rest)
            && (separator != ":" || rest.starts_with(|c: char| c.is_ascii_digit()))
        {
            return (path.trim(), Some(line));
        }
    }
    (text, None)
}

fn route(text: &str, record: &Record) -> Place {
    let (word, rest) = text.split_once(' ').unwrap_or(("", text));
    let (method, address) = match METHODS.iter().find(|method| method.eq_ignore_ascii_case(word)) {
        Some(method) => (Some((*method).to_owned()), rest.trim()),
        None => (record.get(Field::Method).map(|method| line(method, 20)), text),
    };
    let route = match path::uri(address) {
        Uri::Web { route } => route,
        Uri::File { path, .. } => path.split(['?', '#']).next().unwrap_or_default().to_owned(),
    };
    let route = if route.starts_with('/') { route } else { format!("/{route}") };
    let parameter = record.get(Field::Parameter).and_then(|all| all.lines().next()).map(|one| line(one, 200));
    let method = method.filter(|method| !method.is_empty()).unwrap_or_else(|| "GET".to_owned());
    Place::Route { method, route, parameter: parameter.filter(|one| !one.is_empty()) }
}

/// A place of whichever kind, told by how it is written.
fn anywhere(text: &str, record: &Record, intake: &mut Intake<'_>) -> Place {
    let first = text.split(' ').next().unwrap_or_default();
    let is_method = METHODS.iter().any(|method| method.eq_ignore_ascii_case(first));
    let web = text.starts_with("http://") || text.starts_with("https://");
    let (path, told) = split_line(text);
    let name = path.rsplit('/').next().unwrap_or(path);
    let is_file = !path.contains(' ') && (told.is_some() || (path.contains('/') && name.contains('.')));
    if text.starts_with("pkg:") {
        package(text, record.get(Field::Version))
    } else if web || is_method || (text.starts_with('/') && told.is_none()) {
        route(text, record)
    } else if is_file {
        code(text, record, intake)
    } else {
        Place::Target { name: text.to_owned() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ratings_of_people_are_read_and_doubtful_ones_are_not() {
        for (text, expected) in [
            ("HIGH", Some(Severity::High)),
            ("2 - Very High", Some(Severity::Critical)),
            ("Medium (5.4)", Some(Severity::Medium)),
            ("P1", Some(Severity::Critical)),
            ("Informational", Some(Severity::Info)),
            ("low to medium", None),
            ("spicy", None),
        ] {
            assert_eq!(rated(text), expected, "{text}");
        }
        assert_eq!(score("9.1 (CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:N/I:H/A:H)"), Some(9.1));
        assert_eq!(score("11"), None);
        for (status, withdrawn) in
            [("Closed - retested", true), ("Open", false), ("Not fixed", false), ("Unresolved", false)]
        {
            assert_eq!(is_withdrawn(status), withdrawn, "{status}");
        }
    }

    #[test]
    fn ids_and_ratings_come_out_of_titles() {
        let split = |title: &str| {
            let mut record = Record::default();
            record.add(Field::Title, title);
            record.split_title();
            let get = |field| record.get(field).unwrap_or_default().to_owned();
            (get(Field::Id), get(Field::Title), get(Field::Severity))
        };
        let is = |a: &str, b: &str, c: &str| (a.to_owned(), b.to_owned(), c.to_owned());
        assert_eq!(split("PT-01: Open redirect (High)"), is("PT-01", "Open redirect", "High"));
        assert_eq!(split("3.2 – Weak cipher"), is("", "Weak cipher", ""));
        assert_eq!(split("Cookie (session) leaks"), is("", "Cookie (session) leaks", ""));
        assert_eq!(split("CVE-2021-44228 in log4j"), is("", "CVE-2021-44228 in log4j", ""));
    }
}
