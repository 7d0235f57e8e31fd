//! Runs steps: inputs, command and tools become a content-addressed action; the action runs in a
//! sandbox; its outputs, log and evidence are kept by digest; the same action is not run twice.
//!
//! - [`action`]: Remote Execution API v2 messages and digests
//! - [`tree`]: a source folder becomes a Merkle tree; trees are combined and filtered
//! - [`cas`]: content-addressed store, materialising inputs, collecting outputs
//! - [`cache`]: authenticated action results
//! - [`proxy`]: the only way to the network, by allow-list
//! - [`local`]: the executor on this machine (there is none without a sandbox)
//! - [`schedule`]: the graph of steps, its journal, cancelling
//!
//! **Architecture Invariant:** a damaged or forged cache can cost a re-run, never a wrong output.
#![cfg_attr(test, allow(clippy::unwrap_used, clippy::expect_used))]

pub mod action;
pub mod cache;
pub mod cas;
pub mod evidence;
pub mod local;
mod log;
pub mod mask;
pub mod proxy;
pub mod schedule;
pub mod spec;
pub mod tree;

pub use action::{ActionResult, BuiltAction};
pub use cache::{ActionCache, CacheError, CachedAction};
pub use cas::{Cas, CasError, CollectError, PrunePolicy, Pruned, WorkDir};
pub use evidence::StepEvidence;
pub use local::{Executor, ExecutorConfig, RunError, StepFailure, StepObserver, StepRun, Stream};
pub use mask::{Masker, SecretError};
pub use proxy::{EgressAttempt, EgressLog, Rule};
pub use schedule::Cancel;
pub use spec::{ActionSpec, Bind, Caching, ExitRule, Secret, StepLimits, ToolMount, TraceLevel};
pub use tree::{Folder, Snapshot, SnapshotError, SnapshotOptions, snapshot};
