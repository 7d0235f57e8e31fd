//! Kinds of text: names, paths, patterns, destinations, and how each is checked.

use model::{
    Technique,
    requirement::{Date, is_id},
    version::Requirement,
};

use super::{Kind, Refusal, listed};
use crate::{config, globs::Globs, network::NetworkRule, path, suggest::did_you_mean};

/// Longest free text.
const LONGEST: usize = 64 * 1024;
/// Longest line for people, in bytes.
const LONGEST_SENTENCE: usize = 4000;

fn refuse<T>(code: &'static str, why: impl Into<String>) -> Result<T, Refusal> {
    Err(Refusal { code, why: why.into(), hint: None })
}

pub(crate) fn name(text: &str) -> Result<(), Refusal> {
    let fits = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || b"._-".contains(&byte);
    if text.is_empty() || text.len() > 64 {
        return refuse("config-bad-name", "it must have 1 to 64 characters");
    }
    if !text.bytes().all(fits) || text.starts_with(['.', '_', '-']) {
        let why = "only `a-z`, `0-9`, `.`, `_` and `-`, and a letter or digit first";
        let hint = text.to_ascii_lowercase().replace(|c: char| !c.is_ascii() || !fits(c as u8), "-");
        let hint = hint.trim_start_matches(['.', '_', '-']);
        let hint = (!hint.is_empty()).then(|| format!("for example `{hint}`"));
        return Err(Refusal { code: "config-bad-name", why: why.into(), hint });
    }
    Ok(())
}

const NAME_PATTERN: Option<&str> = Some("^[a-z0-9][a-z0-9._-]{0,63}$");

pub(super) static PROJECT: Kind = Kind { what: "a project name", pattern: NAME_PATTERN, check: name };
pub(super) static TOOL: Kind = Kind { what: "a tool name", pattern: NAME_PATTERN, check: name };
pub(super) static STEP: Kind = Kind { what: "a step name", pattern: NAME_PATTERN, check: name };
pub(super) static ENVIRONMENT: Kind =
    Kind { what: "an environment name", pattern: NAME_PATTERN, check: name };

/// Any text that a program can be given.
pub(super) static WORD: Kind = Kind { what: "text", pattern: None, check: word };

fn word(text: &str) -> Result<(), Refusal> {
    match text {
        _ if text.contains('\0') => refuse("config-bad-text", "a NUL character cannot be passed on"),
        _ if text.len() > LONGEST => refuse("config-bad-text", format!("it is longer than {LONGEST} bytes")),
        _ => Ok(()),
    }
}

/// Text with placeholders.
pub(super) static TEMPLATE: Kind = Kind { what: "text with placeholders", pattern: None, check: template };

fn template(text: &str) -> Result<(), Refusal> {
    word(text)?;
    let Err(config::BadPlaceholder(wrong)) = config::check_placeholders(text) else { return Ok(()) };
    let names = config::placeholder_names();
    let near = did_you_mean(&wrong, names.iter().copied());
    let near = near.or_else(|| Some(format!("to mean the braces themselves, write `{{{{{wrong}}}}}`")));
    let why = format!("`{{{wrong}}}` is not one of {}", listed(names));
    Err(Refusal { code: "config-unknown-placeholder", why, hint: near })
}

pub(super) static COMMAND: Kind =
    Kind { what: "a command name or absolute path", pattern: Some("^(/.+|[^/]+)$"), check: command };

fn command(text: &str) -> Result<(), Refusal> {
    word(text)?;
    if text.is_empty() || text.contains(char::is_whitespace) {
        return refuse("config-bad-command", "it must be one word");
    }
    if text.contains('/') && !text.starts_with('/') {
        return refuse("config-bad-command", "a relative path would depend on the caller's folder");
    }
    Ok(())
}

pub(super) static REQUIREMENT: Kind =
    Kind { what: "a version requirement", pattern: None, check: requirement };

fn requirement(text: &str) -> Result<(), Refusal> {
    match text.parse::<Requirement>() {
        Ok(_) => Ok(()),
        Err(_) => {
            let hint = Some("examples: `>=3.9`, `>=1.80, <2`, `3.11`".to_owned());
            Err(Refusal { code: "config-bad-version", why: "it cannot be read".into(), hint })
        }
    }
}

pub(super) static ABSOLUTE: Kind = Kind { what: "an absolute path", pattern: Some("^/"), check: absolute };

fn absolute(text: &str) -> Result<(), Refusal> {
    word(text)?;
    let parts = text.split('/').filter(|part| !part.is_empty()).count();
    if !text.starts_with('/') || parts == 0 || text.split('/').any(|part| part == "..") {
        return refuse("config-bad-path", "it must start with `/`, name something, and have no `..`");
    }
    Ok(())
}

pub(super) static OUTPUT: Kind = Kind { what: "a path inside the tree", pattern: None, check: output };

fn output(text: &str) -> Result<(), Refusal> {
    let Err(error) = path::normalise_literal(text) else { return Ok(()) };
    let (code, hint) = match error {
        path::BadPath::Pattern => ("config-bad-path", Some("name the folder instead".to_owned())),
        path::BadPath::Control => ("config-bad-path", None),
        _ => ("config-output-outside-tree", Some("outputs are relative to the root of the tree".to_owned())),
    };
    Err(Refusal { code, why: error.to_string(), hint })
}

/// As an output, but something that is read.
pub(super) static TREE_PATH: Kind = Kind { what: "a path inside the tree", pattern: None, check: tree_path };

fn tree_path(text: &str) -> Result<(), Refusal> {
    path::normalise(text).map(drop).or_else(|error| refuse("config-bad-path", error.to_string()))
}

/// As a path inside the tree, or in a folder above it: a file that several projects share.
pub(super) static BESIDE: Kind =
    Kind { what: "a path from the root of the tree", pattern: Some("^[^/]"), check: beside };

fn beside(text: &str) -> Result<(), Refusal> {
    path::normalise_beside(text).map(drop).or_else(|error| refuse("config-bad-path", error.to_string()))
}

pub(super) static GLOB: Kind = Kind { what: "a path pattern", pattern: None, check: glob };

fn glob(text: &str) -> Result<(), Refusal> {
    match Globs::new(&[text]) {
        Ok(_) => Ok(()),
        Err((_, error)) => refuse("config-bad-glob", error.to_string()),
    }
}

pub(super) static NETWORK: Kind = Kind {
    what: "a destination such as `host`, `host:port`, `*.domain` or `registry:NAME`",
    pattern: None,
    check: network,
};

fn network(text: &str) -> Result<(), Refusal> {
    text.parse::<NetworkRule>().map(drop).or_else(|error| refuse("config-bad-network", error.to_string()))
}

pub(super) static VARIABLE: Kind =
    Kind { what: "a variable name", pattern: Some("^[A-Za-z_][A-Za-z0-9_]*$"), check: variable };

fn variable(text: &str) -> Result<(), Refusal> {
    let fits = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_';
    let good = text.bytes().all(fits) && !text.starts_with(|c: char| c.is_ascii_digit());
    if text.is_empty() || !good || text.len() > 256 {
        return refuse("config-bad-variable", "only letters, digits and `_`, no digit first");
    }
    Ok(())
}

pub(super) static USER: Kind =
    Kind { what: "a user name", pattern: Some("^[a-z_][a-z0-9_-]{0,31}$"), check: user };

fn user(text: &str) -> Result<(), Refusal> {
    let fits = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || b"_-".contains(&byte);
    let first = text.starts_with(|c: char| c.is_ascii_lowercase() || c == '_');
    if !first || text.len() > 32 || !text.bytes().all(fits) {
        return refuse("config-bad-user", "only `a-z`, `0-9`, `_` and `-`, a letter first, at most 32");
    }
    Ok(())
}

pub(super) static URL_PATH: Kind =
    Kind { what: "a URL path starting with `/`", pattern: Some("^/[^\\s]*$"), check: url_path };

fn url_path(text: &str) -> Result<(), Refusal> {
    if !text.starts_with('/') || text.starts_with("//") || text.chars().any(|c| c <= ' ' || !c.is_ascii()) {
        return refuse("config-bad-path", "it must start with one `/` and have only printable ASCII");
    }
    Ok(())
}

pub(super) static EXPECT: Kind = Kind {
    what: "evidence: `provenance`, `sbom`, `test`, `test:STEP`, `trace`, `scan:TECHNIQUE` or `scan:STEP`",
    pattern: Some("^(provenance|sbom|test|trace|(test|scan):[a-z0-9][a-z0-9._-]*)$"),
    check: expect,
};

fn expect(text: &str) -> Result<(), Refusal> {
    const PLAIN: [&str; 4] = ["provenance", "sbom", "test", "trace"];
    if PLAIN.contains(&text) {
        return Ok(());
    }
    if let Some((_, of)) = text.split_once(':').filter(|(kind, _)| ["test", "scan"].contains(kind)) {
        return name(of);
    }
    let scans = Technique::ALL.map(|technique| format!("scan:{technique}"));
    let near = did_you_mean(text, PLAIN.into_iter().chain(scans.iter().map(String::as_str)));
    let hint = near.or_else(|| Technique::from_name(text).map(|_| format!("write `scan:{text}`")));
    Err(Refusal { code: "config-unknown-expectation", why: "no such evidence".into(), hint })
}

pub(super) static MILESTONE: Kind = Kind { what: "a milestone name", pattern: NAME_PATTERN, check: name };

pub(super) static REQUIREMENT_ID: Kind = Kind {
    what: "the id of a requirement, such as `V1.2.3`",
    pattern: Some("^[A-Za-z]([A-Za-z0-9._-]{0,62}[A-Za-z0-9])?$"),
    check: requirement_id,
};

fn requirement_id(text: &str) -> Result<(), Refusal> {
    match is_id(text) {
        true => Ok(()),
        false => refuse(
            "config-bad-name",
            "a letter first, a letter or digit last, only letters, digits, `.`, `_` and `-`, at most 64",
        ),
    }
}

/// One line for people.
pub(super) static SENTENCE: Kind = Kind { what: "one line of text", pattern: None, check: sentence };

fn sentence(text: &str) -> Result<(), Refusal> {
    match text {
        _ if text.trim().is_empty() => refuse("config-bad-text", "it says nothing"),
        _ if text.len() > LONGEST_SENTENCE => {
            refuse("config-bad-text", format!("it is longer than {LONGEST_SENTENCE} bytes"))
        }
        _ if text.trim_end().contains(char::is_control) => {
            refuse("config-bad-text", "it has a line break or a control character")
        }
        _ => Ok(()),
    }
}

/// Why somebody decided something.
pub(super) static REASON: Kind =
    Kind { what: "a reason of at least 10 characters", pattern: None, check: reason };

fn reason(text: &str) -> Result<(), Refusal> {
    sentence(text)?;
    match text.trim().chars().count() {
        0..10 => refuse("config-bad-text", "it has fewer than 10 characters"),
        _ => Ok(()),
    }
}

pub(super) static DATE: Kind =
    Kind { what: "a date such as `2027-01-31`", pattern: Some("^\\d{4}-\\d{2}-\\d{2}$"), check: date };

fn date(text: &str) -> Result<(), Refusal> {
    match text.len() == 10 && text.parse::<Date>().is_ok() {
        true => Ok(()),
        false => refuse("config-bad-date", "there is no such day"),
    }
}
