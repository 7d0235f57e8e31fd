//! "Build your own radar": a list of `name`, `ring`, `quadrant`, `isNew`, `description`, as JSON or CSV.

use serde_json::Value;

use super::{Given, ImportError, Intake, items, quadrant, ring};

pub(super) fn json(value: &Value, intake: &mut Intake) -> Result<(), ImportError> {
    for entry in items(value) {
        let text = |key: &str| entry[key].as_str();
        add([text("name"), text("ring"), text("quadrant"), text("description")], intake)?;
    }
    Ok(())
}

/// Columns may stand in any order; further ones are passed over.
pub(super) fn csv(bytes: &[u8], intake: &mut Intake) -> Result<(), ImportError> {
    let syntax = |e: csv::Error| ImportError::Syntax(e.to_string());
    let mut reader = csv::ReaderBuilder::new().flexible(true).trim(csv::Trim::Headers).from_reader(bytes);
    let head = reader.headers().map_err(syntax)?.clone();
    let column = |name: &str| head.iter().position(|column| column.eq_ignore_ascii_case(name));
    let columns = ["name", "ring", "quadrant", "description"].map(column);
    if columns[..3].iter().any(Option::is_none) {
        let message = "the first line must name the columns: name, ring, quadrant, isNew, description";
        return Err(ImportError::Syntax(message.to_owned()));
    }
    for record in reader.records() {
        let record = record.map_err(syntax)?;
        add(columns.map(|column| record.get(column?)), intake)?;
    }
    Ok(())
}

fn add([name, round, place, description]: [Option<&str>; 4], intake: &mut Intake) -> Result<(), ImportError> {
    let (quadrant, ring) = (place.and_then(quadrant), round.and_then(ring));
    intake.add(Given { name, quadrant, ring, description, moves: vec![] })
}
