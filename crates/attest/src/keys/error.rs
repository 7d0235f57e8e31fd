//! What can go wrong with keys.

use std::{io, path::PathBuf};

use model::{Exit, Timestamp, UserError};

use super::Purpose;

/// The next step where a file cannot be read or written.
pub(crate) const IO_HINT: &str =
    "check the path, and who may read and write there; a folder that is missing is not made";

/// Any failure of keys.
#[derive(Debug, thiserror::Error)]
pub enum KeyError {
    /// A private file or folder can be read by others.
    #[error("{0} can be used by others (mode {1:03o})")]
    Permissions(PathBuf, u32),
    /// The vault exists, but not what unlocks it.
    #[error("{0}, which unlocks the key vault, is missing")]
    UnlockMissing(PathBuf),
    /// The vault is unlocked in another way than asked.
    #[error("the key vault is unlocked by {expected}, not by {given}")]
    UnlockKind {
        /// What the file says.
        expected: String,
        /// What was given.
        given: &'static str,
    },
    /// A passphrase of no bytes.
    #[error("the passphrase is empty")]
    PassphraseEmpty,
    /// The file does not decrypt: changed, or the wrong passphrase or machine key.
    #[error("{0} does not open: it was changed, or this is not the passphrase or key it was made with")]
    Sealed(PathBuf),
    /// The file is not what it should be.
    #[error("{0} is damaged: {1}")]
    Damaged(PathBuf, String),
    /// Reading or writing failed.
    #[error("{0}: {1}")]
    Io(PathBuf, #[source] io::Error),
    /// No key of this purpose can be used now.
    #[error("there is no valid {0} key at {1}")]
    NoKey(Purpose, Timestamp),
    /// The root's private key is not here.
    #[error("the root key is not at {0}")]
    RootAway(PathBuf),
    /// The root that was given is not the one of this installation.
    #[error("{0} holds another root key than that of this installation")]
    OtherRoot(PathBuf),
    /// There are keys already.
    #[error("this installation has its keys already, since {0}")]
    Exists(Timestamp),
    /// A name or setting that cannot be used.
    #[error("{what} `{given}` cannot be used: {why}")]
    Setting {
        /// Which.
        what: &'static str,
        /// As given.
        given: String,
        /// What is expected.
        why: &'static str,
    },
    /// The cryptographic library refused; it does not say why.
    #[error("a cryptographic operation failed")]
    Crypto,
    /// A key that lives elsewhere.
    #[error(transparent)]
    Place(#[from] super::signers::PlaceError),
}

impl UserError for KeyError {
    fn code(&self) -> &'static str {
        match self {
            Self::Permissions(..) => "key-permissions",
            Self::UnlockMissing(_) => "key-unlock-missing",
            Self::UnlockKind { .. } => "key-unlock-kind",
            Self::PassphraseEmpty => "key-passphrase-empty",
            Self::Sealed(_) => "key-vault-sealed",
            Self::Damaged(..) => "key-file-damaged",
            Self::Io(..) => "key-io",
            Self::NoKey(..) => "key-not-valid",
            Self::RootAway(_) => "key-root-away",
            Self::OtherRoot(_) => "key-root-other",
            Self::Exists(_) => "key-exists",
            Self::Setting { .. } => "key-setting",
            Self::Crypto => "key-crypto",
            Self::Place(error) => error.code(),
        }
    }

    fn hint(&self) -> Option<String> {
        Some(match self {
            Self::Permissions(path, _) => format!("run: chmod go= {}", path.display()),
            Self::UnlockMissing(_) => "restore it from a backup; without it the keys are lost".into(),
            Self::UnlockKind { .. } | Self::PassphraseEmpty => {
                "set PROOFHOUSE_PASSPHRASE_FILE as when the vault was made, or unset it".into()
            }
            Self::Sealed(_) | Self::Damaged(..) => "restore the keys folder from a backup".into(),
            Self::NoKey(purpose, _) => format!("make a new one: proofhouse trust rotate {purpose}"),
            Self::RootAway(_) => "bring the root's file back and name it with --root-key".into(),
            Self::OtherRoot(_) => "name the file that `trust init` wrote with --root-key".into(),
            Self::Exists(_) => "change keys with `proofhouse trust rotate`, or use another --home".into(),
            Self::Place(error) => return error.hint(),
            Self::Io(..) => IO_HINT.into(),
            Self::Setting { .. } | Self::Crypto => return None,
        })
    }

    fn exit(&self) -> Exit {
        match self {
            Self::Sealed(_) | Self::Damaged(..) => Exit::Integrity,
            Self::PassphraseEmpty | Self::UnlockKind { .. } | Self::Exists(_) | Self::Setting { .. } => {
                Exit::Input
            }
            Self::OtherRoot(_) => Exit::Input,
            Self::Place(error) => error.exit(),
            _ => Exit::Environment,
        }
    }
}
