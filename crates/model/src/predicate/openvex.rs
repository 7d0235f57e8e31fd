//! OpenVEX 0.2.0: how vulnerabilities of components concern a product.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::{Predicate, Timestamp};

/// `@context` of version 0.2.0.
pub const CONTEXT: &str = "https://openvex.dev/ns/v0.2.0";

/// An OpenVEX document. Subject: the product.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct OpenVex {
    /// Always [`CONTEXT`].
    #[serde(rename = "@context")]
    pub context: String,
    /// IRI of the document.
    #[serde(rename = "@id")]
    pub id: String,
    /// Who says it.
    pub author: String,
    /// When.
    pub timestamp: Timestamp,
    /// From 1.
    pub version: u64,
    /// What made the document.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tooling: Option<String>,
    /// One per vulnerability; never empty.
    pub statements: Vec<VexStatement>,
}

impl Predicate for OpenVex {
    const TYPE: &'static str = "https://openvex.dev/ns/v0.2.0";
}

/// How one vulnerability concerns the product.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct VexStatement {
    /// The vulnerability.
    pub vulnerability: VexVulnerability,
    /// The product, with the components that have it.
    pub products: Vec<Product>,
    /// The answer.
    pub status: VexStatus,
    /// How that is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub status_notes: Option<String>,
    /// What to do about it; there when the product is affected.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub action_statement: Option<String>,
}

/// A vulnerability and its names.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct VexVulnerability {
    /// Main name.
    pub name: String,
    /// Other names.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub aliases: Vec<String>,
}

/// A product or one of its components.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Product {
    /// IRI.
    #[serde(rename = "@id")]
    pub id: String,
    /// Hexadecimal digests by algorithm (`sha-256`).
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub hashes: BTreeMap<String, String>,
    /// Package URL and the like.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub identifiers: BTreeMap<String, String>,
    /// Components that are concerned.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub subcomponents: Vec<Product>,
}

/// What a vulnerability does to a product. `not_affected` and `fixed` are for people to say: nothing that is
/// recorded here shows either.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum VexStatus {
    /// The risk is known and was accepted until a date.
    Affected,
    /// A component has it; nobody has said what that means here.
    UnderInvestigation,
    /// It does no harm here.
    NotAffected,
    /// It is gone.
    Fixed,
}
