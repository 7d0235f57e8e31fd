//! What `init` saw and could not use: a broken manifest, or projects only in folders below.

use serde_json::Value;
use toml::Table;

use super::Source;

/// Manifests that say where a build starts.
const MANIFESTS: [&str; 9] = [
    "Cargo.toml",
    "pyproject.toml",
    "setup.py",
    "requirements.txt",
    "package.json",
    "go.mod",
    "pom.xml",
    "build.gradle",
    "build.gradle.kts",
];
/// Most manifests of folders below that are named.
const MOST_NAMED: usize = 3;

/// One sentence for each manifest at the top that cannot be read.
pub(super) fn broken(project: &Source<'_>) -> Vec<String> {
    let top = MANIFESTS.iter().filter(|file| project.has(file));
    top.filter_map(|file| {
        let why = why_broken(project, file)?;
        Some(line(&format!("{file} cannot be read: {why}. Correct it and run `proofhouse init` again.")))
    })
    .collect()
}

fn why_broken(project: &Source<'_>, file: &str) -> Option<String> {
    let Some(text) = project.text(file) else { return Some("it is not text, or too large".into()) };
    match file.rsplit_once('.')?.1 {
        "toml" => toml::from_str::<Table>(&text).err().map(|error| error.message().to_owned()),
        "json" => serde_json::from_str::<Value>(&text).err().map(|error| error.to_string()),
        _ => None,
    }
}

/// What to do about projects in folders below, when there is none at the top.
pub(super) fn deeper(project: &Source<'_>) -> Option<String> {
    let mut found: Vec<&str> =
        project.files.iter().map(String::as_str).filter(|file| is_deeper(file)).collect();
    found.sort_by_key(|file| (file.matches('/').count(), *file));
    let folder = found.first()?.rsplit_once('/')?.0;
    let named = found[..found.len().min(MOST_NAMED)].join(", ");
    let more = if found.len() > MOST_NAMED { " and more" } else { "" };
    Some(line(&format!(
        "Only manifests at the top are used, and there is {named}{more}. Replace the `package` step by the \
         build in that folder: begin its `run` with `cd {folder}`, and put `{folder}/` before its outputs."
    )))
}

/// A manifest in a folder that is not somebody else's code.
fn is_deeper(file: &str) -> bool {
    const FOREIGN: [&str; 4] = ["node_modules", "vendor", "third_party", "site-packages"];
    let Some((folder, name)) = file.rsplit_once('/') else { return false };
    MANIFESTS.contains(&name) && !folder.split('/').any(|part| FOREIGN.contains(&part))
}

/// A file or an error in it may hold anything.
fn line(text: &str) -> String {
    text.chars().filter(|c| !c.is_control()).take(300).collect()
}
