//! `proofhouse:allow RULE-ID reason` in a comment, on the line of a finding or the line before.

/// What the comment at a finding says.
#[derive(Debug, PartialEq, Eq)]
pub enum Allowed<'a> {
    /// Nothing about this rule.
    No,
    /// The rule is named, but no reason is given, so it does not count.
    WithoutReason,
    /// Left out, with this reason.
    Because(&'a str),
}

const MARK: &str = "proofhouse:allow";

/// Looks at line `line` (from 1) and the one before it. `comment` starts a line comment.
pub fn allowed<'a>(lines: &[&'a str], line: u32, rule: &str, comment: &str) -> Allowed<'a> {
    let at = line.saturating_sub(1) as usize;
    let here = lines.get(at).and_then(|text| reason(text, rule, comment));
    let above = at.checked_sub(1).and_then(|n| lines.get(n));
    match here.or_else(|| above.and_then(|text| reason(text, rule, comment))) {
        None => Allowed::No,
        Some("") => Allowed::WithoutReason,
        Some(reason) => Allowed::Because(reason),
    }
}

fn reason<'a>(line: &'a str, rule: &str, comment: &str) -> Option<&'a str> {
    let (before, after) = line.split_once(MARK)?;
    let commented = before.contains(comment) || before.contains("/*");
    let (named, reason) = after.trim_start().split_once(char::is_whitespace).unwrap_or((after.trim(), ""));
    (commented && named == rule).then(|| reason.trim_end_matches("*/").trim())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_comment_with_rule_and_reason_counts_on_the_line_and_the_one_before() {
        let lines = ["# proofhouse:allow r-1 checked by hand", "x()", "y() # proofhouse:allow r-1", "z()"];
        assert_eq!(allowed(&lines, 2, "r-1", "#"), Allowed::Because("checked by hand"));
        assert_eq!(allowed(&lines, 2, "r-2", "#"), Allowed::No);
        assert_eq!(allowed(&lines, 3, "r-1", "#"), Allowed::WithoutReason);
        assert_eq!(allowed(&["\"proofhouse:allow r-1 text\""], 1, "r-1", "#"), Allowed::No);
    }
}
