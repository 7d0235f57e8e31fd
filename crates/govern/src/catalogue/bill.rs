//! The components of a CycloneDX document. What does not fit within the limits, and what the document itself
//! says it could not read, is told: a bill with gaps must not pass for a whole one.

use model::{ToolRef, predicate::TechnologyUse};
use serde::Serialize;
use serde_json::Value;

/// Most components of one document.
const MOST: usize = 200_000;
/// Deepest nesting of components (CycloneDX allows any).
const DEEPEST: usize = 16;
/// Most gaps that are kept.
const MOST_GAPS: usize = 20;
/// Most licences of a component that are kept.
const MOST_LICENCES: usize = 50;

/// What a project ships.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Bill {
    /// The components.
    pub components: Vec<Component>,
    /// What is missing in it, one sentence each; empty for a whole bill.
    pub gaps: Vec<String>,
}

/// One component.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Component {
    /// Package URL as it stands there.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub purl: Option<String>,
    /// CPE name as it stands there.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cpe: Option<String>,
    /// Name, with its group.
    pub name: String,
    /// Version.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub version: Option<String>,
    /// Whether the project asks for it itself, when that is known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub direct: Option<bool>,
    /// Licences, as SPDX expressions or names.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub licences: Vec<String>,
}

/// What a source uses besides packages: what has a package URL is a component that nobody asked for as a package,
/// everything else is known by its name, like a tool.
pub fn besides(uses: &[TechnologyUse]) -> (Vec<Component>, Vec<ToolRef>) {
    let (named, others): (Vec<_>, Vec<_>) = uses.iter().partition(|one| one.purl.is_some());
    let component = |one: &TechnologyUse| Component {
        purl: one.purl.clone(),
        name: one.name.clone(),
        version: one.version.clone(),
        direct: Some(false),
        ..Component::default()
    };
    let tool = |one: &TechnologyUse| ToolRef {
        name: one.name.clone(),
        version: one.version.clone().unwrap_or_default(),
        digest: None,
    };
    (named.into_iter().map(component).collect(), others.into_iter().map(tool).collect())
}

/// Reads a CycloneDX JSON document, as far as it is of the expected form.
pub fn bill(bom: &Value) -> Bill {
    let mut bill = Bill::default();
    if bom["bomFormat"] != "CycloneDX" {
        bill.gaps.push("it is not a CycloneDX document".to_owned());
    }
    let properties = bom.pointer("/metadata/properties").and_then(Value::as_array);
    let errors = properties.into_iter().flatten().filter(|p| p["name"] == "proofhouse:error");
    bill.gaps.extend(errors.filter_map(|p| p["value"].as_str()).take(MOST_GAPS).map(str::to_owned));
    collect(&bom["components"], 0, &mut bill);
    bill
}

fn collect(list: &Value, depth: usize, into: &mut Bill) {
    for component in list.as_array().into_iter().flatten() {
        let gap = match () {
            () if into.components.len() >= MOST => format!("more than {MOST} components"),
            () if depth > DEEPEST => format!("components nested more than {DEEPEST} deep"),
            () => {
                into.components.push(read(component));
                collect(&component["components"], depth + 1, into);
                continue;
            }
        };
        if into.gaps.len() < MOST_GAPS && !into.gaps.contains(&gap) {
            into.gaps.push(gap);
        }
        return;
    }
}

fn read(component: &Value) -> Component {
    let text = |key: &str| component[key].as_str().filter(|text| !text.is_empty()).map(str::to_owned);
    let name = text("name").unwrap_or_else(|| "unnamed".to_owned());
    let facts = component["properties"].as_array();
    let direct = facts.into_iter().flatten().find(|p| p["name"] == "proofhouse:direct");
    let purl = text("purl");
    let in_purl = || purl.as_deref().and_then(version_of).map(str::to_owned);
    Component {
        name: text("group").map_or_else(|| name.clone(), |group| format!("{group}/{name}")),
        version: text("version").or_else(in_purl),
        cpe: text("cpe"),
        direct: direct.and_then(|p| p["value"].as_str()?.parse().ok()),
        licences: licences(component),
        purl,
    }
}

/// `licenses[].license.id`, `.license.name` or `.expression` (CycloneDX 1.4 to 1.7).
fn licences(component: &Value) -> Vec<String> {
    let choices = component["licenses"].as_array().into_iter().flatten().take(MOST_LICENCES);
    let of = |choice: &Value| {
        let licence = &choice["license"];
        let name = licence["id"].as_str().or(licence["name"].as_str()).or(choice["expression"].as_str());
        name.map(|name| name.chars().take(200).collect())
    };
    choices.filter_map(of).collect()
}

/// The version in a package URL, still percent-encoded.
fn version_of(purl: &str) -> Option<&str> {
    let rest = purl.get(model::identity::unversioned(purl).len()..)?;
    let version = rest.strip_prefix('@')?;
    version.split(['?', '#']).next().filter(|version| !version.is_empty())
}
