//! Predicates of the in-toto attestation framework that others ask for about an artifact: what a scanner
//! found, which release it is, what was verified, what attributes it has, and its SPDX document.
//!
//! Each follows `spec/predicates` of the framework; what Proofhouse adds is the extension field `proofhouse`,
//! which parsing rules let others ignore. SPDX allows no further fields, so its document has none.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::Context;
use crate::{Predicate, Subject, Timestamp};

/// in-toto `vulns` v0.2. Subject: the artifact whose components were looked at.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Vulns {
    /// The scanner and what it found.
    pub scanner: Scanner,
    /// When it looked.
    pub metadata: ScanTimes,
    /// Link to our run.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub proofhouse: Option<Context>,
}

impl Predicate for Vulns {
    const TYPE: &'static str = "https://in-toto.io/attestation/vulns/v0.2";
}

/// A scanner of components.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Scanner {
    /// URI that identifies it.
    pub uri: String,
    /// Its version.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub version: Option<String>,
    /// Its data.
    pub db: ScannerData,
    /// Vulnerabilities; an empty list means that there are none.
    pub result: Vec<Vulnerability>,
}

/// The data that a scanner compared with.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ScannerData {
    /// URI of the data.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub uri: Option<String>,
    /// Its version.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub version: Option<String>,
    /// Moment of its newest record.
    pub last_update: Timestamp,
}

/// One vulnerability of one component.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Vulnerability {
    /// Its best known id, e.g. of CVE or GHSA.
    pub id: String,
    /// How bad it is, by one or more methods.
    pub severity: Vec<Score>,
    /// Further facts: the component (`purl`), the title, other ids.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub annotations: Vec<Map<String, Value>>,
}

/// How bad a vulnerability is by one method.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Score {
    /// The method.
    pub method: String,
    /// What it says.
    pub score: String,
}

/// When a scan began and ended.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ScanTimes {
    /// Start.
    pub scan_started_on: Timestamp,
    /// End.
    pub scan_finished_on: Timestamp,
}

/// in-toto `release` v0.1. Subject: the artifact of the release.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Release {
    /// Package URL with a version.
    pub purl: String,
    /// Identifies the release where it was put.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub release_id: Option<String>,
    /// Link to our run.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub proofhouse: Option<Context>,
}

impl Predicate for Release {
    const TYPE: &'static str = "https://in-toto.io/attestation/release/v0.1";
}

/// in-toto simple verification result (`svr`) v0.1. Subject: the artifact that has the properties.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct VerificationResult {
    /// Who verified.
    pub verifier: Verifier,
    /// When.
    pub time_created: Timestamp,
    /// What holds. Names of the SLSA specification begin with `SLSA_`, ours with `PROOFHOUSE_`.
    pub properties: Vec<String>,
    /// Link to our run.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub proofhouse: Option<Context>,
}

impl Predicate for VerificationResult {
    const TYPE: &'static str = "https://in-toto.io/attestation/svr/v0.1";
}

/// Who verified, and by which rules.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Verifier {
    /// URI.
    pub id: String,
    /// The rules.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub policy: Option<Subject>,
}

/// SCAI attribute report v0.2 (software supply chain attribute integrity). Subject: the artifact.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct AttributeReport {
    /// What holds; never empty.
    pub attributes: Vec<Attribute>,
    /// Who made the artifact.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub producer: Option<Subject>,
    /// Link to our run.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub proofhouse: Option<Context>,
}

impl Predicate for AttributeReport {
    const TYPE: &'static str = "https://in-toto.io/attestation/scai/attribute-report/v0.2";
}

/// One attribute.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Attribute {
    /// Its name.
    pub attribute: String,
    /// What has it, when that is not the subject.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub target: Option<Subject>,
    /// Under which conditions.
    #[serde(default, skip_serializing_if = "Map::is_empty")]
    pub conditions: Map<String, Value>,
    /// What shows it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub evidence: Option<Subject>,
}

/// An SPDX 2.3 document; the predicate is the document itself.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Spdx(pub Value);

impl Predicate for Spdx {
    const TYPE: &'static str = "https://spdx.dev/Document/v2.3";
}
