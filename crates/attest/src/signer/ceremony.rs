//! Acts upon the keys themselves: making, exchanging, ending and listing them.

use std::path::{Path, PathBuf};

use model::Timestamp;
use serde::{Deserialize, Serialize};

use super::SignerError;
use crate::{
    json,
    keys::{NewKey, Purpose, Settings, Unlock, Vault},
};

/// Largest request, in bytes.
const MAX: usize = 64 << 10;

/// What is asked about the keys.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Ceremony {
    /// Make them.
    Init(Settings),
    /// Exchange those for one purpose.
    #[serde(rename_all = "camelCase")]
    Rotate {
        /// Which.
        purpose: Purpose,
        /// The new one.
        #[serde(default)]
        key: Box<NewKey>,
        /// From when on the new one counts.
        from: Timestamp,
        /// File of the root's key, when it is not beside the vault.
        root_key: Option<PathBuf>,
    },
    /// End one.
    Revoke {
        /// Beginning of its fingerprint.
        fingerprint: String,
        /// From when on what it signs no longer counts.
        from: Timestamp,
        /// Why.
        reason: String,
    },
    /// List them.
    Show,
}

/// One key as it is listed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct KeyInfo {
    /// What it is for.
    pub purpose: Purpose,
    /// SHA-256 of its SubjectPublicKeyInfo, hexadecimal.
    pub fingerprint: String,
    /// Algorithm.
    pub algorithm: String,
    /// First moment at which it counts.
    pub valid_from: Timestamp,
    /// First moment at which it no longer counts.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub valid_until: Option<Timestamp>,
    /// Why it ended early.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub revoked: Option<String>,
}

impl Ceremony {
    /// As it travels.
    pub(super) fn to_json(&self) -> Vec<u8> {
        // Strings and numbers only: writing them to memory cannot fail.
        serde_json::to_vec(self).unwrap_or_default()
    }

    pub(super) fn parse(text: &[u8]) -> Result<Self, SignerError> {
        json::parse(text, MAX).map_err(|_| SignerError::Protocol("a ceremony that makes no sense"))
    }

    /// Does it; the keys afterwards.
    pub(super) fn perform(
        self,
        vault: &mut Vault,
        dir: &Path,
        unlock: &Unlock,
        now: Timestamp,
    ) -> Result<Vec<u8>, SignerError> {
        match self {
            Self::Rotate { purpose, key, from, root_key } => {
                let path = root_key.unwrap_or_else(|| dir.join("root.json"));
                vault.rotate(purpose, &key, from, (&path, unlock), unlock, now)?;
            }
            Self::Revoke { fingerprint, from, reason } => {
                vault.revoke(&fingerprint, from, &reason, unlock, now)?;
            }
            Self::Init(_) | Self::Show => {}
        }
        Ok(list(vault))
    }
}

/// Every key, as JSON.
pub(super) fn list(vault: &Vault) -> Vec<u8> {
    let info = |record: &crate::keys::KeyRecord| KeyInfo {
        purpose: record.purpose,
        fingerprint: record.public_key.fingerprint().hex(),
        algorithm: record.public_key.algorithm().name().to_owned(),
        valid_from: record.valid_from,
        valid_until: record.valid_until,
        revoked: record.revoked.clone(),
    };
    let keys: Vec<_> = vault.records().iter().map(info).collect();
    serde_json::to_vec(&keys).unwrap_or_default()
}

/// `now`, but never before the vault was made: a clock that went back must not stamp times at which
/// there were no keys.
pub(super) fn not_before_keys(vault: &Vault, now: Timestamp) -> Timestamp {
    now.max(vault.begun())
}
