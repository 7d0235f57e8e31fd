//! Verification of bundles against a trust file: no IO, no clock, no configuration.
//!
//! [`verify_bundle`] proves that one statement was signed by a trusted key and is in a trusted log.
//! [`verify_artifact`] puts verified statements together into what they prove about one artifact.
//!
//! Which statements belong to an artifact: those whose subject is the artifact; and those whose
//! subject is something its verified provenance names as source or input, and so on along the steps
//! of the build. Tools are not followed: a statement about a compiler says nothing about its output.

mod artifact;
mod deployment;
mod failure;
mod follow;
mod proven;
mod single;
mod threshold;

pub use artifact::{ArtifactReport, Evidence, Located, Policy, verify_artifact};
pub use deployment::{DeploymentReport, ReceiptProof, Which};
pub use failure::Failure;
pub use follow::follow;
pub use proven::{BuildProof, CheckProof, DecisionProof, Dependency, DeploymentProof, OtherProof, Proven};
pub(crate) use single::{Included, Who, included, matches_entry};
pub use single::{Verified, Verifier, verify_bundle};
pub use threshold::{Agreement, Threshold, agreement};
