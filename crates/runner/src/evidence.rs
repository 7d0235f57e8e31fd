//! How a step ran: facts kept beside its result, in the cache too, so that a cached step still has
//! its evidence.

use model::{Digest, Timestamp};
use serde::{Deserialize, Serialize};

use crate::{proxy::EgressLog, spec::TraceLevel};

/// Facts about the execution of a step.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct StepEvidence {
    /// `root` or `rootless`.
    pub isolation: String,
    /// Protections this machine could not give in full, one sentence each.
    #[serde(default)]
    pub warnings: Vec<String>,
    /// Start of the first attempt.
    pub started: Timestamp,
    /// End of the last attempt.
    pub ended: Timestamp,
    /// Attempts made.
    pub attempts: u32,
    /// Log blob of the last attempt: both streams as they came, secrets masked.
    pub log: Option<Digest>,
    /// Bytes printed, also those not kept.
    pub log_bytes: u64,
    /// Of these, bytes beyond the bound, not kept.
    pub log_dropped: u64,
    /// How closely it was observed.
    pub trace_level: TraceLevel,
    /// Blob with what was observed, as JSON (`sandbox::TraceLog`).
    pub trace: Option<Digest>,
    /// Network attempts through the proxy.
    pub egress: EgressLog,
    /// Peak memory in bytes, where known.
    pub peak_memory: Option<u64>,
    /// User and system time of all processes, in milliseconds.
    pub cpu_millis: u64,
}
