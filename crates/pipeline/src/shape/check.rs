//! Compares the tree with the table and reports every difference.

use std::ops::Range;

use super::{Field, Kind, Refusal, Shape, listed};
use crate::{
    Known,
    diagnostic::{Diagnostic, shown},
    globs::Globs,
    scalar,
    suggest::{did_you_mean, nearest},
    yaml::{Node, Value},
};

/// Reports every way in which `node` is not of `shape`.
pub(crate) fn check(node: &Node, shape: &Shape, known: &Known<'_>, problems: &mut Vec<Diagnostic>) {
    Checker { known, problems }.value(node, shape);
}

struct Checker<'a> {
    known: &'a Known<'a>,
    problems: &'a mut Vec<Diagnostic>,
}

impl Checker<'_> {
    fn value(&mut self, node: &Node, shape: &Shape) {
        match (shape, &node.value) {
            (Shape::Object(fields), Value::Map(_)) => self.object(node, fields),
            (Shape::Map { key, value, min, max }, Value::Map(_)) => self.map(node, key, value, *min, *max),
            (Shape::List { item, min, max }, Value::List(_)) => self.list(node, item, *min, *max),
            (Shape::Command, Value::List(_)) => self.list(node, &Shape::Text(&super::kinds::WORD), 1, 1000),
            (Shape::Command, Value::Scalar { text, .. }) => self.script(node, text),
            (shape, Value::Scalar { text, plain }) => self.scalar(node, shape, text, *plain),
            (shape, _) => self.wrong_type(node, shape),
        }
    }

    fn object(&mut self, node: &Node, fields: &[Field]) {
        for entry in node.entries() {
            match fields.iter().find(|field| field.key == entry.key) {
                Some(field) => self.value(&entry.node, &field.shape),
                None => self.unknown_key(&entry.key, &entry.key_span, fields),
            }
        }
        for field in fields.iter().filter(|field| field.required && node.get(field.key).is_none()) {
            let message = format!("the key `{}` is missing", field.key);
            let problem = Diagnostic::new("config-missing-key", &node.span, message);
            self.problems.push(problem.label(format!(
                "expected `{}`: {}",
                field.key,
                field.shape.expected()
            )));
        }
    }

    fn unknown_key(&mut self, key: &str, span: &Range<usize>, fields: &[Field]) {
        let names: Vec<&str> = fields.iter().map(|field| field.key).collect();
        let hint = match key {
            "<<" => Some("merge keys are not part of YAML 1.2; write the keys out".to_owned()),
            _ => did_you_mean(key, names.iter().copied()),
        };
        let problem = Diagnostic::new("config-unknown-key", span, format!("unknown key `{}`", shown(key)));
        self.problems.push(problem.label(format!("expected one of {}", listed(&names))).hint(hint));
    }

    fn map(&mut self, node: &Node, kind: &Kind, shape: &Shape, min: usize, max: usize) {
        self.count(node, node.entries().len(), min, max);
        for entry in node.entries() {
            self.text(&entry.key, &entry.key_span, kind);
            self.value(&entry.node, shape);
        }
    }

    fn list(&mut self, node: &Node, shape: &Shape, min: usize, max: usize) {
        self.count(node, node.items().len(), min, max);
        for item in node.items() {
            self.value(item, shape);
        }
        // One pattern may be fine and the set too large; compiled once more here, cheaply.
        if matches!(shape, Shape::Text(kind) if std::ptr::eq(*kind, &super::kinds::GLOB)) {
            let patterns: Vec<&str> = node.items().iter().filter_map(Node::text).collect();
            if let Err((_, error @ crate::globs::BadGlob::TooLarge(_))) = Globs::new(&patterns) {
                self.problems.push(Diagnostic::new("config-bad-glob", &node.span, error.to_string()));
            }
        }
    }

    fn count(&mut self, node: &Node, count: usize, min: usize, max: usize) {
        if count < min {
            let what = if matches!(node.value, Value::Map(_)) { "map" } else { "list" };
            let problem = Diagnostic::new("config-empty", &node.span, format!("this {what} is empty"));
            self.problems.push(problem.label("expected at least one entry"));
        } else if count > max {
            let message = format!("{count} entries; at most {max} are possible here");
            self.problems.push(Diagnostic::new("config-too-many", &node.span, message));
        }
    }

    fn script(&mut self, node: &Node, text: &str) {
        if node.is_null() || text.trim().is_empty() {
            self.wrong_type(node, &Shape::Command);
        } else {
            self.text(text, &node.span, &super::kinds::WORD);
        }
    }

    fn scalar(&mut self, node: &Node, shape: &Shape, text: &str, plain: bool) {
        let wrong = |code, why: String| {
            Diagnostic::new(code, &node.span, why).label(format!("expected {}", shape.expected()))
        };
        let found = format!("`{}`", shown(text));
        let problem = match shape {
            _ if node.is_null() => return self.wrong_type(node, shape),
            Shape::Text(kind) if plain && kind.pattern.is_some() && is_no_text(text) => {
                wrong("config-wrong-type", format!("expected {}, found {found}, which is no text", kind.what))
                    .hint(format!("write it in quotes: `\"{}\"`", shown(text)))
            }
            Shape::Text(kind) => return self.text(text, &node.span, kind),
            Shape::Choice(names) => return self.choice(node, text, names, shape),
            Shape::ReportFormat => {
                let names: Vec<&str> = self.known.report_formats.iter().copied().chain(["junit"]).collect();
                return self.choice(node, text, &names, shape);
            }
            Shape::Provider => return self.choice(node, text, self.known.providers, shape),
            Shape::Bool if plain && as_bool(text).is_some() => return,
            Shape::Whole { min, max } => match text.parse::<u64>() {
                Ok(number) if plain && (*min..=*max).contains(&number) && !text.starts_with('+') => return,
                Ok(_) if plain => wrong("config-out-of-range", format!("{found} is out of range")),
                _ => return self.wrong_type(node, shape),
            },
            Shape::Duration { min, max } => match scalar::parse_duration(text) {
                Some(duration) if (*min..=*max).contains(&duration) => return,
                Some(_) => {
                    let (min, max) = (scalar::show_duration(*min), scalar::show_duration(*max));
                    Diagnostic::new("config-out-of-range", &node.span, format!("{found} is out of range"))
                        .label(format!("expected a duration from {min} to {max}"))
                }
                None => wrong("config-bad-duration", format!("{found} is not a duration"))
                    .hint("units are `ms`, `s`, `m`, `h` and `d`".to_owned()),
            },
            Shape::Size { min } => match scalar::parse_size(text) {
                Some(size) if size >= *min => return,
                Some(_) => wrong("config-out-of-range", format!("{found} is too small"))
                    .label(format!("expected at least {}", scalar::show_size(*min))),
                None => wrong("config-bad-size", format!("{found} is not a size"))
                    .hint("units are `B`, `KiB`, `MiB`, `GiB`, `TiB`, `KB`, `MB`, `GB` and `TB`".to_owned()),
            },
            Shape::Percent => match scalar::parse_percent(text) {
                Some(1..=100_000) => return,
                _ => wrong("config-bad-percent", format!("{found} is not a percentage")),
            },
            _ => return self.wrong_type(node, shape),
        };
        self.problems.push(problem);
    }

    fn choice(&mut self, node: &Node, text: &str, names: &[&str], shape: &Shape) {
        if names.contains(&text) {
            return;
        }
        let message = format!("`{}` is not {}", shown(text), shape.expected());
        let problem = Diagnostic::new("config-unknown-value", &node.span, message);
        let hint = did_you_mean(text, names.iter().copied());
        self.problems.push(problem.label(format!("expected one of {}", listed(names))).hint(hint));
    }

    fn text(&mut self, text: &str, span: &Range<usize>, kind: &Kind) {
        if let Err(Refusal { code, why, hint }) = (kind.check)(text) {
            let message = format!("`{}` is not {}: {why}", shown(text), kind.what);
            self.problems.push(
                Diagnostic::new(code, span, message).label(format!("expected {}", kind.what)).hint(hint),
            );
        } else if std::ptr::eq(kind, &super::kinds::NETWORK)
            && let Some(name) = text.strip_prefix("registry:")
        {
            self.registry(name, span);
        }
    }

    fn registry(&mut self, name: &str, span: &Range<usize>) {
        let names = self.known.registries;
        if !names.contains(&name) {
            let message = format!("there is no registry `{}`", shown(name));
            let problem = Diagnostic::new("config-unknown-registry", span, message);
            let near = nearest(name, names.iter().copied());
            let hint = near.map(|name| format!("did you mean `registry:{name}`?"));
            self.problems.push(problem.label(format!("expected one of {}", listed(names))).hint(hint));
        }
    }

    fn wrong_type(&mut self, node: &Node, shape: &Shape) {
        let (found, hint) = match &node.value {
            _ if node.is_null() => ("nothing".to_owned(), None),
            Value::List(_) => ("a list".to_owned(), None),
            Value::Map(_) => ("a map".to_owned(), None),
            Value::Scalar { text, plain } => (format!("`{}`", shown(text)), scalar_hint(shape, text, *plain)),
        };
        let expected = shape.expected();
        let problem =
            Diagnostic::new("config-wrong-type", &node.span, format!("expected {expected}, found {found}"));
        self.problems.push(problem.label(format!("expected {expected}")).hint(hint));
    }
}

fn scalar_hint(shape: &Shape, text: &str, plain: bool) -> Option<String> {
    const YES: [&str; 4] = ["yes", "on", "y", "no"];
    match shape {
        Shape::Bool if YES.iter().chain(&["off", "n"]).any(|word| text.eq_ignore_ascii_case(word)) => {
            Some("`yes`, `no`, `on` and `off` are text in YAML 1.2".to_owned())
        }
        Shape::Bool | Shape::Whole { .. } if !plain => Some("remove the quotes".to_owned()),
        Shape::List { .. } => Some(format!("write `[{}]`", shown(text))),
        _ => None,
    }
}

/// Whether a plain scalar is a number or a boolean in the YAML 1.2 core schema.
fn is_no_text(text: &str) -> bool {
    let digits = text.bytes().any(|byte| byte.is_ascii_digit());
    let based =
        text.strip_prefix("0x").map(|hex| (hex, 16)).or_else(|| text.strip_prefix("0o").map(|o| (o, 8)));
    as_bool(text).is_some()
        || digits && text.parse::<f64>().is_ok()
        || based.is_some_and(|(number, base)| number.chars().all(|c| c.is_digit(base)))
}

/// YAML 1.2 core schema.
pub(crate) fn as_bool(text: &str) -> Option<bool> {
    match text {
        "true" | "True" | "TRUE" => Some(true),
        "false" | "False" | "FALSE" => Some(false),
        _ => None,
    }
}
