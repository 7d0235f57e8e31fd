//! `technologies.yaml`, strictly: unknown keys, rings, dates and patterns are mistakes at their place. What the
//! YAML reader refuses ends the reading; everything that it understood is then checked to the end, so that all
//! mistakes are told at once.

use std::collections::HashMap;

use jiff::civil::Date;
use serde_saphyr::Spanned;

mod raw;
mod settings;

use super::{
    entry::{Catalogue, Match, Move, Quadrant, Ring, Technology, Weights},
    matching,
};
use crate::strict::{Mistake, Mistakes, Place, place};
use raw::{RawFile, RawMatch, RawMove, RawTechnology};

/// Largest file, in bytes.
pub const MAX_BYTES: usize = 1 << 20;
/// Most entries.
pub const MOST_TECHNOLOGIES: usize = 2_000;
/// Most patterns of all entries together.
const MOST_PATTERNS: usize = 10_000;
/// Most moves or alternatives of one entry.
const MOST_OF_ONE: usize = 100;
/// Most mistakes that are kept.
const MOST_MISTAKES: usize = 50;
/// Longest name, in characters.
const LONGEST_NAME: usize = 100;
/// Longest other text, in characters.
const LONGEST_TEXT: usize = 4_000;

/// Reads and checks a catalogue. `file` is only shown.
///
/// # Errors
/// Everything that is wrong with it, each at its place.
pub fn parse(bytes: &[u8], file: &str) -> Result<Catalogue, Mistakes> {
    let mut reading = Reading { mistakes: vec![], patterns: 0 };
    let catalogue = reading.bytes(bytes);
    match catalogue {
        Some(catalogue) if reading.mistakes.is_empty() => Ok(catalogue),
        _ => {
            if reading.mistakes.is_empty() {
                reading.add("catalogue-syntax", (1, 1), "the file cannot be read".to_owned(), None);
            }
            reading.mistakes.sort_by_key(|mistake| (mistake.line, mistake.column));
            Err(Mistakes { file: file.to_owned(), mistakes: reading.mistakes })
        }
    }
}

struct Reading {
    mistakes: Vec<Mistake>,
    patterns: usize,
}

impl Reading {
    fn add(&mut self, code: &'static str, (line, column): Place, message: String, hint: Option<String>) {
        if self.mistakes.len() < MOST_MISTAKES {
            let message = message.chars().filter(|c| !c.is_control()).take(500).collect();
            self.mistakes.push(Mistake { code, line, column, message, hint });
        }
    }

    fn bytes(&mut self, bytes: &[u8]) -> Option<Catalogue> {
        if bytes.len() > MAX_BYTES {
            let message = format!("the file has more than {MAX_BYTES} bytes");
            self.add("catalogue-too-large", (1, 1), message, None);
            return None;
        }
        let Ok(text) = std::str::from_utf8(bytes) else {
            self.add("catalogue-not-utf8", (1, 1), "the file is not UTF-8 text".to_owned(), None);
            return None;
        };
        match serde_saphyr::from_str::<RawFile>(text.strip_prefix('\u{feff}').unwrap_or(text)) {
            Ok(raw) => self.file(raw),
            Err(error) => {
                self.refused(&error);
                None
            }
        }
    }

    /// What the YAML reader refused: syntax, a missing or unknown key, a wrong kind of value.
    fn refused(&mut self, error: &serde_saphyr::Error) {
        let at = error.location().map_or((1, 1), |at| (at.line().max(1), at.column().max(1)));
        let said = error.without_snippet().to_string();
        let first = said.lines().next().unwrap_or_default();
        // The place is told beside it.
        let first = first.rsplit_once(" at line ").map_or(first, |(what, _)| what).trim();
        let unknown = first.starts_with("unknown field");
        let known = first.split_once("expected one of ").map_or("", |(_, names)| names);
        let known = known.split(", ").map(|name| name.trim_matches('`'));
        let wrong = first.split('`').nth(1).unwrap_or_default();
        let hint = unknown.then(|| nearest(wrong, known)).flatten();
        let code = if unknown { "catalogue-unknown-key" } else { "catalogue-syntax" };
        self.add(code, at, first.to_owned(), hint);
    }

    fn file(&mut self, raw: RawFile) -> Option<Catalogue> {
        if raw.version.value != "1" {
            let message = format!("version `{}` is not known here", raw.version.value);
            self.add(
                "catalogue-version",
                place(&raw.version),
                message,
                Some("write `version: 1`".to_owned()),
            );
        }
        if raw.technologies.len() > MOST_TECHNOLOGIES {
            let message = format!("more than {MOST_TECHNOLOGIES} technologies");
            self.add("catalogue-too-many", (1, 1), message, None);
            return None;
        }
        let (unlisted, overdue) = (self.policy(raw.unlisted), self.policy(raw.overdue));
        let quorum = raw.quorum.map(|quorum| self.quorum(quorum));
        let weights = raw.weights.map_or_else(Weights::default, |weights| self.weights(weights));
        let objectives = self.objectives(raw.objectives);
        let (mut technologies, mut names) = (vec![], HashMap::new());
        for technology in raw.technologies {
            let at = place(&technology.value.name);
            if let Some((line, _)) = names.insert(technology.value.name.value.to_lowercase(), at) {
                let message = format!("`{}` is there already, in line {line}", technology.value.name.value);
                let hint = "one entry may have several rules under `match`".to_owned();
                self.add("catalogue-duplicate", at, message, Some(hint));
            }
            technologies.extend(self.technology(technology.value));
        }
        Some(Catalogue {
            version: 1,
            unlisted: unlisted?,
            overdue: overdue?,
            quorum,
            weights,
            objectives,
            technologies,
        })
    }

    fn technology(&mut self, raw: RawTechnology) -> Option<Technology> {
        let at = place(&raw.name);
        let quadrant = self.name(&raw.quadrant, "a quadrant", Quadrant::NAMES, Quadrant::from_name);
        let ring = self.name(&raw.ring, "a ring", Ring::NAMES, Ring::from_name);
        let name = self.text(raw.name, LONGEST_NAME);
        let many = [raw.matches.len(), raw.alternatives.len(), raw.moves.len()];
        if many.into_iter().any(|number| number > MOST_OF_ONE) {
            self.add(
                "catalogue-too-many",
                at,
                format!("more than {MOST_OF_ONE} of one kind in an entry"),
                None,
            );
            return None;
        }
        let mut entry = Technology::new(name, quadrant?, ring?);
        entry.matches = raw.matches.into_iter().filter_map(|rule| self.rule(rule)).collect();
        entry.owner = raw.owner.map(|text| self.text(text, LONGEST_NAME));
        entry.rationale = raw.rationale.map(|text| self.text(text, LONGEST_TEXT));
        entry.product = raw.product.map(|text| self.product(text));
        entry.evidence = raw.evidence.and_then(|text| self.digest(&text));
        entry.alternatives = raw.alternatives.into_iter().map(|text| self.text(text, LONGEST_NAME)).collect();
        entry.versions = raw.versions.and_then(|text| self.requirement(&text));
        entry.review_by = raw.review_by.and_then(|text| self.date(&text));
        if let Some(text) = raw.hold_until {
            if entry.ring != Ring::Hold && entry.versions.is_none() {
                let message =
                    "there is nothing to wait for: the ring is not `hold`, all versions are allowed";
                let hint = Some("remove it, or say `ring: hold` or `versions`".to_owned());
                self.add("catalogue-idle-grace", place(&text), message.to_owned(), hint);
            }
            entry.hold_until = self.date(&text);
        }
        entry.moves = raw.moves.into_iter().filter_map(|moved| self.moved(moved.value)).collect();
        let newest = entry.moves.last().map(|moved| moved.ring);
        if newest.is_some_and(|ring| ring != entry.ring) || !entry.moves.is_sorted_by_key(|moved| moved.date)
        {
            let message =
                format!("the moves of {} do not lead, oldest first, to `{}`", entry.name, entry.ring.name());
            let hint = Some("add the newest move last".to_owned());
            self.add("catalogue-moves", at, message, hint);
        }
        Some(entry)
    }

    fn rule(&mut self, raw: Spanned<RawMatch>) -> Option<Match> {
        let at = place(&raw);
        let RawMatch { purl, cpe, tool, client, version } = raw.value;
        if [&purl, &cpe, &tool].into_iter().flatten().count() != 1 {
            let message = "a rule has either `purl`, `cpe` or `tool`".to_owned();
            self.add(
                "catalogue-bad-match",
                at,
                message,
                Some("for example `purl: pkg:npm/@angular/*`".to_owned()),
            );
        }
        self.patterns += 1;
        if self.patterns == MOST_PATTERNS + 1 {
            self.add(
                "catalogue-too-many",
                at,
                format!("more than {MOST_PATTERNS} rules in all entries"),
                None,
            );
        }
        if let Some(purl) = &purl
            && let Err(why) = matching::pattern(&purl.value)
        {
            let hint = Some("for example `pkg:pypi/django`, `pkg:maven/org.springframework/**`".to_owned());
            let message = format!("`{}` is not a pattern of package URLs: {why}", purl.value);
            self.add("catalogue-bad-purl", place(purl), message, hint);
        }
        if let Some(cpe) = &cpe
            && let Err(why) = matching::cpe(&cpe.value)
        {
            let hint = Some("for example `cpe:2.3:a:postgresql:postgresql`".to_owned());
            let message = format!("`{}` is not a CPE name: {why}", cpe.value);
            self.add("catalogue-bad-cpe", place(cpe), message, hint);
        }
        let version = version.and_then(|text| self.requirement(&text));
        let tool = tool.map(|text| self.text(text, LONGEST_NAME));
        Some(Match {
            purl: purl.map(|purl| purl.value),
            cpe: cpe.map(|cpe| cpe.value),
            tool,
            client,
            version,
        })
    }

    fn moved(&mut self, raw: RawMove) -> Option<Move> {
        let ring = self.name(&raw.ring, "a ring", Ring::NAMES, Ring::from_name);
        let date = self.date(&raw.date);
        let reason = raw.reason.map(|text| self.text(text, LONGEST_TEXT));
        Some(Move { date: date?, ring: ring?, reason })
    }

    fn name<T>(
        &mut self,
        text: &Spanned<String>,
        what: &str,
        names: &[&str],
        read: impl Fn(&str) -> Option<T>,
    ) -> Option<T> {
        let value = read(&text.value);
        if value.is_none() {
            let message = format!("`{}` is not {what}: {}", text.value, names.join(", "));
            self.add(
                "catalogue-unknown-name",
                place(text),
                message,
                nearest(&text.value, names.iter().copied()),
            );
        }
        value
    }

    fn date(&mut self, text: &Spanned<String>) -> Option<Date> {
        // Only the plain form: others would be written, and compared, differently.
        let date = text.value.parse::<Date>().ok().filter(|date| date.to_string() == text.value);
        if date.is_none() {
            let message = format!("`{}` is not a date", text.value);
            self.add("catalogue-bad-date", place(text), message, Some("for example 2027-06-30".to_owned()));
        }
        date
    }

    fn requirement(&mut self, text: &Spanned<String>) -> Option<model::version::Requirement> {
        let read = text.value.parse();
        if let Err(error) = &read {
            self.add("catalogue-bad-version", place(text), format!("`{}` is {error}", text.value), None);
        }
        read.ok()
    }

    fn text(&mut self, text: Spanned<String>, longest: usize) -> String {
        let steers = |c: char| c.is_control() && !matches!(c, '\n' | '\t');
        let why = match () {
            () if text.value.trim().is_empty() => Some("it is empty".to_owned()),
            () if text.value.chars().count() > longest => {
                Some(format!("it has more than {longest} characters"))
            }
            () if text.value.chars().any(steers) => Some("it has control characters".to_owned()),
            () if longest == LONGEST_NAME && text.value.contains(['\n', '\t']) => {
                Some("it is not one line".to_owned())
            }
            () => None,
        };
        if let Some(why) = why {
            self.add("catalogue-bad-text", place(&text), format!("this text cannot be used: {why}"), None);
        }
        text.value
    }
}

fn nearest<'a>(wrong: &str, names: impl Iterator<Item = &'a str>) -> Option<String> {
    let wrong: String = wrong.chars().take(64).flat_map(char::to_lowercase).collect();
    let near = (wrong.chars().count() / 3).max(1);
    let scored = names.map(|name| (strsim::osa_distance(&wrong, name), name));
    let best = scored.filter(|(distance, _)| *distance <= near).min_by_key(|(distance, _)| *distance);
    best.map(|(_, name)| format!("did you mean `{name}`?"))
}
