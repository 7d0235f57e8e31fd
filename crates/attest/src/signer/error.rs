//! What can go wrong between a ledger and its signer.

use std::{io, path::PathBuf};

use model::{Exit, UserError};

use crate::keys::{IO_HINT, KeyError, signers::about};

/// Any failure of the signer.
#[derive(Debug, thiserror::Error)]
pub enum SignerError {
    /// The process could not be started.
    #[error("the signer process could not be started: {0}")]
    Spawn(#[source] io::Error),
    /// Nobody serves the socket.
    #[error("no signer answers at {0}: {1}")]
    Unreachable(PathBuf, #[source] io::Error),
    /// The connection broke: the process ended or was killed.
    #[error("the signer process does not answer: {0}")]
    Gone(#[source] io::Error),
    /// A frame that makes no sense.
    #[error("the signer protocol was violated: {0}")]
    Protocol(&'static str),
    /// The signer said no.
    #[error("{message}")]
    Refused {
        /// Stable code.
        code: &'static str,
        /// One sentence.
        message: String,
    },
    /// The signer's own keys (only inside the signer process).
    #[error(transparent)]
    Key(#[from] KeyError),
}

/// Codes that travel over the connection.
const CODES: &[&str] = &[
    "key-permissions",
    "key-unlock-missing",
    "key-unlock-kind",
    "key-passphrase-empty",
    "key-vault-sealed",
    "key-file-damaged",
    "key-io",
    "key-crypto",
    "key-not-valid",
    "key-root-away",
    "key-root-other",
    "key-exists",
    "key-setting",
    "signer-protocol",
    "signer-not-a-statement",
    "signer-busy",
    "signer-foreign-user",
    "signer-guarded",
    "signer-other-keys",
    "signer-wrong-log",
    "signer-rollback",
    "signer-fork",
    "signer-memory-damaged",
];

impl SignerError {
    pub(super) fn refused(code: &'static str, message: impl Into<String>) -> Self {
        Self::Refused { code, message: message.into() }
    }

    /// From the text forms on the wire.
    pub(super) fn from_wire(code: &str, message: String) -> Self {
        let known = CODES.iter().copied().find(|known| *known == code);
        let code = known.or(about(code).map(|about| about.0)).unwrap_or("signer-refused");
        Self::Refused { code, message }
    }
}

impl UserError for SignerError {
    fn code(&self) -> &'static str {
        match self {
            Self::Spawn(_) => "signer-spawn",
            Self::Unreachable(..) => "signer-unreachable",
            Self::Gone(_) => "signer-gone",
            Self::Protocol(_) => "signer-protocol",
            Self::Refused { code, .. } => code,
            Self::Key(error) => error.code(),
        }
    }

    fn hint(&self) -> Option<String> {
        match (self, self.code()) {
            (Self::Key(error), _) => error.hint(),
            (Self::Unreachable(..), _) => {
                Some("start it: proofhouse sign --listen SOCKET --allow USER".into())
            }
            (_, "signer-rollback" | "signer-fork") => Some(
                "the ledger is older than, or differs from, what was signed: restore it from a backup".into(),
            ),
            (_, "key-permissions") => Some("run: chmod -R go= on the keys folder".into()),
            (_, "key-vault-sealed" | "key-file-damaged" | "signer-memory-damaged" | "key-unlock-missing") => {
                Some("restore the keys folder from a backup".into())
            }
            (_, "signer-foreign-user") => Some("let it in with --allow where the signer is started".into()),
            (_, "signer-guarded") => Some("run it there as the signer's user, with its --home".into()),
            (_, "key-not-valid") => Some("make a new one: proofhouse trust rotate PURPOSE".into()),
            (_, "key-root-away" | "key-root-other") => {
                Some("name the file that `proofhouse trust init` wrote with --root-key".into())
            }
            (_, "key-io") => Some(IO_HINT.into()),
            (_, "key-exists") => Some("exchange keys with `proofhouse trust rotate`".into()),
            (_, code) => about(code).map(|about| about.2.to_owned()),
        }
    }

    fn exit(&self) -> Exit {
        match (self, self.code()) {
            (Self::Key(error), _) => error.exit(),
            (_, "signer-rollback" | "signer-fork" | "signer-memory-damaged") => Exit::Integrity,
            (_, "key-vault-sealed" | "key-file-damaged") => Exit::Integrity,
            (_, "signer-not-a-statement" | "key-passphrase-empty" | "key-unlock-kind") => Exit::Input,
            (_, "key-exists" | "key-setting" | "key-root-other") => Exit::Input,
            (_, code) => about(code).map_or(Exit::Environment, |about| about.1),
        }
    }
}
