//! Tools: finding them on this machine, pinning them in `proofhouse.lock`, noticing when they change.
//!
//! A *provider* (one file each, one line in the registry) finds a declared tool and names the trees
//! that make it what it is: an interpreter is its binary **and** its standard library. The trees get
//! one digest (`tree`), kept fast by a stat cache (`cache`); the lock file records it; `verify` tells
//! what changed, down to the files when an earlier listing is still in the cache.
//!
//! **What is not pinned:** shared libraries that a binary loads from the system (`/usr/lib`), and the
//! kernel. Steps see `/usr` read-only.
//!
//! **Invariant:** nothing that lies in the project is ever executed here, and every program is asked
//! for its version with `/` as its working directory, so that a repository cannot run code outside
//! the sandbox by way of a tool's configuration files. This is also why `rust-toolchain.toml` and
//! `.python-version` are not followed: the version in `proofhouse.yaml` is what counts.

#![cfg_attr(test, allow(clippy::unwrap_used, clippy::expect_used))]

mod ask;
mod cache;
mod drift;
mod error;
mod lock;
pub mod provider;
mod resolve;
mod tree;

pub use drift::{Change, Drift, FileChange, verify};
pub use error::ToolError;
pub use lock::{Lock, LockChange, LockError, LockedTool};
pub use provider::{Located, Provider, provider_names};
pub use resolve::{HOST_VARIABLES, Host, ResolvedTool, Session, ToolDecl, resolve};
pub use tree::{Entry, Kind, Listing};

/// Usual name of the lock file, at the root of the tree.
pub const LOCK_NAME: &str = "proofhouse.lock";
