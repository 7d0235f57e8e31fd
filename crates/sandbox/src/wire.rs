//! What the launcher tells its caller, and how it is recognised.

use std::fmt::Display;
use std::time::Duration;

use serde::{Deserialize, Serialize};

/// First word of the launcher's command line; nothing else is passed there.
pub const LAUNCHER: &str = "proofhouse-launcher";

/// From caller to launcher, once, with the descriptors of the [`crate::Spec`] as JSON and of the
/// command's standard input (when it has one). It also says that limits are in place: go.
#[derive(Debug, Serialize, Deserialize)]
pub struct Start;

/// From launcher to caller, in this order (failures and warnings at any time).
#[derive(Debug, Serialize, Deserialize)]
pub enum Report {
    /// With a descriptor of pid 1 of the sandbox.
    Init,
    /// With the listening socket inside.
    Egress,
    /// With the descriptor of observed system calls.
    Observe,
    /// The command runs.
    Ready,
    /// A protection this kernel lacks.
    Warning(String),
    /// The sandbox could not be made.
    Failed(Failure),
    /// The program could not be executed.
    NotExecuted(String),
    /// Everything inside is gone.
    Ended(Ended),
}

/// The last report.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub struct Ended {
    /// `wait(2)` status of the command; absent when it was killed with everything else.
    pub raw_status: Option<i32>,
    /// Killed by the launcher at the wall-clock limit.
    pub timed_out: bool,
    /// Processor time of everything inside.
    pub cpu: Duration,
    /// Resident size of the largest process inside, in bytes.
    pub largest: u64,
}

/// A step of making the sandbox that did not work.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Failure {
    /// What was being done.
    pub stage: String,
    /// The system's reason.
    pub reason: String,
}

/// Names the stage an error belongs to.
pub trait Stage<T> {
    /// Turns the error into a [`Failure`] of this stage.
    fn stage(self, name: impl Display) -> Result<T, Failure>;
}

impl<T, E: Display> Stage<T> for Result<T, E> {
    fn stage(self, name: impl Display) -> Result<T, Failure> {
        self.map_err(|error| Failure { stage: name.to_string(), reason: error.to_string() })
    }
}
