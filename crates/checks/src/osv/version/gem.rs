//! The order of `Gem::Version`: numbers above words, so that `1.0.rc1` is before `1.0`.

use std::cmp::Ordering;

use super::numbers;

/// Compares two gem versions; `None` when one has characters that a gem version cannot have.
pub fn compare(a: &str, b: &str) -> Option<Ordering> {
    let (a, b) = (segments(a)?, segments(b)?);
    for n in 0..a.len().max(b.len()) {
        let (left, right) = (a.get(n).map_or("0", String::as_str), b.get(n).map_or("0", String::as_str));
        let order = match (is_number(left), is_number(right)) {
            (true, true) => numbers(left, right),
            (true, false) => Ordering::Greater,
            (false, true) => Ordering::Less,
            (false, false) => left.cmp(right),
        };
        if order.is_ne() {
            return Some(order);
        }
    }
    Some(Ordering::Equal)
}

fn is_number(segment: &str) -> bool {
    segment.starts_with(|c: char| c.is_ascii_digit())
}

/// Runs of digits and runs of letters; a dash means `.pre.`.
fn segments(text: &str) -> Option<Vec<String>> {
    let text = text.trim().replace('-', ".pre.");
    if !text.chars().all(|c| c.is_ascii_alphanumeric() || c == '.') {
        return None;
    }
    let mut segments: Vec<String> = Vec::new();
    let mut last = '.';
    for c in text.chars() {
        let joins = c != '.' && last != '.' && c.is_ascii_digit() == last.is_ascii_digit();
        match segments.last_mut() {
            Some(segment) if joins => segment.push(c),
            _ if c != '.' => segments.push(c.to_string()),
            _ => {}
        }
        last = c;
    }
    Some(segments)
}
