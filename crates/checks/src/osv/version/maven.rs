//! Maven's version order (POM reference, "Version Order Specification").
//!
//! Tokens are cut at `.`, `-`, `_` and between digits and letters; trailing null values are trimmed at
//! the end and before each hyphen; then tokens are compared one by one with padding.

use std::cmp::Ordering;

use super::numbers;

#[derive(Clone, Debug, PartialEq)]
struct Token {
    hyphen: bool,
    text: String,
}

impl Token {
    fn is_number(&self) -> bool {
        self.text.starts_with(|c: char| c.is_ascii_digit())
    }

    fn is_null(&self) -> bool {
        matches!(self.text.as_str(), "" | "final" | "ga" | "release") || self.text.bytes().all(|b| b == b'0')
    }
}

/// Compares two Maven versions. Every text is a version.
pub fn compare(a: &str, b: &str) -> Ordering {
    let (a, b) = (tokens(a), tokens(b));
    for n in 0..a.len().max(b.len()) {
        let order = match (a.get(n), b.get(n)) {
            (Some(x), Some(y)) => pair(x, y),
            (Some(x), None) => pair(x, &padding(x)),
            (None, Some(y)) => pair(&padding(y), y),
            (None, None) => Ordering::Equal,
        };
        if order.is_ne() {
            return order;
        }
    }
    Ordering::Equal
}

fn padding(like: &Token) -> Token {
    Token { hyphen: like.hyphen, text: if like.is_number() { "0".to_owned() } else { String::new() } }
}

/// `.word` = `-word` < `-number` < `.number`.
fn pair(a: &Token, b: &Token) -> Ordering {
    let rank = |t: &Token| match (t.is_number(), t.hyphen) {
        (false, _) => 0,
        (true, true) => 1,
        (true, false) => 2,
    };
    rank(a).cmp(&rank(b)).then_with(|| match a.is_number() {
        true => numbers(&a.text, &b.text),
        false => qualifier(&a.text).cmp(&qualifier(&b.text)),
    })
}

/// Known qualifiers in their order, then all others by text.
fn qualifier(text: &str) -> (usize, &str) {
    let known: &[&[&str]] = &[
        &["alpha"],
        &["beta"],
        &["milestone"],
        &["rc", "cr"],
        &["snapshot"],
        &["", "final", "ga", "release"],
        &["sp"],
    ];
    match known.iter().position(|names| names.contains(&text)) {
        Some(rank) => (rank, ""),
        None => (known.len(), text),
    }
}

fn tokens(text: &str) -> Vec<Token> {
    let mut tokens = vec![Token { hyphen: false, text: String::new() }];
    let mut last = None;
    for c in text.trim().to_lowercase().chars() {
        match c {
            '.' | '-' | '_' => {
                tokens.push(Token { hyphen: c != '.', text: String::new() });
                last = None;
                continue;
            }
            c => {
                if last.is_some_and(|was| was != c.is_ascii_digit()) {
                    shorthand(&mut tokens, c.is_ascii_digit());
                    tokens.push(Token { hyphen: true, text: String::new() });
                }
                last = Some(c.is_ascii_digit());
                if let Some(token) = tokens.last_mut() {
                    token.text.push(c);
                }
            }
        }
    }
    tokens.iter_mut().filter(|t| t.text.is_empty()).for_each(|t| t.text.push('0'));
    trim(tokens)
}

/// `a1`, `b1` and `m1` are `alpha-1`, `beta-1` and `milestone-1`.
fn shorthand(tokens: &mut [Token], number_follows: bool) {
    let Some(token) = tokens.last_mut().filter(|_| number_follows) else { return };
    token.text = match token.text.as_str() {
        "a" => "alpha",
        "b" => "beta",
        "m" => "milestone",
        _ => return,
    }
    .to_owned();
}

fn trim(mut tokens: Vec<Token>) -> Vec<Token> {
    for n in (1..tokens.len()).rev() {
        if tokens[n].is_null() && tokens.get(n + 1).is_none_or(|next| next.hyphen) {
            tokens.remove(n);
        }
    }
    tokens
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equal_and_ordered_as_the_reference_lists_them() {
        for (a, b) in
            [("1", "1.0.0"), ("1-ga", "1.0"), ("1-a1", "1-alpha-1"), ("1.foo", "1-foo"), ("1-ga-1", "1-1")]
        {
            assert_eq!(compare(a, b), Ordering::Equal, "{a} {b}");
        }
        for (a, b) in
            [("1-sp-1", "1-ga-1"), ("1-ga", "1-sp"), ("1.0.1-jre", "1.0.2-jre"), ("2.9.10", "2.9.10.1")]
        {
            assert_eq!(compare(a, b), Ordering::Less, "{a} {b}");
        }
    }
}
