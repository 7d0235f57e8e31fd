//! Markdown: one table a ring.

use super::super::entry::{Catalogue, Ring, Technology};

pub(super) fn markdown(catalogue: &Catalogue, title: &str) -> String {
    let mut out = format!("# {}\n", text(title));
    for ring in Ring::ALL {
        let mut entries: Vec<&Technology> =
            catalogue.technologies.iter().filter(|entry| entry.ring == *ring).collect();
        if entries.is_empty() {
            continue;
        }
        entries.sort_by(|a, b| (a.quadrant, &a.name).cmp(&(b.quadrant, &b.name)));
        out.push_str(&format!(
            "\n## {}\n\n| technology | quadrant | versions | why | instead | owner | review by |\n",
            ring.title()
        ));
        out.push_str("|---|---|---|---|---|---|---|\n");
        for entry in entries {
            out.push_str(&row(entry));
        }
    }
    out
}

fn row(entry: &Technology) -> String {
    let until = entry.hold_until.map_or_else(String::new, |day| format!(" (until {day})"));
    let cells = [
        format!("{}{until}", text(&entry.name)),
        entry.quadrant.title().to_owned(),
        entry.versions.as_ref().map(|versions| text(&versions.to_string())).unwrap_or_default(),
        text(entry.rationale.as_deref().unwrap_or_default()),
        text(&entry.alternatives.join(", ")),
        text(entry.owner.as_deref().unwrap_or_default()),
        entry.review_by.map(|day| day.to_string()).unwrap_or_default(),
    ];
    format!("| {} |\n", cells.join(" | "))
}

/// Text on one line in which nothing is mark-up.
fn text(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '\\' | '|' | '`' | '*' | '_' | '[' | ']' | '#' | '~' | '!' => out.extend(['\\', c]),
            c if c.is_control() || matches!(c, '\u{2028}' | '\u{2029}') => out.push(' '),
            c => out.push(c),
        }
    }
    out
}
