//! Composer's normalised versions: up to four numbers, a stability, its number.

use std::{cmp::Ordering, sync::OnceLock};

use regex::Regex;

use super::numbers;

/// Stability from least to most: dev, alpha, beta, RC, stable, patch.
#[derive(Debug, PartialEq)]
struct Release {
    numbers: Vec<String>,
    stability: u8,
    step: Vec<String>,
}

/// Compares two Composer versions; `None` for branches and other texts.
pub fn compare(a: &str, b: &str) -> Option<Ordering> {
    let (a, b) = (parse(a)?, parse(b)?);
    Some(
        list(&a.numbers, &b.numbers).then(a.stability.cmp(&b.stability)).then_with(|| list(&a.step, &b.step)),
    )
}

fn list(a: &[String], b: &[String]) -> Ordering {
    let part = |list: &[String], n: usize| list.get(n).cloned().unwrap_or_else(|| "0".to_owned());
    let each = (0..a.len().max(b.len())).map(|n| numbers(&part(a, n), &part(b, n)));
    each.into_iter().find(|order| order.is_ne()).unwrap_or(Ordering::Equal)
}

fn parse(text: &str) -> Option<Release> {
    static FORM: OnceLock<Option<Regex>> = OnceLock::new();
    let form = FORM.get_or_init(|| {
        Regex::new(
            r"(?i)^v?(\d+(?:\.\d+)*)(?:[._-]?(stable|beta|b|rc|alpha|a|patch|pl|p)((?:[.-]?\d+)*))?([.-]?dev)?$",
        )
        .ok()
    });
    let text = text.trim().split('+').next()?;
    let found = form.as_ref()?.captures(text)?;
    let parts = |text: &str| text.split(['.', '-']).filter(|p| !p.is_empty()).map(str::to_owned).collect();
    let word = found.get(2).map(|m| m.as_str().to_ascii_lowercase());
    let stability = match (found.get(4), word.as_deref()) {
        (Some(_), _) => 0,
        (None, Some("a" | "alpha")) => 1,
        (None, Some("b" | "beta")) => 2,
        (None, Some("rc")) => 3,
        (None, Some("p" | "pl" | "patch")) => 5,
        _ => 4,
    };
    let step = found.get(3).map_or_else(Vec::new, |m| parts(m.as_str()));
    Some(Release { numbers: parts(found.get(1)?.as_str()), stability, step })
}
