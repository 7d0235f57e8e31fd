//! Credentials: recognised by a digest, never kept.

use std::borrow::Cow;

use model::{Hasher, Sha256};

/// What stands where a credential was.
pub const MASK: &str = "***";

/// Whether a tool wrote a placeholder instead of code (`REDACTED`, `requires login`).
pub fn is_withheld(code: &str) -> bool {
    let code = code.trim();
    let lower = code.get(..24).unwrap_or(code).to_ascii_lowercase();
    lower.starts_with("requires login") || lower == "redacted" || lower.starts_with("[redacted")
}

/// Whether a credential is already hidden, wholly or in part: `REDACTED`, asterisks, `abc...`.
pub fn is_redacted(secret: &str) -> bool {
    let secret = secret.trim();
    secret.is_empty()
        || secret.to_ascii_uppercase().contains("REDACTED")
        || secret.contains("****")
        || secret.contains("…")
        || secret.ends_with("...")
        || secret.chars().all(|c| matches!(c, '*' | 'x' | 'X' | '.'))
}

/// Fingerprint of a credential that the report shows: SHA-256 of it, trimmed. Every scanner that
/// sees the same credential gives the same fingerprint.
pub fn fingerprint(secret: &str) -> Sha256 {
    Sha256::of(secret.trim())
}

/// Fingerprint where the credential is hidden: digest of what else stays the same while lines move.
/// `parts` are e.g. scanner, rule, path and the redacted match with white space folded.
pub fn substitute(parts: &[&str]) -> Sha256 {
    let mut hasher = Hasher::new();
    hasher.update(b"proofhouse-hidden-secret-v1");
    for part in parts {
        let folded: Vec<&str> = part.split_whitespace().collect();
        let folded = folded.join(" ");
        hasher.update(&(folded.len() as u64).to_be_bytes());
        hasher.update(folded.as_bytes());
    }
    hasher.finish()
}

/// `text` with every occurrence of `secret` masked; secrets under four characters stay, because
/// masking them would only garble the text.
pub fn hide<'t>(text: &'t str, secret: &str) -> Cow<'t, str> {
    let secret = secret.trim();
    if secret.len() < 4 || !text.contains(secret) {
        return Cow::Borrowed(text);
    }
    Cow::Owned(text.replace(secret, MASK))
}

/// `text` with quoted values masked that follow a colon or an equals sign, as in
/// `Possible hardcoded password: 'hunter2'`.
pub fn mask_values(text: &str) -> String {
    let (mut out, mut rest) = (String::with_capacity(text.len()), text);
    while let Some((start, quote)) = next_quote(rest) {
        let body = start + quote.len_utf8();
        let Some(length) = closing(&rest[body..], quote) else { break };
        let before = rest[..start].trim_end();
        out.push_str(&rest[..body]);
        if before.ends_with([':', '=']) {
            out.push_str(MASK);
        } else {
            out.push_str(&rest[body..body + length]);
        }
        out.push(quote);
        rest = &rest[body + length + quote.len_utf8()..];
    }
    out.push_str(rest);
    out
}

fn next_quote(text: &str) -> Option<(usize, char)> {
    text.char_indices().find(|(n, c)| {
        // An apostrophe inside a word opens nothing.
        matches!(c, '"' | '`') || (*c == '\'' && !text[..*n].ends_with(char::is_alphanumeric))
    })
}

/// The end of a quoted text. A message may quote a value that holds the quote itself, so the last
/// quote of the line that ends a word counts when the value was opened after a colon.
fn closing(text: &str, quote: char) -> Option<usize> {
    let line = text.split('\n').next().unwrap_or(text);
    let ends_word = |n: &usize| {
        let after = line[n + quote.len_utf8()..].chars().next();
        after.is_none_or(|c| c.is_whitespace() || matches!(c, ',' | '.' | ';' | ')' | ']' | '}'))
    };
    line.match_indices(quote).map(|(n, _)| n).find(ends_word).or_else(|| line.find(quote))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quoted_values_are_masked_and_names_are_not() {
        assert_eq!(
            mask_values("Possible hardcoded password: 'hun'ter2'"),
            "Possible hardcoded password: '***'"
        );
        assert_eq!(mask_values("key = \"abc\", don't use 'md5'"), "key = \"***\", don't use 'md5'");
        assert_eq!(mask_values("open: 'never closed"), "open: 'never closed");
    }

    #[test]
    fn hidden_credentials_are_recognised() {
        for hidden in ["REDACTED", "[REDACTED:cdf8]", "AKIA****", "ghp_ab...", "", "xxxx"] {
            assert!(is_redacted(hidden), "{hidden}");
        }
        assert!(!is_redacted("AKIAPYCDYBK377OXTZQ6"));
        assert_eq!(hide("token tok-12345 leaked", "tok-12345"), "token *** leaked");
    }

    proptest::proptest! {
        #[test]
        fn masking_is_total(text: String, secret: String) {
            let masked = hide(&text, &secret).into_owned();
            proptest::prop_assert!(secret.trim().len() < 4 || MASK.contains(secret.trim())
                || !masked.replace(MASK, "").contains(secret.trim()) || masked.contains(secret.trim()));
            mask_values(&text);
        }
    }
}
