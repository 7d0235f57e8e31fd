//! What the supervisor runs, and as whom.

use std::collections::BTreeMap;

use model::Sha256;
use serde::{Deserialize, Serialize};

use crate::error::DeployError;

/// A service as the environment declares it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Service {
    /// Program and arguments.
    pub argv: Vec<String>,
    /// Port on loopback.
    pub port: u16,
    /// Environment variables; nothing else is passed on but `PATH` and `LANG`.
    pub env: BTreeMap<String, String>,
    /// Account to run as; only meaningful when the supervisor is root.
    pub account: Option<Account>,
}

/// An account to drop to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Account {
    /// User id.
    pub uid: u32,
    /// Group id.
    pub gid: u32,
}

impl Account {
    /// Chooses the account: none unless root; the named user, or else a uid of its own for this
    /// project and environment from the range that no distribution hands out (61184 to 65519).
    ///
    /// # Errors
    /// The named user does not exist.
    pub fn choose(user: Option<&str>, project: &str, environment: &str) -> Result<Option<Self>, DeployError> {
        if !nix::unistd::geteuid().is_root() {
            return Ok(None);
        }
        if let Some(name) = user {
            let found = nix::unistd::User::from_name(name).ok().flatten();
            let user = found.ok_or_else(|| DeployError::NoUser(name.to_owned()))?;
            return Ok(Some(Self { uid: user.uid.as_raw(), gid: user.gid.as_raw() }));
        }
        let hash = Sha256::of(format!("{project}\0{environment}")).0;
        let id = 61184 + (u32::from(hash[0]) << 8 | u32::from(hash[1])) % (65520 - 61184);
        Ok(Some(Self { uid: id, gid: id }))
    }
}
