//! `security-requirements.yaml`: text → [`Requirements`], and new ones at its end.
//!
//! The same way as `proofhouse.yaml` goes: a bounded tree with places, one table of keys, typed values,
//! every problem at its place.

mod append;

use std::collections::HashMap;

use model::requirement::Requirements;

pub use append::{CannotAdd, append, natural, update};

use crate::{
    Diagnostic, Diagnostics, Known,
    diagnostic::shown,
    read, shape,
    yaml::{self, Node},
};

/// Usual name of the file, beside `proofhouse.yaml`.
pub const FILE_NAME: &str = "security-requirements.yaml";

/// Nothing in this file is known elsewhere only.
const NOTHING: Known<'_> = Known { report_formats: &[], providers: &[], registries: &[] };

/// Reads and checks the file. `file_name` is only shown.
///
/// # Errors
/// Everything that is wrong with it, at most [`crate::MOST_DIAGNOSTICS`].
pub fn parse(text: &str, file_name: &str) -> Result<Requirements, Diagnostics> {
    let mut problems = vec![];
    match stages(text, &mut problems) {
        Some(requirements) if problems.is_empty() => Ok(requirements),
        _ => Err(Diagnostics::new(file_name, text, problems)),
    }
}

/// As [`parse`], from bytes as they were read.
///
/// # Errors
/// As [`parse`], and `config-not-utf8` at the first bad byte.
pub fn parse_bytes(bytes: &[u8], file_name: &str) -> Result<Requirements, Diagnostics> {
    crate::utf8(bytes, file_name).and_then(|text| parse(text, file_name))
}

/// Whether requirements that were not read from a file could stand in one.
///
/// # Errors
/// The first reason why not, as one sentence.
pub fn check(new: &Requirements) -> Result<(), String> {
    let text = append::written(new);
    match parse(&text, FILE_NAME) {
        Ok(read) if read == *new => Ok(()),
        Ok(_) => Err("it cannot be written as it is".to_owned()),
        Err(problems) => Err(problems.list().first().map(|one| one.message.clone()).unwrap_or_default()),
    }
}

fn stages(text: &str, problems: &mut Vec<Diagnostic>) -> Option<Requirements> {
    let Some(root) = yaml::read(text, problems) else {
        if problems.is_empty() {
            let problem = Diagnostic::new("config-empty", &(0..0), "the file is empty");
            problems.push(
                problem.hint("remove it; `proofhouse requirements choose` writes a new one".to_owned()),
            );
        }
        return None;
    };
    shape::check(&root, &shape::REQUIREMENTS, &NOTHING, problems);
    meaning(&root, problems);
    Some(read::requirements(text, &root))
}

/// What needs several values: ids that differ in more than their case, and one decision about each.
fn meaning(root: &Node, problems: &mut Vec<Diagnostic>) {
    let mut seen = HashMap::new();
    for entry in root.get("requirements").map_or(&[][..], Node::entries) {
        if let Some(first) = seen.insert(entry.key.to_ascii_lowercase(), &entry.key_span) {
            let message = format!("`{}` differs from another id only by its case", shown(&entry.key));
            let problem = Diagnostic::new("config-duplicate-key", &entry.key_span, message);
            problems.push(problem.label("second time").related(first, "first time"));
        }
        let decisions = ["waived", "not-applicable"].map(|key| entry.node.get(key));
        if let [Some(first), Some(second)] = decisions {
            let message = format!("`{}` is both waived and not applicable", shown(&entry.key));
            let problem = Diagnostic::new("config-contradiction", &second.span, message);
            problems.push(problem.label("expected one of the two").related(&first.span, "the other one"));
        }
        if entry.node.get("source").and_then(Node::text) == Some("asvs-5.0.0")
            && entry.node.get("level").is_none()
        {
            let message = format!("`{}` is of the ASVS and has no level", shown(&entry.key));
            let problem = Diagnostic::new("config-missing-key", &entry.key_span, message);
            problems.push(problem.label("expected `level`: without it no milestone has this requirement"));
        }
    }
}
