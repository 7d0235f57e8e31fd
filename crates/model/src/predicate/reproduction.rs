//! Whether building again gives the same bytes.

use serde::{Deserialize, Serialize};

use crate::{Predicate, RunId, Subject, Timestamp};

/// Two executions of the same build, compared byte by byte. Subjects: what the first one made, alike or not.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Reproduction {
    /// Project.
    pub project: String,
    /// The run that was reproduced.
    pub run: RunId,
    /// Who executed the second time.
    pub by: Rebuilder,
    /// The source of both.
    pub source: Subject,
    /// Provenance of both, by envelope digest.
    pub provenances: Vec<Subject>,
    /// Every output has the same bytes.
    pub reproduced: bool,
    /// Outputs with the same bytes.
    pub same: Vec<Subject>,
    /// Outputs that differ, or that only one of them made; at most [`MOST_DIFFERING`].
    pub differing: Vec<Differing>,
    /// When they were compared.
    pub at: Timestamp,
}

/// Most differing outputs that a statement names.
pub const MOST_DIFFERING: usize = 1000;

impl Predicate for Reproduction {
    const TYPE: &'static str = "urn:proofhouse:predicate:reproduction:v1";
}

/// Who executed a build the second time.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case")]
pub enum Rebuilder {
    /// This installation, once more. That is no independent witness.
    Again {
        /// The second run.
        #[serde(rename = "rebuild")]
        run: RunId,
    },
    /// Another installation, with keys and a log of its own.
    Other {
        /// Name of its log.
        log: String,
        /// Who signed its provenance.
        signer: String,
        /// `builder.id` of its provenance.
        builder: String,
        /// Digest of the trust file that it was believed by.
        trust: crate::Sha256,
    },
}

/// An output that is not the same twice.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Differing {
    /// Its path.
    pub name: String,
    /// `algorithm:hex` of the first execution; absent when that did not make it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub first: Option<String>,
    /// `algorithm:hex` of the second execution; absent when that did not make it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub second: Option<String>,
}

impl Reproduction {
    /// Whether two installations that share no key and no log made the same bytes: what SLSA calls
    /// `SLSA_BUILD_REPRODUCED`.
    pub fn independent(&self) -> bool {
        matches!(self.by, Rebuilder::Other { .. })
    }

    /// Whether both executions made `digest`.
    pub fn covers(&self, digest: crate::Sha256) -> bool {
        self.same.iter().any(|subject| subject.sha256_digest() == Some(digest))
    }
}
