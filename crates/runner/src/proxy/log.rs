//! What a step tried to reach.

use std::net::IpAddr;

use model::Timestamp;
use serde::{Deserialize, Serialize};

use super::Method;

/// One attempt to reach something.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct EgressAttempt {
    /// When.
    pub at: Timestamp,
    /// How.
    pub method: Method,
    /// Name or address asked for; empty when the request was malformed.
    pub host: String,
    /// Port asked for.
    pub port: u16,
    /// Whether a rule allowed it.
    pub allowed: bool,
    /// Why it was refused or failed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// Address connected to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub address: Option<IpAddr>,
    /// Bytes from the step to the peer.
    pub sent: u64,
    /// Bytes from the peer to the step.
    pub received: u64,
}

/// All attempts of a step, in the order they were made.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct EgressLog {
    /// Attempts, at most [`EgressLog::MOST`].
    pub attempts: Vec<EgressAttempt>,
    /// Attempts beyond the bound.
    #[serde(default)]
    pub dropped: u64,
}

impl EgressLog {
    /// Most attempts kept.
    pub const MOST: usize = 10_000;

    /// Adds an attempt; gives its index when it was kept.
    pub(crate) fn add(&mut self, attempt: EgressAttempt) -> Option<usize> {
        if self.attempts.len() >= Self::MOST {
            self.dropped += 1;
            return None;
        }
        self.attempts.push(attempt);
        Some(self.attempts.len() - 1)
    }

    /// The attempts that were refused.
    pub fn refused(&self) -> impl Iterator<Item = &EgressAttempt> {
        self.attempts.iter().filter(|attempt| !attempt.allowed)
    }
}
