//! Zalando: `entries` with `label`, and `quadrant` and `ring` as numbers of `quadrants` and `rings`, which the
//! published `config.json` leaves out.

use serde_json::Value;

use super::{Given, ImportError, Intake, Quadrant, Ring, items, quadrant, ring};

/// The quadrants of their own radar: languages, infrastructure, data stores, data management.
const USUAL: [Quadrant; 4] =
    [Quadrant::LanguagesFrameworks, Quadrant::Platforms, Quadrant::Platforms, Quadrant::Platforms];

pub(super) fn read(value: &Value, intake: &mut Intake) -> Result<(), ImportError> {
    if !value["quadrants"].is_array() {
        intake.note(
            "the file does not name its quadrants: 0 is taken for languages, 1 to 3 for platforms".to_owned(),
        );
    }
    for entry in items(&value["entries"]) {
        let number = |key: &str| entry[key].as_u64().and_then(|n| usize::try_from(n).ok());
        let named = |list: &str, n: usize| value[list].get(n).and_then(|one| one["name"].as_str());
        let place = number("quadrant").and_then(|n| match value["quadrants"].is_array() {
            true => named("quadrants", n).and_then(quadrant),
            false => USUAL.get(n).copied(),
        });
        let round = number("ring").and_then(|n| match value["rings"].is_array() {
            true => named("rings", n).and_then(ring),
            false => Ring::ALL.get(n).copied(),
        });
        let name = entry["label"].as_str();
        intake.add(Given { name, quadrant: place, ring: round, ..Given::default() })?;
    }
    Ok(())
}
