//! What people accept or decide for a while: an exception from a gate, a requirement without a passing test.

use serde::{Deserialize, Deserializer, Serialize};

use crate::{By, FindingId, Predicate, Sha256, Subject, Timestamp, Via, requirement::Date};

/// An accepted risk with an end. Subject: the project's source tree or the artifact.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Exception {
    /// Project.
    pub project: String,
    /// Finding it covers, or
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub finding: Option<FindingId>,
    /// rule id it covers. Exactly one of the two is set.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rule: Option<String>,
    /// Environment it is limited to; absent: all.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub environment: Option<String>,
    /// Written reason, at least 10 characters.
    pub reason: String,
    /// Who accepted.
    #[serde(deserialize_with = "by_or_name")]
    pub by: By,
    /// When it was made.
    pub at: Timestamp,
    /// When it ends.
    pub expires: Timestamp,
}

impl Predicate for Exception {
    const TYPE: &'static str = "urn:proofhouse:predicate:exception:v1";
}

/// Who did it; statements of before have a name alone: nobody wrote down which roles that person had.
pub(super) fn by_or_name<'de, D: Deserializer<'de>>(deserializer: D) -> Result<By, D::Error> {
    #[derive(Deserialize)]
    #[serde(untagged)]
    enum Written {
        By(By),
        Name(String),
    }
    Ok(match Written::deserialize(deserializer)? {
        Written::By(by) => by,
        Written::Name(name) => By { name, roles: vec![], via: Via::Local },
    })
}

/// What somebody decided about a requirement.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case")]
pub enum Decided {
    /// Accepted without a passing test.
    Waived {
        /// Last day on which it holds (UTC).
        until: Date,
    },
    /// Means nothing in this project.
    NotApplicable,
    /// An earlier decision is taken back.
    Withdrawn,
}

/// A decision about one security requirement of a project; the newest of somebody who may counts. Subject: the
/// words of the requirement.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RequirementDecision {
    /// Project.
    pub project: String,
    /// Id of the requirement.
    pub requirement: String,
    /// Its words. A decision about other words counts for nothing.
    pub title: String,
    /// What was decided.
    pub decided: Decided,
    /// Why, 10 to 10,000 characters.
    pub reason: String,
    /// Who decided.
    pub by: By,
    /// When.
    pub at: Timestamp,
}

impl RequirementDecision {
    /// The words of the requirement, as a subject named by its id.
    pub fn subject(&self) -> Subject {
        Subject::sha256(&self.requirement, Sha256::of(&self.title))
    }
}

impl Predicate for RequirementDecision {
    const TYPE: &'static str = "urn:proofhouse:predicate:requirement-decision:v1";
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Role;

    #[test]
    fn an_exception_of_before_has_a_name_without_roles() {
        let old = r#"{"project":"p","rule":"r","reason":"it is only a test","by":"ann",
            "at":"2026-01-01T00:00:00Z","expires":"2026-02-01T00:00:00Z"}"#;
        let old: Exception = serde_json::from_str(old).unwrap();
        assert_eq!((old.by.name.as_str(), old.by.roles.len()), ("ann", 0));
        let by = By { name: "ann".into(), roles: vec![Role::Security], via: Via::Local };
        let new = Exception { by, ..old };
        let text = serde_json::to_string(&new).unwrap();
        assert_eq!(serde_json::from_str::<Exception>(&text).unwrap(), new);
        assert!(serde_json::from_str::<Exception>(&text.replace("\"via\"", "\"how\"")).is_err());
    }
}
