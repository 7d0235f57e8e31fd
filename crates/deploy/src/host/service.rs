//! What the supervisor runs, and as whom.

use std::{collections::BTreeMap, path::Path};

use model::Sha256;
use serde::{Deserialize, Serialize};

use crate::error::DeployError;

/// A service as the environment declares it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Service {
    /// Command; `{artifact}`, `{release}`, `{data}` and `{port}` are filled in.
    pub run: Vec<String>,
    /// File name of the artifact.
    pub artifact: String,
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

impl Service {
    /// Chooses the account: none unless root; the named user, or else a uid of its own for this
    /// project and environment from the range that no distribution hands out (61184 to 65519).
    ///
    /// # Errors
    /// The named user does not exist.
    pub fn choose_account(
        user: Option<&str>,
        project: &str,
        environment: &str,
    ) -> Result<Option<Account>, DeployError> {
        if !nix::unistd::geteuid().is_root() {
            return Ok(None);
        }
        if let Some(name) = user {
            let found = nix::unistd::User::from_name(name).ok().flatten();
            let user = found.ok_or_else(|| DeployError::NoUser(name.to_owned()))?;
            return Ok(Some(Account { uid: user.uid.as_raw(), gid: user.gid.as_raw() }));
        }
        let hash = Sha256::of(format!("{project}\0{environment}")).0;
        let id = 61184 + (u32::from(hash[0]) << 8 | u32::from(hash[1])) % (65520 - 61184);
        Ok(Some(Account { uid: id, gid: id }))
    }

    /// The account, if there is one to drop to.
    pub fn account(&self) -> Option<Account> {
        self.account
    }

    /// The command with its placeholders filled in.
    pub(crate) fn argv(&self, release: &Path, data: &Path) -> Vec<String> {
        let fill = |text: &str| {
            text.replace("{artifact}", &release.join(&self.artifact).to_string_lossy())
                .replace("{release}", &release.to_string_lossy())
                .replace("{data}", &data.to_string_lossy())
                .replace("{port}", &self.port.to_string())
        };
        self.run.iter().map(|part| fill(part)).collect()
    }
}
