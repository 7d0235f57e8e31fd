//! Requirements from their checked tree.

use model::{
    Severity,
    requirement::{NotApplicable, Requirement, Requirements, Source, Waiver},
};

use super::fields::Fields;
use crate::yaml::Node;

/// Reads the whole file; what was refused is left out or empty.
pub(crate) fn requirements(text: &str, root: &Node) -> Requirements {
    let fields = Fields { text, node: root };
    let one =
        |entry: &crate::yaml::Entry| (entry.key.clone(), requirement(&Fields { text, node: &entry.node }));
    fields.entries("requirements").map(one).collect()
}

fn requirement(fields: &Fields<'_>) -> Requirement {
    let line = |fields: &Fields<'_>, key| fields.text(key).unwrap_or_default().trim().to_owned();
    let waived = || {
        let fields = fields.object("waived");
        let until = fields.text("until")?.parse().ok()?;
        Some(Waiver { reason: line(&fields, "reason"), until, by: line(&fields, "by") })
    };
    let not_applicable = || {
        let fields = fields.object("not-applicable");
        NotApplicable { reason: line(&fields, "reason"), by: line(&fields, "by") }
    };
    Requirement {
        title: line(fields, "title"),
        source: fields.text("source").and_then(|name| Source::from_name(&name)).unwrap_or(Source::Own),
        chapter: fields.text("chapter"),
        section: fields.text("section"),
        level: fields.whole("level"),
        severity: fields.text("severity").and_then(|name| Severity::from_name(&name)),
        reference: fields.has("reference").then(|| line(fields, "reference")),
        mitigations: fields.has("mitigations").then(|| line(fields, "mitigations")),
        milestones: fields.texts("milestones"),
        waived: waived(),
        not_applicable: fields.has("not-applicable").then(not_applicable),
    }
}
