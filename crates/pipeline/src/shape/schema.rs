//! The table as JSON Schema (draft 2020-12), for editors and other programs.

use serde_json::{Map, Value, json};

use super::{FILE, Field, Shape};
use crate::Known;

/// The JSON Schema of `proofhouse.yaml`, version 1.
pub fn schema(known: &Known<'_>) -> Value {
    let mut schema = of(&FILE, known);
    if let Value::Object(map) = &mut schema {
        map.insert("$schema".into(), json!("https://json-schema.org/draft/2020-12/schema"));
        map.insert("$id".into(), json!("urn:proofhouse:schema:config:v1"));
        map.insert("title".into(), json!("proofhouse.yaml, version 1"));
        map.insert("description".into(), json!("What Proofhouse builds, checks and deploys."));
    }
    schema
}

fn of(shape: &Shape, known: &Known<'_>) -> Value {
    // A plain YAML scalar such as `3.11` or `true` is a number or a boolean to a schema, and text here.
    let free = json!(["string", "number", "boolean"]);
    match shape {
        Shape::Text(kind) => match kind.pattern {
            Some(pattern) => json!({"type": "string", "pattern": pattern}),
            None => json!({"type": free}),
        },
        Shape::Choice(["1"]) => json!({"enum": [1, "1"]}),
        Shape::Choice(names) => json!({"enum": names}),
        Shape::ReportFormat => {
            let names: Vec<&str> = known.report_formats.iter().copied().chain(["junit"]).collect();
            json!({"enum": names})
        }
        Shape::Provider => json!({"enum": known.providers}),
        Shape::Bool => json!({"type": "boolean"}),
        Shape::Whole { min, max } => json!({"type": "integer", "minimum": min, "maximum": max}),
        Shape::Duration { .. } => {
            json!({"type": "string", "pattern": "^(?=\\d)(\\d+d)?(\\d+h)?(\\d+m)?(\\d+s)?(\\d+ms)?$"})
        }
        Shape::Size { .. } => json!({"type": "string", "pattern": "^\\d+ *(B|[KMGT]i?B)$"}),
        Shape::Percent => json!({"type": "string", "pattern": "^\\d+%$"}),
        Shape::List { item, min, max } => {
            json!({"type": "array", "items": of(item, known), "minItems": min, "maxItems": max})
        }
        Shape::Map { key, value, min, max } => json!({
            "type": "object", "minProperties": min, "maxProperties": max, "additionalProperties": of(value, known),
            "propertyNames": key.pattern.map_or_else(|| json!({}), |pattern| json!({"pattern": pattern})),
        }),
        Shape::Object(fields) => object(fields, known),
        Shape::Command => json!({"oneOf": [
            {"type": free, "minLength": 1},
            {"type": "array", "items": {"type": free}, "minItems": 1, "maxItems": 1000},
        ]}),
    }
}

fn object(fields: &[Field], known: &Known<'_>) -> Value {
    let mut properties = Map::new();
    for field in fields {
        let mut schema = of(&field.shape, known);
        if let Value::Object(map) = &mut schema {
            map.insert("description".into(), json!(field.doc));
            if let Some(default) = field.default.and_then(|json| serde_json::from_str::<Value>(json).ok()) {
                map.insert("default".into(), default);
            }
        }
        properties.insert(field.key.into(), schema);
    }
    let required: Vec<&str> = fields.iter().filter(|field| field.required).map(|field| field.key).collect();
    json!({"type": "object", "properties": properties, "required": required, "additionalProperties": false})
}
