//! CycloneDX documents and their components. The document is foreign: whatever is not of the
//! expected form is passed over, and at most [`MOST`] components are listed.

use model::{RunId, identity, ports::LoggedStatement, predicate::Sbom};
use serde_json::Value as Json;

use super::{Failure, Link, insert};
use crate::{
    Result,
    db::{Insert, Value},
    dialect::Tx,
};

/// Most components of one document that become rows.
const MOST: usize = 200_000;
/// Deepest nesting of components (CycloneDX allows any).
const DEEPEST: usize = 16;

pub(super) async fn sbom(tx: &mut Tx, logged: &LoggedStatement, sbom: &Sbom) -> Result<Link, Failure> {
    if sbom.0["bomFormat"] != "CycloneDX" {
        return Err(Failure::Undecodable("bomFormat is not CycloneDX".into()));
    }
    let project = sbom.property("proofhouse:project").map(str::to_owned);
    let run: Option<RunId> = sbom.property("proofhouse:run").and_then(|run| run.parse().ok());
    let mut components = Vec::new();
    collect(&sbom.0["components"], 0, &mut components);
    let columns =
        ["idx", "envelope", "project", "run", "subjects", "spec_version", "components", "logged_at"];
    let row = vec![
        logged.index.into(),
        logged.envelope.into(),
        Value::maybe(project.as_ref()),
        Value::maybe(run),
        Value::json(&logged.statement.subject),
        sbom.0["specVersion"].as_str().unwrap_or("").into(),
        (components.len() as u64).into(),
        Value::time(logged.logged_at),
    ];
    insert(tx, "sboms", &columns, row, "").await?;
    rows(tx, logged.index, &components).await?;
    Ok(Link { project, run, step: None })
}

fn collect<'a>(list: &'a Json, depth: usize, into: &mut Vec<&'a Json>) {
    for component in list.as_array().into_iter().flatten() {
        if into.len() >= MOST || depth > DEEPEST {
            return;
        }
        if component.is_object() {
            into.push(component);
            collect(&component["components"], depth + 1, into);
        }
    }
}

async fn rows(tx: &mut Tx, index: u64, components: &[&Json]) -> Result<()> {
    let columns = ["idx", "position", "purl", "package", "name", "version", "kind", "licenses"];
    let mut rows = Insert::into("components", &columns, "");
    for (position, component) in components.iter().enumerate() {
        let text = |key: &str| component[key].as_str().filter(|text| !text.is_empty());
        let name = match (text("group"), text("name").unwrap_or("")) {
            (Some(group), name) => format!("{group}/{name}"),
            (None, name) => name.to_owned(),
        };
        let row = [
            index.into(),
            (position as u64).into(),
            Value::maybe(text("purl")),
            Value::maybe(text("purl").map(identity::unversioned)),
            name.into(),
            Value::maybe(text("version")),
            text("type").unwrap_or("library").into(),
            Value::json(&licenses(component)),
        ];
        rows.row(tx, row).await?;
    }
    rows.flush(tx).await
}

/// `licenses[].license.id`, `.license.name` or `.expression` (CycloneDX 1.4 to 1.7).
fn licenses(component: &Json) -> Vec<&str> {
    let choices = component["licenses"].as_array().into_iter().flatten();
    choices
        .filter_map(|choice| {
            let license = &choice["license"];
            license["id"].as_str().or(license["name"].as_str()).or(choice["expression"].as_str())
        })
        .take(50)
        .collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    #[test]
    fn depth_and_number_are_bounded() {
        let mut nested = json!([]);
        for _ in 0..100 {
            nested = json!([{"name": "x", "components": nested}]);
        }
        let mut found = Vec::new();
        collect(&nested, 0, &mut found);
        assert_eq!(found.len(), DEEPEST + 1);
        let wide = json!(vec![json!({"name": "x"}); MOST + 5]);
        found.clear();
        collect(&wide, 0, &mut found);
        assert_eq!(found.len(), MOST);
    }

    proptest! {
        #[test]
        fn any_json_in_place_of_a_part_is_passed_over(at: prop::sample::Index, kind in 0..5) {
            let document = json!([{"name": "a", "licenses": [{"license": {"id": "MIT"}}, {"expression": "X"}],
                "components": [{"name": "b", "purl": "pkg:x/b@1"}]}]).to_string();
            let strange = ["null", "[]", "{}", "7", "\"x\""][kind as usize];
            // Replaces one quoted text or bracketed part by something else.
            let cut = at.index(document.len());
            if let Some(end) = document[cut..].find([',', '}', ']']) {
                let text = format!("{}{strange}{}", &document[..cut], &document[cut + end..]);
                if let Ok(value) = serde_json::from_str::<Json>(&text) {
                    let mut found = Vec::new();
                    collect(&value, 0, &mut found);
                    found.iter().for_each(|component| drop(licenses(component)));
                }
            }
        }
    }
}
