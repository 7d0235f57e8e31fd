//! Debian: apt lists the archives of its sources.

use super::{Ask, Endpoint, RegistryError};

pub(super) fn endpoints(ask: &Ask) -> Result<Vec<Endpoint>, RegistryError> {
    let listed = ask.run("deb", "apt-get", &["indextargets", "--format", "$(REPO_URI)"])?;
    Ok(listed.lines().filter_map(Endpoint::of_url).collect())
}
