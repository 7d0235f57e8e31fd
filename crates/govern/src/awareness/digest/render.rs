//! A digest as text, Markdown, HTML for mail, and JSON. Everything in it may come from strangers (titles, places,
//! reasons): in Markdown and HTML it is escaped, in text it has no control characters.
//!
//! The HTML has no script, style sheet, picture or link: mail programs drop them, and nobody should be called to
//! follow one.

use std::fmt::Write;

use model::{BySeverity, Severity};

use super::{Ageing, Changes, Digest, Lesson, Line};

/// How a digest is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// For a terminal or plain mail.
    Text,
    /// For chats and pages.
    Markdown,
    /// For mail.
    Html,
    /// For programs.
    Json,
}

impl Form {
    /// All, by name.
    pub const NAMES: [(&str, Self); 4] =
        [("text", Self::Text), ("markdown", Self::Markdown), ("html", Self::Html), ("json", Self::Json)];
}

/// The digest in a form.
pub fn render(digest: &Digest, form: Form) -> String {
    match form {
        Form::Json => serde_json::to_string_pretty(digest).unwrap_or_default() + "\n",
        Form::Text => write(digest, &Plain),
        Form::Markdown => write(digest, &Markdown),
        Form::Html => {
            format!(
                "<!DOCTYPE html>\n<html lang=\"en\"><head><meta charset=\"utf-8\"><title>{}</title></head><body>\n{}</body></html>\n",
                Html.text(&title(digest)),
                write(digest, &Html)
            )
        }
    }
}

/// How the parts of a document are written.
trait Writer {
    fn text(&self, text: &str) -> String;
    fn title(&self, text: &str) -> String;
    fn chapter(&self, text: &str) -> String;
    fn paragraph(&self, text: &str) -> String;
    fn list(&self, lines: &[String]) -> String;
}

struct Plain;
struct Markdown;
struct Html;

/// One line without anything that a terminal would act on.
fn clean(text: &str) -> String {
    let hidden = |c: char| {
        c.is_control()
            || matches!(c, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{2069}' | '\u{feff}')
    };
    text.chars().map(|c| if c == '\n' || c == '\t' { ' ' } else { c }).filter(|c| !hidden(*c)).collect()
}

impl Writer for Plain {
    fn text(&self, text: &str) -> String {
        clean(text)
    }
    fn title(&self, text: &str) -> String {
        format!("{text}\n")
    }
    fn chapter(&self, text: &str) -> String {
        format!("\n{text}\n")
    }
    fn paragraph(&self, text: &str) -> String {
        format!("  {text}\n")
    }
    fn list(&self, lines: &[String]) -> String {
        lines.iter().map(|line| format!("  - {line}\n")).collect()
    }
}

impl Writer for Markdown {
    /// Every character that could mean something is escaped (CommonMark 2.4); `<` and `&` become references, so
    /// that no HTML comes through whatever the renderer does.
    fn text(&self, text: &str) -> String {
        let mut out = String::new();
        for c in clean(text).chars() {
            match c {
                '<' => out.push_str("&lt;"),
                '>' => out.push_str("&gt;"),
                '&' => out.push_str("&amp;"),
                '\\' | '`' | '*' | '_' | '[' | ']' | '(' | ')' | '#' | '+' | '!' | '|' | '~' | '@' | ':' => {
                    out.extend(['\\', c]);
                }
                c => out.push(c),
            }
        }
        out
    }
    fn title(&self, text: &str) -> String {
        format!("# {text}\n")
    }
    fn chapter(&self, text: &str) -> String {
        format!("\n## {text}\n\n")
    }
    fn paragraph(&self, text: &str) -> String {
        format!("{text}\n")
    }
    fn list(&self, lines: &[String]) -> String {
        lines.iter().map(|line| format!("- {line}\n")).collect()
    }
}

impl Writer for Html {
    fn text(&self, text: &str) -> String {
        let clean = clean(text).replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;");
        clean.replace('"', "&quot;").replace('\'', "&#39;")
    }
    fn title(&self, text: &str) -> String {
        format!("<h1>{text}</h1>\n")
    }
    fn chapter(&self, text: &str) -> String {
        format!("<h2>{text}</h2>\n")
    }
    fn paragraph(&self, text: &str) -> String {
        format!("<p>{text}</p>\n")
    }
    fn list(&self, lines: &[String]) -> String {
        let items: String = lines.iter().map(|line| format!("<li>{line}</li>\n")).collect();
        format!("<ul>\n{items}</ul>\n")
    }
}

fn title(digest: &Digest) -> String {
    format!("Security of {}, {} to {}", digest.about, day(digest.since), day(digest.until))
}

fn day(at: model::Timestamp) -> String {
    at.to_string().chars().take(10).collect()
}

fn write(digest: &Digest, writer: &dyn Writer) -> String {
    let mut out = writer.title(&writer.text(&title(digest)));
    let summary = format!(
        "{} new, {} fixed, {} open ({}), {} overdue",
        digest.new.count.total(),
        digest.fixed.count.total(),
        digest.open.total(),
        counts(&digest.open),
        overdue(&digest.ageing)
    );
    out += &writer.paragraph(&writer.text(&summary));
    out += &changes("New", &digest.new, writer);
    out += &changes("Fixed", &digest.fixed, writer);
    out += &chapter("Learned", digest.learned.iter().map(lesson).collect(), writer);
    out += &chapter("Open for too long", digest.ageing.lines.iter().map(aged).collect(), writer);
    let causes = digest.causes.iter().map(|cause| {
        let projects = cause.projects.len();
        let whose = if projects == 1 { "1 project".to_owned() } else { format!("{projects} projects") };
        format!(
            "CWE-{} {}: {} open, {} fixed in {whose}; see `proofhouse guidance CWE-{}`",
            cause.cwe, cause.title, cause.open, cause.fixed, cause.cwe
        )
    });
    out + &chapter("Most common causes", causes.collect(), writer)
}

fn overdue(ageing: &Ageing) -> String {
    match ageing.at_least {
        true => format!("at least {}", ageing.overdue.total()),
        false => ageing.overdue.total().to_string(),
    }
}

fn counts(all: &BySeverity) -> String {
    let some = Severity::ALL.into_iter().rev().filter(|severity| all.get(*severity) > 0);
    let told: Vec<String> = some.map(|severity| format!("{} {severity}", all.get(severity))).collect();
    if told.is_empty() { "none".to_owned() } else { told.join(", ") }
}

fn chapter(name: &str, lines: Vec<String>, writer: &dyn Writer) -> String {
    let lines: Vec<String> = lines.iter().map(|line| writer.text(line)).collect();
    let body = if lines.is_empty() { writer.paragraph("nothing") } else { writer.list(&lines) };
    writer.chapter(name) + &body
}

fn changes(name: &str, changes: &Changes, writer: &dyn Writer) -> String {
    let mut lines: Vec<String> = changes.worst.iter().map(one).collect();
    let rest = changes.count.total().saturating_sub(lines.len() as u64);
    if rest > 0 {
        lines.push(format!("and {rest} more"));
    }
    chapter(&format!("{name}: {}", counts(&changes.count)), lines, writer)
}

fn one(line: &Line) -> String {
    let Line { id, project, severity, title, place, cwe, .. } = line;
    let mut told = format!("{severity} {title}, {project} {place}");
    // Writing to a string cannot fail.
    let _ = match cwe {
        Some(cwe) => write!(told, " ({id}, CWE-{cwe})"),
        None => write!(told, " ({id})"),
    };
    told
}

fn aged(line: &Line) -> String {
    format!("{} days: {}", line.days, one(line))
}

fn lesson(lesson: &Lesson) -> String {
    match lesson {
        Lesson::FirstSeen { cwe, title } => format!("first time that CWE-{cwe} was found: {title}"),
        Lesson::FirstFixed { cwe, title } => format!("first time that one of CWE-{cwe} was fixed: {title}"),
        Lesson::Accepted { what, reason, by } => format!("{by} accepted {what} for a while: {reason}"),
        Lesson::FalsePositive { what, rule, reason, by } => {
            let rule = rule.as_ref().map_or(String::new(), |rule| format!(" ({rule})"));
            format!("{by} judged that {what}{rule} is none: {reason}")
        }
        Lesson::Left { what, reason, by } => format!("{by} leaves {what} as it is: {reason}"),
        Lesson::Noisy { rule, decided, false_positives } => {
            format!("noisy rule: {false_positives} of {decided} judged findings of {rule} were none")
        }
    }
}
