//! Why a step could not be run, and why a step that ran did not pass.

use model::{Exit, UserError};
use sandbox::SandboxError;

use crate::{
    action::BadPath,
    cas::{CasError, CollectError},
    mask::SecretError,
    proxy::RegistryError,
};

/// The step could not be run, or what it gave could not be kept. Says nothing about the project.
#[derive(Debug, thiserror::Error)]
pub enum RunError {
    /// A declared output is not a path inside the tree.
    #[error("the output {path:?} {why}")]
    BadOutput {
        /// As declared.
        path: String,
        /// What is wrong.
        why: BadPath,
    },
    /// A secret cannot be guarded.
    #[error(transparent)]
    Secret(#[from] SecretError),
    /// A registry's hosts are not known.
    #[error(transparent)]
    Registry(#[from] RegistryError),
    /// The store.
    #[error(transparent)]
    Store(#[from] CasError),
    /// The sandbox cannot be had.
    #[error(transparent)]
    Sandbox(#[from] SandboxError),
    /// The log or the proxy cannot be had.
    #[error("cannot {what}: {source}")]
    Io {
        /// `keep the log`, …
        what: &'static str,
        /// Why.
        source: std::io::Error,
    },
}

impl UserError for RunError {
    fn code(&self) -> &'static str {
        match self {
            Self::BadOutput { .. } => "output-bad-path",
            Self::Secret(error) => error.code(),
            Self::Registry(error) => error.code(),
            Self::Store(error) => error.code(),
            Self::Sandbox(error) => error.code(),
            Self::Io { source, .. } if source.kind() == std::io::ErrorKind::StorageFull => "disk-full",
            Self::Io { .. } => "run-io",
        }
    }

    fn hint(&self) -> Option<String> {
        match self {
            Self::BadOutput { .. } => Some("write outputs relative to the root of the repository".to_owned()),
            Self::Secret(error) => error.hint(),
            Self::Registry(error) => error.hint(),
            Self::Store(error) => error.hint(),
            Self::Sandbox(error) => error.hint(),
            Self::Io { source, .. } if source.kind() == std::io::ErrorKind::StorageFull => Some(
                "free some space and run the command again; the folder `cache` in the home may go".to_owned(),
            ),
            Self::Io { .. } => None,
        }
    }

    fn exit(&self) -> Exit {
        match self {
            Self::BadOutput { .. } => Exit::Input,
            Self::Secret(error) => error.exit(),
            Self::Registry(error) => error.exit(),
            Self::Store(error) => error.exit(),
            Self::Sandbox(error) => error.exit(),
            Self::Io { .. } => Exit::Environment,
        }
    }
}

/// Why a step did not pass.
#[derive(Debug, thiserror::Error)]
pub enum StepFailure {
    /// Exit status other than zero.
    #[error("the command ended with exit status {0}")]
    Exit(i32),
    /// Died of a signal.
    #[error("the command was ended by signal {0}")]
    Signal(i32),
    /// Over its time.
    #[error("the command was stopped after its timeout of {0:?}")]
    TimedOut(std::time::Duration),
    /// Over its memory.
    #[error("the command was stopped at its memory limit")]
    OutOfMemory,
    /// Over its share of the disk.
    #[error("the command wrote more than the {0} bytes of disk it may use")]
    DiskLimit(u64),
    /// Stopped by the user or because another step failed.
    #[error("the command was cancelled")]
    Cancelled,
    /// Killed from outside.
    #[error("the command was killed from outside")]
    Killed,
    /// The program is not there, or cannot be executed.
    #[error("{0}")]
    NotStarted(SandboxError),
    /// A secret was printed.
    #[error("the command printed the secret{} {} (masked in the log)", if .0.len() > 1 { "s" } else { "" }, .0.join(", "))]
    SecretLeaked(Vec<String>),
    /// More output than allowed, where that is a failure.
    #[error("the command printed more than {0} bytes")]
    LogTooLong(u64),
    /// An output is missing or not acceptable.
    #[error(transparent)]
    Output(CollectError),
}

impl StepFailure {
    /// Exit status of the command where it had one.
    pub fn exit_status(&self) -> Option<i32> {
        match self {
            Self::Exit(status) => Some(*status),
            _ => None,
        }
    }

    /// Whether another attempt could end otherwise.
    pub(crate) fn is_worth_retrying(&self) -> bool {
        !matches!(self, Self::Cancelled | Self::NotStarted(_) | Self::SecretLeaked(_) | Self::LogTooLong(_))
    }
}

impl UserError for StepFailure {
    fn code(&self) -> &'static str {
        match self {
            Self::Exit(_) => "step-failed",
            Self::Signal(_) => "step-signal",
            Self::TimedOut(_) => "step-timeout",
            Self::OutOfMemory => "step-out-of-memory",
            Self::DiskLimit(_) => "step-disk-limit",
            Self::Cancelled => "step-cancelled",
            Self::Killed => "step-killed",
            Self::NotStarted(error) => error.code(),
            Self::SecretLeaked(_) => "secret-leaked",
            Self::LogTooLong(_) => "step-log-too-long",
            Self::Output(error) => error.code(),
        }
    }

    fn hint(&self) -> Option<String> {
        let text = match self {
            Self::TimedOut(_) => "raise `timeout` of the step, or find out what it waits for",
            Self::OutOfMemory => "raise the memory limit of the step",
            Self::DiskLimit(_) => "raise `limits.disk` of the step, or let it write less",
            Self::SecretLeaked(_) => "treat it as disclosed and replace it; do not print it",
            Self::LogTooLong(_) => "let the command say less, or raise the limit",
            Self::NotStarted(error) => return error.hint(),
            Self::Output(error) => return error.hint(),
            _ => return None,
        };
        Some(text.to_owned())
    }

    fn exit(&self) -> Exit {
        match self {
            Self::NotStarted(error) => error.exit(),
            Self::Output(error) => error.exit(),
            _ => Exit::Verdict,
        }
    }
}
