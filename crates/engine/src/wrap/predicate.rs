//! A further statement about the outputs: any type, and JSON that the user brings.
//!
//! What our own gates and tables read as ours must have come about as ours. A predicate that would be
//! taken for a run's own evidence is therefore refused, not signed.

use std::path::{Path, PathBuf};

use model::{
    Exit, Predicate, Problem, Statement, Subject,
    predicate::{Provenance, Vsa},
    statement::{OWN_PREFIX, STATEMENT_TYPE},
};
use serde_json::Value;

use crate::project::read_bounded;

/// Largest predicate, in bytes.
const LARGEST: usize = 8 << 20;

/// A statement to be made beside the provenance. The file is read after the command, which may write it.
#[derive(Clone, Debug)]
pub struct Custom {
    kind: String,
    file: PathBuf,
}

impl Custom {
    /// Of a type and the file with its content.
    ///
    /// # Errors
    /// `attest-predicate-type`: it is no URI, or one that only we ourselves make.
    pub fn new(kind: &str, file: PathBuf) -> Result<Self, Problem> {
        let refused = |why: &str, hint: &str| {
            Err(Problem::new("attest-predicate-type", Exit::Input, format!("{kind:?} {why}")).with_hint(hint))
        };
        // A reader of addresses is lenient where a comparison of texts is not.
        let plain = kind.bytes().all(|byte| byte.is_ascii_graphic());
        if kind.len() > 1024 || !plain || url::Url::parse(kind).is_err() {
            return refused(
                "is not a URI",
                "a predicate type is one, such as https://in-toto.io/attestation/vulns/v0.2",
            );
        }
        // URIs of these types have no second spelling that our readers would take for them.
        if kind.starts_with(OWN_PREFIX) || [Provenance::TYPE, Vsa::TYPE].contains(&kind) {
            return refused("is made by Proofhouse itself, of what it saw", "give another type");
        }
        Ok(Self { kind: kind.to_owned(), file })
    }

    /// The statement about `subjects`.
    pub(super) fn statement(&self, subjects: Vec<Subject>) -> Result<Statement, Problem> {
        let refused = |why: String| {
            let message = format!("{} is not a predicate: {why}", self.file.display());
            Problem::new("attest-predicate", Exit::Input, message)
        };
        crate::given::file(&self.file)?;
        let bytes = read_bounded(&self.file, LARGEST as u64 + 1)?;
        attest::check_json(&bytes, LARGEST).map_err(|e| refused(e.to_string()))?;
        let predicate: Value = serde_json::from_slice(&bytes).map_err(|e| refused(e.to_string()))?;
        if !predicate.is_object() {
            return Err(refused("it is not a JSON object".to_owned()));
        }
        if claims_a_run(&predicate) {
            let hint = "leave out what links it to a run; `proofhouse run` and `proofhouse import` make such evidence";
            return Err(refused("it says that it is part of a run".to_owned()).with_hint(hint));
        }
        Ok(Statement {
            kind: STATEMENT_TYPE.to_owned(),
            subject: subjects,
            predicate_type: self.kind.clone(),
            predicate,
        })
    }
}

/// A statement that the user brings whole, from a file.
///
/// # Errors
/// `attest-predicate-type` and `attest-predicate`: it is no in-toto statement, or says what only we say.
pub fn statement_of(file: &Path) -> Result<Statement, Problem> {
    let refused = |why: String| {
        Problem::new("attest-predicate", Exit::Input, format!("{} is not a statement: {why}", file.display()))
    };
    crate::given::file(file)?;
    let bytes = read_bounded(file, LARGEST as u64 + 1)?;
    attest::check_json(&bytes, LARGEST).map_err(|e| refused(e.to_string()))?;
    let statement: Statement = serde_json::from_slice(&bytes).map_err(|e| refused(e.to_string()))?;
    if statement.kind != STATEMENT_TYPE || statement.subject.is_empty() {
        return Err(refused(format!("expected are the type {STATEMENT_TYPE} and a subject")));
    }
    Custom::new(&statement.predicate_type, PathBuf::new())?;
    if claims_a_run(&statement.predicate) {
        return Err(refused("it says that it is part of a run".to_owned()));
    }
    Ok(statement)
}

/// Whether our readers would take it for evidence of a run: by our extension field, or as its SBOM.
fn claims_a_run(predicate: &Value) -> bool {
    let properties = predicate.pointer("/metadata/properties").and_then(Value::as_array);
    let ours = |property: &Value| {
        property["name"].as_str().is_some_and(|name| name.to_ascii_lowercase().starts_with("proofhouse:"))
    };
    predicate.get("proofhouse").is_some() || properties.is_some_and(|all| all.iter().any(ours))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn what_only_we_say_is_not_said_for_others() {
        let made = |kind: &str| Custom::new(kind, PathBuf::new()).map_err(|problem| problem.code);
        assert!(made("https://example.com/review/v1").is_ok());
        for kind in [
            Provenance::TYPE,
            Vsa::TYPE,
            "urn:proofhouse:predicate:scan:v1",
            "review",
            "",
            " https://slsa.dev/provenance/v1 ",
        ] {
            assert_eq!(made(kind).err(), Some("attest-predicate-type"), "{kind}");
        }
    }

    #[test]
    fn evidence_of_a_run_is_known_by_its_link() {
        assert!(claims_a_run(&json!({"proofhouse": {"run": "x"}, "result": "PASSED"})));
        assert!(claims_a_run(
            &json!({"metadata": {"properties": [{"name": "proofhouse:run", "value": "x"}]}})
        ));
        assert!(!claims_a_run(&json!({"metadata": {"properties": [{"name": "other"}]}})));
    }
}
