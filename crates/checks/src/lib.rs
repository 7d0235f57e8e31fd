//! The built-in checks: components (SBOM), known vulnerabilities (OSV), secrets, configuration.
//!
//! They need nothing installed. Every check is a pure function of a [`SourceTree`]: a list of paths
//! and a bounded way to read them. Only [`folder`] (the tree) and `osv::import`/`osv::store` (the
//! advisory index) touch the disk.
//!
//! **Architecture Invariant:** a check never passes by silence. What it could not read, parse or
//! compare is in the [`model::Coverage`] of its report: *skipped* when there was a reason not to look,
//! *error* when it should have looked and could not.
//!
//! | module | gives |
//! |---|---|
//! | [`sbom`] | lock files to components, components to CycloneDX 1.6 |
//! | [`osv`] | advisory feeds to a local index, components to findings |
//! | [`secrets`] | credentials in files, by provider format and by entropy |
//! | [`config`] | Dockerfiles, CI pipelines, compose files, Kubernetes manifests |
//! | [`hardening`] | programs that a run made: how they were compiled and linked |
//! | [`technologies`] | languages, images, pipelines, infrastructure that a source uses |
//!
//! The severity of an advisory is, in this order: its CVSS vector (newest CVSS version first), the
//! word its database uses, RustSec's `informational` class; an advisory that says nothing is medium.
#![cfg_attr(test, allow(clippy::unwrap_used, clippy::expect_used))]

pub mod config;
pub mod folder;
pub mod hardening;
pub mod osv;
pub mod sbom;
pub mod secrets;
pub mod technologies;
pub mod tree;
pub mod yaml;

pub use folder::FolderTree;
pub use tree::{MemoryTree, ReadError, SourceTree};

/// Version that the built-in checks report as their tool version.
pub const VERSION: &str = env!("CARGO_PKG_VERSION");

/// The tool reference of a built-in check. It has no digest: it is part of this binary.
pub(crate) fn tool(name: &str) -> model::ToolRef {
    model::ToolRef { name: name.to_owned(), version: VERSION.to_owned(), digest: None }
}
