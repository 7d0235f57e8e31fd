//! What a person found out by hand.

use serde::{Deserialize, Serialize};

use crate::{Digest, Predicate, Timestamp};

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
    pub by: String,
    /// When it was recorded.
    pub at: Timestamp,
}

impl Predicate for ManualTest {
    const TYPE: &'static str = "urn:proofhouse:predicate:manual-test:v1";
}
