//! A catalogue as YAML, for people to go on with. Every text is quoted as in JSON, which YAML reads alike.

use super::entry::{Catalogue, Technology};

/// The file's text; [`super::parse`] gives the same catalogue.
pub fn yaml(catalogue: &Catalogue) -> String {
    let mut out = format!(
        "# Technologies of this organisation, and what it recommends.\nversion: 1\n\
         # What follows from a direct component in no entry, and from a review that is overdue: ignore, warn or deny.\n\
         unlisted: {}\noverdue: {}\n",
        catalogue.unlisted.name(),
        catalogue.overdue.name()
    );
    settings(catalogue, &mut out);
    if catalogue.technologies.is_empty() {
        out.push_str("technologies: []\n");
        return out;
    }
    out.push_str("technologies:\n");
    catalogue.technologies.iter().for_each(|entry| technology(entry, &mut out));
    out
}

/// Quorum, weights and objectives, each in one line: what is JSON is YAML.
fn settings(catalogue: &Catalogue, out: &mut String) {
    let mut line = |key: &str, value: serde_json::Result<String>| {
        value.into_iter().for_each(|text| out.push_str(&format!("{key}: {}\n", escaped(&text))));
    };
    if let Some(quorum) = &catalogue.quorum {
        line("quorum", serde_json::to_string(quorum));
    }
    if !catalogue.weights.are_usual() {
        line("weights", serde_json::to_string(&catalogue.weights));
    }
    if !catalogue.objectives.is_empty() {
        line("objectives", serde_json::to_string(&catalogue.objectives));
    }
}

fn technology(entry: &Technology, out: &mut String) {
    let mut line = |text: String| {
        out.push_str(&text);
        out.push('\n');
    };
    line(format!("  - name: {}", quoted(&entry.name)));
    line(format!("    quadrant: {}", entry.quadrant.name()));
    line(format!("    ring: {}", entry.ring.name()));
    if !entry.matches.is_empty() {
        line("    match:".to_owned());
    }
    for rule in &entry.matches {
        let version = rule.version.as_ref().map(ToString::to_string);
        let parts = [("purl", &rule.purl), ("cpe", &rule.cpe), ("tool", &rule.tool), ("version", &version)];
        let parts =
            parts.iter().filter_map(|(key, value)| Some(format!("{key}: {}", quoted(value.as_ref()?))));
        let client = rule.client.then(|| "client: true".to_owned());
        line(format!("      - {{ {} }}", parts.chain(client).collect::<Vec<_>>().join(", ")));
    }
    let texts = [
        ("product", entry.product.clone()),
        ("owner", entry.owner.clone()),
        ("rationale", entry.rationale.clone()),
        ("evidence", entry.evidence.map(|digest| digest.to_string())),
        ("versions", entry.versions.as_ref().map(ToString::to_string)),
        ("review-by", entry.review_by.map(|day| day.to_string())),
        ("hold-until", entry.hold_until.map(|day| day.to_string())),
    ];
    for (key, value) in texts {
        if let Some(value) = value {
            line(format!("    {key}: {}", quoted(&value)));
        }
    }
    if !entry.alternatives.is_empty() {
        let all: Vec<String> = entry.alternatives.iter().map(|name| quoted(name)).collect();
        line(format!("    alternatives: [{}]", all.join(", ")));
    }
    if !entry.moves.is_empty() {
        line("    moves:".to_owned());
    }
    for moved in &entry.moves {
        let reason =
            moved.reason.as_ref().map_or_else(String::new, |text| format!(", reason: {}", quoted(text)));
        line(format!("      - {{ date: \"{}\", ring: {}{reason} }}", moved.date, moved.ring.name()));
    }
}

/// As a JSON text; what YAML does not take in its plain form is escaped as well.
fn quoted(text: &str) -> String {
    escaped(&serde_json::Value::from(text).to_string())
}

fn escaped(json: &str) -> String {
    let mut out = String::with_capacity(json.len());
    for c in json.chars() {
        match c {
            '\u{7f}'..='\u{9f}' | '\u{2028}' | '\u{2029}' | '\u{feff}' | '\u{fffe}' | '\u{ffff}' => {
                out.push_str(&format!("\\u{:04x}", u32::from(c)));
            }
            c => out.push(c),
        }
    }
    out
}
