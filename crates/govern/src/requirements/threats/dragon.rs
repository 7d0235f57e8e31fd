//! Models of OWASP Threat Dragon, version 2: `detail.diagrams[].cells[]`, each with the threats to it in `data.threats`
//! (newer ones) or beside it (its published schema). Threats have a UUID of their own.

use serde::Deserialize;
use serde_json::Value;

use super::{Raw, is_closed};

#[derive(Deserialize)]
struct File {
    #[serde(default)]
    summary: Summary,
    detail: Detail,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Summary {
    title: String,
}

#[derive(Deserialize)]
struct Detail {
    diagrams: Vec<Diagram>,
}

#[derive(Deserialize)]
struct Diagram {
    cells: Option<Vec<Cell>>,
    /// Version 1 has this instead.
    #[serde(default, rename = "diagramJson")]
    old: Option<serde::de::IgnoredAny>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Cell {
    data: Option<Data>,
    threats: Vec<Threat>,
}

#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct Data {
    name: String,
    out_of_scope: bool,
    threats: Option<Vec<Threat>>,
}

#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct Threat {
    id: Value,
    threat_id: Value,
    number: Value,
    title: String,
    severity: String,
    status: String,
    mitigation: String,
}

pub(super) fn read(text: &str) -> Result<(String, Vec<Raw>), String> {
    let file: File = serde_json::from_str(text).map_err(|e| e.to_string())?;
    let mut all = Vec::new();
    for diagram in file.detail.diagrams {
        let cells = match (diagram.cells, diagram.old) {
            (Some(cells), _) => cells,
            (None, Some(_)) => {
                return Err("it is of version 1: open it in Threat Dragon 2 and save it".to_owned());
            }
            (None, None) => continue,
        };
        for cell in cells {
            let data = cell.data.unwrap_or_default();
            let threats = data.threats.unwrap_or_default().into_iter().chain(cell.threats);
            all.extend(threats.map(|threat| raw(threat, &data.name, data.out_of_scope)));
        }
    }
    Ok((file.summary.title, all))
}

fn raw(threat: Threat, element: &str, out_of_scope: bool) -> Raw {
    let text = |value: &Value| match value {
        Value::String(text) => text.clone(),
        Value::Number(number) => number.to_string(),
        _ => String::new(),
    };
    let keys = [text(&threat.id), text(&threat.threat_id), text(&threat.number)];
    Raw {
        key: keys.into_iter().find(|key| !key.is_empty()).unwrap_or_default(),
        title: threat.title,
        place: element.to_owned(),
        severity: threat.severity,
        mitigations: threat.mitigation,
        closed: out_of_scope || is_closed(&threat.status),
        ..Raw::default()
    }
}
