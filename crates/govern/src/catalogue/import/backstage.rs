//! Backstage: `entries` with `title`, `quadrant` by id, and a `timeline` of `ringId` and `date`; the newest one
//! says where the entry is. `quadrants` and `rings` give the names of the ids.

use serde_json::Value;

use super::{Given, ImportError, Intake, Move, Ring, day, items, quadrant, ring};

pub(super) fn read(value: &Value, intake: &mut Intake) -> Result<(), ImportError> {
    for entry in items(&value["entries"]) {
        // Dates are ISO 8601 texts, whose order is that of time.
        let newest = items(&entry["timeline"]).max_by_key(|moved| moved["date"].as_str());
        let moves = items(&entry["timeline"]).filter_map(|moved| {
            let reason = moved["description"].as_str().map(super::text).filter(|text| !text.is_empty());
            Some(Move { date: day(moved["date"].as_str()?)?, ring: of_ring(value, moved)?, reason })
        });
        let id = entry["quadrant"].as_str();
        let name = id.and_then(|id| named(&value["quadrants"], id));
        let place = name.and_then(quadrant).or_else(|| id.and_then(quadrant));
        let round = newest.and_then(|moved| of_ring(value, moved));
        intake.add(Given {
            name: entry["title"].as_str(),
            quadrant: place,
            ring: round,
            description: entry["description"].as_str(),
            moves: moves.collect(),
        })?;
    }
    Ok(())
}

fn of_ring(value: &Value, moved: &Value) -> Option<Ring> {
    let id = moved["ringId"].as_str()?;
    named(&value["rings"], id).and_then(ring).or_else(|| ring(id))
}

fn named<'a>(list: &'a Value, id: &str) -> Option<&'a str> {
    items(list).take(100).find(|one| one["id"] == id)?["name"].as_str()
}
