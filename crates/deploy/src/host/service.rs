//! What the supervisor runs, and as whom.

use std::{collections::BTreeMap, path::PathBuf};

use model::Sha256;
use serde::{Deserialize, Serialize};

use crate::{error::DeployError, health::HealthCheck};

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
    /// How to see that it is up.
    #[serde(default)]
    pub health: Option<HealthCheck>,
    /// Folders that it must not see where it has no account of its own: the installation.
    #[serde(default)]
    pub hidden: Vec<PathBuf>,
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
    /// project and environment from 61184 to 65519, where no distribution has accounts that last.
    /// `claim` says whether an uid is free or this environment's already: two of them must not share
    /// one, however their names were chosen.
    ///
    /// # Errors
    /// The named user does not exist or is root, or is another than ours and we are not root; no uid is
    /// free.
    pub fn choose(
        user: Option<&str>,
        project: &str,
        environment: &str,
        mut claim: impl FnMut(u32) -> bool,
    ) -> Result<Option<Self>, DeployError> {
        let own = nix::unistd::geteuid();
        if !own.is_root() {
            let named = user.map(|name| nix::unistd::User::from_name(name).ok().flatten());
            return match user.zip(named) {
                Some((_, Some(user))) if user.uid == own => Ok(None),
                Some((name, _)) => Err(DeployError::NeedsRoot(name.to_owned())),
                None => Ok(None),
            };
        }
        if let Some(name) = user {
            let found = nix::unistd::User::from_name(name).ok().flatten();
            let user = found.ok_or_else(|| DeployError::NoUser(name.to_owned()))?;
            let account = Self { uid: user.uid.as_raw(), gid: user.gid.as_raw() };
            return if user.uid.is_root() {
                Err(DeployError::AsRoot(name.to_owned()))
            } else {
                Ok(Some(account))
            };
        }
        let hash = Sha256::of(format!("{project}\0{environment}")).0;
        let start = u32::from(hash[0]) << 8 | u32::from(hash[1]);
        let mut all = (0..COUNT).map(|n| FIRST + (start + n) % COUNT);
        let free = all.find(|id| claim(*id)).ok_or_else(|| DeployError::NoUser("of its own".to_owned()))?;
        Ok(Some(Self { uid: free, gid: free }))
    }
}

/// First uid for environments.
const FIRST: u32 = 61184;
/// How many there are.
const COUNT: u32 = 65520 - FIRST;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_two_environments_share_an_account_and_none_is_root() {
        if !nix::unistd::geteuid().is_root() {
            return;
        }
        let first = Account::choose(None, "shop", "production", |_| true).unwrap().unwrap();
        let second = Account::choose(None, "shop", "production", |id| id != first.uid).unwrap().unwrap();
        assert_ne!(first, second);
        assert!((FIRST..FIRST + COUNT).contains(&second.uid));
        let as_root = Account::choose(Some("root"), "shop", "production", |_| true).unwrap_err();
        assert!(matches!(as_root, DeployError::AsRoot(_)));
    }
}
