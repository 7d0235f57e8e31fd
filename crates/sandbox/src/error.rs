//! Why a sandbox could not be started or followed to its end.

use std::io;
use std::path::PathBuf;

use model::{Exit, UserError};

/// Failure to start, or to follow, a sandbox. A command that fails is not an error but a
/// [`crate::Status`].
#[derive(Debug, thiserror::Error)]
pub enum SandboxError {
    /// The request makes no sense.
    #[error("cannot run this in a sandbox: {what}")]
    InvalidSpec {
        /// What is wrong with it.
        what: String,
    },
    /// The launcher could not be started.
    #[error("cannot start the sandbox launcher")]
    Launch(#[source] io::Error),
    /// The kernel, or the machine's configuration, refused a part of the sandbox.
    #[error("cannot make the sandbox: {stage}: {reason}")]
    Setup {
        /// What was being done, e.g. `mount proc`.
        stage: String,
        /// The system's reason.
        reason: String,
    },
    /// The program could not be started inside.
    #[error("cannot run {program}: {reason}")]
    Exec {
        /// First word of the command.
        program: String,
        /// The system's reason.
        reason: String,
    },
    /// The launcher ended without a word before the command started.
    #[error("the sandbox launcher ended before the command started")]
    LauncherDied,
    /// The limit group could not be read or removed, or a message was malformed.
    #[error("lost control of the sandbox")]
    Control(#[source] io::Error),
    /// The work directory could not be given to the sandbox's user.
    #[error("cannot give {} to the sandbox user", path.display())]
    WorkDir {
        /// The entry that failed.
        path: PathBuf,
        /// Why.
        #[source]
        source: io::Error,
    },
}

impl UserError for SandboxError {
    fn code(&self) -> &'static str {
        match self {
            Self::InvalidSpec { .. } => "sandbox-invalid-spec",
            Self::Launch(_) => "sandbox-launch",
            Self::Setup { .. } => "sandbox-setup",
            Self::Exec { .. } => "sandbox-exec",
            Self::LauncherDied => "sandbox-launcher-died",
            Self::Control(_) => "sandbox-control",
            Self::WorkDir { .. } => "sandbox-work-dir",
        }
    }

    fn hint(&self) -> Option<String> {
        let hint = match self {
            Self::Setup { .. } => "run `proofhouse doctor` to see what this machine lacks",
            Self::Exec { .. } => {
                "inside there is only /usr, the step's tools and /work; is the program one of them?"
            }
            Self::LauncherDied => "something killed it: look for the out-of-memory killer in the kernel log",
            _ => return None,
        };
        Some(hint.into())
    }

    fn exit(&self) -> Exit {
        match self {
            Self::InvalidSpec { .. } => Exit::Input,
            Self::Exec { .. } => Exit::Verdict,
            _ => Exit::Environment,
        }
    }
}
