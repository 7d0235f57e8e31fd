//! Numbers of the Common Weakness Enumeration out of everything that tools write them as.

/// Hard-coded credentials: CWE-259 (password), 321 (key), 798 (any). Messages about these may quote
/// the credential, so they are masked.
pub const IS_CREDENTIAL: [u32; 3] = [259, 321, 798];

/// The number in `CWE-89`, `CWE-89: SQL Injection`, `external/cwe/cwe-089`, `89`, a link to
/// `…/definitions/89.html`. Nothing when there is none or it cannot be a CWE (1 to 99,999).
pub fn parse(text: &str) -> Option<u32> {
    let text = text.trim();
    if let Some(number) = number(text).filter(|_| text.bytes().all(|b| b.is_ascii_digit())) {
        return Some(number);
    }
    let lower = text.get(..text.len().min(300)).unwrap_or_default().to_ascii_lowercase();
    let after_cwe = lower.match_indices("cwe").find_map(|(n, _)| {
        let rest = lower[n + 3..].trim_start_matches(['-', '_', ':', ' ', '#']);
        number(rest)
    });
    after_cwe.or_else(|| number(lower.split_once("/definitions/")?.1))
}

/// All numbers of several texts, in order, each once.
pub fn parse_all<'t>(texts: impl IntoIterator<Item = &'t str>) -> Vec<u32> {
    let mut all = Vec::new();
    for number in texts.into_iter().filter_map(parse) {
        if !all.contains(&number) {
            all.push(number);
        }
    }
    all
}

fn number(text: &str) -> Option<u32> {
    let end = text.bytes().position(|b| !b.is_ascii_digit()).unwrap_or(text.len());
    text[..end].parse().ok().filter(|n| (1..100_000).contains(n))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_spelling_gives_the_number() {
        for text in [
            "CWE-89",
            "cwe-089: SQL Injection",
            "external/cwe/cwe-089",
            "89",
            "CWE 89",
            "cwe_89",
            "https://cwe.example/data/definitions/89.html",
        ] {
            assert_eq!(parse(text), Some(89), "{text}");
        }
        for text in ["", "security", "CWE-", "CWE-0", "OWASP-A1", "12345678901234567890"] {
            assert_eq!(parse(text), None, "{text}");
        }
    }
}
