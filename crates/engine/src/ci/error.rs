//! A token and its surroundings that do not belong together.

use model::{Exit, UserError};

/// Why a verified token does not confirm what is said of a job.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CiError {
    /// There is a token but no job.
    #[error("an identity token is given, but no CI that is known here shows in the environment")]
    NoSystem,
    /// Claims of a system that is not known.
    #[error("there is no CI `{0}`")]
    Unknown(String),
    /// The token names nobody.
    #[error("the identity token has no subject")]
    NoSubject,
    /// A claim is another one.
    #[error("the identity token says {claim} `{token}`, the environment says `{environment}`")]
    Differs {
        /// Name of the claim.
        claim: String,
        /// By the token.
        token: String,
        /// By the environment.
        environment: String,
    },
    /// The folder is at another commit.
    #[error("the identity token is for commit {token}, the folder is at {head}")]
    Commit {
        /// By the token.
        token: String,
        /// By the repository.
        head: String,
    },
}

impl UserError for CiError {
    fn code(&self) -> &'static str {
        match self {
            Self::NoSystem => "ci-unknown",
            Self::Unknown(_) => "ci-unknown",
            Self::NoSubject => "token-subject-missing",
            Self::Differs { .. } => "ci-claim-differs",
            Self::Commit { .. } => "ci-commit-differs",
        }
    }

    fn hint(&self) -> Option<String> {
        Some(match self {
            Self::NoSystem | Self::Unknown(_) => "leave the token out, or run inside the CI job".into(),
            Self::NoSubject => return None,
            Self::Differs { .. } => "fetch the token in the job that runs the command".into(),
            Self::Commit { .. } => "check out the commit that the job was started for".into(),
        })
    }

    fn exit(&self) -> Exit {
        match self {
            Self::NoSystem | Self::Unknown(_) => Exit::Input,
            _ => Exit::Verdict,
        }
    }
}
