//! How much a licence asks of those who ship with it, by SPDX identifier. No legal advice: a hint where to look.

use std::collections::BTreeSet;

use super::criteria::Scored;

/// Score and kind of well-known licences.
const KNOWN: &[(&str, &[&str], f64)] = &[
    (
        "permissive",
        &[
            "MIT",
            "MIT-0",
            "Apache-2.0",
            "BSD-2-Clause",
            "BSD-3-Clause",
            "0BSD",
            "ISC",
            "Zlib",
            "BSL-1.0",
            "PSF-2.0",
            "Python-2.0",
            "Unlicense",
            "CC0-1.0",
            "ZPL-2.1",
            "PostgreSQL",
            "Unicode-3.0",
            "BlueOak-1.0.0",
        ],
        10.0,
    ),
    (
        "weak copyleft",
        &[
            "MPL-2.0",
            "LGPL-2.1-only",
            "LGPL-2.1-or-later",
            "LGPL-3.0-only",
            "LGPL-3.0-or-later",
            "EPL-2.0",
            "EPL-1.0",
            "CDDL-1.0",
        ],
        7.0,
    ),
    ("copyleft", &["GPL-2.0-only", "GPL-2.0-or-later", "GPL-3.0-only", "GPL-3.0-or-later"], 4.0),
    ("network copyleft", &["AGPL-3.0-only", "AGPL-3.0-or-later"], 2.0),
    ("source available, restricted", &["SSPL-1.0", "BUSL-1.1", "Elastic-2.0"], 1.0),
];

/// The most demanding of what the bills of materials name.
pub(super) fn score(licences: &BTreeSet<String>) -> Scored {
    if licences.is_empty() {
        return (None, vec!["unknown: no bill of materials names its licence".to_owned()]);
    }
    let (mut worst, mut because): (Option<f64>, Vec<String>) = (None, vec![]);
    for licence in licences {
        match expression(licence) {
            Some((score, kind)) => {
                because.push(format!("{licence} ({kind})"));
                worst = Some(worst.map_or(score, |worst| worst.min(score)));
            }
            None => because.push(format!("{licence}: unknown to us, look at it yourself")),
        }
    }
    // One that nobody judged could be the most demanding.
    let all = licences.iter().all(|licence| expression(licence).is_some());
    (worst.filter(|_| all), because)
}

/// A choice (`OR`) is the best of its parts, a sum (`AND`) the worst; inner brackets and exceptions are not understood.
fn expression(text: &str) -> Option<(f64, &'static str)> {
    let inner = text.strip_prefix('(').and_then(|text| text.strip_suffix(')')).unwrap_or(text);
    let text = Some(inner).filter(|text| !text.contains(['(', ')']))?;
    let sums = text.split(" OR ").map(|choice| {
        let parts: Option<Vec<_>> = choice.split(" AND ").map(|part| single(part.trim())).collect();
        parts?.into_iter().min_by(|a, b| a.0.total_cmp(&b.0))
    });
    sums.flatten().max_by(|a, b| a.0.total_cmp(&b.0))
}

fn single(id: &str) -> Option<(f64, &'static str)> {
    let of = |(kind, ids, score): &(&'static str, &[&str], f64)| {
        ids.iter().any(|known| known.eq_ignore_ascii_case(id)).then_some((*score, *kind))
    };
    KNOWN.iter().find_map(of)
}
