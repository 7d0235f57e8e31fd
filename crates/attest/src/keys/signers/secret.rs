//! Where a PIN or token comes from: a named environment variable, or a file that only its owner may read.
//! Never the command line, which every process of the machine can see.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

use super::{PlaceError, is_passed_on};
use crate::keys::{KeyError, files::read_private};

/// `{"env": "PROOFHOUSE_KEY_…"}` or `{"file": "/…"}`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum SecretSource {
    /// Name of a variable of the signer's environment; see [`is_passed_on`].
    Env(String),
    /// A file of mode 0600 or less. Line ends after the secret do not count.
    File(PathBuf),
}

impl SecretSource {
    /// The secret as it is now: a file may be renewed while the signer runs.
    pub(super) fn read(&self) -> Result<Zeroizing<String>, KeyError> {
        let missing = || PlaceError::SecretMissing(self.to_string());
        let bytes = match self {
            Self::Env(name) if !is_passed_on(name) => {
                let why = format!("the signer does not get the variable {name}; use PROOFHOUSE_KEY_…");
                return Err(PlaceError::Invalid(why).into());
            }
            Self::Env(name) => Zeroizing::new(std::env::var(name).map_err(|_| missing())?.into_bytes()),
            Self::File(path) => read_private(path)?.ok_or_else(missing)?,
        };
        let text = str::from_utf8(&bytes).map_err(|_| missing())?.trim_end_matches(['\n', '\r']);
        match text.is_empty() {
            true => Err(missing().into()),
            false => Ok(Zeroizing::new(text.to_owned())),
        }
    }
}

impl std::fmt::Display for SecretSource {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Env(name) => write!(f, "the variable {name}"),
            Self::File(path) => write!(f, "{}", path.display()),
        }
    }
}
