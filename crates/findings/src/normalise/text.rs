//! Texts from reports, bounded and without anything a terminal or browser would act on.

/// Longest title, in characters.
pub const TITLE: usize = 300;
/// Longest message, in characters.
pub const MESSAGE: usize = 8 * 1024;

/// Control characters, and the invisible ones that reorder or hide text (Unicode bidirectional
/// controls, zero-width characters, byte order mark).
pub fn is_unwanted(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{2069}' | '\u{feff}')
}

/// Whether [`line()`] would change nothing; most texts are like that.
pub(crate) fn is_line(text: &str, most: usize) -> bool {
    let bytes = text.as_bytes();
    let plain = bytes.len() <= most && bytes.iter().all(|b| (0x20..0x7f).contains(b));
    plain
        && !bytes.starts_with(b" ")
        && !bytes.ends_with(b" ")
        && memchr::memmem::find(bytes, b"  ").is_none()
}

/// Whether [`block`] would change nothing.
pub(crate) fn is_block(text: &str, most: usize) -> bool {
    let plain = |b: &u8| (0x20..0x7f).contains(b) || matches!(b, b'\n' | b'\t');
    text.len() <= most && text.as_bytes().iter().all(plain) && text.trim().len() == text.len()
}

/// One line of at most `most` characters: white space folded, unwanted characters dropped.
pub fn line(text: &str, most: usize) -> String {
    if is_line(text, most) {
        return text.to_owned();
    }
    let mut out = String::with_capacity(text.len().min(most * 4));
    let mut count = 0;
    for word in text.split_whitespace() {
        if count >= most {
            return cut(out);
        }
        let gap = usize::from(count > 0);
        let clean = word.chars().filter(|c| !is_unwanted(*c));
        let start = out.len();
        if gap == 1 {
            out.push(' ');
            count += 1;
        }
        let before = out.len();
        for c in clean {
            if count >= most {
                return cut(out);
            }
            out.push(c);
            count += 1;
        }
        if out.len() == before {
            out.truncate(start);
            count -= gap;
        }
    }
    out
}

/// Several lines of at most `most` characters: tabs and line breaks stay, the rest as [`line()`].
pub fn block(text: &str, most: usize) -> String {
    if is_block(text, most) {
        return text.to_owned();
    }
    let mut out = String::with_capacity(text.len().min(most));
    for (count, c) in text.trim().chars().filter(|c| matches!(c, '\n' | '\t') || !is_unwanted(*c)).enumerate()
    {
        if count >= most {
            return cut(out);
        }
        out.push(c);
    }
    out
}

/// Marks that something was cut off, without growing.
fn cut(mut text: String) -> String {
    text.pop();
    text.push('…');
    text
}

/// The first sentence of a text, as a title. Nothing for a blank text.
pub fn first_sentence(text: &str) -> Option<String> {
    let first = text.trim().lines().next()?.trim();
    let end = first.match_indices(". ").map(|(n, _)| n).find(|n| *n >= 10).unwrap_or(first.len());
    let sentence = line(first[..end].trim_end_matches(['.', ':']), TITLE);
    (!sentence.is_empty()).then_some(sentence)
}

/// An `http` or `https` address of at most 2,000 characters, or nothing: it becomes a link.
pub fn link(text: &str) -> Option<String> {
    let text = text.trim();
    let web = text.starts_with("https://") || text.starts_with("http://");
    let plain = text.chars().all(|c| !c.is_whitespace() && !is_unwanted(c) && !matches!(c, '"' | '<' | '>'));
    (web && plain && text.len() <= 2000).then(|| text.to_owned())
}

/// SARIF embedded links `[text](target)` as their text (SARIF 2.1.0, 3.11.6).
pub fn without_links(text: &str) -> String {
    if !text.contains("](") {
        return text.to_owned();
    }
    let (mut out, mut rest) = (String::with_capacity(text.len()), text);
    while let Some(middle) = rest.find("](") {
        let open = rest[..middle].rfind('[');
        let close = rest[middle..].find(')');
        let (Some(open), Some(close)) = (open, close) else { break };
        out.push_str(&rest[..open]);
        out.push_str(&rest[open + 1..middle]);
        rest = &rest[middle + close + 1..];
    }
    out.push_str(rest);
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_are_bounded_and_harmless() {
        assert_eq!(line("  a \u{1b}[31m\tb\u{202e}c \u{7} d\n", 80), "a [31m bc d");
        assert_eq!(line(&"x".repeat(400), TITLE).chars().count(), TITLE);
        assert_eq!(block("a\r\n\tb\u{0}", 80), "a\n\tb");
        assert_eq!(block("abcdef", 3), "ab…");
    }

    proptest::proptest! {
        #[test]
        fn no_text_is_longer_than_allowed(text in "([a-z]{1,9}|[ \\PC\n\u{0}]{0,3}){0,12}", most in 1..40_usize) {
            let (line, block) = (line(&text, most), block(&text, most));
            proptest::prop_assert!(line.chars().count() <= most && !line.chars().any(is_unwanted), "{:?}", line);
            proptest::prop_assert!(block.chars().count() <= most);
        }
    }

    #[test]
    fn a_title_is_the_first_sentence() {
        let text = "Possible SQL injection. Use parameters.\nMore";
        assert_eq!(first_sentence(text).as_deref(), Some("Possible SQL injection"));
        assert_eq!(first_sentence("e.g. a short one").as_deref(), Some("e.g. a short one"));
        assert_eq!(first_sentence(" \n"), None);
    }

    #[test]
    fn links_are_links_and_embedded_ones_are_text() {
        assert_eq!(link("javascript:alert(1)"), None);
        assert_eq!(link("https://rules.example/B1").as_deref(), Some("https://rules.example/B1"));
        assert_eq!(without_links("from [user input](1) to [here](2)."), "from user input to here.");
        assert_eq!(without_links("a](b [c"), "a](b [c");
    }
}
