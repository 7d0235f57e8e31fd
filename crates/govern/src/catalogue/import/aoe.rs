//! AOE: `items` with `title`, `quadrant` and `ring` by id, `body`, and `revisions` with a `release` (a day).

use serde_json::Value;

use super::{Given, ImportError, Intake, Move, day, items, quadrant, ring};

pub(super) fn read(value: &Value, intake: &mut Intake) -> Result<(), ImportError> {
    for item in items(&value["items"]) {
        let text = |key: &str| item[key].as_str();
        let moves = items(&item["revisions"]).filter_map(|revision| {
            let date = day(revision["release"].as_str()?)?;
            Some(Move { date, ring: ring(revision["ring"].as_str()?)?, reason: None })
        });
        let name = text("title").or(text("name")).or(text("id"));
        let (place, round) = (text("quadrant").and_then(quadrant), text("ring").and_then(ring));
        let moves = moves.collect();
        intake.add(Given { name, quadrant: place, ring: round, description: text("body"), moves })?;
    }
    Ok(())
}
