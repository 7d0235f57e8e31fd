//! CSV (RFC 4180). The first five columns are those that "build your own radar" (Thoughtworks) reads.

use super::super::entry::{Catalogue, Technology};

const HEAD: [&str; 10] = [
    "name",
    "ring",
    "quadrant",
    "isNew",
    "description",
    "owner",
    "versions",
    "alternatives",
    "review-by",
    "hold-until",
];

pub(super) fn csv(catalogue: &Catalogue) -> String {
    let mut writer = csv::WriterBuilder::new().terminator(csv::Terminator::CRLF).from_writer(vec![]);
    // Writing to memory does not fail.
    let _ = writer.write_record(HEAD);
    for entry in &catalogue.technologies {
        let _ = writer.write_record(record(entry).map(|cell| harmless(&cell)));
    }
    let bytes = writer.into_inner().unwrap_or_default();
    String::from_utf8(bytes).unwrap_or_default()
}

fn record(entry: &Technology) -> [String; 10] {
    let day = |day: Option<jiff::civil::Date>| day.map(|day| day.to_string()).unwrap_or_default();
    [
        entry.name.clone(),
        entry.ring.name().to_owned(),
        entry.quadrant.title().to_owned(),
        (entry.moves.len() == 1).to_string().to_uppercase(),
        entry.rationale.clone().unwrap_or_default(),
        entry.owner.clone().unwrap_or_default(),
        entry.versions.as_ref().map(ToString::to_string).unwrap_or_default(),
        entry.alternatives.join(", "),
        day(entry.review_by),
        day(entry.hold_until),
    ]
}

/// Spreadsheets run cells that begin with these; a quote before them makes them text. Version requirements
/// begin so too, and are shown with the quote.
fn harmless(cell: &str) -> String {
    if cell.starts_with(['=', '+', '-', '@', '\t', '\r']) { format!("'{cell}") } else { cell.to_owned() }
}
