//! One file: text or not, matches, overlaps, allowed lines.

use std::ops::Range;

use model::{Confidence, Coverage, Finding, FindingId, Place, Sha256, Technique};

use super::{
    ALLOW_MARK, TOOL, entropy,
    matcher::Matcher,
    rules::{Rule, Strength},
};

/// Most findings in one file; more than this is data, not source, and is told.
const MOST_FINDINGS: usize = 500;

/// Searches the content of one file.
pub fn scan(
    path: &str,
    bytes: Vec<u8>,
    matcher: &Matcher,
    findings: &mut Vec<Finding>,
    coverage: &mut Coverage,
) {
    let Some(text) = text(bytes) else { return coverage.skip(path, "binary") };
    coverage.scanned += 1;
    let mut taken: Vec<Range<usize>> = Vec::new();
    for (rule, expression) in matcher.candidates(&text) {
        for captures in expression.captures_iter(&text) {
            let Some(secret) = captures.get(1).or_else(|| captures.get(0)) else { continue };
            let range = secret.range();
            // Earlier rules are more specific: what they took is not reported again.
            let overlaps = taken.iter().any(|t| t.start < range.end && range.start < t.end);
            let after = &text[range.end..text.len().min(range.end + 100)];
            let whole = captures.get(0).map_or(range.start, |all| all.start());
            let listed =
                follows_comma(&text[whole..range.start]) && entropy::is_camel_case(secret.as_bytes());
            if overlaps || listed || !accept(rule, path, secret.as_bytes(), after) {
                continue;
            }
            if taken.len() == MOST_FINDINGS {
                return coverage
                    .skip(path, format!("more than {MOST_FINDINGS} credentials: the rest is not listed"));
            }
            let (line, content) = line_at(&text, range.start);
            taken.push(range);
            if contains(content, ALLOW_MARK.as_bytes()) {
                coverage.skip(format!("{path}:{line}"), format!("allowed by `{ALLOW_MARK}` on the line"));
                continue;
            }
            findings.push(finding(rule, path, line, secret.as_bytes()));
        }
    }
}

/// Whether a value comes after a comma, as in `set("token", "…")`: then it may be the next of many names.
fn follows_comma(before: &[u8]) -> bool {
    let quoted = |b: &u8| matches!(b, b'"' | b'\'' | b'`') || b.is_ascii_whitespace();
    before.iter().rev().find(|b| !quoted(b)) == Some(&b',')
}

/// Text is what has no NUL near its beginning; UTF-16 with a byte order mark is converted.
fn text(bytes: Vec<u8>) -> Option<Vec<u8>> {
    let wide = |order: fn([u8; 2]) -> u16| {
        let (pairs, _) = bytes[2..].as_chunks::<2>();
        let units: Vec<u16> = pairs.iter().map(|pair| order(*pair)).collect();
        Some(String::from_utf16_lossy(&units).into_bytes())
    };
    match bytes.as_slice() {
        [0xff, 0xfe, ..] => wide(u16::from_le_bytes),
        [0xfe, 0xff, ..] => wide(u16::from_be_bytes),
        all if all[..all.len().min(8192)].contains(&0) => None,
        _ => Some(bytes),
    }
}

fn accept(rule: &Rule, path: &str, secret: &[u8], after: &[u8]) -> bool {
    if entropy::shannon(secret) < rule.entropy || rule.files.is_some_and(|fits| !fits(path)) {
        return false;
    }
    if rule.id.ends_with("url-password")
        && (entropy::is_common_word(secret) || entropy::is_documentation_host(after))
    {
        return false;
    }
    match rule.strength {
        // A format with its own prefix is a token even if a word in it looks like a placeholder;
        // only the documented examples of providers are left out.
        Strength::Format => !contains(&secret.to_ascii_uppercase(), b"EXAMPLE"),
        Strength::Context => !entropy::is_placeholder(secret),
        Strength::Guess => !entropy::is_placeholder(secret) && entropy::could_be_secret(secret),
    }
}

fn contains(text: &[u8], part: &[u8]) -> bool {
    text.windows(part.len()).any(|window| window == part)
}

/// Number and content of the line that holds the byte at `at`.
fn line_at(text: &[u8], at: usize) -> (u32, &[u8]) {
    let before = &text[..at];
    let number = before.iter().filter(|b| **b == b'\n').count() + 1;
    let start = before.iter().rposition(|b| *b == b'\n').map_or(0, |p| p + 1);
    let end = text[at..].iter().position(|b| *b == b'\n').map_or(text.len(), |p| at + p);
    (u32::try_from(number).unwrap_or(u32::MAX), &text[start..end])
}

fn finding(rule: &Rule, path: &str, line: u32, secret: &[u8]) -> Finding {
    // White space inside a key (line ends, indentation) is not part of what it is.
    let bare: Vec<u8> = secret.iter().copied().filter(|b| !b.is_ascii_whitespace()).collect();
    Finding {
        id: FindingId(Sha256([0; 32])),
        scanner: TOOL.to_owned(),
        rule: rule.id.to_owned(),
        technique: Technique::Secrets,
        severity: rule.severity,
        confidence: match rule.strength {
            Strength::Format => Confidence::High,
            Strength::Context => Confidence::Medium,
            Strength::Guess => Confidence::Low,
        },
        title: format!("{} in a file", rule.title),
        message: format!("{} ({} characters) stands in clear text.", rule.title, bare.len()),
        cwe: vec![if rule.id.contains("private-key") { 321 } else { 798 }],
        aliases: Vec::new(),
        place: Place::Secret { path: path.to_owned(), line: Some(line), fingerprint: Sha256::of(&bare) },
        fix: Some(
            "Revoke it where it was issued, remove it from the file and its history, and pass it in at run time.".to_owned(),
        ),
        help: None,
        cvss: None,
    }
}
