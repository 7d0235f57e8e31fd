//! How moments, sizes, digests and addresses are written for people.

use model::{Timestamp, evidence::Outcome};

/// `2026-11-23 02:37:05 UTC`.
pub(crate) fn moment(at: &Timestamp) -> String {
    at.strftime("%Y-%m-%d %H:%M:%S UTC").to_string()
}

/// `2026-11-23T02:37:05Z`, for `datetime` attributes.
pub(crate) fn iso(at: &Timestamp) -> String {
    at.strftime("%Y-%m-%dT%H:%M:%SZ").to_string()
}

/// `5 min ago`; moments in the future are `now` up to a minute, then `in 3 h`.
pub(crate) fn ago(now: &Timestamp, at: &Timestamp) -> String {
    let seconds = now.as_second() - at.as_second();
    if seconds < -60 {
        return format!("in {}", rough(-seconds));
    }
    if seconds < 10 { "now".to_owned() } else { format!("{} ago", rough(seconds)) }
}

fn rough(seconds: i64) -> String {
    match seconds {
        ..60 => format!("{seconds} s"),
        60..3600 => format!("{} min", seconds / 60),
        3600..172_800 => format!("{} h", seconds / 3600),
        172_800..5_184_000 => format!("{} days", seconds / 86_400),
        _ => format!("{} months", seconds / 2_629_746),
    }
}

/// With a capital letter and a full stop.
pub(crate) fn sentence(text: &str) -> String {
    let mut chars = text.trim().chars();
    let first = chars.next().map(|first| first.to_uppercase().collect::<String>()).unwrap_or_default();
    let text = first + chars.as_str();
    if text.ends_with(['.', '?', '!']) { text } else { text + "." }
}

/// Several lines as a form sends them, with plain line ends, without space around.
pub(crate) fn typed(text: &str) -> String {
    text.replace("\r\n", "\n").trim().to_owned()
}

/// The day (UTC) of a moment, `2026-11-23`.
pub(crate) fn day(at: &Timestamp) -> String {
    at.strftime("%Y-%m-%d").to_string()
}

/// `1 rule`, `2 rules`.
pub(crate) fn many(n: &u64, one: &str) -> String {
    format!("{n} {one}{}", if *n == 1 { "" } else { "s" })
}

/// The word for an outcome.
pub(crate) fn outcome(outcome: &Outcome) -> &'static str {
    match outcome {
        Outcome::Pass => "pass",
        Outcome::Warn => "warn",
        Outcome::Deny => "deny",
    }
}

/// `820 ms`, `4.2 s`, `3 min 20 s`.
pub(crate) fn span(start: &Timestamp, end: &Timestamp) -> String {
    let millis = (end.as_millisecond() - start.as_millisecond()).max(0);
    match millis {
        ..1000 => format!("{millis} ms"),
        1000..60_000 => format!("{}.{} s", millis / 1000, millis % 1000 / 100),
        60_000..3_600_000 => format!("{} min {} s", millis / 60_000, millis % 60_000 / 1000),
        _ => format!("{} h {} min", millis / 3_600_000, millis % 3_600_000 / 60_000),
    }
}

/// `512 B`, `1.5 MB` (powers of 1000).
pub(crate) fn size(bytes: &u64) -> String {
    let units = [("GB", 1_000_000_000), ("MB", 1_000_000), ("kB", 1000)];
    match units.into_iter().find(|(_, unit)| bytes >= unit) {
        Some((name, unit)) => format!("{}.{} {name}", bytes / unit, bytes % unit * 10 / unit),
        None => format!("{bytes} B"),
    }
}

/// The first 12 characters of a digest or commit.
pub(crate) fn short(text: impl ToString) -> String {
    text.to_string().chars().take(12).collect()
}

/// At most `most` characters, with an ellipsis.
pub(crate) fn cut(text: &str, most: usize) -> String {
    if text.chars().count() <= most {
        return text.to_owned();
    }
    text.chars().take(most.saturating_sub(1)).chain(['…']).collect()
}

/// One path segment or query value (RFC 3986 unreserved characters stay).
pub(crate) fn url(text: &str) -> String {
    let mut out = String::new();
    for byte in text.bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'_' | b'.' | b'~' => out.push(byte.into()),
            _ => out.push_str(&format!("%{byte:02X}")),
        }
    }
    out
}

/// `?a=1&b=2` of the pairs that have a value.
pub(crate) fn query<'a>(pairs: impl IntoIterator<Item = (&'a str, Option<&'a str>)>) -> String {
    let mut out = String::new();
    for (name, value) in pairs {
        if let Some(value) = value.filter(|value| !value.is_empty()) {
            out.push(if out.is_empty() { '?' } else { '&' });
            out.push_str(&format!("{name}={}", url(value)));
        }
    }
    out
}

/// Terminal output as plain text: without escape sequences and control characters but line ends and tabs.
pub(crate) fn plain(bytes: &[u8]) -> String {
    let text = String::from_utf8_lossy(bytes);
    let mut out = String::with_capacity(text.len());
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        match c {
            '\u{1b}' => skip_escape(&mut chars),
            '\r' if chars.peek() != Some(&'\n') => out.push('\n'),
            '\n' | '\t' => out.push(c),
            c if c.is_control() || is_direction(c) => {}
            c => out.push(c),
        }
    }
    out
}

/// Characters that reorder the text around them, which would show a log other than it is.
fn is_direction(c: char) -> bool {
    matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

/// ECMA-48: `ESC [ … final`, `ESC ] … BEL`, or two characters.
fn skip_escape(chars: &mut std::iter::Peekable<std::str::Chars<'_>>) {
    match chars.next() {
        Some('[') => while chars.next_if(|c| !('@'..='~').contains(c)).is_some() {},
        Some(']') => {
            while chars.next_if(|c| !matches!(c, '\u{7}' | '\u{1b}' | '\n')).is_some() {}
            if chars.next_if_eq(&'\u{1b}').is_some() {
                chars.next_if_eq(&'\\');
            } else {
                chars.next_if_eq(&'\u{7}');
            }
            return;
        }
        _ => return,
    }
    chars.next();
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn terminal_output_becomes_plain_text() {
        let cases = [
            ("\u{1b}[1;31merror\u{1b}[0m: no", "error: no"),
            ("\u{1b}]0;title\u{7}a\u{8}b", "ab"),
            ("\u{1b}]8;;x\u{1b}\\link", "link"),
            ("10%\r20%\r\n", "10%\n20%\n"),
            ("a\u{202e}b\u{0}c", "abc"),
            ("\u{1b}", ""),
            ("\u{1b}[", ""),
        ];
        for (raw, plain_text) in cases {
            assert_eq!(plain(raw.as_bytes()), plain_text, "{raw:?}");
        }
        assert_eq!(plain(b"\xff"), "\u{fffd}");
    }

    #[test]
    fn numbers_are_told_in_their_unit() {
        let at = |seconds: i64| Timestamp::from_second(seconds).unwrap();
        assert_eq!(ago(&at(7200), &at(0)), "2 h ago");
        assert_eq!(ago(&at(0), &at(7200)), "in 2 h");
        assert_eq!(span(&at(0), &at(200)), "3 min 20 s");
        assert_eq!(size(&1_534_000), "1.5 MB");
        assert_eq!(query([("a", Some("x y&")), ("b", None), ("c", Some("1"))]), "?a=x%20y%26&c=1");
    }

    proptest::proptest! {
        #[test]
        fn any_output_becomes_text_without_control_characters(bytes: Vec<u8>) {
            let text = plain(&bytes);
            proptest::prop_assert!(text.chars().all(|c| !c.is_control() || matches!(c, '\n' | '\t')));
        }

        #[test]
        fn addresses_keep_nothing_that_could_end_them(text: String) {
            let harmless = |c: char| c.is_ascii_alphanumeric() || "-_.~%".contains(c);
            proptest::prop_assert!(url(&text).chars().all(harmless));
        }
    }
}
