//! Routes from an OpenAPI 3.x document, JSON or YAML (OpenAPI Specification 3.0 and 3.1).

use reqwest::Method;
use serde_json::Value;
use url::Url;

use crate::route::{Carrier, Parameter, Route};

/// Largest document, in bytes.
pub const MOST_BYTES: usize = 4 * 1024 * 1024;
const MOST_ROUTES: usize = 1000;
const MOST_REFERENCES: usize = 16;

/// Reads a document. The error is one phrase.
pub fn parse(bytes: &[u8]) -> Result<Vec<Route>, String> {
    if bytes.len() > MOST_BYTES {
        return Err(format!("it has more than {MOST_BYTES} bytes"));
    }
    let text = std::str::from_utf8(bytes).map_err(|_| "it is not UTF-8".to_owned())?;
    let root: Value = if text.trim_start().starts_with('{') {
        serde_json::from_str(text).map_err(|error| error.to_string())?
    } else {
        serde_saphyr::from_str(text).map_err(|error| error.to_string())?
    };
    let version = root.get("openapi").and_then(Value::as_str).unwrap_or_default();
    if !version.starts_with("3.") {
        return Err("it does not say `openapi: 3.x`".into());
    }
    let paths = root.get("paths").and_then(Value::as_object).ok_or("it has no paths")?;
    let prefix = prefix(&root);
    let mut routes = vec![];
    for (path, item) in paths.iter().filter(|(path, _)| path.starts_with('/')) {
        let item = resolved(&root, item);
        for method in METHODS {
            let Some(operation) = item.get(method.as_str().to_lowercase()) else { continue };
            if routes.len() < MOST_ROUTES {
                routes.push(route(&root, item, operation, method, format!("{prefix}{path}")));
            }
        }
    }
    Ok(routes)
}

const METHODS: [Method; 6] =
    [Method::GET, Method::HEAD, Method::POST, Method::PUT, Method::PATCH, Method::DELETE];

/// The path of the first server; its host is not used: only the target is ever asked.
fn prefix(root: &Value) -> String {
    let server = root.pointer("/servers/0/url").and_then(Value::as_str).unwrap_or_default();
    let path = match Url::parse(server) {
        Ok(url) => url.path().to_owned(),
        Err(_) => server.to_owned(),
    };
    let path = path.trim_end_matches('/');
    if path.starts_with('/') && !path.contains('{') { path.to_owned() } else { String::new() }
}

fn route(root: &Value, item: &Value, operation: &Value, method: Method, template: String) -> Route {
    let mut route = Route { method, template, parameters: vec![] };
    for list in [operation, item].into_iter().filter_map(|from| from.get("parameters")?.as_array()) {
        list.iter().filter_map(|one| parameter(root, one)).for_each(|one| route.add(one));
    }
    let names: Vec<String> = route.template.split('/').filter_map(name_in_braces).collect();
    for name in names {
        let missing =
            Parameter { name, carrier: Carrier::Path, sample: "1".into(), number: false, fixed: false };
        route.add(missing);
    }
    let content =
        operation.get("requestBody").map(|body| resolved(root, body)).and_then(|b| b.get("content"));
    let kinds = [("application/json", Carrier::Json), ("application/x-www-form-urlencoded", Carrier::Form)];
    let kinds = kinds.into_iter().filter_map(|(kind, carrier)| Some((content?.get(kind)?, carrier)));
    if let Some((media, carrier)) = kinds.into_iter().next() {
        properties(root, media, carrier, &mut route);
    }
    route
}

fn name_in_braces(segment: &str) -> Option<String> {
    Some(segment.strip_prefix('{')?.strip_suffix('}')?.to_owned())
}

fn parameter(root: &Value, one: &Value) -> Option<Parameter> {
    let one = resolved(root, one);
    let carrier = match one.get("in")?.as_str()? {
        "path" => Carrier::Path,
        "query" => Carrier::Query,
        _ => return None,
    };
    let schema = one.get("schema").map(|schema| resolved(root, schema)).unwrap_or(&Value::Null);
    let sample = one.get("example").and_then(text).unwrap_or_else(|| sample(schema));
    let name = one.get("name")?.as_str()?.to_owned();
    Some(Parameter { name, carrier, sample, number: is_number(schema), fixed: false })
}

/// The properties of an object in a body, without those inside of them.
fn properties(root: &Value, media: &Value, carrier: Carrier, route: &mut Route) {
    let schema = media.get("schema").map(|schema| resolved(root, schema)).unwrap_or(&Value::Null);
    let example = media.get("example").or_else(|| schema.get("example"));
    let Some(properties) = schema.get("properties").and_then(Value::as_object) else { return };
    for (name, schema) in properties {
        let schema = resolved(root, schema);
        if matches!(schema.get("type").and_then(Value::as_str), Some("object" | "array")) {
            continue;
        }
        let given = example.and_then(|example| example.get(name)).and_then(text);
        let sample = given.unwrap_or_else(|| sample(schema));
        route.add(Parameter { name: name.clone(), carrier, sample, number: is_number(schema), fixed: false });
    }
}

fn is_number(schema: &Value) -> bool {
    matches!(schema.get("type").and_then(Value::as_str), Some("integer" | "number"))
}

/// An example, a default, a listed value, or what suits the type.
fn sample(schema: &Value) -> String {
    let listed = schema.pointer("/enum/0").or_else(|| schema.pointer("/examples/0"));
    let given = schema.get("example").or_else(|| schema.get("default")).or(listed);
    if let Some(given) = given.and_then(text) {
        return given;
    }
    let of = |key| schema.get(key).and_then(Value::as_str).unwrap_or_default();
    match (of("type"), of("format")) {
        ("integer" | "number", _) => schema.get("minimum").and_then(text).unwrap_or_else(|| "1".into()),
        ("boolean", _) => "true".into(),
        (_, "uuid") => "00000000-0000-4000-8000-000000000001".into(),
        (_, "date") => "2024-01-31".into(),
        (_, "date-time") => "2024-01-31T12:00:00Z".into(),
        (_, "email") => "probe@proofhouse.invalid".into(),
        _ => "probe".into(),
    }
}

fn text(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        Value::Bool(value) => Some(value.to_string()),
        _ => None,
    }
}

/// Follows local references, a bounded number of times.
fn resolved<'v>(root: &'v Value, mut value: &'v Value) -> &'v Value {
    for _ in 0..MOST_REFERENCES {
        let reference = value.get("$ref").and_then(Value::as_str).and_then(|r| r.strip_prefix('#'));
        match reference.and_then(|pointer| root.pointer(pointer)) {
            Some(next) => value = next,
            None => break,
        }
    }
    value
}

#[cfg(test)]
mod tests {
    use super::*;

    const DOCUMENT: &str = "
openapi: 3.1.0
servers: [{ url: 'https://other.example/v1/' }]
paths:
  /items/{id}:
    parameters: [{ $ref: '#/components/parameters/Id' }]
    get: { parameters: [{ name: q, in: query, schema: { type: string } }] }
    put:
      requestBody: { content: { application/json: { schema: { $ref: '#/components/schemas/Item' } } } }
components:
  parameters: { Id: { name: id, in: path, required: true, schema: { type: integer } } }
  schemas:
    Item: { type: object, properties: { name: { type: string, example: chair }, tags: { type: array } } }
    Loop: { $ref: '#/components/schemas/Loop' }
";

    #[test]
    fn parameters_bodies_and_references_are_read() {
        let routes = parse(DOCUMENT.as_bytes()).unwrap();
        let labels: Vec<_> = routes.iter().map(Route::label).collect();
        assert_eq!(labels, ["GET /v1/items/{id}", "PUT /v1/items/{id}"]);
        let names = |n: usize| {
            routes[n].parameters.iter().map(|p| (p.name.as_str(), p.sample.as_str())).collect::<Vec<_>>()
        };
        assert_eq!(names(0), [("q", "probe"), ("id", "1")]);
        assert_eq!(names(1), [("id", "1"), ("name", "chair")]);
    }

    #[test]
    fn other_documents_are_refused() {
        assert!(parse(b"swagger: '2.0'").is_err());
        assert!(parse(&vec![b' '; MOST_BYTES + 1]).is_err());
        assert!(parse(b"\xff").is_err());
    }

    proptest::proptest! {
        #[test]
        fn any_bytes_are_an_error_or_routes(bytes: Vec<u8>, at in 0..600_usize, new: u8) {
            let _ = parse(&bytes);
            let mut document = DOCUMENT.as_bytes().to_vec();
            let at = at % document.len();
            document[at] = new;
            let _ = parse(&document);
        }
    }
}
