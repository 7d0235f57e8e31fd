//! SPDX 2.3: the components of the run's CycloneDX document, in the other format.

use std::collections::{HashMap, HashSet};

use model::{
    Exit, Problem, Statement, Timestamp,
    predicate::{Sbom, Spdx},
};
use serde_json::{Value, json};

use super::Material;
use crate::{record::Recorder, statements::statement};

/// The artifact inside the document.
const ARTIFACT: &str = "SPDXRef-Artifact";

pub(super) fn write(material: &Material, _: &Recorder) -> Result<Vec<Statement>, Problem> {
    let run = material.run().to_string();
    let ours = |sbom: &Sbom| sbom.property("proofhouse:run") == Some(&run);
    let (bom, logged) = material.newest::<Sbom>().find(|(sbom, _)| ours(sbom)).ok_or_else(|| {
        Problem::new("sbom-missing", Exit::Verdict, format!("run {run} made no list of components"))
            .with_hint("set `scans: { sbom: true }` in proofhouse.yaml and run again")
    })?;
    let document = Spdx(document(material, &bom.0, logged.logged_at));
    Ok(vec![statement(material.subject(), &document)?])
}

fn document(material: &Material, bom: &Value, at: Timestamp) -> Value {
    let components = bom["components"].as_array().map(Vec::as_slice).unwrap_or_default();
    let ids: HashMap<&str, String> = components
        .iter()
        .enumerate()
        .filter_map(|(n, component)| {
            Some((component["bom-ref"].as_str()?, format!("SPDXRef-Package-{}", n + 1)))
        })
        .collect();
    let mut packages = vec![json!({
        "SPDXID": ARTIFACT,
        "name": material.name,
        "versionInfo": material.run.commit.as_deref().filter(|_| !material.run.dirty).unwrap_or("NOASSERTION"),
        "downloadLocation": "NOASSERTION",
        "filesAnalyzed": false,
        "checksums": [{ "algorithm": "SHA256", "checksumValue": material.artifact.hex() }],
    })];
    packages.extend(components.iter().filter_map(|component| package(component, &ids)));
    let serial = bom["serialNumber"].as_str().unwrap_or_default().trim_start_matches("urn:uuid:");
    json!({
        "spdxVersion": "SPDX-2.3",
        "dataLicense": "CC0-1.0",
        "SPDXID": "SPDXRef-DOCUMENT",
        "name": material.run.project,
        "documentNamespace": format!(
            "https://spdx.org/spdxdocs/{}-{serial}-{}", super::escaped(&material.run.project), material.run()
        ),
        "creationInfo": {
            "created": seconds(at),
            "creators": [format!("Tool: proofhouse-{}", env!("CARGO_PKG_VERSION"))],
        },
        "packages": packages,
        "relationships": relationships(bom, components, &ids),
    })
}

/// SPDX knows whole seconds only.
fn seconds(at: Timestamp) -> String {
    Timestamp::from_second(at.as_second()).unwrap_or(at).to_string()
}

fn package(component: &Value, ids: &HashMap<&str, String>) -> Option<Value> {
    let text = |name: &str| component[name].as_str().unwrap_or_default();
    let name = match component["group"].as_str() {
        Some(group) => format!("{group}/{}", text("name")),
        None => text("name").to_owned(),
    };
    let mut package = json!({
        "SPDXID": ids.get(component["bom-ref"].as_str()?)?,
        "name": name,
        "versionInfo": text("version"),
        "downloadLocation": "NOASSERTION",
        "filesAnalyzed": false,
        "externalRefs": [{
            "referenceCategory": "PACKAGE-MANAGER",
            "referenceType": "purl",
            "referenceLocator": text("purl"),
        }],
    });
    let hashes = component["hashes"].as_array().map(Vec::as_slice).unwrap_or_default();
    let checksums = hashes.iter().map(|hash| {
        let algorithm = hash["alg"].as_str().unwrap_or_default().replace("SHA-", "SHA");
        json!({ "algorithm": algorithm, "checksumValue": hash["content"] })
    });
    let checksums: Vec<Value> = checksums.collect();
    if !checksums.is_empty() {
        package["checksums"] = checksums.into();
    }
    Some(package)
}

fn relationships(bom: &Value, components: &[Value], ids: &HashMap<&str, String>) -> Vec<Value> {
    let relation = |from: &str, kind: &str, to: &str| json!({ "spdxElementId": from, "relationshipType": kind, "relatedSpdxElement": to });
    let root = bom.pointer("/metadata/component/bom-ref").and_then(Value::as_str).unwrap_or_default();
    let dev = components.iter().filter(|component| component["scope"] == "excluded");
    let dev: HashSet<&str> = dev.filter_map(|component| component["bom-ref"].as_str()).collect();
    let mut all = vec![relation("SPDXRef-DOCUMENT", "DESCRIBES", ARTIFACT)];
    for entry in bom["dependencies"].as_array().map(Vec::as_slice).unwrap_or_default() {
        let from = entry["ref"].as_str().unwrap_or_default();
        let below = entry["dependsOn"].as_array().map(Vec::as_slice).unwrap_or_default();
        for to in below.iter().filter_map(Value::as_str) {
            let Some(target) = ids.get(to) else { continue };
            match (from == root, ids.get(from)) {
                // What only building or testing needs is not in the artifact.
                (true, _) if dev.contains(to) => all.push(relation(target, "DEV_DEPENDENCY_OF", ARTIFACT)),
                (true, _) => all.push(relation(ARTIFACT, "DEPENDS_ON", target)),
                (false, Some(from)) => all.push(relation(from, "DEPENDS_ON", target)),
                (false, None) => {}
            }
        }
    }
    all
}
