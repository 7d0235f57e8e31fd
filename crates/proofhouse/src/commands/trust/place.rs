//! Descriptions of keys that are not simply made here, as `docs/keys.md` has them.

use std::path::{Path, PathBuf};

use attest::{
    keys::{Der, NewKey, Purpose, Source, signers::KeyPlace},
    pem_certificates,
};
use model::{Exit, Problem};
use serde::Deserialize;
use serde_json::{Map, Value};

use crate::commands::verify::read;

/// What stands beside the place of a key.
#[derive(Deserialize)]
struct Beside {
    /// PEM file with its certificate and those above it.
    #[serde(default)]
    chain: Option<PathBuf>,
    /// Make the key there; it does not exist yet.
    #[serde(default)]
    make: bool,
}

/// The keys of a file: an object from purposes to descriptions.
pub fn keys(path: &Path) -> Result<Vec<(Purpose, NewKey)>, Problem> {
    let given: Map<String, Value> = parse(path)?;
    let one = |(name, value): (String, Value)| {
        let purpose = super::purpose(&name)?;
        Ok((purpose, describe(path, value)?))
    };
    given.into_iter().map(one).collect()
}

/// The one key of a file.
pub fn key(path: &Path) -> Result<NewKey, Problem> {
    describe(path, parse(path)?)
}

fn parse<T: serde::de::DeserializeOwned>(path: &Path) -> Result<T, Problem> {
    serde_json::from_slice(&read(path)?).map_err(|error| wrong(path, &error.to_string()))
}

fn describe(path: &Path, value: Value) -> Result<NewKey, Problem> {
    let Value::Object(mut object) = value else { return Err(wrong(path, "a key is an object")) };
    let beside: Map<_, _> = ["chain", "make"].iter().filter_map(|name| object.remove_entry(*name)).collect();
    let beside: Beside =
        serde_json::from_value(beside.into()).map_err(|error| wrong(path, &error.to_string()))?;
    let chain = beside.chain.as_deref().map(certificates).transpose()?.unwrap_or_default();
    let kind = object.get("kind").and_then(Value::as_str).unwrap_or_default().to_owned();
    let read = |error: serde_json::Error| wrong(path, &error.to_string());
    let source = match kind.as_str() {
        "pem" => {
            let file = object.get("file").and_then(Value::as_str);
            Source::File(file.ok_or_else(|| wrong(path, "a key of kind pem needs `file`"))?.into())
        }
        "rfc3161" => Source::Service(serde_json::from_value(object.into()).map_err(read)?),
        "file" => Source::Made,
        _ => match serde_json::from_value(object.into()).map_err(read)? {
            KeyPlace::Pkcs11(token) if beside.make => Source::MadeOn(token),
            _ if beside.make => {
                return Err(wrong(path, "only tokens make keys; make it there and leave `make` out"));
            }
            place => Source::Place(place),
        },
    };
    Ok(NewKey { source, chain })
}

fn certificates(path: &Path) -> Result<Vec<Der>, Problem> {
    let chain = pem_certificates(&read(path)?);
    chain.filter(|chain| !chain.is_empty()).ok_or_else(|| {
        Problem::new("key-setting", Exit::Input, format!("{} holds no certificates", path.display()))
            .with_hint(
                "expected is PEM that begins with BEGIN CERTIFICATE, the key's own first, the root last",
            )
    })
}

fn wrong(path: &Path, why: &str) -> Problem {
    Problem::new("key-setting", Exit::Input, format!("{}: {why}", path.display()))
        .with_hint("docs/keys.md shows how keys are described")
}
