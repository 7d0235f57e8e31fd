//! New requirements at the end of the file; what people wrote stays as it is, byte by byte.
//!
//! The text is not rewritten from typed values: comments, order and style belong to its writers. New
//! entries are put at the end, and the result is read again: it must be exactly the old requirements
//! and the new ones, or nothing is given out.

use std::fmt::Write;

use model::{Exit, UserError, requirement::Requirement, requirement::Requirements};

use super::{FILE_NAME, parse};
use crate::yaml;

const HEAD: &str = "\
# Security requirements of this project. Tests name them by id: a JUnit property `requirement`, or
# `[ID]` or `@ID` in the name of the test. `proofhouse requirements status` tells how far they are.
version: 1
requirements:
";

/// Nothing can be put at the end of this file.
#[derive(Debug, thiserror::Error)]
#[error("{FILE_NAME} is written in a way that nothing can be added to: {0}")]
pub struct CannotAdd(&'static str);

impl UserError for CannotAdd {
    fn code(&self) -> &'static str {
        "requirements-layout"
    }

    fn hint(&self) -> Option<String> {
        Some("write `requirements:` as the last key, and each entry on lines of its own below it".to_owned())
    }

    fn exit(&self) -> Exit {
        Exit::Input
    }
}

/// The text with the requirements of `new` that it does not have yet; `None` for a new file.
///
/// # Errors
/// The file is not one that [`parse`] accepts, or is written in one line or with something after the list.
pub fn append(text: Option<&str>, new: &Requirements) -> Result<String, CannotAdd> {
    let old = match text {
        Some(text) => parse(text, FILE_NAME).map_err(|_| CannotAdd("it has mistakes"))?,
        None => Requirements::new(),
    };
    let mut added: Vec<_> = new.iter().filter(|(id, _)| !old.contains_key(*id)).collect();
    added.sort_by_key(|(id, _)| natural(id));
    if added.is_empty() {
        return Ok(text.unwrap_or(HEAD).to_owned());
    }
    let mut out = text.unwrap_or(HEAD).to_owned();
    if !out.ends_with('\n') {
        out.push('\n');
    }
    let indent = text.map_or(Ok(2), column)?;
    for (id, requirement) in &added {
        out.push_str(&entry(id, requirement, indent));
    }
    let mut wanted = old;
    wanted.extend(added.into_iter().map(|(id, requirement)| (id.clone(), requirement.clone())));
    match parse(&out, FILE_NAME) {
        Ok(read) if read == wanted => Ok(out),
        _ => Err(CannotAdd("what is put at its end is not read as an entry")),
    }
}

/// The text with what a model says of requirements that it has: severity, reference and mitigations, each where it stands
/// or on a line of its own. Everything else stays as it is.
///
/// # Errors
/// The file is not one that [`parse`] accepts, has none of them, or is written in a way that this cannot be put into.
pub fn update(text: &str, changed: &Requirements) -> Result<String, CannotAdd> {
    let mut wanted = parse(text, FILE_NAME).map_err(|_| CannotAdd("it has mistakes"))?;
    let root = yaml::read(text, &mut vec![]).ok_or(CannotAdd("it has mistakes"))?;
    let mut edits: Vec<(std::ops::Range<usize>, String)> = Vec::new();
    for entry in root.get("requirements").map_or(&[][..], yaml::Node::entries) {
        let (Some(old), Some(new)) = (wanted.get_mut(&entry.key), changed.get(&entry.key)) else { continue };
        let severity = |of: &Requirement| of.severity.map(|severity| severity.to_string());
        let texts = |of: &Requirement| {
            [of.reference.clone(), of.mitigations.clone()].map(|text| text.map(|t| quoted(&t)))
        };
        let [old_reference, old_mitigations] = texts(old);
        let [new_reference, new_mitigations] = texts(new);
        let fields = [
            ("severity", severity(old), severity(new)),
            ("reference", old_reference, new_reference),
            ("mitigations", old_mitigations, new_mitigations),
        ];
        for (key, before, after) in fields {
            if let Some(after) = after.filter(|after| before.as_ref() != Some(after)) {
                edits.push(edit(text, entry, key, &after)?);
            }
        }
        old.severity = new.severity.or(old.severity);
        old.reference = new.reference.clone().or(old.reference.take());
        old.mitigations = new.mitigations.clone().or(old.mitigations.take());
    }
    // From the end, so that places before stay where they are; what goes to one place keeps its order.
    edits.sort_by_key(|(place, _)| place.start);
    let mut out = text.to_owned();
    for (place, new) in edits.into_iter().rev() {
        out.replace_range(place, &new);
    }
    match parse(&out, FILE_NAME) {
        Ok(read) if read == wanted => Ok(out),
        _ => Err(CannotAdd("what would be changed in it is not read as it should be")),
    }
}

/// Where a value of an entry goes, and how it is written there.
fn edit(
    text: &str,
    entry: &yaml::Entry,
    key: &str,
    value: &str,
) -> Result<(std::ops::Range<usize>, String), CannotAdd> {
    if let Some(there) = entry.node.get(key) {
        return Ok((there.span.clone(), value.to_owned()));
    }
    let first = entry.node.entries().first().ok_or(CannotAdd("an entry of it says nothing"))?.key_span.start;
    let line = text[..first].rfind('\n').map_or(0, |at| at + 1);
    let before = &text[line..first];
    Ok(match before.bytes().all(|byte| byte == b' ') {
        true => (first..first, format!("{key}: {value}\n{before}")),
        // In one line, between braces.
        false => (first..first, format!("{key}: {value}, ")),
    })
}

/// Where the ids of the list begin in their lines.
fn column(text: &str) -> Result<usize, CannotAdd> {
    let root = yaml::read(text, &mut vec![]);
    let list = root.as_ref().and_then(|root| root.get("requirements"));
    let first = list.and_then(|list| list.entries().first()).ok_or(CannotAdd("its list is empty"))?;
    let line = text[..first.key_span.start].rfind('\n').map_or(0, |at| at + 1);
    let before = &text[line..first.key_span.start];
    match before.bytes().all(|byte| byte == b' ') {
        true => Ok(before.len()),
        false => Err(CannotAdd("its list is written in one line")),
    }
}

/// A new file.
pub(super) fn written(new: &Requirements) -> String {
    new.iter().fold(HEAD.to_owned(), |out, (id, one)| out + &entry(id, one, 2))
}

/// Key that orders ids by their numbers: `V2.1.1` before `V10.1.1`.
pub fn natural(id: &str) -> Vec<(u64, String)> {
    id.split(|c: char| !c.is_ascii_alphanumeric())
        .map(|part| {
            let letters: String = part.chars().take_while(char::is_ascii_alphabetic).collect();
            let number = part[letters.len()..].parse().unwrap_or(u64::MAX);
            (number, part.to_owned())
        })
        .collect()
}

fn entry(id: &str, requirement: &Requirement, indent: usize) -> String {
    let Requirement {
        title,
        source,
        chapter,
        section,
        level,
        severity,
        reference,
        mitigations,
        milestones,
        waived,
        not_applicable,
    } = requirement;
    let (outer, inner) = (" ".repeat(indent), " ".repeat(indent + 2));
    let mut out =
        format!("{outer}{id}:\n{inner}title: {}\n{inner}source: {}\n", quoted(title), source.name());
    let mut line = |key: &str, value: String| {
        // Writing to a string cannot fail.
        let _ = writeln!(out, "{inner}{key}: {value}");
    };
    for (key, value) in [("chapter", chapter), ("section", section)] {
        value.iter().for_each(|value| line(key, quoted(value)));
    }
    level.iter().for_each(|level| line("level", level.to_string()));
    severity.iter().for_each(|severity| line("severity", severity.to_string()));
    for (key, value) in [("reference", reference), ("mitigations", mitigations)] {
        value.iter().for_each(|value| line(key, quoted(value)));
    }
    if !milestones.is_empty() {
        line(
            "milestones",
            format!("[{}]", milestones.iter().map(|m| quoted(m)).collect::<Vec<_>>().join(", ")),
        );
    }
    if let Some(waived) = waived {
        let (reason, by) = (quoted(&waived.reason), quoted(&waived.by));
        line("waived", format!("{{ reason: {reason}, until: {}, by: {by} }}", waived.until));
    }
    if let Some(not) = not_applicable {
        line("not-applicable", format!("{{ reason: {}, by: {} }}", quoted(&not.reason), quoted(&not.by)));
    }
    out
}

/// Text in double quotes: a JSON string is one of YAML too.
fn quoted(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}
