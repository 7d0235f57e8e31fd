//! What a person found out by hand.

use serde::{Deserialize, Serialize};

use super::accept::by_or_name;
use crate::{By, Digest, Predicate, Timestamp};

/// A test of a security requirement that a person made. Subjects: the commit that was tested, and the file
/// that shows the result.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ManualTest {
    /// Project.
    pub project: String,
    /// Id of the requirement.
    pub requirement: String,
    /// Whether it holds.
    pub passed: bool,
    /// Git commit that was tested; for no other one does the result count.
    pub commit: String,
    /// Content of the file that shows it, a blob.
    pub evidence: Digest,
    /// Name of that file.
    pub file: String,
    /// What was done, at least 10 characters.
    pub reason: String,
    /// Who tested.
    #[serde(deserialize_with = "by_or_name")]
    pub by: By,
    /// When it was recorded.
    pub at: Timestamp,
}

impl Predicate for ManualTest {
    const TYPE: &'static str = "urn:proofhouse:predicate:manual-test:v1";
}

/// A test or review by people, as the scan statement of its findings tells it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Assessment {
    /// Name under which it is repeated: the newer complete result of the same name replaces the older one.
    pub name: String,
    /// Who tested, in their own words; who recorded it is the origin's actor.
    pub tester: String,
    /// Last day of the test (its beginning, UTC). This is the age of the result, not when it was recorded.
    pub tested: Timestamp,
    /// What was looked at; empty when nobody said so, and then the scan is not complete.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub scope: Vec<String>,
    /// Evidence files, each a blob.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub attachments: Vec<Attachment>,
}

/// A file that belongs to a manual result.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Attachment {
    /// Name without folders.
    pub name: String,
    /// Content, a blob.
    pub digest: Digest,
}
