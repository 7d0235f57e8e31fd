//! Joins of code findings: same file, same or related weakness, overlapping lines or same function.

use std::collections::BTreeMap;

use model::{Finding, Place, weakness::parents};

use super::{Grade, Joins};

/// At one place, each finding is compared with at most this many before it.
const MOST_NEIGHBOURS: usize = 64;

/// A code finding under one weakness.
#[derive(Clone, Copy)]
struct Entry<'f> {
    finding: usize,
    scanner: &'f str,
    first: u32,
    last: u32,
    symbol: Option<&'f str>,
    /// Whether it is filed under a parent of its own weakness.
    by_parent: bool,
}

pub(super) fn join(joins: &mut Joins<'_>) {
    let mut buckets: BTreeMap<(&str, u32), Vec<Entry<'_>>> = BTreeMap::new();
    for (n, finding) in joins.findings.iter().copied().enumerate() {
        let Some((path, entry)) = entry(n, finding) else { continue };
        for cwe in &finding.cwe {
            buckets.entry((path, *cwe)).or_default().push(entry);
            for parent in parents(*cwe) {
                buckets.entry((path, *parent)).or_default().push(Entry { by_parent: true, ..entry });
            }
        }
    }
    let buckets: Vec<((&str, u32), Vec<Entry<'_>>)> = buckets.into_iter().collect();
    for grade in [Grade::Place, Grade::Related] {
        for ((_, cwe), entries) in &buckets {
            bucket(joins, *cwe, entries, grade);
        }
    }
}

fn entry(n: usize, finding: &Finding) -> Option<(&str, Entry<'_>)> {
    let Place::Code { path, line, end_line, symbol, .. } = &finding.place else { return None };
    let first = line.unwrap_or(0);
    let last = end_line.unwrap_or(first).max(first);
    let symbol = symbol.as_deref();
    Some((path, Entry { finding: n, scanner: &finding.scanner, first, last, symbol, by_parent: false }))
}

fn bucket(joins: &mut Joins<'_>, cwe: u32, entries: &[Entry<'_>], grade: Grade) {
    let mut entries: Vec<&Entry<'_>> =
        entries.iter().filter(|e| grade == Grade::Related || !e.by_parent).collect();
    entries.sort_by_key(|e| (e.first, e.finding));
    for (n, b) in entries.iter().enumerate() {
        for a in entries[n.saturating_sub(MOST_NEIGHBOURS)..n].iter().rev() {
            // Two kinds of one weakness are not each other: one of the two must be the weakness itself.
            let siblings = a.by_parent && b.by_parent;
            if siblings || a.scanner == b.scanner || !touch(a, b) {
                continue;
            }
            let kind = if a.by_parent || b.by_parent { "a kind of" } else { "the same" };
            joins.join(a.finding, b.finding, grade, || {
                let place = if lines_touch(a, b) { "overlapping lines" } else { "the same function" };
                format!("{kind} weakness CWE-{cwe} at {place}")
            });
        }
    }
}

fn touch(a: &Entry<'_>, b: &Entry<'_>) -> bool {
    lines_touch(a, b) || (a.symbol.is_some() && a.symbol == b.symbol && !(a.by_parent || b.by_parent))
}

fn lines_touch(a: &Entry<'_>, b: &Entry<'_>) -> bool {
    a.first > 0 && b.first > 0 && a.first <= b.last && b.first <= a.last
}
