//! Guidance as text for a terminal.

use std::fmt::Write;

use super::{Example, Found};

/// Width of the lines.
const WIDTH: usize = 100;

/// Guidance as plain text; with a language only the example in it, when there is one.
pub fn text(found: &Found, asked: u32, language: Option<&str>) -> String {
    let one = found.guidance;
    let mut out = format!("CWE-{} {}\n", one.cwe, one.title);
    // Writing to a string cannot fail.
    if found.steps > 0 {
        let _ = writeln!(out, "(there is nothing about CWE-{asked} itself; it is a kind of this)");
    }
    for (head, body) in
        [("What it is", &one.what), ("How to find it", &one.find), ("How to fix it", &one.fix)]
    {
        let _ = write!(out, "\n{head}\n{}", wrapped(body));
    }
    let chosen = language.and_then(|language| one.example(language));
    let examples: Vec<&Example> =
        chosen.map_or_else(|| one.examples.iter().collect(), |example| vec![example]);
    for Example { language, before, after } in examples {
        let _ = write!(out, "\n  {language}, before:\n{}  after:\n{}", indented(before), indented(after));
    }
    let _ = write!(out, "\nAn idea for a test\n{}", wrapped(&one.test));
    let related: Vec<String> = one.related.iter().map(|cwe| format!("CWE-{cwe}")).collect();
    let _ = write!(out, "\nASVS 5.0: {}; see also {}\n", one.asvs.join(", "), related.join(", "));
    out
}

fn indented(code: &str) -> String {
    code.lines().map(|line| format!("    {line}\n")).collect()
}

fn wrapped(text: &str) -> String {
    let (mut out, mut column) = (String::from(" "), 1);
    for word in text.split_whitespace() {
        let length = word.chars().count();
        if column + 1 + length > WIDTH {
            out.push_str("\n ");
            column = 1;
        }
        out.push(' ');
        out.push_str(word);
        column += 1 + length;
    }
    out.push('\n');
    out
}
