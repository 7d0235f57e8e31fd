//! Turns sections into commented YAML.

use std::fmt::Write as _;

use super::{Project, Section, StepText};

/// The whole file.
pub(super) fn file(project: &Project<'_>, sections: &[(&'static str, Section)]) -> String {
    let mut out = String::from(
        "# What Proofhouse builds, checks and deploys. `proofhouse schema` describes every key.\n\
         # `proofhouse plan` shows what would happen, `proofhouse run` does it.\n\
         version: 1\n",
    );
    let name = sections.iter().find_map(|(_, section)| section.name.clone());
    let _ = writeln!(out, "project: {}", project_name(&name.unwrap_or_else(|| project.folder.to_owned())));
    for note in sections.iter().flat_map(|(_, section)| &section.notes) {
        // A note may show a file name, which may hold anything.
        let note: String = note.chars().filter(|c| !c.is_control()).take(300).collect();
        let _ = writeln!(out, "# {note}");
    }
    tools(&mut out, sections);
    out.push_str("\nsteps:\n");
    let several = sections.iter().filter(|(_, section)| !section.steps.is_empty()).count() > 1;
    let mut first = true;
    for (ecosystem, section) in sections {
        let prefix = if several { format!("{ecosystem}-") } else { String::new() };
        for text in &section.steps {
            if !std::mem::take(&mut first) {
                out.push('\n');
            }
            step(&mut out, text, &prefix);
        }
    }
    environments(&mut out, sections);
    out
}

/// Words that are not text to some YAML reader, in YAML 1.1 or 1.2.
const RESERVED: [&str; 9] = ["true", "false", "null", "yes", "no", "on", "off", "y", "n"];

/// The nearest valid project name.
fn project_name(wanted: &str) -> String {
    let wanted = wanted.rsplit('/').next().unwrap_or("").to_ascii_lowercase();
    let fits = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || "._-".contains(c);
    let name: String = wanted.chars().map(|c| if fits(c) { c } else { '-' }).take(64).collect();
    let name = name.trim_start_matches(['.', '_', '-']);
    // A name of digits only, or one that YAML reads as something else, is written as text.
    match name {
        "" => "project".to_owned(),
        name if name.starts_with(|c: char| c.is_ascii_digit()) => format!("\"{name}\""),
        name if RESERVED.contains(&name) => format!("\"{name}\""),
        name => name.to_owned(),
    }
}

fn tools(out: &mut String, sections: &[(&'static str, Section)]) {
    let mut tools: Vec<_> = sections.iter().flat_map(|(_, section)| section.tools.clone()).collect();
    let mut seen = std::collections::HashSet::new();
    tools.retain(|(name, _)| seen.insert(*name));
    if tools.is_empty() {
        return;
    }
    out.push_str("\n# Programs of this machine that steps use; pinned in proofhouse.lock.\ntools:\n");
    for (name, command) in tools {
        let _ = writeln!(out, "  {name}: {{ command: {command} }}");
    }
}

fn step(out: &mut String, step: &StepText, prefix: &str) {
    let _ = writeln!(out, "  # {}\n  {prefix}{}:\n    kind: {}", step.comment, step.name, step.kind);
    out.push_str("    run: |\n");
    for line in &step.run {
        let _ = writeln!(out, "      {line}");
    }
    let list = |items: Vec<String>| items.join(", ");
    let mut key = |key: &str, items: Vec<String>| {
        if !items.is_empty() {
            let _ = writeln!(out, "    {key}: [{}]", list(items));
        }
    };
    key("outputs", step.outputs.iter().map(|path| quoted(path)).collect());
    key("needs", step.needs.iter().map(|name| format!("{prefix}{name}")).collect());
    key("tools", step.tools.iter().map(|name| (*name).to_owned()).collect());
    if !step.registries.is_empty() {
        let rules: Vec<String> = step.registries.iter().map(|name| format!("\"registry:{name}\"")).collect();
        let _ = writeln!(
            out,
            "    network: [{}]   # downloads, through the proxy; nothing else is reachable",
            rules.join(", ")
        );
    }
    if let Some(file) = step.locked_by {
        let _ = writeln!(out, "    cache: true   # {file} decides what is downloaded");
    }
    if !step.env.is_empty() {
        out.push_str("    env:\n");
        for (name, value) in &step.env {
            let _ = writeln!(out, "      {name}: {}", quoted(value));
        }
    }
}

/// Plain where YAML reads it back the same, else double-quoted (JSON strings are YAML).
fn quoted(text: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "._-/".contains(c);
    let word = text.starts_with(|c: char| c.is_ascii_alphabetic() || c == '.') && text.chars().all(plain);
    if word && !RESERVED.contains(&text) && text != "." {
        text.to_owned()
    } else {
        serde_json::Value::from(text).to_string()
    }
}

/// For a service: an example that a person completes.
fn environments(out: &mut String, sections: &[(&'static str, Section)]) {
    let Some((section, run)) = sections.iter().find_map(|(_, s)| Some((s, s.service.as_ref()?))) else {
        return;
    };
    let artifact = section.steps.iter().rev().find_map(|step| step.outputs.first());
    let words: Vec<String> =
        run.iter().map(|word| serde_json::Value::from(word.as_str()).to_string()).collect();
    let _ = write!(
        out,
        "\n# This looks like a service. Complete and uncomment this to deploy it on this machine:\n\
         # environments:\n\
         #   staging:\n\
         #     driver: host\n\
         #     artifact: {}\n\
         #     run: [{}]\n\
         #     port: 8081\n\
         #     health: {{ path: / }}\n",
        artifact.map_or_else(|| "dist/FILE".to_owned(), |output| one_file(output)),
        words.join(", "),
    );
}

/// What is deployed is one file: of a folder a person names it.
fn one_file(output: &str) -> String {
    let name = output.rsplit('/').next().unwrap_or(output);
    let file = name.contains('.') || output.starts_with("target/release/");
    if file { output.to_owned() } else { format!("{output}/FILE   # the one file in it that is deployed") }
}
